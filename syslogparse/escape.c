/* SPDX-License-Identifier: MIT */
/*
 * The ways in which bytes of a log reach the output, and no others.
 *
 * A comment must not end early nor steer a terminal: printable ASCII stands for itself, all
 * else is \xNN. A name in a profile must match the bytes that were logged and nothing more:
 * AppArmor's parser reads a token twice, once for escapes like \012 and once as a pattern, so
 * pattern characters are escaped for the second and control bytes for the first reading
 * (parser_misc.c: processid(), parser_regex.c: convert_aaregex_to_pcre()).
 */
#include "syslogparse/output.h"

#include <string.h>

bool bytes_are(struct bytes a, const char *text)
{
	return a.at && a.len == strlen(text) && !memcmp(a.at, text, a.len);
}

bool bytes_same(struct bytes a, struct bytes b)
{
	if (!a.at || !b.at)
		return !a.at && !b.at;
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

bool bytes_start(struct bytes a, const char *text)
{
	size_t len = strlen(text);

	return a.at && a.len >= len && !memcmp(a.at, text, len);
}

int bytes_order(struct bytes a, struct bytes b)
{
	uint32_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.at, b.at, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool printable(unsigned char c)
{
	return c >= ' ' && c <= '~';
}

size_t escape_into(char *to, struct bytes text)
{
	static const char digits[] = "0123456789abcdef";
	char *start = to;

	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (printable(c)) {
			*to++ = (char)c;
			if (c == '\\')
				*to++ = '\\';
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	return (size_t)(to - start);
}

char *escape_text(struct pool *pool, struct bytes text)
{
	char *out = pool_get(pool, ESCAPED_SIZE(text.len));

	if (out)
		escape_into(out, text);
	return out;
}

static bool letter_or_digit(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool plain_word(struct bytes text, const char *extra)
{
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (!letter_or_digit(c) && (!c || !strchr(extra, c)))
			return false;
	}
	return text.len > 0;
}

/* What a pattern, a variable or the lexer reads as something else than itself. */
#define PATTERN	 "?*[]{}^!"
#define UNQUOTED "/._-+:=%~@"

static char *escape_byte(char *to, unsigned char c)
{
	/* A backslash before the closing quote would hide it, however it is escaped itself. */
	if (!printable(c) || c == '\\' || c == '"') {
		*to++ = '\\';
		*to++ = (char)('0' + (c >> 6));
		*to++ = (char)('0' + (c >> 3 & 7));
		*to++ = (char)('0' + (c & 7));
		return to;
	}
	if (strchr(PATTERN, c))
		*to++ = '\\';
	*to++ = (char)c;
	return to;
}

char *escape_apparmor(struct pool *pool, struct bytes text)
{
	bool quote = !plain_word(text, UNQUOTED);
	char *out, *to;

	if (text.len && memchr(text.at, 0, text.len))
		return NULL;
	out = pool_get(pool, (size_t)text.len * 4 + 3);
	to = out;
	if (!out)
		return NULL;
	if (quote)
		*to++ = '"';
	for (uint32_t i = 0; i < text.len; i++)
		to = escape_byte(to, (unsigned char)text.at[i]);
	if (quote)
		*to++ = '"';
	return out;
}
