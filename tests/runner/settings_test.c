/* SPDX-License-Identifier: MIT */
/*
 * Directives as given: words and quotes, how many there may be, what is a contradiction and what
 * a later place may replace, and that --print-policy can be read back.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

#define WORDS 4

TEST(words)
{
	static const struct {
		const char *line;
		const char *words[WORDS]; /* of the directive, which takes any number */
	} cases[] = {
		{ "unsetenv a", { "a" } },
		{ "unsetenv a b  c", { "a", "b", "c" } },
		{ "unsetenv\ta\t b \t", { "a", "b" } },
		{ "unsetenv \"a b\" c", { "a b", "c" } },
		{ "unsetenv \"\"", { "" } },
		{ "unsetenv \"\" \"\"", { "", "" } },
		{ "unsetenv \"a\\\"b\"", { "a\"b" } },
		{ "unsetenv \"a\\\\b\"", { "a\\b" } },
		{ "unsetenv \"a\\nb\\tc\"", { "a\nb\tc" } },
		{ "unsetenv \"\\x41\\x7e\\xC3\\xa4\"", { "A~\xc3\xa4" } },
		{ "unsetenv \"\\x411\"", { "A1" } },
		{ "unsetenv \xc3\xa4", { "\xc3\xa4" } },
		{ "unsetenv a\"b", { "a\"b" } }, /* a quote is one only where a word begins */
		{ "unsetenv a\"b c\"", { "a\"b", "c\"" } },
		{ "unsetenv a\\nb", { "a\\nb" } }, /* and a backslash only in quotes */
		{ "\"unsetenv\" a", { "a" } },
		{ "unsetenv --x", { "--x" } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		ASSERT_EQ(0, add_line(spec, "policy", cases[i].line, &err))
		{
			TH_LOG("%s: %s", cases[i].line, err.text);
		}
		ASSERT_NE(NULL, spec->settings);
		for (unsigned int j = 0; j < spec->settings->nwords; j++) {
			ASSERT_GT(WORDS, j);
			ASSERT_NE(NULL, cases[i].words[j])
			{
				TH_LOG("%s: a word more", cases[i].line);
			}
			EXPECT_STREQ(cases[i].words[j], spec->settings->words[j]);
		}
		EXPECT_EQ(NULL, cases[i].words[spec->settings->nwords])
		{
			TH_LOG("%s: a word less", cases[i].line);
		}
		EXPECT_STREQ(cases[i].line, spec->settings->text);
	}
}

TEST(bad_quoting)
{
	static const char *const lines[] = {
		"unsetenv \"a",	       "unsetenv \"",	     "unsetenv \"a\"b",
		"unsetenv \"a\"\"b\"", "unsetenv \"a\\\"",   "unsetenv \"\\q\"",
		"unsetenv \"\\",       "unsetenv \"\\x\"",   "unsetenv \"\\x4\"",
		"unsetenv \"\\x4g\"",  "unsetenv \"\\x00\"", "unsetenv \"\\0\"",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		EXPECT_EQ(-EINVAL, add_line(spec, "policy", lines[i], &err))
		{
			TH_LOG("%s", lines[i]);
		}
		EXPECT_NE(NULL, strstr(err.text, "quoting"));
		EXPECT_EQ(7, err.place.line);
	}
}

TEST(very_many_words)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };
	char line[2048] = "unsetenv";
	size_t len = strlen(line);

	for (unsigned int i = 0; i < 511; i++)
		len += (size_t)sprintf(line + len, " x");
	EXPECT_EQ(0, add_line(spec, "policy", line, &err));
	EXPECT_EQ(511, spec->settings->nwords);
	sprintf(line + len, " x");
	EXPECT_EQ(-E2BIG, add_line(spec, "policy", line, &err));
}

/* "NAME w0 w1 ..." with N words. */
static char *line_of(struct spec *spec, const char *name, unsigned int n)
{
	char *line = xprintf(spec->arena, "%s", name);

	for (unsigned int i = 0; i < n; i++)
		line = xprintf(spec->arena, "%s w%u", line, i);
	return line;
}

static void words_of(struct __test_metadata *_metadata, struct spec *spec,
		     const struct directive *row, unsigned int n)
{
	struct bpf_error err = { 0 };
	const char *said = n < row->min ? "too few" : "too many";
	int ret = add_line(spec, "policy", line_of(spec, row->name, n), &err);

	if (row->flags & DIRECTIVE_OPTION) {
		EXPECT_EQ(-EINVAL, ret);
		EXPECT_NE(NULL, strstr(err.text, "command line only"));
		return;
	}
	if (n >= row->min && n <= row->max) {
		EXPECT_EQ(0, ret)
		{
			TH_LOG("%s, %u words: %s", row->name, n, err.text);
		}
		return;
	}
	EXPECT_EQ(-EINVAL, ret)
	{
		TH_LOG("%s takes %u words", row->name, n);
	}
	EXPECT_NE(NULL, strstr(err.text, row->name));
	EXPECT_NE(NULL, strstr(err.text, row->usage));
	EXPECT_TRUE(strstr(err.text, said) || strstr(err.text, "a word too many"))
	{
		TH_LOG("%s", err.text);
	}
}

/* -EINVAL and a text with the directive's usage for any number that the table does not give. */
TEST(how_many_words)
{
	for (const struct directive *row = directives; row->name; row++) {
		for (unsigned int n = 0; n < 6; n++) {
			struct spec *spec = new_spec();

			words_of(_metadata, spec, row, n);
			forget_spec(spec);
		}
	}
}

TEST(a_word_too_many_is_named)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	EXPECT_EQ(-EINVAL,
		  add_line(spec, "policy", "tmpfs /tmp size=1 mode=1 inodes=1 extra", &err));
	EXPECT_NE(NULL, strstr(err.text, "'extra'"));
	EXPECT_STREQ("policy", err.place.file);
	EXPECT_EQ(7, err.place.line);
}

/* ---- once, twice, elsewhere ---- */

TEST(duplicates)
{
	static const char contradiction[] = "said twice, and differently";
	static const struct {
		const char *first_file, *first, *second_file, *second;
		int ret;
		bool superseded;
	} cases[] = {
		{ "a", "hostname x", "a", "hostname y", -EINVAL, false },
		{ "a", "hostname x", "a", "hostname x", 0, true },
		{ "a", "hostname x", "b", "hostname y", 0, true },
		{ "a", "uid 1", "a", "uid 2", -EINVAL, false },
		{ "a", "uid 1", "a", "gid 2", 0, false },
		{ "a", "setenv A 1", "a", "setenv A 2", -EINVAL, false },
		{ "a", "setenv A 1", "a", "setenv A 1", 0, true },
		{ "a", "setenv A 1", "a", "setenv B 2", 0, false },
		{ "a", "setenv A 1", "b", "setenv A 2", 0, true },
		{ "a", "rlimit nofile 1", "a", "rlimit nofile 1 2", -EINVAL, false },
		{ "a", "rlimit nofile 1", "a", "rlimit as 1", 0, false },
		{ "a", "rlimit nofile 1", "b", "rlimit nofile 2", 0, true },
		{ "a", "tmpfs /tmp", "a", "tmpfs /tmp size=1", 0, false },
		{ "a", "tmpfs /tmp", "b", "tmpfs /tmp size=1", 0, true },
		{ "a", "tmpfs /tmp", "b", "bind /x /tmp", 0, true },
		{ "a", "ro-bind /x", "b", "symlink y /x", 0, true },
		{ "a", "ro-bind /x /y", "b", "tmpfs /x", 0, false },
		{ "a", "tmpfs /tmp", "b", "chmod 700 /tmp", 0, false },
		{ "a", "dir /tmp", "b", "remount-ro /tmp", 0, false },
		{ "a", "allow read", "a", "allow read", 0, false },
		{ "a", "default kill", "a", "default allow", 0, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };
		int ret;

		ASSERT_EQ(0, add_line(spec, cases[i].first_file, cases[i].first, &err));
		ret = add_line(spec, cases[i].second_file, cases[i].second, &err);
		EXPECT_EQ(cases[i].ret, ret)
		{
			TH_LOG("%s, %s", cases[i].first, cases[i].second);
		}
		if (ret) {
			EXPECT_NE(NULL, strstr(err.text, contradiction));
		}

		EXPECT_EQ(cases[i].superseded, spec->settings->superseded)
		{
			TH_LOG("%s, %s", cases[i].first, cases[i].second);
		}
	}
}

/* bpf_policy_line() has the word on the grammar of calls, and so on a second default. */
TEST(contradicting_defaults)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, add_line(spec, "a", "default kill", &err));
	ASSERT_EQ(0, add_line(spec, "a", "default allow", &err));
	EXPECT_EQ(-EINVAL, settings_apply(spec, &err));
	EXPECT_STREQ("a", err.place.file);
}

TEST(the_last_file_decides)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, add_line(spec, "a", "hostname one", &err));
	ASSERT_EQ(0, add_line(spec, "b", "hostname two", &err));
	ASSERT_EQ(0, add_line(spec, "a", "setenv A 1", &err));
	ASSERT_EQ(0, add_line(spec, "b", "setenv A 2", &err));
	ASSERT_EQ(0, add_line(spec, "c", "setenv A 3", &err));
	ASSERT_EQ(0, add_line(spec, "a", "default kill", &err));
	ASSERT_EQ(0, settings_apply(spec, &err));
	EXPECT_STREQ("two", spec->hostname);
	ASSERT_EQ(1, spec->nenv);
	EXPECT_STREQ("3", spec->env[0].value);
}

/* At one place: what a file says again stays, what another says takes it all away. */
TEST(a_place_three_times)
{
	static const char *const files[] = { "a", "a", "b", "a", "a" };
	static const bool superseded[] = { true, true, true, false, false };
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };
	size_t i = 0;

	for (; i < COUNT(files); i++) {
		ASSERT_EQ(0, add_line(spec, files[i], "tmpfs /tmp", &err));
	}
	i = 0;
	for (const struct setting *set = spec->settings; set; set = set->next) {
		EXPECT_EQ(superseded[i], set->superseded)
		{
			TH_LOG("the one of index %zu", i);
		}
		i++;
	}
	EXPECT_EQ(COUNT(files), i);
}

/* ---- names ---- */

TEST(try_forms)
{
	for (const struct directive *row = directives; row->name; row++) {
		struct spec *spec = new_spec();
		bool try_form = true;

		EXPECT_EQ(row, directive_find(row->name, &try_form));
		EXPECT_FALSE(try_form);
		if (row->flags & DIRECTIVE_TRY) {
			EXPECT_EQ(row, directive_find(xprintf(spec->arena, "%s-try", row->name),
						      &try_form));
		}

		else {
			EXPECT_EQ(NULL, directive_find(xprintf(spec->arena, "%s-try", row->name),
						       &try_form));
		}

		EXPECT_EQ(!!(row->flags & DIRECTIVE_TRY), try_form);
		EXPECT_EQ(NULL,
			  directive_find(xprintf(spec->arena, "%s-tr", row->name), &try_form));
		EXPECT_EQ(NULL,
			  directive_find(xprintf(spec->arena, "%s-try-try", row->name), &try_form));
		EXPECT_EQ(NULL, directive_find(xprintf(spec->arena, "%sx", row->name), &try_form));
	}
}

/* An errno stands in the first word itself; no other directive's does. */
TEST(first_words)
{
	static const struct {
		const char *word, *row;
	} cases[] = {
		{ "errno(EPERM)", "errno" },
		{ "errno(", "errno" },
		{ "errno", "errno" },
		{ "errno(ENOSYS)x", "errno" },
		{ "kill(EPERM)", NULL },
		{ "allow(", NULL },
		{ "kill-thread", "kill-thread" },
		{ "kill", "kill" },
		{ "", NULL },
		{ "-try", NULL },
		{ "Allow", NULL },
		{ "errn(EPERM)", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool try_form;
		const struct directive *row = directive_find(cases[i].word, &try_form);

		if (cases[i].row) {
			EXPECT_TRUE(row && strcmp(row->name, cases[i].row) == 0)
			{
				TH_LOG("%s", cases[i].word);
			}
		}

		else {
			EXPECT_EQ(NULL, row)
			{
				TH_LOG("%s is %s", cases[i].word, row->name);
			}
		}
	}
}

TEST(errno_rules)
{
	static const struct {
		const char *line;
		int ret;
		uint32_t action;
	} cases[] = {
		{ "errno(EPERM) ptrace", 0, SECCOMP_RET_ERRNO | EPERM },
		{ "errno(38) ptrace", 0, SECCOMP_RET_ERRNO | ENOSYS },
		{ "errno(0) ptrace", -EINVAL, 0 },
		{ "errno(EWHAT) ptrace", -EINVAL, 0 },
		{ "errno ptrace", -EINVAL, 0 },
		{ "errno( ptrace", -EINVAL, 0 },
		{ "errno(EPERM)x ptrace", -EINVAL, 0 },
		{ "notify ptrace", -EINVAL, 0 },
		{ "trace ptrace", -EINVAL, 0 },
		{ "unknown notify", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };
		int ret = apply_line(spec, cases[i].line, &err);

		EXPECT_EQ(cases[i].ret, ret)
		{
			TH_LOG("%s: %s", cases[i].line, err.text);
		}
		if (ret)
			continue;
		ASSERT_NE(NULL, spec->syscalls.rules);
		EXPECT_EQ(cases[i].action, spec->syscalls.rules->action);
	}
}

TEST(nobody_answers_a_default)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, add_line(spec, "policy", "default notify", &err));
	EXPECT_EQ(-EINVAL, settings_apply(spec, &err));
	EXPECT_EQ(7, err.place.line);
}

TEST(suggestions)
{
	static const struct {
		const char *line, *said;
	} cases[] = {
		{ "ro-bnd /usr", "did you mean 'ro-bind'" },
		{ "tmpsf /tmp", "did you mean 'tmpfs'" },
		{ "hostnam x", "did you mean 'hostname'" },
		{ "alow read", "did you mean 'allow'" },
		{ "Tmpfs /tmp", "did you mean 'tmpfs'" },
		{ "xyzzyxyzzy", "unknown directive 'xyzzyxyzzy'" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		EXPECT_EQ(-EINVAL, add_line(spec, "policy", cases[i].line, &err));
		EXPECT_NE(NULL, strstr(err.text, cases[i].said))
		{
			TH_LOG("%s: %s", cases[i].line, err.text);
		}
	}
	EXPECT_EQ(NULL, directive_nearest("xyzzyxyzzy"));
}

/* ---- printed and read again ---- */

static const char *const policy[] = {
	"ro-bind /usr",
	"ro-bind-try \"/with blank\" /x",
	"dev-bind /dev/null /dev/null",
	"tmpfs /tmp size=64M mode=1777",
	"symlink \"a\\\"b\\\\c\" /link",
	"dir /etc",
	"accounts /etc",
	"proc /proc subset=pid",
	"dev /dev",
	"chmod-try 0700 /tmp",
	"remount-ro /",
	"share net ipc",
	"allow-degraded time",
	"uid 7",
	"gid 8",
	"hostname box.example",
	"chdir /tmp",
	"setenv EMPTY \"\"",
	"setenv LINES \"a\\nb\\tc\"",
	"setenv HASH \"a #b\"",
	"setenv HASHES \"#\"",
	"setenv TABBED \"x\\ty # z\"",
	"setenv BYTES \"\\x01\\x1b[2J\\x7f\"",
	"setenv UTF \xc3\xa4",
	"setenv OPTION --x",
	"setenv HIDDEN \"\\xe2\\x80\\xae\"",
	"setenv LATIN \"\\xe4\"",
	"keep-env TERM LC_*",
	"unsetenv LC_ALL",
	"rlimit nofile 16 64",
	"rlimit cpu unlimited",
	"time-limit 1.5",
	"unshare-all",
	"default errno(ENOSYS)",
	"unknown kill",
	"set @mine read write",
	"allow @mine close",
	"errno(EACCES) mmap if prot & PROT_EXEC != 0",
	"kill ioctl if cmd in {TIOCSTI, TIOCLINUX}",
};

TEST(print_and_read)
{
	struct spec *spec = new_spec(), *again = new_spec();
	const struct setting *a, *b;
	struct bpf_error err = { 0 };
	char *first, *second;

	for (size_t i = 0; i < COUNT(policy); i++) {
		ASSERT_EQ(0, add_line(spec, "policy", policy[i], &err))
		{
			TH_LOG("%s: %s", policy[i], err.text);
		}
	}

	first = printed(spec);
	ASSERT_NE(NULL, first);
	ASSERT_EQ(0, read_text(again, first, &err))
	{
		TH_LOG("%u: %s\n%s", err.place.line, err.text, first);
	}
	second = printed(again);
	EXPECT_STREQ(first, second);
	for (a = spec->settings, b = again->settings; a && b; a = a->next, b = b->next) {
		EXPECT_EQ(a->row, b->row);
		EXPECT_EQ(a->try_form, b->try_form);
		ASSERT_EQ(a->nwords, b->nwords);
		for (unsigned int i = 0; i < a->nwords; i++) {
			EXPECT_STREQ(a->words[i], b->words[i]);
		}
	}
	EXPECT_EQ(NULL, a);
	EXPECT_EQ(NULL, b);
	free(first);
	free(second);
}

/* What was replaced is not in force, and so not in the printed policy. */
TEST(print_what_is_in_force)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };
	char *text;

	ASSERT_EQ(0, add_line(spec, "a", "hostname one", &err));
	ASSERT_EQ(0, add_line(spec, "b", "hostname two", &err));
	text = printed(spec);
	EXPECT_STREQ("hostname two\n", text);
	free(text);
}

TEST_HARNESS_MAIN
