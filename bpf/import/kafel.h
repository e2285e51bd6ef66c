/* SPDX-License-Identifier: MIT */
/*
 * What the files of the kafel importer share. The meaning of the format is told in kafel.c.
 */
#ifndef BPF_IMPORT_KAFEL_H
#define BPF_IMPORT_KAFEL_H

#include "bpf/import/reader.h"

/* ---- tokens (kafel_lex.c) ---- */

enum kf_kind {
	KF_END,
	KF_WORD,
	KF_NUMBER,
	KF_OP,
};

struct kf_token {
	enum kf_kind kind;
	const char *text;
	size_t len;
	uint64_t value; /* of a number */
	struct reader_place place;
};

/* A file under way, and the one that included it. */
struct kf_input {
	struct kf_input *up;
	const struct reader_file *file;
	const char *at;
	unsigned int line;
	bool including; /* within an #include, which may name more files */
};

struct kf_lexer {
	struct reader *r;
	struct kf_input *input;
	struct kf_token token;
	unsigned int files; /* read so far */
};

int kf_lex_start(struct kf_lexer *lx, struct reader *r, const struct reader_file *file);

/* The next token; included files are followed. KF_END after an error. */
void kf_lex(struct kf_lexer *lx);

/* Is the token the word or the punctuation TEXT? */
bool kf_at(const struct kf_lexer *lx, const char *text);

/* Always -EINVAL, at the token. */
__attribute__((format(printf, 2, 3))) int kf_fail(struct kf_lexer *lx, const char *format, ...);

/* ---- conditions (kafel_expr.c) ---- */

enum kf_op {
	KF_TRUE,
	KF_FALSE,
	KF_AND,
	KF_OR,
	KF_EQ, /* arg & mask == value, unsigned, in its low BITS */
	KF_NE,
	KF_LT,
	KF_LE,
	KF_GT,
	KF_GE,
};

struct kf_cond {
	enum kf_op op;
	struct kf_cond *left, *right;
	unsigned int arg, bits;
	const char *name; /* by which it was named, if ours knows it by that name; else NULL */
	struct bpf_argtype type;
	uint64_t mask, value;
};

struct kf_const {
	struct kf_const *next;
	const char *name;
	uint64_t value;
};

#define KF_ARGS 6

/* The call that a condition is about. */
struct kf_target {
	const char *name;		/* as our policy writes it */
	const struct bpf_syscall *call; /* whose arguments have the kernel's names; NULL: none */
	bool absent;			/* the ABI does not have it */
	bool skipped;			/* "ON" leaves it out here */
	bool declared;			/* ARGS were given: whole registers */
	unsigned int nargs;
	const char *args[KF_ARGS];
};

/* ---- policies ---- */

/* One call in a block of an action, or a policy that is used here. */
struct kf_entry {
	struct kf_entry *next;
	const struct kf_policy *used; /* NULL: a rule */
	unsigned int block;	      /* rules of one block have one number */
	uint32_t action;
	const char *call;
	struct kf_cond *cond; /* NULL: always */
	struct reader_place place;
};

struct kf_policy {
	struct kf_policy *next;
	const char *name;
	struct kf_entry *entries, **tail;
};

/* ---- the parser (kafel.c) ---- */

struct kf_parser {
	struct kf_lexer lx;
	struct reader *r;
	struct kf_const *consts;
	struct kf_policy *policies;
	struct kf_policy main; /* what stands outside of policies */
	const struct kf_target *target;
	uint32_t default_action;
	bool has_default;
	struct reader_place default_place;
	unsigned int depth, nodes; /* of the condition */
	unsigned int rules, blocks;
};

/* Behind "{", up to "}"; NULL: told. */
struct kf_cond *kf_parse_cond(struct kf_parser *p);

const struct kf_const *kf_find_const(const struct kf_parser *p, const struct kf_token *token);

/* Write it as text of ours (kafel_write.c). */
int kf_write(struct kf_parser *p);

#endif
