/* SPDX-License-Identifier: MIT */
/*
 * The five capability sets and no_new_privs: give up, and prove that it is gone.
 *
 * Order matters to the caller: the bounding set and the securebits need CAP_SETPCAP, which
 * caps_limit() takes away. Emptying permitted alone is not enough: a process of uid 0 that
 * execs gets the bounding set back, unless SECBIT_NOROOT stands and is locked.
 *
 * Every function asks the kernel afterwards what is in force, by another call than the one
 * that set it, and fails if the answer is not what was asked for. libcap writes the sets;
 * capget(2) and prctl(2) read them.
 *
 * capabilities(7), prctl(2), cap_set_proc(3), proc(5)
 */
#include "caps/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

/* prctl() is variadic and the kernel looks at all five words: they must be words. */
static int ask(int option, unsigned long arg2, unsigned long arg3)
{
	int answer = prctl(option, arg2, arg3, 0UL, 0UL);

	return answer < 0 ? -errno : answer;
}

static int read_bounding(int last, caps_set *set)
{
	int answer;

	*set = 0;
	for (int cap = 0; cap <= last; cap++) {
		answer = ask(PR_CAPBSET_READ, (unsigned long)cap, 0);
		if (answer < 0)
			return answer;
		if (answer)
			*set |= CAPS_BIT(cap);
	}
	return 0;
}

/* A kernel without ambient sets (before 4.3) says EINVAL to all of it: the set is empty. */
static int read_ambient(int last, caps_set *set)
{
	int answer;

	*set = 0;
	for (int cap = 0; cap <= last; cap++) {
		answer = ask(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)cap);
		if (answer == -EINVAL && cap == 0)
			return 0;
		if (answer < 0)
			return answer;
		if (answer)
			*set |= CAPS_BIT(cap);
	}
	return 0;
}

/*
 * Effective, permitted, inheritable: two 32-bit halves each. They start as full sets: an
 * answer that does not come must not look like "nothing held".
 */
static int read_process_sets(struct caps_state *state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0xff, sizeof(data));
	if (capget(&header, data) < 0)
		return -errno;
	state->effective = data[0].effective | (caps_set)data[1].effective << 32;
	state->permitted = data[0].permitted | (caps_set)data[1].permitted << 32;
	state->inheritable = data[0].inheritable | (caps_set)data[1].inheritable << 32;
	return 0;
}

int caps_read(struct caps_state *state)
{
	int last, answer;

	*state = (struct caps_state){ 0 };
	last = caps_last();
	if (last < 0)
		return last;
	answer = read_process_sets(state);
	if (answer < 0)
		return answer;
	answer = read_bounding(last, &state->bounding);
	if (answer < 0)
		return answer;
	answer = read_ambient(last, &state->ambient);
	if (answer < 0)
		return answer;
	answer = ask(PR_GET_SECUREBITS, 0, 0);
	if (answer < 0)
		return answer;
	state->securebits = (unsigned int)answer;
	answer = ask(PR_GET_NO_NEW_PRIVS, 0, 0);
	if (answer < 0)
		return answer;
	state->no_new_privs = answer != 0;
	return 0;
}

/* What is not there is not dropped again: then a second call needs no CAP_SETPCAP. */
int caps_drop_bounding(caps_set keep)
{
	int last, error;
	caps_set set;

	last = caps_last();
	if (last < 0)
		return last;
	error = read_bounding(last, &set);
	if (error < 0)
		return error;
	for (int cap = 0; cap <= last; cap++) {
		if ((set & ~keep & CAPS_BIT(cap)) && cap_drop_bound(cap) < 0)
			return -errno;
	}
	error = read_bounding(last, &set);
	if (error < 0)
		return error;
	return set & ~keep ? -ENOTRECOVERABLE : 0;
}

static int list_of(caps_set set, cap_value_t values[CAPS_MAX])
{
	int n = 0;

	for (int cap = 0; cap < CAPS_MAX; cap++) {
		if (set & CAPS_BIT(cap))
			values[n++] = cap;
	}
	return n;
}

static int set_flags(cap_t caps, caps_set keep, bool inherited)
{
	cap_value_t values[CAPS_MAX];
	int n = list_of(keep, values);

	if (cap_clear(caps) < 0)
		return -errno;
	if (n == 0)
		return 0;
	if (inherited && cap_set_flag(caps, CAP_INHERITABLE, n, values, CAP_SET) < 0)
		return -errno;
	if (cap_set_flag(caps, CAP_PERMITTED, n, values, CAP_SET) < 0)
		return -errno;
	if (cap_set_flag(caps, CAP_EFFECTIVE, n, values, CAP_SET) < 0)
		return -errno;
	return 0;
}

/*
 * The kernel cuts off, without a word, the bits of capabilities that it does not have; the
 * reading shows that. Ambient follows by itself: it may hold only what is inheritable.
 */
static int limit(caps_set keep, bool inherited)
{
	struct caps_state now;
	cap_t caps;
	int error;

	caps = cap_get_proc();
	if (!caps)
		return -errno;
	error = set_flags(caps, keep, inherited);
	if (error == 0 && cap_set_proc(caps) < 0)
		error = -errno;
	cap_free(caps);
	if (error < 0)
		return error;

	error = caps_read(&now);
	if (error < 0)
		return error;
	if (now.effective != keep || now.permitted != keep)
		return -ENOTRECOVERABLE;
	keep = inherited ? keep : 0;
	return now.inheritable != keep || now.ambient != keep ? -ENOTRECOVERABLE : 0;
}

int caps_limit(caps_set keep)
{
	return limit(keep, false);
}

int caps_limit_inherited(caps_set keep)
{
	return limit(keep, true);
}

static int add_inheritable(cap_t caps, caps_set set)
{
	cap_value_t values[CAPS_MAX];
	int n = list_of(set, values);

	if (cap_set_flag(caps, CAP_INHERITABLE, n, values, CAP_SET) < 0 || cap_set_proc(caps) < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (cap_set_ambient(values[i], CAP_SET) < 0)
			return -errno;
	}
	return 0;
}

int caps_inherit(caps_set set)
{
	int last, error;
	caps_set now = 0;
	cap_t caps;

	error = caps_clear_ambient();
	if (error < 0 || !set)
		return error;
	caps = cap_get_proc();
	if (!caps)
		return -errno;
	error = add_inheritable(caps, set);
	cap_free(caps);
	last = caps_last();
	if (!error && last < 0)
		error = last;
	if (!error)
		error = read_ambient(last, &now);
	if (error)
		return error;
	return now != set ? -ENOTRECOVERABLE : 0;
}

int caps_clear_ambient(void)
{
	int last, error;
	caps_set set;

	error = ask(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
	if (error < 0 && error != -EINVAL)
		return error;
	last = caps_last();
	if (last < 0)
		return last;
	error = read_ambient(last, &set);
	if (error < 0)
		return error;
	return set ? -ENOTRECOVERABLE : 0;
}

int caps_no_new_privs(void)
{
	int answer;

	answer = ask(PR_SET_NO_NEW_PRIVS, 1, 0);
	if (answer < 0)
		return answer;
	answer = ask(PR_GET_NO_NEW_PRIVS, 0, 0);
	if (answer < 0)
		return answer;
	return answer == 1 ? 0 : -ENOTRECOVERABLE;
}

/* ---- another process's, from its status file ---- */

enum { ROW_INH, ROW_PRM, ROW_EFF, ROW_BND, ROW_AMB, ROW_NNP, ROW_MODE, ROW_FILTERS, ROWS };

/* No two keys begin alike: the colon ends each. */
/* clang-format off */
static const struct {
	const char *key;
	int base;
} rows[ROWS] = {
	[ROW_INH] = { "CapInh:", 16 },
	[ROW_PRM] = { "CapPrm:", 16 },
	[ROW_EFF] = { "CapEff:", 16 },
	[ROW_BND] = { "CapBnd:", 16 },
	[ROW_AMB] = { "CapAmb:", 16 },
	[ROW_NNP] = { "NoNewPrivs:", 10 },
	[ROW_MODE] = { "Seccomp:", 10 },
	[ROW_FILTERS] = { "Seccomp_filters:", 10 },
};
/* clang-format on */

#define ALL_SEEN ((1u << ROWS) - 1)

struct status {
	uint64_t value[ROWS];
	unsigned int seen; /* bit n: row n was there */
	char line[128];	   /* its beginning; what we look for is short, "Groups:" is not */
	size_t len;
};

static int parse_line(struct status *status)
{
	const char *text;
	char *end;
	size_t len;

	status->line[status->len] = '\0';
	for (unsigned int row = 0; row < ROWS; row++) {
		len = strlen(rows[row].key);
		if (strncmp(status->line, rows[row].key, len) != 0)
			continue;
		text = status->line + len;
		errno = 0;
		status->value[row] = strtoull(text, &end, rows[row].base);
		if (errno || end == text || *end || (status->seen & 1u << row))
			return -EBADMSG;
		status->seen |= 1u << row;
	}
	return 0;
}

static int parse_chunk(struct status *status, const char *text, size_t len)
{
	int error;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n') {
			if (status->len < sizeof(status->line) - 1)
				status->line[status->len++] = text[i];
			continue;
		}
		error = parse_line(status);
		if (error < 0)
			return error;
		status->len = 0;
	}
	return 0;
}

static int parse_file(int fd, struct status *status)
{
	char chunk[2048];
	ssize_t len;
	int error;

	for (;;) {
		len = read(fd, chunk, sizeof(chunk));
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len < 0 ? -errno : 0;
		error = parse_chunk(status, chunk, (size_t)len);
		if (error < 0)
			return error;
	}
}

/* A line that is missing is an error, not a zero, which would mean "confined". */
int caps_read_status(int proc, pid_t pid, struct caps_state *state, unsigned int *seccomp_mode,
		     unsigned int *seccomp_filters)
{
	struct status status = { .seen = 0 };
	char path[32] = "self/status";
	int fd, error;

	if (pid)
		snprintf(path, sizeof(path), "%d/status", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = parse_file(fd, &status);
	close(fd);
	if (error < 0)
		return error;
	if ((status.seen | 1u << ROW_FILTERS) != ALL_SEEN)
		return -ENODATA;

	*state = (struct caps_state){
		.inheritable = status.value[ROW_INH],
		.permitted = status.value[ROW_PRM],
		.effective = status.value[ROW_EFF],
		.bounding = status.value[ROW_BND],
		.ambient = status.value[ROW_AMB],
		.no_new_privs = status.value[ROW_NNP] != 0,
	};
	if (seccomp_mode)
		*seccomp_mode = (unsigned int)status.value[ROW_MODE];
	if (seccomp_filters)
		*seccomp_filters = status.seen & 1u << ROW_FILTERS ?
					   (unsigned int)status.value[ROW_FILTERS] :
					   CAPS_FILTERS_UNKNOWN;
	return 0;
}
