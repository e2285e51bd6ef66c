/* SPDX-License-Identifier: MIT */
/*
 * Where every line went. Each is in one box, so the boxes add up to the lines: what a report
 * leaves out, it says.
 */
#include "syslogparse/input.h"

static const char *const box_names[BOXES] = {
	[BOX_PARSED] = "parsed",       [BOX_NOT_OURS] = "not ours",	[BOX_REFUSED] = "refused",
	[BOX_TRUNCATED] = "truncated", [BOX_SUSPICIOUS] = "suspicious", [BOX_LOST] = "lost",
};

static const char *const reasons[REASON_COUNT] = {
	[REASON_GRAMMAR] = "not of the form that the kernel prints",
	[REASON_TWICE] = "a key twice",
	[REASON_VALUE] = "a number or an address that is none",
	[REASON_NO_INTERFACE] = "neither an input nor an output interface",
	[REASON_NOT_IP] = "no IP packet",
	[REASON_SHORT] = "a packet whose headers are cut",
	[REASON_REPEAT] = "repeats a line that is not there",
	[REASON_JSON] = "not a whole JSON object",
	[REASON_STATUS] = "about AppArmor itself, not an access",
	[REASON_AUDITED] = "an access that is allowed and audited",
	[REASON_DISCONNECTED] = "a disconnected path: wants flags=(attach_disconnected)",
	[REASON_NO_RULE] = "nothing that a rule could allow",
	[REASON_NO_PROFILE] = "no profile, or unconfined",
	[REASON_NO_MASK] = "no mask",
	[REASON_NO_NAME] = "no name",
	[REASON_ANCIENT] = "in the form of before Linux 2.6.24",
	[REASON_LONG] = "names that are too long",
};

_Static_assert(REASON_COUNT <= REASONS, "struct account has a counter for each reason");

const char *account_reason(unsigned int reason)
{
	return reason < REASON_COUNT ? reasons[reason] : NULL;
}

const char *box_name(enum box box)
{
	return box < BOXES ? box_names[box] : NULL;
}

void account_add(struct account *into, const struct account *from)
{
	into->lines += from->lines;
	into->bytes += from->bytes;
	into->lost_events += from->lost_events;
	for (unsigned int i = 0; i < BOXES; i++)
		into->boxes[i] += from->boxes[i];
	for (unsigned int i = 0; i < REASONS; i++)
		into->reasons[i] += from->reasons[i];
}
