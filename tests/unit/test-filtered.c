/* SPDX-License-Identifier: Apache-2.0 */
/* Programs under the filter: what they do every day works, other architectures and threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/filter.h"
#include "tests/unit/kernel-test.h"

#ifdef __x86_64__
static long op_i386(void)
{
	long r = 20; /* getpid there */

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "cc", "r8", "r9", "r10", "r11");
	return r;
}

static long op_x32(void)
{
	return syscall(0x40000000 | SYS_getpid);
}

static void test_foreign_architectures(void **state)
{
	struct filter *f = filter_for(&(struct filter_shape){ 0 });
	struct filtered a = { .op = op_i386 };
	int native = in_child(true, filtered_body, &a);

	(void)state;
	if (native != 0) {
		print_message("no 32-bit system calls here (%d)\n", native);
	}
	a.filter = f;
	/* Without IA-32 emulation the instruction itself is the fault. */
	assert_int_equal(in_child(true, filtered_body, &a), 256 + (native ? SIGSEGV : SIGSYS));
	a.op = op_x32;
	assert_int_equal(in_child(true, filtered_body, &a), 256 + SIGSYS);
	free(f);
}
#endif

static long op_unreviewed(void)
{
	return syscall(999);
}

static void test_unreviewed(void **state)
{
	struct filter *f = filter_for(&(struct filter_shape){ 0 });
	struct filtered a = { .op = op_unreviewed, .filter = f };

	(void)state;
	assert_int_equal(in_child(true, filtered_body, &a), ENOSYS);
	free(f);
}

static void *nothing(void *arg)
{
	return arg;
}

/* What every program does: threads, children of all kinds, limits of its own. */
static long op_ordinary(void)
{
	struct rlimit limit;
	char name[] = "true";
	char *argv[] = { name, NULL };
	pthread_t thread;
	int status, fds[2];
	pid_t pid;

	if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0) {
		return -1;
	}
	if (posix_spawnp(&pid, "true", NULL, NULL, argv, NULL) != 0 ||
		waitpid(pid, &status, 0) != pid || status != 0) {
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		return -1;
	}
	if (getrlimit(RLIMIT_CORE, &limit) < 0 || setrlimit(RLIMIT_CORE, &limit) < 0 ||
		prlimit(getppid(), RLIMIT_CORE, NULL, &limit) < 0) {
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		return -1;
	}
	return chmod("file", 0755) < 0 || mkdir("d", 0755) < 0 || chmod("d", 01777) < 0 ? -1 : 0;
}

static void test_ordinary_programs(void **state)
{
	struct filter *f = filter_for(&(struct filter_shape){ .network_blocked = true });
	struct filtered a = { .op = op_ordinary, .filter = f };

	(void)state;
	assert_int_equal(in_child(true, filtered_in_place, &a), 0);
	assert_int_equal(in_child(false, filtered_in_place, &a), 0);
	free(f);
}

static atomic_bool stop;

static void *wait_for_stop(void *arg)
{
	int *result = arg;

	while (!stop) {
		usleep(1000);
	}
	*result = socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0;
	return NULL;
}

static long op_nothing(void)
{
	return 0;
}

/* The filter reaches the threads that are there already. */
static int threads_body(void *arg)
{
	const struct filter *f = arg;
	pthread_t thread;
	int result = 0;

	pthread_create(&thread, NULL, wait_for_stop, &result);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (filter_install(f, true) != 0) {
		return 200;
	}
	stop = true;
	pthread_join(thread, NULL);
	return result;
}

/* A thread with a filter of its own cannot follow. */
static void *own_filter(void *arg)
{
	struct filtered a = { .op = op_nothing, .filter = arg };

	filtered_body(&a);
	stop = true;
	while (stop) {
		pause();
	}
	return NULL;
}

static int diverged_body(void *arg)
{
	pthread_t thread;

	stop = false;
	pthread_create(&thread, NULL, own_filter, arg);
	while (!stop) {
		usleep(1000);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return -filter_install(arg, true);
}

static void test_threads(void **state)
{
	struct filter *f = filter_for(&(struct filter_shape){ 0 });

	(void)state;
	assert_int_equal(in_child(true, threads_body, f), EACCES);
	assert_int_equal(in_child(true, diverged_body, f), ESRCH);
	free(f);
}

static int without_nnp_body(void *arg)
{
	return -filter_install(arg, false);
}

static void test_needs_no_new_privs(void **state)
{
	struct filter *f = filter_for(&(struct filter_shape){ 0 });

	(void)state;
	assert_int_equal(in_child(true, without_nnp_body, f), EACCES);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(test_foreign_architectures),
#endif
		cmocka_unit_test(test_unreviewed),
		cmocka_unit_test(test_ordinary_programs),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_needs_no_new_privs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
