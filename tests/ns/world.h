/* SPDX-License-Identifier: MIT */
/*
 * The fixture of all tests that build a tree: a directory of the host to bind from, and the
 * four ways to be there: root or an ordinary user, with mount_setattr() or without it (as
 * before Linux 5.12). When the test ends the host must be as it was.
 */
#ifndef TESTS_NS_WORLD_H
#define TESTS_NS_WORLD_H

#include "tests/ns/inside.h"

#include "kselftest_harness.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442 /* since Linux 5.12 */
#endif

/* Where the host's files of this test are; a body may say host("src/file"). */
static char host_dir[64];

MAYBE_UNUSED static const char *host(const char *name)
{
	static char paths[8][160];
	static unsigned int next;
	char *path = paths[next++ % COUNT(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", host_dir, name);
	return path;
}

static char mounts_before[1 << 20], mounts_after[1 << 20];

/*
 * The "host" of a test by root is a mount namespace of its own, shared as systemd shares it:
 * what should not propagate would, and what others mount meanwhile does not disturb. (An
 * ordinary user could not change the host's mounts if it tried.)
 */
static int own_host(void)
{
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	return 0;
}

/* clang-format off */
FIXTURE(world) {
	struct inside how;
};

FIXTURE_VARIANT(world) {
	bool root;
	int missing;
};

FIXTURE_VARIANT_ADD(world, root) { .root = true };
FIXTURE_VARIANT_ADD(world, user) { .root = false };
FIXTURE_VARIANT_ADD(world, root_old) { .root = true, .missing = SYS_mount_setattr };
FIXTURE_VARIANT_ADD(world, user_old) { .root = false, .missing = SYS_mount_setattr };
/* clang-format on */

FIXTURE_SETUP(world)
{
	uid_t uid = geteuid();

	if (!variant->root && uid == 0)
		uid = ORDINARY;
	self->how = (struct inside){ .uid = uid, .flags = NAMESPACES, .missing = variant->missing };
	if (geteuid() == 0)
		ASSERT_EQ(0, own_host());
	read_mounts(mounts_before, sizeof(mounts_before));
	strcpy(host_dir, "/tmp/world.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(host_dir));
	ASSERT_EQ(0, chmod(host_dir, 0755));
	ASSERT_EQ(0, mkdir(host("src"), 0755));
	ASSERT_EQ(0, mkdir(host("src/sub"), 0755));
	ASSERT_EQ(0, mkdir(host("target"), 0755));
	ASSERT_EQ(0, put(host("src/file"), "host"));
	for (const char *const *name =
		     (const char *const[]){ "", "src", "src/sub", "src/file", "target", NULL };
	     *name; name++) {
		uid_t owner = variant->root ? UNUSED : uid;

		if (geteuid() == 0)
			ASSERT_EQ(0, chown(host(*name), owner, owner));
	}
}

FIXTURE_TEARDOWN(world)
{
	read_mounts(mounts_after, sizeof(mounts_after));
	if (geteuid() == 0)
		EXPECT_STREQ(mounts_before, mounts_after);
	EXPECT_EQ(0, remove_tree(host_dir));
}

/* First in every test: the harness runs a test even if its fixture said SKIP. */
#define SKIP_UNLESS_POSSIBLE()                       \
	do {                                         \
		if (variant->root && geteuid() != 0) \
			SKIP(return, "needs root");  \
	} while (0)

/* A test of BODY, a function that is run in all four ways. */
#define TEST_INSIDE(body)                                           \
	TEST_F(world, body)                                         \
	{                                                           \
		SKIP_UNLESS_POSSIBLE();                             \
		EXPECT_EQ(0, inside(&self->how, body, &self->how)); \
	}

#endif
