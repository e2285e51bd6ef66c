/* SPDX-License-Identifier: MIT */
/*
 * What may stand in rules of a firewall: files of iptables-restore and of nft, commands of ufw.
 *
 * A rule here only ever says whom it is about and what becomes of the packet. A target or
 * verdict is one that was asked for; jumps go to chains of our own; a file of nft has one
 * table, which is ours; a line of the ufw script is one command, of letters that no shell
 * takes for anything else.
 *
 * iptables-restore(8), iptables-extensions(8), nft(8), ufw(8)
 */
#include "syslogparse/validate.h"

#include <string.h>

static const char *const protocols[] = { "icmp", "igmp",      "tcp",  "udp",	 "gre",	 "esp",
					 "ah",	 "ipv6-icmp", "ospf", "udplite", "sctp", NULL };

/* Which action's words these are. */
struct action {
	const char *action, *words;
};

static const char *words_of(const struct action *actions, const struct judge *judge)
{
	for (; actions->action; actions++) {
		if (strcmp(actions->action, judge->options->action) == 0)
			return actions->words;
	}
	return "?";
}

/* ---- iptables-restore ---- */

static const struct action targets[] = {
	{ "accept", "ACCEPT" }, { "drop", "DROP" },
	{ "reject", "REJECT" }, { "log", "LOG --log-prefix \"syslogparse: \"" },
	{ NULL, NULL },
};

static const char *const chains[] = { "INPUT", "OUTPUT", "FORWARD", NULL };

enum { BEFORE, IN_TABLE, AFTER };

/* One match, " -s ADDRESS"; false: what comes is none. */
static bool take_match(struct rest *rest)
{
	if (take(rest, " -4") || take(rest, " -6"))
		return true;
	if (take(rest, " -i ") || take(rest, " -o "))
		return take_interface(rest);
	if (take(rest, " -s ") || take(rest, " -d "))
		return take_address(rest, 0);
	if (take(rest, " -p "))
		return take_one(rest, protocols, false) || take_decimal(rest, 255);
	if (take(rest, " --icmp-type ") || take(rest, " --icmpv6-type "))
		return take_decimal(rest, 255);
	if (take(rest, " --dport "))
		return take_ports(rest, ':', false);
	if (take(rest, " -m multiport --dports "))
		return take_ports(rest, ':', true);
	if (take(rest, " -m owner --uid-owner "))
		return take_decimal(rest, 0xffffffff);
	return take(rest, " -m conntrack --ctstate ESTABLISHED,RELATED") ||
	       take(rest, " -m conntrack --ctstate INVALID");
}

static bool take_rule(struct judge *judge, struct rest line)
{
	bool own = false;

	if (!take_one(&line, chains, false)) {
		own = true;
		if (!take(&line, "syslogparse-") || !take_decimal(&line, 0xffffffff))
			return refuse(judge, "a chain that is neither the kernel's nor ours");
	}
	for (struct rest next = line; take_match(&next);)
		line = next;
	if (!take(&line, " -j "))
		return refuse(judge, "a match that is not foreseen");
	if (take(&line, words_of(targets, judge)))
		return at_end(&line) || refuse(judge, "more than a target");
	if (own || !take(&line, "syslogparse-") || !take_decimal(&line, 0xffffffff))
		return refuse(judge, "a target that was not asked for");
	return at_end(&line);
}

bool judge_iptables(struct judge *judge, struct rest line)
{
	if (judge->state == BEFORE && take(&line, "*filter")) {
		judge->state = IN_TABLE;
		return at_end(&line);
	}
	if (judge->state != IN_TABLE)
		return refuse(judge, "it is outside the table");
	if (take(&line, "COMMIT")) {
		judge->state = AFTER;
		return at_end(&line);
	}
	if (take(&line, "-A "))
		return take_rule(judge, line);
	if (!take(&line, ":"))
		return false;
	if (!take_one(&line, chains, false) &&
	    !(take(&line, "syslogparse-") && take_decimal(&line, 0xffffffff)))
		return refuse(judge, "a chain that is neither the kernel's nor ours");
	return take(&line, " - [0:0]") && at_end(&line);
}

bool judge_iptables_end(struct judge *judge)
{
	return judge->state == AFTER || refuse(judge, "it ends without COMMIT");
}

/* ---- nft ---- */

static const struct action verdicts[] = {
	{ "accept", "accept" }, { "drop", "drop" },
	{ "reject", "reject" }, { "log", "log prefix \"syslogparse: \"" },
	{ NULL, NULL },
};

static const char *const hooks[] = { "input", "output", "forward", NULL };

/* States: which block we are in, and what comes next. */
enum {
	NFT_START,
	NFT_ADDED,
	NFT_DELETED,
	NFT_TABLE,
	NFT_SET,
	NFT_ELEMENTS,
	NFT_CHAIN,
	NFT_RULES,
	NFT_OVER
};

/* "1.2.3.4, 1.2.3.0/24"; at the end of a line a comma may be left. */
static bool take_addresses(struct rest *rest)
{
	do {
		if (!take_address(rest, 0))
			return false;
	} while (take(rest, ", "));
	return true;
}

static bool take_nft_address(struct rest *rest)
{
	if (take(rest, "@"))
		return take_label(rest);
	if (!take(rest, "{ "))
		return take_address(rest, 0);
	return take_addresses(rest) && take(rest, " }");
}

static bool take_nft_ports(struct rest *rest)
{
	if (!take(rest, "{ "))
		return take_ports(rest, '-', false);
	do {
		if (!take_ports(rest, '-', false))
			return false;
	} while (take(rest, ", "));
	return take(rest, " }");
}

static bool take_nft_name(struct rest *rest)
{
	return take_interface(rest) && take(rest, "\"");
}

static bool take_nft_match(struct rest *rest)
{
	static const char *const transports[] = { "tcp", "udp", "udplite", "sctp", "dccp", NULL };

	if (take(rest, "iifname \"") || take(rest, "oifname \""))
		return take_nft_name(rest);
	if (take(rest, "meta skuid "))
		return take_decimal(rest, 0xffffffff);
	if (take(rest, "meta l4proto ") || take(rest, "icmp type ") || take(rest, "icmpv6 type "))
		return take_decimal(rest, 255);
	if (take(rest, "meta nfproto ipv4") || take(rest, "meta nfproto ipv6") ||
	    take(rest, "ct state established,related") || take(rest, "ct state invalid"))
		return true;
	if (take(rest, "ip saddr ") || take(rest, "ip daddr ") || take(rest, "ip6 saddr ") ||
	    take(rest, "ip6 daddr "))
		return take_nft_address(rest);
	return take_one(rest, transports, true) && take(rest, "dport ") && take_nft_ports(rest);
}

static bool judge_nft_rule(struct judge *judge, struct rest line)
{
	if (!take(&line, "\t\t"))
		return false;
	while (!take(&line, "counter ")) {
		if (!take_nft_match(&line) || !take(&line, " "))
			return refuse(judge, "a match that is not foreseen");
	}
	if (!take(&line, words_of(verdicts, judge)) || !at_end(&line))
		return refuse(judge, "a verdict that was not asked for");
	return true;
}

static bool enter(struct judge *judge, unsigned int state, int blocks)
{
	judge->state = state;
	judge->blocks += (unsigned int)blocks;
	return true;
}

static bool whole(struct rest line, const char *text)
{
	return take(&line, text) && at_end(&line);
}

static bool judge_nft_table(struct judge *judge, struct rest line)
{
	if (whole(line, "}"))
		return enter(judge, NFT_OVER, -1);
	if (take(&line, "\tset ") && take_label(&line))
		return whole(line, " {") && enter(judge, NFT_SET, 1);
	return take(&line, "\tchain ") && take_one(&line, hooks, true) && whole(line, "{") &&
	       enter(judge, NFT_CHAIN, 1);
}

static bool judge_nft_set(struct judge *judge, struct rest line)
{
	if (whole(line, "\t\ttype ipv4_addr") || whole(line, "\t\ttype ipv6_addr") ||
	    whole(line, "\t\tflags interval") || whole(line, "\t\tauto-merge"))
		return true;
	if (whole(line, "\t\telements = {"))
		return enter(judge, NFT_ELEMENTS, 1);
	return whole(line, "\t}") && enter(judge, NFT_TABLE, -1);
}

static bool judge_nft_elements(struct judge *judge, struct rest line)
{
	if (whole(line, "\t\t}"))
		return enter(judge, NFT_SET, -1);
	if (!take(&line, "\t\t\t") || !take_addresses(&line))
		return false;
	take(&line, ",");
	return at_end(&line);
}

/* "type filter hook input priority filter; policy accept;" */
static bool judge_nft_hook(struct judge *judge, struct rest line)
{
	return take(&line, "\t\ttype filter hook ") && take_one(&line, hooks, true) &&
	       whole(line, "priority filter; policy accept;") && enter(judge, NFT_RULES, 0);
}

bool judge_nft(struct judge *judge, struct rest line)
{
	switch (judge->state) {
	case NFT_START:
		return whole(line, "add table inet syslogparse") && enter(judge, NFT_ADDED, 0);
	case NFT_ADDED:
		return whole(line, "delete table inet syslogparse") && enter(judge, NFT_DELETED, 0);
	case NFT_DELETED:
		return whole(line, "table inet syslogparse {") && enter(judge, NFT_TABLE, 1);
	case NFT_TABLE:
		return judge_nft_table(judge, line);
	case NFT_SET:
		return judge_nft_set(judge, line);
	case NFT_ELEMENTS:
		return judge_nft_elements(judge, line);
	case NFT_CHAIN:
		return judge_nft_hook(judge, line);
	case NFT_RULES:
		if (whole(line, "\t}"))
			return enter(judge, NFT_TABLE, -1);
		return judge_nft_rule(judge, line);
	default:
		return refuse(judge, "it is behind the end of the table");
	}
}

/* ---- ufw ---- */

static const struct action verbs[] = {
	{ "accept", "allow" }, { "drop", "deny" }, { "reject", "reject" }, { NULL, NULL }
};

bool judge_ufw(struct judge *judge, struct rest line)
{
	static const char *const known[] = { "igmp", "tcp", "udp", "gre", "esp", "ah", NULL };
	bool route;

	if (!take(&line, "ufw "))
		return refuse(judge, "a command that is not ufw");
	route = take(&line, "route ");
	if (!take(&line, words_of(verbs, judge)))
		return refuse(judge, "an action that was not asked for");
	if (take(&line, " in")) {
		if (take(&line, " on ") && !take_interface(&line))
			return false;
		if (route && take(&line, " out on ") && !take_interface(&line))
			return false;
	} else if (take(&line, " out")) {
		if (take(&line, " on ") && !take_interface(&line))
			return false;
	}
	if (!take(&line, " proto ") || !take_one(&line, known, false))
		return refuse(judge, "a protocol that ufw has no word for");
	if (!take(&line, " from ") || !take_address(&line, 0) || !take(&line, " to ") ||
	    !take_address(&line, 0))
		return refuse(judge, "an address that is none");
	if (take(&line, " port ") && !take_ports(&line, ':', true))
		return refuse(judge, "a port that is none");
	return at_end(&line);
}
