/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as a document again. The table has the keys of one section together, so that a section
 * is open while its prefix stays the same. */
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-pretty.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
#include "policy/profile.h"

static void write_items(struct json_writer *w, const struct key_spec *spec, const char *name,
	const struct profile_value *v)
{
	bool object = spec->kind == VALUE_MAP || spec->kind == VALUE_OBJECTS;

	if (object) {
		json_begin_object(w, name);
	} else {
		json_begin_array(w, name);
	}
	for (size_t i = 0; i < v->n; i++) {
		const struct profile_item *item = &v->items[i];
		if (spec->kind == VALUE_MAP) {
			json_write_string(w, item->text, item->value);
		} else if (object || spec->kind == VALUE_PORTS) {
			const char *raw = object ? item->value : item->text;
			json_write_span(w, object ? item->text : NULL,
				(struct json_span){ .p = raw, .n = strlen(raw) });
		} else {
			json_write_string(w, NULL, item->text);
		}
	}
	json_end(w);
}

static void write_value(struct json_writer *w, const struct key_spec *spec, const char *name,
	const struct profile_value *v)
{
	switch (spec->kind) {
	case VALUE_BOOL:
		json_write_bool(w, name, v->boolean);
		break;
	case VALUE_STRING:
	case VALUE_WORD:
		json_write_string(w, name, v->string);
		break;
	case VALUE_STRINGS:
	case VALUE_PATHS:
	case VALUE_PORTS:
	case VALUE_MAP:
	case VALUE_OBJECTS:
	default:
		write_items(w, spec, name, v);
	}
}

char *profile_to_json(const struct profile *p)
{
	_cleanup_(buf_deinit) struct buf flat = { 0 };
	_cleanup_(buf_deinit) struct buf pretty = { 0 };
	struct json_writer w = { .buf = &flat };
	const char *section = "";
	size_t n_section = 0;

	json_begin_object(&w, NULL);
	for (size_t i = 0; i < _KEY_MAX; i++) {
		const char *path = key_specs[i].path;
		const char *dot = strchr(path, '.');
		size_t n = dot ? (size_t)(dot - path) : 0;
		if (!p->values[i].present) {
			continue;
		}
		if (n != n_section || strncmp(path, section, n) != 0) {
			char name[32] = "";
			if (n_section > 0) {
				json_end(&w);
			}
			if (n > 0) {
				memcpy(name, path, n < sizeof(name) ? n : sizeof(name) - 1);
				json_begin_object(&w, name);
			}
			section = path;
			n_section = n;
		}
		write_value(&w, &key_specs[i], dot ? dot + 1 : path, &p->values[i]);
	}
	if (n_section > 0) {
		json_end(&w);
	}
	json_end(&w);
	if (json_writer_error(&w) < 0) {
		return NULL;
	}
	json_pretty(&pretty, (struct json_span){ .p = flat.data, .n = flat.len });
	buf_append_char(&pretty, '\n');
	return buf_take(&pretty);
}
