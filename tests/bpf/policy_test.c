/* SPDX-License-Identifier: MIT */
/*
 * The policy parser: what it takes, what it refuses, and where it points.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

static char memory[4 << 20];
static struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
static struct bpf_policy policy;
static struct bpf_error error;

static void start(void)
{
	arena.used = 0;
	memset(&error, 0, sizeof(error));
	bpf_policy_init(&policy, &arena);
}

static int add(const char *text, unsigned int line)
{
	const struct bpf_place place = { "test", line, 1 };

	return bpf_policy_line(&policy, text, &place, &error);
}

/* The lines of TEXT, up to the first that is refused. */
static int add_lines(const char *text)
{
	unsigned int line = 1;
	char buf[5000];
	size_t len;
	int ret = 0;

	for (; *text && ret == 0; text += len + (text[len] == '\n'), line++) {
		len = strcspn(text, "\n");
		snprintf(buf, sizeof(buf), "%.*s", (int)len, text);
		ret = add(buf, line);
	}
	return ret;
}

/* What is refused, at which line and column, and a part of what is said. */
static const struct {
	const char *text;
	unsigned int line, column;
	const char *says;
} refused[] = {
	{ "alow read", 1, 1, "unknown word 'alow'; did you mean 'allow'?" },
	{ "default", 1, 8, "expected an action" },
	{ "default maybe", 1, 9, "unknown word 'maybe'" },
	{ "default allow read", 1, 15, "unexpected 'read'" },
	{ "default kill\ndefault allow", 2, 1, "at test:1" },
	{ "unknown kill\nunknown allow", 2, 1, "at test:1" },
	{ "errno(EWHAT) read", 1, 1, "errno(NAME)" },
	{ "errno(0) read", 1, 1, "errno(1)" },
	{ "errno(4096) read", 1, 1, "4095" },
	{ "errno read", 1, 1, "errno(NAME)" },
	{ "errno(PROT_READ) read", 1, 1, "errno(NAME)" },
	{ "allow", 1, 6, "expected a system call" },
	{ "allow if fd == 1", 1, 7, "expected a system call" },
	{ "allow read opnat", 1, 12, "unknown system call 'opnat'; did you mean 'openat'?" },
	{ "allow\tread  opnat", 1, 13, "'opnat'" },
	{ "allow ?opn@t", 1, 8, "unknown system call" },
	{ "allow ?", 1, 8, "unknown system call" },
	{ "allow -1", 1, 7, "unknown system call" },
	{ "allow 0x", 1, 7, "not a number" },
	{ "allow 12x", 1, 7, "not a number" },
	{ "allow 010", 1, 7, "octal" },
	{ "allow 65536", 1, 7, "65535" },
	{ "allow 0x40000027", 1, 7, "39" },
	{ "allow 0x80000000", 1, 7, "65535" },
	{ "allow 99999999999999999999", 1, 7, "64 bits" },
	{ "allow @nothing", 1, 7, "unknown set '@nothing'" },
	{ "set @memory mmap\nallow @memry", 2, 7, "did you mean '@memory'?" },
	{ "set memory mmap", 1, 5, "@NAME" },
	{ "set", 1, 4, "@NAME" },
	{ "set @", 1, 5, "a set's name" },
	{ "set @a.b mmap", 1, 5, "a set's name" },
	{ "set @a", 1, 7, "expected a system call" },
	{ "set @a read if fd == 1", 1, 13, "no condition" },
	{ "set @a read\nset @a write", 2, 5, "at test:1" },
	{ "set @a @a", 1, 8, "unknown set" },
	{ "abi", 1, 4, "expected the name of an ABI" },
	{ "abi x86_65", 1, 5, "unknown ABI 'x86_65'" },
	{ "abi x86_64\nabi x86_64 i386", 2, 1, "at test:1" },
	{ "abi i386\nallow read\nabi x86_64", 3, 1, "at test:1" },
	{ "allow read \x01", 1, 12, "0x01" },
	{ "allow read\r", 1, 11, "0x0d" },
	{ "allow r\xc3\xa4"
	  "d",
	  1, 8, "0xc3" },
	/* conditions */
	{ "allow socket if", 1, 16, "name of an argument" },
	{ "allow socket if port == 1", 1, 17, "family, type, protocol" },
	{ "allow socket if arg6 == 1", 1, 17, "no argument 'arg6'" },
	{ "allow read socket if family == 1", 1, 22, "'read' has no argument 'family'" },
	{ "allow 5000 if fd == 1", 1, 15, "arg0 to arg5" },
	{ "allow getpid if fd == 1", 1, 17, "'getpid' has no argument" },
	{ "allow socket if family", 1, 23, "expected a comparison" },
	{ "allow socket if family = 1", 1, 24, "did you mean '=='?" },
	{ "allow socket if family ==", 1, 26, "expected a number" },
	{ "allow socket if 1 == family", 1, 17, "name of an argument" },
	{ "allow socket if family == AF_INIT", 1, 27, "did you mean 'AF_INET'?" },
	{ "allow socket if family == 010", 1, 27, "octal" },
	{ "allow socket if family == 10k", 1, 27, "'10k' is not a number" },
	{ "allow socket if family == +1", 1, 27, "unexpected '+'" },
	{ "allow socket if family == 0x100000000", 1, 27, "does not fit" },
	{ "allow socket if family == -2147483649", 1, 27, "does not fit" },
	{ "allow socket if family == 18446744073709551616", 1, 27, "64 bits" },
	{ "allow lseek if offset == -9223372036854775809", 1, 27, "64 bits" },
	{ "allow socket if type & 0 == 0", 1, 24, "mask without bits" },
	{ "allow socket if type & ~0xffffffff == 0", 1, 24, "mask without bits" },
	{ "allow socket if type & 0x100000000 == 0", 1, 24, "does not fit" },
	{ "allow fchmod if mode == 0x10000", 1, 25, "16 bits" },
	{ "allow fchmod if mode & 0x10000", 1, 24, "16 bits" },
	{ "abi i386 x86_64\nallow munmap if len > 0x100000000", 2, 23, "32 bits here on i386" },
	{ "abi i386 x86_64\nallow pread64 if pos == 1", 2, 18, "not in one register on i386" },
	{ "allow socket if type == 1 & 15", 1, 27, "mask goes before" },
	{ "allow socket if (type & 15) == 1", 1, 29, "parentheses" },
	{ "allow socket if type in {}", 1, 26, "empty set" },
	{ "allow socket if type in 1", 1, 25, "expected '{'" },
	{ "allow socket if type in {1", 1, 27, "expected ',' or '}'" },
	{ "allow socket if type in {1,}", 1, 28, "expected a number" },
	{ "allow socket if type in {1 2}", 1, 28, "expected ',' or '}'" },
	{ "allow socket if (type == 1", 1, 27, "expected ')'" },
	{ "allow socket if type == 1)", 1, 26, "unexpected ')'" },
	{ "allow socket if type == 1 family == 2", 1, 27, "&& or ||" },
	{ "allow socket if type == 1 and family == 2", 1, 27, "&& or ||" },
	{ "allow socket if type == 1 &&", 1, 29, "name of an argument" },
	{ "allow socket if type == $", 1, 25, "unexpected '$'" },
	{ "allow socket if type == 1 # no", 1, 27, "unexpected '#'" },
};

TEST(refuses)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		start();
		ASSERT_EQ(-EINVAL, add_lines(refused[i].text))
		{
			TH_LOG("%s", refused[i].text);
		}
		EXPECT_EQ(refused[i].line, error.place.line);
		EXPECT_EQ(refused[i].column, error.place.column);
		EXPECT_STREQ("test", error.place.file);
		EXPECT_NE(NULL, strstr(error.text, refused[i].says));
		if (!strstr(error.text, refused[i].says) || error.place.column != refused[i].column)
			TH_LOG("%s: %u:%u: %s", refused[i].text, error.place.line,
			       error.place.column, error.text);
	}
}

/* What is taken, and how it is printed; the native ABI is named so that all hosts agree. */
static const struct {
	const char *text, *printed;
} taken[] = {
	{ "allow read write", "allow read write" },
	{ "  allow\tread   write ", "allow read write" },
	{ "deny read", "errno(EPERM) read" },
	{ "errno(38) read", "errno(ENOSYS) read" },
	{ "errno(4095) read", "errno(4095) read" },
	{ "kill-thread read", "kill-thread read" },
	{ "allow read read write read", "allow read write" },
	{ "allow ?nosuchcall read", "allow read" },
	{ "allow ?read", "allow read" },
	{ "allow ?nosuchcall", "" },
	{ "allow 0x10 5000", "allow 16 5000" },
	{ "set @a read write\nset @b-2 @a close\nallow @b-2 @a", "allow read write close" },
	{ "set @a read\nset @a read\nallow @a", "allow read" },
	{ "set @a ?nosuchcall\nallow @a read", "allow read" },
	{ "default kill\ndefault kill\nunknown trap\nunknown trap\nabi x86_64\nabi amd64", "" },
	{ "allow lseek if offset == -9223372036854775808",
	  "allow lseek if offset == -9223372036854775808" },
	{ "allow lseek if offset==18446744073709551615",
	  "allow lseek if offset == 18446744073709551615" },
	{ "allow socket if family == -2147483648", "allow socket if family == -2147483648" },
	{ "allow socket if type & ~0x80000000 == 1", "allow socket if type & ~0x80000000 == 1" },
	{ "allow socket if(type == 1)", "allow socket if type == 1" },
	{ "allow mmap if prot & PROT_READ|PROT_EXEC == PROT_READ | PROT_EXEC",
	  "allow mmap if prot & PROT_READ|PROT_EXEC == PROT_READ | PROT_EXEC" },
	{ "allow mmap if prot & PROT_EXEC", "allow mmap if prot & PROT_EXEC" },
	{ "allow mmap if addr == NULL", "allow mmap if addr == NULL" },
	{ "allow mmap if prot & (1|(2)) in {1 , 2}", "allow mmap if prot & (1|(2)) in {1, 2}" },
	{ "allow socket if family == 1 || family == 2 || family == 3",
	  "allow socket if family in {1, 2, 3}" },
	{ "allow socket if family in {7}", "allow socket if family == 7" },
	{ "allow socket if family == 1 || type == 2", "allow socket if family == 1 || type == 2" },
	{ "allow socket if (family == 1 || type == 2) && protocol == 0",
	  "allow socket if (family == 1 || type == 2) && protocol == 0" },
	{ "allow socket if family == 1 || type == 2 && protocol == 0",
	  "allow socket if family == 1 || type == 2 && protocol == 0" },
	{ "allow socket if !type & 1", "allow socket if !(type & 1)" },
	{ "allow socket if !!(type == 1 && family != 3)",
	  "allow socket if !!(type == 1 && family != 3)" },
	{ "allow socket if type<1||type<=2||type>3||type>=4",
	  "allow socket if type < 1 || type <= 2 || type > 3 || type >= 4" },
	{ "allow lookup_dcookie if arg0 == 1", "allow lookup_dcookie if arg0 == 1" },
};

static char first[1 << 16], second[1 << 16];

/* All of the policy as text, in BUF of that size. */
static const char *print(char *buf)
{
	FILE *out = fmemopen(buf, sizeof(first), "w");

	bpf_policy_print(out, &policy);
	fclose(out);
	return buf;
}

TEST(takes_and_prints)
{
	const char *text;
	char expected[400];
	size_t i;

	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		start();
		add("abi x86_64", 1);
		ASSERT_EQ(0, add_lines(taken[i].text))
		{
			TH_LOG("%s: %s", taken[i].text, error.text);
		}
		snprintf(expected, sizeof(expected), "%s%s", taken[i].printed,
			 *taken[i].printed ? "\n" : "");
		text = print(first);
		EXPECT_NE(NULL, strstr(text, "abi x86_64\n"));
		EXPECT_STREQ(expected, strchr(strstr(text, "unknown "), '\n') + 1);
	}
}

TEST(round_trip)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		random_policy(&policy, &arena);
		print(first);
		start();
		ASSERT_EQ(0, add_lines(first))
		{
			TH_LOG("%s in: %s", error.text, first);
		}
		ASSERT_STREQ(first, print(second));
	}
}

TEST(long_rules_are_cut)
{
	const char *line;
	char text[64];
	size_t i;

	start();
	for (i = 0; i < bpf_nsyscalls; i++) {
		snprintf(text, sizeof(text), "set @s%zu %s%zu %s", i, i ? "@s" : "?nosuchcall",
			 i ? i - 1 : 0, bpf_syscalls[i].name);
		ASSERT_EQ(0, add(text, 1));
	}
	snprintf(text, sizeof(text), "allow @s%zu", bpf_nsyscalls - 1);
	ASSERT_EQ(0, add(text, 2));
	print(first);
	EXPECT_GT(strlen(first), 4096);
	for (line = first; *line; line += strcspn(line, "\n") + 1)
		EXPECT_LT(strcspn(line, "\n"), 4096);
	start();
	ASSERT_EQ(0, add_lines(first));
	EXPECT_STREQ(first, print(second));
}

TEST(needs_a_default)
{
	start();
	ASSERT_EQ(0, add("allow read", 1));
	EXPECT_EQ(-EINVAL, bpf_policy_finish(&policy, &error));
	EXPECT_NE(NULL, strstr(error.text, "default kill"));
	ASSERT_EQ(0, add("default kill", 2));
	EXPECT_EQ(0, bpf_policy_finish(&policy, &error));
	EXPECT_EQ(SECCOMP_RET_ERRNO | ENOSYS, policy.unknown_action);
}

TEST(knows_its_words)
{
	size_t i;

	for (i = 0; bpf_policy_keyword(i); i++)
		EXPECT_TRUE(bpf_policy_word(bpf_policy_keyword(i), strlen(bpf_policy_keyword(i))));
	EXPECT_EQ(13, i);
	EXPECT_TRUE(bpf_policy_word("errno(EWHAT", 11));
	EXPECT_TRUE(bpf_policy_word("allow", 5));
	EXPECT_FALSE(bpf_policy_word("allow", 4));
	EXPECT_FALSE(bpf_policy_word("bind", 4));
	EXPECT_FALSE(bpf_policy_word("", 0));
	EXPECT_FALSE(bpf_policy_word("errnot", 6));
}

TEST(places_and_texts)
{
	const struct bpf_place place = { "file", 7, 5 };

	start();
	ASSERT_EQ(0, bpf_policy_line(&policy, "allow read if fd == 1", &place, &error));
	EXPECT_EQ(1, policy.nrules);
	EXPECT_EQ(1, policy.rules->number);
	EXPECT_STREQ("allow read if fd == 1", policy.rules->text);
	EXPECT_EQ(7, policy.rules->place.line);
	EXPECT_EQ(5, policy.rules->place.column);
	EXPECT_EQ(5 + 14, policy.rules->cond->place.column);
	ASSERT_EQ(-EINVAL, bpf_policy_line(&policy, "allow raed", &place, &error));
	EXPECT_EQ(5 + 6, error.place.column);
	/* A refused line leaves nothing behind, and no error structure is needed. */
	EXPECT_EQ(1, policy.nrules);
	EXPECT_EQ(-EINVAL, bpf_policy_line(&policy, "allow raed", &place, NULL));
}

/* Neither time nor stack may depend on what a stranger wrote. */
TEST(hostile_lines)
{
	static char text[70000];
	size_t i, len;

	start();
	len = (size_t)snprintf(text, sizeof(text), "allow socket if ");
	memset(text + len, '(', 60000);
	EXPECT_EQ(-EINVAL, add(text, 1));
	EXPECT_NE(NULL, strstr(error.text, "deep"));
	memset(text + len, '!', 60000);
	EXPECT_EQ(-EINVAL, add(text, 1));
	len = (size_t)snprintf(text, sizeof(text), "allow socket if type == ");
	memset(text + len, '~', 60000);
	EXPECT_EQ(-EINVAL, add(text, 1));
	memset(text + len, '(', 60000);
	EXPECT_EQ(-EINVAL, add(text, 1));
	len = (size_t)snprintf(text, sizeof(text), "allow socket if type in {1");
	for (i = 0; i < 20000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ",1");
	EXPECT_EQ(-EINVAL, add(text, 1));
	EXPECT_NE(NULL, strstr(error.text, "1000"));
	memset(text, 'a', 60000);
	text[60000] = '\0';
	EXPECT_EQ(-EINVAL, add(text, 1));
	memcpy(text, "allow ", 6);
	EXPECT_EQ(-EINVAL, add(text, 1));
	memcpy(text, "set @b read\0", 12);
	EXPECT_EQ(0, add(text, 1));
}

TEST(too_large)
{
	unsigned int i;
	int ret = 0;

	start();
	for (i = 0; i < 100000 && ret == 0; i++)
		ret = add("allow read write if fd == 1", i + 1);
	EXPECT_TRUE(ret == -E2BIG || ret == -EINVAL);
	EXPECT_GT(i, 4096);
	EXPECT_LT(i, 20000);
	start();
	for (i = 0, ret = 0; i < 2000 && ret == 0; i++) {
		char text[32];

		snprintf(text, sizeof(text), "set @a%u read", i);
		ret = add(text, i + 1);
	}
	EXPECT_EQ(-EINVAL, ret);
	EXPECT_EQ(1025, i);
	EXPECT_NE(NULL, strstr(error.text, "sets"));
	arena.size = 100;
	start();
	EXPECT_EQ(-E2BIG, add("allow read write close open if arg0 == 1", 1));
	arena.size = sizeof(memory);
}

TEST_HARNESS_MAIN
