/* SPDX-License-Identifier: MIT */
/*
 * The policies that are built in: each is read, compiled, accepted and proved, for every ABI;
 * and what strict allows, standard allows, whatever the arguments.
 */
#include "tests/runner/spec.h"

#include "bpf/bench.h"

#include "kselftest_harness.h"

static const char *const abi_lines[BPF_ABIS] = {
	[BPF_X86_64] = "abi x86_64",   [BPF_I386] = "abi i386",	      [BPF_X32] = "abi x32",
	[BPF_AARCH64] = "abi aarch64", [BPF_RISCV64] = "abi riscv64",
};

/* SPEC filled with the built-in policy NAME for ABI; what only gives names gets a default. */
static int load_for(struct spec *spec, enum bpf_abi_id abi, const char *name, struct bpf_error *err)
{
	const struct bpf_builtin *builtin = bpf_builtins;
	int ret;

	forget_home();
	while (builtin->name && strcmp(builtin->name, name) != 0)
		builtin++;
	if (!builtin->name)
		return bpf_fail(err, -ENOENT, NULL, "no policy %s", name);
	ret = abi == bpf_abi_native() ? 0 : add_line(spec, "test", abi_lines[abi], err);
	if (!ret)
		ret = read_text(spec, builtin->text, err);
	if (!ret && !strstr(builtin->text, "\ndefault ") &&
	    !strstr(builtin->text, "\ninclude     standard"))
		ret = add_line(spec, "test", "default kill", err);
	return ret ? ret : settings_apply(spec, err);
}

static int load(struct spec *spec, const char *name, struct bpf_error *err)
{
	return load_for(spec, bpf_abi_native(), name, err);
}

/* What i386's mmap(2) is to do lies behind a pointer, so a condition on it is refused. */
static bool is_for(enum bpf_abi_id abi, const char *name)
{
	return abi != BPF_I386 || strncmp(name, "syslogparse", 11) != 0;
}

static void prove(struct __test_metadata *_metadata, enum bpf_abi_id abi, const char *name)
{
	struct spec *spec = new_spec();
	struct bpf_prog *prog = calloc(1, sizeof(*prog));
	struct bpf_error err = { 0 };
	unsigned long cases = 0;

	ASSERT_NE(NULL, prog);
	ASSERT_EQ(is_for(abi, name) ? 0 : -EINVAL, load_for(spec, abi, name, &err))
	{
		TH_LOG("%s, %s: %s:%u: %s", abi_lines[abi], name, err.place.file, err.place.line,
		       err.text);
	}
	if (!is_for(abi, name))
		return;
	EXPECT_EQ(0, bpf_compile(&spec->syscalls, prog, &err) ||
			     bpf_check(prog->insn, prog->len, &err) ||
			     bpf_verify(&spec->syscalls, prog, NULL, &cases, &err))
	{
		TH_LOG("%s, %s: %s", abi_lines[abi], name, err.text);
	}
	EXPECT_LT(100, cases);
	free(prog);
	forget_spec(spec);
}

TEST(each_is_proved)
{
	size_t n = 0;

	for (const struct bpf_builtin *builtin = bpf_builtins; builtin->name; builtin++, n++) {
		for (int abi = 0; abi < BPF_ABIS; abi++)
			prove(_metadata, (enum bpf_abi_id)abi, builtin->name);
	}
	EXPECT_LE(3, n);
}

/* ---- the chain ---- */

static bool allows(const struct spec *spec, const struct seccomp_data *data)
{
	return bpf_policy_eval(&spec->syscalls, data, NULL) == SECCOMP_RET_ALLOW;
}

static void compile(const char *name, struct bpf_prog *prog)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	if (load(spec, name, &err) || bpf_compile(&spec->syscalls, prog, &err))
		abort();
}

/* Exact, for all inputs; and the other way round there is a call that makes the difference. */
TEST(each_allows_no_more_than_the_next)
{
	static const char *const chain[] = { "strict", "standard", "network" };
	static struct bpf_prog progs[COUNT(chain)];
	struct bpf_arena arena = { .base = malloc(32u << 20), .size = 32u << 20 };
	struct bpf_error err = { 0 };

	ASSERT_NE(NULL, arena.base);
	for (size_t i = 0; i < COUNT(chain); i++)
		compile(chain[i], &progs[i]);
	for (size_t i = 0; i + 1 < COUNT(chain); i++) {
		const struct bpf_prog *less = &progs[i], *more = &progs[i + 1];
		struct bpf_pair pair = {
			less->insn, more->insn, less->len, more->len, BPF_SUBSET, 0
		};
		struct bpf_pair back = {
			more->insn, less->insn, more->len, less->len, BPF_SUBSET, 0
		};
		struct bpf_difference diff;

		EXPECT_EQ(0, bpf_diff(&pair, &arena, &diff, &err))
		{
			TH_LOG("%s allows call %d, %s does not", chain[i], diff.data.nr,
			       chain[i + 1]);
		}
		EXPECT_EQ(1, bpf_diff(&back, &arena, &diff, &err));
		EXPECT_EQ(SECCOMP_RET_ALLOW, diff.actions[0]);
	}
	free(arena.base);
}

static void look_for_foreign(struct __test_metadata *_metadata, const char *name,
			     enum bpf_abi_id own)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, load_for(spec, own, name, &err));
	for (int abi = 0; abi < BPF_ABIS; abi++) {
		struct seccomp_data data = { .arch = bpf_abis[abi].arch };

		for (uint32_t nr = 0; nr < 600; nr++) {
			data.nr = (int)(nr | bpf_abis[abi].nr_bit);
			if (abi != (int)own || nr > bpf_syscall_max(abi)) {
				EXPECT_FALSE(allows(spec, &data))
				{
					TH_LOG("%s, %s: %s %u", abi_lines[own], name,
					       bpf_abis[abi].name, nr);
				}
			}
		}
	}
	forget_spec(spec);
}

/* Of a foreign architecture and of numbers yet to come none allows anything. */
TEST(nothing_foreign)
{
	static const char *const names[] = { "strict", "standard", "network", "nested",
					     "syslogparse" };

	for (size_t i = 0; i < COUNT(names); i++) {
		for (int abi = 0; abi < BPF_ABIS; abi++) {
			if (is_for((enum bpf_abi_id)abi, names[i]))
				look_for_foreign(_metadata, names[i], (enum bpf_abi_id)abi);
		}
	}
}

/* What no program under either may do, beside what it may. */
static const struct {
	const char *call;
	uint64_t args[3];
	bool strict, standard;
} cases[] = {
	{ "read", { 0 }, true, true },
	{ "socket", { 1, 1 }, false, true },   /* AF_UNIX */
	{ "socket", { 2, 1 }, false, true },   /* AF_INET */
	{ "socket", { 16, 3 }, false, false }, /* AF_NETLINK */
	{ "socket", { UINT64_C(1) << 32 | 16, 3 }, false, false },
	{ "ioctl", { 0, 0x5401 }, true, true },	  /* TCGETS */
	{ "ioctl", { 0, 0x5412 }, false, false }, /* TIOCSTI */
	{ "ioctl", { 0, UINT64_C(1) << 32 | 0x5412 }, false, false },
	{ "clone", { 0x11 }, true, true },	   /* SIGCHLD */
	{ "clone", { 0x10000000 }, false, false }, /* CLONE_NEWUSER */
	{ "clone", { UINT64_C(1) << 32 | 0x10000000 }, false, false },
	{ "clone3", { 0 }, false, false },
	{ "unshare", { 0 }, false, false },
	{ "setns", { 0 }, false, false },
	{ "ptrace", { 0 }, false, false },
	{ "mount", { 0 }, false, false },
	{ "bpf", { 0 }, false, false },
	{ "keyctl", { 0 }, false, false },
	{ "io_uring_setup", { 0 }, false, false },
	{ "process_vm_readv", { 0 }, false, false },
	{ "pidfd_getfd", { 0 }, false, false },
	{ "open_by_handle_at", { 0 }, false, false },
	{ "prlimit64", { 0, 7, 0 }, true, true },
	{ "prlimit64", { 0, 7, 4096 }, false, true },
};

static void check_line(struct __test_metadata *_metadata, enum bpf_abi_id abi)
{
	struct spec *strict = new_spec(), *standard = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, load_for(strict, abi, "strict", &err));
	ASSERT_EQ(0, load_for(standard, abi, "standard", &err));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct bpf_syscall *call =
			bpf_syscall_find(cases[i].call, strlen(cases[i].call));
		struct seccomp_data data = { .arch = bpf_abis[abi].arch };

		ASSERT_NE(NULL, call);
		ASSERT_LE(0, call->nr[abi]);
		data.nr = (int)((uint32_t)call->nr[abi] | bpf_abis[abi].nr_bit);
		for (unsigned int j = 0; j < 3; j++)
			data.args[j] = cases[i].args[j];
		EXPECT_EQ(cases[i].strict, allows(strict, &data))
		{
			TH_LOG("%s, strict, case %zu: %s", abi_lines[abi], i, cases[i].call);
		}
		EXPECT_EQ(cases[i].standard, allows(standard, &data))
		{
			TH_LOG("%s, standard, case %zu: %s", abi_lines[abi], i, cases[i].call);
		}
	}
	forget_spec(strict);
	forget_spec(standard);
}

TEST(the_line)
{
	for (int abi = 0; abi < BPF_ABIS; abi++)
		check_line(_metadata, (enum bpf_abi_id)abi);
}

TEST_HARNESS_MAIN
