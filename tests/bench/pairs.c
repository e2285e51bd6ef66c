/* SPDX-License-Identifier: MIT */
/*
 * pairs: how long two commands take, as a ratio.
 *
 *	pairs [-i FILE] N A... --- B...
 *
 * A and B are started in turns, N times each, and each pair gives a ratio: what else the machine
 * does, and how fast it is, is the same for both halves of a pair. Which one goes first
 * alternates. Standard input and output are /dev/null; with -i, descriptor 9 is FILE, opened
 * anew for each start.
 *
 * Prints the median of the ratios A/B, its lower and upper quartile, and the median times in
 * microseconds: "RATIO LOW HIGH A B".
 *
 * posix_spawn(3), clock_gettime(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INPUT_FD 9
#define MOST	 100000

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Microseconds from the start of ARGV to its end; it must succeed. */
static double measure(char *argv[], const posix_spawn_file_actions_t *actions)
{
	double start = now(), end;
	int error, status;
	pid_t pid;

	error = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
	if (error)
		errx(1, "%s: %s", argv[0], strerror(error));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			err(1, "wait");
	}
	end = now();
	if (status != 0)
		errx(1, "%s: wait status %#x", argv[0], (unsigned int)status);
	return end - start;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that PART (0..1) of all are below. */
static double quantile(double values[], size_t n, double part)
{
	qsort(values, n, sizeof(values[0]), compare);
	return values[(size_t)((double)(n - 1) * part + 0.5)];
}

static void prepare(posix_spawn_file_actions_t *actions, const char *input)
{
	if (posix_spawn_file_actions_init(actions) ||
	    posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0) ||
	    posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0))
		errx(1, "memory");
	if (input && posix_spawn_file_actions_addopen(actions, INPUT_FD, input, O_RDONLY, 0))
		errx(1, "memory");
}

static void run(char *a[], char *b[], size_t n, const posix_spawn_file_actions_t *actions)
{
	double *times[2] = { calloc(n, sizeof(double)), calloc(n, sizeof(double)) };
	double *ratios = calloc(n, sizeof(double));
	double middle;

	if (!times[0] || !times[1] || !ratios)
		err(1, "memory");
	/* What is read for the first time is not in the cache yet. */
	measure(a, actions);
	measure(b, actions);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < 2; j++) {
			size_t which = (i + j) % 2;

			times[which][i] = measure(which ? b : a, actions);
		}
		ratios[i] = times[0][i] / times[1][i];
	}
	middle = quantile(ratios, n, 0.5);
	printf("%.2f %.2f %.2f %.0f %.0f\n", middle, quantile(ratios, n, 0.25),
	       quantile(ratios, n, 0.75), quantile(times[0], n, 0.5), quantile(times[1], n, 0.5));
	free(times[0]);
	free(times[1]);
	free(ratios);
}

int main(int argc, char *argv[])
{
	posix_spawn_file_actions_t actions;
	const char *input = NULL;
	char **a, **b;
	int n;

	if (argc > 2 && strcmp(argv[1], "-i") == 0) {
		input = argv[2];
		argv += 2;
		argc -= 2;
	}
	n = argc > 3 ? atoi(argv[1]) : 0;
	if (n < 1 || n > MOST)
		errx(2, "usage: pairs [-i FILE] N A... --- B...");
	a = argv + 2;
	for (b = a; *b && strcmp(*b, "---") != 0; b++)
		;
	if (b == a || !*b || !b[1])
		errx(2, "there must be two commands, with --- between them");
	*b++ = NULL;
	prepare(&actions, input);
	run(a, b, (size_t)n, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return 0;
}
