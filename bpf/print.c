/* SPDX-License-Identifier: MIT */
/*
 * A policy as text again, in a form that bpf_policy_line() takes and that prints the
 * same when read back. Sets are gone (rules have their calls), what was left unsaid is
 * said, and "a == 1 || a == 2" becomes "a in {1, 2}".
 */
#include "bpf/internal.h"

#include <string.h>

/* A rule of more calls than this is printed as several: lines have a limit of 4 KiB. */
#define CALLS_PER_LINE 100

static bool same_arg(const struct bpf_expr *a, const struct bpf_expr *b)
{
	return strcmp(a->arg, b->arg) == 0 && a->masked == b->masked && a->mask == b->mask;
}

/* The first "arg == value" of a chain of nothing else, all of one argument; NULL. */
static const struct bpf_expr *chain_head(const struct bpf_expr *expr)
{
	const struct bpf_expr *head;

	if (expr->op == BPF_EXPR_EQ)
		return expr;
	if (expr->op != BPF_EXPR_OR || expr->right->op != BPF_EXPR_EQ)
		return NULL;
	head = chain_head(expr->left);
	return head && same_arg(head, expr->right) ? head : NULL;
}

static void print_values(FILE *out, const struct bpf_expr *expr)
{
	if (expr->op == BPF_EXPR_OR) {
		print_values(out, expr->left);
		fputs(", ", out);
		expr = expr->right;
	}
	fputs(expr->value_text, out);
}

static void print_atom(FILE *out, const struct bpf_expr *expr)
{
	static const char *const ops[] = {
		[BPF_EXPR_EQ] = "==", [BPF_EXPR_NE] = "!=", [BPF_EXPR_LT] = "<",
		[BPF_EXPR_LE] = "<=", [BPF_EXPR_GT] = ">",  [BPF_EXPR_GE] = ">=",
	};

	fputs(expr->arg, out);
	if (expr->masked)
		fprintf(out, " & %s", expr->mask_text);
	if (expr->op != BPF_EXPR_SET)
		fprintf(out, " %s %s", ops[expr->op], expr->value_text);
}

static void print_expr(FILE *out, const struct bpf_expr *expr);

static void print_in(FILE *out, const struct bpf_expr *expr, const struct bpf_expr *head)
{
	fputs(head->arg, out);
	if (head->masked)
		fprintf(out, " & %s", head->mask_text);
	fputs(" in {", out);
	print_values(out, expr);
	fputc('}', out);
}

/* Parentheses where the grammar would read it otherwise. */
static void print_inner(FILE *out, const struct bpf_expr *expr, bool parens)
{
	if (parens)
		fputc('(', out);
	print_expr(out, expr);
	if (parens)
		fputc(')', out);
}

static void print_expr(FILE *out, const struct bpf_expr *expr)
{
	const struct bpf_expr *head;

	switch (expr->op) {
	case BPF_EXPR_AND:
		print_inner(out, expr->left, expr->left->op == BPF_EXPR_OR);
		fputs(" && ", out);
		print_inner(out, expr->right, expr->right->op == BPF_EXPR_OR);
		return;
	case BPF_EXPR_OR:
		head = chain_head(expr);
		if (head) {
			print_in(out, expr, head);
			return;
		}
		print_expr(out, expr->left);
		fputs(" || ", out);
		print_expr(out, expr->right);
		return;
	case BPF_EXPR_NOT:
		fputc('!', out);
		print_inner(out, expr->left, expr->left->op != BPF_EXPR_NOT);
		return;
	default:
		print_atom(out, expr);
	}
}

static const struct bpf_call *print_calls(FILE *out, const struct bpf_call *call, unsigned int max)
{
	for (; call && max > 0; call = call->next, max--) {
		if (call->syscall)
			fprintf(out, " %s", call->syscall->name);
		else
			fprintf(out, " %u", call->nr);
	}
	return call;
}

static void print_lines(FILE *out, const struct bpf_rule *rule, unsigned int per_line)
{
	const struct bpf_call *call = rule->calls;
	char action[32];

	bpf_action_name(rule->action, action, sizeof(action));
	while (call) {
		fputs(action, out);
		call = print_calls(out, call, per_line);
		if (rule->cond) {
			fputs(" if ", out);
			print_expr(out, rule->cond);
		}
		if (call)
			fputc('\n', out);
	}
}

void bpf_rule_print(FILE *out, const struct bpf_rule *rule)
{
	print_lines(out, rule, UINT32_MAX);
}

void bpf_policy_print(FILE *out, const struct bpf_policy *policy)
{
	const struct bpf_rule *rule;
	char action[32];
	unsigned int abi;

	fputs("abi", out);
	for (abi = 0; abi < BPF_ABIS; abi++)
		if (policy->abis & (1u << abi))
			fprintf(out, " %s", bpf_abis[abi].name);
	fputc('\n', out);
	if (policy->has_default)
		fprintf(out, "default %s\n",
			bpf_action_name(policy->default_action, action, sizeof(action)));
	fprintf(out, "unknown %s\n",
		bpf_action_name(policy->unknown_action, action, sizeof(action)));
	for (rule = policy->rules; rule; rule = rule->next) {
		print_lines(out, rule, CALLS_PER_LINE);
		fputc('\n', out);
	}
}
