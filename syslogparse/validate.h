/* SPDX-License-Identifier: MIT */
/*
 * The judge: one small grammar a format. A line is taken apart from the left; what is left over,
 * or not foreseen, is refused.
 */
#ifndef SYSLOGPARSE_VALIDATE_H
#define SYSLOGPARSE_VALIDATE_H

#include "syslogparse/broker.h"

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

struct judge {
	const struct options *options;
	unsigned int state;  /* of the format's own; 0 at the start */
	unsigned int blocks; /* that are open */
	const char *why;     /* of the first refusal */
};

/* Each takes what it is named for; false: it is not there, and REST is of no use any more. */
bool take(struct rest *rest, const char *literal);
bool take_one(struct rest *rest, const char *const *words, bool more); /* one of WORDS */
bool take_decimal(struct rest *rest, unsigned long max);
bool take_address(struct rest *rest, int family); /* 4, 6, 0: either; with or without /LEN */
bool take_interface(struct rest *rest);
bool take_ports(struct rest *rest, char between, bool list); /* N, NcN; and more behind commas */
bool take_label(struct rest *rest);			     /* syslogparse-N, ruleN_saddr */
bool at_end(const struct rest *rest);

/* Remember WHY, and refuse. */
bool refuse(struct judge *judge, const char *why);

/* One line without its newline; neither blank nor a comment, but for JSON. */
bool judge_iptables(struct judge *judge, struct rest line);
bool judge_nft(struct judge *judge, struct rest line);
bool judge_ufw(struct judge *judge, struct rest line);
bool judge_profile(struct judge *judge, struct rest line);
bool judge_json(struct judge *judge, struct rest line);

/* May the text end here? */
bool judge_iptables_end(struct judge *judge);
bool judge_blocks_end(struct judge *judge);

#endif
