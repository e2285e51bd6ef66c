/* SPDX-License-Identifier: MIT */
/*
 * Run a function as the init of new namespaces, as root or as an ordinary user would.
 *
 * The function returns 0 when all was as it should be; CHECK() says what was not. Between the
 * harness and the sandbox is one more process, which takes on the user id, so that nothing
 * of it sticks to the test.
 */
#ifndef TESTS_NS_INSIDE_H
#define TESTS_NS_INSIDE_H

#include "ns/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define ORDINARY     61233 /* nobody's user id: "an ordinary user" when the test is root */
#define UNUSED	     61234 /* the id that root's sandbox gets outside */
#define INSIDE	     1000  /* and its name inside */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAMESPACES   (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)
#define MAYBE_UNUSED __attribute__((unused))

#define CHECK(condition)                                                                       \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			dprintf(2, "# %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, \
				errno);                                                        \
			return 1;                                                              \
		}                                                                              \
	} while (0)

/* EXPRESSION is -1 with the errno WANT. */
#define CHECK_ERRNO(expression, want)      \
	do {                               \
		errno = 0;                 \
		CHECK((expression) == -1); \
		CHECK(errno == (want));    \
	} while (0)

struct inside {
	uid_t uid;	     /* who starts it */
	unsigned long flags; /* CLONE_NEW* */
	int missing;	     /* a system call that is to be ENOSYS, or 0 */
};

typedef int inside_fn(void *arg);

/* Make system call NR fail with ERROR from now on, as an old kernel or a filter does. */
MAYBE_UNUSED static int take_away(int nr, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { COUNT(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) ? -errno : 0;
}

/* Take on the sandbox's id, which the map has given a place outside. */
MAYBE_UNUSED static int become_inside(void)
{
	CHECK(setresgid(INSIDE, INSIDE, INSIDE) == 0);
	CHECK(setresuid(INSIDE, INSIDE, INSIDE) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0); /* our /proc files are ours */
	return 0;
}

static int map_child(pid_t pid, uid_t uid)
{
	uid_t outside = uid ? uid : UNUSED;
	const struct ns_idmap map = { INSIDE, outside, INSIDE, outside, .deny_setgroups = true };
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = ns_idmap_write(proc, pid, &map);

	close(proc);
	return error;
}

static int start_inside(const struct inside *how, inside_fn *fn, void *arg)
{
	int pipefd[2], pidfd, status;
	pid_t pid;
	char go;

	if (how->uid != geteuid()) {
		CHECK(setgroups(0, NULL) == 0);
		CHECK(setresgid(how->uid, how->uid, how->uid) == 0);
		CHECK(setresuid(how->uid, how->uid, how->uid) == 0);
		CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0); /* our /proc files are ours */
	}
	CHECK(pipe2(pipefd, O_CLOEXEC) == 0);
	pid = ns_clone(how->flags, &pidfd);
	CHECK(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(pipefd[1]);
		if (read(pipefd[0], &go, 1) != 1)
			_exit(1);
		if (how->missing && take_away(how->missing, ENOSYS))
			_exit(1);
		_exit(fn(arg));
	}
	if (how->flags & CLONE_NEWUSER)
		CHECK(map_child(pid, how->uid) == 0);
	CHECK(write(pipefd[1], "", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	close(pipefd[0]);
	close(pipefd[1]);
	close(pidfd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* FN's result, as the first process of new namespaces. */
MAYBE_UNUSED static int inside(const struct inside *how, inside_fn *fn, void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(start_inside(how, fn, arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- trees ---- */

/* All but the pivot. */
MAYBE_UNUSED static int build(struct ns_tree *tree)
{
	int error = ns_mounts_private();

	for (size_t i = 0; !error && i < tree->nops; i++)
		error = ns_op_identify(&tree->ops[i]);
	if (!error)
		error = ns_tree_open(tree);
	if (!error && geteuid() != 0 && become_inside())
		error = -EPERM;
	return error ? error : ns_tree_build(tree);
}

MAYBE_UNUSED static int build_and_pivot(struct ns_tree *tree)
{
	int error = build(tree);

	if (!error)
		error = ns_tree_pivot(tree);
	if (error)
		dprintf(2, "# op %zu: %s: %s\n", tree->error.op, tree->error.doing,
			strerror(-error));
	return error;
}

#define TREE(operations)                                                   \
	{                                                                  \
		.ops = (operations), .nops = COUNT(operations), .root = -1 \
	}

/* ---- files ---- */

MAYBE_UNUSED static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t len = (ssize_t)strlen(text);

	if (fd < 0)
		return -1;
	if (write(fd, text, (size_t)len) != len) {
		close(fd);
		return -1;
	}
	return close(fd);
}

/* Does the file PATH hold just TEXT? */
MAYBE_UNUSED static bool holds(const char *path, const char *text)
{
	char buf[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, buf, sizeof(buf));
	close(fd);
	return len == (ssize_t)strlen(text) && memcmp(buf, text, (size_t)len) == 0;
}

MAYBE_UNUSED static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

MAYBE_UNUSED static unsigned long mount_flags(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 ? fs.f_flag : ~0UL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

MAYBE_UNUSED static int remove_tree(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The mounts of this process, as text. */
MAYBE_UNUSED static size_t read_mounts(char *text, size_t size)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	while (fd >= 0 && len + 1 < size && (got = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	close(fd);
	text[len] = '\0';
	return len;
}

#endif
