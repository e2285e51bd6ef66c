/* SPDX-License-Identifier: MIT */
/*
 * Profiles: the right block, the right words, and no rule of what cannot be said in one.
 */
#include "tests/syslogparse/profile.h"

/* ---- blocks ---- */

/* In 2014 a capability stuck to the next record, and hats were found by "///" only. */
TEST_F(profile, each_event_has_its_own_block)
{
	struct aa_event e = denial(AA_CAP, "capable", "/usr/bin/a");

	e.capname = text_bytes("sys_nice");
	add(self, e);
	add(self, file_denial("/usr/bin/b", "/etc/passwd", "r"));
	add(self, file_denial("/usr/bin/b//hat", "/etc/group", "r"));
	add(self, file_denial("/usr/bin/b///usr/bin/c", "/etc/hosts", "r"));
	add(self, file_denial("named", "/etc/fstab", "r"));
	text_of(self);
	EXPECT_TRUE(has(
		self->text,
		"\n/usr/bin/a {\n  # 1 time, 2023-11-14T22:13:20Z; syslog:1; danger 3: a capability\n"
		"  capability sys_nice,\n}\n"))
	{
		TH_LOG("%s", self->text);
	}
	EXPECT_TRUE(has_line(self->text, "/usr/bin/b {"));
	EXPECT_TRUE(has_line(self->text, "  /etc/passwd r,"));
	EXPECT_TRUE(has_line(self->text, "  ^hat {"));
	EXPECT_TRUE(has_line(self->text, "    /etc/group r,"));
	EXPECT_TRUE(has_line(self->text, "  profile /usr/bin/c {"));
	EXPECT_TRUE(has_line(self->text, "    /etc/hosts r,"));
	EXPECT_TRUE(has_line(self->text, "profile named {"));
}

TEST_F(profile, what_ran_without_a_rule)
{
	add(self, file_denial("/usr/bin/a", "/usr/bin/rm", "x"));
	add(self, file_denial("/usr/bin/a", "/usr/bin/ls", "x"));
	add(self, file_denial("/usr/bin/a//null-/usr/bin/ls", "/etc/passwd", "r"));
	add(self, file_denial("/usr/bin/a//null-/usr/bin/ls", "/usr/bin/id", "x"));
	add(self, file_denial("/usr/bin/a//null-/usr/bin/ls//null-/usr/bin/id", "/etc/group", "r"));
	add(self, file_denial("/usr/bin/a//null-2d", "/etc/hosts", "r"));
	text_of(self);
	EXPECT_TRUE(has_line(self->text, "  /usr/bin/rm mrix,"));
	EXPECT_TRUE(has_line(self->text, "  /usr/bin/ls Cx,"));
	EXPECT_TRUE(has_line(self->text, "  profile /usr/bin/ls {"));
	EXPECT_TRUE(has_line(self->text, "    /etc/passwd r,"));
	EXPECT_TRUE(has_line(self->text, "    /usr/bin/id mrix,"));
	EXPECT_TRUE(has_line(self->text, "    /etc/group r,"));
	EXPECT_TRUE(has_line(self->text, "    /usr/bin/ls mr,"));
	EXPECT_TRUE(has_line(self->text, "  /etc/hosts r,"))
	{
		TH_LOG("%s", self->text);
	}
	EXPECT_FALSE(has(self->text, "null-"));
}

TEST_F(profile, a_namespace_is_named)
{
	add(self, file_denial(":web://nginx", "/etc/passwd", "r"));
	add(self, file_denial("nginx", "/etc/group", "r"));
	text_of(self);
	EXPECT_TRUE(has_line(self->text, "profile \":web:nginx\" {"));
	EXPECT_TRUE(has_line(self->text, "profile nginx {"));
}

/* ---- files ---- */

TEST_F(profile, masks)
{
	static const struct {
		const char *mask, *perms;
	} rows[] = {
		{ "r", "r" }, { "w", "w" },   { "c", "w" },   { "d", "w" },	  { "wc", "w" },
		{ "a", "a" }, { "ac", "w" },  { "wr", "rw" }, { "k", "k" },	  { "rwk", "rwk" },
		{ "m", "m" }, { "rm", "mr" }, { "l", "l" },   { "rwcdk", "rwk" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[32], line[64];

		snprintf(name, sizeof(name), "/etc/file%zu", i);
		snprintf(line, sizeof(line), "  %s %s,", name, rows[i].perms);
		add(self, file_denial("/usr/bin/a", strdup(name), rows[i].mask));
		EXPECT_TRUE(has_line(text_of(self), line))
		{
			TH_LOG("%s: %s", rows[i].mask, self->text);
		}
	}
	add(self, file_denial("/usr/bin/a", "/etc/odd", "rq"));
	text_of(self);
	EXPECT_TRUE(has_line(self->text, "  # no rule for open /etc/odd: its mask cannot be read"));
	EXPECT_FALSE(has(self->text, "\n  /etc/odd"));
}

TEST_F(profile, owner_if_and_only_if)
{
	struct aa_event e = file_denial("/usr/bin/a", "/srv/mine", "r");

	e.ouid = e.fsuid;
	add(self, e);
	add(self, file_denial("/usr/bin/a", "/srv/theirs", "r"));
	e = file_denial("/usr/bin/a", "/srv/unknown", "r");
	e.flags = AA_HAS_FSUID;
	e.ouid = e.fsuid;
	add(self, e);
	add(self, file_denial("/usr/bin/a", "/srv/old", "r::w"));
	/* What everybody may need not be said of the owner. */
	e = file_denial("/usr/bin/a", "/srv/both", "rw");
	e.ouid = e.fsuid;
	add(self, e);
	add(self, file_denial("/usr/bin/a", "/srv/both", "r"));
	text_of(self);
	EXPECT_TRUE(has_line(self->text, "  owner /srv/mine r,"));
	EXPECT_TRUE(has_line(self->text, "  /srv/theirs r,"));
	EXPECT_TRUE(has_line(self->text, "  /srv/unknown r,"));
	EXPECT_TRUE(has_line(self->text, "  owner /srv/old r,"));
	EXPECT_TRUE(has_line(self->text, "  /srv/old w,"));
	EXPECT_TRUE(has_line(self->text, "  /srv/both r,"));
	EXPECT_TRUE(has_line(self->text, "  owner /srv/both w,"));
}

TEST_F(profile, masks_add_up)
{
	add(self, file_denial("/usr/bin/a", "/srv/f", "r"));
	add(self, file_denial("/usr/bin/a", "/srv/f", "c"));
	add(self, file_denial("/usr/bin/a", "/srv/f", "a"));
	add(self, file_denial("/usr/bin/a", "/srv/f", "k"));
	EXPECT_TRUE(has(text_of(self),
			"  # 4 times, 2023-11-14T22:13:20Z; syslog:1 syslog:2 syslog:3;"));
	EXPECT_TRUE(has_line(self->text, "  /srv/f rwk,"));
}

TEST_F(profile, paths_are_shortened_where_it_is_safe)
{
	static const struct {
		const char *path;
		bool owner;
		const char *rule;
	} rows[] = {
		{ "/proc/12/status", false, "  /proc/[0-9]*/status r," },
		{ "/proc/12/task/13/comm", false, "  /proc/[0-9]*/task/[0-9]*/comm r," },
		{ "/proc/12/fd/3", false, "  /proc/[0-9]*/fd/[0-9]* r," },
		{ "/proc/sys/x12", false, "  /proc/sys/x12 r," },
		{ "/run/user/1000/bus", false, "  /run/user/[0-9]*/bus r," },
		{ "/dev/pts/4", false, "  /dev/pts/[0-9]* r," },
		{ "/dev/pts/4x", false, "  /dev/pts/4x r," },
		{ "/home/joe/.x y", true, "  owner \"/home/*/.x y\" r," },
		{ "/home/joe/z", false, "  /home/joe/z r," },
		{ "/home/", true, "  owner /home/ r," },
		{ "/proc/12/*", false, "  \"/proc/[0-9]*/\\*\" r," },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct aa_event e = file_denial("/usr/bin/a", rows[i].path, "r");

		e.ouid = rows[i].owner ? e.fsuid : 0;
		add(self, e);
	}
	text_of(self);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_TRUE(has_line(self->text, rows[i].rule))
		{
			TH_LOG("%s\n%s", rows[i].rule, self->text);
		}
	}
	self->options.glob = false;
	text_of(self);
	EXPECT_TRUE(has_line(self->text, "  /proc/12/status r,"));
	EXPECT_FALSE(has(self->text, "[0-9]"));
	EXPECT_FALSE(has(self->text, "home/*"));
}

/* ---- what makes no rule ---- */

TEST_F(profile, what_makes_no_rule_says_why)
{
	struct aa_event e = file_denial("/usr/bin/a", "/etc/x", "r");

	e.type = AA_AUDIT;
	add(self, e);
	e.type = AA_STATUS;
	add(self, e);
	EXPECT_FALSE(has(text_of(self), "/usr/bin/a"));
	e = file_denial("/usr/bin/a", "var/x", "r");
	e.info = text_bytes("Failed name lookup - disconnected path");
	add(self, e);
	e = denial(AA_NET, "create", "/usr/bin/a");
	e.family = text_bytes("unknown(44)");
	add(self, e);
	e = denial(AA_PTRACE, "ptrace", "/usr/bin/a");
	add(self, e);
	e = denial(AA_CAP, "capable", "/usr/bin/a");
	e.capname = text_bytes("sys_admin,\n/** rwx");
	add(self, e);
	add(self, file_denial("/usr/bin/a//&/usr/bin/b", "/etc/x", "r"));
	text_of(self);
	EXPECT_TRUE(has(self->text, "# no rule for open var/x: its path could not be found; a "
				    "disconnected one needs flags=(attach_disconnected)\n"));
	EXPECT_TRUE(has(self->text, "# no rule for create: a network family that is not known\n"));
	EXPECT_TRUE(has(self->text, "# no rule for ptrace: it does not say what was denied\n"));
	EXPECT_TRUE(has(self->text, "# no rule for capable: a capability that is not known\n"));
	EXPECT_TRUE(has(self->text, "# no rule for open /etc/x: a stack of profiles"));
	EXPECT_FALSE(has(self->text, "sys_admin"));
}

TEST_F(profile, rules_of_later_versions)
{
	struct aa_event e = denial(AA_USERNS, "userns_create", "/usr/bin/a");

	e.denied = text_bytes("userns_create");
	add(self, e);
	e = denial(AA_MQUEUE, "create", "/usr/bin/a");
	e.denied = text_bytes("read create");
	e.name = text_bytes("/q");
	add(self, e);
	e = denial(AA_IO_URING, "uring_sqpoll", "/usr/bin/a");
	e.denied = text_bytes("sqpoll");
	add(self, e);
	EXPECT_TRUE(has(text_of(self), "abi <abi/3.0>,\n"));
	EXPECT_TRUE(
		has(self->text, "# no rule for userns_create: user namespaces need AppArmor 4.0"));
	EXPECT_FALSE(has(self->text, "\n  userns") || has(self->text, "\n  mqueue") ||
		     has(self->text, "\n  io_uring"));
	self->options.abi = 40;
	EXPECT_TRUE(has(text_of(self), "abi <abi/4.0>,\n"));
	EXPECT_TRUE(has_line(self->text, "  userns create,"));
	EXPECT_TRUE(has_line(self->text, "  mqueue (create, read) type=posix /q,"));
	EXPECT_TRUE(has_line(self->text, "  io_uring sqpoll,"));
}

TEST_F(profile, danger_leaves_out)
{
	add(self, file_denial("/usr/bin/a", "/etc/shadow", "w"));
	add(self, file_denial("/usr/bin/a", "/etc/hostname", "r"));
	self->options.max_danger = 5;
	text_of(self);
	EXPECT_TRUE(has(self->text, "; danger 10: writes passwords\n"
				    "  # left out as too dangerous: /etc/shadow w,\n"))
	{
		TH_LOG("%s", self->text);
	}
	EXPECT_TRUE(has_line(self->text, "  /etc/hostname r,"));
}

/* A peer goes with some accesses only: one event, two rules. */
TEST_F(profile, a_socket_that_needs_two_rules)
{
	struct aa_event e = denial(AA_UNIX, "connect", "/usr/bin/a");

	e.denied = text_bytes("create connect");
	e.sock_type = text_bytes("stream");
	e.peer_addr = text_bytes("@x");
	add(self, e);
	text_of(self);
	EXPECT_TRUE(has_line(self->text, "  unix connect type=stream peer=(addr=@x),"));
	EXPECT_TRUE(has_line(self->text, "  unix create type=stream,"));
}

TEST_HARNESS_MAIN
