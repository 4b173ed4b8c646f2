/* SPDX-License-Identifier: Apache-2.0 */
#include "client/denials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"

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

/* True when the user, outside, could do it: else the sandbox is not to blame. */
static bool is_possible(const struct suspect *s, const char *operation)
{
	_cleanup_free_ char *dir = NULL;
	char *slash;

	if (str_equal(operation, "read")) {
		return s->exists && faccessat(AT_FDCWD, s->path, R_OK, AT_EACCESS) == 0;
	}
	if (str_equal(operation, "execute")) {
		return s->exists && faccessat(AT_FDCWD, s->path, X_OK, AT_EACCESS) == 0;
	}
	if (str_equal(operation, "write")) {
		return s->exists && faccessat(AT_FDCWD, s->path, W_OK, AT_EACCESS) == 0;
	}
	dir = strdup(s->path);
	slash = dir ? strrchr(dir, '/') : NULL;
	if (!slash) {
		return false;
	}
	slash[slash == dir] = '\0';
	return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0;
}

/* Adds a denial when it is one. 0, or -errno when nonod cannot be talked to. */
static int ask(struct denials *d, struct connection *c, const char *session,
	const struct suspect *s, const char *operation, bool *ret_denied)
{
	_cleanup_(buf_deinit) struct buf parameters = { 0 };
	struct json_span answer;
	struct vl_reply reply;
	bool allowed = true;
	int r = 0;

	*ret_denied = false;
	if (!is_possible(s, operation)) {
		return 0;
	}
	r = write_question(&parameters, session, s, operation);
	if (r == 0) {
		r = connection_call(c,
			&(struct call){ .method = "io.nono.Session.Why",
				.parameters = parameters.data,
				.timeout_ms = ASK_TIMEOUT_MS },
			&reply, NULL);
	}
	if (r < 0 || reply.error) {
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
