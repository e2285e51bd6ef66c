/* SPDX-License-Identifier: MIT */
/*
 * Id maps of a user namespace: one user and one group, written from outside.
 *
 * The order is the kernel's: "deny" goes to setgroups before gid_map may be written by
 * someone without CAP_SETGID outside, since dropping a group can be a gain (CVE-2014-8989).
 * Each file takes one write(2), and no second. Before anything is written, /proc is checked
 * to be a proc file system: a lookalike would swallow the write, and the process would
 * run on with ids that nobody chose.
 *
 * user_namespaces(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int write_file(int proc, pid_t pid, const char *name, const char *text)
{
	ns_auto_close int fd = -1;
	char path[64];
	size_t len = strlen(text);
	ssize_t done;
	int error;

	error = ns_proc_path(path, sizeof(path), pid, name);
	if (error)
		return error;
	fd = openat(proc, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	error = ns_is_proc(fd);
	if (error)
		return error;
	done = write(fd, text, len);
	if (done < 0)
		return -errno;
	return (size_t)done == len ? 0 : -EIO;
}

/* (uid_t)-1 means "no id" to the kernel, and "leave it" to setresuid(2). */
static bool is_id(const uint32_t ids[2])
{
	return ids[0] != UINT32_MAX && ids[1] != UINT32_MAX;
}

static int write_map(int proc, pid_t pid, const char *name, const uint32_t ids[2])
{
	char digits[NS_NUMBER_MAX], text[3 * NS_NUMBER_MAX] = "";

	for (int i = 0; i < 2; i++) {
		strcat(text, ns_number(digits, ids[i], 10));
		strcat(text, " ");
	}
	strcat(text, "1\n");
	return write_file(proc, pid, name, text);
}

int ns_idmap_write(int proc, pid_t pid, const struct ns_idmap *map)
{
	const uint32_t uids[2] = { map->inside_uid, map->outside_uid };
	const uint32_t gids[2] = { map->inside_gid, map->outside_gid };
	int error = is_id(uids) && is_id(gids) ? ns_is_proc(proc) : -EINVAL;

	if (!error && map->deny_setgroups)
		error = write_file(proc, pid, "setgroups", "deny");
	if (!error)
		error = write_map(proc, pid, "gid_map", gids);
	if (!error)
		error = write_map(proc, pid, "uid_map", uids);
	return error;
}

int ns_idmap_lookup(int proc, const char *name, uint32_t id, uint32_t *outer)
{
	struct ns_reader reader = { .fd = -1 };
	uint64_t first, outside, count;
	ns_auto_close int fd = -1;
	char path[64];
	int byte, error;

	error = ns_is_proc(proc);
	if (!error)
		error = ns_proc_path(path, sizeof(path), 0, name);
	if (error)
		return error;
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	reader.fd = fd;
	while ((byte = ns_read_number(&reader, &first)) > 0) {
		if (ns_read_number(&reader, &outside) <= 0 || ns_read_number(&reader, &count) <= 0)
			return -EBADMSG;
		if (id >= first && id - first < count) {
			*outer = (uint32_t)(outside + (id - first));
			return 0;
		}
	}
	return byte < 0 ? byte : -ENOENT;
}
