/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the policy parser, and all that a policy goes through when it parses: it is printed and
 * read again, doubted, compiled, held against the kernel's rules, proved, and listed.
 */
#include "tests/fuzz/fuzz.h"

#include "bpf/bench.h"

static char printed[2][FUZZ_MAX_TEXT];

static size_t print_policy(const struct bpf_policy *policy, char *buf)
{
	FILE *out = fmemopen(buf, FUZZ_MAX_TEXT, "w");
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
	ret = fuzz_policy(&again, printed[0], len);
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

static void list(const struct bpf_prog *prog, const struct bpf_policy *policy)
{
	FILE *out = fmemopen(printed[0], FUZZ_MAX_TEXT, "w");

	bpf_disasm(out, prog, policy);
	if (fclose(out) || !printed[0][0])
		abort();
}

/* Goals go by the size; one of them wants a histogram, and without one has the usual. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_arena arena = fuzz_arena(0);
	const struct bpf_prog *prog;
	struct bpf_policy policy;

	if (size > FUZZ_MAX_INPUT)
		return 0;
	bpf_policy_init(&policy, &arena);
	if (fuzz_policy(&policy, (const char *)data, size) < 0)
		return 0;
	check_round_trip(&policy);
	bpf_lint(&policy, take_finding, NULL);
	prog = fuzz_program(&policy, (enum bpf_optimize)(size % (BPF_FOR_READABLE + 1)));
	if (prog)
		list(prog, &policy);
	return 0;
}
