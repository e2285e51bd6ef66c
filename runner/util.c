/* SPDX-License-Identifier: MIT */
/*
 * Small helpers of the runner: messages that end the program, memory that ends it
 * when there is none, numbers read with all the care that strtoull(3) asks for.
 */
#include "runner/runner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

void fail(const char *format, ...)
{
	va_list ap;

	fputs("sbrun: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(STATUS_FAILED);
}

/* The text may hold what somebody else wrote, which is not to reach the terminal raw. */
void fail_at(const struct bpf_error *error)
{
	static char memory[4 * sizeof(error->text) + 64];
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	const struct bpf_place *place = &error->place;
	const char *text = escaped(&arena, error->text);

	if (!place->file)
		fail("%s", text);
	if (!place->line)
		fail("%s: %s", place->file, text);
	fail("%s:%u:%u: %s", place->file, place->line, place->column, text);
}

int arena_map(struct bpf_arena *arena, size_t size)
{
	arena->size = size;
	arena->used = 0;
	arena->base = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return arena->base == MAP_FAILED ? -errno : 0;
}

void *xalloc(struct bpf_arena *arena, size_t size)
{
	void *p = bpf_alloc(arena, size);

	if (!p)
		fail("out of memory: the policy is too large");
	return p;
}

char *xprintf(struct bpf_arena *arena, const char *format, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		fail("cannot format a text");
	text = xalloc(arena, (size_t)len + 1);
	va_start(ap, format);
	vsnprintf(text, (size_t)len + 1, format, ap);
	va_end(ap);
	return text;
}

char *escaped(struct bpf_arena *arena, const char *text)
{
	char *out = bpf_printable(arena, text);

	if (!out)
		fail("out of memory: the policy is too large");
	return out;
}

char *read_all(struct bpf_arena *arena, int fd, size_t max, size_t *len)
{
	char *data = bpf_alloc_raw(arena, max);
	ssize_t n;

	*len = 0;
	if (!data) {
		errno = ENOMEM;
		return NULL;
	}
	do {
		n = read(fd, data + *len, max - *len);
		if (n < 0 && errno != EINTR)
			return NULL;
		if (n > 0)
			*len += (size_t)n;
	} while (n && *len < max);
	if (*len == max) {
		errno = EFBIG;
		return NULL;
	}
	data[*len] = '\0';
	arena->used = (size_t)(data - arena->base) + *len + 1; /* the rest is given back */
	return data;
}

int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
	const char *digits = base == 16 ? text + 2 : text;
	char *end;

	/* strtoull() takes blanks, signs and nothing at all; we do not. */
	if (strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") !=
		    strlen(digits) ||
	    !*digits)
		return -EINVAL;
	errno = 0;
	*value = strtoull(digits, &end, base);
	if (errno || *value > max)
		return -ERANGE;
	return 0;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	size_t len = strlen(text);
	char number[24];
	unsigned int shift = 0;
	const char *unit;
	int err;

	if (!len || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len + 1);
	unit = strchr(units, number[len - 1]);
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		number[len - 1] = '\0';
	}
	err = parse_number(number, UINT64_MAX >> shift, bytes);
	if (!err)
		*bytes <<= shift;
	return err;
}

int parse_mode(const char *text, mode_t *mode)
{
	size_t len = strlen(text);

	if (!len || len > 5 || strspn(text, "01234567") != len)
		return -EINVAL;
	*mode = (mode_t)strtoul(text, NULL, 8);
	return *mode > 07777 ? -ERANGE : 0;
}

const char *words_in(struct bpf_arena *arena, int fd)
{
	char *text = xalloc(arena, 1024);
	ssize_t n = pread(fd, text, 1023, 0);

	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	return n > 0 ? escaped(arena, text) : "it ended without a word";
}

const char *run_helper(struct bpf_arena *arena, char *const argv[])
{
	static char *const no_env[] = { NULL };
	int fd = memfd_create("helper", MFD_CLOEXEC), status = 0;
	const char *words = NULL;
	pid_t pid;

	pid = fd < 0 ? -1 : fork();
	if (pid == 0) {
		if (dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
			execve(argv[0], argv, no_env);
		dprintf(fd, "%s", strerror(errno));
		_exit(STATUS_FAILED);
	}
	if (pid < 0)
		return strerror(errno);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		dprintf(fd, "ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	if (status)
		words = words_in(arena, fd);
	close(fd);
	return words;
}
