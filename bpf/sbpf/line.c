/* SPDX-License-Identifier: MIT */
/*
 * The number line: what becomes of each number, as intervals of numbers that fare alike.
 *
 * A filter is a function of the number, in steps: docker's several hundred rules are
 * some sixty intervals. Where arguments matter, an interval has all the actions that they
 * can bring about.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

struct interval {
	uint32_t first, last;
	struct explored all;
};

/* The same actions, in whatever order they were found? */
static bool same_outcomes(const struct explored *a, const struct explored *b)
{
	unsigned int i, j;

	if (a->nactions != b->nactions || a->computed != b->computed)
		return false;
	for (i = 0; i < a->nactions; i++) {
		for (j = 0; j < b->nactions && b->actions[j] != a->actions[i]; j++)
			;
		if (j == b->nactions)
			return false;
	}
	return true;
}

/* Numbers of which arguments are looked at stand alone: they may differ in more than actions. */
static bool is_simple(const struct explored *all)
{
	return all->nactions == 1 && !all->computed;
}

static size_t find_intervals(struct job *job, const struct input *in, enum bpf_abi_id abi,
			     struct interval *to)
{
	struct explorer *ex = explorer_new(job, &in->prog);
	struct explored all;
	size_t n = 0;
	uint32_t nr;

	for (nr = 0; nr <= bpf_syscall_max(abi) + 1; nr++) {
		explore(ex, abi, nr, &all, NULL);
		if (n && is_simple(&all) && same_outcomes(&all, &to[n - 1].all)) {
			to[n - 1].last = nr;
			continue;
		}
		to[n].first = to[n].last = nr;
		to[n++].all = all;
	}
	to[n - 1].last = UINT32_MAX; /* the one above the tables stands for all further */
	return n;
}

static const char *actions_text(struct job *job, const struct explored *all, bool coloured)
{
	const char *text = "";
	char name[64];
	unsigned int i;

	for (i = 0; i < all->nactions; i++)
		text = xprintf(&job->arena, "%s%s%s", text, i ? " or " : "",
			       coloured ? coloured_action(job, all->actions[i]) :
					  bpf_action_name(all->actions[i], name, sizeof(name)));
	return all->computed ? xprintf(&job->arena, "%s or what is computed", text) : text;
}

/* "41 socket", "0-3 read..close", "470- " */
static const char *range_text(struct job *job, enum bpf_abi_id abi, const struct interval *in)
{
	const char *first = nr_name(job, abi, in->first), *last = nr_name(job, abi, in->last);

	if (in->first == in->last)
		return xprintf(&job->arena, "%-9u %s", in->first, first);
	if (in->last == UINT32_MAX)
		return xprintf(&job->arena, "%-9s %s", xprintf(&job->arena, "%u-", in->first),
			       bpf_syscall_nr(abi, in->first) ? first : "");
	return xprintf(&job->arena, "%-9s %s..%s",
		       xprintf(&job->arena, "%u-%u", in->first, in->last), first, last);
}

static const char *fill_of(const struct explored *all)
{
	static const char *const fills[] = {
		[HUE_GOOD] = "palegreen",
		[HUE_MIDDLE] = "khaki",
		[HUE_ODD] = "plum",
		[HUE_BAD] = "lightcoral",
	};

	return is_simple(all) ? fills[hue_of_action(all->actions[0])] : "white";
}

/* A row of cells, as wide as the numbers are many, within reason. */
static void put_table(struct job *job, enum bpf_abi_id abi, const struct interval *in, size_t n,
		      FILE *out)
{
	size_t i;

	fprintf(out,
		"\t%s [label=<\n\t\t<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\">\n"
		"\t\t<TR><TD COLSPAN=\"3\"><B>%s</B>: %zu intervals</TD></TR>\n",
		bpf_abis[abi].name, bpf_abis[abi].name, n);
	for (i = 0; i < n; i++)
		fprintf(out,
			"\t\t<TR><TD BGCOLOR=\"%s\" WIDTH=\"24\" HEIGHT=\"%u\"></TD>"
			"<TD ALIGN=\"LEFT\">%s</TD><TD ALIGN=\"LEFT\">%s</TD></TR>\n",
			fill_of(&in[i].all),
			in[i].last - in[i].first > 60 ? 60 : 8 + in[i].last - in[i].first,
			range_text(job, abi, &in[i]), actions_text(job, &in[i].all, false));
	fprintf(out, "\t\t</TABLE>>];\n");
}

static void put_text(struct job *job, enum bpf_abi_id abi, const struct interval *in, size_t n,
		     FILE *out)
{
	size_t i;

	fprintf(out, "%s%s%s: %zu intervals\n", hue(job, HUE_BOLD), bpf_abis[abi].name,
		hue(job, HUE_NONE), n);
	for (i = 0; i < n; i++)
		fprintf(out, "  %-44s %s\n", range_text(job, abi, &in[i]),
			actions_text(job, &in[i].all, true));
}

void put_number_line(struct job *job, const struct input *in, FILE *out)
{
	struct interval *intervals;
	unsigned int abi;
	size_t n;

	if (!job->text)
		fprintf(out, "digraph numbers {\n\tnode [shape=plaintext, fontname=monospace, "
			     "fontsize=10];\n");
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(in->abis & 1u << abi))
			continue;
		intervals = xalloc(&job->arena, (bpf_syscall_max((enum bpf_abi_id)abi) + 2ul) *
							sizeof(*intervals));
		n = find_intervals(job, in, (enum bpf_abi_id)abi, intervals);
		if (job->text)
			put_text(job, (enum bpf_abi_id)abi, intervals, n, out);
		else
			put_table(job, (enum bpf_abi_id)abi, intervals, n, out);
	}
	if (!job->text)
		fprintf(out, "}\n");
}
