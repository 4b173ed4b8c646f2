/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for people to read: one member per line, two spaces, "key": value. */
#pragma once
#include "libcore/base/buf.h"
#include "libcore/base/json-scan.h"

/* Appends v, which was checked, without a newline at the end. Errors stick to the buffer. */
void json_pretty(struct buf *b, struct json_span v);
