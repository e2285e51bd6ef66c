/* SPDX-License-Identifier: MIT */
/*
 * kafel's policies: what each construct means, on calls that are allowed and on their
 * neighbours that are not; what is refused; and random conditions against an evaluator of
 * kafel's own rules that is written here.
 */
#include "tests/bpf/foreign.h"

#include <errno.h>
#include <stdio.h>

#include "kselftest_harness.h"

static struct foreign f;

/* clang-format off */
static const struct foreign_example examples[] = {
/* actions */
{ "ALLOW { read } LOG { write } KILL { open } KILL_THREAD { close } KILL_PROCESS { stat }\n"
  "DENY { fstat } ERRNO(38) { lstat } TRAP(0) { poll } TRACE(0) { lseek } USER_NOTIF { mmap }\n"
  "DEFAULT ERRNO(1)",
  { { "read", { 0 }, ALLOW }, { "write", { 0 }, LOG }, { "open", { 0 }, THREAD },
    { "close", { 0 }, THREAD }, { "stat", { 0 }, KILL }, { "fstat", { 0 }, THREAD },
    { "lstat", { 0 }, E(38) }, { "poll", { 0 }, TRAP }, { "lseek", { 0 }, TRACE },
    { "mmap", { 0 }, NOTIFY }, { "brk", { 0 }, E(1) }, { "0x7fff", { 0 }, E(1) } } },
{ "ALLOW { read }", { { "read", { 0 }, ALLOW }, { "write", { 0 }, THREAD } } },
{ "POLICY a { ALLOW { read } }", { { "read", { 0 }, THREAD } } },
{ "", { { "read", { 0 }, THREAD } } },

/* policies and USE; the first match decides */
{ "POLICY a { ALLOW { read, write { fd == 1 } }, KILL_PROCESS { open } }\n"
  "POLICY b { USE a, ERRNO(2) { write, read }, }\nUSE b DEFAULT ALLOW",
  { { "read", { 0 }, ALLOW }, { "write", { 1 }, ALLOW }, { "write", { 2 }, E(2) },
    { "open", { 0 }, KILL }, { "brk", { 0 }, ALLOW } } },
{ "POLICY a { ERRNO(2) { write { fd == 1 } } }\nALLOW { write { fd == 1 || fd == 2 } }\nUSE a\n"
  "ERRNO(3) { write { fd == 3, fd == 4 }, write { fd == 2 } }\nDEFAULT KILL_PROCESS",
  { { "write", { 1 }, ALLOW }, { "write", { 2 }, ALLOW }, { "write", { 3 }, E(3) },
    { "write", { 4 }, E(3) }, { "write", { 5 }, KILL } } },
{ "USER_NOTIF {} ALLOW { read {}, }", { { "read", { 0 }, ALLOW }, { "write", { 0 }, THREAD } } },

/* widths: an int is compared in 32 bits, without a sign, a pointer in 64 */
{ "ALLOW { write { fd == 1 } }", { { "write", { 1 }, ALLOW }, { "write", { HI(32) | 1 }, ALLOW },
    { "write", { 2 }, THREAD } } },
{ "ALLOW { write { buf == 1 } }", { { "write", { 0, 1 }, ALLOW }, { "write", { 0, HI(32) | 1 }, THREAD } } },
{ "ALLOW { kill { pid < 10 } }", { { "kill", { 9 }, ALLOW }, { "kill", { 10 }, THREAD },
    { "kill", { UINT64_MAX }, THREAD }, { "kill", { HI(40) | 9 }, ALLOW } } },
{ "ALLOW { lseek { offset >= 10 } }", { { "lseek", { 0, 10 }, ALLOW }, { "lseek", { 0, 9 }, THREAD },
    { "lseek", { 0, UINT64_MAX }, ALLOW } } },
{ "ALLOW { kill { pid == -1 } }", { { "kill", { UINT64_MAX }, ALLOW },
    { "kill", { 0xffffffff }, THREAD } } },
{ "ALLOW { kill { pid == 0xffffffff } }", { { "kill", { UINT64_MAX }, ALLOW },
    { "kill", { 0xffffffff }, ALLOW }, { "kill", { 0xfffffffe }, THREAD } } },
{ "ALLOW { write { (fd & 0xf100000000) == 0 } }", { { "write", { 7 }, ALLOW },
    { "write", { HI(32) }, THREAD }, { "write", { HI(33) }, ALLOW } } },
{ "ALLOW { chmod { mode == 0644 } }", { { "chmod", { 0, 0644 }, ALLOW },
    { "chmod", { 0, 0x10000 | 0644 }, THREAD }, { "chmod", { 0, HI(32) | 0644 }, ALLOW } } },

/* declared arguments are whole registers */
{ "ALLOW { write(a, b) { a == 1 && b == 2 } }", { { "write", { 1, 2 }, ALLOW },
    { "write", { HI(32) | 1, 2 }, THREAD }, { "write", { 1, 3 }, THREAD } } },
{ "ALLOW { write() }", { { "write", { 1 }, ALLOW }, { "read", { 1 }, THREAD } } },
{ "ALLOW { SYSCALL[1] (x) { x != 1 }, SYSCALL[0x3e7] }", { { "write", { 2 }, ALLOW },
    { "write", { 1 }, THREAD }, { "999", { 0 }, ALLOW }, { "998", { 0 }, THREAD } } },
{ "#define mine 999\nALLOW { mine(a) { a == 1 } }", { { "999", { 1 }, ALLOW }, { "999", { 2 }, THREAD } } },
{ "ALLOW { prctl { arg2 == 5 } }", { { "prctl", { 0, 5 }, ALLOW }, { "prctl", { 0, 0, 5 }, THREAD } } },
{ "ALLOW { newuname, umount, newstat, sendfile64 { in_fd == 3 } }",
  { { "uname", { 0 }, ALLOW }, { "umount2", { 0 }, ALLOW }, { "stat", { 0 }, ALLOW },
    { "sendfile", { 0, 3 }, ALLOW }, { "sendfile", { 0, 4 }, THREAD } } },

/* "&" before "|" before comparisons */
{ "#define PROT_EXEC 4\nALLOW { mmap { prot & PROT_EXEC == 0 } }", { { "mmap", { 0, 0, 3 }, ALLOW },
    { "mmap", { 0, 0, 7 }, THREAD } } },
{ "#define A 1\n#define B 64\nALLOW { open { flags == A|B } }", { { "open", { 0, 65 }, ALLOW },
    { "open", { 0, 1 }, THREAD } } },
{ "ALLOW { open { flags & 3 | 4 == 5 } }", { { "open", { 0, 1 }, ALLOW }, { "open", { 0, 5 }, ALLOW },
    { "open", { 0, 9 }, ALLOW }, { "open", { 0, 2 }, THREAD } } },
{ "ALLOW { open { 4 | flags & 3 != 5 } }", { { "open", { 0, 1 }, THREAD }, { "open", { 0, 2 }, ALLOW } } },
{ "ALLOW { open { (flags | 4) & 6 == 6 } }", { { "open", { 0, 2 }, ALLOW }, { "open", { 0, 1 }, THREAD } } },
{ "ALLOW { open { flags | 1 == 2 }, read { fd & 1 == 2, fd == 9 }, close { fd & 1 != 2 } }",
  { { "open", { 0, 2 }, THREAD }, { "read", { 2 }, THREAD }, { "read", { 9 }, ALLOW },
    { "close", { 5 }, ALLOW } } },
{ "ALLOW { read { 1 == 1 }, write { 2 < 1 }, close { fd == fd && 3 & 1 == 1 } }",
  { { "read", { 0 }, ALLOW }, { "write", { 0 }, THREAD }, { "close", { 0 }, ALLOW } } },
{ "ALLOW { read { 5 > fd } }", { { "read", { 4 }, ALLOW }, { "read", { 5 }, THREAD } } },
{ "ALLOW { read { fd & 0 == 0, fd == 3 }, write { fd & 1 & 2 < 1 }, close { fd & 1 & 2 > 0 } }",
  { { "read", { 8 }, ALLOW }, { "write", { 8 }, ALLOW }, { "close", { 8 }, THREAD } } },

/* && before || before ","; "!" */
{ "ALLOW { read { fd == 1 || fd == 2 && count == 3, fd == 4 } }", { { "read", { 1 }, ALLOW },
    { "read", { 2, 0, 3 }, ALLOW }, { "read", { 2 }, THREAD }, { "read", { 4 }, ALLOW } } },
{ "ALLOW { read { (fd == 1 || fd == 2) && (count < 4 || buf == 0) } }",
  { { "read", { 1, 7, 3 }, ALLOW }, { "read", { 2, 0, 9 }, ALLOW }, { "read", { 1, 7, 9 }, THREAD },
    { "read", { 3 }, THREAD } } },
{ "ALLOW { read { !fd == 1 && !(count <= 4 || !(buf != 0)) } }",
  { { "read", { 2, 1, 5 }, ALLOW }, { "read", { 1, 1, 5 }, THREAD }, { "read", { 2, 0, 5 }, THREAD },
    { "read", { 2, 1, 4 }, THREAD } } },
{ "ALLOW { read { ((fd)) == ((1)), ((fd == 7)) } }", { { "read", { 1 }, ALLOW }, { "read", { 7 }, ALLOW },
    { "read", { 2 }, THREAD } } },

/* ON */
{ "ALLOW { read ON x86_64, write ON arm, open ON { aarch64, AMD64 } { flags == 1 },\n"
  "close { fd == 1 } ON {x86, mips}, mmap2 ON i386 }",
  { { "read", { 0 }, ALLOW }, { "write", { 0 }, THREAD }, { "open", { 0, 1 }, ALLOW },
    { "open", { 0, 2 }, THREAD }, { "close", { 1 }, THREAD } } },

/* numbers, comments, #define */
{ "#define A 0x1F // one\n#define B 017 /* two\n three */\n# define C 0b101\n#define A 31\n"
  "ALLOW{read{fd==A},read{fd==B},read{fd==C}}",
  { { "read", { 31 }, ALLOW }, { "read", { 15 }, ALLOW }, { "read", { 5 }, ALLOW },
    { "read", { 17 }, THREAD } } },
{ "#define E 5\nERRNO(E) { read } DEFAULT ALLOW", { { "read", { 0 }, E(5) }, { "write", { 0 }, ALLOW } } },
{ "#define fd 3\nALLOW { read(a) { a == fd } }", { { "read", { 3 }, ALLOW }, { "read", { 0 }, THREAD } } },

/* a number that is none: killed in any case */
{ "ALLOW { SYSCALL[-1] (a) { a == 1 }, SYSCALL[0x40000000], read } DEFAULT ALLOW",
  { { "-1", { 1 }, KILL }, { "0x40000000", { 0 }, KILL }, { "read", { 0 }, ALLOW } } },
};

static const struct foreign_refusal refusals[] = {
{ "ALLOW { notasyscall }", 1, "unknown system call" },
{ "ALLOW {\n raed }", 2, "did you mean 'read'" },
{ "ALLOW { write { fb == 1 } }", 1, "no constant and no argument of 'write'" },
{ "ALLOW { write { fd == STDOUT } }", 1, "no constant and no argument" },
{ "ALLOW { write(a) { fd == 1 } }", 1, "no constant and no argument" },
{ "ALLOW { write { arg0 == 1 } }", 1, "no constant and no argument" },
{ "ALLOW { SYSCALL[1] { fd == 1 } }", 1, "no constant and no argument" },
{ "ALLOW { write(a, a) }", 1, "two arguments have the name" },
{ "ALLOW { write(a, b, c, d, e, f, g) }", 1, "more than 6 arguments" },
{ "ALLOW { write { fd == count } }", 1, "two arguments are compared" },
{ "ALLOW { write { (fd & count) == 0 } }", 1, "two arguments are joined" },
{ "ALLOW { write { fd | 1 < 4 } }", 1, "ordered comparison" },
{ "ALLOW { write { 0x100000000 == 1 } }", 1, "more than 32 bits" },
{ "ALLOW { write { fd } }", 1, "expected a comparison" },
{ "ALLOW { write { fd == 1 == 2 } }", 1, "expected '}'" },
{ "ALLOW { write { (fd == 1) == 2 } }", 1, "expected a number, not a condition" },
{ "ALLOW { write { (fd == 1) & 2 } }", 1, "expected a number, not a condition" },
{ "ALLOW { write { !fd } }", 1, "expected a comparison" },
{ "ALLOW { write { fd == 1 && } }", 1, "expected a number, an argument" },
{ "ALLOW { write { (fd == 1 } }", 1, "expected ')'" },
{ "ALLOW { write { fd == 1 }", 1, "expected ',' or '}'" },
{ "ALLOW { write read }", 1, "expected ',' or '}'" },
{ "ALLOW write", 1, "expected '{'" },
{ "PERMIT { write }", 1, "expected an action" },
{ "ERRNO { write }", 1, "expected '('" },
{ "ERRNO(0) { write }", 1, "errno is 1 to 4095" },
{ "ERRNO(4096) { write }", 1, "errno is 1 to 4095" },
{ "ERRNO(EPERM) { write }", 1, "a number or a constant" },
{ "TRACE(1) { write }", 1, "cannot be carried over" },
{ "TRAP(65536) { write }", 1, "above" },
{ "DEFAULT KILL DEFAULT ALLOW", 1, "a second DEFAULT" },
{ "POLICY a {}\nPOLICY a {}", 2, "a second policy" },
{ "USE a\nPOLICY a {}", 1, "there is no policy 'a' yet" },
{ "POLICY a { USE a }", 1, "there is no policy 'a' yet" },
{ "POLICY a { ALLOW { read }", 1, "expected an action" },
{ "POLICY { }", 1, "name of the policy" },
{ "#define A 1\n\n#define A 2\n", 3, "defined as another number" },
{ "#define A\n", 2, "expected a number" },
{ "#undef A\n", 1, "expected #define or #include" },
{ "ALLOW { SYSCALL[65536] }", 1, "no system call has the number" },
{ "ALLOW { SYSCALL[0x10000000000] }", 1, "no system call has the number" },
{ "ALLOW { SYSCALL 1 }", 1, "expected '['" },
{ "ALLOW { read { fd == 089 } }", 1, "not a number" },
{ "ALLOW { read { fd == 0b12 } }", 1, "not a number" },
{ "ALLOW { read { fd == 12x } }", 1, "not a number" },
{ "ALLOW { read { fd == 18446744073709551616 } }", 1, "64 bits" },
{ "ALLOW { read ON vax }", 1, "unknown architecture" },
{ "ALLOW { read } /* \n", 1, "a comment without an end" },
{ "ALLOW { read } $", 1, "unexpected '$'" },
{ "ALLOW { read }\001", 1, "byte 0x01" },
{ "#include \"none.policy\"\n", 1, "No such file" },
{ "#include none.policy\n", 1, "in quotes" },
{ "#include \"none\n", 1, "in quotes" },
};
/* clang-format on */

TEST(what_profiles_say)
{
	struct import_options options = IMPORT_OPTIONS;
	const struct foreign_ask *ask;
	size_t i, j;

	options.native = BPF_X86_64;
	for (i = 0; i < COUNT(examples); i++) {
		EXPECT_EQ(0, foreign_compile(&f, import_kafel, examples[i].text, &options))
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
		EXPECT_NE(0, foreign_parse(&f, import_kafel, refusals[i].text, &options))
		TH_LOG("taken: %s as %s", refusals[i].text, f.im.text);
		EXPECT_TRUE(strstr(f.error.text, refusals[i].reason) != NULL)
		TH_LOG("%s: %s", refusals[i].text, f.error.text);
		EXPECT_EQ(refusals[i].line, f.error.place.line)
		TH_LOG("%s: %s", refusals[i].text, f.error.text);
		import_release(&f.im);
	}
}

TEST(text)
{
	static const char profile[] =
		"#define STDERR 2\n"
		"POLICY a { ALLOW { read, close, write { fd == STDERR } } }\n"
		"USE a\n"
		"ERRNO(1) { kill { pid < 10 && (sig & 3 == 1 || sig == 9) } }\n"
		"DEFAULT TRAP(0)\n";
	static const char expected[] =
		"default trap\nunknown trap\nabi x86_64\n\n"
		"allow read close\t# 2\n"
		"allow write if fd == 2\t# 2\n"
		"errno(EPERM) kill if arg0 & 0xffffffff < 10 && (sig & 3 == 1 || sig == 9)\t# 4\n";
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_X86_64;
	ASSERT_EQ(0, foreign_parse(&f, import_kafel, profile, &options))
	TH_LOG("%s", f.error.text);
	EXPECT_STREQ(expected, f.im.text);
	EXPECT_EQ(4, f.policy.last->place.line);
	import_release(&f.im);
}

TEST(notes)
{
	static const struct {
		const char *text, *note;
	} rows[] = {
		{ "TRAP(5) { read }", "si_errno will be 0" },
		{ "ALLOW { mmap2 }", "x86_64 has no system call 'mmap2'" },
		{ "ALLOW { SYSCALL[-1] }", "no number of a call" },
		{ "POLICY a { ALLOW { read } }", "no policy is used" },
		{ "ALLOW { read }", "also those of x32" },
	};
	struct import_options options = IMPORT_OPTIONS;
	size_t i;

	options.native = BPF_X86_64;
	for (i = 0; i < COUNT(rows); i++) {
		ASSERT_EQ(0, foreign_parse(&f, import_kafel, rows[i].text, &options))
		TH_LOG("%s: %s", rows[i].text, f.error.text);
		EXPECT_TRUE(foreign_has_note(&f, rows[i].note))
		TH_LOG("no note '%s' for %s", rows[i].note, rows[i].text);
		import_release(&f.im);
	}
	ASSERT_EQ(0,
		  foreign_parse(&f, import_kafel, "ALLOW { read } DEFAULT KILL_PROCESS", &options));
	EXPECT_EQ(0, f.im.nnotes);
	import_release(&f.im);
}

TEST(abis)
{
	const uint64_t none[6] = { 0 }, wide[6] = { HI(32) | 1 };
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_AARCH64;
	ASSERT_EQ(0, foreign_compile(&f, import_kafel,
				     "ALLOW { open, read ON arm64, newfstat, write ON x86_64 }",
				     &options));
	EXPECT_TRUE(foreign_has_note(&f, "aarch64 has no system call 'open'"));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_AARCH64, "read", none));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_AARCH64, "fstat", none));
	EXPECT_EQ(THREAD, foreign_ask(&f, BPF_AARCH64, "write", none));
	import_release(&f.im);
	options.native = BPF_I386;
	ASSERT_EQ(0, foreign_compile(&f, import_kafel, "ALLOW { read { fd < 2 && buf == 0 } }",
				     &options));
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_I386, "read", wide));
	EXPECT_EQ(THREAD, foreign_ask(&f, BPF_I386, "write", none));
	import_release(&f.im);
	/* The offset is in two registers there. */
	EXPECT_NE(0, foreign_parse(&f, import_kafel, "ALLOW { pread64 { pos == 0 } }", &options));
	EXPECT_TRUE(strstr(f.error.text, "not in one register") != NULL)
	TH_LOG("%s", f.error.text);
	import_release(&f.im);
}

/* A policy that uses one twice, which uses one twice ... is longer than anyone may write it. */
TEST(doubling)
{
	struct import_options options = IMPORT_OPTIONS;
	static char text[4096];
	size_t used;
	int i;

	options.native = BPF_X86_64;
	used = (size_t)snprintf(text, sizeof(text), "POLICY p0 { ALLOW { read } }\n");
	for (i = 1; i <= 40; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "POLICY p%d { USE p%d, USE p%d }\n", i, i - 1, i - 1);
	snprintf(text + used, sizeof(text) - used, "USE p40\n");
	EXPECT_NE(0, foreign_parse(&f, import_kafel, text, &options));
	EXPECT_TRUE(strstr(f.error.text, "rules") != NULL);
	import_release(&f.im);
	snprintf(text + used, sizeof(text) - used, "USE p5\n");
	EXPECT_EQ(0, foreign_parse(&f, import_kafel, text, &options));
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
	static const char profile[] = "#include \"a.policy\" \"sub/b.policy\"; ERRNO(1) { open }\n"
				      "/* x */ #include \"c.policy\"\nUSE b DEFAULT KILL_PROCESS\n";
	const uint64_t none[6] = { 0 }, two[6] = { 2 };
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_X86_64;
	options.dir = self->files.dir;
	ASSERT_EQ(0, foreign_put(&self->files, "a.policy", "#define TWO 2\n"));
	ASSERT_EQ(0,
		  foreign_put(&self->files, "sub/b.policy",
			      "#include \"d.policy\"\nPOLICY b {\n ALLOW { write { fd == TWO } },"
			      " USE d }"));
	ASSERT_EQ(0, foreign_put(&self->files, "sub/d.policy", "POLICY d { TRAP(0) { close } }"));
	ASSERT_EQ(0, foreign_put(&self->files, "c.policy", ""));
	ASSERT_EQ(0, foreign_compile(&f, import_kafel, profile, &options))
	TH_LOG("%s", f.error.text);
	EXPECT_EQ(ALLOW, foreign_ask(&f, BPF_X86_64, "write", two));
	EXPECT_EQ(KILL, foreign_ask(&f, BPF_X86_64, "write", none));
	EXPECT_EQ(TRAP, foreign_ask(&f, BPF_X86_64, "close", none));
	EXPECT_EQ(E(1), foreign_ask(&f, BPF_X86_64, "open", none));
	EXPECT_EQ(KILL, foreign_ask(&f, BPF_X86_64, "read", none));
	EXPECT_TRUE(strstr(f.im.text, "allow write if fd == 2\t# b.policy:3\n") != NULL)
	TH_LOG("%s", f.im.text);
	import_release(&f.im);
	options.dir = NULL;
	EXPECT_NE(0, foreign_parse(&f, import_kafel, profile, &options));
	import_release(&f.im);
}

TEST_F(files, bad_includes)
{
	struct import_options options = IMPORT_OPTIONS;

	options.native = BPF_X86_64;
	options.dir = self->files.dir;
	ASSERT_EQ(0, foreign_put(&self->files, "a.policy", "#include \"b.policy\"\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "b.policy", "\n#include \"a.policy\"\n"));
	ASSERT_EQ(0, foreign_put(&self->files, "typo.policy", "ALLOW {\n raed }"));
	EXPECT_NE(0, foreign_parse(&f, import_kafel, "\n#include \"a.policy\"\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "b.policy:2: 'a.policy' includes itself") != NULL)
	TH_LOG("%s", f.error.text);
	EXPECT_EQ(2, f.error.place.line);
	import_release(&f.im);
	EXPECT_NE(0, foreign_parse(&f, import_kafel, "#include \"typo.policy\"\n", &options));
	EXPECT_TRUE(strstr(f.error.text, "typo.policy:2: unknown system call 'raed'") != NULL)
	TH_LOG("%s", f.error.text);
	import_release(&f.im);
	/* The same file twice is no cycle. */
	ASSERT_EQ(0, foreign_put(&self->files, "define.policy", "#define A 1\n"));
	EXPECT_EQ(0, foreign_parse(&f, import_kafel,
				   "#include \"define.policy\" \"define.policy\"\n"
				   "ALLOW { read { fd == A } }",
				   &options))
	TH_LOG("%s", f.error.text);
	import_release(&f.im);
}

/* ---- random conditions, and what kafel would do ---- */

static uint64_t seed = 1;

static unsigned int pick(size_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned int)((seed >> 33) % n);
}

static const uint64_t values[] = {
	0,	    1,		2,	    3,		4,	    7,	    8,	    0xff,
	0x7fffffff, 0x80000000, 0xffffffff, HI(32) | 1, HI(32) | 4, HI(63), HI(62), UINT64_MAX - 1,
	UINT64_MAX,
};

/* pid and sig of kill are ints, buf and count of write 64 bits; with what is asked about them. */
static const struct {
	const char *call, *args[2];
	bool wide;
} calls[] = {
	{ "kill", { "pid", "sig" }, false },
	{ "getcwd", { "buf", "size" }, true },
};

struct expr {
	enum { COMPARE, AND, OR, NOT } kind;
	unsigned int arg, op;
	uint64_t mask, k;
	bool masked, swapped;
	const struct expr *left, *right;
};

static struct expr pool[64];
static unsigned int npool;

static struct expr *make_expr(unsigned int depth)
{
	struct expr *e = &pool[npool++];

	memset(e, 0, sizeof(*e));
	e->kind = depth == 0 ? COMPARE : pick(4);
	if (e->kind == COMPARE) {
		e->arg = pick(2);
		e->op = pick(6);
		e->k = values[pick(COUNT(values))];
		e->mask = values[pick(COUNT(values))];
		e->masked = pick(2);
		e->swapped = pick(3) == 0;
		return e;
	}
	e->left = make_expr(depth - 1);
	if (e->kind != NOT)
		e->right = make_expr(depth - 1);
	return e;
}

static void print_expr(FILE *out, const struct expr *e, unsigned int call)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
	const char *arg = calls[call].args[e->arg];
	unsigned long long k = e->k, mask = e->mask;

	if (e->kind == NOT) {
		fputs("!(", out);
		print_expr(out, e->left, call);
		fputs(")", out);
	} else if (e->kind != COMPARE) {
		fputs("(", out);
		print_expr(out, e->left, call);
		fputs(e->kind == AND ? ") && (" : ") || (", out);
		print_expr(out, e->right, call);
		fputs(")", out);
	} else if (e->swapped && e->masked) {
		fprintf(out, "0x%llx %s 0x%llx & %s", k, ops[e->op], mask, arg);
	} else if (e->swapped) {
		fprintf(out, "0x%llx %s %s", k, ops[e->op], arg);
	} else if (e->masked) {
		fprintf(out, "%s & 0x%llx %s 0x%llx", arg, mask, ops[e->op], k);
	} else {
		fprintf(out, "%s %s 0x%llx", arg, ops[e->op], k);
	}
}

/* Low words only, if nothing that is compared has more than 32 bits; never signed. */
static bool compare_holds(const struct expr *e, const uint64_t args[6], bool wide)
{
	uint64_t x = args[e->arg], k = e->k, swap;

	if (e->masked && e->mask == 0) {
		x = 0;
		wide = false;
	} else if (e->masked) {
		x &= e->mask;
		wide |= e->mask > UINT32_MAX && e->mask != UINT64_MAX;
	}
	if (!wide && k <= UINT32_MAX)
		x &= UINT32_MAX;
	if (e->swapped) {
		swap = x;
		x = k;
		k = swap;
	}
	switch (e->op) {
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
	default:
		return x >= k;
	}
}

static bool holds(const struct expr *e, const uint64_t args[6], bool wide)
{
	switch (e->kind) {
	case AND:
		return holds(e->left, args, wide) && holds(e->right, args, wide);
	case OR:
		return holds(e->left, args, wide) || holds(e->right, args, wide);
	case NOT:
		return !holds(e->left, args, wide);
	default:
		return compare_holds(e, args, wide);
	}
}

/* kafel compares two constants in 32 bits; the importer refuses that, rightly. */
static bool has_wide_constants(const struct expr *e)
{
	if (e->kind == COMPARE)
		return e->masked && e->mask == 0 && e->k > UINT32_MAX;
	return has_wide_constants(e->left) || (e->right && has_wide_constants(e->right));
}

TEST(random_conditions)
{
	struct import_options options = IMPORT_OPTIONS;
	uint64_t args[6] = { 0 };
	static char text[8192];
	unsigned int i, j, call;
	const struct expr *e;
	FILE *out;
	int ret;

	options.native = BPF_X86_64;
	for (i = 0; i < 2000; i++) {
		call = pick(COUNT(calls));
		npool = 0;
		e = make_expr(pick(4));
		out = fmemopen(text, sizeof(text), "w");
		fprintf(out, "ALLOW { %s { ", calls[call].call);
		print_expr(out, e, call);
		fputs(" } } ERRNO(7) { kill, getcwd }", out);
		fclose(out);
		ret = (i % 10 ? foreign_parse : foreign_compile)(&f, import_kafel, text, &options);
		if (has_wide_constants(e)) {
			EXPECT_NE(0, ret);
			import_release(&f.im);
			continue;
		}
		ASSERT_EQ(0, ret)
		TH_LOG("%s: %s", text, f.error.text);
		for (j = 0; j < 60; j++) {
			args[0] = values[pick(COUNT(values))] + pick(3) - 1;
			args[1] = values[pick(COUNT(values))];
			ASSERT_EQ(holds(e, args, calls[call].wide) ? ALLOW : E(7),
				  foreign_ask(&f, BPF_X86_64, calls[call].call, args))
			TH_LOG("%s\n%s%llx %llx", text, f.im.text, (unsigned long long)args[0],
			       (unsigned long long)args[1]);
		}
		import_release(&f.im);
	}
}

TEST_HARNESS_MAIN
