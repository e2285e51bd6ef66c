/* SPDX-License-Identifier: MIT */
/*
 * Traps that lie in how a call comes to the kernel: from another code segment, by the page of
 * vsyscalls, and by way of a tracer, which may put another call in its place.
 *
 * The filter must see what the kernel then does: the architecture whose numbers count, a call that
 * no instruction asked for, the number that the tracer left there.
 *
 * ptrace(2), vdso(7), linux/Documentation/userspace-api/seccomp_filter.rst
 */
#include "bpf/bpf.h"

#include <sys/ptrace.h>
#include <sys/user.h>

#include "tests/bpf/trap.h"

#ifdef __x86_64__

/* ---- the 32-bit code segment ---- */

#define USER32_CS 0x23
#define USER_CS	  0x33

/*
 * A page that 32-bit code can reach, with a few instructions in it, and one behind it for a stack:
 *
 *	mov %rsp, SLOT; mov $SLOT, %esp; push $0x23; push $1f; lretq
 * 1:	mov %cs, %ebp; int $0x80; ljmp $0x33, $2f			(32-bit code)
 * 2:	mov SLOT, %rsp; ret
 */
static const unsigned char *far_code(void)
{
	static const unsigned char text[] = {
		0x48, 0x89,	 0x24, 0x25, 0, 0,	 0, 0, /* 0: SLOT at 4 */
		0xbc, 0,	 0,    0,    0,		       /* 8: SLOT at 9 */
		0x6a, USER32_CS, 0x68, 0,    0, 0,	 0,    /* 13: where to at 16 */
		0x48, 0xcb,				       /* 20 */
		0x8c, 0xcd,	 0xcd, 0x80,		       /* 22: the other mode */
		0xea, 0,	 0,    0,    0, USER_CS, 0,    /* 26: where to at 27 */
		0x48, 0x8b,	 0x24, 0x25, 0, 0,	 0, 0, /* 33: SLOT at 37 */
		0xc3,
	};
	static unsigned char *page;
	uint32_t slot, there, back;

	if (page)
		return page;
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
		    0);
	if (page == MAP_FAILED)
		return page = NULL;
	slot = (uint32_t)(uintptr_t)page + 8192 - 64;
	there = (uint32_t)(uintptr_t)page + 22;
	back = (uint32_t)(uintptr_t)page + 33;
	memcpy(page, text, sizeof(text));
	memcpy(page + 4, &slot, 4);
	memcpy(page + 9, &slot, 4);
	memcpy(page + 16, &there, 4);
	memcpy(page + 27, &back, 4);
	memcpy(page + 37, &slot, 4);
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0)
		return page = NULL;
	return page;
}

/* i386's way, from 32-bit code; -EL3RST: it was none. */
static long by_far_jump(long nr, const uint64_t *args)
{
	register const unsigned char *code asm("r12") = far_code();
	register uint64_t segment asm("r13") = 0;
	uint64_t b = args[0], c = args[1], d = args[2], s = args[3], e = args[4];
	long ret = nr;

	if (!code)
		return -ENOMEM;
	asm volatile("sub $128, %%rsp\n\t" /* whatever the compiler has below the stack */
		     "push %%rbp\n\t"
		     "call *%[code]\n\t"
		     "mov %%ebp, %%r13d\n\t"
		     "pop %%rbp\n\t"
		     "add $128, %%rsp"
		     : "+a"(ret), "+b"(b), "+c"(c), "+d"(d), "+S"(s), "+D"(e), [code] "+r"(code),
		       "+r"(segment)
		     :
		     : "memory", "r8", "r9", "r10", "r11", "r14", "r15", "cc");
	return segment == USER32_CS ? (int)ret : -EL3RST;
}

static bool has_int80(void)
{
	const struct deed getpid_i386 = { .enter = by_int80, .nr = 20 };

	return outcome(NULL, make_call, &getpid_i386) == 0;
}

/* A 64-bit program need not stay one: 39 is getpid() of x86_64, and mkdir() of i386. */
TEST(far_jump_to_32_bit_code)
{
	const char one[] = "default allow; unknown allow; errno(EXFULL) getpid";
	const char two[] = "abi x86_64 i386; default allow; errno(EXFULL) getpid";
	const char other[] = "abi x86_64 i386; default allow; errno(EXFULL) mkdir";
	const struct deed deeds[] = {
		{ one, NULL, 39, { 0 }, EXFULL, 0 },
		{ one, by_far_jump, 20, { 0 }, KILLED, 0 },
		{ one, by_far_jump, 39, { 0 }, KILLED, EFAULT },
		{ two, by_far_jump, 20, { 0 }, EXFULL, 0 },
		{ two, by_far_jump, 39, { 0 }, EFAULT, EFAULT },
		{ other, by_far_jump, 39, { 0 }, EXFULL, EFAULT },
		{ other, by_far_jump, 20, { 0 }, 0, 0 },
	};

	if (!has_int80())
		SKIP(return, "this kernel has no 32-bit system calls");
	ASSERT_NE(NULL, far_code());
	CHECK_DEEDS(deeds);
}

/* ---- the page of vsyscalls ---- */

#define VSYSCALL_PAGE 0xffffffffff600000

/* Three calls that are made by calling an address; the kernel does them when that faults. */
static long by_vsyscall(long nr, const uint64_t *args)
{
	const uint64_t slot = nr == SYS_gettimeofday ? 0 : nr == SYS_time ? 1 : 2;
	long (*const at)(uint64_t a, uint64_t b, uint64_t c) =
		(long (*)(uint64_t, uint64_t, uint64_t))(VSYSCALL_PAGE + 1024 * slot);

	return at(args[0], args[1], args[2]);
}

/* No instruction says "syscall", and a filter decides all the same. */
TEST(vsyscalls)
{
	const char refused[] = "default allow; errno(EXFULL) time";
	const char killed[] = "default allow; kill time";
	const char ignored[] = "default allow; errno(EXFULL) gettimeofday";
	const char strict[] = "default kill; allow exit_group";
	struct timespec now[2]; /* large enough for what is written there */
	const uint64_t to = (uintptr_t)now;
	const struct deed deeds[] = {
		{ refused, by_vsyscall, SYS_time, { 0 }, EXFULL, 0 },
		{ killed, by_vsyscall, SYS_time, { 0 }, KILLED, 0 },
		{ ignored, by_vsyscall, SYS_time, { 0 }, 0, 0 },
		{ refused, by_vsyscall, SYS_gettimeofday, { to, 0 }, 0, 0 },
		{ ignored, by_vsyscall, SYS_gettimeofday, { to, 0 }, EXFULL, 0 },
		{ killed, by_vsyscall, SYS_gettimeofday, { to, 0 }, 0, 0 },
		{ refused, NULL, SYS_time, { 0 }, EXFULL, 0 },
		{ strict, by_vsyscall, SYS_getcpu, { to, 0 }, KILLED, 0 },
	};
	const struct deed probe = { .enter = by_vsyscall, .nr = SYS_time };

	if (outcome(NULL, make_call, &probe) == SIGNAL + SIGSEGV)
		SKIP(return, "this kernel has no page of vsyscalls");
	CHECK_DEEDS(deeds);
}

/* ---- a tracer ---- */

/* Be traced, get the filter PROG (NULL: none) and make the call FROM; what comes of it is left. */
static void be_traced(const struct bpf_prog *prog, long from)
{
	long ret;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(1);
	raise(SIGSTOP);
	if (prog && bpf_install(prog->insn, prog->len) < 0)
		_exit(1);
	ret = syscall(from);
	*result_page() = ret < 0 ? errno : 0;
	syscall(SYS_exit_group, 0);
}

/* At each entry of FROM in PID, put TO in its place; returns the exit status. */
static int replace_calls(pid_t pid, long from, long to)
{
	struct user_regs_struct regs;
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		return -1;
	while (ptrace(PTRACE_SYSCALL, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		if (WSTOPSIG(status) != (SIGTRAP | 0x80) || ptrace(PTRACE_GETREGS, pid, 0, &regs))
			continue;
		/* -ENOSYS: it is before the call. */
		if ((long)regs.rax == -ENOSYS && (long)regs.orig_rax == from) {
			regs.orig_rax = (unsigned long)to;
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
		}
	}
	return WIFSIGNALED(status) ? SIGNAL + WTERMSIG(status) : *result_page();
}

static int traced_outcome(const struct bpf_prog *prog, long from, long to)
{
	pid_t pid;

	if (!result_page())
		return UNDONE;
	*result_page() = UNDONE;
	pid = fork();
	if (pid == 0)
		be_traced(prog, from);
	return pid < 0 ? UNDONE : replace_calls(pid, from, to);
}

/*
 * Before Linux 4.8, filters ran first and the tracer after them, who could then make any call of
 * an allowed one. Since then it is the other way round. A filter that allows ptrace()
 * relies on that.
 */
TEST(tracers_come_before_filters)
{
	unsigned int i;

	if (traced_outcome(NULL, SYS_getppid, SYS_getppid) == -1)
		SKIP(return, "cannot trace here");
	ASSERT_EQ(0, compile("default allow; errno(EXFULL) getpid; kill getuid"));
	for (i = 0; i < GOALS; i++) {
		EXPECT_EQ(0, traced_outcome(&progs[i], SYS_getppid, SYS_getppid));
		EXPECT_EQ(EXFULL, traced_outcome(&progs[i], SYS_getppid, SYS_getpid))
		{
			TH_LOG("this kernel asks filters before tracers: never allow ptrace");
		}
		EXPECT_EQ(KILLED, traced_outcome(&progs[i], SYS_getppid, SYS_getuid));
		/* And the other way: what was not allowed is, if it becomes what is. */
		EXPECT_EQ(0, traced_outcome(&progs[i], SYS_getpid, SYS_getppid));
	}
	EXPECT_EQ(0, traced_outcome(NULL, SYS_getppid, SYS_getpid));
}

#else

TEST(ways_of_x86)
{
	SKIP(return, "these are ways of x86_64");
}

#endif

TEST_HARNESS_MAIN
