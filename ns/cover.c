/* SPDX-License-Identifier: MIT */
/*
 * What is put over something that is already there, and perhaps belongs to the host: a file
 * with a content of ours, or emptiness. Nothing is created at the destination; the
 * file lies in a small tmpfs of its own, of which only that file is visible.
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#define COVER_ATTR (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* A mount of a new file alone; writable ones may grow as far as their last page. */
static int file_new(struct ns_tree *tree, mode_t mode, const void *data, size_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const struct ns_tmpfs tmpfs = {
		.mode = 0755,
		.size = (len / page + 1) * page,
		.inodes = 3,
		.attr = COVER_ATTR,
	};
	ns_auto_stage int stage = ns_stage_open(tree, &tmpfs);
	ns_auto_close int fd = -1;
	int error;

	if (stage < 0)
		return stage;
	fd = openat(stage, "data", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = ns_write_all(fd, data, len);
	if (!error && fchmod(fd, mode & 07777) < 0)
		error = -errno;
	return error ? error : ns_mount_clone(fd);
}

int ns_data_new(struct ns_tree *tree, const struct ns_op *op)
{
	return file_new(tree, op->mode, op->data, op->len);
}

int ns_mask_new(struct ns_tree *tree, bool directory)
{
	static const struct ns_tmpfs empty = {
		.mode = 0555,
		.size = 4096,
		.inodes = 1,
		.attr = COVER_ATTR,
	};

	return directory ? ns_tmpfs_new(&empty) : file_new(tree, 0444, "", 0);
}
