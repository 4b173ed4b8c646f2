/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/why-session.h"

#include <errno.h>

#include "client/commands.h"
#include "client/connect.h"
#include "client/local/question.h"
#include "client/self.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-write.h"

static const struct {
	enum why_operation operation;
	const char *word;
} operations[] = {
	{ WHY_READ, "read" },
	{ WHY_WRITE, "write" },
	{ WHY_CREATE, "create" },
	{ WHY_DELETE, "delete" },
	{ WHY_EXECUTE, "execute" },
};

static void write_question(struct json_writer *w, const struct why_path *q)
{
	_cleanup_free_ char *text = NULL;
	bool escaped = false;

	if (escape_path(q->path, &text, &escaped) < 0) {
		w->buf->error = -ENOMEM;
		return;
	}
	json_begin_object(w, "path");
	json_write_string(w, "path", text);
	if (escaped) {
		json_write_bool(w, "escaped", true);
	}
	json_end(w);
	json_begin_array(w, "operations");
	for (size_t i = 0; i < ELEMENTSOF(operations); i++) {
		if (q->operations & operations[i].operation) {
			json_write_string(w, NULL, operations[i].word);
		}
	}
	json_end(w);
	json_write_bool(w, "exists", q->exists);
	json_write_bool(w, "isDirectory", q->is_dir);
}

/* {"session":…} and the question. */
static int write_parameters(
	struct buf *out, const struct arguments *a, const struct workdir *w, struct nono_error *err)
{
	struct json_writer writer = { .buf = out };

	json_begin_object(&writer, NULL);
	json_write_string(&writer, "session", a->session ? a->session : "");
	if (a->path) {
		_cleanup_(question_deinit) struct question q = { 0 };
		int r = question_init(&q, w, a->path, a->op, err);
		if (r < 0) {
			return r;
		}
		write_question(&writer, &q.why);
	} else if (a->host) {
		json_write_string(&writer, "host", a->host);
		if (a->port) {
			json_write_uint64(&writer, "port", a->port);
		}
	} else {
		json_write_string(&writer, "command", a->command);
	}
	json_end(&writer);
	if (json_writer_error(&writer) < 0) {
		return error_set(err, NONO_INVALID, EINVAL,
			"names of sessions, hosts and commands are valid UTF-8");
	}
	return 0;
}

static int read_reason(enum why_reason *ret, struct json_span v)
{
	for (enum why_reason r = 0; r <= WHY_COMMAND_BLOCKED; r++) {
		if (json_string_equal(v, why_reason_to_string(r))) {
			*ret = r;
			return 0;
		}
	}
	return -EBADMSG;
}

static enum nono_access read_access(struct json_span v)
{
	return json_string_equal(v, "read")    ? NONO_READ
	       : json_string_equal(v, "write") ? NONO_WRITE
					       : NONO_READ_WRITE;
}

/* An optional string; NULL when it is absent. */
static int read_text(char **ret, struct json_span answer, const char *name)
{
	struct json_span v = json_member(answer, name);

	return json_is_null(v) ? 0 : json_dup_string(v, ret);
}

static int read_path(char **ret, struct json_span answer)
{
	struct json_span path = json_member(answer, "grantedPath");
	_cleanup_free_ char *text = NULL;
	bool escaped = false;
	int r = read_text(&text, path, "path");

	json_get_bool(json_member(path, "escaped"), &escaped);
	if (r < 0 || !text) {
		return r;
	}
	if (escaped) {
		return unescape_path(text, ret);
	}
	*ret = TAKE_PTR(text);
	return 0;
}

/* The type Answer of io.nono.Session. */
static int read_answer(struct why_answer *ret, struct json_span v)
{
	_cleanup_(why_answer_deinit) struct why_answer a = { 0 };
	int r = json_get_bool(json_member(v, "allowed"), &a.allowed);

	if (r == 0) {
		r = read_reason(&a.reason, json_member(v, "reason"));
	}
	if (r == 0) {
		r = read_path(&a.granted_path, v);
	}
	if (r == 0) {
		r = read_text(&a.details, v, "details");
	}
	if (r == 0) {
		r = read_text(&a.source, v, "source");
	}
	if (r == 0) {
		r = read_text(&a.policy_source, v, "policySource");
	}
	if (r == 0) {
		r = read_text(&a.suggested_flag, v, "suggestedFlag");
	}
	if (r < 0) {
		return r;
	}
	a.access = read_access(json_member(v, "access"));
	*ret = a;
	a = (struct why_answer){ 0 };
	return 0;
}

int why_ask_session(struct why_answer *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err)
{
	_cleanup_(connection_close) struct connection c = { .errors_fd = -1 };
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct vl_reply reply;
	int r = write_parameters(&b, a, w, err);

	if (r == 0) {
		r = connection_open(&c, false, err);
		if (r == -ENOENT || r == -ECONNREFUSED) {
			return error_set(err, NONO_NOT_FOUND, ENOENT,
				"there is no session '%.100s': no supervisor is running",
				a->session);
		}
	}
	if (r == 0) {
		r = command_ask(&c,
			&(struct call){ .method = "io.nono.Session.Why",
				.parameters = b.data,
				.timeout_ms = CALL_TIMEOUT_MS },
			&reply, err);
	}
	if (r < 0) {
		return r;
	}
	r = read_answer(ret, json_member(reply.parameters, "answer"));
	return r < 0 ? error_set(err, NONO_SYSTEM, -r, "nonod's answer cannot be understood") : 0;
}

int why_ask_self(struct why_answer *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err)
{
	_cleanup_(connection_close) struct connection c = { .errors_fd = -1 };
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct vl_reply reply;
	int r = write_parameters(&b, a, w, err);

	if (r == 0) {
		r = self_connect(&c.client, err);
	}
	if (r == 0) {
		r = vl_client_call(c.client, "io.nono.Session.Why", b.data, NULL, 0,
			CALL_TIMEOUT_MS, &reply, err);
	}
	if (r < 0) {
		return r;
	}
	if (reply.error) {
		connection_explain(&reply, err);
		return -EPERM;
	}
	r = read_answer(ret, json_member(reply.parameters, "answer"));
	return r < 0 ? error_set(err, NONO_SYSTEM, -r, "nonod's answer cannot be understood") : 0;
}
