/* SPDX-License-Identifier: MIT */
/*
 * Times of filters. A filter cannot be taken off again, so that each measurement is a child of
 * its own; it leaves its numbers in shared memory and ends. What a call costs differs from one
 * minute to the next, on a machine that does other things, too: so programs take turns,
 * and what is compared is of the same round.
 *
 * A call is made some thousand times, in chunks, and the fastest chunk counts: what comes from
 * outside only ever makes it slower.
 */
#include "tests/bench/filters.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNKS 20
#define CALLS  1000

/* Calls that do nothing, or fail at once, where a filter lets them through. */
const struct probe probes[PROBES] = {
	{ "getppid", SYS_getppid, { 0 } },
	{ "personality", SYS_personality, { 0xffffffff } },
	{ "socket(999)", SYS_socket, { 999, SOCK_STREAM } },
	{ "keyctl(-1)", SYS_keyctl, { 0xffffffff } },
};

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* ---- numbers ---- */

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *values, unsigned int n)
{
	double sorted[MAX_ROUNDS] = { 0 };
	unsigned int i, count = 0;

	for (i = 0; i < n; i++)
		if (values[i] >= 0)
			sorted[count++] = values[i];
	qsort(sorted, count, sizeof(sorted[0]), compare);
	return count ? sorted[count / 2] : NOTHING;
}

double median_ratio(const double *a, const double *b, unsigned int n)
{
	double ratios[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < n; i++)
		ratios[i] = a[i] >= 0 && b[i] > 0 ? a[i] / b[i] : NOTHING;
	return median(ratios, n);
}

/* ---- children ---- */

typedef void child_fn(const void *what, double *out);

static double *shared_page(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		err(1, "mmap");
	return page;
}

/* FN(WHAT, OUT) in a child that may install filters. */
static void in_child(child_fn *fn, const void *what, double *out)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			err(1, "no_new_privs");
		fn(what, out);
		syscall(SYS_exit_group, 0);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			err(1, "wait");
	}
	if (status != 0)
		errx(1, "a child ended with wait status %#x", (unsigned int)status);
}

static void install(const struct bpf_prog *prog)
{
	int ret = bpf_install(prog->insn, prog->len);

	if (ret < 0)
		errx(1, "install: %s", strerror(-ret));
}

static void attach_child(const void *what, double *out)
{
	const struct bpf_prog *prog = what;
	double start = now();

	install(prog);
	*out = now() - start;
}

void time_attach(struct subject *subjects, size_t n, unsigned int rounds)
{
	double *out = shared_page();
	unsigned int round;
	size_t i;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < n; i++) {
			subjects[i].attach[round] = NOTHING;
			if (!subjects[i].prog)
				continue;
			in_child(attach_child, subjects[i].prog, out);
			subjects[i].attach[round] = *out;
		}
	}
	munmap(out, 4096);
}

/* Does the one who makes this call live on, in silence? */
static bool is_survived(const struct bpf_prog *prog, const struct probe *probe)
{
	struct seccomp_data data = { .arch = bpf_abis[bpf_abi_native()].arch };
	uint32_t action;
	size_t i;

	if (!prog)
		return true;
	data.nr = (int)probe->nr;
	for (i = 0; i < COUNT(probe->args); i++)
		data.args[i] = probe->args[i];
	action = bpf_run(prog->insn, prog->len, &data, NULL) & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_ERRNO;
}

static double time_chunk(const struct probe *probe)
{
	double start = now();
	unsigned int i;

	for (i = 0; i < CALLS; i++)
		syscall(probe->nr, probe->args[0], probe->args[1], probe->args[2], 0, 0);
	return (now() - start) * 1e3 / CALLS;
}

/* What time_chunk() measures besides the call: libc's wrapper, the loop; it is the same for all. */
static void calls_child(const void *what, double *out)
{
	const struct bpf_prog *prog = what;
	double ns;
	size_t i, j;

	if (prog)
		install(prog);
	for (i = 0; i < PROBES; i++) {
		out[i] = NOTHING;
		if (!is_survived(prog, &probes[i]))
			continue;
		for (j = 0; j < CHUNKS; j++) {
			ns = time_chunk(&probes[i]);
			if (out[i] < 0 || ns < out[i])
				out[i] = ns;
		}
	}
}

void time_calls(struct subject *subjects, size_t n, unsigned int rounds)
{
	double *out = shared_page();
	unsigned int round;
	size_t i, j;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < n; i++) {
			in_child(calls_child, subjects[i].prog, out);
			for (j = 0; j < PROBES; j++)
				subjects[i].call[j][round] = out[j];
		}
	}
	munmap(out, 4096);
}

/* What a child is to do, and how often before that. */
struct order {
	const struct recipe *recipe;
	unsigned int before;
};

static void making_child(const void *what, double *out)
{
	const struct order *order = what;
	struct bpf_arena arena = arena_new();
	static struct bpf_prog prog;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < order->before && ret == 0; i++)
		ret = recipe_make(order->recipe, &arena, &prog, NULL);
	if (ret == 0)
		ret = recipe_install(order->recipe, &arena, &prog, out);
	if (ret < 0)
		errx(1, "%s: %s", order->recipe->name, strerror(-ret));
}

/* All stages that there are. */
static double total(const double *stages)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < STAGES; i++)
		sum += stages[i] > 0 ? stages[i] : 0;
	return sum;
}

void time_making(struct making *makings, size_t n, unsigned int rounds)
{
	double *out = shared_page();
	unsigned int round, i;
	struct making *m;

	for (round = 0; round < rounds; round++) {
		for (m = makings; m < makings + n; m++) {
			in_child(making_child, &(struct order){ &m->recipe, 0 }, out);
			for (i = 0; i < STAGES; i++)
				m->stage[i][round] = out[i];
			m->first[round] = total(out);
			in_child(making_child, &(struct order){ &m->recipe, 1 }, out);
			m->again[round] = total(out);
		}
	}
	munmap(out, 4096);
}
