/* SPDX-License-Identifier: MIT */
/*
 * Why a call is allowed, or is not: the rule, the comparisons of its arguments that led
 * there, and the nearest call with which it would be otherwise.
 *
 * Which rule it was is asked of the policy itself, not of the program, and the two are proved
 * to agree. The nearest call has been run before it is named.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

struct why {
	struct job *job;
	const struct input *in;
	struct call call, other; /* OTHER: the nearest with another outcome */
	struct path path;
	struct bpf_known at[BPF_MAXINSNS];
	bool allowed, has_other, never; /* NEVER: no arguments give another outcome */
};

static bool is_argument(const struct test *test)
{
	return test->word == BPF_NOWHERE || test->word >= offsetof(struct seccomp_data, args);
}

/* ---- texts ---- */

/* "socket.family", "args[0].hi", "socket.type & 0xf" */
static const char *word_text(struct why *why, const struct test *test)
{
	struct job *job = why->job;
	char buf[BPF_REMARK];
	const char *high;

	if (test->word == BPF_NOWHERE)
		return "what was computed";
	bpf_word_name(&why->at[test->pc], test->word, buf);
	high = strstr(buf, "].hi)") ? ".hi" : "";
	buf[strcspn(buf, " ")] = '\0';
	if (test->mask != UINT32_MAX)
		return xprintf(&job->arena, "%s%s & 0x%x", buf, high, test->mask);
	return xprintf(&job->arena, "%s%s", buf, high);
}

static const char *operator(uint16_t op)
{
	return op == BPF_JEQ ? "==" : op == BPF_JGT ? ">" : op == BPF_JGE ? ">=" : "&";
}

/* The constant, by name where it has one. */
static const char *constant_text(struct why *why, const struct test *test)
{
	struct job *job = why->job;
	char remark[BPF_REMARK];

	if (BPF_SRC(why->in->prog.insn[test->pc].code) == BPF_X)
		return "x";
	bpf_remark(&why->at[test->pc], &why->in->prog.insn[test->pc], remark);
	if (*remark && strspn(remark, " >=-0123456789") < strlen(remark))
		return xprintf(&job->arena, "%s", remark + strspn(remark, " >="));
	return xprintf(&job->arena, test->k < 4096 ? "%u" : "0x%x", test->k);
}

static const char *test_text(struct why *why, const struct test *test)
{
	return xprintf(&why->job->arena, "%s %s %s", word_text(why, test), operator(test->op),
		       constant_text(why, test));
}

/* The rule that would let just this call through. */
static const char *exact_rule(struct why *why)
{
	const struct call *call = &why->call;
	struct job *job = why->job;
	const char *text = xprintf(&job->arena, "allow %s", nr_name(job, call->abi, call->nr));
	unsigned int i, n = call->syscall ? arg_count(call) : 0, said = 0;

	for (i = 0; i < n; i++) {
		if (bpf_arg_type(call->syscall, call->abi, i).pointer)
			continue; /* an address says nothing */
		text = xprintf(&job->arena, "%s%s%s == %s", text, said++ ? " && " : " if ",
			       arg_name(job, call, i), arg_text(job, call, i));
	}
	return text;
}

/* ---- what there is to say ---- */

static void find_other(struct why *why)
{
	struct explorer *ex = explorer_new(why->job, &why->in->prog);
	struct explored all;

	explore(ex, why->call.abi, why->call.nr, &all, NULL);
	why->never = why->allowed ? must_pass(&all) : !may_pass(&all);
	why->other = why->call;
	if (!why->never)
		why->has_other = flip(why->job, &why->in->prog, &why->other.data, !why->allowed);
}

static void print_rule(struct why *why)
{
	struct reason reason;

	if (!why->in->has_policy) {
		printf("by instruction %u of the program\n", why->path.last);
		return;
	}
	reason_of(why->in, &why->call, &reason);
	wrap_text(0, xprintf(&why->job->arena, "by %s", reason_text(why->job, &reason)));
}

static void print_tests(struct why *why)
{
	const struct bpf_rule *rule;
	const struct test *test;
	unsigned int i, n = 0;

	for (i = 0; i < why->path.ntests; i++) {
		test = &why->path.test[i];
		if (!is_argument(test))
			continue;
		if (!n++)
			printf("\nArguments were compared:\n");
		rule = input_rule(why->in, test->pc);
		printf("%6u  %-40s %s%s%s%s%s\n", test->pc, test_text(why, test),
		       hue(why->job, test->taken ? HUE_GOOD : HUE_BAD), test->taken ? "yes" : "no",
		       hue(why->job, HUE_NONE), rule ? ", for " : "",
		       rule ? place_text(why->job, &rule->place) : "");
	}
	if (!n)
		printf("\nNo argument was looked at: the number decides.\n");
	n = why->path.ntests - n;
	printf("%u instruction%s, %u test%s of the architecture and the number.\n", why->path.steps,
	       plural(why->path.steps), n, plural(n));
}

static void print_changes(struct why *why)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		if (why->call.data.args[i] != why->other.data.args[i])
			printf("  if %s were %s (it is %s)\n", arg_name(why->job, &why->call, i),
			       arg_text(why->job, &why->other, i),
			       arg_text(why->job, &why->call, i));
	}
}

static void print_other(struct why *why)
{
	const char *what = why->allowed ? "denied" : "allowed";
	uint32_t action;

	if (why->never) {
		printf("\nNo arguments make it %s.\n", what);
	} else if (why->has_other) {
		action = bpf_run(why->in->prog.insn, why->in->prog.len, &why->other.data, NULL);
		printf("\nIt would be %s", what);
		if (action != SECCOMP_RET_ALLOW)
			printf(", %s,", coloured_action(why->job, action));
		printf("\n");
		print_changes(why);
	} else {
		printf("\nOther arguments may make it %s; none were found nearby.\n", what);
	}
	if (!why->allowed)
		put_siblings(why->job, why->in, &why->call);
	if (!why->allowed && can_name(why->in, &why->call))
		printf("\nTo allow exactly this, add%s:\n  %s\n",
		       to_levels(why->job, why->in, levels_that_stop(why->in, &why->call.data)),
		       exact_rule(why));
}

/* ---- JSON ---- */

static json_t *json_call(struct why *why, const struct call *call)
{
	json_t *args = json_array();
	unsigned int i;

	for (i = 0; i < 6; i++)
		json_array_append_new(args, json_hex(call->data.args[i]));
	return json_pack("{s:s, s:s, s:i, s:o}", "call", call_text(why->job, call), "abi",
			 bpf_abis[call->abi].name, "nr", (int)call->nr, "args", args);
}

static json_t *json_tests(struct why *why)
{
	json_t *tests = json_array();
	const struct bpf_rule *rule;
	const struct test *test;
	unsigned int i;

	for (i = 0; i < why->path.ntests; i++) {
		test = &why->path.test[i];
		if (!is_argument(test))
			continue;
		rule = input_rule(why->in, test->pc);
		json_array_append_new(tests,
				      json_pack("{s:i, s:s, s:b, s:o}", "pc", (int)test->pc, "test",
						test_text(why, test), "holds", test->taken, "rule",
						rule ? json_place(&rule->place) : json_null()));
	}
	return tests;
}

static json_t *json_rule(struct why *why)
{
	struct reason reason;

	if (!why->in->has_policy)
		return json_null();
	reason_of(why->in, &why->call, &reason);
	return json_reason(&reason);
}

static void print_as_json(struct why *why)
{
	json_t *other = why->has_other ? json_call(why, &why->other) : json_null();

	print_json(json_pack("{s:o, s:o, s:b, s:o, s:o, s:i, s:b, s:o}", "call",
			     json_call(why, &why->call), "action", json_action(why->path.action),
			     "allowed", why->allowed, "rule", json_rule(why), "tests",
			     json_tests(why), "instructions", (int)why->path.steps,
			     "depends_on_arguments", !why->never, "nearest", other));
}

int run_why(struct job *job)
{
	struct why *why = xalloc(&job->arena, sizeof(*why));
	const char *abi = job->abi;
	struct input *in;

	job->abi = NULL; /* it says what the call is, not what the policy is for */
	in = input_load(job, job->words[0]);
	job->abi = abi;
	if (job->audit)
		return why_records(job, in);
	if (job->nwords < 2)
		die("why: expected a SYSCALL, or --audit");
	why->job = job;
	why->in = in;
	call_parse(job, in, 1, &why->call);
	bpf_analyse(&in->prog, why->at);
	path_run(&in->prog, &why->call.data, &why->path);
	why->allowed = is_let_through(why->path.action);
	find_other(why);
	if (job->json) {
		print_as_json(why);
	} else {
		printf("%s%s%s on %s: %s\n", hue(job, HUE_BOLD), call_text(job, &why->call),
		       hue(job, HUE_NONE), bpf_abis[why->call.abi].name,
		       coloured_action(job, why->path.action));
		print_rule(why);
		print_tests(why);
		print_other(why);
	}
	return why->allowed ? STATUS_YES : STATUS_NO;
}
