/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: memory, and what must be so for every policy.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "bpf/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define maybe_unused __attribute__((unused))

#define FUZZ_MEMORY  (64u << 20) /* as much as sbrun has; what is not used takes no pages */

/* Two arenas, for what is read and for what is read again. */
static maybe_unused struct bpf_arena fuzz_arena(unsigned int i)
{
	static char memory[2][FUZZ_MEMORY];

	return (struct bpf_arena){ .base = memory[i], .size = FUZZ_MEMORY };
}

/* A program is what its policy says, or too large for the kernel or for the proof. */
static maybe_unused void fuzz_program(const struct bpf_policy *policy, enum bpf_optimize how)
{
	const struct bpf_goal goal = { .how = how };
	static struct bpf_prog prog;
	int ret;

	ret = bpf_compile_for(policy, &goal, &prog, NULL);
	if (ret == -E2BIG)
		return;
	if (ret < 0 || bpf_check(prog.insn, prog.len, NULL) < 0)
		abort();
	ret = bpf_verify(policy, &prog, NULL, NULL, NULL);
	if (ret < 0 && ret != -E2BIG)
		abort();
}

#endif
