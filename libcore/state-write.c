/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capability set as JSON: the keys of the state format, and further ones for what that format
 * would lose (sources, ports, modes, commands, limits). Empty lists and absent limits are left out.
 */
#include <errno.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-write.h"
#include "libcore/state.h"

static int write_path(
	struct json_writer *w, const char *key, const char *escaped_key, const char *path)
{
	_cleanup_free_ char *text = NULL;
	bool escaped;

	if (escape_path(path, &text, &escaped) < 0) {
		return -ENOMEM;
	}
	json_write_string(w, key, text);
	if (escaped) {
		json_write_bool(w, escaped_key, true);
	}
	return 0;
}

static int write_source(struct json_writer *w, enum nono_source source, const char *name)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	if (!name) {
		json_write_string(w, "source", nono_source_to_string(source));
		return 0;
	}
	buf_append_str(&b, "group:");
	buf_append_str(&b, name);
	if (buf_error(&b)) {
		return -ENOMEM;
	}
	json_write_string(w, "source", b.data);
	return 0;
}

static int write_paths(struct json_writer *w, const struct nono_caps *caps)
{
	json_begin_array(w, "fs");
	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		json_begin_object(w, NULL);
		if (write_path(w, "original", "original_escaped", g->original) < 0 ||
			write_path(w, "resolved", "resolved_escaped", g->resolved) < 0) {
			return -ENOMEM;
		}
		json_write_string(w, "access", nono_access_to_string(g->access));
		json_write_bool(w, "is_file", g->is_file);
		if (write_source(w, g->source, g->source_name) < 0) {
			return -ENOMEM;
		}
		json_end(w);
	}
	json_end(w);
	return 0;
}

static int write_sockets(struct json_writer *w, const struct nono_caps *caps)
{
	if (caps->n_unix_sockets == 0) {
		return 0;
	}
	json_begin_array(w, "unix_sockets");
	for (size_t i = 0; i < caps->n_unix_sockets; i++) {
		const struct nono_unix_grant *g = &caps->unix_sockets[i];
		json_begin_object(w, NULL);
		if (write_path(w, "original", "original_escaped", g->original) < 0 ||
			write_path(w, "resolved", "resolved_escaped", g->resolved) < 0) {
			return -ENOMEM;
		}
		json_write_string(w, "scope", nono_unix_scope_to_string(g->scope));
		json_write_string(w, "mode", nono_unix_mode_to_string(g->mode));
		if (write_source(w, g->source, g->source_name) < 0) {
			return -ENOMEM;
		}
		json_end(w);
	}
	json_end(w);
	return 0;
}

static void write_ports(struct json_writer *w, const char *key, const struct caps_ports *ports)
{
	if (ports->n == 0) {
		return;
	}
	json_begin_array(w, key);
	for (size_t i = 0; i < ports->n; i++) {
		json_write_uint64(w, NULL, ports->items[i]);
	}
	json_end(w);
}

static void write_names(struct json_writer *w, const char *key, const struct caps_names *names)
{
	if (names->n == 0) {
		return;
	}
	json_begin_array(w, key);
	for (size_t i = 0; i < names->n; i++) {
		json_write_string(w, NULL, names->items[i]);
	}
	json_end(w);
}

static void write_limits(struct json_writer *w, const struct nono_caps *caps)
{
	bool any = false;

	for (size_t i = 0; i < CAPS_LIMITS; i++) {
		if (caps->limits[i] == 0) {
			continue;
		}
		if (!any) {
			json_begin_object(w, "resource_limits");
			any = true;
		}
		json_write_uint64(w, nono_limit_to_string((enum nono_limit)i), caps->limits[i]);
	}
	if (any) {
		json_end(w);
	}
}

int nono_caps_to_json(const struct nono_caps *caps, char **ret, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = STATE_SIZE_MAX };
	struct json_writer w = { .buf = &b };
	int r;

	if (!caps || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set or result");
	}
	json_begin_object(&w, NULL);
	if (write_paths(&w, caps) < 0 || write_sockets(&w, caps) < 0) {
		return error_oom(err);
	}
	json_write_bool(&w, "net_blocked", caps->network == NONO_NETWORK_BLOCKED);
	json_write_string(&w, "network_mode", nono_network_mode_to_string(caps->network));
	write_ports(&w, "tcp_connect_ports", &caps->connect);
	write_ports(&w, "tcp_bind_ports", &caps->bind);
	write_ports(&w, "localhost_ports", &caps->localhost);
	write_names(&w, "allowed_commands", &caps->allowed_commands);
	write_names(&w, "blocked_commands", &caps->blocked_commands);
	json_write_string(&w, "signal_mode", nono_signal_mode_to_string(caps->signal_mode));
	json_write_string(&w, "ipc_mode", nono_ipc_mode_to_string(caps->ipc_mode));
	write_limits(&w, caps);
	json_end(&w);
	r = json_writer_error(&w);
	if (r == -E2BIG) {
		return error_set(err, NONO_LIMIT, E2BIG, "the set is too large for a state");
	}
	if (r == -EINVAL) {
		return error_set(err, NONO_INTERNAL, EINVAL, "a word of the set is not UTF-8");
	}
	if (r < 0) {
		return error_oom(err);
	}
	*ret = buf_take(&b);
	return 0;
}
