/* SPDX-License-Identifier: MIT */
/*
 * The policies that are built in: each is read, compiled, accepted and proved; and what strict
 * allows, standard allows, whatever the arguments.
 */
#include "tests/runner/spec.h"

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
	if (!ret && !strstr(builtin->text, "\ndefault "))
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

/* ---- strict is a subset of standard ---- */

#define VALUES 4096

struct values {
	uint64_t value[VALUES];
	size_t n;
};

static void add_value(struct values *values, uint64_t value)
{
	for (size_t i = 0; i < values->n; i++) {
		if (values->value[i] == value)
			return;
	}
	if (values->n < VALUES)
		values->value[values->n++] = value;
}

/* What EXPR compares with, its neighbours, and the same with a bit above the low half. */
static void add_expr(struct values *values, const struct bpf_expr *expr)
{
	if (!expr)
		return;
	add_expr(values, expr->left);
	add_expr(values, expr->right);
	if (!expr->arg)
		return;
	for (int near = -1; near <= 1; near++) {
		add_value(values, expr->value + (uint64_t)near);
		add_value(values, (expr->value + (uint64_t)near) | UINT64_C(1) << 32);
	}
	for (unsigned int bit = 0; expr->masked && bit < 64; bit++) {
		if (expr->mask & UINT64_C(1) << bit)
			add_value(values, UINT64_C(1) << bit);
	}
	if (expr->masked) {
		add_value(values, expr->mask);
		add_value(values, ~expr->mask);
		add_value(values, expr->value | ~expr->mask);
	}
}

static void add_policy(struct values *values, const struct bpf_policy *policy)
{
	for (const struct bpf_rule *rule = policy->rules; rule; rule = rule->next)
		add_expr(values, rule->cond);
}

static bool allows(const struct spec *spec, const struct seccomp_data *data)
{
	return bpf_policy_eval(&spec->syscalls, data, NULL) == SECCOMP_RET_ALLOW;
}

struct tally {
	unsigned long asked, both, only_strict, only_standard;
};

/* One argument after the other, before a background of zeroes and one of ones. */
static void ask(struct tally *tally, const struct spec *const specs[2], const struct values *values,
		int nr)
{
	for (unsigned int i = 0; i < 12 * values->n; i++) {
		const uint64_t ground = i % 2 ? UINT64_MAX : 0;
		struct seccomp_data data = {
			.nr = nr,
			.arch = bpf_abis[bpf_abi_native()].arch,
			.args = { ground, ground, ground, ground, ground, ground },
		};
		bool strict, standard;

		data.args[i / 2 % 6] = values->value[i / 12];
		strict = allows(specs[0], &data);
		standard = allows(specs[1], &data);
		tally->asked++;
		tally->both += strict && standard;
		tally->only_strict += strict && !standard;
		tally->only_standard += !strict && standard;
		if (strict && !standard && tally->only_strict < 5)
			printf("# only strict allows %d, argument %u = %#llx\n", nr, i / 2 % 6,
			       (unsigned long long)values->value[i / 12]);
	}
}

static bool has_condition(const struct spec *spec, const struct bpf_syscall *call)
{
	for (const struct bpf_rule *rule = spec->syscalls.rules; rule; rule = rule->next) {
		for (const struct bpf_call *c = rule->calls; rule->cond && c; c = c->next) {
			if (c->syscall == call)
				return true;
		}
	}
	return false;
}

TEST(strict_is_a_subset)
{
	struct spec *strict = new_spec(), *standard = new_spec();
	const struct spec *const specs[] = { strict, standard };
	static struct values values, few = { { 0, UINT64_MAX, 1 }, 3 };
	struct tally tally = { 0 };
	struct bpf_error err = { 0 };

	ASSERT_EQ(0, load(strict, "strict", &err));
	ASSERT_EQ(0, load(standard, "standard", &err));
	add_value(&values, 0);
	add_value(&values, UINT64_MAX);
	add_policy(&values, &strict->syscalls);
	add_policy(&values, &standard->syscalls);
	ASSERT_GT(VALUES, values.n);
	ASSERT_LT(50, values.n);
	for (size_t i = 0; i < bpf_nsyscalls; i++) {
		const struct bpf_syscall *call = &bpf_syscalls[i];
		int nr = call->nr[bpf_abi_native()];

		if (nr == BPF_NO_NR)
			continue;
		if (has_condition(strict, call) || has_condition(standard, call))
			ask(&tally, specs, &values, nr);
		else
			ask(&tally, specs, &few, nr);
	}
	printf("# %lu calls, both allow %lu, standard alone %lu\n", tally.asked, tally.both,
	       tally.only_standard);
	EXPECT_EQ(0, tally.only_strict);
	EXPECT_LT(1000, tally.both);
	EXPECT_LT(1000, tally.only_standard); /* or the comparison shows nothing */
}

/* Of a foreign architecture and of numbers yet to come neither allows anything. */
TEST(nothing_foreign)
{
	static const char *const names[] = { "strict", "standard" };

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
