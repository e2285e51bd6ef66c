/* SPDX-License-Identifier: MIT */
/*
 * Rules of the firewall: they match what was seen, and without a collapse nothing else; the
 * text has the form that was meant, and nothing of a log's that could be read as more.
 */
#include "kselftest_harness.h"

#include "tests/syslogparse/events.h"

static uint32_t state;

static uint32_t any(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
}

/* ---- prefixes ---- */

#define MANY 3000u

static uint8_t addresses[MANY][16];
static struct prefix found[MANY];

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static uint32_t some_addresses(uint32_t n, uint32_t spread)
{
	uint32_t kept = 0;

	memset(addresses, 0, sizeof(addresses));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t address = htonl(0xc0a80000u + any(spread));

		memcpy(addresses[i], &address, 4);
	}
	qsort(addresses, n, 16, by_bytes);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || memcmp(addresses[kept - 1], addresses[i], 16) != 0)
			memcpy(addresses[kept++], addresses[i], 16);
	return kept;
}

static bool covers(const struct prefix *prefix, const uint8_t *address)
{
	for (unsigned int bit = 0; bit < prefix->len; bit++)
		if ((prefix->at[bit / 8] ^ address[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static uint32_t covered(const struct prefix *prefix, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += covers(prefix, addresses[i]);
	return count;
}

TEST(prefixes_keep_their_promise)
{
	static const double shares[] = { 0, 0.01, 0.25, 0.5, 0.9, 1 };

	state = 1;
	for (unsigned int round = 0; round < 60; round++) {
		double share = shares[round % 6];
		uint32_t n = some_addresses(1 + any(300), 2 + any(4000)), sum = 0;
		struct prefixes out = { found, 0 };

		prefix_collapse(&out, (const uint8_t(*)[16])addresses, n, 4, share);
		for (uint32_t i = 0; i < out.n; i++) {
			uint32_t in = covered(found + i, n);

			sum += in;
			EXPECT_TRUE(found[i].len == 32 ||
				    (share > 0 && found[i].len >= 16 && in > 1 &&
				     in >= share * (double)(1u << (32 - found[i].len))))
			{
				TH_LOG("%u of /%u, share %f", in, found[i].len, share);
			}
		}
		/* Each address once: prefixes are disjoint and leave none out. */
		EXPECT_EQ(n, sum);
	}
}

TEST(prefixes_collapse_what_they_may)
{
	struct prefixes out = { found, 0 };
	struct prefix all = { { 192, 168, 1 }, 24 };
	char text[64];

	memset(addresses, 0, sizeof(addresses));
	for (unsigned int i = 0; i < 128; i++)
		memcpy(addresses[i], (uint8_t[]){ 192, 168, 1, (uint8_t)(i * 2) }, 4);
	prefix_collapse(&out, (const uint8_t(*)[16])addresses, 128, 4, 0.5);
	EXPECT_EQ(1, out.n);
	EXPECT_EQ(0, memcmp(found, &all, sizeof(all)));
	prefix_print(text, sizeof(text), found, 4);
	EXPECT_STREQ("192.168.1.0/24", text);
	prefix_collapse(&out, (const uint8_t(*)[16])addresses, 128, 4, 0.51);
	EXPECT_EQ(128, out.n);
}

/* ---- rules match the packets, and nothing else ---- */

static struct net_event random_packet(bool six)
{
	static const uint8_t protos[] = { 6, 6, 17, 47 };
	struct net_event e = packet((enum direction)any(3), protos[any(4)],
				    six ? "2001:db8::1" : "192.0.2.0",
				    six ? "2001:db8:1::1" : "198.51.100.0", 0);
	unsigned int last = six ? 15 : 3;

	e.src[last] = (uint8_t)any(6);
	e.dst[last] = (uint8_t)any(3);
	if (e.flags & NET_HAS_PORTS)
		e.dport = (uint16_t)(20 + any(8));
	return e;
}

static bool in_list(const struct prefixes *list, const uint8_t *address)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (covers(list->list + i, address))
			return true;
	return false;
}

static bool matches(const struct fw_rule *rule, const struct net_key *key)
{
	bool port = !(key->has & KEY_PORT);

	for (uint32_t i = 0; i < rule->n_ports; i++)
		port |= rule->ports[i].first <= key_port(key) &&
			key_port(key) <= rule->ports[i].last;
	return rule->match.direction == key->direction && rule->match.family == key->family &&
	       rule->match.proto == key->proto && rule->match.class == key->class && port &&
	       !memcmp(rule->match.in, key->in, 16) && !memcmp(rule->match.out, key->out, 16) &&
	       in_list(&rule->src, key_source(key)) && in_list(&rule->dst, key_destination(key));
}

static uint64_t size_of(const struct fw_rule *rule)
{
	uint64_t ports = rule->n_ports ? 0 : 1;

	for (uint32_t i = 0; i < rule->n_ports; i++)
		ports += rule->ports[i].last - rule->ports[i].first + 1u;
	return ports * rule->src.n * rule->dst.n;
}

TEST(rules_match_exactly_what_was_seen)
{
	struct options options = default_options(WHAT_FIREWALL, FORMAT_NFT);

	options.collapse = 0;
	state = 7;
	for (unsigned int round = 0; round < 40; round++) {
		struct tally *tally = tally_new(&options);
		struct pool pool = { NULL, false };
		const struct record **records;
		uint64_t events = 0, size = 0;
		struct fw_rules rules;
		size_t n;

		for (unsigned int i = 0; i < 1 + any(400); i++) {
			struct net_event e = random_packet(any(2));

			events++;
			add_packet(tally, &e, i + 1);
		}
		ASSERT_EQ(0, firewall_rules(&rules, tally, &options, &pool));
		ASSERT_EQ(0, tally_list(tally, &records, &n));
		for (size_t i = 0; i < n; i++) {
			unsigned int times = 0;

			for (uint32_t r = 0; r < rules.n; r++)
				times += matches(rules.list + r, (const void *)records[i]->key);
			EXPECT_EQ(1, times);
		}
		for (uint32_t r = 0; r < rules.n; r++) {
			size += size_of(rules.list + r);
			events -= rules.list[r].evidence.count;
		}
		/* All packets are in, and as many tuples match as there are different packets. */
		EXPECT_EQ(0, events);
		EXPECT_EQ(n, size);
		free(records);
		pool_free(&pool);
		tally_free(tally);
	}
}

/* ---- text ---- */

FIXTURE(text)
{
	struct options options;
	struct tally *tally;
	char *text;
};

FIXTURE_SETUP(text)
{
	self->options = default_options(WHAT_FIREWALL, FORMAT_NFT);
	self->tally = tally_new(&self->options);
	self->text = NULL;
}

FIXTURE_TEARDOWN(text)
{
	tally_free(self->tally);
	free(self->text);
}

static const char *write_as(struct _test_data_text *self, enum format format, const char *action)
{
	self->options.format = format;
	self->options.action = action;
	free(self->text);
	self->text = written(self->tally, &self->options);
	return self->text ? self->text : "";
}

static bool has(const char *text, const char *what)
{
	return strstr(text, what) != NULL;
}

/* What the program of 2014 got wrong: the port, the interface, the case, and no target. */
TEST_F(text, the_destination_port_and_a_target)
{
	struct net_event in = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);
	struct net_event out = packet(DIR_OUT, 17, "192.0.2.2", "192.0.2.3", 53);

	add_packet(self->tally, &in, 1);
	add_packet(self->tally, &out, 2);
	write_as(self, FORMAT_IPTABLES, "accept");
	EXPECT_TRUE(has(self->text, "-A INPUT -4 -i eth0 -s 192.0.2.1 -d 192.0.2.2 -p tcp "
				    "--dport 22 -j ACCEPT\n"))
	{
		TH_LOG("%s", self->text);
	}
	EXPECT_TRUE(has(self->text, "-A OUTPUT -4 -o eth0 -d 192.0.2.3 -s 192.0.2.2 -p udp "
				    "--dport 53 -j ACCEPT\n"))
	{
		TH_LOG("%s", self->text);
	}
	EXPECT_FALSE(has(self->text, "40000"));
}

TEST_F(text, an_answer_opens_no_port)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 41000);

	e.sport = 443;
	e.tcp = TCP_ACK;
	add_packet(self->tally, &e, 1);
	EXPECT_TRUE(has(write_as(self, FORMAT_NFT, "accept"),
			"ct state established,related counter accept\n"));
	EXPECT_FALSE(has(self->text, "dport"));
	EXPECT_TRUE(has(write_as(self, FORMAT_IPTABLES, "accept"),
			"-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"));
	/* Its neighbour: to refuse what was refused, no state is let through. */
	EXPECT_FALSE(has(write_as(self, FORMAT_NFT, "drop"), "ct state"));
	/* And its twin without the ACK does open one. */
	e.tcp = TCP_SYN;
	add_packet(self->tally, &e, 2);
	EXPECT_TRUE(has(write_as(self, FORMAT_NFT, "accept"), "dport 41000"));
}

/* What a scan sends is never let in; to refuse it, its state is enough. */
TEST_F(text, scans)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);

	e.tcp = TCP_FIN | TCP_PSH | TCP_URG;
	add_packet(self->tally, &e, 1);
	write_as(self, FORMAT_NFT, "accept");
	EXPECT_FALSE(has(self->text, "counter"));
	EXPECT_TRUE(has(self->text, "# TCP that opens no connection and belongs to none, as of "
				    "scans: 1 time, "));
	EXPECT_TRUE(has(write_as(self, FORMAT_NFT, "drop"), "\tct state invalid counter drop\n"));
	EXPECT_TRUE(has(write_as(self, FORMAT_IPTABLES, "reject"),
			"-A INPUT -m conntrack --ctstate INVALID -j REJECT\n"));
	EXPECT_FALSE(has(write_as(self, FORMAT_IPTABLES, "accept"), "\n-A"));
}

TEST_F(text, actions)
{
	static const struct {
		enum format format;
		const char *action, *text;
	} rows[] = {
		{ FORMAT_NFT, "accept", "dport 22 counter accept\n" },
		{ FORMAT_NFT, "drop", "dport 22 counter drop\n" },
		{ FORMAT_NFT, "reject", "dport 22 counter reject\n" },
		{ FORMAT_NFT, "log", "dport 22 counter log prefix \"syslogparse: \"\n" },
		{ FORMAT_IPTABLES, "drop", "--dport 22 -j DROP\n" },
		{ FORMAT_IPTABLES, "reject", "--dport 22 -j REJECT\n" },
		{ FORMAT_IPTABLES, "log", "--dport 22 -j LOG --log-prefix \"syslogparse: \"\n" },
		{ FORMAT_UFW, "accept",
		  "\nufw allow in on eth0 proto tcp from 192.0.2.1 "
		  "to 192.0.2.2 port 22\n" },
		{ FORMAT_UFW, "drop", "\nufw deny in on eth0 " },
		{ FORMAT_UFW, "reject", "\nufw reject in on eth0 " },
	};
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);

	add_packet(self->tally, &e, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_TRUE(has(write_as(self, rows[i].format, rows[i].action), rows[i].text))
		{
			TH_LOG("%zu: %s", i, self->text);
		}
	}
	write_as(self, FORMAT_UFW, "log");
	EXPECT_EQ(NULL, self->text);
	write_as(self, FORMAT_NFT, "explode");
	EXPECT_EQ(NULL, self->text);
}

TEST_F(text, ports_and_addresses_go_together)
{
	for (unsigned int i = 0; i < 40; i++) {
		char source[32];
		struct net_event e;

		snprintf(source, sizeof(source), "198.51.100.%u", i * 6);
		for (uint16_t port = 80; port < 83; port++) {
			e = packet(DIR_IN, 6, source, "192.0.2.2", port);
			add_packet(self->tally, &e, i + 1);
		}
	}
	write_as(self, FORMAT_NFT, "drop");
	EXPECT_TRUE(has(self->text, "ip saddr @rule1_saddr ip daddr 192.0.2.2 tcp dport 80-82 "))
	{
		TH_LOG("%s", self->text);
	}
	EXPECT_TRUE(has(self->text, "# 120 times, "));
	EXPECT_TRUE(has(self->text, "; 40 addresses"));
	EXPECT_FALSE(has(self->text, "rule2"));
}

TEST_F(text, evidence_is_there)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);

	e.flags |= NET_UFW;
	add_packet(self->tally, &e, 5);
	add_packet(self->tally, &e, 3);
	EXPECT_TRUE(has(write_as(self, FORMAT_NFT, "accept"),
			"# 2 times, 2023-11-14T22:13:23Z to 2023-11-14T22:13:25Z; syslog:3 syslog:5"
			"; UFW logs samples: there were more\n"))
	{
		TH_LOG("%s", self->text);
	}
}

TEST_F(text, danger_leaves_out)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 2375);

	add_packet(self->tally, &e, 1);
	e = packet(DIR_IN, 6, "192.168.0.1", "192.168.0.2", 80);
	add_packet(self->tally, &e, 2);
	self->options.max_danger = 9;
	for (unsigned int format = FORMAT_IPTABLES; format <= FORMAT_UFW; format++) {
		EXPECT_TRUE(
			has(write_as(self, format, "accept"),
			    "# left out, for a danger of 10 (lets in, Docker's API, addresses of "
			    "the Internet): input in eth0 from 192.0.2.1 to 192.0.2.2 tcp port "
			    "2375\n"))
		{
			TH_LOG("%s", self->text);
		}
		EXPECT_FALSE(has(self->text, "port 2375 "));
		EXPECT_TRUE(has(self->text, "port 80"));
	}
}

/* ---- what an attacker writes ---- */

static bool clean(const char *text)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\n' && *text != '\t')
			return false;
	return true;
}

TEST_F(text, hostile_interfaces_make_no_rule)
{
	static const char *const names[] = {
		"e\n-A INPUT", "-j",	"eth0 -j X", "eth0;reboot", "eth+",
		"a\"b",	       "$(id)", "\033[2J",   "eth\3770",    "0123456789abcdef",
		"*",	       "#",	"a\\b",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 1111);

		e.in = text_bytes(names[i]);
		e.prefix = text_bytes(names[i]);
		e.mac = text_bytes(names[i]);
		add_packet(self->tally, &e, i + 1);
	}
	for (unsigned int format = FORMAT_IPTABLES; format <= FORMAT_UFW; format++) {
		write_as(self, format, "accept");
		EXPECT_TRUE(clean(self->text))
		{
			TH_LOG("%s", self->text);
		}
		EXPECT_FALSE(has(self->text, "dport 1111") || has(self->text, "port 1111\nufw") ||
			     has(self->text, "\nufw") || has(self->text, "\n-A"))
		{
			TH_LOG("%s", self->text);
		}
		EXPECT_TRUE(has(self->text, "tcp port 1111\n"));
	}
	EXPECT_TRUE(clean(write_as(self, FORMAT_JSON, "accept")));
}

/* To iptables it would be all protocols. */
TEST_F(text, protocol_0_makes_no_rule)
{
	struct net_event e = packet(DIR_IN, 0, "192.0.2.1", "192.0.2.2", 0);

	add_packet(self->tally, &e, 1);
	for (unsigned int format = FORMAT_IPTABLES; format <= FORMAT_UFW; format++) {
		write_as(self, format, "accept");
		EXPECT_FALSE(has(self->text, "\n-A") || has(self->text, "counter") ||
			     has(self->text, "\nufw"));
		EXPECT_TRUE(has(self->text, "# left out, for a protocol that a rule cannot name"));
	}
}

TEST_HARNESS_MAIN
