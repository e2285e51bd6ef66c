/* SPDX-License-Identifier: MIT */
/*
 * The table of kinds, and the inode numbers.
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
