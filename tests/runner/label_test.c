/* SPDX-License-Identifier: MIT */
/*
 * What is said when the exec itself is refused: a label may be why, and is then a wall that is
 * missing, not a command that cannot be executed. (That labels hold is in tests/system/label.sh.)
 */
#include "tests/runner/spec.h"

#include "kselftest_harness.h"

struct refusal {
	const char *label;
	int error, status;
	bool blamed;
};

static void report(void *arg)
{
	const struct refusal *refusal = arg;
	struct spec *spec = new_spec();
	struct plan plan = { .spec = spec, .lsm = CAPS_LSM_SELINUX };
	char *argv[] = { xprintf(spec->arena, "cmd"), NULL };
	struct report last = { .kind = REPORT_FAILED, .op = -1, .error = refusal->error };

	spec->exec_label = refusal->label;
	plan.argv = argv;
	while (strcmp(steps[last.step].name, "exec") != 0)
		last.step++;
	exit(report_failure(&plan, &last));
}

TEST(refused_at_exec)
{
	static const struct refusal refusals[] = {
		{ NULL, EACCES, 126, false },  { NULL, EPERM, 126, false },
		{ "a:b", EACCES, 126, true },  { "a:b", EPERM, 125, true },
		{ "a:b", ENOENT, 127, false }, { "a:b", ENOEXEC, 126, false },
	};

	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct ended out = in_child(report, (void *)(uintptr_t)&refusals[i]);

		EXPECT_EQ(refusals[i].status, out.status);
		EXPECT_EQ(refusals[i].blamed, strstr(out.text, "exec-label a:b (SELinux)") != NULL)
		{
			TH_LOG("%s", out.text);
		}
	}
}

/* Where no module gives labels the kernel is not asked. */
TEST(no_module)
{
	EXPECT_EQ(-EOPNOTSUPP, caps_set_exec_label(-1, CAPS_LSM_NONE, "x"));
	EXPECT_EQ(CAPS_LSM_NONE, caps_lsm(-1));
	EXPECT_EQ(-EBADF, caps_set_exec_label(-1, CAPS_LSM_APPARMOR, "x"));
}

TEST_HARNESS_MAIN
