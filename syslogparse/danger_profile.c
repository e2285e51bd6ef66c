/* SPDX-License-Identifier: MIT */
/*
 * The tables of danger for AppArmor's rules: capabilities, sockets, paths.
 *
 * A capability's number is what it takes to become root with it: 10 is root by another name.
 * A path has numbers for reading, for writing, and for running what is there; of several
 * rows the longest speaks, and of what a rule permits the worst counts. To write what one can
 * run is 10. A rule for the owner alone reaches fewer files: one less.
 */
#include "syslogparse/output.h"

#include <string.h>

static const struct {
	const char *name;
	uint8_t danger;
} capabilities[] = {
	{ "audit_control", 7 },	  { "audit_read", 5 },	  { "audit_write", 3 },
	{ "block_suspend", 1 },	  { "bpf", 9 },		  { "checkpoint_restore", 7 },
	{ "chown", 9 },		  { "dac_override", 10 }, { "dac_read_search", 9 },
	{ "fowner", 9 },	  { "fsetid", 6 },	  { "ipc_lock", 2 },
	{ "ipc_owner", 5 },	  { "kill", 4 },	  { "lease", 2 },
	{ "linux_immutable", 5 }, { "mac_admin", 10 },	  { "mac_override", 10 },
	{ "mknod", 9 },		  { "net_admin", 8 },	  { "net_bind_service", 2 },
	{ "net_broadcast", 2 },	  { "net_raw", 6 },	  { "perfmon", 7 },
	{ "setfcap", 10 },	  { "setgid", 9 },	  { "setpcap", 8 },
	{ "setuid", 10 },	  { "sys_admin", 10 },	  { "sys_boot", 7 },
	{ "sys_chroot", 6 },	  { "sys_module", 10 },	  { "sys_nice", 3 },
	{ "sys_pacct", 4 },	  { "sys_ptrace", 10 },	  { "sys_rawio", 10 },
	{ "sys_resource", 4 },	  { "sys_time", 4 },	  { "sys_tty_config", 3 },
	{ "syslog", 4 },	  { "wake_alarm", 1 },
};

bool danger_capability(struct danger *danger, struct bytes name)
{
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		if (!bytes_are(name, capabilities[i].name))
			continue;
		danger_add(danger, capabilities[i].danger,
			   capabilities[i].danger >= 9 ? "as good as root" : "a capability");
		return true;
	}
	return false;
}

void danger_network(struct danger *danger, const char *family, const char *type)
{
	static const struct {
		const char *family;
		uint8_t danger;
		const char *why;
	} rows[] = {
		{ "unix", 2, "talks to other programs" },
		{ "inet", 3, "reaches the network" },
		{ "inet6", 3, "reaches the network" },
		{ "netlink", 4, "talks to the kernel" },
		{ "packet", 7, "sees and makes any packet" },
		{ "alg", 6, "rarely used kernel code" },
		{ "vsock", 5, "reaches the hypervisor" },
		{ "bluetooth", 5, "rarely used kernel code" },
		{ NULL, 6, "rarely used kernel code" },
	};
	size_t i = 0;

	while (rows[i].family && strcmp(rows[i].family, family) != 0)
		i++;
	danger_add(danger, rows[i].danger, rows[i].why);
	if (!strcmp(type, "raw") && !strncmp(family, "inet", 4))
		danger_add(danger, 3, "raw packets");
}

/* "*" stands for any one name; a row is for what begins so. */
static const struct path_row {
	const char *path;
	uint8_t read, write, run;
	const char *why;
} paths[] = {
	{ "/", 1, 5, 3, "the file tree" },
	{ "/bin/", 1, 10, 3, "programs" },
	{ "/boot/", 3, 10, 8, "what boots the machine" },
	{ "/dev/", 3, 7, 8, "devices" },
	{ "/dev/full", 0, 0, 8, "a harmless device" },
	{ "/dev/kmem", 10, 10, 10, "the kernel's memory" },
	{ "/dev/mem", 10, 10, 10, "all memory" },
	{ "/dev/null", 0, 0, 8, "a harmless device" },
	{ "/dev/pts/", 2, 3, 8, "terminals" },
	{ "/dev/random", 0, 1, 8, "a harmless device" },
	{ "/dev/sd", 9, 10, 10, "disks" },
	{ "/dev/nvme", 9, 10, 10, "disks" },
	{ "/dev/shm/", 2, 3, 9, "shared memory" },
	{ "/dev/tty", 2, 3, 8, "terminals" },
	{ "/dev/urandom", 0, 1, 8, "a harmless device" },
	{ "/dev/zero", 0, 0, 8, "a harmless device" },
	{ "/etc/", 2, 9, 7, "settings of the system" },
	{ "/etc/apparmor", 2, 10, 8, "AppArmor's own rules" },
	{ "/etc/cron", 2, 10, 9, "what root runs later" },
	{ "/etc/gshadow", 9, 10, 9, "passwords" },
	{ "/etc/ld.so.preload", 2, 10, 9, "what every program loads" },
	{ "/etc/shadow", 9, 10, 9, "passwords" },
	{ "/etc/ssh/", 6, 10, 9, "keys" },
	{ "/etc/ssl/private/", 8, 9, 9, "keys" },
	{ "/etc/sudoers", 4, 10, 9, "who may become root" },
	{ "/etc/systemd/", 2, 10, 9, "what root runs later" },
	{ "/home/", 4, 5, 8, "users' files" },
	{ "/home/*/.bash", 5, 9, 9, "what a user runs later" },
	{ "/home/*/.config/autostart/", 4, 9, 9, "what a user runs later" },
	{ "/home/*/.gnupg/", 9, 9, 9, "keys" },
	{ "/home/*/.profile", 5, 9, 9, "what a user runs later" },
	{ "/home/*/.ssh/", 9, 10, 9, "keys" },
	{ "/lib", 1, 10, 3, "libraries" },
	{ "/opt/", 1, 7, 5, "programs" },
	{ "/proc/", 4, 7, 8, "the kernel and other processes" },
	{ "/proc/*/environ", 7, 8, 8, "secrets of other processes" },
	{ "/proc/*/maps", 6, 8, 8, "secrets of other processes" },
	{ "/proc/*/mem", 9, 10, 8, "memory of other processes" },
	{ "/proc/kcore", 10, 10, 8, "all memory" },
	{ "/proc/sys/", 2, 9, 8, "settings of the kernel" },
	{ "/proc/sysrq-trigger", 5, 9, 8, "settings of the kernel" },
	{ "/root/", 6, 9, 9, "root's files" },
	{ "/run/", 3, 5, 8, "sockets and state of services" },
	{ "/run/docker.sock", 9, 10, 10, "root by way of Docker" },
	{ "/sbin/", 1, 10, 4, "programs" },
	{ "/srv/", 3, 5, 7, "data" },
	{ "/sys/", 2, 8, 8, "settings of the kernel" },
	{ "/tmp/", 2, 3, 9, "anybody's files" },
	{ "/usr/", 1, 10, 3, "programs" },
	{ "/usr/local/", 1, 9, 4, "programs" },
	{ "/var/", 3, 5, 8, "data of services" },
	{ "/var/lib/dpkg/", 1, 10, 9, "what is installed" },
	{ "/var/log/", 4, 5, 9, "logs" },
	{ "/var/run/docker.sock", 9, 10, 10, "root by way of Docker" },
	{ "/var/spool/cron/", 4, 10, 9, "what root runs later" },
	{ "/var/tmp/", 2, 3, 9, "anybody's files" },
};

static bool path_begins(struct bytes path, const char *row)
{
	uint32_t at = 0;

	for (; *row; row++) {
		if (*row == '*') {
			while (at < path.len && path.at[at] != '/')
				at++;
			continue;
		}
		if (at == path.len || path.at[at++] != *row)
			return false;
	}
	return true;
}

/* The most special row speaks: the last that matches is not always it, the longest is. */
static const struct path_row *row_for(struct bytes path)
{
	const struct path_row *best = paths;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (path_begins(path, paths[i].path) && strlen(paths[i].path) >= strlen(best->path))
			best = paths + i;
	return best;
}

void danger_file(struct danger *danger, const struct file_access *access)
{
	const struct path_row *row = row_for(access->path);
	const char *does = access->run ? "runs" : access->write ? "writes" : "reads";
	unsigned int score = 0;
	char why[64];

	if (access->read)
		score = row->read;
	if (access->write && row->write > score)
		score = row->write;
	if (access->run && row->run > score)
		score = row->run;
	if (access->run && access->write) {
		score = 10;
		does = "runs what it can write:";
	} else if (access->write && row->write == score) {
		does = "writes";
	}
	if (access->owner && score && score < 10)
		score--;
	snprintf(why, sizeof(why), "%s %s", does, row->why);
	danger_add(danger, score, why);
}
