/* SPDX-License-Identifier: MIT */
/*
 * A kernel that lies. A seccomp filter makes one call after the other do nothing and report
 * success; every function must notice, for it asks again by another way. This is what an
 * emulated kernel or a tracer in between may do, and it shows that the reading back is real:
 * without it, each of these would report success.
 *
 * The filters need no no_new_privs for root, whom these acts need anyway.
 */
#include "caps/caps.h"

#include <sys/capability.h>

#include <linux/keyctl.h>

#include "kselftest_harness.h"
#include "tests/caps/child.h"

#define FIRST_ARG(nr, value)    \
	{                       \
		nr, 0, value, 0 \
	}
#define ANY(nr)              \
	{                    \
		nr, -1, 0, 0 \
	}

static int limit(void)
{
	return caps_limit(CAPS_BIT(CAP_CHOWN));
}

static int limit_to_none(void)
{
	return caps_limit(0);
}

/* What is held stays as it is; only the inheritable set has to be emptied. */
static int limit_to_same(void)
{
	struct caps_state state;
	int error = caps_read(&state);

	return error < 0 ? error : caps_limit(state.permitted);
}

static int drop_bounding(void)
{
	return caps_drop_bounding(CAPS_BIT(CAP_CHOWN));
}

static int make_inheritable(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (capget(&header, data) < 0)
		return -errno;
	data[0].inheritable = 1u << CAP_CHOWN;
	return capset(&header, data) < 0 ? -errno : 0;
}

static int raise_ambient(void)
{
	int error = make_inheritable();

	if (error < 0)
		return error;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)CAP_CHOWN, 0UL, 0UL) < 0)
		return -errno;
	return 0;
}

static int join_group(void)
{
	const gid_t group = 5;

	return setgroups(1, &group) < 0 ? -errno : 0;
}

/* All but the saved id is as wanted: the careless program that keeps its way back. */
static int almost_uid(void)
{
	if (setresgid(OTHER, OTHER, OTHER) < 0 || setresuid(ORDINARY, ORDINARY, 0) < 0)
		return -errno;
	return 0;
}

static int almost_gid(void)
{
	if (setresgid(OTHER, OTHER, 0) < 0 || setresuid(ORDINARY, ORDINARY, ORDINARY) < 0)
		return -errno;
	return 0;
}

static int change_ids(void)
{
	return caps_set_ids(ORDINARY, OTHER, true);
}

static int change_ids_alone(void)
{
	return caps_set_ids(ORDINARY, OTHER, false);
}

static int files_limit(void)
{
	const struct rlimit limit = { 64, 64 };

	return caps_set_rlimit(RLIMIT_NOFILE, &limit);
}

static int undumpable(void)
{
	return caps_set_dumpable(false);
}

/* clang-format off */
static const struct row {
	const char *name;
	int (*before)(void); /* makes a state in which the act has something to do */
	int (*act)(void);
	struct lie lie;
} rows[] = {
	{ "ambient", raise_ambient, caps_clear_ambient,
	  { SYS_prctl, 1, PR_CAP_AMBIENT_CLEAR_ALL, 0 } },
	{ "bounding", NULL, drop_bounding, FIRST_ARG(SYS_prctl, PR_CAPBSET_DROP) },
	{ "core", NULL, caps_no_core, { SYS_prlimit64, 1, RLIMIT_CORE, 0 } },
	{ "dumpable", NULL, undumpable, FIRST_ARG(SYS_prctl, PR_SET_DUMPABLE) },
	{ "effective, not told", NULL, limit_to_none, ANY(SYS_capget) },
	{ "gid", NULL, change_ids, ANY(SYS_setresgid) },
	{ "group list", join_group, change_ids, FIRST_ARG(SYS_setgroups, 0) },
	{ "inheritable", make_inheritable, limit_to_same, ANY(SYS_capset) },
	{ "keyring", NULL, caps_new_keyring, FIRST_ARG(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING) },
	{ "no_new_privs", NULL, caps_no_new_privs, FIRST_ARG(SYS_prctl, PR_SET_NO_NEW_PRIVS) },
	{ "permitted", NULL, limit, ANY(SYS_capset) },
	{ "rlimit", NULL, files_limit, { SYS_prlimit64, 1, RLIMIT_NOFILE, 0 } },
	{ "saved gid", almost_gid, change_ids_alone, FIRST_ARG(SYS_setresgid, OTHER) },
	{ "saved uid", almost_uid, change_ids_alone, FIRST_ARG(SYS_setresuid, ORDINARY) },
	{ "securebits", NULL, caps_lock_securebits, FIRST_ARG(SYS_prctl, PR_SET_SECUREBITS) },
	{ "session", NULL, caps_new_session, ANY(SYS_setsid) },
	{ "uid", NULL, change_ids, ANY(SYS_setresuid) },
	{ "way back, gid", NULL, change_ids, FIRST_ARG(SYS_setresgid, ~0u) },
	{ "way back, uid", NULL, change_ids, FIRST_ARG(SYS_setresuid, ~0u) },
};
/* clang-format on */

static int honest(const void *arg)
{
	const struct row *row = arg;

	if (row->before && row->before() < 0)
		return 201;
	return -row->act();
}

static int lied_to(const void *arg)
{
	const struct row *row = arg;

	if (row->before && row->before() < 0)
		return 201;
	return tell_lie(&row->lie) ? 200 : -row->act();
}

TEST(every_lie_is_noticed)
{
	if (geteuid() != 0)
		SKIP(return, "needs to start as root");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(0, in_child(honest, &rows[i]))
		{
			TH_LOG("%s", rows[i].name);
		}
		EXPECT_EQ(ENOTRECOVERABLE, in_child(lied_to, &rows[i]))
		{
			TH_LOG("%s", rows[i].name);
		}
	}
}

TEST_HARNESS_MAIN
