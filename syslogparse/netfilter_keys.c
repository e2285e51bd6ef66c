/* SPDX-License-Identifier: MIT */
/*
 * The words of netfilter's LOG: what each key's value is, and where it goes.
 *
 * A value is taken whole or not at all: an address, a port or a number that is not just that
 * refuses its line. Keys that are not known are passed over if they look like the kernel's;
 * words are not, for a word between two lines that ran into each other is none of its own.
 */
#include "syslogparse/netfilter.h"

#include <arpa/inet.h>

/* ---- values ---- */

/* For a few bytes, of which the first differs as a rule, a call would be most of the work. */
static inline bool same(const char *a, const char *b, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

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

	if (text->len >= sizeof(copy) || memchr(text->at, '\0', text->len))
		return false;
	memcpy(copy, text->at, text->len);
	copy[text->len] = '\0';
	return inet_pton(AF_INET6, copy, to) == 1;
}

static unsigned int take_address(const struct bytes *text, uint8_t *to)
{
	if (memchr(text->at, ':', text->len))
		return take_ipv6(text, to) ? 6 : 0;
	return take_ipv4(text, to) ? 4 : 0;
}

static const struct {
	const char *name;
	uint8_t len;
	uint8_t number;
	uint8_t family; /* in which the kernel says it so; 0: both, 255: ulogd says it */
} protocols[] = {
	{ "TCP", 3, PROTO_TCP, 0 },	  { "UDP", 3, PROTO_UDP, 0 },
	{ "ICMP", 4, PROTO_ICMP, 4 },	  { "ESP", 3, PROTO_ESP, 0 },
	{ "ICMPv6", 6, PROTO_ICMPV6, 6 }, { "AH", 2, PROTO_AH, 0 },
	{ "SCTP", 4, PROTO_SCTP, 255 },	  { "UDPLITE", 7, PROTO_UDPL, 0 },
};

#define PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

/* A number that has a name is half of another one: "1" of "132". */
static bool take_protocol(const struct bytes *text, unsigned int family, uint8_t *to)
{
	uint64_t n;

	for (unsigned int i = 0; i < PROTOCOLS; i++) {
		if (protocols[i].len == text->len && same(protocols[i].name, text->at, text->len)) {
			*to = protocols[i].number;
			return true;
		}
	}
	if (!whole_number(text, 255, &n))
		return false;
	for (unsigned int i = 0; i < PROTOCOLS; i++) {
		if (protocols[i].number == n &&
		    (protocols[i].family == 0 || protocols[i].family == family))
			return false;
	}
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
	KEY_UID,
	KEY_MARK,
	KEY_MAC,
	KEY_DEVICE,
	KEY_FRAME,
	KEY_SEEN,
	KEY_TOS,
	KEY_NUMBER,
	KEY_ANY,
};

/* A key, what it is, where it goes and what it shows; in the kernel's order. */
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
	ROW("PHYSIN", KEY_DEVICE, 0, AT(physin)),
	ROW("PHYSOUT", KEY_DEVICE, 0, AT(physout)),
	ROW("MAC", KEY_MAC, 0, AT(mac)),
	ROW("SRC", KEY_ADDRESS, SEEN_SRC, AT(src)),
	ROW("DST", KEY_ADDRESS, SEEN_DST, AT(dst)),
	ROW("LEN", KEY_LEN, 0, AT(len)),
	ROW("TOS", KEY_TOS, 0, 0),
	ROW("PREC", KEY_ANY, 0, 0),
	ROW("TTL", KEY_NUMBER, 0, 0),
	ROW("ID", KEY_ANY, 0, 0),
	ROW("PROTO", KEY_PROTO, SEEN_PROTO, 0),
	ROW("SPT", KEY_PORT, SEEN_SPT, AT(sport)),
	ROW("DPT", KEY_PORT, SEEN_DPT, AT(dport)),
	ROW("SEQ", KEY_ANY, 0, 0),
	ROW("ACK", KEY_ANY, 0, 0),
	ROW("WINDOW", KEY_SEEN, SEEN_WINDOW, 0),
	ROW("RES", KEY_SEEN, SEEN_DUE, 0),
	ROW("URGP", KEY_SEEN, SEEN_URGP, 0),
	ROW("TYPE", KEY_ICMP, SEEN_TYPE, AT(icmp_type)),
	ROW("CODE", KEY_ICMP, SEEN_CODE, AT(icmp_code)),
	ROW("TC", KEY_NUMBER, 0, 0),
	ROW("HOPLIMIT", KEY_NUMBER, 0, 0),
	ROW("FLOWLBL", KEY_NUMBER, 0, 0),
	ROW("UID", KEY_UID, SEEN_UID, AT(uid)),
	ROW("GID", KEY_NUMBER, 0, AT(gid)),
	ROW("MARK", KEY_MARK, SEEN_MARK, AT(mark)),
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
	return take_protocol(value, p->family_src, &p->event->proto) || fail(p, REASON_VALUE);
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

static bool is_hex_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Pairs with ":" between them; none on links that have no addresses. */
static bool is_mac(const struct bytes *value)
{
	const char *at = value->at, *end = at + value->len;

	for (; end - at > 2; at += 3) {
		if (!is_hex_digit(at[0]) || !is_hex_digit(at[1]) || at[2] != ':')
			return false;
	}
	return value->len == 0 || (end - at == 2 && is_hex_digit(at[0]) && is_hex_digit(at[1]));
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
	case KEY_UID:
	case KEY_NUMBER:
		return set_number(p, key, value);
	case KEY_TOS: /* without "0x" of ulogd, which has no RES */
		p->seen |= value->len == 2 ? SEEN_DUE : 0;
		return true;
	case KEY_SEEN:
		return value->len > 0 || fail(p, REASON_VALUE);
	case KEY_ANY:
		return true;
	}
	return true;
}

/* ---- pairs and words ---- */

bool netfilter_word(struct packet *p, const struct bytes *word)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		if (words[i].len == word->len && same(words[i].name, word->at, word->len)) {
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

bool netfilter_pair(struct packet *p, const struct bytes *word, uint32_t key_len)
{
	struct bytes value = { word->at + key_len + 1, word->len - key_len - 1 };

	/* The rows are in the kernel's order, so the first try is the right one, as a rule. */
	for (unsigned int i = 0; i < KEYS; i++) {
		unsigned int row = p->next;

		p->next = row + 1 < KEYS ? row + 1 : 0;
		if (keys[row].len == key_len && same(keys[row].name, word->at, key_len))
			return set_key(p, &keys[row], &value);
	}
	if (!is_key(word->at, key_len) || !is_printable(&value))
		return fail(p, REASON_GRAMMAR);
	return true;
}
