/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/value.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

static const char *kind_name(enum value_kind kind)
{
	static const char *const names[] = {
		[VALUE_BOOL] = "true or false",
		[VALUE_STRING] = "a string",
		[VALUE_WORD] = "a string",
		[VALUE_STRINGS] = "a list of strings",
		[VALUE_PATHS] = "a list of paths",
		[VALUE_PORTS] = "a list of port numbers",
		[VALUE_MAP] = "an object of strings",
		[VALUE_OBJECTS] = "an object of objects",
	};

	return names[kind];
}

static int fail_kind(struct reader *r, const struct key_spec *spec, struct json_span v)
{
	return reader_fail(r, v, "'%s' must be %s", spec->path, kind_name(spec->kind));
}

void value_deinit(struct profile_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->items[i].text);
		free(v->items[i].value);
		free(v->items[i].from);
	}
	free(v->items);
	free(v->string);
	free(v->from);
	*v = (struct profile_value){ 0 };
}

static bool has(const struct profile_value *v, const char *text)
{
	for (size_t i = 0; i < v->n; i++) {
		if (str_equal(v->items[i].text, text)) {
			return true;
		}
	}
	return false;
}

int value_add(struct profile_value *v, const char *text, const char *value, const char *from)
{
	struct profile_item item = { 0 };
	void *items = v->items;

	if (has(v, text)) {
		return 0;
	}
	if (array_grow(&items, v->n, sizeof(*v->items)) < 0) {
		return -ENOMEM;
	}
	v->items = items;
	item.text = strdup(text);
	item.value = value ? strdup(value) : NULL;
	item.from = from ? strdup(from) : NULL;
	v->items[v->n++] = item;
	return item.text && (item.value || !value) && (item.from || !from) ? 0 : -ENOMEM;
}

int value_to_list(struct profile_value *v, struct strlist *list)
{
	for (size_t i = 0; i < v->n; i++) {
		if (strlist_add_once(list, v->items[i].text) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* --- conditions --- */

static int read_condition(struct reader *r, struct json_span v, bool *ret)
{
	if (json_string_equal(v, "linux") || json_string_equal(v, "!macos")) {
		*ret = true;
		return 0;
	}
	if (json_string_equal(v, "macos") || json_string_equal(v, "!linux")) {
		return 0;
	}
	return reader_fail(r, v, "'when' knows linux, !linux, macos and !macos only");
}

/* True when any of them holds. */
static int read_when(struct reader *r, struct json_span v, bool *ret)
{
	struct json_iter it = json_iter(v);
	struct json_span word;
	int q = 0;

	*ret = false;
	if (json_kind(v) != JSON_ARRAY) {
		return read_condition(r, v, ret);
	}
	while (q == 0 && json_next(&it, NULL, &word)) {
		q = read_condition(r, word, ret);
	}
	return q;
}

/* {"path": "…", "when": "linux"}: *ret_text is its text, absent when the condition does not hold.
 */
static int read_conditional(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct json_span *ret_text)
{
	struct json_iter it = json_iter(v);
	struct json_span key, member;
	bool holds = true;
	int q = 0;

	*ret_text = json_member(v, spec->item);
	if (json_kind(*ret_text) != JSON_STRING) {
		return reader_fail(
			r, v, "an object in '%s' needs the string '%s'", spec->path, spec->item);
	}
	while (q == 0 && json_next(&it, &key, &member)) {
		if (json_string_equal(key, "when")) {
			q = read_when(r, member, &holds);
		} else if (json_string_equal(key, "endpoints")) {
			q = reader_fail(r, key,
				"'endpoints' would restrict '%s' and is not there yet", spec->path);
		} else if (!json_string_equal(key, spec->item)) {
			q = reader_fail(r, key, "an object in '%s' has '%s' and 'when' only",
				spec->path, spec->item);
		}
	}
	if (!holds) {
		*ret_text = (struct json_span){ 0 };
	}
	return q;
}

/* --- elements --- */

static int check_text(
	struct reader *r, const struct key_spec *spec, struct json_span v, const char *text)
{
	if (*text == '\0') {
		return reader_fail(r, v, "an element of '%s' is empty", spec->path);
	}
	if (spec->kind == VALUE_PATHS && strlen(text) >= PATH_MAX) {
		return reader_fail(r, v, "a path in '%s' is longer than any can be", spec->path);
	}
	return 0;
}

static int add(struct reader *r, const struct key_spec *spec, struct json_span at,
	struct profile_value *value, const char *text, const char *mapped)
{
	_cleanup_free_ char *from = reader_from(r, at);

	if (value->n == VALUE_ITEMS_MAX) {
		return reader_fail(
			r, at, "'%s' has more than %d elements", spec->path, VALUE_ITEMS_MAX);
	}
	return from && value_add(value, text, mapped, from) == 0 ? 0 : error_oom(r->err);
}

static int read_element(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct profile_value *value)
{
	_cleanup_free_ char *text = NULL;
	struct json_span string = v;
	uint64_t port;
	char digits[8];
	int q;

	if (spec->kind == VALUE_PORTS) {
		if (json_get_uint64(v, &port) < 0 || port == 0 || port > UINT16_MAX) {
			return reader_fail(r, v, "'%s' takes port numbers from 1 to %d", spec->path,
				UINT16_MAX);
		}
		snprintf(digits, sizeof(digits), "%u", (unsigned)port);
		return add(r, spec, v, value, digits, NULL);
	}
	if (json_kind(v) == JSON_OBJECT && spec->item) {
		q = read_conditional(r, spec, v, &string);
		if (q < 0 || !string.p) {
			return q;
		}
	}
	if (json_kind(string) != JSON_STRING) {
		return fail_kind(r, spec, v);
	}
	if (json_dup_string(string, &text) < 0) {
		return error_oom(r->err);
	}
	q = check_text(r, spec, string, text);
	return q < 0 ? q : add(r, spec, v, value, text, NULL);
}

static int read_list(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct profile_value *value)
{
	struct json_iter it = json_iter(v);
	struct json_span element;
	int q = 0;

	if (json_kind(v) == JSON_STRING && spec->single) {
		return read_element(r, spec, v, value);
	}
	if (json_kind(v) != JSON_ARRAY) {
		return fail_kind(r, spec, v);
	}
	while (q == 0 && json_next(&it, NULL, &element)) {
		q = read_element(r, spec, element, value);
	}
	return q;
}

static int read_map(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct profile_value *value)
{
	struct json_iter it = json_iter(v);
	struct json_span key, member, string;
	int q = 0;

	if (json_kind(v) != JSON_OBJECT) {
		return fail_kind(r, spec, v);
	}
	while (q == 0 && json_next(&it, &key, &member)) {
		_cleanup_free_ char *name = NULL;
		_cleanup_free_ char *text = NULL;
		string = member;
		if (spec->kind == VALUE_OBJECTS) {
			if (json_kind(member) != JSON_OBJECT) {
				return fail_kind(r, spec, member);
			}
			text = strndup(member.p, member.n);
		} else {
			if (json_kind(member) == JSON_OBJECT && spec->item) {
				q = read_conditional(r, spec, member, &string);
			}
			if (q < 0 || !string.p) {
				continue;
			}
			if (json_kind(string) != JSON_STRING) {
				return fail_kind(r, spec, member);
			}
			(void)json_dup_string(string, &text);
		}
		if (json_dup_string(key, &name) < 0 || !text) {
			return error_oom(r->err);
		}
		q = check_text(r, spec, key, name);
		if (q == 0) {
			q = add(r, spec, key, value, name, text);
		}
	}
	return q;
}

static int check_word(
	struct reader *r, const struct key_spec *spec, struct json_span v, const char *text)
{
	_cleanup_(buf_deinit) struct buf words = { 0 };

	for (const char *const *w = spec->words; *w; w++) {
		if (str_equal(*w, text)) {
			return 0;
		}
	}
	for (const char *const *w = spec->words; *w; w++) {
		buf_printf(&words, "%s%s", w == spec->words ? "" : ", ", *w);
	}
	return buf_error(&words) ? error_oom(r->err)
				 : reader_fail(r, v, "'%s' must be one of %s, not '%.64s'",
					   spec->path, words.data, text);
}

static int read_scalar(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct profile_value *value)
{
	if (spec->kind == VALUE_BOOL) {
		return json_get_bool(v, &value->boolean) < 0 ? fail_kind(r, spec, v) : 0;
	}
	if (json_kind(v) != JSON_STRING) {
		return fail_kind(r, spec, v);
	}
	if (json_dup_string(v, &value->string) < 0) {
		return error_oom(r->err);
	}
	return spec->kind == VALUE_WORD ? check_word(r, spec, v, value->string) : 0;
}

int value_read(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct profile_value *value)
{
	int q;

	if (!value->from) {
		value->from = reader_from(r, v);
		if (!value->from) {
			return error_oom(r->err);
		}
	}
	value->present = true;
	if (spec->nullable && json_kind(v) == JSON_NULL) {
		value->sealed = true;
		return 0;
	}
	switch (spec->kind) {
	case VALUE_BOOL:
	case VALUE_STRING:
	case VALUE_WORD:
		return read_scalar(r, spec, v, value);
	case VALUE_STRINGS:
	case VALUE_PATHS:
	case VALUE_PORTS:
		q = read_list(r, spec, v, value);
		/* Nothing was written there, as opposed to nothing that holds on this platform. */
		value->sealed |= spec->nullable && json_count(v) == 1;
		return q;
	case VALUE_MAP:
	case VALUE_OBJECTS:
	default:
		return read_map(r, spec, v, value);
	}
}
