/* SPDX-License-Identifier: MIT */
/*
 * The worker: confined first, and only then does it read.
 *
 * It is the same program as the broker, executed anew: it has nothing of the broker's memory
 * nor its layout, no environment, and its words are the caller's. Descriptor 1 is the pipe to
 * the broker, 0 and 2 lead nowhere, 3, 4, ... are the logs. It says nothing but frames.
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * What the C library asks the system for once: it could not later. Times are written in UTC, and
 * it looks for a file of even that zone.
 */
static void settle(struct options *options)
{
	cpu_set_t cpus;
	int n = 1;

	setenv("TZ", "UTC0", 1);
	tzset();
	if (options->threads)
		return;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	options->threads = n > (int)THREADS_MAX ? THREADS_MAX : (unsigned int)n;
}

/* A file's last change says of which year its stamps are; a pipe is being written now. */
static struct source source_of(int fd, const char *name)
{
	struct source source = { .fd = fd, .name = name, .changed_us = TIME_UNKNOWN };
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		source.changed_us = (int64_t)st.st_mtim.tv_sec * 1000000;
	else
		source.changed_us = (int64_t)time(NULL) * 1000000;
	if (strcmp(name, "-") == 0)
		source.name = "stdin";
	return source;
}

/* What happened, as it is told. */
struct outcome {
	struct frame_failed failed; /* error 0: none */
	uint64_t events;
};

static void failed(struct outcome *outcome, enum stage stage, unsigned int at, int error)
{
	outcome->failed = (struct frame_failed){ stage, at, -error };
}

static void work(struct outcome *outcome, const struct command *command,
		 const struct source *sources, FILE *out)
{
	const struct options *options = &command->options;
	struct account account = { 0 };
	struct tally *tally = tally_new(options);
	unsigned int at = 0;
	int error;

	if (!tally) {
		failed(outcome, STAGE_READ, 0, -ENOMEM);
		return;
	}
	error = read_sources(sources, command->nfiles, options, tally, &account, &at);
	if (error) {
		failed(outcome, STAGE_READ, at, error);
		return;
	}
	outcome->events = account.boxes[BOX_PARSED];
	if (options->stats)
		stats_print(out, options, &account);
	error = write_rules(out, tally, options, sources, &account);
	if (!error && fflush(out) != 0)
		error = -errno;
	if (error)
		failed(outcome, STAGE_WRITE, 0, error);
}

/* ---- of a broker ---- */

static int send_outcome(const struct outcome *outcome, uint64_t text)
{
	const struct frame_end end = { .text = text, .events = outcome->events };

	if (outcome->failed.error)
		return frame_send(STDOUT_FILENO, FRAME_FAILED, &outcome->failed,
				  sizeof(outcome->failed));
	return frame_send(STDOUT_FILENO, FRAME_END, &end, sizeof(end));
}

int worker(struct command *command)
{
	static struct layer_state states[LAYERS];
	static struct source sources[FILES_MAX];
	unsigned int n = command->mode == MODE_LAYERS ? 0 : command->nfiles;
	struct outcome outcome = { 0 };
	uint64_t sent = 0;
	FILE *out;
	enum layer at;
	int error;

	settle(&command->options);
	for (unsigned int i = 0; i < n; i++)
		sources[i] = source_of(3 + (int)i, command->files[i]);
	out = frame_stream(&sent);
	if (!out)
		return STATUS_FAILED;
	error = confine(states, n, command->degraded, &at);
	if (error) {
		failed(&outcome, STAGE_CONFINE, at, error);
		return send_outcome(&outcome, 0) ? STATUS_FAILED : 0;
	}
	if (frame_send(STDOUT_FILENO, FRAME_LAYERS, states, sizeof(states)))
		return STATUS_FAILED;
	if (n)
		work(&outcome, command, sources, out);
	return send_outcome(&outcome, sent) ? STATUS_FAILED : 0;
}

/* ---- alone, confined by somebody else ---- */

int worker_alone(struct command *command)
{
	struct source source = source_of(STDIN_FILENO, "-");
	struct outcome outcome = { 0 };
	enum layer at;

	if (confined_already(&at))
		fail(STATUS_FAILED,
		     "--worker: not confined (%s: %s); start it with: "
		     "sbrun --policy syslogparse -- syslogparse --worker ...",
		     layer_name(at), layer_what(at));
	settle(&command->options);
	work(&outcome, command, &source, stdout);
	if (outcome.failed.error)
		fail(STATUS_FAILED, "%s",
		     outcome.failed.stage == STAGE_READ ? source_problem(-outcome.failed.error) :
							  strerror(outcome.failed.error));
	return outcome.events ? 0 : STATUS_NOTHING;
}
