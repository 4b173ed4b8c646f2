/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonod's event loop: the only place that knows libevent. One loop, one thread. Sources do not own
 * what they watch; free a source before its descriptor is closed (a descriptor that also lives in
 * another process keeps its registration alive and would fire with a stale pointer). A source may
 * be freed inside any callback, its own included.
 */
#pragma once
#include <stdint.h>

#include "nono-error.h"

struct loop;
struct loop_io;
struct loop_timer;
struct loop_signal;

enum loop_events {
	LOOP_READ = 1 << 0,
	LOOP_WRITE = 1 << 1,
	LOOP_HANGUP = 1 << 2, /* the peer left; noticed without reading */
};

typedef void (*loop_io_fn)(void *userdata, unsigned events);
typedef void (*loop_fn)(void *userdata);

/* All of these: 0 or -errno with err set. */
int loop_new(struct loop **ret, struct nono_error *err);
void loop_free(struct loop *loop); /* all sources must be gone; NULL is accepted */
/* Runs callbacks until loop_quit() or until no source is left. 0 or -EIO. */
int loop_run(struct loop *loop);
void loop_quit(struct loop *loop); /* returns from loop_run() after the current callback */

/* events may be 0: nothing is watched until loop_io_set(). */
int loop_io_new(struct loop_io **ret, struct loop *loop, int fd, unsigned events, loop_io_fn fn,
	void *userdata, struct nono_error *err);
int loop_io_set(struct loop_io *io, unsigned events); /* 0 or -ENOMEM */
void loop_io_free(struct loop_io *io);                /* NULL is accepted */

/* A timer starts disarmed and fires once per loop_timer_set(). */
int loop_timer_new(struct loop_timer **ret, struct loop *loop, loop_fn fn, void *userdata,
	struct nono_error *err);
int loop_timer_set(struct loop_timer *timer, uint64_t usec);
void loop_timer_disarm(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

int loop_signal_new(struct loop_signal **ret, struct loop *loop, int signal, loop_fn fn,
	void *userdata, struct nono_error *err);
void loop_signal_free(struct loop_signal *signal);
