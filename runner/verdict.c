/* SPDX-License-Identifier: MIT */
/*
 * Did the walls hold? What came of an act inside is judged by what the policy says of it, and beside
 * what came of it outside.
 *
 * An act that works is a failure, unless the policy wants none of the walls round it. One that does
 * not is no proof by itself: it may not be possible on this host, or to this caller, at all. So it
 * has to work outside, or else fail inside in another way. And where the filter alone
 * answers for a call, it has to answer just as the policy says: a call that is to kill and is refused has
 * reached the kernel, and only some other wall was in its way.
 */
#include "runner/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

/* ---- what the policy wants ---- */

static enum bpf_abi_id abi_of(const struct act *act)
{
	return act->flags & ACT_I386 ? BPF_I386 : act->flags & ACT_X32 ? BPF_X32 : bpf_abi_native();
}

static uint32_t filter_says(const struct trial *trial, const struct act *act)
{
	struct seccomp_data data = { .nr = (int)act->call, .arch = bpf_abis[abi_of(act)].arch };

	for (unsigned int i = 0; i < 6; i++)
		data.args[i] = act->pointers[i] ? (uintptr_t)act->pointers[i] : act->args[i];
	return bpf_policy_eval(&trial->asked->syscalls, &data, NULL);
}

static bool lets_through(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static const char *call_name(const struct act *act)
{
	const struct bpf_syscall *call =
		bpf_syscall_nr(abi_of(act), (uint32_t)act->call & ~BPF_X32_BIT);

	return call ? call->name : "it";
}

const char *verdict_shared(const struct trial *trial, unsigned long flag)
{
	const struct spec *asked = trial->asked;
	unsigned int i = 0;

	while (ns_kinds[i].name && ns_kinds[i].flag != flag)
		i++;
	if (flag == CLONE_NEWNET && asked->net == NET_HOST)
		return "net host";
	if (flag == CLONE_NEWNET && asked->net == NET_PATH)
		return "net PATH";
	if (asked->share & flag)
		return xprintf(asked->arena, "share %s", ns_kinds[i].name);
	if (trial->plan->missing & flag)
		return xprintf(asked->arena, "allow-degraded %s", ns_kinds[i].name);
	return NULL;
}

/* What of LANDLOCK is not wanted, or not there and need not be. */
static const char *without_landlock(const struct trial *trial, unsigned int wall)
{
	const struct spec *asked = trial->asked;

	if (asked->has_landlock && !(asked->landlock & wall))
		return wall == CAPS_LANDLOCK_NET ? "no landlock net" : "no landlock scope";
	return trial->plan->no_landlock & wall || !(trial->plan->landlock & wall) ?
		       "allow-degraded landlock" :
		       NULL;
}

static const char *without_files(const struct trial *trial, const struct act *act)
{
	for (unsigned int i = 0; i < 6 && act->pointers[i]; i++) {
		if (scene_shows(trial->plan, act->pointers[i], act->args[0] == O_WRONLY))
			return "bind";
	}
	return NULL;
}

static const char *without_core(const struct trial *trial)
{
	for (unsigned int i = 0; i < trial->asked->nlimits; i++) {
		const struct process_limit *limit = &trial->asked->limits[i];

		if (limit->row->resource == RLIMIT_CORE && limit->limit.rlim_max > 1)
			return "rlimit core";
	}
	return NULL;
}

/* Of the wall FLAG round ACT: the directive that takes it away, or NULL. */
static const char *without(const struct trial *trial, const struct act *act, unsigned int flag)
{
	switch (flag) {
	case ACT_FILES:
		return without_files(trial, act);
	case ACT_HIDDEN:
		return *trial->scene->hidden[0].path ? NULL : "bind";
	case ACT_ID:
		return trial->plan->idmap.inside_uid == 0 ? "uid 0" : NULL;
	case ACT_CORE:
		return without_core(trial);
	case ACT_SCOPE:
		return without_landlock(trial, CAPS_LANDLOCK_SCOPE);
	case ACT_TCP:
		return without_landlock(trial, CAPS_LANDLOCK_NET);
	default:
		return NULL; /* ACT_ALWAYS */
	}
}

/* All directives that leave no wall round ACT, for the user to see; NULL: there is one. */
static const char *asked_for(const struct trial *trial, const struct act *act)
{
	static const unsigned int walls[] = { ACT_ALWAYS, ACT_FILES, ACT_HIDDEN, ACT_ID,
					      ACT_CORE,	  ACT_SCOPE, ACT_TCP };
	struct bpf_arena *arena = trial->asked->arena;
	const char *list = "", *word;
	char text[CAPS_TEXT_SIZE];

	if (act->namespace) {
		word = verdict_shared(trial, act->namespace);
		if (!word)
			return NULL;
		list = xprintf(arena, "%s, ", word);
	}
	if (act->caps & ~trial->asked->caps)
		return NULL;
	if (act->caps)
		list = xprintf(arena, "%scaps %s, ", list,
			       caps_set_text(act->caps, text, sizeof(text)));
	for (unsigned int i = 0; i < sizeof(walls) / sizeof(*walls); i++) {
		if (!(act->flags & walls[i]))
			continue;
		word = without(trial, act, walls[i]);
		if (!word)
			return NULL;
		list = xprintf(arena, "%s%s, ", list, word);
	}
	if (act->call != ACT_NO_CALL) {
		if (!lets_through(filter_says(trial, act)))
			return NULL;
		list = xprintf(arena, "%sallow %s, ", list, call_name(act));
	}
	return xprintf(arena, "%.*s", (int)strlen(list) - 2, list);
}

/* ---- what came of it ---- */

static const char *words_for(const struct trial *trial, const struct outcome *is)
{
	const char *name = bpf_errno_name((unsigned int)is->error);

	if (is->signal == SIGSYS)
		return "killed by the filter";
	if (is->signal)
		return xprintf(trial->asked->arena, "SIG%s",
			       sigabbrev_np(is->signal) ? sigabbrev_np(is->signal) : "?");
	if (is->silent)
		return xprintf(trial->asked->arena, "no answer, status %d", is->status);
	return name ? name : xprintf(trial->asked->arena, "errno %d", is->error);
}

static bool worked(const struct outcome *is)
{
	return !is->error && !is->signal && !is->silent;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->error == b->error && a->signal == b->signal && a->silent == b->silent;
}

/* A filter around all of this may have killed where ours would only refuse. */
static bool is_as_said(uint32_t action, const struct outcome *is)
{
	if (is->signal == SIGSYS || lets_through(action))
		return true;
	if ((action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return false;
	return is->error == (int)(action & SECCOMP_RET_DATA);
}

static const char *failure(const struct trial *trial, const struct act *act,
			   const struct outcome *is)
{
	struct bpf_arena *arena = trial->asked->arena;
	char name[64];

	if (is->silent)
		return words_for(trial, is);
	if (worked(is))
		return xprintf(arena, "it works%s%s", *is->detail ? ": " : "",
			       escaped(arena, is->detail));
	return xprintf(arena, "%s, not by the filter: %s", words_for(trial, is),
		       bpf_action_name(filter_says(trial, act), name, sizeof(name)));
}

enum verdict verdict_on(const struct trial *trial, const struct act *act,
			const struct outcome *inside, const struct outcome *outside,
			const char **why)
{
	const char *asked = asked_for(trial, act);

	if (asked) {
		*why = xprintf(trial->asked->arena, "the policy: %s", asked);
		return VERDICT_SKIP;
	}
	if (outside->signal && is_same(inside, outside)) { /* no such ABI here */
		*why = "not possible outside either";
		return VERDICT_SKIP;
	}
	if (worked(inside) || inside->silent ||
	    ((act->flags & ACT_EXACT) && !is_as_said(filter_says(trial, act), inside))) {
		*why = failure(trial, act, inside);
		return VERDICT_FAIL;
	}
	*why = words_for(trial, inside);
	if (worked(outside) || !is_same(inside, outside))
		return VERDICT_PASS;
	*why = xprintf(trial->asked->arena, "not possible outside either: %s", *why);
	return VERDICT_SKIP;
}
