/* SPDX-License-Identifier: MIT */
/*
 * Mounts by descriptor: made, restricted, then attached; a mount that is not attached yet
 * can be seen by nobody, so it is never visible with less than its restrictions.
 *
 * mount_setattr(AT_RECURSIVE) restricts a whole tree. MS_REMOUNT | MS_BIND | MS_REC looks
 * as if it did, returns success and leaves the mounts below writable. Where mount_setattr()
 * is missing (before Linux 5.12, or filtered), each mount is remounted by itself once it is
 * attached; those of a tree, when all of them are, in one pass (audit.c). Flags are only ever added: those that an outer namespace has locked
 * must be given again on a remount, or it is EPERM.
 *
 * mount_setattr(2), fsopen(2), open_tree(2), move_mount(2), mount_namespaces(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

int ns_mounts_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

int ns_mount_new(const char *type, const struct ns_param *params, unsigned int attr)
{
	ns_auto_close int fs = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (fs < 0)
		return -errno;
	for (; params->key; params++) {
		int cmd = params->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (fsconfig(fs, cmd, params->key, params->value, 0) < 0)
			return -errno;
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(fs, FSMOUNT_CLOEXEC, attr);
	return mount < 0 ? -errno : mount;
}

int ns_tmpfs_new(const struct ns_tmpfs *tmpfs)
{
	char mode[NS_NUMBER_MAX], size[NS_NUMBER_MAX], inodes[NS_NUMBER_MAX];
	const struct ns_param params[] = {
		{ "mode", ns_number(mode, tmpfs->mode & 07777, 8) },
		{ "size", ns_number(size, tmpfs->size, 10) },
		{ tmpfs->inodes ? "nr_inodes" : NULL, ns_number(inodes, tmpfs->inodes, 10) },
		{ NULL, NULL },
	};

	if (tmpfs->size == 0) /* the kernel's "no limit" */
		return -EINVAL;
	return ns_mount_new("tmpfs", params, tmpfs->attr);
}

int ns_mount_clone(int fd)
{
	int mount = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return mount < 0 ? -errno : mount;
}

int ns_mount_id(int fd, uint64_t *id)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return -errno;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -ENOSYS;
	*id = stx.stx_mnt_id;
	return 0;
}

/* clang-format off */
static const struct flag {
	unsigned long statvfs; /* ST_*, as a mount has it */
	unsigned int attr;     /* MOUNT_ATTR_*, as it is asked for */
	unsigned long mount;   /* MS_*, as it is said to mount(2) */
} flags[] = {
	{ ST_RDONLY,	 MOUNT_ATTR_RDONLY, MS_RDONLY },
	{ ST_NOSUID,	 MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ ST_NODEV,	 MOUNT_ATTR_NODEV,  MS_NODEV },
	{ ST_NOEXEC,	 MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ ST_NOATIME,	 0,		    MS_NOATIME },
	{ ST_NODIRATIME, 0,		    MS_NODIRATIME },
	{ ST_RELATIME,	 0,		    MS_RELATIME },
};
/* clang-format on */

/* What mount_setattr(2) does to one mount, by mount(2): FD must be the root of an attached one. */
static int remount(int fd, unsigned int attr)
{
	char path[sizeof("/proc/self/fd/") + NS_NUMBER_MAX] = "/proc/self/fd/";
	unsigned long how = MS_REMOUNT | MS_BIND;
	char digits[NS_NUMBER_MAX];
	struct statvfs has;

	if (fstatvfs(fd, &has) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((has.f_flag & flags[i].statvfs) || (attr & flags[i].attr))
			how |= flags[i].mount;
	}
	strcat(path, ns_number(digits, (uint64_t)fd, 10));
	return mount(NULL, path, NULL, how, NULL) < 0 ? -errno : 0;
}

int ns_mount_remount(int fd, const char *path, uint64_t want, unsigned int attr)
{
	ns_auto_close int at = openat(fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id = 0;
	int error;

	if (at < 0)
		return -errno;
	error = ns_mount_id(at, &id);
	if (error)
		return error;
	if (id != want) /* another mount hides it for good: nothing here unmounts */
		return 0;
	return remount(at, attr);
}

/*
 * The same for all that is mounted below FD. The kernel lists mounts in the order in which
 * they were attached, and the tree of FD was the last: what follows it is its own. Paths
 * alone would not do, because the old root still has mounts of the same names.
 */
static int remount_tree(int fd, unsigned int attr)
{
	ns_auto_close int info = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct ns_reader reader = { .fd = info };
	char top[NS_PATH_MAX + 1];
	struct ns_mount mount;
	size_t len = 0;
	bool found = false;
	uint64_t id = 0;
	int error;

	if (info < 0)
		return -errno;
	error = ns_mount_id(fd, &id);
	if (!error)
		error = remount(fd, attr);
	while (!error && (error = ns_mount_next(&reader, &mount)) > 0) {
		error = 0;
		if (found && strncmp(mount.path, top, len) == 0 && mount.path[len] == '/') {
			error = ns_mount_remount(fd, mount.path + len + 1, mount.id, attr);
		} else if (mount.id == id) {
			found = true;
			strcpy(top, mount.path);
			len = strcmp(top, "/") == 0 ? 0 : strlen(top);
		}
	}
	if (!error && !found)
		error = -ENOENT;
	return error;
}

static int set_attr(int fd, unsigned int how, unsigned int attr)
{
	struct mount_attr set = { .attr_set = attr };

	if (how & AT_RECURSIVE)
		set.propagation = MS_PRIVATE;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | how, &set, sizeof(set)) < 0)
		return -errno;
	return 0;
}

/* Can ERROR mean that mount_setattr() itself is not there? */
static bool is_missing(int error)
{
	return error == -ENOSYS || error == -EPERM;
}

int ns_mount_restrict(int fd, unsigned int attr)
{
	int error = set_attr(fd, 0, attr);

	return is_missing(error) ? remount(fd, attr) : error;
}

int ns_mount_put(int mount, int at, unsigned int attr)
{
	int error = attr ? set_attr(mount, AT_RECURSIVE, attr) : 0;

	if (error && !is_missing(error))
		return error;
	if (move_mount(mount, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return error ? 1 : 0;
}

int ns_mount_attach(int mount, int at, unsigned int attr)
{
	int later = ns_mount_put(mount, at, attr);

	return later > 0 ? remount_tree(mount, attr) : later;
}
