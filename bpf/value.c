/* SPDX-License-Identifier: MIT */
/*
 * Words whose bits are not known, but how they depend on the call: 32 diagrams each.
 *
 * Sums are made as one makes them on paper, from the lowest bit with a carry; comparisons
 * the same way, so that the topmost bit has the last word. Where one operand is a
 * constant, all of that stays small: a bit of "word + k" asks whether what is below it is
 * at least something, which takes one node for each bit.
 *
 * Two words of the call in one operation are another matter: the diagram of "arg0 == arg1",
 * with all bits of one before those of the other, has 2^32 nodes. Nor have products and
 * quotients small diagrams, but those that are shifts. Such things are refused at once and
 * not when memory runs out.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define BITS BPF_VALUE_BITS

/* Bits made anew, then entered; equal words are made once, so that pointers are compared. */
static const struct bpf_value *intern(struct bpf_values *values, const struct bpf_value *made)
{
	const struct bpf_value **bucket, *word;
	struct bpf_value *copy;
	uint32_t h = 0;
	unsigned int i;

	for (i = 0; i < BITS; i++)
		h = (h ^ made->bit[i]) * 0x9e3779b1u;
	bucket = &values->bucket[(h >> 16) % BPF_VALUE_BUCKETS];
	for (word = *bucket; word; word = word->chain)
		if (!memcmp(word->bit, made->bit, sizeof(word->bit)))
			return word;
	copy = bpf_alloc(values->arena, sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *made;
	copy->chain = *bucket;
	*bucket = copy;
	return copy;
}

const struct bpf_value *bpf_value_const(struct bpf_values *values, uint32_t value)
{
	struct bpf_value made;
	unsigned int i;

	for (i = 0; i < BITS; i++)
		made.bit[i] = value >> i & 1 ? BPF_BDD_YES : BPF_BDD_NO;
	return intern(values, &made);
}

bool bpf_value_known(const struct bpf_value *word, uint32_t *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < BITS; i++) {
		if (word->bit[i] > BPF_BDD_YES)
			return false;
		*value |= (uint32_t)(word->bit[i] == BPF_BDD_YES) << i;
	}
	return true;
}

/* The variable of the top bit of the word at OFFSET in struct seccomp_data. */
static uint32_t first_variable(uint32_t offset)
{
	const uint32_t args = (uint32_t)offsetof(struct seccomp_data, args);
	const uint32_t ip = (uint32_t)offsetof(struct seccomp_data, instruction_pointer);
	uint32_t arg, low;

	if (offset == BPF_WORD_ARCH)
		return BPF_BDD_ARCH;
	if (offset == BPF_WORD_NR)
		return BPF_BDD_NR;
	/* The instruction pointer's halves lie as those of an argument do. */
	arg = offset < args ? BPF_ARG_IP : (offset - args) / 8;
	low = (offset < args ? offset - ip : offset - args) % 8 == bpf_word_lo(0) - args;
	return BPF_BDD_ARG(arg) + (low ? BITS : 0);
}

const struct bpf_value *bpf_value_load(struct bpf_values *values, uint32_t offset)
{
	const uint32_t first = first_variable(offset);
	struct bpf_value made;
	unsigned int i;

	for (i = 0; i < BITS; i++)
		made.bit[i] = bpf_bdd_bit(values->bdd, first + BITS - 1 - i);
	return intern(values, &made);
}

/* ---- arithmetic ---- */

/* Exclusive or. */
static uint32_t differ(struct bpf_bdd *bdd, uint32_t a, uint32_t b)
{
	return bpf_bdd_ite(bdd, a, bpf_bdd_not(bdd, b), b);
}

/* A + B + CARRY; that is A - B when B is inverted and CARRY is yes. */
static void add(struct bpf_bdd *bdd, const uint32_t *a, const uint32_t *b, uint32_t carry,
		uint32_t *sum)
{
	uint32_t both, either;
	unsigned int i;

	for (i = 0; i < BITS; i++) {
		sum[i] = differ(bdd, differ(bdd, a[i], b[i]), carry);
		both = bpf_bdd_ite(bdd, b[i], carry, BPF_BDD_NO);
		either = bpf_bdd_ite(bdd, b[i], BPF_BDD_YES, carry);
		carry = bpf_bdd_ite(bdd, a[i], either, both);
	}
}

static void subtract(struct bpf_bdd *bdd, const uint32_t *a, const uint32_t *b,
		     uint32_t *difference)
{
	uint32_t inverted[BITS];
	unsigned int i;

	for (i = 0; i < BITS; i++)
		inverted[i] = bpf_bdd_not(bdd, b[i]);
	add(bdd, a, inverted, BPF_BDD_YES, difference);
}

/* By BY bits, to the left; a negative BY is to the right. */
static void shift(const uint32_t *a, int by, uint32_t *result)
{
	int i;

	for (i = 0; i < BITS; i++)
		result[i] = i - by >= 0 && i - by < BITS ? a[i - by] : BPF_BDD_NO;
}

static void bitwise(struct bpf_bdd *bdd, uint16_t op, const struct bpf_value *a,
		    const struct bpf_value *b, uint32_t *result)
{
	unsigned int i;

	for (i = 0; i < BITS; i++) {
		if (op == BPF_AND)
			result[i] = bpf_bdd_ite(bdd, a->bit[i], b->bit[i], BPF_BDD_NO);
		else if (op == BPF_OR)
			result[i] = bpf_bdd_ite(bdd, a->bit[i], BPF_BDD_YES, b->bit[i]);
		else
			result[i] = differ(bdd, a->bit[i], b->bit[i]);
	}
}

/* Multiplication and division: of constants, or by a power of two. */
static int scale(uint16_t op, const struct bpf_value *a, const struct bpf_value *b,
		 struct bpf_value *result)
{
	uint32_t x, k;
	bool known = bpf_value_known(a, &x);
	int i;

	if (op == BPF_MUL && known) { /* then the other one may be unknown */
		const struct bpf_value *swap = a;

		a = b;
		b = swap;
		known = bpf_value_known(a, &x);
	}
	if (!bpf_value_known(b, &k))
		return -EOPNOTSUPP;
	if (known) {
		k = op == BPF_MUL ? x * k : x / k;
		for (i = 0; i < BITS; i++)
			result->bit[i] = k >> i & 1 ? BPF_BDD_YES : BPF_BDD_NO;
		return 0;
	}
	if (k & (k - 1))
		return -EOPNOTSUPP;
	for (i = 0; k >> i > 1; i++)
		;
	if (k == 0)
		i = BITS; /* a product with 0: all bits are shifted out */
	shift(a->bit, op == BPF_MUL ? i : -i, result->bit);
	return 0;
}

/* May A and B meet? They may when one is a constant, or both are the same. */
static bool may_meet(const struct bpf_value *a, const struct bpf_value *b)
{
	uint32_t value;

	return a == b || bpf_value_known(a, &value) || bpf_value_known(b, &value);
}

static int compute(struct bpf_values *values, uint16_t op, const struct bpf_value *a,
		   const struct bpf_value *b, struct bpf_value *result)
{
	static const uint32_t zero[BITS] = { 0 };
	uint32_t k;

	switch (op) {
	case BPF_ADD:
		add(values->bdd, a->bit, b->bit, BPF_BDD_NO, result->bit);
		return 0;
	case BPF_SUB:
		subtract(values->bdd, a->bit, b->bit, result->bit);
		return 0;
	case BPF_NEG:
		subtract(values->bdd, zero, a->bit, result->bit);
		return 0;
	case BPF_LSH:
	case BPF_RSH:
		if (!bpf_value_known(b, &k))
			return -EDOM;
		shift(a->bit, op == BPF_LSH ? (int)(k & 31) : -(int)(k & 31), result->bit);
		return 0;
	case BPF_MUL:
	case BPF_DIV:
		return scale(op, a, b, result);
	default: /* BPF_AND, BPF_OR, BPF_XOR */
		bitwise(values->bdd, op, a, b, result->bit);
		return 0;
	}
}

int bpf_value_compute(struct bpf_values *values, uint16_t op, const struct bpf_value *a,
		      const struct bpf_value *b, const struct bpf_value **result)
{
	struct bpf_value made;
	int ret;

	if (op != BPF_NEG && !may_meet(a, b))
		return -EDOM;
	ret = compute(values, op, a, b, &made);
	if (ret < 0)
		return ret;
	*result = intern(values, &made);
	return *result && !values->bdd->full ? 0 : -ENOMEM;
}

/* ---- comparison ---- */

int bpf_value_test(struct bpf_values *values, uint16_t op, const struct bpf_value *a,
		   const struct bpf_value *b, uint32_t *result)
{
	/* What it is for no bits at all: they are equal, so >= holds, and > does not. */
	uint32_t f = op == BPF_JEQ || op == BPF_JGE ? BPF_BDD_YES : BPF_BDD_NO;
	struct bpf_bdd *bdd = values->bdd;
	uint32_t unlike, both;
	unsigned int i;

	if (!may_meet(a, b))
		return -EDOM;
	for (i = 0; i < BITS; i++) {
		unlike = differ(bdd, a->bit[i], b->bit[i]);
		both = bpf_bdd_ite(bdd, a->bit[i], b->bit[i], BPF_BDD_NO);
		if (op == BPF_JEQ)
			f = bpf_bdd_ite(bdd, unlike, BPF_BDD_NO, f);
		else if (op == BPF_JSET)
			f = bpf_bdd_ite(bdd, both, BPF_BDD_YES, f);
		else
			f = bpf_bdd_ite(bdd, unlike, a->bit[i], f);
	}
	*result = f;
	return bdd->full ? -ENOMEM : 0;
}
