/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/session/lookup.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

#define SYMLINKS_MAX 40 /* as the kernel */
#define HOLDER_TRIES 8

void place_release(struct place *p)
{
	close_fd(&p->dir_fd);
	close_fd(&p->object_fd);
}

static int set_name(struct place *p, const char *name)
{
	size_t n = strlen(name);

	if (n >= sizeof(p->name)) {
		return -ENAMETOOLONG;
	}
	memcpy(p->name, name, n + 1);
	return 0;
}

/* A directory that is named by ".", "..", "/" or with a slash behind it. */
static int find_directory(
	struct asker *a, int dir_fd, int from_fd, const char *path, struct place *p)
{
	int fd = from_fd >= 0 ? lookup_object_from(from_fd, path)
			      : lookup_object(a, dir_fd, path, true);

	close_fd(&p->object_fd);
	close_fd(&p->dir_fd);
	p->object_fd = fd;
	if (p->object_fd < 0) {
		return take_fd(&p->object_fd);
	}
	if (fstat(p->object_fd, &p->st) < 0) {
		return -errno;
	}
	return S_ISDIR(p->st.st_mode) ? 0 : -ENOTDIR;
}

/* The asker's own descriptor. Where it is, the kernel's name for it tells; somebody may rename
 * meanwhile. */
static int find_descriptor(struct asker *a, int number, struct place *p)
{
	char link[32], path[PATH_MAX];

	p->object_fd = asker_fd(a, number);
	if (p->object_fd < 0) {
		return take_fd(&p->object_fd);
	}
	if (fstat(p->object_fd, &p->st) < 0) {
		return -errno;
	}
	if (S_ISDIR(p->st.st_mode)) {
		return 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", p->object_fd);
	for (int i = 0; i < HOLDER_TRIES; i++) {
		ssize_t n = readlink(link, path, sizeof(path) - 1);
		struct stat there;
		char *slash;
		if (n <= 0 || path[0] != '/') {
			return -ENOENT;
		}
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (set_name(p, slash + 1) < 0) {
			return -ENAMETOOLONG;
		}
		slash[slash == path] = '\0';
		close_fd(&p->dir_fd);
		p->dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (p->dir_fd >= 0 &&
			fstatat(p->dir_fd, p->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
			there.st_dev == p->st.st_dev && there.st_ino == p->st.st_ino) {
			return 0;
		}
	}
	return -ENOENT;
}

/* One step: the directory and the entry, without following it. */
static int find_entry(struct asker *a, int dir_fd, int from_fd, const char *path, struct place *p)
{
	const char *name;
	int r = from_fd >= 0 ? lookup_parent_from(from_fd, path, &name)
			     : lookup_parent(a, dir_fd, path, &name);

	if (r < 0) {
		return r;
	}
	close_fd(&p->dir_fd);
	p->dir_fd = r;
	r = set_name(p, name);
	if (r < 0) {
		return r;
	}
	close_fd(&p->object_fd);
	p->object_fd = openat(p->dir_fd, p->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (p->object_fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	return fstat(p->object_fd, &p->st) < 0 ? -errno : 0;
}

/* What the symlink says. Those of /proc say something else than where they lead, and what is ours
 * is not the asker's. */
static int read_symlink(const struct place *p, char target[PATH_MAX])
{
	struct statfs fs;
	ssize_t n;

	if (fstatfs(p->dir_fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC) {
		return -ELOOP;
	}
	n = readlinkat(p->object_fd, "", target, PATH_MAX);
	if (n <= 0 || n == PATH_MAX) {
		return n < 0 ? -errno : -ENAMETOOLONG;
	}
	target[n] = '\0';
	return 0;
}

static bool names_directory(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return *name == '\0' || str_equal(name, ".") || str_equal(name, "..");
}

static int find(struct asker *a, int dir_fd, const char *path, bool follow, struct place *p)
{
	char text[PATH_MAX];
	int from_fd = -1; /* p->dir_fd once a relative symlink was read */

	for (int i = 0; i < SYMLINKS_MAX; i++) {
		int number = lookup_descriptor(path), r;
		if (number >= 0) {
			close_fd(&p->object_fd);
			close_fd(&p->dir_fd);
			return follow ? find_descriptor(a, number, p) : -ELOOP;
		}
		if (names_directory(path)) {
			return find_directory(a, dir_fd, from_fd, path, p);
		}
		r = find_entry(a, dir_fd, from_fd, path, p);
		if (r < 0 || p->object_fd < 0 || !S_ISLNK(p->st.st_mode) || !follow) {
			return r;
		}
		r = read_symlink(p, text);
		if (r < 0) {
			return r;
		}
		path = text;
		from_fd = text[0] == '/' ? -1 : p->dir_fd;
	}
	return -ELOOP;
}

int place_find(struct asker *a, int dir_fd, const char *path, bool follow, struct place *ret)
{
	struct place p = { .dir_fd = -1, .object_fd = -1 };
	int r = *path == '\0' ? -ENOENT : find(a, dir_fd, path, follow, &p);

	if (r < 0) {
		place_release(&p);
		return r;
	}
	*ret = p;
	return 0;
}

int place_find_entry(struct asker *a, int dir_fd, const char *path, struct place *ret)
{
	struct place p = { .dir_fd = -1, .object_fd = -1 };
	char trimmed[PATH_MAX];
	size_t n = strlen(path), n_name;
	const char *name;

	if (n >= sizeof(trimmed)) {
		return -ENAMETOOLONG;
	}
	memcpy(trimmed, path, n + 1);
	while (n > 1 && trimmed[n - 1] == '/') {
		trimmed[--n] = '\0';
	}
	if (n == 0 || names_directory(trimmed)) {
		return -ENOENT;
	}
	p.dir_fd = lookup_parent(a, dir_fd, trimmed, &name);
	if (p.dir_fd < 0) {
		return p.dir_fd;
	}
	n_name = strlen(name);
	if (n_name + 2 > sizeof(p.name)) {
		place_release(&p);
		return -ENAMETOOLONG;
	}
	memcpy(p.name, name, n_name);
	p.name[n_name] = path[n] == '/' ? '/' : '\0';
	p.name[n_name + 1] = '\0';
	*ret = p;
	return 0;
}
