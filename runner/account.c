/* SPDX-License-Identifier: MIT */
/*
 * Processor time without a cgroup: init adds up what the processes inside have used, from its
 * own /proc. Each tells of itself and of the children that it has waited for; what nobody waits
 * for (SIGCHLD ignored) is lost when it ends. So this is less than a cgroup's count, and a limit
 * on each process stands beside it.
 *
 * proc_pid_stat(5)
 */
#include "runner/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How soon and how late to look again. */
#define SOONEST_MS 20
#define LATEST_MS  1000

/* In clock ticks: fields 14 to 17 of its stat; the second, in brackets, may hold anything. */
static uint64_t ticks_of(int proc, const char *pid)
{
	unsigned long long own[2], children[2];
	char path[32], text[1024];
	const char *rest;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.10s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	rest = strrchr(text, ')');
	if (!rest ||
	    sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
		   &own[0], &own[1], &children[0], &children[1]) != 4)
		return 0;
	return own[0] + own[1] + children[0] + children[1];
}

/* getdents64(2) rather than readdir(3), which allocates. */
static uint64_t ticks_of_all(int proc)
{
	_Alignas(struct dirent64) char buf[4096];
	int dir = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t sum = 0;
	ssize_t n;

	while ((n = getdents64(dir, buf, sizeof(buf))) > 0) {
		const struct dirent64 *entry;

		for (ssize_t at = 0; at < n; at += entry->d_reclen) {
			entry = (const struct dirent64 *)(buf + at);
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				sum += ticks_of(proc, entry->d_name);
		}
	}
	if (dir >= 0)
		close(dir);
	return sum;
}

int account_wait(const struct child *child)
{
	const struct plan *plan = child->plan;
	uint64_t used, limit = plan->spec->limit[LIMIT_CPU_TIME], left_ms;

	if (!(plan->no_limits & (1u << LIMIT_CPU_TIME)))
		return -1;
	used = ticks_of_all(child->proc) * (1000000 / (uint64_t)sysconf(_SC_CLK_TCK));
	if (used >= limit)
		return 0;
	left_ms = (limit - used) / 1000 / plan->processors;
	return left_ms < SOONEST_MS ? SOONEST_MS : left_ms > LATEST_MS ? LATEST_MS : (int)left_ms;
}
