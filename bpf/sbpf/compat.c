/* SPDX-License-Identifier: MIT */
/*
 * What a filter does on other kernels, and to C libraries that are newer than it.
 *
 * A library tries the newest call first, and goes on to an older one if the kernel does not have
 * it. It knows that by ENOSYS: a filter that says EPERM breaks it, though the older call is
 * allowed; so does one that lets the new call through, which an old kernel does not have, and
 * not the older one. fallbacks[] is what libraries do, read in their source: of glibc 2.36 and newer.
 * For openat2(2), futex_waitv(2), mseal(2), map_shadow_stack(2), epoll_pwait2(2) and
 * copy_file_range(2) they have no other way, so what happens without them is the program's own
 * matter. A function of which neither way is allowed is one that the policy does not allow, and
 * nothing that breaks.
 *
 * On i386 one call stands for a family (socketcall(2), ipc(2)), and glibc makes that one, for it
 * is to run on kernels before 4.3 and 5.1, which have no other. What it is about lies behind a
 * pointer, where no filter sees it: to let it through is to let the whole family through.
 */
#include "bpf/sbpf/sbpf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KERNELS 8
#define USUAL	    "5.10,6.1,6.12,7.2"

/* On which errno does it go on to the other call? */
enum on { ON_ENOSYS, ON_ANY };

/* clang-format off */
static const struct fallback {
	const char *call;
	const char *function; /* of the C library that makes it, and in which glibc that was read */
	enum on on;
	const char *to;	    /* all of these are made then; of "a|b" the first that there is */
	const char *source; /* in glibc */
} fallbacks[] = {
{ "clone3", "pthread_create, posix_spawn (glibc 2.36)", ON_ENOSYS, "clone",
  "sysdeps/unix/sysv/linux/clone-internal.c" },
{ "faccessat2", "faccessat (glibc 2.36)", ON_ENOSYS, "faccessat",
  "sysdeps/unix/sysv/linux/faccessat.c" },
{ "fchmodat2", "fchmodat with flags (glibc 2.43)", ON_ENOSYS, "openat chmod|fchmodat",
  "sysdeps/unix/sysv/linux/fchmodat.c" },
{ "statx", "statx, stat on i386 (glibc 2.36)", ON_ENOSYS, "newfstatat|fstatat64",
  "sysdeps/unix/sysv/linux/statx.c, fstatat64.c" },
{ "execveat", "fexecve (glibc 2.36)", ON_ENOSYS, "execve",
  "sysdeps/unix/sysv/linux/fexecve.c" },
{ "getrandom", "arc4random (glibc 2.36)", ON_ENOSYS, "openat",
  "stdlib/arc4random.c" },
{ "preadv2", "preadv2 without flags (glibc 2.36)", ON_ENOSYS, "preadv",
  "sysdeps/unix/sysv/linux/preadv64v2.c" },
{ "pwritev2", "pwritev2 without flags (glibc 2.36)", ON_ENOSYS, "pwritev",
  "sysdeps/unix/sysv/linux/pwritev64v2.c" },
{ "close_range", "closefrom (glibc 2.36)", ON_ANY, "openat getdents64",
  "io/closefrom.c, sysdeps/unix/sysv/linux/closefrom_fallback.c" },
{ "rseq", "the start of each thread (glibc 2.36)", ON_ANY, "",
  "sysdeps/unix/sysv/linux/rseq-internal.h" },
{ "clock_gettime64", "clock_gettime (glibc 2.36)", ON_ENOSYS, "clock_gettime",
  "sysdeps/unix/sysv/linux/clock_gettime.c" },
{ "clock_getres_time64", "clock_getres (glibc 2.36)", ON_ENOSYS, "clock_getres",
  "sysdeps/unix/sysv/linux/clock_getres.c" },
{ "clock_adjtime64", "clock_adjtime (glibc of 2025)", ON_ENOSYS, "clock_adjtime",
  "sysdeps/unix/sysv/linux/clock_adjtime.c" },
{ "timer_gettime64", "timer_gettime (glibc 2.36)", ON_ENOSYS, "timer_gettime",
  "sysdeps/unix/sysv/linux/timer_gettime.c" },
{ "timerfd_gettime64", "timerfd_gettime (glibc 2.36)", ON_ENOSYS, "timerfd_gettime",
  "sysdeps/unix/sysv/linux/timerfd_gettime.c" },
{ "sched_rr_get_interval_time64", "sched_rr_get_interval (glibc 2.36)", ON_ENOSYS,
  "sched_rr_get_interval", "sysdeps/unix/sysv/linux/sched_rr_gi.c" },
};

/*
 * What glibc makes by it: sysdeps/unix/sysv/linux/i386/kernel-features.h. And what glibc makes
 * directly, but a program can have by it: net/socket.c, net/compat.c and ipc/syscall.c of Linux.
 */
static const struct {
	const char *call, *stands_for[16], *reaches[4];
} multiplexed[] = {
{ "socketcall", { "socket", "socketpair", "bind", "connect", "listen", "accept4", "getsockname",
		  "getpeername", "shutdown", "sendto", "sendmsg", "recvfrom", "recvmsg",
		  "setsockopt", "getsockopt" }, { "sendmmsg", "recvmmsg" } },
{ "ipc", { "semget", "semctl", "shmget", "shmat", "shmdt", "shmctl", "msgget", "msgsnd", "msgrcv",
	   "msgctl" }, { "semtimedop_time64" } },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct kernel {
	const char *name;
	unsigned int version; /* 5.10 as 0x50a00 */
};

struct compat {
	struct job *job;
	const struct input *in;
	struct explorer *ex;
	struct kernel kernels[MAX_KERNELS];
	unsigned int nkernels;
	enum bpf_abi_id abi;
	json_t *findings, *counts; /* NULL: as text */
	unsigned int found;
};

/* ---- versions ---- */

/* 0: it is none. Of 4.19.325 Linux itself makes 4.19.255. */
static unsigned int parse_version(const char *text)
{
	unsigned long part[3] = { 0, 0, 0 };
	unsigned int n = 0;
	char *end;

	do {
		if (!isdigit((unsigned char)*text))
			return 0;
		part[n] = strtoul(text, &end, 10);
		text = end + 1;
		if (n < 2 && part[n] > 255)
			return 0;
		if (part[n] > 255)
			part[n] = 255;
		n++;
	} while (*end == '.' && n < COUNT(part));
	return *end || n < 2 ? 0 : (unsigned int)(part[0] << 16 | part[1] << 8 | part[2]);
}

static int by_version(const void *a, const void *b)
{
	const struct kernel *one = a, *other = b;

	return one->version < other->version ? -1 : one->version > other->version;
}

static void parse_kernels(struct compat *compat, const char *list)
{
	struct job *job = compat->job;

	while (*list) {
		struct kernel *kernel = &compat->kernels[compat->nkernels];
		const int len = (int)strcspn(list, ",");

		if (compat->nkernels == MAX_KERNELS)
			die("--kernel: more than %d versions", MAX_KERNELS);
		kernel->name = xprintf(&job->arena, "%.*s", len, list);
		kernel->version = parse_version(kernel->name);
		if (!kernel->version)
			die("--kernel %s: expected versions, as 5.10,6.1", kernel->name);
		compat->nkernels++;
		list += len + (list[len] == ',');
	}
	if (!compat->nkernels)
		die("--kernel: expected versions, as 5.10,6.1");
	qsort(compat->kernels, compat->nkernels, sizeof(compat->kernels[0]), by_version);
}

/* A call of which no version is known was never made to work. */
static bool kernel_has(const struct kernel *kernel, const struct bpf_syscall *call)
{
	return parse_version(call->since) && parse_version(call->since) <= kernel->version;
}

/* ---- what becomes of a call ---- */

static bool look_at(const struct compat *compat, const struct bpf_syscall *call,
		    struct explored *out)
{
	if (!call || call->nr[compat->abi] == BPF_NO_NR)
		return false;
	explore(compat->ex, compat->abi, (uint32_t)call->nr[compat->abi], out, NULL);
	return true;
}

static const char *action_text(const struct compat *compat, const struct explored *all)
{
	const char *text = "";
	char name[64];

	for (unsigned int i = 0; i < all->nactions; i++)
		text = xprintf(&compat->job->arena, "%s%s%s", text, i ? " or " : "",
			       bpf_action_name(all->actions[i], name, sizeof(name)));
	return text;
}

/* The errno that the filter answers with; -1: it has another answer. */
static int errno_of(const struct explored *all)
{
	for (unsigned int i = 0; i < all->nactions; i++) {
		if ((all->actions[i] & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
			return (int)(all->actions[i] & SECCOMP_RET_DATA);
	}
	return -1;
}

/* Of WORD's alternatives, the first that the ABI has. */
static const struct bpf_syscall *first_of(const struct compat *compat, const char *word, size_t len)
{
	while (len) {
		size_t n = strcspn(word, "|");
		const struct bpf_syscall *call;

		n = n < len ? n : len;
		call = bpf_syscall_find(word, n);
		if (call && call->nr[compat->abi] != BPF_NO_NR)
			return call;
		n += n < len;
		word += n;
		len -= n;
	}
	return NULL;
}

/* The first of the calls that it goes on to and that cannot be made; NULL. */
static const struct bpf_syscall *dead_end(const struct compat *compat, const struct fallback *row,
					  struct explored *all)
{
	const char *word = row->to;

	for (size_t len; *word; word += len + (word[len] == ' ')) {
		const struct bpf_syscall *call;

		len = strcspn(word, " ");
		call = first_of(compat, word, len);
		if (call && look_at(compat, call, all) && !may_pass(all))
			return call;
	}
	return NULL;
}

/* What breaks of ROW on KERNEL; NULL: nothing. */
static const char *breaks(const struct compat *compat, const struct fallback *row,
			  const struct kernel *kernel)
{
	const struct bpf_syscall *call = bpf_syscall_find(row->call, strlen(row->call)), *dead;
	struct bpf_arena *arena = &compat->job->arena;
	struct explored all, other;
	int error;

	if (!look_at(compat, call, &all))
		return NULL;
	dead = dead_end(compat, row, &other);
	if (may_pass(&all)) {
		if (!dead || kernel_has(kernel, call))
			return NULL;
		return xprintf(arena, "the kernel has it not, it goes on to %s, and that gets %s",
			       dead->name, action_text(compat, &other));
	}
	error = errno_of(&all);
	if (dead || error == ENOSYS || (row->on == ON_ANY && error >= 0))
		return NULL;
	if (error < 0)
		return xprintf(arena, "gets %s", action_text(compat, &all));
	return xprintf(arena, "gets %s, and only ENOSYS makes it go on to %s",
		       action_text(compat, &all), row->to);
}

/* ---- telling ---- */

static void tell(struct compat *compat, const char *kind, const char *call, const char *text,
		 const char *kernels)
{
	struct job *job = compat->job;

	compat->found++;
	if (compat->findings) {
		json_array_append_new(compat->findings,
				      json_pack("{s:s, s:s, s:s, s:s, s:s}", "abi",
						bpf_abis[compat->abi].name, "kind", kind, "call",
						call, "text", text, "kernels", kernels));
		return;
	}
	wrap_text(2,
		  xprintf(&job->arena, "%s%s%s: %s: %s%s%s", hue(job, HUE_BAD), kind,
			  hue(job, HUE_NONE), call, text, *kernels ? "; on Linux " : "", kernels));
}

/* One line for all kernels on which it is the same. */
static void check_fallback(struct compat *compat, const struct fallback *row)
{
	struct bpf_arena *arena = &compat->job->arena;
	const char *text[MAX_KERNELS] = { NULL }, *kernels;

	for (unsigned int i = 0; i < compat->nkernels; i++)
		text[i] = breaks(compat, row, &compat->kernels[i]);
	for (unsigned int i = 0; i < compat->nkernels; i++) {
		if (!text[i])
			continue;
		kernels = compat->kernels[i].name;
		for (unsigned int j = i + 1; j < compat->nkernels; j++) {
			if (!text[j] || strcmp(text[i], text[j]) != 0)
				continue;
			kernels = xprintf(arena, "%s, %s", kernels, compat->kernels[j].name);
			text[j] = NULL;
		}
		tell(compat, "breaks", row->call,
		     xprintf(arena, "%s: %s (%s)", row->function, text[i], row->source), kernels);
	}
}

/* What is newer than every table: libraries to come will try it. */
static void check_unknown(struct compat *compat)
{
	struct explored all;

	explore(compat->ex, compat->abi, bpf_syscall_max(compat->abi) + 1, &all, NULL);
	if (all.nactions == 1 && all.actions[0] == (SECCOMP_RET_ERRNO | ENOSYS))
		return;
	tell(compat, "breaks", "calls to come",
	     xprintf(&compat->job->arena,
		     "what is newer than the tables gets %s, where C libraries go on after ENOSYS",
		     action_text(compat, &all)),
	     "");
}

/* Which of them THROUGH stops though they may pass, and which it opens; LOST may be NULL. */
static void add_members(const struct compat *compat, const char *const *member,
			const struct explored *through, const char **lost, const char **open)
{
	struct bpf_arena *arena = &compat->job->arena;
	struct explored all;

	for (; *member; member++) {
		if (!look_at(compat, bpf_syscall_find(*member, strlen(*member)), &all))
			continue;
		if (lost && may_pass(&all) && !may_pass(through))
			*lost = xprintf(arena, "%s%s%s", *lost, **lost ? " " : "", *member);
		if (may_pass(through) && !must_pass(&all))
			*open = xprintf(arena, "%s%s%s", *open, **open ? " " : "", *member);
	}
}

static void check_multiplexed(struct compat *compat, size_t row)
{
	const char *name = multiplexed[row].call;
	const char *lost = "", *open = "";
	struct explored through;

	if (!look_at(compat, bpf_syscall_find(name, strlen(name)), &through))
		return;
	add_members(compat, multiplexed[row].stands_for, &through, &lost, &open);
	add_members(compat, multiplexed[row].reaches, &through, NULL, &open);
	if (*lost)
		tell(compat, "breaks", name,
		     xprintf(&compat->job->arena,
			     "gets %s, and glibc makes it for %s, which may pass",
			     action_text(compat, &through), lost),
		     "");
	if (*open)
		tell(compat, "hole", name,
		     xprintf(&compat->job->arena, "lets through what is denied or restricted of %s",
			     open),
		     "");
}

/* ---- how many calls fare how ---- */

#define MAX_FATES 12

struct fates {
	const char *name[MAX_FATES], *calls[MAX_FATES];
	unsigned int count[MAX_FATES], n;
};

static void add_fate(struct compat *compat, struct fates *fates, const char *fate, const char *call)
{
	unsigned int i = 0;

	while (i < fates->n && strcmp(fates->name[i], fate) != 0)
		i++;
	if (i == MAX_FATES)
		i--;
	if (i == fates->n) {
		fates->name[i] = fate;
		fates->calls[i] = "";
		fates->n++;
	}
	fates->count[i]++;
	fates->calls[i] = xprintf(&compat->job->arena, "%s%s%s", fates->calls[i],
				  *fates->calls[i] ? " " : "", call);
}

static bool is_named(const struct input *in, const struct bpf_syscall *call)
{
	for (const struct bpf_rule *rule = in->policy.rules; rule; rule = rule->next) {
		for (const struct bpf_call *one = rule->calls; one; one = one->next) {
			if (one->syscall == call)
				return true;
		}
	}
	return false;
}

/* What KERNEL has and BEFORE, if there is one, has not; and what rules name and it has not. */
static void count_calls(struct compat *compat, const struct kernel *kernel,
			const struct kernel *before, struct fates *fates, const char **absent)
{
	struct bpf_arena *arena = &compat->job->arena;
	struct explored all;

	*absent = "";
	for (size_t i = 0; i < bpf_nsyscalls; i++) {
		const struct bpf_syscall *call = &bpf_syscalls[i];
		const bool there = kernel_has(kernel, call);

		if (!*call->since || !look_at(compat, call, &all))
			continue;
		if (!there && compat->in->has_policy && is_named(compat->in, call))
			*absent =
				xprintf(arena, "%s%s%s", *absent, **absent ? " " : "", call->name);
		if (!there || (before && kernel_has(before, call)))
			continue;
		add_fate(compat, fates,
			 xprintf(arena, "%s%s", action_text(compat, &all),
				 compat->in->has_policy && !is_named(compat->in, call) ?
					 ", by no rule" :
					 ""),
			 call->name);
	}
}

static void count_json(struct compat *compat, const struct kernel *kernel,
		       const struct fates *fates, const char *absent)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < fates->n; i++)
		json_object_set_new(object, fates->name[i], json_string(fates->calls[i]));
	json_array_append_new(compat->counts,
			      json_pack("{s:s, s:s, s:o, s:s}", "abi", bpf_abis[compat->abi].name,
					"kernel", kernel->name, "new", object, "absent", absent));
}

/* All of the oldest kernel is a long list: of that, only how many. */
static void count_text(const struct compat *compat, unsigned int k, const struct fates *fates,
		       const char *absent)
{
	struct bpf_arena *arena = &compat->job->arena;

	printf("  Linux %s%s\n", compat->kernels[k].name, k ? " adds" : "");
	for (unsigned int i = 0; i < fates->n; i++)
		wrap_text(4, k ? xprintf(arena, "%s: %s", fates->name[i], fates->calls[i]) :
				 xprintf(arena, "%u call%s: %s", fates->count[i],
					 plural(fates->count[i]), fates->name[i]));
	if (*absent)
		wrap_text(4, xprintf(arena, "in the policy, and not there: %s", absent));
}

static void judge(struct compat *compat)
{
	if (!compat->findings)
		printf("%s%s, %s%s\n", hue(compat->job, HUE_BOLD),
		       input_title(compat->job, compat->in), bpf_abis[compat->abi].name,
		       hue(compat->job, HUE_NONE));
	for (unsigned int k = 0; k < compat->nkernels; k++) {
		struct fates fates = { .n = 0 };
		const char *absent;

		count_calls(compat, &compat->kernels[k], k ? &compat->kernels[k - 1] : NULL, &fates,
			    &absent);
		if (compat->counts)
			count_json(compat, &compat->kernels[k], &fates, absent);
		else
			count_text(compat, k, &fates, absent);
	}
	for (size_t i = 0; i < COUNT(fallbacks); i++)
		check_fallback(compat, &fallbacks[i]);
	for (size_t i = 0; i < COUNT(multiplexed); i++)
		check_multiplexed(compat, i);
	check_unknown(compat);
}

int run_compat(struct job *job)
{
	struct compat compat = { .job = job };
	const char *kernels = job->kernel ? job->kernel : USUAL;

	job->kernel = NULL; /* which an importer would take for its own */
	parse_kernels(&compat, kernels);
	compat.in = input_load(job, job->words[0]);
	compat.ex = explorer_new(job, &compat.in->prog);
	if (job->json) {
		compat.findings = json_array();
		compat.counts = json_array();
	}
	for (unsigned int abi = 0; abi < BPF_ABIS; abi++) {
		compat.abi = (enum bpf_abi_id)abi;
		if (compat.in->abis & 1u << abi)
			judge(&compat);
	}
	if (job->json)
		print_json(json_pack("{s:o, s:o}", "findings", compat.findings, "calls",
				     compat.counts));
	else if (!compat.found)
		puts("  nothing would break");
	return compat.found ? STATUS_NO : STATUS_YES;
}
