/* SPDX-License-Identifier: MIT */
/*
 * What is read later.
 *
 * Two ways that meet at an instruction with different words in A are still one case if A is
 * loaded anew before anybody looks. Jumps go forward only, so one pass from the end sees all:
 * what is needed before an instruction is what it reads, and what is needed after it on
 * either way and not written by it.
 */
#include "bpf/internal.h"

static uint32_t reads(const struct bpf_opcode *op, uint32_t k)
{
	uint32_t set = 0;

	set |= op->flags & BPF_READS_A ? BPF_LIVE_A : 0;
	set |= op->flags & BPF_READS_X ? BPF_LIVE_X : 0;
	set |= op->flags & BPF_READS_M ? BPF_LIVE_M(k) : 0;
	set |= op->operand == BPF_OP_ABS && k > BPF_WORD_ARCH ? BPF_LIVE_ARGS : 0;
	return set;
}

static uint32_t writes(const struct bpf_opcode *op, uint32_t k)
{
	uint32_t set = 0;

	set |= op->flags & BPF_WRITES_A ? BPF_LIVE_A : 0;
	set |= op->flags & BPF_WRITES_X ? BPF_LIVE_X : 0;
	set |= op->flags & BPF_WRITES_M ? BPF_LIVE_M(k) : 0;
	return set;
}

void bpf_live(const struct sock_filter *insn, unsigned int len, uint32_t *live)
{
	const struct bpf_opcode *op;
	unsigned int pc;
	uint32_t after;

	for (pc = len; pc-- > 0;) {
		op = bpf_opcode(insn[pc].code);
		if (op->flags & BPF_ENDS)
			after = 0;
		else if (op->operand == BPF_OP_JUMP)
			after = live[pc + 1 + insn[pc].k];
		else if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X)
			after = live[pc + 1 + insn[pc].jt] | live[pc + 1 + insn[pc].jf];
		else
			after = live[pc + 1];
		live[pc] = reads(op, insn[pc].k) | (after & ~writes(op, insn[pc].k));
	}
}
