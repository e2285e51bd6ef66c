/* SPDX-License-Identifier: MIT */
/*
 * What is put over what is there: overlays, data, masks, message queues. And the audit, which
 * must see when one of them is missing or open: the process still has its capabilities, so
 * it can play the attacker.
 */
#include "tests/ns/world.h"

#define REMOUNT (MS_REMOUNT | MS_BIND)

/* Read the mounts back as a sandbox does; before the pivot took the whole /proc away. */
static int checked(struct ns_tree *tree, const char *spoil)
{
	int proc = ns_proc_open(), error;
	char at[64];

	CHECK(proc >= 0);
	CHECK(build_and_pivot(tree) == 0);
	CHECK(ns_audit_mounts(proc, 0, tree, at, sizeof(at)) == 0);
	if (!spoil) {
		close(proc);
		return 0;
	}
	/* Open it; and then take it away. */
	CHECK(mount(NULL, spoil, NULL, REMOUNT, NULL) == 0);
	error = ns_audit_mounts(proc, 0, tree, at, sizeof(at));
	CHECK(error == -EPERM && strcmp(at, spoil) == 0);
	CHECK(umount2(spoil, MNT_DETACH) == 0);
	error = ns_audit_mounts(proc, 0, tree, at, sizeof(at));
	CHECK(error == -EPERM && strcmp(at, spoil) == 0);
	close(proc);
	return 0;
}

/* ---- data ---- */

static int data_over_a_file(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/src" },
		{ .kind = NS_OP_DATA, .dest = "/src/file", .mode = 0640, .data = "ours", .len = 4 },
		{ .kind = NS_OP_DATA,
		  .dest = "/new",
		  .flags = NS_RDONLY,
		  .mode = 0604,
		  .data = "new",
		  .len = 3 },
		{ .kind = NS_OP_CHMOD, .dest = "/src/file", .mode = 0600 },
	};
	struct ns_tree tree = TREE(ops);
	struct stat st;

	(void)arg;
	CHECK(checked(&tree, NULL) == 0);
	CHECK(holds("/src/file", "ours") && holds("/new", "new"));
	CHECK(stat("/src/file", &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(stat("/new", &st) == 0 && (st.st_mode & 07777) == 0604);
	CHECK(put("/src/file", "more") == 0);
	CHECK_ERRNO(open("/new", O_WRONLY | O_CLOEXEC), EROFS);
	CHECK(umount2("/src/file", MNT_DETACH) == 0);
	CHECK(holds("/src/file", "host"));
	return 0;
}

TEST_INSIDE(data_over_a_file)

static int data_needs_a_file(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/src" },
		{ .kind = NS_OP_DATA, .dest = "/src/sub", .mode = 0640, .data = "", .len = 0 },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build(&tree) == -EISDIR);
	return 0;
}

TEST_INSIDE(data_needs_a_file)

static int data_creates_nothing_on_the_host(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/src" },
		{ .kind = NS_OP_DATA, .dest = "/src/none", .mode = 0640, .data = "", .len = 0 },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build(&tree) == -EXDEV);
	CHECK(!exists(host("src/none")));
	return 0;
}

TEST_INSIDE(data_creates_nothing_on_the_host)

/* ---- masks ---- */

static int masked(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/src" },
		{ .kind = NS_OP_MASK, .dest = "/src/file" },
		{ .kind = NS_OP_MASK, .dest = "/src/sub" },
		{ .kind = NS_OP_MASK, .dest = "/src/none", .flags = NS_TRY },
	};
	struct ns_tree tree = TREE(ops);
	const unsigned long all = ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_RDONLY;

	CHECK(checked(&tree, *(const char *const *)arg) == 0);
	if (*(const char *const *)arg)
		return 0;
	CHECK(holds("/src/file", ""));
	CHECK((mount_flags("/src/file") & all) == all && (mount_flags("/src/sub") & all) == all);
	CHECK_ERRNO(open("/src/file", O_WRONLY | O_CLOEXEC), EROFS);
	CHECK_ERRNO(mkdir("/src/sub/new", 0755), EROFS);
	CHECK_ERRNO(unlink("/src/file"), EBUSY);
	CHECK_ERRNO(rename("/src/sub", "/src/other"), EBUSY);
	CHECK(!exists("/src/none"));
	return 0;
}

TEST_F(world, masks)
{
	static const char *const spoiled[] = { NULL, "/src/file", "/src/sub" };

	SKIP_UNLESS_POSSIBLE();
	for (size_t i = 0; i < COUNT(spoiled); i++) {
		const char *spoil = spoiled[i];

		EXPECT_EQ(0, inside(&self->how, masked, &spoil));
	}
}

static int mask_of_nothing(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/src" },
		{ .kind = NS_OP_MASK, .dest = "/src/none" },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build(&tree) == -ENOENT && tree.error.op == 1);
	CHECK(!exists(host("src/none")));
	return 0;
}

TEST_INSIDE(mask_of_nothing)

/* ---- overlays ---- */

/* 0; or 77: this kernel has none in a user namespace. */
static int overlaid(void *arg)
{
	struct ns_layer layers[] = { { .path = host("src") }, { .path = host("target") } };
	struct ns_op ops[] = {
		{ .kind = NS_OP_OVERLAY,
		  .dest = "/o",
		  .flags = *(const unsigned int *)arg,
		  .layers = layers,
		  .nlayers = COUNT(layers),
		  .size = 65536,
		  .inodes = 100 },
	};
	struct ns_tree tree = TREE(ops);
	int proc = ns_proc_open(), error;
	char at[64];

	CHECK(proc >= 0);
	error = build(&tree);
	if (error == -EPERM || error == -ENODEV)
		return 77;
	CHECK(error == 0 && ns_tree_pivot(&tree) == 0);
	CHECK(ns_audit_mounts(proc, 0, &tree, at, sizeof(at)) == 0);
	CHECK(layers[0].fd == -1 && layers[1].fd == -1);
	CHECK(exists("/o/sub") && holds("/o/file", "host"));
	CHECK((mount_flags("/o") & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
	if (ops[0].flags & NS_RDONLY) {
		CHECK_ERRNO(mkdir("/o/new", 0755), EROFS);
		CHECK(mount(NULL, "/o", NULL, REMOUNT | MS_NOSUID | MS_NODEV, NULL) == 0);
	} else {
		CHECK(mkdir("/o/new", 0755) == 0);
		CHECK(mount(NULL, "/o", NULL, REMOUNT, NULL) == 0);
	}
	CHECK(ns_audit_mounts(proc, 0, &tree, at, sizeof(at)) == -EPERM);
	CHECK(strcmp(at, "/o") == 0);
	return 0;
}

TEST_F(world, overlays)
{
	static const unsigned int flags[] = { 0, NS_RDONLY };

	SKIP_UNLESS_POSSIBLE();
	for (size_t i = 0; i < COUNT(flags); i++) {
		unsigned int how = flags[i];
		int status = inside(&self->how, overlaid, &how);

		if (status == 77) {
			SKIP(return, "no overlays in a user namespace");
		}
		EXPECT_EQ(0, status);
	}
}

static int exchanged_layer(void *arg)
{
	struct ns_layer layer = { .path = host("src") };
	struct ns_op op = { .kind = NS_OP_OVERLAY, .dest = "/o", .layers = &layer, .nlayers = 1 };
	struct ns_tree tree = { .ops = &op, .nops = 1, .root = -1 };

	(void)arg;
	CHECK(ns_mounts_private() == 0);
	CHECK(ns_op_identify(&op) == 0);
	CHECK(ns_tree_open(&tree) == 0);
	layer.path = host("target"); /* as if it had been exchanged */
	CHECK(ns_tree_open(&tree) == -ESTALE);
	return 0;
}

TEST_INSIDE(exchanged_layer)

static int wrong_layer(void *arg)
{
	struct ns_layer layer = { .path = host("src/file") };
	struct ns_op op = { .kind = NS_OP_OVERLAY, .dest = "/o", .layers = &layer, .nlayers = 1 };

	(void)arg;
	CHECK(ns_op_identify(&op) == -ENOTDIR && op.source == layer.path);
	layer.path = host("none");
	CHECK(ns_op_identify(&op) == -ENOENT && op.source == layer.path);
	return 0;
}

TEST_INSIDE(wrong_layer)

/* ---- message queues ---- */

static int queues(void *arg)
{
	struct ns_op ops[] = { { .kind = NS_OP_MQUEUE, .dest = "/mq" } };
	struct ns_tree tree = TREE(ops);
	const unsigned long all = ST_NOSUID | ST_NODEV | ST_NOEXEC;

	(void)arg;
	CHECK(checked(&tree, NULL) == 0);
	CHECK((mount_flags("/mq") & all) == all);
	CHECK(close(open("/mq/queue", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == 0);
	CHECK(exists("/mq/queue"));
	return 0;
}

/* The queues are those of the IPC namespace, which must be the sandbox's own. */
TEST_F(world, queues)
{
	SKIP_UNLESS_POSSIBLE();
	self->how.flags |= CLONE_NEWIPC;
	EXPECT_EQ(0, inside(&self->how, queues, &self->how));
}

/* ---- being told ---- */

struct told {
	unsigned int root, ops[4];
};

static int note(void *ctx, const struct ns_op *op, int fd)
{
	struct told *told = ctx;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!op)
		told->root++;
	else
		told->ops[op->number]++;
	return op && op->number == 3 ? -EDOM : 0;
}

/* Of the root and of each mount and file, once; and an error ends it. */
static int told_of(void *arg)
{
	struct told told = { 0 };
	struct ns_op ops[] = {
		{ .kind = NS_OP_BIND, .source = host("src"), .dest = "/src", .number = 0 },
		{ .kind = NS_OP_FILE, .dest = "/f", .mode = 0644, .data = "", .number = 1 },
		{ .kind = NS_OP_DIR, .dest = "/d", .mode = 0755, .number = 2 },
		{ .kind = NS_OP_TMPFS, .dest = "/t", .size = 4096, .number = 3 },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	tree.made = note;
	tree.made_ctx = &told;
	CHECK(build(&tree) == -EDOM);
	CHECK(told.root == 1 && told.ops[0] == 1 && told.ops[1] == 1);
	CHECK(told.ops[2] == 0 && told.ops[3] == 1);
	return 0;
}

TEST_INSIDE(told_of)

TEST_HARNESS_MAIN
