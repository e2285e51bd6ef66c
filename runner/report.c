/* SPDX-License-Identifier: MIT */
/*
 * A failure inside, told outside: "sbrun: STEP: OBJECT: reason", then the usual cause and what
 * helps, where that is known. The numbers come from struct report, the words from the
 * step table, the policy's places and the table in diagnosis.c.
 */
#include "runner/runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *object_of(const struct plan *plan, const struct report *report)
{
	struct bpf_arena *arena = plan->spec->arena;
	const char *step = steps[report->step].name;
	const struct bpf_place *place;
	const struct ns_op *op;

	if (strcmp(step, "exec") == 0)
		return escaped(arena, plan->argv[0]);
	if (strcmp(step, "label") == 0)
		return label_text(plan);
	if (report->op < 0 || (size_t)report->op >= plan->tree.nops)
		return escaped(arena, report->text);
	op = &plan->tree.ops[report->op];
	place = &plan->spec->op_places[op->number];
	return xprintf(arena, "%s %s (%s%s)", report->text,
		       escaped(arena,
			       strcmp(step, "sources") == 0 && op->source ? op->source : op->dest),
		       place->file, place->line ? xprintf(arena, ":%u", place->line) : "");
}

/*
 * A label is taken at the exec, and may be refused there: by EPERM, which nothing else is a
 * reason for in a process that is not traced, or like any file, by EACCES.
 */
static bool may_be_label(const struct plan *plan, int error)
{
	if (!plan->spec->exec_label || (error != EPERM && error != EACCES))
		return false;
	fprintf(stderr,
		"cause: perhaps exec-label %s: with no_new_privs only a label is allowed that\n"
		"confines further, and it must let the command be executed\n",
		label_text(plan));
	return error == EPERM;
}

int report_failure(const struct plan *plan, const struct report *report)
{
	const char *step = steps[report->step].name, *object = object_of(plan, report);
	const struct diagnosis why = diagnose(plan->spec->arena, step, report->error);

	fprintf(stderr, "sbrun: %s: %s%s%s\n%s", step, object, *object ? ": " : "",
		why.reason ? why.reason : strerror(report->error),
		diagnosis_text(plan->spec->arena, &why));
	if (strcmp(step, "exec") != 0 || may_be_label(plan, report->error))
		return STATUS_FAILED;
	return report->error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXEC;
}

void fail_step(struct bpf_arena *arena, const char *step, const char *doing, int error)
{
	const struct diagnosis why = diagnose(arena, step, error);

	fprintf(stderr, "sbrun: %s: %s: %s\n%s", step, doing, strerror(error),
		diagnosis_text(arena, &why));
	exit(STATUS_FAILED);
}
