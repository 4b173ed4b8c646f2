/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of nono-local share in printing. */
#pragma once
#include "libcore/base/buf.h"
#include "libcore/base/json-write.h"

/* A string member for text that need not be UTF-8 (then it is made visible); nothing for NULL. */
void show_text(struct json_writer *w, const char *name, const char *text);
/* A path: its bytes that are no UTF-8 are %XX, and then a member "escaped" says so. Inside an array
 * (name NULL) there is no such member. */
void show_path(struct json_writer *w, const char *name, const char *path);

/* Prints JSON (its error state included) for people to read. The exit status. */
int show_json(const struct buf *compact);
