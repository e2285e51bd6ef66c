/* SPDX-License-Identifier: MIT */
/*
 * What policies mean, without any BPF: which rule decides, and how each comparison
 * treats widths, signs and masks.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

static char memory[1 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_policy policy;
static struct bpf_error error;

#define ALLOW SECCOMP_RET_ALLOW
#define KILL  SECCOMP_RET_KILL_PROCESS
#define E(n)  (SECCOMP_RET_ERRNO | (n))

static int set_policy(const char *const *lines)
{
	const struct bpf_place place = { "test", 1, 1 };
	unsigned int i;
	int ret = 0;

	arena.used = 0;
	bpf_policy_init(&policy, &arena);
	for (i = 0; lines[i] && ret == 0; i++)
		ret = bpf_policy_line(&policy, lines[i], &place, &error);
	return ret ? ret : bpf_policy_finish(&policy, &error);
}

static uint32_t eval(enum bpf_abi_id abi, uint32_t nr, const struct bpf_rule **rule)
{
	const struct seccomp_data data = { .arch = bpf_abis[abi].arch, .nr = (int)nr };

	return bpf_policy_eval(&policy, &data, rule);
}

/* One rule, "allow CALL if COND", and one value of the argument that COND is about. */
static const struct {
	const char *rule;
	uint32_t nr;
	unsigned int arg;
	uint64_t value;
	bool holds;
} conditions[] = {
	/* int: 32 bits, signed */
	{ "allow kill if pid == -1", 62, 0, 0xffffffff, true },
	{ "allow kill if pid == -1", 62, 0, UINT64_MAX, true },
	{ "allow kill if pid == 0xffffffff", 62, 0, UINT64_MAX, true },
	{ "allow kill if pid == -1", 62, 0, 0xfffffffe, false },
	{ "allow kill if pid != 7", 62, 0, UINT64_C(0x500000007), false },
	{ "allow kill if pid < 0", 62, 0, 0x80000000, true },
	{ "allow kill if pid < 0", 62, 0, 0x7fffffff, false },
	{ "allow kill if pid < 0", 62, 0, UINT64_C(0x8000000000000000), false },
	{ "allow kill if pid <= -2", 62, 0, 0xfffffffe, true },
	{ "allow kill if pid <= -2", 62, 0, 0xffffffff, false },
	{ "allow kill if pid > 5", 62, 0, 6, true },
	{ "allow kill if pid > 5", 62, 0, 5, false },
	{ "allow kill if pid > 5", 62, 0, 0xffffffff, false },
	{ "allow kill if pid >= 0x80000000", 62, 0, 3, true }, /* that is INT_MIN */
	/* masked: unsigned */
	{ "allow kill if pid & 0xff > 0x7f", 62, 0, 0xffffff80, true },
	{ "allow kill if pid & 0xff > 0x7f", 62, 0, 0xffffff7f, false },
	{ "allow kill if pid & -1 > 5", 62, 0, 0xffffffff, true },
	{ "allow kill if pid & 6", 62, 0, 4, true },
	{ "allow kill if pid & 6", 62, 0, UINT64_C(6) << 32 | 9, false },
	{ "allow kill if pid & 1 == 2", 62, 0, 3, false },
	{ "allow kill if pid & ~1 == 2", 62, 0, UINT64_C(0xabc00000003), true },
	/* unsigned int */
	{ "allow ioctl if cmd > 5", 16, 1, 0xffffffff, true },
	{ "allow ioctl if cmd > 5", 16, 1, UINT64_C(1) << 32, false },
	{ "allow ioctl if cmd < -1", 16, 1, 0xfffffffe, true },
	/* unsigned long: 64 bits */
	{ "allow munmap if len > 0xffffffff", 11, 1, UINT64_C(1) << 32, true },
	{ "allow munmap if len > 0xffffffff", 11, 1, 0xffffffff, false },
	{ "allow munmap if len == -1", 11, 1, UINT64_MAX, true },
	{ "allow munmap if len == -1", 11, 1, 0xffffffff, false },
	{ "allow munmap if len > 5", 11, 1, UINT64_MAX, true },
	{ "allow munmap if len & 0xffff00000000", 11, 1, UINT64_C(1) << 47, true },
	{ "allow munmap if len & 0xffff00000000", 11, 1, UINT64_C(1) << 48, false },
	/* off_t: 64 bits, signed */
	{ "allow lseek if offset < 0", 8, 1, UINT64_MAX, true },
	{ "allow lseek if offset < 0", 8, 1, 0xffffffff, false },
	{ "allow lseek if offset > -3", 8, 1, UINT64_MAX, true },
	{ "allow lseek if offset > -3", 8, 1, UINT64_MAX - 2, false },
	/* umode_t: 16 bits */
	{ "allow fchmod if mode == 0x1ff", 91, 1, 0xf01ff, true },
	{ "allow fchmod if mode == 0x1ff", 91, 1, 0x11ff, false },
	{ "allow fchmod if mode > 0xfffe", 91, 1, 0x1ffff, true },
	/* a word of which nothing is known */
	{ "allow kill if arg0 == 7", 62, 0, UINT64_C(0x500000007), false },
	{ "allow 62 if arg0 > 7", 62, 0, UINT64_MAX, true },
	/* and, or, not */
	{ "allow kill if !(pid == 3)", 62, 0, 3, false },
	{ "allow kill if !pid == 3", 62, 0, 4, true },
	{ "allow kill if pid == 3 || pid == 4 && sig == 1", 62, 0, 3, true },
	{ "allow kill if pid == 3 || pid == 4 && sig == 1", 62, 0, 4, false },
	{ "allow kill if (pid == 3 || pid == 4) && sig == 1", 62, 0, 3, false },
	{ "allow kill if pid in {1, 2, -3}", 62, 0, 0xfffffffd, true },
	{ "allow kill if pid in {1, 2, -3}", 62, 0, 3, false },
};

TEST(each_condition)
{
	const char *lines[] = { "abi x86_64", "default kill", NULL, NULL };
	struct seccomp_data data;
	size_t i;

	for (i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		lines[2] = conditions[i].rule;
		ASSERT_EQ(0, set_policy(lines))
		{
			TH_LOG("%s: %s", conditions[i].rule, error.text);
		}
		memset(&data, 0, sizeof(data));
		data.arch = bpf_abis[BPF_X86_64].arch;
		data.nr = (int)conditions[i].nr;
		data.args[conditions[i].arg] = conditions[i].value;
		EXPECT_EQ(conditions[i].holds ? ALLOW : KILL, bpf_policy_eval(&policy, &data, NULL))
		{
			TH_LOG("%s of %#llx", conditions[i].rule,
			       (unsigned long long)conditions[i].value);
		}
	}
}

TEST(last_rule_decides)
{
	const char *const lines[] = { "abi x86_64",	      "default kill",
				      "allow read write",     "errno(EIO) write",
				      "trap read if fd == 1", NULL };
	const struct bpf_rule *rule;

	ASSERT_EQ(0, set_policy(lines));
	EXPECT_EQ(ALLOW, eval(BPF_X86_64, 0, &rule));
	EXPECT_EQ(1, rule->number);
	EXPECT_EQ(E(EIO), eval(BPF_X86_64, 1, &rule));
	EXPECT_EQ(2, rule->number);
	EXPECT_EQ(KILL, eval(BPF_X86_64, 2, &rule));
	EXPECT_EQ(NULL, rule);
}

TEST(numbers)
{
	const char *const lines[] = { "abi x86_64 x32", "default errno(EACCES)", "unknown trap",
				      "allow read 7000", NULL };
	const uint32_t max = bpf_syscall_max(BPF_X86_64);
	const uint32_t x32_max = bpf_syscall_max(BPF_X32) | BPF_X32_BIT;

	ASSERT_EQ(0, set_policy(lines));
	EXPECT_EQ(ALLOW, eval(BPF_X86_64, 0, NULL));
	EXPECT_EQ(ALLOW, eval(BPF_X86_64, 7000, NULL));
	EXPECT_EQ(ALLOW, eval(BPF_X86_64, 7000 | BPF_X32_BIT, NULL));
	EXPECT_EQ(ALLOW, eval(BPF_X86_64, BPF_X32_BIT, NULL));
	EXPECT_EQ(E(EACCES), eval(BPF_X86_64, max, NULL));
	EXPECT_EQ(SECCOMP_RET_TRAP, eval(BPF_X86_64, max + 1, NULL));
	EXPECT_EQ(E(EACCES), eval(BPF_X86_64, x32_max, NULL));
	EXPECT_EQ(SECCOMP_RET_TRAP, eval(BPF_X86_64, x32_max + 1, NULL));
	EXPECT_EQ(SECCOMP_RET_TRAP, eval(BPF_X86_64, 0x7fffffff, NULL));
	EXPECT_EQ(KILL, eval(BPF_X86_64, 0x80000000, NULL));
	EXPECT_EQ(KILL, eval(BPF_X86_64, 0xffffffff, NULL));
	EXPECT_EQ(KILL, eval(BPF_I386, 3, NULL));
	EXPECT_EQ(KILL, eval(BPF_AARCH64, 63, NULL));
}

/* A name is another number elsewhere; an argument may be in another register. */
TEST(abis)
{
	const char *const lines[] = { "abi x86_64 i386 aarch64", "default kill", "allow write",
				      "errno(EIO) clone if clone_flags & 0x10000000", NULL };
	struct seccomp_data data = { 0 };

	ASSERT_EQ(0, set_policy(lines));
	EXPECT_EQ(ALLOW, eval(BPF_X86_64, 1, NULL));
	EXPECT_EQ(ALLOW, eval(BPF_I386, 4, NULL));
	EXPECT_EQ(ALLOW, eval(BPF_AARCH64, 64, NULL));
	EXPECT_EQ(KILL, eval(BPF_X86_64, 4, NULL));
	EXPECT_EQ(KILL, eval(BPF_X86_64, BPF_X32_BIT | 1, NULL));
	EXPECT_EQ(KILL, eval(BPF_RISCV64, 64, NULL));
	/* i386 has no upper halves. */
	EXPECT_EQ(E(ENOSYS), eval(BPF_I386, 0xffffffff, NULL));
	data.arch = bpf_abis[BPF_AARCH64].arch;
	data.nr = 220;
	EXPECT_EQ(KILL, bpf_policy_eval(&policy, &data, NULL));
	data.args[0] = 0x10000000;
	EXPECT_EQ(E(EIO), bpf_policy_eval(&policy, &data, NULL));
}

TEST_HARNESS_MAIN
