/* SPDX-License-Identifier: MIT */
/*
 * Programs from a file: an array of struct sock_filter, eight bytes each, in this
 * machine's byte order, without a header. That is what seccomp_export_bpf(3), minijail's
 * compiler and "sbpf compile" write, and what bubblewrap's --seccomp reads.
 *
 * Nothing in the file says what it is, so it is held against the kernel's rules:
 * the simulator and the listing must not be given what never could run.
 */
#include "bpf/import/import.h"

#include <errno.h>
#include <string.h>

int import_raw(struct bpf_prog *prog, const void *data, size_t len, struct bpf_error *err)
{
	const size_t one = sizeof(prog->insn[0]);

	if (len == 0 || len % one != 0)
		return bpf_fail(err, -EINVAL, NULL,
				"%zu bytes: a program is a whole number of %zu-byte instructions",
				len, one);
	if (len / one > BPF_MAXINSNS)
		return bpf_fail(err, -E2BIG, NULL, "%zu instructions; the kernel takes %d at most",
				len / one, BPF_MAXINSNS);
	memset(prog, 0, sizeof(*prog));
	memcpy(prog->insn, data, len);
	prog->len = (unsigned int)(len / one);
	return bpf_check(prog->insn, prog->len, err);
}
