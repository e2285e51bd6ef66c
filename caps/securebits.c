/* SPDX-License-Identifier: MIT */
/*
 * Securebits: what uid 0 means to the kernel, and a change of ids.
 *
 * With all of them set and locked, an id is a number and nothing more: no exec and no
 * setuid(2) gives or takes a capability. A program that keeps some and is to give them up
 * itself, as a daemon does that becomes another user, may need that some are not set. To
 * set one needs CAP_SETPCAP, and a lock is for good.
 *
 * capabilities(7), prctl(2)
 */
#include "caps/caps.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include <linux/securebits.h>

_Static_assert(CAPS_SECUREBITS_LOCKED ==
		       (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED),
	       "the value in the header is what its comment says");

/* clang-format off */
const struct caps_securebit caps_securebits[] = {
	{ "keep-caps",                  SECBIT_KEEP_CAPS },
	{ "keep-caps-locked",           SECBIT_KEEP_CAPS_LOCKED },
	{ "no-cap-ambient-raise",       SECBIT_NO_CAP_AMBIENT_RAISE },
	{ "no-cap-ambient-raise-locked", SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED },
	{ "no-setuid-fixup",            SECBIT_NO_SETUID_FIXUP },
	{ "no-setuid-fixup-locked",     SECBIT_NO_SETUID_FIXUP_LOCKED },
	{ "noroot",                     SECBIT_NOROOT },
	{ "noroot-locked",              SECBIT_NOROOT_LOCKED },
	{ NULL, 0 },
};
/* clang-format on */

const struct caps_securebit *caps_securebit_find(const char *name)
{
	const struct caps_securebit *row = caps_securebits;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

/* prctl() is variadic and the kernel looks at all five words: they must be words. */
static int ask(int option, unsigned long arg)
{
	int answer = prctl(option, arg, 0UL, 0UL, 0UL);

	return answer < 0 ? -errno : answer;
}

int caps_get_securebits(void)
{
	return ask(PR_GET_SECUREBITS, 0);
}

/*
 * Bits above the ones we know (exec restrictions, since Linux 6.14) stay as they are: some
 * of them may be locked, and to change a locked bit is an error.
 */
int caps_set_securebits(unsigned int bits)
{
	unsigned int wanted;
	int now, error;

	now = caps_get_securebits();
	if (now < 0)
		return now;
	wanted = ((unsigned int)now & ~CAPS_SECUREBITS_MASK) | bits;
	if ((unsigned int)now == wanted)
		return 0;
	error = ask(PR_SET_SECUREBITS, wanted);
	if (error < 0)
		return error;
	now = caps_get_securebits();
	if (now < 0)
		return now;
	return (unsigned int)now == wanted ? 0 : -ENOTRECOVERABLE;
}

int caps_lock_securebits(void)
{
	return caps_set_securebits(CAPS_SECUREBITS_LOCKED);
}

int caps_keep_over_ids(void)
{
	int now = caps_get_securebits();

	if (now < 0)
		return now;
	return ask(PR_SET_SECUREBITS, (unsigned int)now | SECBIT_NO_SETUID_FIXUP);
}
