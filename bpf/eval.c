/* SPDX-License-Identifier: MIT */
/*
 * What a policy means, said as simply as possible: walk the rules from the last to the
 * first; the first that names the call, and whose condition holds, decides.
 *
 * This is the oracle that compiled programs are measured against (verify.c), so it must
 * not share an idea with the compiler: no intervals, no 32-bit halves, no graph. It
 * computes with 64-bit integers, in the type that the kernel reads the argument as.
 */
#include "bpf/internal.h"

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

static bool holds(const struct bpf_expr *expr, const struct bpf_call *call, enum bpf_abi_id abi,
		  const struct seccomp_data *data);

static bool atom_holds(const struct bpf_expr *expr, const struct bpf_call *call,
		       enum bpf_abi_id abi, const struct seccomp_data *data)
{
	struct bpf_argtype type;
	size_t len = 0;
	int arg, order;

	while (expr->arg[len])
		len++;
	arg = bpf_call_arg(call, abi, expr->arg, len, &type);
	if (arg < 0)
		return false; /* the parser has refused such a rule */
	order = compare(expr, type, data->args[arg]);
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
	switch (expr->op) {
	case BPF_EXPR_AND:
		return holds(expr->left, call, abi, data) && holds(expr->right, call, abi, data);
	case BPF_EXPR_OR:
		return holds(expr->left, call, abi, data) || holds(expr->right, call, abi, data);
	case BPF_EXPR_NOT:
		return !holds(expr->left, call, abi, data);
	default:
		return atom_holds(expr, call, abi, data);
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

uint32_t bpf_policy_eval(const struct bpf_policy *policy, const struct seccomp_data *data,
			 const struct bpf_rule **rule)
{
	uint32_t nr = (uint32_t)data->nr;
	int abi = bpf_abi_of(data->arch, nr);
	const struct bpf_rule *match;

	if (rule)
		*rule = NULL;
	if (is_foreign(policy, data->arch, nr, abi))
		return SECCOMP_RET_KILL_PROCESS;
	nr &= ~bpf_abis[abi].nr_bit;
	match = last_match(policy, abi, nr, data);
	if (rule)
		*rule = match;
	if (match)
		return match->action;
	return nr > bpf_syscall_max(abi) ? policy->unknown_action : policy->default_action;
}
