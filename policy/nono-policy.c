/* SPDX-License-Identifier: Apache-2.0 */
/* The public half of policy: groups by name, for programs that have no supervisor and no profile.
 */
#include "nono-policy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "policy/deny.h"
#include "policy/document.h"
#include "policy/jsonc.h"
#include "policy/proxy-config.h"
#include "policy/variables.h"

struct nono_policy {
	struct policy_groups groups;
	const char **names; /* of the groups, sorted; the strings are theirs */
	struct network_policy network;
};

struct nono_policy_resolved {
	struct strlist groups, commands;
	struct deny_list deny;
};

static void policy_freep(struct nono_policy **policy)
{
	nono_policy_free(*policy);
}

void nono_policy_free(struct nono_policy *policy)
{
	if (!policy) {
		return;
	}
	groups_deinit(&policy->groups);
	free(policy->names);
	network_deinit(&policy->network);
	free(policy);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int load(struct nono_policy **ret, const char *file, const char *text, size_t n, bool jsonc,
	struct nono_error *err)
{
	_cleanup_(policy_freep) struct nono_policy *policy = calloc(1, sizeof(*policy));
	int r;

	if (!policy) {
		return error_oom(err);
	}
	r = groups_parse(&policy->groups, file, text, n, jsonc, false, true, err);
	if (r < 0) {
		return r;
	}
	policy->names = calloc(policy->groups.n + 1, sizeof(*policy->names));
	if (!policy->names) {
		return error_oom(err);
	}
	for (size_t i = 0; i < policy->groups.n; i++) {
		policy->names[i] = policy->groups.items[i].name;
	}
	qsort(policy->names, policy->groups.n, sizeof(*policy->names), compare_names);
	*ret = TAKE_PTR(policy);
	return 0;
}

int nono_policy_load(const char *json, size_t n, struct nono_policy **ret, struct nono_error *err)
{
	if (!json || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no policy document");
	}
	return load(ret, "policy", json, n, false, err);
}

int nono_policy_load_embedded(struct nono_policy **ret, struct nono_error *err)
{
	_cleanup_(policy_freep) struct nono_policy *policy = NULL;
	const struct embedded_document *p = &embedded_policy, *net = &embedded_network;
	int r;

	if (!ret) {
		return error_set(err, NONO_INVALID, EINVAL, "nowhere to put the policy");
	}
	r = load(&policy, p->file, p->text, p->n, p->jsonc, err);
	if (r == 0) {
		r = network_parse(
			&policy->network, net->file, net->text, net->n, net->jsonc, false, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(policy);
	return 0;
}

int nono_policy_add_network(
	struct nono_policy *policy, const char *json, size_t n, struct nono_error *err)
{
	if (!policy || !json) {
		return error_set(err, NONO_INVALID, EINVAL, "no policy or no document");
	}
	return network_parse(&policy->network, "network policy", json, n, false, false, err);
}

int nono_policy_embedded_json(char **ret, struct nono_error *err)
{
	const struct embedded_document *p = &embedded_policy;
	_cleanup_free_ char *text = NULL;
	size_t at;

	if (!ret) {
		return error_set(err, NONO_INVALID, EINVAL, "nowhere to put the document");
	}
	text = strndup(p->text, p->n);
	if (!text) {
		return error_oom(err);
	}
	if (p->jsonc && jsonc_blank(text, p->n, &at) < 0) {
		return error_set(err, NONO_INTERNAL, EINVAL, "the embedded policy is malformed");
	}
	*ret = TAKE_PTR(text);
	return 0;
}

const char *nono_policy_group_name(const struct nono_policy *policy, size_t index)
{
	return policy && index < policy->groups.n ? policy->names[index] : NULL;
}

static const struct policy_group *find(const struct nono_policy *policy, const char *name)
{
	return policy && name ? groups_find(&policy->groups, name) : NULL;
}

const char *nono_policy_group_description(const struct nono_policy *policy, const char *name)
{
	const struct policy_group *g = find(policy, name);

	return g ? g->description : NULL;
}

int nono_policy_group_required(const struct nono_policy *policy, const char *name)
{
	const struct policy_group *g = find(policy, name);

	return g && (g->required || g->locked);
}

static int find_known(const struct nono_policy *policy, const char *name,
	const struct policy_group **ret, struct nono_error *err)
{
	struct nearest nearest = nearest_init(name ? name : "", name ? strlen(name) : 0);

	*ret = find(policy, name);
	if (*ret) {
		return 0;
	}
	for (size_t i = 0; i < policy->groups.n; i++) {
		nearest_offer(&nearest, policy->groups.items[i].name);
	}
	return error_set(err, NONO_NOT_FOUND, ENOENT, "Unknown policy group: '%s'%s%s%s",
		name ? name : "", nearest.best ? " (did you mean '" : "",
		nearest.best ? nearest.best : "", nearest.best ? "'?)" : "");
}

int nono_policy_check_exclusions(const struct nono_policy *policy, const char *const *names,
	size_t n, struct nono_error *err)
{
	char list[400] = "";
	size_t len = 0;

	if (!policy || (n > 0 && !names)) {
		return error_set(err, NONO_INVALID, EINVAL, "no policy or no names");
	}
	for (size_t i = 0; i < n; i++) {
		const struct policy_group *g;
		int r = find_known(policy, names[i], &g, err);
		if (r < 0) {
			return r;
		}
		if ((g->required || g->locked) && len < sizeof(list)) {
			len += (size_t)snprintf(
				list + len, sizeof(list) - len, "%s'%s'", len ? ", " : "", g->name);
		}
	}
	return len ? error_set(err, NONO_REFUSED, EPERM, "Cannot exclude required groups: %s", list)
		   : 0;
}

void nono_policy_resolved_free(struct nono_policy_resolved *resolved)
{
	if (!resolved) {
		return;
	}
	strlist_deinit(&resolved->groups);
	strlist_deinit(&resolved->commands);
	deny_deinit(&resolved->deny);
	free(resolved);
}

static void resolved_freep(struct nono_policy_resolved **resolved)
{
	nono_policy_resolved_free(*resolved);
}

/* One call of nono_policy_resolve_groups(). */
struct resolving {
	struct policy_variables variables;
	struct nono_caps *caps; /* may be NULL */
	struct nono_policy_resolved *result;
	struct nono_error *err;
};

/* Missing, or not to be looked up by this user, is as good as not granted. */
static int grant(struct resolving *q, const struct policy_group *g, const char *path,
	enum nono_access access)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		return 0;
	}
	return S_ISDIR(st.st_mode) ? nono_caps_allow_path_from(q->caps, path, access,
					     NONO_SOURCE_GROUP, g->name, q->err)
				   : nono_caps_allow_file_from(q->caps, path, access,
					     NONO_SOURCE_GROUP, g->name, q->err);
}

static int resolve_list(struct resolving *q, const struct policy_group *g,
	const struct strlist *paths, enum nono_access access)
{
	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *path = NULL;
		int r = variables_path(&path, paths->items[i], &q->variables, q->err);
		if (r == VARIABLE_UNSET) {
			continue;
		}
		if (r == 0 && access) {
			r = q->caps ? grant(q, g, path, access) : 0;
		} else if (r == 0 && deny_add(&q->result->deny, path, g->name, g->description,
					     g->locked) < 0) {
			r = error_oom(q->err);
		}
		if (r == -ENOENT) {
			continue; /* gone since we looked */
		}
		if (r < 0) {
			return error_wrap(q->err, "group '%s'", g->name);
		}
	}
	return 0;
}

static int resolve_group(struct resolving *q, const struct policy_group *g)
{
	int r = resolve_list(q, g, &g->read, NONO_READ);

	if (r == 0) {
		r = resolve_list(q, g, &g->read_file, NONO_READ);
	}
	if (r == 0) {
		r = resolve_list(q, g, &g->write, NONO_WRITE);
	}
	if (r == 0) {
		r = resolve_list(q, g, &g->read_write, NONO_READ_WRITE);
	}
	if (r == 0) {
		r = resolve_list(q, g, &g->deny, (enum nono_access)0);
	}
	for (size_t i = 0; r == 0 && i < g->deny_commands.n; i++) {
		const char *command = g->deny_commands.items[i];
		r = strlist_add_once(&q->result->commands, command) < 0 ? error_oom(q->err) : 0;
		if (r == 0 && q->caps) {
			r = nono_caps_block_command(q->caps, command, q->err);
		}
	}
	if (r == 0 && strlist_add(&q->result->groups, g->name) < 0) {
		return error_oom(q->err);
	}
	return r;
}

static int resolve_all(
	struct resolving *q, const struct nono_policy *policy, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_group *g;
		int r = find_known(policy, names[i], &g, q->err);
		if (r == 0 && !g->foreign && !strlist_has(&q->result->groups, g->name)) {
			r = resolve_group(q, g);
		}
		if (r < 0) {
			return r;
		}
	}
	return deny_add_canonical(&q->result->deny) < 0 ? error_oom(q->err) : 0;
}

int nono_policy_resolve_groups(const struct nono_policy *policy, const char *const *names, size_t n,
	struct nono_caps *caps, struct nono_policy_resolved **ret, struct nono_error *err)
{
	_cleanup_(resolved_freep) struct nono_policy_resolved *resolved =
		calloc(1, sizeof(*resolved));
	_cleanup_(places_deinit) struct policy_places places = { 0 };
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	const char *tmpdir = getenv("TMPDIR");
	struct resolving q = {
		.variables = { .places = &places,
			.workdir = cwd,
			.tmpdir = tmpdir && tmpdir[0] == '/' ? tmpdir : NULL,
			.uid = getuid() },
		.caps = caps,
		.result = resolved,
		.err = err,
	};
	int r;

	if (!policy || (n > 0 && !names) || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no policy, names or result");
	}
	if (!resolved) {
		return error_oom(err);
	}
	r = places_init(&places, getuid(), getenv, NULL, err);
	if (r == 0) {
		r = resolve_all(&q, policy, names, n);
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(resolved);
	return 0;
}

static const char *element(const struct strlist *list, size_t index)
{
	return index < list->n ? list->items[index] : NULL;
}

const char *nono_policy_resolved_group(const struct nono_policy_resolved *resolved, size_t index)
{
	return resolved ? element(&resolved->groups, index) : NULL;
}

const char *nono_policy_resolved_deny_path(
	const struct nono_policy_resolved *resolved, size_t index)
{
	return resolved && index < resolved->deny.n ? resolved->deny.rules[index].path : NULL;
}

const char *nono_policy_resolved_deny_command(
	const struct nono_policy_resolved *resolved, size_t index)
{
	return resolved ? element(&resolved->commands, index) : NULL;
}

static int check_deny(
	const struct deny_list *deny, const struct nono_caps *caps, struct nono_error *err)
{
	const struct deny_rule *rule;

	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		enum deny_verdict v = deny_check(deny, g->resolved, &rule);
		if (v == DENY_COVERS) {
			return error_set(err, NONO_REFUSED, EPERM,
				"%s is granted, and %s is denied", g->resolved, rule->path);
		}
		if (v == DENY_CONTAINS && !g->is_file) {
			return error_set(err, NONO_REFUSED, EPERM,
				"%s is denied inside %s, which is granted: Landlock cannot take a "
				"part of a granted directory out",
				rule->path, g->resolved);
		}
	}
	return 0;
}

int nono_policy_check_deny(const struct nono_policy_resolved *resolved,
	const struct nono_caps *caps, struct nono_error *err)
{
	if (!resolved || !caps) {
		return error_set(err, NONO_INVALID, EINVAL, "no resolved groups or capability set");
	}
	return check_deny(&resolved->deny, caps, err);
}

int nono_policy_check_deny_overlaps(const char *const *deny_paths, size_t n,
	const struct nono_caps *caps, struct nono_error *err)
{
	_cleanup_(deny_deinit) struct deny_list deny = { 0 };

	if ((n > 0 && !deny_paths) || !caps) {
		return error_set(err, NONO_INVALID, EINVAL, "no paths or capability set");
	}
	for (size_t i = 0; i < n; i++) {
		const char *path = deny_paths[i] ? deny_paths[i] : "";
		_cleanup_free_ char *clean = path_absolute("/", path);
		if (!clean) {
			return error_oom(err);
		}
		if (!str_equal(clean, path)) {
			return error_set(err, NONO_INVALID, EINVAL,
				"not an absolute and clean path: '%s'", path);
		}
		if (deny_add(&deny, path, "", NULL, false) < 0) {
			return error_oom(err);
		}
	}
	return deny_add_canonical(&deny) < 0 ? error_oom(err) : check_deny(&deny, caps, err);
}

int nono_policy_proxy_config(const struct nono_policy *policy, const char *network_profile,
	const char *const *hosts, size_t n_hosts, const char *const *credentials,
	size_t n_credentials, struct nono_proxy_config **ret, struct nono_error *err)
{
	if (!policy || (n_hosts > 0 && !hosts) || (n_credentials > 0 && !credentials) || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no policy, names or result");
	}
	return proxy_config_new(ret, &policy->network, network_profile, hosts, n_hosts, credentials,
		n_credentials, err);
}
