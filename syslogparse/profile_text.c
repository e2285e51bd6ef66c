/* SPDX-License-Identifier: MIT */
/*
 * Profiles as AppArmor's parser reads them: one block a profile, its hats and children inside.
 *
 * The name of a profile is the one thing that is written as it came, for it is a pattern when
 * the profile was made with one; a name that the parser would not take, or might take for more
 * than a name, makes the whole block a comment.
 */
#include "syslogparse/profile.h"

#include <errno.h>
#include <string.h>

/* Groups closed in order, nothing but printable ASCII, no quote, no escape, no variable. */
static bool good_name(struct bytes name)
{
	unsigned int braces = 0, brackets = 0;

	for (uint32_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (c < ' ' || c > '~' || strchr("\"\\@^!", c))
			return false;
		if (c == '{')
			braces++;
		if (c == '[' && brackets++)
			return false;
		if ((c == '}' && !braces--) || (c == ']' && !brackets--))
			return false;
	}
	return !braces && !brackets && name.len > 0 && name.len < 1024;
}

static void put_header(struct writer *w, const struct aa_row *row)
{
	struct bytes name = row->child.at ? row->child : row->profile;
	const char *indent = row->child.at ? "  " : "";
	bool path = bytes_start(name, "/"), plain = plain_word(name, "/._-+:");

	fprintf(w->out, "\n%s", indent);
	if (row->child.at)
		fputs(path ? "profile " : plain ? "^" : "hat ", w->out);
	else if (row->space.len)
		fprintf(w->out, "profile \":%.*s:", (int)row->space.len, row->space.at);
	else if (!path)
		fputs("profile ", w->out);
	if (!row->child.at && row->space.len)
		fprintf(w->out, "%.*s\" {\n", (int)name.len, name.at);
	else
		fprintf(w->out, plain ? "%.*s {\n" : "\"%.*s\" {\n", (int)name.len, name.at);
}

const char *profile_row_text(struct pool *pool, const struct aa_row *row)
{
	char perms[16] = "";

	if (row->order == ROW_NOTE)
		return row->text;
	if (row->order == ROW_FILE)
		profile_perms(perms, row->perms);
	return pool_printf(pool, "%s%s%s%s,", row->owner ? "owner " : "", row->text,
			   *perms ? " " : "", perms);
}

static void put_row(struct writer *w, const struct aa_row *row, const char *indent)
{
	const char *text = profile_row_text(w->pool, row), *before = "";

	if (row->order == ROW_NOTE)
		before = "# ";
	else if (row->left_out)
		before = "# left out as too dangerous: ";
	fprintf(w->out, "%s# ", indent);
	put_evidence(w, &row->evidence);
	if (row->order != ROW_NOTE)
		fprintf(w->out, "; danger %u: %s", row->danger.score, row->danger.why);
	fprintf(w->out, "\n%s%s%s\n", indent, before, text ? text : "");
}

static bool same_block(const struct aa_row *a, const struct aa_row *b)
{
	return !bytes_order(a->space, b->space) && bytes_same(a->profile, b->profile) &&
	       !bytes_order(a->child, b->child);
}

/* Rows of one block, from FIRST on; returns the row after them. */
static size_t put_block(struct writer *w, const struct aa_rows *rows, size_t first)
{
	const struct aa_row *head = rows->list + first;
	const char *indent = head->child.at ? "    " : "  ";
	size_t i = first;

	if (head->child.at)
		put_header(w, head);
	for (; i < rows->n && same_block(head, rows->list + i); i++)
		put_row(w, rows->list + i, indent);
	/* A child that ran maps and reads itself, as it does with ix. */
	if (head->child.at && bytes_start(head->child, "/"))
		fprintf(w->out, "%s%s mr,\n", indent, escape_apparmor(w->pool, head->child));
	if (head->child.at)
		fputs("  }\n", w->out);
	return i;
}

static bool same_profile(const struct aa_row *a, const struct aa_row *b)
{
	return !bytes_order(a->space, b->space) && bytes_same(a->profile, b->profile);
}

/* A profile whose name, or a child's, cannot be written: in words. */
static void put_refused(struct writer *w, const struct aa_row *row, const char *what)
{
	fprintf(w->out, "\n# %s ", what);
	put_escaped(w, row->profile);
	fputs(row->child.at ? "//" : "", w->out);
	put_escaped(w, row->child);
	fputs(": its name is none that can be written; its rules are left out\n", w->out);
}

static size_t put_profile(struct writer *w, const struct aa_rows *rows, size_t first)
{
	const struct aa_row *head = rows->list + first;
	struct aa_row alone = *head;
	bool good = good_name(head->profile) &&
		    (!head->space.len || plain_word(head->space, "/._-+<>"));
	size_t i = first;

	if (!good)
		put_refused(w, head, "profile");
	alone.child = (struct bytes){ NULL, 0 };
	if (good)
		put_header(w, &alone);
	while (i < rows->n && same_profile(head, rows->list + i)) {
		const struct aa_row *row = rows->list + i;

		if (good && (!row->child.at || good_name(row->child))) {
			i = put_block(w, rows, i);
			continue;
		}
		if (good)
			put_refused(w, row, "child");
		while (i < rows->n && same_block(row, rows->list + i))
			i++;
	}
	if (good)
		fputs("}\n", w->out);
	return i;
}

int write_profiles(struct writer *w)
{
	struct aa_rows rows;
	int ret = profile_rows(&rows, w->tally, w->options, w->pool);

	if (ret)
		return ret;
	fprintf(w->out, "abi <abi/%u.%u>,\n", w->options->abi / 10, w->options->abi % 10);
	for (size_t i = 0; i < rows.n;)
		i = put_profile(w, &rows, i);
	return w->pool->failed ? -ENOMEM : 0;
}
