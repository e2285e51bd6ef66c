/* SPDX-License-Identifier: MIT */
/*
 * What netfilter's LOG prints of a packet, for iptables, nft, UFW and firewalld alike, and the
 * dialects of ulogd2 and Proxmox.
 *
 *	PREFIX IN=eth0 OUT= MAC=... SRC=... DST=... LEN=... PROTO=TCP SPT=... DPT=... ...
 *
 * Keys repeat: LEN is the packet's and then the datagram's, ID the packet's and then the
 * echo's, and an ICMP error holds a whole packet in brackets. So the words are read in their
 * order, once, and what is in brackets is passed over. A line that lacks what the kernel
 * always prints was cut, and whatever is in it is no event: its last number may be half of one.
 */
#include "syslogparse/input.h"

#include <arpa/inet.h>

#define MAX_DEVICE   15
#define KERNEL_LIMIT 1018 /* as much as nf_log_buf holds; it cuts what is longer */

/* Words that were seen. */
#define SEEN_SRC      0x0001u
#define SEEN_DST      0x0002u
#define SEEN_PROTO    0x0004u
#define SEEN_SPT      0x0008u
#define SEEN_DPT      0x0010u
#define SEEN_TYPE     0x0020u
#define SEEN_CODE     0x0040u
#define SEEN_WINDOW   0x0080u
#define SEEN_RES      0x0100u
#define SEEN_URGP     0x0200u
#define SEEN_LENGTH   0x0400u /* the packet's */
#define SEEN_DATAGRAM 0x0800u /* the datagram's LEN */
#define SEEN_SHORT    0x1000u /* the packet itself was cut */
#define SEEN_NOT_IP   0x2000u
#define SEEN_UID      0x4000u
#define SEEN_MARK     0x8000u

#define PROTO_ICMP    1
#define PROTO_TCP     6
#define PROTO_UDP     17
#define PROTO_ESP     50
#define PROTO_AH      51
#define PROTO_ICMPV6  58
#define PROTO_SCTP    132
#define PROTO_UDPL    136

struct packet {
	struct net_event *event;
	unsigned int seen;
	unsigned int family_src, family_dst;
	enum reason reason;
};

/* ---- values ---- */

/* Dotted, each number as the kernel prints it: inet_pton() takes no other form either. */
static bool take_ipv4(const struct bytes *text, uint8_t *to)
{
	const char *p = text->at, *end = text->at + text->len;

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int n = 0, digits = 0;

		if (i > 0 && (p == end || *p++ != '.'))
			return false;
		while (p < end && is_digit(*p) && digits < 3) {
			n = n * 10 + (unsigned int)(*p++ - '0');
			digits++;
		}
		if (digits == 0 || n > 255)
			return false;
		to[i] = (uint8_t)n;
	}
	return p == end;
}

/* Eight groups of four digits from the kernel, any form from ulogd. */
static bool take_ipv6(const struct bytes *text, uint8_t *to)
{
	char copy[INET6_ADDRSTRLEN];

	if (text->len >= sizeof(copy))
		return false;
	memcpy(copy, text->at, text->len);
	copy[text->len] = '\0';
	return inet_pton(AF_INET6, copy, to) == 1;
}

static unsigned int take_address(const struct bytes *text, uint8_t *to)
{
	if (text->len > 4 && memchr(text->at, ':', text->len))
		return take_ipv6(text, to) ? 6 : 0;
	return take_ipv4(text, to) ? 4 : 0;
}

static bool take_protocol(const struct bytes *text, uint8_t *to)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{ "TCP", PROTO_TCP },	    { "UDP", PROTO_UDP },   { "ICMP", PROTO_ICMP },
		{ "ICMPv6", PROTO_ICMPV6 }, { "ESP", PROTO_ESP },   { "AH", PROTO_AH },
		{ "UDPLITE", PROTO_UDPL },  { "SCTP", PROTO_SCTP },
	};
	uint64_t n;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (bytes_equal(text, names[i].name, strlen(names[i].name))) {
			*to = names[i].number;
			return true;
		}
	}
	if (!whole_number(text, 255, &n))
		return false;
	*to = (uint8_t)n;
	return true;
}

static bool take_hex(const struct bytes *text, uint32_t *to)
{
	uint32_t n = 0;

	if (text->len < 3 || text->len > 10 || memcmp(text->at, "0x", 2) != 0)
		return false;
	for (uint32_t i = 2; i < text->len; i++) {
		char c = text->at[i];
		unsigned int digit;

		if (is_digit(c))
			digit = (unsigned int)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned int)(c - 'a') + 10;
		else
			return false;
		n = n << 4 | digit;
	}
	*to = n;
	return true;
}

/* ---- keys ---- */

enum key {
	KEY_ADDRESS,
	KEY_PROTO,
	KEY_PORT,
	KEY_ICMP,
	KEY_LEN,
	KEY_FRAG,
	KEY_UID,
	KEY_MARK,
	KEY_MAC,
	KEY_DEVICE,
	KEY_FRAME,
	KEY_SEEN,
	KEY_NUMBER,
	KEY_ANY,
};

/* A key, what it is, where it goes and what it shows; the commonest first. */
static const struct key_row {
	const char *name;
	unsigned char len;
	unsigned char kind; /* enum key */
	unsigned short seen;
	unsigned short at;
} keys[] = {
#define ROW(name, kind, seen, at)                      \
	{                                              \
		name, sizeof(name) - 1, kind, seen, at \
	}
#define AT(member) offsetof(struct net_event, member)
	ROW("MAC", KEY_MAC, 0, AT(mac)),
	ROW("SRC", KEY_ADDRESS, SEEN_SRC, AT(src)),
	ROW("DST", KEY_ADDRESS, SEEN_DST, AT(dst)),
	ROW("LEN", KEY_LEN, 0, AT(len)),
	ROW("TOS", KEY_ANY, 0, 0),
	ROW("PREC", KEY_ANY, 0, 0),
	ROW("TTL", KEY_NUMBER, 0, 0),
	ROW("ID", KEY_ANY, 0, 0),
	ROW("PROTO", KEY_PROTO, SEEN_PROTO, 0),
	ROW("SPT", KEY_PORT, SEEN_SPT, AT(sport)),
	ROW("DPT", KEY_PORT, SEEN_DPT, AT(dport)),
	ROW("WINDOW", KEY_SEEN, SEEN_WINDOW, 0),
	ROW("RES", KEY_SEEN, SEEN_RES, 0),
	ROW("URGP", KEY_SEEN, SEEN_URGP, 0),
	ROW("SEQ", KEY_ANY, 0, 0),
	ROW("ACK", KEY_ANY, 0, 0),
	ROW("TC", KEY_NUMBER, 0, 0),
	ROW("HOPLIMIT", KEY_NUMBER, 0, 0),
	ROW("FLOWLBL", KEY_NUMBER, 0, 0),
	ROW("TYPE", KEY_ICMP, SEEN_TYPE, AT(icmp_type)),
	ROW("CODE", KEY_ICMP, SEEN_CODE, AT(icmp_code)),
	ROW("FRAG", KEY_FRAG, 0, 0),
	ROW("UID", KEY_UID, SEEN_UID, AT(uid)),
	ROW("GID", KEY_NUMBER, 0, AT(gid)),
	ROW("MARK", KEY_MARK, SEEN_MARK, AT(mark)),
	ROW("PHYSIN", KEY_DEVICE, 0, AT(physin)),
	ROW("PHYSOUT", KEY_DEVICE, 0, AT(physout)),
	ROW("MACSRC", KEY_MAC, 0, AT(mac)),
	ROW("MACPROTO", KEY_FRAME, 0, 0),
	ROW("IPSRC", KEY_ADDRESS, SEEN_SRC, AT(src)),
	ROW("IPDST", KEY_ADDRESS, SEEN_DST, AT(dst)),
#undef AT
#undef ROW
};

#define KEYS (sizeof(keys) / sizeof(*keys))

/* Words that stand alone. What they do is TCP's flags, or what was seen. */
static const struct {
	const char *name;
	unsigned short len, tcp, seen;
} words[] = {
#define WORD(name, tcp, seen)                     \
	{                                         \
		name, sizeof(name) - 1, tcp, seen \
	}
	WORD("SYN", TCP_SYN, 0),
	WORD("ACK", TCP_ACK, 0),
	WORD("DF", 0, 0),
	WORD("RST", TCP_RST, 0),
	WORD("FIN", TCP_FIN, 0),
	WORD("PSH", TCP_PSH, 0),
	WORD("URG", TCP_URG, 0),
	WORD("ECE", TCP_ECE, 0),
	WORD("CWR", TCP_CWR, 0),
	WORD("AE", TCP_AE, 0),
	WORD("MF", 0, 0),
	WORD("CE", 0, 0),
	WORD("OPT", 0, 0),
	WORD("(", 0, 0),
	WORD(")", 0, 0),
	WORD("AH", 0, 0),
	WORD("ESP", 0, 0),
	WORD("INCOMPLETE", 0, SEEN_SHORT),
	WORD("TRUNCATED", 0, SEEN_SHORT),
	WORD("TRUNC", 0, SEEN_SHORT),
	WORD("REQUEST", 0, 0),
	WORD("REPLY", 0, 0),
	WORD("NAK", 0, 0),
	WORD("Unknown", 0, 0),
	WORD("Ext", 0, 0),
	WORD("Hdr", 0, 0),
#undef WORD
};

#define WORDS (sizeof(words) / sizeof(*words))

static bool fail(struct packet *p, enum reason reason)
{
	p->reason = reason;
	return false;
}

static void *place(const struct packet *p, const struct key_row *key)
{
	return (char *)p->event + key->at;
}

static bool set_address(struct packet *p, const struct key_row *key, const struct bytes *value)
{
	unsigned int family = take_address(value, place(p, key));

	if (key->seen == SEEN_SRC)
		p->family_src = family;
	else
		p->family_dst = family;
	return family || fail(p, REASON_VALUE);
}

static bool set_protocol(struct packet *p, const struct bytes *value)
{
	if (is_literal(value, "ARP")) { /* of ulogd */
		p->event->flags |= NET_ARP;
		return true;
	}
	return take_protocol(value, &p->event->proto) || fail(p, REASON_VALUE);
}

static bool set_number(struct packet *p, const struct key_row *key, const struct bytes *value)
{
	uint64_t n, max = UINT32_MAX;
	uint16_t *port;

	if (key->kind == KEY_PORT)
		max = UINT16_MAX;
	else if (key->kind == KEY_ICMP)
		max = UINT8_MAX;
	if (!whole_number(value, max, &n))
		return fail(p, REASON_VALUE);
	if (key->kind == KEY_PORT) {
		port = place(p, key);
		*port = (uint16_t)n;
	} else if (key->kind == KEY_ICMP) {
		*(uint8_t *)place(p, key) = (uint8_t)n;
	} else if (key->kind == KEY_FRAG) {
		p->event->flags |= n ? NET_FRAGMENT : 0;
	} else if (key->at) {
		*(uint32_t *)place(p, key) = (uint32_t)n;
	}
	if (key->kind == KEY_UID)
		p->event->flags |= NET_HAS_UID;
	return true;
}

/* The first LEN is the packet's. */
static bool set_length(struct packet *p, const struct key_row *key, const struct bytes *value)
{
	uint64_t n;

	if (!(p->seen & SEEN_PROTO)) {
		if (p->seen & SEEN_LENGTH)
			return fail(p, REASON_TWICE);
		p->seen |= SEEN_LENGTH;
		return set_number(p, key, value);
	}
	if (p->seen & SEEN_DATAGRAM)
		return fail(p, REASON_TWICE);
	p->seen |= SEEN_DATAGRAM;
	return whole_number(value, UINT32_MAX, &n) || fail(p, REASON_VALUE);
}

static bool set_mark(struct packet *p, const struct bytes *value)
{
	uint64_t n;

	if (take_hex(value, &p->event->mark)) {
		n = p->event->mark;
	} else {
		if (!whole_number(value, UINT32_MAX, &n))
			return fail(p, REASON_VALUE);
		p->event->mark = (uint32_t)n;
	}
	p->event->flags |= n ? NET_HAS_MARK : 0;
	return true;
}

static bool is_mac(const struct bytes *value)
{
	for (uint32_t i = 0; i < value->len; i++) {
		char c = value->at[i];

		if (i % 3 == 2 ? c != ':' : !is_digit(c) && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return value->len % 3 == 2 || value->len == 0;
}

static bool set_bytes(struct packet *p, const struct key_row *key, const struct bytes *value)
{
	if (key->kind == KEY_MAC && !is_mac(value))
		return fail(p, REASON_VALUE);
	if (key->kind == KEY_DEVICE && (value->len > MAX_DEVICE || value->len == 0))
		return fail(p, REASON_VALUE);
	*(struct bytes *)place(p, key) = *value;
	return true;
}

static bool set_key(struct packet *p, const struct key_row *key, const struct bytes *value)
{
	if (p->seen & key->seen)
		return fail(p, REASON_TWICE);
	p->seen |= key->seen;
	switch ((enum key)key->kind) {
	case KEY_ADDRESS:
		return set_address(p, key, value);
	case KEY_PROTO:
		return set_protocol(p, value);
	case KEY_LEN:
		return set_length(p, key, value);
	case KEY_MARK:
		return set_mark(p, value);
	case KEY_MAC:
	case KEY_DEVICE:
		return set_bytes(p, key, value);
	case KEY_FRAME:
		if (!is_literal(value, "0800") && !is_literal(value, "86dd") &&
		    !is_literal(value, "0806"))
			p->seen |= SEEN_NOT_IP;
		return true;
	case KEY_PORT:
	case KEY_ICMP:
	case KEY_FRAG:
	case KEY_UID:
	case KEY_NUMBER:
		return set_number(p, key, value);
	case KEY_SEEN:
		return value->len > 0 || fail(p, REASON_VALUE);
	case KEY_ANY:
		return true;
	}
	return true;
}

/* ---- words, from the left ---- */

static bool see_word(struct packet *p, const struct bytes *word)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		if (bytes_equal(word, words[i].name, words[i].len)) {
			p->event->tcp |= words[i].tcp;
			p->seen |= words[i].seen;
			return true;
		}
	}
	if (is_literal(word, "ARP")) {
		p->event->flags |= NET_ARP;
		return true;
	}
	/* "OPT (0204...)", "[8 bytes]", and the number of an extension header. */
	if ((word->at[0] == '(' && word->at[word->len - 1] == ')') || is_digit(word->at[0]))
		return true;
	if (word->at[0] == '[' || is_literal(word, "bytes]"))
		return true;
	return fail(p, REASON_GRAMMAR);
}

/* Keys are in capitals; others than ours say nothing of what rules are made of. */
static bool is_key(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((at[i] < 'A' || at[i] > 'Z') && at[i] != '_')
			return false;
	}
	return len > 0;
}

static bool is_printable(const struct bytes *text)
{
	for (uint32_t i = 0; i < text->len; i++) {
		if (text->at[i] <= ' ' || text->at[i] > '~')
			return false;
	}
	return true;
}

static bool see_pair(struct packet *p, const struct bytes *word, const char *equal)
{
	size_t len = (size_t)(equal - word->at);
	struct bytes value = { equal + 1, (uint32_t)(word->len - len - 1) };

	for (unsigned int i = 0; i < KEYS; i++) {
		if (keys[i].len == len && memcmp(keys[i].name, word->at, len) == 0)
			return set_key(p, &keys[i], &value);
	}
	if (!is_key(word->at, len) || !is_printable(&value))
		return fail(p, REASON_GRAMMAR);
	return true;
}

/* The packet that an ICMP error is about, with what is in brackets in it. False: it is cut. */
static bool skip_nested(struct cursor *c)
{
	unsigned int depth = 0;

	for (; c->at < c->end; c->at++) {
		if (*c->at == '[')
			depth++;
		if (*c->at == ']' && --depth == 0) {
			c->at++;
			return true;
		}
	}
	return false;
}

/* What follows the interfaces, up to the end. */
static enum box see_words(struct packet *p, struct cursor *c)
{
	while (skip_spaces(c), left(c)) {
		struct bytes word;
		const char *equal;

		if (left(c) > 5 && memcmp(c->at, "[SRC=", 5) == 0) {
			p->event->flags |= NET_RELATED;
			if (!skip_nested(c))
				return BOX_TRUNCATED;
			continue;
		}
		word = take_word(c);
		equal = memchr(word.at, '=', word.len);
		if (is_literal(&word, "FRAG:") || is_literal(&word, "ID:")) { /* of ulogd */
			p->event->flags |= word.at[0] == 'F' ? NET_FRAGMENT : 0;
			skip_spaces(c);
			take_word(c);
			continue;
		}
		if (equal ? !see_pair(p, &word, equal) : !see_word(p, &word)) {
			/* The last word of a cut line can be half of one. */
			return left(c) || p->reason == REASON_TWICE ? BOX_REFUSED : BOX_TRUNCATED;
		}
	}
	return BOX_PARSED;
}

/* ---- the whole line ---- */

/* "IN=eth0 OUT= " at AT, with what may follow it; or without OUT, as Proxmox leaves it out. */
static bool take_interfaces(struct cursor *c, struct net_event *event)
{
	static const char *const next[] = {
		"PHYSIN=", "PHYSOUT=", "MAC=", "MACSRC=", "SRC=", "ARP "
	};
	struct cursor p = *c;

	event->in = take_word(&p);
	if (event->in.len > MAX_DEVICE)
		return false;
	event->out = (struct bytes){ event->in.at, 0 };
	if (left(&p) && !skip_char(&p, ' '))
		return false;
	if (skip_literal(&p, "OUT=")) {
		event->out = take_word(&p);
		if (event->out.len > MAX_DEVICE)
			return false;
		skip_spaces(&p);
		if (left(&p) == 0) {
			*c = p;
			return true;
		}
	}
	for (unsigned int i = 0; i < sizeof(next) / sizeof(*next); i++) {
		size_t n = strlen(next[i]);

		if (left(&p) >= n && memcmp(p.at, next[i], n) == 0) {
			*c = p;
			return true;
		}
	}
	return false;
}

/* The first "IN=" that begins what the kernel prints: a prefix may hold another. */
static bool find_interfaces(const struct bytes *text, struct cursor *c, struct net_event *event)
{
	const char *end = text->at + text->len, *at = text->at;

	while ((at = memchr(at, '=', (size_t)(end - at)))) {
		*c = (struct cursor){ at + 1, end };
		if (at - text->at >= 2 && at[-1] == 'N' && at[-2] == 'I' &&
		    take_interfaces(c, event)) {
			event->prefix = (struct bytes){ text->at, (uint32_t)(at - 2 - text->at) };
			return true;
		}
		at++;
	}
	return false;
}

/* A piece from the middle of what the kernel prints. */
static bool looks_cut(const struct bytes *text)
{
	return bytes_hold(text, "PROTO=") ||
	       (bytes_hold(text, "SPT=") && bytes_hold(text, "DPT=")) ||
	       (bytes_hold(text, "IN=") && bytes_hold(text, "OUT="));
}

/* Is all there that the kernel prints for such a packet? */
static bool is_complete(const struct packet *p)
{
	const struct net_event *e = p->event;
	unsigned int want = SEEN_SRC | SEEN_DST;

	if (e->flags & NET_ARP)
		return (p->seen & want) == want;
	want |= SEEN_PROTO | SEEN_LENGTH;
	if (!(e->flags & NET_FRAGMENT)) {
		if (e->proto == PROTO_TCP || e->proto == PROTO_UDP || e->proto == PROTO_UDPL)
			want |= SEEN_SPT | SEEN_DPT;
		if (e->proto == PROTO_TCP)
			want |= SEEN_WINDOW;
		if (e->proto == PROTO_UDP || e->proto == PROTO_UDPL)
			want |= SEEN_DATAGRAM;
		if (e->proto == PROTO_ICMP || e->proto == PROTO_ICMPV6)
			want |= SEEN_TYPE | SEEN_CODE;
		/* Flags are between RES and URGP; Proxmox has neither, but flags. */
		if (e->proto == PROTO_TCP && ((p->seen & SEEN_RES) || e->tcp == 0))
			want |= SEEN_URGP;
	}
	return (p->seen & want) == want;
}

static bool is_group(const struct net_event *e)
{
	static const uint8_t everybody[4] = { 255, 255, 255, 255 };

	if (e->family == 6)
		return e->dst[0] == 0xff;
	return (e->dst[0] & 0xf0) == 0xe0 || memcmp(e->dst, everybody, 4) == 0 ||
	       begins_literal(&e->mac, "ff:ff:ff:ff:ff:ff");
}

static void conclude(struct packet *p)
{
	struct net_event *e = p->event;

	e->family = (uint8_t)p->family_src;
	if (is_group(e))
		e->flags |= NET_MULTICAST;
	if ((p->seen & (SEEN_SPT | SEEN_DPT)) == (SEEN_SPT | SEEN_DPT))
		e->flags |= NET_HAS_PORTS;
	if (p->seen & SEEN_TYPE)
		e->flags |= NET_HAS_ICMP;
	if (memmem(e->prefix.at, e->prefix.len, "[UFW ", 5))
		e->flags |= NET_UFW;
	if (e->in.len)
		e->direction = e->out.len ? DIR_FORWARD : DIR_IN;
	else
		e->direction = DIR_OUT;
}

static enum box refuse(unsigned int *reason, enum reason why)
{
	*reason = why;
	return BOX_REFUSED;
}

enum box parse_netfilter(const struct line *line, struct net_event *event, unsigned int *reason)
{
	struct packet p = { .event = event };
	struct cursor c;
	enum box box;

	memset(event, 0, sizeof(*event));
	if (!find_interfaces(&line->text, &c, event))
		return looks_cut(&line->text) ? BOX_TRUNCATED : BOX_NOT_OURS;
	if ((line->flags & (LINE_HEAD_CUT | LINE_TAIL_CUT)) || line->text.len >= KERNEL_LIMIT)
		return BOX_TRUNCATED;
	box = see_words(&p, &c);
	if (box == BOX_REFUSED)
		return refuse(reason, p.reason);
	if (box == BOX_TRUNCATED)
		return box;
	if (p.seen & SEEN_NOT_IP)
		return refuse(reason, REASON_NOT_IP);
	if (p.seen & SEEN_SHORT)
		return refuse(reason, REASON_SHORT);
	if (!is_complete(&p))
		return BOX_TRUNCATED;
	if (p.family_src != p.family_dst)
		return refuse(reason, REASON_VALUE);
	if (event->in.len == 0 && event->out.len == 0)
		return refuse(reason, REASON_NO_INTERFACE);
	conclude(&p);
	return BOX_PARSED;
}
