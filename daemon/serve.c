/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/access.h"
#include "daemon/api.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/manager.h"
#include "daemon/rulebook.h"
#include "daemon/template.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/error.h"
#include "proto/server.h"

#define CLIENTS_MAX       4096
#define ACCEPT_BATCH      16 /* connections taken before others are served again */
#define ACCEPT_PAUSE_USEC 1000000

struct serve {
	struct manager *manager;
	int listen_fd;
	struct loop_io *listen_io;
	struct loop_timer *resume; /* ends a pause */
	bool paused;
};

/* A connection's place on the loop. */
struct client {
	struct vl_conn *conn;
	struct manager *manager;
	struct loop_io *io;
	struct loop_timer *deadline; /* NULL until the first one */
	bool admitted;               /* not from inside */
};

static void client_process(struct client *c);
static void start_accepting(struct serve *s);

static void on_client(void *userdata, unsigned events)
{
	(void)events;
	client_process(userdata);
}

static void on_deadline(void *userdata)
{
	client_process(userdata);
}

static int client_set_deadline(struct client *c, uint64_t deadline)
{
	uint64_t now;

	if (deadline == UINT64_MAX) {
		if (c->deadline) {
			loop_timer_disarm(c->deadline);
		}
		return 0;
	}
	if (!c->deadline &&
		loop_timer_new(&c->deadline, c->manager->loop, on_deadline, c, NULL) < 0) {
		return -ENOMEM;
	}
	now = clock_usec();
	return loop_timer_set(c->deadline, deadline > now ? deadline - now : 0);
}

static void client_rearm(struct client *c)
{
	short wanted = vl_conn_events(c->conn);
	unsigned events = 0;

	events |= wanted & POLLIN ? LOOP_READ : 0;
	events |= wanted & POLLOUT ? LOOP_WRITE : 0;
	events |= wanted & POLLRDHUP ? LOOP_HANGUP : 0;
	if (loop_io_set(c->io, events) < 0 ||
		client_set_deadline(c, vl_conn_deadline(c->conn)) < 0) {
		log_plain(LOG_ERR, "out of memory: a client is not listened to any more");
		vl_conn_close(c->conn);
	}
}

static void client_process(struct client *c)
{
	if (vl_conn_process(c->conn) == 0) {
		client_rearm(c);
	}
}

static void on_rearm(struct vl_conn *conn, void *userdata)
{
	struct client *c = vl_conn_userdata(conn);

	(void)userdata;
	if (c && c->io) {
		client_rearm(c);
	}
}

static void on_disconnected(struct vl_conn *conn, void *userdata)
{
	struct client *c = vl_conn_userdata(conn);
	struct manager *m = userdata;

	if (!c) {
		return;
	}
	loop_io_free(c->io);
	loop_timer_free(c->deadline);
	free(c);
	m->n_clients--;
	if (m->serve && m->serve->paused) {
		start_accepting(m->serve);
	}
	manager_check_idle(m);
}

/* Once per connection, at its first call: who connected keeps it. */
static int on_authorize(struct vl_call *call, const struct vl_method *method, void *userdata)
{
	struct manager *m = userdata;
	struct client *c = vl_conn_userdata(vl_call_conn(call));
	const struct peer *peer = vl_call_peer(call);
	struct nono_error err;
	int r;

	(void)method;
	m->caller.call = NULL;
	close_fd(&m->caller.proc_fd);
	if (c->admitted) {
		return 0;
	}
	if (peer->pid <= 0) { /* from a pid namespace that is not below ours */
		return api_context_mismatch(call, "pid namespace");
	}
	r = access_check(&m->access, peer, &m->caller.proc_fd, &m->caller.status, &err);
	if (r < 0) {
		log_write(&(struct log_fields){ .method = vl_call_method(call),
				  .peer_pid = peer->pid,
				  .errnum = err.errnum },
			LOG_WARNING, "refused a client: %s", err.message);
		return vl_call_error_message(
			call, "io.nono.Manager.AccessDenied", "%s", err.message);
	}
	c->admitted = true;
	m->caller.call = call;
	return 0;
}

static void start_accepting(struct serve *s)
{
	s->paused = false;
	loop_timer_disarm(s->resume);
	loop_io_set(s->listen_io, LOOP_READ);
}

static void on_resume(void *userdata)
{
	start_accepting(userdata);
}

static void pause_accepting(struct serve *s, int errnum)
{
	log_write(&(struct log_fields){ .errnum = errnum }, LOG_WARNING,
		"cannot accept a client: %s; waiting", strerror(errnum));
	s->paused = true;
	loop_io_set(s->listen_io, 0);
	loop_timer_set(s->resume, ACCEPT_PAUSE_USEC);
}

static void on_listen(void *userdata, unsigned events)
{
	struct serve *s = userdata;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
				errno == ENOMEM) {
				pause_accepting(s, errno);
			}
			return; /* EAGAIN, or a client that left again */
		}
		if (s->manager->rulebook) {
			template_expect(s->manager->template, s->manager->rulebook->base_fd);
		}
		serve_add(s, fd, NULL);
	}
}

void serve_configure(struct vl_server_config *config, struct manager *m)
{
	config->limits.conns_max = CLIENTS_MAX;
	config->limits.conns_uid_max = CLIENTS_MAX;
	config->rearm = on_rearm;
	config->disconnected = on_disconnected;
	config->authorize = on_authorize;
	config->userdata = m;
}

/* A limit is reached: the answer to whatever the client is going to ask. */
static void turn_away(int fd)
{
	static const char reply[] =
		"{\"error\":\"io.nono.Manager.LimitReached\",\"parameters\":{\"limit\":"
		"\"connections\",\"message\":\"nonod has too many clients\"}}";

	send(fd, reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
}

int serve_add(struct serve *s, int fd, struct nono_error *err)
{
	struct manager *m = s->manager;
	struct client *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close(fd);
		return error_oom(err);
	}
	c->manager = m;
	r = vl_server_add_connection(m->server, fd, &c->conn, err);
	if (r < 0) {
		turn_away(fd);
		close(fd);
		free(c);
		return r;
	}
	m->n_clients++;
	vl_conn_set_userdata(c->conn, c);
	r = loop_io_new(&c->io, m->loop, fd, LOOP_READ, on_client, c, err);
	if (r < 0) {
		vl_conn_close(c->conn);
		vl_conn_process(c->conn);
		return r;
	}
	manager_check_idle(m);
	client_process(c); /* what it asks is often there already */
	return 0;
}

int serve_new(struct serve **ret, struct manager *m, int listen_fd, struct nono_error *err)
{
	struct serve *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		if (listen_fd >= 0) {
			close(listen_fd);
		}
		return error_oom(err);
	}
	s->manager = m;
	s->listen_fd = listen_fd;
	r = loop_timer_new(&s->resume, m->loop, on_resume, s, err);
	if (r == 0 && listen_fd >= 0) {
		r = loop_io_new(&s->listen_io, m->loop, listen_fd, LOOP_READ, on_listen, s, err);
	}
	if (r < 0) {
		serve_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void serve_free(struct serve *s)
{
	if (s) {
		loop_io_free(s->listen_io);
		loop_timer_free(s->resume);
		close_fd(&s->listen_fd);
		free(s);
	}
}

bool serve_is_wanted(const struct serve *s)
{
	struct pollfd p = { .fd = s->listen_fd, .events = POLLIN };

	return s->listen_fd >= 0 && poll(&p, 1, 0) > 0;
}
