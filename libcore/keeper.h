/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper of nono_exec(): a process between the host program and the command. It starts the
 * command, waits for it, for the time to run out and for the host to go away, and then ends
 * everything the command started. The host is made no subreaper, gets no SIGCHLD and cannot reap
 * it by accident (a clone with exit signal 0).
 *
 * It is a copy of a program that may have any number of threads, so between clone() and its end it
 * allocates nothing, takes no lock and calls async-signal-safe functions only.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcore/confine.h"

struct keeper_job {
	const struct confinement *confinement;
	const char *const *candidates; /* names to exec, the first that is there; NULL-terminated */
	char *const *argv, *const *envp;
	uint64_t timeout_ms;         /* 0: none */
	int cwd_fd;                  /* -1: stay */
	int null_fd, out_fd, err_fd; /* stdio of the command; all descriptors here are above 2 */
	int host_pidfd;              /* of the host, readable when it is gone */
	int report_fd;               /* where the one struct keeper_report goes */
};

/* What the keeper says when everything has ended; nothing at all when it was killed. */
struct keeper_report {
	const char *what; /* the step that failed, NULL when the command was started: a literal,
			   * at the same address in the host */
	int errnum;       /* with what */
	bool is_exec;     /* it was the exec that failed */
	bool timed_out;
	bool left_over; /* something did not die in time */
	int wait_status;
};

/* Starts the keeper. Its pid and a descriptor for it, or -errno. Signals must be blocked and
 * stay blocked in the keeper. Reap it with waitid(P_PIDFD, ..., WEXITED | __WALL). */
pid_t keeper_start(const struct keeper_job *job, int *ret_pidfd);
