/* SPDX-License-Identifier: Apache-2.0 */
/* The reader. Its text has passed json_check(); on any other it gives nonsense, but stays inside.
 */
#include "libcore/base/json-scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/json-lex.h"

enum json_kind json_kind(struct json_span v)
{
	if (!v.p || v.n == 0) {
		return JSON_ABSENT;
	}
	switch (*v.p) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

bool json_is_null(struct json_span v)
{
	return json_kind(v) <= JSON_NULL;
}

/* at is on an opening quote; behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
	for (at = json_skip_plain(at + 1, end); at < end && *at != '"'; at++) {
		if (*at == '\\') {
			at++;
		}
	}
	return at < end ? at + 1 : end;
}

/* Behind the value that starts at at. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	for (; at < end; at++) {
		switch (*at) {
		case '"':
			at = skip_string(at, end);
			if (depth == 0) {
				return at;
			}
			at--;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth <= 1) {
				/* 0: the end of what a number or a word was in. */
				return depth == 1 ? at + 1 : at;
			}
			depth--;
			break;
		default:
			if (depth == 0 && (*at == ',' || json_is_space(*at))) {
				return at;
			}
		}
	}
	return end;
}

struct json_iter json_iter(struct json_span v)
{
	enum json_kind kind = json_kind(v);

	if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
		return (struct json_iter){ 0 };
	}
	return (struct json_iter){
		.at = v.p + 1, .end = v.p + v.n, .is_object = kind == JSON_OBJECT
	};
}

bool json_next(struct json_iter *it, struct json_span *ret_key, struct json_span *ret_value)
{
	struct json_span key = { 0 };
	const char *at;

	if (!it->at) {
		return false;
	}
	at = json_skip_space(it->at, it->end);
	if (at < it->end && *at == ',') {
		at = json_skip_space(at + 1, it->end);
	}
	if (at >= it->end || *at == '}' || *at == ']') {
		it->at = NULL;
		return false;
	}
	if (it->is_object) {
		key.p = at;
		at = skip_string(at, it->end);
		key.n = (size_t)(at - key.p);
		at = json_skip_space(at, it->end);
		if (at < it->end) {
			at = json_skip_space(at + 1, it->end); /* the colon */
		}
	}
	it->at = skip_value(at, it->end);
	*ret_value = (struct json_span){ .p = at, .n = (size_t)(it->at - at) };
	if (ret_key) {
		*ret_key = key;
	}
	return true;
}

struct json_span json_member(struct json_span v, const char *name)
{
	struct json_iter it = json_iter(v);
	struct json_span key, value;

	while (it.is_object && json_next(&it, &key, &value)) {
		if (json_string_equal(key, name)) {
			return value;
		}
	}
	return (struct json_span){ 0 };
}

size_t json_count(struct json_span v)
{
	const char *end;
	size_t n = 1;

	if (v.n == 0) {
		return 0; /* and v.p may be NULL */
	}
	end = v.p + v.n;
	/* One for every comma, and one more for a container that is not empty. */
	for (const char *at = v.p; at < end; at++) {
		if (*at == '"') {
			at = skip_string(at, end) - 1;
		} else if (*at == ',') {
			n++;
		} else if (*at == '[' || *at == '{') {
			const char *first = json_skip_space(at + 1, end);
			n += first < end && *first != ']' && *first != '}';
		}
	}
	return n;
}

int json_get_bool(struct json_span v, bool *ret)
{
	if (json_kind(v) != JSON_BOOL) {
		return -EINVAL;
	}
	*ret = *v.p == 't';
	return 0;
}

/* The magnitude of an integer in -2^63..2^64-1. */
static int get_integer(struct json_span v, bool *ret_negative, uint64_t *ret)
{
	if (json_kind(v) != JSON_NUMBER) {
		return -EINVAL;
	}
	*ret_negative = *v.p == '-';
	for (size_t i = *ret_negative; i < v.n; i++) {
		if (!json_is_digit(v.p[i])) {
			return -EINVAL;
		}
	}
	return json_integer_fits(v.p + *ret_negative, v.p + v.n, *ret_negative, ret) ? 0 : -ERANGE;
}

int json_get_int64(struct json_span v, int64_t *ret)
{
	bool negative;
	uint64_t u;
	int r = get_integer(v, &negative, &u);

	if (r < 0) {
		return r;
	}
	if (!negative && u > INT64_MAX) {
		return -ERANGE;
	}
	*ret = negative ? (int64_t)(0 - u) : (int64_t)u;
	return 0;
}

int json_get_uint64(struct json_span v, uint64_t *ret)
{
	bool negative;
	uint64_t u;
	int r = get_integer(v, &negative, &u);

	if (r < 0) {
		return r;
	}
	if (negative && u != 0) {
		return -ERANGE;
	}
	*ret = u;
	return 0;
}

ssize_t json_get_string(struct json_span v, char *p, size_t size)
{
	const char *at, *end;
	char bytes[4];
	size_t len;
	int n;

	if (json_kind(v) != JSON_STRING) {
		return -EINVAL;
	}
	end = v.p + v.n;
	/* Up to the first escape what stands there is what it means. */
	at = json_skip_plain(v.p + 1, end);
	len = (size_t)(at - v.p) - 1;
	if (len >= size) {
		return -ENOSPC;
	}
	memcpy(p, v.p + 1, len);
	while ((n = json_decode_char(&at, end, bytes)) > 0) {
		if ((size_t)n >= size - len) {
			return -ENOSPC;
		}
		memcpy(p + len, bytes, (size_t)n);
		len += (size_t)n;
	}
	if (n < 0) {
		return -EINVAL;
	}
	if (len >= size) {
		return -ENOSPC;
	}
	p[len] = '\0';
	return (ssize_t)len;
}

int json_dup_string(struct json_span v, char **ret)
{
	ssize_t n;
	char *s;

	if (json_kind(v) != JSON_STRING) {
		return -EINVAL;
	}
	/* Decoding never makes a string longer, and the quotes leave room for the terminator. */
	s = malloc(v.n + 1);
	if (!s) {
		return -ENOMEM;
	}
	n = json_get_string(v, s, v.n + 1);
	if (n < 0) {
		free(s);
		return (int)n;
	}
	*ret = s;
	return 0;
}

bool json_string_equal(struct json_span v, const char *s)
{
	const char *at, *end;
	char bytes[4];
	int n;

	if (json_kind(v) != JSON_STRING) {
		return false;
	}
	end = v.p + v.n;
	/* Up to the first escape what stands there is what it means. */
	at = json_skip_plain(v.p + 1, end);
	if (strncmp(s, v.p + 1, (size_t)(at - v.p) - 1) != 0) {
		return false;
	}
	s += at - v.p - 1;
	while ((n = json_decode_char(&at, end, bytes)) > 0) {
		if (strncmp(s, bytes, (size_t)n) != 0) {
			return false;
		}
		s += n;
	}
	return n == 0 && *s == '\0';
}
