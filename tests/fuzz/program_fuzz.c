/* SPDX-License-Identifier: MIT */
/*
 * Fuzz what shows programs. Whatever a program is, it can be listed; and what the kernel would
 * take is written in bpf_asm's notation, read again and the same, unless it has a jump with a
 * field that nothing reads and the notation cannot say.
 */
#include "tests/fuzz/program.h"

#include "bpf/bench.h"
#include "bpf/import/import.h"

#define MAX_TEXT (1 << 20)

static char text[2][MAX_TEXT];
static struct bpf_prog prog, again;

static size_t written(void (*write)(FILE *out, const struct bpf_prog *p), const struct bpf_prog *p,
		      char *buf)
{
	FILE *out = fmemopen(buf, MAX_TEXT, "w");
	long len;

	write(out, p);
	len = ftell(out);
	if (fclose(out) || len <= 0 || len >= MAX_TEXT - 1)
		abort();
	return (size_t)len;
}

static void list(FILE *out, const struct bpf_prog *p)
{
	bpf_disasm(out, p, NULL);
}

static void solver(FILE *out, const struct bpf_prog *p)
{
	bpf_smt_words(out);
	bpf_smt(out, p->insn, p->len, "action");
}

static void source(FILE *out, const struct bpf_prog *p)
{
	export_c(out, p, "filter");
}

/* Reads the LEN bytes of text[0]. */
static int read_again(size_t len, struct bpf_error *error)
{
	const struct bpf_text source_text = { .text = text[0], .len = len, .file = "fuzz" };
	struct bpf_arena arena = fuzz_arena(0);

	error->text[0] = '\0';
	return bpf_text_read(&source_text, &arena, &again, error);
}

/* Does a jump have something in a field that it does not use? */
static bool is_odd(const struct bpf_prog *p)
{
	const struct sock_filter *insn;
	unsigned int pc;

	for (pc = 0; pc < p->len; pc++) {
		insn = &p->insn[pc];
		if (insn->code == (BPF_JMP | BPF_JA) && (insn->jt || insn->jf))
			return true;
		if (BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_X && insn->k)
			return true;
	}
	return false;
}

static bool is_same(const struct bpf_prog *a, const struct bpf_prog *b)
{
	return a->len == b->len && !memcmp(a->insn, b->insn, a->len * sizeof(a->insn[0]));
}

static void round_trip(void)
{
	size_t len = written(bpf_text_write, &prog, text[0]);
	struct bpf_error error;
	int ret;

	ret = read_again(len, &error);
	if (ret < 0 && (!error.text[0] || !error.place.line))
		abort();
	if (is_odd(&prog) ? ret != -EINVAL : ret < 0 || !is_same(&prog, &again))
		abort();
	if (ret == 0 &&
	    (written(bpf_text_write, &again, text[1]) != len || memcmp(text[0], text[1], len) != 0))
		abort();
}

/* The notation alone, which that tool reads, too: what it cannot say is of no consequence. */
static void plain_round_trip(void)
{
	const size_t len = written(export_asm, &prog, text[0]);
	struct bpf_error error;

	if (read_again(len, &error) < 0 || again.len != prog.len)
		abort();
	if (written(export_asm, &again, text[1]) != len || memcmp(text[0], text[1], len) != 0)
		abort();
	if (bpf_check(again.insn, again.len, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_error error = { 0 };

	if (!fuzz_prog(&prog, data, size))
		return 0;
	written(list, &prog, text[0]);
	written(bpf_text_write, &prog, text[0]);
	if (bpf_check(prog.insn, prog.len, &error) < 0) {
		if (!error.text[0] || error.place.line > prog.len)
			abort();
		return 0;
	}
	written(solver, &prog, text[0]);
	written(source, &prog, text[0]);
	round_trip();
	plain_round_trip();
	return 0;
}
