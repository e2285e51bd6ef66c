/* SPDX-License-Identifier: MIT */
/*
 * How the walls of a sandbox look from outside, in /proc.
 *
 * The table at the end has a row for each. What it does not know is the plan of the sandbox:
 * a network that is the host's may have been asked for. But some things cannot be asked away, and
 * where one of them is not so, the process is not confined as sbrun confines.
 *
 * proc(5), namespaces(7)
 */
#include "runner/inspect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- what it can see ---- */

static enum wall_state look_namespace(const struct target *t, unsigned long flag,
				      const char **evidence)
{
	unsigned int i = 0;

	while (ns_kinds[i].flag != flag)
		i++;
	if (!t->its[i]) {
		*evidence = "this kernel has none";
		return WALL_UNKNOWN;
	}
	if (t->its[i] != t->ours[i]) {
		*evidence = xprintf(t->arena, "%llu; ours is %llu", (unsigned long long)t->its[i],
				    (unsigned long long)t->ours[i]);
		return WALL_YES;
	}
	*evidence = xprintf(t->arena, "%llu, which is ours", (unsigned long long)t->its[i]);
	return flag & (CLONE_NEWPID | CLONE_NEWNS) ? WALL_MISSING : WALL_NO;
}

/* The ids outside, as a process sees them that is not root of the host, may well have a 0. */
static bool sees_host_ids(const struct target *t)
{
	uint32_t outer;

	return ns_idmap_lookup(t->proc, "uid_map", 0, &outer) == 0 && outer == 0;
}

static bool is_root(const struct target *t, const char *key)
{
	const char *ids = inspect_field(inspect_read(t, t->process, "status"), key);
	unsigned int id[4];

	return sscanf(ids, "%u %u %u %u", &id[0], &id[1], &id[2], &id[3]) != 4 || !id[0] ||
	       !id[1] || !id[2] || !id[3];
}

/* "INSIDE OUTSIDE COUNT" lines: each in words, and whether one holds root outside. */
static bool map_words(const struct target *t, const char *name, const char **words)
{
	char *rest = inspect_read(t, t->process, name), *line;
	bool root = !rest;

	while (rest && (line = strsep(&rest, "\n")) && *line) {
		unsigned int inside, outside, count;

		if (sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
			return true;
		root |= outside == 0;
		*words = xprintf(t->arena, "%s%s%u is %u outside", *words, **words ? ", " : "",
				 inside, outside);
		if (count > 1)
			*words = xprintf(t->arena, "%s and %u more", *words, count - 1);
	}
	return root;
}

static enum wall_state look_ids(const struct target *t, unsigned long arg, const char **evidence)
{
	const char *users = "", *groups = "";
	bool root;

	(void)arg;
	if (t->its[0] == t->ours[0]) {
		*evidence = "those of the host";
		root = is_root(t, "Uid") || is_root(t, "Gid");
		return !root ? WALL_NO : sees_host_ids(t) ? WALL_MISSING : WALL_UNKNOWN;
	}
	root = map_words(t, "uid_map", &users);
	root |= map_words(t, "gid_map", &groups);
	*evidence = xprintf(t->arena, "user %s; group %s", users, groups);
	return !root ? WALL_YES : sees_host_ids(t) ? WALL_MISSING : WALL_UNKNOWN;
}

static enum wall_state look_network(const struct target *t, unsigned long arg,
				    const char **evidence)
{
	char *rest = inspect_read(t, t->process, "net/dev"), *line;
	const char *names = "";
	bool only_lo = true;

	(void)arg;
	if (!rest) {
		*evidence = "its interfaces cannot be read";
		return WALL_UNKNOWN;
	}
	while ((line = strsep(&rest, "\n"))) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		line += strspn(line, " ");
		only_lo &= strcmp(line, "lo") == 0;
		names = xprintf(t->arena, "%s %s", names, escaped(t->arena, line));
	}
	*evidence = xprintf(t->arena, "interfaces:%s", *names ? names : " none");
	return only_lo ? WALL_YES : WALL_NO;
}

struct mount_counts {
	unsigned int all, readonly, nosuid, nodev, noexec;
};

static int count_mount(void *ctx, const struct ns_mount *mount)
{
	struct mount_counts *counts = ctx;

	counts->all++;
	counts->readonly += !!(mount->attr & MOUNT_ATTR_RDONLY);
	counts->nosuid += !!(mount->attr & MOUNT_ATTR_NOSUID);
	counts->nodev += !!(mount->attr & MOUNT_ATTR_NODEV);
	counts->noexec += !!(mount->attr & MOUNT_ATTR_NOEXEC);
	return 0;
}

static enum wall_state look_mounts(const struct target *t, unsigned long arg, const char **evidence)
{
	struct mount_counts n = { 0 };
	int err = ns_mounts_each(t->proc, t->process, count_mount, &n);

	(void)arg;
	if (err) {
		*evidence = strerror(-err);
		return WALL_UNKNOWN;
	}
	*evidence = xprintf(t->arena, "%u: %u nosuid, %u nodev, %u read-only, %u noexec", n.all,
			    n.nosuid, n.nodev, n.readonly, n.noexec);
	return n.all && n.nosuid == n.all ? WALL_YES : WALL_MISSING;
}

/* ---- what it may do ---- */

static caps_set all_sets(const struct caps_state *state)
{
	return state->effective | state->permitted | state->inheritable | state->bounding |
	       state->ambient;
}

static enum wall_state look_capabilities(const struct target *t, unsigned long arg,
					 const char **evidence)
{
	struct caps_state state;
	char text[CAPS_TEXT_SIZE];
	int err = caps_read_status(t->proc, t->process, &state, NULL, NULL);

	(void)arg;
	if (err) {
		*evidence = strerror(-err);
		return WALL_UNKNOWN;
	}
	if (!all_sets(&state)) {
		*evidence = "none, in none of the five sets";
		return WALL_YES;
	}
	*evidence =
		xprintf(t->arena, "permitted: %s; bounding: %s",
			xprintf(t->arena, "%s", caps_set_text(state.permitted, text, sizeof(text))),
			xprintf(t->arena, "%s", caps_set_text(state.bounding, text, sizeof(text))));
	/* Those that "caps" keeps are over its own namespaces, and these would be over ours. */
	return t->its[0] == t->ours[0] ? WALL_MISSING : WALL_NO;
}

static enum wall_state look_no_new_privs(const struct target *t, unsigned long arg,
					 const char **evidence)
{
	struct caps_state state;

	(void)arg;
	if (caps_read_status(t->proc, t->process, &state, NULL, NULL)) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	*evidence = state.no_new_privs ? "NoNewPrivs: 1" : "NoNewPrivs: 0";
	return state.no_new_privs ? WALL_YES : WALL_MISSING;
}

static enum wall_state look_seccomp(const struct target *t, unsigned long arg,
				    const char **evidence)
{
	unsigned int mode, filters, own_mode, own_filters;
	struct caps_state state;

	(void)arg;
	if (caps_read_status(t->proc, t->process, &state, &mode, &filters) ||
	    caps_read_status(t->proc, 0, &state, &own_mode, &own_filters)) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	*evidence = filters == CAPS_FILTERS_UNKNOWN ?
			    xprintf(t->arena, "mode %u", mode) :
			    xprintf(t->arena, "mode %u, filters: %u; we have %u", mode, filters,
				    own_filters);
	return mode == SECCOMP_MODE_FILTER && filters ? WALL_YES : WALL_MISSING;
}

/* Files of /proc belong to root, and not to who runs, where a process may not be read. */
static bool is_readable(const struct target *t, pid_t pid)
{
	const char *ids = inspect_field(inspect_read(t, pid, "status"), "Uid");
	unsigned int real, effective;
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "%d/mem", (int)pid);
	return sscanf(ids, "%u %u", &real, &effective) != 2 || fstatat(t->proc, path, &st, 0) < 0 ||
	       st.st_uid == effective;
}

static enum wall_state look_init(const struct target *t, unsigned long arg, const char **evidence)
{
	struct caps_state state;

	(void)arg;
	if (caps_read_status(t->proc, t->init, &state, NULL, NULL)) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	*evidence = all_sets(&state)	    ? "it holds a capability, or could gain one" :
		    !state.no_new_privs	    ? "it has not no_new_privs" :
		    is_readable(t, t->init) ? "its memory can be read by its user" :
					      "no capability, no_new_privs, not to be read";
	return !all_sets(&state) && state.no_new_privs && !is_readable(t, t->init) ? WALL_YES :
										     WALL_MISSING;
}

/* The session's number, and the terminal's device, from behind the name in /proc/PID/stat. */
static bool read_session(const struct target *t, pid_t pid, int *session, int *terminal)
{
	const char *name_end = inspect_stat(t, pid);

	return name_end && sscanf(name_end, ") %*c %*d %*d %d %d", session, terminal) == 2;
}

static enum wall_state look_session(const struct target *t, unsigned long arg,
				    const char **evidence)
{
	int its, theirs, terminal, unused;

	(void)arg;
	if (!read_session(t, t->process, &its, &terminal) ||
	    !read_session(t, t->supervisor, &theirs, &unused)) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	*evidence = xprintf(t->arena, "%d, that of sbrun is %d; %s", its, theirs,
			    terminal ? xprintf(t->arena, "terminal %u:%u", major((dev_t)terminal),
					       minor((dev_t)terminal)) :
				       "no terminal");
	/* A terminal controls one session, and one of another instance has the same number. */
	return its != theirs ? WALL_YES : WALL_MISSING;
}

/* ---- what it has ---- */

struct mount_search {
	uint64_t id;
	bool found;
};

static int match_mount(void *ctx, const struct ns_mount *mount)
{
	struct mount_search *search = ctx;

	search->found |= mount->id == search->id;
	return 0;
}

/* Is descriptor NAME a file or directory that lies in none of its mounts? */
static bool leads_outside(const struct target *t, const char *name, char *target, size_t size)
{
	struct mount_search search = { 0, false };
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "%d/fd/%.10s", (int)t->process, name);
	len = readlinkat(t->proc, path, target, size - 1);
	if (len <= 0 || *target != '/' || strncmp(target, "/memfd:", 7) == 0)
		return false;
	target[len] = '\0';
	snprintf(path, sizeof(path), "fdinfo/%.10s", name);
	search.id = strtoull(inspect_field(inspect_read(t, t->process, path), "mnt_id"), NULL, 10);
	return ns_mounts_each(t->proc, t->process, match_mount, &search) || !search.found;
}

static enum wall_state look_descriptors(const struct target *t, unsigned long arg,
					const char **evidence)
{
	char path[32], target[256];
	unsigned int count = 0;
	const char *outside = "";
	struct dirent *entry;
	DIR *dir;
	int fd;

	(void)arg;
	snprintf(path, sizeof(path), "%d/fd", (int)t->process);
	fd = openat(t->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (atoi(entry->d_name) > STDERR_FILENO &&
		    leads_outside(t, entry->d_name, target, sizeof(target)))
			outside = xprintf(t->arena, "%s %.10s (%s)", outside, entry->d_name,
					  escaped(t->arena, target));
	}
	closedir(dir);
	*evidence = xprintf(t->arena, "%u open; files of ours from 3 up:%s", count,
			    *outside ? outside : " none");
	return *outside ? WALL_NO : WALL_YES;
}

/*
 * The hard limit of RESOURCE, as /proc/PID/limits has them: a line each, in the order of
 * their numbers, behind a heading, in columns. prlimit(2) would want CAP_SYS_RESOURCE.
 */
static bool read_limit(const char *text, int resource, rlim_t *hard)
{
	char word[21];
	char *end;

	for (int line = 0; text && line <= resource; line++) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	if (!text || sscanf(text, "%*26c%*20s %20s", word) != 1)
		return false;
	*hard = strtoull(word, &end, 10);
	if (strcmp(word, "unlimited") == 0)
		*hard = RLIM_INFINITY;
	else if (*end)
		return false;
	return true;
}

static enum wall_state look_core(const struct target *t, unsigned long arg, const char **evidence)
{
	rlim_t hard;

	(void)arg;
	if (!read_limit(inspect_read(t, t->process, "limits"), RLIMIT_CORE, &hard)) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	*evidence = hard > 1 ? "larger ones can be written" : "1 byte at most";
	return hard > 1 ? WALL_NO : WALL_YES;
}

static enum wall_state look_limits(const struct target *t, unsigned long arg, const char **evidence)
{
	const char *table = inspect_read(t, t->process, "limits"), *text = "";
	const struct caps_rlimit *row;
	struct rlimit ours;
	rlim_t hard;

	(void)arg;
	for (row = caps_rlimits; row->name; row++) {
		if (row->resource == RLIMIT_CORE || !read_limit(table, row->resource, &hard) ||
		    getrlimit((__rlimit_resource_t)row->resource, &ours) < 0 ||
		    hard >= ours.rlim_max)
			continue;
		text = xprintf(t->arena, "%s%s%s %llu", text, *text ? ", " : "", row->name,
			       (unsigned long long)hard);
	}
	*evidence = *text ? text : "none that is lower than ours";
	return *text ? WALL_YES : WALL_NO;
}

static enum wall_state look_landlock(const struct target *t, unsigned long arg,
				     const char **evidence)
{
	(void)t;
	(void)arg;
	*evidence = caps_landlock_abi() ? "no file of /proc tells" : "this kernel has none";
	return WALL_UNKNOWN;
}

/* clang-format off */
const struct wall inspect_walls[] = {
	{ "user namespace",   look_namespace,	 CLONE_NEWUSER },
	{ "pid namespace",    look_namespace,	 CLONE_NEWPID },
	{ "mnt namespace",    look_namespace,	 CLONE_NEWNS },
	{ "net namespace",    look_namespace,	 CLONE_NEWNET },
	{ "ipc namespace",    look_namespace,	 CLONE_NEWIPC },
	{ "uts namespace",    look_namespace,	 CLONE_NEWUTS },
	{ "cgroup namespace", look_namespace,	 CLONE_NEWCGROUP },
	{ "time namespace",   look_namespace,	 CLONE_NEWTIME },
	{ "id maps",	      look_ids,		 0 },
	{ "capabilities",     look_capabilities, 0 },
	{ "no_new_privs",     look_no_new_privs, 0 },
	{ "seccomp",	      look_seccomp,	 0 },
	{ "landlock",	      look_landlock,	 0 },
	{ "init",	      look_init,	 0 },
	{ "session",	      look_session,	 0 },
	{ "mounts",	      look_mounts,	 0 },
	{ "network",	      look_network,	 0 },
	{ "descriptors",      look_descriptors,	 0 },
	{ "core dumps",	      look_core,	 0 },
	{ "limits",	      look_limits,	 0 },
	{ "cgroup",	      inspect_cgroups,	 0 },
	{ NULL, NULL, 0 }
};
/* clang-format on */
