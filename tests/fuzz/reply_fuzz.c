/* SPDX-License-Identifier: MIT */
/*
 * Fuzz what the broker reads from its worker: frames, and the text in them.
 *
 * The first byte says what was asked for, the second how reads cut the bytes, or (if it is odd)
 * that they are a text for the judge without frames round it. However they are cut, the same
 * comes of them; and what passes the judge has no byte that a terminal obeys, and no comment
 * that is an include.
 */
#include "syslogparse/broker.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool true_that)
{
	if (!true_that)
		abort();
}

static struct options asked_for(uint8_t byte)
{
	static const char *const actions[] = { "accept", "drop", "reject", "log" };
	struct options options = { .format = byte % 5, .action = actions[byte / 5 % 4] };

	options.what = options.format == FORMAT_PROFILE ? WHAT_APPARMOR : WHAT_FIREWALL;
	return options;
}

static void expect_harmless(const char *text, size_t len)
{
	expect(len == 0 || text[len - 1] == '\n');
	for (size_t i = 0; i < len; i++) {
		expect((text[i] >= 0x20 && text[i] <= 0x7e) || text[i] == '\n' || text[i] == '\t');
		expect(text[i] != '#' || len - i < 9 || (i > 0 && text[i - 1] != '\n') ||
		       memcmp(text + i, "#include", 8) != 0);
	}
}

static void judge(const struct options *options, const char *text, size_t len)
{
	struct verdict verdict = { 0 };

	if (validate(options, text, len, &verdict))
		expect_harmless(text, len);
	else
		expect(verdict.why != NULL);
}

/* In pieces of STEP bytes, each in memory of its own, so that a sanitizer sees its bounds. */
static int give(struct reply *reply, const uint8_t *data, size_t size, size_t step)
{
	int error = 0;

	while (size > 0 && !error) {
		size_t n = size < step ? size : step;
		uint8_t *piece = malloc(n);

		expect(piece != NULL);
		memcpy(piece, data, n);
		error = reply_add(reply, piece, n);
		free(piece);
		data += n;
		size -= n;
	}
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply whole, cut;
	struct options options;
	int error;

	if (size < 2)
		return 0;
	options = asked_for(data[0]);
	if (data[1] & 1) {
		judge(&options, (const char *)data + 2, size - 2);
		return 0;
	}
	expect(reply_open(&whole) == 0 && reply_open(&cut) == 0);
	error = give(&whole, data + 2, size - 2, size);
	expect(give(&cut, data + 2, size - 2, 1 + data[1] / 2) == error);
	if (!error) {
		expect(reply_complete(&whole) == reply_complete(&cut));
		expect(whole.len == cut.len && memcmp(whole.text, cut.text, cut.len) == 0);
	}
	if (!error && reply_complete(&whole) && whole.last == FRAME_END) {
		expect(whole.end.text == whole.len);
		judge(&options, whole.text, whole.len);
	}
	reply_close(&whole);
	reply_close(&cut);
	return 0;
}
