/* SPDX-License-Identifier: MIT */
/*
 * swap A B COUNT CMD...: run CMD so many times while A and B are being exchanged, as fast as
 * the kernel can. Prints how often, and how often CMD ended with which status. 0: always
 * with 0 or 125, and A and B were really exchanged meanwhile.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn)) static void exchange(const char *a, const char *b,
					       volatile unsigned long *count)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
			err(1, "exchange %s and %s", a, b);
		++*count;
	}
}

static int run(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char *argv[])
{
	unsigned int ended[256] = { 0 };
	volatile unsigned long *count;
	long starts;
	pid_t pid;

	if (argc < 5)
		errx(1, "usage: swap A B COUNT CMD...");
	starts = strtol(argv[3], NULL, 10);
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (count == MAP_FAILED)
		err(1, "mmap");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0)
		exchange(argv[1], argv[2], count);
	for (long i = 0; i < starts; i++)
		ended[run(argv + 4) & 0xff]++;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("%lu exchanges;", *count);
	for (int i = 0; i < 256; i++) {
		if (ended[i])
			printf(" status %d: %u", i, ended[i]);
	}
	putchar('\n');
	return !(ended[0] + ended[125] == (unsigned long)starts && *count > 0);
}
