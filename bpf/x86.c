/* SPDX-License-Identifier: MIT */
/*
 * Two ABIs behind one architecture: x86_64, and x32, whose numbers have bit 30.
 *
 * Without a test of that bit, x32 would be a second door to every call that is denied. Where a
 * policy has only one of the two, the other is one more piece of the line of numbers, which
 * kills (numbers.c). Where it has both, the bit is asked for. But they agree on most numbers, so
 * there need not be two trees: of x32, only those are asked for where it differs; then
 * the bit is taken off, and the tree of x86_64 decides:
 *
 *	jge #0x40000000, 1f, 2f
 * 1:	jeq #ONLY-X32, ...
 *	and #0xbfffffff
 * 2:	x86_64's tree
 */
#include "bpf/internal.h"

#include <errno.h>

/* A node that decides as X32 does with the bit, else as X86_64 does. */
static struct bpf_node *test_bit(struct bpf_compiler *c, struct bpf_node *x86_64,
				 struct bpf_node *x32)
{
	const struct bpf_test test = { BPF_JGE, BPF_WORD_NR, UINT32_MAX, BPF_X32_BIT };

	c->graph->origin = 0;
	return bpf_node_test(c->graph, test, x32, x86_64);
}

void bpf_cut_x32(struct bpf_line *x86_64)
{
	x86_64->len -= x86_64->pieces[x86_64->len - 1].start == BPF_X32_BIT;
	x86_64->end = BPF_X32_BIT - 1;
}

struct bpf_node *bpf_beside_x32(struct bpf_compiler *c, struct bpf_node *x86_64,
				const struct bpf_line *x32)
{
	struct bpf_line line = *x32;

	if (line.len > 1 && line.pieces[1].start == BPF_X32_BIT)
		line = bpf_part_of(x32, 1, x32->len - 1);
	return test_bit(c, x86_64, bpf_tree(c->graph, &line));
}

/* ---- the differences ---- */

static bool is_among(const struct bpf_heavy *heavy, uint32_t nr)
{
	size_t i;

	for (i = 0; i < heavy->len; i++)
		if (heavy->pieces[i].start == nr)
			return true;
	return false;
}

/* The first number behind piece I of LINE, but not beyond END. */
static uint32_t next_start(const struct bpf_line *line, size_t i, uint32_t end)
{
	return i + 1 < line->len && line->pieces[i + 1].start < end ? line->pieces[i + 1].start :
								      end;
}

/* The line of x32, with SAME where it does the same as x86_64's tree. */
static void add_differences(struct bpf_line *line, const struct bpf_arch *arch,
			    struct bpf_node *same)
{
	const struct bpf_piece *a, *b;
	uint32_t nr, next, other;
	size_t i = 0, j = 0;

	for (nr = 0; nr < BPF_X32_BIT; nr = next < other ? next : other) {
		while (next_start(&arch->line, i, UINT32_MAX) <= nr)
			i++;
		while (next_start(&arch->x32, j, UINT32_MAX) <= (nr | BPF_X32_BIT))
			j++;
		next = next_start(&arch->line, i, BPF_X32_BIT);
		other = next_start(&arch->x32, j, 2 * BPF_X32_BIT) - BPF_X32_BIT;
		a = &arch->line.pieces[i];
		b = &arch->x32.pieces[j];
		bpf_line_add(line, nr | BPF_X32_BIT,
			     a->node == b->node && !is_among(&arch->heavy, nr) ? same : b->node,
			     b->origin);
	}
}

struct bpf_node *bpf_below_x32(struct bpf_compiler *c, const struct bpf_arch *arch,
			       struct bpf_node *same)
{
	struct bpf_line line = { .word = BPF_WORD_NR, .mask = UINT32_MAX, .end = UINT32_MAX };
	struct bpf_node *kill;

	line.pieces = bpf_alloc(c->graph->arena,
				(arch->line.len + arch->x32.len + 1) * sizeof(*line.pieces));
	if (!line.pieces || !same)
		return NULL;
	add_differences(&line, arch, same);
	c->graph->origin = 0;
	kill = bpf_node_action(c->graph, SECCOMP_RET_KILL_PROCESS);
	bpf_line_add(&line, 2 * BPF_X32_BIT, kill, 0);
	if (bpf_heat_line(&c->heat, BPF_X32, &line) < 0)
		return NULL;
	return test_bit(c, same, bpf_tree(c->graph, &line));
}
