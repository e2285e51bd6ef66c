/* SPDX-License-Identifier: MIT */
/*
 * Limits over all of the sandbox: the directives (limits.c), the place where cgroups can be made
 * (hierarchy.c), and the cgroups (cgroup.c).
 */
#ifndef RUNNER_LIMITS_H
#define RUNNER_LIMITS_H

#include "runner/runner.h"

/* ---- limits.c ---- */

#define PIDS_MAX  (1u << 22) /* the kernel's own, PID_MAX_LIMIT */
#define CPU_UNITS 1000u	     /* the limit "cpu" is in thousandths of a processor */

extern const char *const limit_names[LIMIT_KINDS];
extern const char *const io_max_names[IO_MAX_KINDS];

int limit_find(const char *name);					/* or -ENOENT */
const char *limit_value(const struct spec *spec, enum limit_kind kind); /* in words */

int apply_rlimit(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_time_limit(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_limit(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_output_limit(struct spec *spec, const struct setting *set, struct bpf_error *err);
int apply_io_max(struct spec *spec, const struct setting *set, struct bpf_error *err);

/* When all are applied: what one means for another. */
int limits_finish(struct spec *spec, struct bpf_error *err);

/* ---- hierarchy.c ---- */

/* All of a small file; NULL: it cannot be read. */
const char *cgroup_text(struct bpf_arena *arena, const char *path);
int cgroup_write(int dir, const char *name, const char *text); /* to a file; 0 or -errno */

struct cgroup_place {
	const char
		*dir; /* in which a cgroup for the limit can be made, or could not; NULL: nowhere */
	bool v2;
	bool aside;  /* we are in there, alone, and must first step aside */
	bool enable; /* the controller must be handed down, behind that */
	int error;   /* 0, or -errno why not */
};

/* Fill PLACES, one for each kind, for the limits of SPEC. */
void cgroup_places(const struct spec *spec, struct cgroup_place *places);

/*
 * Where we see the cgroup that GROUPS, a /proc/PID/cgroup, names for the hierarchy of CONTROLLER
 * ("": v2); NULL: nowhere.
 */
const char *cgroup_directory(struct bpf_arena *arena, const char *groups, const char *controller);

const char *cgroup_controller(enum limit_kind kind, bool v2);

/* ---- cgroup.c ---- */

/* How the names of the groups begin; the supervisor's pid follows. And how that inside is called. */
#define CGROUP_PREFIX "sbrun-"
#define CGROUP_INNER  "inside"

/* Make the cgroups that the plan's limits need; exits with a message on what fails. */
void cgroup_make(struct plan *plan);

/* Put PID, and all that it will fork, into them; exits with a message. */
void cgroup_join(const struct plan *plan, pid_t pid);

/* In the child: what of them it must not hold. */
void cgroup_forget(const struct plan *plan);

/* What was used in them so far; what they do not tell of stays as it is. */
void cgroup_usage(const struct plan *plan, struct usage *usage);

/* Do they tell of the processor time used? */
bool cgroup_accounts(const struct plan *plan);

/* ---- reaper.c ---- */

/* Start the process that removes them in the end; exits with a message. */
void reaper_start(struct plan *plan);

/* Remove them, when all in them is dead. */
void cgroup_remove(struct plan *plan);

/* What a supervisor that is gone left in BASE. */
void reaper_remove_stale(const struct spec *spec, const char *base);

/* ---- account.c ---- */

/*
 * In init, where "cpu-limit" has no cgroup: for how many milliseconds need it not look again?
 * -1: ever; 0: the limit is reached.
 */
int account_wait(const struct child *child);

#endif
