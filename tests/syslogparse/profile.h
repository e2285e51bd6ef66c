/* SPDX-License-Identifier: MIT */
/*
 * For the tests of profiles: events, and the text that is written of them.
 */
#ifndef TESTS_SYSLOGPARSE_PROFILE_H
#define TESTS_SYSLOGPARSE_PROFILE_H

#include "kselftest_harness.h"

#include "syslogparse/validate.h"
#include "tests/syslogparse/events.h"

static inline bool has(const char *text, const char *what)
{
	return text && strstr(text, what) != NULL;
}

static inline bool clean(const char *text)
{
	for (; text && *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\n')
			return false;
	return text != NULL;
}

static inline struct aa_event denial(enum aa_class class, const char *operation,
				     const char *profile)
{
	struct aa_event e = { .type = AA_DENIED, .class = class };

	e.operation = text_bytes(operation);
	e.profile = text_bytes(profile);
	return e;
}

static inline struct aa_event file_denial(const char *profile, const char *name, const char *mask)
{
	struct aa_event e = denial(AA_FILE, *mask == 'x' ? "exec" : "open", profile);

	e.name = text_bytes(name);
	e.denied = text_bytes(mask);
	e.flags = AA_HAS_FSUID | AA_HAS_OUID;
	e.fsuid = 1000;
	return e;
}

FIXTURE(profile)
{
	struct options options;
	struct tally *tally;
	uint64_t number;
	char *text;
};

FIXTURE_SETUP(profile)
{
	self->options = default_options(WHAT_APPARMOR, FORMAT_PROFILE);
	self->tally = tally_new(&self->options);
	self->number = 0;
	self->text = NULL;
}

FIXTURE_TEARDOWN(profile)
{
	tally_free(self->tally);
	free(self->text);
}

static inline void add(struct _test_data_profile *self, struct aa_event event)
{
	add_aa(self->tally, &event, ++self->number);
}

static inline const char *text_of(struct _test_data_profile *self)
{
	free(self->text);
	self->text = written(self->tally, &self->options);
	return self->text ? self->text : "";
}

/* The broker would let it pass. */
static inline bool passes(const struct _test_data_profile *self)
{
	struct verdict verdict = { 0 };
	const char *line = self->text;

	if (!self->text || validate(&self->options, self->text, strlen(self->text), &verdict))
		return self->text != NULL;
	for (unsigned int i = 1; i < verdict.line; i++)
		line = strchr(line, '\n') + 1;
	fprintf(stderr, "# %s: %.*s\n", verdict.why, (int)strcspn(line, "\n"), line);
	return false;
}

/* TEXT has LINE as a whole line. */
static inline bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && (at[len] == '\n' || !at[len]))
			return true;
	return false;
}

#endif
