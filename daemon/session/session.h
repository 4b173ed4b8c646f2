/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session, from the descriptors nonod sent to the last process being gone. For a process
 * forked for it and single-threaded.
 */
#pragma once
#include "daemon/session/control.h"

struct session;

/* Does everything about the calling process that does not depend on which session it will be:
 * signals, a process session of its own, the guard around its tree, TMPDIR. Never fails: what could
 * not be done is reported by session_run() to whom it concerns. abi is the Landlock ABI of this
 * kernel, oom_score_adj that of the calling process. NULL when out of memory. */
struct session *session_prepare(int abi, int oom_score_adj);

/* Undoes it, for one that is not going to run. */
void session_discard(struct session *s);

/* A client has connected, which may become a request: makes the rules every session gets. base_fd
 * is the base plan, the caller's. What is made here is used soon, for that base plan, or not at
 * all, since a rule belongs to the file that had the name when it was made. */
void session_expect(struct session *s, int base_fd);

/* Runs the session to its end. fds are taken; the terminal may be -1. Reports over the channel and
 * the link. */
void session_run(struct session *s, int fds[_CONTROL_FD_MAX]);
