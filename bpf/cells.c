/* SPDX-License-Identifier: MIT */
/*
 * One value for each way in which questions about one word can be answered together.
 *
 * A question is how "x & mask" compares with k. N of them have up to 3^N lists of
 * answers, most of which no x can give: nothing is below 3 and above 5, and with masks
 * that overlap it takes thought to say what is possible. No thought is needed here: x
 * is made bit by bit, from the top. While it is being made, a comparison is
 * decided by the first bit that differs, or still open. All x with the same answers so far
 * have the same future, so one of them is kept, and the rest is forgotten. What is left
 * behind the last bit is one x for each list of answers that there is.
 *
 * That is exact, where sampling constants and their neighbours is not: "x & 0xf0 == 0x20"
 * and "x > 0x57" are both true of 0x20 with a bit above, which is near neither constant.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN, BELOW, ABOVE, DIFFERENT = BELOW };

/* The answer of an open question when the next bit of x is X. */
static unsigned char next_answer(const struct bpf_atom *atom, unsigned int bit, unsigned int x)
{
	unsigned int masked = x & (atom->mask >> bit & 1);
	unsigned int k = atom->k >> bit & 1;

	if (masked == k)
		return OPEN;
	if (!atom->ordered)
		return DIFFERENT;
	return masked < k ? BELOW : ABOVE;
}

/* Rows of answers are whole words of 8; what is left over is not open. */
static size_t row_size(size_t n)
{
	return (n + 7) / 8 * 8;
}

static size_t hash(const unsigned char *row, size_t size)
{
	uint64_t h = 0, word;
	size_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		memcpy(&word, row + i, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return (size_t)h;
}

/*
 * Is what stands at index COUNT of ROWS there already? If not, it is entered. USED is
 * how much of the table this round uses.
 */
static bool is_known(struct bpf_cells *cells, const unsigned char *rows, size_t size, size_t count,
		     size_t used)
{
	const unsigned char *row = rows + count * size;
	size_t slot = hash(row, size) & (used - 1);

	while (cells->slots[slot]) {
		if (memcmp(rows + (cells->slots[slot] - 1) * size, row, size) == 0)
			return true;
		slot = (slot + 1) & (used - 1);
	}
	cells->slots[slot] = (uint32_t)count + 1;
	return false;
}

static size_t table_size(const struct bpf_cells *cells, size_t count)
{
	size_t size = 16;

	while (size < 4 * count && size < cells->nslots)
		size *= 2;
	memset(cells->slots, 0, size * sizeof(*cells->slots));
	return size;
}

static void swap(struct bpf_cells *cells)
{
	unsigned char *answers = cells->answers[0];
	uint64_t *values = cells->values[0];

	cells->answers[0] = cells->answers[1];
	cells->values[0] = cells->values[1];
	cells->answers[1] = answers;
	cells->values[1] = values;
}

/* Has WORD a byte that is 0? */
static bool has_open(const unsigned char *word)
{
	uint64_t bytes;

	memcpy(&bytes, word, sizeof(bytes));
	return (bytes - UINT64_C(0x0101010101010101)) & ~bytes & UINT64_C(0x8080808080808080);
}

/* Answer what is still open in ROW, when the next bit of x is X. Most is not. */
static void answer(unsigned char *row, const struct bpf_atom *atoms, size_t n, unsigned int bit,
		   unsigned int x)
{
	size_t i, end;

	for (i = 0; i < n; i = end) {
		end = i + 8 < n ? i + 8 : n;
		if (!has_open(row + i))
			continue;
		for (; i < end; i++)
			if (row[i] == OPEN)
				row[i] = next_answer(&atoms[i], bit, x);
	}
}

/* From COUNT prefixes to those that are one bit longer. WAYS: may the bit be 1, too? */
static int add_bit(struct bpf_cells *cells, const struct bpf_atom *atoms, size_t n, size_t count,
		   unsigned int bit, unsigned int ways)
{
	const size_t used = table_size(cells, count), size = row_size(n);
	unsigned char *row;
	size_t i, made = 0;
	unsigned int x;

	for (i = 0; i < count; i++) {
		for (x = 0; x < ways; x++) {
			if (made >= cells->max || (made + 1) * size > cells->space)
				return -E2BIG;
			row = cells->answers[1] + made * size;
			memcpy(row, cells->answers[0] + i * size, size);
			answer(row, atoms, n, bit, x);
			if (is_known(cells, cells->answers[1], size, made, used))
				continue;
			cells->values[1][made] = cells->values[0][i] | (uint64_t)x << bit;
			made++;
		}
	}
	swap(cells);
	return (int)made;
}

/* ---- the simple case ---- */

static int by_k(const void *a, const void *b)
{
	const struct bpf_atom *x = a, *y = b;

	return (x->k > y->k) - (x->k < y->k);
}

/* Do all questions look at the same low bits, and at all of them? */
static bool is_simple(const struct bpf_atom *atoms, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (atoms[i].mask != atoms[0].mask || atoms[i].k & ~atoms[i].mask)
			return false;
	return n > 0 && (atoms[0].mask & (atoms[0].mask + 1)) == 0;
}

/*
 * Then the constants lie on a line, and a cell is one of them, or a gap between two. A gap has the
 * same answers as one below it if only "equal or not" has been asked in between.
 */
static int find_simple(struct bpf_cells *cells, struct bpf_atom *atoms, size_t n)
{
	uint64_t *values = cells->values[0];
	const uint64_t mask = atoms[0].mask;
	bool new_gap = true;
	uint64_t next = 0; /* the first value above all constants so far */
	size_t i, count = 0;

	qsort(atoms, n, sizeof(*atoms), by_k);
	if (2 * n + 1 > cells->max)
		return -E2BIG;
	for (i = 0; i < n; i++) {
		if (i > 0 && atoms[i].k == atoms[i - 1].k) {
			new_gap |= atoms[i].ordered;
			continue;
		}
		if (new_gap && next < atoms[i].k) {
			values[count++] = next;
			new_gap = false;
		}
		values[count++] = atoms[i].k;
		new_gap |= atoms[i].ordered;
		next = atoms[i].k + 1;
	}
	if (new_gap && atoms[n - 1].k < mask)
		values[count++] = next;
	return (int)count;
}

int bpf_cells_find(struct bpf_cells *cells, struct bpf_atom *atoms, size_t n)
{
	uint64_t masks = 0, bits = 0;
	unsigned int bit;
	int count = 1;
	size_t i;

	if (is_simple(atoms, n))
		return find_simple(cells, atoms, n);
	for (i = 0; i < n; i++) {
		masks |= atoms[i].mask;
		bits |= atoms[i].mask | atoms[i].k;
	}
	if (cells->max == 0 || row_size(n) > cells->space)
		return -E2BIG;
	memset(cells->answers[0], DIFFERENT, row_size(n));
	memset(cells->answers[0], OPEN, n);
	cells->values[0][0] = 0;
	for (bit = 64; bit-- > 0 && count > 0;) {
		if (bits >> bit & 1) /* else nobody asks, and no constant has it */
			count = add_bit(cells, atoms, n, (size_t)count, bit,
					masks >> bit & 1 ? 2 : 1);
	}
	return count;
}
