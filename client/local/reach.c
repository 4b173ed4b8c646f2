/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"

#define OUTPUT_MAX (64U << 10)

int reach_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	/* Not blocking: a listener whose queue is full answers -EAGAIN, which is an answer too. */
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return -errno;
	}
	if (n >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, n + 1);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

/* One read into the buffer. Bytes read or -errno. */
static ssize_t read_more(int fd, struct buf *into)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0) {
		return errno == EINTR ? 1 : -errno;
	}
	buf_append(into, chunk, (size_t)n);
	return buf_error(into) < 0 ? buf_error(into) : n;
}

int reach_read(const char *path, struct buf *into)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0) {
		return -errno;
	}
	do {
		n = read_more(fd, into);
	} while (n > 0);
	return (int)n;
}

static _Noreturn void become(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
		dup2(null, STDERR_FILENO) < 0) {
		_exit(127);
	}
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static bool wait_readable(int fd, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int n = 0;

	do {
		left = deadline_ms - clock_msec();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Until end of file, the limit, or the deadline. */
static void collect(int fd, struct buf *out, int64_t deadline_ms)
{
	while (wait_readable(fd, deadline_ms) && out->len <= OUTPUT_MAX && read_more(fd, out) > 0) {
	}
}

int reach_run(const char *const *argv, int seconds, struct buf *out)
{
	_cleanup_close_ int in = -1, end = -1, pidfd = -1;
	int64_t deadline_ms = clock_msec() + (int64_t)seconds * 1000;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return -errno;
	}
	in = fds[0];
	end = fds[1];
	pid = fork();
	if (pid < 0) {
		return -errno;
	}
	if (pid == 0) {
		become(argv, end);
	}
	close_fd(&end);
	collect(in, out, deadline_ms);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* readable when it has ended */
	if (pidfd < 0 || !wait_readable(pidfd, deadline_ms)) {
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
