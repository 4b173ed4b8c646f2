/* SPDX-License-Identifier: Apache-2.0 */
/* Would a session be allowed to do this. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/api-private.h"
#include "daemon/decide.h"
#include "daemon/manager.h"
#include "daemon/request.h"
#include "daemon/session.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/why.h"
#include "proto/json.h"

#define PORT_DEFAULT 443

static struct json_object *path_to_json(const char *path)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	_cleanup_free_ char *text = NULL;
	bool escaped = false;
	int r = escape_path(path, &text, &escaped);

	if (r == 0) {
		r = json_add_string(o, "path", text);
	}
	if (r == 0 && escaped) {
		r = json_add_bool(o, "escaped", true);
	}
	return r < 0 ? NULL : TAKE_PTR(o);
}

static struct json_object *answer_to_json(const struct why_answer *a)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	int r = json_add_bool(o, "allowed", a->allowed);

	r |= json_add_string(o, "reason", why_reason_to_string(a->reason));
	r |= json_add_string(o, "details", a->details);
	if (a->granted_path) {
		r |= json_add(o, "grantedPath", path_to_json(a->granted_path));
		r |= json_add_string(o, "access",
			a->access == NONO_READ_WRITE ? "readWrite"
						     : nono_access_to_string(a->access));
	}
	r |= json_add_string(o, "source", a->source);
	r |= json_add_string(o, "policySource", a->policy_source);
	r |= json_add_string(o, "suggestedFlag", a->suggested_flag);
	return r < 0 ? NULL : TAKE_PTR(o);
}

static unsigned operations_of(struct json_object *array)
{
	static const struct {
		const char *word;
		enum why_operation operation;
	} words[] = { { "read", WHY_READ }, { "write", WHY_WRITE }, { "create", WHY_CREATE },
		{ "delete", WHY_DELETE }, { "execute", WHY_EXECUTE } };
	unsigned ret = 0;

	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(array, i));
		for (size_t k = 0; k < ELEMENTSOF(words); k++) {
			ret |= str_equal(s, words[k].word) ? words[k].operation : 0;
		}
	}
	return ret ? ret : WHY_READ;
}

/* A new string: absolute and clean, or NULL with *ret_wrong set. */
static char *clean_path(struct json_object *question, const char *name, const char **ret_wrong)
{
	_cleanup_free_ char *path = NULL, *clean = NULL;

	if (request_path(&path, json_object_of(question, name), NULL) < 0 || path[0] != '/') {
		*ret_wrong = name;
		return NULL;
	}
	clean = path_absolute("/", path);
	if (!clean || !str_equal(clean, path)) {
		*ret_wrong = name;
		return NULL;
	}
	return TAKE_PTR(path);
}

static int ask_path(struct why_answer *ret, struct manager *m, const struct policy_result *policy,
	struct json_object *question, const char **ret_wrong, struct nono_error *err)
{
	_cleanup_free_ char *path = clean_path(question, "path", ret_wrong);
	_cleanup_free_ char *parent = NULL;
	struct why_path q = { .path = path,
		.operations = operations_of(json_array_of(question, "operations")),
		.exists = json_bool_or(question, "exists", true),
		.is_dir = json_bool_or(question, "isDirectory", false) };

	if (json_object_of(question, "existingParent") && !*ret_wrong) {
		q.parent = parent = clean_path(question, "existingParent", ret_wrong);
	}
	return *ret_wrong ? 0 : why_path(ret, policy, m->never, &q, err);
}

/* The one thing that is asked about. 0 with *ret_wrong set to a parameter that is wrong. */
static int ask(struct why_answer *ret, struct manager *m, const struct policy_result *policy,
	struct json_object *question, const char **ret_wrong, struct nono_error *err)
{
	const char *host = json_string_or(question, "host", NULL);
	const char *command = json_string_or(question, "command", NULL);
	int64_t port = json_int_or(question, "port", PORT_DEFAULT);
	bool path = json_object_of(question, "path");

	if (path + !!host + !!command != 1) {
		*ret_wrong = "path";
		return 0;
	}
	if (port < 1 || port > UINT16_MAX) {
		*ret_wrong = "port";
		return 0;
	}
	return path   ? ask_path(ret, m, policy, question, ret_wrong, err)
	       : host ? why_host(ret, policy, host, (uint16_t)port, err)
		      : why_command(ret, policy, command, err);
}

static bool are_strings(struct json_object *array)
{
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_string)) {
			return false;
		}
	}
	return true;
}

int api_why_about(struct json_object **ret, struct manager *m, const struct session *s,
	struct json_object *question, const char **ret_wrong, struct nono_error *err)
{
	_cleanup_(json_object_putp) struct json_object *context = NULL;
	_cleanup_(why_answer_deinit) struct why_answer answer = { 0 };
	_cleanup_(decision_deinit) struct decision d = { 0 };
	int r;

	*ret_wrong = NULL;
	if (!are_strings(json_array_of(question, "operations"))) {
		*ret_wrong = "operations";
		return 0;
	}
	r = api_context_of(&context, s);
	if (r < 0) {
		return error_errno(err, -r, "what the session was asked for");
	}
	r = api_policy_of(&d, m, s, context, err);
	if (r == 0) {
		r = ask(&answer, m, decision_result(&d), question, ret_wrong, err);
	}
	if (r < 0 || *ret_wrong) {
		return r;
	}
	*ret = answer_to_json(&answer);
	return *ret ? 0 : error_oom(err);
}

int api_why(struct vl_call *call, void *userdata)
{
	struct json_object *answer = NULL;
	const char *wrong;
	struct nono_error err;
	int r = 0;
	const struct session *s = api_find(userdata, call, &r);

	if (!s) {
		return r;
	}
	r = api_why_about(&answer, userdata, s, vl_call_parameters(call), &wrong, &err);
	if (wrong) {
		return vl_call_invalid_parameter(call, wrong);
	}
	if (r == -EINVAL) {
		return api_refused(call, &err, NULL);
	}
	return r < 0 ? r : api_reply_with(call, "answer", answer);
}
