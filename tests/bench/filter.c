/* SPDX-License-Identifier: MIT */
/*
 * filter: write the program that a policy compiles to, as an array of struct sock_filter, for
 * other runners to install. It takes sbrun's options.
 */
#include "runner/runner.h"

#include <err.h>
#include <stdlib.h>
#include <unistd.h>

static char memory[64 << 20];

int main(int argc, char *argv[])
{
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	static struct spec spec;
	static struct bpf_prog prog;
	struct bpf_error error = { 0 };

	if (isatty(STDOUT_FILENO))
		errx(2, "usage: filter [OPTION]... -- true >FILE");
	spec.arena = &arena;
	options_parse(argc, argv, &spec);
	if (bpf_compile(&spec.syscalls, &prog, &error) ||
	    bpf_verify(&spec.syscalls, &prog, NULL, NULL, &error))
		fail_at(&error);
	if (fwrite(prog.insn, sizeof(prog.insn[0]), prog.len, stdout) != prog.len || fflush(stdout))
		err(1, "write");
	return 0;
}
