/* SPDX-License-Identifier: MIT */
/*
 * The machine, as the kernel runs it.
 *
 * The kernel translates classic BPF to its extended BPF (bpf_convert_filter()) and that
 * to machine code. What comes out is this:
 *
 *  - A and X are 0 at the start; all is unsigned and of 32 bits.
 *  - "ld #len" is sizeof(struct seccomp_data), 64.
 *  - Division by an X of 0 ends the program with 0, which is SECCOMP_RET_KILL_THREAD.
 *  - A shift by X uses the low five bits of X: a 32-bit shift of extended BPF is
 *    masked, by the CPU under the JIT and by "& 31" in the interpreter.
 *
 * The tests run random programs here and in the kernel, and compare.
 */
#include "bpf/bpf.h"

#include <string.h>

/* What to make of a program that bpf_check() would have refused: nothing goes through. */
#define BROKEN SECCOMP_RET_KILL_PROCESS

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static uint32_t arithmetic(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b; /* not by 0: the caller saw to that */
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	default: /* BPF_NEG */
		return -a;
	}
}

/* K or X, as the code says. */
static uint32_t source(const struct bpf_machine *m, const struct sock_filter *insn)
{
	return BPF_SRC(insn->code) == BPF_X ? m->x : insn->k;
}

/* Go on by DISTANCE; too far is a place that no program has. */
static void jump(struct bpf_machine *m, uint32_t distance)
{
	m->pc = distance < BPF_MAXINSNS ? m->pc + distance : BPF_MAXINSNS;
}

static void branch(struct bpf_machine *m, const struct sock_filter *insn, bool yes)
{
	jump(m, yes ? insn->jt : insn->jf);
}

/*
 * Run one instruction. True: the program has ended, with *RESULT. The cases are the
 * instructions that bpf_opcodes[] marks BPF_SECCOMP.
 */
/* NOLINTNEXTLINE(readability-function-size): one flat switch over the codes */
static __always_inline bool step(struct bpf_machine *m, const struct sock_filter *insn,
				 const struct seccomp_data *data, uint32_t *result)
{
	m->pc++;
	m->steps++;
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (insn->k > sizeof(*data) - sizeof(uint32_t))
			break;
		m->a = load(data, insn->k);
		return false;
	case BPF_LD | BPF_W | BPF_LEN:
		m->a = sizeof(*data);
		return false;
	case BPF_LDX | BPF_W | BPF_LEN:
		m->x = sizeof(*data);
		return false;
	case BPF_LD | BPF_IMM:
		m->a = insn->k;
		return false;
	case BPF_LDX | BPF_IMM:
		m->x = insn->k;
		return false;
	case BPF_LD | BPF_MEM:
		m->a = m->mem[insn->k % BPF_MEMWORDS];
		return false;
	case BPF_LDX | BPF_MEM:
		m->x = m->mem[insn->k % BPF_MEMWORDS];
		return false;
	case BPF_ST:
		m->mem[insn->k % BPF_MEMWORDS] = m->a;
		return false;
	case BPF_STX:
		m->mem[insn->k % BPF_MEMWORDS] = m->x;
		return false;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		return false;
	case BPF_MISC | BPF_TXA:
		m->a = m->x;
		return false;
	case BPF_JMP | BPF_JA:
		jump(m, insn->k);
		return false;
	case BPF_JMP | BPF_JEQ | BPF_K:
		branch(m, insn, m->a == insn->k);
		return false;
	case BPF_JMP | BPF_JEQ | BPF_X:
		branch(m, insn, m->a == m->x);
		return false;
	case BPF_JMP | BPF_JGT | BPF_K:
		branch(m, insn, m->a > insn->k);
		return false;
	case BPF_JMP | BPF_JGT | BPF_X:
		branch(m, insn, m->a > m->x);
		return false;
	case BPF_JMP | BPF_JGE | BPF_K:
		branch(m, insn, m->a >= insn->k);
		return false;
	case BPF_JMP | BPF_JGE | BPF_X:
		branch(m, insn, m->a >= m->x);
		return false;
	case BPF_JMP | BPF_JSET | BPF_K:
		branch(m, insn, m->a & insn->k);
		return false;
	case BPF_JMP | BPF_JSET | BPF_X:
		branch(m, insn, m->a & m->x);
		return false;
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_DIV | BPF_X:
		if (!source(m, insn)) {
			*result = 0;
			return true;
		}
		/* fall through */
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
		m->a = arithmetic(BPF_OP(insn->code), m->a, source(m, insn));
		return false;
	case BPF_RET | BPF_K:
		*result = insn->k;
		return true;
	case BPF_RET | BPF_A:
		*result = m->a;
		return true;
	}
	*result = BROKEN;
	return true;
}

uint32_t bpf_run(const struct sock_filter *insn, unsigned int len, const struct seccomp_data *data,
		 unsigned int *steps)
{
	struct bpf_machine m = { .a = 0 };
	uint32_t result = BROKEN;

	while (m.pc < len && !step(&m, &insn[m.pc], data, &result))
		;
	if (steps)
		*steps = m.steps;
	return result;
}

uint32_t bpf_run_traced(const struct sock_filter *insn, unsigned int len,
			const struct seccomp_data *data, bpf_trace_fn *trace, void *ctx)
{
	struct bpf_machine m = { .a = 0 };
	uint32_t result = BROKEN;

	while (m.pc < len) {
		if (trace)
			trace(ctx, &m, &insn[m.pc]);
		if (step(&m, &insn[m.pc], data, &result))
			return result;
	}
	return BROKEN;
}

int bpf_run_to_load(const struct sock_filter *insn, unsigned int len,
		    const struct seccomp_data *data, bool nr_known, uint32_t *result)
{
	struct bpf_machine m = { .a = 0 };

	*result = BROKEN;
	while (m.pc < len) {
		if (insn[m.pc].code == (BPF_LD | BPF_W | BPF_ABS) &&
		    insn[m.pc].k != BPF_WORD_ARCH && !(nr_known && insn[m.pc].k == BPF_WORD_NR))
			return (int)m.pc;
		if (step(&m, &insn[m.pc], data, result))
			break;
	}
	return -1;
}

/*
 * The kernel tries each number below its NR_syscalls, so neither x32's nor negative ones;
 * how many it has is not to be known from here. A number above that it does not try.
 */
bool bpf_is_cached(const struct sock_filter *insn, unsigned int len, uint32_t arch, uint32_t nr)
{
	const struct seccomp_data data = { .nr = (int)nr, .arch = arch };
	struct bpf_machine m = { .a = 0 };
	const struct bpf_opcode *op;
	uint32_t result;

	if (nr >= BPF_X32_BIT)
		return false;

	while (m.pc < len) {
		op = bpf_opcode(insn[m.pc].code);
		if (!op || !(op->flags & BPF_CACHED))
			return false;
		if (op->operand == BPF_OP_ABS && insn[m.pc].k != BPF_WORD_NR &&
		    insn[m.pc].k != BPF_WORD_ARCH)
			return false;
		if (step(&m, &insn[m.pc], &data, &result))
			return result == SECCOMP_RET_ALLOW; /* and no data with it */
	}
	return false;
}

uint32_t bpf_strictest(uint32_t action, uint32_t other)
{
	const int32_t a = (int32_t)(action & SECCOMP_RET_ACTION_FULL);
	const int32_t b = (int32_t)(other & SECCOMP_RET_ACTION_FULL);

	return b < a ? other : action;
}
