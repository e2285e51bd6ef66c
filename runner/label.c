/* SPDX-License-Identifier: MIT */
/*
 * exec-label: AppArmor's profile or SELinux's context that the command runs under.
 *
 * It is a wall of the host's, beside all others: the host has to have loaded it, and the kernel
 * goes over to it at the exec itself. So the last word on it comes when the payload is let go;
 * but whether there is such a module and such a label is found out in the plan, by a
 * child that asks for it and never executes anything.
 */
#include "runner/runner.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
	[CAPS_LSM_APPARMOR] = "AppArmor",
	[CAPS_LSM_SELINUX] = "SELinux",
};

static const char *cause_of(const struct plan *plan, int error)
{
	if (error == ENOENT)
		return "cause: AppArmor has no profile of this name loaded\n"
		       "fix: apparmor_parser -r FILE, as root";
	if (error == EINVAL)
		return plan->lsm == CAPS_LSM_SELINUX ?
			       "cause: SELinux's policy has no such context" :
			       "cause: not the name of a profile";
	if (error == EACCES)
		return "cause: the label that sbrun runs under itself does not let it choose "
		       "this one";
	if (error == EPERM)
		return "cause: with no_new_privs, the label that sbrun runs under itself gives "
		       "way only to one\nthat confines further, such as OWN//&OTHER of AppArmor's";
	if (error == ENOTRECOVERABLE)
		return "cause: the kernel took it, and has another one now";
	return "";
}

/* As the payload will do it. */
static int try_label(const struct plan *plan)
{
	int err = caps_no_new_privs();

	return err ? err : caps_set_exec_label(plan->proc, plan->lsm, plan->spec->exec_label);
}

void plan_label(struct plan *plan)
{
	const char *label = plan->spec->exec_label;
	struct bpf_arena *arena = plan->spec->arena;
	int status = 0;
	pid_t pid;

	if (!label)
		return;
	plan->lsm = caps_lsm(plan->proc);
	if (plan->lsm == CAPS_LSM_NONE)
		fail("exec-label: %s: neither AppArmor nor SELinux is in force here\n"
		     "fix: if the kernel has it: boot with apparmor=1 security=apparmor",
		     escaped(arena, label));
	pid = fork();
	if (pid == 0)
		_exit(-try_label(plan));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status))
		fail("exec-label: it could not be tried");
	status = WEXITSTATUS(status);
	if (status)
		fail("exec-label: %s: %s: %s\n%s", names[plan->lsm], escaped(arena, label),
		     strerror(status), cause_of(plan, status));
}

const char *label_text(const struct plan *plan)
{
	return xprintf(plan->spec->arena, "%s (%s)",
		       escaped(plan->spec->arena, plan->spec->exec_label), names[plan->lsm]);
}

int label_step(struct child *child)
{
	const struct plan *plan = child->plan;

	if (!plan->spec->exec_label)
		return 0;
	return caps_set_exec_label(child->proc, plan->lsm, plan->spec->exec_label);
}
