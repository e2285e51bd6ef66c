/* SPDX-License-Identifier: MIT */
/*
 * Overlays: directories of the host on top of each other, and what is written goes to a
 * directory of the caller's, or to a tmpfs that no path leads to and that goes with the sandbox.
 *
 * The kernel takes layers by name only (descriptors since Linux 6.13). The names that it gets
 * are those of our descriptors, relative to /proc/self/fd: short, without a colon to escape,
 * and nothing of the host is looked up a second time. A layer must be attached
 * in our mount namespace, and must not have mounts below it that came from outside.
 *
 * In a user namespace (since Linux 5.11) its marks must be user.* attributes ("userxattr");
 * where tmpfs has none, before 6.6, it does without some of them.
 *
 * Documentation/filesystems/overlayfs.rst
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define TEXT_MAX 256 /* of what fsconfig(2) takes, with the NUL */

/* A cloned or layered mount holds on to the file system; the place it had is not needed. */
void ns_stage_close(int *stage)
{
	int saved = errno;

	if (*stage >= 0 && fchdir(*stage) == 0)
		umount2(".", MNT_DETACH);
	ns_close(stage);
	errno = saved;
}

int ns_stage_open(struct ns_tree *tree, const struct ns_tmpfs *tmpfs)
{
	ns_auto_close int mount = ns_tmpfs_new(tmpfs);
	int stage, error;

	if (mount < 0)
		return mount;
	error = ns_mount_attach(mount, tree->root, 0);
	if (error)
		return error;
	stage = mount;
	mount = -1;
	return stage;
}

/* The lower layers, the highest first, as the kernel wants them. */
static int list_layers(const struct ns_op *op, size_t lowest, char text[TEXT_MAX])
{
	char digits[NS_NUMBER_MAX];
	size_t used = 0;

	for (size_t i = lowest; i-- > 0;) {
		const char *name = ns_number(digits, (uint64_t)op->layers[i].fd, 10);
		size_t len = strlen(name);

		if (used + len + 2 > TEXT_MAX)
			return -E2BIG;
		memcpy(text + used, name, len);
		used += len;
		text[used++] = ':';
	}
	if (used == 0)
		return -EINVAL;
	text[used - 1] = '\0';
	return 0;
}

/* NAME in the stage, with the mode of the layer that it will be on top of. */
static int make_upper(int stage, const char *name, int below)
{
	struct stat st;
	int fd;

	if (fstat(below, &st) < 0 || mkdirat(stage, name, 0755) < 0 ||
	    fchmodat(stage, name, st.st_mode & 07777, 0) < 0)
		return -errno;
	fd = openat(stage, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

struct upper {
	int upper, work; /* -1: read-only */
};

static int mount_layers(const struct ns_op *op, size_t nlower, const struct upper *at,
			unsigned int attr)
{
	char lower[TEXT_MAX], upper[NS_NUMBER_MAX], work[NS_NUMBER_MAX];
	const bool writable = at->upper >= 0;
	const struct ns_param params[] = {
		{ "userxattr", NULL },
		{ "lowerdir", lower },
		{ writable ? "upperdir" : NULL, ns_number(upper, (uint64_t)at->upper, 10) },
		{ "workdir", ns_number(work, (uint64_t)at->work, 10) },
		{ NULL, NULL },
	};
	ns_auto_close int fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = list_layers(op, nlower, lower);

	if (error)
		return error;
	if (fds < 0)
		return -errno;
	if (ns_is_proc(fds) || fchdir(fds) < 0)
		return -ENOTSUP;
	return ns_mount_new("overlay", params, attr);
}

static int mount_on_memory(struct ns_tree *tree, const struct ns_op *op, unsigned int attr)
{
	const struct ns_tmpfs tmpfs = {
		.mode = 0755,
		.size = op->size,
		.inodes = op->inodes,
		.attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
	ns_auto_stage int stage = ns_stage_open(tree, &tmpfs);
	ns_auto_close int upper = -1;
	ns_auto_close int work = -1;
	int top = op->layers[op->nlayers - 1].fd;

	if (stage < 0)
		return stage;
	upper = make_upper(stage, "upper", top);
	work = upper < 0 ? upper : make_upper(stage, "work", top);
	if (work < 0)
		return work;
	return mount_layers(op, op->nlayers, &(struct upper){ upper, work }, attr);
}

int ns_overlay_new(struct ns_tree *tree, const struct ns_op *op, unsigned int attr)
{
	const struct ns_layer *last = &op->layers[op->nlayers - 1];

	if (op->nlayers < (op->flags & NS_UPPER ? 3 : 1))
		return -EINVAL;
	if (op->flags & NS_UPPER)
		return mount_layers(op, op->nlayers - 2, &(struct upper){ last[-1].fd, last->fd },
				    attr);
	if (op->flags & NS_RDONLY)
		return mount_layers(op, op->nlayers, &(struct upper){ -1, -1 }, attr);
	return mount_on_memory(tree, op, attr);
}
