/* SPDX-License-Identifier: MIT */
/*
 * What a filter costs: its sizes, its path lengths, what of it the kernel caches, what it
 * takes to install it, and what is left of the kernel's limits.
 *
 * The longest way is over all numbers of the tables and the next, under each ABI, with
 * arguments that may be anything. The averages are over calls, each counting once, or, with
 * --hist, as often as it was made; tests of arguments count at even odds where these are not
 * known.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

#define MAX_PATH 32768u /* the kernel's MAX_INSNS_PER_PATH, after translation */
#define OVERHEAD 4u	/* and what each older filter counts beyond its own length */

struct stats {
	unsigned int insns, translated, worst, worst_nr, abi_of_worst;
	unsigned int attach; /* instructions emulated at installation */
	unsigned int cached[BPF_ABIS], known[BPF_ABIS];
	double all, uncached, nuncached, nall; /* sums over named calls, at even odds */
	unsigned int loads;		       /* of arguments */
	bool has_hist;
	struct usage use;
};

static void take_number(struct stats *st, struct explorer *ex, const struct bpf_prog *prog,
			enum bpf_abi_id abi, uint32_t nr)
{
	struct explored all;
	struct emulated em;

	explore(ex, abi, nr, &all, NULL);
	emulate(prog, abi, nr, &em);
	if (all.worst > st->worst) {
		st->worst = all.worst;
		st->worst_nr = nr;
		st->abi_of_worst = abi;
	}
	if (!bpf_syscall_nr(abi, nr))
		return;
	st->known[abi]++;
	st->nall++;
	st->all += all.even;
	if (em.cached) {
		st->cached[abi]++;
	} else {
		st->nuncached++;
		st->uncached += all.even;
	}
}

/* The kernel tries the numbers of the machine's own ABI, and of the one of 32 bits. */
static unsigned int attach_cost(const struct bpf_prog *prog)
{
	const bool x86 = bpf_abi_native() == BPF_X86_64;
	const enum bpf_abi_id abis[] = { bpf_abi_native(), BPF_I386 };
	unsigned int i, steps = 0;
	struct emulated em;
	uint32_t nr;

	for (i = 0; i < (x86 ? 2u : 1u); i++) {
		for (nr = 0; nr <= bpf_syscall_max(abis[i]); nr++) {
			emulate(prog, abis[i], nr, &em);
			steps += em.steps;
		}
	}
	return steps;
}

static void gather(struct job *job, const struct input *in, struct stats *st)
{
	struct explorer *ex = explorer_new(job, &in->prog);
	unsigned int abi, pc;
	uint32_t nr;

	st->insns = in->prog.len;
	st->translated = translated_length(&in->prog);
	st->attach = attach_cost(&in->prog);
	for (pc = 0; pc < in->prog.len; pc++)
		st->loads += in->prog.insn[pc].code == (BPF_LD | BPF_W | BPF_ABS) &&
			     in->prog.insn[pc].k >= offsetof(struct seccomp_data, args);
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(in->abis & 1u << abi))
			continue;
		for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi) + 1; nr++)
			take_number(st, ex, &in->prog, (enum bpf_abi_id)abi, nr);
	}
	if (job->hist)
		usage_of(job, in, job->hist, &st->use);
	st->has_hist = job->hist != NULL;
}

static double ratio(double sum, double n)
{
	return n > 0 ? sum / n : 0;
}

static void print_average(const char *name, double all, double uncached, double share)
{
	printf("%-28s %9.2f", name, all);
	if (share > 0)
		printf("   %.2f on the %.2f %% that run the filter", uncached, 100 * share);
	printf("\n");
}

static void print_table(struct job *job, const struct input *in, const struct stats *st)
{
	const unsigned int stacked = (MAX_PATH + OVERHEAD) / (st->translated + OVERHEAD);
	unsigned int abi;

	printf("%-28s %9s\n", "ABIs", abi_names(job, in->abis, " "));
	printf("%-28s %9u   of %u\n", "instructions", st->insns, BPF_MAXINSNS);
	printf("%-28s %9u   that read arguments\n", "  loads", st->loads);
	printf("%-28s %9u   instructions of the kernel's machine\n", "translated", st->translated);
	printf("%-28s %9u   of %u left, so %u such filters fit\n", "  limit",
	       MAX_PATH - st->translated, MAX_PATH, stacked);
	printf("%-28s %9u   for %s of %s\n", "longest way", st->worst,
	       nr_name(job, (enum bpf_abi_id)st->abi_of_worst, st->worst_nr),
	       bpf_abis[st->abi_of_worst].name);
	print_average("average, each call once", ratio(st->all, st->nall),
		      ratio(st->uncached, st->nuncached), ratio(st->nuncached, st->nall));
	if (st->has_hist)
		print_average("average, as in --hist", ratio(st->use.steps, st->use.calls),
			      ratio(st->use.uncached_steps, st->use.uncached),
			      ratio(st->use.uncached, st->use.calls));
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (in->abis & 1u << abi)
			printf("%-28s %9u   of %u calls%s\n",
			       xprintf(&job->arena, "cached, %s", bpf_abis[abi].name),
			       st->cached[abi], st->known[abi],
			       bpf_abis[abi].nr_bit ? "; x32's never are" : "");
	}
	printf("%-28s %9u   instructions emulated to fill the cache\n", "installing", st->attach);
	if (in->has_policy)
		printf("%-28s %9lu   inputs\n", "proved on", in->cases);
}

static void print_as_json(const struct input *in, const struct stats *st)
{
	json_t *abis = json_object(), *use = json_null();
	unsigned int abi;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (in->abis & 1u << abi)
			json_object_set_new(abis, bpf_abis[abi].name,
					    json_pack("{s:i, s:i}", "cached", (int)st->cached[abi],
						      "calls", (int)st->known[abi]));
	}
	if (st->has_hist)
		use = json_pack("{s:f, s:f, s:f, s:f}", "calls", st->use.calls, "average",
				ratio(st->use.steps, st->use.calls), "uncached_calls",
				st->use.uncached, "average_uncached",
				ratio(st->use.uncached_steps, st->use.uncached));
	print_json(json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:i, s:o, s:o}", "instructions",
			     (int)st->insns, "argument_loads", (int)st->loads, "translated",
			     (int)st->translated, "limit_left", (int)(MAX_PATH - st->translated),
			     "longest", (int)st->worst, "average", ratio(st->all, st->nall),
			     "average_uncached", ratio(st->uncached, st->nuncached), "attach_steps",
			     (int)st->attach, "abis", abis, "hist", use));
}

int run_stat(struct job *job)
{
	struct input *in = input_load(job, job->words[0]);
	struct stats *st = xalloc(&job->arena, sizeof(*st));

	gather(job, in, st);
	if (job->json)
		print_as_json(in, st);
	else
		print_table(job, in, st);
	return STATUS_YES;
}
