/* SPDX-License-Identifier: MIT */
/*
 * Programs written out: as bytes, as a listing, as text that can be assembled again; and
 * the way back.
 *
 * The listing has a row for each instruction, and comments between them. Its cost is how many
 * instructions of the kernel's own machine it becomes. A 'c' behind its number says that it
 * runs only while the kernel looks for calls to cache, on a kernel that does (Linux 5.11):
 * no call that goes through the filter comes by. With a histogram, the fields make room for how
 * many of its calls come by an instruction: of all calls, which is what happens where nothing is
 * cached, and of those that a kernel with a cache runs the filter for.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>
#include <unistd.h>

static void write_raw(const struct job *job, const struct bpf_prog *prog)
{
	FILE *out = open_output(job);

	if (out == stdout && isatty(STDOUT_FILENO))
		die("a filter is not for a terminal: -o FILE, or a pipe");
	fwrite(prog->insn, sizeof(prog->insn[0]), prog->len, out);
	close_output(out);
}

int run_compile(struct job *job)
{
	write_raw(job, &input_load(job, job->words[0])->prog);
	return STATUS_YES;
}

int run_asm(struct job *job)
{
	job->from = "asm";
	write_raw(job, &input_load(job, job->words[0])->prog);
	return STATUS_YES;
}

/* ---- the listing ---- */

struct listing {
	struct job *job;
	const struct input *in;
	FILE *out;
	const struct bpf_known *at;
	unsigned char run[BPF_MAXINSNS];  /* calls that run the filter come by, */
	unsigned char fill[BPF_MAXINSNS]; /* or those that fill the cache */
	unsigned int cached, longest;
	const struct bpf_rule *rule; /* that was last named */
	struct bpf_known shown;	     /* what was last said of the call */
	bool has_use;
	struct usage use;
};

/* Who comes by where: every number that the tables know, and one above them. */
static void find_visitors(struct listing *list)
{
	struct explorer *ex = explorer_new(list->job, &list->in->prog);
	struct explored all;
	struct emulated em;
	unsigned int abi;
	uint32_t nr;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(list->in->abis & 1u << abi))
			continue;
		for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi) + 1; nr++) {
			emulate(&list->in->prog, (enum bpf_abi_id)abi, nr, &em);
			list->cached += em.cached && bpf_syscall_nr((enum bpf_abi_id)abi, nr);
			explore(ex, (enum bpf_abi_id)abi, nr, &all,
				em.cached ? list->fill : list->run);
		}
	}
}

static void print_rule(struct listing *list, unsigned int pc)
{
	const struct bpf_rule *rule = input_rule(list->in, pc);
	const char *place;
	size_t room;

	if (!rule || rule == list->rule)
		return;
	list->rule = rule;
	place = place_text(list->job, &rule->place);
	room = 74 - strlen(place);
	fprintf(list->out, "%s; %s: %.*s%s%s\n", hue(list->job, HUE_FAINT), place, (int)room,
		rule->text, strlen(rule->text) > room ? ".." : "", hue(list->job, HUE_NONE));
}

/* What is known of the call here, when it is news. */
static void print_facts(struct listing *list, const struct bpf_known *know)
{
	struct job *job = list->job;
	const unsigned int all = (1u << BPF_ABIS) - 1;
	const char *text = "";

	if (!know->reached || (know->abis == list->shown.abis && know->lo == list->shown.lo &&
			       know->hi == list->shown.hi))
		return;
	list->shown = *know;
	if (know->abis == 0)
		text = "no ABI";
	else if (know->abis != all)
		text = abi_names(job, know->abis, " or ");
	if (know->call)
		text = xprintf(&job->arena, "%s, %u is %s", text, know->lo, know->call->name);
	else if (know->lo > 0 && know->hi < BPF_X32_BIT - 1)
		text = xprintf(&job->arena, "%s, nr %u to %u", text, know->lo, know->hi);
	else if (know->lo > 0)
		text = xprintf(&job->arena, "%s, nr from %u", text, know->lo);
	else if (know->hi < BPF_X32_BIT - 1)
		text = xprintf(&job->arena, "%s, nr to %u", text, know->hi);
	if (*text)
		fprintf(list->out, "%s;   here: %s%s\n", hue(job, HUE_FAINT),
			text + (*text == ',' ? 2 : 0), hue(job, HUE_NONE));
}

/* Of 100 calls of the histogram, how many come by; as wide as an instruction's fields. */
static void print_share(const struct listing *list, unsigned int pc)
{
	const struct usage *use = &list->use;

	fprintf(list->out, "%9.4f", 100 * use->runs[pc] / use->calls);
	if (use->uncached > 0)
		fprintf(list->out, " %9.4f", 100 * use->uncached_runs[pc] / use->uncached);
	else
		fprintf(list->out, " %9s", "-");
}

static void print_use(const struct listing *list)
{
	const struct usage *use = &list->use;

	fprintf(list->out, "; --hist: %.0f calls, %.2f instructions each, were nothing cached\n",
		use->calls, use->steps / use->calls);
	fprintf(list->out, "; %.4f %% of them are not cached", 100 * use->uncached / use->calls);
	if (use->uncached > 0)
		fprintf(list->out, ": %.2f instructions each", use->uncached_steps / use->uncached);
	fprintf(list->out,
		"\n;pc   %% of all  %% of these instruction           cost and meaning\n");
}

static void print_row(struct listing *list, unsigned int pc)
{
	const struct sock_filter *insn = &list->in->prog.insn[pc];
	const bool returns = insn->code == (BPF_RET | BPF_K);
	const enum hue colour = returns ? hue_of_action(insn->k) : HUE_NONE;
	char text[BPF_REMARK], remark[BPF_REMARK];

	bpf_insn_text(insn, pc, text, sizeof(text));
	bpf_remark(&list->at[pc], insn, remark);
	fprintf(list->out, "%4u%c ", pc, !list->run[pc] && list->fill[pc] ? 'c' : ' ');
	if (list->has_use)
		print_share(list, pc);
	else
		fprintf(list->out, "%04x %02x %02x %08x", insn->code, insn->jt, insn->jf, insn->k);
	fprintf(list->out, " %s%-25s%s %u", hue(list->job, colour), text, hue(list->job, HUE_NONE),
		translated_insn(insn));
	if (strlen(remark) > 26)
		fprintf(list->out, "\n%*s%s\n", (int)(78 - strlen(remark)), "; ", remark);
	else
		fprintf(list->out, "%s%s\n", *remark ? " " : "", remark);
}

static void print_listing(struct job *job, const struct input *in, FILE *out)
{
	struct bpf_known at[BPF_MAXINSNS];
	struct listing *list = xalloc(&job->arena, sizeof(*list));
	unsigned int pc;

	list->job = job;
	list->in = in;
	list->out = out;
	list->at = at;
	list->longest = bpf_analyse(&in->prog, at);
	list->shown = at[0];
	find_visitors(list);
	list->has_use = job->hist;
	if (list->has_use)
		usage_of(job, in, job->hist, &list->use);
	fprintf(out, "; %u instruction%s, %u when translated; at most %u run; %u call%s cached\n",
		in->prog.len, plural(in->prog.len), translated_length(&in->prog), list->longest,
		list->cached, plural(list->cached));
	if (list->has_use)
		print_use(list);
	else
		fprintf(out, ";pc  code jt jf k        instruction           cost and meaning\n");
	for (pc = 0; pc < in->prog.len; pc++) {
		print_rule(list, pc);
		print_facts(list, &at[pc]);
		print_row(list, pc);
	}
}

int run_list(struct job *job)
{
	FILE *out = open_output(job);

	if (job->output)
		job->colour = false;
	print_listing(job, input_load_any(job, job->words[0]), out);
	close_output(out);
	return STATUS_YES;
}

/* ---- the plain form ---- */

static int dis_pid(struct job *job, FILE *out)
{
	struct input *in = xalloc(&job->arena, sizeof(*in));
	unsigned int i;

	for (i = 0; pid_filter(job->pid, i, &in->prog); i++) {
		fprintf(out, "; filter %u of process %s, %u instructions%s\n", i, job->pid,
			in->prog.len, i ? "" : ", the newest");
		bpf_text_write(out, &in->prog);
	}
	if (!i)
		fprintf(out, "; process %s has no filter\n", job->pid);
	return i ? STATUS_YES : STATUS_NO;
}

int run_dis(struct job *job)
{
	int status = STATUS_YES;
	FILE *out;

	if (!job->pid == !job->nwords)
		die("dis: expected a FILE, or --pid and no FILE");
	out = open_output(job);
	if (job->pid)
		status = dis_pid(job, out);
	else
		bpf_text_write(out, &input_load_any(job, job->words[0])->prog);
	close_output(out);
	return status;
}
