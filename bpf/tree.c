/* SPDX-License-Identifier: MIT */
/*
 * From a line to the cheapest tests that tell its pieces apart.
 *
 * The values of a word are a line from 0 to its mask, cut into pieces, and each piece has
 * its decision. That holds for the 32-bit number of a call, where 300 allowed calls make
 * some 60 pieces, as for an argument that is compared with a few constants. Tests of such a
 * line, "A >= k" above all, form a tree over its pieces, whose order is given. So the best
 * tree for pieces I to J is made of best trees for shorter stretches, and all stretches are
 * computed, the short ones first (Knuth 1971, "Optimum binary search trees"):
 *
 *	cost(I, J) = the least of
 *	    split   price + weight(I..J) + cost(I, M - 1) + cost(M, J)	    for each M
 *	    chain   where all but single values are one decision: one "A == k" for each
 *
 * A chain is what makes it less than a tree of ">=": a single value amidst another decision
 * costs one test and not two. WEIGHT is how often the value is in those pieces, so the sum
 * is the average number of tests; PRICE is what one instruction more has to save.
 *
 * Two things are tried before, as they change the line for all that comes after:
 *
 *  - a value that takes a good part of the weight is asked for first, and then belongs to
 *    whichever neighbour it suits;
 *  - "A & m == 0" is one test for all values that have no bit of m: {0, 8, 0x20000, 0x20008}
 *    is that with m = ~0x20008.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define NO_COST	 INT32_MAX
#define MAX_FREE 6 /* bits, of which all combinations are tried */

/* ---- lines ---- */

void bpf_line_add(struct bpf_line *line, uint32_t start, struct bpf_node *node, uint16_t origin)
{
	struct bpf_piece *last;

	if (line->len > 0 && line->pieces[line->len - 1].start == start)
		line->len--;
	last = line->len > 0 ? &line->pieces[line->len - 1] : NULL;
	if (last && last->node == node)
		return;
	line->pieces[line->len++] =
		(struct bpf_piece){ .start = start, .origin = origin, .node = node };
}

int bpf_copy_line(struct bpf_graph *graph, struct bpf_line *to, const struct bpf_line *from)
{
	const size_t size = from->len * sizeof(*from->pieces);
	struct bpf_piece *pieces = bpf_alloc_raw(graph->arena, size);

	if (!pieces)
		return -E2BIG;
	memcpy(pieces, from->pieces, size);
	*to = *from;
	to->pieces = pieces;
	return 0;
}

/* The last value of piece I. */
static uint32_t end_of(const struct bpf_line *line, size_t i)
{
	return i + 1 < line->len ? line->pieces[i + 1].start - 1 : line->end;
}

struct bpf_line bpf_part_of(const struct bpf_line *line, size_t i, size_t len)
{
	struct bpf_line part = *line;

	part.pieces += i;
	part.len = len;
	part.end = end_of(line, i + len - 1);
	return part;
}

static bool is_single(const struct bpf_line *line, size_t i)
{
	return line->pieces[i].start == end_of(line, i);
}

static struct bpf_node *test_value(struct bpf_graph *graph, const struct bpf_line *line,
				   uint16_t op, uint32_t k, struct bpf_node *yes,
				   struct bpf_node *no)
{
	const struct bpf_test test = { op, line->word, line->mask, k };

	return bpf_node_test(graph, test, yes, no);
}

/* Is A piece I? That is a single value, or else NO is what is around it. */
static struct bpf_node *test_single(struct bpf_graph *graph, const struct bpf_line *line, size_t i,
				    struct bpf_node *no)
{
	const struct bpf_piece *piece = &line->pieces[i];

	graph->origin = piece->origin;
	return test_value(graph, line, BPF_JEQ, piece->start, piece->node, no);
}

/* Is A in piece M or above (HIGH), or below it (LOW)? */
static struct bpf_node *test_split(struct bpf_graph *graph, const struct bpf_line *line, size_t m,
				   struct bpf_node *low, struct bpf_node *high)
{
	const struct bpf_piece *at = &line->pieces[m];

	graph->origin = 0;
	if (line->word != BPF_WORD_NR)
		graph->origin = at->origin ? at->origin : at[-1].origin;
	return test_value(graph, line, BPF_JGE, at->start, high, low);
}

/* ---- chains ---- */

/*
 * Pieces up to LAST, of which those that are not decided by AROUND are single values, to
 * be asked for one after the other, the heavier ones first.
 */
struct chain {
	struct bpf_node *around;
	size_t last;
	size_t len;			  /* how many single values */
	unsigned char single[BPF_PIECES]; /* which pieces they are */
	int32_t weight;			  /* of the others */
	int32_t steps;			  /* for the single ones, each times its weight */
};

/* Put piece I into its place by weight. The steps are its own, and one for each lighter one. */
static void add_single(const struct bpf_line *line, struct chain *chain, size_t i)
{
	const struct bpf_piece *p = line->pieces;
	size_t at = chain->len++;

	while (at > 0 && p[chain->single[at - 1]].weight < p[i].weight) {
		chain->single[at] = chain->single[at - 1];
		chain->steps += p[chain->single[at]].weight;
		at--;
	}
	chain->single[at] = (unsigned char)i;
	chain->steps += (int32_t)(at + 1) * p[i].weight;
}

/* The chain goes on with the next piece; false: it cannot. */
static bool lengthen(const struct bpf_line *line, struct chain *chain)
{
	const size_t i = chain->last + 1;

	if (line->pieces[i].node == chain->around)
		chain->weight += line->pieces[i].weight;
	else if (is_single(line, i))
		add_single(line, chain, i);
	else
		return false;
	chain->last = i;
	return true;
}

/* Begin at FIRST; what is around the single values is FIRST itself, or the piece after it. */
static bool begin_chain(const struct bpf_line *line, struct chain *chain, size_t first,
			size_t around)
{
	chain->around = line->pieces[around].node;
	chain->last = first - 1; /* which may be -1 */
	chain->len = 0;
	chain->weight = chain->steps = 0;
	return lengthen(line, chain);
}

static int32_t chain_cost(const struct chain *chain, int32_t price)
{
	return (int32_t)chain->len * (price + chain->weight) + chain->steps;
}

static struct bpf_node *build_chain(struct bpf_graph *graph, const struct bpf_line *line,
				    const struct chain *chain)
{
	struct bpf_node *node = chain->around;
	size_t i;

	for (i = chain->len; i-- > 0;)
		node = test_single(graph, line, chain->single[i], node);
	return node;
}

/* ---- the best tree ---- */

/*
 * A square of costs: that of pieces I to J is in row I, column J, and again in row J, column I.
 * So all stretches that begin with a piece lie side by side, and all that end with it.
 */
struct tree {
	struct bpf_graph *graph;
	const struct bpf_line *line;
	int32_t *cost;
	int32_t until[BPF_PIECES + 1]; /* the weight of all pieces before I */
};

static int32_t *row(const struct tree *t, size_t i)
{
	return t->cost + i * t->line->len;
}

static int32_t one_test(const struct tree *t, size_t i, size_t j)
{
	return t->line->price + t->until[j + 1] - t->until[i];
}

/* The least cost of I to J by a split; what it is split into is known. */
static int32_t split_cost(const struct tree *t, size_t i, size_t j)
{
	const int32_t *low = row(t, i) + i;
	const int32_t *high = row(t, j) + i + 1;
	int32_t least = NO_COST;
	size_t m, n = j - i;

	for (m = 0; m < n; m++)
		least = low[m] + high[m] < least ? low[m] + high[m] : least;
	return least + one_test(t, i, j);
}

/* The least costs of all stretches that begin with piece I. */
static void compute_row(const struct tree *t, size_t i)
{
	const size_t n = t->line->len;
	struct chain chain[2];
	bool goes_on[2];
	int32_t cost, least;
	size_t j, k;

	row(t, i)[i] = 0;
	for (k = 0; k < 2; k++)
		goes_on[k] = i + k < n && begin_chain(t->line, &chain[k], i, i + k);
	for (j = i + 1; j < n; j++) {
		least = split_cost(t, i, j);
		for (k = 0; k < 2; k++) {
			goes_on[k] = goes_on[k] && lengthen(t->line, &chain[k]);
			cost = goes_on[k] ? chain_cost(&chain[k], t->line->price) : NO_COST;
			least = cost < least ? cost : least;
		}
		row(t, i)[j] = row(t, j)[i] = least;
	}
}

/* A chain over I to J that costs no more than the best; NULL. */
static struct bpf_node *find_chain(const struct tree *t, size_t i, size_t j)
{
	struct chain chain;
	size_t k;

	for (k = 0; k < 2; k++) {
		if (!begin_chain(t->line, &chain, i, i + k))
			continue;
		while (chain.last < j && lengthen(t->line, &chain))
			continue;
		if (chain.last == j && chain_cost(&chain, t->line->price) == row(t, i)[j])
			return build_chain(t->graph, t->line, &chain);
	}
	return NULL;
}

/* What was computed is not kept: which choice was the best is found by looking once more. */
static struct bpf_node *build(const struct tree *t, size_t i, size_t j)
{
	const int32_t least = row(t, i)[j];
	struct bpf_node *node, *low;
	size_t m;

	if (i == j)
		return t->line->pieces[i].node;
	node = find_chain(t, i, j);
	if (node)
		return node;
	for (m = i + 1; m < j; m++)
		if (one_test(t, i, j) + row(t, i)[m - 1] + row(t, j)[m] == least)
			break;
	low = build(t, i, m - 1);
	node = build(t, m, j);
	if (m == i + 1 && is_single(t->line, i)) /* says more than ">=", for as much */
		return test_single(t->graph, t->line, i, node);
	if (m == j && is_single(t->line, j))
		return test_single(t->graph, t->line, j, low);
	return test_split(t->graph, t->line, m, low, node);
}

static struct bpf_node *best_tree(struct bpf_graph *graph, const struct bpf_line *line)
{
	struct tree t = {
		.graph = graph,
		.line = line,
		.cost = graph->cost,
	};
	size_t i;

	for (i = 0; i < line->len; i++)
		t.until[i + 1] = t.until[i] + line->pieces[i].weight;
	for (i = line->len; i-- > 0;)
		compute_row(&t, i);
	return build(&t, 0, line->len - 1);
}

/* A line that is too long for that is cut in the middle until it is not. */
static struct bpf_node *build_tree(struct bpf_graph *graph, const struct bpf_line *line)
{
	const size_t middle = line->len / 2;
	struct bpf_line low, high;
	struct bpf_node *low_node, *high_node;

	if (line->len <= BPF_PIECES)
		return best_tree(graph, line);
	low = bpf_part_of(line, 0, middle);
	high = bpf_part_of(line, middle, line->len - middle);
	low_node = build_tree(graph, &low);
	high_node = build_tree(graph, &high);
	return test_split(graph, line, middle, low_node, high_node);
}

/* ---- what is asked first ---- */

/* Piece I is not on the line any more: what it had is its neighbours', as suits. */
static void take_out(struct bpf_line *line, size_t i)
{
	struct bpf_piece *p = line->pieces;
	size_t gone = 1;

	if (i + 1 < line->len && i > 0 && p[i - 1].node == p[i + 1].node) {
		p[i - 1].weight += p[i + 1].weight;
		gone = 2;
	} else if (i == 0 || (i + 1 < line->len && !is_single(line, i + 1))) {
		p[i + 1].start = p[i].start;
	}
	line->len -= gone;
	memmove(p + i, p + i + gone, (line->len - i) * sizeof(*p));
}

/* The heaviest single value, if it has more than a quarter of what is left; else LEN. */
static size_t heavy_piece(const struct bpf_line *line)
{
	size_t i, heaviest = line->len;
	int64_t most = 0, all = 0;

	for (i = 0; i < line->len; i++) {
		all += line->pieces[i].weight;
		if (is_single(line, i) && line->pieces[i].weight > most) {
			heaviest = i;
			most = line->pieces[i].weight;
		}
	}
	return most * 4 > all ? heaviest : line->len;
}

int bpf_take_heavy(struct bpf_graph *graph, struct bpf_line *line, struct bpf_heavy *heavy)
{
	const size_t max = sizeof(heavy->pieces) / sizeof(heavy->pieces[0]);
	size_t i;

	heavy->len = 0;
	if (line->price >= BPF_STEP || graph->how == BPF_FOR_READABLE)
		return 0; /* this saves steps, but seldom instructions */
	if (bpf_copy_line(graph, line, line) < 0)
		return -E2BIG;
	while (heavy->len < max && line->len > 3) {
		i = heavy_piece(line);
		if (i == line->len)
			break;
		heavy->pieces[heavy->len++] = line->pieces[i];
		take_out(line, i);
	}
	return 0;
}

struct bpf_node *bpf_test_heavy(struct bpf_graph *graph, const struct bpf_line *line,
				const struct bpf_heavy *heavy, struct bpf_node *rest)
{
	const struct bpf_piece *piece;
	size_t i;

	for (i = heavy->len; i-- > 0;) {
		piece = &heavy->pieces[i];
		graph->origin = piece->origin;
		rest = test_value(graph, line, BPF_JEQ, piece->start, piece->node, rest);
	}
	return rest;
}

/* How many single values of NODE have no bits but those of FREE, if all such values are NODE's. */
static size_t count_cube(const struct bpf_line *line, uint32_t free, const struct bpf_node *node)
{
	uint32_t value = free;
	size_t i, n = 0;

	if (__builtin_popcount(free) > MAX_FREE)
		return 0;
	/* All combinations of the bits of FREE, from the greatest down to 0. */
	for (i = line->len; i-- > 0;) {
		for (; value >= line->pieces[i].start; value = (value - 1) & free) {
			if (line->pieces[i].node != node)
				return 0;
			n += is_single(line, i);
			if (value == 0)
				return n;
		}
	}
	return n;
}

/* One test for the largest such set of values; false: it would have to be two at least. */
static bool take_cube(struct bpf_line *line, struct bpf_piece *cube)
{
	size_t i, n, most = 1;
	uint32_t free;

	for (i = 0; i < line->len; i++) {
		free = line->pieces[i].start;
		n = count_cube(line, free, line->pieces[i].node);
		if (n <= most)
			continue;
		most = n;
		*cube = line->pieces[i];
	}
	for (i = line->len; most > 1 && i-- > 0 && line->len > 1;)
		if (is_single(line, i) && !(line->pieces[i].start & ~cube->start))
			take_out(line, i);
	return most > 1;
}

/* ---- for readers ---- */

/* Are FIRST to LAST one decision with one or two single values in it? */
static bool has_holes(const struct bpf_line *line, size_t first, size_t last)
{
	const struct bpf_piece *p = line->pieces;
	size_t i;

	if (last - first != 2 && last - first != 4)
		return false;
	for (i = first + 1; i < last; i += 2)
		if (!is_single(line, i) || p[i - 1].node != p[i + 1].node)
			return false;
	return true;
}

static struct bpf_node *plain(struct bpf_graph *graph, const struct bpf_line *line, size_t first,
			      size_t last)
{
	const size_t middle = first + (last - first + 1) / 2;
	struct bpf_node *node, *low;
	size_t i;

	if (first == last)
		return line->pieces[first].node;
	if (has_holes(line, first, last)) {
		node = line->pieces[first].node;
		for (i = last; i > first; i -= 2)
			node = test_single(graph, line, i - 1, node);
		return node;
	}
	low = plain(graph, line, first, middle - 1);
	node = plain(graph, line, middle, last);
	return test_split(graph, line, middle, low, node);
}

/* ---- all together ---- */

/* Of an argument: one more test for all other values, but fewer instructions. */
static struct bpf_node *argument_tree(struct bpf_graph *graph, const struct bpf_line *line)
{
	struct bpf_line others;
	struct bpf_piece cube;
	struct bpf_node *rest;

	if (bpf_copy_line(graph, &others, line) < 0)
		return NULL;
	if (!take_cube(&others, &cube))
		return build_tree(graph, line);
	rest = build_tree(graph, &others);
	graph->origin = cube.origin;
	return test_value(graph, line, BPF_JSET, ~cube.start & line->mask, rest, cube.node);
}

struct bpf_node *bpf_tree(struct bpf_graph *graph, const struct bpf_line *line)
{
	if (graph->how == BPF_FOR_READABLE)
		return plain(graph, line, 0, line->len - 1);
	return line->word == BPF_WORD_NR ? build_tree(graph, line) : argument_tree(graph, line);
}
