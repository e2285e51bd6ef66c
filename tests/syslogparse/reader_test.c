/* SPDX-License-Identifier: MIT */
/*
 * The reader: every line in one box, the same result however reads cut the bytes and however many
 * threads there are, and nothing that can be packed, cut or made long gets the better of it.
 */
#include "tests/syslogparse/stub_tally.h"

#include <zlib.h>

#include "kselftest_harness.h"

static const struct options firewall = { .what = WHAT_FIREWALL,
					 .trust = ORIGIN_KERNEL_TEXT,
					 .threads = 1 };
static const struct options apparmor = { .what = WHAT_APPARMOR,
					 .trust = ORIGIN_KERNEL_TEXT,
					 .threads = 1 };

#define HEAD "Mar 15 20:57:02 h kernel: "
#define PACKET                                                                             \
	"IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=42 ID=1 " \
	"PROTO=TCP SPT=1 DPT=2 WINDOW=3 RES=0x00 SYN URGP=0 "
#define FILE_EVENT                                                                           \
	"audit: type=1400 audit(1279967133.365:54): apparmor=\"DENIED\" operation=\"open\" " \
	"profile=\"/p\" name=\"/f\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0"

static struct result r;

static void read_text(const char *text, const struct options *options)
{
	read_bytes(&r, text, strlen(text), options);
}

static uint64_t box(enum box b)
{
	return r.account.boxes[b];
}

/* ---- the boxes ---- */

static const char mixed[] = HEAD PACKET
	"\n"								     /* parsed */
	"Mar 15 20:57:02 h sshd[1]: Failed password for root from 1.2.3.4\n" /* not ours */
	"\n"
	"Mar 15 20:57:02 h evil[1]: " PACKET "\n" /* suspicious */
	HEAD "IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 PROTO=TCP SPT=1 DPT=2\n" /* cut */
	HEAD
	"IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 PROTO=TCP SPT=1 DPT=99999 ID=1\n" HEAD
	"net_ratelimit: 27 callbacks suppressed\n"		     /* lost */
	HEAD "message repeated 4 times: [ " PACKET "]\n"	     /* parsed */
	"{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"" PACKET "\"}\r\n" /* parsed */
	"{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"" PACKET "\n"	     /* refused */
	"{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":null}\n"	     /* cut */
	"{\"_TRANSPORT\":\"stdout\",\"MESSAGE\":null}\n"	     /* not ours */
	HEAD FILE_EVENT "\n"					     /* not ours */
	HEAD PACKET; /* parsed, though no newline follows */

TEST(boxes)
{
	read_text(mixed, &firewall);
	EXPECT_EQ(0, r.ret);
	EXPECT_EQ(14, r.account.lines);
	EXPECT_EQ(sizeof(mixed) - 1, r.account.bytes);
	EXPECT_EQ(4, box(BOX_PARSED));
	EXPECT_EQ(4, box(BOX_NOT_OURS));
	EXPECT_EQ(2, box(BOX_REFUSED));
	EXPECT_EQ(2, box(BOX_TRUNCATED));
	EXPECT_EQ(1, box(BOX_SUSPICIOUS));
	EXPECT_EQ(1, box(BOX_LOST));
	EXPECT_EQ(27, r.account.lost_events);
	EXPECT_EQ(1, r.account.reasons[REASON_JSON]);
	EXPECT_EQ(1, r.account.reasons[REASON_VALUE]);
	EXPECT_EQ(4, r.tally.events);
	EXPECT_EQ(7, r.tally.weight);
	EXPECT_EQ(1, r.tally.lines[0].number);
	EXPECT_EQ(8, r.tally.lines[1].number);
	EXPECT_EQ(4, r.tally.lines[1].repeat);
	EXPECT_EQ(14, r.tally.lines[3].number);
	read_text(mixed, &apparmor);
	EXPECT_EQ(1, box(BOX_PARSED));
	EXPECT_EQ(1279967133365000, r.tally.lines[0].time_us);
	EXPECT_EQ(14, boxes_sum(&r.account));
}

/* What a user may write is an event for who says so, and for nobody else. */
TEST(trust)
{
	static const char forged[] = "Mar 15 20:57:02 h evil[1]: " PACKET "\n";
	static const char flat[] = HEAD PACKET "\n";
	static const char journal[] = "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"" PACKET "\"}\n";
	static const char audit[] = "type=AVC msg=audit(1279967133.365:54): apparmor=\"DENIED\" "
				    "operation=\"capable\" profile=\"/p\" capname=\"kill\"\n";
	static const struct {
		const char *text;
		enum origin origin;
		enum what what;
	} rows[] = {
		{ forged, ORIGIN_PROCESS, WHAT_FIREWALL },
		{ flat, ORIGIN_KERNEL_TEXT, WHAT_FIREWALL },
		{ journal, ORIGIN_JOURNAL, WHAT_FIREWALL },
		{ audit, ORIGIN_AUDIT_LOG, WHAT_APPARMOR },
	};
	struct options options = firewall;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (unsigned int trust = 0; trust < ORIGINS; trust++) {
			options.what = rows[i].what;
			options.trust = (enum origin)trust;
			read_text(rows[i].text, &options);
			EXPECT_EQ(rows[i].origin <= trust, box(BOX_PARSED));
			EXPECT_EQ(rows[i].origin > trust, box(BOX_SUSPICIOUS));
		}
	}
}

/* ---- repeats ---- */

TEST(last_message_repeated)
{
	static const char text[] =
		"Mar 15 20:57:01 a last message repeated 9 times\n" /* of nothing */
		"Mar 15 20:57:02 a kernel: " PACKET "\n"
		"Mar 15 20:57:02 b kernel: other\n"
		"Mar 15 20:57:03 a last message repeated 3 times\n"
		"Mar 15 20:57:04 b last message repeated 5 times\n"
		"Mar 15 20:57:05 c last message repeated 5 times\n"  /* of nothing */
		"Mar 15 20:57:06 a last message repeated 2 times\n"; /* of the first, again */

	read_text(text, &firewall);
	EXPECT_EQ(3, box(BOX_PARSED));
	EXPECT_EQ(2, box(BOX_NOT_OURS));
	EXPECT_EQ(2, box(BOX_REFUSED));
	EXPECT_EQ(2, r.account.reasons[REASON_REPEAT]);
	EXPECT_EQ(1 + 3 + 2, r.tally.weight);
	EXPECT_EQ(4, r.tally.lines[1].number);
	EXPECT_EQ(1615841823000000, r.tally.lines[1].time_us);
	EXPECT_STREQ(r.tally.kept[0], r.tally.kept[2]);
}

/* The search has an end, in lines and in bytes. */
TEST(repeated_from_afar)
{
	static char text[2 * LOOKBACK];
	const char *between[] = { "Mar 15 20:57:02 b kernel: x\n", NULL };
	char wide[400];

	memset(wide, 'x', sizeof(wide));
	memcpy(wide, "Mar 15 20:57:02 b kernel: ", 26);
	strcpy(wide + sizeof(wide) - 2, "\n");
	between[1] = wide;
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int most = i ? LOOKBACK / (sizeof(wide) - 1) - 1 : LOOK_LINES - 1;

		for (unsigned int more = 0; more < 3; more += 2) {
			strcpy(text, HEAD PACKET "\n");
			for (unsigned int n = 0; n < most + more; n++)
				strcat(text, between[i]);
			strcat(text, "Mar 15 20:57:03 h last message repeated 3 times\n");
			read_text(text, &firewall);
			EXPECT_EQ(more ? 1 : 2, box(BOX_PARSED));
			EXPECT_EQ(more ? 1 : 0, r.account.reasons[REASON_REPEAT]);
		}
	}
}

/* ---- pieces and threads ---- */

static char *big;
static size_t nbig;

static void append(const char *text, size_t len)
{
	memcpy(big + nbig, text, len);
	nbig += len;
}

#define BIG (6u << 20)

/* Lines of all kinds and lengths, of several hosts, some too long. */
static void make_big(unsigned int seed)
{
	static char wide[2 * MAX_LINE];
	char line[1024];
	unsigned int n = 0;

	memset(wide, 'w', sizeof(wide));
	nbig = 0;
	while (nbig < BIG - 3 * MAX_LINE) {
		unsigned int kind = (seed = seed * 1103515245 + 12345) >> 16 & 127;
		const char *host = kind & 1 ? "a" : "b";

		n++;
		if (kind < 60) {
			snprintf(line, sizeof(line), "Mar 15 20:%02u:02 %s kernel: %s%u\n", n % 60,
				 host, PACKET "UID=0 GID=0 MARK=", n % 5);
			append(line, strlen(line));
		} else if (kind < 80) {
			snprintf(line, sizeof(line),
				 "Mar 15 20:57:03 %s last message repeated %u times\n", host,
				 n % 7 + 1);
			append(line, strlen(line));
		} else if (kind < 82) {
			append(mixed, sizeof(mixed) - 1);
		} else if (kind < 84) {
			append("\0\0\0\n", 4);
		} else if (kind < 100) {
			append(wide, seed >> 8 & 1023);
			append("IN=\n", 4);
		} else if (kind == 100 && n % 8 == 0) {
			append(HEAD PACKET, sizeof(HEAD PACKET) - 1);
			append(wide, MAX_LINE - sizeof(HEAD PACKET) + (seed >> 24 & 3));
			append("\n", 1);
		} else if (kind == 101 && n % 16 == 0) {
			append(HEAD PACKET, sizeof(HEAD PACKET) - 1);
			append(wide, MAX_LINE + (seed >> 12 & 0xffff));
			append("\n", 1);
		}
	}
}

static bool same(const struct result *a, const struct result *b)
{
	return a->ret == b->ret && memcmp(&a->account, &b->account, sizeof(a->account)) == 0 &&
	       a->tally.sum == b->tally.sum && a->tally.events == b->tally.events &&
	       a->tally.weight == b->tally.weight;
}

TEST(pieces_do_not_show)
{
	static const size_t sizes[] = { 1 << 20, 4096, 5000, 65536, 300000, 3 << 20 };
	static struct result first;
	struct options options = firewall;
	int fd;

	big = malloc(BIG + MAX_LINE);
	ASSERT_NE(NULL, big);
	make_big(7);
	fd = memory_fd(big, nbig);
	read_fd(&first, fd, &options, 1 << 20);
	EXPECT_EQ(first.account.lines, boxes_sum(&first.account));
	EXPECT_LT(5000, first.account.boxes[BOX_PARSED]);
	EXPECT_LT(100, first.account.boxes[BOX_TRUNCATED]);
	EXPECT_LT(10, first.account.reasons[REASON_GRAMMAR]);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (unsigned int threads = 1; threads <= 3; threads++) {
			lseek(fd, 0, SEEK_SET);
			options.threads = threads;
			read_fd(&r, fd, &options, sizes[i]);
			EXPECT_TRUE(same(&first, &r))
			{
				TH_LOG("pieces of %zu, %u threads", sizes[i], threads);
			}
		}
	}
	close(fd);
	free(big);
}

/* A few bytes at a time, where each line is at a border. */
TEST(tiny_pieces_do_not_show)
{
	static struct result first;

	big = malloc(BIG + MAX_LINE);
	ASSERT_NE(NULL, big);
	for (size_t size = 1; size < 40; size += 6) {
		int fd;

		make_big((unsigned int)size);
		nbig = 40000;
		fd = memory_fd(big, nbig);
		read_fd(&first, fd, &firewall, 1 << 20);
		lseek(fd, 0, SEEK_SET);
		read_fd(&r, fd, &firewall, size);
		EXPECT_TRUE(same(&first, &r));
		close(fd);
	}
	free(big);
}

/* Just as long as is allowed, and longer; the last line, too. */
TEST(long_lines)
{
	size_t head = sizeof(HEAD PACKET "NEW=") - 1;

	big = malloc(4 * MAX_LINE);
	ASSERT_NE(NULL, big);
	for (unsigned int over = 0; over < 4; over++) {
		for (unsigned int newline = 0; newline < 2; newline++) {
			size_t len = over == 3 ? 3 * MAX_LINE : MAX_LINE + over;

			nbig = 0;
			append(HEAD PACKET "NEW=", head);
			memset(big + nbig, 'x', len - head);
			nbig = len;
			if (newline)
				append("\n" HEAD PACKET "\n", sizeof(HEAD PACKET) + 1);
			read_bytes(&r, big, nbig, &firewall);
			EXPECT_EQ(newline + 1, r.account.lines);
			EXPECT_EQ(newline, box(BOX_PARSED));
			EXPECT_EQ(1, box(BOX_TRUNCATED));
			EXPECT_EQ(nbig, r.account.bytes);
		}
	}
	free(big);
}

TEST(no_lines)
{
	read_text("", &firewall);
	EXPECT_EQ(0, r.ret);
	EXPECT_EQ(0, r.account.lines);
	read_text("\n", &firewall);
	EXPECT_EQ(1, r.account.lines);
	read_text("x", &firewall);
	EXPECT_EQ(1, r.account.lines);
	EXPECT_EQ(1, box(BOX_NOT_OURS));
}

/* Each source begins anew: its own numbers, year, form. */
TEST(several_sources)
{
	struct source sources[3] = {
		{ .name = "a", .changed_us = CHANGED },
		{ .name = "b", .changed_us = CHANGED - 400LL * 86400 * 1000000 },
		{ .name = "c", .changed_us = TIME_UNKNOWN },
	};
	const struct reading reading = { sources, 3, &firewall, PIECE_SIZE };
	static const char cut[] = "x\n" HEAD PACKET "\n" HEAD "IN=eth0 OUT=";

	memset(&r, 0, sizeof(r));
	for (unsigned int i = 0; i < 3; i++)
		sources[i].fd = memory_fd(cut, sizeof(cut) - 1);
	EXPECT_EQ(0, read_in_pieces(&reading, &r.tally, &r.account, &r.at));
	EXPECT_EQ(9, r.account.lines);
	EXPECT_EQ(3, box(BOX_PARSED));
	EXPECT_EQ(3, box(BOX_TRUNCATED));
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_EQ(2, r.tally.lines[i].number);
		close(sources[i].fd);
	}
	EXPECT_EQ(1615841822000000, r.tally.lines[0].time_us);
	EXPECT_EQ(1552683422000000, r.tally.lines[1].time_us);
	EXPECT_EQ(TIME_UNKNOWN, r.tally.lines[2].time_us);
}

TEST(year_said)
{
	static const char text[] = "Dec 31 23:59:59 h kernel: " PACKET "\n"
				   "Jan  1 00:00:00 h kernel: " PACKET "\n";
	struct options options = firewall;

	options.year = 1999;
	read_text(text, &options);
	EXPECT_EQ(946684799000000, r.tally.lines[0].time_us);
	EXPECT_EQ(946684800000000, r.tally.lines[1].time_us);
	options.year = 0;
	read_text(text, &options);
	EXPECT_EQ(1609459199000000, r.tally.lines[0].time_us);
	EXPECT_EQ(1609459200000000, r.tally.lines[1].time_us);
}

/* What the tally cannot hold ends it all, whichever thread it is. */
TEST(no_memory)
{
	struct options options = firewall;

	r.tally.fail_at = 2;
	read_text(mixed, &options);
	EXPECT_EQ(-ENOMEM, r.ret);
	r.tally.fail_at = 0;
}

TEST(unreadable)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	read_fd(&r, fd, &firewall, PIECE_SIZE);
	EXPECT_EQ(-EISDIR, r.ret);
	close(fd);
	read_fd(&r, -1, &firewall, PIECE_SIZE);
	EXPECT_EQ(-EBADF, r.ret);
}

/* ---- the journal's export ---- */

#define ENTRY(fields) \
	"__CURSOR=s\n__REALTIME_TIMESTAMP=1616161616123456\n_TRANSPORT=kernel\n" fields "\n"

TEST(export)
{
	static const char entries[] = ENTRY("MESSAGE=" PACKET "\n") ENTRY("MESSAGE=x\n")
		ENTRY("COREDUMP\n\x03\0\0\0\0\0\0\0\n\n\n\nMESSAGE=" PACKET "\n")
			ENTRY("MESSAGE=" HEAD PACKET "\n") ENTRY("PRIORITY=3\n");
	static struct result whole;

	read_bytes(&whole, entries, sizeof(entries) - 1, &firewall);
	EXPECT_EQ(5, whole.account.lines);
	EXPECT_EQ(3, whole.account.boxes[BOX_PARSED]);
	EXPECT_EQ(2, whole.account.boxes[BOX_NOT_OURS]);
	EXPECT_EQ(3, whole.tally.lines[1].number);
	EXPECT_EQ(ORIGIN_JOURNAL, whole.tally.lines[0].origin);
	EXPECT_EQ(1616161616123456, whole.tally.lines[0].time_us);
	/* cut anywhere: the last entry is no event, the others are */
	for (size_t len = 1; len < sizeof(entries) - 1; len++) {
		read_bytes(&r, entries, len, &firewall);
		EXPECT_EQ(r.account.lines, boxes_sum(&r.account));
		EXPECT_LE(box(BOX_PARSED), 3);
		if (len < sizeof(ENTRY("MESSAGE=" PACKET "\n")) - 1 && len > 10) {
			EXPECT_EQ(0, box(BOX_PARSED));
			EXPECT_EQ(1, r.account.lines);
		}
	}
}

/* An entry that is too long is one line, whether it came in one piece or not. */
TEST(export_of_long_entries)
{
	static const char head[] = "__CURSOR=s\n_TRANSPORT=kernel\nMESSAGE=" PACKET "\nCOREDUMP\n";
	static const size_t sizes[] = { 4096, 100000, PIECE_SIZE, 4 << 20 };
	static const char after[] = ENTRY("MESSAGE=" PACKET "\n");

	big = malloc(4 << 20);
	ASSERT_NE(NULL, big);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint64_t len = 2 << 20;
		int fd;

		nbig = 0;
		append(after, sizeof(after) - 1);
		append(head, sizeof(head) - 1);
		append((const char *)&len, 8);
		memset(big + nbig, '\n', len);
		nbig += len;
		append("\n\n", 2);
		append(after, sizeof(after) - 1);
		fd = memory_fd(big, nbig);
		read_fd(&r, fd, &firewall, sizes[i]);
		EXPECT_EQ(3, r.account.lines);
		EXPECT_EQ(2, box(BOX_PARSED));
		EXPECT_EQ(1, box(BOX_TRUNCATED));
		EXPECT_EQ(3, r.tally.lines[1].number);
		close(fd);
	}
	free(big);
}

/* ---- gzip ---- */

static size_t pack(const void *data, size_t len, void *to, size_t size)
{
	z_stream z = { .next_in = (void *)(uintptr_t)data, .avail_in = (uInt)len };

	z.next_out = to;
	z.avail_out = (uInt)size;
	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return size - z.avail_out;
}

TEST(gzip)
{
	static char packed[1 << 20];
	static struct result plain;
	size_t len, n;

	read_text(mixed, &firewall);
	plain = r;
	len = pack(mixed, sizeof(mixed) - 1, packed, sizeof(packed));
	read_bytes(&r, packed, len, &firewall);
	EXPECT_TRUE(same(&plain, &r));
	/* two members in the middle of a line, zeros behind */
	n = pack(mixed, 1000, packed, sizeof(packed));
	n += pack(mixed + 1000, sizeof(mixed) - 1 - 1000, packed + n, sizeof(packed) - n);
	read_bytes(&r, packed, n, &firewall);
	EXPECT_TRUE(same(&plain, &r));
	memset(packed + n, 0, 100000);
	read_bytes(&r, packed, n + 100000, &firewall);
	EXPECT_TRUE(same(&plain, &r));
	/* something else behind it */
	memcpy(packed + n, "garbage", 7);
	read_bytes(&r, packed, n + 7, &firewall);
	EXPECT_EQ(-EBADMSG, r.ret);
}

TEST(gzip_cut_or_damaged)
{
	static char packed[1 << 16];
	size_t len = pack(mixed, sizeof(mixed) - 1, packed, sizeof(packed));
	unsigned int damaged = 0;

	for (size_t n = 3; n < len; n++) {
		read_bytes(&r, packed, n, &firewall);
		EXPECT_EQ(-EBADMSG, r.ret);
		EXPECT_EQ(r.account.lines, boxes_sum(&r.account));
	}
	/* A header's time and system may be anything; no other bit may. */
	for (size_t i = 10; i < len; i++) {
		packed[i] = (char)(packed[i] ^ 0x10);
		read_bytes(&r, packed, len, &firewall);
		damaged += r.ret == -EBADMSG;
		packed[i] = (char)(packed[i] ^ 0x10);
	}
	EXPECT_EQ(len - 10, damaged);
}

TEST(gzip_bomb)
{
	static char packed[1 << 20], zeros[1 << 20];
	z_stream z = { .next_out = (void *)packed, .avail_out = sizeof(packed) };
	size_t len;

	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
	for (unsigned int i = 0; i < 300; i++) {
		z.next_in = (void *)zeros;
		z.avail_in = sizeof(zeros);
		deflate(&z, i == 299 ? Z_FINISH : Z_NO_FLUSH);
	}
	len = sizeof(packed) - z.avail_out;
	deflateEnd(&z);
	read_bytes(&r, packed, len, &firewall);
	EXPECT_EQ(-EFBIG, r.ret);
	EXPECT_LT(r.account.bytes, 80 << 20);
}

TEST(other_packers)
{
	static const char magics[][9] = {
		{ '\xfd', '7', 'z', 'X', 'Z' },
		{ '\x28', '\xb5', '\x2f', '\xfd', '.' },
		"BZh91AY&",
		"LPKSHHRH",
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
		read_bytes(&r, magics[i], 8, &firewall);
		EXPECT_EQ(-EMEDIUMTYPE, r.ret);
		EXPECT_EQ(0, r.account.lines);
	}
	EXPECT_NE(NULL, strstr(source_problem(-EMEDIUMTYPE), "gzip"));
}

/* ---- others' logs ---- */

/* Counted by hand with grep -c: lines, those of TCP, of UDP and of both ICMPs. */
static const struct {
	const char *name;
	uint64_t lines, tcp, udp, icmp;
} psad[] = {
	{ "fin_scan_1000_1150", 302, 302, 0, 0 },
	{ "fwknop_spa_pkt", 1, 0, 1, 0 },
	{ "invalid_icmp_type_code", 5, 0, 0, 5 },
	{ "ipv4_valid_ping", 5, 0, 0, 5 },
	{ "ipv6_invalid_icmp6_type_code", 2, 0, 0, 2 },
	{ "ipv6_ms_sql_server_sig_match", 1, 1, 0, 0 },
	{ "ipv6_tcp_connect_nmap_default_scan", 1009, 1008, 0, 1 },
	{ "null_scan_1000_1150", 303, 302, 0, 1 },
	{ "syn_scan_1000_1500_localhost", 1002, 1002, 0, 0 },
	{ "syn_scan_1000_1500_multi_dst", 4008, 4008, 0, 0 },
	{ "syn_sweep", 12, 12, 0, 0 },
	{ "syslog_time_fmt1.log", 6, 2, 0, 0 },
	{ "topera_ipv6_syn_scan_no_ip_opts", 1058, 1024, 0, 34 },
};

TEST(psads_logs)
{
	const char *dir = getenv("SBRUN_DATA");
	char path[500];

	for (size_t i = 0; i < sizeof(psad) / sizeof(*psad); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/netfilter/psad/%s", dir ? dir : "../shared/data",
			 psad[i].name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			SKIP(return, "no logs: set SBRUN_DATA to the shared data");
		read_fd(&r, fd, &firewall, PIECE_SIZE);
		close(fd);
		EXPECT_EQ(psad[i].lines, r.account.lines);
		EXPECT_EQ(psad[i].lines, box(BOX_PARSED));
		EXPECT_EQ(psad[i].tcp, r.tally.tcp);
		EXPECT_EQ(psad[i].udp, r.tally.udp);
		EXPECT_EQ(psad[i].icmp, r.tally.icmp);
	}
}

TEST_HARNESS_MAIN
