/* SPDX-License-Identifier: MIT */
/*
 * Events made by hand, for tests of what comes after the parsers.
 */
#ifndef TESTS_SYSLOGPARSE_EVENTS_H
#define TESTS_SYSLOGPARSE_EVENTS_H

#include "syslogparse/output.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static inline struct bytes text_bytes(const char *text)
{
	return (struct bytes){ text, text ? (uint32_t)strlen(text) : 0 };
}

/* "eth0" or NULL for none; addresses as text tell the family. */
static inline struct net_event packet(enum direction direction, uint8_t proto, const char *src,
				      const char *dst, uint16_t dport)
{
	struct net_event e = { .direction = direction, .proto = proto };

	e.family = strchr(src, ':') ? 6 : 4;
	inet_pton(e.family == 6 ? AF_INET6 : AF_INET, src, e.src);
	inet_pton(e.family == 6 ? AF_INET6 : AF_INET, dst, e.dst);
	if (proto == 6 || proto == 17) {
		e.flags |= NET_HAS_PORTS;
		e.sport = 40000;
		e.dport = dport;
	}
	if (proto == 6)
		e.tcp = TCP_SYN;
	if (proto == 1 || proto == 58) {
		e.flags |= NET_HAS_ICMP;
		e.icmp_type = (uint8_t)dport;
	}
	if (direction != DIR_OUT)
		e.in = text_bytes("eth0");
	if (direction != DIR_IN)
		e.out = text_bytes(direction == DIR_OUT ? "eth0" : "eth1");
	return e;
}

static inline struct options default_options(enum what what, enum format format)
{
	struct options options = { .what = what,
				   .format = format,
				   .action = "accept",
				   .collapse = 0.5,
				   .abi = 30,
				   .glob = true,
				   .max_danger = 10 };

	return options;
}

static inline int add_packet(struct tally *tally, const struct net_event *event, uint64_t number)
{
	struct line line = { .number = number,
			     .time_us = 1700000000000000 + (int64_t)number * 1000000,
			     .repeat = 1 };
	struct event e = { .what = WHAT_FIREWALL, .line = &line, .net = *event };

	return tally_add(tally, &e, 0);
}

static inline int add_aa(struct tally *tally, const struct aa_event *event, uint64_t number)
{
	struct line line = { .number = number, .time_us = 1700000000000000, .repeat = 1 };
	struct event e = { .what = WHAT_APPARMOR, .line = &line, .aa = *event };

	return tally_add(tally, &e, 0);
}

/* What write_rules() writes, for the caller to free; NULL if it failed. */
static inline char *written(const struct tally *tally, const struct options *options)
{
	static const struct source sources[] = { { -1, "syslog", 0 }, { -1, "kern\n.log", 0 } };
	struct account account = { .lines = 1 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret = out ? write_rules(out, tally, options, sources, &account) : -1;

	if (out)
		fclose(out);
	if (!ret)
		return text;
	free(text);
	return NULL;
}

#endif
