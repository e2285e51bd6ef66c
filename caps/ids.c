/* SPDX-License-Identifier: MIT */
/*
 * Becoming another user for good.
 *
 * Groups go first, then the gid, then the uid: each needs what the next one takes away. The
 * three-id calls are used because setuid() changes the saved id for the privileged only.
 * An unnoticed failure here is the classic way to keep root, so every id is read back, the
 * file-system ids too, and the way back is tried: it must be shut.
 *
 * Where capabilities survive the change on purpose (SECBIT_NO_SETUID_FIXUP, for steps that
 * still have to be done), the way back is open by right and is not tried; caps_limit()
 * closes it.
 *
 * credentials(7), setresuid(2), setgroups(2), setfsuid(2)
 */
#include "caps/caps.h"

#include <errno.h>
#include <grp.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* setfsuid() returns the present id, and changes nothing for an id that cannot be. */
static int prove_ids(uid_t uid, gid_t gid, bool no_groups)
{
	uid_t ruid = (uid_t)-1, euid = (uid_t)-1, suid = (uid_t)-1;
	gid_t rgid = (gid_t)-1, egid = (gid_t)-1, sgid = (gid_t)-1;
	int n;

	if (getresuid(&ruid, &euid, &suid) < 0)
		return -errno;
	if (getresgid(&rgid, &egid, &sgid) < 0)
		return -errno;
	if (ruid != uid || euid != uid || suid != uid)
		return -ENOTRECOVERABLE;
	if (rgid != gid || egid != gid || sgid != gid)
		return -ENOTRECOVERABLE;
	if ((uid_t)setfsuid((uid_t)-1) != uid || (gid_t)setfsgid((gid_t)-1) != gid)
		return -ENOTRECOVERABLE;
	if (!no_groups)
		return 0;
	n = getgroups(0, NULL);
	if (n < 0)
		return -errno;
	return n ? -ENOTRECOVERABLE : 0;
}

/* 1, 0 or -errno. Permitted counts, for it can be raised to effective at any time. */
static int holds(int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (capget(&header, data) < 0)
		return -errno;
	return data[CAP_TO_INDEX(cap)].permitted & CAP_TO_MASK(cap) ? 1 : 0;
}

static int prove_no_way_back_uid(uid_t uid, uid_t old)
{
	const uid_t ways[] = { old, 0 };
	int held;

	held = holds(CAP_SETUID);
	if (held)
		return held < 0 ? held : 0;
	for (int i = 0; i < 2; i++) {
		if (ways[i] != uid && setresuid((uid_t)-1, ways[i], (uid_t)-1) == 0)
			return -ENOTRECOVERABLE;
	}
	return 0;
}

static int prove_no_way_back_gid(gid_t gid, gid_t old)
{
	const gid_t ways[] = { old, 0 };
	int held;

	held = holds(CAP_SETGID);
	if (held)
		return held < 0 ? held : 0;
	for (int i = 0; i < 2; i++) {
		if (ways[i] != gid && setresgid((gid_t)-1, ways[i], (gid_t)-1) == 0)
			return -ENOTRECOVERABLE;
	}
	return 0;
}

int caps_set_ids(uid_t uid, gid_t gid, bool drop_groups)
{
	const uid_t old_uid = geteuid();
	const gid_t old_gid = getegid();
	int error;

	if (uid == (uid_t)-1 || gid == (gid_t)-1)
		return -EINVAL;
	if (drop_groups && setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(gid, gid, gid) < 0)
		return -errno;
	if (setresuid(uid, uid, uid) < 0)
		return -errno;

	error = prove_ids(uid, gid, drop_groups);
	if (error < 0)
		return error;
	error = prove_no_way_back_gid(gid, old_gid);
	if (error < 0)
		return error;
	return prove_no_way_back_uid(uid, old_uid);
}
