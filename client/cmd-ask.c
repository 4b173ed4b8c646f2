/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that ask nonod something and print the answer: ps, inspect, stop, status. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/commands.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/json-write.h"
#include "libcore/base/visible.h"

#define STOP_DEFAULT_SECONDS 10
#define USEC_PER_SEC         1000000

int command_fail(const struct nono_error *err)
{
	say("%s", err->message);
	return EXIT_NONO;
}

int command_ask(
	struct connection *c, const struct call *call, struct vl_reply *ret, struct nono_error *err)
{
	int r = connection_call(c, call, ret, err);

	if (r < 0) {
		return r;
	}
	if (ret->error) {
		connection_explain(ret, err);
		return -EPERM;
	}
	return 0;
}

int command_print_json(const struct vl_reply *reply)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = VL_CLIENT_MESSAGE_MAX };

	if (reply->parameters.p) {
		buf_append(&b, reply->parameters.p, reply->parameters.n);
	} else {
		buf_append_str(&b, "{}");
	}
	buf_append_char(&b, '\n');
	return say_result(&b);
}

/* A member for people; "-" when it is not there. */
static void append_member(struct buf *out, struct json_span object, const char *name)
{
	_cleanup_free_ char *text = NULL;
	struct json_span v = json_member(object, name);
	int64_t number;

	if (json_get_int64(v, &number) == 0) {
		buf_printf(out, "%" PRId64, number);
	} else if (json_dup_string(v, &text) == 0) {
		visible_append(out, text);
	} else {
		buf_append_char(out, '-');
	}
}

static void append_column(struct buf *out, struct json_span object, const char *name, size_t width)
{
	size_t begin = out->len;

	append_member(out, object, name);
	do {
		buf_append_char(out, ' ');
	} while (buf_error(out) == 0 && out->len - begin < width);
}

/* "3m12s": how long ago it started. */
static void append_age(struct buf *out, struct json_span runtime)
{
	struct timespec now;
	int64_t started = 0, s;

	clock_gettime(CLOCK_REALTIME, &now);
	json_get_int64(json_member(runtime, "startedAtUSec"), &started);
	s = now.tv_sec - started / USEC_PER_SEC;
	s = s < 0 ? 0 : s;
	if (s < 60) {
		buf_printf(out, "%" PRId64 "s", s);
	} else if (s < 3600) {
		buf_printf(out, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	} else {
		buf_printf(out, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	}
}

/* A connection to a nonod that runs already; *ret_nobody when none does. */
static int open_existing(struct connection *c, bool *ret_nobody, struct nono_error *err)
{
	int r = connection_open(c, false, err);

	*ret_nobody = r == -ENOENT || r == -ECONNREFUSED;
	return r;
}

static int print_sessions(const struct vl_reply *reply)
{
	_cleanup_(buf_deinit) struct buf out = { .limit = VL_CLIENT_MESSAGE_MAX };
	struct json_iter it = json_iter(json_member(reply->parameters, "sessions"));
	struct json_span runtime;

	buf_append_str(
		&out, "SESSION                   NAME                STATE     PID      AGE\n");
	while (json_next(&it, NULL, &runtime)) {
		append_column(&out, runtime, "sessionId", 26);
		append_column(&out, runtime, "name", 20);
		append_column(&out, runtime, "state", 10);
		append_column(&out, runtime, "processId", 9);
		append_age(&out, runtime);
		buf_append_char(&out, '\n');
	}
	return say_result(&out);
}

int command_ps(const struct arguments *a)
{
	_cleanup_(connection_close) struct connection c = { .errors_fd = -1 };
	struct vl_reply reply = { .parameters = { "{\"sessions\":[]}", 15 } };
	struct nono_error err = { 0 };
	bool nobody;
	int r = open_existing(&c, &nobody, &err);

	if (r == 0) {
		r = command_ask(&c,
			&(struct call){
				.method = "io.nono.Session.List", .timeout_ms = CALL_TIMEOUT_MS },
			&reply, &err);
	} else if (nobody) {
		r = 0; /* no supervisor, so no sessions */
	}
	if (r < 0) {
		return command_fail(&err);
	}
	return a->json ? command_print_json(&reply) : print_sessions(&reply);
}

/* Asks about one session with {"session":NAME,…}. */
static int ask_session(struct connection *c, const char *method, const char *session,
	const uint64_t *timeout_seconds, struct vl_reply *ret, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };
	bool nobody;
	int r;

	json_begin_object(&w, NULL);
	json_write_string(&w, "session", session);
	if (timeout_seconds) {
		json_write_uint64(&w, "timeoutUSec", *timeout_seconds * USEC_PER_SEC);
	}
	json_end(&w);
	if (json_writer_error(&w) < 0) {
		return error_set(err, NONO_INVALID, EINVAL, "a session's name is valid UTF-8");
	}
	r = open_existing(c, &nobody, err);
	if (nobody) {
		return error_set(err, NONO_NOT_FOUND, ENOENT,
			"there is no session '%s': no supervisor is running", session);
	}
	return r < 0 ? r
		     : command_ask(c,
			       &(struct call){ .method = method,
				       .parameters = b.data,
				       .timeout_ms = CALL_TIMEOUT_MS +
						     (timeout_seconds ? (int)*timeout_seconds * 1000
								      : 0) },
			       ret, err);
}

static void append_line(
	struct buf *out, const char *label, struct json_span object, const char *name)
{
	if (!json_is_null(json_member(object, name))) {
		buf_append_str(out, label);
		append_member(out, object, name);
		buf_append_char(out, '\n');
	}
}

static void append_command_line(struct buf *out, struct json_span context)
{
	struct json_iter it = json_iter(json_member(context, "commandLine"));
	struct json_span v;

	buf_append_str(out, "Command:    ");
	while (json_next(&it, NULL, &v)) {
		_cleanup_free_ char *text = NULL;
		if (json_dup_string(v, &text) == 0) {
			visible_append(out, text);
			buf_append_char(out, ' ');
		}
	}
	buf_append_char(out, '\n');
}

static int print_session(const struct vl_reply *reply)
{
	_cleanup_(buf_deinit) struct buf out = { .limit = VL_CLIENT_MESSAGE_MAX };
	struct json_span runtime = json_member(reply->parameters, "runtime");
	struct json_span context = json_member(reply->parameters, "context");
	struct json_span policy = json_member(reply->parameters, "policy");
	_cleanup_free_ char *summary = NULL;

	append_line(&out, "Session:    ", runtime, "sessionId");
	append_line(&out, "Name:       ", runtime, "name");
	append_line(&out, "State:      ", runtime, "state");
	append_line(&out, "Message:    ", runtime, "message");
	append_line(&out, "Supervisor: ", runtime, "supervisorProcessId");
	append_line(&out, "Process:    ", runtime, "processId");
	append_line(&out, "Exit:       ", runtime, "exitStatus");
	buf_append_str(&out, "Age:        ");
	append_age(&out, runtime);
	buf_append_char(&out, '\n');
	append_command_line(&out, context);
	append_line(&out, "Directory:  ", context, "workingDirectory");
	if (json_dup_string(json_member(policy, "summary"), &summary) == 0) {
		buf_printf(&out, "\n%s", summary); /* nonod's own text, made for a terminal */
	}
	return say_result(&out);
}

int command_inspect(const struct arguments *a)
{
	_cleanup_(connection_close) struct connection c = { .errors_fd = -1 };
	struct vl_reply reply;
	struct nono_error err = { 0 };

	if (ask_session(&c, "io.nono.Session.Get", a->operands[0], NULL, &reply, &err) < 0) {
		return command_fail(&err);
	}
	return a->json ? command_print_json(&reply) : print_session(&reply);
}

int command_stop(const struct arguments *a)
{
	_cleanup_(connection_close) struct connection c = { .errors_fd = -1 };
	uint64_t seconds = a->force                   ? 0
			   : a->given[OPTION_TIMEOUT] ? a->timeout_seconds
						      : STOP_DEFAULT_SECONDS;
	struct vl_reply reply;
	struct nono_error err = { 0 };

	if (ask_session(&c, "io.nono.Session.Stop", a->operands[0], &seconds, &reply, &err) < 0) {
		return command_fail(&err);
	}
	return a->json ? command_print_json(&reply) : 0;
}

static int print_status(const struct vl_reply *reply)
{
	_cleanup_(buf_deinit) struct buf out = { .limit = VL_CLIENT_MESSAGE_MAX };
	struct json_span p = reply->parameters, gate;
	struct json_iter it = json_iter(json_member(p, "gates"));

	append_line(&out, "nonod:      ", p, "version");
	append_line(&out, "Process:    ", p, "processId");
	append_line(&out, "Started by: ", p, "startedBy");
	append_line(&out, "Sessions:   ", p, "sessions");
	append_line(&out, "Kernel:     ", p, "kernel");
	append_line(&out, "Landlock:   ABI ", p, "landlockAbi");
	buf_append_str(&out, "\nGates:\n");
	while (json_next(&it, NULL, &gate)) {
		bool active = false;
		json_get_bool(json_member(gate, "active"), &active);
		buf_append_str(&out, active ? "  yes  " : "  NO   ");
		append_column(&out, gate, "name", 24);
		append_member(&out, gate, "description");
		buf_append_char(&out, '\n');
		if (!active) {
			append_line(&out, "       ", gate, "reason");
		}
	}
	return say_result(&out);
}

int command_status(const struct arguments *a)
{
	_cleanup_(connection_close) struct connection c = { .errors_fd = -1 };
	struct vl_reply reply;
	struct nono_error err = { 0 };
	int r = connection_open(&c, true, &err);

	if (r == 0) {
		r = command_ask(&c,
			&(struct call){ .method = "io.nono.Manager.GetStatus",
				.timeout_ms = CALL_TIMEOUT_MS,
				.may_be_private = true },
			&reply, &err);
	}
	if (r < 0) {
		return command_fail(&err);
	}
	return a->json ? command_print_json(&reply) : print_status(&reply);
}
