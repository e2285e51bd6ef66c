/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: clones init into the new namespaces, writes its id maps from outside, releases
 * it, and from then on touches nothing of the sandbox but a socket, a pidfd and the master of
 * its terminal. It forwards the signals that mean the payload, stops when the payload is stopped
 * from its terminal, and minds the limits of time. If it dies, however it dies, the kernel kills
 * init, and with it all inside.
 */
#include "runner/limits.h"
#include "runner/output.h"
#include "runner/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * What somebody sends to sbrun he means for the payload; but these are about sbrun: its
 * children, its use of the terminal, its own faults, its limits.
 */
static const int own_signals[] = { SIGCHLD, SIGPIPE, SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS, SIGFPE,
				   SIGILL,  SIGTRAP, SIGABRT, SIGSYS,  SIGXCPU, SIGXFSZ };

#define TELL_STATUS 0x1u
#define TELL_INFO   0x2u

struct supervision {
	const struct plan *plan;
	pid_t init, pasta;
	int pidfd, signals;
	double start, deadline, cpu_check; /* CLOCK_MONOTONIC seconds; INFINITY: none */
	bool stop_asked;		   /* by a SIGTSTP, which was forwarded */
	unsigned int untold;		   /* TELL_*: who has not heard of the start */
	bool blocked;			   /* it is ready, and waits for --block-fd */
	bool let_go;			   /* it has our word that it may run */
	bool overfull;			   /* more was written than may be */
	bool draining; /* the payload ended, and init waits until its output is copied */
	struct terminal terminal;
	struct output output;
	struct ending end;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Init is our child, and not reaped before the end of all: its pid is nobody else's. */
static int signal_init(const struct supervision *s, int signo)
{
	int ret = (int)syscall(SYS_pidfd_send_signal, s->pidfd, signo, NULL, 0);

	return ret < 0 && (errno == ENOSYS || errno == EPERM) ? kill(s->init, signo) : ret;
}

/*
 * A caller that ignores SIGCHLD would have our children reaped behind our back. Signals are
 * blocked before the clone, so that none is lost and init inherits them blocked.
 */
static void prepare_signals(struct plan *plan, struct supervision *s)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigfillset(&set);
	for (unsigned int i = 0; i < sizeof(own_signals) / sizeof(*own_signals); i++)
		sigdelset(&set, own_signals[i]);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	sigaddset(&set, SIGCHLD);
	/* A reader of ours who went away must not end the payload, nor a file that is full. */
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	if (s->signals < 0 || sigaction(SIGCHLD, &action, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &set, &plan->signal_mask) < 0)
		fail("prepare signals: %s", strerror(errno));
}

/* With the caller's terminal as it was. The sandbox dies with us. */
__attribute__((noreturn)) static void give_up(struct supervision *s, const char *doing)
{
	int error = errno;

	terminal_finish(&s->terminal);
	fail("%s: %s", doing, strerror(error));
}

/* If init is gone, the report pipe will say so. */
static void release_init(struct supervision *s)
{
	if (write(s->plan->release[1], "", 1) < 0 && errno != EPIPE)
		give_up(s, "release init");
}

/* Init makes these itself: clone() has no flag for the one, and the cgroups come first. */
#define LATER ((unsigned long)CLONE_NEWTIME | CLONE_NEWCGROUP)

/* The child runs init and does not come back. */
static void start_init(struct supervision *s)
{
	const struct plan *plan = s->plan;

	network_join(plan);
	fflush(NULL);
	s->init = ns_clone(plan->namespaces & ~LATER, &s->pidfd);
	if (s->init == 0)
		child_main(plan);
	if (s->init < 0)
		fail_step(plan->spec->arena, "clone", "new namespaces", -s->init);
	close(plan->lifeline[0]);
	close(plan->release[0]);
	close(plan->report[1]); /* the end of init is the end of file there */
	output_forget_writers(plan);
	munmap(plan->gate, sizeof(*plan->gate));

	cgroup_join(plan, s->init);
	identity_write(plan, s->init);
	s->pasta = network_start(plan, s->init);
	release_init(s);
}

static void end_draining(struct supervision *s)
{
	s->draining = false;
	release_init(s);
}

static void forward_signal(struct supervision *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGWINCH:
		terminal_resize(&s->terminal);
		if (s->terminal.master >= 0)
			return; /* the terminal inside says so */
		break;
	case SIGTSTP:
		s->stop_asked = true;
		break;
	case SIGCONT:
		terminal_resume(&s->terminal);
		break;
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
		if (!s->let_go && child_waits(s->plan)) { /* no command is there to take it */
			s->end.interrupted = (int)info.ssi_signo;
			info.ssi_signo = SIGKILL;
		}
		if (s->draining) /* and nobody takes what is left */
			end_draining(s);
		break;
	default:
		break;
	}
	signal_init(s, (int)info.ssi_signo);
}

/* Whoever is stopped does not mind a time limit: then the kernel does, and kills us. */
static bool arm_deadline(const struct supervision *s, timer_t *timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec when = { 0 };
	double whole, part;

	if (isinf(s->deadline) || timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return false;
	part = modf(s->deadline, &whole);
	when.it_value.tv_sec = (time_t)whole;
	when.it_value.tv_nsec = (long)(part * 1e9) + 1;
	timer_settime(*timer, TIMER_ABSTIME, &when, NULL);
	return true;
}

/*
 * The payload was stopped. If that was from its terminal, or because somebody asked us to stop,
 * then we do, too, so that the shell which runs us sees it: with our whole group, as by a
 * Ctrl-Z on the caller's terminal, or alone, as he did who sent the signal. A group that
 * has no shell to wake it is not stopped by SIGTSTP, and goes on at once.
 */
static void stop_too(struct supervision *s)
{
	sigset_t set, pending;
	timer_t timer;
	bool armed;

	if (!s->stop_asked && s->terminal.master < 0)
		return;
	terminal_suspend(&s->terminal);
	armed = arm_deadline(s, &timer);
	kill(s->stop_asked ? getpid() : 0, SIGTSTP);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* here we stop */
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (armed)
		timer_delete(timer);
	s->stop_asked = false;
	if (sigpending(&pending) == 0 && sigismember(&pending, SIGCONT))
		return; /* it is forwarded */
	terminal_resume(&s->terminal);
	signal_init(s, SIGCONT);
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

/* Init opens the gate now, or has done so already. */
static void let_go(struct supervision *s)
{
	const int fd = s->plan->started;

	s->blocked = false;
	s->let_go = true;
	s->terminal.reads = true;
	release_init(s);
	if (fd >= 0 && write(fd, "", 1) != 1)
		give_up(s, "background: say that it has started");
	if (fd >= 0)
		close(fd);
}

/*
 * Who has room is told of the start; when all are, the payload is let go. A reader who does not
 * read is waited for by poll(2) and not by write(2), so that limits and signals hold meanwhile.
 */
static void tell_start(struct supervision *s, bool status, bool info)
{
	const pid_t payload = payload_pid(s);

	if (status && (s->untold & TELL_STATUS)) {
		status_started(s->plan, s->init, payload);
		s->untold &= ~TELL_STATUS;
	}
	if (info && (s->untold & TELL_INFO)) {
		status_info(s->plan, s->init, payload);
		s->untold &= ~TELL_INFO;
	}
	if (s->untold)
		return;
	s->blocked = s->plan->spec->block_fd >= 0;
	if (!s->blocked)
		let_go(s);
}

static void take_go_ahead(struct supervision *s)
{
	char byte;

	if (read(s->plan->spec->block_fd, &byte, 1) >= 0)
		let_go(s);
	else if (errno != EINTR && errno != EAGAIN)
		give_up(s, "block-fd: read it");
}

/* A report, and the descriptor that came with it, or -1. */
static ssize_t receive(const struct supervision *s, struct report *report, int *fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { report, sizeof(*report) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(s->plan->report[0], &message, MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n > 0 && message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.header.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&control.header), sizeof(int));
	return n;
}

/* Take one report; false at the end of file, which is init's end. */
static bool take_report(struct supervision *s)
{
	struct report report = { 0 };
	int fd;
	ssize_t n = receive(s, &report, &fd);

	if (n < 0 && errno == EINTR)
		return true;
	if (n == 0)
		return false;
	if (n != sizeof(report))
		give_up(s, "report: read it");
	switch (report.kind) {
	case REPORT_TERMINAL:
		terminal_start(&s->terminal, fd);
		break;
	case REPORT_STARTED:
		s->end.started = true;
		s->untold = (s->plan->spec->status_fd >= 0 ? TELL_STATUS : 0) |
			    (s->plan->spec->info_fd >= 0 ? TELL_INFO : 0);
		if (!s->untold)
			tell_start(s, false, false);
		break;
	case REPORT_STOPPED:
		stop_too(s);
		break;
	default:
		s->end.last = report;
		s->draining = s->plan->terminal;
	}
	return true;
}

static int poll_timeout(const struct supervision *s)
{
	int look = terminal_timeout(&s->terminal);
	double left = (fmin(s->deadline, s->cpu_check) - now()) * 1e3;

	if (isinf(left) || (look >= 0 && left > look))
		return look;
	return left <= 0 ? 0 : left > 1e9 ? 1000000000 : (int)ceil(left);
}

/* The limit NAME ends all of it. */
static void fire(struct supervision *s, const char *name)
{
	s->end.fired = name;
	s->deadline = s->cpu_check = INFINITY;
	signal_init(s, SIGKILL);
}

static void check_time(struct supervision *s)
{
	if (now() < s->deadline)
		return;
	if (s->end.fired || !(s->plan->spec->time_grace > 0)) {
		fire(s, "time-limit");
		return;
	}
	s->end.fired = "time-limit";
	s->deadline = now() + s->plan->spec->time_grace;
	signal_init(s, SIGTERM);
}

/* When could it have used up its processor time, with all processors there are? Look then. */
static void check_cpu(struct supervision *s)
{
	struct usage *usage = &s->end.usage;
	double left;

	if (now() < s->cpu_check)
		return;
	cgroup_usage(s->plan, usage);
	left = (double)s->plan->spec->limit[LIMIT_CPU_TIME] -
	       (double)(usage->user_us + usage->system_us);
	if (left <= 0)
		fire(s, "cpu-limit");
	else
		s->cpu_check = now() + fmax(left / 1e6 / s->plan->processors, 0.005);
}

/* Whatever else has fired: more was written than may be. */
static void check_output(struct supervision *s)
{
	if (!s->output.budget.exceeded || s->overfull)
		return;
	s->overfull = true;
	fire(s, s->end.fired ? s->end.fired : "output-limit");
}

static void serve_output(struct supervision *s, const struct pollfd *fds)
{
	int err = output_serve(&s->output, fds);

	if (!err)
		return;
	errno = -err;
	give_up(s, "output: pass it on");
}

/* What poll(2) has seen; false: it was init's end. */
static bool serve(struct supervision *s, const struct pollfd *fds)
{
	terminal_serve(&s->terminal, fds + 5);
	serve_output(s, fds + 5 + TERMINAL_FDS);
	if (fds[2].revents)
		take_go_ahead(s);
	if (fds[3].revents || fds[4].revents)
		tell_start(s, fds[3].revents, fds[4].revents);
	if (fds[1].revents)
		forward_signal(s);
	return !fds[0].revents || take_report(s);
}

static void watch(struct supervision *s)
{
	struct pollfd fds[5 + TERMINAL_FDS + OUTPUT_FDS] = {
		{ .fd = s->plan->report[0], .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .events = POLLIN },
		{ .events = POLLOUT },
		{ .events = POLLOUT },
	};
	bool open = true;

	while (open) {
		int n;

		fds[2].fd = s->blocked ? s->plan->spec->block_fd : -1;
		fds[3].fd = s->untold & TELL_STATUS ? s->plan->spec->status_fd : -1;
		fds[4].fd = s->untold & TELL_INFO ? s->plan->spec->info_fd : -1;
		terminal_poll(&s->terminal, fds + 5);
		output_poll(&s->output, fds + 5 + TERMINAL_FDS);
		n = poll(fds, 5 + TERMINAL_FDS + OUTPUT_FDS, poll_timeout(s));
		if (n < 0) {
			if (errno != EINTR)
				give_up(s, "poll");
			continue; /* what is in FDS is from the last time */
		}
		if (n == 0)
			terminal_resume(&s->terminal); /* if we are in the foreground by now */
		open = serve(s, fds);
		if (s->draining && terminal_drained(&s->terminal))
			end_draining(s);
		check_output(s);
		check_time(s);
		check_cpu(s);
	}
}

/* Init is gone, and the kernel has killed all of its namespace by the time it is reaped. */
static void reap_init(const struct supervision *s)
{
	while (waitpid(s->init, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool wants_to_end(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return false;
	return info.ssi_signo == SIGHUP || info.ssi_signo == SIGINT || info.ssi_signo == SIGQUIT ||
	       info.ssi_signo == SIGTERM;
}

/*
 * All inside is dead, and what it wrote and may write is passed on; but a reader who takes nothing
 * is not waited for beyond the time limit, nor if somebody wants us to end.
 */
static void finish_output(struct supervision *s)
{
	struct pollfd fds[1 + TERMINAL_FDS + OUTPUT_FDS] = { { .fd = s->signals,
							       .events = POLLIN } };
	const double limit = s->plan->spec->time_limit;

	s->deadline = limit > 0 ? s->start + limit : INFINITY;
	s->cpu_check = INFINITY;
	while (output_is_left(&s->output) || (s->overfull && s->terminal.output.len)) {
		int n;

		terminal_poll(&s->terminal, fds + 1);
		fds[1].fd = fds[2].fd = -1; /* it has hung up, which poll() would tell for ever */
		output_poll(&s->output, fds + 1 + TERMINAL_FDS);
		n = poll(fds, 1 + TERMINAL_FDS + OUTPUT_FDS, poll_timeout(s));
		if (n < 0 && errno != EINTR)
			break;
		if (n == 0 && now() >= s->deadline) {
			s->end.fired = s->end.fired ? s->end.fired : "time-limit";
			break;
		}
		if (n <= 0)
			continue;
		if (fds[0].revents && wants_to_end(s->signals))
			break;
		terminal_serve(&s->terminal, fds + 1);
		serve_output(s, fds + 1 + TERMINAL_FDS);
	}
	if (s->output.budget.exceeded && !s->end.fired)
		s->end.fired = "output-limit";
}

/*
 * All inside is dead, so what signals do now they do to us: whoever does not take our last words
 * can be left by a Ctrl-C. What came before was for the payload. If a limit or a signal has ended it,
 * a reader of ours who has no room is not waited for.
 */
static void prepare_ending(const struct supervision *s)
{
	struct pollfd reader = { s->plan->spec->status_fd, POLLOUT, 0 };
	const struct timespec none = { 0 };
	sigset_t all;

	sigfillset(&all);
	while (sigtimedwait(&all, NULL, &none) > 0)
		;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigprocmask(SIG_SETMASK, &s->plan->signal_mask, NULL);
	if ((s->end.fired || s->end.interrupted) && reader.fd >= 0 && poll(&reader, 1, 0) == 0)
		/* a pipe that nobody reads, and so an error at once */
		dup3(s->plan->lifeline[1], reader.fd, O_CLOEXEC);
}

int supervise(struct plan *plan)
{
	struct supervision s = { .plan = plan, .deadline = INFINITY, .cpu_check = INFINITY };
	int status;

	prepare_signals(plan, &s);
	cgroup_make(plan);
	s.start = now();
	if (plan->spec->time_limit > 0)
		s.deadline = s.start + plan->spec->time_limit;
	if (cgroup_accounts(plan))
		s.cpu_check = s.start;
	output_init(&s.output, plan);
	terminal_init(&s.terminal, plan->proc, &s.output.budget);
	start_init(&s);
	watch(&s);
	reap_init(&s);
	finish_output(&s);
	network_stop(s.pasta);
	terminal_finish(&s.terminal);
	prepare_ending(&s);
	s.end.usage.wall_us = (uint64_t)((now() - s.start) * 1e6);
	status = ending(plan, &s.end);
	cgroup_remove(plan);
	return status;
}
