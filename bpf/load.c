/* SPDX-License-Identifier: MIT */
/*
 * Giving a filter to the kernel.
 *
 * prctl(2) can do all that a filter for the calling thread needs; seccomp(2) is for flags,
 * and for the question which actions there are. A filter stays until the process ends,
 * and is inherited over fork and exec. The kernel wants no_new_privs, or CAP_SYS_ADMIN
 * in the user namespace: or a set-user-ID program could be confused by a filter.
 *
 * See prctl(2), PR_SET_SECCOMP; seccomp(2), SECCOMP_GET_ACTION_AVAIL.
 */
#include "bpf/bpf.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int bpf_install(const struct sock_filter *insn, unsigned int len)
{
	/* The field is not const, but the kernel only copies from there. */
	struct sock_fprog prog = { .filter = (struct sock_filter *)(uintptr_t)insn };

	if (len > BPF_MAXINSNS)
		return -EINVAL;
	prog.len = (unsigned short)len;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		return -errno;
	return 0;
}

int bpf_action_available(uint32_t action)
{
	uint32_t bare = action & SECCOMP_RET_ACTION_FULL;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &bare) == 0)
		return 1;
	return errno == EOPNOTSUPP ? 0 : -errno;
}
