/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

static void tokener_freep(struct json_tokener **t)
{
	if (*t) {
		json_tokener_free(*t);
	}
}

int json_parse_checked(struct json_object **ret, struct json_span v)
{
	_cleanup_(tokener_freep) struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	struct json_object *o;

	if (!t) {
		return -ENOMEM;
	}
	if (v.n > INT_MAX) {
		return -EMSGSIZE;
	}
	o = json_tokener_parse_ex(t, v.p, (int)v.n);
	if (json_tokener_get_error(t) == json_tokener_continue) {
		/* A number at the very end: only what follows shows that it is over. */
		o = json_tokener_parse_ex(t, " ", 1);
	}
	if (json_tokener_get_error(t) != json_tokener_success) {
		/* The text is valid, so nothing else can have happened. */
		return -ENOMEM;
	}
	*ret = o;
	return 0;
}

int json_parse(struct json_object **ret, const void *p, size_t n, struct nono_error *err)
{
	struct json_span v;
	int r = json_check(p, n, &v, err);

	if (r < 0) {
		return r;
	}
	r = json_parse_checked(ret, v);
	if (r == -EMSGSIZE) {
		return error_set(err, NONO_LIMIT, EMSGSIZE, "larger than %d bytes", INT_MAX);
	}
	return r < 0 ? error_oom(err) : 0;
}

static struct json_object *member(struct json_object *o, const char *name, enum json_type type)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v) ||
		!json_object_is_type(v, type)) {
		return NULL;
	}
	return v;
}

const char *json_string_or(struct json_object *o, const char *name, const char *fallback)
{
	struct json_object *v = member(o, name, json_type_string);

	return v ? json_object_get_string(v) : fallback;
}

bool json_bool_or(struct json_object *o, const char *name, bool fallback)
{
	struct json_object *v = member(o, name, json_type_boolean);

	return v ? json_object_get_boolean(v) : fallback;
}

int64_t json_int_or(struct json_object *o, const char *name, int64_t fallback)
{
	struct json_object *v = member(o, name, json_type_int);

	return v ? json_object_get_int64(v) : fallback;
}

struct json_object *json_object_of(struct json_object *o, const char *name)
{
	return member(o, name, json_type_object);
}

struct json_object *json_array_of(struct json_object *o, const char *name)
{
	return member(o, name, json_type_array);
}

int json_add(struct json_object *o, const char *name, struct json_object *value)
{
	if (!o || !value || json_object_object_add(o, name, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

int json_append(struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

/* NULL with *ret_error set for what cannot be a JSON string of ours. */
static struct json_object *new_string(const char *s, int *ret_error)
{
	size_t n = strlen(s);

	*ret_error = -ENOMEM;
	if (!str_is_utf8(s, n) || n > INT_MAX) {
		*ret_error = -EINVAL;
		return NULL;
	}
	return json_object_new_string_len(s, (int)n);
}

int json_add_string(struct json_object *o, const char *name, const char *s)
{
	struct json_object *v;
	int r;

	if (!s) {
		return o ? 0 : -ENOMEM;
	}
	v = new_string(s, &r);
	return v ? json_add(o, name, v) : r;
}

int json_append_string(struct json_object *array, const char *s)
{
	int r;
	struct json_object *v = new_string(s, &r);

	return v ? json_append(array, v) : r;
}

int json_add_int(struct json_object *o, const char *name, int64_t v)
{
	return json_add(o, name, json_object_new_int64(v));
}

int json_add_bool(struct json_object *o, const char *name, bool v)
{
	return json_add(o, name, json_object_new_boolean(v));
}
