/* SPDX-License-Identifier: MIT */
/*
 * What of an event is kept: the key that it has in the tally.
 *
 * A log of any length must fit, as long as what it tells of repeats itself. So what differs
 * with each packet and no rule can use is dropped: the port of the client, lengths, TTLs, the
 * prefix (some hold a time), marks. The same for AppArmor: process ids, the caller's name,
 * addresses and ports of sockets, which no rule of its ABIs 3.0 and 4.0 can name.
 *
 * Which port is the client's is told by the class of a packet:
 *
 *   TCP	SYN alone opens a connection, to its destination port. With ACK or RST it
 *		belongs to one. Anything else, no flag at all included, is a scan's.
 *   UDP	from a port below 1024 to one from 32768 on (Linux's ephemeral range begins
 *		there): an answer
 *   ICMP	errors, and the answers to echo, timestamp and mask requests
 *
 * Being wrong about it costs a rule that could have been there, and never opens a port.
 */
#include "syslogparse/output.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define SERVICES  1024u
#define EPHEMERAL 32768u

/* ---- packets ---- */

static bool is_multicast(const struct net_event *event)
{
	static const char all[] = "ff:ff:ff:ff:ff:ff";
	const uint8_t *dst = event->dst;

	if (event->flags & NET_MULTICAST)
		return true;
	if (event->family == 6)
		return dst[0] == 0xff;
	if ((dst[0] & 0xf0) == 0xe0 || !memcmp(dst, "\xff\xff\xff\xff", 4))
		return true;
	return bytes_start(event->mac, all);
}

static bool is_answer(const struct net_event *event)
{
	uint8_t type = event->icmp_type;

	if (event->proto == IPPROTO_ICMP)
		return type == 0 || (type >= 3 && type <= 5) || type == 11 || type == 12 ||
		       type == 14 || type == 18;
	if (event->proto == IPPROTO_ICMPV6)
		return (type >= 1 && type <= 4) || type == 129;
	return event->sport < SERVICES && event->dport >= EPHEMERAL;
}

static enum net_class tcp_class(const struct net_event *event)
{
	unsigned int flags = event->tcp;

	if (flags & (TCP_ACK | TCP_RST))
		return NET_ESTABLISHED;
	return (flags & (TCP_SYN | TCP_FIN)) == TCP_SYN ? NET_NEW : NET_INVALID;
}

/* Either protocol in the other family's packets is one like any other. */
static bool is_icmp(const struct net_event *event)
{
	return event->proto == (event->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static bool wants_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE;
}

static enum net_class classify(const struct net_event *event)
{
	unsigned int flags = event->flags;
	bool ports = wants_ports(event->proto);
	bool icmp = is_icmp(event);
	enum net_class class = NET_NEW;

	if (flags & (NET_ARP | NET_FRAGMENT) || (ports && !(flags & NET_HAS_PORTS)) ||
	    (icmp && !(flags & NET_HAS_ICMP)))
		return NET_RULELESS;
	if (flags & (NET_REPLY | NET_RELATED))
		return NET_ESTABLISHED;
	if (event->proto == IPPROTO_TCP)
		class = tcp_class(event);
	else if ((ports || icmp) && is_answer(event))
		class = NET_ESTABLISHED;
	if (class == NET_NEW && is_multicast(event))
		class = NET_NOISE;
	return class;
}

static void keep_name(char *to, struct bytes name)
{
	memcpy(to, name.at ? name.at : "", name.len < 16 ? name.len : 16);
}

static void keep_ends(struct net_key *key, const struct net_event *event)
{
	size_t size = event->family == 4 ? 4 : 16;
	bool out = event->direction == DIR_OUT;

	memcpy(key->near, out ? event->src : event->dst, size);
	memcpy(key->far, out ? event->dst : event->src, size);
}

static void keep_port(struct net_key *key, const struct net_event *event)
{
	uint16_t port = event->dport;

	/* Either end may have opened the connection: the lower port is the service's. */
	if (key->class == NET_ESTABLISHED && event->sport < port)
		port = event->sport;
	key->has |= KEY_PORT;
	key->port[0] = (uint8_t)(port >> 8);
	key->port[1] = (uint8_t)port;
}

void net_key(struct net_key *key, const struct net_event *event)
{
	memset(key, 0, sizeof(*key));
	key->direction = (uint8_t)event->direction;
	key->class = (uint8_t)classify(event);
	key->family = event->family;
	key->proto = event->proto;
	keep_name(key->in, event->in);
	keep_name(key->out, event->out);
	keep_ends(key, event);
	if (event->flags & NET_ARP)
		key->has |= KEY_ARP;
	if (event->flags & NET_HAS_PORTS && wants_ports(event->proto))
		keep_port(key, event);
	if (event->flags & NET_HAS_ICMP && is_icmp(event)) {
		key->has |= KEY_ICMP;
		key->icmp = event->icmp_type;
	}
	if (event->flags & NET_HAS_UID && event->direction == DIR_OUT) {
		key->has |= KEY_UID;
		for (unsigned int i = 0; i < 4; i++)
			key->uid[i] = (uint8_t)(event->uid >> (24 - 8 * i));
	}
}

uint16_t key_port(const struct net_key *key)
{
	return (uint16_t)(key->port[0] << 8 | key->port[1]);
}

uint32_t key_uid(const struct net_key *key)
{
	uint32_t uid = 0;

	for (unsigned int i = 0; i < 4; i++)
		uid = uid << 8 | key->uid[i];
	return uid;
}

const uint8_t *key_source(const struct net_key *key)
{
	return key->direction == DIR_OUT ? key->near : key->far;
}

const uint8_t *key_destination(const struct net_key *key)
{
	return key->direction == DIR_OUT ? key->far : key->near;
}

/* ---- AppArmor ---- */

struct aa_head {
	uint8_t type, class;
	uint16_t flags;
	int32_t error;
};

/* clang-format off */
#define FIELD(name) { #name, offsetof(struct aa_event, name) }
/* clang-format on */

/* The order is the order in which records are sorted. */
static const struct {
	const char *name;
	size_t at;
} kept[] = {
	FIELD(profile),	  FIELD(namespace), FIELD(operation), FIELD(info),    FIELD(name),
	FIELD(denied),	  FIELD(target),    FIELD(peer),      FIELD(capname), FIELD(family),
	FIELD(sock_type), FIELD(addr),	    FIELD(peer_addr), FIELD(fstype),  FIELD(srcname),
	FIELD(flagtext),  FIELD(signal),    FIELD(rlimit),    FIELD(value),   FIELD(bus),
	FIELD(path),	  FIELD(interface), FIELD(member),
};

#define KEPT   (sizeof(kept) / sizeof(kept[0]))
#define ABSENT UINT32_MAX

static struct bytes field(const struct aa_event *event, unsigned int i)
{
	struct bytes bytes;

	memcpy(&bytes, (const char *)event + kept[i].at, sizeof(bytes));
	return bytes;
}

const char *aa_kept(const struct aa_event *event, unsigned int i, struct bytes *value)
{
	if (i >= KEPT)
		return NULL;
	*value = field(event, i);
	return kept[i].name;
}

bool aa_makes_rules(enum aa_type type)
{
	return type == AA_ALLOWED || type == AA_DENIED || type == AA_KILLED || type == AA_AUTO;
}

/* Two keys for one thing become one; what makes no rule keeps just what tells its kind. */
static void normalise(struct aa_event *event)
{
	struct bytes none = { NULL, 0 };

	if (!event->profile.at)
		event->profile = event->label;
	if (!event->peer.at)
		event->peer = event->peer_label;
	if (aa_makes_rules(event->type))
		return;
	for (unsigned int i = 3; i < KEPT; i++)
		memcpy((char *)event + kept[i].at, &none, sizeof(none));
	event->error = 0;
	event->flags = 0;
}

int aa_pack(unsigned char *key, uint32_t *len, const struct aa_event *event)
{
	struct aa_event kind = *event;
	struct aa_head head = { .type = (uint8_t)event->type, .class = (uint8_t)event->class };
	uint32_t lengths[KEPT];
	size_t at = sizeof(head) + sizeof(lengths);

	normalise(&kind);
	head.error = kind.error;
	if (kind.flags & AA_HAS_FSUID && kind.flags & AA_HAS_OUID && kind.fsuid == kind.ouid)
		head.flags = AA_OWNER;
	for (unsigned int i = 0; i < KEPT; i++) {
		struct bytes bytes = field(&kind, i);

		lengths[i] = bytes.at ? bytes.len : ABSENT;
		if (!bytes.at)
			continue;
		if (bytes.len > AA_KEY_MAX - at)
			return -E2BIG;
		memcpy(key + at, bytes.at, bytes.len);
		at += bytes.len;
	}
	memcpy(key, &head, sizeof(head));
	memcpy(key + sizeof(head), lengths, sizeof(lengths));
	*len = (uint32_t)at;
	return 0;
}

void aa_unpack(struct aa_event *event, const unsigned char *key, uint32_t len)
{
	struct aa_head head;
	uint32_t lengths[KEPT];
	size_t at = sizeof(head) + sizeof(lengths);

	memset(event, 0, sizeof(*event));
	if (len < at)
		return;
	memcpy(&head, key, sizeof(head));
	memcpy(lengths, key + sizeof(head), sizeof(lengths));
	event->type = head.type;
	event->class = head.class;
	event->flags = head.flags;
	event->error = head.error;
	for (unsigned int i = 0; i < KEPT; i++) {
		struct bytes bytes = { (const char *)key + at, lengths[i] };

		if (lengths[i] == ABSENT)
			continue;
		memcpy((char *)event + kept[i].at, &bytes, sizeof(bytes));
		at += lengths[i];
	}
}
