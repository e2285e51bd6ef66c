/* SPDX-License-Identifier: MIT */
/*
 * From a decision graph to instructions.
 *
 * Classic BPF jumps forwards only, so a node must stand before all that it goes to. The
 * program is therefore written from its end to its beginning: what a test goes to is there
 * already, its distance is known, and no jump is ever patched.
 *
 * A distance is a byte. Where 255 instructions are not enough, what is out of reach is
 * brought near first: an action is written once more, since "ret" costs no more than a jump
 * to one; for a test there is a "ja", which all that come later can use, too.
 *
 * A test loads its word unless it is entered from another test of the same word, which has
 * left it in A. So a test has up to three entries:
 *
 *	load:	ld  [WORD]
 *	and:	and #MASK		(if some bits do not count)
 *	jump:	jeq #K, YES, NO		(or jgt, jge, jset)
 *
 * The kernel turns a jump that falls through on one side into one instruction of eBPF, else
 * into two. What is written last before a test stands right behind it; of its two outcomes, that
 * is NO, where NO was not there already, else YES (bpf_graph_walk() gives the order).
 *
 * See bpf_convert_filter() in net/core/filter.c.
 */
#include "bpf/internal.h"

#include <errno.h>

#define REACH 255u

enum { AT_LOAD, AT_AND, AT_JUMP };

struct emitter {
	struct bpf_prog *prog; /* backwards: the last instruction is the first here */
	unsigned int count;    /* of instructions, also beyond those that fit */
};

/* Has a value below K no bit but those of MASK? */
static bool fits(uint32_t k, uint32_t mask)
{
	uint32_t bits = k - 1;

	while (bits & (bits + 1))
		bits |= bits >> 1;
	return k && !(bits & ~mask);
}

/*
 * Where the outcome of FROM, YES or NO, is entered. A has the masked word of FROM; to take more
 * bits off, there must be the others, or none to be taken off: "not A >= 0x40000000".
 */
static int entry(const struct bpf_node *from, bool yes)
{
	const struct bpf_node *to = yes ? from->yes : from->no;

	if (bpf_is_action(to) || to->word != from->word)
		return AT_LOAD;
	if (to->mask == from->mask)
		return AT_JUMP;
	if (from->mask != UINT32_MAX)
		return AT_LOAD;
	return !yes && BPF_OP(from->code) == BPF_JGE && fits(from->k, to->mask) ? AT_JUMP : AT_AND;
}

/* The nodes in the order in which they are written, and how each of them is entered. */
static struct bpf_node *prepare(struct bpf_graph *graph, struct bpf_node *root)
{
	struct bpf_node *first = bpf_graph_walk(graph, root);
	struct bpf_node *node;

	root->entries = 1u << AT_LOAD;
	for (node = first; node; node = node->next) {
		if (bpf_is_action(node))
			continue;
		node->yes->entries |= (unsigned char)(1u << entry(node, true));
		node->no->entries |= (unsigned char)(1u << entry(node, false));
	}
	return first;
}

static bool has_load(const struct bpf_node *node)
{
	return node->entries & 1u << AT_LOAD;
}

static bool has_and(const struct bpf_node *node)
{
	return node->mask != UINT32_MAX && node->entries & (1u << AT_LOAD | 1u << AT_AND);
}

/* ---- size ---- */

/* How many instructions NODE runs before its jump (or "ret") when entered AT. */
static unsigned int steps_before(const struct bpf_node *node, int at)
{
	if (bpf_is_action(node) || at == AT_JUMP)
		return 0;
	return (at == AT_LOAD) + (node->mask != UINT32_MAX);
}

/* The longest way from the jump of NODE on; what is behind it is known. */
static unsigned int longest(const struct bpf_node *node)
{
	unsigned int yes, no;

	if (bpf_is_action(node))
		return 1;
	yes = steps_before(node->yes, entry(node, true)) + (unsigned int)node->yes->at[AT_JUMP];
	no = steps_before(node->no, entry(node, false)) + (unsigned int)node->no->at[AT_JUMP];
	return 1 + (yes > no ? yes : no);
}

struct bpf_size bpf_graph_size(struct bpf_graph *graph, struct bpf_node *root)
{
	struct bpf_size size = { 0 };
	struct bpf_node *node;

	for (node = prepare(graph, root); node; node = node->next) {
		size.insns++;
		if (!bpf_is_action(node))
			size.insns += (unsigned int)has_load(node) + has_and(node);
		node->at[AT_JUMP] = (int)longest(node);
	}
	size.longest = steps_before(root, AT_LOAD) + (unsigned int)root->at[AT_JUMP];
	return size;
}

/* ---- writing ---- */

static int put(struct emitter *e, struct sock_filter insn, uint16_t origin)
{
	if (e->count < BPF_MAXINSNS) {
		e->prog->insn[e->count] = insn;
		e->prog->origin[e->count] = origin;
	}
	return (int)e->count++;
}

/* From the instruction that is written next. */
static unsigned int distance(const struct emitter *e, int to)
{
	return e->count - (unsigned int)to - 1;
}

/* See to it that a jump reaches entry AT of NODE, also if SPARE instructions come before it. */
static void bring_near(struct emitter *e, struct bpf_node *node, int at, unsigned int spare)
{
	struct sock_filter insn = BPF_STMT(BPF_RET | BPF_K, node->k);

	if (distance(e, node->at[at]) + spare <= REACH)
		return;
	if (!bpf_is_action(node))
		insn = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(e, node->at[at]));
	node->at[at] = put(e, insn, node->origin);
}

static void write_action(struct emitter *e, struct bpf_node *node)
{
	node->at[AT_LOAD] =
		put(e, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, node->k), node->origin);
}

/*
 * Entry: A is anything at the load, the word at the and, the masked word at the jump.
 * Exit: A is the masked word.
 */
static void write_test(struct emitter *e, struct bpf_node *node)
{
	const int yes = entry(node, true), no = entry(node, false);
	struct sock_filter insn = BPF_STMT(node->code, node->k);

	bring_near(e, node->yes, yes, 1);
	bring_near(e, node->no, no, 0);
	insn.jt = (unsigned char)distance(e, node->yes->at[yes]);
	insn.jf = (unsigned char)distance(e, node->no->at[no]);
	node->at[AT_JUMP] = put(e, insn, node->origin);
	if (has_and(node)) {
		insn = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, node->mask);
		node->at[AT_AND] = put(e, insn, node->origin);
	}
	if (has_load(node)) {
		insn = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, node->word);
		node->at[AT_LOAD] = put(e, insn, node->origin);
	}
}

/* First things first. */
static void reverse(struct bpf_prog *prog)
{
	unsigned int i, j;

	for (i = 0, j = prog->len; i + 1 < j; i++) {
		const struct sock_filter insn = prog->insn[i];
		const uint16_t origin = prog->origin[i];

		j--;
		prog->insn[i] = prog->insn[j];
		prog->origin[i] = prog->origin[j];
		prog->insn[j] = insn;
		prog->origin[j] = origin;
	}
}

int bpf_graph_emit(struct bpf_graph *graph, struct bpf_node *root, struct bpf_prog *prog,
		   struct bpf_error *err)
{
	struct emitter e = { .prog = prog };
	struct bpf_node *node;

	for (node = prepare(graph, root); node; node = node->next) {
		if (bpf_is_action(node))
			write_action(&e, node);
		else
			write_test(&e, node);
	}
	if (e.count > BPF_MAXINSNS)
		return bpf_fail(
			err, -E2BIG, NULL,
			"the policy needs %u instructions; the kernel takes %d in one filter",
			e.count, BPF_MAXINSNS);
	prog->len = e.count;
	reverse(prog);
	return 0;
}
