/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/str.h"
#include "proto/json.h"

static enum nono_access access_from_word(const char *word)
{
	return str_equal(word, "read")    ? NONO_READ
	       : str_equal(word, "write") ? NONO_WRITE
					  : NONO_READ_WRITE;
}

/* p belongs to the request from now on, also when it fails; NULL is out of memory. */
static int own(struct request *q, void *p, struct nono_error *err)
{
	void *items = q->owned;

	if (!p || array_grow(&items, q->n_owned, sizeof(*q->owned)) < 0) {
		free(p);
		return error_oom(err);
	}
	q->owned = items;
	q->owned[q->n_owned++] = p;
	return 0;
}

static size_t length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static int unescape(char **ret, const char *text, struct nono_error *err)
{
	int r = unescape_path(text, ret);

	if (r == -EINVAL) {
		return error_set(err, NONO_INVALID, EINVAL, "malformed escapes in path %s", text);
	}
	return r < 0 ? error_oom(err) : 0;
}

/* The bytes of a path that may be escaped. */
static int parse_path(
	struct request *q, const char *text, bool escaped, const char **ret, struct nono_error *err)
{
	char *path = NULL;
	int r;

	if (!escaped) {
		*ret = text;
		return 0;
	}
	r = unescape(&path, text, err);
	if (r == 0) {
		r = own(q, path, err);
	}
	if (r == 0) {
		*ret = path;
	}
	return r;
}

int request_path(char **ret, struct json_object *path, struct nono_error *err)
{
	const char *text = json_string_or(path, "path", "");

	if (json_bool_or(path, "escaped", false)) {
		return unescape(ret, text, err);
	}
	*ret = strdup(text);
	return *ret ? 0 : error_oom(err);
}

static int parse_grants(struct request *q, struct json_object *array, struct nono_error *err)
{
	size_t n = length(array);
	struct policy_grant *grants = calloc(n + 1, sizeof(*grants));
	int r = own(q, grants, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		struct json_object *o = json_object_array_get_idx(array, i);
		r = parse_path(q, json_string_or(o, "path", ""), json_bool_or(o, "escaped", false),
			&grants[i].path, err);
		grants[i].access = access_from_word(json_string_or(o, "access", ""));
		grants[i].is_file = json_bool_or(o, "isFile", false);
	}
	q->policy.grants = grants;
	q->policy.n_grants = n;
	return r;
}

static int parse_bypass(struct request *q, struct json_object *array, struct nono_error *err)
{
	size_t n = length(array);
	const char **paths;
	int r;

	if (n == 0) {
		return 0;
	}
	paths = calloc(n, sizeof(*paths));
	r = own(q, paths, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct json_object *o = json_object_array_get_idx(array, i);
		r = parse_path(q, json_string_or(o, "path", ""), json_bool_or(o, "escaped", false),
			&paths[i], err);
	}
	q->policy.bypass = (struct policy_names){ paths, n };
	return r;
}

static int parse_names(struct request *q, struct json_object *context, struct nono_error *err)
{
	const struct {
		const char *member;
		struct policy_names *to;
	} lists[] = {
		{ "extends", &q->policy.extends },
		{ "allowCommands", &q->policy.allow_commands },
		{ "blockCommands", &q->policy.block_commands },
		{ "keepVariables", &q->policy.keep_variables },
		{ "allowDomains", &q->policy.allow_domains },
		{ "credentials", &q->policy.credentials },
	};

	for (size_t l = 0; l < ELEMENTSOF(lists); l++) {
		struct json_object *array = json_array_of(context, lists[l].member);
		size_t n = length(array);
		const char **names;
		if (n == 0) {
			continue;
		}
		names = calloc(n, sizeof(*names));
		if (own(q, names, err) < 0) {
			return -ENOMEM;
		}
		for (size_t i = 0; i < n; i++) {
			names[i] = json_object_get_string(json_object_array_get_idx(array, i));
		}
		*lists[l].to = (struct policy_names){ names, n };
	}
	return 0;
}

static int parse_ports(struct request *q, struct json_object *context, struct nono_error *err)
{
	const struct {
		const char *member;
		struct policy_ports *to;
	} lists[] = {
		{ "connectPorts", &q->policy.connect },
		{ "listenPorts", &q->policy.listen },
		{ "localhostPorts", &q->policy.localhost },
	};

	for (size_t l = 0; l < ELEMENTSOF(lists); l++) {
		struct json_object *array = json_array_of(context, lists[l].member);
		size_t n = length(array);
		uint16_t *ports;
		if (n == 0) {
			continue;
		}
		ports = calloc(n, sizeof(*ports));
		if (own(q, ports, err) < 0) {
			return -ENOMEM;
		}
		for (size_t i = 0; i < n; i++) {
			int64_t v = json_object_get_int64(json_object_array_get_idx(array, i));
			if (v < 1 || v > UINT16_MAX) {
				return error_set(err, NONO_INVALID, EINVAL,
					"%" PRId64 " is no port: 1 to 65535 are", v);
			}
			ports[i] = (uint16_t)v;
		}
		*lists[l].to = (struct policy_ports){ ports, n };
	}
	return 0;
}

static enum document_kind document_kind(const char *word)
{
	return str_equal(word, "groups")    ? DOCUMENT_GROUPS
	       : str_equal(word, "network") ? DOCUMENT_NETWORK
					    : DOCUMENT_PROFILE;
}

static int parse_documents(struct request *q, struct json_object *array, struct nono_error *err)
{
	size_t n = length(array);

	if (n == 0) {
		return 0;
	}
	q->documents = calloc(n, sizeof(*q->documents));
	if (!q->documents) {
		return error_oom(err);
	}
	q->n_documents = n;
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(array, i), *text = NULL;
		struct policy_document *d = &q->documents[i];
		d->kind = document_kind(json_string_or(o, "kind", ""));
		d->origin = str_equal(json_string_or(o, "origin", ""), "project") ? ORIGIN_PROJECT
										  : ORIGIN_USER;
		d->trusted = json_bool_or(o, "trusted", false);
		d->name = json_string_or(o, "name", NULL);
		d->file = json_string_or(o, "file", "");
		json_object_object_get_ex(o, "text", &text);
		d->text = json_object_get_string(text);
		d->n = (size_t)json_object_get_string_len(text);
		if (d->kind == DOCUMENT_PROFILE && d->origin == ORIGIN_USER && !d->name) {
			return error_set(err, NONO_INVALID, EINVAL,
				"the profile in %.300s has no name to refer to it by", d->file);
		}
	}
	return 0;
}

/* Whoever names another TMPDIR is not given one. */
static bool keeps_tmpdir(const struct request *q)
{
	for (size_t i = 0; i < q->policy.keep_variables.n; i++) {
		if (str_equal(q->policy.keep_variables.items[i], "TMPDIR")) {
			return true;
		}
	}
	return false;
}

static void parse_words(struct request *q, struct json_object *context)
{
	const char *network = json_string_or(context, "network", NULL);

	q->name = json_string_or(context, "name", NULL);
	q->foreground = json_bool_or(context, "foreground", false);
	q->resolved = json_bool_or(context, "resolved", false);
	q->places = json_object_of(context, "places");
	q->policy.profile = json_string_or(context, "profile", NULL);
	q->policy.allow_cwd = json_bool_or(context, "allowWorkingDirectory", false);
	q->policy.network_profile = json_string_or(context, "networkProfile", NULL);
	q->policy.command = json_string_or(context, "command", NULL);
	q->policy.network = !network                        ? NETWORK_AS_PROFILE
			    : str_equal(network, "blocked") ? NETWORK_BLOCKED
							    : NETWORK_OPEN;
}

int request_parse(struct request *ret, struct json_object *context, struct nono_error *err)
{
	_cleanup_(request_deinit) struct request q = { .policy.supervised = true };
	const char *cwd = json_string_or(context, "workingDirectory", NULL);
	int r = 0;

	parse_words(&q, context);
	if (cwd) {
		r = parse_path(&q, cwd, json_bool_or(context, "workingDirectoryEscaped", false),
			&q.policy.cwd, err);
	}
	if (r == 0) {
		r = parse_grants(&q, json_array_of(context, "grants"), err);
	}
	if (r == 0) {
		r = parse_bypass(&q, json_array_of(context, "bypassProtection"), err);
	}
	if (r == 0) {
		r = parse_names(&q, context, err);
	}
	if (r == 0) {
		r = parse_ports(&q, context, err);
	}
	if (r == 0) {
		r = parse_documents(&q, json_array_of(context, "documents"), err);
	}
	if (r < 0) {
		return r;
	}
	q.policy.tmpdir = keeps_tmpdir(&q) ? NULL : PLAN_TMPDIR_STANDIN;
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
	free(q->documents);
	*q = (struct request){ 0 };
}

static bool is_place(const struct request *q, const char *name, const char *ours)
{
	_cleanup_free_ char *text = NULL;
	bool escaped;

	return escape_path(ours, &text, &escaped) == 0 &&
	       str_equal(json_string_or(q->places, name, ""), text);
}

const char *request_other_place(const struct request *q, const struct policy_places *ours)
{
	if (!q->places) {
		return NULL;
	}
	return !is_place(q, "home", ours->home)       ? "home directory"
	       : !is_place(q, "config", ours->config) ? "configuration directory (XDG_CONFIG_HOME)"
	       : !is_place(q, "state", ours->state)   ? "state directory (XDG_STATE_HOME)"
	       : !is_place(q, "data", ours->data)     ? "data directory (XDG_DATA_HOME)"
	       : !is_place(q, "cache", ours->cache)   ? "cache directory (XDG_CACHE_HOME)"
						      : NULL;
}

bool request_is_empty(const struct request *q)
{
	const struct policy_request *p = &q->policy;

	return !p->profile && p->extends.n == 0 && p->n_grants == 0 && p->bypass.n == 0 &&
	       p->allow_commands.n == 0 && p->block_commands.n == 0 && p->keep_variables.n == 0 &&
	       p->allow_domains.n == 0 && p->credentials.n == 0 && !p->network_profile &&
	       p->connect.n == 0 && p->listen.n == 0 && p->localhost.n == 0 &&
	       p->network == NETWORK_AS_PROFILE && !p->allow_cwd && q->n_documents == 0;
}
