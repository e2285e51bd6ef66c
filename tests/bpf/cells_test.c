/* SPDX-License-Identifier: MIT */
/*
 * cells.c against brute force: for questions about 12 bits, all 4096 values are tried, and the
 * lists of answers that they give must be those of the cells, each once.
 */
#include "bpf/internal.h"

#include <errno.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define BITS  12
#define MAX_N 7

static unsigned char answers[2][1 << 16];
static uint64_t values[2][4096];
static uint32_t slots[16384];

static void make_cells(struct bpf_cells *cells)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cells->answers[i] = answers[i];
		cells->values[i] = values[i];
	}
	cells->slots = slots;
	cells->space = sizeof(answers[0]);
	cells->max = 4096;
	cells->nslots = 16384;
}

/* The answers of X as a number in base 3. */
static unsigned int answers_of(const struct bpf_atom *atoms, unsigned int n, uint64_t x)
{
	unsigned int code = 0;
	unsigned int i;
	uint64_t masked;

	for (i = 0; i < n; i++) {
		masked = x & atoms[i].mask;
		code *= 3;
		if (masked != atoms[i].k)
			code += atoms[i].ordered && masked > atoms[i].k ? 2 : 1;
	}
	return code;
}

static void random_atoms(struct bpf_atom *atoms, unsigned int n, unsigned int shift)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		atoms[i].arg = 0;
		atoms[i].mask = (random_below(3) ? random_number(BITS) : (1 << BITS) - 1) << shift;
		atoms[i].k = random_number(BITS) << shift;
		if (random_below(2))
			atoms[i].k &= atoms[i].mask;
		atoms[i].ordered = random_below(2);
	}
}

TEST(exact)
{
	unsigned char by_force[2187], by_cells[2187];
	unsigned int round, n, shift, x, code, most = 0;
	struct bpf_atom atoms[MAX_N];
	struct bpf_cells cells;
	int i, count;

	make_cells(&cells);
	for (round = 0; round < 2000; round++) {
		n = random_below(MAX_N + 1);
		shift = random_below(64 - BITS + 1);
		random_atoms(atoms, n, shift);
		memset(by_force, 0, sizeof(by_force));
		memset(by_cells, 0, sizeof(by_cells));
		for (x = 0; x < 1 << BITS; x++)
			by_force[answers_of(atoms, n, (uint64_t)x << shift)] = 1;
		count = bpf_cells_find(&cells, atoms, n);
		ASSERT_GT(count, 0);
		for (i = 0; i < count; i++) {
			code = answers_of(atoms, n, cells.values[0][i]);
			ASSERT_EQ(0, by_cells[code]); /* none twice */
			by_cells[code] = 1;
		}
		ASSERT_EQ(0, memcmp(by_force, by_cells, sizeof(by_force)));
		most = (unsigned int)count > most ? (unsigned int)count : most;
	}
	EXPECT_GT(most, 20);
}

TEST(overlapping_masks)
{
	struct bpf_atom atoms[] = {
		{ .mask = 0x60, .k = 0x60 },
		{ .mask = UINT64_MAX, .k = 0x5fff, .ordered = true },
		{ .mask = 0xf00000000000, .k = 0x300000000000, .ordered = true },
	};
	struct bpf_cells cells;

	make_cells(&cells);
	/*
	 * High bits below: 2 ways under 0x5fff, 2 above it, and 0x5fff itself has the first
	 * mask's bits. High bits equal or above: x is above 0x5fff, 2 ways each.
	 */
	EXPECT_EQ(2 * 2 + 1 + 2 * 2, bpf_cells_find(&cells, atoms, 3));
}

TEST(too_little_room)
{
	struct bpf_atom atoms[16];
	struct bpf_cells cells;
	unsigned int i;

	for (i = 0; i < 16; i++)
		atoms[i] = (struct bpf_atom){ .mask = UINT64_C(1) << i };
	make_cells(&cells);
	EXPECT_EQ(4096, bpf_cells_find(&cells, atoms, 12));
	EXPECT_EQ(-E2BIG, bpf_cells_find(&cells, atoms, 16));
	cells.max = 4095;
	EXPECT_EQ(-E2BIG, bpf_cells_find(&cells, atoms, 12));
	make_cells(&cells);
	cells.space = 4095 * 12;
	EXPECT_EQ(-E2BIG, bpf_cells_find(&cells, atoms, 12));
}

TEST_HARNESS_MAIN
