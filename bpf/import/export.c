/* SPDX-License-Identifier: MIT */
/*
 * Programs on their way out: as the kernel takes them, as C source, as bpf_asm's text.
 */
#include "bpf/import/import.h"

#include <string.h>

void export_raw(FILE *out, const struct bpf_prog *prog)
{
	fwrite(prog->insn, sizeof(prog->insn[0]), prog->len, out);
}

void export_c(FILE *out, const struct bpf_prog *prog, const char *name)
{
	const struct sock_filter *insn;
	char text[64];
	unsigned int pc;

	fprintf(out, "#include <linux/filter.h>\n\n");
	fprintf(out, "static const struct sock_filter %s[%u] = {\n", name, prog->len);
	for (pc = 0; pc < prog->len; pc++) {
		insn = &prog->insn[pc];
		fprintf(out, "\t{ 0x%02x, %3u, %3u, 0x%08x }, /* %4u: %s */\n", insn->code,
			insn->jt, insn->jf, insn->k, pc,
			bpf_insn_text(insn, pc, text, sizeof(text)));
	}
	fprintf(out, "};\n");
}

/* ---- bpf_asm ---- */

static bool is_conditional(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
}

static void mark(bool *target, const struct bpf_prog *prog)
{
	const struct sock_filter *insn;
	unsigned int pc;

	for (pc = 0; pc < prog->len; pc++) {
		insn = &prog->insn[pc];
		if (is_conditional(insn)) {
			target[pc + 1 + insn->jt] = true;
			target[pc + 1 + insn->jf] = true;
		} else if (BPF_CLASS(insn->code) == BPF_JMP) {
			target[pc + 1 + insn->k] = true;
		}
	}
}

/* bpf_insn_text() has numbers where bpf_asm wants labels; up to there it is the same. */
static void print_insn(FILE *out, const struct sock_filter *insn, unsigned int pc)
{
	const struct bpf_opcode *op = bpf_opcode(insn->code);
	char text[64];

	if (op && op->operand == BPF_OP_JUMP) {
		fprintf(out, "%s L%u\n", op->name, pc + 1 + insn->k);
		return;
	}
	bpf_insn_text(insn, pc, text, sizeof(text));
	if (is_conditional(insn)) {
		text[strcspn(text, ",")] = '\0';
		fprintf(out, "%s, L%u, L%u\n", text, pc + 1 + insn->jt, pc + 1 + insn->jf);
		return;
	}
	fprintf(out, "%s\n", text);
}

void export_asm(FILE *out, const struct bpf_prog *prog)
{
	bool target[BPF_MAXINSNS + 1] = { false };
	char label[16];
	unsigned int pc;

	mark(target, prog);
	for (pc = 0; pc < prog->len; pc++) {
		snprintf(label, sizeof(label), "L%u:", pc);
		fprintf(out, "%s\t", target[pc] ? label : "");
		print_insn(out, &prog->insn[pc], pc);
	}
}
