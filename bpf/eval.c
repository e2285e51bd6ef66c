/* SPDX-License-Identifier: MIT */
/*
 * What a policy means, said as simply as possible: walk the rules from the last to the
 * first; the first that names the call, and whose condition holds, decides.
 *
 * This is the oracle that compiled programs are measured against (verify.c), so it must
 * not share an idea with the compiler: no intervals, no 32-bit halves, no graph. It
 * computes with 64-bit integers, in the type that the kernel reads the argument as.
 *
 * The proof asks about each number of the table, so there is the same once more with the rules
 * sorted by number, and the names of arguments looked up; what they mean is the same code.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

/* The bits that the kernel reads, as the number that they are to it. */
static int64_t as_signed(uint64_t value, unsigned int bits)
{
	unsigned int unused = 64 - bits;

	return (int64_t)(value << unused) >> unused;
}

static int compare_signed(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

static int compare_unsigned(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

/* Below zero, zero or above, as the argument is below, equal to or above the constant. */
static int compare(const struct bpf_expr *expr, struct bpf_argtype type, uint64_t raw)
{
	uint64_t all = bpf_width_mask(type.bits);
	uint64_t value = expr->op == BPF_EXPR_SET ? 0 : expr->value;

	if (type.is_signed && !expr->masked)
		return compare_signed(as_signed(raw, type.bits), as_signed(value, type.bits));
	return compare_unsigned(raw & expr->mask & all, value & all);
}

/* Does the comparison hold for ARG, read as TYPE says? */
static bool atom_holds(const struct bpf_expr *expr, unsigned int arg, struct bpf_argtype type,
		       const struct seccomp_data *data)
{
	const int order = compare(expr, type, data->args[arg]);

	switch (expr->op) {
	case BPF_EXPR_EQ:
		return order == 0;
	case BPF_EXPR_LT:
		return order < 0;
	case BPF_EXPR_LE:
		return order <= 0;
	case BPF_EXPR_GT:
		return order > 0;
	case BPF_EXPR_GE:
		return order >= 0;
	default: /* BPF_EXPR_NE; BPF_EXPR_SET is "!= 0" */
		return order != 0;
	}
}

static bool holds(const struct bpf_expr *expr, const struct bpf_call *call, enum bpf_abi_id abi,
		  const struct seccomp_data *data)
{
	struct bpf_argtype type;
	int arg;

	switch (expr->op) {
	case BPF_EXPR_AND:
		return holds(expr->left, call, abi, data) && holds(expr->right, call, abi, data);
	case BPF_EXPR_OR:
		return holds(expr->left, call, abi, data) || holds(expr->right, call, abi, data);
	case BPF_EXPR_NOT:
		return !holds(expr->left, call, abi, data);
	default:
		arg = bpf_call_arg(call, abi, expr->arg, strlen(expr->arg), &type);
		/* A rule with no such argument, the parser has refused. */
		return arg >= 0 && atom_holds(expr, (unsigned int)arg, type, data);
	}
}

static const struct bpf_call *find_call(const struct bpf_rule *rule, enum bpf_abi_id abi,
					uint32_t nr)
{
	const struct bpf_call *call;

	for (call = rule->calls; call; call = call->next)
		if (bpf_call_nr(call, abi) == (int64_t)nr)
			return call;
	return NULL;
}

/*
 * Rules are linked forwards, and are wanted backwards: remember the last match. A rule
 * without a condition that comes later makes the earlier ones moot, but looking
 * at them costs little and reads plainly.
 */
static const struct bpf_rule *last_match(const struct bpf_policy *policy, enum bpf_abi_id abi,
					 uint32_t nr, const struct seccomp_data *data)
{
	const struct bpf_rule *rule, *match = NULL;
	const struct bpf_call *call;

	for (rule = policy->rules; rule; rule = rule->next) {
		call = find_call(rule, abi, nr);
		if (call && (!rule->cond || holds(rule->cond, call, abi, data)))
			match = rule;
	}
	return match;
}

/* x86's numbers are an int to the kernel: a negative one is of no ABI. */
static bool is_foreign(const struct bpf_policy *policy, uint32_t arch, uint32_t nr, int abi)
{
	if (abi < 0 || !(policy->abis & (1u << abi)))
		return true;
	return arch == bpf_abis[BPF_X86_64].arch && nr > INT32_MAX;
}

/* What becomes of NR, x32's bit taken off, when no rule matches; MAX is the highest known. */
static uint32_t fallback(const struct bpf_policy *policy, uint32_t max, uint32_t nr)
{
	return nr > max ? policy->unknown_action : policy->default_action;
}

/* One policy of a stack. */
static uint32_t eval_one(const struct bpf_policy *policy, const struct seccomp_data *data,
			 const struct bpf_rule **rule)
{
	uint32_t nr = (uint32_t)data->nr;
	int abi = bpf_abi_of(data->arch, nr);

	*rule = NULL;
	if (is_foreign(policy, data->arch, nr, abi))
		return SECCOMP_RET_KILL_PROCESS;
	nr &= ~bpf_abis[abi].nr_bit;
	*rule = last_match(policy, abi, nr, data);
	return *rule ? (*rule)->action : fallback(policy, bpf_syscall_max(abi), nr);
}

/* As seccomp_run_filters() does: the newest first, and of equal ones it stays with the first. */
uint32_t bpf_policy_eval(const struct bpf_policy *policy, const struct seccomp_data *data,
			 const struct bpf_rule **rule)
{
	const struct bpf_rule *decided, *match;
	uint32_t action = eval_one(policy, data, &decided), other;

	while ((policy = policy->under)) {
		other = eval_one(policy, data, &match);
		if (bpf_strictest(action, other) != action) {
			action = other;
			decided = match;
		}
	}
	if (rule)
		*rule = decided;
	return action;
}

/* ---- the same, looked up beforehand ---- */

static struct bpf_question *look_up(struct bpf_arena *arena, const struct bpf_expr *expr,
				    const struct bpf_call *call, enum bpf_abi_id abi)
{
	struct bpf_question *q = bpf_alloc(arena, sizeof(*q));
	int arg;

	if (!q)
		return NULL;
	q->expr = expr;
	if (expr->op <= BPF_EXPR_NOT) {
		q->left = look_up(arena, expr->left, call, abi);
		if (expr->op != BPF_EXPR_NOT)
			q->right = look_up(arena, expr->right, call, abi);
		return q->left && (q->right || expr->op == BPF_EXPR_NOT) ? q : NULL;
	}
	arg = bpf_call_arg(call, abi, expr->arg, strlen(expr->arg), &q->type);
	q->arg = arg < 0 ? 0 : (unsigned int)arg;
	return q;
}

static bool answer(const struct bpf_question *q, const struct seccomp_data *data)
{
	switch (q->expr->op) {
	case BPF_EXPR_AND:
		return answer(q->left, data) && answer(q->right, data);
	case BPF_EXPR_OR:
		return answer(q->left, data) || answer(q->right, data);
	case BPF_EXPR_NOT:
		return !answer(q->left, data);
	default:
		return atom_holds(q->expr, q->arg, q->type, data);
	}
}

/* Before those that are there: the later rule decides. */
static int add_entry(struct bpf_index *index, enum bpf_abi_id abi, const struct bpf_rule *rule,
		     const struct bpf_call *call)
{
	struct bpf_arena *arena = index->policy->arena;
	struct bpf_entry **row = &index->rows[abi][(size_t)bpf_call_nr(call, abi) % BPF_ROWS];
	struct bpf_entry *entry = bpf_alloc_raw(arena, sizeof(*entry));

	if (!entry)
		return -E2BIG;
	*entry = (struct bpf_entry){ .next = *row, .rule = rule, .call = call };
	if (rule->cond) {
		entry->cond = look_up(arena, rule->cond, call, abi);
		if (!entry->cond)
			return -E2BIG;
	}
	*row = entry;
	return 0;
}

static int make_rows(struct bpf_index *index, enum bpf_abi_id abi)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;

	index->rows[abi] = bpf_alloc(index->policy->arena, BPF_ROWS * sizeof(struct bpf_entry *));
	if (!index->rows[abi])
		return -E2BIG;
	for (rule = index->policy->rules; rule; rule = rule->next)
		for (call = rule->calls; call; call = call->next)
			if (bpf_call_nr(call, abi) != BPF_NO_NR &&
			    add_entry(index, abi, rule, call) < 0)
				return -E2BIG;
	return 0;
}

int bpf_index_make(struct bpf_index *index, const struct bpf_policy *policy)
{
	unsigned int abi;

	memset(index, 0, sizeof(*index));
	index->policy = policy;
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(policy->abis & 1u << abi))
			continue;
		index->max[abi] = bpf_syscall_max((enum bpf_abi_id)abi);
		if (make_rows(index, (enum bpf_abi_id)abi) < 0)
			return -E2BIG;
	}
	if (!policy->under)
		return 0;
	index->under = bpf_alloc(policy->arena, sizeof(*index));
	return index->under ? bpf_index_make(index->under, policy->under) : -E2BIG;
}

static uint32_t index_eval_one(const struct bpf_index *index, const struct seccomp_data *data)
{
	const struct bpf_policy *policy = index->policy;
	uint32_t nr = (uint32_t)data->nr;
	int abi = bpf_abi_of(data->arch, nr);
	const struct bpf_entry *entry;

	if (is_foreign(policy, data->arch, nr, abi))
		return SECCOMP_RET_KILL_PROCESS;
	nr &= ~bpf_abis[abi].nr_bit;
	for (entry = bpf_index_find(index, abi, nr); entry;
	     entry = bpf_entry_of(entry->next, abi, nr))
		if (!entry->cond || answer(entry->cond, data))
			return entry->rule->action;
	return fallback(policy, index->max[abi], nr);
}

uint32_t bpf_index_eval(const struct bpf_index *index, const struct seccomp_data *data)
{
	uint32_t action = index_eval_one(index, data);

	while ((index = index->under))
		action = bpf_strictest(action, index_eval_one(index, data));
	return action;
}
