/* SPDX-License-Identifier: MIT */
/*
 * The tally to text: the header of the output, what all writers share, and the choice of one.
 *
 * The output says where it comes from, and what is missing: a log that lost events, lines that
 * were cut, rules that were left out. A reader must not have to guess whether a rule that is
 * not there was not needed or was not seen.
 */
#include "syslogparse/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{ 1, "icmp" }, { 6, "tcp" },	    { 17, "udp" },   { 50, "esp" },
	{ 51, "ah" },  { 58, "ipv6-icmp" }, { 132, "sctp" }, { 136, "udplite" },
};

/* Those that iptables knows without /etc/protocols. */
const char *protocol_name(uint8_t proto)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].number == proto)
			return protocols[i].name;
	return NULL;
}

const char *direction_name(enum direction direction)
{
	static const char *const names[] = { "input", "output", "forward" };

	return names[direction];
}

/* ---- evidence ---- */

const char *time_text(char *text, size_t size, int64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000 - (time_us % 1000000 < 0));
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return "?";
	return text;
}

struct bytes source_name(const struct writer *w, uint16_t source)
{
	const char *name = w->sources && w->sources[source].name ? w->sources[source].name : "log";

	return (struct bytes){ name, (uint32_t)strlen(name) };
}

void put_escaped(struct writer *w, struct bytes text)
{
	char piece[ESCAPED_SIZE(64)];

	while (text.len) {
		struct bytes part = { text.at, text.len < 64 ? text.len : 64 };

		escape_into(piece, part);
		fputs(piece, w->out);
		text.at += part.len;
		text.len -= part.len;
	}
}

void put_evidence(struct writer *w, const struct evidence *evidence)
{
	char first[40], last[40];

	fprintf(w->out, "%" PRIu64 " time%s", evidence->count, evidence->count == 1 ? "" : "s");
	if (evidence->count && evidence->first_us != TIME_UNKNOWN) {
		const char *from = time_text(first, sizeof(first), evidence->first_us);
		const char *to = time_text(last, sizeof(last), evidence->last_us);

		fprintf(w->out, ", %s", from);
		if (strcmp(from, to) != 0)
			fprintf(w->out, " to %s", to);
	}
	for (unsigned int i = 0; i < SAMPLES && evidence->sample[i]; i++) {
		fputs(i ? " " : "; ", w->out);
		put_escaped(w, source_name(w, evidence->source[i]));
		fprintf(w->out, ":%" PRIu64, evidence->sample[i]);
	}
}

void put_facts(struct writer *w, const char *indent, const struct fw_rule *rule)
{
	fprintf(w->out, "%s# ", indent);
	put_evidence(w, &rule->evidence);
	if (rule->addresses > 1)
		fprintf(w->out, "; %" PRIu32 " addresses", rule->addresses);
	if (rule->sampled)
		fprintf(w->out, "; UFW logs samples: there were more");
	fprintf(w->out, "\n%s# danger %u%s%s\n", indent, rule->danger.score,
		*rule->danger.why ? ": " : "", rule->danger.why);
}

static void describe_prefixes(struct writer *w, const char *word, const struct prefixes *list,
			      uint8_t family)
{
	char text[64];

	if (!list->n || prefix_print(text, sizeof(text), list->list, family == 4 ? 4 : 16) < 0)
		return;
	fprintf(w->out, " %s %s", word, text);
	if (list->n > 1)
		fprintf(w->out, " (and %" PRIu32 " more)", list->n - 1);
}

/* A rule that is not written, in words. */
void put_left_out(struct writer *w, const char *indent, const struct fw_rule *rule, const char *why)
{
	struct bytes in = { rule->match.in, (uint32_t)strnlen(rule->match.in, 16) };
	struct bytes out = { rule->match.out, (uint32_t)strnlen(rule->match.out, 16) };
	const char *proto = protocol_name(rule->match.proto);

	fprintf(w->out, "%s# left out, for %s: %s", indent, why,
		direction_name(rule->match.direction));
	fputs(in.len ? " in " : "", w->out);
	put_escaped(w, in);
	fputs(out.len ? " out " : "", w->out);
	put_escaped(w, out);
	describe_prefixes(w, "from", &rule->src, rule->match.family);
	describe_prefixes(w, "to", &rule->dst, rule->match.family);
	if (proto)
		fprintf(w->out, " %s", proto);
	else
		fprintf(w->out, " protocol %u", rule->match.proto);
	if (rule->match.has & KEY_ICMP)
		fprintf(w->out, " type %u", rule->match.icmp);
	for (uint32_t i = 0; i < rule->n_ports && i < 8; i++)
		fprintf(w->out, rule->ports[i].first == rule->ports[i].last ? "%s%u" : "%s%u-%u",
			i ? "," : " port ", rule->ports[i].first, rule->ports[i].last);
	fprintf(w->out, "%s\n", rule->n_ports > 8 ? ",..." : "");
}

static const char *too_dangerous(struct writer *w, const struct fw_rule *rule)
{
	const char *why =
		pool_printf(w->pool, "a danger of %u (%s)", rule->danger.score, rule->danger.why);

	return why ? why : "";
}

/* True if RULE must not be written; then it was said why. */
bool rule_left_out(struct writer *w, const char *indent, const struct fw_rule *rule)
{
	if (rule->cannot)
		put_left_out(w, indent, rule, rule->cannot);
	else if (rule->left_out)
		put_left_out(w, indent, rule, too_dangerous(w, rule));
	return rule->cannot || rule->left_out;
}

void put_others(struct writer *w, const char *indent, const struct fw_rules *rules,
		enum direction direction)
{
	static const char *const names[] = {
		[NET_ESTABLISHED] = "of established connections",
		[NET_INVALID] = "TCP that opens no connection and belongs to none, as of scans",
		[NET_RULELESS] = "ARP, fragments, or what has no ports; no rule",
	};

	for (unsigned int class = NET_ESTABLISHED; class <= NET_RULELESS; class ++) {
		const struct evidence *evidence = &rules->other[direction][class];

		if (!evidence->count)
			continue;
		fprintf(w->out, "%s# %s: ", indent, names[class]);
		put_evidence(w, evidence);
		fputs("\n", w->out);
	}
}

/* ---- the whole ---- */

static void put_account(struct writer *w)
{
	const struct account *a = w->account;
	const char *sep = "";

	fprintf(w->out, "# syslogparse: %" PRIu64 " lines: ", a->lines);
	for (unsigned int box = 0; box < BOXES; box++) {
		if (!a->boxes[box])
			continue;
		fprintf(w->out, "%s%" PRIu64 " %s", sep, a->boxes[box], box_name(box));
		sep = ", ";
	}
	fputs("\n# Read every rule before you load it: the log's writers chose its words.\n",
	      w->out);
	if (a->boxes[BOX_LOST])
		fprintf(w->out, "# The log is incomplete: at least %" PRIu64 " events were lost.\n",
			a->lost_events);
	if (a->boxes[BOX_TRUNCATED])
		fputs("# Lines that were cut made no rules.\n", w->out);
	if (tally_flooded(w->tally))
		fputs("# Counts are of lines: the same event may be in several logs.\n", w->out);
}

static int write_firewall(struct writer *w)
{
	struct fw_rules rules;
	int ret = firewall_rules(&rules, w->tally, w->options, w->pool);

	if (ret)
		return ret;
	switch (w->options->format) {
	case FORMAT_IPTABLES:
		return write_iptables(w, &rules);
	case FORMAT_NFT:
		return write_nft(w, &rules);
	case FORMAT_UFW:
		return write_ufw(w, &rules);
	default:
		return -EINVAL;
	}
}

static int write_format(struct writer *w)
{
	if (w->options->format == FORMAT_JSON)
		return write_json(w);
	put_account(w);
	return w->options->what == WHAT_APPARMOR ? write_profiles(w) : write_firewall(w);
}

int write_rules(FILE *out, const struct tally *tally, const struct options *options,
		const struct source *sources, const struct account *account)
{
	struct pool pool = { NULL, false };
	struct writer w = { out, options, sources, account, tally, &pool };
	int ret;

	ret = write_format(&w);
	if (!ret && pool.failed)
		ret = -ENOMEM;
	if (!ret && fflush(out))
		ret = -errno;
	if (!ret && ferror(out))
		ret = -EIO;
	pool_free(&pool);
	return ret;
}
