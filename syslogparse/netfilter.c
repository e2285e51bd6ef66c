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
#include "syslogparse/netfilter.h"

#define KERNEL_LIMIT 1018 /* as much as nf_log_buf holds; it cuts what is longer */

/* ---- words, from the left ---- */

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

/* A word, and how long the key before its first "=" is; as long as itself: it has none. */
static inline struct bytes take_token(struct cursor *c, uint32_t *key_len)
{
	const char *start = c->at, *p = start;
	struct bytes word;

	while (p < c->end && *p != ' ' && *p != '=')
		p++;
	*key_len = (uint32_t)(p - start);
	while (p < c->end && *p != ' ')
		p++;
	c->at = p;
	word = (struct bytes){ start, (uint32_t)(p - start) };
	return word;
}

/* "FRAG:185" of a part that is not the first, "ID:0000abcd"; ulogd puts a space after the ":". */
static bool see_fragment(struct packet *p, struct cursor *c, struct bytes word)
{
	uint32_t key_len = word.at[0] == 'F' ? 5 : 3;
	struct bytes value = { word.at + key_len, word.len - key_len };
	uint64_t n;

	if (value.len == 0) {
		skip_spaces(c);
		value = take_word(c);
	}
	p->reason = REASON_VALUE;
	if (key_len == 3)
		return value.len > 0;
	if (!whole_number(&value, UINT16_MAX, &n))
		return false;
	if (n)
		p->event->flags |= NET_FRAGMENT;
	return true;
}

/* What follows the interfaces, up to the end. */
static enum box see_words(struct packet *p, struct cursor *c)
{
	while (skip_spaces(c), left(c)) {
		struct bytes word;
		uint32_t key_len;

		if (*c->at == '[' && left(c) > 5 && memcmp(c->at, "[SRC=", 5) == 0) {
			p->event->flags |= NET_RELATED;
			if (!skip_nested(c))
				return BOX_TRUNCATED;
			continue;
		}
		word = take_token(c, &key_len);
		if (key_len == word.len &&
		    (begins_literal(&word, "FRAG:") || begins_literal(&word, "ID:"))) {
			if (!see_fragment(p, c, word))
				return left(c) ? BOX_REFUSED : BOX_TRUNCATED;
			continue;
		}
		if (key_len < word.len ? !netfilter_pair(p, &word, key_len) :
					 !netfilter_word(p, &word)) {
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
	*c = p;
	return skip_literal(&p, "MAC=") || skip_literal(&p, "SRC=") ||
	       skip_literal(&p, "PHYSIN=") || skip_literal(&p, "PHYSOUT=") ||
	       skip_literal(&p, "MACSRC=") || skip_literal(&p, "ARP ");
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
		if (e->proto == PROTO_TCP && ((p->seen & SEEN_DUE) || e->tcp == 0))
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

/* ICMP's errors are about a packet, which not every dialect prints. */
static bool is_error(const struct net_event *e)
{
	uint8_t type = e->icmp_type;

	if (e->proto == PROTO_ICMPV6)
		return type >= 1 && type <= 4;
	return e->proto == PROTO_ICMP &&
	       (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
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
		e->flags |= NET_HAS_ICMP | (is_error(e) ? NET_RELATED : 0);
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
