/* SPDX-License-Identifier: MIT */
/*
 * The label that AppArmor or SELinux gives the process at its next exec.
 *
 * It is asked for by writing to the thread's own attr directory, and read back there: the
 * kernel then knows the label, and will go over to it at the exec or let that fail. It is not
 * in force before. With no_new_privs the kernel allows only what confines further: from an
 * unconfined process every profile of AppArmor does.
 *
 * A file of AppArmor's that is there says nothing: without AppArmor in force, to read it is an
 * error. "attr/current" alone is that of whichever module comes first; of those that have one,
 * the others have a directory of their own.
 *
 * proc(5), apparmor(7), aa_change_onexec(2), setexeccon(3)
 */
#include "caps/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const exec_files[] = {
	[CAPS_LSM_APPARMOR] = "thread-self/attr/apparmor/exec",
	[CAPS_LSM_SELINUX] = "thread-self/attr/exec",
};

/* The length of NAME's text without the newline or NUL at its end; or -errno. */
static ssize_t read_attr(int proc, const char *name, char *buf, size_t size)
{
	int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\0'))
		n--;
	buf[n] = '\0';
	return n;
}

enum caps_lsm caps_lsm(int proc)
{
	char text[CAPS_LABEL_MAX + 1];

	if (read_attr(proc, "thread-self/attr/apparmor/current", text, sizeof(text)) > 0)
		return CAPS_LSM_APPARMOR;
	if (read_attr(proc, "thread-self/attr/smack/current", text, sizeof(text)) > 0)
		return CAPS_LSM_NONE;
	if (read_attr(proc, "thread-self/attr/current", text, sizeof(text)) > 0)
		return CAPS_LSM_SELINUX;
	return CAPS_LSM_NONE;
}

/*
 * AppArmor shows "NAME (enforce)", and SELinux the context as it was given. Several of AppArmor's
 * at once, and those of other namespaces, it shows in a form of its own.
 */
static bool is_label(const char *text, const char *label)
{
	size_t len = strlen(label);

	if (strstr(label, "//&") || label[0] == ':')
		return *text;
	return strncmp(text, label, len) == 0 && (!text[len] || strncmp(text + len, " (", 2) == 0);
}

int caps_set_exec_label(int proc, enum caps_lsm lsm, const char *label)
{
	char text[CAPS_LABEL_MAX + 64];
	ssize_t n;
	int fd, len;

	if (lsm == CAPS_LSM_NONE || strlen(label) > CAPS_LABEL_MAX)
		return -EOPNOTSUPP;
	len = snprintf(text, sizeof(text), "%s%s", lsm == CAPS_LSM_APPARMOR ? "exec " : "", label);
	fd = openat(proc, exec_files[lsm], O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, (size_t)len);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	n = read_attr(proc, exec_files[lsm], text, sizeof(text));
	if (n < 0)
		return (int)n;
	return is_label(text, label) ? 0 : -ENOTRECOVERABLE;
}
