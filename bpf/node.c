/* SPDX-License-Identifier: MIT */
/*
 * Decision graphs.
 *
 * What a filter does with a call is a graph: each node looks at one 32-bit word of
 * struct seccomp_data and goes on at one of two others; the last ones are actions. All
 * of a filter is one such graph, from "which architecture" down to the arguments.
 *
 * Nodes are kept in a hash table, so that a node which exists is never made again.
 * That alone does most of what an optimizer would: calls with the same conditions
 * share their code, also across ABIs, each action is one "ret", and a test whose
 * outcomes are the same node is seen to be no test at all.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define MAX_SPARE 4000

int bpf_graph_init(struct bpf_graph *graph, struct bpf_arena *arena, enum bpf_optimize how)
{
	memset(graph, 0, sizeof(*graph));
	graph->arena = arena;
	graph->how = how;
	graph->spare = MAX_SPARE;
	graph->cost = bpf_alloc_raw(arena, BPF_PIECES * BPF_PIECES * sizeof(*graph->cost));
	return graph->cost ? 0 : -E2BIG;
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
	struct bpf_node node = { .code = BPF_RET | BPF_K, .k = action };

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
 * the whole word in A for the next test. True when the outcomes change places. (Not so of the
 * number, which has its mask for all tests that follow.)
 */
static bool use_jset(struct bpf_test *test)
{
	bool zero = test->k == 0;

	if (test->op == BPF_JSET) {
		test->k &= test->mask;
		test->mask = UINT32_MAX;
		return false;
	}
	if (test->op != BPF_JEQ || test->mask == UINT32_MAX || test->word == BPF_WORD_NR)
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
	return !bpf_is_action(node) && node->word == test->word && node->mask == test->mask;
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
	node.words = 1u << test.word / 4 | node.yes->words | node.no->words;
	return node.yes == node.no ? node.no : intern(graph, &node);
}

struct bpf_node *bpf_node_like(struct bpf_graph *graph, const struct bpf_node *node,
			       struct bpf_node *yes, struct bpf_node *no)
{
	const struct bpf_test test = { BPF_OP(node->code), node->word, node->mask, node->k };

	graph->origin = node->origin;
	return bpf_node_test(graph, test, yes, no);
}

/* ---- walking ---- */

/* How far the walk has come with a node. */
enum { REACHED = 1, YES_SEEN, BOTH_SEEN };

static bool reach(const struct bpf_graph *graph, struct bpf_node *node, struct bpf_node *from)
{
	if (node->walk == graph->walks)
		return false;
	node->walk = graph->walks;
	node->progress = REACHED;
	node->up = from;
	node->entries = 0;
	return true;
}

/* Where the walk goes next from NODE; NULL: both outcomes are done. */
static struct bpf_node *next_outcome(struct bpf_node *node)
{
	if (bpf_is_action(node) || node->progress == BOTH_SEEN)
		return NULL;
	return node->progress++ == REACHED ? node->yes : node->no;
}

/* No recursion: a call with thousands of rules makes a graph that is as deep. */
struct bpf_node *bpf_graph_walk(struct bpf_graph *graph, struct bpf_node *root)
{
	struct bpf_node *first = NULL, **end = &first;
	struct bpf_node *node = root, *next;

	graph->walks++;
	reach(graph, root, NULL);
	while (node) {
		next = next_outcome(node);
		if (next) {
			if (reach(graph, next, node))
				node = next;
			continue;
		}
		*end = node;
		end = &node->next;
		node = node->up;
	}
	*end = NULL;
	return first;
}
