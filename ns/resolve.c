/* SPDX-License-Identifier: MIT */
/*
 * Find a destination inside the new root, name by name.
 *
 * Between the root tmpfs and a destination there may be directories of the host, bound by an
 * earlier operation, in which somebody else may create and exchange links while we look.
 * So no path is handed to the kernel: each name is opened alone, O_PATH | O_NOFOLLOW, from
 * the descriptor of the one before, and a link is read and followed here, as text, from the
 * new root. ".." (only links may hold it) drops the last name of the text walked so far
 * and walks that again; it is never asked of the kernel, whose ".." leaves the tree if a
 * directory was moved, or at the top of the new root, which lies over the old one.
 *
 * openat2(RESOLVE_IN_ROOT) does the same in one call, but it cannot create what is missing
 * on the way, and filters of outer sandboxes often lack it. One way is enough.
 *
 * Names are created in file systems of our own only: nothing ever appears on the host.
 *
 * path_resolution(7), open(2), openat2(2)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* the kernel's own limit */

struct walk {
	const struct ns_tree *tree;
	const char *next; /* in TODO: what is left to walk */
	unsigned int flags;
	unsigned int links;
	bool foreign; /* a link of the host's was followed, ... */
	size_t rest;  /* ... and its text is walked until this much of TODO is left */
	char todo[NS_PATH_MAX + 1];
	char done[NS_PATH_MAX + 1]; /* "/usr/lib", no links in it; "" is the root */
	char target[NS_PATH_MAX + 1];
};

void ns_place_release(struct ns_place *place)
{
	ns_close(&place->fd);
	ns_close(&place->parent);
}

bool ns_is_own(const struct ns_tree *tree, const struct stat *st)
{
	for (size_t i = 0; i < tree->nown; i++) {
		if (tree->own_dev[i] == st->st_dev)
			return true;
	}
	return false;
}

static bool has_dotdot(const char *path)
{
	while ((path = strstr(path, "/.."))) {
		path += 3;
		if (*path == '/' || *path == '\0')
			return true;
	}
	return false;
}

/* Take the next name off PATH; its length, 0 at the end. */
static size_t next_name(const char **path, char name[NAME_MAX + 1])
{
	size_t len;

	for (;;) {
		*path += strspn(*path, "/");
		len = strcspn(*path, "/");
		if (len <= NAME_MAX) {
			memcpy(name, *path, len);
			name[len] = '\0';
		}
		*path += len;
		if (len != 1 || name[0] != '.')
			return len;
	}
}

static int open_name(int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Step to FD, which is NAME in where we are; FD is the place's from now on. */
static int enter(struct ns_place *place, int fd, const char *name)
{
	if (fd < 0)
		return fd;
	ns_close(&place->parent);
	place->parent = place->fd;
	place->fd = fd;
	strcpy(place->name, name);
	return fstat(fd, &place->st) < 0 ? -errno : 0;
}

/* Go to what DONE says, from the root. Nothing in it was a link; now it still must not be. */
static int restart(struct walk *walk, struct ns_place *place)
{
	const char *path = walk->done;
	char name[NAME_MAX + 1];
	int error;

	ns_place_release(place);
	error = enter(place, open_name(walk->tree->root, "."), ".");
	if (!error) {
		place->parent = open_name(walk->tree->root, ".");
		error = place->parent < 0 ? place->parent : 0;
	}
	while (!error && next_name(&path, name)) {
		error = enter(place, open_name(place->fd, name), name);
		if (!error && !S_ISDIR(place->st.st_mode))
			error = -ENOTDIR;
	}
	return error;
}

static int go_up(struct walk *walk, struct ns_place *place)
{
	char *slash = strrchr(walk->done, '/');

	if (slash)
		*slash = '\0';
	return restart(walk, place);
}

/* Are we in the text of a link that the host controls? Where it points must then exist. */
static bool in_foreign(const struct walk *walk)
{
	return walk->foreign && strlen(walk->next) > walk->rest;
}

/* Put what the link FD says before the rest of the path. */
static int follow(struct walk *walk, struct ns_place *place, int fd, const struct stat *st)
{
	size_t rest = strlen(walk->next);
	ssize_t len;

	if (++walk->links > LINKS_MAX || ns_is_proc(fd) == 0)
		return -ELOOP;
	len = readlinkat(fd, "", walk->target, sizeof(walk->target));
	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len + 1 + rest > NS_PATH_MAX)
		return -ENAMETOOLONG;
	if (!ns_is_own(walk->tree, st) && !in_foreign(walk)) {
		walk->foreign = true;
		walk->rest = rest;
	}
	memmove(walk->todo + len + 1, walk->next, rest + 1);
	memcpy(walk->todo, walk->target, (size_t)len);
	walk->todo[len] = '/';
	walk->next = walk->todo;
	if (walk->target[0] != '/')
		return 0;
	walk->done[0] = '\0';
	return restart(walk, place);
}

/* NAME is missing: 1 if it is the last and the caller will make it, else make a directory. */
static int missing(const struct walk *walk, struct ns_place *place, const char *name, bool last)
{
	int fd;

	if (!(walk->flags & NS_CREATE))
		return -ENOENT;
	if (in_foreign(walk) || !ns_is_own(walk->tree, &place->st))
		return -EXDEV;
	if (!last) {
		if (mkdirat(place->fd, name, 0755) < 0)
			return -errno;
		fd = open_name(place->fd, name);
		return enter(place, fd, name);
	}
	ns_close(&place->parent);
	place->parent = place->fd;
	place->fd = -1;
	strcpy(place->name, name);
	return 1;
}

static int note(struct walk *walk, const char *name)
{
	size_t len = strlen(walk->done);

	if (len + 1 + strlen(name) > NS_PATH_MAX)
		return -ENAMETOOLONG;
	walk->done[len] = '/';
	strcpy(walk->done + len + 1, name);
	return 0;
}

/* One name; 1: there is nothing of that name, and it was the last. */
static int step(struct walk *walk, struct ns_place *place, const char *name)
{
	bool last = walk->next[strspn(walk->next, "/")] == '\0';
	ns_auto_close int fd = -1;
	struct stat st;
	int error;

	if (!S_ISDIR(place->st.st_mode))
		return -ENOTDIR;
	if (strcmp(name, "..") == 0)
		return go_up(walk, place);
	fd = open_name(place->fd, name);
	if (fd == -ENOENT) {
		error = missing(walk, place, name, last);
		return error ? error : note(walk, name);
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && !(last && (walk->flags & NS_LINK)))
		return follow(walk, place, fd, &st);
	error = enter(place, fd, name);
	fd = -1;
	return error ? error : note(walk, name);
}

int ns_resolve(const struct ns_tree *tree, const char *path, unsigned int flags,
	       struct ns_place *place)
{
	struct walk walk = { .tree = tree, .flags = flags };
	char name[NAME_MAX + 1];
	size_t len;
	int error;

	*place = (struct ns_place){ .fd = -1, .parent = -1 };
	if (path[0] != '/' || has_dotdot(path))
		return -EINVAL;
	if (strlen(path) > NS_PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(walk.todo, path);
	walk.next = walk.todo;
	error = restart(&walk, place);
	while (!error && (len = next_name(&walk.next, name)))
		error = len > NAME_MAX ? -ENAMETOOLONG : step(&walk, place, name);
	if (error < 0) {
		ns_place_release(place);
		return error;
	}
	place->root = error == 0 && walk.done[0] == '\0';
	place->foreign = walk.foreign;
	return 0;
}
