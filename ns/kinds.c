/* SPDX-License-Identifier: MIT */
/*
 * The kinds of namespace, and which of them this kernel has.
 *
 * /proc/self/ns/ has an entry for each kind that the kernel was built with; the inode behind
 * it is the namespace. Asking by clone would copy a whole process only to fail.
 *
 * namespaces(7), time_namespaces(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

/* clang-format off */
const struct ns_kind ns_kinds[] = {
	{ "user",   CLONE_NEWUSER,   "3.8",    "user and group ids, capabilities" },
	{ "pid",    CLONE_NEWPID,    "2.6.24", "process ids" },
	{ "mnt",    CLONE_NEWNS,     "2.4.19", "the tree of mounts" },
	{ "net",    CLONE_NEWNET,    "2.6.24", "interfaces, addresses, ports, abstract sockets" },
	{ "ipc",    CLONE_NEWIPC,    "2.6.19", "System V IPC, POSIX message queues" },
	{ "uts",    CLONE_NEWUTS,    "2.6.19", "host name and domain name" },
	{ "cgroup", CLONE_NEWCGROUP, "4.6",    "the root of the cgroups that are seen" },
	{ "time",   CLONE_NEWTIME,   "5.6",    "offsets of the monotonic and boot clocks" },
	{ NULL, 0, NULL, NULL },
};
/* clang-format on */

int ns_kind_find(const char *name)
{
	if (strcmp(name, "mount") == 0)
		name = "mnt";
	for (int i = 0; ns_kinds[i].name; i++) {
		if (strcmp(ns_kinds[i].name, name) == 0)
			return i;
	}
	return -ENOENT;
}

/* "ns/NAME"; the names of the table are short. */
static void ns_file(char path[16], const char *name)
{
	strcpy(path, "ns/");
	strncat(path, name, 12);
}

int ns_inodes(int proc, pid_t pid, uint64_t *inodes)
{
	char name[16], path[64];
	struct stat st;
	int error = ns_is_proc(proc);

	for (int i = 0; !error && ns_kinds[i].name; i++) {
		ns_file(name, ns_kinds[i].name);
		error = ns_proc_path(path, sizeof(path), pid, name);
		if (error)
			break;
		if (fstatat(proc, path, &st, 0) == 0)
			inodes[i] = st.st_ino;
		else if (errno == ENOENT)
			inodes[i] = 0;
		else
			error = -errno;
	}
	return error;
}
