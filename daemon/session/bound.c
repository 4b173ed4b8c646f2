/* SPDX-License-Identifier: Apache-2.0 */
/* Asks sock_diag(7) about one socket. The kernel answers before the question's send() returns. */
#include "daemon/session/bound.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#include "libcore/base/cleanup.h"

#define ANSWER_SIZE 1024

struct question {
	struct nlmsghdr header;
	struct unix_diag_req request;
};

struct answer {
	union {
		struct nlmsghdr header;
		char bytes[ANSWER_SIZE];
	} u;
	size_t n;
};

static int make_question(int socket_fd, struct question *ret)
{
	uint64_t cookie;
	socklen_t n = sizeof(cookie);
	struct stat st;

	if (fstat(socket_fd, &st) < 0 ||
		getsockopt(socket_fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) < 0) {
		return -errno;
	}
	*ret = (struct question){
		.header = { .nlmsg_len = sizeof(*ret),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_ino = (uint32_t)st.st_ino,
			.udiag_show = UDIAG_SHOW_VFS,
			.udiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) } },
	};
	return 0;
}

static int ask(int socket_fd, struct answer *ret)
{
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	struct question q;
	ssize_t n;
	int r = fd < 0 ? -errno : make_question(socket_fd, &q);

	if (r < 0) {
		return r;
	}
	if (send(fd, &q, sizeof(q), 0) < 0) {
		return -errno;
	}
	n = recv(fd, ret->u.bytes, sizeof(ret->u.bytes), 0);
	if (n < 0) {
		return -errno;
	}
	ret->n = (size_t)n;
	return 0;
}

int bound_inode(int socket_fd, uint32_t *ret)
{
	const size_t front =
		NLMSG_ALIGN(sizeof(struct nlmsghdr)) + NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	struct answer a;
	int r = ask(socket_fd, &a);

	if (r < 0) {
		return r;
	}
	if (a.n < front || a.u.header.nlmsg_len > a.n ||
		a.u.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) {
		return -EOPNOTSUPP;
	}
	for (size_t at = front; at + sizeof(struct rtattr) <= a.u.header.nlmsg_len;) {
		struct rtattr attribute;
		struct unix_diag_vfs place;
		memcpy(&attribute, a.u.bytes + at, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) ||
			attribute.rta_len > a.u.header.nlmsg_len - at) {
			return -EBADMSG;
		}
		if (attribute.rta_type == UNIX_DIAG_VFS &&
			attribute.rta_len >= RTA_LENGTH(sizeof(place))) {
			memcpy(&place, a.u.bytes + at + RTA_LENGTH(0), sizeof(place));
			*ret = place.udiag_vfs_ino;
			return 0;
		}
		at += RTA_ALIGN(attribute.rta_len);
	}
	return -ENOENT;
}
