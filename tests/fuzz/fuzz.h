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

/* A target that takes more says so before it includes this; fuzz.sh reads it there, too. */
#ifndef FUZZ_MAX_INPUT
#define FUZZ_MAX_INPUT 4096
#endif
#define FUZZ_MAX_TEXT (1 << 20)
#define FUZZ_MEMORY   (64u << 20) /* as much as sbrun has; what is not used takes no pages */

/* Two arenas, for what is read and for what is read again. */
static maybe_unused struct bpf_arena fuzz_arena(unsigned int i)
{
	static char memory[2][FUZZ_MEMORY];

	return (struct bpf_arena){ .base = memory[i], .size = FUZZ_MEMORY };
}

/* Read the lines of TEXT, of which LEN bytes are there. */
static maybe_unused int fuzz_policy(struct bpf_policy *policy, const char *text, size_t len)
{
	struct bpf_place place = { "fuzz", 0, 1 };
	struct bpf_error error;
	static char line[FUZZ_MAX_TEXT];
	const char *end;
	size_t n;
	int ret = 0;

	while (len > 0 && ret == 0) {
		end = memchr(text, '\n', len);
		n = end ? (size_t)(end - text) : len;
		memcpy(line, text, n);
		line[n] = '\0';
		place.line++;
		ret = bpf_policy_line(policy, line, &place, &error);
		if (ret < 0 && (error.text[0] == '\0' || error.place.line != place.line))
			abort(); /* every refusal has words, and a place */
		n += end ? 1 : 0;
		text += n;
		len -= n;
	}
	return ret ? ret : bpf_policy_finish(policy, NULL);
}

/* What its policy says, which is proved; or NULL: too large for the kernel or for the proof. */
static maybe_unused const struct bpf_prog *fuzz_program(const struct bpf_policy *policy,
							enum bpf_optimize how)
{
	const struct bpf_goal goal = { .how = how };
	static struct bpf_prog prog;
	int ret;

	ret = bpf_compile_for(policy, &goal, &prog, NULL);
	if (ret == -E2BIG)
		return NULL;
	if (ret < 0 || bpf_check(prog.insn, prog.len, NULL) < 0)
		abort();
	ret = bpf_verify(policy, &prog, NULL, NULL, NULL);
	if (ret < 0 && ret != -E2BIG)
		abort();
	return ret < 0 ? NULL : &prog;
}

#endif
