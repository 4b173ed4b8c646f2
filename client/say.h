/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nono says: results on standard output, everything else on standard error behind "nono: ".
 * Each call is one write, so that lines of several processes do not mix. What a message quotes
 * is shown, not obeyed.
 */
#pragma once
#include "client/options.h"
#include "libcore/base/buf.h"

#define EXIT_NONO 125 /* nono itself refuses or cannot do it; 126 and 127 come from the session */

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One line for each deprecated spelling that was used, unless a is silent. */
void say_deprecations(const struct arguments *a);
/* A result: text (its error state included) to standard output. The exit status. */
int say_result(const struct buf *text);
