/* SPDX-License-Identifier: MIT */
/*
 * pretend OPTION... -- OPTION...: sbrun's self-test in the sandbox of the first options, judged as
 * if it had been made by the second: what the two have not in common are walls that silently
 * do not stand. It must be found out.
 */
#include <string.h>

#include "runner/selftest.h"

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
	for (int i = 0; i < 2; i++) {
		if (arena_map(&arenas[i], 64u << 20))
			fail("pretend: no memory");
		specs[i].arena = &arenas[i];
	}
	options_parse(second, argv, &specs[0]);
	options_parse(argc - second, argv + second, &specs[1]);
	for (int i = 0; i < 2; i++) {
		selftest_prepare(&specs[i]);
		plan_make(&plans[i], &specs[i]);
	}
	return selftest_run(&plans[0], &specs[0], &plans[1]);
}
