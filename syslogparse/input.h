/* SPDX-License-Identifier: MIT */
/*
 * The input half of SyslogParse, from bytes to events: what its files tell each other.
 */
#ifndef SYSLOGPARSE_INPUT_H
#define SYSLOGPARSE_INPUT_H

#include "syslogparse/syslogparse.h"

#include <string.h>
#include <sys/types.h>

/* ---- text that is read from the left ---- */

struct cursor {
	const char *at, *end;
};

static inline size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* TEXT comes next; it is stepped over. */
static inline bool skip_text(struct cursor *c, const char *text, size_t len)
{
	if (left(c) < len || memcmp(c->at, text, len) != 0)
		return false;
	c->at += len;
	return true;
}

#define skip_literal(c, literal) skip_text(c, literal, sizeof(literal) - 1)

static inline bool skip_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static inline void skip_spaces(struct cursor *c)
{
	while (c->at < c->end && *c->at == ' ')
		c->at++;
}

/* The bytes up to a space or the end; they are stepped over. */
static inline struct bytes take_word(struct cursor *c)
{
	const char *start = c->at;

	while (c->at < c->end && *c->at != ' ')
		c->at++;
	return (struct bytes){ start, (uint32_t)(c->at - start) };
}

static inline bool bytes_equal(const struct bytes *b, const char *text, size_t len)
{
	return b->len == len && b->at && memcmp(b->at, text, len) == 0;
}

#define is_literal(b, literal) bytes_equal(b, literal, sizeof(literal) - 1)

static inline bool bytes_head_is(const struct bytes *b, const char *text, size_t len)
{
	return b->len >= len && memcmp(b->at, text, len) == 0;
}

#define begins_literal(b, literal) bytes_head_is(b, literal, sizeof(literal) - 1)

static inline bool bytes_hold(const struct bytes *b, const char *text)
{
	return b->len > 0 && memmem(b->at, b->len, text, strlen(text)) != NULL;
}

/* A decimal number of at least one digit that is MAX at most; what ends it is not asked. */
bool take_number(struct cursor *c, uint64_t max, uint64_t *value);
bool whole_number(const struct bytes *b, uint64_t max, uint64_t *value);

/* ---- why lines are refused (account.c) ---- */

enum reason {
	REASON_GRAMMAR,	     /* what no kernel prints */
	REASON_TWICE,	     /* a key twice */
	REASON_VALUE,	     /* a number or an address that is none */
	REASON_NO_INTERFACE, /* neither IN nor OUT */
	REASON_NOT_IP,	     /* a frame that holds no IP packet */
	REASON_SHORT,	     /* the packet's own headers are cut */
	REASON_REPEAT,	     /* repeats a line that is not there */
	REASON_JSON,	     /* a record that is not whole JSON */
	REASON_STATUS,	     /* AppArmor about itself */
	REASON_AUDITED,	     /* an access that a profile allows, and that it asked to hear of */
	REASON_DISCONNECTED, /* wants a flag of the profile, not a rule */
	REASON_NO_RULE,	     /* no rule allows such a thing */
	REASON_NO_PROFILE,
	REASON_NO_MASK,
	REASON_NO_NAME,
	REASON_ANCIENT, /* AppArmor's first form, before Linux 2.6.24 */
	REASON_LONG,	/* names are longer than there is memory for */
	REASON_COUNT,
};

/* ---- stamps (stamp.c) ---- */

/* What a stamp that lacks its year is measured by. */
struct calendar {
	int64_t latest_us;	  /* no stamp is later; TIME_UNKNOWN */
	unsigned int year;	  /* or: of the log's first stamp; 0 */
	unsigned int first_month; /* of that stamp, 1..12; 0 if it is not known */
};

/*
 * Step over the stamp that comes next: RFC 3164's, RFC 3339's with all that is written in its
 * place, "Thu 2021-03-25 10:00:00 UTC", a number of seconds since 1970. False: there is none,
 * and nothing was stepped over.
 */
bool take_stamp(struct cursor *c, const struct calendar *calendar, int64_t *time_us);

/* "[ 4584.703379]" and "[Thu Mar 25 10:00:00 2021]"; the first says no time. */
bool take_dmesg_stamp(struct cursor *c, int64_t *time_us);
unsigned int month_of_stamp(struct cursor c); /* of one without a year; 0: it has one */

/* ---- framing (frame.c, frame_head.c) ---- */

#define MAX_LINE (256u << 10) /* longer ones are cut, and no events */

/* What a source's lines cannot tell by themselves. */
struct frame {
	struct calendar calendar;
	bool audit_log; /* the source begins as auditd's file does */
};

/* Can LINE, as it stands in the log, say anything about WHAT? One look at each byte. */
bool line_is_wanted(enum what what, const char *raw, size_t len);

/*
 * Take the framing off the LEN bytes at RAW. LINE's number and flags are its caller's. True
 * unless the line is one that says "last message repeated N times"; then its repeat is N.
 */
bool frame_line(const struct frame *frame, const char *raw, size_t len, struct line *line);

/* The same of C, without what can be around a message. */
void frame_head(const struct frame *frame, struct cursor *c, struct line *line);

/* It tells that events were lost, of which *EVENTS. */
bool line_tells_of_loss(const struct line *line, uint64_t *events);

/* ---- the journal (journal.c) ---- */

/*
 * A line of journalctl -o json, or of Docker's. False: it is not whole JSON. LINE's text is
 * missing if the record has none that can be had; its bytes go with journal_release().
 */
bool journal_line(const char *raw, size_t len, struct line *line, void **memory);
void journal_release(void *memory);
bool journal_is_json(const char *raw, size_t len);
bool journal_hides_text(const char *raw, size_t len); /* JSON with its text as numbers */

/* The same of an entry of journalctl -o export; false: it has no text. */
bool journal_entry(const char *raw, size_t len, struct line *line);
bool journal_is_export(const char *at, size_t len);

/* How long the entry at AT is, with its empty line; 0: it does not end within LEN. */
size_t journal_entry_length(const char *at, size_t len);

/*
 * Step over an entry that is too long to be kept: how many of the LEN bytes belong to it. What
 * it is in the middle of stays in SKIP, zeroed at first; done: it has ended.
 */
struct journal_skip {
	enum { IN_NAME, IN_TEXT, IN_LENGTH, IN_BINARY, AFTER_BINARY } in;
	bool some; /* of a name was there */
	bool done;
	unsigned int nlength; /* bytes of the length that were there */
	uint64_t binary;      /* the length, then what of it is to come */
};

size_t journal_skip(struct journal_skip *skip, const char *at, size_t len);

/* ---- AppArmor (apparmor.c, apparmor_judge.c) ---- */

/* E's class, also by the one that was logged; unify its names; can it become a rule? */
enum box apparmor_judge(struct aa_event *e, const struct bytes *class, enum reason *reason);

/* ---- bytes (gzip.c) ---- */

struct inflater;

/* A source, unpacked if it is packed. */
struct stream {
	int fd;
	struct inflater *inflater; /* NULL: plain */
	unsigned char magic[8];	   /* what was read to know which */
	unsigned int nmagic, given;
};

int stream_open(struct stream *stream, int fd);			  /* what fails is closed */
ssize_t stream_read(struct stream *stream, char *to, size_t len); /* 0: the end; -errno */
void stream_close(struct stream *stream);			  /* not the descriptor */

/* ---- pieces of sources (pieces.c) ---- */

/* How far "last message repeated" looks back, in bytes and in lines. */
#define LOOKBACK   (32u << 10)
#define LOOK_LINES 256u

/* Some whole lines, or entries of an export. */
struct piece {
	char *memory;
	const char *look; /* what came before, up to LOOKBACK bytes of it */
	const char *begin, *end;
	bool look_whole; /* LOOK is where a line begins */
	bool cut;	 /* the last line goes on, but is too long */
	bool is_export;
	uint64_t number; /* of the first line */
	unsigned int source;
	struct frame frame;
};

struct pieces;

int pieces_new(struct pieces **pieces, const struct source *sources, unsigned int n,
	       const struct options *options, size_t size);
void pieces_free(struct pieces *pieces);
int piece_init(struct piece *piece, size_t size);
void piece_release(struct piece *piece);

/* The next piece, for any thread: 1; 0: the end, or -errno, which stays so. */
int piece_next(struct pieces *pieces, struct piece *piece);
uint64_t pieces_bytes(const struct pieces *pieces);
unsigned int pieces_source(const struct pieces *pieces); /* the one that was read last */

/* ---- lines to events (work.c), one a thread ---- */

struct work {
	const struct options *options;
	struct tally *tally;
	struct account account;
	char scratch[LINE_SCRATCH];
};

int work_piece(struct work *work, const struct piece *piece);

/* ---- the reader (reader.c) ---- */

#define PIECE_SIZE (1u << 20)

/* read_sources(), with the size of pieces chosen; the result is the same for any. */
struct reading {
	const struct source *sources;
	unsigned int n;
	const struct options *options;
	size_t piece;
};

int read_in_pieces(const struct reading *reading, struct tally *tally, struct account *account,
		   unsigned int *at);

#endif
