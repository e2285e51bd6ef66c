/* SPDX-License-Identifier: MIT */
/*
 * Where a cgroup for the sandbox can be made: below the one that we are in, and nowhere else, so
 * that whatever limits us limits the sandbox, too.
 *
 * A controller (memory, pids, ...) belongs to one hierarchy: an old one that is mounted for it (v1),
 * or the unified one (v2). In v2 a group that holds processes cannot hand controllers to its
 * children, but for the root of all. Ours does hold processes: us. Where we are alone in it, as
 * in a scope that systemd delegates, we can step aside, into a child of it (aside.c).
 *
 * cgroups(7), Documentation/admin-guide/cgroup-v2.rst of the kernel
 */
#include "runner/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNTS	  64
#define TEXT_SIZE 4096

struct mounted {
	bool v2;
	const char *root, *point, *options;
};

struct hierarchies {
	struct bpf_arena *arena;
	struct mounted mounts[MOUNTS];
	unsigned int nmounts;
	const char *own; /* /proc/self/cgroup */
};

/* The controller of each limit. Any group of v2 tells of the processor time that was used. */
static const struct {
	const char *v1, *v2;
} controllers[LIMIT_KINDS] = {
	[LIMIT_MEMORY] = { "memory", "memory" }, [LIMIT_SWAP] = { "memory", "memory" },
	[LIMIT_PIDS] = { "pids", "pids" },	 [LIMIT_CPU] = { "cpu", "cpu" },
	[LIMIT_IO_MAX] = { "blkio", "io" },	 [LIMIT_IO_WEIGHT] = { "blkio", "io" },
	[LIMIT_CPU_TIME] = { "cpuacct", NULL },
};

/* Is WORD one of LIST's, which blanks and commas part? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; *list; list += n + (list[n] != '\0')) {
		n = strcspn(list, ", \n");
		if (n == len && strncmp(list, word, len) == 0)
			return true;
	}
	return false;
}

const char *cgroup_text(struct bpf_arena *arena, const char *path)
{
	char *text = xalloc(arena, TEXT_SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, TEXT_SIZE - 1);
	close(fd);
	return n < 0 ? NULL : text;
}

int cgroup_write(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* "10 31 0:28 ROOT POINT rw,relatime [...] - TYPE source OPTIONS" */
static void take_mount(struct hierarchies *h, const char *line)
{
	struct mounted *mount = &h->mounts[h->nmounts];
	const char *rest = strstr(line, " - ");
	char *root, *point, *options;
	char type[16];

	if (h->nmounts == MOUNTS || !rest || strncmp(rest, " - cgroup", 9) != 0)
		return;
	root = xalloc(h->arena, TEXT_SIZE);
	point = xalloc(h->arena, TEXT_SIZE);
	options = xalloc(h->arena, TEXT_SIZE);
	if (sscanf(line, "%*d %*d %*s %4095s %4095s", root, point) != 2 ||
	    sscanf(rest, " - %15s %*s %4095s", type, options) != 2)
		return;
	mount->v2 = strcmp(type, "cgroup2") == 0;
	mount->root = root;
	mount->point = point;
	mount->options = options;
	h->nmounts++;
}

static void read_hierarchies(struct hierarchies *h)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		take_mount(h, line);
	free(line);
	if (file)
		fclose(file);
	h->own = cgroup_text(h->arena, "/proc/self/cgroup");
}

/* Our group in the hierarchy of CONTROLLER ("": v2): the rest of its line "4:memory:/path". */
static const char *own_path(const struct hierarchies *h, const char *controller)
{
	for (const char *line = h->own; line && *line; line += strcspn(line, "\n") + 1) {
		const char *names = strchr(line, ':'),
			   *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			return NULL;
		names = xprintf(h->arena, "%.*s", (int)(path - names - 1), names + 1);
		if (*controller ? has_word(names, controller) : !*names)
			return xprintf(h->arena, "%.*s", (int)strcspn(path + 1, "\n"), path + 1);
		if (!strchr(line, '\n'))
			return NULL;
	}
	return NULL;
}

/* PATH without the ROOT that is mounted; NULL: it is not below it. */
static const char *path_below(const char *path, const char *root)
{
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/') ||
	    strncmp(path, "/..", 3) == 0)
		return NULL;
	return strcmp(path + len, "/") == 0 ? "" : path + len;
}

/* The directory of our own group; NULL: it is not to be seen. */
static const char *own_directory(const struct hierarchies *h, const char *controller)
{
	const char *path = own_path(h, controller), *rest;

	for (unsigned int i = 0; path && i < h->nmounts; i++) {
		const struct mounted *mount = &h->mounts[i];

		if (*controller ? mount->v2 || !has_word(mount->options, controller) : !mount->v2)
			continue;
		rest = path_below(path, mount->root);
		if (!rest)
			continue;
		return xprintf(h->arena, "%s%s", mount->point, rest);
	}
	return NULL;
}

/* Can cgroups be made in DIR, and processes be put into them? 0 or -errno. */
static int may_make(struct bpf_arena *arena, const char *dir)
{
	if (access(dir, W_OK | X_OK) < 0 ||
	    access(xprintf(arena, "%s/cgroup.procs", dir), W_OK) < 0)
		return -errno;
	return 0;
}

enum holds { HOLDS_NOBODY, HOLDS_US, HOLDS_OTHERS };

/*
 * Whose are the processes of DIR? The root of all, which alone has no type, may hold any. Of ours
 * there are two with --background: one waits for the start of the other's.
 */
static enum holds who_is_in(const struct spec *spec, const char *dir)
{
	struct bpf_arena *arena = spec->arena;
	const char *line = cgroup_text(arena, xprintf(arena, "%s/cgroup.procs", dir));
	bool we = false;
	char *end;

	if (access(xprintf(arena, "%s/cgroup.type", dir), F_OK) < 0)
		return HOLDS_NOBODY;
	for (; line && *line; line = end + (*end == '\n')) {
		pid_t pid = (pid_t)strtol(line, &end, 10);

		if (pid != getpid() && !(spec->background && pid == getppid()))
			return HOLDS_OTHERS;
		we = true;
	}
	return we ? HOLDS_US : HOLDS_NOBODY;
}

/* Can children of DIR get CONTROLLER, now or when nobody is in it any more? 0 or -errno. */
static int may_hand_down(const struct spec *spec, struct cgroup_place *place,
			 const char *controller)
{
	struct bpf_arena *arena = spec->arena;
	const char *file = xprintf(arena, "%s/cgroup.subtree_control", place->dir);
	const char *list = cgroup_text(arena, file);
	const char *there = cgroup_text(arena, xprintf(arena, "%s/cgroup.controllers", place->dir));

	if (!there || !has_word(there, controller))
		return -ENOENT;
	switch (who_is_in(spec, place->dir)) {
	case HOLDS_OTHERS:
		return -EBUSY;
	case HOLDS_US:
		place->aside = true;
		break;
	case HOLDS_NOBODY:
		break;
	}
	place->enable = !list || !has_word(list, controller);
	return (place->aside || place->enable) && access(file, W_OK) < 0 ? -errno : 0;
}

/* In our own group, if that can be. */
static void find_v2(const struct spec *spec, const struct hierarchies *h, unsigned int limits,
		    struct cgroup_place *places)
{
	const char *own = own_directory(h, "");
	int denied = own ? may_make(h->arena, own) : 0;

	for (unsigned int i = 0; own && i < LIMIT_KINDS; i++) {
		if (!(limits & (1u << i)))
			continue;
		places[i] = (struct cgroup_place){ .dir = own, .v2 = true, .error = denied };
		if (!denied && controllers[i].v2)
			places[i].error = may_hand_down(spec, &places[i], controllers[i].v2);
	}
}

static void find_v1(const struct hierarchies *h, unsigned int kind, struct cgroup_place *place)
{
	const char *own = own_directory(h, controllers[kind].v1);

	if (!own)
		return;
	place->v2 = false;
	place->dir = own;
	place->error = access(own, W_OK | X_OK) < 0 ? -errno : 0;
}

void cgroup_places(const struct spec *spec, struct cgroup_place *places)
{
	struct hierarchies *h = xalloc(spec->arena, sizeof(*h));
	const unsigned int limits = spec->limited;
	unsigned int unified = 0;

	h->arena = spec->arena;
	read_hierarchies(h);
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		places[i] = (struct cgroup_place){ .error = -ENODEV };
		if (!(limits & (1u << i)))
			continue;
		if (controllers[i].v2)
			find_v1(h, i, &places[i]);
		if (places[i].error == -ENODEV)
			unified |= 1u << i;
	}
	find_v2(spec, h, unified, places);
	if ((limits & (1u << LIMIT_CPU_TIME)) && places[LIMIT_CPU_TIME].error)
		find_v1(h, LIMIT_CPU_TIME, &places[LIMIT_CPU_TIME]);
}

const char *cgroup_directory(struct bpf_arena *arena, const char *groups, const char *controller)
{
	struct hierarchies *h = xalloc(arena, sizeof(*h));

	h->arena = arena;
	read_hierarchies(h);
	h->own = groups;
	return own_directory(h, controller);
}

const char *cgroup_controller(enum limit_kind kind, bool v2)
{
	return v2 && controllers[kind].v2 ? controllers[kind].v2 : controllers[kind].v1;
}
