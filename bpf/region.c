/* SPDX-License-Identifier: MIT */
/*
 * Where two programs differ, in words that a rule could be made of: "x86_64, number 41, if
 * argument 0 is 38".
 *
 * The diagram of the differences asks for bits. Going down it, word by word, all values of a
 * word that lead to the same place belong together, as one set; if they are numbers in a
 * row, or all but some in a row, or the like for the bits that count, the set is one
 * constraint. A set that is not becomes several constraints, which all hold, or several
 * regions; the least of these. What remains, a set of a hundred odd numbers, is given by one
 * of its members, and the region says that it is not exact.
 *
 * Numbers of calls are treated the same, but are always given as rows.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define MAX_EXITS 64			   /* different places to go to from one word */
#define MAX_ROWS  64			   /* regions that one set is split into */
#define FEW_ROWS  8			   /* up to here, a set is not looked at as bits */
#define UNITS	  7			   /* arguments and the instruction pointer */
#define MAX_WHEN  (UNITS * (MAX_ROWS + 2)) /* constraints of one region */

struct region {
	struct bpf_bdd *bdd;
	const struct bpf_pair *pair;
	bpf_difference_fn *fn;
	void *ctx;
	bool found;
	struct bpf_difference diff; /* under way */
	struct bpf_constraint when[MAX_WHEN];
	uint64_t values[UNITS]; /* of the arguments: such a call */
};

/* ---- values in a row ---- */

/* All that have MASK, a part of a word of BITS from FIRST on, between LO and HI go to EXIT. */
struct rows {
	const struct bpf_bdd *bdd;
	uint32_t first;
	int bits;
	uint64_t mask;
	int (*fn)(void *ctx, uint64_t lo, uint64_t hi, uint32_t exit); /* not 0: that will do */
	void *ctx;
	bool open; /* a row that may go on */
	uint64_t lo, hi;
	uint32_t exit;
};

static int row(struct rows *rows, uint64_t lo, uint64_t hi, uint32_t exit)
{
	int ret = 0;

	if (rows->open && rows->exit == exit) {
		rows->hi = hi;
		return 0;
	}
	if (rows->open)
		ret = rows->fn(rows->ctx, rows->lo, rows->hi, rows->exit);
	rows->open = true;
	rows->lo = lo;
	rows->hi = hi;
	rows->exit = exit;
	return ret;
}

/* The values that are PREFIX above BIT. */
static int split(struct rows *rows, uint32_t f, int bit, uint64_t prefix)
{
	const struct bpf_bdd_node *node = &rows->bdd->nodes[f];
	uint32_t var;
	int ret;

	if (bit < 0 || node->var >= rows->first + (uint32_t)rows->bits)
		return row(rows, prefix,
			   prefix | (rows->mask & bpf_width_mask((unsigned int)bit + 1)), f);
	if (!(rows->mask >> bit & 1))
		return split(rows, f, bit - 1, prefix);
	var = rows->first + (uint32_t)(rows->bits - 1 - bit);
	ret = split(rows, node->var == var ? node->lo : f, bit - 1, prefix);
	if (ret)
		return ret;
	prefix |= UINT64_C(1) << bit;
	return split(rows, node->var == var ? node->hi : f, bit - 1, prefix);
}

static int each_row(struct rows *rows, uint32_t f)
{
	int ret;

	rows->open = false;
	ret = split(rows, f, rows->bits - 1, 0);
	if (ret == 0 && rows->open)
		ret = rows->fn(rows->ctx, rows->lo, rows->hi, rows->exit);
	return ret;
}

/* ---- sets: values of one argument that lead to the same place ---- */

struct set {
	struct region *region;
	unsigned int unit; /* the argument */
	uint32_t exit;	   /* where they lead to */
	uint32_t f, first; /* the set as a diagram of the argument's bits, from FIRST on */

	uint64_t given, value;	   /* bits that are the same in all of them; taken out of F */
	uint64_t mask;		   /* the bits that the rows are of */
	unsigned int rows, gaps;   /* how many, up to MAX_ROWS + 1 */
	bool wide_rows, wide_gaps; /* some of them are more than one value */
};

static int count_row(void *ctx, uint64_t lo, uint64_t hi, uint32_t exit)
{
	struct set *set = ctx;

	if (exit == BPF_BDD_NO) {
		set->gaps++;
		set->wide_gaps |= lo != hi;
		return 0;
	}
	set->rows++;
	set->wide_rows |= lo != hi;
	return set->rows > MAX_ROWS;
}

static int walk_rows(struct set *set, int (*fn)(void *, uint64_t, uint64_t, uint32_t))
{
	struct rows rows = {
		.bdd = set->region->bdd,
		.first = set->first,
		.bits = 64,
		.mask = set->mask,
		.fn = fn,
		.ctx = set,
	};

	return each_row(&rows, set->f);
}

/* Is it better said what is not in the set? "not 0 and not 5", "not 3..7". */
static bool better_by_gaps(const struct set *set)
{
	return set->gaps < set->rows || (set->wide_rows && !set->wide_gaps);
}

/* How many regions the set makes, when it is rows of the bits of MASK. */
static unsigned int count_rows(struct set *set, uint64_t mask)
{
	set->mask = mask;
	set->rows = 0;
	set->gaps = 0;
	set->wide_rows = false;
	set->wide_gaps = false;
	walk_rows(set, count_row);
	return set->rows <= MAX_ROWS && better_by_gaps(set) ? 1 : set->rows;
}

/* How many ways through its diagram the set has; and so regions, up to MAX_ROWS + 1. */
static unsigned int count_ways(const struct bpf_bdd *bdd, uint32_t f, unsigned int n)
{
	if (f <= BPF_BDD_YES)
		return n + f;
	if (n <= MAX_ROWS)
		n = count_ways(bdd, bdd->nodes[f].lo, n);
	return n <= MAX_ROWS ? count_ways(bdd, bdd->nodes[f].hi, n) : n;
}

/*
 * The least value of the argument from FIRST on with which F, which is not "no", goes on to
 * something else than "no"; that is *EXIT.
 */
static uint64_t least(const struct bpf_bdd *bdd, uint32_t f, uint32_t first, uint32_t *exit)
{
	const struct bpf_bdd_node *node = &bdd->nodes[f];
	uint64_t value = 0;

	for (; node->var < first + 64; node = &bdd->nodes[f]) {
		f = node->lo;
		if (f != BPF_BDD_NO)
			continue;
		f = node->hi;
		value |= UINT64_C(1) << 63 >> (node->var - first);
	}
	if (exit)
		*exit = f;
	return value;
}

/* ---- reports ---- */

/* The programs themselves are asked whether it is true. */
static bool is_witness(const struct region *r)
{
	const struct bpf_pair *pair = r->pair;
	const struct bpf_difference *d = &r->diff;
	uint32_t a = bpf_run(pair->a, pair->alen, &d->data, NULL);
	uint32_t b = bpf_run(pair->b, pair->blen, &d->data, NULL);

	return bpf_action_meaning(a) == d->actions[0] && bpf_action_meaning(b) == d->actions[1];
}

static int report(struct region *r, uint32_t leaf)
{
	struct bpf_difference *d = &r->diff;
	unsigned int i;

	if (r->bdd->full)
		return -ENOMEM;
	d->data.arch = d->arch_lo;
	d->data.nr = (int)d->nr_lo;
	for (i = 0; i < 6; i++)
		d->data.args[i] = r->values[i];
	d->data.instruction_pointer = r->values[BPF_ARG_IP];
	d->actions[0] = r->bdd->nodes[leaf].lo;
	d->actions[1] = r->bdd->nodes[leaf].hi;
	d->when = r->when;
	if (!is_witness(r))
		return -ENOTRECOVERABLE;
	r->found = true;
	return r->fn(r->ctx, d);
}

/* No more words: any way down to a difference. */
static int report_one(struct region *r, uint32_t f, unsigned int unit)
{
	int ret;

	for (; unit < UNITS; unit++)
		r->values[unit] = least(r->bdd, f, BPF_BDD_ARG(unit), &f);
	r->diff.exact = false;
	ret = report(r, f);
	r->diff.exact = true;
	return ret;
}

/* ---- sets as constraints ---- */

static int describe(struct region *r, uint32_t f, unsigned int unit);

static struct bpf_constraint *push(struct set *set, uint64_t mask, uint64_t lo, uint64_t hi)
{
	struct bpf_constraint *when = &set->region->when[set->region->diff.nwhen++];

	*when = (struct bpf_constraint){ .arg = set->unit, .mask = mask, .lo = lo, .hi = hi };
	return when;
}

/* The constraints on this argument are there, and VALUE fulfils them; on to the next. */
static int go_on(struct set *set, uint64_t value)
{
	set->region->values[set->unit] = value;
	return describe(set->region, set->exit, set->unit + 1);
}

/* One row as a region of its own. */
static int row_region(void *ctx, uint64_t lo, uint64_t hi, uint32_t exit)
{
	struct set *set = ctx;
	const unsigned int nwhen = set->region->diff.nwhen;
	int ret;

	if (exit == BPF_BDD_NO)
		return 0;
	push(set, set->mask, lo, hi);
	ret = go_on(set, set->value | lo);
	set->region->diff.nwhen = nwhen;
	return ret;
}

/* One row of what is not in the set, as one more constraint. */
static int gap_constraint(void *ctx, uint64_t lo, uint64_t hi, uint32_t exit)
{
	struct set *set = ctx;

	if (exit == BPF_BDD_NO)
		push(set, set->mask, lo, hi)->outside = true;
	return 0;
}

static int by_rows(struct set *set)
{
	if (!better_by_gaps(set))
		return walk_rows(set, row_region);
	walk_rows(set, gap_constraint);
	return go_on(set, set->value | least(set->region->bdd, set->f, set->first, NULL));
}

/* One region for each way: the bits that it asks for have those values. */
static int by_ways(struct set *set, uint32_t f, uint64_t mask, uint64_t value)
{
	const struct bpf_bdd_node node = set->region->bdd->nodes[f];
	uint64_t bit;
	int ret;

	if (f == BPF_BDD_NO)
		return 0;
	if (f == BPF_BDD_YES) {
		set->mask = mask;
		return row_region(set, value, value, f);
	}
	bit = UINT64_C(1) << 63 >> (node.var - set->first);
	ret = by_ways(set, node.lo, mask | bit, value);
	return ret ? ret : by_ways(set, node.hi, mask | bit, value | bit);
}

/* The bits that are alike in all of the set become one constraint; what is left is simpler. */
static void take_common(struct set *set, uint64_t support)
{
	struct bpf_bdd *bdd = set->region->bdd;
	uint32_t i, var;
	uint64_t bit;
	bool hi;

	for (i = 0; i < 64; i++) {
		bit = UINT64_C(1) << 63 >> i;
		if (!(support & bit))
			continue;
		var = set->first + i;
		hi = bpf_bdd_restrict(bdd, set->f, var, false) == BPF_BDD_NO;
		if (!hi && bpf_bdd_restrict(bdd, set->f, var, true) != BPF_BDD_NO)
			continue;
		set->f = bpf_bdd_restrict(bdd, set->f, var, hi);
		set->given |= bit;
		set->value |= hi ? bit : 0;
	}
	if (set->given)
		push(set, set->given, set->value, set->value);
}

/* Into several regions, as few as may be. */
static int in_parts(struct set *set, uint64_t width, uint64_t support)
{
	const struct bpf_bdd *bdd = set->region->bdd;
	const unsigned int ways = count_ways(bdd, set->f, 0);
	const unsigned int whole = set->given ? MAX_ROWS + 1 : count_rows(set, width);
	const unsigned int some = count_rows(set, support);

	if (ways < whole && ways < some)
		return by_ways(set, set->f, 0, 0);
	if (whole <= some && whole <= MAX_ROWS)
		count_rows(set, width);
	if (set->rows <= MAX_ROWS)
		return by_rows(set);
	set->region->values[set->unit] = set->value | least(bdd, set->f, set->first, NULL);
	return report_one(set->region, set->exit, set->unit + 1);
}

/* Of the bits of MASK, is the set a row, or all but a row? */
static bool is_row(struct set *set, uint64_t mask)
{
	return count_rows(set, mask) == 1 && set->rows <= 2 && set->gaps <= 2;
}

static int describe_set(struct set *set)
{
	const struct bpf_bdd *bdd = set->region->bdd;
	uint64_t support = bpf_bdd_support(bdd, set->f, set->first);
	const uint64_t width = support >> 32 ? UINT64_MAX : UINT32_MAX;

	if (set->f == BPF_BDD_YES)
		return go_on(set, 0);
	count_rows(set, width);
	if (set->rows <= FEW_ROWS || is_row(set, support))
		return by_rows(set);
	take_common(set, support);
	support &= ~set->given;
	if (set->f == BPF_BDD_YES)
		return go_on(set, set->value);
	if (is_row(set, support))
		return by_rows(set);
	return in_parts(set, width, support);
}

/* The calls that F, from argument UNIT on, says to differ. */
static int describe(struct region *r, uint32_t f, unsigned int unit)
{
	const unsigned int nwhen = r->diff.nwhen;
	uint32_t exits[MAX_EXITS], end;
	unsigned int i, n;
	int ret = 0;

	for (; unit < UNITS && r->bdd->nodes[f].var >= BPF_BDD_ARG(unit + 1); unit++)
		r->values[unit] = 0;
	if (unit == UNITS)
		return report(r, f);
	end = BPF_BDD_ARG(unit + 1);
	n = bpf_bdd_exits(r->bdd, f, end, exits, MAX_EXITS);
	if (n > MAX_EXITS)
		return report_one(r, f, unit);
	for (i = 0; i < n && ret == 0; i++) {
		struct set set = {
			.region = r,
			.unit = unit,
			.exit = exits[i],
			.first = BPF_BDD_ARG(unit),
		};

		if (exits[i] == BPF_BDD_NO)
			continue;
		set.f = bpf_bdd_reaches(r->bdd, f, end, exits[i]);
		ret = r->bdd->full ? -ENOMEM : describe_set(&set);
		r->diff.nwhen = nwhen;
	}
	return ret;
}

/* ---- numbers and architectures ---- */

static int numbers(void *ctx, uint64_t lo, uint64_t hi, uint32_t exit)
{
	struct region *r = ctx;

	r->diff.nr_lo = (uint32_t)lo;
	r->diff.nr_hi = (uint32_t)hi;
	return exit == BPF_BDD_NO ? 0 : describe(r, exit, 0);
}

static int each_number(struct region *r, uint32_t f)
{
	struct rows rows = {
		.bdd = r->bdd,
		.first = BPF_BDD_NR,
		.bits = 32,
		.mask = UINT32_MAX,
		.fn = numbers,
		.ctx = r,
	};

	return each_row(&rows, f);
}

static int architectures(void *ctx, uint64_t lo, uint64_t hi, uint32_t exit)
{
	struct region *r = ctx;

	r->diff.arch_lo = (uint32_t)lo;
	r->diff.arch_hi = (uint32_t)hi;
	return exit == BPF_BDD_NO ? 0 : each_number(r, exit);
}

/* The diagram of "arch == ARCH". */
static uint32_t is_arch(struct bpf_bdd *bdd, uint32_t arch)
{
	uint32_t f = BPF_BDD_YES;
	unsigned int i;

	for (i = 0; i < 32; i++)
		f = bpf_bdd_ite(bdd, bpf_bdd_bit(bdd, BPF_BDD_ARCH + 31 - i),
				arch >> i & 1 ? f : BPF_BDD_NO, arch >> i & 1 ? BPF_BDD_NO : f);
	return f;
}

/* The architectures that are of no ABI. */
static int foreign(struct region *r, uint32_t differs)
{
	struct rows rows = {
		.bdd = r->bdd,
		.first = BPF_BDD_ARCH,
		.bits = 32,
		.mask = UINT32_MAX,
		.fn = architectures,
		.ctx = r,
	};
	unsigned int i;

	for (i = 0; i < BPF_ABIS; i++)
		differs =
			bpf_bdd_ite(r->bdd, is_arch(r->bdd, bpf_abis[i].arch), BPF_BDD_NO, differs);
	r->diff.abi = -ENOENT;
	return each_row(&rows, differs);
}

/* Bit 30 of the number is x32's, but not of a negative number: see bpf_abi_of(). */
static uint32_t is_x32(struct bpf_bdd *bdd)
{
	return bpf_bdd_ite(bdd, bpf_bdd_bit(bdd, BPF_BDD_NR), BPF_BDD_NO,
			   bpf_bdd_bit(bdd, BPF_BDD_NR + 1));
}

static int one_abi(struct region *r, uint32_t differs, unsigned int abi)
{
	const uint32_t arch = bpf_abis[abi].arch;
	uint32_t i;

	for (i = 0; i < 32; i++)
		differs = bpf_bdd_restrict(r->bdd, differs, BPF_BDD_ARCH + i, arch >> (31 - i) & 1);
	if (abi == BPF_X86_64)
		differs = bpf_bdd_ite(r->bdd, is_x32(r->bdd), BPF_BDD_NO, differs);
	if (abi == BPF_X32)
		differs = bpf_bdd_ite(r->bdd, is_x32(r->bdd), differs, BPF_BDD_NO);
	r->diff.abi = (int)abi;
	r->diff.arch_lo = arch;
	r->diff.arch_hi = arch;
	return each_number(r, differs);
}

int bpf_regions(struct bpf_bdd *bdd, uint32_t differs, const struct bpf_pair *pair,
		bpf_difference_fn *fn, void *ctx)
{
	const unsigned int native = bpf_abi_native(), all = (2u << BPF_ABIS) - 1;
	const unsigned int abis = pair->abis ? pair->abis & all : all;
	struct region r = { .bdd = bdd, .pair = pair, .fn = fn, .ctx = ctx };
	unsigned int i;
	int ret = 0;

	r.diff.exact = true;
	if (abis & 1u << native)
		ret = one_abi(&r, differs, native);
	for (i = 0; i < BPF_ABIS && ret == 0; i++)
		if (abis & 1u << i && i != native)
			ret = one_abi(&r, differs, i);
	if (ret == 0 && abis & 1u << BPF_ABIS)
		ret = foreign(&r, differs);
	return ret < 0 ? ret : r.found;
}
