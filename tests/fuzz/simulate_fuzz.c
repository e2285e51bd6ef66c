/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the simulator, and what is said about programs without running them. A program that
 * bpf_check() takes runs forward, within its bounds, to its end; all that bpf_analyse() says of
 * an instruction is so when it runs; what the kernel would remember as allowed is allowed;
 * bpf_diff() finds a program equal to itself, and different from another where it is.
 */
#include "tests/fuzz/program.h"

#include "bpf/bench.h"
#include "bpf/internal.h"

#define INPUTS	    24
#define MAX_REGIONS 200

static struct bpf_prog prog, other;
static struct bpf_known known[BPF_MAXINSNS];
static struct seccomp_data inputs[INPUTS];

/* ---- one run ---- */

struct watch {
	const struct seccomp_data *data;
	int abi; /* of the call; -ENOENT: it is none, and flow.c does not speak of it */
	unsigned int steps, last;
};

static int call_abi(const struct seccomp_data *data)
{
	const uint32_t nr = (uint32_t)data->nr;
	const int abi = bpf_abi_of(data->arch, nr);

	return abi >= 0 && (nr & ~BPF_X32_BIT) < BPF_X32_BIT &&
			       bpf_abis[abi].nr_bit == (nr & BPF_X32_BIT) ?
		       abi :
		       -ENOENT;
}

static void check_known(const struct watch *w, const struct bpf_machine *m)
{
	const struct bpf_known *know = &known[m->pc];
	const uint32_t nr = (uint32_t)w->data->nr & ~BPF_X32_BIT;
	uint32_t word;

	if (!know->reached || know->steps < w->steps)
		abort();
	if (!(know->abis & 1u << w->abi) || nr < know->lo || nr > know->hi)
		abort();
	if (know->call && know->call != bpf_syscall_nr((enum bpf_abi_id)w->abi, nr))
		abort();
	if (know->word == BPF_NOWHERE)
		return;
	memcpy(&word, (const char *)w->data + know->word, sizeof(word));
	if (m->a != (word & know->mask))
		abort();
}

static void watch(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct watch *w = ctx;

	if (m->pc >= prog.len || insn != &prog.insn[m->pc] || m->steps != w->steps)
		abort();
	if (w->steps && m->pc <= w->last)
		abort();
	if (w->abi >= 0)
		check_known(w, m);
	w->last = m->pc;
	w->steps++;
}

static void run(const struct seccomp_data *data)
{
	struct watch w = { .data = data, .abi = call_abi(data) };
	unsigned int steps;
	uint32_t result;

	result = bpf_run(prog.insn, prog.len, data, &steps);
	if (bpf_run_traced(prog.insn, prog.len, data, watch, &w) != result)
		abort();
	if (steps != w.steps || !steps || steps > prog.len)
		abort();
	if (bpf_is_cached(prog.insn, prog.len, data->arch, (uint32_t)data->nr) &&
	    result != SECCOMP_RET_ALLOW)
		abort();
}

/* ---- two programs ---- */

struct regions {
	unsigned int n;
	bool exact, covered[INPUTS];
};

static bool within(const struct bpf_difference *d, const struct seccomp_data *data)
{
	const uint32_t nr = (uint32_t)data->nr;
	const struct bpf_constraint *c;
	unsigned int i;
	uint64_t x;

	if (data->arch < d->arch_lo || data->arch > d->arch_hi || nr < d->nr_lo || nr > d->nr_hi)
		return false;
	for (i = 0; i < d->nwhen; i++) {
		c = &d->when[i];
		x = c->arg == BPF_ARG_IP ? data->instruction_pointer : data->args[c->arg];
		x &= c->mask;
		if ((x >= c->lo && x <= c->hi) == c->outside)
			return false;
	}
	return true;
}

/* What both programs do with DATA, if that is not the same. */
static bool differ(const struct seccomp_data *data, uint32_t actions[2])
{
	actions[0] = bpf_action_meaning(bpf_run(prog.insn, prog.len, data, NULL));
	actions[1] = bpf_action_meaning(bpf_run(other.insn, other.len, data, NULL));
	return actions[0] != actions[1];
}

static int take_region(void *ctx, const struct bpf_difference *d)
{
	struct regions *regions = ctx;
	uint32_t actions[2];
	unsigned int i;

	if (!differ(&d->data, actions) || memcmp(actions, d->actions, sizeof(actions)) != 0)
		abort();
	if (!within(d, &d->data))
		abort();
	for (i = 0; i < INPUTS; i++) {
		if (!d->exact || !within(d, &inputs[i]))
			continue;
		if (regions->covered[i] || !differ(&inputs[i], actions) ||
		    memcmp(actions, d->actions, sizeof(actions)) != 0)
			abort();
		regions->covered[i] = true;
	}
	regions->exact &= d->exact;
	return ++regions->n == MAX_REGIONS ? -ECANCELED : 0;
}

/* A little less memory than sbpf has: more takes its time to clear. */
static struct bpf_arena small_arena(void)
{
	struct bpf_arena arena = fuzz_arena(0);

	arena.size = 8u << 20;
	return arena;
}

static void compare(void)
{
	const struct bpf_pair pair = {
		.a = prog.insn, .b = other.insn, .alen = prog.len, .blen = other.len
	};
	struct bpf_arena arena = small_arena();
	struct regions regions = { .exact = true };
	uint32_t actions[2];
	unsigned int i;
	int ret;

	ret = bpf_diff_each(&pair, &arena, take_region, &regions, NULL);
	if (ret != 0 && ret != 1) {
		if (ret != -EOPNOTSUPP && ret != -ENOMEM && ret != -ECANCELED)
			abort();
		return;
	}
	if (ret != (regions.n > 0))
		abort();
	for (i = 0; i < INPUTS && regions.exact; i++)
		if (differ(&inputs[i], actions) != regions.covered[i])
			abort();
}

static void compare_with_itself(void)
{
	const struct bpf_pair pair = {
		.a = prog.insn, .b = prog.insn, .alen = prog.len, .blen = prog.len
	};
	struct bpf_arena arena = small_arena();
	int ret = bpf_diff(&pair, &arena, NULL, NULL);

	if (ret != 0 && ret != -EOPNOTSUPP && ret != -ENOMEM)
		abort();
}

/* One instruction is not as it was. */
static void change(uint64_t *state)
{
	struct sock_filter *insn;
	uint64_t r = fuzz_random(state);
	uint8_t jt;

	other = prog;
	insn = &other.insn[(r >> 16) % other.len];
	if (r >> 63) {
		jt = insn->jt;
		insn->jt = insn->jf;
		insn->jf = jt;
	} else {
		insn->k = r >> 62 & 1 ? insn->k ^ 1u << (r & 31) : fuzz_word(&prog, state);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t state = fuzz_state(data, size);
	unsigned int i;

	if (!fuzz_prog(&prog, data, size) || bpf_check(prog.insn, prog.len, NULL) < 0)
		return 0;
	bpf_analyse(&prog, known);
	for (i = 0; i < INPUTS; i++) {
		fuzz_data(&prog, &state, &inputs[i]);
		run(&inputs[i]);
	}
	compare_with_itself();
	change(&state);
	if (bpf_check(other.insn, other.len, NULL) == 0)
		compare();
	return 0;
}
