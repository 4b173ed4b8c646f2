/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

static int create(const char *const *argv, const char *const *envp, struct nono_error *err)
{
	return launch_create((char *const *)argv, (char *const *)envp, err);
}

static void round_trip(const char *const *argv, const char *const *envp)
{
	_cleanup_close_ int fd = create(argv, envp, NULL);
	struct launch l;
	size_t i;

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(launch_open(&l, fd, NULL), 0);
	for (i = 0; argv[i]; i++) {
		assert_string_equal(l.argv[i], argv[i]);
	}
	assert_null(l.argv[i]);
	for (i = 0; envp[i]; i++) {
		assert_string_equal(l.envp[i], envp[i]);
	}
	assert_null(l.envp[i]);
	launch_deinit(&l);
	launch_deinit(&l);
}

static void test_round_trip(void **state)
{
	const char *one[] = { "true", NULL }, *none[] = { NULL };
	const char *many[] = { "", "a b\n\xff\xfe", "--", "", NULL };
	const char *env[] = { "A=", "B=1=2", "\xff=\xff", "A=again", NULL };

	(void)state;
	round_trip(one, none);
	round_trip(many, env);
}

static void test_large(void **state)
{
	enum { N = 2 << 20 };
	_cleanup_free_ char *text = malloc(N + 1);
	const char *argv[] = { "cat", text, NULL }, *none[] = { NULL };

	(void)state;
	memset(text, 'x', N);
	text[N] = '\0';
	round_trip(argv, none);
}

static void test_refused_on_creation(void **state)
{
	_cleanup_free_ char *text = malloc(LAUNCH_SIZE_MAX + 1);
	const char *none[] = { NULL }, *one[] = { "true", NULL }, *large[] = { "true", text, NULL };
	const char *no_name[] = { "A=1", "=x", NULL }, *no_sign[] = { "A", NULL };
	struct nono_error err;

	(void)state;
	assert_int_equal(create(none, none, &err), -EINVAL);
	assert_int_equal(create(one, no_name, &err), -EINVAL);
	assert_int_equal(create(one, no_sign, &err), -EINVAL);
	memset(text, 'x', LAUNCH_SIZE_MAX);
	text[LAUNCH_SIZE_MAX] = '\0';
	assert_int_equal(create(large, none, &err), -E2BIG);
	assert_int_equal(err.code, NONO_LIMIT);
}

/* What was checked is what is used: nothing that can still change is accepted. */
static void test_unsealed(void **state)
{
	static const struct launch_header h = {
		.magic = LAUNCH_MAGIC, .n_args = 1, .args_size = 1
	};
	_cleanup_close_ int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct nono_error err;
	struct launch l;

	(void)state;
	assert_int_equal(fd_write_full(fd, &h, sizeof(h)), 0);
	assert_int_equal(fd_write_full(fd, "", 1), 0);
	assert_int_equal(launch_open(&l, fd, &err), -EPERM);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK), 0);
	assert_int_equal(launch_open(&l, fd, &err), -EPERM);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL), 0);
	assert_int_equal(launch_open(&l, fd, &err), 0);
	launch_deinit(&l);
	assert_int_equal(launch_open(&l, null, &err), -EPERM);
	assert_int_equal(launch_open(&l, -1, &err), -EPERM);
}

static void expect_malformed(const struct launch_header *h, const char *strings, size_t n)
{
	/* Exactly as large as it is, for sanitizers. */
	_cleanup_free_ char *bytes = malloc(sizeof(*h) + n);
	struct nono_error err;
	struct launch l;

	memcpy(bytes, h, sizeof(*h));
	if (n > 0) {
		memcpy(bytes + sizeof(*h), strings, n);
	}
	assert_int_equal(launch_parse(&l, bytes, sizeof(*h) + n, &err), -EBADMSG);
	assert_string_equal(err.message, "malformed launch data");
}

#define H(...) (&(struct launch_header){ .magic = LAUNCH_MAGIC, __VA_ARGS__ })

static void test_malformed(void **state)
{
	struct launch l;

	(void)state;
	assert_int_equal(launch_parse(&l, "", 0, NULL), -EBADMSG);
	assert_int_equal(launch_parse(&l, "12345678901234567890", 20, NULL), -EBADMSG);
	expect_malformed(&(struct launch_header){ .n_args = 1, .args_size = 1 }, "", 1);
	expect_malformed(H(.n_args = 0), "", 0);
	expect_malformed(H(.n_args = 1), "", 0);
	expect_malformed(H(.n_args = 2, .args_size = 1), "", 1);
	expect_malformed(H(.n_args = 1, .args_size = 2), "a\0", 1);
	expect_malformed(H(.n_args = 1, .args_size = 1), "a\0", 2);
	expect_malformed(H(.n_args = 1, .args_size = 2), "ab", 2);
	expect_malformed(H(.n_args = 1, .args_size = 4), "a\0b\0", 4);
	expect_malformed(H(.n_args = 2, .args_size = 4), "abc\0", 4);
	expect_malformed(H(.n_args = 1, .n_env = 1, .args_size = 2, .env_size = 2), "a\0b\0", 4);
	expect_malformed(H(.n_args = 1, .n_env = 1, .args_size = 2, .env_size = 3), "a\0=b\0", 5);
	/* The sum wraps around in 32 bits. */
	expect_malformed(H(.n_args = 1, .args_size = UINT32_MAX, .env_size = 3), "a\0", 2);
	expect_malformed(
		H(.n_args = UINT32_MAX, .n_env = UINT32_MAX, .args_size = 2, .env_size = 2),
		"a\0b\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_refused_on_creation),
		cmocka_unit_test(test_unsealed),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
