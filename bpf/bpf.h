/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF for seccomp, made by hand.
 *
 * Theory of operation
 *
 *   policy text --policy.c--> struct bpf_policy --compile.c--> struct bpf_prog
 *                                    |                              |
 *                                    +--eval.c (the meaning)        +--sim.c (what it does)
 *                                    |                              |
 *                                    +----------- verify.c ---------+   both agree, or no program
 *                                                                   |
 *                                                     check.c (would the kernel take it?)
 *                                                     disasm.c (show it)
 *                                                     load.c (install it)
 *
 * A seccomp filter is a program of at most 4096 classic BPF instructions.  The
 * kernel runs it at every system call, on one struct seccomp_data: the number,
 * the architecture, the instruction pointer and six 64-bit arguments.  The
 * machine has an accumulator A, an index X, sixteen words M[], 32 bits each;
 * jumps go forward only, and a conditional jump reaches 255 instructions at
 * most, since its two offsets are bytes.  What the program returns is what
 * becomes of the call.
 *
 * Three facts shape all that follows:
 *
 *  - A number means nothing without its architecture, so that is looked at
 *    first; and x32 shares an architecture with x86_64, told apart by bit 30 of
 *    the number.
 *  - An argument is 64 bits, but a kernel function that takes an int reads the
 *    low 32 only.  Comparing all 64 lets 1<<32 | x pass where x is denied.  So
 *    arguments have types here, taken from the kernel's own prototypes.
 *  - Since Linux 5.11 the kernel runs a new filter once for each number, with
 *    nothing but the number and the architecture known, and remembers "always
 *    allowed".  So the number decides first and arguments are loaded after.
 *
 * Nothing in this directory allocates, logs or exits: callers give the memory
 * (struct bpf_arena), functions return 0 or a negative errno, and text errors
 * go to struct bpf_error.  It needs libc and the kernel's uapi headers only.
 */
#ifndef BPF_BPF_H
#define BPF_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

/* ---- memory, places, errors (arena.c) ---- */

/* A block of the caller's memory, used from the bottom up and freed at once. */
struct bpf_arena {
	char *base;
	size_t size, used;
};

/* Zeroed, aligned for any type; NULL when the arena is full. */
void *bpf_alloc(struct bpf_arena *arena, size_t size);

/* Not zeroed: for large tables of which little is used, so that the rest takes no pages. */
void *bpf_alloc_raw(struct bpf_arena *arena, size_t size);

/* A NUL-terminated copy of LEN bytes of TEXT; NULL when the arena is full. */
char *bpf_strndup(struct bpf_arena *arena, const char *text, size_t len);

/*
 * TEXT with each byte but printable ASCII, and each backslash, as \xNN: what a terminal may be
 * shown of a stranger's words. NULL when the arena is full.
 */
char *bpf_printable(struct bpf_arena *arena, const char *text);

/*
 * Where something was said. Line and column count from 1; 0 is "no line". The file's name is
 * printable, see bpf_printable().
 */
struct bpf_place {
	const char *file;
	unsigned int line, column;
};

/* The first thing that went wrong, in words a user can act on. */
struct bpf_error {
	struct bpf_place place;
	char text[200];
};

/* Fill ERR (which may be NULL) and return CODE, so that callers can return it. */
__attribute__((format(printf, 4, 5))) int
bpf_fail(struct bpf_error *err, int code, const struct bpf_place *place, const char *format, ...);

/* ---- ABIs (abi.c) ---- */

enum bpf_abi_id {
	BPF_X86_64,
	BPF_I386,
	BPF_X32,
	BPF_AARCH64,
	BPF_RISCV64,
	BPF_ABIS, /* how many there are */
};

#define BPF_X32_BIT 0x40000000u /* __X32_SYSCALL_BIT */

struct bpf_abi {
	const char *name;
	uint32_t arch;	 /* AUDIT_ARCH_*, what seccomp_data.arch holds */
	uint32_t nr_bit; /* BPF_X32_BIT for x32, else 0 */
	bool long64;	 /* unsigned long and pointers are 64-bit in registers */
};

extern const struct bpf_abi bpf_abis[BPF_ABIS];

/* By name ("x86_64", also "amd64", "arm64"); -ENOENT. */
int bpf_abi_find(const char *name);

/* The ABI that this program itself was compiled for. */
enum bpf_abi_id bpf_abi_native(void);

/* Which ABI a call of ARCH with number NR belongs to, or -ENOENT. */
int bpf_abi_of(uint32_t arch, uint32_t nr);

/* ---- system calls, their arguments, constants by name (tables.c) ---- */

/* How the kernel reads one argument: the low BITS (16, 32 or 64) of the register. */
struct bpf_argtype {
	unsigned char bits;
	bool is_signed;
	bool pointer; /* what matters lies behind it, where no filter can look */
};

struct bpf_arg {
	const char *name; /* as in the kernel's prototype: "fd", "prot" */
	const char *type; /* its C type there: "unsigned int" */
};

#define BPF_NO_NR (-1)

/* One row per name; made by scripts/ from the kernel's headers, see syscalls.tbl. */
struct bpf_syscall {
	const char *name;
	int nr[BPF_ABIS];    /* x32's with the bit 30 taken off; BPF_NO_NR */
	const char *since;   /* the Linux that brought it, "2.6.16"; "": not known */
	unsigned char nargs; /* 0 with args[0].name == NULL: no prototype known */
	struct bpf_arg args[6];
};

extern const struct bpf_syscall bpf_syscalls[]; /* sorted by name */
extern const size_t bpf_nsyscalls;

/* By name; NULL. */
const struct bpf_syscall *bpf_syscall_find(const char *name, size_t len);

/* By number (x32: with bit 30 taken off); NULL. */
const struct bpf_syscall *bpf_syscall_nr(enum bpf_abi_id abi, uint32_t nr);

/* The highest number that ABI's table knows; what is above is "unknown". */
uint32_t bpf_syscall_max(enum bpf_abi_id abi);

/*
 * Which register argument NAME of CALL is in under ABI, 0..5, and how it is read there. NAME
 * is the kernel's name or, for some, that of the manual page ("domain" for "family").
 * "arg0".."arg5" work for every call, as 64-bit words (32-bit ones on a 32-bit ABI).
 * -ENOENT: no such argument. -EOPNOTSUPP: that ABI splits or reorders it (i386's
 * pread64 offset), or has no prototype, so that only argN can be meant.
 */
int bpf_syscall_arg(const struct bpf_syscall *call, enum bpf_abi_id abi, const char *name,
		    size_t len, struct bpf_argtype *type);

/* How argument I of CALL is read under ABI (64-bit word when nothing is known). */
struct bpf_argtype bpf_arg_type(const struct bpf_syscall *call, enum bpf_abi_id abi,
				unsigned int i);

/* Is TYPE, a type of struct bpf_arg, in the table of widths? What is not is read as a word. */
bool bpf_type_known(const char *type);

/* A constant of the uapi headers ("PROT_EXEC", "AF_INET", "EPERM"); -ENOENT. */
int bpf_constant(const char *name, size_t len, uint64_t *value);

/* The name of VALUE among the constants that start with PREFIX; NULL. */
const char *bpf_constant_name(const char *prefix, uint64_t value);

/* The I-th constant, in the order of their names, and its value; NULL after the last. */
const char *bpf_constant_at(size_t i, uint64_t *value);

/* "EPERM" for 1; NULL. */
const char *bpf_errno_name(unsigned int value);

/*
 * The known name nearest to TEXT by edit distance, if near enough to be what was
 * meant, else NULL. NAMES is walked by NEXT(names, i) until NULL.
 */
const char *bpf_nearest(const char *text, size_t len,
			const char *(*next)(const void *names, size_t i), const void *names);
const char *bpf_nearest_syscall(const char *text, size_t len);
const char *bpf_nearest_constant(const char *text, size_t len);

/* ---- actions (action.c) ---- */

/*
 * The words are "allow", "errno(E)", "deny" (= errno(EPERM)), "kill", "kill-thread",
 * "trap", "trace", "log", "notify"; the value is SECCOMP_RET_* | data. -ENOENT: no action
 * of that name; -ERANGE: an errno that is unknown, 0 or above 4095.
 */
int bpf_action_parse(const char *text, size_t len, uint32_t *action);

/* Write the word for ACTION, "errno(EPERM)" or "0x12345678", into BUF; returns BUF. */
const char *bpf_action_name(uint32_t action, char *buf, size_t size);

/* ---- the instruction set, one table of facts (opcodes.c) ---- */

enum bpf_operand {
	BPF_OP_NONE,
	BPF_OP_K,      /* #k */
	BPF_OP_ABS,    /* [k], an offset into struct seccomp_data */
	BPF_OP_MEM,    /* M[k] */
	BPF_OP_IND,    /* [x + k] */
	BPF_OP_MSH,    /* 4*([k]&0xf) */
	BPF_OP_LEN,    /* #len */
	BPF_OP_A,      /* a */
	BPF_OP_X,      /* x */
	BPF_OP_JUMP,   /* k instructions on */
	BPF_OP_JUMP_K, /* #k, jt, jf */
	BPF_OP_JUMP_X, /* x, jt, jf */
};

/* What an instruction reads and writes; the checker and the simulator go by it. */
#define BPF_READS_A  0x01u
#define BPF_WRITES_A 0x02u
#define BPF_READS_X  0x04u
#define BPF_WRITES_X 0x08u
#define BPF_READS_M  0x10u
#define BPF_WRITES_M 0x20u
#define BPF_ENDS     0x40u  /* returns */
#define BPF_SECCOMP  0x80u  /* seccomp_check_filter() lets it pass */
#define BPF_CACHED   0x100u /* seccomp_is_const_allow() can see through it */

struct bpf_opcode {
	uint16_t code;
	const char *name; /* bpf_asm's mnemonic */
	enum bpf_operand operand;
	unsigned int flags;
};

extern const struct bpf_opcode bpf_opcodes[];
extern const size_t bpf_nopcodes;

const struct bpf_opcode *bpf_opcode(uint16_t code); /* NULL: no such instruction */

/* Loads are of one aligned 32-bit word of struct seccomp_data. */
#define BPF_WORD_NR   0u
#define BPF_WORD_ARCH 4u
unsigned int bpf_word_lo(unsigned int arg); /* offset of the low half of argument ARG */
unsigned int bpf_word_hi(unsigned int arg);

/* ---- programs and the assembler (asm.c) ---- */

struct bpf_prog {
	unsigned int len;
	struct sock_filter insn[BPF_MAXINSNS];
	uint16_t origin[BPF_MAXINSNS]; /* the rule (its number, from 1) that it is for; 0: none */
};

/*
 * Labels are small integers from bpf_label(). Instructions are appended; jumps name
 * labels; bpf_asm_finish() lays the program out. A conditional jump whose target
 * is more than 255 away gets a "ja" of its own behind it: offsets are never cut.
 * The first error sticks and finish() reports it, so that emitters need no checks.
 */
struct bpf_asm_insn {
	uint16_t code;
	uint16_t origin;
	uint32_t k;
	int jt, jf;		 /* labels; jt alone for "ja"; -1 where there is none */
	unsigned char unused[2]; /* jt and jf of an instruction that does not jump */
};

#define BPF_MAXLABELS (2 * BPF_MAXINSNS)
#define BPF_NEXT      (-1) /* as a label: the instruction that follows */

struct bpf_asm {
	unsigned int len, nlabels;
	int error;	 /* negative errno */
	uint16_t origin; /* given to what is appended from now on */
	struct bpf_asm_insn insn[BPF_MAXINSNS];
	int32_t at[BPF_MAXLABELS]; /* index of the instruction that follows the label; -1 */
};

void bpf_asm_init(struct bpf_asm *as);
int bpf_label(struct bpf_asm *as);		     /* a new label, not yet placed */
void bpf_place_label(struct bpf_asm *as, int label); /* here, once */
void bpf_emit(struct bpf_asm *as, uint16_t code, uint32_t k);
void bpf_emit_fields(struct bpf_asm *as, struct sock_filter insn); /* as it is; no jump */
void bpf_jump(struct bpf_asm *as, uint16_t code, uint32_t k, int jt, int jf);
void bpf_goto(struct bpf_asm *as, int label);

/*
 * Resolve the labels into PROG. -E2BIG: more than 4096 instructions (or labels);
 * -EINVAL: a label unplaced, placed twice or behind the jump, or a program that runs past its end.
 */
int bpf_asm_finish(const struct bpf_asm *as, struct bpf_prog *prog, struct bpf_error *err);

/* ---- the kernel's rules (check.c) ---- */

/*
 * Would the kernel take this filter? What bpf_check_classic() and
 * seccomp_check_filter() demand, with the reason and the instruction (err->place.line
 * is the instruction's index + 1). 0 or -EINVAL.
 */
int bpf_check(const struct sock_filter *insn, unsigned int len, struct bpf_error *err);

/* ---- the simulator (sim.c) ---- */

struct bpf_machine {
	uint32_t a, x, mem[BPF_MEMWORDS];
	unsigned int pc;
	unsigned int steps;
};

/* Called before each instruction, when given. */
typedef void bpf_trace_fn(void *ctx, const struct bpf_machine *m, const struct sock_filter *insn);

/*
 * What a checked program returns for DATA; *STEPS (may be NULL) counts the
 * instructions run. Division by a zero X returns 0 (KILL_THREAD), as in the kernel.
 */
uint32_t bpf_run(const struct sock_filter *insn, unsigned int len, const struct seccomp_data *data,
		 unsigned int *steps);

/*
 * The same as far as the number and the architecture decide, or the latter alone: the
 * instruction that loads something else; -1: it ends before that, with *RESULT.
 */
int bpf_run_to_load(const struct sock_filter *insn, unsigned int len,
		    const struct seccomp_data *data, bool nr_known, uint32_t *result);

uint32_t bpf_run_traced(const struct sock_filter *insn, unsigned int len,
			const struct seccomp_data *data, bpf_trace_fn *trace, void *ctx);

/* Does the kernel's bitmap remember NR under ARCH as always allowed (Linux 5.11)? */
bool bpf_is_cached(const struct sock_filter *insn, unsigned int len, uint32_t arch, uint32_t nr);

/* The lower one wins in a stack of filters: signed order of the upper half. */
uint32_t bpf_strictest(uint32_t action, uint32_t other);

/* ---- policies (lex.c, cond.c, policy.c, print.c) ---- */

enum bpf_expr_op {
	BPF_EXPR_AND, /* left && right */
	BPF_EXPR_OR,
	BPF_EXPR_NOT, /* ! left */
	BPF_EXPR_EQ,  /* arg & mask == value, and so on */
	BPF_EXPR_NE,
	BPF_EXPR_LT,
	BPF_EXPR_LE,
	BPF_EXPR_GT,
	BPF_EXPR_GE,
	BPF_EXPR_SET, /* arg & mask != 0 */
};

struct bpf_expr {
	enum bpf_expr_op op;
	const struct bpf_expr *left, *right;
	const char *arg;		    /* the argument's name as written */
	bool masked;			    /* mask was written */
	uint64_t mask;			    /* ~0 when not written */
	uint64_t value;			    /* as written, negative ones sign-extended */
	const char *mask_text, *value_text; /* as written: "PROT_EXEC|PROT_WRITE" */
	struct bpf_place place;
};

/* One call that a rule names: a row of the table, or a bare number. */
struct bpf_call {
	const struct bpf_call *next;
	const struct bpf_syscall *syscall; /* NULL: NR under every ABI of the policy */
	uint32_t nr;
};

struct bpf_rule {
	struct bpf_rule *next;
	unsigned int number; /* from 1, in order */
	uint32_t action;
	const struct bpf_call *calls;
	const struct bpf_expr *cond; /* NULL: always */
	struct bpf_place place;
	const char *text; /* the line as written, for listings */
};

struct bpf_set {
	const struct bpf_set *next;
	const char *name; /* without the @ */
	const struct bpf_call *calls;
	struct bpf_place place;
};

struct bpf_policy {
	struct bpf_arena *arena;
	unsigned int abis;			/* bit per enum bpf_abi_id; the others are killed */
	bool has_abi, has_default, has_unknown; /* was it said? */
	uint32_t default_action;		/* a call that no rule names */
	uint32_t unknown_action; /* a number above bpf_syscall_max(); errno(ENOSYS) if not said */
	struct bpf_place default_place, unknown_place, abi_place;
	struct bpf_rule *rules, *last; /* in order; the last that matches decides */
	unsigned int nrules;
	const struct bpf_set *sets;
	unsigned int nsets;
	struct bpf_policy *under; /* installed before this one; see bpf_policy_stack() */
};

/* Empty; the native ABI. What is added lives in ARENA. */
void bpf_policy_init(struct bpf_policy *policy, struct bpf_arena *arena);

/*
 * Is WORD the first word of a line that bpf_policy_line() takes? ("default", "unknown",
 * "abi", "set", "allow", "errno(E)" ...). Says yes to a misspelt errno(), too.
 */
bool bpf_policy_word(const char *word, size_t len);

/* The I-th such word, for usage texts and suggestions; NULL after the last. */
const char *bpf_policy_keyword(size_t i);

/*
 * Add one line, without its comment or newline; TEXT is copied. PLACE->column is that of its
 * first byte. 0, -EINVAL with ERR, or -E2BIG when the arena is full.
 *
 *	default ACTION			abi NAME...		set @NAME CALL...
 *	unknown ACTION			ACTION CALL... [if COND]
 */
int bpf_policy_line(struct bpf_policy *policy, const char *text, const struct bpf_place *place,
		    struct bpf_error *err);

/* To be called when all lines are in: there must be a default. */
int bpf_policy_finish(struct bpf_policy *policy, struct bpf_error *err);

/* The policy again as text that bpf_policy_line() takes. */
void bpf_policy_print(FILE *out, const struct bpf_policy *policy);
void bpf_rule_print(FILE *out, const struct bpf_rule *rule);

/* ---- what a policy means (eval.c): shares no code with compile.c ---- */

/*
 * The action for DATA, and the rule that decided (NULL: the default, unknown or a
 * foreign ABI), found by walking the rules; in a stack, that of the policy that decided.
 */
uint32_t bpf_policy_eval(const struct bpf_policy *policy, const struct seccomp_data *data,
			 const struct bpf_rule **rule);

/* ---- several policies, one program (stack.c) ---- */

/*
 * TOP becomes both: what the kernel does with a call when UNDER's filter is installed, and then
 * TOP's. The strictest action counts, TOP's where there are two errnos. UNDER, which
 * may be a stack, is TOP's from now on, and its rules are numbered after TOP's. Evaluation,
 * compiler, proof and lint know of stacks; printing sees the uppermost policy alone.
 *
 * -EOPNOTSUPP, with ERR: one filter would not do the same, since one of them notifies;
 * -E2BIG: too many rules. Neither changes anything.
 */
int bpf_policy_stack(struct bpf_policy *top, struct bpf_policy *under, struct bpf_error *err);

/* Rule NUMBER of POLICY, or of those under it; NULL. */
const struct bpf_rule *bpf_policy_rule(const struct bpf_policy *policy, unsigned int number);

/* ---- compiler (compile.c ... emit.c) and proof (verify.c, ask.c, cells.c) ---- */

/* What a program should be good at. */
enum bpf_optimize {
	BPF_FOR_CACHE, /* calls that Linux 5.11 and later cannot skip the filter for; then size */
	BPF_FOR_SIZE,  /* as few instructions as possible */
	BPF_FOR_HIST,  /* the calls of a histogram, on a kernel that runs the filter for all */
	BPF_FOR_READABLE, /* one balanced tree for each ABI, conditions as they are written */
};

/* How often a call is made, in any unit. */
struct bpf_weight {
	const char *name; /* that the tables do not know: is left out */
	uint64_t count;
};

struct bpf_goal {
	enum bpf_optimize how;
	const struct bpf_weight *weights; /* none: those of ordinary programs (heat.c) */
	size_t nweights;
};

/* By name: "cache", "size", "hist", "readable"; -ENOENT. */
int bpf_optimize_find(const char *name);

/*
 * The program for POLICY: architecture first, then the number, then arguments, and of each
 * what decides most. Scratch memory comes from the policy's arena. -E2BIG: more than 4096
 * instructions, with the count in ERR, or no memory. GOAL may be NULL: cache, which is what
 * bpf_compile() is for, too.
 */
int bpf_compile_for(const struct bpf_policy *policy, const struct bpf_goal *goal,
		    struct bpf_prog *prog, struct bpf_error *err);
int bpf_compile(const struct bpf_policy *policy, struct bpf_prog *prog, struct bpf_error *err);

/*
 * Does PROG do what POLICY says, on every input? Runs both on one input of each cell
 * of the input space that either of them distinguishes; cells are exact, also where
 * masks and ordered comparisons meet in one word, or x32's bit is taken off a number. *CASES (may be NULL) is how many
 * inputs that took. 0; -EBADE with ERR and *WITNESS (may be NULL) where they differ;
 * -EOPNOTSUPP: PROG does what our compiler never does; -E2BIG: too many cells to try.
 */
int bpf_verify(const struct bpf_policy *policy, const struct bpf_prog *prog,
	       struct seccomp_data *witness, unsigned long *cases, struct bpf_error *err);

/* ---- what is so on every way to an instruction (flow.c) ---- */

#define BPF_NOWHERE 0xffu /* A holds no word of struct seccomp_data */

struct bpf_known {
	bool reached;
	unsigned char word;		/* offset of the word that A holds, or BPF_NOWHERE */
	uint32_t mask;			/* of which A has these bits */
	unsigned int abis;		/* bit per enum bpf_abi_id: what the call can be of */
	uint32_t lo, hi;		/* bounds of its number, x32's bit taken off */
	const struct bpf_syscall *call; /* which call it must be; NULL: not known */
	unsigned int steps;		/* instructions on the longest way to here */
};

/* The call that NR, x32's bit taken off, is under each ABI of the set ABIS; NULL. */
const struct bpf_syscall *bpf_call_of(unsigned int abis, uint32_t nr);

/* Fill in AT[0..len-1]; returns how many instructions the longest way through has. */
unsigned int bpf_analyse(const struct bpf_prog *prog, struct bpf_known *at);

/* ---- showing programs (disasm.c) ---- */

/* One instruction in bpf_asm's notation, "jeq #0x29, 12, 13", without names. */
const char *bpf_insn_text(const struct sock_filter *insn, unsigned int pc, char *buf, size_t size);

/*
 * A listing with names: what each load reads, which call a number is, which action
 * a return is, and (POLICY may be NULL) the policy line that an instruction is for.
 */
void bpf_disasm(FILE *out, const struct bpf_prog *prog, const struct bpf_policy *policy);

/* ---- installation (load.c) ---- */

/* prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER); no_new_privs must be set. 0 or -errno. */
int bpf_install(const struct sock_filter *insn, unsigned int len);

/* Does this kernel know ACTION (SECCOMP_GET_ACTION_AVAIL)? 1, 0, or -errno. */
int bpf_action_available(uint32_t action);

/* ---- policy files (source.c) ---- */

/* A policy that is built into the binary. */
struct bpf_builtin {
	const char *name, *text;
};

extern const struct bpf_builtin bpf_builtins[]; /* ends with a NULL name */

/* Called for each line that is not blank: words begin at TEXT, comment cut off. */
typedef int bpf_line_fn(void *ctx, char *text, const struct bpf_place *place,
			struct bpf_error *err);

/*
 * Read the policy NAME, line by line, into FN; "include NAME" lines are followed and not
 * passed on. A NAME with a '/' is a path; another is sought in $XDG_CONFIG_HOME/sbrun/ (or
 * $HOME/.config/sbrun/) if that directory is the caller's own, /etc/sbrun/, DATADIR (may be
 * NULL), then among the built-in ones; never in the current directory. Refused, with a place:
 * a file that is no regular file, larger than 1 MiB, empty, not UTF-8, with a NUL or control
 * byte, a line above 4 KiB, a cycle or more than 8 levels of includes; and, for root, a file
 * that others can write. Text lives in ARENA. 0, -EINVAL, -ENOENT or what FN returned.
 */
int bpf_source_read(const char *name, const char *datadir, struct bpf_arena *arena, bpf_line_fn *fn,
		    void *ctx, struct bpf_error *err);

/* The same for a built-in policy, whatever files there are; what it includes is built in, too. */
int bpf_builtin_read(const char *name, struct bpf_arena *arena, bpf_line_fn *fn, void *ctx,
		     struct bpf_error *err);

/*
 * The length of the UTF-8 sequence at P, of at most LEFT bytes, and the character; 0 when
 * it is none: cut short, longer than needed, a surrogate, or above U+10FFFF.
 */
size_t bpf_utf8(const unsigned char *p, size_t left, uint32_t *c);

#endif
