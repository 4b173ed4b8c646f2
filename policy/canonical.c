/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/canonical.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/resolve.h"

void canonical_memo_deinit(struct canonical_memo *m)
{
	free(m->dir);
	free(m->real);
	*m = (struct canonical_memo){ 0 };
}

/* What cannot be looked up keeps its name. */
static char *look_up(const char *path)
{
	char *real;
	int r = resolve_prefix(path, &real, NULL);

	if (r == 0) {
		return real;
	}
	return r == -ENOMEM ? NULL : strdup(path);
}

char *canonical_name(const char *path, struct canonical_memo *memo)
{
	const char *name = strrchr(path, '/') + 1;
	size_t n = (size_t)(name - path) > 1 ? (size_t)(name - path) - 1 : 1;

	if (!memo->dir || strlen(memo->dir) != n || strncmp(memo->dir, path, n) != 0) {
		canonical_memo_deinit(memo);
		memo->dir = strndup(path, n);
		memo->real = memo->dir ? look_up(memo->dir) : NULL;
	}
	/* "." so that the root's empty name is no absolute path. */
	return memo->real ? path_absolute(memo->real, *name ? name : ".") : NULL;
}

char *canonical_target(const char *path, struct canonical_memo *memo)
{
	char link[1];

	/* Anything but "no symlink" and "not there" takes the long way. */
	if (readlink(path, link, sizeof(link)) >= 0 || (errno != EINVAL && errno != ENOENT)) {
		return look_up(path);
	}
	return canonical_name(path, memo);
}
