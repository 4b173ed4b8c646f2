/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/template.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "proto/channel.h"

#define CONTROL_FD   3
#define FORMER_MAX   16 /* templates that were replaced and not reaped yet */
#define FAILURES_MAX 3  /* templates in a row that never became ready */

struct waiting {
	struct waiting *next;
	struct control_spawn request;
	int fds[_CONTROL_FD_MAX];
};

struct template
{
	struct loop *loop;
	const char *program;
	struct template_events events;
	void *userdata;

	pid_t pid; /* 0 for none */
	int control_fd;
	struct loop_io *io;
	bool ready;
	bool retiring;      /* it will be replaced when nothing is under way to it */
	unsigned in_flight; /* requests sent that it has not answered */
	unsigned failures;
	pid_t former[FORMER_MAX];
	struct waiting *first, **last;
};

static void on_control(void *userdata, unsigned events);

static void forget(struct template *t)
{
	loop_io_free(t->io);
	t->io = NULL;
	/* End of file tells it to go; its sessions become our children (we are a subreaper). */
	close_fd(&t->control_fd);
	for (size_t i = 0; t->pid && i < FORMER_MAX; i++) {
		if (t->former[i] == 0) {
			t->former[i] = t->pid;
			break;
		}
	}
	t->pid = 0;
	t->ready = t->retiring = false;
	t->in_flight = 0;
}

static int spawn_program(struct template *t, int control_fd, struct nono_error *err)
{
	char *argv[] = { (char *)"nono-session", (char *)"--template", NULL };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int r;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	r = posix_spawn_file_actions_adddup2(&actions, control_fd, CONTROL_FD);
	if (r == 0) {
		/* A session of its own: signals of our terminal are not for it. */
		posix_spawnattr_setsigdefault(&attr, &all);
		posix_spawnattr_setsigmask(&attr, &none);
		posix_spawnattr_setflags(
			&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
		r = posix_spawn(&t->pid, t->program, &actions, &attr, argv, envp);
	}
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (r != 0) {
		t->pid = 0;
		return error_errno(err, r, "start %s", t->program);
	}
	return 0;
}

static int start(struct template *t, struct nono_error *err)
{
	_cleanup_close_ int child = -1;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return error_errno(err, errno, "create a socket for the template");
	}
	t->control_fd = pair[0];
	child = pair[1];
	r = spawn_program(t, child, err);
	if (r == 0) {
		r = loop_io_new(&t->io, t->loop, t->control_fd, LOOP_READ, on_control, t, err);
	}
	if (r < 0) {
		forget(t);
	}
	return r;
}

/* Tells the client of a request that will never be a session, over its own channel. */
static void drop(struct template *t, struct waiting *w, const struct nono_error *err)
{
	struct channel_failed failed = { .exit_code = 125 };
	char packet[1 + sizeof(failed) + sizeof(err->message)];
	size_t n = strlen(err->message);

	packet[0] = CHANNEL_FAILED;
	memcpy(packet + 1, &failed, sizeof(failed));
	memcpy(packet + 1 + sizeof(failed), err->message, n);
	fd_send(w->fds[CONTROL_FD_CHANNEL], packet, 1 + sizeof(failed) + n, NULL, 0, MSG_DONTWAIT);
	fd_close_many(w->fds, _CONTROL_FD_MAX);
	t->events.failed(w->request.serial, err, t->userdata);
	free(w);
}

static struct waiting *take_first(struct template *t)
{
	struct waiting *w = t->first;

	if (w) {
		t->first = w->next;
		if (!t->first) {
			t->last = &t->first;
		}
	}
	return w;
}

static void drop_all(struct template *t, const struct nono_error *err)
{
	struct waiting *w;

	while ((w = take_first(t))) {
		drop(t, w, err);
	}
}

static void restart(struct template *t)
{
	struct nono_error err;

	forget(t);
	if (t->failures >= FAILURES_MAX) {
		error_set(&err, NONO_SYSTEM, ECHILD,
			"%s ends as soon as it is started; nonod's log may say why", t->program);
		log_plain(LOG_ERR, "%s", err.message);
		drop_all(t, &err);
		return; /* the next request tries again */
	}
	if (start(t, &err) < 0) {
		log_plain(LOG_ERR, "%s", err.message);
		drop_all(t, &err);
	}
}

void template_flush(struct template *t)
{
	struct nono_error err;

	while (t->ready && !t->retiring && t->first) {
		struct waiting *w = t->first;
		size_t n_fds =
			w->fds[CONTROL_FD_TERMINAL] >= 0 ? _CONTROL_FD_MAX : CONTROL_FD_TERMINAL;
		ssize_t n = fd_send(t->control_fd, &w->request, sizeof(w->request), w->fds, n_fds,
			MSG_DONTWAIT);
		if (n == -EAGAIN) {
			break;
		}
		if (n == -EPIPE || n == -ECONNRESET) {
			return; /* it is gone: end of file follows, and a new one */
		}
		take_first(t);
		if (n < 0) { /* ETOOMANYREFS: too many descriptors under way */
			error_errno(&err, (int)-n, "hand the session to the template");
			drop(t, w, &err);
			continue;
		}
		t->in_flight++;
		fd_close_many(w->fds, _CONTROL_FD_MAX);
		free(w);
	}
	if (t->io) {
		bool full = t->ready && !t->retiring && t->first;
		loop_io_set(t->io, LOOP_READ | (full ? LOOP_WRITE : 0));
	}
}

static void on_event(struct template *t, const struct control_event *e)
{
	struct nono_error err;

	switch ((enum control_event_type)e->type) {
	case CONTROL_READY:
		t->ready = true;
		t->failures = 0;
		break;
	case CONTROL_SPAWNED:
		t->in_flight -= t->in_flight > 0;
		t->events.spawned(e->serial, e->pid, t->userdata);
		break;
	case CONTROL_FAILED:
		t->in_flight -= t->in_flight > 0;
		error_errno(&err, e->value, "fork a session");
		t->events.failed(e->serial, &err, t->userdata);
		break;
	case CONTROL_DIED:
		t->events.died(e->serial, e->pid, e->value, t->userdata);
		break;
	default:
		log_plain(LOG_ERR, "the template sent event %u", e->type);
		break;
	}
}

static void on_control(void *userdata, unsigned events)
{
	struct template *t = userdata;

	(void)events;
	for (;;) {
		struct control_event e;
		ssize_t n = recv(t->control_fd, &e, sizeof(e), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			break;
		}
		if (n != sizeof(e)) {
			t->failures++; /* READY resets it */
			restart(t);
			return;
		}
		on_event(t, &e);
		if (e.type == CONTROL_DIED && WIFSIGNALED(e.value) && !t->retiring) {
			log_plain(LOG_WARNING,
				"a nono-session was ended by signal %d: new template",
				WTERMSIG(e.value));
			t->retiring = true;
		}
	}
	if (t->retiring && t->in_flight == 0) {
		restart(t);
		return;
	}
	template_flush(t);
}

int template_new(struct template **ret, struct loop *loop, const char *program,
	const struct template_events *events, void *userdata, struct nono_error *err)
{
	struct template *t = calloc(1, sizeof(*t));
	int r;

	if (!t) {
		return error_oom(err);
	}
	t->loop = loop;
	t->program = program;
	t->events = *events;
	t->userdata = userdata;
	t->control_fd = -1;
	t->last = &t->first;
	r = start(t, err);
	if (r < 0) {
		template_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void template_free(struct template *t)
{
	struct waiting *w;

	if (!t) {
		return;
	}
	forget(t);
	while ((w = take_first(t))) {
		fd_close_many(w->fds, _CONTROL_FD_MAX);
		free(w);
	}
	free(t);
}

int template_spawn(
	struct template *t, const struct control_spawn *request, int *fds, struct nono_error *err)
{
	struct waiting *w = calloc(1, sizeof(*w));
	int r;

	if (w && t->pid == 0) {
		t->failures = 0;
		r = start(t, err);
		if (r < 0) {
			free(w);
			fd_close_many(fds, _CONTROL_FD_MAX);
			return r;
		}
	}
	if (!w) {
		fd_close_many(fds, _CONTROL_FD_MAX);
		return error_oom(err);
	}
	w->request = *request;
	memcpy(w->fds, fds, sizeof(w->fds));
	memset(fds, 0xff, sizeof(w->fds)); /* -1 each: they are ours now */
	*t->last = w;
	t->last = &w->next;
	return 0;
}

void template_expect(struct template *t, int base_fd)
{
	const struct control_spawn request = { 0 };

	if (t->ready && !t->first) {
		fd_send(t->control_fd, &request, sizeof(request), &base_fd, 1, MSG_DONTWAIT);
	}
}

bool template_reaped(struct template *t, pid_t pid, int wait_status)
{
	if (pid == t->pid) {
		/* Its end of the socket is closed, so that end of file does the rest; what it said
		 * before is still to be read. */
		log_plain(LOG_WARNING, "the template ended (wait status %d)", wait_status);
		t->pid = 0;
		return true;
	}
	for (size_t i = 0; i < FORMER_MAX; i++) {
		if (t->former[i] == pid) {
			t->former[i] = 0;
			return true;
		}
	}
	return false;
}

bool template_is(const struct template *t, pid_t pid)
{
	for (size_t i = 0; i < FORMER_MAX; i++) {
		if (t->former[i] == pid) {
			return true;
		}
	}
	return pid == t->pid;
}
