/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the server's side fails once while it serves: the first, then only the
 * second, and so on until a run needs no more. The connection it hits may end or get an error;
 * nothing crashes or leaks (which valgrind and the sanitizers see), kept calls are cancelled, and
 * another connection is served as if nothing had happened.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "proto/client.h"
#include "proto/idl.h"
#include "proto/json.h"
#include "tests/test-service.h"
#include "tests/unit/failing-alloc.h"

static const struct {
	const char *method, *parameters;
	unsigned flags;
	bool with_fd;
} calls[] = {
	{ "org.varlink.service.GetInfo", NULL },
	{ "org.varlink.service.GetInterfaceDescription", "{\"interface\":\"io.nono.Test\"}" },
	{ "io.nono.Nobody.Echo", NULL },
	{ "io.nono.Test.Echo", "{\"item\":{\"name\":\"a\",\"children\":[{\"name\":\"b\"}]}}" },
	{ "io.nono.Test.Echo", "{\"item\":{\"nam\":1}}" },
	{ "io.nono.Test.Count", "{\"upTo\":3}", VL_MORE },
	{ "io.nono.Test.Read", "{\"fileDescriptor\":0}", 0, true },
	{ "io.nono.Test.Give", NULL },
	{ "io.nono.Test.Fail", "{\"number\":5}" },
	{ "io.nono.Test.Wait", NULL },
};

/* The calls, one after the other, until the connection is over. */
static void run(struct test_service *s, int fd, struct vl_conn **conn, int null_fd)
{
	for (size_t i = 0; *conn && i < ELEMENTSOF(calls); i++) {
		unsigned long n = failing_left;
		struct vl_client *c;
		failing_left = 0;
		assert_int_equal(vl_client_adopt(&c, dup(fd)), 0);
		vl_client_send(c, calls[i].method, calls[i].flags, calls[i].parameters, &null_fd,
			calls[i].with_fd, 1000, NULL);
		failing_left = n;
		if (!test_service_pump(*conn)) {
			*conn = NULL;
		}
		if (*conn && s->waiting) {
			vl_call_error_message(TAKE_PTR(s->waiting), "io.nono.Test.Denied", "late");
			if (!test_service_pump(*conn)) {
				*conn = NULL;
			}
		}
		n = failing_left;
		failing_left = 0;
		vl_client_free(c);
		failing_left = n;
	}
}

static void test_every_allocation(void **state)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	unsigned long n = 0;

	(void)state;
	do {
		struct vl_conn *conn, *other;
		struct test_service s;
		int fd, other_fd;
		char byte;
		has_failed = false;
		failing_left = 0;
		test_service_init(&s, NULL);
		fd = test_service_connect(&s, &conn);
		failing_left = ++n;
		run(&s, fd, &conn, null_fd);
		failing_left = 0;
		other_fd = test_service_connect(&s, &other);
		run(&s, other_fd, &other, null_fd);
		assert_non_null(other);
		assert_true(recv(other_fd, &byte, 1, MSG_DONTWAIT) == 1);
		assert_null(s.waiting);
		test_service_deinit(&s);
		close(fd);
		close(other_fd);
	} while (has_failed);
	assert_true(n > 20);
}

static void test_setting_up(void **state)
{
	const struct embedded_file *f = idl_embedded("io.nono.Session");
	unsigned long n = 0;
	int r;

	(void)state;
	do {
		_cleanup_(buf_deinit) struct buf b = { 0 };
		struct idl *idl = NULL;
		struct nono_error err;
		has_failed = false;
		failing_left = ++n;
		r = idl_parse(&idl, f->text, f->size, &err);
		if (r == 0) {
			idl_format(idl, &b);
		}
		failing_left = 0;
		if (has_failed) {
			assert_true(r == -ENOMEM || buf_error(&b) == -ENOMEM);
		}
		idl_free(idl);
	} while (has_failed);
	assert_true(n > 50);
}

static void test_connecting(void **state)
{
	const struct vl_server_config config = { .vendor = "nono" };
	unsigned long n = 0;

	(void)state;
	do {
		struct vl_server *server = NULL;
		struct vl_client *client = NULL;
		struct vl_conn *conn;
		struct nono_error err;
		int fds[2], r;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		has_failed = false;
		failing_left = ++n;
		r = vl_server_new(&server, &config, &err);
		if (r == 0) {
			r = vl_server_add_connection(server, fds[0], &conn, &err);
			fds[0] = r == 0 ? -1 : fds[0];
		}
		if (r == 0) {
			r = vl_client_adopt(&client, fds[1]);
			fds[1] = r == 0 ? -1 : fds[1];
		}
		failing_left = 0;
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		vl_server_free(server);
		vl_client_free(client);
		close_fd(&fds[0]);
		close_fd(&fds[1]);
	} while (has_failed);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation),
		cmocka_unit_test(test_setting_up),
		cmocka_unit_test(test_connecting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
