/* SPDX-License-Identifier: MIT */
/*
 * Random pairs of programs are compared, and the simulator has the last word: a difference
 * must be one when both are run, equal programs must be equal on all inputs that are tried,
 * and every input that is tried must differ just where the regions say so. Programs of few
 * bits are tried on all their inputs.
 */
#include "bpf/bpf.h"

#include <errno.h>

#include <linux/audit.h>

#include "kselftest_harness.h"
#include "tests/bpf/shapes.h"

static char policy_memory[8 << 20], memory[32 << 20];
static struct bpf_arena policy_arena = { .base = policy_memory, .size = sizeof(policy_memory) };
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_prog prog, other;
static struct bpf_policy policy;
static struct bpf_error error;

/* ---- regions and inputs ---- */

#define MAX_REGIONS 400
#define MAX_CONDS   4000

struct regions {
	struct bpf_difference diff[MAX_REGIONS];
	unsigned int n;
	struct bpf_constraint when[MAX_CONDS];
	unsigned int nwhen;
	bool whole; /* all are there, and exact */
};

static struct regions regions;

static int keep_region(void *ctx, const struct bpf_difference *d)
{
	struct regions *r = ctx;

	r->whole &= d->exact;
	if (r->n == MAX_REGIONS || r->nwhen + d->nwhen > MAX_CONDS) {
		r->whole = false;
		return 1;
	}
	memcpy(&r->when[r->nwhen], d->when, d->nwhen * sizeof(*d->when));
	r->diff[r->n] = *d;
	r->diff[r->n].when = &r->when[r->nwhen];
	r->nwhen += d->nwhen;
	r->n++;
	return 0;
}

static uint64_t argument(const struct seccomp_data *data, unsigned int i)
{
	return i == BPF_ARG_IP ? data->instruction_pointer : data->args[i];
}

static bool within(const struct bpf_difference *d, const struct seccomp_data *data)
{
	const uint32_t nr = (uint32_t)data->nr;
	const struct bpf_constraint *c;
	uint64_t x;
	unsigned int i;

	if (data->arch < d->arch_lo || data->arch > d->arch_hi || nr < d->nr_lo || nr > d->nr_hi)
		return false;
	for (i = 0; i < d->nwhen; i++) {
		c = &d->when[i];
		x = argument(data, c->arg) & c->mask;
		if ((x >= c->lo && x <= c->hi) == c->outside)
			return false;
	}
	return true;
}

static bool relation_holds(enum bpf_relation relation, uint32_t a, uint32_t b)
{
	const bool runs_a = a == SECCOMP_RET_ALLOW || a == SECCOMP_RET_LOG;
	const bool runs_b = b == SECCOMP_RET_ALLOW || b == SECCOMP_RET_LOG;

	return relation == BPF_EQUAL ? a == b : runs_b || !runs_a;
}

static bool counts(const struct bpf_pair *pair, const struct seccomp_data *data)
{
	const int abi = bpf_abi_of(data->arch, (uint32_t)data->nr);

	return pair->abis == 0 || pair->abis & 1u << (abi < 0 ? BPF_ABIS : abi);
}

/* Do both programs do with DATA what the regions say? There is at most one that has it. */
static bool regions_agree(const struct bpf_pair *pair, const struct seccomp_data *data)
{
	uint32_t a = bpf_action_meaning(bpf_run(pair->a, pair->alen, data, NULL));
	uint32_t b = bpf_action_meaning(bpf_run(pair->b, pair->blen, data, NULL));
	unsigned int i, n = 0;

	for (i = 0; i < regions.n; i++) {
		if (!regions.diff[i].exact || !within(&regions.diff[i], data))
			continue;
		n++;
		if (regions.diff[i].actions[0] != a || regions.diff[i].actions[1] != b)
			return false;
	}
	if (!counts(pair, data))
		return n == 0;
	if (regions.whole)
		return n == !relation_holds(pair->relation, a, b);
	return n == 0 || (n == 1 && !relation_holds(pair->relation, a, b));
}

/* An input in the region D, or near its edge. */
static void input_near(const struct bpf_difference *d, struct seccomp_data *data)
{
	const struct bpf_constraint *c;
	unsigned int i;
	uint64_t x;

	*data = d->data;
	data->arch = random_below(2) ? d->arch_lo : d->arch_hi;
	data->nr = (int)(random_below(2) ? d->nr_lo : d->nr_hi);
	for (i = 0; i < d->nwhen; i++) {
		c = &d->when[i];
		if (c->arg == BPF_ARG_IP || random_below(3) == 0)
			continue;
		x = random_below(2) ? c->lo : c->hi;
		x += random_below(3) - 1u;
		data->args[c->arg] = (x & c->mask) | (random64() & ~c->mask);
	}
	if (random_below(8) == 0)
		data->args[random_below(6)] = random64();
}

/* All that can be said against what bpf_diff() and bpf_diff_each() say; NULL: nothing. */
static const char *contradiction(const struct bpf_pair *pair, unsigned int rounds)
{
	struct bpf_difference first;
	struct seccomp_data data;
	unsigned int i;
	int ret;

	regions.n = 0;
	regions.nwhen = 0;
	regions.whole = true;
	ret = bpf_diff(pair, &arena, &first, &error);
	if (ret < 0)
		return "an error";
	if (bpf_diff_each(pair, &arena, keep_region, &regions, &error) != ret)
		return "both functions differ";
	if ((regions.n > 0) != ret)
		return "no regions, or equal with regions";
	if (ret && memcmp(&first.data, &regions.diff[0].data, sizeof(first.data)))
		return "both functions have other calls";
	for (i = 0; i < regions.n; i++) {
		if (!regions_agree(pair, &regions.diff[i].data) ||
		    !within(&regions.diff[i], &regions.diff[i].data))
			return "a region without its call";
	}
	for (i = 0; i < rounds; i++) {
		if (ret && random_below(2))
			input_near(&regions.diff[random_below(regions.n)], &data);
		else
			random_input(pair, &data);
		if (!regions_agree(pair, &data))
			return "the simulator";
	}
	return NULL;
}

static void show(const struct bpf_prog *p)
{
	char buf[64];
	unsigned int i;

	for (i = 0; i < p->len; i++)
		fprintf(stderr, "# %3u %s\n", i, bpf_insn_text(&p->insn[i], i, buf, sizeof(buf)));
}

TEST(random_programs)
{
	unsigned int i, j, equal = 0, whole = 0, refused = 0;
	struct bpf_pair pair;
	const char *wrong;

	for (i = 0; i < 4000; i++) {
		do
			random_prog(&prog);
		while (seems_constant(&prog));
		other = prog;
		mutate(&other);
		for (j = 0; j < i % 5 && seem_equal(&prog, &other); j++)
			mutate(&other);
		pair = pair_of(&prog, &other);
		pair.relation = i % 3 ? BPF_EQUAL : BPF_SUBSET;
		pair.abis = i % 4 ? 0 : 1u << random_below(BPF_ABIS + 1);
		wrong = contradiction(&pair, 60);
		if (wrong && error.text[0] && !strcmp(wrong, "an error")) {
			refused++;
			error.text[0] = '\0';
			continue;
		}
		ASSERT_EQ(NULL, wrong)
		{
			TH_LOG("pair %u: %s", i, wrong);
			show(&prog);
			show(&other);
		}
		equal += regions.n == 0;
		whole += regions.whole;
	}
	TH_LOG("%u pairs: %u equal, %u told whole, %u refused", i, equal, whole, refused);
	EXPECT_LT(refused, i / 4);
	EXPECT_GT(equal, i / 10);
	EXPECT_GT(whole - equal, i / 4);
}

/* ---- programs that look at few bits: all inputs there are ---- */

#define FEW 8u /* values of a word */

static void few_bits(struct bpf_prog *p)
{
	static const uint32_t words[] = { 16, 24, 36 };
	struct sock_filter insn;
	unsigned int i;

	do {
		p->len = 6 + random_below(24);
		for (i = 0; i + 2 < p->len; i++) {
			insn = random_insn(p->len - i - 2);
			if (insn.code == (BPF_LD | BPF_W | BPF_ABS) || i == 0) {
				p->insn[i++] = (struct sock_filter)BPF_STMT(
					BPF_LD | BPF_W | BPF_ABS, words[random_below(3)]);
				insn = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
								    FEW - 1);
			} else if (BPF_CLASS(insn.code) == BPF_JMP) {
				insn.k %= insn.code == (BPF_JMP | BPF_JA) ? BPF_MAXINSNS : FEW;
			}
			p->insn[i] = insn;
		}
		for (; i < p->len; i++)
			p->insn[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
								  some_actions[random_below(6)]);
	} while (bpf_check(p->insn, p->len, NULL) < 0);
}

static struct seccomp_data few_input(unsigned int n)
{
	struct seccomp_data data = { .arch = AUDIT_ARCH_AARCH64, .nr = 1 };

	data.args[0] = n % FEW | random64() << 3;
	data.args[1] = n / FEW % FEW | random64() << 3;
	data.args[2] = (uint64_t)(n / FEW / FEW % FEW) << 32 | (uint32_t)random64();
	return data;
}

TEST(all_inputs)
{
	unsigned int i, n, differ, equal = 0, done = 0;
	struct seccomp_data data;
	struct bpf_pair pair;
	uint32_t a, b;
	int ret;

	for (i = 0; i < 600; i++) {
		do
			few_bits(&prog);
		while (seems_constant(&prog));
		other = prog;
		mutate(&other);
		pair = pair_of(&prog, &other);
		pair.abis = 1u << BPF_AARCH64;
		regions.n = 0;
		regions.nwhen = 0;
		regions.whole = true;
		ret = bpf_diff_each(&pair, &arena, keep_region, &regions, &error);
		if (ret == -EOPNOTSUPP)
			continue;
		ASSERT_LE(0, ret);
		done++;
		differ = 0;
		for (n = 0; n < FEW * FEW * FEW; n++) {
			data = few_input(n);
			a = bpf_action_meaning(bpf_run(prog.insn, prog.len, &data, NULL));
			b = bpf_action_meaning(bpf_run(other.insn, other.len, &data, NULL));
			differ += a != b;
			ASSERT_TRUE(regions_agree(&pair, &data))
			{
				TH_LOG("pair %u, input %u, %u regions", i, n, regions.n);
				show(&prog);
				show(&other);
			}
		}
		/* A mutant may also look at bits that are not tried here. */
		ASSERT_TRUE(ret == 1 || differ == 0);
		equal += ret == 0;
	}
	TH_LOG("%u pairs, %u of them equal", done, equal);
	EXPECT_GT(done, i / 2);
	EXPECT_GT(equal, 20);
}

/* The policy compiled for every goal is one program, in several shapes. */
TEST(other_goals)
{
	struct bpf_goal goal = { .how = BPF_FOR_SIZE };
	struct bpf_pair pair;
	unsigned int i;

	for (i = 0; i < 150; i++) {
		random_policy(&policy, &policy_arena);
		ASSERT_EQ(0, bpf_compile(&policy, &prog, &error));
		for (goal.how = BPF_FOR_SIZE; goal.how <= BPF_FOR_READABLE; goal.how++) {
			ASSERT_EQ(0, bpf_compile_for(&policy, &goal, &other, &error));
			pair = pair_of(&prog, &other);
			ASSERT_EQ(0, bpf_diff(&pair, &arena, NULL, &error))
			{
				TH_LOG("policy %u, goal %d: %s", i, goal.how, error.text);
				bpf_policy_print(stderr, &policy);
			}
		}
	}
}

TEST(other_shapes)
{
	unsigned int i, j, equal = 0;
	static struct bpf_prog mutant;
	struct bpf_pair pair;
	const char *wrong;

	for (i = 0; i < 150; i++) {
		random_policy(&policy, &policy_arena);
		ASSERT_EQ(0, bpf_compile(&policy, &prog, &error));
		ASSERT_EQ(0, reshape(&prog, &other));
		pair = pair_of(&prog, &other);
		ASSERT_EQ(0, bpf_diff(&pair, &arena, NULL, &error))
		{
			TH_LOG("policy %u: %s", i, error.text);
			bpf_policy_print(stderr, &policy);
		}
		for (j = 0; j < 4; j++) {
			mutant = other;
			mutate(&mutant);
			pair = pair_of(&prog, &mutant);
			error.text[0] = '\0';
			wrong = contradiction(&pair, 200);
			if (strstr(error.text, "instruction"))
				continue; /* it returns or divides by the number, say */
			ASSERT_EQ(NULL, wrong)
			{
				TH_LOG("policy %u: %s %s", i, wrong, error.text);
				bpf_policy_print(stderr, &policy);
			}
			equal += regions.n == 0;
		}
	}
	TH_LOG("%u policies in two shapes; %u of %u mutants do the same", i, equal, 4 * i);
	EXPECT_GT(equal, 10);
	EXPECT_LT(equal, 3 * i);
}

TEST_HARNESS_MAIN
