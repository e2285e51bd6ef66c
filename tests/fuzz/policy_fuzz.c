/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the policy parser, and all that a policy goes through when it parses: it is
 * printed and read again, doubted,
 * compiled, held against the kernel's rules, and proved.
 */
#include "tests/fuzz/fuzz.h"

#include "bpf/bench.h"

#define MAX_INPUT 4096
#define MAX_PRINT (1 << 20)

static char printed[2][MAX_PRINT];

/* Read the lines of TEXT, of which LEN bytes are there. */
static int read_policy(struct bpf_policy *policy, const char *text, size_t len)
{
	struct bpf_place place = { "fuzz", 0, 1 };
	struct bpf_error error;
	static char line[MAX_PRINT];
	const char *end;
	size_t n;
	int ret = 0;

	while (len > 0 && ret == 0) {
		end = memchr(text, '\n', len);
		n = end ? (size_t)(end - text) : len;
		memcpy(line, text, n);
		line[n] = '\0';
		place.line++;
		ret = bpf_policy_line(policy, line, &place, &error);
		if (ret < 0 && (error.text[0] == '\0' || error.place.line != place.line))
			abort(); /* every refusal has words, and a place */
		n += end ? 1 : 0;
		text += n;
		len -= n;
	}
	return ret ? ret : bpf_policy_finish(policy, NULL);
}

static size_t print_policy(const struct bpf_policy *policy, char *buf)
{
	FILE *out = fmemopen(buf, MAX_PRINT, "w");
	size_t len;

	bpf_policy_print(out, policy);
	len = (size_t)ftell(out);
	fclose(out);
	return len;
}

static void check_round_trip(const struct bpf_policy *policy)
{
	struct bpf_arena arena = fuzz_arena(1);
	struct bpf_policy again;
	size_t len = print_policy(policy, printed[0]);
	int ret;

	bpf_policy_init(&again, &arena);
	ret = read_policy(&again, printed[0], len);
	if (ret == -E2BIG)
		return;
	if (ret < 0 || print_policy(&again, printed[1]) != len ||
	    memcmp(printed[0], printed[1], len) != 0)
		abort();
}

static void take_finding(void *ctx, const struct bpf_finding *finding)
{
	(void)ctx;
	if (!finding->check || !finding->text[0])
		abort();
}

/* Goals go by the size; one of them wants a histogram, and without one has the usual. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_arena arena = fuzz_arena(0);
	struct bpf_policy policy;

	if (size > MAX_INPUT)
		return 0;
	bpf_policy_init(&policy, &arena);
	if (read_policy(&policy, (const char *)data, size) < 0)
		return 0;
	check_round_trip(&policy);
	bpf_lint(&policy, take_finding, NULL);
	fuzz_program(&policy, (enum bpf_optimize)(size % (BPF_FOR_READABLE + 1)));
	return 0;
}
