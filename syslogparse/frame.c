/* SPDX-License-Identifier: MIT */
/*
 * Lines without their framing.
 *
 * What a log is read through is guessed for each line, for logs are concatenated, relayed and
 * pasted. The guesses are few and each asks for a whole shape, so that the message of one
 * program is not taken for the head of another: what stands to the left decides, never what
 * can be found further on in the line, since that is what attackers write.
 */
#include "syslogparse/input.h"

/* ---- is a line worth the work? ---- */

/* Does the key before the "=" at AT belong to WHAT? START is where the line begins. */
static bool is_wanted_key(enum what what, const char *start, const char *at, const char *end)
{
	struct cursor key = { start, at }, value = { at + 1, end };

#define ends_with(literal)                    \
	(left(&key) >= sizeof(literal) - 1 && \
	 memcmp(at - sizeof(literal) + 1, literal, sizeof(literal) - 1) == 0)
	if (ends_with("audit_lost"))
		return true;
	if (what == WHAT_FIREWALL)
		return ends_with("IN") || ends_with("PROTO") || ends_with("PT");
	if (ends_with("apparmor") || ends_with("operation"))
		return true;
	return ends_with("type") &&
	       (skip_literal(&value, "APPARMOR") || skip_literal(&value, "15") ||
		skip_literal(&value, "UNKNOWN[15"));
#undef ends_with
}

/* How notices end that hold no key. */
static bool has_notice_end(const char *raw, size_t len)
{
	static const char *const ends[] = { "suppressed",      " times", "limit exceeded",
					    "kernel messages", " ---",	 "queue overflow" };

	while (len > 0 && (raw[len - 1] == ' ' || raw[len - 1] == '\r' || raw[len - 1] == '.'))
		len--;
	for (unsigned int i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);

		if (len >= n && memcmp(raw + len - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

bool line_is_wanted(enum what what, const char *raw, size_t len)
{
	const char *end = raw + len, *at = raw;

	while ((at = memchr(at, '=', (size_t)(end - at)))) {
		if (is_wanted_key(what, raw, at, end))
			return true;
		at++;
	}
	return has_notice_end(raw, len) || journal_hides_text(raw, len);
}

/* ---- what notices say ---- */

/* The number before the last TEXT, as in "net_ratelimit: 5 callbacks suppressed". */
static uint64_t number_before(const struct bytes *text, const char *after)
{
	const char *at = memmem(text->at, text->len, after, strlen(after));
	struct cursor c;
	uint64_t n;

	if (!at)
		return 0;
	c = (struct cursor){ at, at };
	while (c.at > text->at && is_digit(c.at[-1]))
		c.at--;
	return take_number(&c, UINT32_MAX, &n) ? n : 1;
}

/*
 * audit_lost= is the sum since boot, so that adding up would count twice: each such line, and
 * each that has no number, is one event at least.
 */
bool line_tells_of_loss(const struct line *line, uint64_t *events)
{
	const struct bytes *text = &line->text;

	*events = 0;
	if (is_literal(&line->ident, "systemd-journald"))
		*events = begins_literal(text, "Missed ") ?
				  number_before(text, " kernel messages") :
				  0;
	else if (line->origin > ORIGIN_KERNEL_TEXT)
		return false;
	else if (text->len && text->at[text->len - 1] == 'd' &&
		 bytes_hold(text, " callbacks suppressed"))
		*events = number_before(text, " callbacks suppressed");
	else if (begins_literal(text, "audit: audit_lost=") ||
		 begins_literal(text, "audit: printk limit exceeded") ||
		 begins_literal(text, "audit: kauditd hold queue overflow"))
		*events = 1;
	return *events > 0;
}

/* "last message repeated 3 times", also "--- last message repeated 3 times ---". */
static bool take_last_repeated(const struct bytes *text, uint64_t *times)
{
	struct cursor c = { text->at, text->at + text->len };

	skip_literal(&c, "--- ");
	return skip_literal(&c, "last message repeated ") && take_number(&c, UINT32_MAX, times) &&
	       *times > 0 && (skip_literal(&c, " times") || skip_literal(&c, " time"));
}

/* "message repeated 5 times: [ TEXT]" */
static void take_repeated(struct line *line)
{
	struct cursor c = { line->text.at, line->text.at + line->text.len };
	uint64_t times;
	int64_t ignored;

	if (!skip_literal(&c, "message repeated ") || !take_number(&c, UINT32_MAX, &times) ||
	    times == 0 || !skip_literal(&c, " times: ["))
		return;
	skip_char(&c, ' ');
	line->repeat = (unsigned int)times;
	if (left(&c) && c.end[-1] == ']')
		c.end--;
	else
		line->flags |= LINE_TAIL_CUT;
	take_dmesg_stamp(&c, &ignored);
	line->text = (struct bytes){ c.at, (uint32_t)left(&c) };
}

/* ---- lines ---- */

/* What a power loss, Windows, or another program's escaping left at a line's ends. */
static void trim(struct cursor *c)
{
	while (c->at < c->end && *c->at == '\0')
		c->at++;
	skip_literal(c, "\xef\xbb\xbf");
	while (c->at < c->end && (c->end[-1] == '\r' || c->end[-1] == '\0'))
		c->end--;
}

bool frame_line(const struct frame *frame, const char *raw, size_t len, struct line *line)
{
	struct cursor c = { raw, raw + len };
	uint64_t times;

	trim(&c);
	line->time_us = TIME_UNKNOWN;
	line->serial = 0;
	line->repeat = 1;
	line->host = (struct bytes){ NULL, 0 };
	line->ident = (struct bytes){ NULL, 0 };
	frame_head(frame, &c, line);
	line->text = (struct bytes){ c.at, (uint32_t)left(&c) };
	if (take_last_repeated(&line->text, &times)) {
		line->repeat = (unsigned int)times;
		return false;
	}
	take_repeated(line);
	return true;
}
