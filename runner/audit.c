/* SPDX-License-Identifier: MIT */
/*
 * Reading back. What was asked of the kernel is not what it did: mount options are ignored in
 * silence, ids keep a saved copy, a remount forgets what lies below. So init looks at
 * the payload, when it stands ready behind its filter, through a /proc of its own that is
 * mounted nowhere, and compares what it sees with the plan. A wall that is not there is a
 * refusal to start.
 */
#include "runner/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

/* Say what is missing. */
__attribute__((format(printf, 2, 3))) static int missing(struct child *child, const char *format,
							 ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(child->report.text, sizeof(child->report.text), format, ap);
	va_end(ap);
	return -EPERM;
}

/* Wait until the payload stands at the gate, or died on the way. */
static int await_payload(struct child *child)
{
	struct gate *gate = child->plan->gate;

	while (!atomic_load(&gate->armed)) {
		int status;

		if (waitpid(child->payload, &status, WNOHANG) == child->payload) {
			if (gate->failure.kind != REPORT_FAILED)
				return missing(child, "the payload died on the way");
			child->report = gate->failure;
			child_tell(child);
			_exit(STATUS_FAILED);
		}
		sched_yield();
	}
	return 0;
}

static int audit_sets(struct child *child)
{
	const caps_set kept = child->plan->spec->caps;
	struct caps_state state, own;
	unsigned int mode, filters, own_mode, own_filters;
	int err;

	err = caps_read_status(child->proc, child->payload, &state, &mode, &filters);
	if (!err)
		err = caps_read_status(child->proc, getpid(), &own, &own_mode, &own_filters);
	if (err)
		return err;
	if (state.effective != kept || state.permitted != kept || state.inheritable != kept ||
	    state.bounding != kept || state.ambient != kept)
		return missing(child, kept ? "not just the capabilities to keep are left" :
					     "a capability is left");
	if ((child->plan->gate->securebits & CAPS_SECUREBITS_MASK) != child->plan->securebits)
		return missing(child, "the securebits are not those that were asked for");
	if (!state.no_new_privs)
		return missing(child, "no_new_privs is not set");
	if (mode != SECCOMP_MODE_FILTER)
		return missing(child, "there is no seccomp filter");
	/* Before Linux 5.9 the count is not shown, and both are the same "unknown". */
	if (filters != own_filters + 1 && filters != own_filters)
		return missing(child, "there are %u seccomp filters", filters);
	return 0;
}

static int audit_namespaces(struct child *child)
{
	const struct plan *plan = child->plan;
	uint64_t inodes[16] = { 0 };
	int err;

	err = ns_inodes(child->proc, child->payload, inodes);
	if (err)
		return err;
	for (unsigned int i = 0; ns_kinds[i].name; i++) {
		if ((plan->namespaces & ns_kinds[i].flag) && inodes[i] == plan->host_inodes[i])
			return missing(child, "the %s namespace is the host's", ns_kinds[i].name);
		if (plan->net >= 0 && ns_kinds[i].flag == CLONE_NEWNET &&
		    inodes[i] != plan->net_inode)
			return missing(child, "the network is not that of the path");
	}
	return 0;
}

static int open_entry(const struct child *child, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/%s", (int)child->payload, name);
	fd = openat(child->proc, path, flags | O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static ssize_t read_entry(const struct child *child, const char *name, char *buf, size_t size)
{
	int fd = open_entry(child, name, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

/* The map must be what was planned, line by line: our id, then the ranges, in any order. */
static int audit_map(struct child *child, const char *name, const struct ns_idrange *own,
		     const struct spec_map *ranges)
{
	char text[(1 + NS_IDRANGES) * 40], *line, *rest = text;
	unsigned int seen = 0;
	ssize_t n;

	n = read_entry(child, name, text, sizeof(text));
	if (n < 0)
		return (int)n;
	while ((line = strsep(&rest, "\n")) && *line) {
		struct ns_idrange is;
		unsigned int i = 0;
		char more;

		if (sscanf(line, "%u %u %u %c", &is.inside, &is.outside, &is.count, &more) != 3)
			break;
		while (i <= ranges->n && memcmp(&is, i ? &ranges->range[i - 1] : own, sizeof(is)))
			i++;
		if (i > ranges->n)
			return missing(child, "%s is not what was written", name);
		seen++;
	}
	return seen == 1 + ranges->n ? 0 : missing(child, "%s is not what was written", name);
}

/* Without a map there is still the one who owns the process. */
static int audit_owner(struct child *child)
{
	const struct ns_idmap *map = &child->plan->idmap;
	struct stat st;
	int fd = open_entry(child, ".", O_DIRECTORY), err = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		err = -errno;
	close(fd);
	if (!err && (st.st_uid != map->inside_uid || st.st_gid != map->inside_gid))
		return missing(child, "the payload has not the ids that it should");
	return err;
}

static int audit_maps(struct child *child)
{
	const struct plan *plan = child->plan;
	const struct ns_idmap *map = &plan->idmap;
	const struct ns_idrange uid = { map->inside_uid, map->outside_uid, 1 };
	const struct ns_idrange gid = { map->inside_gid, map->outside_gid, 1 };
	int err;

	if (!(plan->namespaces & CLONE_NEWUSER))
		return audit_owner(child);
	err = audit_map(child, "uid_map", &uid, &plan->spec->maps[0]);
	return err ? err : audit_map(child, "gid_map", &gid, &plan->spec->maps[1]);
}

static int audit_mounts(struct child *child)
{
	char at[64] = "";
	int err = ns_audit_mounts(child->proc, child->payload, &child->tree, at, sizeof(at));

	return err == -EPERM ? missing(child, "the mount at %s is more open than asked", at) : err;
}

/* One that the payload could write to; who may mount turns read-only, and covers, off. */
static int find_cgroups(void *ctx, const struct ns_mount *mount)
{
	struct child *child = ctx;
	int leads;

	if (strncmp(mount->type, "cgroup", 6) != 0)
		return 0;
	if (!(child->plan->spec->caps & CAPS_BIT(CAP_SYS_ADMIN))) {
		if (mount->attr & MOUNT_ATTR_RDONLY)
			return 0;
		leads = ns_mount_leads(child->proc, child->payload, mount);
		if (leads == 0 || leads == -ENOENT || leads == -ENOTDIR)
			return 0;
	}
	missing(child, "%.80s", mount->path);
	return -EROFS;
}

/*
 * The cgroups that limit a payload are its own to write to where it is, outside, the user who
 * made them. So no cgroup file system may be there that it could write to, be it a
 * part without them: in that part it could find another to leave its own for.
 */
static int audit_cgroups(struct child *child)
{
	if (!child->plan->owns_cgroups)
		return 0;
	return ns_mounts_each(child->proc, child->payload, find_cgroups, child);
}

/* Will descriptor NAME be closed by exec? Its fdinfo has the flags, in octal. */
static bool closes_on_exec(const struct child *child, const char *name)
{
	char path[32], text[256];
	const char *flags;
	unsigned int value;

	snprintf(path, sizeof(path), "fdinfo/%.10s", name);
	if (read_entry(child, path, text, sizeof(text)) < 0)
		return false;
	flags = strstr(text, "flags:");
	return flags && sscanf(flags, "flags: %o", &value) == 1 && (value & O_CLOEXEC);
}

static bool may_stay_open(const struct child *child, const char *name)
{
	const struct spec *spec = child->plan->spec;
	int fd;

	if (name[0] == '.' || sscanf(name, "%d", &fd) != 1 || fd <= STDERR_FILENO)
		return true;
	for (unsigned int i = 0; i < spec->nkeep_fds; i++) {
		if (spec->keep_fds[i] == fd)
			return true;
	}
	return false;
}

/* getdents64(2) rather than readdir(3), which allocates. */
static int audit_descriptors(struct child *child)
{
	_Alignas(struct dirent64) char buf[4096];
	int fd = open_entry(child, "fd", O_DIRECTORY), err = 0;
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	while (!err && (n = getdents64(fd, buf, sizeof(buf))) > 0) {
		const struct dirent64 *entry;

		for (ssize_t at = 0; at < n && !err; at += entry->d_reclen) {
			entry = (const struct dirent64 *)(buf + at);
			if (!may_stay_open(child, entry->d_name) &&
			    !closes_on_exec(child, entry->d_name))
				err = missing(child, "descriptor %.10s would stay open",
					      entry->d_name);
		}
	}
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}

int audit_payload(struct child *child)
{
	int (*const audits[])(struct child *) = {
		await_payload, audit_sets,    audit_namespaces,	 audit_maps,
		audit_mounts,  audit_cgroups, audit_descriptors,
	};
	int err = 0;

	for (unsigned int i = 0; i < sizeof(audits) / sizeof(*audits) && !err; i++)
		err = audits[i](child);
	return err;
}

int audit_init(struct child *child)
{
	struct caps_state state;
	int err;

	err = caps_read(&state);
	if (err)
		return err;
	if (state.effective | state.permitted | state.inheritable | state.bounding | state.ambient)
		return missing(child, "init holds a capability");
	if ((state.securebits & CAPS_SECUREBITS_MASK) != CAPS_SECUREBITS_LOCKED ||
	    !state.no_new_privs)
		return missing(child, "init could gain a capability");
	if (prctl(PR_GET_DUMPABLE) != 0)
		return missing(child, "init can be read");
	return 0;
}
