/* SPDX-License-Identifier: MIT */
/* What sbrun uses of a kernel, or what decides what a sandbox is worth, and how to ask for it. */
#ifndef RUNNER_FEATURES_H
#define RUNNER_FEATURES_H

#include <stdbool.h>

enum feature_state {
	FEATURE_HERE,
	FEATURE_MISSING, /* the kernel does not have it */
	FEATURE_BLOCKED, /* something around us forbids it */
	FEATURE_UNCLEAR, /* the probe did not end in time, or cannot be made */
};

#define FEATURE_NEEDED	      0x1u /* no sandbox without it */
#define FEATURE_EPERM_HERE    0x2u /* EPERM says that it is there, and not for us, */
#define FEATURE_EPERM_MISSING 0x4u /* or that it is not; else that something forbids it */

#define FEATURE_VALUE	      128

/* A row with no probe is the heading of those that follow. */
struct feature {
	const char *name;
	const char *since;  /* the Linux version; "" for what is no part of it */
	const char *object; /* what is asked for: the name of a call, a file, or NULL */

	/* 0 or an errno, and something to show, if there is; in a child of its own. */
	int (*probe)(const struct feature *row, char value[FEATURE_VALUE]);
	unsigned long arg;
	int here; /* the errno that also says yes */
	unsigned int flags;
	const char *without; /* what sbrun does then; "" for what is needed */
};

struct feature_answer {
	enum feature_state state;
	int error; /* of the probe; for FEATURE_UNCLEAR 0, or why it could not be made */
	char value[FEATURE_VALUE];
};

extern const struct feature features[]; /* ends with a NULL name */

/* Ask in a child, for a few seconds at most. */
void feature_ask(const struct feature *feature, struct feature_answer *answer);

/* Is there a seccomp filter on us already? */
bool feature_is_filtered(void);

#endif
