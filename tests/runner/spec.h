/* SPDX-License-Identifier: MIT */
/*
 * What the tests of runner/ share: an empty spec, lines of a policy put into it, and a
 * child whose messages are caught, for the functions that exit on a mistake.
 */
#ifndef TESTS_RUNNER_SPEC_H
#define TESTS_RUNNER_SPEC_H

#include "runner/runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define maybe_unused __attribute__((unused))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An empty spec, at the beginning of an arena of its own. */
static maybe_unused struct spec *new_spec(void)
{
	const size_t size = 64u << 20;
	struct bpf_arena whole, *arena;
	struct spec *spec;

	if (arena_map(&whole, size))
		abort();
	arena = bpf_alloc(&whole, sizeof(*arena));
	spec = bpf_alloc(&whole, sizeof(*spec));
	*arena = whole;
	spec->arena = arena;
	spec->status_fd = spec->info_fd = spec->block_fd = spec->sync_fd = -1;
	return spec;
}

static maybe_unused void forget_spec(struct spec *spec)
{
	munmap(spec->arena->base, spec->arena->size);
}

/* Nothing of the user's own policies is to be read here. */
static maybe_unused void forget_home(void)
{
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	setenv("HOME", "/nonexistent", 1);
}

/* The line TEXT of the policy FILE. */
static maybe_unused int add_line(struct spec *spec, const char *file, const char *text,
				 struct bpf_error *err)
{
	const struct bpf_place place = { file, 7, 1 };

	return setting_line(spec, bpf_strndup(spec->arena, text, strlen(text)), &place, err);
}

/* LINES, each with a newline but for the last. */
static maybe_unused int add_lines(struct spec *spec, const char *lines, struct bpf_error *err)
{
	char copy[256], *next = copy, *line;
	int ret = 0;

	snprintf(copy, sizeof(copy), "%s", lines);
	while (!ret && (line = strsep(&next, "\n")))
		ret = add_line(spec, "policy", line, err);
	return ret;
}

/* A policy of one line and a default, carried out. */
static maybe_unused int apply_line(struct spec *spec, const char *text, struct bpf_error *err)
{
	int ret;

	ret = add_lines(spec, text, err);
	if (!ret)
		ret = add_line(spec, "policy", "default kill", err);
	return ret ? ret : settings_apply(spec, err);
}

/* SPEC as spec_print() shows it. To be freed. */
static maybe_unused char *printed(const struct spec *spec)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	spec_print(out, spec);
	return fclose(out) ? NULL : text;
}

/* Read TEXT into SPEC as a policy file is read. */
static maybe_unused int read_text(struct spec *spec, const char *text, struct bpf_error *err)
{
	char path[64];
	int fd = memfd_create("policy", MFD_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, 0600) < 0) {
		close(fd);
		return -EIO;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = bpf_source_read(bpf_strndup(spec->arena, path, strlen(path)), NULL, spec->arena,
			      setting_line, spec, err);
	close(fd);
	return ret;
}

/* How a child ended, and all that it wrote to 1 and 2. */
struct ended {
	int status; /* exit status, or 128 + the signal */
	char text[8192];
};

static maybe_unused struct ended in_child(void (*fn)(void *), void *arg)
{
	struct ended out = { .status = 255 };
	int pipes[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(pipes) < 0)
		return out;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		close(pipes[0]);
		close(pipes[1]);
		fn(arg);
		exit(0);
	}
	close(pipes[1]);
	while (len < sizeof(out.text) - 1 &&
	       (n = read(pipes[0], out.text + len, sizeof(out.text) - 1 - len)) > 0)
		len += (size_t)n;
	close(pipes[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return out;
}

#endif
