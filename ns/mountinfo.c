/* SPDX-License-Identifier: MIT */
/*
 * Reading what /proc says, with nothing but the stack: numbers, and lines of mountinfo.
 *
 * A line may be long (two paths, each up to 4 KiB of which every byte can be an octal
 * escape, and the options of an overlay), and there may be thousands, so it is taken apart
 * as it streams by, and only the fields that matter are kept. The sixth field holds the
 * options of the mount; those of the file system, behind the "-", do not bind this mount.
 *
 * proc_pid_mountinfo(5)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

void ns_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int ns_is_proc(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? 0 : -ENOTSUP;
}

char *ns_number(char text[NS_NUMBER_MAX], uint64_t value, unsigned int base)
{
	char *at = &text[NS_NUMBER_MAX - 1];

	*at = '\0';
	do {
		*--at = (char)('0' + value % base);
		value /= base;
	} while (value);
	return at;
}

int ns_proc_path(char *path, size_t size, pid_t pid, const char *name)
{
	char digits[NS_NUMBER_MAX];
	const char *who = pid ? ns_number(digits, (uint64_t)pid, 10) : "self";

	if (strlen(who) + 1 + strlen(name) + 1 > size)
		return -ENAMETOOLONG;
	strcpy(path, who);
	strcat(path, "/");
	strcat(path, name);
	return 0;
}

int ns_proc_file(int proc, pid_t pid, const char *name)
{
	char path[64];
	int fd, error = ns_is_proc(proc);

	if (!error)
		error = ns_proc_path(path, sizeof(path), pid, name);
	if (error)
		return error;
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int ns_read_byte(struct ns_reader *reader)
{
	ssize_t len;

	if (reader->next == reader->len) {
		do
			len = read(reader->fd, reader->text, sizeof(reader->text));
		while (len < 0 && errno == EINTR);
		if (len < 0)
			return -errno;
		reader->next = 0;
		reader->len = (size_t)len;
		if (len == 0)
			return 0;
	}
	return reader->text[reader->next++];
}

int ns_read_number(struct ns_reader *reader, uint64_t *value)
{
	int byte;

	do
		byte = ns_read_byte(reader);
	while (byte == ' ' || byte == '\n');
	if (byte <= 0)
		return byte;
	*value = 0;
	if (byte < '0' || byte > '9')
		return -EBADMSG;
	for (; byte >= '0' && byte <= '9'; byte = ns_read_byte(reader)) {
		if (*value > (UINT64_MAX - 9) / 10)
			return -EBADMSG;
		*value = *value * 10 + (uint64_t)(byte - '0');
	}
	return byte ? byte : -EBADMSG;
}

/* Skip to the next STOP; a line that ends before it is broken. */
static int skip(struct ns_reader *reader, int stop)
{
	int byte;

	do
		byte = ns_read_byte(reader);
	while (byte > 0 && byte != stop && byte != '\n');
	if (byte < 0)
		return byte;
	return byte == stop ? 0 : -EBADMSG;
}

/* A byte of a path, with \040 and its like decoded; 0 at the blank behind it. */
static int path_byte(struct ns_reader *reader)
{
	int byte = ns_read_byte(reader);
	int value = 0;

	if (byte == ' ')
		return 0;
	if (byte == 0 || byte == '\n')
		return -EBADMSG;
	if (byte != '\\')
		return byte;
	for (int i = 0; i < 3; i++) {
		byte = ns_read_byte(reader);
		if (byte < '0' || byte > '7')
			return byte < 0 ? byte : -EBADMSG;
		value = value * 8 + byte - '0';
	}
	return value > 0 && value < 256 ? value : -EBADMSG;
}

static int read_path(struct ns_reader *reader, char *path, size_t size)
{
	size_t len = 0;
	int byte;

	while ((byte = path_byte(reader)) > 0) {
		if (len + 1 == size)
			return -ENAMETOOLONG;
		path[len++] = (char)byte;
	}
	path[len] = '\0';
	return byte;
}

/* clang-format off */
static const struct option {
	const char *name;
	unsigned int attr;
} options[] = {
	{ "nodev",  MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "ro",	    MOUNT_ATTR_RDONLY },
};
/* clang-format on */

static unsigned int option_attr(const char *word)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(word, options[i].name) == 0)
			return options[i].attr;
	}
	return 0;
}

/* "rw,nosuid,relatime " */
static int read_options(struct ns_reader *reader, unsigned int *attr)
{
	char word[16];
	size_t len = 0;
	int byte;

	*attr = 0;
	do {
		byte = ns_read_byte(reader);
		if (byte == ',' || byte == ' ') {
			word[len] = '\0';
			*attr |= option_attr(word);
			len = 0;
		} else if (byte == '\n' || byte == 0) {
			return -EBADMSG;
		} else if (len + 1 < sizeof(word)) {
			word[len++] = (char)byte;
		}
	} while (byte > 0 && byte != ' ');
	return byte < 0 ? byte : 0;
}

/* Up to a blank or the end of the line; returns what ended it. What does not fit is cut off. */
static int read_word(struct ns_reader *reader, char *word, size_t size)
{
	size_t len = 0;
	int byte;

	while ((byte = ns_read_byte(reader)) > 0 && byte != ' ' && byte != '\n') {
		if (len + 1 < size)
			word[len++] = (char)byte;
	}
	word[len] = '\0';
	return byte;
}

/* The type of the file system, behind the optional fields: "shared:1 master:2 - tmpfs " */
static int read_type(struct ns_reader *reader, char *type, size_t size)
{
	int byte;

	do
		byte = read_word(reader, type, size);
	while (byte == ' ' && strcmp(type, "-") != 0);
	if (byte == ' ')
		byte = read_word(reader, type, size);
	return byte < 0 ? byte : byte == ' ' ? 0 : -EBADMSG;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
int ns_mount_next(struct ns_reader *reader, struct ns_mount *mount)
{
	int error = ns_read_number(reader, &mount->id);

	if (error <= 0)
		return error;
	error = ns_read_number(reader, &mount->parent);
	if (error >= 0)
		error = skip(reader, ' ');
	if (!error)
		error = skip(reader, ' ');
	if (!error)
		error = read_path(reader, mount->path, sizeof(mount->path));
	if (!error)
		error = read_options(reader, &mount->attr);
	if (!error)
		error = read_type(reader, mount->type, sizeof(mount->type));
	if (!error)
		error = skip(reader, '\n');
	return error ? error : 1;
}

int ns_mounts_each(int proc, pid_t pid, int (*fn)(void *ctx, const struct ns_mount *mount),
		   void *ctx)
{
	ns_auto_close int fd = ns_proc_file(proc, pid, "mountinfo");
	struct ns_reader reader = { .fd = fd };
	struct ns_mount mount;
	int error;

	if (fd < 0)
		return fd;
	while ((error = ns_mount_next(&reader, &mount)) > 0) {
		error = fn(ctx, &mount);
		if (error)
			return error;
	}
	return error;
}
