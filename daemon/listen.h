/* SPDX-License-Identifier: Apache-2.0 */
/* Where clients come from: sockets of the service manager, or one of our own in the runtime
 * directory, which a lock keeps for as long as we live. */
#pragma once
#include <stdbool.h>

#include "nono-error.h"
#include "proto/runtime.h"

struct listen_sockets {
	int listen_fd;     /* -1 for none */
	int connection_fd; /* a client that is connected already, -1 for none */
	int lock_fd;       /* of a socket of our own, else -1 */
	bool bound;        /* its name is ours to remove */
};

/* What the service manager passed. 1, 0 when it passed nothing, or -errno with err set. */
int listen_from_manager(struct listen_sockets *ret, struct nono_error *err);

/* Binds a socket in dir. 1; 0 when another nonod listens there; or -errno with err set. */
int listen_bind(struct listen_sockets *ret, const struct runtime_dir *dir, struct nono_error *err);

/* Takes the name of our own socket away, then looks once more whether somebody had connected by
 * it: true when nobody had and nobody can any more; false puts the name back. */
bool listen_withdraw(const struct listen_sockets *sockets, const struct runtime_dir *dir);
