/* SPDX-License-Identifier: MIT */
/*
 * The cgroups of a sandbox: made just before the clone, one in each hierarchy that a limit
 * needs; init is put into them while it waits for its id maps, so that nothing of the sandbox
 * ever runs outside; read when all is over, and removed (reaper.c).
 *
 * Init makes its cgroup namespace then, and what it is in is the root of what can be mounted in
 * there. That is not the group with the limits but one inside of it, so that a payload that
 * may mount a cgroup file system, as the same user outside, does not find its limits in it. But
 * for disks in v1, where a limit binds those alone who are in the very group.
 *
 * cgroups(7), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel
 */
#include "runner/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#define CPU_PERIOD 100000 /* microseconds: the kernel's default */

/* ---- files of a cgroup ---- */

/* The number in the file NAME, or the one that stands behind KEY in it. */
static bool read_number(int dir, const char *name, const char *key, uint64_t *value)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t len = key ? strlen(key) : 0;
	const char *line = NULL;
	char text[2048];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (line = text; key && *line; line += strspn(line, "\n")) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			break;
		line += strcspn(line, "\n");
	}
	return sscanf(line + len, "%llu", (unsigned long long *)value) == 1;
}

/* ---- limits ---- */

/* Where each limit is written; where there are two names, one or the other is there. */
static const struct {
	const char *v2[2], *v1[2];
} files[LIMIT_KINDS] = {
	[LIMIT_MEMORY] = { { "memory.max" }, { "memory.limit_in_bytes" } },
	[LIMIT_SWAP] = { { "memory.swap.max" }, { "memory.memsw.limit_in_bytes" } },
	[LIMIT_PIDS] = { { "pids.max" }, { "pids.max" } },
	[LIMIT_CPU] = { { "cpu.max" }, { "cpu.cfs_quota_us" } },
	[LIMIT_IO_WEIGHT] = { { "io.weight", "io.bfq.weight" },
			      { "blkio.weight", "blkio.bfq.weight" } },
};

static const char *const io_files_v1[IO_MAX_KINDS] = {
	"blkio.throttle.read_bps_device",
	"blkio.throttle.write_bps_device",
	"blkio.throttle.read_iops_device",
	"blkio.throttle.write_iops_device",
};

/* Init is one of the processes that the kernel counts, and none of the command's. */
static const char *limit_text(const struct spec *spec, enum limit_kind kind, bool v2)
{
	unsigned long long value = spec->limit[kind];

	switch (kind) {
	case LIMIT_SWAP: /* v1 limits both together */
		value += v2 ? 0 : spec->limit[LIMIT_MEMORY];
		break;
	case LIMIT_PIDS:
		value++;
		break;
	case LIMIT_CPU:
		value = value * CPU_PERIOD / CPU_UNITS;
		if (v2)
			return xprintf(spec->arena, "%llu %u", value, CPU_PERIOD);
		break;
	default:
		break;
	}
	return xprintf(spec->arena, "%llu", value);
}

/* The disk that PATH is on, or is; a limit is one of a whole disk, not of a partition. */
static int find_disk(const struct spec *spec, const char *path, unsigned int *major,
		     unsigned int *minor)
{
	unsigned int part[2];
	struct stat st;
	FILE *file;
	int n;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode))
		st.st_dev = st.st_rdev;
	*major = part[0] = major(st.st_dev);
	*minor = part[1] = minor(st.st_dev);
	if (!*major)
		return -ENOTBLK;
	path = xprintf(spec->arena, "/sys/dev/block/%u:%u", part[0], part[1]);
	if (access(xprintf(spec->arena, "%s/partition", path), F_OK) < 0)
		return 0;
	file = fopen(xprintf(spec->arena, "%s/../dev", path), "re");
	if (!file)
		return -errno;
	n = fscanf(file, "%u:%u", major, minor);
	fclose(file);
	return n == 2 ? 0 : -ENOTBLK;
}

static int set_io_max(const struct spec *spec, const struct cgroup *group, const struct io_max *max)
{
	unsigned int major = 0, minor = 0;
	const char *text;
	int err = find_disk(spec, max->path, &major, &minor);

	if (err)
		return err;
	text = xprintf(spec->arena, "%u:%u", major, minor);
	for (unsigned int i = 0; i < IO_MAX_KINDS && !err; i++) {
		unsigned long long value = max->value[i];

		if (!value)
			continue;
		if (group->v2)
			text = xprintf(spec->arena, "%s %s=%llu", text, io_max_names[i], value);
		else
			err = cgroup_write(group->dir, io_files_v1[i],
					   xprintf(spec->arena, "%s %llu", text, value));
	}
	return err || !group->v2 ? err : cgroup_write(group->dir, "io.max", text);
}

static int set_limit(const struct spec *spec, const struct cgroup *group, enum limit_kind kind)
{
	const char *const *names = group->v2 ? files[kind].v2 : files[kind].v1;
	int err = 0;

	if (kind == LIMIT_CPU_TIME) /* the supervisor's to mind */
		return 0;
	for (unsigned int i = 0; kind == LIMIT_IO_MAX && i < spec->nio_max && !err; i++)
		err = set_io_max(spec, group, &spec->io_max[i]);
	if (kind == LIMIT_IO_MAX)
		return err;
	err = cgroup_write(group->dir, names[0], limit_text(spec, kind, group->v2));
	if (err == -ENOENT && names[1])
		err = cgroup_write(group->dir, names[1], limit_text(spec, kind, group->v2));
	/* All of the sandbox ends, or what is left would be half a program. */
	if (!err && kind == LIMIT_MEMORY && group->v2)
		err = cgroup_write(group->dir, "memory.oom.group", "1");
	return err;
}

/* ---- what cannot be had ---- */

/* The rlimits that stand in, of each process by itself. */
static const struct {
	enum limit_kind kind;
	int resource;
	const char *name;
} stand_ins[] = {
	{ LIMIT_MEMORY, RLIMIT_DATA, "a limit on the data of each process" },
	{ LIMIT_PIDS, RLIMIT_NPROC, "a limit on the processes of the user" },
	{ LIMIT_CPU_TIME, RLIMIT_CPU, "a sum that can be evaded" },
};

#define STAND_INS (sizeof(stand_ins) / sizeof(stand_ins[0]))

static const char *cause_of(int error)
{
	switch (error) {
	case -ENODEV:
		return "no cgroup file system with this controller is mounted, or none that shows\n"
		       "the cgroup that we are in";
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return "this cgroup is not ours to make others in";
	case -EBUSY:
		return "it holds other processes, so it can hand down no controllers";
	case -ENOENT:
		return "the controller is not handed down to here, or the kernel lacks this limit\n"
		       "(swap: it may need swapaccount=1 at boot)";
	case -ENOTBLK:
		return "the path is on no disk";
	default:
		return "the kernel does not take this value";
	}
}

/* The limit KIND cannot be had in DIR: do with less if the policy says so, or else exit. */
static void degrade(struct plan *plan, enum limit_kind kind, const char *dir, int error)
{
	const struct spec *spec = plan->spec;
	const char *less = "nothing";
	unsigned int i = 0;

	while (i < STAND_INS && stand_ins[i].kind != kind)
		i++;
	if (i < STAND_INS)
		less = stand_ins[i].name;
	if (!(spec->limits_degraded & (1u << kind)))
		fail("%s: %s: %s\n"
		     "cause: %s\n"
		     "fix: systemd-run %s--scope -p Delegate=yes sbrun ...\n"
		     "or: --allow-degraded %s (instead: %s)",
		     limit_names[kind],
		     dir ? escaped(spec->arena, dir) : cgroup_controller(kind, true),
		     strerror(-error), cause_of(error), geteuid() ? "--user " : "",
		     limit_names[kind], less);
	plan->no_limits |= 1u << kind;
	if (kind == LIMIT_CPU_TIME)
		plan_rlimit(plan, RLIMIT_CPU, (spec->limit[kind] + 999999) / 1000000);
	else if (i < STAND_INS)
		plan_rlimit(plan, stand_ins[i].resource, spec->limit[kind] + (kind == LIMIT_PIDS));
}

/* ---- making ---- */

/* Where we are in nobody's way. */
static void hand_down(const struct spec *spec, struct cgroup_place *places)
{
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		struct cgroup_place *place = &places[i];
		const char *controller = cgroup_controller((enum limit_kind)i, true);

		if (!place->error && place->enable && !place->aside)
			place->error = cgroup_write(
				AT_FDCWD,
				xprintf(spec->arena, "%s/cgroup.subtree_control", place->dir),
				xprintf(spec->arena, "+%s", controller));
	}
}

/* Out of our own group, all that is ours, and only then it hands controllers down. */
static int step_aside(const struct plan *plan)
{
	const struct aside *aside = &plan->aside;
	struct bpf_arena *arena = plan->spec->arena;
	const pid_t pids[] = { plan->reaper, plan->spec->background ? getppid() : 0, 0 };
	const char *file;
	int err = 0;

	if (!aside->path)
		return 0;
	if (mkdir(aside->path, 0755) < 0)
		return -errno;
	file = xprintf(arena, "%s/cgroup.procs", aside->path);
	for (size_t i = 0; i < sizeof(pids) / sizeof(*pids) && !err; i++)
		err = cgroup_write(AT_FDCWD, file, xprintf(arena, "%d", (int)pids[i]));
	if (err || !*aside->enable)
		return err;
	file = xprintf(arena, "%s/cgroup.subtree_control", aside->base);
	return cgroup_write(AT_FDCWD, file, aside->enable);
}

static struct cgroup *find_group(struct plan *plan, const char *base)
{
	for (unsigned int i = 0; i < plan->ngroups; i++) {
		if (strcmp(plan->groups[i].base, base) == 0)
			return &plan->groups[i];
	}
	return NULL;
}

/* A name that nobody has, and that reaper_remove_stale() can read. */
static const char *make_name(const struct spec *spec)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		fail("getrandom: %s", strerror(errno));
	return xprintf(spec->arena, CGROUP_PREFIX "%d-%016llx", (int)getpid(),
		       (unsigned long long)random);
}

/* Is DIR what it seems to be? Files of another file system would limit nothing. */
static int check_type(int dir, bool v2)
{
	struct statfs fs;

	if (fstatfs(dir, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_type == (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC) ? 0 : -ENODEV;
}

static int make_group(struct cgroup *group)
{
	uint64_t value = 1;
	int err;

	if (mkdir(group->path, 0755) < 0)
		return -errno;
	group->dir = open(group->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group->dir < 0)
		return -errno;
	err = check_type(group->dir, group->v2);
	if (err || !group->inner)
		return err;
	/* Before Linux 5.11 v1's memory is not limited together with what is below, unless told. */
	cgroup_write(group->dir, "memory.use_hierarchy", "1");
	if (read_number(group->dir, "memory.use_hierarchy", NULL, &value) && value != 1)
		return -EOPNOTSUPP;
	return mkdir(group->inner, 0755) < 0 ? -errno : 0;
}

/* PLACE, where we are, is to hand down the controller of KIND, and no process can be in it then. */
static void plan_aside(struct plan *plan, enum limit_kind kind, const struct cgroup_place *place,
		       const char *name)
{
	struct aside *aside = &plan->aside;
	struct bpf_arena *arena = plan->spec->arena;
	const char *controller = cgroup_controller(kind, true);

	if (!aside->path)
		*aside = (struct aside){
			.base = place->dir,
			.path = xprintf(arena, "%s/%s-aside", place->dir, name),
			.enable = "",
			.disable = "",
		};
	if (!place->enable)
		return;
	aside->enable = xprintf(arena, "%s+%s ", aside->enable, controller);
	aside->disable = xprintf(arena, "%s-%s ", aside->disable, controller);
}

static void take_group(struct plan *plan, enum limit_kind kind, const struct cgroup_place *place,
		       const char *name)
{
	struct cgroup *group = find_group(plan, place->dir);
	struct bpf_arena *arena = plan->spec->arena;

	if (!group) {
		group = &plan->groups[plan->ngroups++];
		group->base = place->dir;
		group->path = xprintf(arena, "%s/%s", place->dir, name);
		group->inner = xprintf(arena, "%s/" CGROUP_INNER, group->path);
		group->v2 = place->v2;
		group->dir = -1;
	}
	if (!group->v2 && (kind == LIMIT_IO_MAX || kind == LIMIT_IO_WEIGHT))
		group->inner = NULL;
}

/* Which groups are needed; none is made yet. */
static void choose_groups(struct plan *plan, const struct cgroup_place *places)
{
	const struct spec *spec = plan->spec;
	const char *name = make_name(spec);

	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		const struct cgroup_place *place = &places[i];

		if (!(spec->limited & (1u << i)))
			continue;
		if (place->error) {
			degrade(plan, (enum limit_kind)i, place->dir, place->error);
			continue;
		}
		if (place->aside)
			plan_aside(plan, (enum limit_kind)i, place, name);
		take_group(plan, (enum limit_kind)i, place, name);
	}
}

/* An id that is nobody else's, which root takes for a payload, has none. */
static bool owns_cgroups(const struct plan *plan)
{
	const struct spec *spec = plan->spec;

	return plan->idmap.outside_uid == geteuid() || spec->maps[0].n ||
	       ((spec->share & CLONE_NEWUSER) && spec->has_uid);
}

/*
 * A directory leads, by "..", to all that is on the host; and a file of a cgroup can be opened
 * anew, for writing, by way of /proc/self/fd.
 */
static void refuse_cgroup(int fd, int number)
{
	static const char why[] = "with it the payload could change its limits,\n"
				  "since it is, outside, the user who made them";
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) == 0 &&
	    (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC))
		fail("descriptor %d is of a cgroup file system: %s", number, why);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		fail("descriptor %d is a directory: %s\n"
		     "fix: --bind-fd %d PATH shows it there, and nothing above it",
		     number, why, number);
}

static void refuse_cgroups(const struct plan *plan)
{
	const struct spec *spec = plan->spec;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		refuse_cgroup(plan->standard[fd] >= 0 ? plan->standard[fd] : fd, fd);
	for (unsigned int i = 0; i < spec->nkeep_fds; i++)
		refuse_cgroup(spec->keep_fds[i], spec->keep_fds[i]);
}

void cgroup_make(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct cgroup_place places[LIMIT_KINDS];
	int err;

	if (!spec->limited)
		return;
	for (unsigned int i = 0; i < spec->nio_max; i++) {
		if (access(spec->io_max[i].path, F_OK) < 0)
			fail("io-max: %s: %s", escaped(spec->arena, spec->io_max[i].path),
			     strerror(errno));
	}
	cgroup_places(spec, places);
	hand_down(spec, places);
	choose_groups(plan, places);
	if (!plan->ngroups)
		return;
	plan->owns_cgroups = owns_cgroups(plan);
	if (plan->owns_cgroups)
		refuse_cgroups(plan);
	reaper_start(plan);
	err = step_aside(plan);
	if (err)
		fail("cgroup: step aside from %s: %s", escaped(spec->arena, plan->aside.base),
		     strerror(-err));
	for (unsigned int i = 0; i < plan->ngroups; i++) {
		reaper_remove_stale(spec, plan->groups[i].base);
		err = make_group(&plan->groups[i]);
		if (err)
			fail("cgroup: %s: %s", escaped(spec->arena, plan->groups[i].path),
			     strerror(-err));
	}
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		const struct cgroup *group;

		if (!(spec->limited & ~plan->no_limits & (1u << i)))
			continue;
		group = find_group(plan, places[i].dir);
		err = group ? set_limit(spec, group, (enum limit_kind)i) : -ENODEV;
		if (err)
			degrade(plan, (enum limit_kind)i, places[i].dir, err);
	}
}

/* ---- in use ---- */

/* It is read back: a group that does not name PID would limit nothing. */
static int join(const struct spec *spec, const struct cgroup *group, pid_t pid)
{
	const char *file = group->inner ? CGROUP_INNER "/cgroup.procs" : "cgroup.procs";
	uint64_t found = 0;
	int err;

	err = cgroup_write(group->dir, file, xprintf(spec->arena, "%d", (int)pid));
	if (err)
		return err;
	if (!read_number(group->dir, file, NULL, &found) || found != (uint64_t)pid)
		return -ESRCH;
	return 0;
}

void cgroup_join(const struct plan *plan, pid_t pid)
{
	for (unsigned int i = 0; i < plan->ngroups; i++) {
		const struct cgroup *group = &plan->groups[i];
		int err = join(plan->spec, group, pid);

		if (err)
			fail("cgroup: join %s: %s", escaped(plan->spec->arena, group->path),
			     strerror(-err));
	}
}

void cgroup_forget(const struct plan *plan)
{
	for (unsigned int i = 0; i < plan->ngroups; i++)
		close(plan->groups[i].dir);
	if (plan->ngroups)
		close(plan->reaper_pipe);
}

/*
 * V1 tells who a tick of the clock met, in user space or in the kernel, which may be wrong by a
 * third; but the sum, TOTAL, as it was measured.
 */
static void fit_time(struct usage *usage, uint64_t total)
{
	if (usage->user_us > total)
		usage->user_us = total;
	usage->system_us = total - usage->user_us;
}

#define USAGE(member) offsetof(struct usage, member)

void cgroup_usage(const struct plan *plan, struct usage *usage)
{
	static const struct {
		const char *file, *key;
		size_t at;
		unsigned int per;
	} rows[] = {
		{ "cpu.stat", "user_usec", USAGE(user_us), 1 },
		{ "cpu.stat", "system_usec", USAGE(system_us), 1 },
		{ "cpuacct.usage_user", NULL, USAGE(user_us), 1000 },
		{ "cpuacct.usage_sys", NULL, USAGE(system_us), 1000 },
		{ "memory.peak", NULL, USAGE(memory_peak), 1 },
		{ "memory.max_usage_in_bytes", NULL, USAGE(memory_peak), 1 },
		{ "memory.events", "oom_kill", USAGE(memory_kills), 1 },
		{ "memory.oom_control", "oom_kill", USAGE(memory_kills), 1 },
		{ "pids.peak", NULL, USAGE(pids_peak), 1 },
		{ "pids.events", "max", USAGE(pids_denied), 1 },
		/* V1 counts an event where the process is. */
		{ CGROUP_INNER "/memory.oom_control", "oom_kill", USAGE(memory_kills), 1 },
		{ CGROUP_INNER "/pids.events", "max", USAGE(pids_denied), 1 },
	};

	for (unsigned int i = 0; i < plan->ngroups; i++) {
		uint64_t value;

		for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
			if (read_number(plan->groups[i].dir, rows[row].file, rows[row].key, &value))
				*(uint64_t *)((char *)usage + rows[row].at) = value / rows[row].per;
		}
		if (read_number(plan->groups[i].dir, "cpuacct.usage", NULL, &value))
			fit_time(usage, value / 1000);
	}
	if (usage->pids_peak)
		usage->pids_peak--; /* init */
}

bool cgroup_accounts(const struct plan *plan)
{
	const unsigned int bit = 1u << LIMIT_CPU_TIME;

	return plan->spec->limited & ~plan->no_limits & bit;
}
