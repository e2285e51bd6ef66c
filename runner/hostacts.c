/* SPDX-License-Identifier: MIT */
/*
 * Acts that reach for something of the host's, or take more than one system call. The scene says
 * what there is. Nothing is changed: what is opened for writing is not written to, a signal is
 * number 0, a file that is made has no name, a character that would be pushed into a terminal is
 * taken from an address where there is none.
 */
#include "runner/selftest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/capability.h>

/* ---- files ---- */

static void note(struct outcome *out, const char *what)
{
	snprintf(out->detail, sizeof(out->detail), "%s", what);
}

static int open_error(int fd)
{
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static bool is_that(const struct scene_file *file, const struct stat *st)
{
	return file->dev == st->st_dev && file->ino == st->st_ino;
}

int attempt_see_files(const struct act *act, const struct scene *scene, struct outcome *out)
{
	int error = ENOENT;

	(void)act;
	for (unsigned int i = 0; i < SCENE_FILES && *scene->hidden[i].path; i++) {
		const struct scene_file *file = &scene->hidden[i];
		struct stat st;

		if (lstat(file->path, &st) < 0) {
			error = errno;
		} else if (is_that(file, &st)) {
			note(out, file->path);
			return 0;
		}
	}
	return error;
}

int attempt_write_usr(const struct act *act, const struct scene *scene, struct outcome *out)
{
	struct stat st;

	(void)out;
	if (stat("/usr", &st) < 0)
		return errno;
	if (!is_that(&scene->usr, &st))
		return ENOENT;
	return open_error(open("/usr", (int)act->args[0] | O_TMPFILE | O_CLOEXEC, 0600));
}

/* Up, and up again, in small steps; the root has no other parent than itself. */
int attempt_climb(const struct act *act, const struct scene *scene, struct outcome *out)
{
	struct stat st;

	(void)act;
	(void)out;
	for (int i = 0; i < 64; i++) {
		if (chdir("..") < 0)
			return errno;
	}
	if (stat(".", &st) < 0)
		return errno;
	return is_that(&scene->root, &st) ? 0 : ENOENT;
}

/* One of those that it points to is enough. */
int attempt_open(const struct act *act, const struct scene *scene, struct outcome *out)
{
	int error = ENOENT;

	(void)scene;
	for (unsigned int i = 0; i < 6 && act->pointers[i]; i++) {
		const char *path = act->pointers[i];
		int fd = open(path, (int)act->args[0] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0) {
			close(fd);
			note(out, path);
			return 0;
		}
		if (error == ENOENT)
			error = errno;
	}
	return error;
}

/* Outside, where nobody sees it: in memory of a mount namespace of our own. */
static int hide(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/tmp", "tmpfs", 0, NULL) < 0)
		return errno;
	return 0;
}

int attempt_mknod(const struct act *act, const struct scene *scene, struct outcome *out)
{
	static const char *const places[] = { "/tmp/sbrun-act", "/dev/shm/sbrun-act", "sbrun-act" };
	int error = scene->outside ? hide() : 0;

	(void)out;
	for (unsigned int i = 0; i < 3 && !error; i++) {
		error = act_result(act, mknodat(AT_FDCWD, places[i], (mode_t)act->args[2],
						(dev_t)act->args[3]));
		if (!error)
			unlink(places[i]);
		if (error != ENOENT && error != EROFS)
			return error;
		error = i < 2 ? 0 : error;
	}
	return error;
}

/* ---- processes ---- */

int attempt_see_process(const struct act *act, const struct scene *scene, struct outcome *out)
{
	char path[32];

	(void)act;
	(void)out;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)scene->victim);
	return open_error(open(path, O_RDONLY | O_CLOEXEC));
}

int attempt_signal(const struct act *act, const struct scene *scene, struct outcome *out)
{
	(void)out;
	return act_result(act, kill(act->args[0] ? -1 : scene->victim, 0));
}

/* Seized, and let go by our end. */
int attempt_ptrace(const struct act *act, const struct scene *scene, struct outcome *out)
{
	(void)out;
	return act_result(act, syscall(SYS_ptrace, act->args[0], (long)scene->init, NULL, NULL));
}

int attempt_read_memory(const struct act *act, const struct scene *scene, struct outcome *out)
{
	char path[32];

	(void)act;
	(void)out;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)scene->init);
	return open_error(open(path, O_RDONLY | O_CLOEXEC));
}

/* Where there is nothing to read, that is found out behind the check of who may. */
int attempt_read_process(const struct act *act, const struct scene *scene, struct outcome *out)
{
	char to;
	struct iovec local = { &to, 1 }, remote = { &to, 1 };
	long ret = syscall(SYS_process_vm_readv, (long)scene->init, &local, 1L, &remote, 1L, 0L);

	(void)out;
	return ret < 0 && errno == EFAULT ? 0 : act_result(act, ret);
}

int attempt_take_descriptor(const struct act *act, const struct scene *scene, struct outcome *out)
{
	long pidfd = syscall(SYS_pidfd_open, (long)scene->init, 0L);

	(void)out;
	if (pidfd < 0)
		return errno;
	return act_result(act, syscall(act->call, pidfd, 0L, 0L));
}

static bool may_be_open(const struct scene *scene, int fd)
{
	for (unsigned int i = 0; i < scene->nfds; i++) {
		if (scene->fds[i] == fd)
			return true;
	}
	return false;
}

int attempt_descriptors(const struct act *act, const struct scene *scene, struct outcome *out)
{
	(void)act;
	for (int fd = 3; fd < 4096; fd++) {
		if (may_be_open(scene, fd) || fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(out->detail, sizeof(out->detail), "%d", fd);
		return 0;
	}
	return EBADF;
}

/* ---- namespaces and identity ---- */

int attempt_clone(const struct act *act, const struct scene *scene, struct outcome *out)
{
	const pid_t self = getpid();
	int error = attempt_call(act, scene, out);

	if (getpid() != self)
		_exit(0); /* we are what was made */
	return error;
}

/* Our own, which changes nothing. */
int attempt_setns(const struct act *act, const struct scene *scene, struct outcome *out)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	int error = act_result(act, syscall(act->call, (long)fd, 0L));

	(void)scene;
	(void)out;
	if (fd >= 0)
		close(fd);
	return fd < 0 && error == EBADF ? ENOENT : error;
}

int attempt_find_key(const struct act *act, const struct scene *scene, struct outcome *out)
{
	(void)out;
	return act_result(act,
			  syscall(act->call, act->args[0], act->args[1], "user", scene->key, 0L));
}

int attempt_regain(const struct act *act, const struct scene *scene, struct outcome *out)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const uint32_t low = (uint32_t)scene->caps, high = (uint32_t)(scene->caps >> 32);
	struct __user_cap_data_struct data[2] = { { low, low, 0 }, { high, high, 0 } };

	(void)out;
	return act_result(act, syscall(act->call, &header, data));
}

int attempt_core(const struct act *act, const struct scene *scene, struct outcome *out)
{
	const uint64_t limit[2] = { 4096, 4096 };

	(void)scene;
	(void)out;
	return act_result(act, syscall(act->call, 0L, act->args[1], limit, NULL));
}

/* ---- the network and other ways to talk ---- */

int attempt_attach(const struct act *act, const struct scene *scene, struct outcome *out)
{
	(void)out;
	return act_result(act, syscall(act->call, (long)scene->shm, NULL, (long)SHM_RDONLY));
}

static int connect_to(const struct act *act, const void *address, size_t len)
{
	int fd = socket((int)act->args[0], (int)act->args[1], 0), error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, address, (socklen_t)len) < 0)
		error = errno;
	close(fd);
	return error;
}

int attempt_connect(const struct act *act, const struct scene *scene, struct outcome *out)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(scene->port),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };

	(void)out;
	return scene->port ? connect_to(act, &to, sizeof(to)) : ENOENT;
}

int attempt_connect_abstract(const struct act *act, const struct scene *scene, struct outcome *out)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(scene->address);

	(void)out;
	memcpy(to.sun_path + 1, scene->address, len);
	return connect_to(act, &to, offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

/*
 * The character would be at address 0, and is looked for when all that could be in the way is passed.
 * Into a terminal that is the sandbox's own it may be pushed.
 */
int attempt_inject(const struct act *act, const struct scene *scene, struct outcome *out)
{
	struct stat st;
	int error = act_result(act, syscall(SYS_ioctl, 0L, act->args[1], NULL));

	(void)out;
	if (fstat(STDIN_FILENO, &st) < 0 || !is_that(&scene->terminal, &st))
		return error ? error : ENOTTY;
	return error;
}

/* ---- what a filter must not forget ---- */

/* A filter that allows all, and whoever holds its listener decides after all. */
int attempt_listener(const struct act *act, const struct scene *scene, struct outcome *out)
{
	struct sock_filter allow = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	struct sock_fprog prog = { 1, &allow };

	(void)out;
	if (scene->outside && prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		return errno;
	return act_result(act, syscall(act->call, act->args[0], act->args[1], &prog));
}

int attempt_int80(const struct act *act, const struct scene *scene, struct outcome *out)
{
#ifdef __x86_64__
	long ret;

	(void)scene;
	(void)out;
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(act->call)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = ret < 0 ? (int)-ret : 0;
	return act_result(act, ret < 0 ? -1 : ret);
#else
	(void)act;
	(void)scene;
	(void)out;
	return ENOSYS;
#endif
}
