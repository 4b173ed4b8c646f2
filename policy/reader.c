/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/str.h"
#include "policy/document.h"
#include "policy/jsonc.h"
#include "policy/value.h"

#define KEY_PATH_MAX                                                                               \
	128 /* longer than every spelling of every key, and what of others is shown                \
	     */
#define NAME_MAX_LEN 64

/* Places are mostly asked for in order, so that counting goes on where it ended. */
size_t reader_line(struct reader *r, struct json_span at)
{
	if (!r->at || at.p < r->at) {
		r->at = r->text;
		r->line = 1;
	}
	for (; r->at < at.p; r->at++) {
		r->line += *r->at == '\n';
	}
	return r->line;
}

static size_t column_of(const struct reader *r, const char *at)
{
	const char *start = at;

	while (start > r->text && start[-1] != '\n') {
		start--;
	}
	return (size_t)(at - start) + 1;
}

int reader_fail(struct reader *r, struct json_span at, const char *fmt, ...)
{
	char text[sizeof(r->err->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(r->err, NONO_INVALID, EINVAL, "%s:%zu:%zu: %s", r->file,
		reader_line(r, at), column_of(r, at.p), text);
}

int reader_warn(struct reader *r, struct json_span at, const char *fmt, ...)
{
	char text[256], *whole;
	va_list ap;

	if (!r->warnings) {
		return 0;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (asprintf(&whole, "%s:%zu: %s", r->file, reader_line(r, at), text) < 0) {
		return error_oom(r->err);
	}
	return strlist_take(r->warnings, whole) < 0 ? error_oom(r->err) : 0;
}

char *reader_from(struct reader *r, struct json_span at)
{
	size_t line = r->name ? 0 : reader_line(r, at);
	int n;

	/* Neighbours are mostly in one line. */
	if (r->from && r->from_line == line) {
		return strdup(r->from);
	}
	free(r->from);
	r->from = NULL;
	n = r->name ? asprintf(&r->from, "profile %s", r->name)
		    : asprintf(&r->from, "%s:%zu", r->file, line);
	if (n < 0) {
		r->from = NULL;
		return NULL;
	}
	r->from_line = line;
	return strdup(r->from);
}

/* The first byte that is no text: what comes behind it need not be looked at. */
static int check_bytes(struct reader *r)
{
	uint32_t c;

	for (size_t i = 0; i < r->n;) {
		unsigned char byte = (unsigned char)r->text[i];
		size_t k;
		if (byte > 0 && byte < 0x80) { /* as nearly all of it */
			i++;
			continue;
		}
		k = str_utf8_char(r->text + i, r->n - i, &c);
		if (k == 0 || c == 0) {
			return reader_fail(r, (struct json_span){ .p = r->text + i },
				k == 0 ? "invalid UTF-8" : "NUL byte");
		}
		i += k;
	}
	return 0;
}

int reader_init(struct reader *r, const char *text, size_t n, bool jsonc)
{
	struct json_fault fault;
	size_t at;
	int q;

	if (n > DOCUMENT_SIZE_MAX) {
		return error_set(r->err, NONO_LIMIT, EINVAL, "%s: larger than %u bytes", r->file,
			DOCUMENT_SIZE_MAX);
	}
	r->text = text;
	r->n = n;
	q = check_bytes(r);
	if (q < 0) {
		return q;
	}
	if (jsonc) {
		r->blanked = malloc(n + 1);
		if (!r->blanked) {
			return error_oom(r->err);
		}
		memcpy(r->blanked, text, n);
		r->text = r->blanked;
		r->at = NULL;
		if (jsonc_blank(r->blanked, n, &at) < 0) {
			return reader_fail(r, (struct json_span){ .p = r->text + at },
				"comment without an end");
		}
	}
	q = json_check_at(r->text, n, &r->root, &fault);
	if (q < 0) {
		bool comment = !jsonc && fault.offset < n && text[fault.offset] == '/';
		return error_set(r->err, q == -EMSGSIZE ? NONO_LIMIT : NONO_INVALID, EINVAL,
			"%s:%zu:%zu: %s%s", r->file, fault.line, fault.column, fault.why,
			comment ? "; comments need a file name in .jsonc" : "");
	}
	if (json_kind(r->root) != JSON_OBJECT) {
		return reader_fail(r, r->root, "not an object");
	}
	return 0;
}

void reader_deinit(struct reader *r)
{
	free(r->blanked);
	free(r->from);
	r->blanked = r->from = NULL;
}

int reader_name(struct reader *r, struct json_span v, const char *what, char **ret)
{
	_cleanup_free_ char *s = NULL;
	size_t n;

	if (json_dup_string(v, &s) < 0) {
		return error_oom(r->err);
	}
	n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	if (n == 0 || n > NAME_MAX_LEN || s[n] != '\0') {
		return reader_fail(r, v,
			"'%.64s' is no name for %s: up to %d letters, digits, '-' and '_'", s, what,
			NAME_MAX_LEN);
	}
	*ret = TAKE_PTR(s);
	return 0;
}

/* --- keys --- */

struct spelling {
	const char *text;
	const struct key_spec *spec;
	bool deprecated;
};

/* Walks all spellings of all keys; i and k start at 0. */
static bool next_spelling(const struct key_table *t, size_t *i, size_t *k, struct spelling *ret)
{
	for (; *i < t->n; (*i)++, *k = 0) {
		const struct key_spec *spec = &t->specs[*i];
		size_t j = (*k)++;
		if (j == 0) {
			*ret = (struct spelling){ spec->path, spec, false };
			return true;
		}
		j--;
		for (const char *const *s = spec->aliases; s && *s; s++) {
			if (j-- == 0) {
				*ret = (struct spelling){ *s, spec, false };
				return true;
			}
		}
		for (const char *const *s = spec->deprecated; s && *s; s++) {
			if (j-- == 0) {
				*ret = (struct spelling){ *s, spec, true };
				return true;
			}
		}
	}
	return false;
}

static bool is_section(const char *key, const char *path)
{
	const char *rest = str_after(key, path);

	return rest && *rest == '.';
}

static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* The known key nearest to path: of the same section, else of the same name elsewhere. */
static void find_nearest(const struct key_table *t, const char *path, char *ret, size_t size)
{
	size_t section = (size_t)(leaf(path) - path);
	struct spelling s;

	*ret = '\0';
	for (int elsewhere = 0; elsewhere < 2 && *ret == '\0'; elsewhere++) {
		struct nearest nearest = nearest_init(leaf(path), strlen(leaf(path)));
		for (size_t i = 0, k = 0; next_spelling(t, &i, &k, &s);) {
			size_t before = nearest.distance;
			char word[KEY_PATH_MAX];
			if (s.deprecated || (!elsewhere && strncmp(s.text, path, section) != 0)) {
				continue;
			}
			snprintf(word, sizeof(word), "%s",
				elsewhere ? leaf(s.text) : s.text + section);
			word[strcspn(word, ".")] = '\0';
			nearest_offer(&nearest, word);
			if (nearest.distance < before) {
				/* At the top it may be a section. */
				snprintf(ret, size, "%s",
					elsewhere || section > 0 ? s.spec->path : word);
			}
		}
	}
}

static int fail_unknown(
	struct reader *r, const struct key_table *t, struct json_span key, const char *path)
{
	char known[KEY_PATH_MAX];

	find_nearest(t, path, known, sizeof(known));
	return *known ? reader_fail(r, key, "unknown key '%s', did you mean '%s'?", path, known)
		      : reader_fail(r, key, "unknown key '%s'", path);
}

/* What another nono knows. 0 when it may stay. */
static int set_aside(
	struct reader *r, const struct set_aside *aside, struct json_span key, struct json_span v)
{
	switch (aside->aside) {
	case ASIDE_FOREIGN:
		return reader_warn(r, key, "'%s' has no effect on Linux", aside->path);
	case ASIDE_LATER:
		return reader_warn(r, key, "'%s' is not there yet and is left out", aside->path);
	case ASIDE_REFUSED:
	default:
		if (strlen(aside->idle) == v.n && memcmp(aside->idle, v.p, v.n) == 0) {
			return 0;
		}
		return reader_fail(r, key, "'%s' would restrict the command and is not there yet",
			aside->path);
	}
}

static int read_key(struct reader *r, const struct key_table *t, struct json_span key,
	struct json_span v, const struct spelling *s, struct profile_value *values)
{
	struct profile_value *value = &values[s->spec - t->specs];
	int q;

	if (s->deprecated) {
		q = reader_warn(
			r, key, "deprecated key '%s', use '%s' instead", s->text, s->spec->path);
		if (q < 0) {
			return q;
		}
	}
	if (value->present && value->n == 0) {
		return reader_fail(r, key, "'%s' is there already, in another spelling", s->text);
	}
	return value_read(r, s->spec, v, value);
}

static int read_object(struct reader *r, const struct key_table *t, const char *section,
	struct json_span object, struct profile_value *values);

static int read_member(struct reader *r, const struct key_table *t, const char *path,
	struct json_span key, struct json_span v, struct profile_value *values)
{
	bool section = false;
	struct spelling s;

	for (size_t i = 0, k = 0; next_spelling(t, &i, &k, &s);) {
		if (str_equal(s.text, path)) {
			return read_key(r, t, key, v, &s, values);
		}
		section |= is_section(s.text, path);
	}
	for (size_t i = 0; i < t->n_aside; i++) {
		if (str_equal(t->aside[i].path, path)) {
			return set_aside(r, &t->aside[i], key, v);
		}
		section |= is_section(t->aside[i].path, path);
	}
	if (!section) {
		return fail_unknown(r, t, key, path);
	}
	if (json_kind(v) != JSON_OBJECT) {
		return reader_fail(r, v, "'%s' must be an object", path);
	}
	return read_object(r, t, path, v, values);
}

/* Recurses as deep as the table has sections. */
static int read_object(struct reader *r, const struct key_table *t, const char *section,
	struct json_span object, struct profile_value *values)
{
	struct json_iter it = json_iter(object);
	struct json_span key, v;

	while (json_next(&it, &key, &v)) {
		_cleanup_free_ char *name = NULL;
		char path[KEY_PATH_MAX];
		int q;
		if (json_dup_string(key, &name) < 0) {
			return error_oom(r->err);
		}
		if (object.p == r->root.p && str_equal(name, "$schema")) {
			continue;
		}
		/* Cut short it is still no key, and enough to be recognised. */
		snprintf(path, sizeof(path), "%s%s%s", section ? section : "", section ? "." : "",
			name);
		q = read_member(r, t, path, key, v, values);
		if (q < 0) {
			return q;
		}
	}
	return 0;
}

int reader_members(struct reader *r, const struct key_table *table, struct json_span object,
	struct profile_value *values)
{
	return read_object(r, table, NULL, object, values);
}
