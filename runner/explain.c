/* SPDX-License-Identifier: MIT */
/*
 * --explain: what would be done, in which order and why. Printed from the plan, the step
 * table and the program themselves, so that it cannot say what is not so.
 */
#include "runner/limits.h"

#include <sched.h>
#include <string.h>

#define WIDTH 80

void print_wrapped(int column, int indent, const char *text)
{
	while (*text) {
		int blanks = (int)strspn(text, " ");
		int len = (int)strcspn(text + blanks, " |,");

		len += text[blanks + len] && text[blanks + len] != ' ';
		if (column + blanks + len > WIDTH && column > indent) {
			printf("\n%*s", indent, "");
			column = indent;
			text += blanks;
			blanks = 0;
		}
		printf("%.*s", blanks + len, text);
		column += blanks + len;
		text += blanks + len;
	}
	putchar('\n');
}

static void print_item(const char *name, const char *text)
{
	print_wrapped(printf("  %-13s", name), 15, text);
}

static const char *const op_names[] = {
	[NS_OP_BIND] = "bind",	     [NS_OP_TMPFS] = "tmpfs",
	[NS_OP_PROC] = "proc",	     [NS_OP_DEV] = "dev",
	[NS_OP_SYMLINK] = "symlink", [NS_OP_DIR] = "dir",
	[NS_OP_FILE] = "file",	     [NS_OP_REMOUNT_RO] = "read-only from here on",
	[NS_OP_CHMOD] = "chmod",     [NS_OP_DATA] = "a file, over what is there",
	[NS_OP_OVERLAY] = "overlay", [NS_OP_MQUEUE] = "message queues",
	[NS_OP_MASK] = "masked",
};

static const char *op_text(const struct plan *plan, const struct ns_op *op)
{
	struct bpf_arena *arena = plan->spec->arena;

	switch (op->kind) {
	case NS_OP_BIND:
		return xprintf(arena, "%s%s%s", op->flags & NS_RDONLY ? "read-only" : "WRITABLE",
			       op->flags & NS_DEV ? ", with device nodes" : "",
			       strcmp(op->source, op->dest) == 0 ?
				       "" :
				       xprintf(arena, ", the host's %s",
					       escaped(arena, op->source)));
	case NS_OP_TMPFS:
		return xprintf(arena, "empty, in memory, %llu KiB at most, mode %04o",
			       (unsigned long long)op->size / 1024, op->mode);
	case NS_OP_PROC:
		return op->flags & NS_PIDS ?
			       "of the sandbox, its processes and nothing else" :
		       op->flags & NS_WHOLE ?
			       "of the sandbox; what tells of the host is NOT masked" :
			       "of the sandbox; what tells of the host is masked";
	case NS_OP_DEV:
		return "null zero full random urandom, own pts and shm";
	case NS_OP_OVERLAY:
		return xprintf(arena, "%zu layers of the host's, %s", op->nlayers,
			       op->flags & NS_RDONLY ? "read-only" :
			       op->flags & NS_UPPER  ? "the upper one WRITABLE" :
						       "what is written is forgotten");
	case NS_OP_SYMLINK:
		return xprintf(arena, "-> %s", escaped(arena, op->source));
	case NS_OP_CHMOD:
		return xprintf(arena, "mode %04o", op->mode);
	default:
		return op_names[op->kind];
	}
}

static void print_files(const struct plan *plan)
{
	struct bpf_arena *arena = plan->spec->arena;

	print_item("files", "a root of its own, on a tmpfs, and in it:");
	for (size_t i = 0; i < plan->tree.nops; i++) {
		const struct ns_op *op = &plan->tree.ops[i];

		if (!op->skip)
			print_wrapped(printf("    %-25s ", escaped(arena, op->dest)), 30,
				      op_text(plan, op));
	}
}

static void print_identity(const struct plan *plan)
{
	const struct ns_idmap *map = &plan->idmap;
	struct bpf_arena *arena = plan->spec->arena;
	unsigned int uids = 1, gids = 1;

	for (unsigned int i = 0; i < map->nuids; i++)
		uids += map->uids[i].count;
	for (unsigned int i = 0; i < map->ngids; i++)
		gids += map->gids[i].count;
	print_item("identity",
		   xprintf(arena, "user %u, group %u; outside these are %u and %u, and %s",
			   map->inside_uid, map->inside_gid, map->outside_uid, map->outside_gid,
			   !(plan->namespaces & CLONE_NEWUSER) ? "all of the HOST'S ids exist" :
			   uids + gids == 2		       ? "no other id exists inside" :
								 xprintf(arena,
									 "inside there are %u users and %u groups in "
											    "all",
									 uids, gids)));
}

static void print_network(const struct plan *plan)
{
	const struct spec *spec = plan->spec;

	switch (spec->net) {
	case NET_NONE:
		print_item("network", "loopback, and nothing else");
		break;
	case NET_HOST:
		print_item("network", "the HOST'S");
		break;
	case NET_PASTA:
		print_item("network", "loopback, and by pasta what the host can reach, but not "
				      "the host's own loopback");
		break;
	case NET_PATH:
		print_item("network", xprintf(spec->arena, "the namespace %s",
					      escaped(spec->arena, spec->net_path)));
		break;
	}
}

static void print_sight(const struct plan *plan)
{
	struct bpf_arena *arena = plan->spec->arena;
	const char *own = "", *shared = "";

	for (const struct ns_kind *kind = ns_kinds; kind->name; kind++) {
		if (plan->namespaces & kind->flag)
			own = xprintf(arena, "%s %s", own, kind->name);
		else
			shared = xprintf(arena, "%s %s", shared, kind->name);
	}
	puts("What it can see (ns/)");
	print_item("namespaces",
		   xprintf(arena, "its own: %s%s%s", own, *shared ? "- the HOST'S: " : "", shared));
	print_identity(plan);
	print_item("host name", plan->hostname);
	print_network(plan);
	print_files(plan);
	print_item("starts in", plan->directory);
	for (char **e = plan->envp; *e; e++)
		print_item(e == plan->envp ? "environment" : "", escaped(arena, *e));
}

static void print_landlock(const struct plan *plan)
{
	static const struct {
		unsigned int wall;
		const char *text;
	} walls[] = {
		{ CAPS_LANDLOCK_FILES, "files: what each of them says, and nothing else" },
		{ CAPS_LANDLOCK_NET, "no TCP" },
		{ CAPS_LANDLOCK_SCOPE, "no abstract socket and no signal to the outside" },
	};
	const char *name = "landlock";

	for (unsigned int i = 0; i < sizeof(walls) / sizeof(*walls); i++) {
		const char *here = plan->landlock & walls[i].wall    ? "" :
				   plan->no_landlock & walls[i].wall ? " (NOT HERE)" :
								       NULL;

		if (!here)
			continue;
		print_item(name, xprintf(plan->spec->arena, "%s%s", walls[i].text, here));
		name = "";
	}
	if (*name)
		print_item(name, "none");
}

static void print_power(const struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct bpf_arena *arena = spec->arena;
	const char *text = "";
	char caps[CAPS_TEXT_SIZE];

	puts("\nWhat it may do (caps/)");
	print_item("capabilities",
		   spec->caps ?
			   xprintf(arena, "over its own namespaces: %s; and no way to get another",
				   caps_set_text(spec->caps, caps, sizeof(caps))) :
			   "none, in none of the five sets, and no way to get one: bounding "
			   "set empty, securebits locked, no_new_privs");
	text = plan->securebits ? "" : " none";
	for (const struct caps_securebit *row = caps_securebits; row->name; row++) {
		if (plan->securebits & row->bit)
			text = xprintf(arena, "%s %s", text, row->name);
	}
	if (plan->securebits != CAPS_SECUREBITS_LOCKED)
		print_item("securebits", text + 1);
	text = "";
	for (unsigned int i = 0; i < plan->nlimits; i++) {
		rlim_t value = plan->limits[i].limit.rlim_cur;

		text = xprintf(arena, "%s%s%s %s", text, *text ? ", " : "",
			       plan->limits[i].row->name,
			       value == RLIM_INFINITY ?
				       "unlimited" :
				       xprintf(arena, "%llu", (unsigned long long)value));
	}
	print_item("limits", text);
	if (spec->exec_label)
		print_item("label", label_text(plan));
	text = "";
	for (unsigned int i = 0; i < LIMIT_KINDS; i++) {
		if (spec->limited & (1u << i))
			text = xprintf(arena, "%s%s%s %s", text, *text ? ", " : "", limit_names[i],
				       limit_value(spec, (enum limit_kind)i));
	}
	if (*text)
		print_item("all together", text);
	text = "0 1 2";
	for (unsigned int i = 0; i < spec->nkeep_fds; i++)
		text = xprintf(arena, "%s %d", text, spec->keep_fds[i]);
	print_item("descriptors", text);
	print_landlock(plan);
	print_item("terminal",
		   plan->terminal ? "one of its own, which sbrun relays" : "none controls it");
	if (spec->has_output_limit)
		print_item("output", xprintf(arena, "%llu bytes at most",
					     (unsigned long long)spec->output_limit));
	if (spec->time_limit > 0)
		print_item("time", xprintf(arena, "%g seconds", spec->time_limit));
}

/* The rules that look at arguments, as they are written, and what becomes of the rest. */
static void print_rules(const struct plan *plan)
{
	const struct bpf_policy *policy = &plan->spec->syscalls;
	struct seccomp_data data = { .arch = bpf_abis[bpf_abi_native()].arch };
	uint32_t others = policy->default_action;
	const char *name = "by argument";
	char action[64];

	for (const struct bpf_policy *one = policy; one; one = one->under) {
		others = bpf_strictest(others, one->default_action);
		for (const struct bpf_rule *rule = one->rules; rule; rule = rule->next) {
			if (!rule->cond)
				continue;
			print_item(name, xprintf(plan->spec->arena, "%s  (%s:%u)", rule->text,
						 rule->place.file, rule->place.line));
			name = "";
		}
	}
	data.nr = (int)bpf_syscall_max(bpf_abi_native()) + 1;
	bpf_action_name(bpf_policy_eval(policy, &data, NULL), action, sizeof(action));
	print_item("newer calls", action);
	bpf_action_name(others, action, sizeof(action));
	print_item("all others", action);
	if (policy->under)
		print_item("stacked", "a call runs if each of these policies lets it run; the "
				      "program is proved to let none run that one of them does "
				      "not, whatever its arguments");
}

static void print_questions(const struct plan *plan)
{
	const struct bpf_policy *policy = &plan->spec->syscalls;
	struct bpf_arena *arena = plan->spec->arena;
	enum bpf_abi_id native = bpf_abi_native();
	unsigned int allowed = 0, cached = 0;
	const char *names = "";

	for (size_t i = 0; i < bpf_nsyscalls; i++) {
		int nr = bpf_syscalls[i].nr[native];
		struct seccomp_data data = { .nr = nr, .arch = bpf_abis[native].arch };

		if (nr == BPF_NO_NR || bpf_policy_eval(policy, &data, NULL) != SECCOMP_RET_ALLOW)
			continue;
		allowed++;
		cached += bpf_is_cached(plan->filter->insn, plan->filter->len, data.arch,
					(uint32_t)nr);
	}
	for (int abi = 0; abi < BPF_ABIS; abi++) {
		if (policy->abis & (1u << abi))
			names = xprintf(arena, "%s%s%s", names, *names ? " " : "",
					bpf_abis[abi].name);
	}
	puts("\nWhat it may ask (bpf/)");
	print_item("ABI", xprintf(arena, "%s; a call of another kills", names));
	print_item("allowed",
		   xprintf(arena,
			   "%u system calls; for %u of them, whatever their arguments, the "
			   "kernel remembers that and does not run the filter again",
			   allowed, cached));
	print_rules(plan);
	print_item("program",
		   xprintf(arena,
			   "%u instructions of classic BPF, proved equal to the policy on "
			   "%lu cases that cover all inputs",
			   plan->filter->len, plan->cases));
}

static void print_steps(void)
{
	static const char *const actors[] = { "init", "payload", "warden" };

	puts("\nHow it gets there: each step fails closed, and stands where it does for a reason.\n"
	     "init is PID 1 inside; payload becomes the command; warden is init again.");
	for (const struct step *step = steps; step->name; step++)
		print_wrapped(printf("  %-8s %-13s", actors[step->actor], step->name), 24,
			      step->why);
}

void explain(const struct plan *plan)
{
	const struct spec *spec = plan->spec;
	const char *part = spec->explain ? spec->explain : "";
	bool all = !*part;

	if (all || strcmp(part, "plan") == 0) {
		printf("%s, under the policy %s\n\n",
		       plan->argv ? escaped(spec->arena, plan->argv[0]) : "A command",
		       spec->policy);
		print_sight(plan);
		print_power(plan);
		print_questions(plan);
	}
	if (all || strcmp(part, "steps") == 0)
		print_steps();
	if (all || strcmp(part, "program") == 0) {
		puts("\nThe filter, as the kernel gets it:");
		bpf_disasm(stdout, plan->filter, &spec->syscalls);
	}
}
