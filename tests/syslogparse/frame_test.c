/* SPDX-License-Identifier: MIT */
/*
 * Framings: each row is a line and what is left of it. That the message is found is the least;
 * who wrote it decides whether it is trusted.
 */
#include "tests/syslogparse/describe.h"

#include "kselftest_harness.h"

/* 2021-03-25 10:00:00 UTC, before which all stamps without a year are. */
static const struct frame frame = { .calendar = { 1616666400000000LL, 0, 0 } };
static const struct frame audit_frame = { .calendar = { 1616666400000000LL, 0, 0 },
					  .audit_log = true };

struct row {
	const char *line, *wanted;
};

static void frame_row(const struct frame *f, const struct row *row, struct text *t)
{
	struct line line = { .number = 1 };

	frame_line(f, row->line, strlen(row->line), &line);
	describe_line(t, &line);
}

static const struct row flat[] = {
	/* RFC 3164, whole and with pieces missing */
	{ "Mar 15 20:57:02 linux kernel: [810401.287751] DROP IN=eth0 OUT=",
	  "kernel 1615841822.000000 host=linux ident=kernel text=DROP IN=eth0 OUT=" },
	{ "Mar  5 01:02:03 linux kernel: audit: type=1400 audit(1.2:3): x",
	  "kernel 1614906123.000000 host=linux ident=kernel text=audit: type=1400 audit(1.2:3): x" },
	{ "Mar 26 20:57:02 h kernel: x", "kernel 1585256222.000000 host=h ident=kernel text=x" },
	{ "Dec 31 23:59:59 h kernel: x", "kernel 1609459199.000000 host=h ident=kernel text=x" },
	{ "Feb 29 12:00:00 h kernel: x", "kernel 1614600000.000000 host=h ident=kernel text=x" },
	{ "Jan  8 03:37:09 DENY: IN=eth0 OUT=",
	  "kernel 1610077029.000000 text=DENY: IN=eth0 OUT=" },
	{ "Jan  8 03:37:09 kernel: IN=eth0", "kernel 1610077029.000000 ident=kernel text=IN=eth0" },
	{ "Jan  8 03:37:09 host [UFW BLOCK] IN=eth0",
	  "kernel 1610077029.000000 host=host text=[UFW BLOCK] IN=eth0" },
	{ "Jan  8 2019 03:37:09 h kernel: x",
	  "kernel 1546918629.000000 host=h ident=kernel text=x" },
	{ "Jan  8 03:37:09 2019 h kernel: x",
	  "kernel 1546918629.000000 host=h ident=kernel text=x" },
	{ "Jan  8 03:37:09.5+01:00 h kernel: x",
	  "kernel 1610073429.500000 host=h ident=kernel text=x" },
	{ "Jan  8 03:37:09 h kernel: [  1.000001][  T123] x",
	  "kernel 1610077029.000000 host=h ident=kernel text=x" },
	/* RFC 3339 and what stands in its place */
	{ "2025-01-27T13:01:36.226987+05:30 h kernel: x",
	  "kernel 1737963096.226987 host=h ident=kernel text=x" },
	{ "2025-01-27T07:31:36Z h kernel: x",
	  "kernel 1737963096.000000 host=h ident=kernel text=x" },
	{ "2025-01-27T03:31:36-0400 h kernel: x",
	  "kernel 1737963096.000000 host=h ident=kernel text=x" },
	{ "2025-01-27 07:31:36,562 h kernel: x",
	  "kernel 1737963096.562000 host=h ident=kernel text=x" },
	{ "2021-09-11T20:57:41.91645 kern.notice: [  469.180605] audit: x",
	  "kernel 1631393861.916450 ident=kern.notice text=audit: x" },
	/* priorities, facilities */
	{ "<161>Oct 10 12:00:00 h kernel: x",
	  "kernel 1602331200.000000 host=h ident=kernel text=x" },
	{ "<6>2021-03-05T00:00:00Z h kernel: x",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	{ "Apr  2 17:51:27 <4.3> h kernel: x",
	  "kernel 1585849887.000000 host=h ident=kernel text=x" },
	{ "Apr  2 17:51:27 <kern.notice> h kernel: x",
	  "kernel 1585849887.000000 host=h ident=kernel text=x" },
	{ "Apr  2 17:51:27 h user.info kernel: x",
	  "kernel 1585849887.000000 host=h ident=kernel text=x" },
	{ "<4>IN=eth0 OUT=", "kernel text=IN=eth0 OUT=" },
	/* RFC 5424 */
	{ "<5>1 2021-03-05T00:00:00Z h kernel - - - x",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	{ "<5>1 - h kernel - - - x", "kernel host=h ident=kernel text=x" },
	{ "<5>1 2021-03-05T00:00:00Z h kernel - - [a@1 k=\"v]\\\"\" z=\"\"][b] x",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	{ "<5>1 2021-03-05T00:00:00Z h kernel - - [UFW BLOCK] IN=eth0 OUT=",
	  "kernel 1614902400.000000 host=h ident=kernel text=[UFW BLOCK] IN=eth0 OUT=" },
	{ "<5>1 2021-03-05T00:00:00Z h kernel - - - [UFW BLOCK] IN=eth0 OUT=",
	  "kernel 1614902400.000000 host=h ident=kernel text=[UFW BLOCK] IN=eth0 OUT=" },
	{ "2023-03-05T00:00:00+00:00 kiwi kernel - - - [1154069.463446] [IPTABLES DROP]: IN=eth0",
	  "kernel 1677974400.000000 host=kiwi ident=kernel text=[IPTABLES DROP]: IN=eth0" },
	{ "<13>1 2021-03-05T00:00:00Z h evil 12 - - IN=eth0",
	  "process 1614902400.000000 host=h ident=evil text=IN=eth0" },
	{ "<5>1 2021-03-05T00:00:00Z h kernel - - - \xef\xbb\xbfx",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	/* dmesg, the journal's short forms, cat */
	{ "[ 4584.703379] audit: type=1400 x", "kernel text=audit: type=1400 x" },
	{ "[ 4584.703379] FW DROP: IN=eth0", "kernel text=FW DROP: IN=eth0" },
	{ "[Thu Mar 25 10:00:00 2021] x", "kernel 1616666400.000000 text=x" },
	{ "[UFW BLOCK] IN=eth0", "kernel text=[UFW BLOCK] IN=eth0" },
	{ "[    7.516574] h kernel: x", "kernel host=h ident=kernel text=x" },
	{ "[    7.516574] h sshd[12]: IN=x", "process host=h ident=sshd text=IN=x" },
	{ "Mar 05 00:00:00 h audit[1234]: AVC apparmor=\"DENIED\"",
	  "kernel 1614902400.000000 host=h ident=audit text=AVC apparmor=\"DENIED\"" },
	{ "2021-03-05T00:00:00+0000 h kernel: x",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	{ "Fri 2021-03-05 00:00:00 UTC h kernel: x",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	{ "Fri 2021-03-05 00:00:00 EDT h kernel: x",
	  "kernel 1614902400.000000 host=h ident=kernel text=x" },
	{ "1616161616.123456 h kernel: x", "kernel 1616161616.123456 host=h ident=kernel text=x" },
	{ "audit: type=1400 audit(1.2:3): x", "kernel text=audit: type=1400 audit(1.2:3): x" },
	{ "AVC apparmor=\"DENIED\"", "kernel text=AVC apparmor=\"DENIED\"" },
	/* others */
	{ "101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 REJECT: IN=x",
	  "kernel 1655723566.000000 text=REJECT: IN=x" },
	{ "/var/log/syslog.1:Mar 15 20:57:02 h kernel: x",
	  "kernel 1615841822.000000 host=h ident=kernel text=x" },
	{ "a:17:[ 1.000000] x", "kernel text=x" },
	{ "FW:DROP:IN=eth0", "kernel text=FW:DROP:IN=eth0" },
	/* who may be anybody */
	{ "Mar 15 20:57:02 h eviluser[12]: apparmor=\"DENIED\" operation=\"open\"",
	  "process 1615841822.000000 host=h ident=eviluser text=apparmor=\"DENIED\" operation=\"open\"" },
	{ "Mar 15 20:57:02 h DROP: IN=eth0",
	  "process 1615841822.000000 host=h ident=DROP text=IN=eth0" },
	{ "Mar 15 20:57:02 h sshd[1]: x kernel: IN=eth0",
	  "process 1615841822.000000 host=h ident=sshd text=x kernel: IN=eth0" },
	{ "Mar 15 20:57:02 h dbus[1]: apparmor=\"DENIED\" operation=\"dbus_bind\" x",
	  "kernel 1615841822.000000 host=h ident=dbus text=apparmor=\"DENIED\" operation=\"dbus_bind\" x" },
	{ "Mar 15 20:57:02 h dbus[1]: apparmor=\"DENIED\" operation=\"open\" x",
	  "process 1615841822.000000 host=h ident=dbus text=apparmor=\"DENIED\" operation=\"open\" x" },
	/* repeats */
	{ "Mar 15 20:57:02 h kernel: message repeated 5 times: [ [ 1.000000] IN=eth0 ]",
	  "kernel 1615841822.000000 x5 host=h ident=kernel text=IN=eth0 " },
	{ "Mar 15 20:57:02 h kernel: message repeated 5 times: [ IN=eth0 OU",
	  "kernel 1615841822.000000 x5 cut host=h ident=kernel text=IN=eth0 OU" },
	{ "Mar 15 20:57:02 h kernel: message repeated 0 times: [ x]",
	  "kernel 1615841822.000000 host=h ident=kernel text=message repeated 0 times: [ x]" },
	{ "Mar 15 20:57:02 h last message repeated 3 times",
	  "kernel 1615841822.000000 x3 host=h text=last message repeated 3 times" },
	{ "Mar 15 20:57:02 h --- last message repeated 1 time ---",
	  "kernel 1615841822.000000 host=h text=--- last message repeated 1 time ---" },
	/* ends */
	{ "Mar 15 20:57:02 h kernel: x\r", "kernel 1615841822.000000 host=h ident=kernel text=x" },
	{ "\xef\xbb\xbfMar 15 20:57:02 h kernel: x",
	  "kernel 1615841822.000000 host=h ident=kernel text=x" },
	{ "Mar 15 20:57:02 h kernel: \xff\xfe",
	  "kernel 1615841822.000000 host=h ident=kernel text=\\xff\\xfe" },
	/* no stamps */
	{ "Mar 32 20:57:02 h kernel: x", "kernel text=Mar 32 20:57:02 h kernel: x" },
	{ "2021-13-05T00:00:00Z h kernel: x", "kernel text=2021-13-05T00:00:00Z h kernel: x" },
	{ "", "kernel text=" },
	{ "<", "kernel text=<" },
	{ "[", "kernel text=[" },
};

TEST(flat_files)
{
	struct text t;

	for (size_t i = 0; i < sizeof(flat) / sizeof(*flat); i++) {
		frame_row(&frame, &flat[i], &t);
		EXPECT_STREQ(flat[i].wanted, t.at);
	}
}

/* What a power loss leaves in a file. */
TEST(nul_bytes)
{
	static const char raw[] = "\0\0\0Mar 15 20:57:02 h kernel: x\0\0";
	static const char none[82];
	struct line line = { .number = 1 };
	struct text t;

	frame_line(&frame, raw, sizeof(raw) - 1, &line);
	EXPECT_STREQ("kernel 1615841822.000000 host=h ident=kernel text=x",
		     describe_line(&t, &line));
	frame_line(&frame, none, sizeof(none), &line);
	EXPECT_STREQ("kernel text=", describe_line(&t, &line));
}

/* A line of auditd's form is auditd's in a file that begins so, and a kernel's text elsewhere. */
TEST(audit_log)
{
	static const struct row rows[] = {
		{ "type=AVC msg=audit(1.2:3): x", "audit.log text=type=AVC msg=audit(1.2:3): x" },
		{ "node=web1 type=AVC msg=audit(1.2:3): x",
		  "audit.log host=web1 text=type=AVC msg=audit(1.2:3): x" },
		{ "audit.log:type=AVC msg=audit(1.2:3): x",
		  "audit.log text=type=AVC msg=audit(1.2:3): x" },
		{ "Mar 15 20:57:02 h evil: type=AVC msg=audit(1.2:3): x",
		  "process 1615841822.000000 host=h ident=evil text=type=AVC msg=audit(1.2:3): x" },
	};
	struct text t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		frame_row(&audit_frame, &rows[i], &t);
		EXPECT_STREQ(rows[i].wanted, t.at);
	}
	frame_row(&frame, &rows[0], &t);
	EXPECT_STREQ("kernel text=type=AVC msg=audit(1.2:3): x", t.at);
}

/* With the year said, it is that of the first stamp, and January after December is the next. */
TEST(year_said)
{
	static const struct frame f = { .calendar = { 1616666400000000LL, 1999, 11 } };
	static const struct row rows[] = {
		{ "Nov 15 00:00:00 h kernel: x",
		  "kernel 942624000.000000 host=h ident=kernel text=x" },
		{ "Dec 31 23:59:59 h kernel: x",
		  "kernel 946684799.000000 host=h ident=kernel text=x" },
		{ "Jan  1 00:00:00 h kernel: x",
		  "kernel 946684800.000000 host=h ident=kernel text=x" },
	};
	struct text t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		frame_row(&f, &rows[i], &t);
		EXPECT_STREQ(rows[i].wanted, t.at);
	}
}

/* Not even the day after the file's last change is too late, for zones differ; two days are. */
TEST(year_of_the_last_change)
{
	struct text t;
	struct frame f = { .calendar = { 1609459199000000LL, 0, 0 } }; /* 2020-12-31 23:59:59 */
	const struct row rows[] = {
		{ "Jan  1 10:00:00 h kernel: x",
		  "kernel 1609495200.000000 host=h ident=kernel text=x" },
		{ "Jan  2 10:00:00 h kernel: x",
		  "kernel 1577959200.000000 host=h ident=kernel text=x" },
		{ "Dec 31 10:00:00 h kernel: x",
		  "kernel 1609408800.000000 host=h ident=kernel text=x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		frame_row(&f, &rows[i], &t);
		EXPECT_STREQ(rows[i].wanted, t.at);
	}
	f.calendar.latest_us = TIME_UNKNOWN;
	frame_row(&f, &rows[0], &t);
	EXPECT_STREQ("kernel host=h ident=kernel text=x", t.at);
}

/* ---- the journal ---- */

TEST(json)
{
	static const struct row rows[] = {
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"IN=eth0\",\"_HOSTNAME\":\"h\","
		  "\"SYSLOG_IDENTIFIER\":\"kernel\",\"__REALTIME_TIMESTAMP\":\"1616161616123456\"}",
		  "journal 1616161616.123456 host=h ident=kernel text=IN=eth0" },
		{ "{\"_TRANSPORT\":\"audit\",\"MESSAGE\":\"AVC x\",\"_AUDIT_ID\":\"77\","
		  "\"_SOURCE_REALTIME_TIMESTAMP\":\"1000000\",\"__REALTIME_TIMESTAMP\":\"2000000\"}",
		  "journal 1.000000 serial 77 text=AVC x" },
		{ "{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"IN=\"}",
		  "process ident=kernel text=IN=" },
		{ "{\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"IN=\"}",
		  "kernel ident=kernel text=IN=" },
		{ "{\"_TRANSPORT\":[\"kernel\",\"kernel\"],\"MESSAGE\":\"IN=\"}",
		  "process text=IN=" },
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[73,78,61,255,10]}",
		  "journal text=IN=\\xff" },
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[\"first\",\"second\"]}",
		  "journal text=first" },
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[[102],[103]]}", "journal text=f" },
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":null}", "journal" },
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[256]}", "journal" },
		{ "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"[ 1.000000] a\\u0000b\"}",
		  "journal text=a\\x00b" },
		{ "{\"log\":\"IN=eth0\\n\",\"stream\":\"stdout\"}", "process text=IN=eth0" },
		{ "\x1e{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"x\"}", "journal text=x" },
		{ "data: {\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"x\"}", "journal text=x" },
	};
	static const char *const damaged[] = {
		"{\"MESSAGE\":\"IN=",
		"{\"MESSAGE\":\"a\"} x",
		"{\"MESSAGE\":\"a\",\"MESSAGE\":\"b\"}",
		"{",
		"[]",
		"{\"MESSAGE\":\"\xff\"}",
	};
	struct text t;
	void *memory;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct line line = { .number = 1 };

		EXPECT_TRUE(journal_is_json(rows[i].line, strlen(rows[i].line)));
		EXPECT_TRUE(journal_line(rows[i].line, strlen(rows[i].line), &line, &memory));
		EXPECT_STREQ(rows[i].wanted, describe_line(&t, &line));
		journal_release(memory);
	}
	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
		struct line line = { .number = 1 };

		EXPECT_FALSE(journal_line(damaged[i], strlen(damaged[i]), &line, &memory));
		journal_release(memory);
	}
}

#define ENTRY                                     \
	"__CURSOR=s=1;i=2\n"                      \
	"__REALTIME_TIMESTAMP=1616161616123456\n" \
	"_TRANSPORT=kernel\n"                     \
	"COREDUMP\n\x05\0\0\0\0\0\0\0\n\n\nb=\n"  \
	"MESSAGE\n\x08\0\0\0\0\0\0\0IN=\neth0\n"  \
	"MESSAGE=second\n"                        \
	"_HOSTNAME=h\n\n"

TEST(export_entry)
{
	static const char entry[] = ENTRY;
	size_t len = sizeof(entry) - 1;
	struct line line = { .number = 1 };
	struct text t;

	EXPECT_TRUE(journal_is_export(entry, len));
	EXPECT_EQ(len, journal_entry_length(entry, len));
	for (size_t i = 0; i < len; i++) {
		EXPECT_EQ(0, journal_entry_length(entry, i));
	}
	EXPECT_TRUE(journal_entry(entry, len, &line));
	EXPECT_STREQ("journal 1616161616.123456 host=h text=IN=\\x0aeth0",
		     describe_line(&t, &line));
}

/* An entry is stepped over the same however it comes, and not a byte more. */
TEST(export_skip)
{
	static const char entry[] = ENTRY "next";
	size_t len = sizeof(ENTRY) - 1;

	for (size_t step = 1; step <= sizeof(entry); step++) {
		struct journal_skip skip = { 0 };
		size_t at = 0;

		while (!skip.done && at < sizeof(entry)) {
			size_t n = sizeof(entry) - at < step ? sizeof(entry) - at : step;

			at += journal_skip(&skip, entry + at, n);
		}
		EXPECT_TRUE(skip.done);
		EXPECT_EQ(len, at);
	}
}

/* ---- notices ---- */

TEST(loss)
{
	static const struct {
		const char *line;
		int events; /* 0: none */
	} rows[] = {
		{ "Mar 15 20:57:02 h kernel: net_ratelimit: 27 callbacks suppressed", 27 },
		{ "Mar 15 20:57:02 h kernel: kauditd_printk_skb: 3 callbacks suppressed", 3 },
		{ "[ 1.000000] audit: printk limit exceeded", 1 },
		{ "[ 1.000000] audit: audit_lost=5 audit_rate_limit=0 audit_backlog_limit=64", 1 },
		{ "Mar 15 20:57:02 h systemd-journald[9]: Missed 12 kernel messages", 12 },
		{ "Mar 15 20:57:02 h evil[9]: net_ratelimit: 27 callbacks suppressed", 0 },
		{ "Mar 15 20:57:02 h kernel: nothing was suppressed", 0 },
	};
	struct line line;
	uint64_t events;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].line);

		EXPECT_TRUE(line_is_wanted(WHAT_FIREWALL, rows[i].line, len));
		frame_line(&frame, rows[i].line, len, &line);
		EXPECT_EQ(rows[i].events > 0, line_tells_of_loss(&line, &events));
		EXPECT_EQ((uint64_t)rows[i].events, events);
	}
}

TEST(unwanted)
{
	static const char *const lines[] = {
		"",
		"=",
		"Mar 15 20:57:02 h sshd[1]: Failed password for root from 1.2.3.4 port 22 ssh2",
		"ELAPSED=3",
		"{\"MESSAGE\":\"a\"}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		EXPECT_FALSE(line_is_wanted(WHAT_FIREWALL, lines[i], strlen(lines[i])));
		EXPECT_FALSE(line_is_wanted(WHAT_APPARMOR, lines[i], strlen(lines[i])));
	}
	EXPECT_TRUE(line_is_wanted(WHAT_FIREWALL, "{\"MESSAGE\" : [ 73 ]}", 20));
}

TEST_HARNESS_MAIN
