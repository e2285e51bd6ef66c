/* SPDX-License-Identifier: MIT */
/*
 * Stacks of policies: the one program against what several do, one by one: as they are run here,
 * as the kernel runs them, and, for all inputs, as a program that is made of both.
 */
#include "bpf/bench.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ALLOW	     SECCOMP_RET_ALLOW
#define KILL	     SECCOMP_RET_KILL_PROCESS
#define TRAP	     SECCOMP_RET_TRAP
#define LOG	     SECCOMP_RET_LOG
#define E(n)	     (SECCOMP_RET_ERRNO | (n))
#define GOALS	     4
#define MAX_STACK    3

/* From the top, the newest, down. */
static char memory[MAX_STACK][8 << 20], diff_memory[64 << 20];
static struct bpf_arena arenas[MAX_STACK];
static struct bpf_policy policies[MAX_STACK];
static struct bpf_prog alone[MAX_STACK], merged[GOALS];
static struct bpf_error error;

/* ---- making them ---- */

static struct bpf_arena *new_arena(size_t i)
{
	arenas[i] = (struct bpf_arena){ .base = memory[i], .size = sizeof(memory[i]) };
	return &arenas[i];
}

/* Policy I; its lines are between ';'. */
static int parse(size_t i, const char *text)
{
	struct bpf_place place = { i ? "under" : "top", 0, 1 };
	char line[200];
	size_t len;

	memset(&error, 0, sizeof(error));
	bpf_policy_init(&policies[i], new_arena(i));
	for (; *text; text += len + (text[len] == ';')) {
		text += strspn(text, " ");
		len = strcspn(text, ";");
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		place.line++;
		if (bpf_policy_line(&policies[i], line, &place, &error) < 0)
			return -EINVAL;
	}
	return bpf_policy_finish(&policies[i], &error);
}

static int take_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *err)
{
	const size_t len = strcspn(text, " \t");

	return bpf_policy_word(text, len) ? bpf_policy_line(ctx, text, place, err) : 0;
}

static int read_builtin(size_t i, const char *name)
{
	bpf_policy_init(&policies[i], new_arena(i));
	return bpf_builtin_read(name, &arenas[i], take_line, &policies[i], &error);
}

/* Each for itself, then the N as one, for each goal, checked and proved. */
static int compile_stack(size_t n)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < n && ret == 0; i++)
		ret = bpf_compile(&policies[i], &alone[i], &error);
	for (i = n - 1; i > 0 && ret == 0; i--)
		ret = bpf_policy_stack(&policies[i - 1], &policies[i], &error);
	for (i = 0; i < GOALS && ret == 0; i++) {
		const struct bpf_goal goal = { .how = (enum bpf_optimize)i };

		ret = bpf_compile_for(&policies[0], &goal, &merged[i], &error);
		if (ret == 0)
			ret = bpf_check(merged[i].insn, merged[i].len, &error);
		if (ret == 0)
			ret = bpf_verify(&policies[0], &merged[i], NULL, NULL, &error);
	}
	return ret;
}

/* ---- what they do ---- */

static uint32_t run(const struct bpf_prog *prog, const struct seccomp_data *data)
{
	return bpf_run(prog->insn, prog->len, data, NULL);
}

#define DISAGREE 0xdeadbeefu

/* What the N programs do one after the other, if the policy and the merged programs agree. */
static uint32_t decide(size_t n, const struct seccomp_data *data, const struct bpf_rule **rule)
{
	uint32_t action = run(&alone[0], data);
	size_t i;

	for (i = 1; i < n; i++)
		action = bpf_strictest(action, run(&alone[i], data));
	if (bpf_policy_eval(&policies[0], data, rule) != action)
		return DISAGREE;
	for (i = 0; i < GOALS; i++)
		if (run(&merged[i], data) != action)
			return DISAGREE;
	return action;
}

/* ---- single calls ---- */

#define X86 AUDIT_ARCH_X86_64
#define X32 BPF_X32_BIT

static const struct {
	const char *top, *under;
	uint32_t arch, nr;
	uint64_t arg;
	uint32_t action;
	const char *rule; /* that decides; NULL: none */
} rows[] = {
	/* clang-format off */
	/* Of two errnos, the newer one, though the older one is as strict. */
	{ "abi x86_64; default allow; errno(EIO) read", "abi x86_64; default allow; deny read",
	  X86, 0, 0, E(EIO), "errno(EIO) read" },
	{ "abi x86_64; default allow; deny read", "abi x86_64; default allow; errno(EIO) read",
	  X86, 0, 0, E(EPERM), "deny read" },
	{ "abi x86_64; default errno(EIO)", "abi x86_64; default allow; deny read",
	  X86, 0, 0, E(EIO), NULL },
	{ "abi x86_64; default allow; unknown deny", "abi x86_64; default allow",
	  X86, 9999, 0, E(EPERM), NULL },
	{ "abi x86_64; default allow", "abi x86_64; default allow; unknown deny",
	  X86, 9999, 0, E(ENOSYS), NULL },
	/* The stricter one, wherever it is. */
	{ "abi x86_64; default allow; log read", "abi x86_64; default allow; deny read",
	  X86, 0, 0, E(EPERM), "deny read" },
	{ "abi x86_64; default allow; trap read", "abi x86_64; default allow; deny read",
	  X86, 0, 0, TRAP, "trap read" },
	{ "abi x86_64; default allow; trap read", "abi x86_64; default kill",
	  X86, 0, 0, KILL, NULL },
	{ "abi x86_64; default allow; kill read", "abi x86_64; default allow; kill-thread read",
	  X86, 0, 0, KILL, "kill read" },
	{ "abi x86_64; default allow; kill-thread read", "abi x86_64; default allow; trap read",
	  X86, 0, 0, SECCOMP_RET_KILL_THREAD, "kill-thread read" },
	{ "abi x86_64; default allow; trace read", "abi x86_64; default log; deny read",
	  X86, 0, 0, E(EPERM), "deny read" },
	{ "abi x86_64; default allow; trace read", "abi x86_64; default log",
	  X86, 0, 0, SECCOMP_RET_TRACE, "trace read" },
	{ "abi x86_64; default allow; log read", "abi x86_64; default allow",
	  X86, 0, 0, LOG, "log read" },
	{ "abi x86_64; default allow; allow read", "abi x86_64; default log; allow read",
	  X86, 0, 0, ALLOW, "allow read" },
	/* Conditions of both; neither allows what the other does not. */
	{ "abi x86_64; default deny; allow close if fd > 2", "abi x86_64; default trap; allow close if fd < 9",
	  X86, 3, 5, ALLOW, "allow close if fd > 2" },
	{ "abi x86_64; default deny; allow close if fd > 2", "abi x86_64; default trap; allow close if fd < 9",
	  X86, 3, 2, E(EPERM), NULL },
	{ "abi x86_64; default deny; allow close if fd > 2", "abi x86_64; default trap; allow close if fd < 9",
	  X86, 3, 9, TRAP, NULL },
	/* An ABI counts only if both name it. */
	{ "abi x86_64 i386; default allow", "abi x86_64 aarch64; default allow",
	  X86, 0, 0, ALLOW, NULL },
	{ "abi x86_64 i386; default allow", "abi x86_64 aarch64; default allow",
	  AUDIT_ARCH_I386, 3, 0, KILL, NULL },
	{ "abi x86_64 i386; default allow", "abi x86_64 aarch64; default allow",
	  AUDIT_ARCH_AARCH64, 63, 0, KILL, NULL },
	{ "abi x86_64 x32; default allow", "abi x86_64; default allow", X86, X32, 0, KILL, NULL },
	{ "abi x86_64; default allow", "abi x86_64 x32; default allow", X86, X32, 0, KILL, NULL },
	{ "abi x86_64 x32; default allow", "abi x32; default allow; deny read",
	  X86, X32, 0, E(EPERM), "deny read" },
	{ "abi x86_64 x32; default allow", "abi x32; default allow", X86, 0, 0, KILL, NULL },
	{ "abi x86_64; default allow", "abi x32; default allow", X86, 0, 0, KILL, NULL },
	{ "abi x86_64; default allow", "abi x32; default allow", X86, X32, 0, KILL, NULL },
	{ "abi x86_64; default allow", "abi i386; default allow", 0, 0, 0, KILL, NULL },
	/* clang-format on */
};

TEST(single_calls)
{
	const struct bpf_rule *rule;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const struct seccomp_data data = { .arch = rows[i].arch,
						   .nr = (int)rows[i].nr,
						   .args = { rows[i].arg } };

		ASSERT_EQ(0, parse(0, rows[i].top));
		ASSERT_EQ(0, parse(1, rows[i].under));
		ASSERT_EQ(0, compile_stack(2))
		{
			TH_LOG("%s on %s: %s", rows[i].top, rows[i].under, error.text);
		}
		EXPECT_EQ(rows[i].action, decide(2, &data, &rule))
		{
			TH_LOG("%s on %s", rows[i].top, rows[i].under);
		}
		EXPECT_EQ(rows[i].rule == NULL, rule == NULL);
		if (rows[i].rule && rule)
			EXPECT_STREQ(rows[i].rule, rule->text);
	}
}

TEST(refusals)
{
	static const struct {
		const char *top, *under;
		unsigned int line; /* of the error; 0: it is not refused */
		const char *file;
	} refused[] = {
		{ "default kill; allow read; notify write", "default allow", 3, "top" },
		{ "default allow", "default allow; notify write", 2, "under" },
		{ "default notify", "default allow", 1, "top" },
		{ "default allow", "default allow; unknown notify", 2, "under" },
		{ "default kill; allow read; trace write", "default allow; log write", 0, NULL },
	};
	size_t i;

	for (i = 0; i < COUNT(refused); i++) {
		ASSERT_EQ(0, parse(0, refused[i].top));
		ASSERT_EQ(0, parse(1, refused[i].under));
		EXPECT_EQ(refused[i].line ? -EOPNOTSUPP : 0,
			  bpf_policy_stack(&policies[0], &policies[1], &error));
		EXPECT_EQ(refused[i].line, error.place.line);
		if (refused[i].line) {
			EXPECT_STREQ(refused[i].file, error.place.file);
			EXPECT_NE(NULL, strstr(error.text, "'notify'"));
			EXPECT_EQ(NULL, policies[0].under);
		}
	}
}

TEST(too_many_rules)
{
	ASSERT_EQ(0, parse(0, "default kill; allow read"));
	ASSERT_EQ(0, parse(1, "default kill; allow read"));
	policies[1].nrules = UINT16_MAX;
	EXPECT_EQ(-E2BIG, bpf_policy_stack(&policies[0], &policies[1], &error));
	EXPECT_EQ(NULL, policies[0].under);
	policies[1].nrules = UINT16_MAX - 1;
	EXPECT_EQ(0, bpf_policy_stack(&policies[0], &policies[1], &error));
}

/* Numbers of rules are those of the whole stack, so that a listing names the right line. */
TEST(rules_have_numbers)
{
	const struct bpf_rule *rule;
	bool seen[4] = { false };
	unsigned int pc;

	ASSERT_EQ(0, parse(0, "abi x86_64; default kill; allow read write; allow close if fd > 2"));
	ASSERT_EQ(0, parse(1, "abi x86_64; default allow; deny close if fd == 7"));
	ASSERT_EQ(0, compile_stack(2));
	EXPECT_EQ(NULL, bpf_policy_rule(&policies[0], 0));
	EXPECT_EQ(NULL, bpf_policy_rule(&policies[0], 4));
	rule = bpf_policy_rule(&policies[0], 2);
	ASSERT_NE(NULL, rule);
	EXPECT_STREQ("top", rule->place.file);
	rule = bpf_policy_rule(&policies[0], 3);
	ASSERT_NE(NULL, rule);
	EXPECT_STREQ("deny close if fd == 7", rule->text);
	for (pc = 0; pc < merged[0].len; pc++) {
		ASSERT_LT(merged[0].origin[pc], 4);
		seen[merged[0].origin[pc]] = true;
	}
	EXPECT_TRUE(seen[2]);
	EXPECT_TRUE(seen[3]);
}

/* A program for one of the two is no program for both, even where only one value shows it. */
TEST(the_proof_knows_both)
{
	static const struct {
		const char *top, *under;
		size_t program; /* that is not for both */
		struct seccomp_data witness;
	} wrong[] = {
		/* clang-format off */
		{ "abi x86_64; default allow", "abi x86_64; default allow; deny close if fd == 12345",
		  0, { .arch = X86, .nr = 3, .args = { 12345 } } },
		{ "abi x86_64; default allow; deny close if fd == 12345", "abi x86_64; default allow",
		  1, { .arch = X86, .nr = 3, .args = { 12345 } } },
		{ "abi x86_64; default allow; unknown allow",
		  "abi x86_64; default allow; unknown allow; deny 12345",
		  0, { .arch = X86, .nr = 12345 } },
		{ "abi x86_64; default allow; unknown allow; deny 12345",
		  "abi x86_64; default allow; unknown allow",
		  1, { .arch = X86, .nr = 12345 } },
		/* clang-format on */
	};
	struct seccomp_data data;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		ASSERT_EQ(0, parse(0, wrong[i].top));
		ASSERT_EQ(0, parse(1, wrong[i].under));
		ASSERT_EQ(0, compile_stack(2));
		EXPECT_EQ(-EBADE,
			  bpf_verify(&policies[0], &alone[wrong[i].program], &data, NULL, &error));
		EXPECT_EQ(wrong[i].witness.nr, data.nr);
		EXPECT_EQ(wrong[i].witness.args[0], (uint32_t)data.args[0]);
	}
}

/* ---- all inputs ---- */

/* PROG into AS; where it would return K, END does what is to be done. */
static void copy_prog(struct bpf_asm *as, const struct bpf_prog *prog,
		      void (*end)(struct bpf_asm *as, uint32_t k, int then), int then)
{
	const struct sock_filter *insn = prog->insn;
	static int labels[BPF_MAXINSNS];
	unsigned int pc;

	for (pc = 0; pc < prog->len; pc++)
		labels[pc] = bpf_label(as);
	for (pc = 0; pc < prog->len; pc++) {
		bpf_place_label(as, labels[pc]);
		if (insn[pc].code == (BPF_JMP | BPF_JA))
			bpf_goto(as, labels[pc + 1 + insn[pc].k]);
		else if (BPF_CLASS(insn[pc].code) == BPF_JMP)
			bpf_jump(as, insn[pc].code, insn[pc].k, labels[pc + 1 + insn[pc].jt],
				 labels[pc + 1 + insn[pc].jf]);
		else if (insn[pc].code == (BPF_RET | BPF_K))
			end(as, insn[pc].k, then);
		else
			bpf_emit(as, insn[pc].code, insn[pc].k);
	}
}

static void keep(struct bpf_asm *as, uint32_t k, int then)
{
	bpf_emit(as, BPF_LD | BPF_IMM, k);
	bpf_emit(as, BPF_ST, 0);
	bpf_goto(as, then);
}

/*
 * What was kept is returned unless K is stricter: the sign turned over, they compare as signed.
 *
 *	ld  M[0]
 *	and #SECCOMP_RET_ACTION_FULL
 *	xor #0x80000000
 *	jgt #(K's), 1f, 2f
 * 1:	ret #K
 * 2:	ld  M[0]
 *	ret a
 */
static void return_strictest(struct bpf_asm *as, uint32_t k, int then)
{
	int newer = bpf_label(as), older = bpf_label(as);

	(void)then;
	bpf_emit(as, BPF_LD | BPF_MEM, 0);
	bpf_emit(as, BPF_ALU | BPF_AND | BPF_K, SECCOMP_RET_ACTION_FULL);
	bpf_emit(as, BPF_ALU | BPF_XOR | BPF_K, 0x80000000u);
	bpf_jump(as, BPF_JMP | BPF_JGT | BPF_K, (k & SECCOMP_RET_ACTION_FULL) ^ 0x80000000u, older,
		 newer);
	bpf_place_label(as, older);
	bpf_emit(as, BPF_RET | BPF_K, k);
	bpf_place_label(as, newer);
	bpf_emit(as, BPF_LD | BPF_MEM, 0);
	bpf_emit(as, BPF_RET | BPF_A, 0);
}

/* A program that runs the two, as the kernel would, and takes the strictest. */
static int splice(const struct bpf_prog *top, const struct bpf_prog *under, struct bpf_prog *both)
{
	static struct bpf_asm as;
	int next;

	bpf_asm_init(&as);
	next = bpf_label(&as);
	copy_prog(&as, top, keep, next);
	bpf_place_label(&as, next);
	copy_prog(&as, under, return_strictest, next);
	return bpf_asm_finish(&as, both, &error);
}

static int differ(const struct bpf_prog *a, const struct bpf_prog *b, struct bpf_difference *diff)
{
	struct bpf_arena arena = { .base = diff_memory, .size = sizeof(diff_memory) };
	const struct bpf_pair pair = { .a = a->insn, .b = b->insn, .alen = a->len, .blen = b->len };

	return bpf_diff(&pair, &arena, diff, &error);
}

/* The judge itself is judged: its program is not the other order's. */
TEST(the_splice_is_a_stack)
{
	static struct bpf_prog both, turned;
	struct bpf_difference diff;

	ASSERT_EQ(0, parse(0, "abi x86_64; default allow; deny read"));
	ASSERT_EQ(0, parse(1, "abi x86_64; default log; errno(EIO) read"));
	ASSERT_EQ(0, compile_stack(2));
	ASSERT_EQ(0, splice(&alone[0], &alone[1], &both));
	ASSERT_EQ(0, splice(&alone[1], &alone[0], &turned));
	EXPECT_EQ(0, differ(&merged[0], &both, &diff));
	ASSERT_EQ(1, differ(&merged[0], &turned, &diff));
	EXPECT_EQ(0, diff.data.nr);
	EXPECT_EQ(E(EPERM), diff.actions[0]);
	EXPECT_EQ(E(EIO), diff.actions[1]);
}

#define PAIRS 250
#define CALLS 400

TEST(random_pairs)
{
	static struct bpf_prog both;
	struct bpf_difference diff;
	struct seccomp_data data;
	unsigned int i, j, compared = 0;
	int ret;

	for (i = 0; i < PAIRS; i++) {
		random_policy(&policies[0], new_arena(0));
		random_policy(&policies[1], new_arena(1));
		if (random_below(4)) /* else most pairs would have no ABI in common */
			policies[1].abis = policies[0].abis;
		ret = compile_stack(2);
		if (ret == -E2BIG) /* too many conditions to prove */
			continue;
		ASSERT_EQ(0, ret)
		{
			TH_LOG("pair %u: %s", i, error.text);
		}
		for (j = 0; j < CALLS; j++) {
			random_data(&policies[j % 2], &data);
			ASSERT_NE(DISAGREE, decide(2, &data, NULL))
			{
				TH_LOG("pair %u: arch %#x nr %#x", i, data.arch, data.nr);
			}
		}
		ASSERT_EQ(0, splice(&alone[0], &alone[1], &both));
		ASSERT_EQ(0, differ(&merged[i % GOALS], &both, &diff))
		{
			TH_LOG("pair %u: %s: arch %#x nr %#x: %#x, %#x", i, error.text,
			       diff.data.arch, diff.data.nr, diff.actions[0], diff.actions[1]);
		}
		compared++;
	}
	EXPECT_LT(PAIRS * 9 / 10, compared);
}

/* (A on B) on C is A on (B on C), and either is what three filters do. */
TEST(stacks_of_three)
{
	static const char *const texts[MAX_STACK] = {
		"abi x86_64 i386; default allow; errno(EIO) close if fd > 2; log read",
		"abi x86_64 i386 x32; default log; deny close if fd < 9; allow read write",
		"abi i386 x86_64; default trap; allow close read; allow write if count > 5; allow 3",
	};
	static struct bpf_prog upper;
	struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64 };
	struct bpf_difference diff;
	size_t i, turn;

	for (turn = 0; turn < MAX_STACK; turn++) {
		for (i = 0; i < MAX_STACK; i++)
			ASSERT_EQ(0, parse(i, texts[(turn + i) % MAX_STACK]));
		ASSERT_EQ(0, compile_stack(MAX_STACK))
		{
			TH_LOG("%s", error.text);
		}
		for (data.nr = 0; data.nr < 20; data.nr++)
			for (data.args[0] = 0; data.args[0] < 12; data.args[0]++)
				EXPECT_NE(DISAGREE, decide(MAX_STACK, &data, NULL));
		upper = merged[0];
		for (i = 0; i < MAX_STACK; i++)
			parse(i, texts[(turn + i) % MAX_STACK]);
		ASSERT_EQ(0, bpf_policy_stack(&policies[0], &policies[1], &error));
		ASSERT_EQ(0, bpf_policy_stack(&policies[0], &policies[2], &error));
		ASSERT_EQ(0, bpf_compile(&policies[0], &merged[1], &error));
		EXPECT_EQ(0, differ(&upper, &merged[1], &diff));
	}
}

/* What strict allows, standard allows; and strict's errors are not weaker. */
TEST(strict_on_standard_is_strict)
{
	struct bpf_difference diff;

	ASSERT_EQ(0, read_builtin(0, "strict"));
	ASSERT_EQ(0, read_builtin(1, "standard"));
	ASSERT_EQ(0, compile_stack(2))
	{
		TH_LOG("%s", error.text);
	}
	EXPECT_EQ(0, differ(&merged[0], &alone[0], &diff))
	{
		TH_LOG("nr %d of %#x: %#x, strict %#x", diff.data.nr, diff.data.arch,
		       diff.actions[0], diff.actions[1]);
	}
	EXPECT_EQ(1, differ(&merged[0], &alone[1], &diff));
	EXPECT_LE(merged[0].len, alone[0].len);
}

/* ---- the kernel ---- */

#define SIGNAL 1000 /* and its number */

/* What becomes of a call behind N filters, the first one being installed last. */
static int outcome(const struct bpf_prog *progs, size_t n, long nr, const uint64_t args[2])
{
	volatile int *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, ret;
	pid_t pid = result == MAP_FAILED ? -1 : fork();

	if (pid == 0) {
		signal(SIGSYS, SIG_DFL);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		*result = -1;
		while (n > 0 && bpf_install(progs[n - 1].insn, progs[n - 1].len) == 0)
			n--;
		if (n == 0)
			*result = syscall(nr, args[0], args[1]) < 0 ? errno : 0;
		syscall(SYS_exit_group, 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	ret = WIFSIGNALED(status) ? SIGNAL + WTERMSIG(status) : *result;
	munmap((void *)(uintptr_t)result, sizeof(*result));
	return ret;
}

TEST(the_kernel_does_the_same)
{
	static const struct {
		long nr;
		uint64_t args[2];
		int behind, without;
	} calls[] = {
		{ SYS_close, { 500 }, EBADF, EBADF },
		{ SYS_close, { 1000 }, EIO, EBADF },
		{ SYS_close, { 600 }, EPERM, EBADF },
		{ SYS_dup, { 700 }, ENODEV, EBADF }, /* both say errno */
		{ SYS_getpgid, { 0 }, ENOSYS, 0 },   /* no tracer */
		{ SYS_getsid, { 0 }, EACCES, 0 },    /* "errno" is stricter than "trace" */
		{ SYS_getppid, { 0 }, 0, 0 },	     /* logged */
		{ SYS_getuid, { 0 }, SIGNAL + SIGSYS, 0 },
		{ SYS_getgid, { 0 }, SIGNAL + SIGSYS, 0 },
		{ 9999, { 0 }, ENOSYS, ENOSYS },
	};
	size_t i, goal;

	ASSERT_EQ(0, parse(0, "default allow; errno(EIO) close if fd > 900; errno(ENODEV) dup;"
			      "trace getpgid getsid; log getppid; trap getuid; kill getgid"));
	ASSERT_EQ(0, parse(1, "default allow; deny close if fd & 0xf == 8; deny dup;"
			      "log getpgid; errno(EACCES) getsid; deny getuid; trap getgid"));
	ASSERT_EQ(0, compile_stack(2))
	{
		TH_LOG("%s", error.text);
	}
	for (i = 0; i < COUNT(calls); i++) {
		EXPECT_EQ(calls[i].without, outcome(NULL, 0, calls[i].nr, calls[i].args));
		EXPECT_EQ(calls[i].behind, outcome(alone, 2, calls[i].nr, calls[i].args))
		{
			TH_LOG("call %ld, two filters", calls[i].nr);
		}
		for (goal = 0; goal < GOALS; goal++)
			EXPECT_EQ(calls[i].behind,
				  outcome(&merged[goal], 1, calls[i].nr, calls[i].args))
			{
				TH_LOG("call %ld, one filter, goal %zu", calls[i].nr, goal);
			}
	}
}

TEST_HARNESS_MAIN
