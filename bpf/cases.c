/* SPDX-License-Identifier: MIT */
/*
 * All kinds of arguments of one call, as far as a policy tells them apart.
 *
 * Every comparison that a rule makes of an argument is a question; cells.c has one value for each
 * list of answers that the questions about one argument can get, and all combinations of
 * such values are tried. To be quicker, a policy is asked that has nothing but what the policy
 * says of this number. What has too many combinations is not tried at all.
 */
#include "bpf/bench.h"
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define MAX_CASES  20000
#define MAX_ATOMS  512
#define MAX_VALUES 2048
#define SPACE	   (1u << 18)

struct cases {
	struct bpf_arena *arena;
	struct bpf_atom *atoms;
	size_t natoms;
	struct bpf_cells cells;
	uint64_t *values[6]; /* of each argument */
	size_t nvalues[6];
};

static bool prepare(struct cases *cases, struct bpf_arena *arena)
{
	unsigned int i;

	memset(cases, 0, sizeof(*cases));
	cases->arena = arena;
	cases->atoms = bpf_alloc_raw(arena, MAX_ATOMS * sizeof(*cases->atoms));
	cases->cells.space = SPACE;
	cases->cells.max = MAX_VALUES;
	cases->cells.nslots = 4 * MAX_VALUES;
	cases->cells.slots = bpf_alloc_raw(arena, cases->cells.nslots * sizeof(uint32_t));
	for (i = 0; i < 2; i++) {
		cases->cells.answers[i] = bpf_alloc_raw(arena, SPACE);
		cases->cells.values[i] = bpf_alloc_raw(arena, MAX_VALUES * sizeof(uint64_t));
	}
	return cases->atoms && cases->cells.slots && cases->cells.values[1];
}

static bool collect(struct cases *cases, const struct bpf_expr *expr, const struct bpf_call *call,
		    enum bpf_abi_id abi)
{
	struct bpf_argtype type;
	struct bpf_atom *atom;
	int arg;

	if (expr->op == BPF_EXPR_NOT)
		return collect(cases, expr->left, call, abi);
	if (expr->op == BPF_EXPR_AND || expr->op == BPF_EXPR_OR)
		return collect(cases, expr->left, call, abi) &&
		       collect(cases, expr->right, call, abi);
	arg = bpf_call_arg(call, abi, expr->arg, strlen(expr->arg), &type);
	if (arg < 0 || cases->natoms + 2 > MAX_ATOMS)
		return false;
	atom = &cases->atoms[cases->natoms++];
	atom->arg = (unsigned int)arg;
	atom->mask = expr->mask & bpf_width_mask(type.bits);
	atom->k = expr->value & bpf_width_mask(type.bits);
	atom->ordered = expr->op != BPF_EXPR_EQ && expr->op != BPF_EXPR_NE &&
			expr->op != BPF_EXPR_SET;
	if (type.is_signed && !expr->masked && atom->ordered) {
		cases->atoms[cases->natoms] = *atom; /* which side of zero is asked as well */
		cases->atoms[cases->natoms++].k = UINT64_C(1) << (type.bits - 1);
	}
	return true;
}

/* One value for each kind of argument ARG. */
static bool find_values(struct cases *cases, unsigned int arg)
{
	struct bpf_atom own[MAX_ATOMS];
	size_t i, n = 0;
	int count;

	for (i = 0; i < cases->natoms; i++) {
		if (cases->atoms[i].arg == arg)
			own[n++] = cases->atoms[i];
	}
	count = bpf_cells_find(&cases->cells, own, n);
	cases->nvalues[arg] = count > 0 ? (size_t)count : 0;
	cases->values[arg] = bpf_alloc_raw(cases->arena, cases->nvalues[arg] * 8);
	if (count <= 0 || !cases->values[arg])
		return false;
	memcpy(cases->values[arg], cases->cells.values[0], cases->nvalues[arg] * 8);
	return true;
}

static bool make_combinations(struct cases *cases, const struct bpf_policy *policy,
			      enum bpf_abi_id abi)
{
	const struct bpf_rule *rule;
	size_t total = 1;
	unsigned int arg;

	for (; policy; policy = policy->under)
		for (rule = policy->rules; rule; rule = rule->next)
			if (rule->cond && !collect(cases, rule->cond, rule->calls, abi))
				return false;
	for (arg = 0; arg < 6; arg++) {
		if (!find_values(cases, arg))
			return false;
		total *= cases->nvalues[arg];
		if (total > MAX_CASES)
			return false;
	}
	return true;
}

static bool next_combination(const struct cases *cases, size_t at[6])
{
	unsigned int arg;

	for (arg = 0; arg < 6; arg++) {
		if (++at[arg] < cases->nvalues[arg])
			return true;
		at[arg] = 0;
	}
	return false;
}

/* ---- what is said of one number ---- */

const struct bpf_call *bpf_rule_call(const struct bpf_rule *rule, enum bpf_abi_id abi, uint32_t nr)
{
	const struct bpf_call *call;

	for (call = rule->calls; call; call = call->next) {
		if (bpf_call_nr(call, abi) == (int64_t)nr)
			return call;
	}
	return NULL;
}

/* The rules of POLICY that are about NR, and name nothing else. */
static bool copy_rules(struct cases *cases, struct bpf_policy *policy, enum bpf_abi_id abi,
		       uint32_t nr)
{
	const struct bpf_rule *rule = policy->rules;
	const struct bpf_call *call;
	struct bpf_call *one;
	struct bpf_rule *copy, **tail = &policy->rules;

	for (*tail = NULL; rule; rule = rule->next) {
		call = bpf_rule_call(rule, abi, nr);
		if (!call)
			continue;
		copy = bpf_alloc(cases->arena, sizeof(*copy));
		one = bpf_alloc(cases->arena, sizeof(*one));
		if (!copy || !one)
			return false;
		*copy = *rule;
		*one = *call;
		one->next = NULL;
		copy->calls = one;
		copy->next = NULL;
		*tail = copy;
		tail = &copy->next;
	}
	return true;
}

/* POLICY with nothing but what it, and those under it, say of NR; NULL: no memory. */
static struct bpf_policy *narrow(struct cases *cases, const struct bpf_policy *policy,
				 enum bpf_abi_id abi, uint32_t nr)
{
	struct bpf_policy *first = NULL, *copy, **tail = &first;

	for (; policy; policy = policy->under) {
		copy = bpf_alloc(cases->arena, sizeof(*copy));
		if (!copy)
			return NULL;
		*copy = *policy;
		copy->under = NULL;
		if (!copy_rules(cases, copy, abi, nr))
			return NULL;
		*tail = copy;
		tail = &copy->under;
	}
	return first;
}

static int try_all(struct cases *cases, const struct bpf_policy *policy, struct seccomp_data *data,
		   bpf_case_fn *fn, void *ctx)
{
	const struct bpf_rule *rule;
	uint32_t action;
	size_t at[6] = { 0 };
	unsigned int arg;

	do {
		for (arg = 0; arg < 6; arg++)
			data->args[arg] = cases->values[arg][at[arg]];
		action = bpf_policy_eval(policy, data, &rule);
		fn(ctx, data, action, rule);
	} while (next_combination(cases, at));
	return 0;
}

int bpf_each_case(const struct bpf_policy *policy, enum bpf_abi_id abi, uint32_t nr,
		  bpf_case_fn *fn, void *ctx)
{
	struct bpf_arena *arena = policy->arena;
	const size_t used = arena->used;
	struct seccomp_data data = { .arch = bpf_abis[abi].arch,
				     .nr = (int)(nr | bpf_abis[abi].nr_bit) };
	struct bpf_policy *narrowed = NULL;
	struct cases cases;
	int ret = -E2BIG;

	if (prepare(&cases, arena))
		narrowed = narrow(&cases, policy, abi, nr);
	if (narrowed && make_combinations(&cases, narrowed, abi))
		ret = try_all(&cases, narrowed, &data, fn, ctx);
	arena->used = used;
	return ret;
}
