/* SPDX-License-Identifier: MIT */
/*
 * What sbrun uses of a kernel, as a table: since when Linux has it, a probe, and what is done
 * without it.
 *
 * A probe is a call that cannot succeed for a reason which only a kernel that knows it gives (a
 * descriptor of -1: EBADF), or one whose effect ends with the child that makes it. Versions
 * are never compared: distributions carry things backwards, and take them out.
 *
 * A kernel says ENOSYS for a call that it does not have. A filter around us may say so, too;
 * when it says EPERM where the kernel never would, it has told on itself.
 */
#include "runner/features.h"

#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/seccomp.h>

#define PROBE_SECONDS 5u

static int answer(long ret)
{
	return ret < 0 ? errno : 0;
}

/* ---- namespaces ---- */

static int probe_namespace(unsigned long flag)
{
	return answer(unshare((int)(CLONE_NEWUSER | flag)));
}

/* With AppArmor's restriction a user namespace can be had, and nothing done in it. */
static int probe_mount(unsigned long arg)
{
	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return -ns_mounts_private();
}

static int probe_proc(unsigned long arg)
{
	int fd, status = 0;
	pid_t pid;

	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return errno;
	pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0) {
		fd = ns_proc_open();
		_exit(fd < 0 ? -fd : 0);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EINTR;
	return WEXITSTATUS(status);
}

/* Asking for a file system that is not there would make the kernel load its module. */
static int probe_overlay(unsigned long arg)
{
	char text[4096];
	int fd = open("/proc/filesystems", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	(void)arg;
	if (n < 0)
		return errno;
	text[n] = '\0';
	if (!strstr(text, "\toverlay\n"))
		return ENODEV;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return answer(mount("overlay", "/", "overlay", MS_RDONLY, "lowerdir=/usr:/etc"));
}

static int probe_cgroup2(unsigned long arg)
{
	struct statfs fs;

	(void)arg;
	if (statfs("/sys/fs/cgroup", &fs) < 0)
		return errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? 0 : ENODEV;
}

/* ---- calls ---- */

static int probe_clone3(unsigned long arg)
{
	return answer(syscall(SYS_clone3, NULL, arg));
}

static int probe_close_range(unsigned long flags)
{
	return answer(syscall(SYS_close_range, ~0u, ~0u, (unsigned int)flags));
}

static int probe_fsopen(unsigned long flags)
{
	return answer(syscall(SYS_fsopen, NULL, (unsigned int)flags));
}

static int probe_open_tree(unsigned long flags)
{
	return answer(syscall(SYS_open_tree, -1, "x", (unsigned int)flags));
}

static int probe_move_mount(unsigned long flags)
{
	return answer(syscall(SYS_move_mount, -1, "x", -1, "x", (unsigned int)flags));
}

static int probe_mount_setattr(unsigned long flags)
{
	return answer(syscall(SYS_mount_setattr, -1, "", (unsigned int)flags, NULL, 0));
}

static int probe_pidfd_signal(unsigned long flags)
{
	return answer(syscall(SYS_pidfd_send_signal, -1, 0, NULL, (unsigned int)flags));
}

static int probe_filter(unsigned long mode)
{
	return answer(prctl(PR_SET_SECCOMP, mode, NULL));
}

static int probe_action(unsigned long action)
{
	int available = bpf_action_available((uint32_t)action);

	return available > 0 ? 0 : available == 0 ? EOPNOTSUPP : -available;
}

static int probe_keys(unsigned long operation)
{
	return answer(syscall(SYS_keyctl, operation, KEY_SPEC_SESSION_KEYRING, 0ul, 0ul, 0ul));
}

static int probe_landlock(unsigned long wall)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		return errno;
	return caps_landlock_walls() & wall ? 0 : EOPNOTSUPP;
}

/* ---- programs ---- */

static int probe_idmap_helpers(unsigned long arg)
{
	(void)arg;
	return answer(
		access("/usr/bin/newuidmap", X_OK) || access("/usr/bin/newgidmap", X_OK) ? -1 : 0);
}

static int probe_pasta(unsigned long arg)
{
	(void)arg;
	return answer(access("/usr/bin/pasta", X_OK));
}

/* clang-format off */
const struct feature features[] = {
{ "user namespaces", "3.8", probe_namespace, 0, 0, EPERM_BLOCKED, true, "" },
{ "... and mounts in them", "3.8", probe_mount, 0, 0, EPERM_BLOCKED, true, "" },
{ "pid namespaces", "2.6.24", probe_namespace, CLONE_NEWPID, 0, EPERM_BLOCKED, true, "" },
{ "net namespaces", "2.6.24", probe_namespace, CLONE_NEWNET, 0, EPERM_BLOCKED, true, "" },
{ "ipc namespaces", "2.6.19", probe_namespace, CLONE_NEWIPC, 0, EPERM_BLOCKED, true, "" },
{ "uts namespaces", "2.6.19", probe_namespace, CLONE_NEWUTS, 0, EPERM_BLOCKED, true, "" },
{ "cgroup namespaces", "4.6", probe_namespace, CLONE_NEWCGROUP, 0, EPERM_BLOCKED, true, "" },
{ "time namespaces", "5.6", probe_namespace, CLONE_NEWTIME, 0, EPERM_BLOCKED, false,
  "the host's clocks, where a policy allows it (allow-degraded time)" },
{ "a new /proc", "3.8", probe_proc, 0, 0, EPERM_BLOCKED, true, "" },
{ "seccomp filters", "3.5", probe_filter, SECCOMP_MODE_FILTER, EFAULT, EPERM_BLOCKED, true, "" },
{ "kill as their action", "4.14", probe_action, SECCOMP_RET_KILL_PROCESS, 0, EPERM_BLOCKED,
  true, "" },
{ "fsopen(2)", "5.2", probe_fsopen, 0, EFAULT, EPERM_HERE, true, "" },
{ "open_tree(2)", "5.2", probe_open_tree, 0, EBADF, EPERM_HERE, true, "" },
{ "move_mount(2)", "5.2", probe_move_mount, 0, EBADF, EPERM_HERE, true, "" },
{ "pidfd_send_signal(2)", "5.1", probe_pidfd_signal, 0, EBADF, EPERM_BLOCKED, false,
  "signals are sent to the pid, which is kept until then" },
{ "clone3(2)", "5.3", probe_clone3, 0, EINVAL, EPERM_BLOCKED, false, "clone(2)" },
{ "close_range(2)", "5.9", probe_close_range, 0, 0, EPERM_BLOCKED, false,
  "descriptors are closed one by one" },
{ "close_range(2), marking", "5.11", probe_close_range, 4, 0, EPERM_BLOCKED, false,
  "descriptors are closed one by one" },
{ "mount_setattr(2)", "5.12", probe_mount_setattr, 0, EINVAL, EPERM_BLOCKED, false,
  "each mount is restricted by itself; no idmap" },
{ "keyrings", "2.6.10", probe_keys, KEYCTL_GET_KEYRING_ID, ENOKEY, EPERM_BLOCKED, false,
  "there are no keys to hide" },
{ "overlays in user namespaces", "5.11", probe_overlay, 0, 0, EPERM_MISSING, false,
  "no overlay, tmp-overlay, ro-overlay" },
{ "Landlock: files", "5.19", probe_landlock, CAPS_LANDLOCK_FILES, 0, EPERM_BLOCKED, false,
  "no second wall around files; mounts are the first" },
{ "Landlock: TCP", "6.7", probe_landlock, CAPS_LANDLOCK_NET, 0, EPERM_BLOCKED, false,
  "no landlock net" },
{ "Landlock: scope", "6.12", probe_landlock, CAPS_LANDLOCK_SCOPE, 0, EPERM_BLOCKED, false,
  "no second wall around abstract sockets and signals" },
{ "cgroup v2 at /sys/fs/cgroup", "4.5", probe_cgroup2, 0, 0, EPERM_BLOCKED, false,
  "limits over all of a sandbox by cgroup v1, or none" },
{ "newuidmap, newgidmap", "", probe_idmap_helpers, 0, 0, EPERM_BLOCKED, false,
  "no uid-map and gid-map but for root (Debian: uidmap)" },
{ "pasta", "", probe_pasta, 0, 0, EPERM_BLOCKED, false,
  "no net pasta, so not the policy network (Debian: passt)" },
{ NULL, NULL, NULL, 0, 0, EPERM_BLOCKED, false, NULL }
};
/* clang-format on */

static enum feature_state state_of(const struct feature *feature, int error)
{
	if (error == 0 || error == feature->here)
		return FEATURE_HERE;
	if (error != EPERM && error != EACCES && error != ENOSPC)
		return FEATURE_MISSING;
	return feature->eperm == EPERM_HERE    ? FEATURE_HERE :
	       feature->eperm == EPERM_MISSING ? FEATURE_MISSING :
						 FEATURE_BLOCKED;
}

enum feature_state feature_ask(const struct feature *feature, int *error)
{
	int status = 0;
	pid_t pid;

	*error = 0;
	pid = fork();
	if (pid < 0) {
		*error = errno;
		return FEATURE_UNCLEAR;
	}
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(PROBE_SECONDS);
		_exit(feature->probe(feature->arg));
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return FEATURE_UNCLEAR;
	}
	if (!WIFEXITED(status))
		return FEATURE_UNCLEAR;
	*error = WEXITSTATUS(status);
	return state_of(feature, *error);
}
