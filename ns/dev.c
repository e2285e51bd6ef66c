/* SPDX-License-Identifier: MIT */
/*
 * A minimal /dev on a tmpfs of its own: five devices that hold no state, the links that
 * programs expect, pseudo-terminals of an own instance, and shared memory. There is no
 * console; tty is whatever terminal controls the one who opens it, and the sandbox's session is
 * its own: that of the caller is not to be had there.
 *
 * A user namespace cannot make device nodes that work, so the host's are bound, each one
 * only after it has been seen to be the device that its name promises.
 *
 * null(4), random(4), pts(4), shm_overview(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEV_ATTR (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

/* clang-format off */
static const struct node {
	const char *name;
	unsigned int major, minor;
} nodes[] = {
	{ "full",    1, 7 },
	{ "null",    1, 3 },
	{ "random",  1, 8 },
	{ "tty",     5, 0 },
	{ "urandom", 1, 9 },
	{ "zero",    1, 5 },
};

static const struct link {
	const char *name;
	const char *target;
} links[] = {
	{ "fd",	    "/proc/self/fd" },
	{ "ptmx",   "pts/ptmx" },
	{ "stderr", "/proc/self/fd/2" },
	{ "stdin",  "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
};
/* clang-format on */

/* No gid= here: group 5, the usual one, is not mapped where a single id is. */
static const struct ns_param pts_params[] = {
	{ "mode", "0620" },
	{ "ptmxmode", "0666" },
	{ NULL, NULL },
};

int ns_device_open(const char *name, unsigned int major, unsigned int minor)
{
	char path[32] = "/dev/";
	struct stat st;
	int fd;

	strncat(path, name, sizeof(path) - sizeof("/dev/"));
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor))
		return fd;
	close(fd);
	return -ENXIO;
}

static int make_node(int dev, const struct node *node)
{
	ns_auto_close int device = ns_device_open(node->name, node->major, node->minor);
	ns_auto_close int mount = -1;
	ns_auto_close int at = -1;

	if (device < 0)
		return device;
	if (mknodat(dev, node->name, S_IFREG | 0444, 0) < 0)
		return -errno;
	at = openat(dev, node->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return -errno;
	mount = ns_mount_clone(device);
	if (mount < 0)
		return mount;
	return ns_mount_attach(mount, at, DEV_ATTR);
}

/* Mount MOUNT on a new directory NAME. */
static int make_mount(int dev, const char *name, int mount)
{
	ns_auto_close int at = -1;

	if (mount < 0)
		return mount;
	if (mkdirat(dev, name, 0755) < 0)
		return -errno;
	at = openat(dev, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return -errno;
	return ns_mount_attach(mount, at, 0);
}

static int make_nodes(int dev)
{
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(nodes) / sizeof(nodes[0]); i++)
		error = make_node(dev, &nodes[i]);
	return error;
}

static int make_links(int dev)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlinkat(links[i].target, dev, links[i].name) < 0)
			return -errno;
	}
	return 0;
}

/* pts is not nodev: what it holds are devices. */
static int make_pts(int dev)
{
	ns_auto_close int mount = ns_mount_new("devpts", pts_params, DEV_ATTR);

	return make_mount(dev, "pts", mount);
}

static int make_shm(struct ns_tree *tree, const struct ns_op *op, int dev)
{
	const struct ns_tmpfs shm = {
		.mode = 01777,
		.size = op->size,
		.inodes = op->inodes,
		.attr = DEV_ATTR | MOUNT_ATTR_NODEV,
	};
	ns_auto_close int mount = ns_tmpfs_new(&shm);
	int error = make_mount(dev, "shm", mount);

	return error ? error : ns_own(tree, mount);
}

int ns_dev_mount(struct ns_tree *tree, const struct ns_op *op, const struct ns_place *at,
		 int *mount)
{
	static const struct ns_tmpfs dev = {
		.mode = 0755,
		.size = 1 << 20,
		.inodes = 1024,
		.attr = DEV_ATTR | MOUNT_ATTR_NODEV,
	};
	int error;

	*mount = ns_tmpfs_new(&dev);
	error = *mount < 0 ? *mount : ns_mount_attach(*mount, at->fd, 0);
	if (!error)
		error = ns_own(tree, *mount);
	if (error)
		return ns_failed(tree, "mount a tmpfs for devices", error);
	error = ns_failed(tree, "bind a device", make_nodes(*mount));
	if (!error)
		error = ns_failed(tree, "link in the device directory", make_links(*mount));
	if (!error)
		error = ns_failed(tree, "mount devpts", make_pts(*mount));
	if (!error)
		error = ns_failed(tree, "mount shared memory", make_shm(tree, op, *mount));
	return error;
}
