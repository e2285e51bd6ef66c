/* SPDX-License-Identifier: MIT */
/*
 * The runner: the only directory that knows the other three.
 *
 * Theory of operation
 *
 *   argv, policy files --> struct spec --> struct plan --> supervise() --> exit status
 *           options.c       spec.c          plan.c          supervise.c
 *           directives.c                                    child.c, init.c
 *
 * A spec is what was asked for: text and numbers, no system call has been made. The
 * zero value of each of its fields is the confined choice. A plan is the same made of
 * what the kernel takes: ids, descriptors, masks, a checked BPF program. All that can fail for the
 * user's reasons fails while the plan is made, before any clone; after that it is constant,
 * and nothing allocates.
 *
 * Three processes: the supervisor stays outside, writes the id maps, forwards signals and
 * turns what happened into an exit status. Init is PID 1 inside: it builds the world, forks
 * the payload, reads every wall back before it lets the payload run, then holds nothing and
 * reaps. The payload gives up what it holds, one step after the other, and executes the
 * command. What they do in which order is the step table in child.c.
 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "bpf/bpf.h"
#include "caps/caps.h"
#include "ns/ns.h"

/* Exit statuses of sbrun itself; the payload's own pass through, 128+n for signal n. */
#define STATUS_TIME_LIMIT 124
#define STATUS_FAILED	  125
#define STATUS_NOT_EXEC	  126
#define STATUS_NOT_FOUND  127

/* ---- helpers (util.c) ---- */

/* Message to stderr and exit 125. The text says what was attempted, on what, and why not. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
__attribute__((noreturn)) void fail_at(const struct bpf_error *error);

/* Run ARGV[0] as the caller, with no environment. 0; else what it said, or why it did not run. */
const char *run_helper(struct bpf_arena *arena, char *const argv[]);

/* All that was written to the memory file FD, escaped, without the newlines at the end. */
const char *words_in(struct bpf_arena *arena, int fd);

int arena_map(struct bpf_arena *arena, size_t size); /* pages are taken when used; 0 or -errno */
void *xalloc(struct bpf_arena *arena, size_t size);  /* zeroed; exits when it is full */
__attribute__((format(printf, 2, 3))) char *xprintf(struct bpf_arena *arena, const char *format,
						    ...);

/* bpf_printable(), for messages; exits when the arena is full. */
char *escaped(struct bpf_arena *arena, const char *text);

/*
 * The whole of what can be read from FD, and a NUL behind it; NULL with errno, which is EFBIG if that is MAX
 * bytes or more.
 */
char *read_all(struct bpf_arena *arena, int fd, size_t max, size_t *len);

/* Decimal or 0x; -EINVAL for what is no number, -ERANGE above MAX. */
int parse_number(const char *text, uint64_t max, uint64_t *value);
int parse_size(const char *text, uint64_t *bytes); /* 64M, 4K, 1G, 4096 */
int parse_mode(const char *text, mode_t *mode);	   /* octal, 0..07777 */

/* ---- what was asked for (spec.c, directives.c) ---- */

struct directive;

/* One directive as given, on a line of a policy or as an option. */
struct setting {
	struct setting *next;
	const struct directive *row;
	char **words;
	unsigned int nwords;
	const char *text; /* the line, for system-call rules, which have their own grammar */
	struct bpf_place place;
	struct setting *same;	  /* the one before of those that may speak of the same */
	struct setting *prefixes; /* the first of those that belong to it; they end at itself */
	struct setting *over;	  /* the one that it replaced */
	unsigned int turn;	  /* see struct spec */
	unsigned int superseded;  /* 1 + the turn in which another replaced it; 0: none did */
	bool try_form;
};

enum spec_mode {
	MODE_RUN,
	MODE_EXPLAIN,
	MODE_PRINT_POLICY,
	MODE_DRY_RUN,
	MODE_COMPLETION,
	MODE_STATUS,
	MODE_VERSION,
	MODE_HELP,
	MODE_DOCTOR,
	MODE_SELFTEST,
};

#define SPEC_HASH     4096
#define SPEC_POLICIES 8
#define SPEC_LIMITS   16
#define SPEC_FDS      64
#define SPEC_ENV      256
#define SPEC_IO_MAX   8

enum env_kind {
	ENV_SET,
	ENV_KEEP, /* a name, or a prefix that ends in '*' */
	ENV_UNSET,
};

struct env_rule {
	enum env_kind kind;
	const char *name, *value;
};

enum net {
	NET_NONE, /* a loopback of its own */
	NET_HOST,
	NET_PASTA,
	NET_PATH, /* the namespace that net_path is */
};

#define SPEC_PORTS     4
#define PASTA_RESOLVER "169.254.53.53" /* what is asked there is asked of the host's resolver */

/* Which terminal controls the payload? */
enum tty_mode {
	TTY_AUTO, /* one of its own, if standard input and output are a terminal */
	TTY_OWN,
	TTY_NONE, /* none, and it gets the caller's descriptors as they are */
};

struct process_limit {
	const struct caps_rlimit *row;
	struct rlimit limit;
};

/* What can be limited over all of the sandbox together. */
enum limit_kind {
	LIMIT_MEMORY,	 /* bytes */
	LIMIT_SWAP,	 /* bytes more */
	LIMIT_PIDS,	 /* processes and threads */
	LIMIT_CPU,	 /* thousandths of a processor */
	LIMIT_IO_MAX,	 /* see struct io_max */
	LIMIT_IO_WEIGHT, /* the kernel's default is 100 */
	LIMIT_CPU_TIME,	 /* microseconds */
	LIMIT_KINDS
};

#define IO_MAX_KINDS 4

struct io_max {
	const char *path;	      /* a disk, or something on it */
	uint64_t value[IO_MAX_KINDS]; /* rbps wbps riops wiops; 0: not limited */
};

struct spec {
	struct bpf_arena *arena;
	enum spec_mode mode;
	const char *policy;  /* the name that was given, or names, printable */
	const char *explain; /* "plan", "steps", "program"; NULL: all */
	struct setting *settings, *last_setting;
	struct setting *prefixes;	   /* the first that waits for its operation */
	struct setting *hashed[SPEC_HASH]; /* by subject: the last of each bucket */

	/*
	 * The policies of the command line and its other options take turns: options are even, the
	 * first policy is 1, the second, which is stacked on it, 3, and so on.
	 */
	unsigned int turn;
	const char *policies[SPEC_POLICIES];

	struct bpf_policy syscalls; /* of all policies together */
	struct bpf_policy *calls;   /* of each by itself, ... */
	unsigned int spoken;	    /* ... and a bit for each that says something of them */

	unsigned long share;	/* CLONE_NEW* that are not wanted: the host's are used */
	unsigned long degraded; /* CLONE_NEW* that may be missing */
	struct ns_op *ops;
	struct bpf_place *op_places;
	unsigned int nops, ops_room;

	bool has_landlock, landlock_degraded;
	unsigned int landlock; /* CAPS_LANDLOCK_*; if nothing is said: what there is of it */

	enum net net;
	const char *net_path;
	const char *ports[SPEC_PORTS]; /* for pasta: tcp-in, udp-in, tcp-out, udp-out */

	bool has_uid, has_gid;
	uid_t uid; /* inside */
	gid_t gid;
	struct spec_map {
		struct ns_idrange range[NS_IDRANGES];
		unsigned int n;
	} maps[2];	     /* beside that one user and group: more users, more groups */
	caps_set caps;	     /* that the payload keeps */
	bool has_securebits; /* else all are set and locked */
	unsigned int securebits;
	const char *exec_label; /* NULL: the caller's stays */
	const char *hostname;	/* NULL: "sandbox" */
	const char *directory;	/* NULL: "/" */

	struct env_rule env[SPEC_ENV];
	unsigned int nenv;
	struct process_limit limits[SPEC_LIMITS];
	unsigned int nlimits;
	int keep_fds[SPEC_FDS];
	unsigned int nkeep_fds;
	int status_fd; /* -1: none */
	int info_fd, block_fd, sync_fd;
	enum tty_mode tty;
	const char *argv0;	 /* NULL: the command's own name */
	const char *standard[3]; /* files in the place of 0, 1, 2; NULL: as they are */
	bool background, quiet, with_parent;
	pid_t inspected; /* --status */
	bool json, tap;
	double time_limit; /* seconds; 0: none */
	double time_grace; /* between SIGTERM and SIGKILL */
	bool has_output_limit;
	uint64_t output_limit; /* bytes to 1 and 2 together */

	unsigned int limited, limits_degraded; /* bits of enum limit_kind */
	uint64_t limit[LIMIT_KINDS];
	struct io_max io_max[SPEC_IO_MAX];
	unsigned int nio_max;

	char **argv; /* the command */
};

/* ---- the table of directives (directives.c) ---- */

#define DIRECTIVE_OPTION   0x01u  /* of the command line only */
#define DIRECTIVE_ONCE	   0x02u  /* a second one must agree, or come from elsewhere */
#define DIRECTIVE_KEYED	   0x04u  /* the same, per first word ("setenv NAME", "rlimit NAME") */
#define DIRECTIVE_SYSCALL  0x08u  /* passed to bpf_policy_line() as it stands */
#define DIRECTIVE_TRY	   0x10u  /* there is also a NAME-try */
#define DIRECTIVE_MODE	   0x20u  /* says what sbrun is to do: needs no command */
#define DIRECTIVE_AT_1	   0x40u  /* puts something at its first word, */
#define DIRECTIVE_AT_2	   0x80u  /* or at its second, if it has one */
#define DIRECTIVE_PREFIX   0x100u /* speaks of the directive behind it, ... */
#define DIRECTIVE_PREFIXED 0x200u /* ... which must be such a one */

struct directive {
	const char *name;
	const char *usage; /* its words: "SRC [DEST]" */
	unsigned int min, max;
	unsigned int flags;
	int (*apply)(struct spec *spec, const struct setting *set, struct bpf_error *err);
	int arg; /* for apply */
	const char *group;
	const char *help;
};

extern const struct directive directives[]; /* ends with a NULL name */

/* Note in ERR what is wrong with WORD of SET; returns -EINVAL. */
int complain(const struct setting *set, struct bpf_error *err, const char *what, const char *word);
int apply_net(struct spec *spec, const struct setting *set, struct bpf_error *err);

/* The row for a directive's first word; *TRY says that it was the -try form. NULL. */
const struct directive *directive_find(const char *name, bool *try_form);
const char *directive_nearest(const char *name);

/* ---- from argv and files to a spec (options.c, settings.c) ---- */

/* Fill SPEC from the command line; exits with a message on a mistake. */
void options_parse(int argc, char *argv[], struct spec *spec);

void usage_print(FILE *out);
void completion_print(FILE *out);

/* The options that come from a descriptor (--args), put where that was said. */
void args_expand(struct spec *spec, int *argc, char ***argv);

/* Add one directive to SPEC->settings: checks its words, and duplicates. */
int setting_add(struct spec *spec, struct setting *set, struct bpf_error *err);

/* The bpf_line_fn that adds a policy line; CTX is the spec. */
int setting_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *err);

/* Carry out all settings in order, and check the result for contradictions. */
int settings_apply(struct spec *spec, struct bpf_error *err);

/* Do both have the same words behind their directive? */
bool setting_same_words(const struct setting *a, const struct setting *b);

/* From now on SET counts for nothing; with what stands before it. */
void setting_supersede(struct setting *set, unsigned int turn);

/* ---- stacked policies (tighten.c, calls.c) ---- */

/*
 * Before the settings are carried out: does each stacked policy only make stricter what is in
 * force without it? -EINVAL with ERR: the line that does not, and what is in force.
 */
int tighten(struct spec *spec, struct bpf_error *err);
bool tighten_knows(const char *name); /* has it been decided how this directive is judged? */

/* System calls: begin; take a line; check, and make one policy of those of all. */
void calls_init(struct spec *spec);
int calls_line(struct spec *spec, const struct setting *set, struct bpf_error *err);
int calls_finish(struct spec *spec, struct bpf_error *err);

/* The settings again as a policy, includes dissolved. */
void spec_print(FILE *out, const struct spec *spec);

/* ---- what the kernel will be asked (plan.c, environment.c) ---- */

enum report_kind {
	REPORT_FAILED = 1, /* STEP failed with ERROR */
	REPORT_STARTED,	   /* every wall was read back and the payload let go */
	REPORT_CPU_LIMIT,  /* init ends it: the processor time is used up */
	REPORT_EXITED,	   /* it ended: STATUS as from wait(2), and what it and its own used */
	REPORT_STOPPED,	   /* it was stopped, by the signal in STATUS */
	REPORT_TERMINAL,   /* this message carries the master of its terminal */
};

/* What init tells the supervisor: a message of a socket, so never torn. */
struct report {
	int kind;
	int step;  /* index into the step table */
	int error; /* errno */
	int op;	   /* the tree operation that failed, -1 */
	int status;
	long user_us, system_us, maxrss_kb;
	char text[96]; /* what was being done, or what was found */
};

/* What all of the sandbox used; what is not known is 0. */
struct usage {
	uint64_t wall_us, user_us, system_us;
	uint64_t maxrss_kb;		    /* of the largest process */
	uint64_t memory_peak, pids_peak;    /* of all together */
	uint64_t memory_kills, pids_denied; /* how often a limit was reached */
};

/* What the supervisor knows in the end (ending.c). */
struct ending {
	struct report last; /* what init had to say; kind 0: nothing */
	const char *fired;  /* the limit that ended it; NULL: none */
	bool started;	    /* the payload was ready to be let go, ... */
	int interrupted;    /* ... and this signal came before it was; 0: none did */
	struct usage usage;
};

/*
 * Memory that init and the payload share until exec. The filter may forbid the payload
 * every call but execve(2), so it reports here, and waits here to be let go.
 */
struct gate {
	atomic_int armed;	 /* set by the payload: filter installed, ready to exec */
	atomic_int go;		 /* set by init: all walls read back */
	unsigned int securebits; /* the payload's, as it read them: /proc does not tell of them */
	struct report failure;	 /* kind 0: none */
};

/* A cgroup of ours, in one hierarchy. */
struct cgroup {
	const char *base, *path; /* it is made in the one, and is the other */
	const char *inner;	 /* inside of it, which holds the processes; NULL: itself */
	bool v2;
	int dir;
};

/* Our own cgroup of v2, which we leave for one inside of it, as long as there is a sandbox. */
struct aside {
	const char *base, *path;      /* the one and the other; NULL: we stay */
	const char *enable, *disable; /* what BASE hands down meanwhile: "+memory +pids " */
};

struct plan {
	const struct spec *spec;
	unsigned long namespaces; /* CLONE_NEW* */
	unsigned long missing;	  /* wanted, not there, and "allow-degraded" lets it be */
	uint64_t host_inodes[16]; /* of ns_kinds, as we are outside */
	struct ns_idmap idmap;
	bool drop_groups;
	int net; /* the network namespace to enter, and its inode; -1: none */
	uint64_t net_inode;
	const char *pasta; /* its path */
	struct ns_tree tree;
	const struct bpf_prog *filter;
	unsigned long cases; /* how many inputs the proof took */
	int proc;	     /* /proc */
	char **argv, **envp;
	char **candidates; /* paths to try for the command, NULL at the end */
	const char *hostname, *directory;
	struct process_limit limits[SPEC_LIMITS + LIMIT_KINDS]; /* never above the caller's */
	unsigned int nlimits;
	struct cgroup groups[LIMIT_KINDS]; /* made just before the clone */
	unsigned int ngroups;
	struct aside aside;
	bool owns_cgroups;	 /* the payload may be, outside, a user who has some */
	unsigned int no_limits;	 /* bits of enum limit_kind: not there, and less must do */
	unsigned int processors; /* that there are */
	pid_t reaper;		 /* who removes the groups when the last end of... */
	int reaper_pipe;	 /* ... this pipe is closed, which is ours */
	unsigned int securebits; /* of the payload */
	enum caps_lsm lsm;	 /* whose exec_label is */
	unsigned int landlock,
		no_landlock;	  /* the walls of it that are up, and that are not there */
	struct rlimit own_nofile; /* the caller's, for the payload */
	sigset_t signal_mask;	  /* the caller's, for the payload */
	struct gate *gate;
	int lifeline[2];    /* init holds the reading end: EOF is the supervisor's death */
	int release[2];	    /* one byte when the maps are written, and one when told of the start */
	int report[2];	    /* struct report from init: a socket, which can pass a descriptor */
	int standard[3];    /* what is opened for 0, 1, 2; -1: nothing */
	struct outlet {	    /* of the pipes that are there for 1 and 2, */
		int from;   /* the end to read from; -1: none is, */
		int to;	    /* where that goes, */
		int target; /* and which descriptor that was */
	} outlets[2];
	int started;		   /* where to say that it has started, -1: nobody waits for that */
	bool terminal;		   /* the payload gets a terminal of its own, */
	unsigned int terminal_fds; /* which is these of 0, 1, 2, as a mask */
};

/*
 * Are the descriptors that SPEC names the caller's? To be asked before anything is opened, or
 * the number of one that he forgot to open would be given to something of ours.
 */
void plan_descriptors(const struct spec *spec);

/* Look everything up; exits with a message on what fails. */
void plan_make(struct plan *plan, const struct spec *spec);

/* Compile the filter, and believe it only after proof (proof.c). */
void plan_filter(struct plan *plan);

/*
 * Does ALL let only run what ONE, the program of the policy NAME, lets run, too? -EBADE with ERR:
 * a call that it should not.
 */
int proof_subset(struct bpf_arena *arena, const struct bpf_prog *all, const struct bpf_prog *one,
		 const char *name, struct bpf_error *err);

/* The same plan for one sandbox more: anew what only one can use. In a child of its own. */
void plan_again(struct plan *plan);

/* At most VALUE of RESOURCE for each process. */
void plan_rlimit(struct plan *plan, int resource, rlim_t value);

/*
 * The filter that was compiled and proved for this very text when sbrun was built, and on how
 * many cases; NULL: none (filters.c).
 */
const struct bpf_prog *filter_find(const struct spec *spec, unsigned long *cases);

char **environment_make(const struct spec *spec, char **from);

/* ---- who it is (identity.c) ---- */

void identity_plan(struct plan *plan);

/* Write the id maps of INIT, where it has a user namespace. */
void identity_write(const struct plan *plan, pid_t init);

/* ---- the network (network.c) ---- */

void network_plan(struct plan *plan);

/* Enter the namespace that "net PATH" names; before the clone. Exits if that fails. */
void network_join(const struct plan *plan);

/* Start pasta for INIT, whose id maps are written: its pid; 0: not asked for. Or exits. */
pid_t network_start(const struct plan *plan, pid_t init);
void network_stop(pid_t pasta);

/* ---- between the processes (child.c, init.c, supervise.c) ---- */

struct child {
	const struct plan *plan;
	struct ns_tree tree; /* the plan's, with what init opens for it */
	pid_t payload;
	int proc;     /* /proc of the new PID namespace */
	int ruleset;  /* of Landlock; -1: none */
	int terminal; /* the payload's, -1 if it has none of its own */
	struct report report;
};

/* Who carries a step out. */
enum actor { ACTOR_INIT, ACTOR_PAYLOAD, ACTOR_WARDEN };

struct step {
	enum actor actor;
	const char *name;
	int (*run)(struct child *child); /* 0 or -errno */
	const char *why;		 /* why it stands just there */
};

extern const struct step steps[]; /* in order; ends with a NULL name */

/* Send child->report to the supervisor. If he is gone, so are we soon. */
int child_tell(const struct child *child);

/* Is the payload not let go before the supervisor says so? */
bool child_waits(const struct plan *plan);

/* Wait until the supervisor has done what follows from it, if something does. */
int child_await(const struct child *child);

/* Run all steps of ACTOR; on failure report it and exit. */
void steps_run(struct child *child, enum actor actor);
__attribute__((noreturn)) void child_main(const struct plan *plan);
__attribute__((noreturn)) void payload_main(struct child *child);

/* The loop of PID 1: forward signals, reap, report the payload's end, exit. */
__attribute__((noreturn)) void init_loop(struct child *child);

/* Read back every wall of process PID; -errno and what is missing in child->report.text. */
int audit_payload(struct child *child);
int audit_init(struct child *child);

/*
 * --background: in a process of its own, where it returns the descriptor on which to say that
 * the payload has started; the caller's process prints the other's pid and exits then.
 */
int background_start(const struct spec *spec);

int supervise(struct plan *plan); /* exit status; fills in the caller's signal mask */

/* ---- the label of a security module (label.c) ---- */

void plan_label(struct plan *plan);
int label_step(struct child *child);
const char *label_text(const struct plan *plan); /* for whoever asks what it is */

/* ---- Landlock (landlock.c) ---- */

void plan_landlock(struct plan *plan);
unsigned int landlock_wanted(const struct spec *spec); /* CAPS_LANDLOCK_*, if the kernel has them */

/* The steps: make the ruleset, to which the building of the tree then adds; enforce it. */
int landlock_prepare(struct child *child);
int landlock_enforce(struct child *child);

/* ---- telling (report.c, explain.c, status.c) ---- */

/* Tell how it ended; returns the exit status. */
int ending(const struct plan *plan, struct ending *end);

/* Print a failure with its cause and fix, where known; returns the exit status. */
int report_failure(const struct plan *plan, const struct report *report);

/* The same of what fails outside; exits. */
__attribute__((noreturn)) void fail_step(struct bpf_arena *arena, const char *step,
					 const char *doing, int error);
void explain(const struct plan *plan);
int doctor(const struct spec *spec); /* 0: strict is whole here; 1 (doctor.c) */

/*
 * Why STEP, a row of the step table or "clone", fails with ERROR, and what helps; NULL, 0: why
 * no sandbox can be made here at all (diagnosis.c).
 */
struct diagnosis {
	const char *reason; /* in place of the errno's own words; NULL: these */
	const char *cause;  /* each NULL: not known */
	const char *fix;
};

struct diagnosis diagnose(struct bpf_arena *arena, const char *step, int error);

/* As lines "cause: ..." and "fix: ...", with what is known of them. */
const char *diagnosis_text(struct bpf_arena *arena, const struct diagnosis *diagnosis);

/* TEXT from COLUMN on, broken at 80 behind a blank or '|'; then indented by INDENT. */
void print_wrapped(int column, int indent, const char *text);

/* --info-fd: one object, for whoever has to find the sandbox. */
void status_info(const struct plan *plan, pid_t init, pid_t payload);
void status_started(const struct plan *plan, pid_t init, pid_t payload);
void status_limit(const struct plan *plan, const char *limit, uint64_t count);
void status_ended(const struct plan *plan, const char *how, int status, const struct report *report,
		  const struct usage *usage);

#endif
