/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every test runs inside a pid namespace of its own: a kill(-1) that is not confined must not
 * meet anybody else's process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/landlock.h"
#include "libcore/tree.h"
#include "tests/unit/kernel-test.h"

#define SKIPPED 77

/* Reached from inside with a line number, so that a failure says where. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition,                \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static int exit_status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid) {
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* First process of a new pid namespace with its own /proc. */
static void init_of_namespace(void (*body)(int), int abi)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("proc", "/proc", "proc", 0, NULL) < 0) {
		_exit(SKIPPED);
	}
	body(abi);
	_exit(0);
}

static void run_in_namespace(void (*body)(int), int abi)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (unshare((geteuid() ? CLONE_NEWUSER : 0) | CLONE_NEWPID | CLONE_NEWNS) < 0) {
			_exit(SKIPPED);
		}
		pid_t init = fork();
		if (init == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			init_of_namespace(body, abi);
		}
		_exit(exit_status_of(init));
	}
	status = exit_status_of(pid);
	if (status == SKIPPED) {
		SKIP_BECAUSE("no pid namespace here\n");
	}
	assert_int_equal(status, 0);
}

static int kernel_abi(void)
{
	return landlock_abi(NULL);
}

static void require_scopes(void)
{
	if (kernel_abi() < 6) {
		SKIP_BECAUSE("Landlock ABI 6 is not there\n");
	}
}

static size_t count_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir))) {
		n += isdigit((unsigned char)e->d_name[0]) != 0;
	}
	if (dir) {
		closedir(dir);
	}
	return n;
}

static pid_t start_outsider(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			pause();
		}
	}
	return pid;
}

/* Forks and leaves its session again and again, up to limit processes in all. */
static void storm(atomic_int *n, int limit)
{
	signal(SIGTERM, SIG_IGN);
	while (atomic_fetch_add(n, 1) < limit) {
		if (fork() == 0) {
			setsid();
			if (fork() > 0) {
				_exit(0); /* an orphan goes on */
			}
		}
		usleep(200);
	}
	for (;;) {
		pause();
	}
}

static void body_storm(int abi)
{
	int limit = abi >= 6 ? 1500 : 300;
	pid_t outsider = start_outsider(), keeper;
	atomic_int *n =
		mmap(NULL, sizeof(*n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	keeper = fork();
	if (keeper == 0) {
		struct tree tree;
		CHECK(tree_guard_enter(&tree, abi) == 0);
		CHECK(tree.scoped == (abi >= 6));
		for (int i = 0; i < 6; i++) {
			if (fork() == 0) {
				storm(n, limit);
			}
		}
		while (atomic_load(n) < limit / 2) {
			usleep(1000);
		}
		CHECK(tree_kill_all(&tree, 20000, 0, NULL) == 0);
		CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
		_exit(0);
	}
	CHECK(exit_status_of(keeper) == 0);
	CHECK(kill(outsider, 0) == 0);
	CHECK(waitpid(outsider, NULL, WNOHANG) == 0);
	CHECK(count_processes() == 2); /* this one and the outsider */
}

static void test_storm_scoped(void **state)
{
	(void)state;
	require_scopes();
	run_in_namespace(body_storm, kernel_abi());
}

static void test_storm_walked(void **state)
{
	(void)state;
	run_in_namespace(body_storm, 5);
}

/* What the keeper may not do to others any more, and what it still may do. */
static void body_confined(int abi)
{
	pid_t outsider = start_outsider(), keeper = fork();
	char dir[] = "/tmp/nono-tree-XXXXXX", from[64], to[64];

	if (keeper == 0) {
		struct tree tree;
		CHECK(tree_guard_enter(&tree, abi) == 0);
		CHECK(tree.scoped);
		CHECK(kill(outsider, SIGKILL) < 0 && errno == EPERM);
		pid_t child = start_outsider();
		CHECK(kill(child, 0) == 0);
		/* A layer that says nothing about REFER would answer EXDEV. */
		CHECK(mkdtemp(dir));
		snprintf(from, sizeof(from), "%s/a", dir);
		snprintf(to, sizeof(to), "%s/b", dir);
		CHECK(mkdir(from, 0700) == 0 && mkdir(to, 0700) == 0);
		snprintf(from, sizeof(from), "%s/a/x", dir);
		snprintf(to, sizeof(to), "%s/b/x", dir);
		CHECK(close(open(from, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
		CHECK(rename(from, to) == 0);
		CHECK(unlink(to) == 0);
		snprintf(to, sizeof(to), "%s/b", dir);
		snprintf(from, sizeof(from), "%s/a", dir);
		CHECK(rmdir(to) == 0 && rmdir(from) == 0 && rmdir(dir) == 0);
		CHECK(tree_kill_all(&tree, 5000, 0, NULL) == 0);
		_exit(0);
	}
	CHECK(exit_status_of(keeper) == 0);
	CHECK(waitpid(outsider, NULL, WNOHANG) == 0);
}

static void test_only_signals_are_confined(void **state)
{
	(void)state;
	require_scopes();
	run_in_namespace(body_confined, kernel_abi());
}

static void body_status(int abi)
{
	pid_t keeper = fork();

	if (keeper == 0) {
		struct tree tree;
		int status = -1;
		CHECK(tree_guard_enter(&tree, abi) == 0);
		pid_t killed = start_outsider();
		CHECK(tree_kill_all(&tree, 5000, killed, &status) == 0);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		pid_t exited = fork();
		if (exited == 0) {
			_exit(42);
		}
		siginfo_t info;
		CHECK(waitid(P_PID, (id_t)exited, &info, WEXITED | WNOWAIT) == 0);
		CHECK(tree_kill_all(&tree, 5000, exited, &status) == 0);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
		CHECK(tree_kill_all(&tree, 0, 0, NULL) == 0);
		_exit(0);
	}
	CHECK(exit_status_of(keeper) == 0);
}

static void test_status_of_the_command(void **state)
{
	(void)state;
	run_in_namespace(body_status, kernel_abi());
	run_in_namespace(body_status, 5);
}

/* The first process of a namespace has no parent to try the confinement on. */
static void body_unproven(int abi)
{
	struct tree tree;

	CHECK(getppid() == 0);
	CHECK(tree_guard_enter(&tree, abi) == 0);
	CHECK(!tree.scoped);
	start_outsider();
	CHECK(tree_kill_all(&tree, 5000, 0, NULL) == 0);
}

static void test_unproven_confinement_is_not_used(void **state)
{
	(void)state;
	run_in_namespace(body_unproven, kernel_abi());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm_scoped),
		cmocka_unit_test(test_storm_walked),
		cmocka_unit_test(test_only_signals_are_confined),
		cmocka_unit_test(test_status_of_the_command),
		cmocka_unit_test(test_unproven_confinement_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
