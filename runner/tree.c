/* SPDX-License-Identifier: MIT */
/*
 * The plan of the file tree: descriptors are read, accounts written, sources looked at, and room
 * is made for the descriptors that the building will need, one a source.
 */
#include "runner/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_MAX (16u << 20)

/* What is open beside the sources, at the most: pipes, /proc, the way to a destination. */
#define OTHER_FDS 64

/* The whole of what can be read from descriptor FD. */
static void read_data(struct plan *plan, struct ns_op *op, int fd)
{
	struct bpf_arena *arena = plan->spec->arena;

	op->data = read_all(arena, fd, DATA_MAX, &op->len);
	if (!op->data)
		fail("%s: read descriptor %d: %s", escaped(arena, op->dest), fd, strerror(errno));
}

static const char *passwd_text(const struct plan *plan)
{
	struct bpf_arena *arena = plan->spec->arena;
	const struct ns_idmap *map = &plan->idmap;
	const char *own = "";

	if (map->inside_uid != 0)
		own = xprintf(arena, "user:x:%u:%u::/tmp:/bin/sh\n", map->inside_uid,
			      map->inside_gid);
	return xprintf(arena, "root:x:0:0::/:/bin/sh\n%snobody:x:65534:65534::/:/bin/false\n", own);
}

static const char *group_text(const struct plan *plan)
{
	struct bpf_arena *arena = plan->spec->arena;
	const struct ns_idmap *map = &plan->idmap;
	const char *own = "";

	if (map->inside_gid != 0)
		own = xprintf(arena, "user:x:%u:\n", map->inside_gid);
	return xprintf(arena, "root:x:0:\n%snogroup:x:65534:\n", own);
}

static const char *resolver_text(const struct plan *plan)
{
	switch (plan->spec->net) {
	case NET_NONE:
		return "# no network, no resolver\n";
	case NET_PASTA: /* it hands on to the host's, which may be on a loopback out of reach */
		return "nameserver " PASTA_RESOLVER "\n";
	default:
		return NULL;
	}
}

static const char *hosts_text(const struct plan *plan)
{
	(void)plan;
	return "127.0.0.1 localhost\n::1 localhost\n";
}

/* /etc/passwd, say: root, the sandbox's user, nobody. */
static void make_text(struct plan *plan, struct ns_op *op)
{
	static const struct {
		const char *name;
		const char *(*text)(const struct plan *plan);
	} files[] = {
		{ "passwd", passwd_text },
		{ "group", group_text },
		{ "resolv.conf", resolver_text },
		{ "hosts", hosts_text },
	};
	unsigned int i = 0;

	while (strcmp(files[i].name, op->source) != 0)
		i++;
	op->data = files[i].text(plan);
	if (op->data) {
		op->len = strlen(op->data);
	} else { /* the network's resolver is the host's */
		int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			fail("resolver: /etc/resolv.conf: %s", strerror(errno));
		read_data(plan, op, fd);
		close(fd);
	}
}

/*
 * The operations in order, but for remount-ro, which comes last: a policy can make the root
 * read-only, and an option still add to it.
 */
static struct ns_op *order_operations(const struct spec *spec)
{
	struct ns_op *ops = xalloc(spec->arena, spec->nops * sizeof(*ops) + 1);
	unsigned int n = 0;

	for (int last = 0; last <= 1; last++) {
		for (unsigned int i = 0; i < spec->nops; i++) {
			if ((spec->ops[i].kind == NS_OP_REMOUNT_RO) == last)
				ops[n++] = spec->ops[i];
		}
	}
	return ops;
}

/*
 * What descriptor FD is can only be bound by a name: the mount that it came through is not in
 * the new mount namespace. The name is the kernel's own for it, and if it does not lead back
 * to the same file when the sandbox is built, nothing is run.
 */
static void name_source(const struct plan *plan, struct ns_op *op)
{
	struct bpf_arena *arena = plan->spec->arena;
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t len;

	snprintf(link, sizeof(link), "self/fd/%d", op->source_fd);
	len = readlinkat(plan->proc, link, path, sizeof(path) - 1);
	if (len < 0 || fstat(op->source_fd, &st) < 0)
		fail("bind-fd %s: descriptor %d is not open", escaped(arena, op->dest),
		     op->source_fd);
	path[len] = '\0';
	op->source = xprintf(arena, "%s", path);
	if (path[0] != '/' || ns_op_identify(op) || op->source_dev != st.st_dev ||
	    op->source_ino != st.st_ino)
		fail("bind-fd %s: descriptor %d has no name any more that leads to it: %s",
		     escaped(arena, op->dest), op->source_fd, escaped(arena, path));
}

static void identify(const struct plan *plan, struct ns_op *op)
{
	int err = ns_op_identify(op);

	if (err)
		fail("%s %s: %s%s", op->kind == NS_OP_BIND ? "bind" : "overlay",
		     escaped(plan->spec->arena, op->source), strerror(-err),
		     err == -ENOENT && op->kind == NS_OP_BIND ?
			     "\nfix: a -try at the end of the directive's name lets it be missing" :
			     "");
}

/* Only root can, which is not asked for: what the kernel says decides. */
static void map_ids(const struct plan *plan, struct ns_op *op)
{
	const int err = ns_op_map(op, plan->proc, &plan->idmap);
	const char *cause = "";

	if (err == -EPERM)
		cause = "\ncause: only root may map the ids of files";
	else if (err == -EACCES)
		cause = "\ncause: it belongs to root, and so would what is created there";
	else if (err == -EINVAL || err == -ENOSYS)
		cause = "\ncause: the kernel cannot map the ids of this file system (ext4, xfs, btrfs: "
			"since Linux 5.12 to 5.15)";
	if (err)
		fail("bind %s: idmap: %s%s", escaped(plan->spec->arena, op->source), strerror(-err),
		     cause);
}

/* The payload gets the caller's own limit back, or the policy's. */
static void make_room(struct plan *plan, rlim_t needed)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &plan->own_nofile) < 0)
		fail("rlimit nofile: %s", strerror(errno));
	limit = plan->own_nofile;
	if (needed <= limit.rlim_cur)
		return;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	if (needed > limit.rlim_max || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("files: %llu descriptors are needed, one for each source, and there may be "
		     "%llu\nfix: ulimit -Hn %llu",
		     (unsigned long long)needed, (unsigned long long)limit.rlim_max,
		     (unsigned long long)needed);
}

void plan_tree(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct ns_op *ops = order_operations(spec);
	rlim_t needed = OTHER_FDS;

	for (unsigned int i = 0; i < spec->nops; i++) {
		struct ns_op *op = &ops[i];
		const int fd = op->source_fd;

		if (op->kind == NS_OP_FILE && op->source)
			make_text(plan, op);
		else if (op->kind == NS_OP_FILE || op->kind == NS_OP_DATA)
			read_data(plan, op, fd);
		else if (op->kind == NS_OP_BIND && !op->source)
			name_source(plan, op);
		else if (op->kind == NS_OP_BIND || op->kind == NS_OP_OVERLAY)
			identify(plan, op);
		op->source_fd = -1;
		if ((op->flags & NS_IDMAP) && !op->skip)
			map_ids(plan, op);
		if (!op->skip)
			needed += op->kind == NS_OP_BIND ? 1 : op->nlayers;
	}
	make_room(plan, needed);
	plan->tree.ops = ops;
	plan->tree.nops = spec->nops;
	plan->tree.root = -1;
}

void plan_tree_again(struct plan *plan)
{
	for (size_t i = 0; i < plan->tree.nops; i++) {
		struct ns_op *op = &plan->tree.ops[i];

		if (!(op->flags & NS_MADE))
			continue;
		close(op->source_fd);
		op->flags &= ~NS_MADE;
		map_ids(plan, op);
	}
}
