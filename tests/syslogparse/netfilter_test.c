/* SPDX-License-Identifier: MIT */
/*
 * Netfilter's lines: rows of text with the event that is in them, or where they end up.
 */
#include "tests/syslogparse/describe.h"

#include "kselftest_harness.h"

static enum box parse(const char *text, struct net_event *event, unsigned int *reason)
{
	struct line line = { .text = { text, (uint32_t)strlen(text) }, .repeat = 1 };

	return parse_netfilter(&line, event, reason);
}

/* clang-format off */
#define MAC "MAC=23:87:fc:c6:24:58:00:21:3f:98:99:78:08:00 "
#define SAID_MAC " mac=23:87:fc:c6:24:58:00:21:3f:98:99:78:08:00"
#define IP "SRC=192.168.10.55 DST=192.168.10.1 LEN=40 TOS=0x00 PREC=0x00 TTL=42 ID=42508 "
#define SAID_IP "192.168.10.55 > 192.168.10.1 len 40"
#define SYN "PROTO=TCP SPT=52983 DPT=1025 WINDOW=3072 RES=0x00 SYN URGP=0 "
#define IP6 "SRC=2001:0db8:0000:f101:0000:0000:0000:0002 DST=ff02:0000:0000:0000:0000:0001:ff00:0001 LEN=72 TC=0 HOPLIMIT=255 FLOWLBL=0 "
#define SAID_IP6 "2001:db8:0:f101::2 > ff02::1:ff00:1 len 72"

static const struct {
	const char *text, *wanted;
} parsed[] = {
	{ "DROP INVALID IN=eth0 OUT= " MAC IP "PROTO=TCP SPT=52983 DPT=1025 WINDOW=3072 RES=0x00 FIN URGP=0 ",
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 F in=eth0" SAID_MAC " prefix=DROP INVALID " },
	/* the space at the end is lost on many ways */
	{ "IN=eth0 OUT= " MAC IP "PROTO=TCP SPT=1 DPT=2 WINDOW=3072 RES=0x00 ECE URG ACK PSH RST SYN FIN URGP=0",
	  "in ip4 proto 6 " SAID_IP " ports 1 > 2 FSRPAUE in=eth0" SAID_MAC },
	/* "ACK=" is a number, "ACK" a flag */
	{ "IN= OUT=eth0 " IP "PROTO=TCP SPT=22 DPT=40000 SEQ=1 ACK=2 WINDOW=3072 RES=0x00 ACK URGP=0 OPT (0204) UID=1000 GID=100 MARK=0x1f ",
	  "out ip4 proto 6 " SAID_IP " ports 22 > 40000 A uid 1000 gid 100 mark 0x1f out=eth0" },
	{ "IN=eth0 OUT=wlan-1.5 " MAC IP "DF PROTO=UDP SPT=53 DPT=5353 LEN=20 ",
	  "forward ip4 proto 17 " SAID_IP " ports 53 > 5353 in=eth0 out=wlan-1.5" SAID_MAC },
	{ "IN=br0 OUT=br0 PHYSIN=veth1 PHYSOUT=veth2 " MAC IP SYN,
	  "forward ip4 proto 6 " SAID_IP " ports 52983 > 1025 S in=br0 out=br0 physin=veth1 physout=veth2" SAID_MAC },
	/* prefixes with anything in them */
	{ "CHAIN=INPUT ACTION=ACCEPT IN=eth0 OUT= MAC= " IP SYN,
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 S in=eth0 prefix=CHAIN=INPUT ACTION=ACCEPT " },
	{ "Shorewall:net2fw:DROP:IN=eth0 OUT= MAC= " IP SYN,
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 S in=eth0 prefix=Shorewall:net2fw:DROP:" },
	{ "SRC=6.6.6.6 IN=x OUT=y IN=eth0 OUT= MAC= " IP SYN,
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 S in=eth0 prefix=SRC=6.6.6.6 IN=x OUT=y " },
	{ "[UFW BLOCK] IN=eth0 OUT= " MAC IP SYN,
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 S ufw in=eth0" SAID_MAC " prefix=[UFW BLOCK] " },
	{ "[WAN_OUT-2000-A]IN= OUT=eth0 " IP SYN,
	  "out ip4 proto 6 " SAID_IP " ports 52983 > 1025 S out=eth0 prefix=[WAN_OUT-2000-A]" },
	/* an interface may be named by who owns a container */
	{ "IN=SRC=6.6.6.6 OUT= MAC= " IP SYN,
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 S in=SRC=6.6.6.6" },
	/* fragments and protocols */
	{ "IN=eth0 OUT= " MAC "SRC=192.168.10.55 DST=192.168.10.1 LEN=40 TOS=0x00 PREC=0x00 TTL=42 ID=42508 MF FRAG:185 PROTO=UDP ",
	  NULL },
	{ "IN=eth0 OUT= MAC= " IP "FRAG:185 OPT (0101) PROTO=TCP ", NULL },
	{ "IN=eth0 OUT= MAC= SRC=10.0.0.1 DST=224.0.0.1 LEN=36 TOS=0x00 PREC=0x00 TTL=1 ID=0 PROTO=2 ",
	  "in ip4 proto 2 10.0.0.1 > 224.0.0.1 len 36 multicast in=eth0" },
	{ "IN=eth0 OUT= MAC=ff:ff:ff:ff:ff:ff:00:21:3f:98:99:78:08:00 " IP "PROTO=UDP SPT=68 DPT=67 LEN=20",
	  "in ip4 proto 17 " SAID_IP " ports 68 > 67 multicast in=eth0 mac=ff:ff:ff:ff:ff:ff:00:21:3f:98:99:78:08:00" },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=ESP SPI=0xdead ", "in ip4 proto 50 " SAID_IP " in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=AH SPI=0xdead ", "in ip4 proto 51 " SAID_IP " in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=UDPLITE SPT=1 DPT=2 LEN=8 ",
	  "in ip4 proto 136 " SAID_IP " ports 1 > 2 in=eth0" },
	/* ICMP: a second ID, and a packet in brackets, of which nothing is taken */
	{ "IN=eth0 OUT= MAC= " IP "PROTO=ICMP TYPE=8 CODE=0 ID=2158 SEQ=512 ",
	  "in ip4 proto 1 " SAID_IP " type 8 code 0 in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=ICMP TYPE=3 CODE=3 [SRC=1.1.1.1 DST=2.2.2.2 LEN=60 TOS=0x00 PREC=0x00 TTL=1 ID=9 PROTO=UDP SPT=7 DPT=8 LEN=40 ] MARK=0x2 ",
	  "in ip4 proto 1 " SAID_IP " type 3 code 3 mark 0x2 related in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=ICMP TYPE=3 CODE=4 [SRC=1.1.1.1 DST=2.2.2.2 LEN=60 TOS=0x00 PREC=0x00 TTL=1 ID=9 PROTO=TCP INCOMPLETE [8 bytes] ] MTU=1400 ",
	  "in ip4 proto 1 " SAID_IP " type 3 code 4 related in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=ICMP TYPE=5 CODE=1 GATEWAY=10.0.0.1 [SRC=1.1.1.1 DST=2.2.2.2 PROTO=TCP SPT=1 DPT=2 ] ",
	  "in ip4 proto 1 " SAID_IP " type 5 code 1 related in=eth0" },
	/* IPv6 */
	{ "IN=eth0 OUT= MAC= " IP6 "PROTO=ICMPv6 TYPE=135 CODE=0 ",
	  "in ip6 proto 58 " SAID_IP6 " type 135 code 0 multicast in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP6 "OPT ( FRAG:8 ID:0000abcd ) PROTO=UDP ",
	  "in ip6 proto 17 " SAID_IP6 " fragment multicast in=eth0" },
	{ "IN=eth0 OUT= MAC= " IP6 "FRAG:0 ID:0000abcd PROTO=UDP SPT=1 DPT=2 LEN=8 ",
	  "in ip6 proto 17 " SAID_IP6 " ports 1 > 2 multicast in=eth0" },
	{ "IN=sit0 OUT= MAC=45:00 TUNNEL=1.2.3.4->5.6.7.8 " IP6 "PROTO=ICMPv6 TYPE=3 CODE=0 [SRC=::1 DST=::2 ] ",
	  "in ip6 proto 58 " SAID_IP6 " type 3 code 0 multicast related in=sit0 mac=45:00" },
	/* the link layer, decoded */
	{ "IN=eth0 OUT= MACSRC=00:21:3f:98:99:78 MACDST=23:87:fc:c6:24:58 VPROTO=8100 VID=5 MACPROTO=0800 " IP SYN,
	  "in ip4 proto 6 " SAID_IP " ports 52983 > 1025 S in=eth0 mac=00:21:3f:98:99:78" },
	{ "IN=eth0 OUT= ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=00:21:3f:98:99:78 IPSRC=10.0.0.1 MACDST=00:00:00:00:00:00 IPDST=10.0.0.2 ",
	  "in ip4 proto 0 10.0.0.1 > 10.0.0.2 len 0 arp in=eth0 mac=00:21:3f:98:99:78" },
	/* ulogd2 and Proxmox */
	{ "IN=eth0 OUT= " MAC "SRC=192.168.10.55 DST=192.168.10.1 LEN=40 TOS=00 PREC=0x00 TTL=42 ID=42508 PROTO=TCP SPT=1 DPT=2 SEQ=1 ACK=0 WINDOW=3072 SYN URGP=0 MARK=0x0",
	  "in ip4 proto 6 " SAID_IP " ports 1 > 2 S in=eth0" SAID_MAC },
	{ "IN=eth0 OUT= MAC= SRC=fe80::1 DST=ff02::2 LEN=56 TC=0 HOPLIMIT=255 FLOWLBL=0 PROTO=ICMPv6 TYPE=133 CODE=0 MARK=0",
	  "in ip6 proto 58 fe80::1 > ff02::2 len 56 type 133 code 0 multicast in=eth0" },
	{ "IN=lo OUT= MAC= SRC=::1 DST=::1 LEN=56 TC=0 HOPLIMIT=64 FLOWLBL=0 PROTO=UDP SPT=1 DPT=2 LEN=9",
	  "in ip6 proto 17 ::1 > ::1 len 56 ports 1 > 2 in=lo" },
	{ "IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=1.2.3.5 LEN=56 TOS=00 PREC=0x00 TTL=64 ID=3 FRAG: 185 PROTO=SCTP SPT=1 DPT=2",
	  "in ip4 proto 132 1.2.3.4 > 1.2.3.5 len 56 ports 1 > 2 fragment in=eth0" },
	{ "REJECT: IN=tap101i0 MAC=00:21:3f:98:99:78 " IP "DF PROTO=TCP SPT=1 DPT=2 SEQ=1 ACK=0 WINDOW=3072 SYN ",
	  "in ip4 proto 6 " SAID_IP " ports 1 > 2 S in=tap101i0 mac=00:21:3f:98:99:78 prefix=REJECT: " },
	{ "IN=fwbr1 OUT=fwbr1 PHYSIN=fwln1 PHYSOUT=tap1 MAC= " IP "PROTO=UDP SPT=1 DPT=2 LEN=8",
	  "forward ip4 proto 17 " SAID_IP " ports 1 > 2 in=fwbr1 out=fwbr1 physin=fwln1 physout=tap1" },
	/* keys that are not known */
	{ "IN=eth0 OUT= MAC= " IP "PROTO=UDP SPT=1 DPT=2 LEN=8 NEW_KEY=x!",
	  "in ip4 proto 17 " SAID_IP " ports 1 > 2 in=eth0" },
};

/* Where the others end up; the reason of those that are refused. */
static const struct {
	const char *text;
	enum box box;
	enum reason reason;
} boxed[] = {
	{ "", BOX_NOT_OURS, 0 },
	{ "IN=", BOX_NOT_OURS, 0 },
	{ "a word with IN=side", BOX_NOT_OURS, 0 },
	{ "IN=eth0 and more OUTPUT", BOX_NOT_OURS, 0 },
	{ "IN=0123456789abcdef OUT= " IP SYN, BOX_TRUNCATED, 0 },
	/* a head or a tail is missing */
	{ "L=126 ID=8698 DF PROTO=TCP SPT=88 DPT=1 WINDOW=1 RES=0x00 SYN URGP=0 ", BOX_TRUNCATED, 0 },
	{ "SPT=88 DPT=1 LEN=8", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT=", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= MAC=23:87:fc:c6", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP, BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=TCP SPT=52983 DPT=10", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=TCP SPT=52983 DPT=1025 WINDOW=3072 RES=0x00 SY", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=TCP SPT=52983 DPT=1025 WINDOW=3072 RES=0x00 SYN", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=TCP SPT=52983 DPT=1025 SEQ=1 ACK=2 WINDOW=3072", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=UDP SPT=52983 DPT=1025 ", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=ICMP TYPE=3 CODE=3 [SRC=1.1.1.1 DST=2.2", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= " MAC IP "PROTO=ICMP TYPE=8", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=00:21", BOX_TRUNCATED, 0 },
	/* what is wrong */
	{ "IN= OUT= " IP SYN, BOX_REFUSED, REASON_NO_INTERFACE },
	{ "IN=eth0 OUT= MAC= " IP "SRC=1.2.3.4 " SYN, BOX_REFUSED, REASON_TWICE },
	{ "IN=eth0 OUT= MAC= " IP SYN "DPT=3 ", BOX_REFUSED, REASON_TWICE },
	{ "IN=eth0 OUT= MAC= " IP SYN "LEN=3 LEN=4 ", BOX_REFUSED, REASON_TWICE },
	{ "IN=eth0 OUT= MAC= SRC=1.2.3.256 DST=1.2.3.4 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= SRC=1.2.3 DST=1.2.3.4 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= SRC=1.2.3.4.5 DST=1.2.3.4 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=fe80::1 LEN=4 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= SRC=:: DST=g::1 LEN=4 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=TCP SPT=65536 DPT=1 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=TCP SPT=-1 DPT=1 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=TCP SPT= DPT=1 " SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=256 ID=1 ", BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=tcp ID=1 ", BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=6 ID=1 ", BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=1", BOX_TRUNCATED, 0 },
	{ "IN=eth0 OUT= MAC=zz:00 " IP SYN, BOX_REFUSED, REASON_VALUE },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=ICMP TYPE=256 CODE=1 ID=1 ", BOX_REFUSED, REASON_VALUE },
	/* a line that another one ran into */
	{ "IN=eth0 OUT= MAC= " IP "PROTO=TCP SPT=1 DPT=2 Mar 15 20:57:02 h kernel: IN=eth1 OUT= ", BOX_REFUSED, REASON_GRAMMAR },
	{ "IN=eth0 OUT= MAC= " IP SYN "evil words ", BOX_REFUSED, REASON_GRAMMAR },
	{ "IN=eth0 OUT= MAC= " IP SYN "key=1 ID=1", BOX_REFUSED, REASON_GRAMMAR },
	{ "IN=eth0 OUT= MAC= " IP SYN "NEW=\x01 ID=1", BOX_REFUSED, REASON_GRAMMAR },
	/* no packet that rules are about */
	{ "IN=eth0 OUT= MACSRC=00:21:3f:98:99:78 MACDST=23:87:fc:c6:24:58 MACPROTO=88cc ", BOX_REFUSED, REASON_NOT_IP },
	{ "IN=eth0 OUT= MAC= " IP "PROTO=TCP INCOMPLETE [8 bytes] ", BOX_REFUSED, REASON_SHORT },
	{ "IN=eth0 OUT= MAC= TRUNCATED", BOX_REFUSED, REASON_SHORT },
};
/* clang-format on */

TEST(packets)
{
	struct net_event event;
	struct text t;
	unsigned int reason = 0;

	for (size_t i = 0; i < sizeof(parsed) / sizeof(*parsed); i++) {
		ASSERT_EQ(BOX_PARSED, parse(parsed[i].text, &event, &reason))
		{
			TH_LOG("row %zu: %s", i, parsed[i].text);
		}
		describe_net(&t, &event);
		if (parsed[i].wanted) {
			EXPECT_STREQ(parsed[i].wanted, t.at);
		} else {
			EXPECT_EQ(NET_FRAGMENT, event.flags);
		}
	}
}

TEST(boxes)
{
	struct net_event event;
	unsigned int reason;

	for (size_t i = 0; i < sizeof(boxed) / sizeof(*boxed); i++) {
		reason = 0;
		EXPECT_EQ(boxed[i].box, parse(boxed[i].text, &event, &reason))
		{
			TH_LOG("row %zu: %s", i, boxed[i].text);
		}
		EXPECT_EQ(boxed[i].reason, (enum reason)reason)
		{
			TH_LOG("row %zu: %s", i, boxed[i].text);
		}
	}
}

/* The kernel's buffer cuts without a word; so what fills it was cut. */
TEST(kernel_limit)
{
	char text[2048];
	struct net_event event;
	unsigned int reason;
	size_t pad;

	for (size_t len = 1010; len < 1025; len++) {
		pad = len - strlen("IN=eth0 OUT= MAC= " IP SYN);
		memset(text, 'x', pad);
		strcpy(text + pad, "IN=eth0 OUT= MAC= " IP SYN);
		EXPECT_EQ(len < 1018 ? BOX_PARSED : BOX_TRUNCATED, parse(text, &event, &reason));
	}
}

/*
 * The 2014 program looked for a line's fields in the lines after it, took the direction
 * from the next line, and the destination port from the source's. Here a line has nothing but
 * itself: what it lacks is lacking.
 */
TEST(nothing_from_elsewhere)
{
	static const char two[] = "IN=eth0 OUT= MAC= " IP "PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=2 \n"
				  "IN= OUT=eth0 " IP SYN;
	size_t first = (size_t)(strchr(two, '\n') - two);
	struct line line = { .text = { two, (uint32_t)first }, .repeat = 1 };
	struct net_event event;
	unsigned int reason;

	EXPECT_EQ(BOX_PARSED, parse_netfilter(&line, &event, &reason));
	EXPECT_EQ(DIR_IN, event.direction);
	EXPECT_EQ(0, event.flags & NET_HAS_PORTS);
	EXPECT_EQ(0, event.dport);
	EXPECT_EQ(BOX_PARSED, parse(two + first + 1, &event, &reason));
	EXPECT_EQ(DIR_OUT, event.direction);
	EXPECT_EQ(52983, event.sport);
	EXPECT_EQ(1025, event.dport);
}

TEST_HARNESS_MAIN
