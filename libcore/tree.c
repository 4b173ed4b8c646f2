/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/compat.h"
#include "libcore/base/fd.h"

#define CHAIN_MAX 4096 /* longest line of ancestors looked at */

/* The domain handles REFER, because every layer refuses it unless it does and says otherwise:
 * without that nothing below could be renamed from one directory to another. */
static int confine_signals(void)
{
	const struct landlock_attr attr = { .handled_fs = LL_FS_REFER, .scoped = LL_SCOPE_SIGNAL };
	struct landlock_path_rule everywhere = { .allowed = LL_FS_REFER };
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int ruleset = -1;

	if (root < 0) {
		return -errno;
	}
	everywhere.parent_fd = root;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0 ||
		syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PATH, &everywhere, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) {
		return -errno;
	}
	return 0;
}

int tree_guard_enter(struct tree *ret, int abi)
{
	pid_t parent = getppid();
	bool reachable;
	int r;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		return -errno;
	}
	ret->scoped = false;
	if (abi < 6) {
		return 0;
	}
	/* 0: the parent is in another pid namespace; kill() would mean the own process group. */
	reachable = parent > 0 && kill(parent, 0) == 0;
	r = confine_signals();
	if (r < 0) {
		return r;
	}
	ret->scoped = reachable && kill(parent, 0) < 0 && errno == EPERM;
	return 0;
}

/* The last look before kill(-1): whoever the parent is now, it is outside. */
static bool parent_is_out_of_reach(void)
{
	pid_t parent = getppid();

	return parent > 0 && kill(parent, 0) < 0 && errno == EPERM;
}

/* Writes number and suffix behind prefix: snprintf() may allocate. */
static void proc_path(char path[static 48], pid_t pid)
{
	char digits[16];
	size_t n = 0, at = strlen("/proc/");

	memcpy(path, "/proc/", at);
	do {
		digits[n++] = (char)('0' + pid % 10);
		pid /= 10;
	} while (pid > 0);
	while (n > 0) {
		path[at++] = digits[--n];
	}
	memcpy(path + at, "/stat", sizeof("/stat"));
}

/* Parent of pid, with its state letter; 0 when it is gone. */
static pid_t parent_of(pid_t pid, char *ret_state)
{
	char path[48], text[512];
	const char *at;
	ssize_t n;

	proc_path(path, pid);
	n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text));
	if (n < 0) {
		return 0;
	}
	/* The name of the command may hold anything but ends at the last parenthesis. */
	at = strrchr(text, ')');
	if (!at || at[1] == '\0' || at[2] == '\0') {
		return 0;
	}
	*ret_state = at[2];
	return (pid_t)strtol(at + 3, NULL, 10);
}

/* True when the line of parents of pid leads here; its state is that of pid. */
static bool is_descendant(pid_t pid, char *ret_state)
{
	pid_t self = getpid(), parent = parent_of(pid, ret_state);
	char state;

	for (int i = 0; i < CHAIN_MAX && parent > 1; i++) {
		if (parent == self) {
			return true;
		}
		parent = parent_of(parent, &state);
	}
	return parent == self;
}

/* Sends signal to every descendant that is not stopped yet (for SIGSTOP) or not dead. Returns how
 * many got it. */
static int signal_descendants(int signal)
{
	_cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union {
		char bytes[8192];
		uint64_t align;
	} list;
	int n_signalled = 0;
	long n;

	if (proc < 0) {
		return -errno;
	}
	while ((n = syscall(SYS_getdents64, proc, &list, sizeof(list))) > 0) {
		for (long at = 0; at < n;) {
			/* linux_dirent64: inode, offset, then the length of the entry */
			const char *entry = list.bytes + at;
			unsigned short length;
			pid_t pid = (pid_t)strtol(entry + 19, NULL, 10);
			char state = 0;

			memcpy(&length, entry + 16, sizeof(length));
			at += length;
			if (pid <= 0) {
				continue;
			}
			/* Opened before it is looked at: what passes the look is what dies. */
			_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
			if (fd < 0 || !is_descendant(pid, &state) || state == 'Z' || state == 'X') {
				continue;
			}
			if (signal == SIGSTOP && (state == 'T' || state == 't')) {
				continue;
			}
			if (syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) == 0) {
				n_signalled++;
			}
		}
	}
	return n < 0 ? -errno : n_signalled;
}

/* Stopped processes start no others: when a pass finds nothing running, all are known. */
static int kill_by_walking(int64_t deadline)
{
	int64_t half = clock_msec() + (deadline - clock_msec()) / 2;
	int n;

	do {
		n = signal_descendants(SIGSTOP);
	} while (n > 0 && clock_msec() < half);
	if (n < 0) {
		return n;
	}
	n = signal_descendants(SIGKILL);
	return n < 0 ? n : 0;
}

/* Reaps what has ended. 1 when children are left, 0 when none. */
static int reap(pid_t pid, int *ret_status)
{
	int status;
	pid_t ended;

	while ((ended = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (ended == pid && ret_status) {
			*ret_status = status;
		}
	}
	return ended == 0 ? 1 : 0;
}

int tree_kill_all(const struct tree *tree, int timeout_ms, pid_t pid, int *ret_status)
{
	int64_t deadline = clock_msec() + timeout_ms;
	struct timespec pause = { .tv_nsec = 50000 };
	int r;

	while (reap(pid, ret_status)) {
		if (tree->scoped && parent_is_out_of_reach()) {
			if (kill(-1, SIGKILL) < 0 && errno != ESRCH) {
				return -errno;
			}
		} else {
			r = kill_by_walking(deadline);
			if (r < 0) {
				return r;
			}
		}
		if (!reap(pid, ret_status)) {
			return 0;
		}
		if (clock_msec() >= deadline) {
			return -ETIMEDOUT;
		}
		/* Dying takes a moment; the parent of a dead child gets no better event. */
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 5000000) {
			pause.tv_nsec *= 2;
		}
	}
	return 0;
}
