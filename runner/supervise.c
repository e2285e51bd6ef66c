/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: clones init into the new namespaces, writes its id maps from outside, releases
 * it, and from then on touches nothing of the sandbox but a pipe and a pidfd. It forwards the
 * signals that mean the payload, minds the time limit, and makes an exit status of what
 * happened. If it dies, however it dies, the kernel kills init, and with it all inside.
 */
#include "runner/runner.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Signals that somebody sends to sbrun and means for the payload. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

struct supervision {
	const struct plan *plan;
	pid_t init, pasta;
	int pidfd, signals;
	double deadline; /* CLOCK_MONOTONIC seconds; INFINITY */
	bool timed_out;
	struct report last;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int signal_init(const struct supervision *s, int signo)
{
	return (int)syscall(SYS_pidfd_send_signal, s->pidfd, signo, NULL, 0);
}

/*
 * A caller that ignores SIGCHLD would have our children reaped behind our back. Signals are
 * blocked before the clone, so that none is lost and init inherits them blocked.
 */
static void prepare_signals(struct plan *plan, struct supervision *s)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGPIPE); /* a reader of ours who went away must not end the payload */
	if (s->signals < 0 || sigaction(SIGCHLD, &action, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &set, &plan->signal_mask) < 0)
		fail("prepare signals: %s", strerror(errno));
}

static const char *clone_hint(int error)
{
	switch (error) {
	case EPERM:
		return "\ncause: user namespaces are forbidden here: in a chroot, by a seccomp\n"
		       "filter, or by a setting\n"
		       "fix: look at /proc/sys/kernel/unprivileged_userns_clone and\n"
		       "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
	case ENOSPC:
	case EUSERS:
		return "\ncause: a limit on the number of namespaces, or on their depth\n"
		       "fix: look at /proc/sys/user/max_user_namespaces and its neighbours";
	case EACCES:
		return "\ncause: AppArmor forbids user namespaces to this program";
	case ENOSYS:
		return "\ncause: a seccomp filter around us, or a kernel without namespaces";
	default:
		return "";
	}
}

/* If init is gone, the report pipe will say so. */
static void release_init(const struct supervision *s)
{
	if (write(s->plan->release[1], "", 1) < 0 && errno != EPIPE)
		fail("release init: %s", strerror(errno));
}

/* The child runs init and does not come back. */
static void start_init(struct supervision *s)
{
	const struct plan *plan = s->plan;

	network_join(plan);
	fflush(NULL);
	s->init = ns_clone(plan->namespaces & ~(unsigned long)CLONE_NEWTIME, &s->pidfd);
	if (s->init == 0)
		child_main(plan);
	if (s->init < 0)
		fail("clone: new namespaces: %s%s", strerror(-s->init), clone_hint(-s->init));
	close(plan->lifeline[0]);
	close(plan->release[0]);
	close(plan->report[1]);
	munmap(plan->gate, sizeof(*plan->gate));

	identity_write(plan, s->init);
	s->pasta = network_start(plan, s->init);
	release_init(s);
}

static void forward_signal(const struct supervision *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) == sizeof(info))
		signal_init(s, (int)info.ssi_signo);
}

/* The payload's pid as the host sees it: init's only child by then. 0: not shown. */
static pid_t payload_pid(const struct supervision *s)
{
	char path[64], text[32] = "";
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)s->init, (int)s->init);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file) || sscanf(text, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

/* Take one report; false at the end of the pipe, which is init's end. */
static bool take_report(struct supervision *s)
{
	struct report report;
	ssize_t n = read(s->plan->report[0], &report, sizeof(report));

	if (n < 0 && errno == EINTR)
		return true;
	if (n != sizeof(report))
		return false;
	if (report.kind != REPORT_STARTED) {
		s->last = report;
	} else if (s->plan->spec->status_fd >= 0) {
		status_started(s->plan, s->init, payload_pid(s));
		release_init(s);
	}
	return true;
}

static int poll_timeout(const struct supervision *s)
{
	double left = s->deadline - now();

	if (s->timed_out || isinf(s->deadline))
		return -1;
	return left <= 0 ? 0 : left > 1e6 ? 1000000000 : (int)ceil(left * 1e3);
}

static void watch(struct supervision *s)
{
	struct pollfd fds[2] = {
		{ .fd = s->plan->report[0], .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
	};
	bool open = true;

	while (open) {
		if (poll(fds, 2, poll_timeout(s)) < 0 && errno != EINTR)
			fail("poll: %s", strerror(errno));
		if (fds[1].revents)
			forward_signal(s);
		if (fds[0].revents)
			open = take_report(s);
		if (!s->timed_out && now() >= s->deadline) {
			s->timed_out = true;
			signal_init(s, SIGKILL);
		}
	}
}

/* Init is gone, and the kernel has killed all of its namespace by the time it is reaped. */
static void reap_init(const struct supervision *s)
{
	while (waitpid(s->init, NULL, 0) < 0 && errno == EINTR)
		;
}

static int outcome(const struct supervision *s)
{
	const struct report *last = &s->last;
	int status;

	if (last->kind == REPORT_FAILED) {
		status = report_failure(s->plan, last);
		status_ended(s->plan, "failed", status, last);
		return status;
	}
	if (last->kind == REPORT_EXITED && WIFEXITED(last->status)) {
		status = WEXITSTATUS(last->status);
		status_ended(s->plan, "exited", status, last);
		return status;
	}
	if (last->kind == REPORT_EXITED) {
		status = 128 + WTERMSIG(last->status);
		if (WTERMSIG(last->status) == SIGSYS)
			fprintf(stderr,
				"sbrun: %s: killed by the policy: a system call that it "
				"does not allow (SIGSYS)\n",
				escaped(s->plan->spec->arena, s->plan->argv[0]));
		status_ended(s->plan, "signaled", status, last);
		return status;
	}
	if (s->timed_out) {
		fprintf(stderr, "sbrun: time limit: ended after %g s\n", s->plan->spec->time_limit);
		status_ended(s->plan, "time-limit", STATUS_TIME_LIMIT, last);
		return STATUS_TIME_LIMIT;
	}
	fprintf(stderr, "sbrun: init: killed from outside\n");
	status_ended(s->plan, "failed", STATUS_FAILED, last);
	return STATUS_FAILED;
}

int supervise(struct plan *plan)
{
	struct supervision s = { .plan = plan, .deadline = INFINITY };

	prepare_signals(plan, &s);
	if (plan->spec->time_limit > 0)
		s.deadline = now() + plan->spec->time_limit;
	start_init(&s);
	watch(&s);
	reap_init(&s);
	network_stop(s.pasta);
	return outcome(&s);
}
