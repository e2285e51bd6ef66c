/* SPDX-License-Identifier: MIT */
/*
 * Confinement of the worker: all layers of layers.c in order, then a look at each.
 *
 * A PID namespace holds the children of the one who made it, so there is one fork on the way:
 * the child goes on as process 1 of it and becomes the worker, its parent, which holds no
 * capability and no descriptor any more, waits for it and passes on how it ended. When the
 * broker kills the parent, the kernel kills the child.
 *
 * Threads are made after all this, by the reader. Made before, each would have to give up its
 * own capabilities, enter its own Landlock domain and install its own filter; and a thread that
 * missed one would be a way round. The filter lets clone(2) pass with just the flags of a
 * thread, which inherits everything.
 */
#include "syslogparse/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "caps/caps.h"

const char *layer_name(enum layer layer)
{
	return layer_rows[layer].name;
}

const char *layer_what(enum layer layer)
{
	return layer_rows[layer].what;
}

int layer_find(const char *name)
{
	for (int i = 0; i < LAYERS; i++) {
		if (strcmp(layer_rows[i].name, name) == 0)
			return i;
	}
	return -ENOENT;
}

void layers_print(FILE *out, const struct layer_state *states)
{
	fprintf(out, "%-13s %-31s %s\n", "layer", "keeps off", "as the worker read it back");
	for (int i = 0; i < LAYERS; i++) {
		if (states[i].error)
			fprintf(out, "%-13s %-31s MISSING: %s\n", layer_rows[i].name,
				layer_rows[i].what, strerror(-states[i].error));
		else
			fprintf(out, "%-13s %-31s %s\n", layer_rows[i].name, layer_rows[i].what,
				states[i].text);
	}
}

/* ---- the way in ---- */

/* What may be missing is marked as such; what may not ends it. */
static int settle(struct confinement *c, enum layer layer, int error)
{
	c->states[layer].error = error;
	return c->degraded & LAYER_BIT(layer) ? 0 : error;
}

static int put(struct confinement *c, enum layer from, enum layer to, enum layer *at)
{
	int error = 0;

	for (*at = from; *at < to; ++*at) {
		error = settle(c, *at, layer_rows[*at].put(c, *at));
		if (error)
			break;
	}
	return error;
}

static int look(struct confinement *c, enum layer to, enum layer *at)
{
	int error = 0;

	for (*at = 0; *at < to; ++*at) {
		if (c->states[*at].error)
			continue;
		error = settle(c, *at, layer_rows[*at].look(c, *at));
		if (error)
			break;
	}
	return error;
}

/* The process that waits: its child's end becomes its own. It keeps the lifeline, as 0. */
__attribute__((noreturn)) static void wait_for(pid_t child, int lifeline, int listed)
{
	int status;

	dup2(lifeline, 0);
	caps_close_range(1, INT_MAX, listed);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			_exit(STATUS_FAILED);
	}
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* FD is a pipe that the parent holds the other end of: without him, nobody would kill us. */
static int die_with_parent(int fd)
{
	struct pollfd pipe = { .fd = fd };

	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL) < 0)
		return -errno;
	return poll(&pipe, 1, 0) > 0 ? -EPIPE : 0;
}

/* Credentials were changed, which clears what was set before: so it is done here. */
static int become_first(const struct confinement *c)
{
	int lifeline[2], error;
	pid_t child;

	error = die_with_parent(STDOUT_FILENO);
	if (error || c->states[LAYER_PID].error)
		return error;
	if (pipe2(lifeline, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0)
		wait_for(child, lifeline[1], list_descriptors(c));
	close(lifeline[1]);
	error = die_with_parent(lifeline[0]);
	close(lifeline[0]);
	return error;
}

static int remember_outside(struct confinement *c)
{
	int error = 0;

	c->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->proc < 0)
		return -errno;
	for (int i = 0; i < LAYERS && !error; i++) {
		if (layer_rows[i].file)
			error = namespace_of(c, layer_rows[i].file, &c->outside[i]);
	}
	return error;
}

int confine(struct layer_state *states, unsigned int nfds, unsigned int degraded, enum layer *at)
{
	struct confinement c = {
		.listed = -1, .states = states, .nfds = nfds, .degraded = degraded
	};
	int error;

	*at = LAYER_IDS;
	error = remember_outside(&c);
	if (!error)
		error = put(&c, 0, LAYER_SESSION, at);
	if (!error) {
		*at = LAYER_PID;
		error = become_first(&c);
	}
	if (!error)
		error = put(&c, LAYER_SESSION, LAYER_LANDLOCK, at);
	if (!error)
		error = look(&c, LAYER_LANDLOCK, at);
	if (!error)
		error = put(&c, LAYER_LANDLOCK, LAYERS, at);
	return error;
}

/* ---- confined by somebody else ---- */

int confined_already(enum layer *at)
{
	struct caps_state state;
	int error = caps_read(&state);

	*at = LAYER_CAPABILITIES;
	if (error || state.effective | state.permitted)
		return error ? error : -EPERM;
	*at = LAYER_PRIVILEGES;
	if (!state.no_new_privs)
		return -EPERM;
	*at = LAYER_SYSCALLS;
	if (prctl(PR_GET_SECCOMP, 0UL, 0UL, 0UL, 0UL) != SECCOMP_MODE_FILTER)
		return -EPERM;
	return 0;
}
