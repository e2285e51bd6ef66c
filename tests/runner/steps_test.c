/* SPDX-License-Identifier: MIT */
/*
 * The order of confinement is data, so it can be asserted: what each wall needs to stand before
 * it, or behind it. A row that is moved for convenience fails here, with the pair that it
 * breaks.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

static size_t nsteps(void)
{
	size_t n = 0;

	while (steps[n].name)
		n++;
	return n;
}

/* The index of the NTH step (from 1) of ACTOR with that name, or -1. */
static int find(enum actor actor, const char *name, int nth)
{
	for (size_t i = 0; steps[i].name; i++) {
		if (steps[i].actor == actor && strcmp(steps[i].name, name) == 0 && --nth == 0)
			return (int)i;
	}
	return -1;
}

static int first_of(enum actor actor)
{
	int i = 0;

	while (steps[i].name && steps[i].actor != actor)
		i++;
	return i;
}

static int last_of(enum actor actor)
{
	int last = -1;

	for (int i = 0; steps[i].name; i++) {
		if (steps[i].actor == actor)
			last = i;
	}
	return last;
}

struct order {
	enum actor actor;
	const char *before, *after;
};

static const struct order orders[] = {
	{ ACTOR_INIT, "lifeline", "session" },
	{ ACTOR_INIT, "private", "sources" },
	{ ACTOR_INIT, "private", "proc" },
	{ ACTOR_INIT, "sources", "identity" },
	{ ACTOR_INIT, "cgroup", "private" },
	{ ACTOR_INIT, "cgroup", "fork" },
	{ ACTOR_INIT, "proc", "pivot" },
	{ ACTOR_INIT, "identity", "root" },
	{ ACTOR_INIT, "root", "pivot" },
	{ ACTOR_INIT, "rules", "root" },
	{ ACTOR_INIT, "proc", "rules" },
	{ ACTOR_INIT, "hostname", "fork" },
	{ ACTOR_INIT, "loopback", "fork" },
	{ ACTOR_INIT, "session", "fork" },
	{ ACTOR_INIT, "keyring", "fork" },
	{ ACTOR_INIT, "pivot", "fork" },
	{ ACTOR_INIT, "time", "fork" },
	{ ACTOR_INIT, "session", "terminal" },
	{ ACTOR_INIT, "identity", "terminal" },
	{ ACTOR_INIT, "pivot", "terminal" },
	{ ACTOR_INIT, "terminal", "fork" },

	{ ACTOR_PAYLOAD, "signals", "seccomp" },
	{ ACTOR_PAYLOAD, "stdio", "descriptors" },
	{ ACTOR_PAYLOAD, "directory", "seccomp" },
	{ ACTOR_PAYLOAD, "limits", "seccomp" },
	{ ACTOR_PAYLOAD, "landlock", "limits" },
	{ ACTOR_PAYLOAD, "descriptors", "seccomp" },
	{ ACTOR_PAYLOAD, "ambient", "securebits" },
	{ ACTOR_PAYLOAD, "securebits", "capabilities" },
	{ ACTOR_PAYLOAD, "bounding", "capabilities" },
	{ ACTOR_PAYLOAD, "capabilities", "seccomp" },
	{ ACTOR_PAYLOAD, "no_new_privs", "seccomp" },
	{ ACTOR_PAYLOAD, "no_new_privs", "landlock" },
	{ ACTOR_PAYLOAD, "label", "landlock" },
	{ ACTOR_PAYLOAD, "directory", "landlock" },
	{ ACTOR_PAYLOAD, "landlock", "seccomp" },
	{ ACTOR_PAYLOAD, "capabilities", "readable" },
	{ ACTOR_PAYLOAD, "readable", "seccomp" },
	{ ACTOR_PAYLOAD, "seccomp", "exec" },

	{ ACTOR_WARDEN, "securebits", "capabilities" },
	{ ACTOR_WARDEN, "bounding", "capabilities" },
	{ ACTOR_WARDEN, "capabilities", "audit" },
	{ ACTOR_WARDEN, "disarm", "audit init" },
	{ ACTOR_WARDEN, "audit init", "gate" },
	{ ACTOR_WARDEN, "no_new_privs", "audit init" },
	{ ACTOR_WARDEN, "unreadable", "audit init" },
	{ ACTOR_WARDEN, "audit", "foreground" },
	{ ACTOR_WARDEN, "foreground", "announce" },
	{ ACTOR_WARDEN, "audit", "gate" },
};

TEST(order)
{
	for (size_t i = 0; i < COUNT(orders); i++) {
		const struct order *o = &orders[i];

		EXPECT_LE(0, find(o->actor, o->before, 1))
		{
			TH_LOG("no %s", o->before);
		}
		EXPECT_LT(find(o->actor, o->before, 1), find(o->actor, o->after, 1))
		{
			TH_LOG("%s is not before %s", o->before, o->after);
		}
	}
}

/* commit_creds() clears the parent-death signal: it is set before ids change, and again after. */
TEST(two_lifelines)
{
	int second = find(ACTOR_INIT, "lifeline", 2);

	EXPECT_EQ(0, find(ACTOR_INIT, "lifeline", 1));
	ASSERT_LT(0, second);
	EXPECT_EQ(find(ACTOR_INIT, "identity", 1) + 1, second);
	EXPECT_EQ(-1, find(ACTOR_INIT, "lifeline", 3));
}

TEST(ends)
{
	EXPECT_EQ(0, find(ACTOR_INIT, "lifeline", 1));
	EXPECT_EQ(last_of(ACTOR_INIT), find(ACTOR_INIT, "fork", 1));
	EXPECT_EQ(last_of(ACTOR_PAYLOAD), find(ACTOR_PAYLOAD, "exec", 1));
	EXPECT_EQ(last_of(ACTOR_PAYLOAD) - 1, find(ACTOR_PAYLOAD, "seccomp", 1));
	EXPECT_EQ(first_of(ACTOR_WARDEN), find(ACTOR_WARDEN, "unreadable", 1));
	EXPECT_EQ(last_of(ACTOR_WARDEN), find(ACTOR_WARDEN, "gate", 1));
	EXPECT_EQ((int)nsteps() - 1, last_of(ACTOR_WARDEN));
}

/* The table is read from top to bottom: no actor's rows are mixed with another's. */
TEST(groups)
{
	EXPECT_LT(last_of(ACTOR_INIT), first_of(ACTOR_PAYLOAD));
	EXPECT_LT(last_of(ACTOR_PAYLOAD), first_of(ACTOR_WARDEN));
}

/*
 * All that the payload gives up, init gives up, too, but for the filter. What the payload
 * keeps, init needs to look at it, and then gives up.
 */
TEST(the_warden_is_disarmed)
{
	static const char *const names[] = { "securebits", "bounding", "capabilities",
					     "no_new_privs" };

	for (size_t i = 0; i < COUNT(names); i++) {
		EXPECT_LE(0, find(ACTOR_PAYLOAD, names[i], 1));
		EXPECT_LE(0, find(ACTOR_WARDEN, names[i], 1));
	}
	EXPECT_LT(find(ACTOR_WARDEN, "audit", 1), find(ACTOR_WARDEN, "disarm", 1));
	EXPECT_LT(find(ACTOR_WARDEN, "disarm", 1), find(ACTOR_WARDEN, "audit init", 1));
}

TEST(every_step_has_a_reason)
{
	ASSERT_LT(20, nsteps());
	for (size_t i = 0; steps[i].name; i++) {
		EXPECT_NE(NULL, (void *)steps[i].run);
		ASSERT_NE(NULL, steps[i].why);
		EXPECT_LT(10, strlen(steps[i].why))
		{
			TH_LOG("%s", steps[i].name);
		}
		/* --explain gives a name 13 columns. */
		EXPECT_GE(12, strlen(steps[i].name))
		{
			TH_LOG("%s", steps[i].name);
		}
	}
}

TEST_HARNESS_MAIN
