/* SPDX-License-Identifier: MIT */
/*
 * What sbpf says of a program without running it, against running it: random programs, and
 * those of random policies.
 */
#include "bpf/sbpf/sbpf.h"

#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

static char memory[64 << 20], policy_memory[8 << 20];
static struct job job;
static struct bpf_prog prog;

static void start(void)
{
	job.arena = (struct bpf_arena){ .base = memory, .size = sizeof(memory) };
}

/* A program that the kernel would take: it looks at nr, arch and arguments, and computes. */
static void random_program(void)
{
	unsigned int i, len;

	do {
		len = 2 + random_below(30);
		memset(&prog, 0, sizeof(prog));
		for (i = 0; i + 1 < len; i++) {
			const struct bpf_opcode *op =
				&bpf_opcodes[random_below((unsigned int)bpf_nopcodes)];
			struct sock_filter *insn = &prog.insn[i];

			insn->code = op->code;
			insn->k = (uint32_t)random_number(32) % 100;
			if (op->operand == BPF_OP_ABS)
				insn->k = 4 * random_below(8);
			if (op->operand == BPF_OP_JUMP)
				insn->k = random_below(len - i - 1);
			if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X) {
				insn->jt = (unsigned char)random_below(len - i - 1);
				insn->jf = (unsigned char)random_below(len - i - 1);
			}
		}
		prog.insn[i].code = BPF_RET | BPF_K;
		prog.insn[i].k = random_below(2) ? SECCOMP_RET_ALLOW : 0;
		prog.len = len;
	} while (bpf_check(prog.insn, prog.len, NULL) < 0);
}

/* Is what DATA gives among what may be, by a way that is neither too long nor too short? */
static bool is_foreseen(const struct explored *all, const struct seccomp_data *data)
{
	unsigned int i, steps;
	uint32_t action = bpf_run(prog.insn, prog.len, data, &steps);
	bool found = all->computed || all->nactions == MAX_OUTCOMES;

	for (i = 0; i < all->nactions; i++)
		found |= all->actions[i] == action;
	/* Division by an X of zero ends it anywhere. */
	for (i = 0; i < prog.len; i++) {
		if (prog.insn[i].code == (BPF_ALU | BPF_DIV | BPF_X))
			return true;
	}
	return found && steps >= all->best && steps <= all->worst;
}

static void random_input(struct seccomp_data *data, enum bpf_abi_id *abi, uint32_t *nr)
{
	unsigned int i;

	*abi = random_below(3) ? BPF_X86_64 : (enum bpf_abi_id)random_below(BPF_ABIS);
	*nr = random_below(3) ? random_below(100) : random_below(500);
	memset(data, 0, sizeof(*data));
	data->arch = bpf_abis[*abi].arch;
	data->nr = (int)(*nr | bpf_abis[*abi].nr_bit);
	for (i = 0; i < 6; i++)
		data->args[i] = random_number(random_below(2) ? 8 : 64);
}

/* The average length of a way is how likely each instruction is, summed up. */
static bool adds_up(const struct explorer *ex, const struct explored *all)
{
	double sum = 0;
	unsigned int pc;

	for (pc = 0; pc < prog.len; pc++)
		sum += explored_odds(ex, pc);
	return explored_odds(ex, 0) == 1 && sum > all->even - 1e-6 && sum < all->even + 1e-6;
}

static bool agrees(struct explorer *ex)
{
	struct explored all;
	struct emulated em;
	struct seccomp_data data;
	enum bpf_abi_id abi;
	uint32_t nr;
	bool cached;

	random_input(&data, &abi, &nr);
	explore(ex, abi, nr, &all, NULL);
	if (!adds_up(ex, &all))
		return false;
	emulate(&prog, abi, nr, &em);
	cached = bpf_is_cached(prog.insn, prog.len, data.arch, nr) && !bpf_abis[abi].nr_bit;
	return is_foreseen(&all, &data) && em.cached == cached && (!em.cached || must_pass(&all));
}

TEST(random_programs)
{
	unsigned int i, j;

	for (i = 0; i < 1000; i++) {
		start();
		random_program();
		struct explorer *ex = explorer_new(&job, &prog);

		for (j = 0; j < 20; j++)
			ASSERT_TRUE(agrees(ex))
			{
				bpf_text_write(stderr, &prog);
			}
	}
}

TEST(random_policies)
{
	struct bpf_arena arena = { .base = policy_memory, .size = sizeof(policy_memory) };
	struct bpf_policy policy;
	unsigned int i, j, done = 0;

	for (i = 0; i < 60; i++) {
		start();
		random_policy(&policy, &arena);
		if (bpf_compile(&policy, &prog, NULL) < 0)
			continue;
		struct explorer *ex = explorer_new(&job, &prog);

		for (j = 0; j < 200; j++)
			ASSERT_TRUE(agrees(ex));
		done++;
	}
	EXPECT_LT(30, done);
}

/* A neighbour has the outcome that was asked for, and is the same call. */
TEST(neighbours)
{
	struct bpf_arena arena = { .base = policy_memory, .size = sizeof(policy_memory) };
	struct seccomp_data data, other;
	struct bpf_policy policy;
	unsigned int i, j, found = 0;
	bool pass;

	for (i = 0; i < 60; i++) {
		random_policy(&policy, &arena);
		if (bpf_compile(&policy, &prog, NULL) < 0)
			continue;
		for (j = 0; j < 20; j++) {
			start();
			random_data(&policy, &data);
			pass = is_let_through(bpf_run(prog.insn, prog.len, &data, NULL));
			other = data;
			if (!flip(&job, &prog, &other, !pass))
				continue;
			found++;
			ASSERT_EQ(!pass,
				  is_let_through(bpf_run(prog.insn, prog.len, &other, NULL)));
			ASSERT_EQ(data.nr, other.nr);
			ASSERT_EQ(data.arch, other.arch);
		}
	}
	EXPECT_LT(100, found);
}

/* By the rules of bpf_convert_filter(), one instruction at a time. */
TEST(translation)
{
	static const struct {
		struct sock_filter insn;
		unsigned int len;
	} rows[] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), 1 },
		{ BPF_STMT(BPF_RET | BPF_K, 0), 2 },
		{ BPF_STMT(BPF_RET | BPF_A, 0), 1 },
		{ BPF_STMT(BPF_JMP | BPF_JA, 0), 1 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 5, 0), 1 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 5), 1 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 5, 6), 2 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x80000000, 0, 5), 2 },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x80000000, 5, 6), 3 },
		{ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 5, 0), 1 },
		{ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 5), 2 },
		{ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 5, 6), 2 },
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), 5 },
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 3), 1 },
		{ BPF_STMT(BPF_ST, 3), 1 },
		{ BPF_STMT(BPF_MISC | BPF_TAX, 0), 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_EQ(rows[i].len, translated_insn(&rows[i].insn))
		{
			TH_LOG("row %zu", i);
		}
	prog.len = 2;
	prog.insn[0] = rows[0].insn;
	prog.insn[1] = rows[1].insn;
	EXPECT_EQ(3 + 1 + 2, translated_length(&prog));
}

TEST_HARNESS_MAIN
