/* SPDX-License-Identifier: MIT */
/*
 * The layers of the worker, for the two files that put them in place.
 */
#ifndef SYSLOGPARSE_CONFINE_H
#define SYSLOGPARSE_CONFINE_H

#include "syslogparse/broker.h"

struct confinement {
	struct layer_state *states;
	unsigned int nfds, degraded;
	int proc;		  /* /proc as it is outside */
	int listed;		  /* our descriptors in it, once LAYER_LANDLOCK is there */
	uid_t uid;		  /* outside, once LAYER_IDS is there */
	gid_t gid;		  /* */
	uint64_t outside[LAYERS]; /* inodes of the namespaces that we came from */
};

/*
 * One layer. PUT puts it in place; LOOK asks the kernel, by another way where there is one,
 * whether it is there, and writes what it saw. A layer without LOOK has proved itself in PUT.
 */
struct layer_row {
	const char *name;
	const char *what; /* what it keeps off */
	int (*put)(struct confinement *c, enum layer layer);
	int (*look)(struct confinement *c, enum layer layer);
	unsigned long flag; /* CLONE_NEW* */
	const char *file;   /* below /proc/self/ns */
};

extern const struct layer_row layer_rows[LAYERS];

/* Our descriptors in /proc, as a directory to be read. */
int list_descriptors(const struct confinement *c);

/* The inode of the namespace that FILE, below /proc/self/ns, is of us. */
int namespace_of(const struct confinement *c, const char *file, uint64_t *inode);

__attribute__((format(printf, 3, 4))) int layer_saw(struct confinement *c, enum layer layer,
						    const char *format, ...);

#endif
