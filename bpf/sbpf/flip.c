/* SPDX-License-Identifier: MIT */
/*
 * The comparisons that a run makes, and the nearest call for which one comes out otherwise.
 *
 * To turn a test around is to change the word that it looks at: to the constant, next to it, or in
 * one of the bits. Each change gives a call; it is run, and what it runs into can be turned
 * around again. That is a search in order of changes, so what is found first has the fewest; and
 * every answer has been run, so it is one. The call's number and architecture stay.
 */
#include "bpf/sbpf/sbpf.h"

#include <string.h>

/* ---- what a run compares ---- */

struct recorder {
	struct path *path;
	const struct bpf_prog *prog;
	unsigned int word; /* what A holds */
	uint32_t mask;
	bool pending; /* the last test's outcome is not known yet */
};

/* Where the run is now tells how the last test came out. */
static void settle(struct recorder *rec, unsigned int pc)
{
	struct test *test;

	if (!rec->pending)
		return;
	test = &rec->path->test[rec->path->ntests - 1];
	test->taken = pc == test->pc + 1 + rec->prog->insn[test->pc].jt;
	rec->pending = false;
}

static void record_test(struct recorder *rec, unsigned int pc, const struct sock_filter *insn)
{
	struct test *test = &rec->path->test[rec->path->ntests++];

	test->pc = pc;
	test->word = BPF_SRC(insn->code) == BPF_K ? rec->word : BPF_NOWHERE;
	test->mask = rec->mask;
	test->op = BPF_OP(insn->code);
	test->k = insn->k;
	rec->pending = true;
}

static void record(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct recorder *rec = ctx;
	const struct bpf_opcode *op = bpf_opcode(insn->code);

	settle(rec, m->pc);
	rec->path->steps = m->steps + 1;
	rec->path->last = m->pc;
	if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X) {
		/* A test whose two sides are one decides nothing. */
		if (insn->jt != insn->jf)
			record_test(rec, m->pc, insn);
	} else if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
		rec->word = insn->k;
		rec->mask = UINT32_MAX;
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		rec->mask &= insn->k;
	} else if (op->flags & BPF_WRITES_A) {
		rec->word = BPF_NOWHERE;
	}
}

void path_run(const struct bpf_prog *prog, const struct seccomp_data *data, struct path *path)
{
	struct recorder rec = { .path = path, .prog = prog, .word = BPF_NOWHERE };

	path->ntests = 0;
	path->action = bpf_run_traced(prog->insn, prog->len, data, record, &rec);
}

/* ---- turning tests around ---- */

#define MAX_TRIED 2000u
#define MAX_KEPT  20000u
#define SLOTS	  65536u /* a power of two, well above that */

struct search {
	struct seccomp_data *queue;
	uint32_t *slots; /* a hash table of what is in the queue: index + 1 */
	unsigned int head, tail;
	struct path *path;
};

static uint32_t get_word(const struct seccomp_data *data, unsigned int word)
{
	uint32_t value;

	memcpy(&value, (const char *)data + word, sizeof(value));
	return value;
}

/* Is DATA in the queue? If not, it is entered as the next one. */
static bool is_queued(struct search *s, const struct seccomp_data *data)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	unsigned int i, slot;

	for (i = 0; i < 6; i++)
		hash = (hash ^ data->args[i]) * UINT64_C(0x9e3779b97f4a7c15);
	for (slot = (unsigned int)(hash >> 40) % SLOTS; s->slots[slot]; slot = (slot + 1) % SLOTS) {
		if (!memcmp(&s->queue[s->slots[slot] - 1], data, sizeof(*data)))
			return true;
	}
	s->slots[slot] = s->tail + 1;
	return false;
}

/* DATA with another value at WORD, unless it was thought of before. */
static void propose(struct search *s, const struct seccomp_data *data, unsigned int word,
		    uint32_t value)
{
	struct seccomp_data next = *data;

	memcpy((char *)&next + word, &value, sizeof(value));
	if (s->tail < MAX_KEPT && !is_queued(s, &next))
		s->queue[s->tail++] = next;
}

/* The masked bits of OLD become those of VALUE. */
static uint32_t blend(uint32_t old, uint32_t mask, uint32_t value)
{
	return (old & ~mask) | (value & mask);
}

/* Values of the word for which TEST comes out otherwise; some may not, which is found out. */
static void turn(struct search *s, const struct seccomp_data *data, const struct test *test)
{
	const uint32_t old = get_word(data, test->word), mask = test->mask, k = test->k;
	const uint32_t bits = test->op == BPF_JSET ? mask & k : mask;
	unsigned int bit;

	if (test->op == BPF_JSET && test->taken)
		propose(s, data, test->word, old & ~bits);
	if (test->op != BPF_JSET) {
		propose(s, data, test->word, blend(old, mask, k));
		propose(s, data, test->word, blend(old, mask, 0));
		propose(s, data, test->word, blend(old, mask, k + 1));
		propose(s, data, test->word, blend(old, mask, k - 1));
	}
	for (bit = 0; bit < 32; bit++) {
		if (bits >> bit & 1 && (test->op == BPF_JSET || mask != UINT32_MAX))
			propose(s, data, test->word, old ^ 1u << bit);
	}
}

static bool is_argument(const struct test *test)
{
	return test->word != BPF_NOWHERE && test->word >= offsetof(struct seccomp_data, args);
}

bool flip(struct job *job, const struct bpf_prog *prog, struct seccomp_data *data, bool pass)
{
	struct search s = { .head = 0 };
	unsigned int i;

	s.queue = bpf_alloc_raw(&job->arena, MAX_KEPT * sizeof(*s.queue));
	s.path = bpf_alloc_raw(&job->arena, sizeof(*s.path));
	if (!s.queue || !s.path)
		die("out of memory");
	s.slots = xalloc(&job->arena, SLOTS * sizeof(*s.slots));
	is_queued(&s, data);
	s.queue[s.tail++] = *data;
	for (; s.head < s.tail && s.head < MAX_TRIED; s.head++) {
		path_run(prog, &s.queue[s.head], s.path);
		if (s.head && is_let_through(s.path->action) == pass) {
			*data = s.queue[s.head];
			return true;
		}
		/* From the end: the last test is the nearest to the outcome. */
		for (i = s.path->ntests; i-- > 0;) {
			if (is_argument(&s.path->test[i]))
				turn(&s, &s.queue[s.head], &s.path->test[i]);
		}
	}
	return false;
}
