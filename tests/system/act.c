/* SPDX-License-Identifier: MIT */
/*
 * act: commit one hostile act, and say what the kernel answered.
 *
 * Run inside a sandbox it shows that a wall stands; run outside, that the act is one that
 * works where there is no wall. "ok" and status 0: it succeeded; the name of an errno and
 * status 1: it was refused. A filter that kills shows in how the process ended.
 */
#include "tests/system/act.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>

static long act_int80(void)
{
#if defined(__x86_64__)
	long ret;

	/* 20 is getpid in the i386 table, and writev in the x86_64 one. */
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	if (ret < 0) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static long act_x32(void)
{
	return syscall(0x40000000 | 39);
}

static long act_high_number(void)
{
	return syscall(-1);
}

static long act_new_number(void)
{
	return syscall(1000);
}

static long act_socket(void)
{
	return syscall(SYS_socket, (long)AF_INET, (long)SOCK_STREAM, 0L);
}

static long act_socket_high(void)
{
	return syscall(SYS_socket, (1L << 32) | AF_INET, (long)SOCK_STREAM, 0L);
}

static long act_netlink_high(void)
{
	return syscall(SYS_socket, (1L << 32) | AF_NETLINK, (long)SOCK_RAW, 0L);
}

static long act_tiocsti(void)
{
	return syscall(SYS_ioctl, 0L, (long)TIOCSTI, "x");
}

static long act_tiocsti_high(void)
{
	return syscall(SYS_ioctl, 0L, (1L << 32) | TIOCSTI, "x");
}

static long act_isatty(void)
{
	struct termios term;

	return ioctl(0, TCGETS, &term);
}

static long act_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long act_clone_user(void)
{
	long pid = syscall(SYS_clone, (long)(CLONE_NEWUSER | SIGCHLD), 0L, 0L, 0L, 0L);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long act_clone3(void)
{
	uint64_t args[11] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid;
}

static long act_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static long act_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* Outside, only to be done in a mount namespace of one's own. */
static long act_mount(void)
{
	return mount("none", operand, "tmpfs", 0, NULL);
}

static long act_fsopen(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0L);
}

static long act_open_tree(void)
{
	return syscall(SYS_open_tree, (long)AT_FDCWD, "/", 0L);
}

static long act_chroot(void)
{
	return chroot("/");
}

static long act_setns(void)
{
	return setns(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), 0);
}

static long act_read(void)
{
	char byte;
	int fd = open(operand, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? -1 : read(fd, &byte, 1);
}

/* Opened for writing, and not written to: what it would change may be the host's. */
static long act_write(void)
{
	return open(operand, O_WRONLY | O_NONBLOCK);
}

static long act_create(void)
{
	return open(operand, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static long act_kill_group(void)
{
	return kill(0, SIGKILL);
}

static long act_read_fd(void)
{
	char byte;

	return read(atoi(operand), &byte, 1);
}

static long act_getpid(void)
{
	return syscall(SYS_getpid);
}

static long act_keyctl(void)
{
	return syscall(SYS_keyctl, (long)KEYCTL_GET_KEYRING_ID, (long)KEY_SPEC_SESSION_KEYRING, 1L);
}

static long act_find_key(void)
{
	return syscall(SYS_keyctl, (long)KEYCTL_SEARCH, (long)KEY_SPEC_SESSION_KEYRING, "user",
		       operand, 0L);
}

static long act_bpf(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY };

	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	return syscall(SYS_bpf, (long)BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long act_io_uring(void)
{
	struct io_uring_params params = { 0 };

	return syscall(SYS_io_uring_setup, 1L, &params);
}

static long act_memfd(void)
{
	return memfd_create("act", MFD_CLOEXEC);
}

static long act_personality(void)
{
	return personality(READ_IMPLIES_EXEC);
}

static long act_read_process(void)
{
	char from = 'x', to;
	struct iovec remote = { &from, 1 }, local = { &to, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
}

/* "A.B.C.D:PORT" */
static long connect_inet(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char host[32] = "";
	int port = 0;

	if (fd < 0)
		return -1;
	if (sscanf(operand, "%31[0-9.]:%d", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &sin.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	sin.sin_port = htons((uint16_t)port);
	return connect(fd, (struct sockaddr *)&sin, sizeof(sin));
}

static long act_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(operand);
	int fd;

	if (operand[0] != '@' && operand[0] != '/')
		return connect_inet();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || len >= sizeof(sun.sun_path))
		return -1;
	/* "@name" is an abstract address. */
	memcpy(sun.sun_path, operand, len);
	if (operand[0] == '@')
		sun.sun_path[0] = '\0';
	return connect(fd, (struct sockaddr *)&sun,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

static long act_mknod(void)
{
	return mknod(operand, S_IFCHR | 0600, 0x103);
}

static long act_mkfifo(void)
{
	return mkfifo(operand, 0600);
}

static long act_setuid_root(void)
{
	return setuid(0);
}

/* Not an act but what came of one: were we made root by being executed? */
static long act_is_root(void)
{
	errno = EPERM;
	return geteuid() == 0 ? 0 : -1;
}

static long act_may_write(void)
{
	return faccessat(AT_FDCWD, operand, W_OK, AT_EACCESS);
}

/* A file SECOND below the directory that descriptor OPERAND is. */
static long act_read_below(void)
{
	char byte;
	int fd = openat(atoi(operand), second, O_RDONLY);

	return fd < 0 ? -1 : read(fd, &byte, 1);
}

/* Go up and up, and look everywhere for a file. */
static long act_climb(void)
{
	for (int i = 0; i < 64; i++) {
		if (open(operand, O_RDONLY) >= 0)
			return 0;
		if (errno != ENOENT || chdir("..") < 0)
			return -1;
	}
	return -1;
}

static long act_variable(void)
{
	errno = ENOENT;
	return getenv(operand) ? 0 : -1;
}

/* Is the text SECOND in the file OPERAND? */
static long act_find_in(void)
{
	char data[65536];
	ssize_t n;
	int fd = open(operand, O_RDONLY);

	if (fd < 0)
		return -1;
	n = read(fd, data, sizeof(data));
	if (n < 0)
		return -1;
	errno = ENOENT;
	return memmem(data, (size_t)n, second, strlen(second)) ? 0 : -1;
}

/* Are just 0, 1 and 2 open? */
static long act_only_stdio(void)
{
	for (int fd = 0; fd < 4096; fd++) {
		int open = fcntl(fd, F_GETFD) >= 0;

		if (open == (fd < 3))
			continue;
		errno = open ? EEXIST : EBADF;
		return -1;
	}
	return 0;
}

static long act_make_shm(void)
{
	return shmget(atoi(operand), 1, IPC_CREAT | IPC_EXCL | 0666);
}

static long act_find_shm(void)
{
	return shmget(atoi(operand), 0, 0);
}

static long act_abort(void)
{
	abort();
}

static long act_set_limit(void)
{
	uint64_t limit[2] = { 1, 1 };

	return syscall(SYS_prlimit64, 0L, 7L, limit, NULL);
}

static const struct act acts[] = {
	{ "abort", act_abort },
	{ "bpf", act_bpf },
	{ "chroot", act_chroot },
	{ "climb", act_climb },
	{ "clone-user", act_clone_user },
	{ "clone3", act_clone3 },
	{ "connect", act_connect },
	{ "create", act_create },
	{ "find-in", act_find_in },
	{ "find-key", act_find_key },
	{ "find-shm", act_find_shm },
	{ "fork", act_fork },
	{ "fsopen", act_fsopen },
	{ "getpid", act_getpid },
	{ "high-number", act_high_number },
	{ "int80", act_int80 },
	{ "io-uring", act_io_uring },
	{ "is-root", act_is_root },
	{ "isatty", act_isatty },
	{ "keyctl", act_keyctl },
	{ "kill-group", act_kill_group },
	{ "make-shm", act_make_shm },
	{ "may-write", act_may_write },
	{ "memfd", act_memfd },
	{ "mkfifo", act_mkfifo },
	{ "mknod", act_mknod },
	{ "mount", act_mount },
	{ "netlink-high", act_netlink_high },
	{ "new-number", act_new_number },
	{ "only-stdio", act_only_stdio },
	{ "open-tree", act_open_tree },
	{ "personality", act_personality },
	{ "ptrace", act_ptrace },
	{ "read", act_read },
	{ "read-below", act_read_below },
	{ "read-fd", act_read_fd },
	{ "read-process", act_read_process },
	{ "set-limit", act_set_limit },
	{ "setns", act_setns },
	{ "setuid-root", act_setuid_root },
	{ "socket", act_socket },
	{ "socket-high", act_socket_high },
	{ "tiocsti", act_tiocsti },
	{ "tiocsti-high", act_tiocsti_high },
	{ "unshare", act_unshare },
	{ "variable", act_variable },
	{ "write", act_write },
	{ "x32", act_x32 },
	{ NULL, NULL },
};

int main(int argc, char *argv[])
{
	return commit_act(acts, argc, argv);
}
