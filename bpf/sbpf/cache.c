/* SPDX-License-Identifier: MIT */
/*
 * Which calls the kernel allows without running the filter, and what spoiled the others.
 *
 * When a filter is installed, Linux 5.11 and newer run it once for each number with nothing
 * but number and architecture known, and remember for which it ends in a plain "allow".
 * Here the same is done, for the numbers that the tables have. A number is spoiled by the
 * instruction at which the kernel gave up, or by a result that is not allow.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

/* What is simply not allowed is a long list, and no news. */
#define MAX_LISTED 40u

struct cache {
	struct job *job;
	const struct input *in;
	struct bpf_known at[BPF_MAXINSNS];
	struct emulated em[BPF_ABIS][BPF_MAXINSNS / 4];
};

/* Why the run ended at instruction PC; NR is one of those that did. */
static const char *reason(const struct cache *cache, unsigned int pc)
{
	const struct sock_filter *insn = &cache->in->prog.insn[pc];
	struct bpf_arena *arena = &cache->job->arena;
	char text[BPF_REMARK], remark[BPF_REMARK];

	if (insn->code == (BPF_RET | BPF_K))
		return xprintf(arena, "returns %s", bpf_action_name(insn->k, text, sizeof(text)));
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
		return xprintf(arena, "reads %s", bpf_word_name(&cache->at[pc], insn->k, remark));
	return xprintf(arena, "the kernel cannot see through '%s'",
		       bpf_insn_text(insn, pc, text, sizeof(text)));
}

static bool is_known(unsigned int abi, uint32_t nr)
{
	return bpf_syscall_nr((enum bpf_abi_id)abi, nr) != NULL;
}

/* How many named calls end at PC, cached or not. */
static unsigned int count(const struct cache *cache, unsigned int abi, bool cached, unsigned int pc)
{
	unsigned int n = 0;
	uint32_t nr;

	for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi); nr++) {
		if (is_known(abi, nr) && cache->em[abi][nr].cached == cached)
			n += cached || cache->em[abi][nr].pc == pc;
	}
	return n;
}

static void print_calls(const struct cache *cache, unsigned int abi, bool cached, unsigned int pc)
{
	struct wrap wrap = { .indent = 4 };
	uint32_t nr;

	for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi); nr++) {
		if (is_known(abi, nr) && cache->em[abi][nr].cached == cached &&
		    (cached || cache->em[abi][nr].pc == pc))
			wrap_word(&wrap, nr_name(cache->job, (enum bpf_abi_id)abi, nr));
	}
	wrap_end(&wrap);
}

static void print_abi(const struct cache *cache, unsigned int abi)
{
	struct job *job = cache->job;
	unsigned int pc, n = count(cache, abi, true, 0);

	printf("%s%s%s: %u call%s cached\n", hue(job, HUE_BOLD), bpf_abis[abi].name,
	       hue(job, HUE_NONE), n, plural(n));
	if (bpf_abis[abi].nr_bit) {
		printf("  the kernel's bitmap has no room for numbers with bit 30\n");
		return;
	}
	print_calls(cache, abi, true, 0);
	for (pc = 0; pc < cache->in->prog.len; pc++) {
		n = count(cache, abi, false, pc);
		if (!n)
			continue;
		printf("%s%u not: instruction %u %s%s\n", hue(job, HUE_MIDDLE), n, pc,
		       reason(cache, pc), hue(job, HUE_NONE));
		if (n <= MAX_LISTED)
			print_calls(cache, abi, false, pc);
		else
			printf("    (--json lists them)\n");
	}
}

/* ---- JSON ---- */

static json_t *json_calls(const struct cache *cache, unsigned int abi, bool cached, unsigned int pc)
{
	json_t *list = json_array();
	uint32_t nr;

	for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi); nr++) {
		if (is_known(abi, nr) && cache->em[abi][nr].cached == cached &&
		    (cached || cache->em[abi][nr].pc == pc))
			json_array_append_new(
				list, json_string(nr_name(cache->job, (enum bpf_abi_id)abi, nr)));
	}
	return list;
}

static json_t *json_abi(const struct cache *cache, unsigned int abi)
{
	json_t *spoiled = json_array();
	unsigned int pc;

	for (pc = 0; pc < cache->in->prog.len; pc++) {
		if (count(cache, abi, false, pc))
			json_array_append_new(spoiled,
					      json_pack("{s:i, s:s, s:o}", "pc", (int)pc, "reason",
							reason(cache, pc), "calls",
							json_calls(cache, abi, false, pc)));
	}
	return json_pack("{s:s, s:o, s:o}", "abi", bpf_abis[abi].name, "cached",
			 json_calls(cache, abi, true, 0), "not_cached", spoiled);
}

int run_cache(struct job *job)
{
	struct cache *cache = xalloc(&job->arena, sizeof(*cache));
	json_t *abis = json_array();
	unsigned int abi;
	uint32_t nr;

	cache->job = job;
	cache->in = input_load(job, job->words[0]);
	bpf_analyse(&cache->in->prog, cache->at);
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (!(cache->in->abis & 1u << abi))
			continue;
		for (nr = 0; nr <= bpf_syscall_max((enum bpf_abi_id)abi); nr++)
			emulate(&cache->in->prog, (enum bpf_abi_id)abi, nr, &cache->em[abi][nr]);
		if (job->json)
			json_array_append_new(abis, json_abi(cache, abi));
		else
			print_abi(cache, abi);
	}
	if (job->json)
		print_json(abis);
	else
		json_decref(abis);
	return STATUS_YES;
}
