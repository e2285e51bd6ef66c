/* SPDX-License-Identifier: MIT */
/*
 * --status PID: the cgroups that are round it and not round its supervisor, with their limits and
 * what is used of them now, as the kernel's own files have it, where we see them.
 *
 * cgroups(7), proc_pid_cgroup(5)
 */
#include "runner/inspect.h"
#include "runner/limits.h"

#include <string.h>

/* A cgroup has those of the controllers that it is of, and those that the kernel knows. */
static const char *const told[] = {
	"memory.max",
	"memory.limit_in_bytes",
	"memory.current",
	"memory.usage_in_bytes",
	"memory.peak",
	"memory.max_usage_in_bytes",
	"memory.swap.max",
	"memory.swap.current",
	"memory.memsw.limit_in_bytes",
	"memory.memsw.usage_in_bytes",
	"pids.max",
	"pids.current",
	"pids.peak",
	"cpu.max",
	"cpu.cfs_quota_us",
	"cpu.cfs_period_us",
	"cpuacct.usage",
	"cpu.stat",
	"io.max",
};

/* "pids.max 17, pids.current 2": of a file with more lines, the first. */
static const char *numbers_in(struct bpf_arena *arena, const char *dir)
{
	const char *text = "";

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		const char *is = cgroup_text(arena, xprintf(arena, "%s/%s", dir, told[i]));

		/* That of v1 is of something else. */
		if (strcmp(told[i], "cpu.stat") == 0 && is && strncmp(is, "usage_", 6) != 0)
			continue;
		if (is && *is)
			text = xprintf(arena, "%s%s%s %.*s", text, *text ? ", " : "", told[i],
				       (int)strcspn(is, "\n"), is);
	}
	return text;
}

/* Of GROUPS, a /proc/PID/cgroup, the one at PATH, in the hierarchy of NAMES, which end there. */
static const char *one_group(const struct target *t, const char *groups, const char *names,
			     const char *path)
{
	struct bpf_arena *arena = t->arena;
	const char *dir, *name = strrchr(path, '/'), *text;
	int len = (int)(path - names);

	dir = cgroup_directory(arena, groups,
			       xprintf(arena, "%.*s", (int)strcspn(names, ",:"), names));
	/* It holds the processes, and what is round it the limits. */
	if (dir && name && strcmp(name + 1, CGROUP_INNER) == 0) {
		dir = xprintf(arena, "%.*s", (int)(strrchr(dir, '/') - dir), dir);
		name = strrchr(xprintf(arena, "%.*s", (int)(name - path), path), '/');
	}
	text = xprintf(arena, "%.*s: %s", len ? len : 2, len ? names : "v2",
		       escaped(arena, name ? name + 1 : path + 1));
	if (dir)
		text = xprintf(arena, "%s (%s)", text, escaped(arena, numbers_in(arena, dir)));
	return text;
}

/* A line is "NUMBER:CONTROLLERS:PATH". */
enum wall_state inspect_cgroups(const struct target *t, unsigned long arg, const char **evidence)
{
	const char *groups = inspect_read(t, t->process, "cgroup");
	const char *outer = inspect_read(t, t->supervisor, "cgroup");
	const char *text = "";
	char *rest, *line;

	(void)arg;
	if (!groups || !outer) {
		*evidence = "cannot be read";
		return WALL_UNKNOWN;
	}
	rest = xprintf(t->arena, "%s", groups);
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *names = strchr(line, ':'),
			   *path = names ? strchr(names + 1, ':') : NULL;

		if (!path || strstr(outer, xprintf(t->arena, "%s\n", line)))
			continue;
		text = xprintf(t->arena, "%s%s%s", text, *text ? "; " : "",
			       one_group(t, groups, names + 1, path));
	}
	*evidence = *text ? text : "none but that of sbrun";
	return *text ? WALL_YES : WALL_NO;
}
