/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session's private directory for temporary files, TMPDIR. The waiting spare makes it ahead of
 * time; it is locked for as long as its nono-session lives, so that what a killed one left behind
 * is told from what is in use.
 *
 * What is in it is the command's doing: any depth, any names, any permissions, links to anywhere.
 * It is removed by a process that is confined to it and has nothing else, which follows nothing and
 * never goes upwards.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "nono-error.h"

struct tmpdir {
	int fd;            /* -1: there is none; holds the lock */
	char variable[48]; /* "TMPDIR=/tmp/nono-…" */
	char prefix[56]; /* "TMPPREFIX=/tmp/nono-…/zsh": zsh's here-documents do not ask TMPDIR */
};

#define TMPDIR_NONE ((struct tmpdir){ .fd = -1 })

/* Makes one below /tmp, mode 0700. 0 or -errno with err set. */
int tmpdir_make(struct tmpdir *ret, struct nono_error *err);
const char *tmpdir_path(const struct tmpdir *t);

/* Removes it when it is empty; otherwise starts the process that empties it. abi is the Landlock
 * ABI. The pid of that process, for tmpdir_wait(); 0 when the directory is gone (or there was
 * none), -errno when it stays. */
pid_t tmpdir_remove(struct tmpdir *t, int abi);
/* Waits for that process; signal_fd (a signalfd, not blocking) tells of its end among others, which
 * are lost. timeout_ms of -1 waits for ever. True when it has ended and the directory is gone; a
 * pid of 0 or less has. */
bool tmpdir_wait(struct tmpdir *t, pid_t pid, int signal_fd, int timeout_ms);

/* Removes what nono-sessions of this user left behind that were killed. Takes as long as it takes:
 * for a process of its own. */
void tmpdir_sweep(int abi);
