/* SPDX-License-Identifier: MIT */
/*
 * The assembler: labels, distances, "ja"s where a byte does not reach, refusals.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define LD_NR	     (BPF_LD | BPF_W | BPF_ABS)
#define LD_K	     (BPF_LD | BPF_IMM)
#define JEQ	     (BPF_JMP | BPF_JEQ | BPF_K)
#define JA	     (BPF_JMP | BPF_JA)
#define RET	     (BPF_RET | BPF_K)

/* Large, so not on the stack; every test is a process of its own. */
static struct bpf_asm as;
static struct bpf_prog prog;

static void emit_many(unsigned int n)
{
	while (n--)
		bpf_emit(&as, LD_K, n);
}

TEST(labels_become_distances)
{
	static const struct sock_filter expected[] = {
		BPF_STMT(LD_NR, 0), BPF_JUMP(JEQ, 41, 0, 3), BPF_JUMP(JEQ, 42, 1, 0),
		BPF_STMT(JA, 1),    BPF_STMT(RET, 1),	     BPF_STMT(RET, 2),
	};
	int one, two;

	bpf_asm_init(&as);
	one = bpf_label(&as);
	two = bpf_label(&as);
	bpf_emit(&as, LD_NR, BPF_WORD_NR);
	bpf_jump(&as, JEQ, 41, BPF_NEXT, two);
	bpf_jump(&as, JEQ, 42, one, BPF_NEXT);
	bpf_goto(&as, two);
	bpf_place_label(&as, one);
	bpf_emit(&as, RET, 1);
	bpf_place_label(&as, two);
	bpf_emit(&as, RET, 2);

	ASSERT_EQ(0, bpf_asm_finish(&as, &prog, NULL));
	ASSERT_EQ(COUNT(expected), prog.len);
	EXPECT_EQ(0, memcmp(prog.insn, expected, sizeof(expected)));
	EXPECT_EQ(0, bpf_check(prog.insn, prog.len, NULL));
}

/* jeq to labels AWAY_T and AWAY_F instructions behind it. */
static void far_jump(unsigned int away_t, unsigned int away_f)
{
	int t, f;

	bpf_asm_init(&as);
	t = bpf_label(&as);
	f = bpf_label(&as);
	bpf_emit(&as, LD_NR, BPF_WORD_NR);
	as.origin = 7;
	bpf_jump(&as, JEQ, 1, t, f);
	as.origin = 0;
	emit_many(away_t < away_f ? away_t : away_f);
	bpf_place_label(&as, away_t < away_f ? t : f);
	emit_many(away_t < away_f ? away_f - away_t : away_t - away_f);
	bpf_place_label(&as, away_t < away_f ? f : t);
	bpf_emit(&as, RET, SECCOMP_RET_ALLOW);
}

TEST(a_distance_of_256_takes_a_ja)
{
	static const struct {
		unsigned int t, f; /* distances asked for */
		unsigned int jas;
		unsigned char jt, jf;
	} rows[] = {
		{ 0, 0, 0, 0, 0 },
		{ 255, 0, 0, 255, 0 },
		{ 0, 255, 0, 0, 255 },
		{ 255, 255, 0, 255, 255 },
		{ 256, 0, 1, 0, 1 },
		{ 0, 256, 1, 1, 0 },
		{ 256, 10, 1, 0, 11 },
		{ 10, 256, 1, 11, 0 },
		{ 256, 300, 2, 0, 1 },
		{ 3000, 2000, 2, 0, 1 },
		/* The "ja" for one side pushes the other out of reach. */
		{ 256, 255, 2, 0, 1 },
		{ 255, 256, 2, 0, 1 },
		{ 254, 256, 1, 255, 0 },
	};
	const struct sock_filter *insn = &prog.insn[1];
	unsigned int more;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		far_jump(rows[i].t, rows[i].f);
		ASSERT_EQ(0, bpf_asm_finish(&as, &prog, NULL));
		more = rows[i].t > rows[i].f ? rows[i].t : rows[i].f;
		EXPECT_EQ(3 + more + rows[i].jas, prog.len);
		EXPECT_EQ(rows[i].jt, insn[0].jt);
		EXPECT_EQ(rows[i].jf, insn[0].jf);
		EXPECT_EQ(0, bpf_check(prog.insn, prog.len, NULL));
		if (rows[i].jas == 2) {
			EXPECT_EQ(JA, insn[1].code);
			EXPECT_EQ(JA, insn[2].code);
			EXPECT_EQ(rows[i].t + 1, insn[1].k);
			EXPECT_EQ(rows[i].f, insn[2].k);
			EXPECT_EQ(7, prog.origin[2]); /* a "ja" is for its jump's rule */
			EXPECT_EQ(7, prog.origin[3]);
		}
		EXPECT_EQ(7, prog.origin[1]);
		EXPECT_EQ(0, prog.origin[prog.len - 1]);
	}
}

/* ---- random programs, run as they were asked for and as they were assembled ---- */

/* Labels without distances: what the assembled program has to do. */
static uint32_t run_as_asked(uint32_t nr)
{
	const struct bpf_asm_insn *insn;
	unsigned int i = 0;
	uint32_t a = 0;
	int label;

	while (i < as.len) {
		insn = &as.insn[i];
		label = insn->jt;
		if (insn->code == RET)
			return insn->k;
		if (insn->code == LD_NR)
			a = nr;
		else if (insn->code == LD_K)
			a = insn->k;
		if ((insn->code == JEQ && a != insn->k) ||
		    (insn->code == (BPF_JMP | BPF_JSET | BPF_K) && !(a & insn->k)))
			label = insn->jf;
		i = label == BPF_NEXT ? i + 1 : (unsigned int)as.at[label];
	}
	return 0;
}

static unsigned int below(uint64_t *state, unsigned int n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(*state >> 33) % n;
}

/* LEN instructions, a label before each, jumps up to SPAN ahead. */
static void random_program(uint64_t seed, unsigned int len, unsigned int span)
{
	unsigned int i, room;
	int t, f;

	bpf_asm_init(&as);
	for (i = 0; i < len; i++)
		bpf_label(&as);
	for (i = 0; i < len; i++) {
		bpf_place_label(&as, (int)i);
		room = len - 1 - i < span ? len - 1 - i : span;
		if (!room || below(&seed, 20) == 0) {
			bpf_emit(&as, RET, i);
			continue;
		}
		t = (int)(i + 1 + below(&seed, room));
		f = (int)(i + 1 + below(&seed, room));
		switch (below(&seed, 8)) {
		case 0:
			bpf_emit(&as, LD_NR, BPF_WORD_NR);
			break;
		case 1:
			bpf_goto(&as, below(&seed, 4) ? t : BPF_NEXT);
			break;
		case 2:
			bpf_jump(&as, JEQ, below(&seed, 16), t, f);
			break;
		default:
			bpf_jump(&as, BPF_JMP | BPF_JSET | BPF_K, 1u << below(&seed, 10),
				 below(&seed, 4) ? t : BPF_NEXT, below(&seed, 4) ? f : BPF_NEXT);
		}
	}
}

TEST(assembled_programs_do_what_was_asked)
{
	static const unsigned int spans[] = { 3, 200, 254, 255, 256, 257, 300, 1000 };
	unsigned int seed, nr, longer = 0;
	struct seccomp_data data = { 0 };
	size_t i;

	for (i = 0; i < COUNT(spans); i++) {
		for (seed = 0; seed < 20; seed++) {
			random_program(seed, 1200, spans[i]);
			ASSERT_EQ(0, bpf_asm_finish(&as, &prog, NULL));
			ASSERT_EQ(0, bpf_check(prog.insn, prog.len, NULL));
			longer += prog.len > as.len;
			for (nr = 0; nr < 1024; nr++) {
				data.nr = (int)nr;
				ASSERT_EQ(run_as_asked(nr),
					  bpf_run(prog.insn, prog.len, &data, NULL))
				{
					TH_LOG("span %u, seed %u, nr %u", spans[i], seed, nr);
				}
			}
		}
	}
	EXPECT_LT(40u, longer); /* with "ja"s, or nothing was tested */
}

/* ---- refusals ---- */

static void no_instruction(void)
{
}

static void one_ret(void)
{
	bpf_emit(&as, RET, 0);
}

static void falls_off(void)
{
	bpf_emit(&as, LD_K, 0);
}

static void jump_falls_off(void)
{
	int label = bpf_label(&as);

	bpf_jump(&as, JEQ, 0, label, BPF_NEXT);
	bpf_place_label(&as, label);
}

static void goto_end(void)
{
	int label = bpf_label(&as);

	bpf_goto(&as, label);
	bpf_emit(&as, RET, 0);
	bpf_place_label(&as, label);
}

static void unplaced(void)
{
	bpf_jump(&as, JEQ, 0, bpf_label(&as), BPF_NEXT);
	bpf_emit(&as, RET, 0);
}

static void placed_twice(void)
{
	int label = bpf_label(&as);

	bpf_place_label(&as, label);
	bpf_emit(&as, RET, 0);
	bpf_place_label(&as, label);
}

static void backwards(void)
{
	int label = bpf_label(&as);

	bpf_emit(&as, LD_K, 0);
	bpf_place_label(&as, label);
	bpf_jump(&as, JEQ, 0, label, BPF_NEXT);
	bpf_emit(&as, RET, 0);
}

static void no_such_label(void)
{
	bpf_jump(&as, JEQ, 0, 5, BPF_NEXT);
	bpf_emit(&as, RET, 0);
}

static void place_no_label(void)
{
	bpf_place_label(&as, 3);
	bpf_emit(&as, RET, 0);
}

static void unused_label(void)
{
	bpf_label(&as);
	bpf_emit(&as, RET, 0);
	bpf_place_label(&as, bpf_label(&as)); /* at the end, but nobody goes there */
}

static void jump_as_statement(void)
{
	bpf_emit(&as, JEQ, 0);
	bpf_emit(&as, RET, 0);
}

static void statement_as_jump(void)
{
	bpf_jump(&as, LD_K, 0, BPF_NEXT, BPF_NEXT);
	bpf_emit(&as, RET, 0);
}

static void no_such_code(void)
{
	bpf_emit(&as, 0xffff, 0);
	bpf_emit(&as, RET, 0);
}

static void full(void)
{
	emit_many(BPF_MAXINSNS - 1);
	bpf_emit(&as, RET, 0);
}

static void too_full(void)
{
	emit_many(BPF_MAXINSNS);
	bpf_emit(&as, RET, 0);
}

static void full_by_ja(void)
{
	int label = bpf_label(&as);

	bpf_jump(&as, JEQ, 0, label, BPF_NEXT);
	emit_many(BPF_MAXINSNS - 3);
	bpf_place_label(&as, label);
	bpf_emit(&as, RET, 0);
}

static void too_full_by_ja(void)
{
	int label = bpf_label(&as);

	bpf_jump(&as, JEQ, 0, label, BPF_NEXT);
	emit_many(BPF_MAXINSNS - 2);
	bpf_place_label(&as, label);
	bpf_emit(&as, RET, 0);
}

static void too_many_labels(void)
{
	unsigned int i;

	for (i = 0; i <= BPF_MAXLABELS; i++)
		bpf_label(&as);
	bpf_emit(&as, RET, 0);
}

TEST(what_cannot_be_assembled_is_refused)
{
	static const struct {
		void (*build)(void);
		int ret;
		const char *says;
	} rows[] = {
		{ no_instruction, -EINVAL, "empty" },
		{ one_ret, 0, "" },
		{ falls_off, -EINVAL, "past the end" },
		{ jump_falls_off, -EINVAL, "past the end" },
		{ goto_end, -EINVAL, "past the end" },
		{ unused_label, 0, "" },
		{ unplaced, -EINVAL, "nowhere" },
		{ placed_twice, -EINVAL, "twice" },
		{ backwards, -EINVAL, "back to 1" },
		{ no_such_label, -EINVAL, "no label 5" },
		{ place_no_label, -EINVAL, "label" },
		{ jump_as_statement, -EINVAL, "instruction" },
		{ statement_as_jump, -EINVAL, "instruction" },
		{ no_such_code, -EINVAL, "instruction" },
		{ full, 0, "" },
		{ too_full, -E2BIG, "4096" },
		{ full_by_ja, 0, "" },
		{ too_full_by_ja, -E2BIG, "4097" },
		{ too_many_labels, -E2BIG, "labels" },
	};
	struct bpf_error err;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		memset(&err, 0, sizeof(err));
		bpf_asm_init(&as);
		rows[i].build();
		EXPECT_EQ(rows[i].ret, bpf_asm_finish(&as, &prog, &err))
		{
			TH_LOG("row %zu: %s", i, err.text);
		}
		EXPECT_NE(NULL, strstr(err.text, rows[i].says))
		{
			TH_LOG("row %zu: %s", i, err.text);
		}
	}
}

TEST_HARNESS_MAIN
