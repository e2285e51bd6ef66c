/* SPDX-License-Identifier: MIT */
/*
 * The command line: "--name word word ... -- command". An option is a directive (see
 * directives.c) whose words run to the next word that begins with "--"; "--name=word" gives a
 * first word that begins so. A lone "--" must stand before the command, so that nothing of the
 * command is ever taken for an option.
 */
#include "runner/runner.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_POLICY "strict"

/* All options are one "file" to the rule that a file may not contradict itself. */
static const struct bpf_place command_line = { "command line", 0, 0 };

static bool is_option(const char *word)
{
	return strncmp(word, "--", 2) == 0;
}

static void read_policy(struct spec *spec, const char *name)
{
	struct bpf_error err = { 0 };
	int ret;

	ret = bpf_source_read(name, SBRUN_DATADIR, spec->arena, setting_line, spec, &err);
	if (ret)
		fail_at(&err);
}

/* The first, or one that is stacked on those before it. */
static void choose_policy(struct spec *spec, const char *name)
{
	const unsigned int n = spec->turn / 2;
	const char *shown = escaped(spec->arena, name);

	if (n == SPEC_POLICIES)
		fail("more than %d policies; a policy can include others", SPEC_POLICIES);
	spec->policies[n] = name;
	spec->policy = n ? xprintf(spec->arena, "%s + %s", spec->policy, shown) : shown;
	spec->turn++;
	read_policy(spec, name);
	spec->turn++;
}

static void unknown_option(struct spec *spec, const char *name)
{
	const char *near = directive_nearest(name);

	if (near)
		fail("unknown option '--%s'; did you mean '--%s'?", escaped(spec->arena, name),
		     near);
	fail("unknown option '--%s'; --help lists them", escaped(spec->arena, name));
}

/* The line that this option would be in a policy: system-call rules are parsed from it. */
static const char *as_line(struct spec *spec, const char *name, const struct setting *set)
{
	size_t size = strlen(name) + 1;
	char *text, *p;

	for (unsigned int i = 0; i < set->nwords; i++)
		size += 1 + strlen(set->words[i]);
	p = text = xalloc(spec->arena, size);
	p = stpcpy(p, name);
	for (unsigned int i = 0; i < set->nwords; i++) {
		*p++ = ' ';
		p = stpcpy(p, set->words[i]);
	}
	return text;
}

/* Take the option at ARGV[I] and its words; returns the index behind them. */
static int take_option(struct spec *spec, int argc, char *argv[], int i)
{
	struct setting *set = xalloc(spec->arena, sizeof(*set));
	char *name = xprintf(spec->arena, "%s", argv[i++] + 2);
	char *equals = strchr(name, '=');
	struct bpf_error err = { 0 };
	int count = 0;

	set->place = command_line;
	while (i + count < argc && !is_option(argv[i + count]))
		count++;
	set->words = xalloc(spec->arena, ((size_t)count + 2) * sizeof(char *));
	if (equals) {
		*equals = '\0';
		set->words[set->nwords++] = equals + 1;
	}
	while (count-- > 0)
		set->words[set->nwords++] = argv[i++];
	set->row = directive_find(name, &set->try_form);
	if (!set->row)
		unknown_option(spec, name);
	set->text = as_line(spec, name, set);
	if (setting_add(spec, set, &err))
		fail("--%s", escaped(spec->arena, err.text));
	if (strcmp(set->row->name, "policy") == 0)
		choose_policy(spec, set->words[0]);
	else if (strcmp(set->row->name, "include") == 0)
		read_policy(spec, set->words[0]);
	return i;
}

/* Is there a --policy among the options? Then nothing is read before it. */
static bool names_policy(int argc, char *argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--policy") == 0 || strncmp(argv[i], "--policy=", 9) == 0)
			return true;
	}
	return false;
}

static bool needs_no_command(const struct spec *spec)
{
	for (const struct setting *set = spec->settings; set; set = set->next) {
		if (set->row->flags & DIRECTIVE_MODE)
			return true;
	}
	return false;
}

void options_parse(int argc, char *argv[], struct spec *spec)
{
	struct bpf_error err = { 0 };
	int i = 1;

	spec->status_fd = spec->info_fd = spec->block_fd = spec->sync_fd = -1;
	args_expand(spec, &argc, &argv);
	if (!names_policy(argc, argv))
		choose_policy(spec, DEFAULT_POLICY);
	while (i < argc && strcmp(argv[i], "--") != 0) {
		if (!is_option(argv[i]))
			fail("'%s' is no option; the command comes behind a lone --: "
			     "sbrun [OPTION]... -- COMMAND [WORD]...",
			     escaped(spec->arena, argv[i]));
		i = take_option(spec, argc, argv, i);
	}
	if (tighten(spec, &err) || settings_apply(spec, &err))
		fail_at(&err);
	if (i + 1 < argc)
		spec->argv = argv + i + 1;
	else if (!needs_no_command(spec))
		fail("no command; usage: sbrun [OPTION]... -- COMMAND [WORD]...");
}

/* ---- --help ---- */

static void print_row(FILE *out, const struct directive *row)
{
	int width = fprintf(out, "  --%s%s%s%s", row->name,
			    row->flags & DIRECTIVE_TRY ? "[-try]" : "",
			    *row->usage && *row->usage != '(' ? " " : "", row->usage);

	if (width > 29)
		fprintf(out, "\n%29s", "");
	else
		fprintf(out, "%*s", 29 - width, "");
	fprintf(out, " %s\n", row->help);
}

void usage_print(FILE *out)
{
	const char *group = NULL;

	fputs("Usage: sbrun [OPTION]... -- COMMAND [WORD]...\n"
	      "Run COMMAND in a sandbox: namespaces of its own, a private root, no\n"
	      "capabilities, and a system-call filter.\n\n"
	      "  sbrun --policy strict -- sort <in >out   a filter program, no network\n"
	      "  sbrun --policy standard --bind . /work --chdir /work -- make\n"
	      "  sbrun --explain -- cat                   what would be done, and why\n\n"
	      "Every option but the last group is also a line of a policy, without the --.\n"
	      "[-try]: a SRC or DEST that does not exist is no error.\n",
	      out);
	for (const struct directive *row = directives; row->name; row++) {
		if (!row->help)
			continue;
		if (row->group != group) {
			group = row->group;
			fprintf(out, "\n%s:\n", group);
		}
		print_row(out, row);
	}
	fputs("\nExit status: that of COMMAND; 128+n if signal n ended it (159: killed by the\n"
	      "policy); 124 a limit on time or output; 125 sbrun itself failed; 126 COMMAND\n"
	      "cannot be executed; 127 COMMAND is not there.\n",
	      out);
}
