/* SPDX-License-Identifier: MIT */
/*
 * The probes of the table in features.c. Each runs in a child of its own, which ends then: so it
 * may enter namespaces and install filters. None makes anything that outlives it.
 */
#ifndef RUNNER_PROBES_H
#define RUNNER_PROBES_H

#include "runner/features.h"

#define PROBE_SECONDS 5u

/* ---- calls and their flags, which ARG is (probes.c) ---- */

/* Call number ARG with a first argument of -1, and zeros: a kernel that has it says why not. */
int probe_call(const struct feature *row, char *value);
int probe_clone3(const struct feature *row, char *value);
int probe_close_range(const struct feature *row, char *value);
int probe_openat2(const struct feature *row, char *value);
int probe_memfd(const struct feature *row, char *value);
int probe_pidfd(const struct feature *row, char *value);
int probe_waitid(const struct feature *row, char *value);
int probe_prctl(const struct feature *row, char *value); /* option, 2nd argument << 16 */
int probe_exec_check(const struct feature *row, char *value);
int probe_keys(const struct feature *row, char *value);

int probe_filter(const struct feature *row, char *value);
int probe_filter_flag(const struct feature *row, char *value);
int probe_action(const struct feature *row, char *value);
int probe_notify_answer(const struct feature *row, char *value);
int probe_notify_addfd(const struct feature *row, char *value);
int probe_notify_flags(const struct feature *row, char *value);

int probe_landlock(const struct feature *row, char *value); /* from version ARG on */
int probe_errata(const struct feature *row, char *value);
int probe_last_cap(const struct feature *row, char *value);

/* ---- in namespaces of their own (probes_inside.c) ---- */

int probe_namespace(const struct feature *row, char *value);
int probe_mount(const struct feature *row, char *value);
int probe_proc(const struct feature *row, char *value);
int probe_subset(const struct feature *row, char *value);
int probe_filesystem(const struct feature *row, char *value);
int probe_overlay(const struct feature *row, char *value);
int probe_mount_attr(const struct feature *row, char *value);
int probe_move_mount(const struct feature *row, char *value);
int probe_idmap(const struct feature *row, char *value);

/* ---- the host (probes_host.c) ---- */

int probe_file(const struct feature *row, char *value);	   /* what it says */
int probe_program(const struct feature *row, char *value); /* may it be run? */
int probe_cgroup2(const struct feature *row, char *value);
int probe_limit(const struct feature *row, char *value); /* enum limit_kind */
int probe_i386(const struct feature *row, char *value);
int probe_x32(const struct feature *row, char *value);
int probe_vsyscall(const struct feature *row, char *value);

/* What a probe is to return after RET of a system call. */
int probe_answer(long ret);

#endif
