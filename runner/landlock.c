/* SPDX-License-Identifier: MIT */
/*
 * Landlock round the payload, from the same directives as the file tree: a second wall, which
 * the kernel checks elsewhere.
 *
 * A rule names an inode and holds for all below it, so what an operation mounts is allowed
 * just what its directive says, and the root is only listed. Rules cannot take away:
 * what is read-only inside of something writable is so by its mount alone. The rules are made
 * while the root is built, from the very descriptors that were mounted, not by names.
 *
 * What was handed in open stays usable, as does opening it again (/dev/stdin is
 * /proc/self/fd/0): so each of those descriptors has a rule for what it can do.
 */
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ  (CAPS_LANDLOCK_READ | CAPS_LANDLOCK_EXECUTE)
#define WRITE (READ | CAPS_LANDLOCK_CHANGE)

/* What is asked for if no policy speaks of it, where the kernel has it. */
#define DEFAULT (CAPS_LANDLOCK_FILES | CAPS_LANDLOCK_SCOPE)

unsigned int landlock_wanted(const struct spec *spec)
{
	return spec->has_landlock ? spec->landlock : DEFAULT;
}

void plan_landlock(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	unsigned int wanted = landlock_wanted(spec);

	plan->landlock = wanted & caps_landlock_walls();
	if (!spec->has_landlock)
		return;
	plan->no_landlock = wanted & ~plan->landlock;
	if (plan->no_landlock && !spec->landlock_degraded)
		fail("landlock: this kernel has version %d of it, and not all that is asked for\n"
		     "fix: if the sandbox will do without: --allow-degraded landlock",
		     caps_landlock_abi());
}

/* Is the mount at DEST, of ours, made read-only in the end, where such operations stand? */
static bool becomes_read_only(const struct ns_tree *tree, const char *dest)
{
	for (size_t i = tree->nops; i-- > 0 && tree->ops[i].kind == NS_OP_REMOUNT_RO;) {
		if (strcmp(tree->ops[i].dest, dest) == 0)
			return true;
	}
	return false;
}

static unsigned int rights_of(const struct ns_tree *tree, const struct ns_op *op)
{
	switch (op->kind) {
	case NS_OP_PROC:
		return CAPS_LANDLOCK_READ | CAPS_LANDLOCK_WRITE;
	case NS_OP_DEV:
		return CAPS_LANDLOCK_READ | CAPS_LANDLOCK_CHANGE | CAPS_LANDLOCK_DEVICE;
	case NS_OP_MQUEUE:
		return CAPS_LANDLOCK_READ | CAPS_LANDLOCK_CHANGE;
	case NS_OP_MASK:
		return CAPS_LANDLOCK_READ;
	case NS_OP_FILE:
		return READ;
	default:
		break;
	}
	if ((op->flags & NS_RDONLY) || becomes_read_only(tree, op->dest))
		return READ;
	return op->flags & NS_DEV ? WRITE | CAPS_LANDLOCK_DEVICE : WRITE;
}

/* Called for each mount of the tree, and each file: OP is NULL for the root of our own. */
static int allow_made(void *ctx, const struct ns_op *op, int fd)
{
	const struct child *child = ctx;
	unsigned int rights = CAPS_LANDLOCK_LIST;

	if (op)
		rights = rights_of(&child->tree, op);
	else if (!becomes_read_only(&child->tree, "/"))
		rights = WRITE;
	return caps_landlock_allow(child->ruleset, fd, rights);
}

static int allow_open(int ruleset, int fd)
{
	static const unsigned int rights[] = {
		[O_RDONLY] = READ,
		[O_WRONLY] = CAPS_LANDLOCK_WRITE,
		[O_RDWR] = READ | CAPS_LANDLOCK_WRITE,
	};
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return errno == EBADF ? 0 : -errno; /* closed: nothing to open again */
	/* A directory has no writable descriptors; who hands one in means what is below it. */
	if (flags & (O_PATH | O_DIRECTORY))
		return caps_landlock_allow(ruleset, fd, WRITE);
	if ((flags & O_ACCMODE) == O_ACCMODE)
		return 0;
	return caps_landlock_allow(ruleset, fd, rights[flags & O_ACCMODE] | CAPS_LANDLOCK_DEVICE);
}

/* What stands in the place of FD; a terminal of its own is below /dev. */
static int allow_standard(const struct child *child, int fd)
{
	const struct plan *plan = child->plan;

	if (plan->terminal && (plan->terminal_fds & (1u << fd)))
		return 0;
	return allow_open(child->ruleset, plan->standard[fd] >= 0 ? plan->standard[fd] : fd);
}

int landlock_prepare(struct child *child)
{
	const struct spec *spec = child->plan->spec;
	int error = 0;

	if (!child->plan->landlock)
		return 0;
	child->ruleset = caps_landlock_new(child->plan->landlock);
	if (child->ruleset < 0)
		return child->ruleset;
	if (!(child->plan->landlock & CAPS_LANDLOCK_FILES))
		return 0;
	child->tree.made = allow_made;
	child->tree.made_ctx = child;
	for (int fd = 0; fd <= STDERR_FILENO && !error; fd++)
		error = allow_standard(child, fd);
	for (unsigned int i = 0; i < spec->nkeep_fds && !error; i++)
		error = allow_open(child->ruleset, spec->keep_fds[i]);
	return error;
}

/* The probe is a file of a /proc that is mounted nowhere, so that no rule is about it. */
int landlock_enforce(struct child *child)
{
	if (!child->plan->landlock)
		return 0;
	return caps_landlock_enforce(child->ruleset, child->plan->landlock, child->proc,
				     "self/status");
}
