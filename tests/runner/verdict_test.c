/* SPDX-License-Identifier: MIT */
/*
 * The judge of --selftest: what came of an act inside and outside, under a policy, and what it
 * must say. And the table of acts: nothing in it is said twice, or without a wall.
 */
#include "runner/selftest.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include "kselftest_harness.h"
#include "tests/runner/spec.h"

#define NAME_COLUMNS 33

TEST(table)
{
	unsigned int n = 0;

	for (const struct act *act = acts; act->name; act++, n++) {
		EXPECT_TRUE(act->attempt != NULL);
		EXPECT_GE(NAME_COLUMNS, strlen(act->name))
		{
			TH_LOG("%s", act->name);
		}
		/* Something must be in its way, and what must answer exactly must be known. */
		EXPECT_TRUE(act->call != ACT_NO_CALL || act->flags & ~ACT_EXACT);
		EXPECT_TRUE(act->call != ACT_NO_CALL || !(act->flags & ACT_EXACT));
		for (const struct act *other = act + 1; other->name; other++) {
			EXPECT_STRNE(act->name, other->name);
		}
	}
	EXPECT_LE(30, n);
}

static const struct outcome works = { .error = 0 };
static const struct outcome eperm = { .error = EPERM };
static const struct outcome enosys = { .error = ENOSYS };
static const struct outcome killed = { .signal = SIGSYS };
static const struct outcome fault = { .signal = SIGSEGV };
static const struct outcome silent = { .silent = true, .status = 1 };

#define MOUNT                                                                        \
	{                                                                            \
		.name = "mount", .call = SYS_mount, .caps = CAPS_BIT(CAP_SYS_ADMIN), \
		.flags = ACT_EXACT                                                   \
	}
#define TRACE                                                                        \
	{                                                                            \
		.name = "trace", .call = SYS_ptrace, .flags = ACT_ALWAYS | ACT_EXACT \
	}
#define CONNECT                                                                   \
	{                                                                         \
		.name = "connect", .call = SYS_connect, .namespace = CLONE_NEWNET \
	}

struct example {
	const char *rule;
	caps_set caps;
	enum net net;
	struct act act;
	const struct outcome *inside, *outside;
	enum verdict verdict;
	const char *why; /* a part of it */
};

static const struct example examples[] = {
	/* The filter alone, as it says. */
	{ "kill mount", 0, 0, MOUNT, &killed, &works, VERDICT_PASS, "killed by the filter" },
	{ "kill mount", 0, 0, MOUNT, &killed, &eperm, VERDICT_PASS, "killed" },
	{ "errno(ENOSYS) mount", 0, 0, MOUNT, &enosys, &works, VERDICT_PASS, "ENOSYS" },
	{ "deny mount", 0, 0, MOUNT, &killed, &works, VERDICT_PASS, "killed" },
	/* Another wall was in the way, and so the filter was not. */
	{ "kill mount", 0, 0, MOUNT, &eperm, &works, VERDICT_FAIL, "EPERM, not by the filter" },
	{ "errno(ENOSYS) mount", 0, 0, MOUNT, &eperm, &eperm, VERDICT_FAIL, "EPERM, not by" },
	/* No wall at all. */
	{ "kill mount", 0, 0, MOUNT, &works, &works, VERDICT_FAIL, "it works" },
	{ "allow mount", 0, 0, MOUNT, &works, &works, VERDICT_FAIL, "it works" },
	{ "kill mount", 0, 0, MOUNT, &works, &eperm, VERDICT_FAIL, "it works" },
	/* Let through, and a capability is missing. */
	{ "allow mount", 0, 0, MOUNT, &eperm, &works, VERDICT_PASS, "EPERM" },
	{ "allow mount", 0, 0, MOUNT, &eperm, &eperm, VERDICT_SKIP, "not possible outside either" },
	/* All that is in its way is asked away. */
	{ "allow mount", CAPS_BIT(CAP_SYS_ADMIN), 0, MOUNT, &works, &works, VERDICT_SKIP,
	  "the policy: caps cap_sys_admin, allow mount" },
	{ "log mount", CAPS_BIT(CAP_SYS_ADMIN), 0, MOUNT, &works, &works, VERDICT_SKIP, "caps" },
	{ "deny mount", CAPS_BIT(CAP_SYS_ADMIN), 0, MOUNT, &works, &works, VERDICT_FAIL, "works" },
	{ "allow connect", 0, NET_HOST, CONNECT, &works, &works, VERDICT_SKIP, "net host, allow" },
	{ "allow connect", 0, NET_NONE, CONNECT, &works, &works, VERDICT_FAIL, "it works" },
	{ "kill connect", 0, NET_HOST, CONNECT, &works, &works, VERDICT_FAIL, "it works" },
	/* What nobody can ask away. */
	{ "allow ptrace", ~(caps_set)0, NET_HOST, TRACE, &works, &works, VERDICT_FAIL, "works" },
	{ "allow ptrace", 0, 0, TRACE, &eperm, &works, VERDICT_PASS, "EPERM" },
	/* Whoever does not answer has passed nothing; and an ABI may not be there. */
	{ "kill mount", 0, 0, MOUNT, &silent, &works, VERDICT_FAIL, "no answer, status 1" },
	{ "kill mount", 0, 0, MOUNT, &fault, &fault, VERDICT_SKIP, "not possible outside" },
	{ "kill mount", 0, 0, MOUNT, &fault, &works, VERDICT_FAIL, "SIGSEGV, not by the filter" },
};

TEST(verdicts)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		const struct example *e = &examples[i];
		struct spec *spec = new_spec();
		struct plan plan = { .spec = spec };
		struct scene scene = { .outside = false };
		const struct trial trial = { &scene, spec, &plan };
		const struct bpf_place place = { "test", 1, 1 };
		const char *why = "";

		spec->caps = e->caps;
		spec->net = e->net;
		bpf_policy_init(&spec->syscalls, spec->arena);
		ASSERT_EQ(0, bpf_policy_line(&spec->syscalls, "default kill", &place, NULL));
		ASSERT_EQ(0, bpf_policy_line(&spec->syscalls, e->rule, &place, NULL));
		ASSERT_EQ(0, bpf_policy_finish(&spec->syscalls, NULL));
		EXPECT_EQ(e->verdict, verdict_on(&trial, &e->act, e->inside, e->outside, &why));
		EXPECT_NE(NULL, strstr(why, e->why))
		{
			TH_LOG("example %zu, %s: %s", i, e->rule, why);
		}
		forget_spec(spec);
	}
}

TEST_HARNESS_MAIN
