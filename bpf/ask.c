/* SPDX-License-Identifier: MIT */
/*
 * What a program, and a policy, ask of their input: the first half of the proof.
 *
 * A is all that a program of ours knows at any time: it holds a word of the input, or
 * some bits of one. Following the program means to keep, for each instruction, which words
 * and bits A may hold there. A test of the number or the architecture has one outcome
 * when these are known; a test of an argument is a question to be noted, and
 * both its outcomes are followed. Jumps go forward only, so one pass is enough.
 *
 * This knows what our compiler uses: loads, "and #k", jumps with #k, "ret #k". A program
 * that does more is not judged (-EOPNOTSUPP).
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define MAX_STATES 64 /* different contents of A at one instruction */
#define NO_WORD	   UINT32_MAX

int bpf_proof_full(const struct bpf_proof *p)
{
	return bpf_fail(p->err, -E2BIG, NULL, "no memory to check the program in");
}

int bpf_proof_many(const struct bpf_proof *p)
{
	return bpf_fail(p->err, -E2BIG, NULL, "number %d has too many conditions to check",
			p->data.nr);
}

static int unsupported(const struct bpf_proof *p, unsigned int pc)
{
	const struct bpf_place place = { NULL, pc + 1, 0 };
	char text[64];

	return bpf_fail(p->err, -EOPNOTSUPP, &place, "instruction %u (%s) is beyond the checker",
			pc, bpf_insn_text(&p->prog->insn[pc], pc, text, sizeof(text)));
}

/* ---- lists of numbers ---- */

void bpf_list_add(struct bpf_list *list, uint32_t value)
{
	if (list->len < list->max)
		list->values[list->len++] = value;
}

/* ---- following the program ---- */

static int add_state(struct bpf_proof *p, unsigned int pc, uint32_t word, uint32_t mask)
{
	struct bpf_state *state;
	unsigned int n = 0;

	for (state = p->states[pc]; state; state = state->next, n++)
		if (state->word == word && state->mask == mask)
			return 0;
	if (n >= MAX_STATES)
		return bpf_proof_many(p);
	state = bpf_alloc(p->arena, sizeof(*state));
	if (!state)
		return bpf_proof_full(p);
	state->word = word;
	state->mask = mask;
	state->next = p->states[pc];
	p->states[pc] = state;
	return 0;
}

static bool is_arg(uint32_t word)
{
	return word != NO_WORD && word >= offsetof(struct seccomp_data, args);
}

static int add_atom(struct bpf_proof *p, struct bpf_atom atom)
{
	size_t i;

	for (i = 0; i < p->natoms; i++) {
		if (p->atoms[i].arg == atom.arg && p->atoms[i].mask == atom.mask &&
		    p->atoms[i].k == atom.k) {
			p->atoms[i].ordered |= atom.ordered;
			return 0;
		}
	}
	if (p->natoms >= BPF_MAXATOMS)
		return bpf_proof_many(p);
	p->atoms[p->natoms++] = atom;
	return 0;
}

/* The program compares half an argument: a question about the 64 bits. */
static int add_program_atom(struct bpf_proof *p, const struct bpf_state *a,
			    const struct sock_filter *insn)
{
	const unsigned int arg = (a->word - (unsigned int)offsetof(struct seccomp_data, args)) / 8;
	const unsigned int shift = a->word == bpf_word_hi(arg) ? 32 : 0;
	struct bpf_atom atom = {
		.arg = arg,
		.mask = (uint64_t)a->mask << shift,
		.k = (uint64_t)insn->k << shift,
		.ordered = BPF_OP(insn->code) == BPF_JGT || BPF_OP(insn->code) == BPF_JGE,
	};

	if (BPF_OP(insn->code) == BPF_JSET) {
		atom.mask &= atom.k;
		atom.k = 0;
	}
	return add_atom(p, atom);
}

static bool is_taken(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	default:
		return a >= k;
	}
}

static uint32_t known_word(const struct bpf_proof *p, uint32_t word)
{
	return word == BPF_WORD_NR ? (uint32_t)p->data.nr : p->data.arch;
}

/*
 * The program compares nr or arch, or nr without x32's bit, with K. Where the outcome changes
 * are K and its neighbours, which are added later; without the bit, these are twice as many
 * numbers.
 */
static void add_constant(struct bpf_proof *p, const struct bpf_state *a, uint32_t k)
{
	if (a->word == BPF_WORD_ARCH) {
		bpf_list_add(&p->archs, k);
		return;
	}
	bpf_list_add(&p->nrs, k);
	if (a->mask != UINT32_MAX)
		bpf_list_add(&p->nrs, k ^ BPF_X32_BIT);
}

/* A test of A, which is STATE. Goes on both ways unless the outcome is known. */
static int follow_test(struct bpf_proof *p, unsigned int pc, const struct bpf_state *a)
{
	const struct sock_filter *insn = &p->prog->insn[pc];
	bool yes = true, no = true;
	int ret = 0;

	if (is_arg(a->word)) {
		p->tests_args = true;
		ret = p->survey ? 0 : add_program_atom(p, a, insn);
	} else if (a->word == NO_WORD || BPF_OP(insn->code) == BPF_JSET) {
		return unsupported(p, pc);
	} else if (p->survey) {
		add_constant(p, a, insn->k);
	} else {
		yes = is_taken(BPF_OP(insn->code), known_word(p, a->word) & a->mask, insn->k);
		no = !yes;
	}
	if (ret == 0 && yes)
		ret = add_state(p, pc + 1 + insn->jt, a->word, a->mask);
	if (ret == 0 && no)
		ret = add_state(p, pc + 1 + insn->jf, a->word, a->mask);
	return ret;
}

static int follow_load(struct bpf_proof *p, unsigned int pc)
{
	const uint32_t word = p->prog->insn[pc].k;

	if (word != BPF_WORD_NR && word != BPF_WORD_ARCH && !is_arg(word))
		return unsupported(p, pc);
	return add_state(p, pc + 1, word, UINT32_MAX);
}

/*
 * Of nr and arch, only x32's bit may be taken off; with other masks, the numbers to be tried would
 * not be those of add_constant().
 */
static int follow_and(struct bpf_proof *p, unsigned int pc, const struct bpf_state *a)
{
	const uint32_t mask = a->mask & p->prog->insn[pc].k;

	if (is_arg(a->word) || (a->word == BPF_WORD_NR && mask == ~BPF_X32_BIT))
		return add_state(p, pc + 1, a->word, mask);
	return unsupported(p, pc);
}

static int follow_insn(struct bpf_proof *p, unsigned int pc, const struct bpf_state *a)
{
	const struct sock_filter *insn = &p->prog->insn[pc];

	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return follow_load(p, pc);
	case BPF_ALU | BPF_AND | BPF_K:
		return follow_and(p, pc, a);
	case BPF_JMP | BPF_JA:
		return add_state(p, pc + 1 + insn->k, a->word, a->mask);
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return follow_test(p, pc, a);
	case BPF_RET | BPF_K:
		return 0;
	default:
		return unsupported(p, pc);
	}
}

/*
 * Every way through the program from PC on. Since jumps go forward, one pass over the
 * instructions meets each after all that lead to it.
 */
int bpf_ask_program(struct bpf_proof *p, unsigned int pc)
{
	const struct bpf_state *state;
	int ret;

	memset(p->states, 0, p->prog->len * sizeof(struct bpf_state *));
	ret = add_state(p, pc, NO_WORD, 0);
	for (; ret == 0 && pc < p->prog->len; pc++)
		for (state = p->states[pc]; ret == 0 && state; state = state->next)
			ret = follow_insn(p, pc, state);
	return ret;
}

/* ---- the policy's questions ---- */

static int add_policy_atom(struct bpf_proof *p, const struct bpf_question *q)
{
	const struct bpf_expr *expr = q->expr;
	const uint64_t width = bpf_width_mask(q->type.bits);
	struct bpf_atom atom = {
		.arg = q->arg,
		.mask = expr->mask & width,
		.k = expr->value & width,
		.ordered = expr->op >= BPF_EXPR_LT && expr->op <= BPF_EXPR_GE,
	};
	int ret = add_atom(p, atom);

	if (ret < 0 || !q->type.is_signed || expr->masked || !atom.ordered)
		return ret;
	/* Which side of zero is also asked; the two answers give the signed one. */
	atom.k = UINT64_C(1) << (q->type.bits - 1);
	return add_atom(p, atom);
}

static int add_policy_atoms(struct bpf_proof *p, const struct bpf_question *q)
{
	int ret;

	if (q->expr->op > BPF_EXPR_NOT)
		return add_policy_atom(p, q);
	ret = add_policy_atoms(p, q->left);
	return ret < 0 || !q->right ? ret : add_policy_atoms(p, q->right);
}

/* Of one policy of a stack. */
static int ask_rules(struct bpf_proof *p, const struct bpf_index *index, enum bpf_abi_id abi,
		     uint32_t nr)
{
	const struct bpf_entry *entry;
	int ret = 0;

	for (entry = bpf_index_find(index, abi, nr); entry && ret == 0;
	     entry = bpf_entry_of(entry->next, abi, nr))
		if (entry->cond)
			ret = add_policy_atoms(p, entry->cond);
	return ret;
}

int bpf_ask_policy(struct bpf_proof *p)
{
	const int abi = bpf_abi_of(p->data.arch, (uint32_t)p->data.nr);
	const struct bpf_index *index;
	uint32_t nr;
	int ret = 0;

	if (abi < 0 || !(p->policy->abis & (1u << abi)))
		return 0;
	nr = (uint32_t)p->data.nr & ~bpf_abis[abi].nr_bit;
	for (index = &p->index; index && ret == 0; index = index->under)
		ret = ask_rules(p, index, (enum bpf_abi_id)abi, nr);
	return ret;
}
