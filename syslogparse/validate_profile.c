/* SPDX-License-Identifier: MIT */
/*
 * What may stand in a file of AppArmor profiles that came from a log.
 *
 * Blocks, one or two deep, and in them one rule a line. A rule begins with a word of the list
 * or with a path, and ends with a comma; between them stand words, names and lists of words. A
 * file rule grants letters that are named here, among them programs only under the same
 * confinement or a child's: no "ux", no "px", no bare "file," or "capability,". Nothing
 * includes a file, defines a variable or an alias, or sets a flag of a profile.
 *
 * apparmor.d(5)
 */
#include "syslogparse/validate.h"

#include <string.h>

/* ---- names ---- */

/* "@{HOME}" would stand for something else. */
static bool is_variable(const struct rest *rest)
{
	return rest->end - rest->at > 1 && rest->at[0] == '@' && rest->at[1] == '{';
}

/* Up to the closing quote. Quotes and what stands behind a backslash belong to the name. */
static bool take_quoted(struct rest *rest)
{
	if (!take(rest, "\""))
		return false;
	for (; rest->at < rest->end && *rest->at != '"'; rest->at++) {
		if (is_variable(rest) || (*rest->at == '\\' && ++rest->at == rest->end))
			return false;
	}
	return take(rest, "\"");
}

/*
 * Letters, digits, and what the lexer leaves alone. "=" only inside a rule's value, "(" and ","
 * never: they divide. PATTERN: what stands for more than itself may stand there, too.
 */
static bool take_bare(struct rest *rest, const char *pattern)
{
	const char *start = rest->at;

	for (; rest->at < rest->end; rest->at++) {
		char c = *rest->at;

		if (c == '\\' && rest->at + 1 < rest->end && rest->at[1] != ' ') {
			rest->at++;
			continue;
		}
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (is_variable(rest) || (!strchr("/._-+:=%~@", c) && !strchr(pattern, c)))
			break;
	}
	return rest->at > start;
}

static bool take_name(struct rest *rest, const char *pattern)
{
	if (rest->at < rest->end && *rest->at == '"')
		return take_quoted(rest);
	return take_bare(rest, pattern);
}

/* "(send, receive)", "(addr=@x)", "(addr=x label=y)" */
static bool take_list(struct rest *rest)
{
	if (!take(rest, "("))
		return false;
	do {
		if (!take(rest, "addr="))
			take(rest, "label=");
		if (!take_name(rest, "*"))
			return false;
	} while (take(rest, ", ") || take(rest, " "));
	return take(rest, ")");
}

/* ---- rules ---- */

/* "KEY=", for those keys that rules have. */
static bool take_key(struct rest *rest)
{
	static const char *const keys[] = {
		"type=",   "addr=",    "peer=",	   "set=",	 "label=",
		"bus=",	   "name=",    "path=",	   "interface=", "member=",
		"fstype=", "options=", "oldroot=", "protocol=",	 NULL,
	};

	for (const char *const *key = keys; *key; key++) {
		if (take(rest, *key))
			return true;
	}
	return false;
}

static bool take_word(struct rest *rest)
{
	const char *start = rest->at;

	while (rest->at < rest->end && ((*rest->at >= 'a' && *rest->at <= 'z') ||
					(*rest->at >= '0' && *rest->at <= '9') || *rest->at == '_'))
		rest->at++;
	return rest->at > start;
}

/* What comes behind the first word, up to the comma: at least one of these. */
static bool take_words(struct rest *rest)
{
	do {
		if (take(rest, "-> ") || take(rest, "<= ")) {
			if (!take_name(rest, ""))
				return false;
		} else if (take_key(rest)) {
			if (!take_list(rest) && !take_name(rest, ""))
				return false;
		} else if (!take_list(rest) && !take_name(rest, "")) {
			return false;
		}
	} while (take(rest, " "));
	return true;
}

/* Kinds of rules that are one word, or two, of a closed alphabet. */
static bool take_plain(struct rest *rest)
{
	if (take(rest, "capability "))
		return take_word(rest);
	if (take(rest, "network "))
		return take_word(rest) && (!take(rest, " ") || take_word(rest));
	return take(rest, "userns create") || take(rest, "io_uring sqpoll");
}

static bool take_kind(struct rest *rest)
{
	static const char *const kinds[] = {
		"unix",	  "dbus",    "signal",	   "ptrace",	     "mqueue", "io_uring", "mount",
		"umount", "remount", "pivot_root", "change_profile", "set",    NULL,
	};

	return take_one(rest, kinds, true) && take_words(rest);
}

/* "mrwalk", and how a program is run: never without confinement. */
static bool take_permissions(struct rest *rest)
{
	const char *start = rest->at;

	while (rest->at < rest->end && *rest->at && strchr("mrwalk", *rest->at))
		rest->at++;
	if (rest->at > start && rest->end - rest->at == 1)
		return true;
	return take(rest, "ix") || take(rest, "Cx") || rest->at > start;
}

static bool take_file(struct rest *rest)
{
	take(rest, "owner ");
	if (!take(rest, "\"/")) {
		if (rest->at == rest->end || *rest->at != '/')
			return false;
	} else {
		rest->at -= 2;
	}
	return take_name(rest, "*[]{}^") && take(rest, " ") && take_permissions(rest);
}

static bool judge_rule(struct judge *judge, struct rest line)
{
	struct rest plain = line, kind = line, file = line;

	if (take_plain(&plain) && take(&plain, ",") && at_end(&plain))
		return true;
	if (take_file(&file) && take(&file, ",") && at_end(&file))
		return true;
	if (take_kind(&kind) && take(&kind, ",") && at_end(&kind))
		return true;
	return refuse(judge, "it is no rule");
}

/* ---- blocks ---- */

/* The name of a profile may be a pattern: some are. */
static bool take_header(struct rest *rest)
{
	bool worded = take(rest, "profile ") || take(rest, "hat ") || take(rest, "^");

	if (!worded && (rest->at == rest->end || (*rest->at != '/' && *rest->at != '"')))
		return false;
	if (take(rest, "\"")) {
		if (!worded && (rest->at == rest->end || *rest->at != '/'))
			return false;
		while (rest->at < rest->end && !strchr("\"\\@^!", *rest->at))
			rest->at++;
		return take(rest, "\" {") && at_end(rest);
	}
	return take_bare(rest, "") && take(rest, " {") && at_end(rest);
}

bool judge_profile(struct judge *judge, struct rest line)
{
	struct rest header;

	while (line.at < line.end && *line.at == ' ')
		line.at++;
	if (judge->blocks == 0 && take(&line, "abi <abi/"))
		return (take(&line, "3.0") || take(&line, "4.0")) && take(&line, ">,") &&
		       at_end(&line);
	if (judge->blocks > 0 && take(&line, "}")) {
		judge->blocks--;
		return at_end(&line);
	}
	header = line;
	if (judge->blocks < 2 && take_header(&header)) {
		judge->blocks++;
		return true;
	}
	if (judge->blocks == 0)
		return refuse(judge, "it is outside a profile");
	return judge_rule(judge, line);
}
