/* SPDX-License-Identifier: MIT */
/*
 * The loopback interface and the host name.
 */
#include "tests/ns/inside.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"

/* 0 or the errno of a connection to ourselves. */
static int connect_loopback(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (bind(server, (struct sockaddr *)&to, len) || listen(server, 1) ||
	    getsockname(server, (struct sockaddr *)&to, &len) ||
	    connect(client, (struct sockaddr *)&to, len))
		error = errno;
	close(server);
	close(client);
	return error;
}

static int loopback(void *arg)
{
	(void)arg;
	CHECK(connect_loopback() != 0);
	CHECK(ns_loopback_up() == 0);
	CHECK(connect_loopback() == 0);
	return 0;
}

TEST(loopback_up)
{
	struct inside how = { .uid = geteuid(), .flags = CLONE_NEWUSER | CLONE_NEWNET };

	EXPECT_EQ(0, inside(&how, loopback, NULL));
	how.uid = geteuid() ? geteuid() : ORDINARY;
	EXPECT_EQ(0, inside(&how, loopback, NULL));
}

static int host_loopback(void *arg)
{
	(void)arg;
	return ns_loopback_up() == -EPERM ? 0 : 1;
}

/* In the host's network namespace an ordinary user is refused, whatever the state of "lo". */
TEST(loopback_of_the_host)
{
	const struct inside how = { .uid = geteuid() ? geteuid() : ORDINARY };

	EXPECT_EQ(0, inside(&how, host_loopback, NULL));
}

#define NAME_64 "a234567890123456789012345678901234567890123456789012345678901234"
#define NAME_65 "a2345678901234567890123456789012345678901234567890123456789012345"

static int hostnames(void *arg)
{
	static const char *const good[] = { "a", "sandbox", "A-1.example.org", NAME_64 };
	static const char *const bad[] = { "",	       NAME_65,	   "a b", "a\n",
					   "a\033[2J", "\303\244", "a_b", "a/b" };
	struct utsname uts;

	(void)arg;
	for (size_t i = 0; i < COUNT(good); i++) {
		CHECK(ns_set_hostname(good[i]) == 0);
		CHECK(uname(&uts) == 0 && strcmp(uts.nodename, good[i]) == 0);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		CHECK(ns_set_hostname(bad[i]) == -EINVAL);
		CHECK(uname(&uts) == 0 && strcmp(uts.nodename, NAME_64) == 0);
	}
	return 0;
}

TEST(hostname)
{
	struct inside how = { .uid = geteuid(), .flags = CLONE_NEWUSER | CLONE_NEWUTS };
	struct utsname before, after;

	ASSERT_EQ(0, uname(&before));
	EXPECT_EQ(0, inside(&how, hostnames, NULL));
	ASSERT_EQ(0, uname(&after));
	EXPECT_STREQ(before.nodename, after.nodename);
}

TEST_HARNESS_MAIN
