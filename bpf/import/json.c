/* SPDX-License-Identifier: MIT */
/*
 * JSON, as RFC 8259 has it: from a text to a tree of values.
 *
 * Why not a library? The ones at hand do not tell where a value was, and have no integers above
 * 2^63 - 1, while profiles have masks with the top bit set; and with an allocation for each
 * value, reading the JSON of a profile takes longer than making its filter.
 *
 * Here a string is decoded where it stands - that never makes it longer - and ends with a NUL in
 * the place of its quote. Values are cut off one array: another one comes only behind a bracket or
 * a comma.
 *
 * What is not JSON is refused, and so is what readers of JSON take differently: a key that is
 * there twice, U+0000, halves of surrogate pairs, text that is not UTF-8. Depth and the members
 * of an object are bounded, since both cost more than a byte's worth of work for a byte.
 */
#include "bpf/import/json.h"

#include <string.h>

#include "bpf/bpf.h"

#define MAX_DEPTH   100u
#define MAX_MEMBERS 1000u

struct reader {
	char *at;
	unsigned int line, depth;
	struct json *free; /* the next value */
	struct json_error *error;
};

static void *fail(struct reader *r, const char *text)
{
	r->error->text = text;
	r->error->line = r->line;
	return NULL;
}

static void skip_blanks(struct reader *r)
{
	for (; *r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'; r->at++)
		r->line += *r->at == '\n';
}

/* If the next byte but blanks is C, go beyond it. */
static bool skip(struct reader *r, char c)
{
	skip_blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits at P; UINT32_MAX: they are not all there. */
static uint32_t hex4(const char *p)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (hex_digit(p[i]) < 0)
			return UINT32_MAX;
		value = value << 4 | (uint32_t)hex_digit(p[i]);
	}
	return value;
}

static char *put_utf8(char *out, uint32_t c)
{
	const unsigned int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char head[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned int i;

	*out++ = (char)(head[more] | c >> 6 * more);
	for (i = more; i-- > 0;)
		*out++ = (char)(0x80 | (c >> 6 * i & 0x3f));
	return out;
}

/* "uXXXX" is next, and with a first half of a pair "\uXXXX" after that. */
static char *read_unicode(struct reader *r, char *out)
{
	uint32_t c = hex4(r->at + 1), low;

	if (c == UINT32_MAX || c == 0)
		return fail(r, "\\u must have four digits, not all zero");
	r->at += 5;
	if (c < 0xd800 || c > 0xdfff)
		return put_utf8(out, c);
	low = r->at[0] == '\\' && r->at[1] == 'u' ? hex4(r->at + 2) : 0;
	if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return fail(r, "half of a surrogate pair");
	r->at += 6;
	return put_utf8(out, 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff)));
}

/* What is next was behind a backslash. */
static char *read_escape(struct reader *r, char *out)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found = *r->at ? strchr(names, *r->at) : NULL;

	if (*r->at == 'u')
		return read_unicode(r, out);
	if (!found)
		return fail(r, "an unknown escape");
	r->at++;
	*out++ = bytes[found - names];
	return out;
}

static char *read_character(struct reader *r, char *out)
{
	const unsigned char *p = (const unsigned char *)r->at;
	size_t len;
	uint32_t c;

	if (*p < ' ')
		return fail(r, *p ? "a control character in a string" : "a string without an end");
	if (*p < 0x80) {
		*out = *r->at++;
		return out + 1;
	}
	len = bpf_utf8(p, strnlen(r->at, 4), &c);
	if (len == 0)
		return fail(r, "not UTF-8");
	memmove(out, p, len);
	r->at += len;
	return out + len;
}

/* A string is next, after its quote. */
static const char *read_string(struct reader *r)
{
	char *const start = r->at;
	char *out = start;

	while (out && *r->at != '"') {
		if (*r->at != '\\') {
			out = read_character(r, out);
		} else {
			r->at++;
			out = read_escape(r, out);
		}
	}
	if (!out)
		return NULL;
	r->at++;
	*out = '\0';
	return start;
}

/* ---- numbers and words ---- */

static size_t digits(const char *p)
{
	size_t n = 0;

	while (p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

static void count(struct json *value, const char *p, size_t len)
{
	size_t i;

	value->counts = true;
	for (i = 0; i < len; i++) {
		value->counts &= !__builtin_mul_overflow(value->value, 10, &value->value) &&
				 !__builtin_add_overflow(value->value, (unsigned int)(p[i] - '0'),
							 &value->value);
	}
}

/* -? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)? */
static struct json *read_number(struct reader *r, struct json *value)
{
	const char *start = r->at, *p = start + (*start == '-');
	size_t len = digits(p);

	value->kind = JSON_KIND_NUMBER;
	if (len == 0 || (len > 1 && *p == '0'))
		return fail(r, "expected a value");
	if (*start != '-' && !(p[len] && strchr(".eE", p[len])))
		count(value, p, len);
	p += len;
	if (*p == '.') {
		len = digits(++p);
		p += len;
	}
	if (len > 0 && (*p == 'e' || *p == 'E')) {
		p++;
		p += *p == '+' || *p == '-';
		len = digits(p);
		p += len;
	}
	if (len == 0)
		return fail(r, "a number without digits");
	r->at += p - start;
	return value;
}

static struct json *read_word(struct reader *r, struct json *value)
{
	static const struct {
		const char *word;
		enum json_kind kind;
	} words[] = { { "false", JSON_KIND_BOOL },
		      { "null", JSON_KIND_NULL },
		      { "true", JSON_KIND_BOOL } };
	size_t i, len;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i].word);
		if (strncmp(r->at, words[i].word, len) != 0)
			continue;
		value->kind = words[i].kind;
		r->at += len;
		return value;
	}
	return read_number(r, value);
}

/* ---- arrays and objects ---- */

static struct json *read_value(struct reader *r);

static struct json *read_member(struct reader *r, const struct json *object)
{
	struct json *value;
	const char *key;

	key = skip(r, '"') ? read_string(r) : fail(r, "expected a key");
	if (!key)
		return NULL;
	if (json_get(object, key))
		return fail(r, "a key that is there twice");
	if (object->len == MAX_MEMBERS)
		return fail(r, "an object with too many members");
	if (!skip(r, ':'))
		return fail(r, "expected ':'");
	value = read_value(r);
	if (value)
		value->key = key;
	return value;
}

/* What begins with '[' or '{', and is to END. */
static struct json *read_list(struct reader *r, struct json *list, char end)
{
	const struct json **tail = &list->first;
	struct json *value;

	if (++r->depth > MAX_DEPTH)
		return fail(r, "too deep");
	list->kind = end == '}' ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
	if (skip(r, end)) {
		r->depth--;
		return list;
	}
	do {
		value = end == '}' ? read_member(r, list) : read_value(r);
		if (!value)
			return NULL;
		*tail = value;
		tail = &value->next;
		list->len++;
	} while (skip(r, ','));
	r->depth--;
	return skip(r, end) ? list :
			      fail(r, end == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

static struct json *read_value(struct reader *r)
{
	struct json *value = r->free++;

	skip_blanks(r);
	*value = (struct json){ .line = r->line };
	switch (*r->at) {
	case '{':
		r->at++;
		return read_list(r, value, '}');
	case '[':
		r->at++;
		return read_list(r, value, ']');
	case '"':
		r->at++;
		value->kind = JSON_KIND_STRING;
		value->text = read_string(r);
		return value->text ? value : NULL;
	default:
		return read_word(r, value);
	}
}

size_t json_count(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == ',' || *text == '[' || *text == '{';
	return n;
}

const struct json *json_read(char *text, struct json *values, struct json_error *error)
{
	struct reader r = { .at = text, .line = 1, .free = values, .error = error };
	const struct json *root = read_value(&r);

	if (!root)
		return NULL;
	skip_blanks(&r);
	return *r.at ? fail(&r, "something behind the end") : root;
}

/* ---- the tree ---- */

const struct json *json_get(const struct json *object, const char *key)
{
	const struct json *member;

	if (!object || object->kind != JSON_KIND_OBJECT)
		return NULL;
	for (member = object->first; member; member = member->next)
		if (!strcmp(member->key, key))
			return member;
	return NULL;
}

const char *json_text(const struct json *value)
{
	return value && value->kind == JSON_KIND_STRING ? value->text : NULL;
}

const struct json *json_first(const struct json *array)
{
	return array && array->kind == JSON_KIND_ARRAY ? array->first : NULL;
}
