/* SPDX-License-Identifier: MIT */
/*
 * /proc of the new PID namespace, with its dangerous entries masked.
 *
 * Most of /proc is about processes and knows namespaces; the rest talks about the machine.
 * What changes the machine is made read-only, what tells about it is hidden: a file behind
 * /dev/null (on a mount that opens no devices, so that opening it is EACCES rather than
 * silence), a directory behind an empty file system. With subset=pid none of it exists.
 * The kernel once took that option and did nothing, so it is looked at afterwards.
 *
 * In a user namespace the kernel mounts /proc only if it already is visible unmasked
 * (mount_too_revealing()); in a container it usually is not, and the answer is EPERM. So a sandbox
 * that is to have others in it needs one without masks (NS_WHOLE). What changes the machine still
 * belongs to root outside, who is nobody inside.
 *
 * proc(5)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#define PROC_ATTR (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* clang-format off */
static const struct mask {
	const char *name;
	enum { READ_ONLY, HIDDEN } how;
} masks[] = {
	{ "acpi",	   HIDDEN },
	{ "asound",	   HIDDEN },
	{ "bus",	   READ_ONLY },
	{ "fs",		   READ_ONLY },
	{ "interrupts",	   HIDDEN },	/* the rhythm of keys and packets */
	{ "irq",	   READ_ONLY },
	{ "kallsyms",	   HIDDEN },
	{ "kcore",	   HIDDEN },
	{ "key-users",	   HIDDEN },
	{ "keys",	   HIDDEN },
	{ "kmsg",	   HIDDEN },
	{ "kpagecgroup",   HIDDEN },
	{ "kpagecount",	   HIDDEN },
	{ "kpageflags",	   HIDDEN },
	{ "latency_stats", HIDDEN },
	{ "mtrr",	   HIDDEN },
	{ "sched_debug",   HIDDEN },
	{ "scsi",	   HIDDEN },
	{ "slabinfo",	   HIDDEN },
	{ "sys",	   READ_ONLY },
	{ "sysrq-trigger", READ_ONLY },
	{ "timer_list",	   HIDDEN },
	{ "timer_stats",   HIDDEN },
	{ "vmallocinfo",   HIDDEN },
};
/* clang-format on */

static const struct ns_param all_of_it[] = { { NULL, NULL } };
static const struct ns_param processes[] = { { "subset", "pid" }, { NULL, NULL } };

/* What goes over AT: itself, the null device, or nothing. */
static int mask_mount(const struct mask *mask, int at, int null)
{
	static const struct ns_tmpfs empty = {
		.mode = 0555,
		.size = 4096,
		.inodes = 1,
		.attr = PROC_ATTR | MOUNT_ATTR_RDONLY,
	};
	struct stat st;

	if (mask->how == READ_ONLY)
		return ns_mount_clone(at);
	if (fstat(at, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return ns_tmpfs_new(&empty);
	return ns_mount_clone(null);
}

/* 1: masked; 0: this kernel has no such entry. */
static int put_mask(const struct mask *mask, int proc, int null)
{
	ns_auto_close int at = openat(proc, mask->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ns_auto_close int mount = -1;
	int error;

	if (at < 0)
		return errno == ENOENT ? 0 : -errno;
	mount = mask_mount(mask, at, null);
	if (mount < 0)
		return mount;
	error = ns_mount_attach(mount, at, PROC_ATTR | MOUNT_ATTR_RDONLY);
	return error ? error : 1;
}

static int put_masks(struct ns_tree *tree, int proc)
{
	ns_auto_close int null = ns_device_open("null", 1, 3);
	int done = 0;

	if (null < 0)
		return null;
	for (size_t i = 0; done >= 0 && i < sizeof(masks) / sizeof(masks[0]); i++) {
		done = put_mask(&masks[i], proc, null);
		if (done > 0)
			tree->masks++;
	}
	return done < 0 ? done : 0;
}

static int only_processes(int proc)
{
	struct stat st;

	if (fstatat(proc, "sys", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EOPNOTSUPP;
	return errno == ENOENT ? 0 : -errno;
}

int ns_proc_mount(struct ns_tree *tree, const struct ns_op *op, const struct ns_place *at,
		  int *mount)
{
	const struct ns_param *params = op->flags & NS_PIDS ? processes : all_of_it;
	unsigned int attr = PROC_ATTR;
	int error;

	if (op->flags & NS_RDONLY)
		attr |= MOUNT_ATTR_RDONLY;
	*mount = ns_mount_new("proc", params, attr);
	error = *mount < 0 ? *mount : ns_mount_attach(*mount, at->fd, 0);
	if (error)
		return ns_failed(tree, "mount proc", error);
	if (op->flags & NS_PIDS)
		return ns_failed(tree, "mount proc with subset=pid", only_processes(*mount));
	if (op->flags & NS_WHOLE)
		return 0;
	return ns_failed(tree, "mask an entry of proc", put_masks(tree, *mount));
}

int ns_proc_open(void)
{
	return ns_mount_new("proc", all_of_it, PROC_ATTR);
}
