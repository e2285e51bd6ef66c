/* SPDX-License-Identifier: MIT */
/*
 * What one filter does that another does not: as rules, each with a call that shows it.
 *
 * Which calls those are is decided exactly (bpf/diff.c), for any two of policies, programs and
 * foreign profiles. They come as regions: numbers in a row, with a condition on the arguments. Here they
 * are sorted by what matters: what only one of the two lets through comes first.
 */
#include "bpf/sbpf/sbpf.h"

#include <errno.h>
#include <string.h>

#define MAX_SHOWN 200u /* regions; the rest is counted */
#define MAX_PARTS 32u  /* of a condition */

enum side { ONLY_A, ONLY_B, OTHERWISE, SIDES };

struct region {
	struct region *next;
	struct bpf_difference diff;
	const char *rule; /* "socket if family == AF_INET" */
	const char *witness;
};

struct differences {
	struct job *job;
	struct input *a, *b;
	const char *names[2];
	bool subset;
	struct region *first[SIDES], **last[SIDES];
	unsigned int n[SIDES], total;
};

/* ---- a region as a rule ---- */

static bool is_whole(uint64_t mask, const struct bpf_argtype *type)
{
	const uint64_t all = type->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << type->bits) - 1;

	return (mask & all) == all;
}

static const char *number_text(struct job *job, uint64_t value)
{
	return xprintf(&job->arena, value < 4096 ? "%llu" : "0x%llx", (unsigned long long)value);
}

/* VALUE as all of argument I of CALL, by name where it has one. */
static const char *value_text(struct job *job, const struct call *call, unsigned int i,
			      uint64_t value)
{
	struct call other = *call;

	other.data.args[i] = value;
	return arg_text(job, &other, i);
}

/* "family", "type & 0xf"; *WHOLE: all that the kernel reads of it. */
static const char *subject_text(struct job *job, const struct call *call,
				const struct bpf_constraint *c, bool *whole)
{
	struct bpf_argtype type = { .bits = 64 };
	const char *name = "ip";

	if (c->arg < 6) {
		name = arg_name(job, call, c->arg);
		type = bpf_arg_type(call->syscall, call->abi, c->arg);
		/* A test that sees more bits than the kernel does is one of the register. */
		if (type.bits < 64 && c->mask >> type.bits && c->mask != UINT64_MAX)
			name = xprintf(&job->arena, "arg%u", c->arg);
	}
	*whole = is_whole(c->mask, &type);
	return *whole ? name :
			xprintf(&job->arena, "%s & 0x%llx", name, (unsigned long long)c->mask);
}

static const char *constraint_text(struct job *job, const struct call *call,
				   const struct bpf_constraint *c)
{
	const char *name, *lo = number_text(job, c->lo), *hi = number_text(job, c->hi);
	bool whole;

	name = subject_text(job, call, c, &whole);
	if (c->outside && !c->lo && !c->hi && !whole)
		return name; /* "flags & 4" is "not zero" */
	if (c->lo == c->hi && whole && c->arg < 6)
		lo = value_text(job, call, c->arg, c->lo);
	if (c->lo == c->hi)
		return xprintf(&job->arena, "%s %s %s", name, c->outside ? "!=" : "==", lo);
	if (c->lo == 0)
		return xprintf(&job->arena, "%s %s %s", name, c->outside ? ">" : "<=", hi);
	if ((c->hi & c->mask) == c->mask)
		return xprintf(&job->arena, "%s %s %s", name, c->outside ? "<" : ">=", lo);
	return xprintf(&job->arena, "%s%s >= %s && %s <= %s%s", c->outside ? "!(" : "", name, lo,
		       name, hi, c->outside ? ")" : "");
}

static bool is_equality(const struct bpf_constraint *c)
{
	return !c->outside && c->lo == c->hi;
}

/* Do the values from LO to HI differ in bits that are all below those that C does not have? */
static bool is_compact(const struct bpf_constraint *c)
{
	const uint64_t differ = c->lo ^ c->hi;
	const uint64_t below = differ ? UINT64_MAX >> __builtin_clzll(differ) : 0;

	return !c->outside && (c->mask & below) == below;
}

/*
 * Bits of one argument that are tested in two parts, as if in one: one part is equal to
 * something, and the other may vary in its lowest bits.
 */
static bool join_parts(struct bpf_constraint *to, const struct bpf_constraint *with)
{
	const struct bpf_constraint *rest = is_equality(to) ? with : to;

	if (to->arg != with->arg || (to->mask & with->mask) != 0 ||
	    !(is_equality(to) || is_equality(with)) || !is_compact(rest))
		return false;
	to->mask |= with->mask;
	to->lo |= with->lo;
	to->hi |= with->hi;
	return true;
}

static unsigned int join_all(const struct bpf_difference *diff, struct bpf_constraint *to,
			     unsigned int max)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < diff->nwhen && n < max; i++) {
		for (j = 0; j < n && !join_parts(&to[j], &diff->when[i]); j++)
			;
		if (j == n)
			to[n++] = diff->when[i];
	}
	return n;
}

/* "socket", "read..close", "470 and up", "any call" */
static const char *numbers_text(struct job *job, const struct bpf_difference *diff,
				const struct call *call)
{
	const uint32_t bit = diff->abi >= 0 ? bpf_abis[diff->abi].nr_bit : 0;
	const uint32_t lo = diff->nr_lo - bit, hi = diff->nr_hi - bit;

	if (diff->abi < 0)
		return diff->nr_lo == diff->nr_hi ?
			       xprintf(&job->arena, "number 0x%x", diff->nr_lo) :
			       xprintf(&job->arena, "numbers 0x%x-0x%x", diff->nr_lo, diff->nr_hi);
	if (lo == hi)
		return nr_name(job, call->abi, lo);
	if (hi > bpf_syscall_max(call->abi))
		return lo ? xprintf(&job->arena, "%s and up", nr_name(job, call->abi, lo)) :
			    "any call";
	return xprintf(&job->arena, "%s..%s", nr_name(job, call->abi, lo),
		       nr_name(job, call->abi, hi));
}

static void fill_call(const struct bpf_difference *diff, struct call *call)
{
	memset(call, 0, sizeof(*call));
	call->data = diff->data;
	call->abi = diff->abi >= 0 ? (enum bpf_abi_id)diff->abi : bpf_abi_native();
	call->nr = (uint32_t)diff->data.nr;
	if (diff->abi >= 0) {
		call->nr &= ~bpf_abis[diff->abi].nr_bit;
		call->syscall = bpf_syscall_nr(call->abi, call->nr);
	}
}

static const char *rule_text(struct job *job, const struct bpf_difference *diff)
{
	struct bpf_constraint when[MAX_PARTS];
	unsigned int i, n = join_all(diff, when, MAX_PARTS);
	const bool exact = diff->exact && diff->nwhen <= MAX_PARTS;
	const char *text;
	struct call call;

	fill_call(diff, &call);
	text = numbers_text(job, diff, &call);
	for (i = 0; i < n; i++)
		text = xprintf(&job->arena, "%s %s %s", text, i ? "&&" : "if",
			       constraint_text(job, &call, &when[i]));
	return exact ? text :
		       xprintf(&job->arena, "%s%s", text, n ? " && ..." : " with some arguments");
}

static const char *witness_text(struct job *job, const struct bpf_difference *diff)
{
	struct call call;

	fill_call(diff, &call);
	if (diff->abi < 0)
		return xprintf(&job->arena, "number %d of architecture 0x%x", diff->data.nr,
			       diff->data.arch);
	return xprintf(&job->arena, "%s on %s", call_text(job, &call), bpf_abis[diff->abi].name);
}

/* ---- collecting ---- */

static enum side side_of(const struct bpf_difference *diff)
{
	const bool a = is_let_through(diff->actions[0]), b = is_let_through(diff->actions[1]);

	return a == b ? OTHERWISE : a ? ONLY_A : ONLY_B;
}

static int take(void *ctx, const struct bpf_difference *diff)
{
	struct differences *d = ctx;
	const enum side side = side_of(diff);
	struct region *region;

	d->n[side]++;
	if (d->total++ >= MAX_SHOWN)
		return 0;
	region = xalloc(&d->job->arena, sizeof(*region));
	region->diff = *diff;
	region->rule = rule_text(d->job, diff);
	region->witness = witness_text(d->job, diff);
	*d->last[side] = region;
	d->last[side] = &region->next;
	return 0;
}

/* ---- telling ---- */

static const char *abi_name(int abi)
{
	return abi < 0 ? "foreign" : bpf_abis[abi].name;
}

static void print_side(struct differences *d, enum side side)
{
	const char *const heads[] = {
		[ONLY_A] = xprintf(&d->job->arena, "Only %s allows", d->names[0]),
		[ONLY_B] = xprintf(&d->job->arena, "Only %s allows", d->names[1]),
		[OTHERWISE] = "Otherwise",
	};
	struct job *job = d->job;
	const struct region *region;

	if (!d->n[side])
		return;
	printf("%s%s%s, %u region%s:\n", hue(job, HUE_BOLD), heads[side], hue(job, HUE_NONE),
	       d->n[side], d->n[side] == 1 ? "" : "s");
	for (region = d->first[side]; region; region = region->next) {
		wrap_text(2,
			  xprintf(&job->arena, "%s: %s", abi_name(region->diff.abi), region->rule));
		wrap_text(6, xprintf(&job->arena, "as %s: %s, %s", region->witness,
				     coloured_action(job, region->diff.actions[0]),
				     coloured_action(job, region->diff.actions[1])));
	}
}

static void print_text(struct differences *d)
{
	unsigned int side;

	if (!d->total) {
		printf(d->subset ? "%s allows nothing that %s does not\n" :
				   "%s and %s do the same with every call\n",
		       d->names[0], d->names[1]);
		return;
	}
	for (side = 0; side < SIDES; side++)
		print_side(d, (enum side)side);
	if (d->total > MAX_SHOWN)
		printf("and %u more\n", d->total - MAX_SHOWN);
}

static json_t *json_region(struct differences *d, const struct region *region)
{
	json_t *args = json_array();
	unsigned int i;

	for (i = 0; i < 6; i++)
		json_array_append_new(args, json_hex(region->diff.data.args[i]));
	(void)d;
	return json_pack("{s:s, s:o, s:o, s:s, s:b, s:o, s:o, s:{s:s, s:o, s:o, s:o}}", "abi",
			 abi_name(region->diff.abi), "first", json_hex(region->diff.nr_lo), "last",
			 json_hex(region->diff.nr_hi), "rule", region->rule, "exact",
			 region->diff.exact, "a", json_action(region->diff.actions[0]), "b",
			 json_action(region->diff.actions[1]), "witness", "call", region->witness,
			 "arch", json_hex(region->diff.data.arch), "nr",
			 json_hex((uint32_t)region->diff.data.nr), "args", args);
}

static void print_as_json(struct differences *d)
{
	json_t *regions = json_array();
	const struct region *region;
	unsigned int side;

	for (side = 0; side < SIDES; side++) {
		for (region = d->first[side]; region; region = region->next)
			json_array_append_new(regions, json_region(d, region));
	}
	print_json(json_pack("{s:s, s:b, s:i, s:o}", "relation", d->subset ? "subset" : "equal",
			     "holds", !d->total, "regions", (int)d->total, "differences", regions));
}

static void check_error(const struct differences *d, int ret, const struct bpf_error *err)
{
	const char *which = err->place.file && *err->place.file == 'B' ? d->names[1] : d->names[0];

	if (ret >= 0)
		return;
	if (ret == -EOPNOTSUPP)
		die("%s: instruction %u: %s", which, err->place.line ? err->place.line - 1 : 0,
		    err->text);
	die("diff: %s", err->text[0] ? err->text : strerror(-ret));
}

int run_diff(struct job *job)
{
	struct differences *d = xalloc(&job->arena, sizeof(*d));
	struct bpf_error err = { 0 };
	struct bpf_pair pair = { .relation = job->subset ? BPF_SUBSET : BPF_EQUAL };
	unsigned int side;

	d->job = job;
	d->subset = job->subset;
	d->a = input_load(job, job->words[0]);
	d->names[0] = input_title(job, d->a);
	job->nstack = 0; /* that is on A */
	d->b = input_load(job, job->words[1]);
	d->names[1] = d->b->name;
	for (side = 0; side < SIDES; side++)
		d->last[side] = &d->first[side];
	pair.a = d->a->prog.insn;
	pair.alen = d->a->prog.len;
	pair.b = d->b->prog.insn;
	pair.blen = d->b->prog.len;
	check_error(d, bpf_diff_each(&pair, &job->arena, take, d, &err), &err);
	if (job->json)
		print_as_json(d);
	else
		print_text(d);
	return d->total ? STATUS_NO : STATUS_YES;
}
