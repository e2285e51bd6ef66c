/* SPDX-License-Identifier: MIT */
/*
 * Listings: what each instruction is called, what is said about it, and what is not said
 * because it is not so on every way.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

#include "kselftest_harness.h"

#define COUNT(table)	   (sizeof(table) / sizeof((table)[0]))

#define LD(k)		   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)
#define AND(k)		   BPF_STMT(BPF_ALU | BPF_AND | BPF_K, k)
#define RET(k)		   BPF_STMT(BPF_RET | BPF_K, k)
#define JMP(op, k, jt, jf) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, jt, jf)
#define JEQ(k, jt, jf)	   JMP(BPF_JEQ, k, jt, jf)
#define ALLOW		   RET(SECCOMP_RET_ALLOW)
#define KILL		   RET(SECCOMP_RET_KILL_PROCESS)

TEST(each_instruction_has_its_notation)
{
	static const struct {
		struct sock_filter insn;
		const char *text;
	} rows[] = {
		{ LD(16), "ld [16]" },
		{ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2), "ldh [2]" },
		{ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 2), "ldb [x + 2]" },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), "ld #len" },
		{ BPF_STMT(BPF_LD | BPF_IMM, 10), "ld #0xa" },
		{ BPF_STMT(BPF_LD | BPF_MEM, 3), "ld M[3]" },
		{ BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), "ldx #len" },
		{ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), "ldxb 4*([14]&0xf)" },
		{ BPF_STMT(BPF_LDX | BPF_IMM, 10), "ldx #0xa" },
		{ BPF_STMT(BPF_LDX | BPF_MEM, 3), "ldx M[3]" },
		{ BPF_STMT(BPF_ST, 15), "st M[15]" },
		{ BPF_STMT(BPF_STX, 0), "stx M[0]" },
		{ BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), "add #0x1" },
		{ BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 1), "rsh x" },
		{ BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 1), "mod x" },
		{ BPF_STMT(BPF_ALU | BPF_NEG, 1), "neg" },
		{ BPF_STMT(BPF_JMP | BPF_JA, 3), "ja 14" },
		{ BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), "ja 4294967306" },
		{ JEQ(41, 0, 255), "jeq #0x29, 11, 266" },
		{ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 2), "jset x, 12, 13" },
		{ ALLOW, "ret #0x7fff0000" },
		{ BPF_STMT(BPF_RET | BPF_A, 0), "ret a" },
		{ BPF_STMT(BPF_MISC | BPF_TAX, 0), "tax" },
		{ BPF_STMT(BPF_MISC | BPF_TXA, 0), "txa" },
		{ BPF_JUMP(0xabcd, 9, 1, 2), ".code 0xabcd, 1, 2, 0x9" },
	};
	char buf[64];
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		EXPECT_STREQ(rows[i].text, bpf_insn_text(&rows[i].insn, 10, buf, sizeof(buf)));
	/* No instruction without a text, none with another's. */
	for (i = 0; i < bpf_nopcodes; i++) {
		const struct sock_filter insn = BPF_STMT(bpf_opcodes[i].code, 4);

		bpf_insn_text(&insn, 0, buf, sizeof(buf));
		EXPECT_EQ(0, strncmp(buf, bpf_opcodes[i].name, strlen(bpf_opcodes[i].name)));
	}
	EXPECT_STREQ("ld [", bpf_insn_text(&rows[0].insn, 0, buf, 5));
}

static struct bpf_prog prog;

/* The listing of LEN instructions, in memory that stays until the process ends. */
static const char *list(const struct sock_filter *insn, size_t len, const struct bpf_policy *policy)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return "";
	prog.len = (unsigned int)len;
	memcpy(prog.insn, insn, len * sizeof(*insn));
	bpf_disasm(out, &prog, policy);
	fclose(out);
	return text;
}

/* Which remark the listing has for instruction PC; "" for none. */
static const char *remark(const char *listing, unsigned int pc)
{
	static char buf[100];
	const char *line, *at;
	char head[16];

	*buf = '\0';
	snprintf(head, sizeof(head), "\n%4u: ", pc);
	line = strstr(listing, head);
	if (!line)
		return "no such line";
	line++;
	at = strchr(line, ';');
	if (at && at < strchr(line, '\n'))
		snprintf(buf, sizeof(buf), "%.*s", (int)strcspn(at + 2, "\n"), at + 2);
	return buf;
}

TEST(a_policy_listing)
{
	static const struct sock_filter insn[] = {
		LD(4),
		JEQ(AUDIT_ARCH_X86_64, 0, 10),
		LD(0),
		JMP(BPF_JGE, BPF_X32_BIT, 8, 0),
		JMP(BPF_JGE, 41, 1, 0),
		JEQ(39, 7, 6),
		JEQ(41, 0, 5),
		LD(16),
		JEQ(1, 4, 0),
		LD(24),
		AND(15),
		JEQ(1, 1, 0),
		KILL,
		ALLOW,
	};
	static const char expected[] =
		"; 14 instructions, at most 12 of them run. A jump names where it leads:\n"
		"; if true, if false.\n"
		"   0: ld   [4]                     ; arch\n"
		"   1: jeq  #0xc000003e, 2, 12      ; x86_64\n"
		"   2: ld   [0]                     ; nr\n"
		"   3: jge  #0x40000000, 12, 4      ; x32, or negative\n"
		"   4: jge  #41, 6, 5               ; nr >= socket\n"
		"; strict:3: allow getpid\n"
		"   5: jeq  #39, 13, 12             ; getpid                        strict:3\n"
		"; strict:12: allow socket if domain == AF_UNIX || type & 0xf == SOCK_STREAM || t..\n"
		"   6: jeq  #41, 7, 12              ; socket                        strict:12\n"
		"   7: ld   [16]                    ; socket.family (args[0].lo)    strict:12\n"
		"   8: jeq  #0x1, 13, 9             ; AF_UNIX                       strict:12\n"
		"   9: ld   [24]                    ; socket.type (args[1].lo)      strict:12\n"
		"  10: and  #0xf                    ; socket.type & 0xf             strict:12\n"
		"  11: jeq  #0x1, 13, 12            ; SOCK_STREAM                   strict:12\n"
		"  12: ret  #0x80000000             ; kill\n"
		"  13: ret  #0x7fff0000             ; allow\n";
	struct bpf_rule two = {
		.number = 2,
		.place = { "/etc/sbrun/strict", 12, 1 },
		.text = "allow socket if domain == AF_UNIX || type & 0xf == SOCK_STREAM || type & 0xf "
			"== SOCK_DGRAM",
	};
	struct bpf_rule one = {
		.next = &two, .number = 1, .place = { "strict", 3, 1 }, .text = "allow getpid"
	};
	struct bpf_policy policy = { .rules = &one, .last = &two, .nrules = 2 };
	unsigned int i;

	prog.origin[5] = 1;
	for (i = 6; i < 12; i++)
		prog.origin[i] = 2;
	EXPECT_STREQ(expected, list(insn, COUNT(insn), &policy));
	for (i = 0; i < COUNT(insn); i++)
		prog.origin[i] = (uint16_t)(i + 7); /* rules that there are not */
	EXPECT_EQ(NULL, strstr(list(insn, COUNT(insn), &policy), "strict"));
}

TEST(a_cut_rule_text_stays_utf8)
{
	static const struct sock_filter insn[] = { ALLOW };
	struct bpf_rule rule = { .number = 1, .place = { "s", 1, 1 } };
	struct bpf_policy policy = { .rules = &rule, .last = &rule, .nrules = 1 };
	char text[200];
	const char *at, *line;
	size_t i, pad;

	prog.origin[0] = 1;
	for (pad = 0; pad < 3; pad++) {
		memset(text, 'x', pad);
		for (i = pad; i < 180; i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4); /* the euro sign */
		rule.text = text;
		line = list(insn, 1, &policy);
		at = strstr(line, "..\n");
		ASSERT_NE(NULL, at);
		EXPECT_EQ(0, memcmp(at - 3, "\xe2\x82\xac", 3));
	}
}

/* One program and what is to be said about one of its instructions. */
static const struct {
	unsigned int pc;
	const char *says;
	struct sock_filter insn[12];
} rows[] = {
	/* Without the architecture, a number is a number. */
	{ 1, "", { LD(0), JEQ(41, 0, 1), ALLOW, KILL } },
	{ 1, "nr >= 41", { LD(0), JMP(BPF_JGE, 41, 0, 1), ALLOW, KILL } },
	{ 3, "socket", { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 3), LD(0), JEQ(41, 0, 1), ALLOW, KILL } },
	{ 3, "times", { LD(4), JEQ(AUDIT_ARCH_I386, 0, 3), LD(0), JEQ(43, 0, 1), ALLOW, KILL } },
	{ 3,
	  "nr > socket",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 3), LD(0), JMP(BPF_JGT, 41, 0, 1), ALLOW, KILL } },
	/* x32's numbers, by the bit and by the folded bit */
	{ 3,
	  "ioctl",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 3), LD(0), JEQ(BPF_X32_BIT | 514, 0, 1), ALLOW,
	    KILL } },
	{ 3,
	  "x32",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 3), LD(0), JMP(BPF_JSET, BPF_X32_BIT, 0, 1), ALLOW,
	    KILL } },
	{ 3,
	  "nr & 0xbfffffff",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 4), LD(0), AND(~BPF_X32_BIT), JEQ(41, 0, 1), ALLOW,
	    KILL } },
	{ 4,
	  "socket",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 4), LD(0), AND(~BPF_X32_BIT), JEQ(41, 0, 1), ALLOW,
	    KILL } },
	{ 4,
	  "", /* 514 is no call of x86_64's */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 4), LD(0), AND(~BPF_X32_BIT), JEQ(514, 0, 1), ALLOW,
	    KILL } },
	{ 4,
	  "", /* an AND that takes more away */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 4), LD(0), AND(0xff), JEQ(41, 0, 1), ALLOW, KILL } },
	/* an argument has a name where the call is known: by "jeq", or by two bounds */
	{ 4,
	  "socket.family (args[0].lo)",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 4), LD(0), JEQ(41, 0, 2), LD(16), ALLOW, KILL } },
	{ 5,
	  "socket.family (args[0].lo)",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JMP(BPF_JGE, 42, 3, 0),
	    JMP(BPF_JGE, 41, 0, 2), LD(16), ALLOW, KILL } },
	{ 5,
	  "args[0].lo", /* a range of two */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JMP(BPF_JGE, 43, 3, 0),
	    JMP(BPF_JGE, 41, 0, 2), LD(16), ALLOW, KILL } },
	{ 5,
	  "args[0].lo", /* two calls meet */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(41, 1, 0), JEQ(53, 0, 2), LD(16), ALLOW,
	    KILL } },
	{ 5,
	  "ioctl.cmd (args[1].lo)", /* one call by two numbers meets itself */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(BPF_X32_BIT | 514, 1, 0), JEQ(16, 0, 2),
	    LD(24), ALLOW, KILL } },
	{ 4,
	  "args[3].lo", /* not of i386's pread64, where it is half the position */
	  { LD(4), JEQ(AUDIT_ARCH_I386, 0, 4), LD(0), JEQ(180, 0, 2), LD(40), ALLOW, KILL } },
	{ 4,
	  "args[5].lo", /* socket() has no such */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 4), LD(0), JEQ(41, 0, 2), LD(56), ALLOW, KILL } },
	{ 0, "args[5].hi", { LD(60), ALLOW } },
	{ 0, "instruction pointer", { LD(8), ALLOW } },
	/* constants */
	{ 5,
	  "PROT_WRITE|PROT_EXEC",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(9, 0, 3), LD(32),
	    JMP(BPF_JSET, 6, 0, 1), ALLOW, KILL } },
	{ 5,
	  "", /* a bit without a name */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(9, 0, 3), LD(32),
	    JMP(BPF_JSET, 0x100006, 0, 1), ALLOW, KILL } },
	{ 5,
	  "AT_FDCWD",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(257, 0, 3), LD(16),
	    JEQ(0xffffff9c, 0, 1), ALLOW, KILL } },
	{ 5,
	  " >= 7",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(3, 0, 3), LD(16), JMP(BPF_JGE, 7, 0, 1),
	    ALLOW, KILL } },
	{ 5,
	  "", /* a high half is no constant of the argument's */
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 5), LD(0), JEQ(41, 0, 3), LD(20), JEQ(1, 0, 1), ALLOW,
	    KILL } },
	/* where A holds something else by then, or on one of two ways */
	{ 2, "", { LD(4), BPF_STMT(BPF_LD | BPF_IMM, 0), JEQ(AUDIT_ARCH_X86_64, 0, 0), KILL } },
	{ 3, "", { LD(4), JEQ(1, 0, 1), LD(0), JEQ(AUDIT_ARCH_X86_64, 0, 0), KILL } },
	{ 3, "x86_64", { LD(4), JEQ(1, 0, 1), LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 0), KILL } },
	/* arch, once it is known not to be x86_64 */
	{ 4, "", { LD(4), JEQ(AUDIT_ARCH_X86_64, 1, 0), KILL, LD(0), JEQ(9999, 0, 0), KILL } },
	{ 1, "never reached", { BPF_STMT(BPF_JMP | BPF_JA, 1), ALLOW, KILL } },
	{ 0, "errno(EPERM)", { RET(SECCOMP_RET_ERRNO | EPERM) } },
	{ 0, "0x12340000", { RET(0x12340000) } },
	{ 3,
	  "nr >= 9999: unknown calls",
	  { LD(4), JEQ(AUDIT_ARCH_X86_64, 0, 3), LD(0), JMP(BPF_JGE, 9999, 0, 1), ALLOW, KILL } },
};

TEST(what_is_known_is_said_and_no_more)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		EXPECT_STREQ(rows[i].says,
			     remark(list(rows[i].insn, COUNT(rows[i].insn), NULL), rows[i].pc))
		{
			TH_LOG("row %zu", i);
		}
	}
}

/* ---- what bpf_analyse() says holds on every run ---- */

#define LEN 40u

static const uint32_t numbers[] = {
	1, 16, 41, 42, 514, 600, BPF_X32_BIT + 1, BPF_X32_BIT | 16, BPF_X32_BIT | 514, ~0u >> 1,
};

/* One of them, or one more or less. */
static uint32_t number_near(unsigned int i)
{
	return numbers[i / 3 % COUNT(numbers)] + i % 3 - 1;
}

static unsigned int below(uint64_t *state, unsigned int n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(*state >> 33) % n;
}

/* Loads of nr and arch, x32's bit masked away, and mostly short jumps. */
static void random_program(uint64_t *state, struct sock_filter *insn)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET };
	unsigned int i;
	uint32_t k;

	for (i = 0; i < LEN - 6; i++) {
		k = below(state, 4) ? number_near(below(state, 30)) :
				      bpf_abis[below(state, BPF_ABIS)].arch;
		/* Few ways meet behind a jump whose true side falls through. */
		insn[i] = (struct sock_filter)JMP(ops[below(state, COUNT(ops))], k, 0,
						  (uint8_t)(1 + below(state, 5)));
		if (below(state, 8) == 0)
			insn[i].jt = (uint8_t)below(state, 5);
		if (below(state, 5) == 0)
			insn[i] = (struct sock_filter)LD(below(state, 2) * 4);
		else if (below(state, 10) == 0)
			insn[i] = (struct sock_filter)AND(~BPF_X32_BIT);
	}
	/* Begin as filters do, or there is little to be known. */
	insn[0] = (struct sock_filter)LD(4);
	insn[1] = (struct sock_filter)JEQ(bpf_abis[below(state, 3)].arch, 0,
					  (uint8_t)(below(state, 4) ? LEN - 4 : below(state, 5)));
	insn[2] = (struct sock_filter)LD(0);
	for (; i < LEN; i++)
		insn[i] = (struct sock_filter)ALLOW;
}

struct walk {
	const struct bpf_known *at;
	const struct seccomp_data *data;
	unsigned int seen, named, wrong;
};

/* Before each instruction: is what was said about it so? */
static void judge(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct walk *walk = ctx;
	const struct bpf_known *at = &walk->at[m->pc];
	const uint32_t nr = (uint32_t)walk->data->nr, bare = nr & ~BPF_X32_BIT;
	const uint32_t word = at->word == BPF_WORD_NR ? nr : walk->data->arch;
	const int abi = bpf_abi_of(walk->data->arch, nr);

	walk->seen++;
	walk->named += at->call != NULL;
	walk->wrong += !at->reached || at->steps < m->steps || at->lo > bare || at->hi < bare;
	walk->wrong += abi >= 0 && !(at->abis & 1u << abi);
	walk->wrong += at->word != BPF_NOWHERE && (word & at->mask) != m->a;
	walk->wrong += abi >= 0 && at->call &&
		       at->call != bpf_syscall_nr((enum bpf_abi_id)abi, bare);
	(void)insn;
}

TEST(what_is_known_is_so)
{
	static struct bpf_known at[LEN];
	struct seccomp_data data = { .nr = 0 };
	struct walk walk = { .at = at, .data = &data };
	uint64_t state = 1;
	unsigned int seed, i, longest, steps;

	prog.len = LEN;
	for (seed = 0; seed < 3000; seed++) {
		random_program(&state, prog.insn);
		ASSERT_EQ(0, bpf_check(prog.insn, LEN, NULL));
		longest = bpf_analyse(&prog, at);
		for (i = 0; i < COUNT(numbers) * 3 * BPF_ABIS; i++) {
			data.nr = (int)number_near(i / BPF_ABIS);
			data.arch = bpf_abis[i % BPF_ABIS].arch;
			if (data.nr < 0 || (data.nr & BPF_X32_BIT && i % BPF_ABIS != BPF_X32))
				continue; /* no call has that */
			bpf_run_traced(prog.insn, LEN, &data, judge, &walk);
			bpf_run(prog.insn, LEN, &data, &steps);
			ASSERT_LE(steps, longest);
			ASSERT_EQ(0u, walk.wrong)
			{
				TH_LOG("seed %u, nr %d, arch 0x%x", seed, data.nr, data.arch);
			}
		}
	}
	EXPECT_LT(1000000u, walk.seen);
	EXPECT_LT(2000u, walk.named);
}

TEST_HARNESS_MAIN
