/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the text importers share: a policy of another project in, our policy and
 * a proved program out, and what it says about single calls.
 */
#ifndef TESTS_BPF_FOREIGN_H
#define TESTS_BPF_FOREIGN_H

#include "bpf/import/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int foreign_fn(struct import *im, const char *text, size_t len,
		       const struct import_options *options, struct bpf_error *err);

struct foreign {
	struct import im;
	struct bpf_arena arena;
	struct bpf_policy policy;
	struct bpf_prog prog;
	struct bpf_error error;
};

static char foreign_memory[32 << 20];

/* Import TEXT and parse what comes out. 0, or the refusal, which is in f->error. */
static inline int foreign_parse(struct foreign *f, foreign_fn *import, const char *text,
				const struct import_options *options)
{
	int ret;

	import_init(&f->im, "profile");
	memset(&f->error, 0, sizeof(f->error));
	f->arena = (struct bpf_arena){ .base = foreign_memory, .size = sizeof(foreign_memory) };
	bpf_policy_init(&f->policy, &f->arena);
	ret = import(&f->im, text, strlen(text), options, &f->error);
	return ret ? ret : import_policy(&f->im, &f->policy, &f->error);
}

/* ... and on to a program that the kernel would take, and that is what the policy says. */
static inline int foreign_compile(struct foreign *f, foreign_fn *import, const char *text,
				  const struct import_options *options)
{
	int ret = foreign_parse(f, import, text, options);

	if (ret == 0)
		ret = bpf_compile(&f->policy, &f->prog, &f->error);
	if (ret == 0)
		ret = bpf_check(f->prog.insn, f->prog.len, &f->error);
	return ret ? ret : bpf_verify(&f->policy, &f->prog, NULL, NULL, &f->error);
}

/* What becomes of CALL, a name or a number, with these arguments. */
static inline uint32_t foreign_ask(const struct foreign *f, enum bpf_abi_id abi, const char *call,
				   const uint64_t args[6])
{
	const struct bpf_syscall *known = bpf_syscall_find(call, strlen(call));
	struct seccomp_data data = { .arch = bpf_abis[abi].arch };

	data.nr = known ? known->nr[abi] : (int)strtol(call, NULL, 0);
	memcpy(data.args, args, sizeof(data.args));
	return bpf_policy_eval(&f->policy, &data, NULL);
}

static inline bool foreign_has_note(const struct foreign *f, const char *text)
{
	size_t i;

	for (i = 0; i < f->im.nnotes; i++)
		if (strstr(f->im.notes[i].text, text))
			return true;
	return false;
}

/* ---- rows of tables ---- */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HI(n)	     (UINT64_C(1) << (n))

#define ALLOW	     SECCOMP_RET_ALLOW
#define KILL	     SECCOMP_RET_KILL_PROCESS
#define THREAD	     SECCOMP_RET_KILL_THREAD
#define TRAP	     SECCOMP_RET_TRAP
#define TRACE	     SECCOMP_RET_TRACE
#define LOG	     SECCOMP_RET_LOG
#define NOTIFY	     SECCOMP_RET_USER_NOTIF
#define E(n)	     (SECCOMP_RET_ERRNO | (n))

/* A profile, and what it says: rows up to the one without a call. */
struct foreign_ask {
	const char *call;
	uint64_t args[6];
	uint32_t action;
};

#define MAX_ASKS 12

struct foreign_example {
	const char *text;
	struct foreign_ask asks[MAX_ASKS];
};

/* A profile that is refused: the line, and words of the reason. */
struct foreign_refusal {
	const char *text;
	unsigned int line;
	const char *reason;
};

/* ---- files to be included ---- */

#define FOREIGN_FILES 16

/* A directory with a directory "sub", and what was put there. */
struct foreign_files {
	char dir[64], sub[80];
	char path[FOREIGN_FILES][128];
	unsigned int n;
};

static inline int foreign_files_make(struct foreign_files *files)
{
	char dir[] = "/tmp/import-test.XXXXXX";

	memset(files, 0, sizeof(*files));
	if (!mkdtemp(dir))
		return -errno;
	snprintf(files->dir, sizeof(files->dir), "%s", dir);
	snprintf(files->sub, sizeof(files->sub), "%s/sub", dir);
	return mkdir(files->sub, 0700) < 0 ? -errno : 0;
}

static inline void foreign_files_remove(struct foreign_files *files)
{
	while (files->n > 0)
		unlink(files->path[--files->n]);
	rmdir(files->sub);
	rmdir(files->dir);
}

static inline int foreign_put(struct foreign_files *files, const char *name, const char *text)
{
	char path[128], dir[64];
	FILE *out;

	if (files->n == FOREIGN_FILES)
		return -E2BIG;
	memcpy(dir, files->dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	memcpy(files->path[files->n++], path, sizeof(path));
	out = fopen(path, "w");
	if (!out)
		return -errno;
	fputs(text, out);
	return fclose(out);
}

#endif
