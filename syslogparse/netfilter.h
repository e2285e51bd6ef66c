/* SPDX-License-Identifier: MIT */
/*
 * What netfilter.c, which reads a line's words in their order, and netfilter_keys.c, which
 * knows what each means, tell each other.
 */
#ifndef SYSLOGPARSE_NETFILTER_H
#define SYSLOGPARSE_NETFILTER_H

#include "syslogparse/input.h"

#define MAX_DEVICE 15

/* Words that were seen. */
#define SEEN_SRC      0x0001u
#define SEEN_DST      0x0002u
#define SEEN_PROTO    0x0004u
#define SEEN_SPT      0x0008u
#define SEEN_DPT      0x0010u
#define SEEN_TYPE     0x0020u
#define SEEN_CODE     0x0040u
#define SEEN_WINDOW   0x0080u
#define SEEN_DUE      0x0100u
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
	unsigned int next; /* the row of the key that is likely to come */
};

/* A pair, of which the key has KEY_LEN bytes; a word that stands alone. False: see its reason. */
bool netfilter_pair(struct packet *p, const struct bytes *word, uint32_t key_len);
bool netfilter_word(struct packet *p, const struct bytes *word);

#endif
