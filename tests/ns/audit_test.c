/* SPDX-License-Identifier: MIT */
/*
 * The audit of mounts: it passes a tree as it was built, and notices each single thing that
 * is then changed. The process still has its capabilities, so it can play the attacker.
 */
#include "tests/ns/world.h"

#define REMOUNT (MS_REMOUNT | MS_BIND)

struct sabotage {
	const char *name;
	int (*act)(void);
	int want;
	const char *at; /* what the audit must point to */
};

static int nothing(void)
{
	return 0;
}

static int writable(void)
{
	return mount(NULL, "/ro", NULL, REMOUNT | MS_NOSUID | MS_NODEV, NULL);
}

static int writable_below(void)
{
	return mount(NULL, "/ro/sub", NULL, REMOUNT | MS_NOSUID | MS_NODEV, NULL);
}

static int suid_below(void)
{
	return mount(NULL, "/rw/sub", NULL, REMOUNT | MS_NODEV, NULL);
}

static int with_devices(void)
{
	return mount(NULL, "/tmp", NULL, REMOUNT | MS_NOSUID, NULL);
}

static int executable(void)
{
	return mount(NULL, "/noexec", NULL, REMOUNT | MS_NOSUID | MS_NODEV, NULL);
}

static int root_writable(void)
{
	return mount(NULL, "/", NULL, REMOUNT | MS_NOSUID | MS_NODEV, NULL);
}

static int another(void)
{
	return mount("t", "/tmp", "tmpfs", 0, NULL);
}

static int another_harmless(void)
{
	return mount("t", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
}

/* As the old root would lie there if it had not been detached. */
static int over_root(void)
{
	return mount("t", "/", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* An open mount is an error; under another that nobody can take away, it is out of reach. */
static int open_but_covered(void)
{
	return mount("t", "/tmp", "tmpfs", 0, NULL) ||
	       mount("t", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
}

static int unmounted(void)
{
	return umount2("/tmp", MNT_DETACH);
}

static int unmasked(void)
{
	return umount2("/proc/sys", MNT_DETACH);
}

static int mask_writable(void)
{
	return mount(NULL, "/proc/sys", NULL, REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static int proc_suid(void)
{
	return mount(NULL, "/proc", NULL, REMOUNT | MS_NODEV | MS_NOEXEC, NULL);
}

static int dev_suid(void)
{
	return mount(NULL, "/dev/null", NULL, REMOUNT | MS_NOEXEC, NULL);
}

/* clang-format off */
static const struct sabotage sabotages[] = {
	{ "nothing",	      nothing,		 0,	 "" },
	{ "another_harmless", another_harmless,	 0,	 "" },
	{ "another",	      another,		 -EPERM, "/tmp" },
	{ "dev_suid",	      dev_suid,		 -EPERM, "/dev/null" },
	{ "executable",	      executable,	 -EPERM, "/noexec" },
	{ "mask_writable",    mask_writable,	 -EPERM, "/proc/sys" },
	{ "open_but_covered", open_but_covered,	 0,	 "" },
	{ "over_root",	      over_root,	 -EPERM, "/" },
	{ "proc_suid",	      proc_suid,	 -EPERM, "/proc" },
	{ "root_writable",    root_writable,	 -EPERM, "/" },
	{ "suid_below",	      suid_below,	 -EPERM, "/rw/sub" },
	{ "unmasked",	      unmasked,		 -EPERM, "/proc" },
	{ "unmounted",	      unmounted,	 -EPERM, "/tmp" },
	{ "with_devices",     with_devices,	 -EPERM, "/tmp" },
	{ "writable",	      writable,		 -EPERM, "/ro" },
	{ "writable_below",   writable_below,	 -EPERM, "/ro/sub" },
};
/* clang-format on */

static const struct sabotage *current;

static int sabotaged(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/ro", .flags = NS_RDONLY },
		{ .kind = NS_OP_SYMLINK, .source = "real", .dest = "/link" },
		{ .kind = NS_OP_DIR, .dest = "/real", .mode = 0755 },
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/link/rw" },
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/rw" },
		{ .kind = NS_OP_TMPFS, .dest = "/tmp", .mode = 01777, .size = 65536 },
		{ .kind = NS_OP_TMPFS,
		  .dest = "/noexec",
		  .mode = 0755,
		  .size = 65536,
		  .flags = NS_NOEXEC },
		{ .kind = NS_OP_PROC, .dest = "/proc" },
		{ .kind = NS_OP_DEV, .dest = "/dev", .size = 65536 },
		{ .kind = NS_OP_BIND, .source = "/dev/null", .dest = "/devnull", .flags = NS_DEV },
		{ .kind = NS_OP_REMOUNT_RO, .dest = "/" },
	};
	struct ns_tree tree = TREE(ops);
	int proc, error;
	char at[256];

	(void)arg;
	CHECK(ns_mounts_private() == 0);
	CHECK(mount("t", host("src/sub"), "tmpfs", 0, NULL) == 0);
	proc = ns_proc_open();
	CHECK(proc >= 0);
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(current->act() == 0);
	error = ns_audit_mounts(proc, 0, &tree, at, sizeof(at));
	if (error != current->want || strcmp(at, current->at) != 0)
		dprintf(2, "# %s: %d at \"%s\"\n", current->name, error, at);
	CHECK(error == current->want && strcmp(at, current->at) == 0);
	CHECK(ns_audit_mounts(proc, getpid(), &tree, at, sizeof(at)) == current->want);
	return 0;
}

TEST_F(world, sabotage)
{
	SKIP_UNLESS_POSSIBLE();
	for (size_t i = 0; i < COUNT(sabotages); i++) {
		current = &sabotages[i];
		EXPECT_EQ(0, inside(&self->how, sabotaged, NULL))
		{
			TH_LOG("%s", current->name);
		}
	}
}

/* Before the pivot, the mounts of the host are there, and nobody asked for them. */
static int not_pivoted(void *arg)
{
	struct ns_op ops[] = { { .kind = NS_OP_DIR, .dest = "/tmp", .mode = 0755 } };
	struct ns_tree tree = TREE(ops);
	int proc = ns_proc_open();
	char at[256];

	(void)arg;
	CHECK(proc >= 0);
	CHECK(build(&tree) == 0);
	CHECK(ns_audit_mounts(proc, 0, &tree, at, sizeof(at)) == -EPERM);
	CHECK(at[0] == '/');
	CHECK(ns_tree_pivot(&tree) == 0);
	CHECK(ns_audit_mounts(proc, 0, &tree, at, sizeof(at)) == 0);
	return 0;
}

TEST_INSIDE(not_pivoted)

/* A directory with a file that looks good is not a /proc. */
TEST_F(world, not_proc)
{
	struct ns_tree tree = { .root = -1 };
	int fd = open(host_dir, O_PATH | O_CLOEXEC);
	char at[16];

	SKIP_UNLESS_POSSIBLE();
	ASSERT_EQ(0, mkdir(host("self"), 0755));
	ASSERT_EQ(0, put(host("self/mountinfo"), ""));
	EXPECT_EQ(-ENOTSUP, ns_audit_mounts(fd, 0, &tree, at, sizeof(at)));
	close(fd);
}

TEST_HARNESS_MAIN
