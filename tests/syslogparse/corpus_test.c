/* SPDX-License-Identifier: MIT */
/*
 * The rules that AppArmor's own project expects for its corpus of events, against ours.
 *
 * Events come from the corpus's .out files, which say what libapparmor read, so that our own
 * parser has no part in it. Rules are compared one by one, as "PROFILE|CHILD|RULE". Where ours
 * differ, the difference is in a table, with its reason; a row that is not needed fails.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "tests/syslogparse/events.h"

/* Where the corpus is; a directory that there is not, if nobody says. */
static const char *corpus(void)
{
	static char path[400];
	const char *data = getenv("SBRUN_DATA");

	snprintf(path, sizeof(path), "%s/apparmor/test_multi", data ? data : "/nonexistent");
	return path;
}

/* ---- a .out file to an event ---- */

/* clang-format off */
#define TEXT(key, field) { key, offsetof(struct aa_event, field) }
/* clang-format on */

static const struct {
	const char *key;
	size_t at;
} keys[] = {
	TEXT("Operation", operation),
	TEXT("Denied Mask", denied),
	TEXT("Mask", requested),
	TEXT("Profile", profile),
	TEXT("Peer", peer),
	TEXT("Peer profile", peer_label),
	TEXT("Name", name),
	TEXT("Name2", target),
	TEXT("Info", info),
	TEXT("Network family", family),
	TEXT("Socket type", sock_type),
	TEXT("Net Addr", addr),
	TEXT("Peer Addr", peer_addr),
	TEXT("Src name", srcname),
	TEXT("Flags", flagtext),
	TEXT("FS Type", fstype),
	TEXT("Signal", signal),
	TEXT("DBus bus", bus),
	TEXT("DBus path", path),
	TEXT("DBus interface", interface),
	TEXT("DBus member", member),
	TEXT("Namespace", namespace),
};

static enum aa_type type_of(const char *text)
{
	static const struct {
		const char *name;
		enum aa_type type;
	} types[] = {
		{ "AA_RECORD_ALLOWED", AA_ALLOWED }, { "AA_RECORD_DENIED", AA_DENIED },
		{ "AA_RECORD_AUDIT", AA_AUDIT },     { "AA_RECORD_HINT", AA_HINT },
		{ "AA_RECORD_STATUS", AA_STATUS },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, text))
			return types[i].type;
	return AA_ERROR;
}

static enum aa_class class_of(const struct aa_event *e, const char *class)
{
	static const struct {
		const char *operation;
		enum aa_class class;
	} rows[] = {
		{ "capable", AA_CAP },		{ "ptrace", AA_PTRACE },
		{ "signal", AA_SIGNAL },	{ "mount", AA_MOUNT },
		{ "umount", AA_MOUNT },		{ "pivotroot", AA_MOUNT },
		{ "userns_create", AA_USERNS }, { "uring_", AA_IO_URING },
		{ "dbus_", AA_DBUS },		{ "change_", AA_CHANGE },
	};

	if (!strcmp(class, "posix_mqueue") || !strcmp(class, "sysv_mqueue"))
		return AA_MQUEUE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bytes_start(e->operation, rows[i].operation))
			return rows[i].class;
	if (e->family.at && !e->name.at)
		return bytes_are(e->family, "unix") ? AA_UNIX : AA_NET;
	return AA_FILE;
}

static void read_number(struct aa_event *e, const char *key, const char *value)
{
	if (!strcmp(key, "fsuid")) {
		e->fsuid = (uint32_t)strtoul(value, NULL, 10);
		e->flags |= AA_HAS_FSUID;
	} else if (!strcmp(key, "ouid")) {
		e->ouid = (uint32_t)strtoul(value, NULL, 10);
		e->flags |= AA_HAS_OUID;
	} else if (!strcmp(key, "ErrorCode")) {
		e->error = -(int)strtol(value, NULL, 10);
	}
}

/* TEXT is cut to pieces, which EVENT points to. */
static void read_event(struct aa_event *e, char *text)
{
	const char *class = "";

	memset(e, 0, sizeof(*e));
	e->type = AA_ERROR;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *value = strstr(line, ": ");

		if (!value)
			continue;
		*value = '\0';
		value += 2;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			struct bytes bytes = text_bytes(value);

			if (!strcmp(keys[i].key, line))
				memcpy((char *)e + keys[i].at, &bytes, sizeof(bytes));
		}
		if (!strcmp(line, "Event type"))
			e->type = type_of(value);
		if (!strcmp(line, "Class"))
			class = value;
		read_number(e, line, value);
	}
	e->class = class_of(e, class);
	if (e->class == AA_CAP)
		e->capname = e->name;
}

/* ---- profiles to sets of rules ---- */

#define RULES 16

struct rules {
	char *rule[RULES];
	size_t n;
};

static char *strip(char *line)
{
	size_t len;

	line += strspn(line, " ");
	len = strlen(line);
	while (len && (line[len - 1] == ' ' || line[len - 1] == ','))
		line[--len] = '\0';
	return line;
}

static char *header_name(char *line)
{
	size_t len = strlen(line);

	line[len - 2] = '\0';
	if (!strncmp(line, "profile ", 8))
		line += 8;
	return line + (*line == '^');
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_rules(struct rules *rules, char *text)
{
	char *profile = NULL, *child = NULL, *state;

	rules->n = 0;
	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		line = strip(line);
		if (!*line || *line == '#' || !strncmp(line, "abi ", 4))
			continue;
		if (!strcmp(line, "}")) {
			if (child)
				child = NULL;
			else
				profile = NULL;
		} else if (strlen(line) > 2 && !strcmp(line + strlen(line) - 2, " {")) {
			if (profile)
				child = header_name(line);
			else
				profile = header_name(line);
		} else if (rules->n < RULES &&
			   asprintf(&rules->rule[rules->n], "%s|%s|%s", profile ? profile : "",
				    child ? child : "", line) >= 0) {
			rules->n++;
		}
	}
	qsort(rules->rule, rules->n, sizeof(rules->rule[0]), order);
}

static void free_rules(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		free(rules->rule[i]);
}

static bool same_rules(const struct rules *a, const struct rules *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->rule[i], b->rule[i]) != 0)
			return false;
	return true;
}

/* ---- stated differences: what we write instead ---- */

#define NO_ADDRESS \
	"addresses and ports of sockets are for AppArmor 4.1 and later, not ABIs 3.0 and 4.0"
#define NO_ADDRESS_SELF NO_ADDRESS "; a child that runs reads and maps itself"
#define NULL_CHILD	"null-2d of old kernels does not say what ran: its rules go to the parent"
#define ALLOWED_ALREADY "AUDIT tells of what is allowed already"

#define AGENT		"/usr/bin/nginx-amplify-agent.py"
#define JAVA		"/usr/local/jdk1.8.0_92/bin/java"
#define NET_RCV		"/home/ubuntu/apparmor/tests/regression/apparmor/net_inet_rcv"
#define TOMCAT		"/usr/local/apache-tomcat-8.0.33/bin/catalina.sh"
#define VBOX		"/usr/lib/virtualbox/VBoxSVC||/sys/class/power_supply/ r"

static const struct difference {
	const char *name, *ours, *reason;
} differences[] = {
	{ "file_inherit_network_lp1509030",
	  "/usr/lib/NetworkManager/nm-dhcp-client.action||network inet6 dgram", NO_ADDRESS },
	{ "file_perm_network_receive_lp1577051",
	  "/usr/sbin/apache2|www.xxxxxxxxxx.co.uk|network inet6 stream", NO_ADDRESS },
	{ "file_perm_network_receive_lp1582374",
	  TOMCAT "|" JAVA "|" JAVA " mr\n" TOMCAT "|" JAVA "|network inet6 stream",
	  NO_ADDRESS_SELF },
	{ "syslog_datetime_01", VBOX, NULL_CHILD },
	{ "syslog_datetime_03", VBOX, NULL_CHILD },
	{ "syslog_datetime_04", VBOX, NULL_CHILD },
	{ "syslog_datetime_07", VBOX, NULL_CHILD },
	{ "syslog_datetime_08", VBOX, NULL_CHILD },
	{ "syslog_datetime_09", VBOX, NULL_CHILD },
	{ "syslog_datetime_10", VBOX, NULL_CHILD },
	{ "syslog_datetime_13", VBOX, NULL_CHILD },
	{ "syslog_datetime_14", VBOX, NULL_CHILD },
	{ "syslog_datetime_15", VBOX, NULL_CHILD },
	{ "syslog_datetime_17", VBOX, NULL_CHILD },
	{ "syslog_datetime_18", VBOX, NULL_CHILD },
	{ "testcase36", "", ALLOWED_ALREADY },
	{ "testcase_network_01", "/usr/bin/evince-thumbnailer||network inet stream", NO_ADDRESS },
	{ "testcase_network_02", "/usr/bin/evince-thumbnailer||network inet stream", NO_ADDRESS },
	{ "testcase_network_03", "/usr/lib/dovecot/imap-login||network inet6 stream", NO_ADDRESS },
	{ "testcase_network_04", "/home/ubuntu/tmp/nc||network inet6 stream", NO_ADDRESS },
	{ "testcase_network_05", "/home/ubuntu/tmp/nc||network inet6 stream", NO_ADDRESS },
	{ "testcase_network_06", NET_RCV "||network inet dgram", NO_ADDRESS },
	{ "testcase_network_07", NET_RCV "||network inet dgram", NO_ADDRESS },
	{ "testcase_network_10", NET_RCV "||network inet6 dgram", NO_ADDRESS },
	{ "testcase_network_send_receive",
	  AGENT "|/bin/dash|/bin/dash mr\n" AGENT "|/bin/dash|network inet stream",
	  NO_ADDRESS_SELF },
};

static const struct difference *difference_for(const char *name)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
		if (!strcmp(differences[i].name, name))
			return differences + i;
	return NULL;
}

static char *slurp(const char *name, const char *suffix)
{
	char path[512], *text = NULL;
	size_t size = 0;
	ssize_t got;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s%s", corpus(), name, suffix);
	in = fopen(path, "re");
	if (!in)
		return NULL;
	got = getdelim(&text, &size, '\0', in);
	fclose(in);
	if (got < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char *our_profile(const char *name, unsigned int abi)
{
	struct options options = default_options(WHAT_APPARMOR, FORMAT_PROFILE);
	struct tally *tally;
	struct aa_event event;
	char *fields = slurp(name, ".out"), *text = NULL;

	options.abi = abi;
	options.glob = false;
	tally = tally_new(&options);
	if (fields && tally) {
		read_event(&event, fields);
		if (!add_aa(tally, &event, 1))
			text = written(tally, &options);
	}
	tally_free(tally);
	free(fields);
	return text;
}

/* The same by way of the reader and the parsers. */
static char *line_profile(const char *name)
{
	struct options options = default_options(WHAT_APPARMOR, FORMAT_PROFILE);
	struct source source = { .name = "line" };
	struct account account = { 0 };
	char path[2 * PATH_MAX], *text = NULL;
	struct tally *tally;
	unsigned int at;

	options.abi = 40;
	options.glob = false;
	options.trust = ORIGIN_PROCESS;
	options.threads = 1;
	snprintf(path, sizeof(path), "%s/%s.in", corpus(), name);
	source.fd = open(path, O_RDONLY | O_CLOEXEC);
	tally = tally_new(&options);
	if (source.fd >= 0 && tally && !read_sources(&source, 1, &options, tally, &account, &at))
		text = written(tally, &options);
	tally_free(tally);
	if (source.fd >= 0)
		close(source.fd);
	return text;
}

static bool as_expected(const char *name)
{
	char *theirs_text = slurp(name, ".profile"), *ours_text = our_profile(name, 40);
	const struct difference *difference = difference_for(name);
	struct rules theirs, ours, stated;
	bool same, good;

	if (!theirs_text || !ours_text)
		return false;
	read_rules(&theirs, theirs_text);
	read_rules(&ours, ours_text);
	same = same_rules(&theirs, &ours);
	good = difference ? !same : same;
	if (difference) {
		char *text = strdup(difference->ours), *state;

		stated.n = 0;
		for (char *rule = strtok_r(text, "\n", &state); rule;
		     rule = strtok_r(NULL, "\n", &state))
			stated.rule[stated.n++] = strdup(rule);
		good = good && same_rules(&stated, &ours);
		free_rules(&stated);
		free(text);
	}
	if (!good) {
		fprintf(stderr, "# %s%s\n", name, difference ? " (in the table)" : "");
		for (size_t i = 0; i < theirs.n; i++)
			fprintf(stderr, "#   theirs %s\n", theirs.rule[i]);
		for (size_t i = 0; i < ours.n; i++)
			fprintf(stderr, "#   ours   %s\n", ours.rule[i]);
	}
	free_rules(&theirs);
	free_rules(&ours);
	free(theirs_text);
	free(ours_text);
	return good;
}

/* The names of all files with SUFFIX, in order; NULL: there is no corpus. */
static struct dirent **names;

static int has_profile(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 8 && !strcmp(entry->d_name + len - 8, ".profile");
}

static int list_corpus(void)
{
	int n = scandir(corpus(), &names, has_profile, alphasort);

	for (int i = 0; i < n; i++)
		names[i]->d_name[strlen(names[i]->d_name) - 8] = '\0';
	return n;
}

TEST(rules_are_those_that_the_project_expects)
{
	int n = list_corpus(), bad = 0;

	if (n <= 0)
		SKIP(return, "no corpus: set SBRUN_DATA to the shared data");
	for (int i = 0; i < n; i++)
		if (!as_expected(names[i]->d_name))
			bad++;
	TH_LOG("%d profiles, %zu stated differences, %d others", n,
	       sizeof(differences) / sizeof(differences[0]), bad);
	EXPECT_EQ(0, bad);
}

TEST(lines_say_what_their_fields_say)
{
	int n = list_corpus();

	if (n <= 0)
		SKIP(return, "no corpus: set SBRUN_DATA to the shared data");
	for (int i = 0; i < n; i++) {
		char *fields = our_profile(names[i]->d_name, 40);
		char *line = line_profile(names[i]->d_name);
		struct rules a, b;

		/* Made up of all fields that there are, a socket's family with an exec. */
		if (!strcmp(names[i]->d_name, "testcase01")) {
			free(fields);
			free(line);
			continue;
		}
		ASSERT_NE(NULL, fields);
		ASSERT_NE(NULL, line);
		read_rules(&a, fields);
		read_rules(&b, line);
		EXPECT_TRUE(same_rules(&a, &b))
		{
			TH_LOG("%s", names[i]->d_name);
			for (size_t r = 0; r < b.n; r++)
				TH_LOG("%s", b.rule[r]);
		}
		free_rules(&a);
		free_rules(&b);
		free(fields);
		free(line);
	}
}

static bool parser_takes(const char *text)
{
	FILE *parser = popen(
		"/sbin/apparmor_parser -Q -K -M /etc/apparmor.d/abi/3.0 >/dev/null 2>&1", "we");

	if (!parser)
		return false;
	fputs(text, parser);
	return pclose(parser) == 0;
}

TEST(the_parser_takes_them)
{
	int n = list_corpus();

	if (n <= 0)
		SKIP(return, "no corpus: set SBRUN_DATA to the shared data");
	if (access("/sbin/apparmor_parser", X_OK) != 0)
		SKIP(return, "no apparmor_parser");
	for (int i = 0; i < n; i++) {
		char *text = our_profile(names[i]->d_name, 30);

		ASSERT_NE(NULL, text);
		EXPECT_TRUE(parser_takes(text))
		{
			TH_LOG("%s:\n%s", names[i]->d_name, text);
		}
		free(text);
	}
}

TEST_HARNESS_MAIN
