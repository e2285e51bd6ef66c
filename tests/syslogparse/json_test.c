/* SPDX-License-Identifier: MIT */
/*
 * JSON lines: each is an object that a parser takes, says what it is, and holds every byte of
 * what was logged; other formats and JSON speak of the same rules.
 */
#include <jansson.h>

#include "kselftest_harness.h"

#include "tests/syslogparse/events.h"

#define OBJECTS 64

FIXTURE(json)
{
	struct options options;
	struct tally *tally;
	json_t *object[OBJECTS];
	size_t n;
};

FIXTURE_SETUP(json)
{
	self->options = default_options(WHAT_FIREWALL, FORMAT_JSON);
	self->tally = tally_new(&self->options);
	self->n = 0;
}

FIXTURE_TEARDOWN(json)
{
	for (size_t i = 0; i < self->n; i++)
		json_decref(self->object[i]);
	tally_free(self->tally);
}

/* All lines, as objects; false: one of them is none. */
static bool read_back(struct _test_data_json *self)
{
	char *text = written(self->tally, &self->options), *state;
	bool good = text && *text;

	for (char *line = good ? strtok_r(text, "\n", &state) : NULL; line && good;
	     line = strtok_r(NULL, "\n", &state)) {
		good = self->n < OBJECTS;
		if (!good)
			break;
		self->object[self->n] = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		good = json_is_object(self->object[self->n]);
		self->n += good;
	}
	free(text);
	return good;
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The first object of KIND; NULL: none. */
static json_t *first_of(struct _test_data_json *self, const char *kind)
{
	for (size_t i = 0; i < self->n; i++)
		if (!strcmp(string_of(self->object[i], "kind"), kind))
			return self->object[i];
	return NULL;
}

/* What escape_text() did, undone. */
static void unescape(char *to, const char *text)
{
	while (*text) {
		unsigned int byte = (unsigned char)*text++;

		if (byte == '\\' && *text == '\\')
			text++;
		else if (byte == '\\' && sscanf(text, "x%2x", &byte) == 1)
			text += 3;
		*to++ = (char)byte;
	}
	*to = '\0';
}

TEST_F(json, a_packet)
{
	struct net_event e = packet(DIR_IN, 6, "192.0.2.1", "192.0.2.2", 22);
	json_t *event, *rule, *ports;

	e.flags |= NET_UFW;
	add_packet(self->tally, &e, 7);
	e.dport = 23;
	add_packet(self->tally, &e, 8);
	ASSERT_TRUE(read_back(self));
	EXPECT_STREQ("summary", string_of(self->object[0], "kind"));
	EXPECT_STREQ("events", string_of(self->object[0], "counts"));
	EXPECT_EQ(1, json_integer_value(json_object_get(self->object[0], "lines")));
	event = first_of(self, "event");
	EXPECT_STREQ("input", string_of(event, "direction"));
	EXPECT_STREQ("192.0.2.1", string_of(event, "source"));
	EXPECT_STREQ("192.0.2.2", string_of(event, "destination"));
	EXPECT_EQ(22, json_integer_value(json_object_get(event, "port")));
	EXPECT_TRUE(json_is_true(json_object_get(event, "sampled")));
	/* Two ports, one rule. */
	rule = first_of(self, "rule");
	ports = json_object_get(rule, "ports");
	EXPECT_EQ(4, self->n);
	EXPECT_STREQ("accept", string_of(rule, "action"));
	EXPECT_EQ(1, json_array_size(ports));
	EXPECT_EQ(22, json_integer_value(json_array_get(json_array_get(ports, 0), 0)));
	EXPECT_EQ(23, json_integer_value(json_array_get(json_array_get(ports, 0), 1)));
	EXPECT_EQ(2,
		  json_integer_value(json_object_get(json_object_get(rule, "evidence"), "count")));
	EXPECT_STREQ("2023-11-14T22:13:27Z", string_of(json_object_get(rule, "evidence"), "first"));
}

TEST_F(json, every_byte_of_a_name)
{
	char name[257] = "/", back[257];
	struct aa_event e = { .type = AA_DENIED, .class = AA_FILE };

	for (unsigned int i = 1; i < 256; i++)
		name[i] = (char)i;
	e.operation = text_bytes("open");
	e.profile = text_bytes("/usr/bin/a");
	e.name = text_bytes(name);
	e.denied = text_bytes("r");
	self->options.what = WHAT_APPARMOR;
	tally_free(self->tally);
	self->tally = tally_new(&self->options);
	add_aa(self->tally, &e, 1);
	ASSERT_TRUE(read_back(self));
	ASSERT_NE(NULL, first_of(self, "event"));
	ASSERT_GT(257 * 4, strlen(string_of(first_of(self, "event"), "name")));
	unescape(back, string_of(first_of(self, "event"), "name"));
	EXPECT_STREQ(name, back);
	EXPECT_STREQ("DENIED", string_of(first_of(self, "event"), "type"));
	EXPECT_STREQ("file", string_of(first_of(self, "event"), "class"));
	EXPECT_STREQ("/usr/bin/a", string_of(first_of(self, "rule"), "profile"));
	EXPECT_EQ(0, strncmp("\"/\\001\\002", string_of(first_of(self, "rule"), "rule"), 10));
}

TEST_F(json, what_makes_no_rule)
{
	struct aa_event e = { .type = AA_STATUS, .class = AA_OTHER };

	e.operation = text_bytes("profile_load");
	e.profile = text_bytes("unconfined");
	self->options.what = WHAT_APPARMOR;
	tally_free(self->tally);
	self->tally = tally_new(&self->options);
	add_aa(self->tally, &e, 1);
	e.type = AA_DENIED;
	add_aa(self->tally, &e, 2);
	ASSERT_TRUE(read_back(self));
	EXPECT_EQ(4, self->n);
	EXPECT_EQ(NULL, first_of(self, "rule"));
	EXPECT_STREQ("no rule for profile_load: no rule allows it",
		     string_of(first_of(self, "note"), "note"));
}

TEST_HARNESS_MAIN
