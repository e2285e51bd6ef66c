/* SPDX-License-Identifier: MIT */
/*
 * What journalctl writes for programs: JSON, an object a line, and the export format.
 *
 * Only here is it known who wrote a message: the journal sets the fields that begin with "_"
 * itself. A value is a string; or numbers, if it is not printable UTF-8; or an array, if
 * the field was given more than once; or null, if it is long and --all was not given.
 */
#include "syslogparse/input.h"

#include <jansson.h>
#include <stdlib.h>

/* ---- fields, of either form ---- */

struct fields {
	struct bytes message, transport, ident, host, realtime, source_realtime, serial;
};

static const struct {
	const char *name;
	size_t at;
} known[] = {
	{ "MESSAGE", offsetof(struct fields, message) },
	{ "SYSLOG_IDENTIFIER", offsetof(struct fields, ident) },
	{ "_AUDIT_ID", offsetof(struct fields, serial) },
	{ "_HOSTNAME", offsetof(struct fields, host) },
	{ "_SOURCE_REALTIME_TIMESTAMP", offsetof(struct fields, source_realtime) },
	{ "_TRANSPORT", offsetof(struct fields, transport) },
	{ "__REALTIME_TIMESTAMP", offsetof(struct fields, realtime) },
};

#define KNOWN (sizeof(known) / sizeof(*known))

static struct bytes *field(struct fields *fields, size_t at)
{
	return (struct bytes *)(void *)((char *)fields + at);
}

static enum origin origin_of(const struct fields *f)
{
	if (is_literal(&f->transport, "kernel") || is_literal(&f->transport, "audit"))
		return ORIGIN_JOURNAL;
	/* Some write their own choice of fields. */
	if (!f->transport.at && is_literal(&f->ident, "kernel"))
		return ORIGIN_KERNEL_TEXT;
	return ORIGIN_PROCESS;
}

static void to_line(const struct fields *f, struct line *line)
{
	struct bytes text = f->message;
	struct cursor c;
	uint64_t n;
	int64_t ignored;

	line->host = f->host;
	line->ident = f->ident;
	line->origin = origin_of(f);
	line->repeat = 1;
	line->time_us = TIME_UNKNOWN;
	line->serial = 0;
	if (whole_number(&f->source_realtime, INT64_MAX, &n) ||
	    whole_number(&f->realtime, INT64_MAX, &n))
		line->time_us = (int64_t)n;
	if (whole_number(&f->serial, UINT64_MAX, &n))
		line->serial = n;
	if (text.at) {
		c = (struct cursor){ text.at, text.at + text.len };
		take_dmesg_stamp(&c, &ignored);
		while (c.at < c.end && (c.end[-1] == '\n' || c.end[-1] == '\r'))
			c.end--;
		text = (struct bytes){ c.at, (uint32_t)left(&c) };
	}
	line->text = text;
}

/* ---- JSON ---- */

struct memory {
	json_t *root;
	char *message;
};

static struct bytes string_of(const json_t *value)
{
	if (!json_is_string(value))
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ json_string_value(value), (uint32_t)json_string_length(value) };
}

/* Bytes as numbers. */
static struct bytes bytes_of(const json_t *array, struct memory *memory)
{
	size_t n = json_array_size(array);
	char *text = malloc(n + 1);

	if (!text)
		return (struct bytes){ NULL, 0 };
	memory->message = text;
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);
		json_int_t byte = json_integer_value(value);

		if (!json_is_integer(value) || byte < 0 || byte > 255)
			return (struct bytes){ NULL, 0 };
		text[i] = (char)byte;
	}
	return (struct bytes){ text, (uint32_t)n };
}

/* A field that was given twice tells nothing of which is meant; a message's first one does. */
static struct bytes message_of(const json_t *value, struct memory *memory)
{
	const json_t *first;

	if (!json_is_array(value))
		return string_of(value);
	first = json_array_get(value, 0);
	if (json_is_integer(first))
		return bytes_of(value, memory);
	if (json_is_array(first))
		return bytes_of(first, memory);
	return string_of(first);
}

static struct cursor json_begin(const char *raw, size_t len)
{
	struct cursor c = { raw, raw + len };

	skip_char(&c, '\x1e');	    /* json-seq */
	skip_literal(&c, "data: "); /* json-sse */
	return c;
}

bool journal_is_json(const char *raw, size_t len)
{
	struct cursor c = json_begin(raw, len);

	return left(&c) && *c.at == '{';
}

bool journal_hides_text(const char *raw, size_t len)
{
	static const char key[] = "\"MESSAGE\"";
	struct cursor c = json_begin(raw, len);
	const char *at;

	if (left(&c) == 0 || *c.at != '{')
		return false;
	at = memmem(c.at, left(&c), key, sizeof(key) - 1);
	if (!at)
		return false;
	c.at = at + sizeof(key) - 1;
	skip_spaces(&c);
	skip_char(&c, ':');
	skip_spaces(&c);
	return left(&c) && (*c.at == '[' || *c.at == 'n');
}

bool journal_line(const char *raw, size_t len, struct line *line, void **memory)
{
	struct cursor c = json_begin(raw, len);
	struct fields fields = { 0 };
	struct memory *m = calloc(1, sizeof(*m));

	*memory = m;
	if (!m)
		return false;
	m->root = json_loadb(c.at, left(&c), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(m->root))
		return false;
	for (size_t i = 0; i < KNOWN; i++)
		*field(&fields, known[i].at) = string_of(json_object_get(m->root, known[i].name));
	fields.message = message_of(json_object_get(m->root, "MESSAGE"), m);
	if (!json_object_get(m->root, "MESSAGE"))
		fields.message = string_of(json_object_get(m->root, "log"));
	to_line(&fields, line);
	return true;
}

void journal_release(void *memory)
{
	struct memory *m = memory;

	if (!m)
		return;
	json_decref(m->root);
	free(m->message);
	free(m);
}

/* ---- the export format ---- */

bool journal_is_export(const char *at, size_t len)
{
	struct cursor c = { at, at + len };

	return skip_literal(&c, "__CURSOR=") || skip_literal(&c, "__REALTIME_TIMESTAMP=");
}

/*
 * The next field: NAME=VALUE and a newline; or NAME, a newline, the length in 64 bits, the value
 * and a newline. False: it does not end, or it is the empty line that ends the entry.
 */
static bool take_field(struct cursor *c, struct bytes *name, struct bytes *value)
{
	const char *newline = memchr(c->at, '\n', left(c)), *equal;
	struct cursor p = *c;
	uint64_t len = 0;

	if (!newline || newline == c->at)
		return false;
	equal = memchr(c->at, '=', (size_t)(newline - c->at));
	*name = (struct bytes){ c->at, (uint32_t)((equal ? equal : newline) - c->at) };
	if (equal) {
		*value = (struct bytes){ equal + 1, (uint32_t)(newline - equal - 1) };
		c->at = newline + 1;
		return true;
	}
	p.at = newline + 1;
	if (left(&p) < 8)
		return false;
	for (unsigned int i = 8; i-- > 0;)
		len = len << 8 | (unsigned char)p.at[i];
	p.at += 8;
	if (left(&p) <= len || p.at[len] != '\n')
		return false;
	*value = (struct bytes){ p.at, (uint32_t)len };
	c->at = p.at + len + 1;
	return true;
}

size_t journal_entry_length(const char *at, size_t len)
{
	struct cursor c = { at, at + len };
	struct bytes name, value;

	while (take_field(&c, &name, &value))
		;
	return skip_char(&c, '\n') ? (size_t)(c.at - at) : 0;
}

bool journal_entry(const char *raw, size_t len, struct line *line)
{
	struct cursor c = { raw, raw + len };
	struct fields fields = { 0 };
	struct bytes name, value;

	while (take_field(&c, &name, &value)) {
		for (size_t i = 0; i < KNOWN; i++) {
			struct bytes *to = field(&fields, known[i].at);

			if (!to->at && bytes_equal(&name, known[i].name, strlen(known[i].name)))
				*to = value;
		}
	}
	to_line(&fields, line);
	return line->text.at != NULL;
}

/* One step in a name, which "=" or a newline ends; an empty one ends the entry. */
static void skip_name(struct journal_skip *s, char c)
{
	if (c == '=') {
		s->in = IN_TEXT;
	} else if (c == '\n') {
		s->done = !s->some;
		s->in = IN_LENGTH;
		s->binary = 0;
		s->nlength = 0;
	}
	s->some = true;
}

static void begin_name(struct journal_skip *s)
{
	s->in = IN_NAME;
	s->some = false;
}

static void skip_length(struct journal_skip *s, char c)
{
	s->binary |= (uint64_t)(unsigned char)c << (8 * s->nlength);
	if (++s->nlength == 8)
		s->in = s->binary ? IN_BINARY : AFTER_BINARY;
}

size_t journal_skip(struct journal_skip *s, const char *at, size_t len)
{
	struct cursor c = { at, at + len };

	while (left(&c) && !s->done) {
		const char *newline;
		size_t n;

		switch (s->in) {
		case IN_NAME:
			skip_name(s, *c.at++);
			break;
		case IN_TEXT:
			newline = memchr(c.at, '\n', left(&c));
			c.at = newline ? newline + 1 : c.end;
			if (newline)
				begin_name(s);
			break;
		case IN_LENGTH:
			skip_length(s, *c.at++);
			break;
		case IN_BINARY:
			n = left(&c) < s->binary ? left(&c) : (size_t)s->binary;
			c.at += n;
			s->binary -= n;
			if (s->binary == 0)
				s->in = AFTER_BINARY;
			break;
		case AFTER_BINARY:
			c.at++;
			begin_name(s);
			break;
		}
	}
	return (size_t)(c.at - at);
}
