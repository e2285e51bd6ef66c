/* SPDX-License-Identifier: MIT */
/*
 * File rules.
 *
 * The kernel's letters are not the parser's: c (create) and d (delete) are what w grants, a
 * (append) is contained in w and excluded beside it, and x needs a mode. The mode is ix, never
 * ux or px: what runs keeps the confinement that it came from. If the log has events of the
 * program under a profile of its own (complain mode's "//null-PATH"), they become a child
 * profile and the mode is Cx. A program that runs under ix reads and maps itself: mrix.
 *
 * "owner" is written if and only if the event had one uid for process and file.
 *
 * Paths are shortened where a part of them is a number that the kernel hands out, or a user's
 * name in a rule that is for the owner anyway; nowhere else, and never for programs.
 */
#include "syslogparse/profile.h"

#include <string.h>

#define PATH_LIMIT 4096u

/* ---- masks ---- */

static uint32_t letter(char c)
{
	switch (c) {
	case 'r':
		return FILE_R;
	case 'w':
	case 'c':
	case 'd':
		return FILE_W;
	case 'a':
		return FILE_A;
	case 'k':
		return FILE_K;
	case 'l':
		return FILE_L;
	case 'm':
		return FILE_M;
	case 'x':
		return FILE_IX;
	default:
		return 0;
	}
}

/* Where the first "::" is; TEXT's length, if there is none. */
static uint32_t colons(struct bytes text)
{
	for (uint32_t at = 0; at + 1 < text.len; at++)
		if (text.at[at] == ':' && text.at[at + 1] == ':')
			return at;
	return text.len;
}

/* 0: there is nothing to grant, or a letter that we do not know. */
static uint32_t mask(struct bytes text)
{
	uint32_t perms = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		uint32_t perm = letter(text.at[i]);

		if (!perm)
			return 0;
		perms |= perm;
	}
	return perms;
}

const char *profile_perms(char *text, uint32_t perms)
{
	static const struct {
		uint32_t perm;
		const char *letters;
	} letters[] = {
		{ FILE_M, "m" }, { FILE_R, "r" }, { FILE_W, "w" },   { FILE_A, "a" },
		{ FILE_L, "l" }, { FILE_K, "k" }, { FILE_IX, "ix" }, { FILE_CX, "Cx" },
	};
	char *to = text;

	if (perms & FILE_IX)
		perms |= FILE_M | FILE_R;
	if (perms & FILE_W)
		perms &= ~FILE_A;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (perms & letters[i].perm)
			to = stpcpy(to, letters[i].letters);
	return text;
}

/* ---- shortened paths ---- */

/* '#' is a number, '*' any name, and "..." the rest. */
static const struct {
	const char *pattern;
	bool owner; /* for rules of the owner only */
} shorter[] = {
	{ "/proc/#/task/#/...", false }, { "/proc/#/fd/#", false },
	{ "/proc/#/fdinfo/#", false },	 { "/proc/#/...", false },
	{ "/run/user/#/...", false },	 { "/var/run/user/#/...", false },
	{ "/dev/pts/#", false },	 { "/home/*/...", true },
};

static uint32_t digits(struct bytes path, uint32_t at)
{
	uint32_t n = 0;

	while (at + n < path.len && path.at[at + n] >= '0' && path.at[at + n] <= '9')
		n++;
	return n;
}

static uint32_t name_at(struct bytes path, uint32_t at)
{
	uint32_t n = 0;

	while (at + n < path.len && path.at[at + n] != '/')
		n++;
	return n;
}

/* The part before "..." in parser's syntax into TO, and how much of PATH that was; 0: no match. */
static uint32_t shorten(char *to, struct bytes path, const char *pattern)
{
	uint32_t at = 0, n;

	for (; *pattern; pattern++) {
		if (!strcmp(pattern, "..."))
			break;
		if (*pattern != '#' && *pattern != '*') {
			if (at == path.len || path.at[at] != *pattern)
				return 0;
			*to++ = path.at[at++];
			continue;
		}
		n = *pattern == '#' ? digits(path, at) : name_at(path, at);
		if (!n)
			return 0;
		at += n;
		to = stpcpy(to, *pattern == '#' ? "[0-9]*" : "*");
	}
	*to = '\0';
	return *pattern || at == path.len ? at : 0;
}

/* PATH in parser's syntax. */
static const char *write_path(struct aa_row *row, const struct options *options, struct pool *pool)
{
	char head[64];
	char *rest;

	for (size_t i = 0; options->glob && i < sizeof(shorter) / sizeof(shorter[0]); i++) {
		uint32_t used = 0;

		if (!(row->perms & (FILE_IX | FILE_M)) && (row->owner || !shorter[i].owner))
			used = shorten(head, row->path, shorter[i].pattern);
		if (!used)
			continue;
		row->shortened = true;
		if (used == row->path.len)
			return pool_printf(pool, "%s", head);
		rest = escape_apparmor(pool,
				       (struct bytes){ row->path.at + used, row->path.len - used });
		if (!rest)
			return NULL;
		if (*rest == '"')
			return pool_printf(pool, "\"%s%s", head, rest + 1);
		return pool_printf(pool, "%s%s", head, rest);
	}
	return escape_apparmor(pool, row->path);
}

/* ---- the rule ---- */

static const char *wrong_with(const struct aa_event *event)
{
	if (bytes_start(event->info, "Failed name lookup"))
		return "its path could not be found; a disconnected one needs "
		       "flags=(attach_disconnected)";
	if (!event->name.at)
		return "it has no name";
	if (!event->denied.at)
		return "it does not say what was denied";
	if (!bytes_start(event->name, "/"))
		return "its name is not a path";
	if (event->name.len > PATH_LIMIT)
		return "its path is too long";
	return NULL;
}

/*
 * Old kernels wrote "r::" for the owner and "::r" for others. An x beside other letters, in an
 * event that runs nothing, is about what a link could be used for.
 */
bool profile_file(struct aa_row *row, const struct aa_event *event, bool second,
		  const struct options *options, struct pool *pool)
{
	const char *why = wrong_with(event);
	struct bytes owners = event->denied, others = { NULL, 0 };
	uint32_t at = why ? 0 : colons(event->denied);

	if (why) {
		profile_note(row, event, why, pool);
		return false;
	}
	if (at < event->denied.len) {
		owners.len = at;
		others.at = event->denied.at + at + 2;
		others.len = event->denied.len - at - 2;
	}
	row->order = ROW_FILE;
	row->owner = others.at ? !second && at : (event->flags & AA_OWNER) != 0;
	row->perms = mask(second || !at ? others : owners);
	if (!bytes_start(event->operation, "exec") && row->perms & ~FILE_IX)
		row->perms &= ~FILE_IX;
	row->path = event->name;
	row->text = write_path(row, options, pool);
	if (!row->perms)
		profile_note(row, event, "its mask cannot be read", pool);
	else if (!row->text)
		profile_note(row, event, "its name cannot be written", pool);
	return !second && at && others.len;
}
