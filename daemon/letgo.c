/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of clients lead wherever the client likes: to a file whose server does not answer any
 * more, so that fstat() and even close(), which flushes, wait for ever. nonod waits for nobody: it
 * looks at what the kernel knows already, and what may be slow to close is closed by a thread that
 * does nothing else. That thread is the only kind nonod has.
 */
#include "daemon/letgo.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"

static bool look(int fd, struct statx *ret)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, ret) == 0;
}

mode_t descriptor_kind(int fd)
{
	struct statx st;

	return look(fd, &st) ? st.stx_mode & S_IFMT : 0;
}

/* A file that is on no block device: one of a network or of a process. One in memory is neither,
 * and only that has seals; most of what nonod passes on are memfds. */
static bool may_wait(int fd)
{
	struct statx st;

	return !look(fd, &st) ||
	       (S_ISREG(st.stx_mode) && st.stx_dev_major == 0 && fcntl(fd, F_GET_SEALS) < 0);
}

static void *close_slowly(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

/* Signals are the main thread's, and so must its threads' be from their first instruction. */
static bool close_elsewhere(int fd)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	bool started;

	if (pthread_attr_init(&attr) != 0) {
		return false;
	}
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 65536);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, &attr, close_slowly, (void *)(intptr_t)fd) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return started;
}

void descriptors_let_go(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fds[i] >= 0 && may_wait(fds[i]) && close_elsewhere(fds[i])) {
			fds[i] = -1;
		}
		close_fd(&fds[i]);
	}
}
