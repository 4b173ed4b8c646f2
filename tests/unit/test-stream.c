/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

static const struct stream_limits limits = {
	.message_max = 1 << 20, .queue_max = 1 << 20, .fds_max = 8
};

/* A stream and the plain socket at its other end. */
struct pair {
	struct stream *s;
	int fd;
};

static void pair_init(struct pair *p)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(stream_new(&p->s, fds[0], &limits), 0);
	p->fd = fds[1];
}

static void pair_deinit(struct pair *p)
{
	stream_free(p->s);
	close_fd(&p->fd);
}

static void feed(const struct pair *p, const char *bytes, size_t n)
{
	assert_int_equal(send(p->fd, bytes, n, MSG_NOSIGNAL), n);
}

static int read_all(struct stream *s)
{
	int r;

	do {
		r = stream_read(s);
	} while (r > 0);
	return r;
}

static void expect(struct pair *p, const char *text)
{
	_cleanup_(message_deinit) struct message m = { 0 };

	assert_int_equal(read_all(p->s), 0);
	assert_int_equal(stream_next(p->s, &m), 1);
	assert_int_equal(m.n, strlen(text));
	assert_string_equal(m.text, text);
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++) {
		n += fcntl(fd, F_GETFD) >= 0;
	}
	return n;
}

static void test_framing(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	struct message m;

	(void)state;
	pair_init(&p);
	assert_int_equal(stream_read(p.s), 0);
	assert_int_equal(stream_buffered(p.s), 0);
	feed(&p, "one\0two\0\0thr", 12);
	assert_int_equal(stream_wants(p.s), POLLIN);
	assert_int_equal(stream_read(p.s), 1);
	assert_int_equal(stream_wants(p.s), 0);
	assert_int_equal(stream_read(p.s), 0);
	expect(&p, "one");
	expect(&p, "two");
	expect(&p, "");
	assert_int_equal(read_all(p.s), 0);
	assert_int_equal(stream_next(p.s, &m), 0);
	assert_true(stream_is_partial(p.s));
	feed(&p, "ee", 3);
	expect(&p, "three");
	assert_false(stream_is_partial(p.s));
	assert_int_equal(stream_buffered(p.s), 0);
	shutdown(p.fd, SHUT_WR);
	assert_int_equal(stream_read(p.s), -EPIPE);
	assert_int_equal(stream_read(p.s), -EPIPE);
}

static void test_end_inside_a_message(void **state)
{
	_cleanup_(pair_deinit) struct pair p;

	(void)state;
	pair_init(&p);
	feed(&p, "half", 4);
	shutdown(p.fd, SHUT_WR);
	assert_int_equal(read_all(p.s), -ECONNRESET);
	assert_int_equal(stream_buffered(p.s), 0);
}

/* Nothing behind a message is taken from the socket. */
static void test_no_read_ahead(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_close_ int fd = -1;
	char rest[8];

	(void)state;
	pair_init(&p);
	feed(&p, "upgrade\0raw", 11);
	expect(&p, "upgrade");
	fd = stream_steal_fd(p.s);
	assert_int_equal(recv(fd, rest, sizeof(rest), MSG_DONTWAIT), 3);
	assert_memory_equal(rest, "raw", 3);
}

static void test_message_max(void **state)
{
	_cleanup_free_ char *text = malloc(limits.message_max + 2);
	struct message m;

	(void)state;
	memset(text, 'x', limits.message_max + 1);
	for (size_t extra = 0; extra < 2; extra++) {
		_cleanup_(pair_deinit) struct pair p;
		size_t n = limits.message_max + extra, sent = 0;
		int r = 0;
		pair_init(&p);
		text[n] = '\0';
		while (r == 0 && sent <= n) {
			ssize_t k = send(p.fd, text + sent, n + 1 - sent, MSG_DONTWAIT);
			sent += k > 0 ? (size_t)k : 0;
			r = read_all(p.s);
		}
		assert_int_equal(r, extra ? -EMSGSIZE : 0);
		assert_int_equal(stream_next(p.s, &m), !extra);
		if (!extra) {
			assert_int_equal(m.n, limits.message_max);
			message_deinit(&m);
		}
		text[n] = 'x';
	}
}

/* The kernel returns a plain chunk and a chunk with descriptors behind it together, when asked for
 * enough bytes: every descriptor still comes with its message. */
static void test_fds_stay_with_their_message(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_close_ int fd = open_null();
	static const int n_fds[] = { 0, 0, 1, 0, 2, 1, 0 };
	int pair_fds[2] = { fd, fd }, before;

	(void)state;
	pair_init(&p);
	before = count_fds();
	for (size_t i = 0; i < ELEMENTSOF(n_fds); i++) {
		assert_int_equal(fd_send(p.fd, "text", 5, pair_fds, (size_t)n_fds[i], 0), 5);
	}
	for (size_t i = 0; i < ELEMENTSOF(n_fds); i++) {
		_cleanup_(message_deinit) struct message m = { 0 };
		assert_int_equal(stream_read(p.s), 1);
		assert_int_equal(stream_next(p.s, &m), 1);
		assert_int_equal(m.n_fds, n_fds[i]);
		assert_false(m.fds_lost);
		for (size_t k = 0; k < m.n_fds; k++) {
			assert_true(fcntl(m.fds[k], F_GETFD) & FD_CLOEXEC);
		}
	}
	assert_int_equal(count_fds(), before);
}

static void test_fds_inside_a_message_break_it(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_close_ int fd = open_null();
	int before;

	(void)state;
	pair_init(&p);
	before = count_fds();
	feed(&p, "te", 2);
	assert_int_equal(read_all(p.s), 0);
	assert_int_equal(fd_send(p.fd, "xt", 3, &fd, 1, 0), 3);
	assert_int_equal(read_all(p.s), -EBADMSG);
	assert_int_equal(count_fds(), before);
}

static void test_too_many_fds_are_lost(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_(message_deinit) struct message m = { 0 };
	_cleanup_close_ int fd = open_null();
	int fds[9], before;

	(void)state;
	pair_init(&p);
	for (size_t i = 0; i < 9; i++) {
		fds[i] = fd;
	}
	before = count_fds();
	assert_int_equal(fd_send(p.fd, "text", 5, fds, 9, 0), 5);
	assert_int_equal(stream_read(p.s), 1);
	assert_int_equal(stream_next(p.s, &m), 1);
	assert_true(m.fds_lost);
	assert_int_equal(m.n_fds, 0);
	assert_string_equal(m.text, "text");
	assert_int_equal(count_fds(), before);
}

/* At the limit of open files the message arrives, its descriptors do not. */
static void test_file_limit(void **state)
{
	struct pair p;
	struct message m;
	struct rlimit old, low;
	int fds[4], top;

	(void)state;
	pair_init(&p);
	for (size_t i = 0; i < 4; i++) {
		fds[i] = open_null();
	}
	assert_int_equal(fd_send(p.fd, "text", 5, fds, 4, 0), 5);
	fd_close_many(fds, 4);
	top = open_null();
	close(top);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)top + 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(stream_read(p.s), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(stream_next(p.s, &m), 1);
	assert_string_equal(m.text, "text");
	/* All of them: valgrind keeps the limit to itself. Some of them would be wrong. */
	assert_true(m.n_fds == 4 || (m.n_fds == 0 && m.fds_lost));
	message_deinit(&m);
	pair_deinit(&p);
}

static void queue(struct pair *p, const char *text, int fd)
{
	struct message m = { .text = strdup(text), .n = strlen(text) };

	if (fd >= 0) {
		m.fds = malloc(sizeof(int));
		m.fds[0] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		m.n_fds = 1;
	}
	assert_int_equal(stream_send(p->s, &m), 0);
	assert_null(m.text);
}

/* A reader that takes all it can get, as most do, still finds the descriptor at the first byte of
 * its message: the sender keeps such a message apart. */
static void test_sending(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_close_ int fd = open_null();
	char bytes[64];
	int fds[4];
	size_t n_fds;

	(void)state;
	pair_init(&p);
	queue(&p, "a", -1);
	queue(&p, "b", -1);
	queue(&p, "c", fd);
	queue(&p, "d", -1);
	assert_int_equal(stream_wants(p.s), POLLIN | POLLOUT);
	assert_int_equal(stream_flush(p.s), 1);
	assert_int_equal(fd_recv(p.fd, bytes, sizeof(bytes), fds, 4, &n_fds, 0), 4);
	assert_memory_equal(bytes, "a\0b", 4);
	assert_int_equal(n_fds, 0);
	assert_int_equal(stream_flush(p.s), 1);
	assert_int_equal(stream_flush(p.s), 1);
	assert_int_equal(stream_flush(p.s), 0);
	assert_int_equal(fd_recv(p.fd, bytes, sizeof(bytes), fds, 4, &n_fds, 0), 2);
	assert_memory_equal(bytes, "c", 2);
	assert_int_equal(n_fds, 1);
	close(fds[0]);
	assert_int_equal(fd_recv(p.fd, bytes, sizeof(bytes), fds, 4, &n_fds, 0), 2);
	assert_memory_equal(bytes, "d", 2);
	assert_int_equal(n_fds, 0);
	assert_int_equal(stream_buffered(p.s), 0);
}

static void test_partial_sends(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_free_ char *all = malloc(600000);
	size_t got = 0, total = 0;
	int size = 4096;

	(void)state;
	pair_init(&p);
	setsockopt(stream_fd(p.s), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (char c = 'a'; c < 'f'; c++) {
		_cleanup_free_ char *text = malloc(100001);
		memset(text, c, 100000);
		text[100000] = '\0';
		queue(&p, text, -1);
		total += 100001;
	}
	while (got < total) {
		ssize_t k;
		assert_true(stream_flush(p.s) >= 0);
		k = recv(p.fd, all + got, 600000 - got, MSG_DONTWAIT);
		got += k > 0 ? (size_t)k : 0;
	}
	assert_int_equal(stream_flush(p.s), 0);
	for (size_t i = 0; i < total; i++) {
		char want = i % 100001 == 100000 ? '\0' : (char)('a' + i / 100001);
		assert_int_equal(all[i], want);
	}
}

static void test_what_cannot_be_sent(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	struct message m = { .text = calloc(1, 8), .n = 5 };
	int before = 0;

	(void)state;
	pair_init(&p);
	before = count_fds();
	assert_int_equal(stream_send(p.s, &m), -EINVAL);
	assert_null(m.text);
	m = (struct message){ .text = malloc(limits.queue_max + 1), .n = limits.queue_max };
	memset(m.text, 'x', limits.queue_max);
	m.fds = malloc(sizeof(int));
	m.fds[0] = open_null();
	m.n_fds = 1;
	assert_int_equal(stream_send(p.s, &m), -EMSGSIZE);
	/* Consumed, with its descriptor. */
	assert_null(m.text);
	assert_int_equal(count_fds(), before);
	close_fd(&p.fd);
	queue(&p, "text", -1);
	assert_int_equal(stream_flush(p.s), -EPIPE);
	assert_int_equal(stream_wants(p.s) & POLLOUT, 0);
}

/* Freeing a stream with everything half done closes and frees it all (a sanitizer looks). */
static void test_free_in_the_middle(void **state)
{
	struct pair p;
	int before = count_fds(), fd = open_null();

	(void)state;
	pair_init(&p);
	assert_int_equal(fd_send(p.fd, "te", 2, &fd, 1, 0), 2);
	assert_int_equal(read_all(p.s), 0);
	queue(&p, "out", fd);
	close(fd);
	pair_deinit(&p);
	assert_int_equal(count_fds(), before);
}

/* The linker sends every malloc() and free() of this binary here (--wrap). */
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void __real_free(void *p);
size_t malloc_usable_size(void *p); /* glibc and musl have it; no header we may use does */
void __wrap_free(void *p);
static unsigned n_freed, n_with_secret;
static bool watch_frees;

/* What is looked at when it is freed was written at least once, as valgrind wants it. */
void *__wrap_malloc(size_t n)
{
	void *p = __real_malloc(n);

	return p ? memset(p, 0, malloc_usable_size(p)) : NULL;
}

void __wrap_free(void *p)
{
	if (watch_frees && p) {
		n_freed++;
		n_with_secret += memmem(p, malloc_usable_size(p), "SSSS", 4) != NULL;
	}
	__real_free(p);
}

/* No buffer is given back to the allocator with bytes of a sensitive message in it: neither those
 * it outgrew, nor what was only looked at, nor the message itself. */
static void test_sensitive(void **state)
{
	_cleanup_free_ char *text = malloc(20000);
	struct message m;
	struct pair p;

	(void)state;
	memset(text, 'S', 20000);
	watch_frees = true;
	for (int sensitive = 0; sensitive < 2; sensitive++) {
		pair_init(&p);
		if (sensitive) {
			stream_set_sensitive(p.s);
		}
		n_freed = n_with_secret = 0;
		for (int i = 0; i < 4; i++) {
			feed(&p, text, 5000);
			assert_int_equal(read_all(p.s), 0);
		}
		feed(&p, "\0SSSSSSSSSSSSSSSS\0SSSSSSSSSSSS", 30);
		assert_int_equal(read_all(p.s), 0);
		assert_int_equal(stream_next(p.s, &m), 1);
		assert_int_equal(m.sensitive, sensitive);
		assert_int_equal(m.n, 20000);
		message_deinit(&m);
		assert_int_equal(read_all(p.s), 0);
		assert_int_equal(stream_next(p.s, &m), 1);
		m.sensitive = sensitive;
		assert_int_equal(stream_send(p.s, &m), 0);
		assert_int_equal(stream_flush(p.s), 1);
		assert_int_equal(read_all(p.s), 0);
		pair_deinit(&p);
		assert_true(n_freed > 4);
		/* Else this test would see nothing in any case. */
		assert_int_equal(n_with_secret == 0, sensitive);
	}
	watch_frees = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_end_inside_a_message),
		cmocka_unit_test(test_no_read_ahead),
		cmocka_unit_test(test_message_max),
		cmocka_unit_test(test_fds_stay_with_their_message),
		cmocka_unit_test(test_fds_inside_a_message_break_it),
		cmocka_unit_test(test_too_many_fds_are_lost),
		cmocka_unit_test(test_file_limit),
		cmocka_unit_test(test_sending),
		cmocka_unit_test(test_partial_sends),
		cmocka_unit_test(test_what_cannot_be_sent),
		cmocka_unit_test(test_free_in_the_middle),
		cmocka_unit_test(test_sensitive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
