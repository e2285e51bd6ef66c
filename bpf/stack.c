/* SPDX-License-Identifier: MIT */
/*
 * Several policies, one program.
 *
 * A filter that is installed stays, and the next one does not replace it: the kernel runs all, and
 * of what they return the strictest action counts (seccomp_run_filters(): the lowest, as a signed
 * number without its data). It goes from the newest to the oldest and takes a result only if it
 * is stricter than what it has, so of two errnos the newer one counts. Each filter is a
 * program to be run, at every call that is not cached, and asks for the architecture and the
 * number again; one program that does what all of them do asks once.
 *
 * Their decisions meet: of two actions the stricter; of a graph of tests and another graph,
 * the first one, with the second one at each of its ends, and there with stricter actions where
 * the end asks for them:
 *
 *	A: jeq #1, ALLOW, ERRNO		B: jset #4, KILL, LOG
 *
 *	jeq #1, 1f, 2f
 * 1:	jset #4, KILL, LOG
 * 2:	jset #4, KILL, ERRNO
 *
 * That tests a word once for each of the two; order.c puts this right.
 *
 * Is one filter the same to the kernel as two? "kill", "trap", "errno" and "log" do not depend on
 * which filter says them (SECCOMP_FILTER_FLAG_LOG would be a filter's own, but load.c never
 * sets it). "trace" asks the tracer, which is the task's, and all filters run again after it
 * (recheck_after_trace). But "notify" asks the listener of the filter that said it, and is
 * ENOSYS if that one has none: two filters are two listeners.
 */
#include "bpf/internal.h"

#include <errno.h>

/* ---- policies ---- */

static int refuse(const struct bpf_place *place, struct bpf_error *err)
{
	return bpf_fail(err, -EOPNOTSUPP, place,
			"'notify' asks the listener of its own filter: "
			"such a policy cannot be one with another");
}

/* Is there something in the stack that one filter for all would do otherwise? */
static int check_notify(const struct bpf_policy *policy, struct bpf_error *err)
{
	const struct bpf_rule *rule;

	do {
		if (policy->default_action == SECCOMP_RET_USER_NOTIF)
			return refuse(&policy->default_place, err);
		if (policy->unknown_action == SECCOMP_RET_USER_NOTIF)
			return refuse(&policy->unknown_place, err);
		for (rule = policy->rules; rule; rule = rule->next)
			if (rule->action == SECCOMP_RET_USER_NOTIF)
				return refuse(&rule->place, err);
	} while ((policy = policy->under));
	return 0;
}

static unsigned int count_rules(const struct bpf_policy *policy)
{
	unsigned int n = 0;

	for (; policy; policy = policy->under)
		n += policy->nrules;
	return n;
}

int bpf_policy_stack(struct bpf_policy *top, struct bpf_policy *under, struct bpf_error *err)
{
	const unsigned int before = count_rules(top);
	struct bpf_policy *policy, *last = top;
	struct bpf_rule *rule;

	if (check_notify(top, err) < 0 || check_notify(under, err) < 0)
		return -EOPNOTSUPP;
	if (before + count_rules(under) > UINT16_MAX) /* see struct bpf_prog */
		return bpf_fail(err, -E2BIG, NULL, "more than %u rules", UINT16_MAX);
	top->abis &= under->abis; /* what one of them does not name, it kills */
	for (policy = under; policy; policy = policy->under)
		for (rule = policy->rules; rule; rule = rule->next)
			rule->number += before;
	while (last->under)
		last = last->under;
	last->under = under;
	return 0;
}

const struct bpf_rule *bpf_policy_rule(const struct bpf_policy *policy, unsigned int number)
{
	const struct bpf_rule *rule;

	for (; policy; policy = policy->under)
		for (rule = policy->rules; rule; rule = rule->next)
			if (rule->number == number)
				return rule;
	return NULL;
}

/* ---- decisions ---- */

/* The actions that ROOT can end in, as the walk finds them. */
struct ends {
	struct bpf_node **nodes;
	size_t n;
};

static int find_ends(struct bpf_graph *graph, struct bpf_node *root, struct ends *ends)
{
	struct bpf_node *list = bpf_graph_walk(graph, root), *node;

	ends->n = 0;
	for (node = list; node; node = node->next)
		ends->n += bpf_is_action(node);
	ends->nodes = bpf_alloc(graph->arena, ends->n * sizeof(struct bpf_node *));
	if (!ends->nodes)
		return -E2BIG;
	ends->n = 0;
	for (node = list; node; node = node->next)
		if (bpf_is_action(node))
			ends->nodes[ends->n++] = node;
	return 0;
}

/* ROOT with other ends, in the order of find_ends(). NULL: no memory. */
static struct bpf_node *graft(struct bpf_graph *graph, struct bpf_node *root,
			      struct bpf_node *const *ends)
{
	struct bpf_node *node;

	/* What a test leads to comes before it. */
	for (node = bpf_graph_walk(graph, root); node; node = node->next) {
		node->image = bpf_is_action(node) ?
				      *ends++ :
				      bpf_node_like(graph, node, node->yes->image, node->no->image);
		if (!node->image)
			return NULL;
	}
	return root->image;
}

/* What both decide, A being of the newer filter. NULL: no memory. */
static struct bpf_node *meet(struct bpf_graph *graph, struct bpf_node *a, struct bpf_node *b)
{
	struct ends above, below;
	struct bpf_node **stricter;
	size_t i, j;

	if (find_ends(graph, a, &above) < 0 || find_ends(graph, b, &below) < 0)
		return NULL;
	stricter = bpf_alloc(graph->arena, below.n * sizeof(struct bpf_node *));
	if (!stricter)
		return NULL;
	for (i = 0; i < above.n; i++) {
		for (j = 0; j < below.n; j++)
			stricter[j] = bpf_node_action(graph, bpf_strictest(above.nodes[i]->k,
									   below.nodes[j]->k));
		above.nodes[i] = graft(graph, b, stricter);
	}
	return graft(graph, a, above.nodes);
}

/* ---- lines ---- */

/* Where piece I begins; the one behind the last begins nowhere. */
static uint64_t start_of(const struct bpf_line *line, size_t i)
{
	return i < line->len ? line->pieces[i].start : UINT64_MAX;
}

static int add_both(struct bpf_graph *graph, struct bpf_line *line, const struct bpf_piece *a,
		    const struct bpf_piece *b)
{
	struct bpf_node *node = meet(graph, a->node, b->node);
	const bool of_b = !a->origin || (node == b->node && node != a->node);

	if (!node)
		return -E2BIG;
	bpf_line_add(line, a->start > b->start ? a->start : b->start, node,
		     of_b ? b->origin : a->origin);
	return 0;
}

int bpf_meet_line(struct bpf_graph *graph, struct bpf_line *line, const struct bpf_line *under)
{
	const size_t max = line->len + under->len;
	struct bpf_line both = *line;
	size_t i = 0, j = 0;
	uint64_t next;

	both.len = 0;
	both.pieces = bpf_alloc(graph->arena, max * sizeof(*both.pieces));
	if (!both.pieces)
		return -E2BIG;
	while (i < line->len && j < under->len) {
		if (add_both(graph, &both, &line->pieces[i], &under->pieces[j]) < 0)
			return -E2BIG;
		next = start_of(line, i + 1);
		if (next > start_of(under, j + 1))
			next = start_of(under, j + 1);
		i += start_of(line, i + 1) == next;
		j += start_of(under, j + 1) == next;
	}
	*line = both;
	return 0;
}
