/* SPDX-License-Identifier: MIT */
/*
 * Which profile a record belongs to, and which block of it.
 *
 *	P			the profile P
 *	P//hat			a hat of P: "^hat { }" inside P
 *	P//path			a child profile: "profile path { }" inside P
 *	P//null-path		complain mode ran a program without a rule: also a child
 *				profile, and the rule that runs it becomes Cx
 *	P//null-2d		the same of old kernels, which do not say what ran: P itself,
 *				as with ix
 *	...//more		children of children do not exist in the language; they are
 *				folded into the child, as with ix
 *	P//&Q			a stack: which of the two objected, the log does not say
 *
 * Rows that say the same are one row with all the evidence; file rows for one path are one
 * with all the permissions, and what everybody may the owner need not be told.
 */
#include "syslogparse/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- blocks ---- */

static uint32_t find_slashes(struct bytes name, uint32_t from)
{
	for (; from + 1 < name.len; from++)
		if (name.at[from] == '/' && name.at[from + 1] == '/')
			return from;
	return name.len;
}

/* ":ns:name" and ":ns://name": a name in a namespace; "root//ns" is how the root sees ns. */
static void split_space(struct aa_row *row, struct bytes *name)
{
	uint32_t at = 1;

	if (!bytes_start(*name, ":"))
		return;
	while (at < name->len && name->at[at] != ':')
		at++;
	if (at == name->len)
		return;
	row->space = (struct bytes){ name->at + 1, at - 1 };
	at++;
	if (at + 1 < name->len && name->at[at] == '/' && name->at[at + 1] == '/')
		at += 2;
	name->at += at;
	name->len -= at;
}

static void split_child(struct aa_row *row, struct bytes child)
{
	uint32_t end = find_slashes(child, 1);

	if (!child.len)
		return;
	child.len = end;
	if (bytes_start(child, "null-")) {
		child.at += 5;
		child.len -= 5;
		if (!bytes_start(child, "/"))
			return;
	}
	row->child = child;
}

/* NULL, or why no rule comes of EVENT. */
static const char *route(struct aa_row *row, const struct aa_event *event)
{
	struct bytes name = event->profile;
	uint32_t at;

	row->space = event->namespace;
	split_space(row, &name);
	if (bytes_start(row->space, "root//")) {
		row->space.at += 6;
		row->space.len -= 6;
	}
	row->profile = name;
	if (!name.at || !name.len)
		return "it names no profile";
	for (at = 0; at + 3 < name.len; at++)
		if (!memcmp(name.at + at, "//&", 3))
			return "a stack of profiles: which one objected is not said";
	at = find_slashes(name, 1);
	row->profile.len = at;
	if (at + 2 < name.len)
		split_child(row, (struct bytes){ name.at + at + 2, name.len - at - 2 });
	return NULL;
}

/* ---- rows ---- */

static int add_record(struct aa_rows *rows, const struct evidence *evidence,
		      const struct aa_event *event, const struct options *options,
		      struct pool *pool)
{
	struct aa_row row = { .evidence = *evidence };
	const char *why = route(&row, event);
	bool more = true;

	for (int second = 0; more && second < 2; second++) {
		struct aa_row *now = rows->list + rows->n++;

		*now = row;
		more = false;
		if (why)
			profile_note(now, event, why, pool);
		else if (event->class == AA_FILE)
			more = profile_file(now, event, second, options, pool);
		else
			more = profile_rule(now, event, second, options, pool);
		if (!now->text)
			return -ENOMEM;
	}
	return 0;
}

static int by_block(const struct aa_row *a, const struct aa_row *b)
{
	int order = bytes_order(a->space, b->space);

	order = order ? order : bytes_order(a->profile, b->profile);
	return order ? order : bytes_order(a->child, b->child);
}

/* Everybody's row before the owner's. */
static int by_row(const void *left, const void *right)
{
	const struct aa_row *a = left, *b = right;
	int order = by_block(a, b);

	order = order ? order : (a->order > b->order) - (a->order < b->order);
	order = order ? order : strcmp(a->text, b->text);
	return order ? order : (int)a->owner - (int)b->owner;
}

static void merge_rows(struct aa_rows *rows)
{
	size_t kept = 0;

	qsort(rows->list, rows->n, sizeof(*rows->list), by_row);
	for (size_t i = 0; i < rows->n; i++) {
		struct aa_row *row = rows->list + i, *last = rows->list + kept - 1;

		if (!kept || by_row(last, row)) {
			rows->list[kept++] = *row;
			continue;
		}
		last->perms |= row->perms;
		evidence_join(&last->evidence, &row->evidence);
	}
	rows->n = kept;
}

/* What everybody may, the owner may. */
static void merge_owners(struct aa_rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->n; i++) {
		struct aa_row *row = rows->list + i, *last = rows->list + kept - 1;

		if (kept && row->order == ROW_FILE && row->owner && last->order == ROW_FILE &&
		    !last->owner && !by_block(last, row) && !strcmp(last->text, row->text)) {
			/* The mode of a program is one, for whoever owns it. */
			last->perms |= row->perms & FILE_IX;
			if (!(row->perms & ~last->perms)) {
				evidence_join(&last->evidence, &row->evidence);
				continue;
			}
			row->perms &= ~last->perms;
		}
		rows->list[kept++] = *row;
	}
	rows->n = kept;
}

/* Is there a block for ROW's path in its profile? Rows are in the order of their blocks. */
static bool has_child(const struct aa_rows *rows, const struct aa_row *row)
{
	struct aa_row child = *row;
	size_t low = 0, high = rows->n;

	child.child = row->path;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_block(rows->list + middle, &child) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->n && !by_block(rows->list + low, &child);
}

static void finish(struct aa_rows *rows, const struct options *options)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct aa_row *row = rows->list + i;

		if (row->order == ROW_FILE) {
			struct file_access access = { row->path, row->perms & FILE_R,
						      row->perms & (FILE_W | FILE_A | FILE_L),
						      row->perms & (FILE_IX | FILE_M), row->owner };

			if (row->perms & FILE_IX && !row->child.at && has_child(rows, row))
				row->perms ^= FILE_IX | FILE_CX;
			danger_file(&row->danger, &access);
		}
		row->left_out = row->danger.score > options->max_danger;
	}
}

int profile_rows(struct aa_rows *rows, const struct tally *tally, const struct options *options,
		 struct pool *pool)
{
	const struct record **records;
	size_t n;
	int ret = tally_list(tally, &records, &n);

	memset(rows, 0, sizeof(*rows));
	if (ret)
		return ret;
	rows->list = pool_get(pool, (2 * n + 1) * sizeof(*rows->list));
	if (!rows->list)
		ret = -ENOMEM;
	for (size_t i = 0; !ret && i < n; i++) {
		struct evidence evidence = tally_evidence(tally, records[i]);
		struct aa_event event;

		aa_unpack(&event, records[i]->key, records[i]->len);
		if (aa_makes_rules(event.type))
			ret = add_record(rows, &evidence, &event, options, pool);
	}
	free(records);
	if (ret)
		return ret;
	merge_rows(rows);
	merge_owners(rows);
	finish(rows, options);
	return 0;
}
