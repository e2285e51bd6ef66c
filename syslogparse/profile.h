/* SPDX-License-Identifier: MIT */
/*
 * AppArmor: records of the tally to rows, rows to profiles.
 *
 *   profile.c		which profile, and which block of it, a record belongs to; rows merged
 *   profile_rules.c	what each class of event says as a rule
 *   profile_file.c	file rules: masks, owner, exec modes, shortened paths
 *   profile_text.c	profiles as text
 */
#ifndef SYSLOGPARSE_PROFILE_H
#define SYSLOGPARSE_PROFILE_H

#include "syslogparse/output.h"

/* In the order in which a block lists them. */
enum aa_order {
	ROW_NOTE, /* a comment: what makes no rule, and why */
	ROW_CAPABILITY,
	ROW_NETWORK,
	ROW_UNIX,
	ROW_DBUS,
	ROW_SIGNAL,
	ROW_PTRACE,
	ROW_MQUEUE,
	ROW_MOUNT,
	ROW_CHANGE,
	ROW_RLIMIT,
	ROW_OTHER,
	ROW_FILE,
};

/* Permissions of files. */
#define FILE_R	0x01u
#define FILE_W	0x02u
#define FILE_A	0x04u
#define FILE_K	0x08u
#define FILE_L	0x10u
#define FILE_M	0x20u
#define FILE_IX 0x40u
#define FILE_CX 0x80u /* IX, with a profile of its own in the same profile */

struct aa_row {
	struct bytes space, profile,
		child; /* child: a hat, or a path; { NULL, 0 }: the profile's */
	enum aa_order order;
	bool owner, shortened, left_out;
	uint32_t perms;
	struct bytes path; /* of a file, as logged */
	const char *text;  /* the rule without a comma; of a file, the path to be written */
	struct evidence evidence;
	struct danger danger;
};

struct aa_rows {
	struct aa_row *list;
	size_t n;
};

/* All rows of TALLY, merged and in order. */
int profile_rows(struct aa_rows *rows, const struct tally *tally, const struct options *options,
		 struct pool *pool);

/*
 * Make ROW say what EVENT asks for: its order, its text or its path and permissions, and its
 * danger. What no rule can allow becomes a ROW_NOTE. True: the event needs a second row, to be
 * had by SECOND (the owner's and the others' permissions of an old mask, two kinds of access
 * to a socket).
 */
bool profile_rule(struct aa_row *row, const struct aa_event *event, bool second,
		  const struct options *options, struct pool *pool);
bool profile_file(struct aa_row *row, const struct aa_event *event, bool second,
		  const struct options *options, struct pool *pool);
void profile_note(struct aa_row *row, const struct aa_event *event, const char *why,
		  struct pool *pool);
const char *profile_perms(char *text, uint32_t perms); /* TEXT: 16 bytes */

/* As a block has it, with its comma; a note as it is. NULL: no memory. */
const char *profile_row_text(struct pool *pool, const struct aa_row *row);

int write_profiles(struct writer *w);

#endif
