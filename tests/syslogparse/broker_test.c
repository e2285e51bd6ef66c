/* SPDX-License-Identifier: MIT */
/*
 * What a worker may do to its broker. Each case is a worker that says or does one wrong thing;
 * the broker must tell it by the right status, print nothing, and leave the file of --output
 * as it was. The good worker is the twin of all: the same frames, in order, are written.
 */
#include "syslogparse/broker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define GOOD                   \
	"*filter\n"            \
	":INPUT - [0:0]\n"     \
	"-A INPUT -j ACCEPT\n" \
	"COMMIT\n"

typedef int start_fn(const struct job *job);

/* ---- what workers say ---- */

static void say(const void *data, size_t len)
{
	if (write_all(1, data, len))
		_exit(99);
}

static void head(uint32_t type, uint32_t len)
{
	struct frame_head frame = { type, len };

	say(&frame, sizeof(frame));
}

static void frame(uint32_t type, const void *data, size_t len)
{
	head(type, (uint32_t)len);
	say(data, len);
}

static void layers(void)
{
	struct layer_state states[LAYERS];

	memset(states, 0, sizeof(states));
	frame(FRAME_LAYERS, states, sizeof(states));
}

static void text(const char *what)
{
	frame(FRAME_TEXT, what, strlen(what));
}

static void end(uint64_t len)
{
	const struct frame_end tail = { .text = len, .events = 1 };

	frame(FRAME_END, &tail, sizeof(tail));
}

__attribute__((noreturn)) static void for_ever(void)
{
	for (;;)
		pause();
}

/* ---- the workers ---- */

static int good(const struct job *job)
{
	(void)job;
	layers();
	text(GOOD);
	end(strlen(GOOD));
	return 0;
}

static int good_in_pieces(const struct job *job)
{
	(void)job;
	layers();
	for (const char *p = GOOD; *p; p++)
		frame(FRAME_TEXT, p, 1);
	end(strlen(GOOD));
	return 0;
}

/* Heads and bodies torn apart, a byte a write. */
static int good_in_bytes(const struct job *job)
{
	int pipefd[2], n;
	char c;

	if (pipe(pipefd) || fcntl(pipefd[1], F_SETPIPE_SZ, 1 << 20) < 0)
		return 98;
	n = dup(1);
	dup2(pipefd[1], 1);
	good(job);
	close(1);
	close(pipefd[1]);
	while (read(pipefd[0], &c, 1) == 1) {
		if (write(n, &c, 1) != 1)
			return 97;
	}
	return 0;
}

static int says_nothing(const struct job *job)
{
	(void)job;
	return 0;
}

static int exits(const struct job *job)
{
	good(job);
	return 3;
}

static int crashes(const struct job *job)
{
	good(job);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int crashes_early(const struct job *job)
{
	(void)job;
	layers();
	raise(SIGKILL);
	return 0;
}

static int stops_in_head(const struct job *job)
{
	(void)job;
	layers();
	say("\2\0", 2);
	return 0;
}

static int stops_in_body(const struct job *job)
{
	(void)job;
	layers();
	head(FRAME_TEXT, 100);
	say(GOOD, 10);
	return 0;
}

static int lacks_end(const struct job *job)
{
	(void)job;
	layers();
	text(GOOD);
	return 0;
}

static int empty_text(const struct job *job)
{
	layers();
	head(FRAME_TEXT, 0);
	return good(job);
}

static int long_text(const struct job *job)
{
	(void)job;
	layers();
	head(FRAME_TEXT, FRAME_MAX + 1);
	for_ever();
}

static int huge_text(const struct job *job)
{
	(void)job;
	layers();
	head(FRAME_TEXT, 0xffffffff);
	for_ever();
}

static int huge_layers(const struct job *job)
{
	(void)job;
	head(FRAME_LAYERS, 0x7fffffff);
	for_ever();
}

static int unknown_type(const struct job *job)
{
	layers();
	head(99, 4);
	return good(job);
}

static int type_zero(const struct job *job)
{
	layers();
	head(0, 0);
	return good(job);
}

static int text_first(const struct job *job)
{
	text(GOOD);
	return good(job);
}

static int end_first(const struct job *job)
{
	(void)job;
	end(0);
	return 0;
}

static int layers_twice(const struct job *job)
{
	layers();
	return good(job);
}

static int layers_late(const struct job *job)
{
	(void)job;
	layers();
	text(GOOD);
	layers();
	end(strlen(GOOD));
	return 0;
}

static int text_after_end(const struct job *job)
{
	good(job);
	text("# more\n");
	return 0;
}

static int end_twice(const struct job *job)
{
	good(job);
	end(strlen(GOOD));
	return 0;
}

static int failed_after_end(const struct job *job)
{
	const struct frame_failed failed = { STAGE_READ, 0, EIO };

	good(job);
	frame(FRAME_FAILED, &failed, sizeof(failed));
	return 0;
}

static int wrong_count(const struct job *job)
{
	(void)job;
	layers();
	text(GOOD);
	end(strlen(GOOD) + 1);
	return 0;
}

static int silly_failure(const struct job *job)
{
	const struct frame_failed failed = { 77, 0, EIO };

	(void)job;
	layers();
	frame(FRAME_FAILED, &failed, sizeof(failed));
	return 0;
}

static int silly_source(const struct job *job)
{
	const struct frame_failed failed = { STAGE_READ, 1, EIO };

	(void)job;
	layers();
	frame(FRAME_FAILED, &failed, sizeof(failed));
	return 0;
}

static int silly_error(const struct job *job)
{
	const struct frame_failed failed = { STAGE_READ, 0, -1 };

	(void)job;
	layers();
	frame(FRAME_FAILED, &failed, sizeof(failed));
	return 0;
}

/* Not a lie: it tells that it failed. */
static int fails(const struct job *job)
{
	const struct frame_failed failed = { STAGE_READ, 0, EIO };

	(void)job;
	layers();
	text(GOOD);
	frame(FRAME_FAILED, &failed, sizeof(failed));
	return 0;
}

static int bad_layers(uint32_t error, const char *what)
{
	struct layer_state states[LAYERS];

	memset(states, 0, sizeof(states));
	states[LAYER_NET].error = (int32_t)error;
	memcpy(states[LAYER_NET].text, what, strlen(what));
	frame(FRAME_LAYERS, states, sizeof(states));
	text(GOOD);
	end(strlen(GOOD));
	return 0;
}

static int layer_missing(const struct job *job)
{
	(void)job;
	return bad_layers((uint32_t)-EPERM, "");
}

static int layer_silly(const struct job *job)
{
	(void)job;
	return bad_layers(5, "");
}

static int layer_escape(const struct job *job)
{
	(void)job;
	return bad_layers(0, "\033[2J");
}

static int layer_endless(const struct job *job)
{
	struct layer_state states[LAYERS];

	(void)job;
	memset(states, 'x', sizeof(states));
	for (int i = 0; i < LAYERS; i++)
		states[i].error = 0;
	frame(FRAME_LAYERS, states, sizeof(states));
	text(GOOD);
	end(strlen(GOOD));
	return 0;
}

static int floods(const struct job *job)
{
	static char line[FRAME_MAX];

	memset(line, '#', sizeof(line));
	layers();
	while (job)
		frame(FRAME_TEXT, line, sizeof(line));
	return 0;
}

static int babbles(const struct job *job)
{
	while (job)
		say("syslogparse", 11);
	return 0;
}

static int silent(const struct job *job)
{
	(void)job;
	for_ever();
}

static int silent_after_layers(const struct job *job)
{
	(void)job;
	layers();
	for_ever();
}

static int silent_in_text(const struct job *job)
{
	(void)job;
	layers();
	text("# one\n");
	for_ever();
}

/* Each frame is in order and in time; all of them together are not. */
static int trickles(const struct job *job)
{
	const struct timespec a_while = { .tv_nsec = 20000000 };

	layers();
	while (job) {
		text("\n");
		nanosleep(&a_while, NULL);
	}
	return 0;
}

static int stays_after_end(const struct job *job)
{
	good(job);
	for_ever();
}

static int stays_without_pipe(const struct job *job)
{
	good(job);
	close(1);
	for_ever();
}

/* The process is gone, but somebody holds its pipe. */
static int leaves_somebody(const struct job *job)
{
	pid_t broker = getppid();

	if (fork() == 0) {
		prctl(PR_SET_NAME, "grandchild", 0, 0, 0);
		while (kill(broker, 0) == 0)
			poll(NULL, 0, 10);
		_exit(0);
	}
	return good(job);
}

static int wrong_text(const char *what)
{
	layers();
	text(what);
	end(strlen(what));
	return 0;
}

static int wrong_format(const struct job *job)
{
	(void)job;
	return wrong_text("rm -rf /\n");
}

static int no_newline(const struct job *job)
{
	(void)job;
	return wrong_text("# a");
}

static int escape_in_comment(const struct job *job)
{
	(void)job;
	return wrong_text("# \033[2J\n" GOOD);
}

static int nul_in_comment(const struct job *job)
{
	const char nul[] = "# \0\n" GOOD;

	(void)job;
	layers();
	frame(FRAME_TEXT, nul, sizeof(nul) - 1);
	end(sizeof(nul) - 1);
	return 0;
}

static int other_target(const struct job *job)
{
	(void)job;
	return wrong_text("*filter\n-A INPUT -j DROP\nCOMMIT\n");
}

/* ---- what the worker finds ---- */

/* 0, 1, 2, the log, and until it is executed the program; nothing that the caller had. */
static int looks_around(const struct job *job)
{
	struct stat st;
	int n = 0;

	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);

		n += flags >= 0 ? 1 : 0;
		if (fd == job->program && !(flags & FD_CLOEXEC))
			return 89;
	}
	if (n != 5 || fstat(1, &st) || !S_ISFIFO(st.st_mode))
		return 90;
	return good(job);
}

/* A pipe takes no descriptors. */
static int sends_descriptor(const struct job *job)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = control, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	return sendmsg(1, &message, 0) < 0 && errno == ENOTSOCK ? good(job) : 90;
}

/* ---- the cases ---- */

static const struct {
	const char *name;
	start_fn *start;
	int status;
} cases[] = {
	{ "good", good, 0 },
	{ "good, in pieces", good_in_pieces, 0 },
	{ "good, in bytes", good_in_bytes, 0 },
	{ "finds what it needs", looks_around, 0 },
	{ "sends a descriptor", sends_descriptor, 0 },
	{ "says nothing", says_nothing, STATUS_LIED },
	{ "exits", exits, STATUS_DIED },
	{ "crashes", crashes, STATUS_DIED },
	{ "crashes early", crashes_early, STATUS_DIED },
	{ "stops in a head", stops_in_head, STATUS_LIED },
	{ "stops in a body", stops_in_body, STATUS_LIED },
	{ "lacks an end", lacks_end, STATUS_LIED },
	{ "an empty text", empty_text, STATUS_LIED },
	{ "a long text", long_text, STATUS_LIED },
	{ "a huge text", huge_text, STATUS_LIED },
	{ "huge layers", huge_layers, STATUS_LIED },
	{ "an unknown type", unknown_type, STATUS_LIED },
	{ "type 0", type_zero, STATUS_LIED },
	{ "text first", text_first, STATUS_LIED },
	{ "end first", end_first, STATUS_LIED },
	{ "layers twice", layers_twice, STATUS_LIED },
	{ "layers late", layers_late, STATUS_LIED },
	{ "text after the end", text_after_end, STATUS_LIED },
	{ "end twice", end_twice, STATUS_LIED },
	{ "failed after the end", failed_after_end, STATUS_LIED },
	{ "a wrong count", wrong_count, STATUS_LIED },
	{ "a silly failure", silly_failure, STATUS_LIED },
	{ "a silly source", silly_source, STATUS_LIED },
	{ "a silly error", silly_error, STATUS_LIED },
	{ "fails", fails, STATUS_FAILED },
	{ "a layer is missing", layer_missing, STATUS_LIED },
	{ "a silly layer", layer_silly, STATUS_LIED },
	{ "an escape in a layer", layer_escape, STATUS_LIED },
	{ "a layer without end", layer_endless, STATUS_LIED },
	{ "floods", floods, STATUS_FLOODED },
	{ "babbles", babbles, STATUS_LIED },
	{ "silent", silent, STATUS_HUNG },
	{ "silent after the layers", silent_after_layers, STATUS_HUNG },
	{ "silent in the text", silent_in_text, STATUS_HUNG },
	{ "trickles", trickles, STATUS_HUNG },
	{ "stays after the end", stays_after_end, STATUS_HUNG },
	{ "stays without its pipe", stays_without_pipe, STATUS_HUNG },
	{ "leaves somebody", leaves_somebody, STATUS_HUNG },
	{ "wrong format", wrong_format, STATUS_LIED },
	{ "no newline", no_newline, STATUS_LIED },
	{ "an escape in a comment", escape_in_comment, STATUS_LIED },
	{ "a NUL in a comment", nul_in_comment, STATUS_LIED },
	{ "a target that was not asked for", other_target, STATUS_LIED },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))
#define OLD   "the old content\n"

static const struct job quick = {
	.until_layers = 300,
	.until_text = 300,
	.until_end = 300,
	.until_exit = 300,
	.bytes_per_ms = 1,
};

/* Times that a loaded machine keeps, where it is not the clock that is tested. */
static struct job times_of(int status)
{
	struct job job = quick;

	if (status != STATUS_HUNG)
		job.until_layers = job.until_text = job.until_end = job.until_exit = 60000;
	return job;
}

FIXTURE(broker)
{
	char dir[64], file[80], log[80];
	char printed[4096];
};

static void put_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write_all(fd, content, strlen(content)))
		abort();
	close(fd);
}

static const char *get_file(const char *path)
{
	static char content[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof(content) - 1);

	if (fd >= 0)
		close(fd);
	content[n < 0 ? 0 : n] = '\0';
	return content;
}

FIXTURE_SETUP(broker)
{
	strcpy(self->dir, "/tmp/syslogparse-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->file, sizeof(self->file), "%s/rules", self->dir);
	snprintf(self->log, sizeof(self->log), "%s/log", self->dir);
	put_file(self->log, "a log\n");
}

/* Also: nothing is left in the directory but what was there. */
FIXTURE_TEARDOWN(broker)
{
	unlink(self->file);
	unlink(self->log);
	EXPECT_EQ(0, rmdir(self->dir));
}

/* A broker as a process: its exit status; what it prints is in PRINTED. */
static int run_broker(FIXTURE_DATA(broker) * self, start_fn *start, const char *output, int status)
{
	char *files[] = { self->log, NULL }, name[] = "syslogparse", *argv[] = { name, NULL };
	struct command command = {
		.options = { .action = "accept", .format = FORMAT_IPTABLES },
		.files = files,
		.nfiles = 1,
		.output = output,
	};
	struct job job = times_of(status);
	int out = memfd_create("out", 0), wait_status;
	ssize_t n;
	pid_t pid;

	job.start = start;
	pid = fork();
	if (pid == 0) {
		dup2(out, 1);
		dup2(open("/dev/null", O_WRONLY), 2);
		dup2(1, 200); /* what a careless caller leaves open */
		_exit(broker(&command, argv, &job));
	}
	waitpid(pid, &wait_status, 0);
	n = pread(out, self->printed, sizeof(self->printed) - 1, 0);
	self->printed[n < 0 ? 0 : n] = '\0';
	close(out);
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

TEST_F(broker, prints_nothing_but_what_is_good)
{
	for (size_t i = 0; i < CASES; i++) {
		EXPECT_EQ(cases[i].status, run_broker(self, cases[i].start, NULL, cases[i].status))
		{
			TH_LOG("%s", cases[i].name);
		}
		EXPECT_STREQ(cases[i].status == 0 ? GOOD : "", self->printed)
		{
			TH_LOG("%s", cases[i].name);
		}
	}
}

TEST_F(broker, keeps_the_file)
{
	for (size_t i = 0; i < CASES; i++) {
		put_file(self->file, OLD);
		EXPECT_EQ(cases[i].status,
			  run_broker(self, cases[i].start, self->file, cases[i].status))
		{
			TH_LOG("%s", cases[i].name);
		}
		EXPECT_STREQ(cases[i].status == 0 ? GOOD : OLD, get_file(self->file))
		{
			TH_LOG("%s", cases[i].name);
		}
		EXPECT_STREQ("", self->printed);
	}
}

/* ---- pages that change after they were given away ---- */

#define BEFORE "# good\n"
#define AFTER  "\033EVIL!\n"

static char *page;

/* TEXT as a page in the pipe; it is changed all the time, from before it is sent on. */
static int splices(const struct job *job)
{
	struct iovec iov = { .iov_len = strlen(BEFORE) };
	pid_t worker = getpid();
	char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)job;
	memcpy(own, BEFORE, strlen(BEFORE));
	if (fork() == 0) {
		close(1);
		while (getppid() == worker) {
			own[100] = 1;
			memcpy(own, AFTER, strlen(AFTER));
			atomic_signal_fence(memory_order_seq_cst);
			memcpy(own, BEFORE, strlen(BEFORE));
			atomic_signal_fence(memory_order_seq_cst);
		}
		_exit(0);
	}
	while (!((volatile char *)own)[100])
		;
	layers();
	head(FRAME_TEXT, (uint32_t)strlen(BEFORE));
	iov.iov_base = own;
	if (vmsplice(1, &iov, 1, 0) != (ssize_t)iov.iov_len)
		return 91;
	text(GOOD);
	end(strlen(BEFORE) + strlen(GOOD));
	return 0;
}

/* Changed once, when the broker can have read it, and never changed back. */
static int splices_and_waits(const struct job *job)
{
	struct iovec iov = { .iov_base = page, .iov_len = strlen(BEFORE) };
	int left;

	(void)job;
	memcpy(page, BEFORE, strlen(BEFORE));
	layers();
	head(FRAME_TEXT, (uint32_t)strlen(BEFORE));
	if (vmsplice(1, &iov, 1, 0) != (ssize_t)iov.iov_len)
		return 91;
	do { /* until the pipe is empty */
		if (ioctl(1, FIONREAD, &left) < 0)
			return 92;
	} while (left > 0);
	memcpy(page, AFTER, strlen(AFTER));
	text(GOOD);
	end(strlen(BEFORE) + strlen(GOOD));
	return 0;
}

/* The twin: a reader of a pipe does see what was changed after it was sent. */
TEST(a_page_in_a_pipe_can_be_changed)
{
	struct iovec iov = { .iov_len = strlen(BEFORE) };
	char got[sizeof(BEFORE)];
	int pipefd[2];

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, pipe(pipefd));
	memcpy(page, BEFORE, strlen(BEFORE));
	iov.iov_base = page;
	ASSERT_EQ((ssize_t)strlen(BEFORE), vmsplice(pipefd[1], &iov, 1, 0));
	memcpy(page, AFTER, strlen(AFTER));
	ASSERT_EQ((ssize_t)strlen(BEFORE), read(pipefd[0], got, sizeof(got)));
	EXPECT_EQ(0, memcmp(got, AFTER, strlen(AFTER)));
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_F(broker, what_was_judged_is_what_is_written)
{
	int written = 0, refused = 0;

	for (int i = 0; i < 100; i++) {
		int status = run_broker(self, splices, NULL, 0);

		if (status == 0) { /* a mixture of both may be in order, if it is a comment */
			EXPECT_EQ(0, memcmp("# ", self->printed, 2));
			EXPECT_EQ(NULL, strchr(self->printed, '\033'));
			EXPECT_STREQ(GOOD, self->printed + strlen(BEFORE));
			written++;
		} else {
			EXPECT_EQ(STATUS_LIED, status);
			EXPECT_STREQ("", self->printed);
			refused++;
		}
	}
	TH_LOG("%d written, %d refused", written, refused);
	EXPECT_EQ(100, written + refused);
}

TEST_F(broker, a_later_change_has_no_effect)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	for (int i = 0; i < 20; i++) {
		EXPECT_EQ(0, run_broker(self, splices_and_waits, NULL, 0));
		EXPECT_STREQ(BEFORE GOOD, self->printed);
	}
}

TEST_HARNESS_MAIN
