/* SPDX-License-Identifier: MIT */
/*
 * The checker and the simulator against the kernel that runs this.
 *
 * check.c and sim.c say what the kernel does. Here random programs are given to both: the
 * kernel must take exactly those that bpf_check() takes, and a call must fail with
 * exactly the number that bpf_run() predicts. Programs come from a generator with a fixed
 * seed, so that a failure names a program and can be run again.
 *
 * What the kernel took cannot be taken back, and may forbid anything, exit(2) included.
 * So it is taken in children, which leave their findings in shared memory and die.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>

#include "kselftest_harness.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- randomness, the same at every run ---- */

struct random {
	uint64_t state;
};

static uint32_t any(struct random *rnd)
{
	uint64_t z = (rnd->state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32);
}

static uint32_t below(struct random *rnd, uint32_t n)
{
	return any(rnd) % n;
}

/* Numbers at which something changes. */
static uint32_t edge(struct random *rnd)
{
	static const uint32_t edges[] = {
		0,  1,	2,  3,	4,  8,	    12,		15,	    16,
		31, 32, 60, 63, 64, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	const uint32_t pick = below(rnd, COUNT(edges) + 4);

	return pick < COUNT(edges) ? edges[pick] : any(rnd);
}

/* ---- children ---- */

struct shared {
	unsigned int next;
	int found[200000];
};

static struct shared *share(void)
{
	void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* In a child: may install filters, leaves no core file, and dies of a trap. */
static void prepare(void)
{
	signal(SIGILL, SIG_DFL);
	signal(SIGSYS, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* bpf_install() refuses a wrong length itself; here the kernel shall. */
static int install(const struct sock_filter *insn, unsigned int len)
{
	struct sock_fprog prog = { (unsigned short)len, (struct sock_filter *)(uintptr_t)insn };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}

/* ---- which programs the kernel takes ---- */

static void random_insn(struct random *rnd, struct sock_filter *insn, unsigned int left)
{
	const struct bpf_opcode *op = &bpf_opcodes[below(rnd, (uint32_t)bpf_nopcodes)];
	const bool sane = below(rnd, 12) != 0;

	while (sane && !(op->flags & BPF_SECCOMP))
		op = &bpf_opcodes[below(rnd, (uint32_t)bpf_nopcodes)];
	insn->code = op->code;
	insn->k = edge(rnd);
	insn->jt = (uint8_t)any(rnd);
	insn->jf = (uint8_t)any(rnd);
	if (below(rnd, 150) == 0)
		insn->code = (uint16_t)(below(rnd, 2) ? any(rnd) : below(rnd, 256));
	if (!sane)
		return;

	if (op->operand == BPF_OP_ABS)
		insn->k = 4 * below(rnd, 16);
	else if (op->operand == BPF_OP_MEM)
		insn->k = below(rnd, 3);
	else if (op->operand == BPF_OP_JUMP)
		insn->k = below(rnd, left + 1);
	else if (BPF_CLASS(op->code) == BPF_ALU)
		insn->k = below(rnd, 33);
	insn->jt = (uint8_t)below(rnd, left + 1);
	insn->jf = (uint8_t)below(rnd, left + 1);
}

/* Mostly right, so that what is wrong is one thing, and about a third is taken. */
static unsigned int random_program(unsigned int seed, struct sock_filter *insn)
{
	struct random rnd = { seed };
	unsigned int i, len = 1 + below(&rnd, 14);

	for (i = 0; i < len; i++)
		random_insn(&rnd, &insn[i], len - i > 1 ? len - i - 2 : 0);
	if (below(&rnd, 8))
		insn[len - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, edge(&rnd));
	/* Memory is read before it is written, or not: give it a chance. */
	if (len > 3 && below(&rnd, 4)) {
		insn[0] = (struct sock_filter)BPF_STMT(BPF_ST, below(&rnd, 3));
		insn[1] = (struct sock_filter)BPF_STMT(BPF_STX, below(&rnd, 3));
	}
	return len;
}

#define PROGRAMS 5000u

/* Try programs until the kernel takes one, and die with it. */
static void try_programs(volatile struct shared *shared)
{
	struct sock_filter insn[16];
	unsigned int i, len;

	prepare();
	while (shared->next < PROGRAMS) {
		i = shared->next;
		len = random_program(i, insn);
		shared->next = i + 1;
		shared->found[i] = install(insn, len);
		if (!shared->found[i])
			__builtin_trap();
	}
	_exit(0);
}

static const char *const reasons[] = {
	"no instruction", "is not for system", "division", "shift of",
	"load at",	  "not a multiple",    "M[",	   "jump over",
	"is no \"ret\"",  "is read but not",
};

static void count_reasons(unsigned int *count, const char *text)
{
	size_t i;

	for (i = 0; i < COUNT(reasons); i++)
		count[i] += strstr(text, reasons[i]) != NULL;
}

TEST(the_checker_takes_what_the_kernel_takes)
{
	unsigned int i, len, taken = 0, count[COUNT(reasons)] = { 0 };
	struct shared *shared = share();
	struct sock_filter insn[16];
	struct bpf_error err;
	pid_t pid;
	int ret;

	ASSERT_NE(NULL, shared);
	while (shared->next < PROGRAMS) {
		pid = fork();
		if (pid == 0)
			try_programs(shared);
		ASSERT_LT(0, pid);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	for (i = 0; i < PROGRAMS; i++) {
		len = random_program(i, insn);
		err.text[0] = '\0';
		ret = bpf_check(insn, len, &err);
		ASSERT_EQ(shared->found[i], ret)
		{
			TH_LOG("program %u: instruction %u: %s", i, err.place.line, err.text);
		}
		taken += !ret;
		if (ret)
			count_reasons(count, err.text);
	}
	/* The programs are worth something: all outcomes occurred. */
	EXPECT_LT(PROGRAMS / 10, taken);
	for (i = 0; i < COUNT(reasons); i++) {
		EXPECT_LT(10u, count[i])
		{
			TH_LOG("too few refused: %s", reasons[i]);
		}
	}
	munmap(shared, sizeof(*shared));
}

static int kernel_takes(const struct sock_filter *insn, unsigned int len)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prepare();
		_exit(-install(insn, len));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return 0; /* taken, and _exit() was not to its taste */
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 1;
}

TEST(length_is_judged_alike)
{
	static const unsigned int lengths[] = { 0, 1, 2, 4095, 4096, 4097, 65535 };
	static struct sock_filter insn[65535];
	size_t i;

	for (i = 0; i < COUNT(insn); i++)
		insn[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	for (i = 0; i < COUNT(lengths); i++) {
		EXPECT_EQ(kernel_takes(insn, lengths[i]), bpf_check(insn, lengths[i], NULL))
		{
			TH_LOG("length %u", lengths[i]);
		}
	}
	EXPECT_EQ(0, bpf_check(insn, 4096, NULL));
	EXPECT_EQ(-EINVAL, bpf_check(insn, 4097, NULL));
}

/*
 * Every code there could be, in a program that suits all: word 4 is written, and 4 is a
 * multiple of 4, no shift too far, no division by 0, no jump past the end.
 */
TEST(each_code_is_judged_alike)
{
	struct sock_filter insn[] = {
		BPF_STMT(BPF_ST, 4),
		BPF_STMT(0, 4),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct bpf_opcode *op;
	unsigned int code, taken = 0;
	int ret;

	for (code = 0; code < 512; code++) {
		insn[1].code = (uint16_t)code;
		op = bpf_opcode((uint16_t)code);
		ret = kernel_takes(insn, COUNT(insn));
		taken += !ret;
		EXPECT_EQ(ret, op && op->flags & BPF_SECCOMP ? 0 : -EINVAL)
		{
			TH_LOG("code 0x%x", code);
		}
		EXPECT_EQ(ret, bpf_check(insn, COUNT(insn), NULL));
	}
	EXPECT_EQ(41u, taken);
}

/* A "ret" has no way on, but check_load_and_stores() goes on behind it all the same. */
TEST(a_ret_hands_its_memory_on)
{
	const struct sock_filter insn[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		BPF_STMT(BPF_ST, 1),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_MEM, 1), /* only ever from the "ja" */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	EXPECT_EQ(-EINVAL, kernel_takes(insn, COUNT(insn)));
	EXPECT_EQ(-EINVAL, bpf_check(insn, COUNT(insn), NULL));
}

/* ---- what a program returns ---- */

/*
 * The random part leaves a word in A. A call shows 12 bits of a filter's answer (an
 * errno), so the same word is asked for three times, by three numbers that are no calls:
 *
 *	ld   [nr]
 *	jge  #base, 1f, allow
 * 1:	jgt  #base+2, allow, body
 * body: ...
 *	st   M[15]
 *	ld   [nr]
 *	and  #3			base is a multiple of 4
 *	mul  #12
 *	tax
 *	ld   M[15]
 *	rsh  x
 *	and  #0xfff
 *	or   #SECCOMP_RET_ERRNO
 *	ret  a
 * allow: ret #SECCOMP_RET_ALLOW
 */
#define BODY	32u
#define HEAD	3u
#define TAIL	11u
#define BASE	0x1fff00u

#define ALU_OPS 9u

static void random_alu(struct random *rnd, struct sock_filter *insn)
{
	static const uint16_t ops[ALU_OPS] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH,
	};
	const uint16_t op = ops[below(rnd, ALU_OPS)];

	insn->k = edge(rnd);
	if (op == BPF_LSH || op == BPF_RSH)
		insn->k = below(rnd, 32);
	else if (op == BPF_DIV && !insn->k)
		insn->k = 1;
	insn->code = (uint16_t)(BPF_ALU | op | (below(rnd, 2) ? BPF_X : BPF_K));
}

static void random_jump(struct random *rnd, struct sock_filter *insn, unsigned int left)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };

	insn->code =
		(uint16_t)(BPF_JMP | ops[below(rnd, COUNT(ops))] | (below(rnd, 3) ? BPF_K : BPF_X));
	insn->k = edge(rnd);
	insn->jt = (uint8_t)below(rnd, left + 1);
	insn->jf = (uint8_t)below(rnd, left + 1);
	if (below(rnd, 8) == 0)
		*insn = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, below(rnd, left + 1));
}

/* Any word but those of the instruction pointer, which is not to be known. */
static uint32_t random_word(struct random *rnd)
{
	const uint32_t word = below(rnd, 14);

	return 4 * (word < 2 ? word : word + 2);
}

static void random_step(struct random *rnd, struct sock_filter *insn, unsigned int left)
{
	static const uint16_t others[] = {
		BPF_MISC | BPF_TAX,	   BPF_MISC | BPF_TXA, BPF_ALU | BPF_NEG,
		BPF_LD | BPF_IMM,	   BPF_LDX | BPF_IMM,  BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
	};
	static const uint16_t memory[] = { BPF_ST, BPF_STX, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM };

	*insn = (struct sock_filter)BPF_STMT(others[below(rnd, COUNT(others))], edge(rnd));
	switch (below(rnd, 8)) {
	case 0:
	case 1:
		*insn = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, random_word(rnd));
		break;
	case 2:
		*insn = (struct sock_filter)BPF_STMT(memory[below(rnd, COUNT(memory))],
						     below(rnd, 4));
		break;
	case 3:
		random_jump(rnd, insn, left);
		break;
	case 4:
	case 5:
		random_alu(rnd, insn);
		break;
	}
	if (below(rnd, 40) == 0)
		*insn = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						     SECCOMP_RET_ERRNO | below(rnd, 0x10000));
}

static unsigned int build(unsigned int seed, uint32_t base, struct sock_filter *insn)
{
	struct random rnd = { seed };
	const struct sock_filter head[HEAD] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, base, 0, 4 + BODY + TAIL),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, base + 2, 3 + BODY + TAIL, 0),
	};
	const struct sock_filter tail[TAIL] = {
		BPF_STMT(BPF_ST, 15),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 12),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_MEM, 15),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_A, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	unsigned int i, at = HEAD;

	memcpy(insn, head, sizeof(head));
	/* Memory that has been written, so that all of it can be read. */
	insn[at++] = (struct sock_filter)BPF_STMT(BPF_STX, 0);
	insn[at++] = (struct sock_filter)BPF_STMT(BPF_ST, 1);
	insn[at++] = (struct sock_filter)BPF_STMT(BPF_STX, 2);
	insn[at++] = (struct sock_filter)BPF_STMT(BPF_ST, 3);
	for (i = 0; i < BODY; i++)
		random_step(&rnd, &insn[at++], BODY - 1 - i);
	memcpy(&insn[at], tail, sizeof(tail));
	return at + TAIL;
}

/* One call in one way into the kernel. */
struct entry {
	uint32_t arch;
	uint64_t mask; /* the bits of an argument that get there */
	long (*call)(long nr, const __u64 *args);
};

static long native_call(long nr, const __u64 *args)
{
	long ret = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);

	return ret < 0 ? -errno : ret;
}

static const struct entry native = { NATIVE_ARCH, ~0ull, native_call };

static void random_data(struct random *rnd, uint32_t nr, const struct entry *entry,
			struct seccomp_data *data)
{
	unsigned int i;

	memset(data, 0, sizeof(*data));
	data->nr = (int)nr;
	data->arch = entry->arch;
	for (i = 0; i < 6; i++)
		data->args[i] = (uint64_t)edge(rnd) << 32 | edge(rnd);
}

/* What the call returns that a filter answers with ACTION; 1: it is the last one. */
static int outcome(uint32_t action)
{
	const uint32_t value = action & SECCOMP_RET_DATA;

	if ((action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return 1;
	return value > 4095 ? -4095 : -(int)value;
}

#define BODIES 500u
#define INPUTS 40u /* for each program */

/* Call INPUTS times what does not kill, and then what kills, if there was one. */
static void call_all(struct shared *shared, unsigned int body, uint32_t base,
		     const struct entry *entry)
{
	struct sock_filter insn[HEAD + 4 + BODY + TAIL];
	struct seccomp_data data, cut, deadly = { .nr = -1 };
	struct random rnd = { ~(uint64_t)body };
	unsigned int i, k, len = build(body, base, insn);
	int *found = &shared->found[body * INPUTS];

	prepare();
	if (install(insn, len))
		_exit(1);
	for (i = 0; i < INPUTS; i++) {
		random_data(&rnd, base + i % 3, entry, &data);
		cut = data;
		for (k = 0; k < 6; k++)
			cut.args[k] &= entry->mask;
		if (outcome(bpf_run(insn, len, &cut, NULL)) > 0)
			deadly = data;
		else
			found[i] = (int)entry->call(data.nr, data.args);
	}
	if (syscall(SYS_getppid) <= 0)
		_exit(2); /* what is not asked about is allowed */
	if (deadly.nr >= 0)
		entry->call(deadly.nr, deadly.args);
	_exit(0);
}

/* Compare what was found with what is to be expected; returns whether a call was to kill. */
static bool compare(struct __test_metadata *_metadata, const int *found, unsigned int body,
		    uint32_t base, const struct entry *entry)
{
	struct sock_filter insn[HEAD + 4 + BODY + TAIL];
	struct random rnd = { ~(uint64_t)body };
	unsigned int i, k, len = build(body, base, insn);
	struct seccomp_data data;
	bool kills = false;
	int expected;

	EXPECT_EQ(0, bpf_check(insn, len, NULL));
	for (i = 0; i < INPUTS; i++) {
		random_data(&rnd, base + i % 3, entry, &data);
		for (k = 0; k < 6; k++)
			data.args[k] &= entry->mask;
		expected = outcome(bpf_run(insn, len, &data, NULL));
		if (expected > 0) {
			kills = true;
			continue;
		}
		EXPECT_EQ(expected, found[i])
		{
			TH_LOG("program %u, input %u", body, i);
		}
	}
	return kills;
}

static void compare_all(struct __test_metadata *_metadata, const struct entry *entry)
{
	struct shared *shared = share();
	unsigned int body, killed = 0;
	uint32_t base;
	bool kills;
	int status;
	pid_t pid;

	ASSERT_NE(NULL, shared);
	for (body = 0; body < BODIES; body++) {
		/* x32's numbers come with x86_64's architecture. */
		base = body % 2 && entry->arch == AUDIT_ARCH_X86_64 ? BASE | BPF_X32_BIT : BASE;
		pid = fork();
		if (pid == 0)
			call_all(shared, body, base, entry);
		ASSERT_LT(0, pid);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		kills = compare(_metadata, &shared->found[body * INPUTS], body, base, entry);
		EXPECT_EQ(kills, WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		{
			TH_LOG("program %u: status 0x%x", body, status);
		}
		if (!kills) {
			EXPECT_EQ(0, status)
			{
				TH_LOG("program %u", body);
			}
		}
		killed += kills;
	}
	EXPECT_LT(5u, killed); /* division by 0 has been seen */
	EXPECT_LT(killed, BODIES / 2);
	munmap(shared, sizeof(*shared));
}

TEST(the_simulator_runs_as_the_kernel_does)
{
	compare_all(_metadata, &native);
}

#ifdef __x86_64__
/*
 * i386's way in, from 64-bit code. The call itself sees the low halves, but a filter sees
 * whole registers (6.18): so on i386, too, one must not compare high halves.
 */
static long int80_call(long nr, const __u64 *args)
{
	register uint64_t sixth asm("r12") = args[5];
	long ret;

	asm volatile("xchg %%rbp, %[sixth]\n\t"
		     "int $0x80\n\t"
		     "xchg %%rbp, %[sixth]"
		     : "=a"(ret), [sixth] "+r"(sixth)
		     : "a"(nr), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
		     : "memory", "r8", "r9", "r10", "r11", "cc");
	return (int)ret;
}

/* Bits 32 to 39 of an argument as a filter sees them; -1: there is no int $0x80. */
static int int80_high_bits(void)
{
	static const __u64 args[6] = { 0x55ull << 32 };
	const struct sock_filter insn[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, bpf_word_hi(0)),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO | 0x100),
		BPF_STMT(BPF_RET | BPF_A, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prepare();
		signal(SIGSEGV, SIG_DFL);
		_exit(install(insn, COUNT(insn)) ? 0xff : (int)(-int80_call(BASE, args) & 0xff));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST(the_simulator_runs_as_the_kernel_does_for_i386)
{
	struct entry int80 = { AUDIT_ARCH_I386, ~0ull, int80_call };
	int high = int80_high_bits();

	if (high < 0)
		SKIP(return, "this kernel has no 32-bit system calls");
	if (high == 0)
		int80.mask = UINT32_MAX;
	else
		EXPECT_EQ(0x55, high);
	compare_all(_metadata, &int80);
}
#endif

/* What a stack of two filters makes of a call, by all pairs that can be told apart. */
static int stacked(uint32_t first, uint32_t second)
{
	const struct sock_filter one[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BASE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, first),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter two[COUNT(one)];
	int status;
	pid_t pid;

	memcpy(two, one, sizeof(one));
	two[2].k = second;
	pid = fork();
	if (pid == 0) {
		prepare();
		if (install(one, COUNT(one)) || install(two, COUNT(two)))
			_exit(99);
		_exit(syscall(BASE) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(the_strictest_of_two_wins)
{
	/* What the call comes to under each action alone, when nobody listens. */
	static const struct {
		uint32_t action;
		int outcome;
	} rows[] = {
		{ SECCOMP_RET_KILL_PROCESS, 128 + SIGSYS },
		{ SECCOMP_RET_TRAP, 128 + SIGSYS },
		{ SECCOMP_RET_ERRNO | 71, 71 },
		{ SECCOMP_RET_ERRNO | 72, 72 },
		{ SECCOMP_RET_TRACE | 5, ENOSYS },
		{ SECCOMP_RET_LOG, ENOSYS },
		{ SECCOMP_RET_ALLOW, ENOSYS },
		{ 0x12340000, 128 + SIGSYS }, /* an action that there is not */
	};
	uint32_t strictest;
	size_t i, k, n;

	for (i = 0; i < COUNT(rows); i++) {
		for (k = 0; k < COUNT(rows); k++) {
			/* The newer filter runs first, and wins a tie. */
			strictest = bpf_strictest(rows[k].action, rows[i].action);
			for (n = 0; rows[n].action != strictest; n++)
				;
			EXPECT_EQ(rows[n].outcome, stacked(rows[i].action, rows[k].action))
			{
				TH_LOG("0x%x, then 0x%x", rows[i].action, rows[k].action);
			}
		}
	}
}

TEST_HARNESS_MAIN
