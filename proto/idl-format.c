/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical layout: one blank line between members, two spaces of indentation, comments above
 * what they belong to. A list in parentheses stays on one line when it has no comments and the
 * line does not get longer than 100 columns; otherwise every field has a line of its own.
 */
#include <stdint.h>
#include <string.h>

#include "proto/idl.h"

#define WIDTH 100

static bool has_comments(const struct idl_type *t)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		if (t->fields[i].comment ||
			(t->fields[i].type && has_comments(t->fields[i].type))) {
			return true;
		}
	}
	return t->inner && has_comments(t->inner);
}

static size_t column(const struct buf *b)
{
	const char *line = b->len > 0 ? memrchr(b->data, '\n', b->len) : NULL;

	return line ? b->len - (size_t)(line + 1 - b->data) : b->len;
}

static void put_comment(struct buf *b, const char *comment, size_t indent)
{
	while (comment && *comment) {
		size_t n = strcspn(comment, "\n");
		buf_printf(b, "%*s%.*s\n", (int)indent, "", (int)n, comment);
		comment += n + (comment[n] == '\n');
	}
}

static void put_type(struct buf *b, const struct idl_type *t, size_t indent, size_t behind);

static void put_list(struct buf *b, const struct idl_type *t, size_t indent, bool one_line)
{
	size_t inner = indent + 2;

	buf_append_char(b, '(');
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct idl_field *f = &t->fields[i];
		if (one_line) {
			buf_append_str(b, i ? ", " : "");
		} else {
			buf_append_str(b, i ? ",\n" : "\n");
			put_comment(b, f->comment, inner);
			buf_printf(b, "%*s", (int)inner, "");
		}
		buf_append_str(b, f->name);
		if (f->type) {
			buf_append_str(b, ": ");
			put_type(b, f->type, one_line ? SIZE_MAX : inner, 1);
		}
	}
	if (!one_line) {
		buf_printf(b, "\n%*s", (int)indent, "");
	}
	buf_append_char(b, ')');
}

/* behind is how much stands behind the list on its line. With indent SIZE_MAX an outer list has
 * already decided that everything stays on its line. */
static void put_fields(struct buf *b, const struct idl_type *t, size_t indent, size_t behind)
{
	size_t before = b->len;

	if (indent == SIZE_MAX || !has_comments(t)) {
		put_list(b, t, SIZE_MAX, true);
		if (indent == SIZE_MAX || t->n_fields == 0 || column(b) + behind <= WIDTH) {
			return;
		}
		if (buf_error(b) == 0) {
			b->len = before;
		}
	}
	put_list(b, t, indent, false);
}

static void put_type(struct buf *b, const struct idl_type *t, size_t indent, size_t behind)
{
	static const char *const names[] = {
		[IDL_BOOL] = "bool",
		[IDL_INT] = "int",
		[IDL_FLOAT] = "float",
		[IDL_STRING] = "string",
		[IDL_OBJECT] = "object",
		[IDL_ANY] = "any",
		[IDL_ARRAY] = "[]",
		[IDL_MAP] = "[string]",
		[IDL_NULLABLE] = "?",
	};

	for (; t->inner; t = t->inner) {
		buf_append_str(b, names[t->kind]);
	}
	if (t->kind == IDL_STRUCT || t->kind == IDL_ENUM) {
		put_fields(b, t, indent, behind);
	} else {
		buf_append_str(b, t->kind == IDL_REFERENCE ? t->name : names[t->kind]);
	}
}

void idl_format(const struct idl *idl, struct buf *b)
{
	static const char *const keywords[] = {
		[IDL_TYPE] = "type",
		[IDL_METHOD] = "method",
		[IDL_ERROR] = "error",
	};

	put_comment(b, idl->comment, 0);
	buf_printf(b, "interface %s\n", idl->name);
	for (size_t i = 0; i < idl->n_symbols; i++) {
		const struct idl_symbol *s = &idl->symbols[i];
		buf_append_char(b, '\n');
		put_comment(b, s->comment, 0);
		buf_printf(b, "%s %s%s", keywords[s->kind], s->name, s->out ? "" : " ");
		put_fields(b, s->in, 0, s->out ? strlen(" -> (") : 0);
		if (s->out) {
			buf_append_str(b, " -> ");
			put_fields(b, s->out, 0, 0);
		}
		buf_append_char(b, '\n');
	}
	if (idl->end_comment) {
		buf_append_char(b, '\n');
		put_comment(b, idl->end_comment, 0);
	}
}
