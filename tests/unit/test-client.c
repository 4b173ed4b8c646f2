/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/client.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

/* A client and the plain socket the server would have. */
struct pair {
	struct vl_client *c;
	int fd;
};

static void pair_init(struct pair *p)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(vl_client_adopt(&p->c, fds[0]), 0);
	p->fd = fds[1];
}

static void pair_deinit(struct pair *p)
{
	vl_client_free(p->c);
	close_fd(&p->fd);
}

static void say(const struct pair *p, const char *text)
{
	assert_int_equal(send(p->fd, text, strlen(text) + 1, MSG_NOSIGNAL), strlen(text) + 1);
}

static void test_what_is_sent(void **state)
{
	static const struct {
		const char *method, *parameters, *expected;
		unsigned flags;
	} cases[] = {
		{ "a.b.C", NULL, "{\"method\":\"a.b.C\"}", 0 },
		{ "a.b.C", "{}", "{\"method\":\"a.b.C\"}", 0 },
		{ "a.b.C", "{\"x\":1}", "{\"method\":\"a.b.C\",\"parameters\":{\"x\":1}}", 0 },
		{ "a.b.C", NULL, "{\"method\":\"a.b.C\",\"more\":true}", VL_MORE },
		{ "a.b.C", NULL, "{\"method\":\"a.b.C\",\"oneway\":true}", VL_ONEWAY },
		{ "a.b.C", "{\"x\":1}",
			"{\"method\":\"a.b.C\",\"upgrade\":true,\"parameters\":{\"x\":1}}",
			VL_UPGRADE },
	};
	_cleanup_(pair_deinit) struct pair p;
	struct nono_error err;
	char text[128];

	(void)state;
	pair_init(&p);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(vl_client_send(p.c, cases[i].method, cases[i].flags,
					 cases[i].parameters, NULL, 0, 1000, &err),
			0);
		assert_int_equal(recv(p.fd, text, sizeof(text), 0), strlen(cases[i].expected) + 1);
		assert_string_equal(text, cases[i].expected);
	}
	assert_int_equal(vl_client_send(p.c, "a.b.\xff", 0, NULL, NULL, 0, 1000, &err), -EINVAL);
	assert_int_equal(recv(p.fd, text, sizeof(text), MSG_DONTWAIT), -1);
}

static void test_fds_ride_on_the_first_byte(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int given[2] = { null, STDERR_FILENO };
	int fds[4];
	size_t n_fds;
	char c;

	(void)state;
	pair_init(&p);
	assert_int_equal(vl_client_send(p.c, "a.b.C", 0, NULL, given, 2, 1000, NULL), 0);
	assert_int_equal(fd_recv(p.fd, &c, 1, fds, 4, &n_fds, 0), 1);
	assert_int_equal(n_fds, 2);
	fd_close_many(fds, n_fds);
	/* They are still ours. */
	assert_true(fcntl(null, F_GETFD) >= 0);
}

static void test_replies(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	struct vl_reply r;
	int64_t i;

	(void)state;
	pair_init(&p);
	assert_int_equal(vl_client_process(p.c, &r, NULL), 0);
	say(&p, "{}");
	say(&p, "{\"continues\":true,\"parameters\":{\"i\":1},\"unknown\":1}");
	say(&p, " { \"error\" : \"a.b.E\\u0021\" , \"parameters\" : null } ");
	say(&p, "{\"error\":null,\"continues\":false,\"parameters\":{\"i\":2}}");
	assert_int_equal(vl_client_receive(p.c, 1000, &r, NULL), 0);
	assert_null(r.error);
	assert_false(r.continues);
	assert_int_equal(json_kind(r.parameters), JSON_ABSENT);
	assert_int_equal(vl_client_receive(p.c, 1000, &r, NULL), 0);
	assert_true(r.continues);
	assert_int_equal(json_get_int64(json_member(r.parameters, "i"), &i), 0);
	assert_int_equal(i, 1);
	assert_int_equal(vl_client_process(p.c, &r, NULL), 1);
	assert_string_equal(r.error, "a.b.E!");
	assert_int_equal(vl_client_receive(p.c, 1000, &r, NULL), 0);
	assert_null(r.error);
	assert_int_equal(json_get_int64(json_member(r.parameters, "i"), &i), 0);
	assert_int_equal(i, 2);
}

static void test_malformed_replies(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"error\":1}", "{\"error\":\"\"}",
		"{\"continues\":1}", "{\"parameters\":[]}", "{\"parameters\":\"x\"}",
		"{\"error\":\"a.b.E\",\"continues\":true}", "{}{}", "{\"a\":1,\"a\":2}" };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		_cleanup_(pair_deinit) struct pair p;
		struct nono_error err = { 0 };
		struct vl_reply r;
		pair_init(&p);
		say(&p, texts[i]);
		assert_int_equal(vl_client_receive(p.c, 1000, &r, &err), -EBADMSG);
		assert_non_null(strstr(err.message, "malformed message"));
	}
}

static void test_closed(void **state)
{
	_cleanup_(pair_deinit) struct pair p, q;
	struct nono_error err;
	struct vl_reply r;

	(void)state;
	pair_init(&p);
	pair_init(&q);
	/* What came before the end is still there. */
	say(&p, "{}");
	close_fd(&p.fd);
	assert_int_equal(vl_client_receive(p.c, 1000, &r, &err), 0);
	assert_int_equal(vl_client_receive(p.c, 1000, &r, &err), -EPIPE);
	assert_string_equal(err.message, "the server closed the connection");
	assert_int_equal(vl_client_send(p.c, "a.b.C", 0, NULL, NULL, 0, 1000, &err), -EPIPE);
	assert_int_equal(send(q.fd, "{", 1, 0), 1);
	close_fd(&q.fd);
	assert_int_equal(vl_client_receive(q.c, 1000, &r, &err), -ECONNRESET);
}

static void test_timeouts(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_free_ char *text = malloc(8 << 20);
	struct nono_error err;
	struct vl_reply r;

	(void)state;
	pair_init(&p);
	assert_int_equal(vl_client_receive(p.c, 10, &r, &err), -ETIMEDOUT);
	assert_int_equal(err.code, NONO_TIMEOUT);
	assert_int_equal(send(p.fd, "{", 1, 0), 1);
	assert_int_equal(vl_client_receive(p.c, 10, &r, &err), -ETIMEDOUT);
	/* The answer may still come. */
	say(&p, "}");
	assert_int_equal(vl_client_receive(p.c, 1000, &r, &err), 0);
	/* Nobody takes it. */
	memset(text, ' ', 8 << 20);
	text[0] = '{';
	memcpy(text + (8 << 20) - 2, "}", 2);
	assert_int_equal(vl_client_send(p.c, "a.b.C", 0, text, NULL, 0, 10, &err), -ETIMEDOUT);
}

static void *answer_large(void *data)
{
	int fd = *(int *)data;
	_cleanup_free_ char *bytes = malloc(3 << 20);
	size_t got = 0;

	while (got == 0 || bytes[got - 1] != '\0') {
		ssize_t n = recv(fd, bytes + got, (3 << 20) - got, 0);
		if (n <= 0) {
			return NULL;
		}
		got += (size_t)n;
	}
	/* The call's parameters come back, in odd pieces. */
	char *p = strstr(bytes, "\"parameters\"");
	size_t n = got - (size_t)(p - bytes);
	send(fd, "{", 1, 0);
	for (size_t at = 0, k; at < n; at += k) {
		k = n - at < 70001 ? n - at : 70001;
		k = (size_t)send(fd, p + at, k, 0);
	}
	return NULL;
}

static void test_large_call(void **state)
{
	_cleanup_(pair_deinit) struct pair p;
	_cleanup_free_ char *text = malloc((2 << 20) + 16);
	struct nono_error err;
	struct vl_reply r;
	pthread_t thread;
	size_t n;

	(void)state;
	pair_init(&p);
	memset(text, 'x', 2 << 20);
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + (2 << 20), "\"}", 3);
	n = strlen(text);
	pthread_create(&thread, NULL, answer_large, &p.fd);
	assert_int_equal(vl_client_call(p.c, "a.b.C", text, NULL, 0, 20000, &r, &err), 0);
	pthread_join(thread, NULL);
	assert_int_equal(r.parameters.n, n);
	assert_memory_equal(r.parameters.p, text, n);
}

static int listen_at(const char *dir, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char here[4096];

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(dir), 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", name);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(chdir(here), 0);
	return fd;
}

static void test_connect(void **state)
{
	char dir[] = "/tmp/nono-client.XXXXXX", deep[256], path[300];
	struct nono_error err;
	struct vl_client *c;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	/* Longer than a socket address. */
	snprintf(deep, sizeof(deep), "%s/%0150d", dir, 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/s", i ? deep : dir);
		assert_int_equal(vl_client_connect(&c, path, &err), -ENOENT);
		assert_non_null(strstr(err.message, path));
		fd = listen_at(i ? deep : dir, "s");
		assert_int_equal(vl_client_connect(&c, path, &err), 0);
		assert_true(fcntl(vl_client_fd(c), F_GETFD) & FD_CLOEXEC);
		vl_client_free(c);
		close(fd);
		assert_int_equal(vl_client_connect(&c, path, &err), -ECONNREFUSED);
		unlink(path);
	}
	rmdir(deep);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_fds_ride_on_the_first_byte),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_malformed_replies),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_large_call),
		cmocka_unit_test(test_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
