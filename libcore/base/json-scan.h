/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) without allocation: a strict checker, and a reader for what has been checked.
 *
 * Every byte of JSON that comes from outside passes json_check() first, whoever reads it
 * afterwards: json-c, which is lenient, or the reader below, which trusts the grammar (but never
 * reads outside its span). Beyond the grammar the checker refuses what two readers could
 * understand differently: invalid UTF-8, lone surrogates, NUL in strings, duplicate member names
 * (compared decoded), integers outside int64 and uint64, numbers of 1e308 and more.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nono-error.h"

#define JSON_DEPTH_MAX 64   /* arrays and objects inside each other */
#define JSON_NAMES_MAX 4096 /* members of all objects open at one point of the text */

/* The text of one value inside checked bytes, without white space around it. p is NULL when the
 * value is absent. Borrowed: it lives as long as the bytes. */
struct json_span {
	const char *p;
	size_t n;
};

enum json_kind {
	JSON_ABSENT,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* True text of exactly one value with optional white space around it: 0 and *ret_value (may be
 * NULL) is the value's span. Otherwise -EBADMSG, or -EMSGSIZE beyond a limit above; err says why
 * and at which line and column. Never looks at bytes behind p + n. */
int json_check(const void *p, size_t n, struct json_span *ret_value, struct nono_error *err);

/* The same for those who name the place in their own way. */
struct json_fault {
	size_t offset;       /* of the byte that is wrong; n when something is missing */
	size_t line, column; /* from 1; columns are bytes */
	const char *why;     /* static */
};
int json_check_at(
	const void *p, size_t n, struct json_span *ret_value, struct json_fault *ret_fault);

enum json_kind json_kind(struct json_span v);
/* Absent and null mean the same in every interface we speak. */
bool json_is_null(struct json_span v);

/* Walks an object or an array:
 *	struct json_iter it = json_iter(v);
 *	while (json_next(&it, &key, &value)) { … }
 * key (may be NULL) is a string span, absent in arrays. Anything else has no elements. */
struct json_iter {
	const char *at, *end;
	bool is_object;
};
struct json_iter json_iter(struct json_span v);
bool json_next(struct json_iter *it, struct json_span *ret_key, struct json_span *ret_value);

/* The member with this name (plain ASCII); absent when there is none or v is no object. */
struct json_span json_member(struct json_span v, const char *name);

/* How many values there are in v, itself and everything inside included. */
size_t json_count(struct json_span v);

/* Typed values. 0, -EINVAL when v is of another kind (a number with fraction or exponent is no
 * integer), -ERANGE when the integer does not fit. *ret is untouched then. */
int json_get_bool(struct json_span v, bool *ret);
int json_get_int64(struct json_span v, int64_t *ret);
int json_get_uint64(struct json_span v, uint64_t *ret);

/* Decodes a string into p, NUL-terminated. Its length, -EINVAL when v is no string, -ENOSPC when
 * size bytes do not hold it with the terminator. */
ssize_t json_get_string(struct json_span v, char *p, size_t size);
/* The same into a new string. 0, -EINVAL or -ENOMEM. */
int json_dup_string(struct json_span v, char **ret);
/* True when v is a string that decodes to s. */
bool json_string_equal(struct json_span v, const char *s);
