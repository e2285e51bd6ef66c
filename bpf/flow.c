/* SPDX-License-Identifier: MIT */
/*
 * What is so on every way to an instruction.
 *
 * "jeq #41" asks for socket() only if A holds the number and the architecture is x86_64.
 * That can be read off the program. Jumps go forward only, so one pass from the top
 * carries what is known along every jump: which word A holds, and which bits of it; which
 * ABIs the call can be of; between which bounds its number is. A comparison adds to it,
 * one thing where it holds and another where it does not. Where ways meet, what they
 * agree on remains.
 *
 * The bounds are those of the number with x32's bit taken off; whether it was set is told by
 * the ABIs. So a program that masks the bit away, to have one tree for both, is understood,
 * too. Numbers that no call has are not accounted for: those from 2^31 up, and those with
 * the bit under an architecture without x32.
 */
#include "bpf/bpf.h"

#include <string.h>

/* ABIs that have bit 30 in their numbers (x32), and those of the same architecture. */
static unsigned int abis_with_bit(void)
{
	unsigned int i, set = 0;

	for (i = 0; i < BPF_ABIS; i++)
		set |= bpf_abis[i].nr_bit ? 1u << i : 0;
	return set;
}

static unsigned int abis_of_arch(uint32_t arch)
{
	unsigned int i, set = 0;

	for (i = 0; i < BPF_ABIS; i++)
		set |= bpf_abis[i].arch == arch ? 1u << i : 0;
	return set;
}

/* Those that lack the bit though another of their architecture has it: x86_64. */
static unsigned int abis_told_by_bit(void)
{
	unsigned int i, set = 0;

	for (i = 0; i < BPF_ABIS; i++)
		set |= bpf_abis[i].nr_bit ? abis_of_arch(bpf_abis[i].arch) : 0;
	return set & ~abis_with_bit();
}

static bool only_with_bit(const struct bpf_known *know)
{
	return know->abis && !(know->abis & ~abis_with_bit());
}

static void at_least(struct bpf_known *know, uint32_t nr)
{
	if (know->lo < nr)
		know->lo = nr;
}

static void at_most(struct bpf_known *know, uint32_t nr)
{
	if (know->hi > nr)
		know->hi = nr;
}

/* A, the whole number, is >= K (or, not YES, below it). */
static void learn_order(struct bpf_known *know, uint64_t k, bool yes)
{
	const uint32_t bare = (uint32_t)k & ~BPF_X32_BIT;

	if (yes && k >= BPF_X32_BIT) {
		know->abis &= ~abis_told_by_bit();
		if (only_with_bit(know) && k < 2 * BPF_X32_BIT)
			at_least(know, bare);
	} else if (yes) {
		if (!(know->abis & abis_with_bit()))
			at_least(know, (uint32_t)k);
	} else if (k <= BPF_X32_BIT && k) {
		know->abis &= ~abis_with_bit();
		at_most(know, (uint32_t)k - 1);
	} else if (k && only_with_bit(know) && k < 2 * BPF_X32_BIT) {
		at_most(know, bare - 1);
	}
}

/* A, the whole number, is K (or is not). */
static void learn_equal(struct bpf_known *know, uint32_t k, bool yes)
{
	const uint32_t bare = k & ~BPF_X32_BIT;

	if (yes) {
		know->abis &= k & BPF_X32_BIT ? ~abis_told_by_bit() : ~abis_with_bit();
		if (!(k & BPF_X32_BIT) || only_with_bit(know)) {
			at_least(know, bare);
			at_most(know, bare);
		}
		return;
	}
	/* Not K is news only where the bit is as K has it for sure. */
	if (k & BPF_X32_BIT ? !only_with_bit(know) : (know->abis & abis_with_bit()) != 0)
		return;
	if (know->lo == bare && know->lo < know->hi)
		know->lo++;
	else if (know->hi == bare && know->lo < know->hi)
		know->hi--;
}

/* A, the number without x32's bit, compares with K so. */
static void learn_bare(struct bpf_known *know, uint16_t op, uint32_t k, bool yes)
{
	if (op == BPF_JEQ && yes) {
		at_least(know, k);
		at_most(know, k);
	} else if (op == BPF_JGE && yes) {
		at_least(know, k);
	} else if (op == BPF_JGE && k) {
		at_most(know, k - 1);
	} else if (op == BPF_JGT && yes && k < UINT32_MAX) {
		at_least(know, k + 1);
	} else if (op == BPF_JGT) {
		at_most(know, k);
	}
}

/* What KNOW becomes where the jump INSN is taken (YES), or not. */
static void learn(struct bpf_known *know, const struct sock_filter *insn, bool yes)
{
	const uint16_t op = BPF_OP(insn->code);
	const bool whole = know->mask == UINT32_MAX;

	if (BPF_SRC(insn->code) == BPF_X)
		return;
	if (know->word == BPF_WORD_ARCH && whole && op == BPF_JEQ) {
		know->abis &= yes ? abis_of_arch(insn->k) : ~abis_of_arch(insn->k);
	} else if (know->word == BPF_WORD_NR && know->mask == ~BPF_X32_BIT) {
		learn_bare(know, op, insn->k, yes);
	} else if (know->word == BPF_WORD_NR && whole) {
		if (op == BPF_JEQ)
			learn_equal(know, insn->k, yes);
		else if (op == BPF_JGE)
			learn_order(know, insn->k, yes);
		else if (op == BPF_JGT)
			learn_order(know, insn->k + 1ull, yes);
		else if (insn->k == BPF_X32_BIT)
			know->abis &= yes ? ~abis_told_by_bit() : ~abis_with_bit();
	}
	if (know->lo == know->hi)
		know->call = bpf_call_of(know->abis, know->lo);
}

const struct bpf_syscall *bpf_call_of(unsigned int abis, uint32_t nr)
{
	const struct bpf_syscall *call = NULL, *other;
	unsigned int i;

	for (i = 0; i < BPF_ABIS; i++) {
		if (!(abis & 1u << i))
			continue;
		other = bpf_syscall_nr((enum bpf_abi_id)i, nr);
		if (!other || (call && call != other))
			return NULL;
		call = other;
	}
	return call;
}

/* What A holds after INSN. */
static void execute(struct bpf_known *know, const struct sock_filter *insn)
{
	const struct bpf_opcode *op = bpf_opcode(insn->code);

	know->steps++;
	if (!op || !(op->flags & BPF_WRITES_A))
		return;
	if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		know->mask &= insn->k;
		return;
	}
	know->word = BPF_NOWHERE;
	know->mask = UINT32_MAX;
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k < sizeof(struct seccomp_data))
		know->word = (unsigned char)insn->k;
}

/* Does A hold the number without x32's bit: taken off, or not there? */
static bool holds_bare(const struct bpf_known *know)
{
	if (know->word != BPF_WORD_NR)
		return false;
	return know->mask == ~BPF_X32_BIT ||
	       (know->mask == UINT32_MAX && !(know->abis & abis_with_bit()) &&
		know->hi < BPF_X32_BIT);
}

/* Another way to AT: keep what holds on both. */
static void meet(struct bpf_known *at, const struct bpf_known *know)
{
	if (!at->reached) {
		*at = *know;
		return;
	}
	if (at->word != know->word || at->mask != know->mask) {
		if (holds_bare(at) && holds_bare(know))
			at->mask = ~BPF_X32_BIT;
		else
			at->word = BPF_NOWHERE;
	}
	if (at->call != know->call)
		at->call = NULL;
	at->abis |= know->abis;
	if (at->lo > know->lo)
		at->lo = know->lo;
	if (at->hi < know->hi)
		at->hi = know->hi;
	if (at->steps < know->steps)
		at->steps = know->steps;
}

unsigned int bpf_analyse(const struct bpf_prog *prog, struct bpf_known *at)
{
	const struct bpf_opcode *op;
	unsigned int pc, longest = 0;
	struct bpf_known know, no;

	if (!prog->len)
		return 0;
	memset(at, 0, prog->len * sizeof(*at));
	at[0] = (struct bpf_known){ .reached = true,
				    .word = BPF_NOWHERE,
				    .mask = ~0u,
				    .abis = (1u << BPF_ABIS) - 1,
				    .hi = ~0u };
	for (pc = 0; pc < prog->len; pc++) {
		const struct sock_filter *insn = &prog->insn[pc];
		unsigned long t, f; /* where it goes on */

		op = bpf_opcode(insn->code);
		if (!at[pc].reached || !op)
			continue;
		know = no = at[pc];
		execute(&know, insn);
		execute(&no, insn);
		if (op->flags & BPF_ENDS) {
			longest = know.steps > longest ? know.steps : longest;
			continue;
		}
		t = f = pc + 1ul;
		if (op->operand == BPF_OP_JUMP) {
			t = f = t + insn->k;
		} else if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X) {
			t += insn->jt;
			f += insn->jf;
			learn(&know, insn, true);
			learn(&no, insn, false);
		}
		if (t < prog->len)
			meet(&at[t], &know);
		if (f < prog->len)
			meet(&at[f], &no);
	}
	return longest;
}
