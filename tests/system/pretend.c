/* SPDX-License-Identifier: MIT */
/*
 * pretend OPTION... -- OPTION...: sbrun's self-test in the sandbox of the first options, judged as
 * if it had been made by the second: what the two have not in common are walls that silently
 * do not stand. It must be found out.
 */
#include <string.h>
#include <sys/mman.h>

#include "runner/selftest.h"

static void init_spec(struct spec *spec, struct bpf_arena *arena)
{
	arena->size = 64u << 20;
	arena->base = mmap(NULL, arena->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena->base == MAP_FAILED)
		fail("pretend: no memory");
	spec->arena = arena;
}

int main(int argc, char *argv[])
{
	static struct bpf_arena arenas[2];
	static struct spec specs[2];
	static struct plan plans[2];
	int second = 1;

	if (argc > 0 && strcmp(argv[0], ACTOR_NAME) == 0)
		return act_main(argc, argv);
	while (second < argc && strcmp(argv[second], "--") != 0)
		second++;
	if (second == argc)
		fail("usage: pretend OPTION... -- OPTION...");
	for (int i = 0; i < 2; i++)
		init_spec(&specs[i], &arenas[i]);
	options_parse(second, argv, &specs[0]);
	options_parse(argc - second, argv + second, &specs[1]);
	for (int i = 0; i < 2; i++) {
		selftest_prepare(&specs[i]);
		plan_make(&plans[i], &specs[i]);
	}
	return selftest_run(&plans[0], &specs[0], &plans[1]);
}
