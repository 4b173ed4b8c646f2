/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/result-json.h"

#include <errno.h>
#include <stdio.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/escape.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"

static const char *access_word(enum nono_access access)
{
	return access == NONO_READ_WRITE ? "readWrite" : nono_access_to_string(access);
}

/* The members of a path inside an object. */
static void write_path(struct json_writer *w, const char *path)
{
	_cleanup_free_ char *text = NULL;
	bool escaped = false;

	if (escape_path(path, &text, &escaped) < 0) {
		w->buf->error = -ENOMEM;
		return;
	}
	json_write_string(w, "path", text);
	if (escaped) {
		json_write_bool(w, "escaped", true);
	}
}

static void write_grant(struct json_writer *w, const struct nono_fs_grant *g)
{
	char source[160];

	json_begin_object(w, NULL);
	write_path(w, g->resolved);
	json_write_string(w, "access", access_word(g->access));
	json_write_bool(w, "isFile", g->is_file);
	if (g->source == NONO_SOURCE_GROUP && g->source_name) {
		snprintf(source, sizeof(source), "group:%s", g->source_name);
	} else {
		snprintf(source, sizeof(source), "%s", nono_source_to_string(g->source));
	}
	json_write_string(w, "source", source);
	json_end(w);
}

static void write_deny(
	struct json_writer *w, const struct deny_list *deny, enum policy_detail detail)
{
	json_begin_array(w, "deny");
	for (size_t i = 0; i < deny->n; i++) {
		const struct deny_rule *r = &deny->rules[i];
		if (detail == POLICY_CHOSEN && str_after(r->source, "group ")) {
			continue;
		}
		json_begin_object(w, NULL);
		write_path(w, r->path);
		json_write_string(w, "source", r->source);
		if (r->locked) {
			json_write_bool(w, "locked", true);
		}
		if (r->description) {
			json_write_string(w, "description", r->description);
		}
		json_end(w);
	}
	json_end(w);
	if (deny->bypass.n == 0) {
		return;
	}
	json_begin_array(w, "bypassProtection");
	for (size_t i = 0; i < deny->bypass.n; i++) {
		json_begin_object(w, NULL);
		write_path(w, deny->bypass.items[i]);
		json_end(w);
	}
	json_end(w);
}

static void write_strings(struct json_writer *w, const char *name, char *const *items, size_t n)
{
	json_begin_array(w, name);
	for (size_t i = 0; i < n; i++) {
		json_write_string(w, NULL, items[i]);
	}
	json_end(w);
}

static void write_list(struct json_writer *w, const char *name, const struct strlist *list)
{
	write_strings(w, name, list->items, list->n);
}

static void write_ports(struct json_writer *w, const char *name, const struct caps_ports *ports)
{
	if (ports->n == 0) {
		return;
	}
	json_begin_array(w, name);
	for (size_t i = 0; i < ports->n; i++) {
		json_write_uint64(w, NULL, ports->items[i]);
	}
	json_end(w);
}

static void write_network(struct json_writer *w, const struct policy_result *result)
{
	const struct nono_caps *caps = result->caps;

	json_write_string(w, "network", nono_network_mode_to_string(caps->network));
	if (result->proxied) {
		write_list(w, "hosts", &result->hosts);
	}
	if (result->credentials.n > 0) {
		write_list(w, "credentials", &result->credentials);
	}
	write_ports(w, "connectPorts", &caps->connect);
	write_ports(w, "listenPorts", &caps->bind);
	write_ports(w, "localhostPorts", &caps->localhost);
}

/* What a variable is set to may be a secret. */
static void write_set_names(struct json_writer *w, const struct strlist *set)
{
	json_begin_array(w, "set");
	for (size_t i = 0; i < set->n; i++) {
		json_write_string_n(w, NULL, set->items[i], strcspn(set->items[i], "="));
	}
	json_end(w);
}

static void write_environment(struct json_writer *w, const struct environment_rules *rules)
{
	json_begin_object(w, "environment");
	if (rules->has_allow) {
		write_list(w, "allow", &rules->allow);
	}
	write_list(w, "deny", &rules->deny);
	write_list(w, "keep", &rules->keep);
	write_set_names(w, &rules->set);
	json_write_bool(w, "stripSecrets", rules->strip_secrets);
	json_end(w);
}

static void write_grants(
	struct json_writer *w, const struct nono_caps *caps, enum policy_detail detail)
{
	json_begin_array(w, "grants");
	for (size_t i = 0; i < caps->n_paths; i++) {
		if (detail == POLICY_ALL || caps->paths[i].source != NONO_SOURCE_GROUP) {
			write_grant(w, &caps->paths[i]);
		}
	}
	json_end(w);
}

static void write_summary(struct json_writer *w, const struct nono_caps *caps)
{
	_cleanup_free_ char *summary = nono_caps_summary(caps);

	if (!summary) {
		w->buf->error = -ENOMEM;
		return;
	}
	json_write_string(w, "summary", summary);
}

void policy_result_write(struct json_writer *w, const char *name,
	const struct policy_result *result, enum policy_detail detail)
{
	const struct nono_caps *caps = result->caps;

	json_begin_object(w, name);
	json_write_string(w, "profile", result->profile);
	write_grants(w, caps, detail);
	write_deny(w, &result->deny, detail);
	write_network(w, result);
	if (caps->blocked_commands.n > 0 && detail == POLICY_ALL) {
		write_strings(w, "blockedCommands", caps->blocked_commands.items,
			caps->blocked_commands.n);
	}
	write_environment(w, &result->environment);
	if (result->workdir) {
		json_write_string(w, "workingDirectoryAccess", access_word(result->workdir));
	}
	json_write_bool(w, "workingDirectoryGranted", result->workdir_granted);
	write_list(w, "warnings", &result->warnings);
	write_list(w, "missing", &result->need_reasons);
	write_list(w, "supervised", &result->closed_reasons);
	if (detail == POLICY_ALL) {
		write_summary(w, caps);
	}
	json_end(w);
}
