/* SPDX-License-Identifier: MIT */
/*
 * sbrun: run a command in a sandbox. The whole story is main(): the command line and the
 * policy make a spec, the spec makes a plan, the plan is carried out.
 *
 * See sbrun(1).
 */
#include "runner/inspect.h"
#include "runner/runner.h"
#include "runner/selftest.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runner/version.h"

/* Room for a policy, its program and all that a plan needs; pages are taken when used. */
#define ARENA_SIZE (64u << 20)

/*
 * A closed 0, 1 or 2 would be given to the first file that we open, which the payload
 * would then read or write as its standard input or output.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			fail("open /dev/null: cannot make sure that 0, 1 and 2 are open");
	} while (fd <= STDERR_FILENO);
	close(fd);
}

/*
 * The kernel kills us when the thread that started us ends, and with us all of the sandbox. If it
 * has ended since we began, there is another PARENT by now.
 */
static void follow_parent(const struct spec *spec, pid_t parent)
{
	if (spec->background)
		fail("--die-with-parent and --background contradict each other");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		fail("die-with-parent: %s", strerror(errno));
	if (getppid() != parent)
		fail("die-with-parent: who started sbrun is gone");
}

/* What a mode has printed is of no use if it did not get through. */
static int printed(int status)
{
	if (fflush(stdout) || ferror(stdout))
		fail("write to standard output: %s", strerror(errno));
	return status;
}

/* What is only told, and the exit status of that; -1: something is to be run, or planned. */
static int tell(struct spec *spec, struct plan *plan)
{
	switch (spec->mode) {
	case MODE_HELP:
		usage_print(stdout);
		return 0;
	case MODE_VERSION:
		printf("sbrun %s\n", SBRUN_VERSION);
		return 0;
	case MODE_COMPLETION:
		completion_print(stdout);
		return 0;
	case MODE_DOCTOR:
		return doctor(spec);
	case MODE_PRINT_POLICY:
		spec_print(stdout, spec);
		return 0;
	case MODE_STATUS:
		return inspect(spec);
	case MODE_SELFTEST:
		plan_descriptors(spec);
		return selftest(plan, spec);
	case MODE_EXPLAIN:
	case MODE_DRY_RUN:
	case MODE_RUN:
		break;
	}
	return -1;
}

int main(int argc, char *argv[])
{
	static struct spec spec;
	static struct plan plan;
	struct bpf_arena arena;
	int started = -1, status;
	pid_t parent;

	if (argc < 1)
		return STATUS_FAILED;
	if (getauxval(AT_SECURE))
		fail("refusing to run set-user-ID or with file capabilities");
	if (strcmp(argv[0], ACTOR_NAME) == 0)
		return act_main(argc, argv);
	parent = getppid(); /* early: it could end */
	fill_standard_descriptors();
	if (arena_map(&arena, ARENA_SIZE))
		fail("cannot get memory");
	spec.arena = &arena;

	options_parse(argc, argv, &spec); /* or exits with what is wrong */
	if (spec.json && spec.mode != MODE_STATUS && spec.mode != MODE_DOCTOR)
		fail("--json goes with --doctor or --status");
	if (spec.tap && spec.mode != MODE_SELFTEST)
		fail("--tap goes with --selftest");
	status = tell(&spec, &plan);
	if (status >= 0)
		return printed(status);
	plan_descriptors(&spec);
	if (spec.with_parent && spec.mode == MODE_RUN)
		follow_parent(&spec, parent);
	if (spec.background && spec.mode == MODE_RUN)
		started = background_start(&spec);
	plan_make(&plan, &spec); /* or exits with what is missing */
	plan.started = started;
	if (spec.mode == MODE_DRY_RUN)
		return 0;
	if (spec.mode == MODE_EXPLAIN) {
		explain(&plan);
		return printed(0);
	}
	return supervise(&plan);
}
