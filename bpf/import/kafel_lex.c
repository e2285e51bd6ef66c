/* SPDX-License-Identifier: MIT */
/*
 * The words of a kafel policy, through all included files.
 *
 * '#include "a" "b"' ends with the line or a ";". The files' text stands in its place, file
 * by file. "#define" is two tokens, and the parser's.
 */
#include "bpf/import/kafel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEVELS 16
#define MAX_FILES  256

static const char *const operators[] = {
	"==", "!=", "<=", ">=", "||", "&&", "<", ">", "|", "&",
	"[",  "]",  "(",  ")",	"{",  "}",  ",", "!", "#", ";",
};

int kf_fail(struct kf_lexer *lx, const char *format, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return reader_fail(lx->r, lx->token.place, "%s", text);
}

static int push(struct kf_lexer *lx, const struct reader_file *file)
{
	struct kf_input *input = reader_alloc(lx->r, sizeof(*input));

	if (!input)
		return -EINVAL;
	input->up = lx->input;
	input->file = file;
	input->at = file->text;
	input->line = 1;
	lx->input = input;
	return 0;
}

int kf_lex_start(struct kf_lexer *lx, struct reader *r, const struct reader_file *file)
{
	memset(lx, 0, sizeof(*lx));
	lx->r = r;
	lx->token.place = (struct reader_place){ file, 1 };
	return push(lx, file);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* ---- blanks and comments ---- */

static void block_comment(struct kf_lexer *lx)
{
	struct kf_input *in = lx->input;

	for (in->at += 2; *in->at != '\0'; in->at++) {
		if (in->at[0] == '*' && in->at[1] == '/') {
			in->at += 2;
			return;
		}
		if (*in->at == '\n')
			in->line++;
	}
	kf_fail(lx, "a comment without an end");
}

/* Stops before a newline, too, if NEWLINES is not set. */
static void skip_blanks(struct kf_lexer *lx, bool newlines)
{
	struct kf_input *in = lx->input;

	while (!lx->r->failed) {
		lx->token.place = (struct reader_place){ in->file, in->line };
		if (*in->at == ' ' || *in->at == '\t' || *in->at == '\r') {
			in->at++;
		} else if (*in->at == '\n' && newlines) {
			in->at++;
			in->line++;
		} else if (in->at[0] == '/' && in->at[1] == '/') {
			in->at += strcspn(in->at, "\n");
		} else if (in->at[0] == '/' && in->at[1] == '*') {
			block_comment(lx);
		} else {
			return;
		}
	}
}

/* ---- included files ---- */

static void open_file(struct kf_lexer *lx)
{
	struct kf_input *in = lx->input;
	size_t len = strcspn(in->at + 1, "\"\n");
	const struct reader_file *file;
	const char *path;

	if (in->at[1 + len] != '"' || len == 0) {
		kf_fail(lx, "expected a file's name in quotes");
		return;
	}
	if (++lx->files > MAX_FILES) {
		kf_fail(lx, "more than %d included files", MAX_FILES);
		return;
	}
	path = reader_strndup(lx->r, in->at + 1, len);
	in->at += len + 2;
	file = path ? reader_include(lx->r, lx->token.place, path, MAX_LEVELS) : NULL;
	if (file)
		push(lx, file);
}

/* Within an #include: the next file, or its end. */
static void go_on_including(struct kf_lexer *lx)
{
	struct kf_input *in = lx->input;

	skip_blanks(lx, false);
	if (*in->at == '"') {
		open_file(lx);
		return;
	}
	in->including = false;
	if (*in->at == ';')
		in->at++;
	else if (*in->at != '\n' && *in->at != '\0')
		kf_fail(lx, "expected a file's name in quotes, or the end of the line");
}

/* To where a token begins; false: there is none any more. */
static bool find_token(struct kf_lexer *lx)
{
	static const char include[] = "#include";
	size_t len = sizeof(include) - 1;
	struct kf_input *in;

	while (!lx->r->failed) {
		in = lx->input;
		if (in->including) {
			go_on_including(lx);
			continue;
		}
		skip_blanks(lx, true);
		if (*in->at == '\0' && !in->up)
			return false;
		if (*in->at == '\0') {
			lx->input = in->up;
		} else if (strncmp(in->at, include, len) == 0 && !is_word(in->at[len])) {
			in->at += len;
			in->including = true;
		} else {
			return !lx->r->failed;
		}
	}
	return false;
}

/* ---- tokens ---- */

static void set_token(struct kf_lexer *lx, enum kf_kind kind, size_t len)
{
	lx->token.kind = kind;
	lx->token.text = lx->input->at;
	lx->token.len = len;
	lx->input->at += len;
}

/* Decimal, maybe negative; 0x; 0b; or octal with a leading 0. */
static void lex_number(struct kf_lexer *lx)
{
	const char *text = lx->input->at;
	bool negative = *text == '-';
	const char *digits = text + negative, *valid = "0123456789";
	size_t len = negative, n, skip = 0;
	char buf[72], *end;
	int base = 10;

	while (is_word(text[len]))
		len++;
	n = len - negative;
	if (digits[0] == '0' && n > 1 && !negative) {
		base = digits[1] == 'x' ? 16 : digits[1] == 'b' ? 2 : 8;
		valid = base == 16 ? "0123456789abcdefABCDEF" : base == 2 ? "01" : "01234567";
		skip = base == 8 ? 1 : 2;
	}
	set_token(lx, KF_NUMBER, len);
	if (n <= skip || n - skip >= sizeof(buf) || strspn(digits + skip, valid) < n - skip) {
		kf_fail(lx, "'%.*s' is not a number", (int)(len < 40 ? len : 40), text);
		return;
	}
	memcpy(buf, digits + skip, n - skip);
	buf[n - skip] = '\0';
	errno = 0;
	lx->token.value = strtoull(buf, &end, base);
	if (errno == ERANGE || (negative && lx->token.value > UINT64_C(1) << 63))
		kf_fail(lx, "'%.*s' does not fit 64 bits", (int)(len < 40 ? len : 40), text);
	if (negative)
		lx->token.value = -lx->token.value;
}

static void lex_op(struct kf_lexer *lx)
{
	const char *at = lx->input->at;
	size_t i;

	for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (strncmp(at, operators[i], strlen(operators[i])) == 0) {
			set_token(lx, KF_OP, strlen(operators[i]));
			return;
		}
	}
	kf_fail(lx, "unexpected '%c'", *at < ' ' || *at > '~' ? '?' : *at);
}

void kf_lex(struct kf_lexer *lx)
{
	size_t len = 0;
	char c;

	if (find_token(lx)) {
		c = *lx->input->at;
		if (is_digit(c) || (c == '-' && is_digit(lx->input->at[1]))) {
			lex_number(lx);
		} else if (is_word(c)) {
			while (is_word(lx->input->at[len]))
				len++;
			set_token(lx, KF_WORD, len);
		} else {
			lex_op(lx);
		}
		if (!lx->r->failed)
			return;
	}
	lx->token.kind = KF_END;
	lx->token.text = "";
	lx->token.len = 0;
}

bool kf_at(const struct kf_lexer *lx, const char *text)
{
	return lx->token.kind != KF_END && lx->token.kind != KF_NUMBER &&
	       lx->token.len == strlen(text) && memcmp(lx->token.text, text, lx->token.len) == 0;
}
