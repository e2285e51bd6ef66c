/* SPDX-License-Identifier: MIT */
/*
 * What the files of ns/ share among themselves. Nobody else includes it.
 */
#ifndef NS_INTERNAL_H
#define NS_INTERNAL_H

#include "ns/ns.h"

#include <limits.h>
#include <sys/stat.h>

/* ---- descriptors ---- */

/* Close *FD unless it is negative; makes it -1; errno is kept. */
void ns_close(int *fd);

/* A local that owns a descriptor. Declared where it is opened, or set to -1. */
#define ns_auto_close __attribute__((cleanup(ns_close)))

/* Is FD in a proc file system, and not in something that was put over it? 0 or -ENOTSUP. */
int ns_is_proc(int fd);

/* ---- small texts without stdio (mountinfo.c) ---- */

#define NS_NUMBER_MAX 24 /* 64 bits in base 8 and the NUL */

/* VALUE in BASE (8 or 10), at the end of TEXT; returns where it begins. */
char *ns_number(char text[NS_NUMBER_MAX], uint64_t value, unsigned int base);

/* "PID/NAME", or "self/NAME" for pid 0: -ENAMETOOLONG if it does not fit. */
int ns_proc_path(char *path, size_t size, pid_t pid, const char *name);

/* Open NAME of process PID for reading: a descriptor, or -errno; -ENOTSUP: PROC is no proc. */
int ns_proc_file(int proc, pid_t pid, const char *name);

/* A file that is read byte by byte, in big pieces. */
struct ns_reader {
	int fd;
	size_t next, len;
	unsigned char text[4096];
};

/* The next byte; 0 at the end (files of /proc that are read here hold no NUL); -errno. */
int ns_read_byte(struct ns_reader *reader);

/* A decimal number after blanks: returns the byte behind it, 0 at the end, or -errno. */
int ns_read_number(struct ns_reader *reader, uint64_t *value);

/* The next line of a mountinfo: 1; 0 at the end; -errno. */
int ns_mount_next(struct ns_reader *reader, struct ns_mount *mount);

/* ---- resolving a destination (resolve.c) ---- */

/* A place in the new root. Both descriptors are O_PATH and the holder's to close. */
struct ns_place {
	int fd;			 /* what is there; -1: nothing, and it may be created in PARENT */
	int parent;		 /* the directory that NAME is in */
	struct stat st;		 /* of FD */
	bool root;		 /* it is the root itself */
	bool foreign;		 /* a symbolic link that the host controls was followed */
	char name[NAME_MAX + 1]; /* not a link, unless NS_LINK */
};

#define NS_CREATE 0x1u /* make the directories that are missing before the last name */
#define NS_LINK	  0x2u /* do not follow a link at the last name */

/*
 * Find PATH in TREE: links are followed inside the root, ".." in them cannot leave it,
 * links of a /proc are refused (-ELOOP). The last name may be missing (fd -1) only with
 * NS_CREATE, and only where creating is allowed. On errors there is nothing to close.
 */
int ns_resolve(const struct ns_tree *tree, const char *path, unsigned int flags,
	       struct ns_place *place);

void ns_place_release(struct ns_place *place);

#define ns_auto_place __attribute__((cleanup(ns_place_release)))

/* Is ST in a file system that the build made itself? */
bool ns_is_own(const struct ns_tree *tree, const struct stat *st);

/* ---- mounts by descriptor (mount.c) ---- */

struct ns_param {
	const char *key;
	const char *value; /* NULL: a flag */
};

/* A new mount of a file system TYPE, mounted nowhere yet; PARAMS end with a NULL key. */
int ns_mount_new(const char *type, const struct ns_param *params, unsigned int attr);

/* The same for tmpfs; INODES 0 leaves the kernel's default. */
struct ns_tmpfs {
	mode_t mode;
	uint64_t size, inodes;
	unsigned int attr;
};
int ns_tmpfs_new(const struct ns_tmpfs *tmpfs);

/* A detached copy of what FD is, without the mounts below it. */
int ns_mount_clone(int fd);

/* Attach MOUNT at AT; then all of it, mounts below included, has ATTR (added, never taken). */
int ns_mount_attach(int mount, int at, unsigned int attr);

/* The same, but 1 where that needs ns_restrict_mounts() when all is attached. */
int ns_mount_put(int mount, int at, unsigned int attr);

/* Add ATTR by mount(2) to the mount at PATH below FD, if it is the one with the id WANT. */
int ns_mount_remount(int fd, const char *path, uint64_t want, unsigned int attr);

/* All that is demanded of the mounts of TREE, added to those that lack it (audit.c). */
int ns_restrict_mounts(const struct ns_tree *tree);

/* Add ATTR to the mount at FD alone. */
int ns_mount_restrict(int fd, unsigned int attr);

int ns_mount_id(int fd, uint64_t *id);

/* ---- /proc and /dev (proc.c, dev.c) ---- */

int ns_proc_mount(struct ns_tree *tree, const struct ns_op *op, const struct ns_place *at,
		  int *mount);
int ns_dev_mount(struct ns_tree *tree, const struct ns_op *op, const struct ns_place *at,
		 int *mount);

/* Open the host's device NAME below /dev, a character device MAJOR:MINOR, or fail. */
int ns_device_open(const char *name, unsigned int major, unsigned int minor);

/* ---- what is put over something (overlay.c, cover.c) ---- */

int ns_overlay_new(struct ns_tree *tree, const struct ns_op *op, unsigned int attr);

/* A detached mount of a file that holds op->data, or of what masks something. */
int ns_data_new(struct ns_tree *tree, const struct ns_op *op);
int ns_mask_new(struct ns_tree *tree, bool directory);

/*
 * A tmpfs that is attached for a moment, over the new root, where nothing looks: before
 * Linux 6.15 only what is attached can be cloned or be a layer. Descriptor or -errno.
 */
int ns_stage_open(struct ns_tree *tree, const struct ns_tmpfs *tmpfs);
void ns_stage_close(int *stage); /* detached again; what was cloned of it stays */

#define ns_auto_stage __attribute__((cleanup(ns_stage_close)))

/* ---- errors (tree.c) ---- */

/* Note what was being done if ERROR is one; returns ERROR. */
int ns_failed(struct ns_tree *tree, const char *doing, int error);

int ns_write_all(int fd, const void *data, size_t len);

/* From now on names may be created in the file system of FD. */
int ns_own(struct ns_tree *tree, int fd);

#endif
