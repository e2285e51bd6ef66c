/* SPDX-License-Identifier: MIT */
/*
 * Calls that do what another call does.
 *
 * A policy that stops rename() and lets renameat2() through stops nobody. The table has the
 * families: words of "stopped" are calls that someone may mean to stop, words of "instead" are the
 * ways around. A family is only spoken of when a rule stops the call: what no rule names is
 * the default's, and nobody meant it in particular.
 *
 * What is newer and does more (openat2, clone3) is a way around what is older, not the other
 * way round: to stop it is what one does when its arguments cannot be looked at.
 *
 * "Partly" marks families in which it matters that some arguments are stopped: a
 * condition on clone's flags is moot when unshare takes the same flags.
 *
 * i386 has two calls that are many others, by a number behind which no filter can look:
 * socketcall (net/socket.c) and ipc (ipc/syscall.c). Some of what they do has no number of its
 * own there: to stop semop() of i386 is to stop ipc(). So an ABI without the call is
 * looked at as well, and what is meant to be stopped there is what is stopped elsewhere.
 */
#include "bpf/lint.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
static const struct family {
	const char *stopped;
	const char *instead; /* NULL: the others of STOPPED */
	bool partly, once;   /* ONCE: all of them have the same way around */
} families[] = {
{ "access faccessat", "access faccessat faccessat2", false, false },
{ "accept", "accept4", false, false },
{ "socket socketpair bind connect listen accept accept4 shutdown getsockname getpeername "
  "getsockopt setsockopt sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg recvmmsg_time64",
  "socketcall", false, true },
{ "chmod fchmodat", "chmod fchmodat fchmodat2", false, false },
{ "chown chown32 lchown lchown32 fchownat", NULL, false, false },
{ "clone unshare", "clone unshare clone3", true, false },
{ "connect", "sendto sendmsg sendmmsg", false, false },
{ "dup dup2", "dup dup2 dup3", false, false },
{ "epoll_wait epoll_pwait", "epoll_wait epoll_pwait epoll_pwait2", false, false },
{ "execve", "execveat", false, false },
{ "fork vfork clone", "fork vfork clone clone3", false, false },
{ "init_module finit_module", NULL, false, false },
{ "kexec_load kexec_file_load", NULL, false, false },
{ "kill tkill tgkill", "kill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal",
  false, true },
{ "link linkat", NULL, false, false },
{ "mkdir mkdirat", NULL, false, false },
{ "mknod mknodat", NULL, false, false },
{ "mmap mmap2 mprotect", "mmap mmap2 mprotect pkey_mprotect", true, false },
{ "mount", "move_mount mount_setattr", false, false },
{ "open openat creat", "open openat creat openat2", false, false },
{ "open openat openat2 connect accept accept4 sendto sendmsg recvfrom recvmsg renameat unlinkat "
  "mkdirat linkat symlinkat socket",
  "io_uring_setup io_uring_enter", false, true },
{ "pipe", "pipe2", false, false },
{ "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64", NULL, false, false },
{ "ptrace", "process_vm_readv process_vm_writev pidfd_getfd", false, false },
{ "read pread64 readv preadv", "read pread64 readv preadv preadv2", false, false },
{ "readlink readlinkat", NULL, false, false },
{ "recvfrom recvmsg recvmmsg recvmmsg_time64", NULL, false, false },
{ "rename renameat", "rename renameat renameat2", false, false },
{ "rmdir", "unlinkat", false, false },
{ "sendto sendmsg sendmmsg", NULL, false, false },
{ "semget semop semtimedop semtimedop_time64 semctl msgget msgsnd msgrcv msgctl "
  "shmget shmat shmdt shmctl",
  "ipc", false, true },
{ "semop semtimedop semtimedop_time64", NULL, false, false },
{ "setrlimit", "prlimit64", false, false },
{ "stat lstat newfstatat stat64 lstat64 fstatat64",
  "stat lstat newfstatat stat64 lstat64 fstatat64 statx", false, false },
{ "symlink symlinkat", NULL, false, false },
{ "umount umount2", NULL, false, false },
{ "unlink unlinkat", NULL, false, false },
{ "utime utimes futimesat utimensat utimensat_time64", NULL, false, false },
{ "write pwrite64 writev pwritev", "write pwrite64 writev pwritev pwritev2", false, false },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The next word of *WORDS as a call, or NULL at the end; unknown ones are passed over. */
static const struct bpf_syscall *next_call(const char **words)
{
	const struct bpf_syscall *call = NULL;
	size_t len;

	while (!call && **words) {
		len = strcspn(*words, " ");
		call = bpf_syscall_find(*words, len);
		*words += len + ((*words)[len] == ' ');
	}
	return call;
}

static bool has(const char *words, const struct bpf_syscall *call)
{
	const struct bpf_syscall *other;

	while ((other = next_call(&words))) {
		if (other == call)
			return true;
	}
	return false;
}

const struct bpf_syscall *bpf_sibling(const struct bpf_syscall *call, size_t i)
{
	const struct bpf_syscall *other;
	const char *words;
	size_t f, n = 0;

	for (f = 0; call && f < COUNT(families); f++) {
		if (!has(families[f].stopped, call))
			continue;
		words = families[f].instead ? families[f].instead : families[f].stopped;
		while ((other = next_call(&words))) {
			if (other != call && n++ == i)
				return other;
		}
	}
	return NULL;
}

/* ---- the check ---- */

static const struct bpf_fate *fate_of(const struct bpf_lint *lint, unsigned int abi,
				      const struct bpf_syscall *call)
{
	static const struct bpf_fate none;

	if (call->nr[abi] == BPF_NO_NR || (uint32_t)call->nr[abi] >= BPF_LINT_NRS)
		return &none;
	return &lint->fates[abi][call->nr[abi]];
}

static bool names(const struct bpf_rule *rule, const struct bpf_syscall *call)
{
	const struct bpf_call *named;

	for (named = rule->calls; named; named = named->next) {
		if (named->syscall == call)
			return true;
	}
	return false;
}

/* What the rules say of CALL, which no ABI of the policy has: the last one decides. */
static void find_intent(const struct bpf_lint *lint, const struct bpf_syscall *call,
			struct bpf_fate *fate)
{
	const struct bpf_rule *rule;

	memset(fate, 0, sizeof(*fate));
	for (rule = lint->policy->rules; rule; rule = rule->next) {
		if (!names(rule, call) || rule->cond)
			continue;
		fate->passes = bpf_is_let_through(rule->action);
		fate->stops = !fate->passes;
		fate->not_enosys = rule->action != (SECCOMP_RET_ERRNO | ENOSYS);
		fate->rule = fate->stops ? rule : NULL;
	}
}

/* What is to become of CALL under ABI, which may not have it: then as under one that has. */
static struct bpf_fate meant(const struct bpf_lint *lint, unsigned int abi,
			     const struct bpf_syscall *call)
{
	struct bpf_fate fate;
	unsigned int other;

	if (call->nr[abi] != BPF_NO_NR)
		return *fate_of(lint, abi, call);
	for (other = 0; other < BPF_ABIS; other++) {
		if (lint->policy->abis & 1u << other && call->nr[other] != BPF_NO_NR)
			return *fate_of(lint, other, call);
	}
	find_intent(lint, call, &fate);
	return fate;
}

/* Does CALL pass, with any arguments, all policies of the stack? */
static bool is_open(const struct bpf_lint *lint, unsigned int abi, const struct bpf_syscall *call)
{
	const struct bpf_lint *level;
	const struct bpf_fate *fate;

	for (level = lint->stack; level; level = level->under) {
		fate = fate_of(level, abi, call);
		if (!fate->passes || fate->stops)
			return false;
	}
	return true;
}

/* May CALL pass them, with some arguments? */
static bool may_pass(const struct bpf_lint *lint, unsigned int abi, const struct bpf_syscall *call)
{
	const struct bpf_lint *level;

	for (level = lint->stack; level; level = level->under) {
		if (!fate_of(level, abi, call)->passes)
			return false;
	}
	return true;
}

/* All ways around CALL that are open, as text; false: there is none. */
static bool find_ways(const struct bpf_lint *lint, const struct family *family, unsigned int abi,
		      const struct bpf_syscall *call, char text[BPF_REMARK])
{
	const char *words = family->instead ? family->instead : family->stopped;
	const struct bpf_syscall *other;
	size_t used = 0;

	while ((other = next_call(&words))) {
		if (other == call || !is_open(lint, abi, other))
			continue;
		if (used + strlen(other->name) + 3 < BPF_REMARK)
			used += (size_t)snprintf(text + used, BPF_REMARK - used, "%s%s",
						 used ? ", " : "", other->name);
	}
	return used > 0;
}

/* True: something was said. */
static bool check_call(struct bpf_lint *lint, const struct family *family, unsigned int abi,
		       const struct bpf_syscall *call)
{
	const struct bpf_fate fate = meant(lint, abi, call);
	const struct bpf_rule *rule = fate.rule;
	const bool first = abi == (unsigned int)__builtin_ctz(lint->policy->abis);
	struct bpf_finding finding = { .check = "sibling" };
	char ways[BPF_REMARK];

	/* A rule that allows it with some arguments means to stop the others. */
	if (!rule && family->partly)
		rule = fate.allows;
	/* ENOSYS is no refusal: it asks the program to do otherwise. */
	if (!fate.stops || !rule || !fate.not_enosys || (fate.passes && !family->partly))
		return false;
	if (!find_ways(lint, family, abi, call, ways))
		return false;
	finding.place = rule->place;
	bpf_lint_tell(lint, &finding, "%s %s here, and what does the same is allowed%s%s: %s",
		      call->name, fate.passes ? "is partly stopped" : "is stopped",
		      first ? "" : " on ", first ? "" : bpf_abis[abi].name, ways);
	return true;
}

/* One ABI is enough to make the point. */
static bool check_abis(struct bpf_lint *lint, const struct family *family,
		       const struct bpf_syscall *call)
{
	unsigned int abi;

	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (lint->policy->abis & 1u << abi && check_call(lint, family, abi, call))
			return true;
	}
	return false;
}

/* Flags of clone() can be looked at, those of clone3() cannot. */
static void check_clone3(struct bpf_lint *lint, unsigned int abi)
{
	const struct bpf_syscall *clone = bpf_syscall_find("clone", 5);
	const struct bpf_syscall *clone3 = bpf_syscall_find("clone3", 6);
	const struct bpf_fate *fate = fate_of(lint, abi, clone3);
	struct bpf_finding finding = { .check = "clone3", .place = lint->policy->default_place };

	if (fate->rule)
		finding.place = fate->rule->place;
	if (!may_pass(lint, abi, clone) || !fate->stops || !fate->not_enosys)
		return;
	bpf_lint_tell(lint, &finding,
		      "clone is allowed, and clone3 fails otherwise than with ENOSYS: "
		      "C libraries then do not fall back to clone");
}

void bpf_lint_siblings(struct bpf_lint *lint)
{
	const struct bpf_syscall *call;
	const char *words;
	size_t f;

	if (!lint->policy->abis)
		return;
	for (f = 0; f < COUNT(families); f++) {
		words = families[f].stopped;
		/* The same way around many calls is told once. */
		while ((call = next_call(&words))) {
			if (check_abis(lint, &families[f], call) && families[f].once)
				break;
		}
	}
	check_clone3(lint, (unsigned int)__builtin_ctz(lint->policy->abis));
}
