/* SPDX-License-Identifier: MIT */
/*
 * kafel's policies.
 *
 *	#define STDERR 2
 *	#include "common.policy"
 *	POLICY output {
 *		ALLOW { write { fd == 1 || fd == STDERR }, exit_group },
 *		ERRNO(1) { ptrace, SYSCALL[456] (a, b) { a != 0 && b & 3 == 1 } }
 *	}
 *	USE output DEFAULT KILL
 *
 * The first rule that matches decides, across all blocks and what USE pastes; what stands
 * outside of a POLICY is the policy that counts, and a POLICY that nobody uses does not.
 * Without a DEFAULT it is KILL, which kills the thread.  "ON x86_64" behind a call restricts
 * the rule to ABIs.  Arguments have the kernel's names and sizes; declared ones, "name(a, b)",
 * are whole registers.  There are no constants but those that are defined.
 *
 * Commas between blocks may be left out here, and may be one too many.
 */
#include "bpf/import/kafel.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define MAX_NR	  0xffff
#define MAX_ERRNO 4095
#define MAX_RULES 16384

#define CUT(len)  ((int)((len) < 40 ? (len) : 40))

static int expect(struct kf_parser *p, const char *text)
{
	if (!kf_at(&p->lx, text))
		return kf_fail(&p->lx, "expected '%s'", text);
	kf_lex(&p->lx);
	return p->r->failed ? -EINVAL : 0;
}

/* A name that is none of the language's own words; NULL: told. */
static const char *take_name(struct kf_parser *p, const char *what)
{
	const char *name = NULL;

	if (p->lx.token.kind == KF_WORD)
		name = reader_strndup(p->r, p->lx.token.text, p->lx.token.len);
	else
		kf_fail(&p->lx, "expected %s", what);
	if (name)
		kf_lex(&p->lx);
	return name;
}

static int take_number(struct kf_parser *p, uint64_t *value)
{
	const struct kf_const *c;

	if (p->lx.token.kind == KF_NUMBER) {
		*value = p->lx.token.value;
	} else {
		c = p->lx.token.kind == KF_WORD ? kf_find_const(p, &p->lx.token) : NULL;
		if (!c)
			return kf_fail(&p->lx, "expected a number or a constant that is defined");
		*value = c->value;
	}
	kf_lex(&p->lx);
	return p->r->failed ? -EINVAL : 0;
}

/* ---- constants ---- */

/* The token is "#". */
static int parse_define(struct kf_parser *p)
{
	struct reader_place place = p->lx.token.place;
	const struct kf_const *old;
	struct kf_const *c;

	kf_lex(&p->lx);
	if (!kf_at(&p->lx, "define"))
		return kf_fail(&p->lx, "expected #define or #include");
	kf_lex(&p->lx);
	if (p->lx.token.kind != KF_WORD)
		return kf_fail(&p->lx, "expected the name of a constant");
	old = kf_find_const(p, &p->lx.token);
	c = reader_alloc(p->r, sizeof(*c));
	if (!c)
		return -EINVAL;
	c->name = take_name(p, "a name");
	if (!c->name)
		return -EINVAL;
	if (p->lx.token.kind != KF_NUMBER)
		return kf_fail(&p->lx, "expected a number");
	c->value = p->lx.token.value;
	kf_lex(&p->lx);
	if (old && old->value != c->value)
		return reader_fail(p->r, place, "'%.40s' was defined as another number", c->name);
	c->next = p->consts;
	p->consts = c;
	return 0;
}

/* ---- actions ---- */

static const struct {
	const char *word;
	uint32_t action;
	bool has_data;
} actions[] = {
	{ "ALLOW", SECCOMP_RET_ALLOW, false },
	{ "DENY", SECCOMP_RET_KILL_THREAD, false },
	{ "ERRNO", SECCOMP_RET_ERRNO, true },
	{ "KILL", SECCOMP_RET_KILL_THREAD, false },
	{ "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false },
	{ "KILL_THREAD", SECCOMP_RET_KILL_THREAD, false },
	{ "LOG", SECCOMP_RET_LOG, false },
	{ "TRACE", SECCOMP_RET_TRACE, true },
	{ "TRAP", SECCOMP_RET_TRAP, true },
	{ "USER_NOTIF", SECCOMP_RET_USER_NOTIF, false },
};

/* Which of actions[] the token is, or -1. */
static int find_action(const struct kf_parser *p)
{
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (kf_at(&p->lx, actions[i].word))
			return (int)i;
	return -1;
}

/*
 * Our language has "trap" and "trace" without a number. A signal handler sees another one,
 * then, and the call is stopped all the same; but a tracer may let it through by it.
 */
static int parse_data(struct kf_parser *p, uint32_t *action)
{
	struct reader_place place;
	uint64_t data = 0;

	kf_lex(&p->lx);
	place = p->lx.token.place;
	if (expect(p, "(") < 0 || take_number(p, &data) < 0 || expect(p, ")") < 0)
		return -EINVAL;
	if (*action == SECCOMP_RET_ERRNO) {
		if (data == 0 || data > MAX_ERRNO)
			return reader_fail(p->r, place, "ERRNO(%llu): an errno is 1 to %d",
					   (unsigned long long)data, MAX_ERRNO);
		*action |= (uint32_t)data;
		return 0;
	}
	if (data > SECCOMP_RET_DATA)
		return reader_fail(p->r, place, "%llu is above %d", (unsigned long long)data,
				   (int)SECCOMP_RET_DATA);
	if (data != 0 && *action == SECCOMP_RET_TRACE)
		return reader_fail(p->r, place,
				   "TRACE(%llu): the number cannot be carried over, and the tracer "
				   "may go by it",
				   (unsigned long long)data);
	if (data != 0)
		reader_note(p->r, place, "TRAP(%llu): si_errno will be 0",
			    (unsigned long long)data);
	return 0;
}

static int parse_action(struct kf_parser *p, uint32_t *action)
{
	int i = find_action(p);

	if (i < 0)
		return kf_fail(&p->lx, "expected an action: ALLOW, KILL, ERRNO(1) ...");
	*action = actions[i].action;
	if (actions[i].has_data)
		return parse_data(p, action);
	kf_lex(&p->lx);
	return p->r->failed ? -EINVAL : 0;
}

/* ---- calls ---- */

/* kafel has some of them by the names of the kernel's functions. */
static const struct {
	const char *kafel, *kernel;
} call_names[] = {
	{ "fadvise64_64", "fadvise64" }, { "newfstat", "fstat" }, { "newlstat", "lstat" },
	{ "newstat", "stat" },		 { "newuname", "uname" }, { "sendfile64", "sendfile" },
	{ "sysctl", "_sysctl" },	 { "umount", "umount2" },
};

static const struct bpf_syscall *find_call(const struct kf_parser *p, const char *name, size_t len)
{
	const struct bpf_syscall *call, *other;
	size_t i;

	call = import_is_name(name, len) ? bpf_syscall_find(name, len) : NULL;
	if (call && call->nr[p->r->abi] != BPF_NO_NR)
		return call;
	for (i = 0; i < sizeof(call_names) / sizeof(call_names[0]); i++) {
		if (strlen(call_names[i].kafel) != len || memcmp(call_names[i].kafel, name, len))
			continue;
		other = bpf_syscall_find(call_names[i].kernel, strlen(call_names[i].kernel));
		if (other && (!call || other->nr[p->r->abi] != BPF_NO_NR))
			return other;
	}
	return call;
}

/* x86's numbers are an int, and bit 30 is x32's: our policies kill both, whatever they say. */
static bool is_killed(const struct kf_parser *p, uint64_t nr)
{
	int64_t number = (int64_t)nr;

	if (number < INT32_MIN || number > (int64_t)UINT32_MAX ||
	    (p->r->abi != BPF_X86_64 && p->r->abi != BPF_I386))
		return false;
	return (uint32_t)nr > INT32_MAX || (p->r->abi == BPF_X86_64 && nr & BPF_X32_BIT);
}

static int take_custom(struct kf_parser *p, struct kf_target *target, uint64_t nr)
{
	const struct bpf_syscall *call;
	char number[24];

	if (is_killed(p, nr)) {
		reader_note(p->r, p->lx.token.place,
			    "%lld is no number of a call on %s; it kills the process",
			    (long long)nr, bpf_abis[p->r->abi].name);
		target->name = "?";
		target->skipped = true;
		return 0;
	}
	if (nr > MAX_NR)
		return kf_fail(&p->lx, "no system call has the number %lld", (long long)nr);
	call = bpf_syscall_nr(p->r->abi, (uint32_t)nr);
	snprintf(number, sizeof(number), "%u", (unsigned int)nr);
	target->name = call ? call->name : reader_strndup(p->r, number, strlen(number));
	return target->name ? 0 : -EINVAL;
}

static int take_call(struct kf_parser *p, struct kf_target *target)
{
	const char *text = p->lx.token.text, *near;
	const struct kf_const *c;
	size_t len = p->lx.token.len;
	uint64_t nr = 0;

	if (kf_at(&p->lx, "SYSCALL")) {
		kf_lex(&p->lx);
		if (expect(p, "[") < 0 || take_number(p, &nr) < 0)
			return -EINVAL;
		return take_custom(p, target, nr) < 0 ? -EINVAL : expect(p, "]");
	}
	if (p->lx.token.kind != KF_WORD)
		return kf_fail(&p->lx, "expected the name of a system call");
	c = kf_find_const(p, &p->lx.token);
	if (c) {
		if (take_custom(p, target, c->value) < 0)
			return -EINVAL;
		kf_lex(&p->lx);
		return 0;
	}
	target->call = find_call(p, text, len);
	if (!target->call) {
		near = bpf_nearest_syscall(text, len);
		return kf_fail(&p->lx, "unknown system call '%.*s'%s%s%s", CUT(len), text,
			       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	target->name = target->call->name;
	target->absent = target->call->nr[p->r->abi] == BPF_NO_NR;
	kf_lex(&p->lx);
	return 0;
}

/* "(a, b)": the names of the registers, in order. */
static int parse_declared(struct kf_parser *p, struct kf_target *target)
{
	unsigned int i;

	target->declared = true;
	do {
		kf_lex(&p->lx);
		if (target->nargs == 0 && kf_at(&p->lx, ")"))
			break;
		if (target->nargs == KF_ARGS)
			return kf_fail(&p->lx, "more than %d arguments", KF_ARGS);
		target->args[target->nargs] = take_name(p, "an argument's name");
		if (!target->args[target->nargs])
			return -EINVAL;
		for (i = 0; i < target->nargs; i++)
			if (strcmp(target->args[i], target->args[target->nargs]) == 0)
				return kf_fail(&p->lx, "two arguments have the name '%.40s'",
					       target->args[i]);
		target->nargs++;
	} while (kf_at(&p->lx, ","));
	return expect(p, ")");
}

/* One word behind "ON". *HERE: it is the ABI that the profile is for. */
static int parse_arch(struct kf_parser *p, bool *here)
{
	static const struct {
		const char *name;
		int abi; /* -1: we do not have it */
	} archs[] = {
		{ "x86_64", BPF_X86_64 }, { "amd64", BPF_X86_64 },
		{ "x86", BPF_I386 },	  { "i386", BPF_I386 },
		{ "x32", BPF_X32 },	  { "aarch64", BPF_AARCH64 },
		{ "arm64", BPF_AARCH64 }, { "riscv64", BPF_RISCV64 },
		{ "rv64", BPF_RISCV64 },  { "arm", -1 },
		{ "m68k", -1 },		  { "mips", -1 },
		{ "mipso32", -1 },	  { "mips64", -1 },
		{ "s390x", -1 },
	};
	const char *name = take_name(p, "the name of an architecture");
	size_t i;

	for (i = 0; name && i < sizeof(archs) / sizeof(archs[0]); i++) {
		if (strcasecmp(archs[i].name, name) == 0) {
			*here |= archs[i].abi == (int)p->r->abi;
			return 0;
		}
	}
	return name ? kf_fail(&p->lx, "unknown architecture '%.40s'", name) : -EINVAL;
}

/* The token is "ON". */
static int parse_guard(struct kf_parser *p, struct kf_target *target)
{
	bool here = false;

	kf_lex(&p->lx);
	if (!kf_at(&p->lx, "{")) {
		if (parse_arch(p, &here) < 0)
			return -EINVAL;
	} else {
		do {
			kf_lex(&p->lx);
			if (parse_arch(p, &here) < 0)
				return -EINVAL;
		} while (kf_at(&p->lx, ","));
		if (expect(p, "}") < 0)
			return -EINVAL;
	}
	target->skipped |= !here;
	return 0;
}

/* ---- rules ---- */

static struct kf_entry *add_entry(struct kf_parser *p, struct kf_policy *policy)
{
	struct kf_entry *entry;

	if (++p->rules > MAX_RULES) {
		kf_fail(&p->lx, "more than %d rules", MAX_RULES);
		return NULL;
	}
	entry = reader_alloc(p->r, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->place = p->lx.token.place;
	*policy->tail = entry;
	policy->tail = &entry->next;
	return entry;
}

static int parse_cond(struct kf_parser *p, const struct kf_target *target, struct kf_cond **cond)
{
	kf_lex(&p->lx);
	if (!kf_at(&p->lx, "}")) {
		p->target = target;
		*cond = kf_parse_cond(p);
		if (!*cond)
			return -EINVAL;
	}
	return expect(p, "}");
}

static int parse_rule(struct kf_parser *p, struct kf_policy *policy, uint32_t action)
{
	struct reader_place place = p->lx.token.place;
	struct kf_target target = { 0 };
	struct kf_cond *cond = NULL;
	struct kf_entry *entry;

	if (take_call(p, &target) < 0 || (kf_at(&p->lx, "(") && parse_declared(p, &target) < 0) ||
	    (kf_at(&p->lx, "ON") && parse_guard(p, &target) < 0) ||
	    (kf_at(&p->lx, "{") && parse_cond(p, &target, &cond) < 0) ||
	    (kf_at(&p->lx, "ON") && parse_guard(p, &target) < 0))
		return -EINVAL;
	if (target.absent && !target.skipped)
		reader_note(p->r, place, "%s has no system call '%s'; left out",
			    bpf_abis[p->r->abi].name, target.name);
	if (p->r->failed || target.absent || target.skipped || (cond && cond->op == KF_FALSE))
		return p->r->failed ? -EINVAL : 0;
	entry = add_entry(p, policy);
	if (!entry)
		return -EINVAL;
	entry->place = place;
	entry->block = p->blocks;
	entry->action = action;
	entry->call = target.name;
	entry->cond = cond && cond->op != KF_TRUE ? cond : NULL;
	return 0;
}

/* ACTION { call, call { condition }, ... } */
static int parse_block(struct kf_parser *p, struct kf_policy *policy)
{
	uint32_t action = 0;

	if (parse_action(p, &action) < 0 || expect(p, "{") < 0)
		return -EINVAL;
	p->blocks++;
	while (!kf_at(&p->lx, "}")) {
		if (parse_rule(p, policy, action) < 0)
			return -EINVAL;
		if (kf_at(&p->lx, ","))
			kf_lex(&p->lx);
		else if (!kf_at(&p->lx, "}"))
			return kf_fail(&p->lx, "expected ',' or '}'");
	}
	return expect(p, "}");
}

/* ---- policies ---- */

static struct kf_policy *find_policy(const struct kf_parser *p, const char *name)
{
	struct kf_policy *policy;

	for (policy = p->policies; policy; policy = policy->next)
		if (strcmp(policy->name, name) == 0)
			return policy;
	return NULL;
}

static int parse_use(struct kf_parser *p, struct kf_policy *policy)
{
	const struct kf_policy *used;
	struct kf_entry *entry;
	const char *name;

	entry = add_entry(p, policy);
	kf_lex(&p->lx);
	if (!entry)
		return -EINVAL;
	name = take_name(p, "the name of a policy");
	if (!name)
		return -EINVAL;
	used = find_policy(p, name);
	if (!used)
		return reader_fail(p->r, entry->place, "there is no policy '%.40s' yet", name);
	entry->used = used;
	return 0;
}

/* USE or a block; the commas between them say nothing. */
static int parse_statement(struct kf_parser *p, struct kf_policy *policy)
{
	if (kf_at(&p->lx, ",")) {
		kf_lex(&p->lx);
		return p->r->failed ? -EINVAL : 0;
	}
	return kf_at(&p->lx, "USE") ? parse_use(p, policy) : parse_block(p, policy);
}

static int parse_policy(struct kf_parser *p)
{
	struct kf_policy *policy = reader_alloc(p->r, sizeof(*policy));

	if (!policy)
		return -EINVAL;
	kf_lex(&p->lx);
	policy->name = take_name(p, "the name of the policy");
	if (!policy->name)
		return -EINVAL;
	if (find_policy(p, policy->name))
		return kf_fail(&p->lx, "a second policy '%.40s'", policy->name);
	policy->tail = &policy->entries;
	if (expect(p, "{") < 0)
		return -EINVAL;
	while (!kf_at(&p->lx, "}"))
		if (parse_statement(p, policy) < 0)
			return -EINVAL;
	/* Only now: a policy cannot use itself. */
	policy->next = p->policies;
	p->policies = policy;
	return expect(p, "}");
}

static int parse_default(struct kf_parser *p)
{
	struct reader_place place = p->lx.token.place;

	if (p->has_default)
		return kf_fail(&p->lx, "a second DEFAULT");
	kf_lex(&p->lx);
	p->has_default = true;
	p->default_place = place;
	return parse_action(p, &p->default_action);
}

static int parse_program(struct kf_parser *p)
{
	int ret = 0;

	kf_lex(&p->lx);
	while (p->lx.token.kind != KF_END && ret == 0) {
		if (kf_at(&p->lx, "#"))
			ret = parse_define(p);
		else if (kf_at(&p->lx, "POLICY"))
			ret = parse_policy(p);
		else if (kf_at(&p->lx, "DEFAULT"))
			ret = parse_default(p);
		else
			ret = parse_statement(p, &p->main);
	}
	return p->r->failed ? -EINVAL : ret;
}

int import_kafel(struct import *im, const char *text, size_t len,
		 const struct import_options *options, struct bpf_error *err)
{
	struct reader r = { .im = im, .options = options, .err = err };
	struct kf_parser p = { .r = &r, .default_action = SECCOMP_RET_KILL_THREAD };
	const struct reader_file *file;
	int ret = -EINVAL;

	p.main.name = "";
	p.main.tail = &p.main.entries;
	file = reader_init(&r, text, len);
	if (file && kf_lex_start(&p.lx, &r, file) == 0 && parse_program(&p) == 0)
		ret = kf_write(&p);
	reader_release(&r);
	return ret;
}
