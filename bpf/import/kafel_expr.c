/* SPDX-License-Identifier: MIT */
/*
 * Conditions of a kafel policy.
 *
 *	list:	or { "," or }			"," is "||" that binds least
 *	or:	and { "||" and }
 *	and:	not { "&&" not }
 *	not:	"!" not | bits [ ("==" | "!=" | "<" | "<=" | ">" | ">=") bits ]
 *	bits:	mask { "|" mask }
 *	mask:	operand { "&" operand }
 *	operand: NUMBER | NAME | "(" list ")"
 *
 * So "prot & PROT_EXEC == 0" masks before it compares, unlike in C.  A parenthesis may hold
 * a number or a condition: which, is known when it is read.
 *
 * What can be carried over are comparisons of one argument with a constant.  Any mix of "&"
 * and "|" of one argument with constants is (arg & mask) | ones, so it is kept in that form.
 * kafel compares without sign, and only the low 32 bits, where neither the arguments' types
 * nor the constants have more.
 */
#include "bpf/import/kafel.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 50
#define MAX_NODES 1000 /* of one condition, as in our language */

/* A number, (arg & mask) | ones, or a condition. */
struct node {
	struct kf_cond *cond; /* NULL: a number */
	bool is_const;	      /* ONES alone */
	bool wide;	      /* more than 32 bits of it count */
	uint64_t mask, ones;
	unsigned int arg;
	const char *name;
	struct bpf_argtype type;
};

static int parse_list(struct kf_parser *p, struct node *node);

static struct kf_cond *new_cond(struct kf_parser *p, enum kf_op op)
{
	struct kf_cond *cond;

	if (++p->nodes > MAX_NODES) {
		kf_fail(&p->lx, "more than %d comparisons in one condition", MAX_NODES);
		return NULL;
	}
	cond = reader_alloc(p->r, sizeof(*cond));
	if (cond)
		cond->op = op;
	return cond;
}

const struct kf_const *kf_find_const(const struct kf_parser *p, const struct kf_token *token)
{
	const struct kf_const *c;

	for (c = p->consts; c; c = c->next)
		if (strlen(c->name) == token->len && !memcmp(c->name, token->text, token->len))
			return c;
	return NULL;
}

static void set_const(struct node *node, uint64_t value)
{
	memset(node, 0, sizeof(*node));
	node->is_const = true;
	node->ones = value;
	node->wide = value > UINT32_MAX;
}

/* ---- arguments ---- */

/* To us "arg2" is the third register; prctl() has an argument of that name in the second. */
static bool is_register(const char *name, size_t len)
{
	return len == 4 && memcmp(name, "arg", 3) == 0 && name[3] >= '0' && name[3] <= '5';
}

static int find_by_prototype(const struct kf_parser *p, const char *name, size_t len,
			     struct node *node)
{
	const struct bpf_syscall *call = p->target->call;
	unsigned int i;

	if (!is_register(name, len))
		return bpf_syscall_arg(call, p->r->abi, name, len, &node->type);
	for (i = 0; i < call->nargs; i++) {
		if (strlen(call->args[i].name) == len && !memcmp(call->args[i].name, name, len)) {
			node->type = bpf_arg_type(call, p->r->abi, i);
			return (int)i;
		}
	}
	return -ENOENT;
}

static int find_declared(const struct kf_parser *p, const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < p->target->nargs; i++)
		if (strlen(p->target->args[i]) == len && !memcmp(p->target->args[i], name, len))
			return (int)i;
	return -ENOENT;
}

static int find_arg(struct kf_parser *p, struct node *node)
{
	const struct kf_target *target = p->target;
	const char *name = p->lx.token.text;
	size_t len = p->lx.token.len;
	int i;

	memset(node, 0, sizeof(*node));
	node->mask = UINT64_MAX;
	node->type.bits = 64;
	if (target->absent || target->skipped)
		i = 0;
	else if (target->declared || !target->call)
		i = find_declared(p, name, len);
	else
		i = find_by_prototype(p, name, len, node);
	if (i == -EOPNOTSUPP)
		return kf_fail(&p->lx, "'%.*s' of '%s' is not in one register on %s",
			       (int)(len < 40 ? len : 40), name, target->name,
			       bpf_abis[p->r->abi].name);
	if (i < 0)
		return kf_fail(&p->lx, "'%.*s' is no constant and no argument of '%s'",
			       (int)(len < 40 ? len : 40), name, target->name);
	node->arg = (unsigned int)i;
	node->wide = node->type.bits == 64;
	if (!target->declared && target->call && !is_register(name, len))
		node->name = reader_strndup(p->r, name, len);
	return 0;
}

/* ---- numbers ---- */

static int want_number(struct kf_parser *p, const struct node *node)
{
	if (!node->cond)
		return 0;
	kf_fail(&p->lx, "expected a number, not a condition");
	return -EINVAL;
}

static int want_cond(struct kf_parser *p, const struct node *node)
{
	if (node->cond)
		return 0;
	kf_fail(&p->lx, "expected a comparison");
	return -EINVAL;
}

static int parse_operand(struct kf_parser *p, struct node *node)
{
	const struct kf_const *c;

	if (p->lx.token.kind == KF_NUMBER) {
		set_const(node, p->lx.token.value);
	} else if (p->lx.token.kind == KF_WORD) {
		c = kf_find_const(p, &p->lx.token);
		if (c)
			set_const(node, c->value);
		else if (find_arg(p, node) < 0)
			return -EINVAL;
	} else if (kf_at(&p->lx, "(")) {
		if (++p->depth > MAX_DEPTH)
			return kf_fail(&p->lx, "nested more than %d deep", MAX_DEPTH);
		kf_lex(&p->lx);
		if (parse_list(p, node) < 0)
			return -EINVAL;
		p->depth--;
		if (!kf_at(&p->lx, ")"))
			return kf_fail(&p->lx, "expected ')'");
	} else {
		return kf_fail(&p->lx, "expected a number, an argument or '('");
	}
	kf_lex(&p->lx);
	return p->r->failed ? -EINVAL : 0;
}

/* LEFT & RIGHT or LEFT | RIGHT, where at most one argument is involved. */
static int combine(struct kf_parser *p, struct node *left, struct node *right, bool is_and)
{
	struct node swap;
	uint64_t k;

	if (want_number(p, left) < 0 || want_number(p, right) < 0)
		return -EINVAL;
	if (left->is_const) {
		swap = *left;
		*left = *right;
		*right = swap;
	}
	if (!right->is_const)
		return kf_fail(&p->lx, "two arguments are joined; a policy cannot say that");
	k = right->ones;
	if (left->is_const) {
		set_const(left, is_and ? left->ones & k : left->ones | k);
		return 0;
	}
	if (is_and && k == 0)
		set_const(left, 0);
	else if (!is_and && k == UINT64_MAX)
		set_const(left, k);
	else if (k != (is_and ? UINT64_MAX : 0))
		left->wide |= right->wide;
	left->mask &= is_and ? k : ~k;
	left->ones = is_and ? left->ones & k : left->ones | k;
	return 0;
}

static int parse_mask(struct kf_parser *p, struct node *node)
{
	struct node right = { 0 };

	if (parse_operand(p, node) < 0)
		return -EINVAL;
	while (kf_at(&p->lx, "&")) {
		kf_lex(&p->lx);
		if (parse_operand(p, &right) < 0 || combine(p, node, &right, true) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_bits(struct kf_parser *p, struct node *node)
{
	struct node right = { 0 };

	if (parse_mask(p, node) < 0)
		return -EINVAL;
	while (kf_at(&p->lx, "|")) {
		kf_lex(&p->lx);
		if (parse_mask(p, &right) < 0 || combine(p, node, &right, false) < 0)
			return -EINVAL;
	}
	return 0;
}

/* ---- comparisons ---- */

static enum kf_op swapped(enum kf_op op)
{
	switch (op) {
	case KF_LT:
		return KF_GT;
	case KF_LE:
		return KF_GE;
	case KF_GT:
		return KF_LT;
	case KF_GE:
		return KF_LE;
	default:
		return op;
	}
}

static enum kf_op negated(enum kf_op op)
{
	static const enum kf_op to[] = {
		[KF_TRUE] = KF_FALSE, [KF_FALSE] = KF_TRUE, [KF_AND] = KF_OR, [KF_OR] = KF_AND,
		[KF_EQ] = KF_NE,      [KF_NE] = KF_EQ,	    [KF_LT] = KF_GE,  [KF_LE] = KF_GT,
		[KF_GT] = KF_LE,      [KF_GE] = KF_LT,
	};

	return to[op];
}

static bool compare(enum kf_op op, uint64_t left, uint64_t right)
{
	switch (op) {
	case KF_EQ:
		return left == right;
	case KF_NE:
		return left != right;
	case KF_LT:
		return left < right;
	case KF_LE:
		return left <= right;
	case KF_GT:
		return left > right;
	default:
		return left >= right;
	}
}

static void set_truth(struct kf_cond *cond, bool truth)
{
	cond->op = truth ? KF_TRUE : KF_FALSE;
}

/* (arg & mask) | ones compared with K. */
static int set_comparison(struct kf_parser *p, struct kf_cond *cond, const struct node *node,
			  const struct node *k)
{
	uint64_t all;

	cond->bits = node->wide || k->wide ? 64 : 32;
	all = cond->bits == 64 ? UINT64_MAX : UINT32_MAX;
	cond->arg = node->arg;
	cond->name = node->name;
	cond->type = node->type;
	cond->mask = node->mask & all;
	cond->value = k->ones & ~node->ones;
	if (cond->op != KF_EQ && cond->op != KF_NE) {
		if (node->ones)
			return kf_fail(&p->lx, "'|' of an argument below an ordered comparison; a "
					       "policy cannot say that");
		if (cond->mask == 0)
			set_truth(cond, compare(cond->op, 0, k->ones));
		return 0;
	}
	/* Bits that are never set, or always, cannot be compared: then the outcome is known. */
	if ((k->ones & node->ones) != node->ones || cond->value & ~cond->mask)
		set_truth(cond, cond->op == KF_NE);
	else if (cond->mask == 0)
		set_truth(cond, cond->op == KF_EQ);
	return 0;
}

static bool same_number(const struct node *left, const struct node *right)
{
	return left->arg == right->arg && left->mask == right->mask && left->ones == right->ones;
}

static int make_comparison(struct kf_parser *p, enum kf_op op, struct node *left,
			   const struct node *right)
{
	struct kf_cond *cond = new_cond(p, op);
	int ret = 0;

	if (!cond || want_number(p, left) < 0 || want_number(p, right) < 0)
		return -EINVAL;
	if (left->is_const && right->is_const) {
		/* kafel cuts both to 32 bits before it compares them, and nobody relies on that. */
		if (left->wide || right->wide)
			return kf_fail(&p->lx, "two constants of more than 32 bits are compared");
		set_truth(cond, compare(op, left->ones, right->ones));
	} else if (left->is_const) {
		cond->op = swapped(op);
		ret = set_comparison(p, cond, right, left);
	} else if (right->is_const) {
		ret = set_comparison(p, cond, left, right);
	} else if (same_number(left, right)) {
		set_truth(cond, compare(op, 0, 0));
	} else {
		return kf_fail(&p->lx, "two arguments are compared; a policy cannot say that");
	}
	memset(left, 0, sizeof(*left));
	left->cond = cond;
	return ret;
}

static bool compare_op(const struct kf_lexer *lx, enum kf_op *op)
{
	static const struct {
		const char *text;
		enum kf_op op;
	} ops[] = {
		{ "==", KF_EQ }, { "!=", KF_NE }, { "<", KF_LT },
		{ "<=", KF_LE }, { ">", KF_GT },  { ">=", KF_GE },
	};
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (kf_at(lx, ops[i].text)) {
			*op = ops[i].op;
			return true;
		}
	}
	return false;
}

/* ---- conditions ---- */

static void negate(struct kf_cond *cond)
{
	cond->op = negated(cond->op);
	if (cond->left)
		negate(cond->left);
	if (cond->right)
		negate(cond->right);
}

static int parse_not(struct kf_parser *p, struct node *node)
{
	struct node right = { 0 };
	enum kf_op op;

	if (kf_at(&p->lx, "!")) {
		if (++p->depth > MAX_DEPTH)
			return kf_fail(&p->lx, "nested more than %d deep", MAX_DEPTH);
		kf_lex(&p->lx);
		if (parse_not(p, node) < 0 || want_cond(p, node) < 0)
			return -EINVAL;
		p->depth--;
		negate(node->cond);
		return 0;
	}
	if (parse_bits(p, node) < 0)
		return -EINVAL;
	if (!compare_op(&p->lx, &op))
		return 0;
	kf_lex(&p->lx);
	if (parse_bits(p, &right) < 0)
		return -EINVAL;
	return make_comparison(p, op, node, &right);
}

/* LEFT becomes LEFT op RIGHT; what is true or false goes away. */
static int join(struct kf_parser *p, enum kf_op op, struct node *left, const struct node *right)
{
	enum kf_op decides = op == KF_AND ? KF_FALSE : KF_TRUE;
	struct kf_cond *cond;

	if (want_cond(p, left) < 0 || want_cond(p, right) < 0)
		return -EINVAL;
	if (left->cond->op == decides || right->cond->op == negated(decides))
		return 0;
	if (right->cond->op == decides || left->cond->op == negated(decides)) {
		left->cond = right->cond;
		return 0;
	}
	cond = new_cond(p, op);
	if (!cond)
		return -EINVAL;
	cond->left = left->cond;
	cond->right = right->cond;
	left->cond = cond;
	return 0;
}

static int parse_and(struct kf_parser *p, struct node *node)
{
	struct node right = { 0 };

	if (parse_not(p, node) < 0)
		return -EINVAL;
	while (kf_at(&p->lx, "&&")) {
		kf_lex(&p->lx);
		if (parse_not(p, &right) < 0 || join(p, KF_AND, node, &right) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_list(struct kf_parser *p, struct node *node)
{
	struct node right = { 0 };

	if (parse_and(p, node) < 0)
		return -EINVAL;
	while (kf_at(&p->lx, "||") || kf_at(&p->lx, ",")) {
		kf_lex(&p->lx);
		if (parse_and(p, &right) < 0 || join(p, KF_OR, node, &right) < 0)
			return -EINVAL;
	}
	return 0;
}

struct kf_cond *kf_parse_cond(struct kf_parser *p)
{
	struct node node = { 0 };

	p->depth = 0;
	p->nodes = 0;
	if (parse_list(p, &node) < 0 || want_cond(p, &node) < 0)
		return NULL;
	return node.cond;
}
