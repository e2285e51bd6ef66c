/* SPDX-License-Identifier: MIT */
/*
 * Destinations that somebody hostile has prepared: links in what is bound from the host.
 * Nothing may appear on the host, and nothing may be mounted outside the new root.
 */
#include "tests/ns/world.h"

#include <dirent.h>

#define BIND(from, to)                                               \
	{                                                            \
		.kind = NS_OP_BIND, .source = host(from), .dest = to \
	}

/* The names in DIR, or -1. */
static int entries(const char *dir)
{
	DIR *stream = opendir(dir);
	int count = 0;

	if (!stream)
		return -1;
	while (readdir(stream))
		count++;
	closedir(stream);
	return count - 2;
}

/* Every kind of operation that creates, at DEST. */
static const struct ns_op makers[] = {
	{ .kind = NS_OP_TMPFS, .mode = 0755, .size = 65536 },
	{ .kind = NS_OP_DIR, .mode = 0755 },
	{ .kind = NS_OP_FILE, .mode = 0644, .data = "x", .len = 1 },
	{ .kind = NS_OP_SYMLINK, .source = "x" },
	{ .kind = NS_OP_PROC },
	{ .kind = NS_OP_DEV, .size = 65536 },
	{ .kind = NS_OP_BIND },
};

struct attack {
	const char *dest;
	size_t maker;
	int want;
};

static int one_attack(void *arg)
{
	const struct attack *attack = arg;
	struct ns_op ops[] = {
		{ .kind = NS_OP_DIR, .dest = "/work", .mode = 0755 },
		BIND("src", "/d"),
		makers[attack->maker],
	};
	struct ns_tree tree = TREE(ops);
	int error;

	ops[2].dest = attack->dest;
	if (ops[2].kind == NS_OP_BIND)
		ops[2].source = host("src/sub");
	error = build(&tree);
	if (error != attack->want)
		dprintf(2, "# %s, kind %d: %s: %d\n", attack->dest, ops[2].kind, tree.error.doing,
			error);
	CHECK(error == attack->want);
	if (error) {
		CHECK(tree.error.op == 2);
		return 0;
	}
	return ns_tree_pivot(&tree) == 0 ? 0 : 1;
}

static int plant(const char *target, const char *name)
{
	char text[256] = "../../../../../../../..";

	CHECK(symlink(strcat(text, target), host(name)) == 0);
	return 0;
}

/* A link out of a bound directory, relative, absolute, and to a place in the new root. */
TEST_F(world, links_out)
{
	static const struct {
		const char *dest;
		int want;
	} cases[] = {
		{ "/d/up/y", -EXDEV },	{ "/d/up", -EXDEV },	 { "/d/abs/y", -EXDEV },
		{ "/d/sub/y", -EXDEV }, { "/d/none/y", -EXDEV }, { "/d/../y", -EINVAL },
		{ "/d/work/y", 0 },	{ "/work/y", 0 },
	};

	SKIP_UNLESS_POSSIBLE();
	ASSERT_EQ(0, plant(host("target"), "src/up"));
	ASSERT_EQ(0, symlink(host("target"), host("src/abs")));
	ASSERT_EQ(0, symlink("/work", host("src/work")));
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t maker = 0; maker < COUNT(makers); maker++) {
			struct attack attack = { cases[i].dest, maker, cases[i].want };
			bool special = makers[maker].kind == NS_OP_PROC ||
				       makers[maker].kind == NS_OP_DEV;

			/* A link that is not followed at its end is just there already. */
			if (makers[maker].kind == NS_OP_SYMLINK && !strcmp(attack.dest, "/d/up"))
				attack.want = -EEXIST;
			if (special && !strcmp(attack.dest, "/d/work/y"))
				attack.want = -ELOOP;
			EXPECT_EQ(0, inside(&self->how, one_attack, &attack));
		}
	}
	EXPECT_EQ(0, entries(host("target")));
	EXPECT_EQ(0, entries(host("src/sub")));
	EXPECT_EQ(5, entries(host("src")));
}

/* A root file system whose /dev or /proc is a link: it is not followed. */
struct rootfs {
	enum ns_op_kind kind;
	const char *dest;
	int want;
};

static int rootfs_body(void *arg)
{
	const struct rootfs *rootfs = arg;
	struct ns_op ops[] = {
		BIND("src", "/"),
		{ .kind = rootfs->kind, .dest = rootfs->dest, .size = 65536 },
	};
	struct ns_tree tree = TREE(ops);

	CHECK(build(&tree) == rootfs->want);
	return rootfs->want || ns_tree_pivot(&tree) == 0 ? 0 : 1;
}

TEST_F(world, special_links)
{
	static const struct rootfs cases[] = {
		{ NS_OP_DEV, "/dev", -ELOOP },	  { NS_OP_PROC, "/proc", -ELOOP },
		{ NS_OP_DEV, "/devout", -EXDEV }, { NS_OP_PROC, "/procout", -EXDEV },
		{ NS_OP_DEV, "/sub", 0 },	  { NS_OP_PROC, "/sub", 0 },
		{ NS_OP_DEV, "/", -EINVAL },	  { NS_OP_PROC, "/", -EINVAL },
	};

	SKIP_UNLESS_POSSIBLE();
	ASSERT_EQ(0, symlink("sub", host("src/dev")));
	ASSERT_EQ(0, symlink("/sub", host("src/proc")));
	ASSERT_EQ(0, plant(host("target"), "src/devout"));
	ASSERT_EQ(0, symlink(host("target"), host("src/procout")));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rootfs rootfs = cases[i];

		EXPECT_EQ(0, inside(&self->how, rootfs_body, &rootfs))
		{
			TH_LOG("%s", cases[i].dest);
		}
	}
	EXPECT_EQ(0, entries(host("target")));
	EXPECT_EQ(0, entries(host("src/sub")));
}

/* A destination under a /proc: only names, never the links that lead out of it. */
static int through_proc(void *arg)
{
	struct ns_op ops[] = {
		{ .kind = NS_OP_PROC, .dest = "/proc" },
		{ .kind = NS_OP_DIR, .dest = "/proc/self/root/x", .mode = 0755 },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build(&tree) == -ELOOP);
	ops[1].dest = "/proc/1/cwd/x";
	close(tree.root);
	tree.nops = 2;
	CHECK(ns_tree_build(&tree) == -ELOOP);
	ops[1].dest = "/proc/new";
	close(tree.root);
	CHECK(ns_tree_build(&tree) == -EXDEV);
	return 0;
}

TEST_INSIDE(through_proc)

/* What is the host's keeps its contents and its mode. */
static int host_files(void *arg)
{
	struct ns_op ops[] = {
		BIND("src", "/d"),
		{ .kind = NS_OP_FILE, .dest = "/d/file", .mode = 0777, .data = "x", .len = 1 },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(build(&tree) == -EXDEV);
	ops[1].kind = NS_OP_CHMOD;
	CHECK(ns_tree_open(&tree) == -EACCES || ns_tree_open(&tree) == 0);
	close(tree.root);
	CHECK(ns_tree_build(&tree) == -EXDEV);
	return 0;
}

TEST_F(world, host_files)
{
	struct stat before, after;

	SKIP_UNLESS_POSSIBLE();
	ASSERT_EQ(0, stat(host("src/file"), &before));
	EXPECT_EQ(0, inside(&self->how, host_files, NULL));
	ASSERT_EQ(0, stat(host("src/file"), &after));
	EXPECT_EQ(before.st_mode, after.st_mode);
	EXPECT_TRUE(holds(host("src/file"), "host"));
}

/* A file does not go over a directory, nor a directory over a file. */
static int types(void *arg)
{
	static const struct {
		const char *source, *dest;
		int want;
	} cases[] = {
		{ "src/file", "/dir", -EISDIR }, { "src", "/file", -ENOTDIR },
		{ "src/file", "/file", 0 },	 { "src", "/dir", 0 },
		{ "src", "/file/x", -ENOTDIR },
	};

	(void)arg;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ns_op ops[] = {
			{ .kind = NS_OP_DIR, .dest = "/dir", .mode = 0755 },
			{ .kind = NS_OP_FILE, .dest = "/file", .mode = 0644, .data = "", .len = 0 },
			BIND(cases[i].source, cases[i].dest),
		};
		struct ns_tree tree = TREE(ops);

		CHECK(build(&tree) == cases[i].want);
		close(tree.root);
	}
	return 0;
}

TEST_INSIDE(types)

static int bad_operations(void *arg)
{
	static const struct {
		struct ns_op op;
		int want;
	} cases[] = {
		{ { .kind = NS_OP_TMPFS, .dest = "/t", .mode = 0755, .size = 0 }, -EINVAL },
		{ { .kind = NS_OP_TMPFS, .dest = "/t", .mode = 0755, .size = 4096 }, 0 },
		{ { .kind = NS_OP_REMOUNT_RO, .dest = "/dir" }, -EINVAL },
		{ { .kind = NS_OP_REMOUNT_RO, .dest = "/none" }, -ENOENT },
		{ { .kind = NS_OP_CHMOD, .dest = "/none", .mode = 0755 }, -ENOENT },
		{ { .kind = NS_OP_SYMLINK, .dest = "/dir", .source = "x" }, -EEXIST },
		{ { .kind = NS_OP_SYMLINK, .dest = "/", .source = "x" }, -EEXIST },
		{ { .kind = NS_OP_FILE, .dest = "/dir", .data = "" }, -EEXIST },
		{ { .kind = NS_OP_DIR, .dest = "relative", .mode = 0755 }, -EINVAL },
	};

	(void)arg;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ns_op ops[] = {
			{ .kind = NS_OP_DIR, .dest = "/dir", .mode = 0755 },
			cases[i].op,
		};
		struct ns_tree tree = TREE(ops);
		int error = build(&tree);

		if (error != cases[i].want)
			dprintf(2, "# row %zu: %d\n", i, error);
		CHECK(error == cases[i].want);
		close(tree.root);
	}
	return 0;
}

TEST_INSIDE(bad_operations)

/* ---- a race ---- */

/* Exchange a directory and a link to the target, for ever. */
static pid_t exchanger(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			renameat2(AT_FDCWD, host("src/x"), AT_FDCWD, host("src/sub"),
				  RENAME_EXCHANGE);
	}
	return pid;
}

static int racing(void *arg)
{
	struct ns_op ops[] = {
		BIND("src", "/d"),
		{ .kind = NS_OP_TMPFS, .dest = "/d/sub/y", .mode = 0755, .size = 65536 },
		{ .kind = NS_OP_TMPFS, .dest = "/d/sub", .mode = 0755, .size = 65536 },
	};
	struct ns_tree tree = TREE(ops);

	(void)arg;
	CHECK(ns_mounts_private() == 0);
	for (int i = 0; i < 300; i++) {
		int error;

		tree.nops = i % 2 ? 2 : 3;
		ops[1].skip = tree.nops == 3;
		ops[0].source = host("src");
		CHECK(ns_op_identify(&ops[0]) == 0);
		CHECK(ns_tree_open(&tree) == 0);
		error = ns_tree_build(&tree);
		/* Either a directory of the host's, or a link to nothing. */
		CHECK(error == -EXDEV || (error == 0 && tree.nops == 3));
		close(tree.root);
	}
	return 0;
}

TEST_F(world, exchanged_while_building)
{
	char target[160];
	pid_t pid;

	SKIP_UNLESS_POSSIBLE();
	if (!variant->root || variant->missing)
		SKIP(return, "once is enough");
	strcpy(target, host("target"));
	ASSERT_EQ(0, symlink(target, host("src/x")));
	pid = exchanger();
	self->how.flags = CLONE_NEWNS;
	EXPECT_EQ(0, inside(&self->how, racing, NULL));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, entries(target));
	EXPECT_EQ(3, entries(host("src")));
}

TEST_HARNESS_MAIN
