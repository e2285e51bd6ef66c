/* SPDX-License-Identifier: MIT */
/*
 * The table of features, and how an answer is taken: what each errno means, a probe that does not
 * end, one that dies, and that none leaves a trace in the process that asks.
 */
#include "runner/features.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

static int gives(unsigned long error)
{
	return (int)error;
}

static int never_ends(unsigned long arg)
{
	/* As if it hung, but for a second: the alarm is the probe's own. */
	alarm((unsigned int)arg);
	while (pause() < 0 && errno == EINTR)
		;
	return 0;
}

static int dies(unsigned long signo)
{
	kill(getpid(), (int)signo);
	return 0;
}

TEST(answers)
{
	static const struct {
		struct feature feature;
		enum feature_state state;
	} rows[] = {
		{ { "", "", gives, 0, 0, EPERM_BLOCKED, false, "" }, FEATURE_HERE },
		{ { "", "", gives, EBADF, EBADF, EPERM_BLOCKED, false, "" }, FEATURE_HERE },
		{ { "", "", gives, EBADF, EFAULT, EPERM_BLOCKED, false, "" }, FEATURE_MISSING },
		{ { "", "", gives, ENOSYS, EBADF, EPERM_BLOCKED, false, "" }, FEATURE_MISSING },
		{ { "", "", gives, ENOSYS, EBADF, EPERM_HERE, false, "" }, FEATURE_MISSING },
		{ { "", "", gives, EPERM, EBADF, EPERM_BLOCKED, false, "" }, FEATURE_BLOCKED },
		{ { "", "", gives, EPERM, EBADF, EPERM_HERE, false, "" }, FEATURE_HERE },
		{ { "", "", gives, EPERM, EBADF, EPERM_MISSING, false, "" }, FEATURE_MISSING },
		{ { "", "", gives, EACCES, 0, EPERM_BLOCKED, false, "" }, FEATURE_BLOCKED },
		{ { "", "", gives, ENOSPC, 0, EPERM_BLOCKED, false, "" }, FEATURE_BLOCKED },
		{ { "", "", never_ends, 1, 0, EPERM_BLOCKED, false, "" }, FEATURE_UNCLEAR },
		{ { "", "", dies, SIGSYS, 0, EPERM_BLOCKED, false, "" }, FEATURE_UNCLEAR },
	};
	int error;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].state, feature_ask(&rows[i].feature, &error))
		{
			TH_LOG("row %zu", i);
		}
	}
}

TEST(the_table)
{
	for (const struct feature *row = features; row->name; row++) {
		ASSERT_TRUE(row->probe != NULL);
		ASSERT_NE(NULL, row->without);
		/* What is needed has no "without", and the rest has one. */
		EXPECT_EQ(row->needed, *row->without == '\0')
		{
			TH_LOG("%s", row->name);
		}
		EXPECT_GT(28, (int)strlen(row->name));
	}
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
	ino_t before[4], after[4];
	int error, fd = open("/dev/null", O_RDONLY);

	close(fd);
	traces(before);
	ASSERT_NE(0, before[0]);
	for (const struct feature *row = features; row->name; row++)
		feature_ask(row, &error);
	traces(after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	EXPECT_EQ(fd, open("/dev/null", O_RDONLY));
}

TEST_HARNESS_MAIN
