/* SPDX-License-Identifier: MIT */
/*
 * Pictures, as text for Graphviz: "sbpf graph FILE | dot -Tsvg".
 *
 * The graph has a node for each run of instructions that is only entered at its top. Where a
 * program returns, the node has its action's colour; on the way, it has one when all ways from
 * there end alike. Solid edges are for tests that hold, dashed ones for tests that do not.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

struct graph {
	struct job *job;
	const struct input *in;
	FILE *out;
	struct bpf_known at[BPF_MAXINSNS];
	bool leader[BPF_MAXINSNS + 1]; /* the first of a block */
	uint32_t fate[BPF_MAXINSNS];   /* the action that all ways from here have, */
	bool mixed[BPF_MAXINSNS];      /* or they differ */
};

static const char *fill_of_action(uint32_t action)
{
	switch (hue_of_action(action)) {
	case HUE_GOOD:
		return "palegreen";
	case HUE_MIDDLE:
		return "khaki";
	case HUE_ODD:
		return "plum";
	default:
		return "lightcoral";
	}
}

static bool ends_block(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_RET || BPF_CLASS(insn->code) == BPF_JMP;
}

static bool is_conditional(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
}

/* Where instruction PC, the last of its block, goes on; two alike if there is one way. */
static void successors(const struct bpf_prog *prog, unsigned int pc, unsigned int to[2])
{
	const struct sock_filter *insn = &prog->insn[pc];

	to[0] = to[1] = pc + 1;
	if (is_conditional(insn)) {
		to[0] += insn->jt;
		to[1] += insn->jf;
	} else if (BPF_CLASS(insn->code) == BPF_JMP) {
		to[0] += insn->k;
		to[1] = to[0];
	}
}

/* Jumps go forward, so from the end every successor is known before. */
static void analyse(struct graph *g)
{
	const struct bpf_prog *prog = &g->in->prog;
	const struct sock_filter *insn;
	unsigned int pc, to[2];

	bpf_analyse(prog, g->at);
	g->leader[0] = true;
	for (pc = prog->len; pc-- > 0;) {
		insn = &prog->insn[pc];
		if (ends_block(insn))
			g->leader[pc + 1] = true;
		if (BPF_CLASS(insn->code) == BPF_RET) {
			g->fate[pc] = insn->k;
			g->mixed[pc] = BPF_RVAL(insn->code) != BPF_K;
			continue;
		}
		successors(prog, pc, to);
		if (ends_block(insn))
			g->leader[to[0]] = g->leader[to[1]] = true;
		g->fate[pc] = g->fate[to[0]];
		g->mixed[pc] = g->mixed[to[0]] || g->mixed[to[1]] ||
			       g->fate[to[0]] != g->fate[to[1]];
	}
}

/* Inside of a quoted string. */
static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_line(struct graph *g, unsigned int pc)
{
	const struct sock_filter *insn = &g->in->prog.insn[pc];
	char text[BPF_REMARK], remark[BPF_REMARK];

	bpf_insn_text(insn, pc, text, sizeof(text));
	/* The edges show where a jump leads. */
	if (is_conditional(insn))
		text[strcspn(text, ",")] = '\0';
	bpf_remark(&g->at[pc], insn, remark);
	fprintf(g->out, "%u: ", pc);
	put_quoted(g->out, text);
	if (*remark)
		fputs("  ; ", g->out);
	put_quoted(g->out, remark);
	fputs("\\l", g->out);
}

/* The block that begins at PC; returns where it ends. */
static unsigned int put_block(struct graph *g, unsigned int pc)
{
	const struct bpf_prog *prog = &g->in->prog;
	const struct bpf_rule *rule = NULL;
	const unsigned int first = pc;
	unsigned int to[2];

	fprintf(g->out, "\tn%u [label=\"", pc);
	for (;; pc++) {
		put_line(g, pc);
		if (!rule)
			rule = input_rule(g->in, pc);
		if (ends_block(&prog->insn[pc]) || g->leader[pc + 1])
			break;
	}
	fprintf(g->out, "\"");
	if (!g->mixed[first])
		fprintf(g->out, ", fillcolor=%s", fill_of_action(g->fate[first]));
	if (rule) {
		fprintf(g->out, ", tooltip=\"%s: ", place_text(g->job, &rule->place));
		put_quoted(g->out, rule->text);
		fprintf(g->out, "\"");
	}
	fprintf(g->out, "];\n");
	if (BPF_CLASS(prog->insn[pc].code) == BPF_RET)
		return pc;
	successors(prog, pc, to);
	fprintf(g->out, "\tn%u -> n%u;\n", first, to[0]);
	if (to[1] != to[0])
		fprintf(g->out, "\tn%u -> n%u [style=dashed];\n", first, to[1]);
	return pc;
}

static void put_graph(struct job *job, const struct input *in, FILE *out)
{
	struct graph *g = xalloc(&job->arena, sizeof(*g));
	unsigned int pc;

	g->job = job;
	g->in = in;
	g->out = out;
	analyse(g);
	fprintf(out, "digraph filter {\n"
		     "\tnode [shape=box, style=filled, fillcolor=white, fontname=monospace, "
		     "fontsize=10];\n");
	for (pc = 0; pc < in->prog.len; pc++) {
		if (g->at[pc].reached)
			pc = put_block(g, pc);
	}
	fprintf(out, "}\n");
}

int run_graph(struct job *job)
{
	struct input *in = input_load(job, job->words[0]);
	FILE *out = open_output(job);

	if (job->output)
		job->colour = false;
	if (job->line || job->text)
		put_number_line(job, in, out);
	else
		put_graph(job, in, out);
	close_output(out);
	return STATUS_YES;
}
