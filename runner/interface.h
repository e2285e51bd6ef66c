/* SPDX-License-Identifier: MIT */
/*
 * Functions of the table of directives that are in interface.c.
 */
#ifndef RUNNER_INTERFACE_H
#define RUNNER_INTERFACE_H

#include "bpf/bpf.h"

struct setting;
struct spec;

/* Which descriptor apply_own_fd() sets, and which flag apply_flag(). */
enum { FD_STATUS, FD_INFO, FD_BLOCK, FD_SYNC };
enum { FLAG_BACKGROUND, FLAG_QUIET, FLAG_JSON, FLAG_WITH_PARENT, FLAG_TAP };

int apply_keep_fd(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_own_fd(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_argv0(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_standard(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_tty(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_pty(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_flag(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_mode(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_status(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_completion(struct spec *spec, const struct setting *set, struct bpf_error *err);

#endif
