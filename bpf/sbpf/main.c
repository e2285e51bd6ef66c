/* SPDX-License-Identifier: MIT */
/*
 * sbpf: the table of commands, the table of options, and how the two are read.
 *
 * An option may stand anywhere behind the command, before a lone "--"; a word that begins with
 * one '-' is none, so that "why strict openat -100" needs no care.
 *
 * See sbpf(1).
 */
#include "bpf/sbpf/sbpf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/sbpf/version.h"

/* Pages are taken when used. */
#define ARENA_SIZE	((size_t)1 << 30)

#define OPTION_FROM	0x0001u
#define OPTION_ABI	0x0002u
#define OPTION_OPTIMIZE 0x0004u
#define OPTION_OUTPUT	0x0008u
#define OPTION_JSON	0x0010u
#define OPTION_HIST	0x0020u
#define OPTION_PID	0x0040u
#define OPTION_TO	0x0080u
#define OPTION_LINE	0x0100u
#define OPTION_SUBSET	0x0200u
#define OPTION_IMPORT	0x0400u
#define OPTION_STACK	0x0800u
#define OPTION_AUDIT	0x1000u

/* What every command takes that loads a policy or a program. */
#define LOAD (OPTION_FROM | OPTION_ABI | OPTION_OPTIMIZE | OPTION_HIST | OPTION_IMPORT)
/* And what is about one filter, which may be that of several policies. */
#define SHOW (LOAD | OPTION_STACK)

/* clang-format off */
static const struct command commands[] = {
{ "compile", "FILE", 1, 1, SHOW | OPTION_OUTPUT, run_compile,
  "write the filter, an array of struct sock_filter" },
{ "list", "FILE", 1, 1, SHOW | OPTION_OUTPUT, run_list,
  "every instruction: what it means, which rule it is for, what it costs" },
{ "asm", "FILE", 1, 1, OPTION_ABI | OPTION_OUTPUT, run_asm,
  "assemble bpf_asm's notation, with labels and names" },
{ "dis", "[FILE]", 0, 1, SHOW | OPTION_OUTPUT | OPTION_PID, run_dis,
  "the notation that asm reads; also of a running process" },
{ "trace", "FILE SYSCALL [ARG]...", 2, 8, SHOW, run_trace,
  "run it on one call, step by step" },
{ "why", "FILE [SYSCALL [ARG]...]", 1, 8, SHOW | OPTION_JSON | OPTION_AUDIT, run_why,
  "what decided, and the nearest call with another outcome" },
{ "stat", "FILE", 1, 1, SHOW | OPTION_JSON, run_stat,
  "sizes, path lengths, what is cached, what installing it costs" },
{ "cache", "FILE", 1, 1, SHOW | OPTION_JSON, run_cache,
  "what the kernel allows without running it, and what spoils the rest" },
{ "diff", "A B", 2, 2, SHOW | OPTION_JSON | OPTION_SUBSET, run_diff,
  "what one does that the other does not, with a call that shows it" },
{ "graph", "FILE", 1, 1, SHOW | OPTION_LINE | OPTION_OUTPUT, run_graph,
  "for Graphviz: blocks, coloured by action; or the number line" },
{ "lint", "FILE", 1, 1, SHOW | OPTION_JSON, run_lint,
  "what is valid and probably not meant" },
{ "compat", "FILE", 1, 1, SHOW | OPTION_JSON, run_compat,
  "what it does on other kernels, and which C libraries it breaks" },
{ "names", "WORD...", 1, 16, OPTION_ABI | OPTION_JSON, run_names,
  "look up calls, numbers and constants" },
{ "import", "FILE", 1, 1, LOAD | OPTION_OUTPUT, run_import,
  "a foreign profile as a policy, and what could not be said" },
{ "export", "FILE", 1, 1, SHOW | OPTION_OUTPUT | OPTION_TO, run_export,
  "in another format" },
{ NULL, NULL, 0, 0, 0, NULL, NULL },
};

static const struct option {
	const char *name, *arg; /* ARG: what its value is called; NULL: it has none */
	unsigned int bit;
	size_t offset;		/* of the const char *, the bool or the list, in struct job */
	const char *help;
} options[] = {
{ "from", "FORMAT", OPTION_FROM, offsetof(struct job, from),
  "policy oci minijail kafel raw asm; else by name and content" },
{ "abi", "LIST", OPTION_ABI, offsetof(struct job, abi),
  "x86_64,i386,x32,aarch64,riscv64; of a call: its own" },
{ "output", "FILE", OPTION_OUTPUT, offsetof(struct job, output),
  "write to FILE; also -o FILE" },
{ "json", NULL, OPTION_JSON, offsetof(struct job, json),
  "for programs to read" },
{ "hist", "FILE", OPTION_HIST, offsetof(struct job, hist),
  "how often calls are made: JSON, or struct seccomp_data each" },
{ "pid", "PID", OPTION_PID, offsetof(struct job, pid),
  "the filters of a running process; needs root" },
{ "optimize", "GOAL", OPTION_OPTIMIZE, offsetof(struct job, optimize),
  "cache (as it is), size, hist (that of --hist), readable" },
{ "stack", "POLICY", OPTION_STACK, offsetof(struct job, stack),
  "as if installed after FILE, in one filter; may be repeated" },
{ "audit", "RECORD", OPTION_AUDIT, offsetof(struct job, audit),
  "of a call, from the audit or kernel log; or - for stdin" },
{ "subset", NULL, OPTION_SUBSET, offsetof(struct job, subset),
  "ask only whether A allows nothing that B does not" },
{ "line", NULL, OPTION_LINE, offsetof(struct job, line),
  "the number line, as coloured intervals" },
{ "text", NULL, OPTION_LINE, offsetof(struct job, text),
  "with --line: for people, not for Graphviz" },
{ "to", "FORMAT", OPTION_TO, offsetof(struct job, to),
  "raw c asm policy oci smt2" },
{ "caps", "LIST", OPTION_IMPORT, offsetof(struct job, caps),
  "OCI: the capabilities that the container has, or none" },
{ "kernel", "VERSION", OPTION_IMPORT, offsetof(struct job, kernel),
  "OCI: which one the profile is for, as 5.10; compat: a list" },
{ "faithful", NULL, OPTION_IMPORT, offsetof(struct job, faithful),
  "OCI: compare whole registers, as libseccomp does" },
{ "enosys", NULL, OPTION_IMPORT, offsetof(struct job, enosys),
  "OCI: ENOSYS for numbers above the profile's, as runc does" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- usage ---- */

static void usage(void)
{
	const struct command *command;
	size_t i;

	printf("usage: sbpf COMMAND [OPTION]... FILE [WORD]...\n\n"
	       "A FILE is a policy's name or path, or a program, or a foreign profile.\n\n");
	for (command = commands; command->name; command++)
		printf("  %-8s%-23s\n          %s\n", command->name, command->usage, command->help);
	printf("\nOptions:\n");
	for (i = 0; i < COUNT(options); i++)
		printf("  --%s%s%-*s %s\n", options[i].name, options[i].arg ? " " : "",
		       (int)(15 - strlen(options[i].name) - (options[i].arg ? 1 : 0)),
		       options[i].arg ? options[i].arg : "", options[i].help);
	printf("\nExit status: 0 yes, equal, allowed; 1 no, different, a finding; 2 bad input.\n");
}

/* ---- reading the command line ---- */

static const char *next_command(const void *names, size_t i)
{
	(void)names;
	return commands[i].name;
}

static const struct command *find_command(const char *name)
{
	const struct command *command = commands;
	const char *near;

	while (command->name && strcmp(command->name, name) != 0)
		command++;
	if (command->name)
		return command;
	near = bpf_nearest(name, strlen(name), next_command, NULL);
	die("unknown command '%s'%s%s%s", name, near ? "; did you mean '" : "", near ? near : "",
	    near ? "'?" : "; see sbpf --help");
}

static const char *next_option(const void *names, size_t i)
{
	(void)names;
	return i < COUNT(options) ? options[i].name : NULL;
}

static const struct option *find_option(const char *name, size_t len)
{
	const char *near;
	size_t i;

	for (i = 0; i < COUNT(options); i++) {
		if (strlen(options[i].name) == len && !memcmp(options[i].name, name, len))
			return &options[i];
	}
	near = bpf_nearest(name, len, next_option, NULL);
	die("unknown option '--%.*s'%s%s%s", (int)len, name, near ? "; did you mean '--" : "",
	    near ? near : "", near ? "'?" : "");
}

/* The one option that may be repeated. */
static void push(struct job *job, const char *policy)
{
	if (job->nstack == COUNT(job->stack))
		die("--stack: more than %zu policies", COUNT(job->stack));
	job->stack[job->nstack++] = policy;
}

/* WORD is "--NAME", "--NAME=VALUE" or "-o"; NEXT is what follows. Returns the words used. */
static int take_option(struct job *job, const char *word, const char *next)
{
	const bool is_short = word[1] != '-';
	const char *name = is_short ? "output" : word + 2;
	const size_t len = strcspn(name, "=");
	const struct option *option = find_option(name, len);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	char *field = (char *)job + option->offset;

	if (!(job->command->options & option->bit))
		die("'%s' has no option --%s", job->command->name, option->name);
	if (!option->arg) {
		if (value)
			die("--%s takes no value", option->name);
		*(bool *)(void *)field = true;
		return 1;
	}
	if (!value && !next)
		die("--%s: expected %s", option->name, option->arg);
	if (option->bit == OPTION_STACK)
		push(job, value ? value : next);
	else
		*(const char **)(void *)field = value ? value : next;
	return value ? 1 : 2;
}

static void parse(struct job *job, int argc, char *argv[])
{
	bool only_words = false;
	int i = 2;

	job->command = find_command(argv[1]);
	while (i < argc) {
		const char *word = argv[i];

		if (!only_words && !strcmp(word, "--")) {
			only_words = true;
			i++;
		} else if (!only_words && !strcmp(word, "--help")) {
			usage();
			exit(0);
		} else if (!only_words && (!strncmp(word, "--", 2) || !strcmp(word, "-o"))) {
			i += take_option(job, word, i + 1 < argc ? argv[i + 1] : NULL);
		} else {
			if (job->nwords == job->command->max)
				die("%s: a word too many: '%s' (%s %s)", job->command->name, word,
				    job->command->name, job->command->usage);
			job->words[job->nwords++] = word;
			i++;
		}
	}
	if (job->nwords < job->command->min)
		die("%s: too few words: %s %s", job->command->name, job->command->name,
		    job->command->usage);
}

static bool has_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int main(int argc, char *argv[])
{
	static struct job job;
	int status;

	if (argc < 2) {
		fputs("usage: sbpf COMMAND [OPTION]... FILE [WORD]...; see sbpf --help\n", stderr);
		return STATUS_WRONG;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		usage();
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("sbpf %s\n", SBPF_VERSION);
		return 0;
	}
	job.arena.size = ARENA_SIZE;
	job.arena.base = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (job.arena.base == MAP_FAILED)
		die("cannot get memory");
	job.colour = has_colour();
	parse(&job, argc, argv);
	status = job.command->run(&job);
	close_output(stdout);
	return status;
}
