/* SPDX-License-Identifier: MIT */
/*
 * The tables: system calls, how their arguments are read, constants, suggestions.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <sched.h>
#include <time.h>

#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>

#include "kselftest_harness.h"

static const struct bpf_syscall *call(const char *name)
{
	return bpf_syscall_find(name, strlen(name));
}

TEST(sorted)
{
	size_t i;

	ASSERT_GT(bpf_nsyscalls, 450);
	for (i = 1; i < bpf_nsyscalls; i++) {
		EXPECT_LT(strcmp(bpf_syscalls[i - 1].name, bpf_syscalls[i].name), 0)
		TH_LOG("%s, %s", bpf_syscalls[i - 1].name, bpf_syscalls[i].name);
	}
}

TEST(find)
{
	size_t i, len;

	for (i = 0; i < bpf_nsyscalls; i++) {
		len = strlen(bpf_syscalls[i].name);
		EXPECT_EQ(&bpf_syscalls[i], bpf_syscall_find(bpf_syscalls[i].name, len));
	}
	EXPECT_EQ(NULL, call(""));
	EXPECT_EQ(NULL, call("ope"));
	EXPECT_EQ(NULL, call("opena"));
	EXPECT_EQ(NULL, call("OPEN"));
	EXPECT_EQ(NULL, call("zzz"));
	/* The length counts, not a NUL. */
	ASSERT_NE(NULL, bpf_syscall_find("openat2", 4));
	EXPECT_STREQ("open", bpf_syscall_find("openat2", 4)->name);
	EXPECT_STREQ("openat2", bpf_syscall_find("openat2 ", 7)->name);
	EXPECT_EQ(NULL, bpf_syscall_find("open\0at", 7));
}

/* Every number of a row leads back to it, so no number has two rows. */
TEST(numbers)
{
	unsigned int abi, count;
	uint32_t max;
	size_t i;
	int nr;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		count = 0;
		max = 0;
		for (i = 0; i < bpf_nsyscalls; i++) {
			nr = bpf_syscalls[i].nr[abi];
			if (nr == BPF_NO_NR)
				continue;
			count++;
			max = nr > (int)max ? (uint32_t)nr : max;
			EXPECT_EQ(&bpf_syscalls[i], bpf_syscall_nr(abi, (uint32_t)nr))
			TH_LOG("%s %s", bpf_abis[abi].name, bpf_syscalls[i].name);
		}
		EXPECT_GE(count, 250);
		EXPECT_EQ(max, bpf_syscall_max(abi));
		EXPECT_EQ(NULL, bpf_syscall_nr(abi, max + 1));
		EXPECT_EQ(NULL, bpf_syscall_nr(abi, UINT_MAX));
		EXPECT_EQ(NULL, bpf_syscall_nr(abi, 1u << 30));
	}
}

TEST(rows)
{
	static const struct {
		const char *name;
		int nr[BPF_ABIS];
		const char *since;
	} cases[] = {
		{ "read", { 0, 3, 0, 63, 63 }, "1.0" },
		{ "execve", { 59, 11, 520, 221, 221 }, "1.0" },
		{ "seccomp", { 317, 354, 317, 277, 277 }, "3.17" },
		{ "ioctl", { 16, 54, 514, 29, 29 }, "1.0" },
		{ "open", { 2, 5, 2, -1, -1 }, "1.0" },
		{ "clone3", { 435, 435, 435, 435, 435 }, "5.3" },
		{ "socketcall", { -1, 102, -1, -1, -1 }, "1.0" },
		{ "fcntl64", { -1, 221, -1, -1, -1 }, "2.4" },
		{ "clock_gettime64", { -1, 403, -1, -1, -1 }, "5.1" },
		{ "riscv_flush_icache", { -1, -1, -1, -1, 259 }, "4.15" },
		{ "memfd_secret", { 447, 447, 447, 447, 447 }, "5.14" },
		{ "mseal", { 462, 462, 462, 462, 462 }, "6.10" },
		{ "rseq_slice_yield", { 471, 471, 471, 471, 471 }, "7.0" },
		{ "tuxcall", { 184, -1, 184, -1, -1 }, "" },
	};
	const struct bpf_syscall *row;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		row = call(cases[i].name);
		ASSERT_NE(NULL, row) TH_LOG("%s", cases[i].name);
		EXPECT_STREQ(cases[i].since, row->since) TH_LOG("%s", cases[i].name);
		for (j = 0; j < BPF_ABIS; j++) {
			EXPECT_EQ(cases[i].nr[j], row->nr[j])
			TH_LOG("%s %s", bpf_abis[j].name, cases[i].name);
		}
	}
}

/* clang-format off */
#define NATIVE(name) { #name, SYS_##name }
/* clang-format on */

TEST(native_numbers)
{
	static const struct {
		const char *name;
		long nr;
	} cases[] = {
		NATIVE(read),
		NATIVE(write),
		NATIVE(openat),
		NATIVE(close),
		NATIVE(mmap),
		NATIVE(mprotect),
		NATIVE(clone),
		NATIVE(execve),
		NATIVE(execveat),
		NATIVE(exit_group),
		NATIVE(ptrace),
		NATIVE(prctl),
		NATIVE(seccomp),
		NATIVE(bpf),
		NATIVE(keyctl),
		NATIVE(mount),
		NATIVE(umount2),
		NATIVE(pivot_root),
		NATIVE(unshare),
		NATIVE(setns),
		NATIVE(ioctl),
		NATIVE(fcntl),
		NATIVE(pread64),
		NATIVE(rt_sigreturn),
		NATIVE(process_madvise),
	};
	const struct bpf_syscall *row;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		row = call(cases[i].name);
		ASSERT_NE(NULL, row);
		EXPECT_EQ(cases[i].nr & ~(long)BPF_X32_BIT, row->nr[bpf_abi_native()])
		TH_LOG("%s", cases[i].name);
	}
}

/* The arguments that differ under one ABI, as bpf/tables.c has them. */
static const struct {
	unsigned short row;
	enum bpf_abi_id abi;
	unsigned char nargs;
	struct bpf_arg args[6];
} variants[] = {
#define BPF_DEF_VARIANTS
#include "bpf/syscalls.def"
#undef BPF_DEF_VARIANTS
};

/* No prototype has a type that the table of widths lacks; bpf_type_known() can say no. */
TEST(types_known)
{
	size_t i, j, known = 0;

	EXPECT_FALSE(bpf_type_known("struct stat"));
	EXPECT_FALSE(bpf_type_known(""));
	EXPECT_TRUE(bpf_type_known("const char *const *"));
	for (i = 0; i < bpf_nsyscalls; i++) {
		known += bpf_syscalls[i].args[0].name != NULL;
		ASSERT_LE(bpf_syscalls[i].nargs, 6);
		for (j = 0; j < bpf_syscalls[i].nargs; j++) {
			EXPECT_TRUE(bpf_type_known(bpf_syscalls[i].args[j].type))
			TH_LOG("%s: %s", bpf_syscalls[i].name, bpf_syscalls[i].args[j].type);
		}
	}
	EXPECT_GT(known, bpf_nsyscalls - 30);
	EXPECT_GT(ARRAY_SIZE(variants), 40);
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		EXPECT_NE(BPF_NO_NR, bpf_syscalls[variants[i].row].nr[variants[i].abi]);
		for (j = 0; j < variants[i].nargs; j++) {
			EXPECT_TRUE(bpf_type_known(variants[i].args[j].type))
			TH_LOG("%s: %s", bpf_syscalls[variants[i].row].name,
			       variants[i].args[j].type);
		}
	}
}

#define WHERE                                                                    \
	TH_LOG("%s(%s) under %s", argument_cases[i].call, argument_cases[i].arg, \
	       bpf_abis[argument_cases[i].abi].name)

static const struct argument_case {
	const char *call, *arg;
	enum bpf_abi_id abi;
	int index;
	unsigned int bits;
	bool is_signed, pointer;
} argument_cases[] = {
	{ "ioctl", "fd", BPF_X86_64, 0, 32, false, false },
	{ "ioctl", "cmd", BPF_X86_64, 1, 32, false, false },
	{ "ioctl", "request", BPF_X86_64, 1, 32, false, false },
	{ "ioctl", "arg", BPF_X86_64, 2, 64, false, false },
	{ "ioctl", "arg", BPF_I386, 2, 32, false, false },
	{ "ioctl", "arg", BPF_X32, 2, 32, false, false },
	{ "ioctl", "arg", BPF_AARCH64, 2, 64, false, false },
	{ "openat", "dfd", BPF_X86_64, 0, 32, true, false },
	{ "openat", "dirfd", BPF_X86_64, 0, 32, true, false },
	{ "openat", "filename", BPF_X86_64, 1, 64, false, true },
	{ "openat", "pathname", BPF_I386, 1, 32, false, true },
	{ "openat", "flags", BPF_X86_64, 2, 32, true, false },
	{ "openat", "mode", BPF_X86_64, 3, 16, false, false },
	{ "mmap", "prot", BPF_X86_64, 2, 64, false, false },
	{ "mmap", "prot", BPF_X32, 2, 64, false, false },
	{ "mmap", "length", BPF_RISCV64, 1, 64, false, false },
	{ "mmap", "prot", BPF_I386, -EOPNOTSUPP, 0, false, false },
	{ "mmap", "arg", BPF_I386, 0, 32, false, true },
	{ "mmap", "arg", BPF_X86_64, -EOPNOTSUPP, 0, false, false },
	{ "mmap2", "prot", BPF_I386, 2, 32, false, false },
	{ "socket", "family", BPF_X86_64, 0, 32, true, false },
	{ "socket", "domain", BPF_X86_64, 0, 32, true, false },
	{ "clone", "clone_flags", BPF_X86_64, 0, 32, false, false },
	{ "clone", "flags", BPF_X86_64, 0, 32, false, false },
	{ "clone", "tls", BPF_X86_64, 4, 64, false, false },
	{ "clone", "tls", BPF_AARCH64, 3, 64, false, false },
	{ "clone", "child_tidptr", BPF_X86_64, 3, 64, false, true },
	{ "clone", "child_tidptr", BPF_RISCV64, 4, 64, false, true },
	{ "clone", "child_tidptr", BPF_I386, 4, 32, false, true },
	{ "pread64", "pos", BPF_X86_64, 3, 64, true, false },
	{ "pread64", "pos", BPF_AARCH64, 3, 64, true, false },
	{ "pread64", "pos", BPF_I386, -EOPNOTSUPP, 0, false, false },
	{ "pread64", "fd", BPF_I386, 0, 32, false, false },
	{ "pread64", "nonsense", BPF_I386, -ENOENT, 0, false, false },
	{ "chown", "user", BPF_X86_64, 1, 32, false, false },
	{ "chown", "user", BPF_I386, 1, 16, false, false },
	{ "chown32", "user", BPF_I386, 1, 32, false, false },
	{ "kill", "pid", BPF_X86_64, 0, 32, true, false },
	{ "ptrace", "request", BPF_X86_64, 0, 64, true, false },
	{ "ptrace", "request", BPF_X32, 0, 32, true, false },
	{ "setuid", "uid", BPF_AARCH64, 0, 32, false, false },
	{ "lseek", "offset", BPF_X86_64, 1, 64, true, false },
	{ "lseek", "offset", BPF_I386, 1, 32, true, false },
	{ "getpid", "fd", BPF_X86_64, -ENOENT, 0, false, false },
	{ "getpid", "arg0", BPF_X86_64, 0, 64, false, false },
	{ "ioctl", "arg1", BPF_X86_64, 1, 64, false, false },
	{ "ioctl", "arg5", BPF_I386, 5, 32, false, false },
	{ "ioctl", "arg6", BPF_X86_64, -ENOENT, 0, false, false },
	{ "ioctl", "", BPF_X86_64, -ENOENT, 0, false, false },
	{ "tuxcall", "fd", BPF_X86_64, -EOPNOTSUPP, 0, false, false },
	{ "tuxcall", "arg3", BPF_X86_64, 3, 64, false, false },
	{ "set_thread_area", "u_info", BPF_I386, 0, 32, false, true },
	{ "set_thread_area", "u_info", BPF_X86_64, -EOPNOTSUPP, 0, false, false },
};

TEST(arguments)
{
	const struct bpf_syscall *row;
	struct bpf_argtype type, same;
	size_t i;
	int index;

	for (i = 0; i < ARRAY_SIZE(argument_cases); i++) {
		memset(&type, 0, sizeof(type));
		row = call(argument_cases[i].call);
		ASSERT_NE(NULL, row);
		index = bpf_syscall_arg(row, argument_cases[i].abi, argument_cases[i].arg,
					strlen(argument_cases[i].arg), &type);
		EXPECT_EQ(argument_cases[i].index, index) WHERE;
		EXPECT_EQ(argument_cases[i].bits, type.bits) WHERE;
		EXPECT_EQ(argument_cases[i].is_signed, type.is_signed) WHERE;
		EXPECT_EQ(argument_cases[i].pointer, type.pointer) WHERE;
		if (index < 0 || !strncmp(argument_cases[i].arg, "arg", 3))
			continue;
		same = bpf_arg_type(row, argument_cases[i].abi, (unsigned int)index);
		EXPECT_EQ(type.bits, same.bits) WHERE;
		EXPECT_EQ(type.is_signed, same.is_signed) WHERE;
		EXPECT_EQ(type.pointer, same.pointer) WHERE;
	}
}

/* What is not known is a word of the ABI. */
TEST(words)
{
	struct bpf_argtype type = { 0 };

	EXPECT_EQ(64, bpf_arg_type(call("getpid"), BPF_X86_64, 0).bits);
	EXPECT_EQ(64, bpf_arg_type(call("ioctl"), BPF_X86_64, 5).bits);
	EXPECT_EQ(32, bpf_arg_type(call("ioctl"), BPF_I386, 5).bits);
	EXPECT_EQ(64, bpf_arg_type(NULL, BPF_X86_64, 0).bits);
	EXPECT_EQ(32, bpf_arg_type(NULL, BPF_I386, 0).bits);
	EXPECT_EQ(2, bpf_syscall_arg(NULL, BPF_AARCH64, "arg2", 4, &type));
	EXPECT_EQ(64, type.bits);
	EXPECT_EQ(-EOPNOTSUPP, bpf_syscall_arg(NULL, BPF_AARCH64, "fd", 2, &type));
	/* The length counts. */
	EXPECT_EQ(0, bpf_syscall_arg(call("ioctl"), BPF_X86_64, "fdx", 2, &type));
	EXPECT_EQ(-ENOENT, bpf_syscall_arg(call("ioctl"), BPF_X86_64, "fd", 1, &type));
}

/* clang-format off */
#define C(name) { #name, (uint64_t)(name) }
/* clang-format on */

TEST(constants)
{
	static const struct {
		const char *name;
		uint64_t value;
	} cases[] = {
		C(PROT_EXEC),	    C(MAP_ANONYMOUS),
		C(MAP_FIXED),	    C(MADV_DONTNEED),
		C(AF_UNIX),	    C(AF_INET),
		C(AF_INET6),	    C(AF_NETLINK),
		C(AF_VSOCK),	    C(AF_ALG),
		C(PF_INET),	    C(SOCK_STREAM),
		C(SOCK_CLOEXEC),    C(IPPROTO_TCP),
		C(IPPROTO_ICMPV6),  C(SOL_SOCKET),
		C(SO_REUSEADDR),    C(SO_PEERCRED),
		C(CLONE_NEWUSER),   C(CLONE_THREAD),
		C(CLONE_IO),	    C(O_CREAT),
		C(O_DIRECTORY),	    C(O_NOFOLLOW),
		C(O_PATH),	    C(AT_FDCWD),
		C(AT_EMPTY_PATH),   C(F_SETFL),
		C(F_DUPFD_CLOEXEC), C(S_ISUID),
		C(TIOCSTI),	    C(TIOCLINUX),
		C(TCGETS),	    C(FIONREAD),
		C(PR_SET_NAME),	    C(PR_SET_SECCOMP),
		C(KEYCTL_READ),	    C(SIGKILL),
		C(SIGSYS),	    C(EPERM),
		C(ENOSYS),	    C(EWOULDBLOCK),
		C(RLIMIT_NPROC),    C(SCHED_FIFO),
		C(PTRACE_TRACEME),  C(PTRACE_ATTACH),
		C(MS_BIND),	    C(MS_REC),
		C(MNT_DETACH),	    C(UMOUNT_NOFOLLOW),
		C(EFD_SEMAPHORE),   C(MFD_ALLOW_SEALING),
		C(BPF_PROG_LOAD),   C(SECCOMP_RET_ALLOW),
		C(CLOCK_MONOTONIC), C(SPLICE_F_GIFT),
		C(MSG_NOSIGNAL),    C(MSG_OOB),
		C(PRIO_USER),
	};
	uint64_t value;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = ~cases[i].value;
		len = strlen(cases[i].name);
		EXPECT_EQ(0, bpf_constant(cases[i].name, len, &value))
		TH_LOG("%s", cases[i].name);
		EXPECT_EQ(cases[i].value, value) TH_LOG("%s", cases[i].name);
	}
	EXPECT_EQ(-ENOENT, bpf_constant("PROT_EXE", 8, &value));
	EXPECT_EQ(-ENOENT, bpf_constant("PROT_EXECX", 10, &value));
	EXPECT_EQ(0, bpf_constant("PROT_EXECX", 9, &value));
	EXPECT_EQ(-ENOENT, bpf_constant("", 0, &value));
	EXPECT_EQ(-ENOENT, bpf_constant("~", 1, &value));
	EXPECT_EQ(-ENOENT, bpf_constant("AF_MAX", 6, &value));
	EXPECT_EQ(-ENOENT, bpf_constant("AF_INET\0x", 9, &value));
	/* Negative ones are sign-extended. */
	ASSERT_EQ(0, bpf_constant("AT_FDCWD", 8, &value));
	EXPECT_EQ(-100, (int64_t)value);
}

TEST(constant_names)
{
	static const struct {
		const char *prefix;
		uint64_t value;
		const char *name;
	} cases[] = {
		{ "AF_", AF_UNIX, "AF_UNIX" },
		{ "AF_", AF_INET6, "AF_INET6" },
		{ "AF_", AF_NETLINK, "AF_NETLINK" },
		{ "AF_", 4711, NULL },
		{ "SOCK_", SOCK_STREAM, "SOCK_STREAM" },
		{ "PR_", PR_GET_PDEATHSIG, "PR_GET_PDEATHSIG" },
		{ "PR_", PR_SET_NAME, "PR_SET_NAME" },
		{ "PTRACE_", PTRACE_ATTACH, "PTRACE_ATTACH" },
		{ "PTRACE_", PTRACE_TRACEME, "PTRACE_TRACEME" },
		{ "SIG", SIGHUP, "SIGHUP" },
		{ "SIG", SIGABRT, "SIGABRT" },
		{ "SIG", SIGCHLD, "SIGCHLD" },
		{ "MS_", MS_RDONLY, "MS_RDONLY" },
		{ "KEYCTL_", KEYCTL_READ, "KEYCTL_READ" },
		{ "TIO", TIOCSTI, "TIOCSTI" },
		{ "MAP_", MAP_ANONYMOUS, "MAP_ANONYMOUS" },
		{ "IPPROTO_", IPPROTO_TCP, "IPPROTO_TCP" },
		{ "F_", F_DUPFD, "F_DUPFD" },
		{ "F_", F_SETFL, "F_SETFL" },
		{ "AT_", (uint64_t)AT_FDCWD, "AT_FDCWD" },
		{ "AT_", 0xffffff9c, NULL },
		{ "CLONE_", CLONE_NEWUSER, "CLONE_NEWUSER" },
		{ "NONSENSE_", 0, NULL },
	};
	const char *name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		name = bpf_constant_name(cases[i].prefix, cases[i].value);
		EXPECT_STREQ(cases[i].name ? cases[i].name : "none", name ? name : "none")
		TH_LOG("%s %#llx", cases[i].prefix, (unsigned long long)cases[i].value);
	}
}

/* The C library knows the same names, and every error that Linux has is named. */
TEST(errno_names)
{
	const char *libc;
	uint64_t value;
	unsigned int i, named = 0;
	const char *name;

	for (i = 1; i < 256; i++) {
		name = bpf_errno_name(i);
		libc = strerrorname_np((int)i);
		if (!name || !libc) {
			EXPECT_EQ(NULL, libc) TH_LOG("%u: %s", i, libc);
			continue;
		}
		named++;
		/* glibc says ENOTSUP where the kernel says EOPNOTSUPP. */
		if (strcmp(libc, "ENOTSUP")) {
			EXPECT_STREQ(libc, name);
		}
		EXPECT_EQ(0, bpf_constant(name, strlen(name), &value));
		EXPECT_EQ(i, value);
	}
	EXPECT_GT(named, 130);
	EXPECT_STREQ("EAGAIN", bpf_errno_name(EAGAIN));
	EXPECT_STREQ("EDEADLK", bpf_errno_name(EDEADLK));
	EXPECT_STREQ("EOPNOTSUPP", bpf_errno_name(EOPNOTSUPP));
	EXPECT_EQ(NULL, bpf_errno_name(0));
	EXPECT_EQ(NULL, bpf_errno_name(4095));
}

TEST(nearest)
{
	static const struct {
		const char *text, *name;
	} syscalls[] = {
		{ "opnat", "openat" },	   { "oepnat", "openat" },   { "raed", "read" },
		{ "wrte", "write" },	   { "exceve", "execve" },   { "Mprotect", "mprotect" },
		{ "clone33", "clone3" },   { "socketpari", "socketpair" },
		{ "open", "open" },	   { "frobnicate", NULL },   { "", NULL },
		{ "x", NULL },		   { "qqq", NULL },
	}, constants[] = {
		{ "PROT_EXCE", "PROT_EXEC" }, { "AF_INTE", "AF_INET" },
		{ "CLONE_NEWUESR", "CLONE_NEWUSER" }, { "prot_exec", "PROT_EXEC" },
		{ "FROBNICATE_ALL", NULL },
	};
	char longer[200];
	const char *name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(syscalls); i++) {
		name = bpf_nearest_syscall(syscalls[i].text, strlen(syscalls[i].text));
		EXPECT_STREQ(syscalls[i].name ? syscalls[i].name : "none", name ? name : "none")
		TH_LOG("%s", syscalls[i].text);
	}
	for (i = 0; i < ARRAY_SIZE(constants); i++) {
		name = bpf_nearest_constant(constants[i].text, strlen(constants[i].text));
		EXPECT_STREQ(constants[i].name ? constants[i].name : "none", name ? name : "none")
		TH_LOG("%s", constants[i].text);
	}
	memset(longer, 'a', sizeof(longer));
	EXPECT_EQ(NULL, bpf_nearest_syscall(longer, sizeof(longer)));
	EXPECT_STREQ("read", bpf_nearest_syscall("readxxxxxx", 4));
}

TEST_HARNESS_MAIN
