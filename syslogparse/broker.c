/* SPDX-License-Identifier: MIT */
/*
 * The broker: the half with the caller's rights. It opens the logs and looks at none, starts the
 * worker, and writes what the worker said if the judge (validate.c) has nothing against it.
 *
 * The worker is the program executed anew, by a descriptor, not forked alone: what is exploited
 * in it then knows neither the layout nor the stack guard of the process that judges it, and
 * finds in its memory neither the caller's environment nor what the broker read. It costs about
 * a millisecond.
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps/caps.h"

/* ---- inputs ---- */

/*
 * A pipe of which nobody has the other end yet would read as an empty one: wait for the first
 * who writes, or who comes and goes.
 */
static void wait_for_writer(int fd)
{
	struct pollfd pipe = { .fd = fd, .events = POLLIN };

	while (poll(&pipe, 1, -1) < 0 && errno == EINTR)
		;
}

/* Opening must not wait, nor do what opening a device may do, before it is known what it is. */
static int open_file(const char *name)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		wait_for_writer(fd);
	return fcntl(fd, F_SETFL, 0) < 0 ? -errno : fd;
}

static int open_input(const char *name, uint64_t *bytes)
{
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open_file(name);
	char buf[ESCAPED_MAX];
	struct stat st;

	escaped(standard ? "standard input" : name, buf);
	if (fd < 0)
		fail(STATUS_FAILED, "open: %s: %s", buf, strerror(standard ? errno : -fd));
	if (fstat(fd, &st) < 0)
		fail(STATUS_FAILED, "open: %s: %s", buf, strerror(errno));
	if (S_ISREG(st.st_mode))
		*bytes += (uint64_t)st.st_size;
	else if (!S_ISFIFO(st.st_mode))
		fail(STATUS_FAILED,
		     "open: %s: %s\nfix: give a file, or a pipe: ... | syslogparse "
		     "...",
		     buf,
		     isatty(fd)		 ? "it is a terminal" :
		     S_ISDIR(st.st_mode) ? "it is a directory" :
					   "it is neither a file nor a pipe");
	return fd;
}

/* ---- the worker ---- */

static int exec_worker(const struct job *job)
{
	static char name[] = WORKER_NAME;
	static char *no_environment[] = { NULL };

	job->argv[0] = name;
	fexecve(job->program, job->argv, no_environment);
	return STATUS_FAILED;
}

const struct job broker_job = {
	.start = exec_worker,
	.until_layers = 10000,
	.until_text = 60000,
	.until_end = 120000,
	.until_exit = 5000,
	.bytes_per_ms = 1000,
};

static int run_worker(const struct command *command, char **argv, const struct job *model,
		      struct reply *reply)
{
	static int fds[FILES_MAX];
	struct job job = *model;

	job.argv = argv;
	job.fds = fds;
	job.nfds = command->mode == MODE_LAYERS ? 0 : command->nfiles;
	for (unsigned int i = 0; i < job.nfds; i++)
		fds[i] = open_input(command->files[i], &job.bytes);
	job.program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (job.program < 0)
		fail(STATUS_FAILED, "open: /proc/self/exe: %s", strerror(errno));
	return job_run(&job, reply);
}

/* ---- what it said ---- */

static int tell_failure(const struct command *command, const struct frame_failed *failed)
{
	const char *name = layer_name((enum layer)failed->at);
	char buf[ESCAPED_MAX];

	switch (failed->stage) {
	case STAGE_CONFINE:
		fail(STATUS_FAILED,
		     "confine: %s: %s\ncause: without it the worker would not be "
		     "kept off: %s\nfix: --layers shows what there is; "
		     "--allow-degraded %s does without",
		     name, strerror(failed->error), layer_what((enum layer)failed->at), name);
	case STAGE_READ:
		if (failed->at >= command->nfiles)
			return STATUS_LIED;
		fail(STATUS_FAILED, "read: %s: %s", escaped(command->files[failed->at], buf),
		     source_problem(-failed->error));
	default:
		fail(STATUS_FAILED, "write: %s", strerror(failed->error));
	}
}

/* The worker refuses by itself; but it is not believed that it does. */
static void check_layers(const struct command *command, const struct reply *reply)
{
	for (unsigned int i = 0; i < LAYERS; i++) {
		if (reply->layers[i].error && !(command->degraded & LAYER_BIT(i)))
			fail(STATUS_LIED, "the worker read a log without the layer %s",
			     layer_name((enum layer)i));
	}
}

static int put_out(const struct command *command, const struct reply *reply)
{
	const char *what = "write";
	char buf[ESCAPED_MAX];
	int error;

	if (!command->output)
		error = write_all(STDOUT_FILENO, reply->text, reply->len);
	else if (!reply->end.events)
		error = 0;
	else
		error = replace_file(command->output, reply->text, reply->len, &what);
	if (error)
		fail(STATUS_FAILED, "%s: %s: %s", what,
		     escaped(command->output ? command->output : "standard output", buf),
		     strerror(-error));
	return reply->end.events ? 0 : STATUS_NOTHING;
}

int broker(const struct command *command, char **argv, const struct job *model)
{
	static struct reply reply;
	struct verdict verdict;
	int error, status;

	error = caps_set_dumpable(false);
	if (!error)
		error = caps_close_descriptors();
	if (!error)
		error = reply_open(&reply);
	if (error)
		fail(STATUS_FAILED, "start: %s", strerror(-error));
	status = run_worker(command, argv, model, &reply);
	if (status)
		return status;
	if (reply.last == FRAME_FAILED)
		return tell_failure(command, &reply.failed);
	check_layers(command, &reply);
	if (command->mode == MODE_LAYERS) {
		layers_print(stdout, reply.layers);
		return 0;
	}
	if (!validate(&command->options, reply.text, reply.len, &verdict))
		fail(STATUS_LIED,
		     "what the worker wrote is not in order, line %zu: %s; nothing "
		     "was written",
		     verdict.line, verdict.why);
	return put_out(command, &reply);
}
