/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"

#include <errno.h>
#include <string.h>

#include "libcore/base/error.h"
#include "libcore/base/json-write.h"

static int malformed(struct nono_error *err, const char *why)
{
	return error_set(err, NONO_INVALID, EBADMSG, "malformed message: %s", why);
}

static int get_name(
	struct vl_envelope *e, struct json_span v, const char *what, struct nono_error *err)
{
	if (json_get_string(v, e->name, sizeof(e->name)) <= 0) {
		return error_set(err, NONO_INVALID, EBADMSG,
			"malformed message: '%s' is no name of at most %d bytes", what,
			VL_NAME_MAX);
	}
	return 0;
}

static int get_parameters(struct vl_envelope *e, struct json_span v, struct nono_error *err)
{
	if (!json_is_null(v)) {
		if (json_kind(v) != JSON_OBJECT) {
			return malformed(err, "'parameters' is no object");
		}
		e->parameters = v;
	}
	return 0;
}

static int get_flag(
	struct vl_envelope *e, struct json_span v, unsigned flag, struct nono_error *err)
{
	bool value;

	if (json_get_bool(v, &value) < 0) {
		return malformed(err, "a flag is no boolean");
	}
	if (value) {
		e->flags |= flag;
	}
	return 0;
}

static int parse_call_member(
	struct vl_envelope *e, struct json_span key, struct json_span v, struct nono_error *err)
{
	if (json_string_equal(key, "method")) {
		return get_name(e, v, "method", err);
	}
	if (json_string_equal(key, "parameters")) {
		return get_parameters(e, v, err);
	}
	if (json_string_equal(key, "more")) {
		return get_flag(e, v, VL_MORE, err);
	}
	if (json_string_equal(key, "oneway")) {
		return get_flag(e, v, VL_ONEWAY, err);
	}
	if (json_string_equal(key, "upgrade")) {
		return get_flag(e, v, VL_UPGRADE, err);
	}
	/* With a dot it is somebody's extension. */
	return memchr(key.p, '.', key.n) ? 0 : malformed(err, "unknown member");
}

static int parse_reply_member(
	struct vl_envelope *e, struct json_span key, struct json_span v, struct nono_error *err)
{
	if (json_string_equal(key, "error")) {
		return json_is_null(v) ? 0 : get_name(e, v, "error", err);
	}
	if (json_string_equal(key, "parameters")) {
		return get_parameters(e, v, err);
	}
	if (json_string_equal(key, "continues")) {
		return json_get_bool(v, &e->continues) < 0
			       ? malformed(err, "'continues' is no boolean")
			       : 0;
	}
	return 0;
}

static int parse(struct vl_envelope *ret, const char *text, size_t n,
	int (*member)(
		struct vl_envelope *, struct json_span, struct json_span, struct nono_error *),
	struct nono_error *err)
{
	struct json_span object, key, value;
	struct json_iter it;
	int r;

	ret->name[0] = '\0';
	ret->flags = 0;
	ret->continues = false;
	ret->parameters = (struct json_span){ 0 };
	r = json_check(text, n, &object, err);
	if (r < 0) {
		error_wrap(err, "malformed message");
		return r;
	}
	if (json_kind(object) != JSON_OBJECT) {
		return malformed(err, "no object");
	}
	it = json_iter(object);
	while (json_next(&it, &key, &value)) {
		r = member(ret, key, value, err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int vl_parse_call(struct vl_envelope *ret, const char *text, size_t n, struct nono_error *err)
{
	int r = parse(ret, text, n, parse_call_member, err);

	if (r < 0) {
		return r;
	}
	if (!ret->name[0]) {
		return malformed(err, "no method");
	}
	/* At most one of them: a power of two. */
	return ret->flags & (ret->flags - 1) ? malformed(err, "contradicting flags") : 0;
}

int vl_parse_reply(struct vl_envelope *ret, const char *text, size_t n, struct nono_error *err)
{
	int r = parse(ret, text, n, parse_reply_member, err);

	if (r < 0) {
		return r;
	}
	return ret->name[0] && ret->continues ? malformed(err, "an error that continues") : 0;
}

static void write_parameters(struct json_writer *w, struct json_span parameters)
{
	if (parameters.p && !(parameters.n == 2 && memcmp(parameters.p, "{}", 2) == 0)) {
		json_write_span(w, "parameters", parameters);
	}
	json_end(w);
}

void vl_write_call(struct buf *b, const char *method, unsigned flags, struct json_span parameters)
{
	struct json_writer w = { .buf = b };

	json_begin_object(&w, NULL);
	json_write_string(&w, "method", method);
	if (flags & VL_ONEWAY) {
		json_write_bool(&w, "oneway", true);
	}
	if (flags & VL_MORE) {
		json_write_bool(&w, "more", true);
	}
	if (flags & VL_UPGRADE) {
		json_write_bool(&w, "upgrade", true);
	}
	write_parameters(&w, parameters);
}

void vl_write_reply(struct buf *b, const char *error, bool continues, struct json_span parameters)
{
	struct json_writer w = { .buf = b };

	json_begin_object(&w, NULL);
	if (error) {
		json_write_string(&w, "error", error);
	}
	if (continues) {
		json_write_bool(&w, "continues", true);
	}
	write_parameters(&w, parameters);
}
