/* SPDX-License-Identifier: MIT */
/*
 * without CALL[:ARG:BITS][=ERROR]... CMD...: run CMD as if the kernel did not have CALL: ENOSYS;
 * or with another ERROR, as a container's filter forbids it, or as a kernel answers that has the
 * call but not all of its flags: then only where argument ARG (0 to 5) has all of BITS.
 *
 * Each is a filter of its own, for there may be more than one of a call. Calls have names here, for
 * numbers differ between machines; both are also taken as numbers.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

struct word {
	const char *name;
	long value;
};

#define CALL(name)                 \
	{                          \
#name, SYS_##name, \
	}
#define ERROR(name)         \
	{                   \
#name, name \
	}

static const struct word calls[] = {
	CALL(add_key),
	CALL(clone),
	CALL(clone3),
	CALL(close_range),
	CALL(execveat),
	CALL(fsconfig),
	CALL(fsmount),
	CALL(fsopen),
	CALL(getpid),
	CALL(keyctl),
	CALL(landlock_add_rule),
	CALL(landlock_create_ruleset),
	CALL(landlock_restrict_self),
	CALL(memfd_create),
	CALL(mkdirat),
#ifdef SYS_mkdir
	CALL(mkdir),
#else
	{ "mkdir", -1 }, /* newer machines do not have it: nothing is taken away */
#endif
	CALL(mount_setattr),
	CALL(move_mount),
	CALL(open_tree),
	CALL(openat2),
	CALL(pidfd_open),
	CALL(pidfd_send_signal),
	CALL(request_key),
	CALL(seccomp),
	CALL(statx),
	CALL(unshare),
	{ NULL, 0 },
};

static const struct word errors[] = {
	ERROR(EACCES), ERROR(EINVAL), ERROR(ENOSYS), ERROR(EOPNOTSUPP), ERROR(EPERM), { NULL, 0 },
};

static bool find(const struct word *word, const char *name, unsigned int *value)
{
	char *end;

	while (word->name && strcmp(word->name, name) != 0)
		word++;
	*value = word->name ? (unsigned int)word->value : (unsigned int)strtoul(name, &end, 10);
	return word->name || (end != name && !*end);
}

/* False: it is no such word, so the command begins. */
static bool take_away(char *spec)
{
	char *error = strchr(spec, '='), *arg = strchr(spec, ':'), *end;
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };
	unsigned int value;
	char nothing;

	if (error)
		*error = '\0';
	if (arg) { /* its low half comes first in memory: all of our machines are little-endian */
		*arg = '\0';
		insns[2].k += 8 * (unsigned int)strtoul(arg + 1, &end, 10);
		insns[3].k = insns[4].k = (unsigned int)strtoul(end + 1, NULL, 0);
	}
	if (!find(calls, spec, &insns[1].k)) {
		*(arg ? arg : &nothing) = ':';
		*(error ? error : &nothing) = '=';
		return false;
	}
	if (error) {
		if (!find(errors, error + 1, &value))
			errx(1, "no such error: %s", error + 1);
		insns[5].k = SECCOMP_RET_ERRNO | value;
	}
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		err(1, "seccomp");
	return true;
}

int main(int argc, char *argv[])
{
	int i = 1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		err(1, "no_new_privs");
	while (i < argc && take_away(argv[i]))
		i++;
	if (i == argc)
		errx(1, "usage: without CALL[:ARG:BITS][=ERROR]... CMD...");
	execvp(argv[i], argv + i);
	err(127, "%s", argv[i]);
}
