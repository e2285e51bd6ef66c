/* SPDX-License-Identifier: MIT */
/*
 * The filter: compiled, and believed only after proof.
 *
 * That it does what the policy says is proved by bpf_verify(). Where policies are stacked, it
 * is proved besides, by another way that shares nothing with that one, that it lets nothing run
 * which one of them alone would not: decision diagrams of the two programs, for all inputs.
 */
#include "runner/runner.h"

#include "bpf/bench.h"

#include <errno.h>

static void check_actions(const struct bpf_policy *policy)
{
	const struct bpf_rule *rule;
	char name[64];

	for (; policy; policy = policy->under) {
		for (rule = policy->rules; rule; rule = rule->next) {
			if (bpf_action_available(rule->action & SECCOMP_RET_ACTION_FULL) == 0)
				fail("%s:%u: this kernel has no action '%s'", rule->place.file,
				     rule->place.line,
				     bpf_action_name(rule->action, name, sizeof(name)));
		}
	}
}

static struct bpf_prog *compile(struct bpf_arena *arena, const struct bpf_policy *policy)
{
	struct bpf_prog *prog = xalloc(arena, sizeof(*prog));
	struct bpf_error err = { 0 };

	if (bpf_compile(policy, prog, &err))
		fail_at(&err);
	return prog;
}

/* "socket(0x2, 0x1, 0x0, 0x0, 0x0, 0x0) on x86_64" */
static const char *call_text(struct bpf_arena *arena, const struct bpf_difference *diff)
{
	const struct bpf_syscall *call = NULL;
	const uint64_t *arg = (const uint64_t *)diff->data.args;
	const char *name;

	if (diff->abi < 0)
		return xprintf(arena, "number %d of architecture 0x%x", diff->data.nr,
			       diff->data.arch);
	call = bpf_syscall_nr((enum bpf_abi_id)diff->abi,
			      (uint32_t)diff->data.nr & ~bpf_abis[diff->abi].nr_bit);
	name = call ? call->name : xprintf(arena, "number %d", diff->data.nr);
	return xprintf(arena, "%s(0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx) on %s", name,
		       (unsigned long long)arg[0], (unsigned long long)arg[1],
		       (unsigned long long)arg[2], (unsigned long long)arg[3],
		       (unsigned long long)arg[4], (unsigned long long)arg[5],
		       bpf_abis[diff->abi].name);
}

int proof_subset(struct bpf_arena *arena, const struct bpf_prog *all, const struct bpf_prog *one,
		 const char *name, struct bpf_error *err)
{
	const struct bpf_pair pair = {
		.a = all->insn,
		.alen = all->len,
		.b = one->insn,
		.blen = one->len,
		.relation = BPF_SUBSET,
	};
	struct bpf_difference diff;
	int ret;

	ret = bpf_diff(&pair, arena, &diff, err);
	if (ret <= 0)
		return ret;
	return bpf_fail(err, -EBADE, NULL, "they let run what %.40s does not: %s", name,
			call_text(arena, &diff));
}

/* Before it is one with others, each policy has a program of its own. */
static void prove_stack(const struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct bpf_error err = { 0 };

	for (unsigned int i = 0; i < SPEC_POLICIES; i++) {
		if (!(spec->spoken & (1u << i)))
			continue;
		if (proof_subset(spec->arena, plan->filter, compile(spec->arena, &spec->calls[i]),
				 spec->policies[i], &err))
			fail("seccomp: the policies together are not proved to be stricter: %s",
			     err.text);
	}
}

void plan_filter(struct plan *plan)
{
	const struct bpf_policy *policy = &plan->spec->syscalls;
	struct bpf_error err = { 0 };
	struct bpf_prog *prog;

	check_actions(policy);
	plan->filter = filter_find(plan->spec, &plan->cases);
	if (plan->filter)
		return;
	prog = compile(plan->spec->arena, policy);
	if (bpf_check(prog->insn, prog->len, &err))
		fail("seccomp: the compiled filter is not acceptable: instruction %u: %s",
		     err.place.line - 1, err.text);
	if (bpf_verify(policy, prog, NULL, &plan->cases, &err))
		fail("seccomp: the compiled filter is not what the policy says: %s", err.text);
	plan->filter = prog;
	if (plan->spec->syscalls.under)
		prove_stack(plan);
}
