/* SPDX-License-Identifier: MIT */
/*
 * "output-limit": what the payload writes goes through the supervisor, who counts it (output.c).
 */
#ifndef RUNNER_OUTPUT_H
#define RUNNER_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/terminal.h"

struct child;
struct plan;

#define OUTPUT_FDS 2

/* Where what is written to 1 or 2 comes from and goes to. */
struct output_channel {
	int from, to; /* FROM: -1 when it has ended */
	bool is_socket;
	struct terminal_buffer buffer;
};

struct output {
	struct budget budget; /* of these and the terminal */
	struct output_channel channels[OUTPUT_FDS];
};

/* Put pipes in the place of 1 and 2, but where the sandbox's terminal is; exits on failure. */
void output_plan(struct plan *plan);

/* In each process: close the ends of the pipes that are not its own. */
void output_forget_writers(const struct plan *plan);
void output_forget_readers(const struct plan *plan);

void output_init(struct output *output, const struct plan *plan);

/* What to wait for, and what to do when it came; -errno: it cannot be written. */
void output_poll(const struct output *output, struct pollfd fds[OUTPUT_FDS]);
int output_serve(struct output *output, const struct pollfd fds[OUTPUT_FDS]);

/* When nobody writes any more: is there something left to be written? Then output_poll(). */
bool output_is_left(struct output *output);

#endif
