/* SPDX-License-Identifier: Apache-2.0 */
/* Checks values against types. Recursion follows the value, whose depth the parser bounded. */
#include <errno.h>
#include <string.h>

#include "libcore/base/str.h"
#include "proto/idl.h"
#include "proto/json.h"

/* Where in the value we are; what does not fit is cut. */
struct path {
	char *p;
	size_t size, len;
};

static void path_append(struct path *path, const char *s, size_t n)
{
	size_t room = path->size - path->len - 1;

	if (n > room) {
		/* Between two characters. */
		for (n = room; n > 0 && (s[n] & 0xc0) == 0x80; n--) {
		}
	}
	memcpy(path->p + path->len, s, n);
	path->len += n;
	path->p[path->len] = '\0';
}

static void path_enter(struct path *path, const char *name)
{
	if (path->len > 0) {
		path_append(path, ".", 1);
	}
	path_append(path, name, strlen(name));
}

static void path_enter_index(struct path *path, size_t i)
{
	char text[24], *p = text + sizeof(text);

	*--p = ']';
	do {
		*--p = (char)('0' + i % 10);
		i /= 10;
	} while (i > 0);
	*--p = '[';
	path_append(path, p, (size_t)(text + sizeof(text) - p));
}

static void path_leave(struct path *path, size_t len)
{
	path->len = len;
	path->p[len] = '\0';
}

static int validate(const struct idl_type *t, struct json_object *v, struct path *path);

static const struct idl_field *find_field(const struct idl_type *t, const char *name)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		if (str_equal(t->fields[i].name, name)) {
			return &t->fields[i];
		}
	}
	return NULL;
}

static int validate_struct(const struct idl_type *t, struct json_object *v, struct path *path)
{
	size_t len = path->len;
	int r;

	if (!json_object_is_type(v, json_type_object)) {
		return -EINVAL;
	}
	json_object_object_foreach(v, name, unused)
	{
		(void)unused;
		if (!find_field(t, name)) {
			path_enter(path, name);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		struct json_object *member = NULL;
		path_enter(path, t->fields[i].name);
		json_object_object_get_ex(v, t->fields[i].name, &member);
		r = validate(t->fields[i].type, member, path);
		if (r < 0) {
			return r;
		}
		path_leave(path, len);
	}
	return 0;
}

static int validate_map(const struct idl_type *t, struct json_object *v, struct path *path)
{
	size_t len = path->len;
	int r;

	if (!json_object_is_type(v, json_type_object)) {
		return -EINVAL;
	}
	json_object_object_foreach(v, name, member)
	{
		path_enter(path, name);
		r = validate(t->inner, member, path);
		if (r < 0) {
			return r;
		}
		path_leave(path, len);
	}
	return 0;
}

static int validate_array(const struct idl_type *t, struct json_object *v, struct path *path)
{
	size_t len = path->len;
	int r;

	if (!json_object_is_type(v, json_type_array)) {
		return -EINVAL;
	}
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		path_enter_index(path, i);
		r = validate(t->inner, json_object_array_get_idx(v, i), path);
		if (r < 0) {
			return r;
		}
		path_leave(path, len);
	}
	return 0;
}

static int validate(const struct idl_type *t, struct json_object *v, struct path *path)
{
	bool ok = false;

	switch (t->kind) {
	case IDL_BOOL:
		ok = json_object_is_type(v, json_type_boolean);
		break;
	case IDL_INT:
		ok = json_object_is_type(v, json_type_int);
		break;
	case IDL_FLOAT:
		/* A whole number is a float as well: Go sends 1 for 1.0. */
		ok = json_object_is_type(v, json_type_double) ||
		     json_object_is_type(v, json_type_int);
		break;
	case IDL_STRING:
		ok = json_object_is_type(v, json_type_string);
		break;
	case IDL_OBJECT:
		ok = json_object_is_type(v, json_type_object);
		break;
	case IDL_ANY:
		ok = v != NULL;
		break;
	case IDL_ENUM:
		ok = json_object_is_type(v, json_type_string) &&
		     find_field(t, json_object_get_string(v));
		break;
	case IDL_STRUCT:
		return validate_struct(t, v, path);
	case IDL_MAP:
		return validate_map(t, v, path);
	case IDL_ARRAY:
		return validate_array(t, v, path);
	case IDL_NULLABLE:
		return v ? validate(t->inner, v, path) : 0;
	case IDL_REFERENCE:
		return validate(t->target->in, v, path);
	}
	return ok ? 0 : -EINVAL;
}

int idl_validate(
	const struct idl_type *type, struct json_object *value, char *path, size_t path_size)
{
	struct path at = { .p = path, .size = path_size };

	path[0] = '\0';
	return validate(type, value, &at);
}
