/* SPDX-License-Identifier: MIT */
/*
 * A minijail policy, once read, as text of our language.
 *
 * The filters of one call are tried from the first to the last there; here the last rule
 * that matches decides.  So they are written in reverse.  What is said about different
 * calls does not meet, so that otherwise the order of the profile can be kept: a call
 * is written where its last statement is.
 *
 * "||" of comparisons may be cut anywhere into several rules of the same action,
 * which keeps lines short and conditions small.
 */
#include "bpf/import/minijail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE  1200 /* bytes of a condition before it goes on in another rule */
#define MAX_ATOMS 100
#define MAX_NAMES 70 /* bytes of names on a line */

/* ---- what is always so, and what never is ---- */

static uint64_t width(const struct mj_policy *policy)
{
	return bpf_abis[policy->r->abi].long64 ? UINT64_MAX : UINT32_MAX;
}

/* The bits that "&" and "in" look at; without any, the outcome is known. */
static uint64_t mask_of(const struct mj_policy *policy, const struct mj_atom *atom)
{
	return (atom->op == MJ_IN ? ~atom->c.value : atom->c.value) & width(policy);
}

static bool is_never(const struct mj_policy *policy, const struct mj_atom *atom)
{
	return atom->op == MJ_SET && mask_of(policy, atom) == 0;
}

static bool is_always(const struct mj_policy *policy, const struct mj_atom *atom)
{
	return atom->op == MJ_IN && mask_of(policy, atom) == 0;
}

/* Take out the atoms that always hold, and the clauses with one that never does. */
static void simplify(const struct mj_policy *policy, struct mj_filter *filter)
{
	struct mj_clause **link = &filter->clauses;
	struct mj_atom **atom;
	bool never;

	while (*link) {
		never = false;
		for (atom = &(*link)->atoms; *atom;) {
			never |= is_never(policy, *atom);
			if (is_always(policy, *atom))
				*atom = (*atom)->next;
			else
				atom = &(*atom)->next;
		}
		if (never)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
}

/* After simplify(). */
static bool filter_always(const struct mj_filter *filter)
{
	const struct mj_clause *clause;

	if (!filter->conditional)
		return true;
	for (clause = filter->clauses; clause; clause = clause->next)
		if (!clause->atoms)
			return true;
	return false;
}

/* ---- conditions ---- */

static void write_atom(FILE *out, const struct mj_atom *atom)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=", "&" };
	const struct mj_const *c = &atom->c;

	if (atom->op != MJ_IN)
		fprintf(out, "arg%u %s %s", atom->arg, ops[atom->op], c->text);
	else if (c->complement)
		fprintf(out, "arg%u & %s == 0", atom->arg, c->complement);
	else
		fprintf(out, "arg%u & ~%s%s%s == 0", atom->arg, c->joined ? "(" : "", c->text,
			c->joined ? ")" : "");
}

static bool is_equal(const struct mj_clause *clause, const struct mj_clause *first)
{
	return clause && clause->atoms->op == MJ_EQ && !clause->atoms->next &&
	       clause->atoms->arg == first->atoms->arg;
}

/* One clause, or a run of "argN == K" as "argN in {K, K}". Returns the next one. */
static const struct mj_clause *write_clause(FILE *out, const struct mj_clause *clause,
					    unsigned int *atoms)
{
	const struct mj_clause *first = clause;
	const struct mj_atom *atom;

	if (!is_equal(clause, first) || !is_equal(clause->next, first)) {
		for (atom = clause->atoms; atom; atom = atom->next, ++*atoms) {
			fputs(atom == clause->atoms ? "" : " && ", out);
			write_atom(out, atom);
		}
		return clause->next;
	}
	fprintf(out, "arg%u in {", first->atoms->arg);
	for (; is_equal(clause, first) && *atoms < MAX_ATOMS && ftell(out) < MAX_LINE; ++*atoms) {
		fprintf(out, "%s%s", clause == first ? "" : ", ", clause->atoms->c.text);
		clause = clause->next;
	}
	fputc('}', out);
	return clause;
}

/* As many clauses as one rule shall have, in malloc()ed *TEXT; *CLAUSE moves on. */
static int write_some(struct mj_policy *policy, const struct mj_clause **clause, char **text)
{
	const struct mj_clause *first = *clause;
	unsigned int atoms = 0;
	size_t size;
	FILE *out = open_memstream(text, &size);

	if (!out)
		return bpf_fail(policy->r->err, -ENOMEM, NULL, "no memory");
	while (*clause && atoms < MAX_ATOMS && ftell(out) < MAX_LINE) {
		fputs(*clause == first ? "" : " || ", out);
		*clause = write_clause(out, *clause, &atoms);
	}
	return fclose(out) == 0 ? 0 : bpf_fail(policy->r->err, -ENOMEM, NULL, "no memory");
}

/* ---- rules ---- */

static void write_line(struct mj_policy *policy, const struct mj_filter *filter, const char *names,
		       const char *cond)
{
	char action[40], where[90];

	import_write(policy->r->im, reader_line(filter->place), "%s %s%s%s\t# %s\n",
		     bpf_action_name(filter->action, action, sizeof(action)), names,
		     cond ? " if " : "", cond ? cond : "",
		     reader_where(filter->place, where, sizeof(where)));
}

static int write_filter(struct mj_policy *policy, const struct mj_filter *filter, const char *names,
			bool always)
{
	const struct mj_clause *clause = filter->clauses;
	char *cond;
	int ret;

	if (always) {
		write_line(policy, filter, names, NULL);
		return 0;
	}
	while (clause) {
		cond = NULL;
		ret = write_some(policy, &clause, &cond);
		if (ret == 0)
			write_line(policy, filter, names, cond);
		free(cond);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The filters of CALL, from all its statements. */
struct list {
	struct item {
		struct mj_filter *filter;
	} * items;
	size_t n;
};

static int collect(struct mj_policy *policy, const struct mj_call *call, struct list *list)
{
	const struct mj_use *use;
	struct mj_filter *filter;
	size_t n = 0;

	for (use = call->uses; use; use = use->next)
		for (filter = use->statement->filters; filter; filter = filter->next)
			n++;
	list->n = 0;
	list->items = reader_alloc(policy->r, n * sizeof(*list->items));
	if (!list->items)
		return -E2BIG;
	for (use = call->uses; use; use = use->next)
		for (filter = use->statement->filters; filter; filter = filter->next)
			list->items[list->n++].filter = filter;
	return 0;
}

/*
 * Nothing can follow what always holds: one of the two lines is a mistake. But the
 * same line again, from a file that is included, does no harm.
 */
static int check_order(struct mj_policy *policy, const struct mj_call *call, struct list *list)
{
	const struct mj_filter *filter, *last = NULL;
	char where[90];
	size_t i, n = list->n;

	for (i = 0; i < n; i++) {
		filter = list->items[i].filter;
		if (last && (filter->conditional || filter->action != last->action))
			return reader_fail(policy->r, filter->place,
					   "'%s' was decided for all arguments at line %s",
					   call->name,
					   reader_where(last->place, where, sizeof(where)));
		if (last)
			reader_note(policy->r, filter->place, "'%s' again", call->name);
		if (!last && !filter->conditional) {
			last = filter;
			list->n = i + 1;
		}
	}
	return 0;
}

static int write_list(struct mj_policy *policy, struct list *list, const char *names)
{
	bool always = false;
	size_t i, n;
	int ret = 0;

	for (n = 0; n < list->n && !always; n++) {
		simplify(policy, list->items[n].filter);
		always = filter_always(list->items[n].filter);
	}
	for (i = n; i > 0 && ret == 0; i--)
		ret = write_filter(policy, list->items[i - 1].filter, names, i == n && always);
	return ret;
}

/* ---- statements ---- */

/* The next names of STATEMENT that have no other statement, up to a line of them; or one that has. */
static const struct mj_name *next_names(const struct mj_statement *statement,
					const struct mj_name *name, char *buf, size_t size,
					const struct mj_call **call)
{
	size_t used = 0;

	*call = NULL;
	buf[0] = '\0';
	for (; name && used < MAX_NAMES; name = name->next) {
		if (name->call->absent || name->call->last->statement != statement)
			continue;
		if (name->call->nuses > 1 && used > 0)
			return name;
		*call = name->call;
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
					 name->call->name);
		if (name->call->nuses > 1)
			return name->next;
	}
	return name;
}

static int write_statement(struct mj_policy *policy, const struct mj_statement *statement)
{
	const struct mj_name *name = statement->names;
	const struct mj_call *call;
	struct list list;
	char names[256];

	while (name) {
		name = next_names(statement, name, names, sizeof(names), &call);
		if (!call)
			continue;
		if (collect(policy, call, &list) < 0 || check_order(policy, call, &list) < 0 ||
		    write_list(policy, &list, names) < 0)
			return -EINVAL;
	}
	return 0;
}

/* ---- which of the two tools it is for ---- */

/* "EXPR; return E" as libminijail has it: allow, and E behind it. */
static int split_otherwise(struct mj_policy *policy)
{
	struct mj_statement *statement;
	struct mj_filter *filter, *other;

	for (statement = policy->statements; statement; statement = statement->next) {
		filter = statement->filters;
		if (!filter || !filter->otherwise)
			continue;
		other = reader_alloc(policy->r, sizeof(*other));
		if (!other)
			return -E2BIG;
		other->action = filter->action;
		other->place = filter->place;
		filter->action = SECCOMP_RET_ALLOW;
		filter->next = other;
	}
	return 0;
}

static int choose_tool(struct mj_policy *policy)
{
	struct reader_place place = policy->otherwise_place;
	char where[90];

	if (policy->repeated && !policy->evidence) {
		if (place.file)
			return reader_fail(policy->r, policy->repeated_place,
					   "a call again, and '; return' at line %s: minijail's "
					   "tools disagree about both; write '{ ...; ... }'",
					   reader_where(place, where, sizeof(where)));
		reader_note(
			policy->r, policy->repeated_place,
			"a call has several lines; they are tried in order, as "
			"compile_seccomp_policy.py does (libminijail heeds the first, or refuses)");
	}
	if (!place.file)
		return 0;
	if (policy->evidence) {
		reader_note(policy->r, place,
			    "'; return' is done if the expression holds, as "
			    "compile_seccomp_policy.py has it, for it is needed for %s at line %s",
			    policy->evidence,
			    reader_where(policy->evidence_place, where, sizeof(where)));
		return 0;
	}
	reader_note(policy->r, place,
		    "'; return' is done if the expression does not hold, as minijail0(5) has it "
		    "(compile_seccomp_policy.py reads it the other way round)");
	return split_otherwise(policy);
}

/* ---- the whole ---- */

static int check_denylist(struct mj_policy *policy)
{
	const struct mj_statement *statement;
	const struct mj_filter *filter;

	for (statement = policy->statements; statement; statement = statement->next)
		for (filter = statement->filters; filter; filter = filter->next)
			if ((filter->action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO &&
			    !(filter->action == SECCOMP_RET_ALLOW && filter->conditional))
				return reader_fail(policy->r, filter->place,
						   "in a @denylist each line ends with 'return'");
	return 0;
}

static void write_head(struct mj_policy *policy)
{
	struct reader *r = policy->r;
	unsigned int line = reader_line(policy->default_place);
	char action[40];

	if (policy->denylist && !policy->default_place.file)
		policy->default_action = SECCOMP_RET_ALLOW;
	bpf_action_name(policy->default_action, action, sizeof(action));
	import_write(r->im, line, "default %s\nunknown %s\nabi %s\n\n", action, action,
		     bpf_abis[r->abi].name);
	if (policy->default_action != SECCOMP_RET_KILL_PROCESS)
		reader_note(r, policy->default_place,
			    "calls of other ABIs%s kill the process, whatever the default",
			    r->abi == BPF_X86_64 ? ", also those of x32," : "");
}

int mj_write(struct mj_policy *policy)
{
	const struct mj_statement *statement;

	if (choose_tool(policy) < 0 || (policy->denylist && check_denylist(policy) < 0))
		return -EINVAL;
	write_head(policy);
	for (statement = policy->statements; statement; statement = statement->next)
		if (write_statement(policy, statement) < 0)
			return -EINVAL;
	if (policy->r->im->error)
		return bpf_fail(policy->r->err, policy->r->im->error, NULL, "no memory");
	return 0;
}
