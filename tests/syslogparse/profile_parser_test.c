/* SPDX-License-Identifier: MIT */
/*
 * Nothing of a log's is read as more than the bytes it was. apparmor_parser is the judge where it is
 * there: it says what it read, and makes of it what the kernel would load.
 */
#include "tests/syslogparse/profile.h"

#include <sys/wait.h>
#include <unistd.h>

#define PARSER	 "/sbin/apparmor_parser"
#define FEATURES "/etc/apparmor.d/abi/3.0" /* else it makes only what this kernel has */

static uint32_t state;

static uint32_t any(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
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
	snprintf(command, sizeof(command), PARSER " -Q -K -M " FEATURES " 2>&1 %s %s", options,
		 path);
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

/* ---- mounts ---- */

static struct aa_event mount_denial(const char *flags, const char *type, const char *source)
{
	struct aa_event e = denial(AA_MOUNT, "mount", "/usr/bin/a");

	e.name = text_bytes("/mnt/");
	e.flagtext = text_bytes(flags);
	if (*type)
		e.fstype = text_bytes(type);
	if (*source)
		e.srcname = text_bytes(source);
	return e;
}

/* The parser makes no rule of what the kernel would not look at either. */
TEST_F(profile, mounts)
{
	static const struct {
		const char *flags, *type, *source, *rule;
	} rows[] = {
		{ "rw", "ext4", "/dev/a", "  mount fstype=ext4 options=(rw) /dev/a -> /mnt/," },
		{ "rw, rbind", "", "/srv/", "  mount options=(rbind, rw) /srv/ -> /mnt/," },
		{ "rw, move", "", "/srv/", "  mount options=(move, rw) /srv/ -> /mnt/," },
		{ "ro, remount", "", "", "  mount options=(remount, ro) -> /mnt/," },
		{ "rw, rslave", "", "", "  mount options=(rslave, rw) -> /mnt/," },
		{ "ro, remount, bind", "", "", "  mount options=(bind, remount, ro) -> /mnt/," },
		{ "ro, remount", "", "/srv/", NULL },
		{ "ro, remount", "ext4", "", NULL },
		{ "rw, shared", "", "/srv/", NULL },
		{ "rw, bind", "ext4", "/srv/", NULL },
		{ "rw, move", "ext4", "/srv/", NULL },
	};
	char *shown;
	int status;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tally_free(self->tally);
		self->tally = tally_new(&self->options);
		add(self, mount_denial(rows[i].flags, rows[i].type, rows[i].source));
		text_of(self);
		EXPECT_TRUE(passes(self));
		EXPECT_TRUE(rows[i].rule ? has_line(self->text, rows[i].rule) :
					   has(self->text, "a mount that no kernel tells of"))
		{
			TH_LOG("%s: %s", rows[i].flags, self->text);
		}
		if (access(PARSER, X_OK) != 0)
			continue;
		shown = run_parser(self->text, ">/dev/null", &status);
		EXPECT_EQ(0, status)
		{
			TH_LOG("%s: %.400s", rows[i].flags, shown);
		}
		free(shown);
	}
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
