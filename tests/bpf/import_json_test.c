/* SPDX-License-Identifier: MIT */
/*
 * json.c: what is JSON and what is not, what comes of it, and the same as jansson says of texts
 * that are nearly JSON.
 */
#include "bpf/import/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char text[1 << 16];
static struct json *values;
static struct json_error error;

static const struct json *read_bytes(const char *source, size_t n)
{
	memcpy(text, source, n);
	text[n] = '\0';
	free(values); /* to have a new block with an end that a sanitizer knows */
	values = malloc(json_count(text) * sizeof(*values));
	return values ? json_read(text, values, &error) : NULL;
}

static const struct json *read_text(const char *source)
{
	return read_bytes(source, strlen(source));
}

static const char *const good[] = {
	"0",
	"-0",
	"1.5",
	"1e5",
	"-1.25E-10",
	"true",
	" null\n",
	"[]",
	"{}",
	"[ ]",
	"{ }",
	"\"\"",
	"[[],[{}],{}]",
	"{\"a\":1,\"b\":{\"a\":2}}",
	"\"\xc3\xa4\xf0\x9f\x98\x80\"",
	"\"\x7f\"",
	"[0,0,0,0,0]",
	"\"\\ud83d\\ude00\"",
	"{\"\":0}",
};

static const char *const bad[] = {
	"",
	" ",
	"nul",
	"truex",
	"[",
	"]",
	"[1",
	"[1,",
	"[1,]",
	"[,1]",
	"[1 2]",
	"{",
	"{\"a\"",
	"{\"a\":",
	"{\"a\":1,}",
	"{a:1}",
	"{\"a\" 1}",
	"{1:1}",
	"[1}",
	"{\"a\":1]",
	"1 1",
	"[]]",
	"01",
	"-",
	"-a",
	"1.",
	".5",
	"1e",
	"1e+",
	"+1",
	"0x1",
	"1.e5",
	"NaN",
	"'a'",
	"\"",
	"\"a",
	"\"\\",
	"\"\\\"",
	"\"\\x\"",
	"\"\\u12\"",
	"\"\\u123g\"",
	"\"\t\"",
	"\"\n\"",
	"\"\\u0000\"",
	"\"\\ud800\"",
	"\"\\ud800x\"",
	"\"\\ud800\\u0041\"",
	"\"\\udc00\"",
	"\"\xff\"",
	"\"\xc3\"",
	"\"\xc0\x80\"",
	"\"\xed\xa0\x80\"",
	"\"\xf4\x90\x80\x80\"",
	"{\"a\":1,\"a\":1}",
	"{\"a\":1,\"\\u0061\":1}",
	"[1]/**/",
	"\xef\xbb\xbf[]",
};

TEST(json_or_not)
{
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		EXPECT_NE(NULL, read_text(good[i]))
		{
			TH_LOG("%s: %s", good[i], error.text);
		}
	}
	for (i = 0; i < COUNT(bad); i++) {
		EXPECT_EQ(NULL, read_text(bad[i]))
		{
			TH_LOG("%s", bad[i]);
		}
	}
}

TEST(strings)
{
	static const char source[] = "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e4\\u20AC\","
				     "\"\\ud83d\\ude00!\"]";
	const struct json *value = json_first(read_text(source));

	ASSERT_NE(NULL, value);
	EXPECT_STREQ("\"\\/\b\f\n\r\t", json_text(value));
	EXPECT_STREQ("\xc3\xa4\xe2\x82\xac", json_text(value->next));
	EXPECT_STREQ("\xf0\x9f\x98\x80!", json_text(value->next->next));
	EXPECT_EQ(NULL, value->next->next->next);
}

static const struct {
	const char *source;
	bool counts;
	uint64_t value;
} numbers[] = {
	{ "0", true, 0 },
	{ "4294967296", true, UINT64_C(1) << 32 },
	{ "9223372036854775808", true, UINT64_C(1) << 63 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "99999999999999999999999999", false, 0 },
	{ "-1", false, 0 },
	{ "1.0", false, 0 },
	{ "1e2", false, 0 },
	{ "\"1\"", false, 0 },
	{ "true", false, 0 },
};

TEST(what_counts)
{
	const struct json *value;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		value = read_text(numbers[i].source);
		ASSERT_NE(NULL, value);
		EXPECT_EQ(numbers[i].counts, value->counts)
		{
			TH_LOG("%s", numbers[i].source);
		}
		if (value->counts) {
			EXPECT_EQ(numbers[i].value, value->value);
		}
	}
}

TEST(members_and_lines)
{
	const struct json *root = read_text("{\"a\":\n[1,\n\n{}],\"b\":\n\"c\"}"), *list;

	ASSERT_NE(NULL, root);
	EXPECT_EQ(2, root->len);
	list = json_get(root, "a");
	ASSERT_NE(NULL, json_first(list));
	EXPECT_EQ(2, list->len);
	EXPECT_EQ(2, list->first->line);
	EXPECT_EQ(4, list->first->next->line);
	EXPECT_STREQ("c", json_text(json_get(root, "b")));
	EXPECT_EQ(5, json_get(root, "b")->line);
	EXPECT_EQ(NULL, json_get(root, "c"));
	EXPECT_EQ(NULL, json_get(list, "a"));
	EXPECT_EQ(NULL, json_first(root));
	EXPECT_EQ(NULL, json_text(root));
	EXPECT_EQ(NULL, read_text("[1,\n2,\n?]"));
	EXPECT_EQ(3, error.line);
}

/* N times OPEN, then N times CLOSE. */
static bool nests(const char *open, const char *close, unsigned int n)
{
	char source[4096] = "";
	unsigned int i;

	for (i = 0; i < n; i++)
		strcat(source, open);
	for (i = 0; i < n; i++)
		strcat(source, close);
	return read_text(source);
}

static bool has_room(unsigned int members)
{
	static char source[1 << 15];
	size_t len = 1;
	unsigned int i;

	source[0] = '{';
	for (i = 0; i < members; i++)
		len += (size_t)sprintf(source + len, "\"%u\":0,", i);
	source[len - 1] = '}';
	source[len] = '\0';
	return read_text(source);
}

TEST(bounds)
{
	EXPECT_TRUE(nests("[", "]", 100));
	EXPECT_FALSE(nests("[", "]", 101));
	EXPECT_FALSE(nests("[", "", 50));
	EXPECT_TRUE(has_room(1000));
	EXPECT_FALSE(has_room(1001));
}

/* Some bytes of a text that is JSON become others, go, or come twice. */
static size_t spoil(char *out)
{
	static const char *const seeds[] = {
		"{\"names\":[\"read\",\"write\"],\"args\":[{\"index\":1,\"value\":-2.5e3}]}",
		"[true,false,null,{\"a\":{},\"b\":[]},\"\\u00e4\\ud83d\\ude00\\n\xc3\xa4\"]",
		"{\"a\":{\"b\":{\"c\":[1,2,[3]]}},\"d\":\"x\\\"y\\\\z\"}",
	};
	static const char bytes[] = "{}[]\",:\\/ \n01-+.eEutrfn\xc3\xa4\xf0\x01";
	size_t n, at, changes = random_below(4);

	strcpy(out, seeds[random_below((unsigned int)COUNT(seeds))]);
	n = strlen(out);
	while (changes-- > 0) {
		at = random_below((unsigned int)n);
		switch (random_below(3)) {
		case 0:
			out[at] = bytes[random_below((unsigned int)sizeof(bytes) - 1)];
			break;
		case 1:
			memmove(out + at, out + at + 1, n-- - at);
			break;
		default:
			memmove(out + at + 1, out + at, ++n - at);
		}
	}
	return n;
}

TEST(as_jansson_says)
{
	unsigned int i, taken = 0;
	json_error_t why;
	char source[256];
	bool ours;
	json_t *root;
	size_t n;

	for (i = 0; i < 300000; i++) {
		n = spoil(source);
		root = json_loadb(source, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
		ours = read_bytes(source, n);
		taken += ours;
		if (!root && strstr(why.text, "overflow")) {
			continue; /* 1e999 is JSON, but no double */
		}
		ASSERT_EQ(!!root, ours)
		{
			TH_LOG("%.*s: ours: %s; jansson: %s", (int)n, source, error.text, why.text);
		}
		json_decref(root);
	}
	EXPECT_GT(taken, 50000);
	EXPECT_LT(taken, 250000);
}

TEST_HARNESS_MAIN
