/* SPDX-License-Identifier: MIT */
/*
 * The layers, in the order in which they are put in place: the table at the end.
 *
 * What gives power comes before what takes it: a new user namespace gives capabilities over
 * the other namespaces that are made in it, the empty root needs these, and then they go for
 * good. It is the same for root and for a user, since root becomes somebody else first.
 *
 * namespaces(7), user_namespaces(7), pivot_root(2), capabilities(7), landlock(7), proc(5)
 */
#include "syslogparse/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "caps/caps.h"

#define INSIDE_ID 65534u

int layer_saw(struct confinement *c, enum layer layer, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->states[layer].text, sizeof(c->states[layer].text), format, ap);
	va_end(ap);
	return 0;
}

/* ---- ids ---- */

/*
 * Ids that nobody has: far above those of people and services, else (in a container that maps
 * few) where those of services end. Each worker has its own, so none can reach another.
 */
static int put_ids(struct confinement *c, enum layer layer)
{
	const uid_t own[] = { 0x70000000u + ((uint32_t)getpid() & 0xffffffu),
			      65000u + (uint32_t)getpid() % 500u };
	int error = -EPERM;

	(void)layer;
	for (size_t i = 0; geteuid() == 0 && error && i < 2; i++) {
		error = caps_set_ids(own[i], own[i], true);
		if (error && error != -EINVAL)
			return error;
	}
	c->uid = geteuid();
	c->gid = getegid();
	/* Changing ids makes undumpable, and then our own files in /proc are root's. */
	return c->uid == 0 ? error : caps_set_dumpable(true);
}

static int look_ids(struct confinement *c, enum layer layer)
{
	uid_t real, effective, saved;
	gid_t rgid, egid, sgid;

	if (getresuid(&real, &effective, &saved) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return -errno;
	if (real == 0 || real != effective || real != saved || rgid != egid || rgid != sgid)
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "uid %u gid %u, outside %u and %u", real, rgid, c->uid, c->gid);
}

/* ---- namespaces ---- */

static int write_proc(const struct confinement *c, const char *name, const char *text)
{
	int fd = openat(c->proc, name, O_WRONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = write_all(fd, text, strlen(text));
	close(fd);
	return error;
}

static int put_namespace(struct confinement *c, enum layer layer)
{
	(void)c;
	return unshare((int)layer_rows[layer].flag) < 0 ? -errno : 0;
}

/* Capabilities in it come with unshare(2); ids only with the maps. */
static int put_user(struct confinement *c, enum layer layer)
{
	char map[64];
	int error = put_namespace(c, layer);

	if (!error)
		error = write_proc(c, "self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", INSIDE_ID, c->gid);
	if (!error)
		error = write_proc(c, "self/gid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", INSIDE_ID, c->uid);
	if (!error)
		error = write_proc(c, "self/uid_map", map);
	return error;
}

/*
 * The link's text, "net:[4026531840]": what it leads to has no path, and so AppArmor lets no
 * profile ask about it in new kernels (7.2).
 */
int namespace_of(const struct confinement *c, const char *file, uint64_t *inode)
{
	char path[32], text[64];
	ssize_t len;

	snprintf(path, sizeof(path), "self/ns/%s", file);
	len = readlinkat(c->proc, path, text, sizeof(text) - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return sscanf(text, "%*[^[][%" SCNu64 "]", inode) == 1 && *inode ? 0 : -EPROTO;
}

static int look_namespace(struct confinement *c, enum layer layer)
{
	uint64_t inode = 0;
	int error = namespace_of(c, layer_rows[layer].file, &inode);

	if (error)
		return error;
	if (inode == c->outside[layer])
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "%s:[%" PRIu64 "], outside [%" PRIu64 "]",
			 layer_rows[layer].file, inode, c->outside[layer]);
}

static int look_pid(struct confinement *c, enum layer layer)
{
	if (getpid() != 1)
		return -ENOTRECOVERABLE;
	return look_namespace(c, layer);
}

/* ---- the root ---- */

static int empty_filesystem(void)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int mount = -1;

	if (fs < 0)
		return -errno;
	if (fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0) == 0 &&
	    fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1", 0) == 0 &&
	    fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0555", 0) == 0 &&
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(fs, FSMOUNT_CLOEXEC,
				MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		mount = -errno;
	close(fs);
	return mount;
}

/* Over "/", where names do not lead yet, so that no directory of the host is needed. */
static int put_root(struct confinement *c, enum layer layer)
{
	int error = 0, mount;

	(void)c;
	(void)layer;
	if (syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	mount = empty_filesystem();
	if (mount < 0)
		return mount;
	if (move_mount(mount, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    fchdir(mount) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0)
		error = -errno;
	close(mount);
	return error;
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* "." and ".." */
}

static int count_mounts(const struct confinement *c)
{
	int fd = openat(c->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC), n = 0;
	char text[512];
	ssize_t len;

	if (fd < 0)
		return -errno;
	while ((len = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < len; i++)
			n += text[i] == '\n';
	}
	close(fd);
	return len < 0 ? -EIO : n;
}

/* Where we stand matters as well: a directory of the old root leads to all of it. */
static int look_root(struct confinement *c, enum layer layer)
{
	struct stat root, here;
	struct statfs fs;

	if (statfs("/", &fs) < 0 || stat("/", &root) < 0 || stat(".", &here) < 0)
		return -errno;
	if (count_entries("/") != 0 || count_mounts(c) != 1)
		return -ENOTRECOVERABLE;
	if (root.st_dev != here.st_dev || root.st_ino != here.st_ino)
		return -ENOTRECOVERABLE;
	if (fs.f_type != TMPFS_MAGIC || !(fs.f_flags & ST_RDONLY))
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "no entry, no other mount, read-only");
}

/* ---- power ---- */

static int put_capabilities(struct confinement *c, enum layer layer)
{
	int error = caps_clear_ambient();

	(void)c;
	(void)layer;
	if (!error)
		error = caps_drop_bounding(0);
	if (!error)
		error = caps_lock_securebits();
	return error ? error : caps_limit(0);
}

static int look_capabilities(struct confinement *c, enum layer layer)
{
	struct caps_state state;
	int error = caps_read_status(c->proc, 0, &state, NULL, NULL);

	if (error)
		return error;
	if (state.effective | state.permitted | state.inheritable | state.bounding | state.ambient)
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "none, and none in the bounding set");
}

static int put_privileges(struct confinement *c, enum layer layer)
{
	(void)c;
	(void)layer;
	return caps_no_new_privs();
}

static int look_privileges(struct confinement *c, enum layer layer)
{
	struct caps_state state;
	int error = caps_read_status(c->proc, 0, &state, NULL, NULL);

	if (!error && !state.no_new_privs)
		error = -ENOTRECOVERABLE;
	return error ? error : layer_saw(c, layer, "no_new_privs is set");
}

/* Threads and what malloc() reserves for them take address space, not memory. */
static const struct {
	int resource;
	rlim_t limit;
} limits[] = {
	{ RLIMIT_AS, (rlim_t)4 << 30 }, { RLIMIT_CPU, 3600 }, { RLIMIT_FSIZE, 0 },
	{ RLIMIT_MEMLOCK, 0 },		{ RLIMIT_NICE, 0 },   { RLIMIT_RTPRIO, 0 },
	{ RLIMIT_MSGQUEUE, 0 },		{ RLIMIT_LOCKS, 0 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int put_limits(struct confinement *c, enum layer layer)
{
	int error = caps_no_core();

	(void)c;
	(void)layer;
	if (error == -EPERM) /* the caller's hard limit is 0 already: no file is written */
		error = 0;
	for (size_t i = 0; !error && i < COUNT(limits); i++) {
		struct rlimit limit = { limits[i].limit, limits[i].limit }, now;

		if (getrlimit(limits[i].resource, &now) < 0)
			return -errno;
		if (now.rlim_max < limit.rlim_max)
			limit.rlim_cur = limit.rlim_max = now.rlim_max;
		error = caps_set_rlimit(limits[i].resource, &limit);
	}
	return error;
}

static int look_limits(struct confinement *c, enum layer layer)
{
	struct rlimit now = { 0, 0 };

	for (size_t i = 0; i < COUNT(limits); i++) {
		if (getrlimit(limits[i].resource, &now) < 0)
			return -errno;
		if (now.rlim_max > limits[i].limit || now.rlim_cur > limits[i].limit)
			return -ENOTRECOVERABLE;
	}
	if (getrlimit(RLIMIT_CORE, &now) < 0 || now.rlim_max > 1)
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "4 GiB of addresses, 1 hour, no file, no core");
}

static int put_dumpable(struct confinement *c, enum layer layer)
{
	(void)c;
	(void)layer;
	return caps_set_dumpable(false);
}

static int look_dumpable(struct confinement *c, enum layer layer)
{
	if (prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) != 0)
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "undumpable");
}

static int put_session(struct confinement *c, enum layer layer)
{
	int error = caps_new_session();

	(void)c;
	(void)layer;
	return error ? error : caps_new_keyring();
}

static int look_session(struct confinement *c, enum layer layer)
{
	if (getsid(0) != getpid())
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "its own, without a terminal; its own keyring");
}

/* ---- the last three: after them nothing can be opened, and then nothing asked ---- */

int list_descriptors(const struct confinement *c)
{
	return openat(c->proc, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int put_landlock(struct confinement *c, enum layer layer)
{
	unsigned int walls = caps_landlock_walls();
	int ruleset = caps_landlock_new(walls ? walls : CAPS_LANDLOCK_FILES);
	int error;

	c->listed = list_descriptors(c); /* cannot be opened any more behind it */
	if (ruleset < 0)
		return ruleset;
	error = caps_landlock_enforce(ruleset, walls, c->proc, "self/status");
	close(ruleset);
	if (!error && !(walls & CAPS_LANDLOCK_FILES))
		error = -EOPNOTSUPP;
	return error ? error :
		       layer_saw(c, layer, "no file%s%s; version %d",
				 walls & CAPS_LANDLOCK_NET ? ", no TCP" : "",
				 walls & CAPS_LANDLOCK_SCOPE ? ", no signal, no abstract socket" :
							       "",
				 caps_landlock_abi());
}

/* Nothing but 0, 1, 2 and the logs is open, and nothing can be opened any more. */
static int put_descriptors(struct confinement *c, enum layer layer)
{
	const struct rlimit none = { 0, 0 };
	unsigned int first = 3 + c->nfds;
	int error = caps_close_range((int)first, INT_MAX, c->listed);

	if (error)
		return error;
	c->proc = -1;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return -errno;
	for (unsigned int fd = first; fd < first + 1024; fd++) {
		if (fcntl((int)fd, F_GETFD) >= 0)
			return -ENOTRECOVERABLE;
	}
	if (dup(STDIN_FILENO) >= 0 || errno != EMFILE)
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "0 to %u are open; no more can be", first - 1);
}

/*
 * The filter answers clone3(2) with ENOSYS; without it, a structure of no bytes is EINVAL.
 */
static int put_syscalls(struct confinement *c, enum layer layer)
{
	int error;

	if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != EINVAL)
		return -EOPNOTSUPP;
	error = filter_install();
	if (error)
		return error;
	if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
		return -ENOTRECOVERABLE;
	return layer_saw(c, layer, "the filter answers");
}

/* clang-format off */
const struct layer_row layer_rows[LAYERS] = {
[LAYER_IDS] = { "ids", "files and processes of anybody", put_ids, look_ids, 0, NULL },
[LAYER_USER] = { "user", "capabilities over the host",
	put_user, look_namespace, CLONE_NEWUSER, "user" },
[LAYER_NET] = { "net", "networks, abstract sockets",
	put_namespace, look_namespace, CLONE_NEWNET, "net" },
[LAYER_IPC] = { "ipc", "shared memory, queues",
	put_namespace, look_namespace, CLONE_NEWIPC, "ipc" },
[LAYER_UTS] = { "uts", "the host's name",
	put_namespace, look_namespace, CLONE_NEWUTS, "uts" },
[LAYER_CGROUP] = { "cgroup", "the tree of cgroups",
	put_namespace, look_namespace, CLONE_NEWCGROUP, "cgroup" },
[LAYER_PID] = { "pid", "other processes",
	put_namespace, look_pid, CLONE_NEWPID, "pid" },
[LAYER_MOUNT] = { "mount", "mounts",
	put_namespace, look_namespace, CLONE_NEWNS, "mnt" },
[LAYER_ROOT] = { "root", "all files", put_root, look_root, 0, NULL },
[LAYER_CAPABILITIES] = { "capabilities", "all that root may do",
	put_capabilities, look_capabilities, 0, NULL },
[LAYER_PRIVILEGES] = { "privileges", "programs that give rights",
	put_privileges, look_privileges, 0, NULL },
[LAYER_LIMITS] = { "limits", "the machine's memory and time", put_limits, look_limits, 0, NULL },
[LAYER_DUMPABLE] = { "dumpable", "debuggers, dumps", put_dumpable, look_dumpable, 0, NULL },
[LAYER_SESSION] = { "session", "the terminal, keys", put_session, look_session, 0, NULL },
[LAYER_LANDLOCK] = { "landlock", "files, TCP, signals once more", put_landlock, NULL, 0, NULL },
[LAYER_DESCRIPTORS] = { "descriptors", "what else was open", put_descriptors, NULL, 0, NULL },
[LAYER_SYSCALLS] = { "syscalls", "the kernel", put_syscalls, NULL, 0, NULL },
};
/* clang-format on */
