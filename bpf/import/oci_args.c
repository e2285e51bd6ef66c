/* SPDX-License-Identifier: MIT */
/*
 * Conditions on arguments.
 *
 * An OCI condition compares a register of 64 bits. The kernel, though, reads an int's low
 * half and no more: "domain != 40" on the register lets 1<<32 | 40 pass, and the socket
 * that comes of it is of domain 40. So a condition is given the argument's name, and
 * with it the width that counts; then no call goes through whose effect the profile denies.
 * Registers are compared whole where the profile's constant needs that many bits, and,
 * if the caller wants what libseccomp makes, everywhere.
 *
 * OCI's comparisons are unsigned; ours of an int are signed, but for masked ones. So
 * an ordered comparison of an int is written with a mask of all its bits.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_CONDS    64u

/* ---- reading ---- */

static const struct {
	const char *name;
	enum bpf_expr_op op;
	bool masked;
} operators[] = {
	{ "SCMP_CMP_EQ", BPF_EXPR_EQ, false }, { "SCMP_CMP_GE", BPF_EXPR_GE, false },
	{ "SCMP_CMP_GT", BPF_EXPR_GT, false }, { "SCMP_CMP_LE", BPF_EXPR_LE, false },
	{ "SCMP_CMP_LT", BPF_EXPR_LT, false }, { "SCMP_CMP_MASKED_EQ", BPF_EXPR_EQ, true },
	{ "SCMP_CMP_NE", BPF_EXPR_NE, false },
};

static int read_op(struct oci *oci, const struct json *object, const struct oci_rule *rule,
		   struct oci_cond *cond)
{
	const char *name;
	char clean[50];
	size_t i;

	if (oci_string(oci, object, "op", rule->line, &name) < 0)
		return -EINVAL;
	for (i = 0; name && i < COUNT(operators); i++) {
		if (strcmp(operators[i].name, name) != 0)
			continue;
		cond->op = operators[i].op;
		cond->masked = operators[i].masked;
		return 0;
	}
	return import_fail(oci->im, oci->err, rule->line, "unknown operator \"%s\"",
			   import_clean(name ? name : "", clean, sizeof(clean)));
}

/* "value" is the mask of a masked comparison, and "valueTwo" what comes out. */
static void set_values(struct oci *oci, const struct oci_rule *rule, struct oci_cond *cond,
		       uint64_t one, uint64_t two)
{
	cond->mask = UINT64_MAX;
	cond->value = one;
	if (!cond->masked) {
		if (two)
			import_note(oci->im, rule->line,
				    "\"valueTwo\" belongs to SCMP_CMP_MASKED_EQ; it is ignored");
		return;
	}
	cond->mask = one;
	cond->value = two & one;
	cond->masked = one != UINT64_MAX;
	if (two & ~one)
		import_note(oci->im, rule->line,
			    "\"valueTwo\" has bits that the mask has not; as with libseccomp, "
			    "they do not count");
}

static int read_cond(struct oci *oci, const struct json *object, const struct oci_rule *rule,
		     struct oci_cond *cond)
{
	static const char *const keys[] = { "index", "op", "value", "valueTwo", NULL };
	uint64_t index = 0, one = 0, two = 0;
	int has_index, has_value, has_two;

	if (object->kind != JSON_KIND_OBJECT)
		return import_fail(oci->im, oci->err, rule->line, "\"args\": expected objects");
	if (oci_keys(oci, object, keys, rule->line, "\"args\"") < 0 ||
	    read_op(oci, object, rule, cond) < 0)
		return -EINVAL;
	has_index = oci_number(oci, object, "index", rule->line, &index);
	has_value = oci_number(oci, object, "value", rule->line, &one);
	has_two = oci_number(oci, object, "valueTwo", rule->line, &two);
	if (has_index < 0 || has_value < 0 || has_two < 0)
		return -EINVAL;
	if (!has_index || !has_value)
		return import_fail(oci->im, oci->err, rule->line,
				   "\"args\": without \"index\" or \"value\"");
	if (index > 5)
		return import_fail(oci->im, oci->err, rule->line,
				   "\"index\": there are the arguments 0 to 5");
	cond->index = (unsigned int)index;
	set_values(oci, rule, cond, one, two);
	return 0;
}

/* What several conditions on one register mean is where the texts and the tools differ. */
static void several(struct oci *oci, struct oci_rule *rule, unsigned int index)
{
	rule->any = oci->options->faithful;
	import_note(oci->im, rule->line,
		    rule->any ? "several conditions on argument %u: as in runc, one of all the "
				"conditions of this entry is enough" :
				"several conditions on argument %u: here all must hold; runc "
				"would let one be enough",
		    index);
}

int oci_conds(struct oci *oci, const struct json *args, struct oci_rule *rule)
{
	unsigned int seen = 0;
	bool always = false;
	struct oci_cond *cond;
	const struct json *object;

	if (args->len > MAX_CONDS)
		return import_fail(oci->im, oci->err, rule->line, "more than %u conditions",
				   MAX_CONDS);
	rule->conds = calloc(args->len + 1, sizeof(*rule->conds));
	if (!rule->conds)
		return -ENOMEM;
	for (object = json_first(args); object; object = object->next) {
		cond = &rule->conds[rule->nconds];
		if (read_cond(oci, object, rule, cond) < 0)
			return -EINVAL;
		if (seen & 1u << cond->index)
			several(oci, rule, cond->index);
		seen |= 1u << cond->index;
		if (cond->mask)
			rule->nconds++;
		else
			always = true; /* "x & 0 == 0" */
	}
	if (always)
		import_note(oci->im, rule->line, "a mask of 0: that condition always holds");
	if (always && rule->any)
		rule->nconds = 0;
	return 0;
}

/* ---- do they overlap? ---- */

static bool holds(const struct oci_cond *cond, uint64_t value)
{
	value &= cond->mask;
	switch (cond->op) {
	case BPF_EXPR_EQ:
		return value == cond->value;
	case BPF_EXPR_NE:
		return value != cond->value;
	case BPF_EXPR_LT:
		return value < cond->value;
	case BPF_EXPR_LE:
		return value <= cond->value;
	case BPF_EXPR_GT:
		return value > cond->value;
	default: /* BPF_EXPR_GE */
		return value >= cond->value;
	}
}

static bool is_equal(const struct oci_cond *cond)
{
	return cond->op == BPF_EXPR_EQ && cond->mask == UINT64_MAX;
}

/* Nothing below A's bound is above B's: "x < 5" and "x >= 5". */
static bool apart(const struct oci_cond *a, const struct oci_cond *b)
{
	uint64_t below, above;

	if (a->op == BPF_EXPR_LT && a->value == 0)
		return true;
	if ((a->op != BPF_EXPR_LT && a->op != BPF_EXPR_LE) ||
	    (b->op != BPF_EXPR_GT && b->op != BPF_EXPR_GE))
		return false;
	below = a->op == BPF_EXPR_LT ? a->value - 1 : a->value;
	above = b->value;
	return b->op == BPF_EXPR_GT ? below <= above : below < above;
}

static bool cond_disjoint(const struct oci_cond *a, const struct oci_cond *b)
{
	if (a->index != b->index)
		return false;
	if (is_equal(a))
		return !holds(b, a->value);
	if (is_equal(b))
		return !holds(a, b->value);
	if (a->op == BPF_EXPR_EQ && b->op == BPF_EXPR_EQ)
		return ((a->value ^ b->value) & a->mask & b->mask) != 0;
	return apart(a, b) || apart(b, a);
}

bool oci_disjoint(const struct oci_rule *a, const struct oci_rule *b)
{
	size_t i, j, yes = 0;

	for (i = 0; i < a->nconds; i++)
		for (j = 0; j < b->nconds; j++)
			yes += cond_disjoint(&a->conds[i], &b->conds[j]);
	/* Of alternatives, every one must miss every other one. */
	return a->any || b->any ? yes > 0 && yes == a->nconds * b->nconds : yes > 0;
}

static bool has_cond(const struct oci_rule *rule, const struct oci_cond *cond)
{
	const struct oci_cond *own;
	size_t i;

	for (i = 0; i < rule->nconds; i++) {
		own = &rule->conds[i];
		if (own->index == cond->index && own->op == cond->op && own->mask == cond->mask &&
		    own->value == cond->value)
			return true;
	}
	return false;
}

bool oci_same_conds(const struct oci_rule *a, const struct oci_rule *b)
{
	size_t i;

	if (a->nconds != b->nconds || a->any != b->any)
		return false;
	for (i = 0; i < a->nconds; i++)
		if (!has_cond(b, &a->conds[i]) || !has_cond(a, &b->conds[i]))
			return false;
	return true;
}

/* ---- writing ---- */

/* How the ABIs of the policy read one argument of a call. */
struct reading {
	unsigned int narrow, wide; /* bits, over the ABIs that have the call */
	unsigned int reg;	   /* bits of the narrowest register */
	const char *name;	   /* good for all of them; NULL */
	bool is_signed;
};

static unsigned int lesser(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static struct reading read_as(const struct oci *oci, const struct bpf_syscall *call,
			      unsigned int index)
{
	struct reading as = { 64, 0, 64, NULL, false };
	struct bpf_argtype type;
	unsigned int abi;

	as.name = call && index < call->nargs ? call->args[index].name : NULL;
	for (abi = 0; call && abi < BPF_ABIS; abi++) {
		if (!(oci->abis & 1u << abi) || call->nr[abi] == BPF_NO_NR)
			continue;
		type = bpf_arg_type(call, (enum bpf_abi_id)abi, index);
		as.is_signed |= type.is_signed;
		as.narrow = lesser(as.narrow, type.bits);
		as.wide = as.wide > type.bits ? as.wide : type.bits;
		as.reg = lesser(as.reg, bpf_abis[abi].long64 ? 64 : 32);
		if (as.name && bpf_syscall_arg(call, (enum bpf_abi_id)abi, as.name, strlen(as.name),
					       &type) != (int)index)
			as.name = NULL;
	}
	if (as.wide == 0)
		as.wide = 64;
	return as;
}

static uint64_t ones(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* Is VALUE one of BITS bits, or a negative number of that many? */
static bool fits(uint64_t value, unsigned int bits, bool or_negative)
{
	if (bits >= 64 || value >> bits == 0)
		return true;
	return or_negative && value >> (bits - 1) == ones(64 - bits + 1);
}

/* Does the comparison say the same of the low BITS of a register as of the register? */
static bool cond_fits(const struct oci_cond *cond, unsigned int bits)
{
	if (cond->masked)
		return fits(cond->mask, bits, false);
	return fits(cond->value, bits, cond->op == BPF_EXPR_EQ || cond->op == BPF_EXPR_NE);
}

static const char *number(uint64_t value, char *buf, size_t size)
{
	if (value < 10000)
		snprintf(buf, size, "%" PRIu64, value);
	else
		snprintf(buf, size, "0x%" PRIx64, value);
	return buf;
}

static const char *const op_texts[] = {
	[BPF_EXPR_EQ] = "==", [BPF_EXPR_NE] = "!=", [BPF_EXPR_LT] = "<",
	[BPF_EXPR_LE] = "<=", [BPF_EXPR_GT] = ">",  [BPF_EXPR_GE] = ">=",
};

/* "ARG [& MASK] OP VALUE"; a MASK of 0 is not written. */
static void write_test(struct oci *oci, const char *arg, uint64_t mask, const struct oci_cond *cond,
		       unsigned int line)
{
	const bool domain = !strcmp(arg, "family") && !mask;
	const char *name = domain ? bpf_constant_name("AF_", cond->value) : NULL;
	char buf[2][32];

	import_write(oci->im, line, "%s", arg);
	if (mask)
		import_write(oci->im, line, " & %s", number(mask, buf[0], sizeof(buf[0])));
	import_write(oci->im, line, " %s %s", op_texts[cond->op],
		     name ? name : number(cond->value, buf[1], sizeof(buf[1])));
}

/* The whole register, as OCI says. */
static int write_whole(struct oci *oci, const struct oci_cond *cond, const struct reading *as,
		       const struct oci_rule *rule)
{
	const char arg[] = { 'a', 'r', 'g', (char)('0' + cond->index), '\0' };
	const bool masked = cond->masked;

	if (!fits(cond->value, as->reg, true) || (masked && !fits(cond->mask, as->reg, true)) ||
	    !(cond->mask & ones(as->reg)))
		return import_fail(
			oci->im, oci->err, rule->line,
			"argument %u is compared in 64 bits, which i386's registers have "
			"not; leave that ABI out",
			cond->index);
	write_test(oci, arg, masked ? cond->mask : 0, cond, rule->line);
	return 0;
}

static bool is_ordered(const struct oci_cond *cond)
{
	return cond->op != BPF_EXPR_EQ && cond->op != BPF_EXPR_NE;
}

static int write_cond(struct oci *oci, const struct oci_cond *cond, const char *call,
		      const struct oci_rule *rule)
{
	const struct bpf_syscall *syscall = bpf_syscall_find(call, strlen(call));
	const struct reading as = read_as(oci, syscall, cond->index);
	const char arg[] = { 'a', 'r', 'g', (char)('0' + cond->index), '\0' };
	const bool sign = is_ordered(cond) && as.is_signed; /* ours would compare signed */
	struct oci_cond low = *cond;

	if (oci->options->faithful || (as.wide == 64 && (!as.name || sign)))
		return write_whole(oci, cond, &as, rule);
	if (!cond_fits(cond, as.narrow)) {
		if (as.wide < 64)
			import_note(
				oci->im, rule->line,
				"%s: the kernel reads %u bits of argument %u, but the profile's "
				"number has more; all of the register is compared",
				call, as.wide, cond->index);
		return write_whole(oci, cond, &as, rule);
	}
	if (as.narrow == as.wide || !as.name)
		low.value &= ones(as.wide); /* a negative number has ones above */
	if (as.name && (!sign || as.narrow == as.wide)) {
		write_test(oci, as.name,
			   cond->masked ? cond->mask :
			   sign		? ones(as.narrow) :
					  0,
			   &low, rule->line);
		return 0;
	}
	write_test(oci, arg, cond->masked ? cond->mask : ones(as.wide), &low, rule->line);
	return 0;
}

int oci_write_conds(struct oci *oci, const struct oci_rule *rule, const char *name,
		    const char *first)
{
	const char *between = rule->any ? " || " : " && ";
	size_t i;

	for (i = 0; i < rule->nconds; i++) {
		import_write(oci->im, rule->line, "%s", i == 0 ? first : between);
		if (write_cond(oci, &rule->conds[i], name, rule) < 0)
			return -EINVAL;
	}
	return 0;
}
