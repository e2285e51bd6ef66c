/* SPDX-License-Identifier: MIT */
/*
 * without NUMBER[=ERRNO] CMD...: run CMD as if the kernel did not have system call NUMBER: ENOSYS,
 * or as if a container's filter forbade it, by ERRNO.
 */
#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

int main(int argc, char *argv[])
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	char *end;

	if (argc < 3)
		errx(1, "usage: without NUMBER[=ERRNO] CMD...");
	insns[1].k = (unsigned int)strtoul(argv[1], &end, 10);
	if (*end == '=')
		insns[2].k = SECCOMP_RET_ERRNO | (unsigned int)strtoul(end + 1, NULL, 10);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		err(1, "seccomp");
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
