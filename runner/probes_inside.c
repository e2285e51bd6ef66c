/* SPDX-License-Identifier: MIT */
/*
 * Probes in namespaces of their own: what init does of a sandbox, tried by a child that has
 * power over its own namespaces and over nothing else.
 */
#include "runner/probes.h"

#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* since Linux 5.14 */
#endif

int probe_namespace(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(unshare((int)(CLONE_NEWUSER | row->arg)));
}

/* A world of our own, in which mounts can be made. */
static int enter_world(unsigned long more)
{
	if (unshare((int)(CLONE_NEWUSER | CLONE_NEWNS | more)) < 0)
		return errno;
	return -ns_mounts_private();
}

/* With AppArmor's restriction a user namespace can be had, and nothing done in it. */
int probe_mount(const struct feature *row, char *value)
{
	(void)row;
	(void)value;
	return enter_world(0);
}

/* In PROBE's process, with the rest of our time. */
static int in_child(int (*probe)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0) {
		alarm(PROBE_SECONDS);
		_exit(probe());
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EINTR;
	return WEXITSTATUS(status);
}

static int open_proc(void)
{
	int fd = ns_proc_open();

	return fd < 0 ? -fd : 0;
}

/* Of a PID namespace whose first process we are not, but our child. */
int probe_proc(const struct feature *row, char *value)
{
	int error = enter_world(CLONE_NEWPID);

	(void)row;
	(void)value;
	return error ? error : in_child(open_proc);
}

int probe_subset(const struct feature *row, char *value)
{
	int error = enter_world(0);
	int fs = error ? -1 : fsopen("proc", FSOPEN_CLOEXEC);

	(void)value;
	if (error || fs < 0)
		return error ? error : errno;
	return probe_answer(fsconfig(fs, FSCONFIG_SET_STRING, "subset", row->object, 0));
}

static int new_mount(const char *type, unsigned int attr)
{
	int fs = fsopen(type, FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, attr);
}

int probe_filesystem(const struct feature *row, char *value)
{
	int error = enter_world(CLONE_NEWIPC);

	(void)value;
	return error ? error : probe_answer(new_mount(row->object, 0));
}

/* Asking for a file system that is not there would make the kernel load its module. */
int probe_overlay(const struct feature *row, char *value)
{
	char text[4096];
	int fd = open("/proc/filesystems", O_RDONLY | O_CLOEXEC), error;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	(void)row;
	(void)value;
	if (n < 0)
		return errno;
	text[n] = '\0';
	if (!strstr(text, "\toverlay\n"))
		return ENODEV;
	error = enter_world(0);
	if (error)
		return error;
	return probe_answer(mount("overlay", "/", "overlay", MS_RDONLY, "lowerdir=/usr:/etc"));
}

int probe_mount_attr(const struct feature *row, char *value)
{
	int error = enter_world(0);

	(void)value;
	return error ? error : probe_answer(new_mount("tmpfs", (unsigned int)row->arg));
}

int probe_move_mount(const struct feature *row, char *value)
{
	int error = enter_world(0);

	(void)value;
	return error ? error : probe_answer(move_mount(-1, "x", -1, "x", (unsigned int)row->arg));
}

/* A user namespace with a map, which is that of a child; -1 with errno. */
static int open_userns(void)
{
	const struct ns_idmap map = {
		.inside_uid = 1, .outside_uid = 1, .inside_gid = 1, .outside_gid = 1
	};
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), pidfd, fd, error;
	char path[32];
	pid_t pid = ns_clone(CLONE_NEWUSER, &pidfd);

	if (pid < 0) {
		errno = -pid;
		return -1;
	}
	if (pid == 0) {
		alarm(PROBE_SECONDS);
		pause();
		_exit(0);
	}
	error = ns_idmap_write(proc, pid, &map);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = error ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (error)
		errno = -error;
	kill(pid, SIGKILL); /* not reaped yet, so it is still the one */
	return fd;
}

/* Of the file system that the root is on, whose owner alone may do so. */
int probe_idmap(const struct feature *row, char *value)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int fd, userns;

	(void)value;
	if (unshare(CLONE_NEWNS) < 0)
		return errno;
	fd = open_tree(AT_FDCWD, row->object, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	userns = fd < 0 ? -1 : open_userns();
	if (userns < 0)
		return errno;
	attr.userns_fd = (uint64_t)userns;
	return probe_answer(mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
}
