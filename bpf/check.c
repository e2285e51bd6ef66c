/* SPDX-License-Identifier: MIT */
/*
 * Would the kernel take this filter? And if not: why not, and which instruction?
 *
 * The kernel answers EINVAL and nothing more. Its rules are in two functions:
 * bpf_check_classic(), for every classic filter, with check_load_and_stores() for the
 * sixteen words of memory; and seccomp_check_filter(), for filters on system calls.
 * They are the same rules here, said in words. Unreachable instructions are held to
 * them too.
 *
 * What a filter must also pass, and what no text can decide: the sum over all filters of
 * a process (32768 instructions after translation, and 4 for each older filter), which is
 * ENOMEM, and the right to install one, no_new_privs or CAP_SYS_ADMIN, which is EACCES.
 *
 * See seccomp(2).
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

/* A refusal that points at instruction PC. */
#define REFUSE(err, pc, ...) \
	bpf_fail(err, -EINVAL, &(const struct bpf_place){ .line = (pc) + 1 }, __VA_ARGS__)

/* Constants that are wrong for arithmetic: the kernel sees to them so that no CPU has to. */
static int check_constant(const struct sock_filter *insn, unsigned int pc, struct bpf_error *err)
{
	if (BPF_CLASS(insn->code) != BPF_ALU)
		return 0;

	switch (BPF_OP(insn->code)) {
	case BPF_DIV:
		if (insn->k == 0)
			return REFUSE(err, pc, "division by the constant 0");
		break;
	case BPF_LSH:
	case BPF_RSH:
		if (insn->k >= 32)
			return REFUSE(err, pc, "shift of a 32-bit word by %u", insn->k);
		break;
	}
	return 0;
}

static int check_load(const struct sock_filter *insn, unsigned int pc, struct bpf_error *err)
{
	const unsigned int size = sizeof(struct seccomp_data);

	if (insn->k >= size)
		return REFUSE(err, pc, "load at %u: struct seccomp_data has %u bytes", insn->k,
			      size);
	if (insn->k % 4)
		return REFUSE(err, pc, "load at %u: not a multiple of 4", insn->k);
	return 0;
}

/* Is a jump of DISTANCE from PC to an instruction of the LEN there are? */
static int check_jump(unsigned int pc, uint32_t distance, unsigned int len, struct bpf_error *err)
{
	if (distance < len - pc - 1)
		return 0;
	return REFUSE(err, pc, "jump over %u instructions, of which %u follow", distance,
		      len - pc - 1);
}

static int check_operand(const struct sock_filter *insn, enum bpf_operand operand, unsigned int pc,
			 unsigned int len, struct bpf_error *err)
{
	int ret;

	switch (operand) {
	case BPF_OP_K:
		return check_constant(insn, pc, err);
	case BPF_OP_ABS:
		return check_load(insn, pc, err);
	case BPF_OP_MEM:
		if (insn->k < BPF_MEMWORDS)
			return 0;
		return REFUSE(err, pc, "M[%u]: there are %u words of memory", insn->k,
			      BPF_MEMWORDS);
	case BPF_OP_JUMP:
		return check_jump(pc, insn->k, len, err);
	case BPF_OP_JUMP_K:
	case BPF_OP_JUMP_X:
		ret = check_jump(pc, insn->jt, len, err);
		return ret ? ret : check_jump(pc, insn->jf, len, err);
	default:
		return 0;
	}
}

static int check_insn(const struct sock_filter *insn, const struct bpf_opcode *op, unsigned int pc,
		      unsigned int len, struct bpf_error *err)
{
	if (!op)
		return REFUSE(err, pc, "no instruction has code 0x%04x", insn->code);
	if (!(op->flags & BPF_SECCOMP))
		return REFUSE(err, pc, "\"%s\" (0x%04x) is not for system calls", op->name,
			      insn->code);
	return check_operand(insn, op->operand, pc, len, err);
}

/* The words written on every way into TO, when they are VALID on the way from here. */
static void join(uint16_t *valid_at, unsigned int to, uint16_t valid)
{
	valid_at[to] &= valid;
}

/*
 * No word of memory is read that was not written on every path to there, since the kernel
 * does not clear them. One pass is enough as jumps go forward only.
 *
 * A "ret" has no way on, yet check_load_and_stores() carries its words on to the next
 * instruction. That refuses a few programs that would do no harm; so must this.
 */
static int check_memory(const struct sock_filter *insn, unsigned int len, struct bpf_error *err)
{
	uint16_t valid_at[BPF_MAXINSNS], valid = 0;
	const struct bpf_opcode *op;
	unsigned int pc;

	memset(valid_at, 0xff, len * sizeof(valid_at[0]));
	for (pc = 0; pc < len; pc++, insn++) {
		op = bpf_opcode(insn->code);
		valid &= valid_at[pc];

		if (op->flags & BPF_READS_M && !(valid & 1u << insn->k))
			return REFUSE(err, pc, "M[%u] is read but not written on every way here",
				      insn->k);
		if (op->flags & BPF_WRITES_M)
			valid = (uint16_t)(valid | 1u << insn->k);

		if (op->operand == BPF_OP_JUMP) {
			join(valid_at, pc + 1 + insn->k, valid);
			valid = UINT16_MAX;
		} else if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X) {
			join(valid_at, pc + 1 + insn->jt, valid);
			join(valid_at, pc + 1 + insn->jf, valid);
			valid = UINT16_MAX;
		}
	}
	return 0;
}

int bpf_check(const struct sock_filter *insn, unsigned int len, struct bpf_error *err)
{
	const struct bpf_opcode *op;
	bool reads_memory = false;
	unsigned int pc;
	int ret;

	if (len == 0)
		return bpf_fail(err, -EINVAL, NULL, "an empty program");
	if (len > BPF_MAXINSNS)
		return bpf_fail(err, -EINVAL, NULL, "%u instructions; the kernel takes %u", len,
				BPF_MAXINSNS);

	for (pc = 0; pc < len; pc++) {
		op = bpf_opcode(insn[pc].code);
		ret = check_insn(&insn[pc], op, pc, len, err);
		if (ret)
			return ret;
		reads_memory |= op->flags & BPF_READS_M;
	}
	if (!(bpf_opcode(insn[len - 1].code)->flags & BPF_ENDS))
		return REFUSE(err, len - 1, "the last instruction is no \"ret\"");
	return reads_memory ? check_memory(insn, len, err) : 0;
}
