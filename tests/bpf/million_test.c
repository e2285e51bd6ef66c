/* SPDX-License-Identifier: MIT */
/*
 * A million random policies' calls: what the policy means (eval.c) against what its programs
 * do, for every goal. Policies have masks, ordered comparisons and 64-bit words, on all
 * ABIs; calls are near to what the conditions ask. See random.h; the seed is fixed.
 */
#include "bpf/bpf.h"

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define GOALS	 4
#define POLICIES 5000u
#define CALLS	 220u /* for each policy */

static char memory[8 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_policy policy;
static struct bpf_prog progs[GOALS];
static struct bpf_error error;

/* How many calls were decided by what: the test is worth something only if all did. */
static struct seen {
	unsigned int calls, conditional, masked, ordered, words, allowed;
	unsigned int abi[BPF_ABIS + 1];
} seen;

static int compile(void)
{
	struct bpf_weight weights[5];
	struct bpf_goal goal = { .weights = weights };
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 5; i++)
		weights[i] = (struct bpf_weight){ random_call()->name, random64() };
	goal.nweights = random_below(6);
	for (i = 0; i < GOALS && ret == 0; i++) {
		goal.how = (enum bpf_optimize)i;
		ret = bpf_compile_for(&policy, &goal, &progs[i], &error);
		if (ret == 0)
			ret = bpf_check(progs[i].insn, progs[i].len, &error);
	}
	return ret;
}

/* Has EXPR a comparison of this kind? */
typedef bool kind_fn(const struct bpf_expr *expr);

static bool has(const struct bpf_expr *expr, kind_fn *kind)
{
	if (expr->op > BPF_EXPR_NOT)
		return kind(expr);
	return has(expr->left, kind) || (expr->right && has(expr->right, kind));
}

static bool is_masked(const struct bpf_expr *expr)
{
	return expr->masked;
}

static bool is_ordered(const struct bpf_expr *expr)
{
	return expr->op >= BPF_EXPR_LT && expr->op <= BPF_EXPR_GE;
}

/* With both halves of a constant; negative ones are long in any case. */
static bool is_word(const struct bpf_expr *expr)
{
	return expr->value > UINT32_MAX && expr->value < UINT64_C(0xffffffff00000000);
}

static void note(const struct seccomp_data *data, const struct bpf_rule *rule, uint32_t action)
{
	const int abi = bpf_abi_of(data->arch, (uint32_t)data->nr);

	seen.calls++;
	seen.allowed += action == SECCOMP_RET_ALLOW;
	seen.abi[abi < 0 ? BPF_ABIS : abi]++;
	if (!rule || !rule->cond)
		return;
	seen.conditional++;
	seen.masked += has(rule->cond, is_masked);
	seen.ordered += has(rule->cond, is_ordered);
	seen.words += has(rule->cond, is_word);
}

/* Which goal's program does something else; GOALS: none. */
static unsigned int odd_one(const struct seccomp_data *data, uint32_t action)
{
	unsigned int i = 0;

	while (i < GOALS && bpf_run(progs[i].insn, progs[i].len, data, NULL) == action)
		i++;
	return i;
}

TEST(a_million_calls)
{
	unsigned int i, j;

	random_state = UINT64_C(0x6c62272e07bb0142); /* others than in compile_test.c */
	for (i = 0; i < POLICIES; i++) {
		random_policy(&policy, &arena);
		ASSERT_EQ(0, compile())
		{
			TH_LOG("policy %u: %s", i, error.text);
		}
		for (j = 0; j < CALLS; j++) {
			const struct bpf_rule *rule;
			struct seccomp_data data;
			uint32_t action;

			random_data(&policy, &data);
			action = bpf_policy_eval(&policy, &data, &rule);
			note(&data, rule, action);
			ASSERT_EQ(GOALS, odd_one(&data, action))
			{
				TH_LOG("policy %u, goal %u: arch %#x nr %#x args %#llx %#llx %#llx",
				       i, odd_one(&data, action), data.arch, data.nr, data.args[0],
				       data.args[1], data.args[2]);
				bpf_policy_print(stderr, &policy);
			}
		}
	}
	EXPECT_LE(1000000u, seen.calls);
	EXPECT_LT(seen.calls / 10, seen.conditional);
	EXPECT_LT(seen.calls / 20, seen.allowed);
	EXPECT_LT(50000u, seen.masked);
	EXPECT_LT(50000u, seen.ordered);
	EXPECT_LT(20000u, seen.words);
	for (i = 0; i <= BPF_ABIS; i++)
		EXPECT_LT(10000u, seen.abi[i]);
	TH_LOG("%u calls; %u decided by a condition, of which %u with a mask, %u ordered, %u wide",
	       seen.calls, seen.conditional, seen.masked, seen.ordered, seen.words);
}

TEST_HARNESS_MAIN
