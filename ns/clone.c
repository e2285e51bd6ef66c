/* SPDX-License-Identifier: MIT */
/*
 * fork() into new namespaces, with a pidfd.
 *
 * The child has a copy of the memory (no CLONE_VM), so nothing that it does is seen by the
 * caller, and it is born inside: no moment exists in which it could act outside. The raw
 * call is used because libc's fork() takes no flags; the caller has one thread. clone() is
 * the fallback where clone3() is missing or filtered. Its lowest byte is the exit signal, so
 * CLONE_NEWTIME (0x80) cannot be said with it, and unshare(2) makes that namespace.
 *
 * clone(2), pidfd_open(2), time_namespaces(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sched.h>

static unsigned long all_kinds(void)
{
	unsigned long flags = 0;

	for (const struct ns_kind *kind = ns_kinds; kind->name; kind++)
		flags |= kind->flag;
	return flags;
}

static long old_clone(unsigned long flags, int *pidfd)
{
	flags |= CLONE_PIDFD | SIGCHLD;
#ifdef __s390x__
	return syscall(SYS_clone, NULL, flags, pidfd, NULL, 0);
#else
	return syscall(SYS_clone, flags, NULL, pidfd, NULL, 0);
#endif
}

pid_t ns_clone(unsigned long flags, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	*pidfd = -1;
	if (flags & ~(all_kinds() & ~(unsigned long)CLONE_NEWTIME))
		return -EINVAL;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && (errno == ENOSYS || errno == EPERM))
		pid = old_clone(flags, pidfd);
	return pid < 0 ? -errno : (pid_t)pid;
}

int ns_new_cgroup(void)
{
	return unshare(CLONE_NEWCGROUP) < 0 ? -errno : 0;
}

int ns_new_time(void)
{
	return unshare(CLONE_NEWTIME) < 0 ? -errno : 0;
}
