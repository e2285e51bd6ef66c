/* SPDX-License-Identifier: MIT */
/*
 * System calls: the lines of all policies, and what they mean together.
 *
 * Policies that are given one behind the other are stacked: a call runs if it runs under each of
 * them. So each has rules of its own, in which the last one that matches decides, and bpf/stack.c
 * makes one policy of them. A rule of the command line is one of whoever calls sbrun: it
 * comes behind those of every policy that was named before it, and so decides in each of them.
 */
#include "runner/runner.h"

#include <errno.h>
#include <string.h>

/* Which policy the settings of TURN belong to, or come behind. */
static unsigned int policy_of(unsigned int turn)
{
	return turn ? (turn - 1) / 2 : 0;
}

void calls_init(struct spec *spec)
{
	const unsigned int n = policy_of(spec->turn) + 1;

	spec->spoken = 1;
	spec->calls = xalloc(spec->arena, n * sizeof(*spec->calls));
	for (unsigned int i = 0; i < n; i++)
		bpf_policy_init(&spec->calls[i], spec->arena);
}

/* An option may name a set that only the first policy defines. */
static int add_option(struct spec *spec, unsigned int i, const struct setting *set,
		      struct bpf_error *err)
{
	struct bpf_policy *policy = &spec->calls[i];
	const struct bpf_set *own = policy->sets;
	int ret;

	ret = bpf_policy_line(policy, set->text, &set->place, err);
	if (!ret || !i)
		return ret;
	policy->sets = spec->calls[0].sets;
	ret = bpf_policy_line(policy, set->text, &set->place, err);
	policy->sets = own;
	return ret;
}

/* A name for calls alone says nothing of them. */
int calls_line(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const unsigned int last = policy_of(set->turn);
	int ret = 0;

	if (set->turn % 2) {
		if (strcmp(set->row->name, "set") != 0)
			spec->spoken |= 1u << last;
		return bpf_policy_line(&spec->calls[last], set->text, &set->place, err);
	}
	for (unsigned int i = 0; i <= last && !ret; i++) {
		if (spec->spoken & (1u << i))
			ret = add_option(spec, i, set, err);
	}
	return ret;
}

/* Nobody would answer a notification, and no tracer is there: such calls would just fail. */
static int check_action(uint32_t action, const struct bpf_place *place, struct bpf_error *err)
{
	action &= SECCOMP_RET_ACTION_FULL;
	if (action == SECCOMP_RET_USER_NOTIF || action == SECCOMP_RET_TRACE)
		return bpf_fail(err, -EINVAL, place,
				"'notify' and 'trace' need somebody who answers; sbrun does not");
	return 0;
}

static int finish(struct bpf_policy *policy, struct bpf_error *err)
{
	int ret;

	ret = bpf_policy_finish(policy, err);
	if (!ret)
		ret = check_action(policy->default_action, &policy->default_place, err);
	if (!ret)
		ret = check_action(policy->unknown_action, &policy->unknown_place, err);
	for (const struct bpf_rule *rule = policy->rules; rule && !ret; rule = rule->next)
		ret = check_action(rule->action, &rule->place, err);
	return ret;
}

/* The policy I on top of what there is. */
static int stack(struct spec *spec, unsigned int i, struct bpf_error *err)
{
	struct bpf_policy *top = &spec->calls[i], *under;

	if (!top->has_default)
		return bpf_fail(err, -EINVAL, top->rules ? &top->rules->place : NULL,
				"%.60s does not say what becomes of calls that no rule of its own "
				"names; 'default allow' leaves them to the policies before it",
				spec->policies[i]);
	under = xalloc(spec->arena, sizeof(*under));
	*under = spec->syscalls;
	spec->syscalls = *top;
	return bpf_policy_stack(&spec->syscalls, under, err);
}

int calls_finish(struct spec *spec, struct bpf_error *err)
{
	const unsigned int n = policy_of(spec->turn) + 1;
	int ret;

	ret = finish(&spec->calls[0], err);
	spec->syscalls = spec->calls[0];
	for (unsigned int i = 1; i < n && !ret; i++) {
		if (!(spec->spoken & (1u << i)))
			continue;
		ret = stack(spec, i, err);
		if (!ret)
			ret = finish(&spec->calls[i], err);
	}
	return ret;
}
