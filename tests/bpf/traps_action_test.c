/* SPDX-License-Identifier: MIT */
/*
 * Traps in what becomes of a call, through the policy language and the compiler, and with the
 * kernel: actions and their order in a stack of filters, numbers that no policy knows,
 * what is needed after installation, what the kernel remembers as always allowed.
 *
 * sim_test.c has what spoils the cache, instruction by instruction; kernel_test.c stacks of
 * programs that are not compiled. traps_test.c has the traps of the ABI.
 *
 * seccomp(2), prctl(2), Documentation/userspace-api/seccomp_filter.rst in the kernel
 */
#include "bpf/bench.h"
#include "bpf/bpf.h"

#include <pthread.h>

#include "tests/bpf/trap.h"

/* ---- actions ---- */

#define TRAPPED 20000
#define FAKED	20001 /* success, but the call was not made */

static volatile sig_atomic_t trapped;

static void note_trap(int sig)
{
	(void)sig;
	trapped = 1;
}

static int ask_parent(const void *ctx)
{
	long ret;

	(void)ctx;
	trapped = 0;
	signal(SIGSYS, note_trap);
	ret = syscall(SYS_getppid);
	if (trapped)
		return TRAPPED;
	return ret < 0 ? errno : ret == 0 ? FAKED : 0;
}

static int ask_behind_two(const void *ctx)
{
	const struct bpf_prog *second = ctx;

	return bpf_install(second->insn, second->len) ? UNDONE : ask_parent(NULL);
}

static const struct {
	const char *action;
	int outcome; /* of getppid(), when nobody traces or listens */
} stack_rows[] = {
	{ "allow", 0 },
	{ "log", 0 },
	{ "trace", ENOSYS },
	{ "notify", ENOSYS },
	{ "errno(EXFULL)", EXFULL },
	{ "errno(EBADE)", EBADE },
	{ "trap", TRAPPED },
	{ "kill-thread", KILLED },
	{ "kill", KILLED },
};

#define STACK_ROWS COUNT(stack_rows)

TEST(order_of_actions_in_a_stack)
{
	static struct bpf_prog filters[STACK_ROWS];
	uint32_t actions[STACK_ROWS], strictest;
	char text[80];
	size_t i, k, n;

	for (i = 0; i < STACK_ROWS; i++) {
		const char *action = stack_rows[i].action;

		ASSERT_EQ(0, bpf_action_parse(action, strlen(action), &actions[i]));
		snprintf(text, sizeof(text), "default allow; %s getppid", action);
		ASSERT_EQ(0, compile(text));
		filters[i] = progs[0];
		EXPECT_EQ(stack_rows[i].outcome, walled(ask_parent, NULL))
		{
			TH_LOG("%s", action);
		}
	}
	for (i = 0; i < STACK_ROWS; i++) {
		for (k = 0; k < STACK_ROWS; k++) {
			/* The newer one runs first, and wins a tie. */
			strictest = bpf_strictest(actions[k], actions[i]);
			for (n = 0; actions[n] != strictest; n++)
				;
			EXPECT_EQ(stack_rows[n].outcome,
				  outcome(&filters[i], ask_behind_two, &filters[k]))
			{
				TH_LOG("%s, then %s", stack_rows[i].action, stack_rows[k].action);
			}
		}
	}
}

/* 0 would be success without the call, and above 4095 is no error to libc. */
TEST(range_of_errno)
{
	EXPECT_EQ(-EINVAL, parse("default allow; errno(0) getppid"));
	EXPECT_EQ(-EINVAL, parse("default allow; errno(4096) getppid"));
	EXPECT_EQ(-EINVAL, parse("default allow; errno(-1) getppid"));
	EXPECT_EQ(-EINVAL, parse("default errno(65536)"));
	EXPECT_EQ(-EINVAL, parse("default allow; unknown errno(0)"));
	ASSERT_EQ(0, compile("default allow; errno(4095) getppid"));
	EXPECT_EQ(4095, walled(ask_parent, NULL));
	ASSERT_EQ(0, compile("default allow; errno(1) getppid"));
	EXPECT_EQ(1, walled(ask_parent, NULL));
}

/* PROG, which answers getppid() with EXFULL, made to answer with VALUE. */
static struct bpf_prog answer_with(const struct bpf_prog *prog, uint32_t value)
{
	struct bpf_prog other = *prog;
	unsigned int i;

	for (i = 0; i < other.len; i++)
		if (other.insn[i].code == (BPF_RET | BPF_K) && other.insn[i].k == E(EXFULL))
			other.insn[i].k = value;
	return other;
}

/* 0: they do the same. */
static int differ(const struct bpf_prog *a, const struct bpf_prog *b)
{
	const struct bpf_pair pair = { .a = a->insn, .b = b->insn, .alen = a->len, .blen = b->len };

	return bpf_diff(&pair, &arena, NULL, &error);
}

/* What a program can say and no policy: with the kernel, and when programs are compared. */
TEST(odd_actions)
{
	static const struct {
		uint32_t value, same;
		int outcome;
	} rows[] = {
		{ 0x12340000, SECCOMP_RET_KILL_PROCESS, KILLED }, /* there is no such action */
		{ 0x00010000, SECCOMP_RET_KILL_PROCESS, KILLED },
		{ 0x7ffd0000, SECCOMP_RET_KILL_PROCESS, KILLED },
		{ 0xffff0000, SECCOMP_RET_KILL_PROCESS, KILLED },
		{ SECCOMP_RET_ALLOW | 1, SECCOMP_RET_ALLOW, 0 },
		{ SECCOMP_RET_ERRNO | 4096, SECCOMP_RET_ERRNO | 4095, 4095 },
		{ SECCOMP_RET_ERRNO | 0xffff, SECCOMP_RET_ERRNO | 4095, 4095 },
		{ SECCOMP_RET_ERRNO, SECCOMP_RET_ERRNO, FAKED },
	};
	struct bpf_prog odd, same;
	size_t i;

	ASSERT_EQ(0, compile("default allow; errno(EXFULL) getppid"));
	for (i = 0; i < COUNT(rows); i++) {
		odd = answer_with(&progs[0], rows[i].value);
		same = answer_with(&progs[0], rows[i].same);
		EXPECT_EQ(0, differ(&odd, &same))
		{
			TH_LOG("%#x, %#x: %s", rows[i].value, rows[i].same, error.text);
		}
		EXPECT_EQ(rows[i].outcome, outcome(&odd, ask_parent, NULL))
		{
			TH_LOG("%#x", rows[i].value);
		}
		EXPECT_EQ(rows[i].outcome, outcome(&same, ask_parent, NULL));
	}
	odd = answer_with(&progs[0], SECCOMP_RET_ERRNO); /* looks like success, and is none */
	same = answer_with(&progs[0], SECCOMP_RET_ALLOW);
	EXPECT_EQ(1, differ(&odd, &same));
}

static void *call_getppid(void *arg)
{
	syscall(SYS_getppid);
	return arg;
}

static int thread_calls_getppid(const void *ctx)
{
	pthread_t thread;
	const int ret = pthread_create(&thread, NULL, call_getppid, NULL);

	(void)ctx;
	return ret ? ret : pthread_join(thread, NULL);
}

/* "kill" is of the process; to kill one thread leaves a process that is no longer sane. */
TEST(kill_is_of_the_process)
{
	ASSERT_EQ(0, compile("default allow; kill getppid"));
	EXPECT_EQ(KILLED, walled(thread_calls_getppid, NULL));
	ASSERT_EQ(0, compile("default allow; kill-thread getppid"));
	EXPECT_EQ(0, walled(thread_calls_getppid, NULL));
	EXPECT_EQ(0, outcome(NULL, thread_calls_getppid, NULL));
}

/* ---- flags of seccomp(2) ---- */

#define WAIT_KILLABLE (1u << 5) /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, since Linux 5.19 */

static int install_flags(const struct bpf_prog *prog, unsigned int flags)
{
	struct sock_fprog fprog = { (unsigned short)prog->len,
				    (struct sock_filter *)(uintptr_t)prog->insn };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog) < 0 ? errno : 0;
}

static int ask_with_flags(const void *ctx)
{
	const unsigned int *flags = ctx;
	const int ret = install_flags(&progs[0], *flags);

	return ret ? ret : ask_parent(NULL);
}

static int listen_twice(const void *ctx)
{
	const int ret = install_flags(&progs[0], SECCOMP_FILTER_FLAG_NEW_LISTENER);

	return ret ? ret : install_flags(&progs[0], *(const unsigned int *)ctx);
}

/* A filter is as good with each of them; what does not go together is refused, not ignored. */
TEST(flags)
{
	static const struct {
		unsigned int flags;
		int outcome;
	} rows[] = {
		{ 0, EXFULL },
		{ SECCOMP_FILTER_FLAG_TSYNC, EXFULL },
		{ SECCOMP_FILTER_FLAG_LOG, EXFULL },
		{ SECCOMP_FILTER_FLAG_SPEC_ALLOW, EXFULL },
		{ SECCOMP_FILTER_FLAG_NEW_LISTENER, EXFULL },
		{ SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC, EINVAL },
		{ SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC |
			  SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
		  EXFULL },
		{ WAIT_KILLABLE, EINVAL },
		{ 1u << 31, EINVAL },
	};
	const unsigned int none = 0, listener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	size_t i;

	ASSERT_EQ(0, compile("default allow; errno(EXFULL) getppid"));
	for (i = 0; i < COUNT(rows); i++) {
		EXPECT_EQ(rows[i].outcome, outcome(NULL, ask_with_flags, &rows[i].flags))
		{
			TH_LOG("flags %#x", rows[i].flags);
		}
	}
	EXPECT_EQ(EBUSY, outcome(NULL, listen_twice, &listener));
	EXPECT_EQ(0, outcome(NULL, listen_twice, &none));
}

/* ---- what the kernel remembers as always allowed ---- */

/* With any arguments the same, and that is to be allowed, without more ado. */
static bool always_allowed(uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = { .arch = arch, .nr = (int)nr };
	const int abi = bpf_abi_of(arch, nr);
	const struct bpf_rule *rule;
	const struct bpf_call *call;

	for (rule = policy.rules; rule && abi >= 0; rule = rule->next)
		for (call = rule->calls; call && rule->cond; call = call->next)
			if (call->syscall->nr[abi] == (int)(nr & ~bpf_abis[abi].nr_bit))
				return false;
	return decide(&data) == ALLOW;
}

static const char *const cached_policies[] = {
	"abi x86_64; default errno(EPERM); allow read write close futex exit_group clock_gettime",
	"abi x86_64; default allow; unknown allow",
	"abi x86_64; default log; allow read write; log close getpid",
	"abi x86_64 i386; default errno(EPERM); allow read write getpid ioctl; log close openat;"
	"allow mprotect if prot & PROT_EXEC == 0; errno(EACCES) ioctl if cmd == TIOCSTI;"
	"allow munmap if len < 0x100000; trap mount; notify connect; trace execve",
	"abi x86_64 i386 x32; default allow; kill ptrace; errno(EPERM) socket if family == 38;"
	"errno(EPERM) clone if clone_flags & CLONE_NEWUSER; errno(ENOSYS) clone3; log keyctl",
	"abi aarch64 riscv64; default errno(EPERM); allow read write close openat;"
	"allow socket if family == AF_UNIX; log getpid",
};

TEST(cache)
{
	unsigned int i, goal, abi, yes = 0, no = 0;
	uint32_t nr;

	for (i = 0; i < COUNT(cached_policies); i++) {
		ASSERT_EQ(0, compile(cached_policies[i]));
		for (abi = 0; abi < BPF_ABIS; abi++) {
			const uint32_t arch = bpf_abis[abi].arch, bit = bpf_abis[abi].nr_bit;

			for (nr = 0; nr < bpf_syscall_max((enum bpf_abi_id)abi) + 3; nr++) {
				const bool expected = !bit && always_allowed(arch, nr);

				yes += expected;
				no += !expected;
				for (goal = 0; goal < GOALS; goal++)
					EXPECT_EQ(expected,
						  bpf_is_cached(progs[goal].insn, progs[goal].len,
								arch, bit | nr))
					{
						TH_LOG("%s: %s %u, goal %u", cached_policies[i],
						       bpf_abis[abi].name, nr, goal);
					}
			}
		}
	}
	EXPECT_LT(500, yes);
	EXPECT_LT(500, no);
}

/* ---- numbers that nobody knows ---- */

/* libc tries what is new, and takes ENOSYS for "not there", EPERM for "forbidden". */
TEST(unknown_numbers_are_not_there)
{
	char text[60];
	unsigned int abi, gaps;
	uint32_t nr, max;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		const uint32_t arch = bpf_abis[abi].arch, bit = bpf_abis[abi].nr_bit;

		snprintf(text, sizeof(text), "abi %s; default errno(EPERM)", bpf_abis[abi].name);
		ASSERT_EQ(0, compile(text));
		max = bpf_syscall_max((enum bpf_abi_id)abi);
		for (nr = 0, gaps = 0; nr <= max; nr++) {
			EXPECT_EQ(E(EPERM), decide_nr(arch, bit | nr));
			gaps += !bpf_syscall_nr((enum bpf_abi_id)abi, nr);
		}
		EXPECT_LT(5, gaps); /* they were among them */
		EXPECT_EQ(E(ENOSYS), decide_nr(arch, bit | (max + 1)));
		EXPECT_EQ(E(ENOSYS), decide_nr(arch, bit | (max + 2)));
		EXPECT_EQ(E(ENOSYS), decide_nr(arch, bit | 0x3fffffff));
	}
}

/* On x86_64 from 337 to 423, on others from 295 to 402 and more. */
static long first_gap(enum bpf_abi_id abi)
{
	uint32_t nr = 340;

	while (bpf_syscall_nr(abi, nr))
		nr++;
	return nr;
}

TEST(unknown_numbers_in_the_kernel)
{
	const char perm[] = "default errno(EPERM); allow exit_group";
	const char kill[] = "default kill; allow exit_group";
	const char said[] = "default errno(EPERM); unknown errno(EXFULL); allow exit_group";
	const long max = (long)bpf_syscall_max(bpf_abi_native());
	const long gap = first_gap(bpf_abi_native());
	const struct deed deeds[] = {
		{ perm, NULL, gap, { 0 }, EPERM, ENOSYS },
		{ perm, NULL, max + 100, { 0 }, ENOSYS, ENOSYS },
		{ perm, NULL, SYS_getppid, { 0 }, EPERM, 0 },
		{ kill, NULL, gap, { 0 }, KILLED, ENOSYS },
		{ kill, NULL, max + 100, { 0 }, ENOSYS, ENOSYS },
		{ said, NULL, gap, { 0 }, EPERM, ENOSYS },
		{ said, NULL, max + 100, { 0 }, EXFULL, ENOSYS },
	};

	EXPECT_LT(gap, max);
	CHECK_DEEDS(deeds);
}

/* ---- between installation and exec ---- */

static int return_zero(const void *ctx)
{
	(void)ctx;
	return 0;
}

static int install_again(const void *ctx)
{
	const struct bpf_prog *prog = ctx;

	return -bpf_install(prog->insn, prog->len);
}

/* What a filter needs to be installed, it may deny; what comes after must be let through. */
TEST(nothing_is_needed_for_installation)
{
	const char none[] = "default errno(EXFULL); allow exit_group";
	const char four[] = "default allow; errno(EXFULL) execve prctl seccomp write";
	const uint64_t root = (uintptr_t) "/", zero = SECCOMP_GET_ACTION_AVAIL;
	const struct deed deeds[] = {
		{ none, NULL, SYS_execve, { root, 0, 0 }, EXFULL, EACCES },
		{ none, NULL, SYS_prctl, { PR_SET_NO_NEW_PRIVS, 1 }, EXFULL, 0 },
		{ none, NULL, SYS_seccomp, { zero, 0, 0 }, EXFULL, EFAULT },
		{ none, NULL, SYS_write, { UINT64_MAX, 0, 0 }, EXFULL, EBADF },
		{ four, NULL, SYS_execve, { root, 0, 0 }, EXFULL, EACCES },
		{ four, NULL, SYS_prctl, { PR_SET_NO_NEW_PRIVS, 1 }, EXFULL, 0 },
		{ four, NULL, SYS_getppid, { 0 }, 0, 0 },
	};

	CHECK_DEEDS(deeds);
	EXPECT_EQ(EXFULL, walled(install_again, &progs[0]));
	ASSERT_EQ(0, compile("default allow; errno(EXFULL) execve"));
	EXPECT_EQ(0, walled(install_again, &progs[0]));
	/* Installed it was, and then nothing is left to do, exit_group(2) included. */
	ASSERT_EQ(0, compile("default kill; unknown kill"));
	EXPECT_EQ(KILLED, walled(return_zero, NULL));
	EXPECT_EQ(0, outcome(NULL, return_zero, NULL));
}

#ifdef __x86_64__
/* A uretprobe's trampoline makes call 335, so newer kernels let it pass, and then 336. */
TEST(uprobes_are_exempt)
{
	const struct deed none = { .nr = 337 };
	struct deed uprobe = { .nr = 335 };
	int behind;

	ASSERT_EQ(0, compile("default errno(EXFULL); allow exit_group"));
	for (; uprobe.nr <= 336; uprobe.nr++) {
		behind = outcome(&progs[0], make_call, &uprobe);
		EXPECT_TRUE(behind == EXFULL || behind == SIGNAL + SIGILL || behind == ENXIO ||
			    behind == EPROTO)
		{
			TH_LOG("%ld: %d", uprobe.nr, behind);
		}
	}
	EXPECT_EQ(EXFULL, walled(make_call, &none));
	EXPECT_EQ(ENOSYS, outcome(NULL, make_call, &none));
}
#endif

TEST_HARNESS_MAIN
