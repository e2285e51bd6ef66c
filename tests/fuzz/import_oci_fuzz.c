/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the importer of OCI profiles, and all that a profile goes through when it is
 * taken: the text that comes out must be a policy, with both readings of arguments;
 * that is compiled and proved; and what can be written as a profile again must come back.
 *
 *	clang -fsanitize=fuzzer,address,undefined ... -ljansson
 */
#include "bpf/import/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUT  8192
#define MAX_EXPORT (1 << 20)

static char memory[2][8 << 20];
static char exported[MAX_EXPORT];

/* A refusal has words. What the importer wrote is refused only for what it cannot know. */
static int read_profile(struct bpf_policy *policy, const char *text, size_t len,
			const struct import_options *options)
{
	struct bpf_error error = { 0 };
	struct import im;
	int ret;

	import_init(&im, "fuzz");
	ret = import_oci(&im, text, len, options, &error);
	if (ret == 0)
		ret = import_policy(&im, policy, &error);
	if (ret < 0 && error.text[0] == '\0')
		abort();
	import_release(&im);
	return ret;
}

static void check_program(const struct bpf_policy *policy)
{
	static struct bpf_prog prog;
	int ret;

	ret = bpf_compile(policy, &prog, NULL);
	if (ret == -E2BIG)
		return;
	if (ret < 0 || bpf_check(prog.insn, prog.len, NULL) < 0)
		abort();
	ret = bpf_verify(policy, &prog, NULL, NULL, NULL);
	if (ret < 0 && ret != -E2BIG)
		abort();
}

static void check_export(const struct bpf_policy *policy)
{
	const struct import_options options = { .native = BPF_X86_64, .faithful = true };
	struct bpf_arena arena = { .base = memory[1], .size = sizeof(memory[1]) };
	FILE *out = fmemopen(exported, sizeof(exported), "w");
	struct bpf_policy again;
	long len;
	int ret;

	if (!out)
		return;
	ret = export_oci(out, policy, NULL);
	len = ftell(out);
	fclose(out);
	if (ret < 0 || len <= 0 || len >= MAX_EXPORT - 1)
		return;
	bpf_policy_init(&again, &arena);
	ret = read_profile(&again, exported, (size_t)len, &options);
	/* x86_64 is always among the ABIs here, which an exported policy need not have. */
	if (ret < 0 && ret != -E2BIG && policy->abis & 1u << BPF_X86_64)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_options options = { .native = BPF_X86_64 };
	struct bpf_arena arena = { .base = memory[0], .size = sizeof(memory[0]) };
	struct bpf_policy policy;

	if (size < 1 || size > MAX_INPUT)
		return 0;
	options.faithful = data[0] & 1;
	options.enosys = data[0] & 2;
	bpf_policy_init(&policy, &arena);
	if (read_profile(&policy, (const char *)data + 1, size - 1, &options) < 0)
		return 0;
	check_program(&policy);
	check_export(&policy);
	return 0;
}
