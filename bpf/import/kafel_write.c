/* SPDX-License-Identifier: MIT */
/*
 * A kafel policy, once read, as text of our language.
 *
 * There the first rule that matches decides, here the last one: where a call has several
 * rules, all are written in reverse, and otherwise in their order.
 *
 * Arguments keep their names where ours are read in the same way: as many bits, and without a
 * sign if it would matter.  Else "argN & MASK" says exactly which bits are compared.
 */
#include "bpf/import/kafel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RULES 16384
#define MAX_NAMES 70 /* bytes of names on a line */

struct item {
	const struct kf_entry *rule;
};

struct list {
	struct item *items;
	size_t n;
};

/* Paste what is used. Policies are used after they are complete, so there is no cycle. */
static int flatten(struct kf_parser *p, const struct kf_policy *policy, struct list *list,
		   unsigned int *steps)
{
	const struct kf_entry *entry;

	for (entry = policy->entries; entry; entry = entry->next) {
		if (list->n >= MAX_RULES || ++*steps > 10 * MAX_RULES)
			return reader_fail(p->r, entry->place, "more than %d rules", MAX_RULES);
		if (!entry->used)
			list->items[list->n++].rule = entry;
		else if (flatten(p, entry->used, list, steps) < 0)
			return -EINVAL;
	}
	return 0;
}

static int by_call(const void *left, const void *right)
{
	const struct item *a = left, *b = right;

	return strcmp(a->rule->call, b->rule->call);
}

/* Has some call several rules? */
static bool has_repeated(const struct list *list, struct item *sorted)
{
	size_t i;

	memcpy(sorted, list->items, list->n * sizeof(*sorted));
	qsort(sorted, list->n, sizeof(*sorted), by_call);
	for (i = 1; i < list->n; i++)
		if (strcmp(sorted[i - 1].rule->call, sorted[i].rule->call) == 0)
			return true;
	return false;
}

/* ---- conditions ---- */

static const char *number(uint64_t value, char *buf, size_t size)
{
	snprintf(buf, size, value < 10000 ? "%llu" : "0x%llx", (unsigned long long)value);
	return buf;
}

/* Is the argument's type read just as kafel reads it? */
static bool named_alike(const struct kf_cond *cond)
{
	bool ordered = cond->op != KF_EQ && cond->op != KF_NE;
	uint64_t all = cond->bits == 64 ? UINT64_MAX : UINT32_MAX;

	if (!cond->name || cond->type.bits != cond->bits)
		return false;
	return !ordered || !cond->type.is_signed || cond->mask != all;
}

static void write_atom(const struct kf_parser *p, FILE *out, const struct kf_cond *cond)
{
	static const char *const ops[] = {
		[KF_EQ] = "==", [KF_NE] = "!=", [KF_LT] = "<",
		[KF_LE] = "<=", [KF_GT] = ">",	[KF_GE] = ">=",
	};
	bool alike = named_alike(cond);
	unsigned int bits = alike ? cond->bits : bpf_abis[p->r->abi].long64 ? 64 : 32;
	uint64_t all = bits == 64 ? UINT64_MAX : UINT32_MAX;
	char buf[24];

	if (alike)
		fputs(cond->name, out);
	else
		fprintf(out, "arg%u", cond->arg);
	if ((cond->mask & all) != all)
		fprintf(out, " & %s", number(cond->mask, buf, sizeof(buf)));
	fprintf(out, " %s %s", ops[cond->op], number(cond->value, buf, sizeof(buf)));
}

/* As deep as it has comparisons, of which there are not many. */
static void write_cond(const struct kf_parser *p, FILE *out, const struct kf_cond *cond,
		       enum kf_op above)
{
	bool parens = above == KF_AND && cond->op == KF_OR;

	if (cond->op != KF_AND && cond->op != KF_OR) {
		write_atom(p, out, cond);
		return;
	}
	fputs(parens ? "(" : "", out);
	write_cond(p, out, cond->left, cond->op);
	fputs(cond->op == KF_AND ? " && " : " || ", out);
	write_cond(p, out, cond->right, cond->op);
	fputs(parens ? ")" : "", out);
}

/* ---- rules ---- */

static int write_rule(struct kf_parser *p, const struct kf_entry *rule, const char *names)
{
	char action[40], where[90], *cond = NULL;
	size_t size;
	FILE *out;

	if (rule->cond) {
		out = open_memstream(&cond, &size);
		if (!out)
			return bpf_fail(p->r->err, -ENOMEM, NULL, "no memory");
		write_cond(p, out, rule->cond, KF_OR);
		if (fclose(out) != 0) {
			free(cond);
			return bpf_fail(p->r->err, -ENOMEM, NULL, "no memory");
		}
	}
	import_write(p->r->im, reader_line(rule->place), "%s %s%s%s\t# %s\n",
		     bpf_action_name(rule->action, action, sizeof(action)), names,
		     cond ? " if " : "", cond ? cond : "",
		     reader_where(rule->place, where, sizeof(where)));
	free(cond);
	return 0;
}

/* May OTHER stand on one line with RULE? */
static bool joins(const struct kf_entry *rule, const struct kf_entry *other)
{
	return !rule->cond && !other->cond && rule->block == other->block &&
	       reader_line(rule->place) == reader_line(other->place);
}

/* Rules of one block without conditions, by lines of the profile. */
static int write_rules(struct kf_parser *p, const struct list *list)
{
	size_t i = 0, used;
	char names[256];
	const struct kf_entry *first;
	int ret = 0;

	while (i < list->n && ret == 0) {
		first = list->items[i].rule;
		used = (size_t)snprintf(names, sizeof(names), "%s", first->call);
		for (i++; i < list->n && used < MAX_NAMES && joins(first, list->items[i].rule); i++)
			used += (size_t)snprintf(names + used, sizeof(names) - used, " %s",
						 list->items[i].rule->call);
		ret = write_rule(p, first, names);
	}
	return ret;
}

static void reverse(struct list *list)
{
	struct item swap;
	size_t i;

	for (i = 0; i < list->n / 2; i++) {
		swap = list->items[i];
		list->items[i] = list->items[list->n - 1 - i];
		list->items[list->n - 1 - i] = swap;
	}
}

/* ---- the whole ---- */

static void write_head(struct kf_parser *p)
{
	char action[40];

	bpf_action_name(p->default_action, action, sizeof(action));
	import_write(p->r->im, reader_line(p->default_place), "default %s\nunknown %s\nabi %s\n\n",
		     action, action, bpf_abis[p->r->abi].name);
	if (p->default_action != SECCOMP_RET_KILL_PROCESS)
		reader_note(p->r, p->default_place,
			    "calls of other ABIs%s kill the process, whatever the default",
			    p->r->abi == BPF_X86_64 ? ", also those of x32," : "");
	if (!p->main.entries && p->policies)
		reader_note(p->r, p->default_place,
			    "no policy is used: the default is for all calls");
}

int kf_write(struct kf_parser *p)
{
	struct item *sorted;
	struct list list = { 0 };
	unsigned int steps = 0;

	list.items = reader_alloc(p->r, MAX_RULES * sizeof(*list.items));
	sorted = reader_alloc(p->r, MAX_RULES * sizeof(*sorted));
	if (!list.items || !sorted || flatten(p, &p->main, &list, &steps) < 0)
		return -EINVAL;
	if (has_repeated(&list, sorted))
		reverse(&list);
	write_head(p);
	if (write_rules(p, &list) < 0)
		return -EINVAL;
	if (p->r->im->error)
		return bpf_fail(p->r->err, p->r->im->error, NULL, "no memory");
	return 0;
}
