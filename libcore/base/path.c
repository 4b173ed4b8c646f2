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
enum path_relation path_relate(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] == b[i] && a[i]) {
		i++;
	}
	/* Behind a whole component: at its slash, at the end, or behind the slash that is all of
	 * the root. */
	if (b[i] == '\0' && (a[i] == '/' || a[i] == '\0' || (i == 1 && b[0] == '/'))) {
		return PATH_BELOW;
	}
	if (a[i] == '\0' && (b[i] == '/' || (i == 1 && a[0] == '/'))) {
		return PATH_ABOVE;
	}
	return PATH_APART;
}

bool path_is_below(const char *path, const char *dir)
{
	return path_relate(path, dir) == PATH_BELOW;
}
