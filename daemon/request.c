/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "proto/json.h"

static enum nono_access access_from_word(const char *word)
{
	return str_equal(word, "read")    ? NONO_READ
	       : str_equal(word, "write") ? NONO_WRITE
					  : NONO_READ_WRITE;
}

static const char *access_word(enum nono_access access)
{
	switch (access) {
	case NONO_READ:
		return "read";
	case NONO_WRITE:
		return "write";
	case NONO_READ_WRITE:
	default:
		return "readWrite";
	}
}

/* The bytes of a path that may be escaped. */
static int parse_path(
	struct request *q, const char *text, bool escaped, const char **ret, struct nono_error *err)
{
	void *items = q->owned;
	char *path;
	int r;

	if (!escaped) {
		*ret = text;
		return 0;
	}
	r = unescape_path(text, &path);
	if (r == -EINVAL) {
		return error_set(err, NONO_INVALID, EINVAL, "malformed escapes in path %s", text);
	}
	if (r < 0 || array_grow(&items, q->n_owned, sizeof(*q->owned)) < 0) {
		free(r < 0 ? NULL : path);
		return error_oom(err);
	}
	q->owned = items;
	q->owned[q->n_owned++] = path;
	*ret = path;
	return 0;
}

static int parse_grants(struct request *q, struct json_object *array, struct nono_error *err)
{
	size_t n = array ? json_object_array_length(array) : 0;
	int r;

	q->grants = calloc(n + 1, sizeof(*q->grants));
	if (!q->grants) {
		return error_oom(err);
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(array, i);
		struct policy_grant *g = &q->grants[i];
		r = parse_path(q, json_string_or(o, "path", ""), json_bool_or(o, "escaped", false),
			&g->path, err);
		if (r < 0) {
			return r;
		}
		g->access = access_from_word(json_string_or(o, "access", ""));
		g->is_file = json_bool_or(o, "isFile", false);
	}
	q->policy.grants = q->grants;
	q->policy.n_grants = n;
	return 0;
}

int request_parse(struct request *ret, struct json_object *context, struct nono_error *err)
{
	_cleanup_(request_deinit) struct request q = { 0 };
	const char *cwd = json_string_or(context, "workingDirectory", NULL);
	int r;

	q.name = json_string_or(context, "name", NULL);
	q.foreground = json_bool_or(context, "foreground", false);
	q.resolved = json_bool_or(context, "resolved", false);
	q.policy.allow_cwd = json_bool_or(context, "allowWorkingDirectory", false);
	q.policy.network = str_equal(json_string_or(context, "network", "open"), "blocked")
				   ? NETWORK_BLOCKED
				   : NETWORK_AS_PROFILE;
	if (cwd) {
		r = parse_path(&q, cwd, json_bool_or(context, "workingDirectoryEscaped", false),
			&q.policy.cwd, err);
		if (r < 0) {
			return r;
		}
	}
	r = parse_grants(&q, json_array_of(context, "grants"), err);
	if (r < 0) {
		return r;
	}
	*ret = q;
	q = (struct request){ 0 };
	return 0;
}

void request_deinit(struct request *q)
{
	for (size_t i = 0; i < q->n_owned; i++) {
		free(q->owned[i]);
	}
	free(q->owned);
	free(q->grants);
	*q = (struct request){ 0 };
}

static struct json_object *grant_to_json(const struct nono_fs_grant *g)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	_cleanup_free_ char *path = NULL;
	char source[160];
	bool escaped;
	int r = escape_path(g->resolved, &path, &escaped);

	if (r < 0) {
		return NULL;
	}
	if (g->source == NONO_SOURCE_GROUP && g->source_name) {
		snprintf(source, sizeof(source), "group:%s", g->source_name);
	} else {
		snprintf(source, sizeof(source), "%s", nono_source_to_string(g->source));
	}
	r = json_add_string(o, "path", path);
	r |= json_add_string(o, "access", access_word(g->access));
	r |= json_add_bool(o, "isFile", g->is_file);
	if (escaped) {
		r |= json_add_bool(o, "escaped", true);
	}
	r |= json_add_string(o, "source", source);
	return r < 0 ? NULL : TAKE_PTR(o);
}

struct json_object *request_policy_to_json(const struct nono_caps *caps)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	struct json_object *grants = json_object_new_array();
	struct json_object *environment = json_object_new_object();
	_cleanup_free_ char *summary = nono_caps_summary(caps);
	int r = summary ? 0 : -ENOMEM;

	r |= json_add(environment, "deny", json_object_new_array());
	r |= json_add(environment, "keep", json_object_new_array());
	r |= json_add(environment, "set", json_object_new_array());
	r |= json_add_bool(environment, "stripSecrets", false);

	for (size_t i = 0; i < caps->n_paths; i++) {
		r |= json_append(grants, grant_to_json(&caps->paths[i]));
	}
	r |= json_add_string(o, "profile", "default");
	r |= json_add(o, "grants", grants);
	r |= json_add(o, "deny", json_object_new_array());
	r |= json_add_string(
		o, "network", caps->network == NONO_NETWORK_BLOCKED ? "blocked" : "open");
	r |= json_add(o, "environment", environment);
	r |= json_add_bool(o, "workingDirectoryGranted", false);
	r |= json_add(o, "warnings", json_object_new_array());
	r |= json_add(o, "missing", json_object_new_array());
	r |= json_add_string(o, "summary", summary);
	return r < 0 ? NULL : TAKE_PTR(o);
}
