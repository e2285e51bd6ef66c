/* SPDX-License-Identifier: MIT */
/*
 * What the files of bpf/ share among themselves and nobody else needs. The contract of
 * this directory is bpf.h.
 */
#ifndef BPF_INTERNAL_H
#define BPF_INTERNAL_H

#include "bpf/bpf.h"

/* ---- words and tokens of a policy line (lex.c) ---- */

enum bpf_token_kind {
	BPF_TOKEN_END,
	BPF_TOKEN_WORD,	  /* begins with a letter or '_' */
	BPF_TOKEN_NUMBER, /* begins with a digit; not yet known to be a good one */
	BPF_TOKEN_OP,	  /* punctuation */
};

struct bpf_token {
	enum bpf_token_kind kind;
	const char *text;
	size_t len;
};

struct bpf_lexer {
	const char *text; /* the line */
	const char *at;	  /* what is not read yet */
	struct bpf_token token;
	struct bpf_place place; /* of TEXT's first byte */
	struct bpf_error *err;
	int error; /* the first error, negative errno */
};

/* Refuses a line with bytes that do not print. */
int bpf_lex_start(struct bpf_lexer *lx, const char *text, const struct bpf_place *place,
		  struct bpf_error *err);

/* The next word: up to a blank, or up to one of STOP. */
void bpf_lex_word(struct bpf_lexer *lx, const char *stop);

/* The next token of a condition. */
void bpf_lex_token(struct bpf_lexer *lx);

bool bpf_token_is(const struct bpf_token *token, const char *text);
struct bpf_place bpf_token_place(const struct bpf_lexer *lx, const struct bpf_token *token);

/* Fail with -EINVAL at TOKEN, unless something failed before. Returns lx->error. */
__attribute__((format(printf, 3, 4))) int
bpf_lex_fail(struct bpf_lexer *lx, const struct bpf_token *token, const char *format, ...);

/* The arena is full. Returns lx->error. */
int bpf_lex_full(struct bpf_lexer *lx);

/* Decimal or 0x; fails at TOKEN. */
int bpf_lex_number(struct bpf_lexer *lx, const struct bpf_token *token, uint64_t *value);

/* For "%.*s": names in errors are cut, so that the end of the sentence survives. */
#define BPF_CUT(len) ((int)((len) < 40 ? (len) : 40))

/* ---- conditions (cond.c) ---- */

/* Parse what follows "if", up to the end of the line, as the condition of RULE. */
int bpf_cond_parse(struct bpf_lexer *lx, struct bpf_policy *policy, struct bpf_rule *rule);

/* bpf_syscall_arg() for a call of a rule, which may be a bare number. */
int bpf_call_arg(const struct bpf_call *call, enum bpf_abi_id abi, const char *name, size_t len,
		 struct bpf_argtype *type);

/* The number that CALL has under ABI, without bit 30, or BPF_NO_NR. */
int64_t bpf_call_nr(const struct bpf_call *call, enum bpf_abi_id abi);

/* All ones in the low BITS. */
uint64_t bpf_width_mask(unsigned int bits);

/* ---- decision graphs (node.c) ---- */

/*
 * "Load WORD, and it with MASK, compare it with K; go on at YES or NO" - or, with
 * code BPF_RET | BPF_K, the end: K is the action.
 */
struct bpf_node {
	uint16_t code; /* BPF_JMP | BPF_JEQ | BPF_K and so on; BPF_RET | BPF_K */
	uint16_t origin;
	uint32_t word, mask, k;
	struct bpf_node *yes, *no;
	struct bpf_node *chain; /* in its hash bucket */
	struct bpf_node *up;	/* while the graph is walked: who came here */
	unsigned char walked;	/* 0: not reached; then how far */
	int entry[3];		/* labels: of the load, of the and, of the jump; -1: unused */
	unsigned int since;	/* how many instructions there were when the last was made */
};

#define BPF_BUCKETS 1024

struct bpf_graph {
	struct bpf_arena *arena;
	uint16_t origin; /* given to the nodes made from now on */
	struct bpf_node *bucket[BPF_BUCKETS];
};

/*
 * Equal nodes are made once, so that equal decisions are equal pointers. A test that
 * cannot matter is not made: its outcome is returned. NULL: the arena is full; a NULL
 * outcome gives NULL.
 */
struct bpf_node *bpf_node_action(struct bpf_graph *graph, uint32_t action);

struct bpf_test {
	uint16_t op; /* BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET */
	uint32_t word, mask, k;
};

struct bpf_node *bpf_node_test(struct bpf_graph *graph, struct bpf_test test, struct bpf_node *yes,
			       struct bpf_node *no);

/* Append the program that decides as ROOT does; once, since it marks the nodes. */
int bpf_graph_emit(struct bpf_node *root, struct bpf_asm *as, struct bpf_error *err);

/* ---- conditions as graphs (lower.c) ---- */

/* YES where EXPR holds for CALL under ABI, else NO. */
struct bpf_node *bpf_lower(struct bpf_graph *graph, const struct bpf_expr *expr,
			   const struct bpf_call *call, enum bpf_abi_id abi, struct bpf_node *yes,
			   struct bpf_node *no);

/* ---- cells (cells.c) ---- */

/* A question about one 64-bit argument: how does "arg & mask" compare with k? */
struct bpf_atom {
	uint64_t mask, k;
	unsigned int arg;
	bool ordered; /* below, equal or above matters; else only equal or not */
};

/* Memory to work in, of one's own choosing; too little of it gives -E2BIG. */
struct bpf_cells {
	unsigned char *answers[2]; /* SPACE bytes each */
	uint64_t *values[2];	   /* MAX each */
	uint32_t *slots;	   /* NSLOTS, a power of two, at least 2 * MAX */
	size_t space, max, nslots;
};

/*
 * One value for each list of answers that the N ATOMS can get at once: exactly those,
 * whatever their masks are. Returns how many; they are in CELLS->values[0]; or -E2BIG.
 */
int bpf_cells_find(struct bpf_cells *cells, const struct bpf_atom *atoms, size_t n);

/* ---- proofs (ask.c, verify.c) ---- */

/* What A holds at some instruction: bits MASK of the word at offset WORD. */
struct bpf_state {
	struct bpf_state *next;
	uint32_t word, mask;
};

struct bpf_list {
	uint32_t *values;
	size_t len, max;
};

struct bpf_proof {
	const struct bpf_policy *policy;
	const struct bpf_prog *prog;
	struct bpf_arena *arena;
	struct bpf_error *err;
	struct bpf_list nrs, archs; /* those to be tried */
	struct bpf_state **states;  /* for each instruction, what A may be */
	bool survey;		    /* nr and arch are not known yet */
	bool tests_args;	    /* some test is of an argument */
	struct seccomp_data data;   /* the input under way */
	struct bpf_atom *atoms;	    /* what is asked of its arguments; BPF_MAXATOMS */
	size_t natoms;
	struct bpf_cells cells;
	unsigned long cases, cost; /* how many were tried; steps that one may take */
	struct seccomp_data *witness;
};

#define BPF_MAXATOMS 2048

/* No memory, or too many conditions: fail with -E2BIG. */
int bpf_proof_full(const struct bpf_proof *p);
int bpf_proof_many(const struct bpf_proof *p);

void bpf_list_add(struct bpf_list *list, uint32_t value);
void bpf_list_around(struct bpf_list *list, uint32_t value); /* with its two neighbours */

/*
 * Every way through the program from PC on. In a survey, what nr and arch are compared with
 * goes to their lists; else what is asked of the arguments goes to the atoms.
 */
int bpf_ask_program(struct bpf_proof *p, unsigned int pc);

/* The first instruction that loads an argument, with nr and arch known; -1: none. */
int bpf_first_arg_load(const struct bpf_proof *p);

/* What the rules ask of the arguments of this number. */
int bpf_ask_policy(struct bpf_proof *p);

#endif
