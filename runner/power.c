/* SPDX-License-Identifier: MIT */
/*
 * Directives of what the payload may do: capabilities that it keeps, securebits, a label.
 *
 * Without a capability all securebits are set and locked, which nothing can need otherwise. A
 * payload that keeps some may have to give them up by itself, which some of the bits prevent:
 * with "no-setuid-fixup" a daemon keeps its capabilities when it becomes another user, and
 * with "keep-caps-locked" it cannot ask to keep them.
 *
 * capabilities(7)
 */
#include "runner/power.h"

#include "runner/runner.h"

#include <errno.h>
#include <string.h>

#include <linux/securebits.h>

/* "none", which stands alone. */
static bool is_none(const struct setting *set)
{
	return set->nwords == 1 && strcmp(set->words[0], "none") == 0;
}

int apply_caps(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	if (is_none(set))
		return 0;
	for (unsigned int i = 0; i < set->nwords; i++) {
		int cap = caps_find(set->words[i]);

		if (cap < 0)
			return complain(set, err, "no such capability", set->words[i]);
		spec->caps |= CAPS_BIT(cap);
	}
	return 0;
}

int apply_securebits(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	spec->has_securebits = true;
	if (is_none(set))
		return 0;
	for (unsigned int i = 0; i < set->nwords; i++) {
		const struct caps_securebit *row = caps_securebit_find(set->words[i]);

		if (!row)
			return complain(set, err, "no such securebit", set->words[i]);
		if (row->bit == SECBIT_KEEP_CAPS)
			return complain(set, err, "execve(2) clears it", set->words[i]);
		spec->securebits |= row->bit;
	}
	return 0;
}

int apply_exec_label(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const char *label = set->words[0];

	if (!*label || strlen(label) > CAPS_LABEL_MAX || label[strcspn(label, "\n")] ||
	    *label == ' ')
		return complain(set, err, "not a label", label);
	spec->exec_label = label;
	return 0;
}

unsigned int power_securebits(const struct spec *spec)
{
	return spec->has_securebits ? spec->securebits : CAPS_SECUREBITS_LOCKED;
}

int power_finish(const struct spec *spec, struct bpf_error *err)
{
	const struct setting *set = spec->settings;

	if (spec->caps || power_securebits(spec) == CAPS_SECUREBITS_LOCKED)
		return 0;
	while (set->superseded || set->row->apply != apply_securebits)
		set = set->next;
	return bpf_fail(err, -EINVAL, &set->place,
			"securebits: one is left out, which only a payload with capabilities can "
			"need, and \"caps\" keeps none");
}
