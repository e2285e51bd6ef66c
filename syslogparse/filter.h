/* SPDX-License-Identifier: MIT */
/* The worker's filter, for what builds it and what installs it. */
#ifndef SYSLOGPARSE_FILTER_H
#define SYSLOGPARSE_FILTER_H

#include "bpf/bpf.h"

/* Compile the built-in policy "syslogparse-calls" and prove the program. 0 or -errno. */
int filter_make(struct bpf_prog *prog, unsigned long *cases, struct bpf_error *err);

int filter_install(void);

#endif
