/* SPDX-License-Identifier: MIT */
/*
 * Sets of capabilities as numbers and as text.
 *
 * A set is 64 bits, as the kernel's own sets are. The names come from libcap; a capability
 * that is newer than the library is written as its number. The last capability is asked of
 * the running kernel, for headers know the build machine's, and a loop that stops at theirs
 * leaves the newest capabilities in place.
 *
 * capabilities(7), cap_from_name(3), PR_CAPBSET_READ in prctl(2)
 */
#include "caps/caps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define NAME_SIZE 32 /* the longest name has 22 characters */

/* "cap_chown"; the number if libcap has no name for it. */
static void name_of(int cap, char *buf, size_t size)
{
	char *name = cap_to_name(cap);

	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%d", cap);
	cap_free(name);
}

/* "7" or "40", written in just one way. */
static int find_number(const char *name)
{
	int cap = 0;

	if (name[0] == '0' && name[1] != '\0')
		return -ENOENT;
	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return -ENOENT;
		cap = cap * 10 + (*name - '0');
		if (cap >= CAPS_MAX)
			return -ENOENT;
	}
	return cap;
}

/* NAME in lower case with its prefix, in BUF. */
static int normalize(const char *name, char *buf, size_t size)
{
	size_t len;
	int n;

	n = snprintf(buf, size, "%s%s", strncasecmp(name, "cap_", 4) ? "cap_" : "", name);
	if (n < 0 || (size_t)n >= size)
		return -ENOENT;
	len = (size_t)n;
	for (size_t i = 0; i < len; i++) {
		if (buf[i] >= 'A' && buf[i] <= 'Z')
			buf[i] = (char)(buf[i] - 'A' + 'a');
	}
	return 0;
}

/*
 * cap_from_name() reads as far as it understands and succeeds on "cap_chown=ep" too. What it
 * found must therefore have, spelled out again, the name that was asked for.
 */
int caps_find(const char *name)
{
	char wanted[NAME_SIZE], found[NAME_SIZE];
	cap_value_t cap;

	if (name[0] >= '0' && name[0] <= '9')
		return find_number(name);
	if (normalize(name, wanted, sizeof(wanted)) < 0)
		return -ENOENT;
	if (cap_from_name(wanted, &cap) < 0 || cap < 0 || cap >= CAPS_MAX)
		return -ENOENT;
	name_of(cap, found, sizeof(found));
	return strcmp(wanted, found) == 0 ? cap : -ENOENT;
}

int caps_last(void)
{
	int cap, error;

	for (cap = 0; cap < CAPS_MAX; cap++) {
		if (prctl(PR_CAPBSET_READ, (unsigned long)cap, 0UL, 0UL, 0UL) >= 0)
			continue;
		error = errno;
		return error == EINVAL && cap > 0 ? cap - 1 : -error;
	}
	return CAPS_MAX - 1;
}

const char *caps_set_text(caps_set set, char *buf, size_t size)
{
	const size_t tail = sizeof(",...");
	char name[NAME_SIZE];
	size_t len = 0;

	snprintf(buf, size, "%s", set ? "" : "none");
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		if (!(set & CAPS_BIT(cap)))
			continue;
		name_of(cap, name, sizeof(name));
		if (len + 1 + strlen(name) + tail > size) {
			snprintf(buf + len, size - len, "%s...", len ? "," : "");
			break;
		}
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "," : "", name);
	}
	return buf;
}
