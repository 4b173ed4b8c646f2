/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a process tree: kill everything a process started, to the last orphan, and nothing
 * else. For single-threaded processes made for that purpose (nono-session, the keeper of
 * nono_exec()); everything here is async-signal-safe and allocates nothing.
 *
 * From Landlock ABI 6 on the guarding process puts itself into a domain that confines signals,
 * so that kill(-1) reaches exactly its descendants, atomically against forks. Below, and when the
 * confinement cannot be proven, the tree is walked: stop everything, look again, kill. That can
 * lose against a storm of forks until the time is up.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct tree {
	bool scoped; /* kill(-1) was seen to be confined to descendants */
};

/* Makes the calling process the subreaper of what it starts from now on and, on ABI 6, enters the
 * layer that confines its signals (one of the 16 there are; sets no_new_privs; takes nothing but
 * signals, mounting and tracing of outsiders away). Call it before anything is started. Whether
 * the confinement works is tried on the parent, so that must be a living process of the same
 * user. 0 or -errno. */
int tree_guard_enter(struct tree *ret, int abi);

/* Kills every descendant with SIGKILL and reaps all children. Returns at once when there are
 * none. When pid is among them and ret_status is not NULL, *ret_status is its wait status.
 * 0 when nothing is left, -ETIMEDOUT when something still was after timeout_ms, or -errno. */
int tree_kill_all(const struct tree *tree, int timeout_ms, pid_t pid, int *ret_status);
