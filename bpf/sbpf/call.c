/* SPDX-License-Identifier: MIT */
/*
 * A call from the command line: "socket AF_INET SOCK_STREAM|SOCK_CLOEXEC 0".
 *
 * An argument is a number, a constant, several joined by '|', or NAME=VALUE; those that are
 * not given are 0. A negative one has all 64 bits of the register set that it needs, which
 * is what a C library passes.
 */
#include "bpf/sbpf/sbpf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

/* Decimal or 0x; what strtoull() takes beyond that is no number. */
static bool parse_number(const char *text, uint64_t *value)
{
	const bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (!isxdigit((unsigned char)text[hex ? 2 : 0]))
		return false;
	if (!hex && text[0] == '0' && text[1])
		return false; /* octal or decimal? */
	errno = 0;
	*value = strtoull(text, &end, hex ? 16 : 10);
	return errno == 0 && *end == '\0' && end > text;
}

/* One of what '|' joins: "PROT_READ", "-100", "~0", "NULL". */
static uint64_t parse_term(const char *term, const char *word)
{
	const char *bare = term + (*term == '-' || *term == '~');
	const char *near;
	uint64_t value = 0;

	if (strcmp(bare, "NULL") && !parse_number(bare, &value) &&
	    bpf_constant(bare, strlen(bare), &value) < 0) {
		near = bpf_nearest_constant(bare, strlen(bare));
		die("'%s' is neither a number nor a constant%s%s%s", word,
		    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	return *term == '-' ? -value : *term == '~' ? ~value : value;
}

static uint64_t parse_value(struct job *job, const char *word)
{
	uint64_t value = 0;
	size_t len;

	do {
		len = strcspn(word, "|");
		value |= parse_term(xprintf(&job->arena, "%.*s", (int)len, word), word);
		word += len;
	} while (*word++);
	return value;
}

/* ---- the call ---- */

static enum bpf_abi_id choose_abi(const struct job *job, const struct input *in)
{
	const unsigned int native = bpf_abi_native();

	if (job->abi)
		return (enum bpf_abi_id)__builtin_ctz(parse_abis(job->abi));
	if (in->abis & 1u << native || !in->abis)
		return (enum bpf_abi_id)native;
	return (enum bpf_abi_id)__builtin_ctz(in->abis);
}

static void parse_nr(const char *word, struct call *call)
{
	const char *abi = bpf_abis[call->abi].name, *near;
	uint64_t nr;

	call->syscall = bpf_syscall_find(word, strlen(word));
	if (call->syscall && call->syscall->nr[call->abi] == BPF_NO_NR)
		die("%s has no call '%s'", abi, word);
	if (call->syscall) {
		call->nr = (uint32_t)call->syscall->nr[call->abi];
		return;
	}
	if (!strcmp(word, "-1")) {
		call->nr = UINT32_MAX; /* a tracer's "skip it" */
	} else if (parse_number(word, &nr) && nr <= UINT32_MAX) {
		call->nr = (uint32_t)nr;
		if (bpf_abis[call->abi].nr_bit && nr & BPF_X32_BIT)
			call->nr &= ~BPF_X32_BIT;
		call->syscall = bpf_syscall_nr(call->abi, call->nr);
	} else {
		near = bpf_nearest_syscall(word, strlen(word));
		die("unknown system call '%s'%s%s%s", word, near ? "; did you mean '" : "",
		    near ? near : "", near ? "'?" : "");
	}
}

/* The argument that WORD is for: by name if it is NAME=VALUE, else the next. */
static unsigned int which_arg(struct job *job, const struct call *call, const char **word,
			      unsigned int next)
{
	const char *equals = strchr(*word, '=');
	struct bpf_argtype type;
	int i;

	if (!equals) {
		if (next > 5)
			die("'%s': a call has at most six arguments", *word);
		return next;
	}
	i = bpf_syscall_arg(call->syscall, call->abi, *word, (size_t)(equals - *word), &type);
	if (i < 0)
		die("%s has no argument '%.*s'", nr_name(job, call->abi, call->nr),
		    (int)(equals - *word), *word);
	*word = equals + 1;
	return (unsigned int)i;
}

void call_parse(struct job *job, const struct input *in, unsigned int from, struct call *call)
{
	unsigned int i, arg, next = 0;
	const char *word;

	memset(call, 0, sizeof(*call));
	call->abi = choose_abi(job, in);
	parse_nr(job->words[from], call);
	call->data.arch = bpf_abis[call->abi].arch;
	call->data.nr = (int)(call->nr | bpf_abis[call->abi].nr_bit);
	for (i = from + 1; i < job->nwords; i++) {
		word = job->words[i];
		arg = which_arg(job, call, &word, next);
		call->data.args[arg] = parse_value(job, word);
		next = arg + 1;
	}
}

/* ---- as text ---- */

const char *nr_name(struct job *job, enum bpf_abi_id abi, uint32_t nr)
{
	const struct bpf_syscall *call = bpf_syscall_nr(abi, nr);

	if (call)
		return call->name;
	return xprintf(&job->arena, nr > INT32_MAX ? "0x%x" : "%u", nr);
}

unsigned int arg_count(const struct call *call)
{
	unsigned int n = 6;

	if (call->syscall && call->syscall->args[0].name)
		return call->syscall->nargs;
	if (call->syscall && call->syscall->nargs)
		return call->syscall->nargs;
	while (n > 0 && !call->data.args[n - 1])
		n--;
	return n;
}

const char *arg_name(struct job *job, const struct call *call, unsigned int i)
{
	const struct bpf_syscall *syscall = call->syscall;
	struct bpf_argtype type;
	const char *name = syscall && i < syscall->nargs ? syscall->args[i].name : NULL;

	/* Some ABIs have another order. */
	if (name && bpf_syscall_arg(syscall, call->abi, name, strlen(name), &type) == (int)i)
		return name;
	return xprintf(&job->arena, "arg%u", i);
}

/* All bits by name, "PROT_READ|PROT_EXEC"; NULL unless each has one. */
static const char *bits_text(struct job *job, const char *call, const char *arg, uint64_t value)
{
	const char *text = NULL, *name;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (!(value >> bit & 1))
			continue;
		name = bpf_arg_constant(call, arg, UINT64_C(1) << bit);
		if (!name)
			return NULL;
		text = text ? xprintf(&job->arena, "%s|%s", text, name) : name;
	}
	return value >> 32 ? NULL : text;
}

const char *arg_text(struct job *job, const struct call *call, unsigned int i)
{
	const uint64_t value = call->data.args[i];
	const char *arg = arg_name(job, call, i), *text = NULL;
	struct bpf_argtype type = bpf_arg_type(call->syscall, call->abi, i);

	if (call->syscall)
		text = bpf_arg_constant(call->syscall->name, arg, value);
	if (!text && value && call->syscall)
		text = bits_text(job, call->syscall->name, arg, value);
	if (text)
		return text;
	if (type.pointer && !value)
		return "NULL";
	if (type.is_signed && value >> 31 == UINT64_MAX >> 31)
		return xprintf(&job->arena, "%lld", (long long)value);
	return xprintf(&job->arena, value < 4096 ? "%llu" : "0x%llx", (unsigned long long)value);
}

const char *call_text(struct job *job, const struct call *call)
{
	const char *text = xprintf(&job->arena, "%s(", nr_name(job, call->abi, call->nr));
	unsigned int i, n = arg_count(call), given = n;

	while (given > 0 && !call->data.args[given - 1] && given > 3)
		given--;
	for (i = 0; i < given; i++)
		text = xprintf(&job->arena, "%s%s%s", text, i ? ", " : "", arg_text(job, call, i));
	return xprintf(&job->arena, "%s%s)", text, given < n ? ", ..." : "");
}
