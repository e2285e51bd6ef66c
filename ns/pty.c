/* SPDX-License-Identifier: MIT */
/*
 * A pseudo-terminal of the sandbox's own.
 *
 * It comes from the instance of devpts that is mounted inside, not from the host's: only then
 * has the terminal a name there, which ttyname(3) finds and programs ask for. The slave is
 * opened through the master (TIOCGPTPEER), not by a path. What is at /dev/pts may be somebody
 * else's directory, if a policy binds it: it is believed only if it is a devpts.
 *
 * pts(4), ioctl_tty(2)
 */
#include "ns/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

static int open_master(void)
{
	int fd = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC)
		return fd;
	close(fd);
	return -ENOTTY;
}

int ns_pty_open(int *master, int *slave)
{
	int unlocked = 0, error;

	*slave = -1;
	*master = open_master();
	if (*master < 0)
		return *master;
	if (ioctl(*master, TIOCSPTLCK, &unlocked) == 0)
		*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave >= 0)
		return 0;
	error = -errno;
	close(*master);
	*master = -1;
	return error;
}
