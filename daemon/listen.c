/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

#define BACKLOG      512
#define LOCK_TRIES   400 /* of 5 ms: how long a nonod that is leaving may take */
#define CLOSING_NAME RUNTIME_SOCKET ".closing"

static void strv_free(char **v)
{
	for (char **s = v; s && *s; s++) {
		free(*s);
	}
	free(v);
}

static int set_nonblock(int fd, struct nono_error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		return error_errno(err, errno, "prepare socket %d", fd);
	}
	return 0;
}

int listen_from_manager(struct listen_sockets *ret, struct nono_error *err)
{
	struct listen_sockets sockets = { .listen_fd = -1, .connection_fd = -1, .lock_fd = -1 };
	char **names = NULL;
	int n = sd_listen_fds_with_names(true, &names), *slot, r;

	if (n <= 0) {
		strv_free(names);
		return n == 0 ? 0 : error_errno(err, -n, "take over sockets");
	}
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		bool is_ours =
			names && (str_equal(names[i], "varlink") || str_equal(names[i], "unknown"));
		if (!is_ours || sd_is_socket(fd, AF_UNIX, SOCK_STREAM, -1) <= 0) {
			close(fd);
			continue;
		}
		slot = sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0 ? &sockets.listen_fd
								     : &sockets.connection_fd;
		if (*slot >= 0) {
			strv_free(names);
			return error_set(err, NONO_INVALID, EINVAL,
				"the service manager passed two sockets of one kind");
		}
		*slot = fd;
	}
	strv_free(names);
	if (sockets.listen_fd < 0 && sockets.connection_fd < 0) {
		return error_set(err, NONO_INVALID, EINVAL,
			"the service manager passed no unix stream socket named varlink");
	}
	r = sockets.listen_fd >= 0 ? set_nonblock(sockets.listen_fd, err) : 0;
	if (r < 0) {
		return r;
	}
	*ret = sockets;
	return 1;
}

/* The lock; 0 when its holder answers. One that is just leaving holds it a little longer than its
 * socket. */
static int take_lock(const struct runtime_dir *dir, int *ret, struct nono_error *err)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		const struct timespec pause = { .tv_nsec = 5000000 };
		int fd = runtime_lock(dir, err), client;
		if (fd >= 0) {
			*ret = fd;
			return 1;
		}
		if (fd != -EWOULDBLOCK) {
			return fd;
		}
		client = runtime_connect(dir, geteuid(), NULL);
		if (client >= 0) {
			close(client);
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return error_wrap(err, "another nonod holds on to the runtime directory");
}

int listen_bind(struct listen_sockets *ret, const struct runtime_dir *dir, struct nono_error *err)
{
	_cleanup_close_ int lock_fd = -1, fd = -1;
	struct sockaddr_un sa;
	socklen_t len;
	mode_t mask;
	int r;

	r = take_lock(dir, &lock_fd, err);
	if (r <= 0) {
		return r;
	}
	r = runtime_address(dir, RUNTIME_SOCKET, &sa, &len, err);
	if (r < 0) {
		return r;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return error_errno(err, errno, "create a socket");
	}
	/* Whatever is there is nobody's: we have the lock. But a service manager listens without
	 * it, so that only what refuses connections goes. */
	r = runtime_connect(dir, geteuid(), NULL);
	if (r >= 0) {
		close(r);
		return 0;
	}
	unlinkat(dir->fd, RUNTIME_SOCKET, 0);
	unlinkat(dir->fd, CLOSING_NAME, 0);
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0) {
		return error_errno(err, -r, "listen at %s/%s", dir->path, RUNTIME_SOCKET);
	}
	*ret = (struct listen_sockets){ .listen_fd = take_fd(&fd),
		.connection_fd = -1,
		.lock_fd = take_fd(&lock_fd),
		.bound = true };
	return 1;
}

bool listen_withdraw(const struct listen_sockets *sockets, const struct runtime_dir *dir)
{
	struct pollfd p = { .fd = sockets->listen_fd, .events = POLLIN };

	if (!sockets->bound || renameat(dir->fd, RUNTIME_SOCKET, dir->fd, CLOSING_NAME) < 0) {
		return true;
	}
	if (poll(&p, 1, 0) > 0) {
		renameat(dir->fd, CLOSING_NAME, dir->fd, RUNTIME_SOCKET);
		return false;
	}
	unlinkat(dir->fd, CLOSING_NAME, 0);
	return true;
}
