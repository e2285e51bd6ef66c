/* SPDX-License-Identifier: MIT */
/*
 * Words and tokens of one policy line.
 *
 * A line is read in two manners. Directives, calls and sets are words between blanks
 * ("kill-thread", "?openat2", "@file-read"). What follows "if" is an expression, where
 * blanks separate nothing that punctuation does not separate already.
 *
 * The lexer remembers the first error and gives nothing but END from then on, so that
 * the parser needs no check after each token. Every token knows its column.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The longer ones first: "<=" is not "<" and "=". */
static const char *const operators[] = {
	"&&", "||", "==", "!=", "<=", ">=", "<", ">", "&", "|",
	"!",  "~",  "-",  "(",	")",  "{",  "}", ",", "=",
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Only what prints may be in a line: errors quote it, and a line break in an option's
 * word must not become a second directive.
 */
int bpf_lex_start(struct bpf_lexer *lx, const char *text, const struct bpf_place *place,
		  struct bpf_error *err)
{
	const char *p;

	memset(lx, 0, sizeof(*lx));
	lx->text = text;
	lx->at = text;
	lx->place = *place;
	lx->err = err;
	for (p = text; *p; p++) {
		if ((*p >= ' ' && *p <= '~') || *p == '\t')
			continue;
		lx->token.text = p;
		return bpf_lex_fail(lx, &lx->token, "unexpected byte 0x%02x",
				    (unsigned int)(unsigned char)*p);
	}
	return 0;
}

static void set_token(struct bpf_lexer *lx, enum bpf_token_kind kind, size_t len)
{
	lx->token.kind = kind;
	lx->token.text = lx->at;
	lx->token.len = len;
	lx->at += len;
}

/* Skip blanks; at the end, and after an error, the token is END and there is no more. */
static bool at_end(struct bpf_lexer *lx)
{
	while (is_blank(*lx->at))
		lx->at++;
	if (*lx->at != '\0' && lx->error == 0)
		return false;
	set_token(lx, BPF_TOKEN_END, 0);
	return true;
}

void bpf_lex_word(struct bpf_lexer *lx, char stop)
{
	size_t len = 1;

	if (at_end(lx))
		return;
	while (lx->at[len] != '\0' && !is_blank(lx->at[len]) && lx->at[len] != stop)
		len++;
	set_token(lx, BPF_TOKEN_WORD, len);
}

void bpf_lex_token(struct bpf_lexer *lx)
{
	size_t len = 0;
	size_t i;

	if (at_end(lx))
		return;
	while (is_word(lx->at[len]))
		len++;
	if (len > 0) {
		set_token(lx, is_digit(*lx->at) ? BPF_TOKEN_NUMBER : BPF_TOKEN_WORD, len);
		return;
	}
	for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		len = strlen(operators[i]);
		if (strncmp(lx->at, operators[i], len) == 0) {
			set_token(lx, BPF_TOKEN_OP, len);
			return;
		}
	}
	set_token(lx, BPF_TOKEN_OP, 1);
	bpf_lex_fail(lx, &lx->token, "unexpected '%c'", *lx->token.text);
	set_token(lx, BPF_TOKEN_END, 0);
}

bool bpf_token_is(const struct bpf_token *token, const char *text)
{
	return token->len == strlen(text) && memcmp(token->text, text, token->len) == 0;
}

struct bpf_place bpf_token_place(const struct bpf_lexer *lx, const struct bpf_token *token)
{
	struct bpf_place place = lx->place;

	place.column += (unsigned int)(token->text - lx->text);
	return place;
}

int bpf_lex_fail(struct bpf_lexer *lx, const struct bpf_token *token, const char *format, ...)
{
	struct bpf_place place = bpf_token_place(lx, token);
	char text[sizeof(lx->err->text)];
	va_list args;

	if (lx->error != 0)
		return lx->error;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	lx->error = bpf_fail(lx->err, -EINVAL, &place, "%s", text);
	return lx->error;
}

int bpf_lex_full(struct bpf_lexer *lx)
{
	if (lx->error == 0)
		lx->error = bpf_fail(lx->err, -E2BIG, &lx->place, "the policy is too large");
	return lx->error;
}

/*
 * strtoull() takes blanks, signs and octal numbers, and stops at what it does not
 * know; all of that is ruled out here before it is asked.
 */
int bpf_lex_number(struct bpf_lexer *lx, const struct bpf_token *token, uint64_t *value)
{
	bool hex = token->len > 2 && token->text[0] == '0' &&
		   (token->text[1] == 'x' || token->text[1] == 'X');
	const char *valid = hex ? "0123456789abcdefABCDEF" : "0123456789";
	size_t start = hex ? 2 : 0;
	char *end;

	if (token->len == 0 || start + strspn(token->text + start, valid) < token->len)
		return bpf_lex_fail(lx, token, "'%.*s' is not a number; write 10 or 0xa",
				    BPF_CUT(token->len), token->text);
	if (!hex && token->len > 1 && token->text[0] == '0')
		return bpf_lex_fail(lx, token,
				    "'%.*s' could be octal or decimal; write it without the "
				    "leading 0, or as 0x...",
				    BPF_CUT(token->len), token->text);
	errno = 0;
	*value = strtoull(token->text, &end, hex ? 16 : 10);
	if (errno == ERANGE)
		return bpf_lex_fail(lx, token, "'%.*s' does not fit 64 bits", BPF_CUT(token->len),
				    token->text);
	return 0;
}
