/* SPDX-License-Identifier: MIT */
/*
 * From a name to a program: which format it is in, its policy, the policy's program.
 *
 * A policy of ours is found as sbrun finds it, with one place more: sbpf installs nothing,
 * so a name that is nowhere else may be a file of the current directory. Lines about
 * other things than system calls are left out, but only if they begin with a word that sbrun
 * knows. All formats but raw programs and assembly become a policy, which is compiled and
 * proved here, whatever is to be shown of it then.
 */
#include "bpf/sbpf/sbpf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/import/import.h"
#include "bpf/sbpf/directives.h"

#define MAX_FILE (256u << 20) /* a trace may be long */
#define MAX_PIPE (4u << 20)

static const char *const format_names[FORMATS] = {
	[FROM_POLICY] = "policy", [FROM_OCI] = "oci", [FROM_MINIJAIL] = "minijail",
	[FROM_KAFEL] = "kafel",	  [FROM_RAW] = "raw", [FROM_ASM] = "asm",
};

/* ---- files ---- */

char *read_file(struct job *job, const char *name, size_t *len)
{
	const bool from_stdin = !strcmp(name, "-");
	int fd = from_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t max = MAX_PIPE;
	struct stat st;
	ssize_t n = 1;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0)
		die("%s: %s", name, strerror(errno));
	if (S_ISREG(st.st_mode))
		max = st.st_size > MAX_FILE ? MAX_FILE : (size_t)st.st_size;
	text = xalloc(&job->arena, max + 2);
	for (*len = 0; n != 0 && *len <= max; *len += n > 0 ? (size_t)n : 0) {
		n = read(fd, text + *len, max + 1 - *len);
		if (n < 0 && errno != EINTR)
			die("%s: %s", name, strerror(errno));
	}
	if (!from_stdin)
		close(fd);
	if (*len > max)
		die("%s: more than %zu bytes", name, max);
	text[*len] = '\0';
	return text;
}

static bool ends_with(const char *name, const char *end)
{
	const size_t len = strlen(name), n = strlen(end);

	return len > n && !strcmp(name + len - n, end);
}

/*
 * A program's codes have a zero byte each, which no text has; JSON begins with a brace,
 * which no line of a policy does.
 */
static enum format format_by_content(const char *name)
{
	char head[64];
	ssize_t i, n;
	struct stat st;
	int fd;

	if (stat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return FROM_POLICY;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return FROM_POLICY;
	n = read(fd, head, sizeof(head));
	close(fd);
	if (n > 0 && memchr(head, '\0', (size_t)n))
		return FROM_RAW;
	for (i = 0; i < n && strchr(" \t\r\n", head[i]); i++)
		;
	return i < n && head[i] == '{' ? FROM_OCI : FROM_POLICY;
}

/* From "FORMAT:" in front of the name, which is taken off, --from, the name, the content. */
static enum format input_format(struct job *job, const char **file)
{
	static const struct {
		const char *end;
		enum format format;
	} endings[] = {
		{ ".asm", FROM_ASM },	  { ".bpf", FROM_RAW }, { ".json", FROM_OCI },
		{ ".kafel", FROM_KAFEL }, { ".raw", FROM_RAW },
	};
	const char *name = *file;
	size_t i, len;

	for (i = 0; i < FORMATS; i++) {
		len = strlen(format_names[i]);
		if (!strncmp(name, format_names[i], len) && name[len] == ':') {
			*file += len + 1;
			return (enum format)i;
		}
	}
	if (job->from) {
		for (i = 0; i < FORMATS; i++) {
			if (!strcmp(job->from, format_names[i]))
				return (enum format)i;
		}
		die("--from %s: there are policy, oci, minijail, kafel, raw and asm", job->from);
	}
	if (!strcmp(name, "-"))
		die("-: say what it is: --from raw, asm, oci, minijail or kafel");
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (ends_with(name, endings[i].end))
			return endings[i].format;
	}
	return format_by_content(name);
}

struct input *input_new(struct job *job, const char *name)
{
	struct input *in = xalloc(&job->arena, sizeof(*in));

	in->format = input_format(job, &name);
	in->path = name;
	in->name = bpf_printable(&job->arena, name);
	if (!in->name)
		die("out of memory: the name is too long");
	return in;
}

/* ---- ABIs ---- */

unsigned int parse_abis(const char *list)
{
	unsigned int set = 0;
	char name[16];
	size_t len;
	int abi;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, list);
		abi = len < sizeof(name) ? bpf_abi_find(name) : -ENOENT;
		if (abi < 0)
			die("--abi %.*s: there are x86_64, i386, x32, aarch64 and riscv64",
			    (int)len, list);
		set |= 1u << abi;
	}
	if (!set)
		die("--abi: expected the name of an ABI");
	return set;
}

const char *abi_names(struct job *job, unsigned int abis, const char *between)
{
	const char *text = "";
	unsigned int i;

	for (i = 0; i < BPF_ABIS; i++) {
		if (abis & 1u << i)
			text = xprintf(&job->arena, "%s%s%s", text, *text ? between : "",
				       bpf_abis[i].name);
	}
	return text;
}

/* Does x32 get anything but what a number without a call gets? */
static bool knows_x32(const struct bpf_prog *prog)
{
	struct seccomp_data data = { .arch = bpf_abis[BPF_X32].arch };
	uint32_t nr, none;

	data.nr = (int)(BPF_X32_BIT | 0xffff);
	none = bpf_run(prog->insn, prog->len, &data, NULL);
	for (nr = 0; nr <= bpf_syscall_max(BPF_X32); nr++) {
		data.nr = (int)(BPF_X32_BIT | nr);
		if (bpf_run(prog->insn, prog->len, &data, NULL) != none)
			return true;
	}
	return is_let_through(none);
}

/* Those that a program asks for; all of the machine's if it does not ask. */
static unsigned int abis_of_program(const struct bpf_prog *prog)
{
	struct bpf_known at[BPF_MAXINSNS];
	unsigned int pc, i, set = 0;

	bpf_analyse(prog, at);
	for (pc = 0; pc < prog->len; pc++) {
		if (!at[pc].reached || at[pc].word != BPF_WORD_ARCH ||
		    prog->insn[pc].code != (BPF_JMP | BPF_JEQ | BPF_K))
			continue;
		for (i = 0; i < BPF_ABIS; i++) {
			if (bpf_abis[i].arch == prog->insn[pc].k && !bpf_abis[i].nr_bit)
				set |= 1u << i;
		}
	}
	if (!set)
		set = 1u << bpf_abi_native();
	if (set & 1u << BPF_X86_64 && knows_x32(prog))
		set |= 1u << BPF_X32;
	return set;
}

/* ---- policies ---- */

static const char *next_word(const void *names, size_t i)
{
	const size_t others = sizeof(other_directives) / sizeof(other_directives[0]) - 1;

	(void)names;
	return i < others ? other_directives[i] : bpf_policy_keyword(i - others);
}

static bool is_other(const char *word, size_t len)
{
	size_t i;

	for (i = 0; other_directives[i]; i++) {
		if (strlen(other_directives[i]) == len && !memcmp(other_directives[i], word, len))
			return true;
	}
	return false;
}

static int take_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *err)
{
	const size_t len = strcspn(text, " \t");
	const char *near;

	if (bpf_policy_word(text, len))
		return bpf_policy_line(ctx, text, place, err);
	if (is_other(text, len))
		return 0;
	near = bpf_nearest(text, len, next_word, NULL);
	return bpf_fail(err, -EINVAL, place, "unknown directive '%.40s'%s%s%s",
			bpf_strndup(((struct bpf_policy *)ctx)->arena, text, len),
			near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* --abi is a line before the first one, so that a policy that says otherwise is told. */
static void begin_policy(struct job *job, struct input *in)
{
	static const struct bpf_place place = { .file = "--abi" };
	struct bpf_error err = { 0 };

	bpf_policy_init(&in->policy, &job->arena);
	in->has_policy = true;
	if (!job->abi || !(in->format == FROM_POLICY))
		return;
	if (bpf_policy_line(&in->policy,
			    xprintf(&job->arena, "abi %s",
				    abi_names(job, parse_abis(job->abi), " ")),
			    &place, &err) < 0)
		die_at(&err);
}

static void read_policy(struct job *job, struct input *in)
{
	struct bpf_error err = { 0 };
	const char *name = in->path;
	int ret;

	ret = bpf_source_read(name, SBRUN_DATADIR, &job->arena, take_line, &in->policy, &err);
	if (ret == -ENOENT && !strchr(name, '/') && !err.place.line && access(name, F_OK) == 0) {
		name = xprintf(&job->arena, "./%s", name);
		ret = bpf_source_read(name, NULL, &job->arena, take_line, &in->policy, &err);
	}
	if (ret < 0 || bpf_policy_finish(&in->policy, &err) < 0)
		die_at(&err);
}

static void load_policy(struct job *job, struct input *in)
{
	size_t len;
	char *text;

	begin_policy(job, in);
	if (in->format == FROM_POLICY) {
		read_policy(job, in);
	} else {
		text = read_file(job, in->path, &len);
		import_into(job, in, text, len);
	}
	in->abis = in->policy.abis;
}

static struct input *load_one(struct job *job, const char *name)
{
	struct input *in = input_new(job, name);

	if (in->format == FROM_RAW || in->format == FROM_ASM)
		die("%s: is a program; '%s' wants a policy", in->name, job->command->name);
	load_policy(job, in);
	return in;
}

/* --stack: each policy on top of those before it, which makes it the policy of IN. */
static void stack_policies(struct job *job, struct input *in)
{
	struct bpf_error err = { 0 };
	struct bpf_policy *under;
	unsigned int i;

	for (i = 0; i < job->nstack; i++) {
		under = xalloc(&job->arena, sizeof(*under));
		*under = in->policy;
		in->policy = load_one(job, job->stack[i])->policy;
		if (bpf_policy_stack(&in->policy, under, &err) < 0)
			die_at(&err);
	}
	in->abis = in->policy.abis;
}

struct input *input_policy(struct job *job, const char *name)
{
	struct input *in = load_one(job, name);

	stack_policies(job, in);
	return in;
}

/* ---- programs ---- */

static void choose_goal(struct job *job, const struct input *in, struct bpf_goal *goal)
{
	int how = bpf_optimize_find(job->optimize ? job->optimize : "cache");

	if (how < 0)
		die("--optimize %s: there are cache, size, hist and readable", job->optimize);
	goal->how = (enum bpf_optimize)how;
	if (goal->how != BPF_FOR_HIST)
		return;
	goal->weights = in->weights;
	goal->nweights = in->nweights;
	if (job->hist)
		weights_of(job, job->hist, goal);
	else if (!in->nweights)
		die("--optimize hist: for which histogram? Say --hist FILE");
}

static void compile(struct job *job, struct input *in)
{
	struct bpf_error err = { 0 };
	struct bpf_goal goal = { .nweights = 0 };

	choose_goal(job, in, &goal);
	if (bpf_compile_for(&in->policy, &goal, &in->prog, &err) < 0)
		die_at(&err);
	if (bpf_check(in->prog.insn, in->prog.len, &err) < 0)
		die("the program for %s is not acceptable: instruction %u: %s", in->name,
		    err.place.line - 1, err.text);
	if (bpf_verify(&in->policy, &in->prog, NULL, &in->cases, &err) < 0)
		die("the program for %s is not proved: %s", in->name, err.text);
}

static void take_raw(struct job *job, struct input *in)
{
	const size_t size = sizeof(in->prog.insn[0]);
	size_t len;
	char *data = read_file(job, in->path, &len);

	if (!len || len % size)
		die("%s: %zu bytes are no whole number of instructions of %zu", in->name, len,
		    size);
	if (len / size > BPF_MAXINSNS)
		die("%s: %zu instructions; the kernel takes %u", in->name, len / size,
		    BPF_MAXINSNS);
	memcpy(in->prog.insn, data, len);
	in->prog.len = (unsigned int)(len / size);
}

static void take_text(struct job *job, struct input *in)
{
	struct bpf_text text = { .file = in->name, .abi = bpf_abi_native() };
	struct bpf_error err = { 0 };

	if (job->abi)
		text.abi = (enum bpf_abi_id)__builtin_ctz(parse_abis(job->abi));
	text.text = read_file(job, in->path, &text.len);
	if (bpf_text_read(&text, &job->arena, &in->prog, &err) < 0)
		die_at(&err);
}

struct input *input_load_any(struct job *job, const char *name)
{
	struct input *in = input_new(job, name);
	struct bpf_error err = { 0 };

	if (in->format == FROM_RAW) {
		take_raw(job, in);
	} else if (in->format == FROM_ASM) {
		take_text(job, in);
	} else {
		load_policy(job, in);
		stack_policies(job, in);
		compile(job, in);
		return in;
	}
	if (job->nstack)
		die("%s: is a program; --stack wants policies", in->name);
	if (bpf_check(in->prog.insn, in->prog.len, &err) < 0)
		warn("%s: the kernel would not take it: instruction %u: %s", in->name,
		     err.place.line ? err.place.line - 1 : 0, err.text);
	in->abis = abis_of_program(&in->prog);
	return in;
}

struct input *input_load(struct job *job, const char *name)
{
	struct input *in = input_load_any(job, name);

	if (!in->has_policy && bpf_check(in->prog.insn, in->prog.len, NULL) < 0)
		exit(STATUS_WRONG);
	return in;
}

/* ---- where it comes from ---- */

const struct bpf_rule *input_rule(const struct input *in, unsigned int pc)
{
	return in->has_policy ? bpf_policy_rule(&in->policy, in->prog.origin[pc]) : NULL;
}

const char *place_text(struct job *job, const struct bpf_place *place)
{
	const char *file = place->file ? place->file : "?";
	const char *slash = strrchr(file, '/');

	file = slash ? slash + 1 : file;
	return place->line ? xprintf(&job->arena, "%s:%u", file, place->line) : file;
}
