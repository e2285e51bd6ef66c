/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets of the importers of text share.
 */
#ifndef TESTS_FUZZ_IMPORT_H
#define TESTS_FUZZ_IMPORT_H

#include "tests/fuzz/fuzz.h"

#include "bpf/import/import.h"

typedef int fuzz_import_fn(struct import *im, const char *text, size_t len,
			   const struct import_options *options, struct bpf_error *err);

/* The ABI goes by the size, so that real profiles are good seeds as they are. */
static inline int import_fuzz(fuzz_import_fn *import, const uint8_t *data, size_t size)
{
	struct import_options options = IMPORT_OPTIONS;
	struct bpf_arena arena = fuzz_arena(0);
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
		fuzz_program(&policy, BPF_FOR_CACHE);
	import_release(&im);
	return 0;
}

#endif
