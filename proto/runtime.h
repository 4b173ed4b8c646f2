/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime directory: where a user's nonod listens, and how two starters agree on one nonod.
 *
 * $XDG_RUNTIME_DIR/nono when XDG_RUNTIME_DIR is ours (su and sudo -E keep somebody else's), else
 * /run/nono for root, else /tmp/nono-UID. The directory has mode 0700 and is checked on the
 * descriptor that was opened, never by name.
 *
 * Starting nonod on demand: whoever finds nobody listening execs `nonod --on-demand` in a session
 * of its own. nonod holds RUNTIME_LOCK from before it binds until it exits; so a held lock means a
 * supervisor is there or about to be, a free one that a socket left behind is stale, and of two
 * starters the second's nonod exits with 0 at once. nonod closes its standard output as soon as
 * that is settled (it listens, somebody else does, or it failed and said why on its standard
 * error): a starter gives it a pipe, reads to end of file and connects.
 */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "nono-error.h"

#define RUNTIME_SOCKET "io.nono.Manager"
#define RUNTIME_LOCK   "nonod.lock"

struct runtime_dir {
	int fd;              /* O_RDONLY: an O_PATH one could not be locked or listed */
	char path[PATH_MAX]; /* for messages and for the socket's address */
};

/* Opens the runtime directory of uid (the caller's own effective uid). xdg_runtime_dir is the
 * environment's, may be NULL. With create a missing directory is made. 0, or -errno with err set:
 * -ENOENT when it does not exist, -EPERM when it belongs to somebody else or is open to others. */
int runtime_dir_open(struct runtime_dir *ret, const char *xdg_runtime_dir, uid_t uid, bool create,
	struct nono_error *err);
void runtime_dir_deinit(struct runtime_dir *dir); /* idempotent on { .fd = -1 } */

/* Address of a socket in dir, through /proc/self/fd when its path is too long for a sockaddr_un.
 * 0, or -errno with err set. */
int runtime_address(const struct runtime_dir *dir, const char *name, struct sockaddr_un *ret,
	socklen_t *ret_len, struct nono_error *err);

/* A connected SOCK_STREAM socket (CLOEXEC, blocking) to the nonod of dir. Descriptor or -errno with
 * err set; -ENOENT and -ECONNREFUSED mean that nobody listens, -EPERM that somebody else does. */
int runtime_connect(const struct runtime_dir *dir, uid_t uid, struct nono_error *err);

/* Takes RUNTIME_LOCK without waiting. A descriptor that holds it until closed (by every process
 * that inherited it), -EWOULDBLOCK when another process holds it, or another -errno; err is set
 * on each. */
int runtime_lock(const struct runtime_dir *dir, struct nono_error *err);
