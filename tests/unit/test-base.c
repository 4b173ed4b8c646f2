/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

static void test_buf_builds(void **state)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	char *taken;

	(void)state;
	buf_append_str(&b, "abc");
	buf_append_char(&b, 'd');
	buf_append(&b, NULL, 0);
	buf_printf(&b, "%d-%s", 42, "x");
	assert_int_equal(buf_error(&b), 0);
	assert_string_equal(b.data, "abcd42-x");
	buf_consume(&b, 4);
	assert_string_equal(b.data, "42-x");
	buf_consume(&b, 99);
	assert_int_equal(b.len, 0);
	buf_append(&b, "a\0b", 3);
	taken = buf_take(&b);
	assert_memory_equal(taken, "a\0b\0", 4);
	assert_null(b.data);
	free(taken);
	taken = buf_take(&b); /* an empty one is an empty string */
	assert_string_equal(taken, "");
	free(taken);
}

static void test_buf_grows(void **state)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		buf_append_char(&b, (char)('a' + i % 26));
	}
	assert_int_equal(b.len, 100000);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(b.data[i], 'a' + i % 26);
	}
	assert_int_equal(b.data[b.len], '\0');
}

static void test_buf_limit_sticks(void **state)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = 4 };

	(void)state;
	buf_append_str(&b, "1234");
	assert_int_equal(buf_error(&b), 0);
	buf_append_char(&b, '5');
	assert_int_equal(buf_error(&b), -E2BIG);
	buf_consume(&b, 4);
	buf_append_char(&b, 'x');
	assert_int_equal(buf_error(&b), -E2BIG);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -E2BIG);
	assert_null(buf_take(&b));
	/* buf_take() starts over, with the same limit. */
	assert_int_equal(buf_error(&b), 0);
	buf_printf(&b, "%s", "12345");
	assert_int_equal(buf_error(&b), -E2BIG);
	assert_int_equal(buf_reserve(&(struct buf){ 0 }, SIZE_MAX), -E2BIG);
}

static void test_error_codes(void **state)
{
	struct nono_error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, NONO_REFUSED, EPERM, "no %s", "way"), -EPERM);
	assert_int_equal(err.code, NONO_REFUSED);
	assert_int_equal(err.errnum, EPERM);
	assert_string_equal(err.message, "no way");
	assert_int_equal(error_wrap(&err, "try %d", 1), -EPERM);
	assert_string_equal(err.message, "try 1: no way");
	assert_int_equal(err.code, NONO_REFUSED);
	assert_int_equal(error_set(&err, NONO_INVALID, 0, "x"), -EINVAL);
	assert_int_equal(error_wrap(&err, "y"), -EINVAL);

	assert_int_equal(error_errno(&err, ENOENT, "open %s", "f"), -ENOENT);
	assert_int_equal(err.code, NONO_SYSTEM);
	assert_string_equal(err.message, "open f: No such file or directory");
	assert_int_equal(error_oom(&err), -ENOMEM);
	assert_int_equal(err.code, NONO_NO_MEMORY);

	assert_int_equal(error_set(NULL, NONO_REFUSED, EPERM, "x"), -EPERM);
	assert_int_equal(error_errno(NULL, ENOENT, "x"), -ENOENT);
	assert_int_equal(error_oom(NULL), -ENOMEM);
	assert_true(error_wrap(NULL, "x") < 0);
}

/* One line of UTF-8 that fits, whatever went in; a pipe takes it in one write. */
static void test_error_text(void **state)
{
	struct nono_error err = { 0 };
	char big[2000];

	(void)state;
	assert_true(sizeof(err) <= PIPE_BUF);
	error_set(&err, NONO_INVALID, 0, "a\nb\x1b[0m\x7f\xc2\x9b\xff\xc3\xa4");
	assert_string_equal(err.message, "a?b?[0m?\?\?\?\xc3\xa4");

	/* An odd start puts the cut into the middle of a character. */
	for (size_t i = 0; i + 1 < sizeof(big); i += 2) {
		memcpy(big + i, "\xc3\xa4", 2);
	}
	big[sizeof(big) - 1] = big[sizeof(big) - 2] = '\0';
	for (int odd = 0; odd < 2; odd++) {
		error_set(&err, NONO_INVALID, 0, "%s%s", odd ? "x" : "", big);
		assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
		assert_true(str_is_utf8(err.message, strlen(err.message)));
		error_wrap(&err, "%s", odd ? "abc" : "ab");
		assert_true(str_is_utf8(err.message, strlen(err.message)));
		assert_memory_equal(err.message, odd ? "abc: " : "ab: ", odd ? 5 : 4);
		error_errno(&err, ENOENT, "%s", big);
		assert_true(str_is_utf8(err.message, strlen(err.message)));
		error_wrap(&err, "%s", big);
		assert_true(str_is_utf8(err.message, strlen(err.message)));
	}
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "01", "00", "0x1", "1.0",
		"a", "18446744073709551616", "99999999999999999999" };
	uint64_t v = 7;

	(void)state;
	assert_int_equal(str_to_u64("0", &v), 0);
	assert_true(v == 0);
	assert_int_equal(str_to_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		v = 7;
		assert_int_equal(str_to_u64(bad[i], &v), i < 10 ? -EINVAL : -ERANGE);
		assert_true(v == 7);
	}
	assert_string_equal(str_after("group:x", "group:"), "x");
	assert_string_equal(str_after("group:", "group:"), "");
	assert_null(str_after("grou", "group:"));
}

static void test_utf8(void **state)
{
	static const struct {
		const char *s;
		size_t length; /* of the first character, 0 for none */
		uint32_t c;
	} cases[] = {
		{ "a", 1, 'a' }, { "\x7f", 1, 0x7f }, { "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff }, { "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff }, { "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff }, { "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 },             /* continuation without a start */
		{ "\xbf", 0, 0 },             /* the same */
		{ "\xc0\x80", 0, 0 },         /* overlong NUL */
		{ "\xc1\xbf", 0, 0 },         /* overlong */
		{ "\xe0\x9f\xbf", 0, 0 },     /* overlong */
		{ "\xf0\x8f\xbf\xbf", 0, 0 }, /* overlong */
		{ "\xed\xa0\x80", 0, 0 },     /* first surrogate */
		{ "\xed\xbf\xbf", 0, 0 },     /* last surrogate */
		{ "\xf4\x90\x80\x80", 0, 0 }, /* beyond Unicode */
		{ "\xf8\x88\x80\x80", 0, 0 }, /* five bytes */
		{ "\xfe", 0, 0 }, { "\xff", 0, 0 }, { "\xc3", 0, 0 }, /* cut */
		{ "\xe2\x82", 0, 0 },                                 /* cut */
		{ "\xf0\x9f\x98", 0, 0 },                             /* cut */
		{ "\xe2\x28\xa1", 0, 0 },                             /* second byte is none */
		{ "\xe2\x82\x28", 0, 0 },                             /* third byte is none */
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint32_t c = 0;
		size_t n = strlen(cases[i].s);
		assert_int_equal(str_utf8_char(cases[i].s, n, &c), cases[i].length);
		assert_int_equal(c, cases[i].c);
		assert_int_equal(str_is_utf8(cases[i].s, n), cases[i].length != 0);
		if (cases[i].length > 1) {
			assert_int_equal(str_utf8_char(cases[i].s, n - 1, &c), 0);
		}
	}
	assert_true(str_is_utf8("", 0));
	assert_true(str_is_utf8("a\0b", 3));
	assert_false(str_is_utf8("ok\xc3", 3));
}

static void test_array_grow(void **state)
{
	uint64_t *items = NULL;
	void *none = NULL;
	size_t n = 0;

	(void)state;
	for (; n < 1000; n++) {
		assert_int_equal(array_grow((void **)&items, n, sizeof(*items)), 0);
		items[n] = n;
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(items[i], i);
	}
	free(items);
	assert_int_equal(array_grow(&none, (size_t)1 << 62, 16), -ENOMEM);
	assert_null(none);
}

static void test_path_absolute(void **state)
{
	static const struct {
		const char *base, *path, *want;
	} cases[] = {
		{ "/a", "b", "/a/b" },
		{ "/a", "/b", "/b" },
		{ "/a", "", "/a" },
		{ "/", "", "/" },
		{ "/", "..", "/" },
		{ "/a/b", "../../../c", "/c" },
		{ "/a//b/", "./c/.//d/..", "/a/b/c" },
		{ "/a", "...", "/a/..." },
		{ "/a", "b..", "/a/b.." },
		{ "/a", ".b", "/a/.b" },
		{ "/a", "/", "/" },
		{ "/a", "//x//", "/x" },
		{ "/a", "b/../../..", "/" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_free_ char *got = path_absolute(cases[i].base, cases[i].path);
		assert_string_equal(got, cases[i].want);
	}
}

static void test_path_is_below(void **state)
{
	(void)state;
	assert_true(path_is_below("/a", "/a"));
	assert_true(path_is_below("/a/b", "/a"));
	assert_true(path_is_below("/a", "/"));
	assert_true(path_is_below("/", "/"));
	assert_false(path_is_below("/", "/a"));
	assert_false(path_is_below("/ab", "/a"));
	assert_false(path_is_below("/b/a", "/a"));
	/* What a caller that did not look may pass has an answer, too. */
	assert_false(path_is_below("", "/"));
	assert_false(path_is_below("a", "/"));
}

static void test_path_relate(void **state)
{
	static const struct {
		const char *a, *b;
		enum path_relation wanted;
	} cases[] = {
		{ "/", "/", PATH_BELOW },
		{ "/a", "/a", PATH_BELOW },
		{ "/a", "/", PATH_BELOW },
		{ "/", "/a", PATH_ABOVE },
		{ "/a/b", "/a", PATH_BELOW },
		{ "/a", "/a/b", PATH_ABOVE },
		{ "/ab", "/a", PATH_APART },
		{ "/a", "/ab", PATH_APART },
		{ "/a/b", "/a/c", PATH_APART },
		{ "/b", "/a", PATH_APART },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(path_relate(cases[i].a, cases[i].b), cases[i].wanted);
	}
}

static void test_visible_json(void **state)
{
	static const struct {
		const char *json, *shown;
	} cases[] = {
		{ "{\n  \"a\": \"\\u001b\\\\\"\n}", "{\n  \"a\": \"\\u001b\\\\\"\n}" },
		{ "\"\x7f\xc2\x9b\"", "\"\\u007f\\u009b\"" },
		{ "\"\xe2\x80\xaex\"", "\"\\u202ex\"" },
		{ "\"\xf3\xa0\x81\x81\"", "\"\\udb40\\udc41\"" },
		{ "\"\xc3\xa4\xf0\x9f\x99\x82\"", "\"\xc3\xa4\xf0\x9f\x99\x82\"" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct buf b = { 0 };
		visible_append_json(&b, cases[i].json, strlen(cases[i].json));
		assert_string_equal(b.data, cases[i].shown);
		buf_deinit(&b);
	}
}

static void test_visible(void **state)
{
	static const struct {
		const char *s, *want;
	} cases[] = {
		{ "plain \xc3\xa4 \xf0\x9f\x98\x80", "plain \xc3\xa4 \xf0\x9f\x98\x80" },
		{ "\x1b[2J\r\n\t\x7f", "\\x1b[2J\\x0d\\x0a\\x09\\x7f" }, { "\\x1b", "\\x5cx1b" },
		{ "\xff", "\\xff" }, { "\xc2\x9b", "\\xc2\\x9b" }, /* CSI in one character */
		{ "a\xe2\x80\xae-", "a\\xe2\\x80\\xae-" },         /* right-to-left override */
		{ "a\xe2\x80\x8b", "a\\xe2\\x80\\x8b" },           /* zero width space */
		{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },             /* byte order mark */
		{ "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },    /* tag letter */
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(buf_deinit) struct buf b = { 0 };
		visible_append(&b, cases[i].s);
		assert_string_equal(b.data, cases[i].want);
	}
}

static void test_sealed_memfd(void **state)
{
	_cleanup_close_ int fd = fd_memfd_sealed("test", "hello", 5), open_fd = -1;
	const void *p = NULL;
	size_t n = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(fd_is_sealed(fd));
	assert_true(pwrite(fd, "J", 1, 0) < 0);
	assert_int_equal(ftruncate(fd, 4), -1);
	assert_int_equal(ftruncate(fd, 6), -1);
	assert_int_equal(fd_map_sealed(fd, 5, &p, &n), 0);
	assert_int_equal(n, 5);
	assert_memory_equal(p, "hello", 5);
	munmap((void *)p, n);
	assert_int_equal(fd_map_sealed(fd, 4, &p, &n), -EMSGSIZE);

	open_fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(open_fd >= 0);
	assert_int_equal(fd_write_full(open_fd, "x", 1), 0);
	assert_int_equal(fd_map_sealed(open_fd, 5, &p, &n), -EPERM);
	/* Sealed against writing but not against shrinking: reading it could be fatal. */
	assert_int_equal(fcntl(open_fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_false(fd_is_sealed(open_fd));
	assert_int_equal(fd_map_sealed(open_fd, 5, &p, &n), -EPERM);
	close_fd(&open_fd);
	open_fd = fd_memfd_sealed("empty", NULL, 0);
	assert_int_equal(fd_map_sealed(open_fd, 5, &p, &n), -EMSGSIZE);
	close_fd(&open_fd);
	open_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_false(fd_is_sealed(open_fd));
}

static void test_read_and_write(void **state)
{
	const char *f = scratch_file("f", "0123456789");
	char text[16];
	_cleanup_close_ int fd = -1;

	(void)state;
	assert_int_equal(fd_read_file_at(AT_FDCWD, f, text, sizeof(text)), 10);
	assert_string_equal(text, "0123456789");
	assert_int_equal(fd_read_file_at(AT_FDCWD, f, text, 11), 10);
	assert_int_equal(fd_read_file_at(AT_FDCWD, f, text, 10), -E2BIG);
	assert_int_equal(fd_read_file_at(AT_FDCWD, scratch_path("no"), text, 10), -ENOENT);
	fd = open(f, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_full(fd, text, 4), 4);
	assert_int_equal(fd_read_full(fd, text, sizeof(text)), 6);
	assert_int_equal(fd_read_full(fd, text, sizeof(text)), 0);
	assert_int_equal(fd_write_full(fd, "x", 1), -EBADF);
}

/* A reader that gets one byte at a time still gets all. */
static void test_pieces(void **state)
{
	char text[100000] = { 0 };
	int p[2];
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		memset(text, 'x', sizeof(text));
		/* More than a pipe holds: short writes happen. */
		_exit(fd_write_full(p[1], text, sizeof(text)) < 0);
	}
	close(p[1]);
	n = fd_read_full(p[0], text, sizeof(text));
	assert_int_equal(n, sizeof(text));
	assert_int_equal(text[sizeof(text) - 1], 'x');
	close(p[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static size_t count_fds(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 1024; fd++) {
		n += fcntl(fd, F_GETFD) >= 0;
	}
	return n;
}

static void test_passing_descriptors(void **state)
{
	int sock[2], fds[3] = { -1, -1, -1 }, got[3] = { -1, -1, -1 };
	size_t n = 99, before = count_fds();
	char text[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock), 0);
	for (int i = 0; i < 3; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	assert_int_equal(fd_send(sock[0], "abc", 3, fds, 3, 0), 3);
	assert_int_equal(fd_recv(sock[1], text, sizeof(text), got, 3, &n, 0), 3);
	assert_int_equal(n, 3);
	for (int i = 0; i < 3; i++) {
		assert_true(got[i] >= 0 && got[i] != fds[i]);
		assert_int_equal(fcntl(got[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
	fd_close_many(got, 3);
	assert_int_equal(got[1], -1);

	/* More than wanted: nothing is delivered and nothing leaks. */
	assert_int_equal(fd_send(sock[0], "abc", 3, fds, 3, 0), 3);
	assert_int_equal(fd_recv(sock[1], text, sizeof(text), got, 2, &n, 0), -EMSGSIZE);
	assert_int_equal(got[0], -1);
	assert_int_equal(fd_send(sock[0], "abc", 3, fds, 3, 0), 3);
	assert_int_equal(fd_recv(sock[1], text, sizeof(text), NULL, 0, &n, 0), -EMSGSIZE);

	assert_int_equal(fd_send(sock[0], "d", 1, NULL, 0, 0), 1);
	assert_int_equal(fd_recv(sock[1], text, sizeof(text), got, 3, &n, 0), 1);
	assert_int_equal(n, 0);
	assert_int_equal(fd_send(sock[0], "d", 1, fds, FD_PASS_MAX + 1, 0), -EINVAL);
	assert_int_equal(fd_recv(sock[1], text, 1, got, 3, &n, MSG_DONTWAIT), -EAGAIN);
	close(sock[0]);
	assert_int_equal(fd_recv(sock[1], text, 1, got, 3, &n, 0), 0);
	assert_int_equal(fd_send(sock[1], "x", 1, NULL, 0, 0), -EPIPE); /* and no SIGPIPE */
	close(sock[1]);
	fd_close_many(fds, 3);
	assert_int_equal(count_fds(), before);
}

static void test_cleanup_helpers(void **state)
{
	char *p = strdup("x"), *moved = TAKE_PTR(p);
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0), taken = take_fd(&fd);

	(void)state;
	assert_null(p);
	assert_string_equal(moved, "x");
	free(moved);
	assert_int_equal(fd, -1);
	close_fd(&taken);
	assert_int_equal(taken, -1);
	close_fd(&taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_builds),
		cmocka_unit_test(test_buf_grows),
		cmocka_unit_test(test_buf_limit_sticks),
		cmocka_unit_test(test_error_codes),
		cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_array_grow),
		cmocka_unit_test(test_path_absolute),
		cmocka_unit_test(test_path_is_below),
		cmocka_unit_test(test_path_relate),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_visible_json),
		cmocka_unit_test(test_sealed_memfd),
		cmocka_unit_test_setup_teardown(
			test_read_and_write, scratch_setup, scratch_teardown),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_passing_descriptors),
		cmocka_unit_test(test_cleanup_helpers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
