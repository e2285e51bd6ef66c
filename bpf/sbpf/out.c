/* SPDX-License-Identifier: MIT */
/*
 * What sbpf says: errors, colours, lines of 80 columns, JSON, files that it writes.
 *
 * Colours go to terminals only, and to none when NO_COLOR is set (no-color.org).
 */
#include "bpf/sbpf/sbpf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 80u

/* ---- errors ---- */

/* Words of the command line and of files are in it: what is no printable ASCII is shown as \xNN. */
__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list ap)
{
	char text[8192];

	fflush(stdout);
	fputs("sbpf: ", stderr);
	vsnprintf(text, sizeof(text), format, ap);
	for (const char *p = text; *p; p++) {
		if (*p >= ' ' && *p < 0x7f)
			fputc(*p, stderr);
		else
			fprintf(stderr, "\\x%02x", (unsigned char)*p);
	}
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
	exit(STATUS_WRONG);
}

void warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

void die_at(const struct bpf_error *error)
{
	const struct bpf_place *place = &error->place;

	if (!place->file)
		die("%s", error->text);
	if (!place->line)
		die("%s: %s", place->file, error->text);
	if (!place->column)
		die("%s:%u: %s", place->file, place->line, error->text);
	die("%s:%u:%u: %s", place->file, place->line, place->column, error->text);
}

/* ---- memory ---- */

void *xalloc(struct bpf_arena *arena, size_t size)
{
	void *p = bpf_alloc(arena, size);

	if (!p)
		die("out of memory: the input is too large");
	return p;
}

char *xprintf(struct bpf_arena *arena, const char *format, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		die("cannot format a text");
	text = xalloc(arena, (size_t)len + 1);
	va_start(ap, format);
	vsnprintf(text, (size_t)len + 1, format, ap);
	va_end(ap);
	return text;
}

/* ---- colours ---- */

const char *hue(const struct job *job, enum hue hue)
{
	static const char *const codes[] = {
		[HUE_NONE] = "\033[0m",	   [HUE_GOOD] = "\033[32m", [HUE_BAD] = "\033[31m",
		[HUE_MIDDLE] = "\033[33m", [HUE_ODD] = "\033[35m",  [HUE_FAINT] = "\033[2m",
		[HUE_BOLD] = "\033[1m",
	};

	return job->colour ? codes[hue] : "";
}

enum hue hue_of_action(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return HUE_GOOD;
	case SECCOMP_RET_ERRNO:
		return HUE_MIDDLE;
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		return HUE_ODD;
	default: /* the two kills, and what is unknown, which kills */
		return HUE_BAD;
	}
}

bool is_let_through(uint32_t action)
{
	return hue_of_action(action) == HUE_GOOD;
}

const char *coloured_action(struct job *job, uint32_t action)
{
	char name[64];

	return xprintf(&job->arena, "%s%s%s", hue(job, hue_of_action(action)),
		       bpf_action_name(action, name, sizeof(name)), hue(job, HUE_NONE));
}

/* ---- lines ---- */

void wrap_word(struct wrap *wrap, const char *word)
{
	const unsigned int len = (unsigned int)strlen(word);

	if (wrap->column && wrap->column + 1 + len > COLUMNS)
		wrap_end(wrap);
	if (!wrap->column) {
		printf("%*s%s", (int)wrap->indent, "", word);
		wrap->column = wrap->indent + len;
	} else {
		printf(" %s", word);
		wrap->column += 1 + len;
	}
}

void wrap_end(struct wrap *wrap)
{
	if (wrap->column)
		putchar('\n');
	wrap->column = 0;
}

/* The length as a terminal shows it: escape sequences have none. */
static unsigned int shown(const char *word, unsigned int len)
{
	unsigned int i, n = 0;
	bool escape = false;

	for (i = 0; i < len; i++) {
		if (word[i] == '\033')
			escape = true;
		n += !escape;
		if (word[i] == 'm')
			escape = false;
	}
	return n;
}

void wrap_text(unsigned int indent, const char *text)
{
	unsigned int column = indent, len, width;

	printf("%*s", (int)indent, "");
	for (; *text; text += len + (text[len] == ' ')) {
		len = (unsigned int)strcspn(text, " ");
		width = shown(text, len);
		if (column > indent && column + 1 + width > COLUMNS) {
			printf("\n%*s", (int)indent + 2, "");
			column = indent + 2;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += width;
	}
	putchar('\n');
}

/* ---- JSON ---- */

void print_json(json_t *value)
{
	if (!value || json_dumpf(value, stdout, JSON_INDENT(2)) < 0)
		die("out of memory");
	putchar('\n');
	json_decref(value);
}

json_t *json_hex(uint64_t value)
{
	return json_sprintf("0x%llx", (unsigned long long)value);
}

json_t *json_action(uint32_t action)
{
	char name[64];

	return json_string(bpf_action_name(action, name, sizeof(name)));
}

json_t *json_place(const struct bpf_place *place)
{
	if (!place->file)
		return json_null();
	return json_pack("{s:s, s:i, s:i}", "file", place->file, "line", (int)place->line, "column",
			 (int)place->column);
}

/* ---- files ---- */

FILE *open_output(const struct job *job)
{
	FILE *out;

	if (!job->output || !strcmp(job->output, "-"))
		return stdout;
	out = fopen(job->output, "we");
	if (!out)
		die("open %s: %s", job->output, strerror(errno));
	return out;
}

void close_output(FILE *out)
{
	bool failed = fflush(out) != 0 || ferror(out);

	if (out != stdout && fclose(out) != 0)
		failed = true;
	if (failed)
		die("cannot write all of the output");
}
