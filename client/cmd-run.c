/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono run: from the command line to a running session. Nothing here decides what is allowed; the
 * request goes to nonod and what is granted is opened by nono-session.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/environment.h"
#include "client/relay.h"
#include "client/request.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "proto/launch.h"

enum run_fd {
	FD_LAUNCH,
	FD_CWD,
	FD_STDIN,
	FD_STDOUT,
	FD_STDERR,
	FD_CHANNEL,
	FD_TERMINAL,
	_FD_MAX,
};

struct run {
	const struct arguments *a;
	struct connection connection;
	struct workdir workdir;
	struct tty tty;
	int launch_fd, channel_fd, session_channel_fd, signal_fd;
	bool stdin_is_tty, stdout_is_tty, foreground;
};

static void run_deinit(struct run *r)
{
	connection_close(&r->connection);
	workdir_deinit(&r->workdir);
	tty_close(&r->tty);
	close_fd(&r->launch_fd);
	close_fd(&r->channel_fd);
	close_fd(&r->session_channel_fd);
	close_fd(&r->signal_fd);
}

static int make_launch(struct run *r, struct nono_error *err)
{
	const struct arguments *a = r->a;
	_cleanup_(environment_deinit) struct environment e = { 0 };
	int n = environment_build(
		&e, environ, a->env.items, a->env.n, a->workdir ? r->workdir.path : NULL, err);

	if (n < 0) {
		return n;
	}
	if (e.dropped && a->verbose > 0) {
		say("not passed to the command: %.*s", (int)strcspn(e.dropped, "="), e.dropped);
	}
	r->launch_fd = launch_create(a->operands, e.vector, err);
	return r->launch_fd < 0 ? r->launch_fd : 0;
}

static int prepare(struct run *r, struct nono_error *err)
{
	int pair[2], n = make_launch(r, err);

	if (n < 0) {
		return n;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return error_errno(err, errno, "create the session's channel");
	}
	r->channel_fd = pair[0];
	r->session_channel_fd = pair[1];
	tty_open(&r->tty);
	if (r->tty.fd >= 0) {
		r->stdin_is_tty = tty_is(&r->tty, STDIN_FILENO);
		r->stdout_is_tty = tty_is(&r->tty, STDOUT_FILENO);
		r->foreground = r->stdin_is_tty && r->stdout_is_tty && tty_in_foreground(&r->tty);
	}
	return 0;
}

/* Shows what Run would allow: as the result, or as talk before the command's own output. The text
 * is nonod's, made for a terminal. */
static int show_plan(struct run *r, bool is_result, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf parameters = { .limit = VL_CLIENT_MESSAGE_MAX };
	_cleanup_free_ char *summary = NULL;
	struct vl_reply reply;
	int n = request_parameters(
		&parameters, r->a, &r->workdir, &(struct request_form){ 0 }, err);

	if (n == 0) {
		n = command_ask(&r->connection,
			&(struct call){ .method = "io.nono.Session.Plan",
				.parameters = parameters.data,
				.timeout_ms = CALL_TIMEOUT_MS,
				.may_be_private = true,
				.verbose = r->a->verbose > 0 },
			&reply, err);
	}
	if (n < 0) {
		return n;
	}
	if (is_result && r->a->json) {
		return command_print_json(&reply);
	}
	n = json_dup_string(
		json_member(json_member(reply.parameters, "policy"), "summary"), &summary);
	if (n < 0) {
		return error_set(err, NONO_SYSTEM, EBADMSG, "nonod's answer has no summary");
	}
	if (is_result) {
		struct buf text = { .data = summary, .len = strlen(summary) };
		return say_result(&text);
	}
	n = fd_write_full(STDERR_FILENO, summary, strlen(summary));
	return n < 0 ? error_errno(err, -n, "write to standard error") : 0;
}

static int request(struct run *r, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf parameters = { .limit = VL_CLIENT_MESSAGE_MAX };
	int fds[_FD_MAX] = { r->launch_fd, r->workdir.fd, STDIN_FILENO, STDOUT_FILENO,
		STDERR_FILENO, r->session_channel_fd, r->tty.fd };
	size_t n_fds = r->tty.fd >= 0 ? _FD_MAX : FD_TERMINAL;
	struct vl_reply reply;
	int n = request_parameters(&parameters, r->a, &r->workdir,
		&(struct request_form){ .foreground = r->foreground, .n_fds = n_fds }, err);

	if (n < 0) {
		return n;
	}
	r->signal_fd = relay_watch_signals();
	if (r->signal_fd < 0) {
		return error_errno(err, -r->signal_fd, "watch for signals");
	}
	return command_ask(&r->connection,
		&(struct call){ .method = "io.nono.Session.Run",
			.parameters = parameters.data,
			.fds = fds,
			.n_fds = n_fds,
			.timeout_ms = CALL_TIMEOUT_MS,
			.may_be_private = true,
			.verbose = r->a->verbose > 0 },
		&reply, err);
}

/* Lets go of what the command has now, so that its readers and writers see what it does with its
 * ends and not what we hold. */
static void release(struct run *r)
{
	close_fd(&r->session_channel_fd);
	close_fd(&r->launch_fd);
	close_fd(&r->workdir.fd);
	if (!r->stdin_is_tty) {
		close(STDIN_FILENO);
	}
	if (!r->stdout_is_tty) {
		close(STDOUT_FILENO);
	}
}

int command_run(const struct arguments *a)
{
	_cleanup_(run_deinit) struct run r = { .a = a,
		.connection = { .errors_fd = -1 },
		.workdir = { .fd = -1 },
		.tty = { .fd = -1 },
		.launch_fd = -1,
		.channel_fd = -1,
		.session_channel_fd = -1,
		.signal_fd = -1 };
	struct nono_error err = { 0 };
	int n = workdir_open(&r.workdir, a, &err);

	if (n == 0 && !a->dry_run) {
		n = prepare(&r, &err);
	}
	/* As late as can be: nonod wakes up once, for the connection and the request. */
	if (n == 0) {
		n = connection_open(&r.connection, true, &err);
	}
	if (n == 0 && a->dry_run) {
		n = show_plan(&r, true, &err);
		return n < 0 ? command_fail(&err) : n;
	}
	if (n == 0 && a->verbose > 0 && !a->silent) {
		n = show_plan(&r, false, &err);
	}
	if (n == 0) {
		n = request(&r, &err);
	}
	if (n < 0) {
		relay_release_signals(); /* the end, when one of them is why */
		return command_fail(&err);
	}
	release(&r);
	return relay_run(&(struct relay_setup){ .channel_fd = r.channel_fd,
		.signal_fd = take_fd(&r.signal_fd),
		.tty = &r.tty,
		.stdout_is_tty = r.stdout_is_tty,
		.foreground = r.foreground });
}
