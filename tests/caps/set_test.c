/* SPDX-License-Identifier: MIT */
/*
 * Sets as text: every name both ways, what is not a name, buffers that are too small; and
 * the last capability, against what /proc says.
 */
#include "caps/caps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#include "kselftest_harness.h"

static const struct {
	const char *name;
	int cap;
} names[] = {
	{ "", -ENOENT },
	{ "0", 0 },
	{ "00", -ENOENT },
	{ "040", -ENOENT },
	{ "4294967296", -ENOENT },
	{ "40", 40 },
	{ "63", 63 },
	{ "64", -ENOENT },
	{ "7 ", -ENOENT },
	{ "-1", -ENOENT },
	{ "CAP_NET_RAW", CAP_NET_RAW },
	{ "Cap_Net_Raw", CAP_NET_RAW },
	{ "NET_RAW", CAP_NET_RAW },
	{ "cap_", -ENOENT },
	{ "cap_40", -ENOENT },
	{ "cap_cap_chown", -ENOENT },
	{ "cap_checkpoint_restore", CAP_CHECKPOINT_RESTORE },
	{ "cap_chown", CAP_CHOWN },
	{ "cap_chown,cap_kill", -ENOENT },
	{ "cap_chown=ep", -ENOENT },
	{ "cap_chown ", -ENOENT },
	{ "cap_net", -ENOENT },
	{ "cap_net_raw_and_a_very_long_tail_behind_it", -ENOENT },
	{ "net_raw", CAP_NET_RAW },
	{ "net_rawx", -ENOENT },
	{ " net_raw", -ENOENT },
	{ "none", -ENOENT },
};

TEST(names_are_found)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(names[i].cap, caps_find(names[i].name))
		{
			TH_LOG("name '%s'", names[i].name);
		}
	}
}

TEST(every_capability_has_a_text_that_is_found)
{
	char text[CAPS_TEXT_SIZE];

	for (int cap = 0; cap < CAPS_MAX; cap++) {
		caps_set_text(CAPS_BIT(cap), text, sizeof(text));
		EXPECT_EQ(cap, caps_find(text))
		{
			TH_LOG("text '%s'", text);
		}
	}
}

static const struct {
	caps_set set;
	size_t size;
	const char *text;
} texts[] = {
	{ 0, 5, "none" },
	{ 0, 3, "no" },
	{ CAPS_BIT(CAP_CHOWN), 64, "cap_chown" },
	{ CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL), 64, "cap_chown,cap_kill" },
	{ CAPS_BIT(CAP_KILL) | CAPS_BIT(63), 64, "cap_kill,63" },
	{ CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL), 24, "cap_chown,cap_kill" },
	{ CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL), 22, "cap_chown,..." },
	{ CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL), 15, "cap_chown,..." },
	{ CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL), 8, "..." },
	{ CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL), 1, "" },
};

TEST(text_and_small_buffers)
{
	char buf[65];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		memset(buf, '#', sizeof(buf));
		EXPECT_EQ(&buf[0], caps_set_text(texts[i].set, buf, texts[i].size));
		EXPECT_STREQ(texts[i].text, buf)
		{
			TH_LOG("row %zu", i);
		}
		for (size_t at = texts[i].size; at < sizeof(buf); at++) {
			EXPECT_EQ('#', buf[at]);
		}
	}
}

TEST(the_full_set_fits)
{
	char text[CAPS_TEXT_SIZE];
	int commas = 0;

	caps_set_text(~(caps_set)0, text, sizeof(text));
	for (const char *c = text; *c; c++)
		commas += *c == ',';
	EXPECT_EQ(CAPS_MAX - 1, commas);
	EXPECT_STREQ(",63", text + strlen(text) - 3);
}

TEST(last)
{
	FILE *file = fopen("/proc/sys/kernel/cap_last_cap", "re");
	int last;

	if (!file)
		SKIP(return, "no /proc/sys/kernel/cap_last_cap");
	ASSERT_EQ(1, fscanf(file, "%d", &last));
	fclose(file);
	EXPECT_EQ(last, caps_last());
	EXPECT_LT(36, caps_last());
}

TEST_HARNESS_MAIN
