/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

int fd_write_full(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t k = write(fd, at, n);
		if (k < 0) {
			if (errno == EINTR) {
				continue;
			}
			return -errno;
		}
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *p, size_t n)
{
	char *at = p;
	size_t done = 0;

	while (done < n) {
		ssize_t k = read(fd, at + done, n - done);
		if (k < 0) {
			if (errno == EINTR) {
				continue;
			}
			return -errno;
		}
		if (k == 0) {
			break;
		}
		done += (size_t)k;
	}
	return (ssize_t)done;
}

ssize_t fd_read_file_at(int dir_fd, const char *path, char *p, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0) {
		return -errno;
	}
	n = fd_read_full(fd, p, size);
	if (n < 0) {
		return n;
	}
	if ((size_t)n == size) {
		return -E2BIG;
	}
	p[n] = '\0';
	return n;
}

int fd_memfd_sealed(const char *name, const void *p, size_t n)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = fd_write_full(fd, p, n);
	if (r < 0) {
		return r;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0) {
		return -errno;
	}
	return take_fd(&fd);
}

bool fd_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

int fd_map_sealed(int fd, size_t limit, const void **ret_p, size_t *ret_n)
{
	struct stat st;
	void *p;

	if (!fd_is_sealed(fd)) {
		return -EPERM;
	}
	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	if (st.st_size <= 0 || (uint64_t)st.st_size > limit) {
		return -EMSGSIZE;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		return -errno;
	}
	*ret_p = p;
	*ret_n = (size_t)st.st_size;
	return 0;
}

ssize_t fd_send(int sock, const void *p, size_t n, const int *fds, size_t n_fds, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = (void *)p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t k;

	if (n_fds > FD_PASS_MAX) {
		return -EINVAL;
	}
	if (n_fds > 0) {
		memset(&control, 0, CMSG_SPACE(sizeof(int) * n_fds));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	do {
		k = sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
	} while (k < 0 && errno == EINTR);
	return k < 0 ? -errno : k;
}

/* Moves every descriptor of msg into fds, as many as fit; counts all of them. */
static size_t collect_fds(struct msghdr *msg, int *fds, size_t max_fds)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < max_fds) {
				fds[n] = fd;
			} else {
				close(fd);
			}
			n++;
		}
	}
	return n;
}

ssize_t fd_recv_lossy(int sock, void *p, size_t n, int *fds, size_t max_fds, size_t *ret_n_fds,
	bool *ret_lost, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	size_t got;
	ssize_t k;

	do {
		k = recvmsg(sock, &msg, flags | MSG_CMSG_CLOEXEC);
	} while (k < 0 && errno == EINTR);
	if (k < 0) {
		return -errno;
	}
	got = collect_fds(&msg, fds, max_fds);
	*ret_lost = got > max_fds || (msg.msg_flags & MSG_CTRUNC);
	if (*ret_lost) {
		fd_close_many(fds, got < max_fds ? got : max_fds);
		got = 0;
	}
	*ret_n_fds = got;
	return k;
}

ssize_t fd_recv(int sock, void *p, size_t n, int *fds, size_t max_fds, size_t *ret_n_fds, int flags)
{
	bool lost;
	size_t got;
	ssize_t k = fd_recv_lossy(sock, p, n, fds, max_fds, &got, &lost, flags);

	if (k < 0) {
		return k;
	}
	if (lost) {
		return -EMSGSIZE;
	}
	*ret_n_fds = got;
	return k;
}

void fd_close_many(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		close_fd(&fds[i]);
	}
}
