/* SPDX-License-Identifier: MIT */
/*
 * The checker: for each rule a program that breaks it, with the reason and the
 * instruction, and beside it a program that only just does not. That these are the
 * kernel's rules is kernel_test's matter.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ALLOW	     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LD(k)	     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)
#define ALU(op, k)   BPF_STMT(BPF_ALU | (op) | BPF_K, k)
#define JEQ(jt, jf)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, jt, jf)
#define JEQX(jt, jf) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, jt, jf)
#define JA(k)	     BPF_STMT(BPF_JMP | BPF_JA, k)
#define ST(k)	     BPF_STMT(BPF_ST, k)
#define STX(k)	     BPF_STMT(BPF_STX, k)
#define LDM(k)	     BPF_STMT(BPF_LD | BPF_MEM, k)
#define LDXM(k)	     BPF_STMT(BPF_LDX | BPF_MEM, k)

static const struct {
	const char *says; /* "": taken */
	unsigned int line;
	unsigned int len;
	struct sock_filter insn[8];
} rows[] = {
	{ "empty", 0, 0, { ALLOW } },
	{ "", 0, 1, { ALLOW } },
	{ "", 0, 1, { BPF_STMT(BPF_RET | BPF_A, 0) } },
	{ "no \"ret\"", 1, 1, { LD(0) } },
	{ "no \"ret\"", 2, 2, { ALLOW, LD(0) } },
	{ "", 0, 2, { LD(0), ALLOW } },

	{ "code 0xffff", 1, 2, { BPF_STMT(0xffff, 0), ALLOW } },
	{ "code 0x000e", 2, 2, { LD(0), BPF_STMT(BPF_RET | BPF_X, 0) } },
	{ "code 0x008c", 1, 2, { BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0), ALLOW } },
	{ "", 0, 2, { BPF_STMT(BPF_ALU | BPF_NEG, 0), ALLOW } },
	{ "\"ldh\"", 1, 2, { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), ALLOW } },
	{ "\"ld\"", 1, 2, { BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), ALLOW } },
	{ "\"ldxb\"", 1, 2, { BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), ALLOW } },
	{ "\"mod\"", 1, 2, { ALU(BPF_MOD, 3), ALLOW } },
	{ "", 0, 2, { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 99), ALLOW } },
	{ "", 0, 2, { BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 99), ALLOW } },

	{ "", 0, 2, { LD(60), ALLOW } },
	{ "has 64 bytes", 1, 2, { LD(64), ALLOW } },
	{ "has 64 bytes", 1, 2, { LD(0xffffffff), ALLOW } },
	{ "multiple of 4", 1, 2, { LD(2), ALLOW } },
	{ "multiple of 4", 1, 2, { LD(63), ALLOW } },

	{ "", 0, 2, { ALU(BPF_DIV, 1), ALLOW } },
	{ "constant 0", 1, 2, { ALU(BPF_DIV, 0), ALLOW } },
	{ "", 0, 2, { BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), ALLOW } },
	{ "", 0, 2, { ALU(BPF_LSH, 31), ALLOW } },
	{ "by 32", 1, 2, { ALU(BPF_LSH, 32), ALLOW } },
	{ "", 0, 2, { ALU(BPF_RSH, 31), ALLOW } },
	{ "by 32", 1, 2, { ALU(BPF_RSH, 32), ALLOW } },
	{ "", 0, 2, { BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 99), ALLOW } },
	{ "", 0, 2, { ALU(BPF_ADD, 99), ALLOW } },

	{ "", 0, 2, { JA(0), ALLOW } },
	{ "over 1 ", 1, 2, { JA(1), ALLOW } },
	{ "over 4294967295", 1, 2, { JA(0xffffffff), ALLOW } },
	{ "", 0, 3, { JEQ(1, 0), ALLOW, ALLOW } },
	{ "over 2", 1, 3, { JEQ(2, 0), ALLOW, ALLOW } },
	{ "over 2", 1, 3, { JEQ(0, 2), ALLOW, ALLOW } },
	{ "over 255", 1, 3, { JEQX(255, 0), ALLOW, ALLOW } },
	{ "over 0 instructions, of which 0", 1, 1, { JEQ(0, 0) } },

	{ "", 0, 3, { ST(15), LDM(15), ALLOW } },
	{ "M[16]", 1, 3, { ST(16), LDM(15), ALLOW } },
	{ "M[16]", 2, 3, { ST(0), LDXM(16), ALLOW } },
	{ "M[0] is read", 1, 2, { LDM(0), ALLOW } },
	{ "M[1] is read", 2, 3, { STX(0), LDXM(1), ALLOW } },
	/* written on one way only, on both, and on the way that a jump leaves out */
	{ "M[2] is read", 3, 4, { JEQ(0, 1), ST(2), LDM(2), ALLOW } },
	{ "", 0, 5, { JEQ(0, 2), ST(2), JA(1), ST(2), ALLOW } },
	{ "", 0, 6, { JEQ(0, 2), ST(2), JA(1), STX(2), LDM(2), ALLOW } },
	{ "M[2] is read", 5, 6, { JEQ(0, 2), ST(2), JA(1), STX(3), LDM(2), ALLOW } },
	{ "", 0, 4, { ST(1), JEQX(0, 0), LDM(1), ALLOW } },
	/* a "ret" hands its words on to what follows it, in the kernel's eyes */
	{ "M[1] is read", 5, 6, { JEQ(0, 2), ST(1), JA(1), ALLOW, LDM(1), ALLOW } },
	{ "", 0, 6, { JEQ(1, 0), ALLOW, ST(1), JA(0), LDM(1), ALLOW } },
	/* unreachable instructions are looked at, too */
	{ "has 64 bytes", 2, 3, { JA(1), LD(64), ALLOW } },
};

TEST(each_rule_and_its_edge)
{
	struct bpf_error err;
	size_t i;
	int ret;

	for (i = 0; i < COUNT(rows); i++) {
		memset(&err, 0, sizeof(err));
		ret = bpf_check(rows[i].insn, rows[i].len, &err);
		EXPECT_EQ(*rows[i].says ? -EINVAL : 0, ret)
		{
			TH_LOG("row %zu: %s", i, err.text);
		}
		EXPECT_NE(NULL, strstr(err.text, rows[i].says))
		{
			TH_LOG("row %zu: %s", i, err.text);
		}
		EXPECT_EQ(rows[i].line, err.place.line)
		{
			TH_LOG("row %zu: %s", i, err.text);
		}
	}
}

TEST(length_is_limited)
{
	static struct sock_filter insn[BPF_MAXINSNS + 1];
	struct bpf_error err;
	size_t i;

	for (i = 0; i < COUNT(insn); i++)
		insn[i] = (struct sock_filter)ALLOW;
	EXPECT_EQ(0, bpf_check(insn, BPF_MAXINSNS, &err));
	EXPECT_EQ(-EINVAL, bpf_check(insn, BPF_MAXINSNS + 1, &err));
	EXPECT_STREQ("4097 instructions; the kernel takes 4096", err.text);
}

TEST(the_table_has_each_code_once)
{
	size_t i, k;

	for (i = 0; i < bpf_nopcodes; i++) {
		EXPECT_EQ(&bpf_opcodes[i], bpf_opcode(bpf_opcodes[i].code));
		for (k = 0; k < i; k++)
			EXPECT_NE(bpf_opcodes[k].code, bpf_opcodes[i].code);
	}
	EXPECT_EQ(NULL, bpf_opcode(0xffff));
	/* What the kernel can see through is part of what it takes. */
	for (i = 0; i < bpf_nopcodes; i++)
		EXPECT_TRUE(!(bpf_opcodes[i].flags & BPF_CACHED) ||
			    bpf_opcodes[i].flags & BPF_SECCOMP);
}

TEST_HARNESS_MAIN
