/* SPDX-License-Identifier: MIT */
/*
 * How a policy becomes BPF.
 *
 *   lower.c    a condition becomes a graph of tests of 32-bit words
 *   order.c    which is put in order: each word is asked for once
 *   numbers.c  what is decided for each number makes a line, cut where the decision changes
 *   stack.c    of several policies, the lines become one, with the strictest of their decisions
 *   tree.c     a line becomes the cheapest tests, given how often a call is made (heat.c)
 *   compile.c  the tests of all ABIs become one graph, architecture first
 *   node.c     in that graph nothing is there twice
 *   emit.c     and it is written out, from the end to the beginning
 *
 * The order - architecture, number, arguments - is not only the shortest. A number says
 * nothing without the architecture; and since Linux 5.11 seccomp_cache_prepare() runs a new
 * filter for each number and skips it later for those that it allows without having
 * loaded an argument (seccomp_is_const_allow()). An argument looked at before the
 * number is decided would cost that, for all calls.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

static const char *const goals[] = {
	[BPF_FOR_CACHE] = "cache",
	[BPF_FOR_SIZE] = "size",
	[BPF_FOR_HIST] = "hist",
	[BPF_FOR_READABLE] = "readable",
};

int bpf_optimize_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(goals) / sizeof(goals[0]); i++)
		if (strcmp(name, goals[i]) == 0)
			return (int)i;
	return -ENOENT;
}

/* ---- what two architectures have in common ---- */

/* Pieces I.. of one line and J.. of another, LEN of them, that are the same. */
struct stretch {
	size_t i, j, len;
};

/* Begins at 424 or later, in most cases: since Linux 5.1, a new call has one number everywhere. */
#define MIN_STRETCH 4

static bool same_start(const struct bpf_line *a, size_t i, const struct bpf_line *b, size_t j)
{
	return i < a->len && j < b->len && a->pieces[i].start == b->pieces[j].start;
}

static bool at_end(const struct bpf_line *a, size_t i, const struct bpf_line *b, size_t j)
{
	return i == a->len && j == b->len && a->end == b->end;
}

static struct stretch stretch_at(const struct bpf_line *a, size_t i, const struct bpf_line *b,
				 size_t j)
{
	struct stretch s = { i, j, 0 };

	while (same_start(a, i + s.len, b, j + s.len) &&
	       a->pieces[i + s.len].node == b->pieces[j + s.len].node)
		s.len++;
	if (s.len > 0 && !same_start(a, i + s.len, b, j + s.len) &&
	    !at_end(a, i + s.len, b, j + s.len))
		s.len--; /* the last ones do not end together */
	return s;
}

static struct stretch longest_stretch(const struct bpf_line *a, const struct bpf_line *b)
{
	struct stretch s, longest = { 0 };
	size_t i = 0, j = 0;

	while (i < a->len && j < b->len) {
		s = stretch_at(a, i, b, j);
		if (s.len > longest.len)
			longest = s;
		if (a->pieces[i].start < b->pieces[j].start)
			i++;
		else
			j++;
	}
	return longest;
}

/* LEN pieces from I on are one, and NODE is what tells them apart. */
static void replace(struct bpf_line *line, size_t i, size_t len, struct bpf_node *node)
{
	struct bpf_piece *p = line->pieces + i;
	size_t n;

	for (n = 1; n < len; n++)
		p->weight += p[n].weight;
	p->node = node;
	line->len -= len - 1;
	memmove(p + 1, p + len, (line->len - i - 1) * sizeof(*p));
}

/* Where the numbers of two architectures are the same for long, they get one tree there. */
static int share_stretch(struct bpf_compiler *c, struct bpf_line *a, struct bpf_line *b)
{
	const struct stretch s = longest_stretch(a, b);
	struct bpf_line line;
	struct bpf_node *node;

	if (s.len < MIN_STRETCH || c->graph->how == BPF_FOR_READABLE)
		return 0;
	line = bpf_part_of(a, s.i, s.len);
	line.mask &= b->mask;
	node = bpf_tree(c->graph, &line);
	if (!node)
		return -E2BIG;
	replace(a, s.i, s.len, node);
	replace(b, s.j, s.len, node);
	return 0;
}

/* ---- architectures ---- */

static int prepare(struct bpf_compiler *c, struct bpf_arch *arch)
{
	if (bpf_numbers(c, arch->abi, &arch->line) < 0 ||
	    bpf_heat_line(&c->heat, arch->abi, &arch->line) < 0)
		return -E2BIG;
	if (arch->has_x32 && bpf_numbers(c, BPF_X32, &arch->x32) < 0)
		return -E2BIG;
	if (bpf_copy_line(c->graph, &arch->rest, &arch->line) < 0)
		return -E2BIG;
	if (arch->has_x32)
		bpf_cut_x32(&arch->rest);
	if (arch->has_x32 && c->graph->how != BPF_FOR_READABLE)
		arch->rest.mask = ~BPF_X32_BIT;
	return bpf_take_heavy(c->graph, &arch->rest, &arch->heavy);
}

static struct bpf_node *finish(struct bpf_compiler *c, const struct bpf_arch *arch)
{
	struct bpf_node *node = bpf_tree(c->graph, &arch->rest);

	if (arch->has_x32)
		node = c->graph->how == BPF_FOR_READABLE ? bpf_beside_x32(c, node, &arch->x32) :
							   bpf_below_x32(c, arch, node);
	return bpf_test_heavy(c->graph, &arch->line, &arch->heavy, node);
}

/* The architectures of the policy; x32 has none of its own. */
static size_t find_archs(unsigned int abis, struct bpf_arch archs[BPF_ABIS])
{
	unsigned int abi;
	size_t n = 0;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(abis & 1u << abi) || (abi == BPF_X32 && abis & 1u << BPF_X86_64))
			continue;
		archs[n++] = (struct bpf_arch){
			.abi = (enum bpf_abi_id)abi,
			.has_x32 = abi == BPF_X86_64 && abis & 1u << BPF_X32,
		};
	}
	return n;
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
static struct bpf_node *make_filter(struct bpf_compiler *c)
{
	struct bpf_node *node = bpf_node_action(c->graph, SECCOMP_RET_KILL_PROCESS);
	struct bpf_test test = { BPF_JEQ, BPF_WORD_ARCH, UINT32_MAX, 0 };
	struct bpf_arch archs[BPF_ABIS];
	const size_t n = find_archs(c->policy->abis, archs);
	struct bpf_node *arch_node;
	size_t i, j;

	for (i = 0; i < n; i++)
		if (prepare(c, &archs[i]) < 0)
			return NULL;
	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			if (share_stretch(c, &archs[i].rest, &archs[j].rest) < 0)
				return NULL;
	for (i = n; i-- > 0;) {
		arch_node = finish(c, &archs[i]);
		c->graph->origin = 0;
		test.k = bpf_abis[archs[i].abi].arch;
		node = bpf_node_test(c->graph, test, arch_node, node);
	}
	return node;
}

/* ---- all together ---- */

static int compile(struct bpf_compiler *c, const struct bpf_goal *goal, struct bpf_prog *prog,
		   struct bpf_error *err)
{
	struct bpf_arena *arena = c->policy->arena;
	struct bpf_node *root = NULL;

	c->graph = bpf_alloc_raw(arena, sizeof(*c->graph));
	if (c->graph && bpf_graph_init(c->graph, arena, goal->how) == 0 &&
	    bpf_heat_init(&c->heat, goal, c->policy) == 0)
		root = make_filter(c);
	if (!root)
		return bpf_fail(err, -E2BIG, NULL, "no memory to compile the policy in");
	return bpf_graph_emit(c->graph, root, prog, err);
}

int bpf_compile_for(const struct bpf_policy *policy, const struct bpf_goal *goal,
		    struct bpf_prog *prog, struct bpf_error *err)
{
	static const struct bpf_goal cache = { .how = BPF_FOR_CACHE };
	struct bpf_compiler c = { .policy = policy };
	const size_t used = policy->arena->used;
	int ret;

	prog->len = 0;
	ret = compile(&c, goal ? goal : &cache, prog, err);
	policy->arena->used = used; /* all of it was scratch */
	return ret;
}

int bpf_compile(const struct bpf_policy *policy, struct bpf_prog *prog, struct bpf_error *err)
{
	return bpf_compile_for(policy, NULL, prog, err);
}
