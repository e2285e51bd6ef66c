/* SPDX-License-Identifier: MIT */
/*
 * --selftest: does the policy keep, on this host, what it promises?
 *
 * Each act gets a sandbox of its own, made as for any command, and a process outside as a control.
 * The command is our own executable, from a memory file, so that the file tree of the policy need
 * not be changed. One sandbox more is looked at from outside while it runs, as --status does it.
 *
 * A sandbox is made in a child of ours, which is its supervisor. The child leads a session with
 * the terminal that was laid out; the terminal of the caller is no part of this.
 */
#include "runner/selftest.h"

#include "runner/files.h"
#include "runner/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS	 60. /* no act takes longer, or something hangs */
#define COLUMNS	 80
#define OLD_EXEC 0u /* before Linux 6.3 a memory file can be executed, and the flag is unknown */
#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

struct selftest {
	struct trial trial;
	struct scene scene;
	struct bait bait;
	struct plan *made;
	struct bpf_arena *arena;
	bool tap;
	unsigned int count[3]; /* of each verdict */
};

/* ---- telling ---- */

static void tell_tap(const struct selftest *test, const char *name, enum verdict verdict,
		     const char *why)
{
	const unsigned int number = test->count[0] + test->count[1] + test->count[2];

	printf("%s %u - %s", verdict == VERDICT_FAIL ? "not ok" : "ok", number, name);
	if (verdict == VERDICT_SKIP)
		printf(" # SKIP %s\n", why);
	else
		printf("\n# %s\n", why);
}

static void tell_row(const char *name, enum verdict verdict, const char *why)
{
	static const char *const words[] = { "pass", "FAIL", "n/a" };
	const int room = COLUMNS - printf("  %-5s%-33s ", words[verdict], name);
	const bool fits = (int)strlen(why) <= room;

	printf("%.*s%s\n", fits ? room : room - 3, why, fits ? "" : "...");
}

static void tell(struct selftest *test, const char *name, enum verdict verdict, const char *why)
{
	test->count[verdict]++;
	if (test->tap)
		tell_tap(test, name, verdict, why);
	else
		tell_row(name, verdict, why);
}

static void tell_beginning(const struct selftest *test)
{
	unsigned int all = 0;

	for (unsigned int i = 0; acts[i].name; i++)
		all++;
	for (unsigned int i = 0; inspect_walls[i].name; i++)
		all++;
	if (test->tap)
		printf("TAP version 13\n1..%u\n", all);
	else
		printf("What a sandbox of this policy lets nobody do, on this host, %s\n",
		       geteuid() == 0 ? "as root" : "as an ordinary user");
}

static int tell_end(const struct selftest *test)
{
	printf("%s%u passed, %u failed, %u not applicable\n", test->tap ? "# " : "\n",
	       test->count[VERDICT_PASS], test->count[VERDICT_FAIL], test->count[VERDICT_SKIP]);
	if (fflush(stdout))
		fail("selftest: standard output: %s", strerror(errno));
	return test->count[VERDICT_FAIL] ? 1 : 0;
}

/* ---- running ---- */

/* Our own executable, whole and not to be changed. */
static int open_program(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = memfd_create("selftest", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	struct stat st;
	off_t at = 0;

	if (to < 0 && errno == EINVAL)
		to = memfd_create("selftest", MFD_CLOEXEC | MFD_ALLOW_SEALING | OLD_EXEC);
	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		fail("selftest: copy /proc/self/exe: %s", strerror(errno));
	while (at < st.st_size) {
		if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0)
			fail("selftest: copy /proc/self/exe: %s", strerror(errno));
	}
	close(from);
	if (fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		fail("selftest: seal /proc/self/exe: %s", strerror(errno));
	return to;
}

static bool has_proc(const struct spec *spec)
{
	for (unsigned int i = 0; i < spec->nops; i++) {
		const struct ns_op *op = &spec->ops[i];

		if (strcmp(op->dest, "/proc") == 0 ||
		    (op->kind == NS_OP_BIND && strcmp(op->dest, "/") == 0))
			return true;
	}
	return false;
}

/* Where there is no /proc, through which a memory file has a name, the tree gets our file. */
static char *bind_program(struct spec *spec)
{
	char *words[] = { xprintf(spec->arena, "/proc/self/exe"),
			  xprintf(spec->arena, "/sbrun-selftest"), NULL };
	struct setting set = { .words = words, .nwords = 2, .place = { "selftest", 0, 0 } };
	struct bpf_error err = { 0 };
	char path[PATH_MAX];
	ssize_t len = readlink(words[0], path, sizeof(path));

	if (len < 0 || len == sizeof(path))
		fail("selftest: /proc/self/exe: %s", strerror(errno));
	words[0] = xprintf(spec->arena, "%.*s", (int)len, path);
	set.row = directive_find("ro-bind", &set.try_form);
	if (apply_bind(spec, &set, &err))
		fail_at(&err);
	return words[1];
}

void selftest_prepare(struct spec *spec)
{
	spec->argv = xalloc(spec->arena, 5 * sizeof(char *));
	for (int i = 1; i <= 3; i++)
		spec->argv[i] = xprintf(spec->arena, "0");
	spec->argv[0] = has_proc(spec) ? xprintf(spec->arena, "/proc/self/fd/%d", open_program()) :
					 bind_program(spec);
	spec->argv0 = ACTOR_NAME;
	spec->quiet = true;
	spec->status_fd = spec->info_fd = spec->block_fd = spec->sync_fd = -1;
	if (spec->tty == TTY_AUTO)
		spec->tty = TTY_NONE; /* what the caller has is then in reach */
	if (!(spec->time_limit > 0))
		spec->time_limit = SECONDS;
}

/*
 * The command is to be act NUMBER. It tells on its standard output, for a policy may let it write
 * there only; unless that is its own terminal.
 */
static void choose_act(struct selftest *test, unsigned int number)
{
	char **argv = test->made->argv;

	argv[1] = xprintf(test->arena, "%u", number);
	argv[2] = xprintf(test->arena, "%d", test->bait.in[0]);
	argv[3] = xprintf(test->arena, "%d",
			  test->made->terminal ? test->bait.out[1] : STDOUT_FILENO);
}

__attribute__((noreturn)) static void run_inside(const struct selftest *test)
{
	scene_enter(&test->bait);
	dup2(test->bait.out[1], STDOUT_FILENO);
	plan_again(test->made);
	_exit(supervise(test->made));
}

__attribute__((noreturn)) static void run_outside(const struct selftest *test,
						  const struct act *act)
{
	struct outcome outcome = { 0 };

	scene_enter(&test->bait);
	outcome.error = act->attempt(act, &test->scene, &outcome);
	_exit(write(test->bait.out[1], &outcome, sizeof(outcome)) != sizeof(outcome));
}

/* A child that does not outlive us. */
static pid_t start(void)
{
	const pid_t self = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail("selftest: fork: %s", strerror(errno));
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != self))
		_exit(STATUS_FAILED);
	return pid;
}

/* How it ended, and what it had to say before. */
static struct outcome finish(const struct selftest *test, pid_t pid)
{
	struct outcome outcome = { .silent = true };
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (read(test->bait.out[0], &outcome, sizeof(outcome)) == sizeof(outcome))
		return outcome;
	outcome = (struct outcome){ .silent = true, .status = WEXITSTATUS(status) };
	if (WIFSIGNALED(status))
		outcome.signal = WTERMSIG(status);
	else if (outcome.status > 128)
		outcome.signal = outcome.status - 128;
	outcome.silent = !outcome.signal;
	return outcome;
}

static struct outcome try_inside(struct selftest *test, unsigned int number)
{
	struct scene scene = test->scene;
	struct outcome outcome;
	pid_t pid;

	scene.outside = false;
	scene.init = 1;
	choose_act(test, number);
	if (write(test->bait.in[1], &scene, sizeof(scene)) != sizeof(scene))
		fail("selftest: write to a pipe: %s", strerror(errno));
	pid = start();
	if (pid == 0)
		run_inside(test);
	outcome = finish(test, pid);
	if (outcome.silent && outcome.status >= STATUS_FAILED)
		fail("selftest: there is no sandbox to try in");
	return outcome;
}

static struct outcome try_outside(const struct selftest *test, const struct act *act)
{
	pid_t pid = start();

	if (pid == 0)
		run_outside(test, act);
	return finish(test, pid);
}

static void try_acts(struct selftest *test)
{
	for (unsigned int i = 0; acts[i].name; i++) {
		const size_t used = test->arena->used;
		struct outcome inside = try_inside(test, i);
		struct outcome outside = try_outside(test, &acts[i]);
		const char *why;
		enum verdict verdict = verdict_on(&test->trial, &acts[i], &inside, &outside, &why);

		tell(test, acts[i].name, verdict, why);
		test->arena->used = used;
	}
}

/* ---- looking from outside ---- */

/* A namespace is the host's only if the policy says so; for the rest, "no" can be asked for. */
static enum verdict verdict_on_wall(const struct selftest *test, const struct wall *wall,
				    enum wall_state state, const char **why)
{
	const char *asked = wall->arg ? verdict_shared(&test->trial, wall->arg) : NULL;

	if (state == WALL_NO && asked)
		*why = xprintf(test->arena, "the policy: %s", asked);
	if (state == WALL_YES)
		return VERDICT_PASS;
	if (state == WALL_MISSING || (state == WALL_NO && wall->arg && !asked))
		return VERDICT_FAIL;
	return VERDICT_SKIP;
}

static void look(struct selftest *test, pid_t supervisor)
{
	struct target target = { .arena = test->arena };

	inspect_target(&target, supervisor);
	for (unsigned int i = 0; inspect_walls[i].name; i++) {
		const struct wall *wall = &inspect_walls[i];
		const char *why;
		enum wall_state state = wall->look(&target, wall->arg, &why);
		enum verdict verdict = verdict_on_wall(test, wall, state, &why);

		tell(test, wall->name, verdict, why);
	}
	close(target.proc);
}

/* Wait for its word that it runs; or the end of it all, which closes the pipe ALIVE. */
static bool await_word(const struct selftest *test, int alive)
{
	struct pollfd fds[] = { { .fd = test->bait.out[0], .events = POLLIN }, { .fd = alive } };
	struct outcome outcome;

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return read(test->bait.out[0], &outcome, sizeof(outcome)) == sizeof(outcome);
}

/* The first sandbox also shows whether one can be made, and anything be executed in it. */
static void try_looking(struct selftest *test, unsigned int number)
{
	int alive[2];
	struct outcome outcome;
	bool runs;
	pid_t pid;

	choose_act(test, number);
	if (pipe2(alive, O_CLOEXEC) < 0)
		fail("selftest: make a pipe: %s", strerror(errno));
	pid = start();
	if (pid == 0)
		run_inside(test);
	close(alive[1]);
	runs = await_word(test, alive[0]);
	if (runs) {
		tell_beginning(test);
		look(test, pid);
	}
	if (write(test->bait.in[1], "", 1) != 1)
		fail("selftest: write to a pipe: %s", strerror(errno));
	outcome = finish(test, pid);
	close(alive[0]);
	if (runs)
		return;
	scene_end(&test->scene);
	fail("selftest: nothing can be tried in a sandbox of this policy: %s",
	     outcome.signal ? xprintf(test->arena, "signal %d", outcome.signal) :
			      "it cannot be made");
}

/* ---- all of it ---- */

int selftest_run(struct plan *made, struct spec *spec, const struct plan *asked)
{
	struct selftest test = { .made = made, .arena = spec->arena, .tap = asked->spec->tap };
	unsigned int number = 0;

	scene_make(&test.scene, &test.bait, spec, asked);
	test.trial = (struct trial){ &test.scene, asked->spec, asked };
	while (acts[number].name)
		number++;
	try_looking(&test, number);
	try_acts(&test);
	scene_end(&test.scene);
	return tell_end(&test);
}

int selftest(struct plan *plan, struct spec *spec)
{
	selftest_prepare(spec);
	plan_make(plan, spec);
	return selftest_run(plan, spec, plan);
}
