/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON text, member by member, to the end of a buffer: no tree, no white space.
 *
 *	struct json_writer w = { .buf = &b };
 *	json_begin_object(&w, NULL);
 *	json_write_string(&w, "name", name);
 *	json_end(&w);
 *	r = json_writer_error(&w);
 *
 * name is the member's name inside an object and NULL inside an array and at the top; it is
 * escaped like any string. Errors stick to the buffer: check once at the end.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/buf.h"
#include "libcore/base/json-scan.h"

struct json_writer {
	struct buf *buf;
	unsigned depth;
	bool comma; /* something stands before the next element */
	bool is_object[JSON_DEPTH_MAX];
};

void json_begin_object(struct json_writer *w, const char *name);
void json_begin_array(struct json_writer *w, const char *name);
void json_end(struct json_writer *w); /* the innermost object or array */

/* A NULL s is written as null. What is not UTF-8 is an error (-EINVAL): nothing is repaired. */
void json_write_string(struct json_writer *w, const char *name, const char *s);
void json_write_string_n(struct json_writer *w, const char *name, const char *s, size_t n);
void json_write_int64(struct json_writer *w, const char *name, int64_t v);
void json_write_uint64(struct json_writer *w, const char *name, uint64_t v);
void json_write_bool(struct json_writer *w, const char *name, bool v);
void json_write_null(struct json_writer *w, const char *name);
/* Text that is already JSON and was checked. */
void json_write_span(struct json_writer *w, const char *name, struct json_span v);

/* 0, or what stuck: -ENOMEM, -E2BIG, or -EINVAL (not UTF-8, begin and end do not match). */
int json_writer_error(const struct json_writer *w);
