/* SPDX-License-Identifier: MIT */
/*
 * The entries of "syscalls": actions, names, and whether an entry applies at all.
 *
 * "includes" and "excludes" ask about the container (capabilities) and the machine
 * (architecture, kernel). As docker has it: an entry is left out if any of its
 * "excludes" is so, or if one of the three kinds of "includes" is not: all of the
 * capabilities, one of the architectures, the kernel. What is left out is told in a
 * comment of the policy, for it depends on what the caller said, not on the profile.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_RULES    4096u
#define MAX_ERRNO    4095u

/* ---- actions ---- */

/* With data or without: EPERM is what runc takes when the profile does not say. */
static const struct {
	const char *name;
	uint32_t action;
	bool has_data;
} actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG, false },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false },
};

/* "EPERM" or "1", which podman has beside the number, and which wins there. */
static int parse_errno(struct oci *oci, const char *text, unsigned int line, uint64_t *value)
{
	char word[40], clean[40];
	uint32_t action;

	if (strlen(text) < 20) {
		snprintf(word, sizeof(word), "errno(%s)", text);
		if (bpf_action_parse(word, strlen(word), &action) == 0) {
			*value = action & SECCOMP_RET_DATA;
			return 0;
		}
	}
	return import_fail(oci->im, oci->err, line, "unknown errno \"%s\"",
			   import_clean(text, clean, sizeof(clean)));
}

static int read_data(struct oci *oci, const struct json *object, const struct oci_action_keys *keys,
		     unsigned int line, uint64_t *data)
{
	const char *name;
	uint64_t ret = 1; /* EPERM */
	int has_ret, has_name;

	has_ret = oci_number(oci, object, keys->ret, line, &ret);
	has_name = oci_string(oci, object, keys->name, line, &name);
	if (has_ret < 0 || has_name < 0)
		return -EINVAL;
	*data = ret;
	if (!name || !*name)
		return 0;
	if (parse_errno(oci, name, line, data) < 0)
		return -EINVAL;
	if (has_ret && *data != ret)
		import_note(oci->im, line,
			    "\"%s\" and \"%s\" differ; podman takes the first, "
			    "docker knows only the second; here it is the first",
			    keys->name, keys->ret);
	return 0;
}

static int make_errno(struct oci *oci, uint64_t data, unsigned int line, struct oci_rule *rule)
{
	if (data == 0)
		return import_fail(oci->im, oci->err, line,
				   "errno 0: the call would look as if it had succeeded, without "
				   "having happened; our policies do not have that");
	if (data > SECCOMP_RET_DATA)
		return import_fail(oci->im, oci->err, line, "%llu is no errno",
				   (unsigned long long)data);
	rule->raw = SECCOMP_RET_ERRNO | (uint32_t)data;
	rule->action = rule->raw;
	if (data > MAX_ERRNO) {
		rule->action = SECCOMP_RET_ERRNO | MAX_ERRNO;
		import_note(oci->im, line, "errno %llu: the kernel makes %u of it",
			    (unsigned long long)data, MAX_ERRNO);
	}
	return 0;
}

int oci_action(struct oci *oci, const struct json *object, const struct oci_action_keys *keys,
	       unsigned int line, struct oci_rule *rule)
{
	const char *name;
	uint64_t data;
	char clean[50];
	size_t i;

	if (oci_string(oci, object, keys->action, line, &name) < 0)
		return -EINVAL;
	for (i = 0; name && i < COUNT(actions); i++)
		if (!strcmp(actions[i].name, name))
			break;
	if (!name || i == COUNT(actions))
		return import_fail(oci->im, oci->err, line, "\"%s\": unknown action \"%s\"",
				   keys->action,
				   import_clean(name ? name : "", clean, sizeof(clean)));
	rule->raw = rule->action = actions[i].action;
	if (read_data(oci, object, keys, line, &data) < 0)
		return -EINVAL;
	if (!actions[i].has_data)
		return 0;
	if (rule->action == SECCOMP_RET_ERRNO)
		return make_errno(oci, data, line, rule);
	rule->raw |= (uint32_t)data & SECCOMP_RET_DATA;
	if (data != 0)
		import_note(oci->im, line,
			    "SCMP_ACT_TRACE: the tracer gets 0 as its message, not %u",
			    (unsigned int)data & SECCOMP_RET_DATA);
	return 0;
}

/* ---- does it apply? ---- */

/* Docker's default: what a container has when nothing is said. */
static const char *const docker_caps[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",	  "CAP_DAC_OVERRIDE",	  "CAP_FOWNER",	    "CAP_FSETID",
	"CAP_KILL",	   "CAP_MKNOD",	  "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
	"CAP_SETGID",	   "CAP_SETPCAP", "CAP_SETUID",		  "CAP_SYS_CHROOT", NULL,
};

static bool has_cap(const struct oci *oci, const char *name)
{
	const char *const *caps = oci->options->caps ? oci->options->caps : docker_caps;

	for (; *caps; caps++)
		if (!strcmp(*caps, name))
			return true;
	return false;
}

static bool is_arch(const struct oci *oci, const char *name)
{
	/* libseccomp's names, which docker took over */
	static const char *const names[BPF_ABIS] = {
		[BPF_X86_64] = "amd64",	 [BPF_I386] = "x86",	    [BPF_X32] = "x32",
		[BPF_AARCH64] = "arm64", [BPF_RISCV64] = "riscv64",
	};

	return !strcmp(names[oci->options->native], name);
}

/* "4.8" <= the kernel that we are to think of; later parts of a version do not count. */
static int is_kernel(struct oci *oci, const char *text, unsigned int line, bool *yes)
{
	unsigned int major, minor;
	char rest, clean[30];
	int n = sscanf(text, "%u.%u%c", &major, &minor, &rest);

	if (n < 2 || (n == 3 && rest != '.' && rest != '-'))
		return import_fail(oci->im, oci->err, line, "\"minKernel\": \"%s\" is no version",
				   import_clean(text, clean, sizeof(clean)));
	*yes = oci->options->kernel_major == 0 || oci->options->kernel_major > major ||
	       (oci->options->kernel_major == major && oci->options->kernel_minor >= minor);
	return 0;
}

/* Of a list of names: how many there are, and for how many TEST holds. */
struct tally {
	size_t all, yes;
	const char *some_no, *some_yes;
};

static int count_names(struct oci *oci, const struct json *object, const char *key,
		       unsigned int line, struct tally *tally)
{
	const bool caps = !strcmp(key, "caps");
	const char *name;
	const struct json *list, *item;

	memset(tally, 0, sizeof(*tally));
	if (oci_member(oci, object, key, line, JSON_KIND_ARRAY, &list) < 0)
		return -EINVAL;
	for (item = json_first(list); item; item = item->next) {
		name = json_text(item);
		if (!name)
			return import_fail(oci->im, oci->err, line, "\"%s\": expected strings",
					   key);
		tally->all++;
		if (caps ? has_cap(oci, name) : is_arch(oci, name)) {
			tally->yes++;
			tally->some_yes = name;
		} else {
			tally->some_no = name;
		}
	}
	return 0;
}

struct filter {
	struct tally caps, archs;
	bool has_kernel, kernel;
};

static int read_filter(struct oci *oci, const struct json *entry, const char *key,
		       unsigned int line, struct filter *filter)
{
	static const char *const keys[] = { "arches", "caps", "minKernel", NULL };
	const char *kernel;
	const struct json *object;

	memset(filter, 0, sizeof(*filter));
	if (oci_member(oci, entry, key, line, JSON_KIND_OBJECT, &object) < 0)
		return -EINVAL;
	if (!object)
		return 0;
	if (oci_keys(oci, object, keys, line, key) < 0 ||
	    count_names(oci, object, "caps", line, &filter->caps) < 0 ||
	    count_names(oci, object, "arches", line, &filter->archs) < 0 ||
	    oci_string(oci, object, "minKernel", line, &kernel) < 0)
		return -EINVAL;
	filter->has_kernel = kernel && *kernel;
	return filter->has_kernel ? is_kernel(oci, kernel, line, &filter->kernel) : 0;
}

/* 1: it applies. 0: it does not; why is written as a comment. */
static int applies(struct oci *oci, const struct json *entry, size_t number, unsigned int line)
{
	struct filter in, ex;
	const char *why = NULL, *what = "";
	char clean[50];

	if (read_filter(oci, entry, "excludes", line, &ex) < 0 ||
	    read_filter(oci, entry, "includes", line, &in) < 0)
		return -EINVAL;
	if (ex.archs.yes)
		why = "it excludes", what = ex.archs.some_yes;
	else if (ex.caps.yes)
		why = "it excludes", what = ex.caps.some_yes;
	else if (ex.kernel)
		why = "it excludes this kernel";
	else if (in.archs.all && !in.archs.yes)
		why = "it is for", what = in.archs.some_no;
	else if (in.caps.yes < in.caps.all)
		why = "it is for", what = in.caps.some_no;
	else if (in.has_kernel && !in.kernel)
		why = "it is for newer kernels";
	if (!why)
		return 1;
	import_write(oci->im, line, "# syscalls[%zu] is left out: %s %s\n", number, why,
		     import_clean(what, clean, sizeof(clean)));
	return 0;
}

/* ---- entries ---- */

static int add_name(struct oci *oci, struct oci_rule *rule, const char *name)
{
	char clean[50];

	if (!name || !import_is_name(name, strlen(name)))
		return import_fail(oci->im, oci->err, rule->line,
				   "\"%s\" is no name of a system call",
				   name ? import_clean(name, clean, sizeof(clean)) : "?");
	rule->names[rule->nnames++] = name;
	return 0;
}

/* "names", or the older format's one "name". */
static int read_names(struct oci *oci, const struct json *entry, struct oci_rule *rule)
{
	const unsigned int line = rule->line;
	const struct json *list, *item;
	const char *one;

	if (oci_string(oci, entry, "name", line, &one) < 0 ||
	    oci_member(oci, entry, "names", line, JSON_KIND_ARRAY, &list) < 0)
		return -EINVAL;
	if ((one && *one ? 1 : 0) + (list && list->len > 0) != 1)
		return import_fail(oci->im, oci->err, line,
				   "expected either \"name\" or \"names\", and not empty");
	rule->names = calloc(one && *one ? 1 : list->len, sizeof(*rule->names));
	rule->nnames = 0;
	if (!rule->names)
		return -ENOMEM;
	if (one && *one)
		return add_name(oci, rule, one);
	for (item = json_first(list); item; item = item->next)
		if (add_name(oci, rule, json_text(item)) < 0)
			return -EINVAL;
	return 0;
}

static int read_rule(struct oci *oci, const struct json *entry, struct oci_rule *rule)
{
	static const struct oci_action_keys keys = { "action", "errnoRet", "errno" };
	const struct json *args;
	size_t i;
	int ret;

	ret = read_names(oci, entry, rule);
	if (ret < 0)
		return ret;
	if (oci_action(oci, entry, &keys, rule->line, rule) < 0 ||
	    oci_member(oci, entry, "args", rule->line, JSON_KIND_ARRAY, &args) < 0)
		return -EINVAL;
	rule->is_default = rule->raw == oci->def_raw;
	if (rule->action == SECCOMP_RET_USER_NOTIF) {
		import_note(oci->im, rule->line,
			    "SCMP_ACT_NOTIFY: where nobody listens, the call fails with ENOSYS");
		for (i = 0; i < rule->nnames; i++)
			if (!strcmp(rule->names[i], "write"))
				return import_fail(oci->im, oci->err, rule->line,
						   "SCMP_ACT_NOTIFY for write, which hands over "
						   "the listener; runc refuses it, too");
	}
	return args ? oci_conds(oci, args, rule) : 0;
}

int oci_rules(struct oci *oci)
{
	static const char *const keys[] = { "action",	"args",	    "comment", "errno", "errnoRet",
					    "excludes", "includes", "name",    "names", NULL };
	const struct json *syscalls = json_get(oci->profile, "syscalls"), *entry;
	const size_t n = syscalls ? syscalls->len : 0;
	struct oci_rule *rule;
	size_t i = 0;
	int ret;

	if (n > MAX_RULES)
		return import_fail(oci->im, oci->err, 0, "more than %u entries", MAX_RULES);
	oci->rules = calloc(n + 1, sizeof(*oci->rules));
	if (!oci->rules)
		return -ENOMEM;
	for (entry = json_first(syscalls); entry; entry = entry->next, i++) {
		rule = &oci->rules[oci->nrules];
		rule->number = i;
		rule->line = entry->line;
		rule->comment = json_text(json_get(entry, "comment"));
		if (entry->kind != JSON_KIND_OBJECT)
			return import_fail(oci->im, oci->err, rule->line, "expected an object");
		if (oci_keys(oci, entry, keys, rule->line, "an entry of \"syscalls\"") < 0)
			return -EINVAL;
		ret = applies(oci, entry, i, rule->line);
		if (ret == 0)
			continue;
		oci->nrules++; /* from here on, oci_rules_free() takes care of it */
		ret = ret < 0 ? ret : read_rule(oci, entry, rule);
		if (ret < 0)
			return ret;
	}
	return 0;
}

void oci_rules_free(struct oci *oci)
{
	size_t i;

	for (i = 0; i < oci->nrules; i++) {
		free(oci->rules[i].names);
		free(oci->rules[i].conds);
	}
	free(oci->rules);
}
