/* SPDX-License-Identifier: MIT */
/*
 * Which entries count, and the lines that say so.
 *
 * libseccomp has no order of rules. For one call: a rule that says what the default
 * says is skipped by the runtimes; the first rule without conditions wins over all others,
 * before it or after; rules with conditions hold side by side, the same condition with two
 * actions is refused, and where two different ones hold at once, the layout of its tree
 * decides. Ours is "the last that matches", so lines are written from the laxest
 * action to the strictest: where conditions overlap, the strictest wins, which is
 * at least as strict as any tree.
 *
 * i386 has two calls, socketcall and ipc, that do the work of many. libseccomp adds, to a rule
 * for "socket", one for socketcall(1, ...); a rule that denies must not forget that door.
 * Conditions cannot follow there: the arguments lie behind a pointer. An entry that lets
 * more through than the default then stays out of it, one that denies denies all.
 */
#include "bpf/import/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* One name of one entry; or what follows from it for a call that does the work of many. */
struct use {
	const char *name;
	const struct bpf_syscall *call; /* NULL: it is not in our tables */
	struct oci_rule *rule;
	unsigned int sub; /* which of socketcall's or ipc's; 0: the call itself */
	bool gone;	  /* another rule decides */
};

struct uses {
	struct use *use;      /* in the order of the profile */
	struct use **by_name; /* the same, sorted */
	size_t n;
	const struct oci_rule *socketcall, *ipc; /* the entries that decide about all of it */
};

/* clang-format off */
static const struct {
	const char *name;
	unsigned int sub; /* SYS_SOCKET and so on of <linux/net.h>; SEMOP ... of <linux/ipc.h> */
	const char *by;
} muxed[] = {
	{ "accept", 5, "socketcall" }, { "accept4", 18, "socketcall" },
	{ "bind", 2, "socketcall" }, { "connect", 3, "socketcall" },
	{ "getpeername", 7, "socketcall" }, { "getsockname", 6, "socketcall" },
	{ "getsockopt", 15, "socketcall" }, { "listen", 4, "socketcall" },
	{ "recv", 10, "socketcall" }, { "recvfrom", 12, "socketcall" },
	{ "recvmmsg", 19, "socketcall" }, { "recvmsg", 17, "socketcall" },
	{ "send", 9, "socketcall" }, { "sendmmsg", 20, "socketcall" },
	{ "sendmsg", 16, "socketcall" }, { "sendto", 11, "socketcall" },
	{ "setsockopt", 14, "socketcall" }, { "shutdown", 13, "socketcall" },
	{ "socket", 1, "socketcall" }, { "socketpair", 8, "socketcall" },
	{ "msgctl", 14, "ipc" }, { "msgget", 13, "ipc" }, { "msgrcv", 12, "ipc" },
	{ "msgsnd", 11, "ipc" }, { "semctl", 3, "ipc" }, { "semget", 2, "ipc" },
	{ "semop", 1, "ipc" }, { "semtimedop", 4, "ipc" }, { "shmat", 21, "ipc" },
	{ "shmctl", 24, "ipc" }, { "shmdt", 22, "ipc" }, { "shmget", 23, "ipc" },
};

/* Calls of machines that are not in our tables: to leave them out changes nothing here. */
static const char *const elsewhere[] = {
	"arm_fadvise64_64", "arm_sync_file_range", "atomic_barrier", "atomic_cmpxchg_32",
	"breakpoint", "cachectl", "cacheflush", "get_tls", "getpagesize", "kern_features",
	"memory_ordering", "multiplexer", "or1k_atomic", "pciconfig_iobase", "pciconfig_read",
	"pciconfig_write", "perfctr", "ppc_rtas", "recv", "rtas", "s390_guarded_storage",
	"s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr", "s390_sthyi", "send",
	"set_tls", "spill", "spu_create", "spu_run", "subpage_prot", "swapcontext",
	"switch_endian", "sync_file_range2", "sys_debug_setcontext", "sysmips", "timerfd",
	"usr26", "usr32", "utrap_install",
};
/* clang-format on */

/* The kernel takes the higher of two actions by the signed order of their upper halves. */
bool oci_laxer(uint32_t a, uint32_t b)
{
	return (int32_t)(a & SECCOMP_RET_ACTION_FULL) > (int32_t)(b & SECCOMP_RET_ACTION_FULL);
}

const char *oci_muxed(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(muxed); i++)
		if (!strcmp(muxed[i].name, name))
			return muxed[i].by;
	return NULL;
}

/* ---- the list of uses ---- */

static void add_use(struct uses *uses, const char *name, struct oci_rule *rule, unsigned int sub)
{
	struct use *use = &uses->use[uses->n];

	*use = (struct use){ .name = name, .rule = rule, .sub = sub };
	use->call = bpf_syscall_find(name, strlen(name));
	uses->by_name[uses->n++] = use;
}

/* Does an entry decide about the call NAME without conditions? */
static const struct oci_rule *find_plain(const struct oci *oci, const char *name)
{
	const struct oci_rule *rule;
	size_t i, j;

	for (i = 0; i < oci->nrules; i++) {
		rule = &oci->rules[i];
		for (j = 0; j < rule->nnames && !rule->nconds && !rule->is_default; j++)
			if (!strcmp(rule->names[j], name))
				return rule;
	}
	return NULL;
}

/* The entry's own call is there; add what it means for i386's call BY, if anything. */
static void add_mux(struct oci *oci, struct uses *uses, struct oci_rule *rule, size_t i)
{
	const char *name = muxed[i].name, *by = muxed[i].by;
	const struct oci_rule *plain = *by == 'i' ? uses->ipc : uses->socketcall;

	if (plain) {
		if (rule->nconds && oci_laxer(plain->action, oci->def))
			import_note(oci->im, rule->line,
				    "%s is let through as a whole (syscalls[%zu]), so on i386 "
				    "the conditions on %s bind nobody",
				    by, plain->number, name);
		return;
	}
	if (rule->nconds && !oci->options->faithful) {
		if (oci_laxer(rule->action, oci->def)) {
			import_note(oci->im, rule->line,
				    "on i386, %s does not get at %s: what its conditions ask lies "
				    "behind a pointer (libseccomp lets it through unasked)",
				    by, name);
			return;
		}
		import_note(oci->im, rule->line,
			    "on i386, %s gets the same for %s whatever the conditions: what they "
			    "ask lies behind a pointer",
			    by, name);
	}
	add_use(uses, by, rule, muxed[i].sub);
}

static void add_rule(struct oci *oci, struct uses *uses, struct oci_rule *rule)
{
	const char *name;
	size_t i, j;

	for (i = 0; i < rule->nnames; i++) {
		name = rule->names[i];
		add_use(uses, name, rule, 0);
		for (j = 0; j < COUNT(muxed) && oci->abis & 1u << BPF_I386; j++)
			if (*muxed[j].name == *name && !strcmp(muxed[j].name, name))
				add_mux(oci, uses, rule, j);
	}
}

static int list_uses(struct oci *oci, struct uses *uses)
{
	size_t i, n = 0;

	for (i = 0; i < oci->nrules; i++)
		n += 2 * oci->rules[i].nnames;
	uses->use = malloc((n + 1) * sizeof(*uses->use));
	uses->by_name = malloc((n + 1) * sizeof(struct use *));
	if (!uses->use || !uses->by_name)
		return -ENOMEM;
	uses->socketcall = find_plain(oci, "socketcall");
	uses->ipc = find_plain(oci, "ipc");
	for (i = 0; i < oci->nrules; i++)
		if (!oci->rules[i].is_default)
			add_rule(oci, uses, &oci->rules[i]);
	return 0;
}

/* ---- precedence ---- */

/* By name, else as in the profile. Our tables are in that order, too, which saves comparing. */
static int by_name(const void *a, const void *b)
{
	const struct use *x = *(const struct use *const *)a, *y = *(const struct use *const *)b;
	const bool known = x->call && y->call;
	const int order = known ? (x->call > y->call) - (x->call < y->call) :
				  strcmp(x->name, y->name);

	return order ? order : (x > y) - (x < y);
}

static bool has_condition(const struct use *use)
{
	return use->rule->nconds || use->sub;
}

/* The first use without a condition decides alone. */
static bool decide_plain(struct oci *oci, struct use **use, size_t n)
{
	const struct use *plain = NULL;
	size_t i;

	for (i = 0; i < n && !plain; i++)
		if (!has_condition(use[i]))
			plain = use[i];
	if (!plain)
		return false;
	for (i = 0; i < n; i++) {
		if (use[i] == plain)
			continue;
		use[i]->gone = true;
		if (use[i]->rule->raw != plain->rule->raw)
			import_note(oci->im, use[i]->rule->line,
				    "%s: syscalls[%zu] decides about it alone; libseccomp lets the "
				    "first rule without conditions win",
				    use[i]->name, plain->rule->number);
	}
	return true;
}

/* Two rules with conditions and different actions. */
static int decide_pair(struct oci *oci, const struct use *a, const struct use *b)
{
	const char *name = a->name;

	if (a->sub != b->sub || (!a->sub && oci_disjoint(a->rule, b->rule)))
		return 0;
	if (!a->sub && oci_same_conds(a->rule, b->rule))
		return import_fail(oci->im, oci->err, b->rule->line,
				   "%s: the same condition has another action in syscalls[%zu]; "
				   "libseccomp refuses that",
				   name, a->rule->number);
	import_note(oci->im, b->rule->line,
		    "%s: where the conditions of syscalls[%zu] hold, too, the stricter of the two "
		    "decides; libseccomp leaves that to chance",
		    name, a->rule->number);
	return 0;
}

static int decide(struct oci *oci, struct use **use, size_t n)
{
	size_t i, j;

	if (decide_plain(oci, use, n))
		return 0;
	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			if (use[i]->rule->raw != use[j]->rule->raw &&
			    decide_pair(oci, use[i], use[j]) < 0)
				return -EINVAL;
	return 0;
}

static int find_name(const void *key, const void *use)
{
	return strcmp(key, (*(const struct use *const *)use)->name);
}

/* Entries that are skipped, while another one decides. */
static void tell_skipped(struct oci *oci, const struct uses *uses)
{
	const struct oci_rule *rule;
	const struct use *const *found;
	size_t i, j;

	for (i = 0; i < oci->nrules; i++) {
		rule = &oci->rules[i];
		for (j = 0; j < rule->nnames && rule->is_default; j++) {
			found = bsearch(rule->names[j], uses->by_name, uses->n,
					sizeof(struct use *), find_name);
			if (found && !(*found)->sub)
				import_note(oci->im, rule->line,
					    "%s: this entry says what the default says, and the "
					    "runtimes skip such entries; syscalls[%zu] decides",
					    (*found)->name, (*found)->rule->number);
		}
	}
}

static int decide_all(struct oci *oci, const struct uses *uses)
{
	struct use **use = uses->by_name;
	size_t i, n;

	qsort(use, uses->n, sizeof(struct use *), by_name);
	for (i = 0; i < uses->n; i += n) {
		for (n = 1; i + n < uses->n; n++)
			if (strcmp(use[i]->name, use[i + n]->name) != 0)
				break;
		if (decide(oci, use + i, n) < 0)
			return -EINVAL;
	}
	tell_skipped(oci, uses);
	return 0;
}

/* ---- unknown calls ---- */

static bool is_elsewhere(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(elsewhere); i++)
		if (!strcmp(elsewhere[i], name))
			return true;
	return false;
}

/* To leave out what allows is strict; to leave out what denies more than the default is not. */
static int check_unknown(struct oci *oci, const struct uses *uses)
{
	char names[200] = "";
	const struct use *use;
	size_t i, n = 0, len;

	for (i = 0; i < uses->n; i++) {
		use = &uses->use[i];
		if (use->gone || use->call || is_elsewhere(use->name))
			continue;
		if (oci_laxer(oci->def, use->rule->action))
			return import_fail(oci->im, oci->err, use->rule->line,
					   "unknown call \"%.40s\", which the profile restricts; "
					   "without its number it would be let through",
					   use->name);
		n++;
		len = strlen(names);
		if (len + strlen(use->name) + 2 < sizeof(names))
			snprintf(names + len, sizeof(names) - len, "%s%s", n > 1 ? " " : "",
				 use->name);
	}
	if (n)
		import_note(oci->im, 0, "%zu unknown calls get what the default says: %s", n,
			    names);
	return 0;
}

/* ---- lines ---- */

void oci_list_add(struct oci *oci, struct oci_list *list, const char *name, bool known)
{
	const size_t len = strlen(name) + 2;

	if (list->len && list->len + len > OCI_WIDTH)
		oci_list_end(oci, list);
	if (len > OCI_WIDTH / 2) { /* no call has such a name; it is not known */
		import_write(oci->im, list->line, "%s ?%s\n", list->action, name);
		return;
	}
	if (!list->len)
		list->len = (size_t)snprintf(list->text, OCI_WIDTH / 2, "%s", list->action);
	list->text[list->len++] = ' ';
	if (!known)
		list->text[list->len++] = '?';
	memcpy(list->text + list->len, name, len - 2);
	list->len += len - 2;
}

void oci_list_end(struct oci *oci, struct oci_list *list)
{
	if (list->len)
		import_write(oci->im, list->line, "%.*s\n", (int)list->len, list->text);
	list->len = 0;
}

/* libseccomp keeps the other conditions, and compares them with whatever is there. */
static int write_others(struct oci *oci, const struct use *use)
{
	struct oci_rule others = *use->rule;
	size_t i, n = 0;
	int ret;

	others.conds = calloc(others.nconds + 1, sizeof(*others.conds));
	if (!others.conds)
		return -ENOMEM;
	for (i = 0; i < others.nconds; i++)
		if (use->rule->conds[i].index != 0)
			others.conds[n++] = use->rule->conds[i];
	if (others.any && n < others.nconds)
		n = 0;
	others.nconds = n;
	ret = oci_write_conds(oci, &others, use->name, " && (");
	if (n)
		import_write(oci->im, others.line, ")");
	free(others.conds);
	return ret;
}

/* socketcall(SUB, ...). ipc's number has a version in its upper half. */
static int write_mux(struct oci *oci, const struct use *use, const char *action)
{
	const struct oci_rule *rule = use->rule;
	const bool denies = !oci_laxer(rule->action, oci->def);
	const bool masked = denies && !oci->options->faithful && !strcmp(use->name, "ipc");
	int ret = 0;

	import_write(oci->im, rule->line, "%s %s if arg0 %s== %u", action, use->name,
		     masked ? "& 0xffff " : "", use->sub);
	if (oci->options->faithful)
		ret = write_others(oci, use);
	import_write(oci->im, rule->line, "\n");
	return ret;
}

static int write_use(struct oci *oci, const struct use *use, const char *action)
{
	if (use->sub)
		return write_mux(oci, use, action);
	import_write(oci->im, use->rule->line, "%s %s%s", action, use->call ? "" : "?", use->name);
	if (oci_write_conds(oci, use->rule, use->name, " if ") < 0)
		return -EINVAL;
	import_write(oci->im, use->rule->line, "\n");
	return 0;
}

static void write_heading(struct oci *oci, const struct oci_rule *rule)
{
	char clean[70];

	if (rule->comment && *rule->comment)
		import_write(oci->im, rule->line, "\n# syscalls[%zu], line %u: %s\n", rule->number,
			     rule->line, import_clean(rule->comment, clean, sizeof(clean)));
	else
		import_write(oci->im, rule->line, "\n# syscalls[%zu], line %u\n", rule->number,
			     rule->line);
}

/* The N uses belong to one entry. */
static int write_rule(struct oci *oci, const struct use *use, size_t n)
{
	struct oci_list list = { .line = use->rule->line };
	char action[40];
	size_t i;

	list.action = bpf_action_name(use->rule->action, action, sizeof(action));
	write_heading(oci, use->rule);
	for (i = 0; i < n; i++)
		if (!use[i].gone && !has_condition(&use[i]))
			oci_list_add(oci, &list, use[i].name, use[i].call);
	oci_list_end(oci, &list);
	for (i = 0; i < n; i++)
		if (!use[i].gone && has_condition(&use[i]) && write_use(oci, &use[i], action) < 0)
			return -EINVAL;
	return 0;
}

/* The uses of one kind of action, as in the profile. */
static int write_kind(struct oci *oci, const struct uses *uses, uint32_t kind)
{
	const struct use *use;
	size_t i, n, left;

	for (i = 0; i < uses->n; i += n) {
		use = &uses->use[i];
		left = 0;
		for (n = 0; i + n < uses->n && use[n].rule == use->rule; n++)
			left += !use[n].gone;
		if (left && (use->rule->action & SECCOMP_RET_ACTION_FULL) == kind &&
		    write_rule(oci, use, n) < 0)
			return -EINVAL;
	}
	return 0;
}

/* From the laxest action to the strictest. */
static int write_all(struct oci *oci, const struct uses *uses)
{
	static const uint32_t kinds[] = {
		SECCOMP_RET_ALLOW,	 SECCOMP_RET_LOG,	   SECCOMP_RET_TRACE,
		SECCOMP_RET_USER_NOTIF,	 SECCOMP_RET_ERRNO,	   SECCOMP_RET_TRAP,
		SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS,
	};
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (write_kind(oci, uses, kinds[i]) < 0)
			return -EINVAL;
	return 0;
}

int oci_emit(struct oci *oci)
{
	struct uses uses = { 0 };
	int ret = list_uses(oci, &uses);

	if (ret == 0)
		ret = decide_all(oci, &uses);
	if (ret == 0)
		ret = check_unknown(oci, &uses);
	if (ret == 0 && oci->options->faithful && oci->abis & 1u << BPF_X32)
		import_note(oci->im, 0,
			    "x32: libseccomp compares the low halves of registers there; "
			    "here, all of a register is compared");
	if (ret == 0)
		oci_enosys(oci);
	if (ret == 0)
		ret = write_all(oci, &uses);
	free(uses.use);
	free(uses.by_name);
	return ret;
}
