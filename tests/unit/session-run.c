/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/session-run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/filter.h"
#include "proto/channel.h"
#include "proto/launch.h"

const char *session_program;
char scratch[] = "/tmp/nono-test-session-XXXXXX";
static struct filter *filter, *filter_fds; /* for every session: the network is open */
static int control_fd = -1, base_fd = -1;
static pid_t template_pid;

static struct plan_grant builtin_grants[] = {
	{ "/usr", NONO_READ, 0 },
	{ "/lib", NONO_READ, 0 },
	{ "/lib64", NONO_READ, 0 },
	{ "/bin", NONO_READ, 0 },
	{ "/proc", NONO_READ, 0 },
	{ "/dev/null", NONO_READ_WRITE, 0 },
	{ "/etc/ld.so.cache", NONO_READ, 0 },
};

static void start_template(void)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	template_pid = fork();
	assert_true(template_pid >= 0);
	if (template_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(sv[1], 3);
		execl(session_program, "nono-session", "--template", (char *)NULL);
		_exit(127);
	}
	close(sv[1]);
	control_fd = sv[0];
}

struct control_event control_read(void)
{
	struct control_event e;
	struct pollfd p = { .fd = control_fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(control_fd, &e, sizeof(e), 0), sizeof(e));
	return e;
}

void run_init(struct run *r, const char *shell_command)
{
	struct rlimit core = { 0 };

	*r = (struct run){ .argv = { (char *)"/bin/sh", (char *)"-c", (char *)shell_command },
		.envp = { (char *)"PATH=/usr/bin:/bin", (char *)"MARK=1" },
		.stdin_fd = -1,
		.stdout_fd = -1,
		.terminal_fd = -1,
		.channel_fd = -1,
		.link_fd = -1 };
	r->plan = (struct plan){ .session_id = "20260101-000000-1", .grants = r->grants };
	for (int i = 0; i < PLAN_RLIMITS; i++) {
		getrlimit(i, &r->plan.caller.rlimits[i]);
	}
	r->plan.filter = filter;
	r->plan.filter_fds = filter_fds;
	r->plan.caller.rlimits[RLIMIT_CORE] = core;
	r->plan.caller.umask = 022;
	r->plan.caller.nice = getpriority(PRIO_PROCESS, 0);
	r->plan.caller.io_priority = (int32_t)syscall(SYS_ioprio_get, 1, 0);
	{
		char text[32];
		fd_read_file_at(-1, "/proc/self/oom_score_adj", text, sizeof(text));
		r->plan.caller.oom_score_adj = (int)strtol(text, NULL, 10);
	}
}

void run_grant(struct run *r, const char *path, enum nono_access access, unsigned flags)
{
	r->grants[r->plan.n_grants++] = (struct plan_grant){ path, access, flags };
}

void run_expect(void)
{
	struct control_spawn request = { 0 };

	assert_int_equal(
		fd_send(control_fd, &request, sizeof(request), &base_fd, 1, 0), sizeof(request));
}

void run_start(struct run *r)
{
	struct control_spawn request = { .serial = 42 };
	struct nono_error err;
	int fds[_CONTROL_FD_MAX], out[2], channel[2], link[2];
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n = r->terminal_fd >= 0 ? _CONTROL_FD_MAX : CONTROL_FD_TERMINAL;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link), 0);
	fds[CONTROL_FD_PLAN] = plan_create(&r->plan, &err);
	fds[CONTROL_FD_BASE] = base_fd;
	fds[CONTROL_FD_LAUNCH] = launch_create(r->argv, r->envp, &err);
	fds[CONTROL_FD_CWD] = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fds[CONTROL_FD_STDIN] = r->stdin_fd >= 0 ? r->stdin_fd : null_fd;
	fds[CONTROL_FD_STDOUT] = r->terminal_fd >= 0 ? r->terminal_fd : out[1];
	fds[CONTROL_FD_STDERR] = fds[CONTROL_FD_STDOUT];
	fds[CONTROL_FD_CHANNEL] = channel[1];
	fds[CONTROL_FD_LINK] = link[1];
	fds[CONTROL_FD_TERMINAL] = r->terminal_fd;
	assert_int_equal(
		fd_send(control_fd, &request, sizeof(request), fds, n, 0), sizeof(request));
	assert_int_equal(control_read().type, CONTROL_SPAWNED);
	close(fds[CONTROL_FD_PLAN]);
	close(fds[CONTROL_FD_LAUNCH]);
	close(fds[CONTROL_FD_CWD]);
	close(null_fd);
	close(out[1]);
	close(channel[1]);
	close(link[1]);
	r->stdout_fd = out[0];
	r->channel_fd = channel[0];
	r->link_fd = link[0];
}

static void on_packet(struct run *r, const char *p, size_t n)
{
	if (p[0] == CHANNEL_EXITED) {
		memcpy(&r->exited, p + 1, sizeof(r->exited));
		r->has_exited = true;
	} else if (p[0] == CHANNEL_FAILED) {
		memcpy(&r->failed, p + 1, sizeof(r->failed));
		memcpy(r->failure, p + 1 + sizeof(r->failed), n - 1 - sizeof(r->failed));
		r->has_failed = true;
	} else if (p[0] == CHANNEL_OUTPUT && r->n_tty + n < sizeof(r->tty)) {
		memcpy(r->tty + r->n_tty, p + 1, n - 1);
		r->n_tty += n - 1;
	}
}

int channel_read(struct run *r)
{
	static char p[CHANNEL_PACKET_MAX];
	struct pollfd wait = { .fd = r->channel_fd, .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
	n = recv(r->channel_fd, p, sizeof(p), 0);
	if (n <= 0) {
		return 0;
	}
	on_packet(r, p, (size_t)n);
	return p[0];
}

void channel_send(struct run *r, char type, const void *payload, size_t n)
{
	char p[1024] = { type };

	memcpy(p + 1, payload, n);
	assert_int_equal(send(r->channel_fd, p, n + 1, 0), n + 1);
}

void run_close(struct run *r)
{
	close_fd(&r->stdout_fd);
	close_fd(&r->channel_fd);
	close_fd(&r->link_fd);
}

void run_finish(struct run *r)
{
	ssize_t n;

	while (channel_read(r)) {
	}
	while ((n = read(r->stdout_fd, r->output + r->n_output,
			sizeof(r->output) - 1 - r->n_output)) > 0) {
		r->n_output += (size_t)n;
	}
	assert_int_equal(control_read().type, CONTROL_DIED);
	run_close(r);
}

void run_shell(struct run *r)
{
	run_start(r);
	run_finish(r);
}

void expect_gone(int pipe_fd)
{
	struct pollfd p = { .fd = pipe_fd, .events = POLLIN };
	char c;

	do {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	} while (read(pipe_fd, &c, 1) > 0);
}

int session_setup(void **state)
{
	struct filter_shape shape = { .unix_sockets = true, .supervised = true };
	struct plan base = { .grants = builtin_grants, .n_grants = ELEMENTSOF(builtin_grants) };

	(void)state;
	if (filter_build(&shape, &filter, NULL) < 0) {
		return -1;
	}
	shape.metadata_fds = true;
	if (filter_build(&shape, &filter_fds, NULL) < 0) {
		return -1;
	}
	base_fd = plan_create(&base, NULL);
	if (base_fd < 0) {
		return -1;
	}
	if (!mkdtemp(scratch) || chmod(scratch, 0755) < 0) {
		return -1;
	}
	start_template();
	return control_read().type == CONTROL_READY ? 0 : -1;
}

int session_teardown(void **state)
{
	char command[128];
	int status;

	(void)state;
	free(filter);
	free(filter_fds);
	close(base_fd);
	close(control_fd);
	waitpid(template_pid, &status, 0);
	snprintf(command, sizeof(command), "%s", scratch);
	{
		const char *argv[] = { "rm", "-rf", command, NULL };
		pid_t pid = fork();
		if (pid == 0) {
			execvp("rm", (char *const *)argv);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	return status == 0 ? 0 : -1;
}
