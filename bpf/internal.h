/* SPDX-License-Identifier: MIT */
/*
 * What the files of bpf/ share among themselves and nobody else needs. The contract of
 * this directory is bpf.h.
 */
#ifndef BPF_INTERNAL_H
#define BPF_INTERNAL_H

#include "bpf/bench.h"
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

/* The next word: up to a blank, or up to STOP. */
void bpf_lex_word(struct bpf_lexer *lx, char stop);

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
static inline int64_t bpf_call_nr(const struct bpf_call *call, enum bpf_abi_id abi)
{
	return call->syscall ? call->syscall->nr[abi] : (int64_t)call->nr;
}

/* All ones in the low BITS. */
uint64_t bpf_width_mask(unsigned int bits);

/* ---- decision graphs (node.c, emit.c) ---- */

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
	unsigned int words;	/* which are tested from here on: bit WORD / 4 */

	/* While a graph is walked: */
	unsigned int walk;	/* the last walk that came here */
	struct bpf_node *up;	/* who came here */
	struct bpf_node *next;	/* in the list that the walk makes */
	unsigned char progress; /* how far the walk has come with this node */
	unsigned char entries;	/* where it is entered, a bit for each of the three */
	int at[3];		/* and where these are in the program */

	/* In order.c: what became of it */
	struct bpf_node *image, *ordered;
	unsigned int image_of, ordered_by;
};

#define BPF_BUCKETS 1024
#define BPF_PIECES  128 /* of a line, that a tree is looked for at once; see tree.c */

struct bpf_graph {
	struct bpf_arena *arena;
	enum bpf_optimize how;
	uint16_t origin;    /* given to the nodes made from now on */
	unsigned int walks; /* how many there were, of this kind and those of order.c */
	unsigned int spare; /* nodes that order.c may still make on trial */
	struct bpf_node *bucket[BPF_BUCKETS];
	int32_t *cost; /* where tree.c computes: BPF_PIECES * BPF_PIECES */
};

int bpf_graph_init(struct bpf_graph *graph, struct bpf_arena *arena, enum bpf_optimize how);

static inline bool bpf_is_action(const struct bpf_node *node)
{
	return node->code == (BPF_RET | BPF_K);
}

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

/* The test of NODE, for the same rule, with other outcomes. */
struct bpf_node *bpf_node_like(struct bpf_graph *graph, const struct bpf_node *node,
			       struct bpf_node *yes, struct bpf_node *no);

/* All nodes that ROOT reaches, linked by "next", each behind those that it goes to. */
struct bpf_node *bpf_graph_walk(struct bpf_graph *graph, struct bpf_node *root);

/* How long the program for ROOT is, and its longest way. */
struct bpf_size {
	unsigned int insns, longest;
};

struct bpf_size bpf_graph_size(struct bpf_graph *graph, struct bpf_node *root);

/* The program that decides as ROOT does. */
int bpf_graph_emit(struct bpf_graph *graph, struct bpf_node *root, struct bpf_prog *prog,
		   struct bpf_error *err);

/* ---- conditions as graphs (lower.c) ---- */

/* YES where EXPR holds for CALL under ABI, else NO. */
struct bpf_node *bpf_lower(struct bpf_graph *graph, const struct bpf_expr *expr,
			   const struct bpf_call *call, enum bpf_abi_id abi, struct bpf_node *yes,
			   struct bpf_node *no);

/* ---- lines and trees (tree.c) ---- */

/*
 * What becomes of the values of one word, "word & mask": a line from 0 to MASK, cut into
 * pieces. From its start on to that of the next, a piece is decided by its node.
 */
struct bpf_piece {
	uint32_t start;
	int32_t weight; /* of BPF_STEP for the whole line: how often is it in this piece? */
	uint16_t origin;
	struct bpf_node *node;
};

struct bpf_line {
	uint32_t word, mask;
	uint32_t end;  /* the last value: MASK, if this is not a part of another line */
	int32_t price; /* what one instruction more has to save, in average steps of BPF_STEP */
	struct bpf_piece *pieces;
	size_t len;
};

#define BPF_STEP (1 << 20)

/* The line goes on with NODE from START on; starts come in order. Equal neighbours become one. */
void bpf_line_add(struct bpf_line *line, uint32_t start, struct bpf_node *node, uint16_t origin);

/* LEN pieces from I on. */
struct bpf_line bpf_part_of(const struct bpf_line *line, size_t i, size_t len);

/* TO becomes FROM, with pieces of its own. -E2BIG: no memory. */
int bpf_copy_line(struct bpf_graph *graph, struct bpf_line *to, const struct bpf_line *from);

/* The cheapest tests that tell the pieces of LINE apart. NULL: no memory. */
struct bpf_node *bpf_tree(struct bpf_graph *graph, const struct bpf_line *line);

/* Single values with much of a line's weight, to be asked for before all others. */
struct bpf_heavy {
	struct bpf_piece pieces[16];
	size_t len;
};

/* Take them out of LINE, if steps are what counts there. -E2BIG: no memory. */
int bpf_take_heavy(struct bpf_graph *graph, struct bpf_line *line, struct bpf_heavy *heavy);

/* Ask for them; then comes REST. LINE gives the word. */
struct bpf_node *bpf_test_heavy(struct bpf_graph *graph, const struct bpf_line *line,
				const struct bpf_heavy *heavy, struct bpf_node *rest);

/* ---- each word once (order.c) ---- */

/* A graph that decides as NODE does, with the tests of each word together. */
struct bpf_node *bpf_order(struct bpf_graph *graph, struct bpf_node *node);

/* ---- how often (heat.c) ---- */

struct bpf_heat {
	enum bpf_optimize how;
	struct bpf_arena *arena;
	unsigned int abis;	/* of the policy */
	uint32_t *of_row;	/* for each row of bpf_syscalls[] */
	uint32_t max[BPF_ABIS]; /* bpf_syscall_max() */
};

int bpf_heat_init(struct bpf_heat *heat, const struct bpf_goal *goal,
		  const struct bpf_policy *policy);

/*
 * Weigh the pieces of LINE, which is of ABI's numbers, and set its price. -E2BIG: no memory.
 */
int bpf_heat_line(const struct bpf_heat *heat, enum bpf_abi_id abi, struct bpf_line *line);

/* The price for the line of an argument. */
int32_t bpf_argument_price(enum bpf_optimize how);

/* ---- what a policy says about numbers (numbers.c), and x86's two kinds (x86.c) ---- */

struct bpf_compiler {
	const struct bpf_policy *policy;
	struct bpf_heat heat;
	struct bpf_graph *graph;
};

/*
 * All 2^32 numbers, as ABI, by all policies of a stack; those that can only be another's are
 * killed. -E2BIG: no memory.
 */
int bpf_numbers(struct bpf_compiler *c, enum bpf_abi_id abi, struct bpf_line *line);

/* LINE becomes the strictest of itself, being the newer one, and UNDER (stack.c). -E2BIG: no memory. */
int bpf_meet_line(struct bpf_graph *graph, struct bpf_line *line, const struct bpf_line *under);

/* What is behind one AUDIT_ARCH_*. */
struct bpf_arch {
	enum bpf_abi_id abi;	/* or x32, if the policy has no x86_64 */
	bool has_x32;		/* besides x86_64 */
	struct bpf_line line;	/* its numbers; */
	struct bpf_line x32;	/* those of x32 */
	struct bpf_heavy heavy; /* what is asked for first, */
	struct bpf_line rest;	/* and what comes then */
};

/* Take the numbers of x32 off those of x86_64, which come after its bit has been asked for. */
void bpf_cut_x32(struct bpf_line *x86_64);

/* The bit, and then two trees. */
struct bpf_node *bpf_beside_x32(struct bpf_compiler *c, struct bpf_node *x86_64,
				const struct bpf_line *x32);

/*
 * The bit, and the tree SAME for both, which is of the number without it; before that, where
 * x32 differs. SAME need not know the heavy numbers.
 */
struct bpf_node *bpf_below_x32(struct bpf_compiler *c, const struct bpf_arch *arch,
			       struct bpf_node *same);

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
 * whatever their masks are. Returns how many; they are in CELLS->values[0]; or -E2BIG. The
 * atoms may change places.
 */
int bpf_cells_find(struct bpf_cells *cells, struct bpf_atom *atoms, size_t n);

/* ---- the oracle, for many calls (eval.c) ---- */

/* A condition, with the arguments looked up. */
struct bpf_question {
	const struct bpf_expr *expr;
	struct bpf_question *left, *right; /* of &&, || and ! */
	unsigned int arg;		   /* of a comparison */
	struct bpf_argtype type;
};

/* A rule that names a number. */
struct bpf_entry {
	struct bpf_entry *next; /* an earlier rule, for a number of the same row */
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	const struct bpf_question *cond; /* NULL: always */
};

#define BPF_ROWS 512 /* numbers above share their rows */

/* The rules by the numbers that they name. */
struct bpf_index {
	const struct bpf_policy *policy;
	struct bpf_index *under;	   /* that of the policy's */
	uint32_t max[BPF_ABIS];		   /* bpf_syscall_max() */
	struct bpf_entry **rows[BPF_ABIS]; /* BPF_ROWS each; NULL: not in the policy */
};

/* In POLICY's arena. -E2BIG: it is full. */
int bpf_index_make(struct bpf_index *index, const struct bpf_policy *policy);

/* The first entry from ENTRY on that is about NR, x32's bit taken off; NULL. */
static inline const struct bpf_entry *bpf_entry_of(const struct bpf_entry *entry,
						   enum bpf_abi_id abi, uint32_t nr)
{
	while (entry && bpf_call_nr(entry->call, abi) != (int64_t)nr)
		entry = entry->next;
	return entry;
}

static inline const struct bpf_entry *bpf_index_find(const struct bpf_index *index,
						     enum bpf_abi_id abi, uint32_t nr)
{
	return bpf_entry_of(index->rows[abi][nr % BPF_ROWS], abi, nr);
}

/* bpf_policy_eval(), faster. */
uint32_t bpf_index_eval(const struct bpf_index *index, const struct seccomp_data *data);

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
	struct bpf_index index;
	struct bpf_list nrs, archs; /* that are told from others; in the end, with neighbours */
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

/*
 * Every way through the program from PC on. In a survey, what nr and arch are compared with
 * goes to their lists; else what is asked of the arguments goes to the atoms.
 */
int bpf_ask_program(struct bpf_proof *p, unsigned int pc);

/* What the rules ask of the arguments of this number. */
int bpf_ask_policy(struct bpf_proof *p);

/* ---- decision diagrams (bdd.c) ---- */

/*
 * A diagram is an index into NODES; the same diagram is always the same index. A node tests
 * one bit of struct seccomp_data, and variables come in one order on every way down:
 * the bits of arch, of nr, of each argument, of the instruction pointer, each from the top.
 */
#define BPF_BDD_ARCH	0u
#define BPF_BDD_NR	32u
#define BPF_BDD_ARG(i)	(64u + 64u * (i)) /* also of BPF_ARG_IP */
#define BPF_BDD_VARS	512u
#define BPF_BDD_BOOL	1024u /* leaves: no and yes, */
#define BPF_BDD_ACTION	1025u /* an action, in LO, */
#define BPF_BDD_ACTIONS 1026u /* two of them */

#define BPF_BDD_NO	0u
#define BPF_BDD_YES	1u

struct bpf_bdd_node {
	uint32_t var, lo, hi; /* the bit; what follows when it is 0, when it is 1 */
	uint32_t chain;	      /* the next one in its bucket; 0: none */
};

struct bpf_bdd_memo {
	uint32_t f, g, h, result;
};

struct bpf_bdd {
	struct bpf_bdd_node *nodes;
	uint32_t *buckets;
	struct bpf_bdd_memo *memo;
	uint32_t len, max, nbuckets, nmemo; /* the last two are powers of two */
	bool full;			    /* a node was not made: all results are void */
};

/* Takes most of what ARENA has left. -ENOMEM: that is too little to begin with. */
int bpf_bdd_init(struct bpf_bdd *bdd, struct bpf_arena *arena);

uint32_t bpf_bdd_node(struct bpf_bdd *bdd, uint32_t var, uint32_t lo, uint32_t hi);
uint32_t bpf_bdd_bit(struct bpf_bdd *bdd, uint32_t var);
uint32_t bpf_bdd_not(struct bpf_bdd *bdd, uint32_t f);

/* G where F holds, else H. F has boolean leaves, the others any. */
uint32_t bpf_bdd_ite(struct bpf_bdd *bdd, uint32_t f, uint32_t g, uint32_t h);

/* Of two diagrams of actions: where RELATION does not hold, the two actions; else no. */
uint32_t bpf_bdd_compare(struct bpf_bdd *bdd, uint32_t a, uint32_t b, enum bpf_relation relation);

/* F with the bit VAR being VALUE. */
uint32_t bpf_bdd_restrict(struct bpf_bdd *bdd, uint32_t f, uint32_t var, bool value);

/* Where the variables below END, being given, lead from F to EXIT. */
uint32_t bpf_bdd_reaches(struct bpf_bdd *bdd, uint32_t f, uint32_t end, uint32_t exit);

/*
 * Where F goes when the variables below END are given. Returns how many such diagrams there
 * are; when that is above MAX, it only means "more".
 */
unsigned int bpf_bdd_exits(const struct bpf_bdd *bdd, uint32_t f, uint32_t end, uint32_t *exits,
			   unsigned int max);

/* Which of the 64 bits from FIRST on F tests; the first is the top one. */
uint64_t bpf_bdd_support(const struct bpf_bdd *bdd, uint32_t f, uint32_t first);

/* ---- words that depend on the call (value.c) ---- */

#define BPF_VALUE_BITS	  32
#define BPF_VALUE_BUCKETS 512

struct bpf_value {
	const struct bpf_value *chain; /* in its bucket */
	uint32_t bit[BPF_VALUE_BITS];  /* diagrams, from the lowest bit */
};

/* Equal words are the same pointer. */
struct bpf_values {
	struct bpf_bdd *bdd;
	struct bpf_arena *arena;
	const struct bpf_value *bucket[BPF_VALUE_BUCKETS];
};

/* NULL: the arena is full. OFFSET is that of a word in struct seccomp_data. */
const struct bpf_value *bpf_value_const(struct bpf_values *values, uint32_t value);
const struct bpf_value *bpf_value_load(struct bpf_values *values, uint32_t offset);

/* Does the word not depend on the call? Then its VALUE is set. */
bool bpf_value_known(const struct bpf_value *word, uint32_t *value);

/*
 * A op B for BPF_ADD and so on (BPF_NEG has no B), and the diagram of A op B for BPF_JEQ and
 * so on. No division by the constant 0. -EDOM: both depend on the call; -EOPNOTSUPP: a product
 * or quotient that is no shift; -ENOMEM.
 */
int bpf_value_compute(struct bpf_values *values, uint16_t op, const struct bpf_value *a,
		      const struct bpf_value *b, const struct bpf_value **result);
int bpf_value_test(struct bpf_values *values, uint16_t op, const struct bpf_value *a,
		   const struct bpf_value *b, uint32_t *result);

/* ---- programs as diagrams (symbolic.c) ---- */

/* The action whose effect is the same, without the data that the kernel does not look at. */
uint32_t bpf_action_meaning(uint32_t action);

/*
 * What a checked program does, as a diagram of actions in *RESULT. Scratch comes from ARENA.
 * Its name is for errors, which are those of bpf_diff().
 */
struct bpf_program {
	const struct sock_filter *insn;
	unsigned int len;
	const char *name;
};

int bpf_symbolic(struct bpf_bdd *bdd, struct bpf_arena *arena, const struct bpf_program *program,
		 uint32_t *result, struct bpf_error *err);

/* ---- what is read later (live.c) ---- */

#define BPF_LIVE_A    1u
#define BPF_LIVE_X    2u
#define BPF_LIVE_M(i) (4u << (i))
#define BPF_LIVE_ARGS BPF_LIVE_M(BPF_MEMWORDS) /* some argument, or the instruction pointer */

/* For each instruction, what some way from there reads before it is written. */
void bpf_live(const struct sock_filter *insn, unsigned int len, uint32_t *live);

/* ---- differences in words (region.c) ---- */

/* What bpf_diff_each() does with the result of bpf_bdd_compare(). */
int bpf_regions(struct bpf_bdd *bdd, uint32_t differs, const struct bpf_pair *pair,
		bpf_difference_fn *fn, void *ctx);

#endif
