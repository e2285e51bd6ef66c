/* SPDX-License-Identifier: MIT */
/*
 * The traps of the system call ABI that filters fall into, one test for each, through the policy
 * language and the compiler, and with the kernel: architectures, x32, the width of
 * arguments, calls that hide others.
 *
 * Each has a neighbour that must not be hit. What is not here, because it is not a matter of
 * policies: kernel_test.c has checker and simulator against the kernel, tables_test.c the
 * numbers. traps_action_test.c has what becomes of a call.
 *
 * seccomp(2), syscall(2), clone(2); CVE-2009-0835, CVE-2019-7303, CVE-2019-10063
 */
#include "bpf/bench.h"
#include "bpf/bpf.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/audit.h>

#include "tests/bpf/trap.h"

#define HIGH	(UINT64_C(1) << 32) /* a bit that no int has */

#define X86_64	AUDIT_ARCH_X86_64
#define I386	AUDIT_ARCH_I386
#define AARCH64 AUDIT_ARCH_AARCH64
#define RISCV64 AUDIT_ARCH_RISCV64

/* ---- the architecture is looked at first ---- */

/* The number 39 is getpid() of x86_64 and mkdir() of i386, whose getpid() is 20. */
static const struct verdict by_architecture[] = {
	/* clang-format off */
	{ "abi x86_64; default allow; errno(EXFULL) getpid", X86_64, 39, { 0 }, E(EXFULL) },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", X86_64, 20, { 0 }, ALLOW },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", I386, 39, { 0 }, KILL },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", I386, 20, { 0 }, KILL },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", AARCH64, 39, { 0 }, KILL },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", 0, 39, { 0 }, KILL },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", UINT32_MAX, 39, { 0 }, KILL },
	{ "abi x86_64; default allow; errno(EXFULL) getpid", X86_64 ^ 0x80000000, 39, { 0 }, KILL },
	{ "abi i386; default allow; errno(EXFULL) getpid", I386, 20, { 0 }, E(EXFULL) },
	{ "abi i386; default allow; errno(EXFULL) getpid", I386, 39, { 0 }, ALLOW },
	{ "abi i386; default allow; errno(EXFULL) getpid", X86_64, 39, { 0 }, KILL },
	{ "abi x86_64 i386; default allow; errno(EXFULL) getpid", X86_64, 39, { 0 }, E(EXFULL) },
	{ "abi x86_64 i386; default allow; errno(EXFULL) getpid", I386, 20, { 0 }, E(EXFULL) },
	{ "abi x86_64 i386; default allow; errno(EXFULL) getpid", I386, 39, { 0 }, ALLOW },
	{ "abi x86_64 i386; default allow; errno(EXFULL) getpid", X86_64, 20, { 0 }, ALLOW },
	{ "abi x86_64 i386; default allow; errno(EXFULL) getpid", RISCV64, 172, { 0 }, KILL },
	{ "abi riscv64; default allow; unknown allow", X86_64, 39, { 0 }, KILL },
	/* clang-format on */
};

TEST(architecture_first)
{
	unsigned int i;

	CHECK_VERDICTS(by_architecture);
	/* And as the listing shows it: nothing is known of a number before. */
	ASSERT_EQ(0, compile("abi x86_64 i386; default allow; kill getpid; kill read if fd == 3"));
	for (i = 0; i < GOALS; i++) {
		EXPECT_EQ(BPF_LD | BPF_W | BPF_ABS, progs[i].insn[0].code);
		EXPECT_EQ(BPF_WORD_ARCH, progs[i].insn[0].k);
	}
}

#ifdef __x86_64__
static bool has_int80(void)
{
	const struct deed getpid_i386 = { .enter = by_int80, .nr = 20 };

	return outcome(NULL, make_call, &getpid_i386) == 0;
}

TEST(architecture_first_in_the_kernel)
{
	const char one[] = "default allow; errno(EXFULL) getpid";
	const char two[] = "abi x86_64 i386; default allow; errno(EXFULL) getpid";
	const struct deed deeds[] = {
		{ one, NULL, 39, { 0 }, EXFULL, 0 },
		{ one, by_int80, 20, { 0 }, KILLED, 0 },
		{ one, by_int80, 39, { 0 }, KILLED, EFAULT },
		{ two, NULL, 39, { 0 }, EXFULL, 0 },
		{ two, by_int80, 20, { 0 }, EXFULL, 0 },
		{ two, by_int80, 39, { 0 }, EFAULT, EFAULT },
	};

	if (!has_int80())
		SKIP(return, "this kernel has no 32-bit system calls");
	CHECK_DEEDS(deeds);
}
#endif

/* ---- x32 ---- */

#define X32 BPF_X32_BIT

static const struct verdict by_x32_bit[] = {
	/* clang-format off */
	{ "abi x86_64; default allow; errno(EXFULL) getpid", X86_64, X32 | 39, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, X32 | 39, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, X32 | 514, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, X32, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, X32 - 1, { 0 }, ALLOW },
	{ "abi x86_64 x32; default allow; errno(EXFULL) getpid", X86_64, X32 | 39, { 0 },
	  E(EXFULL) },
	{ "abi x86_64 x32; default allow; errno(EXFULL) getpid", X86_64, X32 | 40, { 0 }, ALLOW },
	{ "abi x86_64 x32; default allow; errno(EXFULL) ioctl", X86_64, X32 | 514, { 0 },
	  E(EXFULL) },
	{ "abi x86_64 x32; default allow; errno(EXFULL) ioctl", X86_64, 16, { 0 }, E(EXFULL) },
	{ "abi x32; default allow; unknown allow", X86_64, 39, { 0 }, KILL },
	/* On another architecture, the bit is a bit. */
	{ "abi i386; default allow; unknown allow", I386, X32 | 20, { 0 }, ALLOW },
	{ "abi i386; default allow; unknown errno(EXFULL)", I386, X32 | 20, { 0 }, E(EXFULL) },
	/* clang-format on */
};

TEST(x32_bit)
{
	CHECK_VERDICTS(by_x32_bit);
}

/* Before Linux 5.4, they went to x32's functions without the bit, too. */
TEST(x32_numbers_without_the_bit)
{
	uint32_t nr;

	ASSERT_EQ(0, compile("abi x86_64 x32; default allow; unknown errno(EXFULL)"));
	for (nr = 512; nr <= 547; nr++) {
		EXPECT_EQ(E(EXFULL), decide_nr(X86_64, nr));
		EXPECT_EQ(ALLOW, decide_nr(X86_64, X32 | nr));
	}
	EXPECT_EQ(E(EXFULL), decide_nr(X86_64, X32 | nr));
	ASSERT_EQ(0, compile("abi x86_64; default allow"));
	for (nr = 512; nr <= 547; nr++)
		EXPECT_EQ(E(ENOSYS), decide_nr(X86_64, nr));
	EXPECT_EQ(ALLOW, decide_nr(X86_64, bpf_syscall_max(BPF_X86_64)));
}

static const struct verdict by_minus_one[] = {
	/* clang-format off */
	{ "abi x86_64; default allow; unknown allow", X86_64, UINT32_MAX, { 0 }, KILL },
	{ "abi x86_64 x32; default allow; unknown allow", X86_64, UINT32_MAX, { 0 }, KILL },
	{ "abi x32; default allow; unknown allow", X86_64, UINT32_MAX, { 0 }, KILL },
	{ "abi x86_64 i386 x32; default allow; unknown allow; kill 0xffff", X86_64, UINT32_MAX,
	  { 0 }, KILL },
	{ "abi i386; default allow; unknown errno(EXFULL)", I386, UINT32_MAX, { 0 }, E(EXFULL) },
	{ "abi aarch64; default allow; unknown errno(EXFULL)", AARCH64, UINT32_MAX, { 0 },
	  E(EXFULL) },
	/* clang-format on */
};

/* What a tracer puts in place of the number, to have no call. */
TEST(minus_one)
{
	CHECK_VERDICTS(by_minus_one);
}

#ifdef __x86_64__
TEST(x32_bit_in_the_kernel)
{
	const char one[] = "default allow; unknown allow; errno(EXFULL) getpid";
	const char two[] = "abi x86_64 x32; default allow; errno(EXFULL) getpid";
	const char said[] = "default allow; unknown errno(EXFULL)";
	const struct deed getpid_x32 = { .nr = X32 | 39 };
	const int without = outcome(NULL, make_call, &getpid_x32);
	const struct deed deeds[] = {
		{ one, NULL, 39, { 0 }, EXFULL, 0 },
		{ one, NULL, X32 | 39, { 0 }, KILLED, without },
		{ one, NULL, X32 | 110, { 0 }, KILLED, without },
		{ two, NULL, X32 | 39, { 0 }, EXFULL, without },
		{ two, NULL, X32 | 110, { 0 }, without, without },
		{ said, NULL, 514, { UINT64_MAX }, EXFULL, NOT_THAT },
		{ one, NULL, -1, { 0 }, KILLED, ENOSYS },
	};

	EXPECT_TRUE(without == 0 || without == ENOSYS); /* it has x32, or not */
	CHECK_DEEDS(deeds);
}

/*
 * The number is an int: a filter does not look at the upper half of rax, nor does the kernel. An
 * old one does, and has no such call, but only where there is no filter.
 */
TEST(upper_half_of_the_number)
{
	const char one[] = "default allow; errno(EXFULL) getpid";
	const long high = (long)HIGH;
	const struct deed getppid = { NULL, NULL, high | 110, { 0 }, 0, 0 };
	const int old = outcome(NULL, make_call, &getppid) == ENOSYS ? ENOSYS : 0;
	const struct deed deeds[] = {
		{ one, NULL, high | 39, { 0 }, EXFULL, NOT_THAT },
		{ one, NULL, high | 110, { 0 }, 0, old },
	};

	CHECK_DEEDS(deeds);
}
#endif

/* ---- numbers are an int, and compared as if they were unsigned ---- */

static const struct verdict by_sign[] = {
	/* clang-format off */
	{ "abi x86_64; default allow; unknown allow", X86_64, 0x3fffffff, { 0 }, ALLOW },
	{ "abi x86_64; default allow; unknown allow", X86_64, 0x7fffffff, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, 0x80000000, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, 0x80000027, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, 0xbfffffff, { 0 }, KILL },
	{ "abi x86_64; default allow; unknown allow", X86_64, 0xc0000027, { 0 }, KILL },
	{ "abi x86_64 x32; default allow; unknown allow", X86_64, 0x7fffffff, { 0 }, ALLOW },
	{ "abi x86_64 x32; default allow; unknown allow", X86_64, 0x80000000, { 0 }, KILL },
	{ "abi x86_64 x32; default allow; unknown allow", X86_64, 0xc0000027, { 0 }, KILL },
	/* To allow the lowest numbers is not to allow those below zero. */
	{ "abi i386; default kill; unknown errno(EXFULL); allow 0 1 2 3", I386, 0, { 0 }, ALLOW },
	{ "abi i386; default kill; unknown errno(EXFULL); allow 0 1 2 3", I386, 4, { 0 }, KILL },
	{ "abi i386; default kill; unknown errno(EXFULL); allow 0 1 2 3", I386, 0x80000000, { 0 },
	  E(EXFULL) },
	{ "abi i386; default kill; unknown errno(EXFULL); allow 0 1 2 3", I386, 0x7fffffff, { 0 },
	  E(EXFULL) },
	{ "abi aarch64; default kill; unknown errno(EXFULL); allow 0 1", AARCH64, 0x80000000, { 0 },
	  E(EXFULL) },
	/* clang-format on */
};

TEST(numbers_are_unsigned)
{
	CHECK_VERDICTS(by_sign);
}

#ifdef __x86_64__
TEST(numbers_are_unsigned_in_the_kernel)
{
	static const struct deed deeds[] = {
		{ "default allow; unknown allow", NULL, 0x80000000, { 0 }, KILLED, NOT_THAT },
		{ "default allow; unknown allow", NULL, 0x80000027, { 0 }, KILLED, NOT_THAT },
		{ "default allow; unknown allow", NULL, 0xc0000027, { 0 }, KILLED, NOT_THAT },
		{ "default allow; unknown allow", NULL, 0x3fffffff, { 0 }, ENOSYS, ENOSYS },
	};

	CHECK_DEEDS(deeds);
}
#endif

/* ---- an int argument is the low word, a long one is both ---- */

#define PERSONALITY_QUERY 0xffffffff /* changes nothing */

TEST(int_arguments_are_low_words)
{
	const char family[] = "default allow; errno(EXFULL) socket if family == AF_UNIX";
	const char cmd[] = "default allow; errno(EXFULL) ioctl if cmd == 0x541b"; /* FIONREAD */
	const char fcntl_cmd[] = "default allow; errno(EXFULL) fcntl if cmd in {1, 3}";
	const char option[] = "default allow; errno(EXFULL) prctl if option == PR_GET_DUMPABLE";
	const char person[] = "default allow; errno(EXFULL) personality if personality > 0xffff";
	const char pid[] = "default allow; errno(EXFULL) kill if pid == 0";
	uint64_t in, out = (uintptr_t)&in;
	int ends[2];

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	in = (uint64_t)ends[0];
	{
		const struct deed deeds[] = {
			{ family, NULL, SYS_socket, { AF_UNIX, SOCK_STREAM }, EXFULL, 0 },
			{ family, NULL, SYS_socket, { HIGH | AF_UNIX, SOCK_STREAM }, EXFULL, 0 },
			{ family, NULL, SYS_socket, { HIGH << 31 | AF_UNIX, 1 }, EXFULL, 0 },
			{ family, NULL, SYS_socket, { HIGH | AF_INET, SOCK_DGRAM }, 0, 0 },
			{ cmd, NULL, SYS_ioctl, { in, FIONREAD, out }, EXFULL, 0 },
			{ cmd, NULL, SYS_ioctl, { in, HIGH | FIONREAD, out }, EXFULL, 0 },
			{ cmd, NULL, SYS_ioctl, { in, HIGH | FIOCLEX }, 0, 0 },
			{ fcntl_cmd, NULL, SYS_fcntl, { in, HIGH | F_GETFD }, EXFULL, 0 },
			{ fcntl_cmd, NULL, SYS_fcntl, { in, HIGH | F_GETFL }, EXFULL, 0 },
			{ fcntl_cmd, NULL, SYS_fcntl, { in, HIGH | F_SETFD }, 0, 0 },
			{ option, NULL, SYS_prctl, { HIGH | PR_GET_DUMPABLE }, EXFULL, 0 },
			{ option, NULL, SYS_prctl, { HIGH | PR_GET_NO_NEW_PRIVS }, 0, 0 },
			{ person, NULL, SYS_personality, { HIGH | PERSONALITY_QUERY }, EXFULL, 0 },
			{ person, NULL, SYS_personality, { HIGH }, 0, 0 },
			{ pid, NULL, SYS_kill, { HIGH, 0 }, EXFULL, 0 },
			{ pid, NULL, SYS_kill, { HIGH | (uint32_t)getpid(), 0 }, 0, 0 },
		};

		CHECK_DEEDS(deeds);
	}
}

TEST(long_arguments_are_both_words)
{
	const char one[] = "default allow; errno(EXFULL) mmap; allow mmap if len == 0x1000";
	const char other[] = "default allow; errno(EXFULL) mmap if len == 0x1000";
	const char few[] = "default allow; errno(EXFULL) mmap if len > 0x100000";
	const char bit[] = "default allow; errno(EXFULL) mmap if len & 0x100000000";
	const char far[] = "default allow; errno(EXFULL) lseek if offset >= 0x100000000";
	const char neg[] = "default allow; errno(EXFULL) lseek if offset < 0";
	const uint64_t how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, none = UINT64_MAX;
	const uint64_t in = (uint64_t)memfd_create("traps", MFD_CLOEXEC);
	const struct deed deeds[] = {
		{ one, NULL, SYS_mmap, { 0, 0x1000, 0, how, none }, 0, 0 },
		{ one, NULL, SYS_mmap, { 0, HIGH | 0x1000, 0, how, none }, EXFULL, 0 },
		{ other, NULL, SYS_mmap, { 0, 0x1000, 0, how, none }, EXFULL, 0 },
		{ other, NULL, SYS_mmap, { 0, HIGH | 0x1000, 0, how, none }, 0, 0 },
		{ few, NULL, SYS_mmap, { 0, 0x100000, 0, how, none }, 0, 0 },
		{ few, NULL, SYS_mmap, { 0, HIGH, 0, how, none }, EXFULL, 0 },
		{ bit, NULL, SYS_mmap, { 0, HIGH | 0x1000, 0, how, none }, EXFULL, 0 },
		{ bit, NULL, SYS_mmap, { 0, HIGH << 1 | 0x1000, 0, how, none }, 0, 0 },
		{ far, NULL, SYS_lseek, { in, 0xffffffff, SEEK_SET }, 0, 0 },
		{ far, NULL, SYS_lseek, { in, HIGH, SEEK_SET }, EXFULL, 0 },
		{ far, NULL, SYS_lseek, { in, none, SEEK_SET }, EINVAL, EINVAL },
		{ neg, NULL, SYS_lseek, { in, none, SEEK_SET }, EXFULL, EINVAL },
		{ neg, NULL, SYS_lseek, { in, 0x80000000, SEEK_SET }, 0, 0 },
		{ neg, NULL, SYS_lseek, { in, HIGH << 31, SEEK_SET }, EXFULL, EINVAL },
	};

	ASSERT_GE((int)in, 0);
	CHECK_DEEDS(deeds);
}

/* One libc hands an int over with its sign, the other with zeros above. */
TEST(negative_constants)
{
	const char here[] = "default allow; errno(EXFULL) openat; allow openat if dfd == AT_FDCWD";
	const char minus[] = "default allow; errno(EXFULL) personality;"
			     "allow personality if personality == -1";
	const char ones[] = "default allow; errno(EXFULL) personality;"
			    "allow personality if personality == 0xffffffff";
	const char any[] = "default allow; errno(EXFULL) wait4 if upid == -1";
	const char below[] = "default allow; errno(EXFULL) wait4 if upid < -1";
	const uint64_t root = (uintptr_t) "/", none = UINT64_MAX;
	const struct deed deeds[] = {
		{ here, NULL, SYS_openat, { (uint64_t)AT_FDCWD, root, O_CLOEXEC }, 0, 0 },
		{ here, NULL, SYS_openat, { (uint32_t)AT_FDCWD, root, O_CLOEXEC }, 0, 0 },
		{ here, NULL, SYS_openat, { (uint32_t)-99, root, O_CLOEXEC }, EXFULL, 0 },
		{ minus, NULL, SYS_personality, { none }, 0, 0 },
		{ minus, NULL, SYS_personality, { 0xffffffff }, 0, 0 },
		{ minus, NULL, SYS_personality, { 0 }, EXFULL, 0 },
		{ ones, NULL, SYS_personality, { none }, 0, 0 },
		{ ones, NULL, SYS_personality, { 0xffffffff }, 0, 0 },
		{ ones, NULL, SYS_personality, { 0 }, EXFULL, 0 },
		{ any, NULL, SYS_wait4, { none, 0, WNOHANG }, EXFULL, ECHILD },
		{ any, NULL, SYS_wait4, { 0xffffffff, 0, WNOHANG }, EXFULL, ECHILD },
		{ any, NULL, SYS_wait4, { 0, 0, WNOHANG }, ECHILD, ECHILD },
		{ below, NULL, SYS_wait4, { none - 1, 0, WNOHANG }, EXFULL, ECHILD },
		{ below, NULL, SYS_wait4, { 0xfffffffe, 0, WNOHANG }, EXFULL, ECHILD },
		{ below, NULL, SYS_wait4, { none, 0, WNOHANG }, ECHILD, ECHILD },
		{ below, NULL, SYS_wait4, { 1, 0, WNOHANG }, ECHILD, ECHILD },
	};

	CHECK_DEEDS(deeds);
}

/* ---- new processes ---- */

/* clone() takes an unsigned long and reads 32 bits of it: bit 33 is for clone3() alone. */
TEST(clone_flags)
{
	const char bit[] = "default allow; errno(EXFULL) clone if clone_flags & CLONE_FS";
	const char only[] = "default allow; errno(EXFULL) clone;"
			    "allow clone if clone_flags == 17"; /* SIGCHLD */
	const struct deed deeds[] = {
		{ bit, NULL, SYS_clone, { SIGCHLD | CLONE_FS }, EXFULL, 0 },
		{ bit, NULL, SYS_clone, { HIGH | SIGCHLD | CLONE_FS }, EXFULL, 0 },
		{ bit, NULL, SYS_clone, { HIGH << 1 | SIGCHLD | CLONE_FILES }, 0, 0 },
		{ only, NULL, SYS_clone, { SIGCHLD }, 0, 0 },
		{ only, NULL, SYS_clone, { HIGH << 1 | SIGCHLD }, 0, 0 },
		{ only, NULL, SYS_clone, { HIGH << 1 | SIGCHLD | CLONE_FS }, EXFULL, 0 },
	};
	static const struct verdict verdicts[] = {
		/* clang-format off */
		{ "abi i386; default allow; kill clone if clone_flags & CLONE_NEWUSER",
		  I386, 120, { HIGH | CLONE_NEWUSER }, KILL },
		{ "abi aarch64; default allow; kill clone if clone_flags & CLONE_NEWUSER",
		  AARCH64, 220, { HIGH | CLONE_NEWUSER }, KILL },
		{ "abi riscv64; default allow; kill clone if clone_flags & CLONE_NEWUSER",
		  RISCV64, 220, { HIGH << 2 | CLONE_NEWUSER }, KILL },
		{ "abi riscv64; default allow; kill clone if clone_flags & CLONE_NEWUSER",
		  RISCV64, 220, { HIGH << 2 | CLONE_NEWNET }, ALLOW },
		/* clang-format on */
	};

	CHECK_DEEDS(deeds);
	CHECK_VERDICTS(verdicts);
}

static void *do_nothing(void *arg)
{
	return arg;
}

static int start_thread(const void *ctx)
{
	pthread_t thread;
	const int ret = pthread_create(&thread, NULL, do_nothing, NULL);

	(void)ctx;
	return ret ? ret : pthread_join(thread, NULL);
}

#if defined(__GLIBC__) && defined(__x86_64__)
#define LIBC_USES_CLONE3 __GLIBC_PREREQ(2, 34)
#else
#define LIBC_USES_CLONE3 0
#endif

/* Its flags are behind a pointer. libc goes back to clone() if there is no clone3(). */
TEST(clone3_is_not_there)
{
	EXPECT_EQ(-EINVAL, parse("default allow; kill clone3 if flags & CLONE_NEWUSER"));
	EXPECT_EQ(-EINVAL, parse("default allow; kill clone3 if clone_flags & CLONE_NEWUSER"));
	ASSERT_EQ(0, compile("default allow; errno(ENOSYS) clone3"));
	EXPECT_EQ(0, walled(start_thread, NULL));
	ASSERT_EQ(0, compile("default allow; errno(ENOSYS) clone3; kill clone if clone_flags & "
			     "CLONE_THREAD"));
	EXPECT_EQ(KILLED, walled(start_thread, NULL)); /* so it was clone() */
	ASSERT_EQ(0, compile("default allow; errno(EPERM) clone3"));
	EXPECT_EQ(LIBC_USES_CLONE3 ? EPERM : 0, walled(start_thread, NULL));
	EXPECT_EQ(0, outcome(NULL, start_thread, NULL));
}

/* ---- words ---- */

/* Each argument is where it is thought to be, and its halves are not exchanged. */
TEST(order_of_words)
{
	const uint64_t value = UINT64_C(0x1111111122222222), swapped = value << 32 | value >> 32;
	char text[100];
	unsigned int i, j;

	for (i = 0; i < 6; i++) {
		struct deed deeds[8] = { { 0 } };

		snprintf(text, sizeof(text),
			 "default allow; errno(EXFULL) getppid if arg%u == %#lx", i, value);
		for (j = 0; j < COUNT(deeds); j++) {
			deeds[j].policy = text;
			deeds[j].nr = SYS_getppid;
		}
		for (j = 0; j < 6; j++)
			deeds[j].args[j] = value;
		deeds[i].behind = EXFULL;
		deeds[6].args[i] = swapped;
		deeds[7].args[i] = (uint32_t)value;
		CHECK_DEEDS(deeds);
	}
}

/* ---- i386 ---- */

/* Does the table of calls that do the same have INSTEAD for NAME? */
static bool is_sibling(const char *name, const char *instead)
{
	const struct bpf_syscall *call = bpf_syscall_find(name, strlen(name)), *other;
	size_t i;

	for (i = 0; (other = bpf_sibling(call, i)); i++)
		if (!strcmp(other->name, instead))
			return true;
	return false;
}

#ifdef __x86_64__
/* Where a 32-bit pointer reaches. */
static uint32_t *low_page(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
			-1, 0);

	return at == MAP_FAILED ? NULL : at;
}

#define I386_IPC	117
#define NO_KEY		0x7fffeee1 /* of a semaphore that is not there */
#define I386_MMAP2	192
#define I386_SEMGET	393
#define I386_SOCKET	359
#define I386_SOCKETCALL 102

/* Their arguments are behind a pointer, too, and they do what a dozen other calls do. */
TEST(multiplexers)
{
	const char alone[] = "abi x86_64 i386; default allow; errno(EXFULL) socket semget";
	const char both[] = "abi x86_64 i386; default allow; errno(EXFULL) socket semget;"
			    "errno(ENOSYS) socketcall; errno(EBADE) ipc";
	const uint32_t socket_args[3] = { AF_UNIX, SOCK_STREAM, 0 };
	uint32_t *args = low_page();
	const uint64_t at = (uintptr_t)args;
	const struct deed deeds[] = {
		{ alone, by_int80, I386_SOCKET, { AF_UNIX, SOCK_STREAM }, EXFULL, 0 },
		{ alone, by_int80, I386_SOCKETCALL, { 1, at }, 0, 0 }, /* the trap */
		{ both, by_int80, I386_SOCKETCALL, { 1, at }, ENOSYS, 0 },
		{ alone, by_int80, I386_SEMGET, { NO_KEY, 1, 0 }, EXFULL, ENOENT },
		{ alone, by_int80, I386_IPC, { 2, NO_KEY, 1, 0 }, ENOENT, ENOENT }, /* the trap */
		{ both, by_int80, I386_IPC, { 2, NO_KEY, 1, 0 }, EBADE, ENOENT },
		{ both, NULL, SYS_socket, { AF_UNIX, SOCK_STREAM }, EXFULL, 0 },
	};

	EXPECT_EQ(-EINVAL, parse("abi i386; default allow; kill socketcall if family == AF_UNIX"));
	EXPECT_EQ(-EINVAL, parse("abi x86_64 i386; default allow; kill ipc if semid == 1"));
	EXPECT_TRUE(is_sibling("socket", "socketcall"));
	EXPECT_TRUE(is_sibling("semget", "ipc"));
	ASSERT_NE(NULL, args);
	if (!has_int80())
		SKIP(return, "this kernel has no 32-bit system calls");
	memcpy(args, socket_args, sizeof(socket_args));
	CHECK_DEEDS(deeds);
}

/* By int $0x80 a filter sees whole registers, of which the call takes the low words. */
TEST(i386_high_words)
{
	const char len[] = "abi x86_64 i386; default allow; errno(EXFULL) mmap2 if len == 0x1000";
	const char arg1[] = "abi i386; default allow; errno(EXFULL) mmap2; "
			    "allow mmap2 if arg1 == 0x1000";
	const char family[] = "abi x86_64 i386; default allow; errno(EXFULL) socket if family < 2";
	const uint64_t how = MAP_PRIVATE | MAP_ANONYMOUS;
	const struct deed deeds[] = {
		{ len, by_int80, I386_MMAP2, { 0, 0x1000, 0, how }, EXFULL, 0 },
		{ len, by_int80, I386_MMAP2, { 0, HIGH | 0x1000, 0, how }, EXFULL, 0 },
		{ len, by_int80, I386_MMAP2, { 0, HIGH | 0x2000, 0, how }, 0, 0 },
		{ family, by_int80, I386_SOCKET, { HIGH | AF_UNIX, SOCK_STREAM }, EXFULL, 0 },
		{ family, by_int80, I386_SOCKET, { HIGH | AF_INET, SOCK_DGRAM }, 0, 0 },
	};
	struct seccomp_data data = { .arch = I386, .nr = I386_MMAP2 };
	unsigned int i, j;

	ASSERT_EQ(0, compile(arg1));
	for (i = 0; i < GOALS; i++)
		for (j = 0; j < progs[i].len; j++)
			if (progs[i].insn[j].code == (BPF_LD | BPF_W | BPF_ABS))
				EXPECT_NE(bpf_word_hi(1), progs[i].insn[j].k);
	data.args[1] = HIGH << 31 | 0x1000;
	EXPECT_EQ(ALLOW, decide(&data));
	data.args[1]++;
	EXPECT_EQ(E(EXFULL), decide(&data));
	if (!has_int80())
		SKIP(return, "this kernel has no 32-bit system calls");
	CHECK_DEEDS(deeds);
}
#endif

/* ---- other ways to the same end ---- */

/* What a rule on CALL does not stop: OTHER is known on every ABI, by name, and can be denied. */
TEST(equivalents)
{
	static const struct {
		const char *call, *other;
	} rows[] = {
		{ "openat", "io_uring_setup" },
		{ "openat", "io_uring_enter" },
		{ "socket", "io_uring_setup" },
		{ "ptrace", "pidfd_getfd" },
		{ "ptrace", "process_vm_readv" },
		{ "ptrace", "process_vm_writev" },
		{ "openat", "openat2" },
		{ "execve", "execveat" },
		{ "clone", "clone3" },
		{ "kill", "pidfd_send_signal" },
		{ "mount", "move_mount" },
		{ "mprotect", "pkey_mprotect" },
		{ "read", "preadv2" },
		{ "write", "pwritev2" },
		{ "renameat", "renameat2" },
		{ "fchmodat", "fchmodat2" },
		{ "setrlimit", "prlimit64" },
	};
	char text[120];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const struct bpf_syscall *call, *other;
		unsigned int abi;

		call = bpf_syscall_find(rows[i].call, strlen(rows[i].call));
		other = bpf_syscall_find(rows[i].other, strlen(rows[i].other));
		ASSERT_TRUE(call && other)
		{
			TH_LOG("%s, %s", rows[i].call, rows[i].other);
		}
		EXPECT_TRUE(is_sibling(rows[i].call, rows[i].other))
		{
			TH_LOG("%s, %s", rows[i].call, rows[i].other);
		}
		snprintf(text, sizeof(text),
			 "abi x86_64 i386 x32 aarch64 riscv64; default allow; errno(EXFULL) %s",
			 rows[i].other);
		ASSERT_EQ(0, compile(text));
		for (abi = 0; abi < BPF_ABIS; abi++) {
			const uint32_t arch = bpf_abis[abi].arch, bit = bpf_abis[abi].nr_bit;

			EXPECT_NE(BPF_NO_NR, other->nr[abi]);
			EXPECT_EQ(E(EXFULL), decide_nr(arch, bit | (uint32_t)other->nr[abi]));
			if (call->nr[abi] != BPF_NO_NR)
				EXPECT_EQ(ALLOW, decide_nr(arch, bit | (uint32_t)call->nr[abi]));
		}
	}
	ASSERT_EQ(0, compile("default allow; errno(EXFULL) io_uring_setup"));
	EXPECT_EQ(E(EXFULL), decide_nr(bpf_abis[bpf_abi_native()].arch, SYS_io_uring_setup));
}

TEST_HARNESS_MAIN
