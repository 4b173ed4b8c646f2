/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "proto/stream.h"

struct vl_client {
	struct stream *stream;
	struct message current; /* what the last reply's spans point into */
	struct vl_envelope envelope;
};

/* A point in time for a timeout; negative stays "never". */
static int64_t deadline_of(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : clock_msec() + timeout_ms;
}

static int wait_for(int fd, short events, int64_t deadline, struct nono_error *err)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = -1;
	int n;

	for (;;) {
		if (deadline >= 0) {
			left = deadline - clock_msec();
			left = left < 0 ? 0 : left;
		}
		n = poll(&p, 1, (int)left);
		if (n > 0) {
			return 0;
		}
		if (n == 0) {
			return error_set(err, NONO_TIMEOUT, ETIMEDOUT, "no answer in time");
		}
		if (errno != EINTR) {
			return error_errno(err, errno, "wait for the server");
		}
	}
}

int vl_client_adopt(struct vl_client **ret, int fd)
{
	const struct stream_limits limits = { .message_max = VL_CLIENT_MESSAGE_MAX,
		.fds_max = FD_PASS_MAX };
	struct vl_client *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		return -ENOMEM;
	}
	r = stream_new(&c->stream, fd, &limits);
	if (r < 0) {
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* connect(2) for a path of any length: one that does not fit goes through its directory's
 * descriptor. 0 or -errno. */
static int connect_path(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int dir_fd = -1;
	const char *slash;
	int n;

	n = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (n >= (int)sizeof(address.sun_path)) {
		_cleanup_free_ char *dir = strdup(path);
		if (!dir) {
			return -ENOMEM;
		}
		slash = strrchr(path, '/');
		if (!slash) {
			return -ENAMETOOLONG;
		}
		dir[slash - path + 1] = '\0';
		dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd < 0) {
			return -errno;
		}
		n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
			dir_fd, slash + 1);
		if (n >= (int)sizeof(address.sun_path)) {
			return -ENAMETOOLONG;
		}
	}
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int vl_client_connect(struct vl_client **ret, const char *path, struct nono_error *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0) {
		return error_errno(err, errno, "create a socket");
	}
	r = connect_path(fd, path);
	if (r < 0) {
		return error_errno(err, -r, "connect to '%s'", path);
	}
	r = vl_client_adopt(ret, fd);
	if (r < 0) {
		return error_oom(err);
	}
	take_fd(&fd);
	return 0;
}

struct vl_client *vl_client_free(struct vl_client *c)
{
	if (c) {
		message_deinit(&c->current);
		stream_free(c->stream);
		free(c);
	}
	return NULL;
}

int vl_client_fd(const struct vl_client *c)
{
	return stream_fd(c->stream);
}

static int send_all(struct vl_client *c, const char *p, size_t n, const int *fds, size_t n_fds,
	int64_t deadline, struct nono_error *err)
{
	int fd = stream_fd(c->stream), r;

	while (n > 0) {
		ssize_t k = fd_send(fd, p, n, fds, n_fds, MSG_DONTWAIT);
		if (k == -EAGAIN) {
			r = wait_for(fd, POLLOUT, deadline, err);
			if (r < 0) {
				return r;
			}
			continue;
		}
		if (k < 0) {
			return error_errno(err, (int)-k, "send to the server");
		}
		p += k;
		n -= (size_t)k;
		n_fds = 0; /* they went with the first byte */
	}
	return 0;
}

static int send_call(struct vl_client *c, const char *method, unsigned flags,
	const char *parameters, const int *fds, size_t n_fds, int64_t deadline,
	struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = VL_CLIENT_MESSAGE_MAX };
	struct json_span span = { .p = parameters, .n = parameters ? strlen(parameters) : 0 };

	vl_write_call(&b, method, flags, span);
	buf_append_char(&b, '\0');
	if (buf_error(&b) == -ENOMEM) {
		return error_oom(err);
	}
	if (buf_error(&b)) {
		return error_set(err, NONO_INVALID, -buf_error(&b), "call of %s: %s", method,
			buf_error(&b) == -E2BIG ? "too large" : "not UTF-8");
	}
	return send_all(c, b.data, b.len, fds, n_fds, deadline, err);
}

int vl_client_send(struct vl_client *c, const char *method, unsigned flags, const char *parameters,
	const int *fds, size_t n_fds, int timeout_ms, struct nono_error *err)
{
	return send_call(c, method, flags, parameters, fds, n_fds, deadline_of(timeout_ms), err);
}

static int describe_read_error(int r, struct nono_error *err)
{
	switch (r) {
	case -EPIPE:
		return error_set(err, NONO_SYSTEM, EPIPE, "the server closed the connection");
	case -ECONNRESET:
		return error_set(err, NONO_SYSTEM, ECONNRESET,
			"the server closed the connection in the middle of a reply");
	case -EMSGSIZE:
		return error_set(err, NONO_LIMIT, EMSGSIZE, "the server's reply is too large");
	default:
		return error_errno(err, -r, "read the server's reply");
	}
}

int vl_client_process(struct vl_client *c, struct vl_reply *ret, struct nono_error *err)
{
	int r;

	/* Whatever came before is used up now. */
	message_deinit(&c->current);
	do {
		r = stream_read(c->stream);
	} while (r > 0 && (stream_wants(c->stream) & POLLIN));
	if (stream_next(c->stream, &c->current) == 0) {
		return r < 0 ? describe_read_error(r, err) : 0;
	}
	r = vl_parse_reply(&c->envelope, c->current.text, c->current.n, err);
	if (r < 0) {
		return r;
	}
	*ret = (struct vl_reply){
		.error = c->envelope.name[0] ? c->envelope.name : NULL,
		.continues = c->envelope.continues,
		.parameters = c->envelope.parameters,
		.fds = c->current.fds,
		.n_fds = c->current.n_fds,
	};
	return 1;
}

static int receive(
	struct vl_client *c, int64_t deadline, struct vl_reply *ret, struct nono_error *err)
{
	int r;

	/* The answer is never there yet, so waiting comes first. */
	do {
		r = wait_for(vl_client_fd(c), POLLIN, deadline, err);
		if (r < 0) {
			return r;
		}
		r = vl_client_process(c, ret, err);
	} while (r == 0);
	return r < 0 ? r : 0;
}

int vl_client_receive(
	struct vl_client *c, int timeout_ms, struct vl_reply *ret, struct nono_error *err)
{
	return receive(c, deadline_of(timeout_ms), ret, err);
}

int vl_client_call(struct vl_client *c, const char *method, const char *parameters, const int *fds,
	size_t n_fds, int timeout_ms, struct vl_reply *ret, struct nono_error *err)
{
	int64_t deadline = deadline_of(timeout_ms);
	int r = send_call(c, method, 0, parameters, fds, n_fds, deadline, err);

	return r < 0 ? r : receive(c, deadline, ret, err);
}

int vl_client_steal_fd(struct vl_client *c)
{
	return stream_steal_fd(c->stream);
}
