/* SPDX-License-Identifier: MIT */
/*
 * What act and intrude share: a table of acts, one of which is committed and answered for. "ok" and
 * status 0: it succeeded; the name of an errno and status 1: it was refused.
 */
#ifndef TESTS_SYSTEM_ACT_H
#define TESTS_SYSTEM_ACT_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *operand; /* the word behind the act, or "" */
static const char *second;  /* the one behind that */

struct act {
	const char *name;
	long (*run)(void); /* -1 with errno, or what is no error */
};

/* Commit the one of ACTS, which end with a NULL name, that the command line names. */
static int commit_act(const struct act *acts, int argc, char *argv[])
{
	operand = argc > 2 ? argv[2] : "";
	second = argc > 3 ? argv[3] : "";
	for (const struct act *act = acts; argc > 1 && act->name; act++) {
		if (strcmp(act->name, argv[1]) != 0)
			continue;
		if (act->run() < 0) {
			puts(strerrorname_np(errno));
			return 1;
		}
		puts("ok");
		return 0;
	}
	fprintf(stderr, "usage: %s ACT [OPERAND [SECOND]]\n", argc ? argv[0] : "act");
	return 2;
}

#endif
