/* SPDX-License-Identifier: MIT */
/*
 * Programs in pairs: random ones, one with something changed, and one that does the same in
 * other words. All of them pass bpf_check(). And inputs that come near to what they ask.
 */
#ifndef TESTS_BPF_SHAPES_H
#define TESTS_BPF_SHAPES_H

#include "bpf/internal.h"
#include "tests/bpf/random.h"

static struct bpf_pair pair_of(const struct bpf_prog *a, const struct bpf_prog *b)
{
	return (struct bpf_pair){ .a = a->insn, .alen = a->len, .b = b->insn, .blen = b->len };
}

/* A constant of one of the programs, or nearly. */
static uint32_t near_constant(const struct bpf_pair *pair)
{
	const bool first = random_below(2);
	const unsigned int i = random_below(first ? pair->alen : pair->blen);
	uint32_t k = (first ? pair->a : pair->b)[i].k;

	switch (random_below(6)) {
	case 0:
		return k + 1;
	case 1:
		return k - 1;
	case 2:
		return k ^ 1u << random_below(32);
	case 3:
		return k & (uint32_t)random64();
	case 4:
		return (uint32_t)random_number(32);
	default:
		return k;
	}
}

static void random_input(const struct bpf_pair *pair, struct seccomp_data *data)
{
	uint32_t words[sizeof(*data) / 4];
	size_t i;

	for (i = 0; i < sizeof(words) / 4; i++)
		words[i] = random_below(4) ? near_constant(pair) : random_below(2);
	memcpy(data, words, sizeof(*data));
	if (random_below(3))
		data->arch = bpf_abis[random_below(BPF_ABIS)].arch;
}

/* ---- random programs ---- */

static const uint32_t some_actions[] = { SECCOMP_RET_ALLOW,	SECCOMP_RET_ALLOW | 1,
					 SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 5000,
					 SECCOMP_RET_LOG,	SECCOMP_RET_KILL_PROCESS };

static struct sock_filter random_alu(void)
{
	static const uint16_t ops[] = { BPF_AND, BPF_OR,  BPF_XOR, BPF_ADD, BPF_SUB,
					BPF_LSH, BPF_RSH, BPF_MUL, BPF_DIV, BPF_NEG };
	const uint16_t op = ops[random_below(10)];
	uint32_t k = (uint32_t)random_number(32);

	if (op == BPF_LSH || op == BPF_RSH)
		k %= 32;
	if (op == BPF_MUL || op == BPF_DIV)
		k = 1u << random_below(5);
	if (op == BPF_NEG)
		return (struct sock_filter)BPF_STMT(BPF_ALU | BPF_NEG, 0);
	return (struct sock_filter)BPF_STMT(BPF_ALU | op | (random_below(8) ? BPF_K : BPF_X), k);
}

static struct sock_filter random_jump(unsigned int left)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	const uint32_t k = random_below(4) ? random_below(20) : (uint32_t)random_number(32);
	const unsigned int far = left < 12 ? left : 12;

	if (random_below(16) == 0)
		return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, random_below(far));
	return (struct sock_filter)BPF_JUMP(
		BPF_JMP | ops[random_below(4)] | (random_below(12) ? BPF_K : BPF_X), k,
		(uint8_t)random_below(far), (uint8_t)random_below(far));
}

static struct sock_filter random_move(void)
{
	const uint32_t m = random_below(2);

	switch (random_below(8)) {
	case 0:
		return (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	case 1:
		return (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TXA, 0);
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_ST, m);
	case 3:
		return (struct sock_filter)BPF_STMT(BPF_STX, m);
	case 4:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, m);
	case 5:
		return (struct sock_filter)BPF_STMT(BPF_LDX | BPF_MEM, m);
	case 6:
		return (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, random_below(20));
	default:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	}
}

static struct sock_filter random_insn(unsigned int left)
{
	static const uint32_t words[] = { 0, 0, 0, 4, 16, 16, 20, 20, 24, 28, 40, 8, 12 };

	if (random_below(16) == 0)
		return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, some_actions[random_below(6)]);
	switch (random_below(10)) {
	case 0:
	case 1:
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    words[random_below(13)]);
	case 3:
		return random_alu();
	case 4:
		return random_move();
	default:
		return random_jump(left);
	}
}

static inline void random_prog(struct bpf_prog *p)
{
	unsigned int i;

	do {
		p->len = 4 + random_below(30);
		for (i = 0; i + 1 < p->len; i++)
			p->insn[i] = random_insn(p->len - i - 1);
		p->insn[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							  some_actions[random_below(6)]);
	} while (bpf_check(p->insn, p->len, NULL) < 0);
}

/* Do both do the same with some inputs? */
static bool seem_equal(const struct bpf_prog *a, const struct bpf_prog *b)
{
	const struct bpf_pair pair = pair_of(a, b);
	struct seccomp_data data;
	unsigned int i;

	for (i = 0; i < 30; i++) {
		random_input(&pair, &data);
		if (bpf_action_meaning(bpf_run(a->insn, a->len, &data, NULL)) !=
		    bpf_action_meaning(bpf_run(b->insn, b->len, &data, NULL)))
			return false;
	}
	return true;
}

/* Does it do the same with some inputs? */
static inline bool seems_constant(const struct bpf_prog *p)
{
	const struct bpf_pair pair = pair_of(p, p);
	struct bpf_prog first = { .len = 1 };
	struct seccomp_data data;

	random_input(&pair, &data);
	first.insn[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						     bpf_run(p->insn, p->len, &data, NULL));
	return seem_equal(p, &first);
}

/* One of the instructions that were run, each as likely as the others. */
struct pick {
	unsigned int seen, pc;
};

static void pick_insn(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn)
{
	struct pick *pick = ctx;

	if (random_below(++pick->seen) == 0)
		pick->pc = m->pc;
}

/* Change something that is run, mostly. */
static inline void mutate(struct bpf_prog *p)
{
	const struct bpf_pair pair = pair_of(p, p);
	const struct bpf_prog before = *p;
	struct seccomp_data data;
	struct sock_filter *insn;
	struct pick pick;

	do {
		*p = before;
		pick.seen = 0;
		random_input(&pair, &data);
		bpf_run_traced(p->insn, p->len, &data, pick_insn, &pick);
		insn = &p->insn[pick.pc];
		switch (random_below(5)) {
		case 0:
			insn->k ^= 1u << random_below(32);
			break;
		case 1:
			insn->k += random_below(2) ? 1u : -1u;
			break;
		case 2:
			insn->jt ^= (uint8_t)(1 + random_below(3));
			break;
		case 3:
			insn->jf ^= (uint8_t)(1 + random_below(3));
			break;
		default:
			insn->code ^= (uint16_t)(0x10u << random_below(3));
		}
	} while (bpf_check(p->insn, p->len, NULL) < 0);
}

/* ---- other shapes of the same program ---- */

static struct bpf_asm as;

#define SCRATCH 15 /* the word of memory that A is kept in */

/* "Compare A after OP #K with code", A kept: towards the labels T and F. */
static void detour(uint16_t op, uint32_t k, uint16_t code, int t, int f)
{
	const int yes = bpf_label(&as);

	bpf_emit(&as, BPF_ST, SCRATCH);
	bpf_emit(&as, op, k);
	bpf_jump(&as, code, 0, yes, BPF_NEXT);
	bpf_emit(&as, BPF_LD | BPF_MEM, SCRATCH);
	bpf_goto(&as, f);
	bpf_place_label(&as, yes);
	bpf_emit(&as, BPF_LDX | BPF_MEM, SCRATCH);
	bpf_emit(&as, BPF_MISC | BPF_TXA, 0);
	bpf_goto(&as, t);
}

static void other_jump(const struct sock_filter *insn, int t, int f)
{
	const uint32_t k = insn->k;

	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		if (random_below(3) == 0) {
			bpf_jump(&as, BPF_JMP | BPF_JGE | BPF_K, k, BPF_NEXT, f);
			bpf_jump(&as, BPF_JMP | BPF_JGT | BPF_K, k, f, t);
		} else if (random_below(2)) {
			detour(BPF_ALU | BPF_XOR | BPF_K, k, BPF_JMP | BPF_JEQ | BPF_K, t, f);
		} else {
			detour(BPF_ALU | BPF_SUB | BPF_K, k, BPF_JMP | BPF_JGT | BPF_K, f, t);
		}
		return;
	case BPF_JSET:
		detour(BPF_ALU | BPF_AND | BPF_K, k, BPF_JMP | BPF_JEQ | BPF_K, f, t);
		return;
	case BPF_JGT:
		if (k < UINT32_MAX) {
			bpf_jump(&as, BPF_JMP | BPF_JGE | BPF_K, k + 1, t, f);
			return;
		}
		break;
	case BPF_JGE:
		bpf_emit(&as, BPF_LDX | BPF_IMM, k);
		bpf_jump(&as, BPF_JMP | BPF_JGE | BPF_X, 0, t, f);
		return;
	}
	bpf_jump(&as, insn->code, k, t, f);
}

static void other_insn(const struct sock_filter *insn)
{
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && random_below(2)) {
		bpf_emit(&as, BPF_LD | BPF_IMM, 0);
		bpf_emit(&as, insn->code, insn->k);
		bpf_emit(&as, BPF_ALU | BPF_ADD | BPF_K, 12345);
		bpf_emit(&as, BPF_ALU | BPF_SUB | BPF_K, 12345);
	} else if (insn->code == (BPF_RET | BPF_K) && random_below(2)) {
		bpf_emit(&as, BPF_LD | BPF_IMM, insn->k >> 16);
		bpf_emit(&as, BPF_ALU | BPF_LSH | BPF_K, 16);
		bpf_emit(&as, BPF_ALU | BPF_OR | BPF_K, insn->k & 0xffff);
		bpf_emit(&as, BPF_RET | BPF_A, 0);
	} else {
		bpf_emit(&as, insn->code, insn->k);
	}
}

/* The same in other words. The program must not use X or the word for scratch. */
static inline int reshape(const struct bpf_prog *from, struct bpf_prog *to)
{
	static int at[BPF_MAXINSNS];
	const struct sock_filter *insn;
	unsigned int i;

	bpf_asm_init(&as);
	for (i = 0; i < from->len; i++)
		at[i] = bpf_label(&as);
	for (i = 0; i < from->len; i++) {
		insn = &from->insn[i];
		bpf_place_label(&as, at[i]);
		if (BPF_CLASS(insn->code) != BPF_JMP)
			other_insn(insn);
		else if (BPF_OP(insn->code) == BPF_JA)
			bpf_goto(&as, at[i + 1 + insn->k]);
		else if (random_below(2))
			other_jump(insn, at[i + 1 + insn->jt], at[i + 1 + insn->jf]);
		else
			bpf_jump(&as, insn->code, insn->k, at[i + 1 + insn->jt],
				 at[i + 1 + insn->jf]);
	}
	return bpf_asm_finish(&as, to, NULL);
}

/* One "jeq" for each call of three ABIs, each with a "ret" of its own; as some compilers do. */
static inline int linear(const struct bpf_policy *of, struct bpf_prog *to)
{
	static const enum bpf_abi_id abis[] = { BPF_X86_64, BPF_X32, BPF_I386 };
	struct seccomp_data data = { 0 };
	unsigned int i, nr;
	int next, low;

	bpf_asm_init(&as);
	for (i = 0; i < 3; i++) {
		const struct bpf_abi *abi = &bpf_abis[abis[i]];

		next = bpf_label(&as);
		low = bpf_label(&as);
		bpf_emit(&as, BPF_LD | BPF_W | BPF_ABS, BPF_WORD_ARCH);
		bpf_jump(&as, BPF_JMP | BPF_JEQ | BPF_K, abi->arch, low, next);
		bpf_place_label(&as, low);
		bpf_emit(&as, BPF_LD | BPF_W | BPF_ABS, BPF_WORD_NR);
		for (nr = 0; nr <= bpf_syscall_max(abis[i]); nr++) {
			if (!bpf_syscall_nr(abis[i], nr))
				continue;
			data.arch = abi->arch;
			data.nr = (int)(nr | abi->nr_bit);
			low = bpf_label(&as);
			bpf_jump(&as, BPF_JMP | BPF_JEQ | BPF_K, nr | abi->nr_bit, BPF_NEXT, low);
			bpf_emit(&as, BPF_RET | BPF_K, bpf_policy_eval(of, &data, NULL));
			bpf_place_label(&as, low);
		}
		bpf_place_label(&as, next);
	}
	bpf_emit(&as, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	return bpf_asm_finish(&as, to, NULL);
}

#endif
