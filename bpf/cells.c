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

static size_t hash(const unsigned char *answers, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ answers[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h >> 20);
}

/*
 * Is what stands at index COUNT of ROWS there already? If not, it is entered. SIZE is
 * how much of the table this round uses.
 */
static bool is_known(struct bpf_cells *cells, const unsigned char *rows, size_t n, size_t count,
		     size_t size)
{
	const unsigned char *row = rows + count * n;
	size_t slot = hash(row, n) & (size - 1);

	while (cells->slots[slot]) {
		if (memcmp(rows + (cells->slots[slot] - 1) * n, row, n) == 0)
			return true;
		slot = (slot + 1) & (size - 1);
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

/* From COUNT prefixes to those that are one bit longer. WAYS: may the bit be 1, too? */
static int add_bit(struct bpf_cells *cells, const struct bpf_atom *atoms, size_t n, size_t count,
		   unsigned int bit, unsigned int ways)
{
	size_t size = table_size(cells, count);
	const unsigned char *from;
	unsigned char *to;
	size_t i, j, made = 0;
	unsigned int x;

	for (i = 0; i < count; i++) {
		from = cells->answers[0] + i * n;
		for (x = 0; x < ways; x++) {
			if (made >= cells->max || (made + 1) * n > cells->space)
				return -E2BIG;
			to = cells->answers[1] + made * n;
			for (j = 0; j < n; j++)
				to[j] = from[j] == OPEN ? next_answer(&atoms[j], bit, x) : from[j];
			if (is_known(cells, cells->answers[1], n, made, size))
				continue;
			cells->values[1][made] = cells->values[0][i] | (uint64_t)x << bit;
			made++;
		}
	}
	swap(cells);
	return (int)made;
}

int bpf_cells_find(struct bpf_cells *cells, const struct bpf_atom *atoms, size_t n)
{
	uint64_t masks = 0, bits = 0;
	unsigned int bit;
	int count = 1;
	size_t i;

	for (i = 0; i < n; i++) {
		masks |= atoms[i].mask;
		bits |= atoms[i].mask | atoms[i].k;
	}
	if (cells->max == 0 || n > cells->space)
		return -E2BIG;
	memset(cells->answers[0], OPEN, n);
	cells->values[0][0] = 0;
	for (bit = 64; bit-- > 0 && count > 0;) {
		if (bits >> bit & 1) /* else nobody asks, and no constant has it */
			count = add_bit(cells, atoms, n, (size_t)count, bit,
					masks >> bit & 1 ? 2 : 1);
	}
	return count;
}
