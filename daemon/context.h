/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caller context. A supervisor that starts commands for others is safe only if each kernel
 * attribute a child inherits is equal in caller and supervisor (struct context), carried over
 * (struct plan_caller), or a reason to refuse. Both are read from the kernel, never from the
 * caller's words. A caller who is refused starts a private supervisor, which inherits its own.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "daemon/proc.h"
#include "daemon/session/plan.h"

#define CONTEXT_NAMESPACES 8 /* not time: it is no restriction */

/* What must be equal. */
struct context {
	struct proc_status status;
	char namespaces[CONTEXT_NAMESPACES][40]; /* "net:[4026531840]" */
	dev_t root_device;
	ino_t root_inode;
	int scheduler;   /* SCHED_* */
	char label[256]; /* of the Linux security module, empty without one */
};

/* Reads a process through its /proc directory. status is what access_check() read already, NULL
 * to read it here. own is what it is going to be compared with, NULL for nothing: a label is only
 * looked for where own has one. 0, or -errno with err set. */
int context_read(struct context *ret, pid_t pid, int proc_fd, const struct proc_status *status,
	const struct context *own, struct nono_error *err);
/* Name of the first attribute that differs, NULL when none does. */
const char *context_difference(const struct context *a, const struct context *b);

/* Reads what is carried, the controlling terminal only if asked to. 0, or -errno with err set. */
int context_read_caller(struct plan_caller *ret, pid_t pid, int proc_fd,
	const struct proc_status *status, bool terminal, struct nono_error *err);
/* What a child of own cannot be given: name of the first attribute in which the caller has more
 * than own may hand out, NULL when all can be reproduced. */
const char *context_excess(const struct plan_caller *caller, const struct plan_caller *own);
/* Lowers in caller what may silently be less than it was: oom_score_adj is raised to own's. (User
 * services of systemd run at 200 and cannot go below 100; a likelier victim is no privilege.) */
void context_clamp(struct plan_caller *caller, const struct plan_caller *own);
