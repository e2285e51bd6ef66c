/* SPDX-License-Identifier: MIT */
/*
 * --args FD: options that are read from a descriptor, each word ended by a NUL byte, so that a
 * program can pass any number of them, of any bytes, and nobody sees them in a list of processes.
 * They stand where "--args FD" stood. A lone "--" is not for there: what is run is always on
 * the command line.
 */
#include "runner/runner.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define ARGS_BYTES (1u << 20)
#define ARGS_WORDS 9000

struct words {
	char **list;
	int n, max;
};

static void add_word(struct words *words, char *word)
{
	if (words->n == words->max)
		fail("--args: more than %d words", ARGS_WORDS);
	words->list[words->n++] = word;
}

static void add_from(struct spec *spec, struct words *words, const char *number)
{
	uint64_t fd;
	size_t len;
	char *text;

	if (!number || parse_number(number, INT_MAX, &fd))
		fail("--args: not a descriptor: '%s'", escaped(spec->arena, number ? number : ""));
	text = read_all(spec->arena, (int)fd, ARGS_BYTES, &len);
	if (!text)
		fail("--args: read descriptor %s: %s", number, strerror(errno));
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		if (strcmp(text + at, "--") == 0 || strncmp(text + at, "--args", 6) == 0)
			fail("--args: '%s' is for the command line only",
			     escaped(spec->arena, text + at));
		add_word(words, text + at);
	}
}

void args_expand(struct spec *spec, int *argc, char ***argv)
{
	struct words words = { .max = *argc + ARGS_WORDS };
	bool options = true, used = false;
	char **from = *argv;

	words.list = xalloc(spec->arena, ((size_t)words.max + 1) * sizeof(char *));
	for (int i = 0; i < *argc; i++) {
		bool here;

		options = options && strcmp(from[i], "--") != 0;
		here = options &&
		       (strcmp(from[i], "--args") == 0 || strncmp(from[i], "--args=", 7) == 0);
		if (!here)
			add_word(&words, from[i]);
		else if (from[i][6])
			add_from(spec, &words, from[i] + 7);
		else
			add_from(spec, &words, from[++i]);
		used = used || here;
	}
	if (!used)
		return;
	*argc = words.n;
	*argv = words.list;
}
