/* SPDX-License-Identifier: MIT */
/*
 * The policies that are built into the binary.
 *
 * Each file of policies/ is here under its own name, as text: a sandbox must not depend on a
 * file that is not there, or that another user could have put there. source.c looks
 * here last, after the directories. The rows are made by scripts/builtins-def.sh.
 */
#include "bpf/bpf.h"

const struct bpf_builtin bpf_builtins[] = {
#include "bpf/builtins.def"
	{ NULL, NULL },
};
