/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/split.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"
#include "policy/canonical.h"

#define DEPTH_MAX 1024
#define RULES_MAX 65536 /* what the kernel looks through at every open */

static bool has(const struct granted_object *items, size_t n, const struct stat *st)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].device == st->st_dev && items[i].inode == st->st_ino) {
			return true;
		}
	}
	return false;
}

/* Takes fd. */
static int add_object(struct granted_object **items, size_t *n, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || has(*items, *n, &st)) {
		close(fd);
		return 0;
	}
	if (array_grow((void **)items, *n, sizeof(**items)) < 0) {
		close(fd);
		return -ENOMEM;
	}
	(*items)[(*n)++] =
		(struct granted_object){ .device = st.st_dev, .inode = st.st_ino, .fd = fd };
	return 0;
}

/* Both names of each, as denied.c reports them to nonod. With targets also the one it was given,
 * so that no symlink on the way to it can be replaced. */
static int add_names(struct strlist *to, const struct strlist *from, bool targets)
{
	_cleanup_(canonical_memo_deinit) struct canonical_memo memo = { 0 };

	for (size_t i = 0; i < from->n; i++) {
		_cleanup_free_ char *name = canonical_name(from->items[i], &memo);
		_cleanup_free_ char *target = canonical_target(from->items[i], &memo);
		if (!name || !target || strlist_add_once(to, name) < 0 ||
			(targets && (strlist_add_once(to, target) < 0 ||
					    strlist_add_once(to, from->items[i]) < 0))) {
			return -ENOMEM;
		}
	}
	return 0;
}

int split_init(struct split *s, const struct strlist *closed, const struct strlist *lifted,
	struct nono_error *err)
{
	/* Where a symlink at a lifted name leads is not lifted: it may be in anybody's directory.
	 */
	if (add_names(&s->closed, closed, true) < 0 || add_names(&s->lifted, lifted, false) < 0) {
		return error_oom(err);
	}
	for (size_t i = 0; i < s->closed.n; i++) {
		int fd = open(s->closed.items[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && add_object(&s->objects, &s->n_objects, fd) < 0) {
			return error_oom(err);
		}
	}
	return 0;
}

static bool is_above_closed(const struct split *s, const char *name)
{
	for (size_t i = 0; i < s->closed.n; i++) {
		if (path_relate(name, s->closed.items[i]) == PATH_ABOVE) {
			return true;
		}
	}
	return false;
}

static size_t nearest(const struct strlist *names, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		if (path_is_below(name, names->items[i]) && strlen(names->items[i]) > n) {
			n = strlen(names->items[i]);
		}
	}
	return n;
}

static bool is_closed(const struct split *s, const char *name)
{
	size_t n = nearest(&s->closed, name);

	return n > 0 && n >= nearest(&s->lifted, name);
}

/* Inside something closed, and open nevertheless. */
static bool is_lifted(const struct split *s, const char *name)
{
	size_t n = nearest(&s->lifted, name);

	return n > 0 && n > nearest(&s->closed, name);
}

bool split_is_needed(const struct split *s, const char *name)
{
	return is_above_closed(s, name);
}

int split_add_grant(struct split *s, const struct stat *st, unsigned access, bool is_split)
{
	if (array_grow((void **)&s->grants, s->n_grants, sizeof(*s->grants)) < 0) {
		return -ENOMEM;
	}
	s->grants[s->n_grants++] = (struct split_grant){
		.device = st->st_dev, .inode = st->st_ino, .access = access, .is_split = is_split
	};
	s->is_used |= is_split;
	return 0;
}

int split_add_grant_fd(struct split *s, int fd, unsigned access)
{
	struct stat st;

	if (s->closed.n == 0) {
		return 0;
	}
	return fstat(fd, &st) < 0 ? -errno : split_add_grant(s, &st, access, false);
}

static char *join(const char *dir, const char *name, size_t n)
{
	char *joined = NULL;

	return asprintf(&joined, "%s/%.*s", str_equal(dir, "/") ? "" : dir, (int)n, name) < 0
		       ? NULL
		       : joined;
}

/* The directories from fd, whose canonical name is dir, to what is closed below it. */
static int find_ways(struct split *s, int fd, const char *dir)
{
	size_t skip = strlen(dir) + !str_equal(dir, "/");
	struct stat st;
	int held;

	if (fstat(fd, &st) < 0 || has(s->ways, s->n_ways, &st)) {
		return 0;
	}
	held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (held < 0 || add_object(&s->ways, &s->n_ways, held) < 0) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < s->closed.n; i++) {
		_cleanup_close_ int next_fd = -1;
		_cleanup_free_ char *next = NULL;
		const char *rest, *slash;
		if (path_relate(dir, s->closed.items[i]) != PATH_ABOVE) {
			continue;
		}
		rest = s->closed.items[i] + skip;
		slash = strchr(rest, '/');
		next = slash ? join(dir, rest, (size_t)(slash - rest)) : NULL;
		next_fd = next ? open(next, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		if (next_fd >= 0 && find_ways(s, next_fd, next) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

struct splitting {
	struct split *split;
	int ruleset_fd, abi;
	enum nono_access access;
	struct nono_error *err;
};

static int add_rules(const struct splitting *w, int fd, const char *path);

/* A directory on the way is split in its turn; everything else gets its rule. */
static int add_entry_rules(
	const struct splitting *w, int dir_fd, const char *path, const char *name)
{
	_cleanup_free_ char *entry = join(path, name, strlen(name));
	struct split *s = w->split;
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!entry) {
		return error_oom(w->err);
	}
	if (nearest(&s->closed, entry) > 0) {
		return 0;
	}
	fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		return 0;
	}
	if (is_above_closed(s, entry)) {
		return S_ISDIR(st.st_mode) ? add_rules(w, fd, entry) : 0;
	}
	/* Under another name it is still what it is. A device's rule would be more than the one of
	 * the directory it is in. */
	if (has(s->objects, s->n_objects, &st) || has(s->ways, s->n_ways, &st) ||
		(!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode) && !path_is_below(path, "/dev"))) {
		return 0;
	}
	if (++s->n_rules > RULES_MAX) {
		return error_set(w->err, NONO_LIMIT, E2BIG,
			"'%.300s' has too many entries for a part of it to stay closed", path);
	}
	/* Without a rule of its own it is opened on behalf. */
	landlock_allow_path(w->ruleset_fd, w->abi, fd, w->access, NULL);
	return 0;
}

static int add_rules(const struct splitting *w, int fd, const char *path)
{
	int list_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *e;

	/* What cannot be listed has no entries with rules of their own. */
	if (!dir) {
		close_fd(&list_fd);
		return 0;
	}
	while (r == 0 && (e = readdir(dir))) {
		if (!str_equal(e->d_name, ".") && !str_equal(e->d_name, "..")) {
			r = add_entry_rules(w, fd, path, e->d_name);
		}
	}
	closedir(dir);
	return r;
}

int split_allow(struct split *s, int ruleset_fd, int abi, int fd, const char *name,
	enum nono_access access, struct nono_error *err)
{
	struct splitting w = { s, ruleset_fd, abi, access, err };

	if (strlist_add_once(&s->roots, name) < 0 || find_ways(s, fd, name) < 0) {
		return error_oom(err);
	}
	return add_rules(&w, fd, name);
}

bool split_concerns(const struct split *s, const char *prefix)
{
	for (size_t i = 0; i < s->roots.n; i++) {
		size_t n = strlen(s->roots.items[i]), n_prefix = strlen(prefix);
		if (strncmp(s->roots.items[i], prefix, n < n_prefix ? n : n_prefix) == 0) {
			return true;
		}
	}
	return false;
}

/* The kernel's name for what fd refers to, with name behind it. False when there is none. */
static bool name_of(int fd, const char *name, char *path, size_t size)
{
	char link[32];
	size_t n_name = name ? strlen(name) : 0;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size);
	if (n <= 0 || (size_t)n + n_name + 2 > size || path[0] != '/') {
		return false;
	}
	if (name && n > 1) {
		path[n++] = '/';
	}
	/* A slash at its end only says what it should be. */
	while (n_name > 0 && name[n_name - 1] == '/') {
		n_name--;
	}
	memcpy(path + n, name ? name : "", n_name);
	path[(size_t)n + n_name] = '\0';
	return true;
}

/* Upwards from dir_fd, as Landlock does it: false when something closed is on the way. */
static bool climb(const struct split *s, int dir_fd, bool by_object, struct split_verdict *v)
{
	_cleanup_close_ int at = -1;
	struct stat st, up;

	if (fstat(dir_fd, &st) < 0) {
		return false;
	}
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		int next;
		if (by_object && has(s->objects, s->n_objects, &st)) {
			return false;
		}
		for (size_t i = 0; i < s->n_grants; i++) {
			const struct split_grant *g = &s->grants[i];
			if (g->device == st.st_dev && g->inode == st.st_ino) {
				v->access |= g->access;
				v->ours |= g->is_split;
			}
		}
		next = openat(at >= 0 ? at : dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close_fd(&at);
		at = next;
		if (at < 0 || fstat(at, &up) < 0) {
			return false;
		}
		if (up.st_dev == st.st_dev && up.st_ino == st.st_ino) {
			return true;
		}
		st = up;
	}
	return false;
}

/* The asker's own is another to us, and of others we may be told more. */
static bool is_in_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC;
}

/* Whether it is a closed object, whatever its name. */
static bool is_closed_object(
	const struct split *s, int dir_fd, const char *name, const struct stat *object)
{
	struct stat st;

	if (!object && name && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		object = &st;
	}
	return object && has(s->objects, s->n_objects, object);
}

void split_judge(const struct split *s, int dir_fd, const char *name, const struct stat *object,
	struct split_verdict *ret)
{
	char path[2 * PATH_MAX];
	bool lifted;

	*ret = (struct split_verdict){ .closed = true };
	if (is_in_proc(dir_fd) || !name_of(dir_fd, name, path, sizeof(path))) {
		return;
	}
	lifted = is_lifted(s, path);
	ret->on_the_way = is_above_closed(s, path);
	if (!lifted && (is_closed(s, path) || is_closed_object(s, dir_fd, name, object))) {
		return;
	}
	ret->closed = !climb(s, dir_fd, !lifted, ret);
	ret->ours = ret->ours && !ret->closed;
}

bool split_closes(const struct split *s, int fd)
{
	char path[2 * PATH_MAX];
	struct split_verdict v = { 0 };
	struct stat st;

	if (!s->is_used) {
		return false;
	}
	if (fstat(fd, &st) < 0 || !name_of(fd, NULL, path, sizeof(path))) {
		return true;
	}
	if (is_lifted(s, path)) {
		return false;
	}
	return is_closed(s, path) || has(s->objects, s->n_objects, &st) ||
	       (S_ISDIR(st.st_mode) && !climb(s, fd, true, &v));
}
