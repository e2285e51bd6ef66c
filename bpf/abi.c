/* SPDX-License-Identifier: MIT */
/*
 * The ABIs: whose numbers a system call's number belongs to.
 *
 * seccomp_data.arch holds an AUDIT_ARCH_* value, which is the ELF machine with
 * two bits on top, "64-bit" and "little-endian".  It does not tell x32 from
 * x86_64: x32 calls come in by the same door and are marked by bit 30 of their
 * number alone.  A filter that looks at the architecture and not at that bit
 * judges x32's calls by x86_64's rules.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/elf-em.h>

#include "bpf/native.h"

const struct bpf_abi bpf_abis[BPF_ABIS] = {
	[BPF_X86_64] = { "x86_64", AUDIT_ARCH_X86_64, 0, true },
	[BPF_I386] = { "i386", AUDIT_ARCH_I386, 0, false },
	[BPF_X32] = { "x32", AUDIT_ARCH_X86_64, BPF_X32_BIT, true },
	[BPF_AARCH64] = { "aarch64", AUDIT_ARCH_AARCH64, 0, true },
	[BPF_RISCV64] = { "riscv64", AUDIT_ARCH_RISCV64, 0, true },
};

/* What uname -m, Debian, OCI and gcc call them. */
/* clang-format off */
static const struct {
	const char *name;
	enum bpf_abi_id abi;
} aliases[] = {
	{ "amd64", BPF_X86_64 },
	{ "arm64", BPF_AARCH64 },
	{ "i486", BPF_I386 },
	{ "i586", BPF_I386 },
	{ "i686", BPF_I386 },
	{ "x86", BPF_I386 },
	{ "x86-64", BPF_X86_64 },
};
/* clang-format on */

int bpf_abi_find(const char *name)
{
	size_t i;

	for (i = 0; i < BPF_ABIS; i++)
		if (!strcmp(bpf_abis[i].name, name))
			return (int)i;
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcmp(aliases[i].name, name))
			return (int)aliases[i].abi;
	return -ENOENT;
}

enum bpf_abi_id bpf_abi_native(void)
{
	return BPF_NATIVE;
}

/*
 * Bit 30 means x32 only below 2^31.  The kernel takes the number as an int
 * (do_syscall_x64(), do_syscall_x32()): a negative one is no call of either,
 * and fails with ENOSYS.  It is reported as x86_64's, where a policy sees a
 * number that it does not know.
 */
int bpf_abi_of(uint32_t arch, uint32_t nr)
{
	size_t i;

	if (arch == AUDIT_ARCH_X86_64)
		return nr >> 30 == 1 ? BPF_X32 : BPF_X86_64;
	for (i = 0; i < BPF_ABIS; i++)
		if (bpf_abis[i].arch == arch)
			return (int)i;
	return -ENOENT;
}
