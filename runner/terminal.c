/* SPDX-License-Identifier: MIT */
/*
 * The caller's terminal, and the sandbox's.
 *
 * A payload that holds the caller's terminal can read what is typed for others and change
 * its settings; without one that controls it, it has no job control. So it gets a pseudo-terminal
 * of its own, and the supervisor copies between that and the caller's, which is in raw mode
 * meanwhile: a key like Ctrl-C goes through as a byte and is made a signal by the terminal
 * inside. Nothing of the payload's settings ever reaches the caller's terminal, and what is
 * written is passed on as it is.
 *
 * The caller's is only touched while our process group is in its foreground. A shell that starts us
 * behind "&" keeps its terminal: output is copied, nothing is read. If it then brings us to the
 * foreground nobody is told, so that is looked at now and then.
 *
 * termios(3), pty(7), credentials(7)
 */
#include "runner/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 250 /* how often a background job looks whether it still is one */

bool terminal_is_same(int fd, int other)
{
	struct stat a, b;

	return isatty(fd) && isatty(other) && fstat(fd, &a) == 0 && fstat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_rdev == b.st_rdev;
}

/* May we use the caller's terminal? One that is not our session's knows no foreground. */
static bool in_foreground(const struct terminal *t)
{
	pid_t group = tcgetpgrp(t->in);

	return group < 0 || group == getpgrp();
}

/* Set the caller's terminal, whoever is in the foreground meanwhile: SIGTTOU does not stop us. */
static void set_modes(const struct terminal *t, const struct termios *modes)
{
	sigset_t ttou, old;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	tcsetattr(t->in, TCSANOW, modes);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/*
 * Output must not block us: signals would wait, and the time limit. To set O_NONBLOCK would set
 * it for the caller's shell, too, so the terminal is opened once more, where we may.
 */
static int open_output(int proc)
{
	int fd = -1;

	if (isatty(STDOUT_FILENO))
		fd = openat(proc, "self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? STDOUT_FILENO : fd;
}

void terminal_init(struct terminal *t, int proc, struct budget *budget)
{
	memset(t, 0, sizeof(*t));
	t->budget = budget;
	t->master = -1;
	t->in = STDIN_FILENO;
	t->out = open_output(proc);
	t->is_tty = isatty(t->in) && tcgetattr(t->in, &t->saved) == 0;
}

void terminal_resize(const struct terminal *t)
{
	struct winsize size;

	if (t->master >= 0 && t->is_tty && ioctl(t->in, TIOCGWINSZ, &size) == 0)
		ioctl(t->master, TIOCSWINSZ, &size); /* tells the foreground inside by SIGWINCH */
}

void terminal_resume(struct terminal *t)
{
	struct termios raw;

	if (t->master < 0 || !t->is_tty || t->in < 0 || t->raw || !in_foreground(t))
		return;
	if (tcgetattr(t->in, &t->saved) < 0) /* a shell may have changed it meanwhile */
		return;
	raw = t->saved;
	cfmakeraw(&raw);
	set_modes(t, &raw);
	t->raw = true;
	terminal_resize(t);
}

void terminal_suspend(struct terminal *t)
{
	if (t->raw)
		set_modes(t, &t->saved);
	t->raw = false;
}

void terminal_start(struct terminal *t, int master)
{
	t->master = master;
	if (t->is_tty)
		tcsetattr(master, TCSANOW, &t->saved);
	terminal_resize(t);
	terminal_resume(t);
}

/* The payload may have had the caller's terminal itself, as its standard input. */
void terminal_finish(struct terminal *t)
{
	if (t->master < 0 && t->is_tty && in_foreground(t))
		set_modes(t, &t->saved);
	terminal_suspend(t);
}

/* ---- copying ---- */

/* The sandbox's terminal is gone, or the caller's is: then that of the sandbox hangs up. */
static void hang_up(struct terminal *t)
{
	terminal_suspend(t);
	close(t->master);
	t->master = -1;
	t->input.len = t->output.len = 0;
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* False: the end. */
static bool fill(struct terminal_buffer *buffer, int fd)
{
	ssize_t n = read(fd, buffer->data, sizeof(buffer->data));

	if (n < 0)
		return is_passing(errno);
	buffer->start = 0;
	buffer->len = (size_t)n;
	return n > 0;
}

size_t budget_take(struct budget *budget, size_t n)
{
	if (!budget->limited)
		return n;
	budget->exceeded |= n > budget->left;
	n = n < budget->left ? n : (size_t)budget->left;
	budget->left -= n;
	return n;
}

static bool fill_output(struct terminal *t)
{
	bool more = fill(&t->output, t->master);

	t->output.len = budget_take(t->budget, t->output.len);
	return more;
}

static bool empty(struct terminal_buffer *buffer, int fd)
{
	ssize_t n = write(fd, buffer->data + buffer->start, buffer->len);

	if (n < 0)
		return is_passing(errno);
	buffer->start += (size_t)n;
	buffer->len -= (size_t)n;
	return true;
}

/* What is no terminal ends in another way than by hanging up: by a Ctrl-D at a line's begin. */
static void end_input(struct terminal *t)
{
	t->in = -1;
	memcpy(t->input.data, "\004\004", 2);
	t->input.start = t->last == '\n' || !t->last;
	t->input.len = 2 - t->input.start;
}

void terminal_poll(const struct terminal *t, struct pollfd fds[TERMINAL_FDS])
{
	bool reads = t->reads && t->in >= 0 && (t->raw || !t->is_tty) && !t->input.len;

	fds[0] = (struct pollfd){ .fd = t->master };
	fds[1] = (struct pollfd){ .fd = -1 };
	fds[2] = (struct pollfd){ .fd = -1 };
	if (t->master < 0)
		return;
	if (!t->output.len)
		fds[0].events |= POLLIN;
	else
		fds[2] = (struct pollfd){ .fd = t->out, .events = POLLOUT };
	if (t->input.len)
		fds[0].events |= POLLOUT;
	if (reads)
		fds[1] = (struct pollfd){ .fd = t->in, .events = POLLIN };
}

void terminal_serve(struct terminal *t, const struct pollfd fds[TERMINAL_FDS])
{
	if (t->master < 0)
		return;
	if ((fds[0].revents & (POLLIN | POLLHUP)) && !t->output.len && !fill_output(t))
		return hang_up(t);
	if (t->output.len && fds[2].revents && !empty(&t->output, t->out))
		return hang_up(t);
	if (fds[1].revents && !fill(&t->input, t->in)) {
		if (t->is_tty)
			return hang_up(t);
		end_input(t);
	}
	if (!t->input.len)
		return;
	if (t->in >= 0)
		t->last = t->input.data[t->input.start + t->input.len - 1];
	if (!empty(&t->input, t->master))
		hang_up(t);
}

int terminal_timeout(const struct terminal *t)
{
	return t->master >= 0 && t->is_tty && !t->raw ? LOOK_MS : -1;
}

bool terminal_drained(struct terminal *t)
{
	if (t->master < 0 || (!t->output.len && !fill_output(t)))
		return true;
	return !t->output.len;
}
