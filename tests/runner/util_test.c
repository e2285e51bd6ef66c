/* SPDX-License-Identifier: MIT */
/*
 * Numbers, sizes and modes as people write them: what is taken, what is refused, and that
 * strtoull(3)'s kindness (blanks, signs, nothing at all, what does not fit) is not ours.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

#define ANY UINT64_MAX

TEST(numbers)
{
	static const struct {
		const char *text;
		uint64_t max;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "0", ANY, 0, 0 },
		{ "7", ANY, 0, 7 },
		{ "08", ANY, 0, 8 }, /* not octal */
		{ "010", ANY, 0, 10 },
		{ "0x10", ANY, 0, 16 },
		{ "0xaBcDeF", ANY, 0, 0xabcdef },
		{ "18446744073709551615", ANY, 0, UINT64_MAX },
		{ "0xffffffffffffffff", ANY, 0, UINT64_MAX },
		{ "4294967295", UINT32_MAX, 0, UINT32_MAX },
		{ "18446744073709551616", ANY, -ERANGE, 0 },
		{ "0x10000000000000000", ANY, -ERANGE, 0 },
		{ "99999999999999999999999999", ANY, -ERANGE, 0 },
		{ "4294967296", UINT32_MAX, -ERANGE, 0 },
		{ "1", 0, -ERANGE, 0 },
		{ "", ANY, -EINVAL, 0 },
		{ " ", ANY, -EINVAL, 0 },
		{ "0x", ANY, -EINVAL, 0 },
		{ "0X10", ANY, -EINVAL, 0 },
		{ "x10", ANY, -EINVAL, 0 },
		{ "+1", ANY, -EINVAL, 0 },
		{ "-1", ANY, -EINVAL, 0 },
		{ "0x-1", ANY, -EINVAL, 0 },
		{ "0x+1", ANY, -EINVAL, 0 },
		{ "0x0x1", ANY, -EINVAL, 0 },
		{ " 1", ANY, -EINVAL, 0 },
		{ "1 ", ANY, -EINVAL, 0 },
		{ "1\n", ANY, -EINVAL, 0 },
		{ "1.0", ANY, -EINVAL, 0 },
		{ "1e3", ANY, -EINVAL, 0 },
		{ "ff", ANY, -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = 0;
		int ret = parse_number(cases[i].text, cases[i].max, &value);

		EXPECT_EQ(cases[i].ret, ret)
		{
			TH_LOG("'%s': %d", cases[i].text, ret);
		}
		if (!ret) {
			EXPECT_EQ(cases[i].value, value)
			{
				TH_LOG("'%s'", cases[i].text);
			}
		}
	}
}

TEST(sizes)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "64M", 0, 64u << 20 },
		{ "1G", 0, 1u << 30 },
		{ "2T", 0, UINT64_C(2) << 40 },
		{ "0x10K", 0, 16384 },
		{ "16777215T", 0, UINT64_C(16777215) << 40 },
		{ "16777216T", -ERANGE, 0 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551615K", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "4k", -EINVAL, 0 },
		{ "4KB", -EINVAL, 0 },
		{ "10KiB", -EINVAL, 0 },
		{ "4KK", -EINVAL, 0 },
		{ "4 K", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "-1K", -EINVAL, 0 },
		{ "+1K", -EINVAL, 0 },
		{ "1.5G", -EINVAL, 0 },
		{ "000000000000000000000001", -EINVAL, 0 }, /* longer than any number */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t bytes = 0;
		int ret = parse_size(cases[i].text, &bytes);

		EXPECT_EQ(cases[i].ret, ret)
		{
			TH_LOG("'%s': %d", cases[i].text, ret);
		}
		if (!ret) {
			EXPECT_EQ(cases[i].bytes, bytes)
			{
				TH_LOG("'%s'", cases[i].text);
			}
		}
	}
}

TEST(modes)
{
	static const struct {
		const char *text;
		int ret;
		mode_t mode;
	} cases[] = {
		{ "0", 0, 0 },		 { "755", 0, 0755 },
		{ "0755", 0, 0755 },	 { "1777", 0, 01777 },
		{ "07777", 0, 07777 },	 { "10000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },	 { "8", -EINVAL, 0 },
		{ "0o755", -EINVAL, 0 }, { "0x1ff", -EINVAL, 0 },
		{ "+755", -EINVAL, 0 },	 { "-1", -EINVAL, 0 },
		{ " 755", -EINVAL, 0 },	 { "755 ", -EINVAL, 0 },
		{ "u+x", -EINVAL, 0 },	 { "000755", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		mode_t mode = 0;
		int ret = parse_mode(cases[i].text, &mode);

		EXPECT_EQ(cases[i].ret, ret)
		{
			TH_LOG("'%s': %d", cases[i].text, ret);
		}
		if (!ret) {
			EXPECT_EQ(cases[i].mode, mode)
			{
				TH_LOG("'%s'", cases[i].text);
			}
		}
	}
}

/* What a hostile name holds must not reach the terminal. */
TEST(escapes)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "", "" },
		{ "/bin/sh -c", "/bin/sh -c" },
		{ "a\nb", "a\\x0ab" },
		{ "\033[2J", "\\x1b[2J" },
		{ "\\", "\\x5c" },
		{ "\x7f", "\\x7f" },
		{ "\xff\x80", "\\xff\\x80" },
		{ "\xc2\x9b"
		  "2J",
		  "\\xc2\\x9b2J" },		       /* C1's CSI */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* right to left */
	};
	struct spec *spec = new_spec();

	ASSERT_NE(NULL, spec);
	for (size_t i = 0; i < COUNT(cases); i++) {
		EXPECT_STREQ(cases[i].shown, escaped(spec->arena, cases[i].text));
	}

	EXPECT_STREQ("a 7", xprintf(spec->arena, "%s %d", "a", 7));
}

static void use_up(void *arg)
{
	struct bpf_arena *arena = arg;

	for (;;)
		xalloc(arena, 1000);
}

static void say_where(void *arg)
{
	fail_at(arg);
}

TEST(endings)
{
	char memory[4096];
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	struct bpf_error errors[] = {
		{ { NULL, 0, 0 }, "text" },
		{ { "file", 0, 0 }, "text" },
		{ { "file", 3, 9 }, "text" },
	};
	static const char *const shown[] = {
		"sbrun: text\n",
		"sbrun: file: text\n",
		"sbrun: file:3:9: text\n",
	};
	struct ended out = in_child(use_up, &arena);

	EXPECT_EQ(STATUS_FAILED, out.status);
	EXPECT_NE(NULL, strstr(out.text, "out of memory"));
	for (size_t i = 0; i < COUNT(errors); i++) {
		out = in_child(say_where, &errors[i]);
		EXPECT_EQ(STATUS_FAILED, out.status);
		EXPECT_STREQ(shown[i], out.text);
	}
}

TEST_HARNESS_MAIN
