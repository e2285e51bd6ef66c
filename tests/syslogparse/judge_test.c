/* SPDX-License-Identifier: MIT */
/*
 * The programs that load rules judge what we write: nft, iptables-restore, ip6tables-restore
 * and ufw, each in a network namespace of its own, so that the host's tables are not touched.
 * First they check, then they load, and what they list is counted.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "syslogparse/validate.h"
#include "tests/syslogparse/events.h"

static uint32_t state;

static uint32_t any(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
}

/* All kinds that there are; an own uid, for others are not mapped in a user namespace. */
static struct net_event any_packet(void)
{
	static const uint8_t protos[] = { 6, 6, 6, 17, 17, 136, 1, 58, 2, 47, 50, 51, 89, 132, 255 };
	static const char *const names[] = { "eth0",   "wlp3s0",   "br-1a2b", "eth0.100",
					     "veth@x", "bad name", "lo" };
	bool six = any(3) == 0;
	struct net_event e = packet((enum direction)any(3), protos[any(sizeof(protos))],
				    six ? "2001:db8::" : "192.0.2.0",
				    six ? "2001:db8:1::" : "198.51.100.0", (uint16_t)any(200));
	unsigned int last = six ? 15 : 3;

	e.src[last] = (uint8_t)any(250);
	e.dst[last] = (uint8_t)any(4);
	if (any(20) == 0 && !six)
		memcpy(e.dst, (uint8_t[]){ 224, 0, 0, 251 }, 4);
	if (e.proto == 136)
		e.flags |= NET_HAS_PORTS;
	if (any(4) == 0 && e.direction == DIR_OUT) {
		e.flags |= NET_HAS_UID;
		e.uid = 0;
	}
	if (any(5) == 0)
		e.tcp = any(2) ? TCP_ACK : TCP_FIN;
	if (e.in.at)
		e.in = text_bytes(names[any(7)]);
	return e;
}

static char *any_rules(enum format format, const char *action, double collapse)
{
	struct options options = default_options(WHAT_FIREWALL, format);
	struct tally *tally;
	char *text;

	options.action = action;
	options.collapse = collapse;
	tally = tally_new(&options);
	state = 11;
	for (unsigned int i = 0; tally && i < (geteuid() ? 300 : 3000); i++) {
		struct net_event e = any_packet();

		add_packet(tally, &e, i + 1);
	}
	text = written(tally, &options);
	tally_free(tally);
	return text;
}

/* ---- programs ---- */

/*
 * Run by sh, with $own for a network namespace. An ordinary user needs a user namespace for
 * it, where nft may not ask for the socket buffer that a large rule set takes.
 */
#define OWN "own=\"unshare -$(test $(id -u) = 0 || echo r)n\"; $own "

/* COMMAND with TEXT as its input; its exit status, -1 if it did not end by itself. */
static int feed(const char *command, const char *text)
{
	FILE *out = popen(command, "we");
	int status;

	if (!out)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	fputs(text, out);
	status = pclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool there(const char *program)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
	return feed(command, "") == 0;
}

/* Lines of TEXT that begin with START, after blanks, and have WHAT. */
static unsigned int count_lines(const char *text, const char *start, const char *what)
{
	unsigned int n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *line = text + strspn(text, "\t ");

		if (!strncmp(line, start, strlen(start)) && memmem(text, len, what, strlen(what)) &&
		    *line != '#')
			n++;
		text += len + (text[len] == '\n');
	}
	return n;
}

/* And the broker lets them pass. */
TEST(the_broker_takes_them)
{
	for (unsigned int i = 0; i < 12; i++) {
		struct options options = default_options(WHAT_FIREWALL, (enum format)(i % 4));
		struct verdict verdict = { 0 };
		char *text;

		if (options.format == FORMAT_PROFILE)
			options.format = FORMAT_JSON;
		options.action = i < 8 ? "accept" : "drop";
		text = any_rules(options.format, options.action, i < 4 ? 0 : 0.5);
		ASSERT_NE(NULL, text);
		EXPECT_TRUE(validate(&options, text, strlen(text), &verdict))
		{
			TH_LOG("format %u, line %lu: %s", options.format,
			       (unsigned long)verdict.line, verdict.why);
		}
		free(text);
	}
}

static const char *const actions[] = { "accept", "drop", "reject", "log" };
static const double shares[] = { 0, 0.5, 0.01 };

TEST(nft_takes_them)
{
	char command[256];

	if (!there("nft"))
		SKIP(return, "no nft");
	if (feed(OWN "nft list ruleset >/dev/null 2>&1", "") != 0)
		SKIP(return, "no nft in a network namespace of one's own");
	for (unsigned int i = 0; i < 12; i++) {
		char *text = any_rules(FORMAT_NFT, actions[i % 4], shares[i / 4]);
		unsigned int rules;

		ASSERT_NE(NULL, text);
		rules = count_lines(text, "", " counter ");
		EXPECT_LT(20, rules);
		EXPECT_EQ(0, feed(OWN "nft -c -f -", text));
		/* Loading it twice leaves each rule once. */
		snprintf(command, sizeof(command),
			 OWN "sh -c 't=$(cat); echo \"$t\" | nft -f - && echo \"$t\" | nft -f - && "
			     "test $(nft list ruleset | grep -c \" counter \") = %u'",
			 rules);
		EXPECT_EQ(0, feed(command, text));
		free(text);
	}
}

static void iptables_takes(struct __test_metadata *_metadata, const char *tool, char family)
{
	char command[256], mark[8];

	snprintf(mark, sizeof(mark), " -%c ", family);
	for (unsigned int i = 0; i < 12; i++) {
		char *text = any_rules(FORMAT_IPTABLES, actions[i % 4], shares[i / 4]);
		unsigned int rules;

		ASSERT_NE(NULL, text);
		/* One of each direction for established connections has no family. */
		rules = count_lines(text, "-A ", mark) + count_lines(text, "-A ", "--ctstate");
		EXPECT_LT(20, rules);
		snprintf(command, sizeof(command), OWN "%s-restore --test", tool);
		EXPECT_EQ(0, feed(command, text));
		snprintf(command, sizeof(command),
			 OWN "sh -c '%s-restore --noflush && test $(%s -S | grep -c ^-A) = %u'",
			 tool, tool, rules);
		EXPECT_EQ(0, feed(command, text))
		{
			TH_LOG("%s, %s, share %f", tool, actions[i % 4], shares[i / 4]);
		}
		free(text);
	}
}

FIXTURE(iptables)
{
	char command[256];
};

FIXTURE_VARIANT(iptables)
{
	const char *tool;
	char family;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(iptables, nft_4) { "iptables-nft", '4' };
FIXTURE_VARIANT_ADD(iptables, nft_6) { "ip6tables-nft", '6' };
FIXTURE_VARIANT_ADD(iptables, legacy_4) { "iptables-legacy", '4' };
FIXTURE_VARIANT_ADD(iptables, legacy_6) { "ip6tables-legacy", '6' };
/* clang-format on */

FIXTURE_SETUP(iptables)
{
	snprintf(self->command, sizeof(self->command), OWN "%s -S >/dev/null 2>&1", variant->tool);
}

FIXTURE_TEARDOWN(iptables)
{
}

TEST_F(iptables, takes_them)
{
	if (!there(variant->tool))
		SKIP(return, "no %s", variant->tool);
	if (feed(self->command, "") != 0)
		SKIP(return, "no %s in a network namespace of one's own", variant->tool);
	iptables_takes(_metadata, variant->tool, variant->family);
}

/*
 * ufw is a program of many seconds and files; UFW may name one with its options, such as
 * "ufw --rootdir=/tmp/root". Each different form of a command is tried once.
 */
TEST(ufw_takes_them)
{
	const char *given = getenv("UFW"), *ufw = given && *given ? given : "ufw";
	char *text = any_rules(FORMAT_UFW, "accept", 0.5), *saved, command[512];
	unsigned int tried = 0, seen = 0;

	ASSERT_NE(NULL, text);
	if (!there(ufw))
		SKIP(return, "no ufw");
	if (!given && geteuid() != 0)
		SKIP(return, "ufw talks to nobody but root");
	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		if (*line == '#' || seen++ % (geteuid() ? 4 : 40))
			continue;
		ASSERT_EQ(0, strncmp(line, "ufw ", 4));
		snprintf(command, sizeof(command), OWN "%s --dry-run %s >/dev/null 2>&1", ufw,
			 line + 4);
		EXPECT_EQ(0, feed(command, ""))
		{
			TH_LOG("%s", line);
		}
		tried++;
	}
	EXPECT_LT(5, tried);
	free(text);
}

TEST_HARNESS_MAIN
