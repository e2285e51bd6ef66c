/* SPDX-License-Identifier: MIT */
/*
 * A policy as an OCI profile.
 *
 * The format has neither an order of rules nor "and" beyond one test for each register, nor
 * types. So for each call, what the policy says is taken apart: the rules that may decide,
 * from the last up to the first without a condition; each one's condition without those of
 * later rules with other actions; and that as alternatives of one comparison for each
 * register (export_terms.c). So no two entries with conditions hold at once, and
 * what libseccomp makes of them is the policy again. Where that cannot be, because
 * alternatives are too many, or of i386's socketcall or x32's half registers, the
 * reason is told.
 */
#include "bpf/import/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- writing ---- */

static const struct {
	uint32_t action;
	const char *name;
} actions[] = {
	{ SECCOMP_RET_ALLOW, "ALLOW" },
	{ SECCOMP_RET_ERRNO, "ERRNO" },
	{ SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS" },
	{ SECCOMP_RET_KILL_THREAD, "KILL_THREAD" },
	{ SECCOMP_RET_LOG, "LOG" },
	{ SECCOMP_RET_TRACE, "TRACE" },
	{ SECCOMP_RET_TRAP, "TRAP" },
	{ SECCOMP_RET_USER_NOTIF, "NOTIFY" },
};

/* "KEY": "SCMP_ACT_ERRNO", "RET": 1 */
static void write_action(const struct export *ex, const char *key, const char *ret, uint32_t action)
{
	const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
	const char *name = "?";
	size_t i;

	for (i = 0; i < COUNT(actions); i++)
		if (actions[i].action == kind)
			name = actions[i].name;
	fprintf(ex->out, "\"%s\": \"SCMP_ACT_%s\"", key, name);
	if (kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE)
		fprintf(ex->out, ", \"%s\": %u", ret, action & SECCOMP_RET_DATA);
}

static void begin_entry(struct export *ex)
{
	fprintf(ex->out, "%s\n\t\t{ \"names\": [", ex->comma ? "," : "");
	ex->comma = true;
}

static bool is_masked(const struct oci_cond *cond)
{
	return cond->op == BPF_EXPR_EQ && cond->mask != UINT64_MAX;
}

static const char *op_name(const struct oci_cond *cond)
{
	static const char *const names[] = {
		[BPF_EXPR_EQ] = "EQ", [BPF_EXPR_NE] = "NE", [BPF_EXPR_LT] = "LT",
		[BPF_EXPR_LE] = "LE", [BPF_EXPR_GT] = "GT", [BPF_EXPR_GE] = "GE",
	};

	return is_masked(cond) ? "MASKED_EQ" : names[cond->op];
}

static void write_term(struct export *ex, uint32_t action, const struct term *term)
{
	const struct oci_cond *cond;
	const char *comma = "";
	unsigned int i;
	bool masked;

	begin_entry(ex);
	fprintf(ex->out, "\"%s\"], ", ex->call->syscall->name);
	write_action(ex, "action", "errnoRet", action);
	fprintf(ex->out, ",\n\t\t  \"args\": [");
	for (i = 0; i < 6; i++) {
		cond = &term->arg[i];
		if (!(term->used & 1u << i))
			continue;
		masked = is_masked(cond);
		fprintf(ex->out, "%s{ \"index\": %u, \"op\": \"SCMP_CMP_%s\", \"value\": %" PRIu64,
			comma, i, op_name(cond), masked ? cond->mask : cond->value);
		if (masked)
			fprintf(ex->out, ", \"valueTwo\": %" PRIu64, cond->value);
		fprintf(ex->out, " }");
		comma = ", ";
	}
	fprintf(ex->out, "] }");
}

/* ---- calls ---- */

static const struct bpf_call *call_in(const struct bpf_rule *rule, const struct bpf_syscall *call)
{
	const struct bpf_call *found;

	for (found = rule->calls; found; found = found->next)
		if (found->syscall == call)
			return found;
	return NULL;
}

/* The rule that decides when no condition of a later one holds; NULL: the default does. */
static const struct bpf_rule *find_base(const struct bpf_policy *policy,
					const struct bpf_syscall *call)
{
	const struct bpf_rule *rule, *base = NULL;

	for (rule = policy->rules; rule; rule = rule->next)
		if (!rule->cond && call_in(rule, call))
			base = rule;
	return base;
}

/* Take the conditions of the rules behind AFTER that have another action out of TERMS. */
static int without_later(const struct export *ex, struct terms *terms, const struct bpf_rule *after,
			 uint32_t action)
{
	const struct bpf_rule *rule = after ? after->next : ex->policy->rules;
	struct terms not ;
	int ret = 0;

	for (; rule && ret == 0; rule = rule->next) {
		if (!rule->cond || rule->action == action || !call_in(rule, ex->call->syscall))
			continue;
		memset(&not, 0, sizeof(not ));
		ret = export_expr(ex, &not, rule->cond, true);
		if (ret == 0)
			ret = export_and(ex, terms, &not );
		free(not .term);
	}
	return ret;
}

/* RULE decides about the call where no later one with a condition does. */
static int write_part(struct export *ex, const struct bpf_rule *rule, bool conditional)
{
	struct terms terms = { 0 };
	struct term any = { 0 };
	size_t i;
	int ret;

	ex->rule = rule;
	ret = conditional ? export_expr(ex, &terms, rule->cond, false) :
			    export_add_term(ex, &terms, &any);
	if (ret == 0)
		ret = without_later(ex, &terms, rule, rule->action);
	for (i = 0; i < terms.n && ret == 0; i++)
		write_term(ex, rule->action, &terms.term[i]);
	free(terms.term);
	return ret;
}

static int check_mux(const struct export *ex, const struct bpf_syscall *call)
{
	const char *by = oci_muxed(call->name);
	const struct bpf_rule *base;

	if (!by || !(ex->policy->abis & 1u << BPF_I386) || call->nr[BPF_I386] == BPF_NO_NR)
		return 0;
	base = find_base(ex->policy, bpf_syscall_find(by, strlen(by)));
	if (base && base->action != ex->policy->default_action)
		return 0;
	return export_refuse(
		ex, "on i386, libseccomp would give %s what %s gets, which the policy does not", by,
		call->name);
}

static bool is_there(const struct bpf_policy *policy, const struct bpf_syscall *call)
{
	unsigned int abi;

	for (abi = 0; abi < BPF_ABIS; abi++)
		if (policy->abis & 1u << abi && call->nr[abi] != BPF_NO_NR)
			return true;
	return false;
}

/* The entries of one call with conditions; those without are written together. */
static int write_call(struct export *ex, const struct bpf_syscall *call)
{
	const struct bpf_rule *base = find_base(ex->policy, call);
	const struct bpf_rule *rule = base ? base->next : ex->policy->rules;
	const uint32_t normal = ex->policy->default_action;
	bool conditions = false;
	int ret = 0;

	for (; rule && ret == 0; rule = rule->next) {
		ex->call = call_in(rule, call);
		if (!ex->call)
			continue;
		conditions = true;
		ex->rule = rule;
		ret = check_mux(ex, call);
		if (ret == 0 && rule->action != normal)
			ret = write_part(ex, rule, true);
	}
	if (ret < 0 || !conditions || !base || base->action == normal)
		return ret;
	ex->call = call_in(base, call);
	return write_part(ex, base, false);
}

/* Do rules with conditions follow the one that decides without? */
static bool is_plain(const struct bpf_policy *policy, const struct bpf_rule *base,
		     const struct bpf_syscall *call)
{
	const struct bpf_rule *rule;

	for (rule = base->next; rule; rule = rule->next)
		if (call_in(rule, call))
			return false;
	return base->action != policy->default_action;
}

/* Names of all calls that get the action of RULE without a condition, from RULE itself. */
static int write_plain(struct export *ex, const struct bpf_rule *rule)
{
	const struct bpf_call *call;
	const char *comma = "";

	ex->rule = rule;
	for (call = rule->calls; call && !rule->cond; call = call->next) {
		if (find_base(ex->policy, call->syscall) != rule ||
		    !is_plain(ex->policy, rule, call->syscall))
			continue;
		if (check_mux(ex, call->syscall) < 0)
			return -EOPNOTSUPP;
		if (!*comma)
			begin_entry(ex);
		fprintf(ex->out, "%s\"%s\"", comma, call->syscall->name);
		comma = ", ";
	}
	if (*comma) {
		fprintf(ex->out, "], ");
		write_action(ex, "action", "errnoRet", rule->action);
		fprintf(ex->out, " }");
	}
	return 0;
}

static int write_syscalls(struct export *ex)
{
	const struct bpf_rule *rule;
	size_t i;
	int ret = 0;

	for (rule = ex->policy->rules; rule && ret == 0; rule = rule->next)
		ret = write_plain(ex, rule);
	for (i = 0; i < bpf_nsyscalls && ret == 0; i++) {
		if (is_there(ex->policy, &bpf_syscalls[i]))
			ret = write_call(ex, &bpf_syscalls[i]);
	}
	return ret;
}

/* ---- the head ---- */

static int check_policy(struct export *ex)
{
	const uint32_t normal = ex->policy->default_action;
	const struct bpf_call *call;

	for (ex->rule = ex->policy->rules; ex->rule; ex->rule = ex->rule->next)
		for (call = ex->rule->calls; call; call = call->next)
			if (!call->syscall)
				return export_refuse(ex,
						     "call %u is a bare number; OCI has names only",
						     call->nr);
	if (normal == SECCOMP_RET_USER_NOTIF)
		return export_refuse(ex, "runc refuses 'notify' as the default");
	if (ex->policy->unknown_action == normal)
		return 0;
	/* runc gives ENOSYS to new numbers of its own accord, others the default. */
	if (ex->policy->unknown_action == (SECCOMP_RET_ERRNO | ENOSYS) &&
	    oci_laxer(SECCOMP_RET_TRACE, normal))
		return 0;
	return export_refuse(ex, "OCI has no 'unknown': new numbers get the default");
}

static void write_head(struct export *ex)
{
	static const char *const names[BPF_ABIS] = {
		[BPF_X86_64] = "X86_64",   [BPF_I386] = "X86",	      [BPF_X32] = "X32",
		[BPF_AARCH64] = "AARCH64", [BPF_RISCV64] = "RISCV64",
	};
	const char *comma = "";
	unsigned int abi;

	fprintf(ex->out, "{\n\t");
	write_action(ex, "defaultAction", "defaultErrnoRet", ex->policy->default_action);
	fprintf(ex->out, ",\n\t\"architectures\": [");
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(ex->policy->abis & 1u << abi))
			continue;
		fprintf(ex->out, "%s\"SCMP_ARCH_%s\"", comma, names[abi]);
		comma = ", ";
	}
	fprintf(ex->out, "],\n\t\"syscalls\": [");
}

int export_oci(FILE *out, const struct bpf_policy *policy, struct bpf_error *err)
{
	struct export ex = { .out = out, .policy = policy, .err = err };
	int ret = check_policy(&ex);

	if (ret < 0)
		return ret;
	write_head(&ex);
	ret = write_syscalls(&ex);
	fprintf(out, "\n\t]\n}\n");
	return ret;
}
