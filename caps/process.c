/* SPDX-License-Identifier: MIT */
/*
 * What a process inherits beside its credentials: session, keyring, dumpability, descriptors.
 *
 * A shared session shares its terminal (TIOCSTI pushes input into it), and kill(0) reaches
 * the whole process group, even out of a PID namespace. A shared session keyring shares the
 * user's keys. A descriptor left open across exec is a way out past every other wall: from
 * 3 up all are marked close-on-exec, rather than closed, for some are needed until then.
 *
 * setsid(2), keyctl(2), PR_SET_DUMPABLE in prctl(2), close_range(2), getdents(2), proc(5)
 */
#include "caps/caps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <linux/magic.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2) /* since Linux 5.11 */
#endif

#define auto_close __attribute__((cleanup(close_descriptor)))

#define FIRST_FD   3

static void close_descriptor(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/*
 * A leader of a session (EPERM) has what is wanted, if it has no terminal: opening /dev/tty
 * says so. Where there is no such file to ask, nothing is proved.
 */
static int leads_without_terminal(void)
{
	int auto_close fd = -1;

	if (getsid(0) != getpid())
		return -EPERM;
	fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 && errno == ENXIO ? 0 : -EPERM;
}

int caps_new_session(void)
{
	if (setsid() < 0)
		return errno == EPERM ? leads_without_terminal() : -errno;
	if (getsid(0) != getpid() || getpgrp() != getpid())
		return -ENOTRECOVERABLE;
	return 0;
}

/* Not by force (an argument of 1): a terminal that controls another session is not ours. */
int caps_take_terminal(int fd)
{
	pid_t session;

	if (ioctl(fd, TIOCSCTTY, 0) < 0 || ioctl(fd, TIOCGSID, &session) < 0)
		return -errno;
	return session == getpid() ? 0 : -ENOTRECOVERABLE;
}

/* Is a call that reads its first word from memory not there at all, or forbidden? */
static bool is_gone(long call)
{
	return syscall(call, NULL, NULL, NULL, 0UL, 0UL) < 0 && (errno == ENOSYS || errno == EPERM);
}

/*
 * The ids of keyrings are positive; a named one could be joined by others, NULL is new. No key
 * can be reached without all three calls: a kernel built so, or a container's filter.
 */
int caps_new_keyring(void)
{
	long joined, now;
	int error;

	joined = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0UL, 0UL, 0UL);
	if (joined < 0) {
		error = -errno;
		if (error != -ENOSYS && error != -EPERM)
			return error;
		return is_gone(SYS_add_key) && is_gone(SYS_request_key) ? 0 : error;
	}
	now = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0UL, 0UL, 0UL);
	if (now < 0)
		return -errno;
	return now == joined ? 0 : -ENOTRECOVERABLE;
}

int caps_set_dumpable(bool on)
{
	int now;

	if (prctl(PR_SET_DUMPABLE, on ? 1UL : 0UL, 0UL, 0UL, 0UL) < 0)
		return -errno;
	now = prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
	if (now < 0)
		return -errno;
	return now == (on ? 1 : 0) ? 0 : -ENOTRECOVERABLE;
}

/* ---- descriptors ---- */

/* -EBADF: there is none. */
static int mark(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	if (flags & FD_CLOEXEC)
		return 0;
	if (fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return -errno;
	flags = fcntl(fd, F_GETFD);
	if (flags < 0)
		return -errno;
	return flags & FD_CLOEXEC ? 0 : -ENOTRECOVERABLE;
}

/*
 * One call for all. The proof is a descriptor made without the mark just for it: afterwards
 * it must have the mark. EINVAL from 5.9 and 5.10, which have the call but not the flag.
 */
static int mark_by_range(void)
{
	int auto_close root = open("/", O_PATH | O_CLOEXEC);
	int auto_close probe = -1;
	int flags;

	if (root < 0)
		return -errno;
	probe = fcntl(root, F_DUPFD, FIRST_FD);
	if (probe < 0)
		return -errno;
	if (syscall(SYS_close_range, (unsigned int)FIRST_FD, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	flags = fcntl(probe, F_GETFD);
	if (flags < 0)
		return -errno;
	return flags & FD_CLOEXEC ? 0 : -ENOTRECOVERABLE;
}

/* What is done with each that is open, from FIRST to LAST; -EBADF: it was not, which is well. */
struct each {
	int first, last;
	int (*act)(int fd);
};

static int act_on(const struct each *each, int fd)
{
	int error = fd < each->first || fd > each->last ? 0 : each->act(fd);

	return error == -EBADF ? 0 : error;
}

/* The names in one buffer of getdents64(), but for DIR's; "." and ".." read as 0, which is not ours. */
static int act_on_entries(const struct each *each, int dir, const char *buf, long len)
{
	const struct dirent64 *entry;
	int fd, error;

	for (long at = 0; at < len; at += entry->d_reclen) {
		entry = (const struct dirent64 *)(const void *)(buf + at);
		fd = atoi(entry->d_name);
		error = fd == dir || fd == 0 ? 0 : act_on(each, fd);
		if (error)
			return error;
	}
	return 0;
}

/* What LISTED, a /proc/self/fd, lists, and then itself; readdir() would allocate. */
static int each_listed(const struct each *each, int listed)
{
	char buf[2048] __attribute__((aligned(8)));
	int auto_close own = -1;
	struct statfs fs;
	long len;
	int error;

	if (listed < 0)
		listed = own = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (listed < 0 || fstatfs(listed, &fs) < 0 || lseek(listed, 0, SEEK_SET) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -ENOENT;
	while ((len = syscall(SYS_getdents64, listed, buf, sizeof(buf))) > 0) {
		error = act_on_entries(each, listed, buf, len);
		if (error)
			return error;
	}
	if (len < 0)
		return -errno;
	return own < 0 ? act_on(each, listed) : 0;
}

/*
 * One more than every number there can be, or -errno. The soft limit says nothing: a descriptor
 * above it stays open when the limit is lowered. 2^20 is what the kernel allows by default
 * (fs.nr_open).
 */
static int end_of_numbers(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit.rlim_max <= 1 << 20)
		return 1 << 20;
	return limit.rlim_max < INT_MAX ? (int)limit.rlim_max : INT_MAX;
}

static int each_number(const struct each *each)
{
	int end = end_of_numbers(), error = 0;

	if (end < 0)
		return end;
	for (int fd = each->first; !error && fd <= each->last && fd < end; fd++)
		error = act_on(each, fd);
	return error;
}

int caps_close_descriptors(void)
{
	const struct each each = { FIRST_FD, INT_MAX, mark };

	if (mark_by_range() == 0 || each_listed(&each, -1) == 0)
		return 0;
	return each_number(&each);
}

/* What it says of the file does not matter: the descriptor is gone. */
static int close_one(int fd)
{
	close(fd);
	return 0;
}

int caps_close_range(int first, int last, int listed)
{
	const struct each each = { first, last, close_one };

	if (syscall(SYS_close_range, (unsigned int)first, (unsigned int)last, 0U) == 0 ||
	    each_listed(&each, listed) == 0)
		return 0;
	return each_number(&each);
}
