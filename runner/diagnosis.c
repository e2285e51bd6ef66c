/* SPDX-License-Identifier: MIT */
/*
 * From what failed to why, and to what helps: a table, of which the first row that applies is the
 * answer. Both who fails and --doctor, which lets sandboxes fail, ask it.
 *
 * An errno alone says little: EPERM of a clone is a setting of Debian's, a chroot or a filter. So
 * a row can name a file that must hold a value, or a question about this host that must be
 * answered with yes.
 *
 * user_namespaces(7), namespaces(7), seccomp(2)
 */
#include "runner/features.h"

#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DOCKER_SECCOMP "docker run --security-opt seccomp=unconfined"
#define DOCKER_PROC    "docker run --security-opt systempaths=unconfined"
#define MORE(kind)     "sysctl -w user.max_" kind "_namespaces=15000"
#define LIMIT(kind)    "/proc/sys/user/max_" kind "_namespaces"

struct row {
	const char *step; /* NULL: any, and none */
	int error;	  /* 0: any */
	const char *reason;
	const char *file, *value; /* what it must say; NULL */

	/* Yes, with more about it, or ""; or NULL: no. */
	const char *(*holds)(struct bpf_arena *arena);
	const char *cause, *fix;
};

/* All of a small file; "": it cannot be read. */
static const char *text_of(struct bpf_arena *arena, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text = fd < 0 ? NULL : read_all(arena, fd, 1u << 20, &len);

	if (fd >= 0)
		close(fd);
	return text ? text : "";
}

/* Field N (from 0) of a line of mountinfo; 4 is the place. */
static const char *field(const char *line, int n)
{
	while (n--)
		line += strcspn(line, " ") + 1;
	return line;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* The line of the mount that the root directory is; NULL: it is none. */
static const char *root_mount(struct bpf_arena *arena)
{
	const char *line = text_of(arena, "/proc/self/mountinfo"), *found = NULL;

	for (; *line; line = next_line(line)) {
		if (strncmp(field(line, 4), "/ ", 2) == 0)
			found = line;
	}
	return found;
}

static const char *in_chroot(struct bpf_arena *arena)
{
	return *text_of(arena, "/proc/self/mountinfo") && !root_mount(arena) ? "" : NULL;
}

static const char *in_initramfs(struct bpf_arena *arena)
{
	const char *line = root_mount(arena), *type = line ? strstr(line, " - ") : NULL;

	return type && strncmp(type, " - rootfs ", 10) == 0 ? "" : NULL;
}

/* Something is mounted below /proc, other than automatic mounts. */
static const char *proc_is_masked(struct bpf_arena *arena)
{
	const char *line = text_of(arena, "/proc/self/mountinfo");

	for (; *line; line = next_line(line)) {
		const char *place = field(line, 4);

		if (strncmp(place, "/proc/", 6) == 0 &&
		    strncmp(place, "/proc/sys/fs/binfmt_misc ", 25) != 0)
			return xprintf(arena, ": %.*s", (int)strcspn(place, " "), place);
	}
	return NULL;
}

/* A filter is on us, and something without which there is no sandbox is forbidden. */
static const char *is_filtered(struct bpf_arena *arena)
{
	struct feature_answer answer;

	if (!feature_is_filtered())
		return NULL;
	for (const struct feature *row = features; row->name; row++) {
		if (!row->probe || !(row->flags & FEATURE_NEEDED))
			continue;
		feature_ask(row, &answer);
		if (answer.state == FEATURE_BLOCKED || answer.error == ENOSYS)
			return xprintf(arena, ": %s", row->name);
	}
	return NULL;
}

/* clang-format off */
static const struct row rows[] = {
/* User namespaces, and what is forbidden in them. */
{ "clone", EPERM, NULL, "/proc/sys/kernel/unprivileged_userns_clone", "0", NULL,
  "only root may make user namespaces", "sysctl -w kernel.unprivileged_userns_clone=1" },
{ "clone", EACCES, NULL, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", NULL,
  "AppArmor lets only programs with a profile have user namespaces",
  "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
{ "private", 0, NULL, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", NULL,
  "AppArmor takes all rights in user namespaces away",
  "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
{ "identity", 0, NULL, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", NULL,
  "AppArmor takes all rights in user namespaces away",
  "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
{ "clone", ENOSPC, NULL, LIMIT("user"), "0", NULL, "there may be none", MORE("user") },
{ "clone", ENOSPC, NULL, LIMIT("pid"), "0", NULL, "there may be none", MORE("pid") },
{ "clone", ENOSPC, NULL, LIMIT("mnt"), "0", NULL, "there may be none", MORE("mnt") },
{ "clone", ENOSPC, NULL, LIMIT("net"), "0", NULL, "there may be none", MORE("net") },
{ "clone", ENOSPC, NULL, LIMIT("ipc"), "0", NULL, "there may be none", MORE("ipc") },
{ "clone", ENOSPC, NULL, LIMIT("uts"), "0", NULL, "there may be none", MORE("uts") },
{ "cgroup", ENOSPC, NULL, LIMIT("cgroup"), "0", NULL, "there may be none", MORE("cgroup") },
{ "time", ENOSPC, NULL, LIMIT("time"), "0", NULL, "there may be none", MORE("time") },
{ "clone", ENOSPC, NULL, NULL, NULL, NULL,
  "there are as many user namespaces as may be, or they are nested too deeply", MORE("user") },
{ "clone", EUSERS, NULL, NULL, NULL, NULL,
  "there are as many user namespaces as may be, or they are nested too deeply", MORE("user") },
{ "clone", EPERM, NULL, NULL, NULL, in_chroot,
  "this is a chroot, in which the kernel gives nobody a user namespace",
  "systemd-nspawn -D DIR, in place of chroot DIR" },
{ "proc", EPERM, NULL, NULL, NULL, proc_is_masked,
  "parts of /proc are masked, as containers do it, and the kernel gives no new one then",
  DOCKER_PROC },

/* Whatever failed. */
{ NULL, 0, NULL, NULL, NULL, is_filtered,
  "a seccomp filter around us, as containers have one, forbids what sbrun needs",
  DOCKER_SECCOMP },

/* What is left, if it is not that. */
{ "clone", EPERM, NULL, NULL, NULL, NULL,
  "this is a chroot, most likely, in which the kernel gives nobody a user namespace",
  "systemd-nspawn -D DIR, in place of chroot DIR" },
{ "clone", EINVAL, NULL, NULL, NULL, NULL,
  "this kernel was built without user namespaces (CONFIG_USER_NS)",
  "apt-get install linux-image-amd64, and boot it" },
{ "clone", EACCES, NULL, NULL, NULL, NULL,
  "a security module forbids user namespaces (/sys/kernel/security/lsm names those in force)",
  "aa-status, or ausearch -m avc, says which rule" },
{ "proc", EPERM, NULL, NULL, NULL, NULL,
  "the kernel gives a new /proc only where the whole of one is seen, and may be written",
  DOCKER_PROC },

/* The root. */
{ "pivot", EINVAL, NULL, NULL, NULL, in_initramfs,
  "the root is the initramfs, which nothing can take the place of (before Linux 7.0)",
  "switch_root to a tmpfs or a disk, and start it there" },
{ "root", EPERM, NULL, NULL, NULL, NULL,
  "the kernel does not let a user namespace mount this (an overlay: since Linux 5.11)", NULL },
{ "root", EXDEV, "it is not there, and must not be created on the host", NULL, NULL, NULL, NULL,
  "create it there, or put a tmpfs above it" },
{ "root", EROFS, NULL, NULL, NULL, NULL,
  "it would have to be created in what is bound read-only", NULL },
{ "sources", EACCES, NULL, NULL, NULL, NULL,
  "the caller, without his capabilities, may not go there", NULL },
{ "sources", ESTALE, NULL, NULL, NULL, NULL,
  "the file was exchanged while the sandbox was being set up", NULL },
{ "directory", ENOENT, NULL, NULL, NULL, NULL,
  "chdir names a directory of the sandbox, not of the host", NULL },
{ "terminal", ENOENT, "there is no /dev/pts inside", NULL, NULL, NULL, NULL,
  "a terminal needs a name; add --dev /dev, or use --tty none" },

/* The walls, and the command. */
{ "audit", EPERM, NULL, NULL, NULL, NULL,
  "a wall that was asked for is not there; nothing was run", NULL },
{ "audit", EROFS, "cgroups can be written to there", NULL, NULL, NULL,
  "with them the command could raise its own limits, or leave them",
  "--ro-bind them, or hide them: --tmpfs /sys/fs/cgroup" },
{ "landlock", ENOTRECOVERABLE, "what it must deny it allows", NULL, NULL, NULL,
  "the kernel, or a filter around us, says that it is there and it is not", NULL },
{ "exec", ENOENT, NULL, NULL, NULL, NULL,
  "it is not in the sandbox's file tree, or the interpreter that it names is not",
  "--explain plan shows the tree; --ro-bind adds to it" },

{ NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL }
};
/* clang-format on */

static bool says(struct bpf_arena *arena, const char *file, const char *value)
{
	const char *text = text_of(arena, file);
	size_t len = strlen(value);

	return strncmp(text, value, len) == 0 && text[len] == '\n';
}

struct diagnosis diagnose(struct bpf_arena *arena, const char *step, int error)
{
	struct diagnosis found = { NULL, NULL, NULL };

	for (const struct row *row = rows; row->cause || row->fix; row++) {
		const char *more = "";

		if ((row->step && (!step || strcmp(row->step, step) != 0)) ||
		    (row->error && row->error != error) ||
		    (row->file && !says(arena, row->file, row->value)))
			continue;
		more = row->holds ? row->holds(arena) : "";
		if (!more)
			continue;
		found.reason = row->reason;
		found.fix = row->fix;
		found.cause = row->file	 ? xprintf(arena, "%s is %s: %s", row->file, row->value,
						   row->cause) :
			      row->cause ? xprintf(arena, "%s%s", row->cause, more) :
					   NULL;
		break;
	}
	return found;
}

const char *diagnosis_text(struct bpf_arena *arena, const struct diagnosis *diagnosis)
{
	return xprintf(arena, "%s%s%s%s%s%s", diagnosis->cause ? "cause: " : "",
		       diagnosis->cause ? diagnosis->cause : "", diagnosis->cause ? "\n" : "",
		       diagnosis->fix ? "fix: " : "", diagnosis->fix ? diagnosis->fix : "",
		       diagnosis->fix ? "\n" : "");
}
