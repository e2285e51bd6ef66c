/* SPDX-License-Identifier: MIT */
/*
 * Actions by name: what a filter's return value asks the kernel to do.
 *
 * The upper half of the value is the action, the lower half data for it. Only
 * "errno" takes data in a policy: the number that the call fails with. The kernel
 * caps it at 4095 (MAX_ERRNO), since a larger one would not look like an error to
 * libc; 0 would make the call succeed without having happened. Both are refused.
 *
 * See seccomp(2), "Filter return values".
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#define MAX_ERRNO 4095u

/* In the order of a usage text: from what lets most through to what stops most. */
static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "allow", SECCOMP_RET_ALLOW },
	{ "log", SECCOMP_RET_LOG },
	{ "trace", SECCOMP_RET_TRACE },
	{ "notify", SECCOMP_RET_USER_NOTIF },
	{ "deny", SECCOMP_RET_ERRNO | EPERM },
	{ "trap", SECCOMP_RET_TRAP },
	{ "kill-thread", SECCOMP_RET_KILL_THREAD },
	{ "kill", SECCOMP_RET_KILL_PROCESS },
};

/* Two names for one number, which bpf_errno_name() calls by the other. */
static const struct {
	const char *name, *same_as;
} aliases[] = {
	{ "EDEADLOCK", "EDEADLK" },
	{ "ENOTSUP", "EOPNOTSUPP" },
	{ "EWOULDBLOCK", "EAGAIN" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool same(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(text, name, len);
}

/* Decimal only: "010" is ten, whatever C thinks. */
static int parse_number(const char *text, size_t len, uint32_t *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -ERANGE;
		*value = *value * 10 + (uint32_t)(text[i] - '0');
		if (*value > MAX_ERRNO)
			return -ERANGE;
	}
	return *value ? 0 : -ERANGE;
}

/*
 * All constants are in one space of names, and EPOLLIN starts with an E, too: so
 * what comes back has to have the same name as an errno.
 */
static int parse_errno(const char *text, size_t len, uint32_t *value)
{
	const char *name;
	uint64_t found;
	size_t i;

	if (len && text[0] >= '0' && text[0] <= '9')
		return parse_number(text, len, value);

	for (i = 0; i < COUNT(aliases); i++) {
		if (same(text, len, aliases[i].name)) {
			text = aliases[i].same_as;
			len = strlen(text);
		}
	}
	if (bpf_constant(text, len, &found) < 0 || found == 0 || found > MAX_ERRNO)
		return -ERANGE;
	name = bpf_errno_name((unsigned int)found);
	if (!name || !same(text, len, name))
		return -ERANGE;
	*value = (uint32_t)found;
	return 0;
}

int bpf_action_parse(const char *text, size_t len, uint32_t *action)
{
	static const char open[] = "errno(";
	const size_t head = sizeof(open) - 1;
	uint32_t value;
	size_t i;
	int ret;

	for (i = 0; i < COUNT(actions); i++) {
		if (same(text, len, actions[i].name)) {
			*action = actions[i].action;
			return 0;
		}
	}
	if (len <= head || memcmp(text, open, head) || text[len - 1] != ')')
		return -ENOENT;

	ret = parse_errno(text + head, len - head - 1, &value);
	if (!ret)
		*action = SECCOMP_RET_ERRNO | value;
	return ret;
}

const char *bpf_action_name(uint32_t action, char *buf, size_t size)
{
	unsigned int value = action & SECCOMP_RET_DATA;
	const char *name = NULL;
	size_t i;

	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO) {
		name = bpf_errno_name(value);
		if (name)
			snprintf(buf, size, "errno(%s)", name);
		else
			snprintf(buf, size, "errno(%u)", value);
		return buf;
	}
	for (i = 0; i < COUNT(actions); i++) {
		if (actions[i].action == action)
			name = actions[i].name;
	}
	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "0x%08x", action);
	return buf;
}
