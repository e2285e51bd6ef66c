/* SPDX-License-Identifier: MIT */
/*
 * Pairs of programs, what bpf_diff() says of them, and what bpf_smt() makes of them: for
 * z3_test.py, which asks a solver whether that is so.
 *
 *	judged POLICY N		the compiled policy against N others: itself compiled for other
 *				goals, itself in another shape, and both with something changed
 *	judged - N		N random programs, each against a mutant of itself
 *
 * Each pair is "a HEX", "b HEX" (struct sock_filter, as it is in memory), "smt" and its text,
 * ".", and "equal R HEX", "subset R HEX": what bpf_diff() returned, and its call, if any.
 */
#include "bpf/bpf.h"

#include <err.h>
#include <stdlib.h>

#include "tests/bpf/shapes.h"

static char memory[8 << 20], diff_memory[32 << 20];

static int take_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *error)
{
	return bpf_policy_line(ctx, text, place, error);
}

static void put_hex(const char *name, const void *data, size_t size)
{
	const unsigned char *byte = data;
	size_t i;

	printf("%s ", name);
	for (i = 0; i < size; i++)
		printf("%02x", byte[i]);
	printf("\n");
}

static void put_verdict(const char *name, const struct bpf_pair *pair)
{
	struct bpf_arena arena = { .base = diff_memory, .size = sizeof(diff_memory) };
	struct bpf_difference diff = { 0 };
	char text[64];
	int ret;

	ret = bpf_diff(pair, &arena, &diff, NULL);
	snprintf(text, sizeof(text), "%s %d", name, ret);
	put_hex(text, &diff.data, sizeof(diff.data));
}

static void put_pair(const struct bpf_prog *a, const struct bpf_prog *b)
{
	struct bpf_pair pair = pair_of(a, b);

	put_hex("a", a->insn, a->len * sizeof(a->insn[0]));
	put_hex("b", b->insn, b->len * sizeof(b->insn[0]));
	printf("smt\n");
	bpf_smt_words(stdout);
	bpf_smt(stdout, a->insn, a->len, "a");
	bpf_smt(stdout, b->insn, b->len, "b");
	printf(".\n");
	put_verdict("equal", &pair);
	pair.relation = BPF_SUBSET;
	put_verdict("subset", &pair);
}

static void fail(const char *name, const struct bpf_error *error)
{
	errx(1, "%s:%u:%u: %s", error->place.file ? error->place.file : name, error->place.line,
	     error->place.column, error->text);
}

static void read_policy(const char *name, struct bpf_policy *policy, struct bpf_arena *arena)
{
	struct bpf_error error = { 0 };

	bpf_policy_init(policy, arena);
	if (bpf_source_read(name, NULL, arena, take_line, policy, &error) < 0 ||
	    bpf_policy_finish(policy, &error) < 0)
		fail(name, &error);
}

static void compile(const struct bpf_policy *policy, enum bpf_optimize how, struct bpf_prog *prog)
{
	const struct bpf_goal goal = { .how = how };
	struct bpf_error error = { 0 };

	if (bpf_compile_for(policy, &goal, prog, &error) < 0)
		fail("policy", &error);
}

/* The I-th of the programs that are compared with PROG, for POLICY. */
static void variant(const struct bpf_policy *policy, const struct bpf_prog *prog, unsigned int i,
		    struct bpf_prog *other)
{
	static const enum bpf_optimize goals[] = { BPF_FOR_SIZE, BPF_FOR_HIST, BPF_FOR_READABLE };
	unsigned int j;

	if (i % 2 == 0)
		compile(policy, goals[i / 2 % 3], other);
	else if (reshape(prog, other) < 0)
		errx(1, "the program is too large");
	for (j = 0; j < 20 && i % 4 >= 2 && seem_equal(prog, other); j++)
		mutate(other);
}

static void random_pair(struct bpf_prog *prog, struct bpf_prog *other)
{
	do
		random_prog(prog);
	while (seems_constant(prog));
	*other = *prog;
	mutate(other);
}

int main(int argc, char **argv)
{
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	static struct bpf_prog prog, other;
	struct bpf_policy policy;
	unsigned int i, n;
	bool random;

	if (argc != 3)
		errx(2, "usage: judged POLICY|- N");
	random = strcmp(argv[1], "-") == 0;
	n = (unsigned int)strtoul(argv[2], NULL, 10);
	if (!random) {
		read_policy(argv[1], &policy, &arena);
		compile(&policy, BPF_FOR_CACHE, &prog);
	}
	for (i = 0; i < n; i++) {
		if (random)
			random_pair(&prog, &other);
		else
			variant(&policy, &prog, i, &other);
		put_pair(&prog, &other);
	}
	return 0;
}
