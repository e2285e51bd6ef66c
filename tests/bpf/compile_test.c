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
	snprintf(line, size, "allow ioctl if cmd == %u", i);
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
	for (i = 0; i < 402; i++) {
		data.args[1] = i;
		EXPECT_EQ(i < 400 ? ALLOW : E(EPERM), bpf_run(prog.insn, prog.len, &data, NULL));
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

TEST(many_random_policies)
{
	unsigned int i, j, conditional = 0, allowed = 0, calls = 0;
	struct seccomp_data data;
	uint32_t action;

	for (i = 0; i < 2500; i++) {
		random_policy(&policy, &arena);
		ASSERT_EQ(0, bpf_compile(&policy, &prog, &error))
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
