/* SPDX-License-Identifier: MIT */
/*
 * Constants of a minijail policy: numbers as C writes them, names, "|", "~" and
 * parentheses. "~" belongs to the one term behind it.
 *
 *	value:	term { "|" term }
 *	term:	[ "~" ] ( NUMBER | NAME | "(" value ")" )
 *
 * They become the same words of our language, which has no octal numbers, so that the
 * policy stays readable. The value is needed too: a mask without bits is refused there.
 */
#include "bpf/import/minijail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16
#define MAX_TERMS 64 /* of one value: its text grows with each */

static int parse_value(struct mj_lexer *lx, struct mj_const *c, unsigned int depth);

/* Decimal, 0x or octal; with a "-" the two's complement. */
static int parse_number(struct mj_lexer *lx, struct mj_const *c)
{
	const char *text = lx->token.text;
	size_t len = lx->token.len;
	bool negative = *text == '-';
	const char *digits = text + negative;
	size_t n = len - negative;
	bool hex = n > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	bool octal = n > 1 && digits[0] == '0' && !hex;
	const char *valid = hex ? "0123456789abcdefABCDEF" : octal ? "01234567" : "0123456789";
	char buf[32];
	size_t skip = hex ? 2 : 0;

	if (n >= sizeof(buf) || strspn(digits + skip, valid) < n - skip)
		return mj_fail(lx, "'%.*s' is not a number", (int)(len < 40 ? len : 40), text);
	memcpy(buf, digits, n);
	buf[n] = '\0';
	errno = 0;
	c->value = strtoull(buf, NULL, hex ? 16 : octal ? 8 : 10);
	if (errno == ERANGE || (negative && c->value > UINT64_C(1) << 63))
		return mj_fail(lx, "'%.*s' does not fit 64 bits", (int)(len < 40 ? len : 40), text);
	if (negative)
		c->value = -c->value;
	if (octal) {
		snprintf(buf, sizeof(buf), "0x%llx", (unsigned long long)c->value);
		c->text = reader_strndup(lx->r, buf, strlen(buf));
	} else {
		c->text = reader_strndup(lx->r, text, len);
	}
	return c->text ? 0 : -EINVAL;
}

static int parse_name(struct mj_lexer *lx, struct mj_const *c)
{
	const char *text = lx->token.text;
	size_t len = lx->token.len;
	const char *near;

	if (bpf_constant(text, len, &c->value) < 0) {
		near = bpf_nearest_constant(text, len);
		return mj_fail(lx, "unknown constant '%.*s'%s%s%s", (int)(len < 40 ? len : 40),
			       text, near ? "; did you mean '" : "", near ? near : "",
			       near ? "'?" : "");
	}
	if (reader_foreign_constant(lx->r, text, len))
		return mj_fail(lx, "%.*s has another value on %s than here; write the number",
			       (int)len, text, bpf_abis[lx->r->abi].name);
	c->text = reader_strndup(lx->r, text, len);
	return c->text ? 0 : -EINVAL;
}

/* BEFORE TEXT AFTER; NULL: told. */
static const char *around(struct reader *r, const char *before, const char *text, const char *after)
{
	size_t size = strlen(before) + strlen(text) + strlen(after) + 1;
	char *all = reader_alloc(r, size);

	if (all)
		snprintf(all, size, "%s%s%s", before, text, after);
	return all;
}

static int parse_simple(struct mj_lexer *lx, struct mj_const *c, unsigned int depth)
{
	int ret;

	if (lx->token.kind == MJ_NUMBER) {
		ret = parse_number(lx, c);
	} else if (lx->token.kind == MJ_WORD) {
		ret = parse_name(lx, c);
	} else if (mj_is(&lx->token, "(")) {
		if (depth >= MAX_DEPTH)
			return mj_fail(lx, "more than %d parentheses", MAX_DEPTH);
		mj_lex_token(lx);
		ret = parse_value(lx, c, depth + 1);
		if (ret == 0 && !mj_is(&lx->token, ")"))
			ret = mj_fail(lx, "expected ')'");
		c->complement = NULL;
	} else {
		ret = mj_fail(lx, "expected a number or the name of a constant");
	}
	mj_lex_token(lx);
	return ret;
}

/* "(A|B)" loses its parentheses where it can, and gets them back behind "~" and "|". */
static int parse_term(struct mj_lexer *lx, struct mj_const *c, unsigned int depth)
{
	memset(c, 0, sizeof(*c));
	if (!mj_is(&lx->token, "~"))
		return parse_simple(lx, c, depth);
	mj_lex_token(lx);
	if (mj_is(&lx->token, "~"))
		return mj_fail(lx, "'~' twice");
	if (parse_simple(lx, c, depth) < 0 || !c->text)
		return -EINVAL;
	c->value = ~c->value;
	c->complement = c->text;
	c->text = around(lx->r, c->joined ? "~(" : "~", c->text, c->joined ? ")" : "");
	c->joined = false;
	return c->text ? 0 : -EINVAL;
}

static int parse_value(struct mj_lexer *lx, struct mj_const *c, unsigned int depth)
{
	struct mj_const term;
	unsigned int terms = 1;
	const char *text;

	if (parse_term(lx, c, depth) < 0)
		return -EINVAL;
	while (mj_is(&lx->token, "|")) {
		if (++terms > MAX_TERMS)
			return mj_fail(lx, "more than %d constants joined by '|'", MAX_TERMS);
		c->spaced |= lx->token.spaced;
		mj_lex_token(lx);
		c->spaced |= lx->token.spaced;
		if (parse_term(lx, &term, depth) < 0 || !c->text || !term.text)
			return -EINVAL;
		c->value |= term.value;
		c->joined = true;
		c->complement = NULL;
		text = around(lx->r, c->text, "|", term.text);
		if (!text)
			return -EINVAL;
		c->text = text;
	}
	return lx->r->failed ? -EINVAL : 0;
}

int mj_parse_const(struct mj_lexer *lx, struct mj_const *c)
{
	return parse_value(lx, c, 0);
}
