/* SPDX-License-Identifier: MIT */
/*
 * Memory from the caller's block, and error texts.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "kselftest_harness.h"

static char block[256];

TEST(pieces_are_aligned_zeroed_and_apart)
{
	size_t off;

	for (off = 0; off < 16; off++) {
		struct bpf_arena arena = { block + off, 128, 0 };
		char *one, *two;

		memset(block, 0xff, sizeof(block));
		one = bpf_alloc(&arena, 5);
		two = bpf_alloc(&arena, 8);
		ASSERT_NE(NULL, one);
		ASSERT_NE(NULL, two);
		EXPECT_EQ(0u, (uintptr_t)one % alignof(max_align_t));
		EXPECT_EQ(0u, (uintptr_t)two % alignof(max_align_t));
		EXPECT_LE(one + 5, two);
		EXPECT_EQ(0, memcmp(one, "\0\0\0\0\0", 5));
		EXPECT_EQ(0, memcmp(two, "\0\0\0\0\0\0\0", 8));
		EXPECT_LE(block + off, one);
		EXPECT_LE(two + 8, block + off + 128);
	}
}

TEST(a_full_arena_gives_nothing)
{
	alignas(max_align_t) char memory[64];
	struct bpf_arena arena = { memory, sizeof(memory), 0 };

	EXPECT_EQ(NULL, bpf_alloc(&arena, 65));
	EXPECT_EQ(NULL, bpf_alloc(&arena, SIZE_MAX));
	EXPECT_EQ(NULL, bpf_strndup(&arena, "x", SIZE_MAX));
	EXPECT_NE(NULL, bpf_alloc(&arena, 64)); /* to the last byte */
	EXPECT_EQ(NULL, bpf_alloc(&arena, 1));
	EXPECT_EQ(64u, arena.used);
}

TEST(a_copy_ends_where_it_is_told)
{
	struct bpf_arena arena = { block, sizeof(block), 0 };

	EXPECT_STREQ("abc", bpf_strndup(&arena, "abcdef", 3));
	EXPECT_STREQ("", bpf_strndup(&arena, "abcdef", 0));
}

TEST(an_error_has_a_place_and_words)
{
	const struct bpf_place place = { "strict", 12, 7 };
	struct bpf_error err;
	char longer[400];

	EXPECT_EQ(-EINVAL, bpf_fail(&err, -EINVAL, &place, "no call '%s'", "opne"));
	EXPECT_STREQ("no call 'opne'", err.text);
	EXPECT_STREQ("strict", err.place.file);
	EXPECT_EQ(12u, err.place.line);
	EXPECT_EQ(7u, err.place.column);

	EXPECT_EQ(-E2BIG, bpf_fail(&err, -E2BIG, NULL, "full"));
	EXPECT_EQ(NULL, err.place.file);
	EXPECT_EQ(0u, err.place.line);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	bpf_fail(&err, -EINVAL, NULL, "%s", longer);
	EXPECT_EQ(sizeof(err.text) - 1, strlen(err.text));

	EXPECT_EQ(-EINVAL, bpf_fail(NULL, -EINVAL, &place, "nobody listens"));
}

TEST_HARNESS_MAIN
