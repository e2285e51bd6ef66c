/* SPDX-License-Identifier: MIT */
/*
 * The command line: what to look for, options, files, in any order; "--name word" or
 * "--name=word"; a lone "--" ends the options. One table of options makes the parser, the usage
 * text, and (scripts/checkdocs.sh) the manual page agree.
 *
 * Broker and worker read the same words, so nothing needs to be passed but these.
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct option {
	const char *name;
	const char *word; /* NULL: takes none */
	bool (*take)(struct command *command, const char *word);
	const char *help;
};

struct choice {
	const char *name;
	int value;
};

/* Index of WORD among CHOICES, -1. */
static int choose(const struct choice *choices, const char *word)
{
	for (int i = 0; choices[i].name; i++) {
		if (strcmp(choices[i].name, word) == 0)
			return i;
	}
	return -1;
}

static bool take_number(const char *word, unsigned int min, unsigned int max, unsigned int *value)
{
	unsigned long n;

	if (!*word || strlen(word) > 6 || strspn(word, "0123456789") != strlen(word))
		return false;
	n = strtoul(word, NULL, 10);
	*value = (unsigned int)n;
	return n >= min && n <= max;
}

/* ---- one function an option ---- */

static const struct choice whats[] = { { "firewall", WHAT_FIREWALL },
				       { "apparmor", WHAT_APPARMOR },
				       { NULL, 0 } };

static const struct choice formats[] = {
	{ "iptables", FORMAT_IPTABLES }, { "nft", FORMAT_NFT },	  { "ufw", FORMAT_UFW },
	{ "profile", FORMAT_PROFILE },	 { "json", FORMAT_JSON }, { NULL, 0 },
};

static const struct choice actions[] = {
	{ "accept", 0 }, { "drop", 0 }, { "reject", 0 }, { "log", 0 }, { NULL, 0 }
};

static const struct choice trusts[] = {
	{ "process", ORIGIN_PROCESS },
	{ "kernel", ORIGIN_KERNEL_TEXT },
	{ "journal", ORIGIN_JOURNAL },
	{ "audit", ORIGIN_AUDIT_LOG },
	{ NULL, 0 },
};

static bool take_format(struct command *command, const char *word)
{
	int i = choose(formats, word);

	if (i >= 0)
		command->options.format = (enum format)formats[i].value;
	return i >= 0;
}

static bool take_action(struct command *command, const char *word)
{
	int i = choose(actions, word);

	if (i >= 0)
		command->options.action = actions[i].name;
	return i >= 0;
}

static bool take_trust(struct command *command, const char *word)
{
	int i = choose(trusts, word);

	if (i >= 0)
		command->options.trust = (enum origin)trusts[i].value;
	return i >= 0;
}

static bool take_collapse(struct command *command, const char *word)
{
	char *end;
	double share;

	if (!*word || strlen(word) > 10 || strspn(word, "0123456789.") != strlen(word))
		return false;
	share = strtod(word, &end);
	command->options.collapse = share;
	return !*end && share >= 0 && share <= 1;
}

static bool take_abi(struct command *command, const char *word)
{
	command->options.abi = strcmp(word, "4.0") == 0 ? 40 : 30;
	return strcmp(word, "3.0") == 0 || strcmp(word, "4.0") == 0;
}

static bool take_no_glob(struct command *command, const char *word)
{
	command->options.glob = false;
	return !word;
}

static bool take_max_danger(struct command *command, const char *word)
{
	return take_number(word, 0, 10, &command->options.max_danger);
}

static bool take_threads(struct command *command, const char *word)
{
	return take_number(word, 1, THREADS_MAX, &command->options.threads);
}

static bool take_year(struct command *command, const char *word)
{
	return take_number(word, 1970, 9999, &command->options.year);
}

static bool take_stats(struct command *command, const char *word)
{
	command->options.stats = true;
	return !word;
}

static bool take_output(struct command *command, const char *word)
{
	command->output = word;
	return *word != '\0';
}

static bool take_degraded(struct command *command, const char *word)
{
	int layer = layer_find(word);

	if (layer < 0 || layer == LAYER_SYSCALLS)
		return false;
	command->degraded |= LAYER_BIT(layer);
	return true;
}

static bool take_layers(struct command *command, const char *word)
{
	command->mode = MODE_LAYERS;
	return !word;
}

static bool take_worker(struct command *command, const char *word)
{
	command->mode = MODE_WORKER;
	return !word;
}

static bool take_help(struct command *command, const char *word)
{
	command->mode = MODE_HELP;
	return !word;
}

static bool take_version(struct command *command, const char *word)
{
	command->mode = MODE_VERSION;
	return !word;
}

/* clang-format off */
static const struct option table[] = {
{ "format", "FORMAT", take_format,
  "firewall: iptables (the default), nft, ufw, json;\n"
  "apparmor: profile (the default), json" },
{ "action", "ACTION", take_action,
  "what firewall rules do: accept (the default), drop,\nreject, log" },
{ "collapse", "SHARE", take_collapse,
  "let a prefix stand for addresses if at least this share\n"
  "of it was seen: 1 (the default) to 0.01; 0: no prefixes" },
{ "abi", "VERSION", take_abi, "AppArmor's parser: 3.0 (the default) or 4.0" },
{ "no-glob", NULL, take_no_glob, "keep each path as it was logged" },
{ "max-danger", "N", take_max_danger, "leave out rules more dangerous than N, 0 to 10" },
{ "trust", "ORIGIN", take_trust,
  "the least that is believed of where a line comes from:\n"
  "process, kernel (the default), journal, audit" },
{ "year", "YEAR", take_year, "of the first line, where stamps have none" },
{ "stats", NULL, take_stats, "say in comments what became of all lines, and why" },
{ "threads", "N", take_threads, "1 to 16; one a processor" },
{ "output", "FILE", take_output, "write into FILE: all, or nothing; also -o FILE" },
{ "layers", NULL, take_layers, "show what confines the worker here, and read no log" },
{ "allow-degraded", "LAYER", take_degraded, "do without LAYER where it cannot be had" },
{ "worker", NULL, take_worker,
  "no broker: standard input to standard output, confined\n"
  "by whoever started us (sbrun --policy syslogparse)" },
{ "help", NULL, take_help, "print this" },
{ "version", NULL, take_version, "print the version" },
{ NULL, NULL, NULL, NULL }
};
/* clang-format on */

/* ---- the parser ---- */

static const struct option *find_option(const char *name, size_t len)
{
	for (const struct option *option = table; option->name; option++) {
		if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
			return option;
	}
	return NULL;
}

/* ARGV[*I] is an option; *I becomes the index behind it. */
static void take_option(struct command *command, char *argv[], int *i)
{
	const char *text = argv[*i], *name = text + 2, *word = NULL;
	const struct option *option;
	char buf[ESCAPED_MAX];

	++*i;
	if (strcmp(text, "-o") == 0)
		name = "output";
	option = find_option(name, strcspn(name, "="));
	if (!option || (text[1] != '-' && strcmp(text, "-o") != 0))
		fail(STATUS_FAILED, "unknown option '%s'; --help lists them", escaped(text, buf));
	if (name[strlen(option->name)] == '=')
		word = name + strlen(option->name) + 1;
	if (word && !option->word)
		fail(STATUS_FAILED, "--%s takes no word", option->name);
	if (option->word && !word) {
		word = argv[*i];
		if (!word)
			fail(STATUS_FAILED, "--%s needs a word: %s", option->name, option->word);
		++*i;
	}
	if (!option->take(command, word))
		fail(STATUS_FAILED, "--%s: '%s' is no %s; --help says which there are",
		     option->name, escaped(word ? word : "", buf), option->word);
}

static void take_what(struct command *command, const char *word)
{
	char buf[ESCAPED_MAX];
	int i = choose(whats, word);

	if (i < 0)
		fail(STATUS_FAILED, "'%s' is nothing to look for; firewall or apparmor?",
		     escaped(word, buf));
	command->options.what = (enum what)whats[i].value;
}

static bool has_format(enum what what, enum format format)
{
	if (format == FORMAT_JSON)
		return true;
	return (what == WHAT_APPARMOR) == (format == FORMAT_PROFILE);
}

static void check(struct command *command, bool has_what, bool said_format)
{
	static char standard_input[] = "-";
	struct options *options = &command->options;

	if (command->mode != MODE_RUN && command->mode != MODE_WORKER)
		return;
	if (!has_what)
		fail(STATUS_FAILED, "what to look for? syslogparse firewall [FILE]..., or "
				    "syslogparse apparmor [FILE]...");
	if (!said_format && options->what == WHAT_APPARMOR)
		options->format = FORMAT_PROFILE;
	if (!has_format(options->what, options->format))
		fail(STATUS_FAILED, "--format: that is for %s",
		     options->what == WHAT_APPARMOR ? "firewall" : "apparmor");
	if (options->format == FORMAT_UFW && strcmp(options->action, "log") == 0)
		fail(STATUS_FAILED, "--action log: ufw has no rule that only logs");
	if (!command->nfiles)
		command->files[command->nfiles++] = standard_input;
	if (command->nfiles > FILES_MAX)
		fail(STATUS_FAILED, "more than %u files", FILES_MAX);
	if (command->mode == MODE_WORKER &&
	    (command->nfiles > 1 || strcmp(command->files[0], "-") != 0 || command->output))
		fail(STATUS_FAILED, "--worker: it reads standard input and writes standard "
				    "output, and opens nothing");
}

void command_parse(struct command *command, int argc, char *argv[])
{
	bool has_what = false, said_format = false, options_over = false;
	int i = 1;

	*command = (struct command){
		.options = { .trust = ORIGIN_KERNEL_TEXT,
			     .action = "accept",
			     .collapse = 1.0,
			     .abi = 30,
			     .glob = true,
			     .max_danger = 10 },
		.files = calloc((size_t)argc + 1, sizeof(char *)),
	};
	if (!command->files)
		fail(STATUS_FAILED, "no memory");
	while (i < argc) {
		char *word = argv[i];

		if (!options_over && strcmp(word, "--") == 0) {
			options_over = true;
			i++;
		} else if (!options_over && word[0] == '-' && word[1]) {
			said_format |= strncmp(word, "--format", 8) == 0;
			take_option(command, argv, &i);
		} else if (!has_what) {
			take_what(command, word);
			has_what = true;
			i++;
		} else {
			command->files[command->nfiles++] = word;
			i++;
		}
	}
	check(command, has_what, said_format);
}

/* ---- --help ---- */

#define COLUMN 26

void usage_print(FILE *out)
{
	fputs("Usage: syslogparse firewall|apparmor [OPTION]... [FILE]...\n"
	      "Read logs, in a process that may do nothing else, and write rules for what they\n"
	      "tell of. A FILE is plain or compressed (gzip), in any form in which syslog or the\n"
	      "journal write; \"-\", and no FILE at all, is standard input.\n\n",
	      out);
	for (const struct option *option = table; option->name; option++) {
		int width = fprintf(out, "  --%s%s%s", option->name, option->word ? " " : "",
				    option->word ? option->word : "");

		fprintf(out, "%*s", width < COLUMN ? COLUMN - width : 1, "");
		for (const char *p = option->help; *p; p++) {
			fputc(*p, out);
			if (*p == '\n')
				fprintf(out, "%*s", COLUMN, "");
		}
		fputc('\n', out);
	}
	fputs("\nLayers:", out);
	for (int layer = 0; layer < LAYERS; layer++)
		fprintf(out, " %s", layer_name((enum layer)layer));
	fputs("\n\nExit status: 0, or 1 if no line was of that kind (FILE of --output is left as\n"
	      "it was); 121 the worker died, 122 what it said was not in order, 123 it said too\n"
	      "much, 124 it was late: nothing was written; 125 syslogparse itself failed.\n",
	      out);
}
