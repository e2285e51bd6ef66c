/* SPDX-License-Identifier: MIT */
/*
 * The filters of the built-in policies, compiled and proved when sbrun was built (mkfilters.c).
 *
 * A run that adds no system-call rule of its own takes its filter from here. Whether that is
 * so is decided by the lines themselves, not by the policy's name: a file of the same name, or
 * one more option, makes another text, and that is compiled and proved at the start.
 */
#include "runner/runner.h"

#include <string.h>

struct filter {
	const char *policy, *text;
	unsigned long cases;
	struct bpf_prog prog;
};

static const struct filter filters[] = {
#include "runner/filters.def"
	{ NULL, NULL, 0, { 0 } },
};

/* Is TEXT, line by line, what the spec says of system calls? */
static bool is_text_of(const char *text, const struct spec *spec)
{
	for (const struct setting *set = spec->settings; set; set = set->next) {
		size_t len;

		if (set->superseded || !(set->row->flags & DIRECTIVE_SYSCALL))
			continue;
		len = strlen(set->text);
		if (strncmp(text, set->text, len) != 0 || text[len] != '\n')
			return false;
		text += len + 1;
	}
	return !*text;
}

const struct bpf_prog *filter_find(const struct spec *spec, unsigned long *cases)
{
	for (const struct filter *filter = filters; filter->policy; filter++) {
		if (!spec->syscalls.under && is_text_of(filter->text, spec)) {
			*cases = filter->cases;
			return &filter->prog;
		}
	}
	return NULL;
}
