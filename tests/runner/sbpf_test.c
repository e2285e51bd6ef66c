/* SPDX-License-Identifier: MIT */
/*
 * sbpf leaves out the policy lines that speak of other things than system calls, by a list of
 * its own, for it does not link with the runner: the list is what the runner's table has.
 */
#include "runner/runner.h"

#include <string.h>

#include "bpf/sbpf/directives.h"
#include "kselftest_harness.h"

/* Can the directive ROW stand in a policy, and is it none for bpf_policy_line()? */
static bool is_other(const struct directive *row)
{
	return !(row->flags & (DIRECTIVE_OPTION | DIRECTIVE_SYSCALL)) && row->apply;
}

static unsigned int times_listed(const char *name)
{
	unsigned int i, n = 0;

	for (i = 0; other_directives[i]; i++)
		n += strcmp(other_directives[i], name) == 0;
	return n;
}

TEST(all_are_listed)
{
	const struct directive *row;
	char name[64];

	for (row = directives; row->name; row++) {
		EXPECT_EQ(is_other(row), times_listed(row->name))
		{
			TH_LOG("%s", row->name);
		}
		snprintf(name, sizeof(name), "%s-try", row->name);
		EXPECT_EQ(is_other(row) && (row->flags & DIRECTIVE_TRY), times_listed(name))
		{
			TH_LOG("%s", name);
		}
	}
}

TEST(nothing_else_is_listed)
{
	const struct directive *row;
	unsigned int i;
	bool try_form;

	for (i = 0; other_directives[i]; i++) {
		row = directive_find(other_directives[i], &try_form);
		ASSERT_NE(NULL, row)
		{
			TH_LOG("%s", other_directives[i]);
		}
		EXPECT_TRUE(is_other(row))
		{
			TH_LOG("%s", other_directives[i]);
		}
		EXPECT_FALSE(bpf_policy_word(other_directives[i], strlen(other_directives[i])));
	}
}

/* The words of system calls are the runner's, too; "notify" and "trace" it refuses. */
TEST(the_others_are_the_policy_languages)
{
	const struct directive *row;
	const char *word;
	bool try_form;
	size_t i;

	for (row = directives; row->name; row++) {
		if (row->flags & DIRECTIVE_SYSCALL) {
			EXPECT_TRUE(bpf_policy_word(row->name, strlen(row->name)));
		}
	}
	for (i = 0; (word = bpf_policy_keyword(i)); i++) {
		if (strcmp(word, "notify") && strcmp(word, "trace")) {
			EXPECT_NE(NULL, directive_find(word, &try_form))
			{
				TH_LOG("%s", word);
			}
		}
	}
}

TEST_HARNESS_MAIN
