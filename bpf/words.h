/* SPDX-License-Identifier: MIT */
/*
 * What text.c and words.c share: a program's text, cut into words.
 */
#ifndef BPF_WORDS_H
#define BPF_WORDS_H

#include "bpf/bpf.h"

enum bpf_text_kind {
	BPF_TEXT_END,
	BPF_TEXT_LINE,	 /* the end of a line */
	BPF_TEXT_WORD,	 /* letters, digits, '_' and '.', not beginning with a digit */
	BPF_TEXT_NUMBER, /* begins with a digit; not yet known to be a good one */
	BPF_TEXT_OTHER,	 /* one character */
};

struct bpf_text_token {
	enum bpf_text_kind kind;
	const char *text;
	size_t len;
	struct bpf_place place;
};

struct bpf_text_label;

struct bpf_reader {
	const char *at, *end; /* what is not read yet */
	const char *line;     /* where the line begins */
	struct bpf_place place;
	struct bpf_text_token token;
	enum bpf_abi_id abi;
	struct bpf_arena *arena;
	struct bpf_asm *as;
	struct bpf_text_label *labels;
	struct bpf_error *err;
	int error; /* the first, negative errno; from then on there is nothing but END */
};

void bpf_text_next(struct bpf_reader *r);
bool bpf_text_is(const struct bpf_reader *r, const char *text);
bool bpf_text_take(struct bpf_reader *r, const char *text); /* if it is TEXT, on to the next */
bool bpf_text_end(const struct bpf_reader *r);		    /* of the line, or of all */
void bpf_text_expect(struct bpf_reader *r, const char *text);
void bpf_text_unexpected(struct bpf_reader *r, const char *wanted);
__attribute__((format(printf, 3, 4))) int
bpf_text_fail(struct bpf_reader *r, const struct bpf_text_token *token, const char *format, ...);

/* Decimal, 0x, or, as bpf_asm has it, octal with a leading 0. */
uint64_t bpf_text_number(struct bpf_reader *r);

/* What follows '#': terms joined by '|', each a number or a name, perhaps with a '-'. */
uint32_t bpf_text_constant(struct bpf_reader *r);

#endif
