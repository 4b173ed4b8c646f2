/* SPDX-License-Identifier: Apache-2.0 */
/* nono profile diff: what one profile says that the other does not, everything merged in. */
#include <errno.h>
#include <string.h>

#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/local/show.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

/* Everything is merged in: what the two extend, and what they call themselves, tells nothing. */
static bool is_list(enum profile_key key)
{
	enum value_kind kind = key_specs[key].kind;

	return key_specs[key].merge != MERGE_NEVER &&
	       (kind == VALUE_STRINGS || kind == VALUE_PATHS || kind == VALUE_PORTS ||
		       kind == VALUE_MAP || kind == VALUE_OBJECTS);
}

static bool is_single(enum profile_key key)
{
	return key_specs[key].merge != MERGE_NEVER && !is_list(key);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_equal(a, b));
}

static bool has_item(const struct profile_value *v, const struct profile_item *wanted)
{
	for (size_t i = 0; i < v->n; i++) {
		if (str_equal(v->items[i].text, wanted->text) &&
			same_text(v->items[i].value, wanted->value)) {
			return true;
		}
	}
	return false;
}

/* A single value in words; NULL when it is not there. */
static const char *words(enum profile_key key, const struct profile_value *v)
{
	if (key_specs[key].kind == VALUE_BOOL) {
		return v->boolean ? "true" : "false";
	}
	return !v->present ? NULL : v->string ? v->string : "null";
}

static bool differs(enum profile_key key, const struct profile *a, const struct profile *b)
{
	return is_single(key) &&
	       !same_text(words(key, &a->values[key]), words(key, &b->values[key]));
}

/* Says what is in a and not in b. */
static void append_missing(
	struct buf *out, char sign, const struct profile *a, const struct profile *b)
{
	for (enum profile_key key = 0; key < _KEY_MAX; key++) {
		const struct profile_value *v = &a->values[key];
		for (size_t i = 0; is_list(key) && i < v->n; i++) {
			if (has_item(&b->values[key], &v->items[i])) {
				continue;
			}
			buf_printf(out, "%c %s: ", sign, key_specs[key].path);
			visible_append(out, v->items[i].text);
			if (v->items[i].value) {
				buf_append_str(out, " = ");
				visible_append(out, v->items[i].value);
			}
			buf_append_char(out, '\n');
		}
	}
}

static void print_text(struct buf *out, const struct profile *a, const struct profile *b)
{
	append_missing(out, '-', a, b);
	append_missing(out, '+', b, a);
	for (enum profile_key key = 0; key < _KEY_MAX; key++) {
		if (differs(key, a, b)) {
			const char *from = words(key, &a->values[key]);
			const char *to = words(key, &b->values[key]);
			buf_printf(out, "~ %s: ", key_specs[key].path);
			visible_append(out, from ? from : "not said");
			buf_append_str(out, " -> ");
			visible_append(out, to ? to : "not said");
			buf_append_char(out, '\n');
		}
	}
}

/* {"filesystem.read": ["…"]}: what is in a and not in b. */
static void write_missing(
	struct json_writer *w, const char *name, const struct profile *a, const struct profile *b)
{
	json_begin_object(w, name);
	for (enum profile_key key = 0; key < _KEY_MAX; key++) {
		const struct profile_value *v = &a->values[key];
		bool any = false;
		for (size_t i = 0; is_list(key) && i < v->n; i++) {
			if (has_item(&b->values[key], &v->items[i])) {
				continue;
			}
			if (!any) {
				json_begin_array(w, key_specs[key].path);
			}
			any = true;
			show_text(w, NULL, v->items[i].text);
		}
		if (any) {
			json_end(w);
		}
	}
	json_end(w);
}

static void print_json(struct buf *out, const struct profile *a, const struct profile *b)
{
	struct json_writer w = { .buf = out };

	json_begin_object(&w, NULL);
	write_missing(&w, "added", b, a);
	write_missing(&w, "removed", a, b);
	json_begin_object(&w, "changed");
	for (enum profile_key key = 0; key < _KEY_MAX; key++) {
		if (differs(key, a, b)) {
			json_begin_object(&w, key_specs[key].path);
			json_write_string(&w, "from", words(key, &a->values[key]));
			json_write_string(&w, "to", words(key, &b->values[key]));
			json_end(&w);
		}
	}
	json_end(&w);
	json_end(&w);
}

static int compose(struct profile **ret, const char *ref, struct nono_error *err)
{
	_cleanup_(profile_set_deinit) struct profile_set s = { 0 };
	int r = profile_set_load(&s, ref, NULL, 0, err);

	return r < 0 ? r : library_compose(ret, s.library, s.ref, NULL, 0, NULL, err);
}

int local_profile_diff(const struct arguments *args, struct nono_error *err)
{
	_cleanup_(profile_freep) struct profile *a = NULL, *b = NULL;
	_cleanup_(buf_deinit) struct buf out = { 0 };
	int r = compose(&a, args->operands[0], err);

	if (r == 0) {
		r = compose(&b, args->operands[1], err);
	}
	if (r < 0) {
		return r;
	}
	if (args->json) {
		print_json(&out, a, b);
		return show_json(&out);
	}
	print_text(&out, a, b);
	return say_result(&out);
}
