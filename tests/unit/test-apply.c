/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/confine.h"
#include "libcore/landlock.h"
#include "nono.h"
#include "tests/unit/kernel-test.h"

/* Bodies return the number of the line that went wrong, below 254. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition,                \
				strerror(errno));                                                  \
			return 253;                                                                \
		}                                                                                  \
	} while (0)

/* Where bodies work: they cannot clean up behind themselves. */
static char *scratch;

static void run_body(int (*body)(void *), void *arg, bool ordinary)
{
	int result;

	scratch = temp_dir();
	assert_int_equal(chmod(scratch, 0777), 0);
	result = in_child(ordinary, body, arg);
	remove_tree(scratch);
	assert_int_equal(result, 0);
}

static void check_in_child(int (*body)(void *), void *arg)
{
	run_body(body, arg, true);
	if (getuid() == 0) {
		run_body(body, arg, false);
	}
}

/* The first character of the line of /proc/self/status that starts with key. */
static char status_digit(const char *key)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256], digit = '?';

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':') {
			digit = line[strlen(key) + 2];
		}
	}
	if (f) {
		fclose(f);
	}
	return digit;
}

static int restricted_body(void *arg)
{
	char granted[64], other[64], path[80];
	struct nono_caps *caps;
	struct nono_error err;

	(void)arg;
	snprintf(granted, sizeof(granted), "%s/granted", scratch);
	snprintf(other, sizeof(other), "%s/other", scratch);
	CHECK(mkdir(granted, 0700) == 0 && mkdir(other, 0700) == 0);
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_path(caps, granted, NONO_READ_WRITE, &err) == 0);
	CHECK(nono_caps_allow_path(caps, "/proc", NONO_READ, &err) == 0);
	CHECK(nono_caps_block_network(caps, &err) == 0);
	CHECK(nono_caps_set_limit(caps, NONO_LIMIT_FILES, 50, &err) == 0);
	CHECK(nono_apply(caps, &err) == 0);
	CHECK(status_digit("NoNewPrivs") == '1' && status_digit("Seccomp") == '2');
	snprintf(path, sizeof(path), "%s/new", granted);
	CHECK(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
	snprintf(path, sizeof(path), "%s/new", other);
	CHECK(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0 && errno == EACCES);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES);
	CHECK(dup2(0, 50) < 0);
	/* It holds for children, and a second set can only take away. */
	nono_caps_free(caps);
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_path(caps, "/", NONO_READ_WRITE, &err) == 0);
	CHECK(nono_apply(caps, &err) == 0);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	nono_caps_free(caps);
	return 0;
}

static void test_restricts_itself(void **state)
{
	(void)state;
	check_in_child(restricted_body, NULL);
}

static int ports_body(void *arg)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1) };
	struct nono_caps *caps;
	struct nono_error err;
	int fd;

	(void)arg;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_tcp_connect(caps, 1, &err) == 0);
	CHECK(nono_apply(caps, &err) == 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Nobody listens on tcpmux: refused by the peer is granted by us. */
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
		(errno == ECONNREFUSED || errno == ENETUNREACH));
	address.sin_port = htons(2);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == EACCES);
	CHECK(listen(fd, 1) < 0 && errno == EACCES);
	CHECK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES);
	nono_caps_free(caps);
	return 0;
}

static void test_ports(void **state)
{
	(void)state;
	if (landlock_abi(NULL) < 4) {
		SKIP_BECAUSE("TCP ports need Landlock ABI 4\n");
	}
	check_in_child(ports_body, NULL);
}

static int refusal_body(void *arg)
{
	struct nono_caps *caps;
	struct nono_error err = { 0 };
	char dir[64];

	(void)arg;
	snprintf(dir, sizeof(dir), "%s/dir", scratch);
	CHECK(mkdir(dir, 0700) == 0);
	CHECK(nono_apply(NULL, &err) < 0 && err.code == NONO_INVALID);
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_localhost_port(caps, 80, &err) == 0);
	CHECK(nono_apply(caps, &err) < 0 && err.code == NONO_UNSUPPORTED);
	nono_caps_free(caps);
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_path(caps, dir, NONO_READ, &err) == 0);
	CHECK(rmdir(dir) == 0);
	CHECK(nono_apply(caps, &err) < 0 && err.code == NONO_PATH_NOT_FOUND);
	nono_caps_free(caps);
	/* Nothing has changed. */
	CHECK(status_digit("NoNewPrivs") == '0' && status_digit("Seccomp") == '0');
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	return 0;
}

static void test_refusals_change_nothing(void **state)
{
	(void)state;
	check_in_child(refusal_body, NULL);
}

static void *wait_for_ever(void *arg)
{
	for (;;) {
		pause();
	}
	return arg;
}

/* From ABI 8 on all threads are restricted; below it is refused. As root always. */
static int threads_body(void *arg)
{
	bool works = landlock_abi(NULL) >= 8 && getuid() != 0;
	struct nono_error err = { 0 };
	struct nono_caps *caps;
	pthread_t thread;

	(void)arg;
	CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	CHECK(nono_caps_new(&caps) == 0);
	if (works) {
		CHECK(nono_apply(caps, &err) == 0);
		return 0;
	}
	CHECK(nono_apply(caps, &err) == -EOPNOTSUPP && err.code == NONO_UNSUPPORTED);
	CHECK(strstr(err.message, "threads"));
	CHECK(status_digit("NoNewPrivs") == '0' && status_digit("Seccomp") == '0');
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	return 0;
}

static void test_threads(void **state)
{
	(void)state;
	check_in_child(threads_body, NULL);
}

static int privileges_body(void *arg)
{
	struct nono_caps *caps;
	struct nono_error err;

	(void)arg;
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_path(caps, "/", NONO_READ_WRITE, &err) == 0);
	CHECK(nono_apply(caps, &err) == 0);
	for (int cap = 0; cap < 40; cap++) {
		CHECK(prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0);
	}
	/* What root without capabilities may not. */
	CHECK(setgid(12345) < 0 && errno == EPERM);
	CHECK(sethostname("nono", 4) < 0 && errno == EPERM);
	return 0;
}

static void test_root_keeps_nothing(void **state)
{
	(void)state;
	if (getuid() != 0) {
		print_message("not root\n");
		skip();
	}
	run_body(privileges_body, NULL, false);
}

static int layers_body(void *arg)
{
	struct nono_error err = { 0 };
	struct nono_caps *caps;
	int r = 0, n = 0;

	(void)arg;
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_path(caps, "/", NONO_READ_WRITE, &err) == 0);
	while (r == 0 && n < 20) {
		r = nono_apply(caps, &err);
		n += r == 0;
	}
	CHECK(n == 16 && r == -E2BIG && err.code == NONO_SYSTEM);
	CHECK(strstr(err.message, "16") && strstr(err.message, "in part"));
	return 0;
}

static void test_seventeenth_layer(void **state)
{
	(void)state;
	check_in_child(layers_body, NULL);
}

/* What older kernels get, as far as it shows on a newer one. */
static int older_body(void *arg)
{
	int abi = *(int *)arg;
	struct confinement c = { .ruleset_fd = -1 };
	char path[64];
	struct nono_caps *caps;
	struct nono_error err;
	const char *what;

	snprintf(path, sizeof(path), "%s/file", scratch);
	CHECK(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
	CHECK(nono_caps_new(&caps) == 0);
	CHECK(nono_caps_allow_path(caps, "/proc", NONO_READ, &err) == 0);
	CHECK(nono_caps_block_network(caps, &err) == 0);
	CHECK(confinement_build(&c, caps, abi, &err) == 0);
	CHECK(confinement_enter(&c, false, &what) == 0);
	CHECK(truncate(path, 0) < 0 && errno == EACCES);
	CHECK(open(path, O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES);
	CHECK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES);
	confinement_deinit(&c);
	nono_caps_free(caps);
	return 0;
}

static void test_older_kernels(void **state)
{
	(void)state;
	for (int abi = 1; abi <= landlock_abi(NULL); abi++) {
		check_in_child(older_body, &abi);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restricts_itself),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_refusals_change_nothing),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_root_keeps_nothing),
		cmocka_unit_test(test_seventeenth_layer),
		cmocka_unit_test(test_older_kernels),
	};

	require_landlock(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
