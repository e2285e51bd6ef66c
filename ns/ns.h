/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox can see: namespaces, id maps, the file tree, /dev, /proc, loopback.
 *
 * Nothing here allocates, logs or exits; functions return 0 or a negative errno.
 * All but ns_idmap_write() and the probes run inside the new namespaces, between clone and
 * exec, so they use no memory but the stack and what the caller prepared.
 */
#ifndef NS_NS_H
#define NS_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- the kinds of namespace (kinds.c) ---- */

struct ns_kind {
	const char *name;   /* "user", "mnt": as in /proc/self/ns/; "mount" is found too */
	unsigned long flag; /* CLONE_NEW* */
	const char *since;  /* the Linux version that brought it */
	const char *what;   /* a few words for a reader: what is private in it */
};

/* In the order: user pid mount net ipc uts cgroup time. Ends with a NULL name. */
extern const struct ns_kind ns_kinds[];

int ns_kind_find(const char *name); /* index into ns_kinds, or -ENOENT */

/* ---- clone (clone.c) ---- */

/*
 * fork() into new namespaces. FLAGS are CLONE_NEW* only, without CLONE_NEWTIME; the child
 * returns 0 on a copy of the caller's memory, the caller gets the child's pid and *PIDFD
 * (close-on-exec). clone3() where the kernel has it, clone() otherwise.
 */
pid_t ns_clone(unsigned long flags, int *pidfd);

/*
 * A new time namespace for the children that the caller makes from now on; not for itself.
 * clone3() has the flag, but on some kernels only from later on than unshare(2), 5.6.
 */
int ns_new_time(void);

/* A new cgroup namespace for the caller; the cgroups that it is in are the root of it. */
int ns_new_cgroup(void);

/* ---- id maps (idmap.c) ---- */

struct ns_idrange {
	uint32_t inside, outside, count;
};

#define NS_IDRANGES 16

struct ns_idmap {
	uint32_t inside_uid, outside_uid;
	uint32_t inside_gid, outside_gid;
	bool deny_setgroups; /* needed where the caller may not set groups outside */
	const struct ns_idrange *uids, *gids; /* beside these two, at most NS_IDRANGES each */
	unsigned int nuids, ngids;
};

/*
 * Write the maps of process PID from outside it: setgroups, gid_map, uid_map, one write each.
 * PROC is a descriptor of a real /proc (checked: PROC_SUPER_MAGIC).
 */
int ns_idmap_write(int proc, pid_t pid, const struct ns_idmap *map);

/*
 * Does /proc/self/uid_map (or gid_map, by NAME) let ID stand for an id of the namespace
 * above? *OUTER is that id. -ENOENT: ID is not mapped.
 */
int ns_idmap_lookup(int proc, const char *name, uint32_t id, uint32_t *outer);

/* ---- the file tree (tree.c, resolve.c, mount.c) ---- */

enum ns_op_kind {
	NS_OP_BIND,    /* what SOURCE is, at DEST; NS_RDONLY for ro-bind, NS_DEV for dev-bind */
	NS_OP_TMPFS,   /* an empty file system of SIZE bytes and INODES inodes */
	NS_OP_PROC,    /* of the new PID namespace, its dangerous entries masked */
	NS_OP_DEV,     /* a minimal /dev with its own devpts and shm */
	NS_OP_SYMLINK, /* SOURCE is what it points to */
	NS_OP_DIR,
	NS_OP_FILE,	  /* a file that holds DATA, created */
	NS_OP_REMOUNT_RO, /* the mount at DEST alone */
	NS_OP_CHMOD,
	NS_OP_DATA,    /* a file that holds DATA, mounted over what is at DEST */
	NS_OP_OVERLAY, /* LAYERS, the first one lowest; what is written goes to memory */
	NS_OP_MQUEUE,  /* the POSIX message queues of the IPC namespace */
	NS_OP_MASK,    /* something empty and read-only over what is at DEST */
};

#define NS_RDONLY 0x01u	 /* the whole of it, mounts below it included */
#define NS_DEV	  0x02u	 /* device nodes work in it */
#define NS_TRY	  0x04u	 /* no error if SOURCE does not exist */
#define NS_PIDS	  0x08u	 /* NS_OP_PROC: subset=pid, nothing but processes */
#define NS_WHOLE  0x100u /* NS_OP_PROC: no masks: only then the kernel gives another one inside */
#define NS_NOEXEC 0x10u
#define NS_UPPER  0x20u /* NS_OP_OVERLAY: the last two layers are where writes and work go */
#define NS_IDMAP  0x80u /* NS_OP_BIND: the caller is to use ns_op_map() */
#define NS_MADE	  0x40u /* NS_OP_BIND: SOURCE_FD has the mounts already, by ns_op_map() */

/* A directory of the host below an overlay. */
struct ns_layer {
	const char *path;
	uint64_t dev, ino; /* what it was when it was looked up in the plan */
	int fd;
};

struct ns_op {
	enum ns_op_kind kind;
	unsigned int flags;
	const char *source; /* a path of the host's */
	const char *dest;   /* absolute, in the new root */
	mode_t mode;	    /* of what is created; the caller puts the default */
	uint64_t size;	    /* tmpfs: bytes; never 0, which the kernel takes for "no limit" */
	uint64_t inodes;
	const void *data; /* NS_OP_FILE, NS_OP_DATA */
	size_t len;
	struct ns_layer *layers; /* NS_OP_OVERLAY */
	size_t nlayers;
	uint64_t source_dev, source_ino; /* what SOURCE was when it was looked up in the plan */
	int source_fd;	     /* -1; a detached clone of SOURCE's mounts, by ns_tree_open() */
	bool skip;	     /* NS_TRY and there is no SOURCE */
	uint64_t mount_id;   /* of the mount that the operation made or changed; 0: none */
	unsigned int number; /* the caller's, for messages */
};

/* The longest DEST, the most operations of a tree, the most layers of an overlay. */
#define NS_PATH_MAX   4095
#define NS_TREE_MAX   4096
#define NS_LAYERS_MAX 40

/* What went wrong where: filled by the tree functions when they fail. */
struct ns_tree_error {
	size_t op;	   /* index of the operation; nops: the root itself */
	const char *doing; /* "open source", "create mount point", ...: a string constant */
};

struct ns_tree {
	struct ns_op *ops;
	size_t nops;
	int root;	     /* descriptor of the new root, from ns_tree_build() */
	size_t nown;	     /* of OWN_DEV, below */
	uint64_t root_id;    /* mount id of the root, if it is our tmpfs and no operation's */
	unsigned int masks;  /* mounts over dangerous entries of /proc */
	bool restrict_later; /* mounts are to be restricted when all are attached */
	struct ns_tree_error error;
	/* Told of what an operation mounted or created, by descriptor; OP NULL: the root. */
	int (*made)(void *ctx, const struct ns_op *op, int fd);
	void *made_ctx;
	/* st_dev of the file systems that are ours to create things in: the root and two a dev */
	uint64_t own_dev[2 * NS_TREE_MAX + 1];
};

/*
 * Give every source its identity (in the plan, as the caller, before any clone). When a layer
 * of an overlay is wrong, op->source becomes its path.
 */
int ns_op_identify(struct ns_op *op);

/*
 * Open the source of the bind OP in this mount namespace, with its owner's ids (a single user
 * and group, never root) mapped to those that MAP has outside, and mark it NS_MADE: inside
 * they are then the sandbox's. After ns_op_identify(). Needs CAP_SYS_ADMIN over the file
 * system: -EPERM; one that cannot be mapped, or a kernel before 5.12: -EINVAL, -ENOSYS.
 * -EACCES: it belongs to root, and so would what is created there.
 */
int ns_op_map(struct ns_op *op, int proc, const struct ns_idmap *map);

/*
 * Make every mount private (MS_REC | MS_PRIVATE from /), so that nothing that follows is
 * seen on the host, and nothing mounted there later is seen here.
 */
int ns_mounts_private(void);

/*
 * Take all sources by name in the new mount namespace, while the caller's identity still
 * opens them, and check that each is what ns_op_identify() saw: -ESTALE if it was exchanged.
 * (A descriptor from before the clone belongs to the old mount namespace and cannot be
 * cloned from: open_tree() says EINVAL.) What is taken is a clone of the mounts, not a path:
 * "/" as a source means the host's tree as it is now, without what the build adds to it.
 * It takes one descriptor a bind. After ns_mounts_private().
 */
int ns_tree_open(struct ns_tree *tree);

/*
 * Build the new root on a tmpfs: carry out the operations in order. It is mounted over "/",
 * where nothing sees it until the pivot, so no directory of the host is needed. All
 * mounts are nosuid and (NS_DEV aside) nodev. Destinations are resolved inside the new root
 * only, and never created in what belongs to the host: -EXDEV. A DEST of "/" takes the place
 * of the root and of all that was built before it. Under ids that the user namespace maps
 * (an unmapped one creates nothing in a tmpfs: -EOVERFLOW).
 */
int ns_tree_build(struct ns_tree *tree);

/* pivot_root(".", "."), detach the old root, chdir("/"). Closes tree->root. */
int ns_tree_pivot(struct ns_tree *tree);

/*
 * A private instance of /proc for our own reading, mounted nowhere: descriptor or -errno.
 * Before the pivot, in a user namespace: the kernel gives a new /proc only to those who
 * already see one without masks, and says -EPERM otherwise.
 */
int ns_proc_open(void);

/* ---- small things (net.c, pty.c, uts.c) ---- */

/*
 * A new pseudo-terminal of the instance at /dev/pts, so that its name is known inside: in
 * the new root, after the pivot. The master does not block. -ENOENT: there is no /dev/pts;
 * -ENOTTY: what is there is no devpts.
 */
int ns_pty_open(int *master, int *slave);

int ns_loopback_up(void);

/*
 * A descriptor of the network namespace that PATH is, and its inode number. -EINVAL: PATH is
 * something else.
 */
int ns_net_open(const char *path, uint64_t *inode);

/*
 * Enter the namespace of KIND (CLONE_NEW*) that FD is. Needs CAP_SYS_ADMIN over it, and for a
 * user namespace a process of one thread: -EPERM.
 */
int ns_join(int fd, unsigned long kind);

int ns_set_hostname(const char *name); /* -EINVAL unless [A-Za-z0-9.-]{1,64} */

/* ---- reading it back (audit.c) ---- */

/*
 * Is every mount that process PID sees (its directory in PROC, /proc of its namespace) one
 * that an operation of TREE made, or below such a one, and at least as closed as that
 * operation's flags say (nosuid, nodev, read-only, noexec)? Is none missing? After the pivot,
 * in the process that built TREE or a copy of it: mounts are known by the ids in there.
 * -EPERM: no; AT gets the offending mount's path. -E2BIG: more mounts than can be told apart.
 */
int ns_audit_mounts(int proc, pid_t pid, const struct ns_tree *tree, char *at, size_t size);

/* One line of /proc/PID/mountinfo. */
struct ns_mount {
	uint64_t id, parent;
	unsigned int attr; /* MOUNT_ATTR_*: RDONLY, NOSUID, NODEV, NOEXEC */
	char type[16];	   /* of the file system: "tmpfs" */
	char path[NS_PATH_MAX + 1];
};

/* Call FN for each mount that PID sees, until it does not return 0: that, or -errno. */
int ns_mounts_each(int proc, pid_t pid, int (*fn)(void *ctx, const struct ns_mount *mount),
		   void *ctx);

/* Does MOUNT's path lead PID to it? 1; 0: to another, which covers it; -errno: to nothing. */
int ns_mount_leads(int proc, pid_t pid, const struct ns_mount *mount);

/*
 * Fill INODES (one a row of ns_kinds, 0 where the kernel has none) with the namespaces that
 * PID is in; PID 0 is the caller itself.
 */
int ns_inodes(int proc, pid_t pid, uint64_t *inodes);

#endif
