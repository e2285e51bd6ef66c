/* SPDX-License-Identifier: MIT */
/*
 * The directives of the file tree, as rows of the table in directives.c name them (files.c),
 * and what the plan makes of them (tree.c).
 */
#ifndef RUNNER_FILES_H
#define RUNNER_FILES_H

#include "runner/runner.h"

int apply_bind(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_bind_fd(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_op(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_overlay(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_symlink(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_data(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_chmod(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_mask(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_accounts(struct spec *spec, const struct setting *set, struct bpf_error *err);

/* Those that speak of the operation behind them, which reads them itself. */
int apply_prefix(struct spec *spec, const struct setting *set, struct bpf_error *err);
#define DATA_MOUNTED 0x8000u /* bind-data, beside NS_RDONLY */
enum prefix { PREFIX_MODE, PREFIX_SIZE, PREFIX_LAYER };

/* The operations of the spec, in order, with what they need: descriptors read, sources known. */
void plan_tree(struct plan *plan);

/* What is attached to one sandbox cannot be to another. */
void plan_tree_again(struct plan *plan);

#endif
