/* SPDX-License-Identifier: MIT */
/*
 * Does a program do what its policy says? Not in general, and not by belief in the
 * compiler, but for this program and this policy, before it is installed.
 *
 * Inputs are 2^480, but program and policy only ever ask questions of them: is nr at
 * least 41, does prot & 4 differ from 0. Inputs that give the same answers to all
 * questions of both are treated alike by both, so one of each kind is enough:
 *
 *  - architectures: those of the policy, those that the program compares with, another;
 *  - numbers: all of the tables, and what the program compares with, with neighbours.
 *    Since the number is never masked, those are all the kinds that there are;
 *  - for each of these, arguments: which comparisons the program makes is found by
 *    following it with the number known and both outcomes of each test on an argument;
 *    the policy's own are added; cells.c has one value for each possible list of
 *    answers. All combinations of these values over the six arguments are run.
 *
 * The two that are compared are eval.c and sim.c, neither of which knows the compiler.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CASES  200000      /* for one number */
#define MAX_STEPS  3000000000u /* for all: some seconds */
#define CELL_SPACE (1u << 20)
#define CELL_MAX   8192

static int make_list(struct bpf_proof *p, struct bpf_list *list, size_t max)
{
	list->len = 0;
	list->max = max;
	list->values = bpf_alloc_raw(p->arena, max * sizeof(*list->values));
	return list->values ? 0 : bpf_proof_full(p);
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort_unique(struct bpf_list *list)
{
	size_t i, n = 0;

	qsort(list->values, list->len, sizeof(*list->values), by_value);
	for (i = 0; i < list->len; i++)
		if (n == 0 || list->values[n - 1] != list->values[i])
			list->values[n++] = list->values[i];
	list->len = n;
}

/* ---- both are run ---- */

static int differ(struct bpf_proof *p, uint32_t policy, uint32_t program)
{
	const struct seccomp_data *d = &p->data;
	const int abi = bpf_abi_of(d->arch, (uint32_t)d->nr);
	const struct bpf_syscall *call = NULL;
	char a[32], b[32];

	if (p->witness)
		*p->witness = *d;
	if (abi >= 0)
		call = bpf_syscall_nr((enum bpf_abi_id)abi,
				      (uint32_t)d->nr & ~bpf_abis[abi].nr_bit);
	return bpf_fail(p->err, -EBADE, NULL,
			"the policy says %s, the program %s: %s on %s (%#x), arguments "
			"%#llx %#llx %#llx %#llx %#llx %#llx",
			bpf_action_name(policy, a, sizeof(a)),
			bpf_action_name(program, b, sizeof(b)), call ? call->name : "a call",
			abi >= 0 ? bpf_abis[abi].name : "a foreign architecture", d->nr,
			(unsigned long long)d->args[0], (unsigned long long)d->args[1],
			(unsigned long long)d->args[2], (unsigned long long)d->args[3],
			(unsigned long long)d->args[4], (unsigned long long)d->args[5]);
}

static int run_both(struct bpf_proof *p)
{
	uint32_t policy = bpf_policy_eval(p->policy, &p->data, NULL);
	uint32_t program = bpf_run(p->prog->insn, p->prog->len, &p->data, NULL);

	if (++p->cases > MAX_STEPS / p->cost)
		return bpf_proof_many(p);
	return policy == program ? 0 : differ(p, policy, program);
}

/* The values to try for one argument. */
struct choice {
	uint64_t *values;
	size_t n, at;
};

static int find_values(struct bpf_proof *p, unsigned int arg, struct choice *choice)
{
	struct bpf_atom *atoms;
	size_t i, n = 0;
	int count;

	atoms = bpf_alloc(p->arena, (p->natoms + 1) * sizeof(*atoms));
	if (!atoms)
		return bpf_proof_full(p);
	for (i = 0; i < p->natoms; i++)
		if (p->atoms[i].arg == arg)
			atoms[n++] = p->atoms[i];
	count = bpf_cells_find(&p->cells, atoms, n);
	if (count < 0)
		return bpf_proof_many(p);
	choice->n = (size_t)count;
	choice->at = 0;
	choice->values = bpf_alloc(p->arena, choice->n * sizeof(uint64_t));
	if (!choice->values)
		return bpf_proof_full(p);
	memcpy(choice->values, p->cells.values[0], choice->n * sizeof(uint64_t));
	return 0;
}

/* The next combination, counting as an odometer does; false when all have been. */
static bool next_choice(struct choice choices[6])
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		if (++choices[i].at < choices[i].n)
			return true;
		choices[i].at = 0;
	}
	return false;
}

static int try_arguments(struct bpf_proof *p)
{
	struct choice choices[6] = { 0 };
	size_t total = 1;
	unsigned int i;
	int ret;

	for (i = 0; i < 6; i++) {
		ret = find_values(p, i, &choices[i]);
		if (ret < 0)
			return ret;
		total *= choices[i].n; /* each is at most CELL_MAX: no overflow before this */
		if (total > MAX_CASES)
			return bpf_proof_many(p);
	}
	do {
		for (i = 0; i < 6; i++)
			p->data.args[i] = choices[i].values[choices[i].at];
		ret = run_both(p);
	} while (ret == 0 && next_choice(choices));
	return ret;
}

/* All inputs with this architecture and number. */
static int try_number(struct bpf_proof *p, uint32_t arch, uint32_t nr)
{
	const size_t used = p->arena->used;
	int pc, ret = 0;

	memset(&p->data, 0, sizeof(p->data));
	p->data.arch = arch;
	p->data.nr = (int)nr;
	p->natoms = 0;
	pc = bpf_first_arg_load(p);
	if (pc >= 0)
		ret = bpf_ask_program(p, (unsigned int)pc);
	if (ret == 0)
		ret = bpf_ask_policy(p);
	if (ret == 0)
		ret = p->natoms == 0 ? run_both(p) : try_arguments(p);
	p->arena->used = used;
	return ret;
}

/* ---- all together ---- */

/* Both evaluators walk lists: the rules' calls, the instructions. */
static unsigned long cost_of_case(const struct bpf_proof *p)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	unsigned long cost = p->prog->len;

	for (rule = p->policy->rules; rule; rule = rule->next)
		for (call = rule->calls; call; call = call->next)
			cost++;
	return cost;
}

/* Numbers that the policy or the tables know, with a neighbour beyond the last. */
static int list_policy(struct bpf_proof *p)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	size_t n = 3u * p->prog->len + 16;
	unsigned int abi;
	uint32_t nr;

	for (abi = 0; abi < BPF_ABIS; abi++)
		n += bpf_syscall_max(abi) + 2;
	for (rule = p->policy->rules; rule; rule = rule->next)
		for (call = rule->calls; call; call = call->next)
			n += call->syscall ? 0 : 3 * BPF_ABIS;
	if (make_list(p, &p->nrs, n) < 0 || make_list(p, &p->archs, 3u * p->prog->len + 16) < 0)
		return -E2BIG;
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(p->policy->abis & (1u << abi)))
			continue;
		bpf_list_add(&p->archs, bpf_abis[abi].arch);
		for (nr = 0; nr <= bpf_syscall_max(abi) + 1; nr++)
			bpf_list_add(&p->nrs, nr | bpf_abis[abi].nr_bit);
		for (rule = p->policy->rules; rule; rule = rule->next)
			for (call = rule->calls; call; call = call->next)
				if (!call->syscall)
					bpf_list_around(&p->nrs, call->nr | bpf_abis[abi].nr_bit);
	}
	bpf_list_around(&p->nrs, 0); /* and so the last number */
	bpf_list_around(&p->nrs, BPF_X32_BIT);
	bpf_list_around(&p->nrs, 2 * BPF_X32_BIT);
	bpf_list_add(&p->archs, 0);
	return 0;
}

/*
 * What can be in A where, over all inputs; on the way, the lists get the constants
 * that the program compares nr and arch with.
 */
static int survey(struct bpf_proof *p)
{
	int ret;

	p->survey = true;
	ret = bpf_ask_program(p, 0);
	p->survey = false;
	if (p->nrs.len == p->nrs.max || p->archs.len == p->archs.max)
		return bpf_proof_full(p); /* one of them may have been left out */
	sort_unique(&p->nrs);
	sort_unique(&p->archs);
	return ret;
}

/* Room for cells.c, if there are arguments to ask about. */
static int make_cells(struct bpf_proof *p)
{
	const size_t left = p->arena->size - p->arena->used;
	struct bpf_cells *cells = &p->cells;
	unsigned int i;

	cells->space = left / 4 < CELL_SPACE ? left / 4 : CELL_SPACE;
	cells->max = CELL_MAX;
	cells->nslots = 4 * CELL_MAX;
	cells->slots = bpf_alloc_raw(p->arena, cells->nslots * sizeof(*cells->slots));
	for (i = 0; i < 2; i++) {
		cells->answers[i] = bpf_alloc_raw(p->arena, cells->space);
		cells->values[i] = bpf_alloc_raw(p->arena, CELL_MAX * sizeof(uint64_t));
		if (!cells->answers[i] || !cells->values[i])
			return bpf_proof_full(p);
	}
	p->atoms = bpf_alloc_raw(p->arena, BPF_MAXATOMS * sizeof(*p->atoms));
	return p->atoms && cells->slots ? 0 : bpf_proof_full(p);
}

static bool has_conditions(const struct bpf_policy *policy)
{
	const struct bpf_rule *rule;

	for (rule = policy->rules; rule; rule = rule->next)
		if (rule->cond)
			return true;
	return false;
}

static int prove(struct bpf_proof *p)
{
	size_t i, j;
	int ret;

	p->states = bpf_alloc(p->arena, p->prog->len * sizeof(struct bpf_state *));
	if (!p->states)
		return bpf_proof_full(p);
	p->cost = cost_of_case(p);
	ret = list_policy(p);
	if (ret == 0)
		ret = survey(p);
	if (ret == 0 && (p->tests_args || has_conditions(p->policy)))
		ret = make_cells(p);
	for (i = 0; i < p->archs.len; i++)
		for (j = 0; ret == 0 && j < p->nrs.len; j++)
			ret = try_number(p, p->archs.values[i], p->nrs.values[j]);
	return ret;
}

int bpf_verify(const struct bpf_policy *policy, const struct bpf_prog *prog,
	       struct seccomp_data *witness, unsigned long *cases, struct bpf_error *err)
{
	struct bpf_proof p = {
		.policy = policy,
		.prog = prog,
		.arena = policy->arena,
		.err = err,
		.witness = witness,
	};
	const size_t used = policy->arena->used;
	int ret;

	if (bpf_check(prog->insn, prog->len, err) < 0)
		return -EBADE;
	ret = prove(&p);
	if (cases)
		*cases = p.cases;
	policy->arena->used = used; /* all of it was scratch */
	return ret;
}
