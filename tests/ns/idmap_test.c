/* SPDX-License-Identifier: MIT */
/*
 * Id maps, as root and as an ordinary user.
 */
#include "tests/ns/inside.h"

#include "kselftest_harness.h"

/* A child in a new user namespace that waits until it is killed. */
static pid_t waiting_child(void)
{
	int pidfd;
	pid_t pid = ns_clone(CLONE_NEWUSER, &pidfd);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		pause();
		_exit(1);
	}
	close(pidfd);
	return pid;
}

static int end(pid_t pid)
{
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	return 0;
}

static bool proc_holds(pid_t pid, const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return holds(path, text);
}

TEST(maps_and_setgroups)
{
	struct ns_idmap map = { 7, geteuid(), 8, getegid(), .deny_setgroups = true };
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	pid_t pid = waiting_child();
	char text[64];

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, ns_idmap_write(proc, pid, &map));
	snprintf(text, sizeof(text), "%10u %10u %10u\n", 7u, geteuid(), 1u);
	EXPECT_TRUE(proc_holds(pid, "uid_map", text));
	snprintf(text, sizeof(text), "%10u %10u %10u\n", 8u, getegid(), 1u);
	EXPECT_TRUE(proc_holds(pid, "gid_map", text));
	EXPECT_TRUE(proc_holds(pid, "setgroups", "deny\n"));
	EXPECT_EQ(-EPERM, ns_idmap_write(proc, pid, &map)); /* a map is written once */
	EXPECT_EQ(0, end(pid));
}

/* Ranges go into the same write, behind the one that is always there. */
TEST(ranges)
{
	const struct ns_idrange uids[] = { { 100, UNUSED + 1, 10 }, { 0, UNUSED + 20, 7 } };
	const struct ns_idrange bad[] = { { 4294967295u, 5, 1 },
					  { 5, 4294967290u, 10 },
					  { 5, 5, 0 } };
	struct ns_idmap map = { 7, UNUSED, 8, UNUSED, .uids = uids, .nuids = 2 };
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	char text[128];
	pid_t pid;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ns_idmap wrong = { 7, UNUSED, 8, UNUSED, .gids = &bad[i], .ngids = 1 };

		EXPECT_EQ(-EINVAL, ns_idmap_write(proc, getpid(), &wrong));
	}
	map.nuids = NS_IDRANGES + 1;
	EXPECT_EQ(-EINVAL, ns_idmap_write(proc, getpid(), &map));
	map.nuids = 2;
	if (geteuid() != 0)
		SKIP(return, "needs root");
	pid = waiting_child();
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, ns_idmap_write(proc, pid, &map));
	snprintf(text, sizeof(text), "%10u %10u %10u\n%10u %10u %10u\n%10u %10u %10u\n", 7u, UNUSED,
		 1u, 100u, UNUSED + 1, 10u, 0u, UNUSED + 20, 7u);
	EXPECT_TRUE(proc_holds(pid, "uid_map", text));
	snprintf(text, sizeof(text), "%10u %10u %10u\n", 8u, UNUSED, 1u);
	EXPECT_TRUE(proc_holds(pid, "gid_map", text));
	EXPECT_EQ(0, end(pid));
}

TEST(setgroups_stay_allowed)
{
	struct ns_idmap map = { 7, UNUSED, 8, UNUSED, .deny_setgroups = false };
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	pid_t pid;

	if (geteuid() != 0)
		SKIP(return, "needs root");
	pid = waiting_child();
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, ns_idmap_write(proc, pid, &map));
	EXPECT_TRUE(proc_holds(pid, "setgroups", "allow\n"));
	EXPECT_EQ(0, end(pid));
}

/* A user without "deny" gets no map of groups; with it he does: the reason for the order. */
static int ordinary_user(void *arg)
{
	struct ns_idmap map = { 7, geteuid(), 8, getegid(), .deny_setgroups = false };
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	pid_t pid = waiting_child();

	(void)arg;
	CHECK(pid > 0);
	CHECK(ns_idmap_write(proc, pid, &map) == -EPERM);
	map.deny_setgroups = true;
	CHECK(ns_idmap_write(proc, pid, &map) == 0);
	return end(pid);
}

TEST(ordinary_user_must_deny)
{
	const struct inside how = { .uid = geteuid() ? geteuid() : ORDINARY };

	EXPECT_EQ(0, inside(&how, ordinary_user, NULL));
}

TEST(bad_ids)
{
	struct ns_idmap map = { UINT32_MAX, geteuid(), 8, getegid(), .deny_setgroups = true };
	int proc = open("/proc", O_PATH | O_CLOEXEC);

	EXPECT_EQ(-EINVAL, ns_idmap_write(proc, getpid(), &map));
}

/* A /proc that is not one takes no writes: the file stays as it was. */
TEST(not_proc)
{
	struct ns_idmap map = { 7, 7, 8, 8, .deny_setgroups = true };
	char dir[] = "/tmp/idmap.XXXXXX", path[64];
	uint32_t outer;
	int fd;

	ASSERT_NE(NULL, mkdtemp(dir));
	fd = open(dir, O_PATH | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/1", dir);
	ASSERT_EQ(0, mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/1/setgroups", dir);
	ASSERT_EQ(0, put(path, "allow"));
	EXPECT_EQ(-ENOTSUP, ns_idmap_write(fd, 1, &map));
	EXPECT_EQ(-ENOTSUP, ns_idmap_lookup(fd, "uid_map", 0, &outer));
	EXPECT_TRUE(holds(path, "allow"));
	EXPECT_EQ(0, remove_tree(dir));
}

static int lookups(void *arg)
{
	const struct inside *how = arg;
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	uint32_t outer = 1;

	CHECK(ns_idmap_lookup(proc, "uid_map", INSIDE, &outer) == 0);
	CHECK(outer == (how->uid ? how->uid : UNUSED));
	CHECK(ns_idmap_lookup(proc, "gid_map", INSIDE, &outer) == 0);
	CHECK(ns_idmap_lookup(proc, "uid_map", INSIDE + 1, &outer) == -ENOENT);
	CHECK(ns_idmap_lookup(proc, "uid_map", INSIDE - 1, &outer) == -ENOENT);
	CHECK(ns_idmap_lookup(proc, "no_map", INSIDE, &outer) == -ENOENT);
	return 0;
}

TEST(lookup)
{
	struct inside how = { .uid = geteuid(), .flags = CLONE_NEWUSER };

	EXPECT_EQ(0, inside(&how, lookups, &how));
	how.uid = geteuid() ? geteuid() : ORDINARY;
	EXPECT_EQ(0, inside(&how, lookups, &how));
}

TEST_HARNESS_MAIN
