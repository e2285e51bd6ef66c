/* SPDX-License-Identifier: MIT */
/*
 * The command line. options_parse() exits on a mistake, so each case runs in a child, which
 * prints what was understood; its exit status and what it wrote are compared.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

#define WORDS 12

struct line {
	const char *words[WORDS]; /* without argv[0]; ends with a NULL */
};

/* What can be told of a spec in one line. */
static void parse(void *arg)
{
	const struct line *line = arg;
	struct spec *spec = new_spec();
	char *argv[WORDS + 2] = { xprintf(spec->arena, "sbrun") };
	int argc = 1;

	forget_home();
	for (; argc <= WORDS && line->words[argc - 1]; argc++)
		argv[argc] = xprintf(spec->arena, "%s", line->words[argc - 1]);
	options_parse(argc, argv, spec);
	printf("policy=%s mode=%d host=%s command=", spec->policy, spec->mode,
	       spec->hostname ? spec->hostname : "-");
	for (char **word = spec->argv; word && *word; word++)
		printf("[%s]", *word);
	printf(" fd=%d\n", spec->status_fd);
	spec_print(stdout, spec);
}

struct example {
	struct line line;
	int status;
	const char *said; /* a part of what is written */
};

static const struct example good[] = {
	{ { { "--", "true" } }, 0, "policy=strict mode=0 host=- command=[true] fd=-1\n" },
	{ { { "--", "--" } }, 0, "command=[--]" },
	{ { { "--", "ls", "--help", "-l" } }, 0, "mode=0 host=- command=[ls][--help][-l]" },
	{ { { "--", "a", "--", "b" } }, 0, "command=[a][--][b]" },
	{ { { "--policy", "standard", "--", "x" } }, 0, "policy=standard" },
	{ { { "--policy=standard", "--", "x" } }, 0, "policy=standard" },
	{ { { "--hostname", "h", "--", "x" } }, 0, "host=h" },
	{ { { "--hostname=h", "--", "x" } }, 0, "host=h" },
	{ { { "--hostname", "h", "--policy", "strict", "--", "x" } }, 0, "host=h" },
	{ { { "--setenv=--weird", "v", "--", "x" } }, 0, "\nsetenv --weird v\n" },
	{ { { "--setenv", "A", "", "--", "x" } }, 0, "\nsetenv A \"\"\n" },
	{ { { "--setenv", "A", "-1", "--", "x" } }, 0, "\nsetenv A -1\n" },
	{ { { "--setenv", "HOME", "/other", "--", "x" } }, 0, "\nsetenv HOME /other\n" },
	{ { { "--ro-bind-try", "/a b", "/c", "--", "x" } }, 0, "\nro-bind-try \"/a b\" /c\n" },
	{ { { "--tmpfs", "/x", "size=1M", "--share-net", "--", "x" } },
	  0,
	  "\ntmpfs /x size=1M\nshare-net\n" },
	{ { { "--status-fd", "2", "--", "x" } }, 0, "fd=2" },
	{ { { "--json-status-fd", "2", "--", "x" } }, 0, "fd=2" },
	{ { { "--background", "--quiet", "--info-fd", "1", "--", "x" } }, 0, "[x]" },
	{ { { "--allow", "socket", "if", "domain", "==", "AF_UNIX", "--", "x" } },
	  0,
	  "\nallow socket if domain == AF_UNIX\n" },
	{ { { "--allow=socket", "--", "x" } }, 0, "\nallow socket\n" },
	{ { { "--errno(ENOSYS)", "socket", "--", "x" } }, 0, "\nerrno(ENOSYS) socket\n" },
	{ { { "--unshare-all", "--die-with-parent", "--new-session", "--", "x" } }, 0, "[x]" },
	{ { { "--explain" } }, 0, "mode=1" },
	{ { { "--explain", "steps", "--", "cat" } }, 0, "mode=1 host=- command=[cat]" },
	{ { { "--explain=plan" } }, 0, "mode=1" },
	{ { { "--print-policy" } }, 0, "mode=2" },
	{ { { "--dry-run" } }, 0, "mode=3" },
	{ { { "--completion", "bash" } }, 0, "mode=4" },
	{ { { "--status", "1" } }, 0, "mode=5" },
	{ { { "--version" } }, 0, "mode=6" },
	{ { { "--help" } }, 0, "mode=7" },
	{ { { "--doctor" } }, 0, "mode=8" },
	{ { { "--json", "--doctor" } }, 0, "mode=8" },
	{ { { "--selftest" } }, 0, "mode=9" },
	{ { { "--selftest", "--tap", "--hostname", "h" } }, 0, "mode=9 host=h" },
};

static const struct example bad[] = {
	{ { { NULL } }, 125, "no command" },
	{ { { "--" } }, 125, "no command" },
	{ { { "true" } }, 125, "'true' is no option; the command comes behind a lone --" },
	{ { { "-h" } }, 125, "'-h' is no option" },
	{ { { "--policy", "strict", "true" } }, 125, "a word too many: 'true'" },
	{ { { "--share-net", "true" } }, 125, "a word too many: 'true'" },
	{ { { "--hostname" } }, 125, "too few words" },
	{ { { "--hostname", "--", "x" } }, 125, "too few words" },
	{ { { "--setenv", "A", "--weird", "--", "x" } }, 125, "too few words" },
	{ { { "--setenv", "A", "b", "c", "--", "x" } }, 125, "a word too many: 'c'" },
	{ { { "--hostnam", "h", "--", "x" } }, 125, "did you mean '--hostname'" },
	{ { { "--zzzzzzzzzzzz", "--", "x" } }, 125, "unknown option '--zzzzzzzzzzzz'; --help" },
	{ { { "--\033[2J", "--", "x" } }, 125, "unknown option '--\\x1b[2J'" },
	{ { { "--hostname", "a", "--hostname", "b", "--", "x" } }, 125, "said twice" },
	{ { { "--setenv", "A", "1", "--setenv", "A", "2", "--", "x" } }, 125, "said twice" },
	{ { { "--policy", "strict", "--policy", "standard", "--", "x" } },
	  125,
	  "is looser than what is in force" },
	{ { { "--policy", "standard", "--policy", "strict", "--print-policy" } }, 125, "--stack" },
	{ { { "--selftest", "x" } }, 125, "a word too many: 'x'" },
	{ { { "--tap", "1", "--", "x" } }, 125, "a word too many: '1'" },
	{ { { "--policy", "nonesuch", "--", "x" } }, 125, "nonesuch" },
	{ { { "--policy", "./nonesuch", "--", "x" } }, 125, "./nonesuch" },
	{ { { "--include", "nonesuch", "--", "x" } }, 125, "nonesuch" },
	{ { { "--policy", "", "--", "x" } }, 125, "" },
	{ { { "--policy", "/dev/null", "--", "x" } }, 125, "/dev/null" },
	{ { { "--status-fd", "-1", "--", "x" } }, 125, "not a descriptor" },
	{ { { "--status-fd", "2147483648", "--", "x" } }, 125, "not a descriptor" },
	{ { { "--keep-fd", "x", "--", "x" } }, 125, "not a descriptor" },
	{ { { "--info-fd", "", "--", "x" } }, 125, "not a descriptor" },
	{ { { "--args", "x", "--", "x" } }, 125, "--args: not a descriptor: 'x'" },
	{ { { "--args" } }, 125, "--args: not a descriptor" },
	{ { { "--args", "777", "--", "x" } }, 125, "--args: read descriptor 777" },
	{ { { "--completion", "tcsh" } }, 125, "bash" },
	{ { { "--explain", "everything" } }, 125, "plan, steps and program" },
	{ { { "--allow", "raed", "--", "x" } }, 125, "did you mean 'read'" },
	{ { { "--allow", "read\nkill write", "--", "x" } }, 125, "command line" },
	{ { { "--allow", "read # no more", "--", "x" } }, 125, "command line" },
	{ { { "--notify", "read", "--", "x" } }, 125, "" },
	{ { { "--share", "pid", "--", "x" } }, 125, "no sandbox without" },
};

static void try(struct __test_metadata *_metadata, const struct example *example)
{
	struct ended out = in_child(parse, (void *)(uintptr_t)&example->line);
	const char *first = example->line.words[0] ? example->line.words[0] : "(nothing)";

	EXPECT_EQ(example->status, out.status)
	{
		TH_LOG("%s: %.200s", first, out.text);
	}
	EXPECT_NE(NULL, strstr(out.text, example->said))
	{
		TH_LOG("%s: no '%s' in: %.300s", first, example->said, out.text);
	}
	if (example->status == STATUS_FAILED) {
		EXPECT_EQ(0, strncmp(out.text, "sbrun: ", 7));
	}
}

TEST(taken)
{
	for (size_t i = 0; i < COUNT(good); i++)
		try(_metadata, &good[i]);
}

TEST(refused)
{
	for (size_t i = 0; i < COUNT(bad); i++)
		try(_metadata, &bad[i]);
}

/* The command line wins over the policy, without a contradiction. */
TEST(the_command_line_decides)
{
	static const struct line line = { { "--setenv", "HOME", "/home", "--rlimit", "nofile", "5",
					    "--", "x" } };
	struct ended out = in_child(parse, (void *)(uintptr_t)&line);

	EXPECT_EQ(0, out.status);
	EXPECT_NE(NULL, strstr(out.text, "\nsetenv HOME /home\n"));
	EXPECT_EQ(NULL, strstr(out.text, "\nsetenv HOME /tmp\n"));
	EXPECT_NE(NULL, strstr(out.text, "\nrlimit nofile 5\n"));
	EXPECT_EQ(NULL, strstr(out.text, "\nrlimit nofile 1024"));
}

/* An --include is dissolved in the printed policy: to print both would read it twice. */
TEST(includes_are_dissolved)
{
	static const struct line line = { { "--include", "sets", "--print-policy" } };
	struct ended out = in_child(parse, (void *)(uintptr_t)&line);

	EXPECT_NE(NULL, strstr(out.text, "\nset @"));
	EXPECT_EQ(NULL, strstr(out.text, "\ninclude "));
}

/* What --print-policy prints is a policy, with the same meaning. */
static void print_twice(void *arg)
{
	struct spec *spec = new_spec(), *again = new_spec();
	static const char *const words[] = {
		"sbrun", "--policy", "standard", "--allow", "socket",	      "--setenv",
		"A",	 "b #c",     "--tmpfs",	 "/my tmp", "--print-policy",
	};
	char *argv[COUNT(words) + 1] = { NULL };
	struct bpf_error err = { 0 };
	char *first, *second;

	(void)arg;
	for (size_t i = 0; i < COUNT(words); i++)
		argv[i] = xprintf(spec->arena, "%s", words[i]);
	forget_home();
	options_parse((int)COUNT(words), argv, spec);
	first = printed(spec);
	if (read_text(again, first, &err) || settings_apply(again, &err))
		fail_at(&err);
	second = printed(again);
	if (strcmp(first, second) != 0)
		fail("read back, it is different");
	if (spec->nops != again->nops || spec->syscalls.nrules != again->syscalls.nrules)
		fail("%u and %u operations, %u and %u rules", spec->nops, again->nops,
		     spec->syscalls.nrules, again->syscalls.nrules);
	free(first);
	free(second);
}

TEST(print_policy_is_a_policy)
{
	struct ended out = in_child(print_twice, NULL);

	EXPECT_EQ(0, out.status)
	{
		TH_LOG("%s", out.text);
	}
}

static void print_usage(void *arg)
{
	(void)arg;
	usage_print(stdout);
}

TEST(usage_has_every_option)
{
	struct ended out = in_child(print_usage, NULL);
	const char *line = out.text;

	EXPECT_EQ(0, out.status);
	for (const struct directive *row = directives; row->name; row++) {
		char word[64];

		snprintf(word, sizeof(word), "\n  --%s", row->name);
		EXPECT_EQ(!row->help, !strstr(out.text, word))
		{
			TH_LOG("%s", row->name);
		}
	}
	while (*line) {
		size_t len = strcspn(line, "\n");

		EXPECT_GE(80, len)
		{
			TH_LOG("%.*s", (int)len, line);
		}
		line += len + (line[len] == '\n');
	}
}

TEST_HARNESS_MAIN
