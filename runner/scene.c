/* SPDX-License-Identifier: MIT */
/*
 * What --selftest lays out on the host for its acts to reach for: a process, a listener on the
 * loopback, one on an abstract address, a key, a segment of shared memory, a terminal, a
 * descriptor that stays open. All of it is ours, goes with us, and has no name that could be left.
 * Files are not made: some that every host has will do, if no bind shows them.
 */
#include "runner/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <linux/keyctl.h>

/* ---- files ---- */

/* Is PATH at TOP, or below it? */
static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	while (len && top[len - 1] == '/')
		len--;
	return strncmp(path, top, len) == 0 && (path[len] == '/' || !path[len]);
}

static bool shows(const char *source, const char *path)
{
	char real[PATH_MAX];

	return source && realpath(source, real) && is_below(path, real);
}

bool scene_shows(const struct plan *plan, const char *path, bool writable)
{
	for (size_t i = 0; i < plan->tree.nops; i++) {
		const struct ns_op *op = &plan->tree.ops[i];

		if (op->kind == NS_OP_BIND && shows(op->source, path) &&
		    !(writable && (op->flags & NS_RDONLY)))
			return true;
		for (size_t j = 0; j < op->nlayers && !writable; j++) {
			if (shows(op->layers[j].path, path))
				return true;
		}
	}
	return false;
}

static bool take_file(struct scene_file *file, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return false;
	snprintf(file->path, sizeof(file->path), "%s", path);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return true;
}

/* What PATH is in reality, if nothing shows it inside. */
static void hide(struct scene *scene, unsigned int *n, const struct plan *plan, const char *path)
{
	char real[PATH_MAX];

	if (!path || *n == SCENE_FILES || !realpath(path, real) || strcmp(real, "/") == 0 ||
	    strlen(real) >= sizeof(scene->hidden->path) || scene_shows(plan, real, false))
		return;
	*n += take_file(&scene->hidden[*n], real);
}

static void take_files(struct scene *scene, const struct plan *plan)
{
	static const char *const paths[] = { "/root",	      "/home",	     "/etc/shadow",
					     "/etc/hostname", "/boot",	     "/var/log",
					     "/srv",	      "/etc/passwd", "/var/lib" };
	unsigned int n = 0;

	hide(scene, &n, plan, ".");
	hide(scene, &n, plan, getenv("HOME"));
	for (unsigned int i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		hide(scene, &n, plan, paths[i]);
	take_file(&scene->root, "/");
	take_file(&scene->usr, "/usr");
}

/* ---- a process ---- */

/* It waits for its end, which is ours; anybody of the same user may look at it. */
__attribute__((noreturn)) static void be_victim(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0UL, 0UL, 0UL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void start_victim(struct scene *scene)
{
	const pid_t self = getpid();

	scene->victim = fork();
	if (scene->victim < 0)
		fail("selftest: fork: %s", strerror(errno));
	if (scene->victim == 0)
		be_victim(self);
	scene->init = scene->victim;
}

static void end_victim(const struct scene *scene)
{
	kill(scene->victim, SIGKILL);
	while (waitpid(scene->victim, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Inside, where there are hardly more than three processes, nobody else is to have its number. */
static void start_high_victim(struct scene *scene)
{
	start_victim(scene);
	while (scene->victim < 16) {
		end_victim(scene);
		start_victim(scene);
	}
}

/* ---- descriptors ---- */

/* Out of the way: low numbers are few where "rlimit nofile" is low, and needed to make a sandbox. */
static int out_of_the_way(int fd, int flag)
{
	int high = fcntl(fd, flag, 200);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* ---- ways to talk ---- */

static void listen_on_loopback(struct scene *scene)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int fd = out_of_the_way(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), F_DUPFD_CLOEXEC);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0 &&
	    getsockname(fd, (struct sockaddr *)&at, &len) == 0)
		scene->port = ntohs(at.sin_port);
}

static void listen_on_address(struct scene *scene)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(scene->address);
	int fd = out_of_the_way(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), F_DUPFD_CLOEXEC);

	memcpy(at.sun_path + 1, scene->address, len);
	len += offsetof(struct sockaddr_un, sun_path) + 1;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, (socklen_t)len) == 0)
		listen(fd, 8);
}

/* In a session keyring of our own, so that it goes with us. */
static void add_key(const struct scene *scene)
{
	if (syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		syscall(SYS_add_key, "user", scene->key, "x", 1L, (long)KEY_SPEC_SESSION_KEYRING);
}

/* Marked for removal while we are attached: it goes with us. */
static void make_memory(struct scene *scene)
{
	const void *at;

	scene->shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0644);
	at = shmat(scene->shm, NULL, SHM_RDONLY);
	if (scene->shm >= 0)
		shmctl(scene->shm, IPC_RMID, NULL);
	if ((intptr_t)at == -1)
		scene->shm = -1;
}

static void take_capabilities(struct scene *scene)
{
	struct caps_state state;

	if (caps_read(&state))
		fail("selftest: it cannot be told which capabilities we have");
	scene->caps = state.permitted ? state.permitted : (CAPS_BIT(caps_last()) << 1) - 1;
}

static void open_terminal(struct scene *scene, struct bait *bait)
{
	struct stat st;
	char name[64];

	bait->terminal = -1;
	bait->master = out_of_the_way(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), F_DUPFD_CLOEXEC);
	if (bait->master < 0 || grantpt(bait->master) < 0 || unlockpt(bait->master) < 0 ||
	    ptsname_r(bait->master, name, sizeof(name)) != 0)
		return;
	bait->terminal = out_of_the_way(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), F_DUPFD_CLOEXEC);
	if (bait->terminal < 0 || fstat(bait->terminal, &st) < 0)
		return;
	scene->terminal.dev = st.st_dev;
	scene->terminal.ino = st.st_ino;
}

/* ---- all of it ---- */

static void open_pipes(struct scene *scene, struct bait *bait, struct spec *made,
		       const struct spec *asked)
{
	for (unsigned int i = 0; i < asked->nkeep_fds; i++)
		scene->fds[scene->nfds++] = asked->keep_fds[i];
	if (made->nkeep_fds + 2 > SPEC_FDS)
		fail("selftest: too many descriptors are to be kept");
	if (pipe2(bait->in, O_CLOEXEC) < 0 || pipe2(bait->out, O_CLOEXEC | O_NONBLOCK) < 0)
		fail("selftest: make a pipe: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		bait->in[i] = out_of_the_way(bait->in[i], F_DUPFD_CLOEXEC);
		bait->out[i] = out_of_the_way(bait->out[i], F_DUPFD_CLOEXEC);
	}
	made->keep_fds[made->nkeep_fds++] = scene->fds[scene->nfds++] = bait->in[0];
	made->keep_fds[made->nkeep_fds++] = scene->fds[scene->nfds++] = bait->out[1];
}

void scene_make(struct scene *scene, struct bait *bait, struct spec *made, const struct plan *asked)
{
	uint64_t random = 0;

	*scene = (struct scene){ .outside = true };
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		fail("selftest: getrandom: %s", strerror(errno));
	snprintf(scene->address, sizeof(scene->address), "sbrun-selftest-%016llx",
		 (unsigned long long)random);
	memcpy(scene->key, scene->address, sizeof(scene->key));
	take_files(scene, asked);
	start_high_victim(scene);
	listen_on_loopback(scene);
	listen_on_address(scene);
	add_key(scene);
	make_memory(scene);
	take_capabilities(scene);
	open_terminal(scene, bait);
	open_pipes(scene, bait, made, asked->spec);
	bait->leak = out_of_the_way(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), F_DUPFD);
	if (bait->leak < 0)
		fail("selftest: open /: %s", strerror(errno));
}

void scene_end(const struct scene *scene)
{
	end_victim(scene);
}

void scene_enter(const struct bait *bait)
{
	setsid();
	if (bait->terminal < 0)
		return;
	dup2(bait->terminal, STDIN_FILENO);
	ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}
