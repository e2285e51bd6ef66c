/* SPDX-License-Identifier: MIT */
/*
 * The filters of a running process, as the kernel gives them back.
 *
 * PTRACE_SECCOMP_GET_FILTER gives the classic program that was installed, if the kernel was
 * built to keep it (CONFIG_CHECKPOINT_RESTORE), to a tracer with CAP_SYS_ADMIN that is under
 * no filter itself. The process is stopped for the moment of the question; it is seized
 * and not attached, so that it gets no signal, and is let go again on every way out.
 *
 * See ptrace(2).
 */
#include "bpf/sbpf/sbpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static pid_t parse_pid(const char *text)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || *end || end == text || pid <= 0 || pid > INT32_MAX)
		die("--pid %s: not the id of a process", text);
	return (pid_t)pid;
}

static void hold(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		die("trace process %d: %s", pid, strerror(errno));
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		die("stop process %d: %s", pid, strerror(errno));
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		die("process %d ended", pid);
}

bool pid_filter(const char *text, unsigned int index, struct bpf_prog *prog)
{
	const pid_t pid = parse_pid(text);
	long len;
	int error;

	memset(prog, 0, sizeof(*prog));
	hold(pid);
	len = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, index, NULL);
	error = errno;
	if (len > 0 && len <= BPF_MAXINSNS) {
		len = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, index, prog->insn);
		error = errno;
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	if (len < 0 && error == ENOENT)
		return false;
	if (len < 0 && error == EINVAL)
		return false; /* it is in no seccomp mode, or in the strict one */
	if (len < 0)
		die("read filter %u of process %d: %s%s", index, pid, strerror(error),
		    error == EACCES	 ? " (it takes CAP_SYS_ADMIN, and no filter of one's own)" :
		    error == EMEDIUMTYPE ? " (it is not a classic program)" :
					   "");
	prog->len = (unsigned int)len;
	return true;
}
