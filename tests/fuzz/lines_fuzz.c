/* SPDX-License-Identifier: MIT */
/*
 * Fuzz one line: framing, netfilter's grammar, AppArmor's. What comes out points into the line
 * or into the scratch memory, and what is an event has what an event must have.
 */
#include "syslogparse/input.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char scratch[LINE_SCRATCH];

static void expect(bool true_that)
{
	if (!true_that)
		abort();
}

/* Bytes are of the line, or of the scratch memory, or not there. */
static void expect_inside(const struct bytes *b, const char *raw, size_t len)
{
	bool in_line = b->at >= raw && b->at + b->len <= raw + len;
	bool in_scratch = b->at >= scratch && b->at + b->len <= scratch + sizeof(scratch);
	volatile char sum = 0;

	expect(!b->at ? b->len == 0 : in_line || in_scratch);
	for (uint32_t i = 0; i < b->len; i++)
		sum = (char)(sum ^ b->at[i]);
}

static void check_net(const struct net_event *e, const char *raw, size_t len)
{
	/* All its bytes are at the end of it, one after the other. */
	for (const struct bytes *b = &e->prefix; b <= &e->mac; b++)
		expect_inside(b, raw, len);
	expect(e->family == 4 || e->family == 6);
	expect(e->in.len || e->out.len);
	expect(e->in.len <= 15 && e->out.len <= 15);
}

static void check_aa(const struct aa_event *e, const char *raw, size_t len)
{
	/* All its bytes are at the end of it, one after the other. */
	const struct bytes *first = &e->operation, *last = &e->member;

	for (const struct bytes *b = first; b <= last; b++)
		expect_inside(b, raw, len);
	expect(e->type == AA_ALLOWED || e->type == AA_DENIED || e->type == AA_KILLED ||
	       e->type == AA_AUTO);
	expect(e->class < AA_OTHER && e->profile.len > 0);
	expect(e->class != AA_FILE || (e->name.len > 0 && e->denied.len > 0));
}

static void parse(const struct line *line, const char *raw, size_t len)
{
	struct net_event net;
	struct aa_event aa;
	unsigned int reason = 0;
	uint64_t events;
	enum box box;

	expect_inside(&line->text, raw, len);
	expect(line->repeat > 0 && line->origin < ORIGINS);
	line_tells_of_loss(line, &events);
	box = parse_netfilter(line, &net, &reason);
	expect(box != BOX_REFUSED || account_reason(reason));
	if (box == BOX_PARSED)
		check_net(&net, raw, len);
	box = parse_apparmor(line, &aa, scratch, &reason);
	expect(box != BOX_REFUSED || account_reason(reason));
	if (box == BOX_PARSED)
		check_aa(&aa, raw, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct frame frame = { .calendar = { 1616666400000000LL, 0, 0 } };
	struct line line = { .number = 1 };
	char *raw = malloc(size + 1); /* of just the size, for what reads past it to be seen */
	void *memory;

	if (!raw)
		return 0;
	memcpy(raw, data, size);
	raw = realloc(raw, size ? size : 1);
	line_is_wanted(WHAT_FIREWALL, raw, size);
	line_is_wanted(WHAT_APPARMOR, raw, size);
	if (journal_is_json(raw, size)) {
		if (journal_line(raw, size, &line, &memory) && line.text.at)
			parse(&line, line.text.at, line.text.len);
		journal_release(memory);
	} else {
		frame_line(&frame, raw, size, &line);
		expect_inside(&line.host, raw, size);
		expect_inside(&line.ident, raw, size);
		parse(&line, raw, size);
	}
	line = (struct line){ .text = { raw, (uint32_t)size }, .repeat = 1 };
	parse(&line, raw, size);
	free(raw);
	return 0;
}
