/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/granted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

#define DEPTH_MAX    1024
#define SOCKETS_MAX  512
#define HOLDER_TRIES 8

void granted_init(struct granted *g)
{
	*g = (struct granted){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

static bool is_object(const struct granted_object *o, const struct stat *st)
{
	return o->device == st->st_dev && o->inode == st->st_ino;
}

static bool contains(const struct granted_object *items, size_t n, const struct stat *st)
{
	for (size_t i = 0; i < n; i++) {
		if (is_object(&items[i], st)) {
			return true;
		}
	}
	return false;
}

int granted_add_writable(struct granted *g, const struct stat *st)
{
	if (contains(g->writable, g->n_writable, st)) {
		return 0;
	}
	if (array_grow((void **)&g->writable, g->n_writable, sizeof(*g->writable)) < 0) {
		return -ENOMEM;
	}
	g->writable[g->n_writable++] =
		(struct granted_object){ .device = st->st_dev, .inode = st->st_ino, .fd = -1 };
	return 0;
}

int granted_add_writable_fd(struct granted *g, int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -errno : granted_add_writable(g, &st);
}

/* Upwards, as Landlock does it. What is inside can only be moved from one write grant to another
 * meanwhile, and what is outside not at all. */
bool granted_covers_directory(const struct granted *g, int dir_fd)
{
	_cleanup_close_ int at = -1;
	struct stat st, up;

	if (fstat(dir_fd, &st) < 0) {
		return false;
	}
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		int next;
		if (contains(g->writable, g->n_writable, &st)) {
			return true;
		}
		next = openat(at >= 0 ? at : dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close_fd(&at);
		at = next;
		if (at < 0 || fstat(at, &up) < 0 ||
			(up.st_dev == st.st_dev && up.st_ino == st.st_ino)) {
			return false;
		}
		st = up;
	}
	return false;
}

/* The directory that holds fd under the name it was looked up by. Between finding the name and
 * looking behind it, somebody may rename; then it is tried again. */
static int open_holder(int fd, const struct stat *st)
{
	char link[32], name[PATH_MAX];
	struct stat there;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	for (int i = 0; i < HOLDER_TRIES; i++) {
		_cleanup_close_ int dir_fd = -1;
		ssize_t n = readlink(link, name, sizeof(name));
		char *slash;
		if (n <= 0 || (size_t)n == sizeof(name) || name[0] != '/') {
			return -ENOENT;
		}
		name[n] = '\0';
		slash = strrchr(name, '/');
		*slash = '\0';
		dir_fd = open(slash == name ? "/" : name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd >= 0 && fstatat(dir_fd, slash + 1, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
			there.st_dev == st->st_dev && there.st_ino == st->st_ino) {
			return take_fd(&dir_fd);
		}
	}
	return -ENOENT;
}

bool granted_covers(const struct granted *g, int fd)
{
	_cleanup_close_ int dir_fd = -1;
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		return granted_covers_directory(g, fd);
	}
	if (contains(g->writable, g->n_writable, &st)) {
		return true;
	}
	dir_fd = open_holder(fd, &st);
	return dir_fd >= 0 && granted_covers_directory(g, dir_fd);
}

/* Those nobody can connect to any more. */
static void forget_removed(struct granted *g)
{
	struct stat st;

	for (size_t i = g->n_sockets; i-- > 0;) {
		if (fstat(g->sockets[i].fd, &st) < 0 || st.st_nlink == 0) {
			close(g->sockets[i].fd);
			g->sockets[i] = g->sockets[--g->n_sockets];
		}
	}
}

static int add_socket(struct granted *g, int fd, const struct stat *st)
{
	if (contains(g->sockets, g->n_sockets, st)) {
		close(fd);
		return 0;
	}
	if ((g->n_sockets & (g->n_sockets - 1)) == 0) {
		forget_removed(g);
	}
	if (g->n_sockets == SOCKETS_MAX ||
		array_grow((void **)&g->sockets, g->n_sockets, sizeof(*g->sockets)) < 0) {
		close(fd);
		return -ENOBUFS;
	}
	g->sockets[g->n_sockets++] =
		(struct granted_object){ .device = st->st_dev, .inode = st->st_ino, .fd = fd };
	return 0;
}

int granted_add_socket(struct granted *g, int fd)
{
	struct stat st;
	int r = -EINVAL;

	if (fstat(fd, &st) < 0) {
		close(fd);
		return r;
	}
	pthread_mutex_lock(&g->lock);
	r = add_socket(g, fd, &st);
	pthread_mutex_unlock(&g->lock);
	return r;
}

bool granted_has_socket(struct granted *g, int fd)
{
	struct stat st;
	bool found;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		return false;
	}
	pthread_mutex_lock(&g->lock);
	found = contains(g->sockets, g->n_sockets, &st);
	pthread_mutex_unlock(&g->lock);
	return found;
}
