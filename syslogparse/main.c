/* SPDX-License-Identifier: MIT */
/*
 * syslogparse: hostile logs to loadable rules. The same program is broker and worker; which, its
 * name says: the broker executes it anew as WORKER_NAME. Whoever gives it that name himself gets
 * a process that confines itself and speaks frames.
 *
 * See syslogparse(1).
 */
#include "syslogparse/broker.h"

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "syslogparse/version.h"

/* A closed 0, 1 or 2 would be given to the first file that we open. */
static void fill_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			fail(STATUS_FAILED, "cannot open /dev/null in the place of what is closed");
	} while (fd <= STDERR_FILENO);
	close(fd);
}

int main(int argc, char *argv[])
{
	static struct command command; /* what it points to is kept to the end */

	if (argc < 1)
		return STATUS_FAILED;
	if (getauxval(AT_SECURE))
		fail(STATUS_FAILED, "refusing to run set-user-ID or with file capabilities");
	command_parse(&command, argc, argv);
	if (strcmp(argv[0], WORKER_NAME) == 0)
		_exit(worker(&command)); /* nothing may be said after what it said last */
	switch (command.mode) {
	case MODE_HELP:
		usage_print(stdout);
		return 0;
	case MODE_VERSION:
		printf("syslogparse %s\n", SYSLOGPARSE_VERSION);
		return 0;
	case MODE_WORKER:
		return worker_alone(&command);
	case MODE_LAYERS:
	case MODE_RUN:
		break;
	}
	fill_standard_descriptors();
	return broker(&command, argv, &broker_job);
}
