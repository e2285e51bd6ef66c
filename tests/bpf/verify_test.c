/* SPDX-License-Identifier: MIT */
/*
 * The proof must accept what the compiler makes, and must not accept anything else: every
 * instruction of many programs is changed in every simple way, and each change is to
 * be found, or to be one that changes nothing.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <time.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

static char memory[4 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_prog prog, mutant;
static struct bpf_policy policy;
static struct bpf_error error;

static int compile_lines(const char *const *lines)
{
	const struct bpf_place place = { "test", 1, 1 };
	unsigned int i;
	int ret = 0;

	arena.used = 0;
	memset(&error, 0, sizeof(error));
	bpf_policy_init(&policy, &arena);
	for (i = 0; lines[i] && ret == 0; i++)
		ret = bpf_policy_line(&policy, lines[i], &place, &error);
	return ret ? ret : bpf_compile(&policy, &prog, &error);
}

TEST(accepts_random_policies)
{
	unsigned long cases, all = 0;
	unsigned int i, big = 0;
	size_t used;
	int ret;

	for (i = 0; i < 600; i++) {
		const struct bpf_goal goal = { .how = (enum bpf_optimize)(i % 4) };

		random_policy(&policy, &arena);
		ASSERT_EQ(0, bpf_compile_for(&policy, &goal, &prog, &error));
		used = arena.used;
		ret = bpf_verify(&policy, &prog, NULL, &cases, &error);
		ASSERT_EQ(used, arena.used);
		ASSERT_TRUE(ret == 0 || ret == -E2BIG)
		{
			TH_LOG("policy %u: %s", i, error.text);
			bpf_policy_print(stderr, &policy);
		}
		big += ret == -E2BIG;
		all += cases;
	}
	TH_LOG("%lu cases; %u of %u policies have too many", all, big, i);
	EXPECT_LT(big, i / 10);
	EXPECT_GT(all, 600 * 1000);
}

/* The oracle with its rules sorted says what it says without. */
TEST(index_is_the_oracle)
{
	unsigned int i, j, conditional = 0;
	const struct bpf_rule *rule;
	struct bpf_index policy_index;
	struct seccomp_data data;

	for (i = 0; i < 300; i++) {
		random_policy(&policy, &arena);
		ASSERT_EQ(0, bpf_index_make(&policy_index, &policy));
		for (j = 0; j < 200; j++) {
			random_data(&policy, &data);
			ASSERT_EQ(bpf_policy_eval(&policy, &data, &rule),
				  bpf_index_eval(&policy_index, &data));
			conditional += rule && rule->cond;
		}
	}
	EXPECT_GT(conditional, i * j / 20);
}

/* ---- mutants ---- */

#define MUTATIONS 14

/* Change instruction I of MUTANT in way HOW; false: it is as it was. */
static bool mutate(unsigned int i, unsigned int how)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	struct sock_filter *insn = &mutant.insn[i];
	const struct sock_filter old = *insn;
	bool jump = BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;

	switch (how) {
	case 0:
		insn->k++;
		break;
	case 1:
		insn->k--;
		break;
	case 2:
		insn->k ^= 0x80000000;
		break;
	case 3:
		insn->k = BPF_CLASS(insn->code) == BPF_LD ? insn->k ^ 4 : insn->k << 1;
		break;
	case 4:
		insn->k = BPF_CLASS(insn->code) == BPF_LD ? insn->k + 8 : 0;
		break;
	case 5:
		insn->k = BPF_CLASS(insn->code) == BPF_RET ? SECCOMP_RET_ALLOW : insn->k ^ 1;
		break;
	case 6:
		insn->jt = jump ? (unsigned char)(insn->jt + 1) : 0;
		break;
	case 7:
		insn->jf = jump ? (unsigned char)(insn->jf + 1) : 0;
		break;
	case 8:
		insn->jt = jump && insn->jt ? (unsigned char)(insn->jt - 1) : insn->jt;
		break;
	case 9:
		insn->jf = jump && insn->jf ? (unsigned char)(insn->jf - 1) : insn->jf;
		break;
	default:
		if (jump && how - 10 < 4)
			insn->code = (uint16_t)(BPF_JMP | ops[how - 10] | BPF_K);
	}
	return memcmp(insn, &old, sizeof(old)) != 0;
}

/* A number or argument word that the mutant compares with, or its neighbour. */
static void near_program(struct seccomp_data *data)
{
	const uint32_t k = mutant.insn[random_below(mutant.len)].k + random_below(3) - 1;
	unsigned int arg = random_below(6);

	switch (random_below(3)) {
	case 0:
		data->nr = (int)(k ^ (random_below(2) ? BPF_X32_BIT : 0));
		break;
	case 1:
		data->args[arg] = (data->args[arg] & ~UINT64_C(0xffffffff)) | k;
		break;
	default:
		data->args[arg] = (data->args[arg] & 0xffffffff) | (uint64_t)k << 32;
	}
}

static bool differs(const struct seccomp_data *data)
{
	return bpf_policy_eval(&policy, data, NULL) != bpf_run(mutant.insn, mutant.len, data, NULL);
}

/* Look for an input that shows the mutant to be another program. */
static bool search(struct seccomp_data *data, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		random_data(&policy, data);
		if (i & 1)
			near_program(data);
		if (differs(data))
			return true;
	}
	return false;
}

struct tally {
	unsigned int found, equal, unsupported;
};

/* 0: the proof was right about the mutant. */
static int judge(struct tally *tally)
{
	struct seccomp_data data;
	int ret;

	if (bpf_check(mutant.insn, mutant.len, &error) < 0) {
		ret = bpf_verify(&policy, &mutant, NULL, NULL, &error);
		return ret == -EBADE ? 0 : -1;
	}
	ret = bpf_verify(&policy, &mutant, &data, NULL, &error);
	if (ret == -EBADE) {
		tally->found++;
		return differs(&data) ? 0 : -2; /* the witness must be one */
	}
	if (ret == -EOPNOTSUPP || ret == -E2BIG) {
		tally->unsupported++;
		return 0;
	}
	if (ret != 0)
		return -3;
	tally->equal++;
	return search(&data, 3000) ? -4 : 0;
}

static int judge_mutants(struct __test_metadata *_metadata, struct tally *tally)
{
	unsigned int i, how;
	int ret;

	for (i = 0; i < prog.len; i++) {
		for (how = 0; how < MUTATIONS; how++) {
			mutant = prog;
			if (!mutate(i, how))
				continue;
			ret = judge(tally);
			if (ret == 0)
				continue;
			TH_LOG("instruction %u, mutation %u: %d", i, how, ret);
			bpf_disasm(stderr, &mutant, &policy);
			return ret;
		}
	}
	return 0;
}

TEST(finds_mutants)
{
	static const char *const policies[][8] = {
		{ "abi x86_64", "default kill", "allow read write",
		  "allow mmap if prot & PROT_EXEC == 0 && len < 0x123456789" },
		{ "abi x86_64 i386 x32", "default errno(EPERM)", "allow read write close",
		  "allow socket if family in {AF_UNIX, AF_INET} && type & 0xf == SOCK_STREAM",
		  "kill ioctl if cmd == TIOCSTI" },
		{ "abi aarch64", "default allow", "unknown kill", "errno(EIO) lseek if offset < -5",
		  "trap kill if sig > 3 && pid <= -1", "allow fchmod if mode & 0x1c0 == 0x80" },
	};
	struct tally tally = { 0 };
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		ASSERT_EQ(0, compile_lines(policies[i]));
		ASSERT_EQ(0, bpf_verify(&policy, &prog, NULL, NULL, &error));
		ASSERT_EQ(0, judge_mutants(_metadata, &tally));
	}
	TH_LOG("%u found, %u change nothing, %u not judged", tally.found, tally.equal,
	       tally.unsupported);
	EXPECT_GT(tally.found, 400);
	EXPECT_LT(tally.equal, tally.found / 4);
	EXPECT_LT(tally.unsupported, tally.found / 4);
}

TEST(finds_random_mutants)
{
	struct tally tally = { 0 };
	unsigned int i;

	for (i = 0; i < 500; i++) {
		random_policy(&policy, &arena);
		ASSERT_EQ(0, bpf_compile(&policy, &prog, &error));
		mutant = prog;
		if (!mutate(random_below(prog.len), random_below(MUTATIONS)))
			continue;
		ASSERT_EQ(0, judge(&tally))
		{
			bpf_policy_print(stderr, &policy);
			bpf_disasm(stderr, &mutant, NULL);
		}
	}
	EXPECT_GT(tally.found, 150);
}

/* A policy that says one thing more, or less, than the program. */
TEST(other_policy)
{
	const char *const narrow[] = { "abi x86_64", "default kill", "allow ioctl if cmd == 1",
				       NULL };
	const char *const wide[] = { "abi x86_64", "default kill", "allow ioctl if arg1 == 1",
				     NULL };
	struct seccomp_data data;

	ASSERT_EQ(0, compile_lines(wide));
	mutant = prog;
	ASSERT_EQ(0, compile_lines(narrow));
	EXPECT_EQ(0, bpf_verify(&policy, &prog, &data, NULL, &error));
	ASSERT_EQ(-EBADE, bpf_verify(&policy, &mutant, &data, NULL, &error));
	EXPECT_EQ(16, data.nr);
	EXPECT_EQ(1, (uint32_t)data.args[1]);
	EXPECT_NE(0, data.args[1] >> 32);
	EXPECT_NE(NULL, strstr(error.text, "ioctl"));
}

/* Where masks and orders meet, constants and their neighbours do not show it. */
TEST(masks_and_orders)
{
	const char *const lines[] = { "abi x86_64", "default kill",
				      "allow ioctl if cmd & 0xf0 == 0x20 && cmd > 0x100057", NULL };
	unsigned int i, changed = 0;

	ASSERT_EQ(0, compile_lines(lines));
	EXPECT_EQ(0, bpf_verify(&policy, &prog, NULL, NULL, &error));
	for (i = 0; i < prog.len; i++) {
		mutant = prog;
		if (mutant.insn[i].k != 0x100058)
			continue;
		/* From 0x100058 to 0x10011f, no number has a 2 in bits 4 to 7. */
		mutant.insn[i].k = 0x100120;
		EXPECT_EQ(0, bpf_verify(&policy, &mutant, NULL, NULL, &error));
		mutant.insn[i].k = 0x100121;
		EXPECT_EQ(-EBADE, bpf_verify(&policy, &mutant, NULL, NULL, &error));
		changed++;
	}
	EXPECT_EQ(1, changed);
}

TEST(refuses_what_it_does_not_know)
{
	static const struct sock_filter progs[][4] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
		  BPF_STMT(BPF_RET | BPF_A, 0), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
		  BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8),
		  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
		  BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		  BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_LD | BPF_IMM, 16), BPF_STMT(BPF_MISC | BPF_TAX, 0),
		  BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0) },
	};
	const char *const lines[] = { "abi x86_64", "default kill-thread", "unknown kill-thread",
				      NULL };
	size_t i;

	ASSERT_EQ(0, compile_lines(lines));
	for (i = 0; i < sizeof(progs) / sizeof(progs[0]); i++) {
		memset(&mutant, 0, sizeof(mutant));
		memcpy(mutant.insn, progs[i], sizeof(progs[i]));
		mutant.len = 4;
		ASSERT_EQ(0, bpf_check(mutant.insn, mutant.len, &error));
		EXPECT_EQ(-EOPNOTSUPP, bpf_verify(&policy, &mutant, NULL, NULL, &error));
	}
}

TEST(no_memory)
{
	const char *const lines[] = { "abi x86_64", "default kill", "allow ioctl if cmd == 1",
				      NULL };
	const size_t step = 4096;

	ASSERT_EQ(0, compile_lines(lines));
	for (arena.size = arena.used; arena.size < sizeof(memory); arena.size += step)
		if (bpf_verify(&policy, &prog, NULL, NULL, &error) != -E2BIG)
			break;
	EXPECT_EQ(0, bpf_verify(&policy, &prog, NULL, NULL, &error));
	EXPECT_GT(arena.size, arena.used + step);
	EXPECT_LT(arena.size, sizeof(memory));
	arena.size = sizeof(memory);
}

/* Refused, not tried for hours: what is asked about six arguments multiplies. */
TEST(too_many_cases)
{
	static const char *const lines[] = {
		"abi x86_64",
		"default kill",
		"allow 900 if arg0 in {1, 2, 3, 4, 5, 6, 7, 8, 9}",
		"trap 900 if arg1 in {1, 2, 3, 4, 5, 6, 7, 8, 9}",
		"log 900 if arg2 in {1, 2, 3, 4, 5, 6, 7, 8, 9}",
		"deny 900 if arg3 in {1, 2, 3, 4, 5, 6, 7, 8, 9}",
		"kill-thread 900 if arg4 in {1, 2, 3, 4, 5, 6, 7, 8, 9}",
		NULL,
	};

	ASSERT_EQ(0, compile_lines(lines));
	EXPECT_EQ(-E2BIG, bpf_verify(&policy, &prog, NULL, NULL, &error));
	EXPECT_NE(NULL, strstr(error.text, "900"));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Before each start of a sandbox: some milliseconds at most. The bound here is a wide one. */
TEST(fast)
{
	const struct bpf_place place = { "test", 1, 1 };
	double start, compiled, verified;
	unsigned long cases;
	char line[100];
	size_t i, n = 0;

	arena.used = 0;
	bpf_policy_init(&policy, &arena);
	bpf_policy_line(&policy, "abi x86_64", &place, &error);
	bpf_policy_line(&policy, "default errno(EPERM)", &place, &error);
	for (i = 0; i < bpf_nsyscalls && n < 300; i++) {
		if (bpf_syscalls[i].nr[BPF_X86_64] == BPF_NO_NR || i % 7 == 0)
			continue;
		snprintf(line, sizeof(line), "allow %s", bpf_syscalls[i].name);
		ASSERT_EQ(0, bpf_policy_line(&policy, line, &place, &error));
		n++;
	}
	ASSERT_EQ(300, n);
	ASSERT_EQ(0, bpf_policy_line(&policy, "errno(EAFNOSUPPORT) socket if family == AF_VSOCK",
				     &place, &error));
	ASSERT_EQ(0, bpf_policy_line(&policy, "errno(EPERM) clone if clone_flags & 0x7e020000",
				     &place, &error));
	start = now();
	ASSERT_EQ(0, bpf_compile(&policy, &prog, &error));
	compiled = now();
	ASSERT_EQ(0, bpf_verify(&policy, &prog, NULL, &cases, &error));
	verified = now();
	TH_LOG("300 calls: %u instructions, compiled in %.2f ms, proved in %.2f ms, %lu cases",
	       prog.len, compiled - start, verified - compiled, cases);
	EXPECT_LT(verified - start, 200);
}

TEST_HARNESS_MAIN
