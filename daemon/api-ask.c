/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about sessions, and their end: what a second client asks about the first one's. */
#include "daemon/api-private.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/decide.h"
#include "daemon/manager.h"
#include "daemon/request.h"
#include "daemon/session.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/caps.h"
#include "proto/json.h"

#define MATCHES_MAX       16 /* named in AmbiguousSession */
#define LONG_LIST         128
#define STOP_DEFAULT_USEC 10000000
#define STOP_MAX_USEC     UINT64_C(86400000000)

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
int api_reply_with(struct vl_call *call, const char *name, struct json_object *value)
{
	_cleanup_(json_object_putp) struct json_object *p = json_object_new_object();
	int r = json_add(p, name, value);

	return r < 0 ? r : vl_call_reply(call, TAKE_PTR(p));
}

int api_list(struct vl_call *call, void *userdata)
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
	r = api_reply_with(call, "sessions", array);
	if (registry_n_alive(m->registry) >= LONG_LIST) {
		malloc_trim(0); /* the tree was larger than everything else on the heap */
	}
	return r;
}

/* The session a call names, or NULL after it was answered that there is none or several. */
struct session *api_find(struct manager *m, struct vl_call *call, int *ret_r)
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

/* The policy is a function of the request, so it is made again instead of being kept; by what was
 * in force then. A directory that nobody asked for is one of the grants. */
int api_policy_of(struct decision *ret, struct manager *m, const struct session *s,
	struct json_object *context, struct nono_error *err)
{
	_cleanup_(decision_deinit) struct decision d = { 0 };
	_cleanup_(request_deinit) struct request q = { 0 };
	const char *hint;
	int r = request_parse(&q, context, err);

	if (s->tmpdir[0]) {
		q.policy.tmpdir = s->tmpdir;
	}
	if (r == 0) {
		r = decide(&d, m, s->book, &q, POLICY_PLAN, NULL, &hint, err);
	}
	if (r == 0 && s->tmpdir[0]) {
		r = caps_add_unresolved(d.own.caps, s->tmpdir, NONO_READ_WRITE, false,
			NONO_SOURCE_SYSTEM, NULL, err);
	}
	if (r == 0) {
		*ret = d;
		d = (struct decision){ 0 };
	}
	return r;
}

int api_context_of(struct json_object **ret, const struct session *s)
{
	return json_parse(ret, s->context, strlen(s->context), NULL);
}

int api_get(struct vl_call *call, void *userdata)
{
	_cleanup_(json_object_putp) struct json_object *p = NULL;
	_cleanup_(decision_deinit) struct decision d = { 0 };
	struct json_object *context;
	struct nono_error err;
	int r = 0;
	struct session *s = api_find(userdata, call, &r);

	if (!s) {
		return r;
	}
	r = api_context_of(&context, s);
	if (r < 0) {
		return r;
	}
	p = json_object_new_object();
	r |= json_add(p, "context", context);
	r |= json_add(p, "runtime", runtime_to_json(s));
	if (r == 0) {
		r = api_policy_of(&d, userdata, s, context, &err);
	}
	if (r == 0) {
		r = json_add(p, "policy", decision_to_json(decision_result(&d), POLICY_ALL));
	}
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

	api_reply_with(stop->call, "runtime", runtime_to_json(s));
}

static void on_cancelled(struct vl_call *call, void *userdata)
{
	_cleanup_free_ struct stop *stop = userdata;

	(void)call;
	session_remove_waiter(stop->session, &stop->waiter);
}

int api_stop(struct vl_call *call, void *userdata)
{
	int64_t timeout = json_int_or(vl_call_parameters(call), "timeoutUSec", STOP_DEFAULT_USEC);
	struct stop *stop;
	int r = 0;
	struct session *s = api_find(userdata, call, &r);

	if (!s) {
		return r;
	}
	if (timeout < 0 || (uint64_t)timeout > STOP_MAX_USEC) {
		return vl_call_invalid_parameter(call, "timeoutUSec");
	}
	if (!session_is_alive(s)) {
		return api_reply_with(call, "runtime", runtime_to_json(s));
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
