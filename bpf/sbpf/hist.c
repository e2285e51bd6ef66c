/* SPDX-License-Identifier: MIT */
/*
 * How often calls are made, and what that makes of a program: instructions for each.
 *
 * Two kinds of files. A histogram is JSON: names and counts, {"read": 12, ...}, at the top or
 * at any depth below it; what it does not say is which arguments the calls had, so tests of
 * them count at even odds. A trace is an array of struct seccomp_data, and exact. Both are
 * of the machine's own ABI.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

/* What a file says: for each row of bpf_syscalls[], how often; and the trace, if it is one. */
struct history {
	struct job *job;
	const char *file;
	double *calls;
	unsigned int strangers;		  /* names that are no call */
	const struct seccomp_data *trace; /* NULL: it is a histogram */
	size_t length;
};

/* ---- reading ---- */

static void count_name(struct history *h, const char *name, double calls)
{
	const struct bpf_syscall *call = bpf_syscall_find(name, strlen(name));

	if (call && calls >= 0)
		h->calls[call - bpf_syscalls] += calls;
	else
		h->strangers++;
}

static void count_json(struct history *h, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (json_is_number(value))
			count_name(h, key, json_number_value(value));
		else if (json_is_object(value))
			count_json(h, value);
	}
}

static void read_histogram(struct history *h, const char *text, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		die("%s:%d:%d: %s", h->file, error.line, error.column, error.text);
	count_json(h, root);
	json_decref(root);
	if (h->strangers)
		warn("%s: %u names are no system calls", h->file, h->strangers);
}

static void read_trace(struct history *h, const char *text, size_t len)
{
	const struct bpf_syscall *call;
	size_t i;
	int abi;

	h->length = len / sizeof(struct seccomp_data);
	h->trace = (const struct seccomp_data *)(const void *)text;
	for (i = 0; i < h->length; i++) {
		abi = bpf_abi_of(h->trace[i].arch, (uint32_t)h->trace[i].nr);
		call = abi < 0 ? NULL :
				 bpf_syscall_nr((enum bpf_abi_id)abi,
						(uint32_t)h->trace[i].nr & ~bpf_abis[abi].nr_bit);
		if (call)
			h->calls[call - bpf_syscalls]++;
	}
}

static void read_history(struct job *job, const char *name, struct history *h)
{
	const char *text;
	size_t len;

	memset(h, 0, sizeof(*h));
	h->job = job;
	h->file = name;
	h->calls = xalloc(&job->arena, bpf_nsyscalls * sizeof(*h->calls));
	text = read_file(job, name, &len);
	if (text[strspn(text, " \t\r\n")] == '{')
		read_histogram(h, text, len);
	else if (len && len % sizeof(struct seccomp_data) == 0)
		read_trace(h, text, len);
	else
		die("%s: neither JSON nor an array of struct seccomp_data", name);
}

/* ---- what it makes of a program ---- */

static void count(struct usage *use, double calls, double steps, bool cached)
{
	use->calls += calls;
	use->steps += calls * steps;
	if (!cached) {
		use->uncached += calls;
		use->uncached_steps += calls * steps;
	}
}

/* CALLS calls, of which the share ODDS comes by instruction PC. */
static void count_run(struct usage *use, unsigned int pc, double calls, double odds, bool cached)
{
	use->runs[pc] += calls * odds;
	if (!cached)
		use->uncached_runs[pc] += calls * odds;
}

static void use_histogram(const struct history *h, const struct input *in, struct usage *use)
{
	const enum bpf_abi_id abi = bpf_abi_native();
	struct explorer *ex = explorer_new(h->job, &in->prog);
	struct explored all;
	struct emulated em;
	unsigned int pc;
	size_t i;
	int nr;

	for (i = 0; i < bpf_nsyscalls; i++) {
		nr = bpf_syscalls[i].nr[abi];
		if (h->calls[i] <= 0 || nr == BPF_NO_NR)
			continue;
		explore(ex, abi, (uint32_t)nr, &all, NULL);
		emulate(&in->prog, abi, (uint32_t)nr, &em);
		count(use, h->calls[i], all.even, em.cached);
		for (pc = 0; pc < in->prog.len; pc++)
			count_run(use, pc, h->calls[i], explored_odds(ex, pc), em.cached);
	}
}

struct passage {
	struct usage *use;
	bool cached;
};

static void pass_by(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct passage *passage = ctx;

	(void)insn;
	count_run(passage->use, m->pc, 1, 1, passage->cached);
	passage->use->steps++;
	if (!passage->cached)
		passage->use->uncached_steps++;
}

static void use_trace(const struct history *h, const struct input *in, struct usage *use)
{
	struct passage passage = { .use = use };
	const struct seccomp_data *data;
	struct emulated em;
	size_t i;
	int abi;

	for (i = 0; i < h->length; i++) {
		data = &h->trace[i];
		abi = bpf_abi_of(data->arch, (uint32_t)data->nr);
		em.cached = false;
		if (abi >= 0)
			emulate(&in->prog, (enum bpf_abi_id)abi,
				(uint32_t)data->nr & ~bpf_abis[abi].nr_bit, &em);
		passage.cached = em.cached;
		count(use, 1, 0, em.cached);
		bpf_run_traced(in->prog.insn, in->prog.len, data, pass_by, &passage);
	}
}

void usage_of(struct job *job, const struct input *in, const char *name, struct usage *use)
{
	struct history h;

	memset(use, 0, sizeof(*use));
	use->runs = xalloc(&job->arena, in->prog.len * sizeof(*use->runs));
	use->uncached_runs = xalloc(&job->arena, in->prog.len * sizeof(*use->runs));
	read_history(job, name, &h);
	if (h.trace)
		use_trace(&h, in, use);
	else
		use_histogram(&h, in, use);
	if (use->calls <= 0)
		die("%s: there are no calls in it", name);
}

void weights_of(struct job *job, const char *name, struct bpf_goal *goal)
{
	struct bpf_weight *weights = xalloc(&job->arena, bpf_nsyscalls * sizeof(*weights));
	struct history h;
	size_t i;

	read_history(job, name, &h);
	goal->nweights = 0;
	for (i = 0; i < bpf_nsyscalls; i++) {
		if (h.calls[i] < 1)
			continue;
		weights[goal->nweights].name = bpf_syscalls[i].name;
		weights[goal->nweights++].count = (uint64_t)h.calls[i];
	}
	goal->weights = weights;
}
