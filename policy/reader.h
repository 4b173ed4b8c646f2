/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One document while it is read: its checked text, and where in it something stands. For the
 * parsers of policy/ only.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/json-scan.h"
#include "libcore/base/strlist.h"
#include "policy/keys.h"

struct reader {
	const char *file; /* as messages name it */
	const char
		*name; /* of a profile that is built in: "profile NAME" says more than its file */
	const char *text;
	size_t n;
	char *blanked; /* text without comments, owned */
	struct json_span root;
	struct strlist *warnings; /* may be NULL */
	struct nono_error *err;
	const char *at; /* where line was counted last */
	size_t line;
	char *from; /* what reader_from() gave last, for from_line; owned */
	size_t from_line;
};

/* Checks text: at most DOCUMENT_SIZE_MAX bytes of UTF-8, strict JSON, an object. The fields file,
 * name, warnings and err are the caller's. 0, or -errno with err set. */
int reader_init(struct reader *r, const char *text, size_t n, bool jsonc);
void reader_deinit(struct reader *r);

/* Sets err to "FILE:LINE:COLUMN: …" and returns -EINVAL. */
int reader_fail(struct reader *r, struct json_span at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends "FILE:LINE: …" to the warnings. 0 or -ENOMEM. */
int reader_warn(struct reader *r, struct json_span at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
size_t reader_line(struct reader *r, struct json_span at); /* from 1 */
/* Who says what stands at: a new string, or NULL. */
char *reader_from(struct reader *r, struct json_span at);

/* The name of a group, a profile …: letters, digits, '-' and '_'. 0, or -errno with err set. */
int reader_name(struct reader *r, struct json_span v, const char *what, char **ret);

/* Reads the members of object into values, one for each key of the table. At the top of a document
 * $schema is no key. 0, or -errno with err set; values are to be cleared in any case. */
int reader_members(struct reader *r, const struct key_table *table, struct json_span object,
	struct profile_value *values);
