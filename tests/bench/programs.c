/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "tests/bench/bench.h"

static int null_fd(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	}
	return fd;
}

static pid_t spawn(const struct program *p, int out_fd)
{
	posix_spawn_file_actions_t actions;
	int stdio = p->stdio >= 0 ? p->stdio : null_fd(), r;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, stdio, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd >= 0 ? out_fd : stdio, 1);
	/* Whatever goes wrong is seen when the output is looked at. */
	if (!p->out) {
		posix_spawn_file_actions_adddup2(&actions, stdio, 2);
	}
	if (p->cwd) {
		posix_spawn_file_actions_addchdir_np(&actions, p->cwd);
	}
	r = posix_spawn(&pid, p->argv[0], &actions, NULL, (char *const *)p->argv, p->env);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0) {
		die("cannot start %s: %s", p->argv[0], strerror(r));
	}
	return pid;
}

pid_t program_start(const struct program *p)
{
	return spawn(p, -1);
}

static void check_status(const struct program *p, int status)
{
	char line[512];
	size_t n = 0;

	if (WIFEXITED(status) && WEXITSTATUS(status) == p->expected) {
		return;
	}
	for (size_t i = 0; p->argv[i] && n < sizeof(line); i++) {
		n += (size_t)snprintf(line + n, sizeof(line) - n, " %.80s", p->argv[i]);
	}
	die("wait status 0x%x instead of exit status %d:%s", (unsigned)status, p->expected, line);
}

double program_time(const struct program *p)
{
	_cleanup_close_ int out = -1, in = -1;
	double start, end;
	int status, pipes[2];
	pid_t pid;

	if (p->out) {
		if (pipe2(pipes, O_CLOEXEC) < 0) {
			die("pipe: %s", strerror(errno));
		}
		in = pipes[0];
		out = pipes[1];
	}
	start = now_usec();
	pid = spawn(p, out);
	if (p->out) {
		ssize_t n;
		close_fd(&out);
		n = fd_read_full(in, p->out, p->out_size - 1);
		p->out[n > 0 ? n : 0] = '\0';
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			die("waitpid: %s", strerror(errno));
		}
	}
	end = now_usec();
	check_status(p, status);
	return end - start;
}

bool program_find(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	while (dirs && *dirs) {
		int n = (int)strcspn(dirs, ":");
		snprintf(path, size, "%.*s/%s", n, dirs, name);
		if (access(path, X_OK) == 0) {
			return true;
		}
		dirs += n + (dirs[n] == ':');
	}
	return false;
}

bool terminal_take(struct terminal *t)
{
	*t = (struct terminal){ .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC),
		.slave = -1 };
	if (t->master < 0 || unlockpt(t->master) < 0) {
		close_fd(&t->master);
		return false;
	}
	t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0 || ioctl(t->slave, TIOCSCTTY, 0) < 0) {
		close_fd(&t->slave);
		close_fd(&t->master);
		return false;
	}
	return true;
}

void terminal_leave(struct terminal *t)
{
	/* Whoever leads a session and gives up its terminal is hung up on. */
	signal(SIGHUP, SIG_IGN);
	ioctl(t->slave, TIOCNOTTY);
	signal(SIGHUP, SIG_DFL);
	close_fd(&t->slave);
	close_fd(&t->master);
}
