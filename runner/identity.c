/* SPDX-License-Identifier: MIT */
/*
 * Who the payload is, outside and inside.
 *
 * As an ordinary user it is the caller, in a user namespace where nothing else is mapped. As
 * root it is an id that is nobody's, one a supervisor: root outside is never mapped, for it
 * owns /proc/sys even without a capability. More ids come from the ranges that the host has set
 * aside for the caller, which only newuidmap(1) and newgidmap(1) may write; root writes them
 * himself.
 *
 * On hosts that forbid user namespaces, root can do without ("share user"): init then keeps its
 * capabilities while it becomes that id, builds the sandbox with them, and gives them up as
 * it does elsewhere.
 *
 * user_namespaces(7), newuidmap(1)
 */
#include "runner/runner.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

/*
 * Above all that distributions hand out: systemd's ranges end at 0x6fffffff.
 */
#define OWN_ID_BASE 0x70000000u

/* The id inside when the caller is root: anything but 0. */
#define ROOT_INSIDE_ID 1000u

/* An id that root can map and that is nobody's: OUTSIDE, as the kernel above us counts. */
static uint32_t own_id(const struct plan *plan, const char *map)
{
	const uint32_t pid = (uint32_t)getpid();
	const uint32_t candidates[] = { OWN_ID_BASE + pid, 60000 + pid % 5000, 0 };
	uint32_t outer;

	for (unsigned int i = 0; i < 3; i++) {
		int err = ns_idmap_lookup(plan->proc, map, candidates[i], &outer);

		if (err && err != -ENOENT)
			fail("identity: read /proc/self/%s: %s", map, strerror(-err));
		if (!err && outer != 0)
			return candidates[i];
	}
	fail("identity: root outside is the only user here, and must not be the one inside\n"
	     "cause: this is a user namespace in which no other id is mapped\n"
	     "fix: start it as an ordinary user of that namespace, or map more ids there");
}

static bool overlap(uint32_t a, uint32_t na, uint32_t b, uint32_t nb)
{
	return a < b ? b - a < na : a - b < nb;
}

/* The kernel would say no more than EINVAL. */
static void check_ranges(const char *name, const struct spec_map *map, uint32_t inside,
			 uint32_t outside)
{
	for (unsigned int i = 0; i < map->n; i++) {
		const struct ns_idrange *range = &map->range[i];

		if (overlap(range->inside, range->count, inside, 1) ||
		    overlap(range->outside, range->count, outside, 1))
			fail("%s %u %u %u: holds the id of the payload itself, %u inside and %u "
			     "outside, which is mapped anyway",
			     name, range->inside, range->outside, range->count, inside, outside);
		for (unsigned int j = 0; j < i; j++) {
			const struct ns_idrange *other = &map->range[j];

			if (overlap(range->inside, range->count, other->inside, other->count) ||
			    overlap(range->outside, range->count, other->outside, other->count))
				fail("%s %u %u %u: overlaps with another range", name,
				     range->inside, range->outside, range->count);
		}
	}
}

/* In the host's user namespace ids are what they are outside. */
static void check_host_user(const struct plan *plan)
{
	const struct spec *spec = plan->spec;

	if (geteuid() != 0)
		fail("share user: only root can make a sandbox without a user namespace");
	if ((spec->has_uid && spec->uid == 0) || (spec->has_gid && spec->gid == 0))
		fail("share user: the payload must not be root of the host: uid and gid are ids of "
		     "the host then");
	if (spec->maps[0].n || spec->maps[1].n)
		fail("share user: without a user namespace there is nothing to map");
	if (spec->caps)
		fail("share user: a capability that is kept would be one over the host");
	if (spec->net == NET_PASTA)
		fail("share user: pasta works in a user namespace only\n"
		     "fix: net none, net host or net PATH");
}

void identity_plan(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct ns_idmap *map = &plan->idmap;
	bool root = geteuid() == 0;

	map->outside_uid = root ? own_id(plan, "uid_map") : geteuid();
	map->outside_gid = root ? own_id(plan, "gid_map") : getegid();
	map->inside_uid = spec->has_uid ? spec->uid : root ? ROOT_INSIDE_ID : geteuid();
	map->inside_gid = spec->has_gid ? spec->gid : root ? ROOT_INSIDE_ID : getegid();
	plan->drop_groups = root && map->outside_gid != 0;
	map->deny_setgroups = !plan->drop_groups;
	if (spec->share & CLONE_NEWUSER) {
		check_host_user(plan);
		map->inside_uid = spec->has_uid ? spec->uid : map->outside_uid;
		map->inside_gid = spec->has_gid ? spec->gid : map->outside_gid;
		map->outside_uid = map->inside_uid;
		map->outside_gid = map->inside_gid;
	}
	check_ranges("uid-map", &spec->maps[0], map->inside_uid, map->outside_uid);
	check_ranges("gid-map", &spec->maps[1], map->inside_gid, map->outside_gid);
	map->uids = spec->maps[0].range;
	map->nuids = spec->maps[0].n;
	map->gids = spec->maps[1].range;
	map->ngids = spec->maps[1].n;
}

/* newuidmap PID INSIDE OUTSIDE COUNT...: the payload's own id, then the ranges. */
static void map_by_helper(const struct plan *plan, const char *name, pid_t init,
			  const struct ns_idrange *own, const struct spec_map *map)
{
	struct bpf_arena *arena = plan->spec->arena;
	char *argv[3 + 3 * (1 + NS_IDRANGES)] = { NULL };
	unsigned int n = 0;
	const char *words;

	argv[n++] = xprintf(arena, "/usr/bin/%s", name);
	argv[n++] = xprintf(arena, "%d", (int)init);
	for (unsigned int i = 0; i <= map->n; i++) {
		const struct ns_idrange *range = i ? &map->range[i - 1] : own;

		argv[n++] = xprintf(arena, "%u", range->inside);
		argv[n++] = xprintf(arena, "%u", range->outside);
		argv[n++] = xprintf(arena, "%u", range->count);
	}
	words = run_helper(arena, argv);
	if (words)
		fail("identity: %s: %s\n"
		     "cause: the ranges of %s must be the caller's by /etc/sub%cid, and\n"
		     "Debian's package uidmap installed",
		     name, words, name[3] == 'u' ? "uid-map" : "gid-map", name[3]);
}

void identity_write(const struct plan *plan, pid_t init)
{
	const struct ns_idmap *map = &plan->idmap;
	const struct ns_idrange uid = { map->inside_uid, map->outside_uid, 1 };
	const struct ns_idrange gid = { map->inside_gid, map->outside_gid, 1 };
	int err;

	if (!(plan->namespaces & CLONE_NEWUSER))
		return;
	if (geteuid() != 0 && (map->nuids || map->ngids)) {
		map_by_helper(plan, "newgidmap", init, &gid, &plan->spec->maps[1]);
		map_by_helper(plan, "newuidmap", init, &uid, &plan->spec->maps[0]);
		return;
	}
	err = ns_idmap_write(plan->proc, init, map);
	if (err)
		fail_step(plan->spec->arena, "identity", "write the id maps", -err);
}
