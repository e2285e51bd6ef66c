/* SPDX-License-Identifier: MIT */
/*
 * The caller's terminal and that of the sandbox, as the supervisor sees them.
 */
#ifndef RUNNER_TERMINAL_H
#define RUNNER_TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#define TERMINAL_FDS 3

struct terminal_buffer {
	char data[4096];
	size_t start, len; /* what is still to be written */
};

/* How much output may still be passed on (see output.h). */
struct budget {
	bool limited, exceeded;
	uint64_t left;
};

/* Of N bytes more, how many may be passed on. */
size_t budget_take(struct budget *budget, size_t n);

struct terminal {
	int master;  /* of the sandbox's; -1: it has none */
	int in, out; /* the caller's; IN is -1 when it has ended */
	bool is_tty; /* IN is a terminal, */
	bool raw;    /* and we made it raw */
	bool reads;  /* the payload is there to read: before, a Ctrl-C would strike init */
	char last;   /* byte of the input */
	struct termios saved;
	struct terminal_buffer input, output;
	struct budget *budget; /* of the output */
};

/* Are both the same terminal? */
bool terminal_is_same(int fd, int other);

/* Note how the caller's terminal is. PROC is /proc; what is shown is taken from BUDGET. */
void terminal_init(struct terminal *t, int proc, struct budget *budget);

/* Copy from and to MASTER from now on; it becomes as the caller's terminal is. */
void terminal_start(struct terminal *t, int master);

void terminal_resize(const struct terminal *t);

/* Before we stop, and after: give the caller's terminal back, take it again if it is ours. */
void terminal_suspend(struct terminal *t);
void terminal_resume(struct terminal *t);
void terminal_finish(struct terminal *t);

/* What to wait for, what to do when it came, and for how long (in ms; -1: for ever). */
void terminal_poll(const struct terminal *t, struct pollfd fds[TERMINAL_FDS]);
void terminal_serve(struct terminal *t, const struct pollfd fds[TERMINAL_FDS]);
int terminal_timeout(const struct terminal *t);

/* When nobody writes any more inside: has all of it been copied? */
bool terminal_drained(struct terminal *t);

#endif
