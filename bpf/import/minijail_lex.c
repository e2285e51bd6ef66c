/* SPDX-License-Identifier: MIT */
/*
 * The words of a minijail policy.
 *
 * A statement is a line; a "\" right before the line's end joins the next one to it. "#"
 * begins a comment that ends with the line. A comment whose line ends with "\" is refused:
 * libminijail takes the next line for a part of the comment, compile_seccomp_policy.py
 * takes it for a statement.
 */
#include "bpf/import/minijail.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const char *const operators[] = {
	"||", "&&", "==", "!=", "<=", ">=", "|", "&", "~", "<", ">",
	"(",  ")",  "{",  "}",	"[",  "]",  ",", ";", ":", "=",
};

int mj_fail(struct mj_lexer *lx, const char *format, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return reader_fail(lx->r, lx->token.place, "%s", text);
}

void mj_lex_start(struct mj_lexer *lx, struct reader *r, const struct reader_file *file)
{
	memset(lx, 0, sizeof(*lx));
	lx->r = r;
	lx->file = file;
	lx->at = file->text;
	lx->line = 1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
	return is_word_start(c) || is_digit(c) || c == '-' || c == '@';
}

/* How long the end of the line at P is: 0, 1, or 2 with a carriage return. */
static size_t line_end(const char *p)
{
	if (*p == '\n')
		return 1;
	return *p == '\r' && p[1] == '\n' ? 2 : 0;
}

/* Up to the end of the line or of the text. */
static void skip_comment(struct mj_lexer *lx)
{
	while (*lx->at != '\0' && line_end(lx->at) == 0)
		lx->at++;
	if (lx->at[-1] == '\\')
		mj_fail(lx, "a comment that ends with '\\': minijail's tools disagree about the "
			    "line behind it");
}

/* Blanks and joined lines. */
static void skip_blanks(struct mj_lexer *lx)
{
	size_t n;

	for (;;) {
		if (*lx->at == ' ' || *lx->at == '\t') {
			lx->at++;
		} else if (*lx->at == '\\' && (n = line_end(lx->at + 1)) > 0) {
			lx->at += 1 + n;
			lx->line++;
		} else {
			return;
		}
		lx->token.spaced = true;
	}
}

static void set_token(struct mj_lexer *lx, enum mj_kind kind, size_t len)
{
	lx->token.kind = kind;
	lx->token.text = lx->at;
	lx->token.len = len;
	lx->at += len;
}

/* Nothing more, in this statement or at all. */
static bool at_end(struct mj_lexer *lx)
{
	lx->token.spaced = false;
	skip_blanks(lx);
	lx->token.place = (struct reader_place){ lx->file, lx->line };
	if (!lx->r->failed && *lx->at == '#') {
		lx->comments = true;
		skip_comment(lx);
	}
	if (!lx->r->failed && *lx->at != '\0' && line_end(lx->at) == 0)
		return false;
	set_token(lx, MJ_END, 0);
	return true;
}

static size_t number_length(const char *p)
{
	size_t len = 1; /* a digit, or '-' */

	while (is_digit(p[len]) || (p[len] >= 'a' && p[len] <= 'z') ||
	       (p[len] >= 'A' && p[len] <= 'Z') || p[len] == '_')
		len++;
	return len;
}

void mj_lex_token(struct mj_lexer *lx)
{
	size_t len = 1;
	size_t i;

	if (at_end(lx))
		return;
	if (is_word_start(*lx->at) || (*lx->at == '@' && is_word_start(lx->at[1]))) {
		while (is_word(lx->at[len]))
			len++;
		set_token(lx, *lx->at == '@' ? MJ_DIRECTIVE : MJ_WORD, len);
		return;
	}
	if (is_digit(*lx->at) || (*lx->at == '-' && is_digit(lx->at[1]))) {
		set_token(lx, MJ_NUMBER, number_length(lx->at));
		return;
	}
	for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		len = strlen(operators[i]);
		if (strncmp(lx->at, operators[i], len) == 0) {
			set_token(lx, MJ_OP, len);
			return;
		}
	}
	mj_fail(lx, "unexpected '%c'", *lx->at < ' ' || *lx->at > '~' ? '?' : *lx->at);
	set_token(lx, MJ_END, 0);
}

bool mj_lex_statement(struct mj_lexer *lx)
{
	for (;;) {
		while (line_end(lx->at) > 0) {
			lx->at += line_end(lx->at);
			lx->line++;
		}
		if (*lx->at == '\0' || lx->r->failed)
			return false;
		lx->comments = false;
		mj_lex_token(lx);
		if (lx->token.kind != MJ_END)
			return true;
	}
}

bool mj_is(const struct mj_token *token, const char *text)
{
	return token->len == strlen(text) && memcmp(token->text, text, token->len) == 0;
}

const char *mj_lex_path(struct mj_lexer *lx)
{
	size_t len = 0;

	if (at_end(lx)) {
		mj_fail(lx, "expected a path");
		return NULL;
	}
	while (lx->at[len] > ' ')
		len++;
	if (lx->at[0] != '/' && strncmp(lx->at, "./", 2) != 0) {
		mj_fail(lx, "a path begins with '/' or './'");
		return NULL;
	}
	set_token(lx, MJ_WORD, len);
	return reader_strndup(lx->r, lx->token.text, len);
}
