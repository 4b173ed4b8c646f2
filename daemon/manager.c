/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/manager.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/api.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/reap.h"
#include "daemon/rulebook.h"
#include "daemon/serve.h"
#include "daemon/session.h"
#include "daemon/template.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

static void on_term(void *userdata)
{
	struct manager *m = userdata;

	log_plain(LOG_INFO, "told to leave; sessions go on");
	loop_quit(m->loop);
}

static void on_child(void *userdata)
{
	reap_children(userdata);
}

static bool is_idle(const struct manager *m)
{
	return m->n_clients == 0 && registry_n_alive(m->registry) == 0;
}

static void on_idle(void *userdata)
{
	struct manager *m = userdata;

	m->idle = false;
	if (is_idle(m) && !serve_is_wanted(m->serve) &&
		(!m->config.withdraw || m->config.withdraw(m->config.userdata))) {
		loop_quit(m->loop);
	} else {
		manager_check_idle(m);
	}
}

static void tell_status(struct manager *m, bool busy)
{
	if (busy != m->busy_said) {
		m->busy_said = busy;
		sd_notify(0, busy ? "STATUS=Looking after sessions" : "STATUS=Waiting for clients");
	}
}

void manager_check_idle(struct manager *m)
{
	bool idle = is_idle(m);

	tell_status(m, registry_n_alive(m->registry) > 0);
	if (m->config.keep || idle == m->idle) {
		return;
	}
	m->idle = idle;
	if (idle) {
		loop_timer_set(m->idle_timer, m->config.idle_usec);
	} else {
		loop_timer_disarm(m->idle_timer);
	}
}

static void on_watchdog(void *userdata)
{
	struct manager *m = userdata;

	sd_notify(0, "WATCHDOG=1");
	loop_timer_set(m->watchdog_timer, m->watchdog_usec / 2);
}

static void on_spawned(uint64_t serial, pid_t pid, void *userdata)
{
	struct manager *m = userdata;
	struct session *s = registry_by_serial(m->registry, serial);

	if (s) {
		session_on_spawned(s, pid);
	}
}

static void on_spawn_failed(uint64_t serial, const struct nono_error *err, void *userdata)
{
	struct manager *m = userdata;
	struct session *s = registry_by_serial(m->registry, serial);

	if (s) {
		session_on_spawn_failed(s, err);
	}
}

/* The link says what became of the session; this says that its process was collected. */
static void on_died(uint64_t serial, pid_t pid, int wait_status, void *userdata)
{
	(void)serial;
	(void)pid;
	if (wait_status != 0) {
		reap_leftovers(userdata);
	}
}

static int read_self(struct manager *m, struct nono_error *err)
{
	_cleanup_close_ int proc_fd = proc_open(getpid());
	int r;

	if (proc_fd < 0) {
		return error_errno(err, -proc_fd, "open /proc (is it mounted?)");
	}
	r = access_init(&m->access, err);
	if (r < 0) {
		return r;
	}
	r = context_read(&m->context, getpid(), proc_fd, NULL, NULL, err);
	if (r < 0) {
		return r;
	}
	return context_read_caller(&m->limits, getpid(), proc_fd, &m->context.status, false, err);
}

static int prepare_policy(struct manager *m, struct nono_error *err)
{
	_cleanup_free_ char *session = strdup(m->config.session_program);
	char own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	const char *dirs[] = { NONO_BINDIR, NONO_LIBEXECDIR, NULL, NULL, NULL };
	int r;

	if (!session) {
		return error_oom(err);
	}
	dirs[2] = dirname(session);
	if (n > 0) {
		own[n] = '\0';
		dirs[3] = dirname(own);
	}
	r = places_init(&m->places, m->access.uid, getenv, m->config.runtime_path, err);
	if (r < 0) {
		return r;
	}
	r = never_new(&m->never, &m->places, dirs, err);
	if (r < 0) {
		return r;
	}
	return never_add_canonical(m->never, err);
}

static int prepare_server(struct manager *m, struct nono_error *err)
{
	struct vl_server_config config = {
		.vendor = "nono", .product = "nonod", .version = nono_version(), .url = ""
	};
	int r;

	serve_configure(&config, m);
	r = vl_server_new(&m->server, &config, err);
	if (r < 0) {
		return r;
	}
	r = vl_server_add_embedded(m->server, "io.nono.Manager", api_manager_methods, m, err);
	if (r < 0) {
		return r;
	}
	return vl_server_add_embedded(m->server, "io.nono.Session", api_session_methods, m, err);
}

static int prepare_loop(struct manager *m, struct nono_error *err)
{
	static const struct template_events events = {
		.spawned = on_spawned, .failed = on_spawn_failed, .died = on_died
	};
	int r;

	r = loop_new(&m->loop, err);
	if (r == 0) {
		r = loop_signal_new(&m->on_term, m->loop, SIGTERM, on_term, m, err);
	}
	if (r == 0) {
		r = loop_signal_new(&m->on_int, m->loop, SIGINT, on_term, m, err);
	}
	if (r == 0) {
		r = loop_signal_new(&m->on_child, m->loop, SIGCHLD, on_child, m, err);
	}
	if (r == 0) {
		r = loop_timer_new(&m->idle_timer, m->loop, on_idle, m, err);
	}
	if (r == 0) {
		r = loop_timer_new(&m->watchdog_timer, m->loop, on_watchdog, m, err);
	}
	if (r == 0) { /* early: it starts while the rest is prepared */
		r = template_new(&m->template, m->loop, m->config.session_program, &events, m, err);
	}
	return r;
}

int manager_new(struct manager **ret, const struct manager_config *config, struct nono_error *err)
{
	_cleanup_(manager_freep) struct manager *m = calloc(1, sizeof(*m));
	int r;

	if (!m) {
		return error_oom(err);
	}
	m->config = *config;
	m->caller.proc_fd = -1;
	r = read_self(m, err);
	if (r < 0) {
		return r;
	}
	if (registry_new(&m->registry) < 0) {
		return error_oom(err);
	}
	r = prepare_loop(m, err);
	if (r < 0) {
		return r;
	}
	r = prepare_policy(m, err);
	if (r < 0) {
		return r;
	}
	r = prepare_server(m, err);
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(m);
	return 0;
}

void manager_free(struct manager *m)
{
	/* Connections first: their calls may wait for sessions. */
	vl_server_free(m->server);
	serve_free(m->serve);
	registry_free(m->registry);
	template_free(m->template);
	loop_timer_free(m->idle_timer);
	loop_timer_free(m->watchdog_timer);
	loop_signal_free(m->on_term);
	loop_signal_free(m->on_int);
	loop_signal_free(m->on_child);
	loop_free(m->loop);
	close_fd(&m->caller.proc_fd);
	never_free(m->never);
	places_deinit(&m->places);
	access_deinit(&m->access);
	rulebook_unref(m->rulebook);
	nono_support_info_free(m->support);
	for (size_t i = 0; i < _FILTER_FOR_MAX; i++) {
		free(m->filters[0][0][i]);
		free(m->filters[0][1][i]);
		free(m->filters[1][0][i]);
		free(m->filters[1][1][i]);
	}
	free(m);
}

int manager_run(struct manager *m, int listen_fd, int connection_fd, struct nono_error *err)
{
	int r = serve_new(&m->serve, m, listen_fd, err);

	if (r == 0 && connection_fd >= 0) {
		r = serve_add(m->serve, connection_fd, err);
		connection_fd = -1;
	}
	if (r < 0) {
		if (connection_fd >= 0) {
			close(connection_fd);
		}
		return r;
	}
	if (sd_watchdog_enabled(0, &m->watchdog_usec) > 0) {
		on_watchdog(m);
	}
	manager_check_idle(m);
	sd_notify(0, "READY=1\nSTATUS=Waiting for clients");
	r = loop_run(m->loop);
	sd_notify(0, "STOPPING=1\nSTATUS=Leaving");
	return r < 0 ? error_errno(err, -r, "event loop") : 0;
}
