/* SPDX-License-Identifier: MIT */
/*
 * Random packets, which a second writer puts in the kernel's words: what was written is what is
 * read. Cut anywhere, a line is no event, or it is that event without what follows the packet.
 */
#include "tests/syslogparse/describe.h"

#include "kselftest_harness.h"

static uint64_t state = 88172645463325252ULL;

static unsigned int below(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 16) % n;
}

static const char *pick(const char *const *from, unsigned int n)
{
	return from[below(n)];
}

#define PICK(list) pick(list, sizeof(list) / sizeof(*(list)))

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){ text, (uint32_t)strlen(text) };
}

/* ---- the packet ---- */

static void random_packet(struct net_event *e)
{
	static const char *const prefixes[] = {
		"",
		"DROP ",
		"[UFW BLOCK] ",
		"[UFW AUDIT INVALID] ",
		"CHAIN=INPUT ACTION=X ",
		"IN= SRC ",
		"a[b]: ",
		"filter_IN_public_REJECT: ",
		"[WAN-2000-A]",
	};
	static const char *const devices[] = { "eth0", "wlan0.5", "br-1a2b",	    "SRC=6.6.6.6",
					       "[",    "lo",	  "0123456789abcde" };
	static const uint8_t protocols[] = { 1, 2, 6, 6, 6, 17, 17, 47, 50, 51, 58, 132, 136 };

	memset(e, 0, sizeof(*e));
	e->family = below(3) ? 4 : 6;
	e->proto = protocols[below(sizeof(protocols))];
	e->prefix = text_bytes(PICK(prefixes));
	e->direction = (enum direction)below(3);
	if (e->direction != DIR_OUT)
		e->in = text_bytes(PICK(devices));
	if (e->direction != DIR_IN)
		e->out = text_bytes(PICK(devices));
	if (below(8) == 0)
		e->physin = text_bytes(PICK(devices));
	for (unsigned int i = 0; i < (e->family == 4 ? 4 : 16); i++) {
		e->src[i] = (uint8_t)(below(4) ? below(256) : 0);
		e->dst[i] = (uint8_t)(below(4) ? below(256) : 255);
	}
	e->len = below(65536);
	if (below(10) == 0)
		e->flags |= NET_FRAGMENT;
	e->sport = (uint16_t)below(65536);
	e->dport = (uint16_t)below(65536);
	e->tcp = (uint16_t)below(512);
	e->icmp_type = (uint8_t)below(40);
	e->icmp_code = (uint8_t)below(16);
	if (below(6) == 0) {
		e->flags |= NET_HAS_UID;
		e->uid = below(70000);
		e->gid = below(70000);
	}
	if (below(6) == 0) {
		e->flags |= NET_HAS_MARK;
		e->mark = 1 + below(0x7fffffff);
	}
}

/* What a line does not say is not there. */
static void settle(struct net_event *e)
{
	bool whole = !(e->flags & NET_FRAGMENT);
	bool ports = whole && (e->proto == 6 || e->proto == 17 || e->proto == 136);
	bool icmp = whole && (e->proto == 1 || e->proto == 58);

	e->flags |= (ports ? NET_HAS_PORTS : 0) | (icmp ? NET_HAS_ICMP : 0);
	if (!ports)
		e->sport = e->dport = 0;
	if (!icmp)
		e->icmp_type = e->icmp_code = 0;
	if (!whole || e->proto != 6)
		e->tcp = 0;
	if (icmp && (e->proto == 1 ? strchr("\3\4\5\13\14", e->icmp_type) && e->icmp_type :
				     e->icmp_type - 1U < 4))
		e->flags |= NET_RELATED;
	if (e->family == 6 ? e->dst[0] == 255 :
			     e->dst[0] >> 4 == 14 || memcmp(e->dst, "\xff\xff\xff\xff", 4) == 0)
		e->flags |= NET_MULTICAST;
	if (e->prefix.len > 4 && memcmp(e->prefix.at, "[UFW", 4) == 0)
		e->flags |= NET_UFW;
}

/* ---- the kernel's words ---- */

static void write_address(struct text *t, const char *key, const struct net_event *e,
			  const uint8_t *address)
{
	add(t, "%s=", key);
	for (unsigned int i = 0; i < (e->family == 4 ? 4 : 16); i++) {
		if (e->family == 4)
			add(t, "%s%u", i ? "." : "", address[i]);
		else
			add(t, "%s%02x", i && i % 2 == 0 ? ":" : "", address[i]);
	}
	add(t, " ");
}

static void write_tcp(struct text *t, const struct net_event *e)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} flags[] = { { TCP_AE, "AE" },	  { TCP_CWR, "CWR" }, { TCP_ECE, "ECE" },
		      { TCP_URG, "URG" }, { TCP_ACK, "ACK" }, { TCP_PSH, "PSH" },
		      { TCP_RST, "RST" }, { TCP_SYN, "SYN" }, { TCP_FIN, "FIN" } };

	if (below(3) == 0)
		add(t, "SEQ=%u ACK=%u ", below(1u << 30), below(1u << 30));
	add(t, "WINDOW=%u RES=0x%02x ", below(65536), below(64));
	for (unsigned int i = 0; i < 9; i++)
		add(t, "%s%s", e->tcp & flags[i].bit ? flags[i].name : "",
		    e->tcp & flags[i].bit ? " " : "");
	add(t, "URGP=%u ", below(3) ? 0 : below(65536));
	if (below(4) == 0)
		add(t, "OPT (020405B4%02X) ", below(256));
}

static void write_nested(struct text *t)
{
	static const char *const inner[] = {
		"LEN=60 TOS=0x00 PREC=0x00 TTL=1 ID=9 PROTO=UDP SPT=7 DPT=8 LEN=40 ",
		"LEN=60 TOS=0x00 PREC=0x00 TTL=1 ID=9 PROTO=TCP INCOMPLETE [8 bytes] ",
		"LEN=60 TOS=0x00 PREC=0x00 TTL=1 ID=9 FRAG:64 PROTO=TCP ",
		"LEN=60 TOS=0x00 PREC=0x00 TTL=1 ID=9 PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=2 ",
	};

	add(t, "[SRC=1.1.1.1 DST=2.2.2.2 %s] ", PICK(inner));
	if (below(2))
		add(t, "MTU=%u ", below(9000));
}

static void write_upper(struct text *t, struct net_event *e)
{
	static const char *const names[256] = {
		[1] = "ICMP", [6] = "TCP",     [17] = "UDP",	 [50] = "ESP",
		[51] = "AH",  [58] = "ICMPv6", [136] = "UDPLITE"
	};

	if (names[e->proto])
		add(t, "PROTO=%s ", names[e->proto]);
	else
		add(t, "PROTO=%u ", e->proto);
	if (e->flags & NET_FRAGMENT)
		return;
	if (e->flags & NET_HAS_PORTS)
		add(t, "SPT=%u DPT=%u ", e->sport, e->dport);
	if (e->proto == 6)
		write_tcp(t, e);
	if (e->proto == 17 || e->proto == 136)
		add(t, "LEN=%u ", below(65536));
	if (e->proto == 50 || e->proto == 51)
		add(t, "SPI=0x%x ", below(1u << 30));
	if (e->flags & NET_HAS_ICMP) {
		add(t, "TYPE=%u CODE=%u ", e->icmp_type, e->icmp_code);
		if (e->icmp_type == 8)
			add(t, "ID=%u SEQ=%u ", below(65536), below(65536));
		if (e->proto == 1 && (e->icmp_type == 3 || e->icmp_type == 11))
			write_nested(t);
	}
}

static void write_link(struct text *t, struct net_event *e)
{
	static const char mac[] = "23:87:fc:c6:24:58:00:21:3f:98:99:78:08:00";

	if (e->direction == DIR_OUT)
		return;
	switch (below(3)) {
	case 0:
		add(t, "MAC= ");
		e->mac = (struct bytes){ mac, 0 };
		break;
	case 1:
		add(t, "MAC=%s ", mac);
		e->mac = (struct bytes){ mac, sizeof(mac) - 1 };
		break;
	default:
		add(t, "MACSRC=%.17s MACDST=%.17s ", mac, mac + 18);
		if (below(2))
			add(t, "VPROTO=8100 VID=%u ", below(4096));
		add(t, "MACPROTO=%s ", e->family == 4 ? "0800" : "86dd");
		e->mac = (struct bytes){ mac, 17 };
	}
}

/* *UPPER is where the packet ends, and what was asked for beside it begins. */
static void write_packet(struct text *t, struct net_event *e, size_t *upper)
{
	t->len = 0;
	add(t, "%s", e->prefix.at);
	add(t, "IN=%s OUT=%s ", e->in.len ? e->in.at : "", e->out.len ? e->out.at : "");
	if (e->physin.len)
		add(t, "PHYSIN=%s ", e->physin.at);
	write_link(t, e);
	write_address(t, "SRC", e, e->src);
	write_address(t, "DST", e, e->dst);
	if (e->family == 4)
		add(t, "LEN=%u TOS=0x%02X PREC=0x%02X TTL=%u ID=%u ", e->len, below(32),
		    below(8) << 5, below(256), below(65536));
	else
		add(t, "LEN=%u TC=%u HOPLIMIT=%u FLOWLBL=%u ", e->len, below(256), below(256),
		    below(1 << 20));
	if (e->family == 4 && below(2))
		add(t, "DF ");
	if (e->flags & NET_FRAGMENT)
		add(t, e->family == 4 ? "MF FRAG:%u " : "OPT ( FRAG:%u ID:0000abcd ) ",
		    1 + below(8000));
	write_upper(t, e);
	*upper = t->len;
	if (e->flags & NET_HAS_UID)
		add(t, "UID=%u GID=%u ", e->uid, e->gid);
	if (e->flags & NET_HAS_MARK)
		add(t, "MARK=0x%x ", e->mark);
}

static enum box parse(const char *at, size_t len, struct net_event *e)
{
	struct line line = { .text = { at, (uint32_t)len }, .repeat = 1 };
	unsigned int reason = 0;

	return parse_netfilter(&line, e, &reason);
}

TEST(what_is_written_is_read)
{
	static struct text line, wanted, ours;
	struct net_event e, got;
	size_t upper;

	for (unsigned int i = 0; i < 50000; i++) {
		random_packet(&e);
		settle(&e);
		write_packet(&line, &e, &upper);
		ASSERT_EQ(BOX_PARSED, parse(line.at, line.len - below(2), &got))
		{
			TH_LOG("%s", line.at);
		}
		describe_net(&wanted, &e);
		ASSERT_STREQ(wanted.at, describe_net(&ours, &got))
		{
			TH_LOG("%s", line.at);
		}
	}
}

/*
 * Words that may end a line, and are half of another: "PROTO=13" of "PROTO=132 ", "PROTO=UDP" of
 * "PROTO=UDPLITE " in a fragment, "CODE=1" of "CODE=13 ".
 */
static bool is_half_of_word(const char *at, size_t len)
{
	const char *word = memrchr(at, ' ', len);

	return word && at[len] != ' ' &&
	       (strncmp(word, " PROTO=", 7) == 0 || strncmp(word, " CODE=", 6) == 0);
}

/* The last number of a cut line, that of no rule's: UID, GID or MARK. */
static void forget_the_rest(struct net_event *e)
{
	e->flags &= (uint16_t) ~(NET_HAS_UID | NET_HAS_MARK);
	e->uid = e->gid = e->mark = 0;
}

TEST(cut_lines_are_no_other_events)
{
	static struct text line, wanted, ours;
	struct net_event e, got;
	unsigned int parsed = 0, cut = 0;
	size_t upper;

	for (unsigned int i = 0; i < 4000; i++) {
		random_packet(&e);
		settle(&e);
		write_packet(&line, &e, &upper);
		forget_the_rest(&e);
		describe_net(&wanted, &e);
		for (size_t len = 0; len < line.len; len++) {
			if (parse(line.at, len, &got) != BOX_PARSED) {
				cut++;
				continue;
			}
			if (is_half_of_word(line.at, len))
				continue;
			parsed++;
			forget_the_rest(&got);
			/* A datagram's or an echo's last number is nobody's concern. */
			ASSERT_STREQ(wanted.at, describe_net(&ours, &got))
			{
				TH_LOG("%.*s", (int)len, line.at);
			}
		}
	}
	EXPECT_LT(10 * parsed, cut);
}

TEST_HARNESS_MAIN
