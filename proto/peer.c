/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/compat.h"
#include "libcore/base/error.h"

#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

static int get_groups(struct peer *p, int fd, struct nono_error *err)
{
	socklen_t size = 64 * sizeof(gid_t);

	/* The kernel says with ERANGE how much it needs; the set cannot change any more. */
	for (int i = 0; i < 2; i++) {
		gid_t *groups = realloc(p->groups, size ? size : sizeof(gid_t));
		if (!groups) {
			return error_oom(err);
		}
		p->groups = groups;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
			p->n_groups = size / sizeof(gid_t);
			return 0;
		}
		if (errno != ERANGE || size > GROUPS_MAX * sizeof(gid_t)) {
			break;
		}
	}
	return error_errno(err, errno, "read the groups of the peer");
}

int peer_init(struct peer *ret, int fd, struct nono_error *err)
{
	_cleanup_(peer_deinit) struct peer p = { .pidfd = -1 };
	struct ucred cred;
	socklen_t size = sizeof(cred);
	int pidfd, r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0) {
		return error_errno(err, errno, "read the credentials of the peer");
	}
	p.pid = cred.pid;
	p.uid = cred.uid;
	p.gid = cred.gid;
	/* Fails where the peer's process is not visible, or below 6.5: then there is none. */
	size = sizeof(pidfd);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
		p.pidfd = pidfd;
	}
	r = get_groups(&p, fd, err);
	if (r < 0) {
		return r;
	}
	*ret = p;
	p = (struct peer){ .pidfd = -1 };
	return 0;
}

void peer_deinit(struct peer *p)
{
	close_fd(&p->pidfd);
	free(p->groups);
	*p = (struct peer){ .pidfd = -1 };
}
