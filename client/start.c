/* SPDX-License-Identifier: Apache-2.0 */
#include "client/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"

#define SETTLE_TIMEOUT_MS  10000 /* nonod reads its policy and binds; seconds on a busy machine */
#define MANAGER_TIMEOUT_MS 10000
#define FIXED_PATH         "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What an on-demand nonod keeps of our environment: where this user's things are. */
static const char *const kept_variables[] = {
	"HOME",
	"USER",
	"LOGNAME",
	"XDG_RUNTIME_DIR",
	"XDG_CONFIG_HOME",
	"XDG_STATE_HOME",
	"XDG_DATA_HOME",
	"XDG_CACHE_HOME",
	"DBUS_SESSION_BUS_ADDRESS",
};

/* dir/name as a new string when it can be executed, else NULL. */
static char *executable(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		return NULL;
	}
	if (access(path, X_OK) < 0) {
		free(path);
		return NULL;
	}
	return path;
}

char *program_find(const char *name, const char *relative_dir, const char *install_dir)
{
	char self[PATH_MAX + 64], *path = NULL;
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);

	self[n > 0 ? n : 0] = '\0';
	if (strrchr(self, '/')) {
		char *end = strrchr(self, '/');
		*end = '\0';
		path = executable(self, name);
		if (!path) {
			snprintf(end, (size_t)(self + sizeof(self) - end), "/%s", relative_dir);
			path = executable(self, name);
		}
	}
	return path ? path : executable(install_dir, name);
}

/* Waits for a child; kills it when it takes longer. Its wait status, or -1. */
static int wait_bounded(pid_t pid, int timeout_ms)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int status;

	if (fd >= 0 && poll(&p, 1, timeout_ms) == 0) {
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -1;
		}
	}
	return status;
}

/* In a child: standard streams from these (-1: nothing there), keep_fd as 3, all else closed. */
static void arrange_descriptors(int out_fd, int errors_fd, int keep_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Out of the way of the numbers that are about to be given out. */
	int out = fcntl(out_fd >= 0 ? out_fd : null_fd, F_DUPFD_CLOEXEC, 10);
	int errors = fcntl(errors_fd >= 0 ? errors_fd : null_fd, F_DUPFD_CLOEXEC, 10);
	int keep = keep_fd >= 0 ? fcntl(keep_fd, F_DUPFD_CLOEXEC, 10) : -1;

	if (null_fd < 0 || out < 0 || errors < 0 || dup2(null_fd, 0) < 0 || dup2(out, 1) < 0 ||
		dup2(errors, 2) < 0 || (keep >= 0 && dup2(keep, 3) < 0)) {
		_exit(127);
	}
	syscall(SYS_close_range, keep >= 0 ? 4 : 3, ~0U, 0);
}

bool start_by_service_manager(const char *xdg_runtime_dir)
{
	char path[PATH_MAX];
	pid_t pid;
	int n = snprintf(
		path, sizeof(path), "%s/systemd/private", xdg_runtime_dir ? xdg_runtime_dir : "");

	if (!xdg_runtime_dir || n < 0 || (size_t)n >= sizeof(path) || access(path, F_OK) < 0) {
		return false;
	}
	pid = fork();
	if (pid == 0) {
		arrange_descriptors(-1, -1, -1);
		execlp("systemctl", "systemctl", "--user", "--quiet", "start", "nonod.socket",
			(char *)NULL);
		_exit(127);
	}
	return pid > 0 && wait_bounded(pid, MANAGER_TIMEOUT_MS) == 0;
}

/* What must not come from whoever happened to be first: soft limits, signals, umask, directory. */
static void forget_caller(void)
{
	static const int raised[] = { RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CPU, RLIMIT_FSIZE,
		RLIMIT_DATA, RLIMIT_AS };

	for (size_t i = 0; i < ELEMENTSOF(raised); i++) {
		struct rlimit limit;
		if (getrlimit(raised[i], &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
			limit.rlim_cur = limit.rlim_max;
			setrlimit(raised[i], &limit);
		}
	}
	for (int sig = 1; sig < NSIG; sig++) {
		signal(sig, SIG_DFL);
	}
	umask(077);
	if (chdir("/") < 0) {
		_exit(127);
	}
}

/* The kept variables and a fixed PATH. Strings are borrowed from our environment. */
static void fixed_environment(char *env[ELEMENTSOF(kept_variables) + 2])
{
	size_t n = 0;

	env[n++] = (char *)FIXED_PATH;
	for (size_t i = 0; i < ELEMENTSOF(kept_variables); i++) {
		char *value = getenv(kept_variables[i]);
		if (value) {
			env[n++] = value - strlen(kept_variables[i]) - 1; /* where NAME= starts */
		}
	}
	env[n] = NULL;
}

struct start {
	const char *program;
	char *const *argv;
	char *const *env;
	int out_fd, errors_fd, keep_fd;
	bool forget;
};

/* Forks twice, so that nonod is nobody's child and no terminal's process. 0 or -errno. */
static int spawn(const struct start *s)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid < 0) {
		return -errno;
	}
	if (pid > 0) {
		return wait_bounded(pid, SETTLE_TIMEOUT_MS) == 0 ? 0 : -EAGAIN;
	}
	if (setsid() < 0) {
		_exit(1);
	}
	pid = fork();
	if (pid != 0) {
		_exit(pid < 0);
	}
	arrange_descriptors(s->out_fd, s->errors_fd, s->keep_fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->forget) {
		forget_caller();
	}
	execve(s->program, s->argv, s->env);
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", s->program, strerror(errno));
	_exit(127);
}

static char *find_nonod(struct nono_error *err)
{
	char *program = program_find("nonod", "../daemon", NONO_BINDIR);

	if (!program) {
		error_set(err, NONO_NOT_FOUND, ENOENT,
			"the supervisor nonod is neither beside nono nor in %s", NONO_BINDIR);
	}
	return program;
}

/* Reads to end of file, for as long as nonod may take. */
static int wait_settled(int fd, struct nono_error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char ignored[64];

	for (;;) {
		int n = poll(&p, 1, SETTLE_TIMEOUT_MS);
		if (n == 0) {
			return error_set(err, NONO_TIMEOUT, ETIMEDOUT,
				"nonod did not start within %d seconds", SETTLE_TIMEOUT_MS / 1000);
		}
		if (n > 0 && read(fd, ignored, sizeof(ignored)) <= 0) {
			return 0;
		}
	}
}

int start_on_demand(int *ret_errors_fd, struct nono_error *err)
{
	_cleanup_free_ char *program = find_nonod(err);
	_cleanup_close_ int out_read = -1, out_write = -1, errors_read = -1, errors_write = -1;
	char *argv[] = { program, (char *)"--on-demand", NULL };
	char *env[ELEMENTSOF(kept_variables) + 2];
	int pipes[4], r;

	if (!program) {
		return -ENOENT;
	}
	fixed_environment(env);
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		return error_errno(err, errno, "create a pipe");
	}
	out_read = pipes[0];
	out_write = pipes[1];
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0) {
		return error_errno(err, errno, "create a pipe");
	}
	errors_read = pipes[0];
	errors_write = pipes[1];
	r = spawn(&(struct start){ .program = program,
		.argv = argv,
		.env = env,
		.out_fd = out_write,
		.errors_fd = errors_write,
		.keep_fd = -1,
		.forget = true });
	if (r < 0) {
		return error_errno(err, -r, "start nonod");
	}
	close_fd(&out_write);
	r = wait_settled(out_read, err);
	if (r < 0) {
		return r;
	}
	*ret_errors_fd = take_fd(&errors_read);
	return 0;
}

int start_private(int fd, int *ret_errors_fd, struct nono_error *err)
{
	_cleanup_free_ char *program = find_nonod(err);
	_cleanup_close_ int errors_read = -1, errors_write = -1;
	char *argv[] = { program, (char *)"--connection=3", NULL };
	int pipes[2], r;

	if (!program) {
		return -ENOENT;
	}
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0) {
		return error_errno(err, errno, "create a pipe");
	}
	errors_read = pipes[0];
	errors_write = pipes[1];
	r = spawn(&(struct start){ .program = program,
		.argv = argv,
		.env = environ,
		.out_fd = -1,
		.errors_fd = errors_write,
		.keep_fd = fd });
	if (r < 0) {
		return error_errno(err, -r, "start a private nonod");
	}
	*ret_errors_fd = take_fd(&errors_read);
	return 0;
}
