/* SPDX-License-Identifier: MIT */
/*
 * What the importers of text formats (minijail, kafel) share: files that include files,
 * errors and notes that say where, and the constants that must not be carried from one
 * machine to another.
 */
#ifndef BPF_IMPORT_READER_H
#define BPF_IMPORT_READER_H

#include "bpf/import/import.h"

/* A file that is being read, or was; they live as long as the reader. */
struct reader_file {
	const struct reader_file *up; /* which includes it; NULL: the profile itself */
	const char *path;	      /* to open others relative to it, and for messages */
	const char *text;	      /* NUL-terminated */
	size_t len;
	unsigned int from;  /* the line of the profile that brought it; 0: the profile */
	unsigned int depth; /* 0: the profile */
};

struct reader {
	struct import *im;
	const struct import_options *options;
	struct bpf_error *err;
	struct bpf_arena arena; /* all that is made on the way */
	enum bpf_abi_id abi;
	bool failed;
};

/* Where in which file. */
struct reader_place {
	const struct reader_file *file;
	unsigned int line;
};

/*
 * Take the text into R->arena and check it: no NUL, no control bytes but tabs and line ends.
 * Returns the file, or NULL with the error told. reader_release() in any case.
 */
const struct reader_file *reader_init(struct reader *r, const char *text, size_t len);
void reader_release(struct reader *r);

/*
 * Open the file that FROM includes as PATH: absolute, or relative to FROM's directory. An
 * absolute path that is not there is sought by its last part beside FROM, with a note:
 * policies name the place where they are installed. NULL: refused, and told. A cycle, or
 * more than DEPTH levels, is refused.
 */
const struct reader_file *reader_include(struct reader *r, struct reader_place from,
					 const char *path, unsigned int depth);

/* Could that be tried? False also if it was not said what PATH is relative to. */
bool reader_is_there(struct reader *r, struct reader_place from, const char *path);

/* The line of the profile that PLACE belongs to. */
unsigned int reader_line(struct reader_place place);

/* "12" or "other.policy:12"; cut where needed. Returns BUF. */
const char *reader_where(struct reader_place place, char *buf, size_t size);

/* The first one counts. Always -EINVAL. */
__attribute__((format(printf, 3, 4))) int reader_fail(struct reader *r, struct reader_place place,
						      const char *format, ...);
__attribute__((format(printf, 3, 4))) void reader_note(struct reader *r, struct reader_place place,
						       const char *format, ...);

/* The arena is full: fail, and return NULL so that callers can return it. */
void *reader_alloc(struct reader *r, size_t size);
const char *reader_strndup(struct reader *r, const char *text, size_t len);

/*
 * Is NAME a constant with another value under R->abi than on the machine that this was built
 * for, where the values of bpf_constant() come from?
 */
bool reader_foreign_constant(const struct reader *r, const char *name, size_t len);

#endif
