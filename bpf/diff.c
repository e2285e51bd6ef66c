/* SPDX-License-Identifier: MIT */
/*
 * Do two programs do the same, or does one let through no more than the other? For every one
 * of the 2^512 inputs, and with the inputs where they do not.
 *
 * Each program becomes a diagram of what it does (symbolic.c), in one set of nodes, where
 * what means the same is the same node. So two equal programs are found equal by comparing
 * two numbers. Else a third diagram says where they differ, and region.c turns that into
 * words: these numbers, under these conditions. Each difference that is reported comes with
 * a call, and both programs are run on it before it is reported.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

/*
 * seccomp_run_filters() and __seccomp_filter() in the kernel: what is done by the upper half
 * alone, what with the data, and what is no action at all.
 */
uint32_t bpf_action_meaning(uint32_t action)
{
	const uint32_t max_errno = 4095;
	const uint32_t data = action & SECCOMP_RET_DATA;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_KILL_PROCESS:
		return action & SECCOMP_RET_ACTION_FULL;
	case SECCOMP_RET_ERRNO:
		return SECCOMP_RET_ERRNO | (data < max_errno ? data : max_errno);
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
		return action;
	default:
		return SECCOMP_RET_KILL_PROCESS;
	}
}

/* The diagram of one of the programs. */
static int understand(struct bpf_bdd *bdd, struct bpf_arena *arena,
		      const struct bpf_program *program, uint32_t *result, struct bpf_error *err)
{
	const size_t used = arena->used;
	int ret;

	ret = bpf_check(program->insn, program->len, err);
	if (ret < 0) {
		if (err)
			err->place.file = program->name;
		return ret;
	}
	ret = bpf_symbolic(bdd, arena, program, result, err);
	arena->used = used; /* what it means is in BDD */
	return ret;
}

static int compare(const struct bpf_pair *pair, struct bpf_arena *arena, struct bpf_bdd *bdd,
		   uint32_t *differs, struct bpf_error *err)
{
	const struct bpf_program programs[2] = {
		{ pair->a, pair->alen, "A" },
		{ pair->b, pair->blen, "B" },
	};
	uint32_t result[2] = { 0 };
	unsigned int i;
	int ret;

	if (bpf_bdd_init(bdd, arena) < 0)
		return bpf_fail(err, -ENOMEM, NULL, "more memory is needed to compare programs");
	for (i = 0; i < 2; i++) {
		ret = understand(bdd, arena, &programs[i], &result[i], err);
		if (ret < 0)
			return ret;
	}
	*differs = bpf_bdd_compare(bdd, result[0], result[1], pair->relation);
	return 0;
}

int bpf_diff_each(const struct bpf_pair *pair, struct bpf_arena *arena, bpf_difference_fn *fn,
		  void *ctx, struct bpf_error *err)
{
	const size_t used = arena->used;
	uint32_t differs = BPF_BDD_NO;
	struct bpf_bdd bdd;
	int ret;

	ret = compare(pair, arena, &bdd, &differs, err);
	if (ret == 0) {
		ret = bpf_regions(&bdd, differs, pair, fn, ctx);
		if (bdd.full)
			ret = bpf_fail(err, -ENOMEM, NULL,
				       "more memory is needed to tell the differences");
		else if (ret == -ENOTRECOVERABLE)
			bpf_fail(err, ret, NULL, "a difference is none: this is a bug");
	}
	arena->used = used;
	return ret;
}

static int keep_first(void *ctx, const struct bpf_difference *diff)
{
	struct bpf_difference *first = ctx;

	if (first) {
		*first = *diff;
		first->when = NULL;
		first->nwhen = 0;
	}
	return 1;
}

int bpf_diff(const struct bpf_pair *pair, struct bpf_arena *arena, struct bpf_difference *diff,
	     struct bpf_error *err)
{
	return bpf_diff_each(pair, arena, keep_first, diff, err);
}
