/* SPDX-License-Identifier: MIT */
/*
 * Conditions as graphs of 32-bit tests.
 *
 * The machine compares 32 bits, unsigned. An argument is 16, 32 or 64 bits, signed or
 * not. Each function here takes what comes after, YES and NO, and returns the node
 * that chooses between them; so "a && b" is: lower b towards YES and NO, then lower a
 * towards that and NO. No jump is ever patched.
 *
 * A 16- or 32-bit argument is looked at in the low word alone: the kernel reads
 * nothing else, so neither may its guard. A signed comparison becomes a test of the
 * sign and an unsigned comparison.
 *
 * Listings below are those that the nodes become (node.c); "lo" and "hi" are the two
 * words of the argument, and an "and" is there when some bits do not count.
 */
#include "bpf/internal.h"

#include <string.h>

struct lowering {
	struct bpf_graph *graph;
	const struct bpf_call *call;
	enum bpf_abi_id abi;
};

/* One comparison: argument ARG, the bits of MASK in it, with K. */
struct operand {
	unsigned int arg;
	uint64_t mask, k;
};

static struct bpf_node *low_word(struct bpf_graph *graph, const struct operand *o, uint16_t op,
				 struct bpf_node *yes, struct bpf_node *no)
{
	const struct bpf_test test = {
		op,
		bpf_word_lo(o->arg),
		(uint32_t)o->mask,
		(uint32_t)o->k,
	};

	return bpf_node_test(graph, test, yes, no);
}

static struct bpf_node *high_word(struct bpf_graph *graph, const struct operand *o, uint16_t op,
				  struct bpf_node *yes, struct bpf_node *no)
{
	const struct bpf_test test = {
		op,
		bpf_word_hi(o->arg),
		(uint32_t)(o->mask >> 32),
		(uint32_t)(o->k >> 32),
	};

	return bpf_node_test(graph, test, yes, no);
}

/*
 * The argument equals K. The low word is first, as it tells more; the high one is mostly zero.
 * Where the mask has no bits in it, that test is a foregone conclusion and vanishes.
 *
 *	ld  [lo]
 *	jeq #K.lo, 1f, NO
 * 1:	ld  [hi]
 *	jeq #K.hi, YES, NO
 */
static struct bpf_node *equal(struct bpf_graph *graph, const struct operand *o,
			      struct bpf_node *yes, struct bpf_node *no)
{
	return low_word(graph, o, BPF_JEQ, high_word(graph, o, BPF_JEQ, yes, no), no);
}

/*
 * The argument is above K (OP is BPF_JGT), or not below it (BPF_JGE). The high word
 * decides unless it is the same.
 *
 *	ld  [hi]
 *	jgt #K.hi, YES, 1f
 * 1:	jeq #K.hi, 2f, NO
 * 2:	ld  [lo]
 *	jgt #K.lo, YES, NO
 *
 * When the low word cannot matter, since nothing is below 0, or nothing above its mask:
 *
 *	ld  [hi]
 *	jge #K.hi, YES, NO
 */
static struct bpf_node *above(struct bpf_graph *graph, const struct operand *o, uint16_t op,
			      struct bpf_node *yes, struct bpf_node *no)
{
	struct bpf_node *low = low_word(graph, o, op, yes, no);

	if (low == yes)
		return high_word(graph, o, BPF_JGE, yes, no);
	return high_word(graph, o, BPF_JGT, yes, high_word(graph, o, BPF_JEQ, low, no));
}

/*
 * Any bit of the mask is set. One "jset" for each word that the mask has bits in.
 *
 *	ld  [hi]
 *	jset #MASK.hi, YES, 1f
 * 1:	ld  [lo]
 *	jset #MASK.lo, YES, NO
 */
static struct bpf_node *any_bit(struct bpf_graph *graph, const struct operand *o,
				struct bpf_node *yes, struct bpf_node *no)
{
	const struct operand bits = { o->arg, o->mask, o->mask };

	return high_word(graph, &bits, BPF_JSET, yes, low_word(graph, &bits, BPF_JSET, yes, no));
}

static struct bpf_node *unsigned_compare(struct bpf_graph *graph, enum bpf_expr_op op,
					 const struct operand *o, struct bpf_node *yes,
					 struct bpf_node *no)
{
	switch (op) {
	case BPF_EXPR_EQ:
		return equal(graph, o, yes, no);
	case BPF_EXPR_NE:
		return equal(graph, o, no, yes);
	case BPF_EXPR_GT:
		return above(graph, o, BPF_JGT, yes, no);
	case BPF_EXPR_LE:
		return above(graph, o, BPF_JGT, no, yes);
	case BPF_EXPR_GE:
		return above(graph, o, BPF_JGE, yes, no);
	case BPF_EXPR_LT:
		return above(graph, o, BPF_JGE, no, yes);
	default:
		return any_bit(graph, o, yes, no);
	}
}

/*
 * A signed order is the unsigned one on either side of zero, with the negative numbers,
 * which look large, put below. "x < 10" as an int:
 *
 *	ld  [lo]
 *	jge #0x80000000, YES, 1f
 * 1:	jge #10, NO, YES
 */
static struct bpf_node *signed_compare(struct bpf_graph *graph, enum bpf_expr_op op,
				       const struct operand *o, struct bpf_node *yes,
				       struct bpf_node *no)
{
	const uint64_t sign = o->mask ^ (o->mask >> 1);
	const struct operand zero = { o->arg, o->mask, sign };
	struct bpf_node *same_side = unsigned_compare(graph, op, o, yes, no);
	bool below = op == BPF_EXPR_LT || op == BPF_EXPR_LE;

	if (o->k & sign) /* a number that is not negative is above K */
		return above(graph, &zero, BPF_JGE, same_side, below ? no : yes);
	return above(graph, &zero, BPF_JGE, below ? yes : no, same_side);
}

static struct bpf_node *lower_atom(const struct lowering *l, const struct bpf_expr *expr,
				   struct bpf_node *yes, struct bpf_node *no)
{
	struct bpf_argtype type;
	struct operand o;
	int arg;

	arg = bpf_call_arg(l->call, l->abi, expr->arg, strlen(expr->arg), &type);
	if (arg < 0)
		return NULL; /* the parser has refused such a rule */
	o.arg = (unsigned int)arg;
	o.mask = expr->mask & bpf_width_mask(type.bits);
	o.k = expr->value & bpf_width_mask(type.bits);
	if (type.is_signed && !expr->masked && expr->op >= BPF_EXPR_LT && expr->op <= BPF_EXPR_GE)
		return signed_compare(l->graph, expr->op, &o, yes, no);
	return unsigned_compare(l->graph, expr->op, &o, yes, no);
}

static struct bpf_node *lower(const struct lowering *l, const struct bpf_expr *expr,
			      struct bpf_node *yes, struct bpf_node *no)
{
	switch (expr->op) {
	case BPF_EXPR_AND:
		return lower(l, expr->left, lower(l, expr->right, yes, no), no);
	case BPF_EXPR_OR:
		return lower(l, expr->left, yes, lower(l, expr->right, yes, no));
	case BPF_EXPR_NOT:
		return lower(l, expr->left, no, yes);
	default:
		return yes && no ? lower_atom(l, expr, yes, no) : NULL;
	}
}

struct bpf_node *bpf_lower(struct bpf_graph *graph, const struct bpf_expr *expr,
			   const struct bpf_call *call, enum bpf_abi_id abi, struct bpf_node *yes,
			   struct bpf_node *no)
{
	const struct lowering l = { graph, call, abi };

	return lower(&l, expr, yes, no);
}
