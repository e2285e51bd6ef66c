/* SPDX-License-Identifier: MIT */
/*
 * seccomp profiles in OCI's JSON, as docker, containerd, podman and Kubernetes take them.
 *
 * There are two dialects: what runc reads (one "architectures" list, rules) and what the
 * engines above it read ("archMap", "includes", "excludes"), which they turn into the first
 * for the machine and the container at hand. Both are taken, and so is a bundle's config.json.
 *
 * The words mean what the whole way through an engine, runc and libseccomp makes of
 * them, quirks included; where that is more than our language can say, the policy is
 * stricter and a note tells. This file has the head of a profile. What libseccomp
 * does with an ABI: runc begins with the native one and adds those listed; a call of
 * another gets the thread killed. Here the process is killed.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- architectures ---- */

/* Those of the runtime specification; -1: not in our tables. */
/* clang-format off */
static const struct {
	const char *name;
	int abi;
} archs[] = {
	{ "SCMP_ARCH_AARCH64", BPF_AARCH64 },
	{ "SCMP_ARCH_ARM", -1 },
	{ "SCMP_ARCH_LOONGARCH64", -1 },
	{ "SCMP_ARCH_M68K", -1 },
	{ "SCMP_ARCH_MIPS", -1 },
	{ "SCMP_ARCH_MIPS64", -1 },
	{ "SCMP_ARCH_MIPS64N32", -1 },
	{ "SCMP_ARCH_MIPSEL", -1 },
	{ "SCMP_ARCH_MIPSEL64", -1 },
	{ "SCMP_ARCH_MIPSEL64N32", -1 },
	{ "SCMP_ARCH_PARISC", -1 },
	{ "SCMP_ARCH_PARISC64", -1 },
	{ "SCMP_ARCH_PPC", -1 },
	{ "SCMP_ARCH_PPC64", -1 },
	{ "SCMP_ARCH_PPC64LE", -1 },
	{ "SCMP_ARCH_RISCV64", BPF_RISCV64 },
	{ "SCMP_ARCH_S390", -1 },
	{ "SCMP_ARCH_S390X", -1 },
	{ "SCMP_ARCH_SH", -1 },
	{ "SCMP_ARCH_SHEB", -1 },
	{ "SCMP_ARCH_X32", BPF_X32 },
	{ "SCMP_ARCH_X86", BPF_I386 },
	{ "SCMP_ARCH_X86_64", BPF_X86_64 },
};
/* clang-format on */

static int find_arch(struct oci *oci, const struct json *name, int *abi)
{
	const char *text = json_text(name);
	char clean[50];
	size_t i;

	if (text && !strcmp(text, "SCMP_ARCH_NATIVE")) {
		*abi = (int)oci->options->native;
		return 0;
	}
	for (i = 0; text && i < COUNT(archs); i++) {
		if (!strcmp(archs[i].name, text)) {
			*abi = archs[i].abi;
			return 0;
		}
	}
	return import_fail(oci->im, oci->err, 0, "unknown architecture \"%s\"",
			   import_clean(text ? text : "", clean, sizeof(clean)));
}

static int add_arch(struct oci *oci, const struct json *name)
{
	int abi;

	if (find_arch(oci, name, &abi) < 0)
		return -EINVAL;
	if (abi >= 0)
		oci->abis |= 1u << abi;
	else
		import_note(oci->im, 0, "%s: there is no table of its calls here; they are killed",
			    json_text(name));
	return 0;
}

static int add_archs(struct oci *oci, const struct json *names)
{
	const struct json *name;

	for (name = json_first(names); name; name = name->next) {
		if (add_arch(oci, name) < 0)
			return -EINVAL;
	}
	return 0;
}

/* The entry of the native architecture, with those that it brings along. */
static int read_arch_map(struct oci *oci, const struct json *map)
{
	static const char *const keys[] = { "architecture", "subArchitectures", NULL };
	const struct json *entry, *subs;
	int abi = -1;

	for (entry = json_first(map); entry; entry = entry->next) {
		if (entry->kind != JSON_KIND_OBJECT)
			return import_fail(oci->im, oci->err, 0, "\"archMap\": expected objects");
		if (oci_keys(oci, entry, keys, 0, "archMap") < 0 ||
		    find_arch(oci, json_get(entry, "architecture"), &abi) < 0 ||
		    oci_member(oci, entry, "subArchitectures", 0, JSON_KIND_ARRAY, &subs) < 0)
			return -EINVAL;
		if (abi < 0 || (enum bpf_abi_id)abi != oci->options->native)
			continue;
		return subs ? add_archs(oci, subs) : 0;
	}
	return 0;
}

static int read_archs(struct oci *oci)
{
	const struct json *list, *map;
	unsigned int abi;

	oci->abis = 0;
	if (oci_member(oci, oci->profile, "architectures", 0, JSON_KIND_ARRAY, &list) < 0 ||
	    oci_member(oci, oci->profile, "archMap", 0, JSON_KIND_ARRAY, &map) < 0)
		return -EINVAL;
	if (list && list->len && map && map->len)
		return import_fail(oci->im, oci->err, 0,
				   "both \"architectures\" and \"archMap\": one of them is meant");
	if ((list && add_archs(oci, list) < 0) || (map && read_arch_map(oci, map) < 0))
		return -EINVAL;
	if (list && list->len && !(oci->abis & 1u << oci->options->native))
		import_note(oci->im, 0,
			    "%s is not in \"architectures\"; runc adds it, so it is here",
			    bpf_abis[oci->options->native].name);
	oci->abis |= 1u << oci->options->native;
	if (oci->options->abis)
		oci->abis &= oci->options->abis;
	if (!oci->abis)
		return import_fail(oci->im, oci->err, 0,
				   "none of the ABIs wanted is in the profile");
	import_write(oci->im, 0, "abi");
	for (abi = 0; abi < BPF_ABIS; abi++)
		if (oci->abis & 1u << abi)
			import_write(oci->im, 0, " %s", bpf_abis[abi].name);
	import_write(oci->im, 0, "\n");
	return 0;
}

/* ---- the rest of the head ---- */

/* They belong to seccomp(2)'s flags, not to the program. */
static int read_flags(struct oci *oci)
{
	static const struct {
		const char *name, *note;
	} flags[] = {
		{ "SECCOMP_FILTER_FLAG_LOG", "what is denied is not logged for it" },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "the mitigation stays on" },
		{ "SECCOMP_FILTER_FLAG_TSYNC", "there is one thread when a filter is installed" },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "it is for a listener" },
	};
	const struct json *list, *flag;
	const char *name;
	char clean[50];
	size_t j;

	if (oci_member(oci, oci->profile, "flags", 0, JSON_KIND_ARRAY, &list) < 0)
		return -EINVAL;
	for (flag = json_first(list); flag; flag = flag->next) {
		name = json_text(flag);
		for (j = 0; name && j < COUNT(flags); j++)
			if (!strcmp(flags[j].name, name))
				break;
		if (!name || j == COUNT(flags))
			return import_fail(oci->im, oci->err, 0, "unknown flag \"%s\"",
					   import_clean(name ? name : "", clean, sizeof(clean)));
		import_note(oci->im, 0, "%s is no part of a policy: %s", flags[j].name,
			    flags[j].note);
	}
	return 0;
}

static int read_default(struct oci *oci)
{
	static const struct oci_action_keys keys = { "defaultAction", "defaultErrnoRet",
						     "defaultErrno" };
	struct oci_rule rule = { 0 };
	char action[40];

	if (oci_action(oci, oci->profile, &keys, 0, &rule) < 0)
		return -EINVAL;
	if ((rule.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
		return import_fail(oci->im, oci->err, 0,
				   "SCMP_ACT_NOTIFY as the default: it would stop the very calls "
				   "that hand over the listener; runc refuses it, too");
	oci->def_raw = rule.raw;
	oci->def = rule.action;
	bpf_action_name(oci->def, action, sizeof(action));
	import_write(oci->im, 0, "default %s\n", action);
	import_write(oci->im, 0, "unknown %s\n",
		     oci->options->enosys && oci_laxer(SECCOMP_RET_TRACE, oci->def) ?
			     "errno(ENOSYS)" :
			     action);
	return 0;
}

static int read_profile(struct oci *oci)
{
	static const char *const keys[] = {
		"archMap",	"architectures",   "comment", "defaultAction",
		"defaultErrno", "defaultErrnoRet", "flags",   "listenerMetadata",
		"listenerPath", "syscalls",	   NULL,
	};
	const struct json *syscalls;

	if (!json_get(oci->profile, "defaultAction"))
		return import_fail(oci->im, oci->err, 1,
				   "no seccomp profile: there is no \"defaultAction\"");
	if (oci_keys(oci, oci->profile, keys, 0, "the profile") < 0 || read_archs(oci) < 0 ||
	    read_default(oci) < 0 || read_flags(oci) < 0 ||
	    oci_member(oci, oci->profile, "syscalls", 0, JSON_KIND_ARRAY, &syscalls) < 0)
		return -EINVAL;
	if (json_get(oci->profile, "listenerPath"))
		import_note(oci->im, 0, "\"listenerPath\" is no part of a policy: nobody listens");
	return oci_rules(oci);
}

int import_oci(struct import *im, const char *text, size_t len,
	       const struct import_options *options, struct bpf_error *err)
{
	struct oci oci = { .im = im, .options = options, .err = err };
	int ret;

	ret = oci_load(&oci, text, len);
	if (ret == 0)
		ret = read_profile(&oci);
	if (ret == 0)
		ret = oci_emit(&oci);
	oci_rules_free(&oci);
	free(oci.values);
	free(oci.copy);
	if (ret == 0)
		ret = im->error;
	return ret == -ENOMEM ? bpf_fail(err, ret, NULL, "no memory") : ret;
}
