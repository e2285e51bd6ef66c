/* SPDX-License-Identifier: MIT */
/*
 * Why, from what is left of a call after a kill: the record that the kernel made of it.
 *
 *	type=SECCOMP msg=audit(1700000000.123:45): ... pid=7 comm="x" exe="/bin/x" sig=31
 *		arch=c000003e syscall=101 compat=0 ip=0x7f1234567890 code=0x80000000
 *
 * That is auditd's form; in the kernel log, it is "audit: type=1326 audit(...): ...". The kernel
 * writes it for kill and log, and for the rest where a filter asks for that. It has the number, and the action without its data, but no arguments. So what decided need not be
 * known: each kind of arguments is tried that the policy tells apart, and all that
 * decide as the kernel did are named.
 *
 * A command can call itself what it likes, but has no blanks in a record: such a name is
 * written in hex there. A name of a profile (subj=) may have some, and comes earlier in the
 * line, so the last field of a name counts.
 */
#include "bpf/sbpf/sbpf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REASONS 64u

struct record {
	struct record *next;
	struct call call; /* without arguments */
	bool has_code;
	uint32_t code; /* what the kernel did, without data */
	const char *sig, *pid, *comm, *exe;
	unsigned int times;
};

struct story {
	struct job *job;
	const struct input *in;
	const struct record *record;
	struct reason reasons[MAX_REASONS];
	unsigned int n;
	unsigned int stopping; /* policies of the stack that do not let it through */
	bool too_many;	       /* kinds of arguments, or reasons */
};

/* ---- reading ---- */

/* auditd puts a '\x1d' before the names that it adds, which gets lost on a terminal. */
static bool is_end(const char *at)
{
	return *at == '\0' || *at == '\x1d' || isspace((unsigned char)*at) ||
	       !strncmp(at, "AUID=", 5);
}

/* The value of the last field called NAME, without quotes and with no byte that does not print. */
static char *field(struct job *job, const char *line, const char *name)
{
	const size_t len = strlen(name);
	const char *at = line, *value = NULL;
	char *text, *p;
	size_t n = 0;

	while ((at = strstr(at, name))) {
		if ((at == line || is_end(at - 1)) && at[len] == '=')
			value = at + len + 1;
		at += len;
	}
	if (!value)
		return NULL;
	while (!is_end(value + n))
		n++;
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value++;
		n -= 2;
	}
	text = xprintf(&job->arena, "%.*s", (int)n, value);
	for (p = text; *p; p++)
		*p = isprint((unsigned char)*p) ? *p : '?';
	return text;
}

/* TEXT is all digits of BASE, and fits. */
static bool number(const char *text, int base, uint64_t *value)
{
	char *end;

	if (!text || !isxdigit((unsigned char)*text))
		return false;
	*value = strtoull(text, &end, base);
	return *end == '\0' && *value <= UINT32_MAX;
}

/* "c000003e", or a name, where "ausearch -i" has been there. */
static uint32_t read_arch(const char *text)
{
	uint64_t value;
	int abi;

	if (number(text, 16, &value))
		return (uint32_t)value;
	abi = bpf_abi_find(text);
	if (abi < 0)
		die("--audit: arch=%s is no architecture that sbpf knows", text);
	return bpf_abis[abi].arch;
}

static void read_call(const char *arch, const char *text, struct call *call)
{
	const bool minus = *text == '-';
	uint64_t nr = 0;
	int abi;

	call->data.arch = read_arch(arch);
	abi = bpf_abi_of(call->data.arch, 0);
	if (abi < 0)
		die("--audit: arch=%s is no architecture that sbpf knows", arch);
	call->abi = (enum bpf_abi_id)abi;
	if (number(text + minus, 10, &nr)) {
		nr = (uint32_t)(minus ? -nr : nr);
	} else {
		call->syscall = bpf_syscall_find(text, strlen(text));
		if (!call->syscall || call->syscall->nr[abi] == BPF_NO_NR)
			die("--audit: syscall=%s is no system call of %s", text,
			    bpf_abis[abi].name);
		nr = (uint32_t)call->syscall->nr[abi];
	}
	abi = bpf_abi_of(call->data.arch, (uint32_t)nr); /* x32 is one of a number */
	if (abi >= 0)
		call->abi = (enum bpf_abi_id)abi;
	call->data.nr = (int)(uint32_t)nr;
	call->nr = (uint32_t)nr & ~bpf_abis[call->abi].nr_bit;
	call->syscall = bpf_syscall_nr(call->abi, call->nr);
}

/* "6C6F6F6B206174" is how a name with a blank comes. */
static const char *unhex(struct job *job, const char *line, const char *name)
{
	const char *text = field(job, line, name);
	const size_t len = text ? strlen(text) : 0;
	const char *raw = xprintf(&job->arena, "%s=%s", name, text ? text : "");
	char *plain;
	unsigned int byte;
	size_t i;

	if (!len || len % 2 || strspn(text, "0123456789ABCDEF") < len || !strstr(line, raw))
		return text;
	plain = xalloc(&job->arena, len / 2 + 1);
	for (i = 0; i < len / 2; i++) {
		sscanf(text + 2 * i, "%2x", &byte);
		plain[i] = isprint((int)byte) ? (char)byte : '?';
	}
	return plain;
}

/* False: LINE is something else. */
static bool read_record(struct job *job, const char *line, struct record *record)
{
	const char *arch = field(job, line, "arch"), *nr = field(job, line, "syscall");
	uint64_t code;

	memset(record, 0, sizeof(*record));
	if ((!strstr(line, "SECCOMP") && !strstr(line, "type=1326")) || !arch || !nr)
		return false;
	read_call(arch, nr, &record->call);
	record->has_code = number(field(job, line, "code"), 16, &code);
	record->code = record->has_code ? (uint32_t)code & SECCOMP_RET_ACTION_FULL : 0;
	record->sig = field(job, line, "sig");
	record->pid = field(job, line, "pid");
	record->comm = unhex(job, line, "comm");
	record->exe = unhex(job, line, "exe");
	record->times = 1;
	return true;
}

static bool is_same(const struct record *a, const struct record *b)
{
	return a->call.data.arch == b->call.data.arch && a->call.data.nr == b->call.data.nr &&
	       a->has_code == b->has_code && a->code == b->code;
}

/* Of those that are alike the first one is kept, and counted. */
static void add_record(struct job *job, struct record **list, const char *line)
{
	struct record record, *copy;

	if (!read_record(job, line, &record))
		return;
	for (; *list; list = &(*list)->next) {
		if (is_same(*list, &record)) {
			(*list)->times++;
			return;
		}
	}
	copy = xalloc(&job->arena, sizeof(*copy));
	*copy = record;
	*list = copy;
}

static struct record *read_records(struct job *job)
{
	struct record *list = NULL;
	char *line = NULL, *text, *rest;
	size_t len;

	text = xprintf(&job->arena, "%s", job->audit);
	if (!strcmp(text, "-"))
		text = read_file(job, "-", &len);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add_record(job, &list, line);
	if (!list)
		die("--audit: no SECCOMP record there (type=SECCOMP or type=1326, with arch= and "
		    "syscall=)");
	return list;
}

/* ---- what can have decided ---- */

static void add_reason(void *ctx, const struct seccomp_data *data, uint32_t action,
		       const struct bpf_rule *rule)
{
	struct story *story = ctx;
	struct call call = story->record->call;
	struct reason reason;
	unsigned int i;

	(void)action;
	(void)rule; /* a copy; that of the policy is wanted */
	call.data = *data;
	reason_of(story->in, &call, &reason);
	story->stopping |= levels_that_stop(story->in, data);
	for (i = 0; i < story->n; i++) {
		if (story->reasons[i].text == reason.text &&
		    story->reasons[i].place == reason.place &&
		    story->reasons[i].action == reason.action)
			return;
	}
	if (story->n < MAX_REASONS)
		story->reasons[story->n++] = reason;
	else
		story->too_many = true;
}

/* Without trying: every rule that names it, and that there may be none that matches. */
static void add_all_rules(struct story *story)
{
	const struct call *call = &story->record->call;
	const struct bpf_policy *policy;
	const struct bpf_rule *rule;

	story->too_many = true;
	story->stopping = UINT32_MAX;
	for (policy = &story->in->policy; policy; policy = policy->under) {
		for (rule = policy->rules; rule && story->n < MAX_REASONS; rule = rule->next) {
			if (bpf_rule_call(rule, call->abi, call->nr))
				story->reasons[story->n++] =
					(struct reason){ rule->action, rule->text, &rule->place };
		}
	}
}

static void find_reasons(struct story *story)
{
	const struct call *call = &story->record->call;

	if (!story->in->has_policy)
		return;
	if (bpf_each_case(&story->in->policy, call->abi, call->nr, add_reason, story) < 0)
		add_all_rules(story);
}

/* Is that what the kernel did? Without a code, all but to let it through. */
static bool fits(const struct record *record, const struct reason *reason)
{
	if (!record->has_code)
		return !is_let_through(reason->action);
	return (reason->action & SECCOMP_RET_ACTION_FULL) == record->code;
}

static unsigned int count_fitting(const struct story *story)
{
	unsigned int i, n = 0;

	for (i = 0; i < story->n; i++)
		n += fits(story->record, &story->reasons[i]);
	return n;
}

/* ---- telling ---- */

/* "kill", "errno": without data, of which the record has none. */
static const char *code_text(struct job *job, uint32_t code)
{
	if (code == SECCOMP_RET_ERRNO)
		return xprintf(&job->arena, "%serrno%s", hue(job, HUE_BAD), hue(job, HUE_NONE));
	return coloured_action(job, code);
}

static void print_head(const struct story *story)
{
	const struct record *record = story->record;
	struct job *job = story->job;
	const char *name = nr_name(job, record->call.abi, record->call.nr);
	const char *text = xprintf(&job->arena, "%s%s%s on %s", hue(job, HUE_BOLD), name,
				   hue(job, HUE_NONE), bpf_abis[record->call.abi].name);

	if (record->comm)
		text = xprintf(&job->arena, "%s, of %s[%s]", text, record->comm,
			       record->pid ? record->pid : "?");
	if (record->exe)
		text = xprintf(&job->arena, "%s, %s", text, record->exe);
	if (record->has_code)
		text = xprintf(&job->arena, "%s: %s", text, code_text(job, record->code));
	if (record->sig && strcmp(record->sig, "0") != 0)
		text = xprintf(&job->arena, "%s, signal %s", text, record->sig);
	if (record->times > 1)
		text = xprintf(&job->arena, "%s (%u records)", text, record->times);
	wrap_text(0, text);
}

/* Those that decide as the kernel did, or, FITTING false, the others. */
static void print_reasons(const struct story *story, bool fitting)
{
	struct job *job = story->job;
	const struct reason *reason;
	unsigned int i;

	for (i = 0; i < story->n; i++) {
		reason = &story->reasons[i];
		if (fits(story->record, reason) == fitting)
			wrap_text(2, xprintf(&job->arena, "%s, by %s",
					     coloured_action(job, reason->action),
					     reason_text(job, reason)));
	}
}

static void print_program(const struct story *story)
{
	const struct call *call = &story->record->call;
	struct explored all;
	unsigned int i;

	explore(explorer_new(story->job, &story->in->prog), call->abi, call->nr, &all, NULL);
	printf("A program has no rules. With any arguments, it may say:");
	for (i = 0; i < all.nactions; i++)
		printf("%s %s", i ? "," : "", coloured_action(story->job, all.actions[i]));
	printf("%s\n", all.computed ? ", and more" : "");
}

static void print_decision(const struct story *story)
{
	const unsigned int n = count_fitting(story);

	if (story->too_many) {
		printf("There are too many kinds of arguments to try. What names it:\n");
		print_reasons(story, true);
		print_reasons(story, false);
	} else if (n == 0) {
		printf("By %s that cannot be, whatever the arguments were:\n",
		       input_title(story->job, story->in));
		print_reasons(story, false);
	} else if (n == story->n && n == 1) {
		wrap_text(0, xprintf(&story->job->arena, "by %s",
				     reason_text(story->job, &story->reasons[0])));
		printf("Whatever the arguments were, which a record does not have.\n");
	} else {
		printf("A record has no arguments. What can have decided%s:\n",
		       n == 1 ? " is one" : "");
		print_reasons(story, true);
		if (n < story->n)
			printf("With other arguments:\n");
		print_reasons(story, false);
	}
}

static void print_cure(const struct story *story)
{
	const struct record *record = story->record;
	struct job *job = story->job;
	const char *name = nr_name(job, record->call.abi, record->call.nr);

	if (record->call.syscall)
		put_siblings(job, story->in, &record->call);
	if (!story->stopping || !can_name(story->in, &record->call))
		return;
	printf("\nTo allow it, whatever its arguments, add%s:\n  allow %s\n",
	       to_levels(job, story->in, story->stopping), name);
	if (record->call.syscall && arg_count(&record->call))
		wrap_text(0, xprintf(&job->arena,
				     "With the arguments, as strace shows them, "
				     "'sbpf why %s %s ARG...' has a narrower one.",
				     story->in->name, name));
}

/* Was it let through? */
static bool has_passed(const struct record *record)
{
	return record->has_code && is_let_through(record->code);
}

static void print_story(const struct story *story)
{
	print_head(story);
	if (story->in->has_policy)
		print_decision(story);
	else
		print_program(story);
	if (!has_passed(story->record))
		print_cure(story);
	if (story->record->next)
		printf("\n");
}

static json_t *json_code(const struct record *record)
{
	if (!record->has_code)
		return json_null();
	return record->code == SECCOMP_RET_ERRNO ? json_string("errno") : json_action(record->code);
}

static json_t *json_story(const struct story *story)
{
	const struct record *record = story->record;
	json_t *reasons = json_array(), *reason;
	unsigned int i;

	for (i = 0; i < story->n; i++) {
		reason = json_reason(&story->reasons[i]);
		json_object_set_new(reason, "action", json_action(story->reasons[i].action));
		json_object_set_new(reason, "fits", json_boolean(fits(record, &story->reasons[i])));
		json_array_append_new(reasons, reason);
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:i, s:s?, s:s?, s:s?, s:b, s:o}", "call",
			 nr_name(story->job, record->call.abi, record->call.nr), "abi",
			 bpf_abis[record->call.abi].name, "nr", json_hex(record->call.nr), "action",
			 json_code(record), "records", (int)record->times, "comm", record->comm,
			 "exe", record->exe, "pid", record->pid, "all_tried", !story->too_many,
			 "reasons", reasons);
}

int why_records(struct job *job, const struct input *in)
{
	const struct record *record;
	json_t *list = json_array();
	int status = STATUS_YES;

	if (job->nwords > 1)
		die("why: --audit has the call; '%s' is a word too many", job->words[1]);
	for (record = read_records(job); record; record = record->next) {
		struct story *story = xalloc(&job->arena, sizeof(*story));

		story->job = job;
		story->in = in;
		story->record = record;
		find_reasons(story);
		if (job->json)
			json_array_append_new(list, json_story(story));
		else
			print_story(story);
		if (!has_passed(record))
			status = STATUS_NO;
	}
	if (job->json)
		print_json(list);
	else
		json_decref(list);
	return status;
}
