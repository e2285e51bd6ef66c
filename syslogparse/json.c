/* SPDX-License-Identifier: MIT */
/*
 * JSON lines: one object for the account, one for each event, one for each rule.
 *
 * Bytes of a log become ASCII as in comments (\xNN, and "\\" for a backslash) before JSON
 * escapes them once more: a log is no UTF-8, and a reader gets back every byte of it. An
 * event is what the tally keeps of it (key.c), a rule is what the other formats write.
 *
 * jansson would seed its hashes from /dev/urandom, which is not there for a confined process;
 * our keys are our own, so a constant does.
 */
#include "syslogparse/profile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *text_of(struct bytes bytes)
{
	char *text = malloc(ESCAPED_SIZE(bytes.len));
	json_t *string = text ? json_stringn(text, escape_into(text, bytes)) : NULL;

	free(text);
	return string;
}

static json_t *name_of(const char *name)
{
	return text_of((struct bytes){ name, (uint32_t)strnlen(name, 16) });
}

/* Takes OBJECT. */
static void put_object(struct writer *w, json_t *object)
{
	if (!object || json_dumpf(object, w->out, JSON_COMPACT | JSON_ENSURE_ASCII) < 0)
		w->pool->failed = true;
	else
		fputs("\n", w->out);
	json_decref(object);
}

static json_t *time_of(int64_t time_us)
{
	char text[40];

	if (time_us == TIME_UNKNOWN)
		return json_null();
	return json_string(time_text(text, sizeof(text), time_us));
}

static json_t *evidence_of(struct writer *w, const struct evidence *e)
{
	json_t *samples = json_array();

	for (unsigned int i = 0; i < SAMPLES && e->sample[i]; i++)
		json_array_append_new(samples, json_pack("{s:o,s:I}", "source",
							 text_of(source_name(w, e->source[i])),
							 "line", (json_int_t)e->sample[i]));
	return json_pack("{s:I,s:o,s:o,s:o}", "count", (json_int_t)e->count, "first",
			 time_of(e->first_us), "last", time_of(e->last_us), "samples", samples);
}

static json_t *danger_of(const struct danger *danger)
{
	return json_pack("{s:i,s:s}", "score", (int)danger->score, "why", danger->why);
}

static void put_summary(struct writer *w)
{
	const struct account *a = w->account;
	json_t *boxes = json_object(), *reasons = json_object();

	for (unsigned int box = 0; box < BOXES; box++)
		json_object_set_new(boxes, box_name(box), json_integer((json_int_t)a->boxes[box]));
	for (unsigned int i = 0; i < REASONS && account_reason(i); i++)
		if (a->reasons[i])
			json_object_set_new(reasons, account_reason(i),
					    json_integer((json_int_t)a->reasons[i]));
	put_object(w, json_pack("{s:s,s:I,s:I,s:o,s:o,s:I,s:s}", "kind", "summary", "lines",
				(json_int_t)a->lines, "bytes", (json_int_t)a->bytes, "boxes", boxes,
				"refused", reasons, "lost_events", (json_int_t)a->lost_events,
				"counts", tally_flooded(w->tally) ? "lines" : "events"));
}

/* ---- packets ---- */

static const char *class_name(unsigned int class)
{
	static const char *const names[] = { "new", "multicast", "established", "invalid",
					     "no rule" };

	return names[class];
}

static json_t *match_of(const char *kind, const struct net_key *key)
{
	json_t *match = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:o,s:o}", "kind", kind, "what",
				  "firewall", "direction", direction_name(key->direction), "class",
				  class_name(key->class), "family", key->family, "protocol",
				  key->proto, "in", name_of(key->in), "out", name_of(key->out));

	if (key->has & KEY_ICMP)
		json_object_set_new(match, "icmp_type", json_integer(key->icmp));
	if (key->has & KEY_UID)
		json_object_set_new(match, "uid", json_integer(key_uid(key)));
	return match;
}

static json_t *address_of(const struct net_key *key, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(
		inet_ntop(key->family == 4 ? AF_INET : AF_INET6, address, text, sizeof(text)));
}

static void put_packet(struct writer *w, const struct record *record)
{
	const struct net_key *key = (const void *)record->key;
	struct evidence evidence = tally_evidence(w->tally, record);
	json_t *event = match_of("event", key);

	if (key->has & KEY_PORT)
		json_object_set_new(event, "port", json_integer(key_port(key)));
	if (key->has & KEY_ARP)
		json_object_set_new(event, "arp", json_true());
	json_object_set_new(event, "source", address_of(key, key_source(key)));
	json_object_set_new(event, "destination", address_of(key, key_destination(key)));
	json_object_set_new(event, "sampled", json_boolean(record->seen & NET_UFW));
	json_object_set_new(event, "evidence", evidence_of(w, &evidence));
	put_object(w, event);
}

static json_t *prefixes_of(const struct fw_rule *rule, const struct prefixes *prefixes)
{
	json_t *list = json_array();
	char text[64];

	for (uint32_t i = 0; i < prefixes->n; i++) {
		prefix_print(text, sizeof(text), prefixes->list + i,
			     rule->match.family == 4 ? 4 : 16);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void put_fw_rule(struct writer *w, const struct fw_rule *rule)
{
	json_t *out = match_of("rule", &rule->match);
	json_t *ports = json_array();

	for (uint32_t i = 0; i < rule->n_ports; i++)
		json_array_append_new(ports, json_pack("[i,i]", rule->ports[i].first,
						       rule->ports[i].last));
	json_object_set_new(out, "action", json_string(w->options->action));
	json_object_set_new(out, "ports", ports);
	json_object_set_new(out, "sources", prefixes_of(rule, &rule->src));
	json_object_set_new(out, "destinations", prefixes_of(rule, &rule->dst));
	json_object_set_new(out, "addresses", json_integer(rule->addresses));
	json_object_set_new(out, "sampled", json_boolean(rule->sampled));
	json_object_set_new(out, "left_out", json_boolean(rule->left_out || rule->cannot));
	json_object_set_new(out, "danger", danger_of(&rule->danger));
	json_object_set_new(out, "evidence", evidence_of(w, &rule->evidence));
	put_object(w, out);
}

static int put_fw_rules(struct writer *w)
{
	struct fw_rules rules;
	int ret = firewall_rules(&rules, w->tally, w->options, w->pool);

	for (uint32_t i = 0; !ret && i < rules.n; i++)
		put_fw_rule(w, rules.list + i);
	return ret;
}

/* ---- AppArmor ---- */

static const char *type_name(enum aa_type type)
{
	static const char *const names[] = { "ALLOWED", "DENIED", "AUDIT",  "HINT",
					     "STATUS",	"ERROR",  "KILLED", "AUTO" };

	return names[type];
}

static const char *aa_class_name(enum aa_class class)
{
	static const char *const names[] = { "file",	 "capability", "network", "unix",
					     "mount",	 "ptrace",     "signal",  "mqueue",
					     "io_uring", "userns",     "rlimit",  "dbus",
					     "change",	 "other" };

	return names[class];
}

static void put_aa_event(struct writer *w, const struct record *record)
{
	struct evidence evidence = tally_evidence(w->tally, record);
	struct aa_event event;
	struct bytes value;
	const char *name;
	json_t *out;

	aa_unpack(&event, record->key, record->len);
	out = json_pack("{s:s,s:s,s:s,s:s}", "kind", "event", "what", "apparmor", "type",
			type_name(event.type), "class", aa_class_name(event.class));
	for (unsigned int i = 0; (name = aa_kept(&event, i, &value)); i++)
		if (value.at)
			json_object_set_new(out, name, text_of(value));
	if (event.class == AA_FILE)
		json_object_set_new(out, "owner", json_boolean(event.flags & AA_OWNER));
	if (event.error)
		json_object_set_new(out, "error", json_integer(event.error));
	json_object_set_new(out, "evidence", evidence_of(w, &evidence));
	put_object(w, out);
}

static void put_aa_rule(struct writer *w, const struct aa_row *row)
{
	const char *rule = profile_row_text(w->pool, row);
	bool note = row->order == ROW_NOTE;
	json_t *out = json_pack("{s:s,s:s,s:o}", "kind", note ? "note" : "rule", "what", "apparmor",
				"profile", text_of(row->profile));

	if (row->space.at)
		json_object_set_new(out, "namespace", text_of(row->space));
	if (row->child.at)
		json_object_set_new(out, "child", text_of(row->child));
	json_object_set_new(out, note ? "note" : "rule", json_string(rule));
	if (!note) {
		json_object_set_new(out, "shortened", json_boolean(row->shortened));
		json_object_set_new(out, "left_out", json_boolean(row->left_out));
		json_object_set_new(out, "danger", danger_of(&row->danger));
	}
	json_object_set_new(out, "evidence", evidence_of(w, &row->evidence));
	put_object(w, out);
}

static int put_aa_rules(struct writer *w)
{
	struct aa_rows rows;
	int ret = profile_rows(&rows, w->tally, w->options, w->pool);

	for (size_t i = 0; !ret && i < rows.n; i++)
		put_aa_rule(w, rows.list + i);
	return ret;
}

int write_json(struct writer *w)
{
	bool apparmor = w->options->what == WHAT_APPARMOR;
	const struct record **records;
	size_t n;
	int ret = tally_list(w->tally, &records, &n);

	if (ret)
		return ret;
	json_object_seed(1);
	put_summary(w);
	for (size_t i = 0; i < n; i++) {
		if (apparmor)
			put_aa_event(w, records[i]);
		else
			put_packet(w, records[i]);
	}
	free(records);
	return apparmor ? put_aa_rules(w) : put_fw_rules(w);
}
