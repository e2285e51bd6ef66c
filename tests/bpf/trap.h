/* SPDX-License-Identifier: MIT */
/*
 * What the tests of traps have in common: a policy that is compiled for every goal, and calls
 * that are made in a child with the program installed.
 *
 * All programs must decide as the policy means it, and be proved. Where the kernel can be
 * asked, each trap has a twin: the same call without a filter, which must do what the trap
 * is about, or the test would pass where nothing can happen.
 */
#ifndef TESTS_BPF_TRAP_H
#define TESTS_BPF_TRAP_H

#include "bpf/bpf.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define ALLOW	     SECCOMP_RET_ALLOW
#define KILL	     SECCOMP_RET_KILL_PROCESS
#define E(n)	     (SECCOMP_RET_ERRNO | (n))

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- a policy, and the programs for it ---- */

#define GOALS 4

static char memory[16 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_policy policy;
static struct bpf_prog progs[GOALS];
static struct bpf_error error;

/* The lines of TEXT are between ';'. */
static int parse(const char *text)
{
	struct bpf_place place = { "test", 0, 1 };
	char line[300];
	size_t len;

	arena.used = 0;
	memset(&error, 0, sizeof(error));
	bpf_policy_init(&policy, &arena);
	for (; *text; text += len + (text[len] == ';')) {
		len = strcspn(text, ";");
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		place.line++;
		if (bpf_policy_line(&policy, line, &place, &error) < 0)
			return -EINVAL;
	}
	return bpf_policy_finish(&policy, &error);
}

/* The policy TEXT for each goal, checked and proved. */
static int compile(const char *text)
{
	unsigned int i;
	int ret = parse(text);

	for (i = 0; i < GOALS && ret == 0; i++) {
		const struct bpf_goal goal = { .how = (enum bpf_optimize)i };

		ret = bpf_compile_for(&policy, &goal, &progs[i], &error);
		if (ret == 0)
			ret = bpf_check(progs[i].insn, progs[i].len, &error);
		if (ret == 0)
			ret = bpf_verify(&policy, &progs[i], NULL, NULL, &error);
	}
	return ret;
}

#define DISAGREE 0xdeadbeefu

/* What all programs and the policy do with DATA. */
static inline uint32_t decide(const struct seccomp_data *data)
{
	const uint32_t action = bpf_policy_eval(&policy, data, NULL);
	unsigned int i;

	for (i = 0; i < GOALS; i++)
		if (bpf_run(progs[i].insn, progs[i].len, data, NULL) != action)
			return DISAGREE;
	return action;
}

static inline uint32_t decide_nr(uint32_t arch, uint32_t nr)
{
	const struct seccomp_data data = { .arch = arch, .nr = (int)nr };

	return decide(&data);
}

/* A call, and what is to become of it. */
struct verdict {
	const char *policy;
	uint32_t arch, nr;
	uint64_t args[3];
	uint32_t action;
};

static inline void check_verdicts(struct __test_metadata *_metadata, const struct verdict *v,
				  size_t n)
{
	struct seccomp_data data;
	size_t i;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, compile(v[i].policy))
		{
			TH_LOG("%s: %s", v[i].policy, error.text);
		}
		memset(&data, 0, sizeof(data));
		data.arch = v[i].arch;
		data.nr = (int)v[i].nr;
		memcpy(data.args, v[i].args, sizeof(v[i].args));
		EXPECT_EQ(v[i].action, decide(&data))
		{
			TH_LOG("%s: arch %#x nr %#x args %#llx %#llx", v[i].policy, data.arch,
			       data.nr, data.args[0], data.args[1]);
		}
	}
}

#define CHECK_VERDICTS(table) check_verdicts(_metadata, table, COUNT(table))

/* ---- the kernel ---- */

#define UNDONE	 (-1)
#define SIGNAL	 10000 /* and its number */
#define KILLED	 (SIGNAL + SIGSYS)
#define NOT_THAT (-2) /* as expectation: anything but what the filter says */

typedef int act_fn(const void *ctx);

/* Shared with the children. */
static volatile int *result_page(void)
{
	static volatile int *page;
	void *at;

	if (!page) {
		at = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
		page = at == MAP_FAILED ? NULL : at;
	}
	return page;
}

/* What ACT returns (0 or an errno) in a child behind the filter PROG (NULL: none). */
static int outcome(const struct bpf_prog *prog, act_fn *act, const void *ctx)
{
	volatile int *result = result_page();
	int status;
	pid_t pid;

	if (!result)
		return UNDONE;
	*result = UNDONE;
	pid = fork();
	if (pid == 0) {
		signal(SIGSYS, SIG_DFL);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (!prog || bpf_install(prog->insn, prog->len) == 0)
			*result = act(ctx);
		syscall(SYS_exit_group, 0); /* and nothing else, whatever libc may do */
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return UNDONE;
	return WIFSIGNALED(status) ? SIGNAL + WTERMSIG(status) : *result;
}

/* The same behind each of the programs; UNDONE: they differ. */
static int walled(act_fn *act, const void *ctx)
{
	const int first = outcome(&progs[0], act, ctx);
	unsigned int i;

	for (i = 1; i < GOALS; i++)
		if (outcome(&progs[i], act, ctx) != first)
			return UNDONE;
	return first;
}

/* A way into the kernel; returns what is in the register. */
typedef long enter_fn(long nr, const uint64_t *args);

static long by_native(long nr, const uint64_t *args)
{
	const long ret = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);

	return ret < 0 ? -errno : ret;
}

#ifdef __x86_64__
/* i386's way, from 64-bit code: registers go in whole. */
static inline long by_int80(long nr, const uint64_t *args)
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
#endif

/* A call that is really made: what comes of it behind the filter, and without one. */
struct deed {
	const char *policy;
	enter_fn *enter; /* NULL: by_native */
	long nr;
	uint64_t args[6];
	int behind, without;
};

static int make_call(const void *ctx)
{
	const struct deed *deed = ctx;
	const long ret = (deed->enter ? deed->enter : by_native)(deed->nr, deed->args);

	if (deed->nr == SYS_clone && !deed->enter && ret == 0)
		_exit(0);
	if (deed->nr == SYS_clone && !deed->enter && ret > 0)
		waitpid((pid_t)ret, NULL, __WALL);
	return ret < 0 && ret >= -4095 ? (int)-ret : 0;
}

static inline void check_deeds(struct __test_metadata *_metadata, const struct deed *deeds,
			       size_t n)
{
	const struct deed *deed;

	for (deed = deeds; deed < deeds + n; deed++) {
		int behind, without = outcome(NULL, make_call, deed);

		ASSERT_EQ(0, compile(deed->policy))
		{
			TH_LOG("%s: %s", deed->policy, error.text);
		}
		behind = walled(make_call, deed);
		EXPECT_EQ(deed->behind, behind)
		{
			TH_LOG("%s: nr %#lx args %#lx %#lx, behind it", deed->policy, deed->nr,
			       deed->args[0], deed->args[1]);
		}
		if (deed->without == NOT_THAT ? without != behind : without == deed->without)
			continue;
		EXPECT_EQ(deed->without, without)
		{
			TH_LOG("%s: nr %#lx args %#lx %#lx, without it", deed->policy, deed->nr,
			       deed->args[0], deed->args[1]);
		}
	}
}

#define CHECK_DEEDS(table) check_deeds(_metadata, table, COUNT(table))

#endif
