/* SPDX-License-Identifier: Apache-2.0 */
/* What a session may do, for people: from `policy` as io.nono.Session describes it. */
#pragma once
#include <stdbool.h>

#include "libcore/base/buf.h"
#include "libcore/base/json-scan.h"
#include "nono-caps.h"

/* Appends the capabilities. Without all, what comes from groups and the system is only counted. */
void summary_append(struct buf *out, struct json_span policy, bool all);
/* The same in few lines, each ended as a raw terminal needs it. */
void summary_append_short(struct buf *out, struct json_span policy);

/* One row of that: an absolute path with the access it has. */
void summary_append_row(struct buf *out, const char *path, enum nono_access access, bool is_file);

/* Appends "dry-run sandbox would be applied …" and the command. */
void summary_append_dry_run(struct buf *out, struct json_span policy, char *const *argv);

/* Appends a path of the protocol (its %XX undone when `escaped` is set) so that it can do nothing
 * to a terminal. object has the members `path` and `escaped`. */
void summary_append_path(struct buf *out, struct json_span object);

/* "read+write" of the protocol's word. */
const char *summary_access(struct json_span access);
