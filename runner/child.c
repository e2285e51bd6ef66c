/* SPDX-License-Identifier: MIT */
/*
 * The page: in which order a process becomes a sandboxed one.
 *
 * Theory of operation
 *
 * The order is data. steps[] below is carried out row by row by steps_run(), printed by
 * --explain, and asserted by tests; a failure carries the number of its row. "init" rows run in
 * PID 1 of the new namespaces, with every capability over these and none over the
 * host; "payload" rows run in the process that will be the command, and only give things up;
 * "warden" rows run in init again, when the payload stands ready behind its filter and has not
 * executed anything: they read back what was built, give up init's own power, and open the gate.
 *
 * Nothing here allocates or prints. The payload reports into shared memory (struct gate), for
 * its own filter may forbid it to write.
 */
#include "runner/runner.h"
#include "runner/stdio.h"

#include "runner/limits.h"
#include "runner/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- init: with power in the new namespaces, nothing untrusted yet ---- */

static int arm_parent_death(struct child *child)
{
	struct pollfd lifeline = { child->plan->lifeline[0], 0, 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	/* The parent may have died before: its end of the pipe is closed then. */
	if (poll(&lifeline, 1, 0) < 0)
		return -errno;
	return lifeline.revents ? -EOWNERDEAD : 0;
}

static int await_release(struct child *child)
{
	const struct plan *plan = child->plan;
	char byte;
	int err;

	close(plan->lifeline[1]);
	close(plan->release[1]);
	close(plan->report[0]);
	if (plan->spec->info_fd > STDERR_FILENO)
		close(plan->spec->info_fd);
	cgroup_forget(plan);
	output_forget_readers(plan);
	err = arm_parent_death(child);
	if (err)
		return err;
	/* End of file: the supervisor died, or could not write the maps and said so. */
	if (read(plan->release[0], &byte, 1) != 1)
		_exit(STATUS_FAILED);
	return 0;
}

static int new_cgroup(struct child *child)
{
	return child->plan->namespaces & CLONE_NEWCGROUP ? ns_new_cgroup() : 0;
}

static int new_session(struct child *child)
{
	(void)child;
	return caps_new_session();
}

static int new_keyring(struct child *child)
{
	(void)child;
	return caps_new_keyring();
}

static int make_private(struct child *child)
{
	(void)child;
	return ns_mounts_private();
}

/* Turn what the tree says about its failure into the report's words. */
static int tree_result(struct child *child, int err)
{
	const struct ns_tree *tree = &child->tree;

	if (err && tree->error.doing) {
		child->report.op = (int)tree->error.op;
		strncpy(child->report.text, tree->error.doing, sizeof(child->report.text) - 1);
	}
	return err;
}

static int open_sources(struct child *child)
{
	return tree_result(child, ns_tree_open(&child->tree));
}

static int open_proc(struct child *child)
{
	child->proc = ns_proc_open();
	return child->proc < 0 ? child->proc : 0;
}

static int set_identity(struct child *child)
{
	const struct ns_idmap *map = &child->plan->idmap;
	int err;

	/* In a user namespace without a root to leave, capabilities stay by themselves. */
	err = child->plan->namespaces & CLONE_NEWUSER ? 0 : caps_keep_over_ids();
	if (err)
		return err;
	return caps_set_ids(map->inside_uid, map->inside_gid, child->plan->drop_groups);
}

static int set_hostname(struct child *child)
{
	if (!(child->plan->namespaces & CLONE_NEWUTS))
		return 0;
	return ns_set_hostname(child->plan->hostname);
}

static int loopback_up(struct child *child)
{
	if (!(child->plan->namespaces & CLONE_NEWNET))
		return 0;
	return ns_loopback_up();
}

static int build_root(struct child *child)
{
	return tree_result(child, ns_tree_build(&child->tree));
}

static int pivot(struct child *child)
{
	return tree_result(child, ns_tree_pivot(&child->tree));
}

static int new_time(struct child *child)
{
	return child->plan->namespaces & CLONE_NEWTIME ? ns_new_time() : 0;
}

static int start_payload(struct child *child)
{
	child->payload = fork();
	if (child->payload < 0)
		return -errno;
	if (child->payload == 0)
		payload_main(child);
	output_forget_writers(child->plan);
	return 0;
}

/* ---- payload: giving up, one thing after the other ---- */

static int reset_signals(struct child *child)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (sigaction(SIGCHLD, &action, NULL) < 0 ||
	    sigprocmask(SIG_SETMASK, &child->plan->signal_mask, NULL) < 0)
		return -errno;
	return 0;
}

static int new_group(struct child *child)
{
	(void)child;
	return setpgid(0, 0) < 0 ? -errno : 0;
}

static int enter_directory(struct child *child)
{
	const char *dir = child->plan->directory;

	if (chdir(dir) < 0) {
		int err = -errno;

		strncpy(child->report.text, dir, sizeof(child->report.text) - 1);
		return err;
	}
	return 0;
}

static int set_limits(struct child *child)
{
	const struct plan *plan = child->plan;
	int err;

	err = caps_set_rlimit(RLIMIT_NOFILE, &plan->own_nofile);
	for (unsigned int i = 0; i < plan->nlimits && !err; i++) {
		const struct process_limit *limit = &plan->limits[i];

		err = caps_set_rlimit(limit->row->resource, &limit->limit);
		if (err)
			strncpy(child->report.text, limit->row->name,
				sizeof(child->report.text) - 1);
	}
	return err;
}

static int seal_descriptors(struct child *child)
{
	const struct spec *spec = child->plan->spec;
	int err = caps_close_descriptors();

	for (unsigned int i = 0; i < spec->nkeep_fds && !err; i++) {
		if (fcntl(spec->keep_fds[i], F_SETFD, 0) < 0)
			err = -errno;
	}
	return err;
}

static int lock_securebits(struct child *child)
{
	(void)child;
	return caps_lock_securebits();
}

static int choose_securebits(struct child *child)
{
	return caps_set_securebits(child->plan->securebits);
}

static int choose_ambient(struct child *child)
{
	return caps_inherit(child->plan->spec->caps);
}

static int keep_bounding(struct child *child)
{
	return caps_drop_bounding(child->plan->spec->caps);
}

static int keep_capabilities(struct child *child)
{
	return caps_limit_inherited(child->plan->spec->caps);
}

static int drop_bounding(struct child *child)
{
	(void)child;
	return caps_drop_bounding(0);
}

/* The kernel shows a process only to one that holds all that it does. */
static int limit_capabilities(struct child *child)
{
	int err = caps_clear_ambient();

	return err ? err : caps_limit(child->plan->spec->caps);
}

static int drop_capabilities(struct child *child)
{
	(void)child;
	return caps_limit(0);
}

static int no_new_privs(struct child *child)
{
	(void)child;
	return caps_no_new_privs();
}

/* What /proc does not show of us, init gets from here. */
static int make_readable(struct child *child)
{
	int bits = caps_get_securebits();

	if (bits < 0)
		return bits;
	child->plan->gate->securebits = (unsigned int)bits;
	return caps_set_dumpable(true);
}

static int install_filter(struct child *child)
{
	const struct bpf_prog *filter = child->plan->filter;

	return bpf_install(filter->insn, filter->len);
}

static int execute(struct child *child)
{
	const struct plan *plan = child->plan;
	int err = -ENOENT;

	atomic_store(&plan->gate->armed, 1);
	while (!atomic_load(&plan->gate->go))
		; /* no system call is sure to be allowed here; init takes microseconds */
	for (char **path = plan->candidates; *path; path++) {
		execve(*path, plan->argv, plan->envp);
		if (errno != ENOENT && errno != ENOTDIR)
			err = -errno;
	}
	return err;
}

/* ---- warden: init, with the payload ready behind the gate ---- */

static int make_unreadable(struct child *child)
{
	(void)child;
	return caps_set_dumpable(false);
}

/*
 * Who watches --status-fd is told of the payload while it is sure to be there, and the terminal
 * is as it is to be; the byte that comes back says that this was done.
 */
static int announce(struct child *child)
{
	child->report.kind = REPORT_STARTED;
	return child_tell(child) < 0 ? -EIO : child_await(child);
}

static int open_gate(struct child *child)
{
	atomic_store(&child->plan->gate->go, 1);
	return 0;
}

/* clang-format off */
const struct step steps[] = {
{ ACTOR_INIT, "lifeline",     await_release,
  "first: from here on init dies with the supervisor; then it waits for its id maps" },
{ ACTOR_INIT, "cgroup",       new_cgroup,
  "when the supervisor has put init into its cgroups: they become the root that is seen" },
{ ACTOR_INIT, "session",      new_session,
  "no controlling terminal to push input into (TIOCSTI), and kill(0) stays inside" },
{ ACTOR_INIT, "keyring",      new_keyring,
  "the caller's session keys stay outside" },
{ ACTOR_INIT, "private",      make_private,
  "before any mount, or it would appear on the host" },
{ ACTOR_INIT, "sources",      open_sources,
  "while we still are the caller outside, who may open them; what changed is refused" },
{ ACTOR_INIT, "proc",         open_proc,
  "before the pivot: the kernel gives a new /proc only where a whole one is seen" },
{ ACTOR_INIT, "identity",     set_identity,
  "before the root is built: an id without a mapping cannot own files" },
{ ACTOR_INIT, "lifeline",     arm_parent_death,
  "again: changing ids cleared the parent-death signal (commit_creds())" },
{ ACTOR_INIT, "hostname",     set_hostname,
  "needs CAP_SYS_ADMIN over the UTS namespace" },
{ ACTOR_INIT, "loopback",     loopback_up,
  "needs CAP_NET_ADMIN over the network namespace" },
{ ACTOR_INIT, "rules",        landlock_prepare,
  "of Landlock, to which the root then adds what it mounts, by descriptor" },
{ ACTOR_INIT, "root",         build_root,
  "binds need the old root, so before the pivot" },
{ ACTOR_INIT, "pivot",        pivot,
  "after the last look at the host's files: now they are gone" },
{ ACTOR_INIT, "terminal",     child_terminal,
  "from the new root's /dev/pts, where it has a name; it controls init's session" },
{ ACTOR_INIT, "time",         new_time,
  "a time namespace is for children to come, so before the fork" },
{ ACTOR_INIT, "fork",         start_payload,
  "the payload is not PID 1, which no signal of its own could kill" },

{ ACTOR_PAYLOAD, "signals",      reset_signals,
  "the caller's mask, and SIGCHLD not ignored" },
{ ACTOR_PAYLOAD, "group",        new_group,
  "a Ctrl-C reaches the payload and its children, as on a terminal, and not init" },
{ ACTOR_PAYLOAD, "stdio",        child_stdio,
  "its terminal in the place of the caller's, before the rest is sealed" },
{ ACTOR_PAYLOAD, "directory",    enter_directory,
  "a path of the new root" },
{ ACTOR_PAYLOAD, "descriptors",  seal_descriptors,
  "close-on-exec from 3 up: one of the host's directories is a way out" },
{ ACTOR_PAYLOAD, "ambient",      choose_ambient,
  "before securebits, which forbid it: what \"caps\" keeps lives through exec; else empty" },
{ ACTOR_PAYLOAD, "securebits",   choose_securebits,
  "needs CAP_SETPCAP: uid 0 inside gains nothing by exec" },
{ ACTOR_PAYLOAD, "bounding",     keep_bounding,
  "needs CAP_SETPCAP: no exec can bring one back" },
{ ACTOR_PAYLOAD, "capabilities", keep_capabilities,
  "the last use of any but those that \"caps\" keeps: inheritable, permitted, effective" },
{ ACTOR_PAYLOAD, "no_new_privs", no_new_privs,
  "seccomp demands it of a process without CAP_SYS_ADMIN" },
{ ACTOR_PAYLOAD, "label",        label_step,
  "before Landlock, which has no rule for /proc's file; in force from the exec on" },
{ ACTOR_PAYLOAD, "landlock",     landlock_enforce,
  "needs no_new_privs and no capability; a file that must be denied is tried" },
{ ACTOR_PAYLOAD, "limits",       set_limits,
  "when no descriptor is needed any more; core 1, for 0 does not stop a core_pattern pipe" },
{ ACTOR_PAYLOAD, "readable",     make_readable,
  "so that init can look at this process; exec would make it so anyway" },
{ ACTOR_PAYLOAD, "seccomp",      install_filter,
  "last: it may forbid all of the calls above" },
{ ACTOR_PAYLOAD, "exec",         execute,
  "when init has read every wall back" },

{ ACTOR_WARDEN, "unreadable",   make_unreadable,
  "nobody inside may read or trace init: it holds a copy of the caller's memory" },
{ ACTOR_WARDEN, "securebits",   lock_securebits,
  "needs CAP_SETPCAP" },
{ ACTOR_WARDEN, "bounding",     drop_bounding,
  "needs CAP_SETPCAP" },
{ ACTOR_WARDEN, "capabilities", limit_capabilities,
  "init needs none to look at the payload, but those that the payload keeps" },
{ ACTOR_WARDEN, "no_new_privs", no_new_privs,
  "and never will gain one" },
{ ACTOR_WARDEN, "audit",        audit_payload,
  "namespaces, maps, mounts, sets, filter and descriptors, as they are now" },
{ ACTOR_WARDEN, "disarm",       drop_capabilities,
  "none is left: init reaps and forwards signals" },
{ ACTOR_WARDEN, "audit init",   audit_init,
  "its own sets, read back" },
{ ACTOR_WARDEN, "foreground",   child_foreground,
  "the terminal's signals are for the payload, whose group is there by now" },
{ ACTOR_WARDEN, "announce",     announce,
  "the supervisor can still look at the payload, which waits" },
{ ACTOR_WARDEN, "gate",         open_gate,
  "the payload executes the command" },
{ ACTOR_INIT, NULL, NULL, NULL }
};
/* clang-format on */

bool child_waits(const struct plan *plan)
{
	const struct spec *spec = plan->spec;

	return spec->status_fd >= 0 || spec->info_fd >= 0 || spec->block_fd >= 0 || plan->terminal;
}

int child_await(const struct child *child)
{
	const struct plan *plan = child->plan;
	char byte;

	if (!child_waits(plan))
		return 0;
	return read(plan->release[0], &byte, 1) == 1 ? 0 : -EIO;
}

int child_tell(const struct child *child)
{
	const struct report report = child->report;
	ssize_t n = write(child->plan->report[1], &report, sizeof(report));

	if (n < 0)
		return -errno;
	return n == sizeof(report) ? 0 : -EIO;
}

void steps_run(struct child *child, enum actor actor)
{
	for (const struct step *step = steps; step->name; step++) {
		int err;

		if (step->actor != actor)
			continue;
		memset(&child->report, 0, sizeof(child->report));
		child->report.op = -1;
		err = step->run(child);
		if (!err)
			continue;
		child->report.kind = REPORT_FAILED;
		child->report.step = (int)(step - steps);
		child->report.error = -err;
		if (actor == ACTOR_PAYLOAD)
			child->plan->gate->failure = child->report; /* init finds it there */
		else
			child_tell(child);
		_exit(STATUS_FAILED);
	}
}

void payload_main(struct child *child)
{
	steps_run(child, ACTOR_PAYLOAD);
	_exit(STATUS_FAILED); /* not reached: the last step executes the command */
}

void child_main(const struct plan *plan)
{
	struct child child = {
		.plan = plan, .tree = plan->tree, .proc = -1, .ruleset = -1, .terminal = -1
	};

	steps_run(&child, ACTOR_INIT);
	steps_run(&child, ACTOR_WARDEN);
	init_loop(&child);
}
