/* SPDX-License-Identifier: MIT */
/*
 * Packets to rules that can be read: few rules, and no wider than what was seen.
 *
 * The far end of a packet is who it comes from (going out: whom it goes to), the near end the
 * other one. A rule is the product of three lists, and a product says more than its members
 * did unless the lists are put together with care. So:
 *
 *   1. for each port and near address, the far addresses, collapsed to prefixes
 *   2. near addresses for which that list is the same go together
 *   3. ports for which both lists are the same go together, neighbours as ranges
 *
 * After each step a rule still matches exactly its packets, but for what the collapse adds
 * (prefix.c). A scanner that tries a thousand ports thus becomes one rule, and a port that a
 * thousand hosts try becomes one rule as well.
 */
#include "syslogparse/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static struct prefixes *far_list(struct fw_rule *rule)
{
	return rule->match.direction == DIR_OUT ? &rule->dst : &rule->src;
}

static struct prefixes *near_list(struct fw_rule *rule)
{
	return rule->match.direction == DIR_OUT ? &rule->src : &rule->dst;
}

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* All but port and addresses. */
static int by_match(const struct net_key *a, const struct net_key *b)
{
	return memcmp(a, b, KEY_MATCH);
}

static int by_prefixes(const struct prefixes *a, const struct prefixes *b)
{
	int order = by_number(a->n, b->n);

	return order || !a->n ? order : memcmp(a->list, b->list, a->n * sizeof(*a->list));
}

static int by_port(const struct fw_rule *a, const struct fw_rule *b)
{
	return by_number(a->ports[0].first, b->ports[0].first);
}

/* const goes: qsort() has it, and the accessors serve writers, too. */
static int by_far(const void *left, const void *right)
{
	struct fw_rule *a = *(struct fw_rule *const *)left, *b = *(struct fw_rule *const *)right;
	int order = by_match(&a->match, &b->match);

	order = order ? order : by_port(a, b);
	order = order ? order : by_prefixes(far_list(a), far_list(b));
	return order ? order : by_prefixes(near_list(a), near_list(b));
}

static int by_ends(const void *left, const void *right)
{
	struct fw_rule *a = *(struct fw_rule *const *)left, *b = *(struct fw_rule *const *)right;
	int order = by_match(&a->match, &b->match);

	order = order ? order : by_prefixes(far_list(a), far_list(b));
	order = order ? order : by_prefixes(near_list(a), near_list(b));
	return order ? order : by_port(a, b);
}

/* ---- step 1: far addresses ---- */

struct work {
	const struct tally *tally;
	const struct options *options;
	struct pool *pool;
	uint8_t (*addresses)[16];
	struct prefix *prefixes;
	struct fw_rule **rules;
	uint32_t n;
};

static bool same_flow(const struct net_key *a, const struct net_key *b)
{
	return !memcmp(a, b, offsetof(struct net_key, far));
}

/* The first N of WORK's addresses, as prefixes that stay. */
static void keep_prefixes(struct work *work, struct prefixes *out, uint32_t n, uint8_t family)
{
	struct prefixes found = { work->prefixes, 0 };

	prefix_collapse(&found, (const uint8_t(*)[16])work->addresses, n, family == 4 ? 4 : 16,
			work->options->collapse);
	out->list = pool_get(work->pool, found.n * sizeof(*out->list));
	out->n = out->list ? found.n : 0;
	if (out->n)
		memcpy(out->list, found.list, found.n * sizeof(*out->list));
}

static int flow_rule(struct work *work, const struct record **records, uint32_t n)
{
	const struct net_key *key = (const void *)records[0]->key;
	struct fw_rule *rule = pool_get(work->pool, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	rule->ports = pool_get(work->pool, sizeof(*rule->ports));
	memcpy(&rule->match, key, KEY_MATCH);
	for (uint32_t i = 0; i < n; i++) {
		struct evidence evidence = tally_evidence(work->tally, records[i]);

		evidence_join(&rule->evidence, &evidence);
		rule->sampled |= records[i]->seen & NET_UFW;
		memcpy(work->addresses[i], ((const struct net_key *)records[i]->key)->far, 16);
	}
	keep_prefixes(work, far_list(rule), n, key->family);
	memcpy(work->addresses[0], key->near, 16);
	keep_prefixes(work, near_list(rule), 1, key->family);
	if (work->pool->failed)
		return -ENOMEM;
	rule->addresses = n;
	rule->ports[0] = (struct ports){ key_port(key), key_port(key) };
	rule->n_ports = key->has & KEY_PORT ? 1 : 0;
	work->rules[work->n++] = rule;
	return 0;
}

static int flow_rules(struct work *work, const struct record **records, uint32_t n)
{
	int ret = 0;

	for (uint32_t first = 0, end; !ret && first < n; first = end) {
		const struct net_key *key = (const void *)records[first]->key;

		for (end = first + 1; end < n; end++)
			if (!same_flow(key, (const void *)records[end]->key))
				break;
		ret = flow_rule(work, records + first, end - first);
	}
	return ret;
}

/* ---- steps 2 and 3 ---- */

static void join_rules(struct fw_rule *into, const struct fw_rule *from)
{
	evidence_join(&into->evidence, &from->evidence);
	into->sampled |= from->sampled;
	if (from->addresses > into->addresses)
		into->addresses = from->addresses;
}

static uint32_t run_of(struct work *work, uint32_t first,
		       bool (*same)(struct fw_rule *a, struct fw_rule *b))
{
	uint32_t end = first + 1;

	while (end < work->n && same(work->rules[first], work->rules[end]))
		end++;
	return end;
}

static bool same_but_near(struct fw_rule *a, struct fw_rule *b)
{
	return !by_match(&a->match, &b->match) && !by_port(a, b) &&
	       !by_prefixes(far_list(a), far_list(b));
}

static bool same_but_port(struct fw_rule *a, struct fw_rule *b)
{
	return !by_match(&a->match, &b->match) && a->n_ports && b->n_ports &&
	       !by_prefixes(far_list(a), far_list(b)) && !by_prefixes(near_list(a), near_list(b));
}

static int join_near(struct work *work)
{
	uint32_t kept = 0;

	qsort(work->rules, work->n, sizeof(struct fw_rule *), by_far);
	for (uint32_t first = 0, end; first < work->n; first = end) {
		struct fw_rule *rule = work->rules[first];

		end = run_of(work, first, same_but_near);
		for (uint32_t i = first; i < end; i++) {
			memcpy(work->addresses[i - first], near_list(work->rules[i])->list[0].at,
			       16);
			if (i > first)
				join_rules(rule, work->rules[i]);
		}
		if (end > first + 1)
			keep_prefixes(work, near_list(rule), end - first, rule->match.family);
		work->rules[kept++] = rule;
	}
	work->n = kept;
	return work->pool->failed ? -ENOMEM : 0;
}

static int join_ports(struct work *work)
{
	uint32_t kept = 0;

	qsort(work->rules, work->n, sizeof(struct fw_rule *), by_ends);
	for (uint32_t first = 0, end; first < work->n; first = end) {
		struct fw_rule *rule = work->rules[first];
		struct ports *ports;

		end = run_of(work, first, same_but_port);
		ports = pool_get(work->pool, (end - first) * sizeof(*ports));
		if (!ports)
			return -ENOMEM;
		ports[0] = rule->ports[0];
		rule->ports = ports;
		for (uint32_t i = first + 1; i < end; i++) {
			uint16_t port = work->rules[i]->ports[0].first;

			if (ports[rule->n_ports - 1].last + 1 == port)
				ports[rule->n_ports - 1].last = port;
			else
				ports[rule->n_ports++] = (struct ports){ port, port };
			join_rules(rule, work->rules[i]);
		}
		work->rules[kept++] = rule;
	}
	work->n = kept;
	return 0;
}

/* ---- all of it ---- */

/*
 * No wildcard ("eth+"), and nothing that a tool takes for an option. A log may have a NUL in the
 * name: what looks empty must be it.
 */
static bool good_interface(const char *name)
{
	static const char none[16];
	struct bytes bytes = { name, (uint32_t)strnlen(name, 16) };

	if (memcmp(name + bytes.len, none, 16 - bytes.len) != 0)
		return false;
	return !*name || (bytes.len < 16 && *name != '-' && plain_word(bytes, "_.-@"));
}

/* Protocol 0 means "all" to iptables; headers that extend IPv6 are matched by other means. */
static const char *cannot(const struct net_key *match)
{
	static const uint8_t extensions[] = { 43, 44, 51, 60 };

	if (!good_interface(match->in) || !good_interface(match->out))
		return "a name of an interface that a rule cannot hold";
	if (!match->proto ||
	    (match->family == 6 && memchr(extensions, match->proto, sizeof(extensions))))
		return "a protocol that a rule cannot name";
	return NULL;
}

static int finish(struct fw_rules *rules, struct work *work)
{
	rules->list = pool_get(work->pool, work->n * sizeof(*rules->list));
	if (!rules->list)
		return -ENOMEM;
	qsort(work->rules, work->n, sizeof(struct fw_rule *), by_far);
	for (uint32_t i = 0; i < work->n; i++) {
		struct fw_rule *rule = rules->list + i;

		*rule = *work->rules[i];
		rule->cannot = cannot(&rule->match);
		danger_firewall(&rule->danger, rule, work->options->action);
		rule->left_out = rule->danger.score > work->options->max_danger;
	}
	rules->n = work->n;
	return 0;
}

/* The records that rules come of, to the front; what the others were is noted. */
static uint32_t pick(struct fw_rules *rules, const struct tally *tally,
		     const struct record **records, size_t n)
{
	uint32_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct net_key *key = (const void *)records[i]->key;
		struct evidence evidence = tally_evidence(tally, records[i]);

		if (key->class > NET_NOISE)
			evidence_join(&rules->other[key->direction][key->class], &evidence);
		else
			records[kept++] = records[i];
	}
	return kept;
}

int firewall_rules(struct fw_rules *rules, const struct tally *tally, const struct options *options,
		   struct pool *pool)
{
	struct work work = { .tally = tally, .options = options, .pool = pool };
	const struct record **records;
	uint32_t kept;
	size_t n;
	int ret = tally_list(tally, &records, &n);

	memset(rules, 0, sizeof(*rules));
	if (ret)
		return ret;
	kept = pick(rules, tally, records, n);
	work.addresses = calloc(kept + 1, sizeof(*work.addresses));
	work.prefixes = calloc(kept + 1, sizeof(*work.prefixes));
	work.rules = calloc(kept + 1, sizeof(struct fw_rule *));
	if (!work.addresses || !work.prefixes || !work.rules)
		ret = -ENOMEM;
	if (!ret)
		ret = flow_rules(&work, records, kept);
	if (!ret)
		ret = join_near(&work);
	if (!ret)
		ret = join_ports(&work);
	if (!ret)
		ret = finish(rules, &work);
	free(work.addresses);
	free(work.prefixes);
	free(work.rules);
	free(records);
	return ret;
}
