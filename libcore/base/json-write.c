/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/json-write.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "libcore/base/str.h"

static void append_escaped(struct buf *b, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const char *plain = s, *end = s + n;

	if (!str_is_utf8(s, n) || (n > 0 && memchr(s, '\0', n))) {
		b->error = b->error ? b->error : -EINVAL;
		return;
	}
	buf_append_char(b, '"');
	for (; s < end; s++) {
		char escape[6] = { '\\', *s };
		size_t n_escape = 2;
		if (*s == '\n' || *s == '\t' || *s == '\r') {
			escape[1] = *s == '\n' ? 'n' : *s == '\t' ? 't' : 'r';
		} else if ((unsigned char)*s < 0x20) {
			memcpy(escape + 1, "u00", 3);
			escape[4] = hex[(unsigned char)*s >> 4];
			escape[5] = hex[*s & 0xf];
			n_escape = 6;
		} else if (*s != '"' && *s != '\\') {
			continue;
		}
		buf_append(b, plain, (size_t)(s - plain));
		buf_append(b, escape, n_escape);
		plain = s + 1;
	}
	buf_append(b, plain, (size_t)(end - plain));
	buf_append_char(b, '"');
}

static void begin_value(struct json_writer *w, const char *name)
{
	bool in_object = w->depth > 0 && w->is_object[w->depth - 1];

	/* One value at the top; names exactly inside objects. */
	if (in_object != !!name || (w->depth == 0 && w->comma)) {
		w->buf->error = w->buf->error ? w->buf->error : -EINVAL;
		return;
	}
	if (w->comma) {
		buf_append_char(w->buf, ',');
	}
	w->comma = true;
	if (name) {
		append_escaped(w->buf, name, strlen(name));
		buf_append_char(w->buf, ':');
	}
}

static void begin_container(struct json_writer *w, const char *name, bool is_object)
{
	begin_value(w, name);
	if (w->depth == JSON_DEPTH_MAX) {
		w->buf->error = w->buf->error ? w->buf->error : -EINVAL;
		return;
	}
	w->is_object[w->depth++] = is_object;
	w->comma = false;
	buf_append_char(w->buf, is_object ? '{' : '[');
}

void json_begin_object(struct json_writer *w, const char *name)
{
	begin_container(w, name, true);
}

void json_begin_array(struct json_writer *w, const char *name)
{
	begin_container(w, name, false);
}

void json_end(struct json_writer *w)
{
	if (w->depth == 0) {
		w->buf->error = w->buf->error ? w->buf->error : -EINVAL;
		return;
	}
	buf_append_char(w->buf, w->is_object[--w->depth] ? '}' : ']');
	w->comma = true;
}

void json_write_string_n(struct json_writer *w, const char *name, const char *s, size_t n)
{
	begin_value(w, name);
	append_escaped(w->buf, s, n);
}

void json_write_string(struct json_writer *w, const char *name, const char *s)
{
	if (s) {
		json_write_string_n(w, name, s, strlen(s));
	} else {
		json_write_null(w, name);
	}
}

void json_write_int64(struct json_writer *w, const char *name, int64_t v)
{
	begin_value(w, name);
	buf_printf(w->buf, "%" PRIi64, v);
}

void json_write_uint64(struct json_writer *w, const char *name, uint64_t v)
{
	begin_value(w, name);
	buf_printf(w->buf, "%" PRIu64, v);
}

void json_write_bool(struct json_writer *w, const char *name, bool v)
{
	begin_value(w, name);
	buf_append_str(w->buf, v ? "true" : "false");
}

void json_write_null(struct json_writer *w, const char *name)
{
	begin_value(w, name);
	buf_append_str(w->buf, "null");
}

void json_write_span(struct json_writer *w, const char *name, struct json_span v)
{
	begin_value(w, name);
	if (json_kind(v) == JSON_ABSENT) {
		buf_append_str(w->buf, "null");
	} else {
		buf_append(w->buf, v.p, v.n);
	}
}

int json_writer_error(const struct json_writer *w)
{
	if (buf_error(w->buf)) {
		return buf_error(w->buf);
	}
	return w->depth == 0 && w->comma ? 0 : -EINVAL;
}
