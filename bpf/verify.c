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
 *  - numbers: all that the tables and the policy know, and what the program compares with, with
 *    neighbours; and all that with x32's bit and without, where the program takes it off;
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

/* Unless it is there already: values come nearly in order. */
static void add_higher(struct bpf_list *list, uint32_t value)
{
	if (list->len == 0 || value > list->values[list->len - 1])
		bpf_list_add(list, value);
}

/* Where a comparison has another outcome, that is at its constant or beside it. */
static int add_neighbours(struct bpf_proof *p, struct bpf_list *list)
{
	struct bpf_list wide;
	uint32_t value;
	size_t i;

	sort_unique(list);
	if (make_list(p, &wide, 3 * list->len) < 0)
		return -E2BIG;
	for (i = 0; i < list->len; i++) {
		value = list->values[i];
		if (value > 0)
			add_higher(&wide, value - 1);
		add_higher(&wide, value);
		if (value < UINT32_MAX)
			add_higher(&wide, value + 1);
	}
	*list = wide;
	return 0;
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

/* The program has said PROGRAM; what does the policy say? */
static int judge(struct bpf_proof *p, uint32_t program)
{
	uint32_t policy = bpf_index_eval(&p->index, &p->data);

	if (++p->cases > MAX_STEPS / p->cost)
		return bpf_proof_many(p);
	return policy == program ? 0 : differ(p, policy, program);
}

static int run_both(struct bpf_proof *p)
{
	return judge(p, bpf_run(p->prog->insn, p->prog->len, &p->data, NULL));
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

/*
 * All inputs with this architecture and number. Most programs end without a look at the
 * arguments; then one run is all there is to it, if the policy asks nothing, either.
 */
static int try_number(struct bpf_proof *p, uint32_t arch, uint32_t nr)
{
	const size_t used = p->arena->used;
	uint32_t program;
	int pc, ret = 0;

	memset(&p->data, 0, sizeof(p->data));
	p->data.arch = arch;
	p->data.nr = (int)nr;
	p->natoms = 0;
	pc = bpf_run_to_load(p->prog->insn, p->prog->len, &p->data, true, &program);
	if (pc >= 0)
		ret = bpf_ask_program(p, (unsigned int)pc);
	if (ret == 0)
		ret = bpf_ask_policy(p);
	if (ret == 0 && p->natoms > 0)
		ret = try_arguments(p);
	else if (ret == 0)
		ret = pc < 0 ? judge(p, program) : run_both(p);
	p->arena->used = used;
	return ret;
}

/* ---- the inputs to try ---- */

/* A case runs all instructions at most, and asks all rules for the number. */
static unsigned long cost_of_case(const struct bpf_proof *p)
{
	const struct bpf_policy *policy;
	unsigned long cost = p->prog->len;

	for (policy = p->policy; policy; policy = policy->under)
		cost += policy->nrules;
	return cost;
}

static bool is_in_table(const struct bpf_proof *p, uint32_t arch, uint32_t nr)
{
	const int abi = bpf_abi_of(arch, nr);

	return abi >= 0 && p->policy->abis & 1u << abi &&
	       (nr & ~bpf_abis[abi].nr_bit) <= p->index.max[abi];
}

static int try_table(struct bpf_proof *p, enum bpf_abi_id abi)
{
	uint32_t nr;
	int ret = 0;

	for (nr = 0; ret == 0 && nr <= p->index.max[abi]; nr++)
		ret = try_number(p, bpf_abis[abi].arch, nr | bpf_abis[abi].nr_bit);
	return ret;
}

/*
 * Every other number. The program tells these from their neighbours; all that the policy does not
 * name are the same to it, and some neighbour of a named one is among them.
 */
static int try_others(struct bpf_proof *p, uint32_t arch)
{
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < p->nrs.len; i++)
		if (!is_in_table(p, arch, p->nrs.values[i]))
			ret = try_number(p, arch, p->nrs.values[i]);
	return ret;
}

static int try_arch(struct bpf_proof *p, uint32_t arch)
{
	bool foreign = true;
	unsigned int abi;
	uint32_t program;
	int ret = 0;

	for (abi = 0; ret == 0 && abi < BPF_ABIS; abi++) {
		if (bpf_abis[abi].arch != arch || !(p->policy->abis & 1u << abi))
			continue;
		foreign = false;
		ret = try_table(p, (enum bpf_abi_id)abi);
	}
	p->data.arch = arch;
	if (ret == 0 && foreign &&
	    bpf_run_to_load(p->prog->insn, p->prog->len, &p->data, false, &program) < 0)
		return try_number(p, arch, 0); /* neither of the two looks at the number */
	return ret == 0 ? try_others(p, arch) : ret;
}

/* ---- all together ---- */

/* The rule after RULE, the first for NULL, of POLICY and then of those under it; NULL. */
static const struct bpf_rule *next_rule(const struct bpf_policy **policy,
					const struct bpf_rule *rule)
{
	rule = rule ? rule->next : (*policy)->rules;
	while (!rule && (*policy)->under) {
		*policy = (*policy)->under;
		rule = (*policy)->rules;
	}
	return rule;
}

/* Numbers beyond the table, which rules name as such. */
static size_t count_bare(const struct bpf_policy *policy)
{
	const struct bpf_rule *rule = NULL;
	const struct bpf_call *call;
	size_t n = 0;

	while ((rule = next_rule(&policy, rule)))
		for (call = rule->calls; call; call = call->next)
			n += !call->syscall;
	return n;
}

static void add_bare(struct bpf_proof *p, uint32_t bit)
{
	const struct bpf_policy *policy = p->policy;
	const struct bpf_rule *rule = NULL;
	const struct bpf_call *call;

	while ((rule = next_rule(&policy, rule)))
		for (call = rule->calls; call; call = call->next)
			if (!call->syscall)
				bpf_list_add(&p->nrs, call->nr | bit);
}

/*
 * What the policy tells from others: its ABIs, an architecture that is none, numbers that it
 * names; where a table ends, and where x32's bit and the sign begin.
 */
static int make_lists(struct bpf_proof *p)
{
	const size_t nrs = 2u * p->prog->len + BPF_ABIS * (1 + count_bare(p->policy)) + 5;
	unsigned int abi;
	uint32_t i;

	if (make_list(p, &p->nrs, nrs + 1) < 0 ||
	    make_list(p, &p->archs, p->prog->len + BPF_ABIS + 3u) < 0)
		return -E2BIG;
	for (i = 0; i < 4; i++)
		bpf_list_add(&p->nrs, i * BPF_X32_BIT);
	bpf_list_add(&p->nrs, UINT32_MAX);
	bpf_list_add(&p->archs, 0);
	bpf_list_add(&p->archs, UINT32_MAX);
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(p->policy->abis & 1u << abi))
			continue;
		bpf_list_add(&p->archs, bpf_abis[abi].arch);
		bpf_list_add(&p->nrs, p->index.max[abi] | bpf_abis[abi].nr_bit);
		add_bare(p, bpf_abis[abi].nr_bit);
	}
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
	if (ret == 0)
		ret = add_neighbours(p, &p->nrs);
	return ret < 0 ? ret : add_neighbours(p, &p->archs);
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
	const struct bpf_rule *rule = NULL;

	while ((rule = next_rule(&policy, rule)))
		if (rule->cond)
			return true;
	return false;
}

static int prove(struct bpf_proof *p)
{
	size_t i;
	int ret;

	p->states = bpf_alloc(p->arena, p->prog->len * sizeof(struct bpf_state *));
	if (!p->states || bpf_index_make(&p->index, p->policy) < 0)
		return bpf_proof_full(p);
	p->cost = cost_of_case(p);
	ret = make_lists(p);
	if (ret == 0)
		ret = survey(p);
	if (ret == 0 && (p->tests_args || has_conditions(p->policy)))
		ret = make_cells(p);
	for (i = 0; ret == 0 && i < p->archs.len; i++)
		ret = try_arch(p, p->archs.values[i]);
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
