/* SPDX-License-Identifier: MIT */
/*
 * AppArmor's events: the audit record's head, then KEY=VALUE in the kernel's order.
 *
 *	audit: type=1400 audit(1279967133.365:54): apparmor="DENIED" operation="open" ...
 *	type=USER_AVC msg=audit(1375323488.608:182): pid=363 ... msg='apparmor="DENIED" ...'
 *
 * The kernel writes what a user chose (a path, a command) in quotes if it has neither a quote
 * nor a byte outside of "!".."~", and in hexadecimal without quotes if it has. So a quote ends
 * a value, always; and a value without quotes is decoded. A record has each key once:
 * where one is there again, two lines ran into each other, or somebody played.
 */
#include "syslogparse/input.h"

enum kind {
	KIND_WORD,   /* as it is, in quotes or not */
	KIND_NAME,   /* what a user chose */
	KIND_NUMBER, /* of 32 bits */
	KIND_PORT,
	KIND_ERROR, /* negative, as a rule */
};

#define AT(member) offsetof(struct aa_event, member)

/* Rows with SPARE set give way to a key that was there before, instead of being one too many. */
static const struct key_row {
	const char *name;
	unsigned char len, kind, flag, spare;
	unsigned short at;
} keys[] = {
#define ROW(name, kind, flag, at)                         \
	{                                                 \
		name, sizeof(name) - 1, kind, flag, 0, at \
	}
#define SPARE(name, kind, flag, at)                       \
	{                                                 \
		name, sizeof(name) - 1, kind, flag, 1, at \
	}
	ROW("operation", KIND_WORD, 0, AT(operation)),
	ROW("info", KIND_WORD, 0, AT(info)),
	ROW("error", KIND_ERROR, 0, AT(error)),
	ROW("namespace", KIND_NAME, 0, AT(namespace)),
	ROW("profile", KIND_NAME, 0, AT(profile)),
	ROW("label", KIND_NAME, 0, AT(label)),
	ROW("name", KIND_NAME, 0, AT(name)),
	ROW("pid", KIND_NUMBER, 0, AT(pid)),
	ROW("comm", KIND_NAME, 0, AT(comm)),
	ROW("requested_mask", KIND_WORD, 0, AT(requested)),
	ROW("denied_mask", KIND_WORD, 0, AT(denied)),
	ROW("requested", KIND_WORD, 0, AT(requested)),
	ROW("denied", KIND_WORD, 0, AT(denied)),
	ROW("mask", KIND_WORD, 0, AT(denied)),
	ROW("fsuid", KIND_NUMBER, AA_HAS_FSUID, AT(fsuid)),
	ROW("ouid", KIND_NUMBER, AA_HAS_OUID, AT(ouid)),
	ROW("target", KIND_NAME, 0, AT(target)),
	ROW("name2", KIND_NAME, 0, AT(target)),
	ROW("capname", KIND_WORD, 0, AT(capname)),
	ROW("peer", KIND_NAME, 0, AT(peer)),
	ROW("peer_profile", KIND_NAME, 0, AT(peer_label)),
	ROW("peer_label", KIND_NAME, 0, AT(peer_label)),
	ROW("tcontext", KIND_NAME, 0, AT(peer_label)),
	ROW("signal", KIND_WORD, 0, AT(signal)),
	ROW("family", KIND_WORD, 0, AT(family)),
	ROW("sock_type", KIND_WORD, 0, AT(sock_type)),
	ROW("protocol", KIND_WORD, 0, AT(protocol)),
	ROW("laddr", KIND_WORD, 0, AT(laddr)),
	ROW("faddr", KIND_WORD, 0, AT(faddr)),
	ROW("lport", KIND_PORT, 0, AT(lport)),
	ROW("fport", KIND_PORT, 0, AT(fport)),
	SPARE("saddr", KIND_WORD, 0, AT(laddr)),
	SPARE("daddr", KIND_WORD, 0, AT(faddr)),
	SPARE("src", KIND_PORT, 0, AT(lport)),
	SPARE("dest", KIND_PORT, 0, AT(fport)),
	ROW("addr", KIND_NAME, 0, AT(addr)),
	ROW("peer_addr", KIND_NAME, 0, AT(peer_addr)),
	ROW("fstype", KIND_NAME, 0, AT(fstype)),
	ROW("srcname", KIND_NAME, 0, AT(srcname)),
	ROW("flags", KIND_WORD, 0, AT(flagtext)),
	ROW("options", KIND_NAME, 0, AT(options)),
	ROW("rlimit", KIND_WORD, 0, AT(rlimit)),
	ROW("value", KIND_WORD, 0, AT(value)),
	ROW("exe", KIND_NAME, 0, AT(comm)),
	ROW("execpath", KIND_NAME, 0, AT(execpath)),
	ROW("bus", KIND_NAME, 0, AT(bus)),
	ROW("path", KIND_NAME, 0, AT(path)),
	ROW("interface", KIND_NAME, 0, AT(interface)),
	ROW("member", KIND_NAME, 0, AT(member)),
	ROW("method", KIND_NAME, 0, AT(member)),
#undef SPARE
#undef ROW
};

#define KEYS  (sizeof(keys) / sizeof(*keys))

#define WORDS ((sizeof(struct aa_event) / _Alignof(uint16_t) + 63) / 64)

_Static_assert(KEYS <= 64, "what was seen is one word");

struct record {
	struct aa_event *event;
	struct bytes type, class;
	char *scratch, *scratch_end;
	uint64_t seen;	     /* keys, by row */
	uint64_t set[WORDS]; /* members of the event, by where they begin */
	unsigned int next;   /* the row of the key that the kernel writes next, most often */
	unsigned int number; /* of the record, 1500 to 1507, or 0 */
	enum reason reason;
	bool in_message; /* within msg='...' */
	bool modern;	 /* apparmor="..." */
};

static enum box refuse(struct record *r, enum reason reason)
{
	r->reason = reason;
	return BOX_REFUSED;
}

/* ---- values ---- */

/* 16: none. The kernel writes capitals. */
static unsigned int hex_digit(char c)
{
	if (is_digit(c))
		return (unsigned int)(c - '0');
	return c >= 'A' && c <= 'F' ? (unsigned int)(c - 'A') + 10 : 16;
}

static bool is_hex(const struct bytes *text)
{
	for (uint32_t i = 0; i < text->len; i++) {
		if (hex_digit(text->at[i]) > 15)
			return false;
	}
	return text->len >= 2 && text->len % 2 == 0;
}

/* What is not hexadecimal stays: "addr=none", a label. */
static enum box decode(struct record *r, struct bytes *text)
{
	uint32_t n = text->len / 2;
	char *to = r->scratch;

	if (!is_hex(text))
		return BOX_PARSED;
	if ((size_t)(r->scratch_end - to) < n)
		return refuse(r, REASON_LONG);
	for (uint32_t i = 0; i < n; i++)
		to[i] = (char)(hex_digit(text->at[2 * i]) << 4 | hex_digit(text->at[2 * i + 1]));
	r->scratch += n;
	*text = (struct bytes){ to, n };
	return BOX_PARSED;
}

static enum box set_value(struct record *r, unsigned int row, struct bytes *value, bool quoted)
{
	char *to = (char *)r->event + keys[row].at;
	struct cursor c = { value->at, value->at + value->len };
	bool negative;
	uint64_t n;

	switch ((enum kind)keys[row].kind) {
	case KIND_NAME:
		if (!quoted && decode(r, value) != BOX_PARSED)
			return BOX_REFUSED;
		if (quoted || !is_literal(value, "none")) /* a socket without an address */
			*(struct bytes *)(void *)to = *value;
		return BOX_PARSED;
	case KIND_WORD:
		*(struct bytes *)(void *)to = *value;
		return BOX_PARSED;
	case KIND_ERROR:
		negative = skip_char(&c, '-');
		if (!take_number(&c, 4095, &n) || left(&c))
			return refuse(r, REASON_VALUE);
		*(int *)(void *)to = negative ? -(int)n : (int)n;
		return BOX_PARSED;
	case KIND_NUMBER:
	case KIND_PORT:
		if (!whole_number(value, keys[row].kind == KIND_PORT ? UINT16_MAX : UINT32_MAX, &n))
			return refuse(r, REASON_VALUE);
		if (keys[row].kind == KIND_PORT)
			*(uint16_t *)(void *)to = (uint16_t)n;
		else
			*(uint32_t *)(void *)to = (uint32_t)n;
		r->event->flags |= keys[row].kind == KIND_PORT ? AA_HAS_PORT : keys[row].flag;
		return BOX_PARSED;
	}
	return BOX_PARSED;
}

/* Early kernels have it at the end; that it is there twice does no harm if both say the same. */
static enum box set_class(struct record *r, const struct bytes *value)
{
	if (r->class.at && !bytes_equal(value, r->class.at, r->class.len))
		return refuse(r, REASON_TWICE);
	r->class = *value;
	return BOX_PARSED;
}

/* The row of KEY, or KEYS. Rows are in the kernel's order, so the next one is asked first. */
static unsigned int find_row(struct record *r, const struct bytes *key)
{
	unsigned int row = r->next;

	for (unsigned int i = 0; i < KEYS; i++, row++) {
		if (row == KEYS)
			row = 0;
		if (bytes_equal(key, keys[row].name, keys[row].len)) {
			r->next = row + 1;
			return row;
		}
	}
	return KEYS;
}

/* A key that is not known says nothing of what rules are made of. */
static enum box see_pair(struct record *r, const struct bytes *key, struct bytes value, bool quoted)
{
	unsigned int row = find_row(r, key), member;
	uint64_t row_bit = 1ULL << (row & 63), member_bit;

	if (row == KEYS)
		return is_literal(key, "class") ? set_class(r, &value) : BOX_PARSED;
	member = keys[row].at / _Alignof(uint16_t);
	member_bit = 1ULL << member % 64;
	if (r->set[member / 64] & member_bit)
		return keys[row].spare && !(r->seen & row_bit) ? BOX_PARSED :
								 refuse(r, REASON_TWICE);
	r->seen |= row_bit;
	r->set[member / 64] |= member_bit;
	return set_value(r, row, &value, quoted);
}

/* ---- KEY=VALUE ---- */

/* What auditd adds to explain numbers is in capitals, after a byte of its own or glued on. */
static bool is_enrichment(const struct cursor *c)
{
	return left(c) && (*c->at == '\x1d' || (*c->at >= 'A' && *c->at <= 'Z'));
}

static struct bytes take_key(struct cursor *c)
{
	const char *start = c->at;

	while (left(c) && ((*c->at >= 'a' && *c->at <= 'z') || is_digit(*c->at) || *c->at == '_'))
		c->at++;
	return (struct bytes){ start, (uint32_t)(c->at - start) };
}

/* Without quotes: up to a space, the end of msg='...', or what auditd added. */
static struct bytes take_bare(struct record *r, struct cursor *c)
{
	static const char *const glued[] = { "FSUID=\"", "OUID=\"", "UID=\"", "AUID=\"" };
	struct bytes word;
	const char *start = c->at, *at;

	while (left(c) && *c->at != ' ' && *c->at != '\x1d' && !(r->in_message && *c->at == '\''))
		c->at++;
	word = (struct bytes){ start, (uint32_t)(c->at - start) };
	if (word.len == 0 || !memchr(word.at, '"', word.len))
		return word;
	for (unsigned int i = 0; i < sizeof(glued) / sizeof(*glued); i++) {
		at = memmem(word.at, word.len, glued[i], strlen(glued[i]));
		if (at) {
			word.len = (uint32_t)(at - start);
			c->at = at;
			break;
		}
	}
	return word;
}

/* One pair. *DONE when the rest of the line is none of AppArmor's. */
static enum box take_pair(struct record *r, struct cursor *c, bool *done)
{
	struct bytes key, value;
	bool quoted;
	const char *quote;

	if (is_enrichment(c) || (r->in_message && *c->at == '\'')) {
		*done = true;
		return BOX_PARSED;
	}
	key = take_key(c);
	if (key.len == 0 || (left(c) && *c->at != '='))
		return refuse(r, REASON_GRAMMAR);
	if (!skip_char(c, '='))
		return BOX_TRUNCATED;
	quoted = skip_char(c, '"');
	if (quoted) {
		quote = memchr(c->at, '"', left(c));
		if (!quote)
			return BOX_TRUNCATED;
		value = (struct bytes){ c->at, (uint32_t)(quote - c->at) };
		c->at = quote + 1;
		if (left(c) && *c->at != ' ' && *c->at != '\'' && !is_enrichment(c))
			return refuse(r, REASON_GRAMMAR);
	} else {
		value = take_bare(r, c);
		if (value.len == 0)
			return left(c) ? refuse(r, REASON_VALUE) : BOX_TRUNCATED;
	}
	/* What follows is of the daemon that sent the record. */
	*done = r->in_message && is_literal(&key, "sauid");
	return *done ? BOX_PARSED : see_pair(r, &key, value, quoted);
}

static enum box take_pairs(struct record *r, struct cursor *c)
{
	enum box box = BOX_PARSED;
	bool done = false;

	while (skip_spaces(c), left(c) && !done) {
		box = take_pair(r, c, &done);
		if (box != BOX_PARSED)
			break;
	}
	return box;
}

/* ---- the record's head ---- */

/* "audit(1279967133.365:54):"; zeros mean that it was not known. False: it is garbled. */
static bool take_stamp_and_serial(struct record *r, struct cursor *c)
{
	uint64_t seconds, milli, serial;

	if (!skip_literal(c, "audit("))
		return true;
	if (!take_number(c, 99999999999, &seconds) || !skip_char(c, '.') ||
	    !take_number(c, 999, &milli) || !skip_char(c, ':') ||
	    !take_number(c, UINT64_MAX, &serial) || !skip_literal(c, "):"))
		return false;
	if (seconds) {
		r->event->audit_us = (int64_t)seconds * 1000000 + (int64_t)milli * 1000;
		r->event->serial = serial;
	}
	skip_spaces(c);
	return true;
}

/* "type=1400 ", "type=AVC ", "type=UNKNOWN[1502] ". */
static void take_type(struct record *r, struct cursor *c)
{
	struct cursor number;
	uint64_t n;

	if (!skip_literal(c, "type="))
		return;
	r->type = take_word(c);
	number = (struct cursor){ r->type.at, r->type.at + r->type.len };
	skip_literal(&number, "UNKNOWN[");
	if (take_number(&number, 9999, &n))
		r->number = (unsigned int)n;
	skip_spaces(c);
}

static bool next_is(const struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	return left(c) >= n && memcmp(c->at, text, n) == 0;
}

/* A user's record: what its sender says stands in msg='...'. */
static bool skip_to_message(struct record *r, struct cursor *c)
{
	static const char begin[] = " msg='apparmor=";
	const char *at;

	if (!next_is(c, "pid="))
		return true;
	at = memmem(c->at, left(c), begin, sizeof(begin) - 1);
	if (!at)
		return false;
	c->at = at + 6;
	r->in_message = true;
	return true;
}

/* False: the head is none; C is where AppArmor's own pairs begin. */
static bool take_head(struct record *r, struct cursor *c, bool *garbled)
{
	*garbled = false;
	if (skip_literal(c, "audit: ")) /* by printk */
		skip_spaces(c);
	take_type(r, c);
	skip_literal(c, "msg=");
	if (!take_stamp_and_serial(r, c)) {
		*garbled = true;
		return false;
	}
	if (!r->type.at || !r->number)
		take_type(r, c); /* "audit(...): type=1503 operation=" */
	/* The journal's own records begin with the type's name. */
	if (!r->type.at && !skip_literal(c, "AVC "))
		skip_literal(c, "USER_AVC ");
	return skip_to_message(r, c);
}

/* ---- type ---- */

static const struct {
	const char *name;
	unsigned int number;
	enum aa_type type;
} types[] = {
	{ "ALLOWED", 1502, AA_ALLOWED }, { "DENIED", 1503, AA_DENIED }, { "AUDIT", 1501, AA_AUDIT },
	{ "HINT", 1504, AA_HINT },	 { "STATUS", 1505, AA_STATUS }, { "ERROR", 1506, AA_ERROR },
	{ "KILLED", 1507, AA_KILLED },	 { "AUTO", 0, AA_AUTO },
};

#define TYPES (sizeof(types) / sizeof(*types))

/* From apparmor="...", or of old kernels from the record's type. */
static bool take_aa_type(struct record *r, struct cursor *c)
{
	struct bytes word = { NULL, 0 };
	const char *quote;

	if (skip_literal(c, "apparmor=\"")) {
		quote = memchr(c->at, '"', left(c));
		if (!quote)
			return false;
		word = (struct bytes){ c->at, (uint32_t)(quote - c->at) };
		c->at = quote + 1;
		r->modern = true;
	} else if (begins_literal(&r->type, "APPARMOR_")) {
		word = (struct bytes){ r->type.at + 9, r->type.len - 9 };
	}
	for (unsigned int i = 0; i < TYPES; i++) {
		if (word.at ? bytes_equal(&word, types[i].name, strlen(types[i].name)) :
			      types[i].number && types[i].number == r->number) {
			r->event->type = types[i].type;
			return true;
		}
	}
	return false;
}

/* A line with pieces of AppArmor's that does not begin as one: its head is missing. */
static bool looks_cut(const struct bytes *text)
{
	return bytes_hold(text, "apparmor=\"") ||
	       (bytes_hold(text, " operation=\"") && bytes_hold(text, " profile="));
}

/* Before Linux 2.6.24 the record was a sentence. */
static bool is_ancient(const struct record *r, const struct cursor *c)
{
	static const char *const verbs[] = { "REJECTING ", "PERMITTING ", "AUDITING ",
					     "LOGPROF-HINT " };

	if (!is_literal(&r->type, "APPARMOR") && r->number != 1500)
		return false;
	for (unsigned int i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (next_is(c, verbs[i]))
			return true;
	}
	return false;
}

static enum box parse(struct record *r, const struct line *line, struct cursor *c)
{
	bool garbled;

	if (!take_head(r, c, &garbled))
		return garbled && looks_cut(&line->text) ? refuse(r, REASON_VALUE) : BOX_NOT_OURS;
	if (is_ancient(r, c))
		return refuse(r, REASON_ANCIENT);
	if (!next_is(c, "apparmor=\"") && !next_is(c, "operation=\""))
		return looks_cut(&line->text) ? BOX_TRUNCATED : BOX_NOT_OURS;
	if (!take_aa_type(r, c))
		return memchr(c->at, '"', left(c)) ? refuse(r, REASON_VALUE) : BOX_TRUNCATED;
	if (line->flags & (LINE_HEAD_CUT | LINE_TAIL_CUT))
		return BOX_TRUNCATED;
	return take_pairs(r, c);
}

enum box parse_apparmor(const struct line *line, struct aa_event *event, char *scratch,
			unsigned int *reason)
{
	struct record r = { .event = event, .scratch = scratch };
	struct cursor c = { line->text.at, line->text.at + line->text.len };
	enum box box;

	r.scratch_end = scratch + LINE_SCRATCH;
	memset(event, 0, sizeof(*event));
	event->audit_us = TIME_UNKNOWN;
	event->serial = line->serial;
	box = parse(&r, line, &c);
	if (box == BOX_PARSED)
		box = apparmor_judge(event, &r.class, &r.reason);
	/* The uids follow a file's mask, unless the line ends between them. */
	if (box == BOX_PARSED && event->class == AA_FILE && r.modern &&
	    (event->flags & (AA_HAS_FSUID | AA_HAS_OUID)) != (AA_HAS_FSUID | AA_HAS_OUID))
		box = BOX_TRUNCATED;
	*reason = box == BOX_REFUSED ? r.reason : 0;
	return box;
}
