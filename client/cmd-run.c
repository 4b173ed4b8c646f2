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

#include "client/before.h"
#include "client/commands.h"
#include "client/documents.h"
#include "client/environment.h"
#include "client/footer.h"
#include "client/relay.h"
#include "client/request.h"
#include "client/say.h"
#include "client/summary.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
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
	struct arguments a; /* the command line, and what the user answered; borrows from it */
	struct connection connection;
	struct workdir workdir;
	struct user_documents documents;
	struct tty tty;
	int launch_fd, channel_fd, session_channel_fd, signal_fd;
	bool stdin_is_tty, stdout_is_tty, foreground;
	bool is_said; /* why it is refused, in a form of its own */
	char session[64];
	struct buf summary; /* for the terminal, when the command has started */
};

static void run_deinit(struct run *r)
{
	connection_close(&r->connection);
	workdir_deinit(&r->workdir);
	user_documents_deinit(&r->documents);
	tty_close(&r->tty);
	close_fd(&r->launch_fd);
	close_fd(&r->channel_fd);
	close_fd(&r->session_channel_fd);
	close_fd(&r->signal_fd);
	buf_deinit(&r->summary);
}

static int make_launch(struct run *r, struct nono_error *err)
{
	const struct arguments *a = &r->a;
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

/* Says a refusal that has a form of its own; true when it did. */
static bool say_blocked(const struct vl_reply *reply)
{
	_cleanup_free_ char *message = NULL;
	const char *command;

	if (json_dup_string(json_member(reply->parameters, "message"), &message) < 0 ||
		!(command = str_after(message, "blocked command: "))) {
		return false;
	}
	say("%s", message);
	/* Without a hint an administrator blocks it, and no option helps. */
	if (json_kind(json_member(reply->parameters, "hint")) == JSON_STRING) {
		say("to start it all the same: --allow-command %s", command);
	}
	return true;
}

/* One call with the request as it is now, repeated with the documents nonod asks for. fds and n_fds
 * are Run's. 0, or -errno with err set, unless is_said: then nothing is left to say. */
static int call(struct run *r, const char *method, const struct request_form *form, const int *fds,
	struct vl_reply *reply, struct nono_error *err)
{
	for (int round = 0; round < DOCUMENT_ROUNDS; round++) {
		_cleanup_(buf_deinit) struct buf parameters = { .limit = VL_CLIENT_MESSAGE_MAX };
		int n = request_parameters(&parameters, &r->a, &r->workdir, form, err);
		if (n == 0) {
			n = connection_call(&r->connection,
				&(struct call){ .method = method,
					.parameters = parameters.data,
					.fds = fds,
					.n_fds = form->n_fds,
					.timeout_ms = CALL_TIMEOUT_MS,
					.may_be_private = true,
					.verbose = r->a.verbose > 0 },
				reply, err);
		}
		if (n < 0 || !reply->error) {
			return n;
		}
		if (!str_equal(reply->error, "io.nono.Session.DocumentsNeeded")) {
			r->is_said = say_blocked(reply);
			connection_explain(reply, err);
			return -EPERM;
		}
		n = user_documents_add_needed(&r->documents, reply->parameters, err);
		if (n < 0) {
			return n;
		}
	}
	return error_set(err, NONO_LIMIT, E2BIG, "profiles refer to each other without an end");
}

/* What Run would do. The reply's policy lives until the next call. */
static int plan(struct run *r, struct vl_reply *reply, struct nono_error *err)
{
	return call(r, "io.nono.Session.Plan",
		&(struct request_form){
			.documents = &r->documents.files, .places = &r->documents.places },
		NULL, reply, err);
}

static int dry_run(struct run *r, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = VL_CLIENT_MESSAGE_MAX };
	struct json_span policy;
	struct vl_reply reply;
	int n = plan(r, &reply, err);

	if (n < 0) {
		return n;
	}
	policy = json_member(reply.parameters, "policy");
	before_warnings(&r->a, policy);
	if (r->a.json) {
		return command_print_json(&reply);
	}
	summary_append(&b, policy, r->a.verbose > 0);
	summary_append_dry_run(&b, policy, r->a.operands);
	return say_result(&b);
}

/* The profile wants the working directory, and nobody has said whether it may. */
static int settle_workdir(
	struct run *r, struct json_span policy, bool *ret_changed, struct nono_error *err)
{
	*ret_changed = false;
	if (!before_wants_workdir(&r->a, policy)) {
		return 0;
	}
	if (r->a.silent) {
		return error_set(err, NONO_REFUSED, EPERM,
			"CWD access requires --allow-cwd in non-interactive mode");
	}
	if (!isatty(STDIN_FILENO) || r->tty.fd < 0 || !r->workdir.path) {
		say("Skipping CWD prompt (non-interactive). Use --allow-cwd to include working "
		    "directory.");
	} else if (before_ask_workdir(&r->tty, r->workdir.path, policy)) {
		r->a.allow_cwd = *ret_changed = true;
	}
	return 0;
}

/* What has to be known before the command starts, when that is more than its start tells. */
static int look_ahead(struct run *r, struct nono_error *err)
{
	bool changed = false, has_profile = r->a.profile || r->documents.files.n > 0;
	struct json_span policy;
	struct vl_reply reply;
	int n;

	if ((r->a.verbose == 0 || r->a.silent) && (!has_profile || r->a.allow_cwd)) {
		return 0;
	}
	n = plan(r, &reply, err);
	policy = n < 0 ? (struct json_span){ 0 } : json_member(reply.parameters, "policy");
	if (n == 0) {
		n = settle_workdir(r, policy, &changed, err);
	}
	if (n == 0 && changed && r->a.verbose > 0) {
		n = plan(r, &reply, err);
		policy = n < 0 ? policy : json_member(reply.parameters, "policy");
	}
	if (n == 0 && r->a.verbose > 0 && !r->a.silent) {
		n = before_summary(policy, err);
	}
	return n;
}

static int request(struct run *r, struct nono_error *err)
{
	int fds[_FD_MAX] = { r->launch_fd, r->workdir.fd, STDIN_FILENO, STDOUT_FILENO,
		STDERR_FILENO, r->session_channel_fd, r->tty.fd };
	struct request_form form = {
		.documents = &r->documents.files,
		.places = &r->documents.places,
		.foreground = r->foreground,
		.n_fds = r->tty.fd >= 0 ? _FD_MAX : FD_TERMINAL,
	};
	bool wants_summary = !r->a.silent && r->a.verbose == 0 && r->tty.fd >= 0 &&
			     tty_is(&r->tty, STDERR_FILENO);
	struct json_span policy;
	struct vl_reply reply;
	int n;

	form.want_policy = !r->a.silent && (r->a.profile || r->documents.files.n > 0);
	r->signal_fd = relay_watch_signals();
	if (r->signal_fd < 0) {
		return error_errno(err, -r->signal_fd, "watch for signals");
	}
	n = call(r, "io.nono.Session.Run", &form, fds, &reply, err);
	if (n < 0) {
		return n;
	}
	json_get_string(json_member(reply.parameters, "sessionId"), r->session, sizeof(r->session));
	policy = json_member(reply.parameters, "policy");
	before_warnings(&r->a, policy);
	before_secrets(&r->a, policy, environ);
	if (wants_summary) {
		before_summary_short(&r->summary, &r->a, &r->workdir, policy);
	}
	return 0;
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

static int relay(struct run *r)
{
	struct relay_end end = { 0 };
	int exit_status = relay_run(&(struct relay_setup){ .channel_fd = r->channel_fd,
		.signal_fd = take_fd(&r->signal_fd),
		.tty = &r->tty,
		.stdout_is_tty = r->stdout_is_tty,
		.foreground = r->foreground,
		.first = buf_error(&r->summary) == 0 ? &r->summary : NULL,
		.end = footer_is_wanted(&r->a) ? &end : NULL });

	if (footer_is_wanted(&r->a)) {
		footer_print(&(struct footer){ .a = &r->a,
			.workdir = &r->workdir,
			.connection = &r->connection,
			.session = r->session,
			.end = &end,
			.exit_status = exit_status });
	}
	return exit_status;
}

int command_run(const struct arguments *a)
{
	_cleanup_(run_deinit) struct run r = { .a = *a,
		.connection = { .errors_fd = -1 },
		.workdir = { .fd = -1 },
		.tty = { .fd = -1 },
		.launch_fd = -1,
		.channel_fd = -1,
		.session_channel_fd = -1,
		.signal_fd = -1 };
	struct nono_error err = { 0 };
	int n = workdir_open(&r.workdir, a, &err);

	if (n == 0) {
		n = user_documents_read(&r.documents, a, &r.workdir, &err);
	}
	if (n == 0) {
		before_hint(a);
		n = a->dry_run ? 0 : prepare(&r, &err);
	}
	/* As late as can be: nonod wakes up once, for the connection and the request. */
	if (n == 0) {
		n = connection_open(&r.connection, true, &err);
	}
	if (n == 0 && a->dry_run) {
		n = dry_run(&r, &err);
		return r.is_said ? EXIT_NONO : n < 0 ? command_fail(&err) : n;
	}
	if (n == 0) {
		n = look_ahead(&r, &err);
	}
	if (n == 0) {
		n = request(&r, &err);
	}
	if (n < 0) {
		relay_release_signals(); /* the end, when one of them is why */
		return r.is_said ? EXIT_NONO : command_fail(&err);
	}
	release(&r);
	return relay(&r);
}
