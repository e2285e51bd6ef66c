/* SPDX-License-Identifier: MIT */
/*
 * AppArmor's own corpus: what is read from each line is what the project's .out file says, and
 * what libapparmor says here, as far as it knows the line. Where we differ, a table says why; a
 * row that is not needed fails. The same is asked of random events, which a second writer
 * puts in the kernel's words.
 */
#include "tests/syslogparse/describe.h"

#include <glob.h>
#include <stdio.h>

#if defined(__has_include)
#if __has_include(<aalogparse/aalogparse.h>)
#define HAVE_LIBRARY 1
#include <aalogparse/aalogparse.h>
#endif
#endif

#include "kselftest_harness.h"

static char scratch[LINE_SCRATCH];

/* ---- what is expected: texts by the names of .out files ---- */

#define FACTS 64

struct facts {
	unsigned int n;
	struct {
		char key[32];
		char value[4096];
	} fact[FACTS];
};

static void add_fact(struct facts *f, const char *key, const char *value)
{
	if (!value || f->n == FACTS)
		return;
	snprintf(f->fact[f->n].key, sizeof(f->fact[0].key), "%s", key);
	snprintf(f->fact[f->n++].value, sizeof(f->fact[0].value), "%s", value);
}

static void add_number(struct facts *f, const char *key, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	add_fact(f, key, text);
}

static const char *fact(const struct facts *f, const char *key)
{
	for (unsigned int i = 0; i < f->n; i++) {
		if (strcmp(f->fact[i].key, key) == 0)
			return f->fact[i].value;
	}
	return NULL;
}

/* ---- ours in those words ---- */

static const struct {
	const char *key;
	size_t at;
} texts[] = {
#define ROW(key, field)                               \
	{                                             \
		key, offsetof(struct aa_event, field) \
	}
	ROW("Operation", operation),
	ROW("Mask", requested),
	ROW("Denied Mask", denied),
	ROW("Profile", profile),
	ROW("Name", name),
	ROW("Name2", target),
	ROW("Command", comm),
	ROW("Info", info),
	ROW("Namespace", namespace),
	ROW("Peer", peer),
	ROW("Peer profile", peer_label),
	ROW("Network family", family),
	ROW("Socket type", sock_type),
	ROW("Local addr", laddr),
	ROW("Foreign addr", faddr),
	ROW("Net Addr", addr),
	ROW("Peer Addr", peer_addr),
	ROW("Src name", srcname),
	ROW("FS Type", fstype),
	ROW("Flags", flagtext),
	ROW("Signal", signal),
	ROW("DBus bus", bus),
	ROW("DBus path", path),
	ROW("DBus interface", interface),
	ROW("DBus member", member),
#undef ROW
};

static void add_text(struct facts *f, const char *key, const struct bytes *b)
{
	char text[4096];

	if (!b->at || b->len >= sizeof(text))
		return;
	memcpy(text, b->at, b->len);
	text[b->len] = '\0';
	add_fact(f, key, text);
}

static void facts_of(struct facts *f, const struct aa_event *e)
{
	static const char *const types[] = { "ALLOWED", "DENIED", "AUDIT",  "HINT",
					     "STATUS",	"ERROR",  "KILLED", "AUTO" };

	f->n = 0;
	add_fact(f, "Event type", types[e->type]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		add_text(f, texts[i].key,
			 (const struct bytes *)(const void *)((const char *)e + texts[i].at));
	if (e->class == AA_CAP && !fact(f, "Name"))
		add_text(f, "Name", &e->capname);
	if (e->audit_us != TIME_UNKNOWN) {
		add_number(f, "Epoch", e->audit_us / 1000000);
		add_number(f, "Audit subid", (long long)e->serial);
	}
	if (e->flags & AA_HAS_FSUID)
		add_number(f, "fsuid", e->fsuid);
	if (e->flags & AA_HAS_OUID)
		add_number(f, "ouid", e->ouid);
	if (e->pid)
		add_number(f, "PID", e->pid);
	if (e->error)
		add_number(f, "ErrorCode", -e->error);
	if (e->lport)
		add_number(f, "Local port", e->lport);
	if (e->fport)
		add_number(f, "Foreign port", e->fport);
	add_text(f, "Protocol", &e->protocol);
}

/* ---- the two, compared ---- */

static const char *const not_kept[] = {
	"File",	    "Audit ID",	 "Parent",     "Task",	"Token",   "Attribute",
	"Peer PID", "Peer info", "Active hat", "Class", "Bitmask",
};

static const struct {
	const char *file, *key, *reason;
} differ[] = {
	{ "syslog_audit_06.in", "ouid", "\"r::\" says that it is the fsuid" },
	{ "testcase35.in", "ouid", "\"wk::\" says that it is the fsuid" },
	{ "testcase_dbus_09.in", "Command", "is on the next line, and no rule needs it" },
};

#define DIFFER (sizeof(differ) / sizeof(*differ))

static unsigned int used[DIFFER];

static bool is_kept(const char *key)
{
	for (size_t i = 0; i < sizeof(not_kept) / sizeof(*not_kept); i++) {
		if (strcmp(key, not_kept[i]) == 0)
			return false;
	}
	return true;
}

static bool may_differ(const char *file, const char *key)
{
	for (size_t i = 0; i < DIFFER; i++) {
		if (strcmp(file, differ[i].file) == 0 && strcmp(key, differ[i].key) == 0) {
			used[i]++;
			return true;
		}
	}
	return false;
}

/* "r::" and "::r" are the masks of old kernels; ours is "r". */
static bool same_mask(const char *ours, const char *theirs)
{
	size_t n = strlen(ours);

	if (strncmp(theirs, "::", 2) == 0)
		return strcmp(ours, theirs + 2) == 0;
	return strncmp(ours, theirs, n) == 0 && strcmp(theirs + n, "::") == 0;
}

/* Numbers of protocols are written as names by some. */
static bool same_value(const char *key, const char *a, const char *b)
{
	static const char *const names[][2] = {
		{ "0", "ip" }, { "6", "tcp" }, { "17", "udp" }, { "768", "unknown(768)" }
	};

	if (strcmp(a, b) == 0 || (strstr(key, "Mask") && same_mask(a, b)))
		return true;
	for (size_t i = 0; strcmp(key, "Protocol") == 0 && i < 4; i++) {
		if (strcmp(a, names[i][0]) == 0 && strcmp(b, names[i][1]) == 0)
			return true;
	}
	return false;
}

/* How many facts of WANTED are not so in OURS, and the other way round; each is printed. */
static unsigned int compare(const char *file, const struct facts *ours, const struct facts *wanted)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < wanted->n; i++) {
		const char *key = wanted->fact[i].key, *value = fact(ours, key);

		if (!is_kept(key) || (value && same_value(key, value, wanted->fact[i].value)) ||
		    may_differ(file, key))
			continue;
		fprintf(stderr, "# %s: %s is '%s', ours '%s'\n", file, key, wanted->fact[i].value,
			value ? value : "(none)");
		bad++;
	}
	for (unsigned int i = 0; i < ours->n; i++) {
		const char *key = ours->fact[i].key;

		if (fact(wanted, key) || may_differ(file, key))
			continue;
		fprintf(stderr, "# %s: %s is none, ours '%s'\n", file, key, ours->fact[i].value);
		bad++;
	}
	return bad;
}

/* ---- files ---- */

static bool read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
	return true;
}

static size_t find(glob_t *files)
{
	const char *dir = getenv("SBRUN_DATA");
	char pattern[500];

	snprintf(pattern, sizeof(pattern), "%s/apparmor/test_multi/*.in",
		 dir ? dir : "../shared/data");
	return glob(pattern, 0, NULL, files) == 0 ? files->gl_pathc : 0;
}

/* The first line of the file that is AppArmor's, cut out of TEXT. */
static enum box parse_first(char *text, char **start, struct aa_event *event, unsigned int *reason)
{
	static const struct frame frame = { .calendar = { TIME_UNKNOWN, 0, 0 }, .audit_log = true };
	enum box box = BOX_NOT_OURS;

	for (char *at = text, *next; *at && box == BOX_NOT_OURS; at = next) {
		struct line line = { .number = 1 };

		next = strchrnul(at, '\n');
		frame_line(&frame, at, (size_t)(next - at), &line);
		box = parse_apparmor(&line, event, scratch, reason);
		*start = at;
		if (*next)
			*next++ = '\0';
	}
	return box;
}

static void read_out(struct facts *f, const char *in)
{
	char path[600], text[16384], *save = NULL, *colon;

	f->n = 0;
	snprintf(path, sizeof(path), "%.*s.out", (int)(strlen(in) - 3), in);
	if (!read_file(path, text, sizeof(text)))
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		colon = strstr(line, ": ");
		if (!colon)
			continue;
		*colon = '\0';
		if (strncmp(colon + 2, "AA_RECORD_", 10) == 0)
			colon += 10;
		add_fact(f, line, colon + 2);
	}
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Where lines go that are no event: those that the project calls invalid, and more. */
static const struct {
	const char *file;
	enum box box;
	enum reason reason;
} boxed[] = {
#define REFUSED(file, why)                            \
	{                                             \
		file ".in", BOX_REFUSED, REASON_##why \
	}
#define NOT_OURS(file)                      \
	{                                   \
		file ".in", BOX_NOT_OURS, 0 \
	}
	REFUSED("avc_audit_02", STATUS),
	REFUSED("avc_audit_invalid_audit_id", VALUE),
	REFUSED("avc_syslog_02", STATUS),
	REFUSED("file_without_filename", NO_NAME),
	REFUSED("old_style_log_02", ANCIENT),
	REFUSED("old_style_log_03", ANCIENT),
	REFUSED("old_style_log_07", ANCIENT),
	REFUSED("old_style_log_08", ANCIENT),
	REFUSED("old_style_log_10", ANCIENT),
	REFUSED("old_style_log_11", ANCIENT),
	REFUSED("old_style_log_12", ANCIENT),
	REFUSED("old_style_log_14", ANCIENT),
	REFUSED("old_style_log_15", ANCIENT),
	REFUSED("ptrace_garbage_lp1689667_1", NO_MASK),
	REFUSED("ptrace_garbage_lp1689667_2", NO_MASK),
	REFUSED("ptrace_no_denied_mask", NO_MASK),
	REFUSED("status-filesystem-enabled", STATUS),
	NOT_OURS("syslog_other_01"),
	NOT_OURS("syslog_other_02"), /* tells of lost events, which the parser is not asked */
	NOT_OURS("syslog_other_03"),
	NOT_OURS("syslog_other_04"),
	REFUSED("testcase26", STATUS),
	REFUSED("testcase35", AUDITED),
	REFUSED("testcase36", AUDITED),
	REFUSED("testcase_dmesg_status_offset", STATUS),
	REFUSED("testcase_syslog_changehat_negative_error", NO_PROFILE),
	REFUSED("testcase_syslog_status_offset", STATUS),
	REFUSED("unconfined-change_hat", NO_PROFILE),
#undef REFUSED
#undef NOT_OURS
};

#define BOXED (sizeof(boxed) / sizeof(*boxed))

/* Is FILE where the table says; in none of its rows: is it an event? */
static bool box_is_right(const char *file, enum box box, unsigned int reason)
{
	for (size_t i = 0; i < BOXED; i++) {
		if (strcmp(file, boxed[i].file) == 0)
			return box == boxed[i].box && reason == boxed[i].reason;
	}
	return box == BOX_PARSED;
}

TEST(out_files)
{
	static struct facts ours, wanted;
	static char text[65536];
	unsigned int events = 0, bad = 0;
	glob_t files;

	if (find(&files) == 0)
		SKIP(return, "no corpus: set SBRUN_DATA to the shared data");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i], *name = name_of(path);
		struct aa_event event;
		unsigned int reason = 0;
		char *start;
		enum box box;

		ASSERT_TRUE(read_file(path, text, sizeof(text)));
		read_out(&wanted, path);
		ASSERT_NE(0, wanted.n);
		box = parse_first(text, &start, &event, &reason);
		EXPECT_TRUE(box_is_right(name, box, reason))
		{
			TH_LOG("%s: %s: %s", name, box_name(box), account_reason(reason));
		}
		events += box == BOX_PARSED;
		if (strcmp(fact(&wanted, "Event type"), "INVALID") == 0) {
			EXPECT_NE(BOX_PARSED, box);
			continue;
		}
		/* Even where no rule can come of it, all is read. */
		facts_of(&ours, &event);
		bad += compare(name, &ours, &wanted);
	}
	EXPECT_EQ(0, bad);
	EXPECT_EQ(files.gl_pathc - BOXED, events);
	for (size_t i = 0; i < DIFFER; i++) {
		EXPECT_NE(0, used[i])
		{
			TH_LOG("%s: %s is the same", differ[i].file, differ[i].key);
		}
	}
	globfree(&files);
}

/* ---- libapparmor ---- */

#ifdef HAVE_LIBRARY

static void add_port(struct facts *f, const char *key, unsigned long port)
{
	if (port)
		add_number(f, key, (long long)port);
}

static void facts_of_record(struct facts *f, const aa_log_record *r)
{
	static const char *const types[] = { "INVALID", "ERROR", "AUDIT", "ALLOWED",
					     "DENIED",	"HINT",	 "STATUS" };
	const char *const texts_of[][2] = {
		{ "Operation", r->operation },
		{ "Mask", r->requested_mask },
		{ "Denied Mask", r->denied_mask },
		{ "Profile", r->profile },
		{ "Name", r->name },
		{ "Name2", r->name2 },
		{ "Command", r->comm },
		{ "Info", r->info },
		{ "Namespace", r->namespace },
		{ "Peer", r->peer },
		{ "Peer profile", r->peer_profile },
		{ "Network family", r->net_family },
		{ "Socket type", r->net_sock_type },
		{ "Protocol", r->net_protocol },
		{ "Local addr", r->net_local_addr },
		{ "Foreign addr", r->net_foreign_addr },
		{ "Src name", r->src_name },
		{ "FS Type", r->fs_type },
		{ "Flags", r->flags },
		{ "Signal", r->signal },
		{ "DBus bus", r->dbus_bus },
		{ "DBus path", r->dbus_path },
		{ "DBus interface", r->dbus_interface },
		{ "DBus member", r->dbus_member },
	};

	f->n = 0;
	add_fact(f, "Event type", types[r->event]);
	for (size_t i = 0; i < sizeof(texts_of) / sizeof(*texts_of); i++)
		add_fact(f, texts_of[i][0], texts_of[i][1]);
	if (r->epoch) {
		add_number(f, "Epoch", r->epoch);
		add_number(f, "Audit subid", r->audit_sub_id);
	}
	if (r->fsuid != (unsigned long)-1)
		add_number(f, "fsuid", (long long)r->fsuid);
	if (r->ouid != (unsigned long)-1)
		add_number(f, "ouid", (long long)r->ouid);
	add_port(f, "PID", r->pid);
	add_port(f, "ErrorCode", (unsigned long)abs(r->error_code));
	add_port(f, "Local port", r->net_local_port);
	add_port(f, "Foreign port", r->net_foreign_port);
}

/* What it says of TEXT; false: that it knows no such line. */
static bool ask_library(char *text, struct facts *f)
{
	aa_log_record *record = parse_record(text);
	bool known = record && record->event != AA_RECORD_INVALID;

	if (known)
		facts_of_record(f, record);
	if (record)
		free_record(record);
	return known;
}
#endif

TEST(library)
{
#ifdef HAVE_LIBRARY
	static struct facts ours, theirs;
	static char text[65536];
	unsigned int known = 0, bad = 0;
	glob_t files;

	if (find(&files) == 0)
		SKIP(return, "no corpus: set SBRUN_DATA to the shared data");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct aa_event event;
		unsigned int reason = 0;
		char *start;

		ASSERT_TRUE(read_file(files.gl_pathv[i], text, sizeof(text)));
		parse_first(text, &start, &event, &reason);
		if (!ask_library(start, &theirs))
			continue;
		known++;
		facts_of(&ours, &event);
		bad += compare(name_of(files.gl_pathv[i]), &ours, &theirs);
	}
	TH_LOG("libapparmor knows %u of %zu lines", known, files.gl_pathc);
	EXPECT_LT(60, known);
	EXPECT_EQ(0, bad);
	globfree(&files);
#else
	SKIP(return, "no libapparmor-dev");
#endif
}

/* ---- random events ---- */

static uint64_t state = 88172645463325252ULL;

static unsigned int random_below(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 16) % n;
}

/* A name as attackers choose it: any byte but NUL. */
static void random_name(char *name)
{
	static const char often[] =
		"/etc/ab\"'= ,*?[]{}()\\#@^\n\r\t\x1d\x7f\xc3\xa4,ABCDEF0123456789";
	size_t len = 1 + random_below(random_below(8) ? 12 : 300);
	bool plain = random_below(2);

	for (size_t i = 0; i < len; i++) {
		if (plain)
			name[i] = (char)('!' + random_below('~' - '!' + 1));
		else if (random_below(4))
			name[i] = often[random_below(sizeof(often) - 1)];
		else
			name[i] = (char)(1 + random_below(255));
	}
	name[len] = '\0';
}

/* As the kernel's audit_log_untrustedstring() does. */
static int write_name(char *to, const char *key, const char *name)
{
	const unsigned char *p;
	char *at = to + sprintf(to, " %s=", key);

	for (p = (const unsigned char *)name; *p; p++) {
		if (*p == '"' || *p < 0x21 || *p > 0x7e)
			break;
	}
	if (!*p)
		return (int)(at + sprintf(at, "\"%s\"", name) - to);
	for (p = (const unsigned char *)name; *p; p++)
		at += sprintf(at, "%02X", *p);
	return (int)(at - to);
}

struct wanted {
	char profile[400], name[400], comm[400], target[400];
	unsigned int pid, fsuid, ouid, serial;
	bool has_target, modern;
};

static void write_event(char *text, const struct wanted *w, unsigned int enriched)
{
	char *at = text;

	at += sprintf(at, "type=AVC msg=audit(1279967133.365:%u): apparmor=\"DENIED\"", w->serial);
	at += sprintf(at, " operation=\"open\"%s", w->modern ? " class=\"file\"" : "");
	at += write_name(at, "profile", w->profile);
	at += write_name(at, "name", w->name);
	at += sprintf(at, " pid=%u", w->pid);
	at += write_name(at, "comm", w->comm);
	at += sprintf(at, " requested_mask=\"wc\" denied_mask=\"wc\" fsuid=%u ouid=%u", w->fsuid,
		      w->ouid);
	if (w->has_target)
		at += write_name(at, "target", w->target);
	if (enriched)
		sprintf(at, "%sFSUID=\"root\" OUID=\"a b\"", enriched == 1 ? "\x1d" : "");
}

static bool is_text(const struct bytes *b, const char *text)
{
	return bytes_equal(b, text, strlen(text));
}

static bool is_wanted(const struct wanted *w, const struct aa_event *e)
{
	return is_text(&e->profile, w->profile) && is_text(&e->name, w->name) &&
	       is_text(&e->comm, w->comm) && e->pid == w->pid && e->fsuid == w->fsuid &&
	       e->ouid == w->ouid && e->serial == w->serial &&
	       (w->has_target ? is_text(&e->target, w->target) : !e->target.at) &&
	       is_literal(&e->denied, "wc") && is_literal(&e->requested, "wc");
}

static void random_event(struct wanted *w)
{
	random_name(w->profile);
	random_name(w->name);
	random_name(w->comm);
	random_name(w->target);
	w->pid = 1 + random_below(4000000);
	w->fsuid = random_below(3) ? random_below(70000) : UINT32_MAX - random_below(2);
	w->ouid = random_below(70000);
	w->serial = 1 + random_below(100000000);
	w->has_target = random_below(2);
	w->modern = random_below(2);
}

/*
 * What was written is what is read, in each form; cut anywhere, it is no event, or, behind the
 * last value, that event.
 */
TEST(random_events)
{
	static struct wanted w;
	static char text[8192];
	struct aa_event event;
	unsigned int reason;

	for (unsigned int i = 0; i < 20000; i++) {
		struct line line = { .repeat = 1 };
		size_t len;

		random_event(&w);
		write_event(text, &w, i % 3);
		len = strlen(text);
		line.text = (struct bytes){ text, (uint32_t)len };
		ASSERT_EQ(BOX_PARSED, parse_apparmor(&line, &event, scratch, &reason))
		{
			TH_LOG("%s", text);
		}
		ASSERT_TRUE(is_wanted(&w, &event))
		{
			TH_LOG("%s", text);
		}
		for (unsigned int j = 0; j < 20 && i % 3 == 0 && !w.has_target; j++) {
			line.text.len = random_below((unsigned int)len);
			if (parse_apparmor(&line, &event, scratch, &reason) != BOX_PARSED)
				continue;
			/* "ouid=10" of "ouid=1000" cannot be told. */
			event.ouid = w.ouid;
			EXPECT_TRUE(is_wanted(&w, &event))
			{
				TH_LOG("%.*s", (int)line.text.len, text);
			}
		}
	}
}

#ifdef HAVE_LIBRARY
/*
 * libapparmor reads the same, but for three things of version 3.0.8: it knows no class="file", no
 * uid of 32 bits, and it takes a backslash for an escape, which the kernel writes none of.
 */
static void without_backslash(char *name)
{
	while ((name = strchr(name, '\\')))
		*name++ = '/';
}

static unsigned int ask_about_random(unsigned int n)
{
	static struct facts ours, theirs;
	static struct wanted w;
	static char text[8192];
	unsigned int bad = 0, known = 0, reason;
	struct aa_event event;

	for (unsigned int i = 0; i < n; i++) {
		struct line line = { .repeat = 1 };

		random_event(&w);
		w.modern = false;
		w.fsuid &= 0xffff;
		without_backslash(w.profile);
		without_backslash(w.name);
		without_backslash(w.comm);
		without_backslash(w.target);
		write_event(text, &w, i % 3);
		line.text = (struct bytes){ text, (uint32_t)strlen(text) };
		parse_apparmor(&line, &event, scratch, &reason);
		if (!ask_library(text, &theirs))
			continue;
		known++;
		facts_of(&ours, &event);
		if (compare("random", &ours, &theirs)) {
			fprintf(stderr, "# %s\n", text);
			bad++;
		}
	}
	fprintf(stderr, "# libapparmor knows %u of %u random lines\n", known, n);
	return known > n / 2 ? bad : n;
}
#endif

TEST(library_on_random_events)
{
#ifdef HAVE_LIBRARY
	EXPECT_EQ(0, ask_about_random(3000));
#else
	SKIP(return, "no libapparmor-dev");
#endif
}

TEST_HARNESS_MAIN
