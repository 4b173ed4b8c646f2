/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/access.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"

#define CHAIN_MAX     256                    /* ancestors; a deeper tree is refused */
#define SESSION_COMM  "nono-session"         /* template and sessions, of any nonod */
#define SESSION_SCOPE "/nono-sessions.scope" /* where systemd keeps them */

int access_init(struct access *ret, struct nono_error *err)
{
	_cleanup_close_ int proc_fd = proc_open(getpid());
	struct proc_status status;
	int r = proc_fd < 0 ? proc_fd : proc_read_status(&status, proc_fd);

	if (r < 0) {
		return error_errno(err, -r, "read /proc/self/status");
	}
	*ret = (struct access){ .pid = getpid(),
		.uid = geteuid(),
		.filters = status.filters,
		.no_new_privs = status.no_new_privs };
	for (size_t i = 0; i < ACCESS_KNOWN; i++) {
		ret->known[i].pidfd = -1;
	}
	return 0;
}

void access_deinit(struct access *access)
{
	for (size_t i = 0; i < ACCESS_KNOWN; i++) {
		close_fd(&access->known[i].pidfd);
	}
}

static int refuse(struct nono_error *err, const char *why)
{
	return error_set(err, NONO_REFUSED, EPERM,
		"a supervisor cannot be used from inside a sandbox (%s); nono wrap can", why);
}

int access_check_status(
	const struct access *self, const struct proc_status *status, struct nono_error *err)
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

static bool is_known(struct access *self, pid_t pid)
{
	for (size_t i = 0; i < ACCESS_KNOWN; i++) {
		struct access_known *known = &self->known[i];
		if (known->pidfd >= 0 && known->pid == pid) {
			if (proc_is_alive(known->pidfd)) {
				return true;
			}
			close_fd(&known->pidfd);
		}
	}
	return false;
}

/* pid was alive and has been looked at; the pidfd is opened afterwards, so it must still have the
 * parent it had. Failing to remember costs nothing but time. */
static void remember(struct access *self, pid_t pid, pid_t parent)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct access_known *known = &self->known[self->next_known];
	char comm[16];

	if (pidfd >= 0 && proc_parent(pid, comm) == parent && !str_equal(comm, SESSION_COMM)) {
		close_fd(&known->pidfd);
		*known = (struct access_known){ .pid = pid, .pidfd = take_fd(&pidfd) };
		self->next_known = (self->next_known + 1) % ACCESS_KNOWN;
	}
}

/* No process above the peer is this supervisor or a nono-session. They are subreapers, so that
 * double-forking leads nowhere else. */
static int check_chain(struct access *self, pid_t first, struct nono_error *err)
{
	pid_t pid = first, parent = 0, first_parent = 0;

	for (unsigned depth = 0; pid > 1; depth++, pid = parent) {
		char comm[16];
		if (pid == self->pid) {
			return refuse(err, "the caller descends from the supervisor");
		}
		if (is_known(self, pid)) {
			break;
		}
		if (depth == CHAIN_MAX) {
			return refuse(err, "too many processes above the caller");
		}
		parent = proc_parent(pid, comm);
		/* Hidden by hidepid=: somebody else's, and no session gets at another uid. */
		if (parent == -ESRCH && kill(pid, 0) < 0 && errno == EPERM) {
			break;
		}
		if (parent < 0) {
			return error_set(err, NONO_SYSTEM, -parent, "look at process %d", (int)pid);
		}
		if (str_equal(comm, SESSION_COMM)) {
			return refuse(err, "the caller descends from a session");
		}
		if (pid == first) {
			first_parent = parent;
		}
	}
	if (pid != first) {
		remember(self, first, first_parent);
	}
	return 0;
}

int access_check(struct access *self, const struct peer *peer, int *ret_proc_fd,
	struct proc_status *ret_status, struct nono_error *err)
{
	_cleanup_close_ int proc_fd = -1, own_pidfd = -1;
	int pidfd = proc_hold(peer->pid, peer->pidfd, &own_pidfd);
	char cgroup[16384];
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
	r = (int)proc_read_page(proc_fd, "cgroup", cgroup, sizeof(cgroup));
	if (r == -E2BIG) {
		r = (int)fd_read_file_at(proc_fd, "cgroup", cgroup, sizeof(cgroup));
	}
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
		char comm[16];
		pid_t parent = proc_parent(peer->pid, comm);
		r = parent < 0 ? parent : check_chain(self, parent, err);
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
