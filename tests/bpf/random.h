/* SPDX-License-Identifier: MIT */
/*
 * Random policies, and random calls that come near to what a policy asks.
 *
 * Policies are made as text, so the parser has its part in the test. The sequence is
 * the same each time: a failure can be had again.
 */
#ifndef TESTS_BPF_RANDOM_H
#define TESTS_BPF_RANDOM_H

#include "bpf/bpf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned int random_below(unsigned int n)
{
	return (unsigned int)((random64() >> 33) % n);
}

/* Numbers as they are in policies: small, around powers of two, now and then anything. */
static uint64_t random_number(unsigned int bits)
{
	uint64_t all = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	switch (random_below(5)) {
	case 0:
		return random_below(4);
	case 1:
		return (UINT64_C(1) << random_below(bits)) - random_below(2);
	case 2:
		return random64() & random64() & all;
	case 3:
		return (UINT64_C(1) << random_below(bits)) | random_below(16);
	default:
		return random64() & all;
	}
}

struct random_text {
	char text[1500];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct random_text *t, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	t->len += (size_t)vsnprintf(t->text + t->len, sizeof(t->text) - t->len, format, args);
	va_end(args);
}

static void put_constant(struct random_text *t, unsigned int bits)
{
	uint64_t value = random_number(bits);

	if (random_below(5) == 0)
		put(t, "-%" PRIu64, value >> (65 - bits));
	else
		put(t, "%#" PRIx64, value);
}

static void put_atom(struct random_text *t, const struct bpf_syscall *call)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
	unsigned int arg = call ? random_below(call->nargs) : random_below(6);
	unsigned int bits = 32;
	unsigned int i, n;

	if (call)
		bits = bpf_arg_type(call, BPF_X86_64, arg).bits;
	/* Mostly what fits everywhere, else the policies with several ABIs would all fail. */
	if (bits == 64 && random_below(2))
		bits = 32;
	if (call)
		put(t, "%s", call->args[arg].name);
	else
		put(t, "arg%u", arg);
	if (random_below(3) == 0) {
		put(t, " & ");
		put_constant(t, bits);
		if (random_below(4) == 0)
			return;
	}
	if (random_below(5) > 0) {
		put(t, " %s ", ops[random_below(6)]);
		put_constant(t, bits);
		return;
	}
	put(t, " in {");
	n = 1 + random_below(4);
	for (i = 0; i < n; i++) {
		put(t, "%s", i ? ", " : "");
		put_constant(t, bits);
	}
	put(t, "}");
}

static void put_cond(struct random_text *t, const struct bpf_syscall *call, unsigned int depth)
{
	if (depth == 0 || random_below(3) == 0) {
		put_atom(t, call);
		return;
	}
	if (random_below(5) == 0) {
		put(t, "!(");
		put_cond(t, call, depth - 1);
		put(t, ")");
		return;
	}
	put(t, "(");
	put_cond(t, call, depth - 1);
	put(t, "%s", random_below(2) ? ") && (" : ") || (");
	put_cond(t, call, depth - 1);
	put(t, ")");
}

static const char *random_action(void)
{
	static const char *const actions[] = { "allow", "allow", "errno(EPERM)", "kill",
					       "log",	"trap",	 "errno(ENOSYS)" };

	return actions[random_below(sizeof(actions) / sizeof(actions[0]))];
}

/* One rule; CALLS are where conditions go, so that they meet each other. */
static void random_rule(struct random_text *t, const struct bpf_syscall *const calls[4])
{
	const struct bpf_syscall *call = calls[random_below(4)];
	unsigned int i, n;

	t->len = 0;
	put(t, "%s", random_action());
	if (random_below(3) > 0) {
		if (random_below(8) == 0) {
			put(t, " %u if ", random_below(2) ? 9 : 600);
			call = NULL;
		} else {
			put(t, " %s if ", call->name);
		}
		put_cond(t, call, random_below(4));
		return;
	}
	n = 1 + random_below(8);
	for (i = 0; i < n; i++)
		put(t, " %s", bpf_syscalls[random_below((unsigned int)bpf_nsyscalls)].name);
	if (random_below(4) == 0)
		put(t, " %u", random_below(700));
}

static const struct bpf_syscall *random_call(void)
{
	const struct bpf_syscall *call;

	do {
		call = &bpf_syscalls[random_below((unsigned int)bpf_nsyscalls)];
	} while (call->nargs == 0 || call->nr[BPF_X86_64] == BPF_NO_NR);
	return call;
}

static const char *random_abis(void)
{
	static const char *const abis[] = {
		"abi x86_64",	"abi x86_64",	   "abi x86_64 x32",   "abi x86_64 i386 x32",
		"abi x32",	"abi i386",	   "abi aarch64",      "abi aarch64 riscv64",
		"abi i386 x32", "abi x86_64 i386", "abi riscv64 i386",
	};

	return abis[random_below(sizeof(abis) / sizeof(abis[0]))];
}

/* Rules that do not parse (a name that an ABI lacks) are left out. */
static inline void random_policy(struct bpf_policy *policy, struct bpf_arena *arena)
{
	const struct bpf_place place = { "random", 1, 1 };
	const struct bpf_syscall *calls[4];
	struct random_text t;
	unsigned int i, n;

	arena->used = 0;
	bpf_policy_init(policy, arena);
	bpf_policy_line(policy, random_abis(), &place, NULL);
	snprintf(t.text, sizeof(t.text), "default %s", random_action());
	bpf_policy_line(policy, t.text, &place, NULL);
	if (random_below(2)) {
		snprintf(t.text, sizeof(t.text), "unknown %s", random_action());
		bpf_policy_line(policy, t.text, &place, NULL);
	}
	for (i = 0; i < 4; i++)
		calls[i] = random_call();
	n = 1 + random_below(10);
	for (i = 0; i < n; i++) {
		random_rule(&t, calls);
		bpf_policy_line(policy, t.text, &place, NULL);
	}
}

/* ---- calls ---- */

static const struct bpf_expr *random_atom(const struct bpf_expr *expr)
{
	while (expr->op <= BPF_EXPR_NOT)
		expr = expr->right && random_below(2) ? expr->right : expr->left;
	return expr;
}

/* A value that some atom of EXPR is about, or nearly. */
static uint64_t random_value(const struct bpf_expr *expr)
{
	uint64_t value = random_number(64);

	if (expr && random_below(8) > 0) {
		expr = random_atom(expr);
		value = expr->value + random_below(3) - 1;
		if (expr->masked && random_below(2))
			value = (value & expr->mask) | (random64() & ~expr->mask);
		if (expr->masked && random_below(4) == 0)
			value = expr->mask & random64();
	}
	switch (random_below(8)) {
	case 0:
		return value | random64() << 32;
	case 1:
		return (uint32_t)value;
	case 2:
		return value ^ UINT64_C(1) << random_below(64);
	case 3:
		return (uint64_t)(int32_t)value;
	default:
		return value;
	}
}

static const struct bpf_rule *pick_rule(const struct bpf_policy *policy)
{
	const struct bpf_rule *rule = policy->rules;
	unsigned int i;

	for (i = policy->nrules ? random_below(policy->nrules) : 0; rule && i > 0; i--)
		rule = rule->next;
	return rule;
}

static uint32_t random_nr(const struct bpf_rule *rule, enum bpf_abi_id abi)
{
	static const uint32_t odd[] = { 0x3fffffff, 0x40000000, 0x7fffffff,
					0x80000000, 0xffffffff, 0xc0000001 };
	const struct bpf_call *call = rule ? rule->calls : NULL;
	uint32_t nr = random_below(720);

	while (call && call->next && random_below(3))
		call = call->next;
	if (call && random_below(8) > 0)
		nr = call->syscall ? (uint32_t)call->syscall->nr[abi] : call->nr;
	if (random_below(16) == 0)
		nr += random_below(3) - 1;
	if (random_below(32) == 0)
		return odd[random_below(6)];
	if (random_below(16) == 0)
		nr ^= 1u << random_below(32);
	return nr | bpf_abis[abi].nr_bit;
}

static inline void random_data(const struct bpf_policy *policy, struct seccomp_data *data)
{
	const struct bpf_rule *rule = pick_rule(policy);
	enum bpf_abi_id abi;
	unsigned int i;

	do {
		abi = (enum bpf_abi_id)random_below(BPF_ABIS);
	} while (!(policy->abis & (1u << abi)) && random_below(16));
	memset(data, 0, sizeof(*data));
	data->arch = random_below(64) ? bpf_abis[abi].arch : (uint32_t)random64();
	data->nr = (int)random_nr(rule, abi);
	data->instruction_pointer = random64();
	for (i = 0; i < 6; i++)
		data->args[i] = random_value(rule ? rule->cond : NULL);
}

#endif
