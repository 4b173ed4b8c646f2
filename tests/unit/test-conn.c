/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection wants from its loop in each of its states; what it says is test-server's. */
#include "proto/conn.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "tests/test-service.h"

struct fixture {
	struct test_service s;
	struct vl_conn *conn;
	int fd;
};

static int setup(void **state)
{
	const struct vl_server_limits limits = { .stall_usec = 50000 };
	struct fixture *f = calloc(1, sizeof(*f));

	test_service_init(&f->s, &limits);
	f->fd = test_service_connect(&f->s, &f->conn);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	test_service_deinit(&f->s);
	close_fd(&f->fd);
	free(f);
	return 0;
}

static void say(struct fixture *f, const char *text)
{
	assert_int_equal(send(f->fd, text, strlen(text) + 1, MSG_NOSIGNAL), strlen(text) + 1);
}

static void expect(struct fixture *f, const char *text)
{
	char bytes[256] = { 0 };

	assert_int_equal(recv(f->fd, bytes, sizeof(bytes), MSG_DONTWAIT), strlen(text) + 1);
	assert_string_equal(bytes, text);
}

#define WAIT "{\"method\":\"io.nono.Test.Wait\"}"
#define ECHO "{\"method\":\"io.nono.Test.Echo\",\"parameters\":{\"item\":{\"name\":\"\"}}}"
#define BACK "{\"parameters\":{\"item\":{\"name\":\"\"}}}"

static uint64_t now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void test_idle(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(vl_conn_events(f->conn), POLLIN);
	assert_true(vl_conn_deadline(f->conn) == UINT64_MAX);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(vl_conn_peer(f->conn)->pid, getpid());
	assert_int_equal(vl_conn_peer(f->conn)->uid, getuid());
	vl_conn_set_userdata(f->conn, f);
	assert_ptr_equal(vl_conn_userdata(f->conn), f);
	close_fd(&f->fd);
	assert_int_equal(vl_conn_process(f->conn), -EPIPE);
	assert_int_equal(f->s.n_disconnected, 1);
}

static void test_partial(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send(f->fd, "{", 1, 0), 1);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(vl_conn_events(f->conn), POLLIN);
	assert_true(vl_conn_deadline(f->conn) < UINT64_MAX);
	usleep(60000);
	assert_int_equal(vl_conn_process(f->conn), -ETIMEDOUT);
}

static void test_deadline_goes_with_the_message(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send(f->fd, ECHO, 5, 0), 5);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(send(f->fd, &ECHO[5], sizeof(ECHO) - 5, 0), sizeof(ECHO) - 5);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_true(vl_conn_deadline(f->conn) == UINT64_MAX);
	expect(f, BACK);
}

static void test_pending(void **state)
{
	struct fixture *f = *state;

	say(f, WAIT);
	say(f, ECHO);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(vl_conn_events(f->conn), POLLRDHUP);
	assert_true(vl_conn_deadline(f->conn) == UINT64_MAX);
	/* Processing without need changes nothing. */
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(f->s.n_calls, 0);
	assert_int_equal(vl_call_error(TAKE_PTR(f->s.waiting), "a.b.C", NULL), 0);
	/* Out at once, and the next call is wanted. */
	expect(f, "{\"error\":\"a.b.C\"}");
	assert_int_equal(vl_conn_events(f->conn), POLLIN);
	assert_int_equal(vl_conn_process(f->conn), 0);
	expect(f, BACK);
}

static void test_pending_hangup(void **state)
{
	struct fixture *f = *state;

	say(f, WAIT);
	assert_int_equal(vl_conn_process(f->conn), 0);
	close_fd(&f->fd);
	/* The answer finds nobody; the connection is over as soon as the loop looks. */
	assert_int_equal(vl_call_error(TAKE_PTR(f->s.waiting), "a.b.C", NULL), -EPIPE);
	assert_true(vl_conn_deadline(f->conn) == 0);
	assert_int_equal(f->s.n_disconnected, 0);
	assert_true(vl_conn_process(f->conn) < 0);
	assert_int_equal(f->s.n_disconnected, 1);
	assert_int_equal(f->s.n_cancelled, 0);
}

/* A peer that stopped sending and then leaves: no event may spin, yet it is noticed. */
static void test_half_closed_hangup(void **state)
{
	struct fixture *f = *state;
	int r = 0;

	say(f, WAIT);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(shutdown(f->fd, SHUT_WR), 0);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_int_equal(vl_conn_events(f->conn), 0);
	assert_true(vl_conn_deadline(f->conn) < UINT64_MAX);
	close_fd(&f->fd);
	for (int i = 0; r == 0 && i < 100; i++) {
		usleep(50000);
		if (vl_conn_deadline(f->conn) <= now_usec()) {
			r = vl_conn_process(f->conn);
		}
	}
	assert_int_equal(r, -EPIPE);
	assert_int_equal(f->s.n_cancelled, 1);
}

static void test_close_from_outside(void **state)
{
	struct fixture *f = *state;

	say(f, ECHO);
	vl_conn_close(f->conn);
	assert_true(vl_conn_deadline(f->conn) == 0);
	assert_int_equal(vl_conn_process(f->conn), -ESHUTDOWN);
	assert_int_equal(f->s.n_calls, 0);
}

static void test_closing_flushes_for_a_while(void **state)
{
	struct fixture *f = *state;
	int size = 4096;

	setsockopt(vl_conn_fd(f->conn), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	say(f, "{\"method\":\"io.nono.Test.Large\",\"parameters\":{\"size\":100000}}");
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_true(vl_conn_events(f->conn) & POLLOUT);
	vl_conn_close(f->conn);
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_true(vl_conn_deadline(f->conn) > 0 && vl_conn_deadline(f->conn) < UINT64_MAX);
	usleep(60000);
	assert_int_equal(vl_conn_process(f->conn), -ETIMEDOUT);
}

/* One turn does not last for ever, however much is waiting. */
static void test_fairness(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	for (int i = 0; i < 100; i++) {
		say(f, ECHO);
	}
	assert_int_equal(vl_conn_process(f->conn), 0);
	assert_in_range(f->s.n_calls, 1, 50);
	do {
		before = f->s.n_calls;
		assert_int_equal(vl_conn_events(f->conn), POLLIN);
		assert_int_equal(vl_conn_process(f->conn), 0);
	} while (f->s.n_calls > before);
	assert_int_equal(f->s.n_calls, 100);
}

static void test_upgrade_of_a_vanished_peer(void **state)
{
	struct fixture *f = *state;

	say(f, "{\"method\":\"io.nono.Test.Switch\",\"upgrade\":true}");
	close_fd(&f->fd);
	assert_true(vl_conn_process(f->conn) < 0);
	assert_int_equal(f->s.upgraded_fd, -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle),
		TEST(test_partial),
		TEST(test_deadline_goes_with_the_message),
		TEST(test_pending),
		TEST(test_pending_hangup),
		TEST(test_half_closed_hangup),
		TEST(test_close_from_outside),
		TEST(test_closing_flushes_for_a_while),
		TEST(test_fairness),
		TEST(test_upgrade_of_a_vanished_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
