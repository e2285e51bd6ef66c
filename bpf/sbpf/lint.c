/* SPDX-License-Identifier: MIT */
/*
 * Doubts about a policy (bpf/lint.c), as a compiler prints its warnings.
 */
#include "bpf/sbpf/sbpf.h"

struct report {
	struct job *job;
	const char *name;
	json_t *findings; /* NULL: as text */
};

static void add(void *ctx, const struct bpf_finding *finding)
{
	struct report *report = ctx;
	struct job *job = report->job;
	const struct bpf_place *place = &finding->place;

	if (report->findings) {
		json_array_append_new(report->findings,
				      json_pack("{s:s, s:b, s:s, s:o}", "check", finding->check,
						"note", finding->note, "text", finding->text,
						"place", json_place(place)));
		return;
	}
	if (place->file && place->line)
		printf("%s:%u:%u: ", place->file, place->line, place->column);
	else
		printf("%s: ", report->name);
	printf("%s%s%s: %s [%s]\n", hue(job, finding->note ? HUE_FAINT : HUE_MIDDLE),
	       finding->note ? "note" : "warning", hue(job, HUE_NONE), finding->text,
	       finding->check);
}

int run_lint(struct job *job)
{
	struct input *in = input_policy(job, job->words[0]);
	struct report report = { .job = job, .name = in->name };
	int found;

	if (job->json)
		report.findings = json_array();
	found = bpf_lint(&in->policy, add, &report);
	if (found < 0)
		die("%s: the policy is too large", in->name);
	if (job->json)
		print_json(report.findings);
	return found ? STATUS_NO : STATUS_YES;
}
