/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "proto/conn-private.h"
#include "proto/json.h"

#define RECHECK_USEC 1000000 /* between two looks for a hang-up that no event can announce */
#define STEPS_MAX    16      /* steps in one process(): a busy peer does not starve the others */

int vl_conn_new(struct vl_conn **ret, int fd, struct peer *peer, const struct stream_limits *limits,
	uint64_t stall_usec, const struct vl_conn_ops *ops, void *owner)
{
	struct vl_conn *conn = calloc(1, sizeof(*conn));
	int r;

	if (!conn) {
		return -ENOMEM;
	}
	r = stream_new(&conn->stream, fd, limits);
	if (r < 0) {
		free(conn);
		return r;
	}
	conn->peer = *peer;
	*peer = (struct peer){ .pidfd = -1 };
	conn->ops = ops;
	conn->owner = owner;
	conn->stall_usec = stall_usec;
	conn->deadline = UINT64_MAX;
	conn->recheck = UINT64_MAX;
	*ret = conn;
	return 0;
}

void vl_call_free(struct vl_call *call)
{
	json_object_put(call->parameters);
	message_deinit(&call->message);
	free(call);
}

void vl_conn_free(struct vl_conn *conn)
{
	struct vl_call *call = TAKE_PTR(conn->call);

	if (call) {
		/* Whatever the keeper still tries to say is dropped. */
		call->answered = true;
		if (call->cancel) {
			call->cancel(call, call->cancel_userdata);
		}
		vl_call_free(call);
	}
	conn->ops->gone(conn, conn->owner);
	if (conn->upgraded) {
		/* Only now that no loop watches it any more. */
		conn->upgraded(conn->hand_over ? stream_steal_fd(conn->stream) : -1,
			conn->upgraded_userdata);
	}
	stream_free(conn->stream);
	peer_deinit(&conn->peer);
	free(conn);
}

int vl_conn_fd(const struct vl_conn *conn)
{
	return stream_fd(conn->stream);
}

short vl_conn_events(const struct vl_conn *conn)
{
	short wants = stream_wants(conn->stream);

	if (wants & POLLOUT) {
		/* Who does not take its answers is not asked for the next call. */
		return conn->half_closed ? POLLOUT : POLLOUT | POLLRDHUP;
	}
	if (conn->call) {
		return conn->half_closed ? 0 : POLLRDHUP;
	}
	return wants;
}

uint64_t vl_conn_deadline(const struct vl_conn *conn)
{
	bool is_flushed = !(stream_wants(conn->stream) & POLLOUT);

	if (conn->dead || (is_flushed && (conn->upgraded || conn->closing))) {
		return 0;
	}
	return conn->recheck < conn->deadline ? conn->recheck : conn->deadline;
}

const struct peer *vl_conn_peer(const struct vl_conn *conn)
{
	return &conn->peer;
}

void vl_conn_set_userdata(struct vl_conn *conn, void *userdata)
{
	conn->userdata = userdata;
}

void *vl_conn_userdata(const struct vl_conn *conn)
{
	return conn->userdata;
}

static void changed(struct vl_conn *conn)
{
	conn->ops->changed(conn, conn->owner);
}

void vl_conn_kill(struct vl_conn *conn, int error)
{
	if (!conn->dead) {
		conn->dead = error;
		changed(conn);
	}
}

void vl_conn_close(struct vl_conn *conn)
{
	if (!conn->closing) {
		conn->closing = true;
		conn->deadline = clock_usec() + conn->stall_usec;
		changed(conn);
	}
}

static void finish_call(struct vl_conn *conn)
{
	vl_call_free(TAKE_PTR(conn->call));
}

/* The handler of a fresh call. Leaves conn->call set only when it was kept and not answered. */
static void run_call(struct vl_conn *conn, struct vl_call *call)
{
	int r;

	conn->call = call;
	call->in_handler = true;
	r = conn->ops->call(call, conn->owner);
	if (!call->answered && (r < 0 || !call->kept)) {
		vl_call_error_errno(call, r < 0 ? -r : EPROTO);
	}
	call->in_handler = false;
	if (call->answered) {
		finish_call(conn);
		return;
	}
	/* What is waited with is small, whatever came in. */
	json_object_put(TAKE_PTR(call->parameters));
	message_deinit(&call->message);
}

static int begin_call(struct vl_conn *conn, struct message *m)
{
	struct vl_call *call = calloc(1, sizeof(*call));
	int r;

	if (!call) {
		message_deinit(m);
		return -ENOMEM;
	}
	call->conn = conn;
	call->message = *m;
	r = vl_parse_call(&call->envelope, m->text, m->n, NULL);
	if (r < 0) {
		vl_call_free(call);
		return r;
	}
	run_call(conn, call);
	return 0;
}

/*
 * While nothing is read, only this tells that the peer has left. Who only stopped sending may still
 * be waiting for the answer; then POLLRDHUP stays set, a loop that waits for it would spin, and
 * libevent has no event for POLLHUP alone: so the clock makes us look.
 */
static int check_hangup(struct vl_conn *conn)
{
	struct pollfd p = { .fd = vl_conn_fd(conn), .events = POLLRDHUP };

	if (poll(&p, 1, 0) > 0) {
		if (p.revents & (POLLHUP | POLLERR | POLLNVAL)) {
			return -EPIPE;
		}
		conn->half_closed = conn->half_closed || (p.revents & POLLRDHUP);
	}
	if (conn->half_closed) {
		conn->recheck = clock_usec() + RECHECK_USEC;
	}
	return 0;
}

static int flush(struct vl_conn *conn)
{
	int r;

	do {
		r = stream_flush(conn->stream);
	} while (r > 0);
	return r;
}

static int read_call(struct vl_conn *conn)
{
	struct message m;
	int r = stream_read(conn->stream);

	if (r < 0) {
		return r;
	}
	if (stream_next(conn->stream, &m)) {
		conn->deadline = UINT64_MAX;
		r = begin_call(conn, &m);
		return r < 0 ? r : 1;
	}
	if (!stream_is_partial(conn->stream)) {
		conn->deadline = UINT64_MAX;
	} else if (conn->deadline == UINT64_MAX) {
		conn->deadline = clock_usec() + conn->stall_usec;
	}
	return r;
}

/* One thing at a time, in this order. 1 progress, 0 nothing to do now, negative: over. */
static int step(struct vl_conn *conn)
{
	int r;

	if (conn->dead) {
		return conn->dead;
	}
	r = flush(conn);
	if (r < 0) {
		return r;
	}
	if (stream_wants(conn->stream) & POLLOUT) {
		r = check_hangup(conn);
	} else if (conn->upgraded) {
		conn->hand_over = true;
		return -ESHUTDOWN;
	} else if (conn->closing) {
		return -ESHUTDOWN;
	} else if (conn->call) {
		r = check_hangup(conn);
	} else {
		conn->recheck = UINT64_MAX;
		return read_call(conn);
	}
	return r;
}

int vl_conn_process(struct vl_conn *conn)
{
	int r = 1;

	conn->in_process = true;
	for (int i = 0; i < STEPS_MAX && r > 0; i++) {
		r = step(conn);
	}
	conn->in_process = false;
	if (r >= 0 && conn->deadline != UINT64_MAX && clock_usec() >= conn->deadline) {
		r = -ETIMEDOUT;
	}
	if (r >= 0) {
		changed(conn);
		r = conn->dead;
	}
	if (r < 0) {
		vl_conn_free(conn);
		return r;
	}
	return 0;
}
