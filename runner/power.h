/* SPDX-License-Identifier: MIT */
/*
 * Directives of what the payload may do, capabilities and what goes with them (power.c).
 */
#ifndef RUNNER_POWER_H
#define RUNNER_POWER_H

#include "bpf/bpf.h"

struct setting;
struct spec;

int apply_caps(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_securebits(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_exec_label(struct spec *spec, const struct setting *set, struct bpf_error *err);

/* When all are applied: what one means for another. */
int power_finish(const struct spec *spec, struct bpf_error *err);

/* CAPS_SECUREBITS_*, as they are to be for the payload. */
unsigned int power_securebits(const struct spec *spec);

#endif
