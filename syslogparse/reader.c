/* SPDX-License-Identifier: MIT */
/*
 * All sources, read once, by as many threads as there are processors.
 *
 * Each thread has a tally and an account of its own, so that they meet at the lock of the
 * pieces alone; in the end all is put together, in an order that does not show.
 */
#include "syslogparse/input.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define MAX_THREADS 64

struct worker {
	pthread_t thread;
	bool started;
	struct pieces *pieces;
	size_t size;
	struct work work;
	int ret;
};

static void run(struct worker *w)
{
	struct piece piece;

	w->ret = piece_init(&piece, w->size);
	while (w->ret == 0) {
		w->ret = piece_next(w->pieces, &piece);
		if (w->ret <= 0)
			break;
		w->ret = work_piece(&w->work, &piece);
	}
	piece_release(&piece);
}

static void *start(void *worker)
{
	run(worker);
	return NULL;
}

/* As many as may run at once: what the scheduler says, for /sys may not be there. */
static unsigned int threads_of(const struct options *options)
{
	cpu_set_t set;
	unsigned int n = options->threads;

	if (n == 0) {
		CPU_ZERO(&set);
		if (sched_getaffinity(0, sizeof(set), &set) < 0)
			return 1;
		n = (unsigned int)CPU_COUNT(&set);
	}
	return n > MAX_THREADS ? MAX_THREADS : n < 1 ? 1 : n;
}

static int finish(struct worker *workers, unsigned int n, struct account *account)
{
	int ret = workers[0].ret;

	account_add(account, &workers[0].work.account);
	for (unsigned int i = 1; i < n; i++) {
		struct worker *w = &workers[i];
		int merged = 0;

		if (w->started) {
			pthread_join(w->thread, NULL);
			account_add(account, &w->work.account);
			merged = tally_merge(workers[0].work.tally, w->work.tally);
			if (ret == 0)
				ret = w->ret ? w->ret : merged;
		}
		tally_free(w->work.tally);
	}
	return ret;
}

/* A thread that cannot be had is done without. */
static void launch(struct worker *workers, unsigned int n, const struct options *options)
{
	for (unsigned int i = 1; i < n; i++) {
		struct worker *w = &workers[i];

		w->work.tally = tally_new(options);
		if (w->work.tally)
			w->started = pthread_create(&w->thread, NULL, start, w) == 0;
	}
}

int read_in_pieces(const struct reading *reading, struct tally *tally, struct account *account,
		   unsigned int *at)
{
	unsigned int n = threads_of(reading->options);
	struct worker *workers = calloc(n, sizeof(*workers));
	struct pieces *pieces = NULL;
	int ret = -ENOMEM;

	*at = 0;
	if (workers)
		ret = pieces_new(&pieces, reading->sources, reading->n, reading->options,
				 reading->piece);
	if (ret == 0) {
		for (unsigned int i = 0; i < n; i++) {
			workers[i].pieces = pieces;
			workers[i].size = reading->piece;
			workers[i].work.options = reading->options;
		}
		workers[0].work.tally = tally;
		launch(workers, n, reading->options);
		run(&workers[0]);
		ret = finish(workers, n, account);
		account->bytes += pieces_bytes(pieces);
		*at = pieces_source(pieces);
	}
	pieces_free(pieces);
	free(workers);
	return ret;
}

int read_sources(const struct source *sources, unsigned int n, const struct options *options,
		 struct tally *tally, struct account *account, unsigned int *at)
{
	const struct reading reading = { sources, n, options, PIECE_SIZE };

	return read_in_pieces(&reading, tally, account, at);
}
