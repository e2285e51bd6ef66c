/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the importer of OCI profiles, and all that a profile goes through when it is
 * taken: the text that comes out must be a policy, with both readings of arguments;
 * that is compiled and proved; and what can be written as a profile again must come back.
 */
#define FUZZ_MAX_INPUT 32768 /* as large as real profiles are */

#include "tests/fuzz/fuzz.h"

#include "bpf/import/import.h"

#define MAX_EXPORT (1 << 20)

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

static void check_export(const struct bpf_policy *policy)
{
	const struct import_options options = { .native = BPF_X86_64, .faithful = true };
	struct bpf_arena arena = fuzz_arena(1);
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

/* The options go by the size, so that real profiles are good seeds as they are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_options options = { .native = BPF_X86_64 };
	struct bpf_arena arena = fuzz_arena(0);
	struct bpf_policy policy;

	if (size > FUZZ_MAX_INPUT)
		return 0;
	options.faithful = size & 1;
	options.enosys = size & 2;
	bpf_policy_init(&policy, &arena);
	if (read_profile(&policy, (const char *)data, size, &options) < 0)
		return 0;
	fuzz_program(&policy, BPF_FOR_CACHE);
	check_export(&policy);
	return 0;
}
