/* SPDX-License-Identifier: MIT */
/*
 * Memory for the time of writing: many small things, released at once.
 *
 * A failure sticks, so that a writer asks once, in the end, and not after each of a hundred
 * small allocations. What it prints until then is thrown away with the error.
 */
#include "syslogparse/output.h"

#include <stdarg.h>
#include <stdlib.h>

#define BLOCK 65536u

struct pool_block {
	struct pool_block *next;
	size_t used, size;
	max_align_t data[];
};

static struct pool_block *block_for(struct pool *pool, size_t size)
{
	size_t room = size > BLOCK ? size : BLOCK;
	struct pool_block *block = pool->blocks;

	if (block && block->size - block->used >= size)
		return block;
	block = calloc(1, sizeof(*block) + room);
	if (!block) {
		pool->failed = true;
		return NULL;
	}
	block->size = room;
	/* A large one goes behind the one that is being filled. */
	if (size > BLOCK / 4 && pool->blocks) {
		block->next = pool->blocks->next;
		pool->blocks->next = block;
	} else {
		block->next = pool->blocks;
		pool->blocks = block;
	}
	return block;
}

void *pool_get(struct pool *pool, size_t size)
{
	struct pool_block *block;
	void *got;

	if (size > SIZE_MAX / 2) {
		pool->failed = true;
		return NULL;
	}
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	block = block_for(pool, size);
	if (!block)
		return NULL;
	got = (char *)block->data + block->used;
	block->used += size;
	return got;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = len < 0 ? NULL : pool_get(pool, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void pool_free(struct pool *pool)
{
	while (pool->blocks) {
		struct pool_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
}
