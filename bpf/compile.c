/* SPDX-License-Identifier: MIT */
/*
 * How a policy becomes BPF.
 *
 *   1. For each number that a rule names, the rules for it become one decision: the
 *      last one is asked first, then the one before it, and so on down to a rule
 *      without a condition, or the default. (lower.c makes tests of conditions.)
 *   2. The numbers of an ABI become a line from 0 to 2^32 - 1, cut where the decision
 *      changes. Neighbours that are the same are one interval: the 300 calls of a
 *      policy make some 60 intervals.
 *   3. The line becomes a balanced tree of "nr >= k", so that the longest way through
 *      is some eight tests; a single number amidst another decision is one "nr == k".
 *   4. In front of the trees: the architecture, and x32's bit.
 *   5. The graph that this gives is written out (node.c) and its jumps resolved (asm.c).
 *
 * The order - architecture, number, arguments - is not only the shortest. A number says
 * nothing without the architecture; and since Linux 5.11 seccomp_cache_prepare() runs a new
 * filter for each number and skips it later for those that it allows without having
 * loaded an argument (seccomp_is_const_allow()). An argument looked at before the
 * number is decided would cost that, for all calls.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A number that something is said of; RULE is NULL where only the default changes. */
struct entry {
	uint32_t nr;
	const struct bpf_rule *rule;
	const struct bpf_call *call;
};

/* From START up to the next one's start, this is what happens. */
struct interval {
	uint32_t start;
	uint16_t origin;
	struct bpf_node *node;
};

struct line {
	struct interval *intervals;
	size_t len;
};

struct compiler {
	const struct bpf_policy *policy;
	struct bpf_graph *graph;
};

static struct bpf_node *test_nr(struct compiler *c, uint16_t op, uint32_t k, struct bpf_node *yes,
				struct bpf_node *no)
{
	const struct bpf_test test = { op, BPF_WORD_NR, UINT32_MAX, k };

	return bpf_node_test(c->graph, test, yes, no);
}

/* ---- 1. from rules to one decision for a number ---- */

static int by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	unsigned int rule_x = x->rule ? x->rule->number : 0;
	unsigned int rule_y = y->rule ? y->rule->number : 0;

	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	return (rule_x > rule_y) - (rule_x < rule_y);
}

/*
 * All that the policy says about ABI, by number and then by rule; and the number after
 * the last of the table, from which on a call is unknown. Returns how many, or -E2BIG.
 */
static int collect(const struct compiler *c, enum bpf_abi_id abi, struct entry **entries)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	size_t n = 1;
	int64_t nr;

	for (rule = c->policy->rules; rule; rule = rule->next)
		for (call = rule->calls; call; call = call->next)
			n += bpf_call_nr(call, abi) != BPF_NO_NR;
	*entries = bpf_alloc(c->graph->arena, n * sizeof(**entries));
	if (!*entries)
		return -E2BIG;
	n = 0;
	(*entries)[n++].nr = bpf_syscall_max(abi) + 1;
	for (rule = c->policy->rules; rule; rule = rule->next) {
		for (call = rule->calls; call; call = call->next) {
			nr = bpf_call_nr(call, abi);
			if (nr != BPF_NO_NR)
				(*entries)[n++] = (struct entry){ (uint32_t)nr, rule, call };
		}
	}
	qsort(*entries, n, sizeof(**entries), by_number);
	return (int)n;
}

/* What becomes of NR when no rule matches. */
static struct bpf_node *fallback(struct compiler *c, enum bpf_abi_id abi, uint32_t nr)
{
	c->graph->origin = 0;
	return bpf_node_action(c->graph, nr > bpf_syscall_max(abi) ? c->policy->unknown_action :
								     c->policy->default_action);
}

/*
 * The decision for one number: N entries, the later rule on top of the earlier one.
 * "allow N if C1", then "kill N if C2":
 *
 *	C2, kill, 1f
 * 1:	C1, allow, 2f
 * 2:	default
 */
static struct bpf_node *decide(struct compiler *c, enum bpf_abi_id abi, const struct entry *entries,
			       size_t n)
{
	struct bpf_node *node = fallback(c, abi, entries->nr);
	struct bpf_node *action;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!entries[i].rule)
			continue;
		c->graph->origin = (uint16_t)entries[i].rule->number;
		action = bpf_node_action(c->graph, entries[i].rule->action);
		node = entries[i].rule->cond ? bpf_lower(c->graph, entries[i].rule->cond,
							 entries[i].call, abi, action, node) :
					       action;
	}
	return node;
}

/* ---- 2. from decisions to a line of intervals ---- */

/* The line goes on with NODE from START on; starts come in order. */
static void extend(struct line *line, uint32_t start, struct bpf_node *node, uint16_t origin)
{
	struct interval *last;

	if (line->len > 0 && line->intervals[line->len - 1].start == start)
		line->len--;
	last = line->len > 0 ? &line->intervals[line->len - 1] : NULL;
	if (last && last->node == node)
		return;
	line->intervals[line->len++] = (struct interval){ start, origin, node };
}

static size_t same_number(const struct entry *entries, size_t n)
{
	size_t i = 1;

	while (i < n && entries[i].nr == entries[0].nr)
		i++;
	return i;
}

/* All of ABI, its numbers with its bit on. */
static int make_line(struct compiler *c, enum bpf_abi_id abi, struct line *line)
{
	const uint32_t bit = bpf_abis[abi].nr_bit;
	const struct bpf_rule *rule;
	struct bpf_node *node;
	struct entry *e;
	size_t count;
	int n;

	n = collect(c, abi, &e);
	if (n < 0)
		return n;
	line->len = 0;
	line->intervals = bpf_alloc(c->graph->arena, (2 * (size_t)n + 2) * sizeof(struct interval));
	if (!line->intervals)
		return -E2BIG;
	extend(line, bit, fallback(c, abi, 0), 0);
	for (; n > 0; n -= (int)count, e += count) {
		count = same_number(e, (size_t)n);
		node = decide(c, abi, e, count);
		if (!node)
			return -E2BIG;
		rule = e[count - 1].rule;
		extend(line, e->nr | bit, node, rule ? (uint16_t)rule->number : 0);
		extend(line, (e->nr + 1) | bit, fallback(c, abi, e->nr + 1), 0);
	}
	/* The kernel takes the number as an int: with the sign, it is nobody's. */
	if (bit)
		extend(line, 2 * bit, bpf_node_action(c->graph, SECCOMP_RET_KILL_PROCESS), 0);
	return 0;
}

/* ---- 3. from a line to a tree ---- */

/* Is interval I of LINE a single number, with the same on both sides? */
static bool is_hole(const struct line *line, size_t i)
{
	const struct interval *at = &line->intervals[i];

	return at[1].start == at->start + 1 && at[-1].node == at[1].node;
}

/* Are FIRST to LAST one decision with a few single numbers in it? */
static bool has_holes(const struct line *line, size_t first, size_t last)
{
	size_t i;

	if (last - first != 2 && last - first != 4)
		return false;
	for (i = first + 1; i < last; i += 2)
		if (!is_hole(line, i))
			return false;
	return true;
}

/*
 * The decision for intervals FIRST to LAST, given that the number is in one of them.
 * A is the number.
 *
 *	jge #START-OF-MIDDLE, UPPER-HALF, LOWER-HALF
 *
 * and for single numbers in a wider interval
 *
 *	jeq #HOLE, WHAT-IS-IN-IT, AROUND-IT
 */
static struct bpf_node *make_tree(struct compiler *c, const struct line *line, size_t first,
				  size_t last)
{
	const struct interval *at = line->intervals;
	struct bpf_node *node, *low;
	size_t i, middle;

	if (first == last)
		return at[first].node;
	if (has_holes(line, first, last)) {
		node = at[first].node;
		for (i = last; i > first; i -= 2) {
			c->graph->origin = at[i - 1].origin;
			node = test_nr(c, BPF_JEQ, at[i - 1].start, at[i - 1].node, node);
		}
		return node;
	}
	middle = first + (last - first + 1) / 2;
	low = make_tree(c, line, first, middle - 1);
	node = make_tree(c, line, middle, last);
	c->graph->origin = 0;
	return test_nr(c, BPF_JGE, at[middle].start, node, low);
}

/* What ABI does, or, if the policy does not name it, that it is killed. */
static struct bpf_node *make_abi(struct compiler *c, enum bpf_abi_id abi)
{
	struct line line;

	if (!(c->policy->abis & (1u << abi)))
		return bpf_node_action(c->graph, SECCOMP_RET_KILL_PROCESS);
	if (make_line(c, abi, &line) < 0)
		return NULL;
	return make_tree(c, &line, 0, line.len - 1);
}

/* ---- 4. from trees to a filter ---- */

/*
 * x86_64 and x32 have one AUDIT_ARCH; a number of x32 has bit 30, one of x86_64 is below.
 * Without this test, x32 would be a second door to every call that is denied.
 *
 *	ld  [nr]
 *	jge #0x40000000, X32, X86_64
 */
static struct bpf_node *make_x86(struct compiler *c)
{
	struct bpf_node *x86_64 = make_abi(c, BPF_X86_64);
	struct bpf_node *x32 = make_abi(c, BPF_X32);

	c->graph->origin = 0;
	return test_nr(c, BPF_JGE, BPF_X32_BIT, x32, x86_64);
}

/*
 * The whole filter. An architecture that the policy does not name is killed: its
 * numbers are other calls.
 *
 *	ld  [arch]
 *	jeq #AUDIT_ARCH_X86_64, 1f, 2f
 * 1:	...
 * 2:	jeq #AUDIT_ARCH_I386, 3f, 4f
 * 3:	...
 * 4:	ret #KILL_PROCESS
 */
static struct bpf_node *make_filter(struct compiler *c)
{
	struct bpf_node *node = bpf_node_action(c->graph, SECCOMP_RET_KILL_PROCESS);
	struct bpf_test test = { BPF_JEQ, BPF_WORD_ARCH, UINT32_MAX, 0 };
	struct bpf_node *abi_node;
	int abi;

	for (abi = BPF_ABIS - 1; abi >= 0; abi--) {
		if (abi == BPF_X32) /* make_x86() has it */
			continue;
		abi_node = abi == BPF_X86_64 ? make_x86(c) : make_abi(c, (enum bpf_abi_id)abi);
		c->graph->origin = 0;
		test.k = bpf_abis[abi].arch;
		node = bpf_node_test(c->graph, test, abi_node, node);
	}
	return node;
}

/* ---- 5. the program ---- */

static int compile(struct compiler *c, struct bpf_prog *prog, struct bpf_error *err)
{
	struct bpf_arena *arena = c->policy->arena;
	struct bpf_node *root;
	struct bpf_asm *as;
	int ret;

	c->graph = bpf_alloc(arena, sizeof(*c->graph));
	as = bpf_alloc_raw(arena, sizeof(*as));
	if (!c->graph || !as)
		return bpf_fail(err, -E2BIG, NULL, "no memory to compile the policy in");
	c->graph->arena = arena;
	root = make_filter(c);
	if (!root)
		return bpf_fail(err, -E2BIG, NULL, "no memory to compile the policy in");
	bpf_asm_init(as);
	ret = bpf_graph_emit(root, as, err);
	if (ret < 0)
		return ret;
	return bpf_asm_finish(as, prog, err);
}

int bpf_compile(const struct bpf_policy *policy, struct bpf_prog *prog, struct bpf_error *err)
{
	struct compiler c = { .policy = policy };
	const size_t used = policy->arena->used;
	int ret;

	prog->len = 0;
	ret = compile(&c, prog, err);
	policy->arena->used = used; /* all of it was scratch */
	return ret;
}
