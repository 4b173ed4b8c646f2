/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child is made by a vfork-style clone: it shares our memory until exec, so it costs no page
 * table copy, and it reports a failure by writing to a struct of ours. In return it may only make
 * system calls: no allocation, no stdio, no locks. What must not happen there either is a call the
 * filter hands to us (we sleep until the exec).
 *
 * It also shares our descriptors until the filter is there: so the descriptor of the filter's
 * listener is ours from the first moment. Then it makes its own copy, and only after that touches
 * any of them.
 *
 * Order: what needs rights comes before Landlock, Landlock before the filter, and the filter last
 * but for the calls every program makes (close_range, dup2, sigaction, execve).
 */
#include "daemon/session/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"

#define CHILD_STACK_SIZE 65536
#define DEFAULT_PATH     "/usr/local/bin:/usr/bin:/bin"

enum step {
	STEP_NONE,
	STEP_GROUP,
	STEP_STDIO,
	STEP_CWD,
	STEP_LIMITS,
	STEP_PRIORITY,
	STEP_OOM,
	STEP_LANDLOCK,
	STEP_FILTER,
	STEP_SIGNALS,
	STEP_EXEC,
};

static const char *const step_names[] = {
	[STEP_GROUP] = "set up the process group",
	[STEP_STDIO] = "set up the standard streams",
	[STEP_CWD] = "enter the working directory",
	[STEP_LIMITS] = "take over the caller's resource limits",
	[STEP_PRIORITY] = "take over the caller's scheduling",
	[STEP_OOM] = "take over the caller's oom_score_adj",
	[STEP_LANDLOCK] = "enter the Landlock domain",
	[STEP_FILTER] = "install the seccomp filter",
	[STEP_SIGNALS] = "reset signals",
};

/* Shared with the child, which writes what is volatile. */
struct child {
	const struct command *c;
	const char *program;
	struct {
		int resource;
		struct rlimit value;
	} limits[PLAN_RLIMITS];
	size_t n_limits; /* those that differ from ours */
	bool set_nice, set_ioprio, set_cpus, set_oom;
	char oom_text[16];
	pid_t parent;
	volatile enum step failed;
	volatile int errnum;
	volatile int listener_fd; /* in both descriptor tables */
};

static const char *env_value(char *const *envp, const char *name)
{
	for (; *envp; envp++) {
		const char *rest = str_after(*envp, name);
		if (rest && rest[0] == '=') {
			return rest + 1;
		}
	}
	return NULL;
}

/* 1 a program, 0 not there, -EACCES there but not executable for us. */
static int probe_program(int cwd_fd, const char *path)
{
	struct stat st;

	if (fstatat(cwd_fd, path, &st, 0) < 0) {
		return errno == EACCES ? -EACCES : 0;
	}
	if (!S_ISREG(st.st_mode) || faccessat(cwd_fd, path, X_OK, AT_EACCESS) < 0) {
		return -EACCES;
	}
	return 1;
}

static char *join(const char *dir, size_t n, const char *name)
{
	char *path = NULL;

	/* An empty element of PATH means the working directory. */
	if (asprintf(&path, "%.*s%s%s", (int)n, dir, n > 0 ? "/" : "./", name) < 0) {
		return NULL;
	}
	return path;
}

char *command_find(
	const char *name, char *const *envp, int cwd_fd, int *ret_exit, struct nono_error *err)
{
	const char *search = env_value(envp, "PATH");
	bool denied = false;

	*ret_exit = EXIT_NOT_FOUND;
	if (strchr(name, '/')) {
		int r = probe_program(cwd_fd, name);
		if (r > 0) {
			return strdup(name);
		}
		denied = r < 0;
	} else if (name[0] != '\0') {
		for (search = search ? search : DEFAULT_PATH;; search++) {
			size_t n = strcspn(search, ":");
			_cleanup_free_ char *path = join(search, n, name);
			int r;
			if (!path) {
				error_oom(err);
				*ret_exit = EXIT_REFUSED;
				return NULL;
			}
			r = probe_program(cwd_fd, path);
			if (r > 0) {
				return TAKE_PTR(path);
			}
			denied |= r < 0;
			search += n;
			if (*search == '\0') {
				break;
			}
		}
	}
	if (denied) {
		*ret_exit = EXIT_NOT_EXECUTABLE;
		error_set(err, NONO_NOT_EXECUTABLE, EACCES, "'%.300s' is not an executable file",
			name);
	} else {
		error_set(err, NONO_NOT_FOUND, ENOENT, "'%.300s': command not found", name);
	}
	return NULL;
}

static bool child_fail(struct child *child, enum step step, int errnum)
{
	child->failed = step;
	child->errnum = errnum;
	return false;
}

static bool child_place(struct child *child)
{
	const struct command *c = child->c;
	pid_t self = getpid();

	/* Our own group, so that job control has something to address; the leader of the
	 * terminal's session stays nono-session. It ignores SIGTTOU, and so do we until the
	 * signals are reset, which lets a background group take the foreground. */
	if (setpgid(0, 0) < 0 ||
		(c->master_fd >= 0 && c->foreground && ioctl(c->master_fd, TIOCSPGRP, &self) < 0)) {
		return child_fail(child, STEP_GROUP, errno);
	}
	return fchdir(c->cwd_fd) < 0 ? child_fail(child, STEP_CWD, errno) : true;
}

static bool child_streams(struct child *child)
{
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) < 0) {
		return child_fail(child, STEP_STDIO, errno);
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(child->c->stdio[i], i) < 0) {
			return child_fail(child, STEP_STDIO, errno);
		}
	}
	return true;
}

static bool child_attributes(struct child *child)
{
	const struct plan_caller *caller = child->c->caller;

	umask((mode_t)caller->umask);
	for (size_t i = 0; i < child->n_limits; i++) {
		if (syscall(SYS_prlimit64, 0, child->limits[i].resource, &child->limits[i].value,
			    NULL) < 0) {
			return child_fail(child, STEP_LIMITS, errno);
		}
	}
	if ((child->set_nice && setpriority(PRIO_PROCESS, 0, caller->nice) < 0) ||
		(child->set_ioprio && syscall(SYS_ioprio_set, 1, 0, caller->io_priority) < 0) ||
		(child->set_cpus &&
			syscall(SYS_sched_setaffinity, 0, caller->cpu_bytes, caller->cpus) < 0)) {
		return child_fail(child, STEP_PRIORITY, errno);
	}
	if (child->set_oom) {
		int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
		size_t n = strlen(child->oom_text);
		if (fd < 0 || write(fd, child->oom_text, n) != (ssize_t)n) {
			return child_fail(child, STEP_OOM, errno);
		}
		close(fd);
	}
	return true;
}

static bool child_confine(struct child *child)
{
	int r = landlock_enforce(child->c->ruleset_fd, child->c->abi, false);

	if (r < 0) {
		return child_fail(child, STEP_LANDLOCK, -r);
	}
	r = filter_install_listener(child->c->filter);
	if (r < 0) {
		return child_fail(child, STEP_FILTER, -r);
	}
	child->listener_fd = r;
	return true;
}

static bool child_signals(struct child *child)
{
	/* The kernel's own struct sigaction: SIG_DFL, no flags, an empty mask. libc's function
	 * refuses the signals it keeps to itself, which glibc's posix_spawn() set to be ignored
	 * in the template. Only KILL and STOP cannot be set; they need not. */
	static const unsigned long defaults[4];
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++) {
		syscall(SYS_rt_sigaction, sig, defaults, NULL, sizeof(uint64_t));
	}
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? child_fail(child, STEP_SIGNALS, errno)
							 : true;
}

/* AddressSanitizer knows no other stack than the thread's and says so before every call that does
 * not return, on what is the command's standard error. */
__attribute__((no_sanitize("address"))) static int child_main(void *userdata)
{
	struct child *child = userdata;

	/* The command does not outlive its supervisor. The death signal survives exec because
	 * no_new_privs rules out gaining privileges by it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != child->parent) {
		_exit(EXIT_REFUSED);
	}
	if (child_place(child) && child_attributes(child) && child_confine(child) &&
		child_streams(child) && child_signals(child)) {
		execve(child->program, child->c->argv, child->c->envp);
		child_fail(child, STEP_EXEC, errno);
	}
	_exit(EXIT_REFUSED);
}

/* Compares with what the child would inherit from us, so that it only changes what differs. */
static void prepare_attributes(struct child *child)
{
	const struct plan_caller *caller = child->c->caller;
	uint8_t cpus[PLAN_CPU_BYTES] = { 0 };
	long n;

	for (int i = 0; i < PLAN_RLIMITS; i++) {
		struct rlimit ours;
		if (syscall(SYS_prlimit64, 0, i, NULL, &ours) == 0 &&
			(ours.rlim_cur != caller->rlimits[i].rlim_cur ||
				ours.rlim_max != caller->rlimits[i].rlim_max)) {
			child->limits[child->n_limits].resource = i;
			child->limits[child->n_limits++].value = caller->rlimits[i];
		}
	}
	child->set_nice = getpriority(PRIO_PROCESS, 0) != caller->nice;
	child->set_ioprio = syscall(SYS_ioprio_get, 1, 0) != caller->io_priority;
	n = syscall(SYS_sched_getaffinity, 0, sizeof(cpus), cpus);
	child->set_cpus =
		caller->cpu_bytes > 0 && (n < 0 || memcmp(cpus, caller->cpus, sizeof(cpus)) != 0);
	child->set_oom = caller->oom_score_adj != child->c->oom_score_adj;
	snprintf(child->oom_text, sizeof(child->oom_text), "%d", caller->oom_score_adj);
}

static void explain(const struct child *child, int *ret_exit, struct nono_error *err)
{
	const char *program = child->program;

	*ret_exit = EXIT_REFUSED;
	if (child->failed == STEP_FILTER && child->errnum == EBUSY) {
		error_set(err, NONO_UNSUPPORTED, EBUSY,
			"another supervisor around nono (a container's?) already answers system "
			"calls, and the kernel allows one; 'nono wrap' works without");
		return;
	}
	if (child->failed != STEP_EXEC) {
		error_errno(err, child->errnum, "cannot %s",
			child->failed == STEP_NONE ? "start the command"
						   : step_names[child->failed]);
		return;
	}
	*ret_exit = child->errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	if (child->errnum == EACCES) {
		error_set(err, NONO_NOT_EXECUTABLE, EACCES,
			"cannot execute '%.200s': it, or the interpreter it names, is outside what the "
			"sandbox may read; grant its directory with --read",
			program);
	} else if (child->errnum == ENOENT) {
		error_set(err, NONO_NOT_FOUND, ENOENT,
			"cannot execute '%.200s': the interpreter it names does not exist",
			program);
	} else {
		error_errno(err, child->errnum, "cannot execute '%.200s'", program);
		err->code = NONO_NOT_EXECUTABLE;
	}
}

pid_t command_spawn(const struct command *c, const char *program, int *ret_listener_fd,
	int *ret_exit, struct nono_error *err)
{
	struct child child = { .c = c, .program = program, .parent = getpid(), .listener_fd = -1 };
	void *stack;
	pid_t pid;
	int status;

	*ret_exit = EXIT_REFUSED;
	prepare_attributes(&child);
	stack = mmap(NULL, CHILD_STACK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED) {
		error_oom(err);
		return -ENOMEM;
	}
	pid = clone(child_main, (char *)stack + CHILD_STACK_SIZE,
		CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &child);
	if (pid < 0) {
		int r = error_errno(err, errno, "cannot make a process for the command");
		munmap(stack, CHILD_STACK_SIZE);
		return r;
	}
	munmap(stack, CHILD_STACK_SIZE);
	if (child.failed == STEP_NONE && child.listener_fd >= 0) {
		*ret_listener_fd = child.listener_fd;
		return pid;
	}
	if (child.listener_fd >= 0) {
		close(child.listener_fd);
	}
	explain(&child, ret_exit, err);
	/* It is gone or about to be; without this it would stay a zombie until our end. */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return -child.errnum;
}
