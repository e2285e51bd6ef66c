/* SPDX-License-Identifier: MIT */
/*
 * Policy files: where they are found, and which bytes are refused, and where.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

static char memory[4 << 20];

/* What the reader passed on: "file:line:column text" for each line. */
static char seen[8192];

static int take_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *error)
{
	const char *name = strrchr(place->file, '/');
	size_t len = strlen(seen);

	(void)ctx;
	if (strcmp(text, "refuse") == 0)
		return bpf_fail(error, -EINVAL, place, "refused by the test");
	snprintf(seen + len, sizeof(seen) - len, "%s:%u:%u %s\n", name ? name + 1 : place->file,
		 place->line, place->column, text);
	return 0;
}

FIXTURE(source)
{
	char dir[64];
	struct bpf_arena arena;
	struct bpf_error error;
};

FIXTURE_SETUP(source)
{
	strcpy(self->dir, "/tmp/source_test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	setenv("XDG_CONFIG_HOME", self->dir, 1);
	unsetenv("HOME");
	memset(&self->error, 0, sizeof(self->error));
	self->arena = (struct bpf_arena){ .base = memory, .size = sizeof(memory) };
	umask(022);
	seen[0] = '\0';
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

FIXTURE_TEARDOWN(source)
{
	ASSERT_EQ(0, nftw(self->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS));
}

static int write_file(const char *name, const char *text, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = write(fd, text, len);

	close(fd);
	return n == (ssize_t)len ? 0 : -1;
}

static int put(const char *name, const char *text)
{
	return write_file(name, text, strlen(text));
}

static int read_it(FIXTURE_DATA(source) * self, const char *name)
{
	self->arena.used = 0;
	seen[0] = '\0';
	return bpf_source_read(name, NULL, &self->arena, take_line, NULL, &self->error);
}

TEST_F(source, lines)
{
	ASSERT_EQ(0, put("p", "# a comment\n"
			      "\n"
			      "default kill\n"
			      "\t allow read  # why\n"
			      "allow a#b\n"
			      " \t \n"
			      "x#\n"
			      "allow write"));
	ASSERT_EQ(0, read_it(self, "./p"))
	{
		TH_LOG("%s", self->error.text);
	}
	EXPECT_STREQ("p:3:1 default kill\np:4:3 allow read\np:5:1 allow a#b\np:7:1 x#\n"
		     "p:8:1 allow write\n",
		     seen);
	/* The error of whoever takes the lines comes through. */
	ASSERT_EQ(0, put("p", "a\nrefuse\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_STREQ("refused by the test", self->error.text);
	EXPECT_EQ(2, self->error.place.line);
}

/* Each is refused at its place, and its neighbour is taken. */
static const struct {
	const char *text;
	size_t len;
	unsigned int line, column;
	const char *says;
} bytes[] = {
#define BYTES(text) text, sizeof(text) - 1
	{ BYTES("allow r\0ead\n"), 1, 8, "U+0000" },
	{ BYTES("allow\n\x1b[2Jread\n"), 2, 1, "U+001B" },
	{ BYTES("allow read\rkill read\n"), 1, 11, "U+000D" },
	{ BYTES("allow read\r"), 1, 11, "U+000D" },
	{ BYTES("a\x7f\n"), 1, 2, "U+007F" },
	{ BYTES("a \xc2\x85\n"), 1, 3, "U+0085" },
	{ BYTES("a # \xe2\x80\xae evil\n"), 1, 5, "U+202E" },
	{ BYTES("a\n # \xe2\x80\xa8 b\n"), 2, 4, "U+2028" },
	{ BYTES("a\xe2\x80\x8b\n"), 1, 2, "U+200B" },
	{ BYTES("a\xef\xbb\xbf\n"), 1, 2, "U+FEFF" },
	{ BYTES("a\xff\n"), 1, 2, "0xff is not UTF-8" },
	{ BYTES("a\x80\n"), 1, 2, "0x80" },
	{ BYTES("a\xc3"), 1, 2, "0xc3" },
	{ BYTES("a\xc3\n"), 1, 2, "0xc3" },
	{ BYTES("a\xc0\xaf\n"), 1, 2, "0xc0" },
	{ BYTES("a\xe0\x80\xaf\n"), 1, 2, "0xe0" },
	{ BYTES("a\xed\xa0\x80\n"), 1, 2, "0xed" },
	{ BYTES("a\xf4\x90\x80\x80\n"), 1, 2, "0xf4" },
	{ BYTES("a\xf8\x88\x80\x80\x80\n"), 1, 2, "0xf8" },
	{ BYTES("# \xff"), 1, 3, "0xff" },
	{ BYTES(""), 0, 0, "nothing in this policy" },
	{ BYTES("\n\n# only this\n"), 3, 1, "nothing in this policy" },
	{ BYTES("\xef\xbb\xbf"), 0, 0, "nothing in this policy" },
	{ BYTES("a\xc3\xa4 # \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7\n"), 0, 0, NULL },
	{ BYTES("\xef\xbb\xbf"
		"a\r\nb\r\n\r\n"),
	  0, 0, NULL },
	{ BYTES("a\tb\n"), 0, 0, NULL },
#undef BYTES
};

TEST_F(source, each_byte)
{
	size_t i;

	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		ASSERT_EQ(0, write_file("p", bytes[i].text, bytes[i].len));
		ASSERT_EQ(bytes[i].says ? -EINVAL : 0, read_it(self, "./p"))
		{
			TH_LOG("case %zu: %s", i, self->error.text);
		}
		if (!bytes[i].says)
			continue;
		EXPECT_NE(NULL, strstr(self->error.text, bytes[i].says))
		{
			TH_LOG("case %zu: %s", i, self->error.text);
		}
		EXPECT_EQ(bytes[i].line, self->error.place.line);
		EXPECT_EQ(bytes[i].column, self->error.place.column);
		EXPECT_STREQ("./p", self->error.place.file);
	}
}

TEST_F(source, limits)
{
	static char text[(1 << 20) + 2];

	memset(text, 'a', sizeof(text));
	text[4096] = '\n';
	ASSERT_EQ(0, write_file("p", text, 4097));
	EXPECT_EQ(0, read_it(self, "./p"));
	text[4096] = 'a';
	ASSERT_EQ(0, write_file("p", text, 4097));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "4096"));
	memset(text, '\n', sizeof(text));
	text[0] = 'a';
	ASSERT_EQ(0, write_file("p", text, 1 << 20));
	EXPECT_EQ(0, read_it(self, "./p"));
	ASSERT_EQ(0, write_file("p", text, (1 << 20) + 1));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "1 MiB"));
	ASSERT_EQ(0, write_file("p", text, 1000));
	EXPECT_EQ(0, read_it(self, "./p"));
	self->arena.size = 1000;
	EXPECT_EQ(-E2BIG, read_it(self, "./p"));
}

TEST_F(source, only_regular_files)
{
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, mkfifo("fifo", 0644));
	ASSERT_EQ(0, put("p", "a\n"));
	ASSERT_EQ(0, symlink("p", "link"));
	ASSERT_EQ(0, symlink("nowhere", "dangling"));
	EXPECT_EQ(-EINVAL, read_it(self, "./dir"));
	EXPECT_EQ(-EINVAL, read_it(self, "./fifo"));
	EXPECT_EQ(-EINVAL, read_it(self, "/dev/zero"));
	EXPECT_EQ(0, read_it(self, "./link"));
	EXPECT_EQ(-ENOENT, read_it(self, "./dangling"));
	EXPECT_EQ(-ENOENT, read_it(self, "./p/x"));
	EXPECT_EQ(-ENOENT, read_it(self, "./none"));
	EXPECT_NE(NULL, strstr(self->error.text, "./none"));
	EXPECT_STREQ("./none", self->error.place.file);
}

/* A place can be printed; two files have two names there, too. */
TEST_F(source, names_are_shown_printable)
{
	char longest[PATH_MAX + 1];

	ASSERT_EQ(0, put("p\033\n\xff\\", "a\nrefuse\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p\033\n\xff\\"));
	EXPECT_STREQ("./p\\x1b\\x0a\\xff\\x5c", self->error.place.file);
	ASSERT_EQ(0, put("q", "include ./p\\x1b\n"));
	ASSERT_EQ(0, put("p\\x1b", "refuse\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./q"));
	EXPECT_STREQ("./p\\x5cx1b", self->error.place.file);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[PATH_MAX] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, read_it(self, longest));
	EXPECT_EQ(NULL, self->error.place.file);
	longest[PATH_MAX - 1] = '\0';
	EXPECT_EQ(-EINVAL, read_it(self, longest));
	EXPECT_NE(NULL, strstr(self->error.text, "too long"));
}

/* It says that it is empty, and is not. */
TEST_F(source, what_grows_is_not_read)
{
	EXPECT_EQ(-EINVAL, read_it(self, "/proc/self/status"));
	EXPECT_NE(NULL, strstr(self->error.text, "grew"))
	{
		TH_LOG("%s", self->error.text);
	}
}

TEST_F(source, root_takes_no_strangers_rules)
{
	if (geteuid() != 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, put("p", "a\n"));
	EXPECT_EQ(0, read_it(self, "./p"));
	ASSERT_EQ(0, chmod("p", 0664));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	ASSERT_EQ(0, chmod("p", 0646));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "written by others"));
	ASSERT_EQ(0, chmod("p", 0644));
	if (chown("p", 12345, 0) < 0)
		SKIP(return, "cannot give a file away here");
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "12345"));
	/* For anybody else it is a file like another. */
	ASSERT_EQ(0, chmod(".", 0755));
	ASSERT_EQ(0, chmod("p", 0666));
	ASSERT_EQ(0, seteuid(12346));
	EXPECT_EQ(0, read_it(self, "./p"));
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(source, names)
{
	static const char *const bad[] = { "", "-x", ".x", "a b", "a\n", "..", "a:b", "\xc3\xa4" };
	char datadir[80];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(-EINVAL, read_it(self, bad[i]));
	/* Not from the current directory. */
	ASSERT_EQ(0, put("test-name", "here\n"));
	EXPECT_EQ(-ENOENT, read_it(self, "test-name"));
	EXPECT_NE(NULL, strstr(self->error.text, "no policy 'test-name'"));
	/* From the data directory, unless the user has one. */
	ASSERT_EQ(0, mkdir("data", 0755));
	ASSERT_EQ(0, put("data/test-name", "data\n"));
	snprintf(datadir, sizeof(datadir), "%s/data", self->dir);
	EXPECT_EQ(0, bpf_source_read("test-name", datadir, &self->arena, take_line, NULL,
				     &self->error));
	EXPECT_STREQ("test-name:1:1 data\n", seen);
	ASSERT_EQ(0, mkdir("sbrun", 0755));
	ASSERT_EQ(0, put("sbrun/test-name", "user\n"));
	seen[0] = '\0';
	EXPECT_EQ(0, bpf_source_read("test-name", datadir, &self->arena, take_line, NULL,
				     &self->error));
	EXPECT_STREQ("test-name:1:1 user\n", seen);
	/* $XDG_CONFIG_HOME must be absolute, says its specification; then $HOME. */
	setenv("XDG_CONFIG_HOME", ".", 1);
	setenv("HOME", self->dir, 1);
	EXPECT_EQ(-ENOENT, read_it(self, "test-name"));
	ASSERT_EQ(0, mkdir(".config", 0755));
	ASSERT_EQ(0, rename("sbrun", ".config/sbrun"));
	EXPECT_EQ(0, read_it(self, "test-name"));
}

/* After su or setpriv, HOME may be that of another user. */
TEST_F(source, directory_of_another)
{
	ASSERT_EQ(0, chmod(".", 0755));
	ASSERT_EQ(0, mkdir("sbrun", 0755));
	ASSERT_EQ(0, put("sbrun/test-name", "mine\n"));
	EXPECT_EQ(0, read_it(self, "test-name"));
	if (seteuid(12346) < 0)
		SKIP(return, "needs to be root to be another");
	EXPECT_EQ(-ENOENT, read_it(self, "test-name"));
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(source, built_in)
{
	if (!bpf_builtins[0].name)
		SKIP(return, "no policy is built in");
	ASSERT_EQ(0, read_it(self, bpf_builtins[0].name));
	EXPECT_GT(strlen(seen), 0);
	ASSERT_EQ(0, mkdir("sbrun", 0755));
	snprintf(seen, sizeof(seen), "sbrun/%s", bpf_builtins[0].name);
	ASSERT_EQ(0, put(seen, "mine\n"));
	ASSERT_EQ(0, read_it(self, bpf_builtins[0].name));
	EXPECT_NE(NULL, strstr(seen, ":1:1 mine\n"));
}

TEST_F(source, includes)
{
	ASSERT_EQ(0, mkdir("sub", 0755));
	ASSERT_EQ(0, mkdir("sbrun", 0755));
	ASSERT_EQ(0, put("p", "one\n include sub/q # there\ninclude\tnamed\ntwo\n"));
	ASSERT_EQ(0, put("sub/q", "three\ninclude ./r\ninclude ../s\n"));
	ASSERT_EQ(0, put("sub/r", "four\n"));
	ASSERT_EQ(0, put("s", "includes\n"));
	ASSERT_EQ(0, put("sbrun/named", "five\ninclude ../s"));
	ASSERT_EQ(0, read_it(self, "./p"))
	{
		TH_LOG("%s", self->error.text);
	}
	EXPECT_STREQ("p:1:1 one\nq:1:1 three\nr:1:1 four\ns:1:1 includes\nnamed:1:1 five\n"
		     "s:1:1 includes\np:4:1 two\n",
		     seen);
	/* What is wrong with the file is told at the line that includes it. */
	ASSERT_EQ(0, put("p", "one\n  include ./none\n"));
	EXPECT_EQ(-ENOENT, read_it(self, "./p"));
	EXPECT_STREQ("./p", self->error.place.file);
	EXPECT_EQ(2, self->error.place.line);
	EXPECT_EQ(3, self->error.place.column);
	ASSERT_EQ(0, put("p", "include\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	ASSERT_EQ(0, put("p", "include a b\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	ASSERT_EQ(0, put("p", "include /dev/null\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "regular"));
}

/* Neither a thousand includes nor a few that multiply. */
TEST_F(source, too_many_files)
{
	char name[16], text[256];
	FILE *file;

	for (unsigned int n = 999; n <= 1000; n++) {
		ASSERT_EQ(0, put("q", "a\n"));
		file = fopen("p", "we");
		ASSERT_NE(NULL, file);
		for (unsigned int i = 0; i < n; i++)
			fputs("include ./q\n", file);
		fclose(file);
		EXPECT_EQ(n < 1000 ? 0 : -EINVAL, read_it(self, "./p"));
	}
	EXPECT_NE(NULL, strstr(self->error.text, "1000 files"));
	EXPECT_EQ(1000, self->error.place.line);
	for (unsigned int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(text, sizeof(text), "include ./n%u\ninclude ./n%u\ninclude ./n%u\n", i + 1,
			 i + 1, i + 1);
		ASSERT_EQ(0, put(name, text));
	}
	ASSERT_EQ(0, put("n8", "a\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./n0"));
	EXPECT_NE(NULL, strstr(self->error.text, "1000 files"));
}

TEST_F(source, cycles_and_depth)
{
	char name[16], text[32];
	unsigned int i;

	ASSERT_EQ(0, put("p", "a\ninclude ./p\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "while it is being read"));
	/* By whatever name. */
	ASSERT_EQ(0, symlink("p", "link"));
	ASSERT_EQ(0, put("p", "a\ninclude ./q\n"));
	ASSERT_EQ(0, put("q", "a\ninclude ./link\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./p"));
	EXPECT_NE(NULL, strstr(self->error.text, "while it is being read"));
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(text, sizeof(text), "include ./n%u\n", i + 1);
		ASSERT_EQ(0, put(name, i == 8 ? "end\n" : text));
	}
	EXPECT_EQ(0, read_it(self, "./n0"));
	EXPECT_STREQ("n8:1:1 end\n", seen);
	ASSERT_EQ(0, put("n8", "include ./n9\n"));
	ASSERT_EQ(0, put("n9", "end\n"));
	EXPECT_EQ(-EINVAL, read_it(self, "./n0"));
	EXPECT_NE(NULL, strstr(self->error.text, "8 deep"));
	EXPECT_STREQ("./n8", self->error.place.file);
}

TEST_HARNESS_MAIN
