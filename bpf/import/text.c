/* SPDX-License-Identifier: MIT */
/*
 * What every importer needs: a growing text that knows where its lines come from, notes,
 * and the way from that text to a policy.
 *
 * Running out of memory is remembered in the struct and told once, by import_policy() or
 * by the importer's end, so that writers write without looking back. What is
 * written came from a stranger's file: a newline in a name would be a policy line of the
 * stranger's choosing, so names are checked (import_is_name()) and prose is cleaned.
 */
#include "bpf/import/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (4u << 20)

void import_init(struct import *im, const char *file)
{
	memset(im, 0, sizeof(*im));
	im->file = file;
}

void import_release(struct import *im)
{
	free(im->text);
	free(im->from);
	free(im->notes);
	free(im->weights);
	memset(im, 0, sizeof(*im));
}

/* Make room for COUNT more elements of SIZE bytes behind USED; NULL: no memory. */
static void *grow(struct import *im, void *block, size_t *max, size_t need, size_t size)
{
	size_t room = *max ? *max : 1024 / size;
	void *bigger;

	if (need <= *max)
		return block;
	while (room < need)
		room *= 2;
	bigger = reallocarray(block, room, size);
	if (!bigger) {
		im->error = -ENOMEM;
		return NULL;
	}
	*max = room;
	return bigger;
}

static void end_lines(struct import *im, const char *text, unsigned int line)
{
	unsigned int *from;

	for (; (text = strchr(text, '\n')) != NULL; text++) {
		from = grow(im, im->from, &im->maxlines, im->nlines + 1, sizeof(*from));
		if (!from)
			return;
		im->from = from;
		im->from[im->nlines++] = line;
	}
}

void import_write(struct import *im, unsigned int line, const char *format, ...)
{
	const size_t room = im->size - im->len;
	va_list ap;
	char *text;
	int len;

	if (im->error)
		return;
	va_start(ap, format);
	len = vsnprintf(room ? im->text + im->len : NULL, room, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= room) {
		text = grow(im, im->text, &im->size, im->len + (size_t)len + 1, 1);
		if (!text)
			return;
		im->text = text;
		va_start(ap, format);
		vsnprintf(im->text + im->len, (size_t)len + 1, format, ap);
		va_end(ap);
	}
	end_lines(im, im->text + im->len, line);
	im->len += (size_t)len;
}

void import_note(struct import *im, unsigned int line, const char *format, ...)
{
	struct import_note note = { .line = line };
	struct import_note *notes;
	va_list ap;
	size_t i;

	va_start(ap, format);
	vsnprintf(note.text, sizeof(note.text), format, ap);
	va_end(ap);
	for (i = 0; i < im->nnotes; i++)
		if (im->notes[i].line == line && !strcmp(im->notes[i].text, note.text))
			return;
	notes = grow(im, im->notes, &im->maxnotes, im->nnotes + 1, sizeof(*notes));
	if (!notes)
		return;
	im->notes = notes;
	im->notes[im->nnotes++] = note;
}

bool import_weight(struct import *im, const char *name, size_t len, uint64_t count)
{
	const struct bpf_syscall *call = bpf_syscall_find(name, len);
	struct bpf_weight *weights;
	size_t i = 0;

	if (!call)
		return false;
	while (i < im->nweights && im->weights[i].name != call->name)
		i++;
	if (i == im->nweights) {
		weights = grow(im, im->weights, &im->maxweights, i + 1, sizeof(*weights));
		if (!weights)
			return true;
		im->weights = weights;
		im->weights[im->nweights++] = (struct bpf_weight){ .name = call->name };
	}
	/* Far below what it takes to overflow when all of them are added up. */
	im->weights[i].count += count < UINT32_MAX ? count : UINT32_MAX;
	return true;
}

int import_fail(const struct import *im, struct bpf_error *err, unsigned int line,
		const char *format, ...)
{
	const struct bpf_place place = { im->file, line, line ? 1 : 0 };
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return bpf_fail(err, -EINVAL, &place, "%s", text);
}

const char *import_clean(const char *text, char *buf, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		buf[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '.');
	buf[i] = '\0';
	return buf;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool import_is_name(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !is_digit(text[i]) && text[i] != '_')
			return false;
	return len > 0 && !is_digit(*text);
}

/* ---- the way to a policy ---- */

/* TEXT is changed: comments are cut off. */
static int take_line(struct bpf_policy *policy, char *text, const struct bpf_place *place,
		     struct bpf_error *err)
{
	size_t blanks = strspn(text, " \t"), len;

	text += blanks;
	len = strcspn(text, "#");
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return len > 0 ? bpf_policy_line(policy, text, place, err) : 0;
}

int import_policy(const struct import *im, struct bpf_policy *policy, struct bpf_error *err)
{
	struct bpf_place place = { im->file, 0, 1 };
	char *copy, *line, *rest;
	size_t i = 0;
	int ret = 0;

	if (im->error || !im->text)
		return bpf_fail(err, -ENOMEM, NULL, "no memory");
	copy = strdup(im->text);
	if (!copy)
		return bpf_fail(err, -ENOMEM, NULL, "no memory");
	for (rest = copy; (line = strsep(&rest, "\n")) != NULL && ret == 0; i++) {
		place.line = i < im->nlines ? im->from[i] : 0;
		ret = take_line(policy, line, &place, err);
	}
	free(copy);
	return ret ? ret : bpf_policy_finish(policy, err);
}

void import_print(FILE *out, const struct import *im)
{
	char name[100];
	size_t i;

	fprintf(out, "# From %s.\n", import_clean(im->file, name, sizeof(name)));
	for (i = 0; i < im->nnotes; i++) {
		if (im->notes[i].line)
			fprintf(out, "# note: line %u: %s\n", im->notes[i].line, im->notes[i].text);
		else
			fprintf(out, "# note: %s\n", im->notes[i].text);
	}
	fprintf(out, "\n%s", im->text ? im->text : "");
}

/* ---- files ---- */

static int read_all(int fd, char **text, size_t *len)
{
	size_t used = 0;
	ssize_t n;
	char *buf;
	int ret;

	buf = malloc(MAX_FILE + 1);
	if (!buf)
		return -ENOMEM;
	do {
		n = read(fd, buf + used, MAX_FILE + 1 - used);
		ret = n < 0 ? -errno : 0;
		used += n > 0 ? (size_t)n : 0;
	} while (n > 0 && used <= MAX_FILE);
	if (ret == 0 && used > MAX_FILE)
		ret = -EFBIG;
	if (ret < 0) {
		free(buf);
		return ret;
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	return 0;
}

/* What is no regular file may block for ever, or never end: a device, a FIFO. */
int import_read(const char *file, char **text, size_t *len, struct bpf_error *err)
{
	const struct bpf_place place = { file, 0, 0 };
	struct stat st;
	int fd, ret;

	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		ret = -errno;
		return bpf_fail(err, ret, &place, "%s", strerror(-ret));
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return bpf_fail(err, -EINVAL, &place, "not a regular file");
	}
	ret = read_all(fd, text, len);
	close(fd);
	if (ret == -EFBIG)
		return bpf_fail(err, ret, &place, "larger than %u bytes", MAX_FILE);
	return ret < 0 ? bpf_fail(err, ret, &place, "%s", strerror(-ret)) : 0;
}
