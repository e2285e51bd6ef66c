/* SPDX-License-Identifier: MIT */
/*
 * The heads of lines: who wrote this, and when?
 *
 *	<PRI>Mar  5 10:00:00 HOST IDENT[PID]: TEXT	RFC 3164; PRI, HOST or IDENT missing
 *	2021-03-05T10:00:00Z HOST IDENT[PID]: TEXT	rsyslog, journalctl
 *	<PRI>1 2021-03-05T10:00:00Z HOST IDENT PID MSGID [SD] TEXT	RFC 5424; "<PRI>1" missing
 *	[ 123.456789] TEXT				dmesg
 *	[ 123.456789] HOST IDENT[PID]: TEXT		journalctl -o short-monotonic
 *	node=HOST type=AVC msg=audit(...): TEXT		auditd; node missing
 *	101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 TEXT	Proxmox
 *	FILE:LINE:HEAD					grep -H -n in front of any of these
 */
#include "syslogparse/input.h"

#define MAX_PREFIX 4096

/* "<4>", also BSD's "<4.3>" and "<kern.notice>". */
static bool take_priority(struct cursor *c)
{
	struct cursor p = *c;

	if (!skip_char(&p, '<'))
		return false;
	while (left(&p) && (is_digit(*p.at) || *p.at == '.' || (*p.at >= 'a' && *p.at <= 'z')))
		p.at++;
	if (p.at == c->at + 1 || !skip_char(&p, '>'))
		return false;
	*c = p;
	return true;
}

/* "kern.notice" */
static bool is_facility(const struct bytes *word)
{
	static const char *const names[] = { "kern.",	  "user.",   "daemon.", "syslog.",
					     "auth.",	  "local0.", "local1.", "local2.",
					     "local3.",	  "local4.", "local5.", "local6.",
					     "local7.",	  "mail.",   "cron.",	"news.",
					     "authpriv.", "lpr.",    "uucp.",	"ftp." };

	if (!word->len || !memchr(word->at, '.', word->len))
		return false;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (bytes_head_is(word, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* "IDENT:" or "IDENT[PID]:", whole; *PID says which. */
static bool as_ident(struct bytes word, struct bytes *ident, bool *pid)
{
	const char *open;

	if (word.len < 2 || word.at[word.len - 1] != ':')
		return false;
	word.len--;
	*pid = false;
	if (word.at[word.len - 1] == ']') {
		open = memrchr(word.at, '[', word.len);
		if (!open || open == word.at)
			return false;
		word.len = (uint32_t)(open - word.at);
		*pid = true;
	}
	*ident = word;
	return true;
}

/* The message of dbus-daemon about a call that it refused; no other text of it is looked for. */
static bool is_dbus_refusal(const struct bytes *text)
{
	return begins_literal(text, "apparmor=\"") && bytes_hold(text, " operation=\"dbus_");
}

static enum origin origin_of(const struct bytes *ident, const struct bytes *text)
{
	static const char *const kernel[] = { "kernel", "audit", "audispd", "audisp-syslog",
					      "ulogd" };

	if (!ident->at || begins_literal(ident, "kern."))
		return ORIGIN_KERNEL_TEXT;
	for (unsigned int i = 0; i < sizeof(kernel) / sizeof(*kernel); i++) {
		if (bytes_equal(ident, kernel[i], strlen(kernel[i])))
			return ORIGIN_KERNEL_TEXT;
	}
	if (begins_literal(ident, "dbus") && is_dbus_refusal(text))
		return ORIGIN_KERNEL_TEXT;
	return ORIGIN_PROCESS;
}

/* "[ 123.456789] " or, with the caller, "[ 123.456789][  T123] ". */
static void skip_kernel_stamp(struct cursor *c)
{
	struct cursor p;
	int64_t ignored;

	if (!take_dmesg_stamp(c, &ignored))
		return;
	p = *c;
	if (!skip_char(&p, '['))
		return;
	skip_spaces(&p);
	if (!skip_char(&p, 'T') && !skip_char(&p, 'C'))
		return;
	while (left(&p) && is_digit(*p.at))
		p.at++;
	if (skip_literal(&p, "] "))
		*c = p;
}

/* name="value", in which a backslash protects what follows it. */
static bool take_parameter(struct cursor *c)
{
	while (left(c) && *c->at != '=' && *c->at != ' ' && *c->at != ']')
		c->at++;
	if (!skip_literal(c, "=\""))
		return false;
	while (left(c) && *c->at != '"')
		c->at += *c->at == '\\' && left(c) > 1 ? 2 : 1;
	return skip_char(c, '"');
}

/* [id name="value" ...], any number of them; or "-". "[UFW BLOCK] " is none. */
static void take_structured(struct cursor *c)
{
	struct cursor p = *c;

	if (skip_char(c, '-'))
		return;
	while (skip_char(&p, '[')) {
		while (left(&p) && *p.at != ' ' && *p.at != ']' && *p.at != '=' && *p.at != '"')
			p.at++;
		while (skip_char(&p, ' ')) {
			if (!take_parameter(&p))
				return;
		}
		if (!skip_char(&p, ']'))
			return;
		*c = p;
	}
}

static void skip_message_id(struct cursor *c)
{
	skip_char(c, ' ');
	take_structured(c);
	skip_char(c, ' ');
	skip_literal(c, "\xef\xbb\xbf");
}

/* HOST IDENT PID MSGID SD: told from HOST IDENT: TEXT by its pid and what follows MSGID. */
static bool take_5424(struct cursor *c, struct line *line, bool sure)
{
	struct cursor p = *c;
	struct bytes host, ident, pid, id;

	host = take_word(&p);
	if (!host.len || !skip_char(&p, ' '))
		return false;
	ident = take_word(&p);
	if (!ident.len || !skip_char(&p, ' ') || (!sure && ident.at[ident.len - 1] == ':'))
		return false;
	pid = take_word(&p);
	if (!pid.len || !skip_char(&p, ' '))
		return false;
	id = take_word(&p);
	if (!id.len)
		return false;
	if (!sure) {
		if (!is_digit(*pid.at) && !is_literal(&pid, "-"))
			return false;
		if (left(&p) < 2 || (p.at[1] != '-' && p.at[1] != '['))
			return false;
	}
	skip_message_id(&p);
	line->host = host;
	line->ident = is_literal(&ident, "-") ? (struct bytes){ NULL, 0 } : ident;
	*c = p;
	return true;
}

/* The word after a stamp that had no host: "DENY: IN=" is a prefix of the kernel's. */
static bool is_prefix_alone(const struct cursor *c, const struct bytes *ident, bool pid)
{
	return !pid && !is_literal(ident, "kernel") && left(c) > 3 && memcmp(c->at, " IN=", 4) == 0;
}

/* HOST IDENT[PID]: TEXT after a stamp; each of them can be missing. */
static void take_host_ident(struct cursor *c, struct line *line)
{
	struct cursor p = *c;
	struct bytes word = take_word(&p);
	bool pid;

	if (as_ident(word, &line->ident, &pid)) {
		if (is_prefix_alone(&p, &line->ident, pid)) {
			line->ident = (struct bytes){ NULL, 0 };
			return;
		}
		*c = p;
	} else {
		line->host = word;
		skip_char(&p, ' ');
		*c = p;
		word = take_word(&p);
		if (is_facility(&word)) {
			skip_char(&p, ' ');
			*c = p;
			word = take_word(&p);
		}
		if (!as_ident(word, &line->ident, &pid))
			return;
		*c = p;
	}
	skip_char(c, ' ');
}

/* dmesg's TEXT, or HOST IDENT: TEXT; an ident without a pid can be a prefix, but "kernel". */
static void take_after_dmesg(struct cursor *c, struct line *line)
{
	struct cursor p = *c;
	struct bytes first = take_word(&p), second, ident;
	bool pid;

	if (as_ident(first, &ident, &pid)) {
		if (!pid && !is_literal(&ident, "kernel"))
			return;
	} else {
		if (!skip_char(&p, ' '))
			return;
		second = take_word(&p);
		if (!as_ident(second, &ident, &pid) || (!pid && !is_literal(&ident, "kernel")))
			return;
		line->host = first;
	}
	line->ident = ident;
	skip_char(&p, ' ');
	*c = p;
}

/* "101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 " */
static bool take_proxmox(struct cursor *c, struct line *line)
{
	struct cursor p = *c, stamp;
	char text[32];
	struct calendar none = { TIME_UNKNOWN, 0, 0 };
	struct bytes word;
	uint64_t n;

	if (!take_number(&p, UINT32_MAX, &n) || !skip_char(&p, ' ') || !take_number(&p, 9, &n) ||
	    !skip_char(&p, ' '))
		return false;
	take_word(&p);
	if (!skip_char(&p, ' '))
		return false;
	word = take_word(&p);
	if (word.len != 20 || word.at[2] != '/' || word.at[6] != '/' || left(&p) < 7)
		return false;
	/* As "Jun 20 2022 13:12:46 +0200", which take_stamp() knows. */
	memcpy(text, word.at + 3, 3);
	text[3] = ' ';
	memcpy(text + 4, word.at, 2);
	text[6] = ' ';
	memcpy(text + 7, word.at + 7, 13);
	text[11] = ' ';
	memcpy(text + 20, p.at, 6);
	stamp = (struct cursor){ text, text + 26 };
	if (!take_stamp(&stamp, &none, &line->time_us))
		return false;
	p.at += 6;
	*c = p;
	return skip_char(c, ' ');
}

static bool take_audit_head(const struct frame *frame, struct cursor *c, struct line *line)
{
	struct cursor p = *c;
	struct bytes host = { NULL, 0 };

	if (skip_literal(&p, "node=")) {
		host = take_word(&p);
		skip_char(&p, ' ');
	}
	if (left(&p) < 5 || memcmp(p.at, "type=", 5) != 0)
		return false;
	line->host = host;
	line->origin = frame->audit_log ? ORIGIN_AUDIT_LOG : ORIGIN_KERNEL_TEXT;
	*c = p;
	return true;
}

/* One of the heads; false: none. The origin is set by those that have no ident. */
static bool take_head(const struct frame *frame, struct cursor *c, struct line *line)
{
	bool known = take_priority(c), sure = false;

	if (known && skip_literal(c, "1 "))
		sure = true;
	if (sure && skip_literal(c, "- ")) {
		return take_5424(c, line, true);
	} else if (take_stamp(c, &frame->calendar, &line->time_us)) {
		skip_char(c, ' ');
		if (skip_char(c, ':')) /* Cisco's and syslog-ng's */
			skip_char(c, ' ');
		if (take_priority(c))
			skip_char(c, ' ');
		if (!take_5424(c, line, sure))
			take_host_ident(c, line);
		return true;
	} else if (take_dmesg_stamp(c, &line->time_us)) {
		take_after_dmesg(c, line);
		return true;
	}
	if (take_proxmox(c, line) || take_audit_head(frame, c, line))
		return true;
	if (known)
		take_after_dmesg(c, line);
	return known;
}

/* "FILE:" or "FILE:LINE:", if what follows is a head. */
static bool take_after_file(const struct frame *frame, struct cursor *c, struct line *line)
{
	size_t limit = left(c) < MAX_PREFIX ? left(c) : MAX_PREFIX;
	const char *colon = memchr(c->at, ':', limit), *space = memchr(c->at, ' ', limit);
	struct cursor p, q;
	uint64_t n;

	if (!colon || colon == c->at || (space && space < colon))
		return false;
	p = (struct cursor){ colon + 1, c->end };
	q = p;
	if (take_number(&q, UINT32_MAX, &n) && skip_char(&q, ':'))
		p = q;
	if (!take_head(frame, &p, line))
		return false;
	*c = p;
	return true;
}

void frame_head(const struct frame *frame, struct cursor *c, struct line *line)
{
	struct bytes text;

	line->origin = ORIGINS;
	if (!take_head(frame, c, line) && !take_after_file(frame, c, line))
		take_after_dmesg(c, line);
	skip_kernel_stamp(c);
	text = (struct bytes){ c->at, (uint32_t)left(c) };
	if (line->origin == ORIGINS)
		line->origin = origin_of(&line->ident, &text);
}
