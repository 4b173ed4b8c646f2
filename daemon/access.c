/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"

#define CHAIN_MAX     256                    /* ancestors; a deeper tree is refused */
#define SESSION_COMM  "nono-session\n"       /* template and sessions, of any nonod */
#define SESSION_SCOPE "/nono-sessions.scope" /* where systemd keeps them */

int access_self_init(struct access_self *ret, struct nono_error *err)
{
	_cleanup_close_ int proc_fd = proc_open(getpid());
	struct proc_status status;
	int r = proc_fd < 0 ? proc_fd : proc_read_status(&status, proc_fd);

	if (r < 0) {
		return error_errno(err, -r, "read /proc/self/status");
	}
	*ret = (struct access_self){ .pid = getpid(),
		.uid = geteuid(),
		.filters = status.filters,
		.no_new_privs = status.no_new_privs };
	return 0;
}

static int refuse(struct nono_error *err, const char *why)
{
	return error_set(err, NONO_REFUSED, EPERM,
		"a supervisor cannot be used from inside a sandbox (%s); nono wrap can", why);
}

int access_check_status(
	const struct access_self *self, const struct proc_status *status, struct nono_error *err)
{
	if (status->filters > self->filters) {
		return refuse(err, "the caller has seccomp filters");
	}
	if (status->no_new_privs && !self->no_new_privs) {
		return refuse(err, "the caller has no_new_privs set");
	}
	return 0;
}

int access_check_cgroup(const char *text, struct nono_error *err)
{
	const char *at = text;

	while ((at = strstr(at, SESSION_SCOPE))) {
		at += strlen(SESSION_SCOPE);
		if (*at == '/' || *at == '\n' || *at == '\0') {
			return refuse(err, "the caller is in a session's control group");
		}
	}
	return 0;
}

/* No process above the peer is this supervisor or a nono-session. They are subreapers, so that
 * double-forking leads nowhere else. */
static int check_chain(const struct access_self *self, pid_t pid, struct nono_error *err)
{
	for (unsigned depth = 0; pid > 1; depth++) {
		char path[32], comm[32];
		if (pid == self->pid) {
			return refuse(err, "the caller descends from the supervisor");
		}
		if (depth == CHAIN_MAX) {
			return refuse(err, "too many processes above the caller");
		}
		snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
		if (fd_read_file_at(AT_FDCWD, path, comm, sizeof(comm)) > 0 &&
			str_equal(comm, SESSION_COMM)) {
			return refuse(err, "the caller descends from a session");
		}
		pid = proc_parent(pid);
	}
	return pid == -ESRCH ? -ESRCH : 0;
}

int access_check(const struct access_self *self, const struct peer *peer, int *ret_proc_fd,
	struct proc_status *ret_status, struct nono_error *err)
{
	_cleanup_close_ int proc_fd = -1, own_pidfd = -1;
	int pidfd = proc_hold(peer->pid, peer->pidfd, &own_pidfd);
	char cgroup[4096];
	int r;

	if (peer->uid != self->uid) {
		return error_set(err, NONO_REFUSED, EPERM,
			"this supervisor belongs to uid %u, the caller has uid %u",
			(unsigned)self->uid, (unsigned)peer->uid);
	}
	proc_fd = pidfd < 0 ? pidfd : proc_open(peer->pid);
	if (proc_fd < 0) {
		return error_errno(err, -proc_fd, "look at process %d", (int)peer->pid);
	}
	r = proc_read_status(ret_status, proc_fd);
	if (r < 0) {
		return error_errno(err, -r, "read the status of process %d", (int)peer->pid);
	}
	r = access_check_status(self, ret_status, err);
	if (r < 0) {
		return r;
	}
	r = (int)fd_read_file_at(proc_fd, "cgroup", cgroup, sizeof(cgroup));
	if (r < 0) {
		return error_errno(err, -r, "read the cgroup of process %d", (int)peer->pid);
	}
	r = access_check_cgroup(cgroup, err);
	if (r < 0) {
		return r;
	}
	/* An ancestor that ends meanwhile hands its children to the next subreaper: once more. */
	r = check_chain(self, ret_status->parent, err);
	if (r == -ESRCH) {
		r = check_chain(self, proc_parent(peer->pid), err);
	}
	if (r == -ESRCH || !proc_is_alive(pidfd)) {
		return error_set(err, NONO_SYSTEM, ESRCH, "the caller ended");
	}
	if (r < 0) {
		return r;
	}
	*ret_proc_fd = take_fd(&proc_fd);
	return 0;
}
