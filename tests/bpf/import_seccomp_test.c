/* SPDX-License-Identifier: MIT */
/*
 * The OCI importer against libseccomp: the same profile is read here once more, by other
 * code, and given to libseccomp in the way runc does it; the two programs must give
 * the same answers. Only with "faithful", which is there for this; and only where
 * libseccomp can be relied upon: equalities, masked ones, and single ordered tests of numbers
 * below 2^32. (Its ordered tests of several arguments are wrong at times.)
 */
#if __has_include(<seccomp.h>)

#include "tests/bpf/oci.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>
#include <seccomp.h>

#include "kselftest_harness.h"
#include "tests/bpf/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct oci_case ours = { .arena = { oci_memory[0], sizeof(oci_memory[0]), 0 } };
static struct bpf_prog theirs;

/* ---- as runc does it ---- */

static const struct {
	enum bpf_abi_id abi;
	uint32_t token;
	const char *name, *docker;
} archs[] = {
	{ BPF_X86_64, SCMP_ARCH_X86_64, "SCMP_ARCH_X86_64", "amd64" },
	{ BPF_I386, SCMP_ARCH_X86, "SCMP_ARCH_X86", "x86" },
	{ BPF_X32, SCMP_ARCH_X32, "SCMP_ARCH_X32", "x32" },
};

static const char *string_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint32_t action_of(json_t *object, const char *key, const char *ret_key)
{
	const char *name = string_of(object, key);
	json_t *ret = json_object_get(object, ret_key);
	uint16_t data = ret ? (uint16_t)json_integer_value(ret) : EPERM;

	if (!strcmp(name, "SCMP_ACT_ALLOW"))
		return SCMP_ACT_ALLOW;
	if (!strcmp(name, "SCMP_ACT_ERRNO"))
		return SCMP_ACT_ERRNO(data);
	if (!strcmp(name, "SCMP_ACT_TRAP"))
		return SCMP_ACT_TRAP;
	if (!strcmp(name, "SCMP_ACT_LOG"))
		return SCMP_ACT_LOG;
	if (!strcmp(name, "SCMP_ACT_KILL_PROCESS"))
		return SCMP_ACT_KILL_PROCESS;
	return SCMP_ACT_KILL_THREAD;
}

static bool is_in(json_t *list, const char *word)
{
	json_t *item;
	size_t i;

	for (i = 0; (item = json_array_get(list, i)) != NULL; i++) {
		if (!strcmp(json_string_value(item), word))
			return true;
	}
	return false;
}

/* Of docker's fourteen, the one that profiles ask about. */
static bool has_all_caps(json_t *list, bool any)
{
	json_t *item;
	size_t i, yes = 0;

	for (i = 0; (item = json_array_get(list, i)) != NULL; i++)
		yes += !strcmp(json_string_value(item), "CAP_SYS_CHROOT") ||
		       !strcmp(json_string_value(item), "CAP_AUDIT_WRITE");
	return any ? yes > 0 : yes == json_array_size(list);
}

static bool applies(json_t *entry)
{
	json_t *in = json_object_get(entry, "includes"), *ex = json_object_get(entry, "excludes");
	json_t *arches = json_object_get(in, "arches");

	if (is_in(json_object_get(ex, "arches"), "amd64") ||
	    has_all_caps(json_object_get(ex, "caps"), true))
		return false;
	if (json_array_size(arches) && !is_in(arches, "amd64"))
		return false;
	return has_all_caps(json_object_get(in, "caps"), false);
}

static struct scmp_arg_cmp compare_of(json_t *arg)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} ops[] = {
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
		{ "SCMP_CMP_GT", SCMP_CMP_GT }, { "SCMP_CMP_GE", SCMP_CMP_GE },
	};
	struct scmp_arg_cmp cmp = { .op = SCMP_CMP_MASKED_EQ };
	size_t i;

	for (i = 0; i < COUNT(ops); i++)
		if (!strcmp(ops[i].name, string_of(arg, "op")))
			cmp.op = ops[i].op;
	cmp.arg = (unsigned int)json_integer_value(json_object_get(arg, "index"));
	cmp.datum_a = (scmp_datum_t)json_integer_value(json_object_get(arg, "value"));
	cmp.datum_b = (scmp_datum_t)json_integer_value(json_object_get(arg, "valueTwo"));
	return cmp;
}

static int add_call(scmp_filter_ctx ctx, const char *name, uint32_t action, json_t *args)
{
	int nr = seccomp_syscall_resolve_name(name), ret = 0;
	unsigned int seen[6] = { 0 }, n = 0;
	struct scmp_arg_cmp cmp[12];
	bool twice = false;
	json_t *arg;
	size_t i;

	if (nr == __NR_SCMP_ERROR)
		return 0;
	for (i = 0; (arg = json_array_get(args, i)) != NULL; i++) {
		cmp[n] = compare_of(arg);
		twice |= seen[cmp[n].arg]++ > 0;
		n++;
	}
	if (!twice)
		return seccomp_rule_add_array(ctx, action, nr, n, cmp);
	for (i = 0; i < n && ret == 0; i++)
		ret = seccomp_rule_add_array(ctx, action, nr, 1, &cmp[i]);
	return ret;
}

static int add_entry(scmp_filter_ctx ctx, json_t *entry, uint32_t normal)
{
	uint32_t action = action_of(entry, "action", "errnoRet");
	json_t *args = json_object_get(entry, "args"), *item;
	size_t i;
	int ret;

	if (!applies(entry) || action == normal)
		return 0;
	if (json_object_get(entry, "name"))
		return add_call(ctx, string_of(entry, "name"), action, args);
	for (i = 0; (item = json_array_get(json_object_get(entry, "names"), i)) != NULL; i++) {
		ret = add_call(ctx, json_string_value(item), action, args);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static void add_archs(scmp_filter_ctx ctx, json_t *profile)
{
	json_t *list = json_object_get(profile, "architectures");
	json_t *subs = NULL, *entry;
	size_t i;

	for (i = 0; (entry = json_array_get(json_object_get(profile, "archMap"), i)) != NULL; i++) {
		if (!strcmp(string_of(entry, "architecture"), "SCMP_ARCH_X86_64"))
			subs = json_object_get(entry, "subArchitectures");
	}
	for (i = 1; i < COUNT(archs); i++)
		if (is_in(list, archs[i].name) || is_in(subs, archs[i].name))
			seccomp_arch_add(ctx, archs[i].token);
}

static int take_program(scmp_filter_ctx ctx)
{
	int fd = memfd_create("bpf", MFD_CLOEXEC), ret;
	ssize_t len;

	if (fd < 0)
		return -errno;
	ret = seccomp_export_bpf(ctx, fd);
	len = pread(fd, theirs.insn, sizeof(theirs.insn), 0);
	close(fd);
	theirs.len = len > 0 ? (unsigned int)len / sizeof(theirs.insn[0]) : 0;
	return ret;
}

/* 0, or what libseccomp says, as -EEXIST for two actions of one condition. */
static int build(const char *text)
{
	json_t *profile = json_loads(text, 0, NULL), *entry;
	uint32_t normal = action_of(profile, "defaultAction", "defaultErrnoRet");
	scmp_filter_ctx ctx = seccomp_init(normal);
	size_t i;
	int ret = 0;

	add_archs(ctx, profile);
	for (i = 0; (entry = json_array_get(json_object_get(profile, "syscalls"), i)) != NULL;
	     i++) {
		ret = add_entry(ctx, entry, normal);
		if (ret < 0)
			break;
	}
	if (ret == 0)
		ret = take_program(ctx);
	seccomp_release(ctx);
	json_decref(profile);
	return ret;
}

/* ---- comparing ---- */

/* What is asked of arguments in the profile, and near it. */
static uint64_t pool[4000];
static size_t npool;
static bool conditional[BPF_ABIS][1024];

static void add_values(uint64_t value)
{
	uint64_t near[] = { value, value + 1, value - 1, value << 1, value | 0x80000000 };
	size_t i;

	for (i = 0; i < COUNT(near) && npool < COUNT(pool); i++)
		pool[npool++] = near[i];
}

static void mark(const char *name)
{
	const struct bpf_syscall *call = bpf_syscall_find(name, strlen(name));
	unsigned int abi;

	for (abi = 0; call && abi < BPF_ABIS; abi++)
		if (call->nr[abi] != BPF_NO_NR)
			conditional[abi][call->nr[abi]] = true;
}

static void collect(const char *text)
{
	json_t *profile = json_loads(text, 0, NULL), *entry, *arg, *item;
	size_t i, j;

	npool = 0;
	memset(conditional, 0, sizeof(conditional));
	mark("socketcall");
	mark("ipc");
	for (i = 0; i < 25; i++)
		pool[npool++] = i;
	for (i = 0; (entry = json_array_get(json_object_get(profile, "syscalls"), i)) != NULL;
	     i++) {
		for (j = 0; (arg = json_array_get(json_object_get(entry, "args"), j)) != NULL;
		     j++) {
			add_values((uint64_t)json_integer_value(json_object_get(arg, "value")));
			add_values((uint64_t)json_integer_value(json_object_get(arg, "valueTwo")));
		}
		if (!json_array_size(json_object_get(entry, "args")))
			continue;
		mark(string_of(entry, "name"));
		for (j = 0; (item = json_array_get(json_object_get(entry, "names"), j)) != NULL;
		     j++)
			mark(json_string_value(item));
	}
	json_decref(profile);
}

/* What the kernel makes of a value; and our "trace" has no message. */
static uint32_t effect(uint32_t value)
{
	if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	    (value & SECCOMP_RET_DATA) > 4095)
		return SECCOMP_RET_ERRNO | 4095;
	return value;
}

/* Calls that are younger than libseccomp's tables are not compared. */
static bool is_known(size_t arch, uint32_t nr)
{
	char *name = seccomp_syscall_resolve_num_arch(archs[arch].token, (int)nr);
	bool known = name != NULL;

	free(name);
	return known || !bpf_syscall_nr(archs[arch].abi, nr & ~bpf_abis[archs[arch].abi].nr_bit);
}

static void random_args(struct seccomp_data *data, bool wide)
{
	size_t i;

	for (i = 0; i < 6; i++) {
		data->args[i] = pool[random_below((unsigned int)npool)];
		if (!wide)
			data->args[i] &= UINT32_MAX;
		else if (random_below(4) == 0)
			data->args[i] |= random64() << 32;
	}
}

/* How many answers differ; with AT_LEAST, how many are laxer than libseccomp's. */
static unsigned int count_differences(bool at_least, struct seccomp_data *witness)
{
	struct seccomp_data data;
	unsigned int bad = 0, tries;
	uint32_t a, b, nr;
	size_t arch;

	for (arch = 0; arch < COUNT(archs); arch++) {
		if (!(ours.policy.abis & 1u << archs[arch].abi))
			continue;
		for (nr = 0; nr < 700; nr++) {
			data = (struct seccomp_data){ .arch = bpf_abis[archs[arch].abi].arch };
			data.nr = (int)(nr | bpf_abis[archs[arch].abi].nr_bit);
			if (!is_known(arch, (uint32_t)data.nr))
				continue;
			for (tries = conditional[archs[arch].abi][nr] ? 300 : 2; tries > 0;
			     tries--) {
				random_args(&data, arch == 0);
				a = bpf_run(ours.prog.insn, ours.prog.len, &data, NULL);
				b = effect(bpf_run(theirs.insn, theirs.len, &data, NULL));
				if (at_least ?
					    bpf_strictest(a, b) == a || (a ^ b) < SECCOMP_RET_DATA :
					    a == b)
					continue;
				bad++;
				*witness = data;
			}
		}
	}
	return bad;
}

static bool has_note(const char *words)
{
	size_t i;

	for (i = 0; i < ours.im.nnotes; i++)
		if (strstr(ours.im.notes[i].text, words))
			return true;
	return false;
}

static bool left_to_chance(void)
{
	return has_note("leaves that to chance");
}

static const struct import_options options = { .native = BPF_X86_64, .faithful = true };

TEST(every_profile)
{
	struct seccomp_data witness = { 0 };
	unsigned int bad, n = 0;
	glob_t files;
	size_t i, len;
	char *text;

	if (bpf_abi_native() != BPF_X86_64)
		SKIP(return, "compared on x86_64 only, whose names libseccomp then takes");
	if (!oci_files(&files))
		SKIP(return, "no profiles: set SBRUN_DATA to the shared data");
	for (i = 0; i < files.gl_pathc; i++) {
		ASSERT_EQ(0, import_read(files.gl_pathv[i], &text, &len, NULL));
		if (oci_compile(&ours, text, &options) == 0) {
			n++;
			/* An errno above what the kernel has is refused by libseccomp. */
			if (has_note("the kernel makes")) {
				EXPECT_EQ(-EINVAL, build(text));
				goto next;
			}
			ASSERT_EQ(0, build(text));
			collect(text);
			bad = count_differences(false, &witness);
			EXPECT_EQ(0, bad)
			TH_LOG("%s: nr %d of %x, %llx", files.gl_pathv[i], witness.nr, witness.arch,
			       (unsigned long long)witness.args[0]);
			TH_LOG("%s: %u instructions, libseccomp's %u", files.gl_pathv[i],
			       ours.prog.len, theirs.len);
		}
next:
		import_release(&ours.im);
		free(text);
	}
	EXPECT_LT(5, n);
	globfree(&files);
}

/* ---- random profiles ---- */

static void put_args(struct random_text *t, bool ordered)
{
	static const char *const ops[] = { "EQ", "GE", "GT", "LE", "LT", "NE" };
	unsigned int n = ordered ? 1 : random_below(3), i, index = random_below(2);

	for (i = 0; i < n; i++, index += random_below(3)) {
		put(t, "%s{\"index\":%u,\"value\":%" PRIu64 ",", i ? "," : "", index,
		    random_number(32));
		if (ordered)
			put(t, "\"op\":\"SCMP_CMP_%s\"}", ops[random_below(COUNT(ops))]);
		else if (random_below(2))
			put(t, "\"op\":\"SCMP_CMP_EQ\"}");
		else
			put(t, "\"op\":\"SCMP_CMP_MASKED_EQ\",\"valueTwo\":%" PRIu64 "}",
			    random_number(32));
	}
}

/*
 * All names have a number on every ABI: where the first call of an ABI has none there ("send"),
 * libseccomp 2.5 forgets to load the number. ORDERED: one rule for each call; x32 and i386 are left
 * out, where "<=" goes wrong.
 */
static void random_profile(struct random_text *t, bool ordered)
{
	static const char *const names[] = { "ioctl", "socket", "read",	  "shmat",   "clone",
					     "mmap",  "lseek",	"listen", "accept4", "write" };
	static const char *const actions[] = { "ALLOW", "ERRNO", "KILL", "LOG", "TRAP", "ALLOW" };
	unsigned int i, n = 1 + random_below(6);

	t->len = 0;
	put(t, "{\"defaultAction\":\"SCMP_ACT_%s\",", actions[random_below(COUNT(actions))]);
	put(t, "\"architectures\":[\"SCMP_ARCH_X86_64\"%s],\"syscalls\":[",
	    ordered ? "" : ",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"");
	for (i = 0; i < n; i++) {
		put(t, "%s{\"names\":[\"%s\"],", i ? "," : "",
		    names[ordered ? i : random_below(random_below(2) ? 3 : COUNT(names))]);
		put(t, "\"action\":\"SCMP_ACT_%s\",\"errnoRet\":%u,\"args\":[",
		    actions[random_below(COUNT(actions))], 1 + random_below(2));
		put_args(t, ordered);
		put(t, "]}");
	}
	put(t, "]}");
}

struct tally {
	unsigned int same, stricter, refused;
};

static void compare_random(struct __test_metadata *_metadata, bool ordered, struct tally *tally)
{
	struct seccomp_data witness = { 0 };
	struct random_text t;
	int ret, rival;

	random_profile(&t, ordered);
	ret = oci_compile(&ours, t.text, &options);
	rival = build(t.text);
	if (ret < 0) {
		/* What we refuse, libseccomp refuses. */
		EXPECT_GT(0, rival)
		TH_LOG("%s: %s", t.text, ours.error.text);
		tally->refused++;
	} else if (rival < 0) {
		/* It refuses some that merely overlap, depending on the tree. */
		EXPECT_TRUE(left_to_chance())
		TH_LOG("%s", t.text);
		tally->refused++;
	} else {
		collect(t.text);
		EXPECT_EQ(0, count_differences(left_to_chance(), &witness))
		TH_LOG("%s: nr %d of %x, %llx %llx", t.text, witness.nr, witness.arch,
		       (unsigned long long)witness.args[0], (unsigned long long)witness.args[1]);
		tally->stricter += left_to_chance();
		tally->same += !left_to_chance();
	}
	import_release(&ours.im);
}

TEST(random_profiles)
{
	struct tally tally = { 0 };
	unsigned int i;

	if (bpf_abi_native() != BPF_X86_64)
		SKIP(return, "compared on x86_64 only, whose names libseccomp then takes");
	for (i = 0; i < 300 && _metadata->passed; i++)
		compare_random(_metadata, i % 4 == 0, &tally);
	TH_LOG("%u the same, %u at least as strict, %u refused", tally.same, tally.stricter,
	       tally.refused);
	EXPECT_LT(100, tally.same);
}

#else

#include "kselftest_harness.h"

TEST(libseccomp)
{
	SKIP(return, "built without libseccomp's header");
}

#endif

TEST_HARNESS_MAIN
