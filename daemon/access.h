/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Not from inside": who may use this supervisor at all. Same uid only, and nobody who is, or
 * descends from, something that runs in a sandbox. A process inside a session has the user's uid
 * and knows this code; what it cannot take off is no_new_privs and its seccomp filters.
 */
#pragma once
#include "daemon/proc.h"
#include "proto/peer.h"

#define ACCESS_KNOWN 8

/* The supervisor itself, which a peer is measured against, and what it has found out so far. */
struct access {
	pid_t pid;
	uid_t uid;
	unsigned filters;
	bool no_new_privs;
	/* Processes seen not to descend from a session. They never will: whoever is orphaned goes
	 * to one of its own ancestors. So a shell that starts many commands is looked at once. */
	struct access_known {
		pid_t pid;
		int pidfd; /* -1: none; while it is alive, nobody else has its pid */
	} known[ACCESS_KNOWN];
	unsigned next_known; /* the one to be replaced */
};

int access_init(struct access *ret, struct nono_error *err);
void access_deinit(struct access *access);

/* What the peer's own status says. 0, or -EPERM with err set. */
int access_check_status(
	const struct access *self, const struct proc_status *status, struct nono_error *err);
/* What /proc/PID/cgroup says. 0, or -EPERM with err set. */
int access_check_cgroup(const char *text, struct nono_error *err);

/* All of it, for a process held by pidfd. *ret_proc_fd (its /proc directory, the caller's) and
 * *ret_status are set on success. 0, -EPERM when it may not, -ESRCH when it is gone, or -errno;
 * err is set on each. */
int access_check(struct access *self, const struct peer *peer, int *ret_proc_fd,
	struct proc_status *ret_status, struct nono_error *err);
