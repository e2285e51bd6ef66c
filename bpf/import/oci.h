/* SPDX-License-Identifier: MIT */
/*
 * What the oci*.c files share. The contract of this directory is import.h.
 *
 * The way of a profile: oci_json.c reads the JSON and finds its lines, oci.c
 * the head (default, architectures, flags), oci_rules.c the entries of "syscalls" that
 * apply here, oci_args.c turns their conditions into ours, and oci_emit.c decides which
 * entries count and writes the text. oci_enosys.c has runc's answer to new numbers.
 */
#ifndef BPF_IMPORT_OCI_H
#define BPF_IMPORT_OCI_H

#include "bpf/import/import.h"
#include "bpf/import/json.h"

/* "register INDEX, and'ed with MASK, compares with VALUE"; a mask of all ones for most. */
struct oci_cond {
	unsigned int index;
	enum bpf_expr_op op;
	bool masked; /* SCMP_CMP_MASKED_EQ */
	uint64_t mask, value;
};

/* An entry of "syscalls" that applies. Strings belong to the JSON tree. */
struct oci_rule {
	size_t number;	     /* its place in the array */
	unsigned int line;   /* of the profile */
	uint32_t raw;	     /* the value that libseccomp's filter would return */
	uint32_t action;     /* the same as far as our language has it */
	bool is_default;     /* says what the default says: the runtimes skip it */
	const char *comment; /* NULL: none */
	const char **names;
	size_t nnames;
	struct oci_cond *conds;
	size_t nconds;
	bool any; /* one of the conditions is enough: runc, for a register named twice */
};

struct oci {
	struct import *im;
	const struct import_options *options;
	struct bpf_error *err;
	char *copy;		    /* the text, as json_read() leaves it */
	struct json *values;	    /* all of its values */
	const struct json *profile; /* the one that is the profile */
	unsigned int abis;
	uint32_t def_raw, def; /* as raw and action of a rule */
	struct oci_rule *rules;
	size_t nrules;
};

/* ---- oci_json.c ---- */

int oci_load(struct oci *oci, const char *text, size_t len);

/* Refuse members of OBJECT but KNOWN (ends with NULL); those that begin with '_' or '$' pass. */
int oci_keys(struct oci *oci, const struct json *object, const char *const *known,
	     unsigned int line, const char *what);

/* A member that is a number 0 to 2^64-1. 1: it is there, 0: it is not, or is null; -EINVAL. */
int oci_number(struct oci *oci, const struct json *object, const char *key, unsigned int line,
	       uint64_t *value);

/* A member that is a string; the same answers. */
int oci_string(struct oci *oci, const struct json *object, const char *key, unsigned int line,
	       const char **value);

/* A member that is an array or object, as KIND says; *VALUE is NULL when it is not there. */
int oci_member(struct oci *oci, const struct json *object, const char *key, unsigned int line,
	       enum json_kind kind, const struct json **value);

/* ---- oci_rules.c ---- */

/* "SCMP_ACT_ERRNO" with "errnoRet" and "errno" of OBJECT, by these names for them. */
struct oci_action_keys {
	const char *action, *ret, *name;
};

int oci_action(struct oci *oci, const struct json *object, const struct oci_action_keys *keys,
	       unsigned int line, struct oci_rule *rule);

/* The entries that apply, into oci->rules. */
int oci_rules(struct oci *oci);
void oci_rules_free(struct oci *oci);

/* ---- oci_args.c ---- */

/* The conditions of one entry, from its "args". */
int oci_conds(struct oci *oci, const struct json *args, struct oci_rule *rule);

/* Is there no call for which both rules' conditions hold? "No" may be wrong. */
bool oci_disjoint(const struct oci_rule *a, const struct oci_rule *b);
bool oci_same_conds(const struct oci_rule *a, const struct oci_rule *b);

/* Write FIRST and the conditions, if any, for the call NAME; -EINVAL: an ABI cannot say it. */
int oci_write_conds(struct oci *oci, const struct oci_rule *rule, const char *name,
		    const char *first);

/* ---- oci_emit.c ---- */

int oci_emit(struct oci *oci);

/* Is A's kind of action one that lets more through than B's? */
bool oci_laxer(uint32_t a, uint32_t b);

/* The call that does NAME's work, too, on i386: "socketcall", "ipc" or NULL. */
const char *oci_muxed(const char *name);

#define OCI_WIDTH 96u

/* Names on lines of a reasonable length: ACTION NAME ... */
struct oci_list {
	const char *action;
	unsigned int line;
	size_t len; /* of the line under way */
	char text[OCI_WIDTH];
};

void oci_list_add(struct oci *oci, struct oci_list *list, const char *name, bool known);
void oci_list_end(struct oci *oci, struct oci_list *list);

/* ---- oci_enosys.c ---- */

void oci_enosys(struct oci *oci);

#endif
