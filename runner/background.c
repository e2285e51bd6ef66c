/* SPDX-License-Identifier: MIT */
/*
 * --background: the caller's process forks, and waits until the sandbox is set up and its
 * payload let go; a failure until then is the caller's to see, with its message and status. The
 * supervisor lives on in a session of its own, where no terminal's hang-up reaches it, and
 * ends with the payload, or when it is told to by a signal.
 */
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn)) static void await_start(const struct spec *spec, pid_t pid, int fd)
{
	int status;
	char byte;
	ssize_t n;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1) {
		if (!spec->quiet)
			printf("%d\n", (int)pid);
		exit(fflush(stdout) ? STATUS_FAILED : 0);
	}
	/* It ended before. */
	if (waitpid(pid, &status, 0) != pid)
		exit(STATUS_FAILED);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int background_start(const struct spec *spec)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		fail("background: make a pipe: %s", strerror(errno));
	fflush(NULL);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how the child ended */
	pid = fork();
	if (pid < 0)
		fail("background: fork: %s", strerror(errno));
	if (pid > 0) {
		close(fds[1]);
		await_start(spec, pid, fds[0]);
	}
	close(fds[0]);
	if (setsid() < 0)
		fail("background: leave the session: %s", strerror(errno));
	if (!isatty(STDIN_FILENO))
		return fds[1];
	/* What is typed is for whoever has the terminal now. */
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		fail("background: open /dev/null: %s", strerror(errno));
	close(null);
	return fds[1];
}
