/* SPDX-License-Identifier: MIT */
/*
 * What the files of the minijail importer share. The meaning of the format is told in
 * minijail.c.
 */
#ifndef BPF_IMPORT_MINIJAIL_H
#define BPF_IMPORT_MINIJAIL_H

#include "bpf/import/reader.h"

/* ---- tokens (minijail_lex.c) ---- */

enum mj_kind {
	MJ_END, /* of the statement */
	MJ_WORD,
	MJ_NUMBER,
	MJ_OP,	      /* punctuation; text says which */
	MJ_DIRECTIVE, /* "@include" */
};

struct mj_token {
	enum mj_kind kind;
	const char *text;
	size_t len;
	struct reader_place place;
	bool spaced; /* a blank before it */
};

/* One statement after the other; a statement is a line, or several joined by "\". */
struct mj_lexer {
	struct reader *r;
	const struct reader_file *file;
	const char *at;
	unsigned int line;
	struct mj_token token;
	bool comments; /* one stood behind a statement, which only one of the tools takes */
};

void mj_lex_start(struct mj_lexer *lx, struct reader *r, const struct reader_file *file);

/* To the first token of the next statement that has any; false: there is none, or failed. */
bool mj_lex_statement(struct mj_lexer *lx);

void mj_lex_token(struct mj_lexer *lx);
bool mj_is(const struct mj_token *token, const char *text);

/* "/abs" or "./rel", up to the next blank, in place of the next token; NULL: told. */
const char *mj_lex_path(struct mj_lexer *lx);

/* Always -EINVAL, at the token. */
__attribute__((format(printf, 2, 3))) int mj_fail(struct mj_lexer *lx, const char *format, ...);

/* ---- constants (minijail_const.c) ---- */

struct mj_const {
	uint64_t value;
	const char *text;	/* in our language */
	const char *complement; /* in our language, where TEXT is "~" of it; else NULL */
	bool joined;		/* TEXT has a "|" that is not in parentheses */
	bool spaced;		/* blanks within, which only one of the tools takes */
};

/* The token is the first one; on return it is the one behind. */
int mj_parse_const(struct mj_lexer *lx, struct mj_const *c);

/* ---- frequencies (minijail_frequency.c) ---- */

/* What the file PATH, which FROM names, has, or why not: as weights and notes. */
void mj_read_frequency(struct reader *r, struct reader_place from, const char *path);

/* ---- the policy ---- */

enum mj_op { MJ_EQ, MJ_NE, MJ_LT, MJ_LE, MJ_GT, MJ_GE, MJ_SET, MJ_IN };

struct mj_atom {
	struct mj_atom *next;
	unsigned int arg;
	enum mj_op op;
	struct mj_const c;
};

/* Atoms that must all hold. */
struct mj_clause {
	struct mj_clause *next;
	struct mj_atom *atoms;
};

/* ACTION, if one of the clauses holds; or always, if there was no expression. */
struct mj_filter {
	struct mj_filter *next; /* of the same statement */
	struct mj_clause *clauses;
	uint32_t action;
	struct reader_place place;
	bool conditional; /* also when all clauses were found never to hold */
	bool otherwise;	  /* ends in "; return", and no action of its own came before it */
};

/* One call that a statement names. */
struct mj_name {
	struct mj_name *next;
	struct mj_call *call;
};

struct mj_statement {
	struct mj_statement *next;
	struct mj_name *names;
	struct mj_filter *filters;
	struct reader_place place;
};

/* What is said about one call, in all its statements. */
struct mj_call {
	struct mj_call *next;
	const char *name; /* or the number */
	bool absent;	  /* R->abi does not have it */
	struct mj_use {
		struct mj_use *next;
		const struct mj_statement *statement;
	} * uses, *last;
	unsigned int nuses;
};

struct mj_policy {
	struct reader *r;
	struct mj_statement *statements, **tail;
	struct mj_call *calls;
	uint32_t default_action;
	bool denylist;
	struct reader_place default_place;
	/*
	 * What shows that the profile is for compile_seccomp_policy.py, since the library
	 * would refuse it; and the first "expression; return", which they read differently.
	 */
	const char *evidence;
	struct reader_place evidence_place, otherwise_place;
	bool repeated; /* some call has several statements */
	struct reader_place repeated_place;
	unsigned int nodes;
};

/* Write it as text of ours (minijail_write.c). */
int mj_write(struct mj_policy *policy);

#endif
