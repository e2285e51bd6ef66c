/* SPDX-License-Identifier: MIT */
/*
 * /proc and /dev, seen from inside.
 */
#include "tests/ns/world.h"

#include <dirent.h>
#include <sys/sysmacros.h>

#define PROC_OP(how)                                              \
	{                                                         \
		.kind = NS_OP_PROC, .dest = "/proc", .flags = how \
	}
#define DEV_OP                                                   \
	{                                                        \
		.kind = NS_OP_DEV, .dest = "/dev", .size = 65536 \
	}

/* ---- /proc ---- */

static const char *const hidden_files[] = { "kcore",	  "keys",      "kallsyms",    "timer_list",
					    "interrupts", "slabinfo",  "vmallocinfo", "kmsg",
					    "mtrr",	  "kpagecount" };
static const char *const hidden_dirs[] = { "acpi", "scsi", "asound" };
static const char *const read_only[] = { "sys", "irq", "bus", "fs", "sysrq-trigger" };

static const char *at_proc(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%s", name);
	return path;
}

static int names_in(const char *dir)
{
	DIR *stream = opendir(dir);
	int count = 0;

	if (!stream)
		return -1;
	while (readdir(stream))
		count++;
	closedir(stream);
	return count - 2;
}

static int masked(void *arg)
{
	struct ns_op ops[] = { PROC_OP(0) };
	struct ns_tree tree = TREE(ops);
	unsigned long all = ST_NOSUID | ST_NODEV | ST_NOEXEC;

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(tree.masks > 5);
	CHECK((mount_flags("/proc") & all) == all);
	CHECK(!(mount_flags("/proc") & ST_RDONLY));
	for (size_t i = 0; i < COUNT(hidden_files); i++) {
		if (exists(at_proc(hidden_files[i]))) {
			CHECK_ERRNO(open(at_proc(hidden_files[i]), O_RDONLY | O_CLOEXEC), EACCES);
			CHECK(mount_flags(at_proc(hidden_files[i])) & ST_RDONLY);
		}
	}
	for (size_t i = 0; i < COUNT(hidden_dirs); i++) {
		if (exists(at_proc(hidden_dirs[i]))) {
			CHECK(names_in(at_proc(hidden_dirs[i])) == 0);
			CHECK(mount_flags(at_proc(hidden_dirs[i])) & ST_RDONLY);
		}
	}
	for (size_t i = 0; i < COUNT(read_only); i++) {
		if (exists(at_proc(read_only[i])))
			CHECK(mount_flags(at_proc(read_only[i])) & ST_RDONLY);
	}
	CHECK(names_in("/proc/sys") > 0); /* but it can be read */
	CHECK(exists("/proc/1") && !exists("/proc/2"));
	return 0;
}

TEST_INSIDE(masked)

/* As root with all its power over the host: the masks hold, and it is they that hold. */
static int masked_from_root(void *arg)
{
	struct ns_op ops[] = { PROC_OP(0) };
	struct ns_tree tree = TREE(ops);
	int bare = ns_proc_open();

	(void)arg;
	CHECK(bare >= 0);
	CHECK(ns_mounts_private() == 0);
	CHECK(ns_tree_open(&tree) == 0);
	CHECK(ns_tree_build(&tree) == 0);
	CHECK(ns_tree_pivot(&tree) == 0);
	CHECK(openat(bare, "sysrq-trigger", O_WRONLY | O_CLOEXEC) >= 0 || errno == ENOENT);
	CHECK(openat(bare, "sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC) >= 0);
	CHECK(openat(bare, "timer_list", O_RDONLY | O_CLOEXEC) >= 0 || errno == ENOENT);
	CHECK_ERRNO(open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC), EROFS);
	if (exists("/proc/sysrq-trigger"))
		CHECK_ERRNO(open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC), EROFS);
	if (exists("/proc/timer_list"))
		CHECK_ERRNO(open("/proc/timer_list", O_RDONLY | O_CLOEXEC), EACCES);
	return 0;
}

TEST_F(world, masked_from_root)
{
	SKIP_UNLESS_POSSIBLE();
	if (!variant->root)
		SKIP(return, "needs root");
	self->how.flags = CLONE_NEWNS | CLONE_NEWPID;
	EXPECT_EQ(0, inside(&self->how, masked_from_root, NULL));
}

static int processes_only(void *arg)
{
	struct ns_op ops[] = { PROC_OP(NS_PIDS) };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(exists("/proc/sys"));
	CHECK(build_and_pivot(&tree) == 0);
	CHECK(!exists("/proc/sys") && !exists("/proc/kcore") && !exists("/proc/cpuinfo"));
	CHECK(exists("/proc/self/status") && exists("/proc/1/fd"));
	CHECK(tree.masks == 0);
	return 0;
}

TEST_INSIDE(processes_only)

static int read_only_proc(void *arg)
{
	struct ns_op ops[] = { PROC_OP(NS_RDONLY) };
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	CHECK_ERRNO(open("/proc/self/comm", O_WRONLY | O_CLOEXEC), EROFS);
	return 0;
}

TEST_INSIDE(read_only_proc)

/* Take away all that lies on /proc. */
static int unmask(void)
{
	char path[256];

	read_mounts(mounts_after, sizeof(mounts_after));
	for (const char *line = mounts_after; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%*s %*s %*s %*s %255s", path) == 1 &&
		    strncmp(path, "/proc/", 6) == 0)
			CHECK(umount2(path, MNT_DETACH) == 0);
	}
	return 0;
}

static int proc_again(void *arg)
{
	struct ns_op ops[] = { PROC_OP(0) };
	struct ns_tree tree = TREE(ops);
	const int *want = arg;

	CHECK(build(&tree) == *want);
	if (*want)
		CHECK(tree.error.op == 0 && strcmp(tree.error.doing, "mount proc") == 0);
	CHECK(ns_proc_open() == *want || (*want == 0 && ns_proc_open() >= 0));
	return 0;
}

/* In a container whose /proc has masks the kernel refuses another, and we say at what. */
static int nested(void *arg)
{
	struct ns_op ops[] = {
		PROC_OP(0),
		{ .kind = NS_OP_BIND, .source = "/dev/null", .dest = "/dev/null", .flags = NS_DEV },
	};
	struct ns_tree tree = TREE(ops);
	struct inside how = *(struct inside *)arg;
	int want = -EPERM;

	CHECK(build_and_pivot(&tree) == 0);
	how.uid = geteuid();
	CHECK(inside(&how, proc_again, &want) == 0);
	want = 0;
	CHECK(unmask() == 0);
	CHECK(inside(&how, proc_again, &want) == 0);
	return 0;
}

TEST_INSIDE(nested)

/* ---- /dev ---- */

static int devices(void *arg)
{
	static const struct {
		const char *path;
		unsigned int minor;
	} nodes[] = { { "/dev/null", 3 },
		      { "/dev/zero", 5 },
		      { "/dev/full", 7 },
		      { "/dev/random", 8 },
		      { "/dev/urandom", 9 } };
	static const char *const links[][2] = {
		{ "/dev/fd", "/proc/self/fd" },	      { "/dev/stdin", "/proc/self/fd/0" },
		{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
		{ "/dev/ptmx", "pts/ptmx" },
	};
	struct ns_op ops[] = { DEV_OP };
	struct ns_tree tree = TREE(ops);
	struct stat st;
	char text[64];
	int fd;

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	for (size_t i = 0; i < COUNT(nodes); i++) {
		CHECK(stat(nodes[i].path, &st) == 0 && S_ISCHR(st.st_mode));
		CHECK(st.st_rdev == makedev(1, nodes[i].minor));
		fd = open(nodes[i].path, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0);
		close(fd);
	}
	for (size_t i = 0; i < COUNT(links); i++) {
		ssize_t len = readlink(links[i][0], text, sizeof(text));

		CHECK(len == (ssize_t)strlen(links[i][1]));
		CHECK(memcmp(text, links[i][1], (size_t)len) == 0);
	}
	CHECK(stat("/dev/tty", &st) == 0 && st.st_rdev == makedev(5, 0));
	CHECK(names_in("/dev") == COUNT(nodes) + COUNT(links) + 3); /* pts, shm, tty */
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	CHECK_ERRNO(write(fd, "x", 1), ENOSPC);
	return 0;
}

TEST_INSIDE(devices)

static int pts_and_shm(void *arg)
{
	struct ns_op ops[] = { DEV_OP, { .kind = NS_OP_DIR, .dest = "/dev/more", .mode = 0755 } };
	struct ns_tree tree = TREE(ops);
	struct stat st;
	int fd;

	(void)arg;
	CHECK(build_and_pivot(&tree) == 0);
	fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(strcmp(ptsname(fd), "/dev/pts/0") == 0); /* a new instance begins at 0 */
	CHECK(unlockpt(fd) == 0);
	CHECK(stat("/dev/pts/0", &st) == 0 && (st.st_mode & 0777) == 0620);
	CHECK(open("/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0);
	CHECK(stat("/dev/shm", &st) == 0 && (st.st_mode & 07777) == 01777);
	CHECK(put("/dev/shm/x", "x") == 0);
	CHECK(mount_flags("/dev/shm") & ST_NODEV);
	fd = open("/dev/shm/y", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK(ftruncate(fd, 1 << 20) == 0);
	CHECK(posix_fallocate(fd, 0, 1 << 20) == ENOSPC);
	CHECK(exists("/dev/more"));
	return 0;
}

TEST_INSIDE(pts_and_shm)

/* A host whose /dev/null is something else: neither /dev nor the masks trust it. */
static int false_null(void *arg)
{
	struct ns_op dev[] = { DEV_OP }, proc[] = { PROC_OP(0) };
	struct ns_tree one = TREE(dev), two = TREE(proc), three = TREE(dev);

	(void)arg;
	CHECK(ns_mounts_private() == 0);
	CHECK(mount("/dev/zero", "/dev/null", NULL, MS_BIND, NULL) == 0);
	CHECK(build(&one) == -ENXIO);
	CHECK(strcmp(one.error.doing, "bind a device") == 0);
	close(one.root);
	CHECK(build(&two) == -ENXIO);
	CHECK(strcmp(two.error.doing, "mask an entry of proc") == 0);
	close(two.root);
	CHECK(umount2("/dev/null", MNT_DETACH) == 0);
	CHECK(build(&three) == 0);
	return 0;
}

TEST_INSIDE(false_null)

TEST_HARNESS_MAIN
