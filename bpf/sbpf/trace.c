/* SPDX-License-Identifier: MIT */
/*
 * One call through a program, step by step: what each instruction did to A, X and M[], which
 * word of the call it loaded, which way it went.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

struct tracer {
	struct job *job;
	const struct input *in;
	const struct call *call;
	struct bpf_known at[BPF_MAXINSNS];
	struct bpf_machine before; /* of the step that is not printed yet */
	const struct sock_filter *insn;
	const struct bpf_rule *rule;
	unsigned int steps;
};

static void print_call(struct job *job, const struct call *call)
{
	unsigned int i, n = arg_count(call);

	printf("%s%s%s on %s\n", hue(job, HUE_BOLD), call_text(job, call), hue(job, HUE_NONE),
	       bpf_abis[call->abi].name);
	printf("  [ 0] nr       %08x          %s\n", (unsigned int)call->data.nr,
	       nr_name(job, call->abi, call->nr));
	printf("  [ 4] arch     %08x          %s\n", call->data.arch, bpf_abis[call->abi].name);
	for (i = 0; i < n; i++)
		printf("  [%2u] args[%u]  %08x %08x  %s = %s\n",
		       (unsigned int)offsetof(struct seccomp_data, args) + 8 * i, i,
		       (uint32_t)(call->data.args[i] >> 32), (uint32_t)call->data.args[i],
		       arg_name(job, call, i), arg_text(job, call, i));
}

/* X, and words of M[], where this step changed them. */
static const char *changes(struct tracer *t, const struct bpf_machine *after)
{
	const char *text = "";
	unsigned int i;

	if (after->x != t->before.x)
		text = xprintf(&t->job->arena, " X=%x", after->x);
	for (i = 0; i < BPF_MEMWORDS; i++) {
		if (after->mem[i] != t->before.mem[i])
			text = xprintf(&t->job->arena, "%s M[%u]=%x", text, i, after->mem[i]);
	}
	return text;
}

/* What the step did: the word that it loaded, the way that it went. */
static const char *effect(struct tracer *t, const struct bpf_machine *after)
{
	const struct bpf_opcode *op = bpf_opcode(t->insn->code);
	const unsigned int pc = t->before.pc;
	char remark[BPF_REMARK];
	bool taken;

	bpf_remark(&t->at[pc], t->insn, remark);
	if (op->operand == BPF_OP_JUMP)
		return xprintf(&t->job->arena, "to %u", after->pc);
	if (op->operand != BPF_OP_JUMP_K && op->operand != BPF_OP_JUMP_X)
		return xprintf(&t->job->arena, "%s%s", remark, changes(t, after));
	if (t->insn->jt == t->insn->jf)
		return xprintf(&t->job->arena, "either way: to %u", after->pc);
	taken = after->pc == pc + 1 + t->insn->jt;
	return xprintf(&t->job->arena, "%s%s: to %u%s%s%s%s",
		       hue(t->job, taken ? HUE_GOOD : HUE_BAD), taken ? "yes" : "no", after->pc,
		       hue(t->job, HUE_NONE), *remark ? " (" : "", remark, *remark ? ")" : "");
}

static void print_step(struct tracer *t, const struct bpf_machine *after)
{
	const struct bpf_rule *rule = input_rule(t->in, t->before.pc);
	const char *place;
	char text[BPF_REMARK];
	size_t room;

	if (rule && rule != t->rule) {
		place = place_text(t->job, &rule->place);
		room = 65 - strlen(place);
		printf("%s%11s; %s: %.*s%s%s\n", hue(t->job, HUE_FAINT), "", place, (int)room,
		       rule->text, strlen(rule->text) > room ? ".." : "", hue(t->job, HUE_NONE));
	}
	t->rule = rule ? rule : t->rule;
	printf("%4u %4u  %-26s %08x  %s\n", t->before.steps + 1, t->before.pc,
	       bpf_insn_text(t->insn, t->before.pc, text, sizeof(text)), after->a,
	       effect(t, after));
}

static void step(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct tracer *t = ctx;

	if (t->insn)
		print_step(t, m);
	t->before = *m;
	t->insn = insn;
}

int run_trace(struct job *job)
{
	const char *abi = job->abi;
	struct tracer *t = xalloc(&job->arena, sizeof(*t));
	struct bpf_machine end;
	struct input *in;
	struct call call;
	uint32_t action;

	job->abi = NULL; /* it says what the call is, not what the policy is for */
	in = input_load(job, job->words[0]);
	job->abi = abi;
	call_parse(job, in, 1, &call);
	t->job = job;
	t->in = in;
	t->call = &call;
	bpf_analyse(&in->prog, t->at);
	print_call(job, &call);
	printf("%sstep   pc  instruction                A         then%s\n", hue(job, HUE_FAINT),
	       hue(job, HUE_NONE));
	action = bpf_run_traced(in->prog.insn, in->prog.len, &call.data, step, t);
	end = t->before;
	print_step(t, &end);
	printf("%s after %u instruction%s\n", coloured_action(job, action), end.steps + 1,
	       plural(end.steps + 1));
	return is_let_through(action) ? STATUS_YES : STATUS_NO;
}
