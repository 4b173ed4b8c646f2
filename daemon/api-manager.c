/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "daemon/manager.h"
#include "libcore/base/cleanup.h"
#include "proto/json.h"

int api_context_mismatch(struct vl_call *call, const char *attribute)
{
	struct json_object *p = json_object_new_object();
	char message[160];

	snprintf(message, sizeof(message),
		"the caller's %s differs from nonod's: a supervisor of the caller's own is needed",
		attribute);
	json_add_string(p, "attribute", attribute);
	json_add_string(p, "message", message);
	return vl_call_error(call, "io.nono.Manager.ContextMismatch", p);
}

int api_limit_reached(struct vl_call *call, const char *limit, const char *message)
{
	struct json_object *p = json_object_new_object();

	json_add_string(p, "limit", limit);
	json_add_string(p, "message", message);
	return vl_call_error(call, "io.nono.Manager.LimitReached", p);
}

static struct json_object *gate_to_json(const struct nono_gate *gate)
{
	struct json_object *o = json_object_new_object();

	json_add_string(o, "name", gate->name);
	json_add_string(o, "description", gate->description);
	json_add_bool(o, "active", gate->active);
	json_add_string(o, "reason", gate->active ? NULL : gate->reason);
	return o;
}

static const char *started_by_word(enum started_by by)
{
	switch (by) {
	case STARTED_BY_SYSTEMD:
		return "systemd";
	case STARTED_ON_DEMAND:
		return "onDemand";
	case STARTED_PRIVATE:
	default:
		return "private";
	}
}

static int get_status(struct vl_call *call, void *userdata)
{
	_cleanup_(json_object_putp) struct json_object *p = json_object_new_object();
	struct json_object *gates = json_object_new_array();
	struct manager *m = userdata;
	struct nono_error err;
	struct utsname uts;
	int r = 0;

	uname(&uts);
	/* Probing takes system calls by the dozen, and the answer never changes. */
	if (!m->support) {
		r = nono_support_info(&m->support, &err);
		if (r < 0) {
			json_object_put(gates);
			return r;
		}
	}
	for (size_t i = 0; i < m->support->n_gates; i++) {
		json_append(gates, gate_to_json(&m->support->gates[i]));
	}
	r |= json_add_string(p, "version", nono_version());
	r |= json_add_int(p, "processId", m->access.pid);
	r |= json_add_string(p, "startedBy", started_by_word(m->config.started_by));
	r |= json_add_int(p, "sessions", (int64_t)registry_n_alive(m->registry));
	r |= json_add_string(p, "kernel", uts.release);
	r |= json_add_int(p, "landlockAbi", m->support->landlock_abi);
	r |= json_add(p, "gates", gates);
	return r < 0 ? r : vl_call_reply(call, TAKE_PTR(p));
}

const struct vl_method api_manager_methods[] = {
	{ .name = "GetStatus", .call = get_status },
	{ 0 },
};
