/* SPDX-License-Identifier: MIT */
/*
 * The steps of child.c that are about the standard descriptors and the terminal.
 */
#ifndef RUNNER_STDIO_H
#define RUNNER_STDIO_H

struct child;

int child_terminal(struct child *child);
int child_stdio(struct child *child);
int child_foreground(struct child *child);

#endif
