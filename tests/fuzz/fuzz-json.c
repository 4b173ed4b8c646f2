/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checker accepts is understood alike by our reader and by json-c, survives our writer,
 * and json-c's output is accepted again. What is refused may never crash the reader either.
 */
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-write.h"
#include "proto/envelope.h"
#include "proto/json.h"
#include "tests/fuzz/fuzz.h"

static void compare_scalar(struct json_span v, struct json_object *o)
{
	bool b;
	int64_t i;

	switch (json_kind(v)) {
	case JSON_NULL:
		FUZZ_ASSERT(!o);
		break;
	case JSON_BOOL:
		FUZZ_ASSERT(json_get_bool(v, &b) == 0);
		FUZZ_ASSERT(json_object_is_type(o, json_type_boolean) &&
			    json_object_get_boolean(o) == b);
		break;
	case JSON_NUMBER:
		if (json_get_int64(v, &i) == 0) {
			FUZZ_ASSERT(json_object_is_type(o, json_type_int) &&
				    json_object_get_int64(o) == i);
		} else {
			FUZZ_ASSERT(json_object_is_type(o, json_type_int) ||
				    json_object_is_type(o, json_type_double));
		}
		break;
	case JSON_STRING: {
		_cleanup_free_ char *s = NULL;
		FUZZ_ASSERT(json_dup_string(v, &s) == 0);
		FUZZ_ASSERT(json_object_is_type(o, json_type_string) &&
			    strcmp(json_object_get_string(o), s) == 0);
		FUZZ_ASSERT(json_string_equal(v, s));
		break;
	}
	case JSON_ABSENT:
	case JSON_ARRAY:
	case JSON_OBJECT:
		abort();
	}
}

/* Returns how many values there are; the depth is bounded by the checker. */
static size_t compare(
	struct json_span v, struct json_object *o, struct json_writer *w, const char *name)
{
	struct json_iter it = json_iter(v);
	struct json_span key, value;
	size_t n = 1, i = 0;

	if (!it.at) {
		compare_scalar(v, o);
		json_write_span(w, name, v);
		return 1;
	}
	FUZZ_ASSERT(json_object_is_type(o, it.is_object ? json_type_object : json_type_array));
	if (it.is_object) {
		json_begin_object(w, name);
	} else {
		json_begin_array(w, name);
	}
	while (json_next(&it, &key, &value)) {
		_cleanup_free_ char *s = NULL;
		struct json_object *member = NULL;
		if (it.is_object) {
			FUZZ_ASSERT(json_dup_string(key, &s) == 0);
			FUZZ_ASSERT(json_object_object_get_ex(o, s, &member));
			FUZZ_ASSERT(json_member(v, s).p == value.p);
		} else {
			member = json_object_array_get_idx(o, i);
		}
		n += compare(value, member, w, s);
		i++;
	}
	FUZZ_ASSERT(i == (json_kind(v) == JSON_OBJECT ? (size_t)json_object_object_length(o)
						      : json_object_array_length(o)));
	json_end(w);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(json_object_putp) struct json_object *o = NULL, *again = NULL;
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };
	struct vl_envelope envelope;
	struct json_span v, key, value;
	struct nono_error err;
	const char *text;

	vl_parse_call(&envelope, (const char *)data, size, &err);
	vl_parse_reply(&envelope, (const char *)data, size, &err);
	if (json_check(data, size, &v, &err) < 0) {
		struct json_iter it = json_iter((struct json_span){ (const char *)data, size });
		FUZZ_ASSERT(err.message[0] && !o);
		while (json_next(&it, &key, &value)) {
			json_count(value);
		}
		return 0;
	}
	FUZZ_ASSERT(json_parse(&o, data, size, NULL) == 0);
	FUZZ_ASSERT(compare(v, o, &w, NULL) == json_count(v));
	FUZZ_ASSERT(json_writer_error(&w) == 0);
	FUZZ_ASSERT(json_parse(&again, b.data, b.len, &err) == 0);
	FUZZ_ASSERT(json_object_equal(o, again));
	text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	FUZZ_ASSERT(json_check(text, strlen(text), NULL, NULL) == 0);
	return 0;
}
