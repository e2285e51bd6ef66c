/* SPDX-License-Identifier: MIT */
/*
 * The JSON of an OCI profile: read by jansson, strictly, and with line numbers.
 *
 * jansson does not tell where a value was, so once it has accepted the text, a small
 * walker over the same text finds the elements of "syscalls"; it can trust that the
 * text is well-formed. jansson has no unsigned 64-bit numbers either, and masks
 * have their top bit set at times: such numbers become strings that begin with '=' before
 * jansson sees them, in a copy of the text with the same lines.
 *
 * The tools that these profiles were written for ignore members that they do not
 * know. Here they are refused: an "arg" in place of "args" makes a rule unconditional.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- large numbers ---- */

static size_t digits_at(const char *p)
{
	return strspn(p, "0123456789");
}

/* Is the number at P an integer that jansson has no room for? */
static bool is_large(const char *p, size_t len)
{
	if (len < 19 || len > 20 || (p[len] && strchr(".eE", p[len])))
		return false;
	return len == 20 || strncmp(p, "9223372036854775807", 19) > 0;
}

static const char *copy_string(const char *p, char **out)
{
	*(*out)++ = *p++;
	while (*p && *p != '"') {
		if (*p == '\\' && p[1])
			*(*out)++ = *p++;
		*(*out)++ = *p++;
	}
	if (*p)
		*(*out)++ = *p++;
	return p;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Are there 19 digits in a row? Then one of them is at a multiple of 19 bytes. */
static bool has_large(const char *text, size_t len)
{
	size_t i, start, end;

	for (i = 18; i < len; i += 19) {
		start = end = i;
		while (end < len && is_digit(text[end]))
			end++;
		while (end > i && start > 0 && is_digit(text[start - 1]))
			start--;
		if (end - start >= 19)
			return true;
	}
	return false;
}

/* "18446744073709551615" without quotes becomes "=18446744073709551615" with them. */
static char *quote_large(const char *text)
{
	size_t size = strlen(text) + strlen(text) / 19 * 3 + 4, len;
	char *copy = malloc(size), *out = copy;
	const char *p = text;

	if (!copy)
		return NULL;
	while (*p) {
		if (*p == '"') {
			p = copy_string(p, &out);
			continue;
		}
		len = digits_at(p);
		if (len == 0) {
			*out++ = *p++;
			continue;
		}
		if (is_large(p, len) && (p == text || !strchr("-+.eE", p[-1]))) {
			*out++ = '"';
			*out++ = '=';
			out = (char *)memcpy(out, p, len) + len;
			*out++ = '"';
		} else {
			out = (char *)memcpy(out, p, len) + len;
		}
		p += len;
	}
	*out = '\0';
	return copy;
}

/* ---- lines ---- */

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* P is at the first byte of a value; return the byte behind it. */
static const char *skip_value(const char *p)
{
	int depth = 0;

	do {
		p = skip_blanks(p);
		if (*p == '"') {
			p = skip_string(p);
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			depth--;
			p++;
		} else if (*p == ',' || *p == ':') {
			p++;
		} else {
			p += strcspn(p, " \t\r\n,:[]{}\"");
		}
	} while (*p && depth > 0);
	return p;
}

/* P is at an object; return its member KEY's value, or NULL. */
static const char *find_member(const char *p, const char *key)
{
	const size_t len = strlen(key);
	const char *name;

	p = skip_blanks(p);
	if (*p != '{')
		return NULL;
	for (p = skip_blanks(p + 1); *p == '"'; p = skip_blanks(p + 1)) {
		name = p + 1;
		p = skip_blanks(skip_string(p));
		if (*p != ':')
			return NULL;
		p = skip_blanks(p + 1);
		if (!strncmp(name, key, len) && name[len] == '"')
			return p;
		p = skip_blanks(skip_value(p));
		if (*p != ',')
			return NULL;
	}
	return NULL;
}

static unsigned int newlines(const char *p, size_t len)
{
	const char *end = p + len;
	unsigned int n = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

/* Fill oci->lines, as far as the elements are found. */
static int find_lines(struct oci *oci, size_t n)
{
	const char *p = oci->copy, *at = oci->copy;
	unsigned int line = 1;

	oci->lines = calloc(n + 1, sizeof(*oci->lines));
	if (!oci->lines)
		return -ENOMEM;
	oci->nlines = n;
	if (oci->bundle)
		p = find_member(p, "linux");
	if (p && oci->bundle)
		p = find_member(p, "seccomp");
	if (p)
		p = find_member(p, "syscalls");
	if (!p || *p != '[')
		return 0;
	for (n = 0; n < oci->nlines && *p && *p != ']'; n++) {
		p = skip_blanks(p + 1);
		line += newlines(at, (size_t)(p - at));
		at = p;
		oci->lines[n] = line;
		p = skip_blanks(skip_value(p));
	}
	return 0;
}

/* ---- loading ---- */

/* The profile itself, or the part of a bundle's config.json that is one. */
static json_t *find_profile(struct oci *oci)
{
	json_t *linux_part = json_object_get(oci->root, "linux");

	if (json_object_get(oci->root, "defaultAction") || !json_is_object(linux_part))
		return oci->root;
	oci->bundle = true;
	return json_object_get(linux_part, "seccomp");
}

int oci_load(struct oci *oci, const char *text, size_t len)
{
	char *whole = strndup(text, len), clean[120];
	json_error_t error;

	if (!whole)
		return -ENOMEM;
	oci->copy = whole;
	if (strlen(whole) != len)
		return import_fail(oci->im, oci->err, 0, "a NUL byte: this is no JSON");
	if (has_large(whole, len)) {
		oci->copy = quote_large(whole);
		free(whole);
	}
	if (!oci->copy)
		return -ENOMEM;
	oci->root = json_loads(oci->copy, JSON_REJECT_DUPLICATES, &error);
	if (!oci->root) {
		import_clean(error.text, clean, sizeof(clean));
		return import_fail(oci->im, oci->err, error.line > 0 ? (unsigned int)error.line : 0,
				   "not JSON: %s", clean);
	}
	if (!json_is_object(oci->root))
		return import_fail(oci->im, oci->err, 1, "no seccomp profile: not an object");
	oci->profile = find_profile(oci);
	if (!json_is_object(oci->profile))
		return import_fail(oci->im, oci->err, 1,
				   "this bundle has no seccomp profile: no linux.seccomp");
	return find_lines(oci, json_array_size(json_object_get(oci->profile, "syscalls")));
}

/* ---- members ---- */

static bool is_known(const char *const *known, const char *key)
{
	for (; *known; known++)
		if (!strcmp(*known, key))
			return true;
	return *key == '_' || *key == '$';
}

int oci_keys(struct oci *oci, json_t *object, const char *const *known, unsigned int line,
	     const char *what)
{
	const char *key;
	char clean[50];
	void *iter;

	for (iter = json_object_iter(object); iter; iter = json_object_iter_next(object, iter)) {
		key = json_object_iter_key(iter);
		if (!is_known(known, key))
			return import_fail(oci->im, oci->err, line,
					   "unknown member \"%s\" of %s: what it should do is "
					   "not known, so it cannot be left out",
					   import_clean(key, clean, sizeof(clean)), what);
	}
	return 0;
}

static int is_missing(const json_t *value)
{
	return !value || json_is_null(value);
}

int oci_number(struct oci *oci, json_t *object, const char *key, unsigned int line, uint64_t *value)
{
	json_t *member = json_object_get(object, key);
	const char *text;

	if (is_missing(member))
		return 0;
	if (json_is_integer(member) && json_integer_value(member) >= 0) {
		*value = (uint64_t)json_integer_value(member);
		return 1;
	}
	text = json_string_value(member); /* see quote_large() */
	if (text && *text == '=' && digits_at(text + 1) == strlen(text + 1)) {
		errno = 0;
		*value = strtoull(text + 1, NULL, 10);
		if (errno == 0)
			return 1;
	}
	return import_fail(oci->im, oci->err, line, "\"%s\": expected a number, 0 to 2^64-1", key);
}

int oci_string(struct oci *oci, json_t *object, const char *key, unsigned int line,
	       const char **value)
{
	json_t *member = json_object_get(object, key);

	*value = NULL;
	if (is_missing(member))
		return 0;
	if (!json_is_string(member))
		return import_fail(oci->im, oci->err, line, "\"%s\": expected a string", key);
	*value = json_string_value(member);
	return 1;
}

int oci_member(struct oci *oci, json_t *object, const char *key, unsigned int line, json_type type,
	       json_t **value)
{
	*value = json_object_get(object, key);
	if (is_missing(*value)) {
		*value = NULL;
		return 0;
	}
	if (json_typeof(*value) != type)
		return import_fail(oci->im, oci->err, line, "\"%s\": expected an %s", key,
				   type == JSON_ARRAY ? "array" : "object");
	return 1;
}
