/* SPDX-License-Identifier: MIT */
/*
 * What a policy says about the numbers of one ABI: a line from 0 to 2^32 - 1.
 *
 * For each number that a rule names, the rules for it become one decision: the last one is asked
 * first, then the one before it, and so on down to a rule without a condition, or the
 * default. Where the decision changes from one number to the next, the line is cut; so the 300
 * calls of a policy make some 60 pieces.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <stdlib.h>

/* A number that something is said of; RULE is NULL where only the default changes. */
struct entry {
	uint32_t nr;
	const struct bpf_rule *rule;
	const struct bpf_call *call;
};

/* One ABI, one policy. */
struct numbers {
	const struct bpf_policy *policy;
	struct bpf_graph *graph;
	enum bpf_abi_id abi;
	uint32_t max; /* the highest number of its table */
	struct entry *entries;
	size_t len;
};

/* ---- what is said of a number ---- */

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
 * All that the policy says about the ABI, by number and then by rule; and the number after
 * the last of the table, from which on a call is unknown.
 */
static int collect(struct numbers *all)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	size_t n = 1;
	int64_t nr;

	for (rule = all->policy->rules; rule; rule = rule->next)
		for (call = rule->calls; call; call = call->next)
			n += bpf_call_nr(call, all->abi) != BPF_NO_NR;
	all->entries = bpf_alloc(all->graph->arena, n * sizeof(*all->entries));
	if (!all->entries)
		return -E2BIG;
	all->entries[all->len++].nr = all->max + 1;
	for (rule = all->policy->rules; rule; rule = rule->next) {
		for (call = rule->calls; call; call = call->next) {
			nr = bpf_call_nr(call, all->abi);
			if (nr != BPF_NO_NR)
				all->entries[all->len++] =
					(struct entry){ (uint32_t)nr, rule, call };
		}
	}
	qsort(all->entries, all->len, sizeof(*all->entries), by_number);
	return 0;
}

/* What becomes of NR when no rule matches. */
static struct bpf_node *fallback(const struct numbers *all, uint32_t nr)
{
	all->graph->origin = 0;
	return bpf_node_action(all->graph, nr > all->max ? all->policy->unknown_action :
							   all->policy->default_action);
}

/*
 * The decision for the number of N entries, the later rule on top of the earlier one.
 * "allow N if C1", then "kill N if C2":
 *
 *	C2, kill, 1f
 * 1:	C1, allow, 2f
 * 2:	default
 */
static struct bpf_node *decide(const struct numbers *all, const struct entry *entries, size_t n)
{
	struct bpf_graph *graph = all->graph;
	struct bpf_node *node = NULL, *action;
	size_t i = n;

	/* What is before a rule without a condition cannot matter. */
	while (i > 0 && entries[i - 1].rule && entries[i - 1].rule->cond)
		i--;
	if (i == 0 || !entries[i - 1].rule)
		node = fallback(all, entries->nr);
	else
		i--;
	for (; i < n; i++) {
		graph->origin = (uint16_t)entries[i].rule->number;
		action = bpf_node_action(graph, entries[i].rule->action);
		node = entries[i].rule->cond ? bpf_lower(graph, entries[i].rule->cond,
							 entries[i].call, all->abi, action, node) :
					       action;
	}
	return node;
}

/* ---- the line ---- */

static size_t same_number(const struct entry *entries, size_t n)
{
	size_t i = 1;

	while (i < n && entries[i].nr == entries[0].nr)
		i++;
	return i;
}

/* x86 has two kinds of numbers, told by bit 30; with the sign (an int's), it is nobody's. */
static void add_strangers(const struct numbers *all, struct bpf_line *line, bool below)
{
	struct bpf_graph *graph = all->graph;
	struct bpf_node *kill;

	graph->origin = 0;
	kill = bpf_node_action(graph, SECCOMP_RET_KILL_PROCESS);
	if (below && bpf_abis[all->abi].nr_bit)
		bpf_line_add(line, 0, kill, 0);
	if (!below && bpf_abis[all->abi].arch == bpf_abis[BPF_X86_64].arch)
		bpf_line_add(line, BPF_X32_BIT + bpf_abis[all->abi].nr_bit, kill, 0);
}

static int make_line(const struct numbers *all, struct bpf_line *line)
{
	const uint32_t bit = bpf_abis[all->abi].nr_bit;
	const struct entry *e = all->entries;
	const struct bpf_rule *rule;
	struct bpf_node *node;
	size_t count, left;

	add_strangers(all, line, true);
	bpf_line_add(line, bit, fallback(all, 0), 0);
	for (left = all->len; left > 0; left -= count, e += count) {
		count = same_number(e, left);
		node = decide(all, e, count);
		if (!node)
			return -E2BIG;
		rule = e[count - 1].rule;
		bpf_line_add(line, e->nr | bit, node, rule ? (uint16_t)rule->number : 0);
		bpf_line_add(line, (e->nr + 1) | bit, fallback(all, e->nr + 1), 0);
	}
	add_strangers(all, line, false);
	return 0;
}

static int numbers_of(struct numbers *all, struct bpf_line *line)
{
	if (collect(all) < 0)
		return -E2BIG;
	*line = (struct bpf_line){ .word = BPF_WORD_NR, .mask = UINT32_MAX, .end = UINT32_MAX };
	/* Two for each, one before the first, and two for strangers. */
	line->pieces = bpf_alloc(all->graph->arena, (2 * all->len + 3) * sizeof(*line->pieces));
	return line->pieces ? make_line(all, line) : -E2BIG;
}

/* Order comes last, when all that is asked of a call has come together. */
static int order_line(struct bpf_graph *graph, struct bpf_line *line)
{
	const size_t n = line->len;
	struct bpf_piece piece;
	size_t i;

	line->len = 0;
	for (i = 0; i < n; i++) {
		piece = line->pieces[i];
		piece.node = bpf_order(graph, piece.node);
		if (!piece.node)
			return -E2BIG;
		bpf_line_add(line, piece.start, piece.node, piece.origin);
	}
	return 0;
}

int bpf_numbers(struct bpf_compiler *c, enum bpf_abi_id abi, struct bpf_line *line)
{
	const struct bpf_policy *policy;
	struct bpf_line under;
	int ret = 0;

	for (policy = c->policy; policy && ret == 0; policy = policy->under) {
		struct numbers all = { policy, c->graph, abi, .max = c->heat.max[abi] };

		ret = numbers_of(&all, policy == c->policy ? line : &under);
		if (ret == 0 && policy != c->policy)
			ret = bpf_meet_line(c->graph, line, &under);
	}
	return ret < 0 || c->graph->how == BPF_FOR_READABLE ? ret : order_line(c->graph, line);
}
