/* SPDX-License-Identifier: MIT */
/*
 * What export_oci.c and export_terms.c share. The contract of this directory is import.h.
 */
#ifndef BPF_IMPORT_EXPORT_H
#define BPF_IMPORT_EXPORT_H

#include "bpf/import/oci.h"

/* All that is asked of the registers; those without a bit in USED are not looked at. */
struct term {
	unsigned int used;
	struct oci_cond arg[6];
};

/* Alternatives. None: never. The caller frees TERM. */
struct terms {
	struct term *term;
	size_t n;
};

struct export
{
	FILE *out;
	const struct bpf_policy *policy;
	struct bpf_error *err;
	const struct bpf_rule *rule; /* under way, for its place */
	const struct bpf_call *call;
	bool comma; /* entries were written */
};

/* Fail with -EOPNOTSUPP at the rule under way. */
__attribute__((format(printf, 2, 3))) int export_refuse(const struct export *ex, const char *format,
							...);

int export_add_term(const struct export *ex, struct terms *to, const struct term *term);

/* A && B, into A. */
int export_and(const struct export *ex, struct terms *a, const struct terms *b);

/* EXPR, or its contrary, for the call under way, added to the alternatives TO. */
int export_expr(const struct export *ex, struct terms *to, const struct bpf_expr *expr,
		bool negate);

#endif
