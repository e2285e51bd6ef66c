/* SPDX-License-Identifier: MIT */
/*
 * libseccomp, given the rules of an OCI profile as runc gives them, if it is installed.
 *
 * The profile is read before, into a table of rules; what is timed is the calls of the
 * library: a context, its rules, with the names looked up, and seccomp_load(), which makes the
 * program and installs it.
 */
#include "tests/bench/filters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#if __has_include(<seccomp.h>)

#include <seccomp.h>

struct rule {
	const char *name;
	uint32_t action;
	unsigned int n;
	struct scmp_arg_cmp cmp[6];
};

static json_t *profile; /* the rules' names are in it */
static uint32_t normal;
static struct rule rules[2000];
static size_t nrules;

bool rival_is_there(void)
{
	return true;
}

const char *rival_version(void)
{
	static char text[40];
	const struct scmp_version *version = seccomp_version();

	snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->micro);
	return text;
}

/* ---- reading the profile ---- */

static const char *string_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint32_t action_of(json_t *object, const char *key, const char *ret_key)
{
	json_t *ret = json_object_get(object, ret_key);
	uint16_t data = ret ? (uint16_t)json_integer_value(ret) : EPERM;

	return !strcmp(string_of(object, key), "SCMP_ACT_ALLOW") ? SCMP_ACT_ALLOW :
								   SCMP_ACT_ERRNO(data);
}

static bool has_word(json_t *list, const char *const *words)
{
	json_t *item;
	size_t i, j;

	json_array_foreach(list, i, item)
	{
		for (j = 0; words[j]; j++)
			if (!strcmp(json_string_value(item), words[j]))
				return true;
	}
	return false;
}

/* On x86_64, with docker's fourteen capabilities, of which an entry asks about one at most. */
static bool applies(json_t *entry)
{
	static const char *const caps[] = {
		"CAP_AUDIT_WRITE",
		"CAP_CHOWN",
		"CAP_DAC_OVERRIDE",
		"CAP_FOWNER",
		"CAP_FSETID",
		"CAP_KILL",
		"CAP_MKNOD",
		"CAP_NET_BIND_SERVICE",
		"CAP_NET_RAW",
		"CAP_SETFCAP",
		"CAP_SETGID",
		"CAP_SETPCAP",
		"CAP_SETUID",
		"CAP_SYS_CHROOT",
		NULL,
	};
	static const char *const arches[] = { "amd64", NULL };
	json_t *in = json_object_get(entry, "includes"), *ex = json_object_get(entry, "excludes");
	json_t *in_caps = json_object_get(in, "caps"), *in_arches = json_object_get(in, "arches");

	if (has_word(json_object_get(ex, "arches"), arches) ||
	    has_word(json_object_get(ex, "caps"), caps))
		return false;
	if (json_array_size(in_caps) && !has_word(in_caps, caps))
		return false;
	return !json_array_size(in_arches) || has_word(in_arches, arches);
}

static struct scmp_arg_cmp compare_of(json_t *arg)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} ops[] = {
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
		{ "SCMP_CMP_GT", SCMP_CMP_GT }, { "SCMP_CMP_GE", SCMP_CMP_GE },
	};
	struct scmp_arg_cmp cmp = { .op = SCMP_CMP_MASKED_EQ };
	size_t i;

	for (i = 0; i < COUNT(ops); i++)
		if (!strcmp(ops[i].name, string_of(arg, "op")))
			cmp.op = ops[i].op;
	cmp.arg = (unsigned int)json_integer_value(json_object_get(arg, "index"));
	cmp.datum_a = (scmp_datum_t)json_integer_value(json_object_get(arg, "value"));
	cmp.datum_b = (scmp_datum_t)json_integer_value(json_object_get(arg, "valueTwo"));
	return cmp;
}

static int add_entry(json_t *entry)
{
	json_t *args = json_object_get(entry, "args"), *name, *arg;
	struct rule rule = { .action = action_of(entry, "action", "errnoRet") };
	size_t i;

	if (!applies(entry) || rule.action == normal)
		return 0;
	if (json_array_size(args) > COUNT(rule.cmp))
		return -EOPNOTSUPP;
	json_array_foreach(args, i, arg)
	{
		rule.cmp[rule.n++] = compare_of(arg);
	}
	json_array_foreach(json_object_get(entry, "names"), i, name)
	{
		if (nrules == COUNT(rules))
			return -E2BIG;
		rule.name = json_string_value(name);
		rules[nrules++] = rule;
	}
	return 0;
}

int rival_profile(const char *text, size_t len)
{
	json_t *entry;
	size_t i;
	int ret = 0;

	json_decref(profile);
	profile = json_loadb(text, len, 0, NULL);
	normal = action_of(profile, "defaultAction", "defaultErrnoRet");
	nrules = 0;
	json_array_foreach(json_object_get(profile, "syscalls"), i, entry)
	{
		if (ret == 0)
			ret = add_entry(entry);
	}
	return ret;
}

/* ---- the program ---- */

static int add_rules(scmp_filter_ctx ctx, unsigned int abis)
{
	size_t i;
	int nr, ret = 0;

	if (abis & 1u << BPF_I386)
		ret = seccomp_arch_add(ctx, SCMP_ARCH_X86);
	if (ret == 0 && abis & 1u << BPF_X32)
		ret = seccomp_arch_add(ctx, SCMP_ARCH_X32);
	for (i = 0; i < nrules && ret == 0; i++) {
		nr = seccomp_syscall_resolve_name(rules[i].name);
		if (nr != __NR_SCMP_ERROR)
			ret = seccomp_rule_add_array(ctx, rules[i].action, nr, rules[i].n,
						     rules[i].cmp);
	}
	return ret;
}

static int export(scmp_filter_ctx ctx, struct bpf_prog *prog)
{
	int fd = memfd_create("bpf", MFD_CLOEXEC), ret;
	ssize_t len;

	if (fd < 0)
		return -errno;
	ret = seccomp_export_bpf(ctx, fd);
	len = pread(fd, prog->insn, sizeof(prog->insn), 0);
	close(fd);
	prog->len = len > 0 ? (unsigned int)len / sizeof(prog->insn[0]) : 0;
	return ret;
}

int rival_make(unsigned int optimize, unsigned int abis, struct bpf_prog *prog, double *times)
{
	double start = now(), added;
	scmp_filter_ctx ctx = seccomp_init(normal);
	int ret;

	if (!ctx)
		return -ENOMEM;
	ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, optimize);
	if (ret == 0)
		ret = add_rules(ctx, abis);
	added = now();
	if (ret == 0)
		ret = prog ? export(ctx, prog) : seccomp_load(ctx);
	if (times) {
		times[STAGE_INSTALL] = now() - added;
		times[STAGE_READ] = added - start;
		times[STAGE_COMPILE] = times[STAGE_PROVE] = NOTHING;
	}
	seccomp_release(ctx);
	return ret;
}

#else

bool rival_is_there(void)
{
	return false;
}

const char *rival_version(void)
{
	return "";
}

int rival_profile(const char *text, size_t len)
{
	(void)text;
	(void)len;
	return -EOPNOTSUPP;
}

int rival_make(unsigned int optimize, unsigned int abis, struct bpf_prog *prog, double *times)
{
	(void)optimize;
	(void)abis;
	(void)prog;
	(void)times;
	return -EOPNOTSUPP;
}

#endif
