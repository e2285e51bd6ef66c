/* SPDX-License-Identifier: MIT */
/*
 * Compiled programs against what policies mean: first the traps that hand-written
 * filters fall into, each on its own; then many random policies and calls.
 */
#include "bpf/bpf.h"

#include <errno.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

static char memory[4 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_prog prog;
static struct bpf_policy policy;
static struct bpf_error error;

static int add_line(const char *text, unsigned int line)
{
	const struct bpf_place place = { "test", line, 1 };

	return bpf_policy_line(&policy, text, &place, &error);
}

/* The lines of TEXT are between ';'. */
static int compile_text(const char *text)
{
	unsigned int line = 1;
	char buf[200];
	size_t len;
	int ret = 0;

	arena.used = 0;
	memset(&error, 0, sizeof(error));
	bpf_policy_init(&policy, &arena);
	for (; *text && ret == 0; text += len + (text[len] == ';'), line++) {
		len = strcspn(text, ";");
		snprintf(buf, sizeof(buf), "%.*s", (int)len, text);
		ret = add_line(buf, line);
	}
	if (ret == 0)
		ret = bpf_policy_finish(&policy, &error);
	if (ret == 0)
		ret = bpf_compile(&policy, &prog, &error);
	return ret ? ret : bpf_check(prog.insn, prog.len, &error);
}

#define ALLOW SECCOMP_RET_ALLOW
#define KILL  SECCOMP_RET_KILL_PROCESS
#define E(n)  (SECCOMP_RET_ERRNO | (n))

/*
 * For each trap: the call that falls into it, and the neighbour that must not. Lines of
 * the policy are between ';'.
 */
static const struct {
	const char *what, *policy;
	enum bpf_abi_id abi;
	uint32_t nr;
	uint64_t args[3];
	uint32_t action;
} traps[] = {
	/* clang-format off */
	{ "a call", "abi x86_64; default kill; allow read", BPF_X86_64, 0, { 0 }, ALLOW },
	{ "its neighbour", "abi x86_64; default kill; allow read", BPF_X86_64, 1, { 0 }, KILL },
	{ "the same number elsewhere", "abi x86_64; default errno(EPERM); allow read",
	  BPF_I386, 0, { 0 }, KILL },
	{ "x32 as a second door", "abi x86_64; default allow; kill read",
	  BPF_X86_64, 0x40000000, { 0 }, KILL },
	{ "x32's door, allowed", "abi x86_64 x32; default errno(EPERM); allow read",
	  BPF_X86_64, 0x40000000, { 0 }, ALLOW },
	{ "x32 has other numbers", "abi x86_64 x32; default errno(EPERM); allow ioctl",
	  BPF_X86_64, 0x40000202, { 0 }, ALLOW },
	{ "and not x86_64's", "abi x86_64 x32; default errno(EPERM); allow ioctl",
	  BPF_X86_64, 0x40000010, { 0 }, E(EPERM) },
	{ "x32 alone", "abi x32; default errno(EPERM); allow read", BPF_X86_64, 0, { 0 }, KILL },
	{ "x32 alone, with its bit", "abi x32; default errno(EPERM); allow read",
	  BPF_X86_64, 0x40000000, { 0 }, ALLOW },
	{ "-1", "abi x86_64 x32; default allow", BPF_X86_64, 0xffffffff, { 0 }, KILL },
	{ "a negative number", "abi x86_64; default allow", BPF_X86_64, 0x80000000, { 0 }, KILL },
	{ "the highest of x32, unknown", "abi x86_64 x32; default kill",
	  BPF_X86_64, 0x7fffffff, { 0 }, E(ENOSYS) },
	{ "bit 30 elsewhere, beside x32",
	  "abi x86_64 i386 x32; default allow; unknown kill; errno(EIO) 430 432 434 436",
	  BPF_I386, 0x40000000, { 0 }, KILL },
	{ "a number below it", "abi x86_64 i386 x32; default allow; errno(EIO) 430 432 434 436",
	  BPF_I386, 432, { 0 }, E(EIO) },
	{ "and one of x32", "abi x86_64 i386 x32; default allow; errno(EIO) 430 432 434 436",
	  BPF_X86_64, 0x40000000 | 432, { 0 }, E(EIO) },
	{ "bits 30 and 31", "abi x86_64 i386 x32; default allow; errno(EIO) 430 432 434 436",
	  BPF_X86_64, 0xc0000000 | 432, { 0 }, KILL },
	{ "unknown numbers", "abi x86_64; default kill", BPF_X86_64, 5000, { 0 }, E(ENOSYS) },
	{ "unknown, as said", "abi x86_64; default kill; unknown trap",
	  BPF_X86_64, 0x3fffffff, { 0 }, SECCOMP_RET_TRAP },
	{ "a gap is not unknown", "abi x86_64; default errno(EACCES)",
	  BPF_X86_64, 400, { 0 }, E(EACCES) },
	{ "a number beats unknown", "abi x86_64; default kill; allow 5000",
	  BPF_X86_64, 5000, { 0 }, ALLOW },
	{ "beside it", "abi x86_64; default kill; allow 5000", BPF_X86_64, 5001, { 0 }, E(ENOSYS) },
	{ "int, garbage above", "abi x86_64; default allow; kill ioctl if cmd == TIOCSTI",
	  BPF_X86_64, 16, { 0, UINT64_C(1) << 32 | 0x5412 }, KILL },
	{ "int, another", "abi x86_64; default allow; kill ioctl if cmd == TIOCSTI",
	  BPF_X86_64, 16, { 0, UINT64_C(1) << 32 | 0x5413 }, ALLOW },
	{ "argN is a whole word", "abi x86_64; default allow; kill ioctl if arg1 == TIOCSTI",
	  BPF_X86_64, 16, { 0, UINT64_C(1) << 32 | 0x5412 }, ALLOW },
	{ "AT_FDCWD, sign-extended", "abi x86_64; default kill; allow openat if dfd == AT_FDCWD",
	  BPF_X86_64, 257, { UINT64_C(0xffffffffffffff9c) }, ALLOW },
	{ "AT_FDCWD, zero-extended", "abi x86_64; default kill; allow openat if dfd == AT_FDCWD",
	  BPF_X86_64, 257, { 0xffffff9c }, ALLOW },
	{ "not AT_FDCWD", "abi x86_64; default kill; allow openat if dfd == AT_FDCWD",
	  BPF_X86_64, 257, { 0xffffff9d }, KILL },
	{ "-1 is below 0", "abi x86_64; default kill; allow kill if pid < 0",
	  BPF_X86_64, 62, { 0xffffffff }, ALLOW },
	{ "1 is not", "abi x86_64; default kill; allow kill if pid < 0",
	  BPF_X86_64, 62, { 1 }, KILL },
	{ "1 is above -2", "abi x86_64; default kill; allow kill if pid > -2",
	  BPF_X86_64, 62, { 1 }, ALLOW },
	{ "-2 is not above -2", "abi x86_64; default kill; allow kill if pid > -2",
	  BPF_X86_64, 62, { 0xfffffffe }, KILL },
	{ "64 bits, signed", "abi x86_64; default kill; allow lseek if offset >= -1",
	  BPF_X86_64, 8, { 0, UINT64_MAX }, ALLOW },
	{ "64 bits, signed, below", "abi x86_64; default kill; allow lseek if offset >= -1",
	  BPF_X86_64, 8, { 0, UINT64_MAX - 1 }, KILL },
	{ "the high half counts", "abi x86_64; default kill; allow mmap if len == 0x1000",
	  BPF_X86_64, 9, { 0, UINT64_C(0x100001000) }, KILL },
	{ "the high half is right", "abi x86_64; default kill; allow mmap if len == 0x100001000",
	  BPF_X86_64, 9, { 0, UINT64_C(0x100001000) }, ALLOW },
	{ "64 bits, ordered", "abi x86_64; default kill; allow mmap if len <= 0x1ffffffff",
	  BPF_X86_64, 9, { 0, UINT64_C(0x1ffffffff) }, ALLOW },
	{ "64 bits, above", "abi x86_64; default kill; allow mmap if len <= 0x1ffffffff",
	  BPF_X86_64, 9, { 0, UINT64_C(0x200000000) }, KILL },
	{ "16 bits", "abi x86_64; default kill; allow fchmod if mode == 0x1ff",
	  BPF_X86_64, 91, { 0, 0x7f01ff }, ALLOW },
	{ "16 bits, other", "abi x86_64; default kill; allow fchmod if mode == 0x1ff",
	  BPF_X86_64, 91, { 0, 0x9ff }, KILL },
	{ "& before ==", "abi x86_64; default kill; allow mmap if prot & PROT_EXEC == 0",
	  BPF_X86_64, 9, { 0, 0, 3 }, ALLOW },
	{ "& before ==, set", "abi x86_64; default kill; allow mmap if prot & PROT_EXEC == 0",
	  BPF_X86_64, 9, { 0, 0, 7 }, KILL },
	{ "the last rule decides", "abi x86_64; default kill; allow read; errno(EIO) read",
	  BPF_X86_64, 0, { 0 }, E(EIO) },
	{ "if it matches", "abi x86_64; default kill; allow read; errno(EIO) read if fd == 3",
	  BPF_X86_64, 0, { 4 }, ALLOW },
	/* clang-format on */
};

TEST(each_trap)
{
	struct seccomp_data data;
	size_t i;

	for (i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		ASSERT_EQ(0, compile_text(traps[i].policy))
		{
			TH_LOG("%s: %s", traps[i].what, error.text);
		}
		memset(&data, 0, sizeof(data));
		data.arch = bpf_abis[traps[i].abi].arch;
		data.nr = (int)traps[i].nr;
		memcpy(data.args, traps[i].args, sizeof(traps[i].args));
		EXPECT_EQ(traps[i].action, bpf_run(prog.insn, prog.len, &data, NULL))
		{
			TH_LOG("%s", traps[i].what);
		}
		EXPECT_EQ(traps[i].action, bpf_policy_eval(&policy, &data, NULL))
		{
			TH_LOG("%s", traps[i].what);
		}
	}
}

/* Rules of which nothing can be shared. */
static void other_call(char *line, size_t size, unsigned int i)
{
	snprintf(line, size, "allow %u if arg0 == 0x1%08x00", i, i);
}

static void other_constant(char *line, size_t size, unsigned int i)
{
	snprintf(line, size, "allow ioctl if cmd == %u", 2 * i);
}

static int many_rules(unsigned int n, void (*write_rule)(char *line, size_t size, unsigned int i))
{
	char line[100];
	unsigned int i;
	int ret = 0;

	arena.used = 0;
	bpf_policy_init(&policy, &arena);
	add_line("abi x86_64", 1);
	add_line("default errno(EPERM)", 2);
	for (i = 0; i < n && ret == 0; i++) {
		write_rule(line, sizeof(line), i);
		ret = add_line(line, 3 + i);
	}
	return ret ? ret : bpf_compile(&policy, &prog, &error);
}

TEST(jumps_beyond_a_byte)
{
	struct seccomp_data data = { .arch = bpf_abis[BPF_X86_64].arch };
	unsigned int i;

	ASSERT_EQ(0, many_rules(400, other_call));
	ASSERT_EQ(0, bpf_check(prog.insn, prog.len, &error));
	EXPECT_GT(prog.len, 1200);
	for (i = 0; i < 400; i++) {
		data.nr = (int)i;
		data.args[0] = UINT64_C(0x10000000000) | (uint64_t)i << 8;
		EXPECT_EQ(ALLOW, bpf_run(prog.insn, prog.len, &data, NULL));
		data.args[0] ^= UINT64_C(0x10000000000);
		EXPECT_EQ(E(EPERM), bpf_run(prog.insn, prog.len, &data, NULL));
	}
	EXPECT_EQ(0, bpf_verify(&policy, &prog, NULL, NULL, &error))
	{
		TH_LOG("%s", error.text);
	}
}

TEST(one_call_with_many_constants)
{
	struct seccomp_data data = { .arch = bpf_abis[BPF_X86_64].arch, .nr = 16 };
	unsigned int i;

	ASSERT_EQ(0, many_rules(400, other_constant));
	for (i = 0; i < 803; i++) {
		data.args[1] = i;
		EXPECT_EQ(i % 2 == 0 && i < 800 ? ALLOW : E(EPERM),
			  bpf_run(prog.insn, prog.len, &data, NULL));
	}
	EXPECT_EQ(0, bpf_verify(&policy, &prog, NULL, NULL, &error))
	{
		TH_LOG("%s", error.text);
	}
}

TEST(too_long)
{
	ASSERT_EQ(0, many_rules(4000, other_constant));
	EXPECT_EQ(-E2BIG, many_rules(4100, other_constant));
	EXPECT_NE(NULL, strstr(error.text, "41"));
	EXPECT_NE(NULL, strstr(error.text, "4096"));
}

TEST(no_memory)
{
	const char lines[] = "abi x86_64; default kill; allow ioctl if cmd == 1";
	size_t used;

	ASSERT_EQ(0, compile_text(lines));
	used = arena.used;
	for (arena.size = used; arena.size < used + 300000; arena.size += 997) {
		if (bpf_compile(&policy, &prog, &error) == 0)
			break;
		EXPECT_EQ(used, arena.used);
	}
	EXPECT_LT(arena.size, used + 300000);
	EXPECT_GT(arena.size, used + 1000);
	arena.size = sizeof(memory);
}

/* What a policy always allows, the kernel must be able to remember. */
TEST(stays_cached)
{
	const char lines[] = "abi x86_64 i386; default errno(EPERM); allow read write futex;"
			     "allow mprotect if prot & PROT_EXEC == 0;"
			     "allow ioctl if cmd == 1; allow ioctl if cmd != 1";
	const uint32_t arch = bpf_abis[BPF_X86_64].arch;

	ASSERT_EQ(0, compile_text(lines));
	EXPECT_TRUE(bpf_is_cached(prog.insn, prog.len, arch, 0));
	EXPECT_TRUE(bpf_is_cached(prog.insn, prog.len, arch, 202));
	EXPECT_TRUE(bpf_is_cached(prog.insn, prog.len, bpf_abis[BPF_I386].arch, 3));
	EXPECT_FALSE(bpf_is_cached(prog.insn, prog.len, arch, 10));
	EXPECT_FALSE(bpf_is_cached(prog.insn, prog.len, arch, 2));
	/* Both outcomes of the test are the same, so there is no test. */
	EXPECT_TRUE(bpf_is_cached(prog.insn, prog.len, arch, 16));
}

/* Neighbours with one decision are one interval, and equal conditions are one code. */
TEST(shares_code)
{
	const char one[] = "abi x86_64; default kill; allow read if fd == 3";
	const char two[] = "abi x86_64; default kill; allow read write if fd == 3";
	const char apart[] = "abi x86_64; default kill; allow read fsync if fd == 3";
	unsigned int len;

	ASSERT_EQ(0, compile_text(one));
	len = prog.len;
	ASSERT_EQ(0, compile_text(two));
	EXPECT_EQ(len, prog.len);
	ASSERT_EQ(0, compile_text(apart));
	EXPECT_GT(prog.len, len);
	EXPECT_LE(prog.len, len + 2);
}

/* ---- what the program is good at ---- */

static int compile_goal(const char *text, const struct bpf_goal *goal)
{
	int ret = compile_text(text);

	if (ret == 0)
		ret = bpf_compile_for(&policy, goal, &prog, &error);
	return ret ? ret : bpf_verify(&policy, &prog, NULL, NULL, &error);
}

static unsigned int steps_of(enum bpf_abi_id abi, const char *name, uint64_t arg0)
{
	const struct bpf_syscall *call = bpf_syscall_find(name, strlen(name));
	struct seccomp_data data = { .arch = bpf_abis[abi].arch };
	unsigned int steps;

	data.nr = call->nr[abi] | (int)bpf_abis[abi].nr_bit;
	data.args[0] = arg0;
	bpf_run(prog.insn, prog.len, &data, &steps);
	return steps;
}

/*
 * What each trick is worth, in instructions; four are architecture, number, and what is needed
 * to kill others, and the actions are two or three. A change here is to be understood.
 */
static const struct {
	const char *what, *policy;
	enum bpf_optimize how;
	unsigned int insns;
} sizes[] = {
	/* clang-format off */
	{ "a range is two tests", "abi x86_64; default kill; unknown kill; allow 10 11 12 13",
	  BPF_FOR_CACHE, 3 + 2 + 2 },
	{ "a number is one", "abi x86_64; default kill; unknown kill; allow 10",
	  BPF_FOR_CACHE, 3 + 1 + 2 },
	{ "and so is a hole", "abi x86_64; default kill; unknown kill; allow 10 11 13 14",
	  BPF_FOR_CACHE, 3 + 3 + 2 },
	{ "x32 is one more", "abi x86_64; default errno(EPERM); unknown errno(EPERM)",
	  BPF_FOR_CACHE, 3 + 1 + 2 },
	{ "a condition that two calls share",
	  "abi x86_64; default kill; unknown kill; allow 10 20 if arg0 & 3",
	  BPF_FOR_CACHE, 3 + 2 + 2 + 2 },
	{ "a set of neighbours is a range",
	  "abi x86_64; default kill; unknown kill; allow ioctl if cmd in {5, 2, 3, 4}",
	  BPF_FOR_CACHE, 3 + 1 + 3 + 2 },
	{ "rules that add up", "abi x86_64; default kill; unknown kill; allow socket if arg0 < 38;"
	  "allow socket if arg0 == 39; allow socket if arg0 > 40",
	  BPF_FOR_CACHE, 3 + 1 + 5 + 2 },
	{ "all combinations of bits are one test",
	  "abi x86_64; default kill; unknown kill; allow personality if personality in "
	  "{0, 8, 0x20000, 0x20008, 0xffffffff}", BPF_FOR_CACHE, 3 + 1 + 3 + 2 },
	{ "a rule that undoes another",
	  "abi x86_64; default kill; unknown kill; allow 10 if arg0 == 1; kill 10 if arg0 == 1",
	  BPF_FOR_CACHE, 1 },
	{ "x32 by the tree of x86_64",
	  "abi x86_64 x32; default kill; allow 1 3 5 7 9 11 13; unknown kill",
	  BPF_FOR_SIZE, 3 + 2 + 1 + 7 + 2 },
	{ "a stretch of numbers that two architectures have alike",
	  "abi aarch64 riscv64; default kill; unknown kill; allow 1 3 5 7 9 11 13",
	  BPF_FOR_SIZE, 4 + 7 + 2 },
	{ "as it is written", "abi x86_64; default kill; unknown kill;"
	  "allow ioctl if cmd in {5, 2, 3, 4}", BPF_FOR_READABLE, 3 + 1 + 5 + 2 },
	/* clang-format on */
};

TEST(tricks)
{
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct bpf_goal goal = { .how = sizes[i].how };

		ASSERT_EQ(0, compile_goal(sizes[i].policy, &goal))
		{
			TH_LOG("%s: %s", sizes[i].what, error.text);
		}
		EXPECT_EQ(sizes[i].insns, prog.len)
		{
			TH_LOG("%s", sizes[i].what);
			bpf_disasm(stderr, &prog, &policy);
		}
	}
}

TEST(goals_have_names)
{
	EXPECT_EQ(BPF_FOR_CACHE, bpf_optimize_find("cache"));
	EXPECT_EQ(BPF_FOR_SIZE, bpf_optimize_find("size"));
	EXPECT_EQ(BPF_FOR_HIST, bpf_optimize_find("hist"));
	EXPECT_EQ(BPF_FOR_READABLE, bpf_optimize_find("readable"));
	EXPECT_EQ(-ENOENT, bpf_optimize_find("caches"));
}

/* Calls that the filter is run for come first; with weights, those that they say. */
TEST(weights)
{
	const char lines[] = "abi x86_64; default errno(EPERM);"
			     "allow @all; allow clone if clone_flags == 1;"
			     "allow socket if family == 1; allow memfd_create if flags == 1";
	const struct bpf_weight by_socket[] = { { "socket", 1000 }, { "no_such_call", 5000 } };
	const struct bpf_weight by_read[] = { { "read", 1000000 }, { "close", 10 } };
	const struct bpf_goal cache = { BPF_FOR_CACHE, by_socket, 2 };
	const struct bpf_goal hist = { BPF_FOR_HIST, by_read, 2 };
	char text[sizeof(lines) + 100];

	/* Many holes, for a tree that is not trivial. */
	snprintf(text, sizeof(text), "%s; allow 0 1 3 5 7 8 10 12 14 16 18 20 22 24 26", lines);
	memmove(strstr(text, "allow @all;"), "           ", 11);
	ASSERT_EQ(0, compile_goal(text, &cache));
	EXPECT_EQ(3 + 1 + 3, steps_of(BPF_X86_64, "socket", 1));
	EXPECT_LT(7, steps_of(BPF_X86_64, "memfd_create", 1));
	EXPECT_LT(5, steps_of(BPF_X86_64, "read", 0));
	ASSERT_EQ(0, compile_goal(text, &hist));
	EXPECT_GE(6, steps_of(BPF_X86_64, "read", 0));
	EXPECT_LT(steps_of(BPF_X86_64, "read", 0), steps_of(BPF_X86_64, "alarm", 0));
}

/* A jump that goes on at the next instruction, on one side, is half as long in the kernel. */
TEST(falls_through)
{
	unsigned int i, jumps = 0, two_ways = 0;

	ASSERT_EQ(0, compile_text("abi x86_64; default kill; unknown kill; allow 1 9 17 25 33 41;"
				  "errno(1) 5 13 21 29; trap ioctl if cmd in {3, 5, 9, 17, 33}"));
	for (i = 0; i < prog.len; i++) {
		if (BPF_CLASS(prog.insn[i].code) != BPF_JMP)
			continue;
		jumps++;
		two_ways += prog.insn[i].jt && prog.insn[i].jf;
	}
	EXPECT_GT(jumps, 15);
	EXPECT_LT(two_ways, jumps / 3);
}

TEST(many_random_policies)
{
	unsigned int i, j, conditional = 0, allowed = 0, calls = 0;
	struct bpf_weight weights[5];
	struct bpf_goal goal = { .weights = weights };
	struct seccomp_data data;
	uint32_t action;

	for (i = 0; i < 2500; i++) {
		random_policy(&policy, &arena);
		for (j = 0; j < 5; j++)
			weights[j] = (struct bpf_weight){ random_call()->name, random64() };
		goal.how = (enum bpf_optimize)(i % 4);
		goal.nweights = random_below(6);
		ASSERT_EQ(0, bpf_compile_for(&policy, &goal, &prog, &error))
		{
			TH_LOG("%s", error.text);
		}
		ASSERT_EQ(0, bpf_check(prog.insn, prog.len, &error))
		{
			TH_LOG("%s", error.text);
		}
		for (j = 0; j < 100; j++, calls++) {
			const struct bpf_rule *rule;

			random_data(&policy, &data);
			action = bpf_policy_eval(&policy, &data, &rule);
			conditional += rule && rule->cond;
			allowed += action == ALLOW;
			ASSERT_EQ(action, bpf_run(prog.insn, prog.len, &data, NULL))
			{
				TH_LOG("policy %u: arch %#x nr %#x args %#llx %#llx %#llx %#llx %#llx %#llx",
				       i, data.arch, data.nr, data.args[0], data.args[1],
				       data.args[2], data.args[3], data.args[4], data.args[5]);
				bpf_policy_print(stderr, &policy);
			}
		}
	}
	/* The test is worth something only if conditions did decide, either way. */
	EXPECT_GT(conditional, calls / 10);
	EXPECT_GT(allowed, calls / 20);
	EXPECT_LT(allowed, calls - calls / 20);
	TH_LOG("%u calls, %u decided by a condition", calls, conditional);
}

TEST_HARNESS_MAIN
