/* SPDX-License-Identifier: MIT */
/*
 * The judge: what it lets pass and what it does not, format by format. Each refused text
 * differs in one thing from one that passes.
 */
#include "syslogparse/broker.h"

#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

struct sample {
	bool good;
	const char *text;
};

static bool judge(enum format format, const char *action, const char *text)
{
	const struct options options = { .format = format, .action = action };
	struct verdict verdict = { 0 };
	bool good = validate(&options, text, strlen(text), &verdict);

	/* A refusal says why, and where. */
	if (!good && (!verdict.why || (strlen(text) && verdict.line == 0)))
		abort();
	return good;
}

/* Each sample stands between HEAD and TAIL, as a line. */
static int count_wrong(enum format format, const char *head, const char *tail,
		       const struct sample *samples)
{
	char text[8192];
	int wrong = 0;

	for (; samples->text; samples++) {
		snprintf(text, sizeof(text), "%s%s\n%s", head, samples->text, tail);
		if (judge(format, "accept", text) == samples->good)
			continue;
		fprintf(stderr, "# %s: %s\n", samples->good ? "refused" : "passed", samples->text);
		wrong++;
	}
	return wrong;
}

/* Lines of any format: what is true of comments. */
static const struct sample comments[] = {
	{ true, "# a comment" },
	{ true, "#" },
	{ true, "" },
	{ true, "  # \\x1b[2J \"quoted\" #include" },
	{ false, "#include <abstractions/base>" },
	{ false, "#!/bin/sh" },
	{ false, "# bell \a" },
	{ false, "# escape \033[2J" },
	{ false, "# delete \177" },
	{ false, "# carriage return\r" },
	{ false, "# UTF-8 \xe2\x80\xae" },
	{ false, "# tab\tinside" },
	{ false, NULL },
};

#define IPTABLES "*filter\n:INPUT - [0:0]\n"

static const struct sample iptables[] = {
	{ true, "-A INPUT -4 -i eth0 -s 192.0.2.1 -d 192.0.2.0/24 -p tcp --dport 22 -j ACCEPT" },
	{ true, "-A FORWARD -6 -i eth0 -o br-1a.2 -s 2001:db8::1/64 -p 132 -j ACCEPT" },
	{ true, "-A OUTPUT -p ipv6-icmp --icmpv6-type 128 -j ACCEPT" },
	{ true, "-A INPUT -p udp -m multiport --dports 1,2:3,65535 -j syslogparse-7" },
	{ true, "-A OUTPUT -m owner --uid-owner 4294967295 -p tcp -j ACCEPT" },
	{ true, ":syslogparse-7 - [0:0]" },
	{ true, "-A syslogparse-7 -4 -s 192.0.2.1 -j ACCEPT" },
	{ true, "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT" },
	{ false, "-A INPUT -p tcp -j DROP" },
	{ false, "-A INPUT -p tcp -j ACCEPT -j DROP" },
	{ false, "-A INPUT -p tcp" },
	{ false, "-A INPUT -p tcp -j ACCEPT " },
	{ false, "-A INPUT -p tcpdump -j ACCEPT" },
	{ false, "-A INPUT -i eth0;id -j ACCEPT" },
	{ false, "-A INPUT -i eth+ -j ACCEPT" },
	{ false, "-A INPUT -i -j -j ACCEPT" },
	{ false, "-A INPUT -i averyverylonginterface -j ACCEPT" },
	{ false, "-A INPUT -s 192.0.2.256 -j ACCEPT" },
	{ false, "-A INPUT -s 192.0.2.1/33 -j ACCEPT" },
	{ false, "-A INPUT -s 192.0.2.1/ -j ACCEPT" },
	{ false, "-A INPUT -s example.org -j ACCEPT" },
	{ false, "-A INPUT -p tcp --dport 65536 -j ACCEPT" },
	{ false, "-A INPUT -p tcp --dport 022 -j ACCEPT" },
	{ false, "-A INPUT -m string --hex-string |00| -j ACCEPT" },
	{ false, "-A PREROUTING -p tcp -j ACCEPT" },
	{ false, "-A syslogparse-7 -p tcp -j syslogparse-8" },
	{ false, "-I INPUT -p tcp -j ACCEPT" },
	{ false, "-F INPUT" },
	{ false, ":INPUT ACCEPT [0:0]" },
	{ false, ":other - [0:0]" },
	{ false, "*nat" },
	{ false, "COMMIT" },
	{ false, NULL },
};

TEST(files_of_iptables)
{
	EXPECT_EQ(0, count_wrong(FORMAT_IPTABLES, IPTABLES, "COMMIT\n", iptables));
	EXPECT_EQ(0, count_wrong(FORMAT_IPTABLES, IPTABLES, "COMMIT\n", comments));
	EXPECT_TRUE(judge(FORMAT_IPTABLES, "accept", IPTABLES "COMMIT\n# end\n"));
	EXPECT_FALSE(judge(FORMAT_IPTABLES, "accept", IPTABLES));
	EXPECT_FALSE(judge(FORMAT_IPTABLES, "accept", ""));
	EXPECT_FALSE(judge(FORMAT_IPTABLES, "accept", IPTABLES "COMMIT\n*filter\nCOMMIT\n"));
	EXPECT_FALSE(judge(FORMAT_IPTABLES, "accept", "-A INPUT -j ACCEPT\n" IPTABLES "COMMIT\n"));
	EXPECT_FALSE(judge(FORMAT_IPTABLES, "accept", IPTABLES "COMMIT"));
}

/* Only what was asked for. */
TEST(actions)
{
	static const char *const asked[] = { "accept", "drop", "reject", "log" };
	static const char *const rules[][4] = {
		{ "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n", "*filter\n-A INPUT -j DROP\nCOMMIT\n",
		  "*filter\n-A INPUT -j REJECT\nCOMMIT\n",
		  "*filter\n-A INPUT -j LOG --log-prefix \"syslogparse: \"\nCOMMIT\n" },
		{ "ufw allow in proto tcp from 192.0.2.1 to 192.0.2.2\n",
		  "ufw deny in proto tcp from 192.0.2.1 to 192.0.2.2\n",
		  "ufw reject in proto tcp from 192.0.2.1 to 192.0.2.2\n", "ufw log\n" },
	};
	static const enum format formats[] = { FORMAT_IPTABLES, FORMAT_UFW };

	for (int f = 0; f < 2; f++) {
		for (int i = 0; i < 4; i++) {
			for (int j = 0; j < 4; j++) {
				EXPECT_EQ(i == j && (f == 0 || i < 3),
					  judge(formats[f], asked[i], rules[f][j]));
			}
		}
	}
}

#define NFT                               \
	"add table inet syslogparse\n"    \
	"delete table inet syslogparse\n" \
	"table inet syslogparse {\n"
#define SET                     \
	"\tset rule1_saddr {\n" \
	"\t\ttype ipv4_addr\n"  \
	"\t\tflags interval\n"  \
	"\t\tauto-merge\n"      \
	"\t\telements = {\n"    \
	"\t\t\t192.0.2.1, 192.0.2.2,\n"
#define SET_END "\t\t}\n\t}\n"
#define CHAIN	"\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n"

static const struct sample nft[] = {
	{ true, "\t\tiifname \"eth0\" meta nfproto ipv4 ip saddr @rule1_saddr ip daddr 192.0.2.1 "
		"tcp dport 22 counter accept" },
	{ true, "\t\tip6 saddr { 2001:db8::1, 2001:db8:1::/48 } udp dport { 53, 60-70 } counter "
		"accept" },
	{ true, "\t\tmeta skuid 7 meta l4proto 47 counter accept" },
	{ true, "\t\ticmpv6 type 128 counter accept" },
	{ true, "\t\tct state established,related counter accept" },
	{ false, "\t\ttcp dport 22 counter drop" },
	{ false, "\t\ttcp dport 22 counter accept drop" },
	{ false, "\t\ttcp dport 22 accept" },
	{ false, "\t\ttcp dport 22 counter jump other" },
	{ false, "\t\ttcp sport 22 counter accept" },
	{ false, "\t\tiifname \"eth0\" \"x\" counter accept" },
	{ false, "\t\tiifname \"e*\" counter accept" },
	{ false, "\t\tip saddr @other counter accept" },
	{ false, "\t\tip saddr $x counter accept" },
	{ false, "\tset rule2_saddr {" },
	{ false, "include \"/etc/shadow\"" },
	{ false, "define x = 1" },
	{ false, "flush ruleset" },
	{ false, "}" },
	{ false, NULL },
};

TEST(files_of_nft)
{
	EXPECT_EQ(0, count_wrong(FORMAT_NFT, NFT SET SET_END CHAIN, "\t}\n}\n", nft));
	EXPECT_EQ(0, count_wrong(FORMAT_NFT, NFT SET SET_END CHAIN, "\t}\n}\n", comments));
	EXPECT_TRUE(judge(FORMAT_NFT, "accept", NFT "}\n"));
	EXPECT_TRUE(judge(FORMAT_NFT, "log",
			  NFT CHAIN "\t\tct state established,related counter log prefix "
				    "\"syslogparse: \"\n\t}\n}\n"));
	EXPECT_FALSE(judge(FORMAT_NFT, "accept", NFT));
	EXPECT_FALSE(judge(FORMAT_NFT, "accept", NFT SET "\t\t}\n}\n"));
	EXPECT_FALSE(judge(FORMAT_NFT, "accept", NFT "}\nflush ruleset\n"));
	EXPECT_FALSE(judge(FORMAT_NFT, "accept", "flush ruleset\n" NFT "}\n"));
	EXPECT_FALSE(judge(FORMAT_NFT, "accept", NFT NFT "}\n}\n"));
	EXPECT_FALSE(judge(FORMAT_NFT, "accept", NFT SET "\t\t\t192.0.2.x\n" SET_END "}\n"));
}

static const struct sample ufw[] = {
	{ true, "ufw allow in on eth0 proto tcp from 192.0.2.1 to 192.0.2.2 port 22,80:90" },
	{ true, "ufw allow out proto udp from 192.0.2.1/24 to 2001:db8::/32" },
	{ true, "ufw route allow in on eth0 out on eth1 proto gre from 192.0.2.1 to 192.0.2.2" },
	{ false, "ufw allow in on eth0;id proto tcp from 192.0.2.1 to 192.0.2.2" },
	{ false, "ufw allow in on $(id) proto tcp from 192.0.2.1 to 192.0.2.2" },
	{ false, "ufw allow in proto tcp from 192.0.2.1 to 192.0.2.2 port 22; id" },
	{ false, "ufw allow in proto tcp from 192.0.2.1 to 192.0.2.2 port 22 &" },
	{ false, "ufw allow in proto tcp from any to any" },
	{ false, "ufw allow 22" },
	{ false, "ufw disable" },
	{ false, "ufw --force reset" },
	{ false, "sudo ufw allow in proto tcp from 192.0.2.1 to 192.0.2.2" },
	{ false, "id" },
	{ false, NULL },
};

TEST(commands_of_ufw)
{
	EXPECT_EQ(0, count_wrong(FORMAT_UFW, "", "", ufw));
	EXPECT_EQ(0, count_wrong(FORMAT_UFW, "", "", comments));
}

static const struct sample rules[] = {
	{ true, "  capability net_admin," },
	{ true, "  network inet stream," },
	{ true, "  network unix," },
	{ true, "  unix (connect, send) type=stream addr=\"@x\" peer=(addr=\"@y z\")," },
	{ true, "  signal send set=term peer=/usr/bin/x//y," },
	{ true, "  ptrace (read, trace) peer=x," },
	{ true, "  mqueue create type=posix /q," },
	{ true, "  dbus send bus=system path=/a interface=b.c member=D peer=(label=e)," },
	{ true, "  mount fstype=ext2 options=(nosuid, ro) /dev/loop0 -> /mnt/," },
	{ true, "  umount /mnt/," },
	{ true, "  pivot_root oldroot=/a/ /b/," },
	{ true, "  change_profile -> /usr/bin/x," },
	{ true, "  set rlimit nofile <= 1024," },
	{ true, "  userns create," },
	{ true, "  io_uring sqpoll," },
	{ true, "  /etc/passwd r," },
	{ true, "  owner \"/home/a/my file\" rw," },
	{ true, "  /usr/bin/ls mrix," },
	{ true, "  /usr/bin/ls Cx," },
	{ true, "  /proc/[0-9]*/status r," },
	{ true, "  \"/tmp/a\\\"b\\\\c\" w," },
	{ true, "  ^hat {\n  }" },
	{ true, "  profile \"/usr/bin/a b\" {\n  /a r,\n  }" },
	{ false, "  include <abstractions/base>" },
	{ false, "  #include <abstractions/base>" },
	{ false, "  @{HOME}=/home" },
	{ false, "  alias /a -> /b," },
	{ false, "  capability," },
	{ false, "  file," },
	{ false, "  network," },
	{ false, "  /etc/passwd r" },
	{ false, "  /etc/passwd r, /etc/shadow r," },
	{ false, "  /etc/passwd ux," },
	{ false, "  /etc/passwd rUx," },
	{ false, "  /etc/passwd px," },
	{ false, "  /etc/passwd Pix," },
	{ false, "  /etc/passwd rix -> x," },
	{ false, "  deny /etc/passwd r," },
	{ false, "  audit /etc/passwd r," },
	{ false, "  \"/tmp/a\"b\" w," },
	{ false, "  \"/tmp/a w," },
	{ false, "  \"tmp\" w," },
	{ false, "  @{HOME}/x r," },
	{ false, "  /a,b r," },
	{ false, "  /a b r," },
	{ false, "  change_profile -> /usr/bin/{x,y}," },
	{ false, "  set rlimit nofile <= \"a\" \"b\" {}," },
	{ false, "  profile x flags=(unconfined) {\n  }" },
	{ false, "  profile \"a\\\"b\" {\n  }" },
	{ false, "  ^hat {\n  ^hat {\n  }\n  }" },
	{ false, "  }" },
	{ false, "abi <abi/3.0>," },
	{ false, NULL },
};

TEST(profiles)
{
	static const char head[] = "abi <abi/3.0>,\n\n/usr/bin/x {\n";

	EXPECT_EQ(0, count_wrong(FORMAT_PROFILE, head, "}\n", rules));
	EXPECT_EQ(0, count_wrong(FORMAT_PROFILE, head, "}\n", comments));
	EXPECT_TRUE(judge(FORMAT_PROFILE, "accept", "profile x {\n}\n\nprofile y {\n}\n"));
	EXPECT_FALSE(judge(FORMAT_PROFILE, "accept", head));
	EXPECT_FALSE(judge(FORMAT_PROFILE, "accept", "/etc/passwd r,\n"));
	EXPECT_FALSE(judge(FORMAT_PROFILE, "accept", "abi <abi/../../x>,\n"));
	EXPECT_FALSE(judge(FORMAT_PROFILE, "accept", "x {\n}\n"));
}

static const struct sample json[] = {
	{ true, "{}" },
	{ true, "{\"a\":1,\"b\":[true,false,null,-0.5,[]],\"c\":{\"d\":\"e\\\\x1b\\\"\"}}" },
	{ false, "" },
	{ false, "# comment" },
	{ false, "[]" },
	{ false, "{}{}" },
	{ false, "{} " },
	{ false, "{\"a\":1,}" },
	{ false, "{\"a\"}" },
	{ false, "{\"a\":}" },
	{ false, "{a:1}" },
	{ false, "{\"a\":01}" },
	{ false, "{\"a\":NaN}" },
	{ false, "{\"a\":\"\\u001b\"}" },
	{ false, "{\"a\":\"\\n\"}" },
	{ false, "{\"a\":\"}" },
	{ false, "{\"a\":[1,2}" },
	{ false, "{\"a\":[1,2]" },
	{ false, "{\"a\":111111111111111111111111111111}" },
	{ false, "{\"a\":[[[[[[[[[[1]]]]]]]]]]}" },
	{ false, NULL },
};

TEST(lines_of_json)
{
	char *deep = malloc(200000);

	EXPECT_EQ(0, count_wrong(FORMAT_JSON, "", "", json));
	ASSERT_NE(NULL, deep);
	memset(deep, '[', 199999);
	deep[199999] = '\0';
	memcpy(deep, "{\"a\":", 5);
	deep[199998] = '\n';
	EXPECT_FALSE(judge(FORMAT_JSON, "accept", deep));
	free(deep);
}

TEST_HARNESS_MAIN
