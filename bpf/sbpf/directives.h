/* SPDX-License-Identifier: MIT */
/*
 * The first words of policy lines that speak of other things than system calls: the file
 * tree, namespaces, the process. sbpf leaves such lines out, but it has to know
 * them, or a misspelt rule would be left out with them. They are the runner's, whose code
 * sbpf does not link with; a test holds this list against the runner's table.
 */
#ifndef BPF_SBPF_DIRECTIVES_H
#define BPF_SBPF_DIRECTIVES_H

#include <stddef.h>

static const char *const other_directives[] = {
	"accounts",
	"allow-degraded",
	"argv0",
	"bind",
	"bind-try",
	"caps",
	"chdir",
	"chmod",
	"chmod-try",
	"clearenv",
	"dev",
	"dev-bind",
	"dev-bind-try",
	"die-with-parent",
	"dir",
	"gid",
	"gid-map",
	"hostname",
	"keep-env",
	"landlock",
	"mask",
	"mask-try",
	"mqueue",
	"net",
	"new-session",
	"overlay",
	"overlay-src",
	"perms",
	"proc",
	"pty",
	"remount-ro",
	"remount-ro-try",
	"resolver",
	"rlimit",
	"ro-bind",
	"ro-bind-try",
	"ro-overlay",
	"setenv",
	"share",
	"share-net",
	"size",
	"stderr",
	"stdin",
	"stdout",
	"symlink",
	"time-limit",
	"tmp-overlay",
	"tmpfs",
	"tty",
	"uid",
	"uid-map",
	"unsetenv",
	"unshare-all",
	"unshare-cgroup",
	"unshare-cgroup-try",
	"unshare-ipc",
	"unshare-net",
	"unshare-pid",
	"unshare-user",
	"unshare-user-try",
	"unshare-uts",
	NULL,
};

#endif
