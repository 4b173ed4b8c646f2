/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Not from inside": who may use this supervisor at all. Same uid only, and nobody who is, or
 * descends from, something that runs in a sandbox. A process inside a session has the user's uid
 * and knows this code; what it cannot take off is no_new_privs and its seccomp filters.
 */
#pragma once
#include "daemon/proc.h"
#include "proto/peer.h"

/* The supervisor itself, which a peer is measured against. */
struct access_self {
	pid_t pid;
	uid_t uid;
	unsigned filters;
	bool no_new_privs;
};

int access_self_init(struct access_self *ret, struct nono_error *err);

/* What the peer's own status says. 0, or -EPERM with err set. */
int access_check_status(
	const struct access_self *self, const struct proc_status *status, struct nono_error *err);
/* What /proc/PID/cgroup says. 0, or -EPERM with err set. */
int access_check_cgroup(const char *text, struct nono_error *err);

/* All of it, for a process held by pidfd. *ret_proc_fd (its /proc directory, the caller's) and
 * *ret_status are set on success. 0, -EPERM when it may not, -ESRCH when it is gone, or -errno;
 * err is set on each. */
int access_check(const struct access_self *self, const struct peer *peer, int *ret_proc_fd,
	struct proc_status *ret_status, struct nono_error *err);
