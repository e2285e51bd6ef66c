/* SPDX-License-Identifier: MIT */
/*
 * Sources as streams of bytes, plain or gzip.
 *
 * The first bytes say which; a name could lie. A rotated log can be several members one
 * after the other, with zeros behind them. Memory is the same whatever is unpacked; a bomb costs
 * time, so that a member which unpacks to far more than any log does is refused.
 */
#include "syslogparse/input.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define IN_SIZE	   65536
#define FREE_BYTES (64ULL << 20) /* no question is asked up to here */
#define MAX_RATIO  500		 /* logs are 10 to 100; deflate's limit is 1032 */

struct inflater {
	z_stream z;
	uint64_t in, out;
	bool between; /* members */
	unsigned char buffer[IN_SIZE];
};

/* What else a log may be packed with, or not be a text at all. */
static const struct {
	const char *magic;
	unsigned int len;
} others[] = {
	{ "\xfd"
	  "7zXZ",
	  5 }, /* xz */
	{ "\x28\xb5\x2f\xfd", 4 },
	{ "BZh", 3 },
	{ "LPKSHHRH", 8 }, /* journald's own file */
};

static ssize_t read_some(int fd, void *to, size_t len)
{
	ssize_t n;

	do {
		n = read(fd, to, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int open_gzip(struct stream *s)
{
	struct inflater *i = calloc(1, sizeof(*i));

	if (!i)
		return -ENOMEM;
	memcpy(i->buffer, s->magic, s->nmagic);
	i->z.next_in = i->buffer;
	i->z.avail_in = s->nmagic;
	i->in = s->nmagic;
	if (inflateInit2(&i->z, 15 + 16) != Z_OK) {
		free(i);
		return -ENOMEM;
	}
	s->inflater = i;
	return 0;
}

int stream_open(struct stream *s, int fd)
{
	ssize_t n;

	*s = (struct stream){ .fd = fd };
	while (s->nmagic < sizeof(s->magic)) {
		n = read_some(fd, s->magic + s->nmagic, sizeof(s->magic) - s->nmagic);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		s->nmagic += (unsigned int)n;
	}
	for (unsigned int i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (s->nmagic >= others[i].len &&
		    memcmp(s->magic, others[i].magic, others[i].len) == 0)
			return -EMEDIUMTYPE;
	}
	if (s->nmagic > 2 && memcmp(s->magic, "\x1f\x8b", 2) == 0)
		return open_gzip(s);
	return 0;
}

void stream_close(struct stream *s)
{
	if (s->inflater) {
		inflateEnd(&s->inflater->z);
		free(s->inflater);
	}
	s->inflater = NULL;
}

/* After a member: another one, or zeros up to the end, as tapes and block devices leave them. */
static int next_member(struct inflater *i)
{
	while (i->z.avail_in && *i->z.next_in == 0) {
		i->z.next_in++;
		i->z.avail_in--;
	}
	if (i->z.avail_in == 0)
		return 0;
	i->between = false;
	return inflateReset(&i->z) == Z_OK ? 0 : -EBADMSG;
}

/* 1: there is input; 0: there is no more. */
static int refill(struct stream *s)
{
	struct inflater *i = s->inflater;
	ssize_t n;

	if (i->z.avail_in)
		return 1;
	n = read_some(s->fd, i->buffer, sizeof(i->buffer));
	if (n <= 0)
		return (int)n;
	i->in += (uint64_t)n;
	i->z.next_in = i->buffer;
	i->z.avail_in = (uInt)n;
	return 1;
}

/* Some bytes more, if there was enough input for any; -errno. */
static ssize_t inflate_some(struct inflater *i, char *to, size_t len)
{
	int ret;
	size_t n;

	i->z.next_out = (unsigned char *)to;
	i->z.avail_out = (uInt)len;
	ret = inflate(&i->z, Z_NO_FLUSH);
	n = len - i->z.avail_out;
	i->out += n;
	if (ret == Z_STREAM_END)
		i->between = true;
	else if (ret != Z_OK && ret != Z_BUF_ERROR)
		return ret == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	if (i->out > FREE_BYTES && i->out / MAX_RATIO > i->in)
		return -EFBIG;
	return (ssize_t)n;
}

static ssize_t read_gzip(struct stream *s, char *to, size_t len)
{
	struct inflater *i = s->inflater;
	ssize_t n = 0;

	while (n == 0) {
		int ret = refill(s);

		if (ret < 0)
			return ret;
		if (ret == 0)
			return i->between ? 0 : -EBADMSG;
		if (i->between) {
			ret = next_member(i);
			if (ret < 0)
				return ret;
			if (i->between)
				continue;
		}
		n = inflate_some(i, to, len);
	}
	return n;
}

ssize_t stream_read(struct stream *s, char *to, size_t len)
{
	size_t n = s->nmagic - s->given;

	if (len > INT32_MAX)
		len = INT32_MAX;
	if (s->inflater)
		return read_gzip(s, to, len);
	if (n == 0)
		return read_some(s->fd, to, len);
	if (n > len)
		n = len;
	memcpy(to, s->magic + s->given, n);
	s->given += (unsigned int)n;
	return (ssize_t)n;
}

const char *source_problem(int error)
{
	switch (error) {
	case -EMEDIUMTYPE:
		return "neither text nor gzip: unpack it first, or export the journal";
	case -EBADMSG:
		return "damaged, or cut: gzip does not unpack it";
	case -EFBIG:
		return "unpacks to far more than a log does";
	default:
		return strerror(-error);
	}
}
