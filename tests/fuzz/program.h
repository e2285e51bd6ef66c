/* SPDX-License-Identifier: MIT */
/*
 * Programs for fuzz targets, out of any bytes: instructions of eight bytes each, as they are in a
 * file. If bytes are left over, these only say that the program is to be mended: codes that
 * seccomp does not take, offsets and jumps that lead outside, a last instruction that does not
 * return. What is good stays as it is, so real programs are good seeds.
 */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include "tests/fuzz/fuzz.h"

#define FUZZ_MAX_INSNS 1024u

static inline const struct bpf_opcode *fuzz_opcode(uint16_t code)
{
	const struct bpf_opcode *op = bpf_opcode(code);
	size_t i;

	for (i = code; !op || !(op->flags & BPF_SECCOMP); i++)
		op = &bpf_opcodes[i % bpf_nopcodes];
	return op;
}

/* LEFT instructions follow, at least one. */
static inline void fuzz_mend(struct sock_filter *insn, unsigned int left)
{
	const struct bpf_opcode *op = fuzz_opcode(insn->code);
	const uint16_t what = BPF_OP(op->code);

	insn->code = op->code;
	if (op->operand == BPF_OP_ABS) {
		insn->k = insn->k % sizeof(struct seccomp_data) & ~3u;
	} else if (op->operand == BPF_OP_MEM) {
		insn->k %= BPF_MEMWORDS;
	} else if (op->operand == BPF_OP_JUMP) {
		insn->k %= left;
	} else if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X) {
		insn->jt = (uint8_t)(insn->jt % left);
		insn->jf = (uint8_t)(insn->jf % left);
	} else if (BPF_CLASS(op->code) == BPF_ALU && (what == BPF_LSH || what == BPF_RSH)) {
		insn->k %= 32;
	} else if (BPF_CLASS(op->code) == BPF_ALU && what == BPF_DIV) {
		insn->k += !insn->k;
	}
}

/* False: too few bytes, or too many. It may still be no program that the kernel takes. */
static inline bool fuzz_prog(struct bpf_prog *prog, const uint8_t *data, size_t size)
{
	unsigned int pc;

	memset(prog, 0, sizeof(*prog));
	prog->len = (unsigned int)(size / sizeof(prog->insn[0]));
	if (!prog->len || prog->len > FUZZ_MAX_INSNS)
		return false;
	memcpy(prog->insn, data, prog->len * sizeof(prog->insn[0]));
	if (size % sizeof(prog->insn[0]) == 0)
		return true;
	for (pc = 0; pc + 1 < prog->len; pc++)
		fuzz_mend(&prog->insn[pc], prog->len - pc - 1);
	if (!(fuzz_opcode(prog->insn[pc].code)->flags & BPF_ENDS))
		prog->insn[pc].code = BPF_RET | BPF_K;
	fuzz_mend(&prog->insn[pc], 1);
	return true;
}

/* ---- choices that follow from the input alone ---- */

static inline uint64_t fuzz_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t fuzz_state(const uint8_t *data, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < size; i++)
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	return hash | 1;
}

/* A word of a call: mostly what the program compares with, or next to that. */
static inline uint32_t fuzz_word(const struct bpf_prog *prog, uint64_t *state)
{
	const uint64_t r = fuzz_random(state);

	switch (r >> 60) {
	case 0:
		return (uint32_t)(r >> 8);
	case 1:
		return (uint32_t)(r >> 8) % 512;
	case 2:
		return 0;
	case 3:
		return (uint32_t)(r >> 8) | 1u << (r & 31);
	default:
		return prog->insn[(r >> 16) % prog->len].k + (uint32_t)((r >> 8) % 5 % 3) - 1u;
	}
}

static inline void fuzz_data(const struct bpf_prog *prog, uint64_t *state,
			     struct seccomp_data *data)
{
	uint64_t r = fuzz_random(state);
	unsigned int i;

	data->arch = r >> 62 ? bpf_abis[(r >> 8) % BPF_ABIS].arch : fuzz_word(prog, state);
	data->nr = (int)(fuzz_word(prog, state) | (r >> 60 & 1 ? BPF_X32_BIT : 0));
	for (i = 0; i < 6; i++)
		data->args[i] = (uint64_t)fuzz_word(prog, state) << 32 | fuzz_word(prog, state);
	data->instruction_pointer = fuzz_word(prog, state);
}

#endif
