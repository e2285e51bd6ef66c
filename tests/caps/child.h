/* SPDX-License-Identifier: MIT */
/*
 * What the tests of caps/ share: acts that happen in a child, since they cannot be undone.
 *
 * An act returns 0 or an errno (or a small number of its own) and reports by exit status, so
 * nothing but a number comes back. To look at what exec does, the test program runs itself
 * again with CAPS_TEST_HELPER set, and a constructor acts instead of the tests.
 */
#ifndef TESTS_CAPS_CHILD_H
#define TESTS_CAPS_CHILD_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define ORDINARY     64999 /* an id that nobody has */
#define OTHER	     64998
#define HELPER	     "CAPS_TEST_HELPER"

#define maybe_unused __attribute__((unused))

/* Exit status of FN(ARG) in a child, or 128 + the signal that ended it. */
static maybe_unused int in_child(int (*fn)(const void *), const void *arg)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return 255;
	if (pid == 0)
		_exit(fn(arg));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 255;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* From root only; all three ids, no groups. Dumpable, as an ordinary program is. */
static maybe_unused int become_ordinary(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(ORDINARY, ORDINARY, ORDINARY) < 0)
		return errno;
	if (setresuid(ORDINARY, ORDINARY, ORDINARY) < 0)
		return errno;
	return prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL) < 0 ? errno : 0;
}

/* Run PATH (NULL: this program) as helper WHAT. */
static maybe_unused int exec_helper(const char *path, const char *what)
{
	char name[] = "helper";
	char *argv[] = { name, NULL };

	setenv(HELPER, what, 1);
	execv(path ? path : "/proc/self/exe", argv);
	return errno;
}

#define SYSCALL_ARG(n) ((unsigned int)offsetof(struct seccomp_data, args[n]))

/*
 * From now on, system call NR does nothing and returns -ERROR (0 is the lie "success"), when
 * the low half of its argument ARG is VALUE, or always when ARG is -1.
 */
struct lie {
	long nr;
	int arg;
	unsigned int value;
	unsigned int error;
};

static maybe_unused int tell_lie(const struct lie *lie)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)lie->nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SYSCALL_ARG(lie->arg < 0 ? 0 : lie->arg)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, lie->value, 0, lie->arg < 0 ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | lie->error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	/* Root may without, and some acts are about this very bit. */
	if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		return errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? errno : 0;
}

/* Make a private directory that others may search; its name goes into BUF. */
static maybe_unused int make_dir(char *buf, size_t size)
{
	static const char template[] = "/tmp/caps-test.XXXXXX";

	if (size < sizeof(template))
		return ERANGE;
	memcpy(buf, template, sizeof(template));
	if (!mkdtemp(buf) || chmod(buf, 0755) < 0)
		return errno;
	return 0;
}

static maybe_unused int write_at(int dir, const char *path, const char *text, size_t len)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t written;

	if (fd < 0)
		return errno;
	written = write(fd, text, len);
	close(fd);
	return written == (ssize_t)len ? 0 : EIO;
}

/* Copy this program to PATH. */
static maybe_unused int copy_self(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t len = -1;
	char buf[65536];

	if (from >= 0 && to >= 0) {
		while ((len = read(from, buf, sizeof(buf))) > 0) {
			if (write(to, buf, (size_t)len) != len)
				break;
		}
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return len == 0 ? 0 : EIO;
}

#endif
