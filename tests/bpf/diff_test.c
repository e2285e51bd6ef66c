/* SPDX-License-Identifier: MIT */
/*
 * What is said of two programs: equal or not, more or not, where, and why it cannot be
 * said. diff_random_test.c has the pairs that nobody thought of.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <time.h>

#include "kselftest_harness.h"
#include "tests/bpf/shapes.h"

static char policy_memory[8 << 20], memory[32 << 20];
static struct bpf_arena policy_arena = { .base = policy_memory, .size = sizeof(policy_memory) };
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_prog prog, other;
static struct bpf_policy policy;
static struct bpf_error error;

static int compile_lines(const char *const *lines, struct bpf_prog *to)
{
	const struct bpf_place place = { "test", 1, 1 };
	unsigned int i;
	int ret = 0;

	policy_arena.used = 0;
	memset(&error, 0, sizeof(error));
	bpf_policy_init(&policy, &policy_arena);
	for (i = 0; lines[i] && ret == 0; i++)
		ret = bpf_policy_line(&policy, lines[i], &place, &error);
	return ret ? ret : bpf_compile(&policy, to, &error);
}

/* ---- regions as text ---- */

struct lines {
	char text[4000];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add_text(struct lines *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	l->len += (size_t)vsnprintf(l->text + l->len, sizeof(l->text) - l->len, format, args);
	va_end(args);
	if (l->len >= sizeof(l->text))
		l->len = sizeof(l->text) - 1;
}

static void add_constraint(struct lines *l, const struct bpf_constraint *c)
{
	add_text(l, " arg%u", c->arg);
	if (c->mask != UINT64_MAX)
		add_text(l, "&%#" PRIx64, c->mask);
	if (c->lo == c->hi)
		add_text(l, "%s%#" PRIx64, c->outside ? "!=" : "==", c->lo);
	else
		add_text(l, "%s%#" PRIx64 "..%#" PRIx64, c->outside ? "!:" : ":", c->lo, c->hi);
}

/* "x86_64 41 arg0==0x26: allow/errno(EPERM)" */
static int add_line(void *ctx, const struct bpf_difference *d)
{
	struct lines *l = ctx;
	char a[32], b[32];
	unsigned int i;

	if (d->abi < 0)
		add_text(l, "%#x..%#x %u", d->arch_lo, d->arch_hi, d->nr_lo);
	else
		add_text(l, "%s %u", bpf_abis[d->abi].name, d->nr_lo & ~bpf_abis[d->abi].nr_bit);
	if (d->nr_hi == UINT32_MAX)
		add_text(l, "..");
	else if (d->nr_hi != d->nr_lo)
		add_text(l, "..%u", d->abi < 0 ? d->nr_hi : d->nr_hi & ~bpf_abis[d->abi].nr_bit);
	for (i = 0; i < d->nwhen; i++)
		add_constraint(l, &d->when[i]);
	add_text(l, "%s: %s/%s\n", d->exact ? "" : " ...",
		 bpf_action_name(d->actions[0], a, sizeof(a)),
		 bpf_action_name(d->actions[1], b, sizeof(b)));
	return 0;
}

/* clang-format off */
static const struct {
	const char *a[6], *b[6];
	enum bpf_relation relation;
	unsigned int abis;
	const char *regions; /* "": none, so the relation holds */
} policies[] = {
	{ { "default deny", "allow read" }, { "default deny", "allow read" }, BPF_EQUAL, 0, "" },
	{ { "default deny", "allow read write" }, { "default deny", "allow read" }, BPF_EQUAL, 0,
	  "x86_64 1: allow/errno(EPERM)\n" },
	/* what it says and not how */
	{ { "default deny", "allow socket if family < 4 && family > 2" },
	  { "default deny", "allow socket if family == 3" }, BPF_EQUAL, 0, "" },
	{ { "default deny", "allow mprotect if !(prot & 4 == 4)" },
	  { "default deny", "allow mprotect", "deny mprotect if prot & PROT_EXEC" },
	  BPF_EQUAL, 0, "" },
	{ { "default deny", "allow mmap if len >= 0x100000000" },
	  { "default deny", "allow mmap if len & 0xffffffff00000000 != 0" }, BPF_EQUAL, 0, "" },
	{ { "default deny", "allow ioctl if cmd in {1, 2, 3, 4}" },
	  { "default deny", "allow ioctl if cmd >= 1 && cmd <= 4" }, BPF_EQUAL, 0, "" },
	/* as rules */
	{ { "default allow", "deny socket if family in {38, 40}" }, { "default allow" },
	  BPF_EQUAL, 0,
	  "x86_64 41 arg0&0xffffffff==0x26: errno(EPERM)/allow\n"
	  "x86_64 41 arg0&0xffffffff==0x28: errno(EPERM)/allow\n" },
	{ { "default deny", "allow socket if family != 38 && family != 40" }, { "default deny" },
	  BPF_EQUAL, 0,
	  "x86_64 41 arg0&0xffffffff!=0x26 arg0&0xffffffff!=0x28: allow/errno(EPERM)\n" },
	{ { "default deny", "allow clone if clone_flags & 0x7e020000 == 0" },
	  { "default deny", "allow clone" }, BPF_EQUAL, 0,
	  "x86_64 56 arg0&0x7e020000!=0: errno(EPERM)/allow\n" },
	{ { "default deny", "allow personality if arg0 == 8" },
	  { "default deny", "allow personality if personality == 8" }, BPF_EQUAL, 0,
	  "x86_64 135 arg0&0xffffffff==0x8 arg0&0xffffffff00000000!=0: errno(EPERM)/allow\n" },
	{ { "default deny", "allow mmap if len < 0x2000 && prot & 4 == 0" }, { "default deny" },
	  BPF_EQUAL, 0,
	  "x86_64 9 arg1:0..0x1fff arg2&0x4==0: allow/errno(EPERM)\n" },
	{ { "default kill", "log read if fd > 2" }, { "default kill", "trap read if fd <= 2" },
	  BPF_EQUAL, 0,
	  "x86_64 0 arg0&0xffffffff:0..0x2: kill/trap\n"
	  "x86_64 0 arg0&0xffffffff:0x3..0xffffffff: log/kill\n" },
	/* ABIs */
	{ { "abi x86_64 i386", "default deny", "allow read" },
	  { "abi x86_64 x32", "default deny", "allow read" }, BPF_EQUAL, 1u << BPF_X86_64, "" },
	{ { "abi x86_64 i386", "default kill", "unknown kill", "allow read" },
	  { "abi x86_64 x32", "default kill", "unknown kill", "allow read" }, BPF_EQUAL, 0,
	  "i386 3: allow/kill\nx32 0: kill/allow\n" },
	{ { "abi aarch64", "default kill", "unknown kill", "allow read" },
	  { "default kill", "unknown kill" }, BPF_EQUAL, 0, "aarch64 63: allow/kill\n" },
	/* subsets */
	{ { "default deny", "allow read" }, { "default kill", "log read write" }, BPF_SUBSET, 0,
	  "" },
	{ { "default deny", "allow read write" }, { "default deny", "allow read" }, BPF_SUBSET, 0,
	  "x86_64 1: allow/errno(EPERM)\n" },
	{ { "default deny", "allow read" }, { "default deny", "allow read write" }, BPF_SUBSET, 0,
	  "" },
	{ { "default deny", "allow mprotect if prot & 6 == 0" },
	  { "default deny", "allow mprotect if prot & 4 == 0" }, BPF_SUBSET, 0, "" },
	{ { "default deny", "allow mprotect if prot & 4 == 0" },
	  { "default deny", "allow mprotect if prot & 6 == 0" }, BPF_SUBSET, 0,
	  "x86_64 10 arg2&0x6==0x2: allow/errno(EPERM)\n" },
	{ { "default notify" }, { "default kill" }, BPF_SUBSET, 0, "" },
};
/* clang-format on */

TEST(pairs_of_policies)
{
	struct lines lines;
	struct bpf_pair pair;
	size_t i;
	int ret;

	if (bpf_abi_native() != BPF_X86_64)
		SKIP(return, "the table is for x86_64");
	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		ASSERT_EQ(0, compile_lines(policies[i].a, &prog))
		{
			TH_LOG("case %zu: %s", i, error.text);
		}
		ASSERT_EQ(0, compile_lines(policies[i].b, &other));
		pair = pair_of(&prog, &other);
		pair.relation = policies[i].relation;
		pair.abis = policies[i].abis;
		lines.len = 0;
		lines.text[0] = '\0';
		ret = bpf_diff_each(&pair, &arena, add_line, &lines, &error);
		EXPECT_EQ(policies[i].regions[0] != '\0', ret);
		EXPECT_STREQ(policies[i].regions, lines.text)
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(ret, bpf_diff(&pair, &arena, NULL, &error));
		EXPECT_EQ(0, arena.used);
	}
}

/* ---- the policies that are built in ---- */

/* What is for the runner is not for us. */
static int take_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *err)
{
	const size_t len = strcspn(text, " \t");

	return bpf_policy_word(text, len) ? bpf_policy_line(ctx, text, place, err) : 0;
}

static int compile_builtin(const char *name, struct bpf_prog *to)
{
	policy_arena.used = 0;
	bpf_policy_init(&policy, &policy_arena);
	if (bpf_source_read(name, NULL, &policy_arena, take_line, &policy, &error) < 0 ||
	    bpf_policy_finish(&policy, &error) < 0)
		return -EINVAL;
	return bpf_compile(&policy, to, &error);
}

/* "Each allows no more than the next", says policies/README; and the next does allow more. */
TEST(builtins)
{
	struct bpf_difference diff;
	struct bpf_pair pair;

	ASSERT_EQ(0, compile_builtin("strict", &prog))
	{
		TH_LOG("%s", error.text);
	}
	ASSERT_EQ(0, compile_builtin("standard", &other));
	pair = pair_of(&prog, &other);
	pair.relation = BPF_SUBSET;
	EXPECT_EQ(0, bpf_diff(&pair, &arena, &diff, &error))
	{
		TH_LOG("strict allows nr %d of %#x, standard does not", diff.data.nr,
		       diff.data.arch);
	}
	pair = pair_of(&other, &prog);
	pair.relation = BPF_SUBSET;
	ASSERT_EQ(1, bpf_diff(&pair, &arena, &diff, &error));
	EXPECT_EQ(SECCOMP_RET_ALLOW, bpf_run(other.insn, other.len, &diff.data, NULL));
	EXPECT_NE(SECCOMP_RET_ALLOW, bpf_run(prog.insn, prog.len, &diff.data, NULL));
}

/* ---- what counts as the same ---- */

TEST(actions)
{
	/* clang-format off */
	static const struct {
		uint32_t a, b;
		bool same;
	} cases[] = {
		{ SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW | 7, true },
		{ SECCOMP_RET_LOG, SECCOMP_RET_LOG | 7, true },
		{ SECCOMP_RET_USER_NOTIF, SECCOMP_RET_USER_NOTIF | 7, true },
		{ SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_THREAD | 7, true },
		{ SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS | 7, true },
		{ SECCOMP_RET_KILL_PROCESS, 0x12340000, true }, /* no action: it kills */
		{ SECCOMP_RET_ERRNO | 4095, SECCOMP_RET_ERRNO | 65535, true },
		{ SECCOMP_RET_ERRNO | 4094, SECCOMP_RET_ERRNO | 4095, false },
		{ SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2, false },
		{ SECCOMP_RET_TRAP | 1, SECCOMP_RET_TRAP | 2, false },
		{ SECCOMP_RET_TRACE | 1, SECCOMP_RET_TRACE | 2, false },
		{ SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, false },
		{ SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, false },
	};
	/* clang-format on */
	struct sock_filter a = BPF_STMT(BPF_RET | BPF_K, 0), b = a;
	const struct bpf_pair pair = { .a = &a, .alen = 1, .b = &b, .blen = 1 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a.k = cases[i].a;
		b.k = cases[i].b;
		EXPECT_EQ(!cases[i].same, bpf_diff(&pair, &arena, NULL, &error))
		{
			TH_LOG("%#x and %#x", a.k, b.k);
		}
	}
}

/* ---- what is not decided, and what is ---- */

#define LOAD(offset)	  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define ALLOW		  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL		  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define TAX		  BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define OP(op, k)	  BPF_STMT(BPF_ALU | (op), k)
#define IF(op, k, jt, jf) BPF_JUMP(BPF_JMP | (op), k, jt, jf)

/* clang-format off */
static const struct {
	const char *name;
	struct sock_filter insn[12];
	unsigned int len, line; /* of the instruction that is refused */
	int ret; /* compared with "ret allow" */
	const char *text;
} odd[] = {
	{ "arg0 == arg1", { LOAD(16), TAX, LOAD(24), IF(BPF_JEQ | BPF_X, 0, 0, 1), ALLOW, KILL },
	  6, 4, -EOPNOTSUPP, "two words" },
	{ "arg0 + arg1", { LOAD(16), TAX, LOAD(24), OP(BPF_ADD | BPF_X, 0),
	  IF(BPF_JEQ | BPF_K, 0, 0, 1), ALLOW, KILL }, 7, 4, -EOPNOTSUPP, "two words" },
	{ "1 << arg0", { LOAD(16), TAX, BPF_STMT(BPF_LD | BPF_IMM, 1), OP(BPF_LSH | BPF_X, 0),
	  IF(BPF_JSET | BPF_K, 6, 0, 1), ALLOW, KILL }, 7, 4, -EOPNOTSUPP, "two words" },
	{ "arg0 * 3", { LOAD(16), OP(BPF_MUL | BPF_K, 3), IF(BPF_JEQ | BPF_K, 9, 0, 1), ALLOW,
	  KILL }, 5, 2, -EOPNOTSUPP, "product" },
	{ "arg0 / 3", { LOAD(16), OP(BPF_DIV | BPF_K, 3), IF(BPF_JEQ | BPF_K, 9, 0, 1), ALLOW,
	  KILL }, 5, 2, -EOPNOTSUPP, "quotient" },
	{ "5 / arg0", { LOAD(16), TAX, BPF_STMT(BPF_LD | BPF_IMM, 5), OP(BPF_DIV | BPF_X, 0),
	  IF(BPF_JEQ | BPF_K, 9, 0, 1), ALLOW, KILL }, 7, 4, -EOPNOTSUPP, "quotient" },
	{ "ret arg0", { LOAD(16), BPF_STMT(BPF_RET | BPF_A, 0) }, 2, 2, -EOPNOTSUPP, "action" },
	{ "no end", { LOAD(16) }, 1, 1, -EINVAL, "\"ret\"" },
	{ "empty", { LOAD(16) }, 0, 0, -EINVAL, "empty" },
	/* decided: constants, shifts, the same word twice */
	{ "arg0 == arg0", { LOAD(16), TAX, IF(BPF_JEQ | BPF_X, 0, 0, 1), ALLOW, KILL }, 5, 0, 0,
	  "" },
	{ "arg0 > arg0", { LOAD(16), TAX, LOAD(16), IF(BPF_JGT | BPF_X, 0, 1, 0), ALLOW, KILL }, 6,
	  0, 0, "" },
	{ "arg0 - arg0 == 0", { LOAD(16), TAX, OP(BPF_SUB | BPF_X, 0), IF(BPF_JEQ | BPF_K, 0, 0, 1),
	  ALLOW, KILL }, 6, 0, 0, "" },
	{ "-arg0 + arg0 == 0, by shifts", { LOAD(16), OP(BPF_NEG, 0), OP(BPF_MUL | BPF_K, 8),
	  OP(BPF_DIV | BPF_K, 8), IF(BPF_JGE | BPF_K, 0x20000000, 1, 0), ALLOW, KILL }, 7, 0, 0,
	  "" },
	{ "3 * 5 / 2 == 7", { BPF_STMT(BPF_LD | BPF_IMM, 3), OP(BPF_MUL | BPF_K, 5),
	  OP(BPF_DIV | BPF_K, 2), IF(BPF_JEQ | BPF_K, 7, 0, 1), ALLOW, KILL }, 6, 0, 0, "" },
	{ "0 * arg0", { LOAD(16), OP(BPF_MUL | BPF_K, 0), IF(BPF_JEQ | BPF_K, 0, 0, 1), ALLOW,
	  KILL }, 5, 0, 0, "" },
	{ "x << 33 is x << 1", { BPF_STMT(BPF_LDX | BPF_IMM, 33), LOAD(16), OP(BPF_LSH | BPF_X, 0),
	  IF(BPF_JSET | BPF_K, 1, 1, 0), ALLOW, KILL }, 6, 0, 0, "" },
	{ "x >> 33 is x >> 1", { BPF_STMT(BPF_LDX | BPF_IMM, 33), LOAD(16), OP(BPF_RSH | BPF_X, 0),
	  IF(BPF_JEQ | BPF_K, 0, 1, 0), KILL, OP(BPF_LSH | BPF_K, 1), ALLOW }, 7, 0, 1, "" },
	{ "1 / 0 kills", { BPF_STMT(BPF_LDX | BPF_IMM, 0), OP(BPF_DIV | BPF_X, 0), ALLOW }, 3, 0, 1,
	  "" },
	{ "len", { BPF_STMT(BPF_LDX | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0),
	  IF(BPF_JEQ | BPF_K, 64, 0, 1), ALLOW, KILL }, 5, 0, 0, "" },
	{ "one bit of arg0 as an action", { LOAD(16), OP(BPF_AND | BPF_K, 1),
	  OP(BPF_OR | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_A, 0) }, 4, 0, 0, "" },
	{ "an unreached product", { BPF_STMT(BPF_JMP | BPF_JA, 2), LOAD(16), OP(BPF_MUL | BPF_K, 3),
	  ALLOW }, 4, 0, 0, "" },
};
/* clang-format on */

TEST(odd_programs)
{
	static const struct sock_filter allow = ALLOW;
	struct bpf_pair pair = { .a = &allow, .alen = 1 };
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		memset(&error, 0, sizeof(error));
		pair.b = odd[i].insn;
		pair.blen = odd[i].len;
		EXPECT_EQ(odd[i].ret, bpf_diff(&pair, &arena, NULL, &error))
		{
			TH_LOG("%s: %s", odd[i].name, error.text);
		}
		EXPECT_EQ(odd[i].line, error.place.line);
		EXPECT_NE(NULL, strstr(error.text, odd[i].text))
		{
			TH_LOG("%s: %s", odd[i].name, error.text);
		}
		if (odd[i].ret < 0) {
			EXPECT_STREQ("B", error.place.file);
		}
		EXPECT_EQ(0, arena.used);
	}
}

/*
 * Words that differ by the way taken, and are not read again, are no reason to look at each
 * way: those would be 2^15 here.
 */
TEST(dead_words)
{
	struct bpf_pair pair;
	unsigned int i;

	prog.len = 0;
	for (i = 0; i < 15; i++) {
		prog.insn[prog.len++] = (struct sock_filter)LOAD(16);
		prog.insn[prog.len++] = (struct sock_filter)IF(BPF_JSET | BPF_K, 1u << i, 0, 1);
		prog.insn[prog.len++] = (struct sock_filter)BPF_STMT(BPF_ST, i);
	}
	for (i = 0; i < 15; i++)
		prog.insn[prog.len++] = (struct sock_filter)BPF_STMT(BPF_ST, i);
	for (i = 0; i < 15; i++) /* what was written on all ways */
		prog.insn[prog.len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, i);
	other.insn[0] = (struct sock_filter)ALLOW;
	other.len = 1;
	prog.insn[prog.len++] = other.insn[0];
	pair = pair_of(&prog, &other);
	EXPECT_EQ(0, bpf_diff(&pair, &arena, NULL, &error))
	{
		TH_LOG("%s", error.text);
	}
}

/* A set of odd numbers is not told whole; what follows is, again. */
TEST(too_many_words)
{
	static const char *const deny[] = { "default deny", NULL };
	struct random_text line = { .len = 0 };
	const char *lines[] = { "default deny", line.text, "allow socket if family == 1", NULL };
	struct lines text = { .len = 0 };
	struct bpf_pair pair;
	unsigned int i;

	if (bpf_abi_native() != BPF_X86_64)
		SKIP(return, "the numbers are those of x86_64");
	put(&line, "allow ioctl if cmd in {7");
	for (i = 0; i < 100; i++)
		put(&line, ", %u", 3 * i * i + 1000);
	put(&line, "}");
	ASSERT_EQ(0, compile_lines(lines, &prog))
	{
		TH_LOG("%s", error.text);
	}
	ASSERT_EQ(0, compile_lines(deny, &other));
	pair = pair_of(&prog, &other);
	ASSERT_EQ(1, bpf_diff_each(&pair, &arena, add_line, &text, &error));
	EXPECT_STREQ("x86_64 16 arg1&0xffff8000==0 ...: allow/errno(EPERM)\n"
		     "x86_64 41 arg0&0xffffffff==0x1: allow/errno(EPERM)\n",
		     text.text);
}

/* Never a wrong answer for want of memory. */
TEST(little_memory)
{
	static const char *const a[] = { "default deny", "allow read",
					 "allow mmap if prot & 4 == 0",
					 "allow socket if family in {1, 2, 10}", NULL };
	static const char *const b[] = { "default deny", "allow read", "allow mmap",
					 "allow socket if family in {1, 2, 10}", NULL };
	struct bpf_arena small = { .base = memory };
	unsigned int enough = 0;
	struct bpf_pair pair;
	int ret;

	ASSERT_EQ(0, compile_lines(a, &prog));
	ASSERT_EQ(0, compile_lines(b, &other));
	pair = pair_of(&prog, &other);
	for (small.size = 0; small.size < 1 << 20; small.size += 1024) {
		error.text[0] = '\0';
		ret = bpf_diff(&pair, &small, NULL, &error);
		ASSERT_TRUE(ret == 1 || (ret == -ENOMEM && strstr(error.text, "memory")));
		ASSERT_TRUE(ret == 1 || enough == 0);
		enough += ret == 1;
	}
	TH_LOG("%zu KiB are enough", (small.size >> 10) - enough);
	EXPECT_GT(enough, 10);
	EXPECT_LT(enough, small.size >> 10);
}

/* ---- size and time ---- */

static unsigned int cpu_ms(const struct timespec *from)
{
	struct timespec to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return (unsigned int)((to.tv_sec - from->tv_sec) * 1000 +
			      (to.tv_nsec - from->tv_nsec) / 1000000);
}

TEST(large_programs)
{
	static const char *const lines[] = { "abi x86_64 i386 x32",
					     "default kill",
					     "unknown kill",
					     "allow read write openat close mmap2 exit_group",
					     "errno(ENOSYS) clone3 statx",
					     NULL };
	struct timespec start;
	struct bpf_pair pair;
	unsigned int ms, i;

	ASSERT_EQ(0, compile_lines(lines, &prog));
	ASSERT_EQ(0, linear(&policy, &other));
	pair = pair_of(&prog, &other);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	ASSERT_EQ(0, bpf_diff(&pair, &arena, NULL, &error));
	ms = cpu_ms(&start);
	TH_LOG("%u against %u instructions: %u ms", prog.len, other.len, ms);
	EXPECT_GT(other.len, 2000);
	EXPECT_LT(ms, 1000);
	for (i = 0; i < other.len / 2; i++)
		if (other.insn[i].code == (BPF_RET | BPF_K))
			other.insn[i].k = SECCOMP_RET_TRAP;
	EXPECT_EQ(1, bpf_diff(&pair, &arena, NULL, &error));
}

/*
 * Rules one behind the other, each for a number of its own; where its arguments do not fit,
 * the number is loaded again, and the next is asked for. K is in the middle of them.
 */
static void chain(struct bpf_prog *p, uint32_t k)
{
	uint32_t i, at, mask;

	p->len = 0;
	random_state = 1;
	for (i = 0; i < 400; i++) {
		const uint32_t lo = bpf_word_lo(random_below(3)), hi = bpf_word_hi(i % 3);

		mask = (uint32_t)(random64() & random64());
		const struct sock_filter rule[] = {
			LOAD(BPF_WORD_NR),
			IF(BPF_JEQ | BPF_K, i, 0, 7),
			LOAD(lo),
			IF(BPF_JSET | BPF_K, mask, 5, 0),
			LOAD(bpf_word_lo(i % 3)),
			IF(BPF_JGE | BPF_K, i == 200 ? k : random_below(5000), 0, 3),
			LOAD(hi),
			IF(BPF_JEQ | BPF_K, 0, 0, 1),
			ALLOW,
		};

		for (at = 0; at < sizeof(rule) / sizeof(rule[0]); at++)
			p->insn[p->len++] = rule[at];
	}
	p->insn[p->len++] = (struct sock_filter)KILL;
}

TEST(chained_rules)
{
	struct bpf_difference diff;
	struct timespec start;
	struct bpf_pair pair;
	unsigned int ms;

	chain(&prog, 1000);
	chain(&other, 1001);
	pair = pair_of(&prog, &other);
	pair.abis = 1u << BPF_AARCH64;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	ASSERT_EQ(1, bpf_diff(&pair, &arena, &diff, &error))
	{
		TH_LOG("%s", error.text);
	}
	ms = cpu_ms(&start);
	TH_LOG("%u instructions with 1200 tests of arguments: %u ms", prog.len, ms);
	EXPECT_EQ(200, diff.data.nr);
	EXPECT_EQ(1000, diff.data.args[200 % 3]);
	EXPECT_LT(ms, 1000);
}

TEST_HARNESS_MAIN
