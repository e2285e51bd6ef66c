/* SPDX-License-Identifier: MIT */
/*
 * The acts of --selftest: a table, and the process that commits one of them.
 *
 * Most are one system call. It is made with arguments that the kernel looks at behind its check of
 * who may do so, and refuses; so mount(2) is asked for no type, reboot(2) gets a wrong magic
 * number, kexec_load(2) more segments than there may be. Which error that is stands in the row.
 *
 * The actor is our own executable again, in the sandbox's payload. It reads the scene from one
 * descriptor and writes what came of the act to another. What it cannot write, because the
 * filter killed it, sbrun knows from its end.
 */
#include "runner/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <termios.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>

int act_result(const struct act *act, long ret)
{
	int error = errno;

	if (ret >= 0)
		return 0;
	for (unsigned int i = 0; i < sizeof(act->passed) / sizeof(*act->passed); i++) {
		if (act->passed[i] == error)
			return 0;
	}
	return error;
}

int attempt_call(const struct act *act, const struct scene *scene, struct outcome *out)
{
	unsigned long args[6] = { 0 };

	(void)scene;
	(void)out;
	for (unsigned int i = 0; i < 6; i++)
		args[i] = act->pointers[i] ? (unsigned long)act->pointers[i] : act->args[i];
	return act_result(act,
			  syscall(act->call, args[0], args[1], args[2], args[3], args[4], args[5]));
}

/* ---- what calls are given ---- */

static const uint64_t clone_user[11] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
static const uint64_t mount_attr[4];
static const union bpf_attr bpf_map = {
	.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
};
static const struct perf_event_attr perf_clock = {
	.type = PERF_TYPE_SOFTWARE,
	.size = sizeof(perf_clock),
	.config = PERF_COUNT_SW_CPU_CLOCK,
	.disabled = 1,
	.exclude_kernel = 1,
	.exclude_hv = 1,
};
static const struct {
	unsigned int bytes;
	int type;
	uint64_t data;
} no_file = { sizeof(uint64_t), 1, 0 };
/* A step of the clock by less than nothing, which is refused. */
static const struct timex clock_step = { .modes = ADJ_SETOFFSET, .time = { 0, -1 } };
static const char long_name[80] = "a name that is longer than any";

/* A call that writes to its second argument: memory that nobody reads. */
static int attempt_into_memory(const struct act *act, const struct scene *scene,
			       struct outcome *out)
{
	_Alignas(64) char memory[512] = "";
	struct act again = *act;

	again.pointers[1] = memory;
	return attempt_call(&again, scene, out);
}

/* ---- the table ---- */

#define SYS_ADMIN CAPS_BIT(CAP_SYS_ADMIN)
#define SYS_BOOT  CAPS_BIT(CAP_SYS_BOOT)
#define NET_RAW	  CAPS_BIT(CAP_NET_RAW)
#define EXACT	  ACT_EXACT
#define ALWAYS	  ACT_ALWAYS

/* clang-format off */
const struct act acts[] = {
{ "see files of the host", attempt_see_files, ACT_NO_CALL, .flags = ACT_HIDDEN },
{ "write to the host's /usr", attempt_write_usr, ACT_NO_CALL, { O_WRONLY }, { "/usr" },
  .flags = ACT_FILES },
{ "climb out of the root", attempt_climb, ACT_NO_CALL, .pointers = { "/" }, .flags = ACT_FILES },
{ "change the root: chroot", attempt_call, SYS_chroot, .pointers = { "/" },
  .caps = CAPS_BIT(CAP_SYS_CHROOT), .flags = EXACT },
{ "make a device node", attempt_mknod, SYS_mknodat, { 0, 0, S_IFCHR | 0600, 0x103 },
  .caps = CAPS_BIT(CAP_MKNOD), .flags = EXACT },
{ "open a file by its handle", attempt_call, SYS_open_by_handle_at, { (uint64_t)AT_FDCWD },
  { NULL, &no_file }, { ESTALE }, CAPS_BIT(CAP_DAC_READ_SEARCH), .flags = EXACT },
{ "write to /proc/sys", attempt_open, ACT_NO_CALL, { O_WRONLY },
  { "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/swappiness" },
  .flags = ALWAYS },
{ "write to /proc/sysrq-trigger", attempt_open, ACT_NO_CALL, { O_WRONLY },
  { "/proc/sysrq-trigger" }, .flags = ALWAYS },
{ "write to /sys", attempt_open, ACT_NO_CALL, { O_WRONLY },
  { "/sys/power/state", "/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run" },
  .flags = ALWAYS },
{ "read the host's devices", attempt_open, ACT_NO_CALL, { O_RDONLY },
  { "/dev/kmsg", "/dev/mem", "/dev/port", "/dev/sda", "/dev/vda", "/dev/nvme0n1" },
  .flags = ACT_FILES },

{ "see processes of the host", attempt_see_process, ACT_NO_CALL, .pointers = { "/proc" },
  .flags = ACT_FILES },
{ "signal a process of the host", attempt_signal, SYS_kill, .flags = ALWAYS },
{ "signal all processes", attempt_signal, SYS_kill, { 1 }, .flags = ALWAYS },
{ "trace PID 1", attempt_ptrace, SYS_ptrace, { 0x4206 }, .flags = ALWAYS | EXACT },
{ "read the memory of PID 1", attempt_read_memory, ACT_NO_CALL, .flags = ALWAYS },
{ "... by process_vm_readv", attempt_read_process, SYS_process_vm_readv,
  .flags = ALWAYS | EXACT },
{ "take a descriptor of PID 1's", attempt_take_descriptor, SYS_pidfd_getfd, .flags = ALWAYS },
{ "find a descriptor of the host", attempt_descriptors, ACT_NO_CALL, .flags = ALWAYS },

{ "a user namespace: unshare", attempt_call, SYS_unshare, { CLONE_NEWUSER }, .flags = EXACT },
{ "a user namespace: clone", attempt_clone, SYS_clone, { CLONE_NEWUSER | SIGCHLD },
  .flags = EXACT },
{ "a user namespace: clone3", attempt_clone, SYS_clone3, { 0, sizeof(clone_user) },
  { clone_user }, .flags = EXACT },
{ "enter a namespace: setns", attempt_setns, SYS_setns, .caps = SYS_ADMIN, .flags = EXACT },
{ "mount", attempt_call, SYS_mount, .pointers = { NULL, "/" }, .passed = { EINVAL },
  .caps = SYS_ADMIN, .flags = EXACT },
{ "mount: fsopen", attempt_call, SYS_fsopen, .pointers = { "tmpfs" }, .caps = SYS_ADMIN,
  .flags = EXACT },
{ "mount: open_tree", attempt_call, SYS_open_tree, { (uint64_t)AT_FDCWD, 0, 1 },
  { NULL, "/" }, .caps = SYS_ADMIN, .flags = EXACT },
{ "mount: move_mount", attempt_call, SYS_move_mount, { (uint64_t)-1, 0, (uint64_t)-1, 0, 0x44 },
  { NULL, "", NULL, "" }, { EBADF, EINVAL }, SYS_ADMIN, .flags = EXACT },
{ "mount: mount_setattr", attempt_call, SYS_mount_setattr,
  { (uint64_t)AT_FDCWD, 0, 0, 0, sizeof(mount_attr) }, { NULL, "/", NULL, mount_attr },
  .caps = SYS_ADMIN, .flags = EXACT },
{ "umount", attempt_call, SYS_umount2, { 0, MNT_EXPIRE }, { "/" }, { EINVAL }, SYS_ADMIN,
  .flags = EXACT },
{ "pivot_root", attempt_call, SYS_pivot_root, .pointers = { "/", "/" },
  .passed = { EBUSY, EINVAL }, .caps = SYS_ADMIN, .flags = EXACT },
{ "change the host's name", attempt_call, SYS_sethostname, { 0, sizeof(long_name) },
  { long_name }, { EINVAL }, SYS_ADMIN, .flags = EXACT },

{ "bpf", attempt_call, SYS_bpf, { BPF_MAP_CREATE, 0, sizeof(bpf_map) },
  { NULL, &bpf_map }, .flags = EXACT },
{ "perf_event_open", attempt_call, SYS_perf_event_open,
  { 0, 0, (uint64_t)-1, (uint64_t)-1, PERF_FLAG_FD_CLOEXEC }, { &perf_clock }, .flags = EXACT },
{ "io_uring_setup", attempt_into_memory, SYS_io_uring_setup, { 1 }, { NULL, "" },
  .flags = EXACT },
{ "userfaultfd", attempt_call, SYS_userfaultfd, { 1 }, .flags = EXACT },
{ "fanotify_init", attempt_call, SYS_fanotify_init, { 0x200 }, .flags = EXACT },
{ "a listener of seccomp's own", attempt_listener, SYS_seccomp, { 1, 8 }, .flags = EXACT },
{ "kexec_load", attempt_call, SYS_kexec_load, { 0, 1000 }, .passed = { EINVAL },
  .caps = SYS_BOOT, .flags = EXACT },
{ "reboot", attempt_call, SYS_reboot, .passed = { EINVAL }, .caps = SYS_BOOT, .flags = EXACT },
{ "init_module", attempt_call, SYS_init_module, .pointers = { NULL, NULL, "" },
  .passed = { ENOEXEC, EFAULT }, .caps = CAPS_BIT(CAP_SYS_MODULE), .flags = EXACT },
{ "read the kernel's log", attempt_into_memory, SYS_syslog, { 3, 0, 1 }, { NULL, "" },
  .flags = EXACT },
{ "set the clock", attempt_call, SYS_clock_adjtime, .pointers = { NULL, &clock_step },
  .passed = { EINVAL }, .caps = CAPS_BIT(CAP_SYS_TIME), .flags = EXACT },
{ "swapon", attempt_call, SYS_swapon, .pointers = { "" }, .passed = { ENOENT },
  .caps = SYS_ADMIN, .flags = EXACT },
{ "account for processes: acct", attempt_call, SYS_acct, .pointers = { "" },
  .passed = { ENOENT }, .caps = CAPS_BIT(CAP_SYS_PACCT), .flags = EXACT },
#ifdef SYS_iopl
{ "all I/O ports: iopl", attempt_call, SYS_iopl, { 3 }, .caps = CAPS_BIT(CAP_SYS_RAWIO),
  .flags = EXACT },
#endif
{ "personality", attempt_call, SYS_personality, { READ_IMPLIES_EXEC }, .flags = EXACT },
{ "find a key of the caller", attempt_find_key, SYS_keyctl,
  { KEYCTL_SEARCH, (uint64_t)KEY_SPEC_SESSION_KEYRING }, .flags = ALWAYS | EXACT },
{ "attach the host's shared memory", attempt_attach, SYS_shmat, .namespace = CLONE_NEWIPC },

{ "connect to the host's loopback", attempt_connect, SYS_socket,
  { AF_INET, SOCK_STREAM | SOCK_CLOEXEC }, .namespace = CLONE_NEWNET, .flags = ACT_TCP },
{ "... to its abstract sockets", attempt_connect_abstract, SYS_socket,
  { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC }, .namespace = CLONE_NEWNET, .flags = ACT_SCOPE },
{ "a raw socket", attempt_call, SYS_socket, { AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1 },
  .caps = NET_RAW, .flags = EXACT },
{ "a packet socket", attempt_call, SYS_socket, { AF_PACKET, SOCK_RAW | SOCK_CLOEXEC },
  .caps = NET_RAW, .flags = EXACT },
{ "a socket to the kernel: netlink", attempt_call, SYS_socket,
  { AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC }, .flags = EXACT },

{ "push input: TIOCSTI", attempt_inject, SYS_ioctl, { 0, TIOCSTI }, .passed = { EFAULT },
  .flags = ALWAYS | EXACT },
{ "... with bits above the 32", attempt_inject, SYS_ioctl, { 0, 1ULL << 32 | TIOCSTI },
  .passed = { EFAULT }, .flags = ALWAYS | EXACT },
{ "paste on the console: TIOCLINUX", attempt_call, SYS_ioctl, { 0, TIOCLINUX }, { NULL, NULL, "" },
  .flags = EXACT },
{ "become root: setresuid", attempt_call, SYS_setresuid, .flags = ACT_ID | EXACT },
{ "regain capabilities: capset", attempt_regain, SYS_capset, .flags = ALWAYS | EXACT },
{ "dump core", attempt_core, SYS_prlimit64, { 0, RLIMIT_CORE }, { NULL, NULL, "" },
  .flags = ACT_CORE | EXACT },
#ifdef __x86_64__
{ "a call of i386: int 0x80", attempt_int80, 20, .flags = ACT_I386 | EXACT },
{ "a call of x32", attempt_call, 0x40000000 | SYS_getpid, .flags = ACT_X32 | EXACT },
#endif
{ .name = NULL }
};
/* clang-format on */

/* ---- the actor ---- */

static bool take_number(const char *word, uint64_t max, int *number)
{
	uint64_t value;

	if (parse_number(word, max, &value))
		return false;
	*number = (int)value;
	return true;
}

/* To be looked at: it says that it runs, and waits to be let go. */
static int be_looked_at(int in, int out)
{
	struct outcome outcome = { 0 };
	char byte;

	if (write(out, &outcome, sizeof(outcome)) != sizeof(outcome))
		return 1;
	return read(in, &byte, 1) == 1 ? 0 : 1;
}

int act_main(int argc, char *argv[])
{
	const int count = (int)(sizeof(acts) / sizeof(*acts)) - 1;
	struct outcome outcome = { 0 };
	struct scene scene;
	int number, in, out;

	if (argc != 4 || !take_number(argv[1], (uint64_t)count, &number) ||
	    !take_number(argv[2], INT32_MAX, &in) || !take_number(argv[3], INT32_MAX, &out))
		return STATUS_FAILED;
	if (number == count)
		return be_looked_at(in, out);
	if (read(in, &scene, sizeof(scene)) != sizeof(scene))
		return STATUS_FAILED;
	outcome.error = acts[number].attempt(&acts[number], &scene, &outcome);
	return write(out, &outcome, sizeof(outcome)) == sizeof(outcome) ? 0 : STATUS_FAILED;
}
