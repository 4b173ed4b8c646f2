/* SPDX-License-Identifier: Apache-2.0 */
/* The call a connection is busy with, as its handler sees it; see conn.h for lifetimes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/conn-private.h"
#include "proto/json.h"

struct vl_conn *vl_call_conn(const struct vl_call *call)
{
	return call->conn;
}

const struct peer *vl_call_peer(const struct vl_call *call)
{
	return &call->conn->peer;
}

const char *vl_call_method(const struct vl_call *call)
{
	return call->envelope.name;
}

unsigned vl_call_flags(const struct vl_call *call)
{
	return call->envelope.flags;
}

struct json_object *vl_call_parameters(const struct vl_call *call)
{
	return call->parameters;
}

size_t vl_call_n_fds(const struct vl_call *call)
{
	return call->message.n_fds;
}

int vl_call_steal_fd(struct vl_call *call, int64_t i)
{
	if (i < 0 || (uint64_t)i >= call->message.n_fds || call->message.fds[i] < 0) {
		return -EBADF;
	}
	return take_fd(&call->message.fds[i]);
}

void vl_call_keep(
	struct vl_call *call, void (*cancel)(struct vl_call *call, void *userdata), void *userdata)
{
	call->kept = true;
	call->cancel = cancel;
	call->cancel_userdata = userdata;
}

/* The text of one answer, checked as strictly as what comes in: a handler's slip must not make the
 * caller drop the connection. */
static int build(struct message *ret, const char *error, bool continues, struct json_object *o)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_span span = { 0 };

	if (o) {
		span.p = json_object_to_json_string_length(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &span.n);
		if (!span.p) {
			return -ENOMEM;
		}
		if (json_kind(span) != JSON_OBJECT || json_check(span.p, span.n, NULL, NULL) < 0) {
			return -EBADMSG;
		}
	}
	vl_write_reply(&b, error, continues, span);
	if (buf_error(&b)) {
		return buf_error(&b);
	}
	ret->n = b.len;
	ret->text = buf_take(&b);
	return ret->text ? 0 : -ENOMEM;
}

/* After an answer: a final one ends the call, whatever became of it. What could not be sent ends
 * the connection, because the caller would wait for ever. */
static int settle(struct vl_call *call, bool final, int r)
{
	struct vl_conn *conn = call->conn;

	if (r < 0 && !conn->dead) {
		conn->dead = r;
	}
	call->answered = final;
	if (final && !call->in_handler) {
		conn->call = NULL;
		vl_call_free(call);
	}
	if (!conn->in_process) {
		conn->ops->changed(conn, conn->owner);
	}
	return r;
}

static int send_answer(struct vl_call *call, struct message *m)
{
	int r = stream_send(call->conn->stream, m);

	if (r == 0) {
		/* At once if the socket takes it; an answer outside of the connection's turn would
		 * else wait for the loop. */
		r = stream_flush(call->conn->stream);
	}
	return r < 0 ? r : 0;
}

/* Text from anywhere, cut anywhere, as a member: what is not UTF-8 loses everything but ASCII. */
static int add_text(struct json_object *o, const char *name, char *text)
{
	int r = json_add_string(o, name, text);

	if (r != -EINVAL) {
		return r;
	}
	for (char *c = text; *c; c++) {
		*c = (unsigned char)*c < 0x80 ? *c : '?';
	}
	return json_add_string(o, name, text);
}

static int send_system_error(struct vl_call *call, char *origin, int errnum)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	struct message m = { 0 };
	const char *name = strerrorname_np(errnum);
	int r;

	r = add_text(o, "origin", origin);
	if (r == 0) {
		r = json_add_string(o, "errnoName", name ? name : "EIO");
	}
	if (r == 0) {
		r = json_add_int(o, "errno", errnum);
	}
	if (r == 0) {
		r = build(&m, "io.systemd.System", false, o);
	}
	return r < 0 ? r : send_answer(call, &m);
}

static int check_answer(struct vl_call *call, const char *error, struct json_object *parameters,
	char *path, size_t size)
{
	const struct vl_conn_ops *ops = call->conn->ops;

	return ops->check_answer
		       ? ops->check_answer(call, error, parameters, path, size, call->conn->owner)
		       : 0;
}

static int move_fds(struct message *m, int *fds, size_t n_fds)
{
	if (n_fds == 0) {
		return 0;
	}
	m->fds = malloc(n_fds * sizeof(*fds));
	if (!m->fds) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_fds; i++) {
		m->fds[m->n_fds++] = take_fd(&fds[i]);
	}
	return 0;
}

/* Every answer comes through here. Consumes parameters and the descriptors. */
static int answer(struct vl_call *call, const char *error, bool continues,
	struct json_object *parameters, int *fds, size_t n_fds)
{
	_cleanup_(json_object_putp) struct json_object *o = parameters;
	_cleanup_(message_deinit) struct message m = { 0 };
	char path[256];
	int r = 0;

	if (call->answered) {
		r = -EALREADY;
	} else if (call->envelope.flags & VL_ONEWAY) {
		r = settle(call, !continues, 0);
	} else if (check_answer(call, error, o, path, sizeof(path)) < 0) {
		r = settle(call, true, send_system_error(call, path, EPROTO));
	} else {
		r = build(&m, error, continues, o);
		if (r == -EBADMSG) {
			continues = false;
			r = send_system_error(call, (char[]){ "reply" }, EBADMSG);
		} else if (r == 0) {
			r = move_fds(&m, fds, n_fds);
			r = r < 0 ? r : send_answer(call, &m);
		}
		r = settle(call, !continues, r);
	}
	fd_close_many(fds, n_fds);
	return r;
}

int vl_call_reply(struct vl_call *call, struct json_object *parameters)
{
	return answer(call, NULL, false, parameters, NULL, 0);
}

int vl_call_reply_fds(struct vl_call *call, struct json_object *parameters, int *fds, size_t n_fds)
{
	return answer(call, NULL, false, parameters, fds, n_fds);
}

int vl_call_error(struct vl_call *call, const char *name, struct json_object *parameters)
{
	return answer(call, name, false, parameters, NULL, 0);
}

int vl_call_notify(struct vl_call *call, struct json_object *parameters)
{
	if (!call->answered && !(call->envelope.flags & (VL_MORE | VL_ONEWAY))) {
		json_object_put(parameters);
		vl_call_error(call, "org.varlink.service.ExpectedMore", NULL);
		return -EINVAL;
	}
	return answer(call, NULL, true, parameters, NULL, 0);
}

int vl_call_error_message(struct vl_call *call, const char *name, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	add_text(o, "message", message);
	return vl_call_error(call, name, o);
}

int vl_call_invalid_parameter(struct vl_call *call, const char *parameter)
{
	struct json_object *o = json_object_new_object();

	json_add_string(o, "parameter", parameter);
	return vl_call_error(call, "org.varlink.service.InvalidParameter", o);
}

int vl_call_error_errno(struct vl_call *call, int errnum)
{
	if (call->answered) {
		return -EALREADY;
	}
	if (call->envelope.flags & VL_ONEWAY) {
		return settle(call, true, 0);
	}
	return settle(call, true, send_system_error(call, (char[]){ "linux" }, errnum));
}

int vl_call_upgrade(struct vl_call *call, struct json_object *parameters,
	void (*fn)(int fd, void *userdata), void *userdata)
{
	struct vl_conn *conn = call->conn;

	if (call->answered || !(call->envelope.flags & VL_UPGRADE)) {
		json_object_put(parameters);
		return -EINVAL;
	}
	/* First: answering a kept call makes the loop look at the connection. */
	conn->upgraded = fn;
	conn->upgraded_userdata = userdata;
	return vl_call_reply(call, parameters);
}
