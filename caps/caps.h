/* SPDX-License-Identifier: MIT */
/*
 * What a sandboxed process may do: capabilities, securebits, ids, resource limits,
 * Landlock, labels of security modules.
 *
 * Nothing here allocates behind the caller's back (libcap's objects live and die inside one
 * function), logs or exits; functions return 0 or a negative errno.
 *
 * What is set is read back, by another way than the one that set it: -ENOTRECOVERABLE says
 * that the kernel reported success, but does not have what was asked for. Treat it, as every
 * error here, as "not confined": the process may be half changed and must end.
 */
#ifndef CAPS_CAPS_H
#define CAPS_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* ---- sets of capabilities (set.c) ---- */

/* Bit n is capability n; 64 are more than any kernel has. */
typedef uint64_t caps_set;

#define CAPS_MAX      64
#define CAPS_BIT(cap) ((caps_set)1 << (cap))

/*
 * "cap_net_raw", "net_raw", "NET_RAW", or a decimal number below 64 ("40"), for those newer
 * than the library: the number, or -ENOENT. It may be beyond the running kernel's last.
 */
int caps_find(const char *name);

int caps_last(void); /* the running kernel's last one, found by asking it */

/*
 * "cap_chown,cap_kill" into BUF, "none" for 0; returns BUF. What has no name is a number. A
 * BUF too small gets whole names and "..." at the end; CAPS_TEXT_SIZE is always enough.
 */
#define CAPS_TEXT_SIZE 1024
const char *caps_set_text(caps_set set, char *buf, size_t size);

/* ---- the five sets (apply.c) ---- */

struct caps_state {
	caps_set effective, permitted, inheritable, bounding, ambient;
	unsigned int securebits;
	bool no_new_privs;
};

/*
 * Drop all from the bounding set but KEEP, up to the kernel's last. Needs CAP_SETPCAP, unless
 * there is nothing to drop. Not in the set and in KEEP: stays out.
 */
int caps_drop_bounding(caps_set keep);

/*
 * Effective, permitted := KEEP; inheritable, ambient := 0 (through libcap). With KEEP 0 the
 * process can never have a capability again, once securebits are locked. -EPERM: KEEP has
 * what is not permitted now.
 */
int caps_limit(caps_set keep);

/* Clear the ambient set (before caps_limit(), needs nothing). */
int caps_clear_ambient(void);

/*
 * For a program that is to have SET and is not uid 0: caps_inherit() makes SET ambient, and
 * nothing else, before securebits are locked; then caps_limit_inherited() takes away all but SET.
 * -EPERM: SET has what is not permitted now.
 */
int caps_inherit(caps_set set);
int caps_limit_inherited(caps_set keep);

/* What the calling process holds, asked of the kernel. */
int caps_read(struct caps_state *state);

/*
 * The same of a process PID (0: the caller, as PROC sees it) from its status file in PROC, a
 * descriptor of a /proc that the caller trusts. Securebits are not shown there and come out
 * as 0. The last two may be NULL; filters are CAPS_FILTERS_UNKNOWN before Linux 5.9.
 * -ENOENT, -ESRCH: no such process. -ENODATA: a line is missing. -EBADMSG: not a status file.
 */
#define CAPS_FILTERS_UNKNOWN 0xffffffffu
int caps_read_status(int proc, pid_t pid, struct caps_state *state, unsigned int *seccomp_mode,
		     unsigned int *seccomp_filters);

int caps_no_new_privs(void); /* for good: no exec gives an id or a capability any more */

/* ---- securebits (securebits.c) ---- */

struct caps_securebit {
	const char *name; /* "noroot", "noroot-locked" */
	unsigned int bit; /* SECBIT_* */
};

extern const struct caps_securebit caps_securebits[]; /* sorted; ends with a NULL name */

const struct caps_securebit *caps_securebit_find(const char *name);

/*
 * Just BITS of the mask, and read back. Needs CAP_SETPCAP, unless they are so already. Bits
 * outside the mask (of newer kernels, and not about capabilities) are left as they are.
 */
int caps_set_securebits(unsigned int bits);
int caps_get_securebits(void);
#define CAPS_SECUREBITS_MASK 0xffu

/*
 * NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE and the lock of each, and KEEP_CAPS locked
 * off: uid 0 inside is then an ordinary id.
 */
int caps_lock_securebits(void);
#define CAPS_SECUREBITS_LOCKED 0xefu

/* From now on a change of ids leaves the sets alone (SECBIT_NO_SETUID_FIXUP). CAP_SETPCAP. */
int caps_keep_over_ids(void);

/* ---- identity (ids.c) ---- */

/*
 * Become UID and GID, real, effective, saved and for files, and prove it by asking; drop all
 * supplementary groups first when DROP_GROUPS (not possible where setgroups is denied; the
 * groups are then unmapped and give nothing inside). Unless CAP_SETUID or CAP_SETGID is
 * still permitted (SECBIT_NO_SETUID_FIXUP), it also proves that there is no way back.
 * commit_creds() clears the parent-death signal and makes the process undumpable: set both
 * again afterwards.
 * -EINVAL: an id of (uid_t)-1, which the kernel takes for "no change".
 */
int caps_set_ids(uid_t uid, gid_t gid, bool drop_groups);

/* ---- resource limits (rlimit.c) ---- */

struct caps_rlimit {
	const char *name; /* "nofile" */
	int resource;	  /* RLIMIT_NOFILE */
	const char *unit; /* "bytes", "seconds", "" */
};

extern const struct caps_rlimit caps_rlimits[]; /* sorted; ends with a NULL name */

const struct caps_rlimit *caps_rlimit_find(const char *name);

/*
 * Set and read back. Raising a hard limit needs CAP_SYS_RESOURCE outside: -EPERM; so does, to
 * anybody, a nofile above fs.nr_open. -EINVAL: soft above hard.
 */
int caps_set_rlimit(int resource, const struct rlimit *limit);

/*
 * Core dumps off for good: {1, 1} rather than 0, for a core_pattern that is a pipe runs its
 * handler (as root, outside) for a limit of 0 but not of 1.
 * -EPERM: the hard limit is 0 already and may not be raised. No file is written then, but a
 * handler would run; ask caps_core_has_handler() whether there is one.
 */
int caps_no_core(void);

/* Does the host's core_pattern hand dumps to a program or socket? 1, 0, or -errno. */
int caps_core_has_handler(int proc);

/* ---- Landlock: a second wall (landlock.c) ---- */

/* The walls; each needs a newer kernel than the one before: Linux 5.19, 6.7, 6.12. */
#define CAPS_LANDLOCK_FILES 0x1u /* files: what no rule allows is denied */
#define CAPS_LANDLOCK_NET   0x2u /* TCP, from Linux 7.2 on UDP: no bind, no connect */
#define CAPS_LANDLOCK_SCOPE 0x4u /* abstract sockets and signals of processes outside */
#define CAPS_LANDLOCK_ALL   0x7u

/* What a rule allows, at its place and below. */
#define CAPS_LANDLOCK_LIST    0x01u /* list directories */
#define CAPS_LANDLOCK_READ    0x02u /* the same, read files, connect to sockets */
#define CAPS_LANDLOCK_EXECUTE 0x04u
#define CAPS_LANDLOCK_WRITE   0x08u /* to files that are there */
#define CAPS_LANDLOCK_CHANGE  0x10u /* the same; create, remove, rename; never device nodes */
#define CAPS_LANDLOCK_DEVICE  0x20u /* ioctl(2) on devices */

int caps_landlock_abi(void);		/* the kernel's version of it; 0: it has none */
unsigned int caps_landlock_walls(void); /* those of CAPS_LANDLOCK_ALL that it has */

/* A ruleset that denies what WALLS are about: descriptor. -EOPNOTSUPP: one is not there. */
int caps_landlock_new(unsigned int walls);

/* Allow RIGHTS on what FD is (O_PATH will do). Only in a ruleset with CAPS_LANDLOCK_FILES. */
int caps_landlock_allow(int ruleset, int fd, unsigned int allowed);

/*
 * Enforce RULESET, which was made for WALLS, on the calling thread and its children to come,
 * and prove it. PROBE, below the directory DIR, must be a file that can be opened for reading
 * and that no rule covers (CAPS_LANDLOCK_FILES only). Needs no_new_privs.
 */
int caps_landlock_enforce(int ruleset, unsigned int walls, int dir, const char *probe);

/* ---- labels of security modules (label.c) ---- */

enum caps_lsm {
	CAPS_LSM_NONE,
	CAPS_LSM_APPARMOR,
	CAPS_LSM_SELINUX,
};

#define CAPS_LABEL_MAX 1024u

/* Which of them is in force. PROC is a /proc of the caller's PID namespace. */
enum caps_lsm caps_lsm(int proc);

/*
 * The calling thread's next exec is to be under LABEL; read back. -ENOENT: AppArmor has no such
 * profile. -EINVAL: SELinux no such context. -EPERM, -EACCES: the thread may not choose it.
 * That the exec itself may be refused is not known yet.
 */
int caps_set_exec_label(int proc, enum caps_lsm lsm, const char *label);

/* ---- session keyring, session, dumpable (process.c) ---- */

/*
 * setsid(): no controlling terminal, kill(0) stays inside. -EPERM: the caller leads a group
 * (be a fresh child), or leads a session of which it cannot be shown that it has no terminal.
 */
int caps_new_session(void);

/* Make the terminal FD that of the session which we lead, and nobody else's. */
int caps_take_terminal(int fd);

/*
 * A fresh, empty session keyring. Where there is no call to reach any key, none is shared: 0.
 */
int caps_new_keyring(void);

int caps_set_dumpable(bool on);

/*
 * Close-on-exec for every descriptor from 3 up, also without close_range(2) and /proc. No
 * other thread may be opening any.
 */
int caps_close_descriptors(void);

/*
 * Close all from 1 or FIRST to LAST (INT_MAX: there is no end), also without close_range(2): then
 * LISTED tells which are open, a descriptor of /proc/self/fd, or -1: what is at that place, if any.
 */
int caps_close_range(int first, int last, int listed);

#endif
