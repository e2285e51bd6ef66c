/* SPDX-License-Identifier: MIT */
/*
 * For the bench: what looks at programs and policies, and is not needed to install one.
 *
 * bpf.h is what a program needs that makes filters. This is for those that show them,
 * read them from text, have doubts about them and compare them; see sbpf(1).
 */
#ifndef BPF_BENCH_H
#define BPF_BENCH_H

#include "bpf/bpf.h"

/* ---- naming what is in a program (disasm.c) ---- */

/* Room for one of the texts below, which are written to BUF and returned. */
#define BPF_REMARK 100u

/* What the word at OFFSET is: "nr", "socket.family (args[0].lo)". */
const char *bpf_word_name(const struct bpf_known *know, unsigned int offset, char *buf);

/* What INSN means where KNOW holds: "x86_64", "nr > fstat", "PROT_EXEC", "allow"; or "". */
const char *bpf_remark(const struct bpf_known *know, const struct sock_filter *insn, char *buf);

/* The name of VALUE, 32 or 64 bits, as argument ARG of CALL: "AF_INET"; NULL. */
const char *bpf_arg_constant(const char *call, const char *arg, uint64_t value);

/* ---- programs as text (text.c) ---- */

struct bpf_text {
	const char *text;
	size_t len;
	const char *file;    /* for places; not copied */
	enum bpf_abi_id abi; /* whose numbers the names of calls stand for */
};

/*
 * bpf_asm's notation into PROG; also what bpf_text_write() and bpf_disasm() print. Beyond
 * that tool's, words and constants have names:
 *
 *	ld  [nr], [arch], [ip.lo], [args[0]], [args[0].hi]	a call's data
 *	jeq #x86_64, #socket, #i386.socket, #AF_INET|1, #-1	what it is compared with
 *	ret #allow, #errno(EPERM)				an action
 *
 * A label is a name or a number; jumps that do not reach get a "ja". The result is not
 * yet checked with bpf_check(). 0, or -EINVAL or -E2BIG with ERR. ARENA is for scratch memory.
 */
int bpf_text_read(const struct bpf_text *text, struct bpf_arena *arena, struct bpf_prog *prog,
		  struct bpf_error *err);

/*
 * PROG in bpf_asm's notation, with a label before each instruction that is jumped to and a
 * remark behind each; read back, it is PROG. What has no notation is written as ".code",
 * which bpf_text_read() takes unless it jumps.
 */
void bpf_text_write(FILE *out, const struct bpf_prog *prog);

/* ---- all kinds of arguments of a call (cases.c) ---- */

/* RULE, NULL as in bpf_policy_eval(), is a copy that lasts for the callback; its number is right. */
typedef void bpf_case_fn(void *ctx, const struct seccomp_data *data, uint32_t action,
			 const struct bpf_rule *rule);

/*
 * Call FN with one call for each kind of arguments of number NR that the rules of POLICY, and of
 * those under it, tell apart, and with what becomes of it. -E2BIG: they are too many,
 * and FN was not called. Scratch memory comes from the policy's arena.
 */
int bpf_each_case(const struct bpf_policy *policy, enum bpf_abi_id abi, uint32_t nr,
		  bpf_case_fn *fn, void *ctx);

/* What RULE names NR under ABI by; NULL: it is not about NR. */
const struct bpf_call *bpf_rule_call(const struct bpf_rule *rule, enum bpf_abi_id abi, uint32_t nr);

/* ---- doubts about a policy (lint.c) ---- */

struct bpf_finding {
	const char *check; /* "unreachable", "sibling", ... */
	bool note;	   /* worth knowing, but hardly a mistake */
	struct bpf_place place;
	char text[240];
};

typedef void bpf_finding_fn(void *ctx, const struct bpf_finding *finding);

/*
 * Look for what is valid and probably not meant, and call FN for each. Nothing is claimed
 * that was not tried on every kind of arguments that the rules distinguish; a call with too
 * many of them is passed over. Of a stack, each policy is doubted alone, but ways around
 * what one of them stops must pass all. Returns how many findings were no notes, or -E2BIG. Scratch
 * memory comes from the policy's arena.
 */
int bpf_lint(const struct bpf_policy *policy, bpf_finding_fn *fn, void *ctx);

/* The I-th call that does what CALL does, or much of it: openat for open; NULL (siblings.c). */
const struct bpf_syscall *bpf_sibling(const struct bpf_syscall *call, size_t i);

/* ---- what two programs do, compared (bdd.c, symbolic.c, region.c, diff.c) ---- */

enum bpf_relation {
	BPF_EQUAL,  /* both do the same with every call */
	BPF_SUBSET, /* what A lets run (allow, log), B lets run, too */
};

/*
 * Two programs, and which calls count: a bit for each enum bpf_abi_id, and the bit BPF_ABIS
 * for every other architecture; 0 is all of them.
 */
struct bpf_pair {
	const struct sock_filter *a, *b;
	unsigned int alen, blen;
	enum bpf_relation relation;
	unsigned int abis;
};

#define BPF_ARG_IP 6u /* struct bpf_constraint: the instruction pointer, behind arguments 0..5 */

/*
 * LO <= (argument & MASK) <= HI; or, OUTSIDE, not. So "== 5" has lo == hi, "& m != 0" is
 * outside 0..0, and a test of the low word alone has the mask 0xffffffff.
 */
struct bpf_constraint {
	unsigned int arg; /* register argument 0..5, or BPF_ARG_IP */
	bool outside;
	uint64_t mask, lo, hi;
};

/*
 * Calls with which both programs do the same, and not the same as each other: an ABI, numbers
 * in a row, and a condition on the arguments; and one such call.
 */
struct bpf_difference {
	int abi;		   /* enum bpf_abi_id; -ENOENT: an architecture without one */
	uint32_t arch_lo, arch_hi; /* the same, but for those without an ABI */
	uint32_t nr_lo, nr_hi;	   /* as in seccomp_data: x32's with their bit */
	const struct bpf_constraint *when; /* all of them hold; valid during the callback */
	unsigned int nwhen;
	bool exact;		  /* else there is more to the condition than WHEN says */
	struct seccomp_data data; /* a call for which bpf_run() gives these: */
	uint32_t actions[2];	  /* A's and B's */
};

/* Other than 0 ends the walk. */
typedef int bpf_difference_fn(void *ctx, const struct bpf_difference *diff);

/*
 * Does PAIR's relation hold for all inputs? 0: yes. 1: no, and *DIFF (may be NULL) is the
 * first difference, without its constraints. Exact, by decision diagrams over the bits of
 * struct seccomp_data; actions are the same when the kernel does the same, so data that it
 * does not look at does not count. -EINVAL: one of them is no program; -EOPNOTSUPP: one does
 * what is not decided here (two words of the call in one operation, products, quotients), with
 * the instruction in err->place.line and which program in its file, "A" or "B"; -ENOMEM:
 * ARENA does not suffice. It is left as it was; 32 MiB are plenty, and unused pages untouched.
 */
int bpf_diff(const struct bpf_pair *pair, struct bpf_arena *arena, struct bpf_difference *diff,
	     struct bpf_error *err);

/*
 * All differences, region by region, which together are exactly the inputs where the relation
 * does not hold: the native ABI first, numbers in order. 0, 1 or an error as above; or what FN
 * returned, if that is negative.
 */
int bpf_diff_each(const struct bpf_pair *pair, struct bpf_arena *arena, bpf_difference_fn *fn,
		  void *ctx, struct bpf_error *err);

/* ---- programs for solvers (smt.c) ---- */

/*
 * In SMT-LIB2, logic QF_BV: the words of struct seccomp_data ("nr", "arch", "ip.lo", "ip.hi",
 * "arg0.lo", "arg0.hi" ...), once; then the action of a checked program as NAME, a word, with
 * what leads to it as NAME.*; NAME is a symbol of the caller's choice, one for each program.
 */
void bpf_smt_words(FILE *out);
void bpf_smt(FILE *out, const struct sock_filter *insn, unsigned int len, const char *name);

#endif
