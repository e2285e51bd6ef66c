/* SPDX-License-Identifier: MIT */
/*
 * The half of SyslogParse that writes: what the files between the tally and the text share.
 *
 *   tally --> records, sorted --> rules of the firewall, or rows of profiles --> a writer
 *   tally.c key.c               firewall.c prefix.c     profile*.c     iptables.c nft.c ufw.c
 *                                                                      profile_text.c json.c
 *
 * A writer emits what it made itself, and bytes of a log through one of the functions of
 * escape.c alone. What cannot be said in the writer's syntax becomes a comment, never a guess.
 */
#ifndef SYSLOGPARSE_OUTPUT_H
#define SYSLOGPARSE_OUTPUT_H

#include "syslogparse/syslogparse.h"

/* ---- memory for the time of writing (pool.c): one release, and no release on the way ---- */

struct pool {
	struct pool_block *blocks;
	bool failed; /* some allocation failed; it stays so */
};

void *pool_get(struct pool *pool, size_t size); /* zeroed; NULL: failed */
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pool_free(struct pool *pool);

/* ---- bytes (escape.c) ---- */

#define BYTES(literal) ((struct bytes){ (literal), (uint32_t)(sizeof(literal) - 1) })

bool bytes_are(struct bytes a, const char *text);
bool bytes_same(struct bytes a, struct bytes b);
bool bytes_start(struct bytes a, const char *text);
int bytes_order(struct bytes a, struct bytes b); /* as memcmp(), the shorter first */

/* For comments, and for the strings of JSON: ASCII as it is, '\\' doubled, the rest \xNN. */
#define ESCAPED_SIZE(len) ((size_t)(len)*4 + 1)
size_t escape_into(char *to, struct bytes text); /* its length; TO has ESCAPED_SIZE() */
char *escape_text(struct pool *pool, struct bytes text);

/* A word that no syntax can misread: letters, digits and these of EXTRA. */
bool plain_word(struct bytes text, const char *extra);

/*
 * TEXT as a name that AppArmor's parser reads as just these bytes: in quotes if need be, with
 * what it takes for a pattern escaped. NULL if it cannot be said (a NUL), or no memory.
 */
char *escape_apparmor(struct pool *pool, struct bytes text);

/* ---- records of the tally (tally.c, key.c) ---- */

struct record {
	uint64_t hash;
	const unsigned char *key;
	uint32_t len;
	uint32_t seen;	 /* NET_UFW, if any of them was a sample */
	uint64_t serial; /* lines that had an audit serial */
	uint64_t unique; /* and as many different ones */
	struct evidence evidence;
};

/* All records in the order of their keys, for the caller to free. */
int tally_list(const struct tally *tally, const struct record ***list, size_t *n);

/* RECORD's evidence; one event that several logs hold counts once. */
struct evidence tally_evidence(const struct tally *tally, const struct record *record);
bool tally_flooded(const struct tally *tally); /* counts are of lines, copies included */
void evidence_join(struct evidence *into, const struct evidence *from);
void evidence_note(struct evidence *into, const struct line *line, unsigned int source);

enum net_class {
	NET_NEW,	 /* opens a connection: what rules are for */
	NET_NOISE,	 /* the same, to a multicast or broadcast address */
	NET_ESTABLISHED, /* belongs to a connection that there was */
	NET_INVALID,	 /* TCP that belongs to none and cannot open one: scans */
	NET_RULELESS,	 /* ARP, fragments, and what has lost its ports */
};

/*
 * What is kept of a packet: bytes without padding, the larger digits first and unused ones
 * zero, so that the order of bytes is the order in which rules are made. What is before the
 * port is the match that rules have in common. The far end is who a packet comes from, going
 * out whom it goes to.
 */
struct net_key {
	uint8_t direction, class, family, proto;
	uint8_t has, icmp; /* KEY_* */
	uint8_t uid[4];
	char in[16], out[16]; /* not ended by a NUL when they fill it */
	uint8_t port[2];      /* of the service */
	uint8_t near[16], far[16];
};

#define KEY_MATCH offsetof(struct net_key, port)

#define KEY_PORT  1u
#define KEY_ICMP  2u
#define KEY_UID	  4u
#define KEY_ARP	  8u

void net_key(struct net_key *key, const struct net_event *event);
uint16_t key_port(const struct net_key *key);
uint32_t key_uid(const struct net_key *key);
const uint8_t *key_source(const struct net_key *key);
const uint8_t *key_destination(const struct net_key *key);

/* What is kept of an AppArmor event: aa_unpack() gives the same event, without the rest. */
#define AA_OWNER   0x100u /* fsuid and ouid were the same */
#define AA_KEY_MAX (LINE_SCRATCH + 512u)

int aa_pack(unsigned char *key, uint32_t *len, const struct aa_event *event); /* AA_KEY_MAX */
void aa_unpack(struct aa_event *event, const unsigned char *key, uint32_t len);
const char *aa_kept(const struct aa_event *event, unsigned int i,
		    struct bytes *value); /* NULL: end */
bool aa_makes_rules(enum aa_type type);	  /* ALLOWED, DENIED, KILLED, AUTO */

/* ---- prefixes (prefix.c) ---- */

struct prefix {
	uint8_t at[16];
	uint8_t len;
};

struct prefixes {
	struct prefix *list;
	uint32_t n;
};

/*
 * Collapse N addresses of BYTES bytes (4 or 16), sorted and all different, to prefixes.
 *
 * A prefix stands for its addresses if at least SHARE of all the addresses in it are among
 * them; the widest such prefix is taken, but none wider than /16 (IPv6: /48), and always the
 * narrowest that holds its addresses. So SHARE 1 changes nothing but the spelling, and SHARE 0
 * means off. LIST has room for N.
 */
void prefix_collapse(struct prefixes *out, const uint8_t (*addresses)[16], uint32_t n,
		     unsigned int bytes, double share);
int prefix_print(char *text, size_t size, const struct prefix *prefix, unsigned int bytes);

/* ---- rules of the firewall (firewall.c) ---- */

struct ports {
	uint16_t first, last;
};

struct fw_rule {
	struct net_key match; /* all but the port and the addresses */
	struct prefixes src, dst;
	struct ports *ports;
	uint32_t n_ports;
	uint32_t addresses; /* different ones at the far end */
	bool sampled;
	bool left_out;	    /* beyond max_danger */
	const char *cannot; /* why no rule can be written, or NULL */
	struct evidence evidence;
	struct danger danger;
};

struct fw_rules {
	struct fw_rule *list;
	uint32_t n;
	struct evidence other[3][NET_RULELESS + 1]; /* by direction: what makes no rule */
};

int firewall_rules(struct fw_rules *rules, const struct tally *tally, const struct options *options,
		   struct pool *pool);

/* ---- danger (danger.c): 0 to 10, from tables, with reasons ---- */

void danger_add(struct danger *danger, unsigned int by, const char *why);
void danger_firewall(struct danger *danger, const struct fw_rule *rule, const char *action);
bool danger_capability(struct danger *danger, struct bytes name); /* false: not known */
void danger_network(struct danger *danger, const char *family, const char *type);

struct file_access {
	struct bytes path;
	bool read, write, run; /* run: also to map it executable */
	bool owner;
};

void danger_file(struct danger *danger, const struct file_access *access);

/* ---- what the writers share (rules.c) ---- */

struct writer {
	FILE *out;
	const struct options *options;
	const struct source *sources;
	const struct account *account;
	const struct tally *tally;
	struct pool *pool;
};

const char *time_text(char *text, size_t size, int64_t time_us);
struct bytes source_name(const struct writer *w, uint16_t source);
void put_escaped(struct writer *w, struct bytes text);
/* "12 times, 2024-03-01T10:00:00Z to ...; syslog:3 syslog:9" */
void put_evidence(struct writer *w, const struct evidence *evidence);
/* Comment lines with the facts of a rule; INDENT goes before each '#'. */
void put_facts(struct writer *w, const char *indent, const struct fw_rule *rule);
void put_others(struct writer *w, const char *indent, const struct fw_rules *rules,
		enum direction direction);
void put_left_out(struct writer *w, const char *indent, const struct fw_rule *rule,
		  const char *why);
bool rule_left_out(struct writer *w, const char *indent, const struct fw_rule *rule);
const char *protocol_name(uint8_t proto); /* NULL: the number has none */
const char *direction_name(enum direction direction);

int write_iptables(struct writer *w, const struct fw_rules *rules);
int write_nft(struct writer *w, const struct fw_rules *rules);
int write_json(struct writer *w);
int write_ufw(struct writer *w, const struct fw_rules *rules);

#endif
