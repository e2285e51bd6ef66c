/* SPDX-License-Identifier: MIT */
/*
 * The payload's environment: empty but for what is kept or set; the last rule that fits a name
 * decides.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

#define RULES 6
#define VARS  6

static const struct environment {
	const char *name;
	struct env_rule rules[RULES]; /* ends with a NULL name */
	const char *from[VARS];
	const char *to[VARS];
} cases[] = {
	{ "nothing is kept by itself", { { 0, NULL, NULL } }, { "PATH=/bin", "LD_PRELOAD=x" }, {} },
	{ "kept by name",
	  { { ENV_KEEP, "TERM", NULL } },
	  { "TERM=vt100", "TERMINFO=/x", "TER=1" },
	  { "TERM=vt100" } },
	{ "not there, not made", { { ENV_KEEP, "TERM", NULL } }, { "HOME=/root" }, {} },
	{ "by prefix",
	  { { ENV_KEEP, "LC_*", NULL } },
	  { "LC_ALL=C", "LC_=x", "LC=y", "XLC_ALL=z" },
	  { "LC_ALL=C", "LC_=x" } },
	{ "all", { { ENV_KEEP, "*", NULL } }, { "A=1", "B=" }, { "A=1", "B=" } },
	{ "a star in the middle is a letter", { { ENV_KEEP, "A*B", NULL } }, { "AxB=1" }, {} },
	{ "set", { { ENV_SET, "HOME", "/tmp" } }, { "HOME=/root" }, { "HOME=/tmp" } },
	{ "set to nothing", { { ENV_SET, "X", "" } }, {}, { "X=" } },
	{ "set to what has '='", { { ENV_SET, "X", "a=b" } }, {}, { "X=a=b" } },
	{ "set, then kept: the caller's",
	  { { ENV_SET, "X", "1" }, { ENV_KEEP, "X", NULL } },
	  { "X=2" },
	  { "X=2" } },
	{ "kept, then set",
	  { { ENV_KEEP, "X", NULL }, { ENV_SET, "X", "1" } },
	  { "X=2" },
	  { "X=1" } },
	{ "set twice: the last", { { ENV_SET, "X", "1" }, { ENV_SET, "X", "2" } }, {}, { "X=2" } },
	{ "unset after all",
	  { { ENV_KEEP, "LC_*", NULL },
	    { ENV_SET, "X", "1" },
	    { ENV_UNSET, "LC_ALL", NULL },
	    { ENV_UNSET, "X", NULL } },
	  { "LC_ALL=C", "LC_TIME=C" },
	  { "LC_TIME=C" } },
	{ "unset, then set", { { ENV_UNSET, "X", NULL }, { ENV_SET, "X", "1" } }, {}, { "X=1" } },
	{ "what is no variable", { { ENV_KEEP, "*", NULL } }, { "NOEQUALS", "A=1" }, { "A=1" } },
	{ "no name", { { ENV_KEEP, "A", NULL } }, { "=x", "A=1" }, { "A=1" } },
};

static size_t count(const char *const *vars)
{
	size_t n = 0;

	while (n < VARS && vars[n])
		n++;
	return n;
}

TEST(environments)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct environment *c = &cases[i];
		struct spec *spec = new_spec();
		char *from[VARS + 1] = { NULL };
		char **to;
		size_t n = 0;

		ASSERT_NE(NULL, spec);
		while (c->rules[spec->nenv].name) {
			spec->env[spec->nenv] = c->rules[spec->nenv];
			spec->nenv++;
		}
		for (size_t j = 0; j < count(c->from); j++)
			from[j] = xprintf(spec->arena, "%s", c->from[j]);
		to = environment_make(spec, from);
		for (; to[n]; n++) {
			ASSERT_GT(count(c->to), n)
			{
				TH_LOG("%s: and %s", c->name, to[n]);
			}
			EXPECT_STREQ(c->to[n], to[n])
			{
				TH_LOG("%s", c->name);
			}
		}
		EXPECT_EQ(count(c->to), n)
		{
			TH_LOG("%s", c->name);
		}
	}
}

TEST_HARNESS_MAIN
