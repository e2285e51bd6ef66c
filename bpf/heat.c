/* SPDX-License-Identifier: MIT */
/*
 * How often a call is made, and so what its tests may cost.
 *
 * For a kernel that runs the filter each time, that is a matter of a histogram. But since
 * Linux 5.11 most calls cost nothing: those that are always allowed are not filtered at all. What
 * remains are those with a condition and those that are refused or reported. Their tests
 * should be few; for all others it is the length of the program that counts, and a little, since
 * the kernel once runs a new filter for each number, how deep they are in it.
 *
 * A call that kills is made once.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

/*
 * Per 100000 calls of ordinary programs: compilers, shells, git, an interpreter, a database.
 * What is not here is rare. Most of these are always allowed; then they do not count.
 */
/* clang-format off */
static const struct bpf_weight ordinary[] = {
	{ "read", 15947 },
	{ "newfstatat", 14686 },
	{ "write", 12311 },
	{ "openat", 11639 },
	{ "close", 9240 },
	{ "mmap", 5159 },
	{ "readlink", 4057 },
	{ "rt_sigaction", 2709 },
	{ "lseek", 2458 },
	{ "futex", 2074 },
	{ "brk", 1625 },
	{ "rt_sigprocmask", 1318 },
	{ "munmap", 1221 },
	{ "getdents64", 1204 },
	{ "ioctl", 1166 },
	{ "access", 1055 },
	{ "fcntl", 958 },
	{ "mprotect", 706 },
	{ "epoll_wait", 625 },
	{ "pwrite64", 527 },
	{ "getxattr", 472 },
	{ "unlink", 471 },
	{ "pread64", 464 },
	{ "setsockopt", 426 },
	{ "set_robust_list", 396 },
	{ "geteuid", 323 },
	{ "prlimit64", 291 },
	{ "getpid", 282 },
	{ "wait4", 247 },
	{ "statx", 236 },
	{ "lgetxattr", 236 },
	{ "rseq", 235 },
	{ "getuid", 233 },
	{ "getgid", 233 },
	{ "getegid", 233 },
	{ "dup2", 229 },
	{ "execve", 215 },
	{ "madvise", 215 },
	{ "fdatasync", 212 },
	{ "link", 189 },
	{ "arch_prctl", 177 },
	{ "set_tid_address", 177 },
	{ "exit_group", 177 },
	{ "getrandom", 175 },
	{ "socket", 164 },
	{ "connect", 163 },
	{ "clone", 162 },
	{ "gettid", 160 },
	{ "getcwd", 157 },
	{ "sendto", 157 },
	{ "recvfrom", 157 },
	{ "epoll_ctl", 150 },
	{ "accept4", 137 },
	{ "fadvise64", 130 },
	{ "mkdir", 122 },
	{ "pipe2", 106 },
	{ "rmdir", 102 },
	{ "copy_file_range", 99 },
	{ "getpeername", 75 },
	{ "rt_sigreturn", 72 },
	{ "sysinfo", 67 },
	{ "statfs", 58 },
	{ "clone3", 57 },
	{ "unlinkat", 57 },
	{ "poll", 55 },
	{ "fchown", 54 },
	{ "prctl", 5 },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- of a call ---- */

static uint64_t total(const struct bpf_weight *weights, size_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += weights[i].count < UINT32_MAX ? weights[i].count : UINT32_MAX;
	return sum;
}

int bpf_heat_init(struct bpf_heat *heat, const struct bpf_goal *goal,
		  const struct bpf_policy *policy)
{
	const struct bpf_weight *weights = goal->nweights ? goal->weights : ordinary;
	const size_t n = goal->nweights ? goal->nweights : COUNT(ordinary);
	const uint64_t scale = total(weights, n) / BPF_STEP + 1;
	const struct bpf_syscall *call;
	size_t i;

	heat->how = goal->how;
	heat->arena = policy->arena;
	heat->abis = policy->abis;
	for (i = 0; i < BPF_ABIS; i++)
		heat->max[i] = bpf_syscall_max((enum bpf_abi_id)i);
	heat->of_row = bpf_alloc(heat->arena, bpf_nsyscalls * sizeof(*heat->of_row));
	if (!heat->of_row)
		return -E2BIG;
	for (i = 0; i < n; i++) {
		call = bpf_syscall_find(weights[i].name, strlen(weights[i].name));
		if (call)
			heat->of_row[call - bpf_syscalls] += (uint32_t)(weights[i].count / scale);
	}
	return 0;
}

/* Of the numbers in a piece: how often they are made and matter; how many they are. */
struct mass {
	uint64_t hot, cold;
};

static bool is_free(const struct bpf_node *node, enum bpf_abi_id abi)
{
	if (!bpf_is_action(node))
		return false;
	if (node->k == SECCOMP_RET_KILL_PROCESS || node->k == SECCOMP_RET_KILL_THREAD)
		return true;
	return node->k == SECCOMP_RET_ALLOW && abi != BPF_X32;
}

static void add_number(const struct bpf_heat *heat, const struct bpf_syscall *call, bool free,
		       struct mass *mass)
{
	const uint32_t count = heat->of_row[call - bpf_syscalls];

	mass->cold++;
	if (heat->how == BPF_FOR_HIST)
		mass->hot += count;
	else if (!free)
		mass->hot += 1 + UINT64_C(16) * count; /* rare ones do not add up to much */
}

/* Of piece I, whose numbers end where the next begins, or with those of the ABI. */
static struct mass mass_of(const struct bpf_heat *heat, enum bpf_abi_id abi,
			   const struct bpf_line *line, size_t i)
{
	const struct bpf_piece *piece = &line->pieces[i];
	const uint32_t bit = bpf_abis[abi].nr_bit, end = bit + heat->max[abi] + 1;
	const bool free = is_free(piece->node, abi);
	const struct bpf_syscall *call;
	struct mass mass = { 0 };
	uint32_t nr = piece->start < bit ? bit : piece->start;

	for (; nr < end && (i + 1 == line->len || nr < piece[1].start); nr++) {
		call = bpf_syscall_nr(abi, nr - bit);
		if (call)
			add_number(heat, call, free, &mass);
	}
	mass.cold++;
	return mass;
}

/* ---- prices ---- */

/*
 * The tests of a number are run by all calls, those of an argument by one call of many, so
 * there a step less is worth more instructions. Beside x86_64, calls of i386 and x32 are rare:
 * theirs should just be few.
 */
static int32_t number_price(const struct bpf_heat *heat, enum bpf_abi_id abi)
{
	const bool second = (abi == BPF_I386 || abi == BPF_X32) && heat->abis & 1u << BPF_X86_64;

	switch (heat->how) {
	case BPF_FOR_SIZE:
		return 8 * BPF_STEP;
	case BPF_FOR_HIST:
		return second ? BPF_STEP : BPF_STEP / 256;
	default:
		return second ? BPF_STEP : BPF_STEP / 16;
	}
}

int32_t bpf_argument_price(enum bpf_optimize how)
{
	return how == BPF_FOR_SIZE ? 8 * BPF_STEP : BPF_STEP;
}

/* ---- lines ---- */

/* What share of the weight follows from how often; the rest is the same for all calls. */
static uint32_t hot_share(enum bpf_optimize how)
{
	return how == BPF_FOR_HIST ? BPF_STEP - BPF_STEP / 256 : BPF_STEP - BPF_STEP / 16;
}

int bpf_heat_line(const struct bpf_heat *heat, enum bpf_abi_id abi, struct bpf_line *line)
{
	const uint32_t share = hot_share(heat->how);
	struct mass *mass = bpf_alloc(heat->arena, line->len * sizeof(*mass));
	struct mass all = { 0 };
	size_t i;

	if (!mass)
		return -E2BIG;
	line->price = number_price(heat, abi);
	for (i = 0; i < line->len; i++) {
		mass[i] = mass_of(heat, abi, line, i);
		all.hot += mass[i].hot;
		all.cold += mass[i].cold;
	}
	for (i = 0; i < line->len; i++) {
		line->pieces[i].weight = (int32_t)(mass[i].hot * share / (all.hot + 1));
		line->pieces[i].weight +=
			(int32_t)(mass[i].cold * ((uint32_t)BPF_STEP - share) / (all.cold + 1));
	}
	return 0;
}
