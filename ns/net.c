/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces: bring the loopback interface up, and find one that is there already.
 * A new one has nothing but "lo", and that is down: programs that talk to themselves over
 * 127.0.0.1 need it. The kernel gives it its addresses when it comes up.
 *
 * A namespace by path is a file of nsfs ("ip netns add" binds one to /run/netns/NAME). What
 * kind it is, is asked of the kernel: to join a mount namespace by mistake would be fatal.
 *
 * netdevice(7), network_namespaces(7), ioctl_ns(2)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/nsfs.h>

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

int ns_net_open(const char *path, uint64_t *inode)
{
	struct stat st = { 0 };
	struct statfs fs;
	int fd, error = -EINVAL;

	/* Non-blocking: what is no namespace may be a FIFO. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		error = -errno;
	else if (fs.f_type == NSFS_MAGIC && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		error = 0;
	if (error) {
		close(fd);
		return error;
	}
	*inode = st.st_ino;
	return fd;
}

int ns_join(int fd, unsigned long kind)
{
	return setns(fd, (int)kind) < 0 ? -errno : 0;
}
