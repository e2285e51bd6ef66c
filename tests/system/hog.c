/* SPDX-License-Identifier: MIT */
/*
 * hog: take much of one thing, within bounds, and say how much there was to have.
 *
 *	hog memory MIB		touch so much private memory
 *	hog shared MIB		the same, of memory that is a file's (memfd)
 *	hog processes N		have N children at a time; prints how many there were
 *	hog threads N		the same with threads
 *	hog time MS		use so much processor time, deaf to all signals that can be ignored
 *	hog sleep MS		the same, asleep
 *	hog stop		stop itself with all of its process group
 *	hog fill PATH MIB	write a file of such a size; prints how many MiB were written
 *
 * Status 0: all that was asked for was to be had; 1: not.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB  (1u << 20)
#define MOST 4096 /* of anything */

static int touch(int fd, long mib)
{
	size_t size = (size_t)mib * MIB;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (size_t at = 0; at < size; at += 4096)
		memory[at] = 1;
	return 0;
}

static int hog_memory(long mib)
{
	return touch(-1, mib);
}

static int hog_shared(long mib)
{
	int fd = memfd_create("hog", MFD_CLOEXEC);

	return fd < 0 || ftruncate(fd, mib * (long)MIB) < 0 || touch(fd, mib);
}

/* The children wait for the end of a pipe, which is our own. */
static int hog_processes(long number)
{
	long count = 0;
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		return 1;
	for (; count < number; count++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid > 0)
			continue;
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	printf("%ld\n", count);
	return count < number;
}

static void *wait_for_end(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static int hog_threads(long number)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[MOST];
	long count = 0;

	pthread_mutex_lock(&lock);
	while (count < number && !pthread_create(&threads[count], NULL, wait_for_end, &lock))
		count++;
	pthread_mutex_unlock(&lock);
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%ld\n", count);
	return count < number;
}

static void be_deaf(void)
{
	for (int signo = 1; signo < 32; signo++)
		signal(signo, SIG_IGN);
}

static long spent_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int hog_time(long ms)
{
	be_deaf();
	while (spent_ms(CLOCK_PROCESS_CPUTIME_ID) < ms)
		;
	return 0;
}

static int hog_sleep(long ms)
{
	long end = spent_ms(CLOCK_MONOTONIC) + ms;

	be_deaf();
	while (spent_ms(CLOCK_MONOTONIC) < end)
		usleep(1000);
	return 0;
}

static int hog_stop(long unused)
{
	(void)unused;
	return kill(0, SIGSTOP) < 0;
}

static int hog_fill(const char *path, long mib)
{
	static char block[MIB];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	long count = 0;

	memset(block, 1, sizeof(block));
	while (fd >= 0 && count < mib && write(fd, block, sizeof(block)) == sizeof(block))
		count++;
	printf("%ld\n", count);
	return count < mib;
}

static const struct {
	const char *name;
	int (*run)(long number);
} hogs[] = {
	{ "memory", hog_memory },   { "shared", hog_shared }, { "processes", hog_processes },
	{ "threads", hog_threads }, { "time", hog_time },     { "sleep", hog_sleep },
	{ "stop", hog_stop },
};

int main(int argc, char *argv[])
{
	long number = argc > 2 ? atol(argv[argc - 1]) : 0;

	if (number < 0 || (number > MOST && strcmp(argv[1], "time") && strcmp(argv[1], "sleep")))
		errx(2, "that is too much");
	if (argc == 4 && strcmp(argv[1], "fill") == 0)
		return hog_fill(argv[2], number);
	for (size_t i = 0; argc > 1 && i < sizeof(hogs) / sizeof(*hogs); i++) {
		if (strcmp(hogs[i].name, argv[1]) == 0)
			return hogs[i].run(number);
	}
	errx(2, "usage: hog WHAT [PATH] NUMBER; what there is stands in hog.c");
}
