/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono_exec(): the host's side. Everything that allocates happens here, before the keeper is
 * started; afterwards this side only reads: the two outputs, and the keeper's report, which comes
 * when nothing of the command is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/command.h"
#include "libcore/confine.h"
#include "libcore/keeper.h"
#include "libcore/landlock.h"
#include "nono.h"

#define READ_SIZE 65536

/* One captured stream. */
struct capture {
	int fd; /* -1 at its end */
	struct buf kept;
	size_t limit;
	int truncated;
};

/* All that one call owns. */
struct run {
	struct confinement confinement;
	char **envp, **candidates;
	int cwd_fd, null_fd, host_pidfd;
	int write_fds[3]; /* stdout, stderr, report: the keeper's */
	struct capture out, err;
	int report_fd;
	struct keeper_report report;
	size_t reported; /* bytes of report so far */
};

static void run_deinit(struct run *r)
{
	confinement_deinit(&r->confinement);
	command_strv_free(r->envp);
	command_strv_free(r->candidates);
	close_fd(&r->cwd_fd);
	close_fd(&r->null_fd);
	close_fd(&r->host_pidfd);
	fd_close_many(r->write_fds, ELEMENTSOF(r->write_fds));
	close_fd(&r->out.fd);
	close_fd(&r->err.fd);
	close_fd(&r->report_fd);
	buf_deinit(&r->out.kept);
	buf_deinit(&r->err.kept);
}

/* Takes fd (or passes on its failure), as a descriptor that setting up stdio cannot overwrite. */
static int above_stdio(int fd)
{
	int high;

	if (fd < 0 || fd > 2) {
		return fd < 0 ? -errno : fd;
	}
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (high < 0) {
		high = -errno;
	}
	close(fd);
	return high;
}

static int make_pipe(int *ret_read, int *ret_write)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return -errno;
	}
	r = above_stdio(fds[0]);
	if (r >= 0) {
		*ret_read = r;
		r = above_stdio(fds[1]);
	} else {
		close(fds[1]);
	}
	if (r < 0) {
		return r;
	}
	*ret_write = r;
	return fcntl(*ret_read, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_descriptors(struct run *run, const char *cwd, struct nono_error *err)
{
	int r;

	if (cwd) {
		r = run->cwd_fd = above_stdio(open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC));
		if (r < 0) {
			return error_set(err,
				r == -ENOENT    ? NONO_PATH_NOT_FOUND
				: r == -ENOTDIR ? NONO_EXPECTED_DIRECTORY
						: NONO_SYSTEM,
				-r, "cannot use %s as the working directory: %s", cwd,
				strerror(-r));
		}
	}
	r = run->confinement.ruleset_fd = above_stdio(run->confinement.ruleset_fd);
	if (r >= 0) {
		r = run->null_fd = above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC));
	}
	if (r >= 0) {
		r = run->host_pidfd = above_stdio((int)syscall(SYS_pidfd_open, getpid(), 0));
	}
	if (r >= 0) {
		r = make_pipe(&run->out.fd, &run->write_fds[0]);
	}
	if (r >= 0) {
		r = make_pipe(&run->err.fd, &run->write_fds[1]);
	}
	if (r >= 0) {
		r = make_pipe(&run->report_fd, &run->write_fds[2]);
	}
	return r < 0 ? error_errno(err, -r, "cannot open what the command needs") : 0;
}

/* /proc/self and the /dev names behind it meant this process when they were granted; inside, they
 * would name another one than was asked for. */
static int check_paths(const struct nono_caps *caps, struct nono_error *err)
{
	char own[32];
	size_t n = (size_t)snprintf(own, sizeof(own), "/proc/%d", getpid());

	for (size_t i = 0; i < caps->n_paths; i++) {
		const char *path = caps->paths[i].resolved;
		if (strncmp(path, own, n) == 0 && (path[n] == '/' || path[n] == '\0')) {
			return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
				"%s names this process and not the command: grant /proc instead",
				caps->paths[i].original);
		}
	}
	return 0;
}

static int prepare(struct run *run, const struct nono_caps *caps, const char *const *argv,
	const struct nono_exec_options *options, struct nono_error *err)
{
	int r;

	if (nono_caps_command_blocked(caps, argv[0])) {
		return error_set(err, NONO_REFUSED, EPERM, "the command %s is blocked", argv[0]);
	}
	r = check_paths(caps, err);
	if (r == 0) {
		r = command_environment(options->env,
			options->inherit_env ? (const char *const *)environ : NULL, &run->envp,
			err);
	}
	if (r == 0) {
		r = command_candidates(argv[0], run->envp, &run->candidates, err);
	}
	if (r == 0) {
		r = confinement_build(&run->confinement, caps, landlock_abi(NULL), err);
	}
	return r < 0 ? r : open_descriptors(run, options->cwd, err);
}

/* Reads what is there. 1 when something was, 0 when nothing is now or ever, -errno. */
static int capture_read(struct capture *c)
{
	char bytes[READ_SIZE];
	size_t room = c->limit - c->kept.len;
	ssize_t n = read(c->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return 0;
	}
	if (n <= 0) {
		close_fd(&c->fd);
		return 0;
	}
	if ((size_t)n > room) {
		c->truncated = 1;
		n = (ssize_t)room;
	}
	buf_append(&c->kept, bytes, (size_t)n);
	return c->kept.error ? c->kept.error : 1;
}

static int report_read(struct run *run)
{
	ssize_t n = read(run->report_fd, (char *)&run->report + run->reported,
		sizeof(run->report) - run->reported);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return 0;
	}
	if (n <= 0) {
		close_fd(&run->report_fd);
		return 0;
	}
	run->reported += (size_t)n;
	return 0;
}

/* Until the keeper has reported and closed its end. What the outputs then still hold is read, but
 * their end is not waited for: somebody outside might hold them open. */
static int collect(struct run *run)
{
	int r = 0;

	while (run->report_fd >= 0 && r >= 0) {
		struct pollfd fds[] = {
			{ .fd = run->out.fd, .events = POLLIN },
			{ .fd = run->err.fd, .events = POLLIN },
			{ .fd = run->report_fd, .events = POLLIN },
		};
		if (poll(fds, ELEMENTSOF(fds), -1) < 0) {
			if (errno != EINTR) {
				return -errno;
			}
			continue;
		}
		if (fds[0].revents) {
			r = capture_read(&run->out);
		}
		if (r >= 0 && fds[1].revents) {
			r = capture_read(&run->err);
		}
		if (r >= 0 && fds[2].revents) {
			r = report_read(run);
		}
	}
	while (r >= 0 && run->out.fd >= 0 && (r = capture_read(&run->out)) > 0) {
	}
	while (r >= 0 && run->err.fd >= 0 && (r = capture_read(&run->err)) > 0) {
	}
	return r < 0 ? r : 0;
}

/* A signal handler of the host must not run in the keeper, which is a copy of it. */
static pid_t start_keeper(const struct keeper_job *job, int *ret_pidfd)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pid = keeper_start(job, ret_pidfd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int supervise(struct run *run, const char *const *argv,
	const struct nono_exec_options *options, struct nono_error *err)
{
	struct keeper_job job = {
		.confinement = &run->confinement,
		.candidates = (const char *const *)run->candidates,
		.argv = (char *const *)argv,
		.envp = run->envp,
		.timeout_ms = options->timeout_ms,
		.cwd_fd = run->cwd_fd,
		.null_fd = run->null_fd,
		.out_fd = run->write_fds[0],
		.err_fd = run->write_fds[1],
		.report_fd = run->write_fds[2],
		.host_pidfd = run->host_pidfd,
	};
	_cleanup_close_ int pidfd = -1;
	pid_t pid = start_keeper(&job, &pidfd);
	int r;

	if (pid < 0) {
		return error_errno(err, -pid, "cannot start a process");
	}
	fd_close_many(run->write_fds, ELEMENTSOF(run->write_fds));
	r = collect(run);
	/* Told the keeper to end when collecting failed; nothing otherwise. */
	close_fd(&run->report_fd);
	while (waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){ 0 }, WEXITED | __WALL) < 0 &&
		errno == EINTR) {
	}
	if (r < 0) {
		return error_errno(err, -r, "cannot collect the output");
	}
	if (run->reported != sizeof(run->report)) {
		return error_set(
			err, NONO_SYSTEM, ECHILD, "the process that kept the command was killed");
	}
	return 0;
}

/* True when one of the candidates is a file: then it is not the command that was missing. */
static bool some_candidate_exists(const struct run *run)
{
	struct stat st;

	for (size_t i = 0; run->candidates[i]; i++) {
		if (stat(run->candidates[i], &st) == 0) {
			return true;
		}
	}
	return false;
}

static int explain_start(const struct run *run, const char *name, struct nono_error *err)
{
	const struct keeper_report *report = &run->report;

	if (!report->is_exec) {
		return error_errno(err, report->errnum, "cannot %s", report->what);
	}
	if (report->errnum == ENOENT && !some_candidate_exists(run)) {
		return error_set(err, NONO_NOT_FOUND, ENOENT, "%s: no such command", name);
	}
	return error_set(err, NONO_NOT_EXECUTABLE, report->errnum, "cannot execute %s: %s%s", name,
		strerror(report->errnum),
		report->errnum == EACCES   ? " (is it granted, with what it loads?)"
		: report->errnum == ENOENT ? " (its interpreter)"
					   : "");
}

static int take_output(struct capture *c, char **ret, size_t *ret_size)
{
	buf_append(&c->kept, NULL, 0); /* for the NUL when there was nothing */
	*ret_size = c->kept.len;
	*ret = buf_take(&c->kept);
	return *ret ? 0 : -ENOMEM;
}

static int make_result(struct run *run, struct nono_exec_result **ret, struct nono_error *err)
{
	struct nono_exec_result *result = calloc(1, sizeof(*result));
	int status = run->report.wait_status;

	if (!result) {
		return error_oom(err);
	}
	if (take_output(&run->out, &result->stdout_data, &result->stdout_size) < 0 ||
		take_output(&run->err, &result->stderr_data, &result->stderr_size) < 0) {
		nono_exec_result_free(result);
		return error_oom(err);
	}
	result->stdout_truncated = run->out.truncated;
	result->stderr_truncated = run->err.truncated;
	result->timed_out = run->report.timed_out;
	if (WIFSIGNALED(status)) {
		result->signal = WTERMSIG(status);
		result->exit_status = 128 + result->signal;
	} else {
		result->exit_status = WEXITSTATUS(status);
	}
	*ret = result;
	return 0;
}

int nono_exec(const struct nono_caps *caps, const char *const *argv,
	const struct nono_exec_options *options, struct nono_exec_result **ret,
	struct nono_error *err)
{
	struct nono_exec_options known = NONO_EXEC_OPTIONS_INIT;
	_cleanup_(run_deinit) struct run run = {
		.confinement.ruleset_fd = -1,
		.cwd_fd = -1,
		.null_fd = -1,
		.host_pidfd = -1,
		.write_fds = { -1, -1, -1 },
		.out.fd = -1,
		.err.fd = -1,
		.report_fd = -1,
	};
	int r;

	if (!caps || !argv || !argv[0] || !*argv[0] || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set or no command");
	}
	if (options) {
		if (options->size < offsetof(struct nono_exec_options, cwd)) {
			return error_set(err, NONO_INVALID, EINVAL,
				"the options were not set up with NONO_EXEC_OPTIONS_INIT");
		}
		memcpy(&known, options,
			options->size < sizeof(known) ? options->size : sizeof(known));
	}
	/* A byte less than can be counted: buffers keep one for the NUL. */
	run.out.limit = run.err.limit =
		known.output_limit < SIZE_MAX / 4 ? known.output_limit : SIZE_MAX / 4;
	run.out.kept.limit = run.err.kept.limit = run.out.limit + 1;
	r = prepare(&run, caps, argv, &known, err);
	if (r == 0) {
		r = supervise(&run, argv, &known, err);
	}
	if (r < 0) {
		return r;
	}
	if (run.report.what) {
		return explain_start(&run, argv[0], err);
	}
	if (run.report.left_over) {
		return error_set(err, NONO_SYSTEM, ETIMEDOUT,
			"the command has ended but something it started could not be killed");
	}
	return make_result(&run, ret, err);
}

void nono_exec_result_free(struct nono_exec_result *result)
{
	if (result) {
		free(result->stdout_data);
		free(result->stderr_data);
		free(result);
	}
}
