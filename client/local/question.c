/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/question.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/canonical.h"

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

/* path as typed, made absolute and nothing else: what ".." means is for the kernel to say, who goes
 * up from where a symlink led. NULL with err set. */
static char *absolute_path(const struct workdir *w, const char *path, struct nono_error *err)
{
	_cleanup_free_ char *checked = request_path(w, path, err);
	char *absolute = NULL;

	if (!checked) {
		return NULL;
	}
	if (path[0] == '/') {
		absolute = strdup(path);
	} else if (asprintf(&absolute, "%s/%s", w->base, path) < 0) {
		absolute = NULL;
	}
	if (!absolute) {
		error_oom(err);
	}
	return absolute;
}

/* Where an open of path ends; or, when it is to be removed, where the name itself is. Changes path.
 * NULL when out of memory. */
static char *canonical(char *path, bool remove)
{
	_cleanup_(canonical_memo_deinit) struct canonical_memo memo = { 0 };
	_cleanup_free_ char *found = NULL;
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/') {
		path[--n] = '\0';
	}
	found = remove ? canonical_name(path, &memo) : canonical_target(path, &memo);
	/* What could not be looked up may still have dots in it. */
	return found ? path_absolute("/", found) : NULL;
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
	_cleanup_free_ char *absolute = absolute_path(w, path, err);
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
	q.path = canonical(absolute, q.why.operations & WHY_DELETE);
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
