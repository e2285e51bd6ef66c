/* SPDX-License-Identifier: MIT */
/*
 * A clone is in new namespaces, and in no other; with clone3() and without.
 */
#include "tests/ns/inside.h"

#include <poll.h>

#include "kselftest_harness.h"

/* The CLONE_NEW* in which the calling process differs from the one that noted BEFORE. */
static int differences(void *arg)
{
	uint64_t now[16] = { 0 }, *before = arg;
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	int bits = 0;

	CHECK(ns_inodes(proc, 0, now) == 0);
	for (int i = 0; ns_kinds[i].name; i++)
		bits |= (now[i] != before[i]) << i;
	return bits;
}

static int expected(unsigned long flags)
{
	int bits = 0;

	for (int i = 0; ns_kinds[i].name; i++)
		bits |= !!(flags & ns_kinds[i].flag) << i;
	return bits;
}

/* The same for a child of a process that made itself a new time namespace. */
static int differences_of_child(void *arg)
{
	int status;
	pid_t pid;

	CHECK(ns_new_time() == 0);
	pid = fork();
	if (pid == 0)
		_exit(differences(arg));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int clone_differs_in(unsigned long flags, int (*in)(void *before))
{
	uint64_t before[16] = { 0 };
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	int pidfd, status;
	pid_t pid;

	CHECK(ns_inodes(proc, 0, before) == 0);
	pid = ns_clone(flags, &pidfd);
	if (pid < 0)
		return pid;
	if (pid == 0)
		_exit(in(before));
	CHECK(fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
	CHECK(poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, 10000) == 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	close(pidfd);
	close(proc);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

static int clone_differs(unsigned long flags)
{
	return clone_differs_in(flags, differences);
}

static const unsigned long cases[] = {
	0,
	CLONE_NEWUSER,
	CLONE_NEWUSER | CLONE_NEWNET,
	CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
		CLONE_NEWNET,
};

TEST(new_namespaces)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		EXPECT_EQ(expected(cases[i]), clone_differs(cases[i]));
}

TEST(new_time)
{
	if (!exists("/proc/self/ns/time"))
		SKIP(return, "this kernel has no time namespaces");
	EXPECT_EQ(expected(CLONE_NEWUSER | CLONE_NEWTIME),
		  clone_differs_in(CLONE_NEWUSER, differences_of_child));
	EXPECT_EQ(expected(CLONE_NEWUSER), clone_differs(CLONE_NEWUSER));
}

TEST(not_a_namespace)
{
	int pidfd;

	EXPECT_EQ(-EINVAL, ns_clone(CLONE_VM, &pidfd));
	EXPECT_EQ(-EINVAL, ns_clone(SIGCHLD, &pidfd));
	EXPECT_EQ(-EINVAL, ns_clone(CLONE_NEWTIME, &pidfd));
	EXPECT_EQ(-1, pidfd);
}

TEST(without_clone3)
{
	ASSERT_EQ(0, take_away(SYS_clone3, ENOSYS));
	for (size_t i = 0; i < COUNT(cases); i++)
		EXPECT_EQ(expected(cases[i]), clone_differs(cases[i]));
}

TEST(clone3_not_permitted)
{
	ASSERT_EQ(0, take_away(SYS_clone3, EPERM));
	EXPECT_EQ(expected(cases[2]), clone_differs(cases[2]));
}

TEST_HARNESS_MAIN
