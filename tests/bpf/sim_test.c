/* SPDX-License-Identifier: MIT */
/*
 * The simulator, instruction by instruction; what the kernel's bitmap remembers; which of
 * two actions is the stricter. kernel_test compares it with the kernel.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#include <linux/audit.h>

#include "kselftest_harness.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define RET_A	     BPF_STMT(BPF_RET | BPF_A, 0)
#define RET(k)	     BPF_STMT(BPF_RET | BPF_K, k)
#define LD(k)	     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)
#define LDI(k)	     BPF_STMT(BPF_LD | BPF_IMM, k)
#define LDXI(k)	     BPF_STMT(BPF_LDX | BPF_IMM, k)
#define ALU(op, k)   BPF_STMT(BPF_ALU | (op) | BPF_K, k)
#define ALUX(op)     BPF_STMT(BPF_ALU | (op) | BPF_X, 0xdead)
#define TAX	     BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define TXA	     BPF_STMT(BPF_MISC | BPF_TXA, 0)
#define JMP(op, k)   BPF_JUMP(BPF_JMP | (op) | BPF_K, k, 0, 1)
#define JMPX(op)     BPF_JUMP(BPF_JMP | (op) | BPF_X, 0, 0, 1)
#define JA(k)	     BPF_STMT(BPF_JMP | BPF_JA, k)
#define YES	     RET(1), RET(2)

static const struct seccomp_data data = {
	.nr = -2,
	.arch = AUDIT_ARCH_X86_64,
	.instruction_pointer = 0x1111111122222222,
	.args = { 0x3333333344444444, 5, 6, 7, 8, 0x9999999900000000 },
};

static const struct {
	uint32_t result;
	unsigned int steps;
	struct sock_filter insn[8];
} rows[] = {
	{ 0, 1, { RET_A } }, /* A begins as 0, and X */
	{ 0, 2, { TXA, RET_A } },
	{ 0x7fff0000, 1, { RET(SECCOMP_RET_ALLOW) } },
	{ 0xfffffffe, 2, { LD(0), RET_A } },
	{ AUDIT_ARCH_X86_64, 2, { LD(4), RET_A } },
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	{ 0x22222222, 2, { LD(8), RET_A } },
	{ 0x44444444, 2, { LD(16), RET_A } },
	{ 0x33333333, 2, { LD(20), RET_A } },
	{ 0x99999999, 2, { LD(60), RET_A } },
#endif
	{ 64, 2, { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 1), RET_A } },
	{ 64, 3, { BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 1), TXA, RET_A } },
	{ 9, 4, { LDXI(9), LDI(1), TXA, RET_A } },
	{ 9, 5, { LDI(9), TAX, LDI(1), TXA, RET_A } },
	{ 9, 5, { LDI(9), BPF_STMT(BPF_ST, 15), LDI(1), BPF_STMT(BPF_LD | BPF_MEM, 15), RET_A } },
	{ 9, 5, { LDXI(9), BPF_STMT(BPF_STX, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3), TXA, RET_A } },

	{ 1, 3, { LDI(0xffffffff), ALU(BPF_ADD, 2), RET_A } },
	{ 0xffffffff, 3, { LDI(1), ALU(BPF_SUB, 2), RET_A } },
	{ 0xfffffffe, 3, { LDI(0xffffffff), ALU(BPF_MUL, 2), RET_A } },
	{ 0x7fffffff, 3, { LDI(0xffffffff), ALU(BPF_DIV, 2), RET_A } },
	{ 0x0f00, 3, { LDI(0xff00), ALU(BPF_AND, 0x0ff0), RET_A } },
	{ 0xfff0, 3, { LDI(0xff00), ALU(BPF_OR, 0x0ff0), RET_A } },
	{ 0xf0f0, 3, { LDI(0xff00), ALU(BPF_XOR, 0x0ff0), RET_A } },
	{ 0x80000000, 3, { LDI(3), ALU(BPF_LSH, 31), RET_A } },
	{ 1, 3, { LDI(0xffffffff), ALU(BPF_RSH, 31), RET_A } },
	{ 0xffffffff, 3, { LDI(1), BPF_STMT(BPF_ALU | BPF_NEG, 0), RET_A } },
	{ 3, 4, { LDXI(5), LDI(15), ALUX(BPF_DIV), RET_A } },
	{ 0, 3, { LDXI(0), LDI(15), ALUX(BPF_DIV), RET_A } },	/* ends there */
	{ 30, 4, { LDXI(33), LDI(15), ALUX(BPF_LSH), RET_A } }, /* as by 1 */
	{ 15, 4, { LDXI(32), LDI(15), ALUX(BPF_LSH), RET_A } }, /* as by 0 */
	{ 7, 4, { LDXI(0xffffff01), LDI(15), ALUX(BPF_RSH), RET_A } },

	{ 1, 3, { LDI(5), JMP(BPF_JEQ, 5), YES } },
	{ 2, 3, { LDI(5), JMP(BPF_JEQ, 6), YES } },
	{ 2, 3, { LDI(5), JMP(BPF_JGT, 5), YES } },
	{ 1, 3, { LDI(5), JMP(BPF_JGT, 4), YES } },
	{ 1, 3, { LDI(5), JMP(BPF_JGE, 5), YES } },
	{ 2, 3, { LDI(5), JMP(BPF_JGE, 6), YES } },
	{ 1, 3, { LD(0), JMP(BPF_JGT, 0x80000000), YES } }, /* unsigned */
	{ 1, 3, { LDI(0x80000000), JMP(BPF_JSET, 0x80000001), YES } },
	{ 2, 3, { LDI(6), JMP(BPF_JSET, 9), YES } },
	{ 1, 4, { LDXI(5), LDI(5), JMPX(BPF_JEQ), YES } },
	{ 2, 4, { LDXI(5), LDI(5), JMPX(BPF_JGT), YES } },
	{ 1, 4, { LDXI(5), LDI(5), JMPX(BPF_JGE), YES } },
	{ 2, 4, { LDXI(2), LDI(5), JMPX(BPF_JSET), YES } },
	{ 2, 2, { JA(1), YES } },

	/* What the checker refuses lets nothing through. */
	{ SECCOMP_RET_KILL_PROCESS, 1, { LD(62), RET(SECCOMP_RET_ALLOW) } },
	{ SECCOMP_RET_KILL_PROCESS, 1, { LD(0xfffffffc), RET(SECCOMP_RET_ALLOW) } },
	{ SECCOMP_RET_KILL_PROCESS, 1, { ALU(BPF_MOD, 2), RET(SECCOMP_RET_ALLOW) } },
	{ SECCOMP_RET_KILL_PROCESS, 1, { BPF_STMT(0xffff, 0), RET(SECCOMP_RET_ALLOW) } },
	{ SECCOMP_RET_KILL_PROCESS, 1, { JA(0xffffffff), RET(SECCOMP_RET_ALLOW) } },
	{ SECCOMP_RET_KILL_PROCESS,
	  8,
	  { LDI(0), LDI(0), LDI(0), LDI(0), LDI(0), LDI(0), LDI(0), LDI(0) } },
};

TEST(instructions_do_what_they_do)
{
	unsigned int steps;
	uint32_t result;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		steps = 99;
		result = bpf_run(rows[i].insn, COUNT(rows[i].insn), &data, &steps);
		EXPECT_EQ(rows[i].result, result)
		{
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(rows[i].steps, steps)
		{
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(result, bpf_run(rows[i].insn, COUNT(rows[i].insn), &data, NULL));
		EXPECT_EQ(result,
			  bpf_run_traced(rows[i].insn, COUNT(rows[i].insn), &data, NULL, NULL));
	}
}

struct seen {
	unsigned int n;
	unsigned int pc[8];
	uint32_t a[8], x[8];
	uint16_t code[8];
};

static void see(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct seen *seen = ctx;

	seen->pc[seen->n] = m->pc;
	seen->a[seen->n] = m->a;
	seen->x[seen->n] = m->x;
	seen->code[seen->n] = insn->code;
	seen->n++;
}

TEST(a_trace_shows_the_machine_before_each_instruction)
{
	static const struct sock_filter insn[] = { LDI(5), TAX, JA(1), RET(0), RET_A };
	struct seen seen = { .n = 0 };

	EXPECT_EQ(5u, bpf_run_traced(insn, COUNT(insn), &data, see, &seen));
	ASSERT_EQ(4u, seen.n);
	EXPECT_EQ(0u, seen.pc[0]);
	EXPECT_EQ(0u, seen.a[0]);
	EXPECT_EQ(5u, seen.a[1]);
	EXPECT_EQ(0u, seen.x[1]);
	EXPECT_EQ(5u, seen.x[2]);
	EXPECT_EQ(4u, seen.pc[3]);
	EXPECT_EQ(BPF_RET | BPF_A, seen.code[3]);
}

TEST(the_bitmap_remembers_what_needs_number_and_architecture_only)
{
	static const struct {
		bool cached;
		struct sock_filter insn[6];
	} cases[] = {
		{ true, { RET(SECCOMP_RET_ALLOW) } },
		{ false, { RET(SECCOMP_RET_ALLOW | 1) } },
		{ false, { RET(SECCOMP_RET_LOG) } },
		{ false, { RET(SECCOMP_RET_ERRNO | EPERM) } },
		{ true,
		  { LD(4), JMP(BPF_JEQ, AUDIT_ARCH_X86_64), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ false, { LD(4), JMP(BPF_JEQ, AUDIT_ARCH_I386), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ true, { LD(0), JMP(BPF_JEQ, 3), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ false, { LD(0), JMP(BPF_JGT, 3), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ true, { LD(0), JMP(BPF_JGE, 3), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ true, { LD(0), JMP(BPF_JSET, 2), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ true,
		  { LD(0), ALU(BPF_AND, 1), JMP(BPF_JEQ, 1), RET(SECCOMP_RET_ALLOW), RET(0) } },
		{ true, { JA(1), LD(16), RET(SECCOMP_RET_ALLOW) } },
		/* any other load, and any other instruction, ends the kernel's patience */
		{ false, { LD(16), RET(SECCOMP_RET_ALLOW) } },
		{ false, { LD(8), RET(SECCOMP_RET_ALLOW) } },
		{ false, { LDI(0), RET(SECCOMP_RET_ALLOW) } },
		{ false, { LD(0), ALU(BPF_OR, 1), RET(SECCOMP_RET_ALLOW) } },
		{ false, { TAX, RET(SECCOMP_RET_ALLOW) } },
		{ false, { LDI(SECCOMP_RET_ALLOW), RET_A } },
		{ false, { JMPX(BPF_JEQ), RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_ALLOW) } },
		{ false, { LD(0), LD(0), LD(0), LD(0), LD(0), LD(0) } },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		EXPECT_EQ(cases[i].cached,
			  bpf_is_cached(cases[i].insn, COUNT(cases[i].insn), AUDIT_ARCH_X86_64, 3))
		{
			TH_LOG("case %zu", i);
		}
	}
	/* x32's numbers are beyond the end of the bitmap, and so are negative ones. */
	EXPECT_TRUE(bpf_is_cached(cases[0].insn, 1, AUDIT_ARCH_X86_64, 300));
	EXPECT_FALSE(bpf_is_cached(cases[0].insn, 1, AUDIT_ARCH_X86_64, BPF_X32_BIT));
	EXPECT_FALSE(bpf_is_cached(cases[0].insn, 1, AUDIT_ARCH_X86_64, (uint32_t)-1));
}

TEST(the_lower_action_wins)
{
	static const uint32_t strict_first[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO | 4095, SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
		SECCOMP_RET_LOG,	  SECCOMP_RET_ALLOW,
	};
	size_t i, k;

	for (i = 0; i < COUNT(strict_first); i++) {
		for (k = 0; k < COUNT(strict_first); k++)
			EXPECT_EQ(strict_first[i < k ? i : k],
				  bpf_strictest(strict_first[i], strict_first[k]));
	}
	/* Data does not count: the first stays. */
	EXPECT_EQ(SECCOMP_RET_ERRNO | 9,
		  bpf_strictest(SECCOMP_RET_ERRNO | 9, SECCOMP_RET_ERRNO | 1));
}

TEST_HARNESS_MAIN
