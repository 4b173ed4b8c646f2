/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: whole reads and writes, sealed memfds, passing over AF_UNIX sockets. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FD_PASS_MAX 253 /* the kernel's SCM_MAX_FD */

/* Writes all n bytes, resuming after EINTR and short writes. 0 or -errno. */
int fd_write_full(int fd, const void *p, size_t n);
/* Reads until n bytes or end of file. Bytes read or -errno. */
ssize_t fd_read_full(int fd, void *p, size_t n);
/* Reads a small text file below dir_fd (or absolute) whole: at most size - 1 bytes, then NUL.
 * Bytes read, -E2BIG when it is longer, or -errno. Needs no allocation. */
ssize_t fd_read_file_at(int dir_fd, const char *path, char *p, size_t size);

/* A memfd holding n bytes, sealed against every change. Descriptor (CLOEXEC) or -errno. */
int fd_memfd_sealed(const char *name, const void *p, size_t n);
/* True when fd is a memfd with all of F_SEAL_{WRITE,SHRINK,GROW,SEAL}: what it holds cannot
 * change under the reader. */
bool fd_is_sealed(int fd);
/* Maps a sealed memfd of at most limit bytes read-only. Fails with -EPERM when it is not sealed,
 * -EMSGSIZE when it is empty or longer than limit. Undo with munmap(p, n). */
int fd_map_sealed(int fd, size_t limit, const void **ret_p, size_t *ret_n);

/* One sendmsg of n > 0 bytes with n_fds descriptors on the first byte; MSG_NOSIGNAL added.
 * Bytes sent or -errno. Descriptors stay the caller's. */
ssize_t fd_send(int sock, const void *p, size_t n, const int *fds, size_t n_fds, int flags);
/* One recvmsg. Received descriptors are CLOEXEC and the caller's; more than max_fds, or a
 * truncated control message, closes them all and gives -EMSGSIZE with the bytes consumed.
 * Bytes received (0 at end of file) or -errno. */
ssize_t fd_recv(
	int sock, void *p, size_t n, int *fds, size_t max_fds, size_t *ret_n_fds, int flags);

/* The same, for readers that go on without the descriptors: instead of failing, *ret_lost tells
 * that some could not be received, and then there are none. */
ssize_t fd_recv_lossy(int sock, void *p, size_t n, int *fds, size_t max_fds, size_t *ret_n_fds,
	bool *ret_lost, int flags);

void fd_close_many(int *fds, size_t n); /* closes those >= 0 and leaves them at -1 */
