/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/question.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

#define LINKS_MAX 40 /* as the kernel */

static const struct {
	const char *word;
	unsigned operations;
} words[] = {
	{ "read", WHY_READ },
	{ "write", WHY_WRITE },
	{ "readwrite", WHY_READ | WHY_WRITE },
	{ "create", WHY_CREATE },
	{ "delete", WHY_DELETE },
	{ "execute", WHY_EXECUTE },
};

/* path with all of its directories canonical; the last part as it is. A directory that cannot be
 * looked up stays as it is, and the one above it is tried. NULL when out of memory. */
static char *canonical_parent(const char *path)
{
	_cleanup_free_ char *dir = strdup(path);
	char *end = dir ? dir + strlen(dir) : NULL;

	while (dir && end > dir) {
		_cleanup_free_ char *real = NULL;
		while (end > dir && *end != '/') {
			end--;
		}
		if (end == dir) {
			break;
		}
		*end = '\0';
		real = realpath(dir, NULL);
		if (real) {
			return path_absolute(real, path + (end - dir) + 1);
		}
	}
	return path_absolute("/", path);
}

/* One step of a symlink that leads to nothing: where opening it would end. NULL when path is no
 * symlink, or out of memory. */
static char *follow_once(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	_cleanup_free_ char *dir = strdup(path);

	if (n <= 0 || !dir || !strrchr(dir, '/')) {
		return NULL;
	}
	target[n] = '\0';
	*strrchr(dir, '/') = '\0';
	return path_absolute(*dir ? dir : "/", target);
}

/* Where an open of path ends. NULL when out of memory. */
static char *canonical(const char *path)
{
	char *at = strdup(path);

	for (unsigned i = 0; at && i < LINKS_MAX; i++) {
		_cleanup_free_ char *from = at;
		char *real = realpath(from, NULL), *next;
		if (real) {
			return real;
		}
		at = canonical_parent(from);
		next = at ? follow_once(at) : NULL;
		if (!next) {
			return at;
		}
		free(at);
		at = next;
	}
	return at;
}

/* The nearest directory on the way to path that is there. NULL when out of memory. */
static char *existing_parent(const char *path)
{
	char *dir = strdup(path);
	struct stat st;

	for (char *end; dir && (end = strrchr(dir, '/')) != dir;) {
		*end = '\0';
		if (lstat(dir, &st) == 0) {
			return dir;
		}
	}
	if (dir) {
		dir[1] = '\0';
	}
	return dir;
}

static int parse_op(unsigned *ret, const char *op, struct nono_error *err)
{
	for (size_t i = 0; i < ELEMENTSOF(words); i++) {
		if (str_equal(words[i].word, op ? op : "read")) {
			*ret = words[i].operations;
			return 0;
		}
	}
	return error_set(err, NONO_INVALID, EINVAL,
		"--op is read, write, readwrite, create, delete or execute, not '%.100s'", op);
}

int question_init(struct question *ret, const struct workdir *w, const char *path, const char *op,
	struct nono_error *err)
{
	_cleanup_free_ char *absolute = request_path(w, path, err);
	_cleanup_(question_deinit) struct question q = { 0 };
	struct stat st;
	int r = absolute ? parse_op(&q.why.operations, op, err) : -EINVAL;

	if (r < 0) {
		return r;
	}
	if (strlen(absolute) >= PATH_MAX) {
		return error_set(err, NONO_INVALID, ENAMETOOLONG,
			"'%.60s…' is longer than a path can be", path);
	}
	/* Making and removing are about the name itself, wherever it leads. */
	q.path = q.why.operations & (WHY_CREATE | WHY_DELETE) ? canonical_parent(absolute)
							      : canonical(absolute);
	q.parent = q.path ? existing_parent(q.path) : NULL;
	if (!q.parent) {
		return error_oom(err);
	}
	q.why.exists = lstat(q.path, &st) == 0;
	q.why.is_dir = q.why.exists && S_ISDIR(st.st_mode);
	q.why.path = q.path;
	q.why.parent = q.why.exists ? NULL : q.parent;
	*ret = q;
	q = (struct question){ 0 };
	return 0;
}

void question_deinit(struct question *q)
{
	free(q->path);
	free(q->parent);
	*q = (struct question){ 0 };
}
