/* SPDX-License-Identifier: MIT */
/*
 * Rules in nft's language: one table of our own, which loading again replaces.
 *
 * The table's chains hook in with the policy "accept", so that to load it cannot lock anybody
 * out by itself. What one table accepts, another one may still drop; that is nft's rule, and
 * the header says so. Long address lists are named sets; prefixes need "flags interval".
 */
#include "syslogparse/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define INLINE_MAX 4u /* as many addresses go without a set of their own */
#define A_LINE	   6u

static void put_list(struct writer *w, const struct prefixes *list, unsigned int bytes,
		     const char *newline)
{
	char text[64];

	for (uint32_t i = 0; i < list->n; i++) {
		prefix_print(text, sizeof(text), list->list + i, bytes);
		fprintf(w->out, "%s%s", i ? "," : "", i % A_LINE ? " " : newline);
		fputs(text, w->out);
	}
}

static unsigned int bytes_of(const struct fw_rule *rule)
{
	return rule->match.family == 4 ? 4 : 16;
}

static void put_set(struct writer *w, const struct fw_rule *rule, const char *end, uint32_t number)
{
	const struct prefixes *list = *end == 's' ? &rule->src : &rule->dst;

	if (list->n <= INLINE_MAX)
		return;
	fprintf(w->out, "\tset rule%" PRIu32 "_%s {\n\t\ttype %s\n\t\tflags interval\n", number,
		end, rule->match.family == 4 ? "ipv4_addr" : "ipv6_addr");
	fputs("\t\tauto-merge\n\t\telements = {", w->out);
	put_list(w, list, bytes_of(rule), "\n\t\t\t");
	fputs("\n\t\t}\n\t}\n", w->out);
}

static void put_address(struct writer *w, const struct fw_rule *rule, const char *end,
			uint32_t number)
{
	const struct prefixes *list = *end == 's' ? &rule->src : &rule->dst;

	fprintf(w->out, "%s %s ", rule->match.family == 4 ? "ip" : "ip6", end);
	if (list->n > INLINE_MAX) {
		fprintf(w->out, "@rule%" PRIu32 "_%s", number, end);
		return;
	}
	fputs(list->n > 1 ? "{ " : "", w->out);
	put_list(w, list, bytes_of(rule), "");
	fputs(list->n > 1 ? " }" : "", w->out);
}

static void put_port(struct writer *w, const struct ports *ports)
{
	fprintf(w->out, ports->first == ports->last ? "%u" : "%u-%u", ports->first, ports->last);
}

static void put_service(struct writer *w, const struct fw_rule *rule)
{
	const struct net_key *match = &rule->match;

	if (match->has & KEY_ICMP) {
		fprintf(w->out, " %s type %u", match->proto == 1 ? "icmp" : "icmpv6", match->icmp);
		return;
	}
	if (!rule->n_ports) {
		fprintf(w->out, " meta l4proto %u", match->proto);
		return;
	}
	fprintf(w->out, " %s dport ", protocol_name(match->proto));
	if (rule->n_ports > 1)
		fputs("{ ", w->out);
	for (uint32_t i = 0; i < rule->n_ports; i++) {
		fputs(i ? ", " : "", w->out);
		put_port(w, rule->ports + i);
	}
	if (rule->n_ports > 1)
		fputs(" }", w->out);
}

static void put_rule(struct writer *w, const struct fw_rule *rule, uint32_t number,
		     const char *verdict)
{
	const struct net_key *match = &rule->match;

	put_facts(w, "\t\t", rule);
	fputs("\t\t", w->out);
	if (*match->in)
		fprintf(w->out, "iifname \"%.16s\" ", match->in);
	if (*match->out)
		fprintf(w->out, "oifname \"%.16s\" ", match->out);
	if (match->has & KEY_UID)
		fprintf(w->out, "meta skuid %" PRIu32 " ", key_uid(match));
	put_address(w, rule, "saddr", number);
	fputs(" ", w->out);
	put_address(w, rule, "daddr", number);
	put_service(w, rule);
	fprintf(w->out, " counter %s\n", verdict);
}

static bool direction_used(const struct fw_rules *rules, enum direction direction)
{
	for (uint32_t i = 0; i < rules->n; i++)
		if (rules->list[i].match.direction == direction)
			return true;
	for (unsigned int class = 0; class <= NET_RULELESS; class ++)
		if (rules->other[direction][class].count)
			return true;
	return false;
}

static void put_chain(struct writer *w, const struct fw_rules *rules, enum direction direction,
		      const char *verdict)
{
	const char *name = direction_name(direction);
	unsigned int class = NET_NEW;

	if (!direction_used(rules, direction))
		return;
	fprintf(w->out, "\tchain %s {\n\t\ttype filter hook %s priority filter; policy accept;\n",
		name, name);
	put_others(w, "\t\t", rules, direction);
	if (!strcmp(verdict, "accept")) {
		if (rules->other[direction][NET_ESTABLISHED].count)
			fputs("\t\tct state established,related counter accept\n", w->out);
	} else if (rules->other[direction][NET_INVALID].count) {
		fprintf(w->out, "\t\tct state invalid counter %s\n", verdict);
	}
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct fw_rule *rule = rules->list + i;

		if (rule->match.direction != direction)
			continue;
		if (rule->match.class != class)
			fputs("\n\t\t# ---- multicast and broadcast ----\n", w->out);
		class = rule->match.class;
		if (!rule_left_out(w, "\t\t", rule))
			put_rule(w, rule, i + 1, verdict);
	}
	fputs("\t}\n", w->out);
}

int write_nft(struct writer *w, const struct fw_rules *rules)
{
	static const char *const verdicts[][2] = {
		{ "accept", "accept" },
		{ "drop", "drop" },
		{ "reject", "reject" },
		{ "log", "log prefix \"syslogparse: \"" },
	};
	const char *verdict = NULL;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strcmp(verdicts[i][0], w->options->action))
			verdict = verdicts[i][1];
	if (!verdict)
		return -EINVAL;
	fputs("# Load with: nft -f FILE. What this table accepts, another may still drop.\n"
	      "add table inet syslogparse\n"
	      "delete table inet syslogparse\n"
	      "table inet syslogparse {\n",
	      w->out);
	for (uint32_t i = 0; i < rules->n; i++) {
		if (rules->list[i].cannot || rules->list[i].left_out)
			continue;
		put_set(w, rules->list + i, "saddr", i + 1);
		put_set(w, rules->list + i, "daddr", i + 1);
	}
	for (unsigned int direction = DIR_IN; direction <= DIR_FORWARD; direction++)
		put_chain(w, rules, direction, verdict);
	fputs("}\n", w->out);
	return 0;
}
