/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/checked-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

#define LISTED_MAX 256

static void fclosep(FILE **f)
{
	if (*f) {
		fclose(*f);
	}
}

static void closedirp(DIR **d)
{
	if (*d) {
		closedir(*d);
	}
}

/* Where every user has a group of the same name, files are writable by that group (umask 002). The
 * files are read directly: name services have no place in a small static program. */
static bool is_own_group(gid_t gid)
{
	_cleanup_(fclosep) FILE *users = fopen("/etc/passwd", "re");
	_cleanup_(fclosep) FILE *groups = fopen("/etc/group", "re");
	_cleanup_free_ char *name = NULL;
	struct passwd *pw;
	struct group *gr;

	if (gid != getgid() || !users || !groups) {
		return false;
	}
	while (!name && (pw = fgetpwent(users))) {
		if (pw->pw_uid == getuid() && pw->pw_gid == gid) {
			name = strdup(pw->pw_name);
		}
	}
	while (name && (gr = fgetgrent(groups))) {
		if (gr->gr_gid == gid) {
			return str_equal(gr->gr_name, name) &&
			       (!gr->gr_mem[0] ||
				       (str_equal(gr->gr_mem[0], name) && !gr->gr_mem[1]));
		}
	}
	return false;
}

/* Owners who could change everything anyway: the user, root, and whoever the root directory belongs
 * to, as root is called in a user namespace that does not map it. */
static bool is_trusted_owner(uid_t uid)
{
	struct stat root;

	return uid == 0 || uid == getuid() || (stat("/", &root) == 0 && uid == root.st_uid);
}

/* sticky: in such a directory others can add, but not replace what is not theirs. */
static int check_owner(const struct stat *st, const char *path, bool sticky, struct nono_error *err)
{
	bool others =
		(st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && !is_own_group(st->st_gid));

	if (!is_trusted_owner(st->st_uid)) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%s belongs to user %u: policy must be the user's own or root's", path,
			(unsigned)st->st_uid);
	}
	if (others && !(sticky && (st->st_mode & S_ISVTX))) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%s can be written by others, who must not decide what is allowed (chmod "
			"go-w %s)",
			path, path);
	}
	return 0;
}

static int check_fd(int fd, const char *path, bool sticky, struct nono_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return error_errno(err, errno, "cannot look at %s", path);
	}
	return check_owner(&st, path, sticky, err);
}

/* Opens the directory that a canonical path is in, and checks it and all above it. */
static int open_parent(const char *path, struct nono_error *err)
{
	_cleanup_close_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX];
	const char *end = path;
	int r;

	if (fd < 0) {
		return error_errno(err, errno, "cannot open /");
	}
	while ((end = strchr(end + 1, '/'))) {
		int next;
		snprintf(name, sizeof(name), "%.*s", (int)(end - path), path);
		next = openat(
			fd, strrchr(name, '/') + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			return error_errno(err, errno, "cannot open %s", name);
		}
		close(fd);
		fd = next;
		r = check_fd(fd, name, true, err);
		if (r < 0) {
			return r;
		}
	}
	return take_fd(&fd);
}

/* 1 and the whole of fd. */
static int read_all(
	int fd, const char *path, size_t limit, char **ret, size_t *ret_n, struct nono_error *err)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0) {
		return error_errno(err, errno, "cannot look at %s", path);
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, NONO_INVALID, EINVAL, "%s is not a regular file", path);
	}
	if (st.st_size > (off_t)limit) {
		return error_set(
			err, NONO_LIMIT, EFBIG, "%s is larger than %zu bytes", path, limit);
	}
	text = malloc((size_t)st.st_size + 2);
	if (!text) {
		return error_oom(err);
	}
	n = fd_read_full(fd, text, (size_t)st.st_size + 1);
	if (n < 0) {
		return error_errno(err, (int)-n, "cannot read %s", path);
	}
	if (n > st.st_size) {
		return error_set(err, NONO_REFUSED, EAGAIN, "%s changed while it was read", path);
	}
	text[n] = '\0';
	*ret = TAKE_PTR(text);
	*ret_n = (size_t)n;
	return 1;
}

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

int checked_file_read(
	const char *path, size_t limit, char **ret, size_t *ret_n, struct nono_error *err)
{
	_cleanup_free_ char *canonical = realpath(path, NULL);
	_cleanup_close_ int parent = -1, fd = -1;
	int r;

	if (!canonical) {
		if (errno == ENOENT || errno == ENOTDIR) {
			return 0;
		}
		return error_errno(err, errno, "cannot read %s", path);
	}
	parent = open_parent(canonical, err);
	if (parent < 0) {
		return error_wrap(err, "%s", path);
	}
	fd = openat(parent, strrchr(canonical, '/') + 1, OPEN_FLAGS);
	if (fd < 0) {
		return error_errno(err, errno, "cannot read %s", path);
	}
	r = check_fd(fd, path, false, err);
	return r < 0 ? r : read_all(fd, path, limit, ret, ret_n, err);
}

int unchecked_file_read(
	const char *path, size_t limit, char **ret, size_t *ret_n, struct nono_error *err)
{
	_cleanup_close_ int fd = open(path, OPEN_FLAGS);

	if (fd >= 0) {
		return read_all(fd, path, limit, ret, ret_n, err);
	}
	if (errno == ENOENT || errno == ENOTDIR) {
		return 0;
	}
	if (errno == ELOOP) {
		return error_set(err, NONO_REFUSED, ELOOP, "%s is a symbolic link", path);
	}
	return error_errno(err, errno, "cannot read %s", path);
}

static bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && str_equal(s + n - m, suffix);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Removes NAME.json where NAME.jsonc is further down in the sorted list. */
static void drop_doubles(struct strlist *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		char *name = list->items[i];
		size_t n = strlen(name);
		bool hidden = false;
		for (size_t k = i + 1; k < list->n; k++) {
			hidden |= strncmp(name, list->items[k], n) == 0 &&
				  str_equal(list->items[k] + n, "c");
		}
		if (hidden) {
			free(name);
		} else {
			list->items[kept++] = name;
		}
	}
	list->n = kept;
}

static int list_names(int fd, const char *path, struct strlist *ret, struct nono_error *err)
{
	_cleanup_(closedirp) DIR *dir = fdopendir(fd);
	const struct dirent *e;

	if (!dir) {
		close(fd);
		return error_errno(err, errno, "cannot read %s", path);
	}
	while (errno = 0, (e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
			(!has_suffix(e->d_name, ".json") && !has_suffix(e->d_name, ".jsonc"))) {
			continue;
		}
		if (ret->n >= LISTED_MAX) {
			return error_set(err, NONO_LIMIT, E2BIG, "more than %d documents in %s",
				LISTED_MAX, path);
		}
		if (strlist_add(ret, e->d_name) < 0) {
			return error_oom(err);
		}
	}
	if (errno != 0) {
		return error_errno(err, errno, "cannot read %s", path);
	}
	if (ret->n > 1) {
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	}
	drop_doubles(ret);
	return 0;
}

int checked_dir_list(const char *dir, const char *name, struct strlist *ret, struct nono_error *err)
{
	_cleanup_free_ char *path = path_absolute(dir, name);
	_cleanup_free_ char *real = realpath(dir, NULL);
	_cleanup_free_ char *canonical = real ? path_absolute(real, name) : NULL;
	_cleanup_close_ int parent = -1, fd = -1;
	int r;

	if (!path || (real && !canonical)) {
		return error_oom(err);
	}
	if (!real) {
		if (errno == ENOENT || errno == ENOTDIR) {
			return 0;
		}
		return error_errno(err, errno, "cannot read %s", dir);
	}
	parent = open_parent(canonical, err);
	if (parent < 0) {
		return parent;
	}
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		return 0;
	}
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		return error_set(err, NONO_REFUSED, errno,
			"%s must be a directory and no symbolic link to one", path);
	}
	if (fd < 0) {
		return error_errno(err, errno, "cannot read %s", path);
	}
	r = check_fd(fd, path, false, err);
	return r < 0 ? r : list_names(take_fd(&fd), path, ret, err);
}
