/* SPDX-License-Identifier: MIT */
/*
 * Probes of the host around the kernel: what its administrator set, which programs and cgroups there
 * are, and through which doors, beside that of its own ABI, a program can enter the kernel.
 *
 * A door that is closed gives SIGSEGV, which the one who asks takes for ENOSYS.
 */
#include "runner/probes.h"

#include "runner/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#define TEXT_SIZE  65536
#define ARENA_SIZE (4u << 20)

/* All of a file of /proc or /sys, as far as there is room; 0 or an errno. */
static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && len < size - 1) {
		n = read(fd, text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
	return fd < 0 || n < 0 ? errno : 0;
}

int probe_file(const struct feature *row, char *value)
{
	char text[TEXT_SIZE];
	int error = read_file(row->object, text, sizeof(text));

	text[strcspn(text, "\n")] = '\0';
	for (char *p = text; *p; p++) {
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
	if (strlen(text) >= FEATURE_VALUE)
		memcpy(text + FEATURE_VALUE - 4, "...", 4);
	strcpy(value, text);
	return error;
}

int probe_program(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(access(row->object, X_OK));
}

int probe_cgroup2(const struct feature *row, char *value)
{
	struct statfs fs;

	(void)value;
	if (statfs(row->object, &fs) < 0)
		return errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? 0 : ENODEV;
}

/* A cgroup for the limit ARG could be made; none is, and what children of a group get is not touched. */
int probe_limit(const struct feature *row, char *value)
{
	struct cgroup_place places[LIMIT_KINDS];
	struct bpf_arena arena;
	struct spec spec = { .arena = &arena, .limited = 1u << row->arg };
	int error = arena_map(&arena, ARENA_SIZE);

	if (error)
		return -error;
	cgroup_places(&spec, places);
	if (!places[row->arg].error)
		strcpy(value, places[row->arg].v2 ? "v2" : "v1");
	return -places[row->arg].error;
}

/* ---- other ways in ---- */

#ifdef __x86_64__

int probe_i386(const struct feature *row, char *value)
{
	long ret;

	(void)value;
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"(row->arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret < 0 ? (int)-ret : 0;
}

int probe_x32(const struct feature *row, char *value)
{
	(void)value;
	return probe_answer(syscall((long)row->arg));
}

/* time(NULL), which the kernel emulates at an address that is the same in every process. */
int probe_vsyscall(const struct feature *row, char *value)
{
	long (*call)(long *) = (long (*)(long *))row->arg;

	(void)value;
	return call(NULL) < 0 ? ENOSYS : 0;
}

#else

int probe_i386(const struct feature *row, char *value)
{
	(void)row;
	(void)value;
	return ENOSYS;
}

int probe_x32(const struct feature *row, char *value)
{
	return probe_i386(row, value);
}

int probe_vsyscall(const struct feature *row, char *value)
{
	return probe_i386(row, value);
}

#endif
