/* SPDX-License-Identifier: MIT */
/*
 * Functions of the table of directives that are in interface.c.
 */
#ifndef RUNNER_INTERFACE_H
#define RUNNER_INTERFACE_H

#include "bpf/bpf.h"

struct setting;
struct spec;

int apply_tty(struct spec *spec, const struct setting *set, struct bpf_error *err);

#endif
