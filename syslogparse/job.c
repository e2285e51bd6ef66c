/* SPDX-License-Identifier: MIT */
/*
 * A worker as the broker sees it: a process, a pipe, and a clock.
 *
 * Nothing that the worker does can make this wait for ever or take memory without bound. It ends
 * well if all of this comes true: frames in order, the pipe's end right behind them, exit
 * status 0. A worker that waits for input which somebody may still write is not late: only the
 * broker's own copy of that pipe can say that nobody will.
 *
 * pidfd_open(2), poll(2), fexecve(3)
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps/caps.h"

struct run {
	const struct job *job;
	struct reply *reply;
	pid_t pid;
	int64_t since;	   /* of this phase */
	uint32_t phase;	   /* reply->last when it began */
	bool gone;	   /* the worker's process has ended */
	unsigned int open; /* inputs that somebody may still write to */
	struct pollfd polls[2 + FILES_MAX];
};

#define PIPE   0
#define PIDFD  1
#define INPUTS 2

/* ---- the child ---- */

static int move(int to, int from)
{
	return dup2(from, to) < 0 ? -errno : 0;
}

/*
 * Copies first, out of the way: no descriptor is overwritten before it was copied. All but
 * what the worker gets, and the program that it will be, is closed.
 */
static int arrange(const struct job *job, int pipe, int *program)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), high[FILES_MAX], error;
	int end = 3 + (int)job->nfds; /* from here up it gets none */

	*program = fcntl(job->program, F_DUPFD_CLOEXEC, end);
	pipe = fcntl(pipe, F_DUPFD_CLOEXEC, end);
	null = fcntl(null, F_DUPFD_CLOEXEC, end);
	if (*program < 0 || pipe < 0 || null < 0)
		return -errno;
	for (unsigned int i = 0; i < job->nfds; i++) {
		high[i] = fcntl(job->fds[i], F_DUPFD_CLOEXEC, end);
		if (high[i] < 0)
			return -errno;
	}
	error = move(0, null);
	if (!error)
		error = move(1, pipe);
	if (!error)
		error = move(2, null);
	for (unsigned int i = 0; !error && i < job->nfds; i++)
		error = move(3 + (int)i, high[i]);
	if (!error)
		error = caps_close_range(end, *program - 1, -1);
	return error ? error : caps_close_range(*program + 1, INT_MAX, -1);
}

__attribute__((noreturn)) static void child(const struct job *job, int pipe)
{
	struct job mine = *job;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (arrange(job, pipe, &mine.program))
		_exit(STATUS_FAILED);
	_exit(job->start(&mine));
}

/* ---- its end ---- */

static int say(int status, const char *text)
{
	fprintf(stderr, "syslogparse: the worker %s; nothing was written\n", text);
	return status;
}

static int kill_worker(struct run *run, int status, const char *text)
{
	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return say(status, text);
}

static int died(int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - 128;
	char text[100];

	if (signal == SIGSYS)
		return say(STATUS_DIED, "was killed: it made a system call that it may not make");
	if (signal > 0)
		snprintf(text, sizeof(text), "was killed by signal %d (%s)", signal,
			 sigdescr_np(signal) ? sigdescr_np(signal) : "?");
	else
		snprintf(text, sizeof(text), "exited with status %d", WEXITSTATUS(status));
	return say(STATUS_DIED, text);
}

/* The pipe has ended: so must the process. */
static int end(struct run *run)
{
	struct pollfd process = { .fd = run->polls[PIDFD].fd, .events = POLLIN };
	int status;

	if (!run->gone && poll(&process, 1, (int)run->job->until_exit) <= 0)
		return kill_worker(run, STATUS_HUNG, "closed its pipe, and did not end");
	while (waitpid(run->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return say(STATUS_FAILED, "is nowhere to be found");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return died(status);
	if (!reply_complete(run->reply))
		return say(STATUS_LIED, "ended in the middle of what it had to say");
	return 0;
}

/* ---- the time in between ---- */

/* Until when something must come; INT64_MAX: no limit. */
static int64_t deadline(struct run *run)
{
	const struct job *job = run->job;

	if (run->gone)
		return run->since + job->until_exit;
	switch (run->reply->last) {
	case 0:
		return run->since + job->until_layers;
	case FRAME_LAYERS:
		if (run->open)
			return INT64_MAX;
		return run->since + job->until_text + (int64_t)(job->bytes / job->bytes_per_ms);
	case FRAME_TEXT:
		return run->since + job->until_end;
	default:
		return run->since + job->until_exit;
	}
}

/* Milliseconds for poll(2); 0: it is late. */
static int time_left(struct run *run)
{
	int64_t until = deadline(run), now = now_ms();

	if (until == INT64_MAX)
		return -1;
	if (until <= now)
		return 0;
	return until - now > 3600000 ? 3600000 : (int)(until - now);
}

static void look_at_inputs(struct run *run)
{
	for (unsigned int i = INPUTS; i < INPUTS + run->job->nfds; i++) {
		if (run->polls[i].fd < 0 || !run->polls[i].revents)
			continue;
		run->polls[i].fd = -1;
		run->open--;
		run->since = now_ms();
	}
}

/* Read once. 1: the pipe has ended; 0: more may come; else an exit status, and it was killed. */
static int take(struct run *run)
{
	static unsigned char data[FRAME_MAX];
	ssize_t n = read(run->polls[PIPE].fd, data, sizeof(data));
	int error;

	if (n < 0)
		return errno == EINTR ? 0 : kill_worker(run, STATUS_FAILED, "cannot be read from");
	if (n == 0)
		return 1;
	error = reply_add(run->reply, data, (size_t)n);
	if (error == -EFBIG)
		return kill_worker(run, STATUS_FLOODED, "said more than it may");
	if (error)
		return kill_worker(run, STATUS_LIED, "spoke out of turn");
	if (run->reply->last != run->phase) {
		run->phase = run->reply->last;
		run->since = now_ms();
	}
	return 0;
}

static int listen_to(struct run *run)
{
	int left, n, ret;

	for (;;) {
		left = time_left(run);
		if (left == 0)
			return kill_worker(run, STATUS_HUNG,
					   run->gone ? "left its pipe open to somebody" :
						       "did not finish in time");
		n = poll(run->polls, INPUTS + run->job->nfds, left);
		if (n < 0 && errno != EINTR)
			return kill_worker(run, STATUS_FAILED, "cannot be waited for");
		if (n <= 0)
			continue;
		look_at_inputs(run);
		if (run->polls[PIPE].revents) {
			ret = take(run);
			if (ret)
				return ret == 1 ? end(run) : ret;
		} else if (run->polls[PIDFD].revents && !run->gone) {
			run->gone = true;
			run->since = now_ms();
			run->polls[PIDFD].events = 0;
			run->polls[PIDFD].fd = ~run->polls[PIDFD].fd;
		}
	}
}

/* Of a pipe we ask nothing but whether its last writer has gone; poll(2) always says that. */
static bool can_grow(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
}

static void watch(struct run *run, int pipe, int pidfd)
{
	run->polls[PIPE] = (struct pollfd){ .fd = pipe, .events = POLLIN };
	run->polls[PIDFD] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	for (unsigned int i = 0; i < run->job->nfds; i++) {
		bool grows = can_grow(run->job->fds[i]);

		run->polls[INPUTS + i] = (struct pollfd){ .fd = grows ? run->job->fds[i] : -1 };
		run->open += grows;
	}
	run->since = now_ms();
}

int job_run(const struct job *job, struct reply *reply)
{
	static struct run run;
	int fds[2], pidfd, ret;

	run = (struct run){ .job = job, .reply = reply };
	if (pipe2(fds, O_CLOEXEC) < 0)
		fail(STATUS_FAILED, "pipe: %s", strerror(errno));
	fflush(NULL);
	run.pid = fork();
	if (run.pid < 0)
		fail(STATUS_FAILED, "fork: %s", strerror(errno));
	if (run.pid == 0)
		child(job, fds[1]);
	close(fds[1]);
	pidfd = (int)syscall(SYS_pidfd_open, run.pid, 0);
	if (pidfd < 0)
		ret = kill_worker(&run, STATUS_FAILED, "cannot be watched (pidfd_open)");
	else {
		watch(&run, fds[0], pidfd);
		ret = listen_to(&run);
		close(pidfd);
	}
	close(fds[0]);
	return ret;
}
