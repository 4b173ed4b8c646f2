/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon/letgo.h"
#include "daemon/log.h"
#include "daemon/manager.h"
#include "daemon/request.h"
#include "daemon/session.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/caps.h"
#include "proto/json.h"

#define MATCHES_MAX       16 /* named in AmbiguousSession */
#define LONG_LIST         128
#define STOP_DEFAULT_USEC 10000000
#define STOP_MAX_USEC     UINT64_C(86400000000)

/* Beyond these nothing more is started: the grants a client may name are bounded by the message,
 * these by what a session may have. */
#define GRANTS_MAX (PLAN_GRANTS_MAX - 1024)

int api_refused(struct vl_call *call, const struct nono_error *err, const char *hint)
{
	struct json_object *p = json_object_new_object();

	json_add_string(p, "message", err->message);
	json_add_string(p, "hint", hint);
	return vl_call_error(call, "io.nono.Session.Refused", p);
}

static const char *state_word(enum session_state state)
{
	switch (state) {
	case SESSION_STARTING:
		return "starting";
	case SESSION_RUNNING:
		return "running";
	case SESSION_STOPPING:
		return "stopping";
	case SESSION_EXITED:
		return "exited";
	case SESSION_FAILED:
		return "failed";
	case SESSION_LOST:
	default:
		return "lost";
	}
}

static struct json_object *runtime_to_json(const struct session *s)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	int r = json_add_string(o, "sessionId", s->id);

	r |= json_add_string(o, "name", s->name);
	r |= json_add_string(o, "state", state_word(s->state));
	if (s->supervisor > 0) {
		r |= json_add_int(o, "supervisorProcessId", s->supervisor);
	}
	if (s->command > 0) {
		r |= json_add_int(o, "processId", s->command);
	}
	r |= json_add_int(o, "startedAtUSec", (int64_t)s->started_usec);
	if (s->ended_usec > 0) {
		r |= json_add_int(o, "endedAtUSec", (int64_t)s->ended_usec);
	}
	if (s->exit_status >= 0) {
		r |= json_add_int(o, "exitStatus", s->exit_status);
	}
	r |= json_add_string(o, "temporaryDirectory", s->tmpdir[0] ? s->tmpdir : NULL);
	r |= json_add_string(o, "message", s->message);
	return r < 0 ? NULL : TAKE_PTR(o);
}

/* Answers with one object under one name. */
static int reply_with(struct vl_call *call, const char *name, struct json_object *value)
{
	_cleanup_(json_object_putp) struct json_object *p = json_object_new_object();
	int r = json_add(p, name, value);

	return r < 0 ? r : vl_call_reply(call, TAKE_PTR(p));
}

/* What a request gets, or an answer that says why it is nothing (then ret->caps stays NULL). */
static int resolve(struct manager *m, struct vl_call *call, const struct request *q,
	enum policy_mode mode, struct policy_result *ret)
{
	const char *hint = NULL;
	struct nono_error err;
	int r;

	if (q->policy.n_grants > GRANTS_MAX) {
		return api_limit_reached(call, "grants", "too many grants for one session");
	}
	r = policy_resolve(
		ret, &q->policy, m->library, m->never, &m->places, mode, NULL, &hint, &err);
	if (r < 0 && r != -ENOMEM) {
		return api_refused(call, &err, hint);
	}
	return r;
}

static int plan(struct vl_call *call, void *userdata)
{
	struct json_object *context = json_object_of(vl_call_parameters(call), "context");
	_cleanup_(request_deinit) struct request q = { 0 };
	_cleanup_(policy_result_deinit) struct policy_result policy = { 0 };
	struct nono_error err;
	int r = request_parse(&q, context, &err);

	if (r == -EINVAL) {
		return api_refused(call, &err, NULL);
	}
	if (r == 0) {
		r = resolve(userdata, call, &q, POLICY_PLAN, &policy);
	}
	if (r < 0 || !policy.caps) {
		return r;
	}
	return reply_with(call, "policy", request_policy_to_json(policy.caps));
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

/* The policy is a function of the request, so it is made again instead of being kept. */
static struct json_object *policy_of(struct manager *m, struct json_object *context)
{
	_cleanup_(request_deinit) struct request q = { 0 };
	_cleanup_(policy_result_deinit) struct policy_result policy = { 0 };
	const char *hint;

	if (request_parse(&q, context, NULL) < 0 ||
		policy_resolve(&policy, &q.policy, m->library, m->never, &m->places, POLICY_PLAN,
			NULL, &hint, NULL) < 0) {
		return NULL;
	}
	return request_policy_to_json(policy.caps);
}

static int start(struct manager *m, struct vl_call *call, struct json_object *context,
	struct session_launch *launch)
{
	_cleanup_(session_freep) struct session *s = NULL;
	_cleanup_(request_deinit) struct request q = { 0 };
	_cleanup_(policy_result_deinit) struct policy_result policy = { 0 };
	struct json_object *reply;
	struct nono_error err;
	int r;

	r = request_parse(&q, context, &err);
	if (r == -EINVAL) {
		return api_refused(call, &err, NULL);
	}
	if (r == 0) {
		r = resolve(m, call, &q, POLICY_START, &policy);
	}
	if (r < 0 || !policy.caps) {
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
	if (!s->context) {
		return -ENOMEM;
	}
	r = session_start(s, policy.caps, launch, &err);
	if (r < 0) {
		log_write(&(struct log_fields){ .errnum = err.errnum }, LOG_ERR,
			"cannot start a session: %s", err.message);
		return api_refused(call, &err, NULL);
	}
	reply = json_object_new_object();
	json_add_string(reply, "sessionId", s->id);
	json_add_string(reply, "name", s->name);
	if (json_bool_or(vl_call_parameters(call), "wantPolicy", false)) {
		json_add(reply, "policy", policy_of(m, context));
	}
	s = NULL; /* the registry's */
	return vl_call_reply(call, reply);
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

static int list(struct vl_call *call, void *userdata)
{
	struct json_object *array = json_object_new_array();
	const struct manager *m = userdata;
	int r = 0;

	for (struct session *s = NULL; (s = registry_next(m->registry, s));) {
		r |= json_append(array, runtime_to_json(s));
	}
	if (r < 0) {
		json_object_put(array);
		return r;
	}
	r = reply_with(call, "sessions", array);
	if (registry_n_alive(m->registry) >= LONG_LIST) {
		malloc_trim(0); /* the tree was larger than everything else on the heap */
	}
	return r;
}

/* The session a call names, or NULL after it was answered that there is none or several. */
static struct session *find(struct manager *m, struct vl_call *call, int *ret_r)
{
	const char *key = json_string_or(vl_call_parameters(call), "session", "");
	struct session *matches[MATCHES_MAX];
	size_t n = registry_find(m->registry, key, matches, MATCHES_MAX);
	struct json_object *p, *ids;

	if (n == 1) {
		return matches[0];
	}
	p = json_object_new_object();
	json_add_string(p, "session", key);
	if (n == 0) {
		*ret_r = vl_call_error(call, "io.nono.Session.NoSuchSession", p);
		return NULL;
	}
	ids = json_object_new_array();
	for (size_t i = 0; i < n && i < MATCHES_MAX; i++) {
		json_append_string(ids, matches[i]->id);
	}
	json_add(p, "matches", ids);
	*ret_r = vl_call_error(call, "io.nono.Session.AmbiguousSession", p);
	return NULL;
}

static int get(struct vl_call *call, void *userdata)
{
	_cleanup_(json_object_putp) struct json_object *p = NULL;
	struct json_object *context;
	struct manager *m = userdata;
	int r = 0;
	struct session *s = find(m, call, &r);

	if (!s) {
		return r;
	}
	r = json_parse(&context, s->context, strlen(s->context), NULL);
	if (r < 0) {
		return r;
	}
	p = json_object_new_object();
	r |= json_add(p, "runtime", runtime_to_json(s));
	r |= json_add(p, "policy", policy_of(m, context));
	r |= json_add(p, "context", context);
	return r < 0 ? r : vl_call_reply(call, TAKE_PTR(p));
}

/* A Stop that is answered when the session has ended. */
struct stop {
	struct session_waiter waiter;
	struct session *session;
	struct vl_call *call;
};

static void on_ended(struct session *s, void *userdata)
{
	_cleanup_free_ struct stop *stop = userdata;

	reply_with(stop->call, "runtime", runtime_to_json(s));
}

static void on_cancelled(struct vl_call *call, void *userdata)
{
	_cleanup_free_ struct stop *stop = userdata;

	(void)call;
	session_remove_waiter(stop->session, &stop->waiter);
}

static int stop(struct vl_call *call, void *userdata)
{
	int64_t timeout = json_int_or(vl_call_parameters(call), "timeoutUSec", STOP_DEFAULT_USEC);
	struct stop *stop;
	int r = 0;
	struct session *s = find(userdata, call, &r);

	if (!s) {
		return r;
	}
	if (timeout < 0 || (uint64_t)timeout > STOP_MAX_USEC) {
		return vl_call_invalid_parameter(call, "timeoutUSec");
	}
	if (!session_is_alive(s)) {
		return reply_with(call, "runtime", runtime_to_json(s));
	}
	stop = calloc(1, sizeof(*stop));
	if (!stop) {
		return -ENOMEM;
	}
	*stop = (struct stop){
		.waiter = { .ended = on_ended, .userdata = stop }, .session = s, .call = call
	};
	session_add_waiter(s, &stop->waiter);
	vl_call_keep(call, on_cancelled, stop);
	session_stop(s, (uint64_t)timeout);
	return 0;
}

const struct vl_method api_session_methods[] = {
	/* The terminal is optional. */
	{ .name = "Run", .fds_min = 6, .fds_max = 7, .call = run },
	{ .name = "Plan", .call = plan },
	{ .name = "List", .call = list },
	{ .name = "Get", .call = get },
	{ .name = "Stop", .call = stop },
	{ 0 },
};
