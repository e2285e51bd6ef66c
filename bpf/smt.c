/* SPDX-License-Identifier: MIT */
/*
 * A program as formulas, for solvers that know nothing of ours.
 *
 * SMT-LIB2 has bit vectors of 32 bits and every operation of the machine on them. Each
 * instruction PC has: NAME.rPC, whether the program gets there; NAME.aPC, NAME.xPC and
 * NAME.mI_PC, what A, X and M[I] are there, if somebody still reads them; and a jump has
 * NAME.cPC, whether its condition holds. Where several jumps lead to one instruction, what
 * is there is what the one that was taken brings. The action is that of the "ret" that is
 * reached. Instructions follow each other, so all of this is as long as the program is, times
 * how many jumps there are to one place.
 *
 *	(assert (= NAME #x7fff0000))
 *	(check-sat)
 *
 * asks whether the program allows anything.
 *
 * The SMT-LIB standard, version 2.6; theory FixedSizeBitVectors.
 */
#include "bpf/internal.h"

#include <inttypes.h>

#define NOWHERE BPF_MAXINSNS

struct text {
	FILE *out;
	const struct sock_filter *insn;
	unsigned int len;
	const char *name;
	uint32_t live[BPF_MAXINSNS];
	bool reached[BPF_MAXINSNS];
};

/* ---- names ---- */

static void put_word_name(FILE *out, uint32_t offset)
{
	const uint32_t args = (uint32_t)offsetof(struct seccomp_data, args);
	const uint32_t low = bpf_word_lo(0) - args;

	if (offset == BPF_WORD_NR)
		fprintf(out, "nr");
	else if (offset == BPF_WORD_ARCH)
		fprintf(out, "arch");
	else if (offset < args)
		fprintf(out, "ip.%s", offset % 8 == low ? "lo" : "hi");
	else
		fprintf(out, "arg%u.%s", (offset - args) / 8,
			(offset - args) % 8 == low ? "lo" : "hi");
}

/* What SET, one bit of bpf_live(), is called at PC. */
static void put_register(const struct text *t, uint32_t set, unsigned int pc)
{
	unsigned int i;

	if (set == BPF_LIVE_A || set == BPF_LIVE_X) {
		fprintf(t->out, "%s.%c%u", t->name, set == BPF_LIVE_A ? 'a' : 'x', pc);
		return;
	}
	for (i = 0; BPF_LIVE_M(i) != set; i++)
		;
	fprintf(t->out, "%s.m%u_%u", t->name, i, pc);
}

static void put_constant(const struct text *t, uint32_t value)
{
	fprintf(t->out, "#x%08" PRIx32, value);
}

/* ---- terms ---- */

/* K or X; for a shift, of X the lower five bits. */
static void put_source(const struct text *t, unsigned int pc)
{
	const struct sock_filter *insn = &t->insn[pc];
	const uint16_t op = BPF_OP(insn->code);

	if (BPF_SRC(insn->code) == BPF_K) {
		put_constant(t, insn->k);
	} else if (BPF_CLASS(insn->code) == BPF_ALU && (op == BPF_LSH || op == BPF_RSH)) {
		fprintf(t->out, "(bvand #x0000001f ");
		put_register(t, BPF_LIVE_X, pc);
		fprintf(t->out, ")");
	} else {
		put_register(t, BPF_LIVE_X, pc);
	}
}

static const char *operation(uint16_t op)
{
	switch (op) {
	case BPF_ADD:
		return "bvadd";
	case BPF_SUB:
		return "bvsub";
	case BPF_MUL:
		return "bvmul";
	case BPF_DIV:
		return "bvudiv";
	case BPF_AND:
		return "bvand";
	case BPF_OR:
		return "bvor";
	case BPF_XOR:
		return "bvxor";
	case BPF_LSH:
		return "bvshl";
	case BPF_RSH:
		return "bvlshr";
	default: /* BPF_NEG */
		return "bvneg";
	}
}

static void put_arithmetic(const struct text *t, unsigned int pc)
{
	const uint16_t op = BPF_OP(t->insn[pc].code);

	fprintf(t->out, "(%s ", operation(op));
	put_register(t, BPF_LIVE_A, pc);
	if (op != BPF_NEG) {
		fprintf(t->out, " ");
		put_source(t, pc);
	}
	fprintf(t->out, ")");
}

static void put_load(const struct text *t, unsigned int pc)
{
	const struct sock_filter *insn = &t->insn[pc];

	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		put_constant(t, insn->k);
		break;
	case BPF_LEN:
		put_constant(t, sizeof(struct seccomp_data));
		break;
	case BPF_MEM:
		put_register(t, BPF_LIVE_M(insn->k), pc);
		break;
	default: /* BPF_ABS */
		put_word_name(t->out, insn->k);
	}
}

/* What the register SET holds behind the instruction PC. */
static void put_after(const struct text *t, uint32_t set, unsigned int pc)
{
	const struct sock_filter *insn = &t->insn[pc];
	const unsigned int flags = bpf_opcode(insn->code)->flags;
	uint32_t writes = 0;

	writes |= flags & BPF_WRITES_A ? BPF_LIVE_A : 0;
	writes |= flags & BPF_WRITES_X ? BPF_LIVE_X : 0;
	writes |= flags & BPF_WRITES_M ? BPF_LIVE_M(insn->k) : 0;
	if (writes != set)
		put_register(t, set, pc);
	else if (BPF_CLASS(insn->code) == BPF_ALU)
		put_arithmetic(t, pc);
	else if (BPF_CLASS(insn->code) == BPF_LD || BPF_CLASS(insn->code) == BPF_LDX)
		put_load(t, pc);
	else /* st, stx, tax, txa: a copy of the one that is read */
		put_register(t, flags & BPF_READS_A ? BPF_LIVE_A : BPF_LIVE_X, pc);
}

static void put_condition(const struct text *t, unsigned int pc)
{
	const uint16_t op = BPF_OP(t->insn[pc].code);
	const char *name = op == BPF_JEQ ? "=" : op == BPF_JGT ? "bvugt" : "bvuge";

	fprintf(t->out, "(define-fun %s.c%u () Bool (%s ", t->name, pc,
		op == BPF_JSET ? "distinct #x00000000 (bvand" : name);
	put_register(t, BPF_LIVE_A, pc);
	fprintf(t->out, " ");
	put_source(t, pc);
	fprintf(t->out, "%s))\n", op == BPF_JSET ? ")" : "");
}

/* ---- ways ---- */

static bool is_branch(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
}

/* Division by X goes no further when X is 0. */
static bool may_end(const struct sock_filter *insn)
{
	return insn->code == (BPF_ALU | BPF_DIV | BPF_X);
}

/* Where PC goes when its condition, if it has one, is WAY. */
static unsigned int target(const struct text *t, unsigned int pc, bool way)
{
	const struct sock_filter *insn = &t->insn[pc];

	if (BPF_CLASS(insn->code) == BPF_RET)
		return NOWHERE;
	if (BPF_CLASS(insn->code) != BPF_JMP)
		return pc + 1;
	if (BPF_OP(insn->code) == BPF_JA)
		return pc + 1 + insn->k;
	return pc + 1 + (way ? insn->jt : insn->jf);
}

/* Does FROM lead to PC? */
static bool leads(const struct text *t, unsigned int from, unsigned int pc)
{
	return t->reached[from] && (target(t, from, true) == pc || target(t, from, false) == pc);
}

/* "FROM is reached and goes on to PC". */
static void put_way(const struct text *t, unsigned int from, unsigned int pc)
{
	const bool yes = target(t, from, true) == pc, no = target(t, from, false) == pc;

	if (may_end(&t->insn[from])) {
		fprintf(t->out, "(and %s.r%u (distinct #x00000000 ", t->name, from);
		put_register(t, BPF_LIVE_X, from);
		fprintf(t->out, "))");
	} else if (yes && no) {
		fprintf(t->out, "%s.r%u", t->name, from);
	} else {
		fprintf(t->out, yes ? "(and %s.r%u %s.c%u)" : "(and %s.r%u (not %s.c%u))", t->name,
			from, t->name, from);
	}
}

/* What SET holds at PC: of all ways there, what the one that was taken brings. */
static void put_arrival(const struct text *t, uint32_t set, unsigned int pc)
{
	unsigned int from, last = NOWHERE, depth = 0;

	for (from = 0; from < pc; from++) {
		if (!leads(t, from, pc))
			continue;
		if (last != NOWHERE) {
			fprintf(t->out, "(ite ");
			put_way(t, last, pc);
			fprintf(t->out, " ");
			put_after(t, set, last);
			fprintf(t->out, " ");
			depth++;
		}
		last = from;
	}
	if (last == NOWHERE) /* the start */
		put_constant(t, 0);
	else
		put_after(t, set, last);
	for (; depth; depth--)
		fprintf(t->out, ")");
}

static bool put_reached(const struct text *t, unsigned int pc)
{
	unsigned int from, n = 0;

	if (pc == 0) {
		fprintf(t->out, "(define-fun %s.r0 () Bool true)\n", t->name);
		return true;
	}
	for (from = 0; from < pc; from++) {
		if (!leads(t, from, pc))
			continue;
		if (n++ == 0)
			fprintf(t->out, "(define-fun %s.r%u () Bool (or", t->name, pc);
		fprintf(t->out, " ");
		put_way(t, from, pc);
	}
	if (n)
		fprintf(t->out, "))\n");
	return n > 0;
}

static void put_instruction(const struct text *t, unsigned int pc)
{
	uint32_t set;

	for (set = 1; set <= BPF_LIVE_M(BPF_MEMWORDS - 1); set <<= 1) {
		if (!(t->live[pc] & set))
			continue;
		fprintf(t->out, "(define-fun ");
		put_register(t, set, pc);
		fprintf(t->out, " () (_ BitVec 32) ");
		put_arrival(t, set, pc);
		fprintf(t->out, ")\n");
	}
	if (is_branch(&t->insn[pc]))
		put_condition(t, pc);
}

/* The action: that of the last "ret", unless one before it is reached. */
static void put_result(const struct text *t)
{
	unsigned int pc, depth = 0;

	fprintf(t->out, "(define-fun %s () (_ BitVec 32)", t->name);
	for (pc = 0; pc < t->len; pc++) {
		if (!t->reached[pc] || BPF_CLASS(t->insn[pc].code) != BPF_RET)
			continue;
		fprintf(t->out, "\n (ite %s.r%u ", t->name, pc);
		if (BPF_RVAL(t->insn[pc].code) == BPF_A)
			put_register(t, BPF_LIVE_A, pc);
		else
			put_constant(t, t->insn[pc].k);
		depth++;
	}
	/* No "ret" is reached behind a division by 0, which is SECCOMP_RET_KILL_THREAD. */
	fprintf(t->out, "\n #x00000000");
	for (; depth; depth--)
		fprintf(t->out, ")");
	fprintf(t->out, ")\n");
}

/* ---- all of it ---- */

void bpf_smt_words(FILE *out)
{
	uint32_t offset;

	for (offset = 0; offset < sizeof(struct seccomp_data); offset += 4) {
		fprintf(out, "(declare-const ");
		put_word_name(out, offset);
		fprintf(out, " (_ BitVec 32))\n");
	}
}

void bpf_smt(FILE *out, const struct sock_filter *insn, unsigned int len, const char *name)
{
	struct text t = { .out = out, .insn = insn, .len = len, .name = name };
	char text[64];
	unsigned int pc;

	bpf_live(insn, len, t.live);
	for (pc = 0; pc < len; pc++) {
		fprintf(out, "; %u: %s\n", pc, bpf_insn_text(&insn[pc], pc, text, sizeof(text)));
		t.reached[pc] = put_reached(&t, pc);
		if (t.reached[pc])
			put_instruction(&t, pc);
	}
	put_result(&t);
}
