/* SPDX-License-Identifier: MIT */
/*
 * Memory that the caller gave, and errors in words.
 *
 * A policy becomes a few thousand small structures that all live as long as it
 * does. They are cut off one block, in order, and go when the block goes: there is
 * nothing to free one by one, nothing to leak, and "out of memory" is one NULL.
 *
 * Error text names a place, like a compiler's, so that the caller can print
 * file:line:column: text and add nothing.
 */
#include "bpf/bpf.h"

#include <stdarg.h>
#include <string.h>

void *bpf_alloc_raw(struct bpf_arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	size_t pad, room = arena->size - arena->used;
	char *start = arena->base + arena->used;

	/* The block itself may start anywhere, so it is the address that counts. */
	pad = (align - (uintptr_t)start % align) % align;
	if (room < pad || room - pad < size)
		return NULL;

	arena->used += pad + size;
	return start + pad;
}

void *bpf_alloc(struct bpf_arena *arena, size_t size)
{
	void *block = bpf_alloc_raw(arena, size);

	return block ? memset(block, 0, size) : NULL;
}

char *bpf_strndup(struct bpf_arena *arena, const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = bpf_alloc_raw(arena, len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *bpf_printable(struct bpf_arena *arena, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const size_t len = strlen(text);
	char *out, *p;

	if (len > SIZE_MAX / 4 - 1)
		return NULL;
	out = p = bpf_alloc_raw(arena, 4 * len + 1);
	if (!out)
		return NULL;
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f && c != '\\') {
			*p++ = *text;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		*p++ = digits[c >> 4];
		*p++ = digits[c & 15];
	}
	*p = '\0';
	return out;
}

int bpf_fail(struct bpf_error *err, int code, const struct bpf_place *place, const char *format,
	     ...)
{
	va_list ap;

	if (!err)
		return code;

	memset(&err->place, 0, sizeof(err->place));
	if (place)
		err->place = *place;
	va_start(ap, format);
	vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return code;
}
