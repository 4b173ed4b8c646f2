/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template always has one spare: a forked nono-session that has prepared itself and waits on
 * the control socket. The spare that reads a request is the session; the template hears of it
 * through a pipe and forks the next one, while the session is already starting its command. So the
 * fork is not part of a launch.
 *
 * The control socket is shared by template and spare. The template reads it only while it cannot
 * fork a spare, to answer that no session can be had. A spare dies with its template; once it is a
 * session it no longer does.
 */
#include "daemon/session/template.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "daemon/session/session.h"
#include "daemon/session/tmpdir.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"

#define SPARE_FAREWELL_USEC 1000000

/* What a spare says when it has become a session; smaller than PIPE_BUF, so it stays whole. */
struct taken {
	uint64_t serial;
	pid_t pid;
};

struct template
{
	int control_fd, signal_fd;
	int taken_fds[2]; /* pipe of struct taken */
	int abi, oom_score_adj;
	pid_t sweep;            /* 0 for none */
	pid_t spare;            /* 0 for none */
	int fork_errno;         /* why there is none */
	struct taken *sessions; /* those that run */
	size_t n_sessions;
};

static bool report(
	int control_fd, enum control_event_type type, uint64_t serial, pid_t pid, int value)
{
	struct control_event e = {
		.type = (uint32_t)type, .value = value, .serial = serial, .pid = pid
	};

	/* Blocking on purpose: nonod always reads, and no event may be lost. Its end is seen by
	 * the next poll. */
	return fd_send(control_fd, &e, sizeof(e), NULL, 0, 0) == sizeof(e);
}

/* Reads one request. True when it is whole and fds are the receiver's. A request that lost
 * descriptors to a limit is answered. *ret_end is set when nonod is gone or talks nonsense. */
static bool receive(int control_fd, struct control_spawn *request, int fds[_CONTROL_FD_MAX],
	int flags, bool *ret_end)
{
	size_t n_fds = 0;
	ssize_t n;

	memset(fds, 0xff, _CONTROL_FD_MAX * sizeof(fds[0])); /* -1 each */
	n = fd_recv(control_fd, request, sizeof(*request), fds, _CONTROL_FD_MAX, &n_fds, flags);
	if (n == sizeof(*request) && (n_fds >= CONTROL_FD_TERMINAL || request->serial == 0)) {
		return true;
	}
	fd_close_many(fds, _CONTROL_FD_MAX);
	if (n == sizeof(*request)) {
		report(control_fd, CONTROL_FAILED, request->serial, 0, EMFILE);
	} else if (n != -EAGAIN && n != -EMSGSIZE) {
		*ret_end = true;
	}
	return false;
}

/* The life of a spare, in the forked process. */
static void be_spare(struct template *t, pid_t parent)
{
	struct control_spawn request;
	struct session *session;
	int fds[_CONTROL_FD_MAX];
	bool end = false;

	close_fd(&t->signal_fd);
	close_fd(&t->taken_fds[0]);
	free(t->sessions);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) {
		return;
	}
	session = session_prepare(t->abi, t->oom_score_adj);
	while (session && !end) {
		if (!receive(t->control_fd, &request, fds, 0, &end)) {
			continue;
		}
		if (request.serial == 0) {
			session_expect(session, fds[0]);
			fd_close_many(fds, _CONTROL_FD_MAX);
		} else {
			struct taken taken = { .serial = request.serial, .pid = getpid() };
			prctl(PR_SET_PDEATHSIG, 0);
			/* Only a session that nonod has heard of may run: it asks again for one
			 * that it has not. A template that is gone (EPIPE) need not hear, for then
			 * nonod is our parent. The pipe has room for a thousand of these and is
			 * emptied at every turn. */
			if (!report(t->control_fd, CONTROL_SPAWNED, request.serial, taken.pid, 0) ||
				(write(t->taken_fds[1], &taken, sizeof(taken)) != sizeof(taken) &&
					errno != EPIPE)) {
				fd_close_many(fds, _CONTROL_FD_MAX);
				return;
			}
			close_fd(&t->control_fd);
			close_fd(&t->taken_fds[1]);
			session_run(session, fds);
			return;
		}
	}
	if (session) {
		session_discard(session);
	}
}

static void ensure_spare(struct template *t)
{
	pid_t self = getpid(), pid;

	/* Room for its end first: a session nobody remembers could not be reported. */
	if (t->spare != 0) {
		return;
	}
	if (array_grow((void **)&t->sessions, t->n_sessions, sizeof(*t->sessions)) < 0) {
		t->fork_errno = ENOMEM;
		return;
	}
	pid = fork();
	if (pid == 0) {
		be_spare(t, self);
		_exit(0);
	}
	t->spare = pid > 0 ? pid : 0;
	t->fork_errno = pid > 0 ? 0 : errno;
}

/* What killed sessions left behind is removed by a process that nobody waits for. */
static void start_sweep(struct template *t)
{
	pid_t self = getpid();

	t->sweep = fork();
	if (t->sweep == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == self) {
			fd_close_many(t->taken_fds, ELEMENTSOF(t->taken_fds));
			close_fd(&t->control_fd);
			tmpdir_sweep(t->abi);
		}
		_exit(0);
	}
}

/* nonod is gone, which the spare sees too: it tidies up, if we let it. */
static void wait_for_spare(struct template *t)
{
	struct pollfd p = { .fd = t->signal_fd, .events = POLLIN };
	struct signalfd_siginfo drained;
	uint64_t until = clock_usec() + SPARE_FAREWELL_USEC;

	while (t->spare > 0 && waitpid(t->spare, NULL, WNOHANG) == 0 && clock_usec() < until) {
		poll(&p, 1, SPARE_FAREWELL_USEC / 1000);
		while (read(t->signal_fd, &drained, sizeof(drained)) > 0) {
		}
	}
}

static void on_taken(struct template *t)
{
	struct taken taken;

	while (read(t->taken_fds[0], &taken, sizeof(taken)) == sizeof(taken)) {
		t->sessions[t->n_sessions++] = taken;
		t->spare = 0;
		ensure_spare(t);
		if (t->spare == 0) {
			break; /* nor is there room for another session */
		}
	}
}

static void on_died(struct template *t, pid_t pid, int status)
{
	uint64_t serial = 0;

	if (pid == t->sweep) {
		t->sweep = 0;
		return;
	}
	for (size_t i = 0; i < t->n_sessions; i++) {
		if (t->sessions[i].pid == pid) {
			serial = t->sessions[i].serial;
			t->sessions[i] = t->sessions[--t->n_sessions];
			break;
		}
	}
	if (pid == t->spare) {
		t->spare = 0;
	}
	report(t->control_fd, CONTROL_DIED, serial, pid, status);
}

static void on_children(struct template *t)
{
	struct signalfd_siginfo drained;
	int status;
	pid_t pid;

	while (read(t->signal_fd, &drained, sizeof(drained)) > 0) {
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		on_taken(t); /* it may have become a session and ended since we last looked */
		on_died(t, pid, status);
	}
}

/* Nobody else can answer. False when nonod is gone. */
static bool answer_without_spare(struct template *t)
{
	struct control_spawn request;
	int fds[_CONTROL_FD_MAX];
	bool end = false;

	if (receive(t->control_fd, &request, fds, MSG_DONTWAIT, &end)) {
		if (request.serial != 0) {
			report(t->control_fd, CONTROL_FAILED, request.serial, 0, t->fork_errno);
		}
		fd_close_many(fds, _CONTROL_FD_MAX);
	}
	return !end;
}

static int template_init(struct template *t)
{
	char text[32];
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	t->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signal_fd < 0 || pipe2(t->taken_fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		return -errno;
	}
	t->abi = landlock_abi(NULL);
	if (fd_read_file_at(-1, "/proc/self/oom_score_adj", text, sizeof(text)) > 0) {
		t->oom_score_adj = (int)strtol(text, NULL, 10);
	}
	return 0;
}

int template_serve(int control_fd)
{
	struct template t = { .control_fd = control_fd };
	int r = template_init(&t);

	if (r < 0) {
		return r;
	}
	ensure_spare(&t);
	report(control_fd, CONTROL_READY, 0, getpid(), t.abi);
	start_sweep(&t);
	for (;;) {
		/* Without POLLIN the control socket still tells when nonod has closed it. */
		struct pollfd p[] = {
			{ .fd = t.control_fd, .events = t.spare ? 0 : POLLIN },
			{ .fd = t.signal_fd, .events = POLLIN },
			{ .fd = t.taken_fds[0], .events = POLLIN },
		};
		if (poll(p, ELEMENTSOF(p), -1) < 0) {
			continue;
		}
		if (p[2].revents) {
			on_taken(&t);
		}
		if (p[1].revents) {
			on_children(&t);
		}
		ensure_spare(&t);
		if (p[0].revents & (POLLHUP | POLLERR) ||
			(!t.spare && (p[0].revents & POLLIN) && !answer_without_spare(&t))) {
			wait_for_spare(&t);
			free(t.sessions);
			return 0;
		}
	}
}
