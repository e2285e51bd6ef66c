/* SPDX-License-Identifier: MIT */
/*
 * around: run a command with something around it that a shell cannot make.
 *
 *	around listener ADDRESS CMD...	while somebody listens at ADDRESS: "@name" is abstract,
 *					"127.0.0.1:0" is a port of the kernel's choice. The word
 *					ADDRESS in CMD stands for where it is.
 *	around sibling CMD...		in a process group with a second process; says at the end
 *					whether that one was "killed" or is "alive"
 *	around terminal CMD...		on a controlling terminal of its own, as standard input
 *	around key NAME CMD...		with a key of that name in the session's keyring
 *	around nothing CMD		with no arguments at all, argv[0] neither
 *	around sigchld-ignored CMD...	with SIGCHLD ignored and blocked
 *
 * The exit status is CMD's, 128+n if signal n ended it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "around: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* In the child; does not return. */
static void execute(char *argv[])
{
	if (!argv[0]) {
		errno = EINVAL;
		fail("no command");
	}
	execvp(argv[0], argv);
	fail(argv[0]);
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(char *argv[])
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		execute(argv);
	return wait_for(pid);
}

static void listen_abstract(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	if (fd < 0 || len >= sizeof(sun.sun_path))
		fail("socket");
	memcpy(sun.sun_path + 1, name + 1, len - 1);
	len += offsetof(struct sockaddr_un, sun_path);
	if (bind(fd, (struct sockaddr *)&sun, (socklen_t)len) < 0 || listen(fd, 8) < 0)
		fail("listen");
}

/* At "A.B.C.D:PORT"; port 0 is the kernel's choice. Returns the port. */
static int listen_inet(const char *address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, port;
	socklen_t len = sizeof(sin);
	char host[32];

	if (sscanf(address, "%31[0-9.]:%d", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		fail(address);
	sin.sin_port = htons((uint16_t)port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&sin, len) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		fail("listen");
	return ntohs(sin.sin_port);
}

static int around_listener(char *argv[])
{
	char address[128];

	if (!argv[0])
		execute(argv);
	if (argv[0][0] == '@') {
		listen_abstract(argv[0]);
		snprintf(address, sizeof(address), "%s", argv[0]);
	} else {
		snprintf(address, sizeof(address), "%.*s:%d", (int)strcspn(argv[0], ":"), argv[0],
			 listen_inet(argv[0]));
	}
	for (char **word = argv; *word; word++) {
		if (strcmp(*word, "ADDRESS") == 0)
			*word = address;
	}
	return run(argv + 1);
}

/*
 * A process dies of the first fatal signal that it is sent. So SIGTERM at the end finds out
 * whether there was a SIGKILL before, without waiting for anything.
 */
static int around_sibling(char *argv[])
{
	pid_t sibling = fork(), pid;
	int status;

	if (sibling < 0)
		fail("fork");
	if (sibling == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (setpgid(sibling, sibling) < 0)
		fail("setpgid");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		if (setpgid(0, sibling) < 0)
			fail("setpgid");
		execute(argv);
	}
	status = wait_for(pid);
	kill(sibling, SIGTERM);
	puts(wait_for(sibling) == 128 + SIGTERM ? "alive" : "killed");
	return status;
}

static int around_terminal(char *argv[])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	pid_t pid;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		fail("make a terminal");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		setsid();
		slave = open(ptsname(master), O_RDWR | O_CLOEXEC);
		if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || dup2(slave, 0) < 0)
			fail("take the terminal");
		execute(argv);
	}
	return wait_for(pid);
}

static int around_key(char *argv[])
{
	if (syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", argv[0], "x", 1L, (long)KEY_SPEC_SESSION_KEYRING) < 0)
		fail("make a key");
	return run(argv + 1);
}

static int around_nothing(char *argv[])
{
	static char *none[] = { NULL };
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		execve(argv[0], none, none);
		fail(argv[0]);
	}
	return wait_for(pid);
}

static int around_sigchld_ignored(char *argv[])
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		fail("ignore SIGCHLD");
	execute(argv);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char *argv[]);
} things[] = {
	/* clang-format off */
	{ "key", around_key },
	{ "listener", around_listener },
	{ "nothing", around_nothing },
	{ "sibling", around_sibling },
	{ "sigchld-ignored", around_sigchld_ignored },
	{ "terminal", around_terminal },
	/* clang-format on */
};

int main(int argc, char *argv[])
{
	for (size_t i = 0; argc > 2 && i < sizeof(things) / sizeof(*things); i++) {
		if (strcmp(things[i].name, argv[1]) == 0)
			return things[i].run(argv + 2);
	}
	fprintf(stderr, "usage: around THING WORD...\n");
	return 98;
}
