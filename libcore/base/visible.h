/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's text on somebody's screen. */
#pragma once
#include "libcore/base/buf.h"

/* Appends s so that it can do nothing to a terminal and cannot look like another text: control
 * characters, invisible and direction-changing ones, what is no UTF-8, and the backslash itself
 * become \xNN, byte by byte. */
void visible_append(struct buf *b, const char *s);

/* The same for n bytes of checked JSON: such characters become \uNNNN, which means the same to who
 * parses it. (A backslash in JSON escapes already, and stays.) */
void visible_append_json(struct buf *b, const char *json, size_t n);
