/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/question.h"

#include <errno.h>
#include <string.h>

#include "daemon/api-private.h"
#include "daemon/session.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "proto/envelope.h"
#include "proto/json.h"

static void write_reply(struct buf *ret, const char *error, struct json_object *parameters)
{
	const char *text = json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_PLAIN);

	if (!text) {
		ret->error = -ENOMEM;
		return;
	}
	vl_write_reply(ret, error, false, (struct json_span){ text, strlen(text) });
}

static void refuse(struct buf *ret, const char *error, const char *name, const char *value)
{
	_cleanup_(json_object_putp) struct json_object *p = json_object_new_object();

	if (json_add_string(p, name, value) < 0) {
		ret->error = -ENOMEM;
		return;
	}
	write_reply(ret, error, p);
}

void question_answer(const struct session *s, const char *call, size_t n, struct buf *ret)
{
	_cleanup_(json_object_putp) struct json_object *question = NULL, *reply = NULL;
	struct json_object *answer = NULL;
	struct vl_envelope envelope;
	const char *wrong = NULL;
	struct nono_error err;
	int r = vl_parse_call(&envelope, call, n, &err);

	if (r == 0 && !str_equal(envelope.name, "io.nono.Session.Why")) {
		refuse(ret, "org.varlink.service.MethodNotFound", "method", envelope.name);
		return;
	}
	if (r == 0 && envelope.parameters.p) {
		r = json_parse_checked(&question, envelope.parameters);
	}
	if (r == 0) {
		r = api_why_about(&answer, s->manager, s, question, &wrong, &err);
	}
	if (wrong) {
		refuse(ret, "org.varlink.service.InvalidParameter", "parameter", wrong);
		return;
	}
	if (r < 0) {
		refuse(ret, "io.nono.Session.Refused", "message",
			r == -ENOMEM ? "nonod is out of memory" : err.message);
		return;
	}
	reply = json_object_new_object();
	if (json_add(reply, "answer", answer) < 0) {
		ret->error = -ENOMEM;
		return;
	}
	write_reply(ret, NULL, reply);
}
