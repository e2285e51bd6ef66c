/* SPDX-License-Identifier: MIT */
/*
 * Directives about how sbrun and its payload talk to others: terminal, descriptors, files in
 * their place; and what sbrun is to do at all.
 */
#include "runner/interface.h"

#include "runner/runner.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static int parse_fd(const struct setting *set, const char *word, int *fd, struct bpf_error *err)
{
	uint64_t number;

	if (parse_number(word, INT_MAX, &number))
		return complain(set, err, "not a descriptor", word);
	*fd = (int)number;
	return 0;
}

int apply_keep_fd(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	for (unsigned int i = 0; i < set->nwords; i++) {
		if (spec->nkeep_fds == SPEC_FDS)
			return bpf_fail(err, -E2BIG, &set->place, "too many descriptors");
		if (parse_fd(set, set->words[i], &spec->keep_fds[spec->nkeep_fds++], err))
			return -EINVAL;
	}
	return 0;
}

int apply_own_fd(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	int *const fds[] = {
		[FD_STATUS] = &spec->status_fd,
		[FD_INFO] = &spec->info_fd,
		[FD_BLOCK] = &spec->block_fd,
		[FD_SYNC] = &spec->sync_fd,
	};

	return parse_fd(set, set->words[0], fds[set->row->arg], err);
}

int apply_argv0(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	(void)err;
	spec->argv0 = set->words[0];
	return 0;
}

int apply_standard(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	if (!*set->words[0])
		return complain(set, err, "not the name of a file", set->words[0]);
	spec->standard[set->row->arg] = set->words[0];
	return 0;
}

int apply_tty(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	static const char *const modes[] = {
		[TTY_AUTO] = "auto",
		[TTY_OWN] = "own",
		[TTY_NONE] = "none",
	};

	for (int mode = TTY_AUTO; mode <= TTY_NONE; mode++) {
		if (strcmp(set->words[0], modes[mode]) == 0) {
			spec->tty = (enum tty_mode)mode;
			return 0;
		}
	}
	return complain(set, err, "it is auto, own or none", set->words[0]);
}

int apply_pty(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	(void)set;
	(void)err;
	spec->tty = TTY_OWN;
	return 0;
}

int apply_flag(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	bool *const flags[] = {
		[FLAG_BACKGROUND] = &spec->background,
		[FLAG_QUIET] = &spec->quiet,
		[FLAG_JSON] = &spec->json,
		[FLAG_WITH_PARENT] = &spec->with_parent,
		[FLAG_TAP] = &spec->tap,
	};

	(void)err;
	*flags[set->row->arg] = true;
	return 0;
}

int apply_mode(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	static const char *const parts[] = { "plan", "steps", "program" };

	spec->mode = (enum spec_mode)set->row->arg;
	if (!set->nwords)
		return 0;
	spec->explain = set->words[0];
	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(spec->explain, parts[i]) == 0)
			return 0;
	}
	return complain(set, err, "the parts are plan, steps and program", spec->explain);
}

int apply_status(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	uint64_t pid;

	if (parse_number(set->words[0], INT_MAX, &pid) || pid == 0)
		return complain(set, err, "not a pid", set->words[0]);
	spec->mode = MODE_STATUS;
	spec->inspected = (pid_t)pid;
	return 0;
}

int apply_completion(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	spec->mode = MODE_COMPLETION;
	if (strcmp(set->words[0], "bash") != 0)
		return complain(set, err, "the only shell that is known is bash", set->words[0]);
	return 0;
}
