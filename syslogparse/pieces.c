/* SPDX-License-Identifier: MIT */
/*
 * Sources cut into pieces of whole lines, for any number of threads.
 *
 * There is no thread that reads: whoever is out of work takes the lock, reads the next piece
 * into its own memory, and leaves behind what a piece cannot do without: the line that
 * has begun, some bytes of what came before (LOOKBACK), the number of the next line. So memory
 * is a few buffers, nothing is queued, and a line is never copied but at a cut.
 */
#include "syslogparse/input.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define HEAD 4096 /* bytes that decide what a source is; read at once, however small pieces are */

struct pieces {
	pthread_mutex_t lock;
	const struct source *sources;
	unsigned int n, next; /* sources; the next one to open */
	const struct options *options;
	size_t size;

	struct stream stream;
	bool open, ended;
	int error; /* stays */

	/* Of the source that is open. */
	struct frame frame;
	bool is_export;
	uint64_t number; /* of the next line */
	uint64_t bytes;	 /* of all sources */
	bool skipping;	 /* the rest of a line that is too long */
	struct journal_skip skip;

	/* What the next piece begins with: bytes to look back at, then the line that has begun. */
	char *kept;
	size_t look, carry;
	bool look_whole;
};

static size_t memory_for(size_t size)
{
	return LOOKBACK + MAX_LINE + HEAD + 1 + size;
}

int pieces_new(struct pieces **to, const struct source *sources, unsigned int n,
	       const struct options *options, size_t size)
{
	struct pieces *p = calloc(1, sizeof(*p));

	*to = NULL;
	if (!p)
		return -ENOMEM;
	p->kept = malloc(memory_for(size));
	if (!p->kept || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p->kept);
		free(p);
		return -ENOMEM;
	}
	p->sources = sources;
	p->n = n;
	p->options = options;
	p->size = size;
	*to = p;
	return 0;
}

void pieces_free(struct pieces *p)
{
	if (!p)
		return;
	if (p->open)
		stream_close(&p->stream);
	pthread_mutex_destroy(&p->lock);
	free(p->kept);
	free(p);
}

int piece_init(struct piece *piece, size_t size)
{
	*piece = (struct piece){ .memory = malloc(memory_for(size)) };
	return piece->memory ? 0 : -ENOMEM;
}

void piece_release(struct piece *piece)
{
	free(piece->memory);
	piece->memory = NULL;
}

uint64_t pieces_bytes(const struct pieces *p)
{
	return p->bytes;
}

unsigned int pieces_source(const struct pieces *p)
{
	return p->next ? p->next - 1 : 0;
}

/* Compilers make a loop over vectors of it. */
static uint64_t count_newlines(const char *at, const char *end)
{
	uint64_t total = 0;

	while (at < end) {
		const char *stop = end - at > 128 ? at + 128 : end;
		unsigned char n = 0;

		for (; at < stop; at++)
			n = (unsigned char)(n + (*at == '\n'));
		total += n;
	}
	return total;
}

static uint64_t count_entries(const char *at, const char *end)
{
	uint64_t total = 0;
	size_t n;

	for (; at < end; at += n) {
		n = journal_entry_length(at, (size_t)(end - at));
		if (n == 0)
			return total + 1;
		total++;
	}
	return total;
}

static int open_next(struct pieces *p)
{
	const struct source *source = &p->sources[p->next++];
	int ret;

	p->open = p->ended = p->is_export = p->skipping = false;
	p->number = 1;
	p->look = p->carry = 0;
	p->look_whole = true;
	p->frame = (struct frame){ .calendar = { source->changed_us, p->options->year, 0 } };
	ret = stream_open(&p->stream, source->fd);
	if (ret == 0)
		p->open = true;
	return ret;
}

/* What the first bytes tell of all lines. */
static void learn(struct pieces *p, const char *at, size_t len)
{
	const char *end = at + len, *line_end;
	struct line line = { 0 };
	struct frame try = { .calendar = p->frame.calendar, .audit_log = true };

	p->is_export = journal_is_export(at, len);
	for (bool first = true; at < end && !p->is_export; first = false) {
		struct cursor c = { at, end };

		line_end = memchr(at, '\n', (size_t)(end - at));
		c.end = line_end ? line_end : end;
		if (p->frame.calendar.first_month == 0)
			p->frame.calendar.first_month = month_of_stamp(c);
		if (first) {
			frame_head(&try, &c, &line);
			p->frame.audit_log = line.origin == ORIGIN_AUDIT_LOG;
		}
		at = line_end ? line_end + 1 : end;
	}
}

/* How many of the LEN bytes are whole lines, or whole entries. */
static size_t whole_part(const struct pieces *p, const char *at, size_t len)
{
	const char *newline;
	size_t done = 0, n;

	if (!p->is_export) {
		newline = memrchr(at, '\n', len);
		return newline ? (size_t)(newline + 1 - at) : 0;
	}
	while (done < len && (n = journal_entry_length(at + done, len - done)))
		done += n;
	return done;
}

/* Forget what is left of a line that is too long; how much of the LEN bytes that was. */
static size_t skip_rest(struct pieces *p, const char *at, size_t len)
{
	const char *newline;
	size_t n;

	if (p->is_export) {
		n = journal_skip(&p->skip, at, len);
		p->skipping = !p->skip.done;
		return n;
	}
	newline = memchr(at, '\n', len);
	p->skipping = !newline;
	return newline ? (size_t)(newline + 1 - at) : len;
}

/* Read on, to LEN bytes at TO; *LEN grows, unless the source has ended. */
static int read_more(struct pieces *p, char *to, size_t *len)
{
	ssize_t n;
	size_t want = p->size;

	if (p->number == 1 && *len < HEAD && want < HEAD - *len)
		want = HEAD - *len;
	n = stream_read(&p->stream, to + *len, want);
	if (n < 0)
		return (int)n;
	p->ended = n == 0;
	p->bytes += (uint64_t)n;
	*len += (size_t)n;
	return 0;
}

/* Have enough at TO for a piece, of which *WHOLE bytes are one; 0 at the end of the source. */
static int gather(struct pieces *p, char *to, size_t *len, struct piece *piece, size_t *whole)
{
	bool known = p->number > 1;
	size_t n;
	int ret;

	*whole = 0;
	for (;;) {
		if (p->skipping && *len) {
			n = skip_rest(p, to, *len);
			*len -= n;
			memmove(to, to + n, *len);
		}
		if (!known && (*len >= HEAD || p->ended)) {
			learn(p, to, *len);
			known = true;
		}
		if (known && !p->skipping)
			*whole = whole_part(p, to, *len);
		piece->cut = known && !*whole && *len > MAX_LINE;
		if (piece->cut)
			*whole = MAX_LINE;
		if (*whole)
			return 0;
		if (p->ended) {
			*whole = *len;
			piece->cut = p->is_export && *len > 0;
			return 0;
		}
		ret = read_more(p, to, len);
		if (ret < 0)
			return ret;
	}
}

/* Leave for the next piece what it needs: of the bytes at START, END is where this one ends. */
static void keep(struct pieces *p, const char *start, const char *end, size_t rest)
{
	size_t look = (size_t)(end - start);

	if (look > LOOKBACK) {
		look = LOOKBACK;
		p->look_whole = false;
	}
	memcpy(p->kept, end - look, look + rest);
	p->look = look;
	p->carry = rest;
}

static void begin_skipping(struct pieces *p, const struct piece *piece, size_t len)
{
	p->skipping = !p->ended;
	p->look = p->carry = 0;
	p->look_whole = true;
	if (p->is_export) {
		p->skip = (struct journal_skip){ 0 };
		journal_skip(&p->skip, piece->begin, len);
	}
}

static int take(struct pieces *p, struct piece *piece)
{
	char *data = piece->memory + p->look;
	size_t len = p->carry, whole;
	int ret;

	memcpy(piece->memory, p->kept, p->look + p->carry);
	ret = gather(p, data, &len, piece, &whole);
	if (ret < 0 || whole == 0)
		return ret;
	piece->look = piece->memory;
	piece->look_whole = p->look_whole;
	piece->begin = data;
	piece->end = data + whole;
	piece->is_export = p->is_export;
	piece->number = p->number;
	piece->source = p->next - 1;
	piece->frame = p->frame;
	if (p->is_export)
		p->number += count_entries(piece->begin, piece->end);
	else
		p->number += count_newlines(piece->begin, piece->end) + (piece->end[-1] != '\n');
	if (piece->cut)
		begin_skipping(p, piece, len);
	else
		keep(p, piece->memory, piece->end, len - whole);
	return 1;
}

static int next(struct pieces *p, struct piece *piece)
{
	int ret = 0;

	while (p->error == 0) {
		if (p->open) {
			ret = take(p, piece);
			if (ret > 0)
				return ret;
			stream_close(&p->stream);
			p->open = false;
		}
		if (ret == 0 && p->next == p->n)
			return 0;
		if (ret == 0)
			ret = open_next(p);
		p->error = ret;
	}
	return p->error;
}

int piece_next(struct pieces *p, struct piece *piece)
{
	int ret;

	pthread_mutex_lock(&p->lock);
	ret = next(p, piece);
	pthread_mutex_unlock(&p->lock);
	return ret;
}
