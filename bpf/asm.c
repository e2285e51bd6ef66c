/* SPDX-License-Identifier: MIT */
/*
 * The assembler: instructions in, labels resolved, a program out.
 *
 * The one hard part of classic BPF is that a conditional jump holds its two
 * distances in a byte each. A distance of 256 that is cut to 0 is a jump into the
 * wrong branch, and no kernel check finds it. So a jump that does not reach gets
 * a "ja" of its own, whose distance is 32 bits, directly behind it:
 *
 *	jeq #k, FAR, NEAR		   jeq #k, 1f, NEAR
 *					1: ja  FAR
 *
 * (and a second one if both are far). That moves what follows by one, which may put
 * another target out of reach; so distances are measured again until nothing
 * changes. Only ever adding "ja"s, that ends.
 *
 * What falls through (BPF_NEXT) falls past the "ja"s.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#define REACH 255u /* what fits in jt and jf */

/* Which sides of a conditional jump need a "ja". */
#define FAR_T 1u
#define FAR_F 2u

struct layout {
	unsigned int at[BPF_MAXINSNS + 1]; /* where each instruction comes to stand */
	unsigned char far[BPF_MAXINSNS];
};

void bpf_asm_init(struct bpf_asm *as)
{
	as->len = 0;
	as->nlabels = 0;
	as->error = 0;
	as->origin = 0;
}

static void fail(struct bpf_asm *as, int error)
{
	if (!as->error)
		as->error = error;
}

int bpf_label(struct bpf_asm *as)
{
	if (as->nlabels == BPF_MAXLABELS) {
		fail(as, -E2BIG);
		return 0;
	}
	as->at[as->nlabels] = -1;
	return (int)as->nlabels++;
}

static bool is_label(const struct bpf_asm *as, int label)
{
	return label >= 0 && (unsigned int)label < as->nlabels;
}

void bpf_place_label(struct bpf_asm *as, int label)
{
	if (!is_label(as, label) || as->at[label] >= 0)
		fail(as, -EINVAL);
	else
		as->at[label] = (int32_t)as->len;
}

static void append(struct bpf_asm *as, const struct bpf_asm_insn *insn)
{
	if (as->len == BPF_MAXINSNS) {
		fail(as, -E2BIG);
		return;
	}
	as->insn[as->len] = *insn;
	as->insn[as->len].origin = as->origin;
	as->len++;
}

static bool is_conditional(const struct bpf_opcode *op)
{
	return op && (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X);
}

void bpf_emit(struct bpf_asm *as, uint16_t code, uint32_t k)
{
	const struct bpf_opcode *op = bpf_opcode(code);
	const struct bpf_asm_insn insn = { .code = code, .k = k, .jt = -1, .jf = -1 };

	if (!op || op->operand == BPF_OP_JUMP || is_conditional(op))
		fail(as, -EINVAL);
	else
		append(as, &insn);
}

void bpf_emit_fields(struct bpf_asm *as, struct sock_filter out)
{
	const struct bpf_opcode *op = bpf_opcode(out.code);
	const struct bpf_asm_insn insn = {
		.code = out.code, .k = out.k, .jt = -1, .jf = -1, .unused = { out.jt, out.jf }
	};

	if (op && (op->operand == BPF_OP_JUMP || is_conditional(op)))
		fail(as, -EINVAL);
	else
		append(as, &insn);
}

void bpf_jump(struct bpf_asm *as, uint16_t code, uint32_t k, int jt, int jf)
{
	const struct bpf_asm_insn insn = { .code = code, .k = k, .jt = jt, .jf = jf };

	if (is_conditional(bpf_opcode(code)))
		append(as, &insn);
	else
		fail(as, -EINVAL);
}

void bpf_goto(struct bpf_asm *as, int label)
{
	const struct bpf_asm_insn insn = { .code = BPF_JMP | BPF_JA, .jt = label, .jf = -1 };

	append(as, &insn);
}

/* The index in as->insn[] that instruction I goes to by LABEL. */
static unsigned int target(const struct bpf_asm *as, unsigned int i, int label)
{
	return label == BPF_NEXT ? i + 1 : (unsigned int)as->at[label];
}

/* A label that instruction I names: placed, ahead, and not the end of the program. */
static int check_label(const struct bpf_asm *as, unsigned int i, int label, struct bpf_error *err)
{
	if (label == BPF_NEXT) {
		if (i + 1 < as->len)
			return 0;
		return bpf_fail(err, -EINVAL, NULL, "instruction %u: runs past the end", i);
	}
	if (!is_label(as, label))
		return bpf_fail(err, -EINVAL, NULL, "instruction %u: no label %d", i, label);
	if (as->at[label] < 0)
		return bpf_fail(err, -EINVAL, NULL, "instruction %u: label %d is nowhere", i,
				label);
	if (as->at[label] <= (int32_t)i)
		return bpf_fail(err, -EINVAL, NULL, "instruction %u: jumps back to %d", i,
				as->at[label]);
	if (as->at[label] >= (int32_t)as->len)
		return bpf_fail(err, -EINVAL, NULL, "instruction %u: jumps past the end", i);
	return 0;
}

/*
 * Every way on from every instruction leads to an instruction. Since all of them lead
 * forward, that is also the proof that the program ends, and in a "ret".
 */
static int check_paths(const struct bpf_asm *as, struct bpf_error *err)
{
	const struct bpf_opcode *op;
	unsigned int i;
	int ret;

	if (!as->len)
		return bpf_fail(err, -EINVAL, NULL, "an empty program");

	for (i = 0; i < as->len; i++) {
		op = bpf_opcode(as->insn[i].code);
		if (op && op->flags & BPF_ENDS)
			continue;
		ret = check_label(as, i, as->insn[i].jt, err);
		if (!ret && is_conditional(op))
			ret = check_label(as, i, as->insn[i].jf, err);
		if (ret)
			return ret;
	}
	return 0;
}

static unsigned int trampolines(const struct layout *lay, unsigned int i)
{
	return (lay->far[i] & FAR_T ? 1u : 0u) + (lay->far[i] & FAR_F ? 1u : 0u);
}

/* Where everything stands with the "ja"s known so far; returns the length. */
static unsigned int measure(const struct bpf_asm *as, struct layout *lay)
{
	unsigned int i, pos = 0;

	for (i = 0; i < as->len; i++) {
		lay->at[i] = pos;
		pos += 1 + trampolines(lay, i);
	}
	lay->at[i] = pos;
	return pos;
}

/* Is instruction I's LABEL more than a byte away? Distances count from the next one. */
static bool is_far(const struct bpf_asm *as, const struct layout *lay, unsigned int i, int label)
{
	return lay->at[target(as, i, label)] - (lay->at[i] + 1) > REACH;
}

/* Mark the sides that have come to be out of reach; false: none new. */
static bool stretch(const struct bpf_asm *as, struct layout *lay)
{
	bool changed = false;
	unsigned char far;
	unsigned int i;

	for (i = 0; i < as->len; i++) {
		if (!is_conditional(bpf_opcode(as->insn[i].code)))
			continue;
		far = lay->far[i];
		if (is_far(as, lay, i, as->insn[i].jt))
			far |= FAR_T;
		if (is_far(as, lay, i, as->insn[i].jf))
			far |= FAR_F;
		changed |= far != lay->far[i];
		lay->far[i] = far;
	}
	return changed;
}

static void put(struct bpf_prog *prog, const struct bpf_asm_insn *insn, struct sock_filter out)
{
	prog->insn[prog->len] = out;
	prog->origin[prog->len] = insn->origin;
	prog->len++;
}

/* How far it is to instruction TO from instruction FROM of PROG. */
static uint32_t distance(const struct layout *lay, unsigned int from, unsigned int to)
{
	return lay->at[to] - (from + 1);
}

static void put_conditional(const struct bpf_asm *as, const struct layout *lay, unsigned int i,
			    struct bpf_prog *prog)
{
	const struct bpf_asm_insn *insn = &as->insn[i];
	const unsigned int t = target(as, i, insn->jt), f = target(as, i, insn->jf);
	const unsigned int here = lay->at[i];
	struct sock_filter out = BPF_STMT(insn->code, insn->k);
	uint32_t jt = distance(lay, here, t), jf = distance(lay, here, f);

	/* The "ja"s are next (0), or after the one for the true side (1). */
	if (lay->far[i] & FAR_T)
		jt = 0;
	if (lay->far[i] & FAR_F)
		jf = lay->far[i] & FAR_T ? 1 : 0;
	out.jt = (unsigned char)jt; /* at most REACH: stretch() saw to it */
	out.jf = (unsigned char)jf;
	put(prog, insn, out);

	if (lay->far[i] & FAR_T)
		put(prog, insn,
		    (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(lay, prog->len, t)));
	if (lay->far[i] & FAR_F)
		put(prog, insn,
		    (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(lay, prog->len, f)));
}

static void put_all(const struct bpf_asm *as, const struct layout *lay, struct bpf_prog *prog)
{
	const struct bpf_asm_insn *insn;
	struct sock_filter out;
	unsigned int i;

	prog->len = 0;
	for (i = 0; i < as->len; i++) {
		insn = &as->insn[i];
		if (is_conditional(bpf_opcode(insn->code))) {
			put_conditional(as, lay, i, prog);
			continue;
		}
		out = (struct sock_filter)BPF_STMT(insn->code, insn->k);
		if (insn->code == (BPF_JMP | BPF_JA))
			out.k = distance(lay, lay->at[i], target(as, i, insn->jt));
		out.jt = insn->unused[0];
		out.jf = insn->unused[1];
		put(prog, insn, out);
	}
}

int bpf_asm_finish(const struct bpf_asm *as, struct bpf_prog *prog, struct bpf_error *err)
{
	struct layout lay;
	unsigned int len;
	int ret;

	if (as->error == -E2BIG)
		return bpf_fail(err, -E2BIG, NULL, "more than %u instructions, or %u labels",
				BPF_MAXINSNS, BPF_MAXLABELS);
	if (as->error)
		return bpf_fail(err, as->error, NULL,
				"a label placed twice, or an instruction that is none");
	ret = check_paths(as, err);
	if (ret)
		return ret;

	memset(lay.far, 0, sizeof(lay.far));
	do {
		len = measure(as, &lay);
	} while (stretch(as, &lay));
	if (len > BPF_MAXINSNS)
		return bpf_fail(err, -E2BIG, NULL, "%u instructions; the kernel takes %u", len,
				BPF_MAXINSNS);

	put_all(as, &lay, prog);
	return 0;
}
