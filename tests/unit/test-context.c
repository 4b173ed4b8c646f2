/* SPDX-License-Identifier: Apache-2.0 */
/* Caller context: each attribute on its own, on real processes. */
#include <errno.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/context.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

static struct context own;
static struct plan_caller own_limits;
static struct nono_error err;

static int setup(void **state)
{
	_cleanup_close_ int proc_fd = proc_open(getpid());

	(void)state;
	if (context_read(&own, getpid(), proc_fd, NULL, NULL, &err) < 0) {
		return -1;
	}
	return context_read_caller(&own_limits, getpid(), proc_fd, &own.status, true, &err);
}

/* Reads a child that changed itself with act(), which returns false when it could not. caller may
 * be NULL. */
static bool read_child(bool (*act)(void), struct context *context, struct plan_caller *caller)
{
	_cleanup_close_ int proc_fd = -1;
	int pair[2], r;
	char c = 0;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(pair[0]);
		c = act() ? 'y' : 'n';
		if (write(pair[1], &c, 1) != 1 || read(pair[1], &c, 1) < 0) {
			_exit(1);
		}
		_exit(0);
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], &c, 1), 1);
	if (c == 'y') {
		proc_fd = proc_open(pid);
		assert_true(proc_fd >= 0);
		r = context_read(context, pid, proc_fd, NULL, &own, &err);
		if (r == 0 && caller) {
			r = context_read_caller(caller, pid, proc_fd, &context->status, true, &err);
		}
		if (r < 0) {
			fail_msg("%s", err.message);
		}
	}
	close(pair[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return c == 'y';
}

static void assert_differs(bool (*act)(void), const char *attribute)
{
	struct context context;
	const char *difference;

	if (!read_child(act, &context, NULL)) {
		if (getenv("NONO_MUST_WORK") && geteuid() == 0) {
			fail_msg("cannot change the %s here", attribute);
		}
		print_message("[ not here ] %s\n", attribute);
		return;
	}
	difference = context_difference(&own, &context);
	assert_non_null(difference);
	assert_string_equal(difference, attribute);
	assert_non_null(context_difference(&context, &own));
}

static bool do_nothing(void)
{
	return true;
}

static void test_equal(void **state)
{
	struct context context;
	struct plan_caller caller;

	(void)state;
	assert_true(read_child(do_nothing, &context, &caller));
	assert_null(context_difference(&own, &context));
	assert_null(context_excess(&caller, &own_limits));
	assert_int_equal(caller.cpu_bytes, own_limits.cpu_bytes);
	assert_memory_equal(caller.cpus, own_limits.cpus, caller.cpu_bytes);
	assert_int_equal(caller.nice, getpriority(PRIO_PROCESS, 0));
	assert_int_equal(caller.oom_score_adj, own_limits.oom_score_adj);
}

static bool change_uid(void)
{
	return getuid() != 65534 && setresuid(65534, 65534, 65534) == 0 &&
	       prctl(PR_SET_DUMPABLE, 1) == 0;
}
static bool change_gid(void)
{
	return getgid() != 65534 && setresgid(65534, 65534, 65534) == 0 &&
	       prctl(PR_SET_DUMPABLE, 1) == 0;
}
static bool change_groups(void)
{
	gid_t g[] = { 4242, 4243 };

	return setgroups(2, g) == 0;
}
static bool change_net(void)
{
	return unshare(CLONE_NEWNET) == 0;
}
static bool change_mount(void)
{
	return unshare(CLONE_NEWNS) == 0;
}
static bool change_user(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}
static bool change_ipc(void)
{
	return unshare(CLONE_NEWIPC) == 0;
}
static bool change_uts(void)
{
	return unshare(CLONE_NEWUTS) == 0;
}
static bool change_cgroup(void)
{
	return unshare(CLONE_NEWCGROUP) == 0;
}
static bool change_pid(void)
{
	return unshare(CLONE_NEWPID) == 0;
}
static bool change_root(void)
{
	return chroot("/usr") == 0;
}
static bool change_scheduler(void)
{
	return sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 }) == 0;
}

static void test_differs(void **state)
{
	(void)state;
	assert_differs(change_uid, "user ids");
	assert_differs(change_gid, "group ids");
	assert_differs(change_groups, "supplementary groups");
	assert_differs(change_net, "network namespace");
	assert_differs(change_mount, "mount namespace");
	assert_differs(change_ipc, "ipc namespace");
	assert_differs(change_uts, "uts namespace");
	assert_differs(change_cgroup, "cgroup namespace");
	assert_differs(change_pid, "pid namespace of children");
	assert_differs(change_root, "root directory");
	assert_differs(change_scheduler, "scheduling policy");
}

/* Ids look different from inside, but it is the namespace that must be noticed. */
static void test_user_namespace(void **state)
{
	struct context context;

	(void)state;
	if (!read_child(change_user, &context, NULL)) {
		skip();
	}
	assert_non_null(context_difference(&own, &context));
	assert_string_not_equal(own.namespaces[0], context.namespaces[0]);
}

static void test_label(void **state)
{
	struct context other = own;

	(void)state;
	snprintf(other.label, sizeof(other.label), "somebody_else");
	assert_string_equal(context_difference(&own, &other), "security label");
}

static bool change_carried(void)
{
	struct rlimit files = { 100, 200 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	umask(0026);
	return setrlimit(RLIMIT_NOFILE, &files) == 0 && setpriority(PRIO_PROCESS, 0, 19) == 0 &&
	       sched_setaffinity(0, sizeof(one), &one) == 0 &&
	       syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		       IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) == 0;
}

static void test_carried(void **state)
{
	struct context context;
	struct plan_caller caller;
	int cpus = 0;

	(void)state;
	assert_true(read_child(change_carried, &context, &caller));
	assert_null(context_difference(&own, &context));
	assert_null(context_excess(&caller, &own_limits));
	assert_int_equal(caller.rlimits[RLIMIT_NOFILE].rlim_cur, 100);
	assert_int_equal(caller.rlimits[RLIMIT_NOFILE].rlim_max, 200);
	assert_int_equal(caller.umask, 0026);
	assert_int_equal(caller.nice, 19);
	assert_int_equal(IOPRIO_PRIO_CLASS(caller.io_priority), IOPRIO_CLASS_IDLE);
	for (uint32_t i = 0; i < caller.cpu_bytes; i++) {
		cpus += __builtin_popcount(caller.cpus[i]);
	}
	assert_int_equal(cpus, 1);
}

static void test_excess(void **state)
{
	struct plan_caller caller = own_limits, limits = own_limits;

	(void)state;
	assert_null(context_excess(&caller, &limits));
	limits.rlimits[RLIMIT_NOFILE].rlim_max = 100;
	caller.rlimits[RLIMIT_NOFILE].rlim_max = 101;
	assert_string_equal(context_excess(&caller, &limits), "NOFILE limit");
	caller.rlimits[RLIMIT_NOFILE].rlim_max = 99;
	assert_null(context_excess(&caller, &limits));
	caller.rlimits[RLIMIT_NOFILE].rlim_max = RLIM_INFINITY;
	assert_string_equal(context_excess(&caller, &limits), "NOFILE limit");

	caller = limits;
	limits.rlimits[RLIMIT_NICE].rlim_cur = 0;
	limits.nice = 5;
	caller.nice = 4;
	assert_string_equal(context_excess(&caller, &limits), "nice value");
	caller.nice = 5;
	assert_null(context_excess(&caller, &limits));
	limits.rlimits[RLIMIT_NICE].rlim_cur = 20; /* down to nice 0 */
	caller = limits;
	caller.nice = 0;
	assert_null(context_excess(&caller, &limits));
	caller.nice = -1;
	assert_string_equal(context_excess(&caller, &limits), "nice value");
	limits.rlimits[RLIMIT_NICE].rlim_cur = RLIM_INFINITY;
	caller = limits;
	caller.nice = -20;
	assert_null(context_excess(&caller, &limits));

	caller = limits;
	caller.io_priority = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 0);
	assert_string_equal(context_excess(&caller, &limits), "I/O priority");
}

/* Raised, never lowered: a likelier victim is no privilege. */
static void test_clamp(void **state)
{
	struct plan_caller caller = own_limits, limits = own_limits;

	(void)state;
	limits.oom_score_adj = 200;
	caller.oom_score_adj = 0;
	context_clamp(&caller, &limits);
	assert_int_equal(caller.oom_score_adj, 200);
	caller.oom_score_adj = 500;
	context_clamp(&caller, &limits);
	assert_int_equal(caller.oom_score_adj, 500);
}

/* A process that cannot be looked into is an error, not an empty context. */
static void test_unreadable(void **state)
{
	_cleanup_close_ int proc_fd = -1;
	struct context context;

	(void)state;
	if (geteuid() == 0) {
		skip();
	}
	proc_fd = proc_open(1);
	assert_int_equal(context_read(&context, 1, proc_fd, NULL, &own, &err), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_excess),
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
