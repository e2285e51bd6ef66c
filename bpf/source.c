/* SPDX-License-Identifier: MIT */
/*
 * Policy files: found, read whole, checked byte by byte, cut into lines.
 *
 * A policy decides what strangers' code may do, so the file is treated as hostile, too.
 * What an editor shows must be what is parsed: text is UTF-8 without control
 * characters, and without those that print nothing or turn the line around. It is
 * read once, so that it cannot change under the parser; opened with O_NONBLOCK, so that a
 * FIFO cannot hang it; and root does not take rules from a file that others can write.
 *
 * A name without a '/' is sought in fixed places and never in the current directory,
 * which may be the very directory that came with the untrusted code.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE  (1u << 20)
#define MAX_LINE  4096u
#define MAX_DEPTH 8u
#define MAX_FILES 1000u /* each read whole; eight levels could be any number */

/* A file that is being read; the files that included it are behind UP. */
struct file {
	const struct file *up;
	unsigned int depth;
	const char *name;  /* as it is opened; the directory of relative includes */
	const char *shown; /* the same, printable, for places */
	char *text;
	size_t len;
	dev_t dev;
	ino_t ino;
	const struct bpf_builtin *builtin; /* NULL: a real file */
	const struct bpf_place *from;	   /* the include line; NULL for the first file */
};

struct source {
	const char *datadir;
	struct bpf_arena *arena;
	bpf_line_fn *fn;
	void *ctx;
	struct bpf_error *err;
	unsigned int files; /* that were read so far */
	bool builtin;	    /* names are sought among the built-in policies alone */
};

static int read_named(struct source *src, const char *name, const struct file *up,
		      const struct bpf_place *from);

static int full(const struct source *src)
{
	return bpf_fail(src->err, -E2BIG, NULL, "no memory for the policy's text");
}

/* Where to point when FILE itself is what is wrong: the line that asked for it, if any. */
static struct bpf_place place_of(const struct file *file)
{
	const struct bpf_place itself = { file->shown, 0, 0 };

	return file->from ? *file->from : itself;
}

/* NAME is what FILE is called from now on; NULL says that there was no memory for it. */
static int name_file(const struct source *src, struct file *file, const char *name)
{
	const char *shown = name ? bpf_printable(src->arena, name) : NULL;

	if (!shown)
		return full(src);
	file->name = name;
	file->shown = shown;
	return 0;
}

/* ---- opening and reading ---- */

static int check_file(const struct source *src, const struct file *file, const struct stat *st)
{
	const struct bpf_place place = place_of(file);

	if (!S_ISREG(st->st_mode))
		return bpf_fail(src->err, -EINVAL, &place, "'%.80s' is not a regular file",
				file->name);
	if (st->st_size > MAX_FILE)
		return bpf_fail(src->err, -EINVAL, &place, "'%.80s' is larger than 1 MiB",
				file->name);
	if (geteuid() != 0)
		return 0;
	if (st->st_uid != 0 && st->st_uid != getuid())
		return bpf_fail(src->err, -EINVAL, &place,
				"'%.80s' belongs to user %u; root takes no policy from there",
				file->name, st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return bpf_fail(
			src->err, -EINVAL, &place,
			"'%.80s' can be written by others (mode %03o); root takes no policy "
			"from there",
			file->name, st->st_mode & 0777);
	return 0;
}

/* One byte more than was there is asked for, so that a growing file is noticed. */
static int read_all(const struct source *src, struct file *file, int fd, size_t size)
{
	const struct bpf_place place = place_of(file);
	ssize_t n;
	int error;

	file->text = bpf_alloc(src->arena, size + 2);
	if (!file->text)
		return full(src);
	for (file->len = 0; file->len <= size; file->len += (size_t)n) {
		n = read(fd, file->text + file->len, size + 1 - file->len);
		error = errno;
		if (n == 0)
			return 0;
		if (n < 0 && error == EINTR)
			n = 0;
		if (n < 0)
			return bpf_fail(src->err, -EINVAL, &place, "reading '%.80s': %s",
					file->name, strerror(error));
	}
	return bpf_fail(src->err, -EINVAL, &place, "'%.80s' grew while it was read", file->name);
}

/* -ENOENT: no such file, without an error text, for there may be another place. */
static int open_file(const struct source *src, struct file *file)
{
	const struct bpf_place place = place_of(file);
	struct stat st;
	int fd, ret;

	fd = open(file->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		if (ret == -ENOENT || ret == -ENOTDIR)
			return -ENOENT;
		return bpf_fail(src->err, -EINVAL, &place, "opening '%.80s': %s", file->name,
				strerror(-ret));
	}
	ret = fstat(fd, &st) < 0 ? -errno : 0;
	if (ret < 0)
		bpf_fail(src->err, ret, &place, "'%.80s': %s", file->name, strerror(-ret));
	else
		ret = check_file(src, file, &st);
	if (ret == 0)
		ret = read_all(src, file, fd, (size_t)st.st_size);
	close(fd);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return ret;
}

/* ---- text ---- */

size_t bpf_utf8(const unsigned char *p, size_t left, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 4;
	size_t i;

	*c = p[0];
	if (len == 1)
		return 1;
	if (p[0] >> 6 != 3 || p[0] >> 3 == 31 || len > left)
		return 0;
	*c = p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return len;
}

/* Characters that show nothing, or show the text otherwise than it is. */
static bool is_deceptive(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x08 },	    { 0x0a, 0x1f },	/* C0 but for the tab */
		{ 0x7f, 0x9f },				/* DEL, C1 */
		{ 0xad, 0xad },				/* soft hyphen */
		{ 0x61c, 0x61c },			/* a direction mark */
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, /* zero width, directions, lines */
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, /* joiners, isolates, a BOM inside */
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* One line, LEN bytes without its end. */
static int check_line(const struct source *src, const char *line, size_t len,
		      struct bpf_place place)
{
	const unsigned char *p = (const unsigned char *)line;
	size_t i, n;
	uint32_t c;

	if (len > MAX_LINE)
		return bpf_fail(src->err, -EINVAL, &place, "a line of more than %u bytes",
				MAX_LINE);
	for (i = 0; i < len; i += n) {
		place.column = (unsigned int)i + 1;
		n = bpf_utf8(p + i, len - i, &c);
		if (n == 0)
			return bpf_fail(src->err, -EINVAL, &place, "byte 0x%02x is not UTF-8",
					p[i]);
		if (is_deceptive(c))
			return bpf_fail(src->err, -EINVAL, &place,
					"U+%04X: no control or invisible characters here", c);
	}
	return 0;
}

/*
 * A '#' begins a comment where a word could begin, and not inside double quotes, which begin
 * where a word could and end at the next that has no backslash. Blanks at the end go, too.
 */
static size_t without_comment(const char *line, size_t len)
{
	bool quoted = false, begins;
	size_t i;

	for (i = 0; i < len; i++) {
		begins = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
		if (line[i] == '\\' && quoted)
			i++;
		else if (line[i] == '"')
			quoted = begins && !quoted;
		else if (line[i] == '#' && begins && !quoted)
			len = i;
	}
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len;
}

/* ---- lines ---- */

/* "include NAME", when TEXT is that. */
static bool is_include(const char *text, const char **name)
{
	if (strncmp(text, "include", 7) != 0)
		return false;
	*name = text + 7 + strspn(text + 7, " \t");
	return text[7] == '\0' || text[7] == ' ' || text[7] == '\t';
}

static int take_line(struct source *src, const struct file *file, char *text,
		     const struct bpf_place *place)
{
	const char *name;

	if (!is_include(text, &name))
		return src->fn(src->ctx, text, place, src->err);
	if (*name == '\0' || strpbrk(name, " \t"))
		return bpf_fail(src->err, -EINVAL, place, "expected one name after 'include'");
	return read_named(src, name, file, place);
}

/*
 * The line that begins at *AT, which moves on to the next. *TAKEN counts the lines that
 * say something.
 */
static int next_line(struct source *src, const struct file *file, size_t *at,
		     struct bpf_place *place, unsigned int *taken)
{
	char *line = file->text + *at;
	char *end = memchr(line, '\n', file->len - *at);
	size_t len = end ? (size_t)(end - line) : file->len - *at;
	size_t blanks;
	int ret;

	*at += len + 1;
	place->line++;
	place->column = 1;
	if (end && len > 0 && line[len - 1] == '\r')
		len--;
	ret = check_line(src, line, len, *place);
	if (ret < 0)
		return ret;
	len = without_comment(line, len);
	line[len] = '\0'; /* there is room behind the last line, too */
	blanks = strspn(line, " \t");
	if (blanks >= len)
		return 0;
	++*taken;
	place->column = (unsigned int)blanks + 1;
	return take_line(src, file, line + blanks, place);
}

static int read_lines(struct source *src, const struct file *file)
{
	struct bpf_place place = { file->shown, 0, 0 };
	unsigned int taken = 0;
	size_t at = 0;
	int ret = 0;

	if (file->len >= 3 && memcmp(file->text, "\xef\xbb\xbf", 3) == 0)
		at = 3; /* some editors begin a file with a BOM */
	while (ret == 0 && at < file->len)
		ret = next_line(src, file, &at, &place, &taken);
	if (ret == 0 && taken == 0)
		return bpf_fail(src->err, -EINVAL, &place, "there is nothing in this policy");
	return ret;
}

/* ---- names ---- */

static bool same_file(const struct file *a, const struct file *b)
{
	if (a->builtin || b->builtin)
		return a->builtin == b->builtin;
	return a->dev == b->dev && a->ino == b->ino;
}

static int read_opened(struct source *src, struct file *file)
{
	const struct bpf_place place = place_of(file);
	const struct file *up;

	for (up = file->up; up; up = up->up)
		if (same_file(file, up))
			return bpf_fail(src->err, -EINVAL, &place,
					"'%.60s' is included while it is being read", file->name);
	return read_lines(src, file);
}

/* DIR/SUB/NAME; SUB may be "". */
static char *join(const struct source *src, const char *dir, const char *sub, const char *name)
{
	size_t size = strlen(dir) + strlen(sub) + strlen(name) + 3;
	char *path = bpf_alloc(src->arena, size);

	if (path)
		snprintf(path, size, "%s/%s%s%s", dir, sub, *sub ? "/" : "", name);
	return path;
}

/* A path: as it is, or, from an include, beside the file that includes it. */
static int read_path(struct source *src, const char *name, struct file *file)
{
	const char *slash = file->up && !file->up->builtin && *name != '/' ?
				    strrchr(file->up->name, '/') :
				    NULL;
	struct bpf_place place;
	char *dir;
	int ret;

	if (slash) {
		while (name[0] == '.' && name[1] == '/')
			name += 2;
		dir = bpf_strndup(src->arena, file->up->name, (size_t)(slash - file->up->name));
		ret = name_file(src, file, dir ? join(src, dir, "", name) : NULL);
		if (ret < 0)
			return ret;
	}
	place = place_of(file);
	ret = open_file(src, file);
	if (ret == -ENOENT)
		return bpf_fail(src->err, -ENOENT, &place, "no policy file '%.80s'", file->name);
	return ret < 0 ? ret : read_opened(src, file);
}

static int read_builtin(struct source *src, const char *name, struct file *file)
{
	const struct bpf_builtin *builtin = bpf_builtins;

	while (builtin->name && strcmp(builtin->name, name) != 0)
		builtin++;
	if (!builtin->name)
		return bpf_fail(src->err, -ENOENT, file->from, "no policy '%.60s'", name);
	file->builtin = builtin;
	file->name = file->shown = builtin->name;
	file->len = strlen(builtin->text);
	file->text = bpf_strndup(src->arena, builtin->text, file->len);
	return file->text ? read_opened(src, file) : full(src);
}

/*
 * The VARIABLE's directory, if it is the caller's own. After su or setpriv HOME may still be
 * another user's, whose policies are not ours to follow, or to trip over.
 */
static const char *own_directory(const char *variable)
{
	const char *dir = secure_getenv(variable);
	struct stat st;

	if (!dir || *dir != '/' || stat(dir, &st) < 0 || st.st_uid != geteuid())
		return NULL;
	return dir;
}

/* Look in the directories, in order, then among the built-in ones. */
static int read_sought(struct source *src, const char *name, struct file *file)
{
	const char *xdg = secure_getenv("XDG_CONFIG_HOME");
	const bool has_xdg = xdg && *xdg == '/';
	const struct {
		const char *dir, *sub;
	} dirs[] = {
		{ own_directory(has_xdg ? "XDG_CONFIG_HOME" : "HOME"),
		  has_xdg ? "sbrun" : ".config/sbrun" },
		{ "/etc", "sbrun" },
		{ src->datadir, "" },
	};
	size_t i;
	int ret;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!dirs[i].dir || src->builtin)
			continue;
		ret = name_file(src, file, join(src, dirs[i].dir, dirs[i].sub, name));
		if (ret < 0)
			return ret;
		ret = open_file(src, file);
		if (ret != -ENOENT)
			return ret < 0 ? ret : read_opened(src, file);
	}
	return read_builtin(src, name, file);
}

static bool is_name(const char *name)
{
	return *name != '\0' && *name != '.' && *name != '-' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-")] == '\0';
}

static int read_named(struct source *src, const char *name, const struct file *up,
		      const struct bpf_place *from)
{
	struct file file = { .up = up, .depth = up ? up->depth + 1 : 0, .from = from };
	struct bpf_place place;
	int ret;

	ret = name_file(src, &file, name);
	if (!file.name)
		return ret;
	place = place_of(&file);
	if (file.depth > MAX_DEPTH)
		return bpf_fail(src->err, -EINVAL, &place, "includes go more than %u deep",
				MAX_DEPTH);
	if (++src->files > MAX_FILES)
		return bpf_fail(src->err, -EINVAL, &place, "more than %u files", MAX_FILES);
	if (strchr(name, '/'))
		return read_path(src, name, &file);
	if (is_name(name))
		return read_sought(src, name, &file);
	return bpf_fail(src->err, -EINVAL, file.from,
			"a policy's name has letters, digits, '.', '_' and '-'; a path has a '/'");
}

static int read_top(struct source *src, const char *name)
{
	char *copy;

	if (strlen(name) >= PATH_MAX)
		return bpf_fail(src->err, -ENAMETOOLONG, NULL,
				"a policy's name of more than %d bytes", PATH_MAX - 1);
	copy = bpf_strndup(src->arena, name, strlen(name));
	return copy ? read_named(src, copy, NULL, NULL) : full(src);
}

int bpf_source_read(const char *name, const char *datadir, struct bpf_arena *arena, bpf_line_fn *fn,
		    void *ctx, struct bpf_error *err)
{
	struct source src = { datadir, arena, fn, ctx, err, 0, false };

	return read_top(&src, name);
}

int bpf_builtin_read(const char *name, struct bpf_arena *arena, bpf_line_fn *fn, void *ctx,
		     struct bpf_error *err)
{
	struct source src = { NULL, arena, fn, ctx, err, 0, true };

	return read_top(&src, name);
}
