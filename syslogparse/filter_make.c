/* SPDX-License-Identifier: MIT */
/*
 * From the policy "syslogparse-calls" to a program that is proved to mean it. The text is the
 * one that was built in, whatever files there are.
 */
#include "syslogparse/filter.h"

#include <errno.h>
#include <sys/mman.h>

#define MEMORY (64u << 20)

static int add_line(void *policy, char *text, const struct bpf_place *place, struct bpf_error *err)
{
	return bpf_policy_line(policy, text, place, err);
}

static int make(struct bpf_arena *arena, struct bpf_prog *prog, unsigned long *cases,
		struct bpf_error *err)
{
	struct bpf_policy policy;
	int error;

	bpf_policy_init(&policy, arena);
	error = bpf_builtin_read("syslogparse-calls", arena, add_line, &policy, err);
	if (!error)
		error = bpf_policy_finish(&policy, err);
	if (!error)
		error = bpf_compile(&policy, prog, err);
	if (!error)
		error = bpf_check(prog->insn, prog->len, err);
	return error ? error : bpf_verify(&policy, prog, NULL, cases, err);
}

int filter_make(struct bpf_prog *prog, unsigned long *cases, struct bpf_error *err)
{
	struct bpf_arena arena = { .size = MEMORY };
	int error;

	arena.base = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena.base == MAP_FAILED)
		return -errno;
	error = make(&arena, prog, cases, err);
	munmap(arena.base, MEMORY);
	return error;
}
