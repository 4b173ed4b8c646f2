/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "libcore/base/error.h"

struct loop {
	struct event_base *base;
};

struct loop_io {
	struct loop *loop;
	struct event *event;
	int fd;
	unsigned events;
	loop_io_fn fn;
	void *userdata;
};

/* Timers and signals are the same to us: something that happens. */
struct loop_timer {
	struct event *event;
	loop_fn fn;
	void *userdata;
};
struct loop_signal {
	struct event *event;
	loop_fn fn;
	void *userdata;
};

static void on_libevent_log(int severity, const char *message)
{
	int priority = severity == EVENT_LOG_ERR ? LOG_ERR : LOG_WARNING;

	if (severity >= EVENT_LOG_MSG) {
		log_write(&(struct log_fields){ 0 }, priority, "event loop: %s", message);
	}
}

int loop_new(struct loop **ret, struct nono_error *err)
{
	struct event_config *config = NULL;
	struct loop *loop = calloc(1, sizeof(*loop));

	/* Before anything else: the default callback writes to standard error. */
	event_set_log_callback(on_libevent_log);
	config = event_config_new();
	if (!loop || !config) {
		goto fail;
	}
	event_config_avoid_method(config, "select");
	event_config_avoid_method(config, "poll");
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_PRECISE_TIMER);
	loop->base = event_base_new_with_config(config);
	if (!loop->base) {
		goto fail;
	}
	event_config_free(config);
	*ret = loop;
	return 0;
fail:
	if (config) {
		event_config_free(config);
	}
	free(loop);
	return error_set(err, NONO_SYSTEM, ENOMEM, "cannot create an event loop");
}

void loop_free(struct loop *loop)
{
	if (loop) {
		event_base_free(loop->base);
		free(loop);
	}
}

int loop_run(struct loop *loop)
{
	return event_base_dispatch(loop->base) < 0 ? -EIO : 0;
}

void loop_quit(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void on_io(evutil_socket_t fd, short what, void *userdata)
{
	struct loop_io *io = userdata;
	unsigned events = 0;

	(void)fd;
	events |= what & EV_READ ? LOOP_READ : 0;
	events |= what & EV_WRITE ? LOOP_WRITE : 0;
	events |= what & EV_CLOSED ? LOOP_HANGUP : 0;
	io->fn(io->userdata, events); /* io may be gone afterwards */
}

/* Makes io watch events; its event is not added when this is called. */
static int io_arm(struct loop_io *io, unsigned events)
{
	short what = EV_PERSIST;

	io->events = events;
	if (events == 0) {
		return 0;
	}
	what |= events & LOOP_READ ? EV_READ : 0;
	what |= events & LOOP_WRITE ? EV_WRITE : 0;
	what |= events & LOOP_HANGUP ? EV_CLOSED : 0;
	if (event_assign(io->event, io->loop->base, io->fd, what, on_io, io) < 0 ||
		event_add(io->event, NULL) < 0) {
		io->events = 0;
		return -ENOMEM;
	}
	return 0;
}

int loop_io_new(struct loop_io **ret, struct loop *loop, int fd, unsigned events, loop_io_fn fn,
	void *userdata, struct nono_error *err)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	if (!io) {
		return error_oom(err);
	}
	*io = (struct loop_io){ .loop = loop, .fd = fd, .fn = fn, .userdata = userdata };
	io->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_io, io);
	if (!io->event) {
		free(io);
		return error_oom(err);
	}
	if (io_arm(io, events) < 0) {
		loop_io_free(io);
		return error_set(err, NONO_SYSTEM, ENOMEM, "cannot watch descriptor %d", fd);
	}
	*ret = io;
	return 0;
}

int loop_io_set(struct loop_io *io, unsigned events)
{
	if (events == io->events) {
		return 0;
	}
	event_del(io->event);
	return io_arm(io, events);
}

void loop_io_free(struct loop_io *io)
{
	if (io) {
		event_free(io->event);
		free(io);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct loop_timer *timer = userdata;

	(void)fd;
	(void)what;
	timer->fn(timer->userdata);
}

int loop_timer_new(struct loop_timer **ret, struct loop *loop, loop_fn fn, void *userdata,
	struct nono_error *err)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer) {
		return error_oom(err);
	}
	*timer = (struct loop_timer){ .fn = fn, .userdata = userdata };
	timer->event = event_new(loop->base, -1, 0, on_timer, timer);
	if (!timer->event) {
		free(timer);
		return error_oom(err);
	}
	*ret = timer;
	return 0;
}

int loop_timer_set(struct loop_timer *timer, uint64_t usec)
{
	struct timeval tv = { .tv_sec = (time_t)(usec / 1000000),
		.tv_usec = (suseconds_t)(usec % 1000000) };

	return event_add(timer->event, &tv) < 0 ? -ENOMEM : 0;
}

void loop_timer_disarm(struct loop_timer *timer)
{
	event_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer) {
		event_free(timer->event);
		free(timer);
	}
}

static void on_signal(evutil_socket_t fd, short what, void *userdata)
{
	struct loop_signal *signal = userdata;

	(void)fd;
	(void)what;
	signal->fn(signal->userdata);
}

int loop_signal_new(struct loop_signal **ret, struct loop *loop, int number, loop_fn fn,
	void *userdata, struct nono_error *err)
{
	struct loop_signal *signal = calloc(1, sizeof(*signal));

	if (!signal) {
		return error_oom(err);
	}
	*signal = (struct loop_signal){ .fn = fn, .userdata = userdata };
	signal->event = evsignal_new(loop->base, number, on_signal, signal);
	if (!signal->event || event_add(signal->event, NULL) < 0) {
		loop_signal_free(signal);
		return error_set(err, NONO_SYSTEM, ENOMEM, "cannot watch signal %d", number);
	}
	*ret = signal;
	return 0;
}

void loop_signal_free(struct loop_signal *signal)
{
	if (signal) {
		if (signal->event) {
			event_free(signal->event);
		}
		free(signal);
	}
}
