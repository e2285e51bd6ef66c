/* SPDX-License-Identifier: MIT */
/*
 * SyslogParse: hostile logs to loadable rules.
 *
 * Theory of operation
 *
 *   bytes --> chunks --> lines --> events --> tally --> rules --> text
 *         reader.c    frame*.c   netfilter.c  tally.c   firewall.c  iptables.c nft.c ufw.c
 *                                apparmor*.c            profile.c   profile_text.c json.c
 *
 * All of that runs in the worker, which has confined itself before it reads the first byte.
 * Every line ends in exactly one box of struct account, and the boxes add up to the lines.
 * What is kept is events that differ, never text: memory does not grow with the log. Nothing
 * in here opens a file by name; descriptors come from the broker (broker.h).
 *
 * Text from a log is bytes that an attacker chose: struct bytes, never NUL-terminated, and
 * escaped by each writer for the syntax that it writes.
 */
#ifndef SYSLOGPARSE_SYSLOGPARSE_H
#define SYSLOGPARSE_SYSLOGPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bytes {
	const char *at; /* NULL: not there */
	uint32_t len;
};

#define TIME_UNKNOWN INT64_MIN

/* ---- what is asked for (options.c) ---- */

enum what { WHAT_FIREWALL, WHAT_APPARMOR };

enum format { FORMAT_IPTABLES, FORMAT_NFT, FORMAT_UFW, FORMAT_PROFILE, FORMAT_JSON };

/* Who can have written a line, the most trustworthy first. */
enum origin {
	ORIGIN_AUDIT_LOG,   /* auditd's own file, which root alone writes */
	ORIGIN_JOURNAL,	    /* the journal says that the kernel sent it (_TRANSPORT) */
	ORIGIN_KERNEL_TEXT, /* a flat file names the kernel; "logger -t kernel" looks the same */
	ORIGIN_PROCESS,	    /* any process; refused unless --trust=process */
	ORIGINS,
};

struct options {
	enum what what;
	enum format format;
	enum origin trust;  /* the least that is trusted: ORIGIN_KERNEL_TEXT */
	const char *action; /* of firewall rules: accept, drop, reject, log */
	double collapse; /* prefixes: the share of a prefix's addresses that must be there; 0: off */
	unsigned int abi;	 /* of AppArmor's parser: 30 or 40 */
	bool glob;		 /* shorten paths by the conservative rule */
	unsigned int max_danger; /* 10: all rules */
	unsigned int threads;	 /* 0: one a processor */
	unsigned int year;	 /* of the first stamp without one; 0: see struct source */
	bool stats;
};

/* ---- lines (frame.c and its neighbours) ---- */

#define LINE_HEAD_CUT 0x01u /* its beginning is missing */
#define LINE_TAIL_CUT 0x02u /* its end is missing */

/* A line without its framing. All bytes point into the chunk, or into memory of the chunk's. */
struct line {
	uint64_t number; /* of the physical line, from 1; of the entry in a journal's export */
	int64_t time_us; /* since 1970; UTC, unless the stamp has no zone; TIME_UNKNOWN */
	uint64_t serial; /* of the audit record, if the framing has it; 0 */
	enum origin origin;
	struct bytes host, ident; /* as the framing has them */
	struct bytes text;	  /* the message itself */
	unsigned int repeat;	  /* times that it stands for; 1 */
	unsigned int flags;
};

/* Where lines end up; each in one box. */
enum box {
	BOX_PARSED,	/* an event came of it */
	BOX_NOT_OURS,	/* nothing that we look for */
	BOX_REFUSED,	/* ours, but wrong: see struct account's reasons */
	BOX_TRUNCATED,	/* ours, but cut; never becomes a rule */
	BOX_SUSPICIOUS, /* ours, but its origin can be forged more easily than is trusted */
	BOX_LOST,	/* a notice that events were lost: the log is incomplete */
	BOXES,
};

#define REASONS 32

struct account {
	uint64_t lines, bytes, boxes[BOXES];
	uint64_t lost_events;	   /* as many as the notices tell of */
	uint64_t reasons[REASONS]; /* why lines were refused; names by account_reason() */
};

const char *account_reason(unsigned int reason); /* NULL past the last one */
const char *box_name(enum box box);
void account_add(struct account *into, const struct account *from);

/* ---- events ---- */

enum direction { DIR_IN, DIR_OUT, DIR_FORWARD };

#define NET_FRAGMENT  0x0001u /* not the first: no ports */
#define NET_MULTICAST 0x0002u /* destination is multicast or broadcast */
#define NET_REPLY     0x0004u /* belongs to established traffic (see firewall.c) */
#define NET_HAS_PORTS 0x0008u
#define NET_HAS_ICMP  0x0010u
#define NET_HAS_UID   0x0020u
#define NET_HAS_MARK  0x0040u
#define NET_ARP	      0x0080u
#define NET_UFW	      0x0100u /* by a rate-limited rule of UFW's: a sample */
#define NET_RELATED   0x0200u /* an ICMP error, which is about another packet */

/* TCP flags, as on the wire. */
#define TCP_FIN 0x001u
#define TCP_SYN 0x002u
#define TCP_RST 0x004u
#define TCP_PSH 0x008u
#define TCP_ACK 0x010u
#define TCP_URG 0x020u
#define TCP_ECE 0x040u
#define TCP_CWR 0x080u
#define TCP_AE	0x100u

struct net_event {
	enum direction direction;
	uint8_t family; /* 4, 6; ARP is 4 with NET_ARP */
	uint8_t proto;	/* IP protocol number */
	uint16_t flags, tcp;
	uint8_t src[16], dst[16]; /* IPv4 in the first 4 */
	uint16_t sport, dport;
	uint8_t icmp_type, icmp_code;
	uint32_t uid, gid, mark, len;
	struct bytes prefix, in, out, physin, physout, mac;
};

enum aa_type { AA_ALLOWED, AA_DENIED, AA_AUDIT, AA_HINT, AA_STATUS, AA_ERROR, AA_KILLED, AA_AUTO };

enum aa_class {
	AA_FILE,
	AA_CAP,
	AA_NET,
	AA_UNIX,
	AA_MOUNT, /* also umount, remount, pivot_root: by the operation */
	AA_PTRACE,
	AA_SIGNAL,
	AA_MQUEUE,
	AA_IO_URING,
	AA_USERNS,
	AA_RLIMIT,
	AA_DBUS,
	AA_CHANGE, /* change_profile, change_hat, onexec, stack */
	AA_OTHER,  /* known to be AppArmor's, and no rule allows it */
};

#define AA_HAS_FSUID 0x01u
#define AA_HAS_OUID  0x02u
#define AA_HAS_PORT  0x04u

/*
 * An AppArmor event; names are decoded (hexadecimal or not). A field that the event does
 * not have is { NULL, 0 }. Names follow the kernel's keys.
 */
struct aa_event {
	enum aa_type type;
	enum aa_class class;
	int error; /* 0, or -errno as logged */
	unsigned int flags;
	uint64_t serial;  /* audit(TIME:SERIAL), 0: none; with the time it names the event */
	int64_t audit_us; /* that TIME, or TIME_UNKNOWN; the reader puts it in the line, too */
	uint32_t fsuid, ouid, pid;
	uint16_t lport, fport;
	struct bytes operation, info, namespace, profile, label, name, comm;
	struct bytes requested, denied, target, peer, peer_label;
	struct bytes capname, family, sock_type, protocol, laddr, faddr, addr, peer_addr;
	struct bytes fstype, srcname, flagtext, options, signal, rlimit, value, execpath;
	struct bytes bus, path, interface, member;
};

/*
 * Names are put in order by the parser, so that there is one way to ask:
 *
 *   profile	also from label=; with its hats and children as logged
 *   denied	also from denied= and mask=; "r::" and "::r" of old kernels are "r", the first
 *		with fsuid and ouid the same
 *   requested	also from requested=
 *   target	also from name2=
 *   peer_label	also from peer_profile= and tcontext=
 *   member	also from method=
 *   capname	also from name= of old kernels
 *   laddr	also from saddr=, and faddr, lport, fport from daddr=, src=, dest=
 *
 * Only what can become a rule is BOX_PARSED: the type is ALLOWED, DENIED, KILLED or AUTO, there
 * is a profile, a file event has a name and a mask. The rest is BOX_REFUSED with its reason.
 */

struct event {
	enum what what;
	const struct line *line;
	union {
		struct net_event net;
		struct aa_event aa;
	};
};

/*
 * What a line says: BOX_PARSED with *EVENT filled, or the box that it belongs to, with
 * *REASON for BOX_REFUSED. WHAT is what is looked for. Bytes of *EVENT point into the line, or
 * into SCRATCH (decoded names), of which LINE_SCRATCH bytes are there.
 */
#define LINE_SCRATCH 65536u

enum box parse_netfilter(const struct line *line, struct net_event *event, unsigned int *reason);
enum box parse_apparmor(const struct line *line, struct aa_event *event, char *scratch,
			unsigned int *reason);

/* ---- the reader (reader.c, gzip.c): descriptors to events, in threads ---- */

struct tally;

struct source {
	int fd;
	const char *name;   /* for comments; escaped by who prints it */
	int64_t changed_us; /* its last change: no stamp without a year is later; TIME_UNKNOWN */
};

/*
 * Read all of SOURCES, plain or gzip, in whatever framing each line has, and put each event in
 * TALLY. The result depends on nothing but the bytes: neither on how reads cut them nor on the
 * number of threads. 0 or -errno; *AT is the source that it was about.
 */
int read_sources(const struct source *sources, unsigned int n, const struct options *options,
		 struct tally *tally, struct account *account, unsigned int *at);
const char *source_problem(int error); /* what -errno of read_sources() says of a source */

/* ---- the tally (tally.c): events that differ, counted ---- */

#define SAMPLES 3 /* line numbers that are kept as evidence */

struct evidence {
	uint64_t count;		   /* with repeats */
	int64_t first_us, last_us; /* TIME_UNKNOWN: no line had a time */
	uint64_t sample[SAMPLES];  /* the lowest line numbers, 0: none */
	uint16_t source[SAMPLES];  /* and the sources' indices */
};

/* One for each thread; merged in the end. The order of adding and merging does not show. */
struct tally *tally_new(const struct options *options);
int tally_add(struct tally *tally, const struct event *event, unsigned int source);
int tally_merge(struct tally *into, struct tally *from); /* empties FROM */
void tally_free(struct tally *tally);

/* ---- rules and their text ---- */

struct danger {
	unsigned int score; /* 0..10 */
	char why[160];	    /* "writes below /etc; any source" */
};

/* Write the rules for all that TALLY holds to OUT. 0 or -errno. */
int write_rules(FILE *out, const struct tally *tally, const struct options *options,
		const struct source *sources, const struct account *account);

#endif
