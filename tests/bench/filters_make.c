/* SPDX-License-Identifier: MIT */
/*
 * From a profile to a program and on to an installed filter, in stages, each with its time: all
 * that a launcher does, including the proof. Memory is fresh in each process, as a launcher has
 * it, so that page faults count.
 */
#include "tests/bench/filters.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/import/import.h"

static struct bpf_goal hist = { .how = BPF_FOR_HIST };

void recipe_weights(const struct bpf_weight *weights, size_t n)
{
	hist.weights = weights;
	hist.nweights = n;
}

/* ---- reading ---- */

/* A built-in policy is about more than calls: the other lines are the runner's. */
static int builtin_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *err)
{
	return bpf_policy_word(text, strcspn(text, " \t(")) ?
		       bpf_policy_line(ctx, text, place, err) :
		       0;
}

static int read_builtin(const struct profile *profile, struct bpf_policy *policy,
			struct bpf_error *err)
{
	int ret = bpf_builtin_read(profile->name, policy->arena, builtin_line, policy, err);

	return ret ? ret : bpf_policy_finish(policy, err);
}

static int read_oci(const struct recipe *recipe, struct import *im, struct bpf_error *err)
{
	const struct profile *profile = recipe->profile;
	struct import_options options = IMPORT_OPTIONS;

	options.abis = profile->abis;
	options.faithful = recipe->whole;
	return import_oci(im, profile->text, profile->len, &options, err);
}

/* A policy of calls alone, without comments behind its rules. */
static int read_text(const struct profile *profile, struct bpf_policy *policy,
		     struct bpf_error *err)
{
	struct bpf_place place = { .file = profile->name, .column = 1 };
	char *copy = strdup(profile->text), *rest = copy, *line;
	int ret = copy ? 0 : -ENOMEM;

	while (ret == 0 && (line = strsep(&rest, "\n"))) {
		place.line++;
		if (*line != '\0' && *line != '#')
			ret = bpf_policy_line(policy, line, &place, err);
	}
	free(copy);
	return ret ? ret : bpf_policy_finish(policy, err);
}

static int read_policy(const struct recipe *recipe, struct bpf_policy *policy,
		       struct bpf_error *err)
{
	const struct profile *profile = recipe->profile;
	struct import im;
	int ret;

	if (profile->form == FORM_BUILTIN)
		return read_builtin(profile, policy, err);
	if (profile->form == FORM_POLICY)
		return read_text(profile, policy, err);
	import_init(&im, profile->name);
	ret = read_oci(recipe, &im, err);
	if (ret == 0)
		ret = import_policy(&im, policy, err);
	import_release(&im);
	return ret;
}

char *profile_text(const struct profile *profile, bool whole)
{
	const struct recipe recipe = { .profile = profile, .whole = whole };
	struct bpf_error error = { 0 };
	struct import im;
	char *text;

	import_init(&im, profile->name);
	if (read_oci(&recipe, &im, &error))
		errx(1, "%s:%u: %s", profile->name, error.place.line, error.text);
	text = im.text ? strdup(im.text) : NULL;
	if (!text)
		err(1, "memory");
	import_release(&im);
	return text;
}

/* ---- making ---- */

static const struct bpf_goal *goal_of(enum bpf_optimize how)
{
	static const struct bpf_goal goals[] = {
		[BPF_FOR_CACHE] = { .how = BPF_FOR_CACHE },
		[BPF_FOR_SIZE] = { .how = BPF_FOR_SIZE },
		[BPF_FOR_READABLE] = { .how = BPF_FOR_READABLE },
	};

	return how == BPF_FOR_HIST ? &hist : &goals[how];
}

static int make_ours(const struct recipe *recipe, struct bpf_arena *arena, struct bpf_prog *prog,
		     double *times)
{
	struct bpf_error error = { 0 };
	struct bpf_policy policy;
	double start = now(), read, compiled;
	int ret;

	bpf_policy_init(&policy, arena);
	ret = read_policy(recipe, &policy, &error);
	read = now();
	if (ret == 0)
		ret = bpf_compile_for(&policy, goal_of(recipe->how), prog, &error);
	compiled = now();
	if (ret == 0)
		ret = bpf_verify(&policy, prog, NULL, NULL, &error);
	if (times) {
		times[STAGE_PROVE] = now() - compiled;
		times[STAGE_COMPILE] = compiled - read;
		times[STAGE_READ] = read - start;
	}
	if (ret < 0)
		warnx("%s, %s:%u: %s", recipe->profile->name, recipe->name, error.place.line,
		      error.text);
	return ret;
}

int recipe_make(const struct recipe *recipe, struct bpf_arena *arena, struct bpf_prog *prog,
		double *times)
{
	arena->used = 0;
	if (recipe->rival)
		return rival_make(recipe->rival, recipe->profile->abis, prog, times);
	return make_ours(recipe, arena, prog, times);
}

int recipe_install(const struct recipe *recipe, struct bpf_arena *arena, struct bpf_prog *prog,
		   double *times)
{
	double start;
	int ret;

	if (recipe->rival)
		return rival_make(recipe->rival, recipe->profile->abis, NULL, times);
	ret = recipe_make(recipe, arena, prog, times);
	start = now();
	if (ret == 0)
		ret = bpf_install(prog->insn, prog->len);
	times[STAGE_INSTALL] = now() - start;
	return ret;
}

struct bpf_arena arena_new(void)
{
	struct bpf_arena arena = { .size = ARENA_SIZE };

	arena.base = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena.base == MAP_FAILED)
		err(1, "mmap");
	return arena;
}
