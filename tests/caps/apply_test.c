/* SPDX-License-Identifier: MIT */
/*
 * Capabilities given up: what could be done before cannot be done after, and exec does not
 * bring it back. Every denial stands beside the same act without the wall.
 */
#include "caps/caps.h"

#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include <linux/securebits.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

#define need_root()                                             \
	do {                                                    \
		if (geteuid() != 0)                             \
			SKIP(return, "needs to start as root"); \
	} while (0)

/*
 * What this program is when it runs itself as a helper: it says by its exit status whether
 * it has a capability.
 */
static void __attribute__((constructor)) helper(void)
{
	const char *what = getenv(HELPER);
	struct caps_state state;

	if (!what)
		return;
	if (caps_read(&state) < 0)
		_exit(200);
	if (strcmp(what, "any") == 0)
		_exit(state.permitted || state.effective ? 1 : 0);
	if (strcmp(what, "chown-alone") == 0)
		_exit(state.permitted == CAPS_BIT(CAP_CHOWN) ? 1 : 0);
	if (strcmp(what, "net_raw") == 0)
		_exit(state.effective & CAPS_BIT(CAP_NET_RAW) ? 1 : 0);
	if (strcmp(what, "root") == 0)
		_exit(geteuid() == 0 ? 1 : 0);
	_exit(201);
}

/* ---- what a capability is for ---- */

static int act_chown(void)
{
	int fd = memfd_create("caps-test", MFD_CLOEXEC);

	return fchown(fd, OTHER, OTHER) < 0 ? errno : 0;
}

static int act_setuid(void)
{
	return setresuid(OTHER, OTHER, OTHER) < 0 ? errno : 0;
}

static int act_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP) < 0 ? errno : 0;
}

static int act_mknod(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/caps-test.%d", getpid());
	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) < 0)
		return errno;
	return unlink(path) < 0 ? 202 : 0;
}

static const struct power {
	const char *name;
	int cap;
	int (*act)(void);
} powers[] = {
	{ "chown", CAP_CHOWN, act_chown },
	{ "mknod", CAP_MKNOD, act_mknod },
	{ "raw socket", CAP_NET_RAW, act_raw_socket },
	{ "setuid", CAP_SETUID, act_setuid },
};

static int act_free(const void *arg)
{
	const struct power *power = arg;

	return power->act();
}

static int act_limited(const void *arg)
{
	const struct power *power = arg;

	if (caps_limit(0) < 0)
		return 200;
	return power->act();
}

static int act_with_it_alone(const void *arg)
{
	const struct power *power = arg;

	if (caps_limit(CAPS_BIT(power->cap)) < 0)
		return 200;
	return power->act();
}

static int act_without_it(const void *arg)
{
	const struct power *power = arg;
	struct caps_state state;

	if (caps_read(&state) < 0)
		return 200;
	if (caps_limit(state.permitted & ~CAPS_BIT(power->cap)) < 0)
		return 201;
	return power->act();
}

TEST(limit_takes_powers)
{
	need_root();
	for (size_t i = 0; i < ARRAY_SIZE(powers); i++) {
		if (in_child(act_free, &powers[i]) != 0) {
			TH_LOG("%s cannot be done here even by root", powers[i].name);
			continue;
		}
		EXPECT_EQ(EPERM, in_child(act_limited, &powers[i]))
		{
			TH_LOG("%s with none", powers[i].name);
		}
		EXPECT_EQ(EPERM, in_child(act_without_it, &powers[i]))
		{
			TH_LOG("%s with all others", powers[i].name);
		}
		EXPECT_EQ(0, in_child(act_with_it_alone, &powers[i]))
		{
			TH_LOG("%s with it alone", powers[i].name);
		}
	}
	EXPECT_EQ(0, in_child(act_free, &powers[0]));
	EXPECT_EQ(0, in_child(act_free, &powers[3]));
}

static int limit_more_than_there_is(const void *arg)
{
	(void)arg;
	if (caps_limit(CAPS_BIT(CAP_CHOWN)) < 0)
		return 200;
	return -caps_limit(CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL));
}

/* The kernel cuts it off and reports success: only reading back shows it. */
static int limit_to_what_no_kernel_has(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (caps_read(&state) < 0)
		return 200;
	return -caps_limit(state.permitted | CAPS_BIT(CAPS_MAX - 1));
}

TEST(limit_cannot_add)
{
	need_root();
	EXPECT_EQ(EPERM, in_child(limit_more_than_there_is, NULL));
	EXPECT_NE(0, in_child(limit_to_what_no_kernel_has, NULL));
}

/* ---- exec as uid 0 ---- */

struct regain {
	bool lock, drop;
	caps_set bounding;
	const char *helper;
	int answer; /* 1: has capabilities after exec */
};

static const struct regain regains[] = {
	{ false, false, 0, "any", 1 },
	{ true, false, 0, "any", 0 },
	{ false, true, 0, "any", 0 },
	{ true, true, 0, "any", 0 },
	{ false, true, CAPS_BIT(CAP_CHOWN), "any", 1 },
	{ false, true, CAPS_BIT(CAP_CHOWN), "chown-alone", 1 },
	{ true, true, CAPS_BIT(CAP_CHOWN), "any", 0 },
};

static int exec_as_root(const void *arg)
{
	const struct regain *row = arg;

	if (row->lock && caps_lock_securebits() < 0)
		return 210;
	if (row->drop && caps_drop_bounding(row->bounding) < 0)
		return 211;
	if (caps_limit(0) < 0)
		return 212;
	return exec_helper(NULL, row->helper);
}

TEST(exec_as_root_regains_only_without_the_walls)
{
	need_root();
	for (size_t i = 0; i < ARRAY_SIZE(regains); i++) {
		EXPECT_EQ(regains[i].answer, in_child(exec_as_root, &regains[i]))
		{
			TH_LOG("row %zu", i);
		}
	}
}

/* ---- securebits ---- */

static int lock(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (prctl(PR_SET_SECUREBITS, (unsigned long)SECBIT_KEEP_CAPS) < 0)
		return 200; /* the twin: before, they can be set */
	if (caps_lock_securebits() < 0)
		return 201;
	if (caps_read(&state) < 0 ||
	    (state.securebits & CAPS_SECUREBITS_MASK) != CAPS_SECUREBITS_LOCKED)
		return 202;
	if (prctl(PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL) == 0)
		return 203;
	for (unsigned long bits = 0; bits <= CAPS_SECUREBITS_MASK; bits++) {
		if (bits != CAPS_SECUREBITS_LOCKED && prctl(PR_SET_SECUREBITS, bits) == 0)
			return 204;
	}
	/* The second time is no change, and needs nothing. */
	return caps_limit(0) < 0 ? 205 : -caps_lock_securebits();
}

TEST(securebits_are_locked)
{
	need_root();
	EXPECT_EQ(0, in_child(lock, NULL));
}

static int choose(const void *arg)
{
	const struct caps_securebit *row = arg;
	struct caps_state state;

	if (caps_set_securebits(row->bit) < 0 || caps_read(&state) < 0)
		return 200;
	if (caps_get_securebits() != (int)row->bit || state.securebits != row->bit)
		return 201;
	/* All can be changed again but those that are locked. */
	if (caps_set_securebits(0) < 0)
		return caps_get_securebits() == (int)row->bit ? 1 : 202;
	return caps_get_securebits() ? 203 : 0;
}

TEST(securebits_by_name)
{
	need_root();
	for (const struct caps_securebit *row = caps_securebits; row->name; row++) {
		EXPECT_EQ(row, caps_securebit_find(row->name));
		EXPECT_EQ(strstr(row->name, "-locked") ? 1 : 0, in_child(choose, row))
		{
			TH_LOG("%s", row->name);
		}
		EXPECT_TRUE(row == caps_securebits || strcmp(row[-1].name, row->name) < 0);
	}
	EXPECT_EQ(NULL, caps_securebit_find("root"));
}

/* ---- what is kept on purpose ---- */

static int inherit(const void *arg)
{
	const caps_set keep = CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL);
	struct caps_state state;

	(void)arg;
	if (caps_inherit(keep) < 0)
		return 200;
	if (caps_lock_securebits() < 0 || caps_drop_bounding(keep) < 0)
		return 201;
	if (caps_limit_inherited(keep) < 0 || caps_read(&state) < 0)
		return 202;
	if (state.effective != keep || state.permitted != keep || state.inheritable != keep ||
	    state.bounding != keep || state.ambient != keep)
		return 203;
	if (caps_inherit(CAPS_BIT(CAP_NET_ADMIN)) != -EPERM)
		return 204;
	/* Less than what is inherited cannot be kept as if it were all. */
	if (caps_inherit(0) < 0 || caps_limit_inherited(keep) != -ENOTRECOVERABLE)
		return 205;
	return -caps_limit(0);
}

TEST(kept_in_all_five_sets)
{
	need_root();
	EXPECT_EQ(0, in_child(inherit, NULL));
}

static int change_ids(const void *keep)
{
	struct caps_state state;

	if (keep && caps_keep_over_ids() < 0)
		return 200;
	if (setresuid(ORDINARY, ORDINARY, ORDINARY) < 0 || caps_read(&state) < 0)
		return 201;
	return state.effective != 0;
}

TEST(kept_over_ids)
{
	need_root();
	EXPECT_EQ(0, in_child(change_ids, NULL));
	EXPECT_EQ(1, in_child(change_ids, "keep"));
}

/* ---- ambient ---- */

static int raise_ambient(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (capget(&header, data) < 0)
		return errno;
	data[0].inheritable = 1u << CAP_NET_RAW;
	if (capset(&header, data) < 0)
		return errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)CAP_NET_RAW, 0UL, 0UL) < 0)
		return errno;
	return 0;
}

struct ambient {
	bool clear, limit;
	int answer;
};

static const struct ambient ambients[] = {
	{ false, false, 1 }, /* the twin: it survives the change of uid and exec */
	{ true, false, 0 },
	{ false, true, 0 },
};

static int exec_with_ambient(const void *arg)
{
	const struct ambient *row = arg;
	struct caps_state state;

	if (raise_ambient())
		return 210;
	if (caps_read(&state) < 0 || state.ambient != CAPS_BIT(CAP_NET_RAW) ||
	    state.inheritable != CAPS_BIT(CAP_NET_RAW))
		return 211;
	if (row->clear && caps_clear_ambient() < 0)
		return 212;
	if (row->limit && caps_limit(state.permitted) < 0)
		return 213;
	if (caps_read(&state) < 0 || (state.ambient != 0) == (row->clear || row->limit))
		return 214;
	if (prctl(PR_SET_SECUREBITS, (unsigned long)SECBIT_NO_SETUID_FIXUP) < 0)
		return 215;
	if (setresuid(ORDINARY, ORDINARY, ORDINARY) < 0)
		return 216;
	return exec_helper(NULL, "net_raw");
}

TEST(ambient_is_cleared)
{
	need_root();
	for (size_t i = 0; i < ARRAY_SIZE(ambients); i++) {
		EXPECT_EQ(ambients[i].answer, in_child(exec_with_ambient, &ambients[i]))
		{
			TH_LOG("row %zu", i);
		}
	}
}

static int raise_when_locked(const void *arg)
{
	if (arg && caps_lock_securebits() < 0)
		return 210;
	return raise_ambient();
}

TEST(ambient_cannot_be_raised_when_locked)
{
	need_root();
	EXPECT_EQ(0, in_child(raise_when_locked, NULL));
	EXPECT_EQ(EPERM, in_child(raise_when_locked, "locked"));
}

/* ---- bounding ---- */

static int drop(const void *arg)
{
	const caps_set keep = CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL);
	struct caps_state state;
	caps_set before;

	(void)arg;
	if (caps_read(&state) < 0)
		return 200;
	before = state.bounding;
	if (caps_drop_bounding(~(caps_set)0) < 0 || caps_read(&state) < 0)
		return 201;
	if (state.bounding != before)
		return 202;
	if (caps_drop_bounding(keep) < 0 || caps_read(&state) < 0)
		return 203;
	if (state.bounding != keep)
		return 204;
	if (caps_drop_bounding(CAPS_BIT(CAP_KILL) | CAPS_BIT(CAP_NET_RAW)) < 0)
		return 205;
	if (caps_read(&state) < 0 || state.bounding != CAPS_BIT(CAP_KILL))
		return 206;
	if (caps_limit(0) < 0)
		return 207;
	if (caps_drop_bounding(CAPS_BIT(CAP_KILL)) < 0) /* nothing to do needs nothing */
		return 208;
	return -caps_drop_bounding(0);
}

TEST(bounding_shrinks)
{
	need_root();
	EXPECT_EQ(EPERM, in_child(drop, NULL)); /* the last one, for want of CAP_SETPCAP */
}

/* ---- an ordinary user ---- */

static int ordinary(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (become_ordinary() || caps_read(&state) < 0 || state.permitted)
		return 200;
	if (caps_limit(CAPS_BIT(CAP_CHOWN)) != -EPERM)
		return 201;
	if (caps_limit(0) < 0 || caps_clear_ambient() < 0)
		return 202;
	if (state.bounding && caps_drop_bounding(0) != -EPERM)
		return 203;
	if (state.securebits != CAPS_SECUREBITS_LOCKED && caps_lock_securebits() != -EPERM)
		return 204;
	return state.no_new_privs || caps_no_new_privs() == 0 ? 0 : 205;
}

TEST(an_ordinary_user_gets_nothing)
{
	EXPECT_EQ(0, in_child(ordinary, NULL));
}

/* The whole order, with the full set that a new user namespace gives. */
static int in_namespace(const void *arg)
{
	struct caps_state state;

	(void)arg;
	if (become_ordinary())
		return 200;
	if (unshare(CLONE_NEWUSER) < 0)
		return 254;
	if (caps_read(&state) < 0 || !(state.effective & CAPS_BIT(CAP_SETPCAP)))
		return 201;
	if (caps_lock_securebits() < 0 || caps_drop_bounding(0) < 0)
		return 202;
	if (caps_clear_ambient() < 0 || caps_limit(0) < 0 || caps_no_new_privs() < 0)
		return 203;
	if (caps_read(&state) < 0)
		return 204;
	if (state.effective | state.permitted | state.inheritable | state.bounding | state.ambient)
		return 205;
	if (state.securebits != CAPS_SECUREBITS_LOCKED || !state.no_new_privs)
		return 206;
	return 0;
}

TEST(the_whole_order_in_a_user_namespace)
{
	int status = in_child(in_namespace, NULL);

	if (status == 254)
		SKIP(return, "no user namespaces for an ordinary user here");
	EXPECT_EQ(0, status);
}

/* ---- no_new_privs ---- */

struct privileged {
	const char *path, *helper;
	bool confined;
};

static int exec_privileged(const void *arg)
{
	const struct privileged *file = arg;

	if (become_ordinary())
		return 210;
	if (file->confined && caps_no_new_privs() < 0)
		return 211;
	return exec_helper(file->path, file->helper);
}

FIXTURE(privileged)
{
	char dir[64], path[96];
};

FIXTURE_SETUP(privileged)
{
	ASSERT_EQ(0, make_dir(self->dir, sizeof(self->dir)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->dir);
	ASSERT_EQ(0, copy_self(self->path));
}

FIXTURE_TEARDOWN(privileged)
{
	unlink(self->path);
	rmdir(self->dir);
}

TEST_F(privileged, setuid_root)
{
	struct privileged file = { self->path, "root", false };

	need_root();
	ASSERT_EQ(0, chown(file.path, 0, 0));
	ASSERT_EQ(0, chmod(file.path, 04755));
	if (in_child(exec_privileged, &file) == 0)
		SKIP(return, "set-user-id files do not work in %s", self->dir);
	EXPECT_EQ(1, in_child(exec_privileged, &file));
	file.confined = true;
	EXPECT_EQ(0, in_child(exec_privileged, &file));
}

TEST_F(privileged, file_capability)
{
	struct privileged file = { self->path, "net_raw", false };
	cap_t caps;
	int error;

	need_root();
	caps = cap_from_text("cap_net_raw=ep");
	error = cap_set_file(file.path, caps);
	cap_free(caps);
	if (error < 0)
		SKIP(return, "no file capabilities in %s", self->dir);
	EXPECT_EQ(1, in_child(exec_privileged, &file));
	file.confined = true;
	EXPECT_EQ(0, in_child(exec_privileged, &file));
}

TEST_HARNESS_MAIN
