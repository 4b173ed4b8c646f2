/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"

static void test_ourselves(void **state)
{
	_cleanup_(peer_deinit) struct peer p = { .pidfd = -1 };
	gid_t groups[1024];
	int fds[2], n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(peer_init(&p, fds[0], NULL), 0);
	assert_int_equal(p.pid, getpid());
	assert_int_equal(p.uid, geteuid());
	assert_int_equal(p.gid, getegid());
	n = getgroups(1024, groups);
	assert_int_equal(p.n_groups, n);
	for (int i = 0; i < n; i++) {
		assert_int_equal(p.groups[i], groups[i]);
	}
	if (p.pidfd >= 0) {
		assert_true(fcntl(p.pidfd, F_GETFD) & FD_CLOEXEC);
	}
	close(fds[0]);
	close(fds[1]);
}

static int listen_here(struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Autobind: an abstract name of the kernel's choice. */
	socklen_t size = sizeof(sa_family_t);

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	assert_int_equal(bind(fd, (struct sockaddr *)a, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* What counts is who connected, also when that process is gone or somebody else by now. */
static void test_a_child_that_left(void **state)
{
	_cleanup_(peer_deinit) struct peer p = { .pidfd = -1 };
	struct sockaddr_un a;
	int fd = listen_here(&a), accepted;
	socklen_t size = sizeof(a);
	pid_t pid;

	(void)state;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	pid = fork();
	if (pid == 0) {
		gid_t many[100];
		int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		for (size_t i = 0; i < ELEMENTSOF(many); i++) {
			many[i] = (gid_t)(5000 + i);
		}
		if (geteuid() == 0 &&
			(setgroups(100, many) < 0 || setgid(4001) < 0 || setuid(4000) < 0)) {
			_exit(1);
		}
		_exit(connect(s, (struct sockaddr *)&a, size) < 0);
	}
	accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	assert_int_equal(peer_init(&p, accepted, NULL), 0);
	assert_int_equal(waitpid(pid, &(int){ 0 }, 0), pid);
	assert_int_equal(p.pid, pid);
	if (geteuid() == 0) {
		/* More groups than fit at the first attempt. */
		assert_int_equal(p.n_groups, 100);
		assert_int_equal(p.groups[99], 5099);
		assert_int_equal(p.uid, 4000);
		assert_int_equal(p.gid, 4001);
	}
	if (p.pidfd >= 0) {
		struct pollfd poll_fd = { .fd = p.pidfd, .events = POLLIN };
		assert_int_equal(poll(&poll_fd, 1, 1000), 1);
	}
	close(accepted);
	close(fd);
}

static void test_no_peer(void **state)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct peer p = { .pidfd = -1 };
	struct nono_error err;

	(void)state;
	assert_int_equal(peer_init(&p, fd, &err), -ENOTSOCK);
	assert_int_equal(p.pidfd, -1);
	assert_null(p.groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ourselves),
		cmocka_unit_test(test_a_child_that_left),
		cmocka_unit_test(test_no_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
