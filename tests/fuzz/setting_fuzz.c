/* SPDX-License-Identifier: MIT */
/*
 * Fuzz policy files as sbrun reads them: every directive, quoting, includes, duplicates. What is
 * refused has words and a place; what is taken is printed, read again and printed again, and
 * then is the same, in text and in what becomes of it.
 */
#include "tests/runner/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_MAX_INPUT 8192 /* as large as policies here are */
#define MAX_LINE       4096 /* of a policy; escapes can make one longer when it is printed */

/* No error may be without words. */
static int expect_words(int ret, const struct bpf_error *err)
{
	if (ret && !err->text[0])
		abort();
	return ret;
}

static int read_policy(struct spec *spec, const char *text)
{
	struct bpf_error err = { 0 };

	return expect_words(read_text(spec, text, &err), &err);
}

static int apply(struct spec *spec)
{
	struct bpf_error err = { 0 };

	return expect_words(settings_apply(spec, &err), &err);
}

static bool has_long_line(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > MAX_LINE)
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

static void check_same(const struct spec *a, const struct spec *b)
{
	if (a->nops != b->nops || a->nenv != b->nenv || a->nlimits != b->nlimits)
		abort();
	if (a->share != b->share || a->degraded != b->degraded)
		abort();
	if (a->syscalls.nrules != b->syscalls.nrules || a->syscalls.abis != b->syscalls.abis)
		abort();
	for (unsigned int i = 0; i < a->nops; i++) {
		if (a->ops[i].kind != b->ops[i].kind || a->ops[i].flags != b->ops[i].flags ||
		    strcmp(a->ops[i].dest, b->ops[i].dest) != 0)
			abort();
	}
}

static void check_round_trip(struct spec *spec, const char *text)
{
	struct spec *again = new_spec();
	char *second;

	if (read_policy(again, text))
		abort();
	second = printed(again);
	if (!second || strcmp(text, second) != 0)
		abort();
	free(second);
	if (apply(spec) != apply(again))
		abort();
	check_same(spec, again);
	forget_spec(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[FUZZ_MAX_INPUT + 1];
	struct spec *spec;
	char *first;

	if (size > FUZZ_MAX_INPUT || memchr(data, '\0', size))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	forget_home();
	spec = new_spec();
	if (read_policy(spec, text) == 0) {
		first = printed(spec);
		if (!first)
			abort();
		/* Nothing but an include of what is empty prints nothing, and cannot be read. */
		if (*first && !has_long_line(first))
			check_round_trip(spec, first);
		free(first);
	}
	forget_spec(spec);
	return 0;
}
