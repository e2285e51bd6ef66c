/* SPDX-License-Identifier: MIT */
/*
 * The judge of what the worker wrote, before a byte of it leaves the broker.
 *
 * It does not ask whether a rule is wise, but whether the text is rules of the asked-for format
 * and nothing else: no command, no include, no second table, no byte that a terminal obeys, no
 * comment that some reader takes for more. It was written from the formats' own descriptions
 * and shares nothing with the writers, so that one mistake is not made twice.
 */
#include "syslogparse/validate.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#define LINE_MAX_LEN (1u << 20)

bool refuse(struct judge *judge, const char *why)
{
	if (!judge->why)
		judge->why = why;
	return false;
}

bool at_end(const struct rest *rest)
{
	return rest->at == rest->end;
}

bool take(struct rest *rest, const char *literal)
{
	size_t len = strlen(literal);

	if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, literal, len) != 0)
		return false;
	rest->at += len;
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* Whole words: "tcp" is not taken from "tcpdump". MORE: and then a space. */
bool take_one(struct rest *rest, const char *const *words, bool more)
{
	size_t len = 0;

	while (rest->at + len < rest->end && is_word(rest->at[len]))
		len++;
	for (; *words; words++) {
		if (strlen(*words) != len || memcmp(*words, rest->at, len) != 0)
			continue;
		if (more && (rest->at + len == rest->end || rest->at[len] != ' '))
			return false;
		rest->at += len + (more ? 1 : 0);
		return true;
	}
	return false;
}

bool take_decimal(struct rest *rest, unsigned long max)
{
	const char *start = rest->at;
	unsigned long value = 0;

	while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9' && value <= max)
		value = 10 * value + (unsigned long)(*rest->at++ - '0');
	if (rest->at == start || value > max || (*start == '0' && rest->at > start + 1)) {
		rest->at = start;
		return false;
	}
	return true;
}

bool take_address(struct rest *rest, int family)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char address[16];
	size_t len = 0;

	while (rest->at + len < rest->end && len < sizeof(text) - 1 &&
	       strchr("0123456789abcdef.:", rest->at[len]))
		len++;
	memcpy(text, rest->at, len);
	text[len] = '\0';
	if (family != 6 && inet_pton(AF_INET, text, address) == 1)
		family = 4;
	else if (family != 4 && inet_pton(AF_INET6, text, address) == 1)
		family = 6;
	else
		return false;
	rest->at += len;
	if (!take(rest, "/"))
		return true;
	return take_decimal(rest, family == 4 ? 32 : 128);
}

/* Names as people and kernels give them; no wildcard ('+', '*'), no quote, no space. */
bool take_interface(struct rest *rest)
{
	const char *start = rest->at;

	while (rest->at < rest->end && (is_word(*rest->at) || strchr(".:@", *rest->at)))
		rest->at++;
	return rest->at > start && rest->at - start < IF_NAMESIZE && *start != '-';
}

bool take_ports(struct rest *rest, char between, bool list)
{
	const char dash[2] = { between, '\0' };

	do {
		if (!take_decimal(rest, 65535))
			return false;
		if (take(rest, dash) && !take_decimal(rest, 65535))
			return false;
	} while (list && take(rest, ","));
	return true;
}

bool take_label(struct rest *rest)
{
	if (take(rest, "syslogparse-"))
		return take_decimal(rest, 0xffffffff);
	return take(rest, "rule") && take_decimal(rest, 0xffffffff) &&
	       (take(rest, "_saddr") || take(rest, "_daddr"));
}

bool judge_blocks_end(struct judge *judge)
{
	return judge->blocks == 0 || refuse(judge, "it ends inside a block");
}

/* ---- all formats ---- */

static bool check_bytes(struct judge *judge, struct rest line)
{
	if (line.end - line.at > LINE_MAX_LEN)
		return refuse(judge, "it is too long");
	while (line.at < line.end && *line.at == '\t')
		line.at++;
	for (; line.at < line.end; line.at++) {
		if (*line.at < 0x20 || *line.at > 0x7e)
			return refuse(judge, "a byte that is not printable");
	}
	return true;
}

/* "#include" is no comment to AppArmor's parser, nor is "#!" one to all that reads a file. */
static bool is_comment(struct rest line)
{
	while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	return at_end(&line) || (take(&line, "#") && (at_end(&line) || take(&line, " ")));
}

struct grammar {
	bool (*line)(struct judge *judge, struct rest line);
	bool (*end)(struct judge *judge);
	bool comments;
};

static const struct grammar grammars[] = {
	[FORMAT_IPTABLES] = { judge_iptables, judge_iptables_end, true },
	[FORMAT_NFT] = { judge_nft, judge_blocks_end, true },
	[FORMAT_UFW] = { judge_ufw, judge_blocks_end, true },
	[FORMAT_PROFILE] = { judge_profile, judge_blocks_end, true },
	[FORMAT_JSON] = { judge_json, judge_blocks_end, false },
};

static bool judge_line(struct judge *judge, const struct grammar *grammar, struct rest line)
{
	if (!check_bytes(judge, line))
		return false;
	if (grammar->comments && is_comment(line))
		return true;
	return grammar->line(judge, line) || refuse(judge, "it is no line of this format");
}

bool validate(const struct options *options, const char *text, size_t len, struct verdict *verdict)
{
	const struct grammar *grammar = &grammars[options->format];
	struct judge judge = { .options = options };
	const char *end = text + len, *newline;

	verdict->line = 0;
	while (text < end && !judge.why) {
		verdict->line++;
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			refuse(&judge, "it has no end");
		else if (judge_line(&judge, grammar, (struct rest){ text, newline }))
			text = newline + 1;
	}
	if (!judge.why)
		grammar->end(&judge);
	verdict->why = judge.why;
	return !judge.why;
}
