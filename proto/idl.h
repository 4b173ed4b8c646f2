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
struct idl_type;

enum idl_symbol_kind {
	IDL_TYPE,
	IDL_METHOD,
	IDL_ERROR,
};

/* A named type, a method or an error. in is the type itself, the input or the error's parameters;
 * out the output of a method, NULL otherwise. */
struct idl_symbol {
	enum idl_symbol_kind kind;
	char *name;
	char *comment; /* the lines above it with their '#', NULL for none */
	struct idl_type *in, *out;
};

/* Parses n bytes of text. 0, or -errno with err naming line and column. */
int idl_parse(struct idl **ret, const char *text, size_t n, struct nono_error *err);
struct idl *idl_free(struct idl *idl); /* NULL is fine; returns NULL */
static inline void idl_freep(struct idl **idl)
{
	idl_free(*idl);
}

const char *idl_name(const struct idl *idl); /* of the interface */
size_t idl_n_symbols(const struct idl *idl);
const struct idl_symbol *idl_symbol_at(const struct idl *idl, size_t i);
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
