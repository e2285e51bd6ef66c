/* SPDX-License-Identifier: MIT */
/*
 * Session, keyring, dumpability and descriptors: what a process could reach through what it
 * inherited, before and after.
 */
#include "caps/caps.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include <linux/keyctl.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

/* ---- the helper: which of these are open? ---- */

static const int numbers[] = { 3, 9, 63, 1000 };

#define ALL_OPEN 0x0f

static int which_open(void)
{
	int open = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (fcntl(numbers[i], F_GETFD) >= 0)
			open |= 1 << i;
	}
	return open;
}

static void __attribute__((constructor)) helper(void)
{
	int fd;

	if (!getenv(HELPER))
		return;
	for (fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			_exit(100 + fd);
	}
	_exit(which_open());
}

/* ---- descriptors ---- */

struct seal {
	const char *name;
	bool seal;
	struct lie lies[2]; /* .nr 0: none, for nobody lies about read() here */
	int answer;
};

#define RANGE_FAILS(errno)                                       \
	{                                                        \
		.nr = SYS_close_range, .arg = -1, .error = errno \
	}
#define PROC_FAILS                                              \
	{                                                       \
		.nr = SYS_getdents64, .arg = -1, .error = EPERM \
	}

#define MARK_FAILS                                                          \
	{                                                                   \
		.nr = SYS_fcntl, .arg = 1, .value = F_SETFD, .error = EPERM \
	}

static const struct seal seals[] = {
	{ "twin: not sealed", false, { { 0 } }, ALL_OPEN },
	{ "by close_range", true, { { 0 } }, 0 },
	{ "by close_range alone", true, { MARK_FAILS }, 0 },
	{ "before Linux 5.9", true, { RANGE_FAILS(ENOSYS) }, 0 },
	{ "before Linux 5.11", true, { RANGE_FAILS(EINVAL) }, 0 },
	{ "close_range denied", true, { RANGE_FAILS(EPERM) }, 0 },
	{ "close_range lies", true, { RANGE_FAILS(0) }, 0 },
	{ "nor /proc", true, { RANGE_FAILS(ENOSYS), PROC_FAILS }, 0 },
};

static int open_numbers(void)
{
	const struct rlimit few = { 32, 32 };
	int fd = open("/dev/null", O_RDWR);

	if (fd < 0)
		return errno;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (dup2(fd, numbers[i]) < 0)
			return errno;
	}
	if (fd > 2 && fd != numbers[0])
		close(fd);
	/* The highest is now above the limit, and still open. */
	return setrlimit(RLIMIT_NOFILE, &few) < 0 ? errno : 0;
}

static int exec_with_descriptors(const void *arg)
{
	const struct seal *row = arg;

	if (open_numbers())
		return 200;
	for (int i = 0; i < 2; i++) {
		if (row->lies[i].nr && tell_lie(&row->lies[i]))
			return 201;
	}
	if (row->seal && caps_close_descriptors() < 0)
		return 202;
	if (which_open() != ALL_OPEN) /* they are closed by exec, not before */
		return 203;
	return exec_helper(NULL, "descriptors");
}

/* Marking with close_range(2) is younger than closing; nothing is there to be marked here. */
static bool has_range(void)
{
	return syscall(SYS_close_range, ~0U, ~0U, 1U << 2) == 0;
}

TEST(descriptors_end_at_exec)
{
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur < 1001)
		SKIP(return, "fewer than 1001 descriptors allowed");
	for (size_t i = 0; i < ARRAY_SIZE(seals); i++) {
		/* Where there is no such call, those that cannot be marked are not closed. */
		const bool failed = seals[i].lies[0].nr == SYS_fcntl && !has_range();

		EXPECT_EQ(failed ? 202 : seals[i].answer,
			  in_child(exec_with_descriptors, &seals[i]))
		{
			TH_LOG("%s", seals[i].name);
		}
	}
}

/* More than one buffer of directory entries holds. */
static int many(const void *arg)
{
	const struct lie lie = RANGE_FAILS(ENOSYS);
	int fd = -1, flags;

	(void)arg;
	for (int i = 0; i < 900; i++) {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return 254;
	}
	if (fcntl(fd, F_GETFD) != 0)
		return 200;
	if (tell_lie(&lie) || caps_close_descriptors() < 0)
		return 201;
	for (; fd > 2; fd--) {
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			return 202;
	}
	return fcntl(2, F_GETFD) == 0 ? 0 : 203;
}

TEST(many_descriptors)
{
	int status = in_child(many, NULL);

	if (status == 254)
		SKIP(return, "fewer than 900 descriptors allowed");
	EXPECT_EQ(0, status);
}

/* ---- session ---- */

/* The grandchild signals its group; did it reach this process, which is in the first one? */
static int signal_the_group(const void *arg)
{
	int status;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || setpgid(0, 0) < 0)
		return 200;
	pid = fork();
	if (pid < 0)
		return 201;
	if (pid == 0) {
		if (arg && caps_new_session() < 0)
			_exit(1);
		_exit(kill(0, SIGTERM) < 0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 202;
	if (sigpending(&set) < 0)
		return 203;
	return sigismember(&set, SIGTERM);
}

TEST(kill_0_stays_inside)
{
	EXPECT_EQ(1, in_child(signal_the_group, NULL));
	EXPECT_EQ(0, in_child(signal_the_group, "new session"));
}

/* Lead a session that has a terminal, a new one. */
static int take_terminal(void)
{
	int master, slave, unlock = 0;

	if (setsid() < 0)
		return errno;
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return errno;
	return ioctl(slave, TIOCSCTTY, 0) < 0 ? errno : 0;
}

static int open_terminal(const void *arg)
{
	if (arg && caps_new_session() < 0)
		return 200;
	return open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 ? errno : 0;
}

static int terminal(const void *arg)
{
	signal(SIGHUP, SIG_IGN);
	if (take_terminal())
		return 254;
	return in_child(open_terminal, arg);
}

TEST(no_terminal_in_a_new_session)
{
	int status = in_child(terminal, NULL);

	if (status == 254)
		SKIP(return, "no pseudo-terminals");
	EXPECT_EQ(0, status);
	EXPECT_EQ(ENXIO, in_child(terminal, "new session"));
}

static int lead_a_group(const void *arg)
{
	(void)arg;
	return setpgid(0, 0) < 0 ? 200 : -caps_new_session();
}

static int lead_a_session(const void *arg)
{
	(void)arg;
	return setsid() < 0 ? 200 : -caps_new_session();
}

static int lead_with_terminal(const void *arg)
{
	(void)arg;
	signal(SIGHUP, SIG_IGN);
	return take_terminal() ? 254 : -caps_new_session();
}

static int fresh(const void *arg)
{
	(void)arg;
	if (caps_new_session() < 0)
		return 200;
	return getsid(0) == getpid() && getpgrp() == getpid() ? 0 : 201;
}

TEST(leaders)
{
	int status;

	EXPECT_EQ(0, in_child(fresh, NULL));
	EXPECT_EQ(EPERM, in_child(lead_a_group, NULL));
	status = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (status >= 0 || errno == ENXIO) {
		EXPECT_EQ(0, in_child(lead_a_session, NULL));
	}
	status = in_child(lead_with_terminal, NULL);
	if (status != 254) {
		EXPECT_EQ(EPERM, status);
	}
}

/* ---- keyring ---- */

static long key_search(void)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
		       "caps-test-secret", 0UL);
}

/* In a session keyring of the test's own, not the user's. */
static long key_add(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -1;
	return syscall(SYS_add_key, "user", "caps-test-secret", "secret", 6UL,
		       KEY_SPEC_SESSION_KEYRING);
}

struct key {
	bool renew;
	long id;
};

/* Bit 0: found by name; bit 1: read by its id. */
static int reach_key(const void *arg)
{
	const struct key *key = arg;
	char buf[16];
	int reached = 0;

	if (key->renew && caps_new_keyring() < 0)
		return 200;
	if (key_search() == key->id)
		reached |= 1;
	if (syscall(SYS_keyctl, KEYCTL_READ, key->id, buf, sizeof(buf)) == 6)
		reached |= 2;
	return reached;
}

static int share_key(const void *arg)
{
	struct key key = { .renew = arg };

	if (become_ordinary())
		return 200;
	key.id = key_add();
	if (key.id < 0)
		return 254;
	return in_child(reach_key, &key);
}

TEST(keys_of_the_session_are_left_behind)
{
	int status = in_child(share_key, NULL);

	if (status == 254)
		SKIP(return, "no keys can be added here");
	EXPECT_EQ(3, status);
	EXPECT_EQ(0, in_child(share_key, "renew"));
}

static const long key_calls[] = { SYS_keyctl, SYS_add_key, SYS_request_key };

struct keyless {
	unsigned int error, calls; /* how many of the calls fail so */
};

static int without_keys(const void *arg)
{
	const struct keyless *keyless = arg;

	for (unsigned int i = 0; i < keyless->calls; i++) {
		const struct lie lie = { key_calls[i], -1, 0, keyless->error };

		if (tell_lie(&lie))
			return 200;
	}
	return -caps_new_keyring();
}

TEST(a_kernel_without_keys)
{
	const struct keyless none = { ENOSYS, 3 }, denied = { EPERM, 3 }, quota = { EDQUOT, 3 };

	EXPECT_EQ(0, in_child(without_keys, &none));
	EXPECT_EQ(0, in_child(without_keys, &denied));
	EXPECT_EQ(EDQUOT, in_child(without_keys, &quota));
}

/* A filter that takes only some of the calls leaves a way to the user's keys. */
TEST(keys_that_could_still_be_reached)
{
	const struct keyless none[] = { { ENOSYS, 1 }, { ENOSYS, 2 } };
	const struct keyless denied[] = { { EPERM, 1 }, { EPERM, 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_EQ(ENOSYS, in_child(without_keys, &none[i]));
		EXPECT_EQ(EPERM, in_child(without_keys, &denied[i]));
	}
}

/* ---- closing ---- */

#define MANY 1200 /* more than a table of the kernel's, and across a word of its bitmap */

/* Of 100 .. MANY, those from 200 up to 299 and from 400 up are closed. Above the soft limit, too. */
struct closing {
	const char *listed; /* a directory that is given */
	struct lie lies[2];
};

static int close_some(const void *arg)
{
	const struct closing *closing = arg;
	const struct rlimit low = { 64, 4096 };
	int wrong = 0, listed = closing->listed ? open(closing->listed, O_RDONLY | O_CLOEXEC) : -1;

	for (int fd = 100; fd < MANY; fd++) {
		if (dup2(0, fd) != fd)
			return 201;
	}
	if (setrlimit(RLIMIT_NOFILE, &low) < 0)
		return 200;
	for (size_t i = 0; i < ARRAY_SIZE(closing->lies) && closing->lies[i].nr; i++) {
		if (tell_lie(&closing->lies[i]))
			return 200;
	}
	if (caps_close_range(200, 299, listed) || caps_close_range(400, INT_MAX, listed) ||
	    caps_close_range(150, 149, listed))
		return 202;
	for (int fd = 100; fd < MANY; fd++) {
		bool closed = (fd >= 200 && fd < 300) || fd >= 400;

		wrong += (fcntl(fd, F_GETFD) < 0) != closed;
	}
	return wrong != 0;
}

TEST(close_a_range)
{
	const struct closing ways[] = {
		{ NULL, { { 0 } } },
		{ NULL, { { SYS_close_range, -1, 0, ENOSYS } } },
		{ "/proc/self/fd", { { SYS_close_range, -1, 0, EPERM } } },
		{ NULL, { { SYS_close_range, -1, 0, ENOSYS }, { SYS_getdents64, -1, 0, EPERM } } },
	};
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max < 4096) {
		SKIP(return, "no more than %lu descriptors here", (unsigned long)limit.rlim_max);
	}
	limit.rlim_cur = 4096;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		EXPECT_EQ(0, in_child(close_some, &ways[i]))
		{
			TH_LOG("way %zu", i);
		}
	}
}

/* ---- dumpable ---- */

static int read_memory(const void *arg)
{
	if (become_ordinary())
		return 200;
	if (caps_set_dumpable(arg != NULL) < 0)
		return 201;
	return open("/proc/self/mem", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

TEST(dumpable)
{
	EXPECT_EQ(0, in_child(read_memory, "dumpable"));
	EXPECT_EQ(EACCES, in_child(read_memory, NULL));
}

TEST_HARNESS_MAIN
