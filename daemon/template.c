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

#include "daemon/letgo.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "proto/channel.h"

#define CONTROL_FD   3
#define FORMER_MAX   16 /* templates that were replaced and not reaped yet */
#define FAILURES_MAX 3  /* templates in a row that never made a session */

struct waiting {
	struct waiting *next;
	struct control_spawn request;
	int fds[_CONTROL_FD_MAX];
};

struct queue {
	struct waiting *first, **last;
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
	bool retiring; /* it will be replaced when it has answered what was sent */
	unsigned failures;
	pid_t former[FORMER_MAX];
	struct queue waiting; /* not sent yet */
	struct queue sent;    /* not answered yet: asked again if the template dies first */
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

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_add(struct queue *q, struct waiting *w)
{
	w->next = NULL;
	*q->last = w;
	q->last = &w->next;
}

/* Takes the request out of the queue: the first one, or the one with this serial. NULL for none. */
static struct waiting *queue_take(struct queue *q, const uint64_t *serial)
{
	struct waiting **at = &q->first, *w;

	while (*at && serial && (*at)->request.serial != *serial) {
		at = &(*at)->next;
	}
	w = *at;
	if (w) {
		*at = w->next;
		if (q->last == &w->next) {
			q->last = at;
		}
	}
	return w;
}

static void waiting_free(struct waiting *w)
{
	if (w) {
		descriptors_let_go(w->fds, _CONTROL_FD_MAX);
		free(w);
	}
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
	t->events.failed(w->request.serial, err, t->userdata);
	waiting_free(w);
}

static void drop_all(struct template *t, const struct nono_error *err)
{
	struct waiting *w;

	while ((w = queue_take(&t->waiting, NULL))) {
		drop(t, w, err);
	}
}

/* The template is gone, and with it a spare that had read a request and not said so: it says so
 * before it does anything, so what was sent and not answered never ran. Ask for it first. */
static void requeue(struct template *t)
{
	struct waiting *w;

	while ((w = queue_take(&t->waiting, NULL))) {
		queue_add(&t->sent, w);
	}
	t->waiting.first = t->sent.first;
	t->waiting.last = t->sent.first ? t->sent.last : &t->waiting.first;
	queue_init(&t->sent);
}

static void restart(struct template *t)
{
	struct nono_error err;

	forget(t);
	requeue(t);
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

	while (t->ready && !t->retiring && t->waiting.first) {
		struct waiting *w = t->waiting.first;
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
		queue_take(&t->waiting, NULL);
		if (n < 0) { /* ETOOMANYREFS: too many descriptors under way */
			error_errno(&err, (int)-n, "hand the session to the template");
			drop(t, w, &err);
			continue;
		}
		queue_add(&t->sent, w);
	}
	if (t->io) {
		bool full = t->ready && !t->retiring && t->waiting.first;
		loop_io_set(t->io, LOOP_READ | (full ? LOOP_WRITE : 0));
	}
}

static void on_failed(struct template *t, const struct control_event *e)
{
	struct waiting *w = queue_take(&t->sent, &e->serial);
	struct nono_error err;

	error_errno(&err, e->value, "fork a session");
	if (w) {
		drop(t, w, &err);
	}
}

static void on_died(struct template *t, const struct control_event *e)
{
	t->events.died(e->serial, e->pid, e->value, t->userdata);
	if (!WIFSIGNALED(e->value) || t->retiring) {
		return;
	}
	log_plain(LOG_WARNING, "a nono-session was ended by signal %d: new template",
		WTERMSIG(e->value));
	t->retiring = true;
	/* It was the spare, which may have taken a request with it: ask again, of another. */
	if (e->serial == 0 && t->sent.first && t->pid > 0) {
		kill(t->pid, SIGKILL);
	}
}

static void on_event(struct template *t, const struct control_event *e)
{
	switch ((enum control_event_type)e->type) {
	case CONTROL_READY:
		t->ready = true;
		break;
	case CONTROL_SPAWNED:
		waiting_free(queue_take(&t->sent, &e->serial));
		t->failures = 0;
		t->events.spawned(e->serial, e->pid, t->userdata);
		break;
	case CONTROL_FAILED:
		on_failed(t, e);
		break;
	case CONTROL_DIED:
		on_died(t, e);
		break;
	default:
		log_plain(LOG_ERR, "the template sent event %u", e->type);
		break;
	}
}

/* Reads what it said. False at its end. */
static bool read_events(struct template *t)
{
	for (;;) {
		struct control_event e;
		ssize_t n = recv(t->control_fd, &e, sizeof(e), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return true;
		}
		if (n != sizeof(e)) {
			return false;
		}
		on_event(t, &e);
	}
}

static void on_control(void *userdata, unsigned events)
{
	struct template *t = userdata;

	(void)events;
	if (!read_events(t)) {
		t->failures++; /* a session resets it */
		restart(t);
	} else if (t->retiring && !t->sent.first) {
		restart(t);
	} else {
		template_flush(t);
	}
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
	queue_init(&t->waiting);
	queue_init(&t->sent);
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
	requeue(t);
	while ((w = queue_take(&t->waiting, NULL))) {
		waiting_free(w);
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
			descriptors_let_go(fds, _CONTROL_FD_MAX);
			return r;
		}
	}
	if (!w) {
		descriptors_let_go(fds, _CONTROL_FD_MAX);
		return error_oom(err);
	}
	w->request = *request;
	memcpy(w->fds, fds, sizeof(w->fds));
	memset(fds, 0xff, sizeof(w->fds)); /* -1 each: they are ours now */
	queue_add(&t->waiting, w);
	return 0;
}

void template_expect(struct template *t, int base_fd)
{
	const struct control_spawn request = { 0 };

	if (t->ready && !t->retiring && !t->waiting.first) {
		fd_send(t->control_fd, &request, sizeof(request), &base_fd, 1, MSG_DONTWAIT);
	}
}

bool template_reaped(struct template *t, pid_t pid, int wait_status)
{
	if (pid == t->pid) {
		log_plain(LOG_WARNING, "the template ended (wait status %d)", wait_status);
		t->pid = 0;
		/* Its last words. A spare that becomes a session after this cannot say so, and then
		 * does not become one. */
		shutdown(t->control_fd, SHUT_RD);
		read_events(t);
		t->failures++;
		restart(t);
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
