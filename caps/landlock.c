/* SPDX-License-Identifier: MIT */
/*
 * Landlock: a second wall round files, sockets and signals, that a process builds for itself.
 *
 * The first walls are mounts, namespaces and the filter of system calls. This one is checked
 * elsewhere in the kernel (where an inode is used, not where a name is resolved), so a mistake
 * in one of them is not a mistake in both. What a ruleset handles is denied unless a rule
 * allows it; rules name inodes, by descriptor, and hold for all that lies below.
 *
 * Each version of the interface handles more. The rights that this kernel does not know are
 * left out; whether the walls themselves may be missing is the caller's to say. The first
 * version is as good as none: it denies every rename into another directory.
 *
 * landlock(7), Documentation/userspace-api/landlock.rst
 */
#include "caps/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/landlock.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* since Linux 6.2 */
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15) /* since Linux 6.10 */
#endif
#ifndef LANDLOCK_ACCESS_FS_RESOLVE_UNIX
#define LANDLOCK_ACCESS_FS_RESOLVE_UNIX (1ULL << 16) /* since Linux 7.1 */
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP	(1ULL << 0) /* since Linux 6.7 */
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_UDP
#define LANDLOCK_ACCESS_NET_BIND_UDP	     (1ULL << 2) /* since Linux 7.2 */
#define LANDLOCK_ACCESS_NET_CONNECT_SEND_UDP (1ULL << 3)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* since Linux 6.12 */
#define LANDLOCK_SCOPE_SIGNAL		    (1ULL << 1)
#endif

#define ABI_FIRST 2

#define LOOK	  LANDLOCK_ACCESS_FS_READ_DIR
#define READ	  (LANDLOCK_ACCESS_FS_READ_FILE | LOOK | LANDLOCK_ACCESS_FS_RESOLVE_UNIX)
#define MAKE                                                           \
	(LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |   \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER)
#define WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* What the first version of use handles; nobody is ever granted a device node. */
#define FIRST                                                                      \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LOOK | MAKE | \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |            \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK)

/* What can be granted on a file; the kernel refuses the rest there. */
#define OF_FILE                                                              \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | WRITE | \
	 LANDLOCK_ACCESS_FS_IOCTL_DEV | LANDLOCK_ACCESS_FS_RESOLVE_UNIX)

/* clang-format off */

/* What one bit of CAPS_LANDLOCK_* is made of. */
static const struct right {
	unsigned int right;
	uint64_t access;
} rights[] = {
	{ CAPS_LANDLOCK_LIST,	 LOOK },
	{ CAPS_LANDLOCK_READ,	 READ },
	{ CAPS_LANDLOCK_EXECUTE, LANDLOCK_ACCESS_FS_EXECUTE },
	{ CAPS_LANDLOCK_WRITE,	 WRITE },
	{ CAPS_LANDLOCK_CHANGE,	 MAKE | WRITE },
	{ CAPS_LANDLOCK_DEVICE,	 LANDLOCK_ACCESS_FS_IOCTL_DEV },
};

/* What a wall handles from which version of the interface on. */
static const struct part {
	unsigned int wall;
	int abi;
	uint64_t files, net, scoped;
} parts[] = {
	{ CAPS_LANDLOCK_FILES, ABI_FIRST, FIRST, 0, 0 },
	{ CAPS_LANDLOCK_FILES, 3, LANDLOCK_ACCESS_FS_TRUNCATE, 0, 0 },
	{ CAPS_LANDLOCK_NET,   4, 0, LANDLOCK_ACCESS_NET_BIND_TCP, 0 },
	{ CAPS_LANDLOCK_NET,   4, 0, LANDLOCK_ACCESS_NET_CONNECT_TCP, 0 },
	{ CAPS_LANDLOCK_FILES, 5, LANDLOCK_ACCESS_FS_IOCTL_DEV, 0, 0 },
	{ CAPS_LANDLOCK_SCOPE, 6, 0, 0, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET },
	{ CAPS_LANDLOCK_SCOPE, 6, 0, 0, LANDLOCK_SCOPE_SIGNAL },
	{ CAPS_LANDLOCK_FILES, 9, LANDLOCK_ACCESS_FS_RESOLVE_UNIX, 0, 0 },
	{ CAPS_LANDLOCK_NET,  10, 0, LANDLOCK_ACCESS_NET_BIND_UDP, 0 },
	{ CAPS_LANDLOCK_NET,  10, 0, LANDLOCK_ACCESS_NET_CONNECT_SEND_UDP, 0 },
};
/* clang-format on */

/* A header may know less of it than the kernel, which takes a longer one that ends in zeros. */
struct ruleset {
	uint64_t files, net, scoped;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void close_descriptor(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define auto_close __attribute__((cleanup(close_descriptor)))

int caps_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* What WALLS handle here, and which of them have something to handle. */
static unsigned int handled(unsigned int walls, struct ruleset *ruleset)
{
	int abi = caps_landlock_abi();
	unsigned int there = 0;

	memset(ruleset, 0, sizeof(*ruleset));
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (parts[i].abi > abi || !(walls & parts[i].wall))
			continue;
		ruleset->files |= parts[i].files;
		ruleset->net |= parts[i].net;
		ruleset->scoped |= parts[i].scoped;
		there |= parts[i].wall;
	}
	return there;
}

unsigned int caps_landlock_walls(void)
{
	struct ruleset ruleset;

	return handled(CAPS_LANDLOCK_ALL, &ruleset);
}

int caps_landlock_new(unsigned int walls)
{
	struct ruleset ruleset;
	long fd;

	if (!walls || handled(walls, &ruleset) != walls)
		return walls ? -EOPNOTSUPP : -EINVAL;
	fd = syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0); /* close-on-exec */
	return fd < 0 ? -errno : (int)fd;
}

int caps_landlock_allow(int ruleset, int fd, unsigned int allowed)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct ruleset files;
	struct stat st;

	for (size_t i = 0; i < COUNT(rights); i++) {
		if (allowed & rights[i].right)
			rule.allowed_access |= rights[i].access;
	}
	handled(CAPS_LANDLOCK_FILES, &files);
	rule.allowed_access &= files.files;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILE;
	if (!rule.allowed_access)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
		return 0;
	/* A pipe, a socket, a memfd: nothing with a place in a tree, so nothing is denied. */
	return errno == EBADFD ? 0 : -errno;
}

/* ---- proving it ---- */

static int try_open(int dir, const char *name)
{
	int auto_close fd = openat(dir, name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

/* Handled first of all that bind(2) does; port 0, for which there is no rule, is any. */
static bool net_is_denied(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int auto_close fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) /* a kernel without, or a filter that denies more than we do */
		return true;
	return bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 && errno == EACCES;
}

/* A socket with an abstract name that the kernel chose, in ADDRESS; -1: there are none here. */
static int abstract_socket(struct sockaddr_un *address, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	*len = sizeof(*address);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)address, sizeof(address->sun_family)) == 0 &&
	    getsockname(fd, (struct sockaddr *)address, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool scope_is_denied(const struct sockaddr_un *address, socklen_t len)
{
	int auto_close fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return true;
	return connect(fd, (const struct sockaddr *)address, len) < 0 && errno == EPERM;
}

int caps_landlock_enforce(int ruleset, unsigned int walls, int dir, const char *probe)
{
	struct sockaddr_un address;
	socklen_t len;
	int auto_close outside = walls & CAPS_LANDLOCK_SCOPE ? abstract_socket(&address, &len) : -1;
	int error = walls & CAPS_LANDLOCK_FILES ? try_open(dir, probe) : 0;

	if (error)
		return error;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return -errno;
	if ((walls & CAPS_LANDLOCK_FILES) && try_open(dir, probe) != -EACCES)
		return -ENOTRECOVERABLE;
	if ((walls & CAPS_LANDLOCK_NET) && !net_is_denied())
		return -ENOTRECOVERABLE;
	if (outside >= 0 && !scope_is_denied(&address, len))
		return -ENOTRECOVERABLE;
	return 0;
}
