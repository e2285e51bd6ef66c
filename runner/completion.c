/* SPDX-License-Identifier: MIT */
/*
 * --completion bash: a function for bash, made from the table of directives, so that it knows
 * all options of this sbrun and no other:
 *
 *	eval "$(sbrun --completion bash)"
 */
#include "runner/runner.h"

static void print_names(FILE *out)
{
	for (const struct directive *row = directives; row->name; row++) {
		if (!row->help)
			continue;
		fprintf(out, " --%s", row->name);
		if (row->flags & DIRECTIVE_TRY)
			fprintf(out, " --%s-try", row->name);
	}
}

static void print_policies(FILE *out)
{
	for (const struct bpf_builtin *builtin = bpf_builtins; builtin->name; builtin++)
		fprintf(out, " %s", builtin->name);
}

void completion_print(FILE *out)
{
	fputs("_sbrun() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} i\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	      "\t\tif ((i + 1 == COMP_CWORD)); then\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$word\")\n"
	      "\t\tfi\n"
	      "\t\treturn\n"
	      "\tdone\n"
	      "\tif [[ $before == --policy || $before == --include ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -W '",
	      out);
	print_policies(out);
	fputs("' -- \"$word\")\n"
	      "\telif [[ $word == -* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '--",
	      out);
	print_names(out);
	fputs("' -- \"$word\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -o default -F _sbrun sbrun\n",
	      out);
}
