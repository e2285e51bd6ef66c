/* SPDX-License-Identifier: MIT */
/*
 * OCI profiles in and out: what becomes of one call, what is refused and where, what
 * is noted; then every profile of the shared data.
 */
#include "tests/bpf/oci.h"

#include <errno.h>

#include <linux/audit.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ALLOW	     SECCOMP_RET_ALLOW
#define KILL	     SECCOMP_RET_KILL_PROCESS
#define E(n)	     (SECCOMP_RET_ERRNO | (n))

static struct oci_case one = { .arena = { oci_memory[0], sizeof(oci_memory[0]), 0 } };
static struct oci_case two = { .arena = { oci_memory[1], sizeof(oci_memory[1]), 0 } };

static const struct import_options plain = { .native = BPF_X86_64 };
static const struct import_options faithful = { .native = BPF_X86_64, .faithful = true };

/* Profiles are written with ' for ". */
static const char *quoted(const char *text)
{
	static char buf[4000];
	size_t i;

	for (i = 0; text[i] && i < sizeof(buf) - 1; i++)
		buf[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	buf[i] = '\0';
	return buf;
}

static uint32_t eval(const struct oci_case *c, enum bpf_abi_id abi, uint32_t nr,
		     const uint64_t args[3])
{
	struct seccomp_data data = { .nr = (int)nr, .arch = bpf_abis[abi].arch };

	memcpy(data.args, args, 3 * sizeof(args[0]));
	return bpf_run(c->prog.insn, c->prog.len, &data, NULL);
}

#define DENY "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':["
#define PASS "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':["
#define I386                                                                                      \
	"{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86_64','SCMP_ARCH_X86']," \
	"'syscalls':["
#define IPASS                                                                                     \
	"{'defaultAction':'SCMP_ACT_ALLOW','architectures':['SCMP_ARCH_X86_64','SCMP_ARCH_X86']," \
	"'syscalls':["
#define ARG(i, op, v)  "{'index':" #i ",'op':'SCMP_CMP_" op "','value':" #v "}"
#define MASK(i, m, v)  "{'index':" #i ",'op':'SCMP_CMP_MASKED_EQ','value':" #m ",'valueTwo':" #v "}"
#define OK(name, args) "{'names':['" name "'],'action':'SCMP_ACT_ALLOW','args':[" args "]}"
#define NO(name, n, args) \
	"{'names':['" name "'],'action':'SCMP_ACT_ERRNO','errnoRet':" #n ",'args':[" args "]}"

enum { READ = 0, WRITE = 1, IOCTL = 16, SOCKET = 41, CLONE = 56, PERSONALITY = 135, CLONE3 = 435 };

#define HIGH (UINT64_C(1) << 32)

/* clang-format off */
static const struct {
	const char *what, *profile;
	enum bpf_abi_id abi;
	uint32_t nr;
	uint64_t args[3];
	uint32_t typed, whole; /* what becomes of it; the second with "faithful" */
} cases[] = {
	{ "allowed", DENY OK("read", "") "]}", BPF_X86_64, READ, { 0 }, ALLOW, ALLOW },
	{ "not named", DENY OK("read", "") "]}", BPF_X86_64, WRITE, { 0 }, E(EPERM), E(EPERM) },
	{ "the older form", DENY "{'name':'read','action':'SCMP_ACT_ALLOW','args':null}]}",
	  BPF_X86_64, READ, { 0 }, ALLOW, ALLOW },
	{ "new numbers get the default", DENY OK("read", "") "]}",
	  BPF_X86_64, 9999, { 0 }, E(EPERM), E(EPERM) },
	{ "an ABI not listed", DENY OK("read", "") "]}", BPF_I386, 3, { 0 }, KILL, KILL },
	{ "an ABI listed", I386 OK("read", "") "]}", BPF_I386, 3, { 0 }, ALLOW, ALLOW },
	{ "x32 is another", I386 OK("read", "") "]}", BPF_X32, BPF_X32_BIT, { 0 }, KILL, KILL },
	{ "its own errno", DENY NO("clone3", 38, "") "]}",
	  BPF_X86_64, CLONE3, { 0 }, E(ENOSYS), E(ENOSYS) },

	/* operators */
	{ "EQ", DENY OK("personality", ARG(0, "EQ", 8)) "]}",
	  BPF_X86_64, PERSONALITY, { 8 }, ALLOW, ALLOW },
	{ "EQ, not", DENY OK("personality", ARG(0, "EQ", 8)) "]}",
	  BPF_X86_64, PERSONALITY, { 9 }, E(EPERM), E(EPERM) },
	{ "EQ, garbage above an int", DENY OK("personality", ARG(0, "EQ", 8)) "]}",
	  BPF_X86_64, PERSONALITY, { HIGH | 8 }, ALLOW, E(EPERM) },
	{ "NE", DENY OK("socket", ARG(0, "NE", 40)) "]}", BPF_X86_64, SOCKET, { 39 }, ALLOW, ALLOW },
	{ "NE, not", DENY OK("socket", ARG(0, "NE", 40)) "]}",
	  BPF_X86_64, SOCKET, { 40 }, E(EPERM), E(EPERM) },
	{ "NE, the way around it", DENY OK("socket", ARG(0, "NE", 40)) "]}",
	  BPF_X86_64, SOCKET, { HIGH | 40 }, E(EPERM), ALLOW },
	{ "LT", DENY OK("socket", ARG(0, "LT", 38)) "]}", BPF_X86_64, SOCKET, { 37 }, ALLOW, ALLOW },
	{ "LT, not", DENY OK("socket", ARG(0, "LT", 38)) "]}",
	  BPF_X86_64, SOCKET, { 38 }, E(EPERM), E(EPERM) },
	{ "LT is unsigned, an int or not", DENY OK("socket", ARG(0, "LT", 38)) "]}",
	  BPF_X86_64, SOCKET, { 0xffffffff }, E(EPERM), E(EPERM) },
	{ "LE", DENY OK("socket", ARG(0, "LE", 38)) "]}", BPF_X86_64, SOCKET, { 38 }, ALLOW, ALLOW },
	{ "LE, not", DENY OK("socket", ARG(0, "LE", 38)) "]}",
	  BPF_X86_64, SOCKET, { 39 }, E(EPERM), E(EPERM) },
	{ "GT", DENY OK("socket", ARG(0, "GT", 40)) "]}", BPF_X86_64, SOCKET, { 41 }, ALLOW, ALLOW },
	{ "GT, the way around it", DENY OK("socket", ARG(0, "GT", 40)) "]}",
	  BPF_X86_64, SOCKET, { HIGH | 40 }, E(EPERM), ALLOW },
	{ "GE", DENY OK("socket", ARG(0, "GE", 40)) "]}", BPF_X86_64, SOCKET, { 40 }, ALLOW, ALLOW },
	{ "GE, not", DENY OK("socket", ARG(0, "GE", 40)) "]}",
	  BPF_X86_64, SOCKET, { 39 }, E(EPERM), E(EPERM) },
	{ "MASKED_EQ", DENY OK("clone", MASK(0, 2114060288, 0)) "]}",
	  BPF_X86_64, CLONE, { 17 }, ALLOW, ALLOW },
	{ "MASKED_EQ, not", DENY OK("clone", MASK(0, 2114060288, 0)) "]}",
	  BPF_X86_64, CLONE, { 0x10000000 }, E(EPERM), E(EPERM) },
	{ "a mask of 0 always holds", DENY OK("read", MASK(0, 0, 7)) "]}",
	  BPF_X86_64, READ, { 1 }, ALLOW, ALLOW },
	{ "bits outside of the mask", DENY OK("clone", MASK(0, 1, 3)) "]}",
	  BPF_X86_64, CLONE, { 1 }, ALLOW, ALLOW },
	{ "-1 in 64 bits", DENY OK("personality", ARG(0, "EQ", 18446744073709551615)) "]}",
	  BPF_X86_64, PERSONALITY, { UINT64_MAX }, ALLOW, ALLOW },
	{ "-1 in 32 bits", DENY OK("personality", ARG(0, "EQ", 4294967295)) "]}",
	  BPF_X86_64, PERSONALITY, { UINT64_MAX }, ALLOW, E(EPERM) },
	{ "more bits than are read", DENY OK("personality", ARG(0, "EQ", 4294967304)) "]}",
	  BPF_X86_64, PERSONALITY, { 8 }, E(EPERM), E(EPERM) },
	{ "two arguments", DENY OK("socket", ARG(0, "EQ", 1) "," ARG(1, "EQ", 2)) "]}",
	  BPF_X86_64, SOCKET, { 1, 2 }, ALLOW, ALLOW },
	{ "two arguments, one right", DENY OK("socket", ARG(0, "EQ", 1) "," ARG(1, "EQ", 2)) "]}",
	  BPF_X86_64, SOCKET, { 1, 3 }, E(EPERM), E(EPERM) },
	{ "one argument twice, both", DENY OK("socket", ARG(0, "GE", 5) "," ARG(0, "LE", 9)) "]}",
	  BPF_X86_64, SOCKET, { 7 }, ALLOW, ALLOW },
	{ "one argument twice, one", DENY OK("socket", ARG(0, "GE", 5) "," ARG(0, "LE", 9)) "]}",
	  BPF_X86_64, SOCKET, { 10 }, E(EPERM), ALLOW },

	/* which entry counts */
	{ "without conditions first", DENY OK("ioctl", "") "," NO("ioctl", 22, ARG(1, "EQ", 5)) "]}",
	  BPF_X86_64, IOCTL, { 0, 5 }, ALLOW, ALLOW },
	{ "without conditions last", DENY NO("ioctl", 22, ARG(1, "EQ", 5)) "," OK("ioctl", "") "]}",
	  BPF_X86_64, IOCTL, { 0, 5 }, ALLOW, ALLOW },
	{ "two without", DENY NO("ioctl", 22, "") "," OK("ioctl", "") "]}",
	  BPF_X86_64, IOCTL, { 0 }, E(EINVAL), E(EINVAL) },
	{ "what the default says is skipped", DENY NO("ioctl", 1, "") "," OK("ioctl", "") "]}",
	  BPF_X86_64, IOCTL, { 0 }, ALLOW, ALLOW },
	{ "both hold: the stricter", DENY OK("ioctl", ARG(0, "GE", 3)) ","
	  NO("ioctl", 22, ARG(1, "EQ", 5)) "]}", BPF_X86_64, IOCTL, { 3, 5 }, E(EINVAL), E(EINVAL) },
	{ "both hold, the other way", DENY NO("ioctl", 22, ARG(1, "EQ", 5)) ","
	  OK("ioctl", ARG(0, "GE", 3)) "]}", BPF_X86_64, IOCTL, { 3, 5 }, E(EINVAL), E(EINVAL) },

	/* i386's doors */
	{ "socketcall, too", I386 OK("socket", "") "]}", BPF_I386, 102, { 1 }, ALLOW, ALLOW },
	{ "socketcall, for that alone", I386 OK("socket", "") "]}",
	  BPF_I386, 102, { 2 }, E(EPERM), E(EPERM) },
	{ "socketcall cannot look", I386 OK("socket", ARG(0, "EQ", 1)) "]}",
	  BPF_I386, 102, { 1 }, E(EPERM), ALLOW },
	{ "socketcall denied", IPASS NO("socket", 22, "") "]}",
	  BPF_I386, 102, { 1 }, E(EINVAL), E(EINVAL) },
	{ "socketcall denied whatever is asked", IPASS NO("socket", 22, ARG(1, "EQ", 3)) "]}",
	  BPF_I386, 102, { 1, 7 }, E(EINVAL), ALLOW },
	{ "ipc, with its version", IPASS NO("shmat", 22, "") "]}",
	  BPF_I386, 117, { 0x10000 | 21 }, E(EINVAL), ALLOW },
	{ "a call of socketcall alone", I386 OK("send", "") "]}", BPF_I386, 102, { 9 }, ALLOW, ALLOW },

	/* what applies */
	{ "a capability that is there", DENY
	  "{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'caps':['CAP_CHOWN']}}]}",
	  BPF_X86_64, READ, { 0 }, ALLOW, ALLOW },
	{ "one of two is not", DENY
	  "{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'caps':['CAP_CHOWN','CAP_BPF']}}]}",
	  BPF_X86_64, READ, { 0 }, E(EPERM), E(EPERM) },
	{ "excluded by one of two", DENY
	  "{'name':'read','action':'SCMP_ACT_ALLOW','excludes':{'caps':['CAP_BPF','CAP_CHOWN']}}]}",
	  BPF_X86_64, READ, { 0 }, E(EPERM), E(EPERM) },
	{ "one of the architectures", DENY
	  "{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'arches':['arm64','amd64']}}]}",
	  BPF_X86_64, READ, { 0 }, ALLOW, ALLOW },
	{ "excluded architecture", DENY
	  "{'name':'read','action':'SCMP_ACT_ALLOW','excludes':{'arches':['arm64','amd64']}}]}",
	  BPF_X86_64, READ, { 0 }, E(EPERM), E(EPERM) },
	{ "the newest kernel", DENY
	  "{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'minKernel':'99.1'}}]}",
	  BPF_X86_64, READ, { 0 }, ALLOW, ALLOW },
	{ "the map's own entry", "{'defaultAction':'SCMP_ACT_ERRNO','archMap':["
	  "{'architecture':'SCMP_ARCH_AARCH64','subArchitectures':['SCMP_ARCH_ARM']},"
	  "{'architecture':'SCMP_ARCH_X86_64','subArchitectures':['SCMP_ARCH_X32']}],'syscalls':["
	  OK("read", "") "]}", BPF_X32, BPF_X32_BIT, { 0 }, ALLOW, ALLOW },
	{ "and no other", "{'defaultAction':'SCMP_ACT_ERRNO','archMap':["
	  "{'architecture':'SCMP_ARCH_AARCH64'}],'syscalls':[" OK("read", "") "]}",
	  BPF_AARCH64, 63, { 0 }, KILL, KILL },
	{ "a bundle", "{'ociVersion':'1.0','linux':{'seccomp':" DENY OK("read", "") "]}}}",
	  BPF_X86_64, READ, { 0 }, ALLOW, ALLOW },

	/* actions */
	{ "kill is the thread", "{'defaultAction':'SCMP_ACT_KILL'}",
	  BPF_X86_64, READ, { 0 }, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_THREAD },
	{ "kill the process", "{'defaultAction':'SCMP_ACT_KILL_PROCESS'}",
	  BPF_X86_64, READ, { 0 }, KILL, KILL },
	{ "trap", "{'defaultAction':'SCMP_ACT_TRAP'}",
	  BPF_X86_64, READ, { 0 }, SECCOMP_RET_TRAP, SECCOMP_RET_TRAP },
	{ "log", "{'defaultAction':'SCMP_ACT_LOG'}",
	  BPF_X86_64, READ, { 0 }, SECCOMP_RET_LOG, SECCOMP_RET_LOG },
	{ "trace", "{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':0}",
	  BPF_X86_64, READ, { 0 }, SECCOMP_RET_TRACE, SECCOMP_RET_TRACE },
	{ "notify", PASS "{'name':'read','action':'SCMP_ACT_NOTIFY'}]}",
	  BPF_X86_64, READ, { 0 }, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_USER_NOTIF },
	{ "an errno by name", "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrno':'ENOSYS',"
	  "'defaultErrnoRet':38}", BPF_X86_64, READ, { 0 }, E(ENOSYS), E(ENOSYS) },
	{ "the kernel's highest errno", "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':12345}",
	  BPF_X86_64, READ, { 0 }, E(4095), E(4095) },
};

TEST(one_call)
{
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		TH_LOG("%s", cases[i].what);
		ASSERT_EQ(0, oci_compile(&one, quoted(cases[i].profile), &plain))
			TH_LOG("%s", one.error.text);
		EXPECT_EQ(cases[i].typed, eval(&one, cases[i].abi, cases[i].nr, cases[i].args));
		import_release(&one.im);
		ASSERT_EQ(0, oci_compile(&one, quoted(cases[i].profile), &faithful));
		EXPECT_EQ(cases[i].whole, eval(&one, cases[i].abi, cases[i].nr, cases[i].args));
		import_release(&one.im);
	}
}

static const struct {
	const char *profile, *says;
	unsigned int line;
} refused[] = {
	{ "", "not JSON", 1 },
	{ "[]", "no seccomp profile", 1 },
	{ "{\n'defaultAction':'SCMP_ACT_ERRNO',,}", "not JSON", 2 },
	{ "{'syscalls':[]}", "defaultAction", 1 },
	{ "{'linux':{}}", "linux.seccomp", 1 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultAction':'SCMP_ACT_ALLOW'}", "not JSON", 1 },
	{ "{'defaultAction':'SCMP_ACT_PERMIT'}", "unknown action \"SCMP_ACT_PERMIT\"", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':0}", "errno 0", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':65536}", "no errno", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrno':'EFOO'}", "unknown errno", 0 },
	{ "{'defaultAction':'SCMP_ACT_NOTIFY'}", "as the default", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','flags':['X']}", "unknown flag", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','syscall':[]}", "unknown member \"syscall\"", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['amd64']}", "unknown architecture", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86'],"
	  "'archMap':[{'architecture':'SCMP_ARCH_X86'}]}", "both", 0 },
	{ DENY "\n{},\n{}]}", "either \"name\" or \"names\"", 2 },
	{ DENY OK("read", "") ",\n" OK("write", "") ",\n\n[]]}", "expected an object", 4 },
	{ DENY "{'names':['read'],'name':'write','action':'SCMP_ACT_ALLOW'}]}", "either", 1 },
	{ DENY "{'names':['read'],'action':'SCMP_ACT_ALLOW',\n'arg':[]}]}", "unknown member \"arg\"", 1 },
	{ DENY OK("read\\nallow ptrace", "") "]}", "no name of a system call", 1 },
	{ DENY OK("read if arg0 == 1", "") "]}", "no name of a system call", 1 },
	{ DENY OK("42", "") "]}", "no name of a system call", 1 },
	{ DENY OK("read", ARG(6, "EQ", 1)) "]}", "arguments 0 to 5", 1 },
	{ DENY OK("read", ARG(0, "IN", 1)) "]}", "unknown operator", 1 },
	{ DENY OK("read", ARG(0, "EQ", -1)) "]}", "0 to 2^64-1", 1 },
	{ DENY OK("read", ARG(0, "EQ", 1.5)) "]}", "0 to 2^64-1", 1 },
	{ DENY OK("read", ARG(0, "EQ", 18446744073709551616)) "]}", "0 to 2^64-1", 1 },
	{ DENY OK("read", "{'index':0,'op':'SCMP_CMP_EQ'}") "]}", "without", 1 },
	{ DENY OK("read", "{'idx':0}") "]}", "unknown member \"idx\"", 1 },
	{ DENY "{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'minKernel':'new'}}]}",
	  "no version", 1 },
	{ DENY "{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'cap':[]}}]}",
	  "unknown member \"cap\"", 1 },
	{ I386 OK("mmap", ARG(0, "EQ", 4294967296)) "]}", "64 bits", 1 },
	{ PASS "{'name':'write','action':'SCMP_ACT_NOTIFY'}]}", "for write", 1 },
	{ PASS "\n" NO("brand_new_call", 1, "") "]}", "which the profile restricts", 2 },
	{ DENY OK("ioctl", ARG(0, "EQ", 1)) ",\n" NO("ioctl", 22, ARG(0, "EQ", 1)) "]}",
	  "libseccomp refuses that", 2 },
};

TEST(refusals_say_why_and_where)
{
	size_t i;

	for (i = 0; i < COUNT(refused); i++) {
		TH_LOG("%s", refused[i].profile);
		EXPECT_EQ(-EINVAL, oci_parse(&one, quoted(refused[i].profile), &plain));
		EXPECT_NE(NULL, strstr(one.error.text, refused[i].says))
			TH_LOG("%s", one.error.text);
		EXPECT_EQ(refused[i].line, one.error.place.line);
		import_release(&one.im);
	}
}

static const struct {
	const char *profile, *says; /* NULL: there is no note */
	unsigned int line;
} notes[] = {
	{ DENY OK("read", "") "]}", NULL, 0 },
	{ DENY OK("arm_sync_file_range", "") "]}", NULL, 0 },
	{ DENY OK("brand_new_call", "") "]}", "1 unknown calls", 0 },
	{ DENY OK("socket", ARG(0, "EQ", 1)) "," OK("socket", ARG(0, "EQ", 2)) "]}", NULL, 0 },
	{ DENY OK("read", "") ",\n" OK("socket", ARG(0, "GE", 5) "," ARG(0, "LE", 9)) "]}",
	  "all must hold", 2 },
	{ DENY OK("ioctl", ARG(0, "GE", 3)) ",\n" NO("ioctl", 22, ARG(1, "EQ", 5)) "]}",
	  "the stricter", 2 },
	{ DENY OK("ioctl", ARG(0, "GE", 3)) ",\n" NO("ioctl", 22, ARG(0, "LT", 3)) "]}", NULL, 0 },
	{ DENY OK("ioctl", MASK(0, 7, 3)) ",\n" NO("ioctl", 22, MASK(0, 5, 0)) "]}", NULL, 0 },
	{ DENY OK("ioctl", "") ",\n" NO("ioctl", 22, ARG(0, "LT", 3)) "]}", "decides about it alone", 2 },
	{ DENY NO("ioctl", 1, "") "," OK("ioctl", "") "]}", "the runtimes skip", 1 },
	{ DENY OK("personality", ARG(0, "EQ", 4294967304)) "]}", "reads 32 bits", 1 },
	{ I386 OK("socket", ARG(0, "EQ", 1)) "]}", "behind a pointer", 1 },
	{ I386 OK("socket", ARG(0, "EQ", 1)) "," OK("socketcall", "") "]}", "bind nobody", 1 },
	{ "{'defaultAction':'SCMP_ACT_TRACE'}", "not 1", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','flags':['SECCOMP_FILTER_FLAG_LOG']}", "no part", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_ARM']}", "killed", 0 },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86']}", "runc adds it", 0 },
};
/* clang-format on */

TEST(notes_say_what_differs)
{
	size_t i, j;

	for (i = 0; i < COUNT(notes); i++) {
		TH_LOG("%s", notes[i].profile);
		ASSERT_EQ(0, oci_parse(&one, quoted(notes[i].profile), &plain))
		TH_LOG("%s", one.error.text);
		for (j = 0; j < one.im.nnotes && notes[i].says; j++)
			if (strstr(one.im.notes[j].text, notes[i].says) &&
			    one.im.notes[j].line == notes[i].line)
				break;
		if (notes[i].says) {
			EXPECT_LT(j, one.im.nnotes);
		} else {
			EXPECT_EQ(0, one.im.nnotes);
		}
		import_release(&one.im);
	}
}

TEST(options_decide_what_applies)
{
	static const char *const caps[] = { "CAP_BPF", NULL };
	static const char profile[] = DENY
		"{'name':'read','action':'SCMP_ACT_ALLOW','includes':{'caps':['CAP_BPF']}},"
		"{'name':'write','action':'SCMP_ACT_ALLOW','includes':{'minKernel':'4.8'}}]}";
	struct import_options options = plain;
	const uint64_t args[3] = { 0 };

	options.caps = caps;
	options.kernel_major = 4;
	options.kernel_minor = 7;
	ASSERT_EQ(0, oci_compile(&one, quoted(profile), &options));
	EXPECT_EQ(ALLOW, eval(&one, BPF_X86_64, READ, args));
	EXPECT_EQ(E(EPERM), eval(&one, BPF_X86_64, WRITE, args));
	import_release(&one.im);
	options.caps = NULL;
	options.kernel_minor = 8;
	ASSERT_EQ(0, oci_compile(&one, quoted(profile), &options));
	EXPECT_EQ(E(EPERM), eval(&one, BPF_X86_64, READ, args));
	EXPECT_EQ(ALLOW, eval(&one, BPF_X86_64, WRITE, args));
	import_release(&one.im);

	options.abis = 1u << BPF_X86_64;
	ASSERT_EQ(0, oci_compile(&one, quoted(I386 OK("read", "") "]}"), &options));
	EXPECT_EQ(KILL, eval(&one, BPF_I386, 3, args));
	import_release(&one.im);
	options.abis = 1u << BPF_AARCH64;
	EXPECT_EQ(-EINVAL, oci_compile(&one, quoted(DENY "]}"), &options));
	import_release(&one.im);
}

/* As runc's patch of the program has it: above the highest that is named, for each ABI. */
TEST(new_numbers_get_enosys)
{
	struct import_options options = plain;
	const uint64_t args[3] = { 0 };

	options.enosys = true;
	ASSERT_EQ(0, oci_compile(&one, quoted(DENY OK("openat2", "") "]}"), &options));
	EXPECT_EQ(ALLOW, eval(&one, BPF_X86_64, 437, args));
	EXPECT_EQ(E(EPERM), eval(&one, BPF_X86_64, 436, args));
	EXPECT_EQ(E(ENOSYS), eval(&one, BPF_X86_64, 438, args));
	EXPECT_EQ(E(ENOSYS), eval(&one, BPF_X86_64, 9999, args));
	import_release(&one.im);

	/* A number without a name, 387, is in the gap of x86_64's table. */
	ASSERT_EQ(0, oci_compile(&one, quoted(DENY OK("execveat", "") "]}"), &options));
	EXPECT_EQ(E(ENOSYS), eval(&one, BPF_X86_64, 387, args));
	EXPECT_EQ(E(EPERM), eval(&one, BPF_X86_64, 321, args));
	import_release(&one.im);

	ASSERT_EQ(0, oci_compile(&one, quoted(PASS NO("openat2", 1, "") "]}"), &options));
	EXPECT_EQ(ALLOW, eval(&one, BPF_X86_64, 438, args));
	EXPECT_EQ(ALLOW, eval(&one, BPF_X86_64, 9999, args));
	import_release(&one.im);
}

TEST(lines_point_to_the_profile)
{
	static const char profile[] = DENY "\n" OK("read", "") ",\n\n" OK("write", "") "]}";

	ASSERT_EQ(0, oci_compile(&one, quoted(profile), &plain));
	EXPECT_EQ(2, one.policy.rules->place.line);
	EXPECT_EQ(4, one.policy.last->place.line);
	EXPECT_STREQ("profile", one.policy.last->place.file);
	import_release(&one.im);
}

/* ---- what a typed policy lets through, the profile lets through ---- */

static void random_socket(struct random_text *t)
{
	static const char *const ops[] = { "EQ", "GE", "GT", "LE", "LT", "MASKED_EQ", "NE" };
	unsigned int i, n = 1 + random_below(4);

	t->len = 0;
	put(t, random_below(2) ? DENY : PASS);
	for (i = 0; i < n; i++) {
		put(t, "%s{'name':'socket','action':'SCMP_ACT_%s','errnoRet':22,'args':[",
		    i ? "," : "", random_below(2) ? "ALLOW" : "ERRNO");
		put(t, "{'index':0,'op':'SCMP_CMP_%s','value':%" PRIu64 ",'valueTwo':%" PRIu64 "}",
		    ops[random_below(COUNT(ops))], random_number(32), random_number(32));
		if (random_below(2))
			put(t, ",{'index':2,'op':'SCMP_CMP_%s','value':%" PRIu64 "}",
			    ops[random_below(5)], random_number(32));
		put(t, "]}");
	}
	put(t, "]}");
}

/*
 * socket(2) reads three ints: whatever is above them in the registers, the answer is
 * that of the profile, read to the letter, on a call with nothing above.
 */
TEST(garbage_above_an_int_is_no_way_around)
{
	unsigned int i, j, k, n = 0;
	struct random_text t;
	uint64_t args[3], clean[3];

	for (i = 0; i < 400 && _metadata->passed; i++) {
		random_socket(&t);
		if (oci_compile(&one, quoted(t.text), &plain) == 0 &&
		    oci_compile(&two, quoted(t.text), &faithful) == 0) {
			n++;
			for (j = 0; j < 200; j++) {
				for (k = 0; k < 3; k++) {
					clean[k] = random_number(32);
					args[k] = clean[k] | random64() << 32;
				}
				ASSERT_EQ(eval(&two, BPF_X86_64, SOCKET, clean),
					  eval(&one, BPF_X86_64, SOCKET, args))
				TH_LOG("%s", t.text);
			}
		}
		import_release(&one.im);
		import_release(&two.im);
	}
	EXPECT_LT(200, n);
}

/* ---- the way out ---- */

static char text[2][1 << 20];

static int export_text(const struct bpf_policy *policy, char *buf, struct bpf_error *error)
{
	FILE *out = fmemopen(buf, sizeof(text[0]), "w");
	int ret = export_oci(out, policy, error);

	fclose(out);
	return ret;
}

static int parse_lines(struct oci_case *c, const char *lines)
{
	struct bpf_place place = { "policy", 0, 1 };
	char line[300];
	size_t len;
	int ret = 0;

	c->arena.used = 0;
	bpf_policy_init(&c->policy, &c->arena);
	for (; *lines && ret == 0; lines += len + (lines[len] == ';')) {
		len = strcspn(lines, ";");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		place.line++;
		ret = bpf_policy_line(&c->policy, line, &place, &c->error);
	}
	return ret;
}

/* "" where the policy can be said in OCI's words, else a part of the reason why not. */
static const struct {
	const char *policy, *why;
} exports[] = {
	/* clang-format off */
	{ "abi x86_64;default kill;unknown kill;allow read write", "" },
	{ "abi x86_64;default errno(EPERM);allow read;deny write;errno(ENOSYS) clone3", "" },
	{ "abi x86_64;default kill;unknown kill;allow socket if family in {AF_UNIX, AF_INET}", "" },
	{ "abi x86_64;default kill;unknown kill;allow socket if family != AF_VSOCK", "" },
	{ "abi x86_64;default kill;unknown kill;allow socket if family & 0xffffffff < 38", "" },
	{ "abi x86_64;default kill;unknown kill;allow kill if pid > 0", "" },
	{ "abi x86_64;default kill;unknown kill;allow kill if pid <= -2", "" },
	{ "abi x86_64;default kill;unknown kill;allow lseek if offset >= 0", "" },
	{ "abi x86_64;default kill;unknown kill;allow mmap;trap mmap if prot & PROT_EXEC", "" },
	{ "abi x86_64;default kill;unknown kill;allow mmap;kill mmap if prot & PROT_EXEC", "" },
	{ "abi x86_64;default kill;unknown kill;allow ioctl;deny ioctl if cmd == 5;"
	  "allow ioctl if fd == 1;log ioctl if arg == 7", "" },
	{ "abi x86_64;default allow;unknown allow;deny mprotect if prot & 6 == 6 && len >= 4096", "" },
	{ "abi x86_64;default allow;unknown allow;deny clone if !(clone_flags & 0x10000 == 0)", "" },
	{ "abi x86_64 i386;default kill;unknown kill;allow read;deny write if fd == 2", "" },
	{ "abi x86_64 i386;default kill;unknown kill;allow ioctl if arg2 <= 0xffffffff", "" },
	{ "abi x86_64 i386;default kill;unknown kill;allow ioctl if arg2 != 5", "" },
	{ "abi x86_64 i386;default kill;unknown kill;allow ioctl if !(arg2 & 0xff == 5)",
	  "as many bits" },
	{ "abi x86_64 i386;default kill;unknown kill;allow lseek if offset < 5", "as many bits" },
	{ "abi x86_64 x32;default kill;unknown kill;allow read if fd == 2", "" },
	{ "abi x86_64;default allow;deny read", "no 'unknown'" },
	{ "abi x86_64;default kill;unknown kill;allow 5000", "bare number" },
	{ "abi x86_64 i386;default kill;unknown kill;allow socket", "socketcall" },
	{ "abi x86_64 i386;default kill;unknown kill;allow socket socketcall", "" },
	{ "abi x86_64 x32;default kill;unknown kill;allow read if count == 2", "libseccomp compares" },
	{ "abi x86_64;default kill;unknown kill;allow lseek if offset & 1 == 1 && offset & 3 != 2;"
	  "deny lseek if offset > 5", "" },
	{ "abi x86_64;default kill;unknown kill;allow mmap if len > 1 && len < 9", "at once" },
	{ "abi x86_64;default kill;unknown kill;allow kill if pid != 1 && sig != 1", "more than" },
	/* clang-format on */
};

/* Does the profile that came out, read as libseccomp reads it, mean the same? */
static void check_same(struct __test_metadata *_metadata, const char *what)
{
	static const uint64_t values[] = { 0,
					   1,
					   2,
					   3,
					   4,
					   5,
					   6,
					   7,
					   37,
					   38,
					   39,
					   40,
					   0x7fffffff,
					   0x80000000,
					   0xfffffffe,
					   0xffffffff,
					   HIGH | 5,
					   HIGH | 40,
					   UINT64_MAX,
					   UINT64_MAX - 1,
					   UINT64_C(1) << 63,
					   4096,
					   0x10000 };
	uint64_t args[3];
	size_t i, j, k;
	uint32_t nr;

	for (nr = 0; nr < 450; nr++) {
		for (i = 0; i < COUNT(values) * COUNT(values); i++) {
			args[0] = values[i % COUNT(values)];
			args[1] = values[i / COUNT(values)];
			args[2] = values[(i * 7) % COUNT(values)];
			ASSERT_EQ(eval(&one, BPF_X86_64, nr, args),
				  eval(&two, BPF_X86_64, nr, args))
			TH_LOG("%s: %u", what, nr);
			if (i == 0 && nr > 70)
				break; /* calls with conditions have low numbers in these tests */
		}
	}
	for (j = 0; j < 450; j++) {
		for (k = 0; k < COUNT(values); k++) {
			args[0] = args[1] = args[2] = values[k] & UINT32_MAX;
			ASSERT_EQ(eval(&one, BPF_I386, (uint32_t)j, args),
				  eval(&two, BPF_I386, (uint32_t)j, args));
			ASSERT_EQ(eval(&one, BPF_X32, BPF_X32_BIT | (uint32_t)j, args),
				  eval(&two, BPF_X32, BPF_X32_BIT | (uint32_t)j, args));
		}
	}
}

TEST(policies_come_out_as_profiles)
{
	size_t i;
	int ret;

	for (i = 0; i < COUNT(exports); i++) {
		TH_LOG("%s", exports[i].policy);
		ASSERT_EQ(0, parse_lines(&one, exports[i].policy))
		TH_LOG("%s", one.error.text);
		ret = export_text(&one.policy, text[0], &one.error);
		ASSERT_EQ(*exports[i].why ? -EOPNOTSUPP : 0, ret)
		TH_LOG("%s", one.error.text);
		if (ret < 0) {
			EXPECT_NE(NULL, strstr(one.error.text, exports[i].why))
			TH_LOG("%s", one.error.text);
			continue;
		}
		ASSERT_EQ(0, bpf_compile(&one.policy, &one.prog, &one.error));
		ASSERT_EQ(0, oci_compile(&two, text[0], &faithful))
		TH_LOG("%s", two.error.text);
		/* runc adds ENOSYS for what is new */
		check_same(_metadata, exports[i].policy);
		import_release(&two.im);
	}
}

TEST(programs_come_out)
{
	static const struct sock_filter insn[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 },
		{ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64 },
		{ BPF_JMP | BPF_JA, 0, 0, 1 },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS },
	};
	FILE *out;

	ASSERT_EQ(0, import_raw(&one.prog, insn, sizeof(insn), &one.error));
	EXPECT_EQ(5, one.prog.len);
	out = fmemopen(text[0], sizeof(text[0]), "w");
	export_raw(out, &one.prog);
	EXPECT_EQ((long)sizeof(insn), ftell(out));
	fclose(out);
	EXPECT_EQ(0, memcmp(text[0], insn, sizeof(insn)));

	out = fmemopen(text[0], sizeof(text[0]), "w");
	export_asm(out, &one.prog);
	fclose(out);
	EXPECT_STREQ("\tld [4]\n\tjeq #0xc000003e, L3, L2\nL2:\tja L4\nL3:\tret #0x7fff0000\n"
		     "L4:\tret #0x80000000\n",
		     text[0]);

	out = fmemopen(text[0], sizeof(text[0]), "w");
	export_c(out, &one.prog, "filter");
	fclose(out);
	EXPECT_NE(NULL, strstr(text[0], "struct sock_filter filter[5] = {"));
	EXPECT_NE(NULL, strstr(text[0], "{ 0x15,   1,   0, 0xc000003e }"));
}

TEST(programs_that_are_none)
{
	struct sock_filter insn[2] = { { BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 },
				       { BPF_RET | BPF_K, 0, 0, 0 } };

	EXPECT_EQ(0, import_raw(&one.prog, insn, sizeof(insn), &one.error));
	EXPECT_EQ(-EINVAL, import_raw(&one.prog, insn, 0, &one.error));
	EXPECT_EQ(-EINVAL, import_raw(&one.prog, insn, 15, &one.error));
	EXPECT_EQ(-EINVAL, import_raw(&one.prog, insn, 8, &one.error)); /* runs past its end */
	EXPECT_EQ(-E2BIG, import_raw(&one.prog, text[1], (BPF_MAXINSNS + 1) * 8, &one.error));
	insn[0].k = 64;
	EXPECT_EQ(-EINVAL, import_raw(&one.prog, insn, sizeof(insn), &one.error));
}

/* ---- the profiles of others ---- */

TEST(every_profile)
{
	static const struct import_options modes[] = {
		{ .native = BPF_X86_64 },
		{ .native = BPF_X86_64, .faithful = true },
		{ .native = BPF_X86_64, .enosys = true },
		{ .native = BPF_AARCH64 },
	};
	size_t i, mode, good = 0, bad = 0;
	glob_t files;
	size_t len;
	char *json;
	int ret;

	if (!oci_files(&files))
		SKIP(return, "no profiles: set SBRUN_DATA to the shared data");
	for (i = 0; i < files.gl_pathc * COUNT(modes); i++) {
		mode = i % COUNT(modes);
		ASSERT_EQ(0, import_read(files.gl_pathv[i / COUNT(modes)], &json, &len, NULL));
		ret = oci_compile(&one, json, &modes[mode]);
		/* Two of the files are something else. */
		if (ret < 0)
			EXPECT_NE(NULL, strstr(one.error.text, "no seccomp profile"))
		TH_LOG("%s: %s", files.gl_pathv[i / COUNT(modes)], one.error.text);
		good += ret == 0;
		bad += ret < 0;
		import_release(&one.im);
		free(json);
	}
	TH_LOG("%zu compiled and proved, %zu refused", good, bad);
	EXPECT_LT(bad * 4, good);
	globfree(&files);
}

TEST_HARNESS_MAIN
