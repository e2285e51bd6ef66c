/* SPDX-License-Identifier: MIT */
/*
 * Instructions that a program runs: counted, so that they are the same on every machine.
 *
 * The averages are over the calls of a histogram of ordinary programs. It has names and no
 * arguments, so each call is given those that such programs use most; all others are zeros.
 */
#include "tests/bench/filters.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include <linux/sched.h>

#include "bpf/sbpf/sbpf.h"

/* As often as the call is made; by row of bpf_syscalls[]. */
static double *histogram;

static const struct {
	const char *call;
	uint64_t args[6];
} usual[] = {
	{ "clone", { CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | 17 /* SIGCHLD */ } },
	{ "fcntl", { 3, F_GETFD } },
	{ "ioctl", { 1, TCGETS } },
	{ "mmap", { 0, 4096, PROT_READ, MAP_PRIVATE } },
	{ "mprotect", { 0, 4096, PROT_READ } },
	{ "personality", { 0xffffffff } },
	{ "prctl", { PR_SET_NAME } },
	{ "socket", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC } },
	{ "socketpair", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC } },
};

/* ---- the histogram ---- */

static void add_counts(json_t *object)
{
	const struct bpf_syscall *call;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		call = bpf_syscall_find(name, strlen(name));
		if (json_is_object(value))
			add_counts(value);
		else if (json_is_number(value) && call)
			histogram[call - bpf_syscalls] += json_number_value(value);
	}
}

int histogram_read(const char *file, struct bpf_weight **weights, size_t *n)
{
	json_t *root = json_load_file(file, 0, NULL);
	size_t i;

	if (!root)
		return -ENOENT;
	histogram = calloc(bpf_nsyscalls, sizeof(*histogram));
	*weights = calloc(bpf_nsyscalls, sizeof(**weights));
	if (!histogram || !*weights)
		err(1, "memory");
	add_counts(root);
	json_decref(root);
	for (*n = i = 0; i < bpf_nsyscalls; i++) {
		if (histogram[i] < 1)
			continue;
		(*weights)[*n].name = bpf_syscalls[i].name;
		(*weights)[(*n)++].count = (uint64_t)histogram[i];
	}
	return 0;
}

/* ---- averages ---- */

static unsigned int steps_of(const struct bpf_prog *prog, const struct bpf_syscall *call)
{
	const enum bpf_abi_id abi = bpf_abi_native();
	struct seccomp_data data = { .arch = bpf_abis[abi].arch, .nr = call->nr[abi] };
	unsigned int steps;
	size_t i;

	for (i = 0; i < COUNT(usual); i++)
		if (!strcmp(usual[i].call, call->name))
			memcpy(data.args, usual[i].args, sizeof(data.args));
	bpf_run(prog->insn, prog->len, &data, &steps);
	return steps;
}

struct sums {
	double calls, steps, uncached, uncached_steps;
};

static struct sums sum(const struct bpf_prog *prog)
{
	const enum bpf_abi_id abi = bpf_abi_native();
	struct sums s = { 0 };
	double steps;
	size_t i;
	int nr;

	for (i = 0; histogram && i < bpf_nsyscalls; i++) {
		nr = bpf_syscalls[i].nr[abi];
		if (histogram[i] <= 0 || nr == BPF_NO_NR)
			continue;
		steps = histogram[i] * steps_of(prog, &bpf_syscalls[i]);
		s.calls += histogram[i];
		s.steps += steps;
		if (!bpf_is_cached(prog->insn, prog->len, bpf_abis[abi].arch, (uint32_t)nr)) {
			s.uncached += histogram[i];
			s.uncached_steps += steps;
		}
	}
	return s;
}

double histogram_share(const struct bpf_prog *prog)
{
	struct sums s = sum(prog);

	return s.calls > 0 ? s.uncached / s.calls : NOTHING;
}

/* ---- the longest way: sbpf's explorer, and what it wants of sbpf ---- */

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	exit(1);
}

bool is_let_through(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static unsigned int longest(const struct bpf_prog *prog, unsigned int abis)
{
	static struct job job; /* what the explorer takes its memory from */
	struct explorer *ex;
	struct explored all;
	unsigned int abi, worst = 0;
	uint32_t nr;

	if (!job.arena.base)
		job.arena = arena_new();
	job.arena.used = 0;
	ex = explorer_new(&job, prog);
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(abis & 1u << abi))
			continue;
		for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi) + 1; nr++) {
			explore(ex, (enum bpf_abi_id)abi, nr, &all, NULL);
			worst = all.worst > worst ? all.worst : worst;
		}
	}
	return worst;
}

void count_program(const struct bpf_prog *prog, unsigned int abis, struct counts *counts)
{
	struct sums s = sum(prog);

	counts->insns = prog->len;
	counts->longest = longest(prog, abis);
	counts->uncached = s.uncached > 0 ? s.uncached_steps / s.uncached : NOTHING;
	counts->hist = s.calls > 0 ? s.steps / s.calls : NOTHING;
}
