/* SPDX-License-Identifier: MIT */
/*
 * The policies that are built in: each is read, compiled, accepted and proved; and what strict
 * allows, standard allows, whatever the arguments.
 */
#include "tests/runner/spec.h"

#include "bpf/bench.h"

#include "kselftest_harness.h"

/* SPEC filled with the built-in policy NAME; what only gives names gets a default. */
static int load(struct spec *spec, const char *name, struct bpf_error *err)
{
	const struct bpf_builtin *builtin = bpf_builtins;
	int ret;

	forget_home();
	while (builtin->name && strcmp(builtin->name, name) != 0)
		builtin++;
	if (!builtin->name)
		return bpf_fail(err, -ENOENT, NULL, "no policy %s", name);
	ret = read_text(spec, builtin->text, err);
	if (!ret && !strstr(builtin->text, "\ndefault ") &&
	    !strstr(builtin->text, "\ninclude     standard"))
		ret = add_line(spec, "test", "default kill", err);
	return ret ? ret : settings_apply(spec, err);
}

TEST(each_is_proved)
{
	size_t n = 0;

	for (const struct bpf_builtin *builtin = bpf_builtins; builtin->name; builtin++, n++) {
		struct spec *spec = new_spec();
		struct bpf_prog *prog = calloc(1, sizeof(*prog));
		struct bpf_error err = { 0 };
		unsigned long cases = 0;

		ASSERT_NE(NULL, prog);
		ASSERT_EQ(0, load(spec, builtin->name, &err))
		{
			TH_LOG("%s: %s:%u: %s", builtin->name, err.place.file, err.place.line,
			       err.text);
		}
		EXPECT_EQ(0, bpf_compile(&spec->syscalls, prog, &err))
		{
			TH_LOG("%s: %s", builtin->name, err.text);
		}
		EXPECT_EQ(0, bpf_check(prog->insn, prog->len, &err))
		{
			TH_LOG("%s: %s", builtin->name, err.text);
		}
		EXPECT_EQ(0, bpf_verify(&spec->syscalls, prog, NULL, &cases, &err))
		{
			TH_LOG("%s: %s", builtin->name, err.text);
		}
		EXPECT_LT(100, cases);
		free(prog);
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

/* Of a foreign architecture and of numbers yet to come none allows anything. */
TEST(nothing_foreign)
{
	static const char *const names[] = { "strict", "standard", "network" };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct spec *spec = new_spec();
		struct bpf_error err = { 0 };

		ASSERT_EQ(0, load(spec, names[i], &err));
		for (int abi = 0; abi < BPF_ABIS; abi++) {
			struct seccomp_data data = { .arch = bpf_abis[abi].arch };

			for (uint32_t nr = 0; nr < 600; nr++) {
				data.nr = (int)(nr | bpf_abis[abi].nr_bit);
				if (abi != (int)bpf_abi_native() || nr > bpf_syscall_max(abi)) {
					EXPECT_FALSE(allows(spec, &data))
					{
						TH_LOG("%s: %s %u", names[i], bpf_abis[abi].name,
						       nr);
					}
				}
			}
		}
	}
}

/* What no program under either may do, beside what it may. */
TEST(the_line)
{
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
	struct spec *strict = new_spec(), *standard = new_spec();
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, load(strict, "strict", &err));
	ASSERT_EQ(0, load(standard, "standard", &err));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct bpf_syscall *call =
			bpf_syscall_find(cases[i].call, strlen(cases[i].call));
		struct seccomp_data data = { .arch = bpf_abis[bpf_abi_native()].arch };

		ASSERT_NE(NULL, call);
		data.nr = call->nr[bpf_abi_native()];
		for (unsigned int j = 0; j < 3; j++)
			data.args[j] = cases[i].args[j];
		EXPECT_EQ(cases[i].strict, allows(strict, &data))
		{
			TH_LOG("strict, case %zu: %s", i, cases[i].call);
		}
		EXPECT_EQ(cases[i].standard, allows(standard, &data))
		{
			TH_LOG("standard, case %zu: %s", i, cases[i].call);
		}
	}
}

TEST_HARNESS_MAIN
