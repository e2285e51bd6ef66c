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

/* A rule that names a number. */
struct entry {
	struct entry *older, *newer; /* of the same number; the latter is for decide() */
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	struct bpf_node *action; /* that of the rule */
};

/* One ABI, one policy. */
struct numbers {
	const struct bpf_policy *policy;
	struct bpf_graph *graph;
	enum bpf_abi_id abi;
	uint32_t max;			       /* the highest number of its table, */
	uint32_t highest;		       /* and of all that something is said of */
	struct entry **newest;		       /* for each number; NULL: no rule names it */
	size_t len;			       /* how many entries there are */
	struct bpf_node *by_default, *unknown; /* what becomes of a call that no rule matches */
};

/* ---- what is said of a number ---- */

static uint32_t highest_number(const struct numbers *all)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	int64_t highest = all->max;

	for (rule = all->policy->rules; rule; rule = rule->next)
		for (call = rule->calls; call; call = call->next)
			if (bpf_call_nr(call, all->abi) > highest)
				highest = bpf_call_nr(call, all->abi);
	return (uint32_t)highest;
}

static int add_rule(struct numbers *all, const struct bpf_rule *rule)
{
	struct bpf_node *action = bpf_node_action(all->graph, rule->action);
	const struct bpf_call *call;
	struct entry *entry;
	int64_t nr;

	for (call = rule->calls; call; call = call->next) {
		nr = bpf_call_nr(call, all->abi);
		if (nr == BPF_NO_NR)
			continue;
		entry = bpf_alloc_raw(all->graph->arena, sizeof(*entry));
		if (!entry || !action)
			return -E2BIG;
		*entry = (struct entry){ all->newest[nr], NULL, rule, call, action };
		all->newest[nr] = entry;
		all->len++;
	}
	return 0;
}

/* All that the policy says about the ABI. Numbers are small, so there is a place for each. */
static int collect(struct numbers *all)
{
	const struct bpf_rule *rule;

	all->highest = highest_number(all);
	all->newest = bpf_alloc(all->graph->arena, (all->highest + 1) * sizeof(struct entry *));
	if (!all->newest)
		return -E2BIG;
	for (rule = all->policy->rules; rule; rule = rule->next)
		if (add_rule(all, rule) < 0)
			return -E2BIG;
	return 0;
}

/* What becomes of NR when no rule matches. */
static struct bpf_node *fallback(const struct numbers *all, uint32_t nr)
{
	return nr > all->max ? all->unknown : all->by_default;
}

/*
 * The decision for a number, the later rule on top of the earlier one. "allow N if C1", then
 * "kill N if C2":
 *
 *	C2, kill, 1f
 * 1:	C1, allow, 2f
 * 2:	default
 */
static struct bpf_node *decide(const struct numbers *all, uint32_t nr)
{
	struct bpf_graph *graph = all->graph;
	struct bpf_node *node = fallback(all, nr);
	struct entry *e, *above = NULL;

	/* What is before a rule without a condition cannot matter. */
	for (e = all->newest[nr]; e && e->rule->cond; e = e->older) {
		e->newer = above;
		above = e;
	}
	if (e)
		node = e->action;
	for (e = above; e; e = e->newer) {
		graph->origin = (uint16_t)e->rule->number;
		node = bpf_lower(graph, e->rule->cond, e->call, all->abi, e->action, node);
	}
	return node;
}

/* ---- the line ---- */

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
	const struct entry *newest;
	struct bpf_node *node;
	uint32_t nr;

	add_strangers(all, line, true);
	for (nr = 0; nr <= all->highest; nr++) {
		newest = all->newest[nr];
		node = decide(all, nr);
		if (!node)
			return -E2BIG;
		bpf_line_add(line, nr | bit, node, newest ? (uint16_t)newest->rule->number : 0);
	}
	bpf_line_add(line, nr | bit, fallback(all, nr), 0);
	add_strangers(all, line, false);
	return 0;
}

static int numbers_of(struct numbers *all, struct bpf_line *line)
{
	if (collect(all) < 0)
		return -E2BIG;
	all->graph->origin = 0;
	all->by_default = bpf_node_action(all->graph, all->policy->default_action);
	all->unknown = bpf_node_action(all->graph, all->policy->unknown_action);
	*line = (struct bpf_line){ .word = BPF_WORD_NR, .mask = UINT32_MAX, .end = UINT32_MAX };
	/* Two for each, one before the first, one for the unknown, and two for strangers. */
	line->pieces = bpf_alloc_raw(all->graph->arena, (2 * all->len + 4) * sizeof(*line->pieces));
	return line->pieces && all->by_default && all->unknown ? make_line(all, line) : -E2BIG;
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
