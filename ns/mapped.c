/* SPDX-License-Identifier: MIT */
/*
 * Binds whose ids are mapped: what belongs to the owner of the source outside belongs to the
 * sandbox's user inside, and what is created inside belongs to that owner. All other ids
 * are nobody's there.
 *
 * The map is that of a user namespace, made for this alone: a child that does nothing is
 * cloned into one, the map is written, its namespace opened, and the child killed. Only root
 * can do so, in its own mount namespace; the sandbox gets the mount by descriptor.
 *
 * mount_setattr(2): ID-mapped mounts
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn)) static void wait_for_death(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* A user namespace in which the ids of MAP stand for each other: descriptor or -errno. */
static int new_userns(int proc, const struct ns_idmap *map)
{
	char path[64];
	int pidfd, fd, error;
	pid_t pid = ns_clone(CLONE_NEWUSER, &pidfd);

	if (pid < 0)
		return (int)pid;
	if (pid == 0)
		wait_for_death();
	error = ns_idmap_write(proc, pid, map);
	if (!error)
		error = ns_proc_path(path, sizeof(path), pid, "ns/user");
	fd = error ? error : openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (!error && fd < 0)
		fd = -errno;
	kill(pid, SIGKILL); /* not reaped yet, so it is still the one */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ns_close(&pidfd);
	return fd;
}

int ns_op_map(struct ns_op *op, int proc, const struct ns_idmap *map)
{
	ns_auto_close int fd =
		open_tree(AT_FDCWD, op->source, OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	ns_auto_close int userns = -1;
	struct ns_idmap owner = *map;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != op->source_dev || st.st_ino != op->source_ino)
		return -ESTALE;
	if (st.st_uid == 0 || st.st_gid == 0)
		return -EACCES;
	owner.inside_uid = st.st_uid;
	owner.inside_gid = st.st_gid;
	userns = new_userns(proc, &owner);
	if (userns < 0)
		return userns;
	attr.userns_fd = (uint64_t)userns;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	op->source_fd = fd;
	op->flags |= NS_MADE;
	fd = -1;
	return 0;
}
