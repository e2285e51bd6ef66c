/* SPDX-License-Identifier: MIT */
/*
 * What is valid in a policy and probably not meant.
 *
 * Nothing is guessed: the policy itself (eval.c) is asked about every kind of arguments that
 * its rules tell apart (cases.c). A rule that decided none of them is unreachable; a condition
 * that was the same for all is no condition. To ask about one condition alone, a policy is
 * made that has no other rule. What has too many combinations is passed over.
 *
 * Of a stack, each policy is doubted alone, since each is to be right with any other; but
 * what one of them stops is no way around another.
 *
 * Siblings are in siblings.c: calls that do what another does.
 */
#include "bpf/lint.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* ---- findings ---- */

void bpf_lint_tell(struct bpf_lint *lint, const struct bpf_finding *what, const char *format, ...)
{
	struct bpf_finding finding = *what;
	va_list ap;

	va_start(ap, format);
	vsnprintf(finding.text, sizeof(finding.text), format, ap);
	va_end(ap);
	lint->findings += !finding.note;
	lint->fn(lint->ctx, &finding);
}

/* ---- what becomes of each call ---- */

bool bpf_is_let_through(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static void note_fate(void *ctx, const struct seccomp_data *data, uint32_t action,
		      const struct bpf_rule *rule)
{
	struct bpf_lint *lint = ctx;
	struct bpf_fate *fate = lint->fate;

	(void)data;
	if (bpf_is_let_through(action))
		fate->passes = true;
	else
		fate->stops = true;
	if (rule && !bpf_is_let_through(action) && !fate->rule)
		fate->rule = lint->rule_of[rule->number];
	if (rule && bpf_is_let_through(action) && !fate->allows)
		fate->allows = lint->rule_of[rule->number];
	if (!bpf_is_let_through(action) && action != (SECCOMP_RET_ERRNO | ENOSYS))
		fate->not_enosys = true;
	if (rule)
		lint->decides[rule->number] = true;
}

/* Fills lint->fates[abi][nr]; what is too much is neither passing nor stopping. */
static void find_fate(struct bpf_lint *lint, enum bpf_abi_id abi, uint32_t nr)
{
	const struct bpf_rule *rule;

	lint->fate = &lint->fates[abi][nr];
	if (bpf_each_case(lint->policy, abi, nr, note_fate, lint) == 0)
		return;
	memset(lint->fate, 0, sizeof(*lint->fate));
	for (rule = lint->policy->rules; rule; rule = rule->next) {
		if (bpf_rule_call(rule, abi, nr))
			lint->decides[rule->number] = true;
	}
}

/* ---- unreachable rules ---- */

/* Has a rule that comes later a call of RULE? The last such. */
static const struct bpf_rule *who_overrides(const struct bpf_rule *rule)
{
	const struct bpf_rule *later, *found = NULL;
	const struct bpf_call *call, *other;

	for (later = rule->next; later; later = later->next) {
		for (call = rule->calls; call; call = call->next) {
			for (other = later->calls; other; other = other->next) {
				if (other->syscall == call->syscall && other->nr == call->nr)
					found = later;
			}
		}
	}
	return found;
}

/* Is the rule about any call that some ABI of the policy has? */
static bool is_about_something(const struct bpf_lint *lint, const struct bpf_rule *rule)
{
	const struct bpf_call *call;
	unsigned int abi;

	for (call = rule->calls; call; call = call->next) {
		for (abi = 0; abi < BPF_ABIS; abi++) {
			if (lint->policy->abis & 1u << abi &&
			    bpf_call_nr(call, (enum bpf_abi_id)abi) != BPF_NO_NR)
				return true;
		}
	}
	return false;
}

static void check_reach(struct bpf_lint *lint, const struct bpf_rule *rule)
{
	struct bpf_finding finding = { .check = "unreachable", .place = rule->place };
	const struct bpf_rule *by = who_overrides(rule);

	if (lint->decides[rule->number])
		return;
	if (!is_about_something(lint, rule)) {
		finding.note = true;
		bpf_lint_tell(lint, &finding, "no ABI of the policy has these calls");
	} else if (by) {
		/* A policy that includes another is there to say otherwise. */
		finding.note = strcmp(by->place.file ? by->place.file : "",
				      rule->place.file ? rule->place.file : "") != 0;
		bpf_lint_tell(lint, &finding, "never decides: line %u%s%.60s has the last word",
			      by->place.line, finding.note ? " of " : "",
			      finding.note ? by->place.file : "");
	}
}

/* ---- conditions that are none ---- */

#define SAW_FALSE   1u
#define SAW_TRUE    2u
#define NOT_COUNTED 4u

static void note_truth(void *ctx, const struct seccomp_data *data, uint32_t action,
		       const struct bpf_rule *rule)
{
	struct bpf_lint *lint = ctx;

	(void)data;
	(void)action;
	lint->truth |= rule ? SAW_TRUE : SAW_FALSE;
}

/* What EXPR comes to, over all calls of RULE under all ABIs, and all their arguments. */
static unsigned int truth_of(struct bpf_lint *lint, const struct bpf_rule *rule,
			     const struct bpf_expr *expr)
{
	struct bpf_policy policy = *lint->policy;
	const struct bpf_call *call;
	struct bpf_rule alone = *rule;
	unsigned int abi;
	uint32_t nr;

	lint->truth = 0;
	policy.rules = &alone;
	alone.next = NULL;
	alone.cond = expr;
	for (call = rule->calls; call; call = call->next) {
		struct bpf_call one = *call;

		one.next = NULL;
		alone.calls = &one;
		for (abi = 0; abi < BPF_ABIS; abi++) {
			if (!(policy.abis & 1u << abi) ||
			    bpf_call_nr(call, (enum bpf_abi_id)abi) == BPF_NO_NR)
				continue;
			nr = (uint32_t)bpf_call_nr(call, (enum bpf_abi_id)abi);
			if (bpf_each_case(&policy, (enum bpf_abi_id)abi, nr, note_truth, lint) < 0)
				lint->truth |= NOT_COUNTED;
		}
	}
	return lint->truth;
}

/* The largest part of a condition that is always the same; true: it is all of it, and false. */
static bool check_truth(struct bpf_lint *lint, const struct bpf_rule *rule,
			const struct bpf_expr *expr)
{
	const bool joined = expr->op == BPF_EXPR_AND || expr->op == BPF_EXPR_OR;
	struct bpf_finding finding = { .place = expr->place };

	switch (truth_of(lint, rule, expr)) {
	case SAW_FALSE:
		finding.check = "contradiction";
		bpf_lint_tell(lint, &finding, "this is never so, whatever the arguments are");
		return expr == rule->cond;
	case SAW_TRUE:
		finding.check = "tautology";
		bpf_lint_tell(lint, &finding, "this is always so, whatever the arguments are");
		return false;
	}
	if (joined || expr->op == BPF_EXPR_NOT)
		check_truth(lint, rule, expr->left);
	if (joined)
		check_truth(lint, rule, expr->right);
	return false;
}

/* ---- arguments ---- */

/* The first call of RULE that a test of "argN" reads more of than the kernel does; NULL. */
static const struct bpf_syscall *too_wide(const struct bpf_lint *lint, const struct bpf_rule *rule,
					  unsigned int i)
{
	const struct bpf_call *call;
	unsigned int abi;

	for (call = rule->calls; call; call = call->next) {
		for (abi = 0; abi < BPF_ABIS; abi++) {
			if (lint->policy->abis & 1u << abi && bpf_abis[abi].long64 &&
			    call->syscall && i < call->syscall->nargs &&
			    call->syscall->nr[abi] != BPF_NO_NR &&
			    bpf_arg_type(call->syscall, (enum bpf_abi_id)abi, i).bits < 64)
				return call->syscall;
		}
	}
	return NULL;
}

static const struct bpf_syscall *points(const struct bpf_lint *lint, const struct bpf_rule *rule,
					const struct bpf_expr *expr)
{
	const struct bpf_call *call;
	unsigned int abi;
	struct bpf_argtype type;
	int i;

	for (call = rule->calls; call; call = call->next) {
		for (abi = 0; abi < BPF_ABIS; abi++) {
			if (!(lint->policy->abis & 1u << abi) || !call->syscall ||
			    call->syscall->nr[abi] == BPF_NO_NR)
				continue;
			i = bpf_call_arg(call, (enum bpf_abi_id)abi, expr->arg, strlen(expr->arg),
					 &type);
			if (i >= 0 &&
			    bpf_arg_type(call->syscall, (enum bpf_abi_id)abi, (unsigned int)i)
				    .pointer)
				return call->syscall;
		}
	}
	return NULL;
}

static void check_atom(struct bpf_lint *lint, const struct bpf_rule *rule,
		       const struct bpf_expr *expr)
{
	struct bpf_finding finding = { .place = expr->place };
	const struct bpf_syscall *call = points(lint, rule, expr);
	unsigned int i;

	if (call && (expr->masked || expr->value != 0)) {
		finding.check = "pointer";
		bpf_lint_tell(
			lint, &finding,
			"'%s' of %s is a pointer: an address says nothing about what is there",
			expr->arg, call->name);
	}
	if (strlen(expr->arg) != 4 || strncmp(expr->arg, "arg", 3) != 0)
		return;
	i = (unsigned int)(expr->arg[3] - '0');
	call = i < 6 ? too_wide(lint, rule, i) : NULL;
	if (!call)
		return;
	finding.check = "width";
	bpf_lint_tell(lint, &finding,
		      "'%s' is all 64 bits; of '%s' of %s the kernel reads fewer: call it by name",
		      expr->arg, call->args[i].name, call->name);
}

static void check_atoms(struct bpf_lint *lint, const struct bpf_rule *rule,
			const struct bpf_expr *expr)
{
	if (expr->op == BPF_EXPR_AND || expr->op == BPF_EXPR_OR) {
		check_atoms(lint, rule, expr->left);
		check_atoms(lint, rule, expr->right);
	} else if (expr->op == BPF_EXPR_NOT) {
		check_atoms(lint, rule, expr->left);
	} else {
		check_atom(lint, rule, expr);
	}
}

/* ---- all together ---- */

static void check_abis(struct bpf_lint *lint)
{
	const struct bpf_finding finding = { .check = "abi",
					     .note = true,
					     .place = lint->policy->default_place };
	const bool x86 = lint->policy->abis == 1u << BPF_X86_64;

	if (!lint->policy->has_abi)
		bpf_lint_tell(lint, &finding, "no 'abi' line: for %s alone; %s kill",
			      bpf_abis[bpf_abi_native()].name,
			      x86 ? "calls of i386 and x32" : "calls of others");
}

static int prepare(struct bpf_lint *lint)
{
	struct bpf_arena *arena = lint->policy->arena;
	const struct bpf_rule *rule, *last = lint->policy->last;
	const size_t n = last ? last->number + 1 : 1; /* those of a stack are numbered through */
	unsigned int i;

	lint->decides = bpf_alloc(arena, n);
	lint->rule_of = bpf_alloc(arena, n * sizeof(struct bpf_rule *));
	if (!lint->decides || !lint->rule_of)
		return -E2BIG;
	for (rule = lint->policy->rules; rule; rule = rule->next)
		lint->rule_of[rule->number] = rule;
	for (i = 0; i < BPF_ABIS; i++) {
		lint->fates[i] = bpf_alloc(arena, BPF_LINT_NRS * sizeof(*lint->fates[i]));
		if (!lint->fates[i])
			return -E2BIG;
	}
	return 0;
}

/* Bare numbers beyond the tables count only for whether their rules are reached. */
static void find_fates(struct bpf_lint *lint)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	unsigned int abi;
	uint32_t nr;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(lint->policy->abis & 1u << abi))
			continue;
		for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi); nr++)
			find_fate(lint, (enum bpf_abi_id)abi, nr);
	}
	for (rule = lint->policy->rules; rule; rule = rule->next) {
		for (call = rule->calls; call; call = call->next) {
			if (!call->syscall && call->nr >= BPF_LINT_NRS - 1)
				lint->decides[rule->number] = true;
		}
	}
}

/* What is so of each policy of the stack, POLICY being the uppermost. */
static int study(const struct bpf_policy *policy, struct bpf_lint **first)
{
	struct bpf_arena *arena = policy->arena;
	struct bpf_lint *lint, **tail = first;
	struct bpf_policy *alone;

	for (; policy; policy = policy->under) {
		alone = bpf_alloc(arena, sizeof(*alone));
		lint = bpf_alloc(arena, sizeof(*lint));
		if (!alone || !lint)
			return -E2BIG;
		*alone = *policy;
		alone->under = NULL;
		alone->arena = arena;
		lint->policy = alone;
		lint->stack = tail == first ? lint : *first;
		*tail = lint;
		tail = &lint->under;
		if (prepare(lint) < 0)
			return -E2BIG;
		find_fates(lint);
	}
	return 0;
}

static void doubt(struct bpf_lint *lint)
{
	const struct bpf_rule *rule;
	bool never;

	for (rule = lint->policy->rules; rule; rule = rule->next) {
		never = rule->cond && check_truth(lint, rule, rule->cond);
		if (rule->cond)
			check_atoms(lint, rule, rule->cond);
		if (!never)
			check_reach(lint, rule);
	}
	bpf_lint_siblings(lint);
	check_abis(lint);
}

int bpf_lint(const struct bpf_policy *policy, bpf_finding_fn *fn, void *ctx)
{
	const size_t used = policy->arena->used;
	struct bpf_lint *stack = NULL, *lint;
	int ret = study(policy, &stack);

	for (lint = stack; ret >= 0 && lint; lint = lint->under) {
		lint->fn = fn;
		lint->ctx = ctx;
		doubt(lint);
		ret += lint->findings;
	}
	policy->arena->used = used;
	return ret;
}
