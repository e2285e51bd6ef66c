/* SPDX-License-Identifier: MIT */
/*
 * A policy that is stacked on others only makes stricter what is in force without it.
 *
 * For system calls that is so by construction, and proved (calls.c, proof.c). For each other
 * directive there is a row here that says how a line of it is judged: what the line alone asks
 * for against all that is in force. What a stacked policy does not speak of stays as it is.
 * A directive without a row is refused, so that a new one cannot be forgotten.
 *
 * In the file tree, a line may take the place of another with the same destination and the same
 * source, if it is more closed. It is carried out where that one stood (settings.c), for mounted
 * last it would uncover what others cover. Nothing is added but what hides or closes.
 */
#include "runner/limits.h"
#include "runner/power.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

struct judgement {
	const struct spec *empty;
	struct spec *before, *asked; /* what is in force, and what the line alone asks for */
	struct setting *set;	     /* the line */
	const struct setting *over;  /* that it replaces; NULL: none */
};

/* NULL: it is not looser. Else what is in force, in words, if no line says it. */
typedef const char *judge_fn(struct judgement *j);

static const char *judge_free(struct judgement *j)
{
	(void)j;
	return NULL;
}

/* Was SET in force before TURN? */
static bool was_in_force(const struct setting *set, unsigned int turn)
{
	return set->turn < turn && (!set->superseded || set->superseded > turn);
}

/* The line that is in force already and says the same; NULL. */
static const struct setting *find_same(const struct judgement *j)
{
	const struct setting *set = j->before->settings;

	while (set && !(was_in_force(set, j->set->turn) && set->row == j->set->row &&
			setting_same_words(set, j->set)))
		set = set->next;
	return set;
}

/* Not to be done once more. */
static void drop(struct judgement *j)
{
	setting_supersede(j->set, j->set->turn);
}

/* ---- the file tree ---- */

/* What is in force already is not done once more. */
static const char *judge_repeat(struct judgement *j)
{
	if (find_same(j))
		drop(j);
	return NULL;
}

static const char *judge_same(struct judgement *j)
{
	if (!find_same(j))
		return "no such line";
	if (!j->over)
		drop(j);
	return NULL;
}

static bool same_layers(const struct ns_op *a, const struct ns_op *b)
{
	if (a->nlayers != b->nlayers)
		return false;
	for (size_t i = 0; i < a->nlayers; i++) {
		if (strcmp(a->layers[i].path, b->layers[i].path) != 0)
			return false;
	}
	return true;
}

/* No bit more, and none less of those that restrict. */
static bool mode_within(mode_t old, mode_t new)
{
	const mode_t sticky = 01000;

	return !(new & ~old & 0777) && (new & 06000) == (old & 06000) &&
	       (new &sticky) >= (old & sticky);
}

static bool op_within(const struct ns_op *old, const struct ns_op *new)
{
	const unsigned int closes = NS_RDONLY | NS_PIDS, opens = NS_DEV | NS_WHOLE,
			   given = old->flags & ~(unsigned int)NS_TRY,
			   asked = new->flags & ~(unsigned int)NS_TRY;

	if (old->kind != new->kind || ((given ^ asked) & ~(closes | opens)))
		return false;
	if ((given & closes & ~asked) || (asked & opens & ~given))
		return false;
	if (!old->source != !new->source || (old->source && strcmp(old->source, new->source) != 0))
		return false;
	return same_layers(old, new) && new->size <= old->size &&new->inodes <=
						old->inodes &&mode_within(old->mode, new->mode);
}

static const char *judge_op(struct judgement *j)
{
	const struct setting *old = j->over ? j->over : find_same(j);
	const struct ns_op *asked = j->asked->ops;
	struct bpf_error err = { 0 };

	if (!old)
		return xprintf(j->asked->arena, "nothing at %.60s",
			       escaped(j->asked->arena, asked->dest));
	*j->asked = *j->empty;
	if (old->row->apply(j->asked, old, &err) || j->asked->nops != 1 ||
	    !op_within(j->asked->ops, asked))
		return "another thing";
	if (!j->over)
		drop(j);
	return NULL;
}

/* ---- namespaces and identity ---- */

static const char *network_name(const struct spec *spec)
{
	static const char *const names[] = { "none", "host", "pasta" };

	return spec->net == NET_PATH ? spec->net_path : names[spec->net];
}

static bool ports_within(const struct spec *old, const struct spec *new)
{
	for (unsigned int i = 0; i < SPEC_PORTS; i++) {
		if (new->ports[i] && (!old->ports[i] || strcmp(old->ports[i], new->ports[i]) != 0))
			return false;
	}
	return true;
}

static const char *judge_net(struct judgement *j)
{
	const struct spec *old = j->before, *new = j->asked;
	bool within = new->net == NET_NONE || new->net == old->net;

	if (new->net == NET_PATH)
		within = within && strcmp(old->net_path, new->net_path) == 0;
	else if (new->net == NET_PASTA)
		within = old->net == NET_HOST || (within && ports_within(old, new));
	return within ? NULL : xprintf(j->asked->arena, "net %s", network_name(old));
}

static const char *judge_share(struct judgement *j)
{
	struct bpf_arena *arena = j->asked->arena;
	const unsigned long others = ~(unsigned long)CLONE_NEWNET,
			    shared = j->before->share & others;
	const char *text = shared ? "share" : "none is shared";

	if (j->asked->net == NET_HOST && j->before->net != NET_HOST)
		return xprintf(arena, "net %s", network_name(j->before));
	if (!(j->asked->share & others & ~shared))
		return NULL;
	for (const struct ns_kind *kind = ns_kinds; kind->name; kind++) {
		if (shared & kind->flag)
			text = xprintf(arena, "%s %s", text, kind->name);
	}
	return text;
}

static const char *judge_degraded(struct judgement *j)
{
	const struct spec *old = j->before, *new = j->asked;

	return (new->degraded & ~old->degraded) || (new->limits_degraded & ~old->limits_degraded) ||
			       (new->landlock_degraded && !old->landlock_degraded) ?
		       "this wall must be there" :
		       NULL;
}

static const char *judge_landlock(struct judgement *j)
{
	const unsigned int old = landlock_wanted(j->before);

	if (!(old & ~landlock_wanted(j->asked)))
		return NULL;
	return xprintf(j->asked->arena, "landlock%s%s%s", old & CAPS_LANDLOCK_FILES ? " files" : "",
		       old & CAPS_LANDLOCK_SCOPE ? " scope" : "",
		       old & CAPS_LANDLOCK_NET ? " net" : "");
}

/* All lines of the directive NAME that were in force are replaced. */
static void replace(struct judgement *j, const char *name)
{
	for (struct setting *set = j->before->settings; set; set = set->next) {
		if (strcmp(set->row->name, name) == 0 && was_in_force(set, j->set->turn))
			setting_supersede(set, j->set->turn);
	}
}

/* "caps" adds, so those before must go; and securebits are not chosen without. */
static const char *judge_caps(struct judgement *j)
{
	char text[CAPS_TEXT_SIZE];

	if (j->asked->caps & ~j->before->caps)
		return xprintf(j->asked->arena, "caps %s",
			       caps_set_text(j->before->caps, text, sizeof(text)));
	replace(j, "caps");
	if (!j->asked->caps)
		replace(j, "securebits");
	return NULL;
}

static const char *judge_securebits(struct judgement *j)
{
	return power_securebits(j->before) & ~power_securebits(j->asked) ? "more are set" : NULL;
}

/* A label is one wall more, but another one may be less. */
static const char *judge_label(struct judgement *j)
{
	const char *old = j->before->exec_label;

	return !old || strcmp(old, j->asked->exec_label) == 0 ? NULL : old;
}

/* ---- the process ---- */

static bool keeps(const struct spec *spec, const char *name)
{
	for (unsigned int i = 0; i < spec->nenv; i++) {
		const struct env_rule *rule = &spec->env[i];
		const size_t n = strlen(rule->name);

		if (rule->kind != ENV_KEEP)
			continue;
		if (strcmp(rule->name, name) == 0 ||
		    (rule->name[n - 1] == '*' && strncmp(rule->name, name, n - 1) == 0))
			return true;
	}
	return false;
}

/* Said again, and last, it would overrule what unsets or sets one of them. */
static const char *judge_keep_env(struct judgement *j)
{
	for (unsigned int i = 0; i < j->asked->nenv; i++) {
		if (!keeps(j->before, j->asked->env[i].name))
			return "it is not kept";
	}
	drop(j);
	return NULL;
}

/* The caller's terminal is out of reach with "own", and in reach with "none". */
static const char *judge_tty(struct judgement *j)
{
	static const unsigned int walls[] = { [TTY_NONE] = 0, [TTY_AUTO] = 1, [TTY_OWN] = 2 };
	static const char *const names[] = {
		[TTY_NONE] = "tty none", [TTY_AUTO] = "tty auto", [TTY_OWN] = "tty own"
	};

	return walls[j->asked->tty] < walls[j->before->tty] ? names[j->before->tty] : NULL;
}

/* ---- limits ---- */

static const char *judge_time(struct judgement *j)
{
	const struct spec *old = j->before, *new = j->asked;

	if (!(old->time_limit > 0) ||
	    (new->time_limit <= old->time_limit &&new->time_limit + new->time_grace <=
	     old->time_limit + old->time_grace))
		return NULL;
	return xprintf(new->arena, "time-limit %g", old->time_limit);
}

static const char *judge_limit(struct judgement *j)
{
	const enum limit_kind kind = (enum limit_kind)j->set->row->arg;
	const struct spec *old = j->before;
	bool limited = old->limited & (1u << kind);

	if (kind == LIMIT_SWAP) /* none, unless it is given */
		limited |= old->limited & (1u << LIMIT_MEMORY);
	if (!limited || j->asked->limit[kind] <= old->limit[kind])
		return NULL;
	return xprintf(j->asked->arena, "%s %s", limit_names[kind], limit_value(old, kind));
}

static const char *judge_output(struct judgement *j)
{
	const struct spec *old = j->before;

	return !old->has_output_limit || j->asked->output_limit <= old->output_limit ?
		       NULL :
		       xprintf(old->arena, "output-limit %llu",
			       (unsigned long long)old->output_limit);
}

static const char *judge_io_max(struct judgement *j)
{
	const struct spec *old = j->before;
	const struct io_max *asked = &j->asked->io_max[0];

	for (unsigned int i = 0; i < old->nio_max; i++) {
		for (unsigned int k = 0; k < IO_MAX_KINDS; k++) {
			const uint64_t value = old->io_max[i].value[k];

			if (strcmp(old->io_max[i].path, asked->path) == 0 && value &&
			    (!asked->value[k] || asked->value[k] > value))
				return xprintf(old->arena, "%s=%llu", io_max_names[k],
					       (unsigned long long)value);
		}
	}
	return NULL;
}

/* Core dumps are off by 1, and by 0 only for files. */
static const char *judge_rlimit(struct judgement *j)
{
	const struct process_limit *asked = &j->asked->limits[0];
	struct rlimit old = { RLIM_INFINITY, RLIM_INFINITY };
	const bool core = asked->row->resource == RLIMIT_CORE;

	if (core)
		old = (struct rlimit){ 1, 1 };
	for (unsigned int i = 0; i < j->before->nlimits; i++) {
		if (j->before->limits[i].row == asked->row)
			old = j->before->limits[i].limit;
	}
	if (asked->limit.rlim_cur <= old.rlim_cur && asked->limit.rlim_max <= old.rlim_max &&
	    (!core || asked->limit.rlim_cur || !old.rlim_cur))
		return NULL;
	return xprintf(j->asked->arena, "%s %llu %llu", asked->row->name,
		       (unsigned long long)old.rlim_cur, (unsigned long long)old.rlim_max);
}

/* ---- the table ---- */

/* clang-format off */
static const struct {
	const char *name;
	judge_fn *judge;
} rows[] = {
	{ "accounts",       judge_same },
	{ "allow-degraded", judge_degraded },
	{ "argv0",          judge_free },
	{ "bind",           judge_op },
	{ "caps",           judge_caps },
	{ "chdir",          judge_free },
	{ "chmod",          judge_same },
	{ "clearenv",       judge_free },
	{ "cpu",            judge_limit },
	{ "cpu-limit",      judge_limit },
	{ "dev",            judge_op },
	{ "dev-bind",       judge_op },
	{ "die-with-parent", judge_free },
	{ "dir",            judge_op },
	{ "exec-label",     judge_label },
	{ "gid",            judge_same },
	{ "gid-map",        judge_same },
	{ "hostname",       judge_free },
	{ "io-max",         judge_io_max },
	{ "io-weight",      judge_limit },
	{ "keep-env",       judge_keep_env },
	{ "landlock",       judge_landlock },
	{ "mask",           judge_repeat },
	{ "memory",         judge_limit },
	{ "mqueue",         judge_op },
	{ "net",            judge_net },
	{ "new-session",    judge_free },
	{ "output-limit",   judge_output },
	{ "overlay",        judge_op },
	{ "overlay-src",    judge_free }, /* these three with what they belong to */
	{ "perms",          judge_free },
	{ "pids",           judge_limit },
	{ "proc",           judge_op },
	{ "pty",            judge_tty },
	{ "remount-ro",     judge_repeat },
	{ "resolver",       judge_same },
	{ "rlimit",         judge_rlimit },
	{ "ro-bind",        judge_op },
	{ "ro-overlay",     judge_op },
	{ "securebits",     judge_securebits },
	{ "setenv",         judge_free }, /* what the policy says, not what the caller has */
	{ "share",          judge_share },
	{ "share-net",      judge_net },
	{ "size",           judge_free },
	{ "stderr",         judge_same }, /* files of the caller's */
	{ "stdin",          judge_same },
	{ "stdout",         judge_same },
	{ "swap",           judge_limit },
	{ "symlink",        judge_op },
	{ "time-limit",     judge_time },
	{ "tmp-overlay",    judge_op },
	{ "tmpfs",          judge_op },
	{ "tty",            judge_tty },
	{ "uid",            judge_same },
	{ "uid-map",        judge_same },
	{ "unsetenv",       judge_free },
	{ "unshare-all",    judge_free },
	{ "unshare-cgroup", judge_free },
	{ "unshare-ipc",    judge_free },
	{ "unshare-net",    judge_free },
	{ "unshare-pid",    judge_free },
	{ "unshare-user",   judge_free },
	{ "unshare-uts",    judge_free },
};
/* clang-format on */

static judge_fn *find_judge(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].judge;
	}
	return NULL;
}

bool tighten_knows(const char *name)
{
	return find_judge(name) != NULL;
}

/* ---- line by line ---- */

static bool is_judged(const struct setting *set, unsigned int turn)
{
	return set->turn == turn && !set->superseded && set->row->apply &&
	       !(set->row->flags & DIRECTIVE_SYSCALL);
}

static int refuse(const struct judgement *j, const char *text, struct bpf_error *err)
{
	const struct setting *over = j->over;

	if (!over)
		return bpf_fail(err, -EINVAL, &j->set->place,
				"'%.70s' is looser than what is in force: %s", j->set->text, text);
	if (!over->place.line)
		return bpf_fail(err, -EINVAL, &j->set->place,
				"'%.70s' is looser than what is in force: '%.70s' (%s)",
				j->set->text, over->text, over->place.file);
	return bpf_fail(err, -EINVAL, &j->set->place,
			"'%.70s' is looser than what is in force: '%.60s' (%.40s:%u)", j->set->text,
			over->text, over->place.file, over->place.line);
}

static int judge_line(struct judgement *j, struct bpf_error *err)
{
	judge_fn *judge = find_judge(j->set->row->name);
	const char *text;
	int ret;

	if (!judge)
		return bpf_fail(err, -EINVAL, &j->set->place,
				"'%s' is not for a policy that is stacked on another",
				j->set->row->name);
	j->over = j->set->over;
	while (j->over && j->over->turn == j->set->turn)
		j->over = j->over->over;
	*j->asked = *j->empty;
	ret = j->set->row->apply(j->asked, j->set, err);
	if (ret)
		return ret;
	text = judge(j);
	return text ? refuse(j, text, err) : 0;
}

/* All that is in force when TURN comes, but for system calls. */
static int apply_before(struct spec *before, unsigned int turn, struct bpf_error *err)
{
	int ret = 0;

	for (const struct setting *set = before->settings; set && !ret; set = set->next) {
		if (was_in_force(set, turn) && set->row->apply &&
		    !(set->row->flags & DIRECTIVE_SYSCALL))
			ret = set->row->apply(before, set, err);
	}
	return ret;
}

int tighten(struct spec *spec, struct bpf_error *err)
{
	struct judgement j = { .empty = spec };
	int ret = 0;

	for (unsigned int turn = 3; turn < spec->turn && !ret; turn += 2) {
		j.before = xalloc(spec->arena, sizeof(*spec));
		j.asked = xalloc(spec->arena, sizeof(*spec));
		*j.before = *spec;
		ret = apply_before(j.before, turn, err);
		for (j.set = spec->settings; j.set && !ret; j.set = j.set->next) {
			if (is_judged(j.set, turn))
				ret = judge_line(&j, err);
		}
	}
	return ret;
}
