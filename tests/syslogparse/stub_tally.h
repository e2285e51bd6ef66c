/* SPDX-License-Identifier: MIT */
/*
 * A tally in place of the real one: it keeps what the reader says, so that this can be compared.
 * The sum over all events does not depend on their order.
 */
#ifndef TESTS_SYSLOGPARSE_STUB_TALLY_H
#define TESTS_SYSLOGPARSE_STUB_TALLY_H

#include "tests/syslogparse/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT 64

struct tally {
	uint64_t events, sum, weight; /* with repeats */
	uint64_t tcp, udp, icmp;
	uint64_t fail_at;     /* the event that is too much; 0: none */
	char kept[KEPT][256]; /* the first ones, if one thread adds them */
	struct line lines[KEPT];
};

struct tally *tally_new(const struct options *options)
{
	(void)options;
	return calloc(1, sizeof(struct tally));
}

void tally_free(struct tally *tally)
{
	free(tally);
}

static uint64_t hash_of(const char *text)
{
	uint64_t h = 1469598103934665603ULL;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211ULL;
	return h ^ h >> 29;
}

int tally_add(struct tally *tally, const struct event *event, unsigned int source)
{
	const struct line *line = event->line;
	struct text t, all = { .len = 0 };
	uint64_t text;

	if (event->what == WHAT_FIREWALL) {
		describe_net(&t, &event->net);
		tally->tcp += event->net.proto == 6;
		tally->udp += event->net.proto == 17;
		tally->icmp += event->net.proto == 1 || event->net.proto == 58;
	} else {
		describe_aa(&t, &event->aa);
	}
	text = hash_of(t.at) | 1;
	if (tally->events < KEPT) {
		t.at[sizeof(tally->kept[0]) - 1] = '\0';
		strcpy(tally->kept[tally->events], t.at);
		tally->lines[tally->events] = *line;
	}
	add(&all, "%u %" PRIu64 " %" PRId64 " %u %u ", source, line->number, line->time_us,
	    line->repeat, line->origin);
	tally->sum += hash_of(all.at) * text;
	tally->events++;
	tally->weight += line->repeat;
	return tally->fail_at && tally->events >= tally->fail_at ? -ENOMEM : 0;
}

int tally_merge(struct tally *into, struct tally *from)
{
	into->events += from->events;
	into->sum += from->sum;
	into->weight += from->weight;
	into->tcp += from->tcp;
	into->udp += from->udp;
	into->icmp += from->icmp;
	return 0;
}

/* ---- reading what is in memory ---- */

struct result {
	struct tally tally;
	struct account account;
	unsigned int at;
	int ret;
};

static maybe_unused int memory_fd(const void *data, size_t len)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	for (size_t at = 0; fd >= 0 && at < len;) {
		ssize_t n = write(fd, (const char *)data + at, len - at);

		if (n < 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* 2021-03-25 10:00:00 UTC, of all sources. */
#define CHANGED 1616666400000000LL

static maybe_unused void read_fd(struct result *r, int fd, const struct options *options,
				 size_t piece)
{
	const struct source source = { .fd = fd, .name = "log", .changed_us = CHANGED };
	const struct reading reading = { &source, 1, options, piece };
	uint64_t fail_at = r->tally.fail_at;

	memset(r, 0, sizeof(*r));
	r->tally.fail_at = fail_at;
	r->ret = read_in_pieces(&reading, &r->tally, &r->account, &r->at);
}

static maybe_unused void read_bytes(struct result *r, const void *data, size_t len,
				    const struct options *options)
{
	int fd = memory_fd(data, len);

	read_fd(r, fd, options, PIECE_SIZE);
	close(fd);
}

static maybe_unused uint64_t boxes_sum(const struct account *account)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < BOXES; i++)
		sum += account->boxes[i];
	return sum;
}

#endif
