/* SPDX-License-Identifier: MIT */
/*
 * SyslogParse's two processes, and what they tell each other.
 *
 *   broker --- descriptors of logs -------------------------------> worker
 *   broker.c   argv                                                 worker.c
 *      ^                                                               | confine.c: layers
 *      |                                                               v
 *   validate*.c <--- protocol.c <--- one pipe, in frames <--- rules as text
 *      |
 *      v
 *   standard output, or FILE as a whole (replace.c)
 *
 * The broker has the caller's rights and never looks at a log. The worker looks at logs and has
 * no rights: it confines itself before it reads the first byte. What it says is read once, into
 * memory of the broker's own, judged there, and written from there; if it dies, lies, says too
 * much or does not end, nothing is written.
 */
#ifndef SYSLOGPARSE_BROKER_H
#define SYSLOGPARSE_BROKER_H

#include "syslogparse/syslogparse.h"

#include <sys/types.h>

/* ---- exit statuses; syslogparse(1) ---- */

#define STATUS_NOTHING 1   /* no line was of the kind that was asked for */
#define STATUS_DIED    121 /* the worker was killed, or exited on its own */
#define STATUS_LIED    122 /* what it said is not what it may say */
#define STATUS_FLOODED 123 /* it said too much */
#define STATUS_HUNG    124 /* it did not say it in time */
#define STATUS_FAILED  125 /* syslogparse itself failed, or was misused */

/* ---- layers (confine.c) ---- */

enum layer {
	LAYER_IDS,
	LAYER_USER,
	LAYER_NET,
	LAYER_IPC,
	LAYER_UTS,
	LAYER_CGROUP,
	LAYER_PID,
	LAYER_MOUNT,
	LAYER_ROOT,
	LAYER_CAPABILITIES,
	LAYER_PRIVILEGES,
	LAYER_LIMITS,
	LAYER_DUMPABLE,
	LAYER_SESSION,
	LAYER_LANDLOCK,
	LAYER_DESCRIPTORS,
	LAYER_SYSCALLS,
	LAYERS,
};

#define LAYER_BIT(layer) (1u << (layer))

/* What is known of one: the worker says it, having read it back. */
struct layer_state {
	int32_t error; /* 0: in force; else -errno: why it is not */
	char text[84]; /* what was read back */
};

const char *layer_name(enum layer layer);
const char *layer_what(enum layer layer); /* what it keeps off */
int layer_find(const char *name);	  /* -ENOENT */
void layers_print(FILE *out, const struct layer_state *states);

/*
 * Confine the calling process, the first of FDS being 3: descriptors from 3 + NFDS up are
 * closed. STATES get what is in force. 0, or -errno of the first layer that is missing without
 * being in DEGRADED; *AT is that layer. After this, nothing but what policies/syslogparse-calls
 * allows can be called. The process that returns is not the one that called: that one waits.
 */
int confine(struct layer_state *states, unsigned int nfds, unsigned int degraded, enum layer *at);

/* Is the caller confined by somebody else, as by sbrun? 0, or -errno and *AT. */
int confined_already(enum layer *at);

/* The filter, compiled and proved when syslogparse was built (filter.c). */
int filter_install(void);

/* ---- the command line (options.c) ---- */

enum mode { MODE_RUN, MODE_LAYERS, MODE_WORKER, MODE_HELP, MODE_VERSION };

struct command {
	enum mode mode;
	struct options options;
	char **files; /* "-": standard input */
	unsigned int nfiles;
	const char *output; /* NULL: standard output */
	unsigned int degraded;
};

#define FILES_MAX   256u
#define THREADS_MAX 16u

void command_parse(struct command *command, int argc, char *argv[]); /* exits on a mistake */
void usage_print(FILE *out);

/* ---- helpers (util.c) ---- */

/* "syslogparse: ..." to stderr, foreign text escaped by the caller; exit with STATUS. */
__attribute__((noreturn, format(printf, 2, 3))) void fail(int status, const char *format, ...);

/* TEXT for messages: what is not printable ASCII is \xNN; cut when it is long. */
#define ESCAPED_MAX 1024
const char *escaped(const char *text, char *buf); /* ESCAPED_MAX bytes; returns BUF */

int write_all(int fd, const char *text, size_t len); /* 0 or -errno */
int64_t now_ms(void);				     /* of the monotonic clock */

/* ---- the protocol (protocol.c) ---- */

/*
 * LAYERS, then any number of TEXT and one END; or FAILED, instead of what is left, at any
 * place. Then the pipe ends. Both sides are the same program, so numbers are as the machine
 * has them.
 */
enum frame_type { FRAME_LAYERS = 1, FRAME_TEXT, FRAME_END, FRAME_FAILED };

struct frame_head {
	uint32_t type, len;
};

struct frame_end {
	uint64_t text;	 /* bytes of all TEXT frames */
	uint64_t events; /* that were found */
};

enum stage { STAGE_CONFINE, STAGE_READ, STAGE_WRITE, STAGES };

struct frame_failed {
	uint32_t stage; /* enum stage */
	uint32_t at;	/* STAGE_CONFINE: the layer; STAGE_READ: the source; else 0 */
	int32_t error;	/* errno, > 0 */
};

#define FRAME_MAX (64u << 10) /* of a TEXT; never empty */
#define TEXT_MAX  (64u << 20) /* of all of them together */

/* What came so far. Memory for the text is mapped at once, and its pages taken as it comes. */
struct reply {
	struct layer_state layers[LAYERS];
	struct frame_end end;
	struct frame_failed failed;
	char *text; /* TEXT_MAX bytes */
	size_t len;

	uint32_t last; /* enum frame_type; 0: nothing came */
	struct frame_head head;
	size_t have; /* of the head and what follows it */
	unsigned char body[sizeof(struct layer_state) * LAYERS];
};

int reply_open(struct reply *reply);
void reply_close(struct reply *reply);

/*
 * Take LEN bytes that came. 0, -EPROTO: not what may come here; -EFBIG: too much. After an
 * error nothing more may be given.
 */
int reply_add(struct reply *reply, const unsigned char *data, size_t len);
bool reply_complete(const struct reply *reply); /* may the pipe end here? */

/* The worker's side: 0 or -errno. */
int frame_send(int fd, enum frame_type type, const void *data, size_t len);
FILE *frame_stream(uint64_t *sent); /* TEXT frames on descriptor 1; counts bytes in SENT */

/* ---- the judge (validate.c, validate_*.c): shares no code with the writers ---- */

struct verdict {
	size_t line;	 /* from 1 */
	const char *why; /* a constant */
};

/* Is TEXT what a worker that was asked for OPTIONS may say? */
bool validate(const struct options *options, const char *text, size_t len, struct verdict *verdict);

/* ---- the broker (job.c, broker.c) ---- */

/* A worker to be started: with FDS as its 3, 4, ..., the pipe as 1, nothing as 0 and 2. */
struct job {
	char **argv;
	int program; /* descriptor of what to execute */
	const int *fds;
	unsigned int nfds;
	uint64_t bytes;			     /* in those that are files */
	int (*start)(const struct job *job); /* in the child; what it returns is the exit status */

	/* Milliseconds; see deadline() in job.c. */
	int64_t until_layers, until_text, until_end, until_exit;
	uint64_t bytes_per_ms;
};

/* Run the job: 0 with REPLY complete and the worker gone, or an exit status, having said why. */
int job_run(const struct job *job, struct reply *reply);

/* With MODEL's start and times, of which all but tests take broker_job's. An exit status. */
extern const struct job broker_job;
int broker(const struct command *command, char **argv, const struct job *model);

/* Put TEXT into the file PATH, or leave it as it is. 0 or -errno; *WHAT: what failed. */
int replace_file(const char *path, const char *text, size_t len, const char **what);

/* ---- the worker (worker.c, stats.c) ---- */

void stats_print(FILE *out, const struct options *options, const struct account *account);

#define WORKER_NAME "syslogparse-worker" /* argv[0] of it */

int worker(struct command *command);	   /* of a broker; exit status */
int worker_alone(struct command *command); /* --worker: standard input to standard output */

#endif
