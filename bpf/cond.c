/* SPDX-License-Identifier: MIT */
/*
 * Conditions: what follows "if" in a policy line.
 *
 *	cond:	and { "||" and }
 *	and:	not { "&&" not }
 *	not:	"!" not | "(" cond ")" | atom
 *	atom:	ARG [ "&" const ] ( OP const | "in" "{" const { "," const } "}" )
 *		ARG "&" const			(not zero)
 *	const:	term { "|" term }
 *	term:	NUMBER | NAME | "~" term | "-" NUMBER | "(" const ")"
 *
 * "&" binds tighter than "==", unlike in C, where "prot & PROT_EXEC == 0" is a famous
 * mistake. An argument's name is resolved for every call of the rule under every ABI of
 * the policy; a constant must fit the narrowest of them, because a filter that looks
 * at bits which the kernel does not read decides nothing.
 *
 * "arg in {1, 2}" becomes "arg == 1 || arg == 2": what comes after the parser knows no "in".
 */
#include "bpf/internal.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 64   /* of parentheses and "!", which recurse */
#define MAX_NODES 1000 /* in one condition; a chain of "||" is as deep as it is long */

struct parser {
	struct bpf_lexer *lx;
	struct bpf_policy *policy;
	struct bpf_rule *rule;
	unsigned int depth, nodes;
};

/* The narrowest form that one argument has among the calls of a rule. */
struct narrowest {
	unsigned int bits;
	const struct bpf_call *call;
	enum bpf_abi_id abi;
};

struct constant {
	struct bpf_token token; /* where it begins */
	uint64_t value;
	bool inverted; /* "~" was used: the bits above the argument's may all be ones */
	const char *text;
};

static const struct bpf_expr *parse_or(struct parser *p);

uint64_t bpf_width_mask(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

int bpf_call_arg(const struct bpf_call *call, enum bpf_abi_id abi, const char *name, size_t len,
		 struct bpf_argtype *type)
{
	if (call->syscall)
		return bpf_syscall_arg(call->syscall, abi, name, len, type);
	if (len != 4 || memcmp(name, "arg", 3) != 0 || name[3] < '0' || name[3] > '5')
		return -ENOENT;
	memset(type, 0, sizeof(*type));
	type->bits = bpf_abis[abi].long64 ? 64 : 32;
	return name[3] - '0';
}

/* ---- arguments ---- */

static void list_args(const struct bpf_syscall *call, char *buf, size_t size)
{
	size_t used = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < call->nargs && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 call->args[i].name);
}

static int fail_arg(struct parser *p, const struct bpf_token *token, const struct bpf_call *call)
{
	const struct bpf_syscall *syscall = call->syscall;
	char names[100];

	if (!syscall)
		return bpf_lex_fail(p->lx, token,
				    "call %u is a bare number; its arguments are arg0 to arg5",
				    call->nr);
	if (syscall->nargs == 0 && syscall->args[0].name == NULL)
		return bpf_lex_fail(p->lx, token,
				    "the arguments of '%s' have no known names; use arg0 to arg5",
				    syscall->name);
	list_args(syscall, names, sizeof(names));
	return bpf_lex_fail(p->lx, token, "'%s' has no argument '%.*s'; it has: %s", syscall->name,
			    BPF_CUT(token->len), token->text, names[0] ? names : "none");
}

/* Every call of the rule must have the argument, under every ABI that has the call. */
static int resolve_arg(struct parser *p, const struct bpf_token *token, struct narrowest *narrowest)
{
	const struct bpf_call *call;
	struct bpf_argtype type;
	unsigned int abi;
	int ret;

	narrowest->bits = 64;
	narrowest->call = NULL;
	for (call = p->rule->calls; call; call = call->next) {
		for (abi = 0; abi < BPF_ABIS; abi++) {
			if (!(p->policy->abis & (1u << abi)) || bpf_call_nr(call, abi) == BPF_NO_NR)
				continue;
			ret = bpf_call_arg(call, abi, token->text, token->len, &type);
			if (ret == -EOPNOTSUPP)
				return bpf_lex_fail(p->lx, token,
						    "'%.*s' of '%s' is not in one register on %s; "
						    "use arg0 to arg5, or name other ABIs with "
						    "'abi'",
						    BPF_CUT(token->len), token->text,
						    call->syscall ? call->syscall->name : "?",
						    bpf_abis[abi].name);
			if (ret < 0)
				return fail_arg(p, token, call);
			if (!narrowest->call || type.bits < narrowest->bits) {
				narrowest->bits = type.bits;
				narrowest->call = call;
				narrowest->abi = abi;
			}
		}
	}
	return 0;
}

/* ---- constants ---- */

static int parse_const(struct parser *p, struct constant *c);

static int parse_name(struct parser *p, uint64_t *value)
{
	const struct bpf_token *token = &p->lx->token;
	const char *near;

	if (bpf_token_is(token, "NULL")) {
		*value = 0;
		return 0;
	}
	if (bpf_constant(token->text, token->len, value) == 0)
		return 0;
	near = bpf_nearest_constant(token->text, token->len);
	return bpf_lex_fail(p->lx, token, "unknown constant '%.*s'%s%s%s", BPF_CUT(token->len),
			    token->text, near ? "; did you mean '" : "", near ? near : "",
			    near ? "'?" : "");
}

static int parse_negative(struct parser *p, uint64_t *value)
{
	struct bpf_lexer *lx = p->lx;

	bpf_lex_token(lx);
	if (lx->token.kind != BPF_TOKEN_NUMBER)
		return bpf_lex_fail(lx, &lx->token, "expected a number after '-'");
	if (bpf_lex_number(lx, &lx->token, value) < 0)
		return lx->error;
	if (*value > UINT64_C(1) << 63)
		return bpf_lex_fail(lx, &lx->token, "'-%.*s' does not fit 64 bits",
				    BPF_CUT(lx->token.len), lx->token.text);
	*value = -*value;
	return 0;
}

static int parse_term(struct parser *p, struct constant *c)
{
	struct bpf_lexer *lx = p->lx;
	int ret;

	if (++p->depth > MAX_DEPTH)
		return bpf_lex_fail(lx, &lx->token, "nested more than %d deep", MAX_DEPTH);
	if (lx->token.kind == BPF_TOKEN_NUMBER) {
		ret = bpf_lex_number(lx, &lx->token, &c->value);
	} else if (lx->token.kind == BPF_TOKEN_WORD) {
		ret = parse_name(p, &c->value);
	} else if (bpf_token_is(&lx->token, "-")) {
		ret = parse_negative(p, &c->value);
	} else if (bpf_token_is(&lx->token, "~")) {
		bpf_lex_token(lx);
		ret = parse_term(p, c);
		c->value = ~c->value;
		c->inverted = true;
		p->depth--;
		return ret;
	} else if (bpf_token_is(&lx->token, "(")) {
		bpf_lex_token(lx);
		ret = parse_const(p, c);
		if (ret == 0 && !bpf_token_is(&lx->token, ")"))
			ret = bpf_lex_fail(lx, &lx->token, "expected ')'");
	} else {
		ret = bpf_lex_fail(lx, &lx->token, "expected a number or the name of a constant");
	}
	p->depth--;
	bpf_lex_token(lx);
	return ret;
}

/* On return the token is the one behind the constant. */
static int parse_const(struct parser *p, struct constant *c)
{
	struct bpf_lexer *lx = p->lx;
	struct constant term;

	memset(c, 0, sizeof(*c));
	c->token = lx->token;
	for (;;) {
		memset(&term, 0, sizeof(term));
		if (parse_term(p, &term) < 0)
			return lx->error;
		c->value |= term.value;
		c->inverted |= term.inverted;
		if (!bpf_token_is(&lx->token, "|"))
			return lx->error;
		bpf_lex_token(lx);
	}
}

/* Does VALUE fit BITS, as it is, as a negative number, or as "~" made it? */
static bool fits(const struct constant *c, unsigned int bits)
{
	uint64_t above = bits >= 64 ? 0 : c->value >> bits;
	bool sign = c->value >> (bits - 1) & 1;

	if (bits >= 64 || above == 0)
		return true;
	return above == bpf_width_mask(64 - bits) && (sign || c->inverted);
}

/* A constant that belongs to an argument: it must fit. Keeps the text as written. */
static int parse_operand(struct parser *p, const struct narrowest *narrowest, struct constant *c)
{
	struct bpf_lexer *lx = p->lx;
	const char *call = "?";
	size_t len;

	if (parse_const(p, c) < 0)
		return lx->error;
	len = (size_t)(lx->token.text - c->token.text);
	while (len > 0 && (c->token.text[len - 1] == ' ' || c->token.text[len - 1] == '\t'))
		len--;
	c->text = bpf_strndup(p->policy->arena, c->token.text, len);
	if (!c->text)
		return bpf_lex_full(lx);
	if (!narrowest->call || fits(c, narrowest->bits))
		return 0;
	if (narrowest->call->syscall)
		call = narrowest->call->syscall->name;
	return bpf_lex_fail(lx, &c->token, "'%.*s' does not fit: '%s' reads %u bits here on %s",
			    BPF_CUT(len), c->text, call, narrowest->bits,
			    bpf_abis[narrowest->abi].name);
}

/* ---- expressions ---- */

static struct bpf_expr *new_expr(struct parser *p, enum bpf_expr_op op)
{
	struct bpf_expr *expr;

	if (++p->nodes > MAX_NODES) {
		bpf_lex_fail(p->lx, &p->lx->token, "more than %d tests in one condition",
			     MAX_NODES);
		return NULL;
	}
	expr = bpf_alloc(p->policy->arena, sizeof(*expr));
	if (!expr) {
		bpf_lex_full(p->lx);
		return NULL;
	}
	expr->op = op;
	expr->place = bpf_token_place(p->lx, &p->lx->token);
	return expr;
}

static struct bpf_expr *join(struct parser *p, enum bpf_expr_op op, const struct bpf_expr *left,
			     const struct bpf_expr *right)
{
	struct bpf_expr *expr = new_expr(p, op);

	if (!expr)
		return NULL;
	expr->left = left;
	expr->right = right;
	expr->place = left->place;
	return expr;
}

/* The token is "{". ATOM has the argument and the mask. */
static const struct bpf_expr *parse_in(struct parser *p, const struct bpf_expr *atom,
				       const struct narrowest *narrowest)
{
	struct bpf_lexer *lx = p->lx;
	const struct bpf_expr *all = NULL;
	struct bpf_expr *expr;
	struct constant c;

	if (!bpf_token_is(&lx->token, "{")) {
		bpf_lex_fail(lx, &lx->token, "expected '{' after 'in'");
		return NULL;
	}
	do {
		bpf_lex_token(lx);
		if (!all && bpf_token_is(&lx->token, "}")) {
			bpf_lex_fail(lx, &lx->token, "an empty set: nothing is in it");
			return NULL;
		}
		expr = new_expr(p, BPF_EXPR_EQ);
		if (!expr || parse_operand(p, narrowest, &c) < 0)
			return NULL;
		*expr = *atom;
		expr->op = BPF_EXPR_EQ;
		expr->value = c.value;
		expr->value_text = c.text;
		all = all ? join(p, BPF_EXPR_OR, all, expr) : expr;
	} while (all && bpf_token_is(&lx->token, ","));
	if (!bpf_token_is(&lx->token, "}"))
		bpf_lex_fail(lx, &lx->token, "expected ',' or '}'");
	bpf_lex_token(lx);
	return lx->error ? NULL : all;
}

static int compare_op(const struct bpf_token *token, enum bpf_expr_op *op)
{
	static const struct {
		const char *text;
		enum bpf_expr_op op;
	} ops[] = {
		{ "==", BPF_EXPR_EQ }, { "!=", BPF_EXPR_NE }, { "<", BPF_EXPR_LT },
		{ "<=", BPF_EXPR_LE }, { ">", BPF_EXPR_GT },  { ">=", BPF_EXPR_GE },
	};
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (bpf_token_is(token, ops[i].text)) {
			*op = ops[i].op;
			return 0;
		}
	}
	return -ENOENT;
}

/* The token is the one after "&". */
static int parse_mask(struct parser *p, struct bpf_expr *atom, const struct narrowest *narrowest)
{
	struct constant c;

	if (parse_operand(p, narrowest, &c) < 0)
		return p->lx->error;
	if ((c.value & bpf_width_mask(narrowest->bits)) == 0)
		return bpf_lex_fail(p->lx, &c.token, "a mask without bits: the result is always 0");
	atom->masked = true;
	atom->mask = c.value;
	atom->mask_text = c.text;
	return 0;
}

static const struct bpf_expr *parse_compare(struct parser *p, struct bpf_expr *atom,
					    const struct narrowest *narrowest)
{
	struct bpf_lexer *lx = p->lx;
	struct constant c;

	if (compare_op(&lx->token, &atom->op) < 0) {
		if (bpf_token_is(&lx->token, "=")) {
			bpf_lex_fail(lx, &lx->token, "'=' is no comparison; did you mean '=='?");
			return NULL;
		}
		if (atom->masked)
			return atom;
		bpf_lex_fail(lx, &lx->token, "expected a comparison, '&' or 'in' after '%s'",
			     atom->arg);
		return NULL;
	}
	bpf_lex_token(lx);
	if (parse_operand(p, narrowest, &c) < 0)
		return NULL;
	if (bpf_token_is(&lx->token, "&")) {
		bpf_lex_fail(lx, &lx->token, "a mask goes before the comparison: '%s & MASK == K'",
			     atom->arg);
		return NULL;
	}
	atom->value = c.value;
	atom->value_text = c.text;
	return atom;
}

static const struct bpf_expr *parse_atom(struct parser *p)
{
	struct bpf_lexer *lx = p->lx;
	struct narrowest narrowest;
	struct bpf_expr *atom;

	if (lx->token.kind != BPF_TOKEN_WORD) {
		bpf_lex_fail(lx, &lx->token, "expected the name of an argument");
		return NULL;
	}
	if (resolve_arg(p, &lx->token, &narrowest) < 0)
		return NULL;
	atom = new_expr(p, BPF_EXPR_SET);
	if (!atom)
		return NULL;
	atom->mask = UINT64_MAX;
	atom->arg = bpf_strndup(p->policy->arena, lx->token.text, lx->token.len);
	if (!atom->arg) {
		bpf_lex_full(lx);
		return NULL;
	}
	bpf_lex_token(lx);
	if (bpf_token_is(&lx->token, "&")) {
		bpf_lex_token(lx);
		if (parse_mask(p, atom, &narrowest) < 0)
			return NULL;
	}
	if (bpf_token_is(&lx->token, "in")) {
		bpf_lex_token(lx);
		return parse_in(p, atom, &narrowest);
	}
	return parse_compare(p, atom, &narrowest);
}

static const struct bpf_expr *parse_parens(struct parser *p)
{
	struct bpf_lexer *lx = p->lx;
	const struct bpf_expr *expr;
	enum bpf_expr_op op;

	bpf_lex_token(lx);
	expr = parse_or(p);
	if (!expr)
		return NULL;
	if (!bpf_token_is(&lx->token, ")")) {
		bpf_lex_fail(lx, &lx->token, "expected ')'");
		return NULL;
	}
	bpf_lex_token(lx);
	if (compare_op(&lx->token, &op) == 0)
		bpf_lex_fail(lx, &lx->token,
			     "a condition in parentheses cannot be compared; '&' needs none: "
			     "'type & 0xf == 1'");
	return expr;
}

static const struct bpf_expr *parse_not(struct parser *p)
{
	struct bpf_lexer *lx = p->lx;
	const struct bpf_expr *expr;

	if (++p->depth > MAX_DEPTH) {
		bpf_lex_fail(lx, &lx->token, "nested more than %d deep", MAX_DEPTH);
		return NULL;
	}
	if (bpf_token_is(&lx->token, "!")) {
		bpf_lex_token(lx);
		expr = parse_not(p);
		if (expr)
			expr = join(p, BPF_EXPR_NOT, expr, NULL);
	} else if (bpf_token_is(&lx->token, "(")) {
		expr = parse_parens(p);
	} else {
		expr = parse_atom(p);
	}
	p->depth--;
	return expr;
}

static const struct bpf_expr *parse_and(struct parser *p)
{
	const struct bpf_expr *left = parse_not(p);
	const struct bpf_expr *right;

	while (left && bpf_token_is(&p->lx->token, "&&")) {
		bpf_lex_token(p->lx);
		right = parse_not(p);
		left = right ? join(p, BPF_EXPR_AND, left, right) : NULL;
	}
	return left;
}

static const struct bpf_expr *parse_or(struct parser *p)
{
	const struct bpf_expr *left = parse_and(p);
	const struct bpf_expr *right;

	while (left && bpf_token_is(&p->lx->token, "||")) {
		bpf_lex_token(p->lx);
		right = parse_and(p);
		left = right ? join(p, BPF_EXPR_OR, left, right) : NULL;
	}
	return left;
}

int bpf_cond_parse(struct bpf_lexer *lx, struct bpf_policy *policy, struct bpf_rule *rule)
{
	struct parser p = { .lx = lx, .policy = policy, .rule = rule };

	bpf_lex_token(lx);
	rule->cond = parse_or(&p);
	if (lx->error == 0 && lx->token.kind != BPF_TOKEN_END)
		bpf_lex_fail(lx, &lx->token, "unexpected '%.*s'; conditions are joined by && or ||",
			     BPF_CUT(lx->token.len), lx->token.text);
	return lx->error;
}
