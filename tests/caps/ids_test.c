/* SPDX-License-Identifier: MIT */
/*
 * Becoming another user: all eight ids, the groups, and that there is no way back. Each case
 * runs in a child; most need root, which the twins show can still return.
 */
#include "caps/caps.h"

#include <sched.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/fsuid.h>

#include <linux/securebits.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

#define need_root()                                             \
	do {                                                    \
		if (geteuid() != 0)                             \
			SKIP(return, "needs to start as root"); \
	} while (0)

static int is_all(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return 0;
	return ruid == uid && euid == uid && suid == uid && rgid == gid && egid == gid &&
	       sgid == gid && (uid_t)setfsuid((uid_t)-1) == uid &&
	       (gid_t)setfsgid((gid_t)-1) == gid;
}

static int change(const void *arg)
{
	const gid_t group = 5;
	int error;

	(void)arg;
	if (setgroups(1, &group) < 0)
		return 200;
	error = caps_set_ids(ORDINARY, OTHER, true);
	if (error < 0)
		return -error;
	if (!is_all(ORDINARY, OTHER))
		return 201;
	if (getgroups(0, NULL) != 0)
		return 202;
	return setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ? 203 : 0;
}

TEST(root_becomes_another)
{
	need_root();
	EXPECT_EQ(0, in_child(change, NULL));
}

/* A careless change: the saved id is the way back, and a group stays. */
static int careless(const void *arg)
{
	const gid_t group = 5;

	(void)arg;
	if (setgroups(1, &group) < 0 || setegid(OTHER) < 0 || seteuid(ORDINARY) < 0)
		return 200;
	if (is_all(ORDINARY, OTHER) || getgroups(0, NULL) != 1)
		return 201;
	return setresuid((uid_t)-1, 0, (uid_t)-1) < 0 ? errno : 0;
}

TEST(twin_the_careless_can_return)
{
	need_root();
	EXPECT_EQ(0, in_child(careless, NULL));
}

static int keep_groups(const void *arg)
{
	const gid_t group = 5;
	gid_t now;

	(void)arg;
	if (setgroups(1, &group) < 0)
		return 200;
	if (caps_set_ids(ORDINARY, OTHER, false) < 0)
		return 201;
	return getgroups(1, &now) == 1 && now == group ? 0 : 202;
}

TEST(groups_stay_when_not_asked)
{
	need_root();
	EXPECT_EQ(0, in_child(keep_groups, NULL));
}

static int no_change(const void *arg)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();

	(void)arg;
	if (caps_set_ids((uid_t)-1, gid, false) != -EINVAL)
		return 200;
	if (caps_set_ids(uid, (gid_t)-1, false) != -EINVAL)
		return 201;
	if (caps_set_ids((uid_t)-1, (gid_t)-1, true) != -EINVAL)
		return 202;
	return is_all(uid, gid) ? 0 : 203;
}

TEST(minus_one_is_refused)
{
	EXPECT_EQ(0, in_child(no_change, NULL));
}

static int ordinary(const void *arg)
{
	uid_t uid;
	gid_t gid;

	(void)arg;
	if (become_ordinary())
		return 200;
	uid = geteuid();
	gid = getegid();
	if (caps_set_ids(uid, gid, false) != 0)
		return 201;
	if (caps_set_ids(0, gid, false) != -EPERM)
		return 202;
	if (caps_set_ids(uid, 0, false) != -EPERM)
		return 203;
	if (caps_set_ids(uid, gid, true) != -EPERM)
		return 204;
	return is_all(uid, gid) ? 0 : 205;
}

TEST(an_ordinary_user_stays_one)
{
	EXPECT_EQ(0, in_child(ordinary, NULL));
}

/* Capabilities that are kept on purpose are not taken for a hole; caps_limit() ends it. */
static int keep_capabilities(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (caps_lock_securebits() < 0)
		return 200;
	if (caps_set_ids(ORDINARY, OTHER, true) < 0)
		return 201;
	if (caps_read(&state) < 0 || !(state.effective & CAPS_BIT(CAP_SETUID)))
		return 202;
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0) /* the way back is open */
		return 203;
	if (caps_set_ids(ORDINARY, OTHER, true) < 0 || caps_limit(0) < 0)
		return 204;
	return setresuid((uid_t)-1, 0, (uid_t)-1) < 0 ? errno : 0;
}

TEST(kept_capabilities_are_the_way_back_until_limited)
{
	need_root();
	EXPECT_EQ(EPERM, in_child(keep_capabilities, NULL));
}

/* Without the fixup bits, the change itself takes the capabilities. */
static int lose_capabilities(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (caps_read(&state) < 0 || !state.effective || !state.permitted)
		return 200;
	if (caps_set_ids(ORDINARY, OTHER, true) < 0)
		return 201;
	if (caps_read(&state) < 0)
		return 202;
	return state.effective || state.permitted ? 203 : 0;
}

TEST(the_change_takes_the_capabilities)
{
	need_root();
	EXPECT_EQ(0, in_child(lose_capabilities, NULL));
}

/* The one id that is mapped in a user namespace of one's own; 0 cannot be had there. */
static int in_namespace(const void *arg)
{
	char map[32];
	int fd, len, uid;

	(void)arg;
	if (become_ordinary())
		return 200;
	uid = (int)geteuid();
	if (unshare(CLONE_NEWUSER) < 0)
		return 254;
	len = snprintf(map, sizeof(map), "7 %d 1", uid);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, map, (size_t)len) != len)
		return 201;
	close(fd);
	if (caps_set_ids(7, getegid(), true) != -EPERM) /* setgroups(): no gid map yet */
		return 202;
	if (caps_set_ids(7, getegid(), false) != -EINVAL) /* 65534 is not mapped */
		return 203;
	return geteuid() == 7 ? 0 : 204;
}

TEST(unmapped_ids_are_refused)
{
	int status = in_child(in_namespace, NULL);

	if (status == 254)
		SKIP(return, "no user namespaces for an ordinary user here");
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
