/* SPDX-License-Identifier: MIT */
/*
 * around: run a command with something around it that a shell cannot make.
 *
 *	around leaks CMD...		with descriptors left open: a socket (7), half a pair (8), the
 *					root directory (63), a network namespace (900)
 *	around listener ADDRESS CMD...	while somebody listens at ADDRESS: "@name" is abstract, "/path"
 *					a file, "127.0.0.1:0" is a port of the kernel's choice. The
 *					word ADDRESS in CMD stands for where it is.
 *	around outsider CMD...		beside a process whose pid the word PID stands for, and which
 *					descriptor 9 is; says at the end whether that was "killed"
 *					or is "alive"
 *	around passing DIR CMD...	with a socket as standard input, over which the directory DIR
 *					is passed
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
#include <sys/stat.h>
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

/* "@name" or "/path": the first byte of an abstract address is a zero. */
static void listen_unix(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	if (fd < 0 || len >= sizeof(sun.sun_path))
		fail("socket");
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	umask(0);
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

static void replace(char *argv[], const char *name, char *text)
{
	for (char **word = argv; *word; word++) {
		if (strcmp(*word, name) == 0)
			*word = text;
	}
}

static int around_listener(char *argv[])
{
	char address[128];
	int status;

	if (!argv[0])
		execute(argv);
	if (argv[0][0] == '@' || argv[0][0] == '/') {
		listen_unix(argv[0]);
		snprintf(address, sizeof(address), "%s", argv[0]);
	} else {
		snprintf(address, sizeof(address), "%.*s:%d", (int)strcspn(argv[0], ":"), argv[0],
			 listen_inet(argv[0]));
	}
	replace(argv, "ADDRESS", address);
	status = run(argv + 1);
	if (address[0] == '/')
		unlink(address);
	return status;
}

/* A process that does nothing. */
static pid_t bystander(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/*
 * A process dies of the first fatal signal that it is sent. So SIGTERM at the end finds out
 * whether there was a SIGKILL before, without waiting for anything.
 */
static void say_fate(pid_t pid)
{
	kill(pid, SIGTERM);
	puts(wait_for(pid) == 128 + SIGTERM ? "alive" : "killed");
}

static int around_outsider(char *argv[])
{
	pid_t pid = bystander();
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status;
	char number[16];

	if (fd < 0 || (fd != 9 && dup2(fd, 9) < 0) || fcntl(9, F_SETFD, 0) < 0)
		fail("open a process");
	snprintf(number, sizeof(number), "%d", (int)pid);
	replace(argv, "PID", number);
	status = run(argv);
	say_fate(pid);
	return status;
}

static int around_sibling(char *argv[])
{
	pid_t sibling = bystander(), pid;
	int status;

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
	say_fate(sibling);
	return status;
}

static void pass(int socket, int fd)
{
	union {
		char buffer[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec data = { (char[]){ 'x' }, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.buffer,
		.msg_controllen = sizeof(control.buffer),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) < 0)
		fail("pass a descriptor");
}

static int around_passing(char *argv[])
{
	int fd = argv[0] ? open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, pair[2];

	if (fd < 0)
		fail("open a directory");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || dup2(pair[1], 0) < 0)
		fail("socket");
	pass(pair[0], fd);
	return run(argv + 1);
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

static int around_leaks(char *argv[])
{
	const int numbers[] = { 7, 8, 63, 900 };
	int pair[2], fds[] = {
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ? -1 : pair[0],
		open("/", O_PATH | O_CLOEXEC),
		open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC),
	};

	for (int i = 0; i < 4; i++) {
		if (fds[i] < 0 || (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 1000)) < 0)
			fail("open descriptors");
	}
	for (int i = 0; i < 4; i++)
		if (dup2(fds[i], numbers[i]) < 0)
			fail("open descriptors");
	execute(argv);
	return 0;
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
	{ "leaks", around_leaks },
	{ "listener", around_listener },
	{ "nothing", around_nothing },
	{ "outsider", around_outsider },
	{ "passing", around_passing },
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
