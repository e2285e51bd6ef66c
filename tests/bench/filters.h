/* SPDX-License-Identifier: MIT */
/*
 * filters: what a filter costs, ours beside libseccomp's.
 *
 *	struct profile --recipe_make()--> struct bpf_prog --count_program()--> instructions
 *						 |
 *						 +--------time_*()-----------> time
 *
 * A recipe is a profile and who makes the program of it, and how. All that is measured of
 * the programs of two recipes is measured in the same run, in turns.
 */
#ifndef TESTS_BENCH_FILTERS_H
#define TESTS_BENCH_FILTERS_H

#include "bpf/bpf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A number that was not measured; printed as "-". */
#define NOTHING	   (-1.0)
#define MAX_ROUNDS 200

/* ---- from a profile to a program (filters_make.c) ---- */

enum form { FORM_OCI, FORM_POLICY, FORM_BUILTIN };

struct profile {
	const char *name; /* of FORM_BUILTIN: the policy's */
	enum form form;
	const char *text;
	size_t len;
	unsigned int abis; /* of FORM_OCI: bit per enum bpf_abi_id */
};

struct recipe {
	const char *name;
	const struct profile *profile;
	unsigned int rival; /* libseccomp's SCMP_FLTATR_CTL_OPTIMIZE; 0: ours */
	enum bpf_optimize how;
	bool whole; /* compare whole registers, as libseccomp does */
};

/* What is between the text and the filter; libseccomp has no proof, and no text. */
enum stage { STAGE_READ, STAGE_COMPILE, STAGE_PROVE, STAGE_INSTALL, STAGES };

#define ARENA_SIZE (64u << 20)

/* Of which no page is used yet, as in a process that begins; dies. */
struct bpf_arena arena_new(void);

/*
 * Make the program of RECIPE, in ARENA from its start. TIMES (may be NULL) gets the microseconds
 * of each stage but the last. 0, or a negative errno: for libseccomp's, -EOPNOTSUPP where there
 * is none.
 */
int recipe_make(const struct recipe *recipe, struct bpf_arena *arena, struct bpf_prog *prog,
		double *times);

/* The same, and install the program, in a process that may have it. All of TIMES is set. */
int recipe_install(const struct recipe *recipe, struct bpf_arena *arena, struct bpf_prog *prog,
		   double *times);

/* The policy that an OCI profile is, as text of ours that the caller frees; dies. */
char *profile_text(const struct profile *profile, bool whole);

/* What "hist" optimizes for. */
void recipe_weights(const struct bpf_weight *weights, size_t n);

/* ---- libseccomp, used as runc does it (filters_rival.c) ---- */

bool rival_is_there(void);
const char *rival_version(void);

/* Read an OCI profile, for all of the following. The rules are read once and not timed. */
int rival_profile(const char *text, size_t len);

/* The program; or, with a NULL there, install it. TIMES may be NULL. */
int rival_make(unsigned int optimize, unsigned int abis, struct bpf_prog *prog, double *times);

/* ---- counting instructions (filters_count.c) ---- */

struct counts {
	double insns;
	double longest;	 /* for any number of the tables, with any arguments */
	double uncached; /* on average, on calls that run the filter since Linux 5.11 */
	double hist;	 /* on average, on all calls: what they cost where nothing is cached */
};

/* The histogram in FILE; -ENOENT. *SHARE of its calls run PROG. */
int histogram_read(const char *file, struct bpf_weight **weights, size_t *n);
void count_program(const struct bpf_prog *prog, unsigned int abis, struct counts *counts);
double histogram_share(const struct bpf_prog *prog);

/* ---- all policies of a collection (filters_corpus.c) ---- */

struct corpus {
	unsigned int files, compiled, insns, calls;
};

/* Compile and prove all policies of minijail's form below DIR that are for x86_64. */
void corpus_compile(const char *dir, enum bpf_optimize how, struct corpus *corpus);

/* ---- times, in forked children (filters_time.c) ---- */

/* A call that is timed. */
struct probe {
	const char *name;
	long nr;
	unsigned long args[3];
};

#define PROBES 4

extern const struct probe probes[PROBES];

/* A program and what was measured of it in each round. */
struct subject {
	const struct bpf_prog *prog; /* NULL: no filter */
	double attach[MAX_ROUNDS];
	double call[PROBES][MAX_ROUNDS]; /* nanoseconds */
};

double now(void); /* microseconds */

/* SUBJECTS take turns; all of a round runs within some milliseconds. */
void time_attach(struct subject *subjects, size_t n, unsigned int rounds);
void time_calls(struct subject *subjects, size_t n, unsigned int rounds);

struct making {
	struct recipe recipe;
	double stage[STAGES][MAX_ROUNDS]; /* in a process that has made nothing before */
	double first[MAX_ROUNDS];	  /* all stages */
	double again[MAX_ROUNDS];	  /* the same in one that has made the program once */
};

void time_making(struct making *makings, size_t n, unsigned int rounds);

/* The middle one of those that are not NOTHING. */
double median(const double *values, unsigned int n);

/* The median of A[i] / B[i], which are of the same round. */
double median_ratio(const double *a, const double *b, unsigned int n);

#endif
