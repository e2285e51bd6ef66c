/* SPDX-License-Identifier: MIT */
/*
 * JSON lines: each line one object, whole, of no great depth, in ASCII.
 *
 * Only whether it is JSON is asked, and that no string can reach a terminal as anything else
 * than text: control bytes are neither there nor escaped, for the writer has made "\xNN" of
 * them before (two characters for a backslash, then letters). Iterative, so that no depth of
 * brackets is a depth of our stack.
 *
 * RFC 8259
 */
#include "syslogparse/validate.h"

#include <string.h>

#define DEPTH_MAX 8

/* Where in the grammar we are. */
enum place { VALUE, FIRST_VALUE, KEY, FIRST_KEY, COLON, AFTER_VALUE };

struct json {
	struct rest rest;
	char open[DEPTH_MAX]; /* '{' or '[' */
	unsigned int depth;
	enum place place;
};

/* A string without what JSON could escape but a quote and a backslash. */
static bool take_string(struct rest *rest)
{
	if (!take(rest, "\""))
		return false;
	for (; rest->at < rest->end && *rest->at != '"'; rest->at++) {
		if (*rest->at != '\\')
			continue;
		if (++rest->at == rest->end || !strchr("\"\\/", *rest->at))
			return false;
	}
	return take(rest, "\"");
}

static bool take_digits(struct rest *rest)
{
	const char *start = rest->at;

	while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9')
		rest->at++;
	return rest->at > start && rest->at - start <= 20;
}

static bool take_number(struct rest *rest)
{
	take(rest, "-");
	if (!take(rest, "0") && !take_digits(rest))
		return false;
	return !take(rest, ".") || take_digits(rest);
}

static bool take_scalar(struct rest *rest)
{
	return take(rest, "true") || take(rest, "false") || take(rest, "null") ||
	       take_string(rest) || take_number(rest);
}

static bool open_bracket(struct json *json, char bracket)
{
	if (json->depth == DEPTH_MAX)
		return false;
	json->open[json->depth++] = bracket;
	json->place = bracket == '{' ? FIRST_KEY : FIRST_VALUE;
	return true;
}

static bool close_bracket(struct json *json)
{
	const char *bracket;

	if (json->depth == 0)
		return false;
	bracket = json->open[--json->depth] == '{' ? "}" : "]";
	json->place = AFTER_VALUE;
	return take(&json->rest, bracket);
}

static bool step_value(struct json *json)
{
	if (take(&json->rest, "{"))
		return open_bracket(json, '{');
	if (take(&json->rest, "["))
		return open_bracket(json, '[');
	if (json->place == FIRST_VALUE && json->rest.at < json->rest.end && *json->rest.at == ']')
		return close_bracket(json);
	json->place = AFTER_VALUE;
	return take_scalar(&json->rest);
}

static bool step_key(struct json *json)
{
	if (json->place == FIRST_KEY && json->rest.at < json->rest.end && *json->rest.at == '}')
		return close_bracket(json);
	json->place = COLON;
	return take_string(&json->rest);
}

/* One token; white space between tokens, which nobody needs here, is not JSON of ours. */
static bool step(struct json *json)
{
	switch (json->place) {
	case VALUE:
	case FIRST_VALUE:
		return step_value(json);
	case KEY:
	case FIRST_KEY:
		return step_key(json);
	case COLON:
		json->place = VALUE;
		return take(&json->rest, ":");
	default:
		if (take(&json->rest, ",")) {
			json->place = json->open[json->depth - 1] == '{' ? KEY : VALUE;
			return true;
		}
		return close_bracket(json);
	}
}

bool judge_json(struct judge *judge, struct rest line)
{
	struct json json = { .rest = line };

	if (!take(&json.rest, "{") || !open_bracket(&json, '{'))
		return refuse(judge, "it is no object");
	while (json.depth > 0) {
		if (!step(&json))
			return refuse(judge, "it is no JSON, or not as we write it");
	}
	return at_end(&json.rest) || refuse(judge, "more than an object");
}
