/* SPDX-License-Identifier: MIT */
/*
 * Programs from text: bpf_asm's notation. bpf_text_write() in disasm.c is the way back.
 *
 * A line holds labels, an instruction and a comment, each of which may be missing. What an
 * instruction is follows from its mnemonic and the form of its operand, by the table in
 * opcodes.c; five mnemonics are other words for an instruction with its sides exchanged or
 * its operand fixed. Labels become those of the assembler (asm.c), which also sees to jumps
 * that do not reach.
 *
 * Jumps go forward only, so a label that is placed already when a jump names it is a
 * mistake, and is one at that word.
 */
#include "bpf/bench.h"

#include <errno.h>
#include <string.h>

#include "bpf/internal.h"
#include "bpf/words.h"

struct bpf_text_label {
	struct bpf_text_label *next;
	struct bpf_text_token name; /* where it was first used, or placed */
	int id;
	bool placed;
};

/* ---- labels ---- */

static struct bpf_text_label *find_label(struct bpf_reader *r)
{
	struct bpf_text_label *label;

	for (label = r->labels; label; label = label->next) {
		if (label->name.len == r->token.len &&
		    !memcmp(label->name.text, r->token.text, r->token.len))
			return label;
	}
	label = bpf_alloc(r->arena, sizeof(*label));
	if (!label) {
		if (!r->error)
			r->error = bpf_fail(r->err, -E2BIG, &r->token.place, "too many labels");
		return NULL;
	}
	label->name = r->token;
	label->id = bpf_label(r->as);
	label->next = r->labels;
	r->labels = label;
	return label;
}

/* "NAME:", the token being NAME. */
static bool take_label(struct bpf_reader *r)
{
	const struct bpf_text_token name = r->token;
	const struct bpf_reader before = *r;
	struct bpf_text_label *label;

	if (name.kind != BPF_TEXT_WORD && name.kind != BPF_TEXT_NUMBER)
		return false;
	bpf_text_next(r);
	if (!bpf_text_is(r, ":")) {
		*r = before;
		return false;
	}
	*r = before;
	label = find_label(r);
	if (label && label->placed)
		bpf_text_fail(r, &name, "a second label '%.*s'", BPF_CUT(name.len), name.text);
	else if (label)
		bpf_place_label(r->as, label->id);
	if (label)
		label->placed = true;
	bpf_text_next(r);
	bpf_text_next(r);
	return true;
}

static int target(struct bpf_reader *r)
{
	struct bpf_text_label *label;

	if (r->token.kind != BPF_TEXT_WORD && r->token.kind != BPF_TEXT_NUMBER) {
		bpf_text_unexpected(r, "a label");
		return BPF_NEXT;
	}
	label = find_label(r);
	if (label && label->placed)
		bpf_text_fail(r, &r->token, "'%.*s' is behind: jumps go forward only",
			      BPF_CUT(r->token.len), r->token.text);
	bpf_text_next(r);
	return label ? label->id : BPF_NEXT;
}

/* ---- operands ---- */

struct operand {
	enum bpf_operand kind;
	uint32_t k;
};

/* "args[N]" with ".lo" or ".hi"; '.' is part of a word, so that "].hi" comes as "]", ".hi". */
static uint32_t argument(struct bpf_reader *r)
{
	const struct bpf_text_token first = r->token;
	uint64_t n;
	bool high;

	bpf_text_next(r);
	bpf_text_expect(r, "[");
	n = bpf_text_number(r);
	bpf_text_expect(r, "]");
	high = bpf_text_is(r, ".hi");
	if (high || bpf_text_is(r, ".lo"))
		bpf_text_next(r);
	if (n > 5) {
		bpf_text_fail(r, &first, "there are six arguments, args[0] to args[5]");
		return 0;
	}
	return high ? bpf_word_hi((unsigned int)n) : bpf_word_lo((unsigned int)n);
}

static uint32_t instruction_pointer(bool high)
{
	const unsigned int ip = offsetof(struct seccomp_data, instruction_pointer);

	/* Its halves lie as those of an argument do. */
	return ip + (high ? bpf_word_hi(0) : bpf_word_lo(0)) -
	       (uint32_t)offsetof(struct seccomp_data, args);
}

/* What stands between '[' and ']'. */
static struct operand memory(struct bpf_reader *r)
{
	struct operand op = { .kind = BPF_OP_ABS };

	if (bpf_text_take(r, "nr")) {
		op.k = BPF_WORD_NR;
	} else if (bpf_text_take(r, "arch")) {
		op.k = BPF_WORD_ARCH;
	} else if (bpf_text_is(r, "ip") || bpf_text_is(r, "ip.lo") || bpf_text_is(r, "ip.hi")) {
		op.k = instruction_pointer(bpf_text_is(r, "ip.hi"));
		bpf_text_next(r);
	} else if (bpf_text_is(r, "args")) {
		op.k = argument(r);
	} else if (bpf_text_is(r, "x") || bpf_text_is(r, "%")) {
		bpf_text_take(r, "%");
		bpf_text_expect(r, "x");
		op.kind = BPF_OP_IND;
		if (bpf_text_take(r, "+"))
			op.k = (uint32_t)bpf_text_number(r);
	} else {
		op.k = (uint32_t)bpf_text_number(r);
	}
	bpf_text_expect(r, "]");
	return op;
}

static struct operand operand(struct bpf_reader *r)
{
	struct operand op = { .kind = BPF_OP_NONE };

	if (bpf_text_take(r, "#")) {
		op.kind = BPF_OP_K;
		if (bpf_text_take(r, "len"))
			op.kind = BPF_OP_LEN;
		else
			op.k = bpf_text_constant(r);
	} else if (bpf_text_take(r, "[")) {
		op = memory(r);
	} else if (bpf_text_take(r, "M")) {
		op.kind = BPF_OP_MEM;
		bpf_text_expect(r, "[");
		op.k = (uint32_t)bpf_text_number(r);
		bpf_text_expect(r, "]");
	} else if (bpf_text_is(r, "4")) {
		op.kind = BPF_OP_MSH;
		bpf_text_next(r);
		bpf_text_expect(r, "*");
		bpf_text_expect(r, "(");
		bpf_text_expect(r, "[");
		op.k = (uint32_t)bpf_text_number(r);
		bpf_text_expect(r, "]");
		bpf_text_expect(r, "&");
		bpf_text_expect(r, "0xf");
		bpf_text_expect(r, ")");
	} else if (!bpf_text_end(r)) {
		bpf_text_take(r, "%");
		op.kind = bpf_text_is(r, "x") ? BPF_OP_X : BPF_OP_A;
		if (!bpf_text_take(r, "x") && !bpf_text_take(r, "a"))
			bpf_text_unexpected(r, "an operand");
	}
	return op;
}

/* ---- instructions ---- */

/* Other words for an instruction of the table. */
static const struct {
	const char *word, *name;
	bool swapped; /* the label is where it goes if the test fails */
} aliases[] = {
	{ "jle", "jgt", true },	  { "jlt", "jge", true },  { "jmp", "ja", false },
	{ "jne", "jeq", true },	  { "jneq", "jeq", true }, { "ldi", "ld", false },
	{ "ldxi", "ldx", false },
};

static const struct bpf_opcode *find_opcode(const char *name, enum bpf_operand kind)
{
	size_t i;

	for (i = 0; i < bpf_nopcodes; i++) {
		if (bpf_opcodes[i].operand == kind && !strcmp(bpf_opcodes[i].name, name))
			return &bpf_opcodes[i];
	}
	return NULL;
}

static bool is_mnemonic(const char *name)
{
	size_t i;

	for (i = 0; i < bpf_nopcodes; i++) {
		if (!strcmp(bpf_opcodes[i].name, name))
			return true;
	}
	return false;
}

static void conditional(struct bpf_reader *r, const struct bpf_opcode *op, uint32_t k, bool swapped)
{
	int jt, jf = BPF_NEXT;

	bpf_text_expect(r, ",");
	jt = target(r);
	if (bpf_text_take(r, ","))
		jf = target(r);
	if (swapped)
		bpf_jump(r->as, op->code, k, jf, jt);
	else
		bpf_jump(r->as, op->code, k, jt, jf);
}

/* ".code 0x06, 0, 0, 0x7fff0000": an instruction by its four fields. */
static void by_fields(struct bpf_reader *r)
{
	const struct bpf_text_token first = r->token;
	struct sock_filter insn;
	uint64_t field[4];
	unsigned int i;

	bpf_text_next(r);
	for (i = 0; i < 4; i++) {
		if (i)
			bpf_text_expect(r, ",");
		field[i] = bpf_text_number(r);
	}
	if (field[0] > UINT16_MAX || field[1] > UINT8_MAX || field[2] > UINT8_MAX)
		bpf_text_fail(r, &first, "the fields of an instruction have 16, 8, 8 and 32 bits");
	insn = (struct sock_filter){ .code = (uint16_t)field[0],
				     .jt = (uint8_t)field[1],
				     .jf = (uint8_t)field[2],
				     .k = (uint32_t)field[3] };
	if (BPF_CLASS(insn.code) == BPF_JMP && bpf_opcode(insn.code))
		bpf_text_fail(r, &first, "jumps are written with labels");
	if (!r->error)
		bpf_emit_fields(r->as, insn);
}

static void instruction(struct bpf_reader *r)
{
	const struct bpf_text_token first = r->token;
	const struct bpf_opcode *op;
	struct operand arg = { .kind = BPF_OP_NONE };
	bool swapped = false;
	char word[8];
	size_t i;

	snprintf(word, sizeof(word), "%.*s", first.len < sizeof(word) ? (int)first.len : 0,
		 first.text);
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (!strcmp(word, aliases[i].word)) {
			snprintf(word, sizeof(word), "%s", aliases[i].name);
			swapped = aliases[i].swapped;
			break;
		}
	}
	if (!is_mnemonic(word)) {
		bpf_text_fail(r, &first, "no instruction is called '%.*s'", BPF_CUT(first.len),
			      first.text);
		return;
	}
	bpf_text_next(r);
	op = find_opcode(word, BPF_OP_JUMP);
	if (op) {
		bpf_goto(r->as, target(r));
		return;
	}
	arg = operand(r);
	op = find_opcode(word, arg.kind == BPF_OP_K ? BPF_OP_JUMP_K :
			       arg.kind == BPF_OP_X ? BPF_OP_JUMP_X :
						      BPF_OP_JUMP);
	if (op) {
		conditional(r, op, arg.k, swapped);
		return;
	}
	op = find_opcode(word, arg.kind);
	if (op)
		bpf_emit(r->as, op->code, arg.k);
	else
		bpf_text_fail(r, &first, "'%s' takes no such operand", word);
}

static void line(struct bpf_reader *r)
{
	while (take_label(r))
		;
	if (r->token.kind == BPF_TEXT_WORD && bpf_text_is(r, ".code"))
		by_fields(r);
	else if (r->token.kind == BPF_TEXT_WORD)
		instruction(r);
	if (!bpf_text_end(r))
		bpf_text_unexpected(r, "the end of the line");
	if (r->as->error == -E2BIG && !r->error)
		r->error = bpf_fail(r->err, -E2BIG, &r->token.place, "more than %u instructions",
				    BPF_MAXINSNS);
	if (r->token.kind == BPF_TEXT_LINE)
		bpf_text_next(r);
}

int bpf_text_read(const struct bpf_text *text, struct bpf_arena *arena, struct bpf_prog *prog,
		  struct bpf_error *err)
{
	struct bpf_reader r = { .at = text->text,
				.end = text->text + text->len,
				.line = text->text,
				.place = { text->file, 1, 0 },
				.abi = text->abi,
				.arena = arena,
				.as = bpf_alloc_raw(arena, sizeof(*r.as)),
				.err = err };
	const struct bpf_text_label *label;
	int ret;

	if (!r.as)
		return bpf_fail(err, -E2BIG, NULL, "no memory to assemble in");
	bpf_asm_init(r.as);
	bpf_text_next(&r);
	while (r.token.kind != BPF_TEXT_END && !r.error)
		line(&r);
	for (label = r.labels; label; label = label->next) {
		if (!label->placed)
			bpf_text_fail(&r, &label->name, "no label '%.*s'", BPF_CUT(label->name.len),
				      label->name.text);
	}
	if (r.error)
		return r.error;
	ret = bpf_asm_finish(r.as, prog, err);
	if (ret && err && !err->place.file) {
		err->place = r.place;
		err->place.column = 1;
	}
	return ret;
}
