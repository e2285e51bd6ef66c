/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets of the importers of text share.
 */
#ifndef TESTS_FUZZ_IMPORT_H
#define TESTS_FUZZ_IMPORT_H

#include "bpf/import/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_MAX_INPUT 4096

static char fuzz_memory[8 << 20];

typedef int fuzz_import_fn(struct import *im, const char *text, size_t len,
			   const struct import_options *options, struct bpf_error *err);

/* A program is what its policy says, or too large for the kernel or for the proof. */
static inline void fuzz_program(const struct bpf_policy *policy)
{
	static struct bpf_prog prog;
	int ret;

	ret = bpf_compile(policy, &prog, NULL);
	if (ret == -E2BIG)
		return;
	if (ret < 0 || bpf_check(prog.insn, prog.len, NULL) < 0)
		abort();
	ret = bpf_verify(policy, &prog, NULL, NULL, NULL);
	if (ret < 0 && ret != -E2BIG)
		abort();
}

/* The ABI goes by the size, so that real profiles are good seeds as they are. */
static inline int import_fuzz(fuzz_import_fn *import, const uint8_t *data, size_t size)
{
	struct bpf_arena arena = { .base = fuzz_memory, .size = sizeof(fuzz_memory) };
	struct import_options options = IMPORT_OPTIONS;
	struct bpf_error error = { 0 };
	struct bpf_policy policy;
	struct import im;
	int ret;

	if (size > FUZZ_MAX_INPUT)
		return 0;
	options.native = (enum bpf_abi_id)(size % BPF_ABIS);
	import_init(&im, "fuzz");
	bpf_policy_init(&policy, &arena);
	ret = import(&im, (const char *)data, size, &options, &error);
	if (ret == 0)
		ret = import_policy(&im, &policy, &error);
	if (ret < 0 && error.text[0] == '\0')
		abort(); /* every refusal has words */
	if (ret == 0)
		fuzz_program(&policy);
	import_release(&im);
	return 0;
}

#endif
