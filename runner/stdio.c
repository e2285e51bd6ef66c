/* SPDX-License-Identifier: MIT */
/*
 * The payload's standard descriptors and its terminal: the steps that make them.
 *
 * Init leads a session, and the payload is another process group of it: with a parent in its own
 * session it is no orphaned group, which the kernel would not stop on a Ctrl-Z. So it
 * is init that takes the terminal and gives its foreground away.
 *
 * unix(7), setpgid(2), tcsetpgrp(3)
 */
#include "runner/stdio.h"

#include "runner/runner.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The supervisor's end of the payload's terminal goes to him with a message. */
static int send_master(struct child *child, int master)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec data = { &child->report, sizeof(child->report) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	child->report.kind = REPORT_TERMINAL;
	memcpy(CMSG_DATA(&control.header), &master, sizeof(int));
	return sendmsg(child->plan->report[1], &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int child_terminal(struct child *child)
{
	int master, err;

	if (!child->plan->terminal)
		return 0;
	err = ns_pty_open(&master, &child->terminal);
	if (err)
		return err;
	err = caps_take_terminal(child->terminal);
	if (!err)
		err = send_master(child, master);
	close(master); /* his copy is the only one: when he is gone, it hangs up */
	return err;
}

int child_stdio(struct child *child)
{
	const struct plan *plan = child->plan;

	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		int from = plan->standard[fd];

		if (fd == STDERR_FILENO && plan->spec->standard[fd] && from < 0)
			from = STDOUT_FILENO; /* "stderr stdout" */
		else if (child->terminal >= 0 && (plan->terminal_fds & (1u << fd)))
			from = child->terminal;
		if (from >= 0 && dup2(from, fd) < 0)
			return -errno;
	}
	return 0;
}

/* What is typed goes to the payload, and its Ctrl-C, not to init, which leads the session. */
int child_foreground(struct child *child)
{
	if (child->terminal < 0)
		return 0;
	return tcsetpgrp(child->terminal, child->payload) < 0 ? -errno : 0;
}
