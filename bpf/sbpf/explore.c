/* SPDX-License-Identifier: MIT */
/*
 * What a program does with a number when its arguments may be anything.
 *
 * Twice, for two questions. The kernel's own emulation at installation (Linux 5.11 and
 * newer, seccomp_is_const_allow()) knows nr and arch only, and gives up at the first
 * instruction that needs more: up to there the run is the same for all arguments, so it is
 * read off a run with zeros. And all ways through: jumps go forward, so one pass carries to
 * every instruction what A may hold there, exactly (a number, made from nr and arch) or "anything";
 * a test of a number goes one way, a test of anything goes both.
 *
 * X and M[] count as anything, which may take ways for possible that are not.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

/* ---- the kernel's emulation ---- */

struct watch {
	struct emulated *out;
	bool spoiled;
};

static bool is_transparent(const struct sock_filter *insn)
{
	const struct bpf_opcode *op = bpf_opcode(insn->code);

	if (!op || !(op->flags & BPF_CACHED))
		return false;
	return op->operand != BPF_OP_ABS || insn->k == BPF_WORD_NR || insn->k == BPF_WORD_ARCH;
}

static void watch_step(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct watch *watch = ctx;

	if (watch->spoiled)
		return;
	watch->out->steps++;
	watch->out->pc = m->pc;
	watch->spoiled = !is_transparent(insn);
}

void emulate(const struct bpf_prog *prog, enum bpf_abi_id abi, uint32_t nr, struct emulated *out)
{
	struct seccomp_data data = { .arch = bpf_abis[abi].arch,
				     .nr = (int)(nr | bpf_abis[abi].nr_bit) };
	struct watch watch = { .out = out };
	uint32_t action;

	memset(out, 0, sizeof(*out));
	action = bpf_run_traced(prog->insn, prog->len, &data, watch_step, &watch);
	out->cached = !watch.spoiled && action == SECCOMP_RET_ALLOW && !bpf_abis[abi].nr_bit &&
		      nr < BPF_X32_BIT;
}

/* ---- all ways ---- */

#define STATES 8 /* contents of A that are told apart at one instruction; more are "anything" */

struct state {
	bool known;
	uint32_t a;
	unsigned int best, worst; /* instructions run to get here */
	double odds, steps;	  /* at even odds: how likely, and that times the instructions */
};

struct explorer {
	const struct bpf_prog *prog;
	uint32_t nr, arch;
	unsigned char count[BPF_MAXINSNS];
	struct state states[BPF_MAXINSNS][STATES];
};

struct explorer *explorer_new(struct job *job, const struct bpf_prog *prog)
{
	struct explorer *ex = bpf_alloc_raw(&job->arena, sizeof(*ex));

	if (!ex)
		die("out of memory");
	ex->prog = prog;
	return ex;
}

static void merge(struct state *to, const struct state *from)
{
	if (from->best < to->best)
		to->best = from->best;
	if (from->worst > to->worst)
		to->worst = from->worst;
	to->odds += from->odds;
	to->steps += from->steps;
}

/* FROM comes to PC as well. */
static void arrive(struct explorer *ex, unsigned long pc, const struct state *from)
{
	struct state state = *from, *at;
	unsigned int i;

	if (pc >= ex->prog->len)
		return;
	at = ex->states[pc];
	if (ex->count[pc] == STATES - 1 && state.known)
		state.known = false;
	if (!state.known)
		state.a = 0;
	for (i = 0; i < ex->count[pc]; i++) {
		if (at[i].known == state.known && at[i].a == state.a) {
			merge(&at[i], &state);
			return;
		}
	}
	at[ex->count[pc]++] = state;
}

static void load(const struct explorer *ex, struct state *state, const struct sock_filter *insn)
{
	state->known = true;
	if (BPF_MODE(insn->code) == BPF_IMM)
		state->a = insn->k;
	else if (BPF_MODE(insn->code) == BPF_LEN)
		state->a = sizeof(struct seccomp_data);
	else if (BPF_MODE(insn->code) == BPF_ABS && insn->k == BPF_WORD_NR)
		state->a = ex->nr;
	else if (BPF_MODE(insn->code) == BPF_ABS && insn->k == BPF_WORD_ARCH)
		state->a = ex->arch;
	else
		state->known = false;
}

/* A = A op k is what a program of these three instructions returns. */
static void compute(struct state *state, const struct sock_filter *insn)
{
	const struct sock_filter little[] = { BPF_STMT(BPF_LD | BPF_IMM, state->a), *insn,
					      BPF_STMT(BPF_RET | BPF_A, 0) };
	const struct seccomp_data none = { 0 };

	if (BPF_SRC(insn->code) == BPF_X && BPF_OP(insn->code) != BPF_NEG)
		state->known = false;
	if (state->known)
		state->a = bpf_run(little, 3, &none, NULL);
}

static bool is_taken(const struct sock_filter *insn, uint32_t a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == insn->k;
	case BPF_JGT:
		return a > insn->k;
	case BPF_JGE:
		return a >= insn->k;
	default:
		return a & insn->k;
	}
}

static void branch(struct explorer *ex, unsigned int pc, struct state *state)
{
	const struct sock_filter *insn = &ex->prog->insn[pc];
	const unsigned long t = pc + 1ul + insn->jt, f = pc + 1ul + insn->jf;

	if (t == f || (state->known && BPF_SRC(insn->code) == BPF_K)) {
		arrive(ex, is_taken(insn, state->a) ? t : f, state);
		return;
	}
	state->odds /= 2;
	state->steps /= 2;
	arrive(ex, t, state);
	arrive(ex, f, state);
}

/* The run ends here, with ACTION, or with what was computed. */
static void outcome(struct explored *out, const struct state *state, bool known, uint32_t action)
{
	unsigned int i;

	if (state->best < out->best)
		out->best = state->best;
	if (state->worst > out->worst)
		out->worst = state->worst;
	out->even += state->steps;
	if (!known) {
		out->computed = true;
		return;
	}
	for (i = 0; i < out->nactions; i++) {
		if (out->actions[i] == action)
			return;
	}
	if (out->nactions < MAX_OUTCOMES)
		out->actions[out->nactions++] = action;
}

static void step(struct explorer *ex, unsigned int pc, struct state state, struct explored *out)
{
	const struct sock_filter *insn = &ex->prog->insn[pc];

	state.best++;
	state.worst++;
	state.steps += state.odds;
	switch (BPF_CLASS(insn->code)) {
	case BPF_RET:
		if (BPF_RVAL(insn->code) == BPF_A)
			outcome(out, &state, state.known, state.a);
		else
			outcome(out, &state, true, insn->k);
		return;
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_JA)
			arrive(ex, pc + 1ul + insn->k, &state);
		else
			branch(ex, pc, &state);
		return;
	case BPF_LD:
		load(ex, &state, insn);
		break;
	case BPF_ALU:
		compute(&state, insn);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TXA)
			state.known = false;
		break;
	}
	arrive(ex, pc + 1ul, &state);
}

void explore(struct explorer *ex, enum bpf_abi_id abi, uint32_t nr, struct explored *out,
	     unsigned char *visited)
{
	const struct state start = { .known = true, .odds = 1 };
	unsigned int pc, i;

	memset(out, 0, sizeof(*out));
	out->best = UINT32_MAX;
	memset(ex->count, 0, ex->prog->len);
	ex->nr = nr | bpf_abis[abi].nr_bit;
	ex->arch = bpf_abis[abi].arch;
	arrive(ex, 0, &start);
	for (pc = 0; pc < ex->prog->len; pc++) {
		if (visited && ex->count[pc])
			visited[pc] = 1;
		for (i = 0; i < ex->count[pc]; i++)
			step(ex, pc, ex->states[pc][i], out);
	}
}

double explored_odds(const struct explorer *ex, unsigned int pc)
{
	double odds = 0;
	unsigned int i;

	for (i = 0; i < ex->count[pc]; i++)
		odds += ex->states[pc][i].odds;
	return odds;
}

bool may_pass(const struct explored *out)
{
	unsigned int i;

	for (i = 0; i < out->nactions; i++) {
		if (is_let_through(out->actions[i]))
			return true;
	}
	return out->computed || out->nactions == MAX_OUTCOMES;
}

bool must_pass(const struct explored *out)
{
	unsigned int i;

	for (i = 0; i < out->nactions; i++) {
		if (!is_let_through(out->actions[i]))
			return false;
	}
	return !out->computed && out->nactions < MAX_OUTCOMES;
}

/* ---- the kernel's own machine ---- */

#define PROLOGUE 3u /* A and X are cleared, the context is put by */

/* A comparison with a constant that looks negative needs it in a register first. */
static unsigned int translated_test(const struct sock_filter *insn)
{
	const uint16_t op = BPF_OP(insn->code);
	const unsigned int extra = BPF_SRC(insn->code) == BPF_K && insn->k > INT32_MAX;

	if (insn->jf == 0 || (insn->jt == 0 && op != BPF_JSET))
		return 1 + extra; /* one side falls through; there is no inverse of JSET */
	return 2 + extra;
}

unsigned int translated_insn(const struct sock_filter *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_RET:
		return BPF_RVAL(insn->code) == BPF_K ? 2 : 1;
	case BPF_JMP:
		return BPF_OP(insn->code) == BPF_JA ? 1 : translated_test(insn);
	case BPF_ALU: /* division by X looks for zero */
		return insn->code == (BPF_ALU | BPF_DIV | BPF_X) ? 5 : 1;
	default:
		return 1;
	}
}

unsigned int translated_length(const struct bpf_prog *prog)
{
	unsigned int pc, len = PROLOGUE;

	for (pc = 0; pc < prog->len; pc++)
		len += translated_insn(&prog->insn[pc]);
	return len;
}
