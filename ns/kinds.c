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
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/*
 * The inode, out of the link's text, "user:[4026531837]". To follow the link and ask what is there
 * will not do: in Linux 5.10, who may not follow it is told the link's own inode, which is
 * another one than any namespace's. The text that he gets there is none.
 */
static int inode_of(int proc, const char *path, uint64_t *inode)
{
	char text[64];
	ssize_t len = readlinkat(proc, path, text, sizeof(text) - 1);

	*inode = 0;
	if (len < 0)
		return errno == ENOENT ? 0 : -errno;
	text[len] = '\0';
	return sscanf(text, "%*[^[][%" SCNu64 "]", inode) == 1 && *inode ? 0 : -EACCES;
}

int ns_inodes(int proc, pid_t pid, uint64_t *inodes)
{
	char name[16], path[64];
	int error = ns_is_proc(proc);

	for (int i = 0; !error && ns_kinds[i].name; i++) {
		ns_file(name, ns_kinds[i].name);
		error = ns_proc_path(path, sizeof(path), pid, name);
		if (!error)
			error = inode_of(proc, path, &inodes[i]);
	}
	return error;
}
