/* SPDX-License-Identifier: MIT */
/*
 * System calls: names, numbers and how the kernel reads their arguments.
 *
 * The data is bpf/syscalls.tbl, which scripts/syscalls-def.sh turns into
 * initializers.  A call has one prototype, and a "variant" for each ABI whose
 * kernel function reads the registers in another way: i386 takes a 64-bit
 * offset in two registers and mmap's arguments behind a pointer, clone() has
 * two orders, chown() of 1992 has 16-bit ids.
 *
 * An argument's C type says how much of its register counts.  The entry code
 * that SYSCALL_DEFINEn() makes casts the register to that type, so for an int
 * the upper half is never looked at, and a filter must not look at it either.
 *
 * syscalls(2), syscall(2)
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct bpf_syscall bpf_syscalls[] = {
#define BPF_DEF_SYSCALLS
#include "bpf/syscalls.def"
#undef BPF_DEF_SYSCALLS
};

const size_t bpf_nsyscalls = COUNT(bpf_syscalls);

/* Under ABI, the call in row ROW takes these arguments in place of its own. */
struct variant {
	unsigned short row;
	enum bpf_abi_id abi;
	unsigned char nargs;
	struct bpf_arg args[6];
};

static const struct variant variants[] = {
#define BPF_DEF_VARIANTS
#include "bpf/syscalls.def"
#undef BPF_DEF_VARIANTS
};

/* For each ABI and number, the row in bpf_syscalls[] plus 1; 0 is "none". */
#define MAXNR 1024
static const unsigned short rows[BPF_ABIS][MAXNR] = {
#define BPF_DEF_NUMBERS
#include "bpf/syscalls.def"
#undef BPF_DEF_NUMBERS
};

/* By a hash of its name, the row plus 1, or that of another; if so, it is in one that follows. */
#define SLOTS 1024
static const unsigned short slots[SLOTS] = {
#define BPF_DEF_SLOTS
#include "bpf/syscalls.def"
#undef BPF_DEF_SLOTS
};

/* What manual pages call an argument, where the kernel's source has another name. */
/* clang-format off */
static const struct {
	const char *manual, *kernel;
} aliases[] = {
	{ "addr", "start" },
	{ "advice", "behavior" },
	{ "dirfd", "dfd" },
	{ "domain", "family" },
	{ "flags", "clone_flags" },
	{ "flags", "flag" },
	{ "flags", "unshare_flags" },
	{ "futex_op", "op" },
	{ "length", "len" },
	{ "newdirfd", "newdfd" },
	{ "nstype", "flags" },
	{ "offset", "off" },
	{ "olddirfd", "olddfd" },
	{ "op", "cmd" },
	{ "op", "option" },
	{ "op", "request" },
	{ "operation", "op" },
	{ "operation", "option" },
	{ "path", "filename" },
	{ "pathname", "filename" },
	{ "persona", "personality" },
	{ "request", "cmd" },
	{ "sockfd", "fd" },
};
/* clang-format on */

/*
 * Every type that a prototype has, but for pointers, which are told by their "*".
 * WIDE is the width where long is 64 bits, NARROW where it is 32.  The types of the
 * compat functions, which serve i386 and some of x32, are 32 bits everywhere.
 */
/* clang-format off */
static const struct {
	const char *name;
	unsigned char wide, narrow;
	bool is_signed, pointer;
} types[] = {
	{ "int", 32, 32, true, false },
	{ "unsigned int", 32, 32, false, false },
	{ "unsigned long", 64, 32, false, false },
	{ "size_t", 64, 32, false, false },
	{ "__s32", 32, 32, true, false },
	{ "__sighandler_t", 64, 32, false, true },
	{ "__u32", 32, 32, false, false },
	{ "__u64", 64, 32, false, false },
	{ "aio_context_t", 64, 32, false, false },
	{ "cap_user_data_t", 64, 32, false, true },
	{ "cap_user_header_t", 64, 32, false, true },
	{ "clockid_t", 32, 32, true, false },
	{ "compat_aio_context_t", 32, 32, false, false },
	{ "compat_long_t", 32, 32, true, false },
	{ "compat_mode_t", 16, 16, false, false },
	{ "compat_pid_t", 32, 32, true, false },
	{ "compat_size_t", 32, 32, false, false },
	{ "compat_ssize_t", 32, 32, true, false },
	{ "compat_ulong_t", 32, 32, false, false },
	{ "compat_uptr_t", 32, 32, false, true },
	{ "enum landlock_rule_type", 32, 32, false, false },
	{ "gid_t", 32, 32, false, false },
	{ "key_serial_t", 32, 32, true, false },
	{ "key_t", 32, 32, true, false },
	{ "loff_t", 64, 32, true, false },
	{ "long", 64, 32, true, false },
	{ "mqd_t", 32, 32, true, false },
	{ "off_t", 64, 32, true, false },
	{ "old_gid_t", 16, 16, false, false },
	{ "old_sigset_t", 64, 32, false, false },
	{ "old_uid_t", 16, 16, false, false },
	{ "pid_t", 32, 32, true, false },
	{ "qid_t", 32, 32, false, false },
	{ "rwf_t", 32, 32, true, false },
	{ "timer_t", 32, 32, true, false },
	{ "u32", 32, 32, false, false },
	{ "uid_t", 32, 32, false, false },
	{ "uintptr_t", 64, 32, false, false },
	{ "umode_t", 16, 16, false, false },
	{ "unsigned", 32, 32, false, false },
};
/* clang-format on */

/* Are the LEN bytes at TEXT, which may hold a NUL, the string NAME? */
static bool is_name(const char *name, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] != name[i] || name[i] == '\0')
			return false;
	return name[len] == '\0';
}

const struct bpf_syscall *bpf_syscall_find(const char *name, size_t len)
{
	unsigned int slot = 0;
	size_t i;

	for (i = 0; i < len; i++)
		slot = (slot * 31 + (unsigned char)name[i]) % SLOTS;
	for (; slots[slot]; slot = (slot + 1) % SLOTS)
		if (is_name(bpf_syscalls[slots[slot] - 1].name, name, len))
			return &bpf_syscalls[slots[slot] - 1];
	return NULL;
}

const struct bpf_syscall *bpf_syscall_nr(enum bpf_abi_id abi, uint32_t nr)
{
	if (nr >= MAXNR || !rows[abi][nr])
		return NULL;
	return &bpf_syscalls[rows[abi][nr] - 1];
}

uint32_t bpf_syscall_max(enum bpf_abi_id abi)
{
	uint32_t nr = MAXNR - 1;

	while (nr > 0 && !rows[abi][nr])
		nr--;
	return nr;
}

/* The arguments of CALL under ABI; *NARGS is how many. */
static const struct bpf_arg *arguments(const struct bpf_syscall *call, enum bpf_abi_id abi,
				       size_t *nargs)
{
	size_t i;

	for (i = 0; i < COUNT(variants); i++) {
		if (&bpf_syscalls[variants[i].row] != call || variants[i].abi != abi)
			continue;
		*nargs = variants[i].nargs;
		return variants[i].args;
	}
	*nargs = call->nargs;
	return call->args;
}

/* The index of the argument NAME, by the kernel's name or the manual's; -ENOENT. */
static int find(const struct bpf_arg *args, size_t nargs, const char *name, size_t len)
{
	size_t i, j;

	for (i = 0; i < nargs; i++)
		if (is_name(args[i].name, name, len))
			return (int)i;
	for (j = 0; j < COUNT(aliases); j++) {
		if (!is_name(aliases[j].manual, name, len))
			continue;
		for (i = 0; i < nargs; i++)
			if (!strcmp(args[i].name, aliases[j].kernel))
				return (int)i;
	}
	return -ENOENT;
}

/* A register of which nothing is known. */
static struct bpf_argtype word(enum bpf_abi_id abi)
{
	return (struct bpf_argtype){ .bits = bpf_abis[abi].long64 ? 64 : 32 };
}

static struct bpf_argtype type_of(const char *type, enum bpf_abi_id abi)
{
	struct bpf_argtype found = word(abi);
	size_t i;

	if (strchr(type, '*')) {
		found.pointer = true;
		return found;
	}
	for (i = 0; i < COUNT(types); i++) {
		if (strcmp(types[i].name, type))
			continue;
		found.bits = bpf_abis[abi].long64 ? types[i].wide : types[i].narrow;
		found.is_signed = types[i].is_signed;
		found.pointer = types[i].pointer;
		break;
	}
	return found;
}

bool bpf_type_known(const char *type)
{
	size_t i;

	for (i = 0; i < COUNT(types); i++)
		if (!strcmp(types[i].name, type))
			return true;
	return strchr(type, '*') != NULL;
}

struct bpf_argtype bpf_arg_type(const struct bpf_syscall *call, enum bpf_abi_id abi, unsigned int i)
{
	const struct bpf_arg *args;
	size_t nargs;

	if (!call)
		return word(abi);
	args = arguments(call, abi, &nargs);
	return i < nargs ? type_of(args[i].type, abi) : word(abi);
}

/* Does any ABI have an argument NAME of CALL? */
static bool elsewhere(const struct bpf_syscall *call, const char *name, size_t len)
{
	size_t i;

	if (find(call->args, call->nargs, name, len) >= 0)
		return true;
	for (i = 0; i < COUNT(variants); i++)
		if (&bpf_syscalls[variants[i].row] == call &&
		    find(variants[i].args, variants[i].nargs, name, len) >= 0)
			return true;
	return false;
}

int bpf_syscall_arg(const struct bpf_syscall *call, enum bpf_abi_id abi, const char *name,
		    size_t len, struct bpf_argtype *type)
{
	const struct bpf_arg *args;
	size_t nargs;
	int i;

	if (len == 4 && !memcmp(name, "arg", 3) && name[3] >= '0' && name[3] <= '5') {
		*type = word(abi);
		return name[3] - '0';
	}
	if (!call)
		return -EOPNOTSUPP;
	args = arguments(call, abi, &nargs);
	if (!args[0].name)
		return -EOPNOTSUPP;
	i = find(args, nargs, name, len);
	if (i < 0)
		return elsewhere(call, name, len) ? -EOPNOTSUPP : -ENOENT;
	*type = type_of(args[i].type, abi);
	return i;
}
