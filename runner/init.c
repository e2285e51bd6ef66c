/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of the sandbox, once it is set up: forwards the supervisor's signals to the payload,
 * reaps whatever dies, reports how the payload ended, and leaves. The kernel then kills
 * all that is left in the PID namespace. It holds no capability, and its memory
 * cannot be read from inside.
 *
 * The signals were blocked by the supervisor before the clone and stay so: a signal that is
 * blocked waits even for PID 1, which ignores those that it has no handler for.
 */
#include "runner/limits.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static long microseconds(const struct timeval *time)
{
	return time->tv_sec * 1000000L + time->tv_usec;
}

/* The payload ended: say how, or hand on what it left in the gate. Not to return. */
static void finish(struct child *child, int status)
{
	struct report *report = &child->report;
	struct rusage usage = { 0 };

	if (child->plan->gate->failure.kind) {
		*report = child->plan->gate->failure;
	} else {
		getrusage(RUSAGE_CHILDREN, &usage);
		*report = (struct report){
			.kind = REPORT_EXITED,
			.op = -1,
			.status = status,
			.user_us = microseconds(&usage.ru_utime),
			.system_us = microseconds(&usage.ru_stime),
			.maxrss_kb = usage.ru_maxrss,
		};
	}
	if (child->terminal < 0) {
		child_tell(child);
		_exit(0);
	}
	/*
	 * When the leader of the session exits, what was written to its terminal and is not yet
	 * read is lost (tty_vhangup_session()). So nobody must write any more, and the
	 * supervisor read all of it, before we do.
	 */
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	child_tell(child);
	child_await(child);
	_exit(0);
}

static void reap(struct child *child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != child->payload)
			continue;
		if (!WIFSTOPPED(status))
			finish(child, status);
		child->report = (struct report){ .kind = REPORT_STOPPED, .status = status };
		child_tell(child);
	}
}

static void take_signal(struct child *child, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		break;
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGCONT:
	case SIGWINCH:
		kill(-child->payload, (int)info.ssi_signo); /* as the terminal does it */
		break;
	default:
		kill(child->payload, (int)info.ssi_signo);
	}
}

void init_loop(struct child *child)
{
	const struct plan *plan = child->plan;
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = plan->lifeline[0] } };
	sigset_t all;

	sigfillset(&all);
	fds[0].fd = signalfd(-1, &all, SFD_CLOEXEC);
	if (fds[0].fd < 0 || sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		_exit(STATUS_FAILED);
	for (;;) {
		int wait;

		reap(child);
		wait = account_wait(child);
		if (wait == 0) {
			child->report = (struct report){ .kind = REPORT_CPU_LIMIT, .op = -1 };
			child_tell(child);
			_exit(0);
		}
		if (poll(fds, 2, wait) < 0 && errno != EINTR)
			_exit(STATUS_FAILED);
		if (fds[0].revents)
			take_signal(child, fds[0].fd);
		if (fds[1].revents) /* the supervisor is dead */
			_exit(STATUS_FAILED);
	}
}
