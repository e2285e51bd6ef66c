/* SPDX-License-Identifier: MIT */
/*
 * Cgroups are directories, and outlive their processes. So before the first is made a small
 * process of ours is, the reaper: it holds the end of a pipe whose other end closes when
 * the supervisor ends, however it ends, and removes them then. Where the supervisor stepped aside
 * from its own group, that becomes what it was, and all that are aside go back. Should both be
 * killed at once, the next sandbox that is made in the same place removes what they left.
 *
 * cgroups(7), Documentation/admin-guide/cgroup-v2.rst of the kernel
 */
#include "runner/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is tried before it is given up: a dying process has left within milliseconds. */
#define REMOVE_TRIES 10000
#define REMOVE_MS    1

static int remove_directory(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_DP)
		rmdir(path); /* whether all are gone is seen by the last */
	return 0;
}

/* With those below it, which a payload made that may mount them. False: something stays. */
static bool remove_group(const char *path, const char *inner)
{
	if (inner)
		rmdir(inner);
	if (rmdir(path) == 0 || errno == ENOENT)
		return true;
	nftw(path, remove_directory, 16, FTW_DEPTH | FTW_PHYS);
	return access(path, F_OK) < 0 && errno == ENOENT;
}

/* All processes that are in FROM go to TO, both a cgroup.procs; it takes them one by one. */
static void move_processes(const char *from, const char *to)
{
	char text[4096];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && *line;)
		cgroup_write(AT_FDCWD, to, line);
}

/* When the sandbox's groups are gone: nothing is handed down, and all are in BASE again. */
static bool step_back(const struct aside *aside)
{
	char from[PATH_MAX], to[PATH_MAX], control[PATH_MAX];

	if (!aside->path || access(aside->path, F_OK) < 0)
		return true;
	snprintf(from, sizeof(from), "%s/cgroup.procs", aside->path);
	snprintf(to, sizeof(to), "%s/cgroup.procs", aside->base);
	snprintf(control, sizeof(control), "%s/cgroup.subtree_control", aside->base);
	cgroup_write(AT_FDCWD, control, aside->disable);
	move_processes(from, to);
	return rmdir(aside->path) == 0 || errno == ENOENT;
}

/* Try until all in them is dead and they can be removed; false: something stays. */
static bool remove_all(const struct plan *plan)
{
	for (unsigned int tries = 0; tries < REMOVE_TRIES; tries++) {
		unsigned int left = 0;

		for (unsigned int i = 0; i < plan->ngroups; i++)
			left += !remove_group(plan->groups[i].path, plan->groups[i].inner);
		if (!left && step_back(&plan->aside))
			return true;
		poll(NULL, 0, REMOVE_MS);
	}
	return false;
}

/*
 * Nothing of the supervisor's is to be held: a reader would wait for the end of a pipe. All in
 * v2's groups is killed, should init have survived (v1 cannot do that).
 */
static void reap(const struct plan *plan, int pipe)
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || setsid() < 0 || dup2(pipe, 0) < 0 ||
	    caps_close_range(1, INT_MAX, -1) < 0 || chdir("/") < 0)
		_exit(STATUS_FAILED);
	prctl(PR_SET_NAME, "sbrun-reaper");
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	for (unsigned int i = 0; i < plan->ngroups; i++) {
		int dir = open(plan->groups[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 && plan->groups[i].v2)
			cgroup_write(dir, "cgroup.kill", "1");
		close(dir);
	}
	_exit(remove_all(plan) ? 0 : STATUS_FAILED);
}

void reaper_start(struct plan *plan)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("make a pipe: %s", strerror(errno));
	fflush(NULL);
	plan->reaper = fork();
	if (plan->reaper < 0)
		fail("fork: %s", strerror(errno));
	if (plan->reaper == 0) {
		close(ends[1]);
		reap(plan, ends[0]);
	}
	close(ends[0]);
	plan->reaper_pipe = ends[1];
}

/* "sbrun-PID-..."; rmdir() spares what is in use. */
void reaper_remove_stale(const struct spec *spec, const char *base)
{
	DIR *dir = opendir(base);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *path;
		int pid;

		if (sscanf(entry->d_name, CGROUP_PREFIX "%d-", &pid) != 1 || kill(pid, 0) == 0 ||
		    errno != ESRCH)
			continue;
		path = xprintf(spec->arena, "%s/%s", base, entry->d_name);
		remove_group(path, xprintf(spec->arena, "%s/" CGROUP_INNER, path));
	}
	if (dir)
		closedir(dir);
}

void cgroup_remove(struct plan *plan)
{
	if (!plan->ngroups)
		return;
	close(plan->reaper_pipe);
	while (waitpid(plan->reaper, NULL, 0) < 0 && errno == EINTR)
		;
	if (!remove_all(plan)) /* the reaper may have been killed */
		fprintf(stderr, "sbrun: cgroup: %s: cannot be removed: %s\n", plan->groups[0].path,
			strerror(errno));
}
