/* SPDX-License-Identifier: MIT */
/*
 * mkfilters: compile and prove the built-in policies while sbrun is built, and write them as
 * the rows of filters.def. A built-in policy that does not compile, that the kernel would
 * not take, or whose program is not proved to mean it, ends the build.
 *
 * It reads policies with the runner's own code, so that what is compiled here is what a run
 * under the policy would compile; a policy without a default is for others to include.
 */
#include "runner/runner.h"

#include <stdlib.h>
#include <string.h>

static char memory[64u << 20];

static void print_text(const struct spec *spec)
{
	for (const struct setting *set = spec->settings; set; set = set->next) {
		if (!(set->row->flags & DIRECTIVE_SYSCALL))
			continue;
		fputs("\n  \"", stdout);
		for (const char *p = set->text; *p; p++)
			printf(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		fputs("\\n\"", stdout);
	}
}

static void print_row(const struct spec *spec, const struct bpf_prog *prog, unsigned long cases)
{
	printf("{ \"%s\",", spec->policy);
	print_text(spec);
	printf(",\n  %lu, { %u, {", cases, prog->len);
	for (unsigned int i = 0; i < prog->len; i++)
		printf("%s{ 0x%x, %u, %u, 0x%x },", i % 4 ? " " : "\n    ", prog->insn[i].code,
		       prog->insn[i].jt, prog->insn[i].jf, prog->insn[i].k);
	fputs("\n  }, {", stdout);
	for (unsigned int i = 0; i < prog->len; i++)
		printf("%s%u,", i % 16 ? " " : "\n    ", prog->origin[i]);
	fputs("\n  } } },\n", stdout);
}

static void make_row(const char *name)
{
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	static struct bpf_prog prog;
	static struct spec spec;
	struct bpf_error err = { 0 };
	unsigned long cases = 0;

	memset(&spec, 0, sizeof(spec));
	spec.arena = &arena;
	spec.policy = name;
	if (bpf_builtin_read(name, &arena, setting_line, &spec, &err))
		fail_at(&err);
	if (settings_apply(&spec, &err)) {
		if (!spec.syscalls.has_default)
			return;
		fail_at(&err);
	}
	if (bpf_compile(&spec.syscalls, &prog, &err) || bpf_check(prog.insn, prog.len, &err) ||
	    bpf_verify(&spec.syscalls, &prog, NULL, &cases, &err))
		fail("%s: %s", name, err.text);
	print_row(&spec, &prog, cases);
}

int main(void)
{
	for (const struct bpf_builtin *builtin = bpf_builtins; builtin->name; builtin++)
		make_row(builtin->name);
	return fflush(stdout) ? STATUS_FAILED : 0;
}
