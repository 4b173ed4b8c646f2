/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

#define LINKS_MAX 40 /* as the kernel follows */

static int check_text(const char *path, struct nono_error *err)
{
	if (!path || path[0] == '\0') {
		return error_set(err, NONO_INVALID, EINVAL, "empty path");
	}
	return 0;
}

int resolve_existing(const char *path, char **ret, mode_t *ret_type, struct nono_error *err)
{
	_cleanup_free_ char *resolved = NULL;
	struct stat st;
	int r = check_text(path, err);

	if (r < 0) {
		return r;
	}
	resolved = realpath(path, NULL);
	if (!resolved || lstat(resolved, &st) < 0) {
		r = errno;
		if (r == ENOENT || r == ENOTDIR) {
			return error_set(
				err, NONO_PATH_NOT_FOUND, ENOENT, "path does not exist: %s", path);
		}
		return error_errno(err, r, "cannot look up %s", path);
	}
	*ret = TAKE_PTR(resolved);
	*ret_type = st.st_mode & S_IFMT;
	return 0;
}

int resolve_creatable(const char *path, char **ret, mode_t *ret_type, struct nono_error *err)
{
	_cleanup_free_ char *dir = NULL, *parent = NULL;
	const char *name;
	mode_t type;
	int r = check_text(path, err);

	if (r < 0) {
		return r;
	}
	if (access(path, F_OK) == 0 || errno != ENOENT) {
		return resolve_existing(path, ret, ret_type, err);
	}
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (name[0] == '\0' || str_equal(name, ".") || str_equal(name, "..")) {
		return error_set(err, NONO_PATH_NOT_FOUND, ENOENT, "path does not exist: %s", path);
	}
	dir = name == path ? strdup(".") : strndup(path, (size_t)(name - path));
	if (!dir) {
		return error_oom(err);
	}
	r = resolve_existing(dir, &parent, &type, err);
	if (r < 0) {
		return r;
	}
	*ret = path_absolute(parent, name);
	if (!*ret) {
		return error_oom(err);
	}
	*ret_type = 0;
	return 0;
}

static void strip_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/') {
		path[--n] = '\0';
	}
}

/* Cuts the last component off at, which keeps at least "/" or ".", and puts it in front of rest. */
static int move_last(char **at, char **rest)
{
	char *path = *at, *joined, *name = strrchr(path, '/');

	if (asprintf(&joined, "%s/%s", name ? name + 1 : path, *rest) < 0) {
		return -ENOMEM;
	}
	free(*rest);
	*rest = joined;
	if (!name) {
		path[0] = '.';
		path[1] = '\0';
	} else if (name == path) {
		path[1] = '\0';
	} else {
		*name = '\0';
	}
	return 0;
}

/* When at is a symlink: replaces it with where it points. 1, 0 when it is none, or -errno. */
static int follow(char **at)
{
	char target[PATH_MAX];
	ssize_t n = readlink(*at, target, sizeof(target) - 1);
	const char *slash;
	char *next;

	if (n <= 0) {
		return 0;
	}
	target[n] = '\0';
	slash = strrchr(*at, '/');
	if (target[0] == '/' || !slash) {
		next = strdup(target);
	} else if (asprintf(&next, "%.*s/%s", (int)(slash - *at), *at, target) < 0) {
		next = NULL;
	}
	if (!next) {
		return -ENOMEM;
	}
	free(*at);
	*at = next;
	return 1;
}

int resolve_prefix(const char *path, char **ret, struct nono_error *err)
{
	_cleanup_free_ char *at = NULL, *rest = NULL, *resolved = NULL;
	unsigned links = 0;
	int r = check_text(path, err);

	if (r < 0) {
		return r;
	}
	if (strlen(path) >= PATH_MAX) {
		return error_set(err, NONO_LIMIT, ENAMETOOLONG, "path is too long");
	}
	at = strdup(path);
	rest = strdup("");
	if (!at || !rest) {
		return error_oom(err);
	}
	for (;;) {
		resolved = realpath(at, NULL);
		if (resolved) {
			break;
		}
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
			return error_errno(err, errno, "cannot look up %s", path);
		}
		strip_slashes(at);
		r = follow(&at);
		if (r > 0 && ++links > LINKS_MAX) {
			return error_errno(err, ELOOP, "cannot look up %s", path);
		}
		if (r == 0 && (str_equal(at, "/") || str_equal(at, "."))) {
			return error_errno(err, ENOENT, "the working directory is gone");
		}
		r = r == 0 ? move_last(&at, &rest) : r;
		if (r < 0) {
			return error_oom(err);
		}
	}
	/* An absolute rest would win over its base. */
	*ret = path_absolute(resolved, rest + strspn(rest, "/"));
	return *ret ? 0 : error_oom(err);
}
