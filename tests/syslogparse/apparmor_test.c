/* SPDX-License-Identifier: MIT */
/*
 * AppArmor's lines: rows of text with the event that is in them, or where they end up.
 */
#include "tests/syslogparse/describe.h"

#include "kselftest_harness.h"

static char scratch[LINE_SCRATCH];

static enum box parse(const char *text, struct aa_event *event, unsigned int *reason)
{
	struct line line = { .text = { text, (uint32_t)strlen(text) }, .repeat = 1 };

	return parse_apparmor(&line, event, scratch, reason);
}

/* clang-format off */
#define HEAD "audit: type=1400 audit(1279967133.365:54): "
#define AT " at 1279967133.365:54"
#define DENIED HEAD "apparmor=\"DENIED\" "
#define PROC "profile=\"/bin/p\" name=\"/f\" pid=5 comm=\"c\" "
#define SAID " profile=/bin/p name=/f comm=c"
#define FILE_TAIL "requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0"

static const struct {
	const char *text, *wanted;
} parsed[] = {
	/* heads */
	{ DENIED "operation=\"open\" " PROC FILE_TAIL,
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	{ "type=1400 audit(1279967133.365:54): apparmor=\"ALLOWED\" operation=\"open\" class=\"file\" " PROC FILE_TAIL,
	  "allowed file" AT " pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	{ "type=AVC msg=audit(1279967133.365:54): apparmor=\"KILLED\" operation=\"open\" " PROC FILE_TAIL,
	  "killed file" AT " pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	{ "AVC apparmor=\"AUTO\" operation=\"open\" " PROC FILE_TAIL,
	  "auto file pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	{ "audit(1189201672.746:537): type=1503 operation=\"file_lock\" requested_mask=\"k\" denied_mask=\"k\" name=\"/f\" pid=5 profile=\"/bin/p\"",
	  "denied file at 1189201672.746:537 pid 5 operation=file_lock profile=/bin/p name=/f requested=k denied=k" },
	{ "type=UNKNOWN[1502] msg=audit(1189201672.746:537): operation=\"open\" requested_mask=\"r\" denied_mask=\"r\" name=\"/f\" pid=5 profile=\"/bin/p\"",
	  "allowed file at 1189201672.746:537 pid 5 operation=open profile=/bin/p name=/f requested=r denied=r" },
	{ "type=APPARMOR_DENIED msg=audit(1190305330.060:14638):  type=1503 operation=\"inode_permission\" requested_mask=\"r\" denied_mask=\"r\" name=\"/f\" profile=\"/bin/p\"",
	  "denied file at 1190305330.060:14638 operation=inode_permission profile=/bin/p name=/f requested=r denied=r" },
	{ "audit: type=1400 audit(0000000000.000:0000): apparmor=\"DENIED\" operation=\"open\" " PROC FILE_TAIL,
	  "denied file pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	/* quoted is what it says, bare is hexadecimal */
	{ DENIED "operation=\"open\" profile=2F62696E2F6D792070 name=2F746D702F220AFF pid=5 comm=\"ABCD\" " FILE_TAIL,
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=open profile=/bin/my p name=/tmp/\"\\x0a\\xff comm=ABCD requested=r denied=r" },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"wc\" denied_mask=\"wc\" fsuid=1 ouid=2 target=abc",
	  "denied file" AT " pid 5 fsuid 1 ouid 2 operation=open" SAID " requested=wc denied=wc target=abc" },
	/* what the quotes can hold */
	{ DENIED "operation=\"open\" info=\"a name=b, c\" error=-13 " PROC FILE_TAIL,
	  "denied file" AT " error -13 pid 5 fsuid 0 ouid 0 operation=open info=a name=b, c" SAID " requested=r denied=r" },
	/* hats, children, stacks, namespaces, globs */
	{ DENIED "operation=\"open\" namespace=\"root//lxd-a_<var-lib-lxd>\" profile=\"/usr{,/lib}/wine//null-/bin/x//&:ns:Q\" name=\"/f\" " FILE_TAIL,
	  "denied file" AT " fsuid 0 ouid 0 operation=open namespace=root//lxd-a_<var-lib-lxd> profile=/usr{,/lib}/wine//null-/bin/x//&:ns:Q name=/f requested=r denied=r" },
	/* auditd's explanations, with their byte and without it */
	{ DENIED "operation=\"open\" " PROC FILE_TAIL "\x1d" "FSUID=\"root\" OUID=\"root\"",
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	{ DENIED "operation=\"open\" " PROC FILE_TAIL "FSUID=\"root\" OUID=\"root\"",
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=open" SAID " requested=r denied=r" },
	{ DENIED "operation=\"link\" " PROC FILE_TAIL " target=\"/t\"FSUID=\"root\" OUID=\"root\"",
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=link" SAID " requested=r denied=r target=/t" },
	{ DENIED "operation=\"link\" " PROC FILE_TAIL " target=2F74FSUID=\"root\" OUID=\"root\"",
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=link" SAID " requested=r denied=r target=/t" },
	{ DENIED "operation=\"exec\" " PROC "requested_mask=\"x\" denied_mask=\"x\" fsuid=0 ouid=0 target=\"/bin/p//null-/f\"",
	  "denied file" AT " pid 5 fsuid 0 ouid 0 operation=exec" SAID " requested=x denied=x target=/bin/p//null-/f" },
	/* masks of old kernels */
	{ "type=1502 audit(1225263601.980:37699): operation=\"open\" requested_mask=\"rw::\" denied_mask=\"r::\" fsuid=7 name=\"/f\" profile=\"/bin/p\"",
	  "allowed file at 1225263601.980:37699 fsuid 7 ouid 7 operation=open profile=/bin/p name=/f requested=rw denied=r" },
	{ "type=1502 audit(1225263601.980:37699): operation=\"open\" requested_mask=\"::rw\" denied_mask=\"::r\" fsuid=7 name=\"/f\" profile=\"/bin/p\"",
	  "allowed file at 1225263601.980:37699 fsuid 7 operation=open profile=/bin/p name=/f requested=rw denied=r" },
	{ "type=1502 audit(1225263601.980:37699): operation=\"open\" requested_mask=\"r::\" denied_mask=\"r::\" fsuid=7 ouid=8 name=\"/f\" profile=\"/bin/p\"",
	  "allowed file at 1225263601.980:37699 fsuid 7 ouid 8 operation=open profile=/bin/p name=/f requested=r denied=r" },
	/* capabilities; two spaces */
	{ DENIED "operation=\"capable\" profile=\"/bin/p\" pid=5 comm=\"c\" capability=23  capname=\"sys_nice\"",
	  "denied cap" AT " pid 5 operation=capable profile=/bin/p comm=c capname=sys_nice" },
	{ "type=1503 audit(1236891550.807:870): operation=\"capable\" name=\"setuid\" pid=5 profile=\"/bin/p\"",
	  "denied cap at 1236891550.807:870 pid 5 operation=capable profile=/bin/p name=setuid capname=setuid" },
	/* sockets */
	{ DENIED "operation=\"create\" class=\"net\" profile=\"/bin/p\" family=\"inet\" sock_type=\"stream\" protocol=6 requested_mask=\"create\" denied_mask=\"create\"",
	  "denied net" AT " operation=create profile=/bin/p requested=create denied=create family=inet sock_type=stream protocol=6" },
	{ DENIED "operation=\"file_inherit\" profile=\"/bin/p\" lport=10580 family=\"inet6\" sock_type=\"dgram\" protocol=17",
	  "denied net" AT " ports 10580 0 operation=file_inherit profile=/bin/p family=inet6 sock_type=dgram protocol=17" },
	{ DENIED "operation=\"recvmsg\" class=\"net\" profile=\"/bin/p\" laddr=127.0.97.3 lport=3456 saddr=127.0.97.4 src=3457 daddr=::1 dest=8 family=\"inet\" sock_type=\"dgram\" protocol=17 requested=\"receive\" denied=\"receive\"",
	  "denied net" AT " ports 3456 8 operation=recvmsg profile=/bin/p requested=receive denied=receive family=inet sock_type=dgram protocol=17 laddr=127.0.97.3 faddr=::1" },
	{ DENIED "operation=\"bind\" class=\"net\" profile=\"/bin/p\" saddr=127.0.97.3 src=3456 family=\"unknown(44)\" sock_type=\"dgram\" protocol=17 requested=\"bind\" denied=\"bind\"",
	  "denied net" AT " ports 3456 0 operation=bind profile=/bin/p requested=bind denied=bind family=unknown(44) sock_type=dgram protocol=17 laddr=127.0.97.3" },
	{ DENIED "operation=\"connect\" class=\"net\" profile=\"/bin/p\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"send receive\" denied=\"send\" addr=none peer_addr=\"@7661\" peer=\"/bin/q\"",
	  "denied unix" AT " operation=connect profile=/bin/p requested=send receive denied=send peer=/bin/q family=unix sock_type=stream protocol=0 peer_addr=@7661" },
	/* the rest */
	{ DENIED "operation=\"mount\" class=\"mount\" info=\"failed mntpnt match\" error=-13 profile=\"/bin/p\" name=\"/mnt/\" pid=5 comm=\"c\" fstype=\"ext2\" srcname=\"/dev/loop0\" flags=\"rw, mand\" options=\"x\"",
	  "denied mount" AT " error -13 pid 5 operation=mount info=failed mntpnt match profile=/bin/p name=/mnt/ comm=c fstype=ext2 srcname=/dev/loop0 flagtext=rw, mand options=x" },
	{ DENIED "operation=\"umount\" profile=\"/bin/p\" name=\"/mnt/\"", "denied mount" AT " operation=umount profile=/bin/p name=/mnt/" },
	{ DENIED "operation=\"pivotroot\" profile=\"/bin/p\" name=\"/n/\" srcname=\"/o/\"", "denied mount" AT " operation=pivotroot profile=/bin/p name=/n/ srcname=/o/" },
	{ DENIED "operation=\"ptrace\" class=\"ptrace\" profile=\"/bin/p\" requested_mask=\"readby\" denied_mask=\"readby\" peer=\"q\"",
	  "denied ptrace" AT " operation=ptrace profile=/bin/p requested=readby denied=readby peer=q" },
	{ DENIED "operation=\"signal\" profile=\"/bin/p\" requested_mask=\"send\" denied_mask=\"send\" signal=term peer=\"q\"",
	  "denied signal" AT " operation=signal profile=/bin/p requested=send denied=send peer=q signal=term" },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" name=\"/q\" requested=\"read create\" denied=\"read\" class=\"posix_mqueue\" fsuid=0 ouid=0",
	  "denied mqueue" AT " fsuid 0 ouid 0 operation=open profile=/bin/p name=/q requested=read create denied=read" },
	{ DENIED "operation=\"sysv_mqueue\" profile=\"/bin/p\" name=\"123\" requested=\"open\" denied=\"open\" class=\"sysv_mqueue\"",
	  "denied mqueue" AT " operation=sysv_mqueue profile=/bin/p name=123 requested=open denied=open" },
	{ DENIED "operation=\"uring_override\" class=\"io_uring\" profile=\"/bin/p\" requested=\"override_creds\" denied=\"override_creds\" tcontext=\"q\"",
	  "denied io_uring" AT " operation=uring_override profile=/bin/p requested=override_creds denied=override_creds peer_label=q" },
	{ DENIED "operation=\"userns_create\" class=\"namespace\" profile=\"/bin/p\" requested=\"userns_create\" denied=\"userns_create\" target=\"t\" execpath=\"/e\"",
	  "denied userns" AT " operation=userns_create profile=/bin/p requested=userns_create denied=userns_create target=t execpath=/e" },
	{ DENIED "operation=\"setrlimit\" class=\"rlimits\" profile=\"/bin/p\" rlimit=nofile value=1024",
	  "denied rlimit" AT " operation=setrlimit profile=/bin/p rlimit=nofile value=1024" },
	{ DENIED "operation=\"change_onexec\" class=\"file\" info=\"label not found\" error=-2 profile=\"/bin/p\" name=\"q\"",
	  "denied change" AT " error -2 operation=change_onexec info=label not found profile=/bin/p name=q" },
	{ DENIED "operation=\"change_hat\" profile=\"/bin/p\" target=\"/bin/p//hat\"", "denied change" AT " operation=change_hat profile=/bin/p target=/bin/p//hat" },
	/* the bus's own */
	{ "apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/o\" interface=\"i\" method=\"m\" mask=\"send\" name=\"n\" pid=5 label=\"/bin/p\" peer_pid=1 peer_label=\"unconfined\"",
	  "denied dbus pid 5 operation=dbus_method_call profile=/bin/p label=/bin/p name=n denied=send peer_label=unconfined bus=session path=/o interface=i member=m" },
	{ "type=USER_AVC msg=audit(1279967133.365:54): pid=363 uid=102 auid=4294967295 ses=4294967295  msg='apparmor=\"DENIED\" operation=\"dbus_signal\"  bus=\"system\" mask=\"receive\" pid=5 profile=\"/bin/p\" peer_profile=\"q\"  exe=\"/bin/dbus-daemon\" sauid=102 hostname=? addr=? terminal=?'",
	  "denied dbus" AT " pid 5 operation=dbus_signal profile=/bin/p comm=/bin/dbus-daemon denied=receive peer_label=q bus=system" },
	{ "audit: type=1107 audit(1279967133.365:54): pid=640 uid=103 auid=1 ses=2 msg='apparmor=\"ALLOWED\" operation=\"dbus_bind\"  bus=\"system\" mask=\"bind\" name=\"n\" pid=5 label=\"p\"",
	  "allowed dbus" AT " pid 5 operation=dbus_bind profile=p label=p name=n denied=bind bus=system" },
};

/* Where the others end up; the reason of those that are refused. */
static const struct {
	const char *text;
	enum box box;
	enum reason reason;
} boxed[] = {
	{ "", BOX_NOT_OURS, 0 },
	{ "audit: type=1326 audit(1279967133.365:54): auid=1 sig=31", BOX_NOT_OURS, 0 },
	{ "type=AVC msg=audit(1279967133.365:54): avc: denied { read } for pid=1", BOX_NOT_OURS, 0 },
	{ "type=USER_AVC msg=audit(1279967133.365:54): pid=1 msg='avc: denied { x }'", BOX_NOT_OURS, 0 },
	/* cut */
	{ "ED\" operation=\"open\" profile=\"/bin/p\" name=\"/f\"", BOX_TRUNCATED, 0 },
	{ "x apparmor=\"DENIED\" operation=\"open\" " PROC FILE_TAIL, BOX_TRUNCATED, 0 },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" name=\"/f", BOX_TRUNCATED, 0 },
	{ HEAD "apparmor=\"DEN", BOX_TRUNCATED, 0 },
	{ DENIED "operation=\"open\" " PROC "requested_mask", BOX_TRUNCATED, 0 },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"r\" denied_mask=\"r\" fsuid=0", BOX_TRUNCATED, 0 },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"r\" denied_mask=\"r\"", BOX_TRUNCATED, 0 },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=", BOX_TRUNCATED, 0 },
	/* no accesses, and what no rule can be made of */
	{ HEAD "apparmor=\"STATUS\" operation=\"profile_load\" profile=\"unconfined\" name=\"x\" pid=1 comm=\"apparmor_parser\"", BOX_REFUSED, REASON_STATUS },
	{ HEAD "apparmor=\"STATUS\" info=\"AppArmor Filesystem Enabled\" pid=1 comm=\"swapper/0\"", BOX_REFUSED, REASON_STATUS },
	{ HEAD "apparmor=\"HINT\" operation=\"clone\" pid=1", BOX_REFUSED, REASON_STATUS },
	{ HEAD "apparmor=\"ERROR\" operation=\"open\" " PROC FILE_TAIL, BOX_REFUSED, REASON_STATUS },
	{ HEAD "apparmor=\"AUDIT\" operation=\"open\" " PROC FILE_TAIL, BOX_REFUSED, REASON_AUDITED },
	{ DENIED "operation=\"open\" info=\"Failed name lookup - disconnected path\" error=-13 " PROC FILE_TAIL, BOX_REFUSED, REASON_DISCONNECTED },
	{ DENIED "operation=\"change_hat\" info=\"unconfined\" error=-1 pid=2", BOX_REFUSED, REASON_NO_PROFILE },
	{ DENIED "operation=\"change_hat\" info=\"unconfined can not change_hat\" error=-1 profile=\"unconfined\" pid=2", BOX_REFUSED, REASON_NO_PROFILE },
	{ DENIED "operation=\"ptrace\" profile=\"/bin/p\" pid=2 peer=\"unconfined\"", BOX_REFUSED, REASON_NO_MASK },
	{ DENIED "operation=\"connect\" profile=\"/bin/p\" family=\"unix\" sock_type=\"stream\"", BOX_REFUSED, REASON_NO_MASK },
	{ DENIED "operation=\"open\" class=\"file\" profile=\"/bin/p\" " FILE_TAIL, BOX_REFUSED, REASON_NO_NAME },
	{ DENIED "operation=\"create\" class=\"module\" profile=\"/bin/p\"", BOX_REFUSED, REASON_NO_RULE },
	{ "type=APPARMOR msg=audit(1168662182.495:58): PERMITTING r access to /h (t(27871) profile /p active q)", BOX_REFUSED, REASON_ANCIENT },
	{ "type=UNKNOWN[1500] msg=audit(1167188680.127:54): REJECTING r access to /b (bash(23415) profile /p active /p)", BOX_REFUSED, REASON_ANCIENT },
	/* what is wrong */
	{ "type=AVC msg=audit(12799========8.415:39): apparmor=\"DENIED\" operation=\"open\" " PROC FILE_TAIL, BOX_REFUSED, REASON_VALUE },
	{ HEAD "apparmor=\"PERMITTED\" operation=\"open\" " PROC FILE_TAIL, BOX_REFUSED, REASON_VALUE },
	{ DENIED "operation=\"open\" " PROC FILE_TAIL " name=\"/etc/shadow\"", BOX_REFUSED, REASON_TWICE },
	{ DENIED "operation=\"open\" " PROC FILE_TAIL " denied=\"w\"", BOX_REFUSED, REASON_TWICE },
	{ DENIED "operation=\"open\" class=\"file\" class=\"net\" " PROC FILE_TAIL, BOX_REFUSED, REASON_TWICE },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"r\" denied_mask=\"r\" fsuid=4294967296 ouid=0", BOX_REFUSED, REASON_VALUE },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"r\" denied_mask=\"r\" fsuid=-1 ouid=0", BOX_REFUSED, REASON_VALUE },
	{ DENIED "operation=\"open\" " PROC "requested_mask=\"r\" denied_mask=\"r\" fsuid=0x1 ouid=0", BOX_REFUSED, REASON_VALUE },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" name=\"/f\"\"x\" " FILE_TAIL, BOX_REFUSED, REASON_GRAMMAR },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" name=\"/f\"evil=\"x\" " FILE_TAIL, BOX_REFUSED, REASON_GRAMMAR },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" words name=\"/f\" " FILE_TAIL, BOX_REFUSED, REASON_GRAMMAR },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" name=2F0041 " FILE_TAIL, BOX_REFUSED, REASON_VALUE },
	{ DENIED "operation=\"open\" profile= name=\"/f\" " FILE_TAIL, BOX_REFUSED, REASON_VALUE },
	{ DENIED "operation=\"open\" profile=\"/bin/p\" error=-99999 name=\"/f\" " FILE_TAIL, BOX_REFUSED, REASON_VALUE },
};
/* clang-format on */

TEST(events)
{
	struct aa_event event;
	struct text t;
	unsigned int reason;

	for (size_t i = 0; i < sizeof(parsed) / sizeof(*parsed); i++) {
		EXPECT_EQ(BOX_PARSED, parse(parsed[i].text, &event, &reason))
		{
			TH_LOG("row %zu: %s: %s", i, parsed[i].text, account_reason(reason));
		}
		EXPECT_STREQ(parsed[i].wanted, describe_aa(&t, &event));
	}
}

TEST(boxes)
{
	struct aa_event event;
	unsigned int reason;

	for (size_t i = 0; i < sizeof(boxed) / sizeof(*boxed); i++) {
		EXPECT_EQ(boxed[i].box, parse(boxed[i].text, &event, &reason))
		{
			TH_LOG("row %zu: %s: %s", i, boxed[i].text, account_reason(reason));
		}
		EXPECT_EQ(boxed[i].reason, (enum reason)reason)
		{
			TH_LOG("row %zu: %s: %s", i, boxed[i].text, account_reason(reason));
		}
	}
}

/* A serial that the journal knows serves a record that was logged without its head. */
TEST(serial_of_the_journal)
{
	struct line line = { .serial = 77, .repeat = 1 };
	struct aa_event event;
	unsigned int reason;

	line.text.at = "AVC apparmor=\"DENIED\" operation=\"open\" " PROC FILE_TAIL;
	line.text.len = (uint32_t)strlen(line.text.at);
	EXPECT_EQ(BOX_PARSED, parse_apparmor(&line, &event, scratch, &reason));
	EXPECT_EQ(77, event.serial);
	line.text.at = DENIED "operation=\"open\" " PROC FILE_TAIL;
	line.text.len = (uint32_t)strlen(line.text.at);
	EXPECT_EQ(BOX_PARSED, parse_apparmor(&line, &event, scratch, &reason));
	EXPECT_EQ(54, event.serial);
}

/* Decoded names have a bound; nothing is written past it. */
TEST(memory)
{
	static char text[4 * LINE_SCRATCH];
	static char room[LINE_SCRATCH + 64];
	static const char head[] = DENIED "operation=\"open\" profile=\"/bin/p\" name=";
	struct line line = { .text = { text, 0 }, .repeat = 1 };
	struct aa_event event;
	unsigned int reason;
	size_t n;

	for (unsigned int over = 0; over < 2; over++) {
		memset(room, 'x', sizeof(room));
		strcpy(text, head);
		n = sizeof(head) - 1;
		memset(text + n, '4', 2 * (LINE_SCRATCH + over));
		n += 2 * (LINE_SCRATCH + over);
		strcpy(text + n, " " FILE_TAIL);
		line.text.len = (uint32_t)strlen(text);
		EXPECT_EQ(over ? BOX_REFUSED : BOX_PARSED,
			  parse_apparmor(&line, &event, room, &reason));
		EXPECT_EQ(over ? REASON_LONG : 0, reason);
		EXPECT_EQ('x', room[LINE_SCRATCH]);
	}
	EXPECT_EQ(0, event.name.len & 1);
}

/*
 * The 2014 program took what a line lacked from a later one, glued a capability to the next
 * record, found name= in capname=, and knew no hexadecimal names.
 */
TEST(nothing_from_elsewhere)
{
	static const char cap[] = DENIED
		"operation=\"capable\" profile=\"/bin/p\" pid=5 comm=\"c\" "
		"capability=23  capname=\"sys_nice\"";
	static const char open[] = DENIED
		"operation=\"open\" profile=\"/bin/q\" name=2F74 " FILE_TAIL;
	struct aa_event event;
	unsigned int reason;

	EXPECT_EQ(BOX_PARSED, parse(cap, &event, &reason));
	EXPECT_EQ(NULL, event.name.at);
	EXPECT_EQ(NULL, event.denied.at);
	EXPECT_EQ(BOX_PARSED, parse(open, &event, &reason));
	EXPECT_EQ(NULL, event.capname.at);
	EXPECT_TRUE(is_literal(&event.profile, "/bin/q"));
	EXPECT_TRUE(is_literal(&event.name, "/t"));
}

TEST_HARNESS_MAIN
