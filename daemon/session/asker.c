/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/asker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"

#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#define STATUS_SIZE  4096

void asker_release(struct asker *a)
{
	close_fd(&a->pidfd);
}

bool asker_waits(const struct asker *a)
{
	return ioctl(a->listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &a->id) == 0;
}

static int read_status(const struct asker *a, char text[STATUS_SIZE])
{
	char name[40];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/%d/status", a->tid);
	n = fd_read_file_at(-1, name, text, STATUS_SIZE);
	return n < 0 ? (int)n : 0;
}

/* The value of a line of /proc/PID/status, or fallback. */
static uint64_t status_value(const char *text, const char *key, int base, uint64_t fallback)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, base) : fallback;
}

pid_t asker_process(const struct asker *a)
{
	char text[STATUS_SIZE];
	int r = read_status(a, text);

	return r < 0 ? r : (pid_t)status_value(text, "\nTgid:", 10, 0);
}

int asker_umask(const struct asker *a)
{
	char text[STATUS_SIZE];
	int r = read_status(a, text);

	return r < 0 ? r : (int)status_value(text, "\nUmask:", 8, 077);
}

/* Before Linux 6.9 only a process has a descriptor. A thread with descriptors of its own is then
 * looked up in its process's, which is no more than it could have asked for there. */
static int open_pidfd(const struct asker *a)
{
	int fd = (int)syscall(SYS_pidfd_open, a->tid, PIDFD_THREAD);

	if (fd < 0 && errno == EINVAL) {
		pid_t process = asker_process(a);
		if (process <= 0) {
			return process < 0 ? process : -ESRCH;
		}
		fd = (int)syscall(SYS_pidfd_open, process, 0);
	}
	return fd < 0 ? -errno : fd;
}

int asker_fd(struct asker *a, int number)
{
	int fd;

	if (a->pidfd < 0) {
		fd = open_pidfd(a);
		if (fd < 0) {
			return fd;
		}
		a->pidfd = fd;
	}
	fd = (int)syscall(SYS_pidfd_getfd, a->pidfd, number, 0);
	return fd < 0 ? -errno : fd;
}

int asker_read(const struct asker *a, uint64_t address, void *p, size_t n)
{
	struct iovec here = { .iov_base = p, .iov_len = n };
	struct iovec there = { .iov_base = (void *)(uintptr_t)address, .iov_len = n };
	ssize_t got = n > 0 ? process_vm_readv(a->tid, &here, 1, &there, 1, 0) : 0;

	if (got < 0) {
		return -errno;
	}
	return (size_t)got == n ? 0 : -EFAULT;
}

/* Page by page: the one behind its end need not be there. */
ssize_t asker_read_string(const struct asker *a, uint64_t address, char *p, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t n = 0; n < size;) {
		size_t left = page - (size_t)((address + n) % page);
		size_t part = left < size - n ? left : size - n;
		const char *end;
		int r = asker_read(a, address + n, p + n, part);
		if (r < 0) {
			return r;
		}
		end = memchr(p + n, '\0', part);
		if (end) {
			return end - p;
		}
		n += part;
	}
	return -ENAMETOOLONG;
}

int asker_cwd(const struct asker *a)
{
	char name[40];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/cwd", a->tid);
	fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int asker_inject(const struct asker *a, int fd, int number, unsigned fd_flags)
{
	struct seccomp_notif_addfd add = { .id = a->id,
		.flags = number >= 0 ? SECCOMP_ADDFD_FLAG_SETFD : 0,
		.srcfd = (uint32_t)fd,
		.newfd = number >= 0 ? (uint32_t)number : 0,
		.newfd_flags = fd_flags };
	int r = ioctl(a->listener_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

	return r < 0 ? -errno : r;
}

static uint64_t bit(int sig)
{
	return UINT64_C(1) << (sig - 1);
}

bool asker_is_signalled(const struct asker *a)
{
	const uint64_t stops = bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
	uint64_t pending, caught, ignored;
	char text[STATUS_SIZE];

	if (read_status(a, text) < 0) {
		return false;
	}
	pending = status_value(text, "\nSigPnd:", 16, 0);
	/* What is pending for the process interrupts one thread. The kernel prefers the first; of
	 * another it cannot be said, and an answer without a signal would be seen as an error. */
	if (status_value(text, "\nTgid:", 10, 0) == (uint64_t)a->tid) {
		pending |= status_value(text, "\nShdPnd:", 16, 0);
	}
	caught = status_value(text, "\nSigCgt:", 16, 0);
	ignored = status_value(text, "\nSigIgn:", 16, 0);
	pending &= ~status_value(text, "\nSigBlk:", 16, 0);
	return (pending & (caught | (stops & ~ignored))) != 0;
}
