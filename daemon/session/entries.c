/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes, moves and removes names, and truncate(), where a part of a granted directory is
 * closed. As opens.c: taken apart once, judged by what was found, done on that.
 *
 * Landlock lets nothing be linked or moved to where more may be done with it. Across a split grant
 * that is decided here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/session/calls.h"
#include "daemon/session/mediate.h"
#include "daemon/session/place.h"
#include "libcore/base/cleanup.h"

static int64_t finish(int r)
{
	return r < 0 ? -errno : r;
}

static int read_path(const struct call *c, uint64_t address, char path[PATH_MAX])
{
	ssize_t n = asker_read_string(&c->asker, address, path, PATH_MAX);

	return n <= 0 ? -ENOENT : 0;
}

/* The entry that a call names, and what is said about it. Negative when nothing can be. */
static int find_entry(
	struct call *c, int dir_fd, uint64_t address, struct place *p, struct split_verdict *v)
{
	char path[PATH_MAX];

	if (read_path(c, address, path) < 0 || place_find_entry(&c->asker, dir_fd, path, p) < 0) {
		return -ENOENT;
	}
	split_judge(&c->mediator->split, p->dir_fd, p->name, NULL, v);
	return 0;
}

static bool may_write(const struct split_verdict *v)
{
	return v->ours && v->access & NONO_WRITE;
}

/* What makes or removes one entry. */
struct making {
	int dir_fd;
	uint64_t path;
	mode_t mode;
	enum { MAKE_DIRECTORY, REMOVE_DIRECTORY, REMOVE, MAKE_SYMLINK, MAKE_NODE } kind;
	uint64_t target; /* of a symlink */
};

static struct making read_making(const struct call *c)
{
	const uint64_t *a = (const uint64_t *)c->data.args;

	switch (c->data.nr) {
	case SYS_mkdirat:
		return (struct making){ (int)a[0], a[1], (mode_t)a[2], MAKE_DIRECTORY, 0 };
	case SYS_MKDIR:
		return (struct making){ AT_FDCWD, a[0], (mode_t)a[1], MAKE_DIRECTORY, 0 };
	case SYS_RMDIR:
		return (struct making){ AT_FDCWD, a[0], 0, REMOVE_DIRECTORY, 0 };
	case SYS_UNLINK:
		return (struct making){ AT_FDCWD, a[0], 0, REMOVE, 0 };
	case SYS_unlinkat:
		return (struct making){ (int)a[0], a[1], 0,
			(int)a[2] & AT_REMOVEDIR ? REMOVE_DIRECTORY : REMOVE, 0 };
	case SYS_symlinkat:
		return (struct making){ (int)a[1], a[2], 0, MAKE_SYMLINK, a[0] };
	case SYS_SYMLINK:
		return (struct making){ AT_FDCWD, a[1], 0, MAKE_SYMLINK, a[0] };
	case SYS_mknodat:
		return (struct making){ (int)a[0], a[1], (mode_t)a[2], MAKE_NODE, 0 };
	default: /* mknod */
		return (struct making){ AT_FDCWD, a[0], (mode_t)a[1], MAKE_NODE, 0 };
	}
}

static int64_t make(struct call *c, const struct making *m, const struct place *p)
{
	char target[PATH_MAX];
	int r = 0;

	if (m->kind == MAKE_SYMLINK && read_path(c, m->target, target) < 0) {
		return MEDIATE_CONTINUE;
	}
	if (m->kind == MAKE_DIRECTORY || m->kind == MAKE_NODE) {
		r = mediate_take_umask(c);
	}
	if (r < 0) {
		return r;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	switch (m->kind) {
	case MAKE_DIRECTORY:
		return finish(mkdirat(p->dir_fd, p->name, m->mode));
	case REMOVE_DIRECTORY:
		return finish(unlinkat(p->dir_fd, p->name, AT_REMOVEDIR));
	case REMOVE:
		return finish(unlinkat(p->dir_fd, p->name, 0));
	case MAKE_SYMLINK:
		return finish(symlinkat(target, p->dir_fd, p->name));
	case MAKE_NODE:
	default:
		return finish(mknodat(p->dir_fd, p->name, m->mode, 0));
	}
}

static bool is_file_or_fifo(mode_t mode)
{
	mode_t type = mode & S_IFMT;

	return type == 0 || type == S_IFREG || type == S_IFIFO;
}

static int64_t answer_making(struct call *c)
{
	_cleanup_(place_release) struct place p = { .dir_fd = -1, .object_fd = -1 };
	struct making m = read_making(c);
	struct split_verdict v;

	if ((m.kind == MAKE_NODE && !is_file_or_fifo(m.mode)) ||
		(c->data.nr == SYS_unlinkat && (int)c->data.args[2] & ~AT_REMOVEDIR) ||
		find_entry(c, m.dir_fd, m.path, &p, &v) < 0 || !may_write(&v)) {
		return MEDIATE_CONTINUE;
	}
	/* On the way to something closed there are directories only, none of them a symlink to
	 * another place. */
	if (v.on_the_way && m.kind != MAKE_DIRECTORY && m.kind != REMOVE_DIRECTORY) {
		return MEDIATE_CONTINUE;
	}
	return make(c, &m, &p);
}

/* Whether what is at one place may be brought to the other. */
static int check_move(const struct split_verdict *from, const struct split_verdict *to, bool same)
{
	if (from->closed || to->closed || from->on_the_way || to->on_the_way) {
		return -EACCES;
	}
	if (!(to->access & NONO_WRITE) || (!same && !(from->access & NONO_WRITE))) {
		return -EACCES;
	}
	return to->access & ~from->access ? -EXDEV : 0;
}

static bool same_directory(const struct place *a, const struct place *b)
{
	struct stat x, y;

	return fstat(a->dir_fd, &x) == 0 && fstat(b->dir_fd, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int64_t answer_rename(struct call *c)
{
	_cleanup_(place_release) struct place from = { .dir_fd = -1, .object_fd = -1 };
	_cleanup_(place_release) struct place to = { .dir_fd = -1, .object_fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	bool at = c->data.nr != SYS_RENAME;
	unsigned flags = c->data.nr == SYS_renameat2 ? (unsigned)a[4] : 0;
	struct split_verdict v, w;
	int r;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
		find_entry(c, at ? (int)a[0] : AT_FDCWD, a[at ? 1 : 0], &from, &v) < 0 ||
		find_entry(c, at ? (int)a[2] : AT_FDCWD, a[at ? 3 : 1], &to, &w) < 0 ||
		(!v.ours && !w.ours)) {
		return MEDIATE_CONTINUE;
	}
	/* Moving takes it away from where it was, in the same directory, too. */
	r = check_move(&v, &w, false);
	if (r == 0 && flags & RENAME_EXCHANGE) {
		r = check_move(&w, &v, false);
	}
	if (r < 0) {
		return r;
	}
	return asker_waits(&c->asker) ? finish((int)syscall(SYS_renameat2, from.dir_fd, from.name,
						to.dir_fd, to.name, flags))
				      : -ENOENT;
}

static int64_t answer_link(struct call *c)
{
	_cleanup_(place_release) struct place from = { .dir_fd = -1, .object_fd = -1 };
	_cleanup_(place_release) struct place to = { .dir_fd = -1, .object_fd = -1 };
	const uint64_t *a = (const uint64_t *)c->data.args;
	bool at = c->data.nr == SYS_linkat;
	int flags = at ? (int)a[4] : 0, r;
	struct split_verdict v, w;
	char path[PATH_MAX];

	if (flags & ~AT_SYMLINK_FOLLOW || read_path(c, a[at ? 1 : 0], path) < 0 ||
		place_find(&c->asker, at ? (int)a[0] : AT_FDCWD, path, flags, &from) < 0 ||
		from.dir_fd < 0 || from.object_fd < 0 ||
		find_entry(c, at ? (int)a[2] : AT_FDCWD, a[at ? 3 : 1], &to, &w) < 0) {
		return MEDIATE_CONTINUE;
	}
	split_judge(&c->mediator->split, from.dir_fd, from.name, &from.st, &v);
	if (!v.ours && !w.ours) {
		return MEDIATE_CONTINUE;
	}
	r = check_move(&v, &w, same_directory(&from, &to));
	if (r < 0) {
		return r;
	}
	/* By the object, as its name may be another's by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", from.object_fd);
	return asker_waits(&c->asker)
		       ? finish(linkat(AT_FDCWD, path, to.dir_fd, to.name, AT_SYMLINK_FOLLOW))
		       : -ENOENT;
}

static int64_t answer_truncate(struct call *c)
{
	_cleanup_(place_release) struct place p = { .dir_fd = -1, .object_fd = -1 };
	struct split_verdict v;
	char path[PATH_MAX], name[32];

	if (read_path(c, c->data.args[0], path) < 0 ||
		place_find(&c->asker, AT_FDCWD, path, true, &p) < 0 || p.object_fd < 0 ||
		p.dir_fd < 0 || !S_ISREG(p.st.st_mode)) {
		return MEDIATE_CONTINUE;
	}
	split_judge(&c->mediator->split, p.dir_fd, p.name, &p.st, &v);
	if (!may_write(&v)) {
		return MEDIATE_CONTINUE;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p.object_fd);
	return finish(truncate(name, (off_t)c->data.args[1]));
}

int64_t mediate_entry(struct call *c)
{
	switch (c->data.nr) {
	case SYS_RENAME:
	case SYS_RENAMEAT:
	case SYS_renameat2:
		return answer_rename(c);
	case SYS_LINK:
	case SYS_linkat:
		return answer_link(c);
	case SYS_truncate:
		return answer_truncate(c);
	default:
		return answer_making(c);
	}
}
