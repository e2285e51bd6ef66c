/* SPDX-License-Identifier: MIT */
/*
 * intrude: the acts of contain_*.sh that are more than one call, or one of many.
 *
 *	intrude calls			make each call that no sandboxed program needs, with -1 for each
 *					argument: where nobody stops it, the kernel says what is wrong
 *					with them. Lines "NAME ERRNO", or "NAME SIGSYS".
 *	intrude reached FROM TO		the numbers of those that were answered with anything but
 *					EPERM, ENOSYS or death
 *	intrude opened r|w PATH...	those of the files that can be opened; no more is done to them
 *	intrude ACT [OPERAND [SECOND]]	the acts at the end of this file
 *
 * As act does, it says "ok" or the name of an errno, with status 0 or 1; some print what they found.
 */
#include "tests/system/act.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define HIGH (1L << 32) /* what the kernel does not see of an int */

static char **rest; /* all from there on */

/* ---- calls ---- */

#define CALL(name)                 \
	{                          \
#name, __NR_##name \
	}
#define NEW(name, number)     \
	{                     \
#name, number \
	} /* newer than the headers; the same on all machines */

/*
 * None of these does anything with -1 everywhere: pointers are bad, descriptors closed, pids
 * nobody's. (kill(-1) and personality(-1) would, and vhangup() has no arguments.)
 */
static const struct {
	const char *name;
	long number;
} calls[] = {
	/* clang-format off */
	/* mounts and roots */
	CALL(chroot), CALL(fsconfig), CALL(fsmount), CALL(fsopen), CALL(fspick), CALL(mount),
	CALL(mount_setattr), CALL(move_mount), CALL(open_tree), CALL(pivot_root), CALL(umount2),
	NEW(open_tree_attr, 467), NEW(statmount, 457), NEW(listmount, 458), NEW(listns, 470),
	/* namespaces */
	CALL(setns), CALL(unshare),
	/* other processes */
	CALL(kcmp), CALL(pidfd_getfd), CALL(process_madvise), CALL(process_mrelease),
	CALL(process_vm_readv), CALL(process_vm_writev), CALL(ptrace), CALL(migrate_pages),
	CALL(move_pages),
	/* the machine */
	CALL(acct), CALL(adjtimex), CALL(clock_adjtime), CALL(clock_settime), CALL(delete_module),
	CALL(finit_module), CALL(init_module), CALL(kexec_load), CALL(quotactl), CALL(reboot),
	CALL(setdomainname), CALL(sethostname), CALL(settimeofday), CALL(swapoff), CALL(swapon),
	CALL(syslog), CALL(quotactl_fd),
#ifdef __NR_iopl
	CALL(ioperm), CALL(iopl),
#endif
	/* the kernel's own programs, rings, keys, watchers */
	CALL(add_key), CALL(bpf), CALL(fanotify_init), CALL(fanotify_mark), CALL(io_uring_enter),
	CALL(io_uring_register), CALL(io_uring_setup), CALL(keyctl), CALL(name_to_handle_at),
	CALL(open_by_handle_at), CALL(perf_event_open), CALL(request_key), CALL(seccomp),
	CALL(userfaultfd), CALL(vmsplice), NEW(lsm_set_self_attr, 460),
	/* clang-format on */
};

/* What came of a call that is made by a child: it may die of it, or never come back. */
static int outcome(long number)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(10);
		_exit(syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno & 255 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(2);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGSYS)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static long act_calls(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int what = outcome(calls[i].number);
		const char *name = strerrorname_np(what);

		printf("%s %s\n", calls[i].name, what < 0 ? "SIGSYS" : name ? name : "ok");
	}
	exit(0);
}

static long act_reached(void)
{
	for (long number = atol(operand); number <= atol(second); number++) {
		int what = outcome(number);

		if (what != EPERM && what != ENOSYS && what != -SIGSYS)
			printf("%ld ", number);
	}
	puts("");
	exit(0);
}

/* ---- the same calls with something above what the kernel looks at ---- */

static long act_clone_user_high(void)
{
	long pid = syscall(SYS_clone, HIGH | CLONE_NEWUSER | SIGCHLD, 0L, 0L, 0L, 0L);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long act_personality_high(void)
{
	return syscall(SYS_personality, HIGH | READ_IMPLIES_EXEC);
}

/* OPERAND is an option that takes a number. */
static long act_prctl(void)
{
	return syscall(SYS_prctl, strtol(operand, NULL, 0), 0L, 0L, 0L, 0L);
}

static long act_prctl_high(void)
{
	return syscall(SYS_prctl, HIGH | strtol(operand, NULL, 0), 0L, 0L, 0L, 0L);
}

static long act_prctl_name_high(void)
{
	return syscall(SYS_prctl, HIGH | PR_SET_NAME, "renamed", 0L, 0L, 0L);
}

/* A device, though the upper half of "mode" says nothing of it. */
static long act_mknod_high(void)
{
	return syscall(SYS_mknodat, (long)AT_FDCWD, operand, HIGH | S_IFCHR | 0600L, 0x103L);
}

/* ---- filters ---- */

/* A filter of our own that asks us: it could overrule one that asks somebody else. */
static long act_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L); /* inside it is set, and prctl() forbidden */
	return syscall(SYS_seccomp, (long)SECCOMP_SET_MODE_FILTER,
		       (long)SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void *in_thread(void *arg)
{
	syscall(SYS_ptrace, -1L, -1L, -1L, -1L);
	return arg;
}

/* Does a thread that dies of the filter leave the others alive? */
static long act_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, in_thread, NULL);
	if (errno)
		return -1;
	pthread_join(thread, NULL);
	return 0;
}

/* Each family of which there is a socket. */
static long act_families(void)
{
	for (int family = 0; family < 64; family++) {
		static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

		for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
			if (syscall(SYS_socket, (long)family, (long)types[i], 0L) >= 0) {
				printf("%d ", family);
				break;
			}
		}
	}
	puts("");
	exit(0);
}

/* ---- other processes ---- */

static long act_kill(void)
{
	return kill((pid_t)atoi(operand), SIGKILL);
}

/* All that we may signal; not ourselves. The shell that started it looks who is left. */
static long act_kill_all(void)
{
	return kill(-1, SIGKILL);
}

/* PID 1 of where we are: does it still answer afterwards? */
static long act_kill_init(void)
{
	kill(1, SIGSTOP);
	return kill(1, SIGKILL);
}

/* A process by the descriptor OPERAND. */
static long act_kill_by_descriptor(void)
{
	return syscall(SYS_pidfd_send_signal, (long)atoi(operand), (long)SIGKILL, NULL, 0L);
}

static long act_trace(void)
{
	return ptrace(PTRACE_SEIZE, (pid_t)atoi(operand), NULL, NULL);
}

/* A child of our parent, which does not know of it. */
static long act_clone_parent(void)
{
	long pid = syscall(SYS_clone, (long)(CLONE_PARENT | SIGCHLD), 0L, 0L, 0L, 0L);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long act_real_time(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &param);
}

/*
 * Say so, and then hold on to what we have: no death with the parent, no signal that can be
 * ignored or blocked, a session of our own, an orphan.
 */
static long act_cling(void)
{
	sigset_t all;

	if (fork() != 0)
		return pause();
	prctl(PR_SET_PDEATHSIG, 0L);
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	puts("clinging");
	fflush(stdout);
	return pause();
}

/* ---- descriptors and sockets ---- */

/* Any descriptor from 0 up that is a directory, as a way to the file. */
static long act_by_descriptor(void)
{
	errno = EBADF;
	for (int fd = 0; fd < 1024; fd++) {
		if (openat(fd, operand, O_RDONLY | O_CLOEXEC) >= 0)
			return 0;
	}
	return -1;
}

/* What we were given to read, opened again to be written. */
static long act_reopen(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%.8s", operand);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* A descriptor that comes over the socket which is standard input; or -1. */
static int receive(void)
{
	union {
		char buffer[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.buffer,
		.msg_controllen = sizeof(control.buffer),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(0, &message, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	errno = ENOMSG;
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* A directory that somebody passes us, as a way to the file OPERAND in it. */
static long act_by_message(void)
{
	int fd = receive();

	return fd < 0 ? -1 : openat(fd, operand, O_RDONLY | O_CLOEXEC);
}

/* Connect and send at once, past those who only look at connect(). */
static long act_fast_open(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *port = strchr(operand, ':');

	if (fd < 0)
		return -1;
	sin.sin_port = htons((uint16_t)atoi(port ? port + 1 : ""));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&sin, sizeof(sin));
}

static long act_pair(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
}

static long act_find_queue(void)
{
	return mq_open(operand, O_RDONLY);
}

static long act_make_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };

	return mq_open(operand, O_CREAT | O_EXCL | O_RDONLY, 0666, &attr);
}

static long act_remove_queue(void)
{
	return mq_unlink(operand);
}

/* The console's keyboard and clipboard, if standard input were a console. */
static long act_tioclinux(void)
{
	char paste = 3;

	return ioctl(0, TIOCLINUX, &paste);
}

static long act_take_terminal(void)
{
	return ioctl(0, TIOCSCTTY, 0);
}

/* ---- the root, and what is in it ---- */

/* The way out of a chroot: a second one, at SECOND, leaves the working directory above. */
static long act_chroot_twice(void)
{
	if (chroot(second) < 0)
		return -1;
	for (int i = 0; i < 64; i++) {
		if (chdir("..") < 0)
			return -1;
	}
	if (chroot(".") < 0)
		return -1;
	return open(operand, O_RDONLY | O_CLOEXEC);
}

static long act_opened(void)
{
	int mode = operand[0] == 'w' ? O_WRONLY : O_RDONLY;

	for (char **path = rest; *path; path++) {
		int fd = open(*path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0) {
			puts(*path);
			close(fd);
		}
	}
	exit(0);
}

/* A file system of the type OPERAND, at SECOND. */
static long act_mount(void)
{
	return mount("none", second, operand, 0, strcmp(operand, "cgroup") ? NULL : "none,name=x");
}

/* In a PID namespace of one's own it is PID 1 of that which dies of it. */
static long act_reboot(void)
{
	return reboot(RB_AUTOBOOT);
}

/* As many files in the directory OPERAND as SECOND says: the error of the first too many. */
static long act_files(void)
{
	char name[256];

	for (long i = 0; i < atol(second); i++) {
		int fd;

		snprintf(name, sizeof(name), "%.200s/%ld", operand, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* A file OPERAND, as large as SECOND bytes. */
static long act_fill(void)
{
	int fd = open(operand, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : fallocate(fd, 0, 0, atol(second));
}

/* Attributes are memory of the kernel's that no size of a tmpfs counted before 6.6. */
static long act_attribute(void)
{
	return setxattr(operand, "user.x", "x", 1, 0);
}

/* A lease: whoever opens the file waits for us. */
static long act_lease(void)
{
	int fd = open(operand, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_SETLEASE, F_WRLCK);
}

static long act_lock(void)
{
	int fd = open(operand, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
}

/* ---- powers ---- */

/* All capabilities that a bounding set could hold, asked for at once. */
static long act_capset(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	data[0].effective = data[0].permitted = 1U << CAP_SYS_ADMIN | 1U << CAP_CHOWN;
	return syscall(SYS_capset, &header, data);
}

static long act_ambient(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (long)CAP_CHOWN, 0L, 0L);
}

/* Unlock and clear what says that uid 0 is nobody special. */
static long act_securebits(void)
{
	return prctl(PR_SET_SECUREBITS, 0L, 0L, 0L, 0L);
}

/* What being executed gave us: another user, another group, any capability? */
static long act_powers(void)
{
	char line[256];
	const char *some = "none";
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status)) {
		if (strncmp(line, "CapPrm:", 7) == 0 && strtoull(line + 7, NULL, 16) != 0)
			some = "some";
	}
	printf("%s %s %s\n", geteuid() == getuid() ? "same" : "other",
	       getegid() == getgid() ? "same" : "other", status ? some : "unknown");
	exit(0);
}

/* A set-user-ID and set-group-ID file OPERAND, made as SECOND says. */
static long act_make_setuid(void)
{
	mode_t mode = 06755;
	int fd;

	umask(0);
	if (strcmp(second, "open") == 0)
		return open(operand, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
	if (strcmp(second, "mknod") == 0)
		return mknod(operand, S_IFREG | mode, 0);
	fd = open(operand, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);
	if (fd < 0)
		return -1;
	if (strcmp(second, "chmod") == 0)
		return chmod(operand, mode);
	if (strcmp(second, "fchmod") == 0)
		return fchmod(fd, mode);
	if (strcmp(second, "fchmodat") == 0)
		return fchmodat(AT_FDCWD, operand, mode, 0);
	if (strcmp(second, "fchmodat2") == 0)
		return syscall(452L, (long)AT_FDCWD, operand, mode, 0L); /* since Linux 6.6 */
	if (strcmp(second, "chown") == 0)
		return fchown(fd, 0, 0);
	errno = EINVAL;
	return -1;
}

static const struct act acts[] = {
	{ "ambient", act_ambient },
	{ "attribute", act_attribute },
	{ "by-descriptor", act_by_descriptor },
	{ "by-message", act_by_message },
	{ "calls", act_calls },
	{ "capset", act_capset },
	{ "chroot-twice", act_chroot_twice },
	{ "cling", act_cling },
	{ "clone-parent", act_clone_parent },
	{ "clone-user-high", act_clone_user_high },
	{ "families", act_families },
	{ "fast-open", act_fast_open },
	{ "files", act_files },
	{ "fill", act_fill },
	{ "find-queue", act_find_queue },
	{ "kill", act_kill },
	{ "kill-all", act_kill_all },
	{ "kill-by-descriptor", act_kill_by_descriptor },
	{ "kill-init", act_kill_init },
	{ "lease", act_lease },
	{ "listener", act_listener },
	{ "lock", act_lock },
	{ "make-queue", act_make_queue },
	{ "make-setuid", act_make_setuid },
	{ "mknod-high", act_mknod_high },
	{ "mount", act_mount },
	{ "opened", act_opened },
	{ "pair", act_pair },
	{ "personality-high", act_personality_high },
	{ "powers", act_powers },
	{ "prctl", act_prctl },
	{ "prctl-high", act_prctl_high },
	{ "prctl-name-high", act_prctl_name_high },
	{ "reached", act_reached },
	{ "real-time", act_real_time },
	{ "reboot", act_reboot },
	{ "remove-queue", act_remove_queue },
	{ "reopen", act_reopen },
	{ "securebits", act_securebits },
	{ "take-terminal", act_take_terminal },
	{ "thread", act_thread },
	{ "tioclinux", act_tioclinux },
	{ "trace", act_trace },
	{ NULL, NULL },
};

int main(int argc, char *argv[])
{
	rest = argv + (argc > 3 ? 3 : argc);
	return commit_act(acts, argc, argv);
}
