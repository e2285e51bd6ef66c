/* SPDX-License-Identifier: MIT */
/*
 * The filters that were made at build time: what a policy would compile to, and for that very
 * text alone.
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

static struct spec *load(const char *name, const char *more)
{
	struct spec *spec = new_spec();
	struct bpf_error err = { 0 };

	if (bpf_builtin_read(name, spec->arena, setting_line, spec, &err) ||
	    (more && add_line(spec, "more", more, &err)) || settings_apply(spec, &err))
		return NULL;
	return spec;
}

static const char *const policies[] = { "strict", "standard" };

TEST(what_would_be_compiled)
{
	static struct bpf_prog prog;

	for (size_t i = 0; i < COUNT(policies); i++) {
		struct spec *spec = load(policies[i], NULL);
		const struct bpf_prog *found;
		unsigned long cases = 0, proved = 0;

		ASSERT_NE(NULL, spec);
		found = filter_find(spec, &cases);
		ASSERT_NE(NULL, found);
		ASSERT_EQ(0, bpf_compile(&spec->syscalls, &prog, NULL));
		ASSERT_EQ(prog.len, found->len);
		EXPECT_EQ(0, memcmp(prog.insn, found->insn, prog.len * sizeof(*prog.insn)));
		EXPECT_EQ(0, memcmp(prog.origin, found->origin, prog.len * sizeof(*prog.origin)));
		EXPECT_EQ(0, bpf_verify(&spec->syscalls, found, NULL, &proved, NULL));
		EXPECT_EQ(proved, cases);
		forget_spec(spec);
	}
}

TEST(for_that_text_alone)
{
	static const char *const changes[] = { "allow ptrace", "deny read", "set @x read",
					       "unknown errno(ENOSYS)" };
	static const char *const others[] = { "hostname box", "tmpfs /x", "setenv A b" };
	unsigned long cases;

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct spec *spec = load("strict", changes[i]);

		ASSERT_NE(NULL, spec);
		EXPECT_EQ(NULL, filter_find(spec, &cases))
		{
			TH_LOG("%s", changes[i]);
		}
		forget_spec(spec);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		struct spec *spec = load("strict", others[i]), *plain = load("strict", NULL);

		ASSERT_NE(NULL, spec);
		ASSERT_NE(NULL, plain);
		EXPECT_EQ(filter_find(plain, &cases), filter_find(spec, &cases))
		{
			TH_LOG("%s", others[i]);
		}
		forget_spec(spec);
		forget_spec(plain);
	}
}

TEST_HARNESS_MAIN
