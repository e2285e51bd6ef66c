/* SPDX-License-Identifier: MIT */
/*
 * Small helpers of broker and worker: messages that end the program, foreign text made
 * harmless, writing to the end, and a clock that nobody sets.
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void fail(int status, const char *format, ...)
{
	va_list ap;

	fputs("syslogparse: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

const char *escaped(const char *text, char *buf)
{
	char *out = buf, *last = buf + ESCAPED_MAX - 8;

	for (; *text && out < last; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f && c != '\\')
			*out++ = (char)c;
		else
			out += sprintf(out, "\\x%02x", c);
	}
	if (*text)
		out = stpcpy(out, "...");
	*out = '\0';
	return buf;
}

int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
