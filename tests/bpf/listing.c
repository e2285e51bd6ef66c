/* SPDX-License-Identifier: MIT */
/*
 * Print the listing of a policy file: read, compiled, proved, disassembled. For golden tests,
 * which compare it byte for byte.
 */
#include "bpf/bpf.h"

#include <err.h>
#include <stdlib.h>

static char memory[8 << 20];

static int take_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *error)
{
	return bpf_policy_line(ctx, text, place, error);
}

static void fail(const struct bpf_error *error)
{
	errx(1, "%s:%u:%u: %s", error->place.file ? error->place.file : "", error->place.line,
	     error->place.column, error->text);
}

int main(int argc, char **argv)
{
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	static struct bpf_prog prog;
	struct bpf_error error = { 0 };
	struct bpf_policy policy;

	if (argc != 2)
		errx(2, "usage: listing POLICY");
	bpf_policy_init(&policy, &arena);
	if (bpf_source_read(argv[1], NULL, &arena, take_line, &policy, &error) < 0 ||
	    bpf_policy_finish(&policy, &error) < 0 || bpf_compile(&policy, &prog, &error) < 0 ||
	    bpf_verify(&policy, &prog, NULL, NULL, &error) < 0)
		fail(&error);
	bpf_disasm(stdout, &prog, &policy);
	return 0;
}
