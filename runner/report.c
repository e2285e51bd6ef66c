/* SPDX-License-Identifier: MIT */
/*
 * A failure inside, told outside: "sbrun: STEP: OBJECT: reason", then the usual cause and what
 * helps, where that is known. The numbers come from struct report, the words from the
 * step table, the policy's places and the table of causes below.
 */
#include "runner/runner.h"

#include <errno.h>
#include <string.h>

struct cause {
	const char *step;
	int error;
	const char *reason; /* in place of the errno's own words; NULL: these */
	const char *text;
};

/* clang-format off */
static const struct cause causes[] = {
{ "audit",    EPERM, NULL,
  "cause: a wall that was asked for is not there; nothing was run" },
{ "directory", ENOENT, NULL,
  "cause: chdir names a directory of the sandbox, not of the host" },
{ "exec",     ENOENT, NULL,
  "cause: it is not in the sandbox's file tree, or the interpreter that it names is not\n"
  "fix: --explain plan shows the tree; --ro-bind adds to it" },
{ "proc",     EPERM, NULL,
  "cause: the kernel gives a new /proc only where the whole of one is seen, which is not so\n"
  "inside most containers" },
{ "landlock", ENOTRECOVERABLE, "what it must deny it allows",
  "cause: the kernel, or a filter around us, says that it is there and it is not" },
{ "root",     EPERM, NULL,
  "cause: the kernel does not let a user namespace mount this (an overlay: since Linux 5.11)" },
{ "root",     EXDEV, "it is not there, and must not be created on the host",
  "fix: create it there, or put a tmpfs above it" },
{ "root",     EROFS, NULL,
  "cause: it would have to be created in what is bound read-only" },
{ "sources",  EACCES, NULL,
  "cause: the caller, without his capabilities, may not go there" },
{ "sources",  ESTALE, NULL,
  "cause: the file was exchanged while the sandbox was being set up" },
{ "terminal", ENOENT, "there is no /dev/pts inside",
  "fix: a terminal needs a name; add --dev /dev, or use --tty none" },
{ NULL, 0, NULL, NULL }
};
/* clang-format on */

static const struct cause *find_cause(const char *step, int error)
{
	for (const struct cause *cause = causes; cause->step; cause++) {
		if (strcmp(cause->step, step) == 0 && cause->error == error)
			return cause;
	}
	return NULL;
}

static const char *object_of(const struct plan *plan, const struct report *report)
{
	struct bpf_arena *arena = plan->spec->arena;
	const char *step = steps[report->step].name;
	const struct bpf_place *place;
	const struct ns_op *op;

	if (strcmp(step, "exec") == 0)
		return escaped(arena, plan->argv[0]);
	if (report->op < 0 || (size_t)report->op >= plan->tree.nops)
		return escaped(arena, report->text);
	op = &plan->tree.ops[report->op];
	place = &plan->spec->op_places[op->number];
	return xprintf(arena, "%s %s (%s%s)", report->text,
		       escaped(arena,
			       strcmp(step, "sources") == 0 && op->source ? op->source : op->dest),
		       place->file, place->line ? xprintf(arena, ":%u", place->line) : "");
}

int report_failure(const struct plan *plan, const struct report *report)
{
	const char *step = steps[report->step].name, *object = object_of(plan, report);

	const struct cause *cause = find_cause(step, report->error);

	fprintf(stderr, "sbrun: %s: %s%s%s\n", step, object, *object ? ": " : "",
		cause && cause->reason ? cause->reason : strerror(report->error));
	if (cause)
		fprintf(stderr, "%s\n", cause->text);
	if (strcmp(step, "exec") != 0)
		return STATUS_FAILED;
	return report->error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXEC;
}
