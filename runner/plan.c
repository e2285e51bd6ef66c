/* SPDX-License-Identifier: MIT */
/*
 * The plan: everything looked up, opened, probed, compiled and proved, as the caller and
 * before any clone. What can fail for the user's reasons fails here, where there is somebody to
 * talk to; afterwards the plan is constant and nothing allocates.
 */
#include "runner/runner.h"
#include "runner/terminal.h"

#include "runner/files.h"
#include "runner/output.h"
#include "runner/power.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

/* MODE is how FD must have been opened; -1: in any way. */
static void check_descriptor(const char *name, int fd, int mode)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		fail("%s: descriptor %d is not open", name, fd);
	if (mode >= 0 &&
	    ((flags & O_PATH) || ((flags & O_ACCMODE) != mode && (flags & O_ACCMODE) != O_RDWR)))
		fail("%s: descriptor %d is not open for %s", name, fd,
		     mode == O_WRONLY ? "writing" : "reading");
}

/* FD is for us, and not for the payload, unless it is one of those that it has anyway. */
static void check_own(const char *name, int fd, int mode)
{
	if (fd < 0)
		return;
	check_descriptor(name, fd, mode);
	if (fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		fail("%s: %s", name, strerror(errno));
}

void plan_descriptors(const struct spec *spec)
{
	for (unsigned int i = 0; i < spec->nkeep_fds; i++)
		check_descriptor("keep-fd", spec->keep_fds[i], -1);
	for (unsigned int i = 0; i < spec->nops; i++) {
		const struct ns_op *op = &spec->ops[i];

		if (op->source_fd >= 0)
			check_descriptor(xprintf(spec->arena, "%s %s",
						 op->kind == NS_OP_BIND ? "bind-fd" : "file",
						 escaped(spec->arena, op->dest)),
					 op->source_fd, -1);
	}
	check_own("status-fd", spec->status_fd, O_WRONLY);
	check_own("info-fd", spec->info_fd, O_WRONLY);
	check_own("block-fd", spec->block_fd, O_RDONLY);
	check_own("sync-fd", spec->sync_fd, -1);
}

static void open_proc(struct plan *plan)
{
	struct statfs fs;

	plan->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (plan->proc < 0 || fstatfs(plan->proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		fail("there is no /proc here, through which id maps are written");
}

static void choose_namespaces(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	const struct ns_kind *kind;

	if (ns_inodes(plan->proc, 0, plan->host_inodes))
		fail("read /proc/self/ns: it does not tell of namespaces");
	for (unsigned int i = 0; (kind = &ns_kinds[i])->name; i++) {
		if (spec->share & kind->flag & ~(unsigned long)CLONE_NEWNET)
			continue;
		if (plan->host_inodes[i])
			plan->namespaces |= kind->flag;
		else if (spec->degraded & kind->flag)
			plan->missing |= kind->flag;
		else
			fail("this kernel has no %s namespaces (since Linux %s)\n"
			     "fix: if the sandbox will do without: --allow-degraded %s",
			     kind->name, kind->since, kind->name);
	}
}

/*
 * Limits say "no more than". Where the caller may have less, that is the limit: the wall is
 * where it was asked for, or nearer.
 */
static struct rlimit *add_limit(struct plan *plan, const struct process_limit *wanted)
{
	struct process_limit *new = &plan->limits[plan->nlimits++];
	struct rlimit own;

	*new = *wanted;
	if (getrlimit(new->row->resource, &own) < 0)
		fail("rlimit %s: %s", new->row->name, strerror(errno));
	if (new->limit.rlim_max > own.rlim_max)
		new->limit.rlim_max = own.rlim_max;
	if (new->limit.rlim_cur > new->limit.rlim_max)
		new->limit.rlim_cur = new->limit.rlim_max;
	return &new->limit;
}

/*
 * Core dumps are off by a limit of 1 byte, for a handler behind a pipe in core_pattern runs (as
 * root, outside) at a limit of 0; so who asks for 0 gets 1. Where the caller's hard limit is 0,
 * that must do, and where dumps are wanted, they are files: neither may have a handler.
 */
static void add_core_limit(struct plan *plan, const struct process_limit *wanted)
{
	struct process_limit core = { caps_rlimit_find("core"), { 1, 1 } };
	const struct rlimit *limit;

	if (wanted && wanted->limit.rlim_max > 1)
		core.limit = wanted->limit;
	limit = add_limit(plan, &core);
	if (limit->rlim_max == 1)
		plan->limits[plan->nlimits - 1].limit.rlim_cur = 1;
	else if (caps_core_has_handler(plan->proc) != 0)
		fail(limit->rlim_max ?
			     "limits: core: the handler in /proc/sys/kernel/core_pattern, which runs\n"
			     "outside and as root, would be given what the sandbox dumps\n"
			     "fix: without --rlimit core nothing is dumped" :
			     "limits: core: the hard limit is 0, which does not stop the handler in\n"
			     "/proc/sys/kernel/core_pattern; 1 would\n"
			     "fix: ulimit -Hc unlimited where it was set to 0");
}

static void fit_limits(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	const struct process_limit *core = NULL;

	for (unsigned int i = 0; i < spec->nlimits; i++) {
		if (spec->limits[i].row->resource == RLIMIT_CORE)
			core = &spec->limits[i];
		else
			add_limit(plan, &spec->limits[i]);
	}
	add_core_limit(plan, core);
}

void plan_rlimit(struct plan *plan, int resource, rlim_t value)
{
	struct process_limit new = { .limit = { value, value } };

	for (unsigned int i = 0; i < plan->nlimits; i++) {
		struct rlimit *limit = &plan->limits[i].limit;

		if (plan->limits[i].row->resource != resource)
			continue;
		limit->rlim_cur = limit->rlim_cur < value ? limit->rlim_cur : value;
		limit->rlim_max = limit->rlim_max < value ? limit->rlim_max : value;
		return;
	}
	for (new.row = caps_rlimits; new.row->resource != resource; new.row++)
		;
	add_limit(plan, &new);
}

/* What to try for the command: itself if it has a slash, else in each directory of PATH. */
static void find_command(struct plan *plan)
{
	struct bpf_arena *arena = plan->spec->arena;
	const char *name = plan->spec->argv ? plan->spec->argv[0] : "", *path = "/usr/bin:/bin";
	size_t n = 0, dirs = 2;

	for (char **e = plan->envp; *e; e++) {
		if (strncmp(*e, "PATH=", 5) == 0)
			path = *e + 5;
	}
	for (const char *p = path; *p; p++)
		dirs += *p == ':';
	plan->candidates = xalloc(arena, (dirs + 1) * sizeof(char *));
	if (strchr(name, '/') || !*name) {
		plan->candidates[0] = xprintf(arena, "%s", name);
		return;
	}
	while (*path) {
		size_t len = strcspn(path, ":");

		if (path[0] == '/')
			plan->candidates[n++] = xprintf(arena, "%.*s/%s", (int)len, path, name);
		path += len + (path[len] == ':');
	}
}

/* As a shell does it for "<" and ">": with the caller's rights, and at once. */
static void open_standard(struct plan *plan)
{
	static const char *const names[] = { "stdin", "stdout", "stderr" };
	const struct spec *spec = plan->spec;

	for (int i = 0; i < 3; i++) {
		const int flags = i == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
		const char *path = spec->standard[i];

		plan->standard[i] = -1;
		if (!path || spec->mode != MODE_RUN ||
		    (i == 2 && strcmp(path, "stdout") == 0)) /* see child_stdio() */
			continue;
		plan->standard[i] = open(path, flags | O_NOCTTY | O_CLOEXEC, 0666);
		if (plan->standard[i] < 0)
			fail("%s %s: %s", names[i], escaped(spec->arena, path), strerror(errno));
	}
}

/* A terminal needs a name, so there must be a /dev of the sandbox's own. */
static bool has_own_dev(const struct plan *plan)
{
	for (size_t i = 0; i < plan->tree.nops; i++) {
		if (plan->tree.ops[i].kind == NS_OP_DEV &&
		    strcmp(plan->tree.ops[i].dest, "/dev") == 0)
			return true;
	}
	return false;
}

/*
 * A terminal of the sandbox's own is what a caller on a terminal expects: job control works,
 * and his is as it was afterwards. Of 0, 1 and 2, those that are his terminal become that one.
 */
static void choose_terminal(struct plan *plan)
{
	enum tty_mode mode = plan->spec->tty;

	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (plan->spec->standard[fd])
			continue;
		if (mode == TTY_OWN || terminal_is_same(STDIN_FILENO, fd))
			plan->terminal_fds |= 1u << fd;
	}
	plan->terminal = mode == TTY_OWN || (mode == TTY_AUTO && (plan->terminal_fds & 3) == 3 &&
					     has_own_dev(plan) && !plan->spec->background);
}

static char **make_argv(const struct spec *spec)
{
	size_t n = 0;
	char **argv;

	if (!spec->argv || !spec->argv0)
		return spec->argv;
	while (spec->argv[n])
		n++;
	argv = xalloc(spec->arena, (n + 1) * sizeof(char *));
	memcpy(argv, spec->argv, n * sizeof(char *));
	argv[0] = xprintf(spec->arena, "%s", spec->argv0);
	return argv;
}

static void open_channels(struct plan *plan)
{
	if (pipe2(plan->lifeline, O_CLOEXEC) < 0 || pipe2(plan->release, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, plan->report) < 0)
		fail("make a pipe: %s", strerror(errno));
	plan->gate = mmap(NULL, sizeof(*plan->gate), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (plan->gate == MAP_FAILED)
		fail("get shared memory: %s", strerror(errno));
}

void plan_again(struct plan *plan)
{
	const int fds[] = { plan->lifeline[0], plan->lifeline[1], plan->release[0],
			    plan->release[1],  plan->report[0],	  plan->report[1] };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		close(fds[i]);
	munmap(plan->gate, sizeof(*plan->gate));
	open_channels(plan);
	plan_tree_again(plan);
}

void plan_make(struct plan *plan, const struct spec *spec)
{
	memset(plan, 0, sizeof(*plan));
	plan->spec = spec;
	open_proc(plan);
	choose_namespaces(plan);
	network_plan(plan);
	identity_plan(plan);
	plan_tree(plan);
	plan_landlock(plan);
	plan_filter(plan);
	plan_label(plan);
	plan->securebits = power_securebits(spec);
	plan->hostname = spec->hostname ? spec->hostname : "sandbox";
	plan->directory = spec->directory ? spec->directory : "/";
	plan->argv = make_argv(spec);
	plan->started = -1;
	plan->envp = environment_make(spec, environ);
	fit_limits(plan);
	plan->processors = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	find_command(plan);
	open_standard(plan);
	choose_terminal(plan);
	output_plan(plan);
	open_channels(plan);
}
