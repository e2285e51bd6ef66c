/* SPDX-License-Identifier: MIT */
/*
 * What an AppArmor event is about, and whether a rule could come of it.
 *
 * New kernels say the class. Old ones do not, but the operation tells, or what keys are there:
 * only a socket has a family. What no rule can allow is refused with its reason: a disconnected
 * path wants a flag of the profile, and an event without a mask says that something was
 * denied, but not what.
 */
#include "syslogparse/input.h"

#define NO_CLASS (AA_OTHER + 1)

struct name_class {
	struct bytes name;
	enum aa_class class;
};

#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

/* These operations tell more than the class that the kernel gives them, which is "file". */
static const struct name_class operations[] = {
	{ NAME("change_profile"), AA_CHANGE },
	{ NAME("change_hat"), AA_CHANGE },
	{ NAME("change_onexec"), AA_CHANGE },
	{ NAME("stack"), AA_CHANGE },
	{ NAME("stack_onexec"), AA_CHANGE },
	{ NAME("capable"), AA_CAP },
	{ NAME("mount"), AA_MOUNT },
	{ NAME("umount"), AA_MOUNT },
	{ NAME("remount"), AA_MOUNT },
	{ NAME("pivotroot"), AA_MOUNT },
	{ NAME("ptrace"), AA_PTRACE },
	{ NAME("signal"), AA_SIGNAL },
	{ NAME("sysv_mqueue"), AA_MQUEUE },
	{ NAME("setrlimit"), AA_RLIMIT },
	{ NAME("userns_create"), AA_USERNS },
	{ NAME("uring_sqpoll"), AA_IO_URING },
	{ NAME("uring_override"), AA_IO_URING },
	{ NAME("profile_load"), AA_OTHER },
	{ NAME("profile_replace"), AA_OTHER },
	{ NAME("profile_remove"), AA_OTHER },
};

static const struct name_class classes[] = {
	{ NAME("file"), AA_FILE },
	{ NAME("cap"), AA_CAP },
	{ NAME("net"), AA_NET },
	{ NAME("mount"), AA_MOUNT },
	{ NAME("ptrace"), AA_PTRACE },
	{ NAME("signal"), AA_SIGNAL },
	{ NAME("posix_mqueue"), AA_MQUEUE },
	{ NAME("sysv_mqueue"), AA_MQUEUE },
	{ NAME("io_uring"), AA_IO_URING },
	{ NAME("namespace"), AA_USERNS },
	{ NAME("rlimits"), AA_RLIMIT },
	{ NAME("dbus"), AA_DBUS },
};

static enum aa_class find(const struct name_class *rows, size_t n, const struct bytes *name)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes_equal(name, rows[i].name.at, rows[i].name.len))
			return rows[i].class;
	}
	return NO_CLASS;
}

#define FIND(rows, name) find(rows, sizeof(rows) / sizeof(*(rows)), name)

static enum aa_class class_of(const struct aa_event *e, const struct bytes *class)
{
	enum aa_class c = FIND(operations, &e->operation);

	if (begins_literal(&e->operation, "dbus_"))
		return AA_DBUS;
	if (c == NO_CLASS && class->at) {
		c = FIND(classes, class);
		if (c == NO_CLASS)
			return AA_OTHER;
	}
	if (c == NO_CLASS && e->family.at)
		c = AA_NET;
	if (c == AA_NET && is_literal(&e->family, "unix"))
		c = AA_UNIX;
	/* A file's event without a name has its mask still. */
	if (c == NO_CLASS && (e->denied.at || e->requested.at || e->name.at))
		c = AA_FILE;
	return c == NO_CLASS ? AA_OTHER : c;
}

/*
 * Masks of old kernels: "r::" is the owner's, "::r" the others'. Both are made "r"; who owns what
 * is told by the uids, as new kernels do.
 */
static void unify_mask(struct aa_event *e, struct bytes *mask)
{
	const char *colon = mask->len ? memmem(mask->at, mask->len, "::", 2) : NULL;
	struct bytes owner, other;

	if (!colon)
		return;
	owner = (struct bytes){ mask->at, (uint32_t)(colon - mask->at) };
	other = (struct bytes){ colon + 2, mask->len - owner.len - 2 };
	/* What others may is what anybody may; both at once are not written by any kernel. */
	*mask = other.len ? other : owner;
	if (e->flags & AA_HAS_OUID || !(e->flags & AA_HAS_FSUID))
		return;
	if (other.len == 0) {
		e->ouid = e->fsuid;
		e->flags |= AA_HAS_OUID;
	}
}

/* One name for what kernels call by several. */
static void unify(struct aa_event *e)
{
	if (!e->profile.at)
		e->profile = e->label;
	unify_mask(e, &e->requested);
	unify_mask(e, &e->denied);
	if (e->class == AA_CAP && !e->capname.at)
		e->capname = e->name;
}

static bool has_mask(const struct aa_event *e)
{
	return e->denied.len > 0;
}

/* Classes whose rules say what was denied. */
static bool wants_mask(enum aa_class class)
{
	return class == AA_FILE || class == AA_PTRACE || class == AA_SIGNAL || class == AA_UNIX ||
	       class == AA_MQUEUE || class == AA_IO_URING || class == AA_DBUS;
}

/* A name that no file, profile or process can have. */
static bool has_nul(const struct bytes *name)
{
	return name->len && memchr(name->at, '\0', name->len);
}

static bool is_garbled(const struct aa_event *e)
{
	return has_nul(&e->name) || has_nul(&e->profile) || has_nul(&e->target) ||
	       has_nul(&e->peer) || has_nul(&e->srcname) || has_nul(&e->comm);
}

static enum box refuse(enum reason *reason, enum reason why)
{
	*reason = why;
	return BOX_REFUSED;
}

enum box apparmor_judge(struct aa_event *e, const struct bytes *class, enum reason *reason)
{
	e->class = class_of(e, class);
	unify(e);
	if (e->type == AA_STATUS || e->type == AA_HINT || e->type == AA_ERROR)
		return refuse(reason, REASON_STATUS);
	if (e->type == AA_AUDIT)
		return refuse(reason, REASON_AUDITED);
	if (!e->profile.len || is_literal(&e->profile, "unconfined"))
		return refuse(reason, REASON_NO_PROFILE);
	if (bytes_hold(&e->info, "disconnected path"))
		return refuse(reason, REASON_DISCONNECTED);
	if (e->class == AA_OTHER)
		return refuse(reason, REASON_NO_RULE);
	if (wants_mask(e->class) && !has_mask(e))
		return refuse(reason, REASON_NO_MASK);
	if (e->class == AA_FILE && !e->name.len)
		return refuse(reason, REASON_NO_NAME);
	if (e->class == AA_CAP && !e->capname.len)
		return refuse(reason, REASON_NO_NAME);
	if (is_garbled(e))
		return refuse(reason, REASON_VALUE);
	return BOX_PARSED;
}
