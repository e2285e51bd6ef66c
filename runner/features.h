/* SPDX-License-Identifier: MIT */
/* What sbrun uses of a kernel, and how to ask whether it is there. */
#ifndef RUNNER_FEATURES_H
#define RUNNER_FEATURES_H

#include <stdbool.h>

enum feature_state {
	FEATURE_HERE,
	FEATURE_MISSING, /* the kernel does not have it */
	FEATURE_BLOCKED, /* something around us forbids it */
	FEATURE_UNCLEAR, /* the probe did not end in time, or cannot be made */
};

/* What EPERM means as an answer. */
enum feature_eperm { EPERM_BLOCKED, EPERM_HERE, EPERM_MISSING };

struct feature {
	const char *name;
	const char *since;		 /* the Linux version; "" for what is no part of it */
	int (*probe)(unsigned long arg); /* 0 or errno; in a child of its own */
	unsigned long arg;
	int here; /* the errno that also says yes */
	enum feature_eperm eperm;
	bool needed;	     /* no sandbox without it */
	const char *without; /* what sbrun does then */
};

extern const struct feature features[]; /* ends with a NULL name; user namespaces are first */

/* Ask in a child, for a few seconds at most; *ERROR is the probe's answer. */
enum feature_state feature_ask(const struct feature *feature, int *error);

#endif
