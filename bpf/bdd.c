/* SPDX-License-Identifier: MIT */
/*
 * Reduced ordered binary decision diagrams over the bits of struct seccomp_data.
 *
 * A diagram asks for one bit after the other, always in the same order, until it knows the
 * answer. A question whose answer does not matter is left out, and what was made
 * once is not made again. Then two diagrams that mean the same are one and the same node, and
 * "do these programs ever differ" is a comparison of two indices. Bits of a word
 * come from the top, so "word >= k" and "word & mask == k" have one node for each bit at most.
 *
 * Nodes are never freed: the whole of it goes with the caller's arena. When there is no room
 * left, FULL is set, and every function returns at once; callers look at it in the end.
 *
 * R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, 1986.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define MIN_NODES   1024u
#define MAX_NODES   (1u << 26)
#define MIN_BUCKETS 1024u
#define MAX_MEMO    (1u << 16)

/* Operations other than "if F then G else H" are remembered under an F that is no node. */
#define OP_COMPARE  0xffffff00u /* + relation */
#define OP_RESTRICT 0xfffff000u /* + value */
#define OP_REACHES  0xffffe000u

/* ---- nodes ---- */

static uint32_t hash(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = a * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ b) * UINT64_C(0xd6e8feb86659fd93);
	h = (h ^ h >> 32 ^ c) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

static uint32_t power_below(size_t n)
{
	uint32_t power = 1;

	while (power <= n / 2)
		power *= 2;
	return power;
}

/* Into its bucket. */
static void enter(struct bpf_bdd *bdd, uint32_t i)
{
	struct bpf_bdd_node *node = &bdd->nodes[i];
	uint32_t bucket = hash(node->var, node->lo, node->hi) & (bdd->nbuckets - 1);

	node->chain = bdd->buckets[bucket];
	bdd->buckets[bucket] = i;
}

static void set_buckets(struct bpf_bdd *bdd, uint32_t n)
{
	uint32_t i;

	bdd->nbuckets = n;
	memset(bdd->buckets, 0, n * sizeof(*bdd->buckets));
	for (i = BPF_BDD_YES + 1; i < bdd->len; i++)
		enter(bdd, i);
}

static uint32_t make(struct bpf_bdd *bdd, uint32_t var, uint32_t lo, uint32_t hi)
{
	uint32_t i = bdd->buckets[hash(var, lo, hi) & (bdd->nbuckets - 1)];
	const struct bpf_bdd_node *node;

	for (; i; i = node->chain) {
		node = &bdd->nodes[i];
		if (node->var == var && node->lo == lo && node->hi == hi)
			return i;
	}
	if (bdd->len == bdd->max) {
		bdd->full = true;
		return BPF_BDD_NO;
	}
	if (bdd->len >= bdd->nbuckets && bdd->nbuckets * 2 <= bdd->max)
		set_buckets(bdd, bdd->nbuckets * 2);
	i = bdd->len++;
	bdd->nodes[i] = (struct bpf_bdd_node){ .var = var, .lo = lo, .hi = hi };
	enter(bdd, i);
	return i;
}

/* The arena has room for the nodes, their buckets and the memo in the ratio 16 : 4 : 4. */
int bpf_bdd_init(struct bpf_bdd *bdd, struct bpf_arena *arena)
{
	const size_t room = (arena->size - arena->used) / 4 * 3;
	size_t n = room / 24;

	memset(bdd, 0, sizeof(*bdd));
	if (n < MIN_NODES)
		return -ENOMEM;
	n = n < MAX_NODES ? n : MAX_NODES;
	bdd->max = (uint32_t)n;
	bdd->nmemo = power_below(n / 4);
	bdd->nmemo = bdd->nmemo < MAX_MEMO ? bdd->nmemo : MAX_MEMO;
	bdd->nodes = bpf_alloc_raw(arena, n * sizeof(*bdd->nodes));
	bdd->buckets = bpf_alloc_raw(arena, n * sizeof(*bdd->buckets));
	bdd->memo = bpf_alloc(arena, bdd->nmemo * sizeof(*bdd->memo));
	if (!bdd->nodes || !bdd->buckets || !bdd->memo)
		return -ENOMEM;
	bdd->nodes[BPF_BDD_NO] = (struct bpf_bdd_node){ .var = BPF_BDD_BOOL };
	bdd->nodes[BPF_BDD_YES] = (struct bpf_bdd_node){ .var = BPF_BDD_BOOL, .lo = 1 };
	bdd->len = 2;
	set_buckets(bdd, power_below(MIN_BUCKETS));
	return 0;
}

uint32_t bpf_bdd_node(struct bpf_bdd *bdd, uint32_t var, uint32_t lo, uint32_t hi)
{
	/* The two halves of a leaf may well be equal. */
	return lo == hi && var < BPF_BDD_VARS ? lo : make(bdd, var, lo, hi);
}

uint32_t bpf_bdd_bit(struct bpf_bdd *bdd, uint32_t var)
{
	return make(bdd, var, BPF_BDD_NO, BPF_BDD_YES);
}

uint32_t bpf_bdd_not(struct bpf_bdd *bdd, uint32_t f)
{
	return bpf_bdd_ite(bdd, f, BPF_BDD_NO, BPF_BDD_YES);
}

/* ---- operations ---- */

/* Where F, G, H is or will be remembered; it is there when its result is what was found. */
static struct bpf_bdd_memo *remember(const struct bpf_bdd *bdd, uint32_t f, uint32_t g, uint32_t h)
{
	return &bdd->memo[hash(f, g, h) & (bdd->nmemo - 1)];
}

/* A memo of zeros is the entry of the triple 0, 0, 0, which nobody asks for. */
static bool remembers(const struct bpf_bdd_memo *memo, uint32_t f, uint32_t g, uint32_t h)
{
	return memo->f == f && memo->g == g && memo->h == h;
}

static uint32_t min_var(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What follows of F when VAR, the topmost bit there is, is VALUE. */
static uint32_t half(const struct bpf_bdd *bdd, uint32_t f, uint32_t var, bool value)
{
	const struct bpf_bdd_node *node = &bdd->nodes[f];

	if (node->var != var)
		return f;
	return value ? node->hi : node->lo;
}

uint32_t bpf_bdd_ite(struct bpf_bdd *bdd, uint32_t f, uint32_t g, uint32_t h)
{
	struct bpf_bdd_memo *memo;
	uint32_t var, lo, hi;

	if (g == h || f == BPF_BDD_YES)
		return g;
	if (f == BPF_BDD_NO || bdd->full)
		return h;
	if (g == BPF_BDD_YES && h == BPF_BDD_NO)
		return f;
	memo = remember(bdd, f, g, h);
	if (remembers(memo, f, g, h))
		return memo->result;
	var = min_var(bdd->nodes[f].var, min_var(bdd->nodes[g].var, bdd->nodes[h].var));
	lo = bpf_bdd_ite(bdd, half(bdd, f, var, false), half(bdd, g, var, false),
			 half(bdd, h, var, false));
	hi = bpf_bdd_ite(bdd, half(bdd, f, var, true), half(bdd, g, var, true),
			 half(bdd, h, var, true));
	lo = bpf_bdd_node(bdd, var, lo, hi);
	if (!bdd->full)
		*memo = (struct bpf_bdd_memo){ f, g, h, lo };
	return lo;
}

/* Does the call run, as far as the filter goes? */
static bool lets_run(uint32_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static bool holds(enum bpf_relation relation, uint32_t a, uint32_t b)
{
	if (relation == BPF_EQUAL)
		return a == b;
	return !lets_run(a) || lets_run(b);
}

uint32_t bpf_bdd_compare(struct bpf_bdd *bdd, uint32_t a, uint32_t b, enum bpf_relation relation)
{
	const uint32_t op = OP_COMPARE + (uint32_t)relation;
	const uint32_t var = min_var(bdd->nodes[a].var, bdd->nodes[b].var);
	struct bpf_bdd_memo *memo;
	uint32_t lo, hi;

	if (a == b || bdd->full)
		return BPF_BDD_NO;
	if (var >= BPF_BDD_VARS) { /* both are leaves */
		lo = bdd->nodes[a].lo;
		hi = bdd->nodes[b].lo;
		return holds(relation, lo, hi) ? BPF_BDD_NO : make(bdd, BPF_BDD_ACTIONS, lo, hi);
	}
	memo = remember(bdd, op, a, b);
	if (remembers(memo, op, a, b))
		return memo->result;
	lo = bpf_bdd_compare(bdd, half(bdd, a, var, false), half(bdd, b, var, false), relation);
	hi = bpf_bdd_compare(bdd, half(bdd, a, var, true), half(bdd, b, var, true), relation);
	lo = bpf_bdd_node(bdd, var, lo, hi);
	if (!bdd->full)
		*memo = (struct bpf_bdd_memo){ op, a, b, lo };
	return lo;
}

uint32_t bpf_bdd_restrict(struct bpf_bdd *bdd, uint32_t f, uint32_t var, bool value)
{
	const uint32_t op = OP_RESTRICT + value;
	const struct bpf_bdd_node node = bdd->nodes[f];
	struct bpf_bdd_memo *memo;
	uint32_t lo, hi;

	if (node.var > var || bdd->full)
		return f;
	if (node.var == var)
		return value ? node.hi : node.lo;
	memo = remember(bdd, op, f, var);
	if (remembers(memo, op, f, var))
		return memo->result;
	lo = bpf_bdd_restrict(bdd, node.lo, var, value);
	hi = bpf_bdd_restrict(bdd, node.hi, var, value);
	lo = bpf_bdd_node(bdd, node.var, lo, hi);
	if (!bdd->full)
		*memo = (struct bpf_bdd_memo){ op, f, var, lo };
	return lo;
}

/* END need not be remembered: a node that is not an exit lies in one word. */
uint32_t bpf_bdd_reaches(struct bpf_bdd *bdd, uint32_t f, uint32_t end, uint32_t exit)
{
	const struct bpf_bdd_node node = bdd->nodes[f];
	struct bpf_bdd_memo *memo;
	uint32_t lo, hi;

	if (node.var >= end)
		return f == exit ? BPF_BDD_YES : BPF_BDD_NO;
	if (bdd->full)
		return BPF_BDD_NO;
	memo = remember(bdd, OP_REACHES, f, exit);
	if (remembers(memo, OP_REACHES, f, exit))
		return memo->result;
	lo = bpf_bdd_reaches(bdd, node.lo, end, exit);
	hi = bpf_bdd_reaches(bdd, node.hi, end, exit);
	lo = bpf_bdd_node(bdd, node.var, lo, hi);
	if (!bdd->full)
		*memo = (struct bpf_bdd_memo){ OP_REACHES, f, exit, lo };
	return lo;
}

/* ---- walks, which mark where they were and then take the marks away ---- */

#define MARK 0x80000000u

struct walk {
	const struct bpf_bdd *bdd;
	uint32_t end;	     /* variables from here on are not entered */
	uint32_t *exits;     /* those found, up to MAX */
	unsigned int n, max; /* N: also those for which there was no room */
	uint32_t first;
	uint64_t support;
};

static void found_exit(struct walk *w, uint32_t f)
{
	unsigned int i;

	for (i = 0; i < w->n && i < w->max; i++)
		if (w->exits[i] == f)
			return;
	if (w->n < w->max)
		w->exits[w->n] = f;
	w->n++;
}

static void walk(struct walk *w, uint32_t f)
{
	struct bpf_bdd_node *node = &w->bdd->nodes[f];

	if (node->var & MARK)
		return;
	if (node->var >= w->end) {
		found_exit(w, f);
		return;
	}
	if (node->var >= w->first)
		w->support |= UINT64_C(1) << 63 >> (node->var - w->first);
	node->var |= MARK;
	walk(w, node->lo);
	walk(w, node->hi);
}

static void unmark(const struct bpf_bdd *bdd, uint32_t f)
{
	struct bpf_bdd_node *node = &bdd->nodes[f];

	if (!(node->var & MARK))
		return;
	node->var &= ~MARK;
	unmark(bdd, node->lo);
	unmark(bdd, node->hi);
}

unsigned int bpf_bdd_exits(const struct bpf_bdd *bdd, uint32_t f, uint32_t end, uint32_t *exits,
			   unsigned int max)
{
	struct walk w = { .bdd = bdd, .end = end, .exits = exits, .max = max, .first = MARK };

	walk(&w, f);
	unmark(bdd, f);
	return w.n;
}

uint64_t bpf_bdd_support(const struct bpf_bdd *bdd, uint32_t f, uint32_t first)
{
	struct walk w = { .bdd = bdd, .end = first + 64, .first = first };

	walk(&w, f);
	unmark(bdd, f);
	return w.support;
}
