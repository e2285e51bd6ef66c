/* SPDX-License-Identifier: MIT */
/*
 * Conditions as alternatives of what OCI can say: one comparison for each register.
 *
 * A test of an int becomes a masked comparison of its 32 bits; "not equal" and ordered
 * tests of it, a few comparisons of leading bits:
 *
 *	x < 6, in 3 bits:	x & 4 == 0 || x & 6 == 4
 *	x != 6, in 3 bits:	x & 4 == 0 || x & 6 == 4 || x & 7 == 7
 *
 * "Not" is pushed down to the tests, "and" is multiplied out.
 */
#include "bpf/import/export.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TERMS 512u

static uint64_t ones(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

int export_refuse(const struct export *ex, const char *format, ...)
{
	char text[sizeof(ex->err->text)];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return bpf_fail(ex->err, -EOPNOTSUPP, ex->rule ? &ex->rule->place : NULL, "%s", text);
}

/* ---- terms ---- */

int export_add_term(const struct export *ex, struct terms *to, const struct term *term)
{
	struct term *bigger;

	if (to->n >= MAX_TERMS)
		return export_refuse(ex, "the condition takes more than %u OCI rules", MAX_TERMS);
	bigger = reallocarray(to->term, to->n + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	to->term = bigger;
	to->term[to->n++] = *term;
	return 0;
}

static int add_terms(const struct export *ex, struct terms *to, const struct terms *from)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < from->n && ret == 0; i++)
		ret = export_add_term(ex, to, &from->term[i]);
	return ret;
}

/* Both tests of one register as one: 1; 0: they exclude each other; -EOPNOTSUPP. */
static int join_conds(const struct export *ex, struct oci_cond *a, const struct oci_cond *b)
{
	if (a->op == b->op && a->mask == b->mask && a->value == b->value)
		return 1;
	if (a->op != BPF_EXPR_EQ || b->op != BPF_EXPR_EQ)
		return export_refuse(ex, "two tests of argument %u at once, which OCI cannot say",
				     a->index);
	if ((a->value ^ b->value) & a->mask & b->mask)
		return 0;
	a->mask |= b->mask;
	a->value |= b->value;
	return 1;
}

static int join_term(const struct export *ex, struct term *a, const struct term *b)
{
	unsigned int i;
	int ret;

	for (i = 0; i < 6; i++) {
		if (!(b->used & 1u << i))
			continue;
		ret = a->used & 1u << i ? join_conds(ex, &a->arg[i], &b->arg[i]) : 1;
		if (ret <= 0)
			return ret;
		if (!(a->used & 1u << i))
			a->arg[i] = b->arg[i];
		a->used |= 1u << i;
	}
	return 1;
}

/* A && B, into A. */
int export_and(const struct export *ex, struct terms *a, const struct terms *b)
{
	struct terms both = { 0 };
	struct term term;
	size_t i, j;
	int ret = 0;

	for (i = 0; i < a->n && ret >= 0; i++) {
		for (j = 0; j < b->n && ret >= 0; j++) {
			term = a->term[i];
			ret = join_term(ex, &term, &b->term[j]);
			if (ret > 0)
				ret = export_add_term(ex, &both, &term);
		}
	}
	free(a->term);
	*a = both;
	return ret < 0 ? ret : 0;
}

/* ---- one test ---- */

static int add_cond(const struct export *ex, struct terms *to, const struct oci_cond *cond)
{
	struct term term = { .used = 1u << cond->index };

	term.arg[cond->index] = *cond;
	return export_add_term(ex, to, &term);
}

/*
 * Not equal: equal down to some bit, which differs. One test of each bit alone would do, too, but
 * thirty of those cut the numbers into 2^30 pieces, where this makes thirty.
 */
static int add_unequal(const struct export *ex, struct terms *to, struct oci_cond cond)
{
	const uint64_t mask = cond.mask, value = cond.value;
	unsigned int bit;
	uint64_t one;
	int ret = 0;

	cond.op = BPF_EXPR_EQ;
	for (bit = 0; bit < 64 && ret == 0; bit++) {
		one = UINT64_C(1) << bit;
		cond.mask = mask & ~(one - 1);
		cond.value = (value ^ one) & cond.mask;
		if (mask & one)
			ret = add_cond(ex, to, &cond);
	}
	return ret;
}

/*
 * Below VALUE, or not below it: equal to it down to some bit, which is then a 0 where
 * it has a 1, or the reverse. FLIP is the sign bit of a signed comparison, or 0.
 */
static int add_below(const struct export *ex, struct terms *to, struct oci_cond cond, bool below,
		     uint64_t flip)
{
	const uint64_t all = cond.mask, value = (cond.value & all) ^ flip;
	unsigned int bit;
	uint64_t one;
	int ret = 0;

	cond.op = BPF_EXPR_EQ;
	for (bit = 0; bit < 64 && ret == 0; bit++) {
		one = UINT64_C(1) << bit;
		if (!(all & one) || !(value & one) == below)
			continue;
		cond.mask = all & ~(one - 1);
		cond.value = ((value ^ one) & cond.mask) ^ flip;
		ret = add_cond(ex, to, &cond);
	}
	if (ret == 0 && !below) {
		cond.mask = all;
		cond.value = value ^ flip;
		ret = add_cond(ex, to, &cond);
	}
	return ret;
}

/* What a test is about: one register, read alike on every ABI that has the call, or not. */
struct subject {
	struct oci_cond cond;
	bool is_signed;
	bool uniform; /* as many bits everywhere */
};

/* Leading bits are others where there are fewer. */
static int check_uniform(const struct export *ex, const struct subject *it)
{
	return it->uniform ? 0 :
			     export_refuse(ex, "argument %u has not as many bits on every ABI",
					   it->cond.index);
}

/* Ordered tests are "below" or "not below" some number; above the highest there is none. */
static int add_ordered(const struct export *ex, struct terms *to, const struct subject *it)
{
	struct oci_cond cond = it->cond;
	const uint64_t all = cond.mask, flip = it->is_signed ? all ^ all >> 1 : 0;
	const bool above = cond.op == BPF_EXPR_GT || cond.op == BPF_EXPR_GE;
	struct term any = { 0 };

	if (all & (all + 1))
		return export_refuse(ex, "an ordered comparison with a mask, which OCI has not");
	if (all == UINT64_MAX && !flip)
		return add_cond(ex, to, &cond);
	if (check_uniform(ex, it) < 0)
		return -EOPNOTSUPP;
	if (cond.op == BPF_EXPR_GT || cond.op == BPF_EXPR_LE) {
		if (((cond.value & all) ^ flip) == all)
			return above ? 0 : export_add_term(ex, to, &any);
		cond.value = (cond.value + 1) & all;
	}
	return add_below(ex, to, cond, !above, flip);
}

/* The bits that libseccomp compares. */
static unsigned int compared(unsigned int abi)
{
	return bpf_abis[abi].long64 && abi != BPF_X32 ? 64 : 32;
}

/* One register and one mask that say on every ABI what EXPR says there. */
static int find_subject(const struct export *ex, const struct bpf_expr *expr, struct subject *it)
{
	const struct bpf_syscall *call = ex->call->syscall;
	unsigned int bits[BPF_ABIS] = { 0 }, abi, wide = 0;
	struct bpf_argtype type;
	int index = -1, at;

	it->uniform = true;
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(ex->policy->abis & 1u << abi) || call->nr[abi] == BPF_NO_NR)
			continue;
		at = bpf_syscall_arg(call, (enum bpf_abi_id)abi, expr->arg, strlen(expr->arg),
				     &type);
		if (at < 0 || (index >= 0 && at != index))
			return export_refuse(ex, "'%.40s' is another register on another ABI",
					     expr->arg);
		if (index >= 0 && type.is_signed != it->is_signed && !expr->masked)
			return export_refuse(ex, "'%.40s' is signed on one ABI only", expr->arg);
		index = at;
		it->is_signed = type.is_signed && !expr->masked;
		it->uniform &= !wide || wide == type.bits;
		bits[abi] = type.bits;
		wide = type.bits > wide ? type.bits : wide;
	}
	it->cond.index = index < 0 ? 0 : (unsigned int)index;
	it->cond.mask = expr->mask & ones(wide);
	for (abi = 0; abi < BPF_ABIS; abi++)
		if (bits[abi] &&
		    (it->cond.mask & ones(compared(abi))) != (expr->mask & ones(bits[abi])))
			return export_refuse(ex,
					     "'%.40s' is %u bits on %s, of which libseccomp "
					     "compares %u",
					     expr->arg, bits[abi], bpf_abis[abi].name,
					     compared(abi));
	return 0;
}

/* OP of EXPR, or its contrary. */
static enum bpf_expr_op op_of(const struct bpf_expr *expr, bool negate)
{
	static const enum bpf_expr_op contrary[] = {
		[BPF_EXPR_EQ] = BPF_EXPR_NE, [BPF_EXPR_NE] = BPF_EXPR_EQ,
		[BPF_EXPR_LT] = BPF_EXPR_GE, [BPF_EXPR_GE] = BPF_EXPR_LT,
		[BPF_EXPR_GT] = BPF_EXPR_LE, [BPF_EXPR_LE] = BPF_EXPR_GT,
	};
	enum bpf_expr_op op = expr->op == BPF_EXPR_SET ? BPF_EXPR_NE : expr->op;

	return negate ? contrary[op] : op;
}

static int add_test(const struct export *ex, struct terms *to, const struct bpf_expr *expr,
		    bool negate)
{
	const uint64_t value = expr->op == BPF_EXPR_SET ? 0 : expr->value;
	struct subject it = { 0 };
	int ret;

	ret = find_subject(ex, expr, &it);
	if (ret < 0)
		return ret;
	it.cond.op = op_of(expr, negate);
	it.cond.value = value & it.cond.mask;
	/* Such a bit is never there, so that the test is decided; but not in libseccomp. */
	if (expr->masked && value & ~expr->mask)
		return export_refuse(ex, "'%.40s' is compared with bits that its mask has not",
				     expr->arg);
	if (it.cond.op != BPF_EXPR_EQ && it.cond.op != BPF_EXPR_NE)
		return add_ordered(ex, to, &it);
	if (it.cond.op == BPF_EXPR_EQ || it.cond.mask == UINT64_MAX)
		return add_cond(ex, to, &it.cond);
	return check_uniform(ex, &it) < 0 ? -EOPNOTSUPP : add_unequal(ex, to, it.cond);
}

/* EXPR, or its contrary, added to the alternatives TO. */
int export_expr(const struct export *ex, struct terms *to, const struct bpf_expr *expr, bool negate)
{
	struct terms left = { 0 }, right = { 0 };
	int ret;

	if (expr->op == BPF_EXPR_NOT)
		return export_expr(ex, to, expr->left, !negate);
	if (expr->op != BPF_EXPR_AND && expr->op != BPF_EXPR_OR)
		return add_test(ex, to, expr, negate);
	if ((expr->op == BPF_EXPR_OR) != negate) {
		ret = export_expr(ex, to, expr->left, negate);
		return ret < 0 ? ret : export_expr(ex, to, expr->right, negate);
	}
	ret = export_expr(ex, &left, expr->left, negate);
	if (ret == 0)
		ret = export_expr(ex, &right, expr->right, negate);
	if (ret == 0)
		ret = export_and(ex, &left, &right);
	if (ret == 0)
		ret = add_terms(ex, to, &left);
	free(left.term);
	free(right.term);
	return ret;
}
