/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the reader with whole sources, packed or not: the boxes add up to the lines, and neither
 * the size of pieces nor a second thread shows.
 */
#include "tests/syslogparse/stub_tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool true_that)
{
	if (!true_that)
		abort();
}

static void check(const struct result *a, const struct result *b)
{
	expect(a->ret == b->ret);
	if (a->ret) /* how much was read before it differs */
		return;
	expect(memcmp(&a->account, &b->account, sizeof(a->account)) == 0);
	expect(a->tally.sum == b->tally.sum && a->tally.events == b->tally.events);
}

/* The first byte chooses, the rest is the source. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result first, second;
	struct options options = { .trust = ORIGIN_KERNEL_TEXT, .threads = 1 };
	int fd;

	if (size == 0)
		return 0;
	options.what = data[0] & 1 ? WHAT_APPARMOR : WHAT_FIREWALL;
	options.trust = data[0] & 2 ? ORIGIN_PROCESS : ORIGIN_KERNEL_TEXT;
	options.year = data[0] & 4 ? 2020 : 0;
	fd = memory_fd(data + 1, size - 1);
	if (fd < 0)
		return 0;
	read_fd(&first, fd, &options, PIECE_SIZE);
	expect(first.account.lines == boxes_sum(&first.account));
	expect(first.tally.events == first.account.boxes[BOX_PARSED]);
	lseek(fd, 0, SEEK_SET);
	options.threads = data[0] & 8 ? 2 : 1;
	read_fd(&second, fd, &options, 1 + (data[0] >> 4) * 40U);
	check(&first, &second);
	close(fd);
	return 0;
}
