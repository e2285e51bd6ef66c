/* SPDX-License-Identifier: MIT */
/*
 * What of a policy, or of several, decides a call; and which of them have to say otherwise, if
 * it is to be allowed.
 *
 * A stack is asked policy by policy, as the kernel asks filter by filter: the strictest
 * answer counts, and of two that are alike that of the newer one.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

/* ---- one policy of the stack ---- */

/* Level 0 is the newest. */
static const char *level_name(const struct job *job, const struct input *in, unsigned int level)
{
	return level < job->nstack ? job->stack[job->nstack - 1 - level] : in->name;
}

static uint32_t ask_one(const struct bpf_policy *policy, const struct seccomp_data *data)
{
	struct bpf_policy alone = *policy;

	alone.under = NULL;
	return bpf_policy_eval(&alone, data, NULL);
}

static const struct bpf_policy *decider(const struct bpf_policy *policy,
					const struct seccomp_data *data)
{
	const struct bpf_policy *best = policy;
	uint32_t action = ask_one(policy, data), other;

	while ((policy = policy->under)) {
		other = ask_one(policy, data);
		if (bpf_strictest(action, other) != action) {
			action = other;
			best = policy;
		}
	}
	return best;
}

unsigned int levels_that_stop(const struct input *in, const struct seccomp_data *data)
{
	const struct bpf_policy *policy = &in->policy;
	unsigned int level, set = 0;

	for (level = 0; policy; policy = policy->under, level++) {
		if (!is_let_through(ask_one(policy, data)))
			set |= 1u << level;
	}
	return set;
}

const char *to_levels(struct job *job, const struct input *in, unsigned int levels)
{
	const char *text = "";
	unsigned int level;

	if (!job->nstack)
		return text;
	for (level = job->nstack + 1; level-- > 0;) {
		if (levels & 1u << level)
			text = xprintf(&job->arena, "%s%s%s", text, *text ? " and to " : " to ",
				       level_name(job, in, level));
	}
	return text;
}

const char *input_title(struct job *job, const struct input *in)
{
	const char *text = in->name;
	unsigned int i;

	for (i = 0; i < job->nstack; i++)
		text = xprintf(&job->arena, "%s+%s", text, job->stack[i]);
	return text;
}

/* ---- what decided ---- */

void reason_of(const struct input *in, const struct call *call, struct reason *reason)
{
	const struct bpf_policy *policy = decider(&in->policy, &call->data);
	const struct bpf_rule *rule;

	memset(reason, 0, sizeof(*reason));
	reason->action = bpf_policy_eval(&in->policy, &call->data, &rule);
	if (rule) {
		reason->text = rule->text;
		reason->place = &rule->place;
	} else if (!(policy->abis & 1u << call->abi) || call->nr > INT32_MAX) {
		reason->text = "a call of an ABI that the policy does not name kills";
	} else if (call->nr > bpf_syscall_max(call->abi)) {
		reason->text = "unknown: a number newer than the tables";
		reason->place = policy->has_unknown ? &policy->unknown_place : NULL;
	} else {
		reason->text = "default: no rule matches";
		reason->place = &policy->default_place;
	}
}

const char *reason_text(struct job *job, const struct reason *reason)
{
	if (!reason->place)
		return reason->text;
	return xprintf(&job->arena, "%s: %s", place_text(job, reason->place), reason->text);
}

json_t *json_reason(const struct reason *reason)
{
	return json_pack("{s:s, s:o}", "text", reason->text, "place",
			 reason->place ? json_place(reason->place) : json_null());
}

bool can_name(const struct input *in, const struct call *call)
{
	return in->has_policy && in->policy.abis & 1u << call->abi && call->nr <= INT32_MAX;
}

/* ---- calls of the same kind ---- */

void put_siblings(struct job *job, const struct input *in, const struct call *call)
{
	struct explorer *ex = explorer_new(job, &in->prog);
	const struct bpf_syscall *sibling;
	struct explored all;
	unsigned int n = 0;
	size_t i;

	for (i = 0; (sibling = bpf_sibling(call->syscall, i)); i++) {
		if (sibling->nr[call->abi] == BPF_NO_NR)
			continue;
		explore(ex, call->abi, (uint32_t)sibling->nr[call->abi], &all, NULL);
		if (may_pass(&all))
			printf("%s %s%s", n++ ? "," : "Of its kind, allowed:", sibling->name,
			       must_pass(&all) ? "" : " (with some arguments)");
	}
	if (n)
		printf("\n");
}
