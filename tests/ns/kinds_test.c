/* SPDX-License-Identifier: MIT */
/*
 * The table of kinds, the probe, and the inode numbers.
 */
#include "tests/ns/inside.h"

#include "kselftest_harness.h"

TEST(table)
{
	static const char *const order[] = { "user", "pid", "mnt",    "net",
					     "ipc",  "uts", "cgroup", "time" };

	for (size_t i = 0; i < COUNT(order); i++) {
		ASSERT_STREQ(order[i], ns_kinds[i].name);
		EXPECT_EQ((int)i, ns_kind_find(order[i]));
		EXPECT_NE(0, ns_kinds[i].flag);
	}
	EXPECT_EQ(NULL, ns_kinds[COUNT(order)].name);
	EXPECT_EQ(ns_kind_find("mnt"), ns_kind_find("mount"));
	EXPECT_EQ(-ENOENT, ns_kind_find("mn"));
	EXPECT_EQ(-ENOENT, ns_kind_find(""));
}

/* Every kind that /proc shows can be cloned, as far as this kernel is new enough to ask. */
TEST(available)
{
	unsigned long flags = ns_available();
	char path[64];

	for (const struct ns_kind *kind = ns_kinds; kind->name; kind++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->name);
		if (kind->flag == CLONE_NEWTIME) /* clone3() got it later than unshare() */
			continue;
		EXPECT_EQ(exists(path), !!(flags & kind->flag))
		{
			TH_LOG("%s", kind->name);
		}
	}
	errno = 0;
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG)); /* no process was made */
	EXPECT_EQ(ECHILD, errno);
}

TEST(available_without_clone3)
{
	unsigned long flags = ns_available();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(take_away(SYS_clone3, ENOSYS) || ns_available() != flags);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(inodes)
{
	uint64_t mine[16] = { 0 }, init[16] = { 0 };
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	struct stat st;

	ASSERT_EQ(0, ns_inodes(proc, 0, mine));
	ASSERT_EQ(0, stat("/proc/self/ns/net", &st));
	EXPECT_EQ(st.st_ino, mine[ns_kind_find("net")]);
	ASSERT_EQ(0, ns_inodes(proc, getpid(), init));
	EXPECT_EQ(0, memcmp(mine, init, sizeof(mine)));
	EXPECT_EQ(-ENOTSUP, ns_inodes(open("/tmp", O_PATH | O_CLOEXEC), 0, mine));
	close(proc);
}

TEST_HARNESS_MAIN
