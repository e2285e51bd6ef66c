/* SPDX-License-Identifier: MIT */
/*
 * The policies of ChromeOS, crosvm and minijail: how many instructions all of them are that
 * are for x86_64. What each of them means, and why some are refused, is for the tests to say.
 */
#include "tests/bench/filters.h"

#include <glob.h>

#include "tests/bpf/foreign.h"

static struct foreign f;

/* Policies for others say so in their names. */
static bool is_for_others(const char *path)
{
	static const char *const others[] = { "arm64", "aarch64", "riscv64", "-arm.policy",
					      "__arm__" };
	size_t i;

	for (i = 0; i < COUNT(others); i++)
		if (strstr(path, others[i]))
			return true;
	return false;
}

/* Names, each counted once. */
static unsigned int count_calls(const struct bpf_policy *policy)
{
	const struct bpf_rule *rule;
	const struct bpf_call *call;
	unsigned int n = 0;
	bool *seen;

	seen = calloc(bpf_nsyscalls, sizeof(*seen));
	for (rule = policy->rules; rule && seen; rule = rule->next) {
		for (call = rule->calls; call; call = call->next) {
			if (!call->syscall || seen[call->syscall - bpf_syscalls])
				continue;
			seen[call->syscall - bpf_syscalls] = true;
			n++;
		}
	}
	free(seen);
	return n;
}

static int compile(const char *path, const struct bpf_goal *goal)
{
	struct import_options options = IMPORT_OPTIONS;
	char dir[400], *text;
	size_t len;
	int ret;

	memset(&f.im, 0, sizeof(f.im));
	ret = import_read(path, &text, &len, &f.error);
	if (ret < 0)
		return ret;
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	options.native = BPF_X86_64;
	options.dir = dir;
	ret = foreign_parse(&f, import_minijail, text, &options);
	if (ret == 0)
		ret = bpf_compile_for(&f.policy, goal, &f.prog, &f.error);
	if (ret == 0)
		ret = bpf_verify(&f.policy, &f.prog, NULL, NULL, &f.error);
	free(text);
	return ret;
}

void corpus_compile(const char *dir, enum bpf_optimize how, struct corpus *corpus)
{
	static const char *const patterns[] = { "chromeos-platform2/*.policy", "crosvm/*/*.policy",
						"minijail/*.policy" };
	const struct bpf_goal goal = { .how = how };
	glob_t files = { 0 };
	char pattern[500];
	size_t i;

	memset(corpus, 0, sizeof(*corpus));
	for (i = 0; i < COUNT(patterns); i++) {
		snprintf(pattern, sizeof(pattern), "%s/%s", dir, patterns[i]);
		glob(pattern, i ? GLOB_APPEND : 0, NULL, &files);
	}
	for (i = 0; i < files.gl_pathc; i++) {
		if (is_for_others(files.gl_pathv[i]))
			continue;
		corpus->files++;
		if (compile(files.gl_pathv[i], &goal) == 0) {
			corpus->compiled++;
			corpus->insns += f.prog.len;
			corpus->calls += count_calls(&f.policy);
		}
		import_release(&f.im);
	}
	globfree(&files);
}
