/* SPDX-License-Identifier: MIT */
/*
 * Profiles in other projects' formats, into our policy language and out of it.
 *
 *	foreign text --import_FORMAT()--> policy text --import_policy()--> struct bpf_policy
 *					  and notes
 *
 * An importer writes text, not a struct bpf_policy: a person can read what became of the
 * profile, keep it and change it, and what it means is what bpf_policy_line() says,
 * like any other policy. Each line of the text remembers the line of the profile that
 * it comes from, so that listings and errors point there.
 *
 * What cannot be said exactly is said more strictly, and a note tells; where only
 * something weaker could be said, or it is not clear what was meant, the importer
 * refuses. A profile that compiles lets nothing through that its own tools deny.
 *
 * Unlike bpf/ proper, this directory allocates (JSON has no bounds worth fixing), but
 * does not log or exit. Functions return 0 or a negative errno, with the reason and the
 * place in struct bpf_error.
 */
#ifndef BPF_IMPORT_IMPORT_H
#define BPF_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bpf/bpf.h"

/* ---- what an importer makes (text.c) ---- */

/* Something that is not as the profile has it. */
struct import_note {
	unsigned int line; /* of the profile; 0: of no line */
	char text[300];
};

struct import {
	const char *file;   /* the profile's name, printable, for places; not copied */
	char *text;	    /* the policy: lines, each with its newline; NUL-terminated */
	size_t len, size;   /* of TEXT: used, allocated */
	unsigned int *from; /* for each line of TEXT, that of the profile; 0: none */
	size_t nlines, maxlines;
	struct import_note *notes;
	size_t nnotes, maxnotes;
	struct bpf_weight *weights; /* how often calls are made, if the profile says so */
	size_t nweights, maxweights;
	int error; /* -ENOMEM once it has happened; writers need no checks */
};

/* Empty. FILE stays the caller's. */
void import_init(struct import *im, const char *file);
void import_release(struct import *im);

/*
 * Append to the policy's text. All that is written up to the next newline belongs to
 * line LINE of the profile as given with its last part. The text must be clean:
 * names that come from outside go through import_clean().
 */
__attribute__((format(printf, 3, 4))) void import_write(struct import *im, unsigned int line,
							const char *format, ...);

/* Tell about line LINE of the profile. The same note about the same line is kept once. */
__attribute__((format(printf, 3, 4))) void import_note(struct import *im, unsigned int line,
						       const char *format, ...);

/* COUNT more calls of NAME, which has LEN bytes; false: there is no such call. */
bool import_weight(struct import *im, const char *name, size_t len, uint64_t count);

/* Fail with -EINVAL at line LINE of the profile. Returns -EINVAL. */
__attribute__((format(printf, 4, 5))) int import_fail(const struct import *im,
						      struct bpf_error *err, unsigned int line,
						      const char *format, ...);

/* TEXT, cut to SIZE, without bytes that do not print: for comments and errors. Returns BUF. */
const char *import_clean(const char *text, char *buf, size_t size);

/* A word of letters, digits and '_' that begins with no digit? Other names are no calls. */
bool import_is_name(const char *text, size_t len);

/*
 * Parse the text into POLICY, which bpf_policy_init() has prepared; lines point to the
 * profile's. Calls bpf_policy_finish().
 */
int import_policy(const struct import *im, struct bpf_policy *policy, struct bpf_error *err);

/* The text with a heading comment and the notes as comments: a policy file. */
void import_print(FILE *out, const struct import *im);

/* Read FILE, up to 4 MiB, into a NUL-terminated block that the caller frees. */
int import_read(const char *file, char **text, size_t *len, struct bpf_error *err);

/* ---- what the caller decides ---- */

struct import_options {
	enum bpf_abi_id native; /* the machine that the profile is for */
	unsigned int abis;	/* keep only these of the profile's ABIs; 0: all */

	/* OCI: what "includes" and "excludes" ask about. */
	const char *const *caps;   /* "CAP_CHOWN", ..., NULL; NULL: docker's fourteen */
	unsigned int kernel_major; /* 0: newer than any */
	unsigned int kernel_minor;

	/*
	 * Not set: arguments are read as the kernel reads them, so that an int is compared in its
	 * low 32 bits, and several conditions on one argument must all hold.
	 * Set: what runc and libseccomp would make of it: whole registers are compared, and
	 * such conditions are alternatives.
	 */
	bool faithful;

	/* OCI: numbers above all that the profile names get ENOSYS, as runc has it. */
	bool enosys;

	/* minijail: what "@include" and kafel's "#include" are relative to; NULL: refuse them */
	const char *dir;
};

#define IMPORT_OPTIONS                      \
	{                                   \
		.native = bpf_abi_native(), \
	}

/* ---- importers: TEXT has LEN bytes and need not end with a NUL ---- */

/* docker, containerd, podman, Kubernetes; also config.json of a bundle (oci.c, ...) */
int import_oci(struct import *im, const char *text, size_t len,
	       const struct import_options *options, struct bpf_error *err);

/*
 * The profile is for the ABI options->native alone, and says itself how much of a register is
 * compared, so that "faithful" changes nothing (minijail.c, minijail_*.c, reader.c).
 */
int import_minijail(struct import *im, const char *text, size_t len,
		    const struct import_options *options, struct bpf_error *err);

/* The same (kafel.c, kafel_*.c, reader.c). */
int import_kafel(struct import *im, const char *text, size_t len,
		 const struct import_options *options, struct bpf_error *err);

/* ---- raw programs (raw.c) ---- */

/*
 * An array of struct sock_filter in this machine's byte order, as seccomp_export_bpf() and
 * bpf_asm's output have it: a whole number of instructions that the kernel would take.
 */
int import_raw(struct bpf_prog *prog, const void *data, size_t len, struct bpf_error *err);

/* ---- the way out (export.c, export_oci.c); whether OUT took it, ferror() knows ---- */

void export_raw(FILE *out, const struct bpf_prog *prog);

/* A C array, NAME[], with a comment beside each instruction. */
void export_c(FILE *out, const struct bpf_prog *prog, const char *name);

/* What bpf_asm reads. */
void export_asm(FILE *out, const struct bpf_prog *prog);

/*
 * An OCI profile that means POLICY. Most policies have none: the format has no order
 * of rules, no types, no "unknown", and compares whole registers; -EOPNOTSUPP with the reason and the rule.
 */
int export_oci(FILE *out, const struct bpf_policy *policy, struct bpf_error *err);

#endif
