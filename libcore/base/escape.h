/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside JSON: strings there are UTF-8, paths are any bytes but NUL. A path that is no
 * valid UTF-8 is written with its offending bytes as %XX and every % as %25. */
#pragma once
#include <stdbool.h>

/* A new string to put into JSON, and whether it is escaped. 0 or -ENOMEM. */
int escape_path(const char *path, char **ret, bool *ret_escaped);
/* Undoes an escaped one: a new string. 0, -EINVAL for a % without two hexadecimal digits or for
 * %00, or -ENOMEM. */
int unescape_path(const char *text, char **ret);
