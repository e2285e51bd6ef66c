/* SPDX-License-Identifier: MIT */
/*
 * One line, one box.
 *
 * A line that cannot be of use is known by one look at it. The rest lose their framing, are
 * parsed, and go into the tally if their origin is trusted. "last message repeated" is worth
 * the line before it of the same host, which is looked for backwards and parsed again: nothing is
 * remembered from line to line, so that it does not matter where pieces begin.
 */
#include "syslogparse/input.h"

#include <errno.h>

/* A line and where it is. */
struct place {
	const struct piece *piece;
	const char *at;
	size_t len;
	uint64_t number;
	unsigned int flags;
};

static enum box parse(struct work *w, struct line *line, struct event *event, unsigned int *reason)
{
	uint64_t events;
	enum box box;

	if (line_tells_of_loss(line, &events)) {
		w->account.lost_events += events;
		return BOX_LOST;
	}
	event->what = w->options->what;
	event->line = line;
	if (event->what == WHAT_FIREWALL) {
		box = parse_netfilter(line, &event->net, reason);
	} else {
		box = parse_apparmor(line, &event->aa, w->scratch, reason);
		if (event->aa.audit_us != TIME_UNKNOWN)
			line->time_us = event->aa.audit_us;
	}
	/* Whoever may write such lines may write broken ones, too. */
	if (box != BOX_NOT_OURS && line->origin > w->options->trust)
		return BOX_SUSPICIOUS;
	return box;
}

/* Count LINE in its box, and its event, if it is one. */
static int settle(struct work *w, struct line *line, unsigned int source)
{
	struct event event;
	unsigned int reason = 0;
	enum box box = parse(w, line, &event, &reason);

	w->account.boxes[box]++;
	if (box == BOX_REFUSED)
		w->account.reasons[reason]++;
	return box == BOX_PARSED ? tally_add(w->tally, &event, source) : 0;
}

static int refuse(struct work *w, enum reason reason)
{
	w->account.boxes[BOX_REFUSED]++;
	w->account.reasons[reason]++;
	return 0;
}

/* The line that ends before *AT, of which nothing is missing. *AT is where it begins. */
static bool previous_line(const struct piece *piece, const char *limit, const char **at,
			  size_t *len)
{
	const char *end = *at - 1, *newline;

	if (*at <= limit)
		return false;
	newline = memrchr(limit, '\n', (size_t)(end - limit));
	if (!newline && !(limit == piece->look && piece->look_whole))
		return false;
	*at = newline ? newline + 1 : limit;
	*len = (size_t)(end - *at);
	return true;
}

static bool same_host(const struct line *a, const struct line *b)
{
	return a->host.len == b->host.len &&
	       (a->host.len == 0 || memcmp(a->host.at, b->host.at, a->host.len) == 0);
}

/* "last message repeated": LINE becomes the one that is meant, with its own place and time. */
static bool find_repeated(const struct place *place, struct line *line)
{
	const struct piece *piece = place->piece;
	const char *limit = piece->look, *at = place->at;
	struct line before;
	size_t len;

	if (at - limit > LOOKBACK)
		limit = at - LOOKBACK;
	for (unsigned int i = 0; i < LOOK_LINES; i++) {
		if (!previous_line(piece, limit, &at, &len))
			return false;
		before = (struct line){ .number = line->number };
		if (!frame_line(&piece->frame, at, len, &before) || !same_host(&before, line))
			continue;
		before.time_us = line->time_us;
		before.repeat = line->repeat;
		*line = before;
		return true;
	}
	return false;
}

static int work_json(struct work *w, const struct place *place, struct line *line)
{
	void *memory;
	int ret = 0;

	if (!journal_line(place->at, place->len, line, &memory)) {
		if (line->flags & LINE_TAIL_CUT)
			w->account.boxes[BOX_TRUNCATED]++;
		else
			refuse(w, REASON_JSON);
	} else if (line->text.at) {
		ret = settle(w, line, place->piece->source);
	} else {
		/* A text of the kernel's that is not there was too long for the journal. */
		w->account.boxes[line->origin <= ORIGIN_JOURNAL ? BOX_TRUNCATED : BOX_NOT_OURS]++;
	}
	journal_release(memory);
	return ret;
}

static int work_line(struct work *w, const struct place *place)
{
	struct line line = { .number = place->number, .flags = place->flags };

	w->account.lines++;
	if (!line_is_wanted(w->options->what, place->at, place->len)) {
		w->account.boxes[BOX_NOT_OURS]++;
		return 0;
	}
	if (journal_is_json(place->at, place->len))
		return work_json(w, place, &line);
	if (!frame_line(&place->piece->frame, place->at, place->len, &line) &&
	    !find_repeated(place, &line))
		return refuse(w, REASON_REPEAT);
	return settle(w, &line, place->piece->source);
}

static int work_entry(struct work *w, const struct place *place)
{
	struct line line = { .number = place->number, .flags = place->flags };

	w->account.lines++;
	if (journal_entry(place->at, place->len, &line))
		return settle(w, &line, place->piece->source);
	w->account.boxes[BOX_NOT_OURS]++;
	return 0;
}

/* Where the line or the entry at AT ends; *NEXT is where the next one begins. */
static const char *end_of(const struct piece *piece, const char *at, const char **next)
{
	const char *newline;
	size_t n;

	if (piece->is_export) {
		n = journal_entry_length(at, (size_t)(piece->end - at));
		*next = n ? at + n : piece->end;
		return *next;
	}
	newline = memchr(at, '\n', (size_t)(piece->end - at));
	*next = newline ? newline + 1 : piece->end;
	return newline ? newline : piece->end;
}

int work_piece(struct work *w, const struct piece *piece)
{
	struct place place = { .piece = piece, .at = piece->begin, .number = piece->number };
	int ret = 0;

	while (place.at < piece->end && ret == 0) {
		const char *next, *end = end_of(piece, place.at, &next);

		place.len = (size_t)(end - place.at);
		place.flags = piece->cut && next == piece->end ? LINE_TAIL_CUT : 0;
		if (place.len > MAX_LINE) {
			place.len = MAX_LINE;
			place.flags = LINE_TAIL_CUT;
		}
		ret = piece->is_export ? work_entry(w, &place) : work_line(w, &place);
		place.at = next;
		place.number++;
	}
	return ret;
}
