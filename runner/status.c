/* SPDX-License-Identifier: MIT */
/*
 * The JSON lines of --status-fd: one object a line, each with an "event". Programs read it,
 * so it is apart from what the payload writes and cannot be forged by it.
 */
#include "runner/limits.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Take OBJECT and write it as one line; a reader who went away is no error of the payload's. */
static void write_line(const struct plan *plan, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (text && plan->spec->status_fd >= 0)
		dprintf(plan->spec->status_fd, "%s\n", text);
	free(text);
	json_decref(object);
}

static void add_namespaces(json_t *list, unsigned long flags)
{
	for (const struct ns_kind *kind = ns_kinds; kind->name; kind++) {
		char name[32];

		snprintf(name, sizeof(name), "%s-namespace", kind->name);
		if (flags & kind->flag)
			json_array_append_new(list, json_string(name));
	}
}

static void add_limits(json_t *list, unsigned int kinds)
{
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		if (kinds & (1u << i))
			json_array_append_new(list, json_string(limit_names[i]));
	}
}

static json_t *walls(const struct plan *plan)
{
	json_t *list = json_array();

	add_namespaces(list, plan->namespaces);
	json_array_append_new(list, json_string("root"));
	json_array_append_new(list, json_string("capabilities"));
	json_array_append_new(list, json_string("no_new_privs"));
	json_array_append_new(list, json_string("seccomp"));
	add_limits(list, plan->spec->limited & ~plan->no_limits);
	if (plan->spec->exec_label)
		json_array_append_new(list, json_string("label"));
	if (plan->landlock)
		json_array_append_new(list, json_string("landlock"));
	return list;
}

/* What a policy asks for, is not there, and may be missing (allow-degraded). */
static json_t *missing(const struct plan *plan)
{
	static const struct {
		unsigned int wall;
		const char *name;
	} walls_of_landlock[] = {
		{ CAPS_LANDLOCK_FILES, "landlock files" },
		{ CAPS_LANDLOCK_NET, "landlock net" },
		{ CAPS_LANDLOCK_SCOPE, "landlock scope" },
	};
	json_t *list = json_array();

	add_namespaces(list, plan->missing);
	for (unsigned int i = 0; i < 3; i++) {
		if (plan->no_landlock & walls_of_landlock[i].wall)
			json_array_append_new(list, json_string(walls_of_landlock[i].name));
	}
	add_limits(list, plan->no_limits);
	return list;
}

/* The names are bubblewrap's, for the programs that know them. */
void status_info(const struct plan *plan, pid_t init, pid_t payload)
{
	uint64_t inodes[16] = { 0 };
	json_t *object;
	char *text;

	if (plan->spec->info_fd < 0)
		return;
	object = json_pack("{s:i}", "child-pid", (int)init);
	ns_inodes(plan->proc, payload ? payload : init, inodes);
	for (unsigned int i = 0; ns_kinds[i].name; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s-namespace", ns_kinds[i].name);
		if (inodes[i])
			json_object_set_new(object, name, json_integer((json_int_t)inodes[i]));
	}
	text = json_dumps(object, JSON_INDENT(4));
	if (text)
		dprintf(plan->spec->info_fd, "%s\n", text);
	free(text);
	json_decref(object);
	if (plan->spec->info_fd > STDERR_FILENO)
		close(plan->spec->info_fd); /* its reader is not to wait for our end */
}

void status_started(const struct plan *plan, pid_t init, pid_t payload)
{
	if (plan->spec->status_fd >= 0)
		write_line(plan, json_pack("{s:s,s:i,s:i,s:i,s:s,s:o,s:o}", "event", "started",
					   "child-pid", (int)init, "init", (int)init, "payload",
					   (int)payload, "policy", plan->spec->policy, "walls",
					   walls(plan), "missing", missing(plan)));
}

void status_limit(const struct plan *plan, const char *limit, uint64_t count)
{
	if (plan->spec->status_fd >= 0)
		write_line(plan, json_pack("{s:s,s:s,s:I}", "event", "limit", "limit", limit,
					   "count", (json_int_t)count));
}

static void add_number(json_t *object, const char *name, uint64_t value, bool known)
{
	if (known)
		json_object_set_new(object, name, json_integer((json_int_t)value));
}

void status_ended(const struct plan *plan, const char *how, int status, const struct report *report,
		  const struct usage *usage)
{
	/* When all was killed, only a cgroup knows what it had used. */
	bool known = report->kind == REPORT_EXITED || usage->user_us || usage->system_us;
	json_t *object;

	if (plan->spec->status_fd < 0)
		return;
	object = json_pack("{s:s,s:i}", "event", how, "status", status);
	if (report->kind == REPORT_EXITED)
		json_object_set_new(object, "exit-code", json_integer(status));
	if (strcmp(how, "signaled") == 0)
		json_object_set_new(object, "signal", json_integer(WTERMSIG(report->status)));
	if (strcmp(how, "failed") != 0) {
		add_number(object, "wall_us", usage->wall_us, true);
		add_number(object, "user_us", usage->user_us, known);
		add_number(object, "system_us", usage->system_us, known);
		add_number(object, "maxrss_kb", usage->maxrss_kb, usage->maxrss_kb);
		add_number(object, "memory_peak", usage->memory_peak, usage->memory_peak);
		add_number(object, "pids_peak", usage->pids_peak, usage->pids_peak);
	} else if (report->kind == REPORT_FAILED) {
		json_object_set_new(object, "step", json_string(steps[report->step].name));
		json_object_set_new(object, "errno", json_integer(report->error));
	}
	write_line(plan, object);
}
