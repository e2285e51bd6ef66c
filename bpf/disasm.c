/* SPDX-License-Identifier: MIT */
/*
 * Showing a program so that a person can follow it.
 *
 * "jeq #41" says little; that 41 is socket() is known only if A holds the number and the
 * architecture is x86_64, which flow.c finds out. What is said here is meant to be true or
 * not said: a number that means different things under the ABIs that are possible gets no
 * name.
 *
 * The listing is close to bpf_asm's notation: ';' begins a comment. Only the labels are
 * instruction indices, which that tool does not take; bpf_text_write() has real ones.
 */
#include "bpf/bench.h"

#include <string.h>

#define TEXT BPF_REMARK

/* ---- one instruction as text ---- */

static int print_operand(const struct sock_filter *insn, enum bpf_operand operand, bool decimal,
			 char *buf, size_t size)
{
	switch (operand) {
	case BPF_OP_K:
	case BPF_OP_JUMP_K:
		return snprintf(buf, size, decimal ? " #%u" : " #0x%x", insn->k);
	case BPF_OP_ABS:
		return snprintf(buf, size, " [%u]", insn->k);
	case BPF_OP_MEM:
		return snprintf(buf, size, " M[%u]", insn->k);
	case BPF_OP_IND:
		return snprintf(buf, size, " [x + %u]", insn->k);
	case BPF_OP_MSH:
		return snprintf(buf, size, " 4*([%u]&0xf)", insn->k);
	case BPF_OP_LEN:
		return snprintf(buf, size, " #len");
	case BPF_OP_A:
		return snprintf(buf, size, " a");
	case BPF_OP_X:
	case BPF_OP_JUMP_X:
		return snprintf(buf, size, " x");
	default:
		return 0;
	}
}

/* The mnemonic padded to WIDTH; jumps with the indices of where they lead. */
static void print_insn(const struct sock_filter *insn, unsigned int pc, int width, bool decimal,
		       char *buf, size_t size)
{
	const struct bpf_opcode *op = bpf_opcode(insn->code);
	const unsigned long next = pc + 1ul;
	char operand[40] = "", target[48] = "";

	if (!op) {
		snprintf(buf, size, ".code 0x%04x, %u, %u, 0x%x", insn->code, insn->jt, insn->jf,
			 insn->k);
		return;
	}
	print_operand(insn, op->operand, decimal, operand, sizeof(operand));
	if (op->operand == BPF_OP_JUMP)
		snprintf(target, sizeof(target), " %lu", next + insn->k);
	else if (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X)
		snprintf(target, sizeof(target), ", %lu, %lu", next + insn->jt, next + insn->jf);
	if (!*operand && !*target)
		width = 0;
	snprintf(buf, size, "%-*s%s%s", width, op->name, operand, target);
}

const char *bpf_insn_text(const struct sock_filter *insn, unsigned int pc, char *buf, size_t size)
{
	print_insn(insn, pc, 0, false, buf, size);
	return buf;
}

/* ---- names ---- */

/* The index of the argument that the word at OFFSET belongs to, or -1. */
static int arg_at(unsigned int offset)
{
	const unsigned int args = offsetof(struct seccomp_data, args);

	return offset < args ? -1 : (int)((offset - args) / sizeof(uint64_t));
}

static bool is_low(unsigned int offset)
{
	return offset == bpf_word_lo((unsigned int)arg_at(offset));
}

/* The name of CALL's argument in register I, if that is what it is under all of ABIS. */
static const char *arg_name(const struct bpf_syscall *call, unsigned int abis, int i)
{
	struct bpf_argtype type;
	unsigned int abi;
	const char *name;

	if (!call || i < 0 || i >= call->nargs)
		return NULL;
	name = call->args[i].name;
	for (abi = 0; name && abi < BPF_ABIS; abi++) {
		if (abis & 1u << abi &&
		    bpf_syscall_arg(call, (enum bpf_abi_id)abi, name, strlen(name), &type) != i)
			return NULL;
	}
	return name;
}

const char *bpf_word_name(const struct bpf_known *know, unsigned int offset, char *buf)
{
	const struct bpf_syscall *call = know->call;
	const int arg = arg_at(offset);
	const char *name, *half;

	if (offset == BPF_WORD_NR) {
		snprintf(buf, TEXT, "nr");
	} else if (offset == BPF_WORD_ARCH) {
		snprintf(buf, TEXT, "arch");
	} else if (arg < 0) {
		snprintf(buf, TEXT, "instruction pointer");
	} else {
		half = is_low(offset) ? "lo" : "hi";
		name = arg_name(call, know->abis, arg);
		if (name)
			snprintf(buf, TEXT, "%s.%s (args[%d].%s)", call->name, name, arg, half);
		else
			snprintf(buf, TEXT, "args[%d].%s", arg, half);
	}
	return buf;
}

/* Which family of constants an argument is of. The first row that fits counts. */
static const struct {
	const char *call; /* NULL: any */
	const char *arg;
	const char *prefix;
} families[] = {
	{ "bpf", "cmd", "BPF_" },	   { "clone", "clone_flags", "CLONE_" },
	{ "fcntl", "cmd", "F_" },	   { "fcntl64", "cmd", "F_" },
	{ "futex", "op", "FUTEX_" },	   { "ioctl", "cmd", "FI" },
	{ "ioctl", "cmd", "FS_IOC" },	   { "ioctl", "cmd", "TIOC" },
	{ "ioctl", "cmd", "TC" },	   { "keyctl", "option", "KEYCTL_" },
	{ "lseek", "whence", "SEEK_" },	   { "madvise", "behavior", "MADV_" },
	{ "mmap", "flags", "MAP_" },	   { "mount", "flags", "MS_" },
	{ "open", "flags", "O_" },	   { "openat", "flags", "O_" },
	{ "prctl", "option", "PR_" },	   { "ptrace", "request", "PTRACE_" },
	{ "seccomp", "op", "SECCOMP_" },   { "socket", "type", "SOCK_" },
	{ "socketpair", "type", "SOCK_" }, { "unshare", "unshare_flags", "CLONE_" },
	{ NULL, "clockid", "CLOCK_" },	   { NULL, "dfd", "AT_FDCWD" },
	{ NULL, "dirfd", "AT_FDCWD" },	   { NULL, "domain", "AF_" },
	{ NULL, "family", "AF_" },	   { NULL, "prot", "PROT_" },
	{ NULL, "resource", "RLIMIT_" },   { NULL, "sig", "SIG" },
	{ NULL, "which_clock", "CLOCK_" },
};

const char *bpf_arg_constant(const char *call, const char *arg, uint64_t value)
{
	const char *name = NULL;
	size_t i;

	for (i = 0; !name && i < sizeof(families) / sizeof(families[0]); i++) {
		if (strcmp(families[i].arg, arg) ||
		    (families[i].call && strcmp(families[i].call, call)))
			continue;
		name = bpf_constant_name(families[i].prefix, value);
		/* What is negative may be known by its 64-bit value. */
		if (!name && value >> 31 == 1)
			name = bpf_constant_name(families[i].prefix, value | UINT64_MAX << 32);
	}
	return name;
}

/* The bits of K by name, "PROT_WRITE|PROT_EXEC"; nothing unless all have one. */
static void name_bits(const char *call, const char *arg, uint32_t k, char *buf)
{
	const char *name;
	unsigned int bit;
	size_t used = 0;

	for (bit = 0; bit < 32; bit++) {
		if (!(k & 1u << bit))
			continue;
		name = bpf_arg_constant(call, arg, 1u << bit);
		if (!name || used + strlen(name) + 2 > 40) {
			*buf = '\0';
			return;
		}
		used += (size_t)snprintf(buf + used, TEXT - used, "%s%s", used ? "|" : "", name);
	}
}

/* ---- remarks ---- */

static void remark_on_arch(uint32_t arch, char *buf)
{
	unsigned int i;

	for (i = 0; i < BPF_ABIS; i++) {
		if (bpf_abis[i].arch == arch && !bpf_abis[i].nr_bit)
			snprintf(buf, TEXT, "%s", bpf_abis[i].name);
	}
}

static const char *relation(const struct sock_filter *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JGT:
		return " > ";
	case BPF_JGE:
		return " >= ";
	default:
		return "";
	}
}

/* Those of ABIS whose numbers have x32's bit as K has it. */
static unsigned int abis_like(unsigned int abis, uint32_t k)
{
	unsigned int i;

	for (i = 0; i < BPF_ABIS; i++) {
		if (bpf_abis[i].nr_bit != (k & BPF_X32_BIT))
			abis &= ~(1u << i);
	}
	return abis;
}

/* The call that K means where A, the number, is compared with it. */
static const struct bpf_syscall *call_compared(const struct bpf_known *know, uint32_t k)
{
	if (know->mask == UINT32_MAX)
		return bpf_call_of(abis_like(know->abis, k), k & ~BPF_X32_BIT);
	return know->mask == ~BPF_X32_BIT ? bpf_call_of(know->abis, k) : NULL;
}

/* Is NR above all that the tables know under ABIS? */
static bool is_unknown(unsigned int abis, uint32_t nr)
{
	const bool with_bit = nr & BPF_X32_BIT;
	unsigned int i;

	abis = abis_like(abis, nr);
	for (i = 0; i < BPF_ABIS; i++) {
		if (abis & 1u << i &&
		    nr - (with_bit ? BPF_X32_BIT : 0) <= bpf_syscall_max((enum bpf_abi_id)i))
			return false;
	}
	return abis != 0;
}

static void remark_on_nr(const struct bpf_known *know, const struct sock_filter *insn, char *buf)
{
	const struct bpf_syscall *call = call_compared(know, insn->k);
	const uint16_t op = BPF_OP(insn->code);

	if (op == BPF_JSET) {
		if (insn->k == BPF_X32_BIT)
			snprintf(buf, TEXT, "x32");
	} else if (insn->k == BPF_X32_BIT && op == BPF_JGE) {
		snprintf(buf, TEXT, "x32, or negative");
	} else if (call) {
		snprintf(buf, TEXT, "%s%s%s", op == BPF_JEQ ? "" : "nr", relation(insn),
			 call->name);
	} else if (op != BPF_JEQ) {
		snprintf(buf, TEXT, insn->k < BPF_X32_BIT ? "nr%s%u%s" : "nr%s0x%x%s",
			 relation(insn), insn->k,
			 is_unknown(know->abis, insn->k) ? ": unknown calls" : "");
	}
}

static void remark_on_arg(const struct bpf_known *know, const struct sock_filter *insn, char *buf)
{
	const struct bpf_syscall *call = know->call;
	const int arg = arg_at(know->word);
	const char *name = arg_name(call, know->abis, arg);
	const char *constant;

	if (!name || !is_low(know->word))
		return;
	if (BPF_OP(insn->code) == BPF_JSET) {
		name_bits(call->name, name, insn->k, buf);
		return;
	}
	constant = bpf_arg_constant(call->name, name, insn->k);
	if (constant)
		snprintf(buf, TEXT, "%s%s", relation(insn), constant);
	else if (insn->k < 0x10000)
		snprintf(buf, TEXT, "%s%u", relation(insn), insn->k);
	else if (insn->k >> 31 && bpf_arg_type(call, BPF_X86_64, (unsigned int)arg).is_signed)
		snprintf(buf, TEXT, "%s%d", relation(insn), (int)insn->k);
}

const char *bpf_remark(const struct bpf_known *know, const struct sock_filter *insn, char *buf)
{
	char word[TEXT];

	*buf = '\0';
	if (!know->reached) {
		snprintf(buf, TEXT, "never reached");
	} else if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
		bpf_word_name(know, insn->k, buf);
	} else if (insn->code == (BPF_RET | BPF_K)) {
		bpf_action_name(insn->k, buf, TEXT);
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K) && know->word != BPF_NOWHERE) {
		bpf_word_name(know, know->word, word);
		snprintf(buf, TEXT, "%.*s & 0x%x", (int)strcspn(word, " "), word,
			 know->mask & insn->k);
	} else if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA &&
		   BPF_SRC(insn->code) == BPF_K) {
		if (know->word == BPF_WORD_ARCH)
			remark_on_arch(insn->k, buf);
		else if (know->word == BPF_WORD_NR)
			remark_on_nr(know, insn, buf);
		else if (know->word != BPF_NOWHERE)
			remark_on_arg(know, insn, buf);
	}
	return buf;
}

/* ---- the listing ---- */

/* Whole characters of TEXT (UTF-8) that fit in SIZE bytes. */
static int cut(const char *text, size_t size)
{
	size_t len = strlen(text);

	if (len <= size)
		return (int)len;
	while (size && (text[size] & 0xc0) == 0x80)
		size--;
	return (int)size;
}

static void print_place(const struct bpf_rule *rule, char *buf, size_t size)
{
	const char *file = rule->place.file ? rule->place.file : "?";
	const char *slash = strrchr(file, '/');

	snprintf(buf, size, "%s:%u", slash ? slash + 1 : file, rule->place.line);
}

/* The rule's own words, where its first instruction is. */
static void print_rule(FILE *out, const struct bpf_prog *prog, unsigned int pc,
		       const struct bpf_rule *rule)
{
	char place[48];
	unsigned int i;
	int room;

	for (i = 0; i < pc; i++) {
		if (prog->origin[i] == prog->origin[pc])
			return;
	}
	print_place(rule, place, sizeof(place));
	room = 76 - (int)strlen(place);
	fprintf(out, "; %s: %.*s%s\n", place, cut(rule->text, (size_t)room), rule->text,
		strlen(rule->text) > (size_t)room ? ".." : "");
}

static void print_line(FILE *out, const struct bpf_prog *prog, unsigned int pc,
		       const struct bpf_known *know, const struct bpf_rule *rule)
{
	const struct sock_filter *insn = &prog->insn[pc];
	const bool decimal = know->reached && know->word == BPF_WORD_NR && insn->k < BPF_X32_BIT &&
			     BPF_CLASS(insn->code) == BPF_JMP;
	char text[TEXT], note[TEXT], place[48] = "";

	print_insn(insn, pc, 4, decimal, text, sizeof(text));
	bpf_remark(know, insn, note);
	if (rule)
		print_place(rule, place, sizeof(place));

	if (*place)
		fprintf(out, "%4u: %-28s ; %-29s %s\n", pc, text, note, place);
	else if (*note)
		fprintf(out, "%4u: %-28s ; %s\n", pc, text, note);
	else
		fprintf(out, "%4u: %s\n", pc, text);
}

void bpf_disasm(FILE *out, const struct bpf_prog *prog, const struct bpf_policy *policy)
{
	struct bpf_known at[BPF_MAXINSNS];
	const struct bpf_rule *rule;
	unsigned int pc, longest;

	if (!prog->len)
		return;
	longest = bpf_analyse(prog, at);
	fprintf(out, "; %u instruction%s, at most %u of them run. A jump names where it leads:\n",
		prog->len, prog->len == 1 ? "" : "s", longest);
	fprintf(out, "; if true, if false.\n");
	for (pc = 0; pc < prog->len; pc++) {
		rule = policy ? bpf_policy_rule(policy, prog->origin[pc]) : NULL;
		if (rule)
			print_rule(out, prog, pc, rule);
		print_line(out, prog, pc, &at[pc], rule);
	}
}

/* ---- the plain form, which text.c reads ---- */

/* Where instruction PC may go, but to the next: one target or two; false if outside. */
static bool targets(const struct bpf_prog *prog, unsigned int pc, unsigned long to[2])
{
	const struct sock_filter *insn = &prog->insn[pc];
	const struct bpf_opcode *op = bpf_opcode(insn->code);

	to[0] = to[1] = pc + 1ul;
	if (op && op->operand == BPF_OP_JUMP) {
		to[0] = to[1] = to[0] + insn->k;
	} else if (op && (op->operand == BPF_OP_JUMP_K || op->operand == BPF_OP_JUMP_X)) {
		to[0] += insn->jt;
		to[1] += insn->jf;
	}
	return to[0] < prog->len && to[1] < prog->len;
}

static bool is_jump(const struct bpf_opcode *op)
{
	return op && (op->operand == BPF_OP_JUMP || op->operand == BPF_OP_JUMP_K ||
		      op->operand == BPF_OP_JUMP_X);
}

/* Does the notation say all of INSN, fields that nothing reads included? */
static bool is_plain(const struct sock_filter *insn, const struct bpf_opcode *op)
{
	bool no_k = op->operand == BPF_OP_NONE || op->operand == BPF_OP_A ||
		    op->operand == BPF_OP_X || op->operand == BPF_OP_LEN ||
		    op->operand == BPF_OP_JUMP_X;
	bool no_jumps = op->operand != BPF_OP_JUMP_K && op->operand != BPF_OP_JUMP_X;

	return !(no_k && insn->k) && !(no_jumps && (insn->jt || insn->jf));
}

/* The text up to where bpf_insn_text() names the targets, then these as labels. */
static void write_jump(const struct sock_filter *insn, unsigned int pc, const unsigned long to[2],
		       char *buf)
{
	char text[BPF_REMARK];
	char *cut;

	bpf_insn_text(insn, pc, text, sizeof(text));
	if (insn->code == (BPF_JMP | BPF_JA)) {
		snprintf(buf, BPF_REMARK, "ja l%lu", to[0]);
		return;
	}
	cut = strchr(text, ',');
	if (cut)
		*cut = '\0';
	snprintf(buf, BPF_REMARK, "%.60s, l%lu, l%lu", text, to[0], to[1]);
}

static void write_insn(const struct bpf_prog *prog, unsigned int pc, char *buf)
{
	const struct sock_filter *insn = &prog->insn[pc];
	const struct bpf_opcode *op = bpf_opcode(insn->code);
	unsigned long to[2];
	bool inside = targets(prog, pc, to);

	if (op && is_jump(op) && inside && is_plain(insn, op))
		write_jump(insn, pc, to, buf);
	else if (op && !is_jump(op) && is_plain(insn, op))
		bpf_insn_text(insn, pc, buf, BPF_REMARK);
	else
		snprintf(buf, BPF_REMARK, ".code 0x%04x, %u, %u, 0x%x", insn->code, insn->jt,
			 insn->jf, insn->k);
}

void bpf_text_write(FILE *out, const struct bpf_prog *prog)
{
	unsigned char labelled[BPF_MAXINSNS] = { 0 };
	struct bpf_known at[BPF_MAXINSNS];
	char text[BPF_REMARK], remark[BPF_REMARK], label[16];
	unsigned long to[2];
	unsigned int pc;

	bpf_analyse(prog, at);
	for (pc = 0; pc < prog->len; pc++) {
		if (is_jump(bpf_opcode(prog->insn[pc].code)) && targets(prog, pc, to))
			labelled[to[0]] = labelled[to[1]] = 1;
	}
	for (pc = 0; pc < prog->len; pc++) {
		*label = '\0';
		if (labelled[pc])
			snprintf(label, sizeof(label), "l%u:", pc);
		write_insn(prog, pc, text);
		bpf_remark(&at[pc], &prog->insn[pc], remark);
		if (*remark)
			fprintf(out, "%s\t%-31s ; %s\n", label, text, remark);
		else
			fprintf(out, "%s\t%s\n", label, text);
	}
}
