/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Varlink interface descriptions: parsing, looking up, checking values against them, and the one
 * canonical way to lay them out.
 *
 * Types that name others are resolved when parsing, so a parsed description is complete or does
 * not exist. It is immutable.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/buf.h"
#include "libcore/base/embed.h"
#include "nono-error.h"

struct json_object;
struct idl;
struct idl_symbol;

#define IDL_SIZE_MAX  (1U << 20) /* bytes of one description */
#define IDL_DEPTH_MAX 64         /* types inside each other */

enum idl_kind {
	IDL_BOOL,
	IDL_INT,
	IDL_FLOAT,
	IDL_STRING,
	IDL_OBJECT, /* any JSON object */
	IDL_ANY,    /* anything but null */
	IDL_STRUCT,
	IDL_ENUM,
	IDL_ARRAY,    /* []inner */
	IDL_MAP,      /* [string]inner */
	IDL_NULLABLE, /* ?inner */
	IDL_REFERENCE,
};

struct idl_type {
	enum idl_kind kind;
	struct idl_type *inner; /* of arrays, maps and nullables */
	struct idl_field *fields;
	size_t n_fields;
	char *name; /* of the type a reference names */
	const struct idl_symbol *target;
};

struct idl_field {
	char *name;
	char *comment;         /* the lines above it with their '#', NULL for none */
	struct idl_type *type; /* NULL in enums */
};

enum idl_symbol_kind {
	IDL_TYPE,
	IDL_METHOD,
	IDL_ERROR,
};

/* A named type, a method or an error. in is the type itself, the input or the error's parameters
 * (a struct, or an enum for some types); out is the output of a method, NULL otherwise. */
struct idl_symbol {
	enum idl_symbol_kind kind;
	char *name;
	char *comment;
	struct idl_type *in, *out;
};

struct idl {
	char *name; /* of the interface */
	char *comment;
	char *end_comment; /* what stands behind the last member */
	struct idl_symbol *symbols;
	size_t n_symbols;
};

/* Parses n bytes of text. 0, or -errno with err naming line and column. */
int idl_parse(struct idl **ret, const char *text, size_t n, struct nono_error *err);
struct idl *idl_free(struct idl *idl); /* NULL is fine; returns NULL */
static inline void idl_freep(struct idl **idl)
{
	idl_free(*idl);
}

/* NULL when there is none of this kind with this (unqualified) name. */
const struct idl_symbol *idl_find(
	const struct idl *idl, enum idl_symbol_kind kind, const char *name);

/* Checks an object against a struct type. Unknown members are refused. On -EINVAL path holds the
 * dotted path of the field at fault (cut to fit). */
int idl_validate(
	const struct idl_type *type, struct json_object *value, char *path, size_t path_size);

/* Appends the canonical text. */
void idl_format(const struct idl *idl, struct buf *b);

/* The descriptions that are compiled in; the last one has no name. */
extern const struct embedded_file idl_files[];
/* One of them by interface name, or NULL. */
const struct embedded_file *idl_embedded(const char *name);
