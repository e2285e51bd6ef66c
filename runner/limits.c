/* SPDX-License-Identifier: MIT */
/*
 * From the directives of limits to numbers.
 *
 * Two kinds: an rlimit binds each process by itself; the others bind all of the sandbox
 * together, which only a cgroup or the supervisor's clock can. A policy that says nothing of
 * swap means none: memory that can be swapped out is not limited by "memory".
 *
 * cgroups(7), setrlimit(2)
 */
#include "runner/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const limit_names[LIMIT_KINDS] = {
	[LIMIT_MEMORY] = "memory",	[LIMIT_SWAP] = "swap",
	[LIMIT_PIDS] = "pids",		[LIMIT_CPU] = "cpu",
	[LIMIT_IO_MAX] = "io-max",	[LIMIT_IO_WEIGHT] = "io-weight",
	[LIMIT_CPU_TIME] = "cpu-limit",
};

const char *const io_max_names[IO_MAX_KINDS] = { "rbps", "wbps", "riops", "wiops" };

int limit_find(const char *name)
{
	for (int i = 0; i < LIMIT_KINDS; i++) {
		if (strcmp(limit_names[i], name) == 0)
			return i;
	}
	return -ENOENT;
}

const char *limit_value(const struct spec *spec, enum limit_kind kind)
{
	struct bpf_arena *arena = spec->arena;
	unsigned long long value = spec->limit[kind];

	switch (kind) {
	case LIMIT_MEMORY:
	case LIMIT_SWAP:
		return xprintf(arena, "%llu KiB", value / 1024);
	case LIMIT_CPU:
		return xprintf(arena, "%g", (double)value / CPU_UNITS);
	case LIMIT_CPU_TIME:
		return xprintf(arena, "%g s", (double)value / 1e6);
	case LIMIT_IO_MAX:
		return xprintf(arena, "of %s", escaped(arena, spec->io_max[0].path));
	default:
		return xprintf(arena, "%llu", value);
	}
}

int apply_rlimit(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct caps_rlimit *row = caps_rlimit_find(set->words[0]);
	rlim_t value[2];

	if (!row)
		return complain(set, err, "no such limit", set->words[0]);
	for (unsigned int i = 0; i < 2; i++) {
		const char *word = set->words[i < set->nwords - 1 ? i + 1 : set->nwords - 1];
		uint64_t number;

		if (strcmp(word, "unlimited") == 0)
			value[i] = RLIM_INFINITY;
		else if (parse_size(word, &number) == 0)
			value[i] = number;
		else
			return complain(set, err, "not a number or 'unlimited'", word);
	}
	if (value[0] > value[1])
		return complain(set, err, "the soft limit is above the hard one", set->words[1]);
	if (spec->nlimits == SPEC_LIMITS)
		return bpf_fail(err, -E2BIG, &set->place, "too many limits");
	spec->limits[spec->nlimits].row = row;
	spec->limits[spec->nlimits].limit.rlim_cur = value[0];
	spec->limits[spec->nlimits++].limit.rlim_max = value[1];
	return 0;
}

/* A decimal number above 0: "0.5", "10". */
static int parse_decimal(const char *word, double max, double *value)
{
	char *end;

	*value = strtod(word, &end);
	if (strspn(word, "0123456789.") != strlen(word) || *end || !(*value > 0) || *value > max)
		return -EINVAL;
	return 0;
}

int apply_time_limit(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	static const char grace[] = "grace=";

	if (parse_decimal(set->words[0], 1e9, &spec->time_limit))
		return complain(set, err, "not a number of seconds", set->words[0]);
	if (set->nwords > 1 &&
	    (strncmp(set->words[1], grace, strlen(grace)) != 0 ||
	     parse_decimal(set->words[1] + strlen(grace), 1e9, &spec->time_grace)))
		return complain(set, err, "expected grace=SECONDS", set->words[1]);
	return 0;
}

int apply_output_limit(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	spec->has_output_limit = true;
	if (parse_size(set->words[0], &spec->output_limit))
		return complain(set, err, "not a size", set->words[0]);
	return 0;
}

/* A decimal number of UNITS, as whole ones. */
static int parse_units(const char *word, double max, double units, uint64_t *value)
{
	double number;

	if (parse_decimal(word, max, &number))
		return -EINVAL;
	*value = (uint64_t)(number * units + 0.5);
	return *value ? 0 : -EINVAL;
}

/* The limit KIND from WORD; what is wrong with it, NULL: nothing. */
static const char *parse_limit(enum limit_kind kind, const char *word, uint64_t *value)
{
	switch (kind) {
	case LIMIT_MEMORY:
		return parse_size(word, value) || !*value || *value > INT64_MAX ? "not a size" :
										  NULL;
	case LIMIT_SWAP:
		return parse_size(word, value) || *value > INT64_MAX ? "not a size" : NULL;
	case LIMIT_PIDS:
		return parse_number(word, PIDS_MAX, value) || !*value ?
			       "not a number of processes" :
			       NULL;
	case LIMIT_CPU: /* the kernel's least quota is a hundredth of its period */
		return parse_units(word, 1e5, CPU_UNITS, value) || *value < CPU_UNITS / 100 ?
			       "not a number of processors (0.01 at least)" :
			       NULL;
	case LIMIT_IO_WEIGHT:
		return parse_number(word, 10000, value) || !*value ? "not a weight, 1 to 10000" :
								     NULL;
	case LIMIT_CPU_TIME:
		return parse_units(word, 1e9, 1e6, value) ? "not a number of seconds" : NULL;
	default:
		return "not a limit of one number";
	}
}

int apply_limit(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	enum limit_kind kind = (enum limit_kind)set->row->arg;
	const char *wrong = parse_limit(kind, set->words[0], &spec->limit[kind]);

	if (wrong)
		return complain(set, err, wrong, set->words[0]);
	spec->limited |= 1u << kind;
	return 0;
}

/* "rbps=1M" */
static int parse_io_max(struct io_max *max, const char *word)
{
	for (unsigned int i = 0; i < IO_MAX_KINDS; i++) {
		size_t len = strlen(io_max_names[i]);

		if (strncmp(word, io_max_names[i], len) != 0 || word[len] != '=')
			continue;
		if (max->value[i]) /* said twice */
			return -EINVAL;
		return parse_size(word + len + 1, &max->value[i]) || !max->value[i] ? -EINVAL : 0;
	}
	return -EINVAL;
}

int apply_io_max(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	struct io_max *max = &spec->io_max[spec->nio_max];

	if (set->words[0][0] != '/')
		return complain(set, err, "not an absolute path", set->words[0]);
	if (spec->nio_max == SPEC_IO_MAX)
		return bpf_fail(err, -E2BIG, &set->place, "too many disks");
	max->path = set->words[0];
	for (unsigned int i = 1; i < set->nwords; i++) {
		if (parse_io_max(max, set->words[i]))
			return complain(set, err,
					"expected rbps=, wbps=, riops= or wiops=", set->words[i]);
	}
	spec->nio_max++;
	spec->limited |= 1u << LIMIT_IO_MAX;
	return 0;
}

int limits_finish(struct spec *spec, struct bpf_error *err)
{
	const unsigned int memory = 1u << LIMIT_MEMORY, swap = 1u << LIMIT_SWAP;
	const struct setting *set = spec->settings;

	if (spec->limited & memory) {
		/* It was not asked for by itself: what will do for the one will do for both. */
		if (!(spec->limited & swap) && (spec->limits_degraded & memory))
			spec->limits_degraded |= swap;
		spec->limited |= swap;
		return 0;
	}
	if (!(spec->limited & swap))
		return 0;
	while (set->superseded || set->row->apply != apply_limit || set->row->arg != LIMIT_SWAP)
		set = set->next;
	return complain(set, err, "how much more than memory, which is not limited", set->words[0]);
}
