/* SPDX-License-Identifier: MIT */
/*
 * ABIs: their names, and which of them a pair of architecture and number is.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/audit.h>

#include "kselftest_harness.h"

TEST(names)
{
	static const struct {
		const char *name;
		int abi;
	} cases[] = {
		{ "x86_64", BPF_X86_64 }, { "amd64", BPF_X86_64 },
		{ "x86-64", BPF_X86_64 }, { "i386", BPF_I386 },
		{ "i686", BPF_I386 },	  { "x86", BPF_I386 },
		{ "x32", BPF_X32 },	  { "aarch64", BPF_AARCH64 },
		{ "arm64", BPF_AARCH64 }, { "riscv64", BPF_RISCV64 },
		{ "", -ENOENT },	  { "x86_6", -ENOENT },
		{ "x86_64 ", -ENOENT },	  { "X86_64", -ENOENT },
		{ "mips", -ENOENT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].abi, bpf_abi_find(cases[i].name))
		TH_LOG("case %zu", i);
	}
}

TEST(table)
{
	size_t i, j;

	for (i = 0; i < BPF_ABIS; i++) {
		ASSERT_NE(NULL, bpf_abis[i].name);
		EXPECT_EQ((int)i, bpf_abi_find(bpf_abis[i].name));
		for (j = 0; j < i; j++) {
			EXPECT_FALSE(bpf_abis[i].arch == bpf_abis[j].arch &&
				     bpf_abis[i].nr_bit == bpf_abis[j].nr_bit);
		}
	}
	EXPECT_FALSE(bpf_abis[BPF_I386].long64);
	EXPECT_TRUE(bpf_abis[BPF_X86_64].long64);
	EXPECT_EQ(0x40000000u, bpf_abis[BPF_X32].nr_bit);
}

TEST(of)
{
	static const struct {
		uint32_t arch, nr;
		int abi;
	} cases[] = {
		{ AUDIT_ARCH_X86_64, 0, BPF_X86_64 },
		{ AUDIT_ARCH_X86_64, 0x3fffffff, BPF_X86_64 },
		{ AUDIT_ARCH_X86_64, 0x40000000, BPF_X32 },
		{ AUDIT_ARCH_X86_64, 0x40000223, BPF_X32 },
		{ AUDIT_ARCH_X86_64, 0x7fffffff, BPF_X32 },
		{ AUDIT_ARCH_X86_64, 0x80000000, BPF_X86_64 },
		{ AUDIT_ARCH_X86_64, 0xc0000000, BPF_X86_64 },
		{ AUDIT_ARCH_X86_64, 0xffffffff, BPF_X86_64 },
		{ AUDIT_ARCH_I386, 0, BPF_I386 },
		{ AUDIT_ARCH_I386, 0x40000000, BPF_I386 },
		{ AUDIT_ARCH_AARCH64, 0x40000000, BPF_AARCH64 },
		{ AUDIT_ARCH_RISCV64, 63, BPF_RISCV64 },
		{ AUDIT_ARCH_ARM, 0, -ENOENT },
		{ AUDIT_ARCH_PPC64LE, 0, -ENOENT },
		{ 0, 0, -ENOENT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].abi, bpf_abi_of(cases[i].arch, cases[i].nr))
		TH_LOG("arch %#x nr %#x", cases[i].arch, cases[i].nr);
	}
}

/* What this program itself calls is the native ABI's. */
TEST(native)
{
	enum bpf_abi_id native = bpf_abi_native();
	const struct bpf_syscall *call;
	struct utsname name;

	call = bpf_syscall_nr(native, SYS_getpid & ~BPF_X32_BIT);
	ASSERT_NE(NULL, call);
	EXPECT_STREQ("getpid", call->name);
	if (sizeof(long) == 4 || uname(&name))
		SKIP(return, "a 32-bit program does not see its ABI in uname(2)");
	EXPECT_EQ((int)native, bpf_abi_find(name.machine))
	TH_LOG("machine %s", name.machine);
}

TEST_HARNESS_MAIN
