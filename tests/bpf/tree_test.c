/* SPDX-License-Identifier: MIT */
/*
 * tree.c and order.c by themselves: the tests decide as the line says, there are no fewer that
 * could, and nothing is asked that is known.
 */
#include "bpf/internal.h"

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define MAX_LEN 40
#define VALUES	400

static char memory[8 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_graph graph;
static struct bpf_piece pieces[MAX_LEN];

static struct bpf_node *action(unsigned int i)
{
	return bpf_node_action(&graph, SECCOMP_RET_ERRNO | i);
}

static bool outcome(const struct bpf_node *test, const uint32_t words[16])
{
	const uint32_t a = words[test->word / 4] & test->mask;

	switch (BPF_OP(test->code)) {
	case BPF_JEQ:
		return a == test->k;
	case BPF_JGE:
		return a >= test->k;
	case BPF_JGT:
		return a > test->k;
	default:
		return a & test->k;
	}
}

/* What NODE decides when the words are as WORDS say, and how many tests that took. */
static const struct bpf_node *decide(const struct bpf_node *node, const uint32_t words[16],
				     unsigned int *tests)
{
	for (*tests = 0; !bpf_is_action(node); ++*tests)
		node = outcome(node, words) ? node->yes : node->no;
	return node;
}

static void new_graph(enum bpf_optimize how)
{
	arena.used = 0;
	bpf_graph_init(&graph, &arena, how);
}

/* Half of the pieces are single numbers, most alternate between two actions. */
static void random_line(struct bpf_line *line, enum bpf_optimize how)
{
	uint32_t start = 0;
	unsigned int i, n = 2 + random_below(MAX_LEN - 2);

	new_graph(how);
	*line = (struct bpf_line){
		.word = BPF_WORD_NR, .mask = UINT32_MAX, .end = UINT32_MAX, .pieces = pieces
	};
	line->price = how == BPF_FOR_SIZE ? 8 * BPF_STEP : BPF_STEP / 64;
	for (i = 0; i < n; i++) {
		bpf_line_add(line, start, action(random_below(8) ? i % 2 : random_below(5)), 0);
		start += random_below(2) ? 1 : 1 + random_below(8);
	}
	for (i = 0; i < line->len; i++)
		line->pieces[i].weight = (int32_t)random_below(BPF_STEP / MAX_LEN);
}

static const struct bpf_node *piece_of(const struct bpf_line *line, uint32_t value, int32_t *weight)
{
	size_t i = line->len - 1;

	while (line->pieces[i].start > value)
		i--;
	*weight = line->pieces[i].start == value ? line->pieces[i].weight : 0;
	return line->pieces[i].node;
}

static unsigned int count_tests(struct bpf_node *root)
{
	struct bpf_node *node;
	unsigned int n = 0;

	for (node = bpf_graph_walk(&graph, root); node; node = node->next)
		n += !bpf_is_action(node);
	return n;
}

/*
 * The least number of tests, found in another way: from left to right, a single number is either
 * asked for, at one test, or belongs to the line; and the line costs one test where it changes.
 */
static unsigned int least_tests(const struct bpf_line *line)
{
	unsigned int with[6], next[6]; /* by what the line has last; 5: nothing yet */
	unsigned int i, j, kind, least;

	for (j = 0; j < 6; j++)
		with[j] = j == 5 ? 0 : 1000;
	for (i = 0; i < line->len; i++) {
		const bool single = i + 1 < line->len &&
				    line->pieces[i + 1].start == line->pieces[i].start + 1;

		kind = line->pieces[i].node->k & SECCOMP_RET_DATA;
		for (j = 0; j < 6; j++)
			next[j] = single ? with[j] + 1 : 1000;
		for (j = 0; j < 6; j++) {
			least = with[j] + (j != kind && j != 5);
			if (least < next[kind])
				next[kind] = least;
		}
		memcpy(with, next, sizeof(with));
	}
	for (least = 1000, j = 0; j < 6; j++)
		least = with[j] < least ? with[j] : least;
	return least;
}

TEST(as_the_line_says_and_no_longer)
{
	unsigned int round, tests, saved = 0;
	struct bpf_line line;
	struct bpf_node *node;
	uint32_t words[16] = { 0 };
	int32_t weight;

	for (round = 0; round < 1500; round++) {
		random_line(&line, BPF_FOR_SIZE);
		node = bpf_tree(&graph, &line);
		ASSERT_NE(NULL, node);
		for (words[0] = 0; words[0] < VALUES; words[0]++)
			ASSERT_EQ(piece_of(&line, words[0], &weight), decide(node, words, &tests));
		ASSERT_EQ(least_tests(&line), count_tests(node));
		saved += (unsigned int)line.len - 1 - count_tests(node);
	}
	EXPECT_GT(saved, round);
}

/* The tests for all numbers, each times its weight; and the price of the program. */
static double cost(const struct bpf_line *line, struct bpf_node *node)
{
	double sum = (double)count_tests(node) * line->price;
	uint32_t words[16] = { 0 };
	unsigned int tests;
	int32_t weight;

	for (; words[0] < VALUES; words[0]++) {
		piece_of(line, words[0], &weight);
		decide(node, words, &tests);
		sum += (double)tests * weight;
	}
	return sum;
}

/* A tree that is made without thought: it cannot be the cheaper one. */
static struct bpf_node *random_tree(const struct bpf_line *line, size_t first, size_t last)
{
	struct bpf_test test = { BPF_JGE, line->word, line->mask, 0 };
	struct bpf_node *low;
	size_t m;

	if (first == last)
		return line->pieces[first].node;
	m = first + 1 + random_below((unsigned int)(last - first));
	if (random_below(2))
		m = first + (last - first + 1) / 2;
	low = random_tree(line, first, m - 1);
	test.k = line->pieces[m].start;
	return bpf_node_test(&graph, test, random_tree(line, m, last), low);
}

TEST(cheapest)
{
	unsigned int round, i;
	struct bpf_line line;
	struct bpf_node *node;
	double least;

	for (round = 0; round < 300; round++) {
		random_line(&line, BPF_FOR_HIST);
		node = bpf_tree(&graph, &line);
		least = cost(&line, node);
		for (i = 0; i < 20; i++)
			ASSERT_LE(least, cost(&line, random_tree(&line, 0, line.len - 1)));
	}
}

/* Few numbers with most of the weight: those are asked for first, and then belong to others. */
TEST(heavy_first)
{
	struct bpf_line line, rest;
	struct bpf_heavy heavy;
	struct bpf_node *node;
	uint32_t words[16] = { 0 };
	unsigned int round, i, tests, some = 0;
	int32_t weight;

	for (round = 0; round < 300; round++) {
		random_line(&line, BPF_FOR_CACHE);
		for (i = 0; i < line.len; i++)
			line.pieces[i].weight = random_below(10) ? BPF_STEP / 1000 : BPF_STEP / 4;
		rest = line;
		ASSERT_EQ(0, bpf_take_heavy(&graph, &rest, &heavy));
		node = bpf_test_heavy(&graph, &line, &heavy, bpf_tree(&graph, &rest));
		for (words[0] = 0; words[0] < VALUES; words[0]++)
			ASSERT_EQ(piece_of(&line, words[0], &weight), decide(node, words, &tests));
		for (i = 0; i < heavy.len; i++) {
			words[0] = heavy.pieces[i].start;
			decide(node, words, &tests);
			ASSERT_EQ(i + 1, tests);
		}
		some += heavy.len > 1;
	}
	EXPECT_GT(some, 20);
}

/* ---- order ---- */

#define ARG(i) (offsetof(struct seccomp_data, args) + 4 * (i)) /* a half of an argument */

static struct bpf_node *random_graph(unsigned int depth)
{
	static const uint32_t masks[] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, 0xf0, 0x3c };
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET };
	struct bpf_test test;

	if (depth == 0 || random_below(8) == 0)
		return action(random_below(3));
	test.op = ops[random_below(4)];
	test.word = (uint32_t)ARG(random_below(3));
	test.mask = masks[random_below(5)];
	test.k = random_below(256);
	return bpf_node_test(&graph, test, random_graph(depth - 1), random_graph(depth - 1));
}

/* Is some test of a whole word, on the way of WORDS, one whose outcome an earlier one has told? */
static bool asks_twice(const struct bpf_node *node, const uint32_t words[16])
{
	uint32_t lo[16] = { 0 }, hi[16];
	bool yes, equal;

	memset(hi, 0xff, sizeof(hi));
	for (; !bpf_is_action(node); node = yes ? node->yes : node->no) {
		const unsigned int i = node->word / 4;

		yes = outcome(node, words);
		equal = BPF_OP(node->code) == BPF_JEQ;
		if (node->mask != UINT32_MAX || BPF_OP(node->code) == BPF_JSET)
			continue;
		if (lo[i] == hi[i] || node->k > hi[i] || node->k < lo[i])
			return true;
		if (!equal && node->k == lo[i])
			return true;
		if (equal && yes)
			lo[i] = hi[i] = node->k;
		else if (yes)
			lo[i] = node->k;
		else if (!equal)
			hi[i] = node->k - 1;
	}
	return false;
}

TEST(each_word_once)
{
	struct bpf_node *node, *ordered;
	unsigned int round, i, j, tests, twice = 0, too_large = 0;
	uint32_t words[16] = { 0 };

	for (round = 0; round < 1000; round++) {
		new_graph(round % 2 ? BPF_FOR_CACHE : BPF_FOR_SIZE);
		node = random_graph(1 + random_below(7));
		ordered = bpf_order(&graph, node);
		too_large += graph.spare == 0;
		for (i = 0; i < 200; i++) {
			for (j = 0; j < 3; j++)
				words[ARG(j) / 4] = random_below(5) ? random_below(260) :
								      (uint32_t)random64();
			ASSERT_EQ(decide(node, words, &tests), decide(ordered, words, &tests));
			ASSERT_TRUE(graph.spare == 0 || !asks_twice(ordered, words));
			twice += asks_twice(node, words);
		}
	}
	EXPECT_GT(twice, 1000); /* there was something to do */
	EXPECT_LT(too_large, round / 20);
}

/* What would become too large is left alone. */
TEST(gives_up)
{
	struct bpf_node *node, *ordered;
	struct bpf_test test = { BPF_JSET, 0, UINT32_MAX, 0 };
	uint32_t words[16] = { 0 };
	unsigned int i, tests;

	new_graph(BPF_FOR_CACHE);
	node = action(1);
	for (i = 0; i < 24; i++) { /* the same bit of both halves, or the next */
		test.k = 1u << i;
		test.word = (uint32_t)ARG(1);
		ordered = bpf_node_test(&graph, test, action(2), node);
		test.word = (uint32_t)ARG(0);
		node = bpf_node_test(&graph, test, ordered, node);
	}
	ordered = bpf_order(&graph, node);
	ASSERT_NE(NULL, ordered);
	EXPECT_EQ(0, graph.spare);
	for (i = 0; i < 1000; i++) {
		words[ARG(0) / 4] = (uint32_t)(random64() & random64());
		words[ARG(1) / 4] = (uint32_t)(random64() & random64());
		ASSERT_EQ(decide(node, words, &tests), decide(ordered, words, &tests));
	}
	EXPECT_LT(bpf_graph_size(&graph, ordered).insns, 200);
}

TEST_HARNESS_MAIN
