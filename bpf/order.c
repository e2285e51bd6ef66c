/* SPDX-License-Identifier: MIT */
/*
 * Each word once.
 *
 * Conditions come from lower.c as they are written: "a == 1 && b == 2 || a == 3 && b == 4"
 * looks at a, b, a and b. Rules that add to each other are worse; and "x < 38", "x == 39" and
 * "x > 40", three rules, are really "neither 38 nor 40".
 *
 * So take the first word that is asked for. All constants that the graph compares it with cut its
 * values into pieces. Within a piece, all these tests have one outcome and vanish: what
 * remains of the graph is smaller, and for neighbours often the same, which makes them one
 * piece. Each remainder is treated likewise, until no test is left; and for each line
 * of pieces, tree.c finds the cheapest tests. Nothing is asked then that is known already.
 *
 * (This is Shannon's expansion, and makes a decision diagram with many-valued variables. These
 * can be much larger than what they are made from; where they are, the graph is left as it was.)
 *
 * A variable is a word with a mask. Other masks on the same word are other variables, of
 * which more or less is known: their bits that are fixed in the piece.
 */
#include "bpf/internal.h"

#include <stdlib.h>

#define MAX_DEPTH 500

/* A variable: a word, and which of its bits count. */
struct variable {
	uint32_t word, mask;
};

/* Of the variable, LO <= value <= HI; so its bits BITS are those of VALUE. */
struct known {
	struct variable var;
	uint32_t lo, hi;
	uint32_t bits, value;
};

struct ordering {
	struct bpf_graph *graph;
	bool high_first; /* of the two halves of an argument */
	unsigned int id; /* of this attempt, and of what restricted() does now */
	unsigned int depth;
};

/* ---- what is known ---- */

static struct known know(struct variable var, uint32_t lo, uint32_t hi)
{
	struct known known = { var, lo, hi, var.mask, lo };
	uint32_t differ = lo ^ hi;

	/* Bits above the highest in which LO and HI differ are the same in all between. */
	while (differ) {
		known.bits &= ~differ;
		differ >>= 1;
	}
	known.value &= known.bits;
	return known;
}

/* Which bits a test is of: "jset" asks whether those of its k are all zero. */
static uint32_t mask_of(const struct bpf_node *test)
{
	return BPF_OP(test->code) == BPF_JSET ? test->k & test->mask : test->mask;
}

static bool is_of(const struct bpf_node *test, struct variable var)
{
	return !bpf_is_action(test) && test->word == var.word && mask_of(test) == var.mask;
}

/* The outcome of TEST, of the known word: 1, 0, or -1 where both are possible. */
static int outcome(const struct bpf_node *test, const struct known *known)
{
	const uint32_t mask = mask_of(test);
	uint32_t least = known->value & mask, most = (known->value | ~known->bits) & mask;

	if (mask == known->var.mask) {
		least = known->lo;
		most = known->hi;
	}
	switch (BPF_OP(test->code)) {
	case BPF_JSET:
		return least > 0 ? 1 : most == 0 ? 0 : -1;
	case BPF_JGE:
		return least >= test->k ? 1 : most < test->k ? 0 : -1;
	case BPF_JGT:
		return least > test->k ? 1 : most <= test->k ? 0 : -1;
	default:
		if (test->k < least || test->k > most)
			return 0;
		if (least == most)
			return 1;
		return (test->k ^ known->value) & known->bits & mask ? 0 : -1;
	}
}

/* What remains of NODE when that is known; NULL: too much, or no memory. */
static struct bpf_node *restricted(struct ordering *o, struct bpf_node *node,
				   const struct known *known)
{
	struct bpf_node *yes, *no;
	int known_outcome;

	while (!bpf_is_action(node) && node->word == known->var.word) {
		known_outcome = outcome(node, known);
		if (known_outcome < 0)
			break;
		node = known_outcome ? node->yes : node->no;
	}
	if (!(node->words & 1u << known->var.word / 4))
		return node;
	if (node->image_of == o->graph->walks)
		return node->image;
	if (o->graph->spare == 0 || o->depth == MAX_DEPTH)
		return NULL;
	o->graph->spare--;
	o->depth++;
	yes = restricted(o, node->yes, known);
	no = yes ? restricted(o, node->no, known) : NULL;
	o->depth--;
	node->image = bpf_node_like(o->graph, node, yes, no);
	node->image_of = o->graph->walks;
	return node->image;
}

/* ---- variables ---- */

/* The half of the first test's argument to begin with; the other if the graph has not that. */
static uint32_t choose_word(const struct ordering *o, const struct bpf_node *node)
{
	const unsigned int arg =
		(node->word - (unsigned int)offsetof(struct seccomp_data, args)) / 8;
	const uint32_t word = o->high_first ? bpf_word_hi(arg) : bpf_word_lo(arg);

	return node->words & 1u << word / 4 ? word : node->word;
}

/* The first variable of WORD in the graph that LIST is. What is first comes last there. */
static struct variable choose(const struct bpf_node *list, uint32_t word)
{
	struct variable var = { word, 0 };

	for (; list; list = list->next)
		if (!bpf_is_action(list) && list->word == word)
			var.mask = mask_of(list);
	return var;
}

/* Where the line of a variable is cut, and the rule that a test there is for. */
struct cut {
	uint32_t start;
	uint16_t origin;
};

static int by_start(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->origin > y->origin) - (x->origin < y->origin);
}

static size_t add_cut(struct cut *cuts, size_t n, uint64_t start, const struct bpf_node *test)
{
	if (start > 0 && start <= mask_of(test))
		cuts[n++] = (struct cut){ (uint32_t)start, test->origin };
	return n;
}

static size_t add_cuts(struct cut *cuts, size_t n, const struct bpf_node *test)
{
	const uint64_t k = test->k;

	switch (BPF_OP(test->code)) {
	case BPF_JSET:
		return add_cut(cuts, n, 1, test);
	case BPF_JGE:
		return add_cut(cuts, n, k, test);
	case BPF_JGT:
		return add_cut(cuts, n, k + 1, test);
	default:
		return add_cut(cuts, add_cut(cuts, n, k, test), k + 1, test);
	}
}

/* All cuts that the graph makes, in order, and one at 0. Returns how many; 0: no memory. */
static size_t find_cuts(struct ordering *o, const struct bpf_node *list, struct variable var,
			struct cut **cuts)
{
	const struct bpf_node *node;
	size_t n = 1;

	for (node = list; node; node = node->next)
		n += is_of(node, var) ? 2 : 0;
	*cuts = bpf_alloc(o->graph->arena, n * sizeof(**cuts));
	if (!*cuts)
		return 0;
	n = 1;
	for (node = list; node; node = node->next)
		if (is_of(node, var))
			n = add_cuts(*cuts, n, node);
	qsort(*cuts, n, sizeof(**cuts), by_start);
	return n;
}

/* ---- lines ---- */

/* The line of VAR: what remains of NODE in each of its pieces. */
static bool cut_line(struct ordering *o, struct bpf_node *node, struct variable var,
		     struct bpf_line *line)
{
	struct bpf_node *list = bpf_graph_walk(o->graph, node);
	struct bpf_node *rest;
	struct known known;
	struct cut *cuts;
	size_t i, n;

	n = find_cuts(o, list, var, &cuts);
	*line = (struct bpf_line){
		.word = var.word,
		.mask = var.mask,
		.end = var.mask,
		.price = bpf_argument_price(o->graph->how),
	};
	line->pieces = bpf_alloc(o->graph->arena, n * sizeof(*line->pieces));
	if (n == 0 || !line->pieces)
		return false;
	for (i = 0; i < n; i++) {
		if (i + 1 < n && cuts[i + 1].start == cuts[i].start)
			continue; /* the later rule is the next one */
		known = know(var, cuts[i].start, i + 1 < n ? cuts[i + 1].start - 1 : var.mask);
		o->graph->walks++;
		rest = restricted(o, node, &known);
		if (!rest)
			return false;
		bpf_line_add(line, cuts[i].start, rest, cuts[i].origin);
	}
	return true;
}

static struct bpf_node *ordered(struct ordering *o, struct bpf_node *node);

/* The same for all that remains. Nothing is known of the values, so all pieces weigh the same. */
static bool order_pieces(struct ordering *o, struct bpf_line *line)
{
	const size_t n = line->len;
	struct bpf_piece piece;
	size_t i;

	line->len = 0;
	for (i = 0; i < n; i++) {
		piece = line->pieces[i];
		piece.node = ordered(o, piece.node);
		if (!piece.node)
			return false;
		bpf_line_add(line, piece.start, piece.node, piece.origin);
	}
	for (i = 0; i < line->len; i++)
		line->pieces[i].weight = BPF_STEP / (int32_t)line->len;
	return true;
}

/* NODE in order; NULL: it was given up. */
static struct bpf_node *ordered(struct ordering *o, struct bpf_node *node)
{
	struct bpf_node *list;
	struct bpf_line line;
	struct variable var;
	bool done;

	if (bpf_is_action(node))
		return node;
	if (node->ordered_by == o->id)
		return node->ordered;
	if (o->depth == MAX_DEPTH)
		return NULL;
	o->depth++;
	list = bpf_graph_walk(o->graph, node);
	var = choose(list, choose_word(o, node));
	done = cut_line(o, node, var, &line) && order_pieces(o, &line);
	o->depth--;
	node->ordered = done ? bpf_tree(o->graph, &line) : NULL;
	node->ordered_by = o->id;
	return node->ordered;
}

/* ---- attempts ---- */

static struct bpf_node *attempt(struct bpf_graph *graph, struct bpf_node *node, bool high_first)
{
	struct ordering o = { .graph = graph, .high_first = high_first, .id = ++graph->walks };

	return ordered(&o, node);
}

/* Short programs and short ways through them are good. */
static bool is_better(struct bpf_graph *graph, struct bpf_node *node, struct bpf_node *other)
{
	const struct bpf_size a = bpf_graph_size(graph, node);
	const struct bpf_size b = bpf_graph_size(graph, other);
	const unsigned int sum_a = a.insns + a.longest, sum_b = b.insns + b.longest;

	return sum_a < sum_b || (sum_a == sum_b && a.insns < b.insns);
}

/*
 * The halves of an argument can come in either order. To find it equal to something, the low half
 * says more, since the high one is mostly zero; for "x > y" the high one decides.
 */
struct bpf_node *bpf_order(struct bpf_graph *graph, struct bpf_node *node)
{
	struct bpf_node *low, *high;

	if (!node || bpf_is_action(node))
		return node;
	low = attempt(graph, node, false);
	high = attempt(graph, node, true);
	if (!low || !high)
		return low ? low : high ? high : node;
	return is_better(graph, high, low) ? high : low;
}
