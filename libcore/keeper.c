/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/fd.h"
#include "libcore/privileges.h"
#include "libcore/tree.h"

#define KILL_TIMEOUT_MS 10000

/* Shared by the keeper and, until it has executed the command, its child. */
struct start {
	const struct keeper_job *job;
	pid_t keeper;
	struct keeper_report failure; /* what is NULL when there is none */
};

static int fail(struct start *s, const char *what, int errnum)
{
	s->failure.what = what;
	s->failure.errnum = errnum;
	return 126;
}

/* As execvp() does it: an unusable file early in PATH does not hide a good one behind it. */
static int exec_first(struct start *s)
{
	const struct keeper_job *job = s->job;
	int errnum = ENOENT;

	for (size_t i = 0; job->candidates[i]; i++) {
		execve(job->candidates[i], job->argv, job->envp);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
			errnum = errno;
			break;
		}
		if (errnum != EACCES) {
			errnum = errno;
		}
	}
	s->failure.is_exec = true;
	return fail(s, "execute the command", errnum);
}

/* The child of a vfork: its memory is the keeper's, its signals and descriptors are its own. */
static int run_command(void *arg)
{
	struct start *s = arg;
	const struct keeper_job *job = s->job;
	const char *what;
	sigset_t none;
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != s->keeper) {
		return fail(s, "tie the command to its keeper", errno);
	}
	setsid(); /* it leads no group yet */
	if (job->cwd_fd >= 0 && fchdir(job->cwd_fd) < 0) {
		return fail(s, "enter the working directory", errno);
	}
	if (dup2(job->null_fd, STDIN_FILENO) < 0 || dup2(job->out_fd, STDOUT_FILENO) < 0 ||
		dup2(job->err_fd, STDERR_FILENO) < 0) {
		return fail(s, "set up standard input and output", errno);
	}
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		return fail(s, "close descriptors", errno);
	}
	r = confinement_enter(job->confinement, false, &what);
	if (r < 0) {
		return fail(s, what, -r);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return exec_first(s);
}

/* The command, as a child that has executed it; 0 with s->failure set when it could not. */
static pid_t start_command(struct start *s)
{
	/* Static: the keeper is a process of its own, so this is its own copy. */
	static _Alignas(16) char stack[64 * 1024];
	pid_t pid = clone(run_command, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, s);

	if (pid < 0) {
		fail(s, "start a process", errno);
		return 0;
	}
	if (s->failure.what) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
		return 0;
	}
	return pid;
}

static void sort(int *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = i; k > 0 && v[k - 1] > v[k]; k--) {
			int t = v[k];
			v[k] = v[k - 1];
			v[k - 1] = t;
		}
	}
}

/* The host's descriptors must not be held open for as long as the command runs. */
static int keep_only(const struct keeper_job *job)
{
	int keep[] = { job->cwd_fd, job->null_fd, job->out_fd, job->err_fd, job->host_pidfd,
		job->report_fd, job->confinement->ruleset_fd };
	unsigned from = 3;

	for (int fd = 0; fd < 3; fd++) {
		if (dup2(job->null_fd, fd) < 0) {
			return -errno;
		}
	}
	sort(keep, ELEMENTSOF(keep));
	for (size_t i = 0; i < ELEMENTSOF(keep); i++) {
		unsigned fd = (unsigned)keep[i];
		if (keep[i] < 0) {
			continue;
		}
		if (fd > from && close_range(from, fd - 1, 0) < 0) {
			return -errno;
		}
		from = fd + 1;
	}
	return close_range(from, ~0U, 0) < 0 ? -errno : 0;
}

/* Signals are blocked here for ever; their dispositions are what the command starts with, and an
 * ignored SIGCHLD would lose its status. */
static void default_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	for (int i = 1; i < NSIG; i++) {
		sigaction(i, &action, NULL);
	}
}

/* Waits until pid has ended (it stays to be reaped), the host is gone or the time has run out. */
static void wait_for_end(const struct keeper_job *job, int pidfd, struct keeper_report *report)
{
	bool limited = job->timeout_ms > 0 && job->timeout_ms < INT64_MAX / 2;
	int64_t deadline = limited ? clock_msec() + (int64_t)job->timeout_ms : 0;
	struct pollfd fds[] = {
		{ .fd = pidfd, .events = POLLIN }, { .fd = job->host_pidfd, .events = POLLIN },
		{ .fd = job->report_fd }, /* POLLERR: the host has closed its end */
	};

	for (;;) {
		int64_t left = -1;
		int n;
		if (limited) {
			left = deadline - clock_msec();
			left = left < 0 ? 0 : left > 3600000 ? 3600000 : left;
		}
		n = poll(fds, ELEMENTSOF(fds), (int)left);
		if (n > 0) {
			return;
		}
		if (n < 0 && errno != EINTR) {
			return;
		}
		if (limited && clock_msec() >= deadline) {
			report->timed_out = true;
			return;
		}
	}
}

static void keep(const struct keeper_job *job, struct keeper_report *report)
{
	struct start start = { .job = job, .keeper = getpid() };
	_cleanup_close_ int pidfd = -1;
	struct tree tree;
	pid_t pid;
	int r;

	prctl(PR_SET_NAME, "nono-keeper", 0, 0, 0);
	default_signals();
	setsid();
	r = keep_only(job);
	if (r < 0) {
		report->what = "close descriptors";
		report->errnum = -r;
		return;
	}
	r = privileges_drop();
	if (r == 0) {
		r = tree_guard_enter(&tree, job->confinement->abi);
	}
	if (r < 0) {
		report->what = "confine the keeper";
		report->errnum = -r;
		return;
	}
	pid = start_command(&start);
	*report = start.failure;
	if (pid == 0) {
		return;
	}
	close(job->out_fd);
	close(job->err_fd);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0) {
		wait_for_end(job, pidfd, report);
	} else {
		report->what = "watch the command";
		report->errnum = errno;
	}
	r = tree_kill_all(&tree, KILL_TIMEOUT_MS, pid, &report->wait_status);
	report->left_over = r < 0;
}

pid_t keeper_start(const struct keeper_job *job, int *ret_pidfd)
{
	struct keeper_report report = { 0 };
	int pidfd = -1;
	/* Not fork(): handlers of pthread_atfork() are the host's business, and its signal is. */
	long pid = syscall(SYS_clone, CLONE_PIDFD, NULL, &pidfd, NULL, NULL);

	if (pid < 0) {
		return -errno;
	}
	if (pid == 0) {
		keep(job, &report);
		fd_write_full(job->report_fd, &report, sizeof(report));
		_exit(0);
	}
	*ret_pidfd = pidfd;
	return (pid_t)pid;
}
