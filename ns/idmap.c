/* SPDX-License-Identifier: MIT */
/*
 * Id maps of a user namespace: one user and one group, or more, written from outside.
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
static bool is_range(const struct ns_idrange *range)
{
	return range->count && range->count <= UINT32_MAX - range->inside &&
	       range->count <= UINT32_MAX - range->outside;
}

#define LINE_MAX_LEN (3 * NS_NUMBER_MAX)

static void add_line(char *text, const struct ns_idrange *range)
{
	const uint32_t numbers[] = { range->inside, range->outside, range->count };
	char digits[NS_NUMBER_MAX];

	for (int i = 0; i < 3; i++) {
		strcat(text, ns_number(digits, numbers[i], 10));
		strcat(text, i < 2 ? " " : "\n");
	}
}

/* All lines in one write(2): there is no second. */
static int write_map(int proc, pid_t pid, const char *name, const struct ns_idrange *range,
		     unsigned int n)
{
	char text[(1 + NS_IDRANGES) * LINE_MAX_LEN + 1] = "";

	for (unsigned int i = 0; i < n; i++)
		add_line(text, &range[i]);
	return write_file(proc, pid, name, text);
}

/* The one that is always there, and the others behind it: how many, or -EINVAL. */
static int collect(struct ns_idrange all[1 + NS_IDRANGES], const struct ns_idrange *more,
		   unsigned int n)
{
	if (n > NS_IDRANGES || !is_range(&all[0]))
		return -EINVAL;
	for (unsigned int i = 0; i < n; i++) {
		if (!is_range(&more[i]))
			return -EINVAL;
		all[1 + i] = more[i];
	}
	return 1 + (int)n;
}

int ns_idmap_write(int proc, pid_t pid, const struct ns_idmap *map)
{
	struct ns_idrange uids[1 + NS_IDRANGES] = { { map->inside_uid, map->outside_uid, 1 } };
	struct ns_idrange gids[1 + NS_IDRANGES] = { { map->inside_gid, map->outside_gid, 1 } };
	int nuids = collect(uids, map->uids, map->nuids);
	int ngids = collect(gids, map->gids, map->ngids), error;

	if (nuids < 0 || ngids < 0)
		return -EINVAL;
	error = ns_is_proc(proc);
	if (!error && map->deny_setgroups)
		error = write_file(proc, pid, "setgroups", "deny");
	if (!error)
		error = write_map(proc, pid, "gid_map", gids, (unsigned int)ngids);
	if (!error)
		error = write_map(proc, pid, "uid_map", uids, (unsigned int)nuids);
	return error;
}

int ns_idmap_lookup(int proc, const char *name, uint32_t id, uint32_t *outer)
{
	ns_auto_close int fd = ns_proc_file(proc, 0, name);
	struct ns_reader reader = { .fd = fd };
	uint64_t first, outside, count;
	int byte;

	if (fd < 0)
		return fd;
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
