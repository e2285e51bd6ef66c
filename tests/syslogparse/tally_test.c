/* SPDX-License-Identifier: MIT */
/*
 * The tally: counts, samples and times, and that neither order nor threads show.
 */
#include "kselftest_harness.h"

#include "tests/syslogparse/events.h"

static const struct options firewall = { .what = WHAT_FIREWALL };
static const struct options apparmor = { .what = WHAT_APPARMOR };

static size_t count_records(const struct tally *tally)
{
	const struct record **records;
	size_t n = 0;

	if (!tally_list(tally, &records, &n))
		free(records);
	return n;
}

/* The only record that there is. */
static struct evidence only(const struct tally *tally)
{
	const struct record **records;
	struct evidence evidence = { 0 };
	size_t n;

	if (tally_list(tally, &records, &n))
		return evidence;
	if (n == 1)
		evidence = tally_evidence(tally, records[0]);
	free(records);
	return evidence;
}

static int add_at(struct tally *tally, const struct net_event *net, const struct line *line,
		  unsigned int source)
{
	struct event event = { .what = WHAT_FIREWALL, .line = line, .net = *net };

	return tally_add(tally, &event, source);
}

TEST(the_same_is_one)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);
	struct tally *tally = tally_new(&firewall);

	for (unsigned int i = 0; i < 100000; i++) {
		e.sport = (uint16_t)(1024 + i % 60000);
		e.len = i;
		e.mark = i;
		ASSERT_EQ(0, add_packet(tally, &e, i + 1));
	}
	EXPECT_EQ(1, count_records(tally));
	EXPECT_EQ(100000, only(tally).count);
	tally_free(tally);
}

TEST(what_rules_tell_apart_is_many)
{
	struct tally *tally = tally_new(&firewall);
	struct net_event base = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22), e;

	add_packet(tally, &base, 1);
	e = base;
	e.dport = 23;
	add_packet(tally, &e, 2);
	e = base;
	e.src[3] = 9;
	add_packet(tally, &e, 3);
	e = base;
	e.dst[3] = 9;
	add_packet(tally, &e, 4);
	e = base;
	e.in = text_bytes("eth1");
	add_packet(tally, &e, 5);
	e = base;
	e.proto = 17;
	add_packet(tally, &e, 6);
	e = base;
	e.direction = DIR_FORWARD;
	add_packet(tally, &e, 7);
	EXPECT_EQ(7, count_records(tally));
	tally_free(tally);
}

TEST(times_and_samples)
{
	static const uint64_t numbers[] = { 50, 7, 99, 8, 7, 3 };
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);
	struct tally *tally = tally_new(&firewall);
	struct evidence evidence;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct line line = { .number = numbers[i],
				     .time_us = i == 2 ? TIME_UNKNOWN : (int64_t)numbers[i],
				     .repeat = 2 };

		ASSERT_EQ(0, add_at(tally, &e, &line, i == 5 ? 1 : 0));
	}
	evidence = only(tally);
	EXPECT_EQ(12, evidence.count);
	EXPECT_EQ(3, evidence.first_us);
	EXPECT_EQ(50, evidence.last_us);
	EXPECT_EQ(7, evidence.sample[0]);
	EXPECT_EQ(8, evidence.sample[1]);
	EXPECT_EQ(50, evidence.sample[2]);
	tally_free(tally);
}

/* ---- order and threads ---- */

static struct net_event some_packet(unsigned int i)
{
	struct net_event e =
		packet(i % 5 ? DIR_IN : DIR_OUT, i % 3 ? 6 : 17, "192.0.2.0", "198.51.100.1", 0);

	e.src[3] = (uint8_t)(i * 7 % 50);
	e.dport = (uint16_t)(i % 11);
	if (i % 13 == 0)
		e.flags |= NET_UFW;
	return e;
}

#define EVENTS 5000u

/* As N threads would: each has its part, and they are merged, from the last one on if BACK. */
static char *in_parts(unsigned int n, bool back)
{
	struct options options = default_options(WHAT_FIREWALL, FORMAT_JSON);
	struct tally *part[8], *all = tally_new(&options);
	char *text = NULL;

	for (unsigned int t = 0; t < n; t++)
		part[t] = tally_new(&options);
	for (unsigned int i = 0; i < EVENTS; i++) {
		unsigned int which = back ? EVENTS - 1 - i : i;
		struct net_event e = some_packet(which);

		add_packet(part[which * n / EVENTS], &e, which + 1);
	}
	for (unsigned int t = 0; t < n; t++)
		tally_merge(all, part[back ? n - 1 - t : t]);
	text = written(all, &options);
	for (unsigned int t = 0; t < n; t++)
		tally_free(part[t]);
	tally_free(all);
	return text;
}

TEST(order_and_threads_do_not_show)
{
	char *one = in_parts(1, false);

	ASSERT_NE(NULL, one);
	for (unsigned int n = 1; n <= 8; n++) {
		for (int back = 0; back < 2; back++) {
			char *other = in_parts(n, back);

			ASSERT_NE(NULL, other);
			EXPECT_EQ(0, strcmp(one, other))
			{
				TH_LOG("%u threads, %s", n, back ? "backwards" : "forwards");
			}
			free(other);
		}
	}
	free(one);
}

TEST(what_was_merged_is_empty)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);
	struct tally *a = tally_new(&firewall), *b = tally_new(&firewall);

	add_packet(b, &e, 1);
	EXPECT_EQ(0, tally_merge(a, b));
	EXPECT_EQ(0, tally_merge(a, b));
	EXPECT_EQ(1, only(a).count);
	EXPECT_EQ(0, count_records(b));
	add_packet(b, &e, 2);
	EXPECT_EQ(1, only(b).count);
	tally_free(a);
	tally_free(b);
}

/* ---- the same audit record in several logs ---- */

static struct aa_event some_denial(uint64_t serial)
{
	struct aa_event e = { .type = AA_DENIED, .class = AA_FILE, .serial = serial };

	e.audit_us = 1700000000000000;
	e.operation = text_bytes("open");
	e.profile = text_bytes("/usr/bin/x");
	e.name = text_bytes("/etc/passwd");
	e.denied = text_bytes("r");
	return e;
}

TEST(a_serial_counts_once)
{
	struct tally *a = tally_new(&apparmor), *b = tally_new(&apparmor);
	struct aa_event e;

	for (uint64_t i = 1; i <= 10; i++) {
		e = some_denial(i);
		add_aa(a, &e, i);
		add_aa(a, &e, i + 100);
		add_aa(b, &e, i + 200);
	}
	e = some_denial(0);
	add_aa(b, &e, 300);
	add_aa(b, &e, 301);
	EXPECT_EQ(10, only(a).count);
	EXPECT_EQ(0, tally_merge(a, b));
	EXPECT_EQ(12, only(a).count);
	EXPECT_FALSE(tally_flooded(a));
	/* The same serial at another time, after a boot, is another event. */
	e = some_denial(1);
	e.audit_us++;
	add_aa(a, &e, 400);
	EXPECT_EQ(13, only(a).count);
	tally_free(a);
	tally_free(b);
}

TEST(too_many_serials_are_not_remembered)
{
	struct tally *a = tally_new(&apparmor), *b = tally_new(&apparmor);
	struct aa_event e;

	for (uint64_t i = 1; i <= 200000; i++) {
		e = some_denial(i);
		ASSERT_EQ(0, add_aa(a, &e, i));
		e = some_denial(i + 150000);
		ASSERT_EQ(0, add_aa(b, &e, i));
	}
	EXPECT_FALSE(tally_flooded(a));
	EXPECT_EQ(0, tally_merge(a, b));
	EXPECT_TRUE(tally_flooded(a));
	EXPECT_EQ(400000, only(a).count);
	tally_free(a);
	tally_free(b);
}

TEST(a_name_that_is_too_long_is_refused)
{
	struct tally *tally = tally_new(&apparmor);
	struct aa_event e = some_denial(1);
	static char name[AA_KEY_MAX];

	memset(name, 'a', sizeof(name));
	e.name = (struct bytes){ name, sizeof(name) };
	EXPECT_EQ(-E2BIG, add_aa(tally, &e, 1));
	e.name.len = LINE_SCRATCH - 100;
	EXPECT_EQ(0, add_aa(tally, &e, 1));
	tally_free(tally);
}

/* ---- classes ---- */

TEST(classes)
{
	static const struct {
		uint8_t proto;
		uint16_t flags, tcp, sport, dport;
		uint8_t icmp;
		const char *dst;
		enum net_class class;
		uint16_t port;
	} rows[] = {
		{ 6, NET_HAS_PORTS, TCP_SYN, 50000, 22, 0, "192.0.2.2", NET_NEW, 22 },
		{ 6, NET_HAS_PORTS, TCP_SYN | TCP_ECE | TCP_CWR, 50000, 22, 0, "192.0.2.2", NET_NEW,
		  22 },
		{ 6, NET_HAS_PORTS, 0, 50000, 22, 0, "192.0.2.2", NET_INVALID, 22 },
		{ 6, NET_HAS_PORTS, TCP_ACK, 443, 50000, 0, "192.0.2.2", NET_ESTABLISHED, 443 },
		{ 6, NET_HAS_PORTS, TCP_SYN | TCP_ACK, 443, 50000, 0, "192.0.2.2", NET_ESTABLISHED,
		  443 },
		{ 6, NET_HAS_PORTS, TCP_RST, 50000, 22, 0, "192.0.2.2", NET_ESTABLISHED, 22 },
		{ 6, NET_HAS_PORTS, TCP_FIN, 50000, 22, 0, "192.0.2.2", NET_INVALID, 22 },
		{ 6, NET_HAS_PORTS, TCP_FIN | TCP_SYN, 50000, 22, 0, "192.0.2.2", NET_INVALID, 22 },
		{ 6, 0, TCP_SYN, 0, 0, 0, "192.0.2.2", NET_RULELESS, 0 },
		{ 17, NET_HAS_PORTS, 0, 53, 40000, 0, "192.0.2.2", NET_ESTABLISHED, 53 },
		{ 17, NET_HAS_PORTS, 0, 40000, 53, 0, "192.0.2.2", NET_NEW, 53 },
		{ 17, NET_HAS_PORTS, 0, 67, 68, 0, "192.0.2.2", NET_NEW, 68 },
		{ 17, NET_HAS_PORTS, 0, 5353, 5353, 0, "224.0.0.251", NET_NOISE, 5353 },
		{ 17, NET_HAS_PORTS, 0, 68, 67, 0, "255.255.255.255", NET_NOISE, 67 },
		{ 17, NET_FRAGMENT, 0, 0, 0, 0, "192.0.2.2", NET_RULELESS, 0 },
		{ 1, NET_HAS_ICMP, 0, 0, 0, 8, "192.0.2.2", NET_NEW, 0 },
		{ 1, NET_HAS_ICMP, 0, 0, 0, 0, "192.0.2.2", NET_ESTABLISHED, 0 },
		{ 1, NET_HAS_ICMP, 0, 0, 0, 3, "192.0.2.2", NET_ESTABLISHED, 0 },
		{ 2, 0, 0, 0, 0, 0, "224.0.0.1", NET_NOISE, 0 },
		{ 47, 0, 0, 0, 0, 0, "192.0.2.2", NET_NEW, 0 },
		{ 0, NET_ARP, 0, 0, 0, 0, "192.0.2.2", NET_RULELESS, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_event e = packet(DIR_IN, 0, "192.0.2.1", rows[i].dst, 0);
		struct net_key key;

		e.proto = rows[i].proto;
		e.flags = rows[i].flags;
		e.tcp = rows[i].tcp;
		e.sport = rows[i].sport;
		e.dport = rows[i].dport;
		e.icmp_type = rows[i].icmp;
		net_key(&key, &e);
		EXPECT_EQ(rows[i].class, key.class)
		{
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(rows[i].port, key_port(&key))
		{
			TH_LOG("row %zu", i);
		}
	}
}

TEST(a_broadcast_by_its_mac)
{
	struct net_event e = packet(DIR_IN, 17, "192.168.1.1", "192.168.1.255", 137);
	struct net_key key;

	net_key(&key, &e);
	EXPECT_EQ(NET_NEW, key.class);
	e.mac = text_bytes("ff:ff:ff:ff:ff:ff:00:11:22:33:44:55:08:00");
	net_key(&key, &e);
	EXPECT_EQ(NET_NOISE, key.class);
}

TEST(what_makes_no_rule_keeps_its_kind_only)
{
	struct tally *tally = tally_new(&apparmor);

	for (unsigned int i = 0; i < 100; i++) {
		struct aa_event e = some_denial(0);
		char name[16];

		snprintf(name, sizeof(name), "p%u", i);
		e.type = AA_STATUS;
		e.name = text_bytes(name);
		add_aa(tally, &e, i + 1);
	}
	EXPECT_EQ(1, count_records(tally));
	tally_free(tally);
}

TEST_HARNESS_MAIN
