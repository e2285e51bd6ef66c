/* SPDX-License-Identifier: MIT */
/*
 * Finding a destination: a directory stands for the new root, so no privilege is needed. It
 * is "our own" file system or "the host's" as the case says.
 */
#include "ns/internal.h"
#include "tests/ns/inside.h"

#include "kselftest_harness.h"

FIXTURE(place)
{
	char dir[64];
	struct ns_tree tree;
	struct stat outside;
};

#define AT(name) ((void)snprintf(path, sizeof(path), "%s/%s", self->dir, name), path)

FIXTURE_SETUP(place)
{
	char path[128];
	struct stat st;

	strcpy(self->dir, "/tmp/resolve.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, stat("/tmp", &self->outside));
	ASSERT_EQ(0, mkdir(AT("usr"), 0755));
	ASSERT_EQ(0, mkdir(AT("usr/lib"), 0755));
	ASSERT_EQ(0, put(AT("usr/file"), "text"));
	ASSERT_EQ(0, symlink("usr/lib", AT("lib")));
	ASSERT_EQ(0, symlink("/usr/lib", AT("abs")));
	ASSERT_EQ(0, symlink("../../../../../../tmp", AT("usr/up")));
	ASSERT_EQ(0, symlink("lib/../../usr/./lib//", AT("usr/odd")));
	ASSERT_EQ(0, symlink("loop", AT("loop")));
	ASSERT_EQ(0, symlink("nowhere/at/all", AT("dangling")));
	ASSERT_EQ(0, symlink("..", AT("root")));
	self->tree.root = open(self->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_EQ(0, fstat(self->tree.root, &st));
	self->tree.own_dev[0] = st.st_dev;
	self->tree.nown = 1;
}

FIXTURE_TEARDOWN(place)
{
	close(self->tree.root);
	EXPECT_EQ(0, remove_tree(self->dir));
}

static const struct found {
	const char *path, *is; /* IS: its path below the root, NULL: missing */
	int error;
	unsigned int flags;
} founds[] = {
	{ "/", "", 0, 0 },
	{ "///", "", 0, 0 },
	{ "/.", "", 0, 0 },
	{ "/usr/lib", "usr/lib", 0, 0 },
	{ "//usr/./lib//", "usr/lib", 0, 0 },
	{ "/usr/file", "usr/file", 0, 0 },
	{ "/lib", "usr/lib", 0, 0 },
	{ "/lib", "lib", 0, NS_LINK },
	{ "/abs", "usr/lib", 0, 0 },
	{ "/usr/odd", "usr/lib", 0, 0 },
	{ "/root", "", 0, 0 },
	{ "/root/root/usr", "usr", 0, 0 },
	{ "/usr/up", NULL, -ENOENT, 0 },       /* there is no tmp in the root */
	{ "/usr/up/new", NULL, 0, NS_CREATE }, /* but our own link may make it so */
	{ "/none", NULL, -ENOENT, 0 },
	{ "/none", NULL, 0, NS_CREATE },
	{ "/x/y/z", NULL, 0, NS_CREATE },
	{ "/loop", NULL, -ELOOP, NS_CREATE },
	{ "/loop/x", NULL, -ELOOP, NS_CREATE | NS_LINK },
	{ "/usr/file/x", NULL, -ENOTDIR, NS_CREATE },
	{ "/..", NULL, -EINVAL, NS_CREATE },
	{ "/usr/..", NULL, -EINVAL, NS_CREATE },
	{ "/usr/../lib", NULL, -EINVAL, NS_CREATE },
	{ "/usr/..lib", NULL, 0, NS_CREATE },
	{ "usr", NULL, -EINVAL, NS_CREATE },
	{ "", NULL, -EINVAL, NS_CREATE },
};

TEST_F(place, names)
{
	for (size_t i = 0; i < COUNT(founds); i++) {
		const struct found *want = &founds[i];
		struct ns_place at;
		struct stat st;

		ASSERT_EQ(want->error, ns_resolve(&self->tree, want->path, want->flags, &at))
		{
			TH_LOG("%s", want->path);
		}
		ASSERT_EQ(want->is != NULL, at.fd >= 0);
		if (!want->is) {
			ns_place_release(&at);
			continue;
		}
		ASSERT_EQ(0, fstatat(self->tree.root, want->is, &st,
				     AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
		EXPECT_EQ(st.st_ino, at.st.st_ino)
		{
			TH_LOG("%s", want->path);
		}
		EXPECT_EQ(want->is[0] == '\0', at.root);
		ASSERT_EQ(0, fstatat(at.parent, at.name, &st, AT_SYMLINK_NOFOLLOW));
		EXPECT_EQ(st.st_ino, at.st.st_ino);
		ns_place_release(&at);
	}
}

/* The same directory as the host's: nothing is created, whatever the path. */
TEST_F(place, nothing_created_on_the_host)
{
	static const char *const paths[] = { "/none",	  "/x/y/z",	 "/usr/up/new",
					     "/dangling", "/dangling/x", "/lib/x" };
	char path[128];

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct ns_place at;

		self->tree.nown = 0;
		EXPECT_EQ(-EXDEV, ns_resolve(&self->tree, paths[i], NS_CREATE, &at))
		{
			TH_LOG("%s", paths[i]);
		}
	}
	EXPECT_FALSE(exists(AT("x")));
	EXPECT_FALSE(exists(AT("nowhere")));
	self->tree.nown = 1;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct ns_place at;

		EXPECT_EQ(0, ns_resolve(&self->tree, paths[i], NS_CREATE, &at));
		ns_place_release(&at);
	}
	EXPECT_TRUE(exists(AT("x/y")));
	EXPECT_TRUE(exists(AT("nowhere")));
}

/* Links of /proc lead wherever the process they speak of is; its directories are just names. */
TEST_F(place, magic_links)
{
	static const struct found cases[] = {
		{ "/self", NULL, -ELOOP, 0 },	{ "/self/root", NULL, -ELOOP, 0 },
		{ "/1/root", NULL, -ELOOP, 0 }, { "/1/root/tmp", NULL, -ELOOP, 0 },
		{ "/sys/kernel", "", 0, 0 },
	};
	struct ns_tree tree = { .root = open("/proc", O_PATH | O_CLOEXEC) };

	if (geteuid() != 0)
		SKIP(return, "only root sees /proc/1/root");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ns_place at;

		EXPECT_EQ(cases[i].error, ns_resolve(&tree, cases[i].path, 0, &at));
		ns_place_release(&at);
	}
	close(tree.root);
}

TEST_F(place, too_long)
{
	static char path[NS_PATH_MAX + 2];
	struct ns_place at;

	memset(path, '/', sizeof(path) - 1);
	EXPECT_EQ(-ENAMETOOLONG, ns_resolve(&self->tree, path, NS_CREATE, &at));
	path[NS_PATH_MAX] = '\0';
	EXPECT_EQ(0, ns_resolve(&self->tree, path, NS_CREATE, &at));
	ns_place_release(&at);
	memset(path + 1, 'n', NAME_MAX + 1);
	path[NAME_MAX + 2] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, ns_resolve(&self->tree, path, NS_CREATE, &at));
	path[NAME_MAX + 1] = '\0';
	EXPECT_EQ(0, ns_resolve(&self->tree, path, NS_CREATE, &at));
	ns_place_release(&at);
}

static int open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

TEST_F(place, no_descriptor_left)
{
	int before = open_fds();

	for (size_t i = 0; i < COUNT(founds); i++) {
		struct ns_place at;

		if (ns_resolve(&self->tree, founds[i].path, founds[i].flags, &at) == 0)
			ns_place_release(&at);
	}
	EXPECT_EQ(before, open_fds());
}

TEST_HARNESS_MAIN
