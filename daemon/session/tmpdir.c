/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emptying a hostile tree. Only two directories are open at any time: the root and one directly in
 * it. What is found there is unlinked; a directory that is not empty is moved up into the root, and
 * emptied in a later round. So the depth of the tree needs no stack and no descriptors, ".." is
 * never used, and no name has more than one component.
 *
 * A directory is opened only if it is on the same mount as its parent and no symlink. Whoever can
 * still change the tree meanwhile (another session that was granted /tmp) can move things in, which
 * it could have deleted itself, or out, where Landlock keeps us from following.
 *
 * From Landlock ABI 2 on the process is confined to the tree. Below, a domain could not move
 * directories at all; there the walk alone is what keeps it inside.
 */
#include "daemon/session/tmpdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"

#define PARENT           "/tmp"
#define PREFIX           "nono-"
#define RANDOM_DIGITS    16
#define NAME_LENGTH      (sizeof(PREFIX) - 1 + RANDOM_DIGITS)
#define ATTEMPTS_MAX     16
#define REMOVAL_MAX_USEC UINT64_C(600000000)
#define ALL_OF_THE_OWNER 0700

_Static_assert(sizeof(PLAN_TMPDIR_STANDIN) == sizeof(PARENT "/") + NAME_LENGTH, "as long");

struct removal {
	int root_fd;
	uint64_t deadline;
	uint64_t prefix; /* nobody else's names begin with it */
	unsigned long n_moved;
};

static uint64_t random_number(void)
{
	uint64_t n;

	/* Never blocks. A name that can be guessed costs a retry. */
	if (getrandom(&n, sizeof(n), GRND_INSECURE) != sizeof(n)) {
		n = clock_usec() * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)getpid();
	}
	return n;
}

const char *tmpdir_path(const struct tmpdir *t)
{
	return t->variable + strlen("TMPDIR=");
}

/* Opens, checks and locks what mkdir() made. 1; 0 when somebody swept it away before it was locked;
 * -errno. */
static int take(struct tmpdir *t)
{
	_cleanup_close_ int fd =
		open(tmpdir_path(t), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return errno == EWOULDBLOCK ? 0 : -errno;
	}
	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	if (st.st_nlink == 0) {
		return 0;
	}
	/* Somebody who may rename things in /tmp put another there. */
	if (st.st_uid != geteuid() || (st.st_mode & 0777) != ALL_OF_THE_OWNER) {
		return -EPERM;
	}
	t->fd = take_fd(&fd);
	return 1;
}

int tmpdir_make(struct tmpdir *ret, struct nono_error *err)
{
	struct tmpdir t = TMPDIR_NONE;
	int r = -EEXIST;

	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		snprintf(t.variable, sizeof(t.variable), "TMPDIR=%s/" PREFIX "%0*llx", PARENT,
			RANDOM_DIGITS, (unsigned long long)random_number());
		r = mkdir(tmpdir_path(&t), ALL_OF_THE_OWNER) < 0 ? -errno : take(&t);
		if (r > 0) {
			snprintf(t.prefix, sizeof(t.prefix), "TMPPREFIX=%s/zsh", tmpdir_path(&t));
			*ret = t;
			return 0;
		}
		if (r < 0 && r != -EEXIST) {
			break;
		}
	}
	return error_set(err, NONO_SYSTEM, r < 0 ? -r : EBUSY,
		"cannot make a directory for temporary files in %s: %s; to do without, name one "
		"that is granted: --env TMPDIR=DIR",
		PARENT, strerror(r < 0 ? -r : EBUSY));
}

/* Opens a directory directly in parent, on the same mount. As open(). */
static int open_here(int parent, const char *name, int flags)
{
	const struct open_how how = { .flags = (uint64_t)(flags | O_DIRECTORY | O_NOFOLLOW |
							  O_CLOEXEC),
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, parent, name, &how, sizeof(how));
	struct stat above, st;

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
		return fd;
	}
	/* A container's filter does not know openat2(). Mounts of the same file system cannot be
	 * told then. */
	fd = openat(parent, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 &&
		(fstat(fd, &st) < 0 || fstat(parent, &above) < 0 || st.st_dev != above.st_dev)) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

/* The same for reading, with all rights for its owner. Descriptor or -errno. */
static int open_directory(int parent, const char *name)
{
	_cleanup_close_ int fd = open_here(parent, name, O_RDONLY);
	struct stat st;

	if (fd < 0 && errno == EACCES) {
		_cleanup_close_ int path_fd = open_here(parent, name, O_PATH);
		char link[32];
		snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
		if (path_fd < 0 || chmod(link, ALL_OF_THE_OWNER) < 0) {
			return -errno;
		}
		fd = open_here(parent, name, O_RDONLY);
	}
	if (fd < 0 || fstat(fd, &st) < 0 ||
		((st.st_mode & ALL_OF_THE_OWNER) != ALL_OF_THE_OWNER &&
			fchmod(fd, ALL_OF_THE_OWNER) < 0)) {
		return -errno;
	}
	return take_fd(&fd);
}

static bool empty_child(struct removal *r, const char *name);

/* A directory that is not the root's own child becomes one. */
static bool move_up(struct removal *r, int parent, const char *name)
{
	/* Moving a directory changes it, so its owner needs the right to write to it. */
	_cleanup_close_ int fd = open_directory(parent, name);
	char fresh[48];

	snprintf(fresh, sizeof(fresh), "%016llx%lu", (unsigned long long)r->prefix, r->n_moved++);
	return fd >= 0 && renameat(parent, name, r->root_fd, fresh) == 0;
}

static bool remove_entry(struct removal *r, int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, 0) == 0) {
		return true;
	}
	if (errno != EISDIR && errno != EPERM) {
		return false;
	}
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0) {
		return true;
	}
	if (errno != ENOTEMPTY && errno != EEXIST) {
		return false; /* a mount point, or somebody else's */
	}
	return dir_fd == r->root_fd ? empty_child(r, name) : move_up(r, dir_fd, name);
}

/* Removes what is in the directory, or moves it up. True when anything was. */
static bool empty(struct removal *r, int dir_fd)
{
	int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	bool progress = false;

	if (!dir) {
		close_fd(&copy);
		return false;
	}
	rewinddir(dir); /* the descriptor's position is that of the round before */
	while ((e = readdir(dir)) && clock_usec() < r->deadline) {
		if (!str_equal(e->d_name, ".") && !str_equal(e->d_name, "..")) {
			progress |= remove_entry(r, dir_fd, e->d_name);
		}
	}
	closedir(dir);
	return progress;
}

static bool empty_child(struct removal *r, const char *name)
{
	_cleanup_close_ int fd = open_directory(r->root_fd, name);
	bool progress = fd >= 0 && empty(r, fd);

	return unlinkat(r->root_fd, name, AT_REMOVEDIR) == 0 || progress;
}

static void empty_root(int root_fd)
{
	struct removal r = { .root_fd = root_fd,
		.deadline = clock_usec() + REMOVAL_MAX_USEC,
		.prefix = random_number() };

	fchmod(root_fd, ALL_OF_THE_OWNER); /* the command may have changed that too */
	while (empty(&r, root_fd)) {
	}
}

static int confine(int root_fd, int abi)
{
	const struct landlock_domain domain = { .restrict_tcp = true,
		.scope_signal = true,
		.scope_abstract = true,
		.restrict_unix = true,
		.restrict_udp = true };
	_cleanup_close_ int ruleset_fd = -1;
	int r;

	if (abi < 2) {
		return 0;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return -errno;
	}
	ruleset_fd = landlock_new(abi, &domain, NULL);
	if (ruleset_fd < 0) {
		return ruleset_fd;
	}
	r = landlock_allow_path(ruleset_fd, abi, root_fd, NONO_READ_WRITE, NULL);
	return r < 0 ? r : landlock_enforce(ruleset_fd, abi, false);
}

pid_t tmpdir_remove(struct tmpdir *t, int abi)
{
	pid_t pid;

	if (t->fd < 0) {
		return 0;
	}
	if (rmdir(tmpdir_path(t)) == 0 || (errno != ENOTEMPTY && errno != EEXIST)) {
		close_fd(&t->fd);
		return 0;
	}
	pid = fork();
	if (pid == 0) {
		/* Nothing of the session's but the directory. */
		if (dup2(t->fd, 0) == 0 && syscall(SYS_close_range, 1, ~0U, 0) == 0 &&
			confine(0, abi) == 0) {
			empty_root(0);
		}
		_exit(0);
	}
	return pid < 0 ? -errno : pid;
}

static void removed(struct tmpdir *t)
{
	struct stat by_name, by_fd;

	/* rmdir() removes nothing but an empty directory; still only ours. */
	if (t->fd >= 0 && fstat(t->fd, &by_fd) == 0 && lstat(tmpdir_path(t), &by_name) == 0 &&
		by_fd.st_ino == by_name.st_ino && by_fd.st_dev == by_name.st_dev) {
		rmdir(tmpdir_path(t));
	}
	close_fd(&t->fd);
}

bool tmpdir_wait(struct tmpdir *t, pid_t pid, int signal_fd, int timeout_ms)
{
	struct pollfd p = { .fd = signal_fd, .events = POLLIN };
	struct signalfd_siginfo drained;
	uint64_t until = clock_usec() + (uint64_t)timeout_ms * 1000, now;

	while (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0) {
		now = clock_usec();
		if (timeout_ms >= 0 && now >= until) {
			return false;
		}
		poll(&p, 1, timeout_ms < 0 ? -1 : (int)((until - now + 999) / 1000));
		while (read(signal_fd, &drained, sizeof(drained)) == sizeof(drained)) {
		}
	}
	removed(t);
	return true;
}

static bool is_our_name(const char *name)
{
	const char *digits = str_after(name, PREFIX);

	return digits && strlen(name) == NAME_LENGTH &&
	       strspn(digits, "0123456789abcdef") == RANDOM_DIGITS;
}

/* Ours, and nobody holds its lock. */
static bool take_leftover(struct tmpdir *t, int parent, const char *name)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
		st.st_uid != geteuid()) {
		return false;
	}
	t->fd = open_directory(parent, name);
	if (t->fd < 0 || flock(t->fd, LOCK_EX | LOCK_NB) < 0) {
		close_fd(&t->fd);
		return false;
	}
	snprintf(
		t->variable, sizeof(t->variable), "TMPDIR=%s/%.*s", PARENT, (int)NAME_LENGTH, name);
	return true;
}

void tmpdir_sweep(int abi)
{
	const struct sched_param no_priority = { 0 };
	DIR *dir = opendir(PARENT);
	struct dirent *e;

	/* Sessions that start meanwhile go first. */
	syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &no_priority); /* musl's is ENOSYS */
	while (dir && (e = readdir(dir))) {
		struct tmpdir t = TMPDIR_NONE;
		if (is_our_name(e->d_name) && take_leftover(&t, dirfd(dir), e->d_name)) {
			pid_t pid = tmpdir_remove(&t, abi);
			if (pid > 0) {
				waitpid(pid, NULL, 0);
			}
			removed(&t);
		}
	}
	if (dir) {
		closedir(dir);
	}
}
