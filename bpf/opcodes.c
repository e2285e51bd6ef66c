/* SPDX-License-Identifier: MIT */
/*
 * Every classic BPF instruction, and the facts about it, once.
 *
 * A code is class | size | mode for loads and class | operation | source for the
 * rest; not all combinations mean something. These are the ones for which they do,
 * chk_code_allowed()'s list in the kernel. The ones without BPF_SECCOMP are for
 * packets: there is no packet at a system call, so seccomp_check_filter() refuses
 * them (and "mod" with them, which was new when that list was made).
 *
 * BPF_CACHED is what seccomp_is_const_allow() can interpret when it fills the
 * bitmap of always-allowed calls; a load counts only at the offset of nr or arch.
 */
#include "bpf/bpf.h"

#define CHANGES_A  (BPF_READS_A | BPF_WRITES_A)
#define COMPARES_A (BPF_READS_A | BPF_SECCOMP)

/* clang-format off */
const struct bpf_opcode bpf_opcodes[] = {
	/* loads into A, then into X */
	{ BPF_LD | BPF_W | BPF_ABS,  "ld",   BPF_OP_ABS, BPF_WRITES_A | BPF_SECCOMP | BPF_CACHED },
	{ BPF_LD | BPF_H | BPF_ABS,  "ldh",  BPF_OP_ABS, BPF_WRITES_A },
	{ BPF_LD | BPF_B | BPF_ABS,  "ldb",  BPF_OP_ABS, BPF_WRITES_A },
	{ BPF_LD | BPF_W | BPF_IND,  "ld",   BPF_OP_IND, BPF_WRITES_A | BPF_READS_X },
	{ BPF_LD | BPF_H | BPF_IND,  "ldh",  BPF_OP_IND, BPF_WRITES_A | BPF_READS_X },
	{ BPF_LD | BPF_B | BPF_IND,  "ldb",  BPF_OP_IND, BPF_WRITES_A | BPF_READS_X },
	{ BPF_LD | BPF_W | BPF_LEN,  "ld",   BPF_OP_LEN, BPF_WRITES_A | BPF_SECCOMP },
	{ BPF_LD | BPF_IMM,          "ld",   BPF_OP_K,   BPF_WRITES_A | BPF_SECCOMP },
	{ BPF_LDX | BPF_W | BPF_LEN, "ldx",  BPF_OP_LEN, BPF_WRITES_X | BPF_SECCOMP },
	{ BPF_LDX | BPF_B | BPF_MSH, "ldxb", BPF_OP_MSH, BPF_WRITES_X },
	{ BPF_LDX | BPF_IMM,         "ldx",  BPF_OP_K,   BPF_WRITES_X | BPF_SECCOMP },

	/* the sixteen words of memory */
	{ BPF_LD | BPF_MEM,    "ld",   BPF_OP_MEM, BPF_WRITES_A | BPF_READS_M | BPF_SECCOMP },
	{ BPF_LDX | BPF_MEM,   "ldx",  BPF_OP_MEM, BPF_WRITES_X | BPF_READS_M | BPF_SECCOMP },
	{ BPF_ST,              "st",   BPF_OP_MEM, BPF_READS_A | BPF_WRITES_M | BPF_SECCOMP },
	{ BPF_STX,             "stx",  BPF_OP_MEM, BPF_READS_X | BPF_WRITES_M | BPF_SECCOMP },

	/* A = A op k, A = A op X */
	{ BPF_ALU | BPF_ADD | BPF_K, "add",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_ADD | BPF_X, "add",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_SUB | BPF_K, "sub",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_SUB | BPF_X, "sub",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_MUL | BPF_K, "mul",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_MUL | BPF_X, "mul",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_DIV | BPF_K, "div",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_DIV | BPF_X, "div",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_MOD | BPF_K, "mod",  BPF_OP_K,   CHANGES_A },
	{ BPF_ALU | BPF_MOD | BPF_X, "mod",  BPF_OP_X,   CHANGES_A | BPF_READS_X },
	{ BPF_ALU | BPF_AND | BPF_K, "and",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP | BPF_CACHED },
	{ BPF_ALU | BPF_AND | BPF_X, "and",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_OR  | BPF_K, "or",   BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_OR  | BPF_X, "or",   BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_XOR | BPF_K, "xor",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_XOR | BPF_X, "xor",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_LSH | BPF_K, "lsh",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_LSH | BPF_X, "lsh",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_RSH | BPF_K, "rsh",  BPF_OP_K,   CHANGES_A | BPF_SECCOMP },
	{ BPF_ALU | BPF_RSH | BPF_X, "rsh",  BPF_OP_X,   CHANGES_A | BPF_READS_X | BPF_SECCOMP },
	{ BPF_ALU | BPF_NEG,         "neg",  BPF_OP_NONE, CHANGES_A | BPF_SECCOMP },

	/* jumps, all unsigned */
	{ BPF_JMP | BPF_JA,          "ja",   BPF_OP_JUMP,   BPF_SECCOMP | BPF_CACHED },
	{ BPF_JMP | BPF_JEQ | BPF_K, "jeq",  BPF_OP_JUMP_K, COMPARES_A | BPF_CACHED },
	{ BPF_JMP | BPF_JEQ | BPF_X, "jeq",  BPF_OP_JUMP_X, COMPARES_A | BPF_READS_X },
	{ BPF_JMP | BPF_JGT | BPF_K, "jgt",  BPF_OP_JUMP_K, COMPARES_A | BPF_CACHED },
	{ BPF_JMP | BPF_JGT | BPF_X, "jgt",  BPF_OP_JUMP_X, COMPARES_A | BPF_READS_X },
	{ BPF_JMP | BPF_JGE | BPF_K, "jge",  BPF_OP_JUMP_K, COMPARES_A | BPF_CACHED },
	{ BPF_JMP | BPF_JGE | BPF_X, "jge",  BPF_OP_JUMP_X, COMPARES_A | BPF_READS_X },
	{ BPF_JMP | BPF_JSET | BPF_K, "jset", BPF_OP_JUMP_K, COMPARES_A | BPF_CACHED },
	{ BPF_JMP | BPF_JSET | BPF_X, "jset", BPF_OP_JUMP_X, COMPARES_A | BPF_READS_X },

	/* the rest */
	{ BPF_RET | BPF_K,     "ret",  BPF_OP_K,    BPF_ENDS | BPF_SECCOMP | BPF_CACHED },
	{ BPF_RET | BPF_A,     "ret",  BPF_OP_A,    BPF_READS_A | BPF_ENDS | BPF_SECCOMP },
	{ BPF_MISC | BPF_TAX,  "tax",  BPF_OP_NONE, BPF_READS_A | BPF_WRITES_X | BPF_SECCOMP },
	{ BPF_MISC | BPF_TXA,  "txa",  BPF_OP_NONE, BPF_READS_X | BPF_WRITES_A | BPF_SECCOMP },
};
/* clang-format on */

const size_t bpf_nopcodes = sizeof(bpf_opcodes) / sizeof(bpf_opcodes[0]);

const struct bpf_opcode *bpf_opcode(uint16_t code)
{
	size_t i;

	for (i = 0; i < bpf_nopcodes; i++) {
		if (bpf_opcodes[i].code == code)
			return &bpf_opcodes[i];
	}
	return NULL;
}

/* A 64-bit argument is stored as the machine stores it: on x86, low half first. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF  0u
#define HIGH_HALF 4u
#else
#define LOW_HALF  4u
#define HIGH_HALF 0u
#endif

static unsigned int word_of(unsigned int arg)
{
	return (unsigned int)offsetof(struct seccomp_data, args) +
	       arg * (unsigned int)sizeof(uint64_t);
}

unsigned int bpf_word_lo(unsigned int arg)
{
	return word_of(arg) + LOW_HALF;
}

unsigned int bpf_word_hi(unsigned int arg)
{
	return word_of(arg) + HIGH_HALF;
}
