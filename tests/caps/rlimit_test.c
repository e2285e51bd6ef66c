/* SPDX-License-Identifier: MIT */
/*
 * Resource limits: the table, every limit set and read back, two whose effect shows at once,
 * and core dumps. Limits are of a process, so each case runs in a child.
 */
#include "caps/caps.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

TEST(table)
{
	unsigned int seen = 0;
	int rows = 0;

	for (const struct caps_rlimit *row = caps_rlimits; row->name; row++, rows++) {
		if (rows > 0) {
			EXPECT_LT(0, strcmp(row->name, row[-1].name));
		}
		EXPECT_EQ(0, seen & 1u << row->resource);
		seen |= 1u << row->resource;
		EXPECT_EQ(row, caps_rlimit_find(row->name));
		ASSERT_NE(NULL, row->unit);
	}
	EXPECT_EQ(RLIM_NLIMITS, rows);
	EXPECT_EQ(RLIMIT_NOFILE, caps_rlimit_find("nofile")->resource);
	EXPECT_EQ(NULL, caps_rlimit_find("nofiles"));
	EXPECT_EQ(NULL, caps_rlimit_find("NOFILE"));
	EXPECT_EQ(NULL, caps_rlimit_find(""));
}

/* Small enough for every caller, large enough for this child to end in peace. */
static int lower(const void *arg)
{
	const struct caps_rlimit *row = arg;
	struct rlimit before, now, wanted;

	if (getrlimit(row->resource, &before) < 0)
		return errno;
	wanted.rlim_max = before.rlim_max < 1 << 30 ? before.rlim_max : 1 << 30;
	if (row->resource == RLIMIT_AS) /* a sanitizer has terabytes of it */
		wanted.rlim_max = (rlim_t)1 << 60;
	if (row->resource == RLIMIT_NOFILE)
		wanted.rlim_max = before.rlim_max < 64 ? before.rlim_max : 64;
	wanted.rlim_cur = wanted.rlim_max - wanted.rlim_max / 4;
	if (caps_set_rlimit(row->resource, &wanted) < 0)
		return 200;
	if (getrlimit(row->resource, &now) < 0)
		return errno;
	return now.rlim_cur == wanted.rlim_cur && now.rlim_max == wanted.rlim_max ? 0 : 201;
}

TEST(every_limit_is_set)
{
	for (const struct caps_rlimit *row = caps_rlimits; row->name; row++) {
		EXPECT_EQ(0, in_child(lower, row))
		{
			TH_LOG("%s", row->name);
		}
	}
}

static int open_ten(const void *arg)
{
	const struct rlimit *limit = arg;

	if (limit && caps_set_rlimit(RLIMIT_NOFILE, limit) < 0)
		return 200;
	for (int i = 0; i < 10; i++) {
		if (open("/", O_PATH | O_CLOEXEC) < 0)
			return errno;
	}
	return 0;
}

TEST(nofile_binds)
{
	const struct rlimit few = { 8, 8 };

	EXPECT_EQ(0, in_child(open_ten, NULL));
	EXPECT_EQ(EMFILE, in_child(open_ten, &few));
}

static int write_two_pages(const void *arg)
{
	const struct rlimit *limit = arg;
	int fd = memfd_create("caps-test", MFD_CLOEXEC);

	if (fd < 0)
		return 200;
	if (limit && caps_set_rlimit(RLIMIT_FSIZE, limit) < 0)
		return 201;
	return ftruncate(fd, 8192) < 0 ? errno : 0;
}

TEST(fsize_binds)
{
	const struct rlimit page = { 4096, 4096 };

	EXPECT_EQ(0, in_child(write_two_pages, NULL));
	EXPECT_EQ(128 + SIGXFSZ, in_child(write_two_pages, &page));
}

static int contradiction(const void *arg)
{
	const struct rlimit limit = { 2, 1 };

	(void)arg;
	return -caps_set_rlimit(RLIMIT_CORE, &limit);
}

static int no_such_limit(const void *arg)
{
	const struct rlimit limit = { 1, 1 };

	(void)arg;
	return -caps_set_rlimit(RLIM_NLIMITS, &limit);
}

TEST(what_cannot_be_is_refused)
{
	EXPECT_EQ(EINVAL, in_child(contradiction, NULL));
	EXPECT_EQ(EINVAL, in_child(no_such_limit, NULL));
}

/* Down is a way without return. */
static int down_and_up(const void *arg)
{
	const struct rlimit down = { 16, 16 }, up = { 16, 32 };
	int error = become_ordinary();

	(void)arg;
	if (error)
		return 200;
	if (caps_set_rlimit(RLIMIT_NOFILE, &down) < 0)
		return 201;
	return -caps_set_rlimit(RLIMIT_NOFILE, &up);
}

TEST(a_hard_limit_stays_down)
{
	EXPECT_EQ(EPERM, in_child(down_and_up, NULL));
}

static int no_core(const void *arg)
{
	const struct rlimit *before = arg;
	struct rlimit now;
	int error = become_ordinary();

	if (error)
		return 200;
	if (before && setrlimit(RLIMIT_CORE, before) < 0)
		return 201;
	error = caps_no_core();
	if (error < 0)
		return -error;
	if (getrlimit(RLIMIT_CORE, &now) < 0)
		return 202;
	return now.rlim_cur == 1 && now.rlim_max == 1 ? 0 : 203;
}

TEST(no_core_is_one_and_one)
{
	const struct rlimit zero = { 0, 0 }, soft_zero = { 0, 1 }, one = { 1, 1 };
	struct rlimit now;

	ASSERT_EQ(0, getrlimit(RLIMIT_CORE, &now));
	if (now.rlim_max < 1)
		SKIP(return, "the hard limit for core dumps is 0 here");
	EXPECT_EQ(0, in_child(no_core, NULL));
	EXPECT_EQ(0, in_child(no_core, &one));
	EXPECT_EQ(0, in_child(no_core, &soft_zero));
	/* A hard limit of 0 is not 1 and cannot become it: say so, rather than accept. */
	EXPECT_EQ(EPERM, in_child(no_core, &zero));
}

/* Abort in DIR; is there a core file? */
struct crash {
	const char *dir;
	bool dump;
};

static int abort_here(const void *arg)
{
	const struct crash *crash = arg;
	const struct rlimit some = { 1 << 20, 1 << 20 };

	if (chdir(crash->dir) < 0)
		return 200;
	signal(SIGABRT, SIG_DFL);
	if (crash->dump ? setrlimit(RLIMIT_CORE, &some) < 0 : caps_no_core() < 0)
		return 201;
	if (prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL) < 0)
		return 202;
	abort();
}

/* Any name that begins with "core" counts; all are removed. */
static int count_cores(const char *dir)
{
	char command[256];
	int status;

	snprintf(command, sizeof(command), "n=$(ls %s | grep -c '^core'); rm -f %s/core*; exit $n",
		 dir, dir);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(no_core_file)
{
	struct crash crash = { .dump = true };
	char dir[64], pattern[128] = "";
	struct rlimit now;
	int fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_CORE, &now));
	if (now.rlim_max < 1 << 20)
		SKIP(return, "core dumps are limited here");
	fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, read(fd, pattern, sizeof(pattern) - 1));
	close(fd);
	if (strncmp(pattern, "core", 4) != 0 || strchr(pattern, '/'))
		SKIP(return, "core_pattern does not name a file where the process is");

	ASSERT_EQ(0, make_dir(dir, sizeof(dir)));
	crash.dir = dir;
	EXPECT_EQ(128 + SIGABRT, in_child(abort_here, &crash));
	EXPECT_EQ(1, count_cores(dir));
	crash.dump = false;
	EXPECT_EQ(128 + SIGABRT, in_child(abort_here, &crash));
	EXPECT_EQ(0, count_cores(dir));
	EXPECT_EQ(0, rmdir(dir));
}

static const struct {
	const char *pattern;
	int answer;
} patterns[] = {
	{ "core\n", 0 }, { "/var/core/%e.%p\n", 0 },	  { "", 0 },
	{ "\n", 0 },	 { "|/usr/lib/handler %p\n", 1 }, { "@/run/coredump.socket\n", 1 },
};

TEST(core_handler)
{
	char dir[64];
	int proc;

	ASSERT_EQ(0, make_dir(dir, sizeof(dir)));
	proc = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, proc);
	EXPECT_EQ(-ENOENT, caps_core_has_handler(proc));
	ASSERT_EQ(0, mkdirat(proc, "sys", 0755));
	ASSERT_EQ(0, mkdirat(proc, "sys/kernel", 0755));
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		ASSERT_EQ(0, write_at(proc, "sys/kernel/core_pattern", patterns[i].pattern,
				      strlen(patterns[i].pattern)));
		EXPECT_EQ(patterns[i].answer, caps_core_has_handler(proc))
		{
			TH_LOG("pattern '%s'", patterns[i].pattern);
		}
	}
	EXPECT_EQ(0, unlinkat(proc, "sys/kernel/core_pattern", 0));
	EXPECT_EQ(0, unlinkat(proc, "sys/kernel", AT_REMOVEDIR));
	EXPECT_EQ(0, unlinkat(proc, "sys", AT_REMOVEDIR));
	EXPECT_EQ(0, rmdir(dir));
	close(proc);
}

TEST_HARNESS_MAIN
