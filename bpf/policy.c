/* SPDX-License-Identifier: MIT */
/*
 * Policies: one line at a time into struct bpf_policy.
 *
 *	default ACTION			a call that no rule names
 *	unknown ACTION			a number newer than our tables
 *	abi NAME...			instead of the native one; before the first rule
 *	set @NAME CALL...		a name for many calls
 *	ACTION CALL... [if COND]	a rule; the last one that matches decides
 *
 * A CALL is a name, "?name" (skipped when nobody knows it), "@set", or a number, for
 * calls that are newer than the tables. Whatever is not understood is an error
 * that says where, and what was probably meant: a policy that is half understood is
 * worse than none.
 *
 * Saying the same thing twice is fine, so that files can be included from two places;
 * saying two different things is an error that names both places.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

/* Lists are copied for each rule, so this bounds the work that one file can make. */
#define MAX_RULES 16384
#define MAX_SETS  1024 /* they are looked for one after the other */

/* A call without a name: numbers are dense, far below this in every ABI of the table. */
#define MAX_NR 0xffff

static const char *const keywords[] = {
	"abi",	       "allow",	 "default", "deny",  "errno(E)", "kill",    "log",
	"kill-thread", "notify", "set",	    "trace", "trap",	 "unknown",
};

const char *bpf_policy_keyword(size_t i)
{
	return i < sizeof(keywords) / sizeof(keywords[0]) ? keywords[i] : NULL;
}

static bool is_errno(const char *word, size_t len)
{
	return len >= 5 && memcmp(word, "errno", 5) == 0 && (len == 5 || word[5] == '(');
}

bool bpf_policy_word(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strlen(keywords[i]) == len && memcmp(keywords[i], word, len) == 0)
			return true;
	return is_errno(word, len);
}

void bpf_policy_init(struct bpf_policy *policy, struct bpf_arena *arena)
{
	memset(policy, 0, sizeof(*policy));
	policy->arena = arena;
	policy->abis = 1u << bpf_abi_native();
	policy->unknown_action = SECCOMP_RET_ERRNO | ENOSYS;
}

/* "at FILE:LINE", or what is known of it: where the other one was said. */
static const char *place_text(const struct bpf_place *place, char *buf, size_t size)
{
	if (!place->file)
		snprintf(buf, size, "before");
	else if (place->line == 0)
		snprintf(buf, size, "by %.60s", place->file);
	else
		snprintf(buf, size, "at %.60s:%u", place->file, place->line);
	return buf;
}

/* ---- actions ---- */

static const char *next_keyword(const void *names, size_t i)
{
	(void)names;
	return bpf_policy_keyword(i);
}

static int parse_action(struct bpf_lexer *lx, uint32_t *action)
{
	const struct bpf_token *token = &lx->token;
	const char *near;
	int ret = bpf_action_parse(token->text, token->len, action);

	if (ret == 0)
		return 0;
	if (token->kind == BPF_TOKEN_END)
		return bpf_lex_fail(lx, token, "expected an action: allow, errno(E), kill, ...");
	if (ret == -ERANGE || is_errno(token->text, token->len))
		return bpf_lex_fail(lx, token,
				    "'%.*s': expected errno(NAME) or errno(1) to errno(4095)",
				    BPF_CUT(token->len), token->text);
	near = bpf_nearest(token->text, token->len, next_keyword, NULL);
	return bpf_lex_fail(lx, token, "unknown word '%.*s'%s%s%s", BPF_CUT(token->len),
			    token->text, near ? "; did you mean '" : "", near ? near : "",
			    near ? "'?" : "");
}

static int expect_end(struct bpf_lexer *lx)
{
	bpf_lex_word(lx, '\0');
	if (lx->token.kind != BPF_TOKEN_END)
		bpf_lex_fail(lx, &lx->token, "unexpected '%.*s'", BPF_CUT(lx->token.len),
			     lx->token.text);
	return lx->error;
}

/* "default" and "unknown": one action each, said once, or twice alike. */
struct single {
	const char *word;
	bool *said;
	uint32_t *action;
	struct bpf_place *place;
};

static int parse_single(struct bpf_lexer *lx, const struct single *single)
{
	struct bpf_token word = lx->token;
	uint32_t action;
	char where[80];

	bpf_lex_word(lx, '\0');
	if (parse_action(lx, &action) < 0 || expect_end(lx) < 0)
		return lx->error;
	if (*single->said && *single->action != action)
		return bpf_lex_fail(lx, &word, "'%s' says something else than it did %s",
				    single->word, place_text(single->place, where, sizeof(where)));
	if (!*single->said)
		*single->place = bpf_token_place(lx, &word);
	*single->said = true;
	*single->action = action;
	return 0;
}

/* ---- abi ---- */

static int parse_abi(struct bpf_lexer *lx, struct bpf_policy *policy)
{
	struct bpf_token word = lx->token;
	unsigned int abis = 0;
	char name[16], where[80];
	int abi;

	for (bpf_lex_word(lx, '\0'); lx->token.kind != BPF_TOKEN_END; bpf_lex_word(lx, '\0')) {
		snprintf(name, sizeof(name), "%.*s", (int)lx->token.len, lx->token.text);
		abi = lx->token.len < sizeof(name) ? bpf_abi_find(name) : -ENOENT;
		if (abi < 0)
			return bpf_lex_fail(lx, &lx->token,
					    "unknown ABI '%.*s'; there are x86_64, i386, x32, "
					    "aarch64 and riscv64",
					    BPF_CUT(lx->token.len), lx->token.text);
		abis |= 1u << abi;
	}
	if (abis == 0)
		return bpf_lex_fail(lx, &lx->token, "expected the name of an ABI");
	if (policy->has_abi && policy->abis != abis)
		return bpf_lex_fail(lx, &word, "'abi' names others than it did %s",
				    place_text(&policy->abi_place, where, sizeof(where)));
	/* Rules were checked against the ABIs that held when they were read. */
	if (policy->rules && policy->abis != abis)
		return bpf_lex_fail(lx, &word, "'abi' must come before the first rule, which is %s",
				    place_text(&policy->rules->place, where, sizeof(where)));
	if (!policy->has_abi)
		policy->abi_place = bpf_token_place(lx, &word);
	policy->has_abi = true;
	policy->abis = abis;
	return 0;
}

/* ---- calls ---- */

struct call_list {
	const struct bpf_call *first;
	const struct bpf_call **tail;
	unsigned int words; /* as written, with those that were skipped */
};

/* Append; a call that is there already is not listed twice. */
static int add_call(struct bpf_lexer *lx, struct bpf_policy *policy, struct call_list *list,
		    struct bpf_call what)
{
	const struct bpf_call *old;
	struct bpf_call *call;

	for (old = list->first; old; old = old->next)
		if (old->syscall == what.syscall && old->nr == what.nr)
			return 0;
	call = bpf_alloc(policy->arena, sizeof(*call));
	if (!call)
		return bpf_lex_full(lx);
	call->syscall = what.syscall;
	call->nr = what.nr;
	*list->tail = call;
	list->tail = &call->next;
	return 0;
}

static const struct bpf_set *find_set(const struct bpf_policy *policy, const char *name, size_t len)
{
	const struct bpf_set *set;

	for (set = policy->sets; set; set = set->next)
		if (strlen(set->name) == len && memcmp(set->name, name, len) == 0)
			return set;
	return NULL;
}

static const char *next_set(const void *names, size_t i)
{
	const struct bpf_set *set = names;

	for (; set && i > 0; i--)
		set = set->next;
	return set ? set->name : NULL;
}

static int add_set(struct bpf_lexer *lx, struct bpf_policy *policy, struct call_list *list)
{
	const char *name = lx->token.text + 1;
	size_t len = lx->token.len - 1;
	const struct bpf_set *set = find_set(policy, name, len);
	const struct bpf_call *call;
	const char *near;

	if (!set) {
		near = bpf_nearest(name, len, next_set, policy->sets);
		return bpf_lex_fail(lx, &lx->token, "unknown set '@%.*s'%s%s%s", BPF_CUT(len), name,
				    near ? "; did you mean '@" : "", near ? near : "",
				    near ? "'?" : "");
	}
	for (call = set->calls; call; call = call->next)
		if (add_call(lx, policy, list, *call) < 0)
			return lx->error;
	return 0;
}

static int add_number(struct bpf_lexer *lx, struct bpf_policy *policy, struct call_list *list)
{
	struct bpf_call call = { 0 };
	uint64_t nr;

	if (bpf_lex_number(lx, &lx->token, &nr) < 0)
		return lx->error;
	if (nr & BPF_X32_BIT && nr < 2 * (uint64_t)BPF_X32_BIT)
		return bpf_lex_fail(lx, &lx->token, "write x32's numbers without bit 30: %u",
				    (unsigned int)(nr & ~(uint64_t)BPF_X32_BIT));
	if (nr > MAX_NR)
		return bpf_lex_fail(lx, &lx->token, "no system call has a number above %d", MAX_NR);
	call.nr = (uint32_t)nr;
	return add_call(lx, policy, list, call);
}

static int add_name(struct bpf_lexer *lx, struct bpf_policy *policy, struct call_list *list)
{
	bool optional = *lx->token.text == '?';
	const char *name = lx->token.text + optional;
	size_t len = lx->token.len - optional;
	struct bpf_call call = { 0 };
	struct bpf_token at = lx->token;
	const char *near;

	call.syscall = bpf_syscall_find(name, len);
	if (call.syscall)
		return add_call(lx, policy, list, call);
	if (optional && len > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") >= len)
		return 0;
	at.text = name;
	near = bpf_nearest_syscall(name, len);
	return bpf_lex_fail(lx, &at, "unknown system call '%.*s'%s%s%s", BPF_CUT(len), name,
			    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Calls up to "if" or the end; at least one. */
static int parse_calls(struct bpf_lexer *lx, struct bpf_policy *policy, struct call_list *list)
{
	int ret;

	list->first = NULL;
	list->tail = &list->first;
	list->words = 0;
	for (bpf_lex_word(lx, '('); lx->token.kind != BPF_TOKEN_END; bpf_lex_word(lx, '(')) {
		if (bpf_token_is(&lx->token, "if"))
			break;
		list->words++;
		if (*lx->token.text == '@')
			ret = add_set(lx, policy, list);
		else if (*lx->token.text >= '0' && *lx->token.text <= '9')
			ret = add_number(lx, policy, list);
		else
			ret = add_name(lx, policy, list);
		if (ret < 0)
			return ret;
	}
	if (list->words == 0)
		bpf_lex_fail(lx, &lx->token, "expected a system call");
	return lx->error;
}

static bool same_calls(const struct bpf_call *a, const struct bpf_call *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (a->syscall != b->syscall || a->nr != b->nr)
			return false;
	return a == b;
}

/* ---- sets and rules ---- */

static int check_set_name(struct bpf_lexer *lx)
{
	static const char valid[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-";

	if (lx->token.kind == BPF_TOKEN_END || *lx->token.text != '@')
		return bpf_lex_fail(lx, &lx->token, "expected the set's name: @NAME");
	if (lx->token.len < 2 || 1 + strspn(lx->token.text + 1, valid) < lx->token.len)
		return bpf_lex_fail(lx, &lx->token,
				    "'%.*s': a set's name has letters, digits, '_' and '-'",
				    BPF_CUT(lx->token.len), lx->token.text);
	return 0;
}

static int parse_set(struct bpf_lexer *lx, struct bpf_policy *policy)
{
	const struct bpf_set *old;
	struct bpf_token name;
	struct call_list list;
	struct bpf_set *set;
	char where[80];

	bpf_lex_word(lx, '\0');
	if (check_set_name(lx) < 0)
		return lx->error;
	name = lx->token;
	if (parse_calls(lx, policy, &list) < 0)
		return lx->error;
	if (lx->token.kind != BPF_TOKEN_END)
		return bpf_lex_fail(lx, &lx->token, "a set has no condition");
	old = find_set(policy, name.text + 1, name.len - 1);
	if (old && same_calls(old->calls, list.first))
		return 0;
	if (old)
		return bpf_lex_fail(lx, &name, "the set '%.*s' was another %s", BPF_CUT(name.len),
				    name.text, place_text(&old->place, where, sizeof(where)));
	if (policy->nsets == MAX_SETS)
		return bpf_lex_fail(lx, &name, "more than %d sets", MAX_SETS);
	set = bpf_alloc(policy->arena, sizeof(*set));
	if (!set)
		return bpf_lex_full(lx);
	set->name = bpf_strndup(policy->arena, name.text + 1, name.len - 1);
	if (!set->name)
		return bpf_lex_full(lx);
	set->calls = list.first;
	set->place = bpf_token_place(lx, &name);
	set->next = policy->sets;
	policy->sets = set;
	policy->nsets++;
	return 0;
}

static void append_rule(struct bpf_policy *policy, struct bpf_rule *rule)
{
	rule->number = ++policy->nrules;
	if (policy->last)
		policy->last->next = rule;
	else
		policy->rules = rule;
	policy->last = rule;
}

static int parse_rule(struct bpf_lexer *lx, struct bpf_policy *policy)
{
	struct bpf_rule *rule = bpf_alloc(policy->arena, sizeof(*rule));
	struct call_list list;

	if (!rule)
		return bpf_lex_full(lx);
	rule->text = lx->text;
	rule->place = bpf_token_place(lx, &lx->token);
	if (parse_action(lx, &rule->action) < 0 || parse_calls(lx, policy, &list) < 0)
		return lx->error;
	rule->calls = list.first;
	if (lx->token.kind != BPF_TOKEN_END && bpf_cond_parse(lx, policy, rule) < 0)
		return lx->error;
	if (!rule->calls)
		return 0; /* nothing but "?names" that nobody knows */
	if (policy->nrules >= MAX_RULES)
		return bpf_lex_fail(lx, &lx->token, "more than %d rules", MAX_RULES);
	append_rule(policy, rule);
	return 0;
}

int bpf_policy_line(struct bpf_policy *policy, const char *text, const struct bpf_place *place,
		    struct bpf_error *err)
{
	const struct single singles[] = {
		{ "default", &policy->has_default, &policy->default_action,
		  &policy->default_place },
		{ "unknown", &policy->has_unknown, &policy->unknown_action,
		  &policy->unknown_place },
	};
	struct bpf_lexer lx;
	const char *copy;
	size_t i;

	if (bpf_lex_start(&lx, text, place, err) < 0)
		return lx.error;
	copy = bpf_strndup(policy->arena, text, strlen(text));
	if (!copy)
		return bpf_lex_full(&lx);
	lx.text = lx.at = copy;
	bpf_lex_word(&lx, '\0');
	for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (bpf_token_is(&lx.token, singles[i].word))
			return parse_single(&lx, &singles[i]);
	if (bpf_token_is(&lx.token, "abi"))
		return parse_abi(&lx, policy);
	if (bpf_token_is(&lx.token, "set"))
		return parse_set(&lx, policy);
	return parse_rule(&lx, policy);
}

int bpf_policy_finish(struct bpf_policy *policy, struct bpf_error *err)
{
	const struct bpf_place *place = policy->rules ? &policy->rules->place : NULL;

	if (policy->has_default)
		return 0;
	return bpf_fail(err, -EINVAL, place,
			"the policy does not say what becomes of calls that no rule names; "
			"add 'default kill' or another 'default ACTION'");
}
