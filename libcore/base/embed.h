/* SPDX-License-Identifier: Apache-2.0 */
/* Files compiled into a binary by tools/embed.py: a table ends with an entry whose name is NULL. */
#pragma once
#include <stddef.h>

struct embedded_file {
	const char *name; /* file name without its last extension */
	const char *text; /* NUL-terminated */
	size_t size;      /* without the terminator */
};
