/* SPDX-License-Identifier: MIT */
/*
 * Decision graphs, and how they become instructions.
 *
 * What a filter does with a call is a graph: each node looks at one 32-bit word of
 * struct seccomp_data and goes on at one of two others; the last ones are actions. All
 * of a filter is one such graph, from "which architecture" down to the arguments.
 *
 * Nodes are kept in a hash table, so that a node which exists is never made again.
 * That alone does most of what an optimizer would: calls with the same conditions
 * share their code, each action is one "ret", and a test whose outcomes are the same
 * node is seen to be no test at all.
 *
 * Classic BPF jumps forwards only, so a node must come after all that go to it: the
 * order is the reverse of that in which a depth-first walk leaves the nodes. Going
 * to YES first there puts NO right behind its test. That is the cheap side: the kernel
 * turns a test that falls through into one instruction of eBPF, else into two.
 *
 * See bpf_convert_filter() in net/core/filter.c.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define RET (BPF_RET | BPF_K)

/* Where a node can be entered; entry[] is indexed by this. */
enum { AT_LOAD, AT_AND, AT_JUMP };

static bool is_action(const struct bpf_node *node)
{
	return node->code == RET;
}

/* ---- making nodes ---- */

static unsigned int hash(const struct bpf_node *node)
{
	uint64_t h = node->code;

	h = h * 31 + node->word;
	h = h * 31 + node->mask;
	h = h * 31 + node->k;
	h = h * 31 + ((uintptr_t)node->yes >> 4);
	h = h * 31 + ((uintptr_t)node->no >> 4);
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned int)(h >> 32) % BPF_BUCKETS;
}

static bool same(const struct bpf_node *a, const struct bpf_node *b)
{
	return a->code == b->code && a->word == b->word && a->mask == b->mask && a->k == b->k &&
	       a->yes == b->yes && a->no == b->no;
}

/* The node that is like WANTED; made if there is none. */
static struct bpf_node *intern(struct bpf_graph *graph, const struct bpf_node *wanted)
{
	struct bpf_node **bucket = &graph->bucket[hash(wanted)];
	struct bpf_node *node;

	for (node = *bucket; node; node = node->chain)
		if (same(node, wanted))
			return node;
	node = bpf_alloc(graph->arena, sizeof(*node));
	if (!node)
		return NULL;
	*node = *wanted;
	node->chain = *bucket;
	*bucket = node;
	return node;
}

struct bpf_node *bpf_node_action(struct bpf_graph *graph, uint32_t action)
{
	struct bpf_node node = { .code = RET, .k = action };

	return intern(graph, &node);
}

/* What A == VALUE answers to a test. */
static bool answer(uint16_t op, uint32_t value, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return value == k;
	case BPF_JGT:
		return value > k;
	case BPF_JGE:
		return value >= k;
	default:
		return (value & k) != 0;
	}
}

/*
 * The answer when it is the same for every value that the mask leaves: 0 or 1; else
 * -1. Masked values go from 0 to MASK.
 */
static int foregone(const struct bpf_test *test)
{
	switch (test->op) {
	case BPF_JEQ:
		return test->k & ~test->mask ? 0 : test->mask == 0 ? 1 : -1;
	case BPF_JGT:
		return test->k >= test->mask ? 0 : -1;
	case BPF_JGE:
		return test->k > test->mask ? 0 : test->k == 0 ? 1 : -1;
	default:
		return test->k & test->mask ? -1 : 0;
	}
}

/*
 * "jset" masks by itself: "A & m == 0" and "A & bit == bit" need no "and", and leave
 * the whole word in A for the next test. True when the outcomes change places.
 */
static bool use_jset(struct bpf_test *test)
{
	bool zero = test->k == 0;

	if (test->op == BPF_JSET) {
		test->k &= test->mask;
		test->mask = UINT32_MAX;
		return false;
	}
	if (test->op != BPF_JEQ || test->mask == UINT32_MAX)
		return false;
	if (!zero && (test->k != test->mask || (test->mask & (test->mask - 1))))
		return false;
	test->op = BPF_JSET;
	test->k = test->mask;
	test->mask = UINT32_MAX;
	return zero;
}

static bool same_value(const struct bpf_node *node, const struct bpf_test *test)
{
	return !is_action(node) && node->word == test->word && node->mask == test->mask;
}

/* Behind "A == k", further tests of A are no questions. */
static struct bpf_node *skip_known(struct bpf_node *node, const struct bpf_test *test)
{
	while (test->op == BPF_JEQ && same_value(node, test))
		node = answer(BPF_OP(node->code), test->k, node->k) ? node->yes : node->no;
	return node;
}

/* And behind "not A > k", it is no question whether A > k. */
static struct bpf_node *skip_repeated(struct bpf_node *node, const struct bpf_test *test)
{
	while (same_value(node, test) && BPF_OP(node->code) == test->op && node->k == test->k)
		node = node->no;
	return node;
}

struct bpf_node *bpf_node_test(struct bpf_graph *graph, struct bpf_test test, struct bpf_node *yes,
			       struct bpf_node *no)
{
	struct bpf_node node = { .origin = graph->origin };
	struct bpf_node *swap;
	int known = foregone(&test);

	if (!yes || !no)
		return NULL;
	if (known >= 0)
		return known ? yes : no;
	if (use_jset(&test)) {
		swap = yes;
		yes = no;
		no = swap;
	}
	node.code = (uint16_t)(BPF_JMP | test.op | BPF_K);
	node.word = test.word;
	node.mask = test.mask;
	node.k = test.k;
	node.yes = skip_known(yes, &test);
	node.no = skip_repeated(no, &test);
	return node.yes == node.no ? node.no : intern(graph, &node);
}

/* ---- order ---- */

/* How far the walk has come with a node. */
enum { REACHED = 1, YES_SEEN, BOTH_SEEN };

/* Where the walk goes next from NODE; NULL: both outcomes are done. */
static struct bpf_node *next_outcome(struct bpf_node *node)
{
	if (is_action(node) || node->walked == BOTH_SEEN)
		return NULL;
	return node->walked++ == REACHED ? node->yes : node->no;
}

/*
 * All nodes that ROOT reaches, each before those that it goes to, linked by "up". No
 * recursion: a call with thousands of rules makes a graph that is as deep.
 */
static struct bpf_node *in_order(struct bpf_node *root)
{
	struct bpf_node *node = root, *first = NULL;
	struct bpf_node *next, *up;

	root->walked = REACHED;
	root->up = NULL;
	while (node) {
		next = next_outcome(node);
		if (next && next->walked)
			continue;
		if (next) {
			next->walked = REACHED;
			next->up = node;
			node = next;
			continue;
		}
		up = node->up;
		node->up = first;
		first = node;
		node = up;
	}
	return first;
}

/* ---- instructions ---- */

/*
 * A jump reaches 255 instructions. An action that was jumped to this long ago is written out
 * before it is out of reach, and again later if need be: "ret" costs no more than the
 * "ja" that would lead to it, and serves all around. Looked after now and then.
 */
#define PATIENCE 150
#define INTERVAL 50

struct emitter {
	struct bpf_asm *as;
	unsigned int count; /* of instructions, also beyond those that fit; no trampolines */
};

/* The label by which TO is entered from FROM, which leaves its word in A. */
static int enter(const struct emitter *e, const struct bpf_node *from, struct bpf_node *to)
{
	int at = AT_LOAD;

	if (!is_action(to) && to->word == from->word) {
		if (to->mask == from->mask)
			at = AT_JUMP;
		else if (from->mask == UINT32_MAX)
			at = AT_AND;
	}
	if (to->entry[at] < 0) {
		to->entry[at] = bpf_label(e->as);
		to->since = e->count;
	}
	return to->entry[at];
}

static void place(const struct emitter *e, int label)
{
	if (label >= 0)
		bpf_place_label(e->as, label);
}

/*
 * Where the decision has fallen, if somebody still waits for it here:
 *
 *	ret #ACTION
 */
static void emit_action(struct emitter *e, struct bpf_node *node)
{
	if (node->entry[AT_LOAD] < 0)
		return;
	e->as->origin = node->origin;
	place(e, node->entry[AT_LOAD]);
	bpf_emit(e->as, RET, node->k);
	node->entry[AT_LOAD] = -1;
	e->count++;
}

/*
 * One test. Only what somebody enters is emitted: behind a test of the same word, the
 * load is missing.
 *
 * Entry: A is anything at the load, the word at the and, the masked word at the jump.
 * Exit: A is the masked word.
 *
 *	ld  [WORD]
 *	and #MASK		(if some bits do not count)
 *	jeq #K, YES, NO		(or jgt, jge, jset)
 */
static void emit_test(struct emitter *e, const struct bpf_node *node)
{
	bool load = node->entry[AT_LOAD] >= 0;
	bool mask = node->mask != UINT32_MAX && (load || node->entry[AT_AND] >= 0);
	int yes, no;

	e->as->origin = node->origin;
	place(e, node->entry[AT_LOAD]);
	if (load)
		bpf_emit(e->as, BPF_LD | BPF_W | BPF_ABS, node->word);
	place(e, node->entry[AT_AND]);
	if (mask)
		bpf_emit(e->as, BPF_ALU | BPF_AND | BPF_K, node->mask);
	place(e, node->entry[AT_JUMP]);
	yes = enter(e, node, node->yes);
	no = enter(e, node, node->no);
	bpf_jump(e->as, node->code, node->k, yes, no);
	e->count += 1u + load + mask;
}

/*
 * Write out the actions behind NODE that have been waited for too long. Nothing falls
 * into them: all tests name both their outcomes.
 */
static void emit_overdue(struct emitter *e, struct bpf_node *node)
{
	for (; node; node = node->up)
		if (is_action(node) && e->count - node->since >= PATIENCE)
			emit_action(e, node);
}

int bpf_graph_emit(struct bpf_node *root, struct bpf_asm *as, struct bpf_error *err)
{
	struct emitter e = { .as = as };
	struct bpf_node *node, *first;
	unsigned int next = INTERVAL;

	first = in_order(root);
	for (node = first; node; node = node->up)
		memset(node->entry, -1, sizeof(node->entry));
	root->entry[AT_LOAD] = bpf_label(as);
	for (node = first; node; node = node->up) {
		if (e.count >= next) {
			emit_overdue(&e, node);
			next = e.count + INTERVAL;
		}
		if (is_action(node))
			emit_action(&e, node);
		else
			emit_test(&e, node);
	}
	as->origin = 0;
	if (e.count <= BPF_MAXINSNS)
		return 0;
	return bpf_fail(err, -E2BIG, NULL,
			"the policy needs %u instructions; the kernel takes %d in one filter",
			e.count, BPF_MAXINSNS);
}
