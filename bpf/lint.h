/* SPDX-License-Identifier: MIT */
/*
 * What lint.c and siblings.c share: what was found out about each call.
 */
#ifndef BPF_LINT_H
#define BPF_LINT_H

#include "bpf/bench.h"
#include "bpf/internal.h"

#define BPF_LINT_NRS 1024u /* numbers that are judged; tables end far below */

/* What becomes of a call, over all kinds of arguments. Neither: that was too much to try. */
struct bpf_fate {
	bool passes, stops;	     /* with some arguments */
	bool not_enosys;	     /* it is stopped by something else than errno(ENOSYS) */
	const struct bpf_rule *rule; /* the first that stops it; NULL: the default does, or none */
	const struct bpf_rule *allows; /* the first that lets it through; NULL: likewise */
};

struct bpf_lint {
	const struct bpf_policy *policy;
	bpf_finding_fn *fn;
	void *ctx;
	int findings; /* without the notes */

	bool *decides;			 /* by a rule's number: did it ever decide? */
	const struct bpf_rule **rule_of; /* by number */
	struct bpf_fate *fates[BPF_ABIS];

	/* of what is under way */
	struct bpf_fate *fate;
	unsigned int truth;

	const struct bpf_lint *stack; /* of the uppermost policy */
	struct bpf_lint *under;	      /* of the next one; NULL */
};

/* Fills in the text of WHAT and passes it on. */
__attribute__((format(printf, 3, 4))) void
bpf_lint_tell(struct bpf_lint *lint, const struct bpf_finding *what, const char *format, ...);

/* Does the call run? */
bool bpf_is_let_through(uint32_t action);

/* Calls that are stopped while others that do the same are not (siblings.c). */
void bpf_lint_siblings(struct bpf_lint *lint);

#endif
