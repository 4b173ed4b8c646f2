/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: what is recognised as being inside a sandbox. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/access.h"
#include "libcore/base/cleanup.h"

static struct nono_error err;
static struct access self;

static int setup(void **state)
{
	(void)state;
	return access_init(&self, &err);
}

static const char sample[] = "Name:\tbash\nUmask:\t0027\nState:\tS (sleeping)\nTgid:\t7\n"
			     "PPid:\t42\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\n"
			     "Gid:\t100\t100\t100\t100\nFDSize:\t64\nGroups:\t24 100 1000 \n"
			     "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";

static void test_parse(void **state)
{
	struct proc_status s;
	char cut[sizeof(sample)], *groups;

	(void)state;
	assert_int_equal(proc_parse_status(&s, sample), 0);
	assert_string_equal(s.uids, "1000\t1000\t1000\t1000");
	assert_string_equal(s.groups, "24 100 1000 ");
	assert_int_equal(s.parent, 42);
	assert_int_equal(s.umask, 027);
	assert_int_equal(s.filters, 3);
	assert_true(s.no_new_privs);

	assert_int_equal(proc_parse_status(&s, ""), -EBADMSG);
	memcpy(cut, sample, sizeof(cut));
	*strstr(cut, "Seccomp_filters") = '\0';
	assert_int_equal(proc_parse_status(&s, cut), -EBADMSG);
	/* What a process calls itself does not become a line of its own. */
	assert_int_equal(proc_parse_status(&s, "Name:\tx\\nUid:\t0\n"), -EBADMSG);

	groups = test_malloc(20000);
	memset(groups, '7', 20000);
	memcpy(groups, "Groups:\t", 8);
	groups[19999] = '\0';
	assert_int_equal(proc_parse_status(&s, groups), -E2BIG);
	test_free(groups);
}

static void test_status(void **state)
{
	struct access me = { .filters = 1 };
	struct proc_status peer = { .filters = 1 };

	(void)state;
	assert_int_equal(access_check_status(&me, &peer, &err), 0);
	peer.filters = 2;
	assert_int_equal(access_check_status(&me, &peer, &err), -EPERM);
	peer = (struct proc_status){ .filters = 1, .no_new_privs = true };
	assert_int_equal(access_check_status(&me, &peer, &err), -EPERM);
	assert_non_null(strstr(err.message, "inside a sandbox"));
	/* In a container that sets it for everybody only filters tell. */
	me.no_new_privs = true;
	assert_int_equal(access_check_status(&me, &peer, &err), 0);
}

static void test_cgroup(void **state)
{
	(void)state;
	assert_int_equal(access_check_cgroup("0::/user.slice/app.slice/x.scope\n", &err), 0);
	assert_int_equal(access_check_cgroup("0::/a/nono-sessions.scope/s-1\n", &err), -EPERM);
	assert_int_equal(access_check_cgroup("1:cpu:/\n0::/nono-sessions.scope\n", &err), -EPERM);
	assert_int_equal(access_check_cgroup("0::/nono-sessions.scopes/a\n", &err), 0);
	assert_int_equal(access_check_cgroup("0::/my-nono-sessions.scope/a\n", &err), 0);
}

enum how { PLAIN, NO_NEW_PRIVS, FILTER, NAMED, GRANDCHILD_OF_NAMED };

static void become(enum how how)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	if (how == NO_NEW_PRIVS || how == FILTER) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	}
	if (how == FILTER) {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	}
	if (how == NAMED || how == GRANDCHILD_OF_NAMED) {
		prctl(PR_SET_NAME, "nono-session");
	}
	if (how == GRANDCHILD_OF_NAMED) {
		if (fork() > 0) {
			wait(NULL);
			_exit(0);
		}
		prctl(PR_SET_NAME, "innocent");
		setsid();
	}
}

/* Checks a child that connected to us; its socket is one of a pair it made. */
static int check_child(enum how how)
{
	int carry[2], status, r, proc_fd = -1;
	struct proc_status proc_status;
	struct peer peer = { .pidfd = -1 };
	char c = 0;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, carry), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(carry[0]);
		become(how);
		pid = getpid();
		/* Tell who we are, then stay until told to go. */
		if (write(carry[1], &pid, sizeof(pid)) != sizeof(pid) ||
			read(carry[1], &c, 1) < 0) {
			_exit(1);
		}
		_exit(0);
	}
	close(carry[1]);
	assert_int_equal(read(carry[0], &peer.pid, sizeof(peer.pid)), sizeof(peer.pid));
	peer.uid = geteuid();
	/* We are no supervisor of the child here, else every check would end at the chain. */
	self.pid = 0;
	r = access_check(&self, &peer, &proc_fd, &proc_status, &err);
	if (r == 0) {
		assert_true(proc_fd >= 0);
		close(proc_fd);
		self.pid = getpid();
		assert_int_equal(access_check(&self, &peer, &proc_fd, &proc_status, &err), -EPERM);
		assert_non_null(strstr(err.message, "descends from the supervisor"));
	}
	peer.uid++;
	assert_int_equal(access_check(&self, &peer, &proc_fd, &proc_status, &err), -EPERM);
	assert_non_null(strstr(err.message, "belongs to"));
	close(carry[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return r;
}

static void test_live(void **state)
{
	struct proc_status own;
	_cleanup_close_ int proc_fd = proc_open(getpid());
	char comm[16];

	(void)state;
	assert_int_equal(proc_read_status(&own, proc_fd), 0);
	assert_int_equal(own.parent, getppid());
	assert_int_equal(proc_parent(getpid(), comm), getppid());
	assert_string_equal(comm, "test-access");
	assert_int_equal(check_child(PLAIN), 0);
	assert_int_equal(check_child(FILTER), -EPERM);
	assert_int_equal(check_child(NAMED), 0); /* only what is above counts */
	assert_int_equal(check_child(GRANDCHILD_OF_NAMED), -EPERM);
	if (own.no_new_privs) {
		skip(); /* set for us already: it tells nothing */
	}
	assert_int_equal(check_child(NO_NEW_PRIVS), -EPERM);
}

static void test_gone(void **state)
{
	struct peer peer = { .pidfd = -1, .uid = geteuid() };
	struct proc_status status;
	int proc_fd;

	(void)state;
	peer.pid = fork();
	if (peer.pid == 0) {
		_exit(0);
	}
	assert_int_equal(waitpid(peer.pid, NULL, 0), peer.pid);
	assert_true(access_check(&self, &peer, &proc_fd, &status, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test_setup(test_live, setup),
		cmocka_unit_test_setup(test_gone, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
