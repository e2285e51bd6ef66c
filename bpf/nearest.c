/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean ...?": the known name nearest to a misspelt word.
 *
 * Near is what Damerau and Levenshtein count: letters put in, left out, replaced,
 * or swapped with their neighbour.  A third of the word may be wrong, at most three
 * letters; beyond that a suggestion is a guess and misleads.
 */
#include "bpf/bpf.h"

#include <string.h>

#define MAXNAME 48

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Names are compared without regard to case, which costs nothing to get wrong. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * The number of changes from A to B, both at most MAXNAME long: row I of the usual
 * matrix has the distances from A's first I letters to each beginning of B, and
 * three rows are enough, the third for swaps.
 */
static unsigned int distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned int row[3][MAXNAME + 1];
	unsigned int *now = row[0], *last = row[1], *before = row[2], *spare;
	size_t i, j;

	for (j = 0; j <= blen; j++)
		now[j] = (unsigned int)j;
	for (i = 1; i <= alen; i++) {
		spare = before;
		before = last;
		last = now;
		now = spare;
		now[0] = (unsigned int)i;
		for (j = 1; j <= blen; j++) {
			now[j] = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
			now[j] = least(now[j], least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return now[blen];
}

const char *bpf_nearest(const char *text, size_t len,
			const char *(*next)(const void *names, size_t i), const void *names)
{
	const char *name, *nearest = NULL;
	unsigned int changes, limit;
	size_t i, namelen;

	if (len > MAXNAME)
		return NULL;
	limit = least((unsigned int)len / 3, 3);
	for (i = 0; (name = next(names, i)); i++) {
		namelen = strlen(name);
		if (namelen > MAXNAME || namelen > len + limit || len > namelen + limit)
			continue;
		changes = distance(text, len, name, namelen);
		if (changes > limit || (nearest && changes == limit))
			continue;
		nearest = name;
		limit = changes;
	}
	return nearest;
}

static const char *next_syscall(const void *names, size_t i)
{
	const struct bpf_syscall *table = names;

	return i < bpf_nsyscalls ? table[i].name : NULL;
}

const char *bpf_nearest_syscall(const char *text, size_t len)
{
	return bpf_nearest(text, len, next_syscall, bpf_syscalls);
}
