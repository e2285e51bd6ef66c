/* SPDX-License-Identifier: MIT */
/*
 * The JSON of an OCI profile: where in it the profile is, and its members.
 *
 * The tools that these profiles were written for ignore members that they do not
 * know. Here they are refused: an "arg" in place of "args" makes a rule unconditional.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- loading ---- */

/* The profile itself, or the part of a bundle's config.json that is one. */
static const struct json *find_profile(const struct json *root)
{
	const struct json *linux_part = json_get(root, "linux");

	if (json_get(root, "defaultAction") || !linux_part || linux_part->kind != JSON_KIND_OBJECT)
		return root;
	return json_get(linux_part, "seccomp");
}

static int full(struct oci *oci)
{
	return bpf_fail(oci->err, -ENOMEM, NULL, "no memory");
}

int oci_load(struct oci *oci, const char *text, size_t len)
{
	struct json_error error;
	const struct json *root;

	if (memchr(text, '\0', len))
		return import_fail(oci->im, oci->err, 0, "a NUL byte: this is no JSON");
	oci->copy = strndup(text, len);
	if (!oci->copy)
		return full(oci);
	oci->values = malloc(json_count(oci->copy) * sizeof(*oci->values));
	if (!oci->values)
		return full(oci);
	root = json_read(oci->copy, oci->values, &error);
	if (!root)
		return import_fail(oci->im, oci->err, error.line, "not JSON: %s", error.text);
	if (root->kind != JSON_KIND_OBJECT)
		return import_fail(oci->im, oci->err, 1, "no seccomp profile: not an object");
	oci->profile = find_profile(root);
	if (!oci->profile || oci->profile->kind != JSON_KIND_OBJECT)
		return import_fail(oci->im, oci->err, 1,
				   "this bundle has no seccomp profile: no linux.seccomp");
	return 0;
}

/* ---- members ---- */

static bool is_known(const char *const *known, const char *key)
{
	for (; *known; known++)
		if (!strcmp(*known, key))
			return true;
	return *key == '_' || *key == '$';
}

int oci_keys(struct oci *oci, const struct json *object, const char *const *known,
	     unsigned int line, const char *what)
{
	const struct json *member;
	char clean[50];

	for (member = object->first; member; member = member->next) {
		if (!is_known(known, member->key))
			return import_fail(oci->im, oci->err, line,
					   "unknown member \"%s\" of %s: what it should do is "
					   "not known, so it cannot be left out",
					   import_clean(member->key, clean, sizeof(clean)), what);
	}
	return 0;
}

static bool is_missing(const struct json *value)
{
	return !value || value->kind == JSON_KIND_NULL;
}

int oci_number(struct oci *oci, const struct json *object, const char *key, unsigned int line,
	       uint64_t *value)
{
	const struct json *member = json_get(object, key);

	if (is_missing(member))
		return 0;
	if (!member->counts)
		return import_fail(oci->im, oci->err, line,
				   "\"%s\": expected a number, 0 to 2^64-1", key);
	*value = member->value;
	return 1;
}

int oci_string(struct oci *oci, const struct json *object, const char *key, unsigned int line,
	       const char **value)
{
	const struct json *member = json_get(object, key);

	*value = NULL;
	if (is_missing(member))
		return 0;
	*value = json_text(member);
	return *value ? 1 : import_fail(oci->im, oci->err, line, "\"%s\": expected a string", key);
}

int oci_member(struct oci *oci, const struct json *object, const char *key, unsigned int line,
	       enum json_kind kind, const struct json **value)
{
	*value = json_get(object, key);
	if (is_missing(*value)) {
		*value = NULL;
		return 0;
	}
	if ((*value)->kind != kind)
		return import_fail(oci->im, oci->err, line, "\"%s\": expected an %s", key,
				   kind == JSON_KIND_ARRAY ? "array" : "object");
	return 1;
}
