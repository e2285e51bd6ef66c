/* SPDX-License-Identifier: MIT */
/*
 * The status file against the system calls, for a process in several states; and files that
 * no kernel writes, or only an old one does.
 */
#include "caps/caps.h"

#include <stdio.h>
#include <sys/capability.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

/* ---- the real one ---- */

static int same(pid_t pid, unsigned int mode, unsigned int filters)
{
	struct caps_state asked, read;
	unsigned int got_mode = 77, got_filters = 77;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = caps_read_status(proc, pid, &read, &got_mode, &got_filters);

	close(proc);
	if (error < 0 || caps_read(&asked) < 0)
		return 200;
	if (asked.effective != read.effective || asked.permitted != read.permitted ||
	    asked.inheritable != read.inheritable)
		return 201;
	if (asked.bounding != read.bounding || asked.ambient != read.ambient)
		return 202;
	if (asked.no_new_privs != read.no_new_privs || read.securebits != 0)
		return 203;
	if (got_mode != mode)
		return 204;
	return got_filters == filters || got_filters == CAPS_FILTERS_UNKNOWN ? 0 : 205;
}

static int add_filter(void)
{
	const struct lie lie = { SYS_getppid, -1, 0, 0 };

	return tell_lie(&lie);
}

static int states(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (caps_read(&state) < 0 || (same(0, 0, 0) | same(getpid(), 0, 0)))
		return 100;
	if (state.effective & CAPS_BIT(CAP_SETPCAP)) {
		if (caps_drop_bounding(CAPS_BIT(CAP_KILL)) < 0 || same(0, 0, 0))
			return 101;
		if (caps_limit(CAPS_BIT(CAP_KILL) | CAPS_BIT(CAP_SETUID)) < 0 || same(0, 0, 0))
			return 102;
	}
	if (caps_limit(0) < 0 || same(0, 0, 0))
		return 103;
	if (caps_no_new_privs() < 0 || same(0, 0, 0))
		return 104;
	if (add_filter() || same(0, 2, 1))
		return 105;
	if (add_filter() || same(getpid(), 2, 2))
		return 106;
	return 0;
}

TEST(status_says_what_the_calls_say)
{
	struct caps_state state;
	unsigned int mode, filters;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (caps_read_status(proc, 0, &state, &mode, &filters) < 0)
		SKIP(return, "no /proc");
	close(proc);
	if (mode != 0 || state.no_new_privs)
		SKIP(return, "confined already");
	EXPECT_EQ(0, in_child(states, NULL));
}

static int gone(const void *arg)
{
	(void)arg;
	return 0;
}

TEST(no_such_process)
{
	struct caps_state state = { .effective = 7 };
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(gone(NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(-ENOENT, caps_read_status(proc, pid, &state, NULL, NULL));
	EXPECT_EQ(7, state.effective);
	EXPECT_EQ(-EBADF, caps_read_status(-1, 1, &state, NULL, NULL));
	EXPECT_EQ(0, caps_read_status(proc, 0, &state, NULL, NULL));
	close(proc);
}

/* ---- others ---- */

#define SETS                                                                                \
	"CapInh:\t0000000000000001\nCapPrm:\t0000000000000002\nCapEff:\t0000000000000003\n" \
	"CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000004\n"

static const struct {
	const char *name, *text;
	int error;
	unsigned int mode, filters;
} files[] = {
	{ "whole", "Name:\tx\n" SETS "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n", 0, 2,
	  3 },
	{ "before 5.9", SETS "NoNewPrivs:\t1\nSeccomp:\t2\n", 0, 2, CAPS_FILTERS_UNKNOWN },
	{ "name", "Name:\tCapEff:\t1\n" SETS "NoNewPrivs:\t1\nSeccomp:\t0\n", 0, 0, ~0u },
	{ "empty", "", -ENODATA, 0, 0 },
	{ "no sets", "NoNewPrivs:\t1\nSeccomp:\t2\n", -ENODATA, 0, 0 },
	{ "no mode", SETS "NoNewPrivs:\t1\n", -ENODATA, 0, 0 },
	{ "no bit", SETS "Seccomp:\t2\n", -ENODATA, 0, 0 },
	{ "cut off", SETS "NoNewPrivs:\t1\nSeccomp:\t2", -ENODATA, 0, 0 },
	{ "twice", SETS "NoNewPrivs:\t1\nNoNewPrivs:\t1\nSeccomp:\t2\n", -EBADMSG, 0, 0 },
	{ "no number", SETS "NoNewPrivs:\t\nSeccomp:\t2\n", -EBADMSG, 0, 0 },
	{ "tail", SETS "NoNewPrivs:\t1 0\nSeccomp:\t2\n", -EBADMSG, 0, 0 },
	{ "letters", SETS "NoNewPrivs:\tyes\nSeccomp:\t2\n", -EBADMSG, 0, 0 },
	{ "too long", "CapInh:\t10000000000000000\n", -EBADMSG, 0, 0 },
};

FIXTURE(file)
{
	char dir[64];
	int proc;
};

FIXTURE_SETUP(file)
{
	ASSERT_EQ(0, make_dir(self->dir, sizeof(self->dir)));
	self->proc = open(self->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->proc);
	ASSERT_EQ(0, mkdirat(self->proc, "123", 0755));
}

FIXTURE_TEARDOWN(file)
{
	unlinkat(self->proc, "123/status", 0);
	unlinkat(self->proc, "123", AT_REMOVEDIR);
	close(self->proc);
	rmdir(self->dir);
}

TEST_F(file, of_no_kernel)
{
	struct caps_state state;
	unsigned int mode, filters;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *text = files[i].text;

		ASSERT_EQ(0, write_at(self->proc, "123/status", text, strlen(text)));
		EXPECT_EQ(files[i].error,
			  caps_read_status(self->proc, 123, &state, &mode, &filters))
		{
			TH_LOG("%s", files[i].name);
		}
		if (files[i].error)
			continue;
		EXPECT_EQ(1, state.inheritable);
		EXPECT_EQ(2, state.permitted);
		EXPECT_EQ(3, state.effective);
		EXPECT_EQ(0x1ffffffffff, state.bounding);
		EXPECT_EQ(4, state.ambient);
		EXPECT_TRUE(state.no_new_privs);
		EXPECT_EQ(files[i].mode, mode);
		EXPECT_EQ(files[i].filters, filters);
	}
}

/* "Groups:" of 65536 groups is longer than any buffer, and so may end anywhere in one. */
TEST_F(file, with_a_long_line)
{
	static const char tail[] = "\n" SETS "NoNewPrivs:\t1\nSeccomp:\t2\n";
	struct caps_state state;
	char text[10000];
	unsigned int mode;

	for (size_t len = 2000; len < 6500; len += 7) {
		memset(text, '9', sizeof(text));
		memcpy(text, "Groups:\t", 8);
		memcpy(text + len, tail, sizeof(tail));
		ASSERT_EQ(0, write_at(self->proc, "123/status", text, len + sizeof(tail) - 1));
		ASSERT_EQ(0, caps_read_status(self->proc, 123, &state, &mode, NULL))
		{
			TH_LOG("length %zu", len);
		}
		ASSERT_EQ(3, state.effective);
		ASSERT_EQ(2, mode);
	}
}

TEST_HARNESS_MAIN
