/* SPDX-License-Identifier: MIT */
/*
 * Fuzz programs as text: what is refused has words and a place; what is taken and the kernel
 * would take, is written, read again and the same.
 */
#define FUZZ_MAX_INPUT 8192

#include "tests/fuzz/fuzz.h"

#include "bpf/bench.h"

#define MAX_TEXT (1 << 20)

static char written[MAX_TEXT];
static struct bpf_prog prog, again;

static int read_text(const char *text, size_t len, enum bpf_abi_id abi, struct bpf_prog *p)
{
	const struct bpf_text source = { .text = text, .len = len, .file = "fuzz", .abi = abi };
	struct bpf_arena arena = fuzz_arena(0);
	struct bpf_error error = { 0 };
	int ret = bpf_text_read(&source, &arena, p, &error);

	if (ret < 0 && (!error.text[0] || !error.place.line))
		abort();
	return ret;
}

/* The ABI goes by the size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const enum bpf_abi_id abi = (enum bpf_abi_id)(size % BPF_ABIS);
	FILE *out;
	long len;

	if (size > FUZZ_MAX_INPUT || read_text((const char *)data, size, abi, &prog) < 0 ||
	    bpf_check(prog.insn, prog.len, NULL) < 0)
		return 0;
	out = fmemopen(written, MAX_TEXT, "w");
	bpf_text_write(out, &prog);
	len = ftell(out);
	fclose(out);
	if (len >= MAX_TEXT - 1)
		return 0;
	if (read_text(written, (size_t)len, abi, &again) < 0 || again.len != prog.len ||
	    memcmp(again.insn, prog.insn, prog.len * sizeof(prog.insn[0])) != 0)
		abort();
	return 0;
}
