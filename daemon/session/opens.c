/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open(), where a part of a granted directory is closed. The name is taken apart once; the
 * judgement is about the directory and the entry that were found, and what is opened is that
 * object, by its descriptor, or that entry, without following anything.
 *
 * What is not ours to open goes on by itself: Landlock has no rule that would let it pass, or one
 * that lets it. So does everything that fails, for the kernel's own error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/session/calls.h"
#include "daemon/session/listener.h"
#include "daemon/session/lookup.h"
#include "daemon/session/mediate.h"
#include "daemon/session/place.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define TRIES       8 /* when somebody makes and removes the same name meanwhile */

struct wish {
	int dir_fd;
	uint64_t path;
	int flags;
	mode_t mode;
};

static struct wish read_wish(const struct call *c)
{
	const uint64_t *a = (const uint64_t *)c->data.args;

	if (c->data.nr == SYS_openat) {
		return (struct wish){ (int)a[0], a[1], (int)a[2], (mode_t)a[3] };
	}
	if (c->data.nr == SYS_CREAT) {
		return (struct wish){ AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (mode_t)a[1] };
	}
	return (struct wish){ AT_FDCWD, a[0], (int)a[1], (mode_t)a[2] };
}

static unsigned needed_access(int flags)
{
	unsigned access = flags & O_TRUNC ? NONO_WRITE : 0;

	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return access | NONO_READ;
	case O_WRONLY:
		return access | NONO_WRITE;
	default:
		return NONO_READ_WRITE;
	}
}

/* Gives it away. Not as the answer itself (SECCOMP_ADDFD_FLAG_SEND): ours must be closed before the
 * asker goes on, or a program it has written would be busy when it is executed. A file that was
 * made for nobody must not make the next try fail. */
static int64_t hand_over(struct call *c, const struct wish *w, const struct place *p, int fd)
{
	struct stat made, there;
	int r = asker_inject(&c->asker, fd, -1, (unsigned)w->flags & O_CLOEXEC);

	if (r >= 0) {
		return r;
	}
	if (p->object_fd < 0 && (w->flags & O_EXCL) && fstat(fd, &made) == 0 &&
		fstatat(p->dir_fd, p->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		made.st_dev == there.st_dev && made.st_ino == there.st_ino) {
		unlinkat(p->dir_fd, p->name, 0);
	}
	return r;
}

static int64_t open_object(struct call *c, const struct wish *w, const struct place *p)
{
	int flags = w->flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW);
	_cleanup_close_ int fd = -1;
	char name[32];
	int r;

	if (w->flags & O_CREAT && w->flags & O_EXCL) {
		return p->dir_fd >= 0 ? -EEXIST : MEDIATE_CONTINUE;
	}
	if (S_ISDIR(p->st.st_mode) && (w->flags & TMPFILE_BIT)) {
		return -EOPNOTSUPP; /* linking it into place could not be judged */
	}
	switch (p->st.st_mode & S_IFMT) {
	case S_IFREG:
		break;
	case S_IFDIR:
		if (w->flags & (O_CREAT | O_TRUNC) || (w->flags & O_ACCMODE) != O_RDONLY) {
			return MEDIATE_CONTINUE;
		}
		break;
	case S_IFIFO: /* waits for its other end */
		r = w->flags & O_NONBLOCK ? 0 : listener_make_room(c->mediator->listener);
		if (r < 0) {
			return r;
		}
		break;
	default:
		/* Of a device Landlock would know that its ioctls are not granted. */
		return MEDIATE_CONTINUE;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p->object_fd);
	fd = open(name, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : hand_over(c, w, p, fd);
}

static int64_t make_object(struct call *c, const struct wish *w, const struct place *p)
{
	_cleanup_close_ int fd = -1;
	int r = mediate_take_umask(c);

	if (r < 0) {
		return r;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	/* What is there by now was not judged. */
	fd = openat(p->dir_fd, p->name, w->flags | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		w->mode & 07777);
	return fd < 0 ? -errno : hand_over(c, w, p, fd);
}

static int64_t decide(struct call *c, const struct wish *w, const struct place *p)
{
	struct split_verdict v;
	unsigned access = needed_access(w->flags);
	bool makes = p->object_fd < 0;

	if ((makes && (!(w->flags & O_CREAT) || w->flags & TMPFILE_BIT)) ||
		(w->flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
		return MEDIATE_CONTINUE;
	}
	/* A directory by itself: it may be the granted one, whose entry is outside. */
	if (!makes && (S_ISDIR(p->st.st_mode) || p->dir_fd < 0)) {
		split_judge(&c->mediator->split, p->object_fd, NULL, NULL, &v);
	} else {
		split_judge(&c->mediator->split, p->dir_fd, p->name, makes ? NULL : &p->st, &v);
	}
	access |= makes ? NONO_WRITE : 0;
	if (!v.ours || (v.access & access) != access || (makes && v.on_the_way)) {
		return MEDIATE_CONTINUE;
	}
	return makes ? make_object(c, w, p) : open_object(c, w, p);
}

/* Names that lead to what every session gets. Not to look at them saves most of what is to be done
 * when a program starts. */
static bool is_of_the_system(const struct call *c, const char *path)
{
	static const char *const prefixes[] = { "/usr/", "/lib", "/proc/", "/etc/", "/sys/" };

	for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
		if (str_after(path, prefixes[i])) {
			return !lookup_is_by_descriptor(path) &&
			       !split_concerns(&c->mediator->split, prefixes[i]);
		}
	}
	return false;
}

int64_t mediate_open(struct call *c)
{
	struct wish w = read_wish(c);
	bool follow =
		!(w.flags & O_NOFOLLOW) && (w.flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	char path[PATH_MAX];
	int64_t r = MEDIATE_CONTINUE;

	/* What an O_PATH descriptor is used for is decided then. */
	if (w.flags & O_PATH || asker_read_string(&c->asker, w.path, path, sizeof(path)) <= 0 ||
		is_of_the_system(c, path)) {
		return MEDIATE_CONTINUE;
	}
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(place_release) struct place p = { .dir_fd = -1, .object_fd = -1 };
		if (place_find(&c->asker, w.dir_fd, path, follow, &p) < 0) {
			return MEDIATE_CONTINUE;
		}
		if (!asker_waits(&c->asker)) {
			return -ENOENT;
		}
		r = decide(c, &w, &p);
		/* Something was there when we came to make it. */
		if (r != -EEXIST || p.object_fd >= 0 || w.flags & O_EXCL) {
			break;
		}
	}
	return r;
}
