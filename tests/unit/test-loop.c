/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that come, fire and are freed, also in the middle of each other's callbacks. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/loop.h"
#include "libcore/base/cleanup.h"

struct fixture {
	struct loop *loop;
	struct loop_io *io[2];
	struct loop_timer *timer;
	int pair[2][2];
	unsigned events[2];
	unsigned calls, fired;
};

static struct nono_error err;

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(loop_new(&f->loop, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f->pair[i]), 0);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		loop_io_free(f->io[i]);
		close_fd(&f->pair[i][0]);
		close_fd(&f->pair[i][1]);
	}
	loop_timer_free(f->timer);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void on_tick(void *userdata)
{
	struct fixture *f = userdata;

	f->fired++;
	loop_quit(f->loop);
}

/* Runs for a moment. */
static void run(struct fixture *f)
{
	if (!f->timer) {
		assert_int_equal(loop_timer_new(&f->timer, f->loop, on_tick, f, &err), 0);
	}
	assert_int_equal(loop_timer_set(f->timer, 20000), 0);
	assert_int_equal(loop_run(f->loop), 0);
}

static void note(void *userdata, unsigned events)
{
	struct fixture *f = userdata;

	f->events[0] |= events;
	f->calls++;
	loop_quit(f->loop);
}

static void test_events(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_io_new(&f->io[0], f->loop, f->pair[0][0], 0, note, f, &err), 0);
	assert_int_equal(write(f->pair[0][1], "x", 1), 1);
	run(f);
	assert_int_equal(f->calls, 0); /* nothing asked for */

	assert_int_equal(loop_io_set(f->io[0], LOOP_READ), 0);
	run(f);
	assert_int_equal(f->events[0], LOOP_READ);

	f->events[0] = 0;
	assert_int_equal(loop_io_set(f->io[0], LOOP_WRITE), 0);
	run(f);
	assert_int_equal(f->events[0], LOOP_WRITE);

	/* The other side leaves while there is something to read: noticed without reading. */
	f->events[0] = 0;
	assert_int_equal(loop_io_set(f->io[0], LOOP_HANGUP), 0);
	run(f);
	assert_int_equal(f->events[0], 0);
	close_fd(&f->pair[0][1]);
	run(f);
	assert_true(f->events[0] & LOOP_HANGUP);
}

/* Both are ready; whichever comes first frees both. */
static void free_all(void *userdata, unsigned events)
{
	struct fixture *f = userdata;

	(void)events;
	f->calls++;
	for (int i = 0; i < 2; i++) {
		loop_io_free(f->io[i]);
		f->io[i] = NULL;
		close_fd(&f->pair[i][0]);
	}
}

static void test_free_in_callback(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(loop_io_new(&f->io[i], f->loop, f->pair[i][0], LOOP_READ, free_all,
					 f, &err),
			0);
		assert_int_equal(write(f->pair[i][1], "x", 1), 1);
	}
	run(f);
	assert_int_equal(f->calls, 1);
}

static void test_timer(void **state)
{
	struct fixture *f = *state;

	run(f);
	assert_int_equal(f->fired, 1);
	run(f); /* once per setting */
	assert_int_equal(f->fired, 2);
	assert_int_equal(loop_timer_set(f->timer, 0), 0);
	loop_timer_disarm(f->timer);
	assert_int_equal(
		loop_io_new(&f->io[0], f->loop, f->pair[0][0], LOOP_READ, note, f, &err), 0);
	assert_int_equal(write(f->pair[0][1], "x", 1), 1);
	assert_int_equal(loop_run(f->loop), 0);
	assert_int_equal(f->fired, 2);
	assert_int_equal(f->calls, 1);
}

static void test_signal(void **state)
{
	struct fixture *f = *state;
	struct loop_signal *s;

	assert_int_equal(loop_signal_new(&s, f->loop, SIGUSR1, on_tick, f, &err), 0);
	raise(SIGUSR1);
	assert_int_equal(loop_run(f->loop), 0);
	assert_int_equal(f->fired, 1);
	loop_signal_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_in_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
