/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/client.h"
#include "tests/test-service.h"

struct fixture {
	struct test_service s;
	struct vl_conn *conn;
	struct vl_client *client;
	struct vl_reply reply;
};

static int setup_with(void **state, const struct vl_server_limits *limits)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_service_init(&f->s, limits);
	assert_int_equal(vl_client_adopt(&f->client, test_service_connect(&f->s, &f->conn)), 0);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, NULL);
}

static int setup_small(void **state)
{
	const struct vl_server_limits limits = {
		.message_max = 100000,
		.values_max = 50,
		.queue_max = 300000,
		.buffered_max = 400000,
		.stall_usec = 20000,
	};

	return setup_with(state, &limits);
}

static int setup_few(void **state)
{
	return setup_with(state, &(struct vl_server_limits){ .conns_max = 5 });
}

static int setup_tight(void **state)
{
	return setup_with(
		state, &(struct vl_server_limits){ .message_max = 100000, .buffered_max = 400000 });
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	vl_client_free(f->client);
	test_service_deinit(&f->s);
	free(f);
	return 0;
}

static void call(struct fixture *f, const char *method, unsigned flags, const char *parameters)
{
	struct nono_error err;

	if (vl_client_send(f->client, method, flags, parameters, NULL, 0, 1000, &err) < 0) {
		fail_msg("%s", err.message);
	}
	assert_true(test_service_pump(f->conn));
}

static void receive(struct fixture *f)
{
	struct nono_error err;

	if (vl_client_process(f->client, &f->reply, &err) != 1) {
		fail_msg("no reply: %s", err.message);
	}
}

static void assert_parameters(const struct fixture *f, const char *expected)
{
	struct json_span p = f->reply.parameters;

	assert_int_equal(p.n, strlen(expected));
	assert_memory_equal(p.p, expected, p.n);
}

static void expect_ok(struct fixture *f, const char *parameters)
{
	receive(f);
	assert_null(f->reply.error);
	assert_parameters(f, parameters);
}

static void expect_error(struct fixture *f, const char *error, const char *parameters)
{
	receive(f);
	assert_non_null(f->reply.error);
	assert_string_equal(f->reply.error, error);
	assert_false(f->reply.continues);
	assert_parameters(f, parameters);
}

#define SERVICE "org.varlink.service."
#define TEST    "io.nono.Test."

static void test_introspection(void **state)
{
	struct fixture *f = *state;
	char text[4096];

	call(f, SERVICE "GetInfo", 0, NULL);
	expect_ok(f, "{\"interfaces\":[\"io.nono.Test\",\"org.varlink.service\"],\"vendor\":"
		     "\"nono\",\"product\":\"test\",\"version\":\"1\",\"url\":\"\"}");
	call(f, SERVICE "GetInterfaceDescription", 0, "{\"interface\":\"io.nono.Test\"}");
	receive(f);
	assert_true(json_get_string(json_member(f->reply.parameters, "description"), text,
			    sizeof(text)) > 0);
	assert_non_null(strstr(text, "# For tests.\ninterface io.nono.Test\n"));
	call(f, SERVICE "GetInterfaceDescription", 0, "{\"interface\":\"a.b\"}");
	expect_error(f, SERVICE "InterfaceNotFound", "{\"interface\":\"a.b\"}");
	call(f, SERVICE "GetInterfaceDescription", 0, NULL);
	expect_error(f, SERVICE "InvalidParameter", "{\"parameter\":\"interface\"}");
}

static void test_unknown_names(void **state)
{
	struct fixture *f = *state;

	call(f, "Echo", 0, NULL);
	expect_error(f, SERVICE "InvalidParameter", "{\"parameter\":\"method\"}");
	call(f, "io.nono.Nobody.Echo", 0, NULL);
	expect_error(f, SERVICE "InterfaceNotFound", "{\"interface\":\"io.nono.Nobody\"}");
	call(f, "io.nono.Test.Nothing", 0, NULL);
	expect_error(f, SERVICE "MethodNotFound", "{\"method\":\"io.nono.Test.Nothing\"}");
	call(f, TEST "Item", 0, NULL);
	expect_error(f, SERVICE "MethodNotFound", "{\"method\":\"io.nono.Test.Item\"}");
	call(f, TEST "Missing", 0, NULL);
	expect_error(f, SERVICE "MethodNotImplemented", "{\"method\":\"io.nono.Test.Missing\"}");
	call(f, ".", 0, NULL);
	expect_error(f, SERVICE "InterfaceNotFound", "{\"interface\":\"\"}");
}

static void expect_invalid(struct fixture *f, const char *parameters, const char *path)
{
	char expected[256];
	unsigned before = f->s.n_calls;

	snprintf(expected, sizeof(expected), "{\"parameter\":\"%s\"}", path);
	call(f, TEST "Echo", 0, parameters);
	expect_error(f, SERVICE "InvalidParameter", expected);
	assert_int_equal(f->s.n_calls, before);
}

static void test_validation(void **state)
{
	struct fixture *f = *state;
	const char *good =
		"{\"item\":{\"name\":\"a\",\"kind\":\"large\",\"children\":[{\"name\":"
		"\"b\"}]},\"number\":-5,\"ratio\":1,\"table\":{\"x\":1},\"extra\":{\"any\":"
		"[null]}}";

	call(f, TEST "Echo", 0, good);
	expect_ok(f, good);
	call(f, TEST "Echo", 0, "{\"item\":{\"name\":\"a\",\"kind\":null}}");
	expect_ok(f, "{\"item\":{\"name\":\"a\",\"kind\":null}}");
	expect_invalid(f, NULL, "item");
	expect_invalid(f, "{\"item\":null}", "item");
	expect_invalid(f, "{\"item\":{}}", "item.name");
	expect_invalid(f, "{\"item\":{\"name\":1}}", "item.name");
	expect_invalid(f, "{\"item\":{\"name\":\"\",\"kind\":\"huge\"}}", "item.kind");
	expect_invalid(f, "{\"item\":{\"name\":\"\",\"children\":[{\"name\":\"\"},{\"x\":1}]}}",
		"item.children[1].x");
	expect_invalid(f, "{\"item\":{\"name\":\"\",\"children\":[null]}}", "item.children[0]");
	expect_invalid(f, "{\"item\":{\"name\":\"\"},\"number\":1.5}", "number");
	expect_invalid(f, "{\"item\":{\"name\":\"\"},\"number\":1e3}", "number");
	expect_invalid(f, "{\"item\":{\"name\":\"\"},\"ratio\":\"1\"}", "ratio");
	expect_invalid(f, "{\"item\":{\"name\":\"\"},\"table\":{\"a\":1,\"b\":null}}", "table.b");
	expect_invalid(f, "{\"item\":{\"name\":\"\"},\"extra\":[]}", "extra");
	expect_invalid(f, "{\"item\":{\"name\":\"\"},\"unknown\":1}", "unknown");
}

static void test_flags(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Count", 0, "{\"upTo\":3}");
	expect_error(f, SERVICE "ExpectedMore", "");
	call(f, TEST "Count", VL_MORE, "{\"upTo\":3}");
	receive(f);
	assert_true(f->reply.continues);
	receive(f);
	assert_true(f->reply.continues);
	assert_parameters(f, "{\"i\":2}");
	expect_ok(f, "{\"i\":3}");
	assert_false(f->reply.continues);
	call(f, TEST "Notify", 0, NULL);
	expect_error(f, SERVICE "ExpectedMore", "");
	call(f, TEST "Switch", 0, NULL);
	expect_error(f, SERVICE "ExpectedUpgrade", "");
	call(f, TEST "Echo", VL_UPGRADE, "{\"item\":{\"name\":\"\"}}");
	expect_error(f, SERVICE "InvalidParameter", "{\"parameter\":\"upgrade\"}");
	/* Asking for more is fine where there is only one. */
	call(f, TEST "Echo", VL_MORE, "{\"item\":{\"name\":\"\"}}");
	expect_ok(f, "{\"item\":{\"name\":\"\"}}");
	assert_false(f->reply.continues);
}

static void test_oneway_is_silent(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Echo", VL_ONEWAY, "{\"item\":{\"name\":\"\"}}");
	assert_int_equal(f->s.n_calls, 1);
	call(f, TEST "Echo", VL_ONEWAY, NULL);
	call(f, TEST "Nothing", VL_ONEWAY, NULL);
	call(f, TEST "Count", VL_ONEWAY, "{\"upTo\":3}");
	call(f, TEST "Fail", VL_ONEWAY, "{\"number\":5}");
	call(f, TEST "Forget", VL_ONEWAY, NULL);
	call(f, TEST "Wait", VL_ONEWAY, NULL);
	assert_non_null(f->s.waiting);
	assert_int_equal(vl_call_reply(TAKE_PTR(f->s.waiting), NULL), 0);
	call(f, TEST "Fail", 0, "{\"number\":2}");
	expect_error(f, "io.systemd.System",
		"{\"origin\":\"linux\",\"errnoName\":\"ENOENT\",\"errno\":2}");
	assert_int_equal(vl_client_process(f->client, &f->reply, NULL), 0);
}

/* Handlers that break the rules cost the caller an answer, never the connection. */
static void test_wrong_handlers(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Forget", 0, NULL);
	receive(f);
	assert_string_equal(f->reply.error, "io.systemd.System");
	call(f, TEST "Lie", 0, "{\"utf8\":false}");
	receive(f);
	assert_string_equal(f->reply.error, "io.systemd.System");
#ifndef NDEBUG
	call(f, TEST "Lie", 0, "{\"utf8\":true}");
	expect_error(f, "io.systemd.System",
		"{\"origin\":\"number\",\"errnoName\":\"EPROTO\",\"errno\":71}");
#endif
	call(f, TEST "Fail", 0, "{\"number\":100000}");
	receive(f);
	assert_string_equal(f->reply.error, "io.systemd.System");
}

static void test_authorize(void **state)
{
	struct fixture *f = *state;

	f->s.deny = true;
	call(f, TEST "Echo", 0, "{\"item\":{\"name\":\"\"}}");
	expect_error(f, TEST "Denied", "{\"message\":\"not you\"}");
	assert_int_equal(f->s.n_calls, 0);
	call(f, SERVICE "GetInfo", 0, NULL);
	receive(f);
	assert_null(f->reply.error);
}

/* Later calls wait for the answer; it may come from anywhere. */
static void test_keep(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Wait", 0, NULL);
	call(f, TEST "Echo", 0, "{\"item\":{\"name\":\"\"}}");
	assert_non_null(f->s.waiting);
	assert_int_equal(f->s.n_calls, 0);
	assert_int_equal(vl_client_process(f->client, &f->reply, NULL), 0);
	assert_int_equal(vl_conn_events(f->conn) & POLLIN, 0);
	/* The handler has returned: what came with the call is not held any longer. */
	assert_null(vl_call_parameters(f->s.waiting));
	vl_call_error_message(TAKE_PTR(f->s.waiting), TEST "Denied", "later, \xff %d", 5);
	expect_error(f, TEST "Denied", "{\"message\":\"later, ? 5\"}");
	assert_true(test_service_pump(f->conn));
	expect_ok(f, "{\"item\":{\"name\":\"\"}}");
	assert_int_equal(f->s.n_cancelled, 0);
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Wait", 0, NULL);
	assert_non_null(f->s.waiting);
	f->client = vl_client_free(f->client);
	assert_false(test_service_pump(f->conn));
	assert_int_equal(f->s.n_cancelled, 1);
	assert_int_equal(f->s.n_disconnected, 1);
	assert_int_equal(vl_server_n_connections(f->s.server), 0);
}

static void test_free_cancels(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Wait", 0, NULL);
	f->s.server = vl_server_free(f->s.server);
	assert_int_equal(f->s.n_cancelled, 1);
	assert_int_equal(vl_client_process(f->client, &f->reply, NULL), -EPIPE);
}

static void test_half_close_still_gets_the_answer(void **state)
{
	struct fixture *f = *state;

	call(f, TEST "Wait", 0, NULL);
	assert_int_equal(shutdown(vl_client_fd(f->client), SHUT_WR), 0);
	assert_true(test_service_pump(f->conn));
	assert_int_equal(vl_conn_events(f->conn), 0);
	vl_call_error_message(TAKE_PTR(f->s.waiting), TEST "Denied", "later");
	expect_error(f, TEST "Denied", "{\"message\":\"later\"}");
	assert_false(test_service_pump(f->conn));
	assert_int_equal(f->s.n_cancelled, 0);
}

static void make_pipe(const char *text, int fds[1])
{
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(write(p[1], text, strlen(text)), strlen(text));
	close(p[1]);
	fds[0] = p[0];
}

static void test_fds_in(void **state)
{
	struct fixture *f = *state;
	int fds[3];

	make_pipe("first", &fds[0]);
	make_pipe("second", &fds[1]);
	make_pipe("third", &fds[2]);
	static const struct {
		size_t n;
		const char *parameters, *error, *answer;
	} cases[] = {
		{ 0, "{\"fileDescriptor\":0}", "", "{\"parameter\":\"fileDescriptors\"}" },
		{ 3, "{\"fileDescriptor\":0}", "", "{\"parameter\":\"fileDescriptors\"}" },
		{ 1, "{\"fileDescriptor\":1}", "", "{\"parameter\":\"fileDescriptor\"}" },
		{ 1, "{\"fileDescriptor\":-1}", "", "{\"parameter\":\"fileDescriptor\"}" },
		{ 1, "{\"fileDescriptor\":18446744073709551615}", "",
			"{\"parameter\":\"fileDescriptor\"}" },
		{ 2, "{\"fileDescriptor\":1,\"other\":1}", "", "{\"parameter\":\"other\"}" },
		{ 2, "{\"fileDescriptor\":1,\"other\":0}", NULL, "{\"text\":\"second\"}" },
		{ 1, "{\"fileDescriptor\":0}", NULL, "{\"text\":\"first\"}" },
	};
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(vl_client_send(f->client, TEST "Read", 0, cases[i].parameters, fds,
					 cases[i].n, 1000, NULL),
			0);
		assert_true(test_service_pump(f->conn));
		if (cases[i].error) {
			expect_error(f, SERVICE "InvalidParameter", cases[i].answer);
		} else {
			expect_ok(f, cases[i].answer);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		close(fds[i]);
	}
}

static void test_fds_for_who_takes_none(void **state)
{
	struct fixture *f = *state;
	int fd;

	make_pipe("x", &fd);
	assert_int_equal(vl_client_send(f->client, TEST "Echo", 0, "{\"item\":{\"name\":\"\"}}",
				 &fd, 1, 1000, NULL),
		0);
	assert_true(test_service_pump(f->conn));
	expect_error(f, SERVICE "InvalidParameter", "{\"parameter\":\"fileDescriptors\"}");
	close(fd);
}

static void test_fds_out(void **state)
{
	struct fixture *f = *state;
	char text[16] = { 0 };

	call(f, TEST "Give", 0, NULL);
	expect_ok(f, "{\"fileDescriptor\":0}");
	assert_int_equal(f->reply.n_fds, 1);
	assert_true(fcntl(f->reply.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(read(f->reply.fds[0], text, sizeof(text)), 5);
	assert_string_equal(text, "given");
}

static void test_upgrade(void **state)
{
	struct fixture *f = *state;
	_cleanup_close_ int fd = -1;
	char text[16] = { 0 };

	/* What follows the call's NUL in the same write is the new protocol's. */
	assert_int_equal(
		vl_client_send(f->client, TEST "Switch", VL_UPGRADE, NULL, NULL, 0, 1000, NULL), 0);
	assert_int_equal(send(vl_client_fd(f->client), "hello", 5, 0), 5);
	assert_false(test_service_pump(f->conn));
	assert_true(f->s.upgraded_fd >= 0);
	assert_int_equal(f->s.n_disconnected, 1);
	assert_int_equal(send(f->s.upgraded_fd, "welcome", 7, 0), 7);
	assert_int_equal(recv(f->s.upgraded_fd, text, sizeof(text), 0), 5);
	assert_string_equal(text, "hello");
	receive(f);
	assert_null(f->reply.error);
	fd = vl_client_steal_fd(f->client);
	assert_int_equal(recv(fd, text, sizeof(text), 0), 7);
}

/* ---- limits (setup_small) ---- */

static void test_too_many_values(void **state)
{
	struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf text = { 0 };

	buf_append_str(&text, "{\"item\":{\"name\":\"\"},\"extra\":{\"a\":[0");
	for (int i = 0; i < 50; i++) {
		buf_append_str(&text, ",0");
	}
	buf_append_str(&text, "]}}");
	call(f, TEST "Echo", 0, text.data);
	expect_error(f, SERVICE "InvalidParameter", "{\"parameter\":\"parameters\"}");
}

static void test_message_too_large(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = malloc(100001);

	memset(text, ' ', 100001);
	assert_int_equal(send(vl_client_fd(f->client), text, 100001, 0), 100001);
	assert_false(test_service_pump(f->conn));
}

static void test_stalled_message(void **state)
{
	struct fixture *f = *state;

	/* Nothing begun: it may stay as long as it likes. */
	usleep(30000);
	assert_true(test_service_pump(f->conn));
	assert_int_equal(send(vl_client_fd(f->client), "{", 1, 0), 1);
	assert_true(test_service_pump(f->conn));
	usleep(10000);
	assert_int_equal(send(vl_client_fd(f->client), " ", 1, 0), 1);
	assert_true(test_service_pump(f->conn));
	/* Dripping does not help. */
	usleep(15000);
	assert_false(test_service_pump(f->conn));
}

/* A reader that does not read: first it is not asked for more calls, in the end it goes. */
static void test_slow_reader(void **state)
{
	struct fixture *f = *state;
	int size = 4096, r = 0;

	setsockopt(vl_conn_fd(f->conn), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	call(f, TEST "Large", 0, "{\"size\":90000}");
	call(f, TEST "Echo", 0, "{\"item\":{\"name\":\"\"}}");
	assert_int_equal(f->s.n_calls, 0);
	assert_int_equal(vl_conn_events(f->conn) & (POLLIN | POLLOUT), POLLOUT);
	for (int i = 0; r == 0 && i < 100; i++) {
		assert_true(test_service_pump(f->conn));
		r = vl_client_process(f->client, &f->reply, NULL);
	}
	assert_int_equal(r, 1);
	assert_int_equal(f->reply.parameters.n, 90000 + strlen("{\"text\":\"\"}"));
	assert_true(test_service_pump(f->conn));
	expect_ok(f, "{\"item\":{\"name\":\"\"}}");
	assert_int_equal(vl_client_send(f->client, TEST "Large", 0, "{\"size\":400000}", NULL, 0,
				 1000, NULL),
		0);
	assert_false(test_service_pump(f->conn));
}

static void test_conns_max(void **state)
{
	struct fixture *f = *state;
	struct vl_conn *conn;
	int fds[5];

	for (int i = 0; i < 5; i++) {
		fds[i] = test_service_connect(&f->s, &conn);
		assert_true((fds[i] >= 0) == (i < 4));
	}
	close(fds[3]);
	call(f, SERVICE "GetInfo", 0, NULL);
	receive(f);
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
	}
}

/* Who has stalled for longest goes; later ones, and who comes with a large call, do not notice. */
static void hoard(struct fixture *f, const char *bytes, size_t n, size_t n_fds)
{
	enum { N = 30 };
	_cleanup_free_ char *large = malloc(90000);
	struct vl_conn *conns[N];
	int fds[N], passed[2], n_over = 0;
	char byte;

	make_pipe("x", &passed[0]);
	passed[1] = passed[0];
	for (int i = 0; i < N; i++) {
		fds[i] = test_service_connect(&f->s, &conns[i]);
		assert_int_equal(fd_send(fds[i], bytes, n, passed, n_fds, 0), n);
		assert_true(test_service_pump(conns[i]));
		for (int k = 0; k < i; k++) {
			if (conns[k] && vl_conn_deadline(conns[k]) == 0) {
				assert_true(vl_conn_process(conns[k]) < 0);
				conns[k] = NULL;
				/* In the order of their age. */
				assert_int_equal(k, n_over++);
			}
		}
	}
	assert_in_range(n_over, 1, N - 2);
	memset(large, ' ', 90000);
	memcpy(large, "{}", 2);
	large[89999] = '\0';
	call(f, SERVICE "GetInfo", 0, large);
	receive(f);
	assert_null(f->reply.error);
	for (int i = 0; i < N; i++) {
		assert_int_equal(recv(fds[i], &byte, 1, MSG_DONTWAIT), conns[i] ? -1 : 0);
		close(fds[i]);
	}
	close(passed[0]);
}

static void test_hoarders(void **state)
{
	_cleanup_free_ char *text = calloc(1, 90000);

	memset(text, ' ', 90000);
	hoard(*state, text, 90000, 0);
}

/* Descriptors of calls that never end count as well. */
static void test_descriptor_hoarders(void **state)
{
	hoard(*state, "{", 1, 2);
}

static void test_close(void **state)
{
	struct fixture *f = *state;

	f->s.close_after_call = true;
	assert_int_equal(vl_client_send(f->client, TEST "Echo", 0, "{\"item\":{\"name\":\"\"}}",
				 NULL, 0, 1000, NULL),
		0);
	assert_false(test_service_pump(f->conn));
	expect_ok(f, "{\"item\":{\"name\":\"\"}}");
	assert_int_equal(vl_client_process(f->client, &f->reply, NULL), -EPIPE);
}

static void test_bad_tables_are_refused(void **state)
{
	struct fixture *f = *state;
	static const struct vl_method none[] = { { 0 } }, wrong[] = { { "B" }, { 0 } };
	const char *text = "interface a.b\nmethod A() -> ()\n";
	struct nono_error err;

	assert_int_equal(
		vl_server_add_interface(f->s.server, text, strlen(text), wrong, NULL, &err),
		-EINVAL);
	assert_string_equal(err.message, "a.b has no method B");
	assert_int_equal(
		vl_server_add_interface(f->s.server, text, strlen(text), none, NULL, &err), 0);
	assert_int_equal(vl_server_add_interface(f->s.server, text, strlen(text), none, NULL, &err),
		-EEXIST);
	assert_int_equal(vl_server_add_interface(f->s.server, text, 3, none, NULL, &err), -EBADMSG);
	assert_int_equal(
		vl_server_add_embedded(f->s.server, "io.nono.Nothing", none, NULL, &err), -ENOENT);
}

#define TEST_OF(f)       cmocka_unit_test_setup_teardown(f, setup, teardown)
#define SMALL_TEST_OF(f) cmocka_unit_test_setup_teardown(f, setup_small, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF(test_introspection),
		TEST_OF(test_unknown_names),
		TEST_OF(test_validation),
		TEST_OF(test_flags),
		TEST_OF(test_oneway_is_silent),
		TEST_OF(test_wrong_handlers),
		TEST_OF(test_authorize),
		TEST_OF(test_keep),
		TEST_OF(test_cancel),
		TEST_OF(test_free_cancels),
		TEST_OF(test_half_close_still_gets_the_answer),
		TEST_OF(test_fds_in),
		TEST_OF(test_fds_for_who_takes_none),
		TEST_OF(test_fds_out),
		TEST_OF(test_upgrade),
		SMALL_TEST_OF(test_too_many_values),
		SMALL_TEST_OF(test_message_too_large),
		SMALL_TEST_OF(test_stalled_message),
		SMALL_TEST_OF(test_slow_reader),
		cmocka_unit_test_setup_teardown(test_conns_max, setup_few, teardown),
		cmocka_unit_test_setup_teardown(test_hoarders, setup_tight, teardown),
		cmocka_unit_test_setup_teardown(test_descriptor_hoarders, setup_tight, teardown),
		TEST_OF(test_close),
		TEST_OF(test_bad_tables_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
