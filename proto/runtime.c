/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* True when the open directory belongs to uid and nobody else gets in. */
static bool is_private(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == uid && (st.st_mode & 077) == 0;
}

/* XDG_RUNTIME_DIR as an open directory, or -1 when it cannot be used. That is no error: it is
 * what su, sudo -E and a container without logind look like. */
static int open_xdg(const char *path, uid_t uid, char *clean, size_t size)
{
	_cleanup_close_ int fd = -1;
	size_t n = path ? strlen(path) : 0;

	if (n == 0 || path[0] != '/') {
		return -1;
	}
	while (n > 1 && path[n - 1] == '/') { /* behind a slash O_NOFOLLOW would follow */
		n--;
	}
	if (n >= size) {
		return -1;
	}
	memcpy(clean, path, n);
	clean[n] = '\0';
	fd = open(clean, DIR_FLAGS);
	if (fd < 0 || !is_private(fd, uid)) {
		return -1;
	}
	return take_fd(&fd);
}

/* A directory where only its owner, or root, can replace what another made. */
static int open_shared(const char *path, struct nono_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_errno(err, errno, "open %s", path);
	}
	if ((st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%s is writable for everybody and not sticky: set XDG_RUNTIME_DIR to a "
			"directory of your own with mode 0700",
			path);
	}
	return take_fd(&fd);
}

/* The private directory name below parent. */
static int open_private(int parent, const char *name, const char *path, uid_t uid, bool create,
	struct nono_error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	/* No umask in the way: 0700 has only bits that every sane umask keeps, and the check
	 * below notices an insane one. */
	if (create && mkdirat(parent, name, 0700) < 0 && errno != EEXIST) {
		return error_errno(err, errno, "create %s", path);
	}
	fd = openat(parent, name, DIR_FLAGS);
	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_errno(err, errno, "open runtime directory %s", path);
	}
	if (st.st_uid != uid) {
		return error_set(err, NONO_REFUSED, EPERM,
			"runtime directory %s belongs to uid %u instead of %u", path,
			(unsigned)st.st_uid, (unsigned)uid);
	}
	if ((st.st_mode & 077) != 0) {
		return error_set(err, NONO_REFUSED, EPERM,
			"runtime directory %s has mode %04o instead of 0700", path,
			(unsigned)st.st_mode & 07777);
	}
	return take_fd(&fd);
}

static int open_below(struct runtime_dir *dir, int parent, const char *parent_path,
	const char *name, uid_t uid, bool create, struct nono_error *err)
{
	int n = snprintf(dir->path, sizeof(dir->path), "%s/%s", parent_path, name);

	if (n < 0 || (size_t)n >= sizeof(dir->path)) {
		return error_set(err, NONO_LIMIT, ENAMETOOLONG,
			"the name of the runtime directory is too long");
	}
	dir->fd = open_private(parent, name, dir->path, uid, create, err);
	return dir->fd < 0 ? dir->fd : 0;
}

int runtime_dir_open(struct runtime_dir *ret, const char *xdg_runtime_dir, uid_t uid, bool create,
	struct nono_error *err)
{
	struct runtime_dir dir = { .fd = -1 };
	_cleanup_close_ int parent = -1;
	char xdg[sizeof(dir.path)], name[32];
	int r;

	parent = open_xdg(xdg_runtime_dir, uid, xdg, sizeof(xdg));
	if (parent >= 0) {
		r = open_below(&dir, parent, xdg, "nono", uid, create, err);
		goto done;
	}
	if (uid == 0) {
		parent = open_shared("/run", err);
		r = parent < 0 ? parent
			       : open_below(&dir, parent, "/run", "nono", uid, create, err);
		/* Root of a user namespace or a container that may not write /run. */
		if (r != -EACCES && r != -EROFS && !(r == -ENOENT && create)) {
			goto done;
		}
		close_fd(&parent);
	}
	parent = open_shared("/tmp", err);
	if (parent < 0) {
		return parent;
	}
	snprintf(name, sizeof(name), "nono-%u", (unsigned)uid);
	r = open_below(&dir, parent, "/tmp", name, uid, create, err);
done:
	if (r < 0) {
		return r;
	}
	*ret = dir;
	return 0;
}

void runtime_dir_deinit(struct runtime_dir *dir)
{
	close_fd(&dir->fd);
}

int runtime_address(const struct runtime_dir *dir, const char *name, struct sockaddr_un *ret,
	socklen_t *ret_len, struct nono_error *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s", dir->path, name);

	if (n < 0 || (size_t)n >= sizeof(sa.sun_path)) {
		n = snprintf(
			sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/%s", dir->fd, name);
	}
	if (n < 0 || (size_t)n >= sizeof(sa.sun_path)) {
		return error_set(
			err, NONO_INVALID, ENAMETOOLONG, "socket name %s is too long", name);
	}
	*ret = sa;
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
	return 0;
}

int runtime_connect(const struct runtime_dir *dir, uid_t uid, struct nono_error *err)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_un sa;
	struct ucred peer;
	socklen_t len, n = sizeof(peer);
	int r;

	r = runtime_address(dir, RUNTIME_SOCKET, &sa, &len, err);
	if (r < 0) {
		return r;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return error_errno(err, errno, "create socket");
	}
	while (connect(fd, (struct sockaddr *)&sa, len) < 0) {
		if (errno != EINTR) {
			return error_errno(
				err, errno, "connect to %s/%s", dir->path, RUNTIME_SOCKET);
		}
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0) {
		return error_errno(
			err, errno, "read the identity behind %s/%s", dir->path, RUNTIME_SOCKET);
	}
	if (peer.uid != uid) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%s/%s is answered by uid %u instead of %u", dir->path, RUNTIME_SOCKET,
			(unsigned)peer.uid, (unsigned)uid);
	}
	return take_fd(&fd);
}

int runtime_lock(const struct runtime_dir *dir, struct nono_error *err)
{
	_cleanup_close_ int fd =
		openat(dir->fd, RUNTIME_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		return error_errno(err, errno, "open %s/%s", dir->path, RUNTIME_LOCK);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return error_errno(err, errno, "lock %s/%s", dir->path, RUNTIME_LOCK);
	}
	return take_fd(&fd);
}
