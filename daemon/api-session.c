/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon/decide.h"
#include "daemon/letgo.h"
#include "daemon/log.h"
#include "daemon/manager.h"
#include "daemon/request.h"
#include "daemon/session.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "proto/json.h"

int api_refused(struct vl_call *call, const struct nono_error *err, const char *hint)
{
	struct json_object *p = json_object_new_object();

	json_add_string(p, "message", err->message);
	json_add_string(p, "hint", hint);
	return vl_call_error(call, "io.nono.Session.Refused", p);
}

static int plan(struct vl_call *call, void *userdata)
{
	struct json_object *context = json_object_of(vl_call_parameters(call), "context");
	_cleanup_(request_deinit) struct request q = { 0 };
	_cleanup_(decision_deinit) struct decision d = { 0 };
	struct nono_error err;
	int r = request_parse(&q, context, &err);

	if (r == -EINVAL) {
		return api_refused(call, &err, NULL);
	}
	if (r == 0) {
		r = decide_or_answer(&d, userdata, call, &q, POLICY_PLAN);
	}
	if (r < 0 || !d.book) {
		return r;
	}
	return api_reply_with(call, "policy", decision_to_json(decision_result(&d), POLICY_ALL));
}

/* What each descriptor of Run must be, so that a mistake is named here; nono-session, which may
 * wait, checks them for itself. */
static const char *wrong_descriptor(const int *fds)
{
	int type = 0;
	socklen_t n = sizeof(type);

	if (!fd_is_sealed(fds[CONTROL_FD_LAUNCH])) {
		return "launchFileDescriptor";
	}
	if (!S_ISDIR(descriptor_kind(fds[CONTROL_FD_CWD]))) {
		return "workingDirectoryFileDescriptor";
	}
	/* A directory on standard input would let the command list it whatever is granted. */
	for (int i = CONTROL_FD_STDIN; i <= CONTROL_FD_STDERR; i++) {
		static const char *const names[] = { "standardInputFileDescriptor",
			"standardOutputFileDescriptor", "standardErrorFileDescriptor" };
		if (S_ISDIR(descriptor_kind(fds[i]))) {
			return names[i - CONTROL_FD_STDIN];
		}
	}
	if (getsockopt(fds[CONTROL_FD_CHANNEL], SOL_SOCKET, SO_TYPE, &type, &n) < 0 ||
		type != SOCK_SEQPACKET) {
		return "channelFileDescriptor";
	}
	if (fds[CONTROL_FD_TERMINAL] >= 0 && !S_ISCHR(descriptor_kind(fds[CONTROL_FD_TERMINAL]))) {
		return "terminalFileDescriptor";
	}
	return NULL;
}

/* Name of the parameter that is wrong, NULL when all descriptors are there and of their kind. */
static const char *take_descriptors(struct vl_call *call, int *fds)
{
	static const struct {
		const char *name;
		enum control_fd slot;
	} slots[] = {
		{ "launchFileDescriptor", CONTROL_FD_LAUNCH },
		{ "workingDirectoryFileDescriptor", CONTROL_FD_CWD },
		{ "standardInputFileDescriptor", CONTROL_FD_STDIN },
		{ "standardOutputFileDescriptor", CONTROL_FD_STDOUT },
		{ "standardErrorFileDescriptor", CONTROL_FD_STDERR },
		{ "channelFileDescriptor", CONTROL_FD_CHANNEL },
		{ "terminalFileDescriptor", CONTROL_FD_TERMINAL },
	};

	for (size_t i = 0; i < ELEMENTSOF(slots); i++) {
		int64_t index = json_int_or(vl_call_parameters(call), slots[i].name, -1);
		if (index < 0 && slots[i].slot == CONTROL_FD_TERMINAL) {
			continue;
		}
		fds[slots[i].slot] = vl_call_steal_fd(call, index);
		if (fds[slots[i].slot] < 0) {
			return slots[i].name;
		}
	}
	return wrong_descriptor(fds);
}

/* Reads the caller's kernel attributes. Sets *ret_mismatch to what keeps this nonod from serving
 * it. 0 or -errno. */
static int read_caller(
	struct manager *m, struct vl_call *call, struct plan_caller *ret, const char **ret_mismatch)
{
	const struct peer *peer = vl_call_peer(call);
	bool has_terminal =
		json_int_or(vl_call_parameters(call), "terminalFileDescriptor", -1) >= 0;
	bool seen = m->caller.call == call; /* by the gate, a moment ago */
	_cleanup_close_ int own_pidfd = -1, proc_fd = -1;
	int pidfd = proc_hold(peer->pid, peer->pidfd, &own_pidfd);
	struct context context;
	struct nono_error err;
	int r;

	if (seen) {
		proc_fd = take_fd(&m->caller.proc_fd);
	} else {
		proc_fd = pidfd < 0 ? pidfd : proc_open(peer->pid);
	}
	r = proc_fd;
	if (r >= 0) {
		r = context_read(&context, peer->pid, proc_fd, seen ? &m->caller.status : NULL,
			&m->context, &err);
	}
	/* It was let in when it first spoke; since then it may have confined itself, and what it
	 * starts would not be. */
	if (r == 0 && access_check_status(&m->access, &context.status, &err) < 0) {
		*ret_mismatch = "sandbox";
		return 0;
	}
	if (r == 0) {
		*ret_mismatch = context_difference(&m->context, &context);
		if (*ret_mismatch) {
			return 0;
		}
		r = context_read_caller(
			ret, peer->pid, proc_fd, &context.status, has_terminal, &err);
	}
	if (r == -EACCES || r == -EPERM || r == -E2BIG) {
		*ret_mismatch = "process (which cannot be inspected)";
		return 0;
	}
	if (r < 0) {
		return r;
	}
	/* Alive now: so it was this process all the time that we read. */
	if (!proc_is_alive(pidfd)) {
		return -ESRCH;
	}
	*ret_mismatch = context_excess(ret, &m->limits);
	context_clamp(ret, &m->limits);
	return 0;
}

static int start(struct manager *m, struct vl_call *call, struct json_object *context,
	struct session_launch *launch)
{
	bool want_policy = json_bool_or(vl_call_parameters(call), "wantPolicy", false);
	_cleanup_(session_freep) struct session *s = NULL;
	_cleanup_(decision_deinit) struct decision d = { 0 };
	_cleanup_(request_deinit) struct request q = { 0 };
	_cleanup_(json_object_putp) struct json_object *reply = NULL;
	struct nono_error err;
	int r;

	r = request_parse(&q, context, &err);
	if (r == -EINVAL) {
		return api_refused(call, &err, NULL);
	}
	if (r == 0) {
		r = decide_or_answer(&d, m, call, &q, POLICY_START);
	}
	if (r < 0 || !d.book) {
		return r;
	}
	r = session_new(&s, m, vl_call_peer(call)->pid, q.name, &err);
	if (r == -EEXIST || r == -EINVAL) {
		return api_refused(call, &err, NULL);
	}
	if (r < 0) {
		return r;
	}
	launch->foreground = q.foreground;
	launch->resolved = q.resolved;
	s->context = strdup(json_object_to_json_string_ext(context, JSON_C_TO_STRING_PLAIN));
	reply = json_object_new_object();
	if (!s->context || !reply) {
		return -ENOMEM;
	}
	if (want_policy) {
		r = json_add(reply, "policy", decision_to_json(decision_result(&d), POLICY_CHOSEN));
	}
	if (r == 0) {
		r = session_start(s, &d, launch, &err);
	} else {
		error_oom(&err);
	}
	if (r < 0) {
		log_write(&(struct log_fields){ .errnum = err.errnum }, LOG_ERR,
			"cannot start a session: %s", err.message);
		return api_refused(call, &err, NULL);
	}
	r |= json_add_string(reply, "sessionId", s->id);
	r |= json_add_string(reply, "name", s->name);
	s = NULL; /* the registry's */
	return r < 0 ? r : vl_call_reply(call, TAKE_PTR(reply));
}

static int run(struct vl_call *call, void *userdata)
{
	struct json_object *context = json_object_of(vl_call_parameters(call), "context");
	struct manager *m = userdata;
	struct plan_caller caller;
	struct session_launch launch = { .caller = &caller };
	const char *wrong, *mismatch = NULL;
	int r;

	memset(launch.fds, 0xff, sizeof(launch.fds)); /* -1 each */
	if (registry_n_alive(m->registry) >= SESSIONS_MAX) {
		return api_limit_reached(call, "sessions", "too many sessions are running");
	}
	r = read_caller(m, call, &caller, &mismatch);
	if (r < 0) {
		return r;
	}
	if (mismatch) {
		return api_context_mismatch(call, mismatch);
	}
	wrong = take_descriptors(call, launch.fds);
	if (wrong) {
		r = vl_call_invalid_parameter(call, wrong);
	} else {
		r = start(m, call, context, &launch);
	}
	descriptors_let_go(launch.fds, _CONTROL_FD_MAX);
	return r;
}

const struct vl_method api_session_methods[] = {
	/* The terminal is optional. */
	{ .name = "Run", .fds_min = 6, .fds_max = 7, .call = run },
	{ .name = "Plan", .call = plan },
	{ .name = "List", .call = api_list },
	{ .name = "Get", .call = api_get },
	{ .name = "Stop", .call = api_stop },
	{ .name = "Why", .call = api_why },
	{ 0 },
};
