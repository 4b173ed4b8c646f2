/* SPDX-License-Identifier: Apache-2.0 */
#include "client/denials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-write.h"

#define ASK_TIMEOUT_MS 2000 /* somebody waits for the prompt of a shell */

static int write_question(
	struct buf *out, const char *session, const struct suspect *s, const char *operation)
{
	struct json_writer w = { .buf = out };
	_cleanup_free_ char *path = NULL;
	bool escaped;

	if (escape_path(s->path, &path, &escaped) < 0) {
		return -ENOMEM;
	}
	json_begin_object(&w, NULL);
	json_write_string(&w, "session", session);
	json_begin_object(&w, "path");
	json_write_string(&w, "path", path);
	if (escaped) {
		json_write_bool(&w, "escaped", true);
	}
	json_end(&w);
	json_begin_array(&w, "operations");
	json_write_string(&w, NULL, operation);
	json_end(&w);
	json_write_bool(&w, "exists", s->exists);
	json_write_bool(&w, "isDirectory", s->is_directory);
	json_end(&w);
	return json_writer_error(&w);
}

/* Adds a denial when it is one. 0, or -errno when nonod does not answer. */
static int ask(struct denials *d, struct connection *c, const char *session,
	const struct suspect *s, const char *operation, bool *ret_denied)
{
	_cleanup_(buf_deinit) struct buf parameters = { 0 };
	struct json_span answer;
	struct vl_reply reply;
	bool allowed = true;
	int r = write_question(&parameters, session, s, operation);

	*ret_denied = false;
	if (r == 0) {
		r = command_ask(c,
			&(struct call){ .method = "io.nono.Session.Why",
				.parameters = parameters.data,
				.timeout_ms = ASK_TIMEOUT_MS },
			&reply, NULL);
	}
	if (r < 0) {
		return r;
	}
	answer = json_member(reply.parameters, "answer");
	if (json_get_bool(json_member(answer, "allowed"), &allowed) < 0 || allowed) {
		return 0;
	}
	d->items[d->n] = (struct denial){
		.suspect = s, .operation = operation, .answer = strndup(answer.p, answer.n)
	};
	if (!d->items[d->n].answer) {
		return -ENOMEM;
	}
	d->items[d->n].json = (struct json_span){ d->items[d->n].answer, answer.n };
	d->n++;
	*ret_denied = true;
	return 0;
}

/* What a program does with such a path, the likelier first. Writing is suspected only where the
 * command itself said that something was denied. */
static size_t likely_operations(const struct suspect *s, const char *ret[static 2])
{
	if (s->origin == SUSPECT_PROGRAM) {
		ret[0] = "execute";
		return 1;
	}
	if (s->origin == SUSPECT_OUTPUT) {
		ret[0] = s->exists ? "read" : "create";
		ret[1] = "write";
		return s->exists ? 2 : 1;
	}
	ret[0] = "read";
	return 1;
}

void denials_ask(struct denials *ret, struct connection *c, const char *session,
	const struct suspects *suspects)
{
	int r = c->client ? 0 : -ENOTCONN;

	*ret = (struct denials){ 0 };
	for (size_t i = 0; r == 0 && i < suspects->n; i++) {
		const char *operations[2];
		size_t n = likely_operations(&suspects->items[i], operations);
		bool denied = false;
		for (size_t k = 0; r == 0 && !denied && k < n; k++) {
			r = ask(ret, c, session, &suspects->items[i], operations[k], &denied);
		}
	}
}

bool denials_have_cause(const struct denials *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->items[i].suspect->origin != SUSPECT_DIRECTORY) {
			return true;
		}
	}
	return false;
}

void denials_deinit(struct denials *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].answer);
	}
	d->n = 0;
}
