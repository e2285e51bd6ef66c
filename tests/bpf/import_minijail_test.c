/* SPDX-License-Identifier: MIT */
/*
 * minijail's policies: what each construct means, on calls that are allowed and on their
 * neighbours that are not; what is refused; and random policies against an evaluator of
 * minijail's own rules that is written here.
 */
#include "tests/bpf/foreign.h"

#include <errno.h>
#include <stdio.h>

#include "kselftest_harness.h"

static struct foreign f;

/* clang-format off */
static const struct foreign_example examples[] = {
/* actions */
{ "read: 1\n", { { "read", { 9, 9 }, ALLOW }, { "write", { 0 }, KILL }, { "0x7fff", { 0 }, KILL } } },
{ "read: allow\nwrite: kill\nopen: kill-process\nclose: kill-thread\nstat: trap\nfstat: trace\n"
  "lstat: log\npoll: user-notify\nlseek: return EPERM\nmmap: return 38\nbrk: return 0x16\n",
  { { "read", { 0 }, ALLOW }, { "write", { 0 }, KILL }, { "open", { 0 }, KILL },
    { "close", { 0 }, THREAD }, { "stat", { 0 }, TRAP }, { "fstat", { 0 }, TRACE },
    { "lstat", { 0 }, LOG }, { "poll", { 0 }, NOTIFY }, { "lseek", { 0 }, E(EPERM) },
    { "mmap", { 0 }, E(ENOSYS) }, { "brk", { 0 }, E(EINVAL) } } },
{ "read: return\nwrite: 1\n", { { "read", { 0 }, KILL }, { "write", { 0 }, ALLOW } } },
{ "0: 1\n2: return EPERM\n999: 1\n", { { "read", { 0 }, ALLOW }, { "open", { 0 }, E(EPERM) },
    { "999", { 0 }, ALLOW }, { "998", { 0 }, KILL } } },
{ "kill: arg1 == SIGTERM\n", { { "kill", { 7, 15 }, ALLOW }, { "kill", { 7, 9 }, KILL } } },

/* comparisons are of 64 bits, without a sign */
{ "read: arg0 == 3\n", { { "read", { 3 }, ALLOW }, { "read", { 4 }, KILL },
    { "read", { HI(32) | 3 }, KILL } } },
{ "read: arg0 != 3\n", { { "read", { 3 }, KILL }, { "read", { 4 }, ALLOW },
    { "read", { HI(32) | 3 }, ALLOW } } },
{ "read: arg2 < 0x100000000\n", { { "read", { 0, 0, 0xffffffff }, ALLOW },
    { "read", { 0, 0, HI(32) }, KILL }, { "read", { 0, 0, UINT64_MAX }, KILL } } },
{ "read: arg2 <= 10\n", { { "read", { 0, 0, 10 }, ALLOW }, { "read", { 0, 0, 11 }, KILL } } },
{ "read: arg0 > 10\n", { { "read", { 10 }, KILL }, { "read", { 11 }, ALLOW },
    { "read", { UINT64_MAX }, ALLOW } } },
{ "read: arg0 >= -1\n", { { "read", { UINT64_MAX }, ALLOW }, { "read", { UINT64_MAX - 1 }, KILL } } },
{ "read: arg5 == 1\n", { { "read", { 0, 0, 0, 0, 0, 1 }, ALLOW }, { "read", { 1 }, KILL } } },

/* "&": any of the bits; "in": no others */
{ "clone: arg0 & CLONE_THREAD\n", { { "clone", { 0x10f00 }, ALLOW }, { "clone", { 0xf00 }, KILL } } },
{ "open: arg1 & 3\n", { { "open", { 0, 2 }, ALLOW }, { "open", { 0, 4 }, KILL } } },
{ "open: arg1 & 0x100000000\n", { { "open", { 0, HI(32) }, ALLOW }, { "open", { 0, 1 }, KILL } } },
{ "mmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE\n",
  { { "mmap", { 0, 0, 1 }, ALLOW }, { "mmap", { 0, 0, 3 }, ALLOW }, { "mmap", { 0, 0, 5 }, ALLOW },
    { "mmap", { 0, 0, 6 }, KILL }, { "mmap", { 0, 0, 7 }, KILL },
    { "mmap", { 0, 0, HI(40) | 3 }, ALLOW } } },
{ "mmap: arg3 in MAP_PRIVATE|MAP_ANONYMOUS\n",
  { { "mmap", { 0, 0, 0, 0x22 }, ALLOW }, { "mmap", { 0, 0, 0, 0 }, ALLOW },
    { "mmap", { 0, 0, 0, 0x21 }, KILL }, { "mmap", { 0, 0, 0, HI(32) | 2 }, KILL } } },
{ "open: arg1 & O_RDONLY\nread: arg0 in ~0\nwrite: arg0 & 0 || arg0 == 1\nclose: arg0 in ~0 && arg0 == 2\n",
  { { "open", { 0, 0 }, KILL }, { "open", { 0, 1 }, KILL }, { "read", { 77 }, ALLOW },
    { "write", { 1 }, ALLOW }, { "write", { 0 }, KILL }, { "close", { 2 }, ALLOW },
    { "close", { 3 }, KILL } } },
{ "{open, openat}: arg1 & 0; return EPERM\n",
  { { "open", { 0, 1 }, KILL }, { "openat", { 0, 1 }, KILL } } },
{ "{open, read, openat}: { arg1 & 0; allow, return EPERM }\n",
  { { "open", { 0, 1 }, E(EPERM) }, { "openat", { 0, 1 }, E(EPERM) } } },

/* constants: octal, negative, "|", "~", parentheses */
{ "chmod: arg1 == 0644\n", { { "chmod", { 0, 420 }, ALLOW }, { "chmod", { 0, 644 }, KILL } } },
{ "read: arg0 == -2\n", { { "read", { UINT64_MAX - 1 }, ALLOW }, { "read", { 0xfffffffe }, KILL } } },
{ "read: arg0 == (1|(2|4))|010\n", { { "read", { 15 }, ALLOW }, { "read", { 7 }, KILL } } },
{ "read: arg0 == ~1|1\n", { { "read", { UINT64_MAX }, ALLOW }, { "read", { UINT64_MAX - 1 }, KILL } } },
{ "read: arg0 == ~(1|2)\n", { { "read", { UINT64_MAX - 3 }, ALLOW }, { "read", { UINT64_MAX }, KILL } } },
{ "read: arg0 in ~(1|2)\n", { { "read", { 4 }, ALLOW }, { "read", { 6 }, KILL } } },
{ "read: arg0 in ~(~3)\n", { { "read", { 3 }, ALLOW }, { "read", { 4 }, KILL } } },
{ "read: arg0 in 1|~7\n", { { "read", { 9 }, ALLOW }, { "read", { 2 }, KILL } } },
{ "read: arg0 == 18446744073709551615\n", { { "read", { UINT64_MAX }, ALLOW }, { "read", { 0 }, KILL } } },

/* && binds more than || */
{ "read: arg0 == 1 && arg1 == 2 || arg0 == 3\n",
  { { "read", { 1, 2 }, ALLOW }, { "read", { 3 }, ALLOW }, { "read", { 1 }, KILL },
    { "read", { 0, 2 }, KILL } } },
{ "read: arg0 == 3 || arg0 == 1 && arg1 == 2 || arg0 == 4 || arg0 == 5\n",
  { { "read", { 1, 2 }, ALLOW }, { "read", { 3 }, ALLOW }, { "read", { 5 }, ALLOW },
    { "read", { 1 }, KILL }, { "read", { 6 }, KILL } } },

/* "; return": what minijail0(5) says */
{ "socket: arg0 == AF_UNIX; return EACCES\n",
  { { "socket", { 1 }, ALLOW }, { "socket", { 2 }, E(EACCES) } } },
{ "socket: arg0 == AF_UNIX || arg0 == AF_INET && arg1 == 1; return 1|4\n",
  { { "socket", { 1 }, ALLOW }, { "socket", { 2, 1 }, ALLOW }, { "socket", { 2, 2 }, E(5) } } },
{ "socket: arg0 == AF_UNIX; return\n", { { "socket", { 1 }, ALLOW }, { "socket", { 2 }, KILL } } },

/* ... and what compile_seccomp_policy.py does with the same, when the rest is for it */
{ "@default trap\nsocket: arg0 == AF_UNIX; return EACCES\n",
  { { "socket", { 1 }, E(EACCES) }, { "socket", { 2 }, TRAP }, { "read", { 0 }, TRAP } } },
{ "socket: { arg0 == 1; return EACCES, arg0 == 2; allow, arg0 == 2; kill, return EPERM }\n",
  { { "socket", { 1 }, E(EACCES) }, { "socket", { 2 }, ALLOW }, { "socket", { 3 }, E(EPERM) } } },
{ "socket: { arg0 == 1, arg0 == 2; log }\n",
  { { "socket", { 1 }, ALLOW }, { "socket", { 2 }, LOG }, { "socket", { 3 }, KILL } } },
{ "{read, write,open}: arg0 == 1\n{ close }: 1\n",
  { { "read", { 1 }, ALLOW }, { "open", { 1 }, ALLOW }, { "write", { 0 }, KILL },
    { "close", { 0 }, ALLOW } } },

/* a call in several lines */
{ "ioctl: arg1 == 1\nread: 1\nioctl: arg1 == 2\n",
  { { "ioctl", { 0, 1 }, ALLOW }, { "ioctl", { 0, 2 }, ALLOW }, { "ioctl", { 0, 3 }, KILL } } },
{ "clone: arg0 & 0x10000\nclone: return EPERM\n",
  { { "clone", { 0x10000 }, ALLOW }, { "clone", { 0 }, E(EPERM) } } },
{ "clone: arg0 == 1; trap\nclone: arg0 < 5\n{clone, read}: { arg0 == 7; log, kill }\n",
  { { "clone", { 1 }, TRAP }, { "clone", { 2 }, ALLOW }, { "clone", { 7 }, LOG },
    { "clone", { 8 }, KILL }, { "read", { 1 }, KILL }, { "read", { 7 }, LOG } } },
{ "clone: arg0 == 1; trap\n{read, clone, write}: { arg0 == 7; log, kill }\n",
  { { "clone", { 1 }, TRAP }, { "clone", { 7 }, LOG }, { "read", { 1 }, KILL },
    { "read", { 7 }, LOG }, { "write", { 1 }, KILL }, { "write", { 7 }, LOG } } },
{ "read: 1\nread: 1\n", { { "read", { 0 }, ALLOW }, { "write", { 0 }, KILL } } },

/* defaults */
{ "@default kill-thread\nread: 1\n", { { "read", { 0 }, ALLOW }, { "write", { 0 }, THREAD },
    { "0x7fff", { 0 }, THREAD } } },
{ "@default user-notify\nread: arg0 == 1\n", { { "read", { 1 }, ALLOW }, { "read", { 0 }, NOTIFY } } },
{ "@denylist\nbpf: return EPERM\nread: arg0 == 5; return EBADF\n",
  { { "bpf", { 0 }, E(EPERM) }, { "read", { 5 }, E(EBADF) }, { "read", { 6 }, ALLOW },
    { "write", { 0 }, ALLOW }, { "0x7fff", { 0 }, ALLOW } } },
{ "@denylist\n@default trap\nread: arg0 == 5\n", { { "read", { 5 }, ALLOW }, { "read", { 6 }, TRAP } } },

/* ABIs */
{ "read[arch=x86_64]: 1\nwrite[arch=arm64,arm]: 1\nopen[arch=arm,amd64;note=x]: 1\n{close[arch=i386], stat}: 1\n",
  { { "read", { 0 }, ALLOW }, { "write", { 0 }, KILL }, { "open", { 0 }, ALLOW },
    { "close", { 0 }, KILL }, { "stat", { 0 }, ALLOW } } },
{ "mmap2: 1\nread: 1\n", { { "read", { 0 }, ALLOW }, { "192", { 0 }, KILL } } },

/* lines */
{ "# a comment\n\n  read :1\nwrite: 1 # another\r\n\topen:arg0==1||arg0==2&&arg1!=3\n",
  { { "read", { 0 }, ALLOW }, { "write", { 0 }, ALLOW }, { "open", { 2, 1 }, ALLOW },
    { "open", { 2, 3 }, KILL } } },
{ "open: arg0 == 1 || \\\n  arg0 == 2 \\\n || arg0 == 3\nread: 1",
  { { "open", { 3 }, ALLOW }, { "open", { 4 }, KILL }, { "read", { 0 }, ALLOW } } },
{ "", { { "read", { 0 }, KILL } } },
};

static const struct foreign_refusal refusals[] = {
{ "notasyscall: 1\n", 1, "unknown system call" },
{ "read: 1\nraed: 1\n", 2, "did you mean 'read'" },
{ "read: arg0 == PROT_EXCE\n", 1, "did you mean 'PROT_EXEC'" },
{ "read: argnn ==\n", 1, "expected 1" },
{ "read: arg6 == 1\n", 1, "arg0 to arg5" },
{ "read: arg00 == 1\n", 1, "arg0 to arg5" },
{ "read: arg0 = 1\n", 1, "comparison" },
{ "read: arg0 === 1\n", 1, "expected a number" },
{ "read: arg0 == 1 || 1\n", 1, "arg0 to arg5" },
{ "read: arg0 == 1 &&\n", 1, "arg0 to arg5" },
{ "read: arg0 == 09\n", 1, "not a number" },
{ "read: arg0 == 0x\n", 1, "not a number" },
{ "read: arg0 == 12abc\n", 1, "not a number" },
{ "read: arg0 == 18446744073709551616\n", 1, "64 bits" },
{ "read: arg0 == -9223372036854775809\n", 1, "64 bits" },
{ "read: arg0 == ~~1\n", 1, "twice" },
{ "read: arg0 == (1\n", 1, "')'" },
{ "read: arg0 == 1|\n", 1, "expected a number" },
{ "read: !(arg0 == 1)\n", 1, "unexpected '!'" },
{ "read: 0\n", 1, "only 1 allows" },
{ "read: 2\n", 1, "only 1 allows" },
{ "read: deny\n", 1, "expected 1" },
{ "read: return 0\n", 1, "errno is 1 to 4095" },
{ "read: return 4096\n", 1, "errno is 1 to 4095" },
{ "read: return -1\n", 1, "errno is 1 to 4095" },
{ "read: return ENOTHING\n", 1, "unknown constant" },
{ "read: 1 1\n", 1, "unexpected '1'" },
{ "read 1\n", 1, "expected ':'" },
{ "read:\n", 1, "expected 1" },
{ ": 1\n", 1, "name of a system call" },
{ "{read, write: 1\n", 1, "expected '}'" },
{ "read: { arg0 == 1, kill\n", 1, "expected '}'" },
{ "read[arch]: 1\n", 1, "expected '='" },
{ "read[arch=x86_64: 1\n", 1, "expected ']'" },
{ "file-io@systemd: 1\n", 1, "group of calls" },
{ "66000: 1\n", 1, "no system call has the number" },
{ "read: 1\nread: return EPERM\n", 2, "decided for all arguments at line 1" },
{ "read: 1\nread: arg0 == 1\n", 2, "decided for all arguments" },
{ "read: { 1, arg0 == 1 }\n", 1, "decided for all arguments" },
{ "read: arg0 == 1\nread: arg0 == 2\nopen: arg0 == 1; return 1\n", 2, "disagree" },
{ "@default allow\nread: 1\n", 1, "@default takes" },
{ "@default return 1\n", 1, "@default takes" },
{ "@denylist\nread: 1\n", 2, "ends with 'return'" },
{ "@denylist\nread: kill\n", 2, "ends with 'return'" },
{ "@denylist now\n", 1, "unexpected 'now'" },
{ "@inclde ./x\n", 1, "unknown directive" },
{ "@include x\n", 1, "a path begins with" },
{ "@include\n", 1, "expected a path" },
{ "@include ./none.policy\n", 1, "No such file" },
{ "@frequency\n", 1, "expected a path" },
{ "# a comment \\\nread: 1\n", 1, "disagree" },
{ "read: 1 # joined \\\nwrite: 1\n", 1, "disagree" },
{ "read: arg0 == 1 || \\ \n arg0 == 2\n", 1, "unexpected '\\'" },
{ "read: 1\n\001\n", 2, "byte 0x01" },
{ "read: 1\rwrite: 1\n", 1, "carriage return" },
{ "read: \"1\"\n", 1, "unexpected" },
};
/* clang-format on */

TEST(what_profiles_say)
{
	struct import_options options = IMPORT_OPTIONS;
	const struct foreign_ask *ask;
	size_t i, j;

	options.native = BPF_X86_64;
	for (i = 0; i < COUNT(examples); i++) {
		EXPECT_EQ(0, foreign_compile(&f, import_minijail, examples[i].text, &options))
		TH_LOG("%s: %s", examples[i].text, f.error.text);
		for (j = 0; j < MAX_ASKS && examples[i].asks[j].call; j++) {
			ask = &examples[i].asks[j];
			EXPECT_EQ(ask->action, foreign_ask(&f, BPF_X86_64, ask->call, ask->args))
			TH_LOG("%s-> %s %s (%zu)", examples[i].text, f.im.text, ask->call, j);
		}
		import_release(&f.im);
	}
}

TEST(what_is_refused)
{
	struct import_options options = IMPORT_OPTIONS;
	size_t i;

	options.native = BPF_X86_64;
	options.dir = "/nowhere";
	for (i = 0; i < COUNT(refusals); i++) {
		EXPECT_NE(0, foreign_parse(&f, import_minijail, refusals[i].text, &options))
		TH_LOG("taken: %s as %s", refusals[i].text, f.im.text);
		EXPECT_TRUE(strstr(f.error.text, refusals[i].reason) != NULL)
		TH_LOG("%s: %s", refusals[i].text, f.error.text);
		EXPECT_EQ(refusals[i].line, f.error.place.line)
		TH_LOG("%s: %s", refusals[i].text, f.error.text);
		import_release(&f.im);
	}
}

/* The text is for people, too: names survive, and each rule says where it comes from. */
TEST(text)
{
	static const char profile[] = "socket: arg0 == AF_UNIX || arg0 == AF_INET; return EPERM\n"
				      "mmap: arg2 in ~PROT_EXEC || arg3 in MAP_SHARED|MAP_FIXED\n"
				      "chmod: arg1 == 0644 && arg1 & S_ISUID\n";
	static const char expected[] = "default kill\nunknown kill\nabi x86_64\n\n"
				       "errno(EPERM) socket\t# 1\n"
				       "allow socket if arg0 in {AF_UNIX, AF_INET}\t# 1\n"
				       "allow mmap if arg2 & PROT_EXEC == 0 || "
				       "arg3 & ~(MAP_SHARED|MAP_FIXED) == 0\t# 2\n"
				       "allow chmod if arg1 == 0x1a4 && arg1 & S_ISUID\t# 3\n";
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_X86_64;
	ASSERT_EQ(0, foreign_parse(&f, import_minijail, profile, &options));
	EXPECT_STREQ(expected, f.im.text);
	EXPECT_EQ(3, f.policy.last->place.line);
	import_release(&f.im);
}

/* A rule of very many comparisons becomes several, which mean the same. */
TEST(long_lines)
{
	struct import_options options = IMPORT_OPTIONS;
	static char profile[60000];
	uint64_t args[6] = { 0 };
	size_t used, i;

	options.native = BPF_X86_64;
	used = (size_t)snprintf(profile, sizeof(profile), "ioctl: arg0 == 1");
	for (i = 0; i < 1500; i++)
		used += (size_t)snprintf(profile + used, sizeof(profile) - used,
					 " || arg1 == 0x%zx%s", 3 * i,
					 i % 7 == 0 ? " && arg0 != 9" : "");
	ASSERT_EQ(0, foreign_parse(&f, import_minijail, profile, &options))
	TH_LOG("%s", f.error.text);
	EXPECT_LT(10, f.policy.nrules);
	for (i = 0; i < 4600; i++) {
		args[1] = i;
		args[0] = i & 8 ? 9 : 0;
		EXPECT_EQ(i % 3 == 0 && i < 4500 && (i % 21 != 0 || args[0] != 9) ? ALLOW : KILL,
			  foreign_ask(&f, BPF_X86_64, "ioctl", args));
	}
	import_release(&f.im);
}

TEST(notes)
{
	static const struct {
		const char *text, *note;
	} rows[] = {
		{ "socket: arg0 == 1; return 1\n", "does not hold" },
		{ "@default trap\nsocket: arg0 == 1; return 1\n", "if the expression holds" },
		{ "@frequency ./x.frequency\nread: 1\n", "not there, and not used" },
		{ "read: arg0 == 1\nread: arg0 == 2\n", "tried in order" },
		{ "read: 1\nread: 1\n", "'read' again" },
		{ "mmap2: 1\n", "x86_64 has no system call 'mmap2'" },
		{ "@denylist\nread: return 1\n", "also those of x32" },
	};
	struct import_options options = IMPORT_OPTIONS;
	size_t i;

	options.native = BPF_X86_64;
	for (i = 0; i < COUNT(rows); i++) {
		ASSERT_EQ(0, foreign_parse(&f, import_minijail, rows[i].text, &options))
		TH_LOG("%s: %s", rows[i].text, f.error.text);
		EXPECT_TRUE(foreign_has_note(&f, rows[i].note))
		TH_LOG("no note '%s' for %s", rows[i].note, rows[i].text);
		import_release(&f.im);
	}
	ASSERT_EQ(0, foreign_parse(&f, import_minijail, "read: 1\n", &options));
	EXPECT_EQ(0, f.im.nnotes);
	import_release(&f.im);
	/* In a list it is clear what it belongs to. */
	ASSERT_EQ(0,
		  foreign_parse(&f, import_minijail, "read: { arg0 == 1; return 1 }\n", &options));
	EXPECT_EQ(0, f.im.nnotes);
	import_release(&f.im);
}

/* ---- for another machine ---- */

TEST(abis)
{
	const uint64_t none[6] = { 0 }, wide[6] = { HI(32) | 1 }, narrow[6] = { 1 };
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_AARCH64;
	ASSERT_EQ(0, foreign_compile(&f, import_minijail,
				     "open: 1\nopenat: 1\nread[arch=arm64]: 1\n", &options));
	EXPECT_TRUE(foreign_has_note(&f, "aarch64 has no system call 'open'"));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_AARCH64, "openat", none));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_AARCH64, "read", none));
	EXPECT_EQ(KILL, foreign_ask(&f, BPF_AARCH64, "write", none));
	EXPECT_EQ(KILL, foreign_ask(&f, BPF_X86_64, "read", none));
	import_release(&f.im);

	/* A register of a 32-bit ABI has 32 bits. */
	options.native = BPF_I386;
	ASSERT_EQ(0, foreign_compile(&f, import_minijail, "read: arg0 == 1 && arg1 in ~2\n",
				     &options));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_I386, "read", narrow));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_I386, "read", wide));
	EXPECT_EQ(KILL, foreign_ask(&f, BPF_I386, "read", none));
	import_release(&f.im);
	EXPECT_NE(0, foreign_parse(&f, import_minijail, "read: arg0 == 0x100000000\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "does not fit") != NULL);
	import_release(&f.im);

	options.abis = 1u << BPF_AARCH64;
	EXPECT_NE(0, foreign_parse(&f, import_minijail, "read: 1\n", &options));
	import_release(&f.im);
}

/* A constant with another value there must not be carried over with the value from here. */
TEST(foreign_constants)
{
	struct import_options options = IMPORT_OPTIONS;
	enum bpf_abi_id native = bpf_abi_native();

	options.native = native == BPF_AARCH64 ? BPF_X86_64 : BPF_AARCH64;
	EXPECT_NE(0, foreign_parse(&f, import_minijail, "openat: arg2 & O_DIRECTORY\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "another value") != NULL);
	import_release(&f.im);
	EXPECT_EQ(0, foreign_parse(&f, import_minijail, "openat: arg2 & O_CREAT\n", &options));
	import_release(&f.im);
	options.native = native;
	EXPECT_EQ(0, foreign_parse(&f, import_minijail, "openat: arg2 & O_DIRECTORY\n", &options));
	import_release(&f.im);
}

/* ---- included files ---- */

FIXTURE(files)
{
	struct foreign_files files;
};

FIXTURE_SETUP(files)
{
	ASSERT_EQ(0, foreign_files_make(&self->files));
}

FIXTURE_TEARDOWN(files)
{
	foreign_files_remove(&self->files);
}

TEST_F(files, include)
{
	static const char profile[] = "read: 1\n@include ./a.policy\n@include /gone/b.policy\n"
				      "clone: 1\n";
	const uint64_t none[6] = { 0 }, one[6] = { 1 };
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_X86_64;
	options.dir = self->files.dir;
	ASSERT_EQ(0, foreign_put(&self->files, "a.policy",
				 "write: arg0 == 1\n@include ./sub/c.policy\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "sub/c.policy", "@include ./d.policy\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "sub/d.policy", "close: 1\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "b.policy", "\n\nclone: arg0 == 1; trap\n"));
	ASSERT_EQ(0, foreign_compile(&f, import_minijail, profile, &options))
	TH_LOG("%s", f.error.text);
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_X86_64, "read", none));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_X86_64, "write", one));
	EXPECT_EQ(KILL, foreign_ask(&f, BPF_X86_64, "write", none));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_X86_64, "close", none));
	EXPECT_EQ(TRAP, foreign_ask(&f, BPF_X86_64, "clone", one));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_X86_64, "clone", none));
	EXPECT_TRUE(foreign_has_note(&f, "/gone/b.policy is not there"));
	EXPECT_TRUE(strstr(f.im.text, "trap clone if arg0 == 1\t# b.policy:3\n") != NULL);
	import_release(&f.im);
	options.dir = NULL;
	EXPECT_NE(0, foreign_parse(&f, import_minijail, profile, &options));
	import_release(&f.im);
}

/* They are weights; what cannot be one is told and does no harm. */
TEST_F(files, frequencies)
{
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_X86_64;
	options.dir = self->files.dir;
	ASSERT_EQ(0, foreign_put(&self->files, "a.frequency",
				 "# how often\n\nread: 70\n write: 7 # more\nread: 1\nmmap2: 3\n"
				 "oneyed: 5\nclose\nclose: x\nclose: 1 2\n: 4\n"));
	ASSERT_EQ(0, foreign_parse(&f, import_minijail,
				   "@frequency ./a.frequency\nread: 1\nwrite: 1\n", &options))
	TH_LOG("%s", f.error.text);
	ASSERT_EQ(3, f.im.nweights);
	EXPECT_STREQ("read", f.im.weights[0].name);
	EXPECT_EQ(71, f.im.weights[0].count);
	EXPECT_STREQ("write", f.im.weights[1].name);
	EXPECT_EQ(7, f.im.weights[1].count);
	EXPECT_STREQ("mmap2", f.im.weights[2].name);
	EXPECT_TRUE(foreign_has_note(&f, "are no part of a policy"));
	EXPECT_TRUE(foreign_has_note(&f, "4 lines in ./a.frequency are not used"));
	EXPECT_EQ(2, f.policy.nrules);
	import_release(&f.im);
	ASSERT_EQ(0, foreign_parse(&f, import_minijail, "@frequency ./gone\nread: 1\n", &options));
	EXPECT_EQ(0, f.im.nweights);
	EXPECT_TRUE(foreign_has_note(&f, "not there, and not used"));
	import_release(&f.im);
}

TEST_F(files, bad_includes)
{
	struct import_options options = IMPORT_OPTIONS;
	char name[32], text[64];
	int i;

	options.native = BPF_X86_64;
	options.dir = self->files.dir;
	ASSERT_EQ(0, foreign_put(&self->files, "a.policy", "@include ./b.policy\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "b.policy", "read: 1\n@include ./a.policy\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "typo.policy", "read: 1\n\nwriet: 1\n"));
	EXPECT_NE(0, foreign_parse(&f, import_minijail, "\n@include ./a.policy\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "b.policy:2: 'a.policy' includes itself") != NULL)
	TH_LOG("%s", f.error.text);
	EXPECT_EQ(2, f.error.place.line);
	import_release(&f.im);
	EXPECT_NE(0, foreign_parse(&f, import_minijail, "@include ./typo.policy\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "typo.policy:3: unknown system call 'wriet'") != NULL)
	TH_LOG("%s", f.error.text);
	import_release(&f.im);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(text, sizeof(text), "@include ./l%d\n", i + 1);
		ASSERT_EQ(0, foreign_put(&self->files, name, i < 9 ? text : "read: 1\n"));
	}
	EXPECT_EQ(0, foreign_parse(&f, import_minijail, "@include ./l2\n", &options));
	import_release(&f.im);
	EXPECT_NE(0, foreign_parse(&f, import_minijail, "@include ./l1\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "levels of included files") != NULL);
	import_release(&f.im);
}

/* ---- random policies, and what minijail would do ---- */

struct atom {
	unsigned int arg, op;
	uint64_t k;
};

#define MAX_FILTERS 3
#define MAX_TERMS   3

struct filter {
	unsigned int nclauses, natoms[MAX_TERMS];
	struct atom atoms[MAX_TERMS][MAX_TERMS];
	uint32_t action;
};

static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=", "&", "in" };
static const uint64_t values[] = {
	0,	    1,		2,	    3,
	4,	    7,		8,	    0xff,
	0x7fffffff, 0x80000000, 0xffffffff, HI(32) - 2,
	HI(32) | 1, HI(32) | 4, HI(63),	    UINT64_MAX - 1,
	UINT64_MAX,
};

static uint64_t seed = 1;

static unsigned int pick(size_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned int)((seed >> 33) % n);
}

static bool atom_holds(const struct atom *atom, const uint64_t args[6])
{
	uint64_t x = args[atom->arg], k = atom->k;

	switch (atom->op) {
	case 0:
		return x == k;
	case 1:
		return x != k;
	case 2:
		return x < k;
	case 3:
		return x <= k;
	case 4:
		return x > k;
	case 5:
		return x >= k;
	case 6:
		return (x & k) != 0;
	default:
		return (x & ~k) == 0;
	}
}

static bool filter_holds(const struct filter *filter, const uint64_t args[6])
{
	unsigned int i, j;
	bool all;

	for (i = 0; i < filter->nclauses; i++) {
		all = true;
		for (j = 0; j < filter->natoms[i]; j++)
			all = all && atom_holds(&filter->atoms[i][j], args);
		if (all)
			return true;
	}
	return filter->nclauses == 0;
}

static size_t make_filter(struct filter *filter, bool last, char *text, size_t size)
{
	static const struct {
		const char *text;
		uint32_t action;
	} actions[] = { { "allow", ALLOW }, { "return 7", E(7) }, { "trap", TRAP }, { "log", LOG } };
	unsigned int i, j, action = pick(COUNT(actions));
	struct atom *atom;
	size_t used = 0;

	memset(filter, 0, sizeof(*filter));
	filter->action = actions[action].action;
	filter->nclauses = last && pick(2) ? 0 : 1 + pick(MAX_TERMS);
	for (i = 0; i < filter->nclauses; i++) {
		filter->natoms[i] = 1 + pick(MAX_TERMS);
		for (j = 0; j < filter->natoms[i]; j++) {
			atom = &filter->atoms[i][j];
			atom->arg = pick(2);
			atom->op = pick(COUNT(ops));
			atom->k = values[pick(COUNT(values))];
			used += (size_t)snprintf(text + used, size - used, "%sarg%u %s 0x%llx",
						 j ? " && " :
						 i ? " || " :
						     "",
						 atom->arg, ops[atom->op],
						 (unsigned long long)atom->k);
		}
	}
	return used + (size_t)snprintf(text + used, size - used, "%s%s", used ? "; " : "",
				       actions[action].text);
}

static size_t make_list(struct filter *filters, unsigned int n, char *text, size_t size)
{
	unsigned int i;
	size_t used = (size_t)snprintf(text, size, "read: { ");

	for (i = 0; i < n; i++) {
		used += make_filter(&filters[i], i == n - 1, text + used, size - used);
		used += (size_t)snprintf(text + used, size - used, i < n - 1 ? ", " : " }\n");
	}
	return used;
}

TEST(random_policies)
{
	struct import_options options = IMPORT_OPTIONS;
	struct filter filters[MAX_FILTERS];
	static char text[4096];
	uint64_t args[6] = { 0 };
	unsigned int i, j, k, n;
	uint32_t expected;
	int ret;

	options.native = BPF_X86_64;
	for (i = 0; i < 1500; i++) {
		n = 1 + pick(MAX_FILTERS);
		make_list(filters, n, text, sizeof(text));
		ret = (i % 10 ? foreign_parse : foreign_compile)(&f, import_minijail, text,
								 &options);
		ASSERT_EQ(0, ret)
		TH_LOG("%s: %s", text, f.error.text);
		for (j = 0; j < 60; j++) {
			args[0] = values[pick(COUNT(values))] + pick(3) - 1;
			args[1] = values[pick(COUNT(values))];
			expected = KILL;
			for (k = 0; k < n && expected == KILL; k++)
				if (filter_holds(&filters[k], args))
					expected = filters[k].action;
			ASSERT_EQ(expected, foreign_ask(&f, BPF_X86_64, "read", args))
			TH_LOG("%s%s%llx %llx", text, f.im.text, (unsigned long long)args[0],
			       (unsigned long long)args[1]);
		}
		import_release(&f.im);
	}
}

TEST_HARNESS_MAIN
