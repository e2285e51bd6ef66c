/* SPDX-License-Identifier: MIT */
/*
 * Actions by name, both ways.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

TEST(names_are_read)
{
	static const struct {
		const char *text;
		int ret;
		uint32_t action;
	} rows[] = {
		{ "allow", 0, SECCOMP_RET_ALLOW },
		{ "log", 0, SECCOMP_RET_LOG },
		{ "trace", 0, SECCOMP_RET_TRACE },
		{ "notify", 0, SECCOMP_RET_USER_NOTIF },
		{ "deny", 0, SECCOMP_RET_ERRNO | EPERM },
		{ "trap", 0, SECCOMP_RET_TRAP },
		{ "kill", 0, SECCOMP_RET_KILL_PROCESS },
		{ "kill-thread", 0, SECCOMP_RET_KILL_THREAD },
		{ "errno(EPERM)", 0, SECCOMP_RET_ERRNO | EPERM },
		{ "errno(ENOSYS)", 0, SECCOMP_RET_ERRNO | ENOSYS },
		{ "errno(EWOULDBLOCK)", 0, SECCOMP_RET_ERRNO | EAGAIN },
		{ "errno(ENOTSUP)", 0, SECCOMP_RET_ERRNO | EOPNOTSUPP },
		{ "errno(1)", 0, SECCOMP_RET_ERRNO | 1 },
		{ "errno(010)", 0, SECCOMP_RET_ERRNO | 10 },
		{ "errno(4095)", 0, SECCOMP_RET_ERRNO | 4095 },
		{ "errno(4096)", -ERANGE, 0 },
		{ "errno(99999999999999999999)", -ERANGE, 0 },
		{ "errno(0)", -ERANGE, 0 },
		{ "errno(-1)", -ERANGE, 0 },
		{ "errno(0x1)", -ERANGE, 0 },
		{ "errno(ENOTHING)", -ERANGE, 0 },
		{ "errno(EPOLLIN)", -ERANGE, 0 }, /* a constant, but no errno */
		{ "errno(AF_UNIX)", -ERANGE, 0 },
		{ "errno()", -ERANGE, 0 },
		{ "errno(EPERM", -ENOENT, 0 },
		{ "errno", -ENOENT, 0 },
		{ "errno(", -ENOENT, 0 },
		{ "", -ENOENT, 0 },
		{ "Allow", -ENOENT, 0 },
		{ "allowed", -ENOENT, 0 },
		{ "allo", -ENOENT, 0 },
		{ "kill-process", -ENOENT, 0 },
	};
	uint32_t action;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		action = 0;
		EXPECT_EQ(rows[i].ret,
			  bpf_action_parse(rows[i].text, strlen(rows[i].text), &action))
		{
			TH_LOG("%s", rows[i].text);
		}
		EXPECT_EQ(rows[i].action, action)
		{
			TH_LOG("%s", rows[i].text);
		}
	}
	/* The length counts, not a NUL. */
	EXPECT_EQ(0, bpf_action_parse("allow read", 5, &action));
}

TEST(names_are_written)
{
	static const struct {
		uint32_t action;
		const char *text;
	} rows[] = {
		{ SECCOMP_RET_ALLOW, "allow" },
		{ SECCOMP_RET_LOG, "log" },
		{ SECCOMP_RET_TRACE, "trace" },
		{ SECCOMP_RET_USER_NOTIF, "notify" },
		{ SECCOMP_RET_TRAP, "trap" },
		{ SECCOMP_RET_KILL_THREAD, "kill-thread" },
		{ SECCOMP_RET_KILL_PROCESS, "kill" },
		{ SECCOMP_RET_ERRNO | EPERM, "errno(EPERM)" },
		{ SECCOMP_RET_ERRNO | ENOSYS, "errno(ENOSYS)" },
		{ SECCOMP_RET_ERRNO | 4000, "errno(4000)" },
		{ SECCOMP_RET_ERRNO, "errno(0)" },
		{ SECCOMP_RET_ALLOW | 1, "0x7fff0001" },
		{ SECCOMP_RET_TRACE | 7, "0x7ff00007" },
		{ 0x12345678, "0x12345678" },
	};
	char buf[40];
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		EXPECT_STREQ(rows[i].text, bpf_action_name(rows[i].action, buf, sizeof(buf)));
	EXPECT_STREQ("errn", bpf_action_name(SECCOMP_RET_ERRNO | 1, buf, 5));
}

/* Each errno that has a name is read as what it was written for. */
TEST(every_errno_comes_back)
{
	unsigned int value, named = 0;
	uint32_t action;
	char buf[40];

	for (value = 1; value <= 4095; value++) {
		bpf_action_name(SECCOMP_RET_ERRNO | value, buf, sizeof(buf));
		EXPECT_EQ(0, bpf_action_parse(buf, strlen(buf), &action))
		{
			TH_LOG("%s", buf);
		}
		EXPECT_EQ(SECCOMP_RET_ERRNO | value, action);
		named += bpf_errno_name(value) != NULL;
	}
	EXPECT_LT(120u, named);
}

TEST_HARNESS_MAIN
