/* SPDX-License-Identifier: MIT */
/*
 * Directives about how sbrun and its payload talk to others: terminal, descriptors, files in
 * their place.
 */
#include "runner/interface.h"

#include "runner/runner.h"

#include <errno.h>
#include <string.h>

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
	return bpf_fail(err, -EINVAL, &set->place, "tty: it is auto, own or none, not '%s'",
			set->words[0]);
}
