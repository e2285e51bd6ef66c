/* SPDX-License-Identifier: MIT */
/*
 * Resource limits: the table of all of them, set and read back, and core dumps off.
 *
 * Lowering is always allowed, and a lowered hard limit stays down for all that follows.
 * Limits bind one process (nproc, sigpending, msgqueue, memlock: one user), not the tree.
 *
 * getrlimit(2), core(5)
 */
#include "caps/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const struct caps_rlimit caps_rlimits[] = {
	{ "as", RLIMIT_AS, "bytes" },
	{ "core", RLIMIT_CORE, "bytes" },
	{ "cpu", RLIMIT_CPU, "seconds" },
	{ "data", RLIMIT_DATA, "bytes" },
	{ "fsize", RLIMIT_FSIZE, "bytes" },
	{ "locks", RLIMIT_LOCKS, "" },
	{ "memlock", RLIMIT_MEMLOCK, "bytes" },
	{ "msgqueue", RLIMIT_MSGQUEUE, "bytes" },
	{ "nice", RLIMIT_NICE, "" },
	{ "nofile", RLIMIT_NOFILE, "" },
	{ "nproc", RLIMIT_NPROC, "" },
	{ "rss", RLIMIT_RSS, "bytes" },
	{ "rtprio", RLIMIT_RTPRIO, "" },
	{ "rttime", RLIMIT_RTTIME, "microseconds" },
	{ "sigpending", RLIMIT_SIGPENDING, "" },
	{ "stack", RLIMIT_STACK, "bytes" },
	{ NULL, 0, NULL },
};

_Static_assert(sizeof(caps_rlimits) / sizeof(caps_rlimits[0]) == RLIM_NLIMITS + 1,
	       "one row for each limit of the kernel");

const struct caps_rlimit *caps_rlimit_find(const char *name)
{
	const struct caps_rlimit *row;

	for (row = caps_rlimits; row->name; row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

/* What is compared starts as something else, in case nothing is written to it. */
int caps_set_rlimit(int resource, const struct rlimit *limit)
{
	struct rlimit now = { ~limit->rlim_cur, ~limit->rlim_max };

	if (setrlimit(resource, limit) < 0)
		return -errno;
	if (getrlimit(resource, &now) < 0)
		return -errno;
	if (now.rlim_cur != limit->rlim_cur || now.rlim_max != limit->rlim_max)
		return -ENOTRECOVERABLE;
	return 0;
}

/* do_coredump() gives up on a pipe for a limit of 1, and on a file below one page. */
int caps_no_core(void)
{
	const struct rlimit one = { 1, 1 };

	return caps_set_rlimit(RLIMIT_CORE, &one);
}

int caps_core_has_handler(int proc)
{
	char first = '\0';
	ssize_t len;
	int fd, error;

	fd = openat(proc, "sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, &first, 1);
	error = len < 0 ? -errno : 0;
	close(fd);
	return error < 0 ? error : first == '|' || first == '@';
}
