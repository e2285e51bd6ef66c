/* SPDX-License-Identifier: MIT */
/*
 * The network that a sandbox has: none but its loopback, the host's, a namespace that is there
 * already, or pasta's (Debian's package passt), which answers on a tap device inside
 * and makes each connection anew outside, with the rights of an ordinary user.
 *
 * Theory of operation
 *
 * pasta serves bytes that the payload writes, so it is not given more power than the payload
 * has. It is started by the supervisor when the id maps are written and init still waits; its
 * process joins the sandbox's user namespace (and no other), takes the id that is mapped
 * there, and so holds capabilities over that namespace alone: enough to enter the network
 * namespace and set up the device, and nothing on the host. Of pasta's defaults those are
 * switched off that reach into the host: its gateway address does not stand for the host's
 * loopback, and no port is forwarded that was not asked for.
 *
 * That it is ready is told by the pid that it writes to a pipe; if it dies before, the
 * sandbox does not start. It dies with the supervisor, and is killed when init is gone.
 *
 * pasta(1), network_namespaces(7), user_namespaces(7)
 */
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* How ports are asked for, and what pasta calls it. */
static const struct {
	const char *name, *option;
} directions[] = {
	{ "tcp-in=", "-t" }, /* connections to these ports of the host end up inside */
	{ "udp-in=", "-u" },
	{ "tcp-out=",
	  "-T" }, /* connections to these ports of loopback inside end up on the host's */
	{ "udp-out=", "-U" },
};

static bool are_ports(const char *text)
{
	return *text && strspn(text, "0123456789-,:") == strlen(text);
}

static int apply_ports(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	for (unsigned int i = 1; i < set->nwords; i++) {
		const char *word = set->words[i];
		unsigned int d = 0;

		while (d < SPEC_PORTS &&
		       strncmp(word, directions[d].name, strlen(directions[d].name)) != 0)
			d++;
		if (spec->net != NET_PASTA || d == SPEC_PORTS ||
		    !are_ports(word + strlen(directions[d].name)))
			return bpf_fail(err, -EINVAL, &set->place,
					"net: expected tcp-in=PORTS, udp-in=, tcp-out= or udp-out= "
					"after 'pasta': '%s'",
					word);
		spec->ports[d] = word + strlen(directions[d].name);
	}
	return 0;
}

int apply_net(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	static const char *const kinds[] = { "none", "host", "pasta" };
	const char *word = set->words[0];

	spec->net = NET_NONE;
	memset(spec->ports, 0, sizeof(spec->ports));
	while (spec->net < NET_PATH && strcmp(word, kinds[spec->net]) != 0)
		spec->net++;
	if (spec->net == NET_PATH && word[0] != '/')
		return bpf_fail(err, -EINVAL, &set->place,
				"net: none, host, pasta or the path of a namespace: '%s'", word);
	spec->net_path = word;
	return apply_ports(spec, set, err);
}

/* The device is everybody's by udev's rules, for what it gives is the opener's own. */
static void check_tun(void)
{
	struct stat st;

	if (stat("/dev/net/tun", &st) < 0)
		fail("net: pasta: /dev/net/tun: %s\n"
		     "fix: modprobe tun",
		     strerror(errno));
	if (geteuid() == 0 ? (st.st_mode & 0006) != 0006 : access("/dev/net/tun", R_OK | W_OK))
		fail("net: pasta: /dev/net/tun may not be opened\n"
		     "fix: chmod 0666 /dev/net/tun, which is udev's default");
}

static const char *find_pasta(void)
{
	static const char *const places[] = { "/usr/bin/pasta", "/usr/local/bin/pasta" };

	for (unsigned int i = 0; i < 2; i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	fail("net: pasta: it is not installed\n"
	     "fix: apt-get install passt, or: --net none");
}

static void open_path(struct plan *plan)
{
	const char *path = plan->spec->net_path;

	plan->net = ns_net_open(path, &plan->net_inode);
	if (plan->net == -EINVAL)
		fail("net %s: not a network namespace", escaped(plan->spec->arena, path));
	if (plan->net < 0)
		fail("net %s: %s", escaped(plan->spec->arena, path), strerror(-plan->net));
}

void network_plan(struct plan *plan)
{
	plan->net = -1;
	if (plan->spec->net == NET_HOST || plan->spec->net == NET_PATH)
		plan->namespaces &= ~(unsigned long)CLONE_NEWNET;
	if (plan->spec->net == NET_PATH)
		open_path(plan);
	if (plan->spec->net == NET_PASTA) {
		plan->pasta = find_pasta();
		check_tun();
	}
}

void network_join(const struct plan *plan)
{
	int err = plan->net < 0 ? 0 : ns_join(plan->net, CLONE_NEWNET);

	if (err == -EPERM)
		fail("net %s: %s\n"
		     "cause: only who has CAP_SYS_ADMIN over that namespace may enter it",
		     escaped(plan->spec->arena, plan->spec->net_path), strerror(-err));
	if (err)
		fail("net %s: %s", escaped(plan->spec->arena, plan->spec->net_path),
		     strerror(-err));
}

/* ---- pasta ---- */

struct pasta {
	const struct plan *plan;
	pid_t supervisor;
	int user, net;	  /* init's namespaces */
	int ready, words; /* pipe for its pid; file for what it says */
	char *argv[24];
};

/* Become the sandbox's user, with power over its namespaces and over nothing else. */
static int become_guest(const struct pasta *p)
{
	static const cap_value_t needed[] = { CAP_SYS_ADMIN, CAP_NET_ADMIN };
	const struct plan *plan = p->plan;
	cap_t caps;
	int err;

	err = ns_join(p->user, CLONE_NEWUSER);
	if (!err)
		err = caps_set_ids(plan->idmap.inside_uid, plan->idmap.inside_gid,
				   plan->drop_groups);
	if (err)
		return err;
	/* After the ids, which clear it; and whoever died before will not be waited for. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (getppid() != p->supervisor)
		return -EOWNERDEAD;
	/* Only ambient ones survive the exec of somebody who is not root. */
	caps = cap_get_proc();
	if (!caps || cap_set_flag(caps, CAP_INHERITABLE, 2, needed, CAP_SET) < 0 ||
	    cap_set_proc(caps) < 0)
		return -errno;
	for (unsigned int i = 0; i < 2; i++) {
		if (cap_set_ambient(needed[i], CAP_SET) < 0)
			return -errno;
	}
	return 0;
}

static void make_arguments(struct pasta *p)
{
	static const char *const first[] = { "pasta",	     "--foreground", "--quiet",
					     "--config-net", "--no-map-gw",  "--dns-forward",
					     PASTA_RESOLVER };
	struct bpf_arena *arena = p->plan->spec->arena;
	unsigned int n = 0;

	for (; n < sizeof(first) / sizeof(*first); n++)
		p->argv[n] = xprintf(arena, "%s", first[n]);
	for (unsigned int i = 0; i < SPEC_PORTS; i++) {
		const char *ports = p->plan->spec->ports[i];

		p->argv[n++] = xprintf(arena, "%s", directions[i].option);
		p->argv[n++] = xprintf(arena, "%s", ports ? ports : "none");
	}
	p->argv[n++] = xprintf(arena, "--pid");
	p->argv[n++] = xprintf(arena, "/proc/self/fd/%d", p->ready);
	p->argv[n++] = xprintf(arena, "--no-netns-quit");
	p->argv[n++] = xprintf(arena, "--netns-only");
	p->argv[n++] = xprintf(arena, "--netns");
	p->argv[n] = xprintf(arena, "/proc/self/fd/%d", p->net);
}

__attribute__((noreturn)) static void pasta_child(const struct pasta *p)
{
	static char *const no_env[] = { NULL };
	int err;

	setsid(); /* a Ctrl-C is the payload's */
	err = become_guest(p);
	if (!err && (fcntl(p->ready, F_SETFD, 0) < 0 || fcntl(p->net, F_SETFD, 0) < 0 ||
		     dup2(p->words, STDOUT_FILENO) < 0 || dup2(p->words, STDERR_FILENO) < 0 ||
		     sigprocmask(SIG_SETMASK, &p->plan->signal_mask, NULL) < 0))
		err = -errno;
	if (!err) {
		execve(p->plan->pasta, p->argv, no_env);
		err = -errno;
	}
	dprintf(p->words, "start it: %s\n", strerror(-err));
	_exit(STATUS_FAILED);
}

static int open_namespace(const struct plan *plan, pid_t init, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/ns/%s", (int)init, name);
	fd = openat(plan->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("net: pasta: init's %s namespace: %s", name, strerror(errno));
	return fd;
}

pid_t network_start(const struct plan *plan, pid_t init)
{
	struct pasta p = { .plan = plan, .supervisor = getpid() };
	int ready[2];
	char byte;
	pid_t pid;

	if (plan->spec->net != NET_PASTA)
		return 0;
	p.words = memfd_create("pasta", MFD_CLOEXEC);
	/* It opens the pipe anew, by name and as another user. */
	if (p.words < 0 || pipe2(ready, O_CLOEXEC) < 0 || fchmod(ready[1], 0622) < 0)
		fail("net: pasta: %s", strerror(errno));
	p.ready = ready[1];
	p.user = open_namespace(plan, init, "user");
	p.net = open_namespace(plan, init, "net");
	make_arguments(&p);
	pid = fork();
	if (pid == 0)
		pasta_child(&p);
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		fail("net: pasta: %s",
		     pid < 0 ? strerror(errno) : words_in(plan->spec->arena, p.words));
	close(ready[0]);
	close(p.words);
	close(p.user);
	close(p.net);
	return pid;
}

void network_stop(pid_t pasta)
{
	if (!pasta)
		return;
	kill(pasta, SIGKILL); /* our child, not reaped yet: the pid is its own */
	while (waitpid(pasta, NULL, 0) < 0 && errno == EINTR)
		;
}
