/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's text on somebody's screen. */
#pragma once
#include "libcore/base/buf.h"

/* Appends s so that it can do nothing to a terminal and cannot look like another text: control
 * characters, invisible and direction-changing ones, what is no UTF-8, and the backslash itself
 * become \xNN, byte by byte. */
void visible_append(struct buf *b, const char *s);
