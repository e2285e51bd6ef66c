/* SPDX-License-Identifier: MIT */
/*
 * How it ended: what was used, which limits were reached, whose fault it was, told to
 * whoever reads standard error and --status-fd, and made an exit status.
 */
#include "runner/limits.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

/* Without a cgroup, init or the limit of the process itself ended it. */
static bool stand_in_fired(const struct plan *plan, const struct ending *end)
{
	const struct report *last = &end->last;

	if (last->kind == REPORT_CPU_LIMIT)
		return true;
	return (plan->no_limits & (1u << LIMIT_CPU_TIME)) && last->kind == REPORT_EXITED &&
	       WIFSIGNALED(last->status) && WTERMSIG(last->status) == SIGKILL &&
	       end->usage.user_us + end->usage.system_us >= plan->spec->limit[LIMIT_CPU_TIME];
}

/* It ended by itself, before it was seen that it had used too much. */
static bool was_late(const struct plan *plan, const struct ending *end)
{
	return cgroup_accounts(plan) &&
	       end->usage.user_us + end->usage.system_us > plan->spec->limit[LIMIT_CPU_TIME];
}

/* Init's word for it, but for what the cgroups tell. */
static void take_usage(const struct plan *plan, struct ending *end)
{
	const struct report *last = &end->last;
	struct usage *usage = &end->usage;

	if (last->kind == REPORT_EXITED) {
		usage->user_us = (uint64_t)last->user_us;
		usage->system_us = (uint64_t)last->system_us;
		usage->maxrss_kb = (uint64_t)last->maxrss_kb;
	}
	cgroup_usage(plan, usage);
	if (!end->fired && (stand_in_fired(plan, end) || was_late(plan, end)))
		end->fired = "cpu-limit";
}

__attribute__((format(printf, 3, 4))) static void
tell_limit(const struct plan *plan, const char *name, const char *format, ...)
{
	va_list ap;

	if (plan->spec->quiet)
		return;
	fprintf(stderr, "sbrun: limit: %s: ", name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void tell_limits(const struct plan *plan, const struct ending *end)
{
	const struct spec *spec = plan->spec;
	const struct usage *usage = &end->usage;

	if (usage->memory_kills) {
		tell_limit(plan, "memory", "%s reached: killed by the kernel",
			   limit_value(spec, LIMIT_MEMORY));
		status_limit(plan, "memory", usage->memory_kills);
	}
	if (usage->pids_denied) {
		tell_limit(plan, "pids", "%s reached; %llu %s denied",
			   limit_value(spec, LIMIT_PIDS), (unsigned long long)usage->pids_denied,
			   usage->pids_denied == 1 ? "fork was" : "forks were");
		status_limit(plan, "pids", usage->pids_denied);
	}
	if (!end->fired)
		return;
	if (strcmp(end->fired, "time-limit") == 0)
		tell_limit(plan, end->fired, "ended after %g s", spec->time_limit);
	else if (strcmp(end->fired, "output-limit") == 0)
		tell_limit(plan, end->fired, "ended after %llu bytes of output",
			   (unsigned long long)spec->output_limit);
	else
		tell_limit(plan, end->fired, "ended after %s of processor time",
			   limit_value(spec, LIMIT_CPU_TIME));
	status_limit(plan, end->fired, 1);
}

/* The payload ended with a report of init's: by itself, or by a signal. */
static int payload_status(const struct plan *plan, const struct report *last, const char **how)
{
	*how = "exited";
	if (WIFEXITED(last->status))
		return WEXITSTATUS(last->status);
	*how = "signaled";
	if (WTERMSIG(last->status) == SIGSYS && !plan->spec->quiet)
		fprintf(stderr,
			"sbrun: %s: killed by the policy: a system call that it "
			"does not allow (SIGSYS)\n",
			escaped(plan->spec->arena, plan->argv[0]));
	return 128 + WTERMSIG(last->status);
}

int ending(const struct plan *plan, struct ending *end)
{
	struct report *last = &end->last;
	int status = STATUS_FAILED;
	const char *how = "failed";

	take_usage(plan, end);
	tell_limits(plan, end);
	if (end->fired) {
		status = STATUS_TIME_LIMIT;
		how = end->fired;
	} else if (end->interrupted) {
		if (!plan->spec->quiet)
			fprintf(stderr, "sbrun: interrupted before the command was run: %s\n",
				strsignal(end->interrupted));
		last->status = end->interrupted;
		status = 128 + end->interrupted;
		how = "signaled";
	} else if (last->kind == REPORT_FAILED) {
		status = report_failure(plan, last);
	} else if (last->kind == REPORT_EXITED) {
		status = payload_status(plan, last, &how);
	} else if (end->usage.memory_kills && end->started) {
		last->status = SIGKILL; /* and init with it: memory.oom.group */
		status = 128 + SIGKILL;
		how = "signaled";
	} else {
		fprintf(stderr, "sbrun: init: killed from outside%s\n",
			end->usage.memory_kills ? ": too little memory to start in" : "");
	}
	status_ended(plan, how, status, last, &end->usage);
	return status;
}
