/* SPDX-License-Identifier: MIT */
/*
 * Doubts about policies: each is found where it is, and not where its neighbour is fine.
 */
#include "bpf/bench.h"

#include <string.h>

#include "kselftest_harness.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char memory[16 << 20];

struct found {
	struct bpf_finding findings[32];
	unsigned int n;
};

static void keep(void *ctx, const struct bpf_finding *finding)
{
	struct found *found = ctx;

	if (found->n < COUNT(found->findings))
		found->findings[found->n++] = *finding;
}

/* The policy of these LINES, which are joined by newlines, is doubted; -1: it does not parse. */
static int lint(const char *lines, struct found *found)
{
	struct bpf_arena arena = { .base = memory, .size = sizeof(memory) };
	struct bpf_place place = { "p", 0, 1 };
	struct bpf_error err = { 0 };
	struct bpf_policy policy;
	char line[300];
	size_t len;

	found->n = 0;
	bpf_policy_init(&policy, &arena);
	for (; *lines; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		place.line++;
		if (bpf_policy_line(&policy, line, &place, &err) < 0)
			break;
	}
	if (err.text[0] || bpf_policy_finish(&policy, &err) < 0) {
		fprintf(stderr, "%u: %s\n", place.line, err.text);
		return -1;
	}
	return bpf_lint(&policy, keep, found);
}

/* Is there a finding of CHECK on LINE? */
static const struct bpf_finding *find(const struct found *found, const char *check,
				      unsigned int line)
{
	unsigned int i;

	for (i = 0; i < found->n; i++) {
		if (!strcmp(found->findings[i].check, check) &&
		    found->findings[i].place.line == line)
			return &found->findings[i];
	}
	return NULL;
}

/* "abi x86_64\ndefault kill\n" stands before each, so its first line is line 3. */
static const struct row {
	const char *rules;
	const char *check; /* NULL: there is nothing to doubt */
	unsigned int line;
} rows[] = {
	{ "allow read write", NULL, 0 },

	/* rules that never decide */
	{ "allow read\nkill read", "unreachable", 3 },
	{ "allow read write\nkill read", NULL, 0 },
	{ "allow read if fd == 0\nallow read", "unreachable", 3 },
	{ "allow read\nkill read if fd == 0", NULL, 0 },
	{ "allow mmap if prot & 4\nkill mmap if prot & 6", "unreachable", 3 },
	{ "allow mmap if prot & 6\nkill mmap if prot & 4", NULL, 0 },
	{ "allow read if fd < 5\nlog read if fd < 3\nkill read if fd < 4", "unreachable", 4 },
	{ "allow read if fd >= 3\nkill read if fd > 2", "unreachable", 3 },
	{ "allow read if fd >= 2\nkill read if fd > 2", NULL, 0 },
	{ "allow 900\nkill 900", "unreachable", 3 },

	/* conditions that are none */
	{ "allow socket if family == 1 && family == 2", "contradiction", 3 },
	{ "allow socket if family == 1 || family == 2", NULL, 0 },
	{ "allow socket if type & 0xf == 0x10", "contradiction", 3 },
	{ "allow socket if type & 0x1f == 0x10", NULL, 0 },
	{ "allow socket if family != 1 || family != 2", "tautology", 3 },
	{ "allow socket if family != 1 && family != 2", NULL, 0 },
	{ "allow kill if sig > 5 || sig <= 5", "tautology", 3 },
	{ "allow kill if sig > 5 || sig < 5", NULL, 0 },
	{ "allow kill if sig >= -0x80000000", "tautology", 3 },
	{ "allow write if count >= 0", "tautology", 3 },
	{ "allow kill if pid >= 0", NULL, 0 }, /* it is signed */
	{ "allow socket if family == 1 && (type == 5 || type != 5)", "tautology", 3 },
	{ "allow socket if type & 7 == 1 && type & 3 == 2", "contradiction", 3 },
	{ "allow socket if type & 0xf0 == 0x20 && type > 0x57", NULL, 0 },
	{ "allow socket if !(family == 1) && family == 1", "contradiction", 3 },

	/* what is compared */
	{ "allow socket if arg0 == 1", "width", 3 },
	{ "allow socket if family == 1", NULL, 0 },
	{ "allow write if arg2 == 1", NULL, 0 }, /* size_t: all 64 */
	{ "allow openat if filename == 4096", "pointer", 3 },
	{ "allow openat if arg1 == 4096", "pointer", 3 },
	{ "allow prlimit64 if new_rlim == 0", NULL, 0 },
	{ "allow prlimit64 if new_rlim != NULL", NULL, 0 },

	/* siblings */
	{ "allow openat\nkill open", "sibling", 4 },
	{ "kill open openat creat", NULL, 0 },
	{ "allow openat", NULL, 0 }, /* nobody spoke of open */
	{ "allow openat\nerrno(EPERM) openat2", NULL, 0 },
	{ "allow openat openat2\nkill creat", "sibling", 4 },
	{ "allow renameat2\ndeny rename", "sibling", 4 },
	{ "allow sendto\nkill connect", "sibling", 4 },
	{ "allow io_uring_setup\nkill socket", "sibling", 4 },
	{ "allow clone if clone_flags & CLONE_NEWUSER == 0\nallow unshare", "sibling", 3 },
	{ "allow clone if clone_flags & CLONE_NEWUSER == 0\nkill unshare", NULL, 0 },
	{ "kill clone if clone_flags & CLONE_NEWUSER\nallow unshare", "sibling", 3 },
	{ "allow mprotect\nkill mmap if prot & PROT_EXEC", "sibling", 4 },
	{ "allow process_vm_writev\nkill ptrace", "sibling", 4 },
	{ "allow clone\nkill clone3", "clone3", 4 },
	{ "allow clone\nerrno(ENOSYS) clone3", NULL, 0 },
	{ "kill clone clone3", NULL, 0 },
};

TEST(each_doubt)
{
	const struct row *row;
	struct found found;
	char text[500];
	int ret;

	for (row = rows; row < rows + COUNT(rows); row++) {
		/* Without it, "clone is allowed and clone3 kills" is so of many. */
		snprintf(text, sizeof(text), "abi x86_64\ndefault kill\n%s%s", row->rules,
			 strstr(row->rules, "clone3") ? "" : "\nerrno(ENOSYS) clone3");
		ret = lint(text, &found);
		EXPECT_EQ(row->check ? 1 : 0, ret)
		{
			TH_LOG("%s: %d, %s", row->rules, ret,
			       found.n ? found.findings[0].text : "nothing");
		}
		if (row->check)
			EXPECT_TRUE(find(&found, row->check, row->line) != NULL)
			{
				TH_LOG("%s: no '%s' on line %u; but '%s' on line %u", row->rules,
				       row->check, row->line,
				       found.n ? found.findings[0].check : "none",
				       found.n ? found.findings[0].place.line : 0);
			}
	}
}

TEST(an_unnamed_abi_is_a_note)
{
	struct found found;

	EXPECT_EQ(0, lint("default kill\nallow read", &found));
	EXPECT_EQ(1, found.n);
	EXPECT_TRUE(find(&found, "abi", 1) && find(&found, "abi", 1)->note);
	EXPECT_EQ(0, lint("abi x86_64\ndefault kill\nallow read", &found));
	EXPECT_EQ(0, found.n);
}

TEST(a_call_that_no_abi_has_is_a_note)
{
	struct found found;

	EXPECT_EQ(0, lint("abi aarch64\ndefault kill\nallow read\nkill open", &found));
	ASSERT_TRUE(find(&found, "unreachable", 4) != NULL);
	EXPECT_TRUE(find(&found, "unreachable", 4)->note);
}

/* What is so under one ABI and not under another is no tautology. */
TEST(all_abis_count)
{
	struct found found;

	EXPECT_EQ(0,
		  lint("abi x86_64 i386\ndefault kill\nallow write if count < 0x80000000", &found));
	EXPECT_EQ(1, lint("abi i386\ndefault kill\nallow write if count <= 0xffffffff", &found));
	EXPECT_TRUE(find(&found, "tautology", 3) != NULL);
	EXPECT_EQ(0, lint("abi x86_64 i386\ndefault kill\nallow write if count <= 0xffffffff",
			  &found));
}

/* More combinations than anyone tries: nothing is claimed. */
TEST(too_much_is_passed_over)
{
	static char text[4000];
	struct found found;
	size_t used;
	int i;

	used = (size_t)snprintf(text, sizeof(text), "abi x86_64\ndefault kill\n");
	for (i = 0; i < 40; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "allow mmap if len == %d && off == %d && fd == %d\n", i, i,
					 i);
	snprintf(text + used, sizeof(text) - used, "kill mmap");
	EXPECT_EQ(0, lint(text, &found));
}

/* All that the kernel has behind socketcall() and ipc(), linux/net.h and linux/ipc.h. */
static const struct {
	const char *calls, *multiplexer;
} multiplexed[] = {
	{ "socket bind connect listen accept getsockname getpeername socketpair sendto recvfrom "
	  "shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg",
	  "socketcall" },
	{ "semop semget semctl semtimedop msgsnd msgrcv msgget msgctl shmat shmdt shmget shmctl",
	  "ipc" },
};

static const char *next_name(const char *words, char name[32])
{
	const size_t len = strcspn(words, " ");

	snprintf(name, 32, "%.*s", (int)len, words);
	return words + len + (words[len] == ' ');
}

/* Does any finding speak of SIBLING as a way around? */
static bool is_told(const struct found *found, const char *sibling)
{
	unsigned int i;

	for (i = 0; i < found->n; i++) {
		if (!strcmp(found->findings[i].check, "sibling") &&
		    strstr(found->findings[i].text, sibling))
			return true;
	}
	return false;
}

/* Some have no number of their own on i386, which makes it worse. */
TEST(multiplexers)
{
	static const char *const abis[] = { "i386", "x86_64 i386" };
	static const char *const ends[] = { "allow ipc", "kill socketcall ipc" };
	struct found found;
	const char *words;
	char name[32], text[200];
	unsigned int abi, end;
	size_t i;

	for (i = 0; i < COUNT(multiplexed); i++) {
		for (words = multiplexed[i].calls; *words;) {
			words = next_name(words, name);
			for (abi = 0; abi < COUNT(abis); abi++) {
				for (end = 0; end < COUNT(ends); end++) {
					snprintf(text, sizeof(text),
						 "abi %s\ndefault allow\ndeny %s\n%s", abis[abi],
						 name, ends[end]);
					ASSERT_LE(0, lint(text, &found));
					EXPECT_EQ(end == 0,
						  is_told(&found, multiplexed[i].multiplexer))
					{
						TH_LOG("%s", text);
					}
				}
			}
		}
	}
	/* It is told of the ABI where it is so, and not where there are no such calls. */
	EXPECT_EQ(2, lint("abi x86_64 i386\ndefault allow\ndeny semop", &found));
	EXPECT_TRUE(is_told(&found, "allowed on i386: ipc"));
	EXPECT_EQ(0, lint("abi x86_64\ndefault allow\ndeny semget semop semtimedop", &found));
}

TEST(siblings_are_named)
{
	const struct bpf_syscall *open = bpf_syscall_find("open", 4), *other;
	bool openat2 = false, itself = false;
	size_t i;

	for (i = 0; (other = bpf_sibling(open, i)); i++) {
		openat2 |= !strcmp(other->name, "openat2");
		itself |= other == open;
	}
	EXPECT_TRUE(openat2);
	EXPECT_FALSE(itself);
	EXPECT_EQ(NULL, bpf_sibling(bpf_syscall_find("getpid", 6), 0));
	EXPECT_EQ(NULL, bpf_sibling(NULL, 0));
}

TEST_HARNESS_MAIN
