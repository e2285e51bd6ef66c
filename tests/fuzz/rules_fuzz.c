/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the way from a log to rules: whatever is in a log, what is written of it passes the judge,
 * who knows nothing of the writers. The first byte chooses format, action and what is looked for.
 */
#include "syslogparse/broker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options asked_for(uint8_t byte)
{
	static const char *const actions[] = { "accept", "drop", "reject", "log" };
	struct options options = {
		.what = byte & 1 ? WHAT_APPARMOR : WHAT_FIREWALL,
		.trust = ORIGIN_PROCESS,
		.action = actions[byte >> 1 & 3],
		.collapse = byte & 8 ? 0.01 : 1,
		.abi = byte & 8 ? 40 : 30,
		.glob = byte & 16,
		.max_danger = byte & 32 ? 5 : 10,
		.threads = 1,
		.year = 2024,
	};

	if (options.what == WHAT_APPARMOR)
		options.format = byte & 64 ? FORMAT_JSON : FORMAT_PROFILE;
	else
		options.format = (enum format[]){ FORMAT_IPTABLES, FORMAT_NFT, FORMAT_UFW,
						  FORMAT_JSON }[byte >> 6];
	if (options.format == FORMAT_UFW && (byte >> 1 & 3) == 3)
		options.action = "drop";
	return options;
}

static void judge(const struct options *options, const struct source *source,
		  const struct tally *tally, const struct account *account)
{
	struct verdict verdict = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out || write_rules(out, tally, options, source, account) != 0)
		abort();
	fclose(out);
	if (!validate(options, text, len, &verdict)) {
		fprintf(stderr, "line %zu: %s\n%s", verdict.line, verdict.why, text);
		abort();
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = { .name = "a\n# log\"", .changed_us = TIME_UNKNOWN };
	struct account account = { 0 };
	struct options options;
	struct tally *tally;
	unsigned int at;

	if (size < 2)
		return 0;
	options = asked_for(data[0]);
	source.fd = memfd_create("log", MFD_CLOEXEC);
	if (source.fd < 0 || write(source.fd, data + 1, size - 1) != (ssize_t)(size - 1) ||
	    lseek(source.fd, 0, SEEK_SET) != 0)
		abort();
	tally = tally_new(&options);
	if (!tally)
		abort();
	if (read_sources(&source, 1, &options, tally, &account, &at) == 0)
		judge(&options, &source, tally, &account);
	tally_free(tally);
	close(source.fd);
	return 0;
}
