/* SPDX-License-Identifier: MIT */
/*
 * Installing filters, and asking which actions there are. Each filter goes into a child.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* getppid() fails with EXDEV, which it never does by itself. */
static const struct sock_filter deny_getppid[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, BPF_WORD_NR),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Exit status of a child that runs FN. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int getppid_result(void)
{
	return syscall(SYS_getppid) < 0 ? errno : 0;
}

static int with_filter(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || bpf_install(deny_getppid, 4))
		return 99;
	if (syscall(SYS_getpid) <= 0)
		return 98; /* its neighbour goes on working */
	return getppid_result();
}

TEST(a_filter_is_in_force)
{
	EXPECT_EQ(0, in_child(getppid_result));
	EXPECT_EQ(EXDEV, in_child(with_filter));
}

static int refused(void)
{
	const struct sock_filter no_ret[] = { BPF_STMT(BPF_LD | BPF_IMM, 0) };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 99;
	return -bpf_install(no_ret, 1);
}

static int empty(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 99;
	return -bpf_install(deny_getppid, 0);
}

/* 65536 + 4 would be 4 in an unsigned short. */
static int too_long(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 99;
	return -bpf_install(deny_getppid, 65536 + 4);
}

TEST(errors_come_back_as_numbers)
{
	EXPECT_EQ(EINVAL, in_child(refused));
	EXPECT_EQ(EINVAL, in_child(empty));
	EXPECT_EQ(EINVAL, in_child(too_long));
}

static int unprivileged(bool no_new_privs)
{
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		return 99;
	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 99;
	return -bpf_install(deny_getppid, COUNT(deny_getppid));
}

static int without_no_new_privs(void)
{
	return unprivileged(false);
}

static int with_no_new_privs(void)
{
	return unprivileged(true);
}

TEST(no_new_privs_is_needed)
{
	if (geteuid() != 0)
		SKIP(return, "needs root, to become nobody");
	EXPECT_EQ(EACCES, in_child(without_no_new_privs));
	EXPECT_EQ(0, in_child(with_no_new_privs));
}

TEST(actions_are_asked_for)
{
	EXPECT_EQ(1, bpf_action_available(SECCOMP_RET_KILL_PROCESS));
	EXPECT_EQ(1, bpf_action_available(SECCOMP_RET_ERRNO | EPERM));
	EXPECT_EQ(1, bpf_action_available(SECCOMP_RET_ALLOW));
	EXPECT_EQ(0, bpf_action_available(0x12340000));
}

TEST_HARNESS_MAIN
