/* SPDX-License-Identifier: MIT */
/*
 * Profiles: the right block, the right words, and nothing of a log's that is read as more than
 * the bytes it was. apparmor_parser is the judge where it is there: it says what it read.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "syslogparse/validate.h"
#include "tests/syslogparse/events.h"

#define PARSER "/sbin/apparmor_parser"

static uint32_t state;

static uint32_t any(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
}

static bool has(const char *text, const char *what)
{
	return text && strstr(text, what) != NULL;
}

static bool clean(const char *text)
{
	for (; text && *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\n')
			return false;
	return text != NULL;
}

static struct aa_event denial(enum aa_class class, const char *operation, const char *profile)
{
	struct aa_event e = { .type = AA_DENIED, .class = class };

	e.operation = text_bytes(operation);
	e.profile = text_bytes(profile);
	return e;
}

static struct aa_event file_denial(const char *profile, const char *name, const char *mask)
{
	struct aa_event e = denial(AA_FILE, *mask == 'x' ? "exec" : "open", profile);

	e.name = text_bytes(name);
	e.denied = text_bytes(mask);
	e.flags = AA_HAS_FSUID | AA_HAS_OUID;
	e.fsuid = 1000;
	return e;
}

FIXTURE(profile)
{
	struct options options;
	struct tally *tally;
	uint64_t number;
	char *text;
};

FIXTURE_SETUP(profile)
{
	self->options = default_options(WHAT_APPARMOR, FORMAT_PROFILE);
	self->tally = tally_new(&self->options);
	self->number = 0;
	self->text = NULL;
}

FIXTURE_TEARDOWN(profile)
{
	tally_free(self->tally);
	free(self->text);
}

static void add(struct _test_data_profile *self, struct aa_event event)
{
	add_aa(self->tally, &event, ++self->number);
}

static const char *text_of(struct _test_data_profile *self)
{
	free(self->text);
	self->text = written(self->tally, &self->options);
	return self->text ? self->text : "";
}

/* The broker would let it pass. */
static bool passes(const struct _test_data_profile *self)
{
	struct verdict verdict = { 0 };
	const char *line = self->text;

	if (!self->text || validate(&self->options, self->text, strlen(self->text), &verdict))
		return self->text != NULL;
	for (unsigned int i = 1; i < verdict.line; i++)
		line = strchr(line, '\n') + 1;
	fprintf(stderr, "# %s: %.*s\n", verdict.why, (int)strcspn(line, "\n"), line);
	return false;
}

/* TEXT has LINE as a whole line. */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && (at[len] == '\n' || !at[len]))
			return true;
	return false;
}

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

/* ---- names that an attacker chose ---- */

static char *random_name(char *name, size_t size)
{
	static const char special[] = "*?[]{}\\\"',!^@#/ \t\n\r\033()|+.$=:;<>&~%-";
	size_t len = 1 + any((uint32_t)size - 2);

	name[0] = '/';
	for (size_t i = 1; i < len; i++) {
		name[i] = any(2) ? special[any(sizeof(special) - 1)] : (char)(1 + any(255));
		/* The parser makes one slash of two, and the kernel never writes two. */
		if (name[i] == '/' && name[i - 1] == '/')
			name[i] = 'x';
	}
	name[len] = '\0';
	return name;
}

/* A byte as the parser shows it (its expr-tree.h); a pattern shows as something else. */
static char *show_byte(char *to, unsigned char c)
{
	static const char search[] = "\a\033\f\n\r\t|*+[](). ", shown[] = "aefnrt|*+[](). ";
	const char *at = strchr(search, c);

	if (at)
		return to + sprintf(to, "\\%c", shown[at - search]);
	return to + sprintf(to, c < 32 || c > 126 ? "\\x%x" : "%c", c);
}

static char *run_parser(const char *input, const char *options, int *status)
{
	char path[] = "/tmp/profile-test-XXXXXX", command[128], *text = NULL;
	int fd = mkstemp(path);
	size_t size = 0;
	ssize_t got;
	FILE *out;

	*status = -1;
	if (fd < 0)
		return NULL;
	if (write(fd, input, strlen(input)) < 0) {
		close(fd);
		return NULL;
	}
	close(fd);
	snprintf(command, sizeof(command), PARSER " -Q -K %s %s 2>&1", options, path);
	out = popen(command, "re");
	got = out ? getdelim(&text, &size, '\0', out) : -1;
	if (out)
		*status = pclose(out);
	unlink(path);
	if (got >= 0)
		return text;
	free(text);
	return strdup("");
}

#define NAMES 400u

TEST_F(profile, the_parser_reads_the_bytes_that_were_logged)
{
	static char names[NAMES][64];
	char *shown;
	int status;

	if (access(PARSER, X_OK) != 0)
		SKIP(return, "no " PARSER);
	state = 3;
	self->options.glob = false;
	for (unsigned int i = 0; i < NAMES; i++)
		add(self, file_denial("/usr/bin/a", random_name(names[i], sizeof(names[i])), "r"));
	EXPECT_TRUE(clean(text_of(self)));
	shown = run_parser(self->text, "-D rule-exprs", &status);
	EXPECT_EQ(0, status)
	{
		TH_LOG("%.400s", shown);
	}
	for (unsigned int i = 0; i < NAMES; i++) {
		char expected[512] = "  ->  ", *to = expected + 6;

		for (const char *at = names[i]; *at; at++)
			to = show_byte(to, (unsigned char)*at);
		stpcpy(to, " (0x");
		EXPECT_TRUE(has(shown, expected))
		{
			TH_LOG("%s", expected);
		}
	}
	free(shown);
}

static const char *const words[] = { "rw, rslave",
				     "rw, rbind",
				     "move",
				     "private, rprivate",
				     "nosuid, nodev",
				     "ext4",
				     "hup",
				     "rtmin+3",
				     "system",
				     "tracedby",
				     "override_creds",
				     "setopt",
				     "eavesdrop",
				     "send",
				     "receive",
				     "connect",
				     "create",
				     "read",
				     "trace",
				     "inet",
				     "stream",
				     "term",
				     "mount",
				     "umount",
				     "rw",
				     "ro, remount",
				     "bind",
				     "exec",
				     "open",
				     "pivotroot",
				     "change_profile",
				     "nofile",
				     "1024",
				     "session",
				     "r",
				     "w",
				     "x",
				     "rwcdx",
				     "sys_admin",
				     "unix",
				     "dgram",
				     "@abstract",
				     "none",
				     "/usr/bin/a",
				     "P//hat",
				     "P//null-/bin/x" };

/* All fields of all classes, random. */
static struct aa_event random_event(char (*names)[64])
{
	struct aa_event e = { .type = (enum aa_type)any(AA_AUTO + 1),
			      .class = (enum aa_class)any(AA_OTHER + 1) };
	struct bytes *fields[] = {
		&e.operation, &e.info,	    &e.namespace, &e.profile, &e.label,	    &e.name,
		&e.denied,    &e.target,    &e.peer,	  &e.capname, &e.family,    &e.sock_type,
		&e.addr,      &e.peer_addr, &e.fstype,	  &e.srcname, &e.flagtext,  &e.signal,
		&e.rlimit,    &e.value,	    &e.bus,	  &e.path,    &e.interface, &e.member,
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		switch (any(3)) {
		case 0:
			*fields[i] = text_bytes(random_name(names[i], 64));
			break;
		case 1:
			*fields[i] = text_bytes(words[any(sizeof(words) / sizeof(words[0]))]);
			break;
		default:
			break;
		}
	}
	if (any(4))
		e.profile = text_bytes("/usr/bin/a");
	e.flags = any(8);
	return e;
}

TEST_F(profile, hostile_fields)
{
	static char names[24][64];
	char *shown;
	int status;

	state = 5;
	for (unsigned int round = 0; round < 40; round++) {
		tally_free(self->tally);
		self->tally = tally_new(&self->options);
		for (unsigned int i = 0; i < 300; i++)
			add(self, random_event(names));
		self->options.format = FORMAT_JSON;
		EXPECT_TRUE(clean(text_of(self)));
		EXPECT_TRUE(passes(self));
		self->options.format = FORMAT_PROFILE;
		EXPECT_TRUE(clean(text_of(self)));
		EXPECT_TRUE(passes(self));
		if (access(PARSER, X_OK) != 0)
			continue;
		shown = run_parser(self->text, ">/dev/null", &status);
		EXPECT_EQ(0, status)
		{
			TH_LOG("%.400s", shown);
		}
		free(shown);
	}
}

TEST_F(profile, order_does_not_show)
{
	static char names[24][64];
	char *forwards, *backwards;
	struct aa_event events[50];

	state = 9;
	for (unsigned int i = 0; i < 50; i++) {
		events[i] = file_denial(i % 3 ? "/usr/bin/a" : "/usr/bin/b//hat",
					random_name(names[i % 24], 64), i % 2 ? "r" : "w");
		if (i % 7 == 0)
			events[i].ouid = 1000;
	}
	for (unsigned int i = 0; i < 50; i++)
		add_aa(self->tally, events + i, i + 1);
	forwards = strdup(text_of(self));
	tally_free(self->tally);
	self->tally = tally_new(&self->options);
	for (unsigned int i = 50; i-- > 0;)
		add_aa(self->tally, events + i, i + 1);
	backwards = strdup(text_of(self));
	EXPECT_STREQ(forwards, backwards);
	free(forwards);
	free(backwards);
}

TEST_HARNESS_MAIN
