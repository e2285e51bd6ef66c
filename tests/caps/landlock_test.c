/* SPDX-License-Identifier: MIT */
/*
 * Landlock: each act is done without the wall, where it succeeds, behind the wall, where it
 * is denied, and behind the wall with the one rule that lets it through.
 */
#include "caps/caps.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

#define ALL_RIGHTS 0x3fu

static char where[64]; /* a directory with what the acts need; "probe" lies beside it */

/* ---- acts on files: relative to "in" of WHERE; 0 or an errno ---- */

static int result(int ret)
{
	if (ret < 0)
		return errno;
	if (ret > 2)
		close(ret);
	return 0;
}

static int list(void)
{
	return result(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int read_file(void)
{
	return result(open("file", O_RDONLY | O_CLOEXEC));
}

static int write_file(void)
{
	return result(open("file", O_WRONLY | O_CLOEXEC));
}

static int truncate_file(void)
{
	return result(truncate("file", 0));
}

static int make_file(void)
{
	return result(open("new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
}

static int make_fifo(void)
{
	return result(mkfifo("fifo", 0644));
}

static int move_file(void)
{
	return result(rename("file", "sub/file"));
}

static int remove_file(void)
{
	return result(unlink("file"));
}

static int make_device(void)
{
	/* 0:0 is a whiteout, which needs no capability. */
	return result(mknod("device", S_IFCHR | 0600, 0));
}

static int execute(void)
{
	char name[] = "true";
	char *argv[] = { name, NULL };

	execv("./true", argv);
	return errno;
}

/* clang-format off */
static const struct act {
	const char *name;
	int (*act)(void);
	unsigned int right; /* the least that allows it; 0: nothing does */
	int abi;
} acts[] = {
	{ "list",     list,	     CAPS_LANDLOCK_LIST, 2 },
	{ "read",     read_file,     CAPS_LANDLOCK_READ, 2 },
	{ "execute",  execute,	     CAPS_LANDLOCK_EXECUTE | CAPS_LANDLOCK_READ, 2 },
	{ "write",    write_file,    CAPS_LANDLOCK_WRITE, 2 },
	{ "truncate", truncate_file, CAPS_LANDLOCK_WRITE, 3 },
	{ "make",     make_file,     CAPS_LANDLOCK_CHANGE, 2 },
	{ "fifo",     make_fifo,     CAPS_LANDLOCK_CHANGE, 2 },
	{ "move",     move_file,     CAPS_LANDLOCK_CHANGE, 2 },
	{ "remove",   remove_file,   CAPS_LANDLOCK_CHANGE, 2 },
	{ "device",   make_device,   0, 2 },
};
/* clang-format on */

struct trial {
	const struct act *act;
	unsigned int walls;
	unsigned int rights; /* ~0: no rule */
};

static int populate(void)
{
	char template[] = "/tmp/caps-landlock.XXXXXX";

	if (!mkdtemp(template) || chmod(template, 0755) < 0 || chdir(template) < 0)
		return errno;
	strcpy(where, template);
	if (write_at(AT_FDCWD, "probe", "", 0) || mkdir("in", 0777) < 0 || chmod("in", 0777) < 0)
		return EIO;
	return 0;
}

/* Fresh for each trial, since some acts change it. Runs as the ordinary user. */
static int fill(void)
{
	unlink("in/file");
	unlink("in/sub/file");
	unlink("in/new");
	unlink("in/fifo");
	unlink("in/device");
	if (mkdir("in/sub", 0755) < 0 && errno != EEXIST)
		return errno;
	if (access("in/true", F_OK) < 0 && copy_self("in/true"))
		return EIO;
	return write_at(AT_FDCWD, "in/file", "text", 4);
}

static void __attribute__((constructor)) helper(void)
{
	if (program_invocation_short_name && strcmp(program_invocation_short_name, "true") == 0)
		_exit(0);
}

/* What the program and its loader need is allowed, for the sake of "execute". */
static int allow_system(int ruleset)
{
	static const char *const needed[] = { "/usr", "/lib", "/lib64", "/etc/ld.so.cache" };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int fd = open(needed[i], O_PATH | O_CLOEXEC);
		int error;

		if (fd < 0)
			continue;
		error = caps_landlock_allow(ruleset, fd,
					    CAPS_LANDLOCK_READ | CAPS_LANDLOCK_EXECUTE);
		close(fd);
		if (error)
			return -error;
	}
	return 0;
}

static int wall_up(const struct trial *trial)
{
	int ruleset = caps_landlock_new(trial->walls);
	int in = open("in", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (ruleset < 0 || in < 0)
		return EIO;
	error = trial->walls & CAPS_LANDLOCK_FILES ? allow_system(ruleset) : 0;
	if (!error && trial->rights != ~0u)
		error = -caps_landlock_allow(ruleset, in, trial->rights);
	if (!error && caps_no_new_privs())
		error = EIO;
	if (!error)
		error = -caps_landlock_enforce(ruleset, trial->walls, AT_FDCWD, "probe");
	close(ruleset);
	close(in);
	return error;
}

/* 200 and more: it went wrong before the act. */
static int try(const void *arg)
{
	const struct trial *trial = arg;
	int error = become_ordinary();

	if (error || chdir(where) < 0 || fill())
		return 200;
	if (trial->walls && wall_up(trial))
		return 201;
	return chdir("in") < 0 ? 202 : trial->act->act();
}

FIXTURE(files){};

FIXTURE_SETUP(files)
{
	ASSERT_EQ(0, populate());
	if (!(caps_landlock_walls() & CAPS_LANDLOCK_FILES)) {
		SKIP(return, "this kernel has no Landlock of version 2");
	}
}

FIXTURE_TEARDOWN(files)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf -- %s", where);
	EXPECT_EQ(0, system(command));
}

TEST_F(files, each_right_and_no_other)
{
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		const struct act *act = &acts[i];
		struct trial open = { act, 0, ~0u };
		struct trial closed = { act, CAPS_LANDLOCK_FILES, ~0u };
		struct trial others = { act, CAPS_LANDLOCK_FILES, ALL_RIGHTS };
		struct trial allowed = { act, CAPS_LANDLOCK_FILES, act->right };
		int error = in_child(try, &open);

		if (caps_landlock_abi() < act->abi)
			continue;
		ASSERT_EQ(0, error)
		{
			TH_LOG("%s fails without the wall", act->name);
		}
		EXPECT_EQ(EACCES, in_child(try, &closed))
		{
			TH_LOG("%s is not denied", act->name);
		}
		if (!act->right) {
			EXPECT_EQ(EACCES, in_child(try, &others));
			continue;
		}
		EXPECT_EQ(0, in_child(try, &allowed))
		{
			TH_LOG("%s is denied in spite of its right", act->name);
		}
		/* Of those that allow more than one act, WRITE is in CHANGE, LIST in READ. */
		others.rights = ALL_RIGHTS & ~act->right;
		if (act->right == CAPS_LANDLOCK_LIST)
			others.rights &= ~CAPS_LANDLOCK_READ;
		if (act->right == CAPS_LANDLOCK_WRITE)
			others.rights &= ~CAPS_LANDLOCK_CHANGE;
		EXPECT_EQ(EACCES, in_child(try, &others))
		{
			TH_LOG("%s is allowed by a right of others", act->name);
		}
	}
}

static int covered_probe(const void *arg)
{
	int ruleset = caps_landlock_new(CAPS_LANDLOCK_FILES);
	int fd = open(where, O_PATH | O_CLOEXEC);

	(void)arg;
	if (ruleset < 0 || fd < 0 || caps_landlock_allow(ruleset, fd, CAPS_LANDLOCK_READ) ||
	    caps_no_new_privs())
		return 200;
	return -caps_landlock_enforce(ruleset, CAPS_LANDLOCK_FILES, AT_FDCWD, "probe");
}

TEST_F(files, a_wall_that_denies_nothing_is_found_out)
{
	EXPECT_EQ(ENOTRECOVERABLE, in_child(covered_probe, NULL));
}

/* The kernel says that it did what it did not do. */
static int enforce_lie(const void *arg)
{
	const struct lie lie = { SYS_landlock_restrict_self, -1, 0, 0 };
	const struct trial trial = { NULL, *(const unsigned int *)arg, ~0u };

	return become_ordinary() || chdir(where) < 0 || tell_lie(&lie) ? 200 : wall_up(&trial);
}

TEST_F(files, a_lie_is_found_out)
{
	for (unsigned int wall = 1; wall <= CAPS_LANDLOCK_ALL; wall <<= 1) {
		if (caps_landlock_walls() & wall) {
			EXPECT_EQ(ENOTRECOVERABLE, in_child(enforce_lie, &wall));
		}
	}
}

static int allow_pipe(const void *arg)
{
	int ruleset = caps_landlock_new(CAPS_LANDLOCK_FILES), fds[2];
	char path[32];

	(void)arg;
	if (ruleset < 0 || pipe2(fds, O_CLOEXEC) < 0 || caps_no_new_privs())
		return 200;
	if (caps_landlock_allow(ruleset, fds[0], CAPS_LANDLOCK_READ))
		return 201;
	if (caps_landlock_enforce(ruleset, CAPS_LANDLOCK_FILES, AT_FDCWD, "probe"))
		return 202;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	return result(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

TEST_F(files, a_pipe_is_in_no_tree)
{
	EXPECT_EQ(0, in_child(allow_pipe, NULL));
}

/* ---- sockets and signals ---- */

static int bind_tcp(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? 210 : result(bind(fd, (struct sockaddr *)&any, sizeof(any)));
}

static int connect_tcp(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return 210;
	error = result(connect(fd, (struct sockaddr *)&here, sizeof(here)));
	return error == ECONNREFUSED ? 0 : error; /* as far as the network */
}

static int signal_parent(void)
{
	return result(kill(getppid(), 0));
}

static struct sockaddr_un abstract;
static socklen_t abstract_len;

static int connect_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? 210 : result(connect(fd, (struct sockaddr *)&abstract, abstract_len));
}

static int bind_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	abstract = (struct sockaddr_un){ .sun_family = AF_UNIX };
	abstract_len = sizeof(abstract);
	if (fd < 0 || bind(fd, (struct sockaddr *)&abstract, sizeof(sa_family_t)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&abstract, &abstract_len) < 0)
		return -1;
	return fd;
}

static int connect_own(void)
{
	return bind_abstract() < 0 ? 210 : connect_abstract();
}

static int signal_self(void)
{
	return result(kill(getpid(), 0));
}

/* clang-format off */
static const struct social {
	struct act act;
	unsigned int wall;
	int error;
} socials[] = {
	{ { "bind",	     bind_tcp,	       0, 4 }, CAPS_LANDLOCK_NET,   EACCES },
	{ { "connect",	     connect_tcp,      0, 4 }, CAPS_LANDLOCK_NET,   EACCES },
	{ { "abstract",	     connect_abstract, 0, 6 }, CAPS_LANDLOCK_SCOPE, EPERM },
	{ { "signal",	     signal_parent,    0, 6 }, CAPS_LANDLOCK_SCOPE, EPERM },
	{ { "own abstract",  connect_own,      0, 6 }, CAPS_LANDLOCK_SCOPE, 0 },
	{ { "signal self",   signal_self,      0, 6 }, CAPS_LANDLOCK_SCOPE, 0 },
	{ { "move",	     move_file,	       0, 4 }, CAPS_LANDLOCK_NET,   0 },
	{ { "move",	     move_file,	       0, 6 }, CAPS_LANDLOCK_SCOPE, 0 },
};
/* clang-format on */

static int in_ordinary(const void *arg)
{
	return become_ordinary() ? 203 : in_child(try, arg);
}

TEST_F(files, sockets_and_signals)
{
	int outside = bind_abstract();

	ASSERT_LE(0, outside);
	for (size_t i = 0; i < ARRAY_SIZE(socials); i++) {
		const struct social *social = &socials[i];
		const struct trial open = { &social->act, 0, ~0u };
		const struct trial closed = { &social->act, social->wall, ~0u };

		if (caps_landlock_abi() < social->act.abi)
			continue;
		ASSERT_EQ(0, in_child(in_ordinary, &open))
		{
			TH_LOG("%s fails without the wall", social->act.name);
		}
		EXPECT_EQ(social->error, in_child(in_ordinary, &closed))
		{
			TH_LOG("%s behind the wall", social->act.name);
		}
	}
}

/* ---- where there is none ---- */

static int without(const void *arg)
{
	struct lie lie = { SYS_landlock_create_ruleset, -1, 0, ENOSYS };

	(void)arg;
	if (tell_lie(&lie))
		return 200;
	if (caps_landlock_abi() || caps_landlock_walls())
		return 201;
	return -caps_landlock_new(CAPS_LANDLOCK_FILES);
}

TEST(a_kernel_without_has_no_walls)
{
	EXPECT_EQ(EOPNOTSUPP, in_child(without, NULL));
}

TEST(no_wall_is_no_ruleset)
{
	EXPECT_EQ(-EINVAL, caps_landlock_new(0));
}

TEST_HARNESS_MAIN
