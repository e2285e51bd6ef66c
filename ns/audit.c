/* SPDX-License-Identifier: MIT */
/*
 * Read the mounts back and compare them with what was asked for; or, where mount_setattr()
 * is missing, see to it that they are.
 *
 * What the calls returned is not evidence: options have been ignored in silence. Each line
 * of mountinfo must be a mount whose id an operation noted, or one below such a mount, from
 * which it inherits what is demanded; anything else is not ours and must not be there.
 * The kernel lists a mount after the one that it is mounted on, so one pass will do. A table
 * on the stack remembers what is demanded below which id. A mount that is open, but
 * lies under another at the same place, is forgiven: no path leads to it, nor can it be
 * restricted where mount_setattr() is missing.
 *
 * proc_pid_mountinfo(5)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#define SLOTS	   16384u /* a power of two, well above twice NS_TREE_MAX */
#define SLOTS_USED (SLOTS - SLOTS / 4)

#define BELOW	   0x1fu /* demands that hold for mounts below, too: MOUNT_ATTR_* */
#define TOP_RO	   0x20u /* the mount itself is read-only */
#define IS_PROC	   0x40u /* what lies on it masks: it must be read-only */
#define SEEN	   0x80u

_Static_assert((MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC) <=
		       BELOW,
	       "attributes fit beside the marks");

struct demand {
	uint32_t id; /* 0: free */
	uint8_t what;
};

struct table {
	size_t used;
	unsigned int masks;
	struct demand slots[SLOTS];
};

static struct demand *lookup(struct table *table, uint64_t id)
{
	size_t slot = id * 2654435761u % SLOTS;

	while (table->slots[slot].id && table->slots[slot].id != id)
		slot = (slot + 1) % SLOTS;
	return &table->slots[slot];
}

static struct demand *insert(struct table *table, uint64_t id)
{
	struct demand *demand;

	if (id == 0 || id > UINT32_MAX)
		return NULL;
	demand = lookup(table, id);
	if (demand->id)
		return demand;
	if (table->used++ == SLOTS_USED)
		return NULL;
	demand->id = (uint32_t)id;
	return demand;
}

static uint8_t op_demand(const struct ns_op *op)
{
	unsigned int what = MOUNT_ATTR_NOSUID;

	if (op->kind == NS_OP_REMOUNT_RO)
		return TOP_RO;
	if (op->flags & NS_RDONLY)
		what |= op->kind == NS_OP_PROC ? TOP_RO : MOUNT_ATTR_RDONLY;
	if (op->flags & NS_NOEXEC)
		what |= MOUNT_ATTR_NOEXEC;
	if (op->kind == NS_OP_DEV)
		return (uint8_t)(what | MOUNT_ATTR_NOEXEC);
	if (op->kind == NS_OP_PROC)
		what |= IS_PROC | MOUNT_ATTR_NOEXEC;
	if (op->kind == NS_OP_MQUEUE || op->kind == NS_OP_MASK)
		what |= MOUNT_ATTR_NOEXEC;
	if (op->kind == NS_OP_MASK)
		what |= MOUNT_ATTR_RDONLY;
	if (!(op->flags & NS_DEV))
		what |= MOUNT_ATTR_NODEV;
	return (uint8_t)what;
}

static int fill(struct table *table, const struct ns_tree *tree)
{
	struct demand *demand;

	table->used = 0;
	table->masks = 0;
	memset(table->slots, 0, sizeof(table->slots));
	if (tree->root_id) {
		demand = insert(table, tree->root_id);
		if (!demand)
			return -E2BIG;
		demand->what = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	}
	for (size_t i = 0; i < tree->nops; i++) {
		if (tree->ops[i].mount_id == 0)
			continue;
		demand = insert(table, tree->ops[i].mount_id);
		if (!demand)
			return -E2BIG;
		demand->what |= op_demand(&tree->ops[i]);
	}
	return 0;
}

/*
 * A mount that no operation noted: what is demanded of it comes from the one it lies on. None
 * lies on the root itself but the old one, which the pivot leaves there to be detached.
 */
static int inherit(struct table *table, const struct ns_mount *mount, struct demand **demand)
{
	const struct demand *above = lookup(table, mount->parent);
	uint8_t what;

	if (above->id == 0 || strcmp(mount->path, "/") == 0)
		return -EPERM;
	what = above->what & BELOW;
	if (above->what & IS_PROC) {
		what |= MOUNT_ATTR_RDONLY;
		table->masks++;
	}
	*demand = insert(table, mount->id);
	if (!*demand)
		return -E2BIG;
	(*demand)->what = what;
	return 0;
}

static int check(struct table *table, const struct ns_mount *mount)
{
	struct demand *demand = lookup(table, mount->id);
	unsigned int want;
	int error;

	if (demand->id == 0) {
		error = inherit(table, mount, &demand);
		if (error)
			return error;
	}
	demand->what |= SEEN;
	want = demand->what & BELOW;
	if (demand->what & TOP_RO)
		want |= MOUNT_ATTR_RDONLY;
	return (mount->attr & want) == want ? 0 : -EPERM;
}

static int restrict_mount(struct table *table, const struct ns_tree *tree,
			  const struct ns_mount *mount)
{
	struct demand *demand = lookup(table, mount->id);
	unsigned int want;

	if (demand->id == 0) {
		if (lookup(table, mount->parent)->id == 0)
			return 0; /* of the old root, which goes */
		if (inherit(table, mount, &demand))
			return -E2BIG;
	}
	want = demand->what & BELOW;
	if ((mount->attr & want) == want)
		return 0;
	return ns_mount_remount(tree->root, mount->path[1] ? mount->path + 1 : ".", mount->id,
				want);
}

int ns_restrict_mounts(const struct ns_tree *tree)
{
	ns_auto_close int info = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct ns_reader reader = { .fd = info };
	struct ns_mount mount;
	struct table table;
	int error = info < 0 ? -errno : fill(&table, tree);

	while (!error && (error = ns_mount_next(&reader, &mount)) > 0)
		error = restrict_mount(&table, tree, &mount);
	return error;
}

int ns_mount_leads(int proc, pid_t pid, const struct ns_mount *mount)
{
	ns_auto_close int root = -1;
	struct statx stx;
	char path[64];

	if (strcmp(mount->path, "/") == 0)
		return 1;
	if (ns_proc_path(path, sizeof(path), pid, "root"))
		return -ENAMETOOLONG;
	root = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || statx(root, mount->path + 1, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
			      STATX_MNT_ID, &stx) < 0)
		return -errno;
	return !(stx.stx_mask & STATX_MNT_ID) || stx.stx_mnt_id == mount->id;
}

static void tell(char *at, size_t size, const char *path)
{
	if (size == 0)
		return;
	at[0] = '\0';
	strncat(at, path, size - 1);
}

static int is_complete(struct table *table, const struct ns_tree *tree, const char **missing)
{
	*missing = "/";
	if (tree->root_id && !(lookup(table, tree->root_id)->what & SEEN))
		return -EPERM;
	for (size_t i = 0; i < tree->nops; i++) {
		const struct ns_op *op = &tree->ops[i];

		if (op->kind == NS_OP_PROC)
			*missing = op->dest;
		if (op->mount_id && !(lookup(table, op->mount_id)->what & SEEN)) {
			*missing = op->dest;
			return -EPERM;
		}
	}
	return table->masks == tree->masks ? 0 : -EPERM;
}

struct audit {
	int proc;
	pid_t pid;
	struct table *table;
	char *at;
	size_t size;
};

static int audit_mount(void *ctx, const struct ns_mount *mount)
{
	struct audit *audit = ctx;
	int error = check(audit->table, mount);

	if (!error || (lookup(audit->table, mount->id)->id &&
		       !ns_mount_leads(audit->proc, audit->pid, mount)))
		return 0;
	tell(audit->at, audit->size, mount->path);
	return error;
}

int ns_audit_mounts(int proc, pid_t pid, const struct ns_tree *tree, char *at, size_t size)
{
	struct table table;
	struct audit audit = { proc, pid, &table, at, size };
	const char *missing;
	int error;

	tell(at, size, "");
	error = fill(&table, tree);
	if (!error)
		error = ns_mounts_each(proc, pid, audit_mount, &audit);
	if (error)
		return error;
	error = is_complete(&table, tree, &missing);
	if (error)
		tell(at, size, missing);
	return error;
}
