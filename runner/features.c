/* SPDX-License-Identifier: MIT */
/*
 * What sbrun uses of a kernel, and what decides how much a sandbox holds, as a table: since when
 * Linux has it, a probe, and what is done without it.
 *
 * A probe is a call that cannot succeed for a reason which only a kernel that knows it gives (a
 * descriptor of -1: EBADF), or one whose effect ends with the child that makes it. Versions
 * are never compared: distributions carry things backwards, and take them out.
 *
 * A kernel says ENOSYS for a call that it does not have, and so may a filter around us. If
 * there is one, /proc/kallsyms is asked whether the kernel has the function. EPERM where no
 * kernel would say so, and death by SIGSYS, are a filter's own.
 */
#include "runner/features.h"

#include "runner/limits.h"
#include "runner/probes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>

/* What the build's headers may not have yet. Calls from 424 on have one number everywhere. */
#define NR_FCHMODAT2	   452
#define NR_STATMOUNT	   457
#define NR_LISTMOUNT	   458
#define NR_MSEAL	   462
#define NR_OPEN_TREE_ATTR  467
#define NR_LISTNS	   470

#define CLONE_AUTOKILL	   0x1c00001000ul /* AUTOREAP, NNP, PIDFD_AUTOKILL, and PIDFD */
#define CLONE_EMPTY_MNTNS_ 0x2000020000ul /* and NEWNS */
#define SET_GROUP	   0x100	  /* MOVE_MOUNT_* */
#define BENEATH		   0x200
#define NOSYMFOLLOW	   0x00200000
#define NOEXEC_SEAL	   0x8u
#define GET_MDWE	   66
#define WAIT_KILLABLE	   (SECCOMP_FILTER_FLAG_NEW_LISTENER | 0x20)
#define X32_GETPID	   (0x40000000ul | 39)
#define I386_GETPID	   20
#define VSYSCALL_TIME	   0xffffffffff600400ul

#define NEEDED		   FEATURE_NEEDED
#define EPERM_HERE	   FEATURE_EPERM_HERE
#define EPERM_MISSING	   FEATURE_EPERM_MISSING

#define NOT_USED	   "not used"
#define NO_WALL		   "sbrun does not rely on it"

/* clang-format off */
const struct feature features[] = {
{ .name = "Namespaces" },
{ "user namespaces", "3.8", NULL, probe_namespace, 0, 0, NEEDED, "" },
{ "... and mounts in them", "3.8", NULL, probe_mount, 0, 0, NEEDED, "" },
{ "pid namespaces", "2.6.24", NULL, probe_namespace, CLONE_NEWPID, 0, NEEDED, "" },
{ "net namespaces", "2.6.24", NULL, probe_namespace, CLONE_NEWNET, 0, NEEDED, "" },
{ "ipc namespaces", "2.6.19", NULL, probe_namespace, CLONE_NEWIPC, 0, NEEDED, "" },
{ "uts namespaces", "2.6.19", NULL, probe_namespace, CLONE_NEWUTS, 0, NEEDED, "" },
{ "cgroup namespaces", "4.6", NULL, probe_namespace, CLONE_NEWCGROUP, 0, NEEDED, "" },
{ "time namespaces", "5.6", NULL, probe_namespace, CLONE_NEWTIME, 0, 0,
  "the host's clocks, where a policy allows it (allow-degraded time)" },
{ "user.max_user_namespaces", "4.9", "/proc/sys/user/max_user_namespaces", probe_file, 0, 0, 0,
  "there is no limit" },
{ "Debian's unprivileged_userns_clone", "", "/proc/sys/kernel/unprivileged_userns_clone",
  probe_file, 0, 0, 0, "user namespaces are everybody's" },
{ "AppArmor's userns restriction", "",
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", probe_file, 0, 0, 0,
  "AppArmor has no say in it" },
{ "security modules", "4.11", "/sys/kernel/security/lsm", probe_file, 0, 0, 0,
  "not known which are in force" },

{ .name = "Processes" },
{ "clone3(2)", "5.3", "clone3", probe_call, SYS_clone3, EINVAL, 0, "clone(2)" },
{ "clone3(2): PIDFD", "5.2", "clone3", probe_clone3, CLONE_PIDFD, EBADF, 0,
  "clone(2) has it as well" },
{ "clone3(2): CLEAR_SIGHAND", "5.5", "clone3", probe_clone3, CLONE_CLEAR_SIGHAND, EBADF, 0,
  "not used: exec resets what is caught" },
{ "clone3(2): INTO_CGROUP", "5.7", "clone3", probe_clone3, CLONE_INTO_CGROUP, EBADF, 0,
  "init is put there while it waits" },
{ "clone3(2): PIDFD_AUTOKILL", "7.1", "clone3", probe_clone3, CLONE_AUTOKILL, EBADF, 0,
  "the signal of a parent's death, and a pipe" },
{ "clone3(2): EMPTY_MNTNS", "7.1", "clone3", probe_clone3, CLONE_EMPTY_MNTNS_, EBADF, 0,
  "a copy of the mounts, and pivot_root(2)" },
{ "pidfd_open(2)", "5.3", "pidfd_open", probe_call, SYS_pidfd_open, EINVAL, 0,
  "not used: clone makes it" },
{ "pidfd_open(2): THREAD", "6.9", "pidfd_open", probe_pidfd, O_EXCL, 0, 0, NOT_USED },
{ "pidfd_getfd(2)", "5.6", "pidfd_getfd", probe_call, SYS_pidfd_getfd, EBADF, 0, NOT_USED },
{ "pidfd_send_signal(2)", "5.1", "pidfd_send_signal", probe_call, SYS_pidfd_send_signal, EBADF,
  0, "signals are sent to the pid, which is kept until then" },
{ "waitid(2): P_PIDFD", "5.4", NULL, probe_waitid, 3, EBADF, 0, "waitpid(2)" },
{ "close_range(2)", "5.9", "close_range", probe_close_range, 0, 0, 0,
  "descriptors are closed one by one" },
{ "close_range(2): CLOEXEC", "5.11", "close_range", probe_close_range, 4, 0, 0,
  "descriptors are marked one by one" },
{ "no_new_privs", "3.5", NULL, probe_prctl, PR_GET_NO_NEW_PRIVS, 0, NEEDED, "" },
{ "ambient capabilities", "4.3", NULL, probe_prctl, PR_CAP_AMBIENT | PR_CAP_AMBIENT_IS_SET << 16,
  0, NEEDED, "" },
{ "capabilities up to 40", "5.9", NULL, probe_last_cap, 40, 0, 0,
  "those that there are, all are dropped" },
{ "exec check (execveat(2))", "6.14", "/", probe_exec_check, 0, EACCES, 0, NOT_USED },
{ "memory deny write execute", "6.3", NULL, probe_prctl, GET_MDWE, 0, 0,
  "not used: a policy says so of mmap(2)" },
{ "keyrings", "2.6.10", "keyctl", probe_keys, KEYCTL_GET_KEYRING_ID, ENOKEY, 0,
  "there are no keys to hide" },

{ .name = "System-call filters" },
{ "seccomp filters", "3.5", NULL, probe_filter, SECCOMP_MODE_FILTER, EFAULT, NEEDED, "" },
{ "seccomp(2)", "3.17", "seccomp", probe_call, SYS_seccomp, EINVAL, 0,
  "prctl(2), and nothing is known of actions" },
{ "action: kill", "4.14", NULL, probe_action, SECCOMP_RET_KILL_PROCESS, 0, NEEDED, "" },
{ "action: kill-thread", "3.5", NULL, probe_action, SECCOMP_RET_KILL_THREAD, 0, 0,
  "a policy with it is refused" },
{ "action: trap", "3.5", NULL, probe_action, SECCOMP_RET_TRAP, 0, 0,
  "a policy with it is refused" },
{ "action: errno", "3.5", NULL, probe_action, SECCOMP_RET_ERRNO, 0, NEEDED, "" },
{ "action: notify", "5.0", NULL, probe_action, SECCOMP_RET_USER_NOTIF, 0, 0, NOT_USED },
{ "action: trace", "3.5", NULL, probe_action, SECCOMP_RET_TRACE, 0, 0, NOT_USED },
{ "action: log", "4.14", NULL, probe_action, SECCOMP_RET_LOG, 0, 0,
  "a policy with it is refused" },
{ "flag: TSYNC", "3.17", NULL, probe_filter_flag, SECCOMP_FILTER_FLAG_TSYNC, EFAULT, 0,
  "not used: there is one thread" },
{ "flag: LOG", "4.14", NULL, probe_filter_flag, SECCOMP_FILTER_FLAG_LOG, EFAULT, 0, NOT_USED },
{ "flag: SPEC_ALLOW", "4.17", NULL, probe_filter_flag, SECCOMP_FILTER_FLAG_SPEC_ALLOW, EFAULT, 0,
  "not used: mitigations stay on" },
{ "flag: NEW_LISTENER", "5.0", NULL, probe_filter_flag, SECCOMP_FILTER_FLAG_NEW_LISTENER, EFAULT,
  0, NOT_USED },
{ "flag: TSYNC_ESRCH", "5.7", NULL, probe_filter_flag, SECCOMP_FILTER_FLAG_TSYNC_ESRCH, EFAULT, 0,
  NOT_USED },
{ "flag: WAIT_KILLABLE_RECV", "5.19", NULL, probe_filter_flag, WAIT_KILLABLE, EFAULT, 0,
  NOT_USED },
{ "notify: CONTINUE", "5.5", NULL, probe_notify_answer, SECCOMP_USER_NOTIF_FLAG_CONTINUE, ENOENT,
  0, NOT_USED },
{ "notify: ADDFD", "5.9", NULL, probe_notify_addfd, 0, EBADF, 0, NOT_USED },
{ "notify: ADDFD and SEND", "5.14", NULL, probe_notify_addfd, SECCOMP_ADDFD_FLAG_SEND, EBADF, 0,
  NOT_USED },
{ "notify: SET_FLAGS", "6.6", NULL, probe_notify_flags, 0, 0, 0, NOT_USED },

{ .name = "Files and mounts" },
{ "a new /proc", "3.8", NULL, probe_proc, 0, 0, NEEDED, "" },
{ "... with subset=pid", "5.8", "pid", probe_subset, 0, 0, 0,
  "proc /proc subset=pid is refused, and so is the policy strict" },
{ "a new tmpfs", "3.9", "tmpfs", probe_filesystem, 0, 0, NEEDED, "" },
{ "a new devpts", "3.9", "devpts", probe_filesystem, 0, 0, 0, "no dev" },
{ "a new mqueue", "3.9", "mqueue", probe_filesystem, 0, 0, 0, "no mqueue" },
{ "overlays in user namespaces", "5.11", NULL, probe_overlay, 0, 0, EPERM_MISSING,
  "no overlay, tmp-overlay, ro-overlay" },
{ "fsopen(2)", "5.2", "fsopen", probe_call, SYS_fsopen, EFAULT, NEEDED | EPERM_HERE, "" },
{ "fsconfig(2)", "5.2", "fsconfig", probe_call, SYS_fsconfig, EINVAL, NEEDED, "" },
{ "fsmount(2)", "5.2", "fsmount", probe_call, SYS_fsmount, EBADF, NEEDED | EPERM_HERE, "" },
{ "open_tree(2)", "5.2", "open_tree", probe_call, SYS_open_tree, EFAULT, NEEDED | EPERM_HERE, "" },
{ "move_mount(2)", "5.2", "move_mount", probe_call, SYS_move_mount, EFAULT, NEEDED | EPERM_HERE,
  "" },
{ "move_mount(2): SET_GROUP", "5.15", "move_mount", probe_move_mount, SET_GROUP, EBADF, 0,
  NOT_USED },
{ "move_mount(2): BENEATH", "6.5", "move_mount", probe_move_mount, BENEATH, EBADF, 0, NOT_USED },
{ "mount_setattr(2)", "5.12", "mount_setattr", probe_call, SYS_mount_setattr, EINVAL, 0,
  "each mount is restricted by itself; no idmap" },
{ "mount attribute NOSYMFOLLOW", "5.14", NULL, probe_mount_attr, NOSYMFOLLOW, 0, 0, NOT_USED },
{ "id-mapped mounts of /", "5.12", "/", probe_idmap, 0, 0, EPERM_MISSING,
  "no idmap of what is on that file system; nobody but root has it" },
{ "statmount(2)", "6.8", "statmount", probe_call, NR_STATMOUNT, EFAULT, 0,
  "not used: mountinfo tells" },
{ "listmount(2)", "6.8", "listmount", probe_call, NR_LISTMOUNT, EFAULT, 0,
  "not used: mountinfo tells" },
{ "listns(2)", "6.19", "listns", probe_call, NR_LISTNS, EFAULT, 0, "not used: /proc tells" },
{ "open_tree_attr(2)", "6.15", "open_tree_attr", probe_call, NR_OPEN_TREE_ATTR, EFAULT, 0,
  NOT_USED },
{ "openat2(2)", "5.6", "openat2", probe_call, SYS_openat2, EINVAL, 0,
  "not used: a path is walked name by name" },
{ "openat2(2): NO_XDEV", "5.6", "openat2", probe_openat2, RESOLVE_NO_XDEV, 0, 0, NOT_USED },
{ "openat2(2): NO_MAGICLINKS", "5.6", "openat2", probe_openat2, RESOLVE_NO_MAGICLINKS, 0, 0,
  NOT_USED },
{ "openat2(2): NO_SYMLINKS", "5.6", "openat2", probe_openat2, RESOLVE_NO_SYMLINKS, 0, 0,
  NOT_USED },
{ "openat2(2): BENEATH", "5.6", "openat2", probe_openat2, RESOLVE_BENEATH, 0, 0, NOT_USED },
{ "openat2(2): IN_ROOT", "5.6", "openat2", probe_openat2, RESOLVE_IN_ROOT, 0, 0, NOT_USED },
{ "openat2(2): CACHED", "5.12", "openat2", probe_openat2, 0x20, EAGAIN, 0, NOT_USED },
{ "faccessat2(2)", "5.8", "faccessat2", probe_call, SYS_faccessat2, EFAULT, 0,
  "the C library asks otherwise" },
{ "fchmodat2(2)", "6.6", "fchmodat2", probe_call, NR_FCHMODAT2, EFAULT, 0,
  "the C library asks otherwise" },
{ "memfd_create(2)", "3.17", "memfd_create", probe_memfd, 0, 0, NEEDED, "" },

{ .name = "Landlock" },
{ "Landlock: version", "5.13", "landlock_create_ruleset", probe_landlock, 1, 0, 0,
  "no second wall" },
{ "Landlock: errata", "6.15", NULL, probe_errata, 0, 0, 0, "what was mended is not known" },
{ "Landlock: files", "5.19", NULL, probe_landlock, 2, 0, 0,
  "no second wall around files; mounts are the first" },
{ "Landlock: truncate(2)", "6.2", NULL, probe_landlock, 3, 0, 0, "that is left to mounts" },
{ "Landlock: TCP", "6.7", NULL, probe_landlock, 4, 0, 0, "no landlock net" },
{ "Landlock: ioctl(2) on devices", "6.10", NULL, probe_landlock, 5, 0, 0,
  "that is left to the filter and to nodev" },
{ "Landlock: scope", "6.12", NULL, probe_landlock, 6, 0, 0,
  "no second wall around abstract sockets and signals" },
{ "Landlock: audit flags", "6.15", NULL, probe_landlock, 7, 0, 0, NOT_USED },
{ "Landlock: TSYNC", "7.0", NULL, probe_landlock, 8, 0, 0, "not used: there is one thread" },
{ "Landlock: unix sockets by path", "7.1", NULL, probe_landlock, 9, 0, 0,
  "that is left to mounts" },
{ "Landlock: UDP", "7.2", NULL, probe_landlock, 10, 0, 0, "landlock net is about TCP alone" },

{ .name = "Ways into the kernel, and what the host says of them" },
{ "i386 calls", "", NULL, probe_i386, I386_GETPID, 0, 0, "one way in less" },
{ "x32 calls", "3.4", NULL, probe_x32, X32_GETPID, 0, 0, "one way in less" },
{ "vsyscall page", "", NULL, probe_vsyscall, VSYSCALL_TIME, 0, 0, "one way in less" },
{ "io_uring", "5.1", "io_uring_setup", probe_call, SYS_io_uring_setup, EFAULT, 0,
  "the built-in policies forbid it anyway" },
{ "kernel.io_uring_disabled", "6.6", "/proc/sys/kernel/io_uring_disabled", probe_file, 0, 0, 0,
  NO_WALL },
{ "userfaultfd(2)", "4.3", "userfaultfd", probe_call, SYS_userfaultfd, EINVAL, 0,
  "the built-in policies forbid it anyway" },
{ "vm.unprivileged_userfaultfd", "5.2", "/proc/sys/vm/unprivileged_userfaultfd", probe_file, 0, 0,
  0, NO_WALL },
{ "kernel.unprivileged_bpf_disabled", "4.4", "/proc/sys/kernel/unprivileged_bpf_disabled",
  probe_file, 0, 0, 0, NO_WALL },
{ "dev.tty.legacy_tiocsti", "6.2", "/proc/sys/dev/tty/legacy_tiocsti", probe_file, 0, 0, 0,
  NO_WALL },
{ "vm.memfd_noexec", "6.3", "/proc/sys/vm/memfd_noexec", probe_file, 0, 0, 0, NO_WALL },
{ "memfd_create(2): NOEXEC_SEAL", "6.3", "memfd_create", probe_memfd, NOEXEC_SEAL, 0, 0,
  NOT_USED },
{ "mseal(2)", "6.10", "mseal", probe_call, NR_MSEAL, EINVAL, 0, "the C library does without" },
{ "memfd_secret(2)", "5.14", "memfd_secret", probe_call, SYS_memfd_secret, EINVAL, 0, NOT_USED },
{ "kernel.yama.ptrace_scope", "3.4", "/proc/sys/kernel/yama/ptrace_scope", probe_file, 0, 0, 0,
  NO_WALL },
{ "kernel.perf_event_paranoid", "2.6.31", "/proc/sys/kernel/perf_event_paranoid", probe_file, 0, 0,
  0, NO_WALL },
{ "kernel.dmesg_restrict", "2.6.37", "/proc/sys/kernel/dmesg_restrict", probe_file, 0, 0, 0,
  NO_WALL },
{ "kernel.kptr_restrict", "2.6.38", "/proc/sys/kernel/kptr_restrict", probe_file, 0, 0, 0,
  NO_WALL },
{ "fs.suid_dumpable", "2.6.13", "/proc/sys/fs/suid_dumpable", probe_file, 0, 0, 0, NO_WALL },
{ "kernel.core_pattern", "2.6", "/proc/sys/kernel/core_pattern", probe_file, 0, 0, 0,
  "core dumps are off in each sandbox anyway" },

{ .name = "Limits over a whole sandbox" },
{ "cgroup v2 at /sys/fs/cgroup", "4.5", "/sys/fs/cgroup", probe_cgroup2, 0, 0, 0,
  "cgroup v1, if it is there" },
{ "a cgroup for memory, swap", "", NULL, probe_limit, LIMIT_MEMORY, 0, 0,
  "memory, swap: where a policy allows it (allow-degraded), of each process by itself" },
{ "a cgroup for pids", "", NULL, probe_limit, LIMIT_PIDS, 0, 0,
  "pids: where a policy allows it (allow-degraded), of each user by itself" },
{ "a cgroup for cpu", "", NULL, probe_limit, LIMIT_CPU, 0, 0, "no cpu" },
{ "a cgroup for io", "", NULL, probe_limit, LIMIT_IO_MAX, 0, 0, "no io-max, io-weight" },

{ .name = "Programs" },
{ "newuidmap", "", "/usr/bin/newuidmap", probe_program, 0, 0, 0,
  "no uid-map but for root (Debian: apt-get install uidmap)" },
{ "newgidmap", "", "/usr/bin/newgidmap", probe_program, 0, 0, 0,
  "no gid-map but for root (Debian: apt-get install uidmap)" },
{ "pasta", "", "/usr/bin/pasta", probe_program, 0, 0, 0,
  "no net pasta, so not the policy network (Debian: apt-get install passt)" },
{ .name = NULL }
};
/* clang-format on */

static enum feature_state state_of(const struct feature *feature, int error)
{
	if (error == 0 || error == feature->here)
		return FEATURE_HERE;
	if (error == EBUSY) /* a filter around us has a listener already */
		return FEATURE_BLOCKED;
	if (error != EPERM && error != EACCES && error != ENOSPC)
		return FEATURE_MISSING;
	return feature->flags & EPERM_HERE    ? FEATURE_HERE :
	       feature->flags & EPERM_MISSING ? FEATURE_MISSING :
						FEATURE_BLOCKED;
}

bool feature_is_filtered(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	bool filtered = false;

	while (file && fgets(line, sizeof(line), file))
		filtered |= strcmp(line, "Seccomp:\t2\n") == 0;
	if (file)
		fclose(file);
	return filtered;
}

/*
 * "ffffffff816f7620 T __x64_sys_mount_setattr": T is a function, and W what stands in for one that
 * was not built.
 */
static bool kernel_has_call(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], end[64];
	bool found = false;
	size_t len;

	snprintf(end, sizeof(end), "_sys_%s\n", name);
	len = strlen(end);
	while (file && !found && fgets(line, sizeof(line), file)) {
		const size_t n = strlen(line);

		found = n > len && strcmp(line + n - len, end) == 0 && strstr(line, " T __") &&
			!strstr(line, "__pfx_");
	}
	if (file)
		fclose(file);
	return found;
}

static void on_fault(int signo)
{
	(void)signo;
	_exit(ENOSYS);
}

__attribute__((noreturn)) static void run_probe(const struct feature *feature, char *value)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGSEGV, on_fault);
	caps_no_core(); /* for a death by SIGSYS is one with a core dump */
	alarm(PROBE_SECONDS);
	_exit(feature->probe(feature, value));
}

/* Turn how the child ended into ANSWER. */
static void judge(const struct feature *feature, int status, struct feature_answer *answer)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		answer->state = FEATURE_BLOCKED;
		answer->error = EPERM;
	}
	if (!WIFEXITED(status))
		return;
	answer->error = WEXITSTATUS(status);
	answer->state = state_of(feature, answer->error);
	if (answer->error == ENOSYS && answer->state == FEATURE_MISSING && feature->object &&
	    feature_is_filtered() && kernel_has_call(feature->object))
		answer->state = FEATURE_BLOCKED;
}

void feature_ask(const struct feature *feature, struct feature_answer *answer)
{
	char *value = mmap(NULL, FEATURE_VALUE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	pid_t pid, reaped;
	int status = 0;

	memset(answer, 0, sizeof(*answer));
	answer->state = FEATURE_UNCLEAR;
	pid = value == MAP_FAILED ? -1 : fork();
	if (pid == 0)
		run_probe(feature, value);
	if (pid < 0) {
		answer->error = errno;
	} else {
		while ((reaped = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
			;
		if (reaped == pid)
			judge(feature, status, answer);
		memcpy(answer->value, value, FEATURE_VALUE - 1);
	}
	if (value != MAP_FAILED)
		munmap(value, FEATURE_VALUE);
}
