/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connect.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/say.h"
#include "client/start.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "proto/runtime.h"

/* Of two starters the slower one's nonod leaves at once, possibly before the other's listens. */
#define START_TRIES      4
#define CONNECT_TRIES    50 /* each */
#define CONNECT_PAUSE_NS 10000000L

#define SLICE_MS  200
#define DOOMED_MS 1000 /* how long a signal may wait for a reply */

static int adopt(struct connection *ret, int *fd, struct nono_error *err)
{
	if (vl_client_adopt(&ret->client, *fd) < 0) {
		return error_oom(err);
	}
	take_fd(fd);
	return 0;
}

/* The last line nonod said, behind the message that is there. */
static void append_reason(int errors_fd, struct nono_error *err)
{
	char text[2048], *line;
	ssize_t n = errors_fd >= 0 ? read(errors_fd, text, sizeof(text) - 1) : 0;

	while (n > 0 && text[n - 1] == '\n') {
		n--;
	}
	if (n <= 0) {
		return;
	}
	text[n] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (line[0] == '<' && line[1] && line[2] == '>') {
		line += 3; /* syslog's priority */
	}
	n = (ssize_t)strlen(err->message);
	snprintf(err->message + n, sizeof(err->message) - (size_t)n, ": %.*s",
		(int)(sizeof(err->message) - (size_t)n), line);
}

static bool nobody_listens(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED;
}

static int start_and_connect(const struct runtime_dir *dir, uid_t uid, struct nono_error *err)
{
	const struct timespec pause = { .tv_nsec = CONNECT_PAUSE_NS };
	_cleanup_close_ int errors_fd = -1;
	int r;

	if (start_by_service_manager(getenv("XDG_RUNTIME_DIR"))) {
		r = runtime_connect(dir, uid, err);
		if (!nobody_listens(r)) {
			return r;
		}
	}
	/* Again, because ours gives way to another that answers, and that one may be just leaving.
	 */
	for (int i = 0; i < START_TRIES; i++) {
		close_fd(&errors_fd);
		r = start_on_demand(&errors_fd, err);
		if (r < 0) {
			return r;
		}
		for (int j = 0; j < CONNECT_TRIES; j++) {
			r = runtime_connect(dir, uid, err);
			if (!nobody_listens(r)) {
				return r;
			}
			nanosleep(&pause, NULL);
		}
	}
	error_set(err, NONO_SYSTEM, -r, "cannot start the supervisor");
	append_reason(errors_fd, err);
	return r;
}

int connection_open(struct connection *ret, bool start, struct nono_error *err)
{
	_cleanup_(runtime_dir_deinit) struct runtime_dir dir = { .fd = -1 };
	_cleanup_close_ int fd = -1;
	uid_t uid = geteuid();
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	int r = runtime_dir_open(&dir, xdg, uid, false, err);

	if (r == -ENOENT && start) {
		r = runtime_dir_open(&dir, xdg, uid, true, err);
	}
	if (r < 0) {
		return r;
	}
	fd = runtime_connect(&dir, uid, err);
	if (start && nobody_listens(fd)) {
		fd = start_and_connect(&dir, uid, err);
	}
	if (fd < 0) {
		return fd;
	}
	*ret = (struct connection){ .errors_fd = -1 };
	return adopt(ret, &fd, err);
}

int connection_open_private(struct connection *ret, struct nono_error *err)
{
	_cleanup_(connection_close) struct connection c = { .is_private = true, .errors_fd = -1 };
	_cleanup_close_ int ours = -1, theirs = -1;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		return error_errno(err, errno, "create a socket");
	}
	ours = pair[0];
	theirs = pair[1];
	r = start_private(theirs, &c.errors_fd, err);
	if (r == 0) {
		r = adopt(&c, &ours, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = c;
	c = (struct connection){ .errors_fd = -1 };
	return 0;
}

void connection_close(struct connection *c)
{
	c->client = vl_client_free(c->client);
	close_fd(&c->errors_fd);
}

/* The text of a reply's parameter, or NULL. */
static const char *parameter(const struct vl_reply *reply, const char *name, char *p, size_t size)
{
	ssize_t n = json_get_string(json_member(reply->parameters, name), p, size);

	return n > 0 ? p : NULL;
}

/* True when a signal that ends us waits for being unblocked. */
static bool is_doomed(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
		       sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT));
}

/* `nono run` blocks signals before its call, because the command may run before the reply is here;
 * a nonod that hangs must not make it deaf. */
static int wait_reply(
	struct connection *c, int timeout_ms, struct vl_reply *ret, struct nono_error *err)
{
	struct pollfd p = { .fd = vl_client_fd(c->client), .events = POLLIN };
	int waited_ms = 0, doomed_ms = 0;

	while (waited_ms < timeout_ms) {
		if (poll(&p, 1, SLICE_MS) > 0) {
			int r = vl_client_process(c->client, ret, err);
			if (r != 0) {
				return r < 0 ? r : 0;
			}
			continue;
		}
		waited_ms += SLICE_MS;
		doomed_ms += is_doomed() ? SLICE_MS : 0;
		if (doomed_ms >= DOOMED_MS) {
			return error_set(err, NONO_SYSTEM, EINTR, "interrupted");
		}
	}
	return error_set(err, NONO_TIMEOUT, ETIMEDOUT, "no answer in time");
}

static int call_once(
	struct connection *c, const struct call *call, struct vl_reply *ret, struct nono_error *err)
{
	int r = vl_client_send(c->client, call->method, 0, call->parameters, call->fds, call->n_fds,
		call->timeout_ms, err);

	if (r == 0) {
		r = wait_reply(c, call->timeout_ms, ret, err);
	}
	if (r < 0) {
		error_wrap(err, "talking to nonod");
		append_reason(c->errors_fd, err);
	}
	return r;
}

int connection_call(
	struct connection *c, const struct call *call, struct vl_reply *ret, struct nono_error *err)
{
	struct connection own = { .errors_fd = -1 };
	char text[400];
	int r = call_once(c, call, ret, err);

	if (r < 0 || c->is_private || !call->may_be_private || !ret->error ||
		!str_equal(ret->error, "io.nono.Manager.ContextMismatch")) {
		return r;
	}
	if (call->verbose) {
		say("the running supervisor cannot be used (%s): starting a private one",
			parameter(ret, "message", text, sizeof(text)) ? text : "it differs");
	}
	r = connection_open_private(&own, err);
	if (r < 0) {
		return r;
	}
	connection_close(c);
	*c = own;
	return call_once(c, call, ret, err);
}

void connection_explain(const struct vl_reply *reply, struct nono_error *err)
{
	char text[400], hint[400];
	const char *interface = str_after(reply->error, "io.nono.");

	if (interface && parameter(reply, "message", text, sizeof(text))) {
		bool has_hint = parameter(reply, "hint", hint, sizeof(hint));
		error_set(err, NONO_REFUSED, 0, "%s%s%s%s", text, has_hint ? " (" : "",
			has_hint ? hint : "", has_hint ? ")" : "");
	} else if (parameter(reply, "session", text, sizeof(text))) {
		error_set(err, NONO_NOT_FOUND, 0,
			str_equal(reply->error, "io.nono.Session.AmbiguousSession")
				? "more than one session is called '%s'"
				: "there is no session '%s'",
			text);
	} else if (parameter(reply, "parameter", text, sizeof(text))) {
		error_set(err, NONO_INVALID, 0, "nonod does not accept '%s'", text);
	} else {
		error_set(err, NONO_SYSTEM, 0, "nonod answered %s", reply->error);
	}
}
