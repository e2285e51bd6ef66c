/* SPDX-License-Identifier: MIT */
/*
 * Profiles of other programs, in and out. The work is that of bpf/import; here are the
 * options, and what is said about what could not be carried over.
 */
#include "bpf/sbpf/sbpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/import/import.h"

/* ---- options ---- */

/* "CAP_CHOWN,CAP_KILL" as a NULL-terminated list; "none" and "" are an empty one. */
static const char *const *parse_caps(struct job *job, const char *list)
{
	const char **caps = xalloc(&job->arena, (strlen(list) / 2 + 2) * sizeof(*caps));
	size_t n = 0, len;

	if (!strcmp(list, "none"))
		return caps;
	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		caps[n] = xprintf(&job->arena, "%.*s", (int)len, list);
		if (strncmp(caps[n], "CAP_", 4) != 0)
			die("--caps: '%s' is no capability: CAP_CHOWN,CAP_KILL,...", caps[n]);
		n++;
	}
	return caps;
}

static void parse_kernel(const char *text, struct import_options *options)
{
	char end;

	if (sscanf(text, "%4u.%4u%c", &options->kernel_major, &options->kernel_minor, &end) != 2 ||
	    !options->kernel_major)
		die("--kernel %s: expected a version, as 5.10", text);
}

/* What "@include" of NAME is relative to. */
static const char *directory(struct job *job, const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!slash)
		return ".";
	return xprintf(&job->arena, "%.*s", (int)(slash - name) + (slash == name), name);
}

static void fill_options(struct job *job, const char *name, struct import_options *options)
{
	const struct import_options usual = IMPORT_OPTIONS;

	*options = usual;
	if (job->abi)
		options->abis = parse_abis(job->abi);
	/* A profile for one machine is for this one, if it can be. */
	if (options->abis && !(options->abis & 1u << options->native))
		options->native = (enum bpf_abi_id)__builtin_ctz(options->abis);
	if (job->caps)
		options->caps = parse_caps(job, job->caps);
	if (job->kernel)
		parse_kernel(job->kernel, options);
	options->faithful = job->faithful;
	options->enosys = job->enosys;
	options->dir = directory(job, name);
}

/* ---- in ---- */

typedef int importer(struct import *im, const char *text, size_t len,
		     const struct import_options *options, struct bpf_error *err);

static importer *importer_of(enum format format)
{
	switch (format) {
	case FROM_OCI:
		return import_oci;
	case FROM_MINIJAIL:
		return import_minijail;
	default:
		return import_kafel;
	}
}

static void import_text(struct job *job, const struct input *in, const char *text, size_t len,
			struct import *im)
{
	struct import_options options;
	struct bpf_error err = { 0 };

	fill_options(job, in->path, &options);
	import_init(im, in->name);
	if (importer_of(in->format)(im, text, len, &options, &err) < 0)
		die_at(&err);
}

/* Notes are for those who ask: "import" prints them; elsewhere they are counted. */
void import_into(struct job *job, struct input *in, const char *text, size_t len)
{
	struct bpf_error err = { 0 };
	struct import im;

	import_text(job, in, text, len, &im);
	if (import_policy(&im, &in->policy, &err) < 0)
		die_at(&err);
	in->notes = (unsigned int)im.nnotes;
	in->nweights = im.nweights;
	in->weights = xalloc(&job->arena, (im.nweights + 1) * sizeof(*in->weights));
	if (im.nweights)
		memcpy(in->weights, im.weights, im.nweights * sizeof(*in->weights));
	import_release(&im);
}

/* The notes are in the policy, as comments, and on stderr, for those who redirect it. */
int run_import(struct job *job)
{
	struct input *in = input_new(job, job->words[0]);
	struct bpf_error err = { 0 };
	struct import im;
	char *text;
	size_t len, i;
	FILE *out;

	if (in->format == FROM_POLICY || in->format == FROM_RAW || in->format == FROM_ASM)
		die("import: %s is no foreign profile; say --from oci, minijail or kafel",
		    in->name);
	text = read_file(job, in->path, &len);
	import_text(job, in, text, len, &im);
	bpf_policy_init(&in->policy, &job->arena);
	if (import_policy(&im, &in->policy, &err) < 0)
		die_at(&err);
	out = open_output(job);
	import_print(out, &im);
	close_output(out);
	if (out != stdout) {
		for (i = 0; i < im.nnotes; i++)
			warn("%s:%u: %s", in->name, im.notes[i].line, im.notes[i].text);
	}
	import_release(&im);
	return STATUS_YES;
}

/* ---- out ---- */

static void to_raw(struct job *job, struct input *in, FILE *out)
{
	(void)job;
	export_raw(out, &in->prog);
}

static void to_asm(struct job *job, struct input *in, FILE *out)
{
	(void)job;
	export_asm(out, &in->prog);
}

/* The array is called as the file is. */
static void to_c(struct job *job, struct input *in, FILE *out)
{
	const char *slash = strrchr(in->name, '/');
	char *name = xprintf(&job->arena, "%s", slash ? slash + 1 : in->name), *p;

	for (p = name; *p && *p != '.'; p++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *p))
			*p = '_';
	}
	*p = '\0';
	if (!*name || (*name >= '0' && *name <= '9'))
		name = xprintf(&job->arena, "filter_%s", name);
	export_c(out, &in->prog, name);
}

static void need_policy(const struct job *job, const struct input *in)
{
	if (!in->has_policy)
		die("%s: is a program; --to %s wants a policy", in->name, job->to);
	if (job->nstack)
		die("--stack: where two policies speak of a call, the stricter one counts, and not "
		    "the last rule: --to %s cannot say that of a policy",
		    job->to);
}

static void to_policy(struct job *job, struct input *in, FILE *out)
{
	need_policy(job, in);
	bpf_policy_print(out, &in->policy);
}

static void to_oci(struct job *job, struct input *in, FILE *out)
{
	struct bpf_error err = { 0 };

	need_policy(job, in);
	if (export_oci(out, &in->policy, &err) < 0)
		die_at(&err);
}

/* What a solver needs to be asked anything about it. */
static void to_smt2(struct job *job, struct input *in, FILE *out)
{
	(void)job;
	fprintf(out, "(set-logic QF_BV)\n");
	bpf_smt_words(out);
	bpf_smt(out, in->prog.insn, in->prog.len, "action");
}

int run_export(struct job *job)
{
	static const struct {
		const char *name;
		void (*write)(struct job *job, struct input *in, FILE *out);
	} formats[] = {
		{ "asm", to_asm },	 { "c", to_c },	    { "oci", to_oci },
		{ "policy", to_policy }, { "raw", to_raw }, { "smt2", to_smt2 },
	};
	struct input *in;
	FILE *out;
	size_t i;

	if (!job->to)
		die("export: say in which format: --to asm, c, oci, policy, raw or smt2");
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(job->to, formats[i].name) != 0)
			continue;
		in = input_load(job, job->words[0]);
		out = open_output(job);
		formats[i].write(job, in, out);
		close_output(out);
		return STATUS_YES;
	}
	die("--to %s: there are asm, c, oci, policy, raw and smt2", job->to);
}
