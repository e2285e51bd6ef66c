/* SPDX-License-Identifier: MIT */
/*
 * Rules as a file for iptables-restore and ip6tables-restore, the same file for both.
 *
 * Each rule is marked -4 or -6, and the tool for the other family passes it over, silently and
 * by design (iptables(8)), so that IPv4 and IPv6 are two parts of one file. The policies of the
 * chains ("-") stay what they are.
 *
 * A list of addresses is a chain of its own that a rule jumps to: one line an address, not one
 * for each address and each fifteen ports. When both ends are lists, the near end, the shorter
 * one as a rule, gets a line each.
 */
#include "syslogparse/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MULTIPORT 15u /* of xt_multiport; a range takes two */

static const struct {
	const char *action, *target;
} targets[] = {
	{ "accept", "ACCEPT" },
	{ "drop", "DROP" },
	{ "reject", "REJECT" },
	{ "log", "LOG --log-prefix \"syslogparse: \"" },
};

static const char *const chains[] = { "INPUT", "OUTPUT", "FORWARD" };

static const struct prefixes *far_of(const struct fw_rule *rule)
{
	return rule->match.direction == DIR_OUT ? &rule->dst : &rule->src;
}

static const struct prefixes *near_of(const struct fw_rule *rule)
{
	return rule->match.direction == DIR_OUT ? &rule->src : &rule->dst;
}

static bool written(const struct fw_rule *rule)
{
	return !rule->cannot && !rule->left_out;
}

static void put_prefix(struct writer *w, const struct fw_rule *rule, bool far,
		       const struct prefix *prefix)
{
	bool source = far == (rule->match.direction != DIR_OUT);
	char text[64];

	prefix_print(text, sizeof(text), prefix, rule->match.family == 4 ? 4 : 16);
	fprintf(w->out, " %s %s", source ? "-s" : "-d", text);
}

static void put_protocol(struct writer *w, const struct net_key *match)
{
	const char *name = protocol_name(match->proto);
	bool icmp = match->proto == 1 || match->proto == 58;

	/* ICMP of the other family has a number only. */
	if (name && (!icmp || match->has & KEY_ICMP))
		fprintf(w->out, " -p %s", name);
	else
		fprintf(w->out, " -p %u", match->proto);
	if (match->has & KEY_ICMP)
		fprintf(w->out, " %s %u", match->proto == 1 ? "--icmp-type" : "--icmpv6-type",
			match->icmp);
}

/* As many ports from *AT on as one rule can hold. */
static void put_ports(struct writer *w, const struct fw_rule *rule, uint32_t *at)
{
	unsigned int room = MULTIPORT;
	const char *sep = "";

	if (!rule->n_ports)
		return;
	if (rule->n_ports == 1 && rule->match.proto != 136) {
		const struct ports *p = rule->ports;

		fprintf(w->out, p->first == p->last ? " --dport %u" : " --dport %u:%u", p->first,
			p->last);
		*at = 1;
		return;
	}
	fputs(" -m multiport --dports ", w->out);
	for (; *at < rule->n_ports; ++*at, sep = ",") {
		const struct ports *p = rule->ports + *at;
		unsigned int takes = p->first == p->last ? 1 : 2;

		if (room < takes)
			break;
		room -= takes;
		fprintf(w->out, takes == 1 ? "%s%u" : "%s%u:%u", sep, p->first, p->last);
	}
}

static void put_target(struct writer *w, const struct fw_rule *rule, const char *target,
		       uint32_t number)
{
	if (far_of(rule)->n > 1)
		fprintf(w->out, " -j syslogparse-%" PRIu32 "\n", number);
	else
		fprintf(w->out, " -j %s\n", target);
}

static void put_lines(struct writer *w, const struct fw_rule *rule, const char *target,
		      uint32_t number)
{
	const struct net_key *match = &rule->match;
	uint32_t port = 0, next;

	do {
		next = port;
		for (uint32_t i = 0; i < near_of(rule)->n; i++) {
			next = port;
			fprintf(w->out, "-A %s -%u", chains[match->direction], match->family);
			if (*match->in)
				fprintf(w->out, " -i %.16s", match->in);
			if (*match->out)
				fprintf(w->out, " -o %.16s", match->out);
			if (far_of(rule)->n == 1)
				put_prefix(w, rule, true, far_of(rule)->list);
			put_prefix(w, rule, false, near_of(rule)->list + i);
			put_protocol(w, match);
			if (match->has & KEY_UID)
				fprintf(w->out, " -m owner --uid-owner %" PRIu32, key_uid(match));
			put_ports(w, rule, &next);
			put_target(w, rule, target, number);
		}
		port = next;
	} while (port < rule->n_ports);
}

static void put_far_chain(struct writer *w, const struct fw_rule *rule, const char *target,
			  uint32_t number)
{
	for (uint32_t i = 0; far_of(rule)->n > 1 && i < far_of(rule)->n; i++) {
		fprintf(w->out, "-A syslogparse-%" PRIu32 " -%u", number, rule->match.family);
		put_prefix(w, rule, true, far_of(rule)->list + i);
		fprintf(w->out, " -j %s\n", target);
	}
}

static void put_family(struct writer *w, const struct fw_rules *rules, const char *target,
		       uint8_t family)
{
	unsigned int class = NET_NEW;

	fprintf(w->out, "\n# ---- IPv%u ----\n", family);
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct fw_rule *rule = rules->list + i;

		if (rule->match.family != family)
			continue;
		if (rule->match.class != class)
			fprintf(w->out, "# ---- IPv%u, %s ----\n", family,
				rule->match.class == NET_NOISE ? "multicast and broadcast" :
								 "to one address");
		class = rule->match.class;
		if (rule_left_out(w, "", rule))
			continue;
		put_facts(w, "", rule);
		put_far_chain(w, rule, target, i + 1);
		put_lines(w, rule, target, i + 1);
	}
}

static void put_states(struct writer *w, const struct fw_rules *rules, const char *target)
{
	for (unsigned int direction = DIR_IN; direction <= DIR_FORWARD; direction++) {
		bool accept = !strcmp(target, "ACCEPT");
		unsigned int class = accept ? NET_ESTABLISHED : NET_INVALID;

		put_others(w, "", rules, direction);
		if (rules->other[direction][class].count)
			fprintf(w->out, "-A %s -m conntrack --ctstate %s -j %s\n",
				chains[direction], accept ? "ESTABLISHED,RELATED" : "INVALID",
				target);
	}
}

int write_iptables(struct writer *w, const struct fw_rules *rules)
{
	const char *target = NULL;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].action, w->options->action))
			target = targets[i].target;
	if (!target)
		return -EINVAL;
	fputs("# Load with: iptables-restore --noflush FILE, and ip6tables-restore the same way;\n"
	      "# each takes its own part.\n"
	      "*filter\n:INPUT - [0:0]\n:FORWARD - [0:0]\n:OUTPUT - [0:0]\n",
	      w->out);
	for (uint32_t i = 0; i < rules->n; i++)
		if (written(rules->list + i) && far_of(rules->list + i)->n > 1)
			fprintf(w->out, ":syslogparse-%" PRIu32 " - [0:0]\n", i + 1);
	put_states(w, rules, target);
	put_family(w, rules, target, 4);
	put_family(w, rules, target, 6);
	fputs("COMMIT\n", w->out);
	return 0;
}
