/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program and starting it inside: everything between the decision and its main(). */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "daemon/session/plan.h"
#include "libcore/filter.h"

/* Exit statuses for what nono itself refuses or cannot do. */
enum {
	EXIT_REFUSED = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

struct command {
	char *const *argv, *const *envp;
	int stdio[3]; /* all at least 3 */
	int cwd_fd;
	int master_fd; /* the session's terminal, or -1 */
	bool foreground;
	const struct plan_caller *caller;
	int oom_score_adj; /* what the calling process has */
	int ruleset_fd, abi;
	const struct filter *filter;
};

/* Where name is, as execvp would look: a path with a slash as it is, others in the PATH of envp,
 * relative to cwd_fd. A new string, or NULL with err set and *ret_exit one of the above. */
char *command_find(
	const char *name, char *const *envp, int cwd_fd, int *ret_exit, struct nono_error *err);

/* Starts program (what command_find() said) as a child of the caller, confined before its first
 * instruction. Returns once it has been exec'd. Its pid, with the listener of its filter in
 * *ret_listener_fd; or -errno with err and *ret_exit set, then nothing runs. All signals must be
 * blocked. */
pid_t command_spawn(const struct command *c, const char *program, int *ret_listener_fd,
	int *ret_exit, struct nono_error *err);
