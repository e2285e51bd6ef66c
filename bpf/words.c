/* SPDX-License-Identifier: MIT */
/*
 * The words of a program as text: cut, and turned into numbers.
 *
 * A constant may be a number, a constant of the uapi headers, a call, an architecture or an
 * action; their names do not meet, for the first are in capitals, and no call is called
 * as an architecture is. The first error is kept, and there are no words after it, so that
 * text.c needs no checks.
 */
#include "bpf/words.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "bpf/internal.h"

#define MAX_NAME 64u

/* ---- tokens ---- */

__attribute__((format(printf, 3, 4))) int
bpf_text_fail(struct bpf_reader *r, const struct bpf_text_token *token, const char *format, ...)
{
	char text[sizeof(r->err->text)];
	va_list ap;

	if (r->error)
		return r->error;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	r->error = bpf_fail(r->err, -EINVAL, &token->place, "%s", text);
	return r->error;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* '.' joins "args[0]" to "lo", and an ABI to a call. */
static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '.';
}

static void new_line(struct bpf_reader *r)
{
	r->line = r->at;
	r->place.line++;
}

/* Blanks and comments: from ';' to the end of the line, or as in C. */
static void skip(struct bpf_reader *r)
{
	while (r->at < r->end) {
		if (*r->at == ' ' || *r->at == '\t' || *r->at == '\r') {
			r->at++;
		} else if (*r->at == ';') {
			while (r->at < r->end && *r->at != '\n')
				r->at++;
		} else if (r->end - r->at > 1 && r->at[0] == '/' && r->at[1] == '*') {
			for (r->at += 2; r->at < r->end; r->at++) {
				if (*r->at == '\n') {
					r->at++;
					new_line(r);
					r->at--;
				}
				if (r->at[-1] == '*' && *r->at == '/')
					break;
			}
			r->at += r->at < r->end;
		} else {
			return;
		}
	}
}

void bpf_text_next(struct bpf_reader *r)
{
	struct bpf_text_token *token = &r->token;

	skip(r);
	token->text = r->at;
	token->len = 0;
	token->place = r->place;
	token->place.column = (unsigned int)(r->at - r->line) + 1;
	if (r->at >= r->end || r->error) {
		token->kind = BPF_TEXT_END;
		return;
	}
	while (r->at < r->end && is_word(*r->at))
		r->at++;
	if (r->at > token->text) {
		token->kind = is_digit(*token->text) ? BPF_TEXT_NUMBER : BPF_TEXT_WORD;
	} else {
		token->kind = *r->at++ == '\n' ? BPF_TEXT_LINE : BPF_TEXT_OTHER;
		if (token->kind == BPF_TEXT_LINE)
			new_line(r);
	}
	token->len = (size_t)(r->at - token->text);
}

bool bpf_text_is(const struct bpf_reader *r, const char *text)
{
	return r->token.len == strlen(text) && !memcmp(r->token.text, text, r->token.len);
}

bool bpf_text_take(struct bpf_reader *r, const char *text)
{
	if (!bpf_text_is(r, text))
		return false;
	bpf_text_next(r);
	return true;
}

bool bpf_text_end(const struct bpf_reader *r)
{
	return r->token.kind == BPF_TEXT_END || r->token.kind == BPF_TEXT_LINE;
}

void bpf_text_unexpected(struct bpf_reader *r, const char *wanted)
{
	if (bpf_text_end(r))
		bpf_text_fail(r, &r->token, "expected %s at the end of the line", wanted);
	else
		bpf_text_fail(r, &r->token, "expected %s, not '%.*s'", wanted,
			      BPF_CUT(r->token.len), r->token.text);
}

void bpf_text_expect(struct bpf_reader *r, const char *text)
{
	char wanted[16];

	if (bpf_text_take(r, text))
		return;
	snprintf(wanted, sizeof(wanted), "'%s'", text);
	bpf_text_unexpected(r, wanted);
}

/* ---- numbers and names ---- */

uint64_t bpf_text_number(struct bpf_reader *r)
{
	const char *p = r->token.text, *end = p + r->token.len;
	unsigned int base = 10, digit;
	uint64_t value = 0;

	if (r->token.kind != BPF_TEXT_NUMBER) {
		bpf_text_unexpected(r, "a number");
		return 0;
	}
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	} else if (end - p > 1 && p[0] == '0') {
		base = 8;
	}
	for (; p < end; p++) {
		digit = is_digit(*p)	       ? (unsigned int)(*p - '0') :
			*p >= 'a' && *p <= 'f' ? (unsigned int)(*p - 'a') + 10 :
			*p >= 'A' && *p <= 'F' ? (unsigned int)(*p - 'A') + 10 :
						 99;
		if (digit >= base) {
			bpf_text_fail(r, &r->token, "'%.*s' is not a number", BPF_CUT(r->token.len),
				      r->token.text);
			return 0;
		}
		value = value * base + digit;
		if (value > UINT32_MAX) {
			bpf_text_fail(r, &r->token, "'%.*s' does not fit 32 bits",
				      BPF_CUT(r->token.len), r->token.text);
			return 0;
		}
	}
	bpf_text_next(r);
	return value;
}

/* "socket", "i386.socket": a call's number, with x32's bit. */
static bool call_number(const struct bpf_reader *r, uint64_t *value)
{
	const char *dot = memchr(r->token.text, '.', r->token.len);
	const char *name = dot ? dot + 1 : r->token.text;
	size_t len = r->token.len - (size_t)(name - r->token.text);
	const struct bpf_syscall *call;
	char buf[16];
	int abi = (int)r->abi;

	if (dot) {
		snprintf(buf, sizeof(buf), "%.*s", (int)(dot - r->token.text), r->token.text);
		abi = (size_t)(dot - r->token.text) < sizeof(buf) ? bpf_abi_find(buf) : -ENOENT;
	}
	call = abi >= 0 ? bpf_syscall_find(name, len) : NULL;
	if (!call || call->nr[abi] == BPF_NO_NR)
		return false;
	*value = (uint32_t)call->nr[abi] | bpf_abis[abi].nr_bit;
	return true;
}

/* A word behind a '#': an architecture, a call, a constant, an action. */
static uint64_t name(struct bpf_reader *r)
{
	char buf[MAX_NAME];
	uint64_t value = 0;
	uint32_t action;
	int abi = -ENOENT;

	snprintf(buf, sizeof(buf), "%.*s", (int)r->token.len, r->token.text);
	if (r->token.len < sizeof(buf))
		abi = bpf_abi_find(buf);
	if (abi >= 0)
		value = bpf_abis[abi].arch;
	else if (bpf_action_parse(r->token.text, r->token.len, &action) == 0)
		value = action;
	else if (bpf_constant(r->token.text, r->token.len, &value) < 0 && !call_number(r, &value))
		bpf_text_fail(r, &r->token,
			      "'%.*s' is no constant, and no action, architecture or call of %s",
			      BPF_CUT(r->token.len), r->token.text, bpf_abis[r->abi].name);
	bpf_text_next(r);
	return value;
}

/* "errno(EPERM)", and the two actions with a '-'. The token is the first word. */
static bool long_action(struct bpf_reader *r, uint64_t *value)
{
	const char *begin = r->token.text;
	const struct bpf_text_token first = r->token;
	uint32_t action;

	if (bpf_text_is(r, "errno")) {
		bpf_text_next(r);
		bpf_text_expect(r, "(");
		bpf_text_next(r);
		if (!bpf_text_is(r, ")")) {
			bpf_text_unexpected(r, "')'");
			return true;
		}
	} else if (bpf_text_is(r, "kill") && r->at < r->end && *r->at == '-') {
		bpf_text_next(r);
		bpf_text_next(r);
	} else {
		return false;
	}
	if (bpf_action_parse(begin, (size_t)(r->token.text + r->token.len - begin), &action) < 0)
		bpf_text_fail(r, &first, "'%.*s' is no action", (int)(r->at - begin), begin);
	else
		*value = action;
	bpf_text_next(r);
	return true;
}

uint32_t bpf_text_constant(struct bpf_reader *r)
{
	uint64_t all = 0, value = 0;
	bool negative;

	do {
		negative = bpf_text_take(r, "-");
		if (r->token.kind == BPF_TEXT_WORD && !negative) {
			if (!long_action(r, &value))
				value = name(r);
		} else {
			value = bpf_text_number(r);
		}
		all |= negative ? -value : value;
	} while (bpf_text_take(r, "|"));
	return (uint32_t)all;
}
