/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive descent parser over the text; how deep types may nest is bounded, so the recursion
 * is too. Comments are collected while space is skipped and go to the member or field that
 * follows them.
 */
#include "proto/idl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

struct parser {
	const char *start, *at, *end;
	struct buf comment; /* lines since the last token */
	bool line_break;    /* there was one since the last token */
	unsigned depth;
	struct nono_error *err;
};

struct word {
	const char *p;
	size_t n;
};

static int fail(const struct parser *p, const char *why)
{
	size_t line = 1, column = 1;

	for (const char *c = p->start; c < p->at; c++) {
		column++;
		if (*c == '\n') {
			line++;
			column = 1;
		}
	}
	return error_set(
		p->err, NONO_INVALID, EBADMSG, "line %zu, column %zu: %s", line, column, why);
}

static void type_free(struct idl_type *t);

static void field_deinit(struct idl_field *f)
{
	free(f->name);
	free(f->comment);
	type_free(f->type);
}

static void type_free(struct idl_type *t)
{
	if (!t) {
		return;
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		field_deinit(&t->fields[i]);
	}
	free(t->fields);
	type_free(t->inner);
	free(t->name);
	free(t);
}

static void type_freep(struct idl_type **t)
{
	type_free(*t);
}

static void symbol_deinit(struct idl_symbol *s)
{
	free(s->name);
	free(s->comment);
	type_free(s->in);
	type_free(s->out);
}

struct idl *idl_free(struct idl *idl)
{
	if (idl) {
		for (size_t i = 0; i < idl->n_symbols; i++) {
			symbol_deinit(&idl->symbols[i]);
		}
		free(idl->symbols);
		free(idl->name);
		free(idl->comment);
		free(idl->end_comment);
		free(idl);
	}
	return NULL;
}

static void skip_space(struct parser *p)
{
	for (; p->at < p->end; p->at++) {
		if (*p->at == '#') {
			const char *eol = memchr(p->at, '\n', (size_t)(p->end - p->at));
			eol = eol ? eol : p->end;
			buf_append(&p->comment, p->at, (size_t)(eol - p->at));
			buf_append_char(&p->comment, '\n');
			p->at = eol - 1;
		} else if (*p->at == '\n') {
			p->line_break = true;
		} else if (*p->at != ' ' && *p->at != '\t') {
			break;
		}
	}
}

/* Moves the comment collected so far to *ret, without its last line break; NULL for none. */
static int take_comment(struct parser *p, char **ret)
{
	int r = buf_error(&p->comment);

	if (r == 0 && p->comment.len > 0) {
		p->comment.data[p->comment.len - 1] = '\0';
		*ret = buf_take(&p->comment);
		r = *ret ? 0 : -ENOMEM;
	}
	return r < 0 ? error_oom(p->err) : 0;
}

static bool take(struct parser *p, const char *token)
{
	size_t n = strlen(token);

	skip_space(p);
	if ((size_t)(p->end - p->at) < n || memcmp(p->at, token, n) != 0) {
		return false;
	}
	p->at += n;
	p->line_break = false;
	return true;
}

static int expect(struct parser *p, const char *token, const char *why)
{
	return take(p, token) ? 0 : fail(p, why);
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9');
}

/* The longest run of name characters, extra ones included; it is judged by the caller. */
static struct word scan_word(struct parser *p, const char *extra)
{
	const char *from;

	skip_space(p);
	from = p->at;
	while (p->at < p->end && (is_alnum(*p->at) || (*p->at && strchr(extra, *p->at)))) {
		p->at++;
	}
	if (p->at > from) {
		p->line_break = false;
	}
	return (struct word){ from, (size_t)(p->at - from) };
}

/* [A-Za-z](_?[A-Za-z0-9])* */
static bool is_field_name(const char *s, size_t n)
{
	if (n == 0 || !is_alpha(s[0]) || s[n - 1] == '_') {
		return false;
	}
	for (size_t i = 1; i < n; i++) {
		if (s[i] == '_' && s[i - 1] == '_') {
			return false;
		}
	}
	return true;
}

/* [A-Za-z]([-]*[A-Za-z0-9])*(\.[A-Za-z0-9]([-]*[A-Za-z0-9])*)+ */
static bool is_interface_name(const char *s, size_t n)
{
	bool dot = false;

	if (n == 0 || !is_alpha(s[0]) || !is_alnum(s[n - 1])) {
		return false;
	}
	for (size_t i = 1; i < n; i++) {
		if (s[i] == '.') {
			dot = true;
			if (!is_alnum(s[i - 1]) || !is_alnum(s[i + 1])) {
				return false;
			}
		}
	}
	return dot;
}

static int dup_word(struct parser *p, struct word w, char **ret)
{
	*ret = strndup(w.p, w.n);
	return *ret ? 0 : error_oom(p->err);
}

static int parse_type(struct parser *p, struct idl_type **ret);

static int add_field(struct parser *p, struct idl_type *t, struct idl_field *f)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		if (str_equal(t->fields[i].name, f->name)) {
			return fail(p, "two fields of one name");
		}
	}
	if (array_grow((void **)&t->fields, t->n_fields, sizeof(*f)) < 0) {
		return error_oom(p->err);
	}
	t->fields[t->n_fields++] = *f;
	*f = (struct idl_field){ 0 };
	return 0;
}

/* One "name" or "name: type"; the first one decides which of them all have to be. */
static int parse_field(struct parser *p, struct idl_type *t)
{
	_cleanup_(field_deinit) struct idl_field f = { 0 };
	struct word w;
	bool typed;
	int r;

	skip_space(p);
	r = take_comment(p, &f.comment);
	if (r < 0) {
		return r;
	}
	w = scan_word(p, "_");
	if (!is_field_name(w.p, w.n)) {
		return fail(p, "expected a field name");
	}
	r = dup_word(p, w, &f.name);
	if (r < 0) {
		return r;
	}
	typed = take(p, ":");
	if (t->n_fields == 0) {
		t->kind = typed ? IDL_STRUCT : IDL_ENUM;
	}
	if (typed != (t->kind == IDL_STRUCT)) {
		return fail(p, "fields with and without a type in one list");
	}
	if (typed) {
		r = parse_type(p, &f.type);
		if (r < 0) {
			return r;
		}
	}
	return add_field(p, t, &f);
}

/* A struct or an enum in parentheses; () is an empty struct. */
static int parse_fields(struct parser *p, struct idl_type **ret)
{
	_cleanup_(type_freep) struct idl_type *t = calloc(1, sizeof(*t));
	int r;

	if (!t) {
		return error_oom(p->err);
	}
	t->kind = IDL_STRUCT;
	r = expect(p, "(", "expected '('");
	if (r < 0) {
		return r;
	}
	if (!take(p, ")")) {
		do {
			r = parse_field(p, t);
			if (r < 0) {
				return r;
			}
		} while (take(p, ","));
		r = expect(p, ")", "expected ',' or ')'");
		if (r < 0) {
			return r;
		}
	}
	*ret = TAKE_PTR(t);
	return 0;
}

static int parse_named(struct parser *p, struct idl_type *t)
{
	static const struct {
		const char *name;
		enum idl_kind kind;
	} builtin[] = {
		{ "bool", IDL_BOOL },
		{ "int", IDL_INT },
		{ "float", IDL_FLOAT },
		{ "string", IDL_STRING },
		{ "object", IDL_OBJECT },
		{ "any", IDL_ANY },
	};
	struct word w = scan_word(p, "");

	for (size_t i = 0; i < ELEMENTSOF(builtin); i++) {
		if (w.n == strlen(builtin[i].name) && memcmp(w.p, builtin[i].name, w.n) == 0) {
			t->kind = builtin[i].kind;
			return 0;
		}
	}
	if (w.n == 0 || w.p[0] < 'A' || w.p[0] > 'Z') {
		return fail(p, "expected a type");
	}
	t->kind = IDL_REFERENCE;
	return dup_word(p, w, &t->name);
}

static int parse_wrapped(struct parser *p, struct idl_type *t, enum idl_kind kind)
{
	int r;

	t->kind = kind;
	r = parse_type(p, &t->inner);
	if (r == 0 && kind == IDL_NULLABLE && t->inner->kind == IDL_NULLABLE) {
		return fail(p, "'?' twice");
	}
	return r;
}

static int parse_one_type(struct parser *p, struct idl_type **ret)
{
	_cleanup_(type_freep) struct idl_type *t = calloc(1, sizeof(*t));
	int r;

	if (!t) {
		return error_oom(p->err);
	}
	if (take(p, "?")) {
		r = parse_wrapped(p, t, IDL_NULLABLE);
	} else if (take(p, "[]")) {
		r = parse_wrapped(p, t, IDL_ARRAY);
	} else if (take(p, "[string]")) {
		r = parse_wrapped(p, t, IDL_MAP);
	} else {
		r = parse_named(p, t);
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(t);
	return 0;
}

static int parse_type(struct parser *p, struct idl_type **ret)
{
	int r;

	if (p->depth == IDL_DEPTH_MAX) {
		return fail(p, "types are nested too deeply");
	}
	p->depth++;
	skip_space(p);
	r = p->at < p->end && *p->at == '(' ? parse_fields(p, ret) : parse_one_type(p, ret);
	p->depth--;
	return r;
}

static int parse_symbol(struct parser *p, struct idl_symbol *s)
{
	struct word keyword = scan_word(p, ""), name;
	int r;

	if (keyword.n == 4 && memcmp(keyword.p, "type", 4) == 0) {
		s->kind = IDL_TYPE;
	} else if (keyword.n == 6 && memcmp(keyword.p, "method", 6) == 0) {
		s->kind = IDL_METHOD;
	} else if (keyword.n == 5 && memcmp(keyword.p, "error", 5) == 0) {
		s->kind = IDL_ERROR;
	} else {
		return fail(p, "expected 'type', 'method' or 'error'");
	}
	name = scan_word(p, "");
	if (name.n == 0 || name.p[0] < 'A' || name.p[0] > 'Z') {
		return fail(p, "expected a name that starts with a capital letter");
	}
	r = dup_word(p, name, &s->name);
	if (r == 0) {
		r = parse_fields(p, &s->in);
	}
	if (r < 0) {
		return r;
	}
	if (s->kind != IDL_TYPE && s->in->kind != IDL_STRUCT) {
		return fail(p, "parameters need types");
	}
	if (s->kind != IDL_METHOD) {
		return 0;
	}
	r = expect(p, "->", "expected '->'");
	if (r == 0) {
		r = parse_fields(p, &s->out);
	}
	if (r == 0 && s->out->kind != IDL_STRUCT) {
		return fail(p, "parameters need types");
	}
	return r;
}

static int parse_member(struct parser *p, struct idl *idl)
{
	_cleanup_(symbol_deinit) struct idl_symbol s = { 0 };
	int r;

	if (!p->line_break) {
		return fail(p, "expected a line break");
	}
	r = take_comment(p, &s.comment);
	if (r == 0) {
		r = parse_symbol(p, &s);
	}
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < idl->n_symbols; i++) {
		if (str_equal(idl->symbols[i].name, s.name)) {
			return fail(p, "two members of one name");
		}
	}
	if (array_grow((void **)&idl->symbols, idl->n_symbols, sizeof(s)) < 0) {
		return error_oom(p->err);
	}
	idl->symbols[idl->n_symbols++] = s;
	s = (struct idl_symbol){ 0 };
	return 0;
}

static int parse_interface(struct parser *p, struct idl *idl)
{
	struct word w;
	int r;

	skip_space(p);
	r = take_comment(p, &idl->comment);
	if (r < 0) {
		return r;
	}
	w = scan_word(p, "");
	if (w.n != 9 || memcmp(w.p, "interface", 9) != 0) {
		return fail(p, "expected 'interface'");
	}
	w = scan_word(p, ".-");
	if (!is_interface_name(w.p, w.n)) {
		return fail(p, "expected an interface name");
	}
	r = dup_word(p, w, &idl->name);
	while (r == 0) {
		skip_space(p);
		if (p->at >= p->end) {
			return take_comment(p, &idl->end_comment);
		}
		r = parse_member(p, idl);
	}
	return r;
}

static int resolve(const struct idl *idl, struct idl_type *t, struct nono_error *err)
{
	int r = 0;

	if (!t) {
		return 0;
	}
	if (t->kind == IDL_REFERENCE) {
		t->target = idl_find(idl, IDL_TYPE, t->name);
		if (!t->target) {
			return error_set(
				err, NONO_INVALID, EBADMSG, "there is no type '%s'", t->name);
		}
	}
	for (size_t i = 0; r == 0 && i < t->n_fields; i++) {
		r = resolve(idl, t->fields[i].type, err);
	}
	return r < 0 ? r : resolve(idl, t->inner, err);
}

static int check_bytes(const char *text, size_t n, struct nono_error *err)
{
	if (n > IDL_SIZE_MAX) {
		return error_set(err, NONO_LIMIT, EMSGSIZE, "larger than %u bytes", IDL_SIZE_MAX);
	}
	if (!str_is_utf8(text, n)) {
		return error_set(err, NONO_INVALID, EBADMSG, "not UTF-8");
	}
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') {
			return error_set(err, NONO_INVALID, EBADMSG, "control character");
		}
	}
	return 0;
}

int idl_parse(struct idl **ret, const char *text, size_t n, struct nono_error *err)
{
	_cleanup_(idl_freep) struct idl *idl = calloc(1, sizeof(*idl));
	struct parser p = {
		.start = text, .at = text, .end = text + n, .err = err, .comment.limit = n + 1
	};
	int r;

	if (!idl) {
		return error_oom(err);
	}
	r = check_bytes(text, n, err);
	if (r == 0) {
		r = parse_interface(&p, idl);
	}
	buf_deinit(&p.comment);
	for (size_t i = 0; r == 0 && i < idl->n_symbols; i++) {
		r = resolve(idl, idl->symbols[i].in, err);
		if (r == 0) {
			r = resolve(idl, idl->symbols[i].out, err);
		}
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(idl);
	return 0;
}

const struct idl_symbol *idl_find(
	const struct idl *idl, enum idl_symbol_kind kind, const char *name)
{
	for (size_t i = 0; i < idl->n_symbols; i++) {
		if (idl->symbols[i].kind == kind && str_equal(idl->symbols[i].name, name)) {
			return &idl->symbols[i];
		}
	}
	return NULL;
}

const struct embedded_file *idl_embedded(const char *name)
{
	for (const struct embedded_file *f = idl_files; f->name; f++) {
		if (str_equal(f->name, name)) {
			return f;
		}
	}
	return NULL;
}
