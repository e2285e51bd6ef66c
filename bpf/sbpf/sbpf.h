/* SPDX-License-Identifier: MIT */
/*
 * sbpf: the bench for system-call filters. Every command takes a policy or a program from
 * anywhere and shows one thing about it.
 *
 *	words, options --main.c--> struct job --input.c--> struct input --a command--> text, JSON
 *					      read, compiled, proved
 *
 * Commands are functions of a job that return an exit status: 0 is yes, 1 is no or
 * a finding. What is wrong with the input ends the program with status 2 at once, by
 * die(), so that no command needs a path for it; memory is one arena, which ends with it.
 */
#ifndef BPF_SBPF_SBPF_H
#define BPF_SBPF_SBPF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "bpf/bench.h"
#include "bpf/bpf.h"

#define STATUS_YES   0
#define STATUS_NO    1
#define STATUS_WRONG 2

/* ---- what was asked for (main.c) ---- */

struct command;

struct job {
	const struct command *command;
	const char *words[16]; /* behind the command's name */
	unsigned int nwords;
	struct bpf_arena arena;
	bool colour; /* standard output is a terminal that has it */

	/* options; NULL or false where not given */
	const char *from, *to, *abi, *optimize, *output, *hist, *pid, *caps, *kernel, *audit;
	const char *stack[8]; /* policies that are installed after the first, in order */
	unsigned int nstack;
	bool json, line, text, subset, faithful, enosys;
};

struct command {
	const char *name, *usage;
	unsigned int min, max; /* words */
	unsigned int options;  /* OPTION_* that it takes */
	int (*run)(struct job *job);
	const char *help;
};

int run_asm(struct job *job);
int run_cache(struct job *job);
int run_compat(struct job *job);
int run_compile(struct job *job);
int run_diff(struct job *job);
int run_dis(struct job *job);
int run_export(struct job *job);
int run_graph(struct job *job);
int run_import(struct job *job);
int run_lint(struct job *job);
int run_list(struct job *job);
int run_names(struct job *job);
int run_stat(struct job *job);
int run_trace(struct job *job);
int run_why(struct job *job);

/* ---- saying things (out.c) ---- */

/* "sbpf: TEXT" to stderr, and exit 2. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
__attribute__((noreturn)) void die_at(const struct bpf_error *error);
__attribute__((format(printf, 1, 2))) void warn(const char *format, ...);

void *xalloc(struct bpf_arena *arena, size_t size); /* zeroed; dies when it is full */
__attribute__((format(printf, 2, 3))) char *xprintf(struct bpf_arena *arena, const char *format,
						    ...);

enum hue { HUE_NONE, HUE_GOOD, HUE_BAD, HUE_MIDDLE, HUE_ODD, HUE_FAINT, HUE_BOLD };

/* Escape sequences, or "" where there is no colour. */
const char *hue(const struct job *job, enum hue hue);
enum hue hue_of_action(uint32_t action);

/* Its name in its colour; the text is the arena's. */
const char *coloured_action(struct job *job, uint32_t action);
bool is_let_through(uint32_t action); /* allow or log */

static inline const char *plural(unsigned long n)
{
	return n == 1 ? "" : "s";
}

/* Words in lines of 80 columns, each line after INDENT blanks. */
struct wrap {
	unsigned int indent, column;
};

void wrap_word(struct wrap *wrap, const char *word);
void wrap_end(struct wrap *wrap);

/* A text in such lines; the second and later ones are indented by two more. */
void wrap_text(unsigned int indent, const char *text);

/* Print and release; dies when there was no memory to make it. */
void print_json(json_t *value);
json_t *json_hex(uint64_t value); /* "0x29": JSON's numbers have 53 bits */
json_t *json_action(uint32_t action);
json_t *json_place(const struct bpf_place *place);

/* Where -o says, or stdout. close_output() dies if not all could be written. */
FILE *open_output(const struct job *job);
void close_output(FILE *out);

/* ---- policies and programs (input.c) ---- */

enum format { FROM_POLICY, FROM_OCI, FROM_MINIJAIL, FROM_KAFEL, FROM_RAW, FROM_ASM, FORMATS };

struct input {
	const char *name; /* printable */
	const char *path; /* as it is opened */
	enum format format;
	bool has_policy;	  /* else it is only a program */
	struct bpf_policy policy; /* as written, or as an importer made it; or a stack of them */
	struct bpf_prog prog;
	unsigned int abis;	    /* bit per enum bpf_abi_id: those whose calls it judges */
	unsigned long cases;	    /* how many inputs the proof took */
	unsigned int notes;	    /* what an importer could not say exactly */
	struct bpf_weight *weights; /* how often calls are made, if the profile says so */
	size_t nweights;
};

/* An input that is what the command line calls NAME, and not read yet. */
struct input *input_new(struct job *job, const char *name);

/*
 * Read NAME, whatever it is, compile it, prove it, check it; or die. A program from a file
 * must be one that the kernel would take.
 */
struct input *input_load(struct job *job, const char *name);

/* The same, but a program that the kernel would not take is only warned of. */
struct input *input_load_any(struct job *job, const char *name);

/* Only the policy; dies for what has none. */
struct input *input_policy(struct job *job, const char *name);

/* All of a file, or, up to 4 MiB, of stdin for "-". */
char *read_file(struct job *job, const char *name, size_t *len);

/* The policy of a foreign format into IN->policy; see exchange.c. */
void import_into(struct job *job, struct input *in, const char *text, size_t len);

/* The set that "x86_64,i386" names; dies. */
unsigned int parse_abis(const char *list);
const char *abi_names(struct job *job, unsigned int abis, const char *between);

/* The rule that instruction PC is for; NULL. */
const struct bpf_rule *input_rule(const struct input *in, unsigned int pc);

/* "strict-calls:12", without directories. */
const char *place_text(struct job *job, const struct bpf_place *place);

/* ---- calls (call.c) ---- */

struct call {
	struct seccomp_data data;
	enum bpf_abi_id abi;
	uint32_t nr;			   /* x32's bit taken off */
	const struct bpf_syscall *syscall; /* NULL: a number that has no name */
};

/* From the words FROM.. of the command line: SYSCALL ARG... */
void call_parse(struct job *job, const struct input *in, unsigned int from, struct call *call);

/* "socket(AF_INET, SOCK_STREAM, 0)" and the same of one argument. */
const char *call_text(struct job *job, const struct call *call);
const char *arg_text(struct job *job, const struct call *call, unsigned int i);

/* "family", or "arg0" where it has no name. */
const char *arg_name(struct job *job, const struct call *call, unsigned int i);
unsigned int arg_count(const struct call *call);

/* "socket", or its number. */
const char *nr_name(struct job *job, enum bpf_abi_id abi, uint32_t nr);

/* ---- what of a policy decides (reason.c) ---- */

struct reason {
	uint32_t action;
	const char *text;	       /* the rule, or that there was none */
	const struct bpf_place *place; /* NULL: the policy does not say it */
};

/* Of a policy, or of the one in a stack that decides CALL. */
void reason_of(const struct input *in, const struct call *call, struct reason *reason);

/* "strict-calls:12: allow read" */
const char *reason_text(struct job *job, const struct reason *reason);
json_t *json_reason(const struct reason *reason);

/* The policies of the stack that do not let DATA through: bit 0 is the newest one. */
unsigned int levels_that_stop(const struct input *in, const struct seccomp_data *data);

/* " to first.policy and to second.policy"; "" if there is only one. */
const char *to_levels(struct job *job, const struct input *in, unsigned int levels);

/* "first.policy+second.policy" */
const char *input_title(struct job *job, const struct input *in);

/* Is there a rule that could name it? */
bool can_name(const struct input *in, const struct call *call);

/* "Of its kind, allowed: openat", or nothing. */
void put_siblings(struct job *job, const struct input *in, const struct call *call);

/* ---- calls that the kernel put on record (audit.c) ---- */

/* "why --audit": returns the exit status. */
int why_records(struct job *job, const struct input *in);

/* ---- what a program does with a number, whatever the arguments (explore.c) ---- */

/* The kernel's own run when a filter is installed: nothing but nr and arch is known. */
struct emulated {
	bool cached;
	unsigned int steps; /* instructions, with the one where it ended */
	unsigned int pc;    /* that one: a "ret", or what the kernel cannot see through */
};

void emulate(const struct bpf_prog *prog, enum bpf_abi_id abi, uint32_t nr, struct emulated *out);

#define MAX_OUTCOMES 16

/* All ways through, with arguments that may be anything. */
struct explored {
	unsigned int best, worst;	/* instructions run */
	double even;			/* on average, if each test of an argument is even odds */
	uint32_t actions[MAX_OUTCOMES]; /* what it can return; */
	unsigned int nactions;		/* the last stands for all more */
	bool computed;			/* it may return what it computed */
};

struct explorer;

struct explorer *explorer_new(struct job *job, const struct bpf_prog *prog);

/* VISITED (may be NULL) gets a 1 for each instruction on a way. */
void explore(struct explorer *ex, enum bpf_abi_id abi, uint32_t nr, struct explored *out,
	     unsigned char *visited);

/* After that: how likely it is that instruction PC runs, at even odds. */
double explored_odds(const struct explorer *ex, unsigned int pc);

/* Instructions of the kernel's own machine that PROG becomes (bpf_convert_filter()). */
unsigned int translated_length(const struct bpf_prog *prog);
unsigned int translated_insn(const struct sock_filter *insn);

/* May one of the outcomes be let through? Must all be? */
bool may_pass(const struct explored *out);
bool must_pass(const struct explored *out);

/* ---- the number line (line.c) ---- */

void put_number_line(struct job *job, const struct input *in, FILE *out);

/* ---- the nearest call with another outcome (flip.c) ---- */

/* One comparison that a run made. */
struct test {
	unsigned int pc;
	unsigned int word; /* of struct seccomp_data; BPF_NOWHERE: of something computed */
	uint32_t mask;	   /* of which A held these bits */
	uint16_t op;	   /* BPF_JEQ ... */
	uint32_t k;
	bool taken;
};

struct path {
	struct test test[BPF_MAXINSNS];
	unsigned int ntests;
	unsigned int steps, last; /* LAST: the pc of the "ret" */
	uint32_t action;
};

void path_run(const struct bpf_prog *prog, const struct seccomp_data *data, struct path *path);

/*
 * Arguments near those of DATA with which the outcome is let through (or, PASS false, is
 * not): as few tests as possible come out otherwise. False: none was found.
 */
bool flip(struct job *job, const struct bpf_prog *prog, struct seccomp_data *data, bool pass);

/* ---- filters of a running process (pid.c) ---- */

/* The filter INDEX of process PID, 0 being the newest, or false when there are no more; dies. */
bool pid_filter(const char *pid, unsigned int index, struct bpf_prog *prog);

/* ---- how often calls are made (hist.c) ---- */

struct usage {
	double calls;	 /* in all */
	double steps;	 /* instructions run for them, were nothing cached */
	double uncached; /* calls that run the filter */
	double uncached_steps;
	double *runs, *uncached_runs; /* by instruction: for all calls, and for those */
};

/* Over a histogram (JSON) or a trace (an array of struct seccomp_data) in file NAME. */
void usage_of(struct job *job, const struct input *in, const char *name, struct usage *use);

/* The same, as what a program is to be good at. */
void weights_of(struct job *job, const char *name, struct bpf_goal *goal);

#endif
