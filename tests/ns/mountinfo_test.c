/* SPDX-License-Identifier: MIT */
/*
 * Lines of mountinfo and numbers, from text that we write ourselves.
 */
#include "ns/internal.h"
#include "tests/ns/inside.h"

#include <sys/mman.h>

#include "kselftest_harness.h"

static struct ns_reader reader_of(const char *text)
{
	struct ns_reader reader = { .fd = memfd_create("text", MFD_CLOEXEC) };
	size_t len = strlen(text);

	if (write(reader.fd, text, len) != (ssize_t)len || lseek(reader.fd, 0, SEEK_SET) < 0)
		abort();
	return reader;
}

static const struct line {
	const char *text;
	int result;
	uint64_t id, parent;
	unsigned int attr;
	const char *path;
} lines[] = {
	{ "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n", 1, 36,
	  35, 0, "/mnt2" },
	{ "7 1 0:1 / / ro,nosuid,nodev,noexec,relatime - tmpfs none rw\n", 1, 7, 1, 15, "/" },
	{ "7 1 0:1 / /a ro - tmpfs none rw\n", 1, 7, 1, MOUNT_ATTR_RDONLY, "/a" },
	/* What the file system says does not bind the mount. */
	{ "7 1 0:1 / /a rw shared:3 master:4 - tmpfs none ro,nosuid,nodev\n", 1, 7, 1, 0, "/a" },
	/* Words that only begin like an option, or end like one. */
	{ "7 1 0:1 / /a rw,nodevx,xnodev,noexecutable - t n ro\n", 1, 7, 1, 0, "/a" },
	{ "7 1 0:1 / /a\\040b\\134c\\012d\\011 rw - t n ro\n", 1, 7, 1, 0, "/a b\\c\nd\t" },
	{ "4294967295 18446744073709551609 0:1 / /a nodev - t n ro\n", 1, 4294967295u,
	  18446744073709551609u, MOUNT_ATTR_NODEV, "/a" },
	{ "", 0, 0, 0, 0, NULL },
	{ "7", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1\n", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1 / /a\n", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1 / /a rw", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1 / /a rw - t n ro", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1 / /a\\0 rw - t n ro\n", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1 / /a\\000 rw - t n ro\n", -EBADMSG, 0, 0, 0, NULL },
	{ "7 1 0:1 / /a\\777 rw - t n ro\n", -EBADMSG, 0, 0, 0, NULL },
	{ "x 1 0:1 / /a rw - t n ro\n", -EBADMSG, 0, 0, 0, NULL },
	{ "99999999999999999999 1 0:1 / /a rw - t n ro\n", -EBADMSG, 0, 0, 0, NULL },
};

TEST(each_line)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct ns_reader reader = reader_of(lines[i].text);
		struct ns_mount mount;

		ASSERT_EQ(lines[i].result, ns_mount_next(&reader, &mount))
		{
			TH_LOG("row %zu", i);
		}
		close(reader.fd);
		if (lines[i].result <= 0)
			continue;
		EXPECT_EQ(lines[i].id, mount.id);
		EXPECT_EQ(lines[i].parent, mount.parent);
		EXPECT_EQ(lines[i].attr, mount.attr);
		EXPECT_STREQ(lines[i].path, mount.path);
	}
}

/* The type stands behind the optional fields, of which there may be none. */
TEST(types)
{
	static const char *const types[] = { "ext3", "cgroup2", "fuse.longer-tha", "-" };
	struct ns_reader reader =
		reader_of("1 1 0:1 / /a rw shared:1 master:2 - ext3 /dev/x rw\n"
			  "2 1 0:1 / /a rw - cgroup2 cgroup2 rw\n"
			  "3 1 0:1 / /a rw unbindable - fuse.longer-than-that x rw\n"
			  "4 1 0:1 / /a rw - - x rw\n"
			  "5 1 0:1 / /a rw shared:1\n");
	struct ns_mount mount;

	for (size_t i = 0; i < COUNT(types); i++) {
		ASSERT_EQ(1, ns_mount_next(&reader, &mount));
		EXPECT_STREQ(types[i], mount.type);
	}
	EXPECT_EQ(-EBADMSG, ns_mount_next(&reader, &mount));
	close(reader.fd);
}

/* More than one buffer: a root field of 16 KB, a path of 4095 escaped bytes, one too long. */
TEST(long_line)
{
	static char text[64 * 1024];
	struct ns_reader reader;
	struct ns_mount mount;

	strcpy(text, "7 1 0:1 /");
	memset(text + 9, 'x', 16 * 1024);
	strcpy(text + 9 + 16 * 1024, " ");
	for (size_t i = 0; i < NS_PATH_MAX; i++)
		strcat(text, "\\040");
	strcat(text, " ro - t n rw\n8 7 0:1 / /b rw - t n rw\n");
	reader = reader_of(text);
	ASSERT_EQ(1, ns_mount_next(&reader, &mount));
	EXPECT_EQ(NS_PATH_MAX, strlen(mount.path));
	EXPECT_EQ(MOUNT_ATTR_RDONLY, mount.attr);
	ASSERT_EQ(1, ns_mount_next(&reader, &mount));
	EXPECT_EQ(8, mount.id);
	EXPECT_EQ(0, ns_mount_next(&reader, &mount));
	close(reader.fd);

	strcpy(strstr(text, " ro - "), "y ro - t n rw\n");
	reader = reader_of(text);
	EXPECT_EQ(-ENAMETOOLONG, ns_mount_next(&reader, &mount));
	close(reader.fd);
}

TEST(numbers)
{
	char text[NS_NUMBER_MAX];

	EXPECT_STREQ("0", ns_number(text, 0, 10));
	EXPECT_STREQ("18446744073709551615", ns_number(text, UINT64_MAX, 10));
	EXPECT_STREQ("1777777777777777777777", ns_number(text, UINT64_MAX, 8));
	EXPECT_STREQ("755", ns_number(text, 0755, 8));
}

/* The kernel's own list, read by us and counted by lines. */
TEST(of_this_process)
{
	static char text[1 << 20];
	struct ns_reader reader = { .fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) };
	struct ns_mount mount;
	int lines_read = 0, newlines = 0, result;

	read_mounts(text, sizeof(text));
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		newlines++;
	while ((result = ns_mount_next(&reader, &mount)) > 0)
		lines_read++;
	EXPECT_EQ(0, result);
	EXPECT_EQ(newlines, lines_read);
	close(reader.fd);
}

TEST_HARNESS_MAIN
