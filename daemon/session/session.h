/* SPDX-License-Identifier: Apache-2.0 */
/* One session, from the descriptors nonod sent to the last process being gone. */
#pragma once
#include "daemon/session/control.h"
#include "libcore/filter.h"

struct session_setup {
	int fds[_CONTROL_FD_MAX]; /* taken; the terminal may be -1 */
	const struct filter *filter;
	int abi;           /* Landlock ABI of this kernel */
	int oom_score_adj; /* of the calling process */
};

/* Runs it to its end in the calling process, which was forked for it and is single-threaded.
 * Reports over the channel and the link; returns the exit status for the process itself: 0 unless
 * something broke. */
int session_run(struct session_setup *setup);
