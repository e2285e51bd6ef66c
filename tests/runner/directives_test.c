/* SPDX-License-Identifier: MIT */
/*
 * The table of directives: each row agrees with itself, and each is tried with words that
 * it takes and words that it must not.
 */
#include "tests/runner/spec.h"

#include <limits.h>
#include <sched.h>

#include "kselftest_harness.h"

#define HELP_COLUMNS 50 /* 80, less what --help indents by */

/* ---- the table itself ---- */

/* How many words USAGE has at least, and at most: "[X]" may be left out, "X..." repeated. */
static void count_usage(const char *usage, unsigned int *min, unsigned int *max)
{
	*min = *max = 0;
	while (*usage) {
		size_t len = strcspn(usage, " ");

		if (*usage == '(') { /* "(E)" is part of the name */
			usage += len + strspn(usage + len, " ");
			continue;
		}
		*min += *usage != '[';
		*max = len > 3 && strncmp(usage + len - 3, "...", 3) == 0 ? UINT_MAX :
		       *max == UINT_MAX					  ? UINT_MAX :
									    *max + 1;
		if (strncmp(usage, "[if ", 4) == 0) /* one in brackets, of two words */
			len = strlen(usage);
		usage += len;
		usage += strspn(usage, " ");
	}
}

TEST(usage_agrees)
{
	for (const struct directive *row = directives; row->name; row++) {
		unsigned int min, max;

		ASSERT_NE(NULL, row->usage);
		if (!row->help)
			continue;
		count_usage(row->usage, &min, &max);
		EXPECT_EQ(row->min, min)
		{
			TH_LOG("%s %s: %u words at least", row->name, row->usage, row->min);
		}
		/* An action may be written in several words; only its grammar knows. */
		if (!(row->flags & DIRECTIVE_SYSCALL)) {
			EXPECT_EQ(row->max, max)
			{
				TH_LOG("%s %s: %u words at most", row->name, row->usage, row->max);
			}
		}

		EXPECT_LE(row->min, row->max);
	}
}

TEST(help)
{
	size_t shown = 0;

	for (const struct directive *row = directives; row->name; row++) {
		EXPECT_EQ(!row->group, !row->help);
		if (!row->help)
			continue;
		shown++;
		EXPECT_LT(1, strlen(row->help));
		EXPECT_GE(HELP_COLUMNS, strlen(row->help))
		{
			TH_LOG("%s: %zu columns", row->name, strlen(row->help));
		}
	}
	EXPECT_LT(30, shown);
}

/* Each group's rows stand together, or --help would print its heading twice. */
TEST(groups)
{
	for (const struct directive *row = directives; row->name; row++) {
		for (const struct directive *other = row; other->name; other++) {
			if (other->group == row->group) {
				EXPECT_EQ(row->group, other[other == row ? 0 : -1].group)
				{
					TH_LOG("%s", other->name);
				}
			}
		}
	}
}

TEST(names)
{
	for (const struct directive *row = directives; row->name; row++) {
		EXPECT_EQ(strlen(row->name), strspn(row->name, "abcdefghijklmnopqrstuvwxyz0-"));
		for (const struct directive *other = row + 1; other->name; other++) {
			EXPECT_STRNE(row->name, other->name);
		}
	}
}

/* bpf_policy_line()'s words and ours are the same, but for two that nobody here answers. */
TEST(system_call_words)
{
	size_t ours = 0, theirs = 0;

	for (const struct directive *row = directives; row->name; row++) {
		if (row->flags & DIRECTIVE_SYSCALL)
			ours++;
		EXPECT_EQ(!!(row->flags & DIRECTIVE_SYSCALL),
			  bpf_policy_word(row->name, strlen(row->name)))
		{
			TH_LOG("%s", row->name);
		}
	}
	for (size_t i = 0; bpf_policy_keyword(i); i++) {
		const char *word = bpf_policy_keyword(i);
		bool try_form;

		if (strcmp(word, "trace") == 0 || strcmp(word, "notify") == 0)
			continue;
		theirs++;
		EXPECT_NE(NULL, directive_find(word, &try_form))
		{
			TH_LOG("%s", word);
		}
	}
	EXPECT_EQ(theirs, ours);
}

/* ---- each row ---- */

/* A line for each row that can stand in a policy, and lines that must be refused. */
static const char *const good[] = {
	"overlay-src /a\ntmp-overlay /o",
	"overlay-src /a\ntmp-overlay /o size=1M inodes=2",
	"size 1M\noverlay-src /a\ntmp-overlay /o",
	"overlay-src /a\noverlay-src /b\nro-overlay /o",
	"overlay-src /a\noverlay /up /work /o",
	"perms 0700\ndir /d",
	"perms 1777\nsize 1M\ntmpfs /t",
	"dev /dev size=1M inodes=10",
	"size 1M\ndev /dev",
	"bind /a /b idmap",
	"ro-bind-try /a /b idmap",
	"mqueue /dev/mqueue",
	"mask /usr/bin /etc/shadow",
	"mask-try /nonexistent",
	"landlock files scope net",
	"landlock off",
	"allow-degraded landlock time",
	"ro-bind /usr",
	"ro-bind /usr /opt",
	"ro-bind-try /nonexistent",
	"bind /a /b",
	"bind-try /a",
	"dev-bind /dev/null",
	"dev-bind-try /dev/nul",
	"tmpfs /tmp",
	"tmpfs /t size=1 inodes=2 mode=3",
	"tmpfs /t mode=07777 size=0x1000K",
	"proc /proc",
	"proc /proc subset=pid",
	"proc /proc masks=none",
	"dev /dev",
	"dev /dev size=1M",
	"symlink .. /up",
	"symlink a /b",
	"dir /d",
	"dir /d mode=0700",
	"dir /a..b/..c/d..",
	"accounts /etc",
	"remount-ro /",
	"remount-ro-try /x",
	"chmod 0 /x",
	"chmod 1777 /x",
	"chmod-try 755 /x",
	"share net ipc uts cgroup time",
	"share-net",
	"share user",
	"net none",
	"net host",
	"net pasta",
	"net pasta tcp-in=80,8000-8010 udp-in=53 tcp-out=1:2 udp-out=5",
	"net /run/netns/x",
	"resolver /etc",
	"uid-map 0 100000 65536",
	"gid-map 0 1 4294967294",
	"caps net_raw CAP_CHOWN 40",
	"exec-label docker-default",
	"exec-label \"a profile//hat\"",
	"exec-label system_u:system_r:container_t:s0:c1,c2",
	"caps none",
	"caps kill\nsecurebits none",
	"caps kill\nsecurebits noroot noroot-locked keep-caps-locked",
	("securebits noroot noroot-locked no-setuid-fixup no-setuid-fixup-locked "
	 "keep-caps-locked no-cap-ambient-raise no-cap-ambient-raise-locked"),
	"allow-degraded time cgroup",
	"uid 0",
	"uid 4294967294",
	"gid 0",
	"gid 0x10",
	"hostname a",
	"hostname a.b-c9",
	"chdir /",
	"setenv A b",
	"setenv A \"\"",
	"keep-env A B* *",
	"unsetenv A",
	"rlimit nofile 1",
	"rlimit nofile 0 unlimited",
	"rlimit as 1G 1G",
	"rlimit core unlimited",
	"argv0 -sh",
	"argv0 \"\"",
	"stdin /dev/null",
	"stdout out",
	"stderr stdout",
	"pty",
	"tty auto",
	"tty own",
	"tty none",
	"time-limit 1",
	"time-limit 0.001",
	"time-limit 1 grace=0.5",
	"cpu-limit 1",
	"cpu-limit 0.01",
	"output-limit 0",
	"output-limit 64K",
	"memory 64M",
	"memory 64M\nswap 0",
	"swap 1G\nmemory 1G",
	"pids 1",
	"cpu 1.5",
	"cpu 0.01",
	"io-weight 1",
	"io-weight 10000",
	"io-max / rbps=1M",
	"io-max / rbps=1M wbps=1K riops=10 wiops=20",
	"allow-degraded memory swap pids cpu cpu-limit io-weight io-max",
	"abi x86_64",
	"default kill",
	"unknown errno(ENOSYS)",
	"set @x read",
	"allow read",
	"deny read",
	"errno(EPERM) read",
	"kill read",
	"kill-thread read",
	"trap read",
	"log read",
	"unshare-all",
	"unshare-user",
	"unshare-user-try",
	"unshare-pid",
	"unshare-net",
	"unshare-ipc",
	"unshare-uts",
	"unshare-cgroup",
	"unshare-cgroup-try",
	"new-session",
	"die-with-parent",
	"clearenv",
};

static const char *const bad[] = {
	"tmp-overlay /o",
	"overlay /up /work /o",
	"ro-overlay /o",
	"overlay-src /a\nro-overlay /o",
	"overlay-src /a\nro-overlay /o size=1M",
	"overlay-src /a\ntmp-overlay /o size=0",
	"overlay-src /a\ntmp-overlay /o inodes=0",
	"overlay-src /a\ntmp-overlay /o mode=0755",
	"overlay-src /a\ntmp-overlay o",
	"overlay-src /a",
	"overlay-src /a\ntmpfs /t",
	"overlay-src /a\nbind /b",
	"perms 0700",
	"perms 8\ndir /d",
	"perms 0700\nuid 1",
	"perms 0700\nproc /proc",
	"size 0\ntmpfs /t",
	"size 1M\ndir /d",
	"size 1M\noverlay-src /a\noverlay /up /work /o",
	"dev /dev mode=0755",
	"dev /dev inodes=0",
	"bind /a idmap",
	"bind /a /b idmapped",
	"mask x",
	"mask /a/../b",
	"mqueue q",
	"mqueue /q size=1M",
	"landlock",
	"landlock all",
	"landlock off files",
	"ro-bind /usr usr",
	"ro-bind usr",
	"bind /a /b/../c",
	"bind /a /..",
	"bind /a \"\"",
	"bind /a /b/..",
	"tmpfs tmp",
	"tmpfs /t size=0",
	"tmpfs /t size=-1",
	"tmpfs /t size=",
	"tmpfs /t size",
	"tmpfs /t inodes=0",
	"tmpfs /t inodes=2147483648",
	"tmpfs /t mode=8",
	"tmpfs /t mode=17777",
	"tmpfs /t subset=pid",
	"tmpfs /t sizes=1",
	"tmpfs /t =",
	"proc /proc subset=all",
	"proc /proc size=1",
	"proc /proc masks=all",
	"dir /d masks=none",
	"dev /dev subset=pid",
	"dir /d size=1",
	"dir d",
	"symlink a b",
	"accounts etc",
	"remount-ro x",
	"chmod 8 /x",
	"chmod u+x /x",
	"chmod 755 x",
	"share mnt",
	"share pid",
	"share nothing",
	"share net pid",
	"net bridge",
	"net none tcp-in=80",
	"net pasta tcp-in=",
	"net pasta tcp-in=a",
	"net pasta 80",
	"net pasta ports=80",
	"resolver etc",
	"uid-map 0 0 1",
	"uid-map 0 1 0",
	"uid-map 0 1 4294967295",
	"uid-map -1 1 1",
	"gid-map 4294967294 1 2",
	"caps net_everything",
	"caps 64",
	"exec-label",
	"exec-label \"\"",
	"exec-label \" x\"",
	"exec-label \"a\\nb\"",
	"exec-label a b",
	"caps none kill",
	"securebits",
	"securebits none", /* without caps */
	"securebits noroot",
	"caps kill\nsecurebits keep-caps",
	"caps kill\nsecurebits root",
	"caps kill\nsecurebits none noroot",
	"allow-degraded nothing",
	"allow-degraded user",
	"allow-degraded mnt",
	"allow-degraded pid",
	"uid -1",
	"uid 4294967295",
	"uid root",
	"uid \"\"",
	"gid 4294967296",
	"hostname \"\"",
	"hostname a_b",
	"hostname \"a b\"",
	"hostname 12345678901234567890123456789012345678901234567890123456789012345",
	"chdir tmp",
	"chdir \"\"",
	"setenv A=b c",
	"setenv \"\" c",
	"keep-env A=b",
	"keep-env A \"\"",
	"unsetenv =",
	"rlimit nofiles 1",
	"rlimit nofile x",
	"rlimit nofile 2 1",
	"rlimit nofile unlimited 1",
	"rlimit nofile -1",
	"rlimit nofile K",
	"rlimit nofile 1 18446744073709551616",
	"stdin \"\"",
	"stdout",
	"stderr a b",
	"tty",
	"tty yes",
	"tty own none",
	"time-limit 0",
	"time-limit -1",
	"time-limit inf",
	"time-limit nan",
	"time-limit 1e3",
	"time-limit 1s",
	"time-limit \"\"",
	"time-limit .",
	"time-limit 1.2.3",
	"time-limit 99999999999",
	"time-limit 1 2",
	"time-limit 1 grace=",
	"time-limit 1 grace=0",
	"time-limit 1 grace=1s",
	"cpu-limit 0",
	"cpu-limit 0.0000001",
	"cpu-limit 1m",
	"output-limit",
	"output-limit -1",
	"output-limit x",
	"output-limit 1 2",
	"memory 0",
	"memory -1",
	"memory 1X",
	"memory 9223372036854775808",
	"memory unlimited",
	"swap -1",
	"swap unlimited",
	"swap 1M", /* alone */
	"pids 0",
	"pids 1.5",
	"pids 99999999999",
	"cpu 0",
	"cpu 0.001",
	"cpu -1",
	"cpu 1e3",
	"io-weight 0",
	"io-weight 10001",
	"io-max /",
	"io-max x rbps=1",
	"io-max / rbps=0",
	"io-max / rbps",
	"io-max / bps=1",
	"io-max / rbps=1 wbps=1 riops=1 wiops=1 rbps=1",
	"allow-degraded time-limit",
	"abi vax",
	"default perhaps",
	"set x read",
	"allow raed",
	"allow read if fdd == 1",
	"unknown trace",
};

TEST(accepted)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };
		int ret = add_lines(spec, good[i], &err);

		if (!ret && strncmp(good[i], "default", 7) != 0)
			ret = add_line(spec, "policy", "default kill", &err);
		if (!ret)
			ret = settings_apply(spec, &err);
		EXPECT_EQ(0, ret)
		{
			TH_LOG("%s: %s", good[i], err.text);
		}
	}
}

TEST(every_row_was_accepted_once)
{
	for (const struct directive *row = directives; row->name; row++) {
		size_t len = strlen(row->name);
		bool found = row->flags & DIRECTIVE_OPTION || strcmp(row->name, "include") == 0;

		for (size_t i = 0; i < COUNT(good) && !found; i++) {
			const char *last = strrchr(good[i], '\n');
			const char *line = last && !(row->flags & DIRECTIVE_PREFIX) ? last + 1 :
										      good[i];

			found = strncmp(line, row->name, len) == 0 && strchr(" (", line[len]);
		}
		EXPECT_TRUE(found)
		{
			TH_LOG("%s has no line here", row->name);
		}
	}
}

TEST(refused)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };
		int ret;

		ret = apply_line(spec, bad[i], &err);
		EXPECT_EQ(-EINVAL, ret)
		{
			TH_LOG("%s", bad[i]);
		}
		if (!ret)
			continue;
		EXPECT_STREQ("policy", err.place.file)
		{
			TH_LOG("%s", bad[i]);
		}
		EXPECT_EQ(7, err.place.line);
		EXPECT_NE(0, err.text[0]);
	}
}

/* ---- what they do ---- */

static const struct {
	const char *line;
	struct ns_op op;
} operations[] = {
	{ "ro-bind /usr",
	  { .kind = NS_OP_BIND,
	    .flags = NS_RDONLY,
	    .source = "/usr",
	    .dest = "/usr",
	    .mode = 0755 } },
	{ "ro-bind-try /a /b",
	  { .kind = NS_OP_BIND,
	    .flags = NS_RDONLY | NS_TRY,
	    .source = "/a",
	    .dest = "/b",
	    .mode = 0755 } },
	{ "bind /a /b", { .kind = NS_OP_BIND, .source = "/a", .dest = "/b", .mode = 0755 } },
	{ "dev-bind /a",
	  { .kind = NS_OP_BIND, .flags = NS_DEV, .source = "/a", .dest = "/a", .mode = 0755 } },
	{ "tmpfs /t",
	  { .kind = NS_OP_TMPFS, .dest = "/t", .mode = 0755, .size = 64u << 20, .inodes = 65536 } },
	{ "tmpfs /t size=1K inodes=9 mode=1700",
	  { .kind = NS_OP_TMPFS, .dest = "/t", .mode = 01700, .size = 1024, .inodes = 9 } },
	{ "proc /p", { .kind = NS_OP_PROC, .dest = "/p", .mode = 0755 } },
	{ "proc /p subset=pid",
	  { .kind = NS_OP_PROC, .flags = NS_PIDS, .dest = "/p", .mode = 0755 } },
	{ "dir /d mode=0711", { .kind = NS_OP_DIR, .dest = "/d", .mode = 0711 } },
	{ "symlink t /l", { .kind = NS_OP_SYMLINK, .source = "t", .dest = "/l", .mode = 0755 } },
	{ "remount-ro /", { .kind = NS_OP_REMOUNT_RO, .dest = "/", .mode = 0755 } },
	{ "remount-ro-try /x",
	  { .kind = NS_OP_REMOUNT_RO, .flags = NS_TRY, .dest = "/x", .mode = 0755 } },
	{ "chmod 0123 /x", { .kind = NS_OP_CHMOD, .dest = "/x", .mode = 0123 } },
	{ "bind /s /d idmap",
	  { .kind = NS_OP_BIND, .flags = NS_IDMAP, .source = "/s", .dest = "/d", .mode = 0755 } },
	{ "mqueue /q", { .kind = NS_OP_MQUEUE, .dest = "/q", .mode = 0755 } },
	{ "mask /x", { .kind = NS_OP_MASK, .dest = "/x", .mode = 0755 } },
	{ "mask-try /x", { .kind = NS_OP_MASK, .flags = NS_TRY, .dest = "/x", .mode = 0755 } },
};

TEST(what_operations_say)
{
	for (size_t i = 0; i < COUNT(operations); i++) {
		const struct ns_op *want = &operations[i].op, *op;
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		ASSERT_EQ(0, apply_line(spec, operations[i].line, &err));
		ASSERT_EQ(1, spec->nops);
		op = &spec->ops[0];
		EXPECT_TRUE(op->kind == want->kind && op->flags == want->flags &&
			    op->mode == want->mode && op->source_fd == -1)
		{
			TH_LOG("%s: kind %d, flags %x, mode %o", operations[i].line, op->kind,
			       op->flags, op->mode);
		}
		EXPECT_STREQ(want->dest, op->dest);
		if (want->source) {
			EXPECT_STREQ(want->source, op->source);
		}

		if (want->size) {
			EXPECT_TRUE(op->size == want->size && op->inodes == want->inodes)
			{
				TH_LOG("%s", operations[i].line);
			}
		}

		/* A tmpfs without a bound would be as large as half of the memory. */
		if (op->kind == NS_OP_TMPFS || op->kind == NS_OP_DEV) {
			EXPECT_TRUE(op->size && op->inodes);
		}

		EXPECT_STREQ("policy", spec->op_places[0].file);
		EXPECT_EQ(7, spec->op_places[0].line);
	}
}

TEST(accounts_are_two_files)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, apply_line(spec, "accounts /etc", &err));
	ASSERT_EQ(2, spec->nops);
	EXPECT_STREQ("/etc/passwd", spec->ops[0].dest);
	EXPECT_STREQ("/etc/group", spec->ops[1].dest);
}

TEST(values)
{
	static const char *const lines[] = {
		"share net time",
		"allow-degraded cgroup",
		"uid 5",
		"gid 6",
		"hostname h",
		"chdir /c",
		"rlimit nofile 10 20",
		"rlimit cpu 3",
		"time-limit 2.5",
		"default kill",
	};
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	for (size_t i = 0; i < COUNT(lines); i++) {
		ASSERT_EQ(0, add_line(spec, "policy", lines[i], &err));
	}

	ASSERT_EQ(0, settings_apply(spec, &err));
	EXPECT_EQ(CLONE_NEWNET | 0x80ul, spec->share); /* CLONE_NEWTIME */
	EXPECT_EQ((unsigned long)CLONE_NEWCGROUP, spec->degraded);
	EXPECT_TRUE(spec->has_uid && spec->uid == 5 && spec->has_gid && spec->gid == 6);
	EXPECT_STREQ("h", spec->hostname);
	EXPECT_STREQ("/c", spec->directory);
	ASSERT_EQ(2, spec->nlimits);
	EXPECT_EQ(RLIMIT_NOFILE, spec->limits[0].row->resource);
	EXPECT_TRUE(spec->limits[0].limit.rlim_cur == 10 && spec->limits[0].limit.rlim_max == 20);
	EXPECT_TRUE(spec->limits[1].limit.rlim_cur == 3 && spec->limits[1].limit.rlim_max == 3);
	EXPECT_TRUE(spec->time_limit > 2.4 && spec->time_limit < 2.6);
	EXPECT_EQ(SECCOMP_RET_KILL_PROCESS, spec->syscalls.default_action);
}

/* A spec that nobody filled is the confined one, but there must be a default. */
TEST(nothing_asked_for)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	EXPECT_EQ(-EINVAL, settings_apply(spec, &err));
	ASSERT_EQ(0, add_line(spec, "policy", "default kill", &err));
	ASSERT_EQ(0, settings_apply(spec, &err));
	EXPECT_EQ(0, spec->share | spec->degraded);
	EXPECT_TRUE(!spec->nops && !spec->nenv && !spec->nkeep_fds && !spec->nlimits);
}

/* ---- as many as there is room for, and one more ---- */

TEST(bounds)
{
	static const struct {
		const char *name;
		unsigned int room;
	} cases[] = {
		{ "dir /d", NS_TREE_MAX },
		{ "unsetenv V", SPEC_ENV },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (unsigned int extra = 0; extra < 2; extra++) {
			struct spec *spec = new_spec();
			struct bpf_error err = { 0 };
			char line[64];

			for (unsigned int n = 0; n < cases[i].room + extra; n++) {
				snprintf(line, sizeof(line), "%s%u", cases[i].name, n);
				ASSERT_EQ(0, add_line(spec, "policy", line, &err));
			}
			ASSERT_EQ(0, add_line(spec, "policy", "default kill", &err));
			EXPECT_EQ(extra, settings_apply(spec, &err) != 0)
			{
				TH_LOG("%s: %s", cases[i].name, err.text);
			}
		}
	}
}

TEST_HARNESS_MAIN
