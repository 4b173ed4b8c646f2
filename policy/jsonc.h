/* SPDX-License-Identifier: Apache-2.0 */
/* JSON with comments, made JSON: every position stays where it was. */
#pragma once
#include <stddef.h>

/* Overwrites comments (line and block) and the comma before a closing bracket in text with spaces.
 * 0, or -EBADMSG with *ret_at at a comment that has no end. What else is wrong stays for
 * json_check(). */
int jsonc_blank(char *text, size_t n, size_t *ret_at);
