/* SPDX-License-Identifier: MIT */
/*
 * Stacked policies: what a second one may ask for, for each directive both ways; that the
 * filter of both is proved to be stricter, and that this proof can fail.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

/* FIRST, then SECOND on top of it; judged and carried out. */
static int stack(struct spec *spec, const char *first, const char *second, struct bpf_error *err)
{
	int ret;

	spec->turn = 1;
	spec->policies[0] = "first";
	ret = add_lines(spec, first, err);
	if (!ret)
		ret = add_line(spec, "first", "default kill", err);
	spec->turn = 3;
	spec->policies[1] = "second";
	if (!ret)
		ret = add_lines(spec, second, err);
	spec->turn = 4;
	if (!ret)
		ret = tighten(spec, err);
	return ret ? ret : settings_apply(spec, err);
}

static const struct {
	const char *first, *same, *looser; /* or NULL, if nothing can be */
} cases[] = {
	{ "ro-bind /a", "ro-bind /a", "bind /a" },
	{ "bind /a", "ro-bind /a", "dev-bind /a" },
	{ "dev-bind /a", "bind /a", "ro-bind /b /a" },
	{ "dev-bind /a", "dev-bind /a", "ro-bind /a /c" },
	{ "bind /a /b", "ro-bind-try /a /b", "bind /a /b idmap" },
	{ "dir /x", "dir /x", "ro-bind /a" },
	{ "dir /x", "dir /x mode=0700", "dir /x mode=0777" },
	{ "tmpfs /t size=2M", "tmpfs /t size=1M", "tmpfs /t size=3M" },
	{ "tmpfs /t mode=1777", "tmpfs /t mode=1755", "tmpfs /t mode=0777" },
	{ "tmpfs /t inodes=5", "tmpfs /t inodes=4", "tmpfs /t inodes=6" },
	{ "perms 0700\ntmpfs /t", "perms 0500\ntmpfs /t", "perms 0701\ntmpfs /t" },
	{ "size 2M\ntmpfs /t", "size 1M\ntmpfs /t", "size 3M\ntmpfs /t" },
	{ "tmpfs /t", "tmpfs /t", "tmpfs /t/t" },
	{ "tmpfs /t", "mask /t", "bind /t" },
	{ "proc /proc", "proc /proc subset=pid", "proc /proc masks=none" },
	{ "proc /proc subset=pid", "proc /proc subset=pid", "proc /proc" },
	{ "proc /proc masks=none", "proc /proc", NULL },
	{ "dev /dev size=2M", "dev /dev size=1M", "dev /dev size=3M" },
	{ "mqueue /q", "mqueue /q", "mqueue /r" },
	{ "symlink a /b", "symlink a /b", "symlink c /b" },
	{ "overlay-src /a\ntmp-overlay /o", "overlay-src /a\ntmp-overlay /o",
	  "overlay-src /b\ntmp-overlay /o" },
	{ "overlay-src /a\noverlay-src /b\nro-overlay /o",
	  "overlay-src /a\noverlay-src /b\nro-overlay /o",
	  "overlay-src /a\noverlay-src /b\ntmp-overlay /o" },
	{ "overlay-src /a\noverlay /u /w /o", "overlay-src /a\noverlay /u /w /o",
	  "overlay-src /a\noverlay /v /w /o" },
	{ "accounts /etc", "accounts /etc", "accounts /x" },
	{ "resolver /etc", "resolver /etc", "resolver /x" },
	{ "mask /a", "mask /a /b", NULL },
	{ "remount-ro /", "remount-ro /\nremount-ro-try /b", NULL },
	{ "chmod 700 /a", "chmod 700 /a", "chmod 777 /a" },

	{ "share ipc uts", "share uts", "share time" },
	{ "share uts", "share uts", "share net" },
	{ "net none", "net none", "net host" },
	{ "net pasta", "net none", "net host" },
	{ "net pasta tcp-in=80", "net pasta tcp-in=80", "net pasta tcp-in=81" },
	{ "net pasta tcp-in=80", "net pasta", "net pasta udp-in=80" },
	{ "net host", "net pasta tcp-in=1", "net /run/netns/x" },
	{ "share-net", "net none", "net /run/netns/x" },
	{ "net /run/netns/x", "net /run/netns/x", "net pasta" },
	{ "net host", "share-net", NULL },
	{ "share net", "share-net", NULL },
	{ "hostname a", "hostname b", "share-net" },
	{ "allow-degraded time memory landlock", "allow-degraded memory", "allow-degraded pids" },
	{ "allow-degraded time", "allow-degraded time", "allow-degraded cgroup" },
	{ "allow-degraded time", "allow-degraded time", "allow-degraded landlock" },
	{ "landlock files", "landlock files net", "landlock net" },
	{ "hostname a", "landlock files scope", "landlock files" },
	{ "landlock off", "landlock off", NULL },
	{ "landlock net", "landlock net scope", "landlock off" },
	{ "uid 5", "uid 5", "uid 6" },
	{ "hostname a", "hostname a", "gid 0" },
	{ "gid 5", "gid 5", "gid 6" },
	{ "uid-map 0 1 1", "uid-map 0 1 1", "uid-map 0 1 2" },
	{ "gid-map 0 1 1", "gid-map 0 1 1", "gid-map 1 1 1" },
	{ "caps chown kill", "caps kill", "caps kill net_raw" },
	{ "caps chown", "caps none", "caps kill" },
	{ "hostname a", "caps none", "caps kill" },
	{ "exec-label a", "exec-label a", "exec-label b" },
	{ "hostname a", "exec-label a", NULL },
	{ "caps kill\nsecurebits noroot", "securebits noroot noroot-locked", "securebits none" },
	{ "caps kill\nsecurebits none", "caps none", "securebits none\ncaps chown" },
	{ "hostname a", "hostname b", NULL },

	{ "chdir /", "chdir /x", NULL },
	{ "setenv A b", "setenv A c\nsetenv B d", NULL },
	{ "keep-env A* B", "keep-env A1 A2* B", "keep-env B*" },
	{ "keep-env A", "unsetenv A", "keep-env C" },
	{ "setenv A 1", "unsetenv A", "keep-env A" },
	{ "argv0 a", "argv0 b", NULL },
	{ "stdin /dev/null", "stdin /dev/null", "stdin /etc/passwd" },
	{ "hostname a", "argv0 b", "stdout x" },
	{ "stdout x", "stdout x", "stdout y" },
	{ "stderr x", "stderr x", "stderr stdout" },
	{ "tty auto", "tty own", "tty none" },
	{ "tty none", "pty", NULL },
	{ "pty", "tty own", "tty auto" },

	{ "time-limit 5", "time-limit 4", "time-limit 6" },
	{ "time-limit 5", "time-limit 4 grace=1", "time-limit 4 grace=2" },
	{ "time-limit 5 grace=1", "time-limit 5", "time-limit 5.1" },
	{ "hostname a", "time-limit 1000", NULL },
	{ "output-limit 5", "output-limit 5", "output-limit 6" },
	{ "hostname a", "output-limit 5", NULL },
	{ "cpu-limit 5", "cpu-limit 4.5", "cpu-limit 5.5" },
	{ "memory 1G", "memory 1023M", "memory 1025M" },
	{ "memory 1G", "swap 0", "swap 1" },
	{ "memory 1G\nswap 1M", "swap 1M", "swap 2M" },
	{ "pids 5", "pids 5", "pids 6" },
	{ "cpu 1.5", "cpu 1", "cpu 2" },
	{ "io-weight 100", "io-weight 10", "io-weight 1000" },
	{ "io-max / rbps=5", "io-max / rbps=5 wbps=9", "io-max / wbps=5" },
	{ "io-max / rbps=5", "io-max /x rbps=9", "io-max / rbps=6" },
	{ "rlimit nofile 5 6", "rlimit nofile 4 6", "rlimit nofile 5 7" },
	{ "rlimit nofile 5 6", "rlimit as 1G", "rlimit nofile unlimited" },
	{ "hostname a", "rlimit core 1", "rlimit core 2" },
	{ "hostname a", "rlimit core 1", "rlimit core 0" },

	{ "hostname a", "unshare-all\nnew-session\ndie-with-parent\nclearenv", NULL },
	{ "hostname a",
	  "unshare-user\nunshare-pid\nunshare-net\nunshare-ipc\nunshare-uts\nunshare-cgroup",
	  NULL },
};

TEST(not_looser)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		EXPECT_EQ(0, stack(spec, cases[i].first, cases[i].same, &err))
		{
			TH_LOG("%s; %s: %s", cases[i].first, cases[i].same, err.text);
		}
		forget_spec(spec);
	}
}

TEST(looser)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		if (cases[i].looser) {
			EXPECT_EQ(-EINVAL, stack(spec, cases[i].first, cases[i].looser, &err))
			{
				TH_LOG("%s; %s", cases[i].first, cases[i].looser);
			}

			EXPECT_NE(NULL, strstr(err.text, "is looser than what is in force: "))
			{
				TH_LOG("%s: %s", cases[i].looser, err.text);
			}
			EXPECT_EQ(7, err.place.line);
		}

		forget_spec(spec);
	}
}

/* A second policy may say the very same, and nothing is done twice. */
TEST(itself)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *once = new_spec(), *twice = new_spec();
		struct bpf_error err = { 0 };

		ASSERT_EQ(0, stack(once, cases[i].first, "new-session", &err));
		EXPECT_EQ(0, stack(twice, cases[i].first, cases[i].first, &err))
		{
			TH_LOG("%s: %s", cases[i].first, err.text);
		}
		EXPECT_TRUE(once->nops == twice->nops && once->nenv == twice->nenv &&
			    once->maps[0].n == twice->maps[0].n && once->caps == twice->caps &&
			    once->net == twice->net && once->nlimits == twice->nlimits)
		{
			TH_LOG("%s", cases[i].first);
		}
		forget_spec(once);
		forget_spec(twice);
	}
}

TEST(every_row_has_decided)
{
	for (const struct directive *row = directives; row->name; row++) {
		const bool is_line = row->apply && !(row->flags & DIRECTIVE_OPTION);

		EXPECT_EQ(is_line && !(row->flags & DIRECTIVE_SYSCALL), tighten_knows(row->name))
		{
			TH_LOG("%s: runner/tighten.c must say how a second policy's is judged",
			       row->name);
		}
	}
}

TEST(both_ways_of_each)
{
	for (const struct directive *row = directives; row->name; row++) {
		size_t len = strlen(row->name);
		bool found = !tighten_knows(row->name);

		for (size_t i = 0; i < COUNT(cases) && !found; i++) {
			const char *at = strstr(cases[i].same, row->name);

			found = at && (at == cases[i].same || at[-1] == '\n') &&
				(!at[len] || strchr(" -\n", at[len]));
		}
		EXPECT_TRUE(found)
		{
			TH_LOG("%s is not tried", row->name);
		}
	}
}

/* ---- what becomes of it ---- */

/* What is there covers what comes before it, and must go on to do so. */
TEST(in_the_place_of_what_was_there)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, stack(spec, "bind /a\nperms 0700\ntmpfs /a/b\nmask /a/c",
			   "perms 0500\ntmpfs /a/b\nro-bind /a\nmask /d", &err))
	{
		TH_LOG("%s", err.text);
	}
	ASSERT_EQ(4, spec->nops);
	EXPECT_STREQ("/a", spec->ops[0].dest);
	EXPECT_EQ(NS_RDONLY, spec->ops[0].flags);
	EXPECT_STREQ("/a/b", spec->ops[1].dest);
	EXPECT_EQ(0500, spec->ops[1].mode);
	EXPECT_STREQ("/a/c", spec->ops[2].dest);
	EXPECT_STREQ("/d", spec->ops[3].dest);
}

TEST(values)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, stack(spec, "caps chown kill\ncaps net_raw\nmemory 1G\nnet host\nshare-net",
			   "caps kill\ncaps net_raw\nmemory 1M\nnet none", &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_EQ(CAPS_BIT(5) | CAPS_BIT(13), spec->caps);
	EXPECT_EQ(1u << 20, spec->limit[LIMIT_MEMORY]);
	EXPECT_EQ(NET_NONE, spec->net);
}

/* What stands in force may come from an option, and an option may say what it likes. */
TEST(options_between)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	spec->turn = 1;
	ASSERT_EQ(0, add_line(spec, "first", "memory 1G", &err));
	ASSERT_EQ(0, add_line(spec, "first", "default kill", &err));
	spec->turn = 2;
	ASSERT_EQ(0, add_line(spec, "command line", "memory 1M", &err));
	spec->turn = 3;
	ASSERT_EQ(0, add_line(spec, "second", "memory 2M", &err));
	spec->turn = 4;
	ASSERT_EQ(-EINVAL, tighten(spec, &err));
	EXPECT_NE(NULL, strstr(err.text, "memory 1M"));

	spec = new_spec();
	spec->turn = 1;
	ASSERT_EQ(0, add_line(spec, "first", "memory 1G", &err));
	ASSERT_EQ(0, add_line(spec, "first", "default kill", &err));
	spec->turn = 3;
	ASSERT_EQ(0, add_line(spec, "second", "memory 2M", &err));
	spec->turn = 4;
	ASSERT_EQ(0, add_line(spec, "command line", "memory 4G", &err));
	ASSERT_EQ(0, tighten(spec, &err));
	ASSERT_EQ(0, settings_apply(spec, &err));
	EXPECT_EQ(4ull << 30, spec->limit[LIMIT_MEMORY]);
}

/* ---- system calls ---- */

/* Of a call that every ABI has. */
static uint32_t decide(const struct spec *spec, const char *name)
{
	const struct seccomp_data data = {
		.nr = bpf_syscall_find(name, strlen(name))->nr[bpf_abi_native()],
		.arch = bpf_abis[bpf_abi_native()].arch,
	};

	return bpf_policy_eval(&spec->syscalls, &data, NULL);
}

TEST(calls)
{
	static const uint32_t errno_eperm = SECCOMP_RET_ERRNO | EPERM;
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, stack(spec, "set @r read write\nallow @r mkdirat\nlog mount",
			   "default allow\ndeny mkdirat mount\nallow ptrace", &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_EQ(SECCOMP_RET_ALLOW, decide(spec, "read"));
	EXPECT_EQ(errno_eperm, decide(spec, "mkdirat"));
	EXPECT_EQ(errno_eperm, decide(spec, "mount"));
	EXPECT_EQ(SECCOMP_RET_KILL_PROCESS, decide(spec, "ptrace"));
}

/* A rule of the command line decides in each; also by a set that only the first one has. */
TEST(calls_of_options)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	spec->turn = 1;
	ASSERT_EQ(0, add_line(spec, "first", "set @r read write", &err));
	ASSERT_EQ(0, add_line(spec, "first", "default kill", &err));
	spec->turn = 2;
	ASSERT_EQ(0, add_line(spec, "command line", "allow close", &err));
	spec->turn = 3;
	ASSERT_EQ(0, add_line(spec, "second", "set @x openat", &err));
	ASSERT_EQ(0, add_line(spec, "second", "default errno(EPERM)", &err));
	spec->turn = 4;
	ASSERT_EQ(0, add_line(spec, "command line", "allow @r", &err));
	ASSERT_EQ(0, settings_apply(spec, &err))
	{
		TH_LOG("%s", err.text);
	}
	EXPECT_EQ(SECCOMP_RET_ALLOW, decide(spec, "read"));
	EXPECT_EQ(SECCOMP_RET_ERRNO | EPERM, decide(spec, "close"));
	EXPECT_EQ(SECCOMP_RET_KILL_PROCESS, decide(spec, "openat"));
}

/* A policy that says nothing of calls leaves them alone; one that does must say all. */
TEST(calls_or_none)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, stack(spec, "allow read", "set @x openat\nhostname x", &err));
	EXPECT_EQ(NULL, spec->syscalls.under);
	EXPECT_EQ(SECCOMP_RET_ALLOW, decide(spec, "read"));

	spec = new_spec();
	EXPECT_EQ(-EINVAL, stack(spec, "allow read", "deny read", &err));
	EXPECT_NE(NULL, strstr(err.text, "'default allow'"));
}

/* ---- the proof ---- */

static struct bpf_prog *compiled(const char *lines, const char *default_line)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };
	struct bpf_prog *prog = xalloc(spec->arena, sizeof(*prog));

	if (add_lines(spec, lines, &err) || add_line(spec, "policy", default_line, &err) ||
	    settings_apply(spec, &err) || bpf_compile(&spec->syscalls, prog, &err))
		return NULL;
	return prog;
}

TEST(proof)
{
	struct bpf_prog *narrow = compiled("allow read socket if arg0 == 1", "default kill");
	struct bpf_prog *wide = compiled("allow read write socket", "default errno(EPERM)");
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_NE(NULL, narrow);
	ASSERT_NE(NULL, wide);
	EXPECT_EQ(0, proof_subset(spec->arena, narrow, wide, "wide", &err));
	EXPECT_EQ(0, proof_subset(spec->arena, wide, wide, "wide", &err));
	EXPECT_EQ(-EBADE, proof_subset(spec->arena, wide, narrow, "narrow", &err));
	EXPECT_NE(NULL, strstr(err.text, "what narrow does not: "));
	EXPECT_NE(NULL, strstr(err.text, "(0x"))
	{
		TH_LOG("%s", err.text);
	}
}

TEST_HARNESS_MAIN
