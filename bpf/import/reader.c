/* SPDX-License-Identifier: MIT */
/*
 * Files that include files.
 *
 * struct import knows the lines of one file, the profile. A line that comes from an included
 * file belongs to the profile's line that includes it; its own place goes into the text of
 * notes and errors.
 *
 * Constants come from the headers of the machine that this was built on. Most are the same
 * on all of Linux's machines; those that are not would silently mean something else, so a
 * profile for another machine must give their numbers.
 */
#include "bpf/import/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Room for what a text of LEN bytes can become, and for included files if there can be any.
 * It is not touched before it is used.
 */
#define ARENA_SIZE(len, includes) \
	(((size_t)1 << 20) + 64 * (len) + ((includes) ? (size_t)32 << 20 : 0))

void *reader_alloc(struct reader *r, size_t size)
{
	void *p = bpf_alloc(&r->arena, size);

	if (!p && !r->failed) {
		r->failed = true;
		bpf_fail(r->err, -E2BIG, NULL, "the profile is too large");
	}
	return p;
}

const char *reader_strndup(struct reader *r, const char *text, size_t len)
{
	char *copy = reader_alloc(r, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

/* ---- places ---- */

unsigned int reader_line(struct reader_place place)
{
	return place.file && place.file->up ? place.file->from : place.line;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *reader_where(struct reader_place place, char *buf, size_t size)
{
	char name[64];

	if (place.file && place.file->up)
		snprintf(buf, size, "%s:%u",
			 import_clean(base_name(place.file->path), name, sizeof(name)), place.line);
	else
		snprintf(buf, size, "%u", place.line);
	return buf;
}

/* "other.policy:12: " before a message about an included file, else nothing. */
static const char *prefix(struct reader_place place, char *buf, size_t size)
{
	char where[90];

	buf[0] = '\0';
	if (place.file && place.file->up)
		snprintf(buf, size, "%s: ", reader_where(place, where, sizeof(where)));
	return buf;
}

int reader_fail(struct reader *r, struct reader_place place, const char *format, ...)
{
	char text[sizeof(r->err->text)], before[96];
	va_list ap;

	if (r->failed)
		return -EINVAL;
	r->failed = true;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return import_fail(r->im, r->err, reader_line(place), "%s%s",
			   prefix(place, before, sizeof(before)), text);
}

void reader_note(struct reader *r, struct reader_place place, const char *format, ...)
{
	char text[200], before[96];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	import_note(r->im, reader_line(place), "%s%s", prefix(place, before, sizeof(before)), text);
}

/* ---- text ---- */

/* What an editor does not show must not be parsed. Bytes above 0x7f may stand in comments. */
static int check_text(struct reader *r, const struct reader_file *file)
{
	struct reader_place place = { file, 1 };
	unsigned char c;
	size_t i;

	for (i = 0; i < file->len; i++) {
		c = (unsigned char)file->text[i];
		if (c == '\n')
			place.line++;
		if ((c < ' ' && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
			return reader_fail(r, place, "unexpected byte 0x%02x", c);
		if (c == '\r' && file->text[i + 1] != '\n')
			return reader_fail(r, place, "a carriage return within a line");
	}
	return 0;
}

static const struct reader_file *take_text(struct reader *r, struct reader_file *file,
					   const char *text, size_t len)
{
	file->text = reader_strndup(r, text, len);
	file->len = len;
	return file->text && check_text(r, file) == 0 ? file : NULL;
}

const struct reader_file *reader_init(struct reader *r, const char *text, size_t len)
{
	struct reader_file *file;

	r->failed = false;
	r->abi = r->options->native;
	r->arena.used = 0;
	r->arena.size = ARENA_SIZE(len, r->options->dir);
	r->arena.base = malloc(r->arena.size);
	if (!r->arena.base) {
		r->failed = true;
		bpf_fail(r->err, -ENOMEM, NULL, "no memory");
		return NULL;
	}
	file = reader_alloc(r, sizeof(*file));
	if (!file)
		return NULL;
	file->path = r->im->file;
	if (r->options->abis && !(r->options->abis & (1u << r->abi))) {
		reader_fail(r, (struct reader_place){ file, 0 },
			    "the profile is for %s, which is not among the ABIs wanted",
			    bpf_abis[r->abi].name);
		return NULL;
	}
	return take_text(r, file, text, len);
}

void reader_release(struct reader *r)
{
	free(r->arena.base);
	r->arena.base = NULL;
}

/* ---- included files ---- */

/* DIR/NAME in the arena, where DIR is that of FROM; NULL: told. */
static const char *beside(struct reader *r, const struct reader_file *from, const char *name)
{
	const char *slash = strrchr(from->path, '/');
	int dir = slash ? (int)(slash - from->path) + 1 : 0;
	const char *base = from->path;
	size_t size;
	char *path;

	/* The profile itself may have come from a pipe: the caller says where it belongs. */
	if (!from->up) {
		base = r->options->dir;
		dir = (int)strlen(base);
	}
	size = (size_t)dir + 1 + strlen(name) + 1;
	path = reader_alloc(r, size);
	if (path)
		snprintf(path, size, "%.*s%s%s", dir, base,
			 dir > 0 && base[dir - 1] != '/' ? "/" : "", name);
	return path;
}

static const char *resolve(struct reader *r, struct reader_place from, const char *name)
{
	const char *path;

	if (name[0] != '/')
		return beside(r, from.file, strncmp(name, "./", 2) ? name : name + 2);
	if (access(name, F_OK) == 0)
		return reader_strndup(r, name, strlen(name));
	path = beside(r, from.file, base_name(name));
	if (path && access(path, F_OK) == 0)
		reader_note(r, from, "%.80s is not there; taken from beside this file", name);
	return path;
}

bool reader_is_there(struct reader *r, struct reader_place from, const char *name)
{
	const char *path = r->options->dir ? resolve(r, from, name) : NULL;

	return path && access(path, R_OK) == 0;
}

static int check_cycle(struct reader *r, struct reader_place from, const char *path,
		       unsigned int depth)
{
	const struct reader_file *file = from.file;
	const char *other;

	do {
		other = file->up ? file->path : beside(r, file, base_name(file->path));
		if (!other)
			return -EINVAL;
		if (strcmp(other, path) == 0)
			return reader_fail(r, from, "'%.60s' includes itself", base_name(path));
		file = file->up;
	} while (file);
	if (from.file->depth >= depth)
		return reader_fail(r, from, "more than %u levels of included files", depth);
	return 0;
}

const struct reader_file *reader_include(struct reader *r, struct reader_place from,
					 const char *name, unsigned int depth)
{
	struct reader_file *file;
	struct bpf_error error;
	char *text = NULL;
	const char *path;
	size_t len = 0;

	if (!r->options->dir) {
		reader_fail(r, from, "'%.60s' is included, and it was not said from where", name);
		return NULL;
	}
	path = resolve(r, from, name);
	if (!path || check_cycle(r, from, path, depth) < 0)
		return NULL;
	file = reader_alloc(r, sizeof(*file));
	if (!file)
		return NULL;
	file->up = from.file;
	file->path = path;
	file->from = reader_line(from);
	file->depth = from.file->depth + 1;
	if (import_read(path, &text, &len, &error) < 0) {
		reader_fail(r, from, "the included file '%.80s': %.60s", name, error.text);
		return NULL;
	}
	take_text(r, file, text, len);
	free(text);
	return r->failed ? NULL : file;
}

/* ---- names ---- */

/* Found by compiling bpf/constants.list for x86_64, i386 and arm64. */
static const struct {
	const char *name; /* with "*": all that begin so */
	bool width;	  /* differs where long has 32 bits */
	bool machine;	  /* differs between x86 and the others */
} foreign[] = {
	{ "ARCH_*", false, true },
	{ "BLKBSZGET", true, false },
	{ "BLKBSZSET", true, false },
	{ "BLKGETSIZE64", true, false },
	{ "FDDEFMEDIAPRM", true, false },
	{ "FDDEFPRM", true, false },
	{ "FDGETDRVPRM", true, false },
	{ "FDGETDRVSTAT", true, false },
	{ "FDGETFDCSTAT", true, false },
	{ "FDGETMEDIAPRM", true, false },
	{ "FDGETPRM", true, false },
	{ "FDPOLLDRVSTAT", true, false },
	{ "FDSETDRVPRM", true, false },
	{ "FDSETMEDIAPRM", true, false },
	{ "FDSETPRM", true, false },
	{ "FDWERRORGET", true, false },
	{ "FS_IOC_GETFLAGS", true, false },
	{ "FS_IOC_GETVERSION", true, false },
	{ "FS_IOC_SETFLAGS", true, false },
	{ "FS_IOC_SETVERSION", true, false },
	{ "MAP_32BIT", false, true },
	{ "MAP_ABOVE4G", false, true },
	{ "O_DIRECT", false, true },
	{ "O_DIRECTORY", false, true },
	{ "O_LARGEFILE", false, true },
	{ "O_NOFOLLOW", false, true },
	{ "O_TMPFILE", false, true },
	{ "PERF_EVENT_IOC_*", true, false },
	{ "PR_SET_PTRACER_ANY", true, false },
	{ "PTRACE_GETFPREGS", false, true },
	{ "PTRACE_GETFPXREGS", false, true },
	{ "PTRACE_GETREGS", false, true },
	{ "PTRACE_SETFPREGS", false, true },
	{ "PTRACE_SETFPXREGS", false, true },
	{ "PTRACE_SETREGS", false, true },
	{ "TUNATTACHFILTER", true, false },
	{ "TUNDETACHFILTER", true, false },
	{ "TUNGETFILTER", true, false },
};

static bool matches(const char *pattern, const char *name, size_t len)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return len >= n - 1 && memcmp(pattern, name, n - 1) == 0;
	return len == n && memcmp(pattern, name, n) == 0;
}

static bool is_x86(enum bpf_abi_id abi)
{
	return abi == BPF_X86_64 || abi == BPF_I386 || abi == BPF_X32;
}

bool reader_foreign_constant(const struct reader *r, const char *name, size_t len)
{
	enum bpf_abi_id native = bpf_abi_native();
	bool width = bpf_abis[native].long64 != bpf_abis[r->abi].long64;
	bool machine = native != r->abi && !(is_x86(native) && is_x86(r->abi));
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (matches(foreign[i].name, name, len))
			return (foreign[i].width && width) || (foreign[i].machine && machine);
	return false;
}
