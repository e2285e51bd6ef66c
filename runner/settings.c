/* SPDX-License-Identifier: MIT */
/*
 * Settings: directives as given, before they are carried out.
 *
 * They are collected first and applied in order afterwards, so that a later file or the
 * command line can replace a single-valued one ("hostname"), while the same file saying two
 * things is a mistake that is pointed out; and so that the whole can be printed again.
 */
#include "runner/runner.h"

#include "runner/limits.h"
#include "runner/power.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define MAX_WORDS 512

bool setting_same_words(const struct setting *a, const struct setting *b)
{
	if (a->nwords != b->nwords)
		return false;
	for (unsigned int i = 0; i < a->nwords; i++) {
		if (strcmp(a->words[i], b->words[i]) != 0)
			return false;
	}
	return true;
}

/* Where in the file tree SET puts something; NULL: nowhere. */
static const char *place_of(const struct setting *set)
{
	if (set->row->flags & DIRECTIVE_AT_1)
		return set->words[0];
	if (set->row->flags & DIRECTIVE_AT_2)
		return set->words[set->nwords > 1];
	return NULL;
}

static const char *key_of(const struct setting *set)
{
	const char *key = set->words ? set->words[0] : NULL;

	return key ? key : "";
}

/* Is SET a line of a policy that is stacked on others? */
static bool is_stacked(const struct setting *set)
{
	return set->turn > 1 && set->turn % 2;
}

/* Does SET come from another file or policy than OLD? */
static bool from_elsewhere(const struct setting *old, const struct setting *set)
{
	return strcmp(old->place.file, set->place.file) != 0 ||
	       (is_stacked(set) && old->turn != set->turn);
}

static bool same_place(const struct setting *a, const struct setting *b)
{
	const char *place = place_of(a), *other = place_of(b);

	return place && other && strcmp(place, other) == 0;
}

/* Can another one speak of the same? Rules of calls cannot, and are many. */
static bool has_subject(const struct setting *set)
{
	return place_of(set) || (set->row->flags & (DIRECTIVE_KEYED | DIRECTIVE_ONCE));
}

/*
 * Does SET speak of the same single value as OLD? For the file tree that is a place, and
 * what a file puts on top of what it put there itself is its own affair.
 */
static bool same_subject(const struct setting *old, const struct setting *set)
{
	if (old->superseded)
		return false;
	if (place_of(set) && place_of(old))
		return same_place(old, set) && from_elsewhere(old, set);
	if (old->row != set->row)
		return false;
	if (set->row->flags & DIRECTIVE_KEYED)
		return strcmp(key_of(old), key_of(set)) == 0;
	return set->row->flags & DIRECTIVE_ONCE;
}

/* Two of the same subject are in one bucket; others may be, too. */
static size_t hash_subject(const struct setting *set)
{
	const char *place = place_of(set);
	const char *text = place ? place : set->row->name;
	size_t hash = 5381;

	if (!place && (set->row->flags & DIRECTIVE_KEYED)) {
		for (const char *key = key_of(set); *key; key++)
			hash = 33 * hash + (unsigned char)*key;
	}
	for (; *text; text++)
		hash = 33 * hash + (unsigned char)*text;
	return hash % SPEC_HASH;
}

static int check_words(const struct setting *set, struct bpf_error *err)
{
	const struct directive *row = set->row;

	if (set->nwords < row->min)
		return bpf_fail(err, -EINVAL, &set->place, "%s: too few words: %s %s", row->name,
				row->name, row->usage);
	if (set->nwords > row->max)
		return bpf_fail(err, -EINVAL, &set->place, "%s: a word too many: '%s' (%s %s)",
				row->name, set->words[row->max], row->name, row->usage);
	return 0;
}

/* What stands before an operation goes with it. */
void setting_supersede(struct setting *set, unsigned int turn)
{
	set->superseded = 1 + turn;
	for (struct setting *prefix = set->prefixes; prefix && prefix != set; prefix = prefix->next)
		prefix->superseded = 1 + turn;
}

static int no_operation(const struct setting *prefix, struct bpf_error *err)
{
	return bpf_fail(err, -EINVAL, &prefix->place,
			"%s: no operation behind it that it could speak of", prefix->row->name);
}

/* Prefixes wait for the next directive, and that must be one of theirs. */
static int take_prefixes(struct spec *spec, struct setting *set, struct bpf_error *err)
{
	struct setting *prefix = spec->prefixes;

	if (prefix && strcmp(prefix->place.file, set->place.file) != 0)
		return no_operation(prefix, err);
	if (set->row->flags & DIRECTIVE_PREFIX) {
		spec->prefixes = prefix ? prefix : set;
		return 0;
	}
	if (prefix && !(set->row->flags & DIRECTIVE_PREFIXED))
		return no_operation(prefix, err);
	set->prefixes = prefix;
	spec->prefixes = NULL;
	return 0;
}

/*
 * Those before SET that speak of the same. What is superseded leaves the bucket, and a file's own
 * place was looked at for the last one there; so a long policy that repeats itself costs no more
 * than one that does not.
 */
static int replace_older(struct setting **bucket, struct setting *set, struct bpf_error *err)
{
	struct setting *old;

	while ((old = *bucket) != NULL) {
		if (same_place(old, set) && !from_elsewhere(old, set))
			return 0;
		if (!same_subject(old, set)) {
			bucket = &old->same;
			continue;
		}
		if (!from_elsewhere(old, set) && !setting_same_words(old, set))
			return bpf_fail(err, -EINVAL, &set->place,
					"%s is said twice, and differently", set->row->name);
		setting_supersede(old, set->turn);
		if (!set->over)
			set->over = old;
		*bucket = old->same;
	}
	return 0;
}

static void append(struct spec *spec, struct setting *set)
{
	if (spec->last_setting)
		spec->last_setting->next = set;
	else
		spec->settings = set;
	spec->last_setting = set;
}

/*
 * Put the last setting, and what stands before it and belongs to it, behind OLD. What a stacked
 * policy says of a place must not come after what is in force there and below: mounted last it
 * would uncover what others cover.
 */
static void move_behind(struct spec *spec, struct setting *old)
{
	struct setting *set = spec->last_setting;
	struct setting *first = set->prefixes ? set->prefixes : set, *end = old;

	while (end->next != first)
		end = end->next;
	if (end == old)
		return;
	end->next = NULL;
	spec->last_setting = end;
	set->next = old->next;
	old->next = first;
}

int setting_add(struct spec *spec, struct setting *set, struct bpf_error *err)
{
	struct setting **bucket = &spec->hashed[hash_subject(set)];
	int ret;

	set->turn = spec->turn;
	ret = check_words(set, err);
	if (!ret)
		ret = take_prefixes(spec, set, err);
	if (!ret && has_subject(set))
		ret = replace_older(bucket, set, err);
	if (ret)
		return ret;
	if (has_subject(set)) {
		set->same = *bucket;
		*bucket = set;
	}
	append(spec, set);
	if (set->over && is_stacked(set) && place_of(set))
		move_behind(spec, set->over);
	return 0;
}

/*
 * Take the next word off *TEXT: up to a blank, or in double quotes, where \" \\ \n \t
 * and \xNN stand for what cannot be written otherwise. NULL at the end; -EINVAL in *RET.
 */
static char *next_word(struct spec *spec, const char **text, int *ret)
{
	const char *p = *text + strspn(*text, " \t");
	char *word = xalloc(spec->arena, strlen(p) + 1), *out = word;
	bool quoted = *p == '"';

	*ret = 0;
	if (!*p)
		return NULL;
	p += quoted;
	while (*p && (quoted ? *p != '"' : !strchr(" \t", *p))) {
		unsigned int byte = 0;

		if (!quoted || *p != '\\') {
			*out++ = *p++;
		} else if (p[1] == 'x' && isxdigit((unsigned char)p[2]) &&
			   isxdigit((unsigned char)p[3]) && sscanf(p + 2, "%2x", &byte) == 1 &&
			   byte) {
			*out++ = (char)byte;
			p += 4;
		} else if (p[1] && strchr("\"\\nt", p[1])) {
			*out++ = p[1] == 'n' ? '\n' : p[1] == 't' ? '\t' : p[1];
			p += 2;
		} else {
			*ret = -EINVAL;
			return NULL;
		}
	}
	if (quoted && (*p++ != '"' || (*p && !strchr(" \t", *p))))
		*ret = -EINVAL;
	*text = p;
	return word;
}

static int unknown_directive(const char *word, const struct bpf_place *place, struct bpf_error *err)
{
	const char *near = directive_nearest(word);

	if (near)
		return bpf_fail(err, -EINVAL, place, "unknown directive '%s'; did you mean '%s'?",
				word, near);
	return bpf_fail(err, -EINVAL, place, "unknown directive '%s'", word);
}

int setting_line(void *ctx, char *text, const struct bpf_place *place, struct bpf_error *err)
{
	struct spec *spec = ctx;
	struct setting *set = xalloc(spec->arena, sizeof(*set));
	char *words[MAX_WORDS] = { NULL };
	const char *rest = text;
	char *word;
	int ret;

	set->place = *place;
	set->text = bpf_strndup(spec->arena, text, strlen(text));
	while ((word = next_word(spec, &rest, &ret)) && !ret) {
		if (set->nwords == MAX_WORDS)
			return bpf_fail(err, -E2BIG, place, "more than %d words", MAX_WORDS);
		words[set->nwords++] = word;
	}
	if (ret || !set->nwords || !set->text)
		return bpf_fail(err, -EINVAL, place, "bad quoting");
	set->row = directive_find(words[0], &set->try_form);
	if (!set->row)
		return unknown_directive(words[0], place, err);
	if (set->row->flags & DIRECTIVE_OPTION)
		return bpf_fail(err, -EINVAL, place, "'%s' is an option of the command line only",
				words[0]);
	set->nwords--;
	set->words = xalloc(spec->arena, (set->nwords + 1) * sizeof(char *));
	memcpy(set->words, words + 1, set->nwords * sizeof(char *));
	return setting_add(spec, set, err);
}

int settings_apply(struct spec *spec, struct bpf_error *err)
{
	int ret;

	if (spec->prefixes)
		return no_operation(spec->prefixes, err);
	calls_init(spec);
	for (const struct setting *set = spec->settings; set; set = set->next) {
		if (set->superseded || !set->row->apply)
			continue;
		ret = set->row->apply(spec, set, err);
		if (ret)
			return ret;
	}
	ret = limits_finish(spec, err);
	if (!ret)
		ret = power_finish(spec, err);
	return ret ? ret : calls_finish(spec, err);
}

/* Can BYTE stand in a policy as it is, outside of quotes? In them, '#' cannot, either. */
static bool is_plain(unsigned char byte)
{
	return byte > ' ' && byte < 0x7f && !strchr("\"\\#", byte);
}

static void print_word(FILE *out, const char *word)
{
	size_t plain = 0;

	while (word[plain] && is_plain((unsigned char)word[plain]))
		plain++;
	if (plain && !word[plain]) {
		fprintf(out, " %s", word);
		return;
	}
	fputs(" \"", out);
	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (is_plain(c) || c == ' ')
			fputc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
	fputc('"', out);
}

void spec_print(FILE *out, const struct spec *spec)
{
	if (spec->syscalls.under)
		fail("--print-policy: what these policies say of system calls together is no text\n"
		     "fix: print each by itself; sbpf compiles them together (--stack)");
	for (const struct setting *set = spec->settings; set; set = set->next) {
		const struct directive *row = set->row;

		if (set->superseded || !row->apply || (row->flags & DIRECTIVE_OPTION))
			continue;
		if (row->flags & DIRECTIVE_SYSCALL) {
			fprintf(out, "%s\n", set->text);
			continue;
		}
		fprintf(out, "%s%s", row->name, set->try_form ? "-try" : "");
		for (unsigned int i = 0; i < set->nwords; i++)
			print_word(out, set->words[i]);
		fputc('\n', out);
	}
}
