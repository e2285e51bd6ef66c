/* SPDX-License-Identifier: MIT */
/*
 * Rules as ufw's commands, one a line, for a shell to run.
 *
 * ufw lets established traffic and the usual ICMP pass by itself, knows no set of addresses,
 * and takes no more than fifteen ports a command. Words of the log do not get here: a command
 * is made of numbers, of addresses that we print, and of interface names of plain letters.
 */
#include "syslogparse/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PORTS_MAX 15u

static const struct {
	const char *action, *verb;
} verbs[] = {
	{ "accept", "allow" },
	{ "drop", "deny" },
	{ "reject", "reject" },
};

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{ 2, "igmp" }, { 6, "tcp" }, { 17, "udp" }, { 47, "gre" }, { 50, "esp" }, { 51, "ah" },
};

static const char *protocol_of(const struct fw_rule *rule)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].number == rule->match.proto)
			return protocols[i].name;
	return NULL;
}

/* ufw takes no port 0; a range can begin behind it. */
static bool only_port_0(const struct fw_rule *rule)
{
	return rule->n_ports && !rule->ports[0].last;
}

static const char *unsayable(const struct fw_rule *rule)
{
	if (!protocol_of(rule))
		return "a protocol that ufw has no word for; see /etc/ufw/before.rules";
	if (rule->match.has & KEY_UID)
		return "ufw knows no owners";
	if (only_port_0(rule) && rule->n_ports == 1)
		return "ufw knows no port 0";
	if (rule->match.family == 6 && rule->match.proto == 2)
		return "ufw knows igmp for IPv4 only";
	return NULL;
}

static void put_interfaces(struct writer *w, const struct net_key *match)
{
	if (match->direction == DIR_FORWARD) {
		fprintf(w->out, " in on %.16s out on %.16s", match->in, match->out);
		return;
	}
	fputs(match->direction == DIR_IN ? " in" : " out", w->out);
	if (*match->in || *match->out)
		fprintf(w->out, " on %.16s", *match->in ? match->in : match->out);
}

static void put_ports(struct writer *w, const struct fw_rule *rule, uint32_t *at)
{
	unsigned int room = PORTS_MAX;
	const char *sep = " port ";

	for (; *at < rule->n_ports; ++*at, sep = ",") {
		const struct ports *p = rule->ports + *at;
		unsigned int first = p->first ? p->first : 1, takes = first == p->last ? 1 : 2;

		if (room < takes)
			break;
		room -= takes;
		fprintf(w->out, takes == 1 ? "%s%u" : "%s%u:%u", sep, first, p->last);
	}
}

/* One command for SRC, DST and the ports from *PORT on. */
static void put_command(struct writer *w, const struct fw_rule *rule, const char *verb,
			const struct prefix *const ends[2], uint32_t *port)
{
	unsigned int bytes = rule->match.family == 4 ? 4 : 16;
	char text[64];

	fprintf(w->out, "ufw %s%s", rule->match.direction == DIR_FORWARD ? "route " : "", verb);
	put_interfaces(w, &rule->match);
	fprintf(w->out, " proto %s", protocol_of(rule));
	prefix_print(text, sizeof(text), ends[0], bytes);
	fprintf(w->out, " from %s", text);
	prefix_print(text, sizeof(text), ends[1], bytes);
	fprintf(w->out, " to %s", text);
	put_ports(w, rule, port);
	fputs("\n", w->out);
}

static void put_rule(struct writer *w, const struct fw_rule *rule, const char *verb)
{
	uint32_t port = only_port_0(rule) ? 1 : 0, next;

	put_facts(w, "", rule);
	if (rule->n_ports && !rule->ports[0].first)
		fputs("# without port 0, which ufw does not know\n", w->out);
	do {
		next = port;
		for (uint32_t s = 0; s < rule->src.n; s++) {
			for (uint32_t d = 0; d < rule->dst.n; d++) {
				next = port;
				put_command(w, rule, verb,
					    (const struct prefix *[]){ rule->src.list + s,
								       rule->dst.list + d },
					    &next);
			}
		}
		port = next;
	} while (port < rule->n_ports);
}

int write_ufw(struct writer *w, const struct fw_rules *rules)
{
	const char *verb = NULL;
	unsigned int class = NET_NEW;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].action, w->options->action))
			verb = verbs[i].verb;
	if (!verb)
		return -EINVAL; /* ufw logs what a rule matches, but knows no rule that only logs */
	fputs("# Run with: sh FILE. ufw lets established connections pass by itself.\n", w->out);
	for (unsigned int direction = DIR_IN; direction <= DIR_FORWARD; direction++)
		put_others(w, "", rules, direction);
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct fw_rule *rule = rules->list + i;

		if (rule->match.class != class && rule->match.class == NET_NOISE)
			fprintf(w->out, "# ---- %s, multicast and broadcast ----\n",
				direction_name(rule->match.direction));
		class = rule->match.class;
		if (rule_left_out(w, "", rule))
			continue;
		if (unsayable(rule))
			put_left_out(w, "", rule, unsayable(rule));
		else
			put_rule(w, rule, verb);
	}
	return 0;
}
