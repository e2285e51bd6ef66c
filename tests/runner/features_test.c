/* SPDX-License-Identifier: MIT */
/*
 * The table of features, and how an answer is taken: what each errno means, a probe that does not
 * end, one that dies, and that none leaves a trace in the process that asks.
 */
#include "runner/features.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "kselftest_harness.h"

static int gives(const struct feature *row, char *value)
{
	snprintf(value, FEATURE_VALUE, "%lu", row->arg);
	return (int)row->arg;
}

static int never_ends(const struct feature *row, char *value)
{
	/* As if it hung, but for a second: the alarm is the probe's own. */
	alarm((unsigned int)row->arg);
	while (pause() < 0 && errno == EINTR)
		;
	return 0;
}

static int dies(const struct feature *row, char *value)
{
	kill(getpid(), (int)row->arg);
	return 0;
}

/* As a filter that answers ENOSYS, in place of a kernel that may have the call, or may not. */
static int is_taken_away(const struct feature *row, char *value)
{
	return ENOSYS;
}

TEST(answers)
{
	static const struct {
		struct feature feature;
		enum feature_state state;
	} rows[] = {
		{ { "", "", NULL, gives, 0, 0, 0, "" }, FEATURE_HERE },
		{ { "", "", NULL, gives, EBADF, EBADF, 0, "" }, FEATURE_HERE },
		{ { "", "", NULL, gives, EBADF, EFAULT, 0, "" }, FEATURE_MISSING },
		{ { "", "", NULL, gives, ENOSYS, EBADF, 0, "" }, FEATURE_MISSING },
		{ { "", "", NULL, gives, ENOSYS, EBADF, FEATURE_EPERM_HERE, "" }, FEATURE_MISSING },
		{ { "", "", NULL, gives, EPERM, EBADF, 0, "" }, FEATURE_BLOCKED },
		{ { "", "", NULL, gives, EPERM, EBADF, FEATURE_EPERM_HERE, "" }, FEATURE_HERE },
		{ { "", "", NULL, gives, EPERM, EBADF, FEATURE_EPERM_MISSING, "" },
		  FEATURE_MISSING },
		{ { "", "", NULL, gives, EACCES, 0, 0, "" }, FEATURE_BLOCKED },
		{ { "", "", NULL, gives, ENOSPC, 0, 0, "" }, FEATURE_BLOCKED },
		{ { "", "", NULL, never_ends, 1, 0, 0, "" }, FEATURE_UNCLEAR },
		{ { "", "", NULL, dies, SIGSYS, 0, 0, "" }, FEATURE_BLOCKED },
		{ { "", "", NULL, dies, SIGSEGV, 0, 0, "" }, FEATURE_MISSING },
		{ { "", "", NULL, dies, SIGKILL, 0, 0, "" }, FEATURE_UNCLEAR },
		{ { "", "", NULL, gives, EBUSY, 0, 0, "" }, FEATURE_BLOCKED },
	};
	struct feature_answer answer;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		feature_ask(&rows[i].feature, &answer);
		EXPECT_EQ(rows[i].state, answer.state)
		{
			TH_LOG("row %zu: error %d", i, answer.error);
		}
	}
}

TEST(value)
{
	const struct feature row = { "", "", NULL, gives, 7, 0, 0, "" };
	struct feature_answer answer;

	feature_ask(&row, &answer);
	EXPECT_STREQ("7", answer.value);
	EXPECT_EQ(7, answer.error);
}

/* Signals are blocked when a sandbox fails, and why it does is asked then. */
TEST(blocked_signals)
{
	const struct feature row = { "", "", NULL, never_ends, 1, 0, 0, "" };
	struct feature_answer answer;
	sigset_t all;

	sigfillset(&all);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &all, NULL));
	feature_ask(&row, &answer);
	EXPECT_EQ(FEATURE_UNCLEAR, answer.state);
}

/* Who said ENOSYS? With a filter on us, the kernel's own list of functions tells. */
TEST(kernel_or_filter)
{
	const struct feature known = { "", "", "openat", is_taken_away, 0, 0, 0, "" };
	const struct feature unknown = { "", "", "no_such_call", is_taken_away, 0, 0, 0, "" };
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { 1, &allow };
	struct feature_answer answer;
	char line[64] = "";
	FILE *file = fopen("/proc/kallsyms", "re");

	if (!file || !fgets(line, sizeof(line), file)) {
		SKIP(return, "/proc/kallsyms cannot be read");
	}
	fclose(file);
	if (feature_is_filtered()) {
		SKIP(return, "there is a filter on us already");
	}
	feature_ask(&known, &answer);
	EXPECT_EQ(FEATURE_MISSING, answer.state);
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	EXPECT_TRUE(feature_is_filtered());
	feature_ask(&known, &answer);
	EXPECT_EQ(FEATURE_BLOCKED, answer.state);
	feature_ask(&unknown, &answer);
	EXPECT_EQ(FEATURE_MISSING, answer.state);
}

TEST(the_table)
{
	size_t rows = 0;

	ASSERT_TRUE(features[0].probe == NULL); /* a heading */
	for (const struct feature *row = features; row->name; row++) {
		if (!row->probe)
			continue;
		rows++;
		EXPECT_GT(35, (int)strlen(row->name))
		{
			TH_LOG("%s", row->name);
		}
		ASSERT_NE(NULL, row->without);
		/* What is needed has no "without", and the rest has one. */
		EXPECT_EQ((row->flags & FEATURE_NEEDED) != 0, *row->without == '\0')
		{
			TH_LOG("%s", row->name);
		}
		for (const struct feature *other = features; other < row; other++) {
			EXPECT_NE(0, strcmp(row->name, other->name))
			{
				TH_LOG("%s twice", row->name);
			}
		}
	}
	EXPECT_LT(80, rows);
}

/* Namespaces and the lowest free descriptor of this process. */
static void traces(ino_t inodes[4])
{
	static const char *const names[] = { "user", "mnt", "pid_for_children", "net" };
	char path[64];
	struct stat st;

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		inodes[i] = stat(path, &st) == 0 ? st.st_ino : 0;
	}
}

TEST(no_trace_is_left)
{
	struct feature_answer answer;
	ino_t before[4], after[4];
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	traces(before);
	ASSERT_NE(0, before[0]);
	for (const struct feature *row = features; row->name; row++) {
		if (row->probe)
			feature_ask(row, &answer);
	}
	traces(after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	EXPECT_EQ(fd, open("/dev/null", O_RDONLY));
}

TEST_HARNESS_MAIN
