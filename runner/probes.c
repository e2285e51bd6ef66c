/* SPDX-License-Identifier: MIT */
/*
 * Probes of calls and of their flags: each is a call that cannot succeed, for a reason which only
 * a kernel that knows the call, or the flag, gives.
 *
 * seccomp(2) looks at its flags before it reads the filter, which is NULL: EFAULT, or EINVAL.
 * clone3(2) is told to put the child into a cgroup that is no descriptor: EBADF comes when all
 * flags have been looked at, and before there is a child. What supervises a filter looks at a
 * notification's flags before it looks for the notification.
 */
#include "runner/probes.h"

#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#ifndef LANDLOCK_CREATE_RULESET_ERRATA
#define LANDLOCK_CREATE_RULESET_ERRATA (1U << 1) /* since Linux 6.15 */
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64) /* since Linux 6.6 */
#endif
#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000 /* since Linux 6.14 */
#endif

#define NO_CGROUP 0x7ffffffe /* no descriptor, and not -1 */

int probe_answer(long ret)
{
	return ret < 0 ? errno : 0;
}

int probe_call(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(syscall((long)row->arg, -1L, 0L, 0L, 0L, 0L, 0L));
}

int probe_clone3(const struct feature *row, char *value)
{
	int pidfd;
	struct clone_args args = {
		.flags = row->arg | CLONE_INTO_CGROUP,
		.pidfd = (uintptr_t)&pidfd,
		.cgroup = NO_CGROUP,
	};

	(void)value;
	return probe_answer(syscall(SYS_clone3, &args, sizeof(args)));
}

int probe_close_range(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(syscall(SYS_close_range, ~0u, ~0u, (unsigned int)row->arg));
}

int probe_openat2(const struct feature *row, char *value)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = row->arg };

	(void)value;
	return probe_answer(syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how)));
}

int probe_memfd(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(memfd_create("probe", MFD_CLOEXEC | (unsigned int)row->arg));
}

int probe_pidfd(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(syscall(SYS_pidfd_open, getpid(), (unsigned int)row->arg));
}

int probe_waitid(const struct feature *row, char *value)
{
	siginfo_t info;

	(void)value;
	return probe_answer(waitid((idtype_t)row->arg, INT_MAX - 1, &info, WEXITED | WNOHANG));
}

int probe_prctl(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(prctl((int)(row->arg & 0xffff), row->arg >> 16, 0ul, 0ul, 0ul));
}

/* Nothing is executed: the file is a directory. */
int probe_exec_check(const struct feature *row, char *value)
{
	char *none[] = { NULL };

	(void)value;
	return probe_answer(
		syscall(SYS_execveat, AT_FDCWD, row->object, none, none, AT_EXECVE_CHECK));
}

int probe_keys(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(syscall(SYS_keyctl, row->arg, KEY_SPEC_SESSION_KEYRING, 0ul, 0ul, 0ul));
}

/* ---- seccomp ---- */

int probe_filter(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(prctl(PR_SET_SECCOMP, row->arg, NULL));
}

int probe_filter_flag(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned int)row->arg, NULL));
}

int probe_action(const struct feature *row, char *value)
{
	int available = bpf_action_available((uint32_t)row->arg);

	(void)value;
	return available > 0 ? 0 : available == 0 ? EOPNOTSUPP : -available;
}

/* The descriptor of a filter that allows all; -1. */
static int listen_to_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &prog);
}

int probe_notify_answer(const struct feature *row, char *value)
{
	struct seccomp_notif_resp answer = { .flags = (unsigned int)row->arg };
	int fd = listen_to_filter();

	(void)value;
	return probe_answer(fd < 0 ? fd : ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

int probe_notify_addfd(const struct feature *row, char *value)
{
	struct seccomp_notif_addfd add = { .srcfd = ~0u, .flags = (unsigned int)row->arg };
	int fd = listen_to_filter();

	(void)value;
	return probe_answer(fd < 0 ? fd : ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
}

int probe_notify_flags(const struct feature *row, char *value)
{
	int fd = listen_to_filter();

	(void)value;
	return probe_answer(fd < 0 ? fd : ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, row->arg));
}

/* ---- Landlock, capabilities ---- */

int probe_landlock(const struct feature *row, char *value)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0)
		return errno;
	if (row->object)
		snprintf(value, FEATURE_VALUE, "%ld", abi);
	return abi >= (long)row->arg ? 0 : EOPNOTSUPP;
}

int probe_errata(const struct feature *row, char *value)
{
	long mask = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_ERRATA);

	(void)row;
	if (mask >= 0)
		snprintf(value, FEATURE_VALUE, "%#lx", mask);
	return probe_answer(mask);
}

int probe_last_cap(const struct feature *row, char *value)
{
	int last = caps_last();

	snprintf(value, FEATURE_VALUE, "%d", last);
	return last >= (int)row->arg ? 0 : EINVAL;
}
