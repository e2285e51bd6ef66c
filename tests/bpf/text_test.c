/* SPDX-License-Identifier: MIT */
/*
 * Programs from text and back: what each line becomes, what is refused and where, and that
 * any program survives both ways of being written.
 */
#include "bpf/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define COUNT(table)	   (sizeof(table) / sizeof((table)[0]))

#define LD(k)		   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)
#define RET(k)		   BPF_STMT(BPF_RET | BPF_K, k)
#define JMP(op, k, jt, jf) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, jt, jf)

static char memory[4 << 20];
static struct bpf_prog prog;

static int read_text(const char *text, struct bpf_error *err)
{
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	const struct bpf_text from = { text, strlen(text), "x.asm", BPF_X86_64 };

	memset(&prog, 0, sizeof(prog));
	return bpf_text_read(&from, &arena, &prog, err);
}

static const struct {
	const char *text;
	struct sock_filter insn;
} forms[] = {
	{ "ld [16]", LD(16) },
	{ "ld [0x10]", LD(16) },
	{ "ld [020]", LD(16) },
	{ "ld [nr]", LD(0) },
	{ "ld [arch]", LD(4) },
	{ "ld [ip]", LD(8) },
	{ "ld [ip.hi]", LD(12) },
	{ "ld [args[0]]", LD(16) },
	{ "ld [args[0].lo]", LD(16) },
	{ "ld [args[5].hi]", LD(60) },
	{ "ldh [2]", BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2) },
	{ "ldb [x + 2]", BPF_STMT(BPF_LD | BPF_B | BPF_IND, 2) },
	{ "ld [%x]", BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0) },
	{ "ld #len", BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0) },
	{ "ld #0xa", BPF_STMT(BPF_LD | BPF_IMM, 10) },
	{ "ldi #10", BPF_STMT(BPF_LD | BPF_IMM, 10) },
	{ "ld M[3]", BPF_STMT(BPF_LD | BPF_MEM, 3) },
	{ "ldx M[3]", BPF_STMT(BPF_LDX | BPF_MEM, 3) },
	{ "ldxi #-1", BPF_STMT(BPF_LDX | BPF_IMM, 0xffffffff) },
	{ "ldxb 4*([14]&0xf)", BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14) },
	{ "st M[15]", BPF_STMT(BPF_ST, 15) },
	{ "stx M[0]", BPF_STMT(BPF_STX, 0) },
	{ "and #0xbfffffff", BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xbfffffff) },
	{ "add x", BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0) },
	{ "neg", BPF_STMT(BPF_ALU | BPF_NEG, 0) },
	{ "tax", BPF_STMT(BPF_MISC | BPF_TAX, 0) },
	{ "ret a", BPF_STMT(BPF_RET | BPF_A, 0) },
	{ "ret %a", BPF_STMT(BPF_RET | BPF_A, 0) },
	{ "ret #allow", RET(SECCOMP_RET_ALLOW) },
	{ "ret #errno(EPERM)", RET(SECCOMP_RET_ERRNO | EPERM) },
	{ "ret #errno(77)", RET(SECCOMP_RET_ERRNO | 77) },
	{ "ret #kill-thread", RET(0) },
	{ "ret #kill", RET(SECCOMP_RET_KILL_PROCESS) },
	{ "ld #x86_64", BPF_STMT(BPF_LD | BPF_IMM, AUDIT_ARCH_X86_64) },
	{ "ld #i386", BPF_STMT(BPF_LD | BPF_IMM, AUDIT_ARCH_I386) },
	{ "ld #socket", BPF_STMT(BPF_LD | BPF_IMM, 41) },
	{ "ld #i386.read", BPF_STMT(BPF_LD | BPF_IMM, 3) },
	{ "ld #x32.read", BPF_STMT(BPF_LD | BPF_IMM, 0x40000000) },
	{ "ld #PROT_READ|PROT_EXEC|0x10", BPF_STMT(BPF_LD | BPF_IMM, 0x15) },
	{ "ld #AT_FDCWD", BPF_STMT(BPF_LD | BPF_IMM, 0xffffff9c) },
	{ ".code 0x6, 3, 4, 0x5", BPF_JUMP(6, 5, 3, 4) },
	{ "/* one */ ret /* two */ #1 ; three", RET(1) },
	{ "a: b:\tret #1", RET(1) },
};

TEST(each_form_of_an_operand)
{
	struct bpf_error err;
	char text[100];
	size_t i;

	for (i = 0; i < COUNT(forms); i++) {
		snprintf(text, sizeof(text), "%s\n\tret #0\n", forms[i].text);
		err.text[0] = '\0';
		EXPECT_EQ(0, read_text(text, &err))
		{
			TH_LOG("%s: %s", forms[i].text, err.text);
		}
		EXPECT_EQ(2, prog.len);
		EXPECT_EQ(0, memcmp(&prog.insn[0], &forms[i].insn, sizeof(forms[i].insn)))
		{
			TH_LOG("%s: %04x %u %u %08x", forms[i].text, prog.insn[0].code,
			       prog.insn[0].jt, prog.insn[0].jf, prog.insn[0].k);
		}
	}
}

TEST(labels_and_jumps)
{
	static const struct sock_filter expected[] = {
		LD(4),
		JMP(BPF_JEQ, AUDIT_ARCH_X86_64, 0, 6),
		LD(0),
		JMP(BPF_JEQ, 41, 4, 0),
		JMP(BPF_JGE, 100, 3, 0),
		JMP(BPF_JGT, 90, 2, 0),
		JMP(BPF_JSET, 1, 0, 1),
		BPF_STMT(BPF_JMP | BPF_JA, 0),
		RET(SECCOMP_RET_KILL_PROCESS),
		RET(SECCOMP_RET_ALLOW),
	};
	static const char text[] = "/* a program\n"
				   "   of ten */\n"
				   "	ld [arch]\n"
				   "	jne #x86_64, bad\n"
				   "	ld [nr]\n"
				   "	jeq #socket, bad\n"
				   "	jlt #100, 1, bad\n"
				   "1:	jle #90, 2, bad\n"
				   "2:	jset #1, 3, bad\n"
				   "3:	jmp bad\n"
				   "bad:	ret #kill\n"
				   "	ret #allow";
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, read_text(text, &err))
	{
		TH_LOG("%u:%u: %s", err.place.line, err.place.column, err.text);
	}
	ASSERT_EQ(COUNT(expected), prog.len);
	for (size_t i = 0; i < COUNT(expected); i++) {
		EXPECT_EQ(0, memcmp(&expected[i], &prog.insn[i], sizeof(expected[i])))
		{
			TH_LOG("instruction %zu: %04x %u %u %08x", i, prog.insn[i].code,
			       prog.insn[i].jt, prog.insn[i].jf, prog.insn[i].k);
		}
	}
}

TEST(mistakes_have_a_place)
{
	static const struct {
		const char *text;
		unsigned int line, column;
		const char *error;
	} rows[] = {
		{ "ret #0\n  lod [0]\n", 2, 3, "no instruction is called 'lod'" },
		{ "ld [args[6]]\nret #0", 1, 5, "six arguments" },
		{ "ld [0\nret #0", 1, 6, "expected ']' at the end of the line" },
		{ "ld #0x100000000\nret #0", 1, 5, "does not fit 32 bits" },
		{ "ld #12a\nret #0", 1, 5, "'12a' is not a number" },
		{ "ld #soket\nret #0", 1, 5, "'soket' is no constant" },
		{ "ld #i386.pread\nret #0", 1, 5, "'i386.pread' is no constant" },
		{ "ret #errno(EFOO)", 1, 6, "'errno(EFOO)' is no action" },
		{ "ret x", 1, 1, "'ret' takes no such operand" },
		{ "jeq #1, there\nret #0", 1, 9, "no label 'there'" },
		{ "a: ret #0\na: ret #0", 2, 1, "a second label 'a'" },
		{ "a: ld [0]\njeq #0, a\nret #0", 2, 9, "'a' is behind" },
		{ "jeq #0\nret #0", 1, 7, "expected ','" },
		{ "ret #0 ret #0", 1, 8, "expected the end of the line, not 'ret'" },
		{ ".code 0x15, 1, 1, 0\nret #0", 1, 1, "jumps are written with labels" },
		{ ".code 6, 256, 0, 0\nret #0", 1, 1, "16, 8, 8 and 32 bits" },
		{ "ld [0]\n", 2, 1, "runs past the end" },
		{ "; nothing\n", 2, 1, "an empty program" },
		{ "ja end\nend:\n", 3, 1, "past the end" },
		{ "\n\n/* x\n*/ wrong", 4, 4, "no instruction is called 'wrong'" },
	};
	struct bpf_error err;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		memset(&err, 0, sizeof(err));
		EXPECT_GT(0, read_text(rows[i].text, &err));
		EXPECT_STREQ("x.asm", err.place.file);
		EXPECT_TRUE(strstr(err.text, rows[i].error) && err.place.line == rows[i].line &&
			    err.place.column == rows[i].column)
		{
			TH_LOG("'%s': %u:%u: %s", rows[i].text, err.place.line, err.place.column,
			       err.text);
		}
	}
}

/* A random program that goes forward and ends; most fields at random. */
static void random_program(struct bpf_prog *to)
{
	unsigned int i, len = 2 + random_below(40);

	memset(to, 0, sizeof(*to));
	for (i = 0; i + 1 < len; i++) {
		const struct bpf_opcode *op =
			&bpf_opcodes[random_below((unsigned int)bpf_nopcodes)];
		struct sock_filter *insn = &to->insn[i];

		insn->code = op->code;
		insn->k = (uint32_t)random_number(32);
		if (op->operand == BPF_OP_JUMP)
			insn->k = random_below(len - i - 1);
		if (op->operand == BPF_OP_JUMP_X)
			insn->k = 0;
		if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X) {
			insn->jt = (unsigned char)random_below(len - i - 1);
			insn->jf = (unsigned char)random_below(len - i - 1);
		} else if (op->operand != BPF_OP_JUMP && random_below(8) == 0) {
			insn->jt = (unsigned char)random_below(256);
		}
		if (random_below(30) == 0)
			*insn = (struct sock_filter){ 0xfff0, 1, 2, 3 };
	}
	to->insn[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	to->len = len;
}

static bool same(const struct bpf_prog *a)
{
	return a->len == prog.len && !memcmp(a->insn, prog.insn, a->len * sizeof(a->insn[0]));
}

/* Write A with FN, read it back into prog. */
static bool survives(const struct bpf_prog *a, bool listing)
{
	struct bpf_error err = { 0 };
	char *text = NULL;
	size_t size;
	bool ok;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return false;
	if (listing)
		bpf_disasm(out, a, NULL);
	else
		bpf_text_write(out, a);
	fclose(out);
	ok = read_text(text, &err) == 0 && same(a);
	if (!ok)
		fprintf(stderr, "%u:%u: %s\n%s", err.place.line, err.place.column, err.text, text);
	free(text);
	return ok;
}

TEST(any_program_survives)
{
	static struct bpf_prog from;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		random_program(&from);
		ASSERT_TRUE(survives(&from, false));
	}
}

TEST(what_the_compiler_makes_survives)
{
	static char policy_memory[8 << 20];
	struct bpf_arena arena = { .base = policy_memory, .size = sizeof(policy_memory) };
	static struct bpf_prog from;
	struct bpf_policy policy;
	unsigned int i, done = 0;

	for (i = 0; i < 100; i++) {
		random_policy(&policy, &arena);
		if (bpf_compile(&policy, &from, NULL) < 0)
			continue;
		ASSERT_TRUE(survives(&from, false));
		ASSERT_TRUE(survives(&from, true));
		done++;
	}
	EXPECT_LT(50, done);
}

TEST(far_jumps_get_a_ja)
{
	static char text[20000];
	size_t used = 0;
	unsigned int i;

	used += (size_t)snprintf(text, sizeof(text), "ld [0]\njeq #1, yes, no\nno: ret #kill\n");
	for (i = 0; i < 300; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "ld [0]\n");
	snprintf(text + used, sizeof(text) - used, "yes: ret #allow\n");
	ASSERT_EQ(0, read_text(text, NULL));
	EXPECT_EQ(305, prog.len);
	EXPECT_EQ(BPF_JMP | BPF_JA, prog.insn[2].code);
	EXPECT_EQ(301, prog.insn[2].k);
	EXPECT_EQ(0, prog.insn[1].jt);
	EXPECT_EQ(1, prog.insn[1].jf);
}

TEST(too_much)
{
	static char text[8 * (BPF_MAXINSNS + 2)];
	struct bpf_error err = { 0 };
	unsigned int i;

	for (i = 0; i <= BPF_MAXINSNS; i++)
		memcpy(text + 7 * i, "ret #0\n", 7);
	EXPECT_EQ(-E2BIG, read_text(text, &err));
	EXPECT_NE(NULL, strstr(err.text, "more than 4096"))
	{
		TH_LOG("%s", err.text);
	}
	text[7 * BPF_MAXINSNS] = '\0';
	EXPECT_EQ(0, read_text(text, &err));
	EXPECT_EQ(BPF_MAXINSNS, prog.len);
}

TEST_HARNESS_MAIN
