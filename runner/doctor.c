/* SPDX-License-Identifier: MIT */
/*
 * --doctor: what of sbrun works here, what is lost, and, where sandboxes are prevented, one cause
 * with one fix.
 *
 * The features come from the table in features.c. What a policy loses is not concluded from
 * them but tried, by running true(1) in it: a sandbox that starts says which of its walls are not
 * there, and one that does not says what failed, with the cause and the fix (diagnosis.c).
 * Nothing is left behind by that.
 */
#include "runner/features.h"

#include "runner/runner.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NFEATURES    160

#define SINCE_COLUMN 46 /* where the columns of the page begin */
#define TEXT_COLUMN  53

struct trial {
	const char *policy;
	bool no_tree; /* there is nothing in it to run: that it starts will do */

	bool runs;
	const char *problem, *cause, *fix; /* if not, and as far as it is known */
	json_t *walls, *missing;	   /* lists of names; NULL: it did not start */
};

struct finding {
	struct bpf_arena *arena;
	struct feature_answer answers[NFEATURES];
	struct trial *trials; /* that of "strict" is first */
	bool filtered;
};

/* ---- looking ---- */

/* The JSON lines of --status-fd: what of walls there is, and where it failed, if it did. */
static void read_status(struct trial *trial, int fd, bool *only_exec)
{
	FILE *file = fdopen(fd, "r");
	char line[4096];

	*only_exec = false;
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		json_t *event = json_loads(line, 0, NULL), *step = json_object_get(event, "step");

		if (json_object_get(event, "walls")) {
			trial->walls = json_incref(json_object_get(event, "walls"));
			trial->missing = json_incref(json_object_get(event, "missing"));
		}
		if (step)
			*only_exec = strcmp(json_string_value(step), "exec") == 0;
		json_decref(event);
	}
	fclose(file);
}

/* What it said, newlines escaped: "sbrun: ...", then "cause: ..." and "fix: ...", perhaps. */
static void read_words(struct bpf_arena *arena, struct trial *trial, const char *words)
{
	static const char newline[] = "\\x0a", cause[] = "cause: ", fix[] = "fix: ";
	const char *end;

	for (; *words; words = *end ? end + strlen(newline) : end) {
		const char *line;

		end = strstr(words, newline);
		end = end ? end : words + strlen(words);
		line = xprintf(arena, "%.*s", (int)(end - words), words);
		if (strncmp(line, cause, strlen(cause)) == 0)
			trial->cause = line + strlen(cause);
		else if (strncmp(line, fix, strlen(fix)) == 0)
			trial->fix = line + strlen(fix);
		else if (!trial->problem)
			trial->problem = line;
	}
}

/* As the caller, STATUS for what it says of its walls: NULL, or what else it says. */
static const char *run_true(struct bpf_arena *arena, const char *policy, int status)
{
	char *const argv[] = {
		xprintf(arena, "/proc/self/exe"),
		xprintf(arena, "--policy=%s", policy),
		xprintf(arena, "--time-limit=20"),
		xprintf(arena, "--status-fd=%d", status),
		xprintf(arena, "--"),
		xprintf(arena, "true"),
		NULL,
	};

	return run_helper(arena, argv);
}

static void try_policy(struct bpf_arena *arena, struct trial *trial)
{
	struct diagnosis why;
	const char *words;
	bool only_exec;
	int status[2]; /* it holds more than will be written */

	if (pipe(status) < 0)
		fail("doctor: make a pipe: %s", strerror(errno));
	words = run_true(arena, trial->policy, status[1]);
	close(status[1]);
	read_status(trial, status[0], &only_exec);
	trial->runs = !words || (trial->no_tree && trial->walls && only_exec);
	if (trial->runs)
		return;
	read_words(arena, trial, words);
	if (trial->cause || trial->fix)
		return;
	why = diagnose(arena, NULL, 0);
	trial->cause = why.cause;
	trial->fix = why.fix;
}

static void look(struct finding *found)
{
	for (unsigned int i = 0; i < NFEATURES && features[i].name; i++) {
		if (features[i].probe)
			feature_ask(&features[i], &found->answers[i]);
	}
	for (struct trial *trial = found->trials; trial->policy; trial++)
		try_policy(found->arena, trial);
	found->filtered = feature_is_filtered();
}

static bool is_whole(const struct trial *trial)
{
	return trial->runs && json_array_size(trial->missing) == 0;
}

/* ---- telling ---- */

static const char *const state_names[] = {
	[FEATURE_HERE] = "here",
	[FEATURE_MISSING] = "missing",
	[FEATURE_BLOCKED] = "blocked",
	[FEATURE_UNCLEAR] = "unclear",
};

/* Why it is not there, unless the state says that, and what it means. */
static const char *lack_text(const struct finding *found, const struct feature *row,
			     const struct feature_answer *answer)
{
	const char *without = row->flags & FEATURE_NEEDED ? "NEEDED" : row->without;

	if (answer->state != FEATURE_MISSING)
		return xprintf(found->arena, "%s; %s", strerror(answer->error), without);
	if (answer->error == ENOSYS && found->filtered)
		return xprintf(found->arena, "or a filter around us says so; %s", without);
	return without;
}

static void print_features(const struct finding *found)
{
	for (unsigned int i = 0; features[i].name; i++) {
		const struct feature *row = &features[i];
		const struct feature_answer *answer = &found->answers[i];
		const char *text = answer->value;
		int column;

		if (!row->probe) {
			printf("\n%s\n", row->name);
			continue;
		}
		if (answer->state != FEATURE_HERE)
			text = lack_text(found, row, answer);
		column = printf("  %-8s %s", state_names[answer->state], row->name);
		if (*row->since)
			column += printf("%*s%s", SINCE_COLUMN - column, "", row->since);
		if (*text)
			column += printf("%*s", TEXT_COLUMN - column, "");
		print_wrapped(column, TEXT_COLUMN, text);
	}
}

static const char *lost_text(struct bpf_arena *arena, const struct trial *trial)
{
	const char *text = "runs; what it asks for and is not here: ";
	json_t *name;
	size_t i;

	json_array_foreach(trial->missing, i, name)
	{
		text = xprintf(arena, "%s%s%s", text, i ? ", " : "", json_string_value(name));
	}
	return text;
}

static void print_trials(const struct finding *found)
{
	puts("\nThe built-in policies");
	for (const struct trial *trial = found->trials; trial->policy; trial++) {
		const int column = printf("  %-11s ", trial->policy);

		if (is_whole(trial))
			print_wrapped(column, 14, "runs, with all walls that it asks for");
		else if (trial->runs)
			print_wrapped(column, 14, lost_text(found->arena, trial));
		else
			print_wrapped(column, 14, trial->problem);
		if (!trial->runs && trial != found->trials && trial->fix)
			print_wrapped(printf("%14sfix: ", ""), 19, trial->fix);
	}
}

static void print_text(const struct finding *found, const struct utsname *os)
{
	const struct trial *strict = found->trials;

	printf("Linux %s, %s; %s%s\n\n"
	       "What sbrun uses of it, or a sandbox depends on; since which Linux it is there.\n"
	       "missing: the kernel has it not; blocked: something around us forbids it.\n",
	       os->release, os->machine, geteuid() == 0 ? "as root" : "as an ordinary user",
	       found->filtered ? "; a seccomp filter is on us already" : "");
	print_features(found);
	print_trials(found);
	if (strict->cause)
		printf("\ncause: %s\n", strict->cause);
	if (strict->fix)
		printf("fix: %s\n", strict->fix);
}

static json_t *features_json(const struct finding *found)
{
	const char *group = "";
	json_t *list = json_array();

	for (unsigned int i = 0; features[i].name; i++) {
		const struct feature *row = &features[i];
		const struct feature_answer *answer = &found->answers[i];

		if (!row->probe) {
			group = row->name;
			continue;
		}
		json_array_append_new(
			list,
			json_pack("{s:s,s:s,s:s,s:s,s:b,s:s*,s:s*,s:s}", "name", row->name, "group",
				  group, "since", row->since, "state", state_names[answer->state],
				  "needed", !!(row->flags & FEATURE_NEEDED), "value",
				  *answer->value ? answer->value : NULL, "error",
				  answer->state == FEATURE_HERE ? NULL : strerror(answer->error),
				  "without", row->without));
	}
	return list;
}

static json_t *trials_json(const struct finding *found)
{
	json_t *policies = json_object();

	for (const struct trial *trial = found->trials; trial->policy; trial++)
		json_object_set_new(policies, trial->policy,
				    json_pack("{s:b,s:b,s:O*,s:O*,s:s*,s:s*,s:s*}", "runs",
					      trial->runs, "whole", is_whole(trial), "walls",
					      trial->walls, "missing", trial->missing, "problem",
					      trial->problem, "cause", trial->cause, "fix",
					      trial->fix));
	return policies;
}

static void print_json(const struct finding *found, const struct utsname *os)
{
	json_t *all = json_pack("{s:s,s:s,s:b,s:b,s:o,s:o,s:s*,s:s*}", "release", os->release,
				"machine", os->machine, "root", geteuid() == 0, "filtered",
				found->filtered, "features", features_json(found), "policies",
				trials_json(found), "cause", found->trials->cause, "fix",
				found->trials->fix);
	char *text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;

	if (!text)
		fail("doctor: out of memory");
	puts(text);
	free(text);
	json_decref(all);
}

int doctor(const struct spec *spec)
{
	static struct trial trials[] = {
		{ .policy = "strict" },
		{ .policy = "standard" },
		{ .policy = "network" },
		{ .policy = "nested" },
		{ .policy = "syslogparse", .no_tree = true },
		{ .policy = NULL },
	};
	static struct finding found;
	struct utsname os;

	found.arena = spec->arena;
	found.trials = trials;
	uname(&os);
	look(&found);
	if (spec->json)
		print_json(&found, &os);
	else
		print_text(&found, &os);
	return is_whole(&trials[0]) ? 0 : 1;
}
