/* SPDX-License-Identifier: MIT */
/*
 * Where a cgroup for the sandbox can be made: below the one that we are in, so that whatever
 * limits us limits the sandbox, too.
 *
 * A controller (memory, pids, ...) belongs to one hierarchy: an old one that is mounted for it (v1),
 * or the unified one (v2). In v2 a group that holds processes cannot hand controllers to its
 * children, but for the root of all. Ours does hold processes: us. Then the
 * group above may serve, if it is ours to write: that is so for root, and for what systemd has
 * delegated, where services and scopes are the leaves.
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
	bool only_look;
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

/* All of a small file; NULL: it cannot be read. */
static const char *read_text(struct bpf_arena *arena, const char *path)
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
	h->own = read_text(h->arena, "/proc/self/cgroup");
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

/* The directory of our own group, and the mount that it is in; NULL: it is not to be seen. */
static const char *own_directory(const struct hierarchies *h, const char *controller,
				 const struct mounted **in)
{
	const char *path = own_path(h, controller), *rest;

	for (unsigned int i = 0; path && i < h->nmounts; i++) {
		const struct mounted *mount = &h->mounts[i];

		if (*controller ? mount->v2 || !has_word(mount->options, controller) : !mount->v2)
			continue;
		rest = path_below(path, mount->root);
		if (!rest)
			continue;
		*in = mount;
		return xprintf(h->arena, "%s%s", mount->point, rest);
	}
	return NULL;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Does it hold processes, and is not the root of all, which alone has no type? */
static bool is_leaf(struct bpf_arena *arena, const char *dir)
{
	const char *processes = read_text(arena, xprintf(arena, "%s/cgroup.procs", dir));

	return processes && *processes && access(xprintf(arena, "%s/cgroup.type", dir), F_OK) == 0;
}

/*
 * Do children of DIR get CONTROLLER? They do from now on, if we may say so. A leaf would take
 * some of them (pids, cpu), but for threads: no process can then be put into its children.
 */
static int hand_down(const struct hierarchies *h, const char *dir, const char *controller)
{
	struct bpf_arena *arena = h->arena;
	const char *file = xprintf(arena, "%s/cgroup.subtree_control", dir);
	const char *there = read_text(arena, xprintf(arena, "%s/cgroup.controllers", dir));
	const char *list = read_text(arena, file);

	if (is_leaf(arena, dir))
		return -EBUSY;
	if (list && has_word(list, controller))
		return 0;
	if (h->only_look)
		return !there || !has_word(there, controller) ? -ENOENT :
		       access(file, W_OK) < 0		      ? -errno :
								0;
	return write_text(file, xprintf(arena, "+%s", controller));
}

/* Can all of LIMITS be had in children of DIR? How many cannot; PLACES says why. */
static unsigned int try_directory(const struct hierarchies *h, const char *dir, unsigned int limits,
				  struct cgroup_place *places)
{
	int denied = access(dir, W_OK | X_OK) < 0 ? -errno : 0;
	unsigned int bad = 0;

	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		if (!(limits & (1u << i)))
			continue;
		places[i] = (struct cgroup_place){ .dir = dir, .v2 = true, .error = denied };
		if (!denied && controllers[i].v2)
			places[i].error = hand_down(h, dir, controllers[i].v2);
		bad += places[i].error != 0;
	}
	return bad;
}

/* In our own group if that can be, else in the one above, if it is better. */
static void find_v2(const struct hierarchies *h, unsigned int limits, struct cgroup_place *places)
{
	const struct mounted *mount = NULL;
	const char *own = own_directory(h, "", &mount), *above;
	struct cgroup_place others[LIMIT_KINDS];
	unsigned int bad;

	if (!own)
		return;
	bad = try_directory(h, own, limits, places);
	if (!bad || strcmp(own, mount->point) == 0)
		return;
	above = xprintf(h->arena, "%.*s", (int)(strrchr(own, '/') - own), own);
	if (try_directory(h, above, limits, others) >= bad)
		return;
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		if (limits & (1u << i))
			places[i] = others[i];
	}
}

static void find_v1(const struct hierarchies *h, unsigned int kind, struct cgroup_place *place)
{
	const struct mounted *mount = NULL;
	const char *own = own_directory(h, controllers[kind].v1, &mount);

	if (!own)
		return;
	place->v2 = false;
	place->dir = own;
	place->error = access(own, W_OK | X_OK) < 0 ? -errno : 0;
}

static void find_places(struct hierarchies *h, unsigned int limits, struct cgroup_place *places)
{
	unsigned int unified = 0;

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
	find_v2(h, unified, places);
	if ((limits & (1u << LIMIT_CPU_TIME)) && places[LIMIT_CPU_TIME].error)
		find_v1(h, LIMIT_CPU_TIME, &places[LIMIT_CPU_TIME]);
}

void cgroup_places(struct bpf_arena *arena, unsigned int limits, struct cgroup_place *places)
{
	struct hierarchies *h = xalloc(arena, sizeof(*h));

	h->arena = arena;
	find_places(h, limits, places);
}

void cgroup_places_look(struct bpf_arena *arena, unsigned int limits, struct cgroup_place *places)
{
	struct hierarchies *h = xalloc(arena, sizeof(*h));

	h->arena = arena;
	h->only_look = true;
	find_places(h, limits, places);
}

const char *cgroup_controller(enum limit_kind kind, bool v2)
{
	return v2 && controllers[kind].v2 ? controllers[kind].v2 : controllers[kind].v1;
}
