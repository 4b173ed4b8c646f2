/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters are built here, once per shape: libseccomp takes half a millisecond and dirties heap
 * that every session would pay for; forked children share it. They are not installed here: the
 * template is also the supervisor-to-be and needs what they refuse.
 */
#include "daemon/session/template.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "daemon/session/session.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"

struct child {
	pid_t pid;
	uint64_t serial;
};

struct template
{
	int control_fd, signal_fd;
	int abi, oom_score_adj;
	struct filter *filters[NONO_NETWORK_BLOCKED + 1]; /* by network mode, built when needed */
	struct child *children;
	size_t n_children;
};

static void report(
	struct template *t, enum control_event_type type, uint64_t serial, pid_t pid, int value)
{
	struct control_event e = {
		.type = (uint32_t)type, .value = value, .serial = serial, .pid = pid
	};

	/* Blocking on purpose: nonod always reads, and no event may be lost. Its end is seen by
	 * the next poll. */
	fd_send(t->control_fd, &e, sizeof(e), NULL, 0, 0);
}

static const struct filter *filter_for(struct template *t, uint32_t network, struct nono_error *err)
{
	struct filter_shape shape = { .network_blocked = network == NONO_NETWORK_BLOCKED,
		.deny_truncate = t->abi < 3 };

	if (network > NONO_NETWORK_BLOCKED) {
		error_set(err, NONO_INTERNAL, EINVAL, "unknown network mode");
		return NULL;
	}
	if (!t->filters[network] && filter_build(&shape, &t->filters[network], err) < 0) {
		return NULL;
	}
	return t->filters[network];
}

static void reap(struct template *t)
{
	struct signalfd_siginfo drained;
	int status;
	pid_t pid;

	while (read(t->signal_fd, &drained, sizeof(drained)) > 0) {
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < t->n_children; i++) {
			if (t->children[i].pid == pid) {
				report(t, CONTROL_DIED, t->children[i].serial, pid, status);
				t->children[i] = t->children[--t->n_children];
				break;
			}
		}
	}
}

/* Forks a session. In the child *ret_exit is set and 1 returned. */
static int spawn(struct template *t, const struct control_spawn *request, int *fds, int *ret_exit)
{
	struct session_setup setup = { .abi = t->abi, .oom_score_adj = t->oom_score_adj };
	struct nono_error err;
	pid_t pid;

	setup.filter = filter_for(t, request->network, &err);
	if (!setup.filter ||
		array_grow((void **)&t->children, t->n_children, sizeof(*t->children)) < 0) {
		report(t, CONTROL_FAILED, request->serial, 0, ENOMEM);
		return 0;
	}
	pid = fork();
	if (pid == 0) {
		close_fd(&t->control_fd);
		close_fd(&t->signal_fd);
		memcpy(setup.fds, fds, sizeof(setup.fds));
		memset(fds, 0xff, sizeof(setup.fds));
		*ret_exit = session_run(&setup);
		return 1;
	}
	if (pid < 0) {
		report(t, CONTROL_FAILED, request->serial, 0, errno);
		return 0;
	}
	t->children[t->n_children++] = (struct child){ .pid = pid, .serial = request->serial };
	report(t, CONTROL_SPAWNED, request->serial, pid, 0);
	return 0;
}

/* 1 in a forked session, 0 to go on, negative when nonod is gone or talks nonsense. */
static int on_control(struct template *t, int *ret_exit)
{
	int fds[_CONTROL_FD_MAX];
	struct control_spawn request;
	size_t n_fds = 0;
	ssize_t n;
	int r = 0;

	memset(fds, 0xff, sizeof(fds)); /* -1 each */
	n = fd_recv(t->control_fd, &request, sizeof(request), fds, _CONTROL_FD_MAX, &n_fds,
		MSG_DONTWAIT);
	if (n == -EAGAIN) {
		return 0;
	}
	if (n == sizeof(request) && n_fds >= CONTROL_FD_TERMINAL) {
		r = spawn(t, &request, fds, ret_exit);
	} else if (n == sizeof(request)) {
		report(t, CONTROL_FAILED, request.serial, 0, EMFILE); /* the kernel dropped some */
	} else {
		r = -EPIPE;
	}
	fd_close_many(fds, _CONTROL_FD_MAX);
	return r;
}

static int read_oom_score_adj(void)
{
	char text[32];

	return fd_read_file_at(-1, "/proc/self/oom_score_adj", text, sizeof(text)) > 0
		       ? (int)strtol(text, NULL, 10)
		       : 0;
}

int template_serve(int control_fd)
{
	struct template t = { .control_fd = control_fd,
		.abi = landlock_abi(NULL),
		.oom_score_adj = read_oom_score_adj() };
	sigset_t mask;
	int exit_code = 1, r = 0;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	t.signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t.signal_fd < 0) {
		return exit_code;
	}
	report(&t, CONTROL_READY, 0, getpid(), t.abi);
	while (r == 0) {
		struct pollfd p[] = { { .fd = t.control_fd, .events = POLLIN },
			{ .fd = t.signal_fd, .events = POLLIN } };
		if (poll(p, ELEMENTSOF(p), -1) < 0) {
			continue;
		}
		if (p[1].revents) {
			reap(&t);
		}
		if (p[0].revents) {
			r = on_control(&t, &exit_code);
		}
	}
	return r > 0 ? exit_code : 0;
}
