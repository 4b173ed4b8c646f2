/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode, owner, times, flags and extended attributes. No Landlock right covers them, so what is
 * looked up to a descriptor must be inside a write grant; then the descriptor is acted on, by the
 * name it has in /proc, which no other process can turn.
 *
 * A file that was opened for writing is inside one, or was handed in to be written to. A device
 * that may be written to is not for changing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "daemon/session/lookup.h"
#include "daemon/session/mediate.h"
#include "libcore/base/cleanup.h"

/* Younger than our headers; the same number everywhere. */
enum {
	SYS_FCHMODAT2 = 452,     /* Linux 6.6 */
	SYS_SETXATTRAT = 463,    /* Linux 6.13 */
	SYS_REMOVEXATTRAT = 466, /* Linux 6.13 */
	SYS_FILE_SETATTR = 469,  /* Linux 6.17 */
};
/* Not there on every architecture: then no call has these numbers. */
enum {
#ifdef SYS_chmod
	SYS_CHMOD = SYS_chmod,
	SYS_CHOWN = SYS_chown,
	SYS_LCHOWN = SYS_lchown,
	SYS_UTIME = SYS_utime,
	SYS_UTIMES = SYS_utimes,
	SYS_FUTIMESAT = SYS_futimesat,
#else
	SYS_CHMOD = -1,
	SYS_CHOWN = -2,
	SYS_LCHOWN = -3,
	SYS_UTIME = -4,
	SYS_UTIMES = -5,
	SYS_FUTIMESAT = -6,
#endif
};
#define FILE_ATTR_MAX 256
#define NAME_SIZE     256 /* of an extended attribute, with its end */
#define VALUE_MAX     65536
#define SET_ID_BITS   (S_ISUID | S_ISGID)

struct target {
	int fd;        /* O_PATH, or the asker's own */
	char name[32]; /* of fd in /proc */
};

static void target_release(struct target *t)
{
	close_fd(&t->fd);
}

static int finish(int r)
{
	return r < 0 ? -errno : r;
}

static bool is_writable_file(int fd, int flags)
{
	struct stat st;

	return !(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &st) == 0 &&
	       !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode);
}

/* Decides on what t->fd is. */
static int decide(const struct call *c, struct target *t, bool by_descriptor)
{
	int flags = fcntl(t->fd, F_GETFL);

	if (by_descriptor && (flags & O_PATH)) {
		return -EBADF;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	if (!is_writable_file(t->fd, flags) && !granted_covers(&c->mediator->granted, t->fd)) {
		return -EPERM;
	}
	if (split_closes(&c->mediator->split, t->fd)) {
		return -EPERM;
	}
	snprintf(t->name, sizeof(t->name), "/proc/self/fd/%d", t->fd);
	return 0;
}

/* at_flags as those calls take them. */
static int find(struct call *c, struct target *t, int dir_fd, uint64_t path_address, int at_flags)
{
	char path[PATH_MAX];
	ssize_t n;

	*t = (struct target){ .fd = -1 };
	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
		return -EINVAL;
	}
	n = asker_read_string(&c->asker, path_address, path, sizeof(path));
	if (n < 0) {
		return (int)n;
	}
	if (n == 0 && (at_flags & AT_EMPTY_PATH)) {
		t->fd = dir_fd == AT_FDCWD ? asker_cwd(&c->asker) : asker_fd(&c->asker, dir_fd);
	} else {
		t->fd = lookup_object(&c->asker, dir_fd, path, !(at_flags & AT_SYMLINK_NOFOLLOW));
	}
	return t->fd < 0 ? t->fd : decide(c, t, false);
}

static int find_descriptor(struct call *c, struct target *t, uint64_t number)
{
	*t = (struct target){ .fd = asker_fd(&c->asker, (int)number) };
	return t->fd < 0 ? t->fd : decide(c, t, true);
}

static int change_mode(const struct target *t, uint64_t mode)
{
	/* The filter has refused these; a bit it did not see would be the same one here. */
	return mode & SET_ID_BITS ? -EPERM : finish(chmod(t->name, (mode_t)mode & 07777));
}

static int64_t answer_mode(struct call *c)
{
	_cleanup_(target_release) struct target t = { .fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	uint64_t mode;
	int r;

	switch (c->data.nr) {
	case SYS_fchmod:
		mode = a[1];
		r = find_descriptor(c, &t, a[0]);
		break;
	case SYS_fchmodat:
		mode = a[2];
		r = find(c, &t, (int)a[0], a[1], 0);
		break;
	case SYS_FCHMODAT2:
		mode = a[2];
		r = find(c, &t, (int)a[0], a[1], (int)a[3]);
		break;
	default: /* chmod */
		mode = a[1];
		r = find(c, &t, AT_FDCWD, a[0], 0);
	}
	return r < 0 ? r : change_mode(&t, mode);
}

static int64_t answer_owner(struct call *c)
{
	_cleanup_(target_release) struct target t = { .fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	const uint64_t *ids = a + 1;
	int r;

	switch (c->data.nr) {
	case SYS_fchown:
		r = find_descriptor(c, &t, a[0]);
		break;
	case SYS_fchownat:
		ids = a + 2;
		r = find(c, &t, (int)a[0], a[1], (int)a[4]);
		break;
	case SYS_LCHOWN:
		r = find(c, &t, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW);
		break;
	default: /* chown */
		r = find(c, &t, AT_FDCWD, a[0], 0);
	}
	return r < 0 ? r : finish(chown(t.name, (uid_t)ids[0], (gid_t)ids[1]));
}

/* Times in whichever form the call has them. Without an address both are now. */
static int read_times(struct call *c, uint64_t address, struct timespec times[2])
{
	struct timeval values[2];
	struct utimbuf seconds;
	int r;

	if (address == 0) {
		times[0] = times[1] = (struct timespec){ .tv_nsec = UTIME_NOW };
		return 0;
	}
	switch (c->data.nr) {
	case SYS_utimensat:
		return asker_read(&c->asker, address, times, 2 * sizeof(*times));
	case SYS_UTIME:
		r = asker_read(&c->asker, address, &seconds, sizeof(seconds));
		times[0] = (struct timespec){ .tv_sec = seconds.actime };
		times[1] = (struct timespec){ .tv_sec = seconds.modtime };
		return r;
	default: /* utimes, futimesat */
		r = asker_read(&c->asker, address, values, sizeof(values));
		for (int i = 0; i < 2 && r == 0; i++) {
			if (values[i].tv_usec < 0 || values[i].tv_usec >= 1000000) {
				return -EINVAL;
			}
			times[i].tv_sec = values[i].tv_sec;
			times[i].tv_nsec = values[i].tv_usec * 1000;
		}
		return r;
	}
}

static int64_t answer_times(struct call *c)
{
	_cleanup_(target_release) struct target t = { .fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	bool at = c->data.nr == SYS_utimensat || c->data.nr == SYS_FUTIMESAT;
	int flags = c->data.nr == SYS_utimensat ? (int)a[3] : 0;
	struct timespec times[2] = { { 0 } };
	int r = read_times(c, at ? a[2] : a[1], times);

	if (r < 0) {
		return r;
	}
	if (at && a[1] == 0) {
		r = flags ? -EINVAL : find_descriptor(c, &t, a[0]);
	} else if (at) {
		r = find(c, &t, (int)a[0], a[1], flags);
	} else {
		r = find(c, &t, AT_FDCWD, a[0], 0);
	}
	return r < 0 ? r : finish(utimensat(AT_FDCWD, t.name, times, 0));
}

/* The arguments of a call about an extended attribute. */
struct attribute {
	uint64_t name, value;
	size_t size;
	int flags;
};

static int set_attribute(struct call *c, const struct target *t, const struct attribute *x)
{
	_cleanup_free_ void *value = NULL;
	char name[NAME_SIZE];
	ssize_t n = asker_read_string(&c->asker, x->name, name, sizeof(name));
	int r;

	if (n <= 0) {
		return n == 0 || n == -ENAMETOOLONG ? -ERANGE : (int)n;
	}
	if (x->size > VALUE_MAX) {
		return -E2BIG;
	}
	value = malloc(x->size + 1);
	if (!value) {
		return -ENOMEM;
	}
	r = asker_read(&c->asker, x->value, value, x->size);
	if (r < 0) {
		return r;
	}
	return asker_waits(&c->asker) ? finish(setxattr(t->name, name, value, x->size, x->flags))
				      : -ENOENT;
}

static int remove_attribute(struct call *c, const struct target *t, uint64_t address)
{
	char name[NAME_SIZE];
	ssize_t n = asker_read_string(&c->asker, address, name, sizeof(name));

	if (n <= 0) {
		return n == 0 || n == -ENAMETOOLONG ? -ERANGE : (int)n;
	}
	return asker_waits(&c->asker) ? finish(removexattr(t->name, name)) : -ENOENT;
}

static int find_for_attribute(struct call *c, struct target *t)
{
	const uint64_t *a = (const uint64_t *)c->data.args;

	switch (c->data.nr) {
	case SYS_fsetxattr:
	case SYS_fremovexattr:
		return find_descriptor(c, t, a[0]);
	case SYS_lsetxattr:
	case SYS_lremovexattr:
		return find(c, t, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW);
	case SYS_SETXATTRAT:
	case SYS_REMOVEXATTRAT:
		return find(c, t, (int)a[0], a[1], (int)a[2]);
	default: /* setxattr, removexattr */
		return find(c, t, AT_FDCWD, a[0], 0);
	}
}

/* struct xattr_args of setxattrat(). */
struct attribute_arguments {
	uint64_t value;
	uint32_t size, flags;
};

static int64_t answer_attribute(struct call *c)
{
	_cleanup_(target_release) struct target t = { .fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	struct attribute x = { .name = a[1], .value = a[2], .size = a[3], .flags = (int)a[4] };
	int r = find_for_attribute(c, &t);

	if (r < 0) {
		return r;
	}
	switch (c->data.nr) {
	case SYS_removexattr:
	case SYS_lremovexattr:
	case SYS_fremovexattr:
		return remove_attribute(c, &t, a[1]);
	case SYS_REMOVEXATTRAT:
		return remove_attribute(c, &t, a[3]);
	case SYS_SETXATTRAT: {
		struct attribute_arguments given;
		if (a[5] < sizeof(given)) {
			return -EINVAL;
		}
		r = a[5] > sizeof(given) ? -E2BIG
					 : asker_read(&c->asker, a[4], &given, sizeof(given));
		x = (struct attribute){ .name = a[3],
			.value = given.value,
			.size = given.size,
			.flags = (int)given.flags };
		return r < 0 ? r : set_attribute(c, &t, &x);
	}
	default:
		return set_attribute(c, &t, &x);
	}
}

static int64_t answer_file_setattr(struct call *c)
{
	_cleanup_(target_release) struct target t = { .fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	char given[FILE_ATTR_MAX];
	int r;

	if (a[3] > sizeof(given)) {
		return -E2BIG;
	}
	r = asker_read(&c->asker, a[2], given, (size_t)a[3]);
	if (r == 0) {
		r = find(c, &t, (int)a[0], a[1], (int)a[4]);
	}
	return r < 0 ? r
		     : finish((int)syscall(
			       SYS_FILE_SETATTR, AT_FDCWD, t.name, given, (size_t)a[3], 0));
}

/* FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR. To what is no file the number could mean another thing. */
static int64_t answer_flags(struct call *c)
{
	_cleanup_(target_release) struct target t = { .fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	uint32_t command = (uint32_t)a[1];
	struct fsxattr given = { 0 };
	struct stat st;
	int r = find_descriptor(c, &t, a[0]);

	if (r < 0) {
		return r;
	}
	if (fstat(t.fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		return -ENOTTY;
	}
	r = asker_read(
		&c->asker, a[2], &given, command == FS_IOC_SETFLAGS ? sizeof(int) : sizeof(given));
	if (r < 0) {
		return r;
	}
	return asker_waits(&c->asker) ? finish(ioctl(t.fd, command, &given)) : -ENOENT;
}

int64_t mediate_attributes(struct call *c)
{
	switch (c->data.nr) {
	case SYS_CHMOD:
	case SYS_fchmod:
	case SYS_fchmodat:
	case SYS_FCHMODAT2:
		return answer_mode(c);
	case SYS_CHOWN:
	case SYS_LCHOWN:
	case SYS_fchown:
	case SYS_fchownat:
		return answer_owner(c);
	case SYS_UTIME:
	case SYS_UTIMES:
	case SYS_FUTIMESAT:
	case SYS_utimensat:
		return answer_times(c);
	case SYS_FILE_SETATTR:
		return answer_file_setattr(c);
	case SYS_ioctl:
		return answer_flags(c);
	default:
		return answer_attribute(c);
	}
}
