/* SPDX-License-Identifier: MIT */
/*
 * --selftest: hostile acts, each tried inside a sandbox of the caller's policy and, as a control,
 * outside; and what came of it.
 *
 *	acts.c		which acts there are, and those that are one system call
 *	hostacts.c	those that reach for something of the host's
 *	scene.c		what there is of the host's to reach for
 *	verdict.c	which wall was to hold, and whether it did
 *	selftest.c	runs all of them, looks from outside as well, and tells
 *
 * An act must do no harm where it succeeds, also to the host, as root: what could do any is tried
 * with an argument that is refused behind the wall, not in front of it. Then that refusal says
 * that the wall was passed.
 */
#ifndef RUNNER_SELFTEST_H
#define RUNNER_SELFTEST_H

#include "runner/runner.h"

/* What /proc/self/exe is called when it is to commit an act: "ACTOR NUMBER IN OUT". */
#define ACTOR_NAME  "sbrun: act"

#define SCENE_FILES 12

/* A file is what it is on the host only if both numbers are the same. */
struct scene_file {
	char path[64]; /* "": no more */
	uint64_t dev, ino;
};

/* What an act needs to know; it is handed in through a pipe. */
struct scene {
	bool outside; /* this is the control */
	pid_t victim; /* a process of the host's, of the caller's */
	pid_t init;   /* PID 1 inside; the victim outside */
	struct scene_file root, usr, terminal;
	struct scene_file hidden[SCENE_FILES]; /* which no bind shows */
	uint16_t port;			       /* of the host's loopback */
	char address[48];		       /* of an abstract socket */
	char key[48];			       /* in the caller's session keyring */
	int shm;
	caps_set caps;	       /* what the caller has, or all if he has none */
	int fds[SPEC_FDS + 2]; /* which are to be open, beside 0, 1 and 2 */
	unsigned int nfds;
};

/* What came of an act. */
struct outcome {
	int error;   /* 0: nothing was in its way */
	int signal;  /* it died of that */
	bool silent; /* it did not say, and did not die: STATUS is sbrun's */
	int status;
	char detail[64]; /* what was reached */
};

#define ACT_EXACT   0x01u /* CALL is the first that can be refused: the policy says just how */
#define ACT_ALWAYS  0x02u /* no policy can ask this wall away */
#define ACT_FILES   0x04u /* a bind of what it points to can */
#define ACT_HIDDEN  0x08u /* binds of all that could be hidden can */
#define ACT_ID	    0x10u /* "uid 0" can */
#define ACT_SCOPE   0x20u /* Landlock holds this wall, too */
#define ACT_TCP	    0x40u
#define ACT_I386    0x80u /* CALL is a number of that ABI */
#define ACT_X32	    0x100u
#define ACT_CORE    0x200u /* "rlimit core" can */
#define ACT_NO_CALL (-1L)

/*
 * The walls round an act are the filter, for CALL; CAPS, without which the kernel refuses; a
 * NAMESPACE of its own; and those of FLAGS. Each of them alone is enough, so it may work only where
 * the policy wants none of them.
 */
struct act {
	const char *name;
	int (*attempt)(const struct act *act, const struct scene *scene, struct outcome *out);
	long call;
	uint64_t args[6];
	const void *pointers[6]; /* in their place, where there is one */
	int passed[3];		 /* errors that come from behind the wall */
	caps_set caps;
	unsigned long namespace;
	unsigned int flags;
};

extern const struct act acts[]; /* ends with a NULL name */

/* The words that follow ACTOR_NAME: commit an act and tell. Returns the exit status. */
int act_main(int argc, char *argv[]);

/* 0, or the error that CALL ended with, unless that is one of ACT's that come from behind. */
int act_result(const struct act *act, long ret);
int attempt_call(const struct act *act, const struct scene *scene, struct outcome *out);

/* ---- acts on the host (hostacts.c) ---- */

typedef int attempt_fn(const struct act *act, const struct scene *scene, struct outcome *out);

attempt_fn attempt_see_files, attempt_write_usr, attempt_climb, attempt_open, attempt_mknod;
attempt_fn attempt_see_process, attempt_signal, attempt_read_memory, attempt_read_process;
attempt_fn attempt_ptrace, attempt_take_descriptor, attempt_setns, attempt_find_key;
attempt_fn attempt_attach, attempt_connect, attempt_connect_abstract, attempt_inject;
attempt_fn attempt_descriptors, attempt_core, attempt_regain, attempt_int80, attempt_listener;
attempt_fn attempt_clone;

/* ---- the bait (scene.c) ---- */

/* What only this process has of it. */
struct bait {
	int terminal, master; /* -1: there are no pseudo-terminals */
	int leak;	      /* a directory that exec does not close */
	int in[2], out[2];    /* the pipes to the one who acts, and back */
};

/* Lay it out. MADE gets the pipes, as descriptors to keep; ASKED says what is shown anyway. */
void scene_make(struct scene *scene, struct bait *bait, struct spec *made,
		const struct plan *asked);

/* What would not go by itself, or only when we have. */
void scene_end(const struct scene *scene);

/* In a child: the terminal of the bait becomes standard input and controls a new session. */
void scene_enter(const struct bait *bait);

/* ---- judging (verdict.c) ---- */

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_SKIP };

struct trial {
	const struct scene *scene;
	const struct spec *asked; /* what the sandbox is to be, */
	const struct plan *plan;  /* and is to be here */
};

enum verdict verdict_on(const struct trial *trial, const struct act *act,
			const struct outcome *inside, const struct outcome *outside,
			const char **why);

/* Does the policy want the host's namespace of kind FLAG? The directive that says so, or NULL. */
const char *verdict_shared(const struct trial *trial, unsigned long flag);

/* Is what the host has at PATH shown by a bind, to write to, if WRITABLE? */
bool scene_shows(const struct plan *plan, const char *path, bool writable);

/* ---- all of it (selftest.c) ---- */

/* Fills in both; returns the exit status. */
int selftest(struct plan *plan, struct spec *spec);

/* SPEC, before it is planned: what is executed is an act, with nobody to talk to. */
void selftest_prepare(struct spec *spec);

/* Run it in sandboxes of MADE, which is the plan of SPEC; judge them as if they were of ASKED. */
int selftest_run(struct plan *made, struct spec *spec, const struct plan *asked);

#endif
