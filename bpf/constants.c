/* SPDX-License-Identifier: MIT */
/*
 * Constants of the uapi headers by name, as policies write them.
 *
 * bpf/constants.list has the names; the values are the compiler's, from the
 * headers that this is built with, since some differ between machines
 * (O_DIRECTORY, SO_*, MAP_*).  They are those of the machine that
 * this is built for, also where a policy names several ABIs: x86_64, i386 and x32
 * agree with each other.
 *
 * A value is widened as the kernel's C would do it: AT_FDCWD is -100 with all
 * 64 bits, and a comparison takes as many of them as the argument has.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

/* A program of the build may be for another machine (scripts/values.c). */
#ifdef BPF_NATIVE
#define CONSTANTS "bpf/values.def"
#else
#include "bpf/uapi.h"
#define CONSTANTS "bpf/constants.def"
#endif

#define CONSTANT(name, value, minor) { name, (uint64_t)(value), minor },

static const struct constant {
	const char *name;
	uint64_t value;
	bool minor; /* an alias, or one of a value's parts: not used to show it */
} constants[] = {
#define BPF_DEF_CONSTANTS
#include CONSTANTS
#undef BPF_DEF_CONSTANTS
};

#define NCONSTANTS (sizeof(constants) / sizeof(constants[0]))

/* The first row whose name is not below the LEN bytes at TEXT, which may hold a NUL. */
static size_t lower_bound(const char *text, size_t len)
{
	size_t low = 0, high = NCONSTANTS, middle, namelen;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		namelen = strlen(constants[middle].name);
		order = memcmp(constants[middle].name, text, namelen < len ? namelen : len);
		if (order < 0 || (!order && namelen < len))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int bpf_constant(const char *name, size_t len, uint64_t *value)
{
	size_t i = lower_bound(name, len);

	/* Of the names that begin so, the shortest is first. */
	if (i == NCONSTANTS || strlen(constants[i].name) != len ||
	    memcmp(constants[i].name, name, len))
		return -ENOENT;
	*value = constants[i].value;
	return 0;
}

const char *bpf_constant_name(const char *prefix, uint64_t value)
{
	size_t len = strlen(prefix);
	size_t i;

	for (i = lower_bound(prefix, len); i < NCONSTANTS; i++) {
		if (strncmp(constants[i].name, prefix, len))
			break;
		if (constants[i].value == value && !constants[i].minor)
			return constants[i].name;
	}
	return NULL;
}

const char *bpf_constant_at(size_t i, uint64_t *value)
{
	if (i >= NCONSTANTS)
		return NULL;
	*value = constants[i].value;
	return constants[i].name;
}

/* Errors are the names with an E and without a "_": EPOLL_CTL_ADD is none. */
const char *bpf_errno_name(unsigned int value)
{
	size_t i;

	for (i = lower_bound("E", 1); i < NCONSTANTS && constants[i].name[0] == 'E'; i++)
		if (constants[i].value == value && !constants[i].minor &&
		    !strchr(constants[i].name, '_'))
			return constants[i].name;
	return NULL;
}

static const char *next(const void *names, size_t i)
{
	const struct constant *table = names;

	return i < NCONSTANTS ? table[i].name : NULL;
}

const char *bpf_nearest_constant(const char *text, size_t len)
{
	return bpf_nearest(text, len, next, constants);
}
