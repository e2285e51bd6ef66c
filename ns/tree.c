/* SPDX-License-Identifier: MIT */
/*
 * The file tree of a sandbox: a list of operations, carried out on an empty tmpfs.
 *
 *	plan	ns_op_identify	what is each source? (device and inode)
 *	init	ns_tree_open	take a clone of each, still under the caller's ids
 *		ns_tree_build	root tmpfs over "/", then operation by operation
 *		ns_tree_pivot	it becomes "/", and the old one goes
 *
 * The new root is mounted on top of "/": an absolute path begins at the root directory, which
 * is still the old one, and does not see what lies over it. So until the pivot names lead to
 * the host (but for a "..", which arrives on top), and tree->root leads to the new tree.
 * No directory of the host is needed as a place, and none has to be chosen or cleaned up.
 *
 * pivot_root(2), mount_namespaces(7), tmpfs(5)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int ns_failed(struct ns_tree *tree, const char *doing, int error)
{
	if (error < 0)
		tree->error.doing = doing;
	return error;
}

int ns_own(struct ns_tree *tree, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (ns_is_own(tree, &st))
		return 0;
	if (tree->nown == sizeof(tree->own_dev) / sizeof(tree->own_dev[0]))
		return -E2BIG;
	tree->own_dev[tree->nown++] = st.st_dev;
	return 0;
}

/* ---- sources ---- */

static int identify_layers(struct ns_op *op)
{
	struct stat st;

	for (size_t i = 0; i < op->nlayers; i++) {
		struct ns_layer *layer = &op->layers[i];

		layer->fd = -1;
		op->source = layer->path;
		if (stat(layer->path, &st) < 0)
			return -errno;
		if (!S_ISDIR(st.st_mode))
			return -ENOTDIR;
		layer->dev = st.st_dev;
		layer->ino = st.st_ino;
	}
	return 0;
}

int ns_op_identify(struct ns_op *op)
{
	struct stat st;

	if (op->kind == NS_OP_OVERLAY)
		return identify_layers(op);
	if (op->kind != NS_OP_BIND)
		return 0;
	if (stat(op->source, &st) < 0) {
		int error = errno;

		if (!(op->flags & NS_TRY) || (error != ENOENT && error != ENOTDIR))
			return -error;
		op->skip = true;
		return 0;
	}
	op->source_dev = st.st_dev;
	op->source_ino = st.st_ino;
	return 0;
}

static int check_identity(int fd, uint64_t dev, uint64_t ino)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_dev == dev && st.st_ino == ino ? 0 : -ESTALE;
}

static int open_source(struct ns_op *op)
{
	op->source_fd =
		open_tree(AT_FDCWD, op->source, OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC);
	return check_identity(op->source_fd, op->source_dev, op->source_ino);
}

/* Not clones: the upper layer and its work directory must be in one mount. */
static int open_layers(struct ns_op *op)
{
	int error = 0;

	for (size_t i = 0; !error && i < op->nlayers; i++) {
		struct ns_layer *layer = &op->layers[i];

		op->source = layer->path;
		layer->fd = open(layer->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		error = check_identity(layer->fd, layer->dev, layer->ino);
	}
	return error;
}

int ns_tree_open(struct ns_tree *tree)
{
	for (size_t i = 0; i < tree->nops; i++) {
		struct ns_op *op = &tree->ops[i];
		int error = 0;

		if (op->skip || (op->flags & NS_MADE))
			continue;
		op->source_fd = -1;
		tree->error.op = i;
		if (op->kind == NS_OP_BIND)
			error = open_source(op);
		else if (op->kind == NS_OP_OVERLAY)
			error = open_layers(op);
		if (error)
			return ns_failed(tree, "open source", error);
	}
	return 0;
}

/* ---- operations that mount ---- */

static unsigned int mount_attr(const struct ns_op *op)
{
	unsigned int attr = MOUNT_ATTR_NOSUID;

	if (!(op->flags & NS_DEV))
		attr |= MOUNT_ATTR_NODEV;
	if (op->flags & NS_RDONLY)
		attr |= MOUNT_ATTR_RDONLY;
	if ((op->flags & NS_NOEXEC) || op->kind == NS_OP_MQUEUE || op->kind == NS_OP_MASK)
		attr |= MOUNT_ATTR_NOEXEC;
	if (op->kind == NS_OP_MASK)
		attr |= MOUNT_ATTR_RDONLY;
	return attr;
}

/* Make what is missing at PLACE, of the type in MODE, and open it. */
static int create(struct ns_place *place, mode_t mode)
{
	int error;

	if (S_ISDIR(mode))
		error = mkdirat(place->parent, place->name, mode & 07777);
	else
		error = mknodat(place->parent, place->name, mode, 0);
	if (error < 0)
		return -errno;
	place->fd = openat(place->parent, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place->fd < 0)
		return -errno;
	return fstat(place->fd, &place->st) < 0 ? -errno : 0;
}

/* Find or make the place that a mount of a directory, or else of a file, goes to. */
static int mount_point(struct ns_tree *tree, const struct ns_op *op, bool directory,
		       struct ns_place *place)
{
	int error = ns_resolve(tree, op->dest, NS_CREATE, place);

	if (!error && place->fd < 0)
		error = create(place, directory ? S_IFDIR | 0755 : S_IFREG | 0444);
	if (error)
		return ns_failed(tree, "create mount point", error);
	if (directory && !S_ISDIR(place->st.st_mode))
		error = -ENOTDIR;
	else if (!directory && S_ISDIR(place->st.st_mode))
		error = -EISDIR;
	return ns_failed(tree, "use mount point", error);
}

/*
 * A mount is coming that will be the root. What was built so far goes first: were the mount
 * stacked on it, then the pivot would leave three mounts at one place, and detaching the
 * topmost would not be detaching the old root.
 */
static int vacate(const struct ns_tree *tree, struct ns_place *place)
{
	if (!place->root)
		return 0;
	ns_close(&place->fd);
	if (fchdir(tree->root) < 0 || umount2(".", MNT_DETACH) < 0)
		return -errno;
	place->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return place->fd < 0 ? -errno : 0;
}

/* The new mount is the root now. */
static int replace_root(struct ns_tree *tree, const struct ns_op *op, int mount)
{
	for (struct ns_op *old = tree->ops; old < op; old++)
		old->mount_id = 0;
	tree->masks = 0;
	tree->root_id = 0;
	return dup3(mount, tree->root, O_CLOEXEC) < 0 ? -errno : 0;
}

static int tell(const struct ns_tree *tree, const struct ns_op *op, int fd)
{
	return tree->made ? tree->made(tree->made_ctx, op, fd) : 0;
}

static int mounted(struct ns_tree *tree, struct ns_op *op, const struct ns_place *place, int mount)
{
	int error = ns_mount_id(mount, &op->mount_id);

	if (!error && place->root)
		error = replace_root(tree, op, mount);
	if (!error)
		error = tell(tree, op, mount);
	return ns_failed(tree, "identify mount", error);
}

/* Put MOUNT, which nobody sees yet, at PLACE, with ATTR added. */
static int put(struct ns_tree *tree, struct ns_op *op, struct ns_place *place, int mount)
{
	int error = vacate(tree, place);

	if (!error)
		error = ns_mount_put(mount, place->fd, mount_attr(op));
	if (error > 0)
		tree->restrict_later = true;
	return ns_failed(tree, "attach mount", error > 0 ? 0 : error);
}

static int make_bind(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int source = op->source_fd;
	struct stat st;
	int error;

	op->source_fd = -1;
	if (fstat(source, &st) < 0)
		return ns_failed(tree, "open source", -errno);
	error = mount_point(tree, op, S_ISDIR(st.st_mode), &place);
	if (!error)
		error = put(tree, op, &place, source);
	return error ? error : mounted(tree, op, &place, source);
}

/* A file of ours, and then also ours to change the mode of. */
static int make_data(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int mount = -1;
	int error = mount_point(tree, op, false, &place);

	if (error)
		return error;
	mount = ns_data_new(tree, op);
	error = mount < 0 ? mount : ns_own(tree, mount);
	if (error)
		return ns_failed(tree, "make file", error);
	error = put(tree, op, &place, mount);
	return error ? error : mounted(tree, op, &place, mount);
}

static int make_overlay(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int mount = -1;
	int error = mount_point(tree, op, true, &place);

	if (error)
		return error;
	mount = ns_overlay_new(tree, op, mount_attr(op));
	for (size_t i = 0; i < op->nlayers; i++)
		ns_close(&op->layers[i].fd);
	if (mount < 0)
		return ns_failed(tree,
				 mount == -EINVAL ?
					 "mount overlay (no layer may have mounts below it)" :
					 "mount overlay",
				 mount);
	error = put(tree, op, &place, mount);
	return error ? error : mounted(tree, op, &place, mount);
}

static int make_mqueue(struct ns_tree *tree, struct ns_op *op)
{
	static const struct ns_param none[] = { { NULL, NULL } };
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int mount = -1;
	int error = mount_point(tree, op, true, &place);

	if (error)
		return error;
	mount = ns_mount_new("mqueue", none, mount_attr(op));
	if (mount < 0)
		return ns_failed(tree, "mount mqueue", mount);
	error = put(tree, op, &place, mount);
	return error ? error : mounted(tree, op, &place, mount);
}

static int make_mask(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int mount = -1;
	int error = ns_resolve(tree, op->dest, 0, &place);

	if ((op->flags & NS_TRY) && (error == -ENOENT || error == -ENOTDIR))
		return 0;
	if (!error && place.root)
		error = -EINVAL;
	if (error)
		return ns_failed(tree, "mask", error);
	mount = ns_mask_new(tree, S_ISDIR(place.st.st_mode));
	if (mount < 0)
		return ns_failed(tree, "mask", mount);
	error = put(tree, op, &place, mount);
	return error ? error : mounted(tree, op, &place, mount);
}

static int make_tmpfs(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	const struct ns_tmpfs tmpfs = {
		.mode = op->mode,
		.size = op->size,
		.inodes = op->inodes,
		.attr = mount_attr(op),
	};
	ns_auto_close int mount = -1;
	int error = mount_point(tree, op, true, &place);

	if (error)
		return error;
	mount = ns_tmpfs_new(&tmpfs);
	error = mount < 0 ? mount : vacate(tree, &place);
	if (!error)
		error = ns_mount_attach(mount, place.fd, 0);
	if (!error)
		error = ns_own(tree, mount);
	if (error)
		return ns_failed(tree, "mount tmpfs", error);
	return mounted(tree, op, &place, mount);
}

/*
 * /proc and /dev. They are places that programs trust, so they are not put where a link of
 * the host's says.
 */
static int make_special(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int mount = -1;
	int error = mount_point(tree, op, true, &place);

	if (error)
		return error;
	if (place.foreign || place.root)
		return ns_failed(tree, "use mount point", place.root ? -EINVAL : -ELOOP);
	if (op->kind == NS_OP_PROC)
		error = ns_proc_mount(tree, op, &place, &mount);
	else
		error = ns_dev_mount(tree, op, &place, &mount);
	return error ? error : mounted(tree, op, &place, mount);
}

static int remount_ro(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	int error = ns_resolve(tree, op->dest, 0, &place);

	if (!error)
		error = ns_mount_restrict(place.fd, MOUNT_ATTR_RDONLY);
	if (error)
		return ns_failed(tree, "remount read-only", error);
	return ns_failed(tree, "identify mount", ns_mount_id(place.fd, &op->mount_id));
}

/* ---- operations that create ---- */

static int make_symlink(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	char target[NS_PATH_MAX + 1];
	ssize_t len;
	int error = ns_resolve(tree, op->dest, NS_CREATE | NS_LINK, &place);

	if (error)
		return ns_failed(tree, "create symlink", error);
	if (place.fd < 0) {
		if (symlinkat(op->source, place.parent, place.name) < 0)
			return ns_failed(tree, "create symlink", -errno);
		return 0;
	}
	len = S_ISLNK(place.st.st_mode) ? readlinkat(place.fd, "", target, sizeof(target)) : -1;
	if (len == (ssize_t)strlen(op->source) && memcmp(target, op->source, (size_t)len) == 0)
		return 0; /* it says so already */
	return ns_failed(tree, "create symlink", -EEXIST);
}

static int make_dir(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	int error = ns_resolve(tree, op->dest, NS_CREATE, &place);

	if (!error && place.fd < 0)
		error = create(&place, S_IFDIR | (op->mode & 07777));
	else if (!error && !S_ISDIR(place.st.st_mode))
		error = -ENOTDIR;
	return ns_failed(tree, "create directory", error);
}

int ns_write_all(int fd, const void *data, size_t len)
{
	const unsigned char *next = data;

	while (len > 0) {
		ssize_t done = write(fd, next, len);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			next += done;
			len -= (size_t)done;
		}
	}
	return 0;
}

/* Nobody else is in a file system of ours yet, so a name there stays what it was seen to be. */
static int make_file(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	ns_auto_close int fd = -1;
	int error = ns_resolve(tree, op->dest, NS_CREATE, &place);

	if (!error && place.fd >= 0 && !S_ISREG(place.st.st_mode))
		error = -EEXIST;
	else if (!error && place.fd >= 0 && !ns_is_own(tree, &place.st))
		error = -EXDEV;
	if (error)
		return ns_failed(tree, "create file", error);
	fd = openat(place.parent, place.name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    op->mode & 07777);
	if (fd < 0)
		return ns_failed(tree, "create file", -errno);
	error = ns_write_all(fd, op->data, op->len);
	if (!error && fchmod(fd, op->mode & 07777) < 0) /* after the write, which drops setuid */
		error = -errno;
	if (!error)
		error = tell(tree, op, fd);
	return ns_failed(tree, "write file", error);
}

static int change_mode(struct ns_tree *tree, struct ns_op *op)
{
	ns_auto_place struct ns_place place = { .fd = -1, .parent = -1 };
	int error = ns_resolve(tree, op->dest, 0, &place);

	if (!error && !ns_is_own(tree, &place.st))
		error = -EXDEV;
	if (!error && fchmodat(place.parent, place.name, op->mode & 07777, 0) < 0)
		error = -errno;
	return ns_failed(tree, "change mode", error);
}

/* ---- building ---- */

static int (*const makers[])(struct ns_tree *tree, struct ns_op *op) = {
	[NS_OP_BIND] = make_bind,   [NS_OP_TMPFS] = make_tmpfs,	     [NS_OP_PROC] = make_special,
	[NS_OP_DEV] = make_special, [NS_OP_SYMLINK] = make_symlink,  [NS_OP_DIR] = make_dir,
	[NS_OP_FILE] = make_file,   [NS_OP_REMOUNT_RO] = remount_ro, [NS_OP_CHMOD] = change_mode,
	[NS_OP_DATA] = make_data,   [NS_OP_OVERLAY] = make_overlay,  [NS_OP_MQUEUE] = make_mqueue,
	[NS_OP_MASK] = make_mask,
};

/* Room for what the operations create, and little more: the payload may own the root. */
static struct ns_tmpfs root_tmpfs(const struct ns_tree *tree)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct ns_tmpfs root = {
		.mode = 0755,
		.size = 1 << 20,
		.inodes = 256,
		.attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};

	for (size_t i = 0; i < tree->nops; i++) {
		if (tree->ops[i].kind == NS_OP_FILE)
			root.size += tree->ops[i].len / page * page;
		root.size += 2 * page;
		for (const char *at = tree->ops[i].dest; *at; at++)
			root.inodes += *at == '/';
	}
	return root;
}

static int make_root(struct ns_tree *tree)
{
	const struct ns_tmpfs tmpfs = root_tmpfs(tree);
	ns_auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (old < 0)
		return -errno;
	tree->root = ns_tmpfs_new(&tmpfs);
	if (tree->root < 0)
		return tree->root;
	error = ns_mount_attach(tree->root, old, 0);
	if (!error)
		error = ns_own(tree, tree->root);
	if (!error)
		error = ns_mount_id(tree->root, &tree->root_id);
	if (!error)
		error = tell(tree, NULL, tree->root);
	return error;
}

static int build(struct ns_tree *tree)
{
	int error = 0;

	tree->error.op = tree->nops;
	error = ns_failed(tree, "mount the root", make_root(tree));
	for (size_t i = 0; !error && i < tree->nops; i++) {
		tree->error.op = i;
		if (!tree->ops[i].skip)
			error = makers[tree->ops[i].kind](tree, &tree->ops[i]);
	}
	if (error || !tree->restrict_later)
		return error;
	tree->error.op = tree->nops;
	return ns_failed(tree, "restrict the mounts", ns_restrict_mounts(tree));
}

int ns_tree_build(struct ns_tree *tree)
{
	mode_t mask;
	int error;

	tree->nown = 0;
	tree->masks = 0;
	tree->root_id = 0;
	tree->restrict_later = false;
	for (size_t i = 0; i < tree->nops; i++)
		tree->ops[i].mount_id = 0;
	if (tree->nops > NS_TREE_MAX)
		return -E2BIG;
	mask = umask(0);
	error = build(tree);
	umask(mask);
	return error;
}

int ns_tree_pivot(struct ns_tree *tree)
{
	tree->error.op = tree->nops;
	if (fchdir(tree->root) < 0)
		return ns_failed(tree, "enter the new root", -errno);
	if (pivot_root(".", ".") < 0)
		return ns_failed(tree, "pivot to the new root", -errno);
	if (umount2(".", MNT_DETACH) < 0)
		return ns_failed(tree, "detach the old root", -errno);
	if (chdir("/") < 0)
		return ns_failed(tree, "enter the new root", -errno);
	ns_close(&tree->root);
	return 0;
}
