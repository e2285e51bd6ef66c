/* SPDX-License-Identifier: MIT */
/*
 * minijail's seccomp policies.
 *
 *	read: 1				allow ("allow" means the same)
 *	open: return EPERM		also kill, kill-process, kill-thread, trap, trace, log,
 *					user-notify
 *	socket: arg0 == AF_UNIX		allow then; if not, the default action
 *	mmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE && arg3 & MAP_PRIVATE
 *	{fchown, chown}: { arg1 == 0; return EPERM, allow }
 *	io_uring_setup[arch=x86_64,arm64]: 1
 *	@include ./common.policy
 *	@default trap		@denylist	@frequency ./some.frequency
 *
 * Whole registers are compared, unsigned: argN of our language.  "arg & MASK" holds if any
 * bit of MASK is set, "arg in MASK" if no other bit is.  Filters of one call are tried in
 * order; where none holds, the default action is taken, which is to kill the process.
 *
 * There are two tools, and they differ.  libminijail takes the upper four forms, and @include;
 * compile_seccomp_policy.py takes all.  To the first, "EXPR; return E" means "allow if
 * EXPR, else E", as minijail0(5) has it; to the second, "E if EXPR, else the default".  And a
 * call that is named twice is an error to the first, unless it was built to heed
 * the first line alone; the second tries all lines in order.  So: a profile with something
 * that only the second tool takes is read as that one reads it, any other as the first does.
 */
#include "bpf/import/minijail.h"

#include <errno.h>
#include <string.h>

#define MAX_LEVELS 8
#define MAX_NR	   0xffff
#define MAX_NODES  200000 /* lines and comparisons */
#define MAX_ERRNO  4095

/* Something that libminijail would refuse. */
static void evidence(struct mj_policy *policy, struct reader_place place, const char *what)
{
	if (policy->evidence)
		return;
	policy->evidence = what;
	policy->evidence_place = place;
}

static bool at(const struct mj_lexer *lx, const char *text)
{
	return lx->token.kind != MJ_END && mj_is(&lx->token, text);
}

static int expect(struct mj_lexer *lx, const char *text)
{
	if (!at(lx, text))
		return mj_fail(lx, "expected '%s'", text);
	mj_lex_token(lx);
	return lx->r->failed ? -EINVAL : 0;
}

/* ---- actions ---- */

static const struct {
	const char *word;
	uint32_t action;
	bool is_default; /* may follow @default, which must deny */
} actions[] = {
	{ "allow", SECCOMP_RET_ALLOW, false },
	{ "kill", SECCOMP_RET_KILL_PROCESS, true },
	{ "kill-process", SECCOMP_RET_KILL_PROCESS, true },
	{ "kill-thread", SECCOMP_RET_KILL_THREAD, true },
	{ "log", SECCOMP_RET_LOG, false },
	{ "trace", SECCOMP_RET_TRACE, false },
	{ "trap", SECCOMP_RET_TRAP, true },
	{ "user-notify", SECCOMP_RET_USER_NOTIF, true },
};

/* The token is "return". Without a number it kills, says libminijail. */
static int parse_return(struct mj_lexer *lx, uint32_t *action)
{
	struct mj_const c;

	mj_lex_token(lx);
	if (lx->token.kind == MJ_END) {
		*action = SECCOMP_RET_KILL_PROCESS;
		return lx->r->failed ? -EINVAL : 0;
	}
	if (mj_parse_const(lx, &c) < 0)
		return -EINVAL;
	if (c.value == 0 || c.value > MAX_ERRNO)
		return mj_fail(lx, "'return %.40s': an errno is 1 to %d", c.text, MAX_ERRNO);
	*action = SECCOMP_RET_ERRNO | (uint32_t)c.value;
	return 0;
}

static int parse_action(struct mj_policy *policy, struct mj_lexer *lx, uint32_t *action)
{
	struct mj_const c;
	size_t i;

	if (at(lx, "return"))
		return parse_return(lx, action);
	if (lx->token.kind == MJ_NUMBER) {
		if (!mj_is(&lx->token, "1"))
			evidence(policy, lx->token.place, "a number other than 1");
		if (mj_parse_const(lx, &c) < 0)
			return -EINVAL;
		*action = SECCOMP_RET_ALLOW;
		return c.value == 1 ? 0 : mj_fail(lx, "'%.40s': only 1 allows", c.text);
	}
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!at(lx, actions[i].word))
			continue;
		evidence(policy, lx->token.place, actions[i].word);
		*action = actions[i].action;
		mj_lex_token(lx);
		return lx->r->failed ? -EINVAL : 0;
	}
	return mj_fail(lx, "expected 1, an action, 'return' or an argument");
}

/* ---- expressions ---- */

static int parse_op(struct mj_lexer *lx, enum mj_op *op)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=", "&", "in" };
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (at(lx, ops[i])) {
			*op = (enum mj_op)i;
			mj_lex_token(lx);
			return 0;
		}
	}
	return mj_fail(lx, "expected a comparison, '&' or 'in'");
}

static bool is_arg(const struct mj_token *token)
{
	return token->kind == MJ_WORD && token->len >= 4 && memcmp(token->text, "arg", 3) == 0 &&
	       token->text[3] >= '0' && token->text[3] <= '9';
}

static struct mj_atom *parse_atom(struct mj_policy *policy, struct mj_lexer *lx)
{
	struct mj_atom *atom = reader_alloc(lx->r, sizeof(*atom));

	if (!atom)
		return NULL;
	if (++policy->nodes > MAX_NODES) {
		mj_fail(lx, "more than %d comparisons", MAX_NODES);
		return NULL;
	}
	if (!is_arg(&lx->token) || lx->token.len != 4 || lx->token.text[3] > '5') {
		mj_fail(lx, "expected arg0 to arg5");
		return NULL;
	}
	atom->arg = (unsigned int)(lx->token.text[3] - '0');
	mj_lex_token(lx);
	if (parse_op(lx, &atom->op) < 0 || mj_parse_const(lx, &atom->c) < 0)
		return NULL;
	if (atom->c.spaced)
		evidence(policy, lx->token.place, "a blank within a constant");
	return atom;
}

static struct mj_clause *parse_clause(struct mj_policy *policy, struct mj_lexer *lx)
{
	struct mj_clause *clause = reader_alloc(lx->r, sizeof(*clause));
	struct mj_atom **tail = clause ? &clause->atoms : NULL;

	if (!tail)
		return NULL;
	for (;;) {
		*tail = parse_atom(policy, lx);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
		if (!at(lx, "&&"))
			return clause;
		mj_lex_token(lx);
	}
}

static int parse_expr(struct mj_policy *policy, struct mj_lexer *lx, struct mj_clause **tail)
{
	for (;;) {
		*tail = parse_clause(policy, lx);
		if (!*tail)
			return -EINVAL;
		tail = &(*tail)->next;
		if (!at(lx, "||"))
			return lx->r->failed ? -EINVAL : 0;
		mj_lex_token(lx);
	}
}

/* ---- filters ---- */

static struct mj_filter *parse_filter(struct mj_policy *policy, struct mj_lexer *lx, bool listed)
{
	struct mj_filter *filter = reader_alloc(lx->r, sizeof(*filter));

	if (!filter)
		return NULL;
	filter->place = lx->token.place;
	filter->action = SECCOMP_RET_ALLOW;
	if (!is_arg(&lx->token))
		return parse_action(policy, lx, &filter->action) < 0 ? NULL : filter;
	filter->conditional = true;
	if (parse_expr(policy, lx, &filter->clauses) < 0)
		return NULL;
	if (!at(lx, ";"))
		return filter;
	mj_lex_token(lx);
	filter->otherwise = !listed && at(lx, "return");
	if (filter->otherwise && !policy->otherwise_place.file)
		policy->otherwise_place = filter->place;
	return parse_action(policy, lx, &filter->action) < 0 ? NULL : filter;
}

static int parse_filters(struct mj_policy *policy, struct mj_lexer *lx, struct mj_filter **tail)
{
	if (!at(lx, "{")) {
		*tail = parse_filter(policy, lx, false);
		return *tail ? 0 : -EINVAL;
	}
	evidence(policy, lx->token.place, "a list of filters");
	do {
		mj_lex_token(lx);
		*tail = parse_filter(policy, lx, true);
		if (!*tail)
			return -EINVAL;
		tail = &(*tail)->next;
	} while (at(lx, ","));
	return expect(lx, "}");
}

/* ---- calls ---- */

/* "[arch=x86_64,arm64;other=word]"; *HERE: is the policy's ABI among them? */
static int parse_metadata(struct mj_policy *policy, struct mj_lexer *lx, bool *here)
{
	char name[24];
	bool is_arch;

	evidence(policy, lx->token.place, "'['");
	do {
		mj_lex_token(lx);
		if (lx->token.kind != MJ_WORD)
			return mj_fail(lx, "expected a key, as in [arch=x86_64]");
		is_arch = mj_is(&lx->token, "arch");
		*here = is_arch ? false : *here;
		mj_lex_token(lx);
		if (!at(lx, "="))
			return mj_fail(lx, "expected '='");
		do {
			mj_lex_token(lx);
			if (lx->token.kind != MJ_WORD)
				return mj_fail(lx, "expected a word");
			snprintf(name, sizeof(name), "%.*s", (int)lx->token.len, lx->token.text);
			if (is_arch && lx->token.len < sizeof(name) &&
			    bpf_abi_find(name) == (int)lx->r->abi)
				*here = true;
			mj_lex_token(lx);
		} while (at(lx, ","));
	} while (at(lx, ";"));
	return expect(lx, "]");
}

/* The name that our policy will use; NULL: told. */
static const char *call_name(struct mj_lexer *lx, bool *absent)
{
	const char *text = lx->token.text;
	size_t len = lx->token.len;
	int cut = (int)(len < 40 ? len : 40);
	const struct bpf_syscall *call;
	const char *near;
	struct mj_const c;
	char number[24];

	*absent = false;
	if (lx->token.kind == MJ_NUMBER) {
		if (mj_parse_const(lx, &c) < 0)
			return NULL;
		if (c.value > MAX_NR) {
			mj_fail(lx, "no system call has the number %.40s", c.text);
			return NULL;
		}
		call = bpf_syscall_nr(lx->r->abi, (uint32_t)c.value);
		snprintf(number, sizeof(number), "%llu", (unsigned long long)c.value);
		return call ? call->name : reader_strndup(lx->r, number, strlen(number));
	}
	call = import_is_name(text, len) ? bpf_syscall_find(text, len) : NULL;
	if (call) {
		*absent = call->nr[lx->r->abi] == BPF_NO_NR;
		mj_lex_token(lx);
		return call->name;
	}
	if (memchr(text, '@', len)) {
		mj_fail(lx, "'%.*s' is a group of calls; their list is not at hand", cut, text);
		return NULL;
	}
	near = bpf_nearest_syscall(text, len);
	mj_fail(lx, "unknown system call '%.*s'%s%s%s", cut, text, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	return NULL;
}

static struct mj_call *find_call(struct mj_policy *policy, const char *name)
{
	struct mj_call **link = &policy->calls;

	for (; *link; link = &(*link)->next)
		if (strcmp((*link)->name, name) == 0)
			return *link;
	*link = reader_alloc(policy->r, sizeof(**link));
	if (*link)
		(*link)->name = name;
	return *link;
}

static int add_use(struct mj_policy *policy, struct mj_call *call, struct mj_statement *statement)
{
	struct mj_use *use;

	if (call->last && call->last->statement == statement)
		return 0; /* "{read, read}: 1" */
	use = reader_alloc(policy->r, sizeof(*use));
	if (!use)
		return -EINVAL;
	use->statement = statement;
	if (call->last)
		call->last->next = use;
	else
		call->uses = use;
	call->last = use;
	if (call->nuses++ > 0 && !policy->repeated && !call->absent) {
		policy->repeated = true;
		policy->repeated_place = statement->place;
	}
	return 0;
}

static int parse_call(struct mj_policy *policy, struct mj_lexer *lx, struct mj_statement *statement)
{
	struct reader_place place = lx->token.place;
	bool here = true, absent;
	struct mj_call *call;
	struct mj_name **link;
	const char *name;

	if (lx->token.kind != MJ_WORD && lx->token.kind != MJ_NUMBER)
		return mj_fail(lx, "expected the name of a system call");
	name = call_name(lx, &absent);
	if (!name || (at(lx, "[") && parse_metadata(policy, lx, &here) < 0))
		return -EINVAL;
	if (!here)
		return 0;
	if (absent)
		reader_note(policy->r, place, "%s has no system call '%s'; left out",
			    bpf_abis[policy->r->abi].name, name);
	call = find_call(policy, name);
	if (!call)
		return -EINVAL;
	call->absent = absent;
	for (link = &statement->names; *link; link = &(*link)->next)
		if ((*link)->call == call)
			return 0;
	*link = reader_alloc(policy->r, sizeof(**link));
	if (!*link)
		return -EINVAL;
	(*link)->call = call;
	return add_use(policy, call, statement);
}

static int parse_calls(struct mj_policy *policy, struct mj_lexer *lx,
		       struct mj_statement *statement)
{
	if (!at(lx, "{"))
		return parse_call(policy, lx, statement);
	evidence(policy, lx->token.place, "a list of calls");
	do {
		mj_lex_token(lx);
		if (parse_call(policy, lx, statement) < 0)
			return -EINVAL;
	} while (at(lx, ","));
	return expect(lx, "}");
}

/* ---- statements ---- */

static int parse_statement(struct mj_policy *policy, struct mj_lexer *lx)
{
	struct mj_statement *statement = reader_alloc(lx->r, sizeof(*statement));

	if (!statement)
		return -EINVAL;
	if (++policy->nodes > MAX_NODES)
		return mj_fail(lx, "more than %d lines", MAX_NODES);
	statement->place = lx->token.place;
	*policy->tail = statement;
	policy->tail = &statement->next;
	if (parse_calls(policy, lx, statement) < 0 || expect(lx, ":") < 0 ||
	    parse_filters(policy, lx, &statement->filters) < 0)
		return -EINVAL;
	if (lx->comments)
		evidence(policy, statement->place, "a comment behind a statement");
	return 0;
}

static int parse_file(struct mj_policy *policy, const struct reader_file *file);

static int parse_include(struct mj_policy *policy, struct mj_lexer *lx)
{
	struct reader_place place = lx->token.place;
	const struct reader_file *file;
	const char *path = mj_lex_path(lx);

	if (!path)
		return -EINVAL;
	if (lx->file->up)
		evidence(policy, place, "@include in an included file");
	mj_lex_token(lx);
	if (lx->token.kind != MJ_END)
		return mj_fail(lx, "unexpected '%.*s' behind the path",
			       (int)(lx->token.len < 40 ? lx->token.len : 40), lx->token.text);
	file = reader_include(lx->r, place, path, MAX_LEVELS);
	return file ? parse_file(policy, file) : -EINVAL;
}

/* How often calls are made changes how fast the program is, not what it does. */
static int parse_frequency(struct mj_policy *policy, struct mj_lexer *lx)
{
	struct reader_place place = lx->token.place;
	const char *path = mj_lex_path(lx);

	if (!path)
		return -EINVAL;
	mj_read_frequency(policy->r, place, path);
	mj_lex_token(lx);
	return policy->r->failed ? -EINVAL : 0;
}

static int parse_default(struct mj_policy *policy, struct mj_lexer *lx)
{
	size_t i;

	evidence(policy, lx->token.place, "@default");
	policy->default_place = lx->token.place;
	mj_lex_token(lx);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!at(lx, actions[i].word) || !actions[i].is_default)
			continue;
		policy->default_action = actions[i].action;
		mj_lex_token(lx);
		return lx->r->failed ? -EINVAL : 0;
	}
	return mj_fail(lx, "@default takes kill, kill-process, kill-thread, trap or user-notify");
}

static int parse_denylist(struct mj_policy *policy, struct mj_lexer *lx)
{
	evidence(policy, lx->token.place, "@denylist");
	policy->denylist = true;
	mj_lex_token(lx);
	return lx->r->failed ? -EINVAL : 0;
}

static int parse_directive(struct mj_policy *policy, struct mj_lexer *lx)
{
	static const struct {
		const char *word;
		int (*parse)(struct mj_policy *policy, struct mj_lexer *lx);
	} directives[] = {
		{ "@default", parse_default },
		{ "@denylist", parse_denylist },
		{ "@frequency", parse_frequency },
		{ "@include", parse_include },
	};
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (at(lx, directives[i].word))
			return directives[i].parse(policy, lx);
	return mj_fail(lx, "unknown directive '%.*s'",
		       (int)(lx->token.len < 40 ? lx->token.len : 40), lx->token.text);
}

static int parse_file(struct mj_policy *policy, const struct reader_file *file)
{
	struct mj_lexer lx;
	int ret;

	mj_lex_start(&lx, policy->r, file);
	while (mj_lex_statement(&lx)) {
		if (lx.token.kind == MJ_DIRECTIVE)
			ret = parse_directive(policy, &lx);
		else
			ret = parse_statement(policy, &lx);
		if (ret < 0)
			return ret;
		if (lx.token.kind != MJ_END)
			return mj_fail(&lx, "unexpected '%.*s'",
				       (int)(lx.token.len < 40 ? lx.token.len : 40), lx.token.text);
	}
	return policy->r->failed ? -EINVAL : 0;
}

int import_minijail(struct import *im, const char *text, size_t len,
		    const struct import_options *options, struct bpf_error *err)
{
	struct reader r = { .im = im, .options = options, .err = err };
	struct mj_policy policy = { .r = &r, .default_action = SECCOMP_RET_KILL_PROCESS };
	const struct reader_file *file;
	int ret = -EINVAL;

	policy.tail = &policy.statements;
	file = reader_init(&r, text, len);
	if (file && parse_file(&policy, file) == 0)
		ret = mj_write(&policy);
	reader_release(&r);
	return ret;
}
