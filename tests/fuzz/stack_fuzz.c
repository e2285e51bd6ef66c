/* SPDX-License-Identifier: MIT */
/*
 * Fuzz stacks of policies: two in one input, the older one first, with a line "%" between them.
 * The program for both is proved, and does with any call what the kernel does when it runs the
 * programs of the two, one after the other.
 */
#include "tests/fuzz/program.h"

#define CALLS 64

/* The two halves of an input; false: it has no second one. */
static bool split(const char *text, size_t size, size_t *first, size_t *second)
{
	const char *line = memmem(text, size, "\n%\n", 3);

	if (!line)
		return false;
	*first = (size_t)(line - text) + 1;
	*second = *first + 2;
	return true;
}

static bool take_program(const struct bpf_policy *policy, struct bpf_prog *prog)
{
	const struct bpf_prog *made = fuzz_program(policy, BPF_FOR_CACHE);

	if (made)
		*prog = *made;
	return made;
}

static uint32_t answer(const struct bpf_prog *prog, const struct seccomp_data *data)
{
	return bpf_run(prog->insn, prog->len, data, NULL);
}

/* PROGS are the older one, the newer one and the one for both. */
static void compare(const struct bpf_prog progs[3], uint64_t state)
{
	struct seccomp_data data;
	unsigned int i;
	uint32_t both;

	for (i = 0; i < CALLS; i++) {
		fuzz_data(&progs[i % 3], &state, &data);
		both = bpf_strictest(answer(&progs[1], &data), answer(&progs[0], &data));
		if (answer(&progs[2], &data) != both)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_arena arenas[2] = { fuzz_arena(0), fuzz_arena(1) };
	const char *text = (const char *)data;
	struct bpf_error error = { 0 };
	struct bpf_policy under, top;
	static struct bpf_prog progs[3];
	size_t first, second;
	int ret;

	if (size > FUZZ_MAX_INPUT || !split(text, size, &first, &second))
		return 0;
	bpf_policy_init(&under, &arenas[0]);
	bpf_policy_init(&top, &arenas[1]);
	if (fuzz_policy(&under, text, first) < 0 ||
	    fuzz_policy(&top, text + second, size - second) < 0)
		return 0;
	if (!take_program(&under, &progs[0]) || !take_program(&top, &progs[1]))
		return 0;
	ret = bpf_policy_stack(&top, &under, &error);
	if (ret < 0 && !error.text[0])
		abort();
	if (ret == 0 && take_program(&top, &progs[2]))
		compare(progs, fuzz_state(data, size));
	return 0;
}
