/* SPDX-License-Identifier: MIT */
/*
 * The host name. The kernel takes any bytes, up to 64; programs print it to terminals and
 * paste it into prompts and logs, so it is held to what a host name is made of.
 *
 * sethostname(2), uts_namespaces(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int ns_set_hostname(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	size_t len = strlen(name);

	if (len < 1 || len > 64 || strspn(name, good) != len)
		return -EINVAL;
	if (sethostname(name, len) < 0)
		return -errno;
	return 0;
}
