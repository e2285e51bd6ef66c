/* SPDX-License-Identifier: MIT */
/*
 * --status PID: the walls round a process that runs already (inspect.c), and how each is seen
 * (walls.c, groups.c).
 */
#ifndef RUNNER_INSPECT_H
#define RUNNER_INSPECT_H

#include "runner/runner.h"

enum wall_state {
	WALL_YES,
	WALL_NO,      /* not there, which a policy can ask for */
	WALL_MISSING, /* not there, and every sandbox of sbrun has it */
	WALL_UNKNOWN,
};

struct target {
	struct bpf_arena *arena;
	int proc; /* /proc */
	pid_t supervisor, init, process;
	uint64_t ours[16], its[16]; /* namespaces, a row of ns_kinds each */
};

struct wall {
	const char *name;
	/* What is so, in *EVIDENCE as well. */
	enum wall_state (*look)(const struct target *t, unsigned long arg, const char **evidence);
	unsigned long arg;
};

extern const struct wall inspect_walls[]; /* ends with a NULL name */

/* The cgroups round it, their limits, and what is used of them (groups.c). */
enum wall_state inspect_cgroups(const struct target *t, unsigned long arg, const char **evidence);

/* Fill T in for the sandbox that PID is of; or exits. Who fills it in closes T->proc. */
void inspect_target(struct target *t, pid_t pid);

/* All of /proc/PID/NAME; NULL: it is not there, or not for us. */
char *inspect_read(const struct target *t, pid_t pid, const char *name);

/* What follows the name in /proc/PID/stat, from its ")" on; NULL: it is not there. */
const char *inspect_stat(const struct target *t, pid_t pid);

/* What follows "KEY:" and blanks in TEXT, a status file; "" if nothing does. */
const char *inspect_field(const char *text, const char *key);

/* Print what there is of a sandbox round PID; returns the exit status. */
int inspect(const struct spec *spec);

#endif
