/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes as /proc and pidfds show them. Every read is bounded. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "nono-error.h"

/* Lines of /proc/PID/status. The texts are compared, never computed with. */
struct proc_status {
	char uids[64], gids[64]; /* real, effective, saved, file system */
	char groups[8192];       /* supplementary; the kernel keeps them sorted */
	pid_t parent;
	unsigned umask;
	unsigned filters; /* seccomp filters installed */
	bool no_new_privs;
};

/* Parses the text of a status file. 0 or -EBADMSG. */
int proc_parse_status(struct proc_status *ret, const char *text);
/* Reads it below an open /proc/PID. 0, -EBADMSG, -E2BIG (thousands of groups) or -errno. */
int proc_read_status(struct proc_status *ret, int proc_fd);

/* Reads a file of /proc that fits into a page with one read(): the kernel gives as much at once,
 * so that asking for the end is not needed. Bytes (NUL-terminated), -E2BIG or -errno. */
ssize_t proc_read_page(int dir_fd, const char *path, char *p, size_t size);

/* An open /proc/PID directory. Descriptor or -errno. */
int proc_open(pid_t pid);
/* Controlling terminal as TIOCGDEV would number it, 0 for none. 0, -EBADMSG or -errno. */
int proc_terminal(int proc_fd, unsigned *ret);
/* Parent of pid, 0 for a process without one (or one outside our pid namespace), or -errno. Its
 * name, at most 15 bytes, is written to comm. */
pid_t proc_parent(pid_t pid, char comm[static 16]);
/* A descriptor that holds pid while it is looked at: pidfd itself, or where there is none (below
 * Linux 6.5 a socket does not give one) a new one in *ret_own, to be closed. -ESRCH when it ended.
 */
int proc_hold(pid_t pid, int pidfd, int *ret_own);
/* True while the process behind pidfd has not ended. */
bool proc_is_alive(int pidfd);
