/* SPDX-License-Identifier: MIT */
/*
 * "output-limit": how much the payload may write to its standard output and error together.
 *
 * No limit of the kernel's is about that: RLIMIT_FSIZE knows files alone, and each by itself. So
 * the payload writes into pipes, and the supervisor copies what comes out of them, to where the
 * caller's descriptors lead, until a byte more comes than may. That byte is not passed on, and
 * ends the sandbox. On a terminal of the sandbox's own, what that shows is counted (terminal.c).
 *
 * One descriptor that the caller has as 1 and as 2 gets one pipe, so that the order of what is
 * written stays; two get two. The payload must not have the caller's descriptors by another
 * way: so a standard input that is open for writing is opened again for reading alone.
 *
 * pipe(7), kcmp(2)
 */
#include "runner/output.h"

#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kcmp.h>

/* ---- the plan ---- */

/* The same open file, which two descriptors share. Where that cannot be told, no. */
static bool is_shared(int fd, int other)
{
	const pid_t self = getpid();

	return fd == other || syscall(SYS_kcmp, self, self, KCMP_FILE, (unsigned long)fd,
				      (unsigned long)other) == 0;
}

/*
 * A terminal that is stopped must not stop us, who mind the time; but to set O_NONBLOCK would set
 * it for the caller's shell, too. So it is opened once more, where we may.
 */
static int open_target(const struct plan *plan, int fd)
{
	char path[32];
	int again = -1;

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	if (isatty(fd))
		again = openat(plan->proc, path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return again < 0 ? fd : again;
}

static bool is_on_terminal(const struct plan *plan, int fd)
{
	return plan->terminal && (plan->terminal_fds & (1u << fd));
}

static void make_pipe(struct plan *plan, int fd)
{
	const int target = plan->standard[fd] >= 0 ? plan->standard[fd] : fd;
	struct outlet *first = &plan->outlets[0], *outlet = &plan->outlets[fd - 1];
	int ends[2];

	if (fd == STDERR_FILENO && first->from >= 0 && is_shared(first->target, target)) {
		plan->standard[fd] = plan->standard[STDOUT_FILENO];
		return;
	}
	if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		fail("output-limit: make a pipe: %s", strerror(errno));
	outlet->target = target;
	outlet->from = ends[0];
	outlet->to = open_target(plan, target);
	plan->standard[fd] = ends[1];
}

/* A terminal's descriptor, say, is for reading and writing, whichever number it has. */
static void restrict_input(struct plan *plan)
{
	const int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (is_on_terminal(plan, STDIN_FILENO) || plan->standard[STDIN_FILENO] >= 0 || flags < 0 ||
	    (flags & O_ACCMODE) == O_RDONLY)
		return;
	plan->standard[STDIN_FILENO] = openat(
		plan->proc, "self/fd/0", O_RDONLY | O_NOCTTY | O_CLOEXEC | (flags & O_NONBLOCK));
	if (plan->standard[STDIN_FILENO] < 0)
		fail("output-limit: standard input: %s\n"
		     "cause: it is open for writing, which would not be counted, and cannot be "
		     "opened for reading alone\n"
		     "fix: give it another one: </dev/null",
		     strerror(errno));
}

void output_plan(struct plan *plan)
{
	const struct spec *spec = plan->spec;

	for (int i = 0; i < OUTPUT_FDS; i++)
		plan->outlets[i] = (struct outlet){ -1, -1, -1 };
	if (!spec->has_output_limit || spec->mode != MODE_RUN)
		return;
	restrict_input(plan);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Named and not opened, it is "stderr stdout". */
		if (!is_on_terminal(plan, fd) && !(spec->standard[fd] && plan->standard[fd] < 0))
			make_pipe(plan, fd);
	}
}

void output_forget_writers(const struct plan *plan)
{
	for (int i = 0; i < OUTPUT_FDS; i++) {
		if (plan->outlets[i].from >= 0)
			close(plan->standard[i + 1]);
	}
}

void output_forget_readers(const struct plan *plan)
{
	for (int i = 0; i < OUTPUT_FDS; i++) {
		const struct outlet *outlet = &plan->outlets[i];

		if (outlet->from < 0)
			continue;
		close(outlet->from);
		if (outlet->to > STDERR_FILENO)
			close(outlet->to);
	}
}

/* ---- copying ---- */

void output_init(struct output *output, const struct plan *plan)
{
	struct stat st;

	memset(output, 0, sizeof(*output));
	output->budget.limited = plan->spec->has_output_limit;
	output->budget.left = plan->spec->output_limit;
	for (int i = 0; i < OUTPUT_FDS; i++) {
		struct output_channel *channel = &output->channels[i];

		channel->from = plan->outlets[i].from;
		channel->to = plan->outlets[i].to;
		channel->is_socket = channel->from >= 0 && fstat(channel->to, &st) == 0 &&
				     S_ISSOCK(st.st_mode);
	}
}

/* Nobody reads any more: the payload's next write is to tell it, as if it wrote there itself. */
static void end_channel(struct output_channel *channel)
{
	if (channel->from >= 0)
		close(channel->from);
	channel->from = -1;
	channel->buffer.len = 0;
}

/* Take what is in the pipe; at its end, and when no more may come, that is closed. */
static void fill(struct output *output, struct output_channel *channel)
{
	struct terminal_buffer *buffer = &channel->buffer;
	ssize_t n = read(channel->from, buffer->data, sizeof(buffer->data));
	size_t len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_channel(channel);
		return;
	}
	len = budget_take(&output->budget, (size_t)n);
	if (output->budget.exceeded)
		end_channel(channel);
	buffer->start = 0;
	buffer->len = len;
}

/*
 * Of a pipe that poll(2) says there is room in, 4096 bytes are taken without waiting; of
 * a socket, only if it is asked not to wait.
 */
static int empty(struct output_channel *channel)
{
	struct terminal_buffer *buffer = &channel->buffer;
	const char *data = buffer->data + buffer->start;
	ssize_t n = channel->is_socket ?
			    send(channel->to, data, buffer->len, MSG_DONTWAIT | MSG_NOSIGNAL) :
			    write(channel->to, data, buffer->len);

	if (n >= 0) {
		buffer->start += (size_t)n;
		buffer->len -= (size_t)n;
		return 0;
	}
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (errno != EPIPE && errno != ECONNRESET)
		return -errno;
	end_channel(channel);
	return 0;
}

void output_poll(const struct output *output, struct pollfd fds[OUTPUT_FDS])
{
	for (int i = 0; i < OUTPUT_FDS; i++) {
		const struct output_channel *channel = &output->channels[i];

		fds[i] = (struct pollfd){ .fd = channel->from, .events = POLLIN };
		if (channel->buffer.len)
			fds[i] = (struct pollfd){ .fd = channel->to, .events = POLLOUT };
	}
}

int output_serve(struct output *output, const struct pollfd fds[OUTPUT_FDS])
{
	int err = 0;

	for (int i = 0; i < OUTPUT_FDS && !err; i++) {
		struct output_channel *channel = &output->channels[i];

		if (fds[i].fd < 0 || !fds[i].revents)
			continue;
		if (channel->buffer.len)
			err = empty(channel);
		else if (channel->from >= 0)
			fill(output, channel);
	}
	return err;
}

bool output_is_left(struct output *output)
{
	bool left = false;

	for (int i = 0; i < OUTPUT_FDS; i++) {
		struct output_channel *channel = &output->channels[i];

		if (!channel->buffer.len && channel->from >= 0)
			fill(output, channel);
		left |= channel->buffer.len > 0;
	}
	return left;
}
