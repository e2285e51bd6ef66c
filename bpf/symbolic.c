/* SPDX-License-Identifier: MIT */
/*
 * A program run with symbols for its input: what it does with every call, as one diagram.
 *
 * First forwards. A word is 32 diagrams, one for each of its bits; loads give the bits of
 * struct seccomp_data, arithmetic makes new ones of them (value.c). Which words can be in A,
 * X and M[] at an instruction is a list of states, mostly of one or two, since what nobody
 * reads any more is not kept apart. At a jump, "A >= k" becomes a diagram of its own.
 *
 * Then backwards. What becomes of a call in a state is, at a "ret", its action; at a jump, what
 * becomes of it at one target or the other, as the condition says; else what becomes of it at
 * the next instruction. At the first instruction, it is what the program means.
 *
 * A state also knows for which architectures and numbers it is reached. Many programs test a
 * number, then arguments, and go on to the next number where those did not fit. Where an
 * argument is tested, one number is left, and the diagrams of what follows are cut down to
 * what that makes of them; or each argument would be asked for under every number.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define REGS		(2 + BPF_MEMWORDS) /* A, X, M[] */
#define REG_A		0
#define REG_X		1
#define REG_M(k)	(2 + (k))
#define MAX_STATES	1024 /* at one instruction */
#define MAX_RETURN_BITS 8    /* of A, when it is returned, that depend on the call */

struct state {
	struct state *next;		   /* at the same instruction */
	const struct bpf_value *reg[REGS]; /* NULL: nobody reads it */
	struct state *yes, *no;		   /* where it goes on; NULL: it does not */
	uint32_t cond;			   /* when it goes on at YES */
	uint32_t care;			   /* arch and nr with which it is reached, if it matters */
	uint32_t result;		   /* what becomes of the call */
};

struct run {
	struct bpf_values values;
	const struct bpf_program *program;
	struct bpf_error *err;
	unsigned int pc;
	struct state **states; /* of each instruction */
	uint32_t *live;
};

static int refuse(const struct run *run, const char *why)
{
	const struct bpf_place place = { .file = run->program->name, .line = run->pc + 1 };

	return bpf_fail(run->err, -EOPNOTSUPP, &place, "program %s, instruction %u: %s",
			run->program->name, run->pc, why);
}

static int no_memory(const struct run *run)
{
	return bpf_fail(run->err, -ENOMEM, NULL, "program %s: more memory is needed to decide this",
			run->program->name);
}

/* What one of the functions of value.c said, as an error. */
static int failure(const struct run *run, int ret)
{
	if (ret == -ENOMEM)
		return no_memory(run);
	return refuse(run, ret == -EDOM ? "two words of the call meet in one operation" :
					  "a product or quotient that is no shift");
}

/* ---- states ---- */

/* The state REGS at instruction PC, in *AT; made, if it was not there. */
static int find_state(struct run *run, unsigned int pc, const struct bpf_value *const *regs,
		      struct state **at)
{
	const struct bpf_value *kept[REGS] = { 0 };
	struct state *state;
	unsigned int i;

	for (i = 0; i < REGS; i++)
		kept[i] = run->live[pc] & 1u << i ? regs[i] : NULL;
	i = 0;
	for (state = run->states[pc]; state; state = state->next, i++) {
		if (!memcmp(state->reg, kept, sizeof(kept))) {
			*at = state;
			return 0;
		}
	}
	if (i >= MAX_STATES)
		return refuse(run, "too many different words in A, X and M[]");
	state = bpf_alloc(run->values.arena, sizeof(*state));
	if (!state)
		return no_memory(run);
	memcpy(state->reg, kept, sizeof(kept));
	state->next = run->states[pc];
	run->states[pc] = state;
	*at = state;
	return 0;
}

static bool is_of_argument(const struct run *run, uint32_t cond)
{
	const uint32_t var = run->values.bdd->nodes[cond].var;

	return var >= BPF_BDD_ARG(0) && var < BPF_BDD_VARS;
}

/* Is an argument in A, or loaded later? */
static bool asks_arguments(const struct run *run, unsigned int pc, const struct state *s)
{
	const struct bpf_value *a = s->reg[REG_A];
	unsigned int i;

	if (run->live[pc] & BPF_LIVE_ARGS)
		return true;
	for (i = 0; a && i < BPF_VALUE_BITS; i++)
		if (is_of_argument(run, a->bit[i]))
			return true;
	return false;
}

/*
 * The numbers with which S goes WAY; or more. A test of an argument leaves all of them. That a
 * single number is not among them is not worth a new diagram at each of a hundred tests.
 */
static uint32_t care_on(const struct run *run, const struct state *s, bool way)
{
	const uint16_t code = run->program->insn[run->pc].code;
	const bool all = is_of_argument(run, s->cond) ||
			 (!way && s->cond != BPF_BDD_YES && BPF_CLASS(code) == BPF_JMP &&
			  BPF_OP(code) == BPF_JEQ);

	if (all)
		return s->care;
	return bpf_bdd_ite(run->values.bdd, s->cond, way ? s->care : BPF_BDD_NO,
			   way ? BPF_BDD_NO : s->care);
}

/* From S to instruction PC with REGS, when the condition of S is WAY; if that is ever so. */
static int go_on(struct run *run, struct state *s, bool way, unsigned int pc,
		 const struct bpf_value *const *regs)
{
	const uint32_t care = care_on(run, s, way);
	struct state **to = way ? &s->yes : &s->no;
	int ret;

	if (care == BPF_BDD_NO)
		return 0;
	ret = find_state(run, pc, regs, to);
	if (ret == 0 && asks_arguments(run, pc, *to))
		(*to)->care = bpf_bdd_ite(run->values.bdd, care, BPF_BDD_YES, (*to)->care);
	else if (ret == 0)
		(*to)->care = BPF_BDD_YES;
	return ret;
}

/* ---- the end of a program ---- */

static uint32_t action(struct run *run, uint32_t value)
{
	return bpf_bdd_node(run->values.bdd, BPF_BDD_ACTION, bpf_action_meaning(value), 0);
}

/* What "ret a" returns, from bit BIT - 1 of A down, when those above are those of VALUE. */
static uint32_t returned(struct run *run, const struct bpf_value *a, unsigned int bit,
			 uint32_t value)
{
	const uint32_t f = bit ? a->bit[bit - 1] : 0;
	uint32_t lo, hi;

	if (bit == 0)
		return action(run, value);
	if (f == BPF_BDD_NO)
		return returned(run, a, bit - 1, value);
	if (f == BPF_BDD_YES)
		return returned(run, a, bit - 1, value | 1u << (bit - 1));
	lo = returned(run, a, bit - 1, value);
	hi = returned(run, a, bit - 1, value | 1u << (bit - 1));
	return bpf_bdd_ite(run->values.bdd, f, hi, lo);
}

static int end(struct run *run, struct state *s, const struct sock_filter *insn)
{
	unsigned int i, open = 0;

	if (BPF_RVAL(insn->code) == BPF_K) {
		s->result = action(run, insn->k);
		return 0;
	}
	for (i = 0; i < BPF_VALUE_BITS; i++)
		open += s->reg[REG_A]->bit[i] > BPF_BDD_YES;
	if (open > MAX_RETURN_BITS)
		return refuse(run, "an action out of the call's own words");
	s->result = returned(run, s->reg[REG_A], BPF_VALUE_BITS, 0);
	return 0;
}

/* ---- one instruction ---- */

/* K, or what X holds, as INSN says. */
static int operand(struct run *run, const struct state *s, const struct sock_filter *insn,
		   const struct bpf_value **word)
{
	if (BPF_SRC(insn->code) == BPF_X)
		*word = s->reg[REG_X];
	else
		*word = bpf_value_const(&run->values, insn->k);
	return *word ? 0 : no_memory(run);
}

static int jump(struct run *run, struct state *s, const struct sock_filter *insn)
{
	const unsigned int next = run->pc + 1;
	const struct bpf_value *with;
	int ret;

	s->cond = BPF_BDD_YES;
	if (BPF_OP(insn->code) == BPF_JA)
		return go_on(run, s, true, next + insn->k, s->reg);
	ret = operand(run, s, insn, &with);
	if (ret < 0)
		return ret;
	ret = bpf_value_test(&run->values, BPF_OP(insn->code), s->reg[REG_A], with, &s->cond);
	if (ret < 0)
		return failure(run, ret);
	ret = go_on(run, s, true, next + insn->jt, s->reg);
	return ret < 0 ? ret : go_on(run, s, false, next + insn->jf, s->reg);
}

/* A = A op K or X. Division by an X of 0 ends the program: then *WORD is NULL. */
static int compute(struct run *run, struct state *s, const struct sock_filter *insn,
		   const struct bpf_value **word)
{
	const struct bpf_value *a = s->reg[REG_A], *with = NULL;
	uint32_t zero;
	int ret;

	*word = NULL;
	if (BPF_OP(insn->code) != BPF_NEG) {
		ret = operand(run, s, insn, &with);
		if (ret < 0)
			return ret;
	}
	if (BPF_OP(insn->code) == BPF_DIV && bpf_value_known(with, &zero) && zero == 0) {
		s->result = action(run, 0);
		return 0;
	}
	ret = bpf_value_compute(&run->values, BPF_OP(insn->code), a, with, word);
	return ret < 0 ? failure(run, ret) : 0;
}

/* What a load loads. */
static const struct bpf_value *load(struct run *run, const struct state *s,
				    const struct sock_filter *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		return bpf_value_const(&run->values, insn->k);
	case BPF_LEN:
		return bpf_value_const(&run->values, sizeof(struct seccomp_data));
	case BPF_MEM:
		return s->reg[REG_M(insn->k)];
	default: /* BPF_ABS */
		return bpf_value_load(&run->values, insn->k);
	}
}

/* Which register an instruction writes, and what. */
static int assign(struct run *run, struct state *s, const struct sock_filter *insn,
		  unsigned int *reg, const struct bpf_value **word)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		*word = load(run, s, insn);
		break;
	case BPF_LDX:
		*reg = REG_X;
		*word = load(run, s, insn);
		break;
	case BPF_ST:
		*reg = REG_M(insn->k);
		*word = s->reg[REG_A];
		break;
	case BPF_STX:
		*reg = REG_M(insn->k);
		*word = s->reg[REG_X];
		break;
	case BPF_MISC:
		*reg = BPF_MISCOP(insn->code) == BPF_TAX ? REG_X : REG_A;
		*word = s->reg[*reg == REG_X ? REG_A : REG_X];
		break;
	default: /* BPF_ALU */
		return compute(run, s, insn, word);
	}
	return *word ? 0 : no_memory(run);
}

static int step(struct run *run, struct state *s)
{
	const struct sock_filter *insn = &run->program->insn[run->pc];
	const struct bpf_value *regs[REGS], *word = NULL;
	unsigned int reg = REG_A;
	int ret;

	if (BPF_CLASS(insn->code) == BPF_RET)
		return end(run, s, insn);
	if (BPF_CLASS(insn->code) == BPF_JMP)
		return jump(run, s, insn);
	ret = assign(run, s, insn, &reg, &word);
	if (ret < 0 || !word)
		return ret;
	memcpy(regs, s->reg, sizeof(regs));
	regs[reg] = word;
	s->cond = BPF_BDD_YES;
	return go_on(run, s, true, run->pc + 1, regs);
}

/* ---- all of them ---- */

static int forwards(struct run *run)
{
	const struct bpf_value *regs[REGS] = { 0 };
	struct state *s;
	int ret;

	regs[REG_A] = bpf_value_const(&run->values, 0);
	regs[REG_X] = regs[REG_A];
	if (!regs[REG_A])
		return no_memory(run);
	ret = find_state(run, 0, regs, &s);
	if (ret == 0)
		s->care = BPF_BDD_YES;
	for (run->pc = 0; run->pc < run->program->len; run->pc++) {
		for (s = run->states[run->pc]; s && ret == 0; s = s->next)
			ret = step(run, s);
		if (ret < 0)
			return ret;
		if (run->values.bdd->full)
			return no_memory(run);
	}
	return 0;
}

/* What becomes of a call in S, for the arch and nr that S is reached with. */
static uint32_t becomes(struct run *run, const struct state *s)
{
	struct bpf_bdd *bdd = run->values.bdd;
	uint32_t yes, no;

	if (!s->yes && !s->no)
		return s->result;
	if (!s->yes || !s->no)
		return (s->yes ? s->yes : s->no)->result;
	yes = s->yes->result;
	no = s->no->result;
	if (is_of_argument(run, s->cond)) {
		yes = bpf_bdd_ite(bdd, s->care, yes, BPF_BDD_NO);
		no = bpf_bdd_ite(bdd, s->care, no, BPF_BDD_NO);
	}
	return bpf_bdd_ite(bdd, s->cond, yes, no);
}

static int backwards(struct run *run)
{
	struct state *s;
	unsigned int pc;

	for (pc = run->program->len; pc-- > 0;) {
		for (s = run->states[pc]; s; s = s->next)
			s->result = becomes(run, s);
		if (run->values.bdd->full)
			return no_memory(run);
	}
	return 0;
}

int bpf_symbolic(struct bpf_bdd *bdd, struct bpf_arena *arena, const struct bpf_program *program,
		 uint32_t *result, struct bpf_error *err)
{
	struct run run = {
		.values = { .bdd = bdd, .arena = arena },
		.program = program,
		.err = err,
	};
	int ret;

	run.states = bpf_alloc(arena, program->len * sizeof(struct state *));
	run.live = bpf_alloc(arena, program->len * sizeof(*run.live));
	if (!run.states || !run.live)
		return no_memory(&run);
	bpf_live(program->insn, program->len, run.live);
	ret = forwards(&run);
	if (ret == 0)
		ret = backwards(&run);
	if (ret == 0)
		*result = run.states[0]->result;
	return ret;
}
