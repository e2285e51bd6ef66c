/* SPDX-License-Identifier: MIT */
/*
 * filters: what system-call filters cost, ours and libseccomp's, in one run.
 *
 *	filters DATA [ROUNDS]
 *
 * DATA is a directory with seccomp/docker-default.json, a histogram in seccomp/measured/ and
 * policies of others; what is not there is left out, and what remains is the built-in
 * policies. For each profile: instructions, counted; the time that the kernel takes to
 * install the program; what calls cost. Then the way from a text to an installed filter.
 *
 * Times are medians over ROUNDS children, and vary with the machine: so there are ratios, too,
 * each the median of the ratios within a round. Nothing is asserted.
 */
#include "tests/bench/filters.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "bpf/import/import.h"

#define THREE_ABIS    (1u << BPF_X86_64 | 1u << BPF_I386 | 1u << BPF_X32)
#define NAME_WIDTH    30
#define ATTACH_ROUNDS 100
#define MAKING_ROUNDS 60
#define CALL_ROUNDS   11

/* What is compared for a profile; the ratios are of the first row to the others of RATIO_TO. */
static const struct recipe makers[] = {
	{ .name = "ours, cache", .how = BPF_FOR_CACHE },
	{ .name = "ours, size", .how = BPF_FOR_SIZE },
	{ .name = "ours, hist", .how = BPF_FOR_HIST },
	{ .name = "ours, cache, whole registers", .how = BPF_FOR_CACHE, .whole = true },
	{ .name = "libseccomp, optimize 1", .rival = 1 },
	{ .name = "libseccomp, optimize 2", .rival = 2 },
};

/* A row of the tables. */
struct row {
	const struct recipe *maker;
	struct bpf_prog prog;
	struct counts counts;
};

static struct row rows[COUNT(makers)];
static struct subject subjects[COUNT(makers) + 1]; /* the first is no filter */
static unsigned int rounds_of_calls = CALL_ROUNDS;

/* ---- printing ---- */

/* In a column of WIDTH. */
static void put(double value, int width, int digits)
{
	if (value < 0)
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width, digits, value);
}

static double quotient(double a, double b)
{
	return a >= 0 && b > 0 ? a / b : NOTHING;
}

/* ---- instructions, and installing ---- */

static void put_counts(size_t n)
{
	size_t i;

	printf("%-*s %8s %8s %8s %8s %10s\n", NAME_WIDTH, "", "insns", "longest", "uncached", "all",
	       "attach, us");
	for (i = 0; i < n; i++) {
		printf("%-*s", NAME_WIDTH, rows[i].maker->name);
		put(rows[i].counts.insns, 8, 0);
		put(rows[i].counts.longest, 8, 0);
		put(rows[i].counts.uncached, 8, 2);
		put(rows[i].counts.hist, 8, 2);
		put(median(subjects[i + 1].attach, ATTACH_ROUNDS), 10, 1);
		printf("\n");
	}
}

/* The first row to libseccomp's. */
static void put_count_ratios(size_t n)
{
	const struct counts *ours = &rows[0].counts, *theirs;
	size_t i;

	for (i = 1; i < n; i++) {
		if (!rows[i].maker->rival)
			continue;
		theirs = &rows[i].counts;
		printf("  to %-*s", NAME_WIDTH - 5, rows[i].maker->name);
		put(quotient(ours->insns, theirs->insns), 8, 2);
		put(quotient(ours->longest, theirs->longest), 8, 2);
		put(quotient(ours->uncached, theirs->uncached), 8, 2);
		put(quotient(ours->hist, theirs->hist), 8, 2);
		put(median_ratio(subjects[1].attach, subjects[i + 1].attach, ATTACH_ROUNDS), 10, 2);
		printf("\n");
	}
}

/* ---- calls ---- */

static void put_calls(const char *name, const struct subject *s, const struct subject *base)
{
	size_t i;

	printf("%-*s", NAME_WIDTH, name);
	for (i = 0; i < PROBES; i++) {
		put(median(s->call[i], rounds_of_calls), 8, 0);
		put(median_ratio(s->call[i], base->call[i], rounds_of_calls), 5, 2);
	}
	printf("\n");
}

static void put_all_calls(size_t n)
{
	size_t i, j;

	printf("\n%-*s", NAME_WIDTH, "ns, and to no filter");
	for (i = 0; i < PROBES; i++)
		printf(" %14s", probes[i].name);
	printf("\n");
	put_calls("no filter", &subjects[0], &subjects[0]);
	for (i = 0; i < n; i++)
		put_calls(rows[i].maker->name, &subjects[i + 1], &subjects[0]);
	for (i = 1; i < n; i++) {
		if (!rows[i].maker->rival)
			continue;
		printf("  to %-*s", NAME_WIDTH - 5, rows[i].maker->name);
		for (j = 0; j < PROBES; j++)
			put(median_ratio(subjects[1].call[j], subjects[i + 1].call[j],
					 rounds_of_calls),
			    14, 2);
		printf("\n");
	}
}

/* ---- one profile ---- */

/* How many rows there are for PROFILE. */
static size_t make_rows(const struct profile *profile, unsigned int abis)
{
	struct bpf_arena arena = arena_new();
	struct recipe recipe;
	size_t i, n = 0;
	int ret;

	for (i = 0; i < COUNT(makers); i++) {
		recipe = makers[i];
		recipe.profile = profile;
		if (profile->form == FORM_BUILTIN && (recipe.rival || recipe.whole))
			continue;
		if (recipe.rival && !rival_is_there()) {
			printf("%-*s (not installed)\n", NAME_WIDTH, recipe.name);
			continue;
		}
		ret = recipe_make(&recipe, &arena, &rows[n].prog, NULL);
		if (ret < 0) {
			printf("%-*s (%s)\n", NAME_WIDTH, recipe.name, strerror(-ret));
			continue;
		}
		rows[n].maker = &makers[i];
		count_program(&rows[n].prog, abis, &rows[n].counts);
		subjects[n + 1].prog = &rows[n].prog;
		n++;
	}
	munmap(arena.base, arena.size);
	return n;
}

static void compare_profile(const struct profile *profile)
{
	const unsigned int abis = profile->abis ? profile->abis : 1u << bpf_abi_native();
	double share;
	size_t n;

	printf("\n%s,%s\n", profile->name,
	       abis == THREE_ABIS ? " x86_64 i386 x32" : " the native ABI");
	n = make_rows(profile, abis);
	if (n == 0)
		return;
	time_attach(subjects, n + 1, ATTACH_ROUNDS);
	time_calls(subjects, n + 1, rounds_of_calls);
	put_counts(n);
	put_count_ratios(n);
	put_all_calls(n);
	share = histogram_share(&rows[0].prog);
	if (share >= 0)
		printf("%.2f %% of the histogram's calls run the first filter on Linux 5.11\n",
		       100 * share);
}

/* ---- from a text to an installed filter ---- */

static struct making makings[16];
static size_t nmakings;

static void add_making(const char *name, const struct profile *profile, unsigned int rival)
{
	if (nmakings == COUNT(makings))
		errx(1, "too many rows");
	makings[nmakings].recipe.name = name;
	makings[nmakings].recipe.profile = profile;
	makings[nmakings++].recipe.rival = rival;
}

/* What a row of ours is compared with: the next of libseccomp's, if it is of the same profile. */
static const struct making *rival_of(size_t i)
{
	const unsigned int abis = makings[i].recipe.profile->abis;

	if (makings[i].recipe.rival)
		return NULL;
	while (i < nmakings && !makings[i].recipe.rival)
		i++;
	return i < nmakings && makings[i].recipe.profile->abis == abis ? &makings[i] : NULL;
}

static void put_making(const struct making *m, const struct making *rival)
{
	unsigned int stage;

	printf("%-*s", NAME_WIDTH, m->recipe.name);
	for (stage = 0; stage < STAGES; stage++)
		put(median(m->stage[stage], MAKING_ROUNDS), 7, 0);
	put(median(m->first, MAKING_ROUNDS), 7, 0);
	if (rival)
		put(median_ratio(m->first, rival->first, MAKING_ROUNDS), 6, 3);
	else
		printf(" %6s", "");
	put(median(m->again, MAKING_ROUNDS), 7, 0);
	if (rival)
		put(median_ratio(m->again, rival->again, MAKING_ROUNDS), 6, 3);
	printf("\n");
}

static void put_makings(void)
{
	size_t i;

	time_making(makings, nmakings, MAKING_ROUNDS);
	printf("\n%-*s %7s %7s %7s %7s %14s %14s\n", NAME_WIDTH, "text to filter, us", "read",
	       "compile", "prove", "install", "first, to libs.", "again, to libs.");
	for (i = 0; i < nmakings; i++)
		put_making(&makings[i], rival_of(i));
	printf("From the text in memory to the installed filter; \"first\", of which the columns before\n"
	       "it are the parts, is in a new process, \"again\" in one that has made the same program\n"
	       "once. Of libseccomp, which reads no JSON and proves nothing, \"read\" is its rules\n"
	       "added by name, and \"install\" is seccomp_load(), which makes the program.\n");
}

/* ---- what there is ---- */

static struct profile docker[2], docker_policy[2];

static const struct profile builtins[] = {
	{ .name = "strict", .form = FORM_BUILTIN },
	{ .name = "standard", .form = FORM_BUILTIN },
};

static void add_docker_makings(size_t i)
{
	static const char *const names[2][4] = {
		{ "docker-default, JSON", "  as a policy", "  libseccomp 2", "  libseccomp 1" },
		{ "docker-default, JSON, 3 ABIs", "  as a policy, 3 ABIs", "  libseccomp 2",
		  "  libseccomp 1" },
	};

	docker_policy[i] = docker[i];
	docker_policy[i].form = FORM_POLICY;
	docker_policy[i].text = profile_text(&docker[i], false);
	add_making(names[i][0], &docker[i], 0);
	add_making(names[i][1], &docker_policy[i], 0);
	if (rival_is_there()) {
		add_making(names[i][2], &docker[i], 2);
		add_making(names[i][3], &docker[i], 1);
	}
}

/* The profile, for the machine's own ABI and for three. Returns how many of these there are. */
static size_t find_docker(const char *data)
{
	static char path[400];
	size_t n = bpf_abi_native() == BPF_X86_64 ? 2 : 1, len, i;
	char *text;
	int ret;

	snprintf(path, sizeof(path), "%s/seccomp/docker-default.json", data);
	if (import_read(path, &text, &len, NULL) < 0) {
		printf("(%s is not there)\n", path);
		return 0;
	}
	for (i = 0; i < n; i++)
		docker[i] = (struct profile){ "docker-default", FORM_OCI, text, len,
					      i ? THREE_ABIS : 1u << bpf_abi_native() };
	ret = rival_is_there() ? rival_profile(text, len) : 0;
	if (ret < 0)
		errx(1, "%s, for libseccomp: %s", path, strerror(-ret));
	return n;
}

static void find_histogram(const char *data)
{
	struct bpf_weight *weights;
	char path[400];
	size_t n;

	snprintf(path, sizeof(path), "%s/seccomp/measured/syscall-histogram-%s.json", data,
		 bpf_abis[bpf_abi_native()].name);
	if (histogram_read(path, &weights, &n) < 0)
		printf("(%s is not there)\n", path);
	else
		recipe_weights(weights, n);
}

static void put_corpus(const char *data)
{
	static const enum bpf_optimize hows[] = { BPF_FOR_CACHE, BPF_FOR_SIZE };
	static const char *const names[] = { "cache", "size" };
	struct corpus corpus;
	char path[400];
	size_t i;

	snprintf(path, sizeof(path), "%s/seccomp", data);
	for (i = 0; i < COUNT(hows); i++) {
		corpus_compile(path, hows[i], &corpus);
		if (corpus.files == 0)
			return;
		if (i == 0)
			printf("\n%-*s %8s %8s %8s %8s %10s\n", NAME_WIDTH,
			       "ChromeOS, crosvm, minijail", "files", "compiled", "calls", "insns",
			       "insns/call");
		printf("ours, %-*s %8u %8u %8u %8u %10.3f\n", NAME_WIDTH - 6, names[i],
		       corpus.files, corpus.compiled, corpus.calls, corpus.insns,
		       corpus.calls ? (double)corpus.insns / corpus.calls : 0);
	}
	printf("For x86_64; the others include files that are not there, or are wrong on purpose.\n");
}

int main(int argc, char *argv[])
{
	struct utsname host;
	size_t i, n;

	if (argc < 2 || argc > 3)
		errx(2, "usage: filters DATA [ROUNDS]");
	if (argc == 3)
		rounds_of_calls = (unsigned int)atoi(argv[2]);
	if (rounds_of_calls < 1 || rounds_of_calls > MAX_ROUNDS)
		errx(2, "rounds must be 1 to %d", MAX_ROUNDS);
	setvbuf(stdout, NULL, _IOLBF, 0); /* children inherit what is not yet written */
	uname(&host);
	printf("filters on Linux %s", host.release);
	if (rival_is_there())
		printf(", libseccomp %s", rival_version());
	printf("\n"
	       "uncached, all: instructions on average, on calls that run the filter since Linux\n"
	       "5.11, and on all. Rows \"to\" are the ratios of ours, cache. Of docker-default,\n"
	       "getppid is cached, of personality and socket an argument is tested, keyctl is denied.\n");
	find_histogram(argv[1]);
	n = find_docker(argv[1]);
	for (i = 0; i < n; i++)
		compare_profile(&docker[i]);
	for (i = 0; i < COUNT(builtins); i++)
		compare_profile(&builtins[i]);
	for (i = 0; i < n; i++)
		add_docker_makings(i);
	for (i = 0; i < COUNT(builtins); i++)
		add_making(builtins[i].name, &builtins[i], 0);
	put_makings();
	put_corpus(argv[1]);
	return 0;
}
