/* SPDX-License-Identifier: MIT */
/*
 * The table of directives, and what each does to the spec.
 *
 * A directive is a line of a policy and an option of the command line, with the same name
 * and words; the parser, --help, --print-policy and the checks of the manual page all go
 * by this one table. The lines that speak of system calls have a grammar of their own and go to
 * bpf_policy_line() as they stand.
 */
#include "runner/interface.h"
#include "runner/runner.h"

#include "runner/files.h"
#include "runner/limits.h"
#include "runner/power.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

int complain(const struct setting *set, struct bpf_error *err, const char *what, const char *word)
{
	return bpf_fail(err, -EINVAL, &set->place, "%s: %s: '%s'", set->row->name, what, word);
}

/* ---- namespaces and identity ---- */

static int add_namespace(unsigned long *flags, const struct setting *set, const char *word,
			 struct bpf_error *err)
{
	int kind = ns_kind_find(word);

	if (kind < 0)
		return complain(set, err, "no such namespace", word);
	if (ns_kinds[kind].flag & (CLONE_NEWNS | CLONE_NEWPID))
		return complain(set, err, "no sandbox without a namespace of its own", word);
	*flags |= ns_kinds[kind].flag;
	return 0;
}

static int apply_share(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < set->nwords && !ret; i++)
		ret = add_namespace(&spec->share, set, set->words[i], err);
	if (spec->share & CLONE_NEWNET)
		spec->net = NET_HOST;
	return ret;
}

static int apply_degraded(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < set->nwords && !ret; i++) {
		const char *word = set->words[i];

		if (strcmp(word, "landlock") == 0)
			spec->landlock_degraded = true;
		else if (strcmp(word, "user") == 0)
			ret = complain(set, err, "only \"share user\" does without", "user");
		else if (limit_find(word) >= 0)
			spec->limits_degraded |= 1u << limit_find(word);
		else
			ret = add_namespace(&spec->degraded, set, word, err);
	}
	return ret;
}

static unsigned int landlock_wall(const char *name)
{
	static const struct {
		const char *name;
		unsigned int wall;
	} walls[] = {
		{ "files", CAPS_LANDLOCK_FILES },
		{ "net", CAPS_LANDLOCK_NET },
		{ "scope", CAPS_LANDLOCK_SCOPE },
	};

	for (size_t i = 0; i < sizeof(walls) / sizeof(*walls); i++) {
		if (strcmp(walls[i].name, name) == 0)
			return walls[i].wall;
	}
	return 0;
}

static int apply_landlock(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	spec->has_landlock = true;
	if (set->nwords == 1 && strcmp(set->words[0], "off") == 0)
		return 0;
	for (unsigned int i = 0; i < set->nwords; i++) {
		unsigned int wall = landlock_wall(set->words[i]);

		if (!wall)
			return complain(set, err,
					"the walls are files, scope and net, or off alone",
					set->words[i]);
		spec->landlock |= wall;
	}
	return 0;
}

static int apply_share_net(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	(void)set;
	(void)err;
	spec->net = NET_HOST;
	return 0;
}

/* What bubblewrap's users write and what is so here anyway. */
static int apply_already_so(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	(void)spec;
	(void)set;
	(void)err;
	return 0;
}

static int apply_id(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	uint64_t id;

	/* The kernel takes 4294967295 for "no change". */
	if (parse_number(set->words[0], UINT32_MAX - 1, &id))
		return complain(set, err, "not an id", set->words[0]);
	if (set->row->arg) {
		spec->gid = (gid_t)id;
		spec->has_gid = true;
	} else {
		spec->uid = (uid_t)id;
		spec->has_uid = true;
	}
	return 0;
}

static int apply_map(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	struct spec_map *map = &spec->maps[set->row->arg];
	struct ns_idrange *range = &map->range[map->n];
	uint64_t number[3];

	for (unsigned int i = 0; i < 3; i++) {
		if (parse_number(set->words[i], UINT32_MAX - 1, &number[i]))
			return complain(set, err, "not an id or a count", set->words[i]);
	}
	if (number[1] == 0)
		return complain(set, err, "root outside is never mapped", set->words[1]);
	if (number[2] == 0 || number[0] + number[2] > UINT32_MAX ||
	    number[1] + number[2] > UINT32_MAX)
		return complain(set, err, "the range ends beyond the last id", set->words[2]);
	if (map->n++ == NS_IDRANGES)
		return bpf_fail(err, -E2BIG, &set->place, "more than %d ranges", NS_IDRANGES);
	range->inside = (uint32_t)number[0];
	range->outside = (uint32_t)number[1];
	range->count = (uint32_t)number[2];
	return 0;
}

static int apply_hostname(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-";
	const char *name = set->words[0];

	if (!*name || strlen(name) > 64 || strspn(name, allowed) != strlen(name))
		return complain(set, err, "a host name is 1 to 64 letters, digits, '.' and '-'",
				name);
	spec->hostname = name;
	return 0;
}

/* ---- the process ---- */

static int apply_chdir(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	if (set->words[0][0] != '/')
		return complain(set, err, "not an absolute path", set->words[0]);
	spec->directory = set->words[0];
	return 0;
}

static int apply_env(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	bool pair = set->row->arg == ENV_SET;

	for (unsigned int i = 0; i < (pair ? 1 : set->nwords); i++) {
		struct env_rule *rule = &spec->env[spec->nenv];

		if (!*set->words[i] || strchr(set->words[i], '='))
			return complain(set, err, "not the name of a variable", set->words[i]);
		if (spec->nenv++ == SPEC_ENV)
			return bpf_fail(err, -E2BIG, &set->place, "too many variables");
		rule->kind = (enum env_kind)set->row->arg;
		rule->name = set->words[i];
		rule->value = pair ? set->words[1] : NULL;
	}
	return 0;
}

#define ANY	 UINT_MAX
#define AT_1	 DIRECTIVE_AT_1
#define AT_2	 DIRECTIVE_AT_2
#define TRY	 DIRECTIVE_TRY
#define ONCE	 DIRECTIVE_ONCE
#define PREFIX	 DIRECTIVE_PREFIX
#define PREFIXED DIRECTIVE_PREFIXED
#define OPT	 DIRECTIVE_OPTION
#define SYSCALL	 DIRECTIVE_SYSCALL
#define MODE	 (DIRECTIVE_OPTION | DIRECTIVE_MODE)

static const char files[] = "Files, in the order given";
static const char who[] = "Namespaces and identity";
static const char process[] = "The process";
static const char limits[] = "Limits over all of the sandbox together, and of each process";
static const char calls[] = "System calls: the last rule that matches decides";
static const char modes[] = "Options of the command line only";

/* clang-format off */
const struct directive directives[] = {
{ "ro-bind", "SRC [DEST] [idmap]", 1, 3, TRY | AT_2, apply_bind, NS_RDONLY, files,
  "show SRC of the host at DEST, all of it read-only" },
{ "bind", "SRC [DEST] [idmap]", 1, 3, TRY | AT_2, apply_bind, 0, files,
  "the same, writable" },
{ "dev-bind", "SRC [DEST]", 1, 2, TRY | AT_2, apply_bind, NS_DEV, files,
  "the same, and device nodes work" },
{ "bind-fd", "FD DEST", 2, 2, OPT | AT_2, apply_bind_fd, 0, files,
  "show the file or directory that descriptor FD is" },
{ "ro-bind-fd", "FD DEST", 2, 2, OPT | AT_2, apply_bind_fd, NS_RDONLY, files,
  "the same, read-only" },
{ "overlay-src", "SRC", 1, 1, PREFIX, apply_prefix, PREFIX_LAYER, files,
  "a layer of the overlay that follows, over the last" },
{ "overlay", "RWSRC WORKDIR DEST", 3, 3, PREFIXED, apply_overlay, NS_UPPER, files,
  "the layers at DEST; what is written goes to RWSRC" },
{ "tmp-overlay", "DEST [size=N] [inodes=N]", 1, 3, PREFIXED, apply_overlay, 0, files,
  "the same; what is written is forgotten in the end" },
{ "ro-overlay", "DEST", 1, 1, PREFIXED, apply_overlay, NS_RDONLY, files,
  "the same, read-only" },
{ "tmpfs", "DEST [size=N] [inodes=N] [mode=M]", 1, 4, AT_1 | PREFIXED, apply_op, NS_OP_TMPFS, files,
  "an empty file system in memory (64M, 0755)" },
{ "proc", "DEST [subset=pid] [masks=none]", 1, 3, AT_1, apply_op, NS_OP_PROC, files,
  "its own /proc, the dangerous entries masked" },
{ "dev", "DEST [size=N] [inodes=N]", 1, 3, AT_1 | PREFIXED, apply_op, NS_OP_DEV, files,
  "null zero full random urandom, own pts and shm" },
{ "mqueue", "DEST", 1, 1, AT_1, apply_op, NS_OP_MQUEUE, files,
  "the POSIX message queues, as files" },
{ "symlink", "TARGET DEST", 2, 2, AT_2, apply_symlink, 0, files,
  "a symbolic link" },
{ "dir", "DEST [mode=M]", 1, 2, AT_1 | PREFIXED, apply_op, NS_OP_DIR, files,
  "a directory" },
{ "file", "FD DEST [mode=M]", 2, 3, OPT | AT_2 | PREFIXED, apply_data, 0, files,
  "a file with what can be read from descriptor FD" },
{ "bind-data", "FD DEST [mode=M]", 2, 3, OPT | AT_2 | PREFIXED, apply_data, DATA_MOUNTED, files,
  "the same, over what is there" },
{ "ro-bind-data", "FD DEST [mode=M]", 2, 3, OPT | AT_2 | PREFIXED, apply_data,
  DATA_MOUNTED | NS_RDONLY, files,
  "the same, read-only" },
{ "perms", "MODE", 1, 1, PREFIX, apply_prefix, PREFIX_MODE, files,
  "the mode of what the next directive creates" },
{ "size", "N", 1, 1, PREFIX, apply_prefix, PREFIX_SIZE, files,
  "the size of the tmpfs that follows" },
{ "accounts", "DIR", 1, 1, 0, apply_accounts, 0, files,
  "DIR/passwd and DIR/group naming the user inside" },
{ "resolver", "DIR", 1, 1, 0, apply_accounts, 1, files,
  "DIR/resolv.conf and DIR/hosts for its network" },
{ "mask", "PATH...", 1, ANY, TRY, apply_mask, 0, files,
  "something empty over what is there" },
{ "remount-ro", "DEST", 1, 1, TRY, apply_op, NS_OP_REMOUNT_RO, files,
  "in the end, make the mount at DEST read-only" },
{ "chmod", "MODE DEST", 2, 2, TRY, apply_chmod, 0, files,
  "change the mode of what is there" },

{ "share", "NAMESPACE...", 1, ANY, 0, apply_share, 0, who,
  "use the host's: net ipc uts cgroup time (user)" },
{ "net", "none|host|pasta|PATH [PORTS]...", 1, ANY, ONCE, apply_net, 0, who,
  "its network; for pasta: tcp-in=80,8000-8010 ..." },
{ "share-net", "", 0, 0, 0, apply_share_net, 0, who,
  "net host" },
{ "allow-degraded", "WALL...", 1, ANY, 0, apply_degraded, 0, who,
  "run also without: time cgroup landlock memory ..." },
{ "landlock", "WALL...", 1, ANY, ONCE, apply_landlock, 0, who,
  "a second wall: files, scope, net; or off" },
{ "uid", "N", 1, 1, ONCE, apply_id, 0, who,
  "the user id inside" },
{ "gid", "N", 1, 1, ONCE, apply_id, 1, who,
  "the group id inside" },
{ "uid-map", "INSIDE OUTSIDE COUNT", 3, 3, 0, apply_map, 0, who,
  "more user ids inside, by newuidmap(1) unless root" },
{ "gid-map", "INSIDE OUTSIDE COUNT", 3, 3, 0, apply_map, 1, who,
  "more group ids, by newgidmap(1)" },
{ "caps", "NAME...", 1, ANY, 0, apply_caps, 0, who,
  "capabilities to keep, over its own namespaces only" },
{ "securebits", "WORD...", 1, ANY, ONCE, apply_securebits, 0, who,
  "with caps: just these are set, else all are; none" },
{ "exec-label", "LABEL", 1, 1, ONCE, apply_exec_label, 0, who,
  "AppArmor's profile or SELinux's context for it" },
{ "hostname", "NAME", 1, 1, ONCE, apply_hostname, 0, who,
  "the host name inside (sandbox)" },

{ "chdir", "DIR", 1, 1, ONCE, apply_chdir, 0, process,
  "the directory to start in (/)" },
{ "setenv", "NAME VALUE", 2, 2, DIRECTIVE_KEYED, apply_env, ENV_SET, process,
  "set a variable; all are unset unless kept or set" },
{ "keep-env", "NAME...", 1, ANY, 0, apply_env, ENV_KEEP, process,
  "keep the caller's variables of these names (LC_*)" },
{ "unsetenv", "NAME...", 1, ANY, 0, apply_env, ENV_UNSET, process,
  "unset them after all" },
{ "keep-fd", "FD...", 1, ANY, OPT, apply_keep_fd, 0, process,
  "leave them open; all others from 3 up are closed" },
{ "argv0", "NAME", 1, 1, ONCE, apply_argv0, 0, process,
  "the command's own name for itself" },
{ "stdin", "FILE", 1, 1, ONCE, apply_standard, 0, process,
  "its standard input; FILE is the caller's" },
{ "stdout", "FILE", 1, 1, ONCE, apply_standard, 1, process,
  "its standard output; FILE is made, or emptied" },
{ "stderr", "FILE", 1, 1, ONCE, apply_standard, 2, process,
  "the same; \"stderr stdout\": where stdout goes" },
{ "die-with-parent", "", 0, 0, 0, apply_flag, FLAG_WITH_PARENT, process,
  "kill it all when the caller of sbrun ends" },
{ "tty", "auto|own|none", 1, 1, ONCE, apply_tty, 0, process,
  "its terminal; auto: its own, if yours is one" },

{ "time-limit", "SECONDS [grace=SECONDS]", 1, 2, ONCE, apply_time_limit, 0, limits,
  "end it all after so long, with status 124" },
{ "cpu-limit", "SECONDS", 1, 1, ONCE, apply_limit, LIMIT_CPU_TIME, limits,
  "the same, by the processor time of all together" },
{ "output-limit", "SIZE", 1, 1, ONCE, apply_output_limit, 0, limits,
  "the same, by what it writes to 1 and 2" },
{ "memory", "SIZE", 1, 1, ONCE, apply_limit, LIMIT_MEMORY, limits,
  "for all together; no swap unless that is given" },
{ "swap", "SIZE", 1, 1, ONCE, apply_limit, LIMIT_SWAP, limits,
  "so much more of it may be swapped out (0)" },
{ "pids", "N", 1, 1, ONCE, apply_limit, LIMIT_PIDS, limits,
  "processes and threads at a time" },
{ "cpu", "CORES", 1, 1, ONCE, apply_limit, LIMIT_CPU, limits,
  "processors' worth of time: 1.5" },
{ "io-weight", "N", 1, 1, ONCE, apply_limit, LIMIT_IO_WEIGHT, limits,
  "the share of a busy disk, 1 to 10000 (100)" },
{ "io-max", "PATH LIMIT=N...", 2, ANY, DIRECTIVE_KEYED, apply_io_max, 0, limits,
  "of PATH's disk: rbps wbps riops wiops, per second" },
{ "rlimit", "NAME SOFT [HARD]", 2, 3, DIRECTIVE_KEYED, apply_rlimit, 0, limits,
  "of each process: nofile 1024, as 1G, cpu 10 ..." },

{ "abi", "NAME...", 1, ANY, SYSCALL, calls_line, 0, calls,
  "x86_64 i386 x32 aarch64 riscv64; others are killed" },
{ "default", "ACTION", 1, ANY, SYSCALL, calls_line, 0, calls,
  "for a call that no rule names" },
{ "unknown", "ACTION", 1, ANY, SYSCALL, calls_line, 0, calls,
  "for a number newer than the tables (errno(ENOSYS))" },
{ "set", "@NAME CALL...", 2, ANY, SYSCALL, calls_line, 0, calls,
  "give calls a common name" },
{ "allow", "CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "allow socket if domain == AF_UNIX" },
{ "deny", "CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "errno(EPERM)" },
{ "errno", "(E) CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "the call fails with E: errno(ENOSYS) clone3" },
{ "kill", "CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "the process dies of SIGSYS" },
{ "kill-thread", "CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "only the thread does" },
{ "trap", "CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "SIGSYS is sent, which the program may handle" },
{ "log", "CALL... [if COND]", 1, ANY, SYSCALL, calls_line, 0, calls,
  "allowed, and written to the kernel's log" },

{ "include", "NAME", 1, 1, 0, NULL, 0, modes,
  "(in a policy, too) what another policy says" },
{ "policy", "NAME", 1, 1, MODE & ~DIRECTIVE_MODE, NULL, 0, modes,
  "the policy (strict), or a path; the next tighten" },
{ "args", "FD", 1, 1, OPT, NULL, 0, modes,
  "read options there, each word ended by a NUL" },
{ "status-fd", "FD", 1, 1, OPT | ONCE, apply_own_fd, FD_STATUS, modes,
  "write JSON lines there: started, exited ..." },
{ "info-fd", "FD", 1, 1, OPT | ONCE, apply_own_fd, FD_INFO, modes,
  "write its pid and namespaces there, as JSON" },
{ "block-fd", "FD", 1, 1, OPT | ONCE, apply_own_fd, FD_BLOCK, modes,
  "when all is ready, wait for a byte or the end" },
{ "sync-fd", "FD", 1, 1, OPT | ONCE, apply_own_fd, FD_SYNC, modes,
  "keep it open as long as the sandbox lives" },
{ "background", "", 0, 0, OPT, apply_flag, FLAG_BACKGROUND, modes,
  "when it has started, print sbrun's pid and return" },
{ "quiet", "", 0, 0, OPT, apply_flag, FLAG_QUIET, modes,
  "do not say why the command ended" },
{ "explain", "[PART]", 0, 1, MODE, apply_mode, MODE_EXPLAIN, modes,
  "say what would be done, in which order and why" },
{ "print-policy", "", 0, 0, MODE, apply_mode, MODE_PRINT_POLICY, modes,
  "print all directives in force, as a policy" },
{ "dry-run", "", 0, 0, MODE, apply_mode, MODE_DRY_RUN, modes,
  "look everything up, run nothing: 0, or 125" },
{ "doctor", "", 0, 0, MODE, apply_mode, MODE_DOCTOR, modes,
  "what of sbrun works here, and what prevents it" },
{ "selftest", "", 0, 0, MODE, apply_mode, MODE_SELFTEST, modes,
  "try whether its walls hold here: 0, 1, or 125" },
{ "status", "PID", 1, 1, MODE, apply_status, 0, modes,
  "which walls are round a process that runs: 0, or 1" },
{ "json", "", 0, 0, OPT, apply_flag, FLAG_JSON, modes,
  "with --doctor, --status: as JSON" },
{ "tap", "", 0, 0, OPT, apply_flag, FLAG_TAP, modes,
  "with --selftest: as TAP" },
{ "completion", "SHELL", 1, 1, MODE, apply_completion, 0, modes,
  "print what bash needs to complete options" },
{ "version", "", 0, 0, MODE, apply_mode, MODE_VERSION, modes,
  "print the version" },
{ "help", "", 0, 0, MODE, apply_mode, MODE_HELP, modes,
  "print this" },

/* What others call otherwise, or ask for and is so here anyway; not in --help. */
{ "unshare-all", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ "unshare-user", "", 0, 0, TRY, apply_already_so, 0, NULL, NULL },
{ "unshare-pid", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ "unshare-net", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ "unshare-ipc", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ "unshare-uts", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ "unshare-cgroup", "", 0, 0, TRY, apply_already_so, 0, NULL, NULL },
{ "new-session", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ "json-status-fd", "FD", 1, 1, OPT | ONCE, apply_own_fd, FD_STATUS, NULL, NULL },
{ "pty", "", 0, 0, 0, apply_pty, 0, NULL, NULL },
{ "clearenv", "", 0, 0, 0, apply_already_so, 0, NULL, NULL },
{ NULL, NULL, 0, 0, 0, NULL, 0, NULL, NULL }
};
/* clang-format on */

const struct directive *directive_find(const char *name, bool *try_form)
{
	size_t len = strcspn(name, "(");

	*try_form = false;
	for (const struct directive *row = directives; row->name; row++) {
		size_t rowlen = strlen(row->name);

		if (strncmp(row->name, name, rowlen) != 0)
			continue;
		if (rowlen == len && (!name[len] || strcmp(row->name, "errno") == 0))
			return row;
		if ((row->flags & DIRECTIVE_TRY) && strcmp(name + rowlen, "-try") == 0) {
			*try_form = true;
			return row;
		}
	}
	return NULL;
}

static const char *next_name(const void *names, size_t i)
{
	(void)names;
	return directives[i].name;
}

const char *directive_nearest(const char *name)
{
	return bpf_nearest(name, strlen(name), next_name, NULL);
}
