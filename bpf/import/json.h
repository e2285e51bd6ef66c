/* SPDX-License-Identifier: MIT */
/*
 * JSON as a tree (json.c), for the importers.
 */
#ifndef BPF_IMPORT_JSON_H
#define BPF_IMPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_NUMBER,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
};

struct json {
	const char *key;	 /* of a member of an object */
	const struct json *next; /* in the same array or object */
	union {
		const char *text; /* of a string: UTF-8 without NULs, and a NUL */
		uint64_t value;	  /* of a number that counts */
		const struct json *first;
	};
	unsigned int len;  /* how many elements or members there are, from FIRST on */
	unsigned int line; /* where it begins */
	enum json_kind kind;
	bool counts; /* a number that is an integer of 0 to 2^64 - 1 */
};

struct json_error {
	const char *text;
	unsigned int line;
};

/* How many values TEXT can have: there are brackets and commas between them. */
size_t json_count(const char *text);

/*
 * Read TEXT, which is changed and must stay; its values go to VALUES, where there is room for
 * json_count(TEXT). NULL: it is not JSON, and *ERROR says why.
 */
const struct json *json_read(char *text, struct json *values, struct json_error *error);

/* The member KEY of OBJECT; NULL: there is none, or OBJECT (may be NULL) is none. */
const struct json *json_get(const struct json *object, const char *key);

/* The string that VALUE (may be NULL) is; NULL: it is none. */
const char *json_text(const struct json *value);

/* The first element of ARRAY; NULL: there is none, or ARRAY (may be NULL) is none. */
const struct json *json_first(const struct json *array);

#endif
