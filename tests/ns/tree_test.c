/* SPDX-License-Identifier: MIT */
/*
 * Trees: what is bound, made and restricted, seen from inside after the pivot.
 */
#include "tests/ns/world.h"

#include <dirent.h>
#include <sys/sysmacros.h>
#include <time.h>

#define BIND(from, to, how)                                                        \
	{                                                                          \
		.kind = NS_OP_BIND, .source = host(from), .dest = to, .flags = how \
	}
#define TMPFS(to)                                                              \
	{                                                                      \
		.kind = NS_OP_TMPFS, .dest = to, .mode = 0755, .size = 1 << 20 \
	}
#define DIR_OP(to)                                          \
	{                                                   \
		.kind = NS_OP_DIR, .dest = to, .mode = 0750 \
	}
#define FILE_OP(to, text)                                                   \
	{                                                                   \
		.kind = NS_OP_FILE, .dest = to, .mode = 0640, .data = text, \
		.len = sizeof(text) - 1                                     \
	}
#define LINK_OP(what, to)                                         \
	{                                                         \
		.kind = NS_OP_SYMLINK, .source = what, .dest = to \
	}
#define SIMPLE(what, to)                 \
	{                                \
		.kind = what, .dest = to \
	}

/* ---- binds ---- */

static int binds(void *arg)
{
	struct ns_op ops[] = {
		BIND("src", "/ro/dir", NS_RDONLY),
		BIND("src", "/rw/dir", 0),
		BIND("src/file", "/a/b/file", NS_RDONLY),
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(holds("/ro/dir/file", "host"));
	CHECK(holds("/a/b/file", "host"));
	CHECK_ERRNO(put("/ro/dir/file", "x"), EROFS);
	CHECK_ERRNO(put("/a/b/file", "x"), EROFS);
	CHECK(put("/rw/dir/file", "payload") == 0);
	CHECK(holds("/ro/dir/file", "payload"));
	return 0;
}

TEST_INSIDE(binds)

/* The old root is gone, by name and by "..". */
static int old_root_gone(void *arg)
{
	struct ns_op ops[] = { DIR_OP("/tmp") };
	struct ns_tree tree = TREE(ops);
	char up[256] = "../../../../../../..";

	(void)arg;
	strcat(up, host("src/file"));
	CHECK(exists(up));
	CHECK(build(&tree) == 0);
	CHECK(exists(host("src/file"))); /* the same process still sees it, ... */
	CHECK(ns_tree_pivot(&tree) == 0);
	CHECK(!exists(host("src/file"))); /* ... and now it does not */
	CHECK(!exists(up));
	CHECK(exists("/tmp"));
	CHECK(!exists("/usr"));
	CHECK(chdir("/tmp") == 0);
	CHECK(!exists(up));
	return 0;
}

TEST_INSIDE(old_root_gone)

/* A mount below the source is restricted with it; MS_REMOUNT | MS_BIND would not do that. */
static int submounts(void *arg)
{
	struct ns_op ops[] = {
		BIND("src", "/ro", NS_RDONLY | NS_NOEXEC),
		BIND("src", "/rw", 0),
		BIND("src", "/naive", 0),
	};
	struct ns_tree tree = TREE(ops);
	unsigned long all = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;

	(void)arg;
	CHECK(geteuid() == 0 || become_inside() == 0); /* unmapped ids make nothing in a tmpfs */
	CHECK(ns_mounts_private() == 0);
	CHECK(mount("t", host("src/sub"), "tmpfs", 0, "mode=777") == 0);
	CHECK(mkdir(host("src/sub/a b"), 0777) == 0);
	CHECK(mount("t", host("src/sub/a b"), "tmpfs", 0, "mode=777") == 0);
	CHECK(build_and_pivot(&tree) == 0);
	CHECK_ERRNO(put("/ro/sub/new", "x"), EROFS);
	CHECK_ERRNO(put("/ro/sub/a b/new", "x"), EROFS);
	CHECK((mount_flags("/ro/sub") & all) == all);
	CHECK((mount_flags("/ro/sub/a b") & all) == all);
	CHECK(put("/rw/sub/new", "x") == 0);
	CHECK(put("/rw/sub/a b/new", "x") == 0);
	CHECK((mount_flags("/rw/sub/a b") & all) == (ST_NOSUID | ST_NODEV));
	CHECK(mount(NULL, "/naive", NULL, MS_REMOUNT | MS_BIND | MS_REC | MS_RDONLY, NULL) == 0);
	CHECK_ERRNO(put("/naive/new", "x"), EROFS);
	CHECK(put("/naive/sub/new", "x") == 0);
	return 0;
}

TEST_INSIDE(submounts)

/* Flags that an outer user namespace has locked stay, and are no obstacle. */
static int locked_inner(void *arg)
{
	struct ns_op ops[] = { BIND("src", "/src", 0) };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK((mount_flags("/src/sub") & (ST_RDONLY | ST_NOEXEC)) == (ST_RDONLY | ST_NOEXEC));
	CHECK(!(mount_flags("/src") & (ST_RDONLY | ST_NOEXEC)));
	CHECK(mount_flags("/src/sub") & ST_NOSUID);
	return 0;
}

static int locked_flags(void *arg)
{
	struct inside how = *(struct inside *)arg;

	CHECK(ns_mounts_private() == 0);
	CHECK(become_inside() == 0);
	CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0); /* where the maps are written */
	how.uid = geteuid();
	CHECK(mount("t", host("src/sub"), "tmpfs", MS_RDONLY | MS_NOEXEC | MS_NOATIME, NULL) == 0);
	how.flags = CLONE_NEWUSER | CLONE_NEWNS;
	return inside(&how, locked_inner, NULL);
}

TEST_INSIDE(locked_flags)

static int mount_attributes(void *arg)
{
	static const struct {
		unsigned int flags;
		unsigned long want;
	} cases[] = {
		{ 0, ST_NOSUID | ST_NODEV },
		{ NS_RDONLY, ST_NOSUID | ST_NODEV | ST_RDONLY },
		{ NS_DEV, ST_NOSUID },
		{ NS_NOEXEC, ST_NOSUID | ST_NODEV | ST_NOEXEC },
		{ NS_DEV | NS_RDONLY | NS_NOEXEC, ST_NOSUID | ST_RDONLY | ST_NOEXEC },
	};
	static const char *const at[] = { "/b0", "/b1", "/b2", "/b3", "/b4",
					  "/t0", "/t1", "/t2", "/t3", "/t4" };
	const unsigned long mask = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
	struct ns_op ops[2 * COUNT(cases)] = { 0 };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	for (size_t i = 0; i < COUNT(ops); i++) {
		ops[i] = i < COUNT(cases) ? (struct ns_op)BIND("src", at[i], 0) :
					    (struct ns_op)TMPFS(at[i]);
		ops[i].flags = cases[i % COUNT(cases)].flags;
	}
	CHECK(build_and_pivot(&tree) == 0);
	CHECK((mount_flags("/") & mask) == (ST_NOSUID | ST_NODEV));
	for (size_t i = 0; i < COUNT(ops); i++)
		CHECK((mount_flags(at[i]) & mask) == cases[i % COUNT(cases)].want);
	return 0;
}

TEST_INSIDE(mount_attributes)

/* What noexec and nodev mean, done: a script, and a device node that root made. */
static int run(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, NULL);
		_exit(errno);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return WEXITSTATUS(status);
}

static int exec_and_devices(void *arg)
{
	struct ns_op ops[] = {
		BIND("src", "/noexec", NS_NOEXEC),
		BIND("src", "/dev", NS_DEV),
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(run("/noexec/program") == EACCES);
	CHECK(run("/dev/program") == ENOEXEC); /* an empty program, but it was looked into */
	CHECK_ERRNO(open("/noexec/zero", O_RDONLY | O_CLOEXEC), EACCES);
	CHECK(open("/dev/zero", O_RDONLY | O_CLOEXEC) >= 0 || errno == ENOENT);
	return 0;
}

TEST_F(world, exec_and_devices)
{
	SKIP_UNLESS_POSSIBLE();
	if (!variant->root)
		SKIP(return, "needs root to make a device node");
	ASSERT_EQ(0, put(host("src/program"), ""));
	ASSERT_EQ(0, chmod(host("src/program"), 0755));
	ASSERT_EQ(0, mknod(host("src/zero"), S_IFCHR | 0666, makedev(1, 5)));
	ASSERT_EQ(0, chmod(host("src/zero"), 0666));
	EXPECT_EQ(0, inside(&self->how, exec_and_devices, NULL));
}

/* Without a user namespace, as root: the tree is the same. */
TEST_F(world, without_user_namespace)
{
	SKIP_UNLESS_POSSIBLE();
	if (!variant->root)
		SKIP(return, "needs root");
	self->how.flags = CLONE_NEWNS | CLONE_NEWPID;
	EXPECT_EQ(0, inside(&self->how, submounts, &self->how));
}

static int last_wins(void *arg)
{
	struct ns_op ops[] = {
		BIND("src", "/at", 0),
		TMPFS("/at"),
		FILE_OP("/at/mine", "1"),
		FILE_OP("/file", "a"),
		FILE_OP("/file", "bb"),
		LINK_OP("at", "/link"),
		LINK_OP("at", "/link"),
		DIR_OP("/at"),
		BIND("src/file", "/link/host", 0),
		BIND("src/file", "/file", 0),
		BIND("src/file", "/file", NS_RDONLY),
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(!exists("/at/file"));
	CHECK(holds("/at/mine", "1"));
	CHECK(holds("/at/host", "host"));
	CHECK(holds("/file", "host"));
	CHECK_ERRNO(put("/file", "x"), EROFS);
	return 0;
}

TEST_INSIDE(last_wins)

/* ---- "/" as a source, and as a destination ---- */

static int whole_host(void *arg)
{
	struct ns_op ops[] = {
		FILE_OP("/before", "before"),
		{ .kind = NS_OP_BIND, .source = "/", .dest = "/host", .flags = NS_RDONLY },
	};
	struct ns_tree tree = TREE(ops);
	char path[128] = "/host";

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(exists(strcat(path, host("src/file"))));
	CHECK(exists("/before"));
	CHECK(!exists("/host/before")); /* the host as it was, not with us on top */
	CHECK(!exists("/host/host"));
	return 0;
}

TEST_INSIDE(whole_host)

static int host_as_root(void *arg)
{
	struct ns_op ops[] = {
		FILE_OP("/before", "before"),
		TMPFS("/gone"),
		{ .kind = NS_OP_BIND, .source = "/", .dest = "/", .flags = NS_RDONLY },
		TMPFS("/tmp"),
		FILE_OP("/tmp/after", "after"),
	};
	struct ns_tree tree = TREE(ops);
	int proc = ns_proc_open();
	char at[256];

	(void)arg;
	CHECK(proc >= 0);
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(exists("/usr/bin"));
	CHECK(exists("/usr/../usr/bin/../../etc")); /* ".." stays in the same tree */
	CHECK(!exists("/before") && !exists("/etc/../before"));
	CHECK(holds("/tmp/after", "after"));
	CHECK(!exists(host("src")));
	CHECK(mount_flags("/") & ST_RDONLY);
	CHECK(mount_flags("/etc/..") & ST_RDONLY);
	CHECK(ns_audit_mounts(proc, 0, &tree, at, sizeof(at)) == 0);
	return 0;
}

TEST_INSIDE(host_as_root)

/* ---- tmpfs, files, links, modes ---- */

static int fill_with(const char *path, size_t kilobytes)
{
	static char block[1024];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	for (size_t i = 0; i < kilobytes; i++) {
		if (write(fd, block, sizeof(block)) != sizeof(block))
			return -1;
	}
	return close(fd);
}

static int tmpfs_limits(void *arg)
{
	struct ns_op ops[] = { TMPFS("/small"), TMPFS("/big"), TMPFS("/few") };
	struct ns_tree tree = TREE(ops);
	struct stat st;
	char path[32];
	int made = 0;

	(void)arg;
	ops[0].size = 64 * 1024;
	ops[0].mode = 01777;
	ops[2].inodes = 10;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK_ERRNO(fill_with("/small/file", 128), ENOSPC);
	CHECK(fill_with("/big/file", 128) == 0);
	CHECK(stat("/small", &st) == 0 && (st.st_mode & 07777) == 01777);
	CHECK(stat("/big", &st) == 0 && (st.st_mode & 07777) == 0755);
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "/few/%d", i);
		made += put(path, "") == 0;
	}
	CHECK(made > 0 && made < 10);
	return 0;
}

TEST_INSIDE(tmpfs_limits)

/* The root itself can be filled by whoever owns it, so it is small. */
static int root_is_bounded(void *arg)
{
	struct ns_op ops[] = { DIR_OP("/a") };
	struct ns_tree tree = TREE(ops);
	char path[32];
	int made = 0;

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK_ERRNO(fill_with("/file", 4096), ENOSPC);
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		made += mkdir(path, 0700) == 0;
	}
	CHECK(made > 0 && made < 300);
	return 0;
}

TEST_INSIDE(root_is_bounded)

static int things(void *arg)
{
	static char big[300000];
	struct ns_op ops[] = {
		DIR_OP("/d/e"),
		FILE_OP("/d/e/f", "text"),
		FILE_OP("/empty", ""),
		LINK_OP("d/e", "/link"),
		FILE_OP("/link/g", "g"),
		SIMPLE(NS_OP_CHMOD, "/link/f"),
		SIMPLE(NS_OP_CHMOD, "/"),
		{ .kind = NS_OP_FILE,
		  .dest = "/big",
		  .data = big,
		  .len = sizeof(big),
		  .mode = 04777 },
	};
	struct ns_tree tree = TREE(ops);
	char target[64] = "";
	struct stat st;

	(void)arg;
	ops[5].mode = 0400;
	ops[6].mode = 0711;
	umask(0777);
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(umask(022) == 0777);
	CHECK(stat("/d/e", &st) == 0 && st.st_mode == (S_IFDIR | 0750));
	CHECK(stat("/d", &st) == 0 && st.st_mode == (S_IFDIR | 0755));
	CHECK(stat("/d/e/f", &st) == 0 && st.st_mode == (S_IFREG | 0400));
	CHECK(stat("/", &st) == 0 && st.st_mode == (S_IFDIR | 0711));
	CHECK(stat("/big", &st) == 0 && st.st_mode == (S_IFREG | 04777));
	CHECK(st.st_size == sizeof(big) && st.st_uid == INSIDE && st.st_gid == INSIDE);
	CHECK(holds("/d/e/f", "text") && holds("/d/e/g", "g") && holds("/empty", ""));
	CHECK(readlink("/link", target, sizeof(target)) == 3 && strcmp(target, "d/e") == 0);
	return 0;
}

TEST_INSIDE(things)

static int remount_ro(void *arg)
{
	struct ns_op ops[] = {
		TMPFS("/a"),
		TMPFS("/a/below"),
		TMPFS("/b"),
		DIR_OP("/a/dir"),
		SIMPLE(NS_OP_REMOUNT_RO, "/a"),
		SIMPLE(NS_OP_REMOUNT_RO, "/"),
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK_ERRNO(put("/a/new", "x"), EROFS);
	CHECK_ERRNO(put("/new", "x"), EROFS);
	CHECK(put("/a/below/new", "x") == 0);
	CHECK(put("/b/new", "x") == 0);
	return 0;
}

TEST_INSIDE(remount_ro)

/* ---- sources ---- */

static int try_missing(void *arg)
{
	struct ns_op ops[] = {
		BIND("none", "/none", NS_TRY),
		BIND("src/file/none", "/none", NS_TRY),
		BIND("src", "/src", NS_TRY),
		BIND("none", "/none", 0),
	};
	struct ns_tree tree = { .ops = ops, .nops = 3, .root = -1 };

	(void)arg;
	CHECK(ns_op_identify(&ops[3]) == -ENOENT);
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(ops[0].skip && ops[1].skip && !ops[2].skip);
	CHECK(exists("/src/file") && !exists("/none"));
	return 0;
}

TEST_INSIDE(try_missing)

static int exchanged_source(void *arg)
{
	struct ns_op ops[] = { BIND("target", "/t", 0), BIND("src", "/src", NS_RDONLY) };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(ns_mounts_private() == 0);
	CHECK(ns_op_identify(&ops[0]) == 0 && ns_op_identify(&ops[1]) == 0);
	CHECK(ns_tree_open(&tree) == 0); /* the control: nothing was exchanged */
	CHECK(rename(host("src"), host("old")) == 0);
	CHECK(symlink("target", host("src")) == 0);
	CHECK(ns_tree_open(&tree) == -ESTALE);
	CHECK(tree.error.op == 1 && strcmp(tree.error.doing, "open source") == 0);
	return 0;
}

TEST_F(world, exchanged_source)
{
	SKIP_UNLESS_POSSIBLE();
	self->how.flags = CLONE_NEWUSER | CLONE_NEWNS;
	EXPECT_EQ(0, inside(&self->how, exchanged_source, NULL));
}

/* A source that only the caller may open, and the sandbox's own id may not. */
static int private_source(void *arg)
{
	struct ns_op ops[] = { BIND("secret/dir", "/dir", NS_RDONLY) };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(exists("/dir/shared"));
	return 0;
}

TEST_F(world, private_source)
{
	SKIP_UNLESS_POSSIBLE();
	ASSERT_EQ(0, mkdir(host("secret"), 0700));
	ASSERT_EQ(0, mkdir(host("secret/dir"), 0755));
	ASSERT_EQ(0, put(host("secret/dir/shared"), ""));
	ASSERT_EQ(0, chown(host("secret"), self->how.uid, (gid_t)-1));
	EXPECT_EQ(0, inside(&self->how, private_source, NULL));
}

/* ---- the host's view ---- */

static int mount_in_view(void *arg)
{
	const int *private = arg;

	if (*private)
		CHECK(ns_mounts_private() == 0);
	CHECK(mount("t", host("target"), "tmpfs", 0, NULL) == 0);
	return 0;
}

static int tree_in_view(void *arg)
{
	struct ns_op ops[] = { BIND("src", "/src", NS_RDONLY), TMPFS("/src/sub"),
			       SIMPLE(NS_OP_PROC, "/proc") };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	return build_and_pivot(&tree);
}

/* What is mounted inside does not show outside, where "/" is shared; without privacy it does. */
TEST_F(world, nothing_propagates)
{
	int private = 1;

	SKIP_UNLESS_POSSIBLE();
	if (!variant->root)
		SKIP(return, "needs root to share the mounts of a host");
	ASSERT_EQ(0, inside(&self->how, tree_in_view, NULL));
	self->how.flags = CLONE_NEWNS | CLONE_NEWPID;
	ASSERT_EQ(0, inside(&self->how, tree_in_view, NULL));
	ASSERT_EQ(0, inside(&self->how, mount_in_view, &private));
	read_mounts(mounts_after, sizeof(mounts_after));
	EXPECT_STREQ(mounts_before, mounts_after);
	private = 0;
	ASSERT_EQ(0, inside(&self->how, mount_in_view, &private));
	read_mounts(mounts_after, sizeof(mounts_after));
	EXPECT_STRNE(mounts_before, mounts_after);
	ASSERT_EQ(0, umount2(host("target"), MNT_DETACH));
}

/* ---- size ---- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int many_binds(void *arg)
{
	static struct ns_op ops[NS_TREE_MAX + 1];
	static char dests[COUNT(ops)][32];
	struct ns_tree tree = { .ops = ops, .nops = 900, .root = -1 };
	const char *source = strdup(host("src"));
	int proc = ns_proc_open();
	double start = seconds();
	char at[64];

	(void)arg;
	for (size_t i = 0; i < COUNT(ops); i++) {
		snprintf(dests[i], sizeof(dests[i]), "/many/%zu/dir", i);
		ops[i] = (struct ns_op){ .kind = NS_OP_BIND,
					 .source = source,
					 .dest = dests[i],
					 .flags = i % 2 ? NS_RDONLY : 0 };
	}
	CHECK(build_and_pivot(&tree) == 0);
	dprintf(2, "# %zu binds: %.1f ms\n", tree.nops, (seconds() - start) * 1e3);
	CHECK(put("/many/898/dir/file", "x") == 0);
	CHECK_ERRNO(put("/many/899/dir/file", "x"), EROFS);
	CHECK(ns_audit_mounts(proc, 0, &tree, at, sizeof(at)) == 0);
	tree.nops = COUNT(ops);
	CHECK(ns_tree_build(&tree) == -E2BIG);
	return 0;
}

TEST_INSIDE(many_binds)

TEST_HARNESS_MAIN
