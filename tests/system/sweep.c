/* SPDX-License-Identifier: MIT */
/*
 * sweep: strike at every system call of the set-up, and look at what is left.
 *
 *	sweep kill-supervisor CMD...	SIGKILL the program itself
 *	sweep kill-init CMD...		SIGKILL the child that becomes PID 1
 *	sweep fault-supervisor CMD...	make a call of the program fail, with one errno or another
 *	sweep fault-init CMD...		the same, in that child
 *	sweep fault-payload CMD...	the same, in the process that becomes the command
 *	sweep lie-init CMD...		do not make a call of it, and say that all went well
 *	sweep lie-payload CMD...
 *	sweep lie-detach CMD...		lie-init, of umount2(2) only: the old root stays
 *	sweep toy, sweep careless	runners that do it wrong, to show that we would see it
 *	sweep probe			can anything be traced here?
 *
 * CMD is started again and again, stopped by ptrace(2) at the entry of its first, second, third
 * ... call, and struck there, until it gets to its loop: it has written "started" to descriptor 3
 * and polls. We are a child subreaper: whatever outlives its parent becomes our child, so
 * "nothing is left" is ECHILD, without looking through /proc, and that no cgroup has its name. After SIGKILL all must be gone; an
 * init that was killed must be status 125; after a fault either the command never ran and the
 * status says so, or what it prints of its walls is what it prints without a fault. After a lie,
 * something may be missing (a device), but nothing may be more open: this is what init's
 * reading back is for. Nothing may take longer than the limit.
 *
 * Calls that are the same as the one before are only struck every 16th time, but for the
 * supervisor's. Most of the time goes by in waiting for the kernel to take namespaces
 * apart, so some workers share the places. The last line tells how many there were; status 1:
 * some were bad.
 *
 *	SWEEP_LIMIT_MS=5000	how long a run, and dying, may take
 *	SWEEP_PASS=0		init is the child of the program after so many others
 *	SWEEP_STRIDE=1		strike at every N-th place only
 *	SWEEP_TURN=0		up to 5: each place has another errno in each turn
 *	SWEEP_ANY_WALLS=1	do not demand walls of a run without a fault
 *
 * ptrace(2), prctl(2), pid_namespaces(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/elf.h>

#define LIMIT_MS     5000
#define REPEATS	     16
#define MOST_PLACES  5000
#define WORKERS	     4
#define SURVIVED     (-1) /* in place of an exit status */
#define FOLLOW_FORKS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)
#define BASE_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)

enum place { IN_SUPERVISOR, IN_INIT, IN_PAYLOAD };
enum blow { BLOW_KILL, BLOW_FAULT, BLOW_LIE };

static const struct mode {
	const char *name;
	enum place place;
	enum blow blow;
	long only; /* strike at this call; 0: at all */
} modes[] = {
	{ "kill-supervisor", IN_SUPERVISOR, BLOW_KILL, 0 },
	{ "kill-init", IN_INIT, BLOW_KILL, 0 },
	{ "fault-supervisor", IN_SUPERVISOR, BLOW_FAULT, 0 },
	{ "fault-init", IN_INIT, BLOW_FAULT, 0 },
	{ "fault-payload", IN_PAYLOAD, BLOW_FAULT, 0 },
	{ "lie-init", IN_INIT, BLOW_LIE, 0 },
	{ "lie-payload", IN_PAYLOAD, BLOW_LIE, 0 },
	{ "lie-detach", IN_INIT, BLOW_LIE, SYS_umount2 },
};

/* How far a run got. */
enum stop {
	STOP_REACHED, /* the target stands at the entry of the call that was asked for */
	STOP_LOOP,    /* it got to its loop, or to the command, before that */
	STOP_ENDED,   /* it died before that */
	STOP_LATE,
};

struct sweep {
	enum place place;
	enum blow blow;
	long only;
	char **argv;
	int limit_ms;
	unsigned int stride, turn;
	unsigned int pass;    /* children of the supervisor that are not init */
	unsigned int places;  /* that were struck so far */
	unsigned int trouble; /* that were bad */
	int err_fd;	      /* what the current run wrote to stderr */
	char *reference;
};

struct run {
	struct sweep *sweep;
	pid_t supervisor, target;
	bool supervisor_traced;
	int status_fd, out_fd;
	char status[4096];
	size_t status_len;
	long last_nr; /* of the call before */
	unsigned int in_row, seen;
};

static volatile sig_atomic_t late;

static void on_alarm(int signo)
{
	(void)signo;
	late = 1;
}

/* It rings again and again, so that one that comes just before a wait is not lost. */
static void set_alarm(int ms)
{
	struct itimerval timer = {
		.it_value = { ms / 1000, ms % 1000 * 1000L },
		.it_interval = { 0, ms ? 50000 : 0 },
	};

	late = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* waitpid(), or 0 when it is late. */
static pid_t await(pid_t pid, int *status)
{
	pid_t got;

	do {
		got = waitpid(pid, status, __WALL);
	} while (got < 0 && errno == EINTR && !late);
	return got < 0 && errno == EINTR ? 0 : got;
}

/* ---- one run ---- */

static void become_target(const struct sweep *sweep, int status_fd, int out_fd)
{
	if (dup2(open("/dev/null", O_RDWR), 0) < 0 || dup2(out_fd, 1) < 0 ||
	    dup2(sweep->err_fd, 2) < 0 || dup2(status_fd, 3) < 0)
		_exit(99);
	for (int fd = 4; fd < 64; fd++)
		close(fd);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP))
		_exit(99);
	execv(sweep->argv[0], sweep->argv);
	_exit(99);
}

static void open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		err(1, "pipe");
	fcntl(fds[1], F_SETFL, 0);
	/* Above all that the target gets. */
	for (int i = 0; i < 2; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, 10);

		close(fds[i]);
		fds[i] = high;
	}
}

/* Resume PID until it stops for EVENT; other stops are passed over. False: it ended, or late. */
static bool until_event(pid_t pid, bool (*is_it)(int status))
{
	int status, signo = 0;

	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signo) < 0)
			return false;
		if (await(pid, &status) != pid || !WIFSTOPPED(status))
			return false;
		if (is_it(status))
			return true;
		signo = status >> 16 || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
	}
}

static bool is_exec(int status)
{
	return status >> 16 == PTRACE_EVENT_EXEC;
}

static bool is_fork(int status)
{
	int event = status >> 16;

	return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	       event == PTRACE_EVENT_CLONE;
}

/* From PARENT, which follows forks, to its next child; the parent runs free then. */
static pid_t follow(pid_t parent, unsigned long options)
{
	unsigned long child;
	int status;

	if (!until_event(parent, is_fork) || ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) < 0 ||
	    await((pid_t)child, &status) != (pid_t)child || !WIFSTOPPED(status))
		return 0;
	if (ptrace(PTRACE_SETOPTIONS, (pid_t)child, NULL, options) < 0 ||
	    ptrace(PTRACE_DETACH, parent, NULL, NULL) < 0)
		return 0;
	return (pid_t)child;
}

/* Let PARENT, which follows forks, fork COUNT times; these children run free. */
static bool pass_forks(pid_t parent, unsigned int count)
{
	unsigned long child;
	int status;

	for (; count; count--) {
		if (!until_event(parent, is_fork) ||
		    ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) < 0 ||
		    await((pid_t)child, &status) != (pid_t)child ||
		    ptrace(PTRACE_DETACH, (pid_t)child, NULL, NULL) < 0)
			return false;
	}
	return true;
}

/* Start the command, and stop what is to be struck at its beginning. */
static bool start(struct run *run, struct sweep *sweep)
{
	unsigned long options = BASE_OPTIONS;
	int fds[2], out[2], status;

	memset(run, 0, sizeof(*run));
	run->sweep = sweep;
	run->last_nr = -1;
	if (ftruncate(sweep->err_fd, 0) < 0 || lseek(sweep->err_fd, 0, SEEK_SET) < 0)
		err(1, "empty the file of messages");
	open_pipe(fds);
	open_pipe(out);
	run->supervisor = fork();
	if (run->supervisor < 0)
		err(1, "fork");
	if (run->supervisor == 0)
		become_target(sweep, fds[1], out[1]);
	close(fds[1]);
	close(out[1]);
	run->status_fd = fds[0];
	run->out_fd = out[0];
	run->target = run->supervisor;
	set_alarm(sweep->limit_ms);

	if (await(run->supervisor, &status) != run->supervisor || !WIFSTOPPED(status))
		return false;
	if (sweep->place != IN_SUPERVISOR)
		options |= FOLLOW_FORKS;
	run->supervisor_traced = sweep->place == IN_SUPERVISOR;
	if (ptrace(PTRACE_SETOPTIONS, run->supervisor, NULL, options) < 0 ||
	    !until_event(run->supervisor, is_exec))
		return false;
	if (sweep->place == IN_SUPERVISOR)
		return true;
	options = sweep->place == IN_PAYLOAD ? BASE_OPTIONS | FOLLOW_FORKS : BASE_OPTIONS;
	if (!pass_forks(run->supervisor, sweep->pass))
		return false;
	run->target = follow(run->supervisor, options);
	if (run->target && sweep->place == IN_PAYLOAD)
		run->target = follow(run->target, BASE_OPTIONS);
	return run->target > 0;
}

static bool has_started(struct run *run)
{
	ssize_t n = read(run->status_fd, run->status + run->status_len,
			 sizeof(run->status) - 1 - run->status_len);

	if (n > 0)
		run->status_len += (size_t)n;
	return strstr(run->status, "started") != NULL;
}

/*
 * Does the target wait in its loop? A supervisor has said "started"; init polls two things, or
 * ends because the command was faster.
 */
static bool in_loop(struct run *run, const struct __ptrace_syscall_info *info)
{
	bool polls = info->entry.nr == SYS_ppoll;

	if (run->sweep->place == IN_INIT && info->entry.nr == SYS_exit_group)
		return has_started(run);

#ifdef SYS_poll
	polls = polls || info->entry.nr == SYS_poll;
#endif
	if (!polls || run->sweep->place == IN_PAYLOAD)
		return false;
	return run->sweep->place == IN_INIT ? info->entry.args[1] == 2 : has_started(run);
}

/* Is this call one to strike at? Init waits by wait4() and sched_yield() in turns. */
static bool is_place(struct run *run, long nr)
{
	if (nr == SYS_sched_yield)
		nr = SYS_wait4;
	run->in_row = nr == run->last_nr ? run->in_row + 1 : 0;
	run->last_nr = nr;
	if (run->sweep->only)
		return nr == run->sweep->only;
	return run->sweep->place == IN_SUPERVISOR || run->in_row % REPEATS == 0;
}

/* The signal that the tracee, which stopped with STATUS, is to get; 0: its stop is our doing. */
static int signal_of(int status)
{
	int signo = WSTOPSIG(status);

	return status >> 16 || signo == SIGSTOP || signo == (SIGTRAP | 0x80) ? 0 : signo;
}

/* Let the target go on to its next stop; STOP_REACHED: it is the entry of a call, in INFO. */
static enum stop next_entry(struct run *run, struct __ptrace_syscall_info *info)
{
	int status, signo = 0;

	do {
		if (ptrace(PTRACE_SYSCALL, run->target, NULL, (void *)(intptr_t)signo) < 0)
			return STOP_ENDED;
		if (await(run->target, &status) != run->target)
			return late ? STOP_LATE : STOP_ENDED;
		if (!WIFSTOPPED(status))
			return STOP_ENDED;
		if (is_exec(status))
			return STOP_LOOP;
		signo = signal_of(status);
		if (ptrace(PTRACE_GET_SYSCALL_INFO, run->target, sizeof(*info), info) < 0)
			return STOP_ENDED;
	} while (info->op != PTRACE_SYSCALL_INFO_ENTRY);
	return STOP_REACHED;
}

/* Let the target go on to the entry of its call NUMBER (from 1) of those to strike at. */
static enum stop run_to(struct run *run, unsigned int number)
{
	struct __ptrace_syscall_info info = { 0 };

	for (;;) {
		enum stop stop = next_entry(run, &info);

		if (stop != STOP_REACHED)
			return stop;
		if (in_loop(run, &info))
			return STOP_LOOP;
		if (is_place(run, (long)info.entry.nr) && ++run->seen == number)
			return STOP_REACHED;
	}
}

/* ---- what is left ---- */

/* Kill our children, adopted ones included. How many there were. */
static int kill_children(void)
{
	char path[64], *text = NULL;
	size_t size = 0;
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	if (!file)
		err(1, "%s", path);
	while (getdelim(&text, &size, ' ', file) > 0) {
		int pid = atoi(text);

		if (pid > 0 && kill(pid, SIGKILL) == 0)
			count++;
	}
	free(text);
	fclose(file);
	return count;
}

/* Wait until we have no child, which is no descendant. How many survived the limit. */
static int survivors(int limit_ms)
{
	int status, count = 0;

	set_alarm(limit_ms);
	for (;;) {
		if (waitpid(-1, &status, __WALL) < 0 && errno == ECHILD)
			break;
		if (late && count++ == 0) {
			count = kill_children();
			set_alarm(limit_ms);
		} else if (late) {
			errx(1, "what was killed does not die");
		}
	}
	set_alarm(0);
	return count;
}

static char own_groups[64]; /* how the names of the supervisor's cgroups begin */

static int is_own_group(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	return type == FTW_D && strncmp(path + at->base, own_groups, strlen(own_groups)) == 0;
}

/* Is there a cgroup of the supervisor's, whose process id is in the name? */
static bool leaves_group(pid_t supervisor)
{
	snprintf(own_groups, sizeof(own_groups), "sbrun-%d-", (int)supervisor);
	return nftw("/sys/fs/cgroup", is_own_group, 16, FTW_PHYS) > 0;
}

/* The exit status of the supervisor, 128 + signal, or SURVIVED. */
static int supervisor_status(struct run *run)
{
	int status;

	set_alarm(run->sweep->limit_ms);
	do {
		if (await(run->supervisor, &status) != run->supervisor)
			return SURVIVED;
	} while (!WIFEXITED(status) && !WIFSIGNALED(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void end_run(struct run *run)
{
	close(run->status_fd);
	close(run->out_fd);
}

/* Complain about the place NUMBER of RUN, with what the program said. */
__attribute__((format(printf, 3, 4))) static void bad(struct run *run, unsigned int number,
						      const char *format, ...)
{
	char text[512];
	ssize_t n = pread(run->sweep->err_fd, text, sizeof(text) - 1, 0);
	va_list ap;

	printf("place %u, call %ld: ", number, run->last_nr);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	text[n > 0 ? n : 0] = '\0';
	printf("%s%s\n", *text ? "; it said: " : "", text);
	run->sweep->trouble++;
}

/* ---- SIGKILL ---- */

/* Strike at place NUMBER; false: there is no such place, this was the loop. */
static bool kill_once(struct sweep *sweep, unsigned int number)
{
	struct run run;
	enum stop stop = start(&run, sweep) ? run_to(&run, number) : STOP_ENDED;
	int status, left;

	if (stop == STOP_LOOP && ptrace(PTRACE_SYSCALL, run.target, NULL, NULL) < 0)
		stop = STOP_ENDED; /* so that it sleeps in the loop when it is struck */
	if (stop == STOP_ENDED || stop == STOP_LATE)
		bad(&run, number, stop == STOP_LATE ? "it hangs" : "it ended by itself");
	kill(run.target ? run.target : run.supervisor, SIGKILL);
	if (run.target != run.supervisor && run.target) {
		set_alarm(sweep->limit_ms);
		while (await(run.target, &status) == run.target && WIFSTOPPED(status))
			;
	}
	status = supervisor_status(&run);
	if (sweep->place == IN_INIT && status != 125)
		bad(&run, number, "exit status %d, not 125", status);
	left = survivors(sweep->limit_ms);
	if (left)
		bad(&run, number, "%d survivors", left);
	if (leaves_group(run.supervisor))
		bad(&run, number, "a cgroup is left");
	end_run(&run);
	return stop == STOP_REACHED;
}

/* ---- faults ---- */

static const int errors[] = { EPERM, ENOSYS, ENOMEM, EINTR, EMFILE, ENOSPC };

#define NERRORS (sizeof(errors) / sizeof(errors[0]))

/* The call at whose entry PID stands is not made, and returns -ERROR. False: PID died. */
static bool inject(pid_t pid, int error)
{
#ifdef __x86_64__
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };
	int status;

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return false;
	regs.orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0 ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0)
		return false;
	/* A filter may be there already, and kill for number -1. */
	if (await(pid, &status) != pid || !WIFSTOPPED(status))
		return false;
	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return false;
	regs.rax = (unsigned long long)-error;
	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov) == 0;
#else
	(void)pid;
	(void)error;
	errx(4, "how to change a call is known for x86_64 only");
#endif
}

static char *read_out(const struct run *run)
{
	const size_t size = 256 << 10;
	char *text = calloc(1, size);
	size_t len = 0;
	ssize_t n;

	if (!text)
		err(1, "memory");
	while ((n = read(run->out_fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	return text;
}

/* "net:[4026531840]", ours: the payload's must be another. */
static bool is_own_namespace(const char *link)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/ns/%.*s", (int)strcspn(link, ":"), link);
	n = readlink(path, target, sizeof(target) - 1);
	return n > 0 && strncmp(link, target, (size_t)n) == 0;
}

/* Write to OUT what LINE says about a wall, without what changes from run to run. */
static void reduce_line(FILE *out, const char *line)
{
	static const char *const kept[] = {
		"Uid:",	   "Gid:",	  "Groups:",  "CapInh:",  "CapPrm:",  "CapEff:", "CapBnd:",
		"CapAmb:", "NoNewPrivs:", "Seccomp:", "Max core", "Max open", "SigIgn:", "SigBlk:"
	};
	char at[256], options[256];

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strncmp(line, kept[i], strlen(kept[i])) == 0)
			fprintf(out, "%s\n", line);
	}
	if (strstr(line, ":[40"))
		fprintf(out, "%.*s %s\n", (int)strcspn(line, ":"), line,
			is_own_namespace(line) ? "OF THE HOST" : "of its own");
	if (sscanf(line, "%*d %*d %*d:%*d %*s %255s %255s", at, options) == 2)
		fprintf(out, "mount %s %s\n", at, options);
}

/* Whole lines only: the command may have been killed while it wrote. */
static char *reduce(const char *text)
{
	char *reduced = NULL, *line = NULL;
	size_t size = 0, room = 0;
	FILE *out = open_memstream(&reduced, &size);
	FILE *in = *text ? fmemopen((void *)(uintptr_t)text, strlen(text), "r") : NULL;
	ssize_t n;

	if (!out)
		err(1, "memory");
	while (in && (n = getline(&line, &room, in)) > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		reduce_line(out, line);
	}
	free(line);
	if (in)
		fclose(in);
	fclose(out);
	return reduced;
}

/* Is each line of WALLS one of the reference's? */
static bool nothing_new(const char *walls, const char *reference)
{
	size_t len;

	for (; *walls; walls += len + 1) {
		const char *found = reference;

		len = strcspn(walls, "\n");
		while (found && strncmp(found, walls, len + 1) != 0) {
			found = strchr(found, '\n');
			found = found && found[1] ? found + 1 : NULL;
		}
		if (!found)
			return false;
	}
	return true;
}

static void judge(struct run *run, unsigned int number, int status, const char *output)
{
	const char *reference = run->sweep->reference;
	char *walls = reduce(output);
	size_t len = strlen(walls);
	bool stand = run->sweep->blow == BLOW_LIE ? nothing_new(walls, reference) :
						    strncmp(walls, reference, len) == 0;

	if (status == SURVIVED)
		bad(run, number, "it hangs");
	else if (!stand)
		bad(run, number, "the command ran, and its walls are:\n%s", walls);
	else if (!*output && status == 0)
		bad(run, number, "the command did not run, but the status is 0");
	else if (status == 0 && len != strlen(reference) && run->sweep->blow == BLOW_FAULT)
		bad(run, number, "status 0, but the command was cut short");
	free(walls);
}

/*
 * No kernel lies about a fork, which would make a twin of the parent; and none fails to say who
 * somebody is, or to close what is open.
 */
static bool is_spared(const struct run *run)
{
	switch (run->last_nr) {
	case SYS_clone:
		return run->sweep->blow == BLOW_LIE;
	case SYS_close:
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
	case SYS_getpid:
		return run->sweep->blow == BLOW_FAULT;
	default:
		return false;
	}
}

static bool strike(struct run *run, unsigned int number)
{
	int error = run->sweep->blow == BLOW_LIE ? 0 :
						   errors[(number + run->sweep->turn) % NERRORS];

	return is_spared(run) || inject(run->target, error);
}

/* Strike at place NUMBER. False: there is no such place, and nothing was struck. */
static bool fault_once(struct sweep *sweep, unsigned int number)
{
	struct run run;
	enum stop stop = start(&run, sweep) ? run_to(&run, number) : STOP_ENDED;
	int status, left;
	char *output;

	if (stop == STOP_ENDED || stop == STOP_LATE) {
		bad(&run, number, stop == STOP_LATE ? "it hangs" : "it ended by itself");
		kill(run.supervisor, SIGKILL);
	}
	if (stop == STOP_LOOP || (stop == STOP_REACHED && strike(&run, number)))
		ptrace(PTRACE_DETACH, run.target, NULL, NULL);
	status = supervisor_status(&run);
	if (status == SURVIVED)
		kill(run.supervisor, SIGKILL);
	left = survivors(sweep->limit_ms);
	if (left && status != SURVIVED)
		bad(&run, number, "%d survivors", left);
	output = read_out(&run);
	if (!sweep->reference)
		sweep->reference = reduce(output);
	judge(&run, number, status, output);
	free(output);
	end_run(&run);
	return stop == STOP_REACHED;
}

/* Without a fault, it must show its walls, or nothing would be compared. */
static void take_reference(struct sweep *sweep)
{
	fault_once(sweep, MOST_PLACES);
	if (getenv("SWEEP_ANY_WALLS"))
		return;
	if (!strstr(sweep->reference, "Seccomp:\t2") || !strstr(sweep->reference, "of its own") ||
	    !strstr(sweep->reference, "mount / ro") || strstr(sweep->reference, "OF THE HOST"))
		errx(1, "without a fault the walls are:\n%s", sweep->reference);
}

/* ---- runners that do it wrong ---- */

/* Its child has no parent-death signal. */
static int toy(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	if (pid < 0 || write(3, "started\n", 8) != 8)
		return 1;
	for (;;)
		poll(NULL, 0, -1);
}

/* Its child does not look whether what it asked for was done. */
static int careless(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		execl("/bin/cat", "cat", "/proc/self/status", NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

/* Can a child be traced here at all? */
static int probe(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} others[] = { { "careless", careless }, { "probe", probe }, { "toy", toy } };

/* ---- all of it ---- */

static char *mounts(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	if (!file || getdelim(&text, &size, '\0', file) < 0)
		err(1, "/proc/self/mountinfo");
	fclose(file);
	return text;
}

static void prepare(struct sweep *sweep)
{
	sweep->err_fd = memfd_create("messages", MFD_CLOEXEC);
	if (sweep->err_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		err(1, "prepare");
}

/* One worker's part of every STRIDE-th place. */
static void work(struct sweep *sweep, unsigned int first)
{
	bool (*once)(struct sweep *, unsigned int) = sweep->blow == BLOW_KILL ? kill_once :
										fault_once;
	unsigned int number = first;

	prepare(sweep);
	while (once(sweep, number)) {
		sweep->places++;
		number += WORKERS * sweep->stride;
		if (number >= MOST_PLACES)
			errx(1, "no end after %u places", number);
	}
}

/* Let all workers work, and add up what they found. */
static void share_work(struct sweep *sweep)
{
	struct sweep *shared = mmap(NULL, WORKERS * sizeof(*shared), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	if (shared == MAP_FAILED)
		err(1, "memory");
	fflush(stdout);
	for (unsigned int i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid > 0)
			continue;
		work(sweep, 1 + i * sweep->stride);
		shared[i] = *sweep;
		exit(0);
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		if (waitpid(-1, &status, 0) < 0 || status != 0)
			sweep->trouble++;
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		sweep->places += shared[i].places;
		sweep->trouble += shared[i].trouble;
	}
}

static bool choose_mode(struct sweep *sweep, const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, name) != 0)
			continue;
		sweep->place = modes[i].place;
		sweep->blow = modes[i].blow;
		sweep->only = modes[i].only;
		return true;
	}
	return false;
}

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);
	int value = text ? atoi(text) : 0;

	return value > 0 ? (unsigned int)value : otherwise;
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
	struct sweep sweep = {
		.limit_ms = (int)setting("SWEEP_LIMIT_MS", LIMIT_MS),
		.stride = setting("SWEEP_STRIDE", 1),
		.turn = setting("SWEEP_TURN", 0),
		.pass = setting("SWEEP_PASS", 0),
	};
	char *before, *after;

	for (size_t i = 0; argc == 2 && i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(argv[1], others[i].name) == 0)
			return others[i].run();
	}
	if (argc < 3 || !choose_mode(&sweep, argv[1]))
		errx(2, "usage: sweep MODE CMD...; the modes are in sweep.c");
	sweep.argv = argv + 2;
	sigaction(SIGALRM, &action, NULL);
	before = mounts();
	if (sweep.blow != BLOW_KILL) {
		prepare(&sweep);
		take_reference(&sweep);
	}
	share_work(&sweep);
	after = mounts();
	if (strcmp(before, after) != 0) {
		printf("the host's mounts are not what they were\n");
		sweep.trouble++;
	}
	printf("%u places, %u bad\n", sweep.places, sweep.trouble);
	free(before);
	free(after);
	free(sweep.reference);
	return sweep.trouble > 0;
}
