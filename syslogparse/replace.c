/* SPDX-License-Identifier: MIT */
/*
 * A file's new content: all of it, or the file stays as it was.
 *
 * It is written into a file without a name, which vanishes if we do, made durable, and only then
 * given a name, and at once the right one's place (rename(2)). No symbolic link is followed on
 * the way: whoever may write to a directory of the path cannot choose another file than the one
 * that was named. Where a file system has no files without names, it gets one from the start.
 *
 * O_TMPFILE in open(2), openat2(2), linkat(2), rename(2)
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

struct place {
	int dir;
	const char *name;
	char temporary[40]; /* "": it has no name */
	bool there;	    /* a file of that name */
	struct stat old;
};

static int open_directory(const char *path, struct place *place)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	place->name = slash ? slash + 1 : path;
	if (strlen(path) >= sizeof(dir))
		return -ENAMETOOLONG;
	if (slash == path)
		strcpy(dir, "/");
	else if (slash)
		*(char *)mempcpy(dir, path, (size_t)(slash - path)) = '\0';
	if (!*place->name || strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0)
		return -EISDIR;
	place->dir = (int)syscall(SYS_openat2, AT_FDCWD, dir, &how, sizeof(how));
	return place->dir < 0 ? -errno : 0;
}

static int look_at_old(struct place *place)
{
	if (fstatat(place->dir, place->name, &place->old, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	place->there = true;
	if (S_ISREG(place->old.st_mode))
		return 0;
	return S_ISLNK(place->old.st_mode) ? -ELOOP :
	       S_ISDIR(place->old.st_mode) ? -EISDIR :
					     -ENOTSUP;
}

static int choose_temporary(struct place *place)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	snprintf(place->temporary, sizeof(place->temporary), ".syslogparse-%016" PRIx64, random);
	return 0;
}

static int open_new(struct place *place)
{
	int fd = openat(place->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), error;

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return -errno;
	error = choose_temporary(place);
	if (error)
		return error;
	fd = openat(place->dir, place->temporary,
		    O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
	error = errno;
	if (fd < 0)
		place->temporary[0] = '\0';
	return fd < 0 ? -error : fd;
}

/* The old file's owner and mode; without one, what any new file gets. */
static int take_over(const struct place *place, int fd)
{
	mode_t mask;

	if (!place->there) {
		mask = umask(0);
		umask(mask);
		return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
	}
	if (fchown(fd, place->old.st_uid, place->old.st_gid) < 0 ||
	    fchmod(fd, place->old.st_mode & 0777) < 0)
		return -errno;
	return 0;
}

static int give_name(struct place *place, int fd)
{
	char path[32];
	int error;

	if (place->temporary[0])
		return 0;
	error = choose_temporary(place);
	if (error)
		return error;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, place->dir, place->temporary, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	error = -errno;
	place->temporary[0] = '\0';
	return error;
}

static int fill(struct place *place, int fd, const char *text, size_t len, const char **what)
{
	int error;

	*what = "write";
	error = write_all(fd, text, len);
	if (!error)
		error = take_over(place, fd);
	if (!error && fsync(fd) < 0)
		error = -errno;
	if (error)
		return error;
	*what = "rename";
	error = give_name(place, fd);
	if (!error && renameat(place->dir, place->temporary, place->dir, place->name) < 0)
		error = -errno;
	if (!error) {
		place->temporary[0] = '\0';
		error = fsync(place->dir) < 0 ? -errno : 0;
	}
	return error;
}

int replace_file(const char *path, const char *text, size_t len, const char **what)
{
	struct place place = { .dir = -1 };
	sigset_t all, before;
	int error, fd;

	*what = "open";
	error = open_directory(path, &place);
	if (!error)
		error = look_at_old(&place);
	if (!error) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &before); /* no name is left behind by ^C */
		fd = open_new(&place);
		error = fd < 0 ? fd : fill(&place, fd, text, len, what);
		if (place.temporary[0])
			unlinkat(place.dir, place.temporary, 0);
		if (fd >= 0)
			close(fd);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	if (place.dir >= 0)
		close(place.dir);
	return error;
}
