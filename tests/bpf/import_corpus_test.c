/* SPDX-License-Identifier: MIT */
/*
 * The policies of ChromeOS, crosvm, minijail and kafel: each becomes a program that the kernel
 * would take and that is proved to be what the policy says, or is refused for a reason that is
 * true.  The sum of all instructions is printed.
 */
#include "tests/bpf/foreign.h"

#include <glob.h>
#include <stdio.h>

#include "kselftest_harness.h"

static struct foreign f;

/* The files below the shared data: $SBRUN_DATA, or beside the tree. */
static size_t find(glob_t *files, const char *const *patterns)
{
	const char *dir = getenv("SBRUN_DATA");
	char pattern[500];
	size_t i;

	memset(files, 0, sizeof(*files));
	for (i = 0; patterns[i]; i++) {
		snprintf(pattern, sizeof(pattern), "%s/seccomp/%s", dir ? dir : "../shared/data",
			 patterns[i]);
		glob(pattern, i ? GLOB_APPEND : 0, NULL, files);
	}
	return files->gl_pathc;
}

/* Which ABI a file is for, by its name; -1: 32-bit ARM, which we do not have. */
static int abi_of(const char *path)
{
	if (strstr(path, "arm64") || strstr(path, "aarch64"))
		return BPF_AARCH64;
	if (strstr(path, "riscv64"))
		return BPF_RISCV64;
	if (strstr(path, "-arm.policy") || strstr(path, "__arm__"))
		return -1;
	return BPF_X86_64;
}

static int compile(foreign_fn *import, const char *path, int abi)
{
	struct import_options options = IMPORT_OPTIONS;
	char dir[400];
	char *text;
	size_t len;
	int ret;

	memset(&f.im, 0, sizeof(f.im));
	ret = import_read(path, &text, &len, &f.error);
	if (ret < 0)
		return ret;
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	options.native = (enum bpf_abi_id)abi;
	options.dir = dir;
	ret = foreign_compile(&f, import, text, &options);
	free(text);
	return ret;
}

/* Is the file of that name really not there, below the directory of PATH? */
static bool is_missing(const char *path, const char *reason)
{
	const char *name = strchr(reason, '\''), *end = name ? strchr(name + 1, '\'') : NULL;
	const char *base;
	char file[600];

	if (!end)
		return false;
	for (base = end; base > name + 1 && base[-1] != '/'; base--)
		;
	snprintf(file, sizeof(file), "%.*s/%.*s", (int)(strrchr(path, '/') - path), path,
		 (int)(end - base), base);
	return access(file, F_OK) < 0;
}

/* Reasons that are true for a policy of this collection: nothing else is an excuse. */
static bool is_true_reason(const char *path, const char *reason)
{
	static const struct {
		const char *reason, *file;
	} known[] = {
		{ "expected 1, an action, 'return' or an argument", "invalid_arg_filter" },
		{ "unknown system call 'notasyscall'", "invalid_syscall_name" },
		{ "two arguments are joined", "_var" },
		{ "two arguments are compared", "sample_var_cmp" },
		{ "includes itself", "recursive" },
		{ "includes itself", "short_loop" },
		{ "'STDOUT' is no constant", "chain_2_1" }, /* whoever includes it defines it */
	};
	size_t i;

	if (strstr(reason, "the included file") && strstr(reason, "No such file"))
		return is_missing(path, reason);
	for (i = 0; i < COUNT(known); i++)
		if (strstr(reason, known[i].reason) && strstr(path, known[i].file))
			return true;
	return false;
}

/* How many calls the policy names. */
static unsigned int count_calls(const struct bpf_policy *policy)
{
	static unsigned char seen[0x10000 / 8];
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	unsigned int n = 0;
	size_t i;

	memset(seen, 0, sizeof(seen));
	for (rule = policy->rules; rule; rule = rule->next) {
		for (call = rule->calls; call; call = call->next) {
			i = call->syscall ? (size_t)(call->syscall - bpf_syscalls) : call->nr;
			n += !(seen[i / 8] & 1u << i % 8);
			seen[i / 8] |= (unsigned char)(1u << i % 8);
		}
	}
	return n;
}

struct totals {
	unsigned int files, compiled, refused, no_abi, insns, calls, notes;
};

static void add(struct __test_metadata *_metadata, struct totals *totals, foreign_fn *import,
		const char *path)
{
	int abi = abi_of(path);
	int ret;

	totals->files++;
	if (abi < 0) {
		totals->no_abi++;
		return;
	}
	ret = compile(import, path, abi);
	if (ret == 0) {
		totals->compiled++;
		totals->insns += abi == BPF_X86_64 ? f.prog.len : 0;
		totals->calls += abi == BPF_X86_64 ? count_calls(&f.policy) : 0;
		totals->notes += (unsigned int)f.im.nnotes;
	} else {
		totals->refused++;
		EXPECT_TRUE(is_true_reason(path, f.error.text))
		TH_LOG("%s:%u: %s", path, f.error.place.line, f.error.text);
	}
	import_release(&f.im);
}

static void print(const char *name, const struct totals *totals)
{
	printf("# %s: %u files: %u compiled and proved, %u refused, %u for 32-bit ARM; %u notes\n",
	       name, totals->files, totals->compiled, totals->refused, totals->no_abi,
	       totals->notes);
	printf("# %s: %u instructions for %u calls of x86_64\n", name, totals->insns,
	       totals->calls);
	fflush(stdout); /* the test's process ends without */
}

TEST(minijail)
{
	static const char *const patterns[] = {
		"chromeos-platform2/*.policy",
		"crosvm/*/*.policy",
		"minijail/*.policy",
		NULL,
	};
	struct totals totals = { 0 };
	glob_t files;
	size_t i;

	if (find(&files, patterns) == 0)
		SKIP(return, "no policies: set SBRUN_DATA to the shared data");
	EXPECT_LT(bpf_abi_find("arm"), 0);
	for (i = 0; i < files.gl_pathc; i++)
		add(_metadata, &totals, import_minijail, files.gl_pathv[i]);
	globfree(&files);
	print("minijail", &totals);
	EXPECT_LT(0, totals.compiled);
}

TEST(kafel)
{
	static const char *const patterns[] = { "kafel/*.policy", NULL };
	struct totals totals = { 0 };
	glob_t files;
	size_t i;

	if (find(&files, patterns) == 0)
		SKIP(return, "no policies: set SBRUN_DATA to the shared data");
	for (i = 0; i < files.gl_pathc; i++)
		add(_metadata, &totals, import_kafel, files.gl_pathv[i]);
	globfree(&files);
	print("kafel", &totals);
	EXPECT_LT(0, totals.compiled);
}

TEST_HARNESS_MAIN
