/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/path.h"

#include <stdlib.h>
#include <string.h>

/* Appends the components of path to out[*len], which holds a clean path without trailing slash
 * ("" for the root). */
static void append_components(char *out, size_t *len, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (*len > 0 && out[--*len] != '/') {
			}
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			out[(*len)++] = '/';
			memcpy(out + *len, path, n);
			*len += n;
		}
		path += n;
		path += strspn(path, "/");
	}
}

char *path_absolute(const char *base, const char *path)
{
	size_t len = 0;
	char *out = malloc(strlen(base) + strlen(path) + 3);

	if (!out) {
		return NULL;
	}
	if (path[0] != '/') {
		append_components(out, &len, base);
	}
	append_components(out, &len, path);
	if (len == 0) {
		out[len++] = '/';
	}
	out[len] = '\0';
	return out;
}

/* Compared by the hundred for every decision, and mostly different in the first few bytes. */
bool path_is_below(const char *path, const char *dir)
{
	const char *start = dir;

	while (*dir != '\0' && *path == *dir) {
		path++;
		dir++;
	}
	/* "/" ends with the separator already. */
	return *dir == '\0' && dir > start && (*path == '\0' || *path == '/' || dir[-1] == '/');
}
