/* SPDX-License-Identifier: MIT */
/*
 * --doctor: what of sbrun works here, what is lost, and, where sandboxes are prevented, one cause
 * with one fix.
 *
 * The features come from the table in features.c. Whether a policy is whole is not
 * concluded from them but tried, by running true(1) in it; this leaves nothing behind. The cause is
 * the first row of a table that holds: what the failed probe said, together with the file
 * that would explain it.
 */
#include "runner/features.h"

#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NFEATURES 64

struct policy {
	const char *name;
	const char *problem; /* NULL: it runs */
};

struct finding {
	struct bpf_arena *arena;
	enum feature_state state[NFEATURES];
	int error[NFEATURES];
	struct policy policies[4]; /* the chain; ends with a NULL name */
	const char *cause, *fix;   /* NULL: nothing prevents sandboxes, or it is not known what */
};

/* ---- looking ---- */

/* All of a small file; "": it cannot be read. */
static const char *text_of(struct finding *found, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text = fd < 0 ? NULL : read_all(found->arena, fd, 1u << 20, &len);

	if (fd >= 0)
		close(fd);
	return text ? text : "";
}

static bool is_zero(struct finding *found, const char *path)
{
	return strcmp(text_of(found, path), "0\n") == 0;
}

static bool is_filtered(struct finding *found)
{
	return strstr(text_of(found, "/proc/self/status"), "\nSeccomp:\t2\n") != NULL;
}

/* In a chroot, the root is no mount: mountinfo, whose fifth word is the place, has none there. */
static bool in_chroot(struct finding *found)
{
	const char *line = text_of(found, "/proc/self/mountinfo");

	if (!*line)
		return false;
	for (; *line; line = strchr(line, '\n') + 1) {
		const char *word = line;

		for (int i = 0; i < 4; i++)
			word += strcspn(word, " ") + 1;
		if (strncmp(word, "/ ", 2) == 0)
			return false;
	}
	return true;
}

struct diagnosis {
	const char *feature; /* whose probe failed; NULL: any that is needed */
	int error;	     /* its answer; 0: any */
	bool (*holds)(struct finding *found);
	const char *cause, *fix;
};

static bool debian_forbids(struct finding *found)
{
	return is_zero(found, "/proc/sys/kernel/unprivileged_userns_clone");
}

static bool apparmor_forbids(struct finding *found)
{
	return strcmp(text_of(found, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
		      "1\n") == 0;
}

static bool none_allowed(struct finding *found)
{
	return is_zero(found, "/proc/sys/user/max_user_namespaces");
}

static bool always(struct finding *found)
{
	(void)found;
	return true;
}

/* clang-format off */
static const struct diagnosis diagnoses[] = {
{ "user namespaces", EPERM, debian_forbids,
  "/proc/sys/kernel/unprivileged_userns_clone is 0: only root may make user namespaces",
  "sysctl -w kernel.unprivileged_userns_clone=1" },
{ "user namespaces", EACCES, apparmor_forbids,
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1: AppArmor lets only programs with "
  "a profile have user namespaces",
  "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
{ "... and mounts in them", 0, apparmor_forbids,
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1: AppArmor takes all rights in user "
  "namespaces away",
  "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
{ "user namespaces", ENOSPC, none_allowed,
  "/proc/sys/user/max_user_namespaces is 0",
  "sysctl -w user.max_user_namespaces=15000" },
{ "user namespaces", ENOSPC, always,
  "there are as many user namespaces as may be, or they are nested too deeply",
  "sysctl -w user.max_user_namespaces=15000" },
{ "user namespaces", EPERM, in_chroot,
  "this is a chroot, in which the kernel gives nobody a user namespace",
  "systemd-nspawn -D DIR, in place of chroot DIR" },
{ "user namespaces", EINVAL, always,
  "this kernel was built without user namespaces (CONFIG_USER_NS)",
  "apt-get install linux-image-amd64, and boot it" },
{ "user namespaces", EACCES, always,
  "a security module forbids user namespaces (/sys/kernel/security/lsm names those in force)",
  "aa-status, or ausearch -m avc, says which rule" },
{ "a new /proc", EPERM, always,
  "parts of /proc are masked here, as containers do it, and the kernel gives no new one then",
  "docker run --security-opt systempaths=unconfined" },
{ NULL, 0, is_filtered,
  "a seccomp filter around us forbids what sbrun needs, as that of containers does",
  "docker run --security-opt seccomp=unconfined" },
{ NULL, 0, NULL, NULL, NULL }
};
/* clang-format on */

static bool applies(struct finding *found, const struct diagnosis *row)
{
	for (unsigned int i = 0; features[i].name; i++) {
		if (found->state[i] == FEATURE_HERE || !features[i].needed)
			continue;
		if (row->feature && strcmp(row->feature, features[i].name) != 0)
			continue;
		if (!row->error || row->error == found->error[i])
			return row->holds(found);
	}
	return false;
}

static void find_cause(struct finding *found)
{
	for (const struct diagnosis *row = diagnoses; row->cause; row++) {
		if (applies(found, row)) {
			found->cause = row->cause;
			found->fix = row->fix;
			return;
		}
	}
}

/* What sbrun says of true(1) under POLICY, the first line of it; NULL: it ran. */
static const char *try_policy(struct bpf_arena *arena, const char *policy)
{
	const char *const command[] = {
		"/proc/self/exe", "--policy", policy, "--time-limit", "20", "--", "true"
	};
	char *argv[sizeof(command) / sizeof(*command) + 1] = { NULL };
	const char *words, *end;

	for (unsigned int i = 0; i < sizeof(command) / sizeof(*command); i++)
		argv[i] = xprintf(arena, "%s", command[i]);
	words = run_helper(arena, argv);
	end = words ? strstr(words, "\\x0a") : NULL;
	return end ? xprintf(arena, "%.*s", (int)(end - words), words) : words;
}

static void try_policies(struct finding *found)
{
	static const char *const names[] = { "strict", "standard", "network" };

	for (unsigned int i = 0; i < 3; i++) {
		found->policies[i].name = names[i];
		found->policies[i].problem = try_policy(found->arena, names[i]);
	}
}

static void look(struct finding *found)
{
	for (unsigned int i = 0; i < NFEATURES && features[i].name; i++)
		found->state[i] = feature_ask(&features[i], &found->error[i]);
	try_policies(found);
	if (found->policies[0].problem)
		find_cause(found);
}

/* ---- telling ---- */

static const char *const state_names[] = {
	[FEATURE_HERE] = "here",
	[FEATURE_MISSING] = "missing",
	[FEATURE_BLOCKED] = "blocked",
	[FEATURE_UNCLEAR] = "unclear",
};

static void print_features(const struct finding *found)
{
	for (unsigned int i = 0; features[i].name; i++) {
		const struct feature *feature = &features[i];

		printf("  %-8s %-28s %s\n", state_names[found->state[i]], feature->name,
		       feature->since);
		if (found->state[i] != FEATURE_HERE)
			printf("           %s; %s%s\n", strerror(found->error[i]),
			       feature->needed ? "NEEDED" : "without it: ",
			       feature->needed ? "" : feature->without);
	}
}

static void print_text(const struct finding *found, const struct utsname *os)
{
	printf("Linux %s, %s; %s\n\nWhat sbrun uses of it, and since which version it is there\n",
	       os->release, os->machine, geteuid() == 0 ? "as root" : "as an ordinary user");
	print_features(found);
	puts("\nThe built-in policies");
	for (const struct policy *policy = found->policies; policy->name; policy++)
		printf("  %-10s %s\n", policy->name,
		       policy->problem ? policy->problem : "runs, with all walls that it demands");
	if (found->cause)
		printf("\ncause: %s\nfix: %s\n", found->cause, found->fix);
}

static void print_json(const struct finding *found, const struct utsname *os)
{
	json_t *list = json_array(), *policies = json_object(), *all;
	char *text;

	for (unsigned int i = 0; features[i].name; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:b,s:s*,s:s}", "name",
						      features[i].name, "since", features[i].since,
						      "state", state_names[found->state[i]],
						      "needed", features[i].needed, "error",
						      found->state[i] == FEATURE_HERE ?
							      NULL :
							      strerror(found->error[i]),
						      "without", features[i].without));
	for (const struct policy *policy = found->policies; policy->name; policy++)
		json_object_set_new(policies, policy->name,
				    json_pack("{s:b,s:s*}", "runs", !policy->problem, "problem",
					      policy->problem));
	all = json_pack("{s:s,s:s,s:o,s:o,s:s*,s:s*}", "release", os->release, "machine",
			os->machine, "features", list, "policies", policies, "cause", found->cause,
			"fix", found->fix);
	text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
	if (!text)
		fail("doctor: out of memory");
	puts(text);
	free(text);
	json_decref(all);
}

int doctor(const struct spec *spec)
{
	static struct finding found;
	struct utsname os;

	found.arena = spec->arena;
	uname(&os);
	look(&found);
	if (spec->json)
		print_json(&found, &os);
	else
		print_text(&found, &os);
	return found.policies[0].problem ? 1 : 0;
}
