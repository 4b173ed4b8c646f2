/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of an AF_UNIX stream socket, as the kernel recorded it when the
 * connection was made. Facts only; what they allow is decided elsewhere.
 */
#pragma once
#include <sys/types.h>

#include "nono-error.h"

struct peer {
	pid_t pid; /* 0 when it is not visible in our pid namespace */
	uid_t uid;
	gid_t gid;
	int pidfd; /* of that very process, even if it is gone; -1 below Linux 6.5 */
	gid_t *groups;
	size_t n_groups;
};

/* 0, or -errno with err set. */
int peer_init(struct peer *ret, int fd, struct nono_error *err);
void peer_deinit(struct peer *p); /* accepts { .pidfd = -1 } */
