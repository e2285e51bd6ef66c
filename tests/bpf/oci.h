/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the OCI importer share: a profile in, a proved program out; and
 * where the profiles of others are.
 */
#ifndef TESTS_BPF_OCI_H
#define TESTS_BPF_OCI_H

#include "bpf/import/import.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

struct oci_case {
	struct import im;
	struct bpf_arena arena;
	struct bpf_policy policy;
	struct bpf_prog prog;
	struct bpf_error error;
};

static char oci_memory[2][32 << 20];

/* Import TEXT and parse what comes out. 0, or the refusal, which is in c->error. */
static int oci_parse(struct oci_case *c, const char *text, const struct import_options *options)
{
	int ret;

	import_init(&c->im, "profile");
	memset(&c->error, 0, sizeof(c->error));
	c->arena.used = 0;
	bpf_policy_init(&c->policy, &c->arena);
	ret = import_oci(&c->im, text, strlen(text), options, &c->error);
	return ret ? ret : import_policy(&c->im, &c->policy, &c->error);
}

/* ... and on to a program that the kernel would take, and that is what the policy says. */
static int oci_compile(struct oci_case *c, const char *text, const struct import_options *options)
{
	int ret = oci_parse(c, text, options);

	if (ret == 0)
		ret = bpf_compile(&c->policy, &c->prog, &c->error);
	if (ret == 0)
		ret = bpf_check(c->prog.insn, c->prog.len, &c->error);
	return ret ? ret : bpf_verify(&c->policy, &c->prog, NULL, NULL, &c->error);
}

/* The profiles below the shared data: $SBRUN_DATA, or beside the tree. 0: there are none. */
static int oci_files(glob_t *files)
{
	static const char *const patterns[] = { "seccomp/*.json", "seccomp/*/*.json" };
	const char *dir = getenv("SBRUN_DATA");
	char pattern[500];
	size_t i;

	memset(files, 0, sizeof(*files));
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s/%s", dir ? dir : "../shared/data",
			 patterns[i]);
		glob(pattern, i ? GLOB_APPEND : 0, NULL, files);
	}
	return (int)files->gl_pathc;
}

#endif
