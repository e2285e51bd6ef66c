/* SPDX-License-Identifier: MIT */
/*
 * minijail's frequency files: lines "name: count", and comments.
 *
 * They change how fast a program is and not what it does, so nothing in them is refused: what
 * cannot be used is told. They become weights, for BPF_FOR_HIST.
 */
#include "bpf/import/minijail.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LEVELS 8

/* "read: 12"; false: it is something else. */
static bool take_line(struct reader *r, const char *line, size_t len)
{
	const size_t name = strcspn(line, ":");
	unsigned long long count;
	int used = 0;

	if (name >= len || sscanf(line + name, ": %20llu%n", &count, &used) != 1 ||
	    name + (size_t)used + strspn(line + name + used, " \t\r") < len)
		return false;
	/* A call of another machine, or of none, is nobody's. */
	return import_weight(r->im, line, name, count) || import_is_name(line, name);
}

void mj_read_frequency(struct reader *r, struct reader_place from, const char *path)
{
	const struct reader_file *file;
	unsigned int odd = 0;
	const char *line;
	size_t len, end, blank;

	if (!reader_is_there(r, from, path)) {
		reader_note(r, from, "the frequencies in %.80s are not there, and not used", path);
		return;
	}
	file = reader_include(r, from, path, MAX_LEVELS);
	if (!file)
		return;
	reader_note(r, from, "the frequencies in %.80s are no part of a policy", path);
	for (line = file->text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		end = strcspn(line, "#\n");
		blank = strspn(line, " \t\r");
		if (blank < end && !take_line(r, line + blank, end - blank))
			odd++;
	}
	if (odd)
		reader_note(r, from, "%u lines in %.80s are not used", odd, path);
}
