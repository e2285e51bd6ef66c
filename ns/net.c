/* SPDX-License-Identifier: MIT */
/*
 * Bring the loopback interface up. A new network namespace has nothing but "lo", and
 * that is down: programs that talk to themselves over 127.0.0.1 need it. The kernel
 * gives it its addresses when it comes up.
 *
 * netdevice(7), network_namespaces(7)
 */
#include "ns/internal.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int ns_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	ns_auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return -errno;
	return 0;
}
