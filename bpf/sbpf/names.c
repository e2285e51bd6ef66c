/* SPDX-License-Identifier: MIT */
/*
 * Names: calls with their numbers, prototypes and ages, constants with their values, and
 * the other way round. A word may be a pattern of the shell.
 */
#include "bpf/sbpf/sbpf.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
	struct job *job;
	json_t *found; /* NULL: as text */
	unsigned int n;
	unsigned int abis;
};

/* ---- calls ---- */

static const char *prototype(struct job *job, const struct bpf_syscall *call)
{
	const char *text = xprintf(&job->arena, "%s(", call->name);
	unsigned int i;

	if (!call->nargs && !call->args[0].name)
		return xprintf(&job->arena, "%s: no prototype is known", call->name);
	for (i = 0; i < call->nargs; i++) {
		const char *type = call->args[i].type;
		const bool star = type[strlen(type) - 1] == '*';

		text = xprintf(&job->arena, "%s%s%s%s%s", text, i ? ", " : "", type,
			       star ? "" : " ", call->args[i].name);
	}
	return xprintf(&job->arena, "%s)", text);
}

static void print_call(struct lookup *look, const struct bpf_syscall *call)
{
	struct wrap wrap = { .indent = 4 };
	char *text, *word, *rest = NULL;
	unsigned int abi;

	text = xprintf(&look->job->arena, "%s", prototype(look->job, call));
	printf("%s%s%s%s%s\n", hue(look->job, HUE_BOLD), call->name, hue(look->job, HUE_NONE),
	       *call->since ? "  since Linux " : "", call->since);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		wrap_word(&wrap, word);
	wrap_end(&wrap);
	for (abi = 0; abi < BPF_ABIS; abi++) {
		if (look->abis & 1u << abi && call->nr[abi] != BPF_NO_NR)
			wrap_word(&wrap,
				  xprintf(&look->job->arena, "%s %d%s", bpf_abis[abi].name,
					  call->nr[abi], bpf_abis[abi].nr_bit ? "+bit" : ""));
	}
	wrap_end(&wrap);
}

static json_t *json_syscall(const struct lookup *look, const struct bpf_syscall *call)
{
	json_t *numbers = json_object(), *args = json_array();
	unsigned int i;

	for (i = 0; i < BPF_ABIS; i++) {
		if (look->abis & 1u << i && call->nr[i] != BPF_NO_NR)
			json_object_set_new(numbers, bpf_abis[i].name, json_integer(call->nr[i]));
	}
	for (i = 0; i < call->nargs; i++)
		json_array_append_new(args, json_pack("{s:s, s:s}", "name", call->args[i].name,
						      "type", call->args[i].type));
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kind", "call", "name", call->name, "since",
			 call->since, "numbers", numbers, "arguments", args);
}

static void found_call(struct lookup *look, const struct bpf_syscall *call)
{
	look->n++;
	if (look->found)
		json_array_append_new(look->found, json_syscall(look, call));
	else
		print_call(look, call);
}

/* ---- constants ---- */

static void found_constant(struct lookup *look, const char *name, uint64_t value)
{
	look->n++;
	if (look->found) {
		json_array_append_new(look->found,
				      json_pack("{s:s, s:s, s:o}", "kind", "constant", "name", name,
						"value", json_hex(value)));
		return;
	}
	printf("%-32s 0x%llx", name, (unsigned long long)value);
	if (value > 9)
		printf("  %lld", (long long)value);
	printf("\n");
}

/* ---- words ---- */

static bool is_number(const char *word, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	*value = strtoull(word, &end, 0);
	return !errno && !*end;
}

static void look_up_number(struct lookup *look, uint64_t number)
{
	const struct bpf_syscall *call;
	const char *name;
	unsigned int abi;
	uint64_t value;
	size_t i;

	for (abi = 0; abi < BPF_ABIS && number < BPF_MAXINSNS; abi++) {
		call = bpf_syscall_nr((enum bpf_abi_id)abi, (uint32_t)number);
		if (!call || !(look->abis & 1u << abi))
			continue;
		look->n++;
		if (look->found)
			json_array_append_new(look->found, json_syscall(look, call));
		else
			printf("%-32s call %u of %s\n", call->name, (unsigned int)number,
			       bpf_abis[abi].name);
	}
	for (i = 0; (name = bpf_constant_at(i, &value)); i++) {
		if (value == number)
			found_constant(look, name, value);
	}
}

static void look_up(struct lookup *look, const char *word)
{
	const unsigned int before = look->n;
	const char *name, *near;
	uint64_t value;
	size_t i;

	if (is_number(word, &value)) {
		look_up_number(look, value);
	} else {
		for (i = 0; i < bpf_nsyscalls; i++) {
			if (!fnmatch(word, bpf_syscalls[i].name, 0))
				found_call(look, &bpf_syscalls[i]);
		}
		for (i = 0; (name = bpf_constant_at(i, &value)); i++) {
			if (!fnmatch(word, name, 0))
				found_constant(look, name, value);
		}
	}
	if (look->n > before)
		return;
	near = bpf_nearest_syscall(word, strlen(word));
	if (!near)
		near = bpf_nearest_constant(word, strlen(word));
	warn("nothing is called '%s'%s%s%s", word, near ? "; did you mean '" : "", near ? near : "",
	     near ? "'?" : "");
}

int run_names(struct job *job)
{
	struct lookup look = { .job = job };
	unsigned int i, before;
	int status = STATUS_YES;

	look.abis = job->abi ? parse_abis(job->abi) : (1u << BPF_ABIS) - 1;
	if (job->json)
		look.found = json_array();
	for (i = 0; i < job->nwords; i++) {
		before = look.n;
		look_up(&look, job->words[i]);
		if (look.n == before)
			status = STATUS_NO;
	}
	if (job->json)
		print_json(look.found);
	return status;
}
